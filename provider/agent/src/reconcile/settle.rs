// SPDX-License-Identifier: Apache-2.0

//! Outcome of an action, into the memory of the lease.

use super::{Action, Rules};
use crate::store::Record;
use std::fmt;
use surety_engine::{EngineError, ImageFacts, Observed, State};
use surety_primitives::BlockNumber;

/// Outcome of an action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
	/// The image is here.
	Fetched(ImageFacts),
	/// The engine started the container, or says what it is.
	Started(Observed),
	/// The container is stopped and kept aside.
	Stopped,
	/// Nothing is left.
	Removed,
	/// The call is in this finalized block.
	Included(BlockNumber),
	/// The engine failed.
	Engine(EngineError),
	/// The call had no effect, or none that is known.
	Chain(String),
	/// There was no outcome in time. Nothing is known.
	TimedOut(u64),
}

impl fmt::Display for Outcome {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Fetched(facts) => write!(f, "fetched {} bytes, {}", facts.bytes, facts.digest),
			Self::Started(observed) => write!(f, "{:?}", observed.state),
			Self::Stopped => f.write_str("stopped"),
			Self::Removed => f.write_str("removed"),
			Self::Included(block) => write!(f, "in block {block}"),
			Self::Engine(error) => error.fmt(f),
			Self::Chain(error) => f.write_str(error),
			Self::TimedOut(ms) => write!(f, "no outcome in {ms} ms"),
		}
	}
}

impl Outcome {
	/// True if the action had its effect.
	pub fn is_good(&self) -> bool {
		!matches!(self, Self::Engine(_) | Self::Chain(_) | Self::TimedOut(_))
	}
}

/// Memory of a lease after an action.
pub fn settle(
	record: &Record,
	action: &Action,
	outcome: &Outcome,
	rules: &Rules,
	now_ms: u64,
) -> Record {
	let mut record = record.clone();
	if let Action::Submit { .. } = action {
		submitted(&mut record, outcome, rules, now_ms);
		return record;
	}
	// An observation of this very moment may have begun before the end.
	record.touched_ms = record.touched_ms.max(now_ms);
	match outcome {
		Outcome::Fetched(facts) => {
			record.image = Some(facts.clone());
			(record.failures, record.image_faults, record.error) = (0, 0, None);
		},
		Outcome::Started(observed) => started(&mut record, action, observed, rules, now_ms),
		Outcome::Stopped => {
			record.aside = true;
			touch(&mut record, rules, now_ms);
		},
		Outcome::Removed => {
			(record.removed, record.placed) = (true, false);
			touch(&mut record, rules, now_ms);
		},
		failure => failed(&mut record, action, failure, rules, now_ms),
	}
	record
}

fn submitted(record: &mut Record, outcome: &Outcome, rules: &Rules, now_ms: u64) {
	match outcome {
		Outcome::Included(block) => {
			(record.settled, record.refusals) = (*block, 0);
			record.submit_ms = now_ms;
		},
		failure => {
			record.refusals = record.refusals.saturating_add(1);
			let pause = Rules::backoff(rules.retry_ms, record.refusals);
			record.submit_ms = now_ms.saturating_add(pause);
			record.error = Some(failure.to_string());
		},
	}
}

fn started(record: &mut Record, action: &Action, observed: &Observed, rules: &Rules, now_ms: u64) {
	(record.placed, record.aside) = (true, false);
	if matches!(action, Action::Start { after_exit: true, .. }) {
		// The pause after an exit has bounded it already.
		record.retry_ms = now_ms.saturating_add(rules.retry_ms.0);
		return;
	}
	match &observed.state {
		State::Failed { reason } => fail(record, reason.clone(), rules, now_ms),
		_ if !observed.missing.is_empty() => {
			let missing = observed.missing.join(", ");
			fail(record, format!("not applied by the engine: {missing}"), rules, now_ms);
		},
		_ => {
			record.failures = 0;
			touch(record, rules, now_ms);
		},
	}
}

/// An action that had its effect as far as the engine says, but maybe no lasting one: it must not
/// be repeated without end. Only a container that was steady for a while ends the count.
fn touch(record: &mut Record, rules: &Rules, now_ms: u64) {
	record.touches = record.touches.saturating_add(1);
	let pause = Rules::backoff(rules.retry_ms, record.touches);
	record.retry_ms = now_ms.saturating_add(pause);
}

fn failed(record: &mut Record, action: &Action, failure: &Outcome, rules: &Rules, now_ms: u64) {
	if matches!(failure, Outcome::Engine(EngineError::Image(_))) {
		record.image_faults = record.image_faults.saturating_add(1);
		// The image that was fetched is there no longer.
		record.image = None;
	}
	if matches!(action, Action::Start { .. }) {
		record.placed = true;
	}
	fail(record, failure.to_string(), rules, now_ms);
}

fn fail(record: &mut Record, error: String, rules: &Rules, now_ms: u64) {
	record.failures = record.failures.saturating_add(1);
	let pause = Rules::backoff(rules.retry_ms, record.failures);
	record.retry_ms = now_ms.saturating_add(pause);
	record.error = Some(error.chars().take(500).collect());
}
