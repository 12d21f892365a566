// SPDX-License-Identifier: Apache-2.0

//! The part of a book that holds the other side's statements.

use super::Book;
use crate::usage::{Refusal, Signed};
use sp_runtime::AccountId32;
use std::collections::VecDeque;
use surety_primitives::usage::UsageCounts;

/// Statements of each lane of the other side that are kept, to recognise an equivocation.
const KEPT: usize = 4;

/// Statements of one lane of the other side, the latest last.
#[derive(Clone, Debug, Default)]
pub(in crate::usage) struct Lane {
	pub kept: VecDeque<Signed>,
	/// True if the lane has signed two contents for one number.
	pub void: bool,
}

/// Place of a statement of the other side among those held.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::usage) enum Place {
	/// Its content is held.
	Known,
	/// It replaces the lane's latest.
	Next,
	/// The lane has signed another content for its number.
	Conflict(Box<Signed>),
}

impl Book {
	/// Latest statement of the other side, of the lane that was last heard.
	pub fn latest_of_other(&self) -> Option<&Signed> {
		self.lanes.get(&self.latest_lane?)?.kept.back()
	}

	/// Latest statement of a lane of the other side.
	pub fn latest_of_lane(&self, lane: u8) -> Option<&Signed> {
		self.lanes.get(&lane)?.kept.back()
	}

	/// Latest statement of each lane of the other side. None if one of its lanes is void: the chain
	/// then voids its whole view.
	pub fn of_other(&self) -> impl Iterator<Item = &Signed> {
		let is_void = self.lanes.values().any(|lane| lane.void);
		self.lanes.values().filter(move |_| !is_void).filter_map(|lane| lane.kept.back())
	}

	/// Sum of the other side's latest statements over its lanes.
	pub fn counts_of_other(&self) -> Option<UsageCounts> {
		let counts = self.of_other().map(|signed| signed.statement.counts);
		counts.reduce(|a, b| a.plus(&b))
	}

	/// Place of a statement of the other side, by its content; the signature is checked elsewhere.
	pub fn place(&self, signed: &Signed, all_own_known: bool) -> Result<Place, Refusal> {
		let statement = &signed.statement;
		let none = Lane::default();
		let lane = self.lanes.get(&statement.lane).unwrap_or(&none);
		if lane.void {
			return Err(Refusal::Equivocation);
		}
		if let Some(held) = lane.kept.iter().find(|held| held.statement.seq == statement.seq) {
			return Ok(if held.statement == *statement {
				Place::Known
			} else {
				Place::Conflict(Box::new(held.clone()))
			});
		}
		if let Some(latest) = lane.kept.back() {
			if statement.seq < latest.statement.seq {
				return Err(Refusal::Stale);
			}
			if !statement.counts.continues(&latest.statement.counts) {
				return Err(Refusal::Falling);
			}
		}
		match statement.seen {
			Some(seen) if all_own_known && !self.recovered && !self.remembers(&seen) => {
				Err(Refusal::Seen)
			},
			_ => Ok(Place::Next),
		}
	}

	/// Hold a statement of the other side that [`place`](Self::place) found to be the next.
	pub fn hold(&mut self, signed: Signed) {
		let statement = &signed.statement;
		let seen = self.sent.iter().find(|sent| Some(sent.hash) == statement.seen);
		self.has_seen_unknown = seen.is_none() && statement.seen.is_some();
		if let Some(sent) = seen {
			self.acked = Some(self.acked.unwrap_or(0).max(sent.requests));
		}
		self.latest_lane = Some(statement.lane);
		let lane = self.lanes.entry(statement.lane).or_default();
		if lane.kept.back().is_none_or(|held| held.statement.counts != statement.counts) {
			self.peers_version = self.peers_version.saturating_add(1);
		}
		if lane.kept.len() >= KEPT {
			lane.kept.pop_front();
		}
		lane.kept.push_back(signed);
	}

	/// No longer use what a lane of the other side signed.
	pub fn make_void(&mut self, lane: u8) {
		self.lanes.entry(lane).or_default().void = true;
	}

	/// Forget what reporters signed whose right is gone, so that a statement with another key can
	/// follow even with a lower number. Returns these reporters.
	pub fn forget(&mut self, may_report: impl Fn(&AccountId32) -> bool) -> Vec<AccountId32> {
		let mut gone = Vec::new();
		for lane in self.lanes.values_mut().filter(|lane| !lane.void) {
			lane.kept.retain(|held| {
				let keep = may_report(&held.reporter);
				if !keep && !gone.contains(&held.reporter) {
					gone.push(held.reporter.clone());
				}
				keep
			});
		}
		self.lanes.retain(|_, lane| lane.void || !lane.kept.is_empty());
		if self.latest_lane.is_some_and(|lane| !self.lanes.contains_key(&lane)) {
			self.latest_lane = self.lanes.keys().next().copied();
		}
		gone
	}
}
