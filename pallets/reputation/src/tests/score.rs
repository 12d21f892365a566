// SPDX-License-Identifier: Apache-2.0

//! Scores of operators, and attempts to game them.

use crate::{Operators, mock::*};
use surety_primitives::{BreachKind, ReputationSink, Severity, Target, TrustLevel};

#[test]
fn a_new_account_is_at_trust_level_one() {
	build_and_execute(|| {
		assert_eq!((operator_score(ALICE), trust(ALICE)), (0, TrustLevel::One));
	});
}

#[test]
fn good_windows_climb_the_levels() {
	build_and_execute(|| {
		let mut levels = Vec::new();
		for window in 1..=30 {
			good_windows(ALICE, 1);
			let level = trust(ALICE);
			if levels.last().is_none_or(|(_, last)| *last != level) {
				levels.push((window, level));
			}
		}
		assert_eq!(
			levels,
			[
				(1, TrustLevel::One),
				(2, TrustLevel::Two),
				(3, TrustLevel::Three),
				(6, TrustLevel::Four),
				(15, TrustLevel::Five),
			]
		);
	});
}

#[test]
fn a_day_of_a_thousand_rounds_weighs_as_a_minute_of_twelve() {
	let after = |rounds| {
		let mut score = 0;
		build_and_execute_with(rounds, || {
			good_windows(ALICE, 5);
			score = operator_score(ALICE);
		});
		score
	};
	let production = after(1_440);
	assert_eq!((production, after(12)), (59, 59));
}

#[test]
fn an_outage_drops_the_score_and_good_windows_bring_it_back() {
	build_and_execute(|| {
		good_windows(ALICE, 20);
		let before = operator_score(ALICE);
		for severity in [Severity::Low, Severity::Medium, Severity::High] {
			Reputation::breach(&ALICE, Target::Service(1), BreachKind::Downtime, severity);
		}
		go_to_window(21);
		close(ALICE, 1, 20, counters(6, 6));
		let fallen = operator_score(ALICE);
		assert_eq!((before, fallen), (84, 53));

		let mut last = fallen;
		for _ in 0..10 {
			good_windows(ALICE, 1);
			let score = operator_score(ALICE);
			assert!(score > last, "{score} after {last}");
			last = score;
		}
		assert!(last < before, "one outage is not forgotten in ten windows");
	});
}

#[test]
fn idling_does_not_pay() {
	build_and_execute(|| {
		good_windows(ALICE, 20);
		Reputation::breach(&ALICE, Target::Service(1), BreachKind::BadData, Severity::High);
		let mut last = operator_score(ALICE);
		let level = trust(ALICE);
		for window in 22..400 {
			go_to_window(window);
			let score = operator_score(ALICE);
			assert!(score <= last);
			last = score;
		}
		assert!(level > TrustLevel::One);
		assert_eq!(last, 0, "an account that was idle for a dozen half-lives is a new one");
	});
}

#[test]
fn registering_again_does_not_pay() {
	build_and_execute(|| {
		good_windows(ALICE, 3);
		for _ in 0..3 {
			Reputation::breach(
				&ALICE,
				Target::Service(1),
				BreachKind::Downtime,
				Severity::Critical,
			);
		}
		let bad = Operators::<Test>::get(ALICE).unwrap();
		// All that a retired operator's services leave behind is removed.
		Reputation::forget(Target::Service(1));
		assert_eq!(Operators::<Test>::get(ALICE), Some(bad));

		// Alice, back with a new service, is far behind a newcomer.
		for window in 3..13 {
			go_to_window(window + 1);
			close(ALICE, 2, window, counters(ROUNDS, 0));
			close(BOB, 3, window, counters(ROUNDS, 0));
		}
		assert!(operator_score(BOB) > 70);
		assert!(operator_score(ALICE) < 35);
	});
}

#[test]
fn no_history_is_worse_than_none() {
	build_and_execute(|| {
		for _ in 0..2_000 {
			Reputation::breach(
				&ALICE,
				Target::Service(1),
				BreachKind::Misbehaviour,
				Severity::Critical,
			);
		}
		assert_eq!(operator_score(ALICE), operator_score(BOB));
	});
}

#[test]
fn listing_many_services_does_not_pay() {
	build_and_execute(|| {
		go_to_window(1);
		close(BOB, 1, 0, counters(ROUNDS, 0));
		for service in 2..1_002 {
			close(ALICE, service, 0, counters(ROUNDS, 0));
		}
		assert_eq!(operator_score(ALICE), operator_score(BOB));
	});
}

#[test]
fn breaches_are_not_diluted_by_other_services() {
	build_and_execute(|| {
		good_windows(BOB, 10);
		for window in 0..10 {
			go_to_window(window + 1);
			for service in 10..60 {
				close(ALICE, service, window, counters(ROUNDS, 0));
			}
		}
		for operator in [ALICE, BOB] {
			Reputation::breach(
				&operator,
				Target::Service(1),
				BreachKind::Downtime,
				Severity::Medium,
			);
		}
		assert_eq!(operator_score(ALICE), operator_score(BOB));
	});
}

#[test]
fn bad_rounds_weigh_more_than_good_ones() {
	build_and_execute(|| {
		for window in 0..60 {
			go_to_window(window + 1);
			close(ALICE, 1, window, counters(9, 3));
		}
		assert!(operator_score(ALICE) < 40, "three quarters of good rounds are no good service");
	});
}
