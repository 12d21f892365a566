// SPDX-License-Identifier: Apache-2.0

//! Ends of streams, and the notifications of their owners.

use crate::{Error, Event, Lane, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{CloseReason, NewStream, StreamEnd, Streams as _};

/// Reasons of ends that are not by the tenant: the term is over, three by the operator, one by the
/// network.
const NOT_BY_TENANT: [(CloseReason, u16); 5] = [
	(CloseReason::Expired, 1_003),
	(CloseReason::OperatorClosed, 2_001),
	(CloseReason::ServiceRetired, 2_002),
	(CloseReason::Terminated, 2_003),
	(CloseReason::Governance, 3_001),
];

fn end(reason: CloseReason, round: u32, paid: u128, refunded: u128) -> Notified {
	Notified::Ended(owner(), stream_end(reason, round, paid, refunded))
}

#[test]
fn funds_end_at_the_block_foreseen() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to(509);
		assert_eq!(Escrow::stream(id).unwrap().ending, None);
		assert_eq!(notified(), vec![]);
		run_to(510);
		let reason = CloseReason::FundsExhausted;
		assert_eq!(
			events(),
			vec![Event::EndDecided { escrow: id, round: 50, reason, code: 1_002 }]
		);
		assert_eq!(notified(), vec![Notified::Ending(owner(), (50, reason))]);
		run_to(529);
		assert_eq!(notified(), vec![]);
		run_to(530);
		assert_eq!(notified(), vec![end(reason, 50, 1_000, 0)]);
		assert_eq!(gained(asset, TENANT), -1_000);
	});
}

#[test]
fn the_last_round_is_paid_in_part_where_funds_end_inside_it() {
	with_each_asset(|asset| {
		let id = Escrow::open(NewStream { deposit: 1_011, ..new_stream(asset) }).unwrap();
		run_to(514);
		assert_eq!(Escrow::stream(id).unwrap().ending, None);
		run_to(515);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((51, CloseReason::FundsExhausted)));
		run_to(540);
		// 51 rounds cost 1,020.
		assert_eq!(notified().last(), Some(&end(CloseReason::FundsExhausted, 51, 1_011, 0)));
	});
}

#[test]
fn unbillable_rounds_postpone_the_end_of_the_funds() {
	with_each_asset(|asset| {
		let id = open(asset);
		let up = |round| !(10..20).contains(&round);
		run_with(510, up);
		assert_eq!(Escrow::stream(id).unwrap().ending, None);
		assert_eq!(stream(id).wake, Some((Lane::Looks, 610)));
		run_with(610, up);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((60, CloseReason::FundsExhausted)));
	});
}

#[test]
fn funds_kept_for_rounds_that_were_down_are_refunded() {
	with_each_asset(|asset| {
		let id = open(asset);
		// The last two rounds before the end are down; they are judged after the end is decided.
		run_with(530, |round| round < 49);
		assert_eq!(notified().last(), Some(&end(CloseReason::FundsExhausted, 50, 960, 40)));
		assert!(Escrow::stream(id).is_none());
		assert_eq!(gained(asset, TENANT), -960);
	});
}

#[test]
fn an_end_is_billed_to_its_round_and_carried_out_when_that_is_judged() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to(155);
		let reason = CloseReason::OperatorClosed;
		assert_ok!(Escrow::end(id, 27, reason));
		assert_eq!(
			events(),
			vec![Event::EndDecided { escrow: id, round: 27, reason, code: 2_001 }]
		);
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((27, reason)));
		assert_eq!(notified(), vec![], "the caller is not notified");
		run_to(299);
		assert_eq!(notified(), vec![]);
		run_to(300);
		let end = StreamEnd { reason, round: 27, paid: 540, fee: 27, refunded: 460 };
		assert_eq!(notified(), vec![Notified::Ended(owner(), end)]);
		assert_eq!(
			events().last(),
			Some(&Event::Closed {
				escrow: id,
				round: 27,
				reason,
				code: 2_001,
				paid: 540,
				refunded: 460
			})
		);
	});
}

#[test]
fn a_stream_ended_in_its_first_round_costs_the_prepaid_sum() {
	with_each_asset(|asset| {
		run_to(55);
		let id = open(asset);
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		assert_eq!(notified(), vec![], "never from within the call");
		run_to(56);
		assert_eq!(notified(), vec![end(CloseReason::TenantClosed, 5, 200, 800)]);
	});
}

#[test]
fn an_end_not_by_the_tenant_refunds_the_unearned_prepaid_sum() {
	for (reason, code) in NOT_BY_TENANT {
		with_each_asset(|asset| {
			let id = open(asset);
			// The service is down in two of the first five rounds.
			let up = |round| round % 2 == 1;
			run_with(50, up);
			assert_eq!(settle(id), Ok(20), "round 1");
			assert_ok!(Escrow::end(id, 5, reason));
			run_with(80, up);
			assert_eq!(notified(), vec![end(reason, 5, 60, 940)]);
			assert_eq!(
				events().last(),
				Some(&Event::Closed {
					escrow: id,
					round: 5,
					reason,
					code,
					paid: 60,
					refunded: 940
				})
			);
			assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-60, 0));
			assert_eq!(
				(gained(asset, OPERATOR), gained(asset, POT) + gained(asset, TREASURY)),
				(57, 3)
			);
		});
	}
}

#[test]
fn an_operator_that_ends_unserved_streams_gets_nothing() {
	for (reason, _) in NOT_BY_TENANT {
		with_each_asset(|asset| {
			let ids: Vec<_> = (0..4).map(|_| open(asset)).collect();
			run_with(35, |_| false);
			for id in ids {
				assert_eq!(settle(id), Ok(0));
				assert_ok!(Escrow::end(id, 3, reason));
			}
			run_with(60, |_| false);
			assert_eq!(notified(), vec![end(reason, 3, 0, 1_000); 4]);
			assert_eq!((gained(asset, OPERATOR), gained(asset, TENANT)), (0, 0));
			assert_eq!(on_hold(asset, TENANT), 0);
		});
	}
}

#[test]
fn a_meter_that_ends_refunds_what_it_did_not_earn() {
	with_each_asset(|asset| {
		let id = open(asset);
		TestMeter::end(METER, 3);
		run_to_round(5);
		assert_eq!(settle(id), Ok(40));
		run_to_round(6);
		assert_eq!(notified().last(), Some(&end(CloseReason::ServiceRetired, 3, 60, 940)));
		assert_eq!(gained(asset, TENANT), -60);
	});
}

#[test]
fn a_tenant_that_closes_early_pays_the_prepaid_sum() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(3);
		assert_ok!(Escrow::end(id, 3, CloseReason::TenantClosed));
		run_to_round(5);
		// Until the close only the metered amount is paid.
		assert_eq!(settle(id), Ok(40));
		assert_eq!(Escrow::stream(id).unwrap().due, 0);
		run_to_round(6);
		assert_eq!(notified(), vec![end(CloseReason::TenantClosed, 3, 200, 800)]);
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-200, 0));
		assert_eq!(
			(gained(asset, OPERATOR), gained(asset, POT), gained(asset, TREASURY)),
			(190, 6, 4)
		);
	});
}

#[test]
fn exhausted_funds_do_not_pay_for_rounds_that_were_down() {
	with_each_asset(|asset| {
		// The whole deposit is prepaid.
		Escrow::open(NewStream { prepaid: 1_000, ..new_stream(asset) }).unwrap();
		// The last two rounds before the end are down; they are judged after the end is decided.
		run_with(530, |round| round < 49);
		assert_eq!(notified().last(), Some(&end(CloseReason::FundsExhausted, 50, 960, 40)));
		assert_eq!((gained(asset, TENANT), on_hold(asset, TENANT)), (-960, 0));
	});
}

#[test]
fn the_reason_of_the_final_end_decides_about_the_prepaid_sum() {
	let (tenant, operator) = (CloseReason::TenantClosed, CloseReason::Terminated);
	for (first, second, paid) in [
		// A sooner end replaces the one that stands.
		((operator, 20), (tenant, 3), 200),
		((tenant, 20), (operator, 3), 60),
		// An earlier end stands.
		((tenant, 3), (operator, 3), 200),
		((tenant, 3), (operator, 5), 200),
		((operator, 3), (tenant, 3), 60),
		((operator, 3), (tenant, 5), 60),
	] {
		with_each_asset(|asset| {
			let id = open(asset);
			run_to_round(2);
			for (reason, round) in [first, second] {
				assert_ok!(Escrow::end(id, round, reason));
			}
			run_to_round(6);
			let reason = if paid == 200 { tenant } else { operator };
			assert_eq!(notified(), vec![end(reason, 3, paid, 1_000 - paid)]);
			assert_eq!(gained(asset, TENANT), -(paid as i128));
		});
	}
}

#[test]
fn an_end_in_the_past_bills_nothing_after_its_round() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(40);
		let terminated = CloseReason::Terminated;
		assert_eq!(Escrow::end(id, 12, terminated), Ok((12, terminated)));
		run_to(401);
		assert_eq!(notified(), vec![end(terminated, 12, 240, 760)]);
	});
}

#[test]
fn a_round_that_was_read_stays_billed() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(20);
		assert_eq!(settle(id), Ok(340));
		let terminated = CloseReason::Terminated;
		assert_eq!(Escrow::end(id, 12, terminated), Ok((17, terminated)));
		run_to(201);
		assert_eq!(notified(), vec![end(terminated, 17, 340, 660)]);
	});
}

#[test]
fn an_earlier_end_stands_and_a_sooner_one_takes_its_place() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_ok!(Escrow::end(id, 20, CloseReason::OperatorClosed));
		assert_ok!(Escrow::end(id, 20, CloseReason::TenantClosed));
		assert_ok!(Escrow::end(id, 21, CloseReason::TenantClosed));
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((20, CloseReason::OperatorClosed)));
		assert_ok!(Escrow::end(id, 15, CloseReason::TenantClosed));
		run_to_round(18);
		assert_eq!(notified(), vec![end(CloseReason::TenantClosed, 15, 300, 700)]);
	});
}

#[test]
fn funds_may_end_before_the_end_that_was_decided() {
	with_each_asset(|asset| {
		let id = open(asset);
		assert_ok!(Escrow::end(id, 80, CloseReason::OperatorClosed));
		run_to(510);
		assert_eq!(notified(), vec![Notified::Ending(owner(), (50, CloseReason::FundsExhausted))]);
		run_to(530);
		assert_eq!(notified(), vec![end(CloseReason::FundsExhausted, 50, 1_000, 0)]);
		assert!(Escrow::stream(id).is_none());
	});
}

#[test]
fn a_stream_whose_meter_ended_ends_there_after_a_settlement() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(20);
		TestMeter::end(METER, 22);
		run_to_round(40);
		assert_eq!(notified(), vec![], "its funds would last longer");
		assert_eq!(settle(id), Ok(440));
		run_to(401);
		assert_eq!(
			notified(),
			vec![
				Notified::Ending(owner(), (22, CloseReason::ServiceRetired)),
				end(CloseReason::ServiceRetired, 22, 440, 560),
			]
		);
	});
}

#[test]
fn a_meter_that_will_end_is_waited_for() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(20);
		TestMeter::end(METER, 32);
		assert_ok!(settle(id));
		run_to(201);
		assert_eq!(notified(), vec![Notified::Ending(owner(), (32, CloseReason::ServiceRetired))]);
		assert_noop!(Escrow::top_up(id, 10), Error::<Test>::Ending);
		run_to_round(35);
		assert_eq!(notified(), vec![end(CloseReason::ServiceRetired, 32, 640, 360)]);
	});
}

#[test]
fn the_reason_given_first_stands_when_the_meter_ends_too() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(20);
		assert_ok!(Escrow::end(id, 22, CloseReason::Terminated));
		TestMeter::end(METER, 22);
		run_to_round(25);
		assert_eq!(notified(), vec![end(CloseReason::Terminated, 22, 440, 560)]);
	});
}

#[test]
fn an_end_with_that_of_the_meter_or_later_is_that_of_the_meter() {
	let (tenant, terminated) = (CloseReason::TenantClosed, CloseReason::Terminated);
	for (at, stands, paid) in
		[(30, (22, terminated), 440), (22, (22, terminated), 440), (21, (21, tenant), 420)]
	{
		with_each_asset(|asset| {
			let id = open(asset);
			run_to_round(20);
			TestMeter::end_for(METER, 22, terminated);
			run_to_round(30);
			assert_eq!(Escrow::end(id, at, tenant), Ok(stands));
			assert_eq!(Escrow::stream(id).unwrap().ending, Some(stands));
			run_to(301);
			assert_eq!(notified(), vec![end(stands.1, stands.0, paid, 1_000 - paid)]);
		});
	}
}

#[test]
fn a_meter_that_is_gone_bills_no_further_round() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(20);
		assert_ok!(settle(id));
		TestMeter::remove(METER);
		assert_eq!(settle(id), Ok(0));
		run_to(201);
		assert_eq!(notified().last(), Some(&end(CloseReason::ServiceRetired, 17, 340, 660)));
	});
}

#[test]
fn late_judging_is_waited_for() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to_round(10);
		assert_ok!(Escrow::end(id, 10, CloseReason::TenantClosed));
		// No verdicts for five rounds.
		while System::block_number() < 180 {
			next_block_with(&|_| true, ROUND_BLOCKS);
		}
		assert_eq!(notified(), vec![]);
		assert_eq!(stream(id).wake, Some((Lane::Urgent, 190)), "looked at once a round");
		run_to_round(19);
		assert_eq!(notified(), vec![end(CloseReason::TenantClosed, 10, 200, 800)]);
	});
}

#[test]
fn only_existing_streams_end() {
	with_each_asset(|asset| {
		let hold = hold(asset, 100);
		assert_noop!(Escrow::end(99, 0, CloseReason::TenantClosed), Error::<Test>::UnknownEscrow);
		assert_noop!(Escrow::end(hold, 0, CloseReason::TenantClosed), Error::<Test>::NotAStream);
	});
}
