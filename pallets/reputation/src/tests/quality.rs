// SPDX-License-Identifier: Apache-2.0

//! Reliability and performance, of an operator and of a target.

use crate::{Performance, mock::*};
use surety_primitives::{
	Counters, Target,
	score::{
		CORRECTNESS_WEIGHT, DOWN_TARGET, LATENCY_TARGET_US, LATENCY_WEIGHT, UPTIME_WEIGHT,
		WRONG_TARGET,
	},
};

fn reliability_of(service: u32) -> Option<u8> {
	Reputation::target_reliability(Target::Service(service))
}

fn performance_of(service: u32) -> Option<Performance> {
	Reputation::quality_of_target(Target::Service(service))?.performance().map(Into::into)
}

fn part_scores(p: &Performance) -> (u8, u8, u8) {
	(p.parts.uptime.score, p.parts.correctness.score, p.parts.latency.score)
}

#[test]
fn an_unmeasured_account_has_no_quality() {
	build_and_execute(|| {
		assert_eq!(
			(Reputation::reliability(&ALICE), Reputation::performance(&ALICE)),
			(None, None)
		);
		assert_eq!((reliability_of(1), performance_of(1)), (None, None));
	});
}

#[test]
fn a_flawless_service_scores_100_in_every_part() {
	build_and_execute(|| {
		good_windows(ALICE, 1);
		let performance = Reputation::performance(&ALICE).unwrap();
		assert_eq!(Reputation::reliability(&ALICE), Some(100));
		assert_eq!(performance.score, 100);
		let parts =
			[performance.parts.uptime, performance.parts.correctness, performance.parts.latency];
		assert_eq!(parts.map(|p| p.measured), [Some(0), Some(0), Some(107_634)]);
		assert_eq!(parts.map(|p| p.target), [DOWN_TARGET, WRONG_TARGET, LATENCY_TARGET_US]);
		assert_eq!(parts.map(|p| p.weight), [UPTIME_WEIGHT, CORRECTNESS_WEIGHT, LATENCY_WEIGHT]);
		assert_eq!(performance_of(1), Some(performance));
	});
}

#[test]
fn each_fault_lowers_its_own_part() {
	build_and_execute_with(1_000, || {
		go_to_window(1);
		close_at(ALICE, 1, 0, Counters { up: 995, down: 3, stale: 2, ..Default::default() }, 100);
		close_at(ALICE, 2, 0, Counters { up: 950, bad: 50, ..Default::default() }, 100);
		close_at(ALICE, 3, 0, Counters { up: 1_000, slow: 900, ..Default::default() }, 1_024);
		let parts = |service| part_scores(&performance_of(service).unwrap());
		assert_eq!(parts(1), (55, 100, 100));
		assert_eq!(parts(2), (100, 55, 100));
		assert_eq!(parts(3), (100, 100, 66));
		let reliability = [1, 2, 3].map(|service| reliability_of(service).unwrap());
		assert_eq!(reliability, [99, 95, 100]);
	});
}

#[test]
fn an_operator_reads_as_the_mean_of_its_services() {
	build_and_execute(|| {
		go_to_window(1);
		close_at(ALICE, 1, 0, counters(12, 0), 64);
		close_at(ALICE, 2, 0, counters(6, 6), 256);
		assert_eq!(reliability_of(1), Some(100));
		assert_eq!(reliability_of(2), Some(50));
		assert_eq!(Reputation::reliability(&ALICE), Some(75));
		let p95 = Reputation::performance(&ALICE).unwrap().parts.latency.measured;
		assert_eq!(p95, Some((12 * 64_000 + 6 * 256_000) / 18));
	});
}

#[test]
fn recent_windows_weigh_more() {
	build_and_execute(|| {
		go_to_window(1);
		close(ALICE, 1, 0, counters(0, 12));
		go_to_window(HALF_LIFE + 1);
		close(ALICE, 1, HALF_LIFE, counters(12, 0));
		// 12 good rounds, and 12 bad ones a half-life ago.
		assert_eq!(Reputation::reliability(&ALICE), Some(66));
		assert_eq!(reliability_of(1), Some(66));
	});
}

#[test]
fn quality_is_none_long_after_the_last_measurement() {
	build_and_execute(|| {
		good_windows(ALICE, 1);
		go_to_window(3 * HALF_LIFE);
		assert_eq!(Reputation::reliability(&ALICE), Some(100));
		go_to_window(20 * HALF_LIFE);
		assert_eq!(Reputation::reliability(&ALICE), None);
		assert_eq!(performance_of(1), None);
	});
}
