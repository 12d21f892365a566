// SPDX-License-Identifier: Apache-2.0

//! Maths of scores: good and bad evidence, its decay, and the confidence in it. Pure integers.
//!
//! # Score
//!
//! Rounds of an operator are trials that go well or badly. The knowledge of its true share of good
//! rounds is a Beta distribution that starts at `Beta(1, 1)`, all shares being equally likely.
//! [`Evidence`] is added to that prior: `alpha` for the good, `beta` for the bad. It decays
//! exponentially, so an idle account goes back to the prior. The score is a lower confidence bound:
//!
//! ```text
//! a = 1 + alpha        b = 1 + beta        s = a + b
//! mean = a / s         variance = a * b / (s^2 * (s + 1))
//! score = floor(100 * max(0, mean - 2 * sqrt(variance)))
//! ```
//!
//! The prior alone scores 0: nothing scores below a new account, so a new account is never an
//! upgrade, and an idle one only sinks. With 8 good windows, `a = 9` and `b = 1`: mean 0.9,
//! standard deviation 0.0905, score `floor(100 * (0.9 - 0.181)) = 71`.
//!
//! A window of `R` rounds in which `M` rounds of all services of an operator were measured, `G` of
//! them good, adds `G / max(M, R)` to alpha and [`BAD_WEIGHT`]` * (M - G) / max(M, R)` to beta: at
//! most one good window per window, for any number of services and any length of a window. A breach
//! adds [`breach_weight`] on top, undiluted, and a failed lease adds [`lease_weight`].
//!
//! # Ratings and tenants
//!
//! A rating by a counterparty that paid adds good and bad evidence of up to [`MAX_RATING`], by its
//! stars and by the fee that was paid ([`rating_weight`]). All ratings of an operator in one window
//! weigh at most a quarter of a window ([`MAX_OPERATOR_RATINGS`]), so they never outweigh
//! measurements. The score of a tenant is made of ratings and of payments ([`payment_weight`]):
//!
//! ```text
//! rating_weight = MAX_RATING * fee / (fee + scale)        stars 1..=5: (stars - 1) / 4 of it is good
//! level Two by ratings alone, as an operator: fees of at least 8.2 * scale, over at least 5 windows
//! ```
//!
//! # Performance
//!
//! Three parts of 0 to 100, each 100 up to its target and 0 from ten times the target on, straight
//! in between (`100 * (10 * target - x) / (9 * target)`):
//!
//! | part | x | target | weight |
//! |---|---|---|---|
//! | uptime | share of measured rounds that were down or stale | 0.1 % | 50 |
//! | correctness | share of wrong among the right and wrong answers | 1 % | 30 |
//! | latency | 95th percentile of the latency | 250 ms | 20 |
//!
//! 250 ms is not the edge of a latency bucket and is rounded up to the next one, 256 ms. A service
//! that was down in 0.2 % of the rounds, never wrong, with a 95th percentile of 1,024 ms scores
//! `100 * (1.0 - 0.2) / 0.9 = 88` for uptime, 100 for correctness, `100 * (2560 - 1024) / 2304 =
//! 66` for latency, and `(50 * 88 + 30 * 100 + 20 * 66) / 100 = 87` in all. Every division rounds
//! down.
//!
//! # Units
//!
//! Evidence, discounted rounds and shares are in billionths ([`ONE`] is 1).

use crate::{Counters, LatencyBucket, Severity, latency::BUCKETS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

mod rating;
pub use rating::*;

/// One window of evidence, one round, the whole of a share.
pub const ONE: u64 = 1_000_000_000;

/// Maximum evidence: a thousand windows. It keeps the products below within 128 bits.
pub const MAX_EVIDENCE: u64 = 1_000_000_000_000;

/// Number of good rounds that outweigh one bad round. Without it, 90 % of good rounds would look
/// like 99.9 %.
pub const BAD_WEIGHT: u64 = 4;

/// Target for the share of measured rounds that are down or stale: 99.9 % uptime.
pub const DOWN_TARGET: u32 = 1_000_000;
/// Target for the share of wrong answers: 99 % correctness.
pub const WRONG_TARGET: u32 = 10_000_000;
/// Target for the 95th percentile of the latency in microseconds: 250 ms, rounded up to a bucket
/// edge.
pub const LATENCY_TARGET_US: u32 = 256_000;

/// Weight of uptime in the performance score, in percent.
pub const UPTIME_WEIGHT: u8 = 50;
/// Weight of correctness in the performance score, in percent.
pub const CORRECTNESS_WEIGHT: u8 = 30;
/// Weight of latency in the performance score, in percent.
pub const LATENCY_WEIGHT: u8 = 20;

/// Standard deviations from the mean to the lower bound.
const DEVIATIONS: u128 = 2;
/// Unit of the square root: hundredths of a billionth, so that its rounding cannot reverse an
/// order.
const ROOT_SCALE: u128 = 100;
/// Minimum of discounted rounds that count: a thousandth of one.
const MIN_ROUNDS: u64 = 1_000_000;

/// Exponent of the factor 1 of a [`Decay`], `2^63`.
const UNIT_SHIFT: u32 = 63;
/// Bits of the fraction of a half-life.
const FRACTION_BITS: u32 = 24;
/// `floor(2^63 * 2^(-1/2^k))` for `k` from 1: decay over half a half-life, a quarter, an eighth ...
#[rustfmt::skip]
const ROOTS: [u64; FRACTION_BITS as usize] = [
	6_521_908_912_666_391_106, 7_755_900_482_342_532_474, 8_457_869_449_776_733_335, 8_832_331_321_595_618_838,
	9_025_734_193_507_008_925, 9_124_017_994_966_720_698, 9_173_560_510_430_823_461, 9_198_432_556_164_277_330,
	9_210_893_855_724_328_808, 9_217_130_834_664_616_069, 9_220_250_907_674_776_490, 9_221_811_340_221_203_998,
	9_222_591_655_524_303_666, 9_222_981_837_935_769_001, 9_223_176_935_331_786_072, 9_223_274_485_577_403_901,
	9_223_323_261_087_119_912, 9_223_347_648_938_705_289, 9_223_359_842_888_679_895, 9_223_365_939_869_712_687,
	9_223_368_988_361_740_456, 9_223_370_512_608_132_184, 9_223_371_274_731_422_509, 9_223_371_655_793_091_286,
];

/// Factor of an exponential decay, in units of `2^-63`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Decay(u64);

impl Decay {
	/// Decay over `windows` with a half-life in windows (0 counts as 1).
	pub fn over(windows: u32, half_life: u32) -> Self {
		let half_life = half_life.max(1);
		let halvings = windows.checked_div(half_life).unwrap_or(0);
		let rest = u64::from(windows.checked_rem(half_life).unwrap_or(0));
		// Below 2^24: `rest` is below `half_life`.
		let fraction = (rest << FRACTION_BITS).checked_div(u64::from(half_life)).unwrap_or(0);

		let mut left = 1u64 << UNIT_SHIFT;
		let mut bit = 1u64 << FRACTION_BITS;
		for root in ROOTS {
			bit >>= 1;
			if fraction & bit != 0 {
				left = scale(left, root);
			}
		}
		Self(left.checked_shr(halvings).unwrap_or(0))
	}

	/// Remainder of `value`, rounded down.
	pub fn of(self, value: u64) -> u64 {
		scale(value, self.0)
	}
}

/// `floor(value * factor / 2^63)`; the factor is at most `2^63`.
fn scale(value: u64, factor: u64) -> u64 {
	let product = u128::from(value).saturating_mul(u128::from(factor));
	u64::try_from(product >> UNIT_SHIFT).unwrap_or(u64::MAX)
}

/// `floor(a * b / c)`, 0 if `c` is.
fn mul_div(a: u64, b: u64, c: u64) -> u64 {
	let quotient =
		u128::from(a).saturating_mul(u128::from(b)).checked_div(u128::from(c)).unwrap_or(0);
	u64::try_from(quotient).unwrap_or(u64::MAX)
}

/// Good and bad evidence on top of the prior `Beta(1, 1)`, in billionths of a window.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Evidence {
	/// Good evidence.
	pub alpha: u64,
	/// Bad evidence.
	pub beta: u64,
}

impl Evidence {
	/// Evidence of `good` and `bad` rounds of one window, over all services of an operator.
	pub fn of_rounds(good: u32, bad: u32, window_rounds: u16) -> Self {
		let measured = u64::from(good).saturating_add(u64::from(bad));
		let whole = measured.max(u64::from(window_rounds)).max(1);
		Self {
			alpha: mul_div(u64::from(good), ONE, whole),
			beta: mul_div(u64::from(bad), ONE.saturating_mul(BAD_WEIGHT), whole),
		}
	}

	/// Evidence of a breach.
	pub fn of_breach(severity: Severity) -> Self {
		Self { alpha: 0, beta: breach_weight(severity) }
	}

	/// Sum of both, saturating at [`MAX_EVIDENCE`].
	pub fn plus(self, other: Self) -> Self {
		Self {
			alpha: self.alpha.saturating_add(other.alpha).min(MAX_EVIDENCE),
			beta: self.beta.saturating_add(other.beta).min(MAX_EVIDENCE),
		}
	}

	/// Remainder of the evidence.
	pub fn decayed(self, decay: Decay) -> Self {
		Self { alpha: decay.of(self.alpha), beta: decay.of(self.beta) }
	}

	/// Lower bound of the share of good rounds: mean less two standard deviations, at least 0, in
	/// billionths.
	///
	/// Wherever it is above 0 it rises with `alpha` and falls with `beta`.
	pub fn lower_bound(&self) -> u64 {
		let one = u128::from(ONE);
		let a = u128::from(self.alpha.min(MAX_EVIDENCE)).saturating_add(one);
		let b = u128::from(self.beta.min(MAX_EVIDENCE)).saturating_add(one);
		let s = a.saturating_add(b);

		// s * deviation = sqrt(a * b / (s + 1)), in 1 / (ROOT_SCALE * ONE); at most 1e37 under the
		// root.
		let squared = a
			.saturating_mul(b)
			.saturating_mul(one)
			.saturating_mul(ROOT_SCALE.saturating_mul(ROOT_SCALE))
			.checked_div(s.saturating_add(one))
			.unwrap_or(0);
		let spread = squared.isqrt().saturating_mul(DEVIATIONS);

		let above = a.saturating_mul(ROOT_SCALE).saturating_sub(spread);
		let bound =
			above.saturating_mul(one).checked_div(s.saturating_mul(ROOT_SCALE)).unwrap_or(0);
		u64::try_from(bound).unwrap_or(ONE).min(ONE)
	}

	/// Score of 0 to 100.
	pub fn score(&self) -> u8 {
		percent(self.lower_bound())
	}
}

/// Bad evidence of a breach in billionths of a window: 1, 1, 2, 4 windows for `Low`, `Medium`,
/// `High`, `Critical`. Tiers fire one after the other, so an outage that reaches `Critical` weighs
/// 8.
pub fn breach_weight(severity: Severity) -> u64 {
	match severity {
		Severity::Low | Severity::Medium => ONE,
		Severity::High => 2_000_000_000,
		Severity::Critical => 4_000_000_000,
	}
}

/// Good and bad rounds of one window of a service: good is `Up` within the promised latency, bad is
/// the rest of the measured ones.
pub fn good_and_bad(counters: &Counters) -> (u16, u16) {
	let good = counters.up.saturating_sub(counters.slow);
	(good, counters.measured().saturating_sub(good))
}

/// Discounted rounds, in billionths of a round: older windows weigh less.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Quality {
	/// Rounds with a verdict on the service; `up`, `bad` and `down` are parts of it.
	pub measured: u64,
	/// Rounds with right answers.
	pub up: u64,
	/// Rounds with wrong answers.
	pub bad: u64,
	/// Rounds down or too far behind.
	pub down: u64,
	/// Mean of the windows' 95th percentiles of latency, weighted by rounds up, in microseconds; 0
	/// without any.
	pub p95_us: u32,
}

impl Quality {
	/// Add one window.
	pub fn with_window(self, counters: &Counters, latency_p95: LatencyBucket) -> Self {
		let rounds = |n: u16| u64::from(n).saturating_mul(ONE);
		let (up, bad) = (rounds(counters.up), rounds(counters.bad));
		let down = rounds(counters.down).saturating_add(rounds(counters.stale));
		let measured =
			[up, bad, down, rounds(counters.unclear)].into_iter().fold(0u64, u64::saturating_add);
		Self {
			measured: self.measured.saturating_add(measured),
			up: self.up.saturating_add(up),
			bad: self.bad.saturating_add(bad),
			down: self.down.saturating_add(down),
			p95_us: mean((self.p95_us, self.up), (edge_us(latency_p95), up)),
		}
	}

	/// Remainder of the rounds; a mean does not decay.
	pub fn decayed(self, decay: Decay) -> Self {
		Self {
			measured: decay.of(self.measured),
			up: decay.of(self.up),
			bad: decay.of(self.bad),
			down: decay.of(self.down),
			p95_us: self.p95_us,
		}
	}

	/// Reliability score: share of good verdicts (`Up`) among the measured ones, 0 to 100, rounded
	/// down. `None` if the last measurement is so long ago that nothing of it is left.
	pub fn reliability(&self) -> Option<u8> {
		self.has_rounds().then(|| percent(share(self.up, self.measured)))
	}

	/// Parts of the performance score. `None` as for [`Self::reliability`].
	pub fn performance(&self) -> Option<PerformanceParts> {
		self.has_rounds().then(|| {
			let wrong = share(self.bad, self.bad.saturating_add(self.up));
			PerformanceParts {
				uptime: Part::new(share(self.down, self.measured), DOWN_TARGET, UPTIME_WEIGHT),
				// Without a single answer there is neither correctness nor latency to measure.
				correctness: if self.up == 0 {
					Part::none(WRONG_TARGET, CORRECTNESS_WEIGHT)
				} else {
					Part::new(wrong, WRONG_TARGET, CORRECTNESS_WEIGHT)
				},
				latency: if self.up == 0 {
					Part::none(LATENCY_TARGET_US, LATENCY_WEIGHT)
				} else {
					Part::new(u64::from(self.p95_us), LATENCY_TARGET_US, LATENCY_WEIGHT)
				},
			}
		})
	}

	fn has_rounds(&self) -> bool {
		self.measured >= MIN_ROUNDS
	}
}

/// One part of the performance score.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Part {
	/// Measurement, the lower the better: billionths of the rounds that were down, billionths of
	/// the answers that were wrong, or microseconds. `None` if there was no answer to measure.
	pub measured: Option<u32>,
	/// Measurement up to which the part scores 100; from ten times this on, it scores 0.
	pub target: u32,
	/// 0 to 100.
	pub score: u8,
	/// Share of the performance score, in percent.
	pub weight: u8,
}

impl Part {
	fn new(measured: u64, target: u32, weight: u8) -> Self {
		let score = ramp(measured, u64::from(target));
		Self { measured: Some(u32::try_from(measured).unwrap_or(u32::MAX)), target, score, weight }
	}

	fn none(target: u32, weight: u8) -> Self {
		Self { measured: None, target, score: 0, weight }
	}
}

/// Parts of the performance score.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct PerformanceParts {
	/// Billionths of the measured rounds that were down or stale, against 0.1 %.
	pub uptime: Part,
	/// Billionths of the answers that were wrong, against 1 %.
	pub correctness: Part,
	/// 95th percentile of the latency in microseconds, against 256 ms.
	pub latency: Part,
}

impl PerformanceParts {
	/// Performance score of 0 to 100: the weighted mean of the parts, rounded down.
	pub fn score(&self) -> u8 {
		let sum = [self.uptime, self.correctness, self.latency].iter().fold(0u16, |sum, part| {
			sum.saturating_add(u16::from(part.score).saturating_mul(u16::from(part.weight)))
		});
		u8::try_from(sum.checked_div(100).unwrap_or(0)).unwrap_or(100).min(100)
	}
}

/// 95th percentile of a histogram: the upper bucket of the first cell at which at least 95 % of the
/// counts are reached, so a compact histogram errs to the slow side. The cells share the 64 buckets
/// evenly, in order: 64 cells are the buckets themselves, 16 cells hold four buckets each. `None`
/// without counts.
pub fn p95(histogram: &[u16]) -> Option<LatencyBucket> {
	let total = histogram.iter().fold(0u64, |sum, n| sum.saturating_add(u64::from(*n)));
	if total == 0 {
		return None;
	}
	let rank = total.saturating_mul(95).div_ceil(100);
	let mut reached = 0u64;
	let cell = histogram.iter().position(|n| {
		reached = reached.saturating_add(u64::from(*n));
		reached >= rank
	})?;
	let upper = cell
		.saturating_add(1)
		.saturating_mul(usize::from(BUCKETS))
		.checked_div(histogram.len())
		.unwrap_or(0)
		.saturating_sub(1);
	LatencyBucket::from_index(
		u8::try_from(upper).unwrap_or(u8::MAX).min(LatencyBucket::MAX.index()),
	)
}

/// Score of a measurement: 100 up to `target`, 0 from ten times that on, straight in between.
fn ramp(measured: u64, target: u64) -> u8 {
	let end = target.saturating_mul(10);
	let left = end.saturating_sub(measured).min(end.saturating_sub(target));
	u8::try_from(mul_div(left, 100, end.saturating_sub(target))).unwrap_or(100)
}

/// `part / whole` in billionths, rounded down.
fn share(part: u64, whole: u64) -> u64 {
	mul_div(part, ONE, whole).min(ONE)
}

/// Whole percent of a share in billionths.
fn percent(share: u64) -> u8 {
	u8::try_from(mul_div(share, 100, ONE)).unwrap_or(100).min(100)
}

/// Mean of two values with weights, 0 without any weight.
fn mean((x, x_weight): (u32, u64), (y, y_weight): (u32, u64)) -> u32 {
	let weighted = |value: u32, weight: u64| u128::from(value).saturating_mul(u128::from(weight));
	let sum = weighted(x, x_weight).saturating_add(weighted(y, y_weight));
	let weights = u128::from(x_weight).saturating_add(u128::from(y_weight));
	u32::try_from(sum.checked_div(weights).unwrap_or(0)).unwrap_or(u32::MAX)
}

/// Upper edge of a bucket in microseconds; the slowest is 55 s.
fn edge_us(bucket: LatencyBucket) -> u32 {
	u32::try_from(bucket.edge_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
