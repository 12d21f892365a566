// SPDX-License-Identifier: Apache-2.0

//! Resources shared by all requests of a node.

use super::{
	bodies::BodyStore,
	budget::{BudgetLimits, KnownHosts},
	metrics::Metrics,
	resolver::Resolver,
	tls::TlsHandshaker,
	tunnel::Tunnels,
};
use hyper::Uri;
use rustls::ClientConfig;
use std::{collections::HashSet, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::runtime::{Handle, Runtime};

/// Threads that drive connections.
const THREADS: usize = 2;

/// Limits of one request, and of all requests together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Time from the start to the end of the body.
	pub total: Duration,
	/// Time for the DNS lookup.
	pub lookup: Duration,
	/// Time for one address to accept the connection.
	pub connect: Duration,
	/// Time for the TLS handshake.
	pub handshake: Duration,
	/// Length of the status line and headers of the response, in bytes.
	pub head_bytes: usize,
	/// Number of headers of the response.
	pub headers: usize,
	/// Length of the response body, in bytes.
	pub body_bytes: u64,
	/// Length of the request body, in bytes.
	pub request_bytes: usize,
	/// Length of all unread bodies together, in bytes.
	pub unread_bytes: usize,
	/// Requests to one address.
	pub budget: BudgetLimits,
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
			budget: BudgetLimits::default(),
		}
	}
}

/// Threads, caches and limits that all requests of a node share.
pub struct Transport {
	runtime: Option<Runtime>,
	/// Handle of the threads that drive connections.
	pub handle: Handle,
	/// TLS handshakes.
	pub handshaker: Arc<TlsHandshaker>,
	/// DNS resolver.
	pub resolver: Arc<Resolver>,
	/// Source address of connections.
	pub egress: Option<Ipv4Addr>,
	/// Limits of requests.
	pub limits: Limits,
	/// Names that are verified at their address.
	pub known: Arc<KnownHosts>,
	/// Unread response bodies.
	pub bodies: Arc<BodyStore>,
	/// Metrics.
	pub metrics: Metrics,
	/// URLs of this node's own anchors, which may be private.
	pub trusted: HashSet<Uri>,
	/// UDP port for proofs of VPNs; `None` if the node has none.
	pub tunnels: Option<Arc<Tunnels>>,
}

impl Transport {
	/// Create a transport and start its threads. It has no port for proofs yet.
	pub fn new(
		resolver: Resolver,
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
			handshaker: Arc::new(TlsHandshaker::new(tls, limits.handshake)?),
			resolver: Arc::new(resolver),
			egress,
			limits,
			known: Arc::new(KnownHosts::new(limits.budget)),
			bodies: Arc::new(BodyStore::new(limits.unread_bytes)),
			metrics,
			trusted,
			tunnels: None,
		})
	}
}

impl Drop for Transport {
	fn drop(&mut self) {
		if let Some(runtime) = self.runtime.take() {
			// Does not block, so that dropping inside an async task is allowed.
			runtime.shutdown_background();
		}
	}
}
