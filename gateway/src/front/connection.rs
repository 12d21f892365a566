// SPDX-License-Identifier: Apache-2.0

//! One connection: TLS, choice of the protocol, and the service that hyper calls.

use super::{
	AddressRange, Body, Handler, Peer, Stop,
	activity::{Activity, Tracked},
	limits::{Admitted, Gauge, is_in},
	worker::{Accepted, Open, Worker},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::{
	body::{Body as HttpBody, Frame, Incoming, SizeHint},
	rt::Executor,
	server::conn::{http1, http2},
	service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
	cell::{Cell, RefCell},
	convert::Infallible,
	future::{Future, poll_fn},
	io,
	net::{IpAddr, SocketAddr},
	pin::{Pin, pin},
	rc::Rc,
	sync::{Arc, atomic::Ordering::Relaxed},
	task::{Context, Poll, Waker},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::TcpStream,
	time,
};
use tokio_rustls::TlsAcceptor;

/// First bytes of an HTTP/2 connection that no HTTP/1.1 request has.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// Pings with which dead HTTP/2 connections are found.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Largest part of a response that waits in an HTTP/2 stream for a client that does not read.
const MAX_STREAM_BUFFER: usize = 64 * 1024;

/// Handle by which a worker ends a connection.
pub struct Control {
	pub activity: Arc<Activity>,
	wish: Cell<Wish>,
	waker: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Wish {
	Serve,
	/// No further request.
	End,
	/// Drop the connection now.
	Kill,
}

impl Control {
	/// Let the connection end after the requests in progress.
	///
	/// Returns false if that was decided before.
	pub fn end(&self) -> bool {
		let first = self.wish.get() == Wish::Serve;
		if first {
			self.set(Wish::End);
		}
		first
	}

	/// Drop the connection. Returns false if that was decided before.
	pub fn kill(&self) -> bool {
		let first = self.wish.get() != Wish::Kill;
		self.set(Wish::Kill);
		first
	}

	fn set(&self, wish: Wish) {
		self.wish.set(wish);
		if let Some(waker) = self.waker.borrow_mut().take() {
			waker.wake();
		}
	}

	fn register(&self, cx: &Context<'_>) {
		let mut waker = self.waker.borrow_mut();
		if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
			*waker = Some(cx.waker().clone());
		}
	}
}

/// Serve a connection until it ends.
pub async fn serve<H: Handler>(worker: Rc<Worker<H>>, accepted: Accepted, open: Open) {
	let Accepted { socket, address, trusted, tls, admitted } = accepted;
	let activity = Arc::new(Activity::new(worker.ticks.clone()));
	let control =
		Rc::new(Control { activity, wish: Cell::new(Wish::Serve), waker: RefCell::default() });
	let Ok(socket) = TcpStream::from_std(socket) else { return };
	// Also where the accepted socket does not inherit it.
	let _ = socket.set_nodelay(true);
	let limit = worker.shared.settings.handshake_timeout;
	let own = admitted.requests.clone();
	let client = Client { address, trusted, tls: tls.is_some(), requests: own };
	match tls {
		None => {
			let Ok(Ok(http2)) = time::timeout(limit, speaks_http2(&socket)).await else { return };
			run(worker, control, client, socket, http2, (admitted, open)).await;
		},
		Some(config) => {
			let handshake = TlsAcceptor::from(config).accept(socket);
			let Ok(Ok(socket)) = time::timeout(limit, handshake).await else {
				worker.shared.counts.handshakes_failed.fetch_add(1, Relaxed);
				return;
			};
			let http2 = socket.get_ref().1.alpn_protocol() == Some(b"h2");
			run(worker, control, client, socket, http2, (admitted, open)).await;
		},
	}
}

/// Look at the first bytes without taking them.
async fn speaks_http2(socket: &TcpStream) -> io::Result<bool> {
	let mut first = [0; HTTP2_PREFACE.len()];
	loop {
		let length = socket.peek(&mut first).await?;
		let got = first.get(..length).unwrap_or_default();
		if !HTTP2_PREFACE.starts_with(got) || got.is_empty() {
			return Ok(false);
		}
		if length == HTTP2_PREFACE.len() {
			return Ok(true);
		}
		// A part of the preface: the socket stays readable, so waiting for that does not help.
		time::sleep(Duration::from_millis(10)).await;
	}
}

#[derive(Clone)]
struct Client {
	address: SocketAddr,
	trusted: bool,
	tls: bool,
	/// Requests of the client's host.
	requests: Option<Arc<Gauge>>,
}

async fn run<H: Handler, S>(
	worker: Rc<Worker<H>>,
	control: Rc<Control>,
	client: Client,
	socket: S,
	http2: bool,
	counted: (Admitted, Open),
) where
	S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
	if *worker.shared.stop.borrow() != Stop::Running {
		return;
	}
	worker.watch(&control);
	let activity = control.activity.clone();
	activity.touch();
	if http2 {
		activity.set_http2();
	}
	let io = TokioIo::new(Tracked::new(socket, activity.clone(), counted));
	let settings = &worker.shared.settings;
	let (max_head, max_streams) = (settings.max_head, settings.max_streams);
	let address = client.address;
	let service = service_fn({
		let worker = worker.clone();
		move |request: Request<Incoming>| {
			let (worker, activity) = (worker.clone(), activity.clone());
			Service { worker, activity, client: client.clone() }.answer(request, http2)
		}
	});
	let ended = if http2 {
		let connection = http2::Builder::new(LocalExecutor)
			.timer(TokioTimer::new())
			.keep_alive_interval(PING_INTERVAL)
			.keep_alive_timeout(PING_INTERVAL)
			.max_concurrent_streams(max_streams)
			.max_header_list_size(u32::try_from(max_head).unwrap_or(u32::MAX))
			.max_send_buf_size(MAX_STREAM_BUFFER)
			.serve_connection(io, service);
		drive(&control, connection, http2::Connection::graceful_shutdown).await
	} else {
		// Without `pipeline_flush`: a refusal is lost if unread bytes of the request remain.
		let connection = http1::Builder::new()
			.header_read_timeout(None)
			.max_header_size(max_head)
			.max_buf_size(max_head.saturating_mul(2).max(64 * 1024))
			.serve_connection(io, service)
			.with_upgrades();
		drive(&control, connection, http1::UpgradeableConnection::graceful_shutdown).await
	};
	if let Err(error) = ended {
		tracing::debug!(%address, %error, "connection broken");
	}
}

/// Poll a connection until it ends or the worker ends it.
async fn drive<C>(
	control: &Control,
	connection: C,
	graceful: impl Fn(Pin<&mut C>),
) -> Result<(), hyper::Error>
where
	C: Future<Output = Result<(), hyper::Error>>,
{
	let mut connection = pin!(connection);
	let mut ending = false;
	poll_fn(|cx| {
		match control.wish.get() {
			Wish::Serve => {},
			Wish::End if ending => {},
			Wish::End => {
				ending = true;
				graceful(connection.as_mut());
			},
			Wish::Kill => return Poll::Ready(Ok(())),
		}
		control.register(cx);
		connection.as_mut().poll(cx)
	})
	.await
}

#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor {
	fn execute(&self, future: F) {
		tokio::task::spawn_local(async move {
			future.await;
		});
	}
}

struct Service<H> {
	worker: Rc<Worker<H>>,
	activity: Arc<Activity>,
	client: Client,
}

impl<H: Handler> Service<H> {
	/// One future and not several within each other: each is moved into the next one.
	async fn answer(
		self,
		request: Request<Incoming>,
		http2: bool,
	) -> Result<Response<Outgoing>, Infallible> {
		let Self { worker, activity, client } = self;
		activity.begin();
		let mut progress = Progress { activity, requests: None, of_host: None, offered: false };
		let has_body = !http2 && !request.body().is_end_stream();
		let requests = &worker.shared.counts.requests;
		let is_free = enter(Some(requests), &mut progress.requests)
			&& enter(client.requests.as_ref(), &mut progress.of_host);
		let cors = worker.shared.settings.cors.as_ref();
		let response = if !is_free {
			busy()
		} else if let Some(response) = cors.and_then(|cors| cors.preflight(&request)) {
			response
		} else {
			let origin = cors.and_then(|_| request.headers().get(header::ORIGIN).cloned());
			let peer = client.peer(request.headers(), &worker.shared.settings.trusted_proxies);
			let mut response = worker.handler.handle(peer, request).await;
			if let Some(cors) = cors {
				cors.apply(origin.as_ref(), response.headers_mut());
			}
			if response.status() == StatusCode::SWITCHING_PROTOCOLS {
				progress.activity.upgrade(&worker.shared.counts.upgraded);
			}
			response
		};
		if has_body && !response.status().is_success() {
			progress.activity.refuse();
		}
		worker.shared.counts.respond(response.status());
		Ok(response.map(|body| Outgoing::new(body, progress, http2)))
	}
}

/// Response beyond the limit of requests.
fn busy() -> Response<Body> {
	let mut response = Response::new(Body::empty());
	*response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
	response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
	response
}

impl Client {
	/// Client of a request. A trusted proxy appends the address that it saw; the last one that no
	/// trusted proxy has is the client's.
	fn peer(&self, headers: &HeaderMap, trusted: &[AddressRange]) -> Peer {
		let direct = Peer { address: self.address, tls: self.tls };
		if !self.trusted {
			return direct;
		}
		let mut best = None;
		for value in headers.get_all("x-forwarded-for").iter().rev() {
			for part in value.to_str().unwrap_or_default().rsplit(',') {
				let Ok(address) = part.trim().parse::<IpAddr>() else {
					return best.map_or(direct, |ip| direct.with(ip));
				};
				best = Some(address);
				if !is_in(trusted, address) {
					return direct.with(address);
				}
			}
		}
		best.map_or(direct, |ip| direct.with(ip))
	}
}

impl Peer {
	fn with(self, ip: IpAddr) -> Self {
		Self { address: SocketAddr::new(ip, 0), ..self }
	}
}

/// Count a request, if there is a limit. Returns false if that is reached.
fn enter(gauge: Option<&Arc<Gauge>>, entered: &mut Option<Arc<Gauge>>) -> bool {
	let Some(gauge) = gauge else { return true };
	let is_free = gauge.enter();
	*entered = is_free.then(|| Arc::clone(gauge));
	is_free
}

/// Request that counts as in progress until it is dropped.
struct Progress {
	activity: Arc<Activity>,
	requests: Option<Arc<Gauge>>,
	of_host: Option<Arc<Gauge>>,
	/// A part of the response waits for the client.
	offered: bool,
}

impl Progress {
	fn offer(&mut self) {
		if !self.offered {
			self.offered = true;
			self.activity.offer();
		}
	}

	fn taken(&mut self) {
		if self.offered {
			self.offered = false;
			self.activity.taken();
		}
	}
}

impl Drop for Progress {
	fn drop(&mut self) {
		self.taken();
		self.activity.end();
		for requests in self.requests.iter().chain(&self.of_host) {
			requests.leave();
		}
	}
}

/// Body of a response with its request's count.
struct Outgoing {
	body: Body,
	progress: Progress,
	/// Rest of a frame that is sent in pieces.
	rest: Bytes,
	http2: bool,
}

impl Outgoing {
	fn new(body: Body, progress: Progress, http2: bool) -> Self {
		Self { body, progress, rest: Bytes::new(), http2 }
	}

	/// Cut a frame, so that a stream whose client does not read holds a piece and not the whole
	/// answer.
	fn cut(&mut self, mut data: Bytes) -> Bytes {
		self.progress.offer();
		if self.http2 && data.len() > MAX_STREAM_BUFFER {
			self.rest = data.split_off(MAX_STREAM_BUFFER);
		}
		data
	}
}

impl HttpBody for Outgoing {
	type Data = Bytes;
	type Error = super::BodyError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, super::BodyError>>> {
		let this = &mut *self;
		this.progress.taken();
		if !this.rest.is_empty() {
			let rest = std::mem::take(&mut this.rest);
			return Poll::Ready(Some(Ok(Frame::data(this.cut(rest)))));
		}
		let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
		let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
		Poll::Ready(Some(Ok(match frame.into_data() {
			Ok(data) => Frame::data(this.cut(data)),
			Err(frame) => frame,
		})))
	}

	fn is_end_stream(&self) -> bool {
		self.rest.is_empty() && self.body.is_end_stream()
	}

	fn size_hint(&self) -> SizeHint {
		match (self.rest.len() as u64, self.body.size_hint()) {
			(0, hint) => hint,
			(rest, hint) => {
				let mut all = SizeHint::new();
				all.set_lower(hint.lower().saturating_add(rest));
				if let Some(upper) = hint.upper() {
					all.set_upper(upper.saturating_add(rest));
				}
				all
			},
		}
	}
}
