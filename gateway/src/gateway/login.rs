// SPDX-License-Identifier: Apache-2.0

//! `/login`: an API key for a wallet's signature.
//!
//! `GET /login?address=A` answers the text to sign and its nonce. `POST /login` with `address`,
//! `nonce` and `signature` as JSON answers a key.

use super::worker::{Worker, add_failure_headers, body_failure};
use crate::{
	access::{Hosts, KeyRules, KeyStore, Login, LoginError, Rate, Wait, nanos_now, unix_now},
	front::{self, Body, Peer, host_of, read_body},
	rpc::Failure,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use sp_runtime::AccountId32;
use std::{collections::HashSet, sync::Arc};

/// Bytes of a request's body.
const MAX_BODY: usize = 4_096;
/// Attempts of one address per second, and at once.
const ATTEMPTS: Rate = Rate { per_second: 1, burst: 10 };
/// Addresses whose attempts are counted.
const MAX_HOSTS: usize = 10_000;

/// Logins and the keys that they make.
pub struct LoginService {
	login: Login,
	store: Arc<KeyStore>,
	/// Accounts that may log in; none is any.
	accounts: HashSet<AccountId32>,
	/// Time for which a key is valid, in seconds.
	lifetime: u64,
	/// Rules of the keys, apart from name, account and end.
	rules: KeyRules,
	attempts: Hosts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
	address: String,
	nonce: String,
	signature: String,
}

impl LoginService {
	/// Logins that make keys in a store.
	///
	/// - `accounts`: accounts that may log in; none is any.
	/// - `lifetime`: time for which a key is valid, in seconds.
	/// - `rules`: rules of the keys.
	pub fn new(
		login: Login,
		store: Arc<KeyStore>,
		accounts: HashSet<AccountId32>,
		lifetime: u64,
		rules: KeyRules,
	) -> Arc<Self> {
		let attempts = Hosts::new(ATTEMPTS, MAX_HOSTS);
		Arc::new(Self { login, store, accounts, lifetime, rules, attempts })
	}

	fn challenge(&self, query: &str) -> Result<Value, Refusal> {
		let address = query.split('&').find_map(|pair| pair.strip_prefix("address="));
		let challenge = self.login.challenge(address.unwrap_or_default(), unix_now())?;
		Ok(json!({
			"text": challenge.text,
			"nonce": challenge.nonce,
			"notAfter": challenge.not_after,
		}))
	}

	/// Check a signature and make a key. Takes time and writes to the disk.
	fn issue(&self, signed: &Signed) -> Result<Value, Refusal> {
		let now = unix_now();
		let Signed { address, nonce, signature } = signed;
		let account = self.login.verify(address, nonce, signature, now)?;
		if !self.accounts.is_empty() && !self.accounts.contains(&account) {
			return Err(Refusal(StatusCode::FORBIDDEN, "this account may not log in".into()));
		}
		let not_after = now.saturating_add(self.lifetime);
		let rules = KeyRules {
			name: account.to_string(),
			account: Some(account),
			not_after: Some(not_after),
			..self.rules.clone()
		};
		let secret = self.store.issue(rules, now).map_err(|error| {
			tracing::warn!(%error, "no key for a login");
			Refusal(StatusCode::SERVICE_UNAVAILABLE, "no key can be made now".into())
		})?;
		Ok(json!({ "key": secret.expose(), "notAfter": not_after }))
	}
}

/// Status and sentence of a login that failed.
struct Refusal(StatusCode, String);

impl From<LoginError> for Refusal {
	fn from(error: LoginError) -> Self {
		let status = match error {
			LoginError::Address => StatusCode::BAD_REQUEST,
			LoginError::Busy => StatusCode::SERVICE_UNAVAILABLE,
			LoginError::Nonce
			| LoginError::Expired
			| LoginError::Replayed
			| LoginError::Signature => StatusCode::UNAUTHORIZED,
		};
		Self(status, error.to_string())
	}
}

/// Answer a request to `/login`.
pub(super) async fn login(
	worker: &Worker,
	peer: Peer,
	request: Request<Incoming>,
) -> Response<Body> {
	let Some(service) = worker.gateway().login.clone() else {
		return failed(&Failure::NotFound("there is no login here"));
	};
	let host = host_of(peer.address.ip());
	if let Err(wait) = service.attempts.take(host, 1, nanos_now()) {
		let retry_after = match wait {
			Wait::For(time) => time,
			Wait::Never => std::time::Duration::from_secs(1),
		};
		return failed(&Failure::RateLimited { retry_after });
	}
	let done = match *request.method() {
		Method::GET => service.challenge(request.uri().query().unwrap_or_default()),
		Method::POST => {
			let timeout = worker.gateway().settings.body_timeout;
			let body = match read_body(request.into_body(), MAX_BODY, timeout).await {
				Ok(body) => body,
				Err(error) => return failed(&body_failure(&error)),
			};
			let Ok(signed) = serde_json::from_slice::<Signed>(&body) else {
				return failed(&Failure::Invalid("address, nonce and signature are needed"));
			};
			let issued = tokio::task::spawn_blocking(move || service.issue(&signed)).await;
			match issued {
				Ok(done) => done,
				Err(_) => return failed(&Failure::Internal),
			}
		},
		_ => Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST".into())),
	};
	match done {
		Ok(answer) => respond(StatusCode::OK, &answer),
		Err(Refusal(status, message)) => {
			respond(status, &json!({ "error": { "message": message } }))
		},
	}
}

fn respond(status: StatusCode, answer: &Value) -> Response<Body> {
	let mut response = front::json(status, answer.to_string());
	let no_store = HeaderValue::from_static("no-store");
	response.headers_mut().insert(header::CACHE_CONTROL, no_store);
	response
}

fn failed(failure: &Failure) -> Response<Body> {
	let error = json!({ "error": { "message": failure.message() } });
	let mut response = respond(failure.status(), &error);
	add_failure_headers(failure, response.headers_mut());
	response
}
