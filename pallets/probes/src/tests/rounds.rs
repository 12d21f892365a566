//! Snapshots, capacity, sessions and stalls.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use std::collections::BTreeSet;
use surety_primitives::report::Finding;

fn due(round: u32) -> Vec<(PageId, u32)> {
	DuePages::<Test>::get(round).iter().map(|due| (due.page, due.mask.count_ones())).collect()
}

fn last_closed() -> (u32, RoundTally) {
	let closed = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Probes(Event::RoundClosed {
			round,
			up,
			down,
			bad,
			stale,
			unclear,
			unmeasured,
			excused,
		}) => Some((round, RoundTally { up, down, bad, stale, unclear, unmeasured, excused })),
		_ => None,
	});
	closed.expect("a round was closed")
}

#[test]
fn a_round_is_opened_counted_judged_and_closed() {
	build_and_execute(4, || {
		list(1, 1);
		run_up(3);
		// In round 3: round 1 is judged, 2 is revealed, 3 is committed to.
		assert_eq!(round(), 3);
		assert_eq!(Progress::<Test>::get().judged, 1);
		let rounds: BTreeSet<u32> = Snapshots::<Test>::iter_keys().collect();
		assert_eq!(rounds, BTreeSet::from([2, 3]));
		assert_eq!(last_closed(), (1, RoundTally { up: 1, ..Default::default() }));
		assert_eq!(row(1).last, Some((1, Verdict::Up { latency: ms(40) })));
		assert!(
			!Reports::<Test>::iter().any(|(round, ..)| round == 1),
			"reports go with their round"
		);
		assert_eq!(Reports::<Test>::iter().filter(|(round, ..)| *round == 2).count(), 4);
		// Round 2 is counted in the third block of round 4, and judged after it.
		next_round();
		next_block();
		assert_eq!((Progress::<Test>::get().judged, Counting::<Test>::exists()), (1, false));
		next_block();
		assert_eq!((Progress::<Test>::get().judged, Counting::<Test>::exists()), (1, true));
		Probes::do_try_state().unwrap();
		next_block();
		assert_eq!((Progress::<Test>::get().judged, Counting::<Test>::exists()), (2, false));
		assert!(!Snapshots::<Test>::contains_key(2) && !DuePages::<Test>::contains_key(2));
	});
}

#[test]
fn the_status_shows_the_rounds_open_for_commits_and_reveals() {
	build_and_execute(4, || {
		list(1, 1);
		run_up(3);
		let mut seen = vec![];
		for _ in 0..5 {
			next_block();
			let status = Probes::round_status();
			assert_eq!((status.round, status.offset), (4, offset()));
			seen.push((status.commits_from, status.reveals, status.judged));
		}
		// Commits to round 3 end with the second block; reveals of round 2 too, and those of 3
		// begin with the fifth.
		assert_eq!(
			seen,
			[(3, Some(2), 1), (3, Some(2), 1), (4, None, 1), (4, None, 2), (4, Some(3), 2)]
		);
	});
}

#[test]
fn a_listing_is_due_from_the_next_round_on() {
	build_and_execute(4, || {
		next_round();
		list(1, 1);
		assert!(due(1).is_empty());
		assert_eq!(snapshot(1).targets, 0);
		run_up(3);
		assert_eq!(row(1).last.unwrap().0, 2);
		assert_eq!(row(1).counters.judged(), 1);
	});
}

#[test]
fn rounds_without_targets_are_closed() {
	build_and_execute(0, || {
		for _ in 0..6 {
			next_round();
			Probes::do_try_state().unwrap();
		}
		blocks(4);
		assert_eq!(Progress::<Test>::get().judged, 4);
	});
}

#[test]
fn without_probers_nothing_is_measured() {
	build_and_execute(0, || {
		list_active(1, 1);
		run_up(4);
		assert_eq!(row(1).last.unwrap().1, Verdict::Unmeasured);
	});
}

#[test]
fn all_probers_report_on_all_due_targets() {
	build_and_execute(100, || {
		// Two pages.
		for service in 0..200 {
			list(service, 1);
		}
		run_up(4);
		assert_eq!(snapshot(round()).targets, 200);
		assert_eq!(report_of(round(), &|_| up()).len(), 200);
		for service in [0, 127, 128, 199] {
			assert_eq!(row(service).last.unwrap().1, Verdict::Up { latency: ms(40) });
		}
		let duties = (0..100).map(|prober| Probes::duty(account(prober)).unwrap());
		assert!(duties.into_iter().all(|duty| (duty.rounds, duty.accepted) == (2, 2)));
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

/// Idle pages that are due in the current round.
fn idle_due() -> Vec<u32> {
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
fn idle_pages(pages: u32) {
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
		WindowRounds::set(4);
		ProofRequired::set(true);
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
fn work_per_block_does_not_grow_with_the_listings() {
	let worst = |listings: u32| {
		let mut worst = Weight::zero();
		build_and_execute(4, || {
			for service in 0..listings {
				list(service, 1);
			}
			for _ in 0..26 {
				worst = worst.max(next_block());
			}
		});
		worst
	};
	assert_eq!(worst(1_000), worst(3_000));
}

#[test]
fn judging_is_spread_and_done_within_the_round() {
	build_and_execute(4, || {
		for service in 0..512 {
			list(service, 1);
		}
		run_up(2);
		next_round();
		blocks(2);
		assert_eq!(Progress::<Test>::get().judged, 0);
		// Four pages in the two blocks after the one that counts.
		next_block();
		assert_eq!((Progress::<Test>::get().pages, Progress::<Test>::get().targets), (2, 256));
		Probes::do_try_state().unwrap();
		next_block();
		assert_eq!(Progress::<Test>::get().judged, 1);
		assert_eq!(last_closed().1.up, 512);
	});
	// Longer rounds have more parts: three pages in seven blocks.
	build_and_execute(4, || {
		RoundBlocks::set(10);
		for service in 0..384 {
			list(service, 1);
		}
		run_up(2);
		next_round();
		let mut pages = vec![];
		while Progress::<Test>::get().judged == 0 {
			next_block();
			pages.push(Progress::<Test>::get().pages);
			Probes::do_try_state().unwrap();
		}
		assert_eq!((pages, offset()), (vec![0, 0, 1, 2, 0], 5));
		assert_eq!(last_closed().1.up, 384);
	});
}

#[test]
fn a_new_session_does_not_touch_open_rounds() {
	build_and_execute(4, || {
		list_active(1, 1);
		next_round();
		next_block();
		for prober in 0..4 {
			let report = report_of(1, &|_| Finding::Down);
			commit(1, prober, report).unwrap();
		}
		// All validators are replaced in the middle of round 1.
		end_session();
		session_of(10..14);
		next_round();
		assert_eq!(snapshot(1).probers[0].account, account(0));
		assert_eq!(snapshot(2).probers[0].account, account(10));
		assert_eq!((snapshot(1).session, snapshot(2).session), (0, 1));
		to_reveals();
		for prober in 0..4 {
			reveal(1, prober).unwrap();
		}
		to_judged(1);
		assert_eq!(row(1).last, Some((1, Verdict::Down)));
		// Round 1 counts in the duty of the old probers.
		assert_eq!(Probes::duty(account(0)).unwrap().accepted, 1);
	});
}

#[test]
fn a_stalled_round_is_unmeasured_and_not_billed() {
	build_and_execute(4, || {
		list_active(1, 1);
		run_up(1);
		let before = Now::get();
		next_round();
		// A round should take 30 s. The chain stalls within round 2, in which all is found down.
		next_block();
		for prober in 0..4 {
			let report = report_of(2, &|_| Finding::Down);
			commit(2, prober, report).unwrap();
		}
		Now::mutate(|now| *now += 61_000);
		next_round();
		assert_eq!(Now::get() - before, 61_000 + 6 * 6_000);
		to_reveals();
		for prober in 0..4 {
			reveal(2, prober).unwrap();
		}
		to_counted();
		let counted = Counting::<Test>::get().unwrap();
		assert!(counted.stalled && counted.duty.is_empty());
		to_judged(2);
		assert_eq!(row(1).last, Some((2, Verdict::Unmeasured)));
		assert_eq!(row(1).meter.blocks, 5, "round 1 only");
		assert_eq!(reading(1).unwrap().through, 2);
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, 1, "a stalled round is in no duty");
	});
}

#[test]
fn three_times_the_nominal_length_is_no_stall() {
	build_and_execute(4, || {
		list_active(1, 1);
		run_up(1);
		next_round();
		Now::mutate(|now| *now += 60_000);
		next_round();
		to_counted();
		assert!(!Counting::<Test>::get().unwrap().stalled);
		to_judged(2);
		assert_eq!(row(1).last, Some((2, Verdict::Unmeasured)), "no report came");
		assert_eq!(row(1).meter.blocks, 10, "billed all the same");
	});
}

#[test]
fn the_pallet_may_be_added_to_a_running_chain() {
	build_and_execute(4, || {
		System::set_block_number(1_000_003);
		list(1, 1);
		run_up(4);
		assert_eq!(Probes::judged_round(), MockClock::round() - 2);
		assert_eq!(row(1).counters.up, 2, "of the four rounds the last two are open");
		assert_eq!(row(1).last, Some((round() - 2, Verdict::Up { latency: ms(40) })));
	});
}

#[test]
fn the_configuration_is_checked() {
	build_and_execute(0, Probes::check_config);
	// Reveals need a block in their round, so four blocks are too few.
	RoundBlocks::set(REVEAL_OFFSET);
	assert!(std::panic::catch_unwind(Probes::check_config).is_err());
	RoundBlocks::set(REVEAL_OFFSET + 1);
	Probes::check_config();
}

/// Blocks up to the first of the next window.
fn next_window() {
	let from = MockClock::window_of(round());
	while MockClock::window_of(round()) == from {
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
		WindowRounds::set(4);
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
		WindowRounds::set(4);
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
		WindowRounds::set(2);
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
