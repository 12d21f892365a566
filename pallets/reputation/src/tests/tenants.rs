//! Scores of tenants.

use crate::{Cause, Tenants, mock::*};
use surety_primitives::{
	TrustLevel,
	score::{MAX_RATING, MOST_PAID_TENANT},
};

#[test]
fn a_new_tenant_is_at_trust_level_one() {
	build_and_execute(|| {
		assert_eq!(
			(Reputation::tenant_score(BOB), Reputation::tenant_trust_level(BOB)),
			(0, TrustLevel::One)
		);
	});
}

#[test]
fn what_a_tenant_pays_is_good_evidence() {
	build_and_execute(|| {
		go_to_window(1);
		engage(1, ALICE, BOB, SCALE);
		let standing = Tenants::<Test>::get(BOB).unwrap();
		assert_eq!((standing.window, standing.paid), (0, MAX_RATING / 4));
	});
}

#[test]
fn payments_of_a_window_say_a_quarter_of_it_at_most() {
	build_and_execute(|| {
		for agreement in 0..100 {
			engage(agreement, ALICE, BOB, 1_000 * SCALE);
		}
		assert_eq!(Tenants::<Test>::get(BOB).unwrap().paid, MOST_PAID_TENANT);
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
fn a_tenant_of_many_who_pays_well_climbs_and_ratings_bring_it_down() {
	build_and_execute(|| {
		windows_with(1, 40, 5);
		let liked = Reputation::tenant_score(BOB);
		assert!(Reputation::tenant_trust_level(BOB) == TrustLevel::Five, "{liked}");
		windows_with(41, 40, 1);
		let disliked = Reputation::tenant_score(BOB);
		assert!(disliked < 50, "{disliked}");
		windows_with(81, 40, 5);
		assert!(Reputation::tenant_score(BOB) > disliked + 20);
	});
}

#[test]
fn the_movement_of_a_tenant_is_told_and_chains() {
	build_and_execute(|| {
		windows_with(1, 10, 5);
		go_to_window(40);
		engage(5, ALICE, BOB, 9 * SCALE);
		let told: Vec<_> = movements().into_iter().filter(|m| m.0 == BOB).collect();
		assert_eq!(told.first().map(|m| m.2), Some(0));
		assert!(told.windows(2).all(|pair| pair[0].3 == pair[1].2));
		assert!(told.iter().any(|m| matches!(m.1, Cause::Paid { .. })));
		assert!(told.iter().any(|m| matches!(m.1, Cause::Rating { .. })));
		assert!(told.iter().any(|m| m.1 == Cause::Idle { windows: 30 }));
		assert_eq!(told.last().map(|m| m.3), Some(Reputation::tenant_score(BOB)));
	});
}

#[test]
fn idling_does_not_pay_for_tenants() {
	build_and_execute(|| {
		windows_with(1, 20, 5);
		windows_with(21, 5, 2);
		let mut last = Reputation::tenant_score(BOB);
		for window in 26..500 {
			go_to_window(window);
			let score = Reputation::tenant_score(BOB);
			assert!(score <= last);
			last = score;
		}
		assert_eq!(last, 0);
		assert!(Tenants::<Test>::contains_key(BOB), "the record stays");
	});
}

#[test]
fn a_bad_tenant_does_not_start_anew() {
	build_and_execute(|| {
		windows_with(1, 10, 1);
		let bad = Reputation::tenant_score(BOB);
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
		assert!(Reputation::tenant_score(newcomer) > Reputation::tenant_score(BOB) + 20);
	});
}

#[test]
fn paying_much_does_not_make_up_for_being_rated_worst_by_all() {
	build_and_execute(|| {
		windows_with(1, 200, 1);
		assert_eq!(Reputation::tenant_trust_level(BOB), TrustLevel::One);
	});
}

#[test]
fn roles_have_records_of_their_own() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		let score = Reputation::operator_score(ALICE);
		assert_eq!(Reputation::tenant_score(ALICE), 0);
		// Alice as a tenant of Bob.
		engage(1, BOB, ALICE, 100 * SCALE);
		rate(BOB, 1, 1);
		assert_eq!(Reputation::operator_score(ALICE), score);
	});
}
