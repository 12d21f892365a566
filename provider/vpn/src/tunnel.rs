// SPDX-License-Identifier: Apache-2.0

//! Configuration of one tunnel, as the exit assigns it and as `wg-quick` reads it.

use crate::keys::{Key, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
	fmt,
	fmt::Write,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	str::FromStr,
};

/// Maximum length of an endpoint in bytes: a DNS name, a colon and a port.
const MAX_ENDPOINT: usize = 253 + 6;
/// Maximum number of DNS servers of a tunnel.
pub const MAX_DNS: usize = 4;

/// Address of an exit: `host:port`, the host a name, an IPv4 address, or an IPv6 address in
/// brackets.
///
/// The text ends up in a file that `wg-quick` runs commands of, so nothing but the characters of a
/// host is let in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint(String);

/// Text that is no endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EndpointFault;

impl fmt::Display for EndpointFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("not an endpoint: write host:port, an IPv6 host in brackets, the port not 0")
	}
}

impl std::error::Error for EndpointFault {}

impl Endpoint {
	/// The text.
	pub fn as_str(&self) -> &str {
		&self.0
	}

	/// Host, an IPv6 address without its brackets.
	pub fn host(&self) -> &str {
		let host = self.0.rsplit_once(':').map_or("", |(host, _)| host);
		host.trim_start_matches('[').trim_end_matches(']')
	}

	/// Port.
	pub fn port(&self) -> u16 {
		self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0)
	}
}

impl FromStr for Endpoint {
	type Err = EndpointFault;

	fn from_str(text: &str) -> Result<Self, EndpointFault> {
		if text.len() > MAX_ENDPOINT {
			return Err(EndpointFault);
		}
		let (host, port) = text.rsplit_once(':').ok_or(EndpointFault)?;
		let port_is_good = port.bytes().all(|digit| digit.is_ascii_digit())
			&& port.parse::<u16>().is_ok_and(|port| port > 0);
		let host_is_good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
			Some(address) => address.parse::<Ipv6Addr>().is_ok(),
			None => {
				host.starts_with(|first: char| first.is_ascii_alphanumeric())
					&& host
						.bytes()
						.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
			},
		};
		if port_is_good && host_is_good { Ok(Self(text.into())) } else { Err(EndpointFault) }
	}
}

impl fmt::Display for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl Serialize for Endpoint {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&self.0)
	}
}

impl<'de> Deserialize<'de> for Endpoint {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
	}
}

/// Configuration of one tunnel, without the secret of the peer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Tunnel {
	/// Key of the peer.
	pub peer: Key,
	/// Key of the exit.
	pub exit: Key,
	/// Address of the exit.
	pub endpoint: Endpoint,
	/// IPv4 address of the peer inside the tunnel.
	pub ipv4: Ipv4Addr,
	/// IPv6 address of the peer inside the tunnel.
	pub ipv6: Ipv6Addr,
	/// DNS servers, reached through the tunnel. At most [`MAX_DNS`].
	#[serde(deserialize_with = "few")]
	pub dns: Vec<IpAddr>,
	/// MTU inside the tunnel.
	pub mtu: u16,
	/// Seconds between keepalives, so that a NAT in front of the peer stays open.
	pub keepalive: u16,
}

fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddr>, D::Error> {
	let servers = Vec::deserialize(deserializer)?;
	if servers.len() > MAX_DNS {
		return Err(D::Error::custom(format_args!("more than {MAX_DNS} DNS servers")));
	}
	Ok(servers)
}

impl Tunnel {
	/// Configuration for `wg-quick`. All traffic of both families goes through the tunnel, so that
	/// nothing leaks beside it where the exit has no IPv6.
	pub fn wg_quick(&self, secret: &Secret) -> String {
		let Self { exit, endpoint, ipv4, ipv6, dns, mtu, keepalive, .. } = self;
		let mut text = format!(
			"[Interface]\nPrivateKey = {}\nAddress = {ipv4}/32, {ipv6}/128\n",
			secret.expose()
		);
		if !dns.is_empty() {
			let servers: Vec<String> = dns.iter().map(IpAddr::to_string).collect();
			let _ = writeln!(text, "DNS = {}", servers.join(", "));
		}
		let _ = write!(
			text,
			"MTU = {mtu}\n\n[Peer]\nPublicKey = {exit}\nAllowedIPs = 0.0.0.0/0, ::/0\n\
			 Endpoint = {endpoint}\nPersistentKeepalive = {keepalive}\n"
		);
		text
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;

	/// Some tunnel.
	pub(crate) fn tunnel() -> Tunnel {
		Tunnel {
			peer: Secret::new([1; 32]).public(),
			exit: Secret::new([2; 32]).public(),
			endpoint: "vpn.example:51820".parse().unwrap(),
			ipv4: "10.66.0.2".parse().unwrap(),
			ipv6: "fd00:1::2".parse().unwrap(),
			dns: vec!["9.9.9.9".parse().unwrap()],
			mtu: 1420,
			keepalive: 25,
		}
	}

	#[test]
	fn text_is_what_wg_quick_reads() {
		let secret = Secret::new([1; 32]);
		let text = tunnel().wg_quick(&secret);
		let expected = format!(
			"[Interface]\nPrivateKey = {}\nAddress = 10.66.0.2/32, fd00:1::2/128\nDNS = 9.9.9.9\n\
			 MTU = 1420\n\n[Peer]\nPublicKey = {}\nAllowedIPs = 0.0.0.0/0, ::/0\n\
			 Endpoint = vpn.example:51820\nPersistentKeepalive = 25\n",
			secret.expose(),
			tunnel().exit
		);
		assert_eq!(text, expected);
	}

	#[test]
	fn an_endpoint_carries_no_commands() {
		for good in ["a:1", "1.2.3.4:65535", "[::1]:51820", "xn--a-b.example:51820"] {
			let endpoint: Endpoint = good.parse().unwrap();
			assert!(endpoint.port() > 0 && !endpoint.host().contains('['), "{good}");
		}
		for bad in [
			"a:1\nPostUp = reboot",
			"a\nPostUp=x:1",
			"a b:1",
			"a:0",
			"a:+1",
			"a:65536",
			":1",
			"a",
			"::1:5",
			"[::1:5",
			"-x:1",
			"[fe80::1%eth0]:1",
			&format!("{}:1", "a".repeat(300)),
		] {
			assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
		}
	}

	#[test]
	fn json_of_a_hostile_exit_is_refused() {
		let good = serde_json::to_value(tunnel()).unwrap();
		let with = |name: &str, value: serde_json::Value| {
			let mut json = good.clone();
			json[name] = value;
			serde_json::from_value::<Tunnel>(json)
		};
		assert_eq!(with("mtu", 1420.into()).unwrap(), tunnel());
		assert!(with("endpoint", "a:1\nPostUp = reboot".into()).is_err());
		assert!(with("dns", vec!["1.1.1.1"; 5].into()).is_err());
		assert!(with("dns", vec!["1.1.1.1\nx"].into()).is_err());
		assert!(with("exit", serde_json::json!("AAAA")).is_err());
		assert!(with("postUp", "x".into()).is_err());
	}
}
