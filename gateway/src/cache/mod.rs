// SPDX-License-Identifier: Apache-2.0

//! Cache of answers, valid by the hash of the block they are of.
//!
//! - An answer of a block that is not final is valid as long as that block is the one the operators
//!   agree on at its height: a reorganisation invalidates it without a sweep.
//! - An answer without data is never kept.
//! - Answers of an operator that was caught with a wrong one are no longer valid.

mod flights;
mod heads;
#[cfg(test)]
mod tests;

pub use flights::{Flights, Join, Leader};
pub use heads::Heads;

use crate::rpc::BlockHash;
use ahash::RandomState;
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::{
	collections::HashMap,
	hash::{Hash, Hasher},
	sync::{
		Arc, LazyLock,
		atomic::{AtomicBool, AtomicU64, Ordering},
	},
	time::{Duration, Instant},
};
use surety_primitives::ServiceId;

/// Key of an answer: network, method and parameters. They are hashed once, with a secret of the
/// process: clients choose them, and they may be long.
#[derive(Clone, Debug, Eq)]
pub struct Key {
	hash: u64,
	bytes: Bytes,
}

impl PartialEq for Key {
	fn eq(&self, other: &Self) -> bool {
		self.hash == other.hash && self.bytes == other.bytes
	}
}

impl Hash for Key {
	fn hash<H: Hasher>(&self, state: &mut H) {
		state.write_u64(self.hash);
	}
}

impl From<Vec<u8>> for Key {
	fn from(bytes: Vec<u8>) -> Self {
		static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
		Self { hash: SECRET.hash_one(bytes.as_slice()), bytes: bytes.into() }
	}
}

/// Longest parameters that are looked up.
const MAX_PARAMS: usize = 16_384;

/// Key of a call. White space between the tokens of the parameters does not matter. `None` if the
/// parameters are too long for the cache.
pub fn key(network: u32, method: &str, params: &[u8]) -> Option<Key> {
	if params.len() > MAX_PARAMS {
		return None;
	}
	let length = method.len().saturating_add(params.len()).saturating_add(5);
	let mut key = Vec::with_capacity(length);
	key.extend_from_slice(&network.to_be_bytes());
	key.extend_from_slice(method.as_bytes());
	// No method's name has this byte.
	key.push(0);
	let space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
	// Without an early exit inside a chunk, which is then compiled to vector instructions.
	let spaced = |chunk: &[u8]| chunk.iter().fold(false, |found, byte| found | space(byte));
	if params.chunks(64).any(spaced) {
		let (mut quoted, mut escaped) = (false, false);
		for byte in params {
			if quoted || !space(byte) {
				key.push(*byte);
			}
			match byte {
				b'"' if !escaped => quoted = !quoted,
				b'\\' if !escaped => {
					escaped = true;
					continue;
				},
				_ => {},
			}
			escaped = false;
		}
	} else if params != b"[]" {
		key.extend_from_slice(params);
	}
	if key.ends_with(b"\0[]") {
		key.truncate(key.len().saturating_sub(2));
	}
	Some(key.into())
}

/// Condition under which an answer is valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Validity {
	/// Always.
	Always,
	/// While the block at a height has this hash.
	Block {
		/// Height.
		number: u64,
		/// Hash.
		hash: BlockHash,
	},
	/// While the served tip is at a height, but not longer than until a time.
	Head {
		/// Height.
		number: u64,
		/// End.
		until: Instant,
	},
	/// Until a time.
	Until(Instant),
}

/// Answer in the cache.
#[derive(Debug)]
pub struct Entry {
	/// Result as raw JSON.
	pub result: Bytes,
	/// Service that answered.
	pub source: ServiceId,
	validity: Validity,
	/// True once the entry's block is known to be final.
	last: AtomicBool,
	/// Number of the insertion.
	stamp: u64,
}

impl Entry {
	/// True if the answer is that of the chain as it is now. O(1).
	fn is_valid(&self, heads: &Heads, now: Instant) -> bool {
		match self.validity {
			Validity::Always => true,
			Validity::Until(end) => now < end,
			Validity::Head { number, until } => heads.latest() == Some(number) && now < until,
			Validity::Block { number, hash } => {
				if self.last.load(Ordering::Relaxed) {
					return true;
				}
				// The hash is compared even below the finalized height: another block than the
				// entry's may be the one that became final.
				if heads.hash_at(number) != Some(hash) {
					return false;
				}
				if heads.finalized().is_some_and(|finalized| number <= finalized) {
					self.last.store(true, Ordering::Relaxed);
				}
				true
			},
		}
	}
}

/// Counters of a network's cache.
#[derive(Debug, Default)]
pub struct CacheStats {
	/// Answers out of the cache.
	pub hits: AtomicU64,
	/// Calls that waited for the answer to an equal one.
	pub coalesced: AtomicU64,
	/// Weight of the calls that needed no operator: what they would have used of the agreements.
	pub saved_weight: AtomicU64,
}

impl CacheStats {
	/// A call was answered without an operator.
	pub fn save(&self, weight: u16) {
		self.saved_weight.fetch_add(u64::from(weight), Ordering::Relaxed);
	}
}

/// Rules of the cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheSettings {
	/// Bytes of all entries with their keys.
	pub bytes: u64,
	/// Bytes of one result.
	pub entry_bytes: usize,
	/// Longest time that an answer is kept without use.
	pub idle: Duration,
}

impl Default for CacheSettings {
	fn default() -> Self {
		Self { bytes: 256 * 1_048_576, entry_bytes: 1_048_576, idle: Duration::from_secs(3_600) }
	}
}

/// Answers of all networks, shared by all workers.
#[derive(Debug)]
pub struct AnswerCache {
	entries: moka::sync::Cache<Key, Arc<Entry>, RandomState>,
	settings: CacheSettings,
	stamps: AtomicU64,
	/// Number of the last insertion that is not trusted, by service.
	distrusted: ArcSwap<HashMap<ServiceId, u64>>,
}

/// Bytes that an entry takes besides key and result: its own, those of the allocations, and its
/// places in the table and the queues of `moka`. Measured by the test of the bound.
const OVERHEAD: usize = 560;
/// Longest result that is copied, in bytes: a short one is a part of the buffer that its connection
/// reads into, all of which would stay with it. Longer ones fill most of theirs.
const COPIED: usize = 16_384;

impl AnswerCache {
	/// Empty cache.
	pub fn new(settings: CacheSettings) -> Self {
		let entries = moka::sync::Cache::builder()
			.weigher(|key: &Key, entry: &Arc<Entry>| {
				let bytes =
					key.bytes.len().saturating_add(entry.result.len()).saturating_add(OVERHEAD);
				u32::try_from(bytes).unwrap_or(u32::MAX)
			})
			.max_capacity(settings.bytes)
			.time_to_idle(settings.idle)
			.build_with_hasher(RandomState::new());
		Self { entries, settings, stamps: AtomicU64::new(0), distrusted: ArcSwap::default() }
	}

	/// Valid answer to a call, counted as a hit.
	pub fn get(
		&self,
		key: &Key,
		heads: &Heads,
		stats: &CacheStats,
		now: Instant,
	) -> Option<Arc<Entry>> {
		let valid = |entry: &Arc<Entry>| entry.is_valid(heads, now) && self.is_trusted(entry);
		let entry = self.entries.get(key).filter(valid)?;
		stats.hits.fetch_add(1, Ordering::Relaxed);
		Some(entry)
	}

	/// Keep an answer. Answers without data must not be passed.
	pub fn insert(&self, key: Key, result: Bytes, source: ServiceId, validity: Validity) {
		if result.len() > self.settings.entry_bytes {
			return;
		}
		let result = if result.len() > COPIED { result } else { Bytes::copy_from_slice(&result) };
		let stamp = self.stamps.fetch_add(1, Ordering::Relaxed);
		let last = AtomicBool::new(false);
		self.entries.insert(key, Arc::new(Entry { result, source, validity, last, stamp }));
	}

	fn is_trusted(&self, entry: &Entry) -> bool {
		let distrusted = self.distrusted.load();
		distrusted.is_empty()
			|| distrusted.get(&entry.source).is_none_or(|stamp| entry.stamp > *stamp)
	}

	/// A service was caught with a wrong answer: none of its answers so far is valid any more.
	pub fn distrust(&self, service: ServiceId) {
		let stamp = self.stamps.fetch_add(1, Ordering::Relaxed);
		self.distrusted.rcu(|all| {
			let mut all = HashMap::clone(all);
			all.insert(service, stamp);
			all
		});
	}
}
