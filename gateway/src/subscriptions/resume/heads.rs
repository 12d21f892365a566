// SPDX-License-Identifier: Apache-2.0

//! Heads: every block once and after its parent, over any number of upstreams.

use super::{Fault, View};
use crate::{
	rpc::{Block, BlockHash},
	subscriptions::block::Head,
};
use std::collections::{HashSet, VecDeque};

/// Heads that wait while ancestors are fetched. Older ones are dropped: they are fetched again as
/// ancestors of the later ones.
const MAX_WAITING: usize = 64;

/// Meaning of a subscription to heads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
	/// Best blocks: a reorganisation sends the blocks of the other branch.
	Best,
	/// Finalized blocks: a line without branches.
	Finalized,
	/// All blocks, on whichever branch.
	All,
}

/// Ancestors that the machine needs before it can go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted {
	/// BlockHash of the youngest missing block.
	pub hash: BlockHash,
	/// Its number.
	pub number: u64,
	/// Lowest number that is surely missing, if the chain was not reorganised.
	pub floor: u64,
}

/// State machine of a subscription to heads.
pub struct Heads {
	mode: Mode,
	horizon: u64,
	view: View,
	/// All mode: hashes already sent, and their order of arrival.
	sent: HashSet<BlockHash>,
	order: VecDeque<Block>,
	forgot: bool,
	/// Announced block and its ancestors so far, each the child of the next.
	gap: Vec<Head>,
	waiting: VecDeque<Head>,
	/// Block at which the subscription began: known, and sent only if the upstream announces it.
	unsent: Option<BlockHash>,
}

enum Place {
	/// The block follows what was sent.
	Next,
	/// The block was sent, or lies before what was sent.
	Old,
	/// The block's parent is not known.
	Beyond,
}

impl Heads {
	/// Machine that remembers `horizon` blocks: the deepest reorganisation and the longest gap
	/// that it bridges.
	pub fn new(mode: Mode, horizon: usize) -> Self {
		Self {
			mode,
			horizon: u64::try_from(horizon).unwrap_or(u64::MAX),
			view: View::new(horizon),
			sent: HashSet::new(),
			order: VecDeque::new(),
			forgot: false,
			gap: Vec::new(),
			waiting: VecDeque::new(),
			unsent: None,
		}
	}

	/// The chain as clients have seen it. Empty for [`Mode::All`].
	pub fn view(&self) -> &View {
		&self.view
	}

	/// Ancestors to fetch now.
	pub fn wanted(&self) -> Option<Wanted> {
		let lowest = self.gap.last()?.block;
		let number = lowest.number.checked_sub(1)?;
		let floor = self.top().map_or(number, |top| top.number.saturating_add(1));
		Some(Wanted { hash: lowest.parent, number, floor: floor.min(number) })
	}

	/// Another upstream takes over.
	pub fn rebind(&mut self) {
		self.gap.clear();
		self.waiting.clear();
	}

	/// Takes the best block of the first upstream, which clients do not expect: the subscription
	/// begins after it, and what follows is a gap if it is missing.
	pub fn begin(&mut self, block: Block) {
		if self.mode == Mode::Best && self.view.top().is_none() {
			self.view.extend(block);
			self.unsent = Some(block.hash);
		}
	}

	/// Takes a head of the upstream; blocks to send are appended to `out`.
	///
	/// Errors: the upstream is to be left.
	pub fn head(&mut self, head: Head, out: &mut Vec<Head>) -> Result<(), Fault> {
		if self.gap.is_empty() {
			return self.place(head, out);
		}
		if self.waiting.len() >= MAX_WAITING {
			self.waiting.pop_front();
		}
		self.waiting.push_back(head);
		Ok(())
	}

	/// Takes the ancestors that were [`wanted`](Self::wanted), the youngest first; fewer than
	/// asked for are welcome, none are a fault.
	///
	/// Errors: the upstream is to be left.
	pub fn found(&mut self, ancestors: Vec<Head>, out: &mut Vec<Head>) -> Result<(), Fault> {
		if self.gap.is_empty() {
			return Ok(());
		}
		if ancestors.is_empty() {
			return Err(Fault::Unlinked);
		}
		for ancestor in ancestors {
			let Some(child) = self.gap.last() else { break };
			let linked = ancestor.block.hash == child.block.parent
				&& ancestor.block.number.checked_add(1) == Some(child.block.number);
			if !linked {
				return Err(Fault::Unlinked);
			}
			let place = self.classify(&ancestor.block)?;
			match place {
				Place::Next => {
					self.gap.push(ancestor);
					return self.close_gap(out);
				},
				// The branch leaves the chain of the clients before anything that is remembered.
				Place::Old => return Err(Fault::Unrelated),
				Place::Beyond => self.gap.push(ancestor),
			}
			if u64::try_from(self.gap.len()).unwrap_or(u64::MAX) > self.horizon {
				return Err(Fault::Unrelated);
			}
		}
		Ok(())
	}

	fn close_gap(&mut self, out: &mut Vec<Head>) -> Result<(), Fault> {
		for head in std::mem::take(&mut self.gap).into_iter().rev() {
			self.send(head, out);
		}
		while self.gap.is_empty() {
			let Some(head) = self.waiting.pop_front() else { break };
			self.place(head, out)?;
		}
		Ok(())
	}

	fn place(&mut self, head: Head, out: &mut Vec<Head>) -> Result<(), Fault> {
		match self.classify(&head.block)? {
			Place::Next => self.send(head, out),
			Place::Old => {},
			Place::Beyond => self.gap.push(head),
		}
		Ok(())
	}

	fn top(&self) -> Option<&Block> {
		match self.mode {
			Mode::All => self.order.iter().max_by_key(|block| block.number),
			Mode::Best | Mode::Finalized => self.view.top(),
		}
	}

	fn classify(&self, block: &Block) -> Result<Place, Fault> {
		let Some(top) = self.top() else { return Ok(Place::Next) };
		if block.number > top.number.saturating_add(self.horizon) {
			return Err(Fault::Unrelated);
		}
		match self.mode {
			Mode::All => {
				if self.sent.contains(&block.hash) {
					return Ok(Place::Old);
				}
				if self.sent.contains(&block.parent) {
					return Ok(Place::Next);
				}
				Ok(self.beyond(
					block,
					self.order.iter().map(|known| known.number).min(),
					self.forgot,
				))
			},
			Mode::Best => {
				if self.view.holds(block.number, &block.hash) {
					// Imported after the subscription began, and asked for before it was announced.
					let unsent = self.unsent == Some(block.hash);
					return Ok(if unsent { Place::Next } else { Place::Old });
				}
				if self.view.holds_parent(block) {
					return Ok(Place::Next);
				}
				Ok(self.beyond(
					block,
					self.view.oldest().map(|oldest| oldest.number),
					self.view.forgot(),
				))
			},
			Mode::Finalized => {
				if block.number > top.number {
					if self.view.holds_parent(block) {
						return Ok(Place::Next);
					}
					let follows = block.number.checked_sub(1) == Some(top.number);
					return if follows { Err(Fault::Conflict) } else { Ok(Place::Beyond) };
				}
				match self.view.get(block.number) {
					Some(known) if known.hash != block.hash => Err(Fault::Conflict),
					_ => Ok(Place::Old),
				}
			},
		}
	}

	/// Place of a block whose parent was not sent.
	///
	/// A sibling of the very first block is news, since the chain was reorganised across the start
	/// of the subscription. Anything else that low comes from an upstream that is behind.
	fn beyond(&self, block: &Block, oldest: Option<u64>, forgot: bool) -> Place {
		match oldest {
			Some(oldest) if block.number < oldest => Place::Old,
			Some(oldest) if block.number == oldest && forgot => Place::Old,
			Some(oldest) if block.number == oldest => Place::Next,
			_ => Place::Beyond,
		}
	}

	fn send(&mut self, head: Head, out: &mut Vec<Head>) {
		match self.mode {
			Mode::All => {
				self.sent.insert(head.block.hash);
				self.order.push_back(head.block);
				if u64::try_from(self.order.len()).unwrap_or(u64::MAX) > self.horizon
					&& let Some(forgotten) = self.order.pop_front()
				{
					self.sent.remove(&forgotten.hash);
					self.forgot = true;
				}
			},
			Mode::Best | Mode::Finalized => {
				self.view.extend(head.block);
				self.unsent = None;
			},
		}
		out.push(head);
	}
}
