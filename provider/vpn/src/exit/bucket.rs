// SPDX-License-Identifier: Apache-2.0

//! Rate cap of one direction of one peer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const SECOND: u128 = 1_000_000_000;
/// Burst in parts of a second of the rate: TCP fills a path of a common length with it.
const BURST_PARTS: u64 = 8;
/// Least burst in bytes, so that a slow peer can send whole packets.
const MIN_BURST: u64 = 32 * 1_024;

/// Bits a second, and what may be sent at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cap {
	/// Bytes a second.
	bytes: u64,
	/// Bytes at once.
	burst: u64,
}

impl Cap {
	/// Cap of a rate in bits a second. A rate of 0 lets nothing through.
	pub fn new(bits: u64) -> Self {
		let bytes = bits / 8;
		Self { bytes, burst: (bytes / BURST_PARTS).max(MIN_BURST) }
	}

	/// Nanoseconds that an amount takes.
	fn time(&self, amount: u64) -> u64 {
		let nanos = u128::from(amount).saturating_mul(SECOND).checked_div(self.bytes.into());
		nanos.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(u64::MAX)
	}
}

/// Fill of a bucket: the moment at which it is empty again.
#[derive(Debug, Default)]
pub struct Bucket(AtomicU64);

impl Bucket {
	/// Take an amount of bytes if it fits. `now` is in nanoseconds since any start.
	pub fn take(&self, cap: Cap, amount: u64, now: u64) -> bool {
		let latest = now.saturating_add(cap.time(cap.burst));
		let fill = |empty: u64| {
			let empty = empty.max(now).checked_add(cap.time(amount))?;
			(cap.bytes > 0 && empty <= latest).then_some(empty)
		};
		self.0.fetch_update(Relaxed, Relaxed, fill).is_ok()
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_rate_of_nothing_lets_nothing_through() {
		assert!(!Bucket::default().take(Cap::new(0), 1, 0));
		assert!(!Bucket::default().take(Cap::new(7), 1, u64::MAX));
	}

	#[test]
	fn what_was_used_comes_back_with_time() {
		let (bucket, cap) = (Bucket::default(), Cap::new(8_000_000));
		let mut taken = 0;
		while bucket.take(cap, 1_000, 0) {
			taken += 1_000;
		}
		assert_eq!(taken, 125_000);
		assert!(!bucket.take(cap, 1_000, 999_999));
		assert!(bucket.take(cap, 1_000, 1_000_000));
	}

	proptest! {
		/// Over any time, no more than the rate and one burst pass.
		#[test]
		fn never_more_than_the_rate_and_a_burst(
			packets in prop::collection::vec((0u64..5_000_000, 1u64..2_000), 1..400),
		) {
			let (bucket, cap) = (Bucket::default(), Cap::new(10_000_000));
			let (mut now, mut passed) = (0, 0);
			for (wait, size) in packets {
				now += wait;
				if bucket.take(cap, size, now) {
					passed += size;
				}
				prop_assert!(passed <= cap.burst + now / 800 + 1);
			}
		}
	}
}
