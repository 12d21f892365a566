// SPDX-License-Identifier: Apache-2.0

//! Movements: their events, and the records that they change.

use crate::{Cause, Operators, Targets, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{BreachKind, Counters, ReputationSink, Severity, Target};

#[test]
fn a_window_that_moves_the_score_is_reported_with_its_cause() {
	build_and_execute(|| {
		go_to_window(1);
		close(ALICE, 7, 0, counters(ROUNDS, 0));
		assert_eq!(
			take_movements(),
			[(ALICE, Cause::Window { target: Target::Service(7), window: 0 }, 0, 19)]
		);
		assert_eq!(operator_score(ALICE), 19);
	});
}

#[test]
fn a_window_that_does_not_move_the_score_is_not_reported() {
	build_and_execute(|| {
		go_to_window(1);
		close(ALICE, 7, 0, counters(0, ROUNDS));
		assert_eq!(take_movements(), []);
		assert!(Operators::<Test>::get(ALICE).unwrap().bad_rounds > 0);
	});
}

#[test]
fn a_breach_is_reported_even_at_score_zero() {
	build_and_execute(|| {
		Reputation::breach(&ALICE, Target::Service(7), BreachKind::Slow, Severity::Low);
		let cause = Cause::Breach {
			target: Target::Service(7),
			kind: BreachKind::Slow,
			severity: Severity::Low,
		};
		assert_eq!(take_movements(), [(ALICE, cause, 0, 0)]);
	});
}

#[test]
fn idle_windows_are_reported_apart_from_the_next_movement() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		let top = operator_score(ALICE);
		take_movements();
		go_to_window(30);
		let sunk = operator_score(ALICE);
		close(ALICE, 1, 29, counters(ROUNDS, 0));
		let now = operator_score(ALICE);
		assert!(sunk < top && now > sunk);
		assert_eq!(
			take_movements(),
			[
				(ALICE, Cause::Idle { windows: 19 }, top, sunk),
				(ALICE, Cause::Window { target: Target::Service(1), window: 29 }, sunk, now),
			]
		);
	});
}

#[test]
fn each_movement_starts_at_the_score_of_the_one_before() {
	build_and_execute(|| {
		good_windows(ALICE, 6);
		Reputation::breach(&ALICE, Target::Service(1), BreachKind::Downtime, Severity::High);
		good_windows(ALICE, 3);
		go_to_window(40);
		Reputation::breach(&ALICE, Target::Service(1), BreachKind::BadData, Severity::Low);
		good_windows(ALICE, 2);
		let movements = take_movements();
		assert_eq!(movements.first().map(|m| m.2), Some(0));
		assert!(movements.windows(2).all(|pair| pair[0].3 == pair[1].2));
		assert_eq!(movements.last().map(|m| m.3), Some(operator_score(ALICE)));
	});
}

#[test]
fn a_window_without_measurements_changes_nothing() {
	build_and_execute(|| {
		go_to_window(1);
		assert_storage_noop!(close(
			ALICE,
			7,
			0,
			Counters { unmeasured: 5, excused: 7, ..Default::default() }
		));
	});
}

#[test]
fn a_movement_touches_one_operator_and_one_service() {
	build_and_execute(|| {
		good_windows(BOB, 2);
		let bob = Operators::<Test>::get(BOB);
		go_to_window(3);
		close(ALICE, 7, 2, counters(ROUNDS, 0));
		Reputation::breach(&ALICE, Target::Service(7), BreachKind::Slow, Severity::Low);
		assert_eq!(Operators::<Test>::get(BOB), bob);
		assert_eq!(Operators::<Test>::iter().count(), 2);
		assert_eq!(Targets::<Test>::iter().count(), 2);
	});
}

#[test]
fn services_of_one_window_add_up_in_any_order() {
	let after = |order: [u32; 3]| {
		let mut record = None;
		build_and_execute(|| {
			good_windows(ALICE, 4);
			go_to_window(5);
			for service in order {
				close(ALICE, service, 4, counters(12 - service as u16, service as u16));
			}
			record = Operators::<Test>::get(ALICE);
		});
		record.unwrap()
	};
	assert_eq!(after([1, 2, 3]), after([3, 1, 2]));
}

#[test]
fn a_window_judged_late_counts_with_the_current_one() {
	build_and_execute(|| {
		good_windows(ALICE, 4);
		go_to_window(8);
		close(ALICE, 1, 5, counters(ROUNDS, 0));
		close(ALICE, 2, 4, counters(0, ROUNDS));
		let record = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((record.window, record.good_rounds, record.bad_rounds), (7, 12, 12));
		assert_eq!(record.last_score, operator_score(ALICE));
	});
}

#[test]
fn a_service_removed_in_the_running_window_counts_in_that_window() {
	build_and_execute(|| {
		good_windows(ALICE, 4);
		close(ALICE, 2, 4, counters(4, 0));
		let record = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((record.window, record.good_rounds), (4, 4));
		go_to_window(5);
		close(ALICE, 1, 4, counters(ROUNDS, 0));
		let record = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((record.window, record.good_rounds), (4, 16));
	});
}

#[test]
fn a_breach_of_the_running_window_decays_nothing_early() {
	build_and_execute(|| {
		good_windows(ALICE, 4);
		// In window 4, whose rounds are reported in window 5.
		Reputation::breach(&ALICE, Target::Service(1), BreachKind::Downtime, Severity::Low);
		let breached = Operators::<Test>::get(ALICE).unwrap();
		go_to_window(5);
		close(ALICE, 1, 4, counters(8, 4));
		let closed = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((breached.window, closed.window), (3, 4));
		assert!(closed.last_score < breached.last_score);
	});
}

#[test]
fn largest_counters_do_not_overflow() {
	build_and_execute(|| {
		go_to_window(1);
		let largest = Counters {
			up: u16::MAX,
			down: u16::MAX,
			bad: u16::MAX,
			stale: u16::MAX,
			unclear: u16::MAX,
			unmeasured: u16::MAX,
			excused: u16::MAX,
			slow: u16::MAX,
		};
		close(ALICE, 1, 0, largest);
		close(ALICE, 2, 0, largest);
		assert_eq!((operator_score(ALICE), Reputation::reliability(&ALICE)), (0, Some(20)));
	});
}

#[test]
fn a_forgotten_service_leaves_nothing_behind() {
	build_and_execute(|| {
		good_windows(ALICE, 2);
		assert!(Targets::<Test>::contains_key(Target::Service(1)));
		Reputation::forget(Target::Service(1));
		assert!(!Targets::<Test>::contains_key(Target::Service(1)));
		assert_eq!(Reputation::target_reliability(Target::Service(1)), None);
		assert_eq!(Reputation::reliability(&ALICE), Some(100));
	});
}
