// SPDX-License-Identifier: Apache-2.0

//! Address ranges, and those that no tenant may reach.

use serde::{Deserialize, Serialize};
use std::{
	fmt,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	str::FromStr,
};

/// Range of addresses, such as `10.0.0.0/8` or `fc00::/7`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
	address: IpAddr,
	prefix: u8,
}

impl Cidr {
	/// Range of an address and a prefix length. The bits behind the prefix are cleared.
	pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
		let address = match address {
			IpAddr::V4(v4) if prefix <= 32 => {
				let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix.into())).unwrap_or(0);
				IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
			},
			IpAddr::V6(v6) if prefix <= 128 => {
				let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix.into())).unwrap_or(0);
				IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
			},
			_ => return None,
		};
		Some(Self { address, prefix })
	}

	/// First address.
	pub fn address(&self) -> IpAddr {
		self.address
	}

	/// Length of the prefix in bits.
	pub fn prefix(&self) -> u8 {
		self.prefix
	}

	/// True for a range of IPv4 addresses.
	pub fn is_v4(&self) -> bool {
		self.address.is_ipv4()
	}

	/// True if the address is in the range.
	pub fn contains(&self, address: IpAddr) -> bool {
		self.is_v4() == address.is_ipv4()
			&& Self::new(address, self.prefix).is_some_and(|range| range.address == self.address)
	}
}

impl FromStr for Cidr {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (address, prefix) = match text.split_once('/') {
			Some((address, prefix)) => (address, Some(prefix)),
			None => (text, None),
		};
		let address: IpAddr =
			address.trim().parse().map_err(|_| format!("{text}: not an address range"))?;
		let prefix = match prefix {
			Some(prefix) => {
				prefix.trim().parse().map_err(|_| format!("{text}: not a prefix length"))?
			},
			None if address.is_ipv4() => 32,
			None => 128,
		};
		Self::new(address, prefix).ok_or_else(|| format!("{text}: the prefix is too long"))
	}
}

impl TryFrom<String> for Cidr {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		text.parse()
	}
}

impl From<Cidr> for String {
	fn from(range: Cidr) -> Self {
		range.to_string()
	}
}

impl fmt::Display for Cidr {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}/{}", self.address, self.prefix)
	}
}

/// Ranges that are not the public internet: private, shared, loopback, link-local with the metadata
/// services of clouds, documentation, multicast, and the IPv6 forms that embed an IPv4 address.
/// `168.63.129.16` is Azure's host, a public address that is not.
const RESERVED: &[&str] = &[
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"168.63.129.16/32",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/4",
	"240.0.0.0/4",
	"::/96",
	"::ffff:0.0.0.0/96",
	"64:ff9b::/96",
	"64:ff9b:1::/48",
	"100::/64",
	"2001::/23",
	"2001:db8::/32",
	"2002::/16",
	"fc00::/7",
	"fe80::/10",
	"fec0::/10",
	"ff00::/8",
];

/// Reserved ranges, and those of the operator.
pub fn forbidden(extra: &[Cidr]) -> Vec<Cidr> {
	RESERVED.iter().filter_map(|range| range.parse().ok()).chain(extra.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_reserved_range_parses_and_is_canonical() {
		assert_eq!(forbidden(&[]).len(), RESERVED.len());
		for text in RESERVED {
			assert_eq!(&text.parse::<Cidr>().unwrap().to_string(), text);
		}
	}

	#[test]
	fn addresses_are_found_in_their_ranges() {
		let ranges = forbidden(&["8.8.8.0/24".parse().unwrap()]);
		let hit = |text: &str| ranges.iter().any(|r| r.contains(text.parse().unwrap()));
		for bad in [
			"10.1.2.3",
			"127.0.0.1",
			"169.254.169.254",
			"168.63.129.16",
			"100.100.100.200",
			"8.8.8.8",
			"::1",
			"::ffff:10.0.0.1",
			"fd00:ec2::254",
			"fe80::1",
			"64:ff9b::a00:1",
		] {
			assert!(hit(bad), "{bad}");
		}
		for good in ["1.1.1.1", "168.63.129.17", "2606:4700::1111", "100.128.0.1"] {
			assert!(!hit(good), "{good}");
		}
	}

	#[test]
	fn nonsense_is_refused() {
		for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "10.0.0.0/-1"] {
			assert!(text.parse::<Cidr>().is_err(), "{text}");
		}
		assert_eq!("10.1.2.3/8".parse::<Cidr>().unwrap().to_string(), "10.0.0.0/8");
		assert_eq!("0.0.0.0/0".parse::<Cidr>().unwrap().to_string(), "0.0.0.0/0");
	}
}
