// SPDX-License-Identifier: Apache-2.0

//! The driver with an engine in this process that hangs, fails and answers.

use super::*;
use crate::{reconcile::driver::Calls, store::Store};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use surety_engine::{Capacity, Engine, EngineError, Login};
use tokio::sync::watch;

/// Engine in this process.
#[derive(Default)]
pub struct LocalEngine {
	pub containers: Mutex<BTreeMap<LeaseId, State>>,
	/// Calls that hang before one works.
	hangs: Mutex<u32>,
}

impl LocalEngine {
	async fn work(&self) {
		let hangs = {
			let mut hangs = self.hangs.lock();
			let hang = *hangs > 0;
			*hangs = hangs.saturating_sub(1);
			hang
		};
		if hangs {
			std::future::pending::<()>().await;
		}
	}
}

impl Engine for LocalEngine {
	async fn observe(&self) -> Result<Vec<Observed>, EngineError> {
		let containers = self.containers.lock();
		Ok(containers.iter().map(|(id, state)| observed(*id, state.clone())).collect())
	}
	async fn inspect_image(&self, _: &str, _: Option<&Login>) -> Result<ImageFacts, EngineError> {
		Ok(facts())
	}
	async fn fetch(&self, _: &Spec, _: u64) -> Result<ImageFacts, EngineError> {
		self.work().await;
		Ok(facts())
	}
	async fn start(&self, spec: &Spec) -> Result<Observed, EngineError> {
		self.work().await;
		self.containers.lock().insert(spec.lease, State::Running);
		Ok(observed(spec.lease, State::Running))
	}
	async fn stop(&self, lease: LeaseId) -> Result<(), EngineError> {
		self.containers.lock().insert(lease, exited(137));
		Ok(())
	}
	async fn remove(&self, lease: LeaseId) -> Result<(), EngineError> {
		self.containers.lock().remove(&lease);
		Ok(())
	}
	async fn capacity(&self) -> Result<Capacity, EngineError> {
		Err(EngineError::Refused("not asked".into()))
	}
}

/// Chain that takes every call.
#[derive(Default)]
pub struct Taken(Mutex<Vec<Call>>);

impl Calls for Taken {
	fn submit<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<u32, String>> {
		self.0.lock().push(call.clone());
		Box::pin(async { Ok(101) })
	}
}

#[tokio::test]
async fn a_lease_gets_ready_though_the_engine_hangs() {
	let directory = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(directory.path(), "0x01").unwrap().store);
	let mut snapshot = snapshot(100, crate::time::now_ms());
	// Far away, so that the time of this test does not matter.
	let phase = LeasePhase::Starting { fetch_until: 100_000, ready_by: 200_000 };
	snapshot.leases.insert(1, lease(1, phase));
	let engine = Arc::new(LocalEngine { hangs: Mutex::new(2), ..LocalEngine::default() });
	let calls = Arc::new(Taken::default());
	let observer = Arc::new(Observer::default());
	let (sender, snapshots) = watch::channel(Some(Arc::new(snapshot.clone())));
	let inputs = Inputs {
		engine: engine.clone(),
		calls: calls.clone(),
		store: store.clone(),
		observer: observer.clone(),
		snapshots,
	};
	let timeouts = Timeouts {
		fetch: Duration::from_millis(50),
		engine: Duration::from_millis(50),
		submit: Duration::from_secs(5),
	};
	let rules = Rules { retry_ms: (1, 50), ..Rules::default() };
	let driver = Driver::new(inputs, DriverSettings { rules, timeouts, fetches: 1 });
	let (stop, stopped) = watch::channel(false);
	let watching = {
		let (engine, observer) = (engine.clone(), observer.clone());
		tokio::spawn(async move {
			observer.run(&*engine, Duration::from_millis(10), Duration::from_secs(1)).await;
		})
	};
	let running = tokio::spawn(driver.run(stopped));
	let ready = async {
		while calls.0.lock().is_empty() {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	};
	tokio::time::timeout(Duration::from_secs(60), ready).await.unwrap();
	assert!(matches!(calls.0.lock()[0], Call::ReportReady { lease: 1, .. }));
	// The chain ends the lease: the container goes.
	snapshot.head.number = 102;
	let over = lease(1, crate::test_kit::closed(surety_primitives::CloseReason::TenantClosed));
	snapshot.leases.insert(1, over);
	sender.send_replace(Some(Arc::new(snapshot)));
	let gone = async {
		while !engine.containers.lock().is_empty() {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	};
	tokio::time::timeout(Duration::from_secs(60), gone).await.unwrap();
	assert_eq!(*engine.hangs.lock(), 0);
	let texts: Vec<_> = store.history(100).unwrap().into_iter().map(|one| one.text).collect();
	assert!(texts.iter().any(|text| text.contains("no outcome in 50 ms")), "{texts:?}");
	stop.send_replace(true);
	running.await.unwrap();
	watching.abort();
}
