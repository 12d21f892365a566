// SPDX-License-Identifier: Apache-2.0

//! State machine of a feed, by topic, and what it publishes.

use super::fetch::Fetched;
use crate::rpc::Block;
use crate::subscriptions::{
	block::Head,
	feed::Feed,
	hub::HubSettings,
	resume::{
		Fault, Heads, Latest, Log, Logs, LogsWanted, Mode, Recent, RuntimeVersions, Storage, Wanted,
	},
	topic::Topic,
};
use crate::websocket::{Notification, clock::Instant};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use surety_primitives::Protocol;

/// Pending transactions that are remembered.
const MAX_RECENT: usize = 16_384;
/// Time over which notifications are counted against floods.
const WINDOW: Duration = Duration::from_secs(10);

/// Thing that a machine needs before it can go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
	/// Best block of the upstream.
	Latest,
	/// Ancestors of a head.
	Ancestors(Wanted),
	/// Logs of a block.
	Logs(Block),
}

enum Kind {
	Heads(Box<Heads>),
	Logs(Box<Logs>),
	Pending(Recent),
	Storage(Storage),
	Version(RuntimeVersions),
	Latest(Latest),
}

/// Machine of one feed.
pub struct Machine {
	feed: Arc<Feed>,
	kind: Kind,
	/// Upstreams so far.
	bound: u32,
	/// The best block of the upstream is known.
	anchored: bool,
	published: u64,
	window: (Instant, u64),
}

impl Machine {
	pub fn new(feed: Arc<Feed>, settings: &HubSettings) -> Self {
		let heads = |mode| Kind::Heads(Box::new(Heads::new(mode, settings.horizon)));
		let kind = match feed.key.topic {
			Topic::NewHeads => heads(Mode::Best),
			Topic::AllHeads => heads(Mode::All),
			Topic::FinalizedHeads => heads(Mode::Finalized),
			Topic::Logs => Kind::Logs(Box::new(Logs::new(settings.horizon, settings.max_memory))),
			Topic::PendingTransactions => Kind::Pending(Recent::new(MAX_RECENT)),
			Topic::Storage => Kind::Storage(Storage::new(settings.max_memory)),
			Topic::RuntimeVersion => Kind::Version(RuntimeVersions::default()),
			Topic::Latest => Kind::Latest(Latest::default()),
		};
		let window = (Instant::now(), 0);
		Self { feed, kind, bound: 0, anchored: false, published: 0, window }
	}

	/// Notifications so far.
	pub fn published(&self) -> u64 {
		self.published
	}

	/// Block that an upstream must have before its state is believed.
	pub fn known_block(&self) -> Option<String> {
		match &self.kind {
			Kind::Storage(storage) => storage.block().map(Into::into),
			_ => None,
		}
	}

	/// Another upstream takes over.
	pub fn rebind(&mut self) {
		if self.bound > 0 {
			match &mut self.kind {
				Kind::Heads(heads) => heads.rebind(),
				Kind::Logs(logs) => logs.rebind(),
				_ => {},
			}
		}
		self.bound = self.bound.saturating_add(1);
		self.anchored = !matches!(self.feed.key.topic, Topic::Logs | Topic::NewHeads);
	}

	/// Thing to fetch now.
	pub fn need(&self) -> Option<Need> {
		if !self.anchored {
			return Some(Need::Latest);
		}
		match &self.kind {
			Kind::Heads(heads) => heads.wanted().map(Need::Ancestors),
			Kind::Logs(logs) => logs.wanted().map(|wanted| match wanted {
				LogsWanted::Ancestors(wanted) => Need::Ancestors(wanted),
				LogsWanted::Logs(block) => Need::Logs(block),
			}),
			_ => None,
		}
	}

	/// Takes an event of the upstream and publishes what follows from it.
	///
	/// Errors: the upstream is to be left.
	pub fn event(&mut self, head: bool, body: Bytes) -> Result<(), Fault> {
		let protocol = self.feed.key.family.protocol();
		match &mut self.kind {
			Kind::Heads(heads) => {
				let mut out = Vec::new();
				let result = heads.head(read(protocol, body)?, &mut out);
				self.send_heads(out)?;
				result
			},
			Kind::Logs(logs) => {
				let mut out = Vec::new();
				let result = if head {
					logs.head(read(protocol, body)?, &mut out)
				} else {
					match Log::read(body) {
						Some(log) => logs.log(log, &mut out),
						// Logs of the pending block, which have no position.
						None => Ok(()),
					}
				};
				self.send_logs(out)?;
				result
			},
			Kind::Pending(recent) => {
				if recent.insert(&body) {
					self.send(&body)
				} else {
					Ok(())
				}
			},
			Kind::Storage(storage) => {
				let change = storage.change(body)?;
				let all = change.as_ref().and_then(|_| storage.all());
				if let Some(all) = all {
					self.greet(&all);
				}
				change.map_or(Ok(()), |change| self.send(&change))
			},
			Kind::Version(versions) => {
				if !versions.insert(&body)? {
					return Ok(());
				}
				self.greet(&body);
				self.send(&body)
			},
			Kind::Latest(latest) => {
				if latest.insert(&body) {
					self.send(&body)
				} else {
					Ok(())
				}
			},
		}
	}

	/// Takes what was fetched.
	///
	/// Errors: the upstream is to be left.
	pub fn fetched(&mut self, fetched: Fetched) -> Result<(), Fault> {
		match &mut self.kind {
			Kind::Heads(heads) => {
				let mut out = Vec::new();
				let result = match fetched {
					Fetched::Latest(head) => {
						self.anchored = true;
						// A server of Ethereum sends the next head first, one of Substrate the
						// present one, which the line may have received already.
						let ethereum = self.feed.key.family.protocol() == Protocol::Ethereum;
						if ethereum && heads.view().top().is_none() {
							heads.begin(head.block);
							Ok(())
						} else {
							heads.head(head, &mut out)
						}
					},
					Fetched::Ancestors(ancestors) => heads.found(ancestors, &mut out),
					Fetched::Logs(..) => Ok(()),
				};
				self.send_heads(out)?;
				result
			},
			Kind::Logs(logs) => {
				let mut out = Vec::new();
				let result = match fetched {
					Fetched::Latest(head) => {
						self.anchored = true;
						logs.anchor(head, &mut out)
					},
					Fetched::Ancestors(ancestors) => logs.found(ancestors, &mut out),
					Fetched::Logs(block, found) => logs.block_logs(&block.hash, found, &mut out),
				};
				self.send_logs(out)?;
				result
			},
			_ => Ok(()),
		}
	}

	fn send_heads(&mut self, heads: Vec<Head>) -> Result<(), Fault> {
		let greets = self.feed.key.family.protocol() == Protocol::Substrate;
		for head in heads {
			if greets {
				self.greet(&head.body);
			}
			self.send(&head.body)?;
		}
		Ok(())
	}

	fn send_logs(&mut self, logs: Vec<Log>) -> Result<(), Fault> {
		logs.iter().try_for_each(|log| self.send(&log.body))
	}

	fn greet(&self, body: &[u8]) {
		self.feed.greet(Notification::new(self.feed.key.family.notification(), body));
	}

	fn send(&mut self, body: &[u8]) -> Result<(), Fault> {
		if self.window.0.elapsed() > WINDOW {
			self.window = (Instant::now(), 0);
		}
		self.window.1 = self.window.1.saturating_add(1);
		let limit = match self.feed.key.topic {
			Topic::NewHeads | Topic::AllHeads | Topic::FinalizedHeads => 2_000,
			Topic::Logs | Topic::PendingTransactions => 50_000,
			Topic::Storage | Topic::RuntimeVersion | Topic::Latest => 2_000,
		};
		if self.window.1 > limit {
			return Err(Fault::Flood);
		}
		self.published = self.published.saturating_add(1);
		self.feed.publish(Notification::new(self.feed.key.family.notification(), body));
		Ok(())
	}
}

fn read(protocol: Protocol, body: Bytes) -> Result<Head, Fault> {
	match protocol {
		Protocol::Ethereum => Head::ethereum(body),
		Protocol::Substrate => Head::substrate(body),
	}
	.ok_or(Fault::Malformed)
}
