// SPDX-License-Identifier: Apache-2.0

//! Folding of reports into verdicts.

use crate::{
	mock::{ms, up},
	*,
};
use proptest::prelude::*;
use surety_primitives::report::Finding;

const DOWN: Finding = Finding::Down;
const DOUBT: Finding = Finding::InDoubt;

/// Result of folding a round of one page.
pub(super) struct Folded {
	pub verdicts: Vec<FoldedVerdict>,
	pub duty: Vec<DutyTally>,
	pub blind: u128,
}

/// Verdict on one service of one operator, with these findings of all probers.
pub(super) fn decide(findings: &[Finding]) -> Verdict {
	let says: Vec<Option<Vec<Finding>>> = findings.iter().map(|f| Some(vec![*f])).collect();
	one(&fold_all(&[Some(DueTarget::default())], &says), 0)
}

/// Verdict on a service beside two of other operators that are up for all, so that no report is
/// blind.
fn decide_seeing(findings: &[Finding]) -> FoldedVerdict {
	let says: Vec<Option<Vec<Finding>>> =
		findings.iter().map(|f| Some(vec![*f, up(), up()])).collect();
	fold_all(&of(&[1, 2, 3]), &says).verdicts[0]
}

pub(super) fn bytes(findings: &[Finding]) -> Vec<u8> {
	findings.iter().map(|finding| finding.to_byte()).collect()
}

/// Fold a page of these targets, the idle ones last. A prober without findings committed and did
/// not reveal.
pub(super) fn fold_all(targets: &[Option<DueTarget>], says: &[Option<Vec<Finding>>]) -> Folded {
	let sent: Vec<Option<Vec<u8>>> = says.iter().map(|says| says.as_deref().map(bytes)).collect();
	let mut votes = Votes {
		committed: (1u128 << says.len()) - 1,
		reports: sent.iter().map(Option::as_deref).collect(),
		blind: 0,
	};
	let active = targets.iter().take_while(|s| s.is_none_or(|s| !s.idle)).count();
	votes.find_blind(active, || targets[..active].iter().map(|s| s.map(|s| s.operator)).collect());
	let mut duty = votes.attendance();
	let verdicts = votes.fold_page(0, targets, &mut duty);
	Folded { verdicts, duty, blind: votes.blind }
}

pub(super) fn one(folded: &Folded, at: usize) -> Verdict {
	folded.verdicts[at].verdict
}

pub(super) fn is_up(verdict: Verdict) -> bool {
	matches!(verdict, Verdict::Up { .. })
}

/// Findings, each so many times.
pub(super) fn mix(parts: &[(usize, Finding)]) -> Vec<Finding> {
	parts.iter().flat_map(|(n, finding)| vec![*finding; *n]).collect()
}

#[test]
fn a_verdict_needs_two_thirds_of_the_votes() {
	let slow = Finding::Up(ms(2_000));
	assert_eq!(decide(&[up(), up(), up(), slow]), Verdict::Up { latency: ms(40) });
	assert_eq!(decide(&[DOWN, DOWN, DOWN, up()]), Verdict::Down);
	assert_eq!(decide(&[Finding::Bad(ms(1)); 3]), Verdict::Bad);
	assert_eq!(decide(&[Finding::Stale(ms(1)), Finding::Stale(ms(1)), up()]), Verdict::Stale);
	// Votes of bad, stale and down are not added up.
	assert_eq!(decide(&[Finding::Stale(ms(1)), Finding::Bad(ms(1)), up()]), Verdict::Unclear);
	assert_eq!(decide(&[]), Verdict::Unmeasured);
	// 14 of 21 are two thirds, 13 are not. The other service keeps the reports from being blind.
	let split = |downs: usize| {
		let targets =
			[Some(DueTarget::default()), Some(DueTarget::default()), Some(DueTarget::default())];
		let says: Vec<_> =
			(0..21).map(|i| Some(vec![if i < downs { DOWN } else { up() }, up(), up()])).collect();
		one(&fold_all(&targets, &says), 0)
	};
	assert_eq!(split(14), Verdict::Down);
	assert_eq!(split(13), Verdict::Unclear);
	assert_eq!(split(8), Verdict::Unclear);
	assert!(is_up(split(7)));
}

#[test]
fn latency_is_the_median_of_the_votes_for_up() {
	let at = |latency| Finding::Up(ms(latency));
	assert_eq!(decide(&[at(10), at(20), at(1_000)]), Verdict::Up { latency: ms(20) });
	assert_eq!(decide(&[at(10), at(20), at(40), at(1_000)]), Verdict::Up { latency: ms(20) });
	assert_eq!(decide(&[at(10)]), Verdict::Up { latency: ms(10) });
}

#[test]
fn a_target_that_half_of_the_probers_reach_is_not_up() {
	assert!(!is_up(decide(&[up(), up(), DOWN, DOWN])));
	let two = [Some(DueTarget::default()), Some(DueTarget::default()), Some(DueTarget::default())];
	let half = |at: usize| Some(vec![if at < 2 { up() } else { DOWN }, up(), up()]);
	let folded = fold_all(&two, &[half(0), half(1), half(2), half(3)]);
	assert_eq!(one(&folded, 0), Verdict::Unclear);
	assert!(is_up(one(&folded, 1)));
}

#[test]
fn without_a_quorum_nothing_is_measured() {
	let targets = [Some(DueTarget::default())];
	let report = [DOWN.to_byte()];
	let verdict = |committed: usize, revealed: usize, probers: usize| {
		let reports = (0..probers).map(|i| (i < revealed).then_some(&report[..])).collect();
		let votes = Votes { committed: (1 << committed) - 1, reports, blind: 0 };
		votes.fold_page(0, &targets, &mut [])[0].verdict
	};
	assert_eq!(verdict(14, 11, 21), Verdict::Down);
	assert_eq!(verdict(13, 13, 21), Verdict::Unmeasured, "too few commits");
	assert_eq!(verdict(21, 10, 21), Verdict::Unmeasured, "too few reveals");
	assert_eq!(verdict(3, 2, 4), Verdict::Down);
	assert_eq!(verdict(2, 2, 4), Verdict::Unmeasured);
	assert_eq!(verdict(3, 1, 4), Verdict::Unmeasured);
	assert_eq!(verdict(1, 1, 1), Verdict::Down);
	assert_eq!(verdict(0, 0, 1), Verdict::Unmeasured);
	assert_eq!(verdict(0, 0, 0), Verdict::Unmeasured, "no prober");
	assert_eq!(verdict(67, 50, 100), Verdict::Down);
	assert_eq!(verdict(66, 66, 100), Verdict::Unmeasured);
	assert_eq!(verdict(67, 49, 100), Verdict::Unmeasured);
}

#[test]
fn a_target_on_which_too_few_vote_is_excused() {
	let abstained = Finding::Abstained;
	assert!(is_up(decide(&[up(), up(), abstained, abstained])));
	// All reports are there, so the round is not unmeasured.
	assert_eq!(decide(&[up(), abstained, abstained, abstained]), Verdict::Excused);
	assert_eq!(decide(&[DOWN, Finding::Skipped, abstained, abstained]), Verdict::Excused);
	assert_eq!(decide(&[abstained; 4]), Verdict::Excused);
	let gone = fold_all(&[Some(DueTarget::default())], &[Some(vec![abstained]), None, None, None]);
	assert_eq!(one(&gone, 0), Verdict::Unmeasured, "one of four revealed");
}

/// Votes of down, in doubt and up of nine probers, of which two may lie.
#[test]
fn doubt_is_a_vote_neither_for_up_nor_for_down() {
	use Verdict::*;
	let at = |downs: usize, doubts: usize| {
		decide_seeing(&mix(&[(downs, DOWN), (doubts, DOUBT), (9 - downs - doubts, up())])).verdict
	};
	let up_at = Up { latency: ms(40) };
	// Rows: votes for down. Columns: votes of doubt. All others vote up.
	let table: [Vec<Verdict>; 10] = [
		vec![up_at, up_at, up_at, up_at, Unclear, Unclear, Excused, Excused, Excused, Excused],
		vec![up_at, up_at, up_at, Unclear, Unclear, Excused, Excused, Excused, Excused],
		vec![up_at, up_at, Unclear, Unclear, Excused, Excused, Excused, Excused],
		vec![up_at, Unclear, Unclear, Excused, Excused, Excused, Excused],
		vec![Unclear, Unclear, Excused, Excused, Excused, Excused],
		vec![Unclear, Excused, Excused, Excused, Excused],
		vec![Down, Down, Down, Down],
		vec![Down, Down, Down],
		vec![Down, Down],
		vec![Down],
	];
	for (downs, row) in table.iter().enumerate() {
		for (doubts, verdict) in row.iter().enumerate() {
			assert_eq!(at(downs, doubts), *verdict, "{downs} down, {doubts} in doubt of 9");
		}
	}
	// Doubt is no abstention: an abstention leaves the others a larger share.
	assert_eq!(decide_seeing(&mix(&[(5, DOWN), (4, Finding::Abstained)])).verdict, Down);
	assert_eq!(decide_seeing(&mix(&[(5, up()), (4, Finding::Abstained)])).verdict, up_at);
	// Doubt is not added to wrong and old answers.
	assert_eq!(decide_seeing(&mix(&[(6, Finding::Bad(ms(1))), (3, DOUBT)])).verdict, Bad);
	assert_eq!(decide_seeing(&mix(&[(5, Finding::Stale(ms(1))), (4, DOUBT)])).verdict, Unclear);
}

#[test]
fn two_liars_of_nine_change_neither_an_outage_nor_a_doubt() {
	let lies = [DOWN, DOUBT, up(), Finding::Bad(ms(1)), Finding::Stale(ms(1)), Finding::Abstained];
	for (a, b) in lies.iter().flat_map(|a| lies.iter().map(move |b| (*a, *b))) {
		let with = |honest: Finding| decide_seeing(&mix(&[(7, honest), (1, a), (1, b)])).verdict;
		assert_eq!(with(DOWN), Verdict::Down, "{a:?} {b:?}");
		assert_eq!(with(DOUBT), Verdict::Excused, "{a:?} {b:?}");
		assert!(is_up(with(up())), "{a:?} {b:?}");
	}
}

#[test]
fn a_lost_proof_needs_two_thirds_of_the_votes() {
	let fold = |parts: &[(usize, Finding)]| {
		let FoldedVerdict { verdict, no_proof } = decide_seeing(&mix(parts));
		(verdict, no_proof)
	};
	let bad = Finding::Bad(ms(1));
	assert_eq!(fold(&[(9, Finding::NoProof)]), (Verdict::Bad, true));
	assert_eq!(fold(&[(6, Finding::NoProof), (3, up())]), (Verdict::Bad, true));
	assert_eq!(
		fold(&[(5, Finding::NoProof), (4, bad)]),
		(Verdict::Bad, false),
		"bad for other reasons"
	);
	assert_eq!(fold(&[(5, Finding::NoProof), (1, bad), (3, up())]), (Verdict::Bad, false));
	assert_eq!(fold(&[(5, Finding::NoProof), (4, up())]), (Verdict::Unclear, false));
	assert_eq!(fold(&[(2, Finding::NoProof), (7, up())]), (Verdict::Up { latency: ms(40) }, false));
	assert_eq!(fold(&[(2, up()), (7, Finding::NoProof)]), (Verdict::Bad, true));
	assert_eq!(fold(&[(9, bad)]), (Verdict::Bad, false));
}

#[test]
fn idle_listings_do_not_count_in_the_duty() {
	// All but prober 3 reach a listing that was made to fail it.
	let says = [[up(), up()], [up(), up()], [up(), up()], [up(), DOWN]]
		.map(|findings| Some(findings.to_vec()));
	let duty = |idle| {
		let other =
			DueTarget { operator: 1, idle, before: Some(Verdict::Down), ..DueTarget::default() };
		let tally = fold_all(&[Some(DueTarget::default()), Some(other)], &says).duty[3];
		(tally.agreed, tally.judged, tally.rose)
	};
	assert_eq!(duty(true), (SHARE, SHARE, 0));
	assert_eq!(duty(false), (SHARE, 2 * SHARE, SHARE), "with units it counts");
}

/// One service each of these operators, in their order.
pub(super) fn of(operators: &[u32]) -> Vec<Option<DueTarget>> {
	operators
		.iter()
		.map(|operator| Some(DueTarget { operator: *operator, ..DueTarget::default() }))
		.collect()
}

#[test]
fn findings_agree_if_they_say_the_same_as_the_verdict() {
	let mut targets = of(&[1, 2, 3, 4]);
	targets[0] = targets[0].map(|target| DueTarget { own: Some(0), ..target });
	targets[3] = None;
	let honest = vec![up(), up(), up(), DOWN];
	let folded = fold_all(
		&targets,
		&[
			Some(vec![Finding::Skipped, up(), Finding::Abstained, DOWN]),
			Some(vec![Finding::Skipped, DOWN, up(), DOWN]),
			Some(vec![DOUBT, up(), up(), DOWN]),
			Some(honest.clone()),
			Some(honest.clone()),
			Some(honest),
			None,
		],
	);
	let tallies: Vec<(u64, u64)> =
		folded.duty.iter().map(|d| (d.judged / SHARE, d.agreed / SHARE)).collect();
	// Only the operator itself may skip its service. Abstaining does not agree, nor does doubt.
	assert_eq!(tallies, [(2, 1), (3, 1), (3, 2), (3, 3), (3, 3), (3, 3), (0, 0)]);
	assert_eq!(
		(folded.duty[6].rounds, folded.duty[6].committed, folded.duty[6].revealed),
		(1, 1, 0)
	);
	assert_eq!(one(&folded, 3), Verdict::Unmeasured, "an empty slot");
}

/// Regression: an operator with 21 cheap services that answered all probers but one had that one
/// fail its duty.
#[test]
fn duty_counts_operators_whatever_the_number_of_services() {
	let operators: Vec<u32> = [vec![7; 21], vec![1, 2, 3]].concat();
	let targets = of(&operators);
	let fine = Some(vec![up(); 24]);
	let refused = Some([vec![DOWN; 21], vec![up(); 3]].concat());
	let folded = fold_all(&targets, &[refused, fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.blind, 0, "one of four operators");
	let duty = folded.duty[0];
	assert_eq!((duty.agreed, duty.judged), (3 * SHARE, 4 * SHARE));
	assert_eq!(duty.agreement(), Perbill::from_percent(75));
	assert_eq!(folded.duty[1].judged, 4 * SHARE, "the same for all others");
	// A part of the services counts as a part.
	let partly = Some([vec![DOWN; 7], vec![up(); 17]].concat());
	let fine = Some(vec![up(); 24]);
	let folded = fold_all(&targets, &[partly, fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.duty[0].agreed, 3 * SHARE + SHARE * 14 / 21);
}

#[test]
fn changes_of_verdict_count_with_the_probers_that_caught_them() {
	use Verdict::*;
	let up_before = Up { latency: ms(1) };
	let before = [Some(up_before), Some(up_before), Some(Down), Some(Bad), Some(Unclear), None];
	let targets: Vec<Option<DueTarget>> = (1u32..)
		.zip(before)
		.map(|(operator, before)| Some(DueTarget { operator, before, ..DueTarget::default() }))
		.collect();
	// Services 0 and 1 fell, 2 and 3 rose; of 4 and 5 nothing was known before.
	let truth = vec![DOWN, Finding::Stale(ms(1)), up(), up(), DOWN, up()];
	let copied = vec![up(), up(), DOWN, Finding::Bad(ms(1)), DOWN, up()];
	let some = vec![DOWN, up(), up(), DOUBT, DOWN, up()];
	let honest = Some(truth.clone());
	let six = [Some(copied), Some(some), honest.clone(), honest.clone(), honest.clone(), honest];
	let folded = fold_all(&targets, &six);
	let tallies: Vec<[u64; 4]> = folded
		.duty
		.iter()
		.map(|d| [d.fell, d.fell_caught, d.rose, d.rose_caught].map(|share| share / SHARE))
		.collect();
	assert_eq!(
		tallies,
		[[2, 0, 2, 0], [2, 1, 2, 1], [2, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]]
	);
	// Bad and then down is no change: up neither before nor after.
	let target = DueTarget { before: Some(Bad), ..DueTarget::default() };
	let folded = fold_all(&[Some(target)], &vec![Some(vec![DOWN]); 4]);
	assert_eq!((folded.duty[0].fell, folded.duty[0].rose, folded.duty[0].judged), (0, 0, SHARE));
	// Nor is a verdict that says nothing of the service.
	let target = DueTarget { before: Some(up_before), ..DueTarget::default() };
	for finding in [DOUBT, Finding::Abstained] {
		let folded = fold_all(&[Some(target)], &vec![Some(vec![finding]); 4]);
		assert_eq!((folded.duty[0].fell, folded.duty[0].judged), (0, 0), "{finding:?}");
	}
}

#[test]
fn services_of_one_operator_that_fall_together_are_one_change() {
	let target = DueTarget { before: Some(Verdict::Up { latency: ms(1) }), ..DueTarget::default() };
	let page = vec![Some(target); 21];
	let half = [vec![DOWN; 7], vec![up(); 14]].concat();
	let all = Some(vec![DOWN; 21]);
	let folded = fold_all(&page, &[Some(half), all.clone(), all.clone(), all]);
	let duty = folded.duty[0];
	assert_eq!((duty.fell, duty.fell_caught), (SHARE, SHARE * 7 / 21));
}

#[test]
fn an_operator_has_no_vote_on_its_own_service() {
	let mut targets = of(&[1, 2, 3]);
	targets[0] = targets[0].map(|target| DueTarget { own: Some(0), ..target });
	let says = |findings: [Finding; 4]| findings.map(|finding| Some(vec![finding, up(), up()]));
	let folded = fold_all(&targets, &says([up(), DOWN, DOWN, up()]));
	assert_eq!(one(&folded, 0), Verdict::Down, "2 of 3 say down");
	assert_eq!(folded.duty[0].judged, 2 * SHARE);
	let folded = fold_all(&targets, &says([DOWN, up(), up(), up()]));
	assert!(is_up(one(&folded, 0)));
	let folded = fold_all(&targets, &says([up(), up(), DOWN, Finding::Abstained]));
	assert_eq!(one(&folded, 0), Verdict::Unclear, "1 of 2 says up");
}

#[test]
fn each_page_has_its_own_part_of_a_report() {
	let reports = [[up(), DOWN, up()]; 3].map(|says| bytes(&says));
	let short = bytes(&[up(), DOWN]);
	let all = reports.iter().chain([&short]).map(|report| Some(report.as_slice()));
	let votes = Votes { committed: 0b1111, reports: all.collect(), blind: 0 };
	let page = of(&[1]);
	let mut duty = votes.attendance();
	let decided =
		|from: usize, duty: &mut [DutyTally]| votes.fold_page(from, &page, duty)[0].verdict;
	assert!(is_up(decided(0, &mut duty)));
	assert_eq!(decided(1, &mut duty), Verdict::Down);
	assert!(is_up(decided(2, &mut duty)));
	assert_eq!(decided(3, &mut duty), Verdict::Excused, "past the end of all reports");
	assert_eq!(decided(usize::MAX, &mut duty), Verdict::Excused);
	let judged: Vec<u64> = duty.iter().map(|duty| duty.judged / SHARE).collect();
	assert_eq!(judged, [3, 3, 3, 2], "the pages add up");
}

fn any_finding() -> impl Strategy<Value = Finding> {
	prop_oneof![
		(0u32..3_000).prop_map(|l| Finding::Up(ms(l))),
		Just(Finding::Down),
		Just(Finding::Bad(ms(1))),
		Just(Finding::Stale(ms(1))),
		Just(Finding::NoProof),
		Just(Finding::InDoubt),
		Just(Finding::Abstained),
		Just(Finding::Skipped),
	]
}

/// Honest view of a service: seen, doubtful, or not probed.
#[derive(Clone, Copy, Debug)]
enum View {
	Sure,
	Doubts,
	Nothing,
}

fn any_view() -> impl Strategy<Value = View> {
	prop_oneof![4 => Just(View::Sure), 2 => Just(View::Doubts), 1 => Just(View::Nothing)]
}

proptest! {
	/// Fewer than a third lie in any way, and any number of honest probers is absent: a service
	/// that is up is never found down, bad or stale, and one that is down never up. With all honest
	/// probers present, the verdict is the truth.
	#[test]
	fn liars_below_a_third_decide_nothing(
		n in 4usize..40,
		truth in proptest::collection::vec(any::<bool>(), 1..6),
		lies in proptest::collection::vec(
			proptest::option::of(proptest::collection::vec(any_finding(), 6)),
			13,
		),
		absent in proptest::collection::vec(any::<bool>(), 40),
		all_there in any::<bool>(),
	) {
		let liars = (n - 1) / 3;
		let targets = vec![Some(DueTarget::default()); truth.len()];
		let honest: Vec<Finding> = truth.iter().map(|t| if *t { up() } else { DOWN }).collect();
		let says: Vec<Option<Vec<Finding>>> = (0..n)
			.map(|i| match lies.get(i).filter(|_| i < liars) {
				Some(lie) => lie.as_ref().map(|lie| lie[..truth.len()].to_vec()),
				None => (all_there || !absent[i]).then(|| honest.clone()),
			})
			.collect();
		let folded = fold_all(&targets, &says);
		for (at, truth) in truth.iter().enumerate() {
			let verdict = one(&folded, at);
			prop_assert!(!folded.verdicts[at].no_proof);
			if *truth {
				let against = matches!(verdict, Verdict::Down | Verdict::Bad | Verdict::Stale);
				prop_assert!(!against, "{verdict:?}");
			} else {
				prop_assert!(!is_up(verdict));
			}
			if all_there {
				prop_assert_eq!(is_up(verdict), *truth);
				prop_assert_eq!(verdict == Verdict::Down, !*truth);
			}
		}
	}

	/// Honest probers doubt, or say nothing, beside fewer than a third that lie: no outage is
	/// invented, none is hidden by an `Up`, and the truth is the verdict as soon as two thirds of
	/// all are sure of it. Doubt alone is never an outage.
	#[test]
	fn doubt_of_honest_probers_helps_no_liar(
		n in 4usize..40,
		is_down in any::<bool>(),
		views in proptest::collection::vec(any_view(), 40),
		unanimous in proptest::option::of(any_view()),
		lies in proptest::collection::vec(any_finding(), 13),
	) {
		let liars = (n - 1) / 3;
		let truth = if is_down { DOWN } else { up() };
		let views: Vec<View> =
			views[..n - liars].iter().map(|view| unanimous.unwrap_or(*view)).collect();
		let honest = views.iter().map(|view| match view {
			View::Sure => truth,
			View::Doubts => DOUBT,
			View::Nothing => Finding::Abstained,
		});
		let says: Vec<Finding> = lies[..liars].iter().copied().chain(honest).collect();
		let FoldedVerdict { verdict, no_proof } = decide_seeing(&says);
		prop_assert!(!no_proof);
		let other = matches!(verdict, Verdict::Bad | Verdict::Stale | Verdict::Unmeasured);
		prop_assert!(!other, "{verdict:?}");
		prop_assert!(!(is_down && is_up(verdict)), "hidden");
		prop_assert!(is_down || verdict != Verdict::Down, "invented");
		let sure = views.iter().filter(|view| matches!(view, View::Sure)).count();
		let doubts = views.iter().filter(|view| matches!(view, View::Doubts)).count();
		if sure * 3 >= n * 2 {
			prop_assert_eq!(verdict == Verdict::Down, is_down);
			prop_assert_eq!(is_up(verdict), !is_down);
		}
		if sure == 0 {
			prop_assert!(matches!(verdict, Verdict::Excused | Verdict::Unclear), "{verdict:?}");
		}
		if doubts * 3 >= n * 2 {
			prop_assert_eq!(verdict, Verdict::Excused);
		}
		// An outage that all honest probers either saw or doubted has no other verdict.
		if is_down && sure + doubts == n - liars {
			prop_assert!(matches!(verdict, Verdict::Down | Verdict::Excused), "{verdict:?}");
		}
	}

	/// No input panics, there is one verdict per target, and duty is a chain of subsets.
	#[test]
	fn any_bytes_fold_without_panic(
		committed in any::<u128>(),
		blind in any::<u128>(),
		reports in proptest::collection::vec(
			proptest::option::of(proptest::collection::vec(any::<u8>(), 0..30)),
			0..6,
		),
		pages in proptest::collection::vec((0usize..40, 0usize..6, any::<u8>()), 0..4),
		active in 0usize..40,
		owners in proptest::collection::vec(proptest::option::of(0u32..4), 0..30),
		finds in any::<bool>(),
	) {
		let sent = reports.iter().map(Option::as_deref).collect();
		let mut votes = Votes { committed, reports: sent, blind };
		if finds {
			votes.find_blind(active, || owners);
		}
		let mut duty = votes.attendance();
		prop_assert_eq!(duty.len(), reports.len());
		for (from, services, before) in pages {
			let was_up = before & 1 != 0;
			let last = if was_up { Verdict::Up { latency: ms(1) } } else { Verdict::Down };
			let target = |at: usize| DueTarget {
				operator: at as u32 % 3,
				own: (at == 1).then_some(0),
				before: Some(last),
				idle: before & 2 == 0,
			};
			let targets: Vec<_> = (0..services).map(|at| (at != 3).then(|| target(at))).collect();
			prop_assert_eq!(votes.fold_page(from, &targets, &mut duty).len(), services);
		}
		for tally in duty {
			prop_assert!(tally.accepted <= tally.revealed);
			prop_assert!(tally.agreed <= tally.judged);
			prop_assert!(tally.fell + tally.rose <= 2 * tally.judged);
			prop_assert!(tally.fell_caught <= tally.fell && tally.rose_caught <= tally.rose);
		}
	}
}
