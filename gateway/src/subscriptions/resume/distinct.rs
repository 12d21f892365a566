// SPDX-License-Identifier: Apache-2.0

//! Streams without positions: an event is new if it was not sent lately.

use super::Fault;
use bytes::Bytes;
use serde::Deserialize;
use std::{
	collections::{HashSet, VecDeque, hash_map::RandomState},
	hash::BuildHasher,
};

/// Events that may come from several upstreams, like pending transactions: each is sent once as
/// long as it is remembered.
pub struct Recent {
	hasher: RandomState,
	seen: HashSet<u64>,
	order: VecDeque<u64>,
	capacity: usize,
}

#[derive(Deserialize)]
struct Hashed<'a> {
	#[serde(borrow)]
	hash: std::borrow::Cow<'a, str>,
}

impl Recent {
	/// Memory of `capacity` events.
	pub fn new(capacity: usize) -> Self {
		Self {
			hasher: RandomState::new(),
			seen: HashSet::new(),
			order: VecDeque::new(),
			capacity: capacity.max(1),
		}
	}

	/// True if an event is new. Transactions are compared by their hash, anything else as a whole.
	pub fn insert(&mut self, body: &[u8]) -> bool {
		let digest = match serde_json::from_slice::<Hashed<'_>>(body) {
			Ok(transaction) => self.hasher.hash_one(transaction.hash.as_bytes()),
			Err(_) => self.hasher.hash_one(body),
		};
		if !self.seen.insert(digest) {
			return false;
		}
		self.order.push_back(digest);
		if self.order.len() > self.capacity
			&& let Some(forgotten) = self.order.pop_front()
		{
			self.seen.remove(&forgotten);
		}
		true
	}
}

/// A value that changes: sent if it differs from the last one.
#[derive(Default)]
pub struct Latest {
	last: Option<Bytes>,
}

impl Latest {
	/// True if the value differs from the last one.
	pub fn insert(&mut self, body: &Bytes) -> bool {
		let fresh = self.last.as_ref() != Some(body);
		if fresh {
			self.last = Some(body.clone());
		}
		fresh
	}
}

/// Runtime versions: sent if they differ, and never an earlier one, which a new upstream that is
/// behind would send.
#[derive(Default)]
pub struct RuntimeVersions {
	latest: Latest,
	spec_version: Option<u64>,
}

#[derive(Deserialize)]
struct Version {
	#[serde(rename = "specVersion")]
	spec_version: u64,
}

impl RuntimeVersions {
	/// True if the version is new.
	///
	/// Errors: the version is malformed.
	pub fn insert(&mut self, body: &Bytes) -> Result<bool, Fault> {
		let version: Version = serde_json::from_slice(body).map_err(|_| Fault::Malformed)?;
		if self.spec_version.is_some_and(|known| version.spec_version < known) {
			return Ok(false);
		}
		self.spec_version = Some(version.spec_version);
		Ok(self.latest.insert(body))
	}
}
