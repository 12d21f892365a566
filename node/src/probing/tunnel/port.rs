// SPDX-License-Identifier: Apache-2.0

//! Detection of a closed port.
//!
//! If no nonce arrives, either the exit forwards nothing or the own port is closed. The verdicts
//! tell: an exit that most probers find up forwards. Own outcomes alone would not do, since exits
//! that forward nothing could then make all probers abstain, and their outage would be excused.

use std::collections::{BTreeSet, VecDeque};
use surety_primitives::{RoundIndex, ServiceId};

/// Contradicted rounds in a row after which the port counts as closed.
const CONTRADICTIONS: u32 = 3;
/// Rounds that are remembered. The verdicts of a round are on chain two rounds later.
const ROUNDS: usize = 5;
/// Services that are remembered per round. One contradiction is enough.
const SERVICES: usize = 16;

struct Round {
	round: RoundIndex,
	/// Services whose exit shook hands and whose nonce did not arrive. Empty if any nonce did.
	silent: BTreeSet<ServiceId>,
	/// True if a nonce arrived.
	nonce: bool,
}

/// Nonces of the last rounds.
#[derive(Default)]
pub struct PortWatch {
	/// Oldest first.
	rounds: VecDeque<Round>,
	/// Contradicted rounds since the last nonce.
	contradicted: u32,
}

impl PortWatch {
	/// Begin a round. The outcomes that follow belong to it.
	pub fn begin(&mut self, round: RoundIndex) {
		if self.rounds.back().is_some_and(|last| last.round >= round) {
			return;
		}
		self.rounds.push_back(Round { round, silent: BTreeSet::new(), nonce: false });
		while self.rounds.len() > ROUNDS {
			self.rounds.pop_front();
		}
	}

	/// A nonce arrived: the port is open. Returns true if it seemed closed.
	pub fn on_nonce(&mut self) -> bool {
		if let Some(current) = self.rounds.back_mut() {
			current.nonce = true;
			current.silent.clear();
		}
		std::mem::take(&mut self.contradicted) >= CONTRADICTIONS
	}

	/// The exit of a service shook hands, and its nonce did not arrive.
	pub fn on_silence(&mut self, service: ServiceId) {
		if let Some(current) = self.rounds.back_mut()
			&& !current.nonce
			&& current.silent.len() < SERVICES
		{
			current.silent.insert(service);
		}
	}

	/// Rounds and services in which the verdict decides if the port is closed.
	pub fn suspects(&self) -> Vec<(RoundIndex, ServiceId)> {
		let all = self.rounds.iter();
		all.flat_map(|Round { round, silent, .. }| silent.iter().map(|id| (*round, *id))).collect()
	}

	/// A silent exit was up by the verdict of this round. Returns true if the port has begun to seem
	/// closed.
	pub fn on_contradiction(&mut self, round: RoundIndex) -> bool {
		let Some(of) = self.rounds.iter_mut().find(|of| of.round == round) else { return false };
		// Each round counts once.
		if of.silent.is_empty() {
			return false;
		}
		of.silent.clear();
		self.contradicted = self.contradicted.saturating_add(1);
		self.contradicted == CONTRADICTIONS
	}

	/// True if the port seems closed.
	pub fn is_closed(&self) -> bool {
		self.contradicted >= CONTRADICTIONS
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Rounds in which these services were silent.
	fn silent(rounds: impl IntoIterator<Item = RoundIndex>) -> PortWatch {
		let mut watch = PortWatch::default();
		for round in rounds {
			watch.begin(round);
			watch.on_silence(7);
			watch.on_silence(8);
		}
		watch
	}

	#[test]
	fn three_contradicted_rounds_are_a_closed_port() {
		let mut watch = silent(1..=3);
		assert_eq!(watch.suspects(), [(1, 7), (1, 8), (2, 7), (2, 8), (3, 7), (3, 8)]);
		let begun = [1, 2, 3].map(|round| watch.on_contradiction(round));
		assert_eq!(begun, [false, false, true]);
		assert!(watch.is_closed() && watch.suspects().is_empty());
	}

	#[test]
	fn exits_that_all_probers_find_down_do_not_close_the_port() {
		let watch = silent(1..=100);
		assert!(!watch.is_closed());
		assert_eq!(watch.suspects().len(), 2 * ROUNDS);
	}

	#[test]
	fn a_round_counts_once() {
		let mut watch = silent([1]);
		for _ in 0..9 {
			watch.on_contradiction(1);
			watch.begin(1);
		}
		assert!(!watch.is_closed());
		// Neither does one that is not remembered.
		for _ in 0..9 {
			watch.on_contradiction(5);
		}
		assert!(!watch.is_closed());
	}

	#[test]
	fn one_nonce_opens_the_port() {
		let mut watch = silent(1..=3);
		for round in 1..=2 {
			watch.on_contradiction(round);
		}
		assert!(!watch.on_nonce());
		// The nonce of round 3 speaks for the port in that round, and the count begins anew.
		assert!(!watch.on_contradiction(3) && !watch.is_closed());
		for round in 4..=6 {
			watch.begin(round);
			watch.on_silence(7);
			watch.on_contradiction(round);
		}
		assert!(watch.is_closed());
		assert!(watch.on_nonce() && !watch.is_closed());
	}

	#[test]
	fn silence_beside_a_nonce_is_the_fault_of_the_exit() {
		let mut watch = silent([1]);
		watch.on_nonce();
		watch.on_silence(9);
		assert!(watch.suspects().is_empty());
	}
}
