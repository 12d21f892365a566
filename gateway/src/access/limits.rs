// SPDX-License-Identifier: Apache-2.0

//! Limits of an agreement or an API key: weighted requests and bytes of answers.

use super::{Bucket, Rate, Wait};
use std::{
	sync::OnceLock,
	time::{Instant, SystemTime, UNIX_EPOCH},
};
use surety_primitives::{ServiceClass, Unit};

/// Seconds of its rate of bytes that an agreement can use at once.
const BYTES_BURST: u64 = 10;

/// Nanoseconds since the first call in this process: the clock of all buckets.
pub fn nanos_now() -> u64 {
	static START: OnceLock<Instant> = OnceLock::new();
	let elapsed = START.get_or_init(Instant::now).elapsed();
	u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// Seconds since 1970: the clock of tokens, keys and statements.
pub fn unix_now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Amount of service, of one unit or of several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnitLimits {
	/// Requests, each weighed by its method.
	pub requests: Rate,
	/// Bytes of answers. `None`: not limited.
	pub bytes: Option<Rate>,
	/// Subscriptions at a time.
	pub subscriptions: u32,
}

impl UnitLimits {
	/// One unit of a class, a rule of the chain. `None` for classes whose use is not counted in
	/// requests.
	pub fn of(class: ServiceClass) -> Option<Self> {
		let rate = |per_second: u32, burst: u32| Rate {
			per_second: per_second.into(),
			burst: burst.into(),
		};
		match class.unit() {
			Unit::Rpc { requests_per_second, burst, bytes_per_second, subscriptions } => {
				Some(Self {
					requests: rate(requests_per_second, burst),
					bytes: Some(Self::bytes(bytes_per_second.into())),
					subscriptions,
				})
			},
			// All requests of a minute may come at once.
			Unit::Inference { requests_per_minute, .. } => Some(Self {
				requests: rate(requests_per_minute.div_ceil(60), requests_per_minute),
				bytes: None,
				subscriptions: 0,
			}),
			Unit::Vpn { .. } | Unit::Compute => None,
		}
	}

	/// Rate of bytes with its burst.
	pub fn bytes(per_second: u64) -> Rate {
		Rate { per_second, burst: per_second.saturating_mul(BYTES_BURST) }
	}

	/// Limits of a number of units.
	pub fn times(self, units: u32) -> Self {
		Self {
			requests: self.requests.times(units.into()),
			bytes: self.bytes.map(|rate| rate.times(units.into())),
			subscriptions: self.subscriptions.saturating_mul(units),
		}
	}

	/// Share of the limits, in parts of ten thousand.
	pub fn share(self, parts: u16) -> Self {
		let subscriptions = u64::from(self.subscriptions).saturating_mul(parts.into()) / 10_000;
		Self {
			requests: self.requests.share(parts),
			bytes: self.bytes.map(|rate| rate.share(parts)),
			subscriptions: u32::try_from(subscriptions)
				.unwrap_or(u32::MAX)
				.max(self.subscriptions.min(1)),
		}
	}
}

/// Use of an agreement or key, shared by all workers.
#[derive(Debug, Default)]
pub struct Limiter {
	requests: Bucket,
	bytes: Bucket,
}

impl Limiter {
	/// Let requests in if they fit, and if the bytes of earlier answers are paid.
	///
	/// - `weight`: sum of the weights of the requests' methods.
	/// - `now`: as of [`nanos_now`].
	pub fn admit(&self, limits: &UnitLimits, weight: u64, now: u64) -> Result<(), Wait> {
		if let Some(rate) = limits.bytes {
			self.bytes.take(rate, 0, now)?;
		}
		self.requests.take(limits.requests, weight, now)
	}

	/// Count bytes of an answer.
	pub fn sent(&self, limits: &UnitLimits, bytes: u64, now: u64) {
		if let Some(rate) = limits.bytes {
			self.bytes.charge(rate, bytes, now);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[test]
	fn limits_grow_with_units_and_shrink_with_shares() {
		let unit = UnitLimits::of(ServiceClass::Rpc).unwrap();
		let three = unit.times(3);
		assert_eq!(three.requests, Rate { per_second: 30, burst: 300 });
		assert_eq!(three.bytes.unwrap().per_second, 3 << 20);
		assert_eq!(three.subscriptions, 60);
		let half = three.share(5_000);
		assert_eq!((half.requests.burst, half.subscriptions), (150, 30));
		assert_eq!(unit.share(1).subscriptions, 1);
		assert!(UnitLimits::of(ServiceClass::Compute).is_none());
	}

	#[test]
	fn bytes_of_answers_delay_the_next_request() {
		let limits = UnitLimits::of(ServiceClass::Rpc).unwrap();
		let limiter = Limiter::default();
		limiter.admit(&limits, 1, 0).unwrap();
		limiter.sent(&limits, 10 << 20, 0);
		limiter.admit(&limits, 1, 0).unwrap();
		limiter.sent(&limits, 2 << 20, 0);
		assert_eq!(limiter.admit(&limits, 1, 0), Err(Wait::For(Duration::from_secs(2))));
		limiter.admit(&limits, 1, 2_000_000_000).unwrap();
	}

	#[test]
	fn bytes_of_inference_are_not_limited() {
		let limits = UnitLimits::of(ServiceClass::Inference).unwrap();
		let limiter = Limiter::default();
		limiter.sent(&limits, u64::MAX, 0);
		limiter.admit(&limits, 60, 0).unwrap();
		assert!(limiter.admit(&limits, 1, 0).is_err());
	}
}
