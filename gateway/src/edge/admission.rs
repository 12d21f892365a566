// SPDX-License-Identifier: Apache-2.0

//! Client that was recognised: what it may use, and what it used.

use super::{
	Counter, EdgeAgreement, EdgeService, Inferred, Refusal, gates::Gate, handler::Shared,
	probers::Allowance,
};
use crate::access::{Cost, Limiter, Token, UnitLimits, Wait, nanos_now};
use std::{cell::Cell, net::IpAddr, rc::Rc, sync::Arc, time::Duration};

/// Verified token with everything that its requests need.
pub struct Session {
	pub token: Token,
	pub gate: Arc<Gate>,
	pub share: Option<Arc<Limiter>>,
	pub counter: Arc<dyn Counter>,
	/// Second at which the right of the token's key was last looked at.
	pub confirmed: Cell<u64>,
}

/// Kind of a client.
#[derive(Clone)]
pub(super) enum Client {
	Tenant {
		session: Rc<Session>,
		agreement: Arc<EdgeAgreement>,
	},
	/// Without an agreement; the address decides.
	Trial(IpAddr),
	/// With a prober's token.
	Prober(Allowance),
}

/// Client that was recognised, and the service that it wants. Belongs to one worker.
#[derive(Clone)]
pub struct Admission {
	pub(super) service: Arc<EdgeService>,
	pub(super) client: Client,
	pub(super) shared: Arc<Shared>,
}

impl Admission {
	/// Service.
	pub fn service(&self) -> &Arc<EdgeService> {
		&self.service
	}

	/// Agreement of a tenant. `None` for trials and probers.
	pub fn agreement(&self) -> Option<&Arc<EdgeAgreement>> {
		match &self.client {
			Client::Tenant { agreement, .. } => Some(agreement),
			Client::Trial(_) | Client::Prober(_) => None,
		}
	}

	/// Subscriptions at a time.
	pub fn subscriptions(&self) -> u32 {
		const TRIAL: u32 = 4;
		match &self.client {
			Client::Tenant { session, agreement } => {
				let limits = self.service.limits(agreement.units);
				let parts = session.token.share.parts();
				limits.map_or(0, |limits| limits.share(parts).subscriptions)
			},
			Client::Trial(_) => TRIAL,
			Client::Prober(_) => 0,
		}
	}

	/// False once the agreement covers nothing more.
	pub fn is_alive(&self) -> bool {
		let Client::Tenant { session, .. } = &self.client else { return true };
		let market = self.shared.market.load();
		market.agreement(session.token.agreement).is_some_and(|agreement| agreement.active)
	}

	/// Let requests in that cost no tokens, as of `admit_cost`.
	pub fn admit(&self, requests: u64, weight: u64) -> Result<(), Refusal> {
		self.admit_cost(requests, Cost::of(weight))
	}

	/// Let requests in. Tokens that they set aside are [settled](Self::settle) after the answer.
	///
	/// - `requests`: number of calls.
	///
	/// Errors: [`Refusal::Limited`]; if they never fit [`Refusal::TooLarge`], or to strangers
	/// [`Refusal::Payment`].
	pub(super) fn admit_cost(&self, requests: u64, cost: Cost) -> Result<(), Refusal> {
		let now = nanos_now();
		let counts = &self.shared.counts;
		let gates = &self.shared.gates;
		let outcome = match &self.client {
			Client::Tenant { session, .. } => match self.limits() {
				Some(limits) => session.gate.admit(&limits, session.share(), cost, now),
				None => Ok(()),
			},
			Client::Trial(address) => gates.admit_trial(&self.service, *address, cost, now),
			Client::Prober(allowance) => allowance.admit(cost.weight, now),
		};
		match outcome {
			Ok(()) => {
				let count = match &self.client {
					Client::Tenant { .. } => &counts.tenant_requests,
					Client::Trial(_) => &counts.trial_requests,
					Client::Prober(_) => &counts.prober_requests,
				};
				count.add(requests);
				Ok(())
			},
			Err(wait) => {
				let offer = || self.service.offer(self.shared.market.load().window_blocks);
				Err(match (&self.client, wait) {
					(Client::Trial(_), Wait::Never) => {
						counts.unpaid.add(requests);
						Refusal::Payment(
							"it weighs more than is served without an agreement",
							offer(),
						)
					},
					(client, wait) => {
						counts.limited.add(requests);
						let mut buys = None;
						match client {
							Client::Tenant { session, .. } => {
								session.counter.limited(requests);
							},
							Client::Trial(_) => {
								counts.trial_limited.add(requests);
								buys = Some(offer());
							},
							Client::Prober(_) => {},
						}
						Refusal::limited(wait, buys)
					},
				})
			},
		}
	}

	/// Replace the tokens that were set aside by those that were used.
	pub(super) fn settle(&self, reserved: u64, used: u64) {
		let now = nanos_now();
		match &self.client {
			Client::Tenant { session, .. } => {
				if let Some(limits) = self.limits() {
					session.gate.settle(&limits, session.share(), reserved, used, now);
				}
			},
			Client::Trial(address) => {
				self.shared.gates.settle_trial(&self.service, *address, reserved, used, now);
			},
			// Its token bounds the number of requests, and each is as short as a stranger's.
			Client::Prober(_) => {},
		}
	}

	/// Count the tokens of an answer, and the speed at which it came.
	pub(super) fn inferred(&self, answer: &Inferred) {
		if let Client::Tenant { session, .. } = &self.client {
			session.counter.tokens(answer.prompt, answer.completion);
		}
		self.shared.usage.inferred(self.service.id, answer);
	}

	/// Kind of the client, as metrics name it.
	pub(super) fn kind(&self) -> &'static str {
		match &self.client {
			Client::Tenant { .. } => "tenant",
			Client::Trial(_) => "trial",
			Client::Prober(_) => "prober",
		}
	}

	/// Count requests that the server answered.
	///
	/// - `bytes`: length of the body of their common answer.
	pub fn answered(&self, requests: u64, bytes: u64, latency: Duration) {
		self.shared.counts.answered.add(requests);
		if let Client::Tenant { session, .. } = &self.client {
			for request in 0..requests {
				session.counter.answered(if request == 0 { bytes } else { 0 }, latency);
			}
		}
		self.count_bytes(bytes);
	}

	/// Count requests without an answer, or with an error of the server.
	pub fn lost(&self, requests: u64, bytes: u64) {
		self.shared.counts.lost.add(requests);
		if let Client::Tenant { session, .. } = &self.client {
			for request in 0..requests {
				session.counter.lost(if request == 0 { bytes } else { 0 });
			}
		}
		self.count_bytes(bytes);
	}

	/// Count requests that the client gave up before their answer.
	pub fn cancelled(&self, requests: u64) {
		self.shared.counts.cancelled.add(requests);
		if let Client::Tenant { session, .. } = &self.client {
			(0..requests).for_each(|_| session.counter.cancelled());
		}
	}

	/// Count bytes that belong to no request of their own: parts of a stream, notifications.
	pub fn streamed(&self, bytes: u64) {
		if let Client::Tenant { session, .. } = &self.client {
			session.counter.streamed(bytes);
		}
		self.count_bytes(bytes);
	}

	fn count_bytes(&self, bytes: u64) {
		self.shared.counts.bytes.add(bytes);
		if let Client::Tenant { session, .. } = &self.client
			&& let Some(limits) = self.limits()
		{
			session.gate.sent(&limits, session.share(), bytes, nanos_now());
		}
	}

	fn limits(&self) -> Option<UnitLimits> {
		let agreement = self.agreement()?;
		self.service.limits(agreement.units)
	}
}

impl Session {
	fn share(&self) -> Option<(&Limiter, u16)> {
		self.share.as_deref().map(|limiter| (limiter, self.token.share.parts()))
	}
}
