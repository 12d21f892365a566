// SPDX-License-Identifier: Apache-2.0

//! Placing, changing and withdrawing bids.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::{Region, ServiceKind, SlaTerms, TermsInput, WindowShare};

#[test]
fn a_bid_reserves_bond_and_capacity_for_every_replica() {
	ExtBuilder::with_each_asset(|asset| {
		let id = place(asset, |new| new.quantity = 3);
		let service = service_of(1, asset);
		reset_events();
		assert_ok!(bid(1, id, service, 50, 2));
		assert_eq!(reserved(1, asset), 2 * (exposure(50) + penalty(50)));
		assert_eq!(Money::held(NATIVE, BID_HOLD, &1), BidDeposit::get());
		assert_eq!(used(service), small().times(2).unwrap());
		let bid = bid_of(id, service).unwrap();
		assert_eq!((bid.left, bid.exposure, bid.penalty, bid.terms), (2, 6_600, 300, terms()));
		assert_eq!(bid.penalty_share, PenaltyShare::get());
		let placed = Event::BidPlaced { order: id, service, operator: 1, price: 50, replicas: 2 };
		assert_eq!(events(), vec![placed]);
	});
}

#[test]
fn the_terms_of_the_order_count_if_it_has_any() {
	ExtBuilder::build_and_execute(|| {
		let cover = WindowShare::from_u32(10);
		let id = place(NATIVE, |new| new.terms = Some(TermsInput { cover, ..own_terms() }));
		assert_ok!(bid(1, id, 1, 50, 1));
		assert_eq!(reserved(1, NATIVE), 5 * exposure(50) + penalty(50));
		let lease = matched(id);
		assert_eq!(self::lease(lease).terms, SlaTerms { cover, ..terms() });
	});
}

/// Otherwise a stolen key for operating could bid on an order of its own, whose terms take the
/// whole bond at the first breach.
#[test]
fn foreign_terms_must_be_accepted() {
	ExtBuilder::build_and_execute(|| {
		let generous = |change: &dyn Fn(&mut TermsInput)| {
			place(NATIVE, |new| {
				let mut terms = own_terms();
				change(&mut terms);
				new.terms = Some(terms);
			})
		};
		let changes: [&dyn Fn(&mut TermsInput); 4] = [
			&|terms| terms.cover = WindowShare::from_u32(100),
			&|terms| terms.credit[3] = terms.cover,
			&|terms| terms.min_uptime = 999_999_999,
			&|terms| terms.max_latency_ms = 1,
		];
		for change in changes {
			let order = generous(change);
			assert_noop!(bid_own(1, order, 1, 50), Error::<Test>::ForeignTerms);
			assert_ok!(bid(1, order, 1, 50, 1));
			let lease = NextLease::<Test>::get();
			assert_ok!(accept(TENANT, order, 1));
			assert_noop!(report(1, lease, health_of(1), false), Error::<Test>::ForeignTerms);
			assert_ok!(report(1, lease, health_of(1), true));
		}
		// Terms that the service promises anyway need no acceptance.
		assert_ok!(bid_own(1, place(NATIVE, |_| {}), 1, 50));
		assert_ok!(bid_own(1, generous(&|_| {}), 1, 50));
		assert_ok!(bid_own(1, generous(&|terms| terms.cover = WindowShare::from_u32(1)), 1, 50));
	});
}

#[test]
fn a_service_that_raised_its_cover_reports_its_own_terms_ready() {
	ExtBuilder::build_and_execute(|| {
		let order = place(NATIVE, |_| {});
		assert_ok!(bid_own(1, order, 1, 50));
		relist(1, |service| service.terms.cover = WindowShare::from_u32(9));
		assert_ok!(report(1, matched(order), health_of(1), false));
	});
}

#[test]
fn a_short_order_has_a_small_penalty() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| new.duration = 20);
		assert_ok!(bid(1, id, 1, 50, 1));
		assert_eq!(reserved(1, NATIVE), exposure(50) + 100);
	});
}

#[test]
fn a_bid_must_fit_the_order() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| {
			new.regions = vec![Region::new(*b"DE").unwrap()].try_into().unwrap();
			new.quantity = 2;
		});
		assert_noop!(bid(1, 99, 1, 50, 1), Error::<Test>::UnknownOrder);
		assert_noop!(bid(1, id, 99, 50, 1), OperatorsError::UnknownService);
		assert_noop!(bid(2, id, 1, 50, 1), Error::<Test>::NotOperator);
		assert_noop!(bid(1, id, 11, 50, 1), Error::<Test>::WrongAsset);
		assert_noop!(bid(1, id, 1, 0, 1), Error::<Test>::ZeroPrice);
		assert_noop!(bid(1, id, 1, MAX_PRICE + 1, 1), Error::<Test>::PriceAboveMax);
		assert_noop!(bid(1, id, 1, 50, 0), Error::<Test>::BadQuantity);
		assert_noop!(bid(1, id, 1, 50, 3), Error::<Test>::BadQuantity);
		relist(2, |service| service.region = Region::new(*b"US").unwrap());
		assert_noop!(bid(2, id, 2, 50, 1), Error::<Test>::RegionNotAllowed);
		relist(3, |service| service.kind = ServiceKind::Vpn { key: [7; 32] });
		assert_noop!(bid(3, id, 3, 50, 1), Error::<Test>::NotCompute);
		list(24, 4, NATIVE);
		assert_noop!(bid(4, id, 24, 50, 1), Error::<Test>::NoCapacityDeclared);
		set_paused(4, true);
		assert_noop!(bid(4, id, 4, 50, 1), OperatorsError::ServicePaused);
		assert_ok!(bid(1, id, 1, MAX_PRICE, 1));
		assert_noop!(bid(1, id, 1, 50, 1), Error::<Test>::AlreadyBid);
	});
}

#[test]
fn a_bid_needs_capacity_and_bond() {
	ExtBuilder::build_and_execute(|| {
		let big = place(NATIVE, |new| {
			new.resources.cpu_milli = 9_000;
			new.quantity = 2;
		});
		assert_noop!(bid(1, big, 1, 50, 2), Error::<Test>::NotEnoughCapacity);
		assert_ok!(bid(1, big, 1, 50, 1));
		let huge = place(NATIVE, |new| {
			new.resources.cpu_milli = u32::MAX;
			new.quantity = 2;
		});
		assert_noop!(bid(2, huge, 2, 50, 2), Error::<Test>::NotEnoughCapacity);
		let dear = place(NATIVE, |new| {
			new.terms = Some(TermsInput { cover: WindowShare::from_u32(334), ..own_terms() });
		});
		assert_noop!(bid(2, dear, 2, 50, 1), OperatorsError::InsufficientBond);
	});
}

#[test]
fn an_order_takes_bids_up_to_a_maximum_and_while_it_waits() {
	ExtBuilder::build_and_execute(|| {
		BidsAtOnce::set(&2);
		let id = place(NATIVE, |_| {});
		for who in [1, 2] {
			assert_ok!(bid(who, id, service_of(who, NATIVE), 50, 1));
		}
		assert_noop!(bid(3, id, 3, 50, 1), Error::<Test>::TooManyBids);
		run_to(140);
		assert_noop!(bid(3, id, 3, 50, 1), Error::<Test>::NotBidding);
	});
}

#[test]
fn an_operator_bids_once_on_an_order() {
	ExtBuilder::build_and_execute(|| {
		list(21, 1, NATIVE);
		assert_ok!(declare(1, 21, plenty()));
		let id = place(NATIVE, |_| {});
		assert_ok!(bid(1, id, 1, 50, 1));
		assert_noop!(bid(1, id, 1, 40, 1), Error::<Test>::AlreadyBid);
		assert_noop!(bid(1, id, 21, 40, 1), Error::<Test>::OperatorBid);
		assert_ok!(withdraw(1, id, 1));
		assert_ok!(bid(1, id, 21, 40, 1));
	});
}

#[test]
fn the_tenant_accepts_no_more_than_its_max_price() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |_| {});
		assert_ok!(bid(1, id, 1, 50, 1));
		assert_ok!(update_bid(1, id, 1, 80));
		let accept = |max_price| ComputeOrders::accept_bid(signed(TENANT), id, 1, max_price);
		assert_noop!(accept(79), Error::<Test>::PriceRose);
		assert_ok!(accept(80));
	});
}

#[test]
fn updating_a_bid_changes_its_price_and_its_reserves() {
	ExtBuilder::build_and_execute(|| {
		let id = place(NATIVE, |new| new.quantity = 2);
		assert_ok!(bid(1, id, 1, 50, 2));
		assert_ok!(update_bid(1, id, 1, 80));
		assert_eq!(reserved(1, NATIVE), 2 * (exposure(80) + penalty(80)));
		assert_ok!(update_bid(1, id, 1, 20));
		assert_eq!(reserved(1, NATIVE), 2 * (exposure(20) + penalty(20)));
		assert_noop!(update_bid(1, 99, 1, 30), Error::<Test>::UnknownOrder);
		assert_noop!(update_bid(1, id, 2, 30), Error::<Test>::UnknownBid);
		assert_noop!(update_bid(2, id, 1, 30), Error::<Test>::NotOperator);
		assert_noop!(update_bid(1, id, 1, 20), Error::<Test>::SamePrice);
		assert_noop!(update_bid(1, id, 1, 101), Error::<Test>::PriceAboveMax);
		assert_eq!(matched(id), 0);
		assert_eq!(lease(0).price, 20);
	});
}

#[test]
fn a_withdrawn_bid_gives_everything_back() {
	ExtBuilder::with_each_asset(|asset| {
		let id = with_bids(asset, &[1]);
		let service = service_of(1, asset);
		assert_noop!(withdraw(2, id, service), Error::<Test>::NotOperator);
		assert_noop!(withdraw(1, id, 99), Error::<Test>::UnknownBid);
		assert_noop!(withdraw(1, 99, service), Error::<Test>::UnknownOrder);
		reset_events();
		assert_ok!(withdraw(1, id, service));
		assert_eq!(events(), vec![Event::BidWithdrawn { order: id, service }]);
		assert_eq!((reserved(1, asset), order(id).bids), (0, 0));
		assert_eq!(Money::held(NATIVE, BID_HOLD, &1), 0);
		assert!(used(service).is_zero());
		assert_ok!(bid(1, id, service, 70, 1));
	});
}

#[test]
fn standing_bids_move_freely_after_the_match() {
	ExtBuilder::build_and_execute(|| {
		let (id, _) = running(NATIVE, &[1, 2, 3]);
		assert_ok!(update_bid(2, id, 2, 99));
		assert_ok!(withdraw(3, id, 3));
		assert_eq!(order(id).bids, 1);
	});
}
