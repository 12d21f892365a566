// SPDX-License-Identifier: Apache-2.0

//! Addresses that are not on the public internet. Listings are checked against this list, and so is
//! the address to which a probe connects.

use core::{
	fmt,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Reason why an address is not on the public internet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
	/// This machine: `127.0.0.0/8`, `::1`.
	Loopback,
	/// Private network: `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, `fec0::/10`.
	Private,
	/// Carrier-grade NAT: `100.64.0.0/10`.
	SharedNat,
	/// Link-local: `169.254.0.0/16`, `fe80::/10`.
	LinkLocal,
	/// Metadata server of a cloud.
	Metadata,
	/// No address: `0.0.0.0/8`, `::`.
	Unspecified,
	/// Multicast.
	Multicast,
	/// `255.255.255.255`.
	Broadcast,
	/// Reserved for documentation.
	Documentation,
	/// Reserved for benchmarks: `198.18.0.0/15`, `2001:2::/48`.
	Benchmarking,
	/// IPv4 address inside an IPv6 address: mapped, compatible, translated, NAT64, 6to4, Teredo.
	Embedded,
	/// Any other address that is not assigned for use on the internet.
	Reserved,
}

impl Reason {
	/// True if a chain that allows private endpoints (dev, local testnet) lets probes connect to
	/// it.
	pub fn is_private(self) -> bool {
		matches!(self, Self::Loopback | Self::Private | Self::SharedNat | Self::LinkLocal)
	}
}

impl fmt::Display for Reason {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Loopback => "loopback",
			Self::Private => "private network",
			Self::SharedNat => "carrier-grade NAT",
			Self::LinkLocal => "link-local",
			Self::Metadata => "cloud metadata server",
			Self::Unspecified => "unspecified",
			Self::Multicast => "multicast",
			Self::Broadcast => "broadcast",
			Self::Documentation => "documentation",
			Self::Benchmarking => "benchmarking",
			Self::Embedded => "IPv4 embedded in IPv6",
			Self::Reserved => "reserved",
		})
	}
}

/// Reason why `address` is not on the public internet; `None` if it is.
pub fn forbidden(address: IpAddr) -> Option<Reason> {
	match address {
		IpAddr::V4(v4) => forbidden_v4(v4),
		IpAddr::V6(v6) => forbidden_v6(v6),
	}
}

fn forbidden_v4(address: Ipv4Addr) -> Option<Reason> {
	let octets = address.octets();
	Some(match octets {
		// AWS and most others; Alibaba; Azure (a public address that only its own machines reach);
		// Oracle.
		[169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
			Reason::Metadata
		},
		[255, 255, 255, 255] => Reason::Broadcast,
		[0, ..] => Reason::Unspecified,
		[127, ..] => Reason::Loopback,
		[10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reason::Private,
		[100, 64..=127, ..] => Reason::SharedNat,
		[169, 254, ..] => Reason::LinkLocal,
		[192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reason::Documentation,
		[198, 18..=19, ..] => Reason::Benchmarking,
		[224..=239, ..] => Reason::Multicast,
		// Protocol assignments, the former 6to4 relay, and class E.
		[192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Reason::Reserved,
		_ => return None,
	})
}

fn forbidden_v6(address: Ipv6Addr) -> Option<Reason> {
	Some(match address.segments() {
		[0, 0, 0, 0, 0, 0, 0, 0] => Reason::Unspecified,
		[0, 0, 0, 0, 0, 0, 0, 1] => Reason::Loopback,
		// AWS and Google over IPv6.
		[0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
			Reason::Metadata
		},
		// Compatible `::/96`, mapped `::ffff:0:0/96`, translated `::ffff:0:0:0/96`.
		[0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => Reason::Embedded,
		// NAT64, well-known and local-use prefix.
		[0x64, 0xff9b, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 1, ..] => Reason::Embedded,
		[0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Reason::Private,
		[0xfe80..=0xfebf, ..] => Reason::LinkLocal,
		[0xff00..=0xffff, ..] => Reason::Multicast,
		// 6to4 and Teredo.
		[0x2002, ..] | [0x2001, 0, ..] => Reason::Embedded,
		[0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Reason::Documentation,
		[0x2001, 2, 0, ..] => Reason::Benchmarking,
		// The rest of the protocol assignments `2001::/23`.
		[0x2001, 0..=0x01ff, ..] => Reason::Reserved,
		// Global unicast is `2000::/3`; nothing outside it is in use on the internet.
		[0x2000..=0x3fff, ..] => return None,
		_ => Reason::Reserved,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn check(address: &str) -> Option<Reason> {
		forbidden(address.parse().unwrap())
	}

	#[test]
	fn public_addresses_pass() {
		for address in [
			"1.1.1.1",
			"8.8.8.8",
			"9.255.255.255",
			"11.0.0.0",
			"100.63.255.255",
			"100.128.0.0",
			"126.255.255.255",
			"128.0.0.0",
			"169.253.255.255",
			"172.15.255.255",
			"172.32.0.0",
			"192.0.1.0",
			"192.167.255.255",
			"192.169.0.0",
			"198.17.255.255",
			"198.20.0.0",
			"223.255.255.255",
			"2606:4700:4700::1111",
			"2001:4860:4860::8888",
			"2a00:1450::1",
		] {
			assert_eq!(check(address), None, "{address}");
		}
	}

	#[test]
	fn addresses_that_are_not_public_are_refused_with_a_reason() {
		use Reason::*;
		for (address, reason) in [
			("127.0.0.1", Loopback),
			("127.255.255.254", Loopback),
			("0.0.0.0", Unspecified),
			("0.1.2.3", Unspecified),
			("10.0.0.1", Private),
			("172.16.0.1", Private),
			("172.31.255.255", Private),
			("192.168.1.1", Private),
			("100.64.0.1", SharedNat),
			("100.127.255.255", SharedNat),
			("169.254.0.1", LinkLocal),
			("169.254.169.254", Metadata),
			("100.100.100.200", Metadata),
			("168.63.129.16", Metadata),
			("192.0.0.192", Metadata),
			("192.0.0.8", Reserved),
			("192.0.2.55", Documentation),
			("198.51.100.1", Documentation),
			("203.0.113.1", Documentation),
			("198.18.0.1", Benchmarking),
			("198.19.255.255", Benchmarking),
			("224.0.0.1", Multicast),
			("239.255.255.255", Multicast),
			("240.0.0.1", Reserved),
			("254.1.1.1", Reserved),
			("255.255.255.255", Broadcast),
			("::", Unspecified),
			("::1", Loopback),
			("::7f00:1", Embedded),
			("::ffff:127.0.0.1", Embedded),
			("::ffff:8.8.8.8", Embedded),
			("::ffff:0:127.0.0.1", Embedded),
			("64:ff9b::7f00:1", Embedded),
			("64:ff9b:1::1", Embedded),
			("2002:7f00:1::", Embedded),
			("2001::1", Embedded),
			("2001:0:4136:e378:8000:63bf:3fff:fdd2", Embedded),
			("2001:db8::1", Documentation),
			("3fff::1", Documentation),
			("2001:2::1", Benchmarking),
			("2001:20::1", Reserved),
			("fc00::1", Private),
			("fdff::1", Private),
			("fd00:ec2::254", Metadata),
			("fd20:ce::254", Metadata),
			("fe80::1", LinkLocal),
			("febf::1", LinkLocal),
			("fec0::1", Private),
			("ff02::1", Multicast),
			("100::1", Reserved),
			("5f00::1", Reserved),
			("4000::1", Reserved),
		] {
			assert_eq!(check(address), Some(reason), "{address}");
		}
	}

	#[test]
	fn a_private_chain_still_refuses_metadata_servers_and_non_addresses() {
		for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"] {
			assert!(check(address).unwrap().is_private(), "{address}");
		}
		for address in
			["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::ffff:127.0.0.1"]
		{
			assert!(!check(address).unwrap().is_private(), "{address}");
		}
	}
}
