//! Scores: what is left of good and bad evidence, and how sure one can be of it. Pure integer maths.
//!
//! # Score
//!
//! An operator's rounds are trials that go well or badly. What is known of its true share of good ones
//! is a Beta distribution that starts at `Beta(1, 1)`, all shares being equally likely. [`Evidence`] is
//! what came on top of that prior: `alpha` for the good, `beta` for the bad. It decays exponentially, so
//! an idle account goes back to the prior. The score is the lower end of what one can believe:
//!
//! ```text
//! a = 1 + alpha        b = 1 + beta        s = a + b
//! mean = a / s         variance = a * b / (s^2 * (s + 1))
//! score = floor(100 * max(0, mean - 2 * sqrt(variance)))
//! ```
//!
//! The prior alone scores 0: nothing scores below a new account, so a new account is never an upgrade,
//! and an idle one only sinks. With 8 good windows, `a = 9` and `b = 1`: mean 0.9, standard deviation
//! 0.0905, score `floor(100 * (0.9 - 0.181)) = 71`.
//!
//! A window of `R` rounds in which `M` rounds of all services of an operator were measured, `G` of them
//! good, adds `G / max(M, R)` to alpha and [`BAD_WEIGHT`]` * (M - G) / max(M, R)` to beta: at most one
//! good window a window, however many services are listed and however long a window is. A breach adds
//! [`breach_weight`] on top, undiluted.
//!
//! # Performance
//!
//! Three parts of 0 to 100, each 100 up to its target and 0 from ten times the target on, straight in
//! between (`100 * (10 * target - x) / (9 * target)`):
//!
//! | part | x | target | weight |
//! |---|---|---|---|
//! | uptime | share of measured rounds that were down or stale | 0.1 % | 50 |
//! | correctness | share of wrong among the right and wrong answers | 1 % | 30 |
//! | latency | 95th percentile of the latency | 250 ms | 20 |
//!
//! 250 ms is not the edge of a latency bucket and is rounded up to the next one, 256 ms. A service that
//! was down in 0.2 % of the rounds, never wrong, with a 95th percentile of 1,024 ms scores
//! `100 * (1.0 - 0.2) / 0.9 = 88` for uptime, 100 for correctness, `100 * (2560 - 1024) / 2304 = 66` for
//! latency, and `(50 * 88 + 30 * 100 + 20 * 66) / 100 = 87` in all. Every division rounds down.
//!
//! # Units
//!
//! Evidence, discounted rounds and shares are in billionths ([`ONE`] is 1).

use crate::{Counters, LatencyBucket, Severity, latency::BUCKETS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One window of evidence, one round, the whole of a share.
pub const ONE: u64 = 1_000_000_000;

/// Where evidence saturates: a thousand windows. It keeps the products below within 128 bits.
pub const MAX_EVIDENCE: u64 = 1_000_000_000_000;

/// How many good rounds outweigh one bad round. Without it 90 % of good rounds would look like 99.9 %.
pub const BAD_WEIGHT: u64 = 4;

/// Target for the share of measured rounds that are down or stale: 99.9 % uptime.
pub const DOWN_TARGET: u32 = 1_000_000;
/// Target for the share of wrong answers: 99 % correctness.
pub const WRONG_TARGET: u32 = 10_000_000;
/// Target for the 95th percentile of the latency in microseconds: 250 ms, rounded up to a bucket edge.
pub const LATENCY_TARGET_US: u32 = 256_000;

/// Weight of uptime in the performance score, in percent.
pub const UPTIME_WEIGHT: u8 = 50;
/// Weight of correctness in the performance score, in percent.
pub const CORRECTNESS_WEIGHT: u8 = 30;
/// Weight of latency in the performance score, in percent.
pub const LATENCY_WEIGHT: u8 = 20;

/// Standard deviations that the lower bound stays below the mean.
const DEVIATIONS: u128 = 2;
/// The square root is taken in hundredths of a billionth, so that its rounding cannot turn an order.
const ROOT_SCALE: u128 = 100;
/// Fewer discounted rounds than this (a thousandth of one) say nothing any more.
const LEAST_ROUNDS: u64 = 1_000_000;

/// `2^63`: a [`Decay`] of nothing.
const UNIT_SHIFT: u32 = 63;
/// Bits in which the part of a half-life is expanded.
const FRACTION_BITS: u32 = 24;
/// `floor(2^63 * 2^(-1/2^k))` for `k` from 1: what half a half-life leaves, a quarter, an eighth ...
#[rustfmt::skip]
const ROOTS: [u64; FRACTION_BITS as usize] = [
	6_521_908_912_666_391_106, 7_755_900_482_342_532_474, 8_457_869_449_776_733_335, 8_832_331_321_595_618_838,
	9_025_734_193_507_008_925, 9_124_017_994_966_720_698, 9_173_560_510_430_823_461, 9_198_432_556_164_277_330,
	9_210_893_855_724_328_808, 9_217_130_834_664_616_069, 9_220_250_907_674_776_490, 9_221_811_340_221_203_998,
	9_222_591_655_524_303_666, 9_222_981_837_935_769_001, 9_223_176_935_331_786_072, 9_223_274_485_577_403_901,
	9_223_323_261_087_119_912, 9_223_347_648_938_705_289, 9_223_359_842_888_679_895, 9_223_365_939_869_712_687,
	9_223_368_988_361_740_456, 9_223_370_512_608_132_184, 9_223_371_274_731_422_509, 9_223_371_655_793_091_286,
];

/// What an exponential decay leaves of a quantity.
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

	/// What is left of `value`, rounded down.
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
	let quotient = u128::from(a).saturating_mul(u128::from(b)).checked_div(u128::from(c)).unwrap_or(0);
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
	/// What `good` and `bad` rounds of one window say, over all services of an operator.
	pub fn of_rounds(good: u32, bad: u32, window_rounds: u16) -> Self {
		let measured = u64::from(good).saturating_add(u64::from(bad));
		let whole = measured.max(u64::from(window_rounds)).max(1);
		Self {
			alpha: mul_div(u64::from(good), ONE, whole),
			beta: mul_div(u64::from(bad), ONE.saturating_mul(BAD_WEIGHT), whole),
		}
	}

	/// What a breach says.
	pub fn of_breach(severity: Severity) -> Self {
		Self { alpha: 0, beta: breach_weight(severity) }
	}

	/// Both together, saturating at [`MAX_EVIDENCE`].
	pub fn and(self, other: Self) -> Self {
		Self {
			alpha: self.alpha.saturating_add(other.alpha).min(MAX_EVIDENCE),
			beta: self.beta.saturating_add(other.beta).min(MAX_EVIDENCE),
		}
	}

	/// What is left of it.
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

		// s * deviation = sqrt(a * b / (s + 1)), in 1 / (ROOT_SCALE * ONE); at most 1e37 under the root.
		let squared = a
			.saturating_mul(b)
			.saturating_mul(one)
			.saturating_mul(ROOT_SCALE.saturating_mul(ROOT_SCALE))
			.checked_div(s.saturating_add(one))
			.unwrap_or(0);
		let spread = squared.isqrt().saturating_mul(DEVIATIONS);

		let above = a.saturating_mul(ROOT_SCALE).saturating_sub(spread);
		let bound = above.saturating_mul(one).checked_div(s.saturating_mul(ROOT_SCALE)).unwrap_or(0);
		u64::try_from(bound).unwrap_or(ONE).min(ONE)
	}

	/// Score of 0 to 100.
	pub fn score(&self) -> u8 {
		percent(self.lower_bound())
	}
}

/// Bad evidence of a breach in billionths of a window: 1, 1, 2, 4 windows for `Low`, `Medium`, `High`,
/// `Critical`. Tiers fire one after the other, so an outage that reaches `Critical` weighs 8.
pub fn breach_weight(severity: Severity) -> u64 {
	match severity {
		Severity::Low | Severity::Medium => ONE,
		Severity::High => 2_000_000_000,
		Severity::Critical => 4_000_000_000,
	}
}

/// Good and bad rounds of one window of a service: good is `Up` within the promised latency, bad is the
/// rest of the measured ones.
pub fn good_and_bad(counters: &Counters) -> (u16, u16) {
	let good = counters.up.saturating_sub(counters.slow);
	(good, counters.measured().saturating_sub(good))
}

/// Rounds as they are remembered: older windows weigh less. In billionths of a round.
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
	/// Rounds that said something of the service; `up`, `bad` and `down` are parts of it.
	pub measured: u64,
	/// Answered right.
	pub up: u64,
	/// Answered wrong.
	pub bad: u64,
	/// Down or too far behind.
	pub down: u64,
	/// Mean of the windows' 95th percentiles of latency, weighted by rounds up, in microseconds; 0
	/// without any.
	pub p95_us: u32,
}

impl Quality {
	/// With one more window.
	pub fn with_window(self, counters: &Counters, latency_p95: LatencyBucket) -> Self {
		let rounds = |n: u16| u64::from(n).saturating_mul(ONE);
		let (up, bad) = (rounds(counters.up), rounds(counters.bad));
		let down = rounds(counters.down).saturating_add(rounds(counters.stale));
		let measured = [up, bad, down, rounds(counters.unclear)].into_iter().fold(0u64, u64::saturating_add);
		Self {
			measured: self.measured.saturating_add(measured),
			up: self.up.saturating_add(up),
			bad: self.bad.saturating_add(bad),
			down: self.down.saturating_add(down),
			p95_us: mean((self.p95_us, self.up), (edge_us(latency_p95), up)),
		}
	}

	/// What is left of it; a mean does not decay.
	pub fn decayed(self, decay: Decay) -> Self {
		Self {
			measured: decay.of(self.measured),
			up: decay.of(self.up),
			bad: decay.of(self.bad),
			down: decay.of(self.down),
			p95_us: self.p95_us,
		}
	}

	/// Reliability score: share of good verdicts (`Up`) among the measured ones, 0 to 100, rounded down.
	/// `None` if nothing was measured for so long that nothing is left.
	pub fn reliability(&self) -> Option<u8> {
		self.known().then(|| percent(share(self.up, self.measured)))
	}

	/// Performance score with the parts that make it up. `None` as for [`Self::reliability`].
	pub fn performance(&self) -> Option<PerformanceParts> {
		self.known().then(|| {
			let wrong = share(self.bad, self.bad.saturating_add(self.up));
			PerformanceParts {
				uptime: Part::new(share(self.down, self.measured), DOWN_TARGET, UPTIME_WEIGHT),
				// Without a single answer there is nothing to be right or quick about.
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

	fn known(&self) -> bool {
		self.measured >= LEAST_ROUNDS
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
	/// What was measured, the lower the better: billionths of the rounds that were down, billionths of
	/// the answers that were wrong, or microseconds. `None` if there was no answer to measure.
	pub measured: Option<u32>,
	/// Up to here the part scores 100; from ten times this on it scores 0.
	pub target: u32,
	/// 0 to 100.
	pub score: u8,
	/// Percent of the performance score that this part makes up.
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

/// The performance score taken apart.
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

/// 95th percentile of a histogram: the upper bucket of the first cell at which at least 95 % of the counts
/// are reached, so a compact histogram errs to the slow side. The cells share the 64 buckets evenly, in
/// order: 64 cells are the buckets themselves, 16 cells hold four buckets each. `None` without counts.
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
	LatencyBucket::from_index(u8::try_from(upper).unwrap_or(u8::MAX).min(LatencyBucket::MAX.index()))
}

/// 100 up to `target`, 0 from ten times that on, straight in between.
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
mod tests {
	#![allow(clippy::arithmetic_side_effects)]

	use super::*;
	use alloc::vec::Vec;
	use proptest::prelude::*;

	const HALF_LIFE: u32 = 30;

	fn windows(n: u64) -> u64 {
		n * ONE
	}

	fn evidence(alpha: u64, beta: u64) -> Evidence {
		Evidence { alpha: windows(alpha), beta: windows(beta) }
	}

	/// Score after `n` good windows in a row.
	fn after_good_windows(n: u32) -> u8 {
		let step = Decay::over(1, HALF_LIFE);
		let good = Evidence::of_rounds(1_440, 0, 1_440);
		(0..n).fold(Evidence::default(), |e, _| e.decayed(step).and(good)).score()
	}

	fn counters(up: u16, slow: u16, down: u16, bad: u16, stale: u16, unclear: u16) -> Counters {
		Counters { up, down, bad, stale, unclear, slow, ..Default::default() }
	}

	fn bucket(ms: u32) -> LatencyBucket {
		LatencyBucket::from_millis(ms)
	}

	#[test]
	fn the_example_of_the_docs() {
		assert_eq!(evidence(8, 0).score(), 71);
		let parts = Quality {
			measured: windows(1_000),
			up: windows(998),
			bad: 0,
			down: windows(2),
			p95_us: 1_024_000,
		}
		.performance()
		.unwrap();
		assert_eq!((parts.uptime.score, parts.correctness.score, parts.latency.score), (88, 100, 66));
		assert_eq!(parts.score(), 87);
	}

	#[test]
	fn a_new_account_scores_nothing() {
		assert_eq!(Evidence::default().score(), 0);
	}

	#[test]
	fn good_windows_raise_the_score_step_by_step() {
		let scores = [1, 2, 3, 5, 8, 15, 30, 365].map(after_good_windows);
		assert_eq!(scores, [19, 35, 46, 59, 70, 80, 87, 93]);
	}

	#[test]
	fn breaches_lower_the_score_by_their_severity() {
		let operator = evidence(14, 0);
		let after = Severity::ALL.map(|s| operator.and(Evidence::of_breach(s)).score());
		assert_eq!(operator.score(), 82);
		assert_eq!(after, [73, 73, 66, 56]);
	}

	#[test]
	fn one_window_in_ten_rounds_weighs_as_one_in_a_thousand() {
		assert_eq!(Evidence::of_rounds(12, 0, 12), Evidence::of_rounds(1_440, 0, 1_440));
		assert_eq!(Evidence::of_rounds(9, 3, 12), Evidence::of_rounds(1_080, 360, 1_440));
	}

	#[test]
	fn many_services_weigh_as_one_window() {
		assert_eq!(Evidence::of_rounds(144_000, 0, 1_440), evidence(1, 0));
		assert_eq!(Evidence::of_rounds(0, u32::MAX, 1_440), evidence(0, BAD_WEIGHT));
	}

	#[test]
	fn half_a_window_is_half_the_evidence() {
		assert_eq!(Evidence::of_rounds(6, 0, 12), Evidence { alpha: ONE / 2, beta: 0 });
	}

	#[test]
	fn slow_rounds_are_not_good() {
		assert_eq!(good_and_bad(&counters(10, 4, 1, 2, 3, 4)), (6, 14));
	}

	#[test]
	fn unmeasured_and_excused_rounds_say_nothing() {
		let c = Counters { unmeasured: 7, excused: 5, ..Default::default() };
		assert_eq!(good_and_bad(&c), (0, 0));
		assert_eq!(Evidence::of_rounds(0, 0, 12), Evidence::default());
		assert_eq!(Quality::default().with_window(&c, bucket(100)), Quality::default());
	}

	/// Each entry is the floor of the root of the one before it.
	#[test]
	fn the_roots_are_the_floors_of_roots() {
		let mut before = 1u128 << 62;
		for root in ROOTS {
			let root = u128::from(root);
			assert!(root * root <= (before + 1) << 63);
			assert!((root + 1) * (root + 1) > before << 63);
			before = root;
		}
	}

	#[test]
	fn a_half_life_leaves_half() {
		for half_life in [1, 7, 30, 1_000, u32::MAX] {
			assert_eq!(Decay::over(0, half_life).of(1 << 40), 1 << 40);
			assert_eq!(Decay::over(half_life, half_life).of(1 << 40), 1 << 39);
		}
		assert_eq!(Decay::over(60, 30).of(1 << 40), 1 << 38);
		assert_eq!(Decay::over(15, 30).of(ONE), 707_106_781);
		assert_eq!(Decay::over(u32::MAX, 1).of(u64::MAX), 0);
		assert_eq!(Decay::over(1, 0), Decay::over(1, 1));
	}

	#[test]
	fn nothing_known_has_no_read_outs() {
		assert_eq!(Quality::default().reliability(), None);
		assert_eq!(Quality::default().performance(), None);
		let old = Quality::default().with_window(&counters(1, 0, 0, 0, 0, 0), bucket(10));
		assert_eq!(old.reliability(), Some(100));
		assert_eq!(old.decayed(Decay::over(20 * HALF_LIFE, HALF_LIFE)).reliability(), None);
	}

	#[test]
	fn reliability_is_the_share_of_good_verdicts() {
		let q = Quality::default().with_window(&counters(90, 30, 4, 3, 2, 1), bucket(10));
		assert_eq!(q.reliability(), Some(90));
	}

	#[test]
	fn parts_are_full_at_their_targets_and_empty_at_ten_times_them() {
		let q = |down, bad, p95_us| {
			let measured = windows(100_000);
			let up = measured - down - bad;
			Quality { measured, up, bad, down, p95_us }.performance().unwrap()
		};
		let full = q(windows(100), windows(999), 256_000);
		assert_eq!((full.uptime.score, full.correctness.score, full.latency.score), (100, 100, 100));
		assert_eq!(full.score(), 100);
		let empty = q(windows(1_000), windows(9_900), 2_560_000);
		assert_eq!((empty.uptime.score, empty.correctness.score, empty.latency.score), (0, 0, 0));
		assert_eq!(empty.score(), 0);
		let [a, b, c] = [UPTIME_WEIGHT, CORRECTNESS_WEIGHT, LATENCY_WEIGHT];
		assert_eq!(a + b + c, 100);
		assert_eq!(bucket(250).edge_micros(), u64::from(LATENCY_TARGET_US));
	}

	#[test]
	fn a_service_that_never_answered_performs_at_nothing() {
		let q = Quality::default().with_window(&counters(0, 0, 12, 0, 0, 0), LatencyBucket::default());
		let parts = q.performance().unwrap();
		assert_eq!((parts.uptime.score, parts.correctness.score, parts.latency.score), (0, 0, 0));
		assert_eq!((parts.correctness.measured, parts.latency.measured), (None, None));
	}

	#[test]
	fn latency_is_the_mean_of_the_windows_by_their_rounds() {
		let q = Quality::default()
			.with_window(&counters(30, 0, 0, 0, 0, 0), bucket(64))
			.with_window(&counters(10, 0, 0, 0, 0, 0), bucket(128))
			.with_window(&counters(0, 0, 12, 0, 0, 0), LatencyBucket::default());
		assert_eq!(q.p95_us, (30 * 64_000 + 10 * 128_000) / 40);
	}

	#[test]
	fn p95_of_small_histograms() {
		let mut h = [0u16; 64];
		assert_eq!(p95(&h), None);
		assert_eq!(p95(&[]), None);
		h[7] = 1;
		assert_eq!(p95(&h).map(LatencyBucket::index), Some(7));
		h[3] = 18;
		assert_eq!(p95(&h).map(LatencyBucket::index), Some(7), "18 of 19 are less than 95 %");
		h[3] = 19;
		assert_eq!(p95(&h).map(LatencyBucket::index), Some(3), "19 of 20 are 95 %");
	}

	#[test]
	fn a_compact_histogram_answers_with_the_upper_bucket_of_the_cell() {
		let mut h = [0u16; 16];
		h[0] = 1;
		assert_eq!(p95(&h).map(LatencyBucket::index), Some(3));
		h[15] = 1;
		assert_eq!(p95(&h), Some(LatencyBucket::MAX));
	}

	fn any_evidence() -> impl Strategy<Value = Evidence> {
		(0..=2 * MAX_EVIDENCE, 0..=2 * MAX_EVIDENCE, 0u32..40, 0u32..40)
			.prop_map(|(alpha, beta, x, y)| Evidence { alpha: alpha >> x, beta: beta >> y })
	}

	fn any_counters() -> impl Strategy<Value = Counters> {
		(0u16..500, 0u16..500, 0u16..300, 0u16..300, 0u16..300, 0u16..300).prop_map(
			|(up, slow, down, bad, stale, unclear)| counters(up, slow.min(up), down, bad, stale, unclear),
		)
	}

	proptest! {
		#[test]
		fn the_score_is_bounded(e in any_evidence()) {
			prop_assert!(e.score() <= 100);
		}

		#[test]
		fn more_good_evidence_never_lowers(e in any_evidence(), more in 1_000u64..MAX_EVIDENCE) {
			let better = e.and(Evidence { alpha: more, beta: 0 });
			prop_assert!(better.score() >= e.score());
		}

		#[test]
		fn more_bad_evidence_never_raises(e in any_evidence(), more in 1_000u64..MAX_EVIDENCE) {
			let worse = e.and(Evidence { alpha: 0, beta: more });
			prop_assert!(worse.score() <= e.score());
		}

		#[test]
		fn one_more_good_round_never_lowers(e in any_evidence(), good in 0u32..5_000, bad in 0u32..5_000) {
			let now = e.and(Evidence::of_rounds(good, bad, 1_440)).score();
			prop_assert!(e.and(Evidence::of_rounds(good + 1, bad, 1_440)).score() >= now);
			prop_assert!(e.and(Evidence::of_rounds(good, bad + 1, 1_440)).score() <= now);
		}

		/// Within what the binary expansion of a part of a half-life rounds.
		#[test]
		fn decay_composes(x in 0u32..500, y in 0u32..500, half_life in 1u32..400) {
			let value = 1_000_000 * ONE;
			let twice = Decay::over(y, half_life).of(Decay::over(x, half_life).of(value));
			let once = Decay::over(x + y, half_life).of(value);
			prop_assert!(twice.abs_diff(once) <= value / 5_000_000);
		}

		#[test]
		fn decay_is_monotone(x in 0u32..5_000, half_life in 1u32..2_000, value in any::<u64>()) {
			prop_assert!(Decay::over(x + 1, half_life).of(value) <= Decay::over(x, half_life).of(value));
			prop_assert!(Decay::over(x, half_life).of(value) <= value);
		}

		#[test]
		fn idling_never_raises_the_score(e in any_evidence(), x in 0u32..2_000, half_life in 1u32..400) {
			let now = e.decayed(Decay::over(x, half_life)).score();
			prop_assert!(e.decayed(Decay::over(x + 1, half_life)).score() <= now);
		}

		#[test]
		fn decay_tends_to_the_prior(e in any_evidence(), half_life in 1u32..400) {
			prop_assert_eq!(e.decayed(Decay::over(64 * half_life, half_life)), Evidence::default());
		}

		#[test]
		fn read_outs_are_bounded_and_parts_stay_within_the_whole(
			seen in proptest::collection::vec((any_counters(), 0u8..64, 0u32..40), 1..30),
		) {
			let mut q = Quality::default();
			for (c, index, idle) in seen {
				q = q.decayed(Decay::over(idle, 30)).with_window(&c, LatencyBucket::from_index(index).unwrap());
				prop_assert!(q.up + q.bad + q.down <= q.measured);
				prop_assert!(q.reliability().is_none_or(|r| r <= 100));
				prop_assert!(q.performance().is_none_or(|p| p.score() <= 100));
				prop_assert!(u64::from(q.p95_us) <= LatencyBucket::MAX.edge_micros());
			}
		}

		#[test]
		fn performance_never_rises_with_worse_rounds(c in any_counters(), index in 0u8..63) {
			let latency = |i| LatencyBucket::from_index(i).unwrap();
			let score = |c: &Counters, i| {
				Quality::default().with_window(c, latency(i)).performance().map_or(0, |p| p.score())
			};
			let now = score(&c, index);
			prop_assume!(c.measured() > 0);
			prop_assert!(score(&c, index + 1) <= now);
			let more_down = Counters { down: c.down + 1, ..c };
			prop_assert!(score(&more_down, index) <= now);
			if c.up > 1 {
				let wrong = Counters { up: c.up - 1, bad: c.bad + 1, ..c };
				prop_assert!(score(&wrong, index) <= now);
			}
		}

		#[test]
		fn p95_has_ninety_five_percent_at_or_below_it(h in proptest::collection::vec(0u16..1_000, 64)) {
			let total: u64 = h.iter().map(|n| u64::from(*n)).sum();
			prop_assume!(total > 0);
			let at = usize::from(p95(&h).unwrap().index());
			let upto = |end: usize| h.iter().take(end).map(|n| u64::from(*n)).sum::<u64>();
			prop_assert!(upto(at + 1) * 100 >= total * 95);
			prop_assert!(upto(at) * 100 < total * 95);
		}

		#[test]
		fn a_compact_histogram_is_at_most_one_cell_slower(h in proptest::collection::vec(0u16..1_000, 64)) {
			prop_assume!(h.iter().any(|n| *n > 0));
			let compact: Vec<u16> = h.chunks(4).map(|cell| cell.iter().sum()).collect();
			let (exact, rough) = (p95(&h).unwrap().index(), p95(&compact).unwrap().index());
			prop_assert!((exact..exact + 4).contains(&rough));
		}
	}
}
