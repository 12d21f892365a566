// SPDX-License-Identifier: Apache-2.0

//! Corrupted state is noticed.

use super::*;

fn notices(message: &str, corrupt: impl FnOnce(AgreementId)) {
	new_test_ext().execute_with(|| {
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

fn spoil(f: impl FnOnce(&mut TargetState)) {
	Targets::<Test>::mutate_extant(SERVICE, f);
}

#[test]
fn a_pot_that_misses_money() {
	notices("1: the balance of the pot does not cover it", |_| {
		assert_ok!(Balances::force_transfer(RuntimeOrigin::root(), Sla::pot(), TREASURY, 1));
	});
}

#[test]
fn credits_that_nobody_accounts_for() {
	let message = "2: the pot owes credit that nobody is owed";
	notices(message, |_| Pots::<Test>::mutate(NATIVE, |pot| pot.owed -= 1));
	notices(message, |id| Agreements::<Test>::mutate_extant(id, |a| a.claimable = 1));
	notices(message, |_| spoil(|state| state.set_aside -= 1));
	notices(message, |_| spoil(|state| state.spare = 1));
}

#[test]
fn a_promise_that_was_not_set_aside() {
	notices("2: an agreement is promised more than was set aside", |_| {
		spoil(|state| {
			state.set_aside -= 1;
			state.spare += 1;
		});
		Pots::<Test>::mutate(NATIVE, |pot| {
			pot.owed -= 1;
			pot.spare += 1;
		});
	});
}

#[test]
fn an_asset_without_a_pot() {
	notices("1: an asset in use has no pot", |_| Pots::<Test>::remove(NATIVE));
}

#[test]
fn units_that_are_not_the_agreements() {
	notices("3: units are not those of the agreements", |_| spoil(|state| state.units += 1));
}

#[test]
fn rates_that_count_without_an_agreement() {
	notices("3: rates that count are not those of the agreements", |_| {
		spoil(|state| state.counting += 1)
	});
}

#[test]
fn rates_that_are_pending_without_an_agreement() {
	let message = "3: pending rates are not those of the agreements";
	notices(message, |_| spoil(|state| state.pending[0].agreements += 1));
	notices(message, |_| spoil(|state| state.pending[0].rate += 1));
	notices(message, |_| spoil(|state| state.pending.clear()));
}

#[test]
fn a_rate_that_is_no_sum() {
	notices("3: rates are not those of the agreements", |_| spoil(|state| state.rate -= 1));
}

#[test]
fn a_slot_without_units_or_units_without_a_slot() {
	let message = "3: a slot without units, or units without a slot";
	notices(message, |_| spoil(|state| state.slot = None));
	notices(message, |_| {
		let slot = state(SERVICE).slot;
		Targets::<Test>::insert(SIBLING, TargetState { slot, ..TargetState::new(NATIVE) });
	});
}

#[test]
fn an_agreement_without_a_target() {
	notices("3: an agreement without a target", |id| {
		let mut stray = agreement(id);
		(stray.target, stray.base) = (SIBLING, Base::Window(3));
		Agreements::<Test>::insert(99, stray);
	});
}

#[test]
fn a_base_that_not_exactly_its_agreements_wait_for() {
	let message = "4: the base of a window is not read by its agreements";
	let start = WindowStart { index: NO_COVER, agreements: 1 };
	notices(message, |_| WindowBase::<Test>::insert(SERVICE, 1, start));
	notices(message, |_| {
		WindowBase::<Test>::mutate(SERVICE, 2, |start| start.as_mut().unwrap().agreements = 2)
	});
}

#[test]
fn an_index_past_the_cover() {
	notices("5: the index passed the cover", |_| {
		relist(SERVICE, |listing| {
			listing.terms.cover = tenths(1) - WindowShare::from_inner(1);
		});
	});
}

#[test]
fn a_base_above_the_index() {
	notices("5: a base is above the index", |id| {
		Agreements::<Test>::mutate_extant(id, |a| a.base = Base::Index(tenths(2)));
	});
}

#[test]
fn a_credit_above_what_was_paid() {
	notices("5: credited more than was paid", |id| {
		let paid = stream(id).paid;
		Agreements::<Test>::mutate_extant(id, |a| a.credited = paid);
		assert_ok!(Sla::do_try_state());
		Agreements::<Test>::mutate_extant(id, |a| a.credited = paid + 1);
	});
}

#[test]
fn a_promise_or_a_rent_that_is_not_reserved() {
	let message = "6: promised credit or rent is not reserved";
	notices(message, |_| {
		pallet_surety_operators::Exposures::<Test>::mutate(SERVICE, |exposure| *exposure -= 1);
	});
	notices(message, |_| spoil(|state| state.slot.as_mut().unwrap().rent = 1));
}

#[test]
fn a_promise_that_overflows() {
	notices("6: an exposure overflows", |_| {
		spoil(|state| state.slot.as_mut().unwrap().rent = Balance::MAX);
	});
}

#[test]
fn a_state_without_a_listing() {
	notices("10: target with state and without a listing", |_| {
		pallet_surety_operators::Services::<Test>::remove(id_of(SERVICE));
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
	notices("7: an agreement that its tenant does not have", |id| {
		ByTenant::<Test>::remove(TENANT, id)
	});
}

#[test]
fn an_agreement_its_target_has_not() {
	notices("7: an agreement that its target does not have", |id| {
		ByTarget::<Test>::remove(SERVICE, id)
	});
}

#[test]
fn a_target_with_an_agreement_that_is_not() {
	notices("7: a target has an agreement that is not open", |_| {
		ByTarget::<Test>::insert(SERVICE, 99, ())
	});
}

#[test]
fn an_agreement_of_a_lease_with_two_units() {
	notices("8: the agreement of a lease is not one unit", |_| {
		let id = begin(OTHER, 1, NATIVE);
		Agreements::<Test>::mutate_extant(id, |a| a.units = 2);
		Targets::<Test>::mutate_extant(Target::Lease(1), |state| state.units = 2);
	});
}

#[test]
fn a_tenant_with_an_agreement_that_is_not() {
	notices("7: a tenant has an agreement that does not exist", |_| {
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
