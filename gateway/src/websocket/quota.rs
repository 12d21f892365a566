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
}

/// Place in a quota. Dropping it frees the place.
#[derive(Debug)]
pub struct Reservation(Arc<Quota>);

impl Quota {
	/// Quota of `limit` places.
	pub fn new(limit: usize) -> Arc<Self> {
		Arc::new(Self { used: AtomicUsize::new(0), limit: AtomicUsize::new(limit) })
	}

	/// Changes the number of places. Places that are taken stay so.
	pub fn set_limit(&self, limit: usize) {
		self.limit.store(limit, Relaxed);
	}

	/// Takes a place, if one is free.
	pub fn reserve(self: &Arc<Self>) -> Option<Reservation> {
		let limit = self.limit.load(Relaxed);
		self.used
			.fetch_update(Relaxed, Relaxed, |used| {
				used.checked_add(1).filter(|used| *used <= limit)
			})
			.ok()
			.map(|_| Reservation(self.clone()))
	}

	/// Places taken.
	pub fn used(&self) -> usize {
		self.used.load(Relaxed)
	}
}

impl Drop for Reservation {
	fn drop(&mut self) {
		self.0.used.fetch_sub(1, Relaxed);
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
}
