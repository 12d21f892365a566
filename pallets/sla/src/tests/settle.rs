// SPDX-License-Identifier: Apache-2.0

//! Paying what is due and what is owed.

use super::*;
use pallet_surety_escrow::{Accounts, Error as EscrowError};
use surety_primitives::Probing as _;

#[test]
fn settling_pays_both_ways_for_anyone_who_asks() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, Low);
		pass_rounds(4);
		let (operator, tenant) = (free(NATIVE, OPERATOR), free(NATIVE, TENANT));
		events();
		assert_ok!(Sla::settle(signed(THIRD), id));
		// Rounds 25 to 40 are billed, and a twentieth of it is the fee.
		assert_eq!(free(NATIVE, OPERATOR), operator + 1_600 * 19 / 20);
		assert_eq!(free(NATIVE, TENANT), tenant + 120);
		assert_eq!(
			events(),
			[
				Event::CreditPaid { agreement: id, tenant: TENANT, amount: 120 },
				Event::Settled { agreement: id, paid: 1_600, credited: 120 },
			]
		);
		assert_eq!((owed(id), agreement(id).credited), (0, 120));
		assert_noop!(Sla::settle(signed(THIRD), 99), Error::<Test>::UnknownAgreement);
	});
}

#[test]
fn a_settlement_pays_for_credit_and_asset_only_if_there_are_any() {
	let weight = |a, c| Some(<() as WeightInfo>::settle(a, c));
	let settle = |id| Sla::settle(signed(THIRD), id).unwrap().actual_weight;
	for (target, a) in [(SERVICE, 0), (LOCAL_SERVICE, 1)] {
		build_and_execute(|| {
			let id = open_counting(TENANT, target, 2);
			pass_rounds(4);
			assert_eq!(settle(id), weight(a, 0));
			breach(target, None, Low);
			pass_rounds(1);
			assert_eq!(settle(id), weight(a, 1));
			breach(target, None, Low);
			pass_rounds(1);
			let claimed = Sla::claim(signed(THIRD), id).unwrap();
			assert_eq!(claimed.actual_weight, weight(a, 1));
		});
	}
}

#[test]
fn a_settlement_at_an_end_pays_as_much_as_may_be() {
	build_and_execute(|| {
		let settle = |id| Sla::settle(signed(THIRD), id).unwrap().actual_weight;
		let closed = open(TENANT, SERVICE, 1);
		let ended = open(TENANT, SERVICE, 1);
		assert_eq!(settle(ended), Some(<() as WeightInfo>::settle(0, 0)));
		assert_ok!(Sla::close_agreement(signed(OPERATOR), closed));
		assert_eq!(settle(closed), None);
		Probes::end_meter(SERVICE, Timing::round(), CloseReason::ServiceRetired);
		assert_eq!(settle(ended), None);
	});
}

#[test]
fn a_claim_pays_credit_or_says_why_not() {
	build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 2);
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::NothingOwed);
		assert_noop!(Sla::claim(signed(TENANT), 99), Error::<Test>::UnknownAgreement);
		breach(LOCAL_SERVICE, None, Low);
		block(TENANT);
		assert!(Sla::claim(signed(TENANT), id).is_err());
		assert_eq!(owed(id), 120);
		unblock(TENANT);
		assert_ok!(Sla::claim(signed(TENANT), id));
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::NothingOwed);
	});
}

#[test]
fn a_dispute_over_the_stream_does_not_hold_back_credit() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_ok!(Escrow::freeze(agreement(id).escrow, stream(id).held));
		breach(SERVICE, None, Low);
		pass_rounds(3);
		events();
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(
			events().last(),
			Some(&Event::Settled { agreement: id, paid: 0, credited: 120 })
		);
		assert_eq!(owed(id), 0);
		assert_ok!(Escrow::thaw(agreement(id).escrow, 0));
	});
}

#[test]
fn a_stream_that_cannot_be_settled_says_why_unless_credit_is_paid() {
	build_and_corrupt(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		assert_ok!(Sla::settle(signed(THIRD), id));
		breach(SERVICE, None, Low);
		let escrow = agreement(id).escrow;
		let account = Accounts::<Test>::take(escrow).unwrap();
		let unknown = EscrowError::<Test>::UnknownEscrow;
		assert_noop!(Sla::settle(signed(THIRD), id), unknown);
		// Credit that could not be delivered before.
		Accounts::<Test>::insert(escrow, account.clone());
		Agreements::<Test>::mutate_extant(id, |agreement| {
			(agreement.claimable, agreement.credited) = (120, 120)
		});
		Targets::<Test>::mutate_extant(SERVICE, |state| state.set_aside = 0);
		Accounts::<Test>::remove(escrow);
		assert_ok!(Sla::settle(signed(THIRD), id));
		Accounts::<Test>::insert(escrow, account);
		assert_eq!(owed(id), 0);
	});
}

#[test]
fn a_credit_below_the_minimum_of_a_missing_account_waits() {
	build_and_execute(|| {
		promise(LOCAL_SERVICE, WindowShare::from_rational(1, 200), COVER);
		let id = open_counting(TENANT, LOCAL_SERVICE, 1);
		breach(LOCAL_SERVICE, None, Low);
		Agreements::<Test>::mutate_extant(id, |agreement| agreement.tenant = 77);
		ByTenant::<Test>::remove(TENANT, id);
		ByTenant::<Test>::insert(77, id, ());
		assert_eq!(owed(id), 3);
		assert_noop!(Sla::claim(signed(THIRD), id), TokenError::BelowMinimum);
		for _ in 0..3 {
			breach(LOCAL_SERVICE, None, Low);
		}
		assert_ok!(Sla::claim(signed(THIRD), id));
		assert_eq!(free(LOCAL, 77), 12);
	});
}

#[test]
fn the_round_robin_visits_everybody_a_few_a_block() {
	build_and_execute(|| {
		let mut ids: Vec<_> = (0..6).map(|_| open(OTHER, SERVICE, 1)).collect();
		ids.push(open_counting(TENANT, SERVICE, 1));
		breach(SERVICE, None, Low);
		let unpaid = || ids.iter().filter(|id| owed(**id) > 0).count();
		let mut left = Vec::new();
		for _ in 0..3 {
			Sla::on_idle(0, Weight::MAX);
			left.push(unpaid());
		}
		assert_eq!(left, [4, 1, 0]);
		assert_eq!(Cursor::<Test>::get(), None, "the turn is over");
		breach(SERVICE, Some(Low), Medium);
		Sla::on_idle(0, Weight::MAX);
		assert_eq!(unpaid(), 4);
	});
}

#[test]
fn the_round_robin_stays_within_the_weight_that_is_left() {
	build_and_execute(|| {
		for _ in 0..3 {
			open(OTHER, SERVICE, 1);
		}
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		let (base, step) = (<() as WeightInfo>::sweep_base(), <() as WeightInfo>::sweep_step());
		let owed = || Pots::<Test>::get(NATIVE).owed;
		for (limit, pays) in
			[(Weight::zero(), 0), (base, 0), (base + step, 60), (base + step * 2, 120)]
		{
			let before = owed();
			let used = Sla::on_idle(0, limit);
			assert!(used.all_lte(limit));
			assert_eq!(before - owed(), pays);
		}
	});
}

#[test]
fn the_round_robin_goes_on_where_an_agreement_is_gone() {
	build_and_execute(|| {
		let ids: Vec<_> = (0..5).map(|_| open(OTHER, SERVICE, 1)).collect();
		Sla::on_idle(0, Weight::MAX);
		let last = Cursor::<Test>::get().unwrap();
		assert_ok!(Sla::close_agreement(signed(OTHER), last));
		at_round(COUNTING);
		assert!(is_gone(last));
		breach(SERVICE, None, Low);
		Sla::on_idle(0, Weight::MAX);
		let paid = ids.iter().filter(|id| **id != last && owed(**id) == 0).count();
		assert_eq!(paid, 2, "the two that come after it");
	});
}
