// SPDX-License-Identifier: Apache-2.0

//! Pool of connections to one endpoint, of one worker.

use super::{
	Connector, Endpoint, Stream, UpstreamError,
	connect::ConnectSettings,
	connection::Connection,
	decoder::{Decoder, Framing},
	head::{Head, Kept},
	request::{Call, Outgoing},
	streaming::Streaming,
};
use crate::front::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, header};
use std::{
	cell::{Cell, RefCell},
	collections::VecDeque,
	fmt,
	future::poll_fn,
	rc::{Rc, Weak},
	sync::Arc,
	time::Duration,
};
use tokio::{
	sync::{OwnedSemaphorePermit, Semaphore},
	time::{self, Instant},
};

/// Settings of a pool.
#[derive(Clone, Debug)]
pub struct PoolSettings {
	/// Settings of new connections.
	pub connect: ConnectSettings,
	/// Connections in use at the same time.
	pub max_connections: usize,
	/// Requests that wait for a connection. One more fails with [`UpstreamError::Busy`].
	pub max_waiting: usize,
	/// Connections kept while they are not used. 0: each request has a connection of its own.
	pub max_idle: usize,
	/// Time for which an unused connection is kept. Shorter than the server's own time, so that it
	/// seldom closes just as a request is sent.
	pub idle_timeout: Duration,
	/// Time after which a connection is replaced, so that a host can move.
	pub max_age: Duration,
	/// Bytes of the head of an answer.
	pub max_head: usize,
	/// Time without a byte after which a streaming answer is given up.
	pub stream_timeout: Duration,
}

impl PoolSettings {
	/// Settings for an endpoint of a stranger.
	pub fn new(connect: ConnectSettings) -> Self {
		Self {
			connect,
			max_connections: 256,
			max_waiting: 1_024,
			max_idle: 64,
			idle_timeout: Duration::from_secs(50),
			max_age: Duration::from_secs(3_600),
			max_head: 32 * 1024,
			stream_timeout: Duration::from_secs(120),
		}
	}
}

/// Connections to one endpoint. Belongs to a worker; all methods need its local runtime.
pub struct Pool {
	connector: Connector,
	settings: PoolSettings,
	/// Unused connections, the most recently used at the back.
	idle: RefCell<VecDeque<Connection<Stream>>>,
	permits: Arc<Semaphore>,
	waiting: Cell<usize>,
	/// A task closes unused connections.
	pruning: Cell<bool>,
}

impl fmt::Debug for Pool {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Pool({}, {} idle)", self.endpoint(), self.idle.borrow().len())
	}
}

/// Connection that is in use.
pub struct Lease {
	pub connection: Connection<Stream>,
	pool: Rc<Pool>,
	_permit: OwnedSemaphorePermit,
}

impl Lease {
	/// Give the connection back after a complete answer.
	pub fn finish(self, keep_alive: bool) {
		if keep_alive && self.connection.is_clean() {
			self.pool.keep(self.connection);
		}
	}

	/// Body of an answer, whole if it is small.
	async fn body(mut self, head: &Head, buffered: usize) -> Result<Body, UpstreamError> {
		let streams = head.headers.get(header::CONTENT_TYPE).is_some_and(is_event_stream);
		let mut decoder = Decoder::new(head.framing);
		let mut start = Vec::new();
		let fits = decoder.remaining().map(|length| length <= buffered as u64);
		if !streams && fits == Some(true) {
			let body = self.connection.read_body(head.framing, buffered).await?;
			self.finish(head.keep_alive);
			return Ok(body.into());
		}
		if !streams && fits.is_none() {
			let mut length = 0_usize;
			while length <= buffered {
				let next = poll_fn(|cx| self.connection.poll_body(cx, &mut decoder)).await?;
				let Some(data) = next else {
					self.finish(head.keep_alive);
					return Ok(join(start, length).into());
				};
				length = length.saturating_add(data.len());
				start.push(data);
			}
		}
		Ok(Body::new(Streaming::new(self, decoder, start, head.keep_alive)))
	}

	/// Time without a byte after which a streaming answer is given up.
	pub fn stream_timeout(&self) -> Duration {
		self.pool.settings.stream_timeout
	}
}

impl Pool {
	/// Pool without connections.
	pub fn new(endpoint: Endpoint, settings: PoolSettings) -> Rc<Self> {
		Rc::new(Self {
			connector: Connector::new(endpoint, settings.connect.clone()),
			permits: Arc::new(Semaphore::new(settings.max_connections)),
			settings,
			idle: RefCell::default(),
			waiting: Cell::default(),
			pruning: Cell::default(),
		})
	}

	/// Endpoint of the pool.
	pub fn endpoint(&self) -> &Endpoint {
		self.connector.endpoint()
	}

	/// Maker of connections, also for WebSocket.
	pub fn connector(&self) -> &Connector {
		&self.connector
	}

	/// Number of unused connections.
	#[cfg(test)]
	pub fn idle(&self) -> usize {
		self.idle.borrow().len()
	}

	/// Send a request and read its whole answer. The target is below the path of the endpoint, see
	/// [`Endpoint::target`].
	///
	/// A request that cannot have been processed is sent once more over a new connection: if the
	/// server had closed the one that was kept. After that, only idempotent methods are repeated.
	///
	/// - `timeout`: maximum time for everything, the wait for a connection included.
	/// - `max_bytes`: maximum length of the answer's body.
	///
	/// Errors: [`UpstreamError`].
	pub async fn send(
		self: &Rc<Self>,
		request: Request<Bytes>,
		timeout: Duration,
		max_bytes: usize,
	) -> Result<Response<Bytes>, UpstreamError> {
		let how = How { idempotent: is_idempotent(request.method()), kept: Kept::All };
		self.send_as(&request, how, timeout, max_bytes).await
	}

	/// [`send`](Self::send) for a JSON-RPC call. Of the answer's headers only `Retry-After` is kept.
	///
	/// - `idempotent`: the call changes nothing, although its method is `POST`.
	pub fn call(
		self: &Rc<Self>,
		call: &Call<'_>,
		idempotent: bool,
		timeout: Duration,
		max_bytes: usize,
	) -> impl Future<Output = Result<Response<Bytes>, UpstreamError>> {
		self.send_as(call, How { idempotent, kept: Kept::RetryAfter }, timeout, max_bytes)
	}

	async fn send_as(
		self: &Rc<Self>,
		request: &impl Outgoing,
		how: How,
		timeout: Duration,
		max_bytes: usize,
	) -> Result<Response<Bytes>, UpstreamError> {
		let sent = Cell::new(false);
		let whole = async {
			let (mut lease, head) = self.exchange(request, how, &sent).await?;
			let body = lease.connection.read_body(head.framing, max_bytes).await?;
			lease.finish(head.keep_alive);
			Ok(respond(head.status, head.headers, body))
		};
		time::timeout(timeout, whole)
			.await
			.unwrap_or(Err(UpstreamError::Timeout { sent: sent.get() }))
	}

	/// Send a request and return its answer as soon as the head is here.
	///
	/// - `timeout`: maximum time to the head. The body has
	///   [`stream_timeout`](PoolSettings::stream_timeout) between its bytes.
	///
	/// Errors: [`UpstreamError`]. The body of the answer fails with the same type.
	pub async fn stream(
		self: &Rc<Self>,
		request: &impl Outgoing,
		timeout: Duration,
	) -> Result<Response<Body>, UpstreamError> {
		let sent = Cell::new(false);
		let how = How { idempotent: is_idempotent(request.method()), kept: Kept::All };
		let (lease, head) = time::timeout(timeout, self.exchange(request, how, &sent))
			.await
			.unwrap_or(Err(UpstreamError::Timeout { sent: sent.get() }))?;
		let Head { status, headers, framing, keep_alive } = head;
		let body = if framing == Framing::Empty {
			lease.finish(keep_alive);
			Body::empty()
		} else {
			Body::new(Streaming::new(lease, Decoder::new(framing), Vec::new(), keep_alive))
		};
		Ok(respond(status, headers, body))
	}

	/// Send a request and return its answer whole if it is small, and while it arrives otherwise.
	///
	/// - `timeout`: maximum time to the head, and to the end of an answer that is returned whole.
	/// - `buffered`: bytes up to which an answer is returned whole. An event stream never is.
	/// - `idempotent`: the request changes nothing, whatever its method.
	///
	/// Errors: [`UpstreamError`]. A body that is returned early fails with the same type.
	pub async fn fetch(
		self: &Rc<Self>,
		request: &Request<Bytes>,
		timeout: Duration,
		buffered: usize,
		idempotent: bool,
	) -> Result<Response<Body>, UpstreamError> {
		let sent = Cell::new(false);
		let idempotent = idempotent || is_idempotent(request.method());
		let whole = async {
			let how = How { idempotent, kept: Kept::All };
			let (lease, head) = self.exchange(request, how, &sent).await?;
			let body = lease.body(&head, buffered).await?;
			Ok(respond(head.status, head.headers, body))
		};
		time::timeout(timeout, whole)
			.await
			.unwrap_or(Err(UpstreamError::Timeout { sent: sent.get() }))
	}

	/// Send a request over a kept or a new connection, and read the head of the answer.
	async fn exchange(
		self: &Rc<Self>,
		request: &impl Outgoing,
		how: How,
		sent: &Cell<bool>,
	) -> Result<(Lease, Head), UpstreamError> {
		let permit = self.permit().await?;
		if let Some(mut connection) = self.kept() {
			sent.set(true);
			match connection.exchange(self.endpoint(), request, how.kept).await {
				Ok(head) => {
					return Ok((Lease { connection, pool: self.clone(), _permit: permit }, head));
				},
				Err(failure) => {
					let stale = matches!(failure.error, UpstreamError::Closed { .. });
					let again = stale && !failure.received;
					if !again || (failure.error.sent() && !how.idempotent) {
						return Err(failure.error);
					}
				},
			}
			// Those that were kept as long are likely to be closed too.
			self.idle.borrow_mut().clear();
			sent.set(false);
		}
		// Seldom needed and large: it would be a part of every request's future.
		let stream = Box::pin(self.connector.connect()).await?;
		let mut connection = Connection::new(stream, self.settings.max_head);
		sent.set(true);
		let head = connection.exchange(self.endpoint(), request, how.kept).await;
		let head = head.map_err(|failure| failure.error)?;
		Ok((Lease { connection, pool: self.clone(), _permit: permit }, head))
	}

	async fn permit(&self) -> Result<OwnedSemaphorePermit, UpstreamError> {
		if let Ok(permit) = self.permits.clone().try_acquire_owned() {
			return Ok(permit);
		}
		if self.waiting.get() >= self.settings.max_waiting {
			return Err(UpstreamError::Busy);
		}
		let _waiting = Waiting::new(&self.waiting);
		self.permits.clone().acquire_owned().await.map_err(|_| UpstreamError::Busy)
	}

	/// Take the most recently used connection that is alive.
	fn kept(&self) -> Option<Connection<Stream>> {
		let mut idle = self.idle.borrow_mut();
		while let Some(mut connection) = idle.pop_back() {
			if self.is_fresh(&connection, Instant::now()) && connection.is_alive() {
				return Some(connection);
			}
		}
		None
	}

	fn is_fresh(&self, connection: &Connection<Stream>, now: Instant) -> bool {
		now.saturating_duration_since(connection.used) < self.settings.idle_timeout
			&& now.saturating_duration_since(connection.born) < self.settings.max_age
	}

	fn keep(self: &Rc<Self>, mut connection: Connection<Stream>) {
		if self.settings.max_idle == 0 {
			return;
		}
		connection.used = Instant::now();
		let mut idle = self.idle.borrow_mut();
		if idle.len() >= self.settings.max_idle {
			idle.pop_front();
		}
		idle.push_back(connection);
		if !self.pruning.replace(true) {
			tokio::task::spawn_local(prune(Rc::downgrade(self)));
		}
	}
}

/// Manner of an exchange.
#[derive(Clone, Copy)]
struct How {
	/// A repetition changes nothing.
	idempotent: bool,
	/// Headers of the answer.
	kept: Kept,
}

/// Close connections that were not used for long, until none is left.
async fn prune(pool: Weak<Pool>) {
	loop {
		let Some(pause) = pool.upgrade().map(|pool| pool.settings.idle_timeout) else { return };
		time::sleep(pause).await;
		let Some(pool) = pool.upgrade() else { return };
		let now = Instant::now();
		let mut idle = pool.idle.borrow_mut();
		idle.retain_mut(|connection| pool.is_fresh(connection, now) && connection.is_alive());
		if idle.is_empty() {
			pool.pruning.set(false);
			return;
		}
	}
}

/// Request that counts as waiting until it is dropped.
struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
	fn new(count: &'a Cell<usize>) -> Self {
		count.set(count.get().saturating_add(1));
		Self(count)
	}
}

impl Drop for Waiting<'_> {
	fn drop(&mut self) {
		self.0.set(self.0.get().saturating_sub(1));
	}
}

fn is_idempotent(method: &Method) -> bool {
	[Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::TRACE]
		.contains(method)
}

fn is_event_stream(content_type: &HeaderValue) -> bool {
	const EVENTS: &[u8] = b"text/event-stream";
	let begin = content_type.as_bytes().get(..EVENTS.len());
	begin.is_some_and(|begin| begin.eq_ignore_ascii_case(EVENTS))
}

/// Parts as one; a single part is not copied.
fn join(mut parts: Vec<Bytes>, length: usize) -> Bytes {
	if parts.len() <= 1 {
		return parts.pop().unwrap_or_default();
	}
	let mut whole = BytesMut::with_capacity(length);
	parts.iter().for_each(|part| whole.extend_from_slice(part));
	whole.freeze()
}

fn respond<B>(status: http::StatusCode, headers: http::HeaderMap, body: B) -> Response<B> {
	let mut response = Response::new(body);
	*response.status_mut() = status;
	*response.headers_mut() = headers;
	response
}
