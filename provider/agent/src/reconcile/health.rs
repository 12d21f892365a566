// SPDX-License-Identifier: Apache-2.0

//! Health of a lease as validators ask for it, from an observation that is not too old.

use super::{Observation, Rules};
use crate::store::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use surety_engine::{LeaseId, Observed, Port, State};

/// State of a lease, as validators know it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
	/// It runs as ordered.
	Running,
	/// Its application ended by itself.
	Stopped,
	/// The operator's side failed: engine, image or host.
	Failed,
}

impl HealthState {
	/// True if validators count the round as up.
	pub fn is_up(self) -> bool {
		matches!(self, Self::Running | Self::Stopped)
	}
}

/// Answer at the health URL of a lease. Validators read the first two members.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
	/// The lease.
	pub lease: LeaseId,
	/// State.
	pub state: HealthState,
	/// Exit code of the application, if it has exited.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub exit_code: Option<i64>,
	/// True if the application used up its memory.
	#[serde(default, skip_serializing_if = "std::ops::Not::not")]
	pub out_of_memory: bool,
	/// Host ports by container port.
	#[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
	pub ports: BTreeMap<Port, u16>,
}

impl Health {
	fn of(lease: LeaseId, state: HealthState) -> Self {
		let ports = BTreeMap::new();
		Self { lease, state, exit_code: None, out_of_memory: false, ports }
	}
}

/// Health of a lease that the agent runs.
///
/// Without an observation of the last [`Rules::observation_ms`] milliseconds the lease has failed:
/// nobody knows that it runs.
pub fn health_of(
	record: &Record,
	observation: Option<&Observation>,
	rules: &Rules,
	now_ms: u64,
) -> Health {
	let lease = record.lease;
	let recent =
		observation.filter(|seen| now_ms.saturating_sub(seen.began_ms) <= rules.observation_ms);
	let Some(seen) = recent else { return Health::of(lease, HealthState::Failed) };
	let observed = seen.containers.get(&lease);
	let failed = match observed {
		Some(observed) => of_container(record, observed),
		None => Health::of(lease, HealthState::Failed),
	};
	Health { ports: observed.map(|observed| observed.ports.clone()).unwrap_or_default(), ..failed }
}

fn of_container(record: &Record, observed: &Observed) -> Health {
	let lease = record.lease;
	let exited = |code: i64, out_of_memory: bool| Health {
		exit_code: Some(code),
		out_of_memory,
		..Health::of(lease, HealthState::Stopped)
	};
	match &observed.state {
		State::Running if observed.missing.is_empty() => Health::of(lease, HealthState::Running),
		State::Running | State::Failed { .. } => Health::of(lease, HealthState::Failed),
		// The agent itself stopped it.
		State::Exited { .. } if record.aside => Health::of(lease, HealthState::Failed),
		State::Exited { code, out_of_memory } => exited(*code, *out_of_memory),
		// On its way back after an exit of its own.
		State::Starting => match record.exit {
			Some(exit) if record.failures == 0 => exited(exit.code, exit.out_of_memory),
			_ => Health::of(lease, HealthState::Failed),
		},
		State::Absent => Health::of(lease, HealthState::Failed),
	}
}
