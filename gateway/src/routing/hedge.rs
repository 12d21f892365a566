// SPDX-License-Identifier: Apache-2.0

//! Delay after which a second operator is asked too: the latency that most answers stay below.

use std::{
	sync::atomic::{AtomicU32, Ordering},
	time::Duration,
};
use surety_primitives::LatencyBucket;

const BUCKETS: usize = 64;
/// Share of answers, in percent, that are not slower than usual.
const USUAL_PERCENT: u32 = 95;

/// Rules of hedging.
#[derive(Clone, Copy, Debug)]
pub struct HedgeSettings {
	/// Shortest delay.
	pub floor: Duration,
	/// Longest delay.
	pub ceiling: Duration,
	/// Hedges per request.
	pub share: f64,
}

impl Default for HedgeSettings {
	fn default() -> Self {
		Self { floor: Duration::from_millis(100), ceiling: Duration::from_secs(5), share: 0.05 }
	}
}

impl HedgeSettings {
	/// Delay of a hedge.
	///
	/// - `usual`: as of [`Latencies::usual`]. Without it, twice the floor.
	pub fn delay(&self, usual: Option<Duration>) -> Duration {
		let usual = usual.unwrap_or(self.floor.saturating_mul(2));
		usual.clamp(self.floor, self.ceiling.max(self.floor))
	}
}

/// Latencies of the answers of one class of methods, recent ones weighing more.
#[derive(Debug)]
pub struct Latencies {
	counts: [AtomicU32; BUCKETS],
	total: AtomicU32,
}

/// Answers after which all counts are halved.
const HALVE_AT: u32 = 4_096;

impl Default for Latencies {
	fn default() -> Self {
		Self { counts: [const { AtomicU32::new(0) }; BUCKETS], total: AtomicU32::new(0) }
	}
}

impl Latencies {
	/// Take in the latency of an answer.
	pub fn record(&self, latency: Duration) {
		let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
		let bucket = usize::from(LatencyBucket::from_micros(micros).index());
		if let Some(count) = self.counts.get(bucket) {
			count.fetch_add(1, Ordering::Relaxed);
		}
		// Workers may race here: a count that is lost or halved twice does no harm.
		if self.total.fetch_add(1, Ordering::Relaxed) >= HALVE_AT {
			let mut total = 0u32;
			for count in &self.counts {
				let half = count.load(Ordering::Relaxed) >> 1;
				count.store(half, Ordering::Relaxed);
				total = total.saturating_add(half);
			}
			self.total.store(total, Ordering::Relaxed);
		}
	}

	/// Usual latency: the upper edge of the bucket that 95 % of the answers stay in or below. `None`
	/// before 20 answers.
	pub fn usual(&self) -> Option<Duration> {
		let total = self.total.load(Ordering::Relaxed);
		if total < 20 {
			return None;
		}
		let wanted = total.saturating_mul(USUAL_PERCENT).div_ceil(100);
		let mut sum = 0u32;
		let index = self.counts.iter().position(|count| {
			sum = sum.saturating_add(count.load(Ordering::Relaxed));
			sum >= wanted
		});
		let bucket = LatencyBucket::from_index(u8::try_from(index?).ok()?)?;
		Some(Duration::from_micros(bucket.edge_micros()))
	}
}
