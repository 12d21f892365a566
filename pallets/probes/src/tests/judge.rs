//! Meters, windows, tiers, warnings and maintenance.

use crate::{
	DutyRule, Event, HealthRule, Hearing, PageId, PageInfos, Ruling, Windows, mock::*, types::Row,
};
use proptest::prelude::*;
use sp_runtime::Perbill;
use surety_primitives::{
	BreachKind, Clock, CloseReason, Frozen, LatencyBucket, Meter, MeterReading, Probing,
	ServiceKind, ServiceStatus, Severity, Verdict, report::Finding, tiers,
};

const DOWN: Finding = Finding::Down;

/// Service 2 is always up, so that reports with service 1 down are not blind.
fn pair_of(hot: bool) {
	list(1, 1);
	list(2, 2);
	list(3, 3);
	if hot {
		Probes::heat(1).unwrap();
		Probes::heat(2).unwrap();
	}
}

/// Service 1 as told, all others up.
fn only_1(finding: Finding) -> impl Fn(u16, u32, u32) -> Finding {
	move |_, _, service| if service == 1 { finding } else { up() }
}

fn breaches_of(service: u32) -> Vec<(u32, BreachKind, Option<Severity>, Severity)> {
	let of = Breaches::get().into_iter().filter(|(s, _)| *s == service);
	of.map(|(_, b)| (b.round, b.kind, b.before, b.severity)).collect()
}

pub(super) fn blank(hot: bool) -> (Row<u64>, Hearing) {
	let mut made = None;
	build_and_execute(1, || {
		list(1, 1);
		made = Some(row(1));
	});
	let row = Row { frozen: Frozen { allowance: [1, 1, 1], multiplier: 1 }, ..made.unwrap() };
	let hearing = Hearing {
		round: 1,
		window_rounds: 12,
		round_blocks: 5,
		stalled: false,
		hot,
		health: HealthRule { bad: 3, of: 3 },
	};
	(row, hearing)
}

#[test]
fn the_meter_advances_for_up_and_unmeasured_rounds_only() {
	let (mut row, mut hearing) = blank(true);
	let up = Verdict::Up { latency: LatencyBucket::default() };
	let billed = [up, Verdict::Unmeasured];
	let free = [Verdict::Down, Verdict::Bad, Verdict::Stale, Verdict::Unclear, Verdict::Excused];
	for verdict in billed.into_iter().chain(free) {
		let before = row.meter.blocks;
		row.judge(&hearing, Ruling::from(verdict));
		assert_eq!(
			row.meter.blocks - before,
			if billed.contains(&verdict) { 5 } else { 0 },
			"{verdict:?}"
		);
		assert_eq!(row.meter.through, hearing.round);
		hearing.round += 1;
	}
	let before = row.meter.blocks;
	row.judge(&Hearing { stalled: true, ..hearing }, Ruling::from(Verdict::Unmeasured));
	assert_eq!(row.meter.blocks, before);
	assert_eq!(row.meter.recent, 0b1100_0000);
}

#[test]
fn a_cold_row_has_no_meter_and_no_breach() {
	let (mut row, hearing) = blank(false);
	for round in 1..12 {
		let judgement = row.judge(&Hearing { round, ..hearing }, Ruling::from(Verdict::Down));
		assert!(judgement.breaches.is_empty());
	}
	assert_eq!(row.meter, MeterReading::default());
	assert_eq!(row.counters.down, 11);
}

#[test]
fn tiers_fire_in_the_round_that_passes_them() {
	build_and_execute(4, || {
		// Allowance 1 of 12 rounds: tiers at 2, 3, 6 and 11.
		pair_of(true);
		next_round();
		play_up(12);
		assert!(Breaches::get().is_empty());
		play(9, only_1(DOWN));
		use BreachKind::Downtime;
		use Severity::*;
		assert_eq!(
			breaches_of(1),
			vec![
				(15, Downtime, None, Low),
				(16, Downtime, Some(Low), Medium),
				(19, Downtime, Some(Medium), High)
			]
		);
		assert!(breaches_of(2).is_empty());
		let (_, breach) = Breaches::get()[1];
		assert_eq!((breach.window, breach.counters.down, breach.frozen), (1, 3, Terms::get()));
		// The next window starts over.
		play(4, only_1(DOWN));
		assert_eq!(breaches_of(1).len(), 3);
		play(1, only_1(DOWN));
		assert_eq!(breaches_of(1).len(), 4);
		assert_eq!(breaches_of(1)[3], (25, Downtime, None, Low));
	});
}

#[test]
fn a_breach_is_told_in_the_block_that_judges_it() {
	build_and_execute(4, || {
		pair_of(true);
		play(3, only_1(DOWN));
		to_counted();
		assert!(Breaches::get().is_empty(), "round 2 is counted, not judged");
		next_block();
		assert_eq!(breaches_of(1).len(), 1);
		let events = System::events();
		assert!(events.iter().any(|e| e.event
			== RuntimeEvent::Probes(Event::VerdictChanged {
				service: 1,
				round: 1,
				from: None,
				to: Verdict::Down
			})));
		let changes = events.iter().filter(|e| {
			matches!(e.event, RuntimeEvent::Probes(Event::VerdictChanged { service: 1, .. }))
		});
		assert_eq!(changes.count(), 1, "down and still down is no change");
	});
}

#[test]
fn every_kind_counts_its_own_verdicts() {
	let breached = |finding: Finding, rounds: u32| {
		let mut kinds = vec![];
		build_and_execute(4, || {
			Breaches::set(vec![]);
			pair_of(true);
			play(rounds + 2, only_1(finding));
			kinds = breaches_of(1).into_iter().map(|(_, kind, ..)| kind).collect();
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
fn probers_who_disagree_make_a_service_unclear_which_counts_as_slow() {
	build_and_execute(4, || {
		pair_of(true);
		play(5, |prober, _, service| if service == 1 && prober < 2 { DOWN } else { up() });
		assert_eq!(row(1).last.unwrap().1, Verdict::Unclear);
		assert_eq!(breaches_of(1)[0].1, BreachKind::Slow);
		assert_eq!(Probes::reading(1).unwrap().blocks, 0);
		assert_eq!(Probes::reading(2).unwrap().blocks, 15);
	});
}

#[test]
fn a_meter_that_ends_ends_for_good() {
	build_and_execute(4, || {
		list_hot(1, 1);
		play_up(4);
		use CloseReason::*;
		Probes::end_meter(1, 6, ServiceRetired);
		Probes::end_meter(1, 5, Terminated);
		assert_eq!(Probes::ended(1), Some((5, Terminated)));
		Probes::end_meter(1, 7, RentUnpaid);
		assert_eq!(Probes::ended(1), Some((5, Terminated)), "an earlier end stands");
		Probes::end_meter(1, 5, RentUnpaid);
		assert_eq!(Probes::ended(1), Some((5, Terminated)), "and of one round the first");
		play_up(2);
		assert_eq!(
			Probes::reading(1).unwrap(),
			MeterReading { blocks: 20, through: 4, recent: 0b1111 }
		);
		play(1, |_, _, _| DOWN);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).due, 0, "not due any more");
		play(5, |_, _, _| DOWN);
		assert_eq!(
			Probes::reading(1).unwrap(),
			MeterReading { blocks: 25, through: 5, recent: 0b11111 }
		);
		assert!(Breaches::get().is_empty());
		assert_eq!(snapshot(round()).services, 0);
		assert_eq!(row(1).last.unwrap().0, 5);
	});
}

#[test]
fn an_end_decided_by_a_breach_is_not_overwritten() {
	build_and_execute(4, || {
		EndOnBreach::set(Some(2));
		pair_of(true);
		play(4, only_1(DOWN));
		assert_eq!(breaches_of(1).len(), 1);
		let ended = Some((4, CloseReason::Terminated));
		assert_eq!(Probes::ended(1), ended, "the page was written before the breach was told");
		play(6, only_1(DOWN));
		assert_eq!(Probes::reading(1).unwrap().through, 4);
		assert_eq!(Probes::reading(2).unwrap().through, round() - 2);
	});
}

#[test]
fn a_closed_window_goes_into_the_ring_and_to_the_scores() {
	build_and_execute(4, || {
		WindowRounds::set(4);
		pair_of(true);
		Terms::mutate(|terms| terms.allowance = [4, 4, 4]);
		let slow_once = |_: u16, round: u32, service: u32| match (service, round % 4) {
			(1, 2) => DOWN,
			(1, 3) => Finding::Up(ms(1_000)),
			_ => up(),
		};
		play(10, slow_once);
		let ring = Probes::window_ring(1);
		assert_eq!(ring.iter().map(|w| w.window).collect::<Vec<_>>(), [0, 1]);
		let counters = ring[1].counters;
		assert_eq!((counters.up, counters.down, counters.slow, counters.judged()), (3, 1, 1, 4));
		assert_eq!(ring[1].latency_p95, ms(1_000));
		assert_eq!(ring[0].counters.judged(), 3, "round 0 has no snapshot");
		assert_eq!(Closed::get().iter().filter(|(_, s, _)| *s == 1).count(), 2);
		assert!(Closed::get().contains(&(1, 1, ring[1])));
		// Of hot rows sla is told too.
		assert_eq!(Turned::get(), vec![(1, 0), (2, 0), (1, 1), (2, 1)]);
	});
}

#[test]
fn the_ring_keeps_24_windows() {
	build_and_execute(1, || {
		WindowRounds::set(1);
		list(1, 1);
		play_up(30);
		let windows: Vec<u32> = Windows::<Test>::get(1).iter().map(|w| w.window).collect();
		assert_eq!(windows, (4..28).collect::<Vec<_>>());
	});
}

#[test]
fn the_window_in_which_a_service_became_hot_is_closed_for_it() {
	build_and_execute(4, || {
		list(1, 1);
		// Round 11 is the last of window 0; the service is due hot from round 12 on.
		while round() < 11 {
			next_block();
		}
		Probes::heat(1).unwrap();
		Breaches::set(vec![]);
		play_up(4);
		assert_eq!(Turned::get(), vec![(1, 0)]);
		assert_eq!(row(1).window, 1);
	});
}

#[test]
fn rounds_before_the_sale_do_not_count_for_the_agreements() {
	build_and_execute(4, || {
		list(1, 1);
		list_hot(2, 2);
		// Down while idle in the rounds 1 to 5, up since it was sold.
		play(5, |_, round, service| if service == 1 && round <= 5 { DOWN } else { up() });
		Probes::heat(1).unwrap();
		play_up(10);
		let since = SinceSold::get()[&1];
		assert_eq!(
			(since.up, since.down, since.judged()),
			(6, 0, 6),
			"the rounds 6 to 11 of window 0"
		);
		// Scores learn of the whole window: idle, only the rounds 1 to 3 were judged.
		let whole = Probes::window_ring(1)[0];
		assert_eq!((whole.counters.up, whole.counters.down), (6, 3));
		assert!(Closed::get().contains(&(1, 1, whole)));
	});
}

#[test]
fn parameters_of_a_round_are_those_of_its_first_block() {
	// Lease 1 and service 2 in a dozen rounds, once with all parameters changed in the given block,
	// until the round of that block is judged.
	let says = |prober: u16, round: u32, service: u32| match (round * 7 + service % 100 * 3) % 5 {
		0 | 1 => DOWN,
		2 if prober.is_multiple_of(3) => DOWN,
		_ => up(),
	};
	let judged = |block: u32, change: bool| {
		let mut state = None;
		Health::set(HealthRule { bad: 3, of: 5 });
		let duty = |percent| DutyRule {
			least: Perbill::from_percent(percent),
			caught: Perbill::from_percent(percent),
		};
		Duty::set(duty(60));
		Session::set(0);
		build_and_execute(6, || {
			Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
			Unhealthy::take();
			let lease = list_lease(1, 1);
			list_hot(2, 2);
			list(3, 3);
			let of = block / RoundBlocks::get();
			while Probes::judged_round() < of {
				reporting_block(says);
				if change && MockClock::now() == block {
					Health::set(HealthRule { bad: 1, of: 1 });
					Duty::set(duty(100));
				}
			}
			end_session();
			let failed = Offences::take();
			state = Some((row(lease), row(2), row(3), Unhealthy::get(), failed));
		});
		state.unwrap()
	};
	for block in 5..60 {
		assert_eq!(judged(block, true), judged(block, false), "block {block}");
	}
}

#[test]
fn terms_of_a_window_are_those_of_its_start() {
	build_and_execute(4, || {
		WindowRounds::set(4);
		pair_of(true);
		play(4, only_1(up()));
		Terms::mutate(|terms| terms.allowance = [0, 0, 0]);
		play(2, |_, round, service| if service == 1 && round >= 5 { DOWN } else { up() });
		assert_eq!(row(1).frozen.allowance, [0, 0, 0], "window 1 turned after the change");
		Terms::mutate(|terms| terms.allowance = [3, 3, 3]);
		play(2, only_1(DOWN));
		assert_eq!(breaches_of(1).first().map(|b| (b.0, b.3)), Some((5, Severity::Low)));
	});
}

#[test]
fn announced_maintenance_is_excused_when_not_up() {
	build_and_execute(4, || {
		pair_of(true);
		Probes::set_maintenance(1, 3, 2);
		play(4, only_1(DOWN));
		assert_eq!(row(1).counters.down, 2);
		play(2, |_, round, service| if service == 1 && round == 3 { DOWN } else { up() });
		// Rounds 3 and 4 were down.
		assert_eq!((row(1).counters.down, row(1).counters.excused), (2, 2));
		play(3, only_1(DOWN));
		assert_eq!((row(1).counters.down, row(1).counters.up), (3, 2), "5 and 6 up, 7 down");
	});
	// It stays when the service cools and becomes hot.
	build_and_execute(4, || {
		list(1, 1);
		Probes::set_maintenance(1, 3, 2);
		Probes::heat(1).unwrap();
		assert_eq!((row(1).maintenance_from, row(1).maintenance_rounds), (3, 2));
		Probes::set_maintenance(1, 8, 1);
		Probes::cool(1);
		assert_eq!((row(1).maintenance_from, row(1).maintenance_rounds), (8, 1));
	});
}

/// Audit: what probers doubted was unmeasured, and billed.
#[test]
fn an_outage_in_doubt_is_excused_and_not_billed() {
	build_and_execute(4, || {
		pair_of(true);
		// One is sure that it is down; the others think that it may be their fault.
		let doubt = |prober: u16, _: u32, service: u32| match (service, prober) {
			(1, 0) => DOWN,
			(1, _) => Finding::InDoubt,
			_ => up(),
		};
		play(7, doubt);
		let counters = row(1).counters;
		assert_eq!((counters.excused, counters.judged()), (5, 5));
		assert_eq!((row(1).meter.blocks, row(2).meter.blocks), (0, 25));
		assert!(Breaches::get().is_empty());
		// As soon as most are sure it is down.
		play(4, |prober, _, service| match (service, prober) {
			(1, 0) => Finding::InDoubt,
			(1, _) => DOWN,
			_ => up(),
		});
		assert_eq!((row(1).counters.excused, row(1).counters.down), (7, 2));
		assert_eq!(breaches_of(1), vec![(9, BreachKind::Downtime, None, Severity::Low)]);
	});
}

/// Audit: three accounts of one company had 5 % of their downtime excused as an outage of all.
#[test]
fn all_of_a_network_down_at_once_is_down() {
	build_and_execute(4, || {
		for service in 1..=4 {
			list_rpc(service, service.into(), 7);
			Probes::heat(service).unwrap();
		}
		play(4, |_, _, service| if service <= 3 { DOWN } else { up() });
		for service in 1..=3 {
			assert_eq!((row(service).counters.excused, row(service).counters.down), (0, 2));
			assert_eq!(breaches_of(service).len(), 1);
		}
		assert_eq!(row(4).counters.up, 2);
	});
}

fn warned() -> Vec<(u32, u32, BreachKind, u16, u16)> {
	let warnings = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Probes(Event::AllowanceHalfUsed {
			service,
			window,
			round,
			kind,
			count,
			allowance,
		}) => {
			assert_eq!(window, MockClock::window_of(round));
			Some((service, round, kind, count, allowance))
		},
		_ => None,
	});
	warnings.collect()
}

#[test]
fn half_an_allowance_is_told_once_per_window_and_kind() {
	use BreachKind::*;
	build_and_execute(4, || {
		// Windows are 12 rounds, the first of 11.
		Terms::mutate(|terms| terms.allowance = [5, 4, 1]);
		pair_of(true);
		let says = |_: u16, round: u32, service: u32| match (service, round % 12) {
			(1, 1..=4) => DOWN,
			(1, 5..=7) => Finding::Up(ms(2_000)),
			(1, 8) => Finding::Bad(ms(1)),
			_ => up(),
		};
		play(26, says);
		let of_window = |first: u32| {
			[
				(1, first + 3, Downtime, 3, 5),
				(1, first + 6, Slow, 2, 4),
				(1, first + 8, BadData, 1, 1),
			]
		};
		assert_eq!(warned(), [of_window(0), of_window(12)].concat());
		assert!(Breaches::get().is_empty(), "they are warnings");
	});
}

#[test]
fn of_an_allowance_of_one_round_the_first_warns_and_of_none_nothing_does() {
	build_and_execute(4, || {
		Terms::mutate(|terms| terms.allowance = [1, 0, 0]);
		pair_of(true);
		play(3, |_, _, service| match service {
			1 => DOWN,
			2 => Finding::Up(ms(2_000)),
			_ => Finding::Bad(ms(1)),
		});
		assert_eq!(warned(), vec![(1, 1, BreachKind::Downtime, 1, 1)]);
		assert!(breaches_of(1).is_empty(), "before the breach");
		assert_eq!(breaches_of(2).len(), 1, "nothing is allowed: it breaches at once");
		play(1, only_1(DOWN));
		assert_eq!((warned().len(), breaches_of(1).len()), (1, 1));
	});
}

#[test]
fn the_first_up_proves_control() {
	build_and_execute(4, || {
		ProofOfControl::set(true);
		let unproven = surety_primitives::Service {
			status: ServiceStatus::Unproven,
			..describe(1, ServiceKind::Compute)
		};
		list_as(1, unproven);
		list(2, 2);
		play(3, only_1(DOWN));
		assert!(Proven::get().is_empty());
		play_up(5);
		assert_eq!(Proven::get(), vec![1], "once, and only for what was unproven");
		// It moves: nothing is known of where it is now, until control of that is proven.
		Probes::unproven(1);
		assert_eq!(Probes::probed(1).unwrap().last, None);
		play_up(5);
		assert_eq!(Proven::get(), vec![1, 1]);
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
	/// Whatever the rulings: the counters say how many rounds were judged, every tier that the
	/// counters reach was told once and in order, so was half of an allowance, and the meter counts
	/// the billable rounds.
	#[test]
	fn a_row_keeps_its_books(
		rulings in proptest::collection::vec(any_verdict(), 1..40),
		allowance in proptest::array::uniform3(0u16..6),
	) {
		let (mut row, hearing) = blank(true);
		row.frozen.allowance = allowance;
		let mut told: Vec<(BreachKind, Severity)> = vec![];
		let mut billable = 0u32;
		let window_rounds = 40;
		let mut warned: Vec<BreachKind> = vec![];
		for (round, verdict) in (1u32..).zip(&rulings) {
			let hearing = Hearing { round, window_rounds, ..hearing };
			let judgement = row.judge(&hearing, Ruling::from(*verdict));
			billable += u32::from(matches!(judgement.verdict, Some(Verdict::Up { .. } | Verdict::Unmeasured)));
			for (kind, count, allowance) in judgement.warnings {
				prop_assert_eq!(count, allowance.div_ceil(2));
				prop_assert!(!warned.contains(&kind));
				warned.push(kind);
			}
			for breach in judgement.breaches {
				let before = told.iter().rev().find(|(kind, _)| *kind == breach.kind).map(|(_, s)| *s);
				prop_assert_eq!(before, breach.before);
				prop_assert!(Some(breach.severity) > before);
				told.push((breach.kind, breach.severity));
			}
		}
		prop_assert_eq!(usize::from(row.counters.judged()), rulings.len());
		prop_assert_eq!(row.meter.blocks, billable * 5);
		prop_assert_eq!(u32::from(row.counters.up), row.latencies.total());
		for ((kind, allowance), tier) in BreachKind::COUNTED.into_iter().zip(allowance).zip(row.tiers) {
			let reached = tiers::reached(row.counters.against(kind), allowance, window_rounds);
			prop_assert_eq!(tier, reached);
			let half = allowance > 0 && row.counters.against(kind) >= allowance.div_ceil(2);
			prop_assert_eq!(warned.contains(&kind), half);
			prop_assert_eq!(told.iter().rev().find(|(k, _)| *k == kind).map(|(_, s)| *s), tier);
		}
	}

	/// The percentile is exact while no more than 32 buckets were seen, and a bucket seen ever
	/// after.
	#[test]
	fn the_percentile_is_of_what_was_seen(seen in proptest::collection::vec(0u8..64, 1..200)) {
		let mut histogram = crate::types::Histogram::default();
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
fn a_reading_is_found_for_a_round_that_was_open() {
	build_and_execute(4, || {
		list_hot(1, 1);
		play(4, |_, round, _| if round == 2 { DOWN } else { up() });
		let opened = MockClock::round();
		assert_eq!(Probes::reading(1).unwrap().at_most(opened, 5), None);
		play_up(2);
		assert_eq!(Probes::reading(1).unwrap().at_most(opened, 5), Some(15));
		assert_eq!(Probes::reading(1).unwrap().at_least(1, 5), Some(5));
	});
}
