//! HTTP for the off-chain worker: the host side of `sp_runtime::offchain::http`.
//!
//! ```text
//!  worker's thread                       probe runtime (threads of its own)
//!  ---------------                       ----------------------------------
//!  start, add_header, write_body         -
//!  first wait, or end of the body  --->  resolve, check, connect, TLS, send
//!  wait            <--- head ----------  status, headers, elapsed time
//!  read_body       <--- pieces --------  body up to the cap
//! ```
//!
//! Every request has a connection of its own, so the time measured is what a new tenant would see, and no
//! endpoint can hold up another. Redirects are answers like any other: nothing is followed.

use super::{
	connector::{Connector, Failure, Rules},
	metrics::{Attempt, Metrics},
	names::Names,
};
use futures::future::{AbortHandle, Abortable};
use http_body_util::{BodyExt, Full};
use hyper::{
	HeaderMap, Method, Request, Response, Uri,
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header::{HOST, HeaderName, HeaderValue},
	http::uri::Scheme,
};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
use rustls::ClientConfig;
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus, Timestamp};
use std::{
	collections::{HashMap, HashSet},
	net::IpAddr,
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use surety_prober::{ELAPSED_HEADER, RESERVED_PREFIX};
use tokio::{
	runtime::{Handle, Runtime},
	sync::{mpsc, oneshot},
	task::JoinSet,
	time::timeout_at,
};
use tower_service::Service;

/// Threads that drive connections.
const THREADS: usize = 2;
/// Pieces of a body that wait to be read.
const PIECES: usize = 32;

/// Caps of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// From the start to the end of the body.
	pub total: Duration,
	/// For the name to be looked up.
	pub lookup: Duration,
	/// For one address to accept the connection.
	pub connect: Duration,
	/// Status line and headers of the response, in bytes.
	pub head_bytes: usize,
	/// Headers of the response.
	pub headers: usize,
	/// Body of the response, in bytes.
	pub body_bytes: u64,
	/// Body of the request, in bytes.
	pub request_bytes: usize,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			total: Duration::from_secs(20),
			lookup: Duration::from_secs(5),
			connect: Duration::from_secs(5),
			head_bytes: 16 * 1024,
			headers: 64,
			body_bytes: 512 * 1024,
			request_bytes: 64 * 1024,
		}
	}
}

/// What all requests of a node share.
pub struct Transport {
	runtime: Option<Runtime>,
	handle: Handle,
	tls: Arc<ClientConfig>,
	names: Arc<Names>,
	egress: Option<IpAddr>,
	limits: Limits,
	metrics: Metrics,
	/// URLs of this node's own anchors, which may be private.
	trusted: HashSet<Uri>,
}

impl Transport {
	/// A transport with threads of its own. Fails without CA certificates.
	pub fn new(
		names: Names,
		egress: Option<IpAddr>,
		limits: Limits,
		metrics: Metrics,
		trusted: HashSet<Uri>,
	) -> std::io::Result<Self> {
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(THREADS)
			.thread_name("probe-http")
			.enable_all()
			.build()?;
		Ok(Self {
			handle: runtime.handle().clone(),
			runtime: Some(runtime),
			tls: Arc::new(tls()?),
			names: Arc::new(names),
			egress,
			limits,
			metrics,
			trusted,
		})
	}

	fn connector(&self, rules: Rules) -> HttpsConnector<Connector> {
		let connector = Connector {
			rules,
			egress: self.egress,
			names: self.names.clone(),
			lookup: self.limits.lookup,
			patience: self.limits.connect,
		};
		HttpsConnector::from((connector, self.tls.clone()))
	}
}

impl Drop for Transport {
	fn drop(&mut self) {
		if let Some(runtime) = self.runtime.take() {
			// Does not wait, so that dropping it inside an async task is no error.
			runtime.shutdown_background();
		}
	}
}

fn tls() -> std::io::Result<ClientConfig> {
	// Named, because the process may have more than one rustls provider.
	let provider = Arc::new(rustls::crypto::ring::default_provider());
	let mut config = ClientConfig::builder_with_provider(provider)
		.with_safe_default_protocol_versions()
		.map_err(std::io::Error::other)?
		.with_native_roots()?
		.with_no_client_auth();
	config.alpn_protocols = vec![b"http/1.1".to_vec()];
	Ok(config)
}

/// A request while it is being written.
struct Draft {
	method: Method,
	uri: Uri,
	headers: HeaderMap,
	body: Vec<u8>,
}

/// Stops the task of a request that nobody waits for any more.
struct Stop(AbortHandle);

impl Drop for Stop {
	fn drop(&mut self) {
		self.0.abort();
	}
}

struct Head {
	status: u16,
	headers: Vec<(Vec<u8>, Vec<u8>)>,
}

enum Piece {
	Data(Bytes),
	End,
}

struct Sent {
	head: oneshot::Receiver<Head>,
	body: mpsc::Receiver<Piece>,
	stop: Stop,
}

struct Answered {
	head: Head,
	body: mpsc::Receiver<Piece>,
	current: Bytes,
	_stop: Stop,
}

enum State {
	Drafted(Draft),
	Sent(Sent),
	Answered(Answered),
}

/// The requests of one run of the off-chain worker. What is under way when it is dropped is given up.
pub struct Http {
	transport: Arc<Transport>,
	rules: Rules,
	next: u16,
	requests: HashMap<u16, State>,
}

impl Http {
	/// No requests yet; every address is checked by `rules`.
	pub fn new(transport: Arc<Transport>, rules: Rules) -> Self {
		Self { transport, rules, next: 0, requests: HashMap::new() }
	}

	/// `http_request_start`. Only `GET` and `POST`, only http(s) URLs with a host and without credentials.
	pub fn start(&mut self, method: &str, uri: &str) -> Result<HttpRequestId, ()> {
		let method = match method {
			"GET" => Method::GET,
			"POST" => Method::POST,
			_ => return Err(()),
		};
		let uri = Uri::try_from(uri).map_err(drop)?;
		let http = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
		let authority = uri.authority().ok_or(())?;
		if !http || authority.host().is_empty() || authority.as_str().contains('@') {
			return Err(());
		}
		let id = self.free_id().ok_or(())?;
		let draft = Draft { method, uri, headers: HeaderMap::new(), body: Vec::new() };
		self.requests.insert(id, State::Drafted(draft));
		Ok(HttpRequestId(id))
	}

	fn free_id(&mut self) -> Option<u16> {
		let id = (0..=u16::MAX)
			.map(|ahead| self.next.wrapping_add(ahead))
			.find(|id| !self.requests.contains_key(id))?;
		self.next = id.wrapping_add(1);
		Some(id)
	}

	/// `http_request_add_header`. Headers are appended, never replaced.
	pub fn add_header(&mut self, id: HttpRequestId, name: &str, value: &str) -> Result<(), ()> {
		let Some(State::Drafted(draft)) = self.requests.get_mut(&id.0) else {
			return Err(());
		};
		let name = HeaderName::try_from(name).map_err(drop)?;
		let value = HeaderValue::try_from(value).map_err(drop)?;
		draft.headers.append(name, value);
		Ok(())
	}

	/// `http_request_write_body`. Chunks are collected; the empty one sends the request.
	pub fn write_body(&mut self, id: HttpRequestId, chunk: &[u8]) -> Result<(), HttpError> {
		let Some(State::Drafted(draft)) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		if chunk.is_empty() {
			self.send(id.0);
			return Ok(());
		}
		if draft.body.len().saturating_add(chunk.len()) > self.transport.limits.request_bytes {
			self.requests.remove(&id.0);
			return Err(HttpError::IoError);
		}
		draft.body.extend_from_slice(chunk);
		Ok(())
	}

	/// `http_response_wait`. A request that has failed is destroyed; one that is not ready stays.
	pub fn wait(&mut self, ids: &[HttpRequestId], deadline: Option<Timestamp>) -> Vec<HttpRequestStatus> {
		let until = instant(deadline);
		// All of them before any is waited for, so that they run at the same time.
		for id in ids {
			self.send(id.0);
		}
		let handle = self.transport.handle.clone();
		ids.iter().map(|id| handle.block_on(self.settle(id.0, until))).collect()
	}

	async fn settle(&mut self, id: u16, until: Option<tokio::time::Instant>) -> HttpRequestStatus {
		let Sent { mut head, body, stop } = match self.requests.remove(&id) {
			Some(State::Sent(sent)) => sent,
			Some(State::Answered(answered)) => {
				let status = answered.head.status;
				self.requests.insert(id, State::Answered(answered));
				return HttpRequestStatus::Finished(status);
			},
			_ => return HttpRequestStatus::Invalid,
		};
		match before(until, &mut head).await {
			None => {
				self.requests.insert(id, State::Sent(Sent { head, body, stop }));
				HttpRequestStatus::DeadlineReached
			},
			Some(Err(_)) => HttpRequestStatus::IoError,
			Some(Ok(head)) => {
				let status = head.status;
				let answered = Answered { head, body, current: Bytes::new(), _stop: stop };
				self.requests.insert(id, State::Answered(answered));
				HttpRequestStatus::Finished(status)
			},
		}
	}

	/// `http_response_headers`. Empty while there is no response.
	pub fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		// Looks for a response without waiting for it.
		self.wait(&[id], Some(now()));
		match self.requests.get(&id.0) {
			Some(State::Answered(answered)) => answered.head.headers.clone(),
			_ => Vec::new(),
		}
	}

	/// `http_response_read_body`. `Ok(0)` at the end, which destroys the request, as an `IoError` does.
	pub fn read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		match self.wait(&[id], deadline).first() {
			Some(HttpRequestStatus::Finished(_)) => {},
			Some(HttpRequestStatus::DeadlineReached) => return Err(HttpError::DeadlineReached),
			Some(HttpRequestStatus::IoError) => return Err(HttpError::IoError),
			Some(HttpRequestStatus::Invalid) | None => return Err(HttpError::Invalid),
		}
		let handle = self.transport.handle.clone();
		let Some(State::Answered(answered)) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		if answered.current.is_empty() {
			let until = instant(deadline);
			match handle.block_on(async { before(until, answered.body.recv()).await }) {
				None => return Err(HttpError::DeadlineReached),
				Some(Some(Piece::Data(bytes))) => answered.current = bytes,
				Some(Some(Piece::End)) => {
					self.requests.remove(&id.0);
					return Ok(0);
				},
				Some(None) => {
					self.requests.remove(&id.0);
					return Err(HttpError::IoError);
				},
			}
		}
		let taken = answered.current.len().min(buffer.len());
		let piece = answered.current.split_to(taken);
		for (to, from) in buffer.iter_mut().zip(piece.iter()) {
			*to = *from;
		}
		Ok(taken)
	}

	/// Send a request that is still a draft.
	fn send(&mut self, id: u16) {
		if !matches!(self.requests.get(&id), Some(State::Drafted(_))) {
			return;
		}
		let Some(State::Drafted(draft)) = self.requests.remove(&id) else {
			return;
		};
		let mut rules = self.rules.clone();
		rules.private |= self.transport.trusted.contains(&draft.uri);
		let (head_to, head) = oneshot::channel();
		let (body_to, body) = mpsc::channel(PIECES);
		let exchange = Exchange {
			connector: self.transport.connector(rules),
			limits: self.transport.limits,
			head_to,
			body_to,
		};
		let (abort, registration) = AbortHandle::new_pair();
		let attempt = self.transport.metrics.begin();
		self.transport.handle.spawn(Abortable::new(exchange.run(draft, attempt), registration));
		self.requests.insert(id, State::Sent(Sent { head, body, stop: Stop(abort) }));
	}
}

/// `work`, unless `until` comes first. What is ready already is taken even after the deadline.
async fn before<F: Future>(until: Option<tokio::time::Instant>, work: F) -> Option<F::Output> {
	match until {
		None => Some(work.await),
		Some(until) => timeout_at(until, work).await.ok(),
	}
}

/// Time since the epoch as off-chain workers know it.
pub fn now() -> Timestamp {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// How long until `deadline`.
pub fn until(deadline: Timestamp) -> Duration {
	Duration::from_millis(deadline.diff(&now()).millis())
}

fn instant(deadline: Option<Timestamp>) -> Option<tokio::time::Instant> {
	// A deadline past the clock's range is none at all.
	deadline.and_then(|deadline| Instant::now().checked_add(until(deadline))).map(Into::into)
}

/// One request on its way.
struct Exchange {
	connector: HttpsConnector<Connector>,
	limits: Limits,
	head_to: oneshot::Sender<Head>,
	body_to: mpsc::Sender<Piece>,
}

impl Exchange {
	async fn run(self, draft: Draft, mut attempt: Attempt) {
		let uri = draft.uri.clone();
		let Self { connector, limits, head_to, body_to } = self;
		let began = attempt.began();
		let end = tokio::time::Instant::from_std(began.checked_add(limits.total).unwrap_or(began));
		// The connection is driven beside the request and dropped with it.
		let mut driver = JoinSet::new();
		let failed = |attempt: Attempt, failure: Failure| {
			log::debug!(target: super::LOG, "{uri}: {failure}");
			attempt.failed(failure.cause());
		};
		let answer = timeout_at(end, ask(connector, limits, draft, &mut driver)).await;
		let response = match answer.unwrap_or(Err(Failure::Timeout)) {
			Ok(response) => response,
			Err(failure) => return failed(attempt, failure),
		};
		let elapsed = began.elapsed();
		attempt.answered(elapsed);
		let status = response.status();
		let (parts, body) = response.into_parts();
		let headers = hand_over(&parts.headers, elapsed);
		if head_to.send(Head { status: status.as_u16(), headers }).is_err() {
			return;
		}
		match timeout_at(end, pass_on(body, limits.body_bytes, &body_to))
			.await
			.unwrap_or(Err(Failure::Timeout))
		{
			Err(failure) => failed(attempt, failure),
			Ok(()) if status.is_redirection() => attempt.failed(Failure::REDIRECT),
			Ok(()) if status.is_client_error() || status.is_server_error() => attempt.failed(Failure::STATUS),
			Ok(()) => (),
		}
	}
}

/// Connect, send and wait for the head of the response.
async fn ask(
	mut connector: HttpsConnector<Connector>,
	limits: Limits,
	draft: Draft,
	driver: &mut JoinSet<()>,
) -> Result<Response<Incoming>, Failure> {
	let Draft { method, uri, headers, body } = draft;
	let stream = connector
		.call(uri.clone())
		.await
		.map_err(|error| error.downcast_ref::<Failure>().copied().unwrap_or(Failure::Tls))?;
	let (mut sender, connection) = http1::Builder::new()
		.max_buf_size(limits.head_bytes.max(8_192))
		.max_header_size(limits.head_bytes)
		.max_headers(limits.headers)
		.handshake(stream)
		.await
		.map_err(|_| Failure::Http)?;
	driver.spawn(async move {
		// How the connection ends shows in the response.
		let _ = connection.await;
	});

	let authority = uri.authority().map(|a| a.as_str()).unwrap_or_default();
	let host = HeaderValue::try_from(authority).map_err(|_| Failure::Http)?;
	let mut request = Request::new(Full::new(Bytes::from(body)));
	*request.method_mut() = method;
	*request.uri_mut() = match uri.path_and_query() {
		Some(path) => Uri::from(path.clone()),
		None => Uri::from_static("/"),
	};
	*request.headers_mut() = headers;
	request.headers_mut().insert(HOST, host);
	sender.send_request(request).await.map_err(|_| Failure::Http)
}

/// The headers the worker sees: the remote's without those that only we may set, and the time we measured.
fn hand_over(remote: &HeaderMap, elapsed: Duration) -> Vec<(Vec<u8>, Vec<u8>)> {
	let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
	remote
		.iter()
		.filter(|(name, _)| !name.as_str().starts_with(RESERVED_PREFIX))
		.map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()))
		.chain([(ELAPSED_HEADER.as_bytes().to_vec(), micros.to_string().into_bytes())])
		.collect()
}

/// Pass the body on, piece by piece, up to `cap` bytes.
async fn pass_on(mut body: Incoming, cap: u64, to: &mpsc::Sender<Piece>) -> Result<(), Failure> {
	// A length that is announced need not be waited for.
	if body.size_hint().lower() > cap {
		return Err(Failure::Oversize);
	}
	let mut left = cap;
	while let Some(frame) = body.frame().await {
		let Ok(bytes) = frame.map_err(|_| Failure::Http)?.into_data() else {
			continue;
		};
		left = u64::try_from(bytes.len())
			.ok()
			.and_then(|length| left.checked_sub(length))
			.ok_or(Failure::Oversize)?;
		// An empty piece would look like the end.
		if !bytes.is_empty() && to.send(Piece::Data(bytes)).await.is_err() {
			return Ok(());
		}
	}
	// A worker that does not read to the end has what it wants.
	let _ = to.send(Piece::End).await;
	Ok(())
}
