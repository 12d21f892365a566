// SPDX-License-Identifier: Apache-2.0

//! Limits of an agreement or an API key: weighted requests, bytes of answers, and tokens of models.

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
	/// Tokens of prompts and answers together. `None`: not limited.
	pub tokens: Option<Rate>,
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
					tokens: None,
					subscriptions,
				})
			},
			// All requests and tokens of a minute may come at once.
			Unit::Inference { requests_per_minute, tokens_per_minute } => Some(Self {
				requests: rate(requests_per_minute.div_ceil(60), requests_per_minute),
				bytes: None,
				tokens: Some(rate(tokens_per_minute.div_ceil(60), tokens_per_minute)),
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
			tokens: self.tokens.map(|rate| rate.times(units.into())),
			subscriptions: self.subscriptions.saturating_mul(units),
		}
	}

	/// Share of the limits, in parts of ten thousand.
	pub fn share(self, parts: u16) -> Self {
		let subscriptions = u64::from(self.subscriptions).saturating_mul(parts.into()) / 10_000;
		Self {
			requests: self.requests.share(parts),
			bytes: self.bytes.map(|rate| rate.share(parts)),
			tokens: self.tokens.map(|rate| rate.share(parts)),
			subscriptions: u32::try_from(subscriptions)
				.unwrap_or(u32::MAX)
				.max(self.subscriptions.min(1)),
		}
	}
}

/// Amount that requests use, as far as it is known before their answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
	/// Sum of the weights of the requests' methods.
	pub weight: u64,
	/// Tokens that are set aside until the answer tells their number.
	pub tokens: u64,
}

impl Cost {
	/// Cost of requests without tokens.
	pub fn of(weight: u64) -> Self {
		Self { weight, tokens: 0 }
	}
}

/// Use of an agreement or key, shared by all workers.
#[derive(Debug, Default)]
pub struct Limiter {
	requests: Bucket,
	bytes: Bucket,
	tokens: Bucket,
}

impl Limiter {
	/// Let requests in if they fit, and if bytes and tokens of earlier answers are paid. The tokens
	/// themselves need not fit: they overdraw the bucket, and the next request waits.
	///
	/// - `now`: as of [`nanos_now`].
	pub fn admit(&self, limits: &UnitLimits, cost: Cost, now: u64) -> Result<(), Wait> {
		if let Some(rate) = limits.bytes {
			self.bytes.take(rate, 0, now)?;
		}
		if let Some(rate) = limits.tokens {
			self.tokens.take(rate, 0, now)?;
		}
		self.requests.take(limits.requests, cost.weight, now)?;
		if let Some(rate) = limits.tokens {
			self.tokens.charge(rate, cost.tokens, now);
		}
		Ok(())
	}

	/// Replace the tokens that were set aside by those that were used.
	pub fn settle(&self, limits: &UnitLimits, reserved: u64, used: u64, now: u64) {
		if let Some(rate) = limits.tokens {
			self.tokens.settle(rate, reserved, used, now);
		}
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
		limiter.admit(&limits, Cost::of(1), 0).unwrap();
		limiter.sent(&limits, 10 << 20, 0);
		limiter.admit(&limits, Cost::of(1), 0).unwrap();
		limiter.sent(&limits, 2 << 20, 0);
		assert_eq!(limiter.admit(&limits, Cost::of(1), 0), Err(Wait::For(Duration::from_secs(2))));
		limiter.admit(&limits, Cost::of(1), 2_000_000_000).unwrap();
	}

	#[test]
	fn bytes_of_inference_are_not_limited() {
		let limits = UnitLimits::of(ServiceClass::Inference).unwrap();
		let limiter = Limiter::default();
		limiter.sent(&limits, u64::MAX, 0);
		limiter.admit(&limits, Cost::of(60), 0).unwrap();
		assert!(limiter.admit(&limits, Cost::of(1), 0).is_err());
	}

	#[test]
	fn tokens_may_be_overdrawn_once_and_delay_the_next_request() {
		let limits = UnitLimits::of(ServiceClass::Inference).unwrap();
		let limiter = Limiter::default();
		let ask = |tokens| Cost { weight: 1, tokens };
		limiter.admit(&limits, ask(19_000), 0).unwrap();
		limiter.admit(&limits, ask(7_680), 0).unwrap();
		let Err(Wait::For(wait)) = limiter.admit(&limits, ask(1), 0) else { panic!() };
		assert_eq!(wait.as_secs(), 20, "6,680 tokens at 334 a second");
		limiter.settle(&limits, 7_680, 80, 0);
		limiter.admit(&limits, ask(920), 0).unwrap();
		limiter.settle(&limits, 920, 921, 0);
		assert!(limiter.admit(&limits, ask(0), 0).is_err());
	}
}
