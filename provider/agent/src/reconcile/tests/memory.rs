// SPDX-License-Identifier: Apache-2.0

//! Memory of an agent with many leases. Run it alone to see the figures:
//! `cargo test -p surety-provider --lib memory_of_200_leases -- --nocapture --test-threads 1`.

use super::{
	driver::{LocalEngine, Taken},
	*,
};
use crate::store::{BidOutcome, BidState, Entry, Private, Store};
use std::{sync::Arc, time::Duration};
use surety_engine::Engine;
use tokio::sync::watch;

const LEASES: u32 = 200;
/// Bytes of a file in the private part of each.
const PRIVATE: usize = 64 << 10;
/// Blocks that pass, each with a new snapshot and a new observation.
const BLOCKS: u32 = 60;

/// Resident memory of this process in KiB.
fn resident() -> u64 {
	let status = std::fs::read_to_string("/proc/self/status").unwrap();
	let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
	line.split_whitespace().next().unwrap().parse().unwrap()
}

fn snapshot_at(block: u32) -> Snapshot {
	let mut snapshot = snapshot(block, crate::time::now_ms());
	for id in 1..=LEASES {
		snapshot.leases.insert(id, lease(id, running()));
		snapshot.orders.insert(id, crate::test_kit::order(id));
	}
	snapshot
}

/// Everything that is kept of 200 leases: the database with their private parts, a history and
/// bids, snapshots, observations, and a driver that plans on them.
#[tokio::test]
async fn memory_of_200_leases() {
	let before = resident();
	let directory = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(directory.path(), "0x01").unwrap().store);
	let private = Private {
		env: (0..32).map(|n| (format!("VARIABLE_{n}"), "a value of some length".into())).collect(),
		files: BTreeMap::from([("/etc/app.conf".into(), vec![7; PRIVATE])]),
		..Private::default()
	};
	let bid = BidOutcome { at_ms: 0, state: BidState::Won, price: Some(1), why: "x".repeat(200) };
	for id in 1..=LEASES {
		store.save_private(id, &private).unwrap();
		store.note(&Entry::of_lease(id, 0, "awarded")).unwrap();
	}
	let bids: Vec<_> = (1..=LEASES).map(|id| (id, bid.clone())).collect();
	store.save_bids(&bids).unwrap();
	let engine = Arc::new(LocalEngine::default());
	engine.containers.lock().extend((1..=LEASES).map(|id| (id, State::Running)));
	let observer = Arc::new(Observer::default());
	let (sender, snapshots) = watch::channel(Some(Arc::new(snapshot_at(100))));
	let inputs = Inputs {
		engine: engine.clone(),
		calls: Arc::new(Taken::default()),
		store: store.clone(),
		observer: observer.clone(),
		snapshots,
	};
	let driver = Driver::new(inputs, DriverSettings::default());
	let (stop, stopped) = watch::channel(false);
	let running = tokio::spawn(driver.run(stopped));
	let (began, mut most) = (std::time::Instant::now(), 0);
	for block in 1..=BLOCKS {
		observer.publish(crate::time::now_ms(), engine.observe().await);
		sender.send_replace(Some(Arc::new(snapshot_at(100 + block))));
		tokio::time::sleep(Duration::from_millis(10)).await;
		most = most.max(resident());
	}
	stop.send_replace(true);
	running.await.unwrap();
	assert_eq!(store.memory().len(), 200);
	println!(
		"{LEASES} leases, private parts of {PRIVATE} bytes: {before} KiB resident before, {} after \
		 {BLOCKS} blocks in {} ms, {most} at most",
		resident(),
		began.elapsed().as_millis()
	);
}
