// SPDX-License-Identifier: Apache-2.0

//! Judging of rows: meters, tiers, maintenance, and the handlers.

use crate::{mock::*, *};
use proptest::prelude::*;
use surety_primitives::{
	LatencyBucket, Meter, MeterReading, Severity, WindowTerms, report::Finding, tiers,
};

const DOWN: Finding = Finding::Down;

/// Service 2 is always up, so that reports with service 1 down are not blind.
pub(super) fn list_three() {
	list_active(1, 1);
	list_active(2, 2);
	list(3, 3);
}

/// This finding at service 1, all others up.
pub(super) fn only_1(finding: Finding) -> impl Fn(u16, u32, u32) -> Finding {
	move |_, _, service| if service == 1 { finding } else { up() }
}

pub(super) fn tiers_of(id: ServiceId) -> Vec<(u32, BreachKind, Option<Severity>, Severity)> {
	let of = Tiers::get().into_iter().filter(|(target, _)| *target == listed(id));
	of.map(|(_, b)| (b.round, b.kind, b.before, b.severity)).collect()
}

/// Fresh row, and the context of its first round.
pub(super) fn blank(active: bool) -> (Row<u64>, RoundContext) {
	let mut made = None;
	build_and_execute(1, || {
		list(1, 1);
		made = Some(row(1));
	});
	let row = Row { terms: WindowTerms { allowance: [1, 1, 1], multiplier: 1 }, ..made.unwrap() };
	let context = RoundContext {
		round: 1,
		window_rounds: 12,
		round_blocks: 5,
		stalled: false,
		active,
		health: HealthRule { bad: 3, of: 3 },
	};
	(row, context)
}

#[test]
fn the_meter_advances_for_up_and_unmeasured_rounds_only() {
	let (mut row, mut context) = blank(true);
	let up = Verdict::Up { latency: LatencyBucket::default() };
	let billed = [up, Verdict::Unmeasured];
	let free = [Verdict::Down, Verdict::Bad, Verdict::Stale, Verdict::Unclear, Verdict::Excused];
	for verdict in billed.into_iter().chain(free) {
		let before = row.meter.blocks;
		row.judge(&context, FoldedVerdict::from(verdict));
		assert_eq!(
			row.meter.blocks - before,
			if billed.contains(&verdict) { 5 } else { 0 },
			"{verdict:?}"
		);
		assert_eq!(row.meter.through, context.round);
		context.round += 1;
	}
	let before = row.meter.blocks;
	row.judge(&RoundContext { stalled: true, ..context }, FoldedVerdict::from(Verdict::Unmeasured));
	assert_eq!(row.meter.blocks, before);
	assert_eq!(row.meter.recent, 0b1100_0000);
}

#[test]
fn an_idle_row_has_no_meter_and_no_tiers() {
	let (mut row, context) = blank(false);
	for round in 1..12 {
		let update =
			row.judge(&RoundContext { round, ..context }, FoldedVerdict::from(Verdict::Down));
		assert!(update.tiers.is_empty());
	}
	assert_eq!(row.meter, MeterReading::default());
	assert_eq!(row.counters.down, 11);
}

#[test]
fn a_tier_is_reached_in_the_round_that_passes_it() {
	build_and_execute(4, || {
		// Allowance 1 of 12 rounds: tiers at 2, 3, 6 and 11.
		list_three();
		next_round();
		run_up(12);
		assert!(Tiers::get().is_empty());
		run_rounds(9, only_1(DOWN));
		use BreachKind::Downtime;
		use Severity::*;
		assert_eq!(
			tiers_of(1),
			vec![
				(15, Downtime, None, Low),
				(16, Downtime, Some(Low), Medium),
				(19, Downtime, Some(Medium), High)
			]
		);
		assert!(tiers_of(2).is_empty());
		let (_, breach) = Tiers::get()[1];
		assert_eq!((breach.window, breach.counters.down, breach.terms), (1, 3, Terms::get()));
		// The next window starts over.
		run_rounds(4, only_1(DOWN));
		assert_eq!(tiers_of(1).len(), 3);
		run_rounds(1, only_1(DOWN));
		assert_eq!(tiers_of(1).len(), 4);
		assert_eq!(tiers_of(1)[3], (25, Downtime, None, Low));
	});
}

#[test]
fn a_tier_is_handled_in_the_block_that_judges_its_round() {
	build_and_execute(4, || {
		list_three();
		run_rounds(3, only_1(DOWN));
		to_counted();
		assert!(Tiers::get().is_empty(), "round 2 is counted, not judged");
		next_block();
		assert_eq!(tiers_of(1).len(), 1);
		let events = System::events();
		assert!(events.iter().any(|e| e.event
			== RuntimeEvent::Probes(Event::VerdictChanged {
				target: listed(1),
				round: 1,
				from: None,
				to: Verdict::Down
			})));
		let changes = events.iter().filter(|e| {
			matches!(
				e.event,
				RuntimeEvent::Probes(Event::VerdictChanged { target: Target::Service(1), .. })
			)
		});
		assert_eq!(changes.count(), 1, "down and still down is no change");
	});
}

#[test]
fn each_kind_of_breach_counts_its_own_verdicts() {
	let breached = |finding: Finding, rounds: u32| {
		let mut kinds = vec![];
		build_and_execute(4, || {
			Tiers::take();
			list_three();
			run_rounds(rounds + 2, only_1(finding));
			kinds = tiers_of(1).into_iter().map(|(_, kind, ..)| kind).collect();
		});
		kinds
	};
	assert_eq!(breached(DOWN, 1), []);
	assert_eq!(breached(DOWN, 2), [BreachKind::Downtime]);
	assert_eq!(breached(Finding::Stale(ms(1)), 2), [BreachKind::Downtime]);
	assert_eq!(breached(Finding::Bad(ms(1)), 2), [BreachKind::BadData]);
	assert_eq!(breached(Finding::Up(ms(300)), 2), [BreachKind::Slow]);
	assert_eq!(breached(Finding::Up(ms(250)), 10), []);
	assert_eq!(breached(Finding::Abstained, 10), []);
}

#[test]
fn disagreement_is_unclear_and_counts_as_slow() {
	build_and_execute(4, || {
		list_three();
		run_rounds(5, |prober, _, service| if service == 1 && prober < 2 { DOWN } else { up() });
		assert_eq!(row(1).last.unwrap().1, Verdict::Unclear);
		assert_eq!(tiers_of(1)[0].1, BreachKind::Slow);
		assert_eq!(reading(1).unwrap().blocks, 0);
		assert_eq!(reading(2).unwrap().blocks, 15);
	});
}

#[test]
fn the_earliest_end_of_a_meter_stands() {
	build_and_execute(4, || {
		list_active(1, 1);
		run_up(4);
		use CloseReason::*;
		Probes::end_meter(listed(1), 6, ServiceRetired);
		Probes::end_meter(listed(1), 5, Terminated);
		assert_eq!(end_of(1), Some((5, Terminated)));
		Probes::end_meter(listed(1), 7, RentUnpaid);
		assert_eq!(end_of(1), Some((5, Terminated)), "an earlier end stands");
		Probes::end_meter(listed(1), 5, RentUnpaid);
		assert_eq!(end_of(1), Some((5, Terminated)), "and of one round the first");
		run_up(2);
		assert_eq!(reading(1).unwrap(), MeterReading { blocks: 20, through: 4, recent: 0b1111 });
		run_rounds(1, |_, _, _| DOWN);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).due, 0, "no longer due");
		run_rounds(5, |_, _, _| DOWN);
		assert_eq!(reading(1).unwrap(), MeterReading { blocks: 25, through: 5, recent: 0b11111 });
		assert!(Tiers::get().is_empty());
		assert_eq!(snapshot(round()).targets, 0);
		assert_eq!(row(1).last.unwrap().0, 5);
	});
}

#[test]
fn an_end_decided_by_a_breach_is_carried_out() {
	build_and_execute(4, || {
		EndOnBreach::set(Some(2));
		list_three();
		run_rounds(4, only_1(DOWN));
		assert_eq!(tiers_of(1).len(), 1);
		let end = (4, CloseReason::Terminated);
		assert_eq!(end_of(1), Some(end), "the page was written before the handler was called");
		assert_eq!(Terminated::get(), vec![(1, 4)]);
		run_rounds(6, only_1(DOWN));
		assert_eq!(reading(1).unwrap().through, 4);
		assert_eq!(reading(2).unwrap().through, round() - 2);
		// The next breach decided a later end, which the registry ignores as the meter does.
		assert_eq!((end_of(1), Terminated::get()), (Some(end), vec![(1, 4), (1, 5)]));
		assert!(Failed::get().is_empty());
	});
	// Of a lease its owner is notified instead.
	build_and_execute(4, || {
		Tiers::take();
		Terminated::take();
		EndOnBreach::set(Some(2));
		Health::set(HealthRule::default());
		let lease = list_lease(7, 1);
		list_active(2, 2);
		let down = |_: u16, _: u32, target: Target| if target == lease { DOWN } else { up() };
		run_targets(4, |_, _| Attend::Fully, down);
		let end = (4, CloseReason::Terminated);
		assert_eq!(Probes::meter(lease).unwrap().end, Some(end));
		assert_eq!((Failed::get(), Terminated::get()), (vec![(7, end)], vec![]));
	});
}

#[test]
fn the_weight_includes_what_the_handlers_return() {
	// Round 4 closes window 0. The lease breaches in it, and ends with the breach.
	let judging = |ends: bool, breaches: bool| {
		let mut weight = Weight::zero();
		build_and_execute(4, || {
			set_clock(|clock| clock.window_rounds = 4);
			Terms::set(WindowTerms { allowance: [1; 3], multiplier: 1 });
			EndOnBreach::set(ends.then_some(2));
			Health::set(HealthRule::default());
			list_active(1, 1);
			let lease = list_lease(7, 2);
			if breaches {
				Terms::mutate(|terms| terms.allowance = [0; 3]);
			}
			run_targets(
				5,
				|_, _| Attend::Fully,
				|_, round, target| if target == lease && round == 4 { DOWN } else { up() },
			);
			to_counted();
			weight = next_block();
			assert_eq!(Probes::judged_round(), 4);
		});
		weight
	};
	let plain = judging(false, false);
	let breached = judging(false, true);
	assert_eq!(breached - plain, TierWeight::get());
	let ended = judging(true, true);
	assert_eq!(ended - breached, FailureWeight::get() + <() as WeightInfo>::end_meter());
	let closed = (WindowWeight::get() + SummaryWeight::get()) * 2;
	assert!(plain.all_gte(closed + <() as WeightInfo>::turn_page(2)));
}

#[test]
fn parameters_of_a_round_are_those_of_its_first_block() {
	// Lease 1 and service 2 in a dozen rounds, once with all parameters changed in the given block,
	// until the round of that block is judged.
	let says = |prober: u16, round: u32, target: Target| {
		let id = target.service().unwrap_or(49);
		match (round * 7 + id * 3) % 5 {
			0 | 1 => DOWN,
			2 if prober.is_multiple_of(3) => DOWN,
			_ => up(),
		}
	};
	let judged = |block: u32, change: bool| {
		let mut state = None;
		Health::set(HealthRule { bad: 3, of: 5 });
		let duty = |percent| DutyRule {
			min_share: Perbill::from_percent(percent),
			min_caught: Perbill::from_percent(percent),
		};
		Rule::set(duty(60));
		Session::set(0);
		build_and_execute(6, || {
			Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
			Failed::take();
			let lease = list_lease(1, 1);
			list_active(2, 2);
			list(3, 3);
			let of = block / Timing::round_blocks();
			while Probes::judged_round() < of {
				reporting_block(says);
				if change && Timing::now() == block {
					Health::set(HealthRule { bad: 1, of: 1 });
					Rule::set(duty(100));
				}
			}
			end_session();
			let failed = Offences::take();
			state = Some((row_of(lease), row(2), row(3), Failed::get(), failed));
		});
		state.unwrap()
	};
	for block in 5..60 {
		assert_eq!(judged(block, true), judged(block, false), "block {block}");
	}
}

#[test]
fn announced_maintenance_excuses_rounds_that_are_not_up() {
	build_and_execute(4, || {
		list_three();
		Probes::set_maintenance(listed(1), 3, 2);
		run_rounds(4, only_1(DOWN));
		assert_eq!(row(1).counters.down, 2);
		run_rounds(2, |_, round, service| if service == 1 && round == 3 { DOWN } else { up() });
		// Rounds 3 and 4 were down.
		assert_eq!((row(1).counters.down, row(1).counters.excused), (2, 2));
		run_rounds(3, only_1(DOWN));
		assert_eq!((row(1).counters.down, row(1).counters.up), (3, 2), "5 and 6 up, 7 down");
	});
	// Activation and deactivation keep it, and no rounds at all cancel it.
	build_and_execute(4, || {
		list(1, 1);
		Probes::set_maintenance(listed(1), 3, 2);
		activate(1).unwrap();
		assert_eq!(row(1).maintenance, Some(Maintenance { from: 3, rounds: 2 }));
		Probes::set_maintenance(listed(1), 8, 1);
		Probes::deactivate(listed(1));
		assert_eq!(row(1).maintenance, Some(Maintenance { from: 8, rounds: 1 }));
		Probes::set_maintenance(listed(1), 8, 0);
		assert_eq!(row(1).maintenance, None);
	});
}

/// Regression: rounds in doubt were unmeasured, and billed.
#[test]
fn an_outage_in_doubt_is_excused_and_not_billed() {
	build_and_execute(4, || {
		list_three();
		// One prober is sure that service 1 is down; the others doubt themselves.
		let doubt = |prober: u16, _: u32, service: u32| match (service, prober) {
			(1, 0) => DOWN,
			(1, _) => Finding::InDoubt,
			_ => up(),
		};
		run_rounds(7, doubt);
		let counters = row(1).counters;
		assert_eq!((counters.excused, counters.judged()), (5, 5));
		assert_eq!((row(1).meter.blocks, row(2).meter.blocks), (0, 25));
		assert!(Tiers::get().is_empty());
		// Down as soon as two thirds are sure.
		run_rounds(4, |prober, _, service| match (service, prober) {
			(1, 0) => Finding::InDoubt,
			(1, _) => DOWN,
			_ => up(),
		});
		assert_eq!((row(1).counters.excused, row(1).counters.down), (7, 2));
		assert_eq!(tiers_of(1), vec![(9, BreachKind::Downtime, None, Severity::Low)]);
	});
}

/// Regression: three accounts of one company had 5 % of their downtime excused as an outage of all.
#[test]
fn services_of_a_network_that_are_down_together_are_down() {
	build_and_execute(4, || {
		for service in 1..=4 {
			list_rpc(service, service.into(), 7);
			activate(service).unwrap();
		}
		run_rounds(4, |_, _, service| if service <= 3 { DOWN } else { up() });
		for service in 1..=3 {
			assert_eq!((row(service).counters.excused, row(service).counters.down), (0, 2));
			assert_eq!(tiers_of(service).len(), 1);
		}
		assert_eq!(row(4).counters.up, 2);
	});
}

#[test]
fn the_first_up_proves_control() {
	build_and_execute(4, || {
		set_clock(|clock| clock.proof_of_control = true);
		list_unproven(1);
		list(2, 2);
		run_rounds(3, only_1(DOWN));
		assert!(Proofs::get().is_empty());
		run_up(5);
		let found = (1, ProofOutcome::Found);
		assert_eq!(Proofs::get(), vec![found], "once, and only for an unproven listing");
		// The endpoint moves: its verdict is unknown until control of the new one is proven.
		Probes::reset_proof(1);
		assert_eq!(Probes::status(listed(1)).unwrap().last, None);
		run_up(5);
		assert_eq!(Proofs::get(), vec![found, found]);
	});
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
	use Verdict::*;
	prop_oneof![
		2 => (0u8..64).prop_map(|index| Up { latency: LatencyBucket::from_index(index).unwrap() }),
		5 => proptest::sample::select(vec![Down, Bad, Stale, Unclear, Unmeasured, Excused]),
	]
}

proptest! {
	/// For any verdicts: the counters sum to the rounds judged, every tier that the counters reach
	/// is reported once and in order, so is half of an allowance, and the meter counts the billable
	/// rounds.
	#[test]
	fn counters_tiers_and_meter_agree_for_any_verdicts(
		verdicts in proptest::collection::vec(any_verdict(), 1..40),
		allowance in proptest::array::uniform3(0u16..6),
	) {
		let (mut row, context) = blank(true);
		row.terms.allowance = allowance;
		let mut reached_tiers: Vec<(BreachKind, Severity)> = vec![];
		let mut billable = 0u32;
		let window_rounds = 40;
		let mut warned: Vec<BreachKind> = vec![];
		for (round, verdict) in (1u32..).zip(&verdicts) {
			let context = RoundContext { round, window_rounds, ..context };
			let update = row.judge(&context, FoldedVerdict::from(*verdict));
			let is_billed = matches!(update.verdict, Verdict::Up { .. } | Verdict::Unmeasured);
			billable += u32::from(is_billed);
			for (kind, count, allowance) in update.warnings {
				prop_assert_eq!(count, allowance.div_ceil(2));
				prop_assert!(!warned.contains(&kind));
				warned.push(kind);
			}
			for tier in update.tiers {
				let of_kind = reached_tiers.iter().rev().find(|(kind, _)| *kind == tier.kind);
				let before = of_kind.map(|(_, severity)| *severity);
				prop_assert_eq!(before, tier.before);
				prop_assert!(Some(tier.severity) > before);
				reached_tiers.push((tier.kind, tier.severity));
			}
		}
		prop_assert_eq!(usize::from(row.counters.judged()), verdicts.len());
		prop_assert_eq!(row.meter.blocks, billable * 5);
		prop_assert_eq!(u32::from(row.counters.up), row.latencies.total());
		let kinds = BreachKind::COUNTED.into_iter().zip(allowance).zip(row.tiers);
		for ((kind, allowance), tier) in kinds {
			let reached = tiers::reached(row.counters.against(kind), allowance, window_rounds);
			prop_assert_eq!(tier, reached);
			let half = allowance > 0 && row.counters.against(kind) >= allowance.div_ceil(2);
			prop_assert_eq!(warned.contains(&kind), half);
			let last = reached_tiers.iter().rev().find(|(of, _)| *of == kind);
			prop_assert_eq!(last.map(|(_, severity)| *severity), tier);
		}
	}

	/// The percentile is exact while no more than 32 buckets were seen, and one of the seen buckets
	/// from then on.
	#[test]
	fn the_percentile_is_exact_for_up_to_32_buckets(
		seen in proptest::collection::vec(0u8..64, 1..200),
	) {
		let mut histogram = Histogram::default();
		for bucket in &seen {
			histogram.add(LatencyBucket::from_index(*bucket).unwrap(), 1);
		}
		prop_assert_eq!(histogram.total(), seen.len() as u32);
		let mut sorted = seen.clone();
		sorted.sort();
		let exact = sorted[(seen.len() * 95).div_ceil(100) - 1];
		sorted.dedup();
		if sorted.len() <= 32 {
			prop_assert_eq!(histogram.p95().index(), exact);
		} else {
			prop_assert!(seen.contains(&histogram.p95().index()));
		}
	}
}

#[test]
fn a_reading_covers_a_round_that_was_open() {
	build_and_execute(4, || {
		list_active(1, 1);
		run_rounds(4, |_, round, _| if round == 2 { DOWN } else { up() });
		let opened = Timing::round();
		assert_eq!(reading(1).unwrap().at_most(opened, 5), None);
		run_up(2);
		assert_eq!(reading(1).unwrap().at_most(opened, 5), Some(15));
		assert_eq!(reading(1).unwrap().at_least(1, 5), Some(5));
	});
}
