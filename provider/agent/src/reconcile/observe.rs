// SPDX-License-Identifier: Apache-2.0

//! Observation of the engine, again and again.

use crate::time::now_ms;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use surety_engine::{Engine, EngineError, LeaseId, Observed, State};
use tokio::sync::{Notify, watch};

/// Most containers of one answer that are taken.
const MAX_CONTAINERS: usize = 8_192;

/// Answer of the engine about all containers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Observation {
	/// Milliseconds since the Unix epoch at which the agent asked, by its own clock.
	pub began_ms: u64,
	/// Containers by lease.
	pub containers: BTreeMap<LeaseId, Observed>,
}

impl Observation {
	/// Answer of the engine. A lease with two containers has failed, whatever they are.
	pub fn of(began_ms: u64, answer: Vec<Observed>) -> Self {
		let mut containers = BTreeMap::new();
		for observed in answer.into_iter().take(MAX_CONTAINERS) {
			let lease = observed.lease;
			if let Some(before) = containers.insert(lease, observed)
				&& let Some(observed) = containers.get_mut(&lease)
			{
				let reason = format!("the engine shows two containers of lease {lease}");
				*observed = Observed { state: State::Failed { reason }, ..before };
			}
		}
		Self { began_ms, containers }
	}
}

/// State of the engine, as the status shows it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservationReport {
	/// Time of the last answer, in milliseconds since the Unix epoch.
	pub at_ms: Option<u64>,
	/// Number of containers in it.
	pub containers: usize,
	/// Last failure, until the next answer.
	pub error: Option<String>,
}

/// Last answer of the engine, shared with all tasks.
pub struct Observer {
	last: watch::Sender<Option<Arc<Observation>>>,
	silent_since_ms: Mutex<u64>,
	error: Mutex<Option<String>>,
	wanted: Notify,
}

impl Default for Observer {
	fn default() -> Self {
		Self {
			last: watch::Sender::new(None),
			silent_since_ms: Mutex::new(now_ms()),
			error: Mutex::default(),
			wanted: Notify::new(),
		}
	}
}

impl Observer {
	/// Last answer.
	pub fn last(&self) -> Option<Arc<Observation>> {
		self.last.borrow().clone()
	}

	/// Answers, as they come.
	pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Observation>>> {
		self.last.subscribe()
	}

	/// Time since which the engine has not answered.
	pub fn silent_since_ms(&self) -> u64 {
		*self.silent_since_ms.lock()
	}

	/// Ask without waiting for the next turn, such as after an action.
	pub fn refresh(&self) {
		self.wanted.notify_one();
	}

	/// State of the engine.
	pub fn report(&self) -> ObservationReport {
		let last = self.last();
		ObservationReport {
			at_ms: last.as_ref().map(|last| last.began_ms),
			containers: last.map_or(0, |last| last.containers.len()),
			error: self.error.lock().clone(),
		}
	}

	/// Take an answer of the engine.
	pub fn publish(&self, began_ms: u64, answer: Result<Vec<Observed>, EngineError>) {
		match answer {
			Ok(answer) => {
				if self.error.lock().take().is_some() {
					tracing::info!("the engine answers again");
				}
				*self.silent_since_ms.lock() = now_ms();
				self.last.send_replace(Some(Arc::new(Observation::of(began_ms, answer))));
			},
			Err(error) => {
				let mut last = self.error.lock();
				if last.is_none() {
					tracing::warn!(%error, "the engine does not answer: no container is touched");
				}
				*last = Some(error.to_string());
			},
		}
	}

	/// Ask the engine for ever.
	///
	/// - `every`: time between two answers.
	/// - `timeout`: longest time for an answer.
	pub async fn run<E: Engine>(&self, engine: &E, every: Duration, timeout: Duration) {
		loop {
			let began_ms = now_ms();
			let answer = match tokio::time::timeout(timeout, engine.observe()).await {
				Ok(answer) => answer,
				Err(_) => {
					let reason = format!("no answer in {} s", timeout.as_secs());
					Err(EngineError::Unavailable(reason))
				},
			};
			self.publish(began_ms, answer);
			tokio::select! {
				() = tokio::time::sleep(every) => {},
				() = self.wanted.notified() => {},
			}
		}
	}
}
