// SPDX-License-Identifier: Apache-2.0

mod driver;
mod ends;
mod health;
mod memory;
mod model;
mod property;
mod starts;

use super::*;
use crate::{
	chain::LeaseView,
	test_kit::{lease, snapshot},
};
use surety_engine::{ImageFacts, Observed, Port, State};
use surety_runtime_api::LeasePhase;

/// Time at which the tests begin.
pub const T0: u64 = 1_000_000;

/// A view that owns its parts.
pub struct Kit {
	pub snapshot: Snapshot,
	pub observation: Option<Observation>,
	pub silent_since_ms: u64,
	pub memory: Memory,
	pub private: BTreeMap<LeaseId, Private>,
	pub busy: Busy,
	pub rules: Rules,
	pub now_ms: u64,
}

impl Kit {
	/// Lease 1 in a phase, known, with its image here; an engine without containers.
	pub fn with(phase: LeasePhase) -> Self {
		let mut snapshot = snapshot(100, T0);
		snapshot.leases.insert(1, lease(1, phase));
		let record = Record { image: Some(facts()), ..Record::new(1, 1, 0, 1, T0) };
		Self {
			snapshot,
			observation: Some(Observation::of(T0 + 1, Vec::new())),
			silent_since_ms: T0,
			memory: Memory::from([(1, record)]),
			private: BTreeMap::new(),
			busy: Busy::default(),
			rules: Rules::default(),
			now_ms: T0 + 1,
		}
	}

	/// The engine shows the container of lease 1 in a state.
	pub fn seen(mut self, state: State) -> Self {
		self.observation = Some(Observation::of(self.now_ms, vec![observed(1, state)]));
		self
	}

	pub fn lease(&mut self) -> &mut LeaseView {
		self.snapshot.leases.get_mut(&1).unwrap()
	}

	pub fn record(&mut self) -> &mut Record {
		self.memory.get_mut(&1).unwrap()
	}

	pub fn plan(&self) -> Plan {
		plan(&View {
			snapshot: &self.snapshot,
			observation: self.observation.as_ref(),
			silent_since_ms: self.silent_since_ms,
			memory: &self.memory,
			private: &|lease| self.private.get(&lease).cloned(),
			busy: &self.busy,
			rules: &self.rules,
			now_ms: self.now_ms,
		})
	}

	/// Plan, and take over the changes of the memory.
	pub fn advance(&mut self) -> Vec<Action> {
		let Plan { changes, actions } = self.plan();
		for (lease, record) in changes {
			match record {
				Some(record) => drop(self.memory.insert(lease, record)),
				None => drop(self.memory.remove(&lease)),
			}
		}
		actions
	}
}

pub fn facts() -> ImageFacts {
	ImageFacts { digest: "sha256:1".into(), bytes: 1, platform: "linux/amd64".into() }
}

pub fn observed(lease: LeaseId, state: State) -> Observed {
	Observed {
		lease,
		state,
		digest: None,
		ports: BTreeMap::from([(Port::tcp(80), 32_768)]),
		missing: Vec::new(),
		at_ms: 0,
	}
}

pub fn starting() -> LeasePhase {
	LeasePhase::Starting { fetch_until: 115, ready_by: 145 }
}

pub fn running() -> LeasePhase {
	LeasePhase::Running { since: 90, last_round: 1_000 }
}

pub fn exited(code: i64) -> State {
	State::Exited { code, out_of_memory: false }
}
