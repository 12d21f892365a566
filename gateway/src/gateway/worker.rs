// SPDX-License-Identifier: Apache-2.0

//! Handler of one worker of the front: paths, access, bodies, batches.

use super::{
	Gateway,
	access::Client,
	attempt::{TRACEPARENT, now},
	call::Context,
	explain::{Explanation, HEADERS},
	login,
	network::Network,
	passthrough,
	upstreams::Member,
	websocket::GatewayWebSocket,
};
use crate::{
	front::{Body, BodyError, Handler, Peer, json, read_body},
	routing::Random,
	rpc::{Call, Failure, Message, Refusal, scan},
	upstream::Pool,
	websocket::is_upgrade,
};
use ahash::HashMap;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use std::{
	cell::{Cell, RefCell},
	rc::Rc,
	sync::Arc,
	time::Instant,
};
use surety_primitives::ServiceId;

/// Answers requests with connections of its own. Clones are the same worker.
#[derive(Clone)]
pub struct Worker(Rc<Inner>);

struct Inner {
	gateway: Arc<Gateway>,
	pools: RefCell<HashMap<ServiceId, Rc<Pool>>>,
	random: Random,
	/// Requests without a caller that are under way: mirrored and compared ones.
	background: Cell<usize>,
	sockets: Option<GatewayWebSocket>,
}

/// Requests without a caller that a worker has under way at most.
const MAX_BACKGROUND: usize = 64;

impl Worker {
	/// Worker of a gateway. Its methods need a local runtime.
	pub fn new(gateway: Arc<Gateway>) -> Self {
		Self::with_sockets(gateway, None)
	}

	/// Worker whose clients can switch to WebSocket.
	pub fn with_sockets(gateway: Arc<Gateway>, sockets: Option<GatewayWebSocket>) -> Self {
		Self(Rc::new(Inner {
			gateway,
			pools: RefCell::default(),
			random: Random::new(),
			background: Cell::new(0),
			sockets,
		}))
	}

	/// Shared state.
	pub fn gateway(&self) -> &Arc<Gateway> {
		&self.0.gateway
	}

	pub(super) fn random(&self) -> &Random {
		&self.0.random
	}

	/// Connections to a service.
	pub(super) fn pool(&self, member: &Member) -> Rc<Pool> {
		let mut pools = self.0.pools.borrow_mut();
		let spec = &member.spec;
		if let Some(pool) = pools.get(&spec.service)
			&& *pool.endpoint() == spec.endpoint
		{
			return Rc::clone(pool);
		}
		let settings = self.0.gateway.settings.upstream_of(spec);
		let pool = Pool::new(spec.endpoint.clone(), settings);
		// The moment to drop the pools of services that are gone.
		let services = self.0.gateway.services.load();
		pools.retain(|service, _| services.contains_key(service));
		pools.insert(spec.service, Rc::clone(&pool));
		pool
	}

	/// Run a request without a caller, unless too many are under way.
	pub(super) fn in_background(&self, work: impl Future<Output = ()> + 'static) {
		let background = self.0.background.get();
		if background >= MAX_BACKGROUND {
			return;
		}
		self.0.background.set(background.saturating_add(1));
		let inner = Rc::clone(&self.0);
		tokio::task::spawn_local(async move {
			work.await;
			inner.background.set(inner.background.get().saturating_sub(1));
		});
	}

	/// Answer a JSON-RPC body of a client: a call or a batch. `None` if no answer is due.
	///
	/// For clients on other transports than HTTP; the client must have been let in.
	pub async fn answer(
		&self,
		network: &Arc<Network>,
		client: &Client,
		body: &[u8],
	) -> Option<Bytes> {
		let context = Context::new(network, client, None);
		match self.message(&context, body).await {
			Ok(Reply::One(answer, _) | Reply::Batch(answer)) => Some(answer),
			Ok(Reply::None) => None,
			Err((failure, id)) => Some(failure.body(&id)),
		}
	}

	async fn message(
		&self,
		context: &Context<'_>,
		body: &[u8],
	) -> Result<Reply, (Failure, Vec<u8>)> {
		let message = scan(body, &self.0.gateway.settings.scan).map_err(|error| {
			let id = error.id().to_vec();
			(Failure::from(error), id)
		})?;
		match message {
			Message::One(call) => {
				let (answer, explanation) = self.call(context, &call).await;
				if call.is_notification() {
					return Ok(Reply::None);
				}
				match explanation.failure {
					Some(failure) => Err((failure, call.id.to_vec())),
					None => Ok(Reply::One(answer, explanation)),
				}
			},
			Message::Batch(calls) => Ok(Box::pin(self.batch(context, calls)).await),
		}
	}

	/// Answers in the order of the calls. Those beyond the limit of bytes are errors.
	async fn batch(
		&self,
		context: &Context<'_>,
		calls: Vec<Result<Call<'_>, Refusal<'_>>>,
	) -> Reply {
		let settings = &self.0.gateway.settings;
		let answers = stream::iter(calls)
			.map(|entry| async move {
				match entry {
					Ok(call) => {
						let (answer, _) = self.call(context, &call).await;
						(!call.is_notification()).then_some((call.id, answer))
					},
					Err(refusal) => {
						Some((refusal.id, Failure::Invalid(refusal.reason).body(refusal.id)))
					},
				}
			})
			.buffered(settings.batch_concurrency.max(1));
		let mut answers = std::pin::pin!(answers);
		let mut out = Vec::new();
		while let Some(next) = answers.next().await {
			let Some((id, answer)) = next else { continue };
			out.push(if out.is_empty() { b'[' } else { b',' });
			if out.len().saturating_add(answer.len()) > settings.max_batch_answer {
				out.extend_from_slice(&Failure::AnswerTooLarge.body(id));
			} else {
				out.extend_from_slice(&answer);
			}
		}
		if out.is_empty() {
			return Reply::None;
		}
		out.push(b']');
		Reply::Batch(out.into())
	}

	async fn json_rpc(
		&self,
		peer: Peer,
		network: &Arc<Network>,
		key: Option<&str>,
		request: Request<Incoming>,
	) -> Response<Body> {
		let gateway = &self.0.gateway;
		let used = network.settings.name.as_str();
		if let Some(sockets) = &self.0.sockets
			&& is_upgrade(&request)
		{
			return match gateway.access.admit(&peer, request.headers(), key, used) {
				Ok(client) => sockets.switch(self, network, client, request),
				Err(failure) => failed(&failure, b""),
			};
		}
		if request.method() != Method::POST {
			let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "use POST");
			response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
			return response;
		}
		let (parts, body) = request.into_parts();
		let client = match gateway.access.admit(&peer, &parts.headers, key, used) {
			Ok(client) => client,
			Err(failure) => return failed(&failure, b""),
		};
		let settings = &gateway.settings;
		let body = match read_body(body, settings.max_body, settings.body_timeout).await {
			Ok(body) => body,
			Err(error) => return failed(&body_failure(&error), b""),
		};
		let trace = parts.headers.get(&TRACEPARENT).cloned();
		let context = Context::new(network, &client, trace);
		let (answer, explanation) = match self.message(&context, &body).await {
			Ok(Reply::One(answer, explanation)) => (answer, Some(explanation)),
			Ok(Reply::Batch(answer)) => (answer, None),
			Ok(Reply::None) => {
				let mut response = Response::new(Body::empty());
				*response.status_mut() = StatusCode::NO_CONTENT;
				return response;
			},
			Err((failure, id)) => return failed(&failure, &id),
		};
		gateway.access.sent(&client, u64::try_from(answer.len()).unwrap_or(u64::MAX));
		let mut response = Response::new(Body::from(answer));
		let headers = response.headers_mut();
		// At once: a map that grows hashes all of its names again.
		headers.reserve(HEADERS);
		headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
		match explanation {
			Some(explanation) => explanation.write(headers),
			None => Explanation::write_head(network, headers),
		}
		response
	}

	async fn route(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		let path = request.uri().path().to_owned();
		let (key, path) = split_key(&path);
		let mut segments = path.trim_start_matches('/').splitn(2, '/');
		let first = segments.next().unwrap_or_default();
		let rest = segments.next();
		match first {
			// Boxed: the future of a call, which is moved some times, would be as large as theirs.
			"login" if rest.is_none() => Box::pin(login::login(self, peer, request)).await,
			"v1" => Box::pin(passthrough::models(self, peer, key, path, request)).await,
			"service" => {
				let rest = rest.unwrap_or_default();
				Box::pin(passthrough::service(self, peer, key, rest, request)).await
			},
			name => match self.0.gateway.network(name) {
				Some(network) if rest.is_none_or(str::is_empty) => {
					let network = Arc::clone(network);
					self.json_rpc(peer, &network, key, request).await
				},
				_ => failed(&Failure::NotFound("no such network"), b""),
			},
		}
	}
}

/// Answer to a JSON-RPC body.
enum Reply {
	One(Bytes, Explanation),
	Batch(Bytes),
	None,
}

impl Handler for Worker {
	fn handle(
		&self,
		peer: Peer,
		request: Request<Incoming>,
	) -> impl Future<Output = Response<Body>> {
		self.route(peer, request)
	}

	async fn close(&self) {
		if let Some(sockets) = &self.0.sockets {
			sockets.close().await;
		}
	}
}

/// Split `/k/KEY/rest` into the key and `/rest`.
pub(super) fn split_key(path: &str) -> (Option<&str>, &str) {
	let Some(rest) = path.strip_prefix("/k/") else { return (None, path) };
	match rest.find('/') {
		Some(at) => (rest.get(..at), rest.get(at..).unwrap_or("/")),
		None => (Some(rest), "/"),
	}
}

/// Failure of reading a client's body.
pub(super) fn body_failure(error: &BodyError) -> Failure {
	match error {
		BodyError::TooLarge => Failure::TooLarge("the body is longer than the limit"),
		BodyError::Timeout => Failure::RequestTimeout,
		BodyError::Failed(_) => Failure::Parse,
	}
}

/// Response of a failure.
pub(super) fn failed(failure: &Failure, id: &[u8]) -> Response<Body> {
	let mut response = json(failure.status(), failure.body(id));
	add_failure_headers(failure, response.headers_mut());
	response
}

/// Headers that belong to a failure.
pub(super) fn add_failure_headers(failure: &Failure, headers: &mut HeaderMap) {
	if let Some(seconds) = failure.retry_after() {
		headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
	}
	if matches!(failure, Failure::Unauthorized(_)) {
		headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
	}
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
	let mut response = Response::new(Body::from(text));
	*response.status_mut() = status;
	response
}

/// Time since an instant.
pub(super) fn since(begin: Instant) -> std::time::Duration {
	now().saturating_duration_since(begin)
}
