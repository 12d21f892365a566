// SPDX-License-Identifier: Apache-2.0

//! Amounts and times of a compute order that need no storage: the chain checks orders by them, and
//! clients compute them before they sign.

use crate::{Balance, BlockNumber, RoundIndex};

/// Rounds of a number of blocks, rounded up.
pub fn rounds_of(blocks: BlockNumber, round_blocks: u32) -> RoundIndex {
	blocks.div_ceil(round_blocks.max(1))
}

/// Price of a window, or of `duration` blocks if those are fewer. `None` if it overflows.
pub fn price_ahead(
	price: Balance,
	window_blocks: BlockNumber,
	duration: BlockNumber,
) -> Option<Balance> {
	price.checked_mul(Balance::from(window_blocks.min(duration)))
}

/// Least deposit of a replica: the price ahead at the maximum price, and the minimum balance of the
/// asset. `None` if it overflows.
pub fn min_deposit(
	max_price: Balance,
	window_blocks: BlockNumber,
	duration: BlockNumber,
	minimum_balance: Balance,
) -> Option<Balance> {
	price_ahead(max_price, window_blocks, duration)?.checked_add(minimum_balance)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_deposit_of_the_example_is_as_documented() {
		let price = 100_000_000_000;
		assert_eq!(min_deposit(price, 72, 144, 5), Some(7_200_000_000_005));
		assert_eq!(min_deposit(price, 72, 60, 0), Some(6_000_000_000_000));
		assert_eq!(min_deposit(Balance::MAX, 2, 2, 0), None);
		assert_eq!(min_deposit(Balance::MAX, 1, 1, 1), None);
	}

	#[test]
	fn a_part_of_a_round_counts_as_a_round() {
		assert_eq!([0, 1, 6, 7].map(|blocks| rounds_of(blocks, 6)), [0, 1, 1, 2]);
		assert_eq!(rounds_of(7, 0), 7);
	}
}
