// SPDX-License-Identifier: Apache-2.0

//! Match of bids with replicas.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use std::collections::BTreeSet;
use surety_primitives::TrustLevel;

fn operators(id: OrderId) -> Vec<AccountId> {
	order(id).replicas.iter().filter_map(|r| r.state.lease()).map(|l| lease(l).operator).collect()
}

#[test]
fn the_formula_is_as_documented() {
	assert_eq!(effective_price(100, 100), 100);
	assert_eq!(effective_price(100, 0), 150);
	assert_eq!(effective_price(100, 40), 130);
	assert_eq!(effective_price(120, 90), 126);
	// A score above 100 is none, and no price overflows.
	assert_eq!(effective_price(100, 255), 100);
	assert!(effective_price(Balance::MAX, 0) > 0);
}

#[test]
fn the_best_by_price_and_score_wins() {
	ExtBuilder::with_each_asset(|asset| {
		let id = place(asset, |_| {});
		// 83 at 40 is worth 107.9, 100 at 90 is worth 105.
		assert_ok!(bid(1, id, service_of(1, asset), 83, 1));
		assert_ok!(bid(2, id, service_of(2, asset), 100, 1));
		// The score counts as it is at the match.
		run_to(139);
		assert_eq!((set_score(1, 40), set_score(2, 90)), (40, 90));
		reset_events();
		let lease = matched(id);
		assert_eq!(self::lease(lease).operator, 2);
		let awarded = Event::LeaseAwarded {
			lease,
			order: id,
			replica: 0,
			operator: 2,
			service: service_of(2, asset),
			price: 100,
			score: 90,
			fetch_until: 150,
			ready_by: 170,
		};
		assert_eq!(events(), vec![awarded]);
		// Its bid is taken; the other stands.
		assert_eq!((order(id).bids, reserved(2, asset)), (1, exposure(100) + penalty(100)));
		assert_eq!(Money::held(NATIVE, BID_HOLD, &2), 0);
	});
}

#[test]
fn bids_are_ranked_before_the_rounding() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |_| {});
		// 61 x 299 / 200 and 61 x 298 / 200 are 91.2 and 90.9; 90 at 0 is 135.
		assert_ok!(bid(1, id, 1, 61, 1));
		assert_ok!(bid(2, id, 2, 61, 1));
		set_score(1, 1);
		set_score(2, 2);
		assert_eq!(lease(matched(id)).operator, 2);
	});
}

#[test]
fn replicas_are_spread_over_operators_in_order_of_rank() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| new.quantity = 5);
		assert_ok!(bid(1, id, 1, 50, 5));
		assert_ok!(bid(2, id, 2, 60, 1));
		assert_ok!(bid(3, id, 3, 70, 5));
		run_to(140);
		assert_eq!(operators(id), vec![1, 2, 3, 1, 3]);
		assert_eq!(bid_of(id, 1).unwrap().left, 3);
		assert_eq!(bid_of(id, 2), None);
	});
}

#[test]
fn fewer_bids_than_replicas_leave_some_without() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| new.quantity = 3);
		assert_ok!(bid(1, id, 1, 50, 2));
		run_to(140);
		assert_eq!(operators(id), vec![1, 1]);
		assert_eq!(closed(id, 2), Some(CloseReason::NoBids));
	});
}

#[test]
fn equals_are_drawn_by_randomness_of_the_match() {
	let mut winners = BTreeSet::new();
	for deadline in 20..36 {
		ExtBuilder::build_and_execute(|| {
			let id = place(NATIVE, |new| new.bid_deadline = now() + deadline);
			assert_ok!(bid(1, id, 1, 50, 1));
			assert_ok!(bid(2, id, 2, 50, 1));
			winners.insert(lease(matched(id)).operator);
		});
	}
	assert_eq!(winners, [1, 2].into());
}

#[test]
fn bids_that_do_not_fit_any_more_are_skipped() {
	ExtBuilder::build_and_execute(|| {
		set_score(2, 50);
		set_score(4, 50);
		let id = place(NATIVE, |new| new.min_trust = TrustLevel::Three);
		set_score(1, 50);
		set_score(3, 50);
		for (who, price) in [(1, 20), (2, 30), (3, 40), (4, 90)] {
			assert_ok!(bid(who, id, who as u32, price, 1));
		}
		set_paused(1, true);
		run_to(139);
		set_score(2, 39);
		move_to(3, 33);
		assert_eq!(lease(matched(id)).operator, 4);
	});
}

#[test]
fn without_auto_match_only_the_tenant_chooses() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| {
			new.auto_match = false;
			new.quantity = 2;
		});
		assert_ok!(bid(1, id, 1, 50, 1));
		assert_ok!(bid(2, id, 2, 60, 1));
		assert_noop!(accept(OTHER, id, 2), Error::<Test>::NotTenant);
		assert_noop!(accept(TENANT, id, 3), Error::<Test>::UnknownBid);
		assert_noop!(accept(TENANT, 99, 2), Error::<Test>::UnknownOrder);
		assert_ok!(accept(TENANT, id, 2));
		assert_eq!(operators(id), vec![2]);
		run_to(140);
		assert_eq!(operators(id), vec![2]);
		assert_eq!(closed(id, 1), Some(CloseReason::NoBids));
		assert_noop!(accept(TENANT, id, 1), Error::<Test>::NothingWaiting);
	});
}

#[test]
fn a_bid_that_does_not_fit_any_more_cannot_be_accepted() {
	ExtBuilder::build_and_execute(|| {
		let id = with_bids(NATIVE, &[1]);
		set_paused(1, true);
		assert_noop!(accept(TENANT, id, 1), OperatorsError::ServicePaused);
	});
}

#[test]
fn ids_of_leases_run_out_without_harm() {
	ExtBuilder::build_and_execute(|| {
		let id = with_bids(NATIVE, &[1]);
		NextLease::<Test>::put(LeaseId::MAX);
		assert_noop!(accept(TENANT, id, 1), Error::<Test>::TooManyLeases);
		run_to(141);
		assert_eq!(closed(id, 0), Some(CloseReason::NoBids));
		assert_eq!(reserved(1, NATIVE), 0);
	});
}
