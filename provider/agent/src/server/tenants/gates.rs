// SPDX-License-Identifier: Apache-2.0

//! Bounds on what happens at a time, by key.

use parking_lot::Mutex;
use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

/// Pauses that are remembered before those that are over are forgotten.
const MAX_IDLE: usize = 4_096;

/// Bound of one key.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
	/// Entries at a time.
	pub open: u32,
	/// Milliseconds from the begin of one to that of the next.
	pub pause_ms: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
	open: u32,
	next_ms: u64,
}

/// Entries at a time, by key and in all.
#[derive(Debug)]
pub struct Slots<K: Eq + Hash> {
	slots: Mutex<HashMap<K, Slot>>,
	all: usize,
}

impl<K: Eq + Hash + Clone> Slots<K> {
	/// No entries yet, and `all` at most.
	pub fn new(all: usize) -> Arc<Self> {
		Arc::new(Self { slots: Mutex::default(), all })
	}

	/// Enter, until the value is dropped.
	///
	/// Errors: the time after which to try again.
	pub fn enter(
		self: &Arc<Self>,
		key: K,
		bound: Bound,
		now_ms: u64,
	) -> Result<Entered<K>, Duration> {
		let mut slots = self.slots.lock();
		let all = slots.values().fold(0_usize, |sum, slot| {
			sum.saturating_add(usize::try_from(slot.open).unwrap_or(usize::MAX))
		});
		if slots.len() >= MAX_IDLE {
			slots.retain(|_, slot| slot.open > 0 || slot.next_ms > now_ms);
		}
		let slot = slots.get(&key).copied().unwrap_or_default();
		if slot.open >= bound.open || all >= self.all || slots.len() >= MAX_IDLE.saturating_mul(2) {
			return Err(Duration::from_secs(5));
		}
		let wait = slot.next_ms.saturating_sub(now_ms);
		if wait > 0 {
			return Err(Duration::from_millis(wait.saturating_add(999)));
		}
		let open = slot.open.saturating_add(1);
		let next_ms = match bound.pause_ms {
			0 => 0,
			pause_ms => now_ms.saturating_add(pause_ms),
		};
		slots.insert(key.clone(), Slot { open, next_ms });
		drop(slots);
		Ok(Entered { slots: self.clone(), key })
	}
}

/// Entry that counts until it is dropped.
#[derive(Debug)]
pub struct Entered<K: Eq + Hash> {
	slots: Arc<Slots<K>>,
	key: K,
}

impl<K: Eq + Hash> Drop for Entered<K> {
	fn drop(&mut self) {
		let mut slots = self.slots.slots.lock();
		let Some(slot) = slots.get_mut(&self.key) else { return };
		slot.open = slot.open.saturating_sub(1);
		if slot.open == 0 && slot.next_ms == 0 {
			slots.remove(&self.key);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn entries_are_bounded_by_key_in_all_and_in_time() {
		let slots = Slots::new(3);
		let bound = Bound { open: 2, pause_ms: 0 };
		let first = slots.enter(1, bound, 0).unwrap();
		let _second = slots.enter(1, bound, 0).unwrap();
		assert!(slots.enter(1, bound, 0).is_err());
		let _third = slots.enter(2, bound, 0).unwrap();
		assert!(slots.enter(3, bound, 0).is_err(), "three in all");
		drop(first);
		let paused = Bound { open: 1, pause_ms: 10_000 };
		drop(slots.enter(3, paused, 1_000).unwrap());
		assert_eq!(slots.enter(3, paused, 8_000).unwrap_err().as_secs(), 3);
		assert!(slots.enter(3, paused, 11_000).is_ok());
	}

	#[test]
	fn keys_are_forgotten() {
		let slots = Slots::new(10);
		for key in 0..100_000u32 {
			let now = u64::from(key) * 10;
			drop(slots.enter(key, Bound { open: 1, pause_ms: 5 }, now).unwrap());
		}
		assert!(slots.slots.lock().len() <= MAX_IDLE);
	}
}
