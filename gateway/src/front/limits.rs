// SPDX-License-Identifier: Apache-2.0

//! Counts that the workers share: connections in all and by address, requests in progress.

use parking_lot::Mutex;
use std::{
	collections::HashMap,
	fmt,
	net::{IpAddr, Ipv6Addr},
	str::FromStr,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering::Relaxed},
	},
};

/// Prefix of an address within which clients count as one: an IPv4 address, or the /64 of an IPv6
/// address, which is what one household or machine has.
pub fn host_of(address: IpAddr) -> IpAddr {
	match address.to_canonical() {
		IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
		v4 => v4,
	}
}

/// Range of addresses, such as `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressRange {
	first: IpAddr,
	/// Bits that all addresses of the range share.
	prefix: u32,
}

/// Text that is not a range of addresses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressRangeError(String);

impl fmt::Display for AddressRangeError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: not an address or a range such as 10.0.0.0/8", self.0)
	}
}

impl std::error::Error for AddressRangeError {}

impl FromStr for AddressRange {
	type Err = AddressRangeError;

	fn from_str(text: &str) -> Result<Self, AddressRangeError> {
		let fault = || AddressRangeError(text.chars().take(64).collect());
		let (address, prefix) = match text.split_once('/') {
			Some((address, prefix)) => (address, Some(prefix)),
			None => (text, None),
		};
		let first: IpAddr = address.parse().map_err(|_| fault())?;
		let bits = if first.is_ipv4() { 32 } else { 128 };
		let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| fault())?;
		if prefix > bits {
			return Err(fault());
		}
		Ok(Self { first, prefix })
	}
}

impl From<IpAddr> for AddressRange {
	fn from(address: IpAddr) -> Self {
		Self { first: address, prefix: if address.is_ipv4() { 32 } else { 128 } }
	}
}

impl AddressRange {
	/// True if an address is in the range.
	pub fn contains(&self, address: IpAddr) -> bool {
		// The bits that differ have to be below the prefix.
		let differing = match (self.first, address.to_canonical()) {
			(IpAddr::V4(first), IpAddr::V4(other)) => {
				u128::from(first.to_bits() ^ other.to_bits()) << 96
			},
			(IpAddr::V6(first), IpAddr::V6(other)) => first.to_bits() ^ other.to_bits(),
			_ => return false,
		};
		differing.leading_zeros() >= self.prefix
	}
}

/// True if an address is in one of the ranges.
pub fn is_in(ranges: &[AddressRange], address: IpAddr) -> bool {
	ranges.iter().any(|range| range.contains(address))
}

/// Open connections of a front.
#[derive(Debug)]
pub struct Connections {
	total: AtomicUsize,
	by_host: Mutex<HashMap<IpAddr, Host>>,
	max_total: usize,
	max_per_host: usize,
}

/// Use of one host.
#[derive(Debug)]
struct Host {
	connections: usize,
	/// As many as connections: streams of HTTP/2 give no more.
	requests: Arc<Gauge>,
}

/// Reason why a connection is not served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
	/// Too many connections in all.
	Total,
	/// Too many connections of the address.
	PerAddress,
}

impl Connections {
	/// Counts with their limits.
	pub fn new(max_total: usize, max_per_host: usize) -> Arc<Self> {
		Arc::new(Self {
			total: AtomicUsize::new(0),
			by_host: Mutex::default(),
			max_total,
			max_per_host,
		})
	}

	/// Number of open connections.
	pub fn open(&self) -> usize {
		self.total.load(Relaxed)
	}

	/// Count a connection until the returned value is dropped.
	///
	/// - `address`: of the client. `None`: no limit by address, for trusted proxies.
	pub fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Admitted, Refused> {
		if self.open() >= self.max_total {
			return Err(Refused::Total);
		}
		let host = address.map(host_of);
		let mut requests = None;
		if let Some(host) = host {
			let mut hosts = self.by_host.lock();
			let fresh = || Host { connections: 0, requests: Gauge::new(self.max_per_host) };
			let host = hosts.entry(host).or_insert_with(fresh);
			if host.connections >= self.max_per_host {
				return Err(Refused::PerAddress);
			}
			host.connections = host.connections.saturating_add(1);
			requests = Some(Arc::clone(&host.requests));
		}
		self.total.fetch_add(1, Relaxed);
		Ok(Admitted { connections: self.clone(), host, requests })
	}
}

/// Connection that is counted.
#[derive(Debug)]
pub struct Admitted {
	connections: Arc<Connections>,
	host: Option<IpAddr>,
	/// Requests in progress of the host. `None`: without a limit.
	pub requests: Option<Arc<Gauge>>,
}

impl Drop for Admitted {
	fn drop(&mut self) {
		self.connections.total.fetch_sub(1, Relaxed);
		let Some(host) = self.host else { return };
		let mut hosts = self.connections.by_host.lock();
		if let Some(use_of) = hosts.get_mut(&host) {
			use_of.connections = use_of.connections.saturating_sub(1);
			if use_of.connections == 0 {
				hosts.remove(&host);
			}
		}
	}
}

/// Count with a limit, shared by all workers.
#[derive(Debug)]
pub struct Gauge {
	count: AtomicUsize,
	max: usize,
}

impl Gauge {
	/// Empty count.
	pub fn new(max: usize) -> Arc<Self> {
		Arc::new(Self { count: AtomicUsize::new(0), max })
	}

	/// Number in progress.
	pub fn count(&self) -> usize {
		self.count.load(Relaxed)
	}

	/// Add one. Returns false if the limit is reached.
	pub fn enter(&self) -> bool {
		if self.count.fetch_add(1, Relaxed) < self.max {
			return true;
		}
		self.leave();
		false
	}

	/// Take one away that was added.
	pub fn leave(&self) {
		self.count.fetch_sub(1, Relaxed);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn connections_are_limited_in_all_and_by_address() {
		let connections = Connections::new(3, 2);
		let a = Some(IpAddr::from([10, 0, 0, 1]));
		let b = Some(IpAddr::from([10, 0, 0, 2]));
		let first = connections.admit(a).unwrap();
		let _second = connections.admit(a).unwrap();
		assert_eq!(connections.admit(a).unwrap_err(), Refused::PerAddress);
		let _third = connections.admit(b).unwrap();
		assert_eq!(connections.admit(b).unwrap_err(), Refused::Total);
		drop(first);
		assert_eq!(connections.open(), 2);
		let _again = connections.admit(a).unwrap();
	}

	#[test]
	fn a_trusted_proxy_has_no_limit_by_address_and_leaves_no_entry() {
		let connections = Connections::new(3, 1);
		let kept: Vec<_> = (0..3).map(|_| connections.admit(None).unwrap()).collect();
		assert!(connections.by_host.lock().is_empty());
		drop(kept);
		drop(connections.admit(Some(IpAddr::from([1, 2, 3, 4]))));
		assert!(connections.by_host.lock().is_empty());
		assert_eq!(connections.open(), 0);
	}

	#[test]
	fn addresses_of_one_v6_network_are_one_host() {
		let host = |text: &str| host_of(text.parse().unwrap());
		assert_eq!(host("2001:db8::1"), host("2001:db8::ffff:1:2:3"));
		assert_ne!(host("2001:db8::1"), host("2001:db8:0:1::1"));
		assert_eq!(host("::ffff:10.0.0.1"), host("10.0.0.1"));
		assert_ne!(host("10.0.0.1"), host("10.0.0.2"));
	}

	#[test]
	fn a_range_contains_what_shares_its_prefix() {
		let contains = |range: &str, address: &str| {
			range.parse::<AddressRange>().unwrap().contains(address.parse().unwrap())
		};
		assert!(contains("10.0.0.0/8", "10.255.1.2"));
		assert!(contains("10.1.2.3/8", "::ffff:10.9.9.9"));
		assert!(!contains("10.0.0.0/8", "11.0.0.0"));
		assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1", "10.0.0.2"));
		assert!(contains("0.0.0.0/0", "1.2.3.4") && !contains("0.0.0.0/0", "2001:db8::1"));
		assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
		assert!(!contains("2001:db8::/32", "2001:db9::1"));
		assert!(contains("::/0", "::1") && !contains("::1", "::2"));
		for text in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "::/129", "10.0.0.0/-1", "a.org"] {
			assert!(text.parse::<AddressRange>().is_err(), "{text}");
		}
	}

	#[test]
	fn a_gauge_never_exceeds_its_limit() {
		let gauge = Gauge::new(2);
		assert!(gauge.enter() && gauge.enter() && !gauge.enter());
		gauge.leave();
		assert!(gauge.enter());
		assert_eq!(gauge.count(), 2);
	}
}
