// SPDX-License-Identifier: Apache-2.0

//! Leases that are over, and containers that the chain does not know.

use super::{
	Action, Plan, View,
	plan::{Container, may_touch},
};
use crate::{
	chain::LeaseView,
	store::{Ended, Record},
};
use surety_engine::{LeaseId, Observed, State};
use surety_runtime_api::LeasePhase;

/// A lease whose end is finalized.
pub(super) fn over(view: &View<'_>, id: LeaseId, lease: &LeaseView, plan: &mut Plan) {
	let LeasePhase::Closed { ending } = lease.info.phase else { return };
	let info = &lease.info;
	let fresh = || Record::new(id, info.order, info.replica, info.service, view.now_ms);
	let Some(record) = record_of(view, id, fresh) else { return };
	let is_tenants = ending.code.checked_div(1_000) == Some(1);
	let keep_ms = if is_tenants { 0 } else { view.rules.keep_failed_ms };
	let why = format!("the lease is over: {:?} ({})", ending.reason, ending.code);
	settle_end(view, record, Some(ending.code), keep_ms, &why, plan);
}

/// A lease that the chain has no longer, and whose end the agent may not have seen.
pub(super) fn gone(view: &View<'_>, id: LeaseId, plan: &mut Plan) {
	let fresh = || Record { lease: id, known_ms: view.now_ms, ..Record::default() };
	let Some(record) = record_of(view, id, fresh) else { return };
	// The end was seen before the order was removed: its time goes on.
	let code = record.ended.and_then(|ended| ended.code);
	let keep_ms = match code {
		Some(code) if code.checked_div(1_000) == Some(1) => 0,
		Some(_) => view.rules.keep_failed_ms,
		None => view.rules.keep_orphans_ms,
	};
	settle_end(view, record, code, keep_ms, "the chain has no such lease", plan);
}

/// Memory of a lease that is over. `None` if nothing of it is here.
fn record_of(view: &View<'_>, id: LeaseId, fresh: impl FnOnce() -> Record) -> Option<Record> {
	let has_container =
		view.observed().is_some_and(|observation| observation.containers.contains_key(&id));
	match view.memory.get(&id) {
		Some(record) => Some(record.clone()),
		None => has_container.then(fresh),
	}
}

fn settle_end(
	view: &View<'_>,
	record: Record,
	code: Option<u16>,
	keep_ms: u64,
	why: &str,
	plan: &mut Plan,
) {
	let id = record.lease;
	let Some(ended) = record.ended else {
		let ended = Some(Ended { code, at_ms: view.now_ms });
		plan.changes
			.insert(id, Some(Record { ended, retry_ms: 0, failures: 0, touches: 0, ..record }));
		return;
	};
	let since = |at_ms: u64| view.now_ms.saturating_sub(at_ms);
	let container = Container::of(view, &record);
	// An observation from before the removal is none of a container that came back.
	let is_present = matches!(container, Container::Present(_));
	if record.removed && !is_present {
		if since(ended.at_ms) >= view.rules.keep_records_ms {
			plan.changes.insert(id, None);
		}
		return;
	}
	if !record.placed && record.image.is_none() && container == Container::Absent {
		plan.changes.insert(id, Some(Record { removed: true, ..record }));
		return;
	}
	if !may_touch(view, &record) || container == Container::Unknown {
		return;
	}
	if since(ended.at_ms) >= keep_ms {
		plan.actions.push(Action::Remove { lease: id, why: why.into() });
		return;
	}
	let runs = matches!(
		&container,
		Container::Present(Observed { state: State::Running | State::Starting, .. })
	);
	if runs || (is_present && !record.aside) {
		plan.actions.push(Action::Stop { lease: id, why: format!("{why}; it is kept aside") });
	}
}
