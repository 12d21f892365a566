//! Windows that turn: from when units count, and what a window is judged by.

use super::*;

#[test]
fn units_count_from_the_window_after_the_one_they_were_opened_in() {
	ExtBuilder::build_and_execute(|| {
		let early = open(TENANT, SERVICE, 1);
		at_round(3 * R);
		let late = open(OTHER, SERVICE, 2);
		assert_eq!(state(SERVICE).active, 0);

		turn(SERVICE, 2);
		assert_eq!(state(SERVICE).active, PRICE);
		breach(SERVICE, None, Low);
		assert_eq!((owed(early), owed(late)), (60, 0));

		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(state(SERVICE).active, 3 * PRICE);
		breach(SERVICE, None, Low);
		assert_eq!((owed(early), owed(late)), (120, 120));
	});
}

#[test]
fn the_base_of_a_window_goes_with_the_last_agreement_that_reads_it() {
	ExtBuilder::build_and_execute(|| {
		let ids = [open(TENANT, SERVICE, 1), open(OTHER, SERVICE, 2)];
		at_round(3 * R);
		turn(SERVICE, 2);
		let waits = |agreements| Some(WindowStart { index: NO_COVER, agreements });
		assert_eq!(WindowBase::<Test>::get(SERVICE, 2), waits(2));
		assert_ok!(Sla::settle(signed(THIRD), ids[0]));
		assert_eq!(WindowBase::<Test>::get(SERVICE, 2), waits(1));
		assert_eq!(agreement(ids[0]).base, Base::Index(NO_COVER));
		assert_ok!(Sla::settle(signed(THIRD), ids[1]));
		assert_eq!(WindowBase::<Test>::get(SERVICE, 2), None);
	});
}

#[test]
fn a_window_without_new_units_leaves_no_base() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		turn(SERVICE, 3);
		assert_eq!(WindowBase::<Test>::iter_keys().collect::<Vec<_>>(), [(SERVICE, 2)]);
	});
}

#[test]
fn a_row_that_starts_with_a_window_needs_no_turn_of_the_one_before() {
	ExtBuilder::build_and_execute(|| {
		// Opened in the last round of window 2, hot from the first of window 3.
		at_round(3 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		at_round(3 * R + 3);
		breach(SERVICE, None, Low);
		assert_eq!(owed(id), 60);
	});
}

#[test]
fn a_window_says_what_the_next_is_judged_by() {
	ExtBuilder::build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		// 90 % of 12 rounds: one may be down; 5 % slow: none; one wrong.
		assert_eq!(turn(SERVICE, 2).allowance, [1; 3]);
		assert_eq!(Sla::heated(SERVICE).allowance, [1; 3]);
		assert_eq!(Sla::heated(99).allowance, [u16::MAX; 3], "nobody's terms are never broken");
	});
}

#[test]
fn breached_windows_multiply_the_next_and_wear_off() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		let mut seen = Vec::new();
		for window in 3..12 {
			at_round(window * R);
			if window < 7 {
				breach(SERVICE, None, Low);
				breach(SERVICE, Some(Low), Medium);
			}
			seen.push(turn(SERVICE, window).multiplier);
		}
		// Four windows back count, at most three times.
		assert_eq!(seen, [2, 3, 3, 3, 3, 3, 2, 1, 1]);
	});
}

#[test]
fn a_window_is_judged_by_the_escalation_of_its_first_block() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		at_round(4 * R);
		breach(SERVICE, None, Low);
		// Window 4 has begun, and the turn of window 3 freezes its multiplier.
		MostMultiplied::set(&1);
		Escalation::set(&0);
		assert_eq!(turn(SERVICE, 3).multiplier, 2);
		at_round(5 * R);
		MostMultiplied::set(&3);
		assert_eq!(turn(SERVICE, 4).multiplier, 1);
	});
}

#[test]
fn parameters_are_kept_of_the_windows_that_may_still_be_judged() {
	ExtBuilder::build_and_execute(|| {
		at_round(9 * R);
		let mut windows: Vec<_> = WindowRules::<Test>::iter_keys().collect();
		windows.sort_unstable();
		assert_eq!(windows, [6, 7, 8, 9]);
		let weight = Sla::on_initialize(0);
		assert_eq!(weight, <() as WeightInfo>::begin_window());
		System::set_block_number(System::block_number() + 1);
		Share::set(&Perbill::one());
		assert_eq!(Sla::on_initialize(0), Weight::zero());
		assert_eq!(WindowRules::<Test>::get(9).unwrap().penalty_share, Perbill::from_percent(10));
	});
}

#[test]
fn a_service_that_becomes_active_again_keeps_its_record_and_nothing_else() {
	ExtBuilder::build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		let id = open_counting(TENANT, SERVICE, 3);
		open(OTHER, SERVICE, 2);
		breach(SERVICE, None, Low);
		let other = NextAgreement::<Test>::get() - 1;
		World::decide_end(other, 3 * R, CloseReason::Governance);
		end(id, 3 * R);
		let idle = state(SERVICE);
		assert_eq!((idle.units, idle.rate, idle.active, idle.set_aside), (0, 0, 0, 0));
		assert_eq!((idle.slot, idle.pending.len()), (None, 0));
		assert_eq!(World::exposure(SERVICE), 0);
		assert_eq!(WindowBase::<Test>::iter().count(), 0);

		at_round(4 * R);
		Services::<Test>::mutate_extant(SERVICE, |s| s.ends = Some(3 * R));
		BaseRent::set(&Perbill::from_percent(20));
		begin_again();
		Share::set(&Perbill::from_percent(20));
		let id = open(TENANT, SERVICE, 1);
		assert_eq!(Sla::heated(SERVICE).multiplier, 2);
		let again = state(SERVICE);
		assert_eq!((again.index, agreement(id).base), (tenths(1), Base::Window(4)));
		assert_eq!((again.rate, again.active, again.pending.len()), (PRICE, 0, 1));
		assert_eq!(again.ends, None);
		assert_eq!(again.slot.map(|slot| (slot.rent, slot.least_rate)), Some((200, PRICE)));
		assert_eq!(World::exposure(SERVICE), 600 * 39 / 10 * 12 / 10 + 600);
		at_round(5 * R);
		turn(SERVICE, 4);
		assert_eq!(owed(id), 0);
	});
}

/// Rounds up, down and unmeasured.
fn was(up: u16, down: u16, unmeasured: u16) -> Counters {
	Counters { up, down, unmeasured, ..Default::default() }
}

#[test]
fn a_service_up_in_less_than_half_of_the_measured_rounds_of_a_window_ends_for_cause() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		// Half of what was measured is enough, and so is a window of which less than half was
		// measured.
		for alive in [was(6, 6, 0), was(3, 3, 6), was(0, 5, 7), was(0, 0, 12)] {
			at_round(TestClock::round() + R);
			turn_with(SERVICE, TestClock::round() / R - 1, alive);
			assert_eq!(state(SERVICE).ends, None, "{alive:?}");
		}
		at_round(TestClock::round() + R);
		events();
		let at = TestClock::round();
		turn_with(SERVICE, at / R - 1, was(2, 4, 6));
		assert_eq!((state(SERVICE).ends, Terminated::get()[&SERVICE]), (Some(at), at));
		let reason = CloseReason::Terminated;
		assert_eq!(
			events(),
			[Event::ServiceTerminated { service: SERVICE, at, reason, code: 2_003 }]
		);
		// Once.
		at_round(at + R);
		turn_with(SERVICE, at / R, was(0, 12, 0));
		assert_eq!(events(), []);
		assert_eq!(agreement(id).state, AgreementState::Open, "its stream ends with the meter");
	});
}

#[test]
fn wrong_late_and_unclear_answers_are_not_up() {
	let counters = |set: fn(&mut Counters)| {
		let mut counters = was(5, 0, 0);
		set(&mut counters);
		counters
	};
	for dead in [counters(|c| c.bad = 6), counters(|c| c.stale = 6), counters(|c| c.unclear = 6)] {
		ExtBuilder::build_and_execute(|| {
			open(TENANT, SERVICE, 1);
			turn_with(SERVICE, 2, dead);
			assert!(state(SERVICE).ends.is_some());
		});
	}
	ExtBuilder::build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		turn_with(SERVICE, 2, counters(|c| c.excused = 7));
		assert_eq!(state(SERVICE).ends, None, "what is excused is not measured");
	});
}

#[test]
fn who_has_no_units_is_not_ended_for_a_dead_window() {
	ExtBuilder::build_and_execute(|| {
		turn_with(SERVICE, 2, was(0, R as u16, 0));
		let id = open(TENANT, SERVICE, 1);
		end(id, 2 * R);
		events();
		turn_with(SERVICE, 2, was(0, R as u16, 0));
		assert_eq!(events(), []);
	});
}

#[test]
fn a_dead_window_does_not_put_off_an_end() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		let ends = state(SERVICE).ends;
		assert_eq!(ends, Some(3 * R));
		at_round(4 * R + 2);
		events();
		turn_with(SERVICE, 3, was(0, 12, 0));
		assert_eq!((state(SERVICE).ends, events()), (ends, vec![]));
		assert_eq!(MeterEnds::get()[&SERVICE], (3 * R, CloseReason::Terminated));
	});
}

#[test]
fn the_record_of_windows_is_what_a_list_of_them_would_say() {
	use proptest::prelude::*;
	proptest!(|(gaps in proptest::collection::vec(0u32..70, 0..30), ahead in 0u32..80, among in 0u32..=64)| {
		let mut state = ServiceState::new(NATIVE);
		let mut list = std::collections::BTreeSet::new();
		let mut window = 1;
		for gap in gaps {
			window += gap;
			list.insert(window);
			state.note_breach(window);
		}
		let at = window + ahead;
		let expected = list.iter().filter(|w| **w < at && **w + among >= at && **w + 64 > window).count();
		prop_assert_eq!(state.breached_before(at, among) as usize, expected);
	});
}

#[test]
fn a_cover_that_is_used_up_late_does_not_put_off_an_end() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open_counting(TENANT, SERVICE, 1);
		at_round(4 * R + 2);
		turn_with(SERVICE, 3, was(0, 12, 0));
		assert_eq!(state(SERVICE).ends, Some(4 * R + 2));
		at_round(4 * R + 4);
		events();
		// Rounds through its last are judged, and credited.
		assert_eq!(
			breach_in(4 * R + 2, SERVICE, BreachKind::Slow, None, High, 1).index_after,
			tenths(5)
		);
		assert_eq!((state(SERVICE).ends, events().len()), (Some(4 * R + 2), 1));
		assert_eq!(MeterEnds::get()[&SERVICE], (4 * R + 2, CloseReason::Terminated));
	});
}
