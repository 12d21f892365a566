// SPDX-License-Identifier: Apache-2.0

//! Counters of an agreement's use, without locks.
//!
//! A [`Meter`] only ever rises, from the start of the process on; windows are differences of two
//! [`Reading`]s. An answer is counted in the histogram of latency and nowhere else, so `ok` is the
//! sum of the histogram and `slow` the part of it above the terms' latency: a reading can never
//! contradict itself, whichever counter is read first.
//!
//! Each thread adds to a shard of its own (a hash of threads to shards), so the usual cost is two
//! additions to a cache line that no other core writes.

use std::{
	sync::{
		OnceLock,
		atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed},
	},
	time::Duration,
};
use surety_primitives::{LatencyBucket, latency::BUCKETS, usage::UsageCounts};

/// Buckets of a histogram.
const WIDTH: usize = BUCKETS as usize;

/// Maximum number of shards of a meter.
const MAX_SHARDS: usize = 8;

/// Number of the next thread that records.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
	static THREAD: usize = NEXT_THREAD.fetch_add(1, Relaxed);
}

/// Shards of each meter: the next power of two from the number of cores.
fn shard_count() -> usize {
	static COUNT: OnceLock<usize> = OnceLock::new();
	*COUNT.get_or_init(|| {
		let cores = std::thread::available_parallelism().map_or(1, usize::from);
		cores.min(MAX_SHARDS).next_power_of_two()
	})
}

/// Counters that the threads of one shard write. Aligned to two cache lines, since processors fetch
/// lines in pairs.
#[repr(align(128))]
struct Shard {
	lost: AtomicU64,
	cancelled: AtomicU64,
	bytes: AtomicU64,
	latency: [AtomicU64; WIDTH],
}

impl Shard {
	fn new() -> Self {
		Self {
			lost: AtomicU64::new(0),
			cancelled: AtomicU64::new(0),
			bytes: AtomicU64::new(0),
			latency: [const { AtomicU64::new(0) }; WIDTH],
		}
	}
}

/// Counters of what an agreement was served since the start of the process.
///
/// `Arc<Meter>` is shared by all workers.
pub struct Meter {
	shards: Box<[Shard]>,
	/// Index of the slowest bucket that the terms allow.
	max_latency: AtomicU8,
}

impl Meter {
	/// Counters at zero. Answers slower than `max_latency`, the latency of the terms, are slow.
	pub fn new(max_latency: LatencyBucket) -> Self {
		let shards = (0..shard_count()).map(|_| Shard::new()).collect();
		Self { shards, max_latency: AtomicU8::new(max_latency.index()) }
	}

	/// Count a request that the service answered, errors of the caller included. `bytes` is the
	/// length of the answer's body; calls of a batch share one body, so all but one pass zero.
	pub fn answered(&self, bytes: u64, latency: Duration) {
		let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
		let bucket = LatencyBucket::from_micros(micros);
		let Some(shard) = self.shard() else { return };
		if let Some(count) = shard.latency.get(usize::from(bucket.index())) {
			count.fetch_add(1, Relaxed);
		}
		if bytes != 0 {
			shard.bytes.fetch_add(bytes, Relaxed);
		}
	}

	/// Count a request without an answer, or with an error of the service, and the bytes of its
	/// body if there was one.
	pub fn lost(&self, bytes: u64) {
		let Some(shard) = self.shard() else { return };
		shard.lost.fetch_add(1, Relaxed);
		if bytes != 0 {
			shard.bytes.fetch_add(bytes, Relaxed);
		}
	}

	/// Count a request that this side gave up before the answer, such as a hedge that lost: it is
	/// neither answered nor lost.
	pub fn cancelled(&self, bytes: u64) {
		let Some(shard) = self.shard() else { return };
		shard.cancelled.fetch_add(1, Relaxed);
		if bytes != 0 {
			shard.bytes.fetch_add(bytes, Relaxed);
		}
	}

	/// Count bytes that belong to no request of their own: parts of a stream, notifications.
	pub fn streamed(&self, bytes: u64) {
		if let Some(shard) = self.shard() {
			shard.bytes.fetch_add(bytes, Relaxed);
		}
	}

	/// Latency of the terms, above which an answer is slow.
	pub fn max_latency(&self) -> LatencyBucket {
		LatencyBucket::from_index(self.max_latency.load(Relaxed)).unwrap_or(LatencyBucket::MAX)
	}

	/// Set the latency of the terms, for a meter that was made before they were known.
	pub fn set_max_latency(&self, max_latency: LatencyBucket) {
		self.max_latency.store(max_latency.index(), Relaxed);
	}

	/// Counters now.
	pub fn read(&self) -> Reading {
		let mut reading = Reading::default();
		for shard in &self.shards {
			reading.lost = reading.lost.saturating_add(shard.lost.load(Relaxed));
			let cancelled = shard.cancelled.load(Relaxed);
			reading.cancelled = reading.cancelled.saturating_add(cancelled);
			reading.bytes = reading.bytes.saturating_add(shard.bytes.load(Relaxed));
			for (sum, count) in reading.latency.0.iter_mut().zip(&shard.latency) {
				*sum = sum.saturating_add(count.load(Relaxed));
			}
		}
		reading
	}

	fn shard(&self) -> Option<&Shard> {
		let mask = self.shards.len().saturating_sub(1);
		self.shards.get(THREAD.with(|thread| thread & mask))
	}
}

/// Number of answers by bucket of latency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Histogram([u64; WIDTH]);

impl Default for Histogram {
	fn default() -> Self {
		Self([0; WIDTH])
	}
}

impl Histogram {
	/// Answers in all.
	pub fn total(&self) -> u64 {
		self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
	}

	/// Answers in the buckets above one.
	pub fn above(&self, bucket: LatencyBucket) -> u64 {
		let from = usize::from(bucket.index()).saturating_add(1);
		self.0.iter().skip(from).fold(0, |sum, count| sum.saturating_add(*count))
	}

	/// The fastest bucket that, with the faster ones, holds a share of the answers, in percent.
	/// `None` without answers.
	pub fn percentile(&self, percent: u8) -> Option<LatencyBucket> {
		let total = u128::from(self.total());
		let rank = total.saturating_mul(percent.into()).div_ceil(100).max(1);
		let mut sum = 0u128;
		(0u8..).zip(&self.0).find_map(|(index, count)| {
			sum = sum.saturating_add(u128::from(*count));
			(sum >= rank).then(|| LatencyBucket::from_index(index)).flatten()
		})
	}

	/// Buckets that hold an answer, with their counts.
	pub fn filled(&self) -> impl Iterator<Item = (LatencyBucket, u64)> + '_ {
		(0u8..).zip(&self.0).filter(|(_, count)| **count != 0).filter_map(|(index, count)| {
			LatencyBucket::from_index(index).map(|bucket| (bucket, *count))
		})
	}

	/// Add answers to a bucket.
	pub fn add(&mut self, bucket: LatencyBucket, count: u64) {
		if let Some(sum) = self.0.get_mut(usize::from(bucket.index())) {
			*sum = sum.saturating_add(count);
		}
	}

	/// Sum of two histograms.
	pub fn plus(&self, other: &Self) -> Self {
		self.each(other, u64::saturating_add)
	}

	/// The answers that `earlier` has not.
	pub fn since(&self, earlier: &Self) -> Self {
		self.each(earlier, u64::saturating_sub)
	}

	fn each(&self, other: &Self, op: impl Fn(u64, u64) -> u64) -> Self {
		let mut out = self.clone();
		for (value, other) in out.0.iter_mut().zip(&other.0) {
			*value = op(*value, *other);
		}
		out
	}
}

/// Counters of a [`Meter`] at one moment, or the difference of two moments.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reading {
	/// Requests without an answer of the service.
	pub lost: u64,
	/// Requests that this side gave up.
	pub cancelled: u64,
	/// Bytes of all answers' bodies.
	pub bytes: u64,
	/// Answers by latency.
	pub latency: Histogram,
}

impl Reading {
	/// Requests so far.
	pub fn requests(&self) -> u64 {
		self.latency.total().saturating_add(self.lost).saturating_add(self.cancelled)
	}

	/// Use since an earlier reading of the same meter.
	pub fn since(&self, earlier: &Self) -> Self {
		Self {
			lost: self.lost.saturating_sub(earlier.lost),
			cancelled: self.cancelled.saturating_sub(earlier.cancelled),
			bytes: self.bytes.saturating_sub(earlier.bytes),
			latency: self.latency.since(&earlier.latency),
		}
	}

	/// Counts of a statement, with the latency of the terms.
	pub fn counts(&self, max_latency: LatencyBucket) -> UsageCounts {
		UsageCounts {
			requests: self.requests(),
			ok: self.latency.total(),
			lost: self.lost,
			slow: self.latency.above(max_latency),
			bytes: self.bytes,
		}
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use std::sync::Arc;

	#[test]
	fn counts_are_those_recorded() {
		let meter = Meter::new(LatencyBucket::from_millis(250));
		meter.answered(100, Duration::from_millis(3));
		meter.answered(0, Duration::from_millis(256));
		meter.answered(50, Duration::from_millis(257));
		meter.lost(7);
		meter.cancelled(0);
		meter.streamed(1_000);
		let counts = meter.read().counts(meter.max_latency());
		assert_eq!(counts, UsageCounts { requests: 5, ok: 3, lost: 1, slow: 1, bytes: 1_157 });
	}

	#[test]
	fn threads_lose_no_count() {
		let meter = Arc::new(Meter::new(LatencyBucket::MAX));
		let threads: Vec<_> = (0..16)
			.map(|_| {
				let meter = meter.clone();
				std::thread::spawn(move || {
					for n in 0..1_000 {
						meter.answered(2, Duration::from_micros(n * 100));
						meter.lost(0);
					}
				})
			})
			.collect();
		threads.into_iter().for_each(|thread| thread.join().unwrap());
		let counts = meter.read().counts(meter.max_latency());
		assert_eq!((counts.ok, counts.lost, counts.bytes), (16_000, 16_000, 32_000));
	}

	#[test]
	fn no_answers_have_no_percentile() {
		assert_eq!(Histogram::default().percentile(50), None);
		assert_eq!(Histogram::default().percentile(0), None);
	}

	proptest! {
		#[test]
		fn percentiles_are_those_of_the_sorted_latencies(
			mut latencies in proptest::collection::vec(0u64..100_000_000, 1..200),
			percent in 1u8..=100,
		) {
			let meter = Meter::new(LatencyBucket::MAX);
			for micros in &latencies {
				meter.answered(0, Duration::from_micros(*micros));
			}
			latencies.sort();
			let rank = (latencies.len() * usize::from(percent)).div_ceil(100);
			prop_assert_eq!(
				meter.read().latency.percentile(percent),
				Some(LatencyBucket::from_micros(latencies[rank - 1]))
			);
		}

		#[test]
		fn a_difference_holds_only_later_use(before in 0u64..50, after in 0u64..50) {
			let meter = Meter::new(LatencyBucket::MAX);
			(0..before).for_each(|n| meter.answered(n, Duration::from_millis(n)));
			let start = meter.read();
			(0..after).for_each(|n| meter.answered(n, Duration::from_millis(n)));
			let used = meter.read().since(&start);
			prop_assert_eq!(used.requests(), after);
			prop_assert_eq!(used.latency.plus(&start.latency), meter.read().latency);
		}
	}
}
