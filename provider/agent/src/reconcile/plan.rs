// SPDX-License-Identifier: Apache-2.0

//! Next actions of all leases.

use super::{Action, Plan, View, ending, running, starting};
use crate::{
	chain::LeaseView,
	store::{Exit, Record},
};
use std::collections::BTreeSet;
use surety_engine::{LeaseId, Observed, State};
use surety_runtime_api::LeasePhase;

/// Next actions, and the memory to save before them. Pure: the same view gives the same plan.
pub fn plan(view: &View<'_>) -> Plan {
	let mut plan = Plan::default();
	let observed =
		view.observed().into_iter().flat_map(|observation| observation.containers.keys());
	let leases: BTreeSet<LeaseId> =
		view.snapshot.leases.keys().chain(view.memory.keys()).chain(observed).copied().collect();
	for id in leases {
		let record = view.memory.get(&id);
		match view.snapshot.leases.get(&id) {
			Some(lease) if lease.is_over() => ending::over(view, id, lease, &mut plan),
			Some(lease) => live(view, lease, record, &mut plan),
			None if view.snapshot.gone.contains(&id) => ending::gone(view, id, &mut plan),
			// The snapshot was read before the agent knew of it: the next one tells.
			None => (),
		}
	}
	// Nothing is urgent but calls with a last block.
	plan.actions.sort_by_key(|action| match action {
		Action::Submit { by, .. } => *by,
		_ => 0,
	});
	plan
}

/// A lease that starts or runs.
fn live(view: &View<'_>, lease: &LeaseView, record: Option<&Record>, plan: &mut Plan) {
	let info = &lease.info;
	let Some(record) = record else {
		let record = Record::new(info.id, info.order, info.replica, info.service, view.now_ms);
		plan.changes.insert(info.id, Some(record));
		return;
	};
	let mut record = record.clone();
	let before = record.clone();
	// The nodes had denied its end: it is an ordinary lease again.
	(record.ended, record.removed) = (None, false);
	let container = Container::of(view, &record);
	note(view, &container, &mut record);
	match info.phase {
		LeasePhase::Starting { fetch_until, ready_by } => {
			let window = starting::Window { fetch_until, ready_by };
			starting::advance(view, lease, &record, &container, window, plan);
		},
		_ => running::advance(view, lease, &record, &container, plan),
	}
	if record != before {
		plan.changes.insert(info.id, Some(record));
	}
}

/// Knowledge about the container of a lease.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Container {
	/// The engine has not answered recently, or not since the last action.
	Unknown,
	/// The engine has none.
	Absent,
	/// The engine has one.
	Present(Observed),
}

impl Container {
	pub fn of(view: &View<'_>, record: &Record) -> Self {
		let Some(observation) = view.observed() else { return Self::Unknown };
		if observation.began_ms <= record.touched_ms {
			return Self::Unknown;
		}
		match observation.containers.get(&record.lease) {
			Some(observed) if observed.state != State::Absent => Self::Present(observed.clone()),
			_ => Self::Absent,
		}
	}

	/// True if it runs and everything of its specification was applied.
	pub fn is_good(&self) -> bool {
		matches!(
			self,
			Self::Present(Observed { state: State::Running, missing, .. }) if missing.is_empty()
		)
	}
}

/// Take what the engine shows into the memory.
fn note(view: &View<'_>, container: &Container, record: &mut Record) {
	match container {
		Container::Present(Observed { state: State::Exited { code, out_of_memory }, .. }) => {
			record.placed = true;
			let (code, out_of_memory) = (*code, *out_of_memory);
			let is_known = record.exit.is_some_and(|exit| exit.at_ms > record.touched_ms);
			if !is_known && !record.aside {
				record.exit = Some(Exit { code, out_of_memory, at_ms: view.now_ms });
				record.exits = record.exits.saturating_add(1);
			}
		},
		container if container.is_good() => {
			record.placed = true;
			let steady = view.now_ms.saturating_sub(record.touched_ms) >= view.rules.steady_ms;
			if steady {
				(record.failures, record.touches) = (0, 0);
				(record.exits, record.image_faults) = (0, 0);
				(record.exit, record.error) = (None, None);
			}
		},
		Container::Present(_) => record.placed = true,
		Container::Absent | Container::Unknown => (),
	}
}

/// True if an action of the engine may begin.
pub(super) fn may_touch(view: &View<'_>, record: &Record) -> bool {
	!view.busy.engine.contains(&record.lease)
		&& view.now_ms >= record.retry_ms
		&& view.observed().is_some()
}

/// True if a call may be made.
pub(super) fn may_submit(view: &View<'_>, record: &Record) -> bool {
	!view.busy.calls.contains(&record.lease)
		&& view.now_ms >= record.submit_ms
		&& view.snapshot.head.number >= record.settled
}
