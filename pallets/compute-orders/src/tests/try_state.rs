// SPDX-License-Identifier: Apache-2.0

//! Corrupted states, which every invariant detects.

use crate::{mock::*, *};
use frame::{deps::sp_runtime::TryRuntimeError, testing_prelude::*};
use surety_primitives::{AssetId, Funds as _};

/// Corrupt a state with an order, a lease that runs, one that starts, and a standing bid.
fn corrupted(corrupt: impl FnOnce(OrderId)) -> Result<(), TryRuntimeError> {
	ExtBuilder::build().execute_with(|| {
		let order = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, order, 1, 50, 2));
		assert_ok!(bid(2, order, 2, 60, 2));
		run_to(140);
		assert_eq!((lease(0).operator, lease(1).operator), (1, 2));
		ready(0);
		assert_ok!(ComputeOrders::do_try_state());
		corrupt(order);
		ComputeOrders::do_try_state()
	})
}

fn broken(why: &'static str, corrupt: impl FnOnce(OrderId)) {
	assert_eq!(corrupted(corrupt), Err(TryRuntimeError::Other(why)));
}

fn change_order(id: OrderId, change: impl FnOnce(&mut OrderOf<Test>)) {
	Orders::<Test>::mutate(id, |order| change(order.as_mut().unwrap()));
}

fn change_lease(id: LeaseId, change: impl FnOnce(&mut LeaseOf<Test>)) {
	Leases::<Test>::mutate(id, |lease| change(lease.as_mut().unwrap()));
}

fn change_inventory(change: impl FnOnce(&mut Inventory)) {
	Inventories::<Test>::mutate(1, |inventory| change(inventory.as_mut().unwrap()));
}

#[test]
fn an_intact_state_passes() {
	assert_ok!(corrupted(|_| {}));
}

#[test]
fn capacity_that_does_not_add_up() {
	broken("1: the used resources are not the sum", |_| {
		change_inventory(|c| c.used.cpu_milli += 1)
	});
	broken("1: more is used than there is", |_| change_inventory(|c| c.total = small()));
	broken("1: a server that backs another service", |_| change_inventory(|c| c.server = [1; 32]));
	broken("1: a server of no service", |_| Servers::<Test>::insert([1; 32], 1));
	broken("1: used, but not declared", |_| {
		let inventory = Inventories::<Test>::take(1).unwrap();
		Servers::<Test>::remove(inventory.server);
	});
	broken("1: a bid for more than there can be", |order| {
		change_order(order, |o| o.resources.cpu_milli = u32::MAX);
		Bids::<Test>::mutate(order, 1, |bid| {
			let bid = bid.as_mut().unwrap();
			(bid.left, bid.replicas) = (2, 2);
		});
	});
}

#[test]
fn bond_that_does_not_add_up() {
	broken("2: the reserved bond is not the sum", |_| {
		assert_ok!(Operators::reserve(&1, NATIVE, 1));
	});
	broken("2: a start reserves too little", |_| change_lease(1, |lease| lease.reserved -= 1));
	broken("2: a lease without its penalty", |_| change_lease(0, |lease| lease.reserved -= 1));
	broken("2: a lease that is over reserves bond", |order| {
		change_order(order, |o| o.replicas[0].state = waiting());
		wake(order, Lane::Matches, 999);
		change_lease(0, |lease| lease.state = over());
	});
}

fn wake(id: OrderId, lane: Lane, block: BlockNumber) {
	change_order(id, |o| o.wake = Some((lane, block)));
	Agenda::<Test>::insert((lane, block), Entry::Order(id), ());
}

fn waiting() -> ReplicaState {
	ReplicaState::Waiting { until: 999, wait: Wait::Bidding }
}

fn over() -> LeaseState {
	LeaseState::Closed { round: 1, reason: CloseReason::Expired, paid: 0, refunded: 0 }
}

#[test]
fn deposits_that_do_not_add_up() {
	for reason in [ORDER_HOLD, BID_HOLD] {
		broken("3: the deposits on hold are not the sum", |_| {
			for who in [1, TENANT] {
				assert_ok!(Money::hold(AssetId::Native, reason, &who, 1));
			}
		});
	}
}

#[test]
fn entries_that_are_lost_or_doubled() {
	broken("4: an entry is lost", |_| {
		Agenda::<Test>::remove((Lane::Starting, 170), Entry::Lease(1))
	});
	broken("4: an entry of nothing", |_| {
		Agenda::<Test>::insert((Lane::Starting, 999), Entry::Lease(9), ())
	});
	broken("4: an entry that is never reached", |_| Cursor::<Test>::insert(Lane::Starting, 171));
	broken("4: an order that waits without an entry, or the reverse", |order| {
		change_order(order, |o| o.replicas[0].state = waiting());
	});
	broken("4: an order that waits without an entry, or the reverse", |order| {
		wake(order, Lane::Matches, 999)
	});
	broken("4: an order whose entry is too early", |order| {
		change_order(order, |o| o.replicas[0].state = waiting());
		wake(order, Lane::Matches, 998);
	});
	broken("4: an entry in another lane", |order| {
		change_order(order, |o| o.replicas[0].state = waiting());
		wake(order, Lane::Urgent, 999);
	});
}

#[test]
fn replicas_and_leases_that_disagree() {
	let replica = |order, change: &dyn Fn(&mut ReplicaOf<Test>)| {
		change_order(order, |o| change(&mut o.replicas[0]));
	};
	broken("5: too many leases of a replica", |order| replica(order, &|r| r.placements = 9));
	broken("5: leases are miscounted", |order| replica(order, &|r| r.placements = 2));
	broken("5: a replica that is over has funds", |order| {
		replica(order, &|r| r.state = ReplicaState::Closed { reason: CloseReason::Expired, at: 1 });
	});
	broken("5: a replica at no lease", |order| {
		replica(order, &|r| r.state = ReplicaState::Placed(9))
	});
	broken("5: a replica at a lease of another order", |order| {
		change_order(order, |o| o.leases.retain(|lease| *lease != 0));
	});
	broken("5: a replica at a lease that is not its last", |order| {
		replica(order, &|r| r.lease = None)
	});
	broken("5: a replica at another's lease", |order| {
		replica(order, &|r| (r.state, r.lease) = (ReplicaState::Placed(1), Some(1)));
	});
	broken("5: placed at an operator that failed it", |order| {
		replica(order, &|r| r.failed.try_push(1).unwrap())
	});
	broken("5: a lease without a stream", |order| {
		pallet_surety_escrow::Accounts::<Test>::remove(mock::replica(order, 0).escrow);
	});
	broken("5: a stream that does not end with its term", |order| {
		replica(order, &|r| r.term = None)
	});
	broken("5: a stream that does not end with its term", |order| {
		replica(order, &|r| r.term.as_mut().unwrap().last += 1);
	});
	broken("5: a lease without a failover price", |order| {
		replica(order, &|r| r.failover_price = None)
	});
	broken("5: a lease is lost", |order| {
		change_order(order, |o| {
			o.leases.try_push(7).unwrap();
			o.replicas[0].placements = 2;
		});
	});
	broken("5: a lease of another order", |_| change_lease(0, |lease| lease.order = 8));
	broken("5: a lease of no replica", |order| {
		let spare = Lease { replica: 7, ..lease(0) };
		with_spare(order, spare);
	});
	broken("5: a lease that is not over and not its replica's", |order| {
		with_spare(order, lease(0));
	});
	broken("5: a lease of no order", |_| {
		Leases::<Test>::insert(9, lease(0));
	});
	broken("5: a lease that runs and was never ready", |_| {
		change_lease(0, |lease| lease.ready = None)
	});
}

/// Add a lease that no replica names.
fn with_spare(order: OrderId, spare: LeaseOf<Test>) {
	LeasesOf::<Test>::insert(TENANT, 2, ());
	LeasesOf::<Test>::insert(spare.operator, 2, ());
	Leases::<Test>::insert(2, spare);
	NextLease::<Test>::put(3);
	change_order(order, |o| {
		o.leases.try_push(2).unwrap();
		o.replicas[0].placements = 2;
	});
}

#[test]
fn an_index_that_disagrees_with_the_leases() {
	broken("6: a lease without its tenant's index", |_| LeasesOf::<Test>::remove(TENANT, 0));
	broken("6: a lease without its operator's index", |_| LeasesOf::<Test>::remove(1, 0));
	broken("6: an index of no lease", |_| LeasesOf::<Test>::insert(OTHER, 0, ()));
}

#[test]
fn orders_that_miscount_bids_or_lack_their_close() {
	broken("7: bids are miscounted", |order| change_order(order, |o| o.bids += 1));
	broken("7: over without the block in which it was closed", |order| {
		change_order(order, |o| o.closed_at = Some(1))
	});
	broken("7: a bid that can take no replica", |order| {
		Bids::<Test>::mutate(order, 1, |bid| bid.as_mut().unwrap().left = 0);
	});
	broken("7: a bid on no order", |order| {
		Bids::<Test>::insert(9, 1, Bids::<Test>::get(order, 1).unwrap());
	});
}

#[test]
fn ids_beyond_the_next() {
	broken("8: id beyond the next", |_| NextOrder::<Test>::put(0));
	broken("8: id beyond the next", |_| NextLease::<Test>::put(1));
}
