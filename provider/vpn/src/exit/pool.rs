// SPDX-License-Identifier: Apache-2.0

//! Networks, and the pool of addresses inside the tunnels.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
	fmt,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	str::FromStr,
};

/// Network: an address and the length of its prefix, such as `10.66.0.0/16`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Net {
	address: IpAddr,
	prefix: u8,
}

/// Text that is no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NetFault;

impl fmt::Display for NetFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("not a network: write its first address and the prefix, such as 10.66.0.0/16")
	}
}

impl std::error::Error for NetFault {}

impl Net {
	/// Network of an address without host bits.
	pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
		let net = Self { address, prefix };
		(prefix <= net.width() && net.contains_exactly(address)).then_some(net)
	}

	/// Length of the prefix.
	pub fn prefix(&self) -> u8 {
		self.prefix
	}

	/// True for a network of IPv4.
	pub fn is_ipv4(&self) -> bool {
		self.address.is_ipv4()
	}

	/// True if the address is part of the network.
	pub fn contains(&self, address: IpAddr) -> bool {
		self.address.is_ipv4() == address.is_ipv4()
			&& masked(address, self.prefix) == bits(self.address)
	}

	/// True if the networks have an address in common.
	pub fn overlaps(&self, other: &Self) -> bool {
		self.contains(other.address) || other.contains(self.address)
	}

	fn width(&self) -> u8 {
		if self.address.is_ipv4() { 32 } else { 128 }
	}

	fn contains_exactly(&self, address: IpAddr) -> bool {
		masked(address, self.prefix) == bits(address)
	}
}

/// Address as a number whose first bit is the first bit of the address.
fn bits(address: IpAddr) -> u128 {
	match address {
		IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
		IpAddr::V6(address) => address.to_bits(),
	}
}

fn masked(address: IpAddr, prefix: u8) -> u128 {
	let host = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
	bits(address) & !host
}

impl FromStr for Net {
	type Err = NetFault;

	fn from_str(text: &str) -> Result<Self, NetFault> {
		let (address, prefix) = text.split_once('/').ok_or(NetFault)?;
		let address = address.parse().map_err(|_| NetFault)?;
		Self::new(address, prefix.parse().map_err(|_| NetFault)?).ok_or(NetFault)
	}
}

impl fmt::Display for Net {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}/{}", self.address, self.prefix)
	}
}

impl Serialize for Net {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Net {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
	}
}

/// Index of a peer's addresses in the pool. The exit itself has the first.
pub type Index = u16;

/// Addresses inside the tunnels: of each peer one of both families.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
	/// Private IPv4 network, `/16` to `/28`.
	pub ipv4: Net,
	/// Unique local IPv6 network, `/48` to `/112`.
	pub ipv6: Net,
}

/// Index of the exit.
pub const EXIT: Index = 1;

impl Pool {
	/// Reason for which the networks are no pool.
	pub fn fault(&self) -> Option<&'static str> {
		let is_v4 = match self.ipv4.address {
			IpAddr::V4(address) => address.is_private() && (16..=28).contains(&self.ipv4.prefix),
			IpAddr::V6(_) => false,
		};
		let is_v6 = match self.ipv6.address {
			IpAddr::V6(address) => {
				address.is_unique_local() && (48..=112).contains(&self.ipv6.prefix)
			},
			IpAddr::V4(_) => false,
		};
		match (is_v4, is_v6) {
			(false, _) => Some("the IPv4 pool must be a /16 to /28 of 10/8, 172.16/12, 192.168/16"),
			(_, false) => Some("the IPv6 pool must be a /48 to /112 of fc00::/7"),
			_ => None,
		}
	}

	/// Last index.
	pub fn last(&self) -> Index {
		let hosts = u32::MAX.checked_shr(self.ipv4.prefix.into()).unwrap_or(0);
		// Without the address of broadcasts.
		Index::try_from(hosts.saturating_sub(1)).unwrap_or(Index::MAX)
	}

	/// Addresses of an index.
	pub fn addresses(&self, index: Index) -> (Ipv4Addr, Ipv6Addr) {
		let host = u128::from(index);
		let v4 = (bits(self.ipv4.address) >> 96) | host;
		let v6 = bits(self.ipv6.address) | host;
		(Ipv4Addr::from_bits(u32::try_from(v4).unwrap_or(0)), Ipv6Addr::from_bits(v6))
	}

	/// True if the address is inside the tunnels.
	pub fn contains(&self, address: IpAddr) -> bool {
		self.ipv4.contains(address) || self.ipv6.contains(address)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn net(text: &str) -> Net {
		text.parse().unwrap()
	}

	#[test]
	fn networks_are_what_they_say() {
		assert!(net("10.66.0.0/16").contains("10.66.255.255".parse().unwrap()));
		assert!(!net("10.66.0.0/16").contains("10.67.0.0".parse().unwrap()));
		assert!(!net("0.0.0.0/0").contains("::1".parse().unwrap()));
		assert!(net("::/0").contains("ff::1".parse().unwrap()));
		assert!(net("10.0.0.0/8").overlaps(&net("10.66.0.0/16")));
		assert!(net("10.66.0.0/16").overlaps(&net("10.0.0.0/8")));
		assert!(!net("10.66.0.0/16").overlaps(&net("10.67.0.0/16")));
		for bad in ["10.66.0.1/16", "10.0.0.0/33", "::/129", "10.0.0.0", "x/8", "10.0.0.0/-1"] {
			assert!(bad.parse::<Net>().is_err(), "{bad}");
		}
	}

	#[test]
	fn addresses_of_a_pool_are_distinct_and_inside() {
		let pool = Pool { ipv4: net("192.168.7.240/28"), ipv6: net("fd00:1:2:3::/64") };
		assert_eq!(pool.fault(), None);
		assert_eq!(pool.last(), 14);
		let (v4, v6) = pool.addresses(14);
		assert_eq!(
			(v4.to_string(), v6.to_string()),
			("192.168.7.254".into(), "fd00:1:2:3::e".into())
		);
		assert!(pool.contains(v4.into()) && pool.contains(v6.into()));
		let wide = Pool { ipv4: net("10.66.0.0/16"), ..pool };
		assert_eq!(wide.last(), 65_534);
		assert_eq!(wide.addresses(65_534).0.to_string(), "10.66.255.254");
	}

	#[test]
	fn public_and_odd_networks_are_no_pool() {
		let pool = |v4, v6| Pool { ipv4: net(v4), ipv6: net(v6) }.fault().is_some();
		assert!(pool("11.0.0.0/16", "fd00::/64"));
		assert!(pool("10.0.0.0/8", "fd00::/64"));
		assert!(pool("10.66.0.0/16", "2001:4860::/64"));
		assert!(pool("10.66.0.0/16", "10.66.0.0/16"));
		assert!(!pool("10.66.0.0/16", "fd00::/64"));
	}
}
