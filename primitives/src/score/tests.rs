// SPDX-License-Identifier: Apache-2.0

//! Worked numbers and properties of the score maths.

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const HALF_LIFE: u32 = 30;

fn windows(n: u64) -> u64 {
	n * ONE
}

fn evidence(alpha: u64, beta: u64) -> Evidence {
	Evidence { alpha: windows(alpha), beta: windows(beta) }
}

/// Score after `n` good windows in a row.
fn after_good_windows(n: u32) -> u8 {
	let step = Decay::over(1, HALF_LIFE);
	let good = Evidence::of_rounds(1_440, 0, 1_440);
	(0..n).fold(Evidence::default(), |e, _| e.decayed(step).plus(good)).score()
}

fn counters(up: u16, slow: u16, down: u16, bad: u16, stale: u16, unclear: u16) -> Counters {
	Counters { up, down, bad, stale, unclear, slow, ..Default::default() }
}

fn bucket(ms: u32) -> LatencyBucket {
	LatencyBucket::from_millis(ms)
}

#[test]
fn worked_numbers_of_the_documentation() {
	assert_eq!(evidence(8, 0).score(), 71);
	let parts = Quality {
		measured: windows(1_000),
		up: windows(998),
		bad: 0,
		down: windows(2),
		p95_us: 1_024_000,
	}
	.performance()
	.unwrap();
	assert_eq!((parts.uptime.score, parts.correctness.score, parts.latency.score), (88, 100, 66));
	assert_eq!(parts.score(), 87);
}

#[test]
fn a_new_account_scores_nothing() {
	assert_eq!(Evidence::default().score(), 0);
}

#[test]
fn good_windows_raise_the_score_step_by_step() {
	let scores = [1, 2, 3, 5, 8, 15, 30, 365].map(after_good_windows);
	assert_eq!(scores, [19, 35, 46, 59, 70, 80, 87, 93]);
}

#[test]
fn breaches_lower_the_score_by_their_severity() {
	let operator = evidence(14, 0);
	let after = Severity::ALL.map(|s| operator.plus(Evidence::of_breach(s)).score());
	assert_eq!(operator.score(), 82);
	assert_eq!(after, [73, 73, 66, 56]);
}

#[test]
fn the_number_of_rounds_of_a_window_does_not_matter() {
	assert_eq!(Evidence::of_rounds(12, 0, 12), Evidence::of_rounds(1_440, 0, 1_440));
	assert_eq!(Evidence::of_rounds(9, 3, 12), Evidence::of_rounds(1_080, 360, 1_440));
}

#[test]
fn many_services_weigh_as_one_window() {
	assert_eq!(Evidence::of_rounds(144_000, 0, 1_440), evidence(1, 0));
	assert_eq!(Evidence::of_rounds(0, u32::MAX, 1_440), evidence(0, BAD_WEIGHT));
}

#[test]
fn half_a_window_is_half_the_evidence() {
	assert_eq!(Evidence::of_rounds(6, 0, 12), Evidence { alpha: ONE / 2, beta: 0 });
}

#[test]
fn slow_rounds_are_not_good() {
	assert_eq!(good_and_bad(&counters(10, 4, 1, 2, 3, 4)), (6, 14));
}

#[test]
fn unmeasured_and_excused_rounds_are_no_evidence() {
	let c = Counters { unmeasured: 7, excused: 5, ..Default::default() };
	assert_eq!(good_and_bad(&c), (0, 0));
	assert_eq!(Evidence::of_rounds(0, 0, 12), Evidence::default());
	assert_eq!(Quality::default().with_window(&c, bucket(100)), Quality::default());
}

/// Each entry is the floor of the root of the one before it.
#[test]
fn the_table_of_roots_is_exact() {
	let mut before = 1u128 << 62;
	for root in ROOTS {
		let root = u128::from(root);
		assert!(root * root <= (before + 1) << 63);
		assert!((root + 1) * (root + 1) > before << 63);
		before = root;
	}
}

#[test]
fn a_half_life_leaves_half() {
	for half_life in [1, 7, 30, 1_000, u32::MAX] {
		assert_eq!(Decay::over(0, half_life).of(1 << 40), 1 << 40);
		assert_eq!(Decay::over(half_life, half_life).of(1 << 40), 1 << 39);
	}
	assert_eq!(Decay::over(60, 30).of(1 << 40), 1 << 38);
	assert_eq!(Decay::over(15, 30).of(ONE), 707_106_781);
	assert_eq!(Decay::over(u32::MAX, 1).of(u64::MAX), 0);
	assert_eq!(Decay::over(1, 0), Decay::over(1, 1));
}

#[test]
fn without_rounds_there_is_no_quality_score() {
	assert_eq!(Quality::default().reliability(), None);
	assert_eq!(Quality::default().performance(), None);
	let old = Quality::default().with_window(&counters(1, 0, 0, 0, 0, 0), bucket(10));
	assert_eq!(old.reliability(), Some(100));
	assert_eq!(old.decayed(Decay::over(20 * HALF_LIFE, HALF_LIFE)).reliability(), None);
}

#[test]
fn reliability_is_the_share_of_good_verdicts() {
	let q = Quality::default().with_window(&counters(90, 30, 4, 3, 2, 1), bucket(10));
	assert_eq!(q.reliability(), Some(90));
}

#[test]
fn parts_are_full_at_their_targets_and_empty_at_ten_times_them() {
	let q = |down, bad, p95_us| {
		let measured = windows(100_000);
		let up = measured - down - bad;
		Quality { measured, up, bad, down, p95_us }.performance().unwrap()
	};
	let full = q(windows(100), windows(999), 256_000);
	assert_eq!((full.uptime.score, full.correctness.score, full.latency.score), (100, 100, 100));
	assert_eq!(full.score(), 100);
	let empty = q(windows(1_000), windows(9_900), 2_560_000);
	assert_eq!((empty.uptime.score, empty.correctness.score, empty.latency.score), (0, 0, 0));
	assert_eq!(empty.score(), 0);
	let [a, b, c] = [UPTIME_WEIGHT, CORRECTNESS_WEIGHT, LATENCY_WEIGHT];
	assert_eq!(a + b + c, 100);
	assert_eq!(bucket(250).edge_micros(), u64::from(LATENCY_TARGET_US));
}

#[test]
fn a_service_that_never_answered_scores_zero() {
	let q = Quality::default().with_window(&counters(0, 0, 12, 0, 0, 0), LatencyBucket::default());
	let parts = q.performance().unwrap();
	assert_eq!((parts.uptime.score, parts.correctness.score, parts.latency.score), (0, 0, 0));
	assert_eq!((parts.correctness.measured, parts.latency.measured), (None, None));
}

#[test]
fn latency_is_the_mean_of_the_windows_by_their_rounds() {
	let q = Quality::default()
		.with_window(&counters(30, 0, 0, 0, 0, 0), bucket(64))
		.with_window(&counters(10, 0, 0, 0, 0, 0), bucket(128))
		.with_window(&counters(0, 0, 12, 0, 0, 0), LatencyBucket::default());
	assert_eq!(q.p95_us, (30 * 64_000 + 10 * 128_000) / 40);
}

#[test]
fn p95_of_small_histograms() {
	let mut h = [0u16; 64];
	assert_eq!(p95(&h), None);
	assert_eq!(p95(&[]), None);
	h[7] = 1;
	assert_eq!(p95(&h).map(LatencyBucket::index), Some(7));
	h[3] = 18;
	assert_eq!(p95(&h).map(LatencyBucket::index), Some(7), "18 of 19 are less than 95 %");
	h[3] = 19;
	assert_eq!(p95(&h).map(LatencyBucket::index), Some(3), "19 of 20 are 95 %");
}

#[test]
fn a_compact_histogram_answers_with_the_upper_bucket_of_the_cell() {
	let mut h = [0u16; 16];
	h[0] = 1;
	assert_eq!(p95(&h).map(LatencyBucket::index), Some(3));
	h[15] = 1;
	assert_eq!(p95(&h), Some(LatencyBucket::MAX));
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
	(0..=2 * MAX_EVIDENCE, 0..=2 * MAX_EVIDENCE, 0u32..40, 0u32..40)
		.prop_map(|(alpha, beta, x, y)| Evidence { alpha: alpha >> x, beta: beta >> y })
}

fn any_counters() -> impl Strategy<Value = Counters> {
	(0u16..500, 0u16..500, 0u16..300, 0u16..300, 0u16..300, 0u16..300).prop_map(
		|(up, slow, down, bad, stale, unclear)| {
			counters(up, slow.min(up), down, bad, stale, unclear)
		},
	)
}

proptest! {
	#[test]
	fn the_score_is_bounded(e in any_evidence()) {
		prop_assert!(e.score() <= 100);
	}

	#[test]
	fn more_good_evidence_never_lowers(e in any_evidence(), more in 1_000u64..MAX_EVIDENCE) {
		let better = e.plus(Evidence { alpha: more, beta: 0 });
		prop_assert!(better.score() >= e.score());
	}

	#[test]
	fn more_bad_evidence_never_raises(e in any_evidence(), more in 1_000u64..MAX_EVIDENCE) {
		let worse = e.plus(Evidence { alpha: 0, beta: more });
		prop_assert!(worse.score() <= e.score());
	}

	#[test]
	fn one_more_good_round_never_lowers(e in any_evidence(), good in 0u32..5_000, bad in 0u32..5_000) {
		let now = e.plus(Evidence::of_rounds(good, bad, 1_440)).score();
		prop_assert!(e.plus(Evidence::of_rounds(good + 1, bad, 1_440)).score() >= now);
		prop_assert!(e.plus(Evidence::of_rounds(good, bad + 1, 1_440)).score() <= now);
	}

	/// Within what the binary expansion of a part of a half-life rounds.
	#[test]
	fn decay_composes(x in 0u32..500, y in 0u32..500, half_life in 1u32..400) {
		let value = 1_000_000 * ONE;
		let twice = Decay::over(y, half_life).of(Decay::over(x, half_life).of(value));
		let once = Decay::over(x + y, half_life).of(value);
		prop_assert!(twice.abs_diff(once) <= value / 5_000_000);
	}

	#[test]
	fn decay_is_monotone(x in 0u32..5_000, half_life in 1u32..2_000, value in any::<u64>()) {
		prop_assert!(Decay::over(x + 1, half_life).of(value) <= Decay::over(x, half_life).of(value));
		prop_assert!(Decay::over(x, half_life).of(value) <= value);
	}

	#[test]
	fn idling_never_raises_the_score(e in any_evidence(), x in 0u32..2_000, half_life in 1u32..400) {
		let now = e.decayed(Decay::over(x, half_life)).score();
		prop_assert!(e.decayed(Decay::over(x + 1, half_life)).score() <= now);
	}

	#[test]
	fn decay_tends_to_the_prior(e in any_evidence(), half_life in 1u32..400) {
		prop_assert_eq!(e.decayed(Decay::over(64 * half_life, half_life)), Evidence::default());
	}

	#[test]
	fn quality_scores_are_bounded_and_parts_stay_within_the_whole(
		seen in proptest::collection::vec((any_counters(), 0u8..64, 0u32..40), 1..30),
	) {
		let mut q = Quality::default();
		for (c, index, idle) in seen {
			q = q.decayed(Decay::over(idle, 30)).with_window(&c, LatencyBucket::from_index(index).unwrap());
			prop_assert!(q.up + q.bad + q.down <= q.measured);
			prop_assert!(q.reliability().is_none_or(|r| r <= 100));
			prop_assert!(q.performance().is_none_or(|p| p.score() <= 100));
			prop_assert!(u64::from(q.p95_us) <= LatencyBucket::MAX.edge_micros());
		}
	}

	#[test]
	fn performance_never_rises_with_worse_rounds(c in any_counters(), index in 0u8..63) {
		let latency = |i| LatencyBucket::from_index(i).unwrap();
		let score = |c: &Counters, i| {
			Quality::default().with_window(c, latency(i)).performance().map_or(0, |p| p.score())
		};
		let now = score(&c, index);
		prop_assume!(c.measured() > 0);
		prop_assert!(score(&c, index + 1) <= now);
		let more_down = Counters { down: c.down + 1, ..c };
		prop_assert!(score(&more_down, index) <= now);
		if c.up > 1 {
			let wrong = Counters { up: c.up - 1, bad: c.bad + 1, ..c };
			prop_assert!(score(&wrong, index) <= now);
		}
	}

	#[test]
	fn p95_has_ninety_five_percent_at_or_below_it(h in proptest::collection::vec(0u16..1_000, 64)) {
		let total: u64 = h.iter().map(|n| u64::from(*n)).sum();
		prop_assume!(total > 0);
		let at = usize::from(p95(&h).unwrap().index());
		let upto = |end: usize| h.iter().take(end).map(|n| u64::from(*n)).sum::<u64>();
		prop_assert!(upto(at + 1) * 100 >= total * 95);
		prop_assert!(upto(at) * 100 < total * 95);
	}

	#[test]
	fn a_compact_histogram_is_at_most_one_cell_slower(h in proptest::collection::vec(0u16..1_000, 64)) {
		prop_assume!(h.iter().any(|n| *n > 0));
		let compact: Vec<u16> = h.chunks(4).map(|cell| cell.iter().sum()).collect();
		let (exact, rough) = (p95(&h).unwrap().index(), p95(&compact).unwrap().index());
		prop_assert!((exact..exact + 4).contains(&rough));
	}
}
