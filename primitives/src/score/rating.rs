//! What a rating weighs, and a payment, and a failed lease.
//!
//! # Ratings
//!
//! Only who paid rates, and is rated: what an engagement's rating weighs comes from the fee that the
//! platform kept of it, against a `scale` in the same asset (so no oracle is needed):
//!
//! ```text
//! weight = MAX_RATING * fee / (fee + scale)        of one window of evidence
//! stars   5: all of it good    4: 3/4 good, 1/4 bad    3: half and half    2: 1/4 and 3/4    1: all bad
//! ```
//!
//! A fee of 0 weighs nothing, a fee of `scale` weighs half of [`MAX_RATING`], and no fee weighs more than
//! [`MAX_RATING`], an eighth of a window. An engagement that ends paid is itself good evidence of its tenant,
//! [`payment_weight`]: half of what the rating weighs.
//!
//! All ratings of an operator in one window together say no more than [`MOST_RATED_OPERATOR`], a quarter of a
//! window, where measurement says up to one window good. Beyond that they share it by their weights
//! ([`Evidence::at_most`]), so who comes first does not keep the others out. Nobody measures a tenant: up to
//! [`MOST_RATED_TENANT`] of ratings and [`MOST_PAID_TENANT`] of payments together are one good window a window,
//! as much as an operator's rounds say.
//!
//! # What buying a score costs
//!
//! `weight <= MAX_RATING * fee / scale` for every fee, so splitting a fee into many engagements or among
//! many accounts gains at most what that line says. A fee that a ring of any number of accounts pays to
//! itself gives at most 1/8 of `fee / scale` windows to its operators and 3/16 to its tenants, 5/16 in all.
//!
//! | from a fresh account to | good evidence in windows | operator pays at least | tenant pays at least |
//! |---|---|---|---|
//! | level Two (20) | 1.03 | 8.2 x scale | 5.5 x scale |
//! | level Three (40) | 2.30 | 18.4 x scale | 12.3 x scale |
//! | level Four (60) | 4.82 | 38.6 x scale | 25.7 x scale |
//!
//! With a scale of 10 UNIT, 1 % of a bond of 1,000, and a fee of 5 %, level Two costs an operator 82 UNIT in
//! fees, which takes 1,640 UNIT of turnover with itself, and no less than 5 windows, because of the bound per
//! window. Two flawless windows of service do it for nothing.

use super::{Evidence, ONE, mul_div};
use crate::{Balance, CloseReason};
use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};

/// Most that one rating weighs, in billionths of a window: an eighth.
pub const MAX_RATING: u64 = 125_000_000;

/// Most that an operator's ratings of one window say together, good and bad: a quarter of a window.
pub const MOST_RATED_OPERATOR: u64 = 250_000_000;

/// Most that a tenant's ratings of one window say together, good and bad: three quarters of a window.
pub const MOST_RATED_TENANT: u64 = 750_000_000;

/// Most good evidence that what a tenant paid in one window adds up to: a quarter of a window. Whom all
/// operators rate worst stays at level One, however much it pays.
pub const MOST_PAID_TENANT: u64 = 250_000_000;

/// Stars of the best rating; the worst has 1.
pub const MAX_STARS: u8 = 5;

/// What a rating weighs after an engagement of which the platform kept `fee`, in billionths of a window, rounded
/// down. `fee` and `scale` are in base units of one asset; a scale of 0 makes every fee weigh nothing.
pub fn rating_weight(fee: Balance, scale: Balance) -> u64 {
	if scale == 0 {
		return 0;
	}
	let whole = fee.saturating_add(scale);
	let weight =
		multiply_by_rational_with_rounding(u128::from(MAX_RATING), fee, whole, Rounding::Down);
	u64::try_from(weight.unwrap_or(0)).unwrap_or(0).min(MAX_RATING)
}

/// What an engagement that ended paid says for its tenant, with `weight` that of a rating of it.
pub fn payment_weight(weight: u64) -> u64 {
	mul_div(weight, 1, 2)
}

/// Bad evidence of a failed lease in billionths of a window: 2 windows if it was unhealthy, ended for cause or
/// left at once, as much as an outage that reaches `Medium`, and 1 if it never was ready, as much as one that
/// reaches `Low`. Any other end of a lease is no failure.
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
	/// What a rating of 1 to 5 stars says (any other counts as the nearest), with a weight in billionths of a
	/// window.
	pub fn of_rating(stars: u8, weight: u64) -> Self {
		let above = stars.min(MAX_STARS).saturating_sub(1);
		let alpha = mul_div(weight, u64::from(above), u64::from(MAX_STARS.saturating_sub(1)));
		Self { alpha, beta: weight.saturating_sub(alpha) }
	}

	/// What a lease that ended for `reason` says of its operator.
	pub fn of_lease(reason: CloseReason) -> Self {
		Self { alpha: 0, beta: lease_weight(reason) }
	}

	/// The same mixture of good and bad, weighing at most `most` in all.
	pub fn at_most(self, most: u64) -> Self {
		let whole = self.weight().max(most);
		Self { alpha: mul_div(self.alpha, most, whole), beta: mul_div(self.beta, most, whole) }
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
		let say = [1, 2, 3, 4, 5].map(|stars| Evidence::of_rating(stars, 100));
		assert_eq!(say.map(|e| e.alpha), [0, 25, 50, 75, 100]);
		assert_eq!(say.map(|e| e.beta), [100, 75, 50, 25, 0]);
		assert_eq!(Evidence::of_rating(0, 100), say[0]);
		assert_eq!(Evidence::of_rating(u8::MAX, 100), say[4]);
	}

	#[test]
	fn only_a_failed_lease_is_held_against_its_operator() {
		use CloseReason::*;
		let left = [Unhealthy, Terminated, RentUnpaid, OperatorClosed];
		assert_eq!(left.map(lease_weight), [2 * ONE; 4]);
		assert_eq!(lease_weight(NeverReady), ONE);
		let innocent =
			[TenantClosed, FundsExhausted, ServiceRetired, Governance, Expired, Declined, NoBids];
		assert!(innocent.into_iter().all(|reason| lease_weight(reason) == 0));
	}

	#[test]
	fn what_a_level_costs() {
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
			bought.alpha += MOST_RATED_OPERATOR;
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
		fn no_way_to_split_a_fee_beats_the_line(
			fees in proptest::collection::vec(0u128..(100 * SCALE), 1..50), scale in 1..(10 * SCALE),
		) {
			let total = fees.iter().sum::<u128>();
			let weights: Vec<u64> = fees.iter().map(|fee| rating_weight(*fee, scale)).collect();
			let gained = u128::from(weights.iter().sum::<u64>());
			prop_assert!(gained * scale <= u128::from(MAX_RATING) * total);
			prop_assert!(u128::from(rating_weight(total, scale)) <= gained + fees.len() as u128);
		}

		#[test]
		fn a_rating_is_all_of_its_weight(stars in any::<u8>(), weight in 0..=MAX_RATING) {
			let says = Evidence::of_rating(stars, weight);
			prop_assert_eq!(says.weight(), weight);
			prop_assert!(Evidence::of_rating(stars.saturating_add(1), weight).alpha >= says.alpha);
		}

		#[test]
		fn ratings_together_say_no_more_than_the_bound(
			alpha in 0..MAX_EVIDENCE, beta in 0..MAX_EVIDENCE, stars in 1u8..=5, weight in 0..=MAX_RATING,
		) {
			let all = Evidence { alpha, beta };
			let says = all.at_most(MOST_RATED_OPERATOR);
			prop_assert!(says.alpha <= alpha && says.beta <= beta && says.weight() <= MOST_RATED_OPERATOR);
			// Whatever was said before, praise adds good and takes nothing of it, and a complaint the reverse.
			let praised = all.and(Evidence::of_rating(5, weight)).at_most(MOST_RATED_OPERATOR);
			prop_assert!(praised.alpha >= says.alpha && praised.beta <= says.beta);
			let blamed = all.and(Evidence::of_rating(1, weight)).at_most(MOST_RATED_OPERATOR);
			prop_assert!(blamed.alpha <= says.alpha && blamed.beta >= says.beta);
			let any = all.and(Evidence::of_rating(stars, weight)).at_most(MOST_RATED_OPERATOR);
			prop_assert!(any.weight() <= MOST_RATED_OPERATOR);
		}

		#[test]
		fn few_ratings_are_not_scaled(alpha in 0..=MAX_RATING, beta in 0..=MAX_RATING) {
			let all = Evidence { alpha, beta };
			prop_assert_eq!(all.at_most(MOST_RATED_OPERATOR), all);
		}
	}
}
