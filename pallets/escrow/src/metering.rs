// SPDX-License-Identifier: Apache-2.0

//! Metering of streams: pure functions that neither read nor write storage.
//!
//! A stream is billed in runs of whole rounds. The opening begins a run, a freeze stops it, a thaw
//! begins another, the end or suspension stops the last one. Verdicts come two rounds late, so the
//! edges of a run are stored as rounds and read off the meter once these rounds are judged. A meter
//! remembers 32 rounds. An edge that is read later favours the payer: the highest possible reading
//! is taken for the base of a run, and the lowest for its end.
//!
//! ```text
//! round      5     6     7     8     9    10    11
//!       open |=====|=====|.....|.....|.....|=====| end
//!            5           7 freeze         10 thaw 11
//! runs       (5, 7]                       (10, 11]
//! ```

use crate::types::{Run, Stream, Term};
use frame::prelude::*;
use surety_primitives::{Balance, BlockNumber, Clock, MeterReading, RoundIndex, Target};

impl Stream {
	/// A stream that is billed after `round`, up to the last round of its term.
	pub fn new(
		meter: Target,
		rate: Balance,
		prepaid: Balance,
		round: RoundIndex,
		term: Option<Term>,
	) -> Self {
		let runs = BoundedVec::new();
		let mut stream = Self {
			meter,
			rate,
			prepaid,
			billed: 0,
			unbillable: 0,
			read: round,
			term,
			runs,
			wake: None,
		};
		// The first run always has room.
		let _ = stream.resume(round, stream.last());
		stream
	}

	/// Last round of the term.
	pub fn last(&self) -> Option<RoundIndex> {
		self.term.map(|term| term.last)
	}

	/// Minimum in base units that is due if the tenant closes the stream: the prepaid sum, less the
	/// price of the judged rounds that were not billable.
	pub fn min_due_by_tenant(&self) -> Balance {
		self.prepaid.saturating_sub(self.rate.saturating_mul(Balance::from(self.unbillable)))
	}

	/// Price of the blocks billed so far, in base units.
	pub fn price(&self) -> Balance {
		self.rate.saturating_mul(Balance::from(self.billed))
	}

	/// Bill the rounds that the meter has judged. Without a meter no further round is ever billed.
	pub fn note(&mut self, reading: Option<MeterReading>, round_blocks: u32) {
		let Some(reading) = reading else { return self.runs.clear() };
		for run in self.runs.iter_mut() {
			let Some(base) = run.base.or_else(|| reading.at_most(run.from, round_blocks)) else {
				continue;
			};
			let upto = run.until.unwrap_or(reading.through).min(reading.through).max(run.from);
			let Some(blocks) = reading.at_least(upto, round_blocks) else { continue };
			let all = upto.saturating_sub(run.from).saturating_mul(round_blocks);
			let advanced = blocks.saturating_sub(base);
			self.billed = self.billed.saturating_add(advanced);
			self.unbillable = self.unbillable.saturating_add(all.saturating_sub(advanced));
			self.read = self.read.max(upto);
			run.base = Some(blocks);
			run.from = upto;
		}
		self.drop_finished();
	}

	/// Stop billing after `round`.
	pub fn stop(&mut self, round: RoundIndex) {
		self.runs.retain(|run| run.from < round);
		for run in self.runs.iter_mut() {
			run.until = Some(run.until.map_or(round, |until| until.min(round)));
		}
		self.drop_finished();
	}

	/// Postpone the last round of the term, which has not come yet. The run that reaches it is
	/// extended to the new one.
	pub fn extend(&mut self, last: RoundIndex) {
		let Some(term) = &mut self.term else { return };
		let before = Some(term.last);
		term.last = last;
		for run in self.runs.iter_mut().filter(|run| run.until == before) {
			run.until = Some(last);
		}
	}

	/// Resume billing after `round`, up to `until`. `None` if too many earlier runs are not judged
	/// yet.
	#[must_use]
	pub fn resume(&mut self, round: RoundIndex, until: Option<RoundIndex>) -> Option<()> {
		if until.is_some_and(|until| until <= round) {
			return Some(());
		}
		self.runs.try_push(Run { from: round, base: None, until }).ok()
	}

	/// First block that the funds may not pay for, if every round that is not judged yet turns out
	/// billable. `None` if billing stops before.
	pub fn horizon<C: Clock>(&self, funded: u32) -> Option<BlockNumber> {
		let (last, stopped) = self.runs.split_last()?;
		let pending = stopped
			.iter()
			.map(|run| run.until.unwrap_or(run.from).saturating_sub(run.from))
			.fold(0u32, |sum, rounds| sum.saturating_add(rounds))
			.saturating_mul(C::round_blocks());
		let left = funded.saturating_sub(self.billed).saturating_sub(pending);
		let block = C::round_start(last.from.saturating_add(1)).saturating_add(left);
		last.until.is_none_or(|until| round_before::<C>(block) < until).then_some(block)
	}

	/// Earliest round that must be read before the meter forgets it.
	pub fn unread(&self) -> Option<RoundIndex> {
		self.runs
			.iter()
			.filter_map(|run| if run.base.is_none() { Some(run.from) } else { run.until })
			.min()
	}

	fn drop_finished(&mut self) {
		self.runs.retain(|run| run.until.is_none_or(|until| run.from < until));
	}
}

/// Round of the last block before `block`.
pub fn round_before<C: Clock>(block: BlockNumber) -> RoundIndex {
	C::round_at(block.saturating_sub(1))
}
