// SPDX-License-Identifier: Apache-2.0

//! Reads for the runtime API.

use crate::mock::*;
use frame::testing_prelude::*;
use surety_primitives::MAX_PAGE;

#[test]
fn the_status_of_a_lease_shows_the_blocks_that_are_funded() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		let id = matched(order);
		assert_eq!(ComputeOrders::lease(id).unwrap().stream, None);
		ready(id);
		let status = ComputeOrders::lease(id).unwrap();
		assert_eq!((status.tenant, status.asset), (TENANT, NATIVE));
		assert_eq!(status.stream.unwrap().blocks_left, 600);
		assert_eq!(ComputeOrders::lease(99), None);
	});
}

#[test]
fn pages_of_leases_are_bounded_and_continue() {
	ExtBuilder::build_and_execute(|| {
		for _ in 0..7 {
			let order = place(NATIVE, |_| {});
			assert_ok!(bid(1, order, 1, 50, 1));
			assert_ok!(accept(TENANT, order, 1));
		}
		let mut seen = Vec::new();
		loop {
			let page = ComputeOrders::leases_of(TENANT, seen.last().copied(), 3);
			assert!(page.len() <= 3);
			if page.is_empty() {
				break;
			}
			seen.extend(page);
		}
		seen.sort_unstable();
		assert_eq!(seen, (0..7).collect::<Vec<_>>());
		let most = ComputeOrders::leases_of(TENANT, None, u32::MAX);
		assert!(most.len() <= MAX_PAGE as usize);
	});
}

#[test]
fn leases_are_found_by_both_parties() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.quantity = 3);
		assert_ok!(bid(1, order, 1, 50, 3));
		run_to(140);
		for who in [1, TENANT] {
			let first = ComputeOrders::leases_of(who, None, 2);
			let rest = ComputeOrders::leases_of(who, first.last().copied(), 2);
			let mut all = [first, rest].concat();
			all.sort_unstable();
			assert_eq!(all, vec![0, 1, 2]);
		}
		assert!(ComputeOrders::leases_of(OTHER, None, 9).is_empty());
	});
}

#[test]
fn bids_come_in_order_of_their_services() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[3, 1, 2]);
		let services: Vec<_> =
			ComputeOrders::bids_of(order).into_iter().map(|(service, _)| service).collect();
		assert_eq!(services, vec![1, 2, 3]);
		assert_eq!(self::order(order).bids_until(now()), Some(140));
		assert_eq!(bid_of(order, 4), None);
	});
}
