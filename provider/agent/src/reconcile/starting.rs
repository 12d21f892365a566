// SPDX-License-Identifier: Apache-2.0

//! A lease from its award until it is ready.

use super::{
	Action, Plan, Rules, SpecGap, View,
	plan::{Container, may_submit, may_touch},
	spec::ports_of,
	spec_of,
};
use crate::{
	chain::{Call, LeaseView, terms_cover, valid_access},
	store::Record,
};
use surety_engine::{Observed, Spec, State};
use surety_primitives::BlockNumber;

/// Faults of an image in a row after which it is not tried again while the lease can be declined.
const IMAGE_FAULTS: u32 = 2;
/// Exits after which a lease is reported ready: it was started as ordered.
const EXITS: u32 = 2;

/// Windows of a lease that starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
	/// First block in which it can no longer be declined.
	pub fetch_until: BlockNumber,
	/// Block in which it has failed if it is not ready.
	pub ready_by: BlockNumber,
}

struct Start<'a> {
	view: &'a View<'a>,
	lease: &'a LeaseView,
	record: &'a Record,
	window: Window,
	/// Block that a call of now is included in at the earliest.
	next: BlockNumber,
}

pub(super) fn advance(
	view: &View<'_>,
	lease: &LeaseView,
	record: &Record,
	container: &Container,
	window: Window,
	plan: &mut Plan,
) {
	let next = view.snapshot.block_at(view.now_ms).saturating_add(1);
	let start = Start { view, lease, record, window, next };
	plan.actions.extend(start.step(container));
}

impl Start<'_> {
	fn step(&self, container: &Container) -> Option<Action> {
		let spec = match spec_of(self.view, self.lease) {
			Ok(spec) => spec,
			Err(SpecGap::Impossible(why)) => return self.decline(&why),
			Err(SpecGap::PrivatePart) => {
				let why = "the private part of the order did not arrive in time";
				return self.is_last_call().then(|| self.decline(why))?;
			},
		};
		if self.can_decline() && self.record.image_faults >= IMAGE_FAULTS {
			return self.decline(self.reason("the image cannot be run"));
		}
		let observed = match container {
			Container::Present(observed) => Some(observed),
			Container::Absent => None,
			Container::Unknown => return self.wait_for_engine(),
		};
		if let Some(observed) = observed {
			if self.counts_as_ready(observed) {
				return self.report(observed, &spec);
			}
			if observed.state == State::Running && self.is_last_call() && self.can_decline() {
				let missing = observed.missing.join(", ");
				return self.decline(&format!("not applied by the engine: {missing}"));
			}
		}
		self.decline_if_unsure().or_else(|| self.engine_step(observed, spec))
	}

	/// A lease whose image is not here, or did not start, at the last moment for a free decline.
	fn decline_if_unsure(&self) -> Option<Action> {
		if !self.is_last_call() || !self.can_decline() {
			return None;
		}
		if self.record.image.is_none() {
			let why = format!("the image is not fetched by block {}", self.next);
			return self.decline(self.reason(&why));
		}
		(self.record.failures > 0)
			.then(|| self.decline(self.reason("the container does not start")))?
	}

	fn wait_for_engine(&self) -> Option<Action> {
		let silent = self.view.now_ms.saturating_sub(self.view.silent_since_ms);
		let is_silent = self.view.observed().is_none() && silent >= self.view.rules.observation_ms;
		if !self.is_last_call() || !self.can_decline() {
			return None;
		}
		if is_silent {
			let seconds = silent.checked_div(1_000).unwrap_or(0);
			return self.decline(&format!("the engine has not answered for {seconds} s"));
		}
		// A fetch or a start is in progress. Without an image it would end too late.
		let is_fetching = self.view.busy.engine.contains(&self.record.lease);
		(is_fetching && self.record.image.is_none()).then(|| self.decline_if_unsure())?
	}

	fn engine_step(&self, observed: Option<&Observed>, spec: Spec) -> Option<Action> {
		let is_too_late = self.next >= self.window.ready_by;
		if is_too_late || !may_touch(self.view, self.record) {
			return None;
		}
		if self.record.image.is_none() {
			return Some(Action::Fetch(spec));
		}
		match observed.map(|observed| &observed.state) {
			Some(State::Starting) => None,
			Some(State::Exited { .. }) => {
				let exit = self.record.exit?;
				let pause = Rules::backoff(self.view.rules.restart_ms, self.record.exits);
				let is_due = self.view.now_ms >= exit.at_ms.saturating_add(pause);
				is_due.then_some(Action::Start { spec, after_exit: true })
			},
			_ => Some(Action::Start { spec, after_exit: false }),
		}
	}

	/// True if the operator has done its part: it runs as ordered, or it did and its application
	/// ends by itself.
	fn counts_as_ready(&self, observed: &Observed) -> bool {
		if !observed.missing.is_empty() {
			return false;
		}
		match observed.state {
			State::Running => self.publishes(observed),
			State::Exited { .. } => {
				let margin = self.view.rules.decline_margin.saturating_mul(2);
				let is_late = self.next.saturating_add(margin) >= self.window.ready_by;
				self.record.exits >= EXITS || is_late
			},
			_ => false,
		}
	}

	fn publishes(&self, observed: &Observed) -> bool {
		let order = self.lease.order.as_ref();
		order.is_none_or(|order| {
			ports_of(order).iter().all(|port| observed.ports.contains_key(port))
		})
	}

	fn report(&self, observed: &Observed, spec: &Spec) -> Option<Action> {
		if self.next >= self.window.ready_by || !may_submit(self.view, self.record) {
			return None;
		}
		let service = self.view.snapshot.services.get(&self.lease.info.service)?;
		let health = service.health_url(spec.lease)?;
		let access = access_text(self.view, &service.endpoint(), &health, observed);
		let own = &service.detail.service.listing.terms;
		let terms = self.lease.order.as_ref().and_then(|order| order.terms.as_ref());
		let foreign_terms = terms.is_some_and(|terms| !terms_cover(own, terms));
		let call = Call::ReportReady { lease: spec.lease, health, access, foreign_terms };
		let why = match observed.state {
			State::Exited { code, .. } => format!("started as ordered, and exited with {code}"),
			_ => "runs as ordered".into(),
		};
		Some(Action::Submit { lease: spec.lease, call, why, by: self.window.ready_by })
	}

	fn decline(&self, why: &str) -> Option<Action> {
		if !self.can_decline() || !may_submit(self.view, self.record) {
			return None;
		}
		let lease = self.record.lease;
		let call = Call::Decline { lease };
		Some(Action::Submit { lease, call, why: why.into(), by: self.window.fetch_until })
	}

	fn can_decline(&self) -> bool {
		self.next < self.window.fetch_until
	}

	fn is_last_call(&self) -> bool {
		let margin = self.view.rules.decline_margin;
		self.next.saturating_add(margin) >= self.window.fetch_until
	}

	/// The last failure, or a text if there is none.
	fn reason<'a>(&'a self, otherwise: &'a str) -> &'a str {
		self.record.error.as_deref().unwrap_or(otherwise)
	}
}

/// Text by which the tenant reaches the ports: `host 80:32768 53/udp:32769`.
fn access_text(view: &View<'_>, endpoint: &str, health: &str, observed: &Observed) -> String {
	let host = view.rules.access_host.clone().unwrap_or_else(|| {
		let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
		let authority = rest.split('/').next().unwrap_or_default();
		let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
		host.to_owned()
	});
	let ports = observed.ports.iter().map(|(inside, outside)| format!(" {inside}:{outside}"));
	let text: String = std::iter::once(host).chain(ports).collect();
	// More ports than the chain has room for are at the health URL.
	if valid_access(&text) { text } else { health.chars().take(128).collect() }
}
