// SPDX-License-Identifier: Apache-2.0

//! Strategies against the rules. None of them pays.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{AssetId, TermsInput, WindowShare};

/// Balance of a party in an asset, held or free, less its balance at the start.
fn gain(asset: AssetId, who: AccountId) -> i128 {
	let start = if OPERATORS.contains(&who) { BOND + FUNDS } else { FUNDS };
	total(asset, who) as i128 - start as i128
}

#[test]
fn a_tenant_with_an_image_that_nobody_can_start_gains_nothing() {
	ExtBuilder::with_each_asset(|asset| {
		// An accomplice of the tenant has a standing bid behind the honest one.
		let order = with_bids(asset, &[1, 2]);
		run_to(150);
		// The honest operator did not decline in time.
		run_to(171);
		assert_eq!((gain(asset, 1), gain(asset, TENANT), gain(asset, 2)), (-300, 0, 0));
		// The treasury receives all of it.
		assert_eq!(total(asset, TREASURY), MINIMUM + 300);
		// An operator that checks the image in time loses nothing.
		assert_ok!(decline(2, current(order, 0)));
		run(25);
		assert_eq!((gain(asset, 2), gain(asset, TENANT)), (0, 0));
		assert_eq!(closed(order, 0), Some(CloseReason::Declined));
	});
}

#[test]
fn a_start_withdrawn_at_the_last_moment_costs_no_penalty() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1]);
		let id = matched(order);
		run_to(169);
		assert_ok!(close(TENANT, id, false));
		run(5);
		assert_eq!((gain(asset, 1), gain(asset, TENANT)), (0, 0));
		assert!(failures().is_empty());
	});
}

#[test]
fn a_sybil_bidder_that_never_starts_pays_and_loses_score() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |_| {});
		// The lowest bid that there can be, to win; the honest one behind it.
		assert_ok!(bid(1, order, service_of(1, asset), 17, 1));
		assert_ok!(bid(2, order, service_of(2, asset), 90, 1));
		let id = matched(order);
		assert_eq!(lease(id).operator, 1);
		run_to(171);
		assert_eq!(gain(asset, 1), -102);
		assert_eq!(failures(), vec![(1, id, CloseReason::NeverReady)]);
		assert_eq!(lease(current(order, 0)).operator, 2);
		assert_eq!(gain(asset, TENANT), 0);
	});
}

#[test]
fn a_tenant_cannot_bid_on_its_own_order() {
	ExtBuilder::build_and_execute(|| {
		register(TENANT, 1_000);
		list(30, TENANT, NATIVE);
		assert_ok!(declare(TENANT, 30, plenty()));
		let order = place(NATIVE, |_| {});
		assert_noop!(bid(TENANT, order, 30, 50, 1), Error::<Test>::OwnOrder);
	});
}

#[test]
fn bids_stand_at_the_deadline() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1, 2]);
		run_to(134);
		assert_ok!(update_bid(1, order, 1, 55));
		// A round before the match, nobody drives the prices up and leaves.
		run_to(135);
		assert_noop!(withdraw(1, order, 1), Error::<Test>::BidsLocked);
		assert_noop!(update_bid(1, order, 1, 56), Error::<Test>::BidsLocked);
		assert_ok!(update_bid(1, order, 1, 40));
		assert_ok!(bid(3, order, 3, 30, 1));
		run_to(139);
		assert_noop!(withdraw(3, order, 3), Error::<Test>::BidsLocked);
		run_to(140);
		assert_ok!(withdraw(1, order, 1));
	});
}

#[test]
fn bids_unlock_with_the_match_even_if_a_dispute_delays_a_replica() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, order, 1, 50, 2));
		assert_ok!(accept(TENANT, order, 1));
		dispute(order, 1);
		set_paused(1, true);
		run_to(140);
		let wait = Wait::Locked(CloseReason::NoBids);
		assert_eq!(replica(order, 1).state, ReplicaState::Waiting { until: 145, wait });
		assert_ok!(withdraw(1, order, 1));
	});
}

#[test]
fn closing_just_before_a_tier_is_judged_saves_no_credit() {
	ExtBuilder::with_each_asset(|asset| {
		// Down for two rounds, the operator runs: the agreement counts to the end of the round it
		// runs in.
		let (_, id) = running(asset, &[1, 2]);
		outage(id, 31, 2);
		run_to(168);
		assert_ok!(close(1, id, true));
		assert_eq!(ending(id), Some((33, CloseReason::OperatorClosed, true)));
		run_to(179);
		// The outstanding rounds are judged before the agreement closes, with the bond in place.
		assert_eq!(agreement_closed(id), None);
		assert!(exposure_of(id) > 0);
		run_to(180);
		assert_eq!(agreement_closed(id), Some((750, CloseReason::OperatorClosed)));
		assert!(matches!(lease(id).state, LeaseState::Closed { round: 33, .. }));
		assert_eq!(gain(asset, 1), -300 + 3 * 250 * 95 / 100 + 1);
	});
}

#[test]
fn an_operator_that_leaves_keeps_no_prepaid_money() {
	ExtBuilder::with_each_asset(|asset| {
		let (_, id) = running(asset, &[1]);
		assert_ok!(close(1, id, true));
		run_to(160);
		// It never ran a round: it only paid.
		assert_eq!((gain(asset, 1), gain(asset, TENANT)), (-300, 0));
	});
}

#[test]
fn one_machine_is_not_sold_through_two_services() {
	ExtBuilder::build_and_execute(|| {
		list(21, 1, NATIVE);
		move_to(21, 1);
		assert_noop!(declare(1, 21, plenty()), Error::<Test>::ServerTaken);
		// Another path is the same server, and so is the same one of another account.
		list(22, 2, NATIVE);
		relist(22, |service| service.endpoint = health_of(1));
		assert_noop!(declare(2, 22, plenty()), Error::<Test>::ServerTaken);
		// Moving away for a moment does not help while resources are in use.
		let order = with_bids(NATIVE, &[1]);
		move_to(1, 77);
		assert_noop!(declare(1, 1, plenty()), Error::<Test>::CapacityInUse);
		assert_noop!(declare(1, 21, plenty()), Error::<Test>::ServerTaken);
		move_to(1, 1);
		// Resources of a bid are not bid again through the same service.
		let other = place(NATIVE, |new| new.resources = plenty());
		assert_noop!(bid(1, other, 1, 50, 1), Error::<Test>::NotEnoughCapacity);
		assert_ok!(cancel(TENANT, order));
		run(1);
		assert_ok!(bid(1, other, 1, 50, 1));
	});
}

#[test]
fn one_bond_does_not_stand_behind_two_bids() {
	ExtBuilder::build_and_execute(|| {
		let terms = TermsInput { cover: WindowShare::from_u32(250), ..own_terms() };
		let first = place(NATIVE, |new| new.terms = Some(terms.clone()));
		let second = place(NATIVE, |new| new.terms = Some(terms));
		assert_ok!(bid(1, first, 1, 50, 1));
		assert_noop!(bid(1, second, 1, 50, 1), OperatorsError::InsufficientBond);
	});
}

#[test]
fn a_cover_that_rises_after_the_bid_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		relist(1, |service| service.terms.cover = WindowShare::from_u32(10_000));
		let id = matched(order);
		assert_eq!(lease(id).terms.cover, WindowShare::from_u32(COVER));
		ready(id);
	});
}

#[test]
fn extending_round_by_round_does_not_hold_an_operator_after_notice() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1]);
		// Always less than a notice ahead.
		while now() < 280 {
			run(5);
		}
		assert_ok!(extend(TENANT, order, 0, 5));
		assert_ok!(close(1, id, false));
		assert_eq!(ending(id).map(|(round, ..)| round), Some(59));
		for _ in 0..3 {
			assert!(extend(TENANT, order, 0, 5).is_err());
			run(5);
		}
		run_to(310);
		// It ends with its time, for free.
		assert!(lease(id).is_closed() && closed(order, 0) == Some(CloseReason::Expired));
		assert_eq!((lease(id).forfeited, paid(id)), (0, 31 * 250));
		assert!(failures().is_empty());
	});
}

/// An operator with a dearer standing bid attacks the one that serves, a minute at a time.
#[test]
fn attacks_shorter_than_the_rule_of_health_move_no_lease() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		// Up in more than half of the rounds of each window.
		for from in (31..58).step_by(4) {
			outage(id, from, 2);
		}
		run_to(305);
		assert_eq!(closed(order, 0), Some(CloseReason::Expired));
		assert_eq!((lease(id).operator, gain(asset, 2)), (1, 0));
		assert_eq!(order_leases(order), 1);
		assert!(failures().is_empty());
	});
}

fn order_leases(id: OrderId) -> usize {
	order(id).leases.len()
}

#[test]
fn a_dearer_bid_does_not_take_over_unasked() {
	for failover_price in [None, Some(50), Some(0)] {
		ExtBuilder::with_each_asset(|asset| {
			let order = place(asset, |new| new.failover_price = failover_price);
			assert_ok!(bid(1, order, service_of(1, asset), 50, 1));
			assert_ok!(bid(2, order, service_of(2, asset), 51, 1));
			let first = matched(order);
			ready(first);
			fail(first);
			// Its bid stands, and the replica waits for another; the tenant may take it all the
			// same.
			let wait = Wait::Reopened(CloseReason::Unhealthy);
			assert_eq!(replica(order, 0).state, ReplicaState::Waiting { until: 189, wait });
			assert_eq!(self::order(order).bids, 1);
			if failover_price == Some(0) {
				assert_ok!(accept(TENANT, order, service_of(2, asset)));
				assert_eq!(lease(current(order, 0)).operator, 2);
				// Accepting does not raise the failover price.
				assert_eq!(replica(order, 0).failover_price, Some(0));
				return;
			}
			assert_ok!(bid(3, order, service_of(3, asset), 50, 1));
			// The score decides only among bids up to the failover price.
			set_score(2, 100);
			run_to(189);
			assert_eq!(lease(current(order, 0)).operator, 3);
		});
	}
}

#[test]
fn a_dearer_bid_that_nobody_takes_does_not_keep_the_replica() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.failover_price = None);
		assert_ok!(bid(1, order, service_of(1, asset), 50, 1));
		assert_ok!(bid(2, order, service_of(2, asset), 51, 1));
		let first = matched(order);
		ready(first);
		fail(first);
		run_to(189);
		assert_eq!(closed(order, 0), Some(CloseReason::Unhealthy));
		assert_eq!((gain(asset, TENANT), gain(asset, 1), gain(asset, 2)), (0, -300, 0));
	});
}

/// Declining is free, so the price of a declined lease must not bind.
#[test]
fn a_bidder_that_declines_keeps_no_dearer_bids_away() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |new| new.failover_price = None);
		assert_ok!(bid(1, order, service_of(1, asset), 1, 1));
		assert_ok!(bid(2, order, service_of(2, asset), 51, 1));
		assert_ok!(bid(3, order, service_of(3, asset), 52, 1));
		assert_ok!(decline(1, matched(order)));
		run(1);
		let second = current(order, 0);
		assert_eq!(lease(second).operator, 2);
		ready(second);
		assert_eq!(replica(order, 0).failover_price, Some(51));
	});
}

#[test]
fn leaving_at_once_lowers_the_score_like_failing() {
	ExtBuilder::with_each_asset(|asset| {
		let (order, id) = running(asset, &[1, 2]);
		run_to(150);
		assert_ok!(close(1, id, true));
		// Once it is paid, and once.
		assert_eq!((failures().len(), reserved(1, asset)), (0, 300));
		run_to(165);
		assert_eq!(failures(), vec![(1, id, CloseReason::OperatorClosed)]);
		assert_eq!((gain(asset, 1), lease(id).forfeited), (2 * 250 - 25 - 300, 300));
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

#[test]
fn leaving_before_a_failure_is_found_pays_once() {
	ExtBuilder::with_each_asset(|asset| {
		let (_, id) = running(asset, &[1, 2]);
		outage(id, 31, 6);
		// Bad in 31 to 33, which is judged in block 178.
		run_to(175);
		assert_ok!(close(1, id, true));
		assert_eq!(ending(id), Some((35, CloseReason::OperatorClosed, true)));
		run_to(190);
		assert_eq!(lease_closed(id), Some(CloseReason::Unhealthy));
		assert_eq!(failures(), vec![(1, id, CloseReason::Unhealthy)]);
		assert_eq!((lease(id).forfeited, paid(id), reserved(1, asset)), (300, 500, 0));
	});
}
