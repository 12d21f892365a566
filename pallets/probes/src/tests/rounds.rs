//! Snapshots, capacity, sessions and stalls.

use crate::{
	Capacity, Counting, DuePages, Error, Event, Hot, MAX_DUE, MAX_QUEUED, PageId, PageInfos,
	Progress, Queued, REVEAL_OFFSET, Reports, SlotsOf, Snapshots, mock::*, types::RoundTally,
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use std::collections::BTreeSet;
use surety_primitives::{
	Clock, Meter, Probing, Service, ServiceKind, ServiceStatus, Verdict, report::Finding,
};

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
fn a_round_goes_from_snapshot_to_closed() {
	build_and_execute(4, || {
		list(1, 1);
		play_up(3);
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
fn the_status_says_what_a_block_is_open_for() {
	build_and_execute(4, || {
		list(1, 1);
		play_up(3);
		let mut seen = vec![];
		for _ in 0..5 {
			next_block();
			let status = Probes::round_status();
			assert_eq!((status.round, status.offset), (4, offset()));
			seen.push((status.commits_from, status.reveals, status.judged));
		}
		// Commits to round 3 end with the second block; reveals of round 2 too, and those of 3 begin
		// with the fifth.
		assert_eq!(
			seen,
			[(3, Some(2), 1), (3, Some(2), 1), (4, None, 1), (4, None, 2), (4, Some(3), 2)]
		);
	});
}

#[test]
fn a_listing_joins_at_the_next_round() {
	build_and_execute(4, || {
		next_round();
		list(1, 1);
		assert!(due(1).is_empty());
		assert_eq!(snapshot(1).services, 0);
		play_up(3);
		assert_eq!(row(1).last.unwrap().0, 2);
		assert_eq!(row(1).counters.judged(), 1);
	});
}

#[test]
fn an_empty_chain_closes_its_rounds() {
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
		list_hot(1, 1);
		play_up(4);
		assert_eq!(row(1).last.unwrap().1, Verdict::Unmeasured);
	});
}

#[test]
fn all_probers_report_all_that_is_due() {
	build_and_execute(100, || {
		// Two pages.
		for service in 0..200 {
			list(service, 1);
		}
		play_up(4);
		assert_eq!(snapshot(round()).services, 200);
		assert_eq!(report_of(round(), &|_| up()).len(), 200);
		for service in [0, 127, 128, 199] {
			assert_eq!(row(service).last.unwrap().1, Verdict::Up { latency: ms(40) });
		}
		let duties = (0..100).map(|prober| Probes::duty(account(prober)).unwrap());
		assert!(duties.into_iter().all(|duty| (duty.rounds, duty.accepted) == (2, 2)));
	});
}

#[test]
fn cold_pages_take_turns_and_hot_ones_do_not() {
	build_and_execute(1, || {
		// Four pages of capacity; six cold pages and one hot page.
		for service in 0..6 * 128 {
			list(service, 1);
		}
		Probes::heat(300).unwrap();
		let mut seen = vec![];
		for _ in 0..4 {
			next_round();
			let due = due(round());
			assert_eq!(due.len(), 4);
			assert_eq!(due[0], (PageId::Hot(0), 1));
			seen.extend(due[1..].iter().map(|(page, _)| *page));
			Probes::do_try_state().unwrap();
		}
		let all: Vec<PageId> = (0..6).map(PageId::Cold).collect();
		assert_eq!(seen, [all.clone(), all].concat(), "each had two turns");
		// The hot service is not due in its cold page.
		assert_eq!(PageInfos::<Test>::get(PageId::Cold(2)).due.count_ones(), 127);
	});
}

#[test]
fn pages_of_few_listings_are_due_once_a_round() {
	build_and_execute(1, || {
		list(1, 1);
		next_round();
		assert_eq!(due(1), vec![(PageId::Cold(0), 1)]);
		next_round();
		assert_eq!(due(2), vec![(PageId::Cold(0), 1)]);
	});
}

/// Cold pages that are due in the current round.
fn cold_due() -> Vec<u32> {
	let page = |due: &crate::Due| match due.page {
		PageId::Cold(page) => Some(page),
		PageId::Hot(_) => None,
	};
	DuePages::<Test>::get(round()).iter().filter_map(page).collect()
}

fn request(service: u32) -> sp_runtime::DispatchResult {
	Probes::request_probe(RuntimeOrigin::signed(1), service)
}

/// `pages` full cold pages, of services without units.
fn idle_pages(pages: u32) {
	for service in 0..pages * 128 {
		list(service, 1);
	}
}

#[test]
fn a_probe_on_demand_comes_before_the_turns() {
	build_and_execute(4, || {
		idle_pages(20);
		next_round();
		assert_eq!(cold_due(), [0, 1, 2, 3]);
		// Page 12 would have its turn in round 4.
		assert_ok!(request(12 * 128 + 5));
		System::assert_last_event(Event::ProbeQueued { service: 12 * 128 + 5, page: 12 }.into());
		let events = System::event_count();
		assert_ok!(request(12 * 128 + 6));
		assert_ok!(request(12 * 128 + 5));
		assert_eq!((Queued::<Test>::get().into_inner(), System::event_count()), (vec![12], events));
		next_round();
		assert_eq!(cold_due(), [12, 4, 5, 6], "the others take their turns");
		assert!(Queued::<Test>::get().is_empty());
		next_round();
		assert_eq!(cold_due(), [7, 8, 9, 10]);
		// It is not due twice in the round of its turn.
		assert_ok!(request(12 * 128));
		next_round();
		assert_eq!(cold_due(), [12, 11, 13, 14]);
	});
}

#[test]
fn a_requested_verdict_is_there_two_rounds_later() {
	build_and_execute(4, || {
		idle_pages(20);
		assert_ok!(request(19 * 128 + 127));
		play_up(3);
		assert_eq!(row(19 * 128 + 127).last.map(|(round, _)| round), Some(1));
		assert_eq!(row(18 * 128).last, None);
	});
}

#[test]
fn requests_take_a_quarter_of_the_cold_pages_at_most() {
	build_and_execute(4, || {
		MaxProbes::set(1_024);
		idle_pages(20);
		for page in [15, 16, 17, 18, 19] {
			assert_ok!(request(page * 128));
		}
		let mut rounds = vec![];
		for _ in 0..3 {
			next_round();
			Probes::do_try_state().unwrap();
			rounds.push(cold_due());
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
		// One cold page fits besides the hot one.
		MaxProbes::set(256);
		idle_pages(6);
		Probes::heat(0).unwrap();
		let mut seen = vec![];
		for _ in 0..8 {
			// Somebody keeps asking for the last two pages.
			for page in [4, 5] {
				assert_ok!(request(page * 128));
			}
			next_round();
			seen.extend(cold_due());
		}
		assert_eq!(seen, [4, 0, 5, 1, 4, 2, 5, 3]);
	});
}

#[test]
fn nothing_is_queued_if_all_are_probed_anyway() {
	build_and_execute(1, || {
		idle_pages(3);
		Probes::heat(0).unwrap();
		assert_ok!(request(1));
		assert!(Queued::<Test>::get().is_empty());
		// A fourth cold page does not fit besides the hot one.
		list(3 * 128, 1);
		assert_ok!(request(1));
		assert_eq!(Queued::<Test>::get().into_inner(), [0]);
	});
}

#[test]
fn a_probe_is_requested_of_idle_listings_only() {
	build_and_execute(4, || {
		WindowRounds::set(4);
		ProofOfControl::set(true);
		let unproven =
			Service { status: ServiceStatus::Unproven, ..describe(1, ServiceKind::Compute) };
		list_as(0, unproven);
		list_hot(1, 1);
		assert_noop!(request(9), Error::<Test>::NotListed);
		assert_noop!(request(1), Error::<Test>::AlreadyDue);
		assert_noop!(
			Probes::request_probe(RuntimeOrigin::root(), 1),
			sp_runtime::DispatchError::BadOrigin
		);
		assert_ok!(request(0));
		// One that does not prove control is not probed, whoever asks.
		play(11, |_, _, service| if service == 0 { Finding::Bad(ms(1)) } else { up() });
		assert_noop!(request(0), Error::<Test>::NotProbed);
		assert_eq!(Probes::heat(1).map(|_| Probes::unlist(1)), Ok(()));
		assert_noop!(request(1), Error::<Test>::NotListed);
	});
}

#[test]
fn the_queue_of_requests_is_bounded() {
	// One service a page. The slots between them belong to nobody, so the invariants are not
	// checked.
	new_test_ext().execute_with(|| {
		for page in 0..=MAX_QUEUED {
			crate::ColdCursor::<Test>::mutate(|cursor| cursor.end = page * 128);
			list(page, 1);
		}
		for page in 0..MAX_QUEUED {
			assert_ok!(request(page));
		}
		assert_noop!(request(MAX_QUEUED), Error::<Test>::QueueFull);
		assert_ok!(request(3));
		// A page whose services left in the meantime costs its place, nothing else.
		Probes::unlist(0);
		next_round();
		assert_eq!(cold_due(), [1, 2, 3, 4], "the turns");
		next_round();
		assert_eq!(cold_due()[0], 1, "the queue");
		assert_eq!(Queued::<Test>::get().len(), MAX_QUEUED as usize - 2);
	});
}

#[test]
fn work_per_block_is_bounded_whatever_is_listed() {
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
		play_up(2);
		next_round();
		blocks(2);
		assert_eq!(Progress::<Test>::get().judged, 0);
		// Four pages in the two blocks after the one that counts.
		next_block();
		assert_eq!((Progress::<Test>::get().pages, Progress::<Test>::get().services), (2, 256));
		Probes::do_try_state().unwrap();
		next_block();
		assert_eq!(Progress::<Test>::get().judged, 1);
		assert_eq!(last_closed().1.up, 512);
	});
	// More blocks, more parts: three pages in seven blocks.
	build_and_execute(4, || {
		RoundBlocks::set(10);
		for service in 0..384 {
			list(service, 1);
		}
		play_up(2);
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
		list_hot(1, 1);
		next_round();
		next_block();
		for prober in 0..4 {
			let report = report_of(1, &|_| Finding::Down);
			commit(1, prober, report).unwrap();
		}
		// All validators are replaced, in the middle of round 1.
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
		// Their duty in round 1 is counted, for those who did it.
		assert_eq!(Probes::duty(account(0)).unwrap().accepted, 1);
	});
}

#[test]
fn a_stalled_round_is_unmeasured_and_not_billed() {
	build_and_execute(4, || {
		list_hot(1, 1);
		play_up(1);
		let before = Now::get();
		next_round();
		// A round should take 30 s; the chain stands still within round 2, and all that was probed
		// is down.
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
		assert_eq!(Probes::reading(1).unwrap().through, 2);
		assert_eq!(
			Probes::duty(account(0)).unwrap().rounds,
			1,
			"nobody answers for a stalled round"
		);
	});
}

#[test]
fn three_times_the_nominal_length_is_no_stall() {
	build_and_execute(4, || {
		list_hot(1, 1);
		play_up(1);
		next_round();
		Now::mutate(|now| *now += 60_000);
		next_round();
		to_counted();
		assert!(!Counting::<Test>::get().unwrap().stalled);
		to_judged(2);
		assert_eq!(row(1).last, Some((2, Verdict::Unmeasured)), "nobody reported");
		assert_eq!(row(1).meter.blocks, 10, "billed all the same");
	});
}

#[test]
fn the_chain_may_be_old_when_the_pallet_comes() {
	build_and_execute(4, || {
		System::set_block_number(1_000_003);
		list(1, 1);
		play_up(4);
		assert_eq!(Probes::judged_round(), MockClock::round() - 2);
		assert_eq!(row(1).counters.up, 2, "of the four rounds the last two are open");
		assert_eq!(row(1).last, Some((round() - 2, Verdict::Up { latency: ms(40) })));
	});
}

#[test]
fn the_configuration_is_checked() {
	build_and_execute(0, Probes::check_config);
	// A reveal needs a block of its own round: four are too few.
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
			MaxProbes::set(services);
			assert_eq!(Probes::occupancy().slots, (pages - 1) * 128, "before the first round");
			next_round();
			assert_eq!(Capacity::<Test>::get(), pages, "{services} services");
		});
	}
}

#[test]
fn capacity_changes_at_the_edge_of_a_window_only() {
	build_and_execute(1, || {
		WindowRounds::set(4);
		idle_pages(6);
		next_round();
		assert_eq!((cold_due().len(), Probes::occupancy().slots), (4, 384));
		// Raised in the middle of window 0, which are the rounds to 3.
		MaxProbes::set(1_024);
		next_round();
		next_round();
		assert_eq!((round(), cold_due().len(), Probes::occupancy().slots), (3, 4, 384));
		next_round();
		assert_eq!((round(), cold_due().len(), Probes::occupancy().slots), (4, 6, 896));
		// Lowered in its first block: the window keeps what it began with.
		MaxProbes::set(256);
		next_round();
		assert_eq!((cold_due().len(), Probes::occupancy().slots), (6, 896));
		next_window();
		assert_eq!((round(), cold_due().len(), Probes::occupancy().slots), (8, 2, 128));
	});
}

#[test]
fn a_capacity_of_65_536_services_is_probed_and_judged_in_a_round() {
	// All pages there can be, one listing each: rows for all 65,536 take too long to make here.
	new_test_ext().execute_with(|| {
		start_session(1);
		MaxProbes::set(65_536);
		for page in 0..MAX_DUE + 3 {
			crate::ColdCursor::<Test>::mutate(|cursor| cursor.end = page * 128);
			list(page, 1);
		}
		play_up(3);
		assert_eq!(due(3).len(), MAX_DUE as usize);
		assert_eq!(last_closed(), (1, RoundTally { up: MAX_DUE, ..Default::default() }));
		assert_eq!(row(MAX_DUE - 1).last.map(|(round, _)| round), Some(1));
		assert_eq!(row(MAX_DUE).last, None, "its turn is in the next round");
		assert_eq!(Probes::occupancy().slots, (MAX_DUE - 1) * 128);
	});
}

#[test]
fn what_is_sold_stays_due_when_the_capacity_is_lowered() {
	build_and_execute(1, || {
		WindowRounds::set(4);
		MaxProbes::set(1_024);
		// Three hot pages, the last with one service; and idle ones.
		for service in 0..257 {
			list_hot(service, 1);
		}
		for service in 257..1_000 {
			list(service, 1);
		}
		next_window();
		let hot_due = || {
			let hot = due(round()).into_iter().filter(|(page, _)| page.is_hot());
			hot.map(|(_, services)| services).sum::<u32>()
		};
		assert_eq!((hot_due(), due(round()).len()), (257, 8));
		MaxProbes::set(256);
		next_window();
		// Less than what is sold needs, and a page for the idle ones.
		assert_eq!((hot_due(), cold_due().len(), Probes::occupancy().slots), (257, 1, 384));
		list(1_000, 1);
		assert_ok!(Probes::heat(1_000));
		assert_eq!(hot_slot(1_000), (2, 1), "the pages that it keeps may be filled");
		play_up(2);
		// The last page empties. Its slots are given back when its rounds are closed, and at the
		// next edge the capacity shrinks.
		for service in [256, 1_000] {
			Probes::cool(service);
		}
		play_up(3);
		assert_eq!(Hot::<Test>::get().taken, 256);
		next_window();
		assert_eq!((hot_due(), cold_due().len(), Probes::occupancy().slots), (256, 1, 256));
		assert_noop!(Probes::heat(1_000), Error::<Test>::RoundsFull);
		// A page in the middle that empties does not shrink it: one above is sold.
		(0..128).for_each(Probes::cool);
		play_up(4);
		next_window();
		assert_eq!((hot_due(), Probes::occupancy().slots), (128, 256));
		assert_ok!(Probes::heat(1_000));
		assert_eq!(hot_slot(1_000), (0, 0));
		// At last the wanted one.
		(128..256).for_each(Probes::cool);
		play_up(4);
		next_window();
		assert_eq!((hot_due(), Probes::occupancy().slots), (1, 128));
	});
}

#[test]
fn a_page_kept_by_a_slot_that_waits_is_within_capacity() {
	build_and_execute(1, || {
		WindowRounds::set(2);
		MaxProbes::set(1_024);
		for service in 0..129 {
			list_hot(service, 1);
		}
		play_up(3);
		MaxProbes::set(256);
		// In the last round of a window: the slot is named by it, and waits into the next window.
		assert_eq!(round() % 2, 1);
		Probes::cool(128);
		next_round();
		assert_eq!(Probes::occupancy().slots, 256);
		Probes::do_try_state().unwrap();
		for _ in 0..5 {
			play_up(1);
			Probes::do_try_state().unwrap();
		}
		assert_eq!(Probes::occupancy().slots, 128);
	});
}

#[test]
fn six_hundred_hot_services_over_several_pages() {
	build_and_execute(4, || {
		MaxProbes::set(1_024);
		for service in 0..600 {
			list_hot(service, u64::from(service) / 10);
		}
		list(600, 1);
		// In every page one is down.
		let is_down = |service: u32| service % 128 == 77;
		play(4, |_, _, service| if is_down(service) { Finding::Down } else { up() });
		let pages: Vec<(PageId, u32)> = due(round());
		let hot = |page| (PageId::Hot(page), 128);
		let rest = [(PageId::Hot(4), 88), (PageId::Cold(4), 1)];
		assert_eq!(pages, [vec![hot(0), hot(1), hot(2), hot(3)], rest.to_vec()].concat());
		assert_eq!(last_closed(), (2, RoundTally { up: 596, down: 5, ..Default::default() }));
		for service in 0..600 {
			let meter = Probes::reading(service).unwrap();
			assert_eq!((meter.blocks, meter.through), (if is_down(service) { 0 } else { 10 }, 2));
		}
		assert_eq!(
			Breaches::get().iter().map(|(s, _)| *s).collect::<Vec<_>>(),
			[77, 205, 333, 461, 589]
		);
		// Every page counts for its operators by itself: 60 of ten services, four of which are on
		// two pages each.
		let duty = Probes::duty(account(0)).unwrap();
		assert_eq!((duty.judged, duty.agreed), (2 * 64 * crate::SHARE, 2 * 64 * crate::SHARE));
	});
}

/// Page and slot of a hot service.
fn hot_slot(service: u32) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(service).unwrap().hot.unwrap();
	(place.page, place.slot)
}

#[test]
fn a_slot_is_found_behind_many_full_pages() {
	// More full pages than a word of the set has bits; their rows are not made, so the invariants
	// are not checked.
	new_test_ext().execute_with(|| {
		MaxProbes::set(65_536);
		Hot::<Test>::mutate(|hot| {
			for page in 0..200 {
				hot.full.set(page, true);
			}
			hot.pages = 200;
			hot.taken = 200 * 128;
		});
		list_hot(1, 1);
		assert_eq!((hot_slot(1), Hot::<Test>::get().pages), ((200, 0), 201));
		// One of the full ones has a slot given back: it comes first.
		PageInfos::<Test>::mutate(PageId::Hot(130), |info| info.taken = u128::MAX - 4);
		Probes::free_hot(130, 1);
		list_hot(2, 1);
		list_hot(3, 1);
		assert_eq!((hot_slot(2), hot_slot(3)), ((130, 2), (200, 1)));
	});
}
