//! Leases: bad rounds among the last ones, the notice of them, and a meter that ends with the round
//! that is being judged.

use super::judge::blank;
use crate::{
	DuePages, HealthRule, Hearing, LeaseHealth, PageId, PageInfo, PageInfos, Ruling, SHARE,
	SlotsOf, mock::*, rounds::position, types::Row,
};
use frame_support::weights::Weight;
use proptest::prelude::*;
use surety_primitives::{
	Clock, CloseReason, Frozen, LatencyBucket, Meter, MeterReading, Probing, Verdict,
	report::Finding, service_of_lease,
};

const DOWN: Finding = Finding::Down;
const UP: Verdict = Verdict::Up { latency: LatencyBucket::MAX };
const LEASE: u32 = 5;
/// The service that it is.
const SERVICE: u32 = (1 << 31) + LEASE;

/// The lease and two services with units. What is bad for the lease breaches nothing.
fn leased() {
	Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
	list_hot(2, 2);
	assert_eq!(list_lease(LEASE, 1), SERVICE);
	list_hot(3, 3);
}

/// The lease as told round by round, all others up.
fn lease_is(says: impl Fn(u32) -> Finding) -> impl Fn(u16, u32, u32) -> Finding {
	move |_, round, service| if service == SERVICE { says(round) } else { up() }
}

const fn rule(bad: u8, of: u8) -> HealthRule {
	HealthRule { bad, of }
}

/// Bits of the lease's last rounds, and whether its owner is notified.
fn health() -> (u32, bool) {
	let LeaseHealth { recent, notified } = row(SERVICE).health;
	(recent, notified)
}

/// The row of a lease, and how it is heard.
fn lease_row() -> (Row<u64>, Hearing) {
	let (row, hearing) = blank(true);
	let frozen = Frozen { allowance: [500; 3], multiplier: 1 };
	(Row { service: SERVICE, frozen, ..row }, Hearing { window_rounds: 400, ..hearing })
}

/// Judge a row by these verdicts. Returns the places of those with which it became unhealthy.
fn unhealthy_at(row: &mut Row<u64>, hearing: &Hearing, verdicts: &[Verdict]) -> Vec<usize> {
	let mut told = vec![];
	for (at, verdict) in verdicts.iter().enumerate() {
		let hearing = Hearing { round: row.meter.through + 1, ..*hearing };
		if row.judge(&hearing, Ruling::from(*verdict)).unhealthy {
			told.push(at);
		}
	}
	told
}

#[test]
fn an_unhealthy_lease_is_told_once() {
	build_and_execute(4, || {
		leased();
		// Down, wrong and stale are all bad.
		let bad = |round: u32| match round % 3 {
			0 => DOWN,
			1 => Finding::Bad(ms(1)),
			_ => Finding::Stale(ms(1)),
		};
		play(4, lease_is(bad));
		assert_eq!((health(), Unhealthy::get()), ((0b11, false), vec![]));
		play(6, lease_is(bad));
		assert_eq!(
			Unhealthy::get(),
			vec![(LEASE, 3)],
			"in the judging of the third, and not again"
		);
		assert_eq!(health(), (0xff, true));
		// If its owner kept it, it may recover and fail again.
		play(1, lease_is(|_| up()));
		play(5, lease_is(bad));
		assert_eq!(Unhealthy::get(), vec![(LEASE, 3), (LEASE, 14)]);
		assert!(Breaches::get().is_empty());
	});
}

#[test]
fn bad_rounds_need_not_be_in_a_row() {
	let (mut row, hearing) = lease_row();
	let hearing = Hearing { health: rule(3, 5), ..hearing };
	use Verdict::*;
	// Three of five, though never two in a row; in a row of its own each would start over.
	assert_eq!(unhealthy_at(&mut row, &hearing, &[Down, UP, Bad, UP, Stale]), [4]);
	// Nor are two of five enough, however often.
	let (mut row, _) = lease_row();
	let seldom = [[Down, Down, UP, UP, UP]; 6].concat();
	assert!(unhealthy_at(&mut row, &hearing, &seldom).is_empty());
}

#[test]
fn it_is_told_again_only_after_it_was_healthy() {
	let (mut row, hearing) = lease_row();
	let hearing = Hearing { health: rule(3, 5), ..hearing };
	use Verdict::*;
	assert_eq!(unhealthy_at(&mut row, &hearing, &[Down, Down, Down]), [2]);
	// Two up: three of five are bad still. What is bad then is nothing new.
	assert!(unhealthy_at(&mut row, &hearing, &[UP, UP, Down]).is_empty());
	assert!(row.health.notified);
	// Down, up, up: two of the last five.
	assert!(unhealthy_at(&mut row, &hearing, &[UP, UP]).is_empty());
	assert!(!row.health.notified);
	assert_eq!(unhealthy_at(&mut row, &hearing, &[Down, Down, Down]), [1]);
}

#[test]
fn it_is_told_in_the_block_that_judges_it_and_weighed() {
	build_and_execute(4, || {
		leased();
		play(5, lease_is(|_| DOWN));
		assert_eq!(Unhealthy::take().len(), 1);
	});
	let judging = |rounds: u32| {
		let mut weight = Weight::zero();
		build_and_execute(4, || {
			leased();
			play(rounds, lease_is(|_| DOWN));
			to_counted();
			Unhealthy::take();
			weight = next_block();
			assert_eq!(Unhealthy::get().len(), usize::from(rounds == 4), "{rounds}");
		});
		weight
	};
	assert_eq!(judging(4) - judging(3), UnhealthyWeight::get());
}

#[test]
fn fewer_bad_rounds_close_nothing() {
	build_and_execute(4, || {
		leased();
		let bad = [1, 2, 4, 5, 7, 9, 10];
		play(13, lease_is(|round| if bad.contains(&round) { DOWN } else { up() }));
		assert_eq!((health(), Unhealthy::get()), ((0b110_1101_0110, false), vec![]));
	});
}

#[test]
fn only_leases_have_health() {
	build_and_execute(4, || {
		leased();
		play(8, |_, _, service| if service == 2 { DOWN } else { up() });
		assert_eq!((row(2).counters.down, row(2).health), (6, LeaseHealth::default()));
		assert!(Unhealthy::get().is_empty());
	});
	// Nor does a lease that is not hot: nothing is paid by its meter.
	let (mut row, hearing) = lease_row();
	let hearing = Hearing { hot: false, ..hearing };
	for _ in 0..5 {
		assert!(!row.judge(&hearing, Ruling::from(Verdict::Down)).unhealthy);
	}
	assert_eq!(row.health, LeaseHealth::default());
}

#[test]
fn what_says_nothing_of_the_lease_changes_nothing() {
	use Verdict::*;
	for between in [Unclear, Unmeasured, Excused] {
		let (mut row, hearing) = lease_row();
		let many = vec![between; 40];
		assert!(unhealthy_at(&mut row, &hearing, &many).is_empty());
		assert_eq!(row.health, LeaseHealth::default(), "{between:?}");
		let mixed = [vec![Down], many.clone(), vec![Bad], many.clone(), vec![Stale], many].concat();
		assert_eq!(unhealthy_at(&mut row, &hearing, &mixed), [82], "{between:?}");
		assert_eq!(row.health, LeaseHealth { recent: 0b111, notified: true });
		assert_eq!(unhealthy_at(&mut row, &hearing, &[UP, Down, Down, between, Down, Down]), [4]);
	}
}

#[test]
fn announced_maintenance_closes_nothing() {
	build_and_execute(4, || {
		leased();
		Probes::set_maintenance(SERVICE, 2, 6);
		// Down from the first to the ninth; all but the first, the eighth and the ninth are
		// announced.
		play(10, lease_is(|round| if round < 10 { DOWN } else { up() }));
		assert_eq!((row(SERVICE).counters.excused, row(SERVICE).counters.down), (6, 2));
		assert_eq!((health(), Unhealthy::get()), ((0b11, false), vec![]));
		play(1, lease_is(|_| up()));
		assert_eq!(Unhealthy::get(), vec![(LEASE, 9)], "the count went on where it was");
	});
}

#[test]
fn an_outage_in_doubt_closes_nothing() {
	build_and_execute(4, || {
		leased();
		let doubt = |prober: u16, _: u32, service: u32| match (service, prober) {
			(SERVICE, 0 | 1) => DOWN,
			(SERVICE, _) => Finding::InDoubt,
			_ => up(),
		};
		play(10, doubt);
		assert_eq!((row(SERVICE).counters.excused, row(SERVICE).meter.blocks), (8, 0));
		assert_eq!((health(), Unhealthy::get()), ((0, false), vec![]));
	});
}

#[test]
fn a_stalled_chain_closes_nothing() {
	let (mut row, hearing) = lease_row();
	let hearing = Hearing { stalled: true, ..hearing };
	assert!(unhealthy_at(&mut row, &hearing, &[Verdict::Unmeasured; 5]).is_empty());
}

#[test]
fn the_rule_is_a_parameter() {
	// With every round bad, the first of them that is told.
	for (health, told) in [
		(rule(0, 0), None),
		(rule(0, 32), None),
		(rule(1, 1), Some(0)),
		(rule(2, 20), Some(1)),
		(rule(32, 32), Some(31)),
	] {
		let (mut row, hearing) = lease_row();
		let hearing = Hearing { health, ..hearing };
		let at = unhealthy_at(&mut row, &hearing, &[Verdict::Down; 300]);
		assert_eq!(at, told.into_iter().collect::<Vec<_>>(), "{health:?}");
		assert_eq!(row.health, LeaseHealth { recent: u32::MAX, notified: told.is_some() });
	}
	// It may fall below what is counted already.
	build_and_execute(4, || {
		Health::set(rule(9, 9));
		leased();
		play(6, lease_is(|_| DOWN));
		assert_eq!((health(), Unhealthy::get()), ((0b1111, false), vec![]));
		Health::set(rule(2, 9));
		// The rounds 5 and 6 had begun.
		play(2, lease_is(|_| DOWN));
		assert_eq!(Unhealthy::get(), vec![]);
		play(1, lease_is(|_| DOWN));
		assert_eq!(Unhealthy::get(), vec![(LEASE, 7)]);
	});
}

#[test]
fn an_unsound_rule_is_clamped() {
	for (given, clamped) in [
		(rule(0, 0), rule(0, 0)),
		(rule(15, 20), rule(15, 20)),
		(rule(5, 3), rule(5, 5)),
		(rule(3, 255), rule(3, 32)),
		(rule(255, 0), rule(32, 32)),
	] {
		assert_eq!(given.clamped(), clamped);
		build_and_execute(1, || {
			Health::set(given);
			next_round();
			assert_eq!(snapshot(1).health, clamped);
		});
	}
}

#[test]
fn a_rule_changed_in_any_block_is_of_later_rounds_only() {
	for block in 1..=15 {
		build_and_execute(4, || {
			Health::set(rule(0, 0));
			Unhealthy::take();
			leased();
			while Unhealthy::get().is_empty() {
				reporting_block(|prober, round, service| {
					lease_is(|_| DOWN)(prober, round, service)
				});
				if MockClock::now() == block {
					Health::set(rule(1, 1));
				}
			}
			assert_eq!(Unhealthy::get(), vec![(LEASE, block / RoundBlocks::get() + 1)], "{block}");
		});
	}
}

#[test]
fn the_count_goes_on_from_window_to_window() {
	build_and_execute(4, || {
		WindowRounds::set(4);
		leased();
		// The last two rounds of a window and the first of the next.
		play(11, lease_is(|round| if (6..=8).contains(&round) { DOWN } else { up() }));
		assert_eq!(Unhealthy::get(), vec![(LEASE, 8)]);
	});
}

#[test]
fn who_cools_and_heats_again_starts_over() {
	build_and_execute(4, || {
		leased();
		play(4, lease_is(|_| DOWN));
		assert_eq!(health(), (0b11, false));
		Probes::cool(SERVICE);
		assert_eq!(health(), (0, false));
		play(4, lease_is(|_| DOWN));
		assert_eq!(health(), (0, false), "a cold row has none");
		Probes::heat(SERVICE).unwrap();
		assert_eq!(health(), (0, false));
		play(4, lease_is(|_| DOWN));
		assert_eq!((health(), Unhealthy::get()), ((0b11, false), vec![]));
	});
}

#[test]
fn a_meter_ends_with_the_round_that_is_being_judged() {
	build_and_execute(4, || {
		EndOnUnhealthy::set(true);
		leased();
		// Round 3 is judged in round 5; rounds 4 and 5 are open, and probers found it up again in
		// both.
		let says = lease_is(|round| if round <= 3 { DOWN } else { up() });
		let checked = |rounds: u32| {
			for _ in 0..rounds {
				play(1, &says);
				Probes::do_try_state().unwrap();
			}
		};
		checked(4);
		let judged = Probes::duty(account(0)).unwrap().judged;
		assert_eq!(
			(judged, row(SERVICE).meter_end),
			(6 * SHARE, None),
			"two rounds of three services"
		);
		checked(1);
		assert_eq!(Unhealthy::get(), vec![(LEASE, 3)]);
		let end = Some((3, CloseReason::Unhealthy));
		assert_eq!(Probes::ended(SERVICE), end, "the page was written before");
		let ended = row(SERVICE);
		assert_eq!(ended.meter, MeterReading { blocks: 0, through: 3, recent: 0 });
		let place = SlotsOf::<Test>::get(SERVICE).unwrap().hot.unwrap();
		let due = |round: u32| {
			position(&DuePages::<Test>::get(round), PageId::Hot(0), place.slot).is_some()
		};
		assert!(due(4) && due(5), "the open rounds name its slot");
		checked(3);
		assert!(!due(7) && !due(8), "no round after them does");
		// Nothing of them was billed, counted or judged.
		assert_eq!(row(SERVICE), ended);
		assert_eq!(Probes::reading(SERVICE).unwrap().at_most(3, 5), Some(0));
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).due.count_ones(), 2);
		let judged = Probes::duty(account(0)).unwrap().judged;
		assert_eq!(judged, (9 + 3 * 2) * SHARE, "nor is any prober held to it");
		assert_eq!(row(2).counters.up, 6, "its neighbours go on");
		// It cools and is gone like any other.
		Probes::unlist(SERVICE);
		checked(4);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).taken.count_ones(), 2);
		assert_eq!(Unhealthy::get().len(), 1);
	});
}

#[test]
fn a_meter_that_ends_with_the_last_round_judged_ends_there() {
	// The same from outside of the sweep, for a service and in a window that turns meanwhile.
	build_and_execute(4, || {
		WindowRounds::set(4);
		list_hot(1, 1);
		list_hot(2, 2);
		play_up(5);
		assert_eq!(Probes::reading(1).unwrap().through, 3);
		Probes::end_meter(1, 3, CloseReason::ServiceRetired);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).due.count_ones(), 1);
		let ended = row(1);
		assert_eq!(ended.meter, MeterReading { blocks: 15, through: 3, recent: 0b111 });
		for _ in 0..4 {
			play(1, |_, _, _| DOWN);
			Probes::do_try_state().unwrap();
			assert_eq!(row(1), ended);
		}
		assert!(!Breaches::get().iter().any(|(service, _)| *service == 1));
		assert!(Breaches::get().iter().any(|(service, _)| *service == 2));
	});
}

#[test]
fn a_page_of_leases_may_all_be_unhealthy_at_once() {
	build_and_execute(4, || {
		EndOnUnhealthy::set(true);
		Terms::mutate(|terms| terms.allowance = [12, 12, 12]);
		for lease in 0..128 {
			list_lease(lease, lease.into());
		}
		for _ in 0..6 {
			play(1, |_, _, _| DOWN);
			Probes::do_try_state().unwrap();
		}
		assert_eq!(Unhealthy::get(), (0..128).map(|lease| (lease, 3)).collect::<Vec<_>>());
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)).due, 0);
		for lease in 0..128 {
			Probes::unlist(service_of_lease(lease));
		}
		play_up(4);
		assert_eq!(PageInfos::<Test>::get(PageId::Hot(0)), PageInfo::default());
		assert_eq!(MockClock::round(), 10);
	});
}

proptest! {
	/// Whatever the verdicts: it is told exactly when so many of the last rounds that say something
	/// were bad, at the first bad one of them, and again only after it was healthy.
	#[test]
	fn unhealthy_is_told_when_it_is(
		verdicts in proptest::collection::vec(0u8..8, 1..100),
		bad in 0u8..6,
		more in 0u8..6,
	) {
		let (mut row, hearing) = lease_row();
		let of = bad + more;
		let (mut said, mut told): (Vec<bool>, bool) = (vec![], false);
		for (at, kind) in (1u32..).zip(verdicts) {
			let verdict = match kind {
				0 | 1 => UP,
				2 => Verdict::Unclear,
				3 => Verdict::Unmeasured,
				4 => Verdict::Excused,
				5 => Verdict::Bad,
				6 => Verdict::Stale,
				_ => Verdict::Down,
			};
			said.extend(match kind {
				0 | 1 => Some(false),
				2..=4 => None,
				_ => Some(true),
			});
			let failed = said.iter().rev().take(of.into()).filter(|bad| **bad).count();
			let unhealthy = bad > 0 && failed >= bad.into();
			let expected = kind >= 5 && unhealthy && !told;
			told = unhealthy && (told || expected);
			let hearing = Hearing { round: at, health: rule(bad, of), ..hearing };
			let judgement = row.judge(&hearing, Ruling::from(verdict));
			prop_assert_eq!(judgement.unhealthy, expected);
			prop_assert_eq!(row.health.notified, told);
		}
	}
}
