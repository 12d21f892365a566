//! What a breach moves, and what it leaves behind.

use super::*;
use surety_primitives::Counters;

#[test]
fn a_breach_credits_every_unit_out_of_the_bond_in_that_block() {
	ExtBuilder::build_and_execute(|| {
		let first = open(OTHER, SERVICE, 2);
		let second = open_counting(TENANT, SERVICE, 3);
		events();
		let treasury = free(NATIVE, TREASURY);
		let record = breach(SERVICE, None, Low);

		assert_eq!((record.demanded, record.units), (60, 5));
		assert_eq!((record.index_before, record.index_after), (0, 60));
		assert_eq!((record.credited, record.slashed, record.penalty), (300, 300, 30));
		assert_eq!(record.rises.to_vec(), [Rise { price: PRICE, units: 5, before: 0, after: 60 }]);
		assert_eq!((record.allowance, record.multiplier, record.counters.down), (1, 1, 3));
		assert_eq!((owed(first), owed(second)), (120, 180));
		assert_eq!(bond(NATIVE), BOND - 330);
		assert_eq!(free(NATIVE, TREASURY), treasury + 30);
		assert_eq!(free(NATIVE, Sla::pot()), MINIMUM + 300);
		assert_eq!(World::exposure(SERVICE), 5 * (CAP - 60) * 11 / 10);
		assert_eq!(Reported::get(), [(OPERATOR, SERVICE, BreachKind::Downtime, Low)]);
		assert_eq!(events(), [Event::Breached { service: SERVICE, number: 0, breach: record }]);
	});
}

#[test]
fn a_tier_pays_the_difference_to_the_one_before() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		let paid = [None, Some(Low), Some(Medium), Some(High)].into_iter().zip([Low, Medium, High, Critical]);
		let demanded: Vec<_> = paid.map(|(before, now)| breach(SERVICE, before, now).demanded).collect();
		assert_eq!(demanded, [60, 60, 180, 300]);
		assert_eq!(owed(id), 600);
	});
}

#[test]
fn a_repeated_breach_is_multiplied() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let record = breach_with(SERVICE, BreachKind::BadData, Some(Low), Medium, 3);
		assert_eq!((record.demanded, record.allowance, record.credited), (180, 3, 360));
		assert_eq!(owed(id), 360);
		let record = breach_with(SERVICE, BreachKind::Misbehaviour, None, Low, 0);
		assert_eq!((record.demanded, record.allowance, record.multiplier), (60, 0, 1));
	});
}

#[test]
fn a_windows_credits_end_at_its_price_and_the_rest_is_penalty() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		// Wrong answers as well: 600 demanded, 300 of the window's price are left.
		let record = breach_with(SERVICE, BreachKind::BadData, None, Critical, 1);
		assert_eq!((record.credited, record.penalty), (600, 60 + 600));
		assert_eq!(owed(id), 2 * WINDOW_PRICE);
		let record = breach_with(SERVICE, BreachKind::Slow, None, Low, 1);
		assert_eq!((record.credited, record.slashed, record.penalty), (0, 0, 120));
		assert_eq!(owed(id), 2 * WINDOW_PRICE);

		// The next window has its own price.
		at_round(4 * R);
		turn(SERVICE, 3);
		breach(SERVICE, None, High);
		assert_eq!(owed(id), 2 * WINDOW_PRICE + 600);
	});
}

#[test]
fn a_breach_judged_before_the_turn_is_called_counts_in_its_own_window() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Critical);
		at_round(4 * R);
		assert_eq!(breach(SERVICE, None, High).credited, 300);
	});
}

#[test]
fn a_penalty_leaves_other_services_covered() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		open(TENANT, SIBLING, 2);
		// Nothing is free: 2,200 and 4,400 are reserved.
		lose_bond(NATIVE, 6_600);
		let record = breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		assert_eq!((record.demanded, record.credited, record.penalty), (1_800, 600, 60));
		assert_eq!(bond(NATIVE), World::exposure(SERVICE) + World::exposure(SIBLING));
	});
}

#[test]
fn a_raised_penalty_share_takes_no_more_than_is_free() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		open(TENANT, SIBLING, 2);
		lose_bond(NATIVE, 6_600);
		Share::set(&Perbill::from_percent(50));
		let record = breach(SERVICE, None, Low);
		assert_eq!(record.credited, 60);
		assert!(bond(NATIVE) >= World::exposure(SERVICE) + World::exposure(SIBLING));
	});
}

#[test]
fn a_service_that_was_dead_for_a_window_ends_for_cause() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let was = |up, down, unmeasured| Counters { up, down, unmeasured, ..Default::default() };
		// A tenth of what was measured is enough, and so is a window of which too little was measured.
		for alive in [was(1, 9, 2), was(2, 10, 0), was(0, 5, 7), was(0, 0, 12)] {
			at_round(TestClock::round() + R);
			turn_with(SERVICE, TestClock::round() / R - 1, alive);
			assert!(!state(SERVICE).terminated, "{alive:?}");
		}
		at_round(TestClock::round() + R);
		System::reset_events();
		turn_with(SERVICE, TestClock::round() / R - 1, was(1, 11, 0));
		assert!(state(SERVICE).terminated);
		assert_eq!(events(), [Event::ServiceTerminated { service: SERVICE, at: TestClock::round() }]);
		assert_eq!(Terminated::get()[&SERVICE], TestClock::round());
		// Once.
		turn_with(SERVICE, TestClock::round() / R, was(0, 12, 0));
		assert_eq!(events(), []);
		assert_eq!(agreement(id).state, AgreementState::Open, "its stream ends with the meter");
	});
}

#[test]
fn who_has_no_units_is_not_ended_for_a_dead_window() {
	ExtBuilder::build_and_execute(|| {
		turn_with(SERVICE, 2, Counters { down: R as u16, ..Default::default() });
		assert_eq!(events(), []);
	});
}

#[test]
fn a_lease_that_answers_half_of_the_probers_for_a_window_is_ended() {
	ExtBuilder::build_and_execute(|| {
		let service = list_lease(7, NATIVE);
		World::begin_lease(TENANT, 7, DEPOSIT).unwrap();
		turn_with(service, 3, Counters { unclear: R as u16, ..Default::default() });
		assert!(state(service).terminated);
		assert_eq!(AtCap::get(), [(7, TestClock::round())]);
	});
}

#[test]
fn at_the_cap_the_service_is_terminated() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.credit_cap = 350);
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		assert_eq!(Terminated::get().get(&SERVICE), None);
		events();
		let record = breach_with(SERVICE, BreachKind::Slow, None, Low, 1);
		assert_eq!((record.demanded, record.credited, record.index_after), (60, 100, 350));
		let at = 3 * R;
		assert_eq!(Terminated::get()[&SERVICE], at);
		assert_eq!(MeterEnds::get()[&SERVICE], at);
		assert_eq!(events().last(), Some(&Event::ServiceTerminated { service: SERVICE, at }));
		assert_eq!(World::exposure(SERVICE), 0);
		assert_eq!(owed(id), 700);

		// Rounds that had begun are judged, but pay no more and terminate no more.
		let record = breach_with(SERVICE, BreachKind::BadData, None, Critical, 1);
		assert_eq!((record.credited, record.penalty), (0, 0));
		assert!(!events().iter().any(|e| matches!(e, Event::ServiceTerminated { .. })));
	});
}

#[test]
fn terms_without_credits_are_never_at_their_cap() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| (s.terms.credit_cap, s.terms.credit) = (0, [0; 4]));
		open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, Critical);
		assert!(Terminated::get().is_empty());
		assert!(!state(SERVICE).terminated);
	});
}

#[test]
fn without_units_that_count_a_breach_is_recorded_and_costs_nothing() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 2);
		let record = breach(SERVICE, None, Critical);
		assert_eq!((record.units, record.credited, record.penalty, record.index_after), (0, 0, 0, 0));
		assert_eq!((bond(NATIVE), owed(id)), (BOND, 0));
		assert_eq!(Reported::get().len(), 1);
		assert_eq!(turn(SERVICE, 2).multiplier, 2);
	});
}

#[test]
fn a_service_that_never_had_agreements_leaves_no_trace() {
	ExtBuilder::build_and_execute(|| {
		let frozen = Sla::heated(SERVICE);
		Sla::breached(
			SERVICE,
			surety_primitives::Breached {
				window: 2,
				round: 24,
				kind: BreachKind::Slow,
				before: None,
				severity: Low,
				counters: Default::default(),
				frozen,
			},
		);
		assert_eq!(turn(SERVICE, 2).multiplier, 1);
		assert_eq!((Services::<Test>::iter().count(), Breaches::<Test>::iter().count()), (0, 0));
		assert!(Reported::get().is_empty());
	});
}

#[test]
fn a_bond_that_cannot_pay_raises_the_index_by_what_moved() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 3);
		lose_bond(NATIVE, 100);
		let record = breach(SERVICE, None, Low);
		assert_eq!((record.slashed, record.credited, record.index_after), (100, 99, 33));
		assert_eq!((owed(id), state(SERVICE).carry, record.penalty), (99, 1, 0));
		assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 99, carry: 1, reserve: MINIMUM });

		// What was carried over pays first.
		more_bond(NATIVE, 500);
		let record = breach(SERVICE, Some(Low), Medium);
		assert_eq!((record.credited, record.slashed), (180, 179));
		assert_eq!((owed(id), state(SERVICE).carry), (279, 0));
	});
}

#[test]
fn the_history_keeps_the_last_breaches() {
	ExtBuilder::build_and_execute(|| {
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
		assert_eq!((last.index_before, last.index_after), (360, 420));
	});
}

#[test]
fn a_breach_costs_the_same_with_one_agreement_and_with_many() {
	let touched = |tenants: u32| {
		let mut ext = ExtBuilder::build();
		ext.execute_with(|| {
			for _ in 1..tenants {
				assert_ok!(Sla::open_agreement(signed(OTHER), SERVICE, 1, u128::MAX, 1_000, 0));
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
