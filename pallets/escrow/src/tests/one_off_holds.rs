// SPDX-License-Identifier: Apache-2.0

//! One-off holds: one sum for one purpose.

use crate::{Accounts, Error, Event, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{CloseReason, OneOffHolds as _, Streams as _};

#[test]
fn a_one_off_hold_is_shared_when_it_closes() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		assert_eq!(
			events(),
			vec![Event::HoldOpened {
				escrow: id,
				payer: TENANT,
				payee: OPERATOR,
				asset,
				amount: 500
			}]
		);
		assert_eq!(on_hold(asset, TENANT), 500);
		assert_ok!(Escrow::close_hold(id, 200, CloseReason::OperatorClosed));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(190, 6, 4)
		);
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-200, 0));
		let reason = CloseReason::OperatorClosed;
		assert_eq!(
			events().last(),
			Some(&Event::HoldClosed { escrow: id, reason, code: 2_001, paid: 200, refunded: 300 })
		);
		assert!(!Accounts::<Test>::contains_key(id));
		assert_eq!(notified(), vec![], "the caller is not notified");
	});
}

#[test]
fn a_one_off_hold_may_go_to_either_side_in_full() {
	with_each_asset(|asset| {
		let (one, two) = (hold(asset, 500), hold(asset, 700));
		assert_ok!(Escrow::close_hold(one, 500, CloseReason::OperatorClosed));
		assert_eq!(gained(asset, TENANT), -500);
		assert_ok!(Escrow::close_hold(two, 0, CloseReason::TenantClosed));
		assert_eq!(gained(asset, TENANT), -500);
	});
}

#[test]
fn a_frozen_one_off_hold_waits_for_the_thaw() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		assert_ok!(Escrow::freeze(id, 300));
		assert_noop!(
			Escrow::close_hold(id, 0, CloseReason::TenantClosed),
			Error::<Test>::FrozenFunds
		);
		assert_ok!(Escrow::thaw(id, 100));
		assert_eq!(gained(asset, OPERATOR), 95);
		assert_noop!(
			Escrow::close_hold(id, 401, CloseReason::TenantClosed),
			Error::<Test>::NotEnoughHeld
		);
		assert_ok!(Escrow::close_hold(id, 100, CloseReason::TenantClosed));
		assert_eq!((gained(asset, OPERATOR), gained(asset, TENANT)), (190, -200));
	});
}

#[test]
fn settling_a_one_off_hold_moves_nothing() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		assert_eq!(settle(id), Ok(0));
		assert_eq!(account(id).held, 500);
		assert_ok!(Escrow::close_hold(id, 0, CloseReason::TenantClosed));
	});
}

#[test]
fn bad_one_off_holds_change_nothing() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		let reason = CloseReason::TenantClosed;
		assert_noop!(Escrow::hold(owner(), TENANT, OPERATOR, asset, 0), Error::<Test>::ZeroAmount);
		assert_noop!(
			Escrow::hold(owner(), TENANT, OPERATOR, asset, START),
			TokenError::FundsUnavailable
		);
		assert_noop!(Escrow::close_hold(99, 0, reason), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::close_hold(id, 501, reason), Error::<Test>::NotEnoughHeld);
		let stream = open(asset);
		assert_noop!(Escrow::close_hold(stream, 0, reason), Error::<Test>::NotAHold);
	});
}

#[test]
fn a_top_up_adds_to_a_one_off_hold() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		assert_ok!(Escrow::top_up(id, 100));
		assert_eq!(events().last(), Some(&Event::ToppedUp { escrow: id, amount: 100 }));
		assert_eq!(
			(on_hold(asset, TENANT), account(id).held, account(id).deposited),
			(600, 600, 600)
		);
		assert_ok!(Escrow::freeze(id, 600));
		assert_ok!(Escrow::top_up(id, 50));
		assert_noop!(Escrow::top_up(id, 0), Error::<Test>::ZeroAmount);
		assert_noop!(Escrow::top_up(id, START), TokenError::FundsUnavailable);
		assert_noop!(Escrow::top_up(id, u128::MAX), ArithmeticError::Overflow);
		assert_ok!(Escrow::thaw(id, 0));
		assert_ok!(Escrow::close_hold(id, 600, CloseReason::OperatorClosed));
		assert_eq!(gained(asset, TENANT), -600);
		assert_noop!(Escrow::top_up(id, 1), Error::<Test>::UnknownEscrow);
	});
}
