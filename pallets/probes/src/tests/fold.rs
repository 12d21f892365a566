//! The pure core of sweep 1.

use crate::{
	Ruling,
	fold::{Ballot, Folded, Sheet, Subject, fold},
	mock::{ms, up},
};
use proptest::prelude::*;
use surety_primitives::{Verdict, report::Finding};

const DOWN: Finding = Finding::Down;

/// One service, everybody in the committee and revealing.
fn decide(findings: &[Finding]) -> Verdict {
	let says: Vec<Option<Vec<Finding>>> = findings.iter().map(|f| Some(vec![*f])).collect();
	one(&fold_all(&[Some(Subject::default())], &says), 0)
}

/// One page with these services; a prober's findings, or none if it never revealed.
fn fold_all(subjects: &[Option<Subject>], says: &[Option<Vec<Finding>>]) -> Folded {
	let bytes: Vec<Option<Vec<u8>>> = says
		.iter()
		.map(|says| says.as_ref().map(|findings| findings.iter().map(|f| f.to_byte()).collect()))
		.collect();
	let ballots: Vec<Ballot> =
		bytes.iter().map(|b| Ballot { committed: true, report: b.as_deref() }).collect();
	let committee = (1u128 << says.len()) - 1;
	fold(&[Sheet { committee, subjects }], &ballots)
}

fn one(folded: &Folded, at: usize) -> Verdict {
	match folded.rulings[at] {
		Ruling::Verdict(verdict) => verdict,
		Ruling::CorrelatedDown => panic!("correlated"),
	}
}

fn is_up(verdict: Verdict) -> bool {
	matches!(verdict, Verdict::Up { .. })
}

#[test]
fn two_thirds_decide() {
	let slow = Finding::Up(ms(2_000));
	assert_eq!(decide(&[up(), up(), up(), slow]), Verdict::Up { latency: ms(40) });
	assert_eq!(decide(&[DOWN, DOWN, DOWN, up()]), Verdict::Down);
	assert_eq!(decide(&[Finding::Bad(ms(1)); 3]), Verdict::Bad);
	assert_eq!(decide(&[Finding::Stale(ms(1)), Finding::Stale(ms(1)), up()]), Verdict::Stale);
	// Bad and stale are not added up, nor is down.
	assert_eq!(decide(&[Finding::Stale(ms(1)), Finding::Bad(ms(1)), up()]), Verdict::Unclear);
	assert_eq!(decide(&[]), Verdict::Unmeasured);
	// 14 of 21 are two thirds, 13 are not. The other service keeps the reports from being blind.
	let split = |downs: usize| {
		let subjects = [Some(Subject::default()), Some(Subject::default()), Some(Subject::default())];
		let says: Vec<_> =
			(0..21).map(|i| Some(vec![if i < downs { DOWN } else { up() }, up(), up()])).collect();
		one(&fold_all(&subjects, &says), 0)
	};
	assert_eq!(split(14), Verdict::Down);
	assert_eq!(split(13), Verdict::Unclear);
	assert_eq!(split(8), Verdict::Unclear);
	assert!(is_up(split(7)));
}

#[test]
fn the_median_is_of_those_who_say_up() {
	let at = |latency| Finding::Up(ms(latency));
	assert_eq!(decide(&[at(10), at(20), at(1_000)]), Verdict::Up { latency: ms(20) });
	assert_eq!(decide(&[at(10), at(20), at(40), at(1_000)]), Verdict::Up { latency: ms(20) });
	assert_eq!(decide(&[at(10)]), Verdict::Up { latency: ms(10) });
}

#[test]
fn serving_half_of_the_world_is_not_up() {
	assert!(!is_up(decide(&[up(), up(), DOWN, DOWN])));
	let two = [Some(Subject::default()), Some(Subject::default()), Some(Subject::default())];
	let half = |at: usize| Some(vec![if at < 2 { up() } else { DOWN }, up(), up()]);
	let folded = fold_all(&two, &[half(0), half(1), half(2), half(3)]);
	assert_eq!(one(&folded, 0), Verdict::Unclear);
	assert!(is_up(one(&folded, 1)));
}

#[test]
fn without_quorum_nothing_is_measured() {
	let subjects = [Some(Subject::default())];
	let report = [DOWN.to_byte()];
	let verdict = |committed: usize, revealed: usize, committee: usize| {
		let ballots: Vec<Ballot> = (0..committee)
			.map(|i| Ballot { committed: i < committed, report: (i < revealed).then_some(&report[..]) })
			.collect();
		one(&fold(&[Sheet { committee: (1 << committee) - 1, subjects: &subjects }], &ballots), 0)
	};
	assert_eq!(verdict(14, 11, 21), Verdict::Down);
	assert_eq!(verdict(13, 13, 21), Verdict::Unmeasured, "too few commits");
	assert_eq!(verdict(21, 10, 21), Verdict::Unmeasured, "too few reveals");
	assert_eq!(verdict(3, 2, 4), Verdict::Down);
	assert_eq!(verdict(2, 2, 4), Verdict::Unmeasured);
	assert_eq!(verdict(3, 1, 4), Verdict::Unmeasured);
	assert_eq!(verdict(1, 1, 1), Verdict::Down);
	assert_eq!(verdict(0, 0, 1), Verdict::Unmeasured);
	// Nobody is in the committee.
	let nobody = fold(&[Sheet { committee: 0, subjects: &subjects }], &[Ballot::default()]);
	assert_eq!(one(&nobody, 0), Verdict::Unmeasured);
}

#[test]
fn too_many_abstentions_measure_nothing() {
	let abstained = Finding::Abstained;
	assert!(is_up(decide(&[up(), up(), abstained, abstained])));
	assert_eq!(decide(&[up(), abstained, abstained, abstained]), Verdict::Unmeasured);
	assert_eq!(decide(&[DOWN, Finding::Skipped, abstained, abstained]), Verdict::Unmeasured);
	assert_eq!(decide(&[abstained; 4]), Verdict::Unmeasured);
}

#[test]
fn idle_listings_do_not_say_who_is_right() {
	// All but prober 3 reach a listing that somebody has made for that.
	let says =
		[[up(), up()], [up(), up()], [up(), up()], [up(), DOWN]].map(|findings| Some(findings.to_vec()));
	let duty = |idle| {
		let other = Subject { operator: 1, idle, ..Subject::default() };
		let tally = fold_all(&[Some(Subject::default()), Some(other)], &says).duty[3];
		(tally.agreed, tally.judged)
	};
	assert_eq!(duty(true), (1, 1));
	assert_eq!(duty(false), (1, 2), "with units it does");
}

#[test]
fn dead_idle_listings_blind_nobody() {
	// Whoever lists endpoints that answer some probers only must not have the others' reports
	// dropped.
	let idle = Subject { idle: true, ..Subject::default() };
	let subjects = [Some(Subject::default()), Some(idle), Some(idle), Some(idle)];
	let cut_off = Some(vec![up(), DOWN, DOWN, DOWN]);
	let served = Some(vec![up(); 4]);
	let folded = fold_all(&subjects, &[cut_off.clone(), cut_off, served.clone(), served]);
	assert!(is_up(one(&folded, 0)));
	assert_eq!(folded.duty.iter().map(|d| d.accepted).collect::<Vec<_>>(), [1, 1, 1, 1]);
}

/// One service each of these operators, in their order; services of the others are idle.
fn of(operators: &[u32]) -> Vec<Option<Subject>> {
	operators.iter().map(|operator| Some(Subject { operator: *operator, ..Subject::default() })).collect()
}

/// Whether the report that says these are down is dropped, among four of which the others say that
/// all are up.
fn is_blind(subjects: &[Option<Subject>], down: std::ops::Range<usize>) -> bool {
	let all = subjects.len();
	let says = (0..all).map(|at| if down.contains(&at) { DOWN } else { up() }).collect();
	let folded = fold_all(subjects, &[Some(says), Some(vec![up(); all]), Some(vec![up(); all]), None]);
	assert_eq!(folded.duty[1].accepted, 1);
	folded.duty[0].accepted == 0
}

#[test]
fn cheap_services_of_one_operator_blind_nobody() {
	// Operator 1 has six services that answer only some probers: most of all services, but of one
	// of four.
	let subjects = of(&[1, 1, 1, 1, 1, 1, 2, 3, 4]);
	assert!(!is_blind(&subjects, 0..6));
	assert!(!is_blind(&subjects, 0..7), "half of the operators are not most of them");
	assert!(is_blind(&subjects, 0..8));
	assert!(is_blind(&subjects, 0..9), "who reaches nobody is blind");
	// Where there is but one operator, its services are all that can be seen.
	assert!(is_blind(&of(&[1, 1, 1]), 0..2));
}

#[test]
fn many_operators_with_few_services_blind_nobody() {
	let subjects = of(&[2, 3, 4, 1, 1, 1, 1]);
	assert!(!is_blind(&subjects, 0..3), "three of four operators, but three of seven services");
	assert!(is_blind(&subjects, 0..4));
	// One dead service each is enough to count as an operator that is not reached.
	assert!(is_blind(&of(&[1, 1, 2, 2, 3, 3, 3]), 1..5));
}

#[test]
fn operators_of_whom_nothing_is_said_do_not_count() {
	let mut subjects = of(&[1, 1, 2, 3, 4, 5]);
	for idle in [4, 5] {
		subjects[idle] = subjects[idle].map(|subject| Subject { idle: true, ..subject });
	}
	// Abstained from operator 3, and 4 and 5 are idle: two of two are down.
	let says = vec![DOWN, up(), DOWN, Finding::Abstained, up(), up()];
	let fine = Some(vec![up(); 6]);
	let folded = fold_all(&subjects, &[Some(says), fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.duty[0].accepted, 0);
}

#[test]
fn a_blind_report_is_dropped_unless_most_are() {
	let five = [Some(Subject::default()); 5];
	let fine = Some(vec![DOWN, up(), up(), up(), up()]);
	let blind = Some(vec![DOWN, DOWN, DOWN, up(), up()]);
	// One blind report: service 0 is down without it, service 1 is up.
	let folded = fold_all(&five, &[fine.clone(), fine.clone(), fine.clone(), blind.clone()]);
	assert_eq!(one(&folded, 0), Verdict::Down);
	assert!(is_up(one(&folded, 1)));
	assert_eq!(folded.duty.iter().map(|d| d.accepted).collect::<Vec<_>>(), [1, 1, 1, 0]);
	assert_eq!(folded.duty[3].judged, 0);
	// Three of four: that is how the world is.
	let folded = fold_all(&five, &[fine, blind.clone(), blind.clone(), blind]);
	assert_eq!(one(&folded, 1), Verdict::Down);
	assert_eq!(folded.duty.iter().map(|d| d.accepted).collect::<Vec<_>>(), [1, 1, 1, 1]);
}

#[test]
fn exactly_half_down_is_not_blind() {
	let two = [Some(Subject::default()); 2];
	let half = Some(vec![DOWN, up()]);
	let fine = Some(vec![up(), up()]);
	let folded = fold_all(&two, &[half, fine.clone(), fine.clone(), fine]);
	assert_eq!(folded.duty[0].accepted, 1);
}

#[test]
fn agreement_is_with_the_verdict() {
	let own = Subject { own: Some(0), ..Subject::default() };
	let subjects = [Some(own), Some(Subject::default()), Some(Subject::default()), None];
	let honest = vec![up(), up(), up(), DOWN];
	let folded = fold_all(
		&subjects,
		&[
			Some(vec![Finding::Skipped, up(), Finding::Abstained, DOWN]),
			Some(vec![Finding::Skipped, DOWN, up(), DOWN]),
			Some(honest.clone()),
			Some(honest.clone()),
			Some(honest),
			None,
		],
	);
	let told: Vec<(u32, u32)> = folded.duty.iter().map(|d| (d.judged, d.agreed)).collect();
	// The operator's own may be skipped by it, but by nobody else; abstaining does not agree.
	assert_eq!(told, [(2, 1), (3, 1), (3, 3), (3, 3), (3, 3), (0, 0)]);
	assert_eq!((folded.duty[5].rounds, folded.duty[5].committed, folded.duty[5].revealed), (1, 1, 0));
	assert_eq!(one(&folded, 3), Verdict::Unmeasured, "no service is there");
}

#[test]
fn an_operator_has_no_say_on_its_own_service() {
	let own = [Some(Subject { own: Some(0), ..Subject::default() })];
	let says = |findings: [Finding; 4]| findings.map(|finding| Some(vec![finding]));
	let folded = fold_all(&own, &says([up(), DOWN, DOWN, up()]));
	assert_eq!(one(&folded, 0), Verdict::Unmeasured, "1 of 3 says up");
	assert_eq!(folded.duty[0].judged, 0);
	let folded = fold_all(&own, &says([up(), DOWN, DOWN, DOWN]));
	assert_eq!(one(&folded, 0), Verdict::Down);
}

#[test]
fn committees_read_their_own_part_of_a_report() {
	let subjects = [Some(Subject::default())];
	// Prober 0 probes both pages, 1 and 2 one each.
	let sheets =
		[Sheet { committee: 0b011, subjects: &subjects }, Sheet { committee: 0b101, subjects: &subjects }];
	let both = [up().to_byte(), DOWN.to_byte()];
	let (first, second) = ([up().to_byte()], [DOWN.to_byte()]);
	let ballot = |bytes| Ballot { committed: true, report: Some(bytes) };
	let folded = fold(&sheets, &[ballot(&both[..]), ballot(&first), ballot(&second), Ballot::default()]);
	assert!(is_up(one(&folded, 0)));
	assert_eq!(one(&folded, 1), Verdict::Down);
	assert_eq!(folded.duty[3].rounds, 0, "it had nothing to probe");
}

/// A network whose operators have these weights; those in `down` are down. Whether it is excused.
fn excused(weights: &[u128], down: &[usize]) -> bool {
	let subjects: Vec<Option<Subject>> = weights
		.iter()
		.enumerate()
		.map(|(operator, weight)| {
			Some(Subject {
				network: Some(1),
				operator: operator as u32,
				weight: *weight,
				..Subject::default()
			})
		})
		.collect();
	let says: Vec<Finding> =
		(0..weights.len()).map(|i| if down.contains(&i) { DOWN } else { up() }).collect();
	let folded = fold_all(&subjects, &vec![Some(says); 4]);
	let correlated = folded.rulings.iter().filter(|r| **r == Ruling::CorrelatedDown).count();
	assert!(correlated == 0 || correlated == down.len());
	correlated > 0
}

#[test]
fn an_outage_of_the_network_is_excused() {
	assert!(excused(&[25, 25, 25, 25], &[0, 1, 2]));
	assert!(!excused(&[25, 25, 25, 25], &[0, 1]), "half of the network");
	assert!(excused(&[10; 9], &[0, 1, 2, 3, 4, 5]));
	assert!(!excused(&[10; 9], &[0, 1, 2, 3, 4]));
}

#[test]
fn a_big_operator_cannot_switch_off_to_be_excused() {
	assert!(!excused(&[90, 10], &[0, 1]), "even if all are down: two operators are no network");
	assert!(!excused(&[70, 10, 10, 10], &[0]));
	// Not even with two small accomplices: it counts for a quarter of the whole.
	assert!(!excused(&[70, 10, 10, 10], &[0, 1, 2]));
	assert!(!excused(&[70, 10, 10, 10], &[0, 1, 2, 3]));
}

#[test]
fn sybil_operators_without_exposure_count_for_nothing() {
	// Ten accounts without agreements older than a window, and one that is really down.
	let mut weights = vec![0u128; 10];
	weights.push(50);
	weights.push(50);
	assert!(!excused(&weights, &(0..11).collect::<Vec<_>>()));
	assert!(!excused(&[0; 5], &[0, 1, 2, 3, 4]));
}

#[test]
fn only_rpc_networks_have_outages() {
	let subjects: Vec<Option<Subject>> =
		(0..4).map(|operator| Some(Subject { operator, weight: 100, ..Subject::default() })).collect();
	let folded = fold_all(&subjects, &vec![Some(vec![DOWN; 4]); 4]);
	assert_eq!(one(&folded, 0), Verdict::Down);
}

fn any_finding() -> impl Strategy<Value = Finding> {
	prop_oneof![
		(0u32..3_000).prop_map(|l| Finding::Up(ms(l))),
		Just(Finding::Down),
		Just(Finding::Bad(ms(1))),
		Just(Finding::Stale(ms(1))),
		Just(Finding::Abstained),
		Just(Finding::Skipped),
	]
}

proptest! {
	/// Fewer than a third lying, in any way, with any number of honest probers absent: an up
	/// service is never found down, bad or stale, a down one never up; and with all honest there,
	/// both are found.
	#[test]
	fn liars_below_a_third_decide_nothing(
		n in 4usize..40,
		truth in proptest::collection::vec(any::<bool>(), 1..6),
		lies in proptest::collection::vec(proptest::option::of(proptest::collection::vec(any_finding(), 6)), 13),
		absent in proptest::collection::vec(any::<bool>(), 40),
		all_there in any::<bool>(),
	) {
		let liars = (n - 1) / 3;
		let subjects = vec![Some(Subject::default()); truth.len()];
		let honest: Vec<Finding> = truth.iter().map(|t| if *t { up() } else { DOWN }).collect();
		let says: Vec<Option<Vec<Finding>>> = (0..n)
			.map(|i| match lies.get(i).filter(|_| i < liars) {
				Some(lie) => lie.as_ref().map(|lie| lie[..truth.len()].to_vec()),
				None => (all_there || !absent[i]).then(|| honest.clone()),
			})
			.collect();
		let folded = fold_all(&subjects, &says);
		for (at, truth) in truth.iter().enumerate() {
			let verdict = one(&folded, at);
			if *truth {
				prop_assert!(!matches!(verdict, Verdict::Down | Verdict::Bad | Verdict::Stale), "{verdict:?}");
			} else {
				prop_assert!(!is_up(verdict));
			}
			if all_there {
				prop_assert_eq!(is_up(verdict), *truth);
				prop_assert_eq!(verdict == Verdict::Down, !*truth);
			}
		}
	}

	/// No input panics, and there is one ruling per service.
	#[test]
	fn any_bytes_fold(
		committees in proptest::collection::vec((any::<u128>(), 0usize..5), 0..4),
		reports in proptest::collection::vec(
			(any::<bool>(), proptest::option::of(proptest::collection::vec(any::<u8>(), 0..30))),
			0..6,
		),
	) {
		let subjects = [Some(Subject { network: Some(1), weight: u128::MAX, ..Subject::default() }); 5];
		let sheets: Vec<Sheet> = committees
			.iter()
			.map(|(committee, n)| Sheet { committee: *committee, subjects: &subjects[..*n] })
			.collect();
		let ballots: Vec<Ballot> =
			reports.iter().map(|(c, r)| Ballot { committed: *c, report: r.as_deref() }).collect();
		let folded = fold(&sheets, &ballots);
		prop_assert_eq!(folded.rulings.len(), committees.iter().map(|(_, n)| n).sum::<usize>());
		prop_assert_eq!(folded.duty.len(), ballots.len());
	}
}
