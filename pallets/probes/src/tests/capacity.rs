// SPDX-License-Identifier: Apache-2.0

//! Capacity: pages that may be due in a round, and the slots in them.

use super::{
	idle_pages::{idle_due, idle_pages},
	rounds::{due, last_closed},
};
use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::report::Finding;

/// Blocks up to the first of the next window.
fn next_window() {
	let from = Timing::window_of(round());
	while Timing::window_of(round()) == from {
		next_round();
		Probes::do_try_state().unwrap();
	}
}

#[test]
fn capacity_is_whole_pages_within_bounds() {
	for (services, pages) in [
		(0, 2),
		(128, 2),
		(256, 2),
		(300, 2),
		(383, 2),
		(384, 3),
		(65_536, MAX_DUE),
		(u32::MAX, MAX_DUE),
	] {
		build_and_execute(0, || {
			DueServices::set(services);
			assert_eq!(Probes::occupancy().slots, (pages - 1) * 128, "before the first round");
			next_round();
			assert_eq!(Capacity::<Test>::get(), Some(pages), "{services} services");
		});
	}
}

#[test]
fn capacity_changes_only_where_a_window_begins() {
	build_and_execute(1, || {
		set_clock(|clock| clock.window_rounds = 4);
		idle_pages(6);
		next_round();
		assert_eq!((idle_due().len(), Probes::occupancy().slots), (4, 384));
		// Raised in the middle of window 0, which are the rounds up to 3.
		DueServices::set(1_024);
		next_round();
		next_round();
		assert_eq!((round(), idle_due().len(), Probes::occupancy().slots), (3, 4, 384));
		next_round();
		assert_eq!((round(), idle_due().len(), Probes::occupancy().slots), (4, 6, 896));
		// Lowered in its first block: the window keeps what it began with.
		DueServices::set(256);
		next_round();
		assert_eq!((idle_due().len(), Probes::occupancy().slots), (6, 896));
		next_window();
		assert_eq!((round(), idle_due().len(), Probes::occupancy().slots), (8, 2, 128));
	});
}

#[test]
fn the_maximum_capacity_is_probed_and_judged_in_one_round() {
	// All possible pages with one listing each: 65,536 rows would take too long.
	new_test_ext().execute_with(|| {
		start_session(1);
		DueServices::set(65_536);
		for page in 0..MAX_DUE + 3 {
			Idle::<Test>::mutate(|slots| slots.end = page * 128);
			list(page, 1);
		}
		run_up(3);
		assert_eq!(due(3).len(), MAX_DUE as usize);
		assert_eq!(last_closed(), (1, RoundTally { up: MAX_DUE, ..Default::default() }));
		assert_eq!(row(MAX_DUE - 1).last.map(|(round, _)| round), Some(1));
		assert_eq!(row(MAX_DUE).last, None, "its turn is in the next round");
		assert_eq!(Probes::occupancy().slots, (MAX_DUE - 1) * 128);
	});
}

#[test]
fn active_targets_stay_due_when_the_capacity_is_lowered() {
	build_and_execute(1, || {
		set_clock(|clock| clock.window_rounds = 4);
		DueServices::set(1_024);
		// Three active pages, the last with one service, and idle pages.
		for service in 0..257 {
			list_active(service, 1);
		}
		for service in 257..1_000 {
			list(service, 1);
		}
		next_window();
		let active_due = || {
			let active = due(round()).into_iter().filter(|(page, _)| page.is_active());
			active.map(|(_, targets)| targets).sum::<u32>()
		};
		assert_eq!((active_due(), due(round()).len()), (257, 8));
		DueServices::set(256);
		next_window();
		// The active targets keep their pages, and the idle ones get a page.
		assert_eq!((active_due(), idle_due().len(), Probes::occupancy().slots), (257, 1, 384));
		list(1_000, 1);
		assert_ok!(activate(1_000));
		assert_eq!(active_slot(1_000), (2, 1), "the pages that are kept may be filled");
		run_up(2);
		// The last page empties. Its slots are given back when its rounds are closed, and the next
		// window shrinks the capacity.
		for service in [256, 1_000] {
			Probes::deactivate(listed(service));
		}
		run_up(3);
		assert_eq!(Active::<Test>::get().taken, 256);
		next_window();
		assert_eq!((active_due(), idle_due().len(), Probes::occupancy().slots), (256, 1, 256));
		assert_noop!(activate(1_000), Error::<Test>::RoundsFull);
		// A page in the middle that empties does not shrink it: one above is active.
		(0..128).map(listed).for_each(Probes::deactivate);
		run_up(4);
		next_window();
		assert_eq!((active_due(), Probes::occupancy().slots), (128, 256));
		assert_ok!(activate(1_000));
		assert_eq!(active_slot(1_000), (0, 0));
		// At last the wanted capacity.
		(128..256).map(listed).for_each(Probes::deactivate);
		run_up(4);
		next_window();
		assert_eq!((active_due(), Probes::occupancy().slots), (1, 128));
	});
}

#[test]
fn a_page_kept_by_a_leaving_row_is_within_capacity() {
	build_and_execute(1, || {
		set_clock(|clock| clock.window_rounds = 2);
		DueServices::set(1_024);
		for service in 0..129 {
			list_active(service, 1);
		}
		run_up(3);
		DueServices::set(256);
		// The last round of a window names the slot, which is taken into the next window.
		assert_eq!(round() % 2, 1);
		Probes::deactivate(listed(128));
		next_round();
		assert_eq!(Probes::occupancy().slots, 256);
		Probes::do_try_state().unwrap();
		for _ in 0..5 {
			run_up(1);
			Probes::do_try_state().unwrap();
		}
		assert_eq!(Probes::occupancy().slots, 128);
	});
}

#[test]
fn active_targets_may_fill_several_pages() {
	build_and_execute(4, || {
		DueServices::set(1_024);
		for service in 0..600 {
			list_active(service, u64::from(service) / 10);
		}
		list(600, 1);
		// In every page one is down.
		let is_down = |service: u32| service % 128 == 77;
		run_rounds(4, |_, _, service| if is_down(service) { Finding::Down } else { up() });
		let pages: Vec<(PageId, u32)> = due(round());
		let full = |page| (PageId::Active(page), 128);
		let rest = [(PageId::Active(4), 88), (PageId::Idle(4), 1)];
		assert_eq!(pages, [vec![full(0), full(1), full(2), full(3)], rest.to_vec()].concat());
		assert_eq!(last_closed(), (2, RoundTally { up: 596, down: 5, ..Default::default() }));
		for service in 0..600 {
			let meter = reading(service).unwrap();
			assert_eq!((meter.blocks, meter.through), (if is_down(service) { 0 } else { 10 }, 2));
		}
		assert_eq!(
			Tiers::get().iter().map(|(target, _)| *target).collect::<Vec<_>>(),
			[77, 205, 333, 461, 589].map(listed)
		);
		// Every page counts its operators by itself: 60 of ten services, four of which are on two
		// pages each.
		let duty = Probes::duty(account(0)).unwrap();
		assert_eq!((duty.judged, duty.agreed), (2 * 64 * SHARE, 2 * 64 * SHARE));
	});
}

/// Page and slot of an active service.
fn active_slot(service: u32) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(listed(service)).unwrap().active.unwrap();
	(place.page, place.slot)
}

#[test]
fn a_free_slot_is_found_behind_many_full_pages() {
	// More full pages than a word of the set has bits. Their rows do not exist, so the invariants
	// are not checked.
	new_test_ext().execute_with(|| {
		DueServices::set(65_536);
		Active::<Test>::mutate(|active| {
			for page in 0..200 {
				active.full.set(page, true);
			}
			active.pages = 200;
			active.taken = 200 * 128;
		});
		list_active(1, 1);
		assert_eq!((active_slot(1), Active::<Test>::get().pages), ((200, 0), 201));
		// A slot of a full page that is given back comes first.
		PageInfos::<Test>::mutate(PageId::Active(130), |info| info.taken = u128::MAX - 4);
		Probes::free_active(130, 1);
		list_active(2, 1);
		list_active(3, 1);
		assert_eq!((active_slot(2), active_slot(3)), ((130, 2), (200, 1)));
	});
}
