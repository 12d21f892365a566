// SPDX-License-Identifier: Apache-2.0

//! Task that follows the finalized blocks and publishes a snapshot of each that it reads.

use super::{ReadError, Snapshot, read_snapshot};
use crate::time::now_ms;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::{
	collections::BTreeSet,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_gateway::chain::{Head, NodeReport, Nodes};
use surety_primitives::{BlockNumber, LeaseId, OrderId};
use tokio::sync::watch;

/// Longest pause between two looks at the nodes.
const MAX_PAUSE: Duration = Duration::from_secs(3);
/// Shortest pause.
const MIN_PAUSE: Duration = Duration::from_millis(250);

/// State of the connection to the chain.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FollowerReport {
	/// Genesis.
	pub genesis: Option<String>,
	/// Block of the last snapshot.
	pub block: Option<BlockNumber>,
	/// Milliseconds since the Unix epoch at which it was first seen.
	pub seen_ms: u64,
	/// Last failure, until the next success.
	pub error: Option<String>,
	/// Nodes.
	pub nodes: Vec<NodeReport>,
}

/// Leases and orders to ask for even if no list has them.
pub type Remembered = Box<dyn Fn() -> (BTreeSet<LeaseId>, BTreeSet<OrderId>) + Send + Sync>;

/// The chain, shared with all tasks.
pub struct Follower {
	nodes: Arc<Nodes>,
	account: AccountId32,
	remembered: Remembered,
	snapshot: watch::Sender<Option<Arc<Snapshot>>>,
	report: Mutex<FollowerReport>,
}

impl Follower {
	/// Follower for an operator. No snapshot was taken yet.
	pub fn new(nodes: Arc<Nodes>, account: AccountId32, remembered: Remembered) -> Arc<Self> {
		Arc::new(Self {
			nodes,
			account,
			remembered,
			snapshot: watch::Sender::new(None),
			report: Mutex::default(),
		})
	}

	/// Nodes of the chain.
	pub fn nodes(&self) -> &Arc<Nodes> {
		&self.nodes
	}

	/// Last snapshot. It stays while all nodes are gone.
	pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
		self.snapshot.borrow().clone()
	}

	/// Snapshots, as they are published.
	pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Snapshot>>> {
		self.snapshot.subscribe()
	}

	/// State of the connection.
	pub fn report(&self) -> FollowerReport {
		FollowerReport { nodes: self.nodes.report(), ..self.report.lock().clone() }
	}

	/// Follow the finalized blocks for ever.
	pub async fn follow(&self) {
		let mut seen: Option<(Head, u64)> = None;
		loop {
			if let Err(error) = self.step(&mut seen).await {
				let mut report = self.report.lock();
				if report.error.is_none() {
					tracing::warn!(%error, "the chain cannot be read: the last snapshot is kept");
				}
				report.error = Some(error.to_string());
			}
			tokio::time::sleep(self.pause()).await;
		}
	}

	fn pause(&self) -> Duration {
		let snapshot = self.snapshot.borrow();
		let slot = snapshot.as_ref().map_or(1_000, |snapshot| snapshot.clock.slot_ms);
		Duration::from_millis(slot.saturating_div(2)).clamp(MIN_PAUSE, MAX_PAUSE)
	}

	/// Look at the nodes once, and read the finalized block if it is a new one.
	pub async fn step(&self, seen: &mut Option<(Head, u64)>) -> Result<(), ReadError> {
		let head = self.nodes.poll(Instant::now()).await?;
		let seen_ms = match *seen {
			Some((known, at)) if known == head => at,
			_ => now_ms(),
		};
		*seen = Some((head, seen_ms));
		let last = self.snapshot.borrow().as_ref().map(|snapshot| snapshot.head);
		let Some(genesis) = self.nodes.genesis().filter(|_| last != Some(head)) else {
			self.report.lock().error = None;
			return Ok(());
		};
		let (leases, orders) = (self.remembered)();
		let account = &self.account;
		let read = read_snapshot(&self.nodes, head, genesis, account, &leases, &orders, seen_ms);
		let snapshot = read.await?;
		self.nodes.set_slot(Duration::from_millis(snapshot.clock.slot_ms));
		self.publish(snapshot);
		Ok(())
	}

	/// Publish a snapshot.
	pub(crate) fn publish(&self, snapshot: Snapshot) {
		{
			let mut report = self.report.lock();
			if report.error.is_some() {
				tracing::info!(block = snapshot.head.number, "the chain can be read again");
			}
			*report = FollowerReport {
				genesis: Some(format!("{:?}", snapshot.genesis)),
				block: Some(snapshot.head.number),
				seen_ms: snapshot.seen_ms,
				..Default::default()
			};
		}
		self.snapshot.send_replace(Some(Arc::new(snapshot)));
	}
}
