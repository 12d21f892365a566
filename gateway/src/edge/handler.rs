// SPDX-License-Identifier: Apache-2.0

//! Service of a worker: recognise the client, keep it within its units, ask the server, count.

use super::{
	Admission, EdgeCounts, EdgeMarket, EdgeService, EdgeSettings, Refusal, Rights, Usage,
	admission::Session,
	backend::{self, Counted, Expected, Pace},
	credential::Credentials,
	gates::Gates,
	identify::Identified,
	settings::is_denied,
	websocket::EdgeWebSocket,
};
use crate::{
	access::RecentTokens,
	front::{Body, Handler, Peer, read_body},
	rpc::{Call, Failure, Message, MethodTable, scan},
	upstream::{Endpoint, Pool, Scheme, climbs},
	websocket::is_upgrade,
};
use ahash::HashMap;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Method, Request, Response, Uri, header};
use hyper::body::{Body as _, Incoming};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Instant};
use surety_primitives::Protocol;

/// State that the workers share.
pub struct Shared {
	pub settings: EdgeSettings,
	pub market: Arc<ArcSwap<EdgeMarket>>,
	pub rights: Arc<dyn Rights>,
	pub usage: Arc<dyn Usage>,
	pub gates: Gates,
	pub counts: Arc<EdgeCounts>,
}

/// Service of one worker.
pub struct EdgeHandler {
	pub(super) shared: Arc<Shared>,
	pub(super) sessions: RefCell<RecentTokens<Rc<Session>>>,
	pools: RefCell<HashMap<Endpoint, Rc<Pool>>>,
	websocket: EdgeWebSocket,
}

impl Handler for EdgeHandler {
	async fn handle(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
		if let Some(page) = path.strip_prefix(super::WELL_KNOWN) {
			let page = page.to_owned();
			return self.well_known(&page, peer, request).await;
		}
		let market = self.shared.market.load_full();
		let credentials = Credentials::of(path, request.headers());
		let below = path.get(credentials.path_length..).unwrap_or_default();
		let host =
			request.uri().authority().map(|authority| authority.as_str()).or_else(|| {
				request.headers().get(header::HOST).and_then(|host| host.to_str().ok())
			});
		let routed = market.route(host.unwrap_or_default(), below);
		let identified = self.identify(&market, peer, &credentials, below, routed).await;
		let Identified { service, client, path_length } = match identified {
			Ok(identified) => identified,
			Err(refusal) => {
				if matches!(refusal, Refusal::Payment(..)) {
					self.shared.counts.unpaid.add(1);
				}
				let routed = routed.map(|(service, _)| service);
				if routed.is_some_and(|service| service.is_inference()) {
					return self.refuse_model(&refusal);
				}
				let call = routed.is_some_and(|service| is_call(service, &request));
				return self.refuse(&refusal, call.then_some(b""));
			},
		};
		let target = target(below.get(path_length..).unwrap_or_default());
		if climbs(target.split('?').next().unwrap_or_default()) {
			return self.refuse(&Refusal::NotFound, None);
		}
		let admission = Admission { service, client, shared: self.shared.clone() };
		if is_upgrade(&request) {
			return self.switch(admission, target, request).await;
		}
		let Ok(target) = Uri::try_from(target) else {
			return self.refuse(&Refusal::NotFound, None);
		};
		if admission.service.is_inference() {
			return self.infer(admission, peer, target, request).await;
		}
		let is_call = is_call(&admission.service, &request);
		match admission.service.protocol.filter(|_| is_call) {
			Some(protocol) => self.call(admission, protocol, target, request).await,
			None => self.pass(admission, peer, target, request).await,
		}
	}

	async fn close(&self) {
		self.websocket.close().await;
	}
}

/// True for requests that are JSON-RPC: all with a body, since some servers take calls by any
/// method.
fn is_call(service: &EdgeService, request: &Request<Incoming>) -> bool {
	let has_body = *request.method() == Method::POST || !request.body().is_end_stream();
	service.protocol.is_some() && has_body
}

/// Target below the server's own path.
fn target(rest: &str) -> String {
	if rest.starts_with('/') { rest.into() } else { format!("/{rest}") }
}

impl EdgeHandler {
	pub(super) fn new(shared: Arc<Shared>, websocket: EdgeWebSocket) -> Self {
		let sessions = RefCell::new(RecentTokens::new(shared.settings.tokens));
		Self { shared, sessions, pools: RefCell::default(), websocket }
	}

	/// Answer of the edge itself.
	///
	/// - `call`: as of [`Refusal::response`].
	pub(super) fn refuse(&self, refusal: &Refusal, call: Option<&[u8]>) -> Response<Body> {
		self.count(refusal);
		refusal.response(call)
	}

	/// Answer of the edge itself to a client of a model.
	pub(super) fn refuse_model(&self, refusal: &Refusal) -> Response<Body> {
		self.count(refusal);
		refusal.of_model()
	}

	fn count(&self, refusal: &Refusal) {
		let counts = &self.shared.counts;
		match refusal {
			Refusal::Unauthorized(_) => counts.unauthorized.add(1),
			Refusal::Call(..)
			| Refusal::Body
			| Refusal::BodyTimeout
			| Refusal::TooLarge(_)
			| Refusal::NotFound
			| Refusal::Model(_)
			| Refusal::Field(..)
			| Refusal::NoUpgrade => counts.invalid.add(1),
			// Counted where they arise.
			Refusal::Payment(..)
			| Refusal::Limited { .. }
			| Refusal::NotReady
			| Refusal::Busy
			| Refusal::BadGateway
			| Refusal::Timeout => {},
		}
	}

	/// Connections of this worker to the server of a service.
	pub(super) fn pool(&self, service: &EdgeService) -> Rc<Pool> {
		let backend = &service.backend;
		let mut pools = self.pools.borrow_mut();
		if let Some(pool) = pools.get(backend) {
			return pool.clone();
		}
		// Servers that are no longer used.
		let market = self.shared.market.load();
		pools.retain(|known, _| market.services().any(|service| service.backend == *known));
		let mut settings = self.shared.settings.upstream.clone();
		if service.is_inference() && backend.scheme() == Scheme::Http {
			// Small servers of models close kept connections as they please, or leave the body of a
			// request that they refuse to be read as the next request. A new connection costs
			// nothing beside an answer.
			settings.max_idle = 0;
		}
		let pool = Pool::new(backend.clone(), settings);
		pools.insert(backend.clone(), pool.clone());
		pool
	}

	async fn switch(
		&self,
		admission: Admission,
		target: String,
		request: Request<Incoming>,
	) -> Response<Body> {
		if admission.service.protocol.is_none() {
			// There would be nothing by which to limit and count.
			return self.refuse(&Refusal::NoUpgrade, None);
		}
		if let Err(refusal) = admission.admit(1, 1) {
			return self.refuse(&refusal, None);
		}
		let pool = self.pool(&admission.service);
		self.websocket.switch(admission, pool, target, request).await
	}

	pub(super) async fn body(&self, body: Incoming) -> Result<Bytes, Refusal> {
		if body.is_end_stream() {
			return Ok(Bytes::new());
		}
		let settings = &self.shared.settings;
		Ok(read_body(body, settings.max_body, settings.body_timeout).await?)
	}

	/// JSON-RPC.
	async fn call(
		&self,
		admission: Admission,
		protocol: Protocol,
		target: Uri,
		request: Request<Incoming>,
	) -> Response<Body> {
		let (parts, body) = request.into_parts();
		let body = match self.body(body).await {
			Ok(body) => body,
			Err(refusal) => return self.refuse(&refusal, Some(b"")),
		};
		let weighed = match self.weigh(&body, protocol) {
			Ok(weighed) => weighed,
			Err(refusal) => return self.refuse(&refusal, Some(b"")),
		};
		let Weighed { id, requests, weight, idempotent, expected } = weighed;
		if let Err(refusal) = admission.admit(requests, weight) {
			return self.refuse(&refusal, Some(id));
		}
		let to_server = backend::call(target, &parts.headers, body.clone());
		self.ask(admission, &to_server, requests, idempotent, expected, Some(id)).await
	}

	/// Any other request.
	async fn pass(
		&self,
		admission: Admission,
		peer: Peer,
		target: Uri,
		request: Request<Incoming>,
	) -> Response<Body> {
		let (parts, body) = request.into_parts();
		let body = match self.body(body).await {
			Ok(body) => body,
			Err(refusal) => return self.refuse(&refusal, None),
		};
		if let Err(refusal) = admission.admit(1, 1) {
			return self.refuse(&refusal, None);
		}
		let to_server = backend::pass(target, parts, peer, body);
		self.ask(admission, &to_server, 1, false, Expected::Any, None).await
	}

	async fn ask(
		&self,
		admission: Admission,
		request: &Request<Bytes>,
		requests: u64,
		idempotent: bool,
		expected: Expected,
		call: Option<&[u8]>,
	) -> Response<Body> {
		let settings = &self.shared.settings;
		let pool = self.pool(&admission.service);
		let started = Instant::now();
		let mut waiting = Waiting { admission: &admission, requests };
		let answer =
			pool.fetch(request, settings.answer_timeout, settings.buffered, idempotent).await;
		waiting.requests = 0;
		drop(waiting);
		let response = match answer {
			Ok(response) => response,
			Err(error) => {
				tracing::debug!(service = admission.service.id, %error, "no answer of the server");
				admission.lost(requests, 0);
				return self.refuse(&Refusal::from(&error), call);
			},
		};
		let whole = match response.body().as_full() {
			Some(bytes) => Some(bytes.as_ref()),
			None if response.body().is_end_stream() => Some(&b""[..]),
			None => None,
		};
		let bytes = whole.map_or(0, |bytes| bytes.len() as u64);
		if backend::is_answer(response.status(), whole, expected) {
			admission.answered(requests, bytes, started.elapsed());
		} else {
			admission.lost(requests, bytes);
		}
		let streams = whole.is_none();
		let response = backend::respond(response, &admission);
		if !streams {
			return response;
		}
		let pace = call.map(|_| Pace::begin());
		response.map(|body| Body::new(Counted { body, admission, pace }))
	}

	/// Scan a JSON-RPC request.
	fn weigh<'a>(&self, body: &'a [u8], protocol: Protocol) -> Result<Weighed<'a>, Refusal> {
		let table = MethodTable::of(protocol);
		let message = scan(body, &self.shared.settings.scan).map_err(|error| {
			let id = error.id().to_vec();
			Refusal::Call(error.into(), id)
		})?;
		let check = |call: &Call<'_>| {
			if is_denied(call.method) {
				return Err(Refusal::Call(Failure::MethodNotFound, call.id.to_vec()));
			}
			let method = table.get(call.method);
			Ok((u64::from(method.weight), method.is_idempotent()))
		};
		match message {
			Message::One(call) => {
				let (weight, idempotent) = check(&call)?;
				let expected =
					if call.is_notification() { Expected::Any } else { Expected::Answer };
				Ok(Weighed { id: call.id, requests: 1, weight, idempotent, expected })
			},
			Message::Batch(calls) => {
				let requests = calls.len() as u64;
				let mut sum = Weighed {
					id: b"",
					requests,
					weight: 0,
					idempotent: true,
					expected: Expected::Any,
				};
				for call in calls {
					let (weight, idempotent) = match call {
						Ok(call) => {
							if !call.is_notification() {
								sum.expected = Expected::Batch;
							}
							check(&call)?
						},
						Err(_) => (1, true),
					};
					sum.weight = sum.weight.saturating_add(weight);
					sum.idempotent &= idempotent;
				}
				Ok(sum)
			},
		}
	}
}

/// Requests that count as given up if they are dropped before their answer.
struct Waiting<'a> {
	admission: &'a Admission,
	requests: u64,
}

impl Drop for Waiting<'_> {
	fn drop(&mut self) {
		if self.requests > 0 {
			self.admission.cancelled(self.requests);
		}
	}
}

/// JSON-RPC request that was scanned.
struct Weighed<'a> {
	/// Id of a single call.
	id: &'a [u8],
	requests: u64,
	weight: u64,
	idempotent: bool,
	expected: Expected,
}
