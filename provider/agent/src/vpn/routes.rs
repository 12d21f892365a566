// SPDX-License-Identifier: Apache-2.0

//! HTTP: paths, bounds, statuses.

use super::{Market, Refusal, SignedRequest, Vpn};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::{Deserialize, de::DeserializeOwned};
use sp_runtime::codec::Encode;
use std::{net::IpAddr, time::Duration};
use surety_gateway::front::{Body, BodyError, Peer, json, read_body};
use surety_primitives::{ServiceId, endpoint, prober_token::TOKEN_HEADER};
use surety_vpn::{claims::SignedAnswer, keys::Key};

/// Longest body of a request, in bytes.
const MAX_BODY: usize = 2_048;
/// Longest time for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Path of the proofs of control.
const WELL_KNOWN: &str = "/.well-known/surety/";

/// Place that a request leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
	/// Trial of anybody at an own service.
	Trial(ServiceId),
	/// Peer of an agreement of an own service.
	Peers(ServiceId),
	/// Proof of control of an own service.
	Proof(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrialRequest {
	key: Key,
}

impl Route {
	/// Place of a path. Of several services at one path the host decides.
	pub fn of(market: &Market, host: Option<&str>, path: &str) -> Option<Self> {
		if let Some(digits) = path.strip_prefix(WELL_KNOWN) {
			return proof(market, digits).map(Self::Proof);
		}
		let (endpoint, last) = path.rsplit_once('/')?;
		let make: fn(ServiceId) -> Self = match last {
			"trial" => Self::Trial,
			"peers" => Self::Peers,
			_ => return None,
		};
		let wanted = host.and_then(host_of);
		let at_path = market.services.iter().filter(|(_, service)| service.path() == endpoint);
		let found = at_path
			.min_by_key(|(id, service)| (wanted.is_none() || service.host() != wanted, **id));
		found.map(|(id, _)| make(*id))
	}
}

/// Host of a header, normalised, without its port.
fn host_of(authority: &str) -> Option<String> {
	let origin = endpoint::origin(format!("http://{authority}").as_bytes()).ok()?;
	Some(String::from_utf8_lossy(&origin.host).into_owned())
}

fn proof(market: &Market, digits: &str) -> Option<String> {
	let id = digits.parse::<ServiceId>().ok().filter(|id| id.to_string() == digits)?;
	let service = market.services.get(&id)?;
	let (genesis, operator) = (market.genesis.0, service.operator.encode());
	let hash = endpoint::control_hash(&genesis, &operator, id, service.endpoint.as_bytes());
	Some(super::key::hex(&hash))
}

impl Vpn {
	/// Place that a request leads to. `None` if it is not about the VPN.
	pub fn route<B>(&self, request: &Request<B>) -> Option<Route> {
		let market = self.desk.market()?;
		let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
		let host = header.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
		Route::of(&market, host, request.uri().path())
	}

	/// Answer a request that leads to a place.
	pub async fn serve(
		&self,
		route: Route,
		peer: Peer,
		request: Request<Incoming>,
	) -> Response<Body> {
		let reads = matches!(*request.method(), Method::GET | Method::HEAD);
		let (allowed, is_allowed) = match route {
			Route::Proof(_) => ("GET, HEAD", reads),
			_ => ("POST", *request.method() == Method::POST),
		};
		if !is_allowed {
			let mut answer = refused(StatusCode::METHOD_NOT_ALLOWED, &format!("{allowed} only"));
			answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
			return answer;
		}
		let from = peer.address.ip();
		let outcome = match route {
			Route::Proof(proof) => return finish(Response::new(proof.into()), "text/plain"),
			Route::Trial(service) => self.trial(service, from, request).await,
			Route::Peers(service) => self.peers(service, from, request).await,
		};
		match outcome.map(|answer| serde_json::to_vec(&answer)) {
			Ok(Ok(body)) => finish(json(StatusCode::OK, body), "application/json"),
			Ok(Err(error)) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
			Err(refusal) => {
				let mut answer = refused(refusal.status(), &refusal.to_string());
				if let Some(seconds) = refusal.retry_after() {
					let value = HeaderValue::from(u16::from(seconds));
					answer.headers_mut().insert(header::RETRY_AFTER, value);
				}
				answer
			},
		}
	}

	async fn trial(
		&self,
		service: ServiceId,
		from: IpAddr,
		request: Request<Incoming>,
	) -> Result<SignedAnswer, Refusal> {
		let token = request.headers().get(TOKEN_HEADER).map(|value| value.as_bytes().to_vec());
		let TrialRequest { key } = read(request).await?;
		let desk = self.desk.clone();
		self.in_task(async move { desk.trial(service, from, token.as_deref(), key).await }).await
	}

	async fn peers(
		&self,
		service: ServiceId,
		from: IpAddr,
		request: Request<Incoming>,
	) -> Result<SignedAnswer, Refusal> {
		let signed: SignedRequest = read(request).await?;
		let desk = self.desk.clone();
		self.in_task(async move { desk.peer(service, from, &signed).await }).await
	}

	/// Decide in a task of the agent, which goes on if the client goes away.
	async fn in_task(
		&self,
		deciding: impl Future<Output = Result<SignedAnswer, Refusal>> + Send + 'static,
	) -> Result<SignedAnswer, Refusal> {
		self.runtime.spawn(deciding).await.unwrap_or(Err(Refusal::Busy))
	}
}

async fn read<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T, Refusal> {
	let body = read_body(request.into_body(), MAX_BODY, BODY_TIMEOUT).await;
	let body = body.map_err(|error| match error {
		BodyError::TooLarge => Refusal::TooLarge,
		BodyError::Timeout => Refusal::TooSlow,
		BodyError::Failed(error) => Refusal::Form(error.to_string()),
	})?;
	serde_json::from_slice(&body).map_err(|error| Refusal::Form(error.to_string()))
}

fn refused(status: StatusCode, reason: &str) -> Response<Body> {
	let body = serde_json::json!({ "error": reason }).to_string();
	finish(json(status, body), "application/json")
}

fn finish(mut answer: Response<Body>, kind: &'static str) -> Response<Body> {
	let headers = answer.headers_mut();
	headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
	headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
	headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
	answer
}
