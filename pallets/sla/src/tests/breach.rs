// SPDX-License-Identifier: Apache-2.0

//! Breaches: the money they move, and the record they leave.

use super::*;
use pallet_surety_reputation::{Cause, Event as ReputationEvent};
use surety_primitives::ServiceStatus;

/// Breaches that reputation was notified of since the last call.
fn reported() -> Vec<(AccountId, Target, BreachKind, Severity)> {
	let reported = |event| match event {
		RuntimeEvent::Reputation(ReputationEvent::Moved {
			account,
			cause: Cause::Breach { target, kind, severity },
			..
		}) => Some((account, target, kind, severity)),
		_ => None,
	};
	all_events().into_iter().filter_map(reported).collect()
}

#[test]
fn a_breach_credits_every_agreement_out_of_the_bond_in_that_block() {
	build_and_execute(|| {
		let first = open(OTHER, SERVICE, 2);
		let second = open_counting(TENANT, SERVICE, 3);
		events();
		let treasury = free(NATIVE, TREASURY);
		let record = breach(SERVICE, None, Low);

		assert_eq!((record.demanded, record.rate), (tenths(1), 5 * PRICE));
		assert_eq!((record.index_before, record.index_after), (NO_COVER, tenths(1)));
		assert_eq!((record.credited, record.penalty), (300, 30));
		assert_eq!((record.allowance, record.multiplier, record.counters.down), (1, 1, 3));
		assert_eq!((owed(first), owed(second)), (120, 180));
		assert_eq!(bond(NATIVE), BOND - 330);
		assert_eq!(free(NATIVE, TREASURY), treasury + 30);
		assert_eq!(free(NATIVE, Sla::pot()), MINIMUM + 300);
		assert_eq!(exposure(SERVICE), reserve(5 * PRICE, tenths(39)));
		assert_eq!(events(), [Event::Breached { target: SERVICE, number: 0, breach: record }]);
		breach(SERVICE, Some(Low), Medium);
		assert_eq!(reported(), [(OPERATOR, SERVICE, BreachKind::Downtime, Medium)]);
	});
}

#[test]
fn an_outage_breaches_at_every_tier_it_reaches() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		outage(SERVICE, COUNTING + 1..4 * R);
		events();
		// One bad round is allowed; nine are down.
		at_round(4 * R + 1);
		let breaches: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::Breached { breach, .. } => {
					Some((breach.round, breach.severity, breach.credited))
				},
				_ => None,
			})
			.collect();
		let first = COUNTING + 1;
		assert_eq!(
			breaches,
			[(first + 1, Low, 60), (first + 2, Medium, 60), (first + 5, High, 180)]
		);
		assert_eq!(owed(id), 300);
		assert_eq!(bond(NATIVE), BOND - 330);
	});
}

#[test]
fn agreements_at_different_prices_are_credited_the_same_share() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.price = 2);
		let cheap = open(OTHER, SERVICE, 1);
		relist(SERVICE, |listing| listing.price = PRICE);
		let dear = open_counting(TENANT, SERVICE, 2);
		assert_eq!((agreement(cheap).rate, agreement(dear).rate), (2, 2 * PRICE));
		let record = breach(SERVICE, None, High);
		assert_eq!((owed(cheap), owed(dear)), (120 / 2, 2 * WINDOW_PRICE / 2));
		assert_eq!((record.credited, record.penalty, record.index_after), (660, 66, tenths(5)));
		assert_eq!(exposure(SERVICE), reserve(22, tenths(35)));

		// A later price starts at the same index.
		relist(SERVICE, |listing| listing.price = 30);
		let late = open(THIRD, SERVICE, 1);
		at_round(4 * R + 2);
		breach(SERVICE, None, Low);
		assert_eq!((owed(cheap), owed(dear), owed(late)), (72, 720, 180));
	});
}

#[test]
fn services_are_sold_at_any_number_of_prices() {
	build_and_execute(|| {
		let ids: Vec<_> = (1..=20)
			.map(|price| {
				relist(SERVICE, |listing| listing.price = price);
				open(TENANT, SERVICE, 1)
			})
			.collect();
		at_round(COUNTING);
		breach(SERVICE, None, Low);
		let credits: Vec<_> = ids.into_iter().map(owed).collect();
		assert_eq!(credits, (1..=20).map(|price| price * 6).collect::<Vec<_>>());
	});
}

#[test]
fn bonds_pay_rounded_up_tenants_get_rounded_down_the_treasury_the_rest() {
	build_and_execute(|| {
		// 0.6 and 1.2 base units.
		promise(SERVICE, WindowShare::from_inner(10_000_000), COVER);
		relist(SERVICE, |listing| listing.price = 1);
		let one = open(OTHER, SERVICE, 1);
		let two = open_counting(TENANT, SERVICE, 2);
		let record = breach(SERVICE, None, Low);
		assert_eq!((record.credited, owed(one), owed(two)), (2, 0, 1));
		// Sums are rounded, not every credit.
		let record = breach_with(SERVICE, BreachKind::Slow, None, Low, 1);
		assert_eq!((record.credited, owed(one), owed(two)), (2, 1, 2));

		end(one);
		let amounts = |state: TargetState| (state.set_aside, state.spare);
		assert_eq!(amounts(state(SERVICE)), (3, 0), "the other shares in it");
		end(two);
		assert_eq!(amounts(state(SERVICE)), (0, 1));
		assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 1, reserve: MINIMUM });
		let treasury = free(NATIVE, TREASURY);
		open(OTHER, SERVICE, 1);
		at_round(4 * R + 2);
		assert_eq!(free(NATIVE, TREASURY), treasury + 1);
		assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 0, reserve: MINIMUM });
	});
}

#[test]
fn a_tier_pays_the_difference_to_the_one_before() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		let paid = [None, Some(Low), Some(Medium), Some(High)]
			.into_iter()
			.zip([Low, Medium, High, Critical]);
		let demanded: Vec<_> =
			paid.map(|(before, now)| breach(SERVICE, before, now).demanded).collect();
		assert_eq!(demanded, [1, 1, 3, 5].map(tenths));
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

#[test]
fn a_repeated_breach_is_multiplied() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let record = breach_with(SERVICE, BreachKind::BadData, Some(Low), Medium, 3);
		assert_eq!((record.demanded, record.allowance, record.credited), (tenths(3), 3, 360));
		assert_eq!(owed(id), 360);
		let record = breach_with(SERVICE, BreachKind::Misbehaviour, None, Low, 0);
		assert_eq!((record.demanded, record.allowance, record.multiplier), (tenths(1), 0, 1));
	});
}

#[test]
fn a_breach_may_cost_more_than_a_window_and_credits_at_most_what_was_paid() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let record = breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		assert_eq!((record.credited, record.penalty), (3 * 1_200, 360));
		// Twelve rounds are judged and billed.
		assert_eq!((owed(id), reserved(id)), (1_200, 2_400));
		pass_rounds(4);
		assert_eq!((owed(id), reserved(id)), (1_600, 2_000));
	});
}

#[test]
fn a_breach_leaves_other_services_covered() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		open(TENANT, SIBLING, 2);
		assert_eq!([exposure(SERVICE), exposure(SIBLING)], [2_640, 5_280]);
		unbond_free(NATIVE);
		let record = breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		assert_eq!((record.demanded, record.credited, record.penalty), (tenths(30), 1_800, 180));
		assert_eq!(bond(NATIVE), exposure(SERVICE) + exposure(SIBLING));
	});
}

#[test]
fn the_penalty_share_of_a_window_is_that_of_its_first_block() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		Share::set(&Perbill::from_percent(50));
		assert_eq!(breach(SERVICE, None, Low).penalty, 6);
		at_round(4 * R);
		// Window 4 has begun; window 3 is judged.
		Share::set(&Perbill::from_percent(80));
		let record = breach_in(4 * R - 1, SERVICE, BreachKind::Slow, None, Low, 1);
		assert_eq!(record.penalty, 6);
		at_round(4 * R + 2);
		assert_eq!(exposure(SERVICE), 600 * 38 / 10 * 15 / 10);
		assert_eq!(breach(SERVICE, None, Low).penalty, 30);
	});
}

#[test]
fn a_penalty_share_that_the_bond_does_not_cover_leaves_the_old_one() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		unbond_to(NATIVE, exposure(SERVICE) + 100);
		Share::set(&Perbill::from_percent(50));
		at_round(4 * R + 2);
		let now = state(SERVICE);
		assert_eq!((now.penalty_share, now.ends), (Perbill::from_percent(10), None));
		assert_eq!(exposure(SERVICE), 2_640);
		bond_more(NATIVE, 2_400 * 4 / 10 - 100);
		at_round(5 * R + 2);
		assert_eq!(state(SERVICE).penalty_share, Perbill::from_percent(50));
		assert_eq!(exposure(SERVICE), 3_600);
	});
}

#[test]
fn a_penalty_share_that_falls_releases_bond_with_the_window() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		Share::set(&Perbill::zero());
		at_round(4 * R + 2);
		assert_eq!(exposure(SERVICE), 2_400);
		assert_eq!(breach(SERVICE, None, Low).penalty, 0);
	});
}

#[test]
fn credits_are_paid_whatever_the_penalty_share_is_changed_to() {
	for percent in [0, 10, 50, 100] {
		build_and_execute(|| {
			let id = open_counting(TENANT, SERVICE, 1);
			open(TENANT, SIBLING, 2);
			unbond_free(NATIVE);
			Share::set(&Perbill::from_percent(percent));
			assert_eq!(breach(SERVICE, None, High).credited, 300);
			at_round(4 * R + 2);
			assert_eq!(breach(SERVICE, None, High).credited, 300);
			assert_eq!(owed(id), 600);
			assert!(bond(NATIVE) >= exposure(SERVICE) + exposure(SIBLING));
		});
	}
}

#[test]
fn at_the_cover_the_service_is_terminated() {
	build_and_execute(|| {
		let cover = WindowShare::from_rational(11, 20);
		relist(SERVICE, |listing| listing.terms.cover = cover);
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		assert_eq!(listing(SERVICE).status, ServiceStatus::Active);
		events();
		let record = breach_with(SERVICE, BreachKind::Slow, None, Low, 1);
		assert_eq!((record.demanded, record.credited), (tenths(1), 60));
		assert_eq!(record.index_after, cover);
		let (at, reason) = (COUNTING, CloseReason::Terminated);
		assert_eq!(listing(SERVICE).status, ServiceStatus::Ending { at });
		assert_eq!(meter_end(SERVICE), Some((at, reason)));
		let ended = Event::ServiceTerminated { target: SERVICE, at, reason, code: 2_003 };
		assert_eq!(events().last(), Some(&ended));
		assert_eq!((exposure(SERVICE), owed(id)), (0, 660));

		// Rounds that had begun are judged, but pay no more and terminate no more.
		let record = breach_with(SERVICE, BreachKind::BadData, None, Critical, 1);
		assert_eq!((record.credited, record.penalty), (0, 0));
		assert!(!events().iter().any(|e| matches!(e, Event::ServiceTerminated { .. })));
	});
}

#[test]
fn terms_without_credits_are_never_at_their_cover() {
	build_and_execute(|| {
		promise(SERVICE, NO_COVER, NO_COVER);
		open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, Critical);
		assert_eq!(listing(SERVICE).status, ServiceStatus::Active);
		assert_eq!(state(SERVICE).ends, None);
	});
}

#[test]
fn a_breach_before_units_count_is_recorded_and_costs_nothing() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 2);
		at_round(2 * R + 3);
		all_events();
		let record = breach(SERVICE, None, Critical);
		assert_eq!(
			(record.rate, record.credited, record.penalty, record.index_after),
			(0, 0, 0, NO_COVER)
		);
		assert_eq!((bond(NATIVE), owed(id)), (BOND, 0));
		assert_eq!(reported().len(), 1);
		at_round(COUNTING);
		assert_eq!(window_terms(SERVICE).multiplier, 2);
	});
}

#[test]
fn a_service_that_never_had_agreements_leaves_no_trace() {
	build_and_execute(|| {
		all_events();
		let terms = WindowTerms { allowance: [1; 3], multiplier: 1 };
		let counters = Counters::default();
		let (window, round, kind, before, severity) = (2, 24, BreachKind::Slow, None, Low);
		let tier = TierReached { window, round, kind, before, severity, counters, terms };
		assert_eq!(Sla::tier_reached(SERVICE, tier).0, None);
		assert_eq!(Sla::window_closed(SERVICE, 2, &counters).next.multiplier, 1);
		assert_eq!((Targets::<Test>::iter().count(), Breaches::<Test>::iter().count()), (0, 0));
		assert!(reported().is_empty());
	});
}

#[test]
fn a_bond_that_cannot_pay_raises_the_index_by_what_moved_for_all() {
	build_and_corrupt(|| {
		relist(SERVICE, |listing| listing.price = 2);
		let cheap = open(OTHER, SERVICE, 1);
		relist(SERVICE, |listing| listing.price = PRICE);
		let dear = open_counting(TENANT, SERVICE, 2);
		// 660 is demanded. Nothing on the chain takes bond that is reserved.
		assert_ok!(Money::release(NATIVE, BOND_HOLD, &OPERATOR, bond(NATIVE) - 100));
		pallet_surety_operators::Bonds::<Test>::mutate(OPERATOR, NATIVE, |bond| bond.active = 100);
		let record = breach(SERVICE, None, High);
		assert_eq!((record.credited, record.penalty), (100, 0));
		assert!(record.index_after < tenths(1));
		// 100 x 2 / 22 and 100 x 20 / 22.
		assert_eq!((owed(cheap), owed(dear)), (9, 90));

		// With more bond the next is paid in full.
		bond_more(NATIVE, FUNDS / 2);
		let record = breach(SERVICE, Some(High), Critical);
		assert_eq!((record.credited, owed(cheap), owed(dear)), (660, 60 + 9, 600 + 90));
	});
}

#[test]
fn the_history_keeps_the_last_breaches() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		for _ in 0..7 {
			breach_with(SERVICE, BreachKind::BadData, None, Low, 1);
		}
		let numbers = |start, limit| -> Vec<u32> {
			Sla::breach_history(SERVICE, start, limit).iter().map(|(n, _)| *n).collect()
		};
		assert_eq!(numbers(None, 10), [2, 3, 4, 5, 6]);
		assert_eq!(numbers(None, 2), [2, 3]);
		assert_eq!(numbers(Some(3), 2), [4, 5]);
		assert_eq!(numbers(Some(6), 2), [0; 0]);
		assert_eq!(numbers(Some(u32::MAX), 2), [0; 0]);
		let (_, last) = Sla::breach_history(SERVICE, Some(5), 1).remove(0);
		assert_eq!((last.index_before, last.index_after), (tenths(6), tenths(7)));
	});
}

#[test]
fn a_breach_costs_the_same_with_one_agreement_and_with_many() {
	let touched = |tenants: u32| {
		let mut ext = new_test_ext();
		ext.execute_with(|| {
			for price in 1..tenants {
				relist(SERVICE, |listing| listing.price = (price % 20 + 1).into());
				assert_ok!(try_open(OTHER, SERVICE, 1, 2_000));
			}
			open_counting(TENANT, SERVICE, 1);
		});
		ext.commit_all().unwrap();
		ext.execute_with(|| breach(SERVICE, None, Low));
		let changed = ext.overlayed_changes().changes().count();
		ext.execute_with(|| Sla::do_try_state().unwrap());
		changed
	};
	assert_eq!(touched(1), touched(90));
}
