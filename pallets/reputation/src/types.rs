//! What is stored of an account and of a service, and what a movement of a score is made of.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame::prelude::TypeInfo;
use surety_primitives::{
	BreachKind, Counters, LatencyBucket, ServiceId, Severity, WindowIndex,
	score::{Decay, Evidence, PerformanceParts, Quality, good_and_bad},
};

/// In which role an account has a score.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Role {
	/// It lists services.
	Operator,
}

/// What moved a score.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Cause {
	/// The rounds of a closed window of one of its services.
	Window {
		/// The service.
		service: ServiceId,
		/// The window.
		window: WindowIndex,
	},
	/// A breach of one of its services.
	Breach {
		/// The service.
		service: ServiceId,
		/// Which term.
		kind: BreachKind,
		/// How far past the allowance.
		severity: Severity,
	},
	/// Evidence decayed in windows in which nothing was measured.
	Idle {
		/// How many windows.
		windows: u32,
	},
}

/// All that is known of an operator. The record of an account is never removed.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Standing {
	/// Window that `good` and `bad` count, and to which the rest is decayed.
	pub window: WindowIndex,
	/// Evidence of earlier windows and of all breaches, in billionths of a window.
	pub evidence: Evidence,
	/// Good rounds of `window`, all services together.
	pub good: u32,
	/// Bad rounds of `window`, all services together.
	pub bad: u32,
	/// What the two read-outs are made of.
	pub quality: Quality,
	/// Score that the last movement led to, 0 to 100. It sinks since then: read the score, not this.
	pub shown: u8,
}

impl Standing {
	/// Go on to `window`: close the one that is counted and let all of it decay. Stays where it is if
	/// `window` is not later.
	pub fn roll(&mut self, window: WindowIndex, window_rounds: u16, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		if windows == 0 {
			return;
		}
		let decay = Decay::over(windows, half_life);
		self.evidence = self.known(window_rounds).decayed(decay);
		self.quality = self.quality.decayed(decay);
		self.good = 0;
		self.bad = 0;
		self.window = window;
	}

	/// Add a closed window of a service.
	pub fn count(&mut self, counters: &Counters, latency_p95: LatencyBucket) {
		let (good, bad) = good_and_bad(counters);
		self.good = self.good.saturating_add(u32::from(good));
		self.bad = self.bad.saturating_add(u32::from(bad));
		self.quality = self.quality.with_window(counters, latency_p95);
	}

	/// Score of 0 to 100 as of `window`.
	pub fn score(&self, window_rounds: u16) -> u8 {
		self.known(window_rounds).score()
	}

	fn known(&self, window_rounds: u16) -> Evidence {
		self.evidence.and(Evidence::of_rounds(self.good, self.bad, window_rounds))
	}
}

/// The read-outs of one service.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct ServiceStanding {
	/// Window to which `quality` is decayed.
	pub window: WindowIndex,
	/// What the two read-outs are made of.
	pub quality: Quality,
}

impl ServiceStanding {
	/// Let it decay to `window`. Stays where it is if `window` is not later.
	pub fn roll(&mut self, window: WindowIndex, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		self.quality = self.quality.decayed(Decay::over(windows, half_life));
		self.window = self.window.max(window);
	}
}

/// A performance score and the parts that make it up.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Performance {
	/// 0 to 100.
	pub score: u8,
	/// Uptime, correctness and latency, with what was measured, the target, score and weight of each.
	pub parts: PerformanceParts,
}

impl From<PerformanceParts> for Performance {
	fn from(parts: PerformanceParts) -> Self {
		Self { score: parts.score(), parts }
	}
}
