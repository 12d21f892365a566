// SPDX-License-Identifier: Apache-2.0

//! Logs of Ethereum: each once, and taken back with `removed: true` if its block is displaced.
//!
//! An upstream's own stream is passed on as long as it lasts: it takes back what it displaces. A
//! new upstream is asked for the logs of the blocks around the failover, one block at a time by
//! hash, before its stream is passed on; and logs of blocks that its chain does not have are
//! taken back here, since that upstream never sent them.

use super::{Fault, Heads, Mode, Wanted};
use crate::{
	rpc::{
		Block, BlockHash,
		json::{hash_of, quantity_of},
	},
	subscriptions::block::Head,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
	borrow::Cow,
	collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
};

/// Blocks before the failover whose logs are compared again: an upstream may die between the
/// logs of one block.
const RECHECK: u64 = 3;

/// Heads after which a reorganisation that took logs back counts as complete.
const REORGANISED: u32 = 8;

/// Logs of an upstream that wait until a failover is reconciled.
const MAX_WAITING: usize = 16_384;

/// Removals that are remembered so that none is sent twice.
const MAX_REMOVED: usize = 16_384;

/// Log of a transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
	/// Number of its block.
	pub number: u64,
	/// BlockHash of its block.
	pub block: BlockHash,
	/// Position in the block.
	pub index: u64,
	/// True if the log is taken back.
	pub removed: bool,
	/// The log in JSON.
	pub body: Bytes,
}

#[derive(Deserialize)]
struct Fields<'a> {
	#[serde(borrow, rename = "blockNumber")]
	number: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "blockHash")]
	block: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "logIndex")]
	index: Option<Cow<'a, str>>,
	#[serde(default)]
	removed: bool,
}

impl Log {
	/// Reads a log. `None` if it is malformed or not in a block yet.
	pub fn read(body: Bytes) -> Option<Self> {
		let fields: Fields<'_> = serde_json::from_slice(&body).ok()?;
		let (number, block, index) = (
			quantity_of(fields.number.as_deref()?)?,
			hash_of(fields.block.as_deref()?)?,
			quantity_of(fields.index.as_deref()?)?,
		);
		let removed = fields.removed;
		Some(Self { number, block, index, removed, body })
	}

	/// The same log, taken back.
	fn taken_back(&self) -> Self {
		let body = with_removed(&self.body).unwrap_or_else(|| self.body.clone());
		Self { removed: true, body, ..self.clone() }
	}
}

fn with_removed(body: &[u8]) -> Option<Bytes> {
	let mut fields: BTreeMap<&str, &RawValue> = serde_json::from_slice(body).ok()?;
	let removed = RawValue::from_string("true".into()).ok()?;
	fields.insert("removed", &removed);
	Some(serde_json::to_vec(&fields).ok()?.into())
}

/// Things that the machine needs before it can go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogsWanted {
	/// Ancestors of a head.
	Ancestors(Wanted),
	/// Logs of a block that match the filter.
	Logs(Block),
}

enum Stage {
	/// The upstream's logs are passed on.
	Live,
	/// A new upstream; its best block is not known yet.
	Unanchored,
	/// Blocks whose logs are still to be compared, the oldest first.
	Comparing(VecDeque<Block>),
}

/// State machine of a subscription to logs.
pub struct Logs {
	heads: Heads,
	/// Number of the first block that the subscription covers.
	start: Option<u64>,
	/// Logs that clients hold for valid, by block.
	sent: BTreeMap<(u64, BlockHash), BTreeMap<u64, Log>>,
	bytes: usize,
	max_bytes: usize,
	removed: HashSet<(BlockHash, u64)>,
	removed_order: VecDeque<(BlockHash, u64)>,
	stage: Stage,
	/// Blocks with logs of earlier upstreams, of which the present one has not shown its view yet.
	foreign: BTreeSet<(u64, BlockHash)>,
	/// Last head of the upstream.
	last_head: Option<Block>,
	/// Block that the upstream gave as its best, as long as its ancestors are missing.
	anchor: Option<Block>,
	/// Number of the present upstream's best block when its stream began.
	anchored_at: u64,
	/// Block up to which all logs of the view were sent.
	covered: u64,
	/// Lowest block whose logs were taken back, within some last heads; and the heads since.
	taken_back: Option<(u64, u32)>,
	waiting: Vec<Log>,
}

impl Logs {
	/// Machine that bridges `horizon` blocks and remembers logs of at most `max_bytes`.
	pub fn new(horizon: usize, max_bytes: usize) -> Self {
		Self {
			heads: Heads::new(Mode::Best, horizon),
			start: None,
			sent: BTreeMap::new(),
			bytes: 0,
			max_bytes,
			removed: HashSet::new(),
			removed_order: VecDeque::new(),
			stage: Stage::Unanchored,
			foreign: BTreeSet::new(),
			last_head: None,
			anchor: None,
			anchored_at: 0,
			covered: 0,
			taken_back: None,
			waiting: Vec::new(),
		}
	}

	/// Things to fetch now.
	pub fn wanted(&self) -> Option<LogsWanted> {
		if let Some(wanted) = self.heads.wanted() {
			return Some(LogsWanted::Ancestors(wanted));
		}
		match &self.stage {
			Stage::Comparing(blocks) => blocks.front().copied().map(LogsWanted::Logs),
			Stage::Live | Stage::Unanchored => None,
		}
	}

	/// Another upstream takes over.
	pub fn rebind(&mut self) {
		self.heads.rebind();
		// A second failover before the first was reconciled has the same blocks to compare.
		if matches!(self.stage, Stage::Live) {
			let lowest = self.taken_back.take().map_or(u64::MAX, |(number, _)| number);
			self.covered = self.covered.saturating_sub(RECHECK).min(lowest.saturating_sub(1));
		}
		self.stage = Stage::Unanchored;
		self.foreign = self.sent.keys().copied().collect();
		self.anchor = None;
		self.last_head = None;
		self.waiting.clear();
	}

	/// Takes the best block of a new upstream, asked for after its stream of logs had begun.
	///
	/// Errors: the upstream is to be left.
	pub fn anchor(&mut self, head: Head, out: &mut Vec<Log>) -> Result<(), Fault> {
		self.anchor = Some(head.block);
		self.head(head, out)
	}

	/// Takes a head of the upstream.
	///
	/// Errors: the upstream is to be left.
	pub fn head(&mut self, head: Head, out: &mut Vec<Log>) -> Result<(), Fault> {
		let mut heads = Vec::new();
		self.last_head = Some(head.block);
		let result = self.heads.head(head, &mut heads);
		self.moved(&heads, out);
		result
	}

	/// Takes ancestors that were wanted.
	///
	/// Errors: the upstream is to be left.
	pub fn found(&mut self, ancestors: Vec<Head>, out: &mut Vec<Log>) -> Result<(), Fault> {
		let mut heads = Vec::new();
		let result = self.heads.found(ancestors, &mut heads);
		self.moved(&heads, out);
		result
	}

	/// Takes a log of the upstream's stream.
	///
	/// Errors: more logs than can wait.
	pub fn log(&mut self, log: Log, out: &mut Vec<Log>) -> Result<(), Fault> {
		match self.stage {
			Stage::Live => self.accept(log, out),
			Stage::Unanchored | Stage::Comparing(_) => {
				if self.waiting.len() >= MAX_WAITING {
					return Err(Fault::Flood);
				}
				self.waiting.push(log);
			},
		}
		Ok(())
	}

	/// Takes the logs of the block that was wanted.
	///
	/// Errors: logs of another block.
	pub fn block_logs(
		&mut self,
		block: &BlockHash,
		logs: Vec<Log>,
		out: &mut Vec<Log>,
	) -> Result<(), Fault> {
		let Stage::Comparing(blocks) = &mut self.stage else { return Ok(()) };
		if blocks.front().is_none_or(|wanted| wanted.hash != *block) {
			return Ok(());
		}
		if logs.iter().any(|log| log.block != *block || log.removed) {
			return Err(Fault::Malformed);
		}
		blocks.pop_front();
		for log in logs {
			self.accept(log, out);
		}
		self.settle(out);
		Ok(())
	}

	/// After the chain may have changed: takes back what the upstream's chain does not have, and
	/// starts to compare once the upstream's best block is placed.
	fn moved(&mut self, heads: &[Head], out: &mut Vec<Log>) {
		let live = matches!(self.stage, Stage::Live);
		for head in heads {
			let number = head.block.number;
			if live {
				self.covered = number;
				self.taken_back = self
					.taken_back
					.map(|(number, heads)| (number, heads.saturating_add(1)))
					.filter(|(_, heads)| *heads < REORGANISED);
			} else {
				self.covered = self.covered.min(number.saturating_sub(1));
			}
		}
		if self.heads.wanted().is_some() {
			return;
		}
		self.resolve_foreign(out);
		if live && let Some(head) = self.shown() {
			self.covered = self.covered.max(head.number);
		}
		if let Some(anchor) = self.anchor.take() {
			self.anchored(&anchor, out);
		} else if let Stage::Comparing(blocks) = &mut self.stage {
			let view = self.heads.view();
			blocks.retain(|block| view.holds(block.number, &block.hash));
			self.settle(out);
		}
	}

	fn anchored(&mut self, anchor: &Block, out: &mut Vec<Log>) {
		let Some(start) = self.start else {
			// A block may have been imported after the stream began and before it was asked for.
			let streamed = self.waiting.iter().filter(|log| !log.removed).map(|log| log.number);
			let next = anchor.number.saturating_add(1);
			self.start = Some(streamed.fold(next, u64::min));
			self.covered = anchor.number;
			self.stage = Stage::Comparing(VecDeque::new());
			return self.settle(out);
		};
		let first = self.covered.saturating_add(1).max(start);
		let blocks = self
			.heads
			.view()
			.from(first)
			.take_while(|block| block.number <= anchor.number)
			.copied()
			.collect();
		self.stage = Stage::Comparing(blocks);
		self.anchored_at = anchor.number;
		self.settle(out);
	}

	fn settle(&mut self, out: &mut Vec<Log>) {
		if !matches!(&self.stage, Stage::Comparing(blocks) if blocks.is_empty()) {
			return;
		}
		self.stage = Stage::Live;
		self.covered = self.covered.max(self.anchored_at);
		for log in std::mem::take(&mut self.waiting) {
			self.accept(log, out);
		}
	}

	fn accept(&mut self, log: Log, out: &mut Vec<Log>) {
		let key = (log.number, log.block);
		if log.removed {
			let lowest = self.taken_back.map_or(log.number, |(number, _)| number.min(log.number));
			self.taken_back = Some((lowest, 0));
			let held = self.sent.get_mut(&key).and_then(|logs| logs.remove(&log.index));
			if self.sent.get(&key).is_some_and(BTreeMap::is_empty) {
				self.sent.remove(&key);
			}
			// A log from before the subscription: the client may have it from elsewhere.
			let earlier = self.start.is_none_or(|start| log.number < start)
				&& !self.removed.contains(&(log.block, log.index));
			if let Some(held) = held {
				self.bytes = self.bytes.saturating_sub(held.body.len());
				self.send_removal(log, out);
			} else if earlier {
				self.send_removal(log, out);
			}
			return;
		}
		if self.sent.get(&key).is_some_and(|logs| logs.contains_key(&log.index)) {
			return;
		}
		self.removed.remove(&(log.block, log.index));
		self.bytes = self.bytes.saturating_add(log.body.len());
		self.sent.entry(key).or_default().insert(log.index, log.clone());
		out.push(log);
		self.forget();
	}

	/// Compares blocks of earlier upstreams with the chain of the present one, as far as it has
	/// shown it, and takes back the logs of those that it does not have, the latest first.
	fn resolve_foreign(&mut self, out: &mut Vec<Log>) {
		let view = self.heads.view();
		let Some(shown) = self.shown() else { return };
		let later = self.foreign.split_off(&(shown.number.saturating_add(1), BlockHash::default()));
		let settled = std::mem::replace(&mut self.foreign, later);
		let displaced: Vec<_> = settled
			.into_iter()
			.filter(|(number, hash)| view.get(*number).is_some_and(|known| known.hash != *hash))
			.collect();
		for key in displaced.into_iter().rev() {
			for log in self.sent.remove(&key).into_iter().flat_map(BTreeMap::into_values).rev() {
				self.bytes = self.bytes.saturating_sub(log.body.len());
				self.send_removal(log.taken_back(), out);
			}
		}
	}

	/// Last head of the upstream, if it is placed: the view up to it is the upstream's chain.
	fn shown(&self) -> Option<Block> {
		let view = self.heads.view();
		self.last_head.filter(|head| view.holds(head.number, &head.hash))
	}

	fn send_removal(&mut self, log: Log, out: &mut Vec<Log>) {
		let key = (log.block, log.index);
		if self.removed.insert(key) {
			self.removed_order.push_back(key);
		}
		if self.removed_order.len() > MAX_REMOVED
			&& let Some(forgotten) = self.removed_order.pop_front()
		{
			self.removed.remove(&forgotten);
		}
		out.push(log);
	}

	/// Drops what no reorganisation reaches any more, or what is too large to keep.
	fn forget(&mut self) {
		let view = self.heads.view();
		let oldest = view.oldest().filter(|_| view.forgot()).map_or(0, |block| block.number);
		while let Some(first) = self.sent.first_entry() {
			if first.key().0 >= oldest && self.bytes <= self.max_bytes {
				break;
			}
			let bytes: usize = first.get().values().map(|log| log.body.len()).sum();
			first.remove();
			self.bytes = self.bytes.saturating_sub(bytes);
		}
	}
}
