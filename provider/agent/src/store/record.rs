// SPDX-License-Identifier: Apache-2.0

//! Memory of a lease: what neither the chain nor the engine knows.

use serde::{Deserialize, Serialize};
use surety_engine::{ImageFacts, LeaseId};
use surety_primitives::{BlockNumber, OrderId, ServiceId};

/// End of a lease on chain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
	/// Stable code of the reason; `None` if the chain has the lease no longer.
	pub code: Option<u16>,
	/// Milliseconds since the Unix epoch at which the agent learned of it.
	pub at_ms: u64,
}

/// Exit of an application.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
	/// Exit code.
	pub code: i64,
	/// True if it used up its memory.
	pub out_of_memory: bool,
	/// Milliseconds since the Unix epoch at which it was observed.
	pub at_ms: u64,
}

/// Memory of a lease.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Record {
	/// The lease.
	pub lease: LeaseId,
	/// Its order.
	pub order: OrderId,
	/// Its replica of the order.
	pub replica: u8,
	/// Own service that bid.
	pub service: ServiceId,
	/// Milliseconds since the Unix epoch at which the agent learned of the lease.
	pub known_ms: u64,
	/// Image, once it was fetched.
	pub image: Option<ImageFacts>,
	/// Faults of the image in a row.
	pub image_faults: u32,
	/// True once a container may exist.
	pub placed: bool,
	/// Failures of the engine in a row.
	pub failures: u32,
	/// Starts, stops and removals since the container was last steady.
	pub touches: u32,
	/// Time before which no action of the engine is tried again.
	pub retry_ms: u64,
	/// End of the last action of the engine. An observation that began before it is out of date.
	pub touched_ms: u64,
	/// Exits of the application in a row.
	pub exits: u32,
	/// Last exit, until the container is steady again.
	pub exit: Option<Exit>,
	/// True once the container was stopped and kept aside.
	pub aside: bool,
	/// Failures of transactions in a row.
	pub refusals: u32,
	/// Time before which no transaction is tried again.
	pub submit_ms: u64,
	/// Block of the last transaction that had an effect. Snapshots before it do not show that.
	pub settled: BlockNumber,
	/// Last failure, in words.
	pub error: Option<String>,
	/// End on chain.
	pub ended: Option<Ended>,
	/// True once nothing of it is left on the machine.
	pub removed: bool,
}

impl Record {
	/// Memory of a lease that the agent has just learned of.
	pub fn new(
		lease: LeaseId,
		order: OrderId,
		replica: u8,
		service: ServiceId,
		now_ms: u64,
	) -> Self {
		Self { lease, order, replica, service, known_ms: now_ms, ..Self::default() }
	}
}
