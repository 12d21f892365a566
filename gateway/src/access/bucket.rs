// SPDX-License-Identifier: Apache-2.0

//! Rate limit of one key, as one atomic number: the time at which everything used so far is paid.
//!
//! The rate is an argument, so that it can follow an agreement's units, and a bucket can be
//! overdrawn: bytes of an answer are known only after the request was let in.

use std::{
	sync::atomic::{AtomicU64, Ordering::Relaxed},
	time::Duration,
};

/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;

/// Rate with a burst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
	/// Refill per second. 0: nothing is ever let in.
	pub per_second: u64,
	/// Amount that can be used at once.
	pub burst: u64,
}

impl Rate {
	/// Rate of a number of units.
	pub fn times(self, units: u64) -> Self {
		Self {
			per_second: self.per_second.saturating_mul(units),
			burst: self.burst.saturating_mul(units),
		}
	}

	/// Share of the rate, in parts of ten thousand. At least one per second and a burst of one,
	/// unless the rate is zero.
	pub fn share(self, parts: u16) -> Self {
		let part = |amount: u64| {
			let part = u128::from(amount).saturating_mul(parts.into()) / 10_000;
			u64::try_from(part).unwrap_or(u64::MAX).max(amount.min(1))
		};
		Self { per_second: part(self.per_second), burst: part(self.burst) }
	}

	/// Time in which an amount is refilled, in nanoseconds, rounded up.
	fn time_of(self, amount: u64) -> u64 {
		let nanos = u128::from(amount).saturating_mul(SECOND).div_ceil(self.per_second.into());
		u64::try_from(nanos).unwrap_or(u64::MAX)
	}
}

/// Reason why nothing was let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
	/// The same amount fits after this time.
	For(Duration),
	/// The amount is above the burst and never fits.
	Never,
}

impl Wait {
	/// Value of the header `Retry-After`: whole seconds, at least one.
	pub fn retry_after(self) -> Option<u64> {
		match self {
			Self::For(time) => {
				let started = u64::from(time.subsec_nanos() > 0);
				Some(time.as_secs().saturating_add(started).max(1))
			},
			Self::Never => None,
		}
	}
}

/// Use of one key.
///
/// `now` is in nanoseconds since any start that is the same for all calls.
#[derive(Debug, Default)]
pub struct Bucket {
	/// Time at which all that was used is refilled.
	paid_at: AtomicU64,
}

impl Bucket {
	/// Take an amount if it fits.
	pub fn take(&self, rate: Rate, amount: u64, now: u64) -> Result<(), Wait> {
		if rate.per_second == 0 || amount > rate.burst {
			return Err(Wait::Never);
		}
		let cost = rate.time_of(amount);
		// The bucket holds the burst, so that much may be unpaid afterwards.
		let limit = now.saturating_add(rate.time_of(rate.burst));
		let mut paid_at = self.paid_at.load(Relaxed);
		loop {
			let next = paid_at.max(now).saturating_add(cost);
			if next > limit {
				return Err(Wait::For(Duration::from_nanos(next.saturating_sub(limit))));
			}
			match self.paid_at.compare_exchange_weak(paid_at, next, Relaxed, Relaxed) {
				Ok(_) => return Ok(()),
				Err(newer) => paid_at = newer,
			}
		}
	}

	/// Take an amount that was used already, whether it fits or not.
	pub fn charge(&self, rate: Rate, amount: u64, now: u64) {
		if rate.per_second == 0 || amount == 0 {
			return;
		}
		let cost = rate.time_of(amount);
		let mut paid_at = self.paid_at.load(Relaxed);
		loop {
			let next = paid_at.max(now).saturating_add(cost);
			match self.paid_at.compare_exchange_weak(paid_at, next, Relaxed, Relaxed) {
				Ok(_) => return,
				Err(newer) => paid_at = newer,
			}
		}
	}

	/// Replace an amount that was taken by the one that was used.
	pub fn settle(&self, rate: Rate, taken: u64, used: u64, now: u64) {
		if used > taken {
			self.charge(rate, used.saturating_sub(taken), now);
		} else {
			self.give_back(rate, taken.saturating_sub(used));
		}
	}

	/// True if nothing is used.
	pub fn is_full(&self, now: u64) -> bool {
		self.paid_at.load(Relaxed) <= now
	}

	/// Give an amount back that was taken.
	pub fn give_back(&self, rate: Rate, amount: u64) {
		if rate.per_second == 0 {
			return;
		}
		let cost = rate.time_of(amount);
		let less = |paid_at: u64| Some(paid_at.saturating_sub(cost));
		// The closure always returns a value.
		let _ = self.paid_at.fetch_update(Relaxed, Relaxed, less);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const RATE: Rate = Rate { per_second: 10, burst: 100 };

	fn nanos(seconds: f64) -> u64 {
		(seconds * 1e9) as u64
	}

	#[test]
	fn a_burst_fits_at_once_and_then_the_rate_holds() {
		let bucket = Bucket::default();
		let start = nanos(1_000.0);
		assert_eq!(bucket.take(RATE, 100, start), Ok(()));
		let Err(Wait::For(wait)) = bucket.take(RATE, 1, start) else { panic!() };
		assert_eq!(wait, Duration::from_millis(100));
		assert_eq!(bucket.take(RATE, 1, start + nanos(0.1)), Ok(()));
		assert!(bucket.take(RATE, 1, start + nanos(0.1)).is_err());
		assert!(!bucket.is_full(start + nanos(10.0)));
		assert!(bucket.is_full(start + nanos(10.2)));
	}

	#[test]
	fn an_amount_above_the_burst_never_fits() {
		let bucket = Bucket::default();
		assert_eq!(bucket.take(RATE, 101, 0), Err(Wait::Never));
		assert_eq!(bucket.take(Rate { per_second: 0, burst: 9 }, 1, 0), Err(Wait::Never));
		assert_eq!(bucket.take(RATE, 100, 0), Ok(()));
		assert_eq!(Wait::Never.retry_after(), None);
	}

	#[test]
	fn an_overdrawn_bucket_is_paid_before_the_next_request() {
		let bucket = Bucket::default();
		bucket.charge(RATE, 1_000, 0);
		let Err(wait @ Wait::For(time)) = bucket.take(RATE, 0, 0) else { panic!() };
		assert_eq!(time, Duration::from_secs(90));
		assert_eq!(wait.retry_after(), Some(90));
		assert_eq!(bucket.take(RATE, 0, nanos(90.0)), Ok(()));
	}

	#[test]
	fn retry_after_is_rounded_up_to_whole_seconds() {
		let after = |millis| Wait::For(Duration::from_millis(millis)).retry_after();
		assert_eq!(
			[after(0), after(1), after(1_000), after(1_001)].map(Option::unwrap),
			[1, 1, 1, 2]
		);
	}

	#[test]
	fn what_was_given_back_can_be_taken_again() {
		let bucket = Bucket::default();
		bucket.take(RATE, 100, nanos(5.0)).unwrap();
		bucket.give_back(RATE, 40);
		assert_eq!(bucket.take(RATE, 40, nanos(5.0)), Ok(()));
		assert!(bucket.take(RATE, 1, nanos(5.0)).is_err());
	}

	#[test]
	fn a_share_is_never_nothing() {
		let share = RATE.times(3).share(5_000);
		assert_eq!((share.per_second, share.burst), (15, 150));
		let small = RATE.share(1);
		assert_eq!((small.per_second, small.burst), (1, 1));
		assert_eq!(Rate { per_second: 0, burst: 0 }.share(10_000).per_second, 0);
	}

	#[test]
	fn threads_together_stay_within_the_rate() {
		let bucket = Bucket::default();
		let count = || (0..1_000).filter(|_| bucket.take(RATE, 1, 0).is_ok()).count();
		let taken: usize = std::thread::scope(|scope| {
			let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
			threads.into_iter().map(|thread| thread.join().unwrap()).sum()
		});
		assert_eq!(taken, 100);
	}

	proptest! {
		#[test]
		fn no_pattern_of_use_exceeds_rate_and_burst(
			steps in prop::collection::vec((0u64..2_000_000_000, 0u64..50), 1..100),
			per_second in 1u64..100,
			burst in 1u64..100,
		) {
			let rate = Rate { per_second, burst };
			let bucket = Bucket::default();
			let (mut now, mut taken) = (0, 0);
			for (pause, amount) in steps {
				now += pause;
				if bucket.take(rate, amount, now).is_ok() {
					taken += amount;
				}
				let allowed = u128::from(burst)
					+ u128::from(now) * u128::from(per_second) / 1_000_000_000 + 1;
				prop_assert!(u128::from(taken) <= allowed);
			}
		}

		#[test]
		fn after_the_wait_the_amount_fits(used in 0u64..500, amount in 0u64..=100, now: u32) {
			let bucket = Bucket::default();
			let now = u64::from(now);
			bucket.charge(RATE, used, now);
			if let Err(Wait::For(time)) = bucket.take(RATE, amount, now) {
				let later = now + time.as_nanos() as u64;
				prop_assert!(bucket.take(RATE, amount, later - 1).is_err());
				prop_assert_eq!(bucket.take(RATE, amount, later), Ok(()));
			}
		}
	}
}
