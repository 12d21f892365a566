// SPDX-License-Identifier: Apache-2.0

//! One agreement in one window: own counts and statements, and those of the other side.
//!
//! The number of a statement is the second it was signed in, or one above the last if that is
//! higher. So no life of a process repeats a number of an earlier life, even if the store is lost
//! or rolled back and the other side returns an old copy to provoke it.

mod others;

pub(super) use others::{Lane, Place};

use super::{
	Histogram, Reading, Signed,
	counts::{highest, minus},
};
use sp_runtime::AccountId32;
use std::collections::{BTreeMap, VecDeque};
use surety_primitives::{
	AgreementId, LatencyBucket, WindowIndex,
	usage::{Hash, Side, UsageCounts, UsageStatement},
};

/// Exchanges in a row without a countersignature that mark the other side.
pub const MAX_STRIKES: u8 = 6;

/// Own statements that are remembered, to recognise what the other side has seen.
pub(super) const REMEMBERED: usize = 32;

/// Seconds after a refusal until the next statement.
const RESIGN_AFTER: u64 = 2;

/// Highest number taken from the clock; those above are left to count on.
const MAX_CLOCK_SEQ: u32 = u32::MAX - 0xFFFF;

/// Own statement that was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sent {
	pub seq: u32,
	pub hash: Hash,
	pub requests: u64,
}

/// Identity of a process' statements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Author {
	pub genesis: Hash,
	pub agreement: AgreementId,
	pub side: Side,
	pub lane: u8,
}

/// Statement that is about to be signed, and the histogram behind it.
pub(super) struct Draft {
	pub statement: UsageStatement,
	pub latency: Histogram,
	lost: UsageCounts,
	peers_version: u64,
	at: u64,
}

/// Cadence of statements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cadence {
	/// Seconds of the machine's clock.
	pub unix: u64,
	/// Seconds between two statements.
	pub interval: u64,
	/// Requests between two statements.
	pub requests: u64,
	/// Current window.
	pub window: WindowIndex,
	/// True to sign all that is unsigned now.
	pub force: bool,
}

/// Meaning of a copy of an own statement that the other side returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CopyFate {
	/// This process remembers it, or has signed later ones.
	Known,
	/// An earlier life signed it; its counts are continued.
	Recovered,
	/// Another process signed it.
	Taken,
}

#[derive(Clone, Debug)]
pub(super) struct Book {
	pub window: WindowIndex,
	/// Meter at the window's start. `None` while only the other side has turned.
	pub start: Option<Reading>,
	/// Meter at the window's end.
	pub end: Option<Reading>,
	/// Counts that a lost store had, as the other side's copies give them.
	pub lost: UsageCounts,
	/// Counts of earlier lives of this process, without `lost`.
	pub base: UsageCounts,
	/// True if `base` may hold a part of what a store lost: a copy reached beyond the store.
	pub is_mixed: bool,
	pub base_latency: Histogram,
	/// First and last own number that the store knew.
	pub stored: Option<(u32, u32)>,
	/// First own number of this life.
	pub first_seq: Option<u32>,
	pub last_seq: u32,
	/// Signed, but not yet on disk.
	pub staged: Option<Signed>,
	/// Latest statement that may leave the process.
	pub released: Option<Signed>,
	/// Histogram of the latest signed statement, and its part of `lost`.
	pub signed_latency: Histogram,
	pub signed_lost: UsageCounts,
	pub sent: VecDeque<Sent>,
	pub signed_at: u64,
	signed_peers: u64,
	/// True if a statement is wanted although nothing has changed: the store was lost, or the
	/// latest statement was refused.
	pub resign: bool,
	/// True if an earlier life's statements are not remembered.
	pub recovered: bool,
	/// Reporter of another process that signs in this lane.
	pub taken: Option<AccountId32>,
	pub lanes: BTreeMap<u8, Lane>,
	pub latest_lane: Option<u8>,
	peers_version: u64,
	/// Requests of the latest own statement that the other side has seen.
	pub acked: Option<u64>,
	/// True if the other side's latest statement has seen one that this process does not remember.
	has_seen_unknown: bool,
	/// Number of the own statement of the exchange under way.
	pub offered: u32,
	/// Second in which that exchange began.
	pub offered_at: u64,
	/// Number of the last own statement that the other side answered for.
	pub delivered: u32,
	pub strikes: u8,
	/// Own number of the last strike.
	struck: u32,
	pub marked: bool,
	pub silent: bool,
	pub not_reporter: bool,
}

impl Book {
	/// Empty book; the clock for the first statement runs from `unix` on.
	pub fn new(window: WindowIndex, unix: u64) -> Self {
		Self {
			window,
			start: None,
			end: None,
			lost: UsageCounts::default(),
			base: UsageCounts::default(),
			is_mixed: false,
			base_latency: Histogram::default(),
			stored: None,
			first_seq: None,
			last_seq: 0,
			staged: None,
			released: None,
			signed_latency: Histogram::default(),
			signed_lost: UsageCounts::default(),
			sent: VecDeque::new(),
			signed_at: unix,
			signed_peers: 0,
			resign: false,
			recovered: false,
			taken: None,
			lanes: BTreeMap::new(),
			latest_lane: None,
			peers_version: 0,
			acked: None,
			has_seen_unknown: false,
			offered: 0,
			offered_at: 0,
			delivered: 0,
			strikes: 0,
			struck: 0,
			marked: false,
			silent: false,
			not_reporter: false,
		}
	}

	/// Use in this life of the process.
	fn live(&self, meter: &Reading) -> Reading {
		match (&self.start, &self.end) {
			(Some(start), Some(end)) => end.since(start),
			(Some(start), None) => meter.since(start),
			(None, _) => Reading::default(),
		}
	}

	/// Own counts in the window, and the histogram behind them.
	pub fn counts(&self, meter: &Reading, max_latency: LatencyBucket) -> (UsageCounts, Histogram) {
		let live = self.live(meter);
		let before = self.lost.plus(&self.base);
		let counts = before.plus(&live.counts(max_latency));
		(counts, self.base_latency.plus(&live.latency))
	}

	/// Latest own statement, on disk or not.
	pub fn latest_own(&self) -> Option<&Signed> {
		self.staged.as_ref().or(self.released.as_ref())
	}

	/// Statement to sign now, if one is due.
	pub fn draft(
		&self,
		author: Author,
		cadence: Cadence,
		meter: &Reading,
		max_latency: LatencyBucket,
	) -> Option<Draft> {
		let own_part = self.start.is_some() || self.latest_own().is_some() || self.resign;
		if self.taken.is_some() || !own_part || self.last_seq == u32::MAX {
			return None;
		}
		let (counts, latency) = self.counts(meter, max_latency);
		let signed = self.latest_own().map(|own| own.statement.counts).unwrap_or_default();
		let is_news = counts != signed || self.peers_version != self.signed_peers;
		let since = cadence.unix.abs_diff(self.signed_at);
		let is_due = cadence.force
			|| (self.window < cadence.window && counts != signed)
			|| since >= cadence.interval
			|| counts.requests.saturating_sub(signed.requests) >= cadence.requests;
		let is_wanted = self.resign && since >= RESIGN_AFTER;
		// One a second at most, so that numbers never run ahead of the clock.
		let is_slow = self.latest_own().is_none() || since >= 1;
		if !(is_slow && (is_news && is_due || is_wanted)) {
			return None;
		}
		let second = u32::try_from(cadence.unix).unwrap_or(u32::MAX).min(MAX_CLOCK_SEQ);
		let statement = UsageStatement {
			genesis: author.genesis,
			agreement: author.agreement,
			window: self.window,
			side: author.side,
			lane: author.lane,
			seq: second.max(self.last_seq.saturating_add(1)),
			counts,
			p50: latency.percentile(50),
			p95: latency.percentile(95),
			seen: self.latest_of_other().map(|signed| signed.statement.hash()),
		};
		Some(Draft {
			statement,
			latency,
			lost: self.lost,
			peers_version: self.peers_version,
			at: cadence.unix,
		})
	}

	/// Take a signed draft. It is dropped if the book has changed so that it must not leave.
	pub fn stage(&mut self, draft: Draft, signed: Signed) -> bool {
		let seq = signed.statement.seq;
		if self.taken.is_some() || seq <= self.last_seq {
			return false;
		}
		self.last_seq = seq;
		self.first_seq.get_or_insert(seq);
		self.remember(&signed);
		self.signed_latency = draft.latency;
		self.signed_lost = draft.lost;
		self.signed_peers = draft.peers_version;
		self.signed_at = draft.at;
		self.resign = false;
		self.staged = Some(signed);
		true
	}

	/// Let the staged statement leave, once it is on disk.
	pub fn release(&mut self) {
		if let Some(signed) = self.staged.take() {
			self.released = Some(signed);
		}
	}

	fn remember(&mut self, signed: &Signed) {
		if self.sent.len() >= REMEMBERED {
			self.sent.pop_front();
		}
		let UsageStatement { seq, counts, .. } = signed.statement;
		let hash = signed.statement.hash();
		self.sent.push_back(Sent { seq, hash, requests: counts.requests });
	}

	/// True if the process remembers an own statement by its hash.
	pub fn remembers(&self, hash: &Hash) -> bool {
		self.sent.iter().any(|sent| sent.hash == *hash)
	}

	/// Take a copy of an own statement, whose signature was checked, from the other side. Counts are
	/// continued only from the key that signs now: another one may be stolen, although the chain
	/// still names it. Where copies of several lives may hold the same requests, the higher count
	/// is taken and not the sum, so that no count is ever too high.
	pub fn take_copy(&mut self, copy: &Signed, own_key: &AccountId32) -> CopyFate {
		let UsageStatement { seq, counts, .. } = copy.statement;
		if self.remembers(&copy.statement.hash()) {
			return CopyFate::Known;
		}
		let (first_stored, last_stored) = self.stored.unzip();
		let is_before_store = first_stored.or(self.first_seq).is_none_or(|first| seq < first);
		let is_before_life = self.first_seq.is_none_or(|first| seq < first);
		let is_stored = !is_before_store && last_stored.is_some_and(|last| seq <= last);
		let is_remembered_span = self.sent.front().is_some_and(|sent| seq >= sent.seq);
		let is_double = self.sent.iter().any(|sent| sent.seq == seq);
		let mut is_mixed = self.is_mixed;
		let (lost, base) = if is_double {
			return self.take_lane(copy);
		} else if is_before_store && is_mixed {
			(highest(&self.lost, &minus(&counts, &self.base)), self.base)
		} else if is_before_store {
			(highest(&self.lost, &counts), self.base)
		} else if is_stored {
			return CopyFate::Known;
		} else if is_before_life {
			// The store was rolled back: the copy continues from what it had.
			is_mixed = true;
			(self.lost, highest(&self.base, &minus(&counts, &self.lost)))
		} else if seq > self.last_seq || is_remembered_span {
			return self.take_lane(copy);
		} else {
			return CopyFate::Known;
		};
		if (lost, base) == (self.lost, self.base) && seq <= self.last_seq {
			return CopyFate::Known;
		}
		if copy.reporter != *own_key {
			return self.take_lane(copy);
		}
		(self.lost, self.base, self.is_mixed) = (lost, base, is_mixed);
		self.last_seq = self.last_seq.max(seq);
		self.recovered = true;
		self.resign = true;
		CopyFate::Recovered
	}

	fn take_lane(&mut self, copy: &Signed) -> CopyFate {
		self.taken = Some(copy.reporter.clone());
		CopyFate::Taken
	}

	/// Judge an exchange in which the other side answered. `acked` is what it had seen before. An
	/// own statement is worth one strike at most, however often an answer is doubled. A statement
	/// that has seen an unknown one is evidence if other lanes can have signed that. Returns true
	/// if the other side is to be marked now.
	pub fn judge_exchange(&mut self, acked: Option<u64>, all_own_known: bool) -> bool {
		let seq = self.released.as_ref().map_or(0, |own| own.statement.seq);
		let has_seen_other_lane = self.has_seen_unknown && !all_own_known;
		if self.is_countersigned() || self.acked != acked || has_seen_other_lane {
			self.strikes = 0;
		} else if seq > self.struck {
			self.strikes = self.strikes.saturating_add(1);
			self.struck = seq;
		}
		let is_new = self.strikes >= MAX_STRIKES && !self.marked;
		self.marked |= is_new;
		is_new
	}

	/// True if the other side has seen the latest own counts.
	pub fn is_countersigned(&self) -> bool {
		self.released.as_ref().is_none_or(|own| {
			self.acked.is_some_and(|acked| acked >= own.statement.counts.requests)
		})
	}
}
