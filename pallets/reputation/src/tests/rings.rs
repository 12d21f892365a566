// SPDX-License-Identifier: Apache-2.0

//! Accounts of one person that rate each other: fees bound their gain.

use crate::{Operators, Tenants, mock::*};
use proptest::prelude::proptest;
use surety_primitives::{
	TrustLevel,
	score::{MAX_OPERATOR_RATINGS, MAX_RATING, ONE},
};

/// Good evidence of all accounts together, before any of it decays: as operators, as tenants.
fn gained() -> (u64, u64) {
	let operators =
		Operators::<Test>::iter_values().map(|s| s.evidence.alpha + s.ratings.alpha).sum();
	let tenants = Tenants::<Test>::iter_values()
		.map(|s| s.evidence.alpha + s.ratings.alpha + s.payments)
		.sum();
	(operators, tenants)
}

proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

	/// A ring of `k` accounts gains at most 1/8 of a window per scale of fees as operators and 3/16
	/// as tenants, for any distribution of its fees.
	#[test]
	fn a_ring_gains_no_more_than_its_fees_buy(
		k in 2u64..12, fees in proptest::collection::vec((0u64..12, 0u64..12, 0u128..5 * SCALE), 1..80),
	) {
		build_and_execute(|| {
			go_to_window(1);
			let mut paid = 0;
			for (agreement, (operator, tenant, fee)) in fees.into_iter().enumerate() {
				let (agreement, operator, tenant) = (agreement as u32, operator % k, tenant % k);
				engage(agreement, operator, tenant, fee);
				paid += fee;
				if Reputation::engagement(agreement).is_some() {
					rate(tenant, agreement, 5);
					rate(operator, agreement, 5);
				}
			}
			let (operators, tenants) = gained();
			assert!(u128::from(operators) * SCALE <= u128::from(MAX_RATING) * paid);
			assert!(u128::from(tenants) * SCALE * 2 <= 3 * u128::from(MAX_RATING) * paid);
		});
	}
}

#[test]
fn buying_level_two_costs_eight_times_the_scale_and_five_windows() {
	build_and_execute(|| {
		let (mut paid, mut windows, mut agreement) = (0, 0, 0);
		// The cheapest way: fees so small that they weigh in a straight line, by as many tenants as
		// are needed.
		let fee = SCALE / 100;
		while trust(ALICE) < TrustLevel::Two {
			windows += 1;
			go_to_window(windows);
			for tenant in 0..210 {
				engage(agreement, ALICE, 100 + tenant, fee);
				rate(100 + tenant, agreement, 5);
				agreement += 1;
				paid += fee;
			}
		}
		assert_eq!(windows, 5);
		assert!(paid >= 8 * SCALE, "{paid}");
		// Two flawless windows do the same.
		good_windows(BOB, 2);
		assert_eq!(trust(BOB), TrustLevel::Two);
	});
}

#[test]
fn no_ring_lifts_an_operator_past_the_bound_of_a_window() {
	build_and_execute(|| {
		go_to_window(1);
		for tenant in 10..1_000 {
			engage(tenant as u32, ALICE, tenant, 1_000 * SCALE);
			rate(tenant, tenant as u32, 5);
		}
		let score = operator_score(ALICE);
		go_to_window(2);
		assert!(operator_score(ALICE) <= score);
		let ratings = Operators::<Test>::get(ALICE).unwrap().ratings.capped(MAX_OPERATOR_RATINGS);
		assert_eq!(ratings.weight(), ONE / 4);
		assert_eq!(trust(ALICE), TrustLevel::One);
	});
}

#[test]
fn a_single_friend_weighs_little_however_much_it_pays() {
	build_and_execute(|| {
		let mut agreement = 0;
		for window in 1..100 {
			go_to_window(window);
			for _ in 0..5 {
				engage(agreement, ALICE, BOB, 1_000 * SCALE);
				rate(BOB, agreement, 5);
				agreement += 1;
			}
			assert!(operator_score(ALICE) < 25);
		}
	});
}
