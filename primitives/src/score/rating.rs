// SPDX-License-Identifier: Apache-2.0

//! Weights of ratings, payments and failed leases.
//!
//! # Ratings
//!
//! Only counterparties that paid or were paid rate each other: the weight of a rating comes from
//! the platform's fee on the engagement, against a `scale` in the same asset, so no oracle is
//! needed:
//!
//! ```text
//! weight = MAX_RATING * fee / (fee + scale)        of one window of evidence
//! stars   5: all of it good    4: 3/4 good, 1/4 bad    3: half and half    2: 1/4 and 3/4    1: all bad
//! ```
//!
//! A fee of 0 weighs nothing, a fee of `scale` weighs half of [`MAX_RATING`], and no fee weighs
//! more than [`MAX_RATING`], an eighth of a window. An engagement that ends paid is itself good
//! evidence of its tenant, [`payment_weight`]: half of the weight of the rating.
//!
//! All ratings of an operator in one window together weigh at most [`MAX_OPERATOR_RATINGS`], a
//! quarter of a window, while measurement weighs up to one good window. Beyond that they share it
//! by their weights ([`Evidence::capped`]), so the first do not keep the others out. Nobody
//! measures a tenant: up to [`MAX_TENANT_RATINGS`] of ratings and [`MAX_TENANT_PAYMENTS`] of
//! payments together are one good window per window, as much as the rounds of an operator.
//!
//! # Cost of a bought score
//!
//! `weight <= MAX_RATING * fee / scale` for every fee, so a fee that is split into many engagements
//! or among many accounts gains at most that line. A fee that a ring of any number of accounts pays
//! to itself gives at most 1/8 of `fee / scale` windows to its operators and 3/16 to its tenants,
//! 5/16 in all.
//!
//! | from a fresh account to | good evidence in windows | operator pays at least | tenant pays at least |
//! |---|---|---|---|
//! | level Two (20) | 1.03 | 8.2 x scale | 5.5 x scale |
//! | level Three (40) | 2.30 | 18.4 x scale | 12.3 x scale |
//! | level Four (60) | 4.82 | 38.6 x scale | 25.7 x scale |
//!
//! With a scale of 10 UNIT, 1 % of a bond of 1,000, and a fee of 5 %, level Two costs an operator
//! 82 UNIT in fees, which takes 1,640 UNIT of turnover with itself, and at least 5 windows, because
//! of the bound per window. Two flawless windows of service give it for nothing.

use super::{Evidence, ONE, mul_div};
use crate::{Balance, CloseReason};
use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};

/// Maximum weight of one rating, in billionths of a window: an eighth.
pub const MAX_RATING: u64 = 125_000_000;

/// Maximum weight of an operator's ratings of one window together, good and bad: a quarter of a
/// window.
pub const MAX_OPERATOR_RATINGS: u64 = 250_000_000;

/// Maximum weight of a tenant's ratings of one window together, good and bad: three quarters of a
/// window.
pub const MAX_TENANT_RATINGS: u64 = 750_000_000;

/// Maximum good evidence of a tenant's payments of one window: a quarter of a window. A tenant that
/// all operators rate worst stays at level One, however much it pays.
pub const MAX_TENANT_PAYMENTS: u64 = 250_000_000;

/// Stars of the best rating; the worst has 1.
pub const MAX_STARS: u8 = 5;

/// Weight of a rating after an engagement on which the platform took `fee`, in billionths of a
/// window, rounded down. `fee` and `scale` are in base units of one asset; with a scale of 0 every
/// fee weighs nothing.
pub fn rating_weight(fee: Balance, scale: Balance) -> u64 {
	if scale == 0 {
		return 0;
	}
	let whole = fee.saturating_add(scale);
	let weight =
		multiply_by_rational_with_rounding(u128::from(MAX_RATING), fee, whole, Rounding::Down);
	u64::try_from(weight.unwrap_or(0)).unwrap_or(0).min(MAX_RATING)
}

/// Good evidence of a tenant from an engagement that ended paid, a rating of which has `weight`.
pub fn payment_weight(weight: u64) -> u64 {
	mul_div(weight, 1, 2)
}

/// Bad evidence of a failed lease in billionths of a window: 2 windows if the lease was unhealthy,
/// ended for cause or left at once, as much as an outage that reaches `Medium`, and 1 if it never
/// was ready, as much as one that reaches `Low`. Any other end of a lease is no failure.
pub fn lease_weight(reason: CloseReason) -> u64 {
	match reason {
		CloseReason::Unhealthy
		| CloseReason::Terminated
		| CloseReason::RentUnpaid
		| CloseReason::OperatorClosed => 2_000_000_000,
		CloseReason::NeverReady => ONE,
		_ => 0,
	}
}

impl Evidence {
	/// Evidence of a rating of 1 to 5 stars (any other number counts as the nearest), with a weight
	/// in billionths of a window.
	pub fn of_rating(stars: u8, weight: u64) -> Self {
		let above = stars.min(MAX_STARS).saturating_sub(1);
		let alpha = mul_div(weight, u64::from(above), u64::from(MAX_STARS.saturating_sub(1)));
		Self { alpha, beta: weight.saturating_sub(alpha) }
	}

	/// Evidence of a lease that ended for `reason`, of its operator.
	pub fn of_lease(reason: CloseReason) -> Self {
		Self { alpha: 0, beta: lease_weight(reason) }
	}

	/// The same proportion of good and bad evidence, with a weight of at most `max`.
	pub fn capped(self, max: u64) -> Self {
		let whole = self.weight().max(max);
		Self { alpha: mul_div(self.alpha, max, whole), beta: mul_div(self.beta, max, whole) }
	}

	/// Good and bad together, in billionths of a window.
	pub fn weight(self) -> u64 {
		self.alpha.saturating_add(self.beta)
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use crate::{
		TrustLevel,
		score::{Decay, MAX_EVIDENCE},
	};
	use alloc::vec::Vec;
	use proptest::prelude::*;

	const SCALE: Balance = 10_000_000_000_000;

	/// Good evidence that a fresh account needs to reach `level`.
	fn needed(level: TrustLevel) -> u64 {
		let reaches = |alpha| TrustLevel::from_score(Evidence { alpha, beta: 0 }.score()) >= level;
		let (mut below, mut enough) = (0, 100 * ONE);
		while below + 1 < enough {
			let middle = (below + enough) / 2;
			if reaches(middle) {
				enough = middle;
			} else {
				below = middle;
			}
		}
		enough
	}

	#[test]
	fn a_fee_weighs_up_to_an_eighth_of_a_window() {
		let weights =
			[0, 1, SCALE / 100, SCALE, 9 * SCALE, u128::MAX].map(|fee| rating_weight(fee, SCALE));
		assert_eq!(weights, [0, 0, 1_237_623, MAX_RATING / 2, 112_500_000, MAX_RATING]);
		assert_eq!(rating_weight(u128::MAX, u128::MAX), MAX_RATING);
		assert_eq!(rating_weight(u128::MAX, 0), 0);
		assert_eq!(MAX_RATING, ONE / 8);
		assert_eq!(payment_weight(MAX_RATING), ONE / 16);
	}

	#[test]
	fn stars_are_good_and_bad_in_proportion() {
		let ratings = [1, 2, 3, 4, 5].map(|stars| Evidence::of_rating(stars, 100));
		assert_eq!(ratings.map(|e| e.alpha), [0, 25, 50, 75, 100]);
		assert_eq!(ratings.map(|e| e.beta), [100, 75, 50, 25, 0]);
		assert_eq!(Evidence::of_rating(0, 100), ratings[0]);
		assert_eq!(Evidence::of_rating(u8::MAX, 100), ratings[4]);
	}

	#[test]
	fn only_a_failed_lease_is_bad_evidence() {
		use CloseReason::*;
		let left = [Unhealthy, Terminated, RentUnpaid, OperatorClosed];
		assert_eq!(left.map(lease_weight), [2 * ONE; 4]);
		assert_eq!(lease_weight(NeverReady), ONE);
		let innocent =
			[TenantClosed, FundsExhausted, ServiceRetired, Governance, Expired, Declined, NoBids];
		assert!(innocent.into_iter().all(|reason| lease_weight(reason) == 0));
	}

	#[test]
	fn cost_of_each_trust_level() {
		let windows = [TrustLevel::Two, TrustLevel::Three, TrustLevel::Four].map(needed);
		assert_eq!(windows.map(|w| w / 10_000_000), [102, 229, 481], "hundredths of a window");
		// In tenths of the scale: ratings alone, and ratings with payments.
		assert_eq!(windows.map(|w| w * 10 / MAX_RATING), [81, 183, 385]);
		assert_eq!(
			windows.map(|w| w * 10 / (MAX_RATING + payment_weight(MAX_RATING))),
			[54, 122, 256]
		);
	}

	#[test]
	fn praise_alone_takes_five_windows_to_level_two() {
		let (mut windows, mut bought) = (0, Evidence::default());
		while TrustLevel::from_score(bought.score()) < TrustLevel::Two {
			windows += 1;
			bought = bought.decayed(Decay::over(1, 30));
			bought.alpha += MAX_OPERATOR_RATINGS;
		}
		assert_eq!(windows, 5);
	}

	proptest! {
		#[test]
		fn a_weight_rises_with_the_fee_and_falls_with_the_scale(
			fee in any::<u128>(), more in any::<u128>(), scale in 1..u128::MAX, larger in any::<u128>(),
		) {
			let weight = rating_weight(fee, scale);
			prop_assert!(weight <= MAX_RATING);
			prop_assert!(rating_weight(fee.saturating_add(more), scale) >= weight);
			prop_assert!(rating_weight(fee, scale.saturating_add(larger)) <= weight);
		}

		/// Splitting a fee gains no more than a straight line, and merging never gains.
		#[test]
		fn splitting_a_fee_gains_at_most_the_straight_line(
			fees in proptest::collection::vec(0u128..(100 * SCALE), 1..50), scale in 1..(10 * SCALE),
		) {
			let total = fees.iter().sum::<u128>();
			let weights: Vec<u64> = fees.iter().map(|fee| rating_weight(*fee, scale)).collect();
			let gained = u128::from(weights.iter().sum::<u64>());
			prop_assert!(gained * scale <= u128::from(MAX_RATING) * total);
			prop_assert!(u128::from(rating_weight(total, scale)) <= gained + fees.len() as u128);
		}

		#[test]
		fn good_and_bad_evidence_of_a_rating_sum_to_its_weight(stars in any::<u8>(), weight in 0..=MAX_RATING) {
			let rating = Evidence::of_rating(stars, weight);
			prop_assert_eq!(rating.weight(), weight);
			prop_assert!(Evidence::of_rating(stars.saturating_add(1), weight).alpha >= rating.alpha);
		}

		#[test]
		fn ratings_together_are_capped(
			alpha in 0..MAX_EVIDENCE, beta in 0..MAX_EVIDENCE, stars in 1u8..=5, weight in 0..=MAX_RATING,
		) {
			let all = Evidence { alpha, beta };
			let capped = all.capped(MAX_OPERATOR_RATINGS);
			prop_assert!(capped.alpha <= alpha && capped.beta <= beta);
			prop_assert!(capped.weight() <= MAX_OPERATOR_RATINGS);
			// Praise adds good evidence and takes none of it, and a complaint the reverse.
			let praised = all.plus(Evidence::of_rating(5, weight)).capped(MAX_OPERATOR_RATINGS);
			prop_assert!(praised.alpha >= capped.alpha && praised.beta <= capped.beta);
			let blamed = all.plus(Evidence::of_rating(1, weight)).capped(MAX_OPERATOR_RATINGS);
			prop_assert!(blamed.alpha <= capped.alpha && blamed.beta >= capped.beta);
			let any = all.plus(Evidence::of_rating(stars, weight)).capped(MAX_OPERATOR_RATINGS);
			prop_assert!(any.weight() <= MAX_OPERATOR_RATINGS);
		}

		#[test]
		fn few_ratings_are_not_capped(alpha in 0..=MAX_RATING, beta in 0..=MAX_RATING) {
			let all = Evidence { alpha, beta };
			prop_assert_eq!(all.capped(MAX_OPERATOR_RATINGS), all);
		}
	}
}
