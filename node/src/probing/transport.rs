//! HTTP for the off-chain worker: the host side of `sp_runtime::offchain::http`.
//!
//! ```text
//!  worker's thread                       probe runtime (threads of its own)
//!  ---------------                       ----------------------------------
//!  start, add_header, write_body         -
//!  first wait, or end of the body  --->  resolve, check, connect, TLS, send
//!  wait        <--- whole answer ------  status, headers, body up to the cap, elapsed time
//!  read_body                             -
//! ```
//!
//! Every request has a connection of its own, so the time measured is what a new tenant would see, and no
//! endpoint can hold up another. Redirects are answers like any other: nothing is followed.
//!
//! The time measured ends with the last byte of the body, and leaves out what a handshake waited for a thread of
//! ours. An answer that is no success has no body: nobody reads it.

use super::{
	bodies::{Bodies, KeptBody},
	budget::{Budget, Caps, KnownHosts},
	connector::{Connector, Failure, Rules},
	metrics::{Attempt, Metrics},
	names::Names,
	tls::Handshakes,
};
use futures::future::{AbortHandle, Abortable};
use http_body_util::{BodyExt, Full};
use hyper::{
	HeaderMap, Method, Request, Response, Uri,
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header::{HOST, HeaderName, HeaderValue},
	http::uri::Scheme,
	rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus, Timestamp};
use std::{
	collections::{HashMap, HashSet},
	net::Ipv4Addr,
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use surety_prober::{ELAPSED_HEADER, RESERVED_PREFIX};
use tokio::{
	runtime::{Handle, Runtime},
	sync::oneshot,
	task::JoinSet,
	time::timeout_at,
};

/// Threads that drive connections.
const THREADS: usize = 2;

/// Caps of one request, and of all together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// From the start to the end of the body.
	pub total: Duration,
	/// For the name to be looked up.
	pub lookup: Duration,
	/// For one address to accept the connection.
	pub connect: Duration,
	/// For the TLS handshake.
	pub handshake: Duration,
	/// Status line and headers of the response, in bytes.
	pub head_bytes: usize,
	/// Headers of the response.
	pub headers: usize,
	/// Body of the response, in bytes.
	pub body_bytes: u64,
	/// Body of the request, in bytes.
	pub request_bytes: usize,
	/// All bodies that were not read yet, in bytes.
	pub unread_bytes: usize,
	/// Requests to one address.
	pub caps: Caps,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			total: Duration::from_secs(20),
			lookup: Duration::from_secs(5),
			connect: Duration::from_secs(5),
			handshake: Duration::from_secs(5),
			head_bytes: 16 * 1024,
			headers: 64,
			body_bytes: 512 * 1024,
			request_bytes: 64 * 1024,
			unread_bytes: 64 * 1024 * 1024,
			caps: Caps::default(),
		}
	}
}

/// What all requests of a node share.
pub struct Transport {
	runtime: Option<Runtime>,
	handle: Handle,
	handshakes: Arc<Handshakes>,
	names: Arc<Names>,
	egress: Option<Ipv4Addr>,
	limits: Limits,
	known: Arc<KnownHosts>,
	bodies: Arc<Bodies>,
	metrics: Metrics,
	/// URLs of this node's own anchors, which may be private.
	trusted: HashSet<Uri>,
}

impl Transport {
	/// A transport with threads of its own.
	pub fn new(
		names: Names,
		tls: ClientConfig,
		egress: Option<Ipv4Addr>,
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
			handshakes: Arc::new(Handshakes::new(tls, limits.handshake)?),
			names: Arc::new(names),
			egress,
			limits,
			known: Arc::new(KnownHosts::new(limits.caps)),
			bodies: Arc::new(Bodies::new(limits.unread_bytes)),
			metrics,
			trusted,
		})
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

/// A whole answer. Without a body its status is no success.
struct Answer {
	status: u16,
	headers: Vec<(Vec<u8>, Vec<u8>)>,
	body: Option<KeptBody>,
}

struct Sent {
	answer: oneshot::Receiver<Answer>,
	stop: Stop,
}

struct Answered {
	answer: Answer,
	/// Bytes of the body that were read.
	read: usize,
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
	budget: Arc<Budget>,
	next: u16,
	requests: HashMap<u16, State>,
}

impl Http {
	/// No requests yet; every address is checked by `rules`.
	pub fn new(transport: Arc<Transport>, rules: Rules) -> Self {
		let budget = Arc::new(Budget::new(transport.known.clone()));
		Self { transport, rules, budget, next: 0, requests: HashMap::new() }
	}

	/// What it shares with other runs.
	#[cfg(test)]
	pub fn transport(&self) -> Arc<Transport> {
		self.transport.clone()
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

	/// `http_request_write_body`. Chunks are collected; the empty one sends the request, which is given up at the
	/// deadline: the worker waits no longer, so nothing need be kept for it.
	pub fn write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		let Some(State::Drafted(draft)) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		if chunk.is_empty() {
			self.send(id.0, deadline);
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
	pub fn wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		let until = instant(deadline);
		// All of them before any is waited for, so that they run at the same time.
		for id in ids {
			self.send(id.0, None);
		}
		let handle = self.transport.handle.clone();
		ids.iter().map(|id| handle.block_on(self.settle(id.0, until))).collect()
	}

	async fn settle(&mut self, id: u16, until: Option<tokio::time::Instant>) -> HttpRequestStatus {
		let Sent { mut answer, stop } = match self.requests.remove(&id) {
			Some(State::Sent(sent)) => sent,
			Some(State::Answered(answered)) => {
				let status = answered.answer.status;
				self.requests.insert(id, State::Answered(answered));
				return HttpRequestStatus::Finished(status);
			},
			_ => return HttpRequestStatus::Invalid,
		};
		match before(until, &mut answer).await {
			None => {
				self.requests.insert(id, State::Sent(Sent { answer, stop }));
				HttpRequestStatus::DeadlineReached
			},
			Some(Err(_)) => HttpRequestStatus::IoError,
			Some(Ok(answer)) => {
				let status = answer.status;
				self.requests.insert(id, State::Answered(Answered { answer, read: 0 }));
				HttpRequestStatus::Finished(status)
			},
		}
	}

	/// `http_response_headers`. Empty while there is no response.
	pub fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		// Looks for a response without waiting for it.
		self.wait(&[id], Some(now()));
		match self.requests.get(&id.0) {
			Some(State::Answered(answered)) => answered.answer.headers.clone(),
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
		let Some(State::Answered(Answered { answer, read })) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		let taken = answer.body.as_ref().map_or(Some(0), |body| body.read(*read, buffer));
		*read = read.saturating_add(taken.unwrap_or(0));
		match taken {
			Some(taken) if taken > 0 || buffer.is_empty() => Ok(taken),
			taken => {
				self.requests.remove(&id.0);
				taken.ok_or(HttpError::IoError)
			},
		}
	}

	/// Send a request that is still a draft.
	fn send(&mut self, id: u16, deadline: Option<Timestamp>) {
		if !matches!(self.requests.get(&id), Some(State::Drafted(_))) {
			return;
		}
		let Some(State::Drafted(draft)) = self.requests.remove(&id) else {
			return;
		};
		let transport = &self.transport;
		let trusted = transport.trusted.contains(&draft.uri);
		let mut rules = self.rules.clone();
		rules.private |= trusted;
		let (answer_to, answer) = oneshot::channel();
		let exchange = Exchange {
			connector: Connector {
				rules,
				budget: (!trusted).then(|| self.budget.clone()),
				egress: transport.egress,
				names: transport.names.clone(),
				lookup: transport.limits.lookup,
				patience: transport.limits.connect,
			},
			handshakes: transport.handshakes.clone(),
			limits: transport.limits,
			body: transport.bodies.open(),
			deadline: instant(deadline),
		};
		let (abort, registration) = AbortHandle::new_pair();
		let attempt = transport.metrics.begin();
		transport
			.handle
			.spawn(Abortable::new(exchange.run(draft, attempt, answer_to), registration));
		self.requests.insert(id, State::Sent(Sent { answer, stop: Stop(abort) }));
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
	connector: Connector,
	handshakes: Arc<Handshakes>,
	limits: Limits,
	body: KeptBody,
	deadline: Option<tokio::time::Instant>,
}

impl Exchange {
	async fn run(self, draft: Draft, mut attempt: Attempt, to: oneshot::Sender<Answer>) {
		let uri = draft.uri.clone();
		let began = attempt.began();
		let end = began.checked_add(self.limits.total).unwrap_or(began).into();
		let end = self.deadline.map_or(end, |deadline| deadline.min(end));
		match timeout_at(end, self.ask(draft, began)).await.unwrap_or(Err(Failure::Timeout)) {
			Err(failure) => {
				log::debug!(target: super::LOG, "{uri}: {failure}");
				attempt.failed(failure.cause());
			},
			Ok((answer, elapsed)) => {
				attempt.answered(elapsed);
				match answer.status {
					300..=399 => attempt.failed(Failure::REDIRECT),
					400..=599 => attempt.failed(Failure::STATUS),
					_ => (),
				}
				// A worker that is gone needs no answer.
				let _ = to.send(answer);
			},
		}
	}

	/// Connect, send, and receive the whole answer; how long that took.
	async fn ask(self, draft: Draft, began: Instant) -> Result<(Answer, Duration), Failure> {
		let (stream, mut visit) = self.connector.connect(&draft.uri).await?;
		// The connection is driven beside the request and dropped with it.
		let mut driver = JoinSet::new();
		let mut queued = Duration::ZERO;
		let response = if draft.uri.scheme() == Some(&Scheme::HTTPS) {
			let (stream, waited) = self.handshakes.shake(&draft.uri, stream).await?;
			queued = waited;
			if let Some(visit) = &mut visit {
				visit.succeeded(true);
			}
			converse(TokioIo::new(stream), self.limits, draft, &mut driver).await?
		} else {
			converse(TokioIo::new(stream), self.limits, draft, &mut driver).await?
		};
		let status = response.status();
		let (parts, incoming) = response.into_parts();
		let mut body = None;
		if status.is_success() {
			receive(incoming, self.limits.body_bytes, &self.body).await?;
			body = Some(self.body);
			if let Some(visit) = &mut visit {
				visit.succeeded(false);
			}
		}
		let elapsed = began.elapsed().saturating_sub(queued);
		let headers = hand_over(&parts.headers, elapsed);
		Ok((Answer { status: status.as_u16(), headers, body }, elapsed))
	}
}

/// Send the request over `stream` and wait for the head of the response.
async fn converse(
	stream: impl Read + Write + Unpin + Send + 'static,
	limits: Limits,
	draft: Draft,
	driver: &mut JoinSet<()>,
) -> Result<Response<Incoming>, Failure> {
	let Draft { method, uri, headers, body } = draft;
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

/// Receive the whole body, up to `cap` bytes.
async fn receive(mut body: Incoming, cap: u64, to: &KeptBody) -> Result<(), Failure> {
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
		to.append(&bytes)?;
	}
	Ok(())
}
