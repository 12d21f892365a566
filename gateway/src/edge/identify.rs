// SPDX-License-Identifier: Apache-2.0

//! Recognition of clients: by the token of an agreement, by a prober's token, or as strangers.

use super::{
	EdgeMarket, EdgeService, Refusal,
	admission::{Client, Session},
	credential::Credentials,
	handler::EdgeHandler,
	probers::{Allowance, is_near},
};
use crate::{
	access::{Token, TokenError, genesis_prefix, nanos_now, unix_now, verify},
	front::Peer,
};
use sp_core::H256;
use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};
use surety_primitives::prober_token::ProberToken;

/// Looks at a right that is being asked of the chain, and the pause between them.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Client that was recognised.
pub(super) struct Identified {
	pub service: Arc<EdgeService>,
	pub client: Client,
	/// Bytes of the path that led to the service.
	pub path_length: usize,
}

impl EdgeHandler {
	/// Recognise a client.
	///
	/// - `path`: without the part of a token.
	/// - `routed`: service that host and path name.
	pub(super) async fn identify(
		&self,
		market: &EdgeMarket,
		peer: Peer,
		credentials: &Credentials<'_>,
		path: &str,
		routed: Option<(&Arc<EdgeService>, usize)>,
	) -> Result<Identified, Refusal> {
		if let Some(token) = credentials.token {
			return self.tenant(market, peer, token, path).await;
		}
		let (service, path_length) = routed.ok_or(Refusal::NotFound)?;
		let service = service.clone();
		if let Some(token) = credentials.prober
			&& let Some(allowance) = self.prober(market, peer, token, &service)?
		{
			return Ok(Identified { service, client: Client::Prober(allowance), path_length });
		}
		if !self.shared.gates.has_trials() {
			let offer = service.offer(market.window_blocks);
			return Err(Refusal::Payment("this service is for tenants only", offer));
		}
		Ok(Identified { service, client: Client::Trial(peer.address.ip()), path_length })
	}

	async fn tenant(
		&self,
		market: &EdgeMarket,
		peer: Peer,
		text: &str,
		path: &str,
	) -> Result<Identified, Refusal> {
		let genesis = market.genesis.ok_or(Refusal::NotReady)?;
		let known = self.sessions.borrow_mut().get(text);
		let session = match known {
			Some(session) => {
				if let Err(refusal) = self.confirm(market, &session, &genesis) {
					self.sessions.borrow_mut().remove(text);
					return Err(refusal);
				}
				session
			},
			None => self.open(market, peer, text, &genesis).await?,
		};
		// The market may have changed while the chain was asked.
		let agreement = market.agreement(session.token.agreement).cloned();
		let covered = agreement.filter(|agreement| agreement.active);
		let Some(agreement) = covered else {
			return Err(unpaid(market, &session.token));
		};
		let Some(service) = market.service(agreement.service).cloned() else {
			return Err(Refusal::NotFound);
		};
		let path_length = market.path_length(service.id, path);
		Ok(Identified { service, client: Client::Tenant { session, agreement }, path_length })
	}

	/// Check what can change while a token is remembered.
	fn confirm(
		&self,
		market: &EdgeMarket,
		session: &Session,
		genesis: &H256,
	) -> Result<(), Refusal> {
		let now = unix_now();
		let token = &session.token;
		token.check(&genesis_prefix(genesis), now).map_err(unauthorized)?;
		let again = session.confirmed.get().saturating_add(self.shared.settings.confirm.as_secs());
		if now < again {
			return Ok(());
		}
		let Some(agreement) = market.agreement(token.agreement) else {
			return Err(unpaid(market, token));
		};
		if self.shared.rights.may_report(&agreement.tenant, &token.reporter) == Some(false) {
			return Err(Refusal::Unauthorized(REVOKED));
		}
		session.confirmed.set(now);
		Ok(())
	}

	/// Verify a token. The signature comes after all that is cheap, and the chain last: nobody makes
	/// it answer about keys that he does not have.
	async fn open(
		&self,
		market: &EdgeMarket,
		peer: Peer,
		text: &str,
		genesis: &H256,
	) -> Result<Rc<Session>, Refusal> {
		let shared = &self.shared;
		let prefix = genesis_prefix(genesis);
		let (token, _) = Token::parse(text).map_err(unauthorized)?;
		token.check(&prefix, unix_now()).map_err(unauthorized)?;
		let agreement = market.agreement(token.agreement);
		if agreement.is_none() {
			shared.rights.is_missing(token.agreement);
		}
		let agreement = agreement.filter(|agreement| agreement.active);
		let Some(agreement) = agreement else { return Err(unpaid(market, &token)) };
		self.may_attempt(peer)?;
		let failed = || shared.gates.failed_attempt(peer.address.ip(), nanos_now());
		let token =
			verify(text, &prefix, unix_now()).inspect_err(|_| failed()).map_err(unauthorized)?;
		let asked = shared.rights.may_report(&agreement.tenant, &token.reporter);
		if asked != Some(true) {
			// Before the answer, or many requests at once would all ask.
			failed();
		}
		if asked == Some(false) || !self.right(&agreement.tenant, &token).await? {
			return Err(Refusal::Unauthorized(REVOKED));
		}
		let gate = shared.gates.gate(token.agreement, market);
		let session = Rc::new(Session {
			share: gate.share(&token),
			gate,
			counter: shared.usage.counter(token.agreement),
			confirmed: Cell::new(unix_now()),
			token,
		});
		self.sessions.borrow_mut().insert(text, session.clone());
		Ok(session)
	}

	/// Right of a token's key, which may have to be asked of the chain first.
	async fn right(
		&self,
		tenant: &sp_runtime::AccountId32,
		token: &Token,
	) -> Result<bool, Refusal> {
		for _ in 0..LOOKS {
			match self.shared.rights.may_report(tenant, &token.reporter) {
				Some(right) => return Ok(right),
				None => tokio::time::sleep(PAUSE).await,
			}
		}
		Err(Refusal::NotReady)
	}

	/// Allowance of a prober. `None` if its token is not valid: it is a stranger.
	fn prober(
		&self,
		market: &EdgeMarket,
		peer: Peer,
		token: &str,
		service: &EdgeService,
	) -> Result<Option<Allowance>, Refusal> {
		let gates = &self.shared.gates;
		self.may_attempt(peer)?;
		let allowance = self.allowance(market, token, service);
		if allowance.is_none() {
			gates.failed_attempt(peer.address.ip(), nanos_now());
		}
		Ok(allowance)
	}

	/// Use a prober's token. The signature comes last: everything before is cheap.
	fn allowance(
		&self,
		market: &EdgeMarket,
		token: &str,
		service: &EdgeService,
	) -> Option<Allowance> {
		let token = ProberToken::from_header(token.as_bytes())?;
		let round = self.shared.rights.round_of(&token.prober)?;
		let genesis = market.genesis?;
		let is_valid =
			token.service == service.id && is_near(token.round, round) && token.is_signed(&genesis);
		is_valid.then(|| self.shared.gates.probers.enter(&token, round))?
	}

	fn may_attempt(&self, peer: Peer) -> Result<(), Refusal> {
		let outcome = self.shared.gates.may_attempt(peer.address.ip(), nanos_now());
		outcome.map_err(|wait| {
			self.shared.counts.limited.add(1);
			Refusal::limited(wait, None)
		})
	}
}

const REVOKED: &str = "the token's key does not act for the tenant";

fn unauthorized(error: TokenError) -> Refusal {
	Refusal::Unauthorized(error.reason())
}

/// Refusal of a token whose agreement is over or unknown, with what to buy instead.
fn unpaid(market: &EdgeMarket, token: &Token) -> Refusal {
	let of_agreement = market.agreement(token.agreement).map(|agreement| agreement.service);
	let service = of_agreement.and_then(|id| market.service(id));
	let offer = service.or_else(|| market.services().next());
	let offer = offer.map(|service| service.offer(market.window_blocks)).unwrap_or_default();
	let known = market.agreement(token.agreement).is_some();
	let reason = if known { "the agreement is over" } else { "no such agreement" };
	Refusal::Payment(reason, offer)
}
