// SPDX-License-Identifier: Apache-2.0

//! Rounds: snapshots, the spread of the judging, sessions and stalls.

use crate::{mock::*, *};
use std::collections::BTreeSet;
use surety_primitives::report::Finding;

pub(super) fn due(round: u32) -> Vec<(PageId, u32)> {
	DuePages::<Test>::get(round).iter().map(|due| (due.page, due.mask.count_ones())).collect()
}

pub(super) fn last_closed() -> (u32, RoundTally) {
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
		set_clock(|clock| clock.round_blocks = 10);
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
		assert_eq!(Probes::judged_round(), Timing::round() - 2);
		assert_eq!(row(1).counters.up, 2, "of the four rounds the last two are open");
		assert_eq!(row(1).last, Some((round() - 2, Verdict::Up { latency: ms(40) })));
	});
}

#[test]
fn the_configuration_is_checked() {
	build_and_execute(0, || {
		Probes::check_config();
		// Reveals need a block in their round, so four blocks are too few.
		set_clock(|clock| clock.round_blocks = REVEAL_OFFSET);
		assert!(std::panic::catch_unwind(Probes::check_config).is_err());
		set_clock(|clock| clock.round_blocks = REVEAL_OFFSET + 1);
		Probes::check_config();
	});
}
