// SPDX-License-Identifier: Apache-2.0

//! Latency in 64 logarithmic buckets: growth 2^(1/4) from 1 ms, so a bucket is at most 19 % wide.
//!
//! Bucket `b` holds the latencies above `EDGES_US[b - 1]` and up to `EDGES_US[b]` microseconds; the
//! last bucket also holds everything slower. The table is `floor(1000 * 2^(b/4))`, checked by a
//! test against integer arithmetic, so no float reaches the runtime.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Number of buckets; an index fits in 6 bits.
pub const BUCKETS: u8 = 64;

/// Upper edge of each bucket in microseconds, both included: `floor(1000 * 2^(b/4))`.
#[rustfmt::skip]
pub const EDGES_US: [u64; BUCKETS as usize] = [
	1_000, 1_189, 1_414, 1_681, 2_000, 2_378, 2_828, 3_363,
	4_000, 4_756, 5_656, 6_727, 8_000, 9_513, 11_313, 13_454,
	16_000, 19_027, 22_627, 26_908, 32_000, 38_054, 45_254, 53_817,
	64_000, 76_109, 90_509, 107_634, 128_000, 152_218, 181_019, 215_269,
	256_000, 304_437, 362_038, 430_538, 512_000, 608_874, 724_077, 861_077,
	1_024_000, 1_217_748, 1_448_154, 1_722_155, 2_048_000, 2_435_496, 2_896_309, 3_444_311,
	4_096_000, 4_870_992, 5_792_618, 6_888_623, 8_192_000, 9_741_984, 11_585_237, 13_777_246,
	16_384_000, 19_483_969, 23_170_475, 27_554_493, 32_768_000, 38_967_938, 46_340_950, 55_108_987,
];

/// A latency bucket, `0..=63`. The only way to make one is from a latency or a checked index. In
/// JSON it is its upper edge in milliseconds.
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
	Ord,
	PartialEq,
	PartialOrd,
	TypeInfo,
)]
pub struct LatencyBucket(u8);

impl LatencyBucket {
	/// Slowest bucket.
	pub const MAX: Self = Self(BUCKETS - 1);

	/// Bucket of a latency in microseconds: the first whose edge is not below it, else the last.
	pub fn from_micros(us: u64) -> Self {
		let index = EDGES_US.partition_point(|edge| *edge < us);
		Self(u8::try_from(index).unwrap_or(u8::MAX).min(Self::MAX.0))
	}

	/// Bucket of a latency in milliseconds. A latency off an edge is rounded up to the next one.
	pub fn from_millis(ms: u32) -> Self {
		Self::from_micros(u64::from(ms).saturating_mul(1_000))
	}

	/// Bucket with this index, `None` from 64 on.
	pub fn from_index(index: u8) -> Option<Self> {
		(index < BUCKETS).then_some(Self(index))
	}

	/// Index of the bucket, `0..=63`.
	pub fn index(self) -> u8 {
		self.0
	}

	/// Upper edge in microseconds.
	pub fn edge_micros(self) -> u64 {
		EDGES_US.get(usize::from(self.0)).copied().unwrap_or(u64::MAX)
	}

	/// Upper edge in whole milliseconds, rounded up.
	pub fn edge_millis(self) -> u32 {
		u32::try_from(self.edge_micros().div_ceil(1_000)).unwrap_or(u32::MAX)
	}

	/// The slowest bucket whose edge is not above a number of milliseconds: of an edge that
	/// [`edge_millis`](Self::edge_millis) gave, a bucket with that edge.
	fn from_edge_millis(ms: u32) -> Self {
		let us = u64::from(ms).saturating_mul(1_000);
		let above = EDGES_US.partition_point(|edge| *edge <= us);
		Self(u8::try_from(above.saturating_sub(1)).unwrap_or(Self::MAX.0))
	}
}

impl Serialize for LatencyBucket {
	fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
		to.serialize_u32(self.edge_millis())
	}
}

impl<'de> Deserialize<'de> for LatencyBucket {
	fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
		u32::deserialize(from).map(Self::from_edge_millis)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// `edge^4` is at most `1000^4 * 2^b`, and `(edge + 1)^4` is above it.
	#[test]
	fn edges_are_the_floor_of_the_fourth_root() {
		for (b, edge) in EDGES_US.iter().enumerate() {
			let exact = 1_000_000_000_000u128 << b;
			assert!(u128::from(*edge).pow(4) <= exact, "edge {b} too high");
			assert!(u128::from(*edge + 1).pow(4) > exact, "edge {b} too low");
		}
	}

	#[test]
	fn a_latency_is_in_the_first_bucket_whose_edge_is_not_below_it() {
		for b in 0..BUCKETS {
			let bucket = LatencyBucket(b);
			assert_eq!(LatencyBucket::from_micros(bucket.edge_micros()), bucket);
			if b + 1 < BUCKETS {
				assert_eq!(
					LatencyBucket::from_micros(bucket.edge_micros() + 1),
					LatencyBucket(b + 1)
				);
			}
		}
		assert_eq!(LatencyBucket::from_micros(0), LatencyBucket(0));
		assert_eq!(LatencyBucket::from_micros(u64::MAX), LatencyBucket::MAX);
	}

	#[test]
	fn milliseconds_off_an_edge_round_up() {
		let bucket = LatencyBucket::from_millis(250);
		assert!(bucket.edge_micros() >= 250_000);
		assert_eq!(bucket.edge_micros(), 256_000);
		assert_eq!(bucket.edge_millis(), 256);
	}

	#[test]
	fn an_edge_in_milliseconds_reads_as_a_bucket_with_that_edge() {
		for b in 0..BUCKETS {
			let ms = LatencyBucket(b).edge_millis();
			assert_eq!(LatencyBucket::from_edge_millis(ms).edge_millis(), ms);
		}
		assert_eq!(LatencyBucket::from_edge_millis(0), LatencyBucket(0));
		assert_eq!(LatencyBucket::from_edge_millis(u32::MAX), LatencyBucket::MAX);
	}

	#[test]
	fn an_index_past_the_table_is_refused() {
		assert_eq!(LatencyBucket::from_index(63), Some(LatencyBucket::MAX));
		assert_eq!(LatencyBucket::from_index(64), None);
	}
}
