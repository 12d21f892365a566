// SPDX-License-Identifier: Apache-2.0

//! Watched transaction of a Substrate chain whose upstream was lost.
//!
//! The transaction is never submitted again: it may be in a block already. Instead the blocks
//! since its submission are searched for it, and its end is reported from there.

use crate::rpc::BlockHash;

/// Event of the transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WatchEvent {
	/// In a block of the best chain, at an index.
	InBlock(BlockHash, usize),
	/// The block left the best chain.
	Retracted(BlockHash),
	/// The block is finalized; the last event.
	Finalized(BlockHash, usize),
	/// Not found within the time that transactions commonly live; the last event.
	Dropped,
}

/// Fact that the machine needs next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WatchNeed {
	/// Numbers of the best and of the last finalized block, after a while.
	Numbers,
	/// Block of a number: its hash, and the position of the transaction in it.
	Block(u64),
}

/// State machine of a watched transaction after the loss of its upstream.
pub struct Watch {
	/// Next block of the best chain to search.
	next: u64,
	/// Next finalized block to search: the best chain may have changed behind `next`.
	next_finalized: u64,
	best: u64,
	finalized: u64,
	last: u64,
	found: Option<(u64, BlockHash, usize)>,
	/// Block that the lost upstream reported last.
	reported: Option<BlockHash>,
	checked: bool,
	ended: bool,
}

impl Watch {
	/// Machine for a transaction that was submitted when `submitted_at` was the best block, with the
	/// block that was reported before the loss. It is searched for in at most `patience` blocks.
	pub fn new(submitted_at: u64, reported: Option<BlockHash>, patience: u64) -> Self {
		Self {
			next: submitted_at,
			next_finalized: submitted_at,
			best: 0,
			finalized: 0,
			last: submitted_at.saturating_add(patience),
			found: None,
			reported,
			checked: true,
			ended: false,
		}
	}

	/// Fact to fetch now. `None` after the last event.
	pub fn need(&self) -> Option<WatchNeed> {
		if self.ended {
			return None;
		}
		Some(match self.found {
			Some((number, ..)) if !self.checked => WatchNeed::Block(number),
			None if self.next <= self.best.min(self.last) => WatchNeed::Block(self.next),
			None if self.next_finalized <= self.finalized.min(self.last) => {
				WatchNeed::Block(self.next_finalized)
			},
			_ => WatchNeed::Numbers,
		})
	}

	/// Takes the numbers of the best and the finalized block.
	pub fn numbers(&mut self, best: u64, finalized: u64, out: &mut Vec<WatchEvent>) {
		// Upstreams differ; one that is behind says nothing about finality that is new.
		self.best = self.best.max(best);
		self.finalized = self.finalized.max(finalized.min(best));
		self.checked = false;
		if self.found.is_none() && self.next_finalized > self.last && !self.ended {
			self.ended = true;
			out.push(WatchEvent::Dropped);
		}
	}

	/// Takes the block of a number, or that there is none yet.
	pub fn block(
		&mut self,
		number: u64,
		block: Option<(BlockHash, Option<usize>)>,
		out: &mut Vec<WatchEvent>,
	) {
		let Some((hash, index)) = block else {
			// The number came from an upstream that is ahead: ask for numbers again.
			self.best = self.best.min(number.saturating_sub(1));
			self.finalized = self.finalized.min(self.best);
			self.checked = true;
			return;
		};
		match self.found {
			Some((found, ..)) if found != number => {},
			Some((_, known, index)) if known == hash => {
				self.checked = true;
				if number <= self.finalized {
					self.ended = true;
					out.push(WatchEvent::Finalized(hash, index));
				}
			},
			Some((_, known, _)) => {
				self.found = None;
				self.reported = None;
				out.push(WatchEvent::Retracted(known));
				// The other branch may have it in an earlier block.
				self.next = self.next.min(number.saturating_sub(RETRACTION));
				self.look(number, hash, index, out);
			},
			None => self.look(number, hash, index, out),
		}
	}

	fn look(
		&mut self,
		number: u64,
		hash: BlockHash,
		index: Option<usize>,
		out: &mut Vec<WatchEvent>,
	) {
		let Some(index) = index else {
			if number == self.next {
				self.next = self.next.saturating_add(1);
			}
			if number == self.next_finalized && number <= self.finalized {
				self.next_finalized = self.next_finalized.saturating_add(1);
			}
			return;
		};
		self.found = Some((number, hash, index));
		match self.reported.take() {
			Some(reported) if reported == hash => {},
			Some(reported) => {
				out.push(WatchEvent::Retracted(reported));
				out.push(WatchEvent::InBlock(hash, index));
			},
			None => out.push(WatchEvent::InBlock(hash, index)),
		}
		self.checked = true;
		if number <= self.finalized {
			self.ended = true;
			out.push(WatchEvent::Finalized(hash, index));
		}
	}
}

/// Blocks before a retracted one that are searched again.
const RETRACTION: u64 = 16;
