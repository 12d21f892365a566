// SPDX-License-Identifier: Apache-2.0

//! Payments that cannot be delivered.

use crate::{Accounts, Error, Event, State, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{AssetId, CloseReason, EscrowId, NewStream, Streams as _};

/// Stream of ten base units a round, half of it fee: the payee's five are below the minimum
/// balance.
fn open_for_nobody(asset: AssetId) -> EscrowId {
	PlatformFee::set(Perbill::from_percent(50));
	let new = NewStream { payee: NOBODY, rate: 1, deposit: 100, prepaid: 0, ..new_stream(asset) };
	Escrow::open(new).unwrap()
}

#[test]
fn undelivered_payments_add_up_until_the_payee_can_take_them() {
	with_each_asset(|asset| {
		let id = open_for_nobody(asset);
		run_to_round(4);
		assert_eq!(settle(id), Ok(0));
		assert_eq!(gained(asset, POT), 0, "the fee never leads");
		assert_eq!(Escrow::stream(id).unwrap().due, 10);
		run_to_round(5);
		assert_eq!(settle(id), Ok(20));
		assert_eq!(
			(gained(asset, NOBODY), gained(asset, POT), gained(asset, TREASURY)),
			(10, 6, 4)
		);
	});
}

#[test]
fn the_refund_does_not_wait_for_the_payee() {
	with_each_asset(|asset| {
		let id = open_for_nobody(asset);
		assert_ok!(Escrow::end(id, 1, CloseReason::TenantClosed));
		run_to_round(4);
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (0, 10));
		assert_eq!(account(id).state, State::Closed { due: 10 });
		assert_eq!(events().last(), Some(&Event::ClaimLeft { escrow: id, held: 10 }));
		assert_eq!(notified().len(), 1, "the owner is notified all the same");
		assert_eq!(Escrow::stream(id), None);

		assert_eq!(settle(id), Ok(0));
		assert_eq!(account(id).held, 10);
		spend(asset, OTHER, NOBODY, MINIMUM);
		assert_eq!(settle(id), Ok(10));
		assert_eq!(
			(gained(asset, NOBODY), gained(asset, POT), gained(asset, TREASURY)),
			(15, 3, 2)
		);
		assert!(!Accounts::<Test>::contains_key(id));
		assert_eq!(on_hold(asset, TENANT), 0);
	});
}

#[test]
fn a_closed_account_takes_nothing_but_settlement() {
	with_each_asset(|asset| {
		let id = open_for_nobody(asset);
		assert_ok!(Escrow::end(id, 1, CloseReason::TenantClosed));
		run_to_round(4);
		let closed = Error::<Test>::AlreadyClosed;
		assert_noop!(Escrow::top_up(id, 1), closed);
		assert_noop!(Escrow::end(id, 9, CloseReason::TenantClosed), Error::<Test>::AlreadyClosed);
		assert_noop!(Escrow::freeze(id, 1), Error::<Test>::AlreadyClosed);
		assert_noop!(Escrow::thaw(id, 0), Error::<Test>::AlreadyClosed);
		assert_noop!(
			Escrow::close_hold(id, 0, CloseReason::TenantClosed),
			Error::<Test>::AlreadyClosed
		);
		assert_eq!(Escrow::funded_until(id), None);
	});
}

#[test]
fn a_pot_that_cannot_take_its_part_stops_no_payment() {
	with_each_asset(|asset| {
		spend(asset, POT, OTHER, START);
		let id = open(asset);
		run_to_round(13);
		assert_eq!(settle(id), Ok(194));
		assert_eq!(account(id).paid.total(), 194);
		assert_eq!((gained(asset, OPERATOR), gained(asset, TREASURY)), (190, 4));
		assert_eq!(Escrow::stream(id).unwrap().due, 6);
		// The amount is enough to create the account of the pot again.
		run_to_round(23);
		assert_eq!(settle(id), Ok(206));
		assert_eq!(account(id).paid.probers, 12);
	});
}

#[test]
fn a_fee_nobody_can_take_goes_to_the_payee_at_the_end() {
	with_each_asset(|asset| {
		spend(asset, POT, OTHER, START);
		let id = open(asset);
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		run_to(2);
		assert!(!Accounts::<Test>::contains_key(id));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, TREASURY), gained(asset, TENANT)),
			(196, 4, -200)
		);
	});
}

#[test]
fn a_blocked_payee_is_paid_when_it_is_unblocked() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		block(OPERATOR, true);
		let id = open(asset);
		run_to_round(4);
		assert_eq!(settle(id), Ok(0));
		assert_eq!((account(id).paid.total(), account(id).due()), (0, 20));
		assert_ok!(Escrow::end(id, 5, CloseReason::TenantClosed));
		run_to_round(8);
		assert_eq!(gained(asset, TENANT), 0);
		assert_eq!(on_hold(asset, TENANT), 200);
		block(OPERATOR, false);
		assert_eq!(settle(id), Ok(200));
		assert_eq!((gained(asset, OPERATOR), gained(asset, TENANT)), (190, -200));
	});
}

#[test]
fn a_blocked_payer_gets_its_refund_when_it_is_unblocked() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		// The pot cannot take its part, so that the payee gets it.
		spend(asset, POT, OTHER, START);
		let id = open(asset);
		block(TENANT, true);
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		run_to(2);
		assert_eq!((gained(asset, OPERATOR), on_hold(asset, TENANT)), (196, 800));
		assert_noop!(
			Escrow::force_close(RuntimeOrigin::root(), id, 0),
			Error::<Test>::Undeliverable
		);
		// The pot exists again, but the part that the payee got is not paid twice.
		spend(asset, OTHER, POT, START);
		block(TENANT, false);
		assert_eq!(settle(id), Ok(0));
		assert_eq!(events().last(), Some(&Event::Refunded { escrow: id, amount: 800 }));
		assert_eq!((gained(asset, TENANT), gained(asset, POT)), (-200, 0));
		assert!(!Accounts::<Test>::contains_key(id));
		Escrow::do_try_state().unwrap();
	});
}

#[test]
fn a_payment_that_fails_half_way_moves_nothing() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		let id = open(asset);
		run_to_round(13);
		assert_eq!(settle(id), Ok(200));
		run_to_round(20);
		// A frozen asset allows a hold to decrease, but no balance to increase.
		assert_ok!(Assets::freeze_asset(signed(OTHER), ASSET));
		assert_eq!(settle(id), Ok(0));
		assert_eq!((on_hold(asset, TENANT), gained(asset, OPERATOR)), (800, 190));
		Escrow::do_try_state().unwrap();
		assert_ok!(Assets::thaw_asset(signed(OTHER), ASSET));
		assert_eq!(settle(id), Ok(140));
	});
}

#[test]
fn a_payee_that_cannot_be_paid_does_not_stop_the_agenda() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		let stuck = open(asset);
		let paid = Escrow::open(NewStream { payee: OTHER, ..new_stream(asset) }).unwrap();
		run_to_round(13);
		assert_eq!(settle(stuck), Ok(200));
		block(OPERATOR, true);
		run_to(530);
		assert!(!Accounts::<Test>::contains_key(paid));
		assert_eq!(account(stuck).held, 800, "1,000 less the 200 paid before");
		assert_eq!(notified().len(), 4);
		Escrow::do_try_state().unwrap();
	});
}
