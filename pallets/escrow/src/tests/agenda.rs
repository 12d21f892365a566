// SPDX-License-Identifier: Apache-2.0

//! Agenda: bounded work per block, exact ends, no lost entry.

use crate::{Agenda, Cursor, Lane, NextId, mock::*, types::SPREAD_ROUNDS, weights::WeightInfo};
use frame::testing_prelude::*;
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, NewStream, OneOffHolds as _, RoundIndex, StreamEnd,
	StreamStart, Streams as _, agenda::MAX_BLOCKS_WALKED,
};

/// Number of consecutive ids whose looks are spread over different blocks.
const SPREAD: u32 = SPREAD_ROUNDS * ROUND_BLOCKS;

/// Streams whose bases are read in the same block: the block at `offset` in the spread.
fn flood(asset: AssetId, streams: u32, offset: u32) -> Vec<EscrowId> {
	flood_of(asset, streams, offset, 500)
}

fn flood_of(asset: AssetId, streams: u32, offset: u32, deposit: Balance) -> Vec<EscrowId> {
	let first = NextId::<Test>::get().next_multiple_of(SPREAD) + offset;
	let ids: Vec<_> = (0..streams).map(|n| first + n * SPREAD).collect();
	for id in &ids {
		NextId::<Test>::put(id);
		let new = NewStream { rate: 1, deposit, prepaid: 0, ..new_stream(asset) };
		assert_eq!(Escrow::open(new), Ok(*id));
	}
	ids
}

fn open_plain(asset: AssetId) -> EscrowId {
	Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap()
}

fn unread(ids: &[EscrowId]) -> usize {
	ids.iter().filter(|id| stream(**id).runs[0].base.is_none()).count()
}

#[test]
fn a_flood_of_reads_holds_up_no_suspension_no_end_and_no_refund() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		run_to_round(3);
		let ended = open(asset);
		TestMeter::start(OTHER_METER, 2);
		let suspended = open_replica(asset, 1_000);
		assert_ok!(Escrow::start(suspended, StreamStart { meter: OTHER_METER, ..new_start() }));
		run_to_round(5);
		assert_ok!(Escrow::end(ended, 5, CloseReason::OperatorClosed));
		let ids = flood(asset, 1_000, 0);
		run_to(79);
		assert_eq!((notified(), unread(&ids)), (vec![], 1_000));

		// An end is due in the first block of the flood.
		run_to(80);
		let end = stream_end(CloseReason::OperatorClosed, 5, 40, 960);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
		assert_eq!(on_hold(asset, TENANT), 1_000 + 500 * 1_000);

		// During the flood a failure of a lease two rounds ago is judged.
		run_to(82);
		assert_eq!(unread(&ids), 985);
		TestMeter::end_for(OTHER_METER, 6, CloseReason::Unhealthy);
		assert_ok!(Escrow::suspend(suspended, 6, CloseReason::Unhealthy));
		run_to(83);
		let end = stream_end(CloseReason::Unhealthy, 6, 60, 940);
		assert_eq!(notified(), vec![Notified::Suspended(replica(), end)]);

		// A stream is closed before its first round.
		let closed = open(asset);
		assert_ok!(Escrow::end(closed, 0, CloseReason::TenantClosed));
		run_to(84);
		let end = stream_end(CloseReason::TenantClosed, 8, 200, 800);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);

		// No look of the flood is lost.
		run_to(300);
		assert_eq!(unread(&ids), 0);
		for id in ids {
			assert_eq!(settle(id), Ok(22 * 10), "rounds 6 to 27");
		}
	});
}

/// A thousand started streams at 1 a block, and thousands of looks in the block in which all of
/// them end with round 20. Two of three rounds are billable.
fn thousand_ends_in_a_flood(last: RoundIndex, end: impl FnOnce(&[EscrowId]), reason: CloseReason) {
	new_ext().execute_with(|| {
		let asset = AssetId::Native;
		let up = |round| round % 3 != 0;
		AgendaPerBlock::set(50);
		run_with(35, up);
		TestMeter::start(OTHER_METER, 1);
		let start = StreamStart { meter: OTHER_METER, rate: 1, prepaid: 0, last, ..new_start() };
		let ids: Vec<_> = (0..1_000)
			.map(|_| {
				let id = open_replica(asset, 200);
				assert_ok!(Escrow::start(id, start.clone()));
				id
			})
			.collect();
		run_with(170, up);
		let looks = flood_of(asset, 3_000, 0, 100);
		run_with(199, up);
		end(&ids);
		run_with(225, up);
		assert!(unread(&looks) > 1_000, "the flood goes on");
		// A settlement does not wait for the flood.
		let open = |id: &EscrowId| Escrow::stream(*id).is_some_and(|info| info.ending.is_none());
		let first = ids.iter().copied().find(open);
		if let Some(first) = first {
			assert_ok!(settle(first));
		}
		run_with(230, up);
		assert!(first.is_none_or(|first| Escrow::stream(first).is_none()));
		run_with(330, up);
		assert_eq!(unread(&looks), 0);
		// Rounds 4 to 20 without 6, 9, 12, 15 and 18.
		let end = StreamEnd { reason, round: 20, paid: 120, fee: 6, refunded: 80 };
		let notified = notified();
		let over = |notified: &Notified| {
			matches!(
				notified,
				Notified::Ended(owner, is) | Notified::Suspended(owner, is)
					if *owner == replica() && *is == end
			)
		};
		assert_eq!(notified.iter().filter(|notified| over(notified)).count(), 1_000);
		assert!(ids.iter().all(|id| Escrow::stream(*id).is_none()));
		assert_eq!((gained(asset, OPERATOR), gained(asset, TENANT)), (114 * 1_000, -120 * 1_000));
	});
}

#[test]
fn expired_streams_in_a_flood_of_looks_are_billed_to_their_round() {
	thousand_ends_in_a_flood(20, |_| (), CloseReason::Expired);
}

#[test]
fn ended_meters_in_a_flood_of_looks_are_billed_to_their_round() {
	let terminated = CloseReason::Terminated;
	let end = |ids: &[EscrowId]| {
		TestMeter::end_for(OTHER_METER, 20, terminated);
		for id in ids {
			assert_ok!(settle(*id));
		}
	};
	thousand_ends_in_a_flood(NEVER, end, terminated);
}

#[test]
fn late_failures_in_a_flood_of_looks_are_billed_to_their_round() {
	let unhealthy = CloseReason::Unhealthy;
	let end = |ids: &[EscrowId]| {
		run_with(222, |round| round % 3 != 0);
		for id in ids {
			assert_eq!(Escrow::suspend(*id, 20, unhealthy), Ok((20, unhealthy)));
		}
	};
	thousand_ends_in_a_flood(NEVER, end, unhealthy);
}

#[test]
fn rounds_that_the_meter_forgot_favour_the_payer() {
	let up = |round: RoundIndex| !round.is_multiple_of(5);
	let (expired, unhealthy) = (CloseReason::Expired, CloseReason::Unhealthy);
	// The meter has forgotten base and end of the run, or its base only.
	for (last, reason) in
		[(40, expired), (60, expired), (80, expired), (50, unhealthy), (85, unhealthy)]
	{
		with_each_asset(|asset| {
			run_with(105, up);
			let id = open_replica(asset, 2_000);
			let time = if reason == expired { last } else { NEVER };
			assert_ok!(Escrow::start(id, StreamStart { last: time, ..new_start() }));
			// The stream is not looked at for longer than the meter remembers.
			Stalled::set(true);
			run_with(1_000, up);
			Stalled::set(false);
			if reason == unhealthy {
				assert_eq!(Escrow::suspend(id, last, reason), Ok((last, reason)));
			}
			run_with(1_100, up);
			let end = notified().into_iter().find_map(|notified| match notified {
				Notified::Ended(_, end) | Notified::Suspended(_, end) => Some(end),
				Notified::Ending(..) => None,
			});
			let end = end.unwrap();
			assert_eq!((end.reason, end.round), (reason, last));
			let earned = (11..=last).filter(|round| up(*round)).count() as Balance * 20;
			assert!(end.paid <= earned, "{} of {earned}", end.paid);
			assert_eq!(end.paid > 0, last >= 80, "what is remembered");
		});
	}
}

#[test]
fn a_flood_of_ends_delays_no_looks() {
	with_each_asset(|asset| {
		run_to_round(5);
		let reads = flood(asset, 4, 0);
		let ends = flood(asset, 100, 1);
		for id in &ends {
			assert_ok!(Escrow::end(*id, 7, CloseReason::TenantClosed));
		}
		run_to_round(8);
		assert_eq!((unread(&reads), unread(&ends)), (0, 95));
		run_to_round(14);
		assert_eq!(notified().len(), 100, "all of them end");
	});
}

#[test]
fn a_flood_of_exhausted_funds_delays_no_suspension() {
	with_each_asset(|asset| {
		run_to_round(5);
		let ids = flood(asset, 50, 0);
		TestMeter::start(OTHER_METER, 5);
		let suspended = open_replica(asset, 2_000);
		assert_ok!(Escrow::start(suspended, StreamStart { meter: OTHER_METER, ..new_start() }));
		run_to(562);
		assert_eq!(ending(&ids), 15, "opened with funds for 50 rounds");
		TestMeter::end_for(OTHER_METER, 54, CloseReason::Unhealthy);
		assert_ok!(Escrow::suspend(suspended, 54, CloseReason::Unhealthy));
		notified();
		run_to(563);
		let end = stream_end(CloseReason::Unhealthy, 54, 980, 1_020);
		assert!(notified().contains(&Notified::Suspended(replica(), end)));
		assert_eq!(ending(&ids), 19, "what room the suspend left");
		run_to(600);
		let end = stream_end(CloseReason::FundsExhausted, 55, 500, 0);
		let ends = notified()
			.into_iter()
			.filter(|notified| *notified == Notified::Ended(owner(), end))
			.count();
		assert_eq!(ends, 50, "whenever they were looked at");
	});
}

#[test]
fn exhausted_funds_wait_for_room_and_delay_no_looks() {
	with_each_asset(|asset| {
		run_to_round(5);
		let (exhausted, ends) = (flood(asset, 4, 0), flood(asset, 10, 0));
		run_to_round(53);
		let reads = flood(asset, 1, 1);
		for id in &ends {
			assert_ok!(Escrow::end(*id, 53, CloseReason::OperatorClosed));
		}
		run_to(559);
		assert_eq!(notified(), vec![]);
		// Funds run out in the first of two blocks that are full of ends.
		for (block, ended, decided, left) in [(560, 5, 0, 1), (561, 10, 0, 0), (562, 10, 4, 0)] {
			run_to(block);
			let closed = ends.iter().filter(|id| Escrow::stream(**id).is_none()).count();
			assert_eq!((closed, ending(&exhausted), unread(&reads)), (ended, decided, left));
		}
		notified();
		run_to(580);
		let end = stream_end(CloseReason::FundsExhausted, 55, 500, 0);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end); 4]);
	});
}

#[test]
fn a_settlement_does_not_cost_a_stream_its_place() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(25);
		run_to_round(5);
		let ids = flood(asset, 20, 0);
		let settled: Vec<_> = (0..5).map(|_| open(asset)).collect();
		for id in ids.iter().chain(&settled) {
			assert_ok!(Escrow::end(*id, 6, CloseReason::OperatorClosed));
		}
		// All are due in block 90. More streams follow in every block from then on.
		run_to(89);
		AgendaPerBlock::set(5);
		for block in 90..95 {
			run_to(block);
			for id in &settled {
				let _ = settle(*id);
			}
			for _ in 0..5 {
				assert_ok!(Escrow::end(open_plain(asset), 0, CloseReason::OperatorClosed));
			}
		}
		assert!(settled.iter().chain(&ids).all(|id| Escrow::stream(*id).is_none()));
	});
}

#[test]
fn the_oldest_entry_of_a_lane_comes_first() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(2);
		run_to_round(5);
		let (second, first) = (flood(asset, 4, 1), flood(asset, 5, 0));
		for (block, left) in
			[(79, (5, 4)), (80, (3, 4)), (81, (1, 4)), (82, (0, 3)), (83, (0, 1)), (84, (0, 0))]
		{
			run_to(block);
			assert_eq!((unread(&first), unread(&second)), left);
		}
		assert_eq!(Agenda::<Test>::iter().count(), 9);
	});
}

#[test]
fn reads_are_spread_over_some_rounds() {
	with_each_asset(|asset| {
		run_to_round(5);
		let ids: Vec<_> = (0..2 * SPREAD).map(|_| open(asset)).collect();
		let mut left = ids.len();
		for block in 80..80 + SPREAD {
			run_to(block);
			left -= 2;
			assert_eq!(unread(&ids), left);
		}
		run_to_round(100);
		for id in ids {
			assert_eq!(Escrow::stream(id), None, "funds for 50 rounds");
		}
		assert!(notified().contains(&Notified::Ended(
			owner(),
			stream_end(CloseReason::FundsExhausted, 55, 1_000, 0)
		)));
	});
}

#[test]
fn a_look_that_is_needed_sooner_does_not_wait_for_the_spread() {
	with_each_asset(|asset| {
		run_to_round(5);
		let last = SPREAD - 1;
		let open = |deposit| {
			NextId::<Test>::put(NextId::<Test>::get().next_multiple_of(SPREAD) + last);
			Escrow::open(NewStream { deposit, prepaid: 0, ..new_stream(asset) }).unwrap()
		};
		let (short, ended, frozen, asked) = (open(60), open(1_000), open(1_000), open(1_000));
		for id in [ended, frozen, asked] {
			assert_eq!(stream(id).wake, Some((Lane::Looks, 80 + last)));
		}
		assert_eq!(
			stream(short).wake,
			Some((Lane::Looks, 90)),
			"its funds may last for three rounds only"
		);
		assert_ok!(Escrow::end(ended, 6, CloseReason::OperatorClosed));
		assert_eq!(stream(ended).wake, Some((Lane::Urgent, 80)));
		run_to(70);
		assert_ok!(Escrow::freeze(frozen, 10));
		assert_eq!(stream(frozen).wake, Some((Lane::Looks, 80 + last)));
		run_to(90);
		let (exhausted, closed) = (CloseReason::FundsExhausted, CloseReason::OperatorClosed);
		let mut received = notified();
		received.sort_by_key(|notified| matches!(notified, Notified::Ended(..)));
		let end = Notified::Ended(owner(), stream_end(closed, 6, 20, 980));
		assert_eq!(received, vec![Notified::Ending(owner(), (8, exhausted)), end]);
		run_to(105);
		assert_eq!(unread(&[frozen, asked]), 2);
		assert_eq!(Escrow::stream(asked).unwrap().due, 60, "rounds 6 to 8");
		assert_eq!(Escrow::funded_until(asked), Some(560));
		assert_ok!(Escrow::top_up(asked, 20));
		assert_eq!(stream(asked).wake, Some((Lane::Looks, 570)), "read by that");
		assert_ok!(Escrow::thaw(frozen, 0));
		assert_eq!(account(frozen).paid.total(), 40, "rounds 6 and 7");
		run_to(110);
		assert_eq!(notified(), vec![Notified::Ended(owner(), stream_end(exhausted, 8, 60, 0))]);
		run_to_round(20);
		assert_eq!(settle(asked), Ok(12 * 20), "rounds 6 to 17");
		assert_eq!(settle(frozen), Ok(7 * 20), "and 11 to 17");
	});
}

#[test]
fn late_verdicts_cause_no_flood_of_looks() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(SPREAD_ROUNDS);
		run_to_round(5);
		let ids: Vec<_> = (0..SPREAD).map(|_| open(asset)).collect();
		// No verdicts for ten rounds.
		while System::block_number() < 159 {
			next_block_with(&|_| true, ROUND_BLOCKS);
		}
		assert_eq!(unread(&ids), ids.len());
		let mut at = std::collections::BTreeMap::<_, u32>::new();
		for id in &ids {
			*at.entry(stream(*id).wake.unwrap().1).or_default() += 1;
		}
		assert!(at.into_iter().eq((160..170).map(|block| (block, SPREAD / ROUND_BLOCKS))));
		run_to_round(30);
		for id in ids {
			assert_eq!(settle(id), Ok(22 * 20), "rounds 6 to 27");
		}
	});
}

fn ending(ids: &[EscrowId]) -> usize {
	ids.iter().filter(|id| Escrow::stream(**id).is_some_and(|info| info.ending.is_some())).count()
}

#[test]
fn ends_beyond_the_bound_wait_and_keep_their_round() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(3);
		let ids: Vec<_> = (0..8).map(|_| open(asset)).collect();
		run_to(509);
		assert_eq!(ending(&ids), 0);
		for (block, decided) in [(510, 3), (511, 6), (512, 8)] {
			run_to(block);
			assert_eq!(ending(&ids), decided);
		}
		for lane in [Lane::Looks, Lane::Urgent] {
			assert_eq!(Cursor::<Test>::get(lane), Some(513), "the backlog is caught up with");
		}
		assert!(ids.iter().all(
			|id| Escrow::stream(*id).unwrap().ending == Some((50, CloseReason::FundsExhausted))
		));
		run_to(532);
		assert!(ids.iter().all(|id| Escrow::stream(*id).is_none()));
		assert_eq!(gained(asset, TENANT), -8_000);
	});
}

#[test]
fn every_entry_is_charged_by_what_it_does() {
	new_ext().execute_with(|| {
		AgendaPerBlock::set(3);
		let asset = AssetId::Native;
		let walk = <() as WeightInfo>::agenda(1) * 2;
		// The rest of the block before is in one more block of the agenda.
		let rest = <() as WeightInfo>::agenda(1) + <() as WeightInfo>::agenda(2);
		let look = <() as WeightInfo>::wake_read();
		let weight_of = |block| {
			run_to(block - 1);
			System::set_block_number(block);
			notified();
			Escrow::on_initialize(block)
		};
		assert_eq!(weight_of(11), walk, "nothing to do");
		run_to_round(5);
		let ids = flood(asset, 4, 0);
		assert_eq!(
			(weight_of(80), weight_of(81), weight_of(82)),
			(walk + look * 3, rest + look, walk)
		);

		// The funds end: the end is decided and the owner notified.
		let notified = look + NotifiedWeight::get();
		assert_eq!(weight_of(560), walk + notified * 3);
		assert_eq!(weight_of(561), rest + notified);
		let closed = <() as WeightInfo>::wake() + NotifiedWeight::get();
		assert_eq!((weight_of(580), weight_of(581)), (walk + closed * 3, rest + closed));
		assert!(ids.iter().all(|id| Escrow::stream(*id).is_none()));

		// Suspension: the owner asked for the end and is notified once.
		let id = open_replica(asset, 1_000);
		start(id);
		assert_ok!(Escrow::suspend(id, 60, CloseReason::Unhealthy));
		let suspended = <() as WeightInfo>::wake_suspending() + NotifiedWeight::get();
		assert_eq!((weight_of(610), weight_of(630)), (walk + look, walk + suspended));
	});
}

#[test]
fn work_and_weight_of_a_block_are_bounded() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(3);
		run_to_round(5);
		// More entries of each lane than the bound, in one block.
		let (reads, ends) = (flood(asset, 10, 0), flood(asset, 10, 0));
		for id in &ends {
			assert_ok!(Escrow::end(*id, 6, CloseReason::TenantClosed));
		}
		let end = <() as WeightInfo>::wake().max(<() as WeightInfo>::wake_suspending())
			+ NotifiedWeight::get();
		let max = <() as WeightInfo>::agenda(MAX_BLOCKS_WALKED) * 2
			+ end * 3 + <() as WeightInfo>::wake_read() * 3;
		for block in 80..110 {
			run_to(block - 1);
			System::set_block_number(block);
			assert!(Escrow::on_initialize(block).all_lte(max));
		}
		assert_eq!(unread(&reads), 0);
	});
}

#[test]
fn a_walk_over_many_blocks_is_cut() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to(500);
		System::set_block_number(600);
		for lane in [Lane::Looks, Lane::Urgent] {
			assert_eq!(Cursor::<Test>::get(lane), Some(501));
		}
		Escrow::on_initialize(600);
		for lane in [Lane::Looks, Lane::Urgent] {
			assert_eq!(Cursor::<Test>::get(lane), Some(501 + MAX_BLOCKS_WALKED));
		}
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((50, CloseReason::FundsExhausted)));
		for block in 601..609 {
			System::set_block_number(block);
			Escrow::on_initialize(block);
		}
		for lane in [Lane::Looks, Lane::Urgent] {
			assert_eq!(Cursor::<Test>::get(lane), Some(609));
		}
	});
}

#[test]
fn a_stream_has_one_entry_wherever_it_moves() {
	with_each_asset(|asset| {
		let id = open(asset);
		let entries =
			|| Agenda::<Test>::iter().map(|(block, id, ())| (block, id)).collect::<Vec<_>>();
		assert_eq!(entries(), vec![((Lane::Looks, 510), id)]);
		assert_ok!(Escrow::top_up(id, 20));
		assert_eq!(entries(), vec![((Lane::Looks, 520), id)]);
		assert_ok!(Escrow::freeze(id, 20));
		assert_eq!(
			entries(),
			vec![],
			"opened and frozen in one round: nothing to read, nothing to end"
		);
		run_to_round(2);
		assert_ok!(Escrow::thaw(id, 0));
		assert_eq!(entries(), vec![((Lane::Looks, 50), id)], "when round 2 is judged");
		run_to(50);
		assert_eq!(entries(), vec![((Lane::Looks, 540), id)]);
		assert_ok!(Escrow::end(id, 9, CloseReason::TenantClosed));
		assert_eq!(entries(), vec![((Lane::Urgent, 120), id)]);
		run_to(120);
		assert_eq!(entries(), vec![]);
	});
}

#[test]
fn a_stream_that_is_never_billed_is_rarely_looked_at() {
	with_each_asset(|asset| {
		let id = Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap();
		let mut looked = 0;
		let mut wake = stream(id).wake;
		while System::block_number() < 3_000 {
			next_block_with(&|_| false, 1);
			if stream(id).wake != wake {
				looked += 1;
				wake = stream(id).wake;
			}
		}
		assert!(looked <= 3_000 / 470 + 1, "looked {looked} times");
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		run_with(3_040, |_| false);
		assert_eq!(gained(asset, TENANT), 0);
	});
}
