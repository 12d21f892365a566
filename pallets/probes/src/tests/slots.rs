// SPDX-License-Identifier: Apache-2.0

//! Listing, activation and deactivation, and the reuse of slots.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use proptest::prelude::*;
use surety_primitives::{
	Counters, LeaseId, MeterReading, ServiceKind, WindowTerms, report::Finding,
};

fn active_slot(target: Target) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(target).unwrap().active.unwrap();
	(place.page, place.slot)
}

fn idle_slot(target: Target) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(target).unwrap().idle;
	(place.page, place.slot)
}

/// Blocks up to the next round, with all invariants checked after each.
fn round_checked() {
	let from = round();
	while round() == from {
		next_block();
		Probes::do_try_state().unwrap();
	}
}

#[test]
fn a_target_is_listed_once() {
	build_and_execute(4, || {
		list(1, 1);
		let listing = describe(1, ServiceKind::Compute);
		assert_noop!(Probes::list(listed(1), &listing), Error::<Test>::AlreadyListed);
		// A lease with the same number is another target.
		assert_ok!(Probes::list(Target::Lease(1), &listing));
		assert_noop!(activate(2), Error::<Test>::NotListed);
		assert_eq!(Probes::status(listed(2)), None);
		assert_eq!(reading(1), None, "an idle row has no meter");
		assert_eq!(end_of(1), None);
		// Nothing happens to a target that is not listed or not active.
		Probes::unlist(listed(2));
		Probes::deactivate(listed(1));
		Probes::end_meter(listed(1), 5, CloseReason::ServiceRetired);
		Probes::set_maintenance(listed(2), 1, 1);
	});
}

#[test]
fn every_idle_slot_can_be_taken() {
	build_and_execute(0, || {
		let end = MAX_IDLE_PAGES * ROWS;
		list(1, 1);
		Idle::<Test>::mutate(|slots| slots.end = end);
		let listing = describe(2, ServiceKind::Compute);
		assert_noop!(Probes::list(listed(2), &listing), Error::<Test>::NoSlot);
		Idle::<Test>::mutate(|slots| slots.end = 1);
	});
}

#[test]
fn a_freed_idle_slot_waits_until_its_rounds_are_closed() {
	build_and_execute(4, || {
		list(1, 1);
		list(2, 2);
		next_round();
		Probes::unlist(listed(1));
		assert_eq!(Probes::status(listed(1)), None);
		// Round 1 names the slot, so a new listing gets another one until round 1 is closed.
		list(3, 3);
		assert_eq!(idle_slot(listed(3)), (0, 2));
		round_checked();
		list(4, 4);
		assert_eq!(idle_slot(listed(4)), (0, 3));
		round_checked();
		to_judged(1);
		list(5, 5);
		assert_eq!(idle_slot(listed(5)), (0, 0));
	});
}

#[test]
fn freed_idle_slots_are_reused_oldest_first() {
	build_and_execute(4, || {
		for service in 0..5 {
			list(service, 1);
		}
		for service in [3, 1, 4] {
			Probes::unlist(listed(service));
		}
		run_up(4);
		for (service, slot) in [(10, 3), (11, 1), (12, 4), (13, 5)] {
			list(service, 1);
			assert_eq!(idle_slot(listed(service)), (0, slot));
		}
	});
}

#[test]
fn findings_of_a_slot_never_reach_its_next_target() {
	build_and_execute(4, || {
		list(1, 1);
		list(9, 9);
		run_rounds(2, |_, _, _| Finding::Down);
		Probes::unlist(listed(1));
		run_rounds(2, |_, _, _| Finding::Down);
		list(2, 2);
		assert_eq!(idle_slot(listed(2)), (0, 0), "the slot of service 1");
		assert_eq!(row(2).last, None);
		run_up(3);
		assert_eq!(row(2).counters.down, 0);
		assert_eq!(row(2).counters.up, 1);
	});
}

#[test]
fn an_activated_target_has_a_fresh_meter_and_counters() {
	build_and_execute(4, || {
		list(1, 1);
		run_up(4);
		assert_eq!(row(1).counters.up, 2);
		assert_ok!(activate(1));
		let status = Probes::status(listed(1)).unwrap();
		assert!(status.active);
		assert_eq!(row(1).terms, Terms::get());
		assert_eq!(status.counters.judged(), 0);
		assert_eq!(
			status.last,
			Some((2, Verdict::Up { latency: ms(40) })),
			"the last verdict stays known"
		);
		assert_eq!(reading(1), Some(MeterReading { blocks: 0, through: 4, recent: 0 }));
		// The window knows all of its rounds.
		assert_eq!(row(1).all_counters().up, 2);
		run_up(3);
		assert_eq!(Probes::status(listed(1)).unwrap().counters.up, 1);
		assert_eq!(reading(1), Some(MeterReading { blocks: 5, through: 5, recent: 1 }));
	});
}

#[test]
fn activating_twice_does_nothing() {
	build_and_execute(4, || {
		list_active(1, 1);
		let slot = active_slot(listed(1));
		let terms = row(1).terms;
		assert_ok!(Probes::activate(listed(1), WindowTerms { allowance: [9; 3], ..terms }));
		assert_eq!(active_slot(listed(1)), slot);
		assert_eq!(row(1).terms, terms);
	});
}

#[test]
fn a_deactivated_target_keeps_its_counters() {
	build_and_execute(4, || {
		list(1, 1);
		run_up(3);
		activate(1).unwrap();
		run_rounds(4, |_, _, _| Finding::Down);
		let active = row(1);
		assert_eq!((active.earlier.up, active.counters.down), (1, 2));
		Probes::deactivate(listed(1));
		let idle = row(1);
		assert_eq!((idle.counters.up, idle.counters.down), (1, 2));
		assert_eq!(idle.last, active.last);
		assert_eq!(idle.joined, round() + 1);
		assert_eq!(reading(1), None);
		assert!(!Probes::status(listed(1)).unwrap().active);
		for _ in 0..4 {
			round_checked();
		}
		assert!(!Pages::<Test>::get(PageId::Active(0)).iter().any(Option::is_some));
	});
}

#[test]
fn an_active_slot_is_reused_once_its_rounds_are_closed() {
	build_and_execute(4, || {
		for service in 1..=3 {
			list_active(service, 1);
		}
		run_up(3);
		assert_eq!([1, 2, 3].map(|id| active_slot(listed(id))), [(0, 0), (0, 1), (0, 2)]);
		Probes::deactivate(listed(2));
		// Active again at once, while rounds 2 and 3 still name its old slot.
		assert_ok!(activate(2));
		assert_eq!(active_slot(listed(2)), (0, 3));
		Probes::do_try_state().unwrap();
		round_checked();
		list_active(4, 1);
		assert_eq!(active_slot(listed(4)), (0, 4));
		round_checked();
		to_judged(3);
		list_active(5, 1);
		assert_eq!(active_slot(listed(5)), (0, 1));
		assert_eq!(row(2).counters.judged(), 0, "nothing of its old slot");
	});
}

#[test]
fn an_active_slot_that_no_round_names_is_free_at_once() {
	build_and_execute(4, || {
		next_round();
		list_active(1, 1);
		Probes::deactivate(listed(1));
		list_active(2, 1);
		assert_eq!(active_slot(listed(2)), (0, 0));
	});
}

#[test]
fn an_active_slot_is_free_at_once_if_its_page_is_judged() {
	build_and_execute(4, || {
		// Four pages are due: two are judged in the fourth block of a round.
		for service in 0..300 {
			list(service, 1);
		}
		activate(0).unwrap();
		run_up(2);
		Probes::end_meter(listed(0), 2, CloseReason::ServiceRetired);
		// Round 2 is judged in round 4, which names the row still; round 5 does not.
		run_up(3);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).due, 0);
		to_counted();
		next_block();
		let progress = Progress::<Test>::get();
		assert_eq!(
			(progress.judged, progress.pages),
			(3, 2),
			"the active page of round 4 is judged"
		);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).taken, 1);
		// The judging does not come to the page again to free the slot.
		Probes::deactivate(listed(0));
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).taken, 0);
	});
}

#[test]
fn deactivation_between_two_blocks_of_judging_leaks_no_slot() {
	build_and_execute(4, || {
		for service in 0..400 {
			list(service, 1);
		}
		for service in [0, 1] {
			activate(service).unwrap();
		}
		run_up(3);
		for service in [0, 1] {
			to_counted();
			next_block();
			assert!(
				Progress::<Test>::get().pages > 0,
				"the judging has passed the active page and goes on"
			);
			Probes::deactivate(listed(service));
			Probes::do_try_state().unwrap();
		}
		run_up(4);
		assert_eq!(PageInfos::<Test>::get(PageId::Active(0)).taken, 0);
	});
}

#[test]
fn active_targets_have_a_capacity() {
	build_and_execute(1, || {
		// Four pages a round, one of them always idle.
		for service in 0..385 {
			list(service, 1);
		}
		for service in 0..384 {
			assert_ok!(activate(service));
		}
		assert_noop!(activate(384), Error::<Test>::RoundsFull);
		next_round();
		let snapshot = snapshot(1);
		assert_eq!(snapshot.targets, 384 + 1, "the idle one still has its turn");
		Probes::do_try_state().unwrap();
		// A deactivated one frees its slot once the round is closed.
		Probes::deactivate(listed(7));
		assert_noop!(activate(384), Error::<Test>::RoundsFull);
		round_checked();
		round_checked();
		for _ in 0..4 {
			next_block();
		}
		assert_ok!(activate(384));
		assert_eq!(active_slot(listed(384)), (0, 7));
	});
}

#[test]
fn activation_returns_the_occupancy() {
	build_and_execute(4, || {
		// Three active pages of 128.
		let of = |taken: u32| Occupancy { taken, slots: 384 };
		for service in 1..=4 {
			list(service, 1);
		}
		assert_eq!(activate(1), Ok(of(1)));
		assert_eq!(activate(2), Ok(of(2)));
		assert_eq!(activate(1), Ok(of(2)), "active already: no other slot is taken");
		run_up(1);
		// The open rounds name the slot of service 2, which is taken until they are closed.
		Probes::deactivate(listed(2));
		assert_eq!(activate(3), Ok(of(3)));
		assert_eq!(Probes::occupancy(), of(3));
		run_up(3);
		assert_eq!(Probes::occupancy(), of(2));
		// Nothing names the slot of service 4 yet, so it is free at once.
		assert_eq!(activate(4), Ok(of(3)));
		Probes::deactivate(listed(4));
		assert_eq!(Probes::occupancy(), of(2));
		assert_noop!(activate(9), Error::<Test>::NotListed);
	});
}

#[test]
fn the_last_round_without_a_free_slot_is_remembered() {
	build_and_execute(4, || {
		DueServices::set(256);
		list(128, 1);
		for service in 0..128 {
			assert!(!Probes::was_full_since(0));
			list_active(service, 1);
		}
		assert!(Probes::was_full_since(round()), "full now");
		assert_noop!(activate(128), Error::<Test>::RoundsFull);
		run_up(3);
		assert!(Probes::was_full_since(round()));
		// The slot of service 7 is named by the rounds 1 to 3, and given back when round 3 is
		// judged.
		Probes::deactivate(listed(7));
		assert!(Probes::was_full_since(round()));
		run_up(2);
		assert_eq!(Probes::occupancy().taken, 127);
		assert!(Probes::was_full_since(round()), "it was full until this round");
		run_up(1);
		assert_eq!(round(), 6);
		assert!(Probes::was_full_since(5) && Probes::was_full_since(0));
		assert!(!Probes::was_full_since(6));
		// Another deactivation changes nothing of that.
		Probes::deactivate(listed(8));
		run_up(3);
		assert!(Probes::was_full_since(5) && !Probes::was_full_since(6));
		// Full for a moment within a round.
		for service in [7, 8] {
			activate(service).unwrap();
		}
		Probes::deactivate(listed(8));
		assert!(Probes::was_full_since(9));
	});
}

/// Rows of a lease in the slots 0: idle, freshly activated, and active after a few rounds.
fn rows_of(lease: LeaseId) -> [Row<AccountId>; 3] {
	let target = list_lease(lease, 1);
	assert_eq!((idle_slot(target), active_slot(target)), ((0, 0), (0, 0)));
	let fresh = row_of(target);
	let idle = Probes::row(PageId::Idle(0), 0).unwrap();
	run_up(4);
	assert!(Failed::get().is_empty());
	[idle, fresh, row_of(target)]
}

#[test]
fn a_reused_slot_inherits_nothing() {
	const ROUNDS: u32 = 10;
	let mut expected = None;
	build_and_execute(4, || {
		run_up(ROUNDS);
		expected = Some(rows_of(7));
	});
	build_and_execute(4, || {
		let before = list_lease(6, 2);
		// All state that could be inherited: counters, latencies, a meter, tiers, health, a
		// verdict, maintenance, an end.
		run_targets(
			6,
			|_, _| Attend::Fully,
			|_, round, _| if round == 1 { up() } else { Finding::Down },
		);
		Probes::set_maintenance(before, round(), 100);
		let used = row_of(before);
		assert!(used.tiers[0].is_some() && used.health.recent > 0 && used.counters.up == 1);
		assert!(used.meter.blocks > 0 && used.maintenance.is_some() && used.meter_end.is_some());
		Probes::unlist(before);
		run_up(ROUNDS - 6);
		Failed::take();
		assert_eq!(Some(rows_of(7)), expected);
		// Nor does the same target when it is activated again, but for what is its own.
		let lease = Target::Lease(7);
		run_targets(4, |_, _| Attend::Fully, |_, _, _| Finding::Down);
		Probes::end_meter(lease, round(), CloseReason::Unhealthy);
		Probes::deactivate(lease);
		assert_ok!(Probes::activate(lease, Terms::get()));
		let again = row_of(lease);
		assert_eq!(again.counters, Counters::default());
		assert_eq!(again.meter, MeterReading { blocks: 0, through: round(), recent: 0 });
		assert_eq!(
			(again.tiers, again.health, again.meter_end),
			([None; 3], LeaseHealth::default(), None)
		);
	});
}

#[test]
fn unlisting_closes_the_window_and_forgets_the_ring() {
	build_and_execute(4, || {
		set_clock(|clock| clock.window_rounds = 4);
		list_active(1, 1);
		run_up(8);
		assert_eq!(Windows::<Test>::get(listed(1)).len(), 1);
		let closed = Summaries::get().len();
		// Even while active, which the registry does not do.
		Probes::unlist(listed(1));
		assert_eq!(Summaries::get().len(), closed + 1, "the part of a window that was judged");
		assert!(Windows::<Test>::get(listed(1)).is_empty());
		assert_eq!(SlotsOf::<Test>::get(listed(1)), None);
		Probes::do_try_state().unwrap();
	});
}

#[test]
fn a_row_that_was_never_judged_has_no_window() {
	build_and_execute(4, || {
		list(1, 1);
		Probes::unlist(listed(1));
		assert!(Summaries::get().is_empty());
	});
}

#[derive(Clone, Copy, Debug)]
enum Step {
	List(Target),
	Unlist(Target),
	Activate(Target),
	Deactivate(Target),
	EndMeter(Target),
	/// The next window of the target that closes ends the target.
	EndOnClose(Target),
	Request(ServiceId),
	ResetProof(ServiceId),
	Maintain(Target),
	Blocks(u8),
	Session(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let id = || prop_oneof![Just(0u32), Just(1), Just(130), Just(131), 0u32..140];
	let target = || {
		prop_oneof![
			5 => id().prop_map(Target::Service),
			1 => (0u32..3).prop_map(Target::Lease),
		]
	};
	let step = prop_oneof![
		1 => target().prop_map(Step::List),
		1 => target().prop_map(Step::Unlist),
		4 => target().prop_map(Step::Activate),
		3 => target().prop_map(Step::Deactivate),
		1 => target().prop_map(Step::EndMeter),
		1 => target().prop_map(Step::EndOnClose),
		1 => id().prop_map(Step::Request),
		1 => id().prop_map(Step::ResetProof),
		1 => target().prop_map(Step::Maintain),
		6 => (1u8..8).prop_map(Step::Blocks),
		1 => (0u8..3).prop_map(Step::Session),
	];
	proptest::collection::vec(step, 1..60)
}

/// Apply a step, with these findings in the reports of all blocks.
fn apply(step: Step, says: impl Fn(u16, RoundIndex, Target) -> Finding + Copy) {
	match step {
		Step::List(target) => drop(Probes::list(target, &describe(1, ServiceKind::Compute))),
		Step::Unlist(target) => Probes::unlist(target),
		Step::Activate(target) => drop(Probes::activate(target, Terms::get())),
		Step::Deactivate(target) => Probes::deactivate(target),
		Step::EndMeter(target) => Probes::end_meter(target, round(), CloseReason::Terminated),
		Step::EndOnClose(target) => EndOnClose::mutate(|ends| {
			ends.insert(target, (round() + 2, CloseReason::RentUnpaid));
		}),
		Step::Request(id) => drop(Probes::request_probe(RuntimeOrigin::signed(1), id)),
		Step::ResetProof(id) => Probes::reset_proof(id),
		Step::Maintain(target) => Probes::set_maintenance(target, round() + 1, 2),
		Step::Blocks(blocks) => (0..blocks).for_each(|_| reporting_block(says)),
		Step::Session(first) => {
			end_session();
			session_of(u16::from(first)..u16::from(first) + 3);
		},
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]
	/// Every invariant holds after every step of any sequence, and no slot leaks.
	#[test]
	fn invariants_hold_after_any_sequence_of_steps(
		steps in steps(),
		found in proptest::collection::vec(any::<u8>(), 64),
		end_on_breach in any::<bool>(),
	) {
		// One active page, and one of the two idle ones per round.
		DueServices::set(256);
		Health::set(HealthRule { bad: 2, of: 3 });
		EndOnBreach::set(end_on_breach.then_some(2));
		EndOnClose::set(Default::default());
		build_and_execute(3, || {
			set_clock(|clock| clock.window_rounds = 4);
			let says = |prober: u16, round: u32, target: Target| {
				let id = match target {
					Target::Service(id) | Target::Lease(id) => id,
				};
				let at = (u32::from(prober) / 2 + round * 7 + id % 140 * 3) % 64;
				Finding::from_byte(found[at as usize])
			};
			for service in 0..135 {
				list(service, u64::from(service % 5));
			}
			for lease in 0..3 {
				list_lease(lease, lease.into());
			}
			for step in steps {
				apply(step, says);
				Probes::do_try_state().unwrap();
			}
			// Once all are idle and the rounds are closed, no active slot is taken.
			let targets = (0..140).map(Target::Service).chain((0..3).map(Target::Lease));
			targets.for_each(Probes::deactivate);
			for _ in 0..25 {
				reporting_block(says);
			}
			prop_assert_eq!(PageInfos::<Test>::get(PageId::Active(0)), PageInfo::default());
			prop_assert_eq!(Active::<Test>::get().taken, 0);
			Ok(())
		})?;
	}
}
