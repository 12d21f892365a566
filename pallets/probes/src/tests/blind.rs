// SPDX-License-Identifier: Apache-2.0

//! Blind reports: which ones are dropped.

use super::fold::{Folded, bytes, decide, fold_all, is_up, mix, of, one};
use crate::{mock::up, *};
use core::cell::Cell;
use surety_primitives::report::Finding;

const DOWN: Finding = Finding::Down;

/// Accepted reports of each prober.
fn accepted(folded: &Folded) -> Vec<u32> {
	folded.duty.iter().map(|duty| duty.accepted).collect()
}

#[test]
fn a_blind_minority_prevents_up_but_is_no_evidence_of_down() {
	// With a single service, every report that finds it down is blind.
	assert_eq!(decide(&mix(&[(5, up()), (4, DOWN)])), Verdict::Unclear);
	// Down for more than half, but not for two thirds: too few reach the service.
	assert_eq!(decide(&mix(&[(4, up()), (5, DOWN)])), Verdict::Unclear);
	assert!(is_up(decide(&mix(&[(6, up()), (3, DOWN)]))));
	let folded = fold_all(&[Some(DueTarget::default())], &vec![Some(vec![DOWN]); 9]);
	assert_eq!((one(&folded, 0), folded.blind), (Verdict::Down, 0), "two thirds are not blind");
}

#[test]
fn operators_are_looked_up_only_if_a_report_may_be_blind() {
	let asked = Cell::new(0);
	let find = |reports: &[&[Finding]], active: usize| {
		let bytes: Vec<Vec<u8>> = reports.iter().map(|report| bytes(report)).collect();
		let reports = bytes.iter().map(|report| Some(report.as_slice())).collect();
		// Earlier results are discarded.
		let mut votes = Votes { committed: 0b1111, reports, blind: 0b1000 };
		votes.find_blind(active, || {
			asked.set(asked.get() + 1);
			vec![Some(1), Some(2), None]
		});
		(votes.blind, asked.take())
	};
	let (fine, half) = ([up(), up(), up()], [DOWN, up(), up()]);
	let dark = [DOWN, DOWN, up()];
	assert_eq!(find(&[&fine, &half, &fine, &fine], 3), (0, 0));
	assert_eq!(find(&[&fine, &dark, &fine, &fine], 3), (0b0010, 1));
	// The third byte is of no service (any more), or of an idle one.
	let gone = [up(), DOWN, DOWN];
	assert_eq!(find(&[&fine, &gone, &fine, &fine], 3), (0, 1), "one of two operators");
	assert_eq!(find(&[&fine, &gone, &fine, &fine], 2), (0, 0), "idle ones do not count");
	assert_eq!(find(&[&dark, &dark, &dark, &fine], 3), (0, 1), "two thirds are alike");
	assert_eq!(find(&[], 3), (0, 0));
}

#[test]
fn dead_idle_listings_make_no_report_blind() {
	// Endpoints that answer some probers only must not have the reports of the others dropped.
	let idle = DueTarget { idle: true, ..DueTarget::default() };
	let targets = [Some(DueTarget::default()), Some(idle), Some(idle), Some(idle)];
	let cut_off = Some(vec![up(), DOWN, DOWN, DOWN]);
	let served = Some(vec![up(); 4]);
	let folded = fold_all(&targets, &[cut_off.clone(), cut_off, served.clone(), served]);
	assert!(is_up(one(&folded, 0)));
	assert_eq!(accepted(&folded), [1, 1, 1, 1]);
}

/// True if the report that finds these down is dropped, among four of which the others find all up.
fn is_blind(targets: &[Option<DueTarget>], down: std::ops::Range<usize>) -> bool {
	let all = targets.len();
	let says = (0..all).map(|at| if down.contains(&at) { DOWN } else { up() }).collect();
	let folded =
		fold_all(targets, &[Some(says), Some(vec![up(); all]), Some(vec![up(); all]), None]);
	assert_eq!(folded.duty[1].accepted, 1);
	folded.duty[0].accepted == 0
}

#[test]
fn many_services_of_one_operator_make_no_report_blind() {
	// Operator 1 has six services that answer only some probers: most of all services, but one
	// operator of four.
	let targets = of(&[1, 1, 1, 1, 1, 1, 2, 3, 4]);
	assert!(!is_blind(&targets, 0..6));
	assert!(!is_blind(&targets, 0..7), "half of the operators are not most of them");
	assert!(is_blind(&targets, 0..8));
	assert!(is_blind(&targets, 0..9), "a report that reaches nobody is blind");
	// With a single operator, its services are all that can be seen.
	assert!(is_blind(&of(&[1, 1, 1]), 0..2));
}

#[test]
fn many_operators_with_few_services_make_no_report_blind() {
	let targets = of(&[2, 3, 4, 1, 1, 1, 1]);
	assert!(!is_blind(&targets, 0..3), "three of four operators, but three of seven services");
	assert!(is_blind(&targets, 0..4));
	// One dead service is enough for its operator to count as not reached.
	assert!(is_blind(&of(&[1, 1, 2, 2, 3, 3, 3]), 1..5));
}

#[test]
fn operators_without_a_finding_do_not_count_in_blindness() {
	let mut targets = of(&[1, 1, 2, 3, 4, 5]);
	for idle in [4, 5] {
		targets[idle] = targets[idle].map(|target| DueTarget { idle: true, ..target });
	}
	// Operator 3 has an abstention only, and 4 and 5 are idle: two of two are down.
	let says = vec![DOWN, up(), DOWN, Finding::Abstained, up(), up()];
	let fine = Some(vec![up(); 6]);
	let folded = fold_all(&targets, &[Some(says), fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.duty[0].accepted, 0);
}

#[test]
fn a_blind_report_is_dropped_unless_two_thirds_are_alike() {
	let five = [Some(DueTarget::default()); 5];
	let fine = Some(vec![DOWN, up(), up(), up(), up()]);
	let blind = Some(vec![DOWN, DOWN, DOWN, up(), up()]);
	// One blind report: service 0 is down without it, service 1 is up.
	let folded = fold_all(&five, &[fine.clone(), fine.clone(), fine.clone(), blind.clone()]);
	assert_eq!(one(&folded, 0), Verdict::Down);
	assert!(is_up(one(&folded, 1)));
	assert_eq!(accepted(&folded), [1, 1, 1, 0]);
	assert_eq!(folded.duty[3].judged, 0);
	// Three of four are alike: none is blind.
	let folded = fold_all(&five, &[fine, blind.clone(), blind.clone(), blind]);
	assert_eq!(one(&folded, 1), Verdict::Down);
	assert_eq!(accepted(&folded), [1, 1, 1, 1]);
}

#[test]
fn a_report_with_exactly_half_down_is_not_blind() {
	let two = [Some(DueTarget::default()); 2];
	let half = Some(vec![DOWN, up()]);
	let fine = Some(vec![up(), up()]);
	let folded = fold_all(&two, &[half, fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.duty[0].accepted, 1);
}
