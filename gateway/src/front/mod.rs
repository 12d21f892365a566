// SPDX-License-Identifier: Apache-2.0

//! HTTP front of both roles: listeners, workers, limits, TLS.
//!
//! One thread accepts and hands each socket to the worker with the fewest open connections: the
//! kernel's own way (`SO_REUSEPORT`) splits few connections unevenly. A worker is a thread with a
//! runtime of its own. A connection never leaves its worker, so services need neither locks nor
//! `Send`.

mod acceptor;
mod activity;
mod body;
mod connection;
mod cors;
mod limits;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod worker;

pub use body::{Body, BodyError, json, read_body};
pub use cors::{Cors, Origins};
pub use limits::{AddressRange, AddressRangeError, host_of};
pub use settings::{FrontError, FrontSettings, Listener};
pub use tls::{Certificate, TlsFiles};

use activity::Patience;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use limits::{Connections, Gauge};
use std::{
	future::Future,
	net::{IpAddr, SocketAddr},
	sync::{
		Arc,
		atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
	},
	thread::JoinHandle,
	time::Duration,
};
use tokio::sync::watch;

/// Client of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
	/// Address of the client: of the connection, or what a trusted proxy says.
	pub address: SocketAddr,
	/// True if the connection to this server is encrypted.
	pub tls: bool,
}

/// Service of a front. One value serves all connections of a worker.
pub trait Handler: 'static {
	/// Answer a request. The future is dropped if the client goes away.
	///
	/// To leave HTTP, return 101 and wait on `hyper::upgrade::on` in a local task of its own.
	fn handle(
		&self,
		peer: Peer,
		request: Request<Incoming>,
	) -> impl Future<Output = Response<Body>>;

	/// End what outlives a request, such as WebSocket connections. Called once when the front shuts
	/// down; the connections are dropped when the time given to the shutdown is over.
	fn close(&self) -> impl Future<Output = ()> {
		std::future::ready(())
	}
}

/// Counts of a front, for metrics.
#[derive(Debug)]
pub struct FrontCounts {
	connections: Arc<Connections>,
	requests: Arc<Gauge>,
	pub(in crate::front) refused: AtomicU64,
	pub(in crate::front) stuck: AtomicU64,
	pub(in crate::front) handshakes_failed: AtomicU64,
	/// Open connections that left HTTP.
	pub(in crate::front) upgraded: Arc<AtomicUsize>,
	/// Responses by class of status, from 1xx to 5xx.
	pub(in crate::front) responses: [AtomicU64; 5],
}

impl FrontCounts {
	/// Open connections.
	pub fn connections(&self) -> usize {
		self.connections.open()
	}

	/// Requests in progress.
	pub fn requests(&self) -> usize {
		self.requests.count()
	}

	/// Connections that were closed unserved, because of a limit.
	pub fn refused(&self) -> u64 {
		self.refused.load(Relaxed)
	}

	/// Connections that were closed because the client kept them waiting.
	pub fn stuck(&self) -> u64 {
		self.stuck.load(Relaxed)
	}

	/// Open connections that left HTTP, such as those of WebSocket.
	pub fn upgraded(&self) -> usize {
		self.upgraded.load(Relaxed)
	}

	/// Responses by class of status, from 1xx to 5xx.
	pub fn responses(&self) -> [u64; 5] {
		self.responses.each_ref().map(|count| count.load(Relaxed))
	}

	/// Count a response.
	pub(in crate::front) fn respond(&self, status: StatusCode) {
		let class = usize::from(status.as_u16()).checked_div(100).unwrap_or(0);
		let count = class.checked_sub(1).and_then(|class| self.responses.get(class));
		if let Some(count) = count {
			count.fetch_add(1, Relaxed);
		}
	}

	/// TLS handshakes that failed.
	pub fn handshakes_failed(&self) -> u64 {
		self.handshakes_failed.load(Relaxed)
	}
}

/// State that acceptor and workers share.
pub(in crate::front) struct Shared {
	settings: FrontSettings,
	patience: Patience,
	counts: Arc<FrontCounts>,
	stop: watch::Sender<Stop>,
}

/// Phase of a shutdown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::front) enum Stop {
	/// No shutdown.
	Running,
	/// No new connections or requests; those in progress end.
	Graceful,
	/// All connections are dropped.
	Now,
}

/// Front that serves. Dropping it closes all connections at once.
pub struct Front {
	shared: Arc<Shared>,
	addresses: Vec<SocketAddr>,
	certificates: Vec<Arc<Certificate>>,
	threads: Vec<JoinHandle<()>>,
	/// Workers that still serve.
	alive: Arc<AtomicUsize>,
}

/// Start to serve.
///
/// - `make`: makes the handler of a worker, on the worker's thread, inside its runtime.
///
/// Errors: [`FrontError`]. Nothing runs on after an error.
pub fn serve<H: Handler>(
	settings: FrontSettings,
	make: impl Fn(usize) -> H + Send + Clone + 'static,
) -> Result<Front, FrontError> {
	let listeners = acceptor::bind(&settings)?;
	let cores = std::thread::available_parallelism().map_or(1, usize::from);
	let workers = if settings.workers == 0 { cores } else { settings.workers };
	let connections =
		Connections::new(settings.max_connections, settings.max_connections_per_address);
	let counts = Arc::new(FrontCounts {
		connections,
		requests: Gauge::new(settings.max_requests),
		refused: AtomicU64::new(0),
		stuck: AtomicU64::new(0),
		handshakes_failed: AtomicU64::new(0),
		upgraded: Arc::default(),
		responses: Default::default(),
	});
	let patience =
		Patience::new(settings.head_timeout, settings.idle_timeout, settings.stall_timeout);
	let shared =
		Arc::new(Shared { settings, patience, counts, stop: watch::Sender::new(Stop::Running) });
	let mut front = Front {
		shared: shared.clone(),
		addresses: listeners.iter().map(|listener| listener.address).collect(),
		certificates: listeners.iter().filter_map(|bound| bound.certificate.clone()).collect(),
		threads: Vec::new(),
		alive: Arc::new(AtomicUsize::new(0)),
	};
	let mut queues = Vec::new();
	for index in 0..workers {
		let make = make.clone();
		let (queue, thread) =
			worker::start(index, shared.clone(), front.alive.clone(), move || make(index))
				.map_err(FrontError::Start)?;
		queues.push(queue);
		front.threads.push(thread);
	}
	let thread = acceptor::start(listeners, queues, shared).map_err(FrontError::Start)?;
	front.threads.push(thread);
	Ok(front)
}

impl Front {
	/// Address of the first listener.
	pub fn local_addr(&self) -> SocketAddr {
		self.addresses.first().copied().unwrap_or(SocketAddr::new(IpAddr::from([0; 4]), 0))
	}

	/// Counts for metrics.
	pub fn counts(&self) -> Arc<FrontCounts> {
		self.shared.counts.clone()
	}

	/// Load changed certificates. They are also looked at once a minute.
	///
	/// Errors: the first file that is not usable; its listener keeps the certificate in use.
	pub fn reload(&self) -> Result<(), FrontError> {
		self.certificates.iter().try_for_each(|certificate| certificate.reload().map(|_| ()))
	}

	/// Stop to accept, let requests in progress end, and close the connections.
	///
	/// - `grace`: time after which the remaining connections are dropped.
	///
	/// Returns true if all ended in time. Blocks: call it from a thread of its own or from
	/// `spawn_blocking`.
	pub fn shutdown(mut self, grace: Duration) -> bool {
		self.shared.stop.send_replace(Stop::Graceful);
		let deadline = std::time::Instant::now().checked_add(grace);
		while self.alive.load(Relaxed) > 0
			&& deadline.is_none_or(|deadline| std::time::Instant::now() < deadline)
		{
			std::thread::sleep(Duration::from_millis(5));
		}
		let clean = self.alive.load(Relaxed) == 0;
		self.stop();
		clean
	}

	fn stop(&mut self) {
		self.shared.stop.send_replace(Stop::Now);
		for thread in self.threads.drain(..) {
			if thread.join().is_err() {
				tracing::error!("a thread of the front panicked");
			}
		}
	}
}

impl Drop for Front {
	fn drop(&mut self) {
		self.stop();
	}
}
