// SPDX-License-Identifier: Apache-2.0

//! State of a network: served heads, groups of operators, counters.

use super::{GatewaySettings, NetworkSettings, upstreams::Group};
use crate::{
	cache::{CacheStats, Head, Heads},
	routing::{Account, Tip, TipSettings},
	rpc::{MethodTable, block::Tag},
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	sync::atomic::{AtomicU64, Ordering},
	time::{Duration, Instant},
};

/// Served heights by tag.
#[derive(Debug)]
struct Tips {
	latest: Tip,
	safe: Tip,
	finalized: Tip,
	/// Latest heights as reported, for the ceiling of sessions.
	reported: HashMap<Account, u64>,
}

/// Network that is served.
#[derive(Debug)]
pub struct Network {
	/// Settings.
	pub settings: NetworkSettings,
	/// Number of the network in keys of the cache.
	pub(super) index: u32,
	/// Operators.
	pub group: Group,
	/// Served heads and hashes of recent blocks.
	pub heads: Heads,
	/// Counters of the cache.
	pub cache: CacheStats,
	/// Counters of calls.
	pub counts: NetworkCounts,
	tips: Mutex<Tips>,
	born: Instant,
	/// Milliseconds from `born` to the last report of a head.
	reported: AtomicU64,
}

/// Counters of calls.
#[derive(Debug, Default)]
pub struct NetworkCounts {
	/// Calls.
	pub calls: AtomicU64,
	/// Calls that ended with an error of our own.
	pub failed: AtomicU64,
	/// Second and later attempts.
	pub retried: AtomicU64,
	/// Requests to a second operator because the first was slow.
	pub hedged: AtomicU64,
	/// Copies sent to operators under trial.
	pub mirrored: AtomicU64,
	/// Answers that were compared.
	pub compared: AtomicU64,
	/// Comparisons that found a difference.
	pub disagreed: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}

impl Network {
	pub(super) fn new(settings: NetworkSettings, index: u32, gateway: &GatewaySettings) -> Self {
		let rules = TipSettings::for_block_time(settings.block_time);
		Self {
			settings,
			index,
			group: Group::new(gateway),
			heads: Heads::default(),
			cache: CacheStats::default(),
			counts: NetworkCounts::default(),
			tips: Mutex::new(Tips {
				latest: Tip::new(rules),
				safe: Tip::new(rules),
				finalized: Tip::new(rules),
				reported: HashMap::new(),
			}),
			born: super::attempt::now(),
			reported: AtomicU64::new(0),
		}
	}

	/// Methods.
	pub fn methods(&self) -> &MethodTable {
		&self.settings.methods
	}

	/// An operator reported a height for a tag, by an answer or a subscription.
	pub fn observe(&self, account: Account, tag: Tag, height: u64, now: Instant) {
		let operators = self.group.members().operators;
		self.reported.store(self.age(now), Ordering::Relaxed);
		let mut tips = self.tips.lock();
		let tip = match tag {
			Tag::Latest => &mut tips.latest,
			Tag::Safe => &mut tips.safe,
			Tag::Finalized => &mut tips.finalized,
		};
		tip.report(account, height, operators, now);
		if tag == Tag::Latest {
			tips.reported.insert(account, height);
			// The second highest report: one operator alone does not raise it.
			let mut heights: Vec<u64> = tips.reported.values().copied().collect();
			heights.sort_unstable_by(|a, b| b.cmp(a));
			let ceiling = heights.get(1).or(heights.first()).copied();
			self.heads.set_ceiling(ceiling.filter(|_| operators > 1));
		}
		let (latest, safe) = (tips.latest.served(), tips.safe.served());
		self.heads.serve(latest, safe, tips.finalized.served());
	}

	/// An operator reported its latest block.
	pub fn observe_head(&self, account: Account, head: Head, now: Instant) {
		self.observe(account, Tag::Latest, head.number, now);
		self.heads.note(account, head);
	}

	fn age(&self, now: Instant) -> u64 {
		let age = now.saturating_duration_since(self.born).as_millis();
		u64::try_from(age).unwrap_or(u64::MAX)
	}

	/// True if heads are reported: what is known of them is current.
	pub(super) fn is_current(&self, now: Instant) -> bool {
		let longest = self.settings.block_time.saturating_mul(10).max(Duration::from_secs(15));
		let silent = self.age(now).saturating_sub(self.reported.load(Ordering::Relaxed));
		Duration::from_millis(silent) <= longest
	}

	/// Forget the reports of operators that left.
	pub(super) fn retain(&self, keep: impl Fn(&Account) -> bool) {
		let mut tips = self.tips.lock();
		tips.latest.retain(&keep);
		tips.safe.retain(&keep);
		tips.finalized.retain(&keep);
		tips.reported.retain(|account, _| keep(account));
		drop(tips);
		self.heads.retain(keep);
	}

	/// Time between two questions for the head.
	pub(super) fn poll_interval(&self, longest: Duration) -> Duration {
		let half = self.settings.block_time.checked_div(2).unwrap_or(longest);
		half.max(Duration::from_millis(500)).min(longest)
	}
}
