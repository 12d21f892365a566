// SPDX-License-Identifier: Apache-2.0

//! One level-based reconciler: from what the chain has finalized, and from what the engine
//! answered, to the next actions. It has no state of its own, so a restart changes nothing.
//!
//! | file | part |
//! |---|---|
//! | `plan.rs` | entry: one lease after the other |
//! | `starting.rs` | a lease from its award until it is ready: fetch, start, report, decline |
//! | `running.rs` | a lease that runs: repair, restarts after exits |
//! | `ending.rs` | leases that are over, and containers that the chain does not know |
//! | `spec.rs` | container of an order |
//! | `settle.rs` | outcome of an action, into the memory of the lease |
//! | `health.rs` | health as validators ask for it |
//! | `driver.rs` | runs the actions, each within a time |
//! | `observe.rs` | asks the engine |
//!
//! Rules:
//!
//! 1. Unknown is never absent. Without a recent answer of the engine no container is touched.
//! 2. A container is removed only after the finalized end of its lease. A lease that the chain has
//!    no longer, without an end that the agent saw, is stopped and kept aside for days.
//! 3. A failure deletes nothing. Leases that ended by a failure are kept for a while too.
//! 4. At most one action of the engine per lease is in progress, and a failure doubles the time to
//!    the next one, up to a bound.
//! 5. An observation that began before the end of the last action on a lease says nothing about it.

mod driver;
mod ending;
mod health;
mod observe;
mod plan;
mod running;
mod settle;
mod spec;
mod starting;
#[cfg(test)]
mod tests;

pub use driver::{Calls, Driver, DriverSettings, Inputs, Timeouts};
pub use health::{Health, HealthState, health_of};
pub use observe::{Observation, ObservationReport, Observer};
pub use plan::plan;
pub use settle::{Outcome, settle};
pub use spec::{SpecGap, pinned_image, spec_of};

use crate::{
	chain::{Call, Snapshot},
	store::{Memory, Private, Record},
};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
};
use surety_engine::{LeaseId, Spec};
use surety_primitives::BlockNumber;

/// Bounds of the reconciler.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
	/// Oldest observation that says anything, in milliseconds.
	pub observation_ms: u64,
	/// Blocks before the end of the fetch window in which a lease that is not sure to start is
	/// declined.
	pub decline_margin: BlockNumber,
	/// Largest image in compressed bytes.
	pub max_image_bytes: u64,
	/// Time to the next attempt after the first failure, and the longest such time.
	pub retry_ms: (u64, u64),
	/// The same after an exit of the application.
	pub restart_ms: (u64, u64),
	/// Time for which a container must run until its failures are forgotten.
	pub steady_ms: u64,
	/// Time for which the data of a lease are kept that ended by a failure.
	pub keep_failed_ms: u64,
	/// Time for which a container is kept that the chain does not know.
	pub keep_orphans_ms: u64,
	/// Time for which the memory of a lease is kept after it was removed.
	pub keep_records_ms: u64,
	/// Bandwidth in Mbit/s of an order that asks for none.
	pub default_bandwidth: u32,
	/// Host by which tenants reach published ports. That of the endpoint if `None`.
	pub access_host: Option<String>,
}

impl Default for Rules {
	fn default() -> Self {
		const MINUTE: u64 = 60_000;
		const DAY: u64 = 24 * 60 * MINUTE;
		Self {
			observation_ms: 15_000,
			decline_margin: 4,
			max_image_bytes: 8 << 30,
			retry_ms: (1_000, MINUTE),
			restart_ms: (1_000, 5 * MINUTE),
			steady_ms: 10 * MINUTE,
			keep_failed_ms: DAY,
			keep_orphans_ms: 7 * DAY,
			keep_records_ms: 7 * DAY,
			default_bandwidth: 100,
			access_host: None,
		}
	}
}

impl Rules {
	/// Time to the next attempt after a number of failures in a row.
	pub fn backoff((first, longest): (u64, u64), failures: u32) -> u64 {
		let doublings = failures.saturating_sub(1).min(40);
		first.saturating_mul(1 << doublings).min(longest)
	}
}

/// Actions in progress.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Busy {
	/// Leases with an action of the engine.
	pub engine: BTreeSet<LeaseId>,
	/// Leases with a call.
	pub calls: BTreeSet<LeaseId>,
}

/// Everything that a decision is made on.
pub struct View<'a> {
	/// Finalized state of the chain.
	pub snapshot: &'a Snapshot,
	/// Last answer of the engine; `None` if there is none yet.
	pub observation: Option<&'a Observation>,
	/// Time since which the engine has not answered; that of the start if it never did.
	pub silent_since_ms: u64,
	/// Memory of the leases.
	pub memory: &'a Memory,
	/// Private part of a lease, if its tenant has released it. Read when it is needed: it may be
	/// large.
	pub private: &'a dyn Fn(LeaseId) -> Option<Private>,
	/// Actions in progress.
	pub busy: &'a Busy,
	/// Bounds.
	pub rules: &'a Rules,
	/// Milliseconds since the Unix epoch.
	pub now_ms: u64,
}

impl View<'_> {
	/// Last answer of the engine, if it is recent.
	pub fn observed(&self) -> Option<&Observation> {
		let age = |observation: &Observation| self.now_ms.saturating_sub(observation.began_ms);
		self.observation.filter(|observation| age(observation) <= self.rules.observation_ms)
	}
}

/// Step towards the state that the chain asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
	/// Fetch the image of a lease.
	Fetch(Spec),
	/// Create and start the container of a lease, or repair it.
	Start {
		/// The container.
		spec: Spec,
		/// True if its application had exited.
		after_exit: bool,
	},
	/// Stop the container of a lease and keep it aside.
	Stop {
		/// The lease.
		lease: LeaseId,
		/// Reason.
		why: String,
	},
	/// Remove everything of a lease.
	Remove {
		/// The lease.
		lease: LeaseId,
		/// Reason.
		why: String,
	},
	/// Make a call of a lease on chain.
	Submit {
		/// The lease.
		lease: LeaseId,
		/// The call.
		call: Call,
		/// Reason.
		why: String,
		/// Block by which it must be included; the nearest one is made first.
		by: BlockNumber,
	},
}

impl Action {
	/// The lease.
	pub fn lease(&self) -> LeaseId {
		match self {
			Self::Fetch(spec) | Self::Start { spec, .. } => spec.lease,
			Self::Stop { lease, .. } | Self::Remove { lease, .. } | Self::Submit { lease, .. } => {
				*lease
			},
		}
	}
}

impl fmt::Display for Action {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Fetch(spec) => write!(f, "fetch {}", spec.image),
			Self::Start { after_exit: true, .. } => f.write_str("start again after an exit"),
			Self::Start { .. } => f.write_str("start"),
			Self::Stop { why, .. } => write!(f, "stop: {why}"),
			Self::Remove { why, .. } => write!(f, "remove: {why}"),
			Self::Submit { call, why, .. } => write!(f, "{call}: {why}"),
		}
	}
}

/// Changes of the memory, which are saved first, and the actions to run then.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
	/// New memory by lease; `None` forgets it.
	pub changes: BTreeMap<LeaseId, Option<Record>>,
	/// Actions, the most urgent call first.
	pub actions: Vec<Action>,
}
