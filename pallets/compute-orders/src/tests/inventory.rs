// SPDX-License-Identifier: Apache-2.0

//! Inventories: declaration, reservation and release of resources.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{Inventory as _, ServiceKind, ServiceStatus};

#[test]
fn an_operator_declares_resources_and_may_declare_others() {
	ExtBuilder::build_and_execute(|| {
		reset_events();
		let total =
			Resources { cpu_milli: 4_000, gpus: 2, gpu_class: class("h100"), ..Default::default() };
		assert_ok!(declare(1, 1, total.clone()));
		assert_eq!(Inventories::<Test>::get(1).unwrap().total, total);
		assert_eq!(Inventories::<Test>::get(1).unwrap().free(), total);
		assert_eq!(events(), vec![Event::CapacityDeclared { service: 1, total }]);
	});
}

#[test]
fn only_the_operator_of_a_compute_service_declares() {
	ExtBuilder::build_and_execute(|| {
		assert_noop!(declare(2, 1, plenty()), Error::<Test>::NotOperator);
		assert_noop!(declare(1, 99, plenty()), Error::<Test>::UnknownService);
		relist(1, |service| service.kind = ServiceKind::Vpn { key: [7; 32] });
		assert_noop!(declare(1, 1, plenty()), Error::<Test>::NotCompute);
	});
}

#[test]
fn an_unproven_service_takes_no_server() {
	// On a chain that does not ask for the proof, only a listing changed in storage lacks it.
	ExtBuilder::build_and_stall(|| {
		let status = ServiceStatus::Unproven;
		list(21, 2, NATIVE);
		relist(21, |service| service.status = status);
		assert_noop!(declare(2, 21, plenty()), Error::<Test>::NotProven);
		// An earlier declaration can still be taken back.
		relist(2, |service| service.status = status);
		assert_ok!(declare(2, 2, Resources::default()));
	});
}

/// Otherwise the operator of a retired service could keep its server from the next one.
#[test]
fn a_service_that_ends_takes_no_server() {
	ExtBuilder::build_and_execute(|| {
		list(20, 1, NATIVE);
		assert_ok!(Operators::retire_service(signed(1), 20));
		assert_noop!(declare(1, 20, plenty()), Error::<Test>::ServiceOver);
		// A paused service declares, and an ending one takes its declaration back.
		list(21, 1, NATIVE);
		set_paused(21, true);
		assert_ok!(declare(1, 21, plenty()));
		assert_ok!(Operators::retire_service(signed(1), 21));
		assert_noop!(declare(1, 21, small()), Error::<Test>::ServiceOver);
		assert_ok!(declare(1, 21, Resources::default()));
	});
}

#[test]
fn gpus_and_their_class_come_together() {
	ExtBuilder::build_and_execute(|| {
		let with = |gpus, name| Resources { gpus, gpu_class: class(name), ..plenty() };
		for (gpus, name) in [(0, "h100"), (1, ""), (1, "H100"), (1, "h 100")] {
			assert_noop!(declare(1, 1, with(gpus, name)), Error::<Test>::BadGpuClass);
		}
		assert_ok!(declare(1, 1, with(1, "h100-80g")));
	});
}

#[test]
fn bids_and_leases_reserve_and_give_back() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, order, 1, 50, 2));
		assert_eq!(used(1), small().times(2).unwrap());
		let lease = matched(order);
		assert_eq!(used(1), small().times(2).unwrap());
		assert_ok!(close(TENANT, lease, false));
		assert_eq!(used(1), small());
		assert_ok!(close(TENANT, current(order, 1), false));
		assert!(used(1).is_zero());
	});
}

#[test]
fn the_total_stays_above_the_used_resources() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		let less = Resources { cpu_milli: 999, ..plenty() };
		assert_noop!(declare(1, 1, less), Error::<Test>::CapacityBelowUsed);
		assert_noop!(declare(1, 1, Resources::default()), Error::<Test>::CapacityInUse);
		assert_ok!(declare(1, 1, small()));
		assert_ok!(cancel(TENANT, order));
		run(1);
		assert_ok!(declare(1, 1, Resources::default()));
		assert_eq!(Inventories::<Test>::get(1), None);
		assert_noop!(declare(1, 1, Resources::default()), Error::<Test>::NoResources);
	});
}

#[test]
fn the_class_of_gpus_in_use_stays() {
	ExtBuilder::build_and_execute(|| {
		let gpus = |name| Resources { gpus: 4, gpu_class: class(name), ..plenty() };
		assert_ok!(declare(1, 1, gpus("h100")));
		let order = place(NATIVE, |new| {
			new.resources = Resources { gpus: 1, ..small() };
		});
		assert_ok!(bid(1, order, 1, 50, 1));
		assert_noop!(declare(1, 1, gpus("a100")), Error::<Test>::CapacityBelowUsed);
		let other = place(NATIVE, |new| {
			new.resources = Resources { gpus: 1, gpu_class: class("a100"), ..small() };
		});
		assert_noop!(bid(1, other, 1, 50, 1), Error::<Test>::NotEnoughCapacity);
	});
}

#[test]
fn a_service_with_resources_in_use_is_not_removed() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		assert_ok!(Operators::retire_service(signed(1), 1));
		Kit::run_to_judged(24);
		assert_noop!(Operators::remove_service(signed(1), 1), Error::<Test>::CapacityInUse);
		assert_ok!(cancel(TENANT, order));
		run(1);
		assert_ok!(Operators::remove_service(signed(1), 1));
		assert_eq!(Inventories::<Test>::get(1), None);
		assert_eq!(Servers::<Test>::iter_values().find(|service| *service == 1), None);
		// A service that never declared anything has nothing to forget.
		assert_ok!(ComputeOrders::forget(99));
	});
}

#[test]
fn a_service_that_moves_declares_again() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |_| {});
		move_to(1, 77);
		assert_noop!(bid(1, order, 1, 50, 1), Error::<Test>::ServerMoved);
		assert_ok!(declare(1, 1, plenty()));
		assert_ok!(bid(1, order, 1, 50, 1));
		move_to(1, 78);
		assert_noop!(declare(1, 1, plenty()), Error::<Test>::CapacityInUse);
		// Its bid stands for a server that is not there any more.
		run_to(order_deadline(order));
		assert_eq!(closed(order, 0), Some(CloseReason::NoBids));
	});
}

fn order_deadline(id: OrderId) -> BlockNumber {
	order(id).bid_deadline
}

#[test]
fn an_endpoint_that_is_no_url_backs_nothing() {
	ExtBuilder::build_and_execute(|| {
		relist(1, |service| service.endpoint = Default::default());
		assert_noop!(declare(1, 1, plenty()), Error::<Test>::ServerMoved);
		move_to(1, 1);
	});
}
