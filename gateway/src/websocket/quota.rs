// SPDX-License-Identifier: Apache-2.0

//! Bounded number of subscriptions, over all connections of a client.

use std::sync::{
	Arc,
	atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Bounded number of places.
#[derive(Debug)]
pub struct Quota {
	used: AtomicUsize,
	limit: AtomicUsize,
	/// Quotas in which each place is also taken.
	within: Vec<Arc<Self>>,
}

/// Place in a quota. Dropping it frees the place.
#[derive(Debug)]
pub struct Reservation(Arc<Quota>);

impl Quota {
	/// Quota of `limit` places.
	pub fn new(limit: usize) -> Arc<Self> {
		Self::within(limit, Vec::new())
	}

	/// Quota of `limit` places, each of which also takes one in each of other quotas.
	pub fn within(limit: usize, within: Vec<Arc<Self>>) -> Arc<Self> {
		Arc::new(Self { used: AtomicUsize::new(0), limit: AtomicUsize::new(limit), within })
	}

	/// Changes the number of places. Places that are taken stay so.
	pub fn set_limit(&self, limit: usize) {
		self.limit.store(limit, Relaxed);
	}

	/// Takes a place, if one is free.
	pub fn reserve(self: &Arc<Self>) -> Option<Reservation> {
		self.take().then(|| Reservation(self.clone()))
	}

	/// Places taken.
	pub fn used(&self) -> usize {
		self.used.load(Relaxed)
	}

	fn take(&self) -> bool {
		let limit = self.limit.load(Relaxed);
		let more = |used: usize| used.checked_add(1).filter(|used| *used <= limit);
		if self.used.fetch_update(Relaxed, Relaxed, more).is_err() {
			return false;
		}
		for (index, outer) in self.within.iter().enumerate() {
			if !outer.take() {
				self.within.iter().take(index).for_each(|outer| outer.free());
				self.used.fetch_sub(1, Relaxed);
				return false;
			}
		}
		true
	}

	fn free(&self) {
		self.used.fetch_sub(1, Relaxed);
		self.within.iter().for_each(|outer| outer.free());
	}
}

impl Drop for Reservation {
	fn drop(&mut self) {
		self.0.free();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn places_are_bounded_and_come_back() {
		let quota = Quota::new(2);
		let (first, second) = (quota.reserve(), quota.reserve());
		assert!(first.is_some() && second.is_some() && quota.reserve().is_none());
		drop(first);
		assert!(quota.reserve().is_some());
		quota.set_limit(1);
		assert!(quota.reserve().is_none());
		assert_eq!(quota.used(), 1);
	}

	#[test]
	fn a_place_is_one_in_all_quotas_or_in_none() {
		let (network, key) = (Quota::new(usize::MAX), Quota::new(1));
		let one = Quota::within(5, vec![network.clone(), key.clone()]);
		let other = Quota::within(5, vec![network.clone(), key.clone()]);
		let place = one.reserve();
		assert!(place.is_some() && other.reserve().is_none());
		assert_eq!((network.used(), key.used(), other.used()), (1, 1, 0));
		drop(place);
		assert_eq!((network.used(), key.used(), one.used()), (0, 0, 0));
	}
}
