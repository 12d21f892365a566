// SPDX-License-Identifier: Apache-2.0

//! Running leases: billing, extension, top-up.

use crate::{mock::*, *};
use frame::testing_prelude::*;

#[test]
fn a_lease_runs_to_its_exact_end() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		let (before, fees) = (total(asset, TENANT), total(asset, FEES));
		// Round 58 is the last: its end is decided when it begins, and carried out when it is
		// judged.
		run_to(289);
		assert_eq!(ending(id), None);
		reset_events();
		run_to(290);
		assert_eq!(ending(id), Some((58, CloseReason::Expired, false)));
		let code = 1_003;
		let said = Event::LeaseEnding { lease: id, round: 58, reason: CloseReason::Expired, code };
		assert_eq!(events(), vec![said]);
		run_to(304);
		assert_eq!(lease_closed(id), None);
		run_to(305);
		assert_eq!(lease_closed(id), Some(CloseReason::Expired));
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		// 30 rounds of 5 blocks at 50.
		assert_eq!((paid(id), refunded(id)), (7_500, DEPOSIT - 7_500));
		assert_eq!(before - total(asset, TENANT), 7_500);
		assert_eq!(total(asset, 1), BOND + FUNDS + 7_125);
		assert_eq!(reserved(1, asset), 0);
		assert_eq!(total(asset, FEES) - fees, 375);
		assert_eq!(agreement_closed(id), Some((7_500, CloseReason::Expired)));
	});
}

#[test]
fn rounds_in_which_it_was_down_cost_nothing_and_end_nothing() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		outage(id, 30, 2);
		outage(id, 35, 2);
		run_to(305);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		assert_eq!(paid(id), 7_500 - 4 * 250);
		assert!(failures().is_empty());
	});
}

#[test]
fn the_lease_ends_with_its_funds() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.deposit = 60 * MAX_PRICE + MINIMUM);
		assert_ok!(bid(1, order, service_of(1, asset), MAX_PRICE, 1));
		let id = matched(order);
		ready(id);
		run_to(230);
		assert_eq!(closed(order, 0), Some(CloseReason::FundsExhausted));
		assert_eq!(lease_closed(id), Some(CloseReason::FundsExhausted));
		// Blocks are paid whole.
		assert_eq!(paid(id), 60 * MAX_PRICE);
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
		assert_eq!(agreement_closed(id), Some((6_000, CloseReason::FundsExhausted)));
	});
}

#[test]
fn a_top_up_keeps_it_running() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.deposit = 60 * MAX_PRICE + MINIMUM);
		assert_ok!(bid(1, order, service_of(1, asset), MAX_PRICE, 1));
		// While it waits, too.
		assert_ok!(top_up(TENANT, order, 0, 1_000));
		let id = matched(order);
		ready(id);
		assert_noop!(top_up(OTHER, order, 0, 1), Error::<Test>::NotTenant);
		assert_noop!(top_up(TENANT, order, 1, 1), Error::<Test>::UnknownReplica);
		assert_noop!(top_up(TENANT, order, 0, 0), Error::<Test>::ZeroAmount);
		reset_events();
		assert_ok!(top_up(TENANT, order, 0, 9_000));
		assert_eq!(events(), vec![Event::ToppedUp { order, replica: 0, amount: 9_000 }]);
		run_to(290);
		assert_noop!(top_up(TENANT, order, 0, 1), EscrowError::Ending);
		run_to(305);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		assert_eq!(paid(id), 150 * MAX_PRICE);
		assert_noop!(top_up(TENANT, order, 0, 1), Error::<Test>::ReplicaOver);
	});
}

#[test]
fn an_extension_moves_the_end() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		reset_events();
		// 6 blocks are 2 rounds.
		assert_ok!(extend(TENANT, order, 0, 6));
		assert_eq!(events(), vec![Event::Extended { order, replica: 0, last_round: 60 }]);
		run_to(299);
		assert_eq!((ending(id), stream(order, 0).last()), (None, Some(60)));
		run_to(315);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		assert_eq!(paid(id), 32 * 250);
	});
}

#[test]
fn only_running_leases_are_extended_up_to_a_maximum() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		assert_noop!(extend(TENANT, order, 0, 5), Error::<Test>::NotRunning);
		let id = matched(order);
		assert_noop!(extend(TENANT, order, 0, 5), Error::<Test>::NotRunning);
		ready(id);
		assert_noop!(extend(OTHER, order, 0, 5), Error::<Test>::NotTenant);
		assert_noop!(extend(TENANT, order, 1, 5), Error::<Test>::UnknownReplica);
		assert_noop!(extend(TENANT, order, 0, 0), Error::<Test>::ZeroDuration);
		assert_noop!(extend(TENANT, order, 0, 5_851), Error::<Test>::DurationTooLong);
		assert_noop!(extend(TENANT, order, 0, u32::MAX), Error::<Test>::DurationTooLong);
		assert_ok!(extend(TENANT, order, 0, 5_840));
		assert_ok!(close(TENANT, id, false));
		assert_noop!(extend(TENANT, order, 0, 5), EscrowError::Ending);
	});
}

#[test]
fn an_extension_raises_the_prepaid_sum_and_the_penalty() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.duration = 20);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 1));
		let id = matched(order);
		ready(id);
		assert_eq!((stream(order, 0).prepaid, reserved(1, asset)), (1_000, 100));
		assert_ok!(extend(TENANT, order, 0, 20));
		assert_eq!((stream(order, 0).prepaid, reserved(1, asset)), (2_000, 200));
		assert_eq!((lease(id).penalty, lease(id).reserved), (200, 200));
		// A window at most.
		assert_ok!(extend(TENANT, order, 0, 200));
		assert_eq!((stream(order, 0).prepaid, reserved(1, asset)), (3_000, 300));
		fail(id);
		assert_eq!((lease(id).forfeited, reserved(1, asset)), (300, 0));
	});
}

#[test]
fn an_extension_needs_the_bond_of_the_operator() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.duration = 20);
		assert_ok!(bid(1, order, 1, 50, 1));
		ready(matched(order));
		// All of the bond is taken by another bid: the windows' prices that it covers and 10 % on
		// top, and the penalty.
		let left = BOND - exposure(50) - 100;
		let cover = surety_primitives::WindowShare::from_rational(
			(left - penalty(50) - 10) * 10,
			11 * 3_000,
		);
		let other = place(NATIVE, |new| {
			new.terms = Some(surety_primitives::TermsInput { cover, ..own_terms() });
		});
		assert_ok!(bid(1, other, 1, 50, 1));
		assert_noop!(extend(TENANT, order, 0, 20), OperatorsError::InsufficientBond);
		assert_ok!(withdraw(1, other, 1));
		assert_ok!(extend(TENANT, order, 0, 20));
	});
}

#[test]
fn leaving_in_the_trial_costs_the_metered_blocks() {
	ExtBuilder::with_each_asset(|asset| {
		// Ready in round 28; rounds 29 and 30 are the trial.
		let (_, id) = running(asset, &[1]);
		assert_eq!(trial_until(0, 0), 30);
		run_to(150);
		assert_ok!(close(TENANT, id, false));
		run_to(165);
		assert_eq!(paid(id), 500);
		assert_eq!(lease_closed(id), Some(CloseReason::TenantClosed));
	});
}

#[test]
fn each_operator_is_on_trial() {
	ExtBuilder::build_and_execute(|| {
		let (order, first) = running(NATIVE, &[1, 2]);
		outage(first, 31, 3);
		run_to(179);
		let second = current(order, 0);
		ready(second);
		assert_eq!(trial_until(order, 0), 37);
		run_to(185);
		assert_ok!(close(TENANT, second, false));
		run_to(200);
		assert_eq!(paid(second), 2 * 5 * 60);
	});
}

#[test]
fn a_change_of_the_trial_changes_no_lease_that_runs() {
	ExtBuilder::build_and_execute(|| {
		let (order, id) = running(NATIVE, &[1]);
		TrialRounds::set(&0);
		run_to(150);
		assert_ok!(close(TENANT, id, false));
		run_to(165);
		assert_eq!((closed(order, 0), paid(id)), (Some(CloseReason::TenantClosed), 500));
	});
}

#[test]
fn replicas_have_their_own_time() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.quantity = 2);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 2));
		run_to(140);
		ready(current(order, 0));
		run_to(160);
		ready(current(order, 1));
		assert_eq!(replica(order, 0).term.unwrap().last, 58);
		assert_eq!(replica(order, 1).term.unwrap().last, 62);
		run_to(305);
		assert_eq!((closed(order, 0), closed(order, 1)), (Some(CloseReason::Expired), None));
		assert_eq!(order_closed_at(order), None);
		run_to(325);
		assert_eq!(order_closed_at(order), Some(325));
	});
}

fn order_closed_at(id: OrderId) -> Option<BlockNumber> {
	order(id).closed_at
}

#[test]
fn a_replica_is_topped_up_while_its_operator_leaves() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, first) = running(asset, &[1, 2]);
		assert_ok!(close(1, first, false));
		run_to(176);
		assert_ok!(top_up(TENANT, order, 0, 700));
		// Round 40 is paid in block 215.
		run_to(215);
		assert_eq!(replica(order, 0).funds, DEPOSIT - 12 * 250 + 700);
		ready(current(order, 0));
	});
}
