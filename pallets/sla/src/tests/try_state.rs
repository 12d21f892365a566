//! Corrupted state is noticed.

use super::*;

fn notices(message: &str, corrupt: impl FnOnce(AgreementId)) {
	ExtBuilder::build().execute_with(|| {
		open(OTHER, SERVICE, 1);
		let id = open_counting(TENANT, SERVICE, 2);
		assert_ok!(Sla::settle(signed(TENANT), id));
		breach(SERVICE, None, Low);
		open(THIRD, SERVICE, 4);
		assert_ok!(Sla::do_try_state());
		corrupt(id);
		assert_eq!(Sla::do_try_state(), Err(DispatchError::Other(Box::leak(message.into()))));
	});
}

fn spoil(f: impl FnOnce(&mut ServiceState)) {
	Services::<Test>::mutate_extant(SERVICE, f);
}

#[test]
fn a_pot_that_misses_money() {
	notices("1: the pot has less than it owes", |_| {
		assert_ok!(Balances::force_transfer(RuntimeOrigin::root(), Sla::pot(), TREASURY, 1));
	});
}

#[test]
fn credits_that_nobody_accounts_for() {
	notices("2: credits owed are not those of the agreements", |_| {
		Pots::<Test>::mutate(NATIVE, |p| p.owed -= 1);
	});
}

#[test]
fn a_carry_that_nobody_accounts_for() {
	notices("2: the carry is not that of the services", |_| {
		spoil(|s| s.carry = 1);
	});
}

#[test]
fn an_asset_without_a_pot() {
	notices("1: an asset in use has no pot", |_| Pots::<Test>::remove(NATIVE));
}

#[test]
fn units_that_are_not_the_tariffs() {
	notices("3: units are not those of the tariffs", |_| spoil(|s| s.units += 1));
}

#[test]
fn units_that_count_without_an_agreement() {
	notices("3: units that count are not those of the agreements", |_| {
		spoil(|s| {
			s.units += 1;
			s.tariffs[0].active += 1;
		});
	});
}

#[test]
fn units_that_are_pending_without_an_agreement() {
	notices("3: pending units are not those of the agreements", |_| {
		spoil(|s| s.tariffs[0].pending[0].agreements += 1);
	});
}

#[test]
fn a_tariff_without_units() {
	notices("3: a tariff without units", |_| {
		spoil(|s| {
			let mut tariff = s.tariffs[0].clone();
			tariff.price = 77;
			tariff.active = 0;
			tariff.pending = Default::default();
			s.tariffs.try_push(tariff).unwrap();
		});
	});
}

#[test]
fn an_agreement_without_a_tariff() {
	notices("3: an agreement without a tariff", |id| {
		// One that is owed nothing and counts nowhere else.
		let mut stray = agreement(id);
		stray.price = 77;
		stray.units = 0;
		Agreements::<Test>::insert(99, stray);
	});
}

#[test]
fn a_base_that_nobody_waits_for() {
	notices("4: a window's base nobody waits for", |_| {
		WindowBase::<Test>::insert((SERVICE, 1, PRICE), WindowStart { index: 0, agreements: 1 });
	});
}

#[test]
fn an_index_past_the_cap() {
	notices("5: the index passed the cap", |_| relist(SERVICE, |s| s.terms.credit_cap = 59));
}

#[test]
fn a_tariff_above_the_service() {
	notices("5: a tariff's index above the service's", |_| spoil(|s| s.index -= 1));
}

#[test]
fn credits_above_the_windows_price() {
	notices("5: a window's credits above its price", |_| {
		spoil(|s| s.tariffs[0].window_credit = WINDOW_PRICE + 1);
	});
}

#[test]
fn a_base_above_the_index() {
	notices("5: an agreement's base above the index", |id| {
		Pots::<Test>::mutate(NATIVE, |p| p.owed -= 120);
		Agreements::<Test>::mutate_extant(id, |a| a.base = Base::Index(61));
	});
}

#[test]
fn a_promise_that_is_not_reserved() {
	notices("6: promised credit is not reserved", |_| {
		change!(Exposures, |map| map.insert(SERVICE, 7 * (CAP - 60) - 1));
	});
}

#[test]
fn a_promise_that_overflows() {
	notices("6: what is promised overflows", |_| relist(SERVICE, |s| s.terms.credit_cap = Balance::MAX));
}

#[test]
fn a_state_without_a_listing() {
	notices("10: service state without a listing", |_| {
		change!(Listings, |map| map.remove(&SERVICE));
	});
}

#[test]
fn a_history_with_a_hole() {
	notices("9: the history is not that of the last breaches", |_| {
		Breaches::<Test>::remove(SERVICE, 0);
	});
}

#[test]
fn an_id_that_was_not_given_out() {
	notices("7: an id that was not given out", |_| NextAgreement::<Test>::put(0));
}

#[test]
fn an_agreement_its_tenant_has_not() {
	notices("7: an agreement its tenant has not", |id| ByTenant::<Test>::remove(TENANT, id));
}

#[test]
fn an_ending_agreement_that_is_owed_more_than_was_set_aside() {
	notices("2: an agreement is owed more than was set aside", |id| {
		World::decide_end(id, 3 * R - 1, CloseReason::Governance);
		// The breach came later: what it was before is what is due.
		Breaches::<Test>::mutate(SERVICE, 0, |b| b.as_mut().unwrap().rises[0].before = 61);
	});
}

#[test]
fn an_agreement_of_another_service_than_its_lease() {
	let message = "8: an agreement that is not its lease's one unit";
	notices(message, |id| Agreements::<Test>::mutate_extant(id, |a| a.lease = Some(1)));
	notices(message, |_| {
		let id = begin(OTHER, 1, NATIVE);
		Agreements::<Test>::mutate_extant(id, |a| a.units = 2);
		Services::<Test>::mutate_extant(surety_primitives::service_of_lease(1), |s| {
			s.units = 2;
			s.tariffs[0].pending[0].units = 2;
		});
		change!(Exposures, |map| map.insert(surety_primitives::service_of_lease(1), 3 * CAP));
	});
	notices(message, |_| {
		let id = begin(OTHER, 1, NATIVE);
		Agreements::<Test>::mutate_extant(id, |a| a.lease = None);
	});
}

#[test]
fn a_tenant_with_an_agreement_that_is_not() {
	notices("7: a tenant has an agreement that is not", |_| ByTenant::<Test>::insert(TENANT, 99, ()));
}

#[test]
fn a_closed_agreement_without_a_claim() {
	notices("7: a closed agreement without a claim", |id| {
		let mut closed = agreement(id);
		closed.state = AgreementState::Closed { round: 1, reason: CloseReason::TenantClosed };
		closed.claimable = 0;
		NextAgreement::<Test>::put(100);
		Agreements::<Test>::insert(99, closed);
		ByTenant::<Test>::insert(TENANT, 99, ());
	});
}
