//! Listing, heating, cooling, and who gets a slot when.

use crate::{Error, HealthRule, Hot, PageId, PageInfos, Pages, Row, SlotsOf, Windows, mock::*};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use surety_primitives::{
	CloseReason, LEASES_FROM, Meter, MeterReading, Occupancy, Probing, Verdict, report::Finding,
	service_of_lease,
};

fn hot_slot(service: u32) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(service).unwrap().hot.unwrap();
	(place.page, place.slot)
}

fn cold_slot(service: u32) -> (u32, u8) {
	let place = SlotsOf::<Test>::get(service).unwrap().cold;
	(place.page, place.slot)
}

/// Blocks up to the next, with all invariants checked after each.
fn round_checked() {
	let from = round();
	while round() == from {
		next_block();
		Probes::do_try_state().unwrap();
	}
}

#[test]
fn a_listing_needs_a_service_and_is_made_once() {
	build_and_execute(4, || {
		assert_noop!(Probes::list(1), Error::<Test>::UnknownService);
		list(1, 1);
		assert_noop!(Probes::list(1), Error::<Test>::AlreadyListed);
		assert_noop!(Probes::heat(2), Error::<Test>::NotListed);
		assert_eq!(Probes::probed(2), None);
		assert_eq!(Probes::reading(1), None, "a cold row has no meter");
		assert_eq!(Probes::ended(1), None);
		// Nothing happens to what is not listed or not hot.
		Probes::unlist(2);
		Probes::cool(1);
		Probes::end_meter(1, 5, CloseReason::ServiceRetired);
		Probes::set_maintenance(2, 1, 1);
	});
}

#[test]
fn every_slot_can_be_taken() {
	build_and_execute(0, || {
		let end = crate::MAX_COLD_PAGES * crate::ROWS;
		list(1, 1);
		crate::ColdCursor::<Test>::mutate(|cursor| cursor.end = end);
		Services::mutate(|services| services.insert(2, services[&1].clone()));
		assert_noop!(Probes::list(2), Error::<Test>::NoSlot);
		crate::ColdCursor::<Test>::mutate(|cursor| cursor.end = 1);
	});
}

#[test]
fn a_freed_cold_slot_waits_for_its_rounds() {
	build_and_execute(4, || {
		list(1, 1);
		list(2, 2);
		next_round();
		Probes::unlist(1);
		assert_eq!(Probes::probed(1), None);
		// Round 1 names the slot, so a new listing gets another one until round 1 is closed.
		list(3, 3);
		assert_eq!(cold_slot(3), (0, 2));
		round_checked();
		list(4, 4);
		assert_eq!(cold_slot(4), (0, 3));
		round_checked();
		to_judged(1);
		list(5, 5);
		assert_eq!(cold_slot(5), (0, 0));
	});
}

#[test]
fn freed_slots_are_used_oldest_first() {
	build_and_execute(4, || {
		for service in 0..5 {
			list(service, 1);
		}
		for service in [3, 1, 4] {
			Probes::unlist(service);
		}
		play_up(4);
		for (service, slot) in [(10, 3), (11, 1), (12, 4), (13, 5)] {
			list(service, 1);
			assert_eq!(cold_slot(service), (0, slot));
		}
	});
}

#[test]
fn the_findings_of_a_slot_never_reach_its_next_service() {
	build_and_execute(4, || {
		list(1, 1);
		list(9, 9);
		play(2, |_, _, _| Finding::Down);
		Probes::unlist(1);
		play(2, |_, _, _| Finding::Down);
		list(2, 2);
		assert_eq!(cold_slot(2), (0, 0), "the slot of service 1");
		assert_eq!(row(2).last, None);
		play_up(3);
		assert_eq!(row(2).counters.down, 0);
		assert_eq!(row(2).counters.up, 1);
	});
}

#[test]
fn a_hot_service_has_a_fresh_meter_and_counters() {
	build_and_execute(4, || {
		list(1, 1);
		play_up(4);
		assert_eq!(row(1).counters.up, 2);
		assert_ok!(Probes::heat(1));
		assert_eq!(Heated::get(), vec![1]);
		let probed = Probes::probed(1).unwrap();
		assert!(probed.hot);
		assert_eq!(probed.counters.judged(), 0);
		assert_eq!(
			probed.last,
			Some((2, Verdict::Up { latency: ms(40) })),
			"the last verdict stays known"
		);
		assert_eq!(Probes::reading(1), Some(MeterReading { blocks: 0, through: 4, recent: 0 }));
		// The window knows all of its rounds.
		assert_eq!(row(1).all_counters().up, 2);
		play_up(3);
		assert_eq!(Probes::probed(1).unwrap().counters.up, 1);
		assert_eq!(Probes::reading(1), Some(MeterReading { blocks: 5, through: 5, recent: 1 }));
	});
}

#[test]
fn heating_twice_does_nothing() {
	build_and_execute(4, || {
		list_hot(1, 1);
		let slot = hot_slot(1);
		assert_ok!(Probes::heat(1));
		assert_eq!(hot_slot(1), slot);
		assert_eq!(Heated::get(), vec![1]);
	});
}

#[test]
fn a_cooled_service_takes_its_counts_along() {
	build_and_execute(4, || {
		list(1, 1);
		play_up(3);
		Probes::heat(1).unwrap();
		play(4, |_, _, _| Finding::Down);
		let hot = row(1);
		assert_eq!((hot.earlier.up, hot.counters.down), (1, 2));
		Probes::cool(1);
		let cold = row(1);
		assert_eq!((cold.counters.up, cold.counters.down), (1, 2));
		assert_eq!(cold.last, hot.last);
		assert_eq!(cold.joined, round() + 1);
		assert_eq!(Probes::reading(1), None);
		assert!(!Probes::probed(1).unwrap().hot);
		for _ in 0..4 {
			round_checked();
		}
		assert!(!Pages::<Test>::get(PageId::Hot(0)).iter().any(Option::is_some));
	});
}

#[test]
fn a_hot_slot_is_given_again_after_its_rounds() {
	build_and_execute(4, || {
		for service in 1..=3 {
			list_hot(service, 1);
		}
		play_up(3);
		assert_eq!([1, 2, 3].map(hot_slot), [(0, 0), (0, 1), (0, 2)]);
		Probes::cool(2);
		// At once hot again, while rounds 2 and 3 still name its old slot.
		assert_ok!(Probes::heat(2));
		assert_eq!(hot_slot(2), (0, 3));
		Probes::do_try_state().unwrap();
		round_checked();
		list_hot(4, 1);
		assert_eq!(hot_slot(4), (0, 4));
		round_checked();
		to_judged(3);
		list_hot(5, 1);
		assert_eq!(hot_slot(5), (0, 1));
		assert_eq!(row(2).counters.judged(), 0, "nothing of its old slot");
	});
}

#[test]
fn a_hot_slot_that_no_round_names_is_free_at_once() {
	build_and_execute(4, || {
		next_round();
		list_hot(1, 1);
		Probes::cool(1);
		list_hot(2, 1);
		assert_eq!(hot_slot(2), (0, 0));
	});
}

#[test]
fn a_row_whose_page_is_judged_already_leaves_at_once() {
	build_and_execute(4, || {
		// Four pages are due: two are judged in the fourth block of a round.
		for service in 0..300 {
			list(service, 1);
		}
		Probes::heat(0).unwrap();
		play_up(2);
		Probes::end_meter(0, 2, CloseReason::ServiceRetired);
		// Round 2 is judged in round 4, which names the row still; round 5 does not.
		play_up(3);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).due, 0);
		to_counted();
		next_block();
		let progress = Progress::get();
		assert_eq!((progress.judged, progress.pages), (3, 2), "the hot page of round 4 is judged");
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).taken, 1);
		// No sweep will come to the page again to free the slot.
		Probes::cool(0);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).taken, 0);
	});
}

#[test]
fn cooling_between_two_blocks_of_a_sweep_leaks_no_slot() {
	build_and_execute(4, || {
		for service in 0..400 {
			list(service, 1);
		}
		for service in [0, 1] {
			Probes::heat(service).unwrap();
		}
		play_up(3);
		for service in [0, 1] {
			to_counted();
			next_block();
			assert!(Progress::get().pages > 0, "the sweep has passed the hot page and goes on");
			Probes::cool(service);
			Probes::do_try_state().unwrap();
		}
		play_up(4);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).taken, 0);
	});
}
type Progress = crate::Progress<Test>;

#[test]
fn hot_services_have_a_capacity() {
	build_and_execute(1, || {
		// Four pages a round, one of them always cold.
		for service in 0..385 {
			list(service, 1);
		}
		for service in 0..384 {
			assert_ok!(Probes::heat(service));
		}
		assert_noop!(Probes::heat(384), Error::<Test>::RoundsFull);
		next_round();
		let snapshot = snapshot(1);
		assert_eq!(snapshot.services, 384 + 1, "the idle one still has its turn");
		Probes::do_try_state().unwrap();
		// One cools: its slot is free once the round is closed.
		Probes::cool(7);
		assert_noop!(Probes::heat(384), Error::<Test>::RoundsFull);
		round_checked();
		round_checked();
		for _ in 0..4 {
			next_block();
		}
		assert_ok!(Probes::heat(384));
		assert_eq!(hot_slot(384), (0, 7));
	});
}

#[test]
fn who_takes_a_slot_learns_how_many_are_taken() {
	build_and_execute(4, || {
		// Three hot pages of 128.
		let of = |taken: u32| Occupancy { taken, slots: 384 };
		for service in 1..=4 {
			list(service, 1);
		}
		assert_eq!(Probes::heat(1), Ok(of(1)));
		assert_eq!(Probes::heat(2), Ok(of(2)));
		assert_eq!(Probes::heat(1), Ok(of(2)), "hot already: it takes no other slot");
		play_up(1);
		// The rounds that are open name the slot of service 2: it waits, and is taken until then.
		Probes::cool(2);
		assert_eq!(Probes::heat(3), Ok(of(3)));
		assert_eq!(Probes::occupancy(), of(3));
		play_up(3);
		assert_eq!(Probes::occupancy(), of(2));
		// Nothing names the slot of service 4 yet, so it is free at once.
		assert_eq!(Probes::heat(4), Ok(of(3)));
		Probes::cool(4);
		assert_eq!(Probes::occupancy(), of(2));
		assert_noop!(Probes::heat(9), Error::<Test>::NotListed);
	});
}

#[test]
fn that_the_rounds_were_full_is_remembered() {
	build_and_execute(4, || {
		MaxProbes::set(256);
		list(128, 1);
		for service in 0..128 {
			assert!(!Probes::was_full_since(0));
			list_hot(service, 1);
		}
		assert!(Probes::was_full_since(round()), "full now");
		assert_noop!(Probes::heat(128), Error::<Test>::RoundsFull);
		play_up(3);
		assert!(Probes::was_full_since(round()));
		// One cools. Its slot is named by the rounds 1 to 3, and given back when round 3 is judged.
		Probes::cool(7);
		assert!(Probes::was_full_since(round()));
		play_up(2);
		assert_eq!(Probes::occupancy().taken, 127);
		assert!(Probes::was_full_since(round()), "it was full until this round");
		play_up(1);
		assert_eq!(round(), 6);
		assert!(Probes::was_full_since(5) && Probes::was_full_since(0));
		assert!(!Probes::was_full_since(6));
		// Another one that cools changes nothing of that.
		Probes::cool(8);
		play_up(3);
		assert!(Probes::was_full_since(5) && !Probes::was_full_since(6));
		// Full for a moment within a round.
		for service in [7, 8] {
			Probes::heat(service).unwrap();
		}
		Probes::cool(8);
		assert!(Probes::was_full_since(9));
	});
}

/// A lease in the slots 0, and its rows, cold and hot, after a few rounds.
fn rows_of(lease: u32) -> [Row<AccountId>; 3] {
	let service = list_lease(lease, 1);
	assert_eq!((cold_slot(service), hot_slot(service)), ((0, 0), (0, 0)));
	let fresh = row(service);
	let cold = Probes::row(PageId::Cold(0), 0).unwrap();
	play_up(4);
	assert!(Unhealthy::get().is_empty());
	[cold, fresh, row(service)]
}

#[test]
fn a_slot_that_is_used_again_inherits_nothing() {
	const ROUNDS: u32 = 10;
	let mut expected = None;
	build_and_execute(4, || {
		play_up(ROUNDS);
		expected = Some(rows_of(7));
	});
	build_and_execute(4, || {
		let before = list_lease(6, 2);
		// All there is to inherit: counters, latencies, a meter, tiers, health, a verdict,
		// maintenance, an end.
		play(6, |_, round, _| if round == 1 { up() } else { Finding::Down });
		Probes::set_maintenance(before, round(), 100);
		Probes::end_meter(before, round(), CloseReason::Unhealthy);
		let used = row(before);
		assert!(used.tiers[0].is_some() && used.health.notified && used.counters.up == 1);
		assert!(used.meter.blocks > 0 && used.maintenance_rounds > 0 && used.meter_end.is_some());
		Probes::unlist(before);
		play_up(ROUNDS - 6);
		Unhealthy::take();
		assert_eq!(Some(rows_of(7)), expected);
		// Nor does the same service when it becomes hot again, but what is of the service itself.
		let service = service_of_lease(7);
		play(4, |_, _, _| Finding::Down);
		Probes::end_meter(service, round(), CloseReason::Unhealthy);
		Probes::cool(service);
		Probes::heat(service).unwrap();
		let again = row(service);
		assert_eq!(again.counters, Default::default());
		assert_eq!(again.meter, MeterReading { blocks: 0, through: round(), recent: 0 });
		assert_eq!(
			(again.tiers, again.health, again.meter_end),
			([None; 3], Default::default(), None)
		);
	});
}

#[test]
fn unlisting_closes_the_window_and_forgets_the_ring() {
	build_and_execute(4, || {
		WindowRounds::set(4);
		list_hot(1, 1);
		play_up(8);
		assert_eq!(Windows::<Test>::get(1).len(), 1);
		let closed = Closed::get().len();
		// Even while hot, which it should not be.
		Probes::unlist(1);
		assert_eq!(Closed::get().len(), closed + 1, "the part of a window that was judged is told");
		assert!(Windows::<Test>::get(1).is_empty());
		assert_eq!(SlotsOf::<Test>::get(1), None);
		Probes::do_try_state().unwrap();
	});
}

#[test]
fn a_row_that_was_never_judged_has_no_window() {
	build_and_execute(4, || {
		list(1, 1);
		Probes::unlist(1);
		assert!(Closed::get().is_empty());
	});
}

#[derive(Clone, Copy, Debug)]
enum Step {
	List(u32),
	Unlist(u32),
	Heat(u32),
	Cool(u32),
	End(u32),
	Request(u32),
	Unproven(u32),
	Maintain(u32),
	Blocks(u8),
	Session(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let service = || {
		prop_oneof![
			Just(0u32),
			Just(1),
			Just(130),
			Just(131),
			0u32..140,
			LEASES_FROM..LEASES_FROM + 3
		]
	};
	let step = prop_oneof![
		1 => service().prop_map(Step::List),
		1 => service().prop_map(Step::Unlist),
		4 => service().prop_map(Step::Heat),
		3 => service().prop_map(Step::Cool),
		1 => service().prop_map(Step::End),
		1 => service().prop_map(Step::Request),
		1 => service().prop_map(Step::Unproven),
		1 => service().prop_map(Step::Maintain),
		6 => (1u8..8).prop_map(Step::Blocks),
		1 => (0u8..3).prop_map(Step::Session),
	];
	proptest::collection::vec(step, 1..60)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(16))]
	/// Any sequence of listing, heating, cooling and the rest keeps every invariant after every
	/// step.
	#[test]
	fn slots_survive_any_sequence(steps in steps(), found in proptest::collection::vec(any::<u8>(), 64)) {
		// One hot page, and one of the two cold ones per round.
		MaxProbes::set(256);
		WindowRounds::set(4);
		Health::set(HealthRule { bad: 2, of: 3 });
		EndOnUnhealthy::set(true);
		build_and_execute(3, || {
			let says = |prober: u16, round: u32, service: u32| {
				let at = (u32::from(prober) / 2 + round * 7 + service % 140 * 3) % 64;
				Finding::from_byte(found[at as usize])
			};
			for service in 0..135 {
				list(service, u64::from(service % 5));
			}
			for lease in 0..3 {
				list_lease(lease, lease.into());
			}
			for step in steps {
				match step {
					Step::List(service) => drop(Probes::list(service)),
					Step::Unlist(service) => Probes::unlist(service),
					Step::Heat(service) => drop(Probes::heat(service)),
					Step::Cool(service) => Probes::cool(service),
					Step::End(service) => Probes::end_meter(service, round(), CloseReason::Terminated),
					Step::Request(service) => drop(Probes::request_probe(RuntimeOrigin::signed(1), service)),
					Step::Unproven(service) => Probes::unproven(service),
					Step::Maintain(service) => Probes::set_maintenance(service, round() + 1, 2),
					Step::Blocks(blocks) => (0..blocks).for_each(|_| reporting_block(says)),
					Step::Session(first) => {
						end_session();
						session_of(u16::from(first)..u16::from(first) + 3);
					},
				}
				Probes::do_try_state().unwrap();
			}
			// Nothing leaks: once all are cold and the rounds are closed, no hot slot is taken.
			for service in (0..140).chain(LEASES_FROM..LEASES_FROM + 3) {
				Probes::cool(service);
			}
			for _ in 0..25 {
				reporting_block(says);
			}
			prop_assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)), crate::PageInfo::default());
			prop_assert_eq!(Hot::<Test>::get().taken, 0);
			Ok(())
		})?;
	}
}
