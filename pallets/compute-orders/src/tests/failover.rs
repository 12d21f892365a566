// SPDX-License-Identifier: Apache-2.0

//! Replacement of an operator that fails.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{OnLeaseFailed as _, OnStreamEnd as _, TermsInput, WindowShare};

#[test]
fn an_unhealthy_lease_falls_to_the_next_bid_inside_the_same_escrow() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1, 2]);
		let escrow = replica(order, 0).escrow;
		let treasury = total(asset, TREASURY);
		// Up in rounds 29 and 30, down from 31 on: noticed with round 33, in block 178.
		outage(first, 31, 9);
		run_to(177);
		assert_eq!(ending(first), None);
		reset_events();
		run_to(178);
		// That round is judged, so the rest is done in the next block.
		let (reason, code) = (CloseReason::Unhealthy, 2_004);
		let ending = Event::LeaseEnding { lease: first, round: 33, reason, code };
		assert_eq!((events(), self::ending(first)), (vec![ending], Some((33, reason, true))));
		run_to(179);
		let penalty = Event::PenaltyPaid { lease: first, operator: 1, amount: 300 };
		let closed = Event::LeaseClosed {
			lease: first,
			order,
			replica: 0,
			reason,
			code,
			paid: 500,
			refunded: DEPOSIT - 500,
		};
		let events = events();
		assert_eq!(events[..2], [penalty, closed]);
		assert!(matches!(events[2..], [Event::LeaseAwarded { operator: 2, .. }]));
		assert_eq!(lease_closed(first), Some(reason));
		// Two rounds were good.
		assert_eq!((paid(first), refunded(first)), (500, DEPOSIT - 500));
		assert_eq!(total(asset, 1), BOND + FUNDS + 475 - 300);
		assert_eq!(total(asset, TREASURY) - treasury, 300);
		assert_eq!(failures(), vec![(1, first, CloseReason::Unhealthy)]);
		let end = LeaseState::Closed { round: 33, reason, paid: 500, refunded: DEPOSIT - 500 };
		assert_eq!(lease(first).state, end);
		assert_eq!(agreement_closed(first), Some((500, reason)));
		// The tenant kept its place.
		let second = current(order, 0);
		assert_eq!((lease(second).operator, replica(order, 0).escrow), (2, escrow));
		assert_eq!(replica(order, 0).funds, DEPOSIT - 500);
		ready(second);
		// It runs for the rest of the time only.
		assert_eq!(replica(order, 0).term, Some(Term { since: 28, last: 58 }));
		run_to(305);
		assert_eq!(self::closed(order, 0), Some(CloseReason::Expired));
		// Ready in round 35: 23 rounds at 60.
		assert_eq!(paid(second), 23 * 5 * 60);
		assert_eq!(replica(order, 0).paid, 500 + 6_900);
		assert_eq!((reserved(1, asset), reserved(2, asset)), (0, 0));
	});
}

#[test]
fn bad_rounds_need_not_be_in_a_row() {
	ExtBuilder::build_and_execute(|| {
		let (_, id) = running(NATIVE, &[1, 2]);
		outage(id, 31, 2);
		outage(id, 34, 1);
		run_to(184);
		assert_eq!(lease_closed(id), Some(CloseReason::Unhealthy));
	});
}

#[test]
fn without_a_bid_new_ones_are_welcome_for_a_while() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1]);
		reset_events();
		fail(first);
		let reopened = Event::ReplicaReopened {
			order,
			replica: 0,
			until: 189,
			reason: CloseReason::Unhealthy,
			code: 2_004,
		};
		assert!(events().contains(&reopened));
		let wait = Wait::Reopened(CloseReason::Unhealthy);
		assert_eq!(replica(order, 0).state, ReplicaState::Waiting { until: 189, wait });
		assert_ok!(bid(2, order, service_of(2, asset), 90, 1));
		assert_ok!(bid(3, order, service_of(3, asset), 80, 1));
		run_to(189);
		assert_eq!(lease(current(order, 0)).operator, 3);
	});
}

#[test]
fn the_tenant_need_not_wait_for_the_match() {
	ExtBuilder::build_and_execute(|| {
		let (order, first) = running(NATIVE, &[1]);
		fail(first);
		assert_ok!(bid(2, order, 2, 90, 1));
		assert_ok!(accept(TENANT, order, 2));
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn without_any_bid_the_rest_is_refunded() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1]);
		let before = total(asset, TENANT);
		fail(first);
		run_to(189);
		assert_eq!(closed(order, 0), Some(CloseReason::Unhealthy));
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
		assert_eq!(total(asset, TENANT), before);
	});
}

#[test]
fn a_replacement_is_found_without_auto_match_too() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.auto_match = false);
		assert_ok!(bid(1, order, 1, 50, 1));
		assert_ok!(bid(2, order, 2, 60, 1));
		assert_ok!(accept(TENANT, order, 1));
		let first = current(order, 0);
		assert_ok!(decline(1, first));
		run(1);
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn an_operator_that_failed_a_replica_never_gets_it_again() {
	ExtBuilder::build_and_execute(|| {
		list(21, 1, NATIVE);
		assert_ok!(declare(1, 21, plenty()));
		let (order, first) = running(NATIVE, &[1]);
		assert_eq!(replica(order, 0).failed.len(), 0);
		fail(first);
		// Neither with the same service nor with another.
		for service in [1, 21] {
			assert_ok!(bid(1, order, service, 20, 1));
			assert_noop!(accept(TENANT, order, service), Error::<Test>::BidUnfit);
			assert_ok!(withdraw(1, order, service));
		}
		run_to(189);
		assert_eq!(closed(order, 0), Some(CloseReason::Unhealthy));
	});
}

#[test]
fn a_failing_operator_loses_its_bid_for_the_other_replicas() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.quantity = 3);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 3));
		assert_ok!(bid(2, order, service_of(2, asset), 60, 1));
		run_to(140);
		let first = current(order, 0);
		assert_eq!(bid_of(order, service_of(1, asset)).unwrap().left, 1);
		ready(first);
		ready(current(order, 2));
		fail(first);
		assert_eq!(bid_of(order, service_of(1, asset)), None);
		// Its running leases stay.
		assert_eq!(lease(current(order, 2)).operator, 1);
	});
}

#[test]
fn a_replacement_goes_where_the_fewest_replicas_are() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, order, 1, 20, 2));
		assert_ok!(bid(2, order, 2, 30, 1));
		assert_ok!(bid(3, order, 3, 90, 1));
		run_to(140);
		assert_eq!(lease(current(order, 1)).operator, 2);
		assert_ok!(decline(2, current(order, 1)));
		run(1);
		// The bid of 1 is better, but it runs the other replica.
		assert_eq!(lease(current(order, 1)).operator, 3);
	});
}

#[test]
fn a_bid_that_the_funds_do_not_pay_for_is_passed_over() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| {
			(new.deposit, new.duration) = (60 * MAX_PRICE + MINIMUM, 500);
		});
		assert_ok!(bid(1, order, service_of(1, asset), 20, 1));
		assert_ok!(bid(2, order, service_of(2, asset), MAX_PRICE, 1));
		let first = matched(order);
		ready(first);
		// 56 rounds are paid: 5,600 of 6,010. What is left does not pay for a round at 100.
		outage(first, 85, 9);
		run_to(450);
		assert_eq!(lease_closed(first), Some(CloseReason::Unhealthy));
		assert_eq!(replica(order, 0).funds, 410);
		assert_noop!(accept(TENANT, order, service_of(2, asset)), Error::<Test>::BidUnfit);
		assert_ok!(top_up(TENANT, order, 0, 1_000));
		assert_ok!(accept(TENANT, order, service_of(2, asset)));
		ready(current(order, 0));
	});
}

#[test]
fn a_replica_has_a_maximum_number_of_leases() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |_| {});
		for n in 0..10u32 {
			// Another operator each time.
			let who = 200 + AccountId::from(n);
			for asset in [NATIVE, LOCAL] {
				assert_ok!(Money::transfer(asset, &4, &who, 50_000));
			}
			register(who, 10_000);
			list(200 + n, who, NATIVE);
			assert_ok!(declare(who, 200 + n, plenty()));
			if replica(order, 0).state.is_closed() {
				assert_eq!(n, 9);
				break;
			}
			assert_ok!(bid(who, order, 200 + n, 50, 1));
			assert_ok!(accept(TENANT, order, 200 + n));
			if n == 0 {
				// Declining is free and does not count.
				assert_ok!(decline(who, current(order, 0)));
				run(1);
				assert_eq!(replica(order, 0).placements, 0);
				continue;
			}
			let LeaseState::Starting { ready_by, .. } = lease(current(order, 0)).state else {
				panic!("it starts")
			};
			run_to(ready_by + 1);
		}
		assert_eq!(replica(order, 0).placements, 8);
		assert_eq!(closed(order, 0), Some(CloseReason::NeverReady));
		assert_eq!(Money::held(NATIVE, ESCROW_HOLD, &TENANT), 0);
	});
}

#[test]
fn a_replacement_without_a_round_left_is_none() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.duration = 40);
		for who in [1, 2] {
			assert_ok!(bid(who, order, service_of(who, asset), 50, 1));
		}
		let first = matched(order);
		ready(first);
		assert_eq!(replica(order, 0).term.unwrap().last, 36);
		// Bad in 31 to 33: the next is placed in round 35 and has until round 36 begins.
		outage(first, 31, 6);
		run_to(179);
		let second = current(order, 0);
		assert_eq!(lease(second).state, LeaseState::Starting { fetch_until: 180, ready_by: 180 });
		run_to(180);
		assert_eq!(
			(lease_closed(second), closed(order, 0)),
			(Some(CloseReason::Expired), Some(CloseReason::Expired))
		);
		// The end of the term cut its start window short: nobody failed.
		assert_eq!(lease(second).forfeited, 0);
		assert_eq!(failures().len(), 1);
		assert_eq!(reserved(2, asset), 0);
	});
}

#[test]
fn time_that_runs_out_while_it_waits_is_over() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.duration = 40);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 1));
		let first = matched(order);
		ready(first);
		outage(first, 31, 6);
		run_to(179);
		let wait = Wait::Reopened(CloseReason::Unhealthy);
		assert_eq!(replica(order, 0).state, ReplicaState::Waiting { until: 180, wait });
		run_to(180);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
	});
}

#[test]
fn ended_for_cause_it_falls_to_the_next_bid_and_pays_for_failing() {
	for reason in [CloseReason::Terminated, CloseReason::RentUnpaid] {
		ExtBuilder::with_each_asset(|asset| {
			let (order, first) = running(asset, &[1, 2]);
			run_to(161);
			reset_events();
			carry_out(first, (32, reason));
			assert_eq!(ending(first), Some((32, reason, true)));
			assert_eq!(meter_end(first).unwrap(), (32, reason));
			let code = reason.code();
			assert_eq!(events(), [Event::LeaseEnding { lease: first, round: 32, reason, code }]);
			// The consequences follow once the last round is paid.
			assert_eq!((failures().len(), reserved(1, asset)), (0, 300));
			assert_ok!(ComputeOrders::do_try_state());
			run_to(175);
			assert_eq!(lease_closed(first), Some(reason));
			assert_eq!((paid(first), lease(first).forfeited), (1_000, 300));
			assert_eq!(failures(), [(1, first, reason)]);
			assert_eq!(lease(current(order, 0)).operator, 2);
		});
	}
}

/// From the findings of the probers to the replacement, through all pallets.
#[test]
fn a_lease_whose_cover_is_used_up_is_terminated_and_replaced() {
	ExtBuilder::with_each_asset(|asset| {
		let share = |percent| WindowShare::from_rational(percent, 100);
		let order = place(asset, |new| {
			let credit = [10, 20, 20, 20].map(share);
			new.terms = Some(TermsInput { credit, cover: share(20), ..own_terms() });
		});
		for who in [1, 2] {
			assert_ok!(bid(who, order, service_of(who, asset), 50, 1));
		}
		let first = matched(order);
		ready(first);
		let treasury = total(asset, TREASURY);
		// The agreement counts from window 3 on, which begins with round 36. Three of twelve rounds
		// are a breach of `Medium`; the lease stays healthy.
		outage(first, 37, 2);
		outage(first, 41, 1);
		run_to(235);
		assert_eq!(lease_closed(first), Some(CloseReason::Terminated));
		assert_eq!(failures(), [(1, first, CloseReason::Terminated)]);
		assert_eq!((lease(first).forfeited, reserved(1, asset)), (300, 0));
		// A fifth of 3,000 is credited, and a tenth of that goes to the treasury with the penalty.
		assert_eq!(total(asset, TREASURY) - treasury, 60 + 300);
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn a_failure_of_a_lease_that_does_not_run_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		let id = matched(order);
		assert_storage_noop!(ComputeOrders::on_lease_failed(id, (28, CloseReason::Unhealthy)));
		assert_storage_noop!(ComputeOrders::on_lease_failed(id, (28, CloseReason::Terminated)));
		ready(id);
		assert_ok!(close(TENANT, id, false));
		run(20);
		assert_storage_noop!(ComputeOrders::on_lease_failed(id, (20, CloseReason::Unhealthy)));
	});
}

#[test]
fn a_failure_in_a_round_before_the_end_that_stands_takes_its_place() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(165);
		assert_ok!(close(TENANT, id, false));
		assert_eq!(ending(id), Some((33, CloseReason::TenantClosed, false)));
		// Judged two rounds later, as all rounds are. The tenant left: nobody follows.
		carry_out(id, (32, CloseReason::Unhealthy));
		assert_eq!(ending(id), Some((32, CloseReason::Unhealthy, false)));
		run_to(175);
		assert_eq!(closed(order, 0), Some(CloseReason::Unhealthy));
		assert_eq!((paid(id), lease(id).forfeited), (1_000, 300));
		assert_eq!(failures().len(), 1);
	});
}

#[test]
fn a_failure_in_a_round_after_the_end_that_stands_changes_nothing() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(160);
		assert_ok!(close(TENANT, id, false));
		carry_out(id, (33, CloseReason::Unhealthy));
		assert_eq!(ending(id), Some((32, CloseReason::TenantClosed, false)));
		run_to(175);
		assert_eq!(closed(order, 0), Some(CloseReason::TenantClosed));
		assert_eq!(lease(id).forfeited, 0);
		assert!(failures().is_empty());
	});
}

#[test]
fn a_tenant_may_leave_while_its_operator_is_replaced() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1, 2]);
		run_to(161);
		carry_out(first, (32, CloseReason::Terminated));
		assert_ok!(close(TENANT, first, false));
		assert_eq!(ending(first), Some((32, CloseReason::Terminated, false)));
		assert_noop!(close(TENANT, first, false), Error::<Test>::AlreadyEnding);
		run_to(175);
		// The failure was sooner: nothing that is prepaid is kept, and nobody follows.
		assert_eq!(closed(order, 0), Some(CloseReason::Terminated));
		assert_eq!((paid(first), lease(first).forfeited), (1_000, 300));
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
		assert_eq!(order_leases(order), 1);
	});
}

fn order_leases(id: OrderId) -> usize {
	order(id).leases.len()
}

#[test]
fn in_a_cancelled_order_only_standing_bids_take_over() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.quantity = 2);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 1));
		assert_ok!(bid(2, order, service_of(2, asset), 60, 1));
		assert_ok!(accept(TENANT, order, service_of(1, asset)));
		assert_ok!(cancel(TENANT, order));
		assert_ok!(decline(1, current(order, 0)));
		run(1);
		assert_eq!(lease(current(order, 0)).operator, 2);
		assert_ok!(decline(2, current(order, 0)));
		run(1);
		assert_eq!(closed(order, 0), Some(CloseReason::Declined));
	});
}

#[test]
fn consequences_of_an_end_happen_once() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1]);
		fail(first);
		let owner = surety_primitives::EscrowOwner::Replica { order, index: 0 };
		let reason = CloseReason::Unhealthy;
		let end = surety_primitives::StreamEnd { reason, round: 31, paid: 9, fee: 0, refunded: 9 };
		let escrow = replica(order, 0).escrow;
		assert_storage_noop!(ComputeOrders::suspended(owner, end));
		assert_storage_noop!(ComputeOrders::ending(owner, (31, reason)));
		assert_eq!(replica(order, 0).escrow, escrow);
		assert_eq!((lease(first).forfeited, failures().len()), (300, 1));
	});
}

#[test]
fn the_first_failure_counts() {
	ExtBuilder::build_and_execute(|| {
		let (_, first) = running(NATIVE, &[1, 2]);
		run_to(161);
		carry_out(first, (31, CloseReason::Unhealthy));
		for round in [31, 32] {
			carry_out(first, (round, CloseReason::Terminated));
			assert_eq!(ending(first), Some((31, CloseReason::Unhealthy, true)));
		}
	});
}
