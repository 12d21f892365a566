// SPDX-License-Identifier: Apache-2.0

//! Plain HTTP: one service under `/service/ID`, and OpenAI's API under `/v1`, by model. Answers are
//! passed on while they arrive.

use super::{
	access::{API_KEY, Access, Client, MODELS, SERVICES},
	attempt::{Account, failed as upstream_failed, now},
	explain::{ATTEMPTS, OPERATOR, OVERHEAD, SERVICE},
	upstreams::{Group, Member, Serves},
	worker::{Worker, add_failure_headers, body_failure, since},
};
use crate::{
	access::TOKEN_HEADER,
	front::{self, Body, Peer, read_body},
	routing::{LoadClass, Needs, NoChoice, Observed, Reason},
	rpc::{Failure, json},
	upstream::{climbs, end_connection},
	websocket::is_upgrade,
};
use bytes::Bytes;
use http::{
	HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::{
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
	time::{Duration, Instant},
};

/// Begin of all headers of ours.
const OWN: &str = "x-surety-";

/// Weight of a request for a model, in a client's limits and an agreement's units.
const MODEL_WEIGHT: u16 = 1;

/// Answer a request to one service.
pub(super) async fn service(
	worker: &Worker,
	peer: Peer,
	key: Option<&str>,
	rest: &str,
	request: Request<Incoming>,
) -> Response<Body> {
	match try_service(worker, peer, key, rest, request).await {
		Ok(response) => response,
		Err(failure) => failed(&failure),
	}
}

async fn try_service(
	worker: &Worker,
	peer: Peer,
	key: Option<&str>,
	rest: &str,
	request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
	let begin = now();
	let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
	let member = worker.gateway().service_of(id);
	let member = member.ok_or(Failure::NotFound("no such service, or no agreement with it"))?;
	if climbs(path) {
		return Err(Failure::NotFound("the path leaves the service"));
	}
	let (client, request) = admit(worker, peer, key, SERVICES, request, path).await?;
	if matches!(member.spec.serves, Serves::Network(_)) {
		// Its calls would pass by the limits and the methods of key and network.
		return Err(Failure::NotFound("a service of JSON-RPC: its calls go to its network"));
	}
	worker.gateway().access.charge(&client, "", 1)?;
	let (wait, _) = member.state.cover(1, begin);
	if !wait.is_zero() {
		return Err(Failure::RateLimited { retry_after: wait });
	}
	let before = now();
	let sent = send(worker, &member, &client, &request).await;
	let (response, _) = sent.map_err(|(failure, _)| failure)?;
	Ok(explained(response, &member, 1, own(begin, since(before))))
}

/// Answer a request to OpenAI's API.
pub(super) async fn models(
	worker: &Worker,
	peer: Peer,
	key: Option<&str>,
	path: &str,
	request: Request<Incoming>,
) -> Response<Body> {
	match try_models(worker, peer, key, path, request).await {
		Ok(response) => response,
		Err(failure) => failed(&failure),
	}
}

async fn try_models(
	worker: &Worker,
	peer: Peer,
	key: Option<&str>,
	path: &str,
	request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
	let begin = now();
	let path = path.trim_start_matches('/');
	if climbs(path) {
		return Err(Failure::NotFound("no such path"));
	}
	let list = request.method() == Method::GET && path == "v1/models";
	let (client, request) = admit(worker, peer, key, MODELS, request, path).await?;
	if list {
		return Ok(list_models(worker));
	}
	let models = worker.gateway().models.load_full();
	let name = json::member(request.body(), b"model").and_then(json::plain_string);
	let name = name.ok_or(Failure::Invalid("the body is a JSON object with the member model"))?;
	let group = match models.get(name) {
		Some(group) => group,
		None => {
			let offers = worker.gateway().offers.load();
			return Err(match offers.get(name) {
				Some(offer) => Failure::PaymentRequired(offer.clone()),
				None => Failure::NotFound("no such model"),
			});
		},
	};
	worker.gateway().access.charge(&client, "", MODEL_WEIGHT)?;
	group.retries.earn();
	let mut asked = Vec::new();
	let mut last = None;
	let mut upstream = Duration::ZERO;
	let attempts = worker.gateway().settings.attempts.max(1);
	for attempt in 1..=attempts {
		if attempt > 1 && !group.retries.spend(now()) {
			break;
		}
		let member = match choose(worker, group, &asked) {
			Ok((member, _)) => member,
			Err(_) if last.is_some() => break,
			Err(NoChoice::NoCover { wait }) => {
				return Err(Failure::RateLimited { retry_after: wait });
			},
			Err(NoChoice::None) => break,
		};
		asked.push(member.spec.account);
		let before = now();
		let sent = send(worker, &member, &client, &request).await;
		upstream = upstream.saturating_add(since(before));
		match sent {
			Ok((response, false)) => {
				return Ok(explained(response, &member, attempt, own(begin, upstream)));
			},
			// A refusal: the request was not processed, another operator may take it.
			Ok((response, true)) if attempt == attempts => {
				return Ok(explained(response, &member, attempt, own(begin, upstream)));
			},
			Ok((_, true)) => last = Some(Failure::NoOperator { retry_after: SECOND }),
			Err((failure, true)) => return Err(failure),
			Err((failure, false)) => last = Some(failure),
		}
	}
	Err(last.unwrap_or(Failure::NoOperator { retry_after: SECOND }))
}

const SECOND: Duration = Duration::from_secs(1);

fn choose(
	worker: &Worker,
	group: &Group,
	asked: &[crate::routing::Account],
) -> Result<(Arc<Member>, Reason), NoChoice> {
	let needs = Needs {
		class: LoadClass::Heavy,
		weight: u32::from(MODEL_WEIGHT),
		height: None,
		tip: None,
		without: asked,
		sticky: None,
		mirror: false,
	};
	let settings = &worker.gateway().settings.choice;
	let chosen = group.choose(&needs, None, settings, worker.random(), now())?;
	Ok((chosen.member, chosen.reason))
}

fn list_models(worker: &Worker) -> Response<Body> {
	let models = worker.gateway().models.load();
	let mut names: Vec<&String> = models.keys().collect();
	names.sort();
	let data: Vec<_> = names
		.into_iter()
		.map(|name| serde_json::json!({ "id": name, "object": "model", "owned_by": "surety" }))
		.collect();
	let body = serde_json::json!({ "object": "list", "data": data }).to_string();
	front::json(StatusCode::OK, body)
}

/// Let the client in and read its request. Keys of ours are taken out of the headers.
async fn admit(
	worker: &Worker,
	peer: Peer,
	key: Option<&str>,
	used: &str,
	request: Request<Incoming>,
	path: &str,
) -> Result<(Client, Request<Bytes>), Failure> {
	if is_upgrade(&request) {
		return Err(Failure::NotFound("a WebSocket of a service that is plain HTTP"));
	}
	let gateway = worker.gateway();
	let (mut parts, body) = request.into_parts();
	let client = gateway.access.admit(&peer, &parts.headers, key, used)?;
	let settings = &gateway.settings;
	let body = read_body(body, settings.max_body, settings.body_timeout).await;
	let body = body.map_err(|error| body_failure(&error))?;
	let target = match parts.uri.query() {
		Some(query) => format!("/{path}?{query}"),
		None => format!("/{path}"),
	};
	parts.uri = Uri::try_from(target).map_err(|_| Failure::NotFound("no such path"))?;
	for name in [header::AUTHORIZATION, API_KEY] {
		let value = parts.headers.get(&name).and_then(|value| value.to_str().ok());
		if value.is_some_and(Access::is_key) {
			parts.headers.remove(name);
		}
	}
	end_connection(&mut parts.headers);
	// Nobody but us names the agreement. Cookies and addresses of pages, which may hold a key, are
	// of the gateway's domain, and an operator is a stranger there.
	for name in [TOKEN_HEADER, header::COOKIE, header::REFERER] {
		parts.headers.remove(name);
	}
	Ok((client, Request::from_parts(parts, body)))
}

/// Send a request to a service. The flag of an answer is true if it is a refusal before the request
/// was processed; that of a failure, if the request may have been processed.
async fn send(
	worker: &Worker,
	member: &Arc<Member>,
	client: &Client,
	request: &Request<Bytes>,
) -> Result<(Response<Body>, bool), (Failure, bool)> {
	let mut own = Request::new(request.body().clone());
	*own.method_mut() = request.method().clone();
	*own.uri_mut() = request.uri().clone();
	*own.headers_mut() = request.headers().clone();
	let mut account = Account::open(worker, member, LoadClass::Heavy, 1, now());
	account.add_headers(own.headers_mut());
	let timeout = worker.gateway().settings.stream_timeout;
	match worker.pool(member).stream(&own, timeout).await {
		Ok(response) => {
			account.answer();
			let (observed, refusal) = judge(&response);
			let (worker, client) = (worker.clone(), client.clone());
			let account = Some((account, observed));
			let counted = |inner| Body::new(Counted { inner, account, bytes: 0, worker, client });
			Ok((response.map(counted), refusal))
		},
		Err(error) => {
			let (failure, observed) = upstream_failed(&error);
			account.close(observed, 0);
			let busy = Failure::NoOperator { retry_after: SECOND };
			Err((failure.unwrap_or(busy), error.sent()))
		},
	}
}

/// Meaning of a status for the service, and if it is a refusal.
fn judge(response: &Response<Body>) -> (Observed, bool) {
	match response.status() {
		StatusCode::TOO_MANY_REQUESTS => {
			let after = response.headers().get(header::RETRY_AFTER);
			let after = after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
			(Observed::Limited { retry_after: after.map(Duration::from_secs) }, true)
		},
		StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED => (Observed::Refused, true),
		StatusCode::SERVICE_UNAVAILABLE => (Observed::Fault, true),
		status if status.is_server_error() => (Observed::Fault, false),
		_ => (Observed::Answer, false),
	}
}

/// Body that counts its bytes, and closes the account of its request at the end.
struct Counted {
	inner: Body,
	account: Option<(Account, Observed)>,
	bytes: u64,
	worker: Worker,
	client: Client,
}

impl Counted {
	fn close(&mut self, failed: bool) {
		if let Some((account, observed)) = self.account.take() {
			account.close(if failed { Observed::Fault } else { observed }, self.bytes);
		}
	}
}

impl HttpBody for Counted {
	type Data = Bytes;
	type Error = crate::front::BodyError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
		let next = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
		match &next {
			Some(Ok(frame)) => {
				let more = frame.data_ref().map_or(0, Bytes::len);
				let more = u64::try_from(more).unwrap_or(u64::MAX);
				self.bytes = self.bytes.saturating_add(more);
				self.worker.gateway().access.sent(&self.client, more);
				if self.inner.is_end_stream() {
					self.close(false);
				}
			},
			Some(Err(_)) => self.close(true),
			None => self.close(false),
		}
		Poll::Ready(next)
	}

	fn is_end_stream(&self) -> bool {
		self.account.is_none() && self.inner.is_end_stream()
	}

	fn size_hint(&self) -> SizeHint {
		self.inner.size_hint()
	}
}

impl Drop for Counted {
	fn drop(&mut self) {
		// Of a body without bytes no frame is asked for.
		if self.inner.is_end_stream() {
			self.close(false);
		}
	}
}

fn explained(
	mut response: Response<Body>,
	member: &Member,
	attempts: u32,
	own: u64,
) -> Response<Body> {
	let headers: &mut HeaderMap = response.headers_mut();
	// An operator sets no cookies of our domain, and does not speak for us.
	let ours = |name: &HeaderName| *name == header::SET_COOKIE || name.as_str().starts_with(OWN);
	let named: Vec<_> = headers.keys().filter(|name| ours(name)).cloned().collect();
	named.iter().for_each(|name| drop(headers.remove(name)));
	headers.insert(OPERATOR, member.operator_header.clone());
	headers.insert(SERVICE, member.service_header.clone());
	if attempts > 1 {
		headers.insert(ATTEMPTS, HeaderValue::from(attempts));
	}
	headers.insert(OVERHEAD, HeaderValue::from(own));
	response
}

/// Microseconds since `begin` without those that operators took.
fn own(begin: Instant, upstream: Duration) -> u64 {
	u64::try_from(since(begin).saturating_sub(upstream).as_micros()).unwrap_or(u64::MAX)
}

/// Response of a failure, in the form of OpenAI's errors.
fn failed(failure: &Failure) -> Response<Body> {
	let kind = match failure.status().as_u16() {
		400..=499 => "invalid_request_error",
		_ => "server_error",
	};
	let mut error = serde_json::json!({ "message": failure.message(), "type": kind });
	if let (Failure::PaymentRequired(offer), Some(error)) = (failure, error.as_object_mut()) {
		error.insert("offer".into(), offer.clone());
	}
	let body = serde_json::json!({ "error": error }).to_string();
	let status = failure.status();
	let status = if status.is_success() { StatusCode::FORBIDDEN } else { status };
	let mut response = front::json(status, body);
	add_failure_headers(failure, response.headers_mut());
	response
}
