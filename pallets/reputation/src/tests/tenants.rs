// SPDX-License-Identifier: Apache-2.0

//! Scores of tenants.

use crate::{Cause, Tenants, mock::*};
use surety_primitives::{
	TrustLevel,
	score::{MAX_RATING, MAX_TENANT_PAYMENTS},
};

#[test]
fn a_new_tenant_is_at_trust_level_one() {
	build_and_execute(|| {
		assert_eq!((tenant_score(BOB), tenant_trust(BOB)), (0, TrustLevel::One));
	});
}

#[test]
fn a_payment_is_good_evidence_of_the_tenant() {
	build_and_execute(|| {
		go_to_window(1);
		engage(1, ALICE, BOB, SCALE);
		let record = Tenants::<Test>::get(BOB).unwrap();
		assert_eq!((record.window, record.payments), (0, MAX_RATING / 4));
	});
}

#[test]
fn payments_of_a_window_weigh_at_most_a_quarter_of_it() {
	build_and_execute(|| {
		for agreement in 0..100 {
			engage(agreement, ALICE, BOB, 1_000 * SCALE);
		}
		assert_eq!(Tenants::<Test>::get(BOB).unwrap().payments, MAX_TENANT_PAYMENTS);
	});
}

/// `n` windows in each of which ten operators end an agreement with Bob and rate it.
fn windows_with(first: u32, n: u32, stars: u8) {
	for window in first..first + n {
		go_to_window(window);
		for i in 0..10 {
			let (agreement, operator) =
				(window * 100 + i, 100 + u64::from((window * 10 + i) % 100));
			engage(agreement, operator, BOB, 9 * SCALE);
			rate(operator, agreement, stars);
		}
	}
}

#[test]
fn payments_lift_a_tenant_and_bad_ratings_lower_it() {
	build_and_execute(|| {
		windows_with(1, 40, 5);
		let liked = tenant_score(BOB);
		assert!(tenant_trust(BOB) == TrustLevel::Five, "{liked}");
		windows_with(41, 40, 1);
		let disliked = tenant_score(BOB);
		assert!(disliked < 50, "{disliked}");
		windows_with(81, 40, 5);
		assert!(tenant_score(BOB) > disliked + 20);
	});
}

#[test]
fn movements_of_a_tenant_are_reported_and_chain() {
	build_and_execute(|| {
		windows_with(1, 10, 5);
		go_to_window(40);
		engage(5, ALICE, BOB, 9 * SCALE);
		let movements: Vec<_> = take_movements().into_iter().filter(|m| m.0 == BOB).collect();
		assert_eq!(movements.first().map(|m| m.2), Some(0));
		assert!(movements.windows(2).all(|pair| pair[0].3 == pair[1].2));
		assert!(movements.iter().any(|m| matches!(m.1, Cause::Paid { .. })));
		assert!(movements.iter().any(|m| matches!(m.1, Cause::Rating { .. })));
		assert!(movements.iter().any(|m| m.1 == Cause::Idle { windows: 30 }));
		assert_eq!(movements.last().map(|m| m.3), Some(tenant_score(BOB)));
	});
}

#[test]
fn idling_does_not_pay_for_tenants() {
	build_and_execute(|| {
		windows_with(1, 20, 5);
		windows_with(21, 5, 2);
		let mut last = tenant_score(BOB);
		for window in 26..500 {
			go_to_window(window);
			let score = tenant_score(BOB);
			assert!(score <= last);
			last = score;
		}
		assert_eq!(last, 0);
		assert!(Tenants::<Test>::contains_key(BOB), "the record stays");
	});
}

#[test]
fn a_badly_rated_tenant_does_not_start_anew() {
	build_and_execute(|| {
		windows_with(1, 10, 1);
		let bad = tenant_score(BOB);
		windows_with(11, 3, 5);
		let newcomer = 7;
		for window in 11..14 {
			go_to_window(window);
			for i in 0..10 {
				let (agreement, operator) =
					(100_000 + window * 100 + i, 200 + u64::from(window * 10 + i));
				engage(agreement, operator, newcomer, 9 * SCALE);
				rate(operator, agreement, 5);
			}
		}
		assert!(bad < 5, "{bad}");
		assert!(tenant_score(newcomer) > tenant_score(BOB) + 20);
	});
}

#[test]
fn payments_do_not_outweigh_the_worst_ratings_of_all() {
	build_and_execute(|| {
		windows_with(1, 200, 1);
		assert_eq!(tenant_trust(BOB), TrustLevel::One);
	});
}

#[test]
fn each_role_has_its_own_record() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		let score = operator_score(ALICE);
		assert_eq!(tenant_score(ALICE), 0);
		// Alice as a tenant of Bob.
		engage(1, BOB, ALICE, 100 * SCALE);
		rate(BOB, 1, 1);
		assert_eq!(operator_score(ALICE), score);
	});
}
