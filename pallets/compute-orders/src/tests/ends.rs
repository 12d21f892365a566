// SPDX-License-Identifier: Apache-2.0

//! Ends of leases by the tenant, the operator, governance and escrow.

use crate::{mock::*, *};
use frame::testing_prelude::*;

#[test]
fn closing_as_tenant_costs_the_rest_of_the_prepaid_sum() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		// After the trial: a window at 50, less the round that was down.
		outage(id, 30, 1);
		run_to(158);
		reset_events();
		assert_ok!(close(TENANT, id, false));
		let code = 1_001;
		let ending =
			Event::LeaseEnding { lease: id, round: 31, reason: CloseReason::TenantClosed, code };
		assert_eq!(events(), vec![ending]);
		assert_noop!(close(TENANT, id, false), Error::<Test>::AlreadyEnding);
		assert_noop!(close(1, id, true), Error::<Test>::AlreadyEnding);
		run_to(170);
		let lease_over = Event::LeaseClosed {
			lease: id,
			order,
			replica: 0,
			reason: CloseReason::TenantClosed,
			code,
			paid: 2_750,
			refunded: DEPOSIT - 2_750,
		};
		let replica_over = Event::ReplicaClosed {
			order,
			replica: 0,
			reason: CloseReason::TenantClosed,
			code,
			paid: 2_750,
			refunded: DEPOSIT - 2_750,
		};
		let events = events();
		assert!(events.contains(&lease_over) && events.contains(&replica_over));
		assert_eq!(lease(id).forfeited, 0);
		// No other operator follows.
		assert_eq!(closed(order, 0), Some(CloseReason::TenantClosed));
	});
}

#[test]
fn an_operator_gives_notice_and_the_next_bid_takes_over() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		reset_events();
		assert_ok!(close(1, id, false));
		// A window of 12 rounds after round 28.
		let code = 2_001;
		let ending =
			Event::LeaseEnding { lease: id, round: 40, reason: CloseReason::OperatorClosed, code };
		assert_eq!(events(), vec![ending]);
		assert_noop!(close(1, id, false), Error::<Test>::AlreadyEnding);
		assert_eq!(self::ending(id), Some((40, CloseReason::OperatorClosed, true)));
		run_to(215);
		assert_eq!(lease_closed(id), Some(CloseReason::OperatorClosed));
		assert_eq!((paid(id), lease(id).forfeited), (12 * 250, 0));
		assert_eq!(reserved(1, asset), 0);
		assert!(failures().is_empty());
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn an_operator_that_leaves_at_once_pays_for_it() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		let treasury = total(asset, TREASURY);
		run_to(150);
		assert_ok!(close(1, id, true));
		assert_eq!(ending(id), Some((30, CloseReason::OperatorClosed, true)));
		// The penalty stays reserved until its last round is paid.
		assert_eq!((total(asset, TREASURY) - treasury, reserved(1, asset)), (0, 300));
		run_to(165);
		assert_eq!(total(asset, TREASURY) - treasury, 300);
		assert_eq!(lease_closed(id), Some(CloseReason::OperatorClosed));
		assert_eq!((paid(id), lease(id).forfeited), (500, 300));
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn leaving_at_once_ends_a_notice_sooner() {
	ExtBuilder::with_each_asset(|asset| {
		let (_, id) = running(asset, &[1, 2]);
		assert_ok!(close(1, id, false));
		run_to(150);
		assert_ok!(close(1, id, true));
		assert_eq!(ending(id), Some((30, CloseReason::OperatorClosed, true)));
		assert_noop!(close(1, id, true), Error::<Test>::AlreadyEnding);
		run_to(165);
		assert_eq!(lease(id).forfeited, 300);
	});
}

#[test]
fn a_notice_that_is_longer_than_the_lease_ends_with_it() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(240);
		assert_ok!(close(1, id, false));
		assert_eq!(ending(id), Some((58, CloseReason::OperatorClosed, true)));
		assert_noop!(extend(TENANT, order, 0, 100), EscrowError::Ending);
		run_to(305);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		assert_eq!((paid(id), lease(id).forfeited, replica(order, 0).paid), (7_500, 0, 7_500));
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
	});
}

#[test]
fn an_operator_that_fails_after_a_late_notice_is_replaced() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(240);
		assert_ok!(close(1, id, false));
		fail(id);
		assert_eq!((lease_closed(id), lease(id).forfeited), (Some(CloseReason::Unhealthy), 300));
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn in_the_last_round_there_is_nothing_to_leave() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		run_to(289);
		assert_ok!(close(1, id, true));
		run_to(290);
		assert_noop!(close(1, id, true), Error::<Test>::AlreadyEnding);
		run_to(300);
		// It left in round 57, for the price of that.
		assert_eq!(
			(lease_closed(id), lease(id).forfeited),
			(Some(CloseReason::OperatorClosed), 300)
		);
		assert_ne!(closed(order, 0), None);
	});
	ExtBuilder::with_each_asset(|asset| {
		let (_, id) = running(asset, &[1]);
		run_to(290);
		assert_noop!(close(1, id, true), Error::<Test>::AlreadyEnding);
		run_to(305);
		assert_eq!((lease_closed(id), lease(id).forfeited), (Some(CloseReason::Expired), 0));
	});
}

#[test]
fn an_operator_must_stay_healthy_after_its_notice() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		assert_ok!(close(1, id, false));
		fail(id);
		assert_eq!(lease_closed(id), Some(CloseReason::Unhealthy));
		assert_eq!(lease(id).forfeited, 300);
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn a_tenant_may_leave_before_the_notice_is_over() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		assert_ok!(close(1, id, false));
		run_to(150);
		assert_ok!(close(TENANT, id, false));
		assert_eq!(ending(id), Some((30, CloseReason::TenantClosed, false)));
		run_to(165);
		assert_eq!(closed(order, 0), Some(CloseReason::TenantClosed));
		assert_eq!(paid(id), 500);
	});
}

#[test]
fn a_tenant_closes_a_suspending_lease_with_the_sooner_end() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(160);
		assert_ok!(close(1, id, true));
		run_to(165);
		assert_ok!(close(TENANT, id, false));
		assert_eq!(ending(id), Some((32, CloseReason::OperatorClosed, false)));
		assert_noop!(close(TENANT, id, false), Error::<Test>::AlreadyEnding);
		run_to(175);
		// The operator left first: nothing that is prepaid is kept, and it pays for leaving.
		assert_eq!(closed(order, 0), Some(CloseReason::OperatorClosed));
		assert_eq!((paid(id), lease(id).forfeited), (4 * 250, 300));
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
	});
}

#[test]
fn funds_may_run_out_before_the_notice_is_over() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.deposit = 60 * MAX_PRICE + MINIMUM);
		assert_ok!(bid(1, order, service_of(1, asset), MAX_PRICE, 1));
		let id = matched(order);
		ready(id);
		run_to(160);
		assert_ok!(close(1, id, false));
		run_to(230);
		assert_eq!(closed(order, 0), Some(CloseReason::FundsExhausted));
	});
}

#[test]
fn governance_ends_a_lease() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(150);
		force_close(order, 0);
		assert_eq!(ending(id), Some((30, CloseReason::Governance, false)));
		run_to(165);
		assert_eq!(closed(order, 0), Some(CloseReason::Governance));
		// The tenant did not leave: what is prepaid is not kept.
		assert_eq!(paid(id), 500);
	});
}

#[test]
fn a_dispute_holds_an_end_up_and_no_longer() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		dispute(order, 0);
		run_to(400);
		assert_eq!(ending(id), Some((58, CloseReason::Expired, false)));
		thaw(order, 0);
		run(1);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
	});
}
