// SPDX-License-Identifier: Apache-2.0

//! A lease that runs: repair, and restarts after exits.

use super::{
	Action, Plan, Rules, View,
	plan::{Container, may_touch},
	spec_of,
};
use crate::{chain::LeaseView, store::Record};
use surety_engine::State;

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

/// True if the application, which has ended, is to be started again now.
fn restarts(view: &View<'_>, record: &Record) -> bool {
	let Some(exit) = record.exit else { return false };
	let pause = Rules::backoff(view.rules.restart_ms, record.exits);
	view.now_ms >= exit.at_ms.saturating_add(pause)
}
