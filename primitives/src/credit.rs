// SPDX-License-Identifier: Apache-2.0

//! Credits as shares of the price.
//!
//! Terms promise shares of the price of one window, and a service has one index in the same unit,
//! so a breach takes the same work for any prices and any number of agreements. An agreement with
//! `rate` base units per billable block is owed `floor(rate x blocks of a window x (index -
//! base))`, but never more in all than it has paid.

use crate::{Balance, Clock};
use sp_runtime::{
	FixedPointNumber, FixedU64, Perbill, Rounding,
	helpers_128bit::multiply_by_rational_with_rounding,
};

/// Number of windows' prices in fixed point: 1.0 (inner value 1,000,000,000) is the price of one
/// window.
pub type WindowShare = FixedU64;

/// Price of a whole window at `rate` base units per billable block. `None` if it overflows.
pub fn window_price<C: Clock>(rate: Balance) -> Option<Balance> {
	rate.checked_mul(Balance::from(C::window_blocks()))
}

/// `floor(window_price x share)` in base units: the credit of an agreement.
pub fn credit_of(window_price: Balance, share: WindowShare) -> Balance {
	share.saturating_mul_int(window_price)
}

/// `ceil(window_price x share)` in base units: the bond reserved for a credit, so that the floors
/// of any number of agreements that share it never sum to more. `None` if it overflows.
pub fn cost_of(window_price: Balance, share: WindowShare) -> Option<Balance> {
	multiply_by_rational_with_rounding(
		window_price,
		Balance::from(share.into_inner()),
		Balance::from(FixedU64::DIV),
		Rounding::Up,
	)
}

/// Bond to reserve for agreements of `rate` base units per block in all, of which credits of `left`
/// windows' prices may still be taken, and the penalty on them. `None` if it overflows.
pub fn exposure<C: Clock>(
	rate: Balance,
	left: WindowShare,
	penalty_share: Perbill,
) -> Option<Balance> {
	with_penalty(cost_of(window_price::<C>(rate)?, left)?, penalty_share)
}

/// Credits of `cost` base units with the penalty on them. `None` if it overflows.
pub fn with_penalty(cost: Balance, penalty_share: Perbill) -> Option<Balance> {
	cost.checked_add(penalty_share.mul_ceil(cost))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_share_of_a_window_is_rounded_towards_the_operator() {
		let third = FixedU64::from_rational(1, 3);
		assert_eq!(credit_of(100, third), 33);
		assert_eq!(cost_of(100, third), Some(34));
		assert_eq!(credit_of(100, FixedU64::from_u32(30)), 3_000);
		assert_eq!(cost_of(Balance::MAX, FixedU64::from_u32(2)), None);
	}

	proptest! {
		/// The cost reserved at each rise covers the credits of all rises together.
		#[test]
		fn costs_cover_credits(
			prices in proptest::collection::vec(1u128..1_000_000_000_000_000, 1..6),
			rises in proptest::collection::vec(1u64..40_000_000_000, 1..6),
		) {
			let all: Balance = prices.iter().sum();
			let cost: Balance =
				rises.iter().map(|rise| cost_of(all, FixedU64::from_inner(*rise)).unwrap()).sum();
			let risen = FixedU64::from_inner(rises.iter().sum());
			let credit: Balance = prices.iter().map(|price| credit_of(*price, risen)).sum();
			prop_assert!(credit <= cost);
			let exact = all * Balance::from(risen.into_inner()) / 1_000_000_000;
			prop_assert!(cost <= exact + Balance::from(u32::try_from(rises.len()).unwrap()));
		}
	}
}
