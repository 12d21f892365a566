// SPDX-License-Identifier: Apache-2.0

//! Opens the connection of a probe: resolve the host, check every address, connect to a checked
//! one. Datagrams are sent to a checked one, too.

use super::{
	address_filter::{AddressFilter, Refusal},
	budget::{Budget, Permit},
	failure::Failure,
	resolver::Resolver,
};
use hyper::Uri;
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::{
	net::{TcpSocket, TcpStream},
	time::timeout,
};

/// Maximum number of addresses that are tried. All addresses of the name are checked.
const MAX_TRIES: usize = 4;

/// Opens TCP connections that pass an [`AddressFilter`].
pub struct Connector {
	/// Filter of addresses.
	pub filter: AddressFilter,
	/// Budget of the address. Own anchors have none.
	pub budget: Option<Arc<Budget>>,
	/// Source address of connections.
	pub egress: Option<Ipv4Addr>,
	/// DNS resolver.
	pub resolver: Arc<Resolver>,
	/// Timeout of a DNS lookup.
	pub lookup_timeout: Duration,
	/// Timeout of a connection attempt to one address.
	pub connect_timeout: Duration,
}

impl Connector {
	/// Connect to the host of `uri`. Also returns the permit that the budget granted.
	pub async fn connect(&self, uri: &Uri) -> Result<(TcpStream, Option<Permit>), Failure> {
		let host = uri.host().ok_or(Failure::Dns)?;
		let port =
			uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
		for address in self.addresses(host).await?.into_iter().take(MAX_TRIES) {
			let permit = self.permit(address, host)?;
			if let Ok(Ok(stream)) =
				timeout(self.connect_timeout, self.open((address, port).into())).await
			{
				return Ok((stream, permit));
			}
		}
		Err(Failure::Connect)
	}

	/// Address of `host` for datagrams: the first one, as clients of a VPN use it. Also returns the
	/// permit that the budget granted.
	pub async fn admit(&self, host: &str) -> Result<(Ipv4Addr, Option<Permit>), Failure> {
		let address = self.addresses(host).await?.first().copied().ok_or(Failure::Dns)?;
		Ok((address, self.permit(address, host)?))
	}

	/// Addresses of `host`, all of which a probe may connect to.
	async fn addresses(&self, host: &str) -> Result<Vec<Ipv4Addr>, Failure> {
		let addresses = self.resolve(host).await?;
		// One forbidden address rejects the name: an honest service has no reason to list one.
		for address in &addresses {
			if let Some(refusal) = self.filter.refuse(*address) {
				return Err(Failure::Forbidden((*address).into(), refusal));
			}
		}
		Ok(addresses)
	}

	fn permit(&self, address: Ipv4Addr, host: &str) -> Result<Option<Permit>, Failure> {
		let budget = self.budget.as_ref();
		budget.map(|budget| budget.admit(address, host).ok_or(Failure::Budget)).transpose()
	}

	async fn resolve(&self, host: &str) -> Result<Vec<Ipv4Addr>, Failure> {
		let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
		match bare.parse::<IpAddr>() {
			Ok(IpAddr::V4(address)) => return Ok(vec![address]),
			Ok(address) => return Err(Failure::Forbidden(address, Refusal::V6)),
			Err(_) => (),
		}
		let addresses =
			timeout(self.lookup_timeout, self.resolver.addresses(bare)).await.unwrap_or_default();
		if addresses.is_empty() { Err(Failure::Dns) } else { Ok(addresses) }
	}

	async fn open(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
		let socket = TcpSocket::new_v4()?;
		if let Some(egress) = self.egress {
			socket.bind((egress, 0).into())?;
		}
		let stream = socket.connect(address).await?;
		// A probe is one small write and one small read.
		stream.set_nodelay(true)?;
		Ok(stream)
	}
}
