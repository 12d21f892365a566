//! Snapshots, committees, capacity, sessions and stalls.

use crate::{
	Error, Event, MAX_QUEUED, Outcomes, PageId, PageInfos, Phase, Progress, Queued, Snapshots, committee,
	mock::*, types::RoundTally,
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use std::collections::BTreeSet;
use surety_primitives::{
	Clock, Meter, Probing, Service, ServiceKind, ServiceStatus, Verdict, report::Finding,
};

fn due(round: u32) -> Vec<(PageId, u32)> {
	snapshot(round).due.iter().map(|due| (due.page, due.mask.count_ones())).collect()
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
		let status = Probes::round_status();
		assert_eq!((status.round, status.offset, status.judged), (3, 4, 1));
		assert_eq!(status.phase, Phase::CommitAndReveal);
		next_round();
		assert_eq!(Probes::round_status().phase, Phase::Commit);
		// Folded, not yet judged.
		assert!(Outcomes::<Test>::contains_key(2));
		assert_eq!(Progress::<Test>::get().judged, 1);
	});
}

#[test]
fn a_listing_joins_at_the_next_round() {
	build_and_execute(4, || {
		next_round();
		list(1, 1);
		assert!(snapshot(1).due.is_empty());
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
		next_block();
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
fn all_probe_until_there_are_more_than_a_committee() {
	let page = PageId::Cold(0);
	assert_eq!(committee(&[1; 32], 5, page, 4, 21), 0b1111);
	assert_eq!(committee(&[1; 32], 5, page, 21, 21).count_ones(), 21);
	let drawn = committee(&[1; 32], 5, page, 100, 21);
	assert_eq!(drawn.count_ones(), 21);
	assert_eq!(drawn >> 100, 0, "nobody who is not there");
	assert_eq!(drawn, committee(&[1; 32], 5, page, 100, 21), "everybody draws the same");
	assert_ne!(drawn, committee(&[1; 32], 6, page, 100, 21));
	assert_ne!(drawn, committee(&[1; 32], 5, PageId::Hot(0), 100, 21));
	assert_ne!(drawn, committee(&[2; 32], 5, page, 100, 21));
	assert_eq!(committee(&[1; 32], 5, page, 128, 200).count_ones(), 128);
}

#[test]
fn every_prober_is_drawn_about_as_often() {
	let mut drawn = [0u32; 50];
	for round in 0..2_000 {
		let mask = committee(&[7; 32], round, PageId::Hot(1), 50, 20);
		for (prober, count) in drawn.iter_mut().enumerate() {
			*count += u32::from(mask >> prober & 1 == 1);
		}
	}
	// 800 expected, standard deviation 22.
	assert!(drawn.iter().all(|n| (690..910).contains(n)), "{drawn:?}");
}

#[test]
fn a_prober_reports_the_pages_of_its_committees() {
	MaxCommittee::set(3);
	build_and_execute(8, || {
		// Two pages.
		for service in 0..200 {
			list(service, 1);
		}
		play_up(4);
		let snapshot = snapshot(round());
		let lengths: Vec<u32> = (0..8).map(|i| snapshot.report_len(round(), i)).collect();
		assert_eq!(lengths.iter().sum::<u32>(), 3 * 200);
		assert!(lengths.iter().all(|l| [0, 128, 72, 200].contains(l)));
		assert_eq!(row(0).last.unwrap().1, Verdict::Up { latency: ms(40) });
		assert_eq!(row(199).last.unwrap().1, Verdict::Up { latency: ms(40) });
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
	snapshot(round()).due.iter().filter_map(page).collect()
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
			[[15, 16, 0, 1, 2, 3, 4, 5], [17, 18, 6, 7, 8, 9, 10, 11], [19, 12, 13, 14, 15, 16, 17, 18]]
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
		let unproven = Service { status: ServiceStatus::Unproven, ..describe(1, ServiceKind::Compute) };
		list_as(0, unproven);
		list_hot(1, 1);
		assert_noop!(request(9), Error::<Test>::NotListed);
		assert_noop!(request(1), Error::<Test>::AlreadyDue);
		assert_noop!(Probes::request_probe(RuntimeOrigin::root(), 1), sp_runtime::DispatchError::BadOrigin);
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
			for _ in 0..25 {
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
		assert_eq!(Progress::<Test>::get().judged, 0);
		// Four pages in three blocks: two, two, none.
		next_block();
		assert_eq!(Progress::<Test>::get().pages, 2);
		Probes::do_try_state().unwrap();
		next_block();
		assert_eq!(Progress::<Test>::get().judged, 1);
		assert_eq!(last_closed().1.up, 512);
	});
}

#[test]
fn a_new_session_does_not_touch_open_rounds() {
	build_and_execute(4, || {
		list_hot(1, 1);
		next_round();
		next_block();
		for prober in 0..4 {
			let report = report_of(1, prober, &|_| Finding::Down);
			commit(1, prober, report).unwrap();
		}
		// All validators are replaced, in the middle of round 1.
		end_session();
		session_of(10..14);
		next_round();
		assert_eq!(snapshot(1).probers[0].account, account(0));
		assert_eq!(snapshot(2).probers[0].account, account(10));
		assert_eq!((snapshot(1).session, snapshot(2).session), (0, 1));
		next_block();
		next_block();
		for prober in 0..4 {
			reveal(1, prober).unwrap();
		}
		next_round();
		next_block();
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
			let report = report_of(2, prober, &|_| Finding::Down);
			commit(2, prober, report).unwrap();
		}
		Now::mutate(|now| *now += 61_000);
		next_round();
		assert_eq!(Now::get() - before, 61_000 + 6 * 6_000);
		next_block();
		next_block();
		for prober in 0..4 {
			reveal(2, prober).unwrap();
		}
		next_round();
		let outcome = Outcomes::<Test>::get(2).unwrap();
		assert!(outcome.stalled);
		next_block();
		assert_eq!(row(1).last, Some((2, Verdict::Unmeasured)));
		assert_eq!(row(1).meter.blocks, 5, "round 1 only");
		assert_eq!(Probes::reading(1).unwrap().through, 2);
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, 1, "nobody answers for a stalled round");
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
		next_round();
		assert!(!Outcomes::<Test>::get(2).unwrap().stalled);
		next_block();
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
	for wrong in [0, 128, 300, 2_176] {
		MaxProbes::set(wrong);
		assert!(std::panic::catch_unwind(Probes::check_config).is_err(), "{wrong}");
	}
	MaxProbes::set(2_048);
	Probes::check_config();
}
