// SPDX-License-Identifier: Apache-2.0

//! Times and random draws of a round.

use crate::{Schedule, engine::TURN};
use alloc::vec::Vec;

/// Phases of a round in unix ms.
///
/// ```text
///  begin   anchors_until                      spread_end         probes_end     end
///    |--anchors--|------------------...------------|<---- patience --->|--anchor check--|
///    |   |  starts, from when the anchors have answered                |          |
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timetable {
	/// Start of probing.
	pub begin: u64,
	/// Deadline of the anchors' answers.
	pub anchors_until: u64,
	/// Latest start of a visit.
	pub spread_end: u64,
	/// Time of one visit, the same for all visits of a round.
	pub patience: u64,
	/// Time at which outstanding services are down.
	pub probes_end: u64,
	/// End of the round.
	pub end: u64,
}

/// Maximum share of the time for the anchors at the start, in percent.
const ANCHORS: u64 = 18;
/// Share of the time in which visits start, in percent.
const SPREAD: u64 = 80;
/// Share of the time for the anchor check at the end, in percent.
const ANCHOR_CHECK: u64 = 6;

impl Timetable {
	/// Timetable for `services` services. `anchors` is true if there are references to fetch.
	///
	/// The patience is the time left for the last visit, 14 % of the round with anchors. It is
	/// shorter if otherwise not all services would get their turn while every one of them is dead.
	/// `n` of them queue for `c` places and take `p` each. The last one waits for the `j c` before it,
	/// in `j` turns, since the start of one of them, which is at most `(n - j c) / n` of the spread
	/// ([`starts`]). Its end, `(j + 1) p` later, is linear in `j` and thus latest for no turn, or for
	/// `n / c` turns, for which `p (n + c) / c` must not exceed the time.
	pub fn new(schedule: &Schedule, now: u64, services: usize, anchors: bool) -> Self {
		let begin = schedule.start.unix_millis().max(now);
		let end = schedule.deadline.unix_millis().max(begin);
		let share = |percent: u64| {
			end.saturating_sub(begin).saturating_mul(percent).checked_div(100).unwrap_or_default()
		};
		let (for_anchors, for_check) =
			if anchors { (share(ANCHORS), share(ANCHOR_CHECK)) } else { (0, 0) };
		let anchors_until = begin.saturating_add(for_anchors);
		let probes_end = end.saturating_sub(for_check);
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
			// A place becomes free one turn after its visit is over.
			let each = time.checked_div(services.saturating_add(places)).unwrap_or_default();
			let each = each.saturating_sub(TURN.min(each.checked_div(2).unwrap_or_default()));
			patience = patience.min(each);
		}
		Self { begin, anchors_until, spread_end, patience: patience.max(1), probes_end, end }
	}

	/// End of one of `count` equal parts of the anchors' time.
	pub fn anchors_part(&self, part: u64, count: u64) -> u64 {
		let time = self.anchors_until.saturating_sub(self.begin).saturating_mul(part);
		self.begin.saturating_add(time.checked_div(count).unwrap_or_default())
	}
}

/// Maximum number of concurrent visits, at least one.
pub fn concurrency(schedule: &Schedule) -> usize {
	usize::try_from(schedule.concurrency).unwrap_or(usize::MAX).max(1)
}

/// A random time in each of `count` equal parts of `from..=until`, ascending.
///
/// One per part, since times drawn from all of `from..=until` accumulate by chance, and visits
/// would queue. A service is still visited at an unpredictable time: its part is drawn as well.
pub fn starts(count: usize, from: u64, until: u64, random: &mut Random) -> Vec<u64> {
	let bound = until.saturating_sub(from).saturating_add(1);
	let parts = u64::try_from(count).unwrap_or(u64::MAX);
	let time = |part: u64, random: &mut Random| {
		let within = part.saturating_mul(bound).saturating_add(random.below(bound));
		from.saturating_add(within.checked_div(parts).unwrap_or_default())
	};
	(0..parts).map(|part| time(part, random)).collect()
}

/// Random numbers that are unpredictable without the seed.
pub struct Random {
	seed: [u8; 32],
	drawn: u64,
}

impl Random {
	/// Generator with the host's randomness as its seed.
	pub fn new(seed: [u8; 32]) -> Self {
		Self { seed, drawn: 0 }
	}

	/// Number in `0..bound`; 0 if the range is empty.
	pub fn below(&mut self, bound: u64) -> u64 {
		// A bias of `bound / 2^128` is negligible.
		let number =
			u128::from_le_bytes(self.bytes()).checked_rem(bound.into()).unwrap_or_default();
		u64::try_from(number).unwrap_or_default()
	}

	/// Independent generator.
	pub fn fork(&mut self) -> Self {
		Self::new([self.bytes(), self.bytes()].concat().try_into().unwrap_or(self.seed))
	}

	/// Random bool.
	pub fn flip(&mut self) -> bool {
		self.below(2) == 1
	}

	/// Random item.
	pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
		let bound = u64::try_from(items.len()).unwrap_or(u64::MAX);
		items.get(usize::try_from(self.below(bound)).unwrap_or_default())
	}

	/// Random bytes.
	pub fn bytes(&mut self) -> [u8; 16] {
		self.drawn = self.drawn.saturating_add(1);
		sp_io::hashing::blake2_128(&[self.seed.as_slice(), &self.drawn.to_le_bytes()].concat())
	}

	/// Shuffle in place.
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
	fn a_round_has_time_for_anchors_probes_and_the_anchor_check() {
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

	/// Terms may promise a latency of a tenth of a round. The patience exceeds it.
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
			// A worker that starts late has as much.
			let table = Timetable::new(&schedule(0, round * 3 / 10, round / 2, 512), 0, 512, true);
			assert!(table.patience > round / 10, "{}", table.patience);
		}
	}

	#[test]
	fn a_late_start_leaves_less_time() {
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
		/// The last visit has its full time before the probes end, even if all services are dead.
		#[test]
		fn every_service_gets_a_turn(
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
			// Places by the time at which they become free.
			let places = vec![core::cmp::Reverse(0); concurrency as usize];
			let mut free = std::collections::BinaryHeap::from(places);
			let mut last = 0;
			for at in starts(services, table.anchors_until, table.spread_end, &mut Random::new(seed)) {
				let core::cmp::Reverse(place) = free.pop().unwrap();
				last = at.max(place);
				let turn = TURN.min(table.patience - 1);
				free.push(core::cmp::Reverse(last + table.patience + turn));
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
			for (before, time) in times.iter().enumerate() {
				let (before, count, bound) = (before as u64, count as u64, spread + 1);
				prop_assert!((time - from + 1) * count > before * bound);
				prop_assert!((time - from) * count < (before + 1) * bound);
			}
		}

		#[test]
		fn shuffling_keeps_all_items(count in 0usize..300, seed: [u8; 32]) {
			let mut items: Vec<usize> = (0..count).collect();
			Random::new(seed).shuffle(&mut items);
			items.sort_unstable();
			prop_assert_eq!(items, (0..count).collect::<Vec<_>>());
		}
	}
}
