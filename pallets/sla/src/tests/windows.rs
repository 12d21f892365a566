// SPDX-License-Identifier: Apache-2.0

//! Windows that close: from when agreements count, and what a window is judged by.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use surety_primitives::ServiceStatus;

#[test]
fn units_count_from_the_window_after_the_one_they_were_opened_in() {
	build_and_execute(|| {
		let early = open(TENANT, SERVICE, 1);
		at_round(3 * R);
		let late = open(OTHER, SERVICE, 2);
		assert_eq!(state(SERVICE).counting, 0);

		at_round(3 * R + 2);
		assert_eq!(state(SERVICE).counting, PRICE);
		breach(SERVICE, None, Low);
		assert_eq!((owed(early), owed(late)), (60, 0));

		at_round(4 * R + 2);
		assert_eq!(state(SERVICE).counting, 3 * PRICE);
		breach(SERVICE, None, Low);
		assert_eq!((owed(early), owed(late)), (120, 120));
	});
}

#[test]
fn the_base_of_a_window_goes_with_the_last_agreement_that_reads_it() {
	build_and_execute(|| {
		let ids = [open(TENANT, SERVICE, 1), open(OTHER, SERVICE, 2)];
		at_round(COUNTING);
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
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		at_round(4 * R + 2);
		assert_eq!(WindowBase::<Test>::iter_keys().collect::<Vec<_>>(), [(SERVICE, 2)]);
	});
}

#[test]
fn a_row_that_starts_with_a_window_needs_no_close_of_the_one_before() {
	build_and_execute(|| {
		// Opened in the last round of window 2, active from the first of window 3.
		at_round(3 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		outage(SERVICE, 3 * R..3 * R + 2);
		at_round(3 * R + 3);
		assert_eq!(state(SERVICE).index, tenths(1));
		// Credit is due as two more rounds are paid.
		assert_eq!(owed(id), 0);
		at_round(3 * R + 5);
		assert_eq!(owed(id), 60);
	});
}

#[test]
fn a_row_is_judged_by_the_terms_of_its_listing() {
	build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		// 90 % of 12 rounds: one may be down; 5 % slow: none, but at least one; one wrong.
		assert_eq!(window_terms(SERVICE), WindowTerms { allowance: [1; 3], multiplier: 1 });
		at_round(COUNTING);
		assert_eq!(window_terms(SERVICE).allowance, [1; 3]);
		let closed = Sla::window_closed(UNKNOWN, 2, &Default::default());
		assert_eq!(closed.next.allowance, [u16::MAX; 3], "terms of nobody are never broken");
	});
}

#[test]
fn breached_windows_multiply_the_next_and_wear_off() {
	build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		for window in 3..7 {
			outage(SERVICE, window * R..window * R + 2);
		}
		let mut seen = Vec::new();
		for window in 4..13 {
			at_round(window * R + 2);
			seen.push(window_terms(SERVICE).multiplier);
		}
		// Four windows back count, at most three times.
		assert_eq!(seen, [2, 3, 3, 3, 3, 3, 2, 1, 1]);
		assert_eq!(state(SERVICE).index, tenths(1 + 2 + 3 + 3));
	});
}

#[test]
fn a_window_is_judged_by_the_escalation_of_its_first_block() {
	build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		at_round(4 * R);
		// Window 4 has begun; the close of window 3 fixes its multiplier.
		MaxMultiplied::set(&1);
		Escalation::set(&0);
		at_round(4 * R + 2);
		assert_eq!(window_terms(SERVICE).multiplier, 2);
		breach(SERVICE, None, Low);
		at_round(5 * R);
		MaxMultiplied::set(&3);
		at_round(5 * R + 2);
		assert_eq!(window_terms(SERVICE).multiplier, 1);
	});
}

#[test]
fn rules_are_kept_of_the_windows_that_may_still_be_judged() {
	build_and_corrupt(|| {
		at_round(9 * R);
		let mut windows: Vec<_> = WindowRules::<Test>::iter_keys().collect();
		windows.sort_unstable();
		assert_eq!(windows, [6, 7, 8, 9]);
		System::set_block_number(Timing::round_start(9 * R));
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
	build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		let id = open(TENANT, SERVICE, 3);
		let other = open(OTHER, SERVICE, 2);
		at_round(COUNTING);
		breach(SERVICE, None, Low);
		for id in [id, other] {
			assert_ok!(Escrow::end(agreement(id).escrow, COUNTING, CloseReason::Governance));
		}
		finish(COUNTING);
		let idle = state(SERVICE);
		assert_eq!((idle.units, idle.rate, idle.counting, idle.set_aside), (0, 0, 0, 0));
		assert_eq!((idle.slot, idle.pending.len()), (None, 0));
		assert_eq!(exposure(SERVICE), 0);
		assert_eq!(WindowBase::<Test>::iter().count(), 0);

		at_round(4 * R);
		Targets::<Test>::mutate_extant(SERVICE, |state| state.ends = Some(3 * R));
		BaseRent::set(&Perbill::from_percent(20));
		begin_again();
		Share::set(&Perbill::from_percent(20));
		let id = open(TENANT, SERVICE, 1);
		assert_eq!(window_terms(SERVICE).multiplier, 2);
		let again = state(SERVICE);
		assert_eq!((again.index, agreement(id).base), (tenths(1), Base::Window(4)));
		assert_eq!((again.rate, again.counting, again.pending.len()), (PRICE, 0, 1));
		assert_eq!(again.ends, None);
		assert_eq!(again.slot.map(|slot| (slot.rent, slot.least_rate)), Some((200, PRICE)));
		assert_eq!(exposure(SERVICE), 600 * 39 / 10 * 12 / 10 + 600);
		at_round(5 * R + 2);
		assert_eq!(owed(id), 0);
	});
}

/// Let a service be up, down and unmeasured for so many rounds each, from a round on.
fn was(target: Target, from: RoundIndex, up: u32, down: u32, unmeasured: u32) {
	outage(target, from + up..from + up + down);
	silence(from + up + down..from + up + down + unmeasured);
}

/// A service that promises no uptime, so that an outage is no breach.
fn without_uptime() -> AgreementId {
	relist(SERVICE, |listing| listing.terms.min_uptime = Perbill::zero());
	open(TENANT, SERVICE, 2)
}

#[test]
fn a_service_that_was_up_in_less_than_half_of_a_window_ends_for_cause() {
	build_and_execute(|| {
		let id = without_uptime();
		// Half of the measured rounds is enough, and so is a window of which less than half was
		// measured.
		let alive = [(6, 6, 0), (3, 3, 6), (0, 5, 7), (0, 0, 12)];
		for ((up, down, unmeasured), window) in alive.into_iter().zip(3u32..) {
			was(SERVICE, window * R, up, down, unmeasured);
		}
		was(SERVICE, 7 * R, 2, 4, 6);
		for window in 4..8 {
			at_round(window * R + 2);
			assert_eq!(state(SERVICE).ends, None, "after window {window}");
		}
		events();
		let at = 8 * R + 2;
		at_round(at);
		assert_eq!(state(SERVICE).ends, Some(at));
		assert_eq!(listing(SERVICE).status, ServiceStatus::Ending { at });
		let reason = CloseReason::Terminated;
		assert_eq!(meter_end(SERVICE), Some((at, reason)));
		assert_eq!(
			events(),
			[Event::ServiceTerminated { target: SERVICE, at, reason, code: 2_003 }]
		);
		assert_eq!(agreement(id).state, AgreementState::Open, "its stream ends with the meter");
		assert_ok!(Sla::settle(signed(THIRD), id));
		finish(at);
		assert!(is_gone(id));
	});
}

#[test]
fn a_window_that_closes_again_ends_nothing_twice() {
	build_and_execute(|| {
		without_uptime();
		was(SERVICE, 3 * R, 0, 12, 0);
		at_round(4 * R + 2);
		let ends = state(SERVICE).ends;
		assert_eq!(ends, Some(4 * R + 2));
		events();
		let dead = Counters { down: R as u16, ..Default::default() };
		pass_rounds(1);
		assert_eq!(Sla::window_closed(SERVICE, 4, &dead).end, None);
		assert_eq!((state(SERVICE).ends, events()), (ends, vec![]));
	});
}

#[test]
fn wrong_late_and_unclear_answers_are_not_up() {
	let fast = LatencyBucket::from_millis(100);
	// The first window since the sale has 11 rounds.
	let bad = 2 * R + 6..3 * R;
	for findings in [[Finding::Bad(fast); 2], [Finding::Stale(fast); 2], [up(), Finding::Down]] {
		build_and_execute(|| {
			open(TENANT, SERVICE, 1);
			find(SERVICE, bad.clone(), findings);
			at_round(COUNTING);
			assert_eq!(state(SERVICE).ends, Some(COUNTING), "{findings:?}");
		});
	}
	build_and_execute(|| {
		open(TENANT, SERVICE, 1);
		find(SERVICE, bad, [Finding::InDoubt; 2]);
		at_round(COUNTING);
		assert_eq!(state(SERVICE).ends, None, "excused rounds are not measured");
	});
}

#[test]
fn a_service_without_units_is_not_ended_for_a_dead_window() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		end(id);
		outage(SERVICE, 3 * R - 6..4 * R);
		events();
		at_round(4 * R + 2);
		assert_eq!(events(), []);
		assert_eq!(listing(SERVICE).status, ServiceStatus::Active);
	});
}

#[test]
fn a_dead_window_does_not_put_off_an_end() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.terms.cover = tenths(5));
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		let ends = state(SERVICE).ends;
		assert_eq!(ends, Some(COUNTING));
		pass_rounds(2);
		events();
		let dead = Counters { down: 12, ..Default::default() };
		assert_eq!(Sla::window_closed(SERVICE, 3, &dead).end, None);
		assert_eq!((state(SERVICE).ends, events()), (ends, vec![]));
		assert_eq!(meter_end(SERVICE), Some((COUNTING, CloseReason::Terminated)));
	});
}

#[test]
fn a_cover_that_is_used_up_late_does_not_put_off_an_end() {
	build_and_execute(|| {
		relist(SERVICE, |listing| {
			listing.terms.cover = tenths(5);
			listing.terms.min_uptime = Perbill::zero();
		});
		open(TENANT, SERVICE, 1);
		was(SERVICE, 3 * R, 0, 12, 0);
		let at = 4 * R + 2;
		at_round(at);
		assert_eq!(state(SERVICE).ends, Some(at));
		pass_rounds(1);
		events();
		// Rounds through its last are judged, and credited.
		let record = breach(SERVICE, None, High);
		assert_eq!(record.index_after, tenths(5));
		assert_eq!((state(SERVICE).ends, events().len()), (Some(at), 1));
		assert_eq!(meter_end(SERVICE), Some((at, CloseReason::Terminated)));
	});
}

proptest! {
	/// The mask of breached windows says the same as a list of them.
	#[test]
	fn breached_windows_are_counted_as_in_a_list(
		gaps in proptest::collection::vec(0u32..70, 0..30),
		ahead in 0u32..80,
		among in 0u32..=64,
	) {
		let mut state = TargetState::new(NATIVE);
		let mut list = BTreeSet::new();
		let mut window = 1;
		for gap in gaps {
			window += gap;
			list.insert(window);
			state.record_breach(window);
		}
		let at = window + ahead;
		let known = |w: &&u32| **w < at && **w + among >= at && **w + 64 > window;
		let expected = list.iter().filter(known).count();
		prop_assert_eq!(state.breached_before(at, among) as usize, expected);
	}
}
