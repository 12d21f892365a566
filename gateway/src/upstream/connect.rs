// SPDX-License-Identifier: Apache-2.0

//! New connections: addresses, TCP, TLS.

use super::{Endpoint, Scheme, UpstreamError};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
	cell::{Cell, RefCell},
	io,
	net::SocketAddr,
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
	time::Duration,
};
use surety_primitives::endpoint::forbidden;
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	net::{TcpStream, lookup_host},
	time::{self, Instant},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Time for which the addresses of a host are used again.
const ADDRESSES_KEPT: Duration = Duration::from_secs(30);
/// Maximum number of addresses of a host that are tried.
const MAX_ADDRESSES: usize = 8;

/// Settings of new connections.
#[derive(Clone, Debug)]
pub struct ConnectSettings {
	/// Time for address, TCP and TLS together.
	pub timeout: Duration,
	/// Connect to private addresses and this machine. Only for endpoints that the owner of this
	/// process chose: a listing could otherwise reach into the owner's network.
	pub allow_private: bool,
	/// TLS configuration of [`client_config`](super::client_config).
	pub tls: Arc<ClientConfig>,
}

impl ConnectSettings {
	/// Five seconds, public addresses only.
	pub fn new(tls: Arc<ClientConfig>) -> Self {
		Self { timeout: Duration::from_secs(5), allow_private: false, tls }
	}
}

/// Maker of connections to one endpoint.
#[derive(Debug)]
pub struct Connector {
	endpoint: Endpoint,
	settings: ConnectSettings,
	/// Addresses of the host and the time of the look-up.
	addresses: RefCell<Option<(Vec<SocketAddr>, Instant)>>,
	/// Address that the next connection tries first.
	next: Cell<usize>,
}

impl Connector {
	/// Maker of connections to an endpoint.
	pub fn new(endpoint: Endpoint, settings: ConnectSettings) -> Self {
		Self { endpoint, settings, addresses: RefCell::default(), next: Cell::default() }
	}

	/// Endpoint to which it connects.
	pub fn endpoint(&self) -> &Endpoint {
		&self.endpoint
	}

	/// Make a connection.
	///
	/// Errors: [`UpstreamError::Resolve`], [`Forbidden`](UpstreamError::Forbidden),
	/// [`Connect`](UpstreamError::Connect), [`Tls`](UpstreamError::Tls).
	pub async fn connect(&self) -> Result<Stream, UpstreamError> {
		time::timeout(self.settings.timeout, self.try_connect())
			.await
			.unwrap_or(Err(UpstreamError::Connect(io::ErrorKind::TimedOut)))
	}

	async fn try_connect(&self) -> Result<Stream, UpstreamError> {
		let addresses = self.addresses().await?;
		let turn = self.next.get();
		self.next.set(turn.wrapping_add(1));
		let count = addresses.len();
		// A host with several addresses must not lose all of the time to a dead one.
		let share = u32::try_from(count).unwrap_or(u32::MAX).max(1);
		let share = self.settings.timeout.checked_div(share).unwrap_or(self.settings.timeout);
		let start = turn.checked_rem(count).unwrap_or(0);
		let mut last = UpstreamError::Resolve;
		for address in addresses.iter().cycle().skip(start).take(count) {
			match time::timeout(share, TcpStream::connect(address)).await {
				Ok(Ok(socket)) => return self.secure(socket).await,
				Ok(Err(error)) => last = UpstreamError::Connect(error.kind()),
				Err(_) => last = UpstreamError::Connect(io::ErrorKind::TimedOut),
			}
		}
		// Perhaps the host moved.
		self.addresses.replace(None);
		Err(last)
	}

	async fn addresses(&self) -> Result<Vec<SocketAddr>, UpstreamError> {
		if let Some((addresses, at)) = &*self.addresses.borrow()
			&& at.elapsed() < ADDRESSES_KEPT
		{
			return Ok(addresses.clone());
		}
		let host = (self.endpoint.host(), self.endpoint.port());
		let found = lookup_host(host).await.map_err(|_| UpstreamError::Resolve)?;
		let mut refused = None;
		let allowed = found.filter(|address| match forbidden(address.ip()) {
			Some(reason) if !(self.settings.allow_private && reason.is_private()) => {
				refused = Some(reason);
				false
			},
			_ => true,
		});
		let addresses: Vec<_> = allowed.take(MAX_ADDRESSES).collect();
		if addresses.is_empty() {
			return Err(refused.map_or(UpstreamError::Resolve, UpstreamError::Forbidden));
		}
		self.addresses.replace(Some((addresses.clone(), Instant::now())));
		Ok(addresses)
	}

	async fn secure(&self, socket: TcpStream) -> Result<Stream, UpstreamError> {
		socket.set_nodelay(true).map_err(|error| UpstreamError::Connect(error.kind()))?;
		if self.endpoint.scheme() == Scheme::Http {
			return Ok(Stream::Plain(socket));
		}
		let tls = |error: &dyn ToString| UpstreamError::Tls(error.to_string());
		let name = ServerName::try_from(self.endpoint.host().to_owned());
		let name = name.map_err(|error| tls(&error))?;
		let connector = TlsConnector::from(self.settings.tls.clone());
		let secured = connector.connect(name, socket).await.map_err(|error| tls(&error))?;
		Ok(Stream::Tls(Box::new(secured)))
	}
}

/// Connection to a server.
#[derive(Debug)]
pub enum Stream {
	/// Plain TCP.
	Plain(TcpStream),
	/// TLS.
	Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
	fn poll_read(
		self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		match self.get_mut() {
			Self::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
			Self::Tls(socket) => Pin::new(socket).poll_read(cx, buffer),
		}
	}
}

impl AsyncWrite for Stream {
	fn poll_write(
		self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		match self.get_mut() {
			Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
			Self::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
		}
	}

	fn poll_write_vectored(
		self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		parts: &[io::IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		match self.get_mut() {
			Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, parts),
			Self::Tls(socket) => Pin::new(socket).poll_write_vectored(cx, parts),
		}
	}

	fn is_write_vectored(&self) -> bool {
		match self {
			Self::Plain(socket) => socket.is_write_vectored(),
			Self::Tls(socket) => socket.is_write_vectored(),
		}
	}

	fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		match self.get_mut() {
			Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
			Self::Tls(socket) => Pin::new(socket).poll_flush(cx),
		}
	}

	fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		match self.get_mut() {
			Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
			Self::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
		}
	}
}
