//! Windows that turn: from when units count, and what a window is judged by.

use super::*;

#[test]
fn units_count_from_the_window_after_the_one_they_were_opened_in() {
	ExtBuilder::build_and_execute(|| {
		let early = open(TENANT, SERVICE, 1);
		at_round(3 * R);
		let late = open(OTHER, SERVICE, 2);
		assert_eq!(state(SERVICE).active_units(), 0);

		turn(SERVICE, 2);
		assert_eq!(state(SERVICE).active_units(), 1);
		breach(SERVICE, None, Low);
		assert_eq!((owed(early), owed(late)), (60, 0));

		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(state(SERVICE).active_units(), 3);
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
		let key = (SERVICE, 2, PRICE);
		assert_eq!(WindowBase::<Test>::get(key), Some(WindowStart { index: 0, agreements: 2 }));
		assert_ok!(Sla::settle(signed(THIRD), ids[0]));
		assert_eq!(WindowBase::<Test>::get(key), Some(WindowStart { index: 0, agreements: 1 }));
		assert_eq!(agreement(ids[0]).base, Base::Index(0));
		assert_ok!(Sla::settle(signed(THIRD), ids[1]));
		assert_eq!(WindowBase::<Test>::get(key), None);
	});
}

#[test]
fn a_window_without_new_units_leaves_no_base() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		turn(SERVICE, 3);
		assert_eq!(WindowBase::<Test>::iter_keys().collect::<Vec<_>>(), [(SERVICE, 2, PRICE)]);
	});
}

#[test]
fn a_row_that_starts_with_a_window_needs_no_turn_of_the_one_before() {
	ExtBuilder::build_and_execute(|| {
		// Opened in the last round of window 2, hot from the first of window 3.
		at_round(3 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		at_round(3 * R);
		breach(SERVICE, None, Low);
		assert_eq!(owed(id), 60);
	});
}

#[test]
fn a_window_says_what_the_next_is_judged_by() {
	ExtBuilder::build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		// 90 % of 12 rounds: one may be down; 5 % slow: none; one wrong.
		assert_eq!(turn(SERVICE, 2).allowance, [1, 0, 1]);
		assert_eq!(Sla::heated(SERVICE).allowance, [1, 0, 1]);
		assert_eq!(Sla::heated(99).allowance, [u16::MAX; 3], "nobody's terms are never broken");
	});
}

#[test]
fn exposure_counts_in_outages_once_it_is_a_window_old() {
	ExtBuilder::build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		assert_eq!(Sla::heated(SERVICE).weight, 0);
		assert_eq!(turn(SERVICE, 2).weight, 0);
		at_round(3 * R);
		open(TENANT, SERVICE, 1);
		assert_eq!(turn(SERVICE, 3).weight, 2_200, "the second unit is not a window old");
		assert_eq!(turn(SERVICE, 4).weight, 4_400);
		at_round(5 * R);
		breach(SERVICE, None, High);
		let now = World::exposure(SERVICE);
		assert_eq!((now, turn(SERVICE, 5).weight), (2 * 1_700 * 11 / 10, now));
	});
}

#[test]
fn what_pays_no_credit_weighs_nothing_in_outages() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.credit = [0; 4]);
		open(TENANT, SERVICE, 1);
		turn(SERVICE, 2);
		assert!(World::exposure(SERVICE) > 0);
		assert_eq!(turn(SERVICE, 3).weight, 0);
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
fn a_service_that_becomes_hot_again_keeps_its_record() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		World::decide_end(id, 3 * R, CloseReason::Governance);
		at_round(3 * R + 2);
		World::work_agenda();
		at_round(4 * R);
		open(TENANT, SERVICE, 1);
		assert_eq!(Sla::heated(SERVICE).multiplier, 2);
		assert_eq!(state(SERVICE).index, 60);
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
