// SPDX-License-Identifier: Apache-2.0

//! Funds that a dispute freezes.

use crate::{Error, Event, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{CloseReason, NewStream, Streams as _};

fn open_plain(asset: surety_primitives::AssetId) -> u32 {
	Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap()
}

#[test]
fn frozen_rounds_are_never_billed() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to(105);
		assert_ok!(Escrow::freeze(id, 300));
		assert_eq!(events(), vec![Event::Frozen { escrow: id, amount: 300 }]);
		// Longer than the meter remembers.
		run_to(605);
		assert_eq!(settle(id), Ok(200), "rounds 1 to 10");
		assert_ok!(Escrow::thaw(id, 0));
		assert_eq!(events().last(), Some(&Event::Thawed { escrow: id, amount: 300, to_payee: 0 }));
		run_to_round(70);
		assert_eq!(settle(id), Ok(140), "rounds 61 to 67");
	});
}

#[test]
fn a_freeze_puts_the_end_of_the_funds_off() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to_round(10);
		assert_ok!(Escrow::freeze(id, 1));
		assert_eq!(Escrow::funded_until(id), None);
		run_to_round(100);
		assert_eq!(notified(), vec![]);
		assert_eq!(stream(id).wake, None, "it waits for the dispute only");
		assert_ok!(Escrow::thaw(id, 0));
		// 100 blocks of 500 are used; round 101 is the next one billed.
		assert_eq!(Escrow::funded_until(id), Some(1_410));
		run_to(1_409);
		assert_eq!(Escrow::stream(id).unwrap().ending, None);
		run_to(1_410);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((140, CloseReason::FundsExhausted)));
	});
}

#[test]
fn frozen_funds_pay_for_no_round() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to_round(30);
		// Rounds 1 to 27 are judged: 540 are due, 460 are not.
		assert_noop!(Escrow::freeze(id, 461), Error::<Test>::NotEnoughHeld);
		assert_ok!(Escrow::freeze(id, 450));
		assert_noop!(Escrow::freeze(id, 11), Error::<Test>::NotEnoughHeld);
		run_to_round(40);
		// Rounds 28 to 30 are due as well, but only 10 are not frozen.
		assert_eq!(settle(id), Ok(550));
		assert_ok!(Escrow::thaw(id, 0));
		assert_eq!(account(id).paid.total(), 600);
	});
}

#[test]
fn a_thaw_grants_the_payee_its_part_with_the_fee() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		assert_ok!(Escrow::freeze(id, 400));
		assert_noop!(Escrow::thaw(id, 401), Error::<Test>::NotEnoughHeld);
		assert_ok!(Escrow::thaw(id, 100));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(95, 3, 2)
		);
		// 900 are left for the meter.
		assert_eq!(Escrow::funded_until(id), Some(460));
		run_to_round(20);
		assert_ok!(Escrow::end(id, 20, CloseReason::TenantClosed));
		run_to_round(23);
		assert_eq!(gained(asset, TENANT), -500);
		let end = stream_end(CloseReason::TenantClosed, 20, 500, 500);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

#[test]
fn the_prepaid_sum_cannot_be_frozen() {
	for (reason, paid) in [(CloseReason::TenantClosed, 1_000), (CloseReason::OperatorClosed, 820)] {
		with_each_asset(|asset| {
			let id = open(asset);
			assert_noop!(Escrow::freeze(id, 801), Error::<Test>::NotEnoughHeld);
			assert_ok!(Escrow::freeze(id, 800));
			assert_noop!(Escrow::freeze(id, 1), Error::<Test>::NotEnoughHeld);
			assert_ok!(Escrow::thaw(id, 800));
			assert_eq!(account(id).paid.total(), 800);
			assert_eq!(Escrow::stream(id).unwrap().blocks_left, 100);
			assert_ok!(Escrow::end(id, 1, reason));
			run_to_round(4);
			let end = stream_end(reason, 1, paid, 1_000 - paid);
			assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
		});
	}
}

#[test]
fn freezing_twice_locks_both_sums_and_one_thaw_undoes_both() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(5);
		assert_ok!(Escrow::freeze(id, 200));
		assert_eq!(account(id).frozen, 300);
		run_to_round(8);
		assert_ok!(Escrow::thaw(id, 300));
		assert_eq!(account(id).frozen, 0);
		assert_eq!(account(id).paid.total(), 300);
		assert_eq!(account(id).awarded, 300);
		assert_noop!(Escrow::thaw(id, 0), Error::<Test>::NotFrozen);
	});
}

#[test]
fn a_frozen_stream_ends_only_when_it_is_thawed() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to_round(10);
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(12);
		assert_ok!(Escrow::end(id, 15, CloseReason::OperatorClosed));
		run_to_round(90);
		assert_eq!(notified(), vec![]);
		assert_ok!(Escrow::thaw(id, 40));
		run_to(901);
		let end = stream_end(CloseReason::OperatorClosed, 15, 240, 760);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

#[test]
fn a_thaw_before_the_end_bills_the_rounds_between() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to_round(10);
		assert_ok!(Escrow::end(id, 20, CloseReason::OperatorClosed));
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(15);
		assert_ok!(Escrow::thaw(id, 0));
		run_to_round(23);
		// Rounds 1 to 10 and 16 to 20.
		let end = stream_end(CloseReason::OperatorClosed, 20, 300, 700);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

#[test]
fn a_freeze_within_one_round_changes_nothing() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to(101);
		for _ in 0..20 {
			assert_ok!(Escrow::freeze(id, 100));
			assert_ok!(Escrow::thaw(id, 0));
		}
		assert_eq!(Escrow::funded_until(id), Some(510));
		run_to_round(23);
		assert_ok!(settle(id));
		assert_eq!(account(id).paid.total(), 400);
	});
}

#[test]
fn freezing_every_round_is_billed_exactly() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		for round in 1..40u32 {
			run_to_round(round);
			assert_ok!(Escrow::freeze(id, 10));
			if round % 3 == 0 {
				run_to(round * ROUND_BLOCKS + ROUND_BLOCKS - 1);
			}
			assert_ok!(Escrow::thaw(id, 0));
		}
		run_to_round(43);
		assert_ok!(settle(id));
		assert_eq!(account(id).paid.total(), 40 * 20);
	});
}

#[test]
fn too_many_freezes_wait_for_the_verdicts() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		let next_round = || {
			for _ in 0..ROUND_BLOCKS {
				next_block_with(&|_| true, ROUND_BLOCKS);
			}
		};
		for _ in 0..5 {
			next_round();
			assert_ok!(Escrow::freeze(id, 1));
			assert_ok!(Escrow::thaw(id, 0));
		}
		next_round();
		assert_ok!(Escrow::freeze(id, 1));
		assert_noop!(Escrow::thaw(id, 0), Error::<Test>::JudgingBehind);
		run_to_round(10);
		assert_ok!(Escrow::thaw(id, 0));
		run_to_round(20);
		assert_ok!(settle(id));
		assert_eq!(account(id).paid.total(), (6 + 7) * 20, "rounds 1 to 6 and 11 to 17");
	});
}

#[test]
fn a_meter_that_ends_while_frozen_ends_the_stream_at_the_thaw() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		run_to_round(10);
		assert_ok!(Escrow::freeze(id, 100));
		TestMeter::end(METER, 14);
		run_to_round(30);
		assert_ok!(Escrow::thaw(id, 0));
		run_to(302);
		let end = stream_end(CloseReason::ServiceRetired, 14, 200, 800);
		assert_eq!(notified().last(), Some(&Notified::Ended(owner(), end)));
	});
}

#[test]
fn bad_freezes_change_nothing() {
	with_each_asset(|asset| {
		let id = open_plain(asset);
		assert_noop!(Escrow::freeze(99, 1), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::freeze(id, 0), Error::<Test>::ZeroAmount);
		assert_noop!(Escrow::freeze(id, 1_001), Error::<Test>::NotEnoughHeld);
		assert_noop!(Escrow::thaw(99, 0), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::thaw(id, 0), Error::<Test>::NotFrozen);
	});
}
