// SPDX-License-Identifier: Apache-2.0

//! Restart of an application by its tenant.

use super::{ENGINE, Refusal, Tenants, within};
use crate::{
	store::{Entry, Exit},
	time::now_ms,
};
use surety_engine::{LeaseId, State};

impl Tenants {
	/// Restart a container that runs. One whose application has exited is left to the reconciler,
	/// which puts firewall and disk in place first: it starts it without the pause after exits.
	pub(super) async fn restart(&self, lease: LeaseId) -> Result<&'static str, Refusal> {
		let seen = self.observer.last();
		let state = seen.as_ref().and_then(|seen| seen.containers.get(&lease));
		let outcome = match state.map(|observed| &observed.state) {
			Some(State::Running) => {
				within(ENGINE, self.access.restart(lease)).await?;
				"restarted"
			},
			_ => "scheduled",
		};
		let now_ms = now_ms();
		if let Some(mut record) = self.store.record(lease) {
			if outcome == "restarted" {
				// What was seen before, such as the exit in the middle, is out of date.
				record.touched_ms = record.touched_ms.max(now_ms);
				record.exit = None;
			} else {
				record.exit = record.exit.map(|exit| Exit { at_ms: 0, ..exit });
			}
			record.exits = 0;
			if let Err(error) = self.store.save(&[(lease, Some(record))]) {
				tracing::error!(%error, "the memory of the leases is not on disk");
			}
		}
		tracing::info!(lease, outcome, "the tenant asked for a restart");
		let entry = Entry::of_lease(lease, now_ms, "restart by its tenant");
		if let Err(error) = self.store.note(&entry) {
			tracing::error!(%error, "the history is not on disk");
		}
		self.observer.refresh();
		Ok(outcome)
	}
}
