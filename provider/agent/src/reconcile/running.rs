// SPDX-License-Identifier: Apache-2.0

//! A lease that runs: repair, and restarts after exits.

use super::{
	Action, Plan, Rules, View,
	plan::{Container, may_touch},
	spec_of,
};
use crate::{
	chain::LeaseView,
	store::{Record, RestartRule},
};
use surety_engine::{LeaseId, State};

pub(super) fn advance(
	view: &View<'_>,
	lease: &LeaseView,
	record: &Record,
	container: &Container,
	plan: &mut Plan,
) {
	plan.actions.extend(step(view, lease, record, container));
}

fn step(
	view: &View<'_>,
	lease: &LeaseView,
	record: &Record,
	container: &Container,
) -> Option<Action> {
	if !may_touch(view, record) {
		return None;
	}
	let observed = match container {
		Container::Unknown => return None,
		Container::Absent => None,
		Container::Present(observed) => Some(observed),
	};
	let state = observed.map(|observed| &observed.state);
	if record.tenant_stopped {
		let why = "its tenant stopped it".into();
		let runs = matches!(state, Some(State::Running | State::Starting));
		return runs.then_some(Action::Stop { lease: record.lease, why });
	}
	let after_exit = match state {
		Some(State::Running) if container.is_good() => return None,
		Some(State::Starting) => return None,
		Some(State::Exited { .. }) if !record.aside => {
			if !restarts(view, record) {
				return None;
			}
			true
		},
		_ => false,
	};
	// Without its private part it would be another container: the tenant has to release it again.
	let spec = spec_of(view, lease).ok()?;
	if record.image.is_none() {
		return Some(Action::Fetch(spec));
	}
	Some(Action::Start { spec, after_exit })
}

/// Rule of a lease after an exit.
pub(super) fn restart_rule(view: &View<'_>, lease: LeaseId) -> RestartRule {
	(view.private)(lease).map(|private| private.restart).unwrap_or_default()
}

/// True if the application is to be started again now.
fn restarts(view: &View<'_>, record: &Record) -> bool {
	let Some(exit) = record.exit else { return false };
	let wanted = match restart_rule(view, record.lease) {
		RestartRule::Always => true,
		RestartRule::OnFailure => exit.code != 0 || exit.out_of_memory,
		RestartRule::No => false,
	};
	let pause = Rules::backoff(view.rules.restart_ms, record.exits);
	wanted && view.now_ms >= exit.at_ms.saturating_add(pause)
}
