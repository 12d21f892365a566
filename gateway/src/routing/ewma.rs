// SPDX-License-Identifier: Apache-2.0

//! Latency of a service: an average that jumps to a peak and forgets it slowly, and a penalty that
//! decays.

use std::time::{Duration, Instant};

/// Average of latencies in seconds, sensitive to peaks. A slow answer counts in full at once, and
/// faster ones bring the average down with a time constant.
#[derive(Clone, Debug)]
pub struct PeakEwma {
	constant: f64,
	value: Option<(f64, Instant)>,
}

impl PeakEwma {
	/// Average without a sample.
	pub fn new(constant: Duration) -> Self {
		Self { constant: constant.as_secs_f64().max(0.001), value: None }
	}

	/// Take in a latency.
	pub fn sample(&mut self, latency: Duration, now: Instant) {
		let latency = latency.as_secs_f64();
		let value = match self.value {
			Some((average, at)) if latency < average => {
				let age = now.saturating_duration_since(at).as_secs_f64();
				let keep = (-age / self.constant).exp();
				average * keep + latency * (1.0 - keep)
			},
			_ => latency,
		};
		self.value = Some((value, now));
	}

	/// Average in seconds. It does not change without samples: exploration brings those.
	pub fn get(&self) -> Option<f64> {
		self.value.map(|(value, _)| value)
	}
}

/// Cost in seconds that failures add and time removes.
#[derive(Clone, Debug)]
pub struct Penalty {
	constant: f64,
	value: f64,
	at: Option<Instant>,
}

/// Highest penalty in seconds.
const MAX_PENALTY: f64 = 60.0;

impl Penalty {
	/// No penalty.
	pub fn new(constant: Duration) -> Self {
		Self { constant: constant.as_secs_f64().max(0.001), value: 0.0, at: None }
	}

	/// Penalty in seconds.
	pub fn get(&self, now: Instant) -> f64 {
		let Some(at) = self.at else { return 0.0 };
		let age = now.saturating_duration_since(at).as_secs_f64();
		let value = self.value * (-age / self.constant).exp();
		if value < 1e-6 { 0.0 } else { value }
	}

	/// Double the penalty, from at least `least` seconds.
	pub fn double(&mut self, least: f64, now: Instant) {
		self.set((self.get(now) * 2.0).max(least), now);
	}

	/// Raise the penalty to at least a time that the service asked to be left alone.
	pub fn raise(&mut self, seconds: f64, now: Instant) {
		self.set(self.get(now).max(seconds), now);
	}

	fn set(&mut self, value: f64, now: Instant) {
		self.value = value.min(MAX_PENALTY);
		self.at = Some(now);
	}
}
