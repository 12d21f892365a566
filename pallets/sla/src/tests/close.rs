// SPDX-License-Identifier: Apache-2.0

//! Every way in which an agreement ends.

use super::*;
use pallet_surety_escrow::Error as EscrowError;
use pallet_surety_operators::{Error as OperatorError, Event as OperatorEvent};
use pallet_surety_reputation::Event as ReputationEvent;
use surety_primitives::{Probing as _, ServiceStatus, score::rating_weight};

#[test]
fn a_tenant_closes_with_the_current_round() {
	build_and_execute(|| {
		let before = free(NATIVE, TENANT);
		let id = open(TENANT, SERVICE, 1);
		events();
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(ending(id), Some((round, reason)));
		assert_eq!(
			events(),
			[Event::AgreementEnding { agreement: id, round, reason, code: 1_001 }]
		);
		assert_noop!(Sla::close_agreement(signed(TENANT), id), Error::<Test>::AlreadyEnding);
		assert_eq!(units(SERVICE), 1, "its units count until the round is judged");

		finish(round);
		assert_eq!(
			events(),
			[Event::AgreementClosed {
				agreement: id,
				target: SERVICE,
				tenant: TENANT,
				reason,
				code: 1_001,
				paid: WINDOW_PRICE,
				refunded: DEPOSIT - WINDOW_PRICE,
				credited: 0,
			}]
		);
		assert_eq!(free(NATIVE, TENANT), before - WINDOW_PRICE - MINIMUM);
		assert!(is_gone(id));
		assert!(Sla::agreements_of(TENANT, None, 1).is_empty());
		assert_eq!((units(SERVICE), exposure(SERVICE)), (0, 0));
		assert!(!probed(SERVICE).active);
	});
}

#[test]
fn an_operator_gives_a_window_of_notice_which_the_tenant_may_cut_short() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		let (round, reason) = (3 * R, CloseReason::OperatorClosed);
		assert_eq!(ending(id), Some((round, reason)));
		assert_noop!(Sla::close_agreement(signed(OPERATOR), id), Error::<Test>::AlreadyEnding);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(ending(id), Some((round, reason)));
		assert_noop!(Sla::close_agreement(signed(OPERATOR), id), Error::<Test>::AlreadyEnding);
	});
}

#[test]
fn nobody_else_closes_an_agreement() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		assert_noop!(Sla::close_agreement(signed(OTHER), id), Error::<Test>::NotParty);
		assert_noop!(Sla::close_agreement(signed(OTHER), 99), Error::<Test>::UnknownAgreement);
	});
}

#[test]
fn a_closing_agreement_is_credited_to_the_end_of_its_round() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let stays = open(OTHER, SERVICE, 1);
		pass_rounds(1);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		breach(SERVICE, None, Low);
		let before = free(NATIVE, TENANT);
		let refund = stream(id).held;
		events();
		finish(COUNTING + 1);
		let events = events();
		assert!(matches!(events[0], Event::AgreementClosed { credited: 120, .. }));
		assert_eq!(events[1], Event::CreditPaid { agreement: id, tenant: TENANT, amount: 120 });
		// Fifteen of its rounds are billed.
		let due = 15 * 2 * ROUND_PRICE;
		assert_eq!(free(NATIVE, TENANT), before + refund - due + 120);
		assert_eq!(units(SERVICE), 1);
		assert!(probed(SERVICE).active);
		assert_eq!(owed(stays), 0);
	});
}

#[test]
fn spare_of_an_ended_agreement_goes_to_the_treasury_with_the_window() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let stays = open(OTHER, SERVICE, 1);
		assert_eq!(breach_with(SERVICE, BreachKind::Downtime, None, Critical, 2).credited, 2_400);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		events();
		finish(COUNTING);
		// Fourteen rounds are billed.
		assert_eq!(closed(), [(1_400, 1_400)]);
		assert_eq!(state(SERVICE).spare, 1_000);
		assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 1_000, reserve: MINIMUM });

		// It pays nobody else's credits.
		let (bonded, treasury) = (bond(NATIVE), free(NATIVE, TREASURY));
		at_round(4 * R + 2);
		assert_eq!((bond(NATIVE), free(NATIVE, TREASURY)), (bonded, treasury + 1_000));
		assert_eq!((state(SERVICE).spare, pot(NATIVE)), (0, (0, 0)));
		breach(SERVICE, None, Low);
		assert_eq!((owed(stays), bond(NATIVE)), (60, bonded - 66));
	});
}

#[test]
fn spare_that_the_treasury_cannot_take_waits_for_the_next_window() {
	build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 2);
		open(OTHER, LOCAL_SERVICE, 1);
		breach_with(LOCAL_SERVICE, BreachKind::Downtime, None, Critical, 2);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		finish(COUNTING);
		let spare = state(LOCAL_SERVICE).spare;
		assert!(spare > 0);
		block(TREASURY);
		at_round(4 * R + 2);
		assert_eq!((state(LOCAL_SERVICE).spare, pot(LOCAL)), (spare, (0, spare)));
		assert_ok!(Sla::do_try_state());
		unblock(TREASURY);
		let treasury = free(LOCAL, TREASURY);
		at_round(5 * R + 2);
		assert_eq!((free(LOCAL, TREASURY), state(LOCAL_SERVICE).spare), (treasury + spare, 0));
	});
}

#[test]
fn reputation_is_notified_of_the_end_of_every_agreement() {
	build_and_execute(|| {
		let by_tenant = open(TENANT, SERVICE, 1);
		let local = open(OTHER, LOCAL_SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), by_tenant));
		at_round(3 * R);
		end(local);
		let opened = |event| match event {
			RuntimeEvent::Reputation(ReputationEvent::RatingOpened {
				agreement,
				operator,
				tenant,
				weight,
				..
			}) => Some((agreement, operator, tenant, weight)),
			_ => None,
		};
		let opened: Vec<_> = all_events().into_iter().filter_map(opened).collect();
		// Each has paid a window.
		let weight = rating_weight(WINDOW_PRICE / 20, RATING_SCALE);
		assert_eq!(
			opened,
			[(by_tenant, OPERATOR, TENANT, weight), (local, OPERATOR, OTHER, weight)]
		);
	});
}

#[test]
fn an_agreement_that_never_counted_is_closed_without_credit() {
	build_and_execute(|| {
		let stays = open_counting(OTHER, SERVICE, 1);
		let id = open(TENANT, SERVICE, 2);
		let also = open(THIRD, SERVICE, 4);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		finish(COUNTING);
		assert!(is_gone(id));
		let now = state(SERVICE);
		assert_eq!((now.units, now.counting, now.pending[0].rate), (5, PRICE, 4 * PRICE));
		assert_eq!((owed(stays), owed(also)), (60, 0));
	});
}

#[test]
fn an_end_that_escrow_decides_is_reported() {
	build_and_execute(|| {
		// Enough for 61 blocks: to the first block of round 37.
		let id = NextAgreement::<Test>::get();
		assert_ok!(try_open(TENANT, SERVICE, 1, WINDOW_PRICE + MINIMUM));
		at_round(3 * R);
		events();
		let (round, reason) = (3 * R + 1, CloseReason::FundsExhausted);
		at_round(round);
		assert_eq!(
			events(),
			[Event::AgreementEnding { agreement: id, round, reason, code: 1_002 }]
		);
		assert_noop!(Sla::top_up(signed(TENANT), id, 5), Error::<Test>::AgreementEnding);
		assert_eq!(ending(id), Some((round, reason)));
		finish(round);
		assert_eq!(closed(), [(WINDOW_PRICE + MINIMUM, 0)]);
	});
}

#[test]
fn a_retired_service_ends_its_agreements_for_anyone_who_asks() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		let (round, reason) = (30, CloseReason::ServiceRetired);
		Probes::end_meter(SERVICE, round, reason);
		at_round(31);
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(ending(id), None, "round 30 is not judged yet");
		assert_noop!(Sla::top_up(signed(TENANT), id, 5), EscrowError::<Test>::Ending);
		events();
		at_round(32);
		assert_eq!(
			events(),
			[Event::AgreementEnding { agreement: id, round, reason, code: 2_002 }]
		);
		finish(30);
		assert_eq!(closed(), [(6 * ROUND_PRICE, 0)]);
		assert!(is_gone(id));
	});
}

#[test]
fn a_terminated_service_ends_its_agreements_in_the_round_robin() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.terms.cover = tenths(5));
		let id = open_counting(TENANT, SERVICE, 1);
		let notified = open(OTHER, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), notified));
		breach(SERVICE, None, High);
		at_round(COUNTING + 2);
		Sla::settle_some(Weight::MAX);
		assert_eq!(owed(id), 0, "and is paid");
		events();
		at_round(COUNTING + 3);
		let closed: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::AgreementClosed { agreement, code, .. } => Some((agreement, code)),
				_ => None,
			})
			.collect();
		assert_eq!(closed.len(), 2);
		assert!([id, notified].into_iter().all(|id| closed.contains(&(id, 2_003))));
		assert_eq!(units(SERVICE), 0);
		assert_ok!(Operators::remove_service(signed(THIRD), id_of(SERVICE)));
	});
}

#[test]
fn the_reason_of_an_end_is_that_of_the_meter() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.terms.cover = tenths(5));
		let id = open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		let ended = ServiceStatus::Ending { at: COUNTING };
		assert_eq!(listing(SERVICE).status, ended);
		assert_noop!(
			Operators::retire_service(signed(OPERATOR), id_of(SERVICE)),
			OperatorError::<Test>::ServiceEnding
		);
		assert_ok!(Sla::settle(signed(THIRD), id));
		events();
		finish(COUNTING);
		assert!(events().iter().any(|event| matches!(
			event,
			Event::AgreementClosed { reason: CloseReason::Terminated, code: 2_003, .. }
		)));
	});
}

#[test]
fn the_cover_rises_if_the_bond_covers_it() {
	build_and_execute(|| {
		let windows = WindowShare::from_u32;
		let raise = |cover| Operators::raise_cover(signed(OPERATOR), id_of(SERVICE), cover);
		assert_ok!(raise(windows(5)));
		assert_eq!(exposure(SERVICE), 0, "without units");
		BaseRent::set(&Perbill::from_percent(1));
		begin_again();
		open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		assert_ok!(raise(windows(6)));
		// The rents stay reserved.
		let rents = 3 * MIN_BOND / 100;
		assert_eq!(exposure(SERVICE), reserve(2 * PRICE, tenths(55)) + rents);
		assert_noop!(raise(windows(1_000)), OperatorError::<Test>::InsufficientBond);
		let needed = Sla::exposure_under(id_of(SERVICE), windows(7));
		assert_eq!(needed, Ok(Some(reserve(2 * PRICE, tenths(65)) + rents)));
		Targets::<Test>::mutate_extant(SERVICE, |state| state.rate = Balance::MAX);
		let needed = Sla::exposure_under(id_of(SERVICE), windows(8));
		assert_eq!(needed, Err(ArithmeticError::Overflow.into()));
		Targets::<Test>::mutate_extant(SERVICE, |state| state.rate = 2 * PRICE);
	});
}

#[test]
fn a_service_is_forgotten_once_it_has_no_units() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 3);
		assert_noop!(Sla::forget(SERVICE), Error::<Test>::UnitsLeft);
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 2);
		assert_ok!(Operators::retire_service(signed(OPERATOR), id_of(SERVICE)));
		end(id);
		// Fourteen rounds of 150 were paid, and 3,600 taken.
		assert_eq!(state(SERVICE).spare, 1_500);
		let treasury = free(NATIVE, TREASURY);
		at_round(4 * R + 4);
		assert!(pallet_surety_reputation::Targets::<Test>::contains_key(SERVICE));
		all_events();
		assert_ok!(Operators::remove_service(signed(THIRD), id_of(SERVICE)));
		assert!(all_events().iter().any(|event| matches!(
			event,
			RuntimeEvent::Operators(OperatorEvent::ServiceRemoved { .. })
		)));
		assert_eq!(free(NATIVE, TREASURY), treasury + 1_500);
		assert!(!pallet_surety_reputation::Targets::<Test>::contains_key(SERVICE));
		assert_eq!((Targets::<Test>::iter().count(), Breaches::<Test>::iter().count()), (0, 0));
		assert_ok!(Sla::forget(UNKNOWN));
	});
}

#[test]
fn an_undelivered_claim_does_not_keep_a_service() {
	build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 1);
		breach(LOCAL_SERVICE, None, Low);
		block(TENANT);
		events();
		assert_ok!(Operators::retire_service(signed(OPERATOR), id_of(LOCAL_SERVICE)));
		end(id);
		let (round, reason) = (COUNTING, CloseReason::Governance);
		assert_eq!(agreement(id).state, AgreementState::Closed { round, reason });
		assert!(events().contains(&Event::CreditClaimable {
			agreement: id,
			tenant: TENANT,
			amount: 60
		}));
		at_round(4 * R + 4);
		assert_ok!(Operators::remove_service(signed(THIRD), id_of(LOCAL_SERVICE)));
		assert!(Sla::agreement(id).unwrap().stream.is_none());

		unblock(TENANT);
		let before = free(LOCAL, TENANT);
		assert_ok!(Sla::claim(signed(THIRD), id));
		assert_eq!(free(LOCAL, TENANT), before + 60);
		assert!(is_gone(id));
	});
}
