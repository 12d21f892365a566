// SPDX-License-Identifier: Apache-2.0

//! Recent blocks and their hashes, of what operators report: by them an answer in the cache is
//! valid or not after a reorganisation, without a sweep.

use crate::{
	routing::Account,
	rpc::{Block, BlockHash},
};
use parking_lot::RwLock;
use std::{
	collections::BTreeMap,
	sync::atomic::{AtomicU64, Ordering},
};

/// Blocks kept.
const CAPACITY: u64 = 512;
/// Blocks above the served tip that are kept.
const AHEAD: u64 = 32;
/// Operators whose word is kept for one block.
const MAX_VOTES: usize = 64;

#[derive(Debug, Default)]
struct Height {
	votes: Vec<(Account, BlockHash)>,
	/// Hash with most votes; `None` in a tie.
	hash: Option<BlockHash>,
}

impl Height {
	fn of(&self, account: &Account) -> Option<BlockHash> {
		self.votes.iter().find(|(voter, _)| voter == account).map(|(_, hash)| *hash)
	}

	fn set(&mut self, account: Account, hash: BlockHash) {
		if let Some((_, old)) = self.votes.iter_mut().find(|(voter, _)| *voter == account) {
			*old = hash;
		} else if self.votes.len() < MAX_VOTES {
			self.votes.push((account, hash));
		}
		self.count();
	}

	fn drop_vote(&mut self, account: &Account) {
		self.votes.retain(|(voter, _)| voter != account);
		self.count();
	}

	fn count(&mut self) {
		let votes = |hash: &BlockHash| self.votes.iter().filter(|(_, vote)| vote == hash).count();
		let mut best: Option<(BlockHash, usize)> = None;
		let mut tie = false;
		for (_, hash) in &self.votes {
			let count = votes(hash);
			match best {
				Some((other, most)) if count == most => tie |= other != *hash,
				Some((_, most)) if count < most => {},
				_ => (best, tie) = (Some((*hash, count)), false),
			}
		}
		self.hash = best.filter(|_| !tie).map(|(hash, _)| hash);
	}
}

/// Recent blocks of one network, and the served heights.
#[derive(Debug, Default)]
pub struct Heads {
	heights: RwLock<BTreeMap<u64, Height>>,
	/// Served heights plus 1; 0 before the first.
	latest: AtomicU64,
	safe: AtomicU64,
	finalized: AtomicU64,
	/// Highest block that operators in agreement may have shown.
	ceiling: AtomicU64,
	/// Highest block of which subscribers were notified.
	announced: AtomicU64,
}

fn load(value: &AtomicU64) -> Option<u64> {
	value.load(Ordering::Relaxed).checked_sub(1)
}

fn store(value: &AtomicU64, height: Option<u64>) {
	value.store(height.map_or(0, |height| height.saturating_add(1)), Ordering::Relaxed);
}

impl Heads {
	/// Served latest height.
	pub fn latest(&self) -> Option<u64> {
		load(&self.latest)
	}

	/// Served safe height, at least the finalized one.
	pub fn safe(&self) -> Option<u64> {
		load(&self.safe).max(self.finalized())
	}

	/// Served finalized height, never above the latest.
	pub fn finalized(&self) -> Option<u64> {
		Some(load(&self.finalized)?.min(self.latest()?))
	}

	/// Highest height that a session may have seen.
	pub fn ceiling(&self) -> Option<u64> {
		load(&self.ceiling).max(self.latest())
	}

	/// Set the served heights.
	pub fn serve(&self, latest: Option<u64>, safe: Option<u64>, finalized: Option<u64>) {
		store(&self.latest, latest);
		store(&self.safe, safe);
		store(&self.finalized, finalized);
	}

	/// Set the highest height that two operators report, or the only one.
	pub fn set_ceiling(&self, height: Option<u64>) {
		store(&self.ceiling, height);
	}

	/// Highest block that clients can know of: the served one, or a later one of which subscribers
	/// were notified before most operators had it.
	pub fn announced(&self) -> Option<u64> {
		load(&self.announced).max(self.latest())
	}

	/// Subscribers are notified of a block.
	pub fn announce(&self, number: u64) {
		self.announced.fetch_max(number.saturating_add(1), Ordering::Relaxed);
	}

	/// Hash of a block, if most operators that reported it agree.
	pub fn hash_at(&self, number: u64) -> Option<BlockHash> {
		self.heights.read().get(&number)?.hash
	}

	/// An operator reported a block. Blocks far from the served tip are ignored, so that a liar
	/// can't push out the others.
	pub fn note(&self, account: Account, head: Block) {
		let Some(latest) = self.latest() else { return };
		let lowest = latest.saturating_sub(CAPACITY);
		let highest = latest.saturating_add(AHEAD);
		if head.number < lowest || head.number > highest {
			return;
		}
		let mut heights = self.heights.write();
		// Above its own head the operator has no blocks any more.
		if let Some(above) = head.number.checked_add(1) {
			for (_, height) in heights.range_mut(above..) {
				height.drop_vote(&account);
			}
		}
		heights.entry(head.number).or_default().set(account, head.hash);
		if let Some(below) = head.number.checked_sub(1).filter(|below| *below >= lowest) {
			let before = heights.get(&below).and_then(|height| height.of(&account));
			heights.entry(below).or_default().set(account, head.parent);
			if before.is_some_and(|before| before != head.parent) {
				// A reorganisation of unknown depth: nothing below is sure any more.
				for (_, height) in heights.range_mut(..below) {
					height.drop_vote(&account);
				}
			}
		}
		while heights.first_key_value().is_some_and(|(number, _)| *number < lowest) {
			heights.pop_first();
		}
		heights.retain(|_, height| !height.votes.is_empty());
	}

	/// Drop the word of operators that left the pool.
	pub fn retain(&self, keep: impl Fn(&Account) -> bool) {
		let mut heights = self.heights.write();
		for height in heights.values_mut() {
			height.votes.retain(|(account, _)| keep(account));
			height.count();
		}
		heights.retain(|_, height| !height.votes.is_empty());
	}
}
