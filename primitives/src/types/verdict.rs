// SPDX-License-Identifier: Apache-2.0

//! Verdicts, breaches and the counters of a window.

use super::WindowIndex;
use crate::LatencyBucket;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

/// Verdict of the chain on a target in a round.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", tag = "verdict")]
pub enum Verdict {
	/// At least 2/3 of the reports have right answers.
	Up {
		/// Median bucket of the reports that have right answers.
		#[serde(rename = "latencyMs")]
		latency: LatencyBucket,
	},
	/// At least 2/3 down.
	Down,
	/// At least 2/3 wrong answer.
	Bad,
	/// At least 2/3 too far behind.
	Stale,
	/// Probers disagree.
	Unclear,
	/// No quorum, or the chain stalled. Billed unless it stalled.
	Unmeasured,
	/// Correlated outage or announced maintenance: neither billed nor counted.
	Excused,
}

/// Term that was not kept.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum BreachKind {
	/// Down or stale for more rounds than `min_uptime` allows.
	Downtime,
	/// Above `max_latency`, or unclear, for more than 5 % of the rounds.
	Slow,
	/// Wrong answers.
	BadData,
	/// Found guilty in a dispute.
	Misbehaviour,
}
impl BreachKind {
	/// The kinds that are counted in rounds, in the order in which they are judged.
	pub const COUNTED: [Self; 3] = [Self::Downtime, Self::Slow, Self::BadData];
}

/// Distance of a count past its allowance.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
	/// Allowance used up.
	Low,
	/// Twice the allowance.
	Medium,
	/// Five times.
	High,
	/// Ten times.
	Critical,
}
impl Severity {
	/// All severities, mildest first.
	pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];
	/// Index in `ALL` and in `SlaTerms::credit`.
	pub fn index(self) -> usize {
		match self {
			Self::Low => 0,
			Self::Medium => 1,
			Self::High => 2,
			Self::Critical => 3,
		}
	}
	/// Multiplier of the allowance at which the tier fires.
	pub fn multiplier(self) -> u16 {
		match self {
			Self::Low => 1,
			Self::Medium => 2,
			Self::High => 5,
			Self::Critical => 10,
		}
	}
}

/// Rounds of one target in one window, by verdict. A round is in exactly one of the first seven.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
	/// `Up`.
	pub up: u16,
	/// `Down`.
	pub down: u16,
	/// `Bad`.
	pub bad: u16,
	/// `Stale`.
	pub stale: u16,
	/// `Unclear`.
	pub unclear: u16,
	/// `Unmeasured`.
	pub unmeasured: u16,
	/// `Excused`.
	pub excused: u16,
	/// `Up` but above `max_latency`; part of `up`.
	pub slow: u16,
}
impl Counters {
	/// True if at least half of a window of `rounds` was measured and less than half of that was
	/// `Up`.
	pub fn is_dead(&self, rounds: u16) -> bool {
		let measured = u32::from(self.measured());
		measured.saturating_mul(2) >= u32::from(rounds)
			&& u32::from(self.up).saturating_mul(2) < measured
	}
	/// Rounds that count against the allowance of `kind`.
	pub fn against(&self, kind: BreachKind) -> u16 {
		match kind {
			BreachKind::Downtime => self.down.saturating_add(self.stale),
			BreachKind::Slow => self.slow.saturating_add(self.unclear),
			BreachKind::BadData => self.bad,
			BreachKind::Misbehaviour => 0,
		}
	}
	/// Rounds with a verdict on the service: up, down, bad, stale, unclear.
	pub fn measured(&self) -> u16 {
		[self.up, self.down, self.bad, self.stale, self.unclear]
			.into_iter()
			.fold(0u16, |sum, n| sum.saturating_add(n))
	}
	/// All rounds judged.
	pub fn judged(&self) -> u16 {
		self.measured().saturating_add(self.unmeasured).saturating_add(self.excused)
	}
	/// Count one verdict.
	pub fn note(&mut self, verdict: Verdict, max_latency: LatencyBucket) {
		let slot = match verdict {
			Verdict::Up { latency } => {
				if latency > max_latency {
					self.slow = self.slow.saturating_add(1);
				}
				&mut self.up
			},
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

/// Closed window of a target, as the ring of the last windows keeps it.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct WindowSummary {
	/// The window.
	pub window: WindowIndex,
	/// Rounds by verdict.
	pub counters: Counters,
	/// 95th percentile of the `Up` latencies; the first bucket without any.
	#[serde(rename = "latencyP95Ms")]
	pub latency_p95: LatencyBucket,
}
impl WindowSummary {
	/// 95th percentile of the `Up` latencies in milliseconds; 0 without any.
	pub fn latency_p95_millis(&self) -> u32 {
		let is_empty = self.counters.up == 0 && self.latency_p95 == LatencyBucket::default();
		if is_empty { 0 } else { self.latency_p95.edge_millis() }
	}
}

// Not derived, since the percentile of a window without answers is 0.
impl Serialize for WindowSummary {
	fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
		let mut fields = to.serialize_struct("WindowSummary", 3)?;
		fields.serialize_field("window", &self.window)?;
		fields.serialize_field("counters", &self.counters)?;
		fields.serialize_field("latencyP95Ms", &self.latency_p95_millis())?;
		fields.end()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_round_counts_once() {
		let mut c = Counters::default();
		let fast = LatencyBucket::from_millis(10);
		let slow = LatencyBucket::from_millis(1_000);
		for v in [
			Verdict::Up { latency: fast },
			Verdict::Up { latency: slow },
			Verdict::Down,
			Verdict::Stale,
		] {
			c.note(v, LatencyBucket::from_millis(250));
		}
		assert_eq!((c.up, c.slow, c.against(BreachKind::Downtime), c.judged()), (2, 1, 2, 4));
	}
}
