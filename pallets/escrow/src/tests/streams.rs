// SPDX-License-Identifier: Apache-2.0

//! Opening, billing and top-ups of streams.

use crate::{Error, Event, Lane, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	CloseReason, NewStream, OneOffHolds as _, StreamStart, Streams as _, Target,
};

#[test]
fn the_example_of_the_module_doc() {
	with_each_asset(|asset| {
		run_to_round(4);
		let id = open(asset);
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(0, 0, 0)
		);
		assert_eq!(on_hold(asset, TENANT), 1_000);

		// Rounds 5 to 14: the prepaid sum pays for them.
		run_to_round(17);
		assert_eq!(settle(id), Ok(200));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(190, 6, 4)
		);
		assert_eq!(on_hold(asset, TENANT), 800);
		run_to_round(18);
		assert_eq!(settle(id), Ok(20));
		assert_eq!(gained(asset, OPERATOR), 209);

		run_to_round(20);
		assert_ok!(Escrow::end(id, 20, CloseReason::TenantClosed));
		run_to(229);
		assert!(Escrow::stream(id).is_some());
		run_to(230);
		assert!(Escrow::stream(id).is_none());
		assert_eq!(gained(asset, TENANT), -320);
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT) + gained(asset, TREASURY)),
			(304, 16)
		);
		assert_eq!(on_hold(asset, TENANT), 0);
	});
	for (reason, paid) in [(CloseReason::TenantClosed, 200), (CloseReason::OperatorClosed, 80)] {
		with_each_asset(|asset| {
			run_to_round(4);
			let id = open(asset);
			assert_ok!(Escrow::end(id, 8, reason));
			run_to_round(11);
			assert!(Escrow::stream(id).is_none());
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-paid, 0));
		});
	}
	for (reason, paid) in [(CloseReason::TenantClosed, 180), (CloseReason::OperatorClosed, 60)] {
		with_each_asset(|asset| {
			run_to_round(4);
			let id = open(asset);
			assert_ok!(Escrow::end(id, 8, reason));
			run_with(110, |round| round != 6);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-paid, 0));
		});
	}
	for (closed, paid) in [(14, 40), (15, 200), (20, 160)] {
		with_each_asset(|asset| {
			run_to_round(4);
			let id = open_replica(asset, 1_000);
			start(id);
			assert_ok!(Escrow::suspend(id, 8, CloseReason::Unhealthy));
			run_to_round(12);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-80, 920));
			assert_ok!(Escrow::start(id, StreamStart { last: 20, trial_until: 14, ..new_start() }));
			run_to_round(closed);
			if closed < 20 {
				assert_ok!(Escrow::end(id, closed, CloseReason::TenantClosed));
			}
			run_to_round(closed + 3);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-80 - paid, 0));
		});
	}
}

#[test]
fn opening_holds_the_deposit_and_pays_nothing() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_eq!(
			events(),
			vec![Event::StreamOpened {
				escrow: id,
				payer: TENANT,
				payee: OPERATOR,
				asset,
				meter: METER,
				rate: 2,
				deposit: 1_000,
				prepaid: 200,
			}]
		);
		let info = Escrow::stream(id).unwrap();
		assert_eq!((info.held, info.paid, info.due, info.blocks_left), (1_000, 0, 0, 500));
		assert_eq!(info.ending, None);
		assert_eq!((on_hold(asset, TENANT), gained(asset, OPERATOR)), (1_000, 0));
		assert_eq!(settle(id), Ok(0), "nor does a settlement");
	});
}

#[test]
fn the_prepaid_sum_is_paid_as_the_meter_earns_it() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_with(50, |round| round != 2);
		// Rounds 1 and 2 are judged; one of them was up.
		assert_eq!(settle(id), Ok(20));
		assert_eq!(Escrow::stream(id).unwrap().due, 0);
		run_to_round(13);
		assert_eq!(settle(id), Ok(160));
		assert_eq!(Escrow::stream(id).unwrap().blocks_left, 500 - 90);
	});
}

#[test]
fn ids_are_never_used_again() {
	with_each_asset(|asset| {
		let hold = hold(asset, 100);
		assert_ok!(Escrow::close_hold(hold, 0, CloseReason::TenantClosed));
		assert_eq!(open(asset), hold + 1);
	});
}

#[test]
fn the_round_of_the_opening_is_not_billed() {
	with_each_asset(|asset| {
		// Opened in the middle of round 5, which is not judged yet.
		run_to(55);
		let id = Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap();
		assert_eq!(stream(id).runs[0].base, None);
		run_to_round(8);
		assert_eq!(settle(id), Ok(0), "rounds up to 5 are judged");
		run_to_round(9);
		assert_eq!(settle(id), Ok(20), "round 6 is judged");
	});
}

#[test]
fn an_untouched_stream_reads_its_base_before_the_meter_forgets_it() {
	with_each_asset(|asset| {
		run_to_round(5);
		let id =
			Escrow::open(NewStream { prepaid: 0, deposit: 10_000, ..new_stream(asset) }).unwrap();
		assert_eq!(stream(id).wake, Some((Lane::Looks, 80)), "round 5 is judged then");
		// The meter remembers 32 rounds; no call touches the stream for 60.
		run_to_round(65);
		assert_eq!(settle(id), Ok(57 * 20), "rounds 6 to 62");
	});
}

#[test]
fn rounds_that_are_not_billable_cost_nothing() {
	with_each_asset(|asset| {
		let id = Escrow::open(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap();
		run_with(230, |round| round % 2 == 0);
		assert_eq!(settle(id), Ok(10 * 20), "10 of the rounds 1 to 20 are even");
		assert_eq!(settle(id), Ok(0));
	});
}

#[test]
fn a_fee_is_fixed_when_the_stream_opens() {
	with_each_asset(|asset| {
		let old = open(asset);
		PlatformFee::set(Perbill::from_percent(50));
		ProberShare::set(Perbill::from_percent(100));
		let new = open(asset);
		run_to_round(13);
		assert_eq!((settle(old), settle(new)), (Ok(200), Ok(200)));
		assert_eq!((account(old).paid.payee, account(new).paid.payee), (190, 100));
		run_to_round(23);
		assert_ok!(settle(old));
		assert_eq!(account(old).paid.payee, 380);
		assert_eq!((account(old).paid.probers, account(old).paid.treasury), (12, 8));
		assert_eq!((account(new).paid.probers, account(new).paid.treasury), (100, 0));
	});
}

#[test]
fn anybody_may_settle() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(15);
		assert_ok!(Escrow::settle(signed(OTHER), id));
		assert_eq!(events().last(), Some(&Event::Settled { escrow: id, paid: 240, fee: 12 }));
		assert_noop!(Escrow::settle(RuntimeOrigin::none(), id), BadOrigin);
		assert_noop!(Escrow::settle(signed(OTHER), 99), Error::<Test>::UnknownEscrow);
	});
}

#[test]
fn a_top_up_makes_the_funds_last_longer() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_eq!(Escrow::funded_until(id), Some(510));
		run_to(500);
		assert_ok!(Escrow::top_up(id, 100));
		assert_eq!(events(), vec![Event::ToppedUp { escrow: id, amount: 100 }]);
		assert_eq!(Escrow::funded_until(id), Some(560));
		assert_eq!(on_hold(asset, TENANT), 1_100);
		run_to(559);
		assert_eq!(Escrow::stream(id).unwrap().ending, None);
		run_to(560);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((55, CloseReason::FundsExhausted)));
	});
}

#[test]
fn bad_input_opens_nothing() {
	with_each_asset(|asset| {
		let new = || new_stream(asset);
		let open = Escrow::open;
		assert_noop!(open(NewStream { rate: 0, ..new() }), Error::<Test>::ZeroRate);
		assert_noop!(
			open(NewStream { deposit: 1, prepaid: 0, ..new() }),
			Error::<Test>::DepositBelowRate
		);
		assert_noop!(
			open(NewStream { prepaid: 1_001, ..new() }),
			Error::<Test>::PrepaidAboveDeposit
		);
		assert_noop!(
			open(NewStream { meter: Target::Service(99), ..new() }),
			Error::<Test>::NoMeter
		);
		// All but the minimum balance can be held.
		assert_noop!(open(NewStream { deposit: START, ..new() }), TokenError::FundsUnavailable);
		TestMeter::end(METER, 5);
		assert_noop!(open(new()), Error::<Test>::MeterEnded);
	});
}

#[test]
fn bad_top_ups_change_nothing() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_noop!(Escrow::top_up(99, 1), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::top_up(id, 0), Error::<Test>::ZeroAmount);
		assert_noop!(Escrow::top_up(id, START), TokenError::FundsUnavailable);
		assert_noop!(Escrow::top_up(id, u128::MAX), ArithmeticError::Overflow);
		assert_ok!(Escrow::end(id, 5, CloseReason::TenantClosed));
		assert_noop!(Escrow::top_up(id, 1), Error::<Test>::Ending);
	});
}

#[test]
fn payer_and_payee_may_be_the_same() {
	with_each_asset(|asset| {
		let id = Escrow::open(NewStream { payee: TENANT, ..new_stream(asset) }).unwrap();
		run_to_round(20);
		assert_ok!(settle(id));
		assert_eq!(gained(asset, TENANT), -17, "the fee of 340");
	});
}

#[test]
fn streams_are_read_with_the_amount_due() {
	with_each_asset(|asset| {
		let id = open(asset);
		let hold = hold(asset, 50);
		run_to_round(15);
		let seen = Escrow::stream(id).unwrap();
		assert_eq!((seen.held, seen.paid, seen.due, seen.blocks_left), (1_000, 0, 240, 380));
		assert_eq!(Escrow::stream(hold), None);
		assert_eq!(account(hold).held, 50);
		assert_eq!(Escrow::funded_until(hold), None);
		assert_ok!(settle(id));
		assert_eq!(Escrow::stream(id).unwrap().due, 0);
	});
}
