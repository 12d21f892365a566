// SPDX-License-Identifier: Apache-2.0

//! Start of a lease: ready, declined, or neither.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{AssetId, Target, WindowShare};

#[test]
fn a_ready_lease_is_listed_covered_and_paid() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1]);
		let id = matched(order);
		assert_eq!(lease(id).state, LeaseState::Starting { fetch_until: 150, ready_by: 170 });
		assert_eq!(reserved(1, asset), exposure(50) + 300);
		run(3);
		reset_events();
		ready(id);
		let now = lease(id);
		// Ready in round 28 for 30 rounds.
		assert_eq!(now.state, LeaseState::Running { since: 143 });
		assert_eq!(replica(order, 0).term, Some(Term { since: 28, last: 58 }));
		// The exposure is the agreement's now; the penalty stays reserved.
		assert_eq!((reserved(1, asset), now.reserved), (300, 300));
		assert_eq!(exposure_of(id), exposure(50));
		let (account, stream) = (account(order, 0), stream(order, 0));
		assert_eq!((account.payee, stream.meter), (1, Target::Lease(id)));
		assert_eq!((stream.last(), trial_until(order, 0)), (Some(58), 28 + TrialRounds::get()));
		assert_eq!((stream.rate, stream.prepaid, account.held), (50, 50 * 60, DEPOSIT));
		let listing = listing(id);
		assert_eq!((listing.endpoint, listing.price), (health_of(service_of(1, asset)), 50));
		let agreement = now.ready.unwrap().agreement;
		let covered = self::agreement(id);
		assert_eq!((covered.target, covered.tenant), (Target::Lease(id), TENANT));
		assert_eq!(covered.escrow, replica(order, 0).escrow);
		assert_eq!(events(), vec![Event::LeaseReady { lease: id, agreement, last_round: 58 }]);
	});
}

#[test]
fn the_prepaid_sum_is_bounded_by_the_term_and_the_funds() {
	ExtBuilder::with_each_asset(|asset| {
		let short = place(asset, |new| new.duration = 20);
		assert_ok!(bid(1, short, service_of(1, asset), 50, 1));
		let lease = matched(short);
		ready(lease);
		assert_eq!(stream(short, 0).prepaid, 1_000);
		let tight = place(asset, |new| new.deposit = 60 * MAX_PRICE + MINIMUM);
		assert_ok!(bid(1, tight, service_of(1, asset), MAX_PRICE, 1));
		let lease = matched(tight);
		ready(lease);
		// One block is kept.
		assert_eq!(stream(tight, 0).prepaid, 5_910);
	});
}

#[test]
fn only_its_operator_reports_it_once_and_in_time() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1, 2]);
		let id = matched(order);
		assert_noop!(try_ready(2, id, health_of(1)), Error::<Test>::NotOperator);
		assert_noop!(try_ready(1, 99, health_of(1)), Error::<Test>::UnknownLease);
		let access = Access::try_from(vec![0xff]).unwrap();
		assert_noop!(
			ComputeOrders::report_ready(signed(1), id, health_of(1), access, true),
			Error::<Test>::BadAccess
		);
		// A refusal of a neighbour changes nothing either.
		assert_noop!(try_ready(1, id, health_of(2)), OperatorsError::LeaseEndpointElsewhere);
		fill_slots();
		assert_noop!(try_ready(1, id, health_of(1)), ProbesError::RoundsFull);
		release_slots();
		dispute(order, 0);
		assert_noop!(try_ready(1, id, health_of(1)), EscrowError::FrozenFunds);
		thaw(order, 0);
		run_to(169);
		System::set_block_number(170);
		assert_noop!(try_ready(1, id, health_of(1)), Error::<Test>::TooLate);
		System::set_block_number(169);
		ready(id);
		assert_noop!(try_ready(1, id, health_of(1)), Error::<Test>::AlreadyReady);
		assert_ok!(close(TENANT, id, false));
		assert_noop!(try_ready(1, id, health_of(1)), Error::<Test>::AlreadyReady);
		run(20);
		assert_noop!(try_ready(1, id, health_of(1)), Error::<Test>::LeaseOver);
		assert_noop!(decline(1, id), Error::<Test>::LeaseOver);
	});
}

#[test]
fn a_lease_that_was_not_ready_in_time_is_over() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		let id = matched(order);
		// The agenda of the last block comes before its calls.
		run_to(170);
		assert_noop!(try_ready(1, id, health_of(1)), Error::<Test>::LeaseOver);
		assert_eq!(lease_closed(id), Some(CloseReason::NeverReady));
		assert_eq!(
			lease(id).state,
			LeaseState::Closed {
				round: 34,
				reason: CloseReason::NeverReady,
				paid: 0,
				refunded: DEPOSIT,
			}
		);
	});
}

#[test]
fn declining_in_time_is_free_and_the_next_bid_takes_over() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1, 2]);
		let id = matched(order);
		let before = total(asset, 1);
		assert_noop!(decline(2, id), Error::<Test>::NotOperator);
		reset_events();
		run_to(149);
		assert_ok!(decline(1, id));
		assert_eq!(lease_closed(id), Some(CloseReason::Declined));
		let closed = Event::LeaseClosed {
			lease: id,
			order,
			replica: 0,
			reason: CloseReason::Declined,
			code: 2_006,
			paid: 0,
			refunded: DEPOSIT,
		};
		assert_eq!(events(), vec![closed]);
		assert_eq!((reserved(1, asset), total(asset, 1)), (0, before));
		assert!(failures().is_empty() && used(service_of(1, asset)).is_zero());
		run(1);
		let next = current(order, 0);
		assert_eq!(lease(next).operator, 2);
		assert_eq!(lease(next).state, LeaseState::Starting { fetch_until: 160, ready_by: 180 });
	});
}

#[test]
fn declining_is_over_with_the_fetch_window() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		let id = matched(order);
		run_to(150);
		assert_noop!(decline(1, id), Error::<Test>::FetchWindowOver);
		ready(id);
		assert_noop!(decline(1, id), Error::<Test>::AlreadyReady);
	});
}

#[test]
fn a_lease_that_is_never_ready_costs_the_penalty() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1, 2]);
		let id = matched(order);
		let (tenant, treasury) = (total(asset, TENANT), total(asset, TREASURY));
		run_to(169);
		assert_eq!(lease_closed(id), None);
		reset_events();
		run_to(170);
		assert_eq!(lease_closed(id), Some(CloseReason::NeverReady));
		assert!(events().contains(&Event::PenaltyPaid { lease: id, operator: 1, amount: 300 }));
		assert_eq!((lease(id).forfeited, reserved(1, asset)), (300, 0));
		assert_eq!(total(asset, TREASURY) - treasury, 300);
		assert_eq!(total(asset, 1), BOND + FUNDS - 300);
		// The tenant receives nothing of it.
		assert_eq!(total(asset, TENANT), tenant);
		assert_eq!(failures(), vec![(1, id, CloseReason::NeverReady)]);
		run_to(171);
		assert_eq!(lease(current(order, 0)).operator, 2);
	});
}

/// The start window is rounds 28 to 33.
fn is_fined_with_slots_full_until(asset: AssetId, round: RoundIndex) -> bool {
	let order = with_bids(asset, &[1]);
	if round < 28 {
		run_to_round(round);
		fill_slots();
		release_slots();
	}
	let id = matched(order);
	if round >= 28 {
		fill_slots();
		run_to_round(round.min(33));
		if round <= 33 {
			release_slots();
		}
	}
	run_to(170);
	assert_eq!(lease_closed(id), Some(CloseReason::NeverReady));
	let (fine, failures) = (lease(id).forfeited, failures().len());
	assert_eq!(BOND + FUNDS - total(asset, 1), fine);
	assert_eq!((fine > 0, failures > 0), (fine > 0, fine > 0));
	fine > 0
}

#[test]
fn full_slots_during_the_start_excuse_it() {
	for round in [28, 30, 40] {
		ExtBuilder::with_each_asset(|asset| assert!(!is_fined_with_slots_full_until(asset, round)));
	}
}

/// Otherwise an operator that fills the slots for a moment would never be fined.
#[test]
fn full_slots_before_the_start_excuse_nothing() {
	ExtBuilder::with_each_asset(|asset| assert!(is_fined_with_slots_full_until(asset, 27)));
}

#[test]
fn a_penalty_share_that_rises_after_the_bid_fails_no_start() {
	ExtBuilder::with_each_asset(|asset| {
		// 300 windows at 50 with 10 % on top are 990,000 of a bond of a million.
		let service = service_of(1, asset);
		relist(service, |service| service.terms.cover = WindowShare::from_u32(300));
		let order = with_bids(asset, &[1]);
		let id = matched(order);
		PenaltyShare::set(&Perbill::from_percent(50));
		begin_window_again();
		ready(id);
		assert_eq!(exposure_of(id), 990_000);
	});
}

#[test]
fn a_tenant_that_closes_a_start_is_refunded_at_once() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1, 2]);
		let id = matched(order);
		assert_noop!(close(1, id, true), Error::<Test>::NotRunning);
		assert_noop!(close(OTHER, id, true), Error::<Test>::NotParty);
		assert_noop!(close(TENANT, 99, true), Error::<Test>::UnknownLease);
		assert_ok!(close(TENANT, id, false));
		assert_eq!(lease_closed(id), Some(CloseReason::TenantClosed));
		assert_eq!(closed(order, 0), Some(CloseReason::TenantClosed));
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
		assert_eq!(reserved(1, asset), 0);
		assert_noop!(close(TENANT, id, false), Error::<Test>::LeaseOver);
		assert_noop!(close(1, id, false), Error::<Test>::LeaseOver);
		run(1);
		// The bid that stood is given back with the order.
		assert_eq!(reserved(2, asset), 0);
	});
}

#[test]
fn governance_closes_a_replica_that_starts() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1]);
		let id = matched(order);
		force_close(order, 0);
		assert_eq!(lease_closed(id), Some(CloseReason::Governance));
		assert_eq!(closed(order, 0), Some(CloseReason::Governance));
		assert_eq!(reserved(1, asset), 0);
	});
}
