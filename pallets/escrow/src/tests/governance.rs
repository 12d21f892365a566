// SPDX-License-Identifier: Apache-2.0

//! Accounts ended by governance.

use crate::{Accounts, Error, Event, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{CloseReason, NewStream, OneOffHolds as _, Streams as _};

fn force_close(id: u32, to_payee: u128) -> DispatchResult {
	let closed = Escrow::force_close(RuntimeOrigin::root(), id, to_payee);
	closed.map(drop).map_err(|failed| failed.error)
}

#[test]
fn governance_ends_a_stream_with_this_round() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to(155);
		assert_ok!(force_close(id, 0));
		let reason = CloseReason::Governance;
		assert_eq!(
			events(),
			vec![Event::EndDecided { escrow: id, round: 15, reason, code: 3_001 }]
		);
		assert_eq!(notified(), vec![Notified::Ending(owner(), (15, reason))]);
		run_to_round(18);
		let end = stream_end(reason, 15, 300, 700);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

#[test]
fn governance_thaws_a_frozen_stream_and_ends_it() {
	with_each_asset(|asset| {
		let id = Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap();
		run_to_round(10);
		assert_ok!(Escrow::freeze(id, 500));
		run_to_round(20);
		assert_noop!(force_close(id, 501), Error::<Test>::NotEnoughHeld);
		assert_ok!(force_close(id, 100));
		run_to_round(23);
		let end = stream_end(CloseReason::Governance, 20, 300, 700);
		assert_eq!(notified().last(), Some(&Notified::Ended(owner(), end)));
	});
}

#[test]
fn an_end_that_stands_is_not_notified_again() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		assert_ok!(force_close(id, 0));
		assert_eq!(notified(), vec![]);
	});
}

#[test]
fn governance_closes_a_one_off_hold_and_notifies_its_owner() {
	with_each_asset(|asset| {
		let id = hold(asset, 500);
		assert_ok!(Escrow::freeze(id, 500));
		assert_ok!(force_close(id, 100));
		assert_eq!((gained(asset, OPERATOR), gained(asset, TENANT)), (95, -100));
		let end = stream_end(CloseReason::Governance, 0, 100, 400);
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
	});
}

#[test]
fn governance_writes_off_a_claim_that_cannot_be_delivered() {
	with_each_asset(|asset| {
		PlatformFee::set(Perbill::from_percent(50));
		let id = Escrow::hold(owner(), TENANT, NOBODY, asset, 100).unwrap();
		assert_ok!(Escrow::close_hold(id, 10, CloseReason::OperatorClosed));
		assert_eq!(account(id).held, 10);
		assert_noop!(force_close(id, 1), Error::<Test>::NotEnoughHeld);
		assert_ok!(force_close(id, 0));
		assert_eq!(events().last(), Some(&Event::WrittenOff { escrow: id, amount: 10 }));
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (0, 0));
		assert!(!Accounts::<Test>::contains_key(id));
	});
}

#[test]
fn only_governance_closes_and_only_existing_accounts() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_noop!(Escrow::force_close(signed(TENANT), id, 0), BadOrigin);
		assert_noop!(force_close(99, 0), Error::<Test>::UnknownEscrow);
		assert_noop!(force_close(id, 1), Error::<Test>::NotFrozen);
	});
}
