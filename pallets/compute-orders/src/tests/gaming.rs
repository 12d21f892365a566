//! Ways to gain by the rules, and that none pays.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::AssetId;

/// What a party has in an asset, held or free, over what it began with.
fn gain(asset: AssetId, who: AccountId) -> i128 {
	let start = if OPERATORS.contains(&who) { BOND + FUNDS } else { FUNDS };
	total(asset, who) as i128 - start as i128
}

#[test]
fn a_tenant_with_an_image_that_nobody_can_start_gains_nothing() {
	ExtBuilder::with_each_asset(|asset| {
		// It even has a friend whose bid stands behind the honest one.
		let order = with_bids(asset, &[1, 2]);
		run_to(150);
		// The honest operator did not decline in time.
		run_to(171);
		assert_eq!((gain(asset, 1), gain(asset, TENANT), gain(asset, 2)), (-300, 0, 0));
		// All of it is the treasury's.
		assert_eq!(total(asset, TREASURY), MINIMUM + 300);
		// Who looks at the image in time loses nothing.
		assert_ok!(decline(2, current(order, 0)));
		run(25);
		assert_eq!((gain(asset, 2), gain(asset, TENANT)), (0, 0));
		assert_eq!(closed(order, 0), Some(CloseReason::Declined));
	});
}

#[test]
fn a_tenant_that_withdraws_a_start_at_the_last_moment_costs_nobody_a_penalty() {
	ExtBuilder::with_each_asset(|asset| {
		let order = with_bids(asset, &[1]);
		let id = matched(order);
		run_to(169);
		assert_ok!(close(TENANT, id, false));
		run(5);
		assert_eq!((gain(asset, 1), gain(asset, TENANT)), (0, 0));
		assert!(Failures::get().is_empty());
	});
}

#[test]
fn a_sybil_bidder_that_wins_and_never_starts_pays_and_is_remembered() {
	ExtBuilder::with_each_asset(|asset| {
		let order = place(asset, |_| {});
		// The lowest bid that there can be, to win; the honest one behind it.
		assert_ok!(bid(1, order, service_of(1, asset), 17, 1));
		assert_ok!(bid(2, order, service_of(2, asset), 90, 1));
		let id = matched(order);
		assert_eq!(lease(id).operator, 1);
		run_to(171);
		assert_eq!(gain(asset, 1), -102);
		assert_eq!(Failures::get(), vec![(1, id, CloseReason::NeverReady)]);
		assert_eq!(lease(current(order, 0)).operator, 2);
		assert_eq!(gain(asset, TENANT), 0);
	});
}

#[test]
fn a_tenant_cannot_bid_on_its_own_order() {
	ExtBuilder::build_and_execute(|| {
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
		// A round before the match: nobody drives the others up and leaves.
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
fn a_lock_is_over_with_the_match_also_when_a_dispute_delays_a_replica() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, order, 1, 50, 2));
		assert_ok!(accept(TENANT, order, 1));
		change!(Disputed, |set| set.insert(replica(order, 1).escrow));
		change!(Shut, |set| set.insert(1));
		run_to(140);
		let wait = Wait::Locked(CloseReason::NoBids);
		assert_eq!(replica(order, 1).state, ReplicaState::Waiting { until: 145, wait });
		assert_ok!(withdraw(1, order, 1));
	});
}

#[test]
fn closing_just_before_a_tier_is_judged_saves_no_credit() {
	ExtBuilder::with_each_asset(|asset| {
		// Down for two rounds, the operator runs: the agreement counts to the end of the round it runs in.
		let (_, id) = running(asset, &[1, 2]);
		outage(id, 31, 2);
		run_to(168);
		assert_ok!(close(1, id, true));
		let agreement = lease(id).agreement.unwrap();
		let covered = Cover::get()[&agreement].clone();
		assert_eq!(covered.ending, Some((33, CloseReason::OperatorClosed)));
		run_to(175);
		// What was not judged yet is judged before it ends, and its bond stands until then.
		assert_eq!(Cover::get()[&agreement].clone().ended, None);
		assert!(Exposures::get().contains_key(&surety_primitives::service_of_lease(id)));
		run_to(176);
		assert_eq!(Cover::get()[&agreement].clone().ended.unwrap().round, 33);
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
		relist(21, |service| service.endpoint = endpoint_of(1));
		assert_noop!(declare(1, 21, plenty()), Error::<Test>::ServerTaken);
		// The path is not the server; nor is another account another machine.
		list(22, 2, NATIVE);
		relist(22, |service| service.endpoint = health_of(1));
		assert_noop!(declare(2, 22, plenty()), Error::<Test>::ServerTaken);
		// Nor does moving away for a moment help while it is in use.
		let order = with_bids(NATIVE, &[1]);
		relist(1, |service| service.endpoint = endpoint_of(77));
		assert_noop!(declare(1, 1, plenty()), Error::<Test>::CapacityInUse);
		assert_noop!(declare(1, 21, plenty()), Error::<Test>::ServerTaken);
		relist(1, |service| service.endpoint = endpoint_of(1));
		// Through one service, what is bid is not bid again.
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
		let terms = surety_primitives::TermsInput { credit_cap: 800_000, ..own_terms() };
		let first = place(NATIVE, |new| new.terms = Some(terms.clone()));
		let second = place(NATIVE, |new| new.terms = Some(terms));
		assert_ok!(bid(1, first, 1, 50, 1));
		assert_noop!(bid(1, second, 1, 50, 1), DispatchError::Other("bond too small"));
	});
}

#[test]
fn a_cap_that_rises_after_the_bid_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let order = with_bids(NATIVE, &[1]);
		relist(1, |service| service.terms.credit_cap = BOND);
		let id = matched(order);
		assert_eq!(lease(id).terms.credit_cap, CAP);
		ready(id);
	});
}
