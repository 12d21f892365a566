// SPDX-License-Identifier: Apache-2.0

//! State of a network: served heads, groups of operators, counters.

use super::{GatewaySettings, NetworkSettings, upstreams::Group};
use crate::{
	cache::{CacheStats, Heads},
	routing::{Account, Tip, TipSettings},
	rpc::{Block, MethodTable, block::Tag},
	subscriptions::BlockTime,
	websocket::Quota,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
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
	/// Served height and time from which the block time is measured.
	measured_from: Option<(u64, Instant)>,
}

/// Blocks and times over which a block time is measured: enough blocks, or a long time.
const MEASURED: [(u64, Duration); 2] = [(8, Duration::from_secs(10)), (2, Duration::from_secs(60))];
/// Bounds of a block time.
const BLOCK_TIMES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3_600));

impl Tips {
	/// Block time since the last measurement, if enough blocks were served since.
	fn measure(&mut self, now: Instant) -> Option<Duration> {
		let height = self.latest.served()?;
		let (from, begin) = *self.measured_from.get_or_insert((height, now));
		let blocks = height.saturating_sub(from);
		let elapsed = now.saturating_duration_since(begin);
		if !MEASURED.iter().any(|(most, time)| blocks >= *most && elapsed >= *time) {
			return None;
		}
		self.measured_from = Some((height, now));
		let count = u32::try_from(blocks).unwrap_or(u32::MAX);
		Some(elapsed.checked_div(count)?.clamp(BLOCK_TIMES.0, BLOCK_TIMES.1))
	}

	fn set_block_time(&mut self, block_time: Duration) {
		self.latest.set_block_time(block_time);
		self.safe.set_block_time(block_time);
		self.finalized.set_block_time(block_time);
	}
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
	/// Time from one block to the next, once it is no guess.
	known_block_time: BlockTime,
	/// Subscriptions of clients.
	pub subscriptions: Arc<Quota>,
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
	/// Answers that were compared.
	pub compared: AtomicU64,
	/// Comparisons that found a difference.
	pub disagreed: AtomicU64,
}

fn milliseconds(time: Duration) -> u64 {
	u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
	counter.fetch_add(1, Ordering::Relaxed);
}

impl Network {
	pub(super) fn new(settings: NetworkSettings, index: u32, gateway: &GatewaySettings) -> Self {
		let rules = TipSettings::for_block_time(settings.block_time);
		let known_block_time = if settings.measures_block_time {
			BlockTime::default()
		} else {
			BlockTime::known(settings.block_time)
		};
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
				measured_from: None,
			}),
			born: super::attempt::now(),
			reported: AtomicU64::new(0),
			known_block_time,
			subscriptions: Quota::new(usize::MAX),
		}
	}

	/// Time from one block to the next, as configured or measured.
	pub fn block_time(&self) -> Duration {
		self.known_block_time.get().unwrap_or(self.settings.block_time)
	}

	/// The same, if it is no guess, now and later on.
	pub fn known_block_time(&self) -> &BlockTime {
		&self.known_block_time
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
			if self.settings.measures_block_time
				&& let Some(block_time) = tips.measure(now)
			{
				tips.set_block_time(block_time);
				self.known_block_time.set(block_time);
			}
		}
		let (latest, safe) = (tips.latest.served(), tips.safe.served());
		self.heads.serve(latest, safe, tips.finalized.served());
	}

	/// An operator reported its latest block.
	pub fn observe_head(&self, account: Account, head: Block, now: Instant) {
		self.observe(account, Tag::Latest, head.number, now);
		self.heads.note(account, head);
	}

	fn age(&self, now: Instant) -> u64 {
		milliseconds(now.saturating_duration_since(self.born))
	}

	/// True if heads are reported: what is known of them is current.
	pub(super) fn is_current(&self, now: Instant) -> bool {
		let longest = self.block_time().saturating_mul(10).max(Duration::from_secs(15));
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
		let half = self.block_time().checked_div(2).unwrap_or(longest);
		half.max(Duration::from_millis(500)).min(longest)
	}
}

#[cfg(test)]
mod tests {
	use super::{super::tests::kit, *};
	use surety_primitives::Protocol;

	fn network(guess: u64) -> Network {
		let mut settings =
			NetworkSettings::new("a", Protocol::Ethereum, Duration::from_millis(guess));
		settings.measures_block_time = true;
		Network::new(settings, 0, &kit::settings())
	}

	/// Block time after some minutes of reports of a chain, every second.
	fn measured(guess: u64, millis: u64) -> u64 {
		let network = network(guess);
		let start = Instant::now();
		for second in 0..600u64 {
			let now = start + Duration::from_secs(second);
			for account in 0..3 {
				network.observe([account; 32], Tag::Latest, 1_000 + second * 1_000 / millis, now);
			}
		}
		milliseconds(network.block_time())
	}

	#[test]
	fn the_block_time_is_measured() {
		for (guess, millis) in [(12_000, 250), (12_000, 2_000), (12_000, 12_000), (1_000, 6_000)] {
			let found = measured(guess, millis);
			assert!(found.abs_diff(millis) <= millis / 4, "{found} for {millis}");
		}
	}
}
