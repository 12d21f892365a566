// SPDX-License-Identifier: Apache-2.0

//! Served tip: the height that the gateway calls the latest, of what operators report.
//!
//! - Reports within a few blocks of each other are a cluster. The cluster of most operators counts,
//!   and its lowest height is served: each of its operators can answer for it.
//! - The tip never falls while its operators agree with it, so no caller sees time go backwards.
//! - A jump faster than the chain can grow needs two operators that agree.

use super::choose::Account;
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// Rules of a served tip.
#[derive(Clone, Copy, Debug)]
pub struct TipSettings {
	/// Time from one block to the next.
	pub block_time: Duration,
	/// Blocks between the lowest and the highest report of a cluster.
	pub spread: u64,
	/// Blocks that the tip may jump beyond twice the growth expected.
	pub slack: u64,
	/// Time from the first report until a tip is served without most operators' reports.
	pub grace: Duration,
}

impl TipSettings {
	/// Rules for a block time.
	pub fn for_block_time(block_time: Duration) -> Self {
		let block_time = block_time.max(Duration::from_millis(50));
		// Reports are up to three seconds apart.
		let late = 3_000u128.div_ceil(block_time.as_millis().max(1));
		Self {
			block_time,
			spread: u64::try_from(late).unwrap_or(1).saturating_add(1),
			slack: 5,
			grace: Duration::from_secs(3),
		}
	}

	/// Time of some blocks, at least 10 s.
	fn blocks(&self, count: u32) -> Duration {
		self.block_time.saturating_mul(count).max(Duration::from_secs(10))
	}
}

#[derive(Clone, Copy, Debug)]
struct Report {
	height: u64,
	/// Time of the report, and of the last one with a new height.
	at: Instant,
	moved: Instant,
}

/// Served tip of one network and tag.
#[derive(Debug)]
pub struct Tip {
	settings: TipSettings,
	reports: HashMap<Account, Report>,
	first: Option<Instant>,
	served: Option<(u64, Instant)>,
	/// Start of a state in which the tip can't follow: the reports are far below, or a single
	/// operator is far above.
	apart: Option<Instant>,
}

/// Most operators with a report.
const MAX_REPORTS: usize = 256;

impl Tip {
	/// Tip without a report.
	pub fn new(settings: TipSettings) -> Self {
		Self { settings, reports: HashMap::new(), first: None, served: None, apart: None }
	}

	/// The chain is faster or slower than was thought.
	pub fn set_block_time(&mut self, block_time: Duration) {
		self.settings = TipSettings::for_block_time(block_time);
	}

	/// Served height.
	pub fn served(&self) -> Option<u64> {
		self.served.map(|(height, _)| height)
	}

	/// An operator is no longer in the pool.
	pub fn retain(&mut self, keep: impl Fn(&Account) -> bool) {
		self.reports.retain(|account, _| keep(account));
	}

	/// An operator reported a height. `operators` is the number of operators in the pool.
	///
	/// Returns the served height.
	pub fn report(
		&mut self,
		account: Account,
		height: u64,
		operators: usize,
		now: Instant,
	) -> Option<u64> {
		let before = self.reports.get(&account).copied();
		if before.is_none() && self.reports.len() >= MAX_REPORTS {
			return self.served();
		}
		let moved = match before {
			Some(before) if before.height == height => before.moved,
			_ => now,
		};
		self.reports.insert(account, Report { height, at: now, moved });
		let first = *self.first.get_or_insert(now);
		let settled = self.reports.len().saturating_mul(2) > operators
			|| now.saturating_duration_since(first) >= self.settings.grace;
		if self.served.is_some() || settled {
			self.update(operators, now);
		}
		self.served()
	}

	/// Lowest height and size of the cluster of most operators.
	///
	/// Of two as large, the higher one if at least two operators agree in it, else the lower one:
	/// the higher report of a single operator is not believed.
	fn cluster(&self, now: Instant) -> Option<(u64, usize)> {
		let old = self.settings.blocks(10);
		let fresh = |report: &&Report| now.saturating_duration_since(report.at) <= old;
		// A node that stands still while others move is stuck.
		let moving = |report: &&Report| now.saturating_duration_since(report.moved) <= old;
		let mut heights: Vec<u64> = self
			.reports
			.values()
			.filter(fresh)
			.filter(moving)
			.map(|report| report.height)
			.collect();
		if heights.is_empty() {
			heights = self.reports.values().filter(fresh).map(|report| report.height).collect();
		}
		heights.sort_unstable();
		let mut best: Option<(u64, usize)> = None;
		for (index, low) in heights.iter().enumerate() {
			let high = low.saturating_add(self.settings.spread);
			let size = heights.iter().skip(index).take_while(|height| **height <= high).count();
			let better = best.is_none_or(|(_, most)| size > most || (size == most && size >= 2));
			if better {
				best = Some((*low, size));
			}
		}
		best
	}

	fn update(&mut self, operators: usize, now: Instant) {
		let Some((height, size)) = self.cluster(now) else { return };
		let Some((served, since)) = self.served else {
			self.served = Some((height, now));
			return;
		};
		let far_below = height.saturating_add(self.settings.spread) < served;
		// Of a single operator in all there is nobody to doubt it.
		let alone = size < 2 && operators > 1;
		let far_above = alone && height > self.fastest(served, since, now);
		if far_below || far_above {
			// Of a chain that was reset, or of a single operator that caught up, one has to be
			// convinced in the end.
			let apart = *self.apart.get_or_insert(now);
			if now.saturating_duration_since(apart) >= self.settings.blocks(10) {
				self.served = Some((height, now));
				self.apart = None;
			}
			return;
		}
		self.apart = None;
		if height > served {
			self.served = Some((height, now));
		}
	}

	/// Highest height that the chain can have reached: twice the growth expected, and some blocks.
	fn fastest(&self, served: u64, since: Instant, now: Instant) -> u64 {
		let age = now.saturating_duration_since(since).as_millis();
		let blocks = age.saturating_mul(2).checked_div(self.settings.block_time.as_millis());
		let blocks = u64::try_from(blocks.unwrap_or(0)).unwrap_or(u64::MAX);
		served.saturating_add(blocks).saturating_add(self.settings.slack)
	}
}
