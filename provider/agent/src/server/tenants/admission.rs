// SPDX-License-Identifier: Apache-2.0

//! Check of access tokens.

use super::{Refusal, now_secs};
use crate::{chain::Follower, store::Store};
use http::HeaderValue;
use parking_lot::Mutex;
use sp_runtime::AccountId32;
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use surety_engine::LeaseId;
use surety_gateway::{chain::Reader, front::host_of};
use surety_orders::access::{AccessToken, Right, UsedTokens, verify};
use tokio::sync::Semaphore;

/// Rights that are remembered as used.
const MAX_USED: usize = 10_000;
/// Seconds for which an answer of the chain about a proxy is believed.
const PROXY_SECS: u64 = 60;
/// Proxies that are remembered.
const MAX_PROXIES: usize = 1_024;
/// Questions about proxies at a time, and the longest time for one.
const QUESTIONS: usize = 4;
const QUESTION: Duration = Duration::from_secs(5);
/// Refused tokens of an address in a minute.
const MAX_FAILURES: u32 = 30;
/// Addresses whose failures are counted.
const MAX_ADDRESSES: usize = 4_096;

/// Right of a tenant that was checked.
#[derive(Clone, Debug)]
pub struct Admitted {
	/// The lease.
	pub lease: LeaseId,
	/// The right.
	pub right: Right,
	token: AccessToken,
	tenant: AccountId32,
}

/// Tenant and signer.
type Pair = (AccountId32, AccountId32);

/// Check of access tokens.
pub struct Admission {
	genesis: [u8; 32],
	follower: Arc<Follower>,
	store: Arc<Store>,
	used: Mutex<UsedTokens>,
	/// Answers of the chain, with the second in which each was given.
	proxies: Mutex<HashMap<Pair, (bool, u64)>>,
	questions: Semaphore,
	/// Refused tokens in a minute, by address.
	failures: Mutex<HashMap<IpAddr, (u32, u64)>>,
}

impl Admission {
	/// Check for the leases that the chain knows. Rights that were used before a restart stay used.
	pub fn new(genesis: [u8; 32], follower: Arc<Follower>, store: Arc<Store>) -> Self {
		let mut used = UsedTokens::new(MAX_USED);
		match store.used() {
			Ok(entries) => used.restore(entries.into_iter().filter_map(|(nonce, right, end)| {
				let nonce = u128::from_str_radix(&nonce, 16).ok()?.to_be_bytes();
				Some((nonce, right.parse().ok()?, end))
			})),
			Err(error) => tracing::error!(%error, "the used access tokens cannot be read"),
		}
		Self {
			genesis,
			follower,
			store,
			used: Mutex::new(used),
			proxies: Mutex::default(),
			questions: Semaphore::new(QUESTIONS),
			failures: Mutex::default(),
		}
	}

	/// Check the token of a request. A right that is used once has to be used up then.
	pub async fn admit(
		&self,
		peer: IpAddr,
		authorization: Option<&HeaderValue>,
		lease: LeaseId,
		right: Right,
	) -> Result<Admitted, Refusal> {
		let (peer, now) = (host_of(peer), now_secs());
		if !self.is_welcome(peer, now) {
			return Err(Refusal::TooManyFailures);
		}
		let admitted = self.check(authorization, lease, right, now).await;
		if admitted.as_ref().is_err_and(Refusal::is_suspect) {
			self.note_failure(peer, now);
		}
		admitted
	}

	async fn check(
		&self,
		authorization: Option<&HeaderValue>,
		lease: LeaseId,
		right: Right,
		now: u64,
	) -> Result<Admitted, Refusal> {
		let tenant = self.tenant(lease)?;
		let text = authorization.and_then(|value| value.to_str().ok());
		let text = text.and_then(|text| text.strip_prefix("Bearer ")).ok_or(Refusal::NoToken)?;
		let (token, _) = AccessToken::parse(text).map_err(Refusal::Token)?;
		token.check(&self.genesis, lease, right, now).map_err(Refusal::Token)?;
		// A signature is looked at only if it may matter, and the chain only for one that is good.
		let known = self.known(&tenant, &token.signer, now);
		if known == Some(false) {
			return Err(Refusal::NotTenant);
		}
		verify(text, &self.genesis, lease, right, now).map_err(Refusal::Token)?;
		if known.is_none() && !self.ask(&tenant, &token.signer).await? {
			return Err(Refusal::NotTenant);
		}
		Ok(Admitted { lease, right, token, tenant })
	}

	/// Use up a right that is granted once. On return it survives a crash.
	pub fn use_up(&self, admitted: &Admitted) -> Result<(), Refusal> {
		let Admitted { right, token, .. } = admitted;
		let now = now_secs();
		let mut used = self.used.lock();
		used.admit(token, *right, now).map_err(Refusal::Token)?;
		if !right.is_once() {
			return Ok(());
		}
		let entries: Vec<_> = used
			.entries()
			.filter(|(.., end)| *end >= now)
			.map(|(nonce, right, end)| {
				(format!("{:032x}", u128::from_be_bytes(nonce)), right.name().to_owned(), end)
			})
			.collect();
		self.store.save_used(&entries).map_err(|error| {
			tracing::error!(%error, "a used access token is not on disk");
			Refusal::Disk
		})
	}

	/// Check that a tenant who was admitted still has the right: the lease goes on, and the proxy is
	/// not revoked. Without an answer of the chain it has.
	pub async fn still(&self, admitted: &Admitted) -> Result<(), Refusal> {
		let tenant = self.tenant(admitted.lease)?;
		let signer = &admitted.token.signer;
		let known = self.known(&tenant, signer, now_secs());
		let may = match known {
			Some(may) => may,
			None => self.ask(&tenant, signer).await.unwrap_or(true),
		};
		if may && tenant == admitted.tenant { Ok(()) } else { Err(Refusal::NotTenant) }
	}

	fn tenant(&self, lease: LeaseId) -> Result<AccountId32, Refusal> {
		let snapshot = self.follower.snapshot().ok_or(Refusal::NoChain)?;
		match snapshot.leases.get(&lease) {
			Some(view) if view.is_over() => Err(Refusal::LeaseOver),
			Some(view) => Ok(view.info.tenant.clone()),
			None => Err(Refusal::UnknownLease),
		}
	}

	/// True if a signer may act for a tenant, as far as it is known.
	fn known(&self, tenant: &AccountId32, signer: &AccountId32, now: u64) -> Option<bool> {
		if tenant == signer {
			return Some(true);
		}
		let proxies = self.proxies.lock();
		let (may, at) = *proxies.get(&(tenant.clone(), signer.clone()))?;
		(now.saturating_sub(at) < PROXY_SECS).then_some(may)
	}

	async fn ask(&self, tenant: &AccountId32, signer: &AccountId32) -> Result<bool, Refusal> {
		let _permit = self.questions.acquire().await.map_err(|_| Refusal::NoChain)?;
		let head = self.follower.snapshot().ok_or(Refusal::NoChain)?.head;
		let reader = Reader::at(self.follower.nodes(), head);
		let asking = tokio::time::timeout(QUESTION, reader.may_report(tenant, signer));
		let may = match asking.await {
			Ok(Ok(may)) => may,
			Ok(Err(error)) => {
				tracing::debug!(%error, "the rights of a proxy cannot be read");
				return Err(Refusal::NoChain);
			},
			Err(_) => return Err(Refusal::NoChain),
		};
		let now = now_secs();
		let mut proxies = self.proxies.lock();
		if proxies.len() >= MAX_PROXIES {
			proxies.retain(|_, (_, at)| now.saturating_sub(*at) < PROXY_SECS);
		}
		if proxies.len() < MAX_PROXIES {
			proxies.insert((tenant.clone(), signer.clone()), (may, now));
		}
		Ok(may)
	}

	fn is_welcome(&self, peer: IpAddr, now: u64) -> bool {
		let failures = self.failures.lock();
		let recent =
			|(count, since): &(u32, u64)| *count >= MAX_FAILURES && now.saturating_sub(*since) < 60;
		!failures.get(&peer).is_some_and(recent)
	}

	fn note_failure(&self, peer: IpAddr, now: u64) {
		let mut failures = self.failures.lock();
		if failures.len() >= MAX_ADDRESSES {
			failures.retain(|_, (_, since)| now.saturating_sub(*since) < 60);
		}
		if failures.len() >= MAX_ADDRESSES {
			return;
		}
		let entry = failures.entry(peer).or_insert((0, now));
		if now.saturating_sub(entry.1) >= 60 {
			*entry = (0, now);
		}
		entry.0 = entry.0.saturating_add(1);
	}
}
