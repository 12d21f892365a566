// SPDX-License-Identifier: Apache-2.0

//! Runs the actions of a plan, each within a time, and plans again after every change.

use super::{Action, Busy, Observation, Observer, Outcome, Plan, Rules, View, plan, settle};
use crate::{
	chain::{Call, Snapshot, Submitter},
	store::{Entry, Store},
	time::now_ms,
};
use futures::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use std::{future::Future, sync::Arc, time::Duration};
use surety_engine::{Engine, EngineError};
use surety_primitives::BlockNumber;
use tokio::{
	sync::{Semaphore, watch},
	task::JoinSet,
};

/// Time after which a plan is made without a change.
const TURN: Duration = Duration::from_secs(1);

/// Calls at a time. Those of different leases do not depend on each other.
const MAX_CALLS: usize = 16;

/// Sender of calls.
pub trait Calls: Send + Sync + 'static {
	/// Make a call. Gives the finalized block that has it.
	fn submit<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<BlockNumber, String>>;
}

impl Calls for Submitter {
	fn submit<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<BlockNumber, String>> {
		Box::pin(async move {
			let head = Submitter::submit(self, call).await;
			head.map(|head| head.number).map_err(|error| error.to_string())
		})
	}
}

/// Longest times of actions.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
	/// Fetch of an image.
	pub fetch: Duration,
	/// Start, stop or removal of a container.
	pub engine: Duration,
	/// Outcome of a transaction.
	pub submit: Duration,
}

impl Default for Timeouts {
	fn default() -> Self {
		Self {
			fetch: Duration::from_secs(600),
			engine: Duration::from_secs(90),
			submit: Duration::from_secs(600),
		}
	}
}

/// Settings of a driver.
#[derive(Clone, Debug, Default)]
pub struct DriverSettings {
	/// Bounds of the reconciler.
	pub rules: Rules,
	/// Longest times.
	pub timeouts: Timeouts,
	/// Images that are fetched at a time; 0 for 4.
	pub fetches: usize,
}

/// Parts that a driver works with.
pub struct Inputs<E> {
	/// Container engine.
	pub engine: Arc<E>,
	/// Sender of calls.
	pub calls: Arc<dyn Calls>,
	/// Database.
	pub store: Arc<Store>,
	/// Answers of the engine.
	pub observer: Arc<Observer>,
	/// Snapshots of the chain.
	pub snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
}

/// Driver of the reconciler.
pub struct Driver<E> {
	inputs: Inputs<E>,
	rules: RwLock<Rules>,
	timeouts: Timeouts,
	fetches: Arc<Semaphore>,
	busy: Mutex<Busy>,
}

impl<E: Engine> Driver<E> {
	/// Driver with these parts.
	pub fn new(inputs: Inputs<E>, settings: DriverSettings) -> Arc<Self> {
		let fetches = if settings.fetches == 0 { 4 } else { settings.fetches };
		Arc::new(Self {
			inputs,
			rules: RwLock::new(settings.rules),
			timeouts: settings.timeouts,
			fetches: Arc::new(Semaphore::new(fetches)),
			busy: Mutex::default(),
		})
	}

	/// Bounds in use.
	pub fn rules(&self) -> Rules {
		self.rules.read().clone()
	}

	/// Replace the bounds, after a reload of the configuration.
	pub fn set_rules(&self, rules: Rules) {
		*self.rules.write() = rules;
	}

	/// True while calls of leases are in progress. Bids wait for them.
	pub fn is_submitting(&self) -> bool {
		!self.busy.lock().calls.is_empty()
	}

	/// Reconcile until `stop` is true. Actions in progress are given up then: the next run finds
	/// what they did.
	pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
		let mut snapshots = self.inputs.snapshots.clone();
		let mut observations = self.inputs.observer.subscribe();
		let mut running = JoinSet::new();
		loop {
			self.step(&mut running);
			tokio::select! {
				changed = snapshots.changed() => if changed.is_err() { return },
				changed = observations.changed() => if changed.is_err() { return },
				joined = running.join_next(), if !running.is_empty() => {
					if let Some(Err(error)) = joined {
						tracing::error!(%error, "an action panicked");
					}
				},
				() = tokio::time::sleep(TURN) => {},
				changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
			}
		}
	}

	/// Plan once, save, and begin the actions.
	fn step(self: &Arc<Self>, running: &mut JoinSet<()>) {
		let Some(Plan { changes, actions }) = self.plan() else { return };
		let changes: Vec<_> = changes.into_iter().collect();
		for (lease, record) in &changes {
			let before = self.inputs.store.record(*lease);
			if before.is_none() && record.is_some() {
				self.note(*lease, "awarded");
			}
		}
		if let Err(error) = self.inputs.store.save(&changes) {
			tracing::error!(%error, "the memory of the leases is not on disk");
		}
		for action in actions {
			if let Some(turn) = self.claim(&action) {
				tracing::info!(lease = action.lease(), "{action}");
				running.spawn(self.clone().perform(action, turn));
			}
		}
	}

	fn plan(&self) -> Option<Plan> {
		let snapshot = self.inputs.snapshots.borrow().clone()?;
		let observation = self.inputs.observer.last();
		let memory = self.inputs.store.memory();
		let private = |lease| {
			self.inputs.store.private(lease).unwrap_or_else(|error| {
				tracing::error!(lease, %error, "the private part cannot be read");
				None
			})
		};
		let view = View {
			snapshot: &snapshot,
			observation: observation.as_deref().map(|seen: &Observation| seen),
			silent_since_ms: self.inputs.observer.silent_since_ms(),
			memory: &memory,
			private: &private,
			busy: &self.busy.lock().clone(),
			rules: &self.rules.read(),
			now_ms: now_ms(),
		};
		Some(plan(&view))
	}

	/// Take the turn of an action, unless another one has it.
	fn claim(self: &Arc<Self>, action: &Action) -> Option<Turn<E>> {
		let mut busy = self.busy.lock();
		let is_free = match action {
			Action::Submit { .. } if busy.calls.len() >= MAX_CALLS => false,
			Action::Submit { lease, .. } => busy.calls.insert(*lease),
			action => busy.engine.insert(action.lease()),
		};
		is_free.then(|| Turn {
			driver: self.clone(),
			lease: action.lease(),
			is_call: matches!(action, Action::Submit { .. }),
		})
	}

	async fn perform(self: Arc<Self>, action: Action, turn: Turn<E>) {
		let outcome = self.execute(&action).await;
		let lease = action.lease();
		let level = outcome.is_good();
		if level {
			tracing::info!(lease, "{action}: {outcome}");
		} else {
			tracing::warn!(lease, "{action}: {outcome}");
		}
		if matches!(action, Action::Submit { .. } | Action::Remove { .. }) || !level {
			self.note(lease, &format!("{action}: {outcome}"));
		}
		if let Some(record) = self.inputs.store.record(lease) {
			let record = settle(&record, &action, &outcome, &self.rules.read(), now_ms());
			if let Err(error) = self.inputs.store.save(&[(lease, Some(record))]) {
				tracing::error!(%error, "the memory of the leases is not on disk");
			}
		}
		// Before the next plan, so that it does not begin the same action again.
		drop(turn);
		self.inputs.observer.refresh();
	}

	async fn execute(&self, action: &Action) -> Outcome {
		let engine = &self.inputs.engine;
		let Timeouts { fetch, engine: time, submit } = self.timeouts;
		match action {
			Action::Fetch(spec) => {
				let max_bytes = self.rules.read().max_image_bytes;
				let fetching = async {
					let _permit = self.fetches.acquire().await;
					engine.fetch(spec, max_bytes).await
				};
				within(fetch, fetching, Outcome::Fetched).await
			},
			Action::Start { spec, .. } => within(time, engine.start(spec), Outcome::Started).await,
			Action::Stop { lease, .. } => {
				within(time, engine.stop(*lease), |()| Outcome::Stopped).await
			},
			Action::Remove { lease, .. } => {
				within(time, engine.remove(*lease), |()| Outcome::Removed).await
			},
			Action::Submit { call, .. } => {
				match tokio::time::timeout(submit, self.inputs.calls.submit(call)).await {
					Ok(Ok(block)) => Outcome::Included(block),
					Ok(Err(error)) => Outcome::Chain(error),
					Err(_) => timed_out(submit),
				}
			},
		}
	}

	fn note(&self, lease: u32, text: &str) {
		let entry = Entry::of_lease(lease, now_ms(), text);
		if let Err(error) = self.inputs.store.note(&entry) {
			tracing::error!(%error, "the history is not on disk");
		}
	}
}

fn timed_out(time: Duration) -> Outcome {
	Outcome::TimedOut(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

async fn within<T>(
	time: Duration,
	work: impl Future<Output = Result<T, EngineError>>,
	good: impl FnOnce(T) -> Outcome,
) -> Outcome {
	match tokio::time::timeout(time, work).await {
		Ok(Ok(value)) => good(value),
		Ok(Err(error)) => Outcome::Engine(error),
		Err(_) => timed_out(time),
	}
}

/// Turn of an action; given back when it is dropped, after a panic too.
struct Turn<E> {
	driver: Arc<Driver<E>>,
	lease: u32,
	is_call: bool,
}

impl<E> Drop for Turn<E> {
	fn drop(&mut self) {
		let mut busy = self.driver.busy.lock();
		let turns = if self.is_call { &mut busy.calls } else { &mut busy.engine };
		turns.remove(&self.lease);
	}
}
