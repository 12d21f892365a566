// SPDX-License-Identifier: Apache-2.0

//! Term of a started one-off hold: the stream expires with its last round, which can be postponed
//! until it has come.

use crate::{Accounts, Error, Event, State, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, OneOffHolds as _, RoundIndex, StreamStart,
	Streams as _,
};

const EXPIRED: CloseReason = CloseReason::Expired;
const UNHEALTHY: CloseReason = CloseReason::Unhealthy;

fn ended(reason: CloseReason, round: RoundIndex, paid: Balance) -> Notified {
	Notified::Ended(replica(), stream_end(reason, round, paid, 1_000 - paid))
}

fn suspended(reason: CloseReason, round: RoundIndex, paid: Balance) -> Notified {
	Notified::Suspended(replica(), stream_end(reason, round, paid, 1_000 - paid))
}

/// One-off hold of a replica with 1,000, started now at 20 a round, up to round `last`.
fn started(asset: AssetId, last: RoundIndex) -> EscrowId {
	let id = open_replica(asset, 1_000);
	assert_ok!(Escrow::start(id, StreamStart { last, ..new_start() }));
	id
}

#[test]
fn a_started_stream_ends_by_itself_with_its_last_round() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		let info = Escrow::stream(id).unwrap();
		assert_eq!((info.ending, info.suspends, info.last), (None, false, Some(12)));
		run_to(119);
		assert_eq!((notified(), Escrow::stream(id).unwrap().ending), (vec![], None));
		run_to(120);
		assert_eq!(
			events(),
			vec![Event::EndDecided { escrow: id, round: 12, reason: EXPIRED, code: 1_003 }]
		);
		assert_eq!(notified(), vec![Notified::Ending(replica(), (12, EXPIRED))]);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((12, EXPIRED)));
		assert_noop!(Escrow::top_up(id, 1), Error::<Test>::Ending);
		run_to(149);
		assert_eq!(notified(), vec![]);
		run_to(150);
		assert_eq!(notified(), vec![ended(EXPIRED, 12, 240)]);
		assert!(!Accounts::<Test>::contains_key(id));
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-240, 0));
	});
}

#[test]
fn no_round_after_the_last_one_is_billed() {
	for settled in [None, Some(130), Some(250)] {
		with_each_asset(|asset| {
			let id = started(asset, 12);
			Stalled::set(true);
			if let Some(block) = settled {
				run_to(block);
				assert_ok!(settle(id));
			}
			run_to(299);
			assert_eq!((notified(), Escrow::stream(id).unwrap().ending), (vec![], None));
			assert_noop!(Escrow::top_up(id, 1), Error::<Test>::Ending);
			Stalled::set(false);
			run_to(320);
			assert_eq!(
				notified(),
				vec![Notified::Ending(replica(), (12, EXPIRED)), ended(EXPIRED, 12, 240)]
			);
			assert!(!Accounts::<Test>::contains_key(id));
		});
	}
}

#[test]
fn an_end_asked_for_after_the_last_round_is_expired() {
	for end in [Escrow::end, Escrow::suspend] {
		with_each_asset(|asset| {
			let id = started(asset, 12);
			Stalled::set(true);
			run_to_round(20);
			assert_eq!(end(id, 20, UNHEALTHY), Ok((12, EXPIRED)));
			assert_eq!(account(id).state, State::Ending { round: 12, reason: EXPIRED });
			Stalled::set(false);
			run_to(220);
			assert_eq!(notified(), vec![ended(EXPIRED, 12, 240)], "the caller is not notified");
		});
	}
}

#[test]
fn a_meter_that_ends_sooner_suspends_its_stream_for_its_own_reason() {
	with_each_asset(|asset| {
		let id = started(asset, 20);
		run_to_round(10);
		TestMeter::end_for(METER, 12, CloseReason::RentUnpaid);
		assert_ok!(settle(id));
		run_to(101);
		assert_eq!(notified(), vec![Notified::Ending(replica(), (12, CloseReason::RentUnpaid))]);
		let info = Escrow::stream(id).unwrap();
		assert_eq!((info.ending, info.suspends), (Some((12, CloseReason::RentUnpaid)), true));
		run_to_round(15);
		assert_eq!(notified(), vec![suspended(CloseReason::RentUnpaid, 12, 240)]);
	});
}

#[test]
fn a_meter_that_ends_with_the_last_round_or_later_suspends_nothing() {
	for meter_end in [12, 15] {
		with_each_asset(|asset| {
			let id = started(asset, 12);
			run_to_round(10);
			TestMeter::end_for(METER, meter_end, UNHEALTHY);
			assert_ok!(settle(id));
			run_to_round(15);
			assert_eq!(
				notified(),
				vec![Notified::Ending(replica(), (12, EXPIRED)), ended(EXPIRED, 12, 240)]
			);
		});
	}
}

#[test]
fn a_failure_judged_after_the_last_round_closes_the_stream() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to_round(12);
		assert_eq!(notified(), vec![Notified::Ending(replica(), (12, EXPIRED))]);
		assert_eq!(Escrow::suspend(id, 10, UNHEALTHY), Ok((10, UNHEALTHY)));
		run_to_round(14);
		assert_eq!(notified(), vec![ended(UNHEALTHY, 10, 200)]);
	});
}

#[test]
fn funds_may_end_before_the_last_round() {
	with_each_asset(|asset| {
		started(asset, 60);
		run_to(530);
		let reason = CloseReason::FundsExhausted;
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (50, reason)), ended(reason, 50, 1_000)]
		);
	});
}

#[test]
fn an_end_that_is_asked_for_late_is_that_of_the_funds() {
	with_each_asset(|asset| {
		let id = started(asset, 80);
		run_to_round(49);
		Stalled::set(true);
		run_to(515);
		let exhausted = CloseReason::FundsExhausted;
		assert_eq!(Escrow::end(id, 51, CloseReason::TenantClosed), Ok((50, exhausted)));
		Stalled::set(false);
		run_to(600);
		assert_eq!(notified(), vec![ended(exhausted, 50, 1_000)]);
	});
}

#[test]
fn an_extension_postpones_the_last_round() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to(119);
		assert_ok!(Escrow::extend(id, 20, 300));
		assert_eq!(events(), vec![Event::Extended { escrow: id, last_round: 20, prepaid: 300 }]);
		assert_eq!(Escrow::stream(id).unwrap().last, Some(20));
		run_to(199);
		assert_eq!(notified(), vec![]);
		run_to(230);
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (20, EXPIRED)), ended(EXPIRED, 20, 400)]
		);
	});
}

#[test]
fn an_extension_raises_the_prepaid_sum() {
	for (prepaid, paid) in [(100, 200), (200, 200), (340, 340), (1_000, 1_000)] {
		with_each_asset(|asset| {
			let id = started(asset, 12);
			assert_ok!(Escrow::extend(id, 20, prepaid));
			run_to_round(5);
			assert_ok!(Escrow::end(id, 5, CloseReason::TenantClosed));
			run_to_round(8);
			assert_eq!(notified(), vec![ended(CloseReason::TenantClosed, 5, paid)]);
		});
	}
}

#[test]
fn an_extended_stream_is_not_billed_while_frozen() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to_round(5);
		assert_ok!(Escrow::freeze(id, 100));
		assert_ok!(Escrow::extend(id, 20, 200));
		run_to_round(10);
		assert_ok!(Escrow::thaw(id, 0));
		run_to_round(23);
		// Rounds 1 to 5 and 11 to 20.
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (20, EXPIRED)), ended(EXPIRED, 20, 300)]
		);
	});
}

#[test]
fn a_term_that_ends_while_frozen_is_not_billed_after_the_thaw() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to_round(5);
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(30);
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (12, EXPIRED))],
			"the end is decided but not carried out"
		);
		assert_eq!(stream(id).wake, None);
		assert_ok!(Escrow::thaw(id, 0));
		run_to(301);
		assert_eq!(notified(), vec![ended(EXPIRED, 12, 100)]);
	});
}

#[test]
fn a_meter_that_ends_in_the_added_time_suspends_its_stream() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to_round(10);
		TestMeter::end_for(METER, 15, CloseReason::Terminated);
		assert_ok!(Escrow::extend(id, 20, 200));
		run_to_round(18);
		let terminated = CloseReason::Terminated;
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (15, terminated)), suspended(terminated, 15, 300)]
		);
	});
}

#[test]
fn an_extension_does_not_undo_a_notice() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		run_to_round(5);
		// The notice is longer than the rest of the term.
		assert_eq!(Escrow::suspend(id, 30, CloseReason::OperatorClosed), Ok((12, EXPIRED)));
		assert_noop!(Escrow::extend(id, 20, 200), Error::<Test>::Ending);
		run_to_round(15);
		assert_eq!(notified(), vec![ended(EXPIRED, 12, 240)]);
	});
}

#[test]
fn suspension_again_after_the_last_round_does_not_undo_the_first() {
	with_each_asset(|asset| {
		let id = started(asset, 12);
		assert_ok!(Escrow::suspend(id, 5, UNHEALTHY));
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(20);
		assert_eq!(Escrow::suspend(id, 20, CloseReason::OperatorClosed), Ok((5, UNHEALTHY)));
		assert_ok!(Escrow::thaw(id, 0));
		run_to(201);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 5, 0)]);
	});
}

#[test]
fn bad_extensions_change_nothing() {
	with_each_asset(|asset| {
		let (id, hold, opened) = (started(asset, 12), hold(asset, 10), open(asset));
		assert_noop!(Escrow::extend(99, 20, 0), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::extend(hold, 20, 0), Error::<Test>::NotAStream);
		assert_noop!(Escrow::extend(opened, 20, 0), Error::<Test>::NoLastRound);
		assert_noop!(Escrow::extend(id, 12, 0), Error::<Test>::LastRoundNotLater);
		assert_noop!(Escrow::extend(id, 20, 1_001), Error::<Test>::PrepaidAboveDeposit);
		assert_ok!(Escrow::freeze(id, 100));
		assert_noop!(Escrow::extend(id, 20, 901), Error::<Test>::PrepaidAboveDeposit);
		assert_ok!(Escrow::thaw(id, 100));
		assert_noop!(Escrow::extend(id, 20, 901), Error::<Test>::PrepaidAboveDeposit);
		assert_ok!(Escrow::extend(id, 13, 900));

		let (suspends, meter_ends) = (started(asset, 20), started(asset, 20));
		assert_ok!(Escrow::suspend(suspends, 15, UNHEALTHY));
		assert_noop!(Escrow::extend(suspends, 30, 0), Error::<Test>::Ending);
		Stalled::set(true);
		run_to(130);
		assert_noop!(Escrow::extend(id, 20, 0), Error::<Test>::LastRoundReached);
		TestMeter::end(METER, 19);
		assert_noop!(Escrow::extend(meter_ends, 30, 0), Error::<Test>::Ending);
		Stalled::set(false);
	});
}

#[test]
fn a_stream_is_started_for_a_later_round() {
	with_each_asset(|asset| {
		let id = open_replica(asset, 1_000);
		run_to_round(5);
		let start = |last| Escrow::start(id, StreamStart { last, ..new_start() });
		assert_noop!(start(5), Error::<Test>::LastRoundNotLater);
		assert_ok!(start(6));
		run_to_round(9);
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (6, EXPIRED)), ended(EXPIRED, 6, 20)]
		);
	});
}
