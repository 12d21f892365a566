// SPDX-License-Identifier: Apache-2.0

//! One deposit for one payee after the other: one-off holds that are started, and streams that are
//! suspended.

use crate::{Accounts, Agenda, Error, Event, NextId, State, Terms, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, OneOffHolds as _, RoundIndex, StreamStart,
	Streams as _, Target,
};

const UNHEALTHY: CloseReason = CloseReason::Unhealthy;

fn suspended(reason: CloseReason, round: RoundIndex, paid: Balance, left: Balance) -> Notified {
	Notified::Suspended(replica(), stream_end(reason, round, paid, left))
}

fn ended(reason: CloseReason, round: RoundIndex, paid: Balance, refunded: Balance) -> Notified {
	Notified::Ended(replica(), stream_end(reason, round, paid, refunded))
}

/// One-off hold of a replica with 1,000, started in round 0 for the operator at 20 a round, with
/// 200 prepaid.
fn started(asset: AssetId) -> EscrowId {
	let id = open_replica(asset, 1_000);
	start(id);
	id
}

/// Assert that the rest of a replica's funds is a one-off hold without a payee.
fn assert_untouched_hold(id: EscrowId, asset: AssetId, left: Balance) {
	let account = account(id);
	assert_eq!((account.owner, account.payer, account.payee), (replica(), TENANT, TENANT));
	assert_eq!(
		(account.deposited, account.held, account.frozen, account.refunded),
		(left, left, 0, 0)
	);
	assert!(account.is_untouched());
	assert_eq!((account.asset, account.terms, account.state), (asset, Terms::OneOff, State::Open));
	assert!(Agenda::<Test>::iter().all(|(_, entry, ())| entry != id), "nothing to look at");
}

#[test]
fn a_started_one_off_hold_is_billed_from_the_next_round_on() {
	with_each_asset(|asset| {
		let id = open_replica(asset, 1_000);
		run_to(55);
		start(id);
		assert_eq!(
			events(),
			vec![Event::StreamStarted {
				escrow: id,
				payer: TENANT,
				payee: OPERATOR,
				asset,
				meter: METER,
				rate: 2,
				deposit: 1_000,
				prepaid: 200,
				last_round: NEVER,
				trial_until: 0,
			}]
		);
		assert_eq!((on_hold(asset, TENANT), gained(asset, TENANT)), (1_000, 0));
		let info = Escrow::stream(id).unwrap();
		assert_eq!(
			(info.held, info.paid, info.due, info.blocks_left, info.ending),
			(1_000, 0, 0, 500, None)
		);
		assert_eq!(Escrow::funded_until(id), Some(560));
		run_to_round(8);
		assert_eq!(settle(id), Ok(0), "rounds up to 5 are judged");
		run_to_round(9);
		assert_eq!(settle(id), Ok(20), "round 6 is judged");
		assert_ok!(Escrow::end(id, 9, CloseReason::TenantClosed));
		run_to_round(12);
		assert_eq!(notified(), vec![ended(CloseReason::TenantClosed, 9, 200, 800)]);
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-200, 0));
	});
}

#[test]
fn a_started_one_off_hold_pays_for_as_long_as_its_funds_last() {
	with_each_asset(|asset| {
		started(asset);
		run_to(530);
		let reason = CloseReason::FundsExhausted;
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (50, reason)), ended(reason, 50, 1_000, 0)]
		);
	});
}

#[test]
fn bad_starts_change_nothing() {
	with_each_asset(|asset| {
		let id = open_replica(asset, 1_000);
		let start = |id, meter, rate, prepaid| {
			Escrow::start(id, StreamStart { meter, rate, prepaid, ..new_start() })
		};
		assert_noop!(start(99, METER, 2, 200), Error::<Test>::UnknownEscrow);
		assert_noop!(start(id, METER, 0, 200), Error::<Test>::ZeroRate);
		assert_noop!(start(id, METER, 1_001, 0), Error::<Test>::DepositBelowRate);
		assert_noop!(start(id, METER, 2, 1_001), Error::<Test>::PrepaidAboveDeposit);
		assert_noop!(start(id, Target::Service(99), 2, 200), Error::<Test>::NoMeter);
		let stream = open(asset);
		assert_noop!(start(stream, METER, 2, 200), Error::<Test>::NotAHold);
		let closed = Escrow::hold(replica(), TENANT, NOBODY, asset, 100).unwrap();
		assert_ok!(Escrow::close_hold(closed, 5, CloseReason::OperatorClosed));
		assert_noop!(start(closed, METER, 2, 0), Error::<Test>::AlreadyClosed);
		TestMeter::end(METER, 5);
		assert_noop!(start(id, METER, 2, 200), Error::<Test>::MeterEnded);
	});
}

#[test]
fn all_of_a_one_off_hold_may_be_prepaid_or_for_one_block() {
	with_each_asset(|asset| {
		for (rate, prepaid) in [(2, 1_000), (1_000, 0), (1_000, 1_000)] {
			assert_ok!(Escrow::start(
				open_replica(asset, 1_000),
				StreamStart { rate, prepaid, ..new_start() }
			));
		}
	});
}

#[test]
fn a_frozen_or_awarded_one_off_hold_cannot_be_started() {
	with_each_asset(|asset| {
		let id = open_replica(asset, 1_000);
		let start = || Escrow::start(id, new_start());
		assert_ok!(Escrow::freeze(id, 100));
		assert_noop!(start(), Error::<Test>::FrozenFunds);
		assert_ok!(Escrow::thaw(id, 1));
		assert_noop!(start(), Error::<Test>::HoldTouched);
		// A one-off hold that lost nothing to the dispute can be started.
		let id = open_replica(asset, 1_000);
		assert_ok!(Escrow::freeze(id, 100));
		assert_ok!(Escrow::thaw(id, 0));
		assert_ok!(Escrow::start(id, new_start()));
	});
}

#[test]
fn suspension_is_carried_out_when_its_round_is_judged() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to(155);
		assert_ok!(Escrow::suspend(id, 27, UNHEALTHY));
		assert_eq!(
			events(),
			vec![Event::SuspensionDecided {
				escrow: id,
				round: 27,
				reason: UNHEALTHY,
				code: 2_004
			}]
		);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((27, UNHEALTHY)));
		run_to(299);
		assert_eq!(notified(), vec![], "the caller is not notified");
		run_to(300);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 27, 540, 460)]);
		assert_eq!(
			events(),
			vec![
				Event::Settled { escrow: id, paid: 540, fee: 27 },
				Event::Suspended {
					escrow: id,
					round: 27,
					reason: UNHEALTHY,
					code: 2_004,
					paid: 540,
					left: 460,
					claim: None,
				},
			]
		);
		assert_untouched_hold(id, asset, 460);
		assert_eq!((on_hold(asset, TENANT), gained(asset, TENANT)), (460, -540));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT) + gained(asset, TREASURY)),
			(513, 27)
		);
		assert_eq!(Escrow::stream(id), None);
	});
}

#[test]
fn one_deposit_pays_one_operator_after_the_other() {
	with_each_asset(|asset| {
		let id = started(asset);
		let before = free(asset, TENANT);
		run_to_round(10);
		assert_ok!(Escrow::suspend(id, 10, UNHEALTHY));
		run_to_round(13);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 10, 200, 800)]);
		// No payee is paid until the next lease is ready.
		run_to_round(20);
		assert_eq!(on_hold(asset, TENANT), 800);
		TestMeter::start(OTHER_METER, 18);
		assert_ok!(Escrow::start(
			id,
			StreamStart { payee: OTHER, meter: OTHER_METER, rate: 4, prepaid: 100, ..new_start() }
		));
		run_to_round(30);
		assert_ok!(Escrow::suspend(id, 30, CloseReason::Terminated));
		run_to_round(33);
		assert_eq!(notified(), vec![suspended(CloseReason::Terminated, 30, 400, 400)]);
		assert_eq!(free(asset, TENANT), before, "nothing was ever out of escrow");
		assert_ok!(Escrow::close_hold(id, 0, CloseReason::NoBids));
		assert_eq!(free(asset, TENANT), before + 400);
		assert_eq!((gained(asset, OPERATOR), gained(asset, OTHER)), (190, 380));
		assert_eq!((gained(asset, POT), gained(asset, TREASURY)), (18, 12));
		assert!(!Accounts::<Test>::contains_key(id));
	});
}

#[test]
fn the_shares_of_the_fee_are_those_of_the_opening() {
	with_each_asset(|asset| {
		let id = open_replica(asset, 1_000);
		PlatformFee::set(Perbill::from_percent(50));
		start(id);
		run_to_round(10);
		assert_ok!(Escrow::suspend(id, 10, UNHEALTHY));
		run_to_round(13);
		let end = surety_primitives::StreamEnd {
			reason: UNHEALTHY,
			round: 10,
			paid: 200,
			fee: 10,
			refunded: 800,
		};
		assert_eq!(notified(), vec![Notified::Suspended(replica(), end)]);
		start(id);
		run_to_round(26);
		assert_eq!(settle(id), Ok(200), "rounds 14 to 23");
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(380, 12, 8)
		);
	});
}

#[test]
fn the_unearned_prepaid_sum_is_kept_for_the_next_payee() {
	for reason in [UNHEALTHY, CloseReason::TenantClosed] {
		with_each_asset(|asset| {
			let id = started(asset);
			run_with(30, |_| false);
			assert_ok!(Escrow::suspend(id, 3, reason));
			run_with(60, |_| false);
			assert_eq!(notified(), vec![suspended(reason, 3, 0, 1_000)]);
			assert_untouched_hold(id, asset, 1_000);
		});
	}
}

#[test]
fn a_suspension_before_the_first_round_takes_one_block() {
	with_each_asset(|asset| {
		run_to(55);
		let id = started(asset);
		assert_ok!(Escrow::suspend(id, 0, UNHEALTHY));
		assert_eq!(notified(), vec![], "never from within the call");
		run_to(56);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 5, 0, 1_000)]);
		start(id);
		run_to_round(9);
		assert_eq!(settle(id), Ok(20));
	});
}

#[test]
fn a_meter_that_ended_in_the_past_suspends_its_stream_there() {
	with_each_asset(|asset| {
		// The lease is judged unhealthy in round 12, two rounds ago.
		let id = started(asset);
		run_to(142);
		TestMeter::end_for(METER, 12, UNHEALTHY);
		assert_eq!(Escrow::suspend(id, 12, UNHEALTHY), Ok((12, UNHEALTHY)));
		run_to(143);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 12, 240, 760)]);
		assert_untouched_hold(id, asset, 760);
	});
}

#[test]
fn a_lease_that_failed_two_rounds_ago_is_billed_to_that_round() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to(142);
		assert_eq!(Escrow::suspend(id, 11, UNHEALTHY), Ok((11, UNHEALTHY)));
		run_to(143);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 11, 220, 780)]);
		assert_untouched_hold(id, asset, 780);
	});
}

#[test]
fn a_stream_is_never_suspended_after_its_meter_ended() {
	let retired = CloseReason::ServiceRetired;
	with_each_asset(|asset| {
		let (before, after) = (started(asset), started(asset));
		run_to_round(10);
		assert_ok!(Escrow::suspend(after, 20, UNHEALTHY));
		TestMeter::end(METER, 12);
		assert_ok!(Escrow::suspend(before, 20, UNHEALTHY));
		assert_eq!(Escrow::stream(before).unwrap().ending, Some((12, retired)));
		assert_ok!(settle(after));
		run_to(101);
		assert_eq!(
			events(),
			vec![Event::SuspensionDecided {
				escrow: after,
				round: 12,
				reason: retired,
				code: 2_002
			}]
		);
		assert_eq!(
			notified(),
			vec![Notified::Ending(replica(), (12, retired))],
			"the owner did not ask for this end"
		);
		run_to_round(15);
		assert_eq!(notified(), vec![suspended(retired, 12, 240, 760); 2]);
	});
}

#[test]
fn a_meter_that_is_gone_suspends_with_the_last_round_read() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to_round(20);
		assert_ok!(settle(id));
		assert_ok!(Escrow::suspend(id, 25, UNHEALTHY));
		TestMeter::remove(METER);
		assert_ok!(settle(id));
		run_to(201);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 25, 340, 660)]);
	});
}

#[test]
fn a_sooner_suspension_takes_the_place_of_a_later_one() {
	with_each_asset(|asset| {
		let id = started(asset);
		assert_ok!(Escrow::suspend(id, 20, UNHEALTHY));
		assert_ok!(Escrow::suspend(id, 25, CloseReason::OperatorClosed));
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((20, UNHEALTHY)));
		assert_ok!(Escrow::suspend(id, 15, CloseReason::OperatorClosed));
		run_to_round(18);
		assert_eq!(notified(), vec![suspended(CloseReason::OperatorClosed, 15, 300, 700)]);
	});
}

#[test]
fn funds_that_end_before_the_suspension_round_end_the_stream() {
	with_each_asset(|asset| {
		let id = started(asset);
		assert_ok!(Escrow::suspend(id, 80, UNHEALTHY));
		run_to(510);
		let reason = CloseReason::FundsExhausted;
		assert_eq!(notified(), vec![Notified::Ending(replica(), (50, reason))]);
		assert_eq!(account(id).state, State::Ending { round: 50, reason });
		run_to(530);
		assert_eq!(notified(), vec![ended(reason, 50, 1_000, 0)]);
		assert!(!Accounts::<Test>::contains_key(id));
	});
}

#[test]
fn funds_that_end_in_the_suspension_round_leave_a_one_off_hold_of_nothing() {
	with_each_asset(|asset| {
		let suspended_with_nothing = || {
			let id = started(asset);
			let last = System::block_number() / ROUND_BLOCKS + 50;
			assert_ok!(Escrow::suspend(id, last, UNHEALTHY));
			run_to_round(last + 3);
			assert_eq!(notified(), vec![suspended(UNHEALTHY, last, 1_000, 0)]);
			assert_untouched_hold(id, asset, 0);
			id
		};
		let id = suspended_with_nothing();
		assert_noop!(
			Escrow::start(id, StreamStart { prepaid: 0, ..new_start() }),
			Error::<Test>::DepositBelowRate
		);
		assert_ok!(Escrow::top_up(id, 1_000));
		start(id);
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		run_to(System::block_number() + 1);
		assert!(!Accounts::<Test>::contains_key(id));
		notified();
		let id = suspended_with_nothing();
		assert_ok!(Escrow::close_hold(id, 0, CloseReason::NoBids));
		assert!(!Accounts::<Test>::contains_key(id));
	});
}

#[test]
fn an_end_closes_a_stream_that_is_suspending() {
	let (tenant, operator) = (CloseReason::TenantClosed, CloseReason::OperatorClosed);
	for (end, round, reason, paid) in [
		// A later end, or one with the same round: round and reason of the suspension stand, so
		// that a tenant whose operator failed first does not pay the prepaid sum.
		((tenant, 9), 5, UNHEALTHY, 100),
		((tenant, 5), 5, UNHEALTHY, 100),
		// A sooner end.
		((operator, 4), 4, operator, 80),
		((tenant, 4), 4, tenant, 200),
	] {
		with_each_asset(|asset| {
			let id = started(asset);
			run_to_round(2);
			assert_ok!(Escrow::suspend(id, 5, UNHEALTHY));
			assert_ok!(Escrow::end(id, end.1, end.0));
			assert_eq!(
				events().last(),
				Some(&Event::EndDecided { escrow: id, round, reason, code: reason.code() })
			);
			assert_noop!(Escrow::top_up(id, 1), Error::<Test>::Ending);
			run_to_round(9);
			assert_eq!(notified(), vec![ended(reason, round, paid, 1_000 - paid)]);
			assert!(!Accounts::<Test>::contains_key(id));
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-(paid as i128), 0));
		});
	}
}

#[test]
fn an_end_that_is_decided_is_not_undone_by_suspension() {
	let tenant = CloseReason::TenantClosed;
	for (suspend, round, reason, paid) in
		[(9, 5, tenant, 200), (5, 5, tenant, 200), (4, 4, UNHEALTHY, 80)]
	{
		with_each_asset(|asset| {
			let id = started(asset);
			run_to_round(2);
			assert_ok!(Escrow::end(id, 5, tenant));
			assert_ok!(Escrow::suspend(id, suspend, UNHEALTHY));
			run_to_round(9);
			assert_eq!(notified(), vec![ended(reason, round, paid, 1_000 - paid)]);
			assert!(!Accounts::<Test>::contains_key(id));
		});
	}
}

#[test]
fn governance_closes_a_stream_that_is_suspending() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to_round(10);
		assert_ok!(Escrow::suspend(id, 15, UNHEALTHY));
		assert_ok!(Escrow::freeze(id, 300));
		run_to_round(12);
		assert_ok!(Escrow::force_close(RuntimeOrigin::root(), id, 100));
		let reason = CloseReason::Governance;
		assert_eq!(notified(), vec![Notified::Ending(replica(), (12, reason))]);
		run_to_round(15);
		assert_eq!(notified(), vec![ended(reason, 12, 300, 700)]);
		assert!(!Accounts::<Test>::contains_key(id));
	});
}

#[test]
fn a_frozen_stream_is_suspended_only_when_it_is_thawed() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to_round(10);
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(12);
		assert_ok!(Escrow::suspend(id, 15, UNHEALTHY));
		run_to_round(90);
		assert_eq!(notified(), vec![]);
		assert_ok!(Escrow::thaw(id, 40));
		run_to(901);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 15, 240, 760)]);
		assert_untouched_hold(id, asset, 760);
	});
}

#[test]
fn a_thaw_before_the_suspension_round_bills_the_rounds_between() {
	with_each_asset(|asset| {
		let id = started(asset);
		run_to_round(10);
		assert_ok!(Escrow::suspend(id, 20, UNHEALTHY));
		assert_ok!(Escrow::freeze(id, 100));
		run_to_round(15);
		assert_ok!(Escrow::thaw(id, 0));
		run_to_round(23);
		assert_eq!(
			notified(),
			vec![suspended(UNHEALTHY, 20, 300, 700)],
			"rounds 1 to 10 and 16 to 20"
		);
	});
}

#[test]
fn a_stream_that_is_to_be_suspended_takes_top_ups() {
	with_each_asset(|asset| {
		let id = started(asset);
		assert_ok!(Escrow::suspend(id, 52, UNHEALTHY));
		run_to(500);
		// Without the top-up the funds would end in round 50.
		assert_ok!(Escrow::top_up(id, 500));
		run_to_round(55);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 52, 1_040, 460)]);
		assert_ok!(Escrow::top_up(id, 40));
		assert_untouched_hold(id, asset, 500);
	});
}

/// A suspended replica whose payee earned 10 and cannot take its 9.
fn suspended_with_claim(asset: AssetId) -> (EscrowId, EscrowId) {
	PlatformFee::set(Perbill::from_percent(10));
	let id = open_replica(asset, 1_000);
	assert_ok!(Escrow::start(
		id,
		StreamStart { payee: NOBODY, rate: 1, prepaid: 0, ..new_start() }
	));
	assert_ok!(Escrow::suspend(id, 1, UNHEALTHY));
	run_to_round(4);
	(id, NextId::<Test>::get() - 1)
}

#[test]
fn a_claim_at_a_suspension_is_split_off_into_its_own_account() {
	with_each_asset(|asset| {
		let (id, claim) = suspended_with_claim(asset);
		assert_ne!(id, claim);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 1, 10, 990)]);
		assert_eq!(
			events(),
			vec![
				Event::Suspended {
					escrow: id,
					round: 1,
					reason: UNHEALTHY,
					code: 2_004,
					paid: 10,
					left: 990,
					claim: Some(claim),
				},
				Event::ClaimLeft { escrow: claim, held: 10 },
			]
		);
		assert_untouched_hold(id, asset, 990);
		assert_eq!(
			(account(claim).state, account(claim).payee),
			(State::Closed { due: 10 }, NOBODY)
		);
		assert_eq!((account(claim).deposited, account(claim).held), (10, 10));
		assert_eq!((on_hold(asset, TENANT), gained(asset, TENANT)), (1_000, 0));

		// The claim does not concern the next payee.
		start(id);
		run_to_round(10);
		assert_ok!(Escrow::end(id, 10, CloseReason::OperatorClosed));
		run_to_round(13);
		assert_eq!(notified(), vec![ended(CloseReason::OperatorClosed, 10, 120, 870)]);
		assert_eq!((settle(claim), on_hold(asset, TENANT)), (Ok(0), 10));
		spend(asset, OTHER, NOBODY, MINIMUM);
		assert_eq!(settle(claim), Ok(10));
		assert_eq!((gained(asset, NOBODY), on_hold(asset, TENANT)), (19, 0));
		assert_eq!(gained(asset, POT) + gained(asset, TREASURY), 1 + 12);
		assert!(!Accounts::<Test>::contains_key(claim));
	});
}

#[test]
fn a_claim_knows_what_was_paid_before_it_was_split_off() {
	new_ext().execute_with(|| {
		let asset = AssetId::Local(ASSET);
		let id = started(asset);
		run_to_round(8);
		assert_eq!(settle(id), Ok(100));
		block(OPERATOR, true);
		assert_ok!(Escrow::suspend(id, 8, UNHEALTHY));
		run_to_round(11);
		let claim = id + 1;
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 8, 160, 840)]);
		assert_eq!((account(claim).held, account(claim).paid.total()), (60, 100));
		assert_eq!(on_hold(asset, TENANT), 900);
		block(OPERATOR, false);
		assert_eq!(settle(claim), Ok(60));
		assert_eq!((gained(asset, OPERATOR), gained(asset, POT)), (152, 4));
		assert_eq!((gained(asset, TREASURY), gained(asset, TENANT)), (4, -160));
		Escrow::do_try_state().unwrap();
	});
}

#[test]
fn governance_writes_off_a_claim_without_touching_the_one_off_hold() {
	with_each_asset(|asset| {
		let (id, claim) = suspended_with_claim(asset);
		assert_ok!(Escrow::force_close(RuntimeOrigin::root(), claim, 0));
		assert_eq!(events().last(), Some(&Event::WrittenOff { escrow: claim, amount: 10 }));
		assert_untouched_hold(id, asset, 990);
		assert_eq!(on_hold(asset, TENANT), 990);
	});
}

#[test]
fn a_fee_nobody_can_take_goes_to_the_payee_at_suspension() {
	with_each_asset(|asset| {
		spend(asset, POT, OTHER, START);
		let id = started(asset);
		assert_ok!(Escrow::suspend(id, 5, UNHEALTHY));
		run_to_round(8);
		assert_eq!(notified(), vec![suspended(UNHEALTHY, 5, 100, 900)]);
		assert_eq!((gained(asset, OPERATOR), gained(asset, TREASURY)), (98, 2));
		assert_untouched_hold(id, asset, 900);
		assert_eq!(NextId::<Test>::get(), id + 1, "no claim");
	});
}

#[test]
fn without_an_id_for_the_claim_a_stream_is_closed_instead() {
	with_each_asset(|asset| {
		PlatformFee::set(Perbill::from_percent(10));
		let id = open_replica(asset, 1_000);
		assert_ok!(Escrow::start(
			id,
			StreamStart { payee: NOBODY, rate: 1, prepaid: 0, ..new_start() }
		));
		assert_ok!(Escrow::suspend(id, 1, UNHEALTHY));
		NextId::<Test>::put(u32::MAX);
		run_to_round(4);
		assert_eq!(notified(), vec![ended(UNHEALTHY, 1, 10, 990)]);
		assert_eq!(account(id).state, State::Closed { due: 10 });
		assert_eq!(on_hold(asset, TENANT), 10);
	});
}

#[test]
fn an_owner_may_close_or_start_the_one_off_hold_when_notified() {
	with_each_asset(|asset| {
		let id = started(asset);
		assert_eq!(id, 0);
		when_suspended(|| {
			Escrow::close_hold(0, 0, CloseReason::NoBids).unwrap();
		});
		assert_ok!(Escrow::suspend(id, 5, UNHEALTHY));
		run_to_round(8);
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-100, 0));
		assert!(!Accounts::<Test>::contains_key(id));
	});
	with_each_asset(|asset| {
		let id = started(asset);
		when_suspended(|| start(0));
		assert_ok!(Escrow::suspend(id, 5, UNHEALTHY));
		run_to_round(8);
		assert_eq!(Escrow::funded_until(id), Some(90 + 450));
		run_to_round(12);
		assert_eq!(settle(id), Ok(20), "round 9");
	});
}

#[test]
fn only_existing_streams_are_suspended() {
	with_each_asset(|asset| {
		let hold = open_replica(asset, 100);
		assert_noop!(Escrow::suspend(99, 0, UNHEALTHY), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::suspend(hold, 0, UNHEALTHY), Error::<Test>::NotAStream);
		let (_, claim) = suspended_with_claim(asset);
		assert_noop!(Escrow::suspend(claim, 0, UNHEALTHY), Error::<Test>::AlreadyClosed);
		assert_noop!(Escrow::top_up(claim, 1), Error::<Test>::AlreadyClosed);
	});
}
