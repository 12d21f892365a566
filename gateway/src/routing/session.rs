// SPDX-License-Identifier: Apache-2.0

//! Sessions: the height a client has seen, below which it must not be served, and the service that
//! keeps state for it.

use ahash::RandomState;
use moka::sync::Cache;
use parking_lot::Mutex;
use std::{
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};
use surety_primitives::ServiceId;

/// Key of a client and network.
pub type SessionKey = u64;

/// Memory of a client.
#[derive(Debug, Default)]
pub struct Session {
	/// Highest block that the client saw.
	height: AtomicU64,
	sticky: Mutex<Option<ServiceId>>,
}

impl Session {
	/// Height that the client has seen.
	pub fn height(&self) -> u64 {
		self.height.load(Ordering::Relaxed)
	}

	/// The client was shown a block.
	pub fn saw(&self, height: u64) {
		self.height.fetch_max(height, Ordering::Relaxed);
	}

	/// Latest block for the client: the served tip, or what it saw of a faster operator.
	///
	/// `ceiling` is the highest height that operators in agreement report; nothing above it counts,
	/// so that no answer of a liar moves a session.
	pub fn latest(&self, tip: u64, ceiling: u64) -> u64 {
		tip.max(self.height().min(ceiling))
	}

	/// Service that keeps state for the client, such as a filter.
	pub fn sticky(&self) -> Option<ServiceId> {
		*self.sticky.lock()
	}

	/// A service keeps state for the client from now on.
	pub fn stick(&self, service: ServiceId) {
		*self.sticky.lock() = Some(service);
	}
}

/// Sessions of all clients, bounded in number.
#[derive(Clone, Debug)]
pub struct Sessions(Cache<SessionKey, Arc<Session>, RandomState>);

impl Sessions {
	/// At most `capacity` sessions, each dropped after an idle time.
	pub fn new(capacity: u64, idle: Duration) -> Self {
		let cache = Cache::builder().max_capacity(capacity).time_to_idle(idle);
		Self(cache.build_with_hasher(RandomState::new()))
	}

	/// Session of a client.
	pub fn get(&self, key: SessionKey) -> Arc<Session> {
		self.0.get(&key).unwrap_or_else(|| self.0.get_with(key, Arc::default))
	}
}
