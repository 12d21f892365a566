// SPDX-License-Identifier: Apache-2.0

//! Windows: their close, the ring, the terms that they are judged by, and warnings.

use super::judging::{list_three, only_1, tiers_of};
use crate::{mock::*, *};
use surety_primitives::{Meter, Severity, report::Finding};

const DOWN: Finding = Finding::Down;

#[test]
fn an_end_decided_at_the_close_of_a_window_is_carried_out() {
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		list_three();
		let lease = list_lease(7, 1);
		// Window 0 closes in the judging of round 4, in round 6.
		run_up(5);
		let ends = [(5, CloseReason::RentUnpaid), (6, CloseReason::Terminated)];
		EndOnClose::set([(listed(1), ends[0]), (lease, ends[1])].into());
		run_up(1);
		assert_eq!((end_of(1), end_of(2)), (Some(ends[0]), None));
		assert_eq!(Probes::meter(lease).unwrap().end, Some(ends[1]));
		assert_eq!((Terminated::get(), Failed::get()), (vec![(1, 5)], vec![(7, ends[1])]));
		run_up(5);
		assert_eq!((row(1).meter.through, row_of(lease).meter.through), (5, 6));
		assert_eq!(row(2).meter.through, round() - 2);
	});
}

#[test]
fn a_closed_window_goes_to_the_ring_and_the_handlers() {
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		list_three();
		Terms::mutate(|terms| terms.allowance = [4, 4, 4]);
		let slow_once = |_: u16, round: u32, service: u32| match (service, round % 4) {
			(1, 2) => DOWN,
			(1, 3) => Finding::Up(ms(1_000)),
			_ => up(),
		};
		run_rounds(10, slow_once);
		let ring = Windows::<Test>::get(listed(1));
		assert_eq!(ring.iter().map(|w| w.window).collect::<Vec<_>>(), [0, 1]);
		let counters = ring[1].counters;
		assert_eq!((counters.up, counters.down, counters.slow, counters.judged()), (3, 1, 1, 4));
		assert_eq!(ring[1].latency_p95, ms(1_000));
		assert_eq!(ring[0].counters.judged(), 3, "round 0 has no snapshot");
		assert_eq!(Summaries::get().iter().filter(|(_, t, _)| *t == listed(1)).count(), 2);
		assert!(Summaries::get().contains(&(1, listed(1), ring[1])));
		// Windows of active rows only.
		let of = |id, window| (listed(id), window);
		assert_eq!(Closed::get(), vec![of(1, 0), of(2, 0), of(1, 1), of(2, 1)]);
	});
}

#[test]
fn the_ring_keeps_the_last_24_windows() {
	build_and_execute(1, || {
		set_clock(|clock| clock.window_rounds = 1);
		list(1, 1);
		run_up(30);
		let windows: Vec<u32> = Windows::<Test>::get(listed(1)).iter().map(|w| w.window).collect();
		assert_eq!(windows, (4..28).collect::<Vec<_>>());
	});
}

#[test]
fn the_window_of_the_activation_is_closed_for_the_target() {
	build_and_execute(4, || {
		list(1, 1);
		// Round 11 is the last of window 0. The active row is due from round 12 on.
		while round() < 11 {
			next_block();
		}
		activate(1).unwrap();
		run_up(4);
		assert_eq!(Closed::get(), vec![(listed(1), 0)]);
		assert_eq!(row(1).window, 1);
	});
}

#[test]
fn rounds_before_the_activation_are_not_since_sold() {
	build_and_execute(4, || {
		list(1, 1);
		list_active(2, 2);
		// Down while idle in the rounds 1 to 5, up since the activation.
		run_rounds(5, |_, round, service| if service == 1 && round <= 5 { DOWN } else { up() });
		activate(1).unwrap();
		run_up(10);
		let since = SinceSold::get()[&listed(1)];
		assert_eq!(
			(since.up, since.down, since.judged()),
			(6, 0, 6),
			"the rounds 6 to 11 of window 0"
		);
		// The scores get the whole window. While idle, only the rounds 1 to 3 were judged.
		let whole = Windows::<Test>::get(listed(1))[0];
		assert_eq!((whole.counters.up, whole.counters.down), (6, 3));
		assert!(Summaries::get().contains(&(1, listed(1), whole)));
	});
}

#[test]
fn terms_of_a_window_are_those_of_its_start() {
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		list_three();
		run_rounds(4, only_1(up()));
		Terms::mutate(|terms| terms.allowance = [0, 0, 0]);
		run_rounds(2, |_, round, service| if service == 1 && round >= 5 { DOWN } else { up() });
		assert_eq!(row(1).terms.allowance, [0, 0, 0], "window 0 closed after the change");
		Terms::mutate(|terms| terms.allowance = [3, 3, 3]);
		run_rounds(2, only_1(DOWN));
		assert_eq!(tiers_of(1).first().map(|b| (b.0, b.3)), Some((5, Severity::Low)));
	});
}

fn warned() -> Vec<(Target, u32, BreachKind, u16, u16)> {
	let warnings = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Probes(Event::AllowanceHalfUsed {
			target,
			window,
			round,
			kind,
			count,
			allowance,
		}) => {
			assert_eq!(window, Timing::window_of(round));
			Some((target, round, kind, count, allowance))
		},
		_ => None,
	});
	warnings.collect()
}

#[test]
fn half_an_allowance_warns_once_per_window_and_kind() {
	use BreachKind::*;
	build_and_execute(4, || {
		// Windows are 12 rounds, the first of 11.
		Terms::mutate(|terms| terms.allowance = [5, 4, 1]);
		list_three();
		let says = |_: u16, round: u32, service: u32| match (service, round % 12) {
			(1, 1..=4) => DOWN,
			(1, 5..=7) => Finding::Up(ms(2_000)),
			(1, 8) => Finding::Bad(ms(1)),
			_ => up(),
		};
		run_rounds(26, says);
		let of_window = |first: u32| {
			[
				(listed(1), first + 3, Downtime, 3, 5),
				(listed(1), first + 6, Slow, 2, 4),
				(listed(1), first + 8, BadData, 1, 1),
			]
		};
		assert_eq!(warned(), [of_window(0), of_window(12)].concat());
		assert!(Tiers::get().is_empty(), "warnings only");
	});
}

#[test]
fn an_allowance_of_one_round_warns_and_one_of_none_does_not() {
	build_and_execute(4, || {
		Terms::mutate(|terms| terms.allowance = [1, 0, 0]);
		list_three();
		run_rounds(3, |_, _, service| match service {
			1 => DOWN,
			2 => Finding::Up(ms(2_000)),
			_ => Finding::Bad(ms(1)),
		});
		assert_eq!(warned(), vec![(listed(1), 1, BreachKind::Downtime, 1, 1)]);
		assert!(tiers_of(1).is_empty(), "before the breach");
		assert_eq!(tiers_of(2).len(), 1, "nothing is allowed");
		run_rounds(1, only_1(DOWN));
		assert_eq!((warned().len(), tiers_of(1).len()), (1, 1));
	});
}
