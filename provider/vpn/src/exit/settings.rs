// SPDX-License-Identifier: Apache-2.0

//! Settings of an exit.

use super::{
	fault::ExitError,
	pool::{Net, Pool},
};
use crate::tunnel::{Endpoint, MAX_DNS};
use std::{
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	path::PathBuf,
	time::Duration,
};

/// Settings of an exit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
	/// Name of the TUN device, at most 15 of `a-z`, `0-9`, `-`.
	pub interface: String,
	/// Network namespace to run in, as `ip netns` knows it.
	pub namespace: Option<String>,
	/// Directory of key and peers. It is made if it is missing.
	pub directory: PathBuf,
	/// UDP port. 0 for any.
	pub port: u16,
	/// Address that peers are told to connect to.
	pub endpoint: Endpoint,
	/// Addresses of peers.
	pub pool: Pool,
	/// MTU inside the tunnel, 1280 to 1420.
	pub mtu: u16,
	/// DNS servers that peers are told, reached through the tunnel.
	pub dns: Vec<IpAddr>,
	/// Seconds between keepalives that peers are told.
	pub keepalive: u16,
	/// What peers may reach.
	pub egress: Egress,
	/// Peers of trials.
	pub trials: Trials,
	/// Time without a handshake after which the peer of an agreement is removed. Its tenant asks
	/// for a new one.
	pub stale: Duration,
}

/// What peers may reach, besides the public internet without its private ranges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Egress {
	/// TCP and UDP ports that are closed.
	pub closed_ports: Vec<u16>,
	/// Networks that are open although they are not public: a resolver, or a development network.
	pub open: Vec<Net>,
	/// Connections of one peer at a time.
	pub max_connections: u32,
	/// Address of the host under which IPv4 leaves; that of the route if there is none.
	pub ipv4: Option<Ipv4Addr>,
	/// Address of the host under which IPv6 leaves.
	pub ipv6: Option<Ipv6Addr>,
}

impl Default for Egress {
	fn default() -> Self {
		Self {
			closed_ports: vec![25],
			open: Vec::new(),
			max_connections: 4_096,
			ipv4: None,
			ipv6: None,
		}
	}
}

/// Limits of trials: peers of anybody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trials {
	/// Trials at a time.
	pub max: usize,
	/// Trials at a time of one `/24` of IPv4, or `/48` of IPv6.
	pub max_of_network: usize,
	/// Length of a trial.
	pub time: Duration,
	/// Bytes of a trial in both directions together.
	pub bytes: u64,
	/// Bits a second in each direction.
	pub bits: u64,
}

impl Default for Trials {
	fn default() -> Self {
		Self {
			max: 256,
			max_of_network: 8,
			time: Duration::from_secs(60),
			bytes: 16 * 1_024,
			bits: 1_000_000,
		}
	}
}

impl Settings {
	/// Settings with the defaults of everything that has one.
	pub fn new(
		interface: &str,
		directory: impl Into<PathBuf>,
		port: u16,
		endpoint: Endpoint,
		pool: Pool,
	) -> Self {
		Self {
			interface: interface.into(),
			namespace: None,
			directory: directory.into(),
			port,
			endpoint,
			pool,
			mtu: 1_420,
			dns: vec![[9, 9, 9, 9].into(), [1, 1, 1, 1].into()],
			keepalive: 25,
			egress: Egress::default(),
			trials: Trials::default(),
			stale: Duration::from_secs(30 * 24 * 3_600),
		}
	}

	/// Check everything that ends up in a command or has bounds.
	pub fn check(&self) -> Result<(), ExitError> {
		let name = |name: &str| {
			(1..=15).contains(&name.len())
				&& name.starts_with(|first: char| first.is_ascii_lowercase())
				&& name
					.bytes()
					.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
		};
		let fault = if !name(&self.interface) {
			Some("the interface is named by at most 15 of a-z, 0-9 and -, a letter first")
		} else if self.namespace.as_deref().is_some_and(|namespace| !name(namespace)) {
			Some("the namespace is named by at most 15 of a-z, 0-9 and -, a letter first")
		} else if !(1_280..=1_420).contains(&self.mtu) {
			Some("the MTU must be 1280 to 1420")
		} else if self.dns.len() > MAX_DNS {
			Some("at most 4 DNS servers")
		} else if self.egress.max_connections == 0 {
			Some("at least one connection per peer")
		} else if self.trials.max >= self.pool.last().into() {
			Some("more trials than addresses in the pool")
		} else {
			self.pool.fault()
		};
		fault.map_or(Ok(()), |fault| Err(ExitError::Setting(fault.into())))
	}
}
