// SPDX-License-Identifier: Apache-2.0

//! A chain with finality, and an engine that fails, lags, restarts and lies.

use super::*;
use crate::test_kit::closed;
use std::collections::VecDeque;
use surety_engine::EngineError;
use surety_primitives::CloseReason;

/// Random numbers that a seed repeats.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
	pub fn below(&mut self, end: u64) -> u64 {
		self.0 =
			self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(self.0 >> 33) % end.max(1)
	}

	pub fn chance(&mut self, percent: u64) -> bool {
		self.below(100) < percent
	}
}

/// Faults of a run.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
	/// Percentage of engine actions that fail.
	pub engine: u64,
	/// Percentage of observations that are lies.
	pub lies: u64,
	/// Percentage of seconds in which an outage of the engine begins.
	pub outages: u64,
	/// The same of the nodes.
	pub blackouts: u64,
	/// Percentage of seconds in which the agent is killed.
	pub kills: u64,
	/// Percentage of seconds in which an application exits.
	pub exits: u64,
	/// Blocks from the best to the finalized block.
	pub lag: u32,
}

/// A lease as the chain has it.
#[derive(Clone, Debug)]
pub struct ModelLease {
	pub phase: LeasePhase,
	pub bad_image: bool,
	pub closes_at: u32,
	pub removed_at: Option<u32>,
}

/// State of the chain after a block.
pub type ChainState = BTreeMap<LeaseId, ModelLease>;

#[derive(Default)]
pub struct ModelChain {
	pub states: Vec<ChainState>,
	pub awards: Vec<(u32, LeaseId, ModelLease)>,
	/// Calls on their way: block, call, and where the agent waits for it.
	pub calls: Vec<(u32, Call, u64)>,
	/// Results: token, block, outcome.
	pub results: Vec<(u64, u32, Result<(), String>)>,
}

impl ModelChain {
	pub fn best(&self) -> u32 {
		u32::try_from(self.states.len()).unwrap().saturating_sub(1)
	}

	pub fn produce(&mut self) {
		let mut state = self.states.last().cloned().unwrap_or_default();
		let block = u32::try_from(self.states.len()).unwrap();
		for (_, id, lease) in self.awards.iter().filter(|(at, ..)| *at == block) {
			state.insert(*id, lease.clone());
		}
		for (_, call, token) in self.calls.extract_if(.., |(at, ..)| *at == block) {
			let outcome = apply(&mut state, &call, block);
			self.results.push((token, block, outcome));
		}
		for lease in state.values_mut() {
			match lease.phase {
				LeasePhase::Starting { ready_by, .. } if block >= ready_by => {
					lease.phase = closed(CloseReason::NeverReady);
				},
				LeasePhase::Running { .. } if block >= lease.closes_at => {
					lease.phase = closed(CloseReason::TenantClosed);
				},
				_ => (),
			}
		}
		state.retain(|_, lease| lease.removed_at.is_none_or(|at| block < at));
		self.states.push(state);
	}

	/// Leases as of a block, and those that it has no longer.
	pub fn snapshot(&self, block: u32, seen_ms: u64, known: &Memory) -> Snapshot {
		let mut snapshot = snapshot(block, seen_ms);
		let state = &self.states[usize::try_from(block).unwrap()];
		for (id, model) in state {
			let mut view = lease(*id, model.phase);
			view.order.as_mut().unwrap().image =
				if model.bad_image { b"bad".to_vec() } else { b"good".to_vec() };
			snapshot.leases.insert(*id, view);
		}
		snapshot.gone = known.keys().filter(|id| !state.contains_key(id)).copied().collect();
		snapshot
	}
}

fn apply(state: &mut ChainState, call: &Call, block: u32) -> Result<(), String> {
	let (Call::ReportReady { lease: id, .. } | Call::Decline { lease: id }) = call else {
		return Err("unknown call".into());
	};
	let lease = state.get_mut(id).ok_or("UnknownLease")?;
	let LeasePhase::Starting { fetch_until, ready_by } = lease.phase else {
		return Err("LeaseOver".into());
	};
	lease.phase = match call {
		Call::Decline { .. } if block < fetch_until => closed(CloseReason::Declined),
		Call::Decline { .. } => return Err("FetchWindowOver".into()),
		_ if block < ready_by => LeasePhase::Running { since: block, last_round: 10_000 },
		_ => return Err("TooLate".into()),
	};
	Ok(())
}

/// An action in the engine.
pub struct Running {
	pub action: Action,
	pub ends_ms: u64,
	/// Life of the agent that began it.
	pub life: u32,
}

#[derive(Default)]
pub struct ModelEngine {
	pub containers: BTreeMap<LeaseId, State>,
	pub running: Vec<Running>,
	pub down_until_ms: u64,
	/// Observations on their way: time of arrival, time at which they began, answer.
	pub answers: VecDeque<(u64, u64, Vec<Observed>)>,
}

impl ModelEngine {
	/// Apply what an action does. A start changes nothing if the container runs.
	pub fn finish(&mut self, action: &Action, fails: bool) -> Outcome {
		if fails {
			let effect_too = matches!(action, Action::Start { spec, .. } if spec.lease % 2 == 0);
			if effect_too {
				// The answer was lost on its way.
				self.containers.insert(action.lease(), State::Running);
			}
			return Outcome::Engine(EngineError::Unavailable("broken pipe".into()));
		}
		match action {
			Action::Fetch(spec) if spec.image == "bad" => {
				Outcome::Engine(EngineError::Image("manifest unknown".into()))
			},
			Action::Fetch(_) => Outcome::Fetched(facts()),
			Action::Start { spec, .. } => {
				self.containers.insert(spec.lease, State::Running);
				Outcome::Started(observed(spec.lease, State::Running))
			},
			Action::Stop { lease, .. } => {
				self.containers.entry(*lease).and_modify(|state| *state = exited(137));
				Outcome::Stopped
			},
			Action::Remove { lease, .. } => {
				self.containers.remove(lease);
				Outcome::Removed
			},
			Action::Submit { .. } => unreachable!(),
		}
	}

	pub fn observe(&mut self, now_ms: u64, delay_ms: u64, lie: Option<&mut Random>) {
		let mut containers = self.containers.clone();
		if let Some(random) = lie {
			match random.below(3) {
				0 => drop(containers.pop_first()),
				1 => containers.values_mut().for_each(|state| *state = exited(1)),
				_ => containers.clear(),
			}
		}
		let answer = containers.into_iter().map(|(id, state)| observed(id, state)).collect();
		self.answers.push_back((now_ms + delay_ms, now_ms, answer));
	}
}
