// SPDX-License-Identifier: Apache-2.0

//! Rounds: snapshot, reports, progress of the judging.

use crate::{DutyTally, HealthRule, MAX_PROBERS, PageId, Probers, Report};
use frame::prelude::*;
use sp_staking::SessionIndex;
use surety_primitives::{RoundIndex, Verdict, crypto::ProberId};

/// Validator in its probing duty.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Prober<AccountId> {
	/// Account that is rewarded.
	pub account: AccountId,
	/// Session key that signs the commits.
	pub key: ProberId,
}

/// Page that is due in a round.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Due {
	/// The page.
	pub page: PageId,
	/// Due slots of the page: one byte of the report each, lowest slot first.
	pub mask: u128,
}

/// Number of due targets in these pages.
pub fn due_targets(due: &[Due]) -> u32 {
	due.iter().fold(0u32, |sum, due| sum.saturating_add(due.mask.count_ones()))
}

/// Frame of a round, fixed in its first block. Commits, reveals, verdicts and duty of the round are
/// checked against it.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Snapshot<AccountId> {
	/// Session of the probers.
	pub session: SessionIndex,
	/// Timestamp in ms of the block before the first block of the round.
	pub started: u64,
	/// Rule that the leases are judged by.
	pub health: HealthRule,
	/// Number of due targets, which is the length of a report.
	pub targets: u32,
	/// All probers. The position of a prober is the index in its commit.
	pub probers: Probers<AccountId>,
}
impl<AccountId> Snapshot<AccountId> {
	/// Index and entry of a session key.
	pub fn find(&self, key: &ProberId) -> Option<(u16, &Prober<AccountId>)> {
		(0u16..).zip(&self.probers).find(|(_, prober)| prober.key == *key)
	}
}

/// Message of a prober for a round.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Sent {
	/// Hash of the report.
	Committed([u8; 32]),
	/// Report that has the committed hash.
	Revealed(Report),
}

/// Count of the reports of a round whose pages are being judged.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Counted {
	/// True if the chain stalled in the round: nothing is billed.
	pub stalled: bool,
	/// Probers whose report is blind and dropped, one bit each.
	pub blind: u128,
	/// Addition of the round to the duty of each prober, in the order of the snapshot.
	pub duty: BoundedVec<DutyTally, ConstU32<MAX_PROBERS>>,
}

/// Targets of a round by verdict.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct RoundTally {
	/// `Up`.
	pub up: u32,
	/// `Down`.
	pub down: u32,
	/// `Bad`.
	pub bad: u32,
	/// `Stale`.
	pub stale: u32,
	/// `Unclear`.
	pub unclear: u32,
	/// `Unmeasured`.
	pub unmeasured: u32,
	/// `Excused`.
	pub excused: u32,
}
impl RoundTally {
	/// Count one verdict.
	pub fn note(&mut self, verdict: Verdict) {
		let slot = match verdict {
			Verdict::Up { .. } => &mut self.up,
			Verdict::Down => &mut self.down,
			Verdict::Bad => &mut self.bad,
			Verdict::Stale => &mut self.stale,
			Verdict::Unclear => &mut self.unclear,
			Verdict::Unmeasured => &mut self.unmeasured,
			Verdict::Excused => &mut self.excused,
		};
		*slot = slot.saturating_add(1);
	}
}

/// Progress of the judging.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Sweep {
	/// Last round that is judged for every target.
	pub judged: RoundIndex,
	/// Pages of the next round that are judged already.
	pub pages: u32,
	/// Targets of those pages.
	pub targets: u32,
	/// Verdicts of those targets.
	pub tally: RoundTally,
}

/// State of the measurement, as a view function returns it.
#[derive(Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct RoundStatus {
	/// Round of the block being built.
	pub round: RoundIndex,
	/// Blocks since the first block of that round.
	pub offset: u32,
	/// Oldest round that takes commits. The rounds from it to the current one do.
	pub commits_from: RoundIndex,
	/// Round that takes reveals, if any does.
	pub reveals: Option<RoundIndex>,
	/// Last round that is judged for every target.
	pub judged: RoundIndex,
}
