// SPDX-License-Identifier: Apache-2.0

//! Deadlines take effect in their block, within the bounds.

use crate::{mock::*, *};
use frame::testing_prelude::*;

fn over() -> usize {
	Orders::<Test>::iter_values().filter(|order| order.is_over()).count()
}

#[test]
fn entries_beyond_the_bound_wait_for_the_next_block() {
	ExtBuilder::build_and_execute(|| {
		TasksAtOnce::set(&2);
		for _ in 0..5 {
			place(NATIVE, |_| {});
		}
		run_to(139);
		assert_eq!(over(), 0);
		for (block, closed) in [(140, 2), (141, 4), (142, 5)] {
			run_to(block);
			assert_eq!(over(), closed);
			assert_ok!(ComputeOrders::do_try_state());
		}
		run(2);
		assert_eq!(Cursor::<Test>::get(Lane::Matches), Some(now() + 1));
	});
}

#[test]
fn blocks_that_were_missed_are_caught_up() {
	ExtBuilder::build_and_stall(|| {
		place(NATIVE, |_| {});
		System::set_block_number(200);
		// 16 blocks at a time: from block 121 on.
		ComputeOrders::on_initialize(200);
		assert_eq!((over(), Cursor::<Test>::get(Lane::Matches)), (0, Some(137)));
		System::set_block_number(201);
		ComputeOrders::on_initialize(201);
		assert_eq!(over(), 1);
	});
}

#[test]
fn an_empty_block_costs_the_same_for_any_number_of_orders() {
	ExtBuilder::build_and_stall(|| {
		run(1);
		System::set_block_number(now() + 1);
		let empty = ComputeOrders::on_initialize(now());
		for _ in 0..10 {
			place(NATIVE, |_| {});
		}
		System::set_block_number(now() + 1);
		assert_eq!(ComputeOrders::on_initialize(now()), empty);
	});
}

#[test]
fn every_entry_is_charged_for_its_own_work() {
	ExtBuilder::build_and_stall(|| {
		let order = with_bids(NATIVE, &[1, 2]);
		run_to(139);
		System::set_block_number(140);
		// Each lane is walked.
		let walk = <() as WeightInfo>::agenda(1) * 3;
		assert_eq!(ComputeOrders::on_initialize(140), walk + <() as WeightInfo>::process_order(2));
		run_to(169);
		System::set_block_number(170);
		// The replica never ran: it is matched again in the same block.
		let (failed, matched) =
			(<() as WeightInfo>::never_ready(), <() as WeightInfo>::process_order(1));
		assert_eq!(ComputeOrders::on_initialize(170), walk + failed + matched);
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn removing_the_bids_of_a_closed_order_is_charged_as_such() {
	ExtBuilder::build_and_stall(|| {
		let order = with_bids(NATIVE, &[1, 2, 3]);
		assert_ok!(ComputeOrders::cancel_order(signed(TENANT), order));
		let next = now() + 1;
		System::set_block_number(next);
		let walk = <() as WeightInfo>::agenda(1) * 3;
		assert_eq!(
			ComputeOrders::on_initialize(next),
			walk + <() as WeightInfo>::remove_order(0, 3)
		);
		assert_eq!(Bids::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_replica_that_was_never_ready_is_matched_with_the_others() {
	ExtBuilder::build_and_execute(|| {
		// One replica was never ready in the block in which the other is matched.
		let order = place(NATIVE, |new| (new.quantity, new.bid_deadline) = (2, now() + 30));
		assert_ok!(bid(1, order, 1, 50, 1));
		assert_ok!(bid(2, order, 2, 60, 2));
		assert_ok!(accept(TENANT, order, 1));
		run_to(150);
		assert_eq!(lease_closed(0), Some(CloseReason::NeverReady));
		assert_eq!((lease(current(order, 0)).operator, lease(current(order, 1)).operator), (2, 2));
	});
}

#[test]
fn on_a_chain_that_just_began_the_agenda_starts_with_its_block() {
	ExtBuilder::build_and_execute(|| {
		Cursor::<Test>::remove(Lane::Matches);
		let order = with_bids(NATIVE, &[1]);
		assert_ok!(cancel(TENANT, order));
		assert_eq!(self::order(order).wake, Some((Lane::Matches, now() + 1)));
		run(1);
		assert_eq!(self::order(order).wake, None);
	});
}

/// Place an order that costs its tenant little.
fn cheap(who: AccountId, change: impl FnOnce(&mut NewOrder)) -> OrderId {
	let id = NextOrder::<Test>::get();
	let mut new = new_order(NATIVE);
	(new.max_price, new.failover_price, new.deposit) = (10, None, 60 * 10 + MINIMUM);
	new.resources = Resources { cpu_milli: 1, ..Default::default() };
	change(&mut new);
	assert_ok!(try_place(who, new));
	id
}

/// Block in which the replica of a failed lease goes to the next bid, after a `flood` of other
/// work.
fn taken_over(flood: impl FnOnce()) -> BlockNumber {
	let mut block = 0;
	ExtBuilder::build_and_execute(|| {
		TasksAtOnce::set(&1);
		let (order, first) = running(NATIVE, &[1, 2]);
		outage(first, 31, 3);
		flood();
		while current(order, 0) == first {
			run(1);
		}
		block = now();
	});
	block
}

#[test]
fn a_flooded_agenda_holds_up_no_failover() {
	let undisturbed = taken_over(|| {});
	let matches = || {
		for n in 0..60 {
			cheap(OTHER, |new| new.bid_deadline = now() + 6 + n % 30);
		}
	};
	assert_eq!(taken_over(matches), undisturbed);
	// Leases that start, all of them never ready in the block before.
	let starts = || {
		run_to(144);
		for _ in 0..60 {
			let order = cheap(OTHER, |_| {});
			assert_ok!(bid(3, order, 3, 10, 1));
			assert_ok!(accept(OTHER, order, 3));
		}
	};
	assert_eq!(taken_over(starts), undisturbed);
}

#[test]
fn a_flood_of_orders_and_failures_holds_up_no_start() {
	ExtBuilder::build_and_execute(|| {
		TasksAtOnce::set(&1);
		let order = with_bids(NATIVE, &[1, 2]);
		let id = matched(order);
		for _ in 0..40 {
			cheap(OTHER, |new| new.bid_deadline = 169);
			let failing = cheap(OTHER, |_| {});
			assert_ok!(bid(3, failing, 3, 10, 1));
			assert_ok!(accept(OTHER, failing, 3));
			assert_ok!(decline(3, current(failing, 0)));
		}
		run_to(170);
		assert_eq!(lease_closed(id), Some(CloseReason::NeverReady));
	});
}
