// SPDX-License-Identifier: Apache-2.0

//! Placing, cancelling and removing orders.

use crate::{mock::*, *};
use frame::testing_prelude::*;

use surety_primitives::{AssetId, Region, TrustLevel, WindowShare};

#[test]
fn an_order_holds_a_deposit_per_replica_and_one_for_its_storage() {
	ExtBuilder::with_each_asset(|asset| {
		reset_events();
		let before = total(asset, TENANT);
		let id = place(asset, |new| {
			new.quantity = 3;
			new.duration = 148;
		});
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 3 * DEPOSIT);
		assert_eq!(Money::held(NATIVE, ORDER_HOLD, &TENANT), OrderDeposit::get());
		assert_eq!(total(asset, TENANT), before);
		let order = order(id);
		// 148 blocks are 30 rounds of 5.
		assert_eq!(
			(order.duration, order.replicas.len(), order.wake),
			(150, 3, Some((Lane::Matches, 140)))
		);
		let placed = Event::OrderPlaced {
			order: id,
			tenant: TENANT,
			asset,
			quantity: 3,
			rounds: 30,
			bid_deadline: 140,
		};
		assert_eq!(events(), vec![placed]);
	});
}

fn refused(change: impl FnOnce(&mut NewOrder), error: Error<Test>) {
	let mut new = new_order(NATIVE);
	change(&mut new);
	assert_noop!(try_place(TENANT, new), error);
}

#[test]
fn bad_fields_of_an_order_are_refused() {
	ExtBuilder::build_and_execute(|| {
		refused(|new| new.resources = Default::default(), Error::NoResources);
		refused(|new| new.resources.gpu_class = class("h100"), Error::BadGpuClass);
		refused(|new| new.image = Default::default(), Error::BadImage);
		refused(|new| new.image = b"a b".to_vec().try_into().unwrap(), Error::BadImage);
		refused(
			|new| new.image = "\u{e4}".as_bytes().to_vec().try_into().unwrap(),
			Error::BadImage,
		);
		let port = |container| Port { container, protocol: PortProtocol::Tcp };
		refused(|new| new.ports = vec![port(0)].try_into().unwrap(), Error::BadPorts);
		refused(
			|new| new.ports = vec![port(1), port(2), port(1)].try_into().unwrap(),
			Error::BadPorts,
		);
		let de = Region::new(*b"DE").unwrap();
		refused(|new| new.regions = vec![de, de].try_into().unwrap(), Error::BadRegions);
		let odd = Region::decode(&mut &b"d1"[..]).unwrap();
		refused(|new| new.regions = vec![odd].try_into().unwrap(), Error::BadRegions);
		refused(|new| new.quantity = 0, Error::BadQuantity);
		refused(|new| new.quantity = 9, Error::BadQuantity);
	});
}

#[test]
fn one_port_may_be_open_for_both_protocols() {
	ExtBuilder::build_and_execute(|| {
		let port = |protocol| Port { container: 53, protocol };
		place(NATIVE, |new| {
			new.ports = vec![port(PortProtocol::Tcp), port(PortProtocol::Udp)].try_into().unwrap();
		});
	});
}

#[test]
fn own_terms_must_make_sense() {
	ExtBuilder::build_and_execute(|| {
		let with = |change: &dyn Fn(&mut surety_primitives::TermsInput)| {
			let mut terms = own_terms();
			change(&mut terms);
			Some(terms)
		};
		refused(
			|new| new.terms = with(&|t| t.min_uptime = 1_000_000_001),
			Error::InvalidTerms(TermsFault::Uptime),
		);
		refused(
			|new| new.terms = with(&|t| t.cover = Default::default()),
			Error::InvalidTerms(TermsFault::ZeroCover),
		);
		let share = |percent| WindowShare::from_rational(percent, 100);
		refused(
			|new| new.terms = with(&|t| t.credit[0] = share(21)),
			Error::InvalidTerms(TermsFault::CreditsFall),
		);
		refused(
			|new| new.terms = with(&|t| t.credit[3] = share(201)),
			Error::InvalidTerms(TermsFault::CreditAboveCover),
		);
		MaxCredit::set(&share(99));
		refused(|new| new.terms = with(&|_| {}), Error::InvalidTerms(TermsFault::CreditAboveMax));
		MaxCredit::set(&share(100));
		refused(
			|new| new.terms = with(&|t| t.max_latency_ms = 55_108),
			Error::InvalidTerms(TermsFault::Latency),
		);
		place(NATIVE, |new| new.terms = with(&|_| {}));
	});
}

#[test]
fn prices_times_and_deposits_are_within_limits() {
	ExtBuilder::build_and_execute(|| {
		refused(|new| new.asset = AssetId::Local(9), Error::AssetNotApproved);
		refused(|new| new.max_price = 0, Error::ZeroPrice);
		refused(|new| new.failover_price = Some(MAX_PRICE + 1), Error::FailoverAboveMax);
		// A window has 60 blocks.
		refused(|new| new.max_price = Balance::MAX, Error::PriceOverflow);
		refused(|new| new.bid_deadline = now() - 1, Error::DeadlineTooSoon);
		refused(|new| new.bid_deadline = now() + L - 1, Error::DeadlineTooSoon);
		refused(|new| new.bid_deadline = now() + 1_001, Error::DeadlineTooFar);
		refused(|new| new.duration = 0, Error::ZeroDuration);
		refused(|new| new.duration = 6_001, Error::DurationTooLong);
		refused(|new| new.deposit = 60 * MAX_PRICE + MINIMUM - 1, Error::DepositTooLow);
		place(NATIVE, |new| {
			new.max_price = 17;
			new.failover_price = Some(0);
			new.deposit = 60 * 17 + MINIMUM;
			new.bid_deadline = now() + L;
		});
		// Shorter than a window: all of it is paid ahead.
		refused(
			|new| {
				new.duration = 1;
				new.deposit = 5 * MAX_PRICE + MINIMUM - 1;
			},
			Error::DepositTooLow,
		);
	});
}

#[test]
fn an_order_beyond_the_funds_of_the_tenant_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let mut new = new_order(NATIVE);
		new.quantity = 8;
		new.deposit = FUNDS / 7;
		assert_storage_noop!(assert!(try_place(TENANT, new).is_err()));
	});
}

#[test]
fn ids_of_orders_run_out_without_harm() {
	ExtBuilder::build_and_execute(|| {
		NextOrder::<Test>::put(OrderId::MAX);
		refused(|_| {}, Error::TooManyOrders);
	});
}

#[test]
fn an_order_without_bids_is_refunded_in_full() {
	ExtBuilder::with_each_asset(|asset| {
		let before = total(asset, TENANT);
		let id = place(asset, |new| new.quantity = 2);
		run_to(139);
		assert_eq!(closed(id, 0), None);
		reset_events();
		run_to(140);
		let closed = |replica| Event::ReplicaClosed {
			order: id,
			replica,
			reason: CloseReason::NoBids,
			code: 3_002,
			paid: 0,
			refunded: DEPOSIT,
		};
		assert_eq!(events(), vec![closed(0), closed(1), Event::OrderOver { order: id }]);
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), 0);
		assert_eq!(total(asset, TENANT), before);
	});
}

#[test]
fn cancelling_closes_only_replicas_that_wait() {
	ExtBuilder::with_each_asset(|asset| {
		let id = place(asset, |new| new.quantity = 2);
		let service = service_of(1, asset);
		assert_ok!(bid(1, id, service, 50, 2));
		assert_ok!(accept(TENANT, id, service));
		ready(current(id, 0));
		assert_noop!(cancel(OTHER, id), Error::<Test>::NotTenant);
		assert_noop!(cancel(TENANT, 99), Error::<Test>::UnknownOrder);
		assert_ok!(cancel(TENANT, id));
		assert_eq!(closed(id, 1), Some(CloseReason::TenantClosed));
		assert_eq!(closed(id, 0), None);
		assert_eq!(Money::held(asset, ESCROW_HOLD, &TENANT), DEPOSIT);
		assert_noop!(cancel(TENANT, id), Error::<Test>::NothingWaiting);
		assert_noop!(bid(2, id, service_of(2, asset), 50, 1), Error::<Test>::NotBidding);
		run_to(400);
		assert_eq!(closed(id, 0), Some(CloseReason::Expired));
	});
}

#[test]
fn bids_on_a_cancelled_order_are_given_back() {
	ExtBuilder::build_and_execute(|| {
		let id = with_bids(NATIVE, &[1, 2]);
		assert_ok!(cancel(TENANT, id));
		run(1);
		assert_eq!((order(id).bids, order(id).wake), (0, None));
		assert_eq!((reserved(1, NATIVE), reserved(2, NATIVE)), (0, 0));
		assert_eq!(Money::held(NATIVE, BID_HOLD, &1), 0);
	});
}

#[test]
fn an_order_is_removed_after_a_while_by_anybody() {
	ExtBuilder::build_and_execute(|| {
		let (id, lease) = running(NATIVE, &[1, 2]);
		assert_noop!(remove(OTHER, id), Error::<Test>::OrderNotOver);
		assert_ok!(close(TENANT, lease, false));
		run(20);
		let closed_at = order(id).closed_at.unwrap();
		run_to(closed_at + 99);
		assert_noop!(remove(OTHER, id), Error::<Test>::OrderKept);
		run(1);
		reset_events();
		assert_ok!(remove(OTHER, id));
		assert_eq!(events(), vec![Event::OrderRemoved { order: id }]);
		assert_eq!(Money::held(NATIVE, ORDER_HOLD, &TENANT), 0);
		assert_eq!(ComputeOrders::lease(lease), None);
		assert!(ComputeOrders::leases_of(TENANT, None, 10).is_empty());
		assert!(ComputeOrders::leases_of(1, None, 10).is_empty());
		assert_noop!(remove(OTHER, id), Error::<Test>::UnknownOrder);
	});
}

#[test]
fn removing_drops_bids_that_the_agenda_did_not_come_to() {
	ExtBuilder::build_and_stall(|| {
		let id = with_bids(NATIVE, &[1, 2]);
		assert_ok!(cancel(TENANT, id));
		System::set_block_number(now() + 100);
		assert_ok!(remove(OTHER, id));
		assert_eq!((reserved(1, NATIVE), reserved(2, NATIVE)), (0, 0));
		assert!(used(1).is_zero());
	});
}

#[test]
fn a_disputed_replica_is_closed_once_its_funds_are_free() {
	ExtBuilder::with_each_asset(|asset| {
		let id = place(asset, |_| {});
		dispute(id, 0);
		assert!(cancel(TENANT, id).is_err());
		run_to(141);
		assert_eq!(
			replica(id, 0).state,
			ReplicaState::Waiting { until: 145, wait: Wait::Locked(CloseReason::NoBids) }
		);
		assert_noop!(bid(1, id, service_of(1, asset), 50, 1), Error::<Test>::NotBidding);
		assert_noop!(cancel(TENANT, id), Error::<Test>::NothingWaiting);
		run_to(152);
		assert_eq!(closed(id, 0), None);
		thaw(id, 0);
		run_to(155);
		assert_eq!(closed(id, 0), Some(CloseReason::NoBids));
	});
}

#[test]
fn governance_closes_a_replica_that_waits() {
	ExtBuilder::with_each_asset(|asset| {
		let id = place(asset, |_| {});
		force_close(id, 0);
		assert_eq!(closed(id, 0), Some(CloseReason::Governance));
		// Reports of escrow about a closed replica change nothing.
		let before = order(id);
		let end = surety_primitives::StreamEnd {
			reason: CloseReason::Expired,
			round: 1,
			paid: 1,
			fee: 0,
			refunded: 1,
		};
		use surety_primitives::{EscrowOwner, OnStreamEnd as _};
		let owner = EscrowOwner::Replica { order: id, index: 0 };
		let _ = ComputeOrders::ended(owner, end);
		let _ = ComputeOrders::suspended(owner, end);
		let _ = ComputeOrders::ending(owner, (1, CloseReason::Expired));
		// Nor do reports about accounts of others.
		let stranger = EscrowOwner::Agreement(0);
		let _ = ComputeOrders::ended(stranger, end);
		let _ = ComputeOrders::suspended(stranger, end);
		let _ = ComputeOrders::ending(stranger, (1, CloseReason::Expired));
		assert_eq!(order(id), before);
	});
}

#[test]
fn trust_levels_are_asked_for() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| new.min_trust = TrustLevel::Three);
		assert_eq!(set_score(1, 39), 39);
		assert_noop!(bid(1, id, 1, 50, 1), Error::<Test>::TrustTooLow);
		assert_eq!(set_score(1, 40), 40);
		assert_ok!(bid(1, id, 1, 50, 1));
	});
}
