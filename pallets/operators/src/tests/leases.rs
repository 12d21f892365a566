// SPDX-License-Identifier: Apache-2.0

//! Listings of leases under compute services.

use super::prelude::*;
use surety_primitives::LatencyBucket;

const LEASE: LeaseId = 5;
const TARGET: Target = Target::Lease(LEASE);

/// Terms with so many hundredths of a window's price as cover.
fn terms(cover: u32) -> SlaTerms {
	SlaTerms {
		min_uptime: Perbill::from_percent(95),
		max_latency: LatencyBucket::from_millis(100),
		max_head_lag: 0,
		credit: [1, 2, 3, 4].map(percent),
		cover: percent(cover),
	}
}

fn list(lease: LeaseId, parent: ServiceId, url: &str) -> DispatchResult {
	Operators::list(lease, service(parent), text(url), 7, terms(50)).map(drop)
}

/// List Alice's compute service in USD and the lease under it.
fn leased() -> ServiceId {
	let parent = Draft { asset: USD, ..Draft::compute("host.com") }.listed(ALICE);
	assert_ok!(list(LEASE, parent, "https://host.com/lease/5"));
	parent
}

#[test]
fn a_lease_is_one_unit_under_the_service_of_its_operator() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft { asset: USD, ..Draft::compute("host.com") }.listed(ALICE);
		let expected = ServiceOf::<Test> {
			endpoint: text("https://host.com/lease/5"),
			capacity: 1,
			price: 7,
			terms: terms(50),
			status: ServiceStatus::Leased,
			..service(parent)
		};
		let endpoint = expected.endpoint.clone();
		let listed = Operators::list(LEASE, service(parent), endpoint, 7, terms(50));
		assert_eq!(listed, Ok(expected.clone()));
		assert_eq!(Operators::listing(TARGET), Some(expected));
		assert!(Rows::get().contains(&TARGET));
		// No bound and no sum of services counts it, and it takes no deposit.
		assert_eq!(services_of(ALICE), [parent]);
		assert_eq!(Hosts::<Test>::get(text::<ConstU32<253>>("host.com")), 1);
		assert_eq!(Count::<Test>::get().services, 1);
		assert_eq!(held_deposit(ALICE), DEPOSIT);
	});
}

#[test]
fn leases_are_listed_under_a_proven_compute_service_only() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let rpc = Draft::at("host.com").listed(ALICE);
		assert_noop!(list(LEASE, rpc, "https://host.com"), Error::NotCompute);
		leased();
		let under_lease = || {
			let parent = listing(TARGET);
			Operators::list(6, parent, text("https://host.com"), 7, terms(50))
		};
		assert_noop!(under_lease(), Error::ServiceLeased);
		require_proof();
		let unproven = Draft::compute("new.com").listed(ALICE);
		assert_noop!(list(6, unproven, "https://new.com"), Error::ServiceUnproven);
		Operators::on_proof(unproven, Found);
		assert_ok!(list(6, unproven, "https://new.com"));
	});
}

#[test]
fn leases_are_listed_under_paused_and_ending_services() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com").listed(ALICE);
		assert_ok!(Operators::pause_service(signed(ALICE), parent));
		assert_ok!(list(LEASE, parent, "https://host.com/"));
		assert_ok!(Operators::resume_service(signed(ALICE), parent));
		assert_ok!(Operators::retire_service(signed(ALICE), parent));
		assert_ok!(list(6, parent, "https://host.com/6"));
	});
}

#[test]
fn a_lease_must_have_the_origin_of_its_service() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com:8443").listed(ALICE);
		for elsewhere in [
			"http://host.com:8443/lease",
			"https://host.com/lease",
			"https://host.com:8444/lease",
			"https://a.host.com:8443/lease",
			"https://other.com:8443/lease",
		] {
			assert_noop!(list(LEASE, parent, elsewhere), Error::LeaseEndpointElsewhere);
		}
		let query = "https://host.com:8443/?lease=5";
		assert_noop!(list(LEASE, parent, query), Error::EndpointHasQuery);
		assert_ok!(Operators::deny_host(root(), text("host.com")));
		assert_noop!(list(LEASE, parent, "https://host.com:8443/lease"), Error::HostDenied);
		assert_ok!(Operators::allow_host(root(), text("host.com")));
		assert_ok!(list(LEASE, parent, "https://HOST.com.:8443/lease"));
	});
}

#[test]
fn products_of_price_and_cover_of_a_lease_must_fit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com").listed(ALICE);
		let list = |price, cover| {
			let endpoint = text("https://host.com/");
			Operators::list(LEASE, service(parent), endpoint, price, terms(cover))
		};
		assert_noop!(list(0, 50), Error::ZeroPrice);
		assert_noop!(list(Balance::MAX, 50), Error::PriceOverflow);
		let window = Balance::from(ROUND_BLOCKS) * Balance::from(WINDOW_ROUNDS);
		assert_noop!(list(Balance::MAX / window, 51), Error::CreditOverflow);
		assert_ok!(list(Balance::MAX / window, 50));
	});
}

#[test]
fn a_lease_is_listed_once_and_needs_a_free_row() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_noop!(list(LEASE, parent, "https://host.com/"), Error::LeaseListed);
		RowsFull::set(true);
		let full = DispatchError::Other("every row is taken");
		assert_noop!(list(6, parent, "https://host.com/"), full);
		RowsFull::set(false);
		assert_ok!(list(LeaseId::MAX, parent, "https://host.com/"));
	});
}

#[test]
fn the_bond_backs_leases_as_it_backs_services() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_ok!(set_exposure(TARGET, 600));
		assert_eq!((Operators::exposure(TARGET), free_bond(TARGET)), (600, 400));
		assert_noop!(set_exposure(Target::Service(parent), 401), Error::InsufficientBond);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 401), Error::BondReserved);
		assert_eq!(slash(TARGET, 200, 20), Slashed { credit: 200, penalty: 20 });
		assert_ok!(set_exposure(TARGET, 380));
		assert_eq!(bond_of(ALICE, USD).free(), 400);
		assert_emitted(Event::BondSlashed {
			operator: ALICE,
			target: TARGET,
			asset: USD,
			credit: 200,
			penalty: 20,
			unpaid: 0,
		});
	});
}

#[test]
fn a_lease_and_a_service_of_the_same_number_are_apart() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft { asset: USD, ..Draft::compute("host.com") }.listed(ALICE);
		let lease = Target::Lease(parent);
		assert_ok!(list(parent, parent, "https://host.com/lease"));
		assert_ok!(set_exposure(lease, 600));
		assert_ok!(set_exposure(Target::Service(parent), 100));
		let before = listing(lease);

		Operators::on_proof(parent, Lost);
		Operators::terminate(parent, 3);
		assert_eq!(status(parent), ServiceStatus::Ending { at: 3 });
		assert_eq!(listing(lease), before);
		JudgedRound::set(3);
		assert_ok!(Operators::remove_service(signed(CAROL), parent));
		assert_noop!(Operators::sellable(parent), Error::UnknownService);
		assert_eq!(listing(lease), before);
		assert_eq!((Operators::exposure(lease), bond_of(ALICE, USD).exposure), (600, 600));
	});
}

#[test]
fn a_lease_has_maintenance_of_its_own() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let parent = leased();
		let announce = |who, from| Operators::announce_maintenance(signed(who), TARGET, from, 1);
		assert_noop!(announce(BOB, 12), Error::NotOwner);
		assert_noop!(announce(ALICE, 1), Error::MaintenanceTooSoon);
		assert_ok!(announce(ALICE, 12));
		assert_eq!(MaintenanceSet::get(), [(TARGET, (12, 1))].into());
		assert_emitted(Event::MaintenanceAnnounced { target: TARGET, from: 12, rounds: 1 });
		assert_noop!(announce(ALICE, 30), Error::MaintenanceAnnounced);
		assert_eq!(Listings::<Test>::get(parent).unwrap().maintenance, None);
		Operators::remove(LEASE);
		assert!(!LeaseMaintenance::<Test>::contains_key(LEASE));
		assert_noop!(announce(ALICE, 30), Error::UnknownService);
	});
}

#[test]
fn removing_a_lease_leaves_nothing_of_it() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_ok!(set_exposure(TARGET, 600));
		let weight = Operators::remove(LEASE);
		assert!(weight.all_gte(AgreementsStub::forget_weight()));
		assert_eq!(Operators::listing(TARGET), None);
		assert_eq!((Operators::exposure(TARGET), bond_of(ALICE, USD).exposure), (0, 0));
		assert_eq!(Rows::get(), [Target::Service(parent)].into());
		assert_eq!(Forgotten::take(), [TARGET]);

		// No effect on a lease that is removed, or was never listed.
		assert_storage_noop!({
			Operators::remove(LEASE);
			Operators::remove(404);
		});
		assert!(Forgotten::get().is_empty());
	});
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "agreement of a lease that is over")]
fn removing_a_lease_with_credits_owed_is_a_defensive_failure() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		leased();
		Owed::mutate(|owed| owed.insert(TARGET));
		Operators::remove(LEASE);
	});
}
