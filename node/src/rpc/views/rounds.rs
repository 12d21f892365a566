//! What was found in rounds and windows, and the clock that counts them.

use surety_primitives::{Counters, LatencyBucket, MeterReading, Verdict, WindowSummary};
use surety_runtime_api as api;

views! {
	/// What the chain decided for a service and round.
	pub struct VerdictView {
		/// Which round.
		pub round: u32,
		/// `up`, `down`, `bad`, `stale`, `unclear`, `unmeasured` or `excused`.
		pub verdict: &'static str,
		/// Median latency of `up`, rounded up to its bucket's edge.
		pub latency_ms: Option<u32>,
	}

	/// Rounds by verdict.
	pub struct CountersView {
		/// Answered right.
		pub up: u16,
		/// No usable answer.
		pub down: u16,
		/// Wrong answer.
		pub bad: u16,
		/// Too far behind.
		pub stale: u16,
		/// Probers disagreed.
		pub unclear: u16,
		/// Too few reports.
		pub unmeasured: u16,
		/// Not counted.
		pub excused: u16,
		/// Part of `up` that was slow.
		pub slow: u16,
	}

	/// Bad rounds that the terms allow a window.
	pub struct AllowanceView {
		/// Down or stale.
		pub downtime: u16,
		/// Slow or unclear.
		pub slow: u16,
		/// Wrong.
		pub bad_data: u16,
	}

	/// Meter of a service with units.
	pub struct MeterView {
		/// Billable blocks so far.
		pub blocks: u32,
		/// Last round in it.
		pub through: u32,
	}

	/// A closed window.
	pub struct WindowView {
		/// Which one.
		pub window: u32,
		/// Rounds by verdict.
		pub counters: CountersView,
		/// 95th percentile of latency.
		pub latency_p95_ms: u32,
	}

	/// The clock.
	pub struct RoundView {
		/// Block.
		pub block: u32,
		/// Its round.
		pub round: u32,
		/// Its window.
		pub window: u32,
		/// Blocks of a round.
		pub round_blocks: u32,
		/// Rounds of a window.
		pub window_rounds: u16,
		/// Milliseconds of a slot.
		pub slot_ms: u64,
		/// Last round judged.
		pub judged_round: u32,
	}
}

impl From<(u32, Verdict)> for VerdictView {
	fn from((round, verdict): (u32, Verdict)) -> Self {
		let (verdict, latency_ms) = match verdict {
			Verdict::Up { latency } => ("up", Some(latency.edge_millis())),
			Verdict::Down => ("down", None),
			Verdict::Bad => ("bad", None),
			Verdict::Stale => ("stale", None),
			Verdict::Unclear => ("unclear", None),
			Verdict::Unmeasured => ("unmeasured", None),
			Verdict::Excused => ("excused", None),
		};
		Self { round, verdict, latency_ms }
	}
}

impl From<Counters> for CountersView {
	fn from(counters: Counters) -> Self {
		let Counters { up, down, bad, stale, unclear, unmeasured, excused, slow } = counters;
		Self { up, down, bad, stale, unclear, unmeasured, excused, slow }
	}
}

impl From<MeterReading> for MeterView {
	fn from(meter: MeterReading) -> Self {
		Self { blocks: meter.blocks, through: meter.through }
	}
}

impl From<WindowSummary> for WindowView {
	fn from(summary: WindowSummary) -> Self {
		let no_answer = summary.counters.up == 0 && summary.latency_p95 == LatencyBucket::default();
		Self {
			window: summary.window,
			counters: summary.counters.into(),
			latency_p95_ms: if no_answer { 0 } else { summary.latency_p95.edge_millis() },
		}
	}
}

impl From<api::RoundInfo> for RoundView {
	fn from(info: api::RoundInfo) -> Self {
		let api::RoundInfo {
			block,
			round,
			window,
			round_blocks,
			window_rounds,
			slot_ms,
			judged_round,
		} = info;
		Self { block, round, window, round_blocks, window_rounds, slot_ms, judged_round }
	}
}
