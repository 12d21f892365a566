// SPDX-License-Identifier: Apache-2.0

//! Answer of a VPN's agent to the request of a trial: the tunnel of one peer, signed with the key
//! of the listing. Forms and bytes are those of `surety_vpn::claims`, which tenants check.

use crate::{
	json,
	tunnel::{ProofRequest, SCHEME},
};
use alloc::{format, string::String, vec::Vec};
use base64::{Engine, engine::general_purpose::STANDARD};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::Deserialize;
use sp_core::ed25519::{Public, Signature};
use surety_primitives::{
	ServiceId,
	endpoint::{Host, normalise},
};

/// First bytes of the signed message.
const DOMAIN: &[u8] = b"surety/vpn-config/1";
/// Difference of clocks, in ms, above which tenants refuse an answer.
const MAX_SKEW: u64 = 60 * 1_000;
/// Lowest port of an exit. Those below belong to other services, which must not be disturbed.
const MIN_PORT: u16 = 1_024;
/// Maximum number of DNS servers.
const MAX_DNS: usize = 4;

/// Expectation of the answer to one request.
pub struct Expected<'a> {
	/// Genesis hash of this chain.
	pub genesis: &'a [u8; 32],
	/// Service.
	pub service: ServiceId,
	/// Key of the listing.
	pub key: &'a [u8; 32],
	/// Host of the listed endpoint.
	pub host: &'a Host,
	/// Public key of the peer, which the request named.
	pub peer: &'a [u8; 32],
	/// Moment of the answer in unix ms.
	pub now: u64,
}

/// Exit that an agent has assigned to a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exit {
	key: [u8; 32],
	port: u16,
	address: Ipv4Addr,
}

impl Exit {
	/// URL of the pseudo request for a proof.
	pub fn url(&self, host: &Host) -> String {
		format!("{SCHEME}://{}:{}", String::from_utf8_lossy(host), self.port)
	}

	/// Request for a proof, as the peer with this secret key.
	pub fn request(&self, service: ServiceId, secret: [u8; 32]) -> ProofRequest {
		ProofRequest { service, exit: self.key, secret, address: self.address.octets() }
	}
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedAnswer {
	answer: Answer,
	signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Answer {
	service: ServiceId,
	agreement: Option<u32>,
	tunnel: Tunnel,
	issued: u64,
	expires: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Tunnel {
	peer: String,
	exit: String,
	endpoint: String,
	ipv4: Ipv4Addr,
	ipv6: Ipv6Addr,
	dns: Vec<IpAddr>,
	mtu: u16,
	keepalive: u16,
}

/// Exit in a trial's answer; `None` if the answer is not the expected one.
pub fn exit(body: &[u8], expected: &Expected<'_>) -> Option<Exit> {
	let SignedAnswer { answer, signature } = serde_json::from_slice(body).ok()?;
	let tunnel = &answer.tunnel;
	let (peer, key) = (key(&tunnel.peer)?, key(&tunnel.exit)?);
	let is_own = (answer.service, answer.agreement, &peer)
		== (expected.service, None, expected.peer)
		&& answer.issued.abs_diff(expected.now) <= MAX_SKEW
		&& tunnel.dns.len() <= MAX_DNS;
	let (host, port) = tunnel.endpoint.rsplit_once(':')?;
	let port_is_plain = port.bytes().all(|digit| digit.is_ascii_digit());
	let port = port.parse().ok().filter(|port| port_is_plain && *port >= MIN_PORT)?;
	let is_at_host = normalise(host.as_bytes()).is_ok_and(|host| host == *expected.host);
	let signature = json::hex(signature.strip_prefix("0x")?.as_bytes())?;
	let is_signed = is_own
		&& is_at_host
		&& sp_io::crypto::ed25519_verify(
			&Signature::from_raw(signature),
			&answer.message(expected.genesis, &peer, &key),
			&Public::from_raw(*expected.key),
		);
	is_signed.then_some(Exit { key, port, address: tunnel.ipv4 })
}

/// WireGuard key of its text.
fn key(text: &str) -> Option<[u8; 32]> {
	STANDARD.decode(text).ok()?.try_into().ok()
}

/// Text of a WireGuard key.
pub fn key_text(key: &[u8; 32]) -> String {
	STANDARD.encode(key)
}

impl Answer {
	/// Message that the key of the listing signs for a trial.
	fn message(&self, genesis: &[u8; 32], peer: &[u8; 32], exit: &[u8; 32]) -> Vec<u8> {
		let Tunnel { endpoint, ipv4, ipv6, dns, mtu, keepalive, .. } = &self.tunnel;
		// Neither length exceeds its type: the answer has at most 4 KiB.
		let endpoint_length = u16::try_from(endpoint.len()).unwrap_or(u16::MAX);
		let mut message = [
			DOMAIN,
			genesis,
			&self.service.to_le_bytes(),
			&[0],
			peer,
			exit,
			&endpoint_length.to_le_bytes(),
			endpoint.as_bytes(),
			&ipv4.octets(),
			&ipv6.octets(),
			&[u8::try_from(dns.len()).unwrap_or(u8::MAX)],
		]
		.concat();
		for server in dns {
			match server {
				IpAddr::V4(server) => message.extend([4].iter().chain(&server.octets())),
				IpAddr::V6(server) => message.extend([6].iter().chain(&server.octets())),
			}
		}
		message.extend(mtu.to_le_bytes());
		message.extend(keepalive.to_le_bytes());
		message.extend(self.issued.to_le_bytes());
		message.extend(self.expires.to_le_bytes());
		message
	}
}
