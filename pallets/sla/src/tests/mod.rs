// SPDX-License-Identifier: Apache-2.0

//! Tests by topic.

mod breach;
mod close;
mod credited_at_most_paid;
mod gaming;
mod leases;
mod open;
mod property;
mod rent;
mod settle;
mod try_state;
mod windows;

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{
	Agreements as _, AssetId, BreachKind, CloseReason, Counters, LatencyBucket, OnJudged as _,
	Severity, Severity::*, Target, TierReached, Verdict, WindowTerms, report::Finding,
};

/// Decide that an agreement ends with this round for nobody's doing, and run rounds until it is
/// closed.
fn end(id: AgreementId) {
	let round = Timing::round();
	let escrow = agreement(id).escrow;
	assert_ok!(Escrow::end(escrow, round, CloseReason::Governance));
	finish(round);
	assert!(is_gone(id) || agreement(id).is_closed());
}

/// Paid and credited by the agreements that closed since the last call.
fn closed() -> Vec<(Balance, Balance)> {
	let all = events().into_iter();
	all.filter_map(|event| match event {
		Event::AgreementClosed { paid, credited, .. } => Some((paid, credited)),
		_ => None,
	})
	.collect()
}

/// Spare and owed credit in the pot.
fn pot(asset: AssetId) -> (Balance, Balance) {
	let pot = Pots::<Test>::get(asset);
	(pot.owed, pot.spare)
}
