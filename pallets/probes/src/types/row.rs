// SPDX-License-Identifier: Apache-2.0

//! Row of a target: its state, counters, meter and health.

use crate::{HEALTH_ROUNDS, HISTOGRAM};
use frame::prelude::*;
use surety_primitives::{
	Counters, End, LatencyBucket, MeterReading, RoundIndex, Severity, Target, Verdict, WindowIndex,
	WindowSummary, WindowTerms,
};

/// Number of rounds per latency bucket in a window, sorted by bucket. The counts are exact until
/// more than 32 different buckets were seen. From then on a new bucket counts as the next slower
/// known one.
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
pub struct Histogram(BoundedVec<(LatencyBucket, u16), ConstU32<HISTOGRAM>>);
impl Histogram {
	/// Count a latency `times` times.
	pub fn add(&mut self, bucket: LatencyBucket, times: u16) {
		let at = match self.0.binary_search_by_key(&bucket, |(b, _)| *b) {
			Ok(at) => at,
			Err(at) if self.0.len() < HISTOGRAM as usize => {
				if self.0.try_insert(at, (bucket, 0)).is_err() {
					return;
				}
				at
			},
			Err(at) => at.min(self.0.len().saturating_sub(1)),
		};
		if let Some((_, count)) = self.0.get_mut(at) {
			*count = count.saturating_add(times);
		}
	}
	/// Number of counted latencies.
	pub fn total(&self) -> u32 {
		self.0.iter().fold(0u32, |sum, (_, n)| sum.saturating_add(u32::from(*n)))
	}
	/// 95th percentile. The fastest bucket if nothing was counted.
	pub fn p95(&self) -> LatencyBucket {
		let rank = self.total().saturating_mul(95).div_ceil(100);
		let mut seen = 0u32;
		for (bucket, count) in &self.0 {
			seen = seen.saturating_add(u32::from(*count));
			if seen >= rank {
				return *bucket;
			}
		}
		LatencyBucket::default()
	}
}

/// Rule by which a lease is unhealthy: of its last `of` judged rounds, `bad` were down, bad or
/// stale. A round that says nothing of the lease (unclear, unmeasured, excused) is not among them.
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
pub struct HealthRule {
	/// Bad rounds, at most 32. With 0 no lease is ever unhealthy.
	pub bad: u8,
	/// Judged rounds, from `bad` to 32.
	pub of: u8,
}
impl HealthRule {
	/// Nearest rule within the bounds. The number of bad rounds stays if it is at most 32.
	pub fn clamped(self) -> Self {
		let bad = self.bad.min(HEALTH_ROUNDS);
		Self { bad, of: self.of.clamp(bad, HEALTH_ROUNDS) }
	}
}

/// Health of a lease.
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
pub struct LeaseHealth {
	/// Last 32 judged rounds of the lease, the newest in the lowest bit. 1 is down, bad or stale; 0
	/// is up, or a round before the first.
	pub recent: u32,
}
impl LeaseHealth {
	/// Add a judged round.
	pub fn note(&mut self, bad: bool) {
		self.recent = self.recent.wrapping_shl(1) | u32::from(bad);
	}
	/// Bad rounds among those that a rule looks at.
	pub fn bad(&self, rule: HealthRule) -> u32 {
		let older = u32::from(HEALTH_ROUNDS.saturating_sub(rule.of));
		(self.recent & u32::MAX.checked_shr(older).unwrap_or(0)).count_ones()
	}
	/// True if the lease is unhealthy by a rule.
	pub fn is_unhealthy(&self, rule: HealthRule) -> bool {
		rule.bad > 0 && self.bad(rule) >= u32::from(rule.bad)
	}
}

/// State of a row.
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
pub enum RowState {
	/// Probed when the page is due.
	Due,
	/// Idle row of an active target, which is probed in its active row.
	Activated,
	/// Idle row of a listing whose proof of control was not found through a whole window. The row
	/// is not probed until the registry asks for the proof again.
	ProofNotFound,
	/// Active row of a target that was deactivated. The slot is freed once round `until` is closed,
	/// the last one whose snapshot names the slot.
	Leaving {
		/// Last round that names the slot.
		until: RoundIndex,
	},
}

/// Announced maintenance: the rounds `from .. from + rounds`.
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
pub struct Maintenance {
	/// First round.
	pub from: RoundIndex,
	/// Number of rounds.
	pub rounds: u16,
}

/// Target in a page: all state that judging one of its rounds needs.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Row<AccountId> {
	/// Service or lease.
	pub target: Target,
	/// Operator that serves the target.
	pub operator: AccountId,
	/// Bucket above which an answer is slow.
	pub max_latency: LatencyBucket,
	/// First round in which the row is due.
	pub joined: RoundIndex,
	/// State of the row.
	pub state: RowState,
	/// True until the first `Up`, which proves control of the endpoint.
	pub unproven: bool,
	/// Announced maintenance, past maintenance included.
	pub maintenance: Option<Maintenance>,
	/// Window that the counters count.
	pub window: WindowIndex,
	/// Rounds of that window by verdict. Active rows: those since the activation.
	pub counters: Counters,
	/// Active rows: rounds of the window of the activation, from before the activation.
	pub earlier: Counters,
	/// Latencies of the `Up` rounds of the window, those of `earlier` included.
	pub latencies: Histogram,
	/// Last verdict and its round.
	pub last: Option<(RoundIndex, Verdict)>,
	/// Active rows: rules that the window is judged by.
	pub terms: WindowTerms,
	/// Active rows: tier reached in the window, per `BreachKind::COUNTED`.
	pub tiers: [Option<Severity>; 3],
	/// Active rows: the meter.
	pub meter: MeterReading,
	/// Active rows: last round of the meter and the reason, once the end is decided.
	pub meter_end: Option<End>,
	/// Active rows of leases: health.
	pub health: LeaseHealth,
}
impl<AccountId> Row<AccountId> {
	/// True if `round`, which names the slot of the row, is a round of this row.
	pub fn is_due(&self, round: RoundIndex) -> bool {
		self.state == RowState::Due
			&& self.joined <= round
			&& self.meter_end.is_none_or(|(end, _)| round <= end)
	}
	/// True if the row belongs to a target that was deactivated.
	pub fn is_leaving(&self) -> bool {
		matches!(self.state, RowState::Leaving { .. })
	}
	/// True if no round after `round` is judged because the meter ends.
	pub fn is_over(&self, round: RoundIndex) -> bool {
		self.meter_end.is_some_and(|(end, _)| end <= round)
	}
	/// True if the window of the counters, which began with round `first`, is over without a proof
	/// of control: the row was unproven in all of the window, was measured, and was never `Up`.
	pub fn lacks_proof(&self, first: RoundIndex) -> bool {
		let counters = self.all_counters();
		self.unproven && self.joined <= first && counters.measured() > 0 && counters.up == 0
	}
	/// True if `round` is announced maintenance.
	pub fn is_maintained(&self, round: RoundIndex) -> bool {
		self.maintenance.is_some_and(|Maintenance { from, rounds }| {
			round.checked_sub(from).is_some_and(|since| since < u32::from(rounds))
		})
	}
	/// All rounds counted in the window, from before the activation too.
	pub fn all_counters(&self) -> Counters {
		sum(self.earlier, self.counters)
	}
	/// Summary of the window so far.
	pub fn summary(&self) -> WindowSummary {
		WindowSummary {
			window: self.window,
			counters: self.all_counters(),
			latency_p95: self.latencies.p95(),
		}
	}
	/// Begin to count `window`.
	pub fn reset(&mut self, window: WindowIndex) {
		self.window = window;
		self.counters = Counters::default();
		self.earlier = Counters::default();
		self.latencies = Histogram::default();
		self.tiers = [None; 3];
	}
}

/// Sum of the rounds of two parts of a window.
pub fn sum(a: Counters, b: Counters) -> Counters {
	Counters {
		up: a.up.saturating_add(b.up),
		down: a.down.saturating_add(b.down),
		bad: a.bad.saturating_add(b.bad),
		stale: a.stale.saturating_add(b.stale),
		unclear: a.unclear.saturating_add(b.unclear),
		unmeasured: a.unmeasured.saturating_add(b.unmeasured),
		excused: a.excused.saturating_add(b.excused),
		slow: a.slow.saturating_add(b.slow),
	}
}
