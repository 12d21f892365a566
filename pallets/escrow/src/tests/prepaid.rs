// SPDX-License-Identifier: Apache-2.0

//! Amounts due from a tenant that leaves before the prepaid sum is used up.

use crate::{Error, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, OneOffHolds as _, RoundIndex, StreamStart,
	Streams as _,
};

const TENANT_CLOSED: CloseReason = CloseReason::TenantClosed;

/// Close a stream of 20 a round with 200 prepaid in round `end` as its tenant. Returns the paid
/// amount.
fn paid_by_tenant(
	id: EscrowId,
	end: RoundIndex,
	up: impl Fn(RoundIndex) -> bool + Copy,
) -> Balance {
	run_with(end * ROUND_BLOCKS, up);
	assert_eq!(Escrow::end(id, end, TENANT_CLOSED), Ok((end, TENANT_CLOSED)));
	run_with((end + 3) * ROUND_BLOCKS, up);
	let ended = notified().into_iter().find_map(|notified| match notified {
		Notified::Ended(_, end) => Some(end),
		_ => None,
	});
	let ended = ended.unwrap();
	assert_eq!((ended.round, ended.paid + ended.refunded), (end, 1_000));
	ended.paid
}

#[test]
fn unbillable_rounds_reduce_the_prepaid_sum() {
	let up = |round: RoundIndex| round.is_multiple_of(2);
	// The rest of the prepaid sum is owed, less the price of its rounds that were down.
	for (end, paid) in
		[(0, 200), (1, 180), (2, 180), (3, 160), (6, 140), (10, 100), (11, 100), (12, 120)]
	{
		with_each_asset(|asset| {
			assert_eq!(paid_by_tenant(open(asset), end, up), paid);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-(paid as i128), 0));
		});
	}
}

#[test]
fn nothing_is_owed_for_a_service_that_is_never_up() {
	for (end, paid) in [(5, 100), (10, 0), (30, 0)] {
		with_each_asset(|asset| assert_eq!(paid_by_tenant(open(asset), end, |_| false), paid));
	}
}

#[test]
fn frozen_rounds_do_not_reduce_the_prepaid_sum() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_with(20, |_| false);
		assert_ok!(Escrow::freeze(id, 1));
		run_with(40, |_| false);
		assert_ok!(Escrow::thaw(id, 0));
		// Rounds 1 and 2, and 5.
		assert_eq!(paid_by_tenant(id, 5, |_| false), 140);
	});
}

#[test]
fn the_reduced_part_of_the_prepaid_sum_can_be_frozen_and_awarded() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_noop!(Escrow::freeze(id, 801), Error::<Test>::NotEnoughHeld);
		run_with(65, |_| false);
		// Rounds 1 to 4 are judged.
		assert_noop!(Escrow::freeze(id, 881), Error::<Test>::NotEnoughHeld);
		assert_ok!(Escrow::freeze(id, 880));
		assert_noop!(Escrow::freeze(id, 1), Error::<Test>::NotEnoughHeld);
		run_with(85, |_| false);
		// Rounds 5 and 6 are judged too; the freeze came after them.
		assert_ok!(Escrow::freeze(id, 40));
		assert_ok!(Escrow::do_try_state());
		assert_ok!(Escrow::thaw(id, 920));
		assert_ok!(Escrow::end(id, 8, TENANT_CLOSED));
		run_with(110, |_| false);
		let end = stream_end(TENANT_CLOSED, 8, 1_000, 0);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

fn on_trial(asset: AssetId, trial_until: RoundIndex) -> EscrowId {
	let id = open_replica(asset, 1_000);
	assert_ok!(Escrow::start(id, StreamStart { trial_until, ..new_start() }));
	id
}

#[test]
fn a_tenant_that_leaves_within_the_trial_pays_the_metered_amount() {
	let up = |round: RoundIndex| round != 2;
	for (end, paid) in [(0, 0), (1, 20), (2, 20), (5, 80), (6, 180), (7, 180)] {
		with_each_asset(|asset| {
			assert_eq!(paid_by_tenant(on_trial(asset, 5), end, up), paid);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-(paid as i128), 0));
		});
	}
}

#[test]
fn the_prepaid_sum_cannot_be_frozen_in_the_trial_either() {
	with_each_asset(|asset| {
		let id = on_trial(asset, 5);
		assert_noop!(Escrow::freeze(id, 801), Error::<Test>::NotEnoughHeld);
		assert_ok!(Escrow::freeze(id, 800));
		assert_ok!(Escrow::thaw(id, 800));
		run_to_round(6);
		assert_eq!(Escrow::end(id, 6, TENANT_CLOSED), Ok((6, TENANT_CLOSED)));
		run_to_round(9);
		let end = stream_end(TENANT_CLOSED, 6, 1_000, 0);
		assert_eq!(notified(), vec![Notified::Ended(replica(), end)]);
	});
}

#[test]
fn every_start_has_a_trial_of_its_own() {
	with_each_asset(|asset| {
		let id = on_trial(asset, 3);
		run_to_round(10);
		assert_ok!(Escrow::suspend(id, 10, CloseReason::Unhealthy));
		run_to_round(13);
		notified();
		assert_ok!(Escrow::start(id, StreamStart { trial_until: 16, ..new_start() }));
		run_to_round(16);
		assert_ok!(Escrow::end(id, 16, TENANT_CLOSED));
		run_to_round(19);
		assert_eq!(
			notified(),
			vec![Notified::Ended(replica(), stream_end(TENANT_CLOSED, 16, 60, 740))]
		);
	});
}
