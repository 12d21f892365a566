// SPDX-License-Identifier: Apache-2.0

//! Decisions on requests for peers, and signed answers.
//!
//! What costs nothing is checked first, the signature next, the chain last: nobody makes it answer
//! about accounts whose keys he does not have.

use super::{Ledger, ListingKey, Market, Refusal, Unknown, key::unhex};
use crate::time::now_ms;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sp_core::sr25519;
use sp_runtime::{
	AccountId32, MultiSignature,
	codec::{DecodeAll, Encode},
	traits::Verify,
};
use std::{net::IpAddr, sync::Arc};
use surety_gateway::{
	access::{Hosts, Rate, nanos_now},
	edge::{Probers, is_near},
	front::host_of,
};
use surety_primitives::{RoundIndex, ServiceId, Target, prober_token::ProberToken};
use surety_runtime_api::AgreementInfo;
use surety_vpn::{
	claims::{Answer, PeerRequest, Scope, SignedAnswer},
	exit::{Exit, Origin},
	keys::Key,
	tunnel::Tunnel,
};
use tokio::sync::Semaphore;

/// Bits a second of one unit, in each direction: a rule of the chain.
pub const UNIT_BITS: u64 = 10_000_000;
/// Signed requests and tokens of one host. A check of a signature costs as much as several
/// requests.
const ATTEMPTS: Rate = Rate { per_second: 2, burst: 20 };
/// Hosts that are remembered.
const HOSTS: usize = 16_384;
/// Requests that may ask the chain at a time.
const ASKING: usize = 32;
/// Longest signature as SCALE, in hexadecimal digits after `0x`.
const MAX_SIGNATURE: usize = 132;

/// Request of a tenant for a peer, with its signature.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRequest {
	/// The request.
	pub request: PeerRequest,
	/// Tenant of the agreement, or its proxy of the type `Buy`.
	pub account: AccountId32,
	/// `MultiSignature` of [`PeerRequest::message`] in SCALE, in hexadecimal digits after `0x`.
	pub signature: String,
}

impl SignedRequest {
	/// Request with a signature.
	pub fn new(request: PeerRequest, account: AccountId32, signature: &MultiSignature) -> Self {
		let signature = format!("0x{}", super::key::hex(&signature.encode()));
		Self { request, account, signature }
	}

	fn is_signed(&self, scope: &Scope) -> bool {
		let digits = self.signature.strip_prefix("0x");
		let digits = digits.filter(|digits| digits.len() <= MAX_SIGNATURE);
		let signature = digits
			.and_then(unhex)
			.and_then(|bytes| MultiSignature::decode_all(&mut bytes.as_slice()).ok());
		signature.is_some_and(|signature| {
			signature.verify(self.request.message(scope).as_slice(), &self.account)
		})
	}
}

/// True if an agreement serves in a round: it has funds, and its end is not decided or its last
/// round is not over.
pub fn is_open(agreement: &AgreementInfo<AccountId32>, round: RoundIndex) -> bool {
	agreement.blocks_left > 0 && agreement.ending.is_none_or(|ending| ending.round >= round)
}

/// Decides on requests for peers.
pub struct Desk {
	key: ListingKey,
	ledger: Arc<dyn Ledger>,
	exit: RwLock<Option<Arc<Exit>>>,
	attempts: Hosts,
	probers: Probers,
	asking: Semaphore,
}

impl Desk {
	/// Desk without an exit.
	pub fn new(key: ListingKey, ledger: Arc<dyn Ledger>) -> Self {
		Self {
			key,
			ledger,
			exit: RwLock::default(),
			attempts: Hosts::new(ATTEMPTS, HOSTS),
			probers: Probers::default(),
			asking: Semaphore::new(ASKING),
		}
	}

	/// The chain.
	pub fn ledger(&self) -> &dyn Ledger {
		&*self.ledger
	}

	/// Market as of the last block that was read.
	pub fn market(&self) -> Option<Arc<Market>> {
		self.ledger.market()
	}

	/// The exit, while it runs.
	pub fn exit(&self) -> Option<Arc<Exit>> {
		self.exit.read().clone()
	}

	/// Put another exit in place. Returns the one before.
	pub fn set_exit(&self, exit: Option<Arc<Exit>>) -> Option<Arc<Exit>> {
		std::mem::replace(&mut *self.exit.write(), exit)
	}

	/// Admit anybody for a trial.
	///
	/// - `token`: of a prober that was refused, which no limit of its network concerns.
	pub async fn trial(
		&self,
		service: ServiceId,
		from: IpAddr,
		token: Option<&[u8]>,
		key: Key,
	) -> Result<SignedAnswer, Refusal> {
		let market = self.market().ok_or(Refusal::Chain)?;
		let exit = self.exit().ok_or(Refusal::NoExit)?;
		let origin = match token {
			Some(token) => {
				self.attempt(from)?;
				self.prober(&market, service, token).unwrap_or_else(|| from.into())
			},
			None => from.into(),
		};
		let trial = exit.admit_trial(key, origin).await?;
		Ok(self.signed(&market, service, None, trial.tunnel, trial.until))
	}

	/// Make a key the peer of an agreement.
	pub async fn peer(
		&self,
		service: ServiceId,
		from: IpAddr,
		signed: &SignedRequest,
	) -> Result<SignedAnswer, Refusal> {
		let market = self.market().ok_or(Refusal::Chain)?;
		let exit = self.exit().ok_or(Refusal::NoExit)?;
		self.attempt(from)?;
		let PeerRequest { agreement: id, .. } = signed.request;
		signed.request.check(now_ms())?;
		let scope = Scope { genesis: market.genesis.0, service };
		if !signed.is_signed(&scope) {
			return Err(Refusal::Signature);
		}
		let _asking = self.asking.try_acquire().map_err(|_| Refusal::Busy)?;
		let agreement = self.ledger.agreement(id).await.map_err(unknown)?;
		let is_ours = |agreement: &AgreementInfo<AccountId32>| {
			agreement.target == Target::Service(service) && is_open(agreement, market.round)
		};
		let agreement = agreement.filter(is_ours).ok_or(Refusal::NoAgreement)?;
		let (tenant, account) = (&agreement.tenant, &signed.account);
		if account != tenant && !self.ledger.may_buy(tenant, account).await.map_err(unknown)? {
			return Err(Refusal::NoRight);
		}
		let bits = UNIT_BITS.saturating_mul(agreement.units.into());
		let tunnel = exit.admit(&signed.request, bits).await?;
		Ok(self.signed(&market, service, Some(id), tunnel, 0))
	}

	fn attempt(&self, from: IpAddr) -> Result<(), Refusal> {
		self.attempts.take(host_of(from), 1, nanos_now()).map_err(|_| Refusal::Limited)
	}

	/// Origin of a prober. `None` if its token is not valid: it is a stranger.
	fn prober(&self, market: &Market, service: ServiceId, token: &[u8]) -> Option<Origin> {
		let token = ProberToken::from_header(token)?;
		let is_prober = market.probers.contains(&sr25519::Public::from(token.prober.clone()).0);
		let is_valid = is_prober
			&& token.service == service
			&& is_near(token.round, market.round)
			&& token.is_signed(&market.genesis);
		let allowance = is_valid.then(|| self.probers.enter(&token, market.round))??;
		allowance.admit(1, nanos_now()).ok()?;
		Some(Origin::Prober)
	}

	fn signed(
		&self,
		market: &Market,
		service: ServiceId,
		agreement: Option<u32>,
		tunnel: Tunnel,
		expires: u64,
	) -> SignedAnswer {
		let answer = Answer { service, agreement, tunnel, issued: now_ms(), expires };
		let signature = self.key.sign(&answer.message(&market.genesis.0));
		SignedAnswer::new(answer, &signature)
	}
}

fn unknown(cause: Unknown) -> Refusal {
	tracing::warn!(%cause, "an agreement of the VPN cannot be checked");
	Refusal::Chain
}
