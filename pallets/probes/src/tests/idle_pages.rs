// SPDX-License-Identifier: Apache-2.0

//! Idle pages: turns, and requested probes.

use super::rounds::due;
use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::report::Finding;

/// Idle pages that are due in the current round.
pub(super) fn idle_due() -> Vec<u32> {
	let page = |due: &Due| match due.page {
		PageId::Idle(page) => Some(page),
		PageId::Active(_) => None,
	};
	DuePages::<Test>::get(round()).iter().filter_map(page).collect()
}

fn request(service: ServiceId) -> DispatchResult {
	Probes::request_probe(RuntimeOrigin::signed(1), service)
}

/// List `pages` full idle pages.
pub(super) fn idle_pages(pages: u32) {
	for service in 0..pages * 128 {
		list(service, 1);
	}
}

#[test]
fn a_requested_probe_comes_before_the_turns() {
	build_and_execute(4, || {
		idle_pages(20);
		next_round();
		assert_eq!(idle_due(), [0, 1, 2, 3]);
		// Page 12 would have its turn in round 4.
		assert_ok!(request(12 * 128 + 5));
		System::assert_last_event(Event::ProbeQueued { service: 12 * 128 + 5, page: 12 }.into());
		let events = System::event_count();
		assert_ok!(request(12 * 128 + 6));
		assert_ok!(request(12 * 128 + 5));
		assert_eq!((Queued::<Test>::get().into_inner(), System::event_count()), (vec![12], events));
		next_round();
		assert_eq!(idle_due(), [12, 4, 5, 6], "the others take their turns");
		assert!(Queued::<Test>::get().is_empty());
		next_round();
		assert_eq!(idle_due(), [7, 8, 9, 10]);
		// The page is not due twice in the round of its turn.
		assert_ok!(request(12 * 128));
		next_round();
		assert_eq!(idle_due(), [12, 11, 13, 14]);
	});
}

#[test]
fn a_requested_verdict_follows_two_rounds_later() {
	build_and_execute(4, || {
		idle_pages(20);
		assert_ok!(request(19 * 128 + 127));
		run_up(3);
		assert_eq!(row(19 * 128 + 127).last.map(|(round, _)| round), Some(1));
		assert_eq!(row(18 * 128).last, None);
	});
}

#[test]
fn requests_take_at_most_a_quarter_of_the_idle_pages() {
	build_and_execute(4, || {
		DueServices::set(1_024);
		idle_pages(20);
		for page in [15, 16, 17, 18, 19] {
			assert_ok!(request(page * 128));
		}
		let mut rounds = vec![];
		for _ in 0..3 {
			next_round();
			Probes::do_try_state().unwrap();
			rounds.push(idle_due());
		}
		assert_eq!(
			rounds,
			[
				[15, 16, 0, 1, 2, 3, 4, 5],
				[17, 18, 6, 7, 8, 9, 10, 11],
				[19, 12, 13, 14, 15, 16, 17, 18]
			]
		);
	});
}

#[test]
fn requests_do_not_stop_the_turns() {
	build_and_execute(1, || {
		// One idle page fits besides the active one.
		DueServices::set(256);
		idle_pages(6);
		activate(0).unwrap();
		let mut seen = vec![];
		for _ in 0..8 {
			// Requests for the last two pages, again and again.
			for page in [4, 5] {
				assert_ok!(request(page * 128));
			}
			next_round();
			seen.extend(idle_due());
		}
		assert_eq!(seen, [4, 0, 5, 1, 4, 2, 5, 3]);
	});
}

#[test]
fn nothing_is_queued_if_all_idle_pages_are_due_anyway() {
	build_and_execute(1, || {
		idle_pages(3);
		activate(0).unwrap();
		assert_ok!(request(1));
		assert!(Queued::<Test>::get().is_empty());
		// A fourth idle page does not fit besides the active one.
		list(3 * 128, 1);
		assert_ok!(request(1));
		assert_eq!(Queued::<Test>::get().into_inner(), [0]);
	});
}

#[test]
fn only_probes_of_idle_services_can_be_requested() {
	build_and_execute(4, || {
		set_clock(|clock| (clock.window_rounds, clock.proof_of_control) = (4, true));
		list_unproven(0);
		list_active(1, 1);
		assert_noop!(request(9), Error::<Test>::NotListed);
		assert_noop!(request(1), Error::<Test>::AlreadyDue);
		assert_noop!(Probes::request_probe(RuntimeOrigin::root(), 1), DispatchError::BadOrigin);
		assert_ok!(request(0));
		// A listing without a proof of control is not probed on request either.
		run_rounds(11, |_, _, service| if service == 0 { Finding::Bad(ms(1)) } else { up() });
		assert_noop!(request(0), Error::<Test>::NotProbed);
		Probes::unlist(listed(1));
		assert_noop!(request(1), Error::<Test>::NotListed);
	});
}

#[test]
fn the_queue_of_requests_is_bounded() {
	// One service per page. The slots between them belong to no target, so the invariants are not
	// checked.
	new_test_ext().execute_with(|| {
		for page in 0..=MAX_QUEUED {
			Idle::<Test>::mutate(|slots| slots.end = page * 128);
			list(page, 1);
		}
		for page in 0..MAX_QUEUED {
			assert_ok!(request(page));
		}
		assert_noop!(request(MAX_QUEUED), Error::<Test>::QueueFull);
		assert_ok!(request(3));
		// A page whose services left in the meantime uses up its place, nothing else.
		Probes::unlist(listed(0));
		next_round();
		assert_eq!(idle_due(), [1, 2, 3, 4], "the turns");
		next_round();
		assert_eq!(idle_due()[0], 1, "the queue");
		assert_eq!(Queued::<Test>::get().len(), MAX_QUEUED as usize - 2);
	});
}

#[test]
fn idle_pages_take_turns_and_active_ones_do_not() {
	build_and_execute(1, || {
		// Four pages of capacity, six idle pages and one active page.
		for service in 0..6 * 128 {
			list(service, 1);
		}
		activate(300).unwrap();
		let mut seen = vec![];
		for _ in 0..4 {
			next_round();
			let due = due(round());
			assert_eq!(due.len(), 4);
			assert_eq!(due[0], (PageId::Active(0), 1));
			seen.extend(due[1..].iter().map(|(page, _)| *page));
			Probes::do_try_state().unwrap();
		}
		let all: Vec<PageId> = (0..6).map(PageId::Idle).collect();
		assert_eq!(seen, [all.clone(), all].concat(), "each had two turns");
		// The active service is not due in its idle page.
		assert_eq!(PageInfos::<Test>::get(PageId::Idle(2)).due.count_ones(), 127);
	});
}

#[test]
fn a_single_idle_page_is_due_in_every_round() {
	build_and_execute(1, || {
		list(1, 1);
		next_round();
		assert_eq!(due(1), vec![(PageId::Idle(0), 1)]);
		next_round();
		assert_eq!(due(2), vec![(PageId::Idle(0), 1)]);
	});
}
