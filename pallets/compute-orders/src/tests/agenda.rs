//! What has a deadline happens, at its block, within the bounds.

use crate::{mock::*, *};
use frame::testing_prelude::*;

fn over() -> usize {
	Orders::<Test>::iter_values().filter(|order| order.is_over()).count()
}

#[test]
fn what_is_too_much_for_a_block_waits_for_the_next() {
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
	ExtBuilder::build_and_execute(|| {
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
fn an_empty_block_costs_the_same_whatever_there_is() {
	ExtBuilder::build_and_execute(|| {
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
fn every_entry_is_charged_by_what_it_does() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1, 2]);
		run_to(139);
		System::set_block_number(140);
		// Both lanes are walked.
		let walk = <() as WeightInfo>::agenda(1) * 2;
		assert_eq!(ComputeOrders::on_initialize(140), walk + <() as WeightInfo>::look(2));
		ready(current(order, 0));
		run_to(289);
		System::set_block_number(290);
		assert_eq!(ComputeOrders::on_initialize(290), walk + <() as WeightInfo>::expire());
	});
}

#[test]
fn giving_back_the_bids_of_an_order_that_is_over_is_charged_as_such() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1, 2, 3]);
		assert_ok!(ComputeOrders::cancel_order(signed(TENANT), order));
		let next = now() + 1;
		System::set_block_number(next);
		let walk = <() as WeightInfo>::agenda(1) * 2;
		assert_eq!(ComputeOrders::on_initialize(next), walk + <() as WeightInfo>::remove_order(0, 3));
		assert_eq!(Bids::<Test>::iter().count(), 0);
	});
}

#[test]
fn what_another_task_of_the_block_moved_is_looked_at_where_it_went() {
	ExtBuilder::build_and_execute(|| {
		// One replica of each order is over in the block in which the other is matched. In which order the two
		// are looked at is up to a hash.
		let block = now() + 30;
		for operator in OPERATORS {
			let order = place(NATIVE, |new| {
				(new.quantity, new.duration, new.bid_deadline) = (2, 30, block);
			});
			let service = service_of(operator, NATIVE);
			assert_ok!(bid(operator, order, service, 50, 1));
			assert_ok!(accept(TENANT, order, service));
			ready(current(order, 0));
		}
		run_to(block);
		assert_ok!(ComputeOrders::do_try_state());
		run(1);
		assert_ok!(ComputeOrders::do_try_state());
	});
}

#[test]
fn on_a_chain_that_just_began_the_agenda_starts_with_its_block() {
	ExtBuilder::build_and_execute(|| {
		Cursor::<Test>::remove(Lane::Matches);
		let order = with_bids(NATIVE, &[1]);
		assert_ok!(cancel(TENANT, order));
		assert_eq!(self::order_wake(order), Some(now() + 1));
		run(1);
		assert_eq!(order_wake(order), None);
	});
}

fn order_wake(id: OrderId) -> Option<BlockNumber> {
	order(id).wake
}
