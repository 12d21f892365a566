//! Who is asked when, and how long an answer may take.

use crate::{Schedule, engine::TURN};
use alloc::vec::Vec;

/// The parts of a round's probing in unix ms.
///
/// ```text
///  begin      anchors_until        spread_end            probes_end     end
///    |--anchors--|------------------...|---------------------|--canary---|
///    |           |  starts             |<---- patience ----->|           |
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timetable {
	/// From now on things are asked.
	pub begin: u64,
	/// The anchors' answers are waited for until then, but no longer than they take.
	pub anchors_until: u64,
	/// The last service is asked by then.
	pub spread_end: u64,
	/// How long a service has to answer everything, the same for all of a round.
	pub patience: u64,
	/// Outstanding services are down by then.
	pub probes_end: u64,
	/// Everything ends.
	pub end: u64,
}

impl Timetable {
	/// For `services` services. `anchors` says whether there is anybody to compare with.
	///
	/// Patience is set so that all services get their turn even if every one of them is dead: with `w`
	/// waves of `concurrency` services each it is no more than a `w`th of the time.
	pub fn new(schedule: &Schedule, now: u64, services: usize, anchors: bool) -> Self {
		let begin = schedule.start.unix_millis().max(now);
		let end = schedule.deadline.unix_millis().max(begin);
		let share = |percent: u64| {
			let part = end.saturating_sub(begin).saturating_mul(percent).checked_div(100);
			if anchors { part.unwrap_or_default() } else { 0 }
		};
		let anchors_until = begin.saturating_add(share(20));
		let probes_end = end.saturating_sub(share(10));
		let time = probes_end.saturating_sub(anchors_until);
		let spread_end = schedule
			.start
			.unix_millis()
			.saturating_add(schedule.spread_ms)
			.clamp(anchors_until, anchors_until.saturating_add(time.checked_div(2).unwrap_or_default()));
		let waves = services.div_ceil(concurrency(schedule)).max(1);
		let mut wave = time.checked_div(u64::try_from(waves).unwrap_or(u64::MAX)).unwrap_or_default();
		if waves > 1 {
			// A place is free only a turn after its conversation is over.
			wave = wave.saturating_sub(TURN.min(wave.checked_div(2).unwrap_or_default()));
		}
		let patience = probes_end.saturating_sub(spread_end).min(wave).max(1);
		Self { begin, anchors_until, spread_end, patience, probes_end, end }
	}
}

/// Most services asked at the same time, at least one.
pub fn concurrency(schedule: &Schedule) -> usize {
	usize::try_from(schedule.concurrency).unwrap_or(usize::MAX).max(1)
}

/// `count` times evenly spread over `from..=until`: one in each of `count` equal parts, at random within
/// it.
pub fn starts(count: usize, from: u64, until: u64, random: &mut Random) -> Vec<u64> {
	let count = u64::try_from(count).unwrap_or(u64::MAX);
	let spread = until.saturating_sub(from);
	(0..count)
		.map(|k| {
			let offset = k.saturating_mul(spread).saturating_add(random.below(spread));
			from.saturating_add(offset.checked_div(count).unwrap_or_default())
		})
		.collect()
}

/// Random numbers that nobody can foresee who does not know the seed.
pub struct Random {
	seed: [u8; 32],
	drawn: u64,
}

impl Random {
	/// From the host's randomness.
	pub fn new(seed: [u8; 32]) -> Self {
		Self { seed, drawn: 0 }
	}

	/// A number in `0..bound`; 0 if there is none.
	pub fn below(&mut self, bound: u64) -> u64 {
		self.drawn = self.drawn.saturating_add(1);
		let bytes = [self.seed.as_slice(), &self.drawn.to_le_bytes()].concat();
		let hash = sp_io::hashing::blake2_128(&bytes);
		// A bias of `bound / 2^128` is none.
		let number = u128::from_le_bytes(hash).checked_rem(bound.into()).unwrap_or_default();
		u64::try_from(number).unwrap_or_default()
	}

	/// Bring into random order.
	pub fn shuffle<T>(&mut self, items: &mut [T]) {
		for last in (1..items.len()).rev() {
			let bound = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
			items.swap(last, usize::try_from(self.below(bound)).unwrap_or(last).min(last));
		}
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::arithmetic_side_effects)]

	use super::*;
	use proptest::prelude::*;
	use sp_core::offchain::Timestamp;

	fn schedule(start: u64, spread_ms: u64, deadline: u64, concurrency: u32) -> Schedule {
		let at = Timestamp::from_unix_millis;
		Schedule { start: at(start), spread_ms, deadline: at(deadline), concurrency }
	}

	#[test]
	fn a_round_has_time_for_anchors_probes_and_canary() {
		let table = Timetable::new(&schedule(1_000, 24_000, 51_000, 256), 0, 100, true);
		let want = Timetable {
			begin: 1_000,
			anchors_until: 11_000,
			spread_end: 25_000,
			patience: 21_000,
			probes_end: 46_000,
			end: 51_000,
		};
		assert_eq!(table, want);
	}

	#[test]
	fn without_anchors_all_time_is_for_probes() {
		let table = Timetable::new(&schedule(0, 2_000, 4_000, 16), 0, 3, false);
		assert_eq!((table.anchors_until, table.probes_end, table.patience), (0, 4_000, 2_000));
	}

	#[test]
	fn many_services_share_the_time() {
		let table = Timetable::new(&schedule(0, 24_000, 48_000, 256), 0, 2_048, false);
		assert_eq!(table.patience, 6_000 - TURN);
	}

	#[test]
	fn a_start_that_is_late_leaves_less() {
		let table = Timetable::new(&schedule(0, 2_000, 4_000, 16), 3_000, 3, false);
		assert_eq!((table.begin, table.spread_end, table.patience), (3_000, 3_000, 1_000));
		let table = Timetable::new(&schedule(0, 2_000, 4_000, 0), 9_000, 3, true);
		assert_eq!((table.begin, table.end), (9_000, 9_000));
	}

	#[test]
	fn the_order_differs_from_seed_to_seed() {
		let order = |seed| {
			let mut items: Vec<u32> = (0..50).collect();
			Random::new([seed; 32]).shuffle(&mut items);
			items
		};
		assert_ne!(order(1), order(2));
		assert_eq!(order(1), order(1));
	}

	proptest! {
		/// Even if all services are dead, the last one gets its full turn before the probes end.
		#[test]
		fn everybody_gets_a_turn(
			services in 1usize..3_000,
			concurrency in 0u32..600,
			spread in 0u64..60_000,
			time in 5_000u64..60_000,
			anchors: bool,
		) {
			let schedule = schedule(7, spread, 7 + time, concurrency);
			let table = Timetable::new(&schedule, 7, services, anchors);
			let waves = services.div_ceil(super::concurrency(&schedule)) as u64;
			prop_assert!(table.begin <= table.anchors_until && table.anchors_until <= table.spread_end);
			prop_assert!(table.spread_end <= table.probes_end && table.probes_end <= table.end);
			prop_assert!(table.spread_end + table.patience <= table.probes_end);
			prop_assert!(table.anchors_until + waves * table.patience <= table.probes_end || table.patience == 1);
		}

		#[test]
		fn starts_are_spread_evenly(count in 0usize..500, from in 0u64..1_000, spread in 0u64..30_000, seed: [u8; 32]) {
			let times = starts(count, from, from + spread, &mut Random::new(seed));
			prop_assert_eq!(times.len(), count);
			for (k, time) in times.iter().enumerate() {
				let part = |k: usize| from + spread * k as u64 / count as u64;
				prop_assert!(part(k) <= *time && *time <= part(k + 1));
			}
		}

		#[test]
		fn shuffling_loses_nobody(count in 0usize..300, seed: [u8; 32]) {
			let mut items: Vec<usize> = (0..count).collect();
			Random::new(seed).shuffle(&mut items);
			items.sort_unstable();
			prop_assert_eq!(items, (0..count).collect::<Vec<_>>());
		}
	}
}
