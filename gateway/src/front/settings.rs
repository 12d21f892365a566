// SPDX-License-Identifier: Apache-2.0

//! Settings of a front and the errors of its start.

use super::{AddressRange, cors::Cors, tls::TlsFiles};
use std::{error::Error, fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

/// Address to listen on.
#[derive(Clone, Debug)]
pub struct Listener {
	/// Address; port 0 takes a free one.
	pub address: SocketAddr,
	/// Certificate and key. `None` for plain text.
	pub tls: Option<TlsFiles>,
}

impl Listener {
	/// Listener without TLS.
	pub fn plain(address: SocketAddr) -> Self {
		Self { address, tls: None }
	}
}

/// Settings of a front. The default values are for a public listener.
#[derive(Clone, Debug)]
pub struct FrontSettings {
	/// Addresses to listen on, at least one.
	pub listeners: Vec<Listener>,
	/// Threads that serve. 0: one per core.
	pub workers: usize,
	/// Open connections in all. One more is closed unserved.
	pub max_connections: usize,
	/// Open connections of one IPv4 address, or of one /64 of IPv6, and its requests in progress.
	pub max_connections_per_address: usize,
	/// Proxies in front of this server, whose `X-Forwarded-For` is believed and whose connections
	/// have no limit per address.
	pub trusted_proxies: Vec<AddressRange>,
	/// Requests in progress in all, until the last byte of the response. One more is answered with
	/// 503.
	pub max_requests: usize,
	/// Streams in progress in one HTTP/2 connection.
	pub max_streams: u32,
	/// Bytes of the head of a request.
	pub max_head: usize,
	/// Time for the TLS handshake.
	pub handshake_timeout: Duration,
	/// Time from the first byte of a request to the end of its head.
	pub head_timeout: Duration,
	/// Time without a request after which a connection is closed.
	pub idle_timeout: Duration,
	/// Time without progress of a response that the client does not read.
	pub stall_timeout: Duration,
	/// Cross-origin rules. `None`: no header is added and no preflight answered.
	pub cors: Option<Cors>,
	/// Connections that the kernel keeps until they are accepted.
	pub backlog: i32,
}

impl Default for FrontSettings {
	fn default() -> Self {
		Self {
			listeners: vec![Listener::plain(SocketAddr::from(([127, 0, 0, 1], 0)))],
			workers: 0,
			max_connections: 20_000,
			max_connections_per_address: 1_000,
			trusted_proxies: Vec::new(),
			max_requests: 20_000,
			max_streams: 128,
			max_head: 32 * 1024,
			handshake_timeout: Duration::from_secs(10),
			head_timeout: Duration::from_secs(15),
			idle_timeout: Duration::from_secs(90),
			stall_timeout: Duration::from_secs(30),
			cors: None,
			backlog: 4_096,
		}
	}
}

/// Reason why a front does not start.
#[derive(Debug)]
pub enum FrontError {
	/// No address to listen on.
	NoListener,
	/// The address is taken or not of this machine.
	Listen(SocketAddr, io::Error),
	/// A thread or a runtime could not be started.
	Start(io::Error),
	/// A file of the certificate or key is not readable.
	File(PathBuf, String),
	/// Certificate and key do not fit together, or are of an unknown kind.
	Tls(rustls::Error),
}

impl fmt::Display for FrontError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoListener => f.write_str("no address to listen on"),
			Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
			Self::Start(error) => write!(f, "cannot start a thread: {error}"),
			Self::File(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Tls(error) => write!(f, "certificate or key: {error}"),
		}
	}
}

impl Error for FrontError {}
