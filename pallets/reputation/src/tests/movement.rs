//! What is told of movements, and what they touch.

use crate::{Cause, Operators, Services, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{BreachKind, Counters, ReputationSink, Severity};

#[test]
fn a_window_that_moves_the_score_is_told_with_cause_and_size() {
	build_and_execute(|| {
		go_to_window(1);
		close(ALICE, 7, 0, counters(ROUNDS, 0));
		assert_eq!(movements(), [(ALICE, Cause::Window { service: 7, window: 0 }, 0, 19)]);
		assert_eq!(Reputation::operator_score(ALICE), 19);
	});
}

#[test]
fn a_window_that_does_not_move_the_score_is_not_told() {
	build_and_execute(|| {
		go_to_window(1);
		close(ALICE, 7, 0, counters(0, ROUNDS));
		assert_eq!(movements(), []);
		assert!(Operators::<Test>::get(ALICE).unwrap().bad > 0);
	});
}

#[test]
fn a_breach_is_told_even_at_the_bottom() {
	build_and_execute(|| {
		Reputation::breach(&ALICE, 7, BreachKind::Slow, Severity::Low);
		let cause = Cause::Breach { service: 7, kind: BreachKind::Slow, severity: Severity::Low };
		assert_eq!(movements(), [(ALICE, cause, 0, 0)]);
	});
}

#[test]
fn idle_windows_are_told_apart_from_the_movement_that_ends_them() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		let top = Reputation::operator_score(ALICE);
		movements();
		go_to_window(30);
		let sunk = Reputation::operator_score(ALICE);
		close(ALICE, 1, 29, counters(ROUNDS, 0));
		let now = Reputation::operator_score(ALICE);
		assert!(sunk < top && now > sunk);
		assert_eq!(
			movements(),
			[
				(ALICE, Cause::Idle { windows: 19 }, top, sunk),
				(ALICE, Cause::Window { service: 1, window: 29 }, sunk, now),
			]
		);
	});
}

#[test]
fn movements_chain() {
	build_and_execute(|| {
		good_windows(ALICE, 6);
		Reputation::breach(&ALICE, 1, BreachKind::Downtime, Severity::High);
		good_windows(ALICE, 3);
		go_to_window(40);
		Reputation::breach(&ALICE, 1, BreachKind::BadData, Severity::Low);
		good_windows(ALICE, 2);
		let told = movements();
		assert_eq!(told.first().map(|m| m.2), Some(0));
		assert!(told.windows(2).all(|pair| pair[0].3 == pair[1].2));
		assert_eq!(told.last().map(|m| m.3), Some(Reputation::operator_score(ALICE)));
	});
}

#[test]
fn a_window_in_which_nothing_was_measured_changes_nothing() {
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
		Reputation::breach(&ALICE, 7, BreachKind::Slow, Severity::Low);
		assert_eq!(Operators::<Test>::get(BOB), bob);
		assert_eq!(Operators::<Test>::iter().count(), 2);
		assert_eq!(Services::<Test>::iter().count(), 2);
	});
}

#[test]
fn services_of_one_window_add_up_in_any_order() {
	let after = |order: [u32; 3]| {
		let mut standing = None;
		build_and_execute(|| {
			good_windows(ALICE, 4);
			go_to_window(5);
			for service in order {
				close(ALICE, service, 4, counters(12 - service as u16, service as u16));
			}
			standing = Operators::<Test>::get(ALICE);
		});
		standing.unwrap()
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
		let standing = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((standing.window, standing.good, standing.bad), (7, 12, 12));
		assert_eq!(standing.shown, Reputation::operator_score(ALICE));
	});
}

#[test]
fn a_service_removed_in_the_running_window_counts_in_that_window() {
	build_and_execute(|| {
		good_windows(ALICE, 4);
		close(ALICE, 2, 4, counters(4, 0));
		let standing = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((standing.window, standing.good), (4, 4));
		go_to_window(5);
		close(ALICE, 1, 4, counters(ROUNDS, 0));
		let standing = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((standing.window, standing.good), (4, 16));
	});
}

#[test]
fn a_breach_of_the_running_window_waits_for_its_rounds() {
	build_and_execute(|| {
		good_windows(ALICE, 4);
		// In window 4, whose rounds are reported in window 5.
		Reputation::breach(&ALICE, 1, BreachKind::Downtime, Severity::Low);
		let breached = Operators::<Test>::get(ALICE).unwrap();
		go_to_window(5);
		close(ALICE, 1, 4, counters(8, 4));
		let closed = Operators::<Test>::get(ALICE).unwrap();
		assert_eq!((breached.window, closed.window), (3, 4));
		assert!(closed.shown < breached.shown);
	});
}

#[test]
fn the_numbers_do_not_overflow() {
	build_and_execute(|| {
		go_to_window(1);
		let most = Counters {
			up: u16::MAX,
			down: u16::MAX,
			bad: u16::MAX,
			stale: u16::MAX,
			unclear: u16::MAX,
			unmeasured: u16::MAX,
			excused: u16::MAX,
			slow: u16::MAX,
		};
		close(ALICE, 1, 0, most);
		close(ALICE, 2, 0, most);
		assert_eq!(
			(Reputation::operator_score(ALICE), Reputation::reliability(ALICE)),
			(0, Some(20))
		);
	});
}

#[test]
fn a_forgotten_service_leaves_nothing_behind() {
	build_and_execute(|| {
		good_windows(ALICE, 2);
		assert!(Services::<Test>::contains_key(1));
		Reputation::forget_service(1);
		assert!(!Services::<Test>::contains_key(1));
		assert_eq!(Reputation::service_reliability(1), None);
		assert_eq!(Reputation::reliability(ALICE), Some(100));
	});
}
