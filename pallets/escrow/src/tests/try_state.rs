// SPDX-License-Identifier: Apache-2.0

//! Every invariant, violated on purpose.

use crate::{
	Account, Accounts, Agenda, Cursor, HoldReason, Lane, NextId, State, Terms,
	mock::*,
	types::{Run, Stream, Term},
};
use frame::{deps::sp_runtime::TryRuntimeError, testing_prelude::*};
use surety_primitives::{
	AssetId, CloseReason, EscrowId, Funds as _, OneOffHolds as _, Streams as _,
};

/// Corrupt a stream in round 20 that has judged and open rounds, and whose fee is paid.
fn with_stream(corrupt: impl FnOnce(EscrowId)) {
	new_ext().execute_with(|| {
		let id = open(AssetId::Native);
		run_to(200);
		assert_ok!(settle(id));
		assert_ok!(Escrow::do_try_state());
		corrupt(id);
	});
}

fn mutate(id: EscrowId, change: impl FnOnce(&mut Account<AccountId>)) {
	Accounts::<Test>::mutate(id, |account| change(account.as_mut().unwrap()));
}

fn mutate_stream(id: EscrowId, change: impl FnOnce(&mut Stream)) {
	mutate(id, |account| match &mut account.terms {
		Terms::Stream(stream) => change(stream),
		Terms::OneOff => panic!("a one-off hold"),
	});
}

fn broken(why: &'static str) {
	assert_eq!(Escrow::do_try_state(), Err(TryRuntimeError::Other(why)));
}

#[test]
fn a_hold_that_is_not_the_sum_over_the_accounts() {
	with_stream(|_| {
		assert_ok!(Money::release(AssetId::Native, HoldReason::Escrow.into(), &TENANT, 1));
		broken("1: the hold is not the sum over the accounts");
	});
	with_stream(|_| {
		assert_ok!(Money::hold(AssetId::Native, HoldReason::Escrow.into(), &TENANT, 1));
		broken("1: the hold is not the sum over the accounts");
	});
}

#[test]
fn an_account_that_does_not_add_up() {
	with_stream(|id| {
		mutate(id, |account| account.deposited += 1);
		broken("2: paid, refunded and held are not the deposit");
	});
	with_stream(|id| {
		mutate(id, |account| {
			account.refunded += 1;
			account.held -= 1;
		});
		broken("2: refunded while open");
	});
}

#[test]
fn more_paid_than_is_due() {
	with_stream(|id| {
		mutate_stream(id, |stream| stream.billed -= 1);
		broken("3: more paid than due");
	});
	with_stream(|id| {
		mutate(id, |account| account.awarded = 2_000);
		broken("3: more due than deposited and not frozen");
	});
	with_stream(|id| {
		mutate(id, |account| {
			account.paid.payee -= 1;
			account.paid.treasury += 1;
		});
		broken("3: more fee than its share");
	});
	with_stream(|id| {
		mutate_stream(id, |stream| stream.prepaid = 1_001);
		broken("3: the prepaid sum is not there");
	});
	with_stream(|id| {
		mutate_stream(id, |stream| {
			stream.prepaid = 1_021;
			stream.unbillable = 10;
		});
		broken("3: the prepaid sum is not there");
	});
}

#[test]
fn more_frozen_than_held() {
	new_ext().execute_with(|| {
		let id = hold(AssetId::Native, 100);
		mutate(id, |account| account.frozen = 101);
		broken("4: more frozen than held");
	});
}

#[test]
fn entries_that_are_lost_or_doubled() {
	with_stream(|id| {
		let entry = stream(id).wake.unwrap();
		Agenda::<Test>::remove(entry, id);
		broken("5: a stream without its entry");
	});
	with_stream(|id| {
		Agenda::<Test>::insert((Lane::Looks, 9_999), id, ());
		broken("5: an entry of no stream");
	});
	with_stream(|id| {
		let (_, block) = stream(id).wake.unwrap();
		Agenda::<Test>::insert((Lane::Urgent, block), id, ());
		broken("5: an entry of no stream");
	});
	with_stream(|_| {
		Cursor::<Test>::insert(Lane::Looks, 9_999);
		broken("5: an entry that is never reached");
	});
	with_stream(|_| {
		Cursor::<Test>::insert(Lane::Urgent, 9_999);
		assert_ok!(Escrow::do_try_state());
	});
	with_stream(|id| {
		let entry = stream(id).wake.unwrap();
		Agenda::<Test>::remove(entry, id);
		mutate_stream(id, |stream| stream.wake = None);
		broken("5: a stream that is never looked at");
	});
}

/// Move the entry of a stream, also in the stream itself.
fn change_lane(id: EscrowId, lane: Lane) {
	let (was, block) = stream(id).wake.unwrap();
	assert_ne!(was, lane);
	Agenda::<Test>::remove((was, block), id);
	broken("5: a stream without its entry");
	Agenda::<Test>::insert((lane, block), id, ());
	broken("5: a stream without its entry");
	mutate_stream(id, |stream| stream.wake = Some((lane, block)));
}

#[test]
fn entries_in_the_wrong_lane() {
	with_stream(|id| {
		change_lane(id, Lane::Urgent);
		broken("5: a look that is urgent");
	});
	with_stream(|id| {
		assert_ok!(Escrow::end(id, 30, CloseReason::TenantClosed));
		change_lane(id, Lane::Looks);
		broken("5: an end that is not urgent");
	});
	with_stream(|id| {
		assert_ok!(Escrow::suspend(id, 20, CloseReason::Unhealthy));
		change_lane(id, Lane::Looks);
		broken("5: an end that is not urgent");
	});
}

#[test]
fn runs_out_of_order_or_past_the_end() {
	with_stream(|id| {
		mutate_stream(id, |stream| {
			stream.runs.try_push(Run { from: 30, base: None, until: None }).unwrap();
		});
		broken("6: runs out of order");
	});
	with_stream(|id| {
		mutate_stream(id, |stream| stream.runs[0].until = Some(stream.runs[0].from));
		broken("6: a run that ends before it begins");
	});
	with_stream(|id| {
		mutate(id, |account| account.frozen = 1);
		broken("6: a frozen stream runs");
	});
	with_stream(|id| {
		assert_ok!(Escrow::end(id, 30, CloseReason::TenantClosed));
		mutate_stream(id, |stream| stream.runs[0].until = Some(31));
		broken("6: a stream runs past its end");
	});
	with_stream(|id| {
		assert_ok!(Escrow::suspend(id, 30, CloseReason::Unhealthy));
		mutate_stream(id, |stream| stream.runs[0].until = None);
		broken("6: a stream runs past its end");
	});
	with_stream(|id| {
		mutate_stream(id, |stream| stream.term = Some(Term { last: 30, trial_until: 0 }));
		broken("6: a stream runs past its end");
	});
	with_stream(|id| {
		assert_ok!(Escrow::end(id, 30, CloseReason::TenantClosed));
		mutate_stream(id, |stream| stream.term = Some(Term { last: 29, trial_until: 0 }));
		broken("6: a stream ends after its last round");
	});
	with_stream(|id| {
		assert_ok!(Escrow::end(id, 30, CloseReason::TenantClosed));
		mutate_stream(id, |stream| stream.read = 31);
		broken("6: a stream ends before the last round read");
	});
}

#[test]
fn a_closed_account_without_a_claim() {
	new_ext().execute_with(|| {
		let id = hold(AssetId::Native, 100);
		mutate(id, |account| {
			account.state = State::Closed { due: 0 };
			account.refunded = 100;
			account.held = 0;
		});
		assert_ok!(Money::release(AssetId::Native, HoldReason::Escrow.into(), &TENANT, 100));
		broken("7: closed without a claim");
	});
}

#[test]
fn an_id_beyond_the_next() {
	with_stream(|id| {
		NextId::<Test>::put(id);
		broken("8: id beyond the next");
	});
}

#[test]
fn a_one_off_hold_that_is_ending() {
	for state in [
		State::Ending { round: 1, reason: CloseReason::TenantClosed },
		State::Suspending { round: 1, reason: CloseReason::Unhealthy },
	] {
		new_ext().execute_with(|| {
			let id = hold(AssetId::Native, 100);
			mutate(id, |account| account.state = state);
			broken("9: a one-off hold that is ending");
		});
	}
}
