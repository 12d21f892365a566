// SPDX-License-Identifier: Apache-2.0

//! Leases: health by the last judged rounds, and the end of an unhealthy lease.

use super::judging::blank;
use crate::{mock::*, *};
use frame::testing_prelude::*;
use proptest::prelude::*;
use surety_primitives::{
	End, LatencyBucket, LeaseId, Meter, MeterReading, Severity, WindowTerms, report::Finding,
};

const DOWN: Finding = Finding::Down;
const UP: Verdict = Verdict::Up { latency: LatencyBucket::MAX };
const ID: LeaseId = 5;
const LEASE: Target = Target::Lease(ID);

/// List the lease and two services with units. The terms of the lease allow all bad rounds.
fn leased() {
	Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
	list_active(2, 2);
	list_lease(ID, 1);
	list_active(3, 3);
}

/// Run rounds with these findings at the lease. All others are up.
fn lease_rounds(rounds: u32, says: impl Fn(RoundIndex) -> Finding) {
	run_targets(rounds, |_, _| Attend::Fully, lease_is(says));
}

/// These findings at the lease by round, all others up.
fn lease_is(says: impl Fn(RoundIndex) -> Finding) -> impl Fn(u16, RoundIndex, Target) -> Finding {
	move |_, round, target| if target == LEASE { says(round) } else { up() }
}

const fn rule(bad: u8, of: u8) -> HealthRule {
	HealthRule { bad, of }
}

/// Last judged rounds of the lease as bits.
fn recent() -> u32 {
	row_of(LEASE).health.recent
}

/// Failure of the lease with this round.
fn failed_with(round: RoundIndex) -> Vec<(LeaseId, End)> {
	vec![(ID, (round, CloseReason::Unhealthy))]
}

/// Row of a lease, and the context that it is judged in.
fn lease_row() -> (Row<u64>, RoundContext) {
	let (row, context) = blank(true);
	let terms = WindowTerms { allowance: [500; 3], multiplier: 1 };
	(Row { target: LEASE, terms, ..row }, RoundContext { window_rounds: 400, ..context })
}

/// Judge a row by these verdicts. Returns the positions of those that found it unhealthy.
fn unhealthy_at(row: &mut Row<u64>, context: &RoundContext, verdicts: &[Verdict]) -> Vec<usize> {
	let mut unhealthy = vec![];
	for (at, verdict) in verdicts.iter().enumerate() {
		let context = RoundContext { round: row.meter.through + 1, ..*context };
		if row.judge(&context, FoldedVerdict::from(*verdict)).unhealthy {
			unhealthy.push(at);
		}
	}
	unhealthy
}

#[test]
fn an_unhealthy_lease_fails_once() {
	build_and_execute(4, || {
		leased();
		// Down, wrong and stale are all bad.
		let bad = |round: u32| match round % 3 {
			0 => DOWN,
			1 => Finding::Bad(ms(1)),
			_ => Finding::Stale(ms(1)),
		};
		lease_rounds(4, bad);
		assert_eq!((recent(), Failed::get()), (0b11, vec![]));
		lease_rounds(6, bad);
		assert_eq!(Failed::get(), failed_with(3), "in the judging of the third, and not again");
		assert_eq!(recent(), 0b111, "no later round is judged");
		assert!(Tiers::get().is_empty());
	});
}

/// Steps of the example in the documentation of the pallet.
#[test]
fn the_documented_example_holds() {
	build_and_execute(4, || {
		Health::set(rule(3, 4));
		list_lease(ID, 1);
		list_active(2, 2);
		let says = |prober: u16, round: RoundIndex, target: Target| match (target, round) {
			(LEASE, 1) => [Finding::Up(ms(20)), Finding::Up(ms(30)), Finding::Up(ms(900)), DOWN]
				[usize::from(prober)],
			(LEASE, 2 | 4 | 5) => DOWN,
			_ => up(),
		};
		run_targets(2, |_, _| Attend::Fully, says);
		while System::block_number() < 17 {
			reporting_block(says);
		}
		assert_eq!((Counting::<Test>::exists(), Probes::judged_round()), (true, 0));
		reporting_block(says);
		assert_eq!(row_of(LEASE).last, Some((1, Verdict::Up { latency: ms(30) })));
		assert_eq!(row_of(LEASE).meter.blocks, 5);
		while Probes::judged_round() < 5 {
			assert!(Failed::get().is_empty());
			reporting_block(says);
		}
		assert_eq!(Failed::get(), failed_with(5));
		let tiers =
			Tiers::get().into_iter().map(|(target, tier)| (target, tier.round, tier.severity));
		let expected = [(LEASE, 4, Severity::Low), (LEASE, 5, Severity::Medium)];
		assert_eq!(tiers.collect::<Vec<_>>(), expected);
		System::assert_has_event(
			Event::AllowanceHalfUsed {
				target: LEASE,
				window: 0,
				round: 2,
				kind: BreachKind::Downtime,
				count: 1,
				allowance: 1,
			}
			.into(),
		);
	});
}

#[test]
fn bad_rounds_count_without_being_consecutive() {
	let (mut row, context) = lease_row();
	let context = RoundContext { health: rule(3, 5), ..context };
	use Verdict::*;
	// Three of five, though never two in a row.
	assert_eq!(unhealthy_at(&mut row, &context, &[Down, UP, Bad, UP, Stale]), [4]);
	// Nor are two of five enough, however often.
	let (mut row, _) = lease_row();
	let seldom = [[Down, Down, UP, UP, UP]; 6].concat();
	assert!(unhealthy_at(&mut row, &context, &seldom).is_empty());
}

#[test]
fn only_a_bad_round_finds_a_lease_unhealthy() {
	let (mut row, context) = lease_row();
	let context = RoundContext { health: rule(3, 5), ..context };
	use Verdict::*;
	// After two that are up three of five are still bad, but no round that is up ends a lease.
	assert_eq!(unhealthy_at(&mut row, &context, &[Down, Down, Down, UP, UP, Down]), [2, 5]);
}

#[test]
fn a_failure_is_handled_and_weighed_in_the_block_that_judges_it() {
	build_and_execute(4, || {
		leased();
		lease_rounds(5, |_| DOWN);
		assert_eq!(Failed::take(), failed_with(3));
	});
	let judging = |rounds: u32| {
		let mut weight = Weight::zero();
		build_and_execute(4, || {
			leased();
			lease_rounds(rounds, |_| DOWN);
			to_counted();
			assert!(Failed::get().is_empty());
			weight = next_block();
			assert_eq!(Failed::take().len(), usize::from(rounds == 4), "{rounds}");
		});
		weight
	};
	let failure = FailureWeight::get() + <() as WeightInfo>::end_meter();
	assert_eq!(judging(4) - judging(3), failure);
}

#[test]
fn fewer_bad_rounds_than_the_rule_end_nothing() {
	build_and_execute(4, || {
		leased();
		let bad = [1, 2, 4, 5, 7, 9, 10];
		lease_rounds(13, |round| if bad.contains(&round) { DOWN } else { up() });
		assert_eq!((recent(), Failed::get()), (0b110_1101_0110, vec![]));
	});
}

#[test]
fn only_active_leases_have_health() {
	build_and_execute(4, || {
		leased();
		run_rounds(8, |_, _, service| if service == 2 { DOWN } else { up() });
		assert_eq!((row(2).counters.down, row(2).health), (6, LeaseHealth::default()));
		assert!(Failed::get().is_empty());
	});
	// An idle lease has none: nothing is paid by its meter.
	let (mut row, context) = lease_row();
	let context = RoundContext { active: false, ..context };
	for _ in 0..5 {
		assert!(!row.judge(&context, FoldedVerdict::from(Verdict::Down)).unhealthy);
	}
	assert_eq!(row.health, LeaseHealth::default());
}

#[test]
fn a_verdict_that_says_nothing_leaves_health_as_it_is() {
	use Verdict::*;
	for between in [Unclear, Unmeasured, Excused] {
		let (mut row, context) = lease_row();
		let many = vec![between; 40];
		assert!(unhealthy_at(&mut row, &context, &many).is_empty());
		assert_eq!(row.health, LeaseHealth::default(), "{between:?}");
		let mixed = [vec![Down], many.clone(), vec![Bad], many.clone(), vec![Stale], many].concat();
		assert_eq!(unhealthy_at(&mut row, &context, &mixed), [82], "{between:?}");
		assert_eq!(row.health, LeaseHealth { recent: 0b111 });
		assert_eq!(unhealthy_at(&mut row, &context, &[UP, Down, Down, between, Down]), [4]);
	}
}

#[test]
fn announced_maintenance_does_not_count_in_health() {
	build_and_execute(4, || {
		leased();
		Probes::set_maintenance(LEASE, 2, 6);
		// Down from the first to the ninth round, of which the second to the seventh are announced.
		lease_rounds(10, |round| if round < 10 { DOWN } else { up() });
		let counters = row_of(LEASE).counters;
		assert_eq!((counters.excused, counters.down), (6, 2));
		assert_eq!((recent(), Failed::get()), (0b11, vec![]));
		lease_rounds(1, |_| up());
		assert_eq!(Failed::get(), failed_with(9), "the count went on");
	});
}

#[test]
fn an_outage_in_doubt_does_not_count_in_health() {
	build_and_execute(4, || {
		leased();
		let doubt = |prober: u16, _: u32, target: Target| match (target, prober) {
			(LEASE, 0 | 1) => DOWN,
			(LEASE, _) => Finding::InDoubt,
			_ => up(),
		};
		run_targets(10, |_, _| Attend::Fully, doubt);
		let row = row_of(LEASE);
		assert_eq!((row.counters.excused, row.meter.blocks), (8, 0));
		assert_eq!((recent(), Failed::get()), (0, vec![]));
	});
}

#[test]
fn a_stalled_chain_does_not_count_in_health() {
	let (mut row, context) = lease_row();
	let context = RoundContext { stalled: true, ..context };
	assert!(unhealthy_at(&mut row, &context, &[Verdict::Unmeasured; 5]).is_empty());
}

#[test]
fn the_health_rule_is_a_parameter() {
	// With every round down, the first one that is unhealthy.
	for (health, first) in [
		(rule(0, 0), None),
		(rule(0, 32), None),
		(rule(1, 1), Some(0)),
		(rule(2, 20), Some(1)),
		(rule(32, 32), Some(31)),
	] {
		let (mut row, context) = lease_row();
		let context = RoundContext { health, ..context };
		let at = unhealthy_at(&mut row, &context, &[Verdict::Down; 300]);
		assert_eq!(at.first().copied(), first, "{health:?}");
		assert_eq!(row.health, LeaseHealth { recent: u32::MAX });
	}
	// It may fall below what is counted already.
	build_and_execute(4, || {
		Health::set(rule(9, 9));
		leased();
		lease_rounds(6, |_| DOWN);
		assert_eq!((recent(), Failed::get()), (0b1111, vec![]));
		Health::set(rule(2, 9));
		// The rounds 5 and 6 had begun.
		lease_rounds(2, |_| DOWN);
		assert_eq!(Failed::get(), vec![]);
		lease_rounds(1, |_| DOWN);
		assert_eq!(Failed::get(), failed_with(7));
	});
}

#[test]
fn an_unsound_rule_is_clamped() {
	for (given, clamped) in [
		(rule(0, 0), rule(0, 0)),
		(rule(15, 20), rule(15, 20)),
		(rule(5, 3), rule(5, 5)),
		(rule(3, 255), rule(3, 32)),
		(rule(255, 0), rule(32, 32)),
	] {
		assert_eq!(given.clamped(), clamped);
		build_and_execute(1, || {
			Health::set(given);
			next_round();
			assert_eq!(snapshot(1).health, clamped);
		});
	}
}

#[test]
fn a_changed_health_rule_holds_for_later_rounds_only() {
	for block in 1..=15 {
		build_and_execute(4, || {
			Health::set(rule(0, 0));
			Failed::take();
			leased();
			while Failed::get().is_empty() {
				reporting_block(lease_is(|_| DOWN));
				if Timing::now() == block {
					Health::set(rule(1, 1));
				}
			}
			assert_eq!(Failed::get(), failed_with(block / Timing::round_blocks() + 1), "{block}");
		});
	}
}

#[test]
fn health_counts_across_windows() {
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		leased();
		// The last two rounds of a window and the first of the next.
		lease_rounds(11, |round| if (6..=8).contains(&round) { DOWN } else { up() });
		assert_eq!(Failed::get(), failed_with(8));
	});
}

#[test]
fn health_starts_over_with_an_activation() {
	build_and_execute(4, || {
		leased();
		lease_rounds(4, |_| DOWN);
		assert_eq!(recent(), 0b11);
		Probes::deactivate(LEASE);
		assert_eq!(recent(), 0);
		lease_rounds(4, |_| DOWN);
		assert_eq!(recent(), 0, "an idle row has no health");
		assert_ok!(Probes::activate(LEASE, Terms::get()));
		assert_eq!(recent(), 0);
		lease_rounds(4, |_| DOWN);
		assert_eq!((recent(), Failed::get()), (0b11, vec![]));
	});
}

#[test]
fn an_unhealthy_lease_ends_with_the_round_that_is_judged() {
	build_and_execute(4, || {
		leased();
		// Round 3 is judged in round 5. Rounds 4 and 5 are open, and up in all reports.
		let says = |round: u32| if round <= 3 { DOWN } else { up() };
		let checked = |rounds: u32| {
			for _ in 0..rounds {
				lease_rounds(1, says);
				Probes::do_try_state().unwrap();
			}
		};
		checked(4);
		let judged = Probes::duty(account(0)).unwrap().judged;
		assert_eq!(judged, 6 * SHARE, "two rounds of three targets");
		assert_eq!(row_of(LEASE).meter_end, None);
		checked(1);
		assert_eq!(Failed::get(), failed_with(3));
		let ended = row_of(LEASE);
		assert_eq!(ended.meter_end, Some((3, CloseReason::Unhealthy)));
		assert_eq!(ended.meter, MeterReading { blocks: 0, through: 3, recent: 0 });
		let place = SlotsOf::<Test>::get(LEASE).unwrap().active.unwrap();
		let page = PageId::Active(0);
		let due = |round: u32| position(&DuePages::<Test>::get(round), page, place.slot).is_some();
		assert!(due(4) && due(5), "the open rounds name its slot");
		checked(3);
		assert!(!due(7) && !due(8), "no round after them does");
		// No later round was billed, counted or judged.
		assert_eq!(row_of(LEASE), ended);
		let reading = Probes::meter(LEASE).unwrap().reading;
		assert_eq!(reading.at_most(3, 5), Some(0));
		assert_eq!(PageInfos::<Test>::get(page).due.count_ones(), 2);
		let judged = Probes::duty(account(0)).unwrap().judged;
		assert_eq!(judged, (9 + 3 * 2) * SHARE, "nor does it count in any duty");
		assert_eq!(row(2).counters.up, 6, "its neighbours go on");
		// The lease is unlisted like any other.
		Probes::unlist(LEASE);
		checked(4);
		assert_eq!(PageInfos::<Test>::get(page).taken.count_ones(), 2);
		assert_eq!(Failed::get().len(), 1);
	});
}

#[test]
fn a_meter_may_end_with_the_last_judged_round() {
	// Outside of the judging, for a service whose window closes meanwhile.
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		list_active(1, 1);
		list_active(2, 2);
		run_up(5);
		assert_eq!(reading(1).unwrap().through, 3);
		Probes::end_meter(listed(1), 3, CloseReason::ServiceRetired);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).due.count_ones(), 1);
		let ended = row(1);
		assert_eq!(ended.meter, MeterReading { blocks: 15, through: 3, recent: 0b111 });
		for _ in 0..4 {
			run_rounds(1, |_, _, _| DOWN);
			Probes::do_try_state().unwrap();
			assert_eq!(row(1), ended);
		}
		assert!(!Tiers::get().iter().any(|(target, _)| *target == listed(1)));
		assert!(Tiers::get().iter().any(|(target, _)| *target == listed(2)));
	});
}

#[test]
fn all_leases_of_a_page_may_fail_at_once() {
	build_and_execute(4, || {
		Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
		for lease in 0..128 {
			list_lease(lease, lease.into());
		}
		for _ in 0..6 {
			run_targets(1, |_, _| Attend::Fully, |_, _, _| DOWN);
			Probes::do_try_state().unwrap();
		}
		let end = (3, CloseReason::Unhealthy);
		assert_eq!(Failed::get(), (0..128).map(|lease| (lease, end)).collect::<Vec<_>>());
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).due, 0);
		for lease in 0..128 {
			Probes::unlist(Target::Lease(lease));
		}
		run_up(4);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)), PageInfo::default());
		assert_eq!(Timing::round(), 10);
	});
}

proptest! {
	/// For any verdicts: a lease is unhealthy exactly in the bad rounds in which so many of the
	/// last rounds that say something were bad.
	#[test]
	fn health_follows_the_rule_for_any_verdicts(
		verdicts in proptest::collection::vec(0u8..8, 1..100),
		bad in 0u8..6,
		more in 0u8..6,
	) {
		let (mut row, context) = lease_row();
		let of = bad + more;
		let mut said: Vec<bool> = vec![];
		for (at, kind) in (1u32..).zip(verdicts) {
			let (verdict, says) = match kind {
				0 | 1 => (UP, Some(false)),
				2 => (Verdict::Unclear, None),
				3 => (Verdict::Unmeasured, None),
				4 => (Verdict::Excused, None),
				5 => (Verdict::Bad, Some(true)),
				6 => (Verdict::Stale, Some(true)),
				_ => (Verdict::Down, Some(true)),
			};
			said.extend(says);
			let failed = said.iter().rev().take(of.into()).filter(|bad| **bad).count();
			let expected = says == Some(true) && bad > 0 && failed >= bad.into();
			let context = RoundContext { round: at, health: rule(bad, of), ..context };
			let update = row.judge(&context, FoldedVerdict::from(verdict));
			prop_assert_eq!(update.unhealthy, expected);
		}
	}
}
