//! Corrupted state is seen.

use crate::{Operators, ServiceStanding, Services, Standing, mock::*};
use frame::testing_prelude::*;
use surety_primitives::score::{MAX_EVIDENCE, ONE};

fn sees(number: &str, corrupt: impl FnOnce()) {
	build_and_execute(|| {
		good_windows(ALICE, 3);
		hypothetically!({
			corrupt();
			let seen = Reputation::do_try_state().unwrap_err();
			let DispatchError::Other(seen) = seen else { panic!("{seen:?}") };
			assert!(seen.starts_with(number), "{seen}");
		});
	});
}

fn operator(change: impl FnOnce(&mut Standing)) {
	Operators::<Test>::mutate(ALICE, |standing| change(standing.as_mut().unwrap()));
}

fn service(change: impl FnOnce(&mut ServiceStanding)) {
	Services::<Test>::mutate(1, |standing| change(standing.as_mut().unwrap()));
}

#[test]
fn a_record_of_a_window_to_come_is_seen() {
	sees("1", || operator(|s| s.window = 4));
	sees("1", || service(|s| s.window = 4));
}

#[test]
fn evidence_out_of_bounds_is_seen() {
	sees("2", || operator(|s| s.evidence.alpha = MAX_EVIDENCE + 1));
	sees("2", || operator(|s| s.evidence.beta = MAX_EVIDENCE + 1));
}

#[test]
fn a_score_that_is_not_the_one_shown_is_seen() {
	sees("3", || operator(|s| s.shown = 99));
	sees("3", || operator(|s| s.evidence.beta += 5 * ONE));
	sees("3", || operator(|s| s.bad += 5));
}

#[test]
fn more_rounds_of_a_kind_than_rounds_are_seen() {
	sees("4", || operator(|s| s.quality.down += 1));
	sees("4", || service(|s| s.quality.bad += 1));
}

#[test]
fn a_latency_of_no_bucket_is_seen() {
	sees("4", || operator(|s| s.quality.p95_us = u32::MAX));
	sees("4", || service(|s| s.quality.p95_us = u32::MAX));
}
