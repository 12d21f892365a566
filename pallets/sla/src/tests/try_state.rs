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
	let message = "2: the pot owes what nobody is owed";
	notices(message, |_| Pots::<Test>::mutate(NATIVE, |p| p.owed -= 1));
	notices(message, |id| Agreements::<Test>::mutate_extant(id, |a| a.claimable = 1));
	notices(message, |_| spoil(|s| s.set_aside -= 1));
	notices(message, |_| spoil(|s| s.spare = 1));
}

#[test]
fn a_promise_that_was_not_set_aside() {
	notices("2: an agreement is promised more than was set aside", |_| {
		spoil(|s| {
			s.set_aside -= 1;
			s.spare += 1;
		});
		Pots::<Test>::mutate(NATIVE, |p| {
			p.owed -= 1;
			p.spare += 1;
		});
	});
}

#[test]
fn an_asset_without_a_pot() {
	notices("1: an asset in use has no pot", |_| Pots::<Test>::remove(NATIVE));
}

#[test]
fn units_that_are_not_the_agreements() {
	notices("3: units are not those of the agreements", |_| spoil(|s| s.units += 1));
}

#[test]
fn rates_that_count_without_an_agreement() {
	notices("3: rates that count are not those of the agreements", |_| spoil(|s| s.active += 1));
}

#[test]
fn rates_that_are_pending_without_an_agreement() {
	let message = "3: pending rates are not those of the agreements";
	notices(message, |_| spoil(|s| s.pending[0].agreements += 1));
	notices(message, |_| spoil(|s| s.pending[0].rate += 1));
	notices(message, |_| spoil(|s| s.pending.clear()));
}

#[test]
fn a_rate_that_is_no_sum() {
	notices("3: rates are not those of the agreements", |_| spoil(|s| s.rate -= 1));
}

#[test]
fn a_slot_without_units_or_units_without_a_slot() {
	let message = "3: a slot without units, or units without";
	notices(message, |_| spoil(|s| s.slot = None));
	notices(message, |_| {
		let slot = state(SERVICE).slot;
		Services::<Test>::insert(SIBLING, ServiceState { slot, ..ServiceState::new(NATIVE) });
	});
}

#[test]
fn an_agreement_without_a_service() {
	notices("3: an agreement without a service", |id| {
		let mut stray = agreement(id);
		(stray.service, stray.base) = (SIBLING, Base::Window(3));
		Agreements::<Test>::insert(99, stray);
	});
}

#[test]
fn a_base_that_not_exactly_its_agreements_wait_for() {
	let message = "4: a window's base nobody waits for";
	let start = WindowStart { index: NO_COVER, agreements: 1 };
	notices(message, |_| WindowBase::<Test>::insert(SERVICE, 1, start));
	notices(message, |_| {
		WindowBase::<Test>::mutate(SERVICE, 2, |s| s.as_mut().unwrap().agreements = 2)
	});
}

#[test]
fn an_index_past_the_cover() {
	notices("5: the index passed the cover", |_| {
		relist(SERVICE, |s| s.terms.cover = tenths(1) - WindowShare::from_inner(1));
	});
}

#[test]
fn a_base_above_the_index() {
	notices("5: an agreement's base above the index", |id| {
		Agreements::<Test>::mutate_extant(id, |a| a.base = Base::Index(tenths(2)));
	});
}

#[test]
fn a_credit_above_what_was_paid() {
	notices("5: credited more than was paid", |id| {
		let paid = World::stream(agreement(id).escrow).unwrap().paid;
		Agreements::<Test>::mutate_extant(id, |a| a.credited = paid);
		assert_ok!(Sla::do_try_state());
		Agreements::<Test>::mutate_extant(id, |a| a.credited = paid + 1);
	});
}

#[test]
fn a_promise_or_a_rent_that_is_not_reserved() {
	let message = "6: promised credit or rent is not reserved";
	notices(message, |_| {
		change!(Exposures, |map| *map.get_mut(&SERVICE).unwrap() -= 1);
	});
	notices(message, |_| spoil(|s| s.slot.as_mut().unwrap().rent = 1));
}

#[test]
fn a_promise_that_overflows() {
	notices("6: what is promised overflows", |_| {
		spoil(|s| s.slot.as_mut().unwrap().rent = Balance::MAX);
	});
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
fn an_agreement_of_another_service_than_its_lease() {
	let message = "8: an agreement that is not its lease's one unit";
	notices(message, |id| Agreements::<Test>::mutate_extant(id, |a| a.lease = Some(1)));
	notices(message, |_| {
		let id = begin(OTHER, 1, NATIVE);
		Agreements::<Test>::mutate_extant(id, |a| a.units = 2);
		Services::<Test>::mutate_extant(surety_primitives::service_of_lease(1), |s| s.units = 2);
	});
	notices(message, |_| {
		let id = begin(OTHER, 1, NATIVE);
		Agreements::<Test>::mutate_extant(id, |a| a.lease = None);
	});
}

#[test]
fn a_tenant_with_an_agreement_that_is_not() {
	notices("7: a tenant has an agreement that is not", |_| {
		ByTenant::<Test>::insert(TENANT, 99, ())
	});
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
