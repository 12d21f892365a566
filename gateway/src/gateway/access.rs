// SPDX-License-Identifier: Apache-2.0

//! Access of clients: by API keys, and without one where the gateway is open.

use crate::{
	access::{API_KEY_PREFIX, ApiKey, KeyError, KeyStore, Wait, bearer, nanos_now, unix_now},
	front::{Peer, host_of},
	routing::SessionKey,
	rpc::Failure,
	websocket::Quota,
};
use ahash::RandomState;
use http::{HeaderMap, HeaderName, header};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	net::IpAddr,
	sync::{Arc, Weak},
	time::Duration,
};

/// Header for a key, besides `Authorization`.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Headers by which proxies name the client.
const PROXIED: [&str; 3] = ["x-forwarded-for", "x-real-ip", "forwarded"];
/// Name by which a key's list of networks allows OpenAI's API.
pub(super) const MODELS: &str = "v1";
/// Name by which a key's list of networks allows single services.
pub(super) const SERVICES: &str = "service";

/// Client that was let in.
#[derive(Clone)]
pub struct Client {
	/// Session: the same for all requests of a client.
	pub(super) session: SessionKey,
	/// Key of the client.
	pub(super) key: Option<Arc<ApiKey>>,
}

/// Access by the keys of a store.
#[derive(Debug)]
pub struct Access {
	store: Arc<KeyStore>,
	/// Clients without a key are served too.
	open: bool,
	/// Origins of pages that need no key. `None`: all.
	pages: Option<Vec<String>>,
	sessions: RandomState,
	/// Subscriptions of the keys that have a limit.
	quotas: Mutex<HashMap<[u8; 32], Weak<Quota>>>,
}

impl Access {
	/// Access by keys; `open` serves clients without one too.
	pub fn new(store: Arc<KeyStore>, open: bool) -> Self {
		let (sessions, quotas) = (RandomState::new(), Mutex::default());
		Self { store, open, pages: None, sessions, quotas }
	}

	/// Without a key, serve no pages but those of this machine and of some origins, and nobody who
	/// comes by a proxy. Whoever visits a page on a machine with an open gateway would otherwise pay
	/// for what the page asks for.
	pub fn own_pages_only(mut self, origins: Vec<String>) -> Self {
		self.pages = Some(origins);
		self
	}

	fn is_own_page(&self, headers: &HeaderMap) -> bool {
		let Some(pages) = &self.pages else { return true };
		// A proxy on this machine lets in whoever reaches it.
		if PROXIED.iter().any(|name| headers.contains_key(*name)) {
			return false;
		}
		let Some(origin) = headers.get(header::ORIGIN) else { return true };
		let origin = origin.to_str().unwrap_or_default();
		pages.iter().any(|page| page == origin) || is_local(origin)
	}

	/// Let a client in.
	///
	/// - `key`: key of the path `/k/KEY/..`. Keys in `Authorization` and `X-Api-Key` are in
	///   `headers`.
	/// - `used`: name of a network, `v1` for the API of models, or `service`.
	///
	/// Errors: [`Failure::Unauthorized`], [`Failure::Forbidden`].
	pub fn admit(
		&self,
		peer: &Peer,
		headers: &HeaderMap,
		key: Option<&str>,
		used: &str,
	) -> Result<Client, Failure> {
		let Some(text) = key.or_else(|| key_of(headers)) else {
			if !self.open {
				return Err(refusal(KeyError::Missing));
			}
			if !self.is_own_page(headers) {
				return Err(Failure::Unauthorized(
					"pages of other origins, and clients of a proxy, need a key",
				));
			}
			let session = self.sessions.hash_one(host_of(peer.address.ip()));
			return Ok(Client { session, key: None });
		};
		let key = self.store.get(text).map_err(refusal)?;
		let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
		key.check(used, origin, unix_now()).map_err(refusal)?;
		// A key may serve many people: each address has a session of its own.
		let session = self.sessions.hash_one((key.hash, host_of(peer.address.ip())));
		Ok(Client { session, key: Some(key) })
	}

	/// Count a call of a client; `method` is empty for plain HTTP.
	///
	/// Errors: [`Failure::RateLimited`], [`Failure::Forbidden`] if the key does not allow the
	/// method.
	pub fn charge(&self, client: &Client, method: &str, weight: u16) -> Result<(), Failure> {
		let Some(key) = &client.key else { return Ok(()) };
		if !method.is_empty() {
			key.check_method(method).map_err(refusal)?;
		}
		if !key.is_limited() {
			return Ok(());
		}
		key.admit(weight.into(), nanos_now()).map_err(refusal)
	}

	/// Count the bytes of an answer to a client.
	pub fn sent(&self, client: &Client, bytes: u64) {
		if let Some(key) = client.key.as_ref().filter(|key| key.is_limited()) {
			key.sent(bytes, nanos_now());
		}
	}

	/// Subscriptions that a client may have at a time, over all its connections. `None`: no bound.
	pub fn subscriptions(&self, client: &Client) -> Option<Arc<Quota>> {
		let key = client.key.as_ref()?;
		let limit = key.rules.subscriptions?;
		let mut quotas = self.quotas.lock();
		if let Some(quota) = quotas.get(&key.hash).and_then(Weak::upgrade) {
			return Some(quota);
		}
		quotas.retain(|_, quota| quota.strong_count() > 0);
		let quota = Quota::new(usize::try_from(limit).unwrap_or(usize::MAX));
		quotas.insert(key.hash, Arc::downgrade(&quota));
		Some(quota)
	}

	/// False once a client must not be served any more: its key was removed or changed, or has
	/// expired.
	pub fn is_alive(&self, client: &Client) -> bool {
		client
			.key
			.as_ref()
			.is_none_or(|key| self.store.is_current(key) && !key.has_expired(unix_now()))
	}

	/// True if a header carries a key of ours, which no operator may see.
	pub fn is_key(value: &str) -> bool {
		bearer(value, API_KEY_PREFIX).is_some() || value.trim().starts_with(API_KEY_PREFIX)
	}
}

/// True for origins of pages of this machine, and of extensions of the browser.
fn is_local(origin: &str) -> bool {
	let Some((scheme, authority)) = origin.split_once("://") else { return false };
	if !matches!(scheme, "http" | "https") {
		return true;
	}
	let host = match authority.rsplit_once(':') {
		Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
		_ => authority,
	};
	let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
	host == "localhost"
		|| host.ends_with(".localhost")
		|| address.is_some_and(|address| address.is_loopback())
}

/// Key in the headers. Another bearer token than a key of ours is for the service.
fn key_of(headers: &HeaderMap) -> Option<&str> {
	let value = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
	if let Some(key) = value(&API_KEY) {
		return Some(key.trim());
	}
	bearer(value(&header::AUTHORIZATION)?, API_KEY_PREFIX)
}

fn refusal(error: KeyError) -> Failure {
	match error {
		KeyError::Missing => Failure::Unauthorized("an API key is needed"),
		KeyError::Unknown => Failure::Unauthorized("the API key is unknown"),
		KeyError::Expired => Failure::Unauthorized("the API key has expired"),
		KeyError::Origin => Failure::Forbidden("the API key is not for pages of this origin"),
		KeyError::Network => Failure::Forbidden("the API key is not for this network"),
		KeyError::Method => Failure::Forbidden("the API key is not for this method"),
		KeyError::Limited(Wait::For(retry_after)) => Failure::RateLimited { retry_after },
		// More at once than the key ever allows.
		KeyError::Limited(Wait::Never) => {
			Failure::RateLimited { retry_after: Duration::from_secs(3_600) }
		},
	}
}
