//! Times and random draws of a round's probing.

use crate::{Schedule, engine::TURN};
use alloc::vec::Vec;

/// The parts of a round's probing in unix ms.
///
/// ```text
///  begin   anchors_until                      spread_end         probes_end     end
///    |--anchors--|------------------...------------|<---- patience --->|--canary--|
///    |   |  starts, from when the anchors have answered                |          |
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timetable {
	/// From now on things are asked.
	pub begin: u64,
	/// The anchors' answers are waited for until then, but no longer than they take.
	pub anchors_until: u64,
	/// The last service is asked by then.
	pub spread_end: u64,
	/// Time that a service has to answer everything, the same for all of a round.
	pub patience: u64,
	/// Outstanding services are down by then.
	pub probes_end: u64,
	/// Everything ends.
	pub end: u64,
}

/// Longest time for the anchors at the beginning, in percent.
const ANCHORS: u64 = 18;
/// Services start in the first percent of the time.
const SPREAD: u64 = 80;
/// The canary's part at the end, in percent.
const CANARY: u64 = 6;

impl Timetable {
	/// For `services` services. `anchors` says whether there is anybody to compare with.
	///
	/// Patience is what the last to start has left, 14 % of the time with anchors. It is less where all
	/// services would not get their turn if every one of them were dead: `n` services that come at random
	/// times and take `p` each leave a queue of at most `n / c` of them per place, and few more than evenly
	/// spread ones would (`2 sqrt(n)` is more than chance does in practice); the last must begin `p` before
	/// the end.
	pub fn new(schedule: &Schedule, now: u64, services: usize, anchors: bool) -> Self {
		let begin = schedule.start.unix_millis().max(now);
		let end = schedule.deadline.unix_millis().max(begin);
		let share = |percent: u64| {
			end.saturating_sub(begin).saturating_mul(percent).checked_div(100).unwrap_or_default()
		};
		let (for_anchors, for_canary) =
			if anchors { (share(ANCHORS), share(CANARY)) } else { (0, 0) };
		let anchors_until = begin.saturating_add(for_anchors);
		let probes_end = end.saturating_sub(for_canary);
		let spread_end = schedule
			.start
			.unix_millis()
			.saturating_add(schedule.spread_ms)
			.clamp(anchors_until, begin.saturating_add(share(SPREAD)).max(anchors_until));
		let mut patience = probes_end.saturating_sub(spread_end);
		let places = u64::try_from(concurrency(schedule)).unwrap_or(u64::MAX);
		let services = u64::try_from(services).unwrap_or(u64::MAX);
		if services > places {
			let time = probes_end.saturating_sub(anchors_until).saturating_mul(places);
			let queue =
				services.saturating_add(services.isqrt().saturating_mul(2)).saturating_add(places);
			// A place is free only a turn after its conversation is over.
			let each = time.checked_div(queue).unwrap_or_default();
			let each = each.saturating_sub(TURN.min(each.checked_div(2).unwrap_or_default()));
			patience = patience.min(each);
		}
		Self { begin, anchors_until, spread_end, patience: patience.max(1), probes_end, end }
	}

	/// Which of `count` equal parts of the anchors' time ends when.
	pub fn anchors_part(&self, part: u64, count: u64) -> u64 {
		let time = self.anchors_until.saturating_sub(self.begin).saturating_mul(part);
		self.begin.saturating_add(time.checked_div(count).unwrap_or_default())
	}
}

/// Most services asked at the same time, at least one.
pub fn concurrency(schedule: &Schedule) -> usize {
	usize::try_from(schedule.concurrency).unwrap_or(usize::MAX).max(1)
}

/// `count` times in `from..=until`, each of them at random, ascending.
pub fn starts(count: usize, from: u64, until: u64, random: &mut Random) -> Vec<u64> {
	let bound = until.saturating_sub(from).saturating_add(1);
	let mut times: Vec<u64> =
		(0..count).map(|_| from.saturating_add(random.below(bound))).collect();
	times.sort_unstable();
	times
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
		// A bias of `bound / 2^128` is none.
		let number =
			u128::from_le_bytes(self.bytes()).checked_rem(bound.into()).unwrap_or_default();
		u64::try_from(number).unwrap_or_default()
	}

	/// A source of its own, which this one's other draws say nothing of.
	pub fn fork(&mut self) -> Self {
		Self::new([self.bytes(), self.bytes()].concat().try_into().unwrap_or(self.seed))
	}

	/// True or false.
	pub fn flip(&mut self) -> bool {
		self.below(2) == 1
	}

	/// One of these.
	pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
		let bound = u64::try_from(items.len()).unwrap_or(u64::MAX);
		items.get(usize::try_from(self.below(bound)).unwrap_or_default())
	}

	/// Random bytes.
	pub fn bytes(&mut self) -> [u8; 16] {
		self.drawn = self.drawn.saturating_add(1);
		sp_io::hashing::blake2_128(&[self.seed.as_slice(), &self.drawn.to_le_bytes()].concat())
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
		let table = Timetable::new(&schedule(1_000, 48_000, 61_000, 256), 0, 100, true);
		let want = Timetable {
			begin: 1_000,
			anchors_until: 11_800,
			spread_end: 49_000,
			patience: 8_400,
			probes_end: 57_400,
			end: 61_000,
		};
		assert_eq!(table, want);
		assert_eq!([1, 2, 3].map(|part| table.anchors_part(part, 3)), [4_600, 8_200, 11_800]);
	}

	#[test]
	fn without_anchors_all_time_is_for_probes() {
		let table = Timetable::new(&schedule(0, 2_000, 4_000, 16), 0, 3, false);
		assert_eq!((table.anchors_until, table.probes_end, table.patience), (0, 4_000, 2_000));
	}

	/// Terms may promise a latency of a tenth of a round; patience is more.
	#[test]
	fn patience_is_more_than_terms_may_promise() {
		for round in [5_000, 12_000, 60_000] {
			for (services, places) in
				[(100, 512), (512, 512), (3_000, 512), (8_192, 1_366), (65_536, 10_923)]
			{
				let table =
					Timetable::new(&schedule(0, round * 8 / 10, round, places), 0, services, true);
				let promised =
					if services > 512 && round < 60_000 { round * 9 / 100 } else { round / 10 };
				assert!(table.patience >= promised, "{round} {services} {}", table.patience);
			}
			// A worker that comes late has as much.
			let table = Timetable::new(&schedule(0, round * 3 / 10, round / 2, 512), 0, 512, true);
			assert!(table.patience > round / 10, "{}", table.patience);
		}
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
			concurrency in 1u32..600,
			spread in 0u64..60_000,
			time in 5_000u64..60_000,
			anchors: bool,
			seed: [u8; 32],
		) {
			let schedule = schedule(7, spread, 7 + time, concurrency);
			let table = Timetable::new(&schedule, 7, services, anchors);
			prop_assert!(table.begin <= table.anchors_until && table.anchors_until <= table.spread_end);
			prop_assert!(table.spread_end <= table.probes_end && table.probes_end <= table.end);
			prop_assert!(table.spread_end + table.patience <= table.probes_end);
			// Places by when they are free.
			let places = vec![core::cmp::Reverse(0); concurrency as usize];
			let mut free = std::collections::BinaryHeap::from(places);
			let mut last = 0;
			for at in starts(services, table.anchors_until, table.spread_end, &mut Random::new(seed)) {
				let core::cmp::Reverse(place) = free.pop().unwrap();
				last = at.max(place);
				free.push(core::cmp::Reverse(last + table.patience));
			}
			prop_assert!(last + table.patience <= table.probes_end || table.patience == 1);
		}

		#[test]
		fn starts_are_spread_over_all_the_time(
			count in 0usize..500,
			from in 0u64..1_000,
			spread in 0u64..30_000,
			seed: [u8; 32],
		) {
			let times = starts(count, from, from + spread, &mut Random::new(seed));
			prop_assert_eq!(times.len(), count);
			prop_assert!(times.is_sorted());
			prop_assert!(times.iter().all(|time| (from..=from + spread).contains(time)));
			let late = times.iter().filter(|time| **time - from > spread / 2).count();
			prop_assert!(count < 100 || spread < 100 || (count * 3 / 10..count * 7 / 10).contains(&late), "{late} of {count}");
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
