// SPDX-License-Identifier: Apache-2.0

//! Every invariant fails on a state that breaks it.

use super::prelude::*;

/// Lease of the state that is corrupted.
const LEASE: LeaseId = 0;

/// Assert that a state with entries in every storage item, corrupted by `corrupt`, fails with an
/// error that begins with `number`.
fn breaks(number: &str, corrupt: impl FnOnce(ServiceId)) {
	ExtBuilder::default().operators(&[ALICE, BOB]).build().execute_with(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		Draft::at("other.com").listed(ALICE);
		let compute = Draft::compute("compute.com").listed(ALICE);
		let compute = service(compute);
		let terms = compute.terms.clone();
		assert_ok!(Operators::list(LEASE, compute, text("https://compute.com/0"), 1, terms));
		assert_ok!(set_exposure(Target::Lease(LEASE), 10));
		assert_ok!(Operators::reserve(&ALICE, USD, 30));
		assert_ok!(set_exposure(Target::Service(id), 100));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 200));
		slash(Target::Service(id), 50, 5);
		Operators::do_try_state().expect("sound before the corruption");
		corrupt(id);
		let error = Operators::do_try_state().expect_err("the check must fail");
		let DispatchError::Other(text) = error else { panic!("unnamed: {error:?}") };
		assert!(text.starts_with(number), "another check failed: {text}");
	});
}

#[test]
fn exposures_must_sum_up() {
	breaks("1", |id| Exposures::<Test>::insert(Target::Service(id), 99));
	breaks("1", |id| Exposures::<Test>::remove(Target::Service(id)));
	breaks("1", |_| Exposures::<Test>::insert(Target::Service(404), 1));
	breaks("1", |_| Exposures::<Test>::insert(Target::Service(1), 0));
	breaks("1", |_| Bonds::<Test>::mutate(BOB, USD, |bond| bond.exposure = 1));
	breaks("1", |_| Bonds::<Test>::remove(ALICE, USD));
	breaks("1", |_| Exposures::<Test>::remove(Target::Lease(LEASE)));
	breaks("1", |_| Leases::<Test>::remove(LEASE));
	breaks("1", |_| Reserved::<Test>::insert(ALICE, USD, 31));
	breaks("1", |_| Reserved::<Test>::remove(ALICE, USD));
	breaks("1", |_| Reserved::<Test>::insert(BOB, USD, 0));
	breaks("1", |_| Reserved::<Test>::insert(CAROL, USD, 1));
}

#[test]
fn exposures_must_be_funded() {
	breaks("2", |id| {
		Exposures::<Test>::insert(Target::Service(id), 1_000);
		Bonds::<Test>::mutate(ALICE, USD, |bond| bond.exposure = 1_030);
	});
}

#[test]
fn bonds_must_be_on_hold() {
	breaks("3", |_| Bonds::<Test>::mutate(BOB, USD, |bond| bond.active += 1));
	breaks("3", |_| Bonds::<Test>::mutate(ALICE, USD, |bond| bond.chunks[0].amount -= 1));
	breaks("3", |_| {
		assert_ok!(Money::release(USD, HoldReason::Bond.into(), &BOB, 1));
	});
	breaks("3", |_| {
		assert_ok!(Money::hold(USD, HoldReason::Bond.into(), &BOB, 1));
	});
	breaks("3", |_| {
		Bonds::<Test>::mutate(ALICE, USD, |bond| {
			bond.chunks.try_push(Chunk { amount: 0, unlock_at: u32::MAX }).unwrap();
		});
	});
	breaks("3", |_| {
		Bonds::<Test>::mutate(ALICE, USD, |bond| {
			bond.active -= 1;
			bond.chunks.try_push(Chunk { amount: 1, unlock_at: 0 }).unwrap();
		});
	});
	breaks("3", |_| Bonds::<Test>::insert(CAROL, USD, BondOf::<Test>::default()));
	breaks("3", |_| {
		Bonds::<Test>::insert(CAROL, USD, BondOf::<Test> { active: 1, ..Default::default() })
	});
	breaks("3", |_| Bonds::<Test>::remove(BOB, AssetId::Native));
}

#[test]
fn deposits_must_be_on_hold() {
	breaks("4", |_| {
		assert_ok!(Money::hold(AssetId::Native, HoldReason::ServiceDeposit.into(), &BOB, 1));
	});
	breaks("4", |_| {
		assert_ok!(Money::release(AssetId::Native, HoldReason::ServiceDeposit.into(), &ALICE, 1));
	});
	breaks("4", |id| {
		Listings::<Test>::mutate(id, |listing| listing.as_mut().unwrap().deposit += 1);
	});
	breaks("4", |id| {
		Services::<Test>::mutate(id, |service| service.as_mut().unwrap().operator = BOB);
		Exposures::<Test>::remove(Target::Service(id));
		Bonds::<Test>::mutate(ALICE, USD, |bond| bond.exposure = 30);
	});
	breaks("4", |_| {
		Services::<Test>::mutate(1, |service| service.as_mut().unwrap().operator = CAROL);
	});
}

#[test]
fn indices_must_agree() {
	breaks("5", |id| ServicesOf::<Test>::insert(CAROL, BoundedVec::truncate_from(vec![id])));
	breaks("5", |id| ServicesOf::<Test>::insert(BOB, BoundedVec::truncate_from(vec![id])));
	breaks("5", |_| ServicesOf::<Test>::insert(BOB, BoundedVec::truncate_from(vec![404])));
	breaks("5", |_| ServicesOf::<Test>::remove(ALICE));
	breaks("5", |_| {
		let mut ids = ServicesOf::<Test>::get(ALICE).into_inner();
		ids.reverse();
		ServicesOf::<Test>::insert(ALICE, BoundedVec::truncate_from(ids));
	});
	breaks("5", |_| NextServiceId::<Test>::put(1));
	breaks("5", |_| {
		Listings::<Test>::insert(
			404,
			Listing { deposit: 0, since: 0, maintenance: None, place: Some(HostPlace::Proven) },
		);
	});
	breaks("5", |_| {
		crate::Operators::<Test>::mutate(ALICE, |operator| {
			operator.as_mut().unwrap().status = OperatorStatus::Retiring;
		});
	});
	breaks("5", |_| Approvals::<Test>::remove(USD_ID));
	breaks("5", |id| {
		Services::<Test>::mutate(id, |service| {
			service.as_mut().unwrap().status = ServiceStatus::Leased;
		});
	});
}

#[test]
fn hosts_must_agree() {
	breaks("6", |_| Hosts::<Test>::insert(text::<ConstU32<253>>("other.com"), 2));
	breaks("6", |_| Hosts::<Test>::insert(text::<ConstU32<253>>("nobody.com"), 0));
	breaks("6", |_| Hosts::<Test>::remove(text::<ConstU32<253>>("other.com")));
	breaks("6", |_| UnprovenHosts::<Test>::insert(ALICE, text::<ConstU32<253>>("other.com"), 1));
	let listing = |id, place| {
		Listings::<Test>::mutate(id, |listing| listing.as_mut().unwrap().place = place);
	};
	breaks("6", |id| listing(id, None));
	breaks("6", |id| listing(id, Some(HostPlace::Unproven)));
	let unproven = |id| {
		Services::<Test>::mutate(id, |service| {
			service.as_mut().unwrap().status = ServiceStatus::Unproven
		});
	};
	breaks("6", unproven);
	breaks("6", |id| {
		unproven(id);
		listing(id, Some(HostPlace::Unproven));
		Hosts::<Test>::remove(text::<ConstU32<253>>("rpc.example.com"));
	});
}

#[test]
fn networks_must_agree() {
	breaks("7", |_| NetworkUse::<Test>::insert(NETWORK, 1));
	breaks("7", |_| Networks::<Test>::remove(NETWORK));
	breaks("7", |_| NetworkByName::<Test>::remove(text::<ConstU32<64>>("ethereum")));
	breaks("7", |_| NetworkByName::<Test>::insert(text::<ConstU32<64>>("ghost"), 5));
	breaks("7", |_| NextNetworkId::<Test>::put(0));
}

#[test]
fn totals_must_agree() {
	breaks("8", |_| Totals::<Test>::mutate(USD, |totals| totals.bonded += 1));
	breaks("8", |_| Totals::<Test>::mutate(USD, |totals| totals.slashed -= 1));
	breaks("8", |_| SlashedOf::<Test>::insert(BOB, USD, 1));
	breaks("8", |_| Count::<Test>::mutate(|count| count.operators += 1));
	breaks("8", |_| Count::<Test>::mutate(|count| count.active -= 1));
	breaks("8", |_| Count::<Test>::mutate(|count| count.services += 1));
	breaks("8", |_| Count::<Test>::mutate(|count| count.slashed -= 1));
}

#[test]
fn leases_must_be_compute_of_registered_operators() {
	let corruptt = |corrupt: fn(&mut ServiceOf<Test>)| {
		breaks("9", |_| Leases::<Test>::mutate(LEASE, |lease| corrupt(lease.as_mut().unwrap())));
	};
	corruptt(|lease| lease.status = ServiceStatus::Active);
	corruptt(|lease| lease.capacity = 2);
	corruptt(|lease| lease.kind = ServiceKind::Vpn { key: [7; 32] });
	breaks("9", |_| LeaseMaintenance::<Test>::insert(404, Maintenance { from: 1, rounds: 1 }));
	let another = |id, change: fn(&mut ServiceOf<Test>)| {
		let mut lease = Leases::<Test>::get(LEASE).unwrap();
		change(&mut lease);
		Leases::<Test>::insert(id, lease);
	};
	breaks("9", |_| another(LEASE + 1, |lease| lease.operator = CAROL));
	breaks("9", |_| another(LEASE + 1, |lease| lease.asset = EUR));
	breaks("9", |_| {
		another(LEASE + 1, |lease| lease.operator = BOB);
		crate::Operators::<Test>::mutate(BOB, |operator| {
			operator.as_mut().unwrap().status = OperatorStatus::Retiring;
		});
		Count::<Test>::mutate(|count| count.active -= 1);
	});
}
