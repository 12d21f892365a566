// SPDX-License-Identifier: Apache-2.0

//! Chain as a client has seen it.

use crate::rpc::{Block, BlockHash};
use std::collections::VecDeque;

/// Blocks that a client holds for canonical: contiguous, each the parent of the next, the last
/// `horizon` of them.
#[derive(Clone, Debug)]
pub struct View {
	blocks: VecDeque<Block>,
	horizon: usize,
	forgot: bool,
}

impl View {
	/// Empty view of at most `horizon` blocks.
	pub fn new(horizon: usize) -> Self {
		Self { blocks: VecDeque::new(), horizon: horizon.max(1), forgot: false }
	}

	/// Best block.
	pub fn top(&self) -> Option<&Block> {
		self.blocks.back()
	}

	/// Oldest block that is remembered.
	pub fn oldest(&self) -> Option<&Block> {
		self.blocks.front()
	}

	/// True if blocks before the oldest were dropped, false if the view began with it.
	pub fn forgot(&self) -> bool {
		self.forgot
	}

	/// Block of a number.
	pub fn get(&self, number: u64) -> Option<&Block> {
		let first = self.blocks.front()?.number;
		self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?)
	}

	/// True if the block is canonical.
	pub fn holds(&self, number: u64, hash: &BlockHash) -> bool {
		self.get(number).is_some_and(|block| block.hash == *hash)
	}

	/// True if the block's parent is canonical.
	pub fn holds_parent(&self, block: &Block) -> bool {
		block.number.checked_sub(1).is_some_and(|number| self.holds(number, &block.parent))
	}

	/// Appends a block whose parent is canonical (or the first one) and returns the blocks that it
	/// displaces, the best one first.
	pub fn extend(&mut self, block: Block) -> Vec<Block> {
		let mut displaced = Vec::new();
		while self.blocks.back().is_some_and(|top| top.number >= block.number) {
			displaced.extend(self.blocks.pop_back());
		}
		self.blocks.push_back(block);
		if self.blocks.len() > self.horizon {
			self.blocks.pop_front();
			self.forgot = true;
		}
		displaced
	}

	/// Canonical blocks from a number on.
	pub fn from(&self, number: u64) -> impl Iterator<Item = &Block> {
		self.blocks.iter().skip_while(move |block| block.number < number)
	}
}
