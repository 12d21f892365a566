// SPDX-License-Identifier: Apache-2.0

//! Bytes that a tenant signs to get a peer, and bytes that the operator signs to answer.
//!
//! Request, signed by the tenant's account:
//!
//! | bytes | field |
//! |---|---|
//! | 17 | [`REQUEST_DOMAIN`] |
//! | 32 | hash of the genesis block |
//! | 4 | service, little-endian |
//! | 4 | agreement, little-endian |
//! | 32 | public WireGuard key of the peer |
//! | 8 | moment of signing, ms since 1970, little-endian |
//!
//! Answer, signed by the ed25519 key of the listing:
//!
//! | bytes | field |
//! |---|---|
//! | 19 | [`ANSWER_DOMAIN`] |
//! | 32 | hash of the genesis block |
//! | 4 | service, little-endian |
//! | 1 or 5 | 1 and the agreement, little-endian; 0 for a trial |
//! | 32, 32 | public keys of peer and exit |
//! | 2, n | length of the endpoint, little-endian; endpoint as text |
//! | 4, 16 | addresses of the peer, IPv4 and IPv6 |
//! | 1, n | number of DNS servers; of each 4 and 4 bytes, or 6 and 16 bytes |
//! | 2, 2 | MTU and keepalive, little-endian |
//! | 8 | moment of signing, ms since 1970, little-endian |
//! | 8 | end of a trial, ms since 1970, little-endian; 0 without an end |
//!
//! A request is good for [`LIFETIME`], and a later one of the same agreement ends it: an exit keeps
//! with each peer the moment of its request, over a restart too. An answer is bound to the peer's
//! key, which is fresh, so a recorded one is of no use to anybody else.

use crate::{AgreementId, ServiceId, keys::Key, tunnel::Tunnel};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// First bytes of a request.
pub const REQUEST_DOMAIN: &[u8] = b"surety/vpn-peer/1";
/// First bytes of an answer.
pub const ANSWER_DOMAIN: &[u8] = b"surety/vpn-config/1";
/// Time for which a request is good, in ms.
pub const LIFETIME: u64 = 5 * 60 * 1_000;
/// Difference of clocks that is tolerated, in ms.
pub const MAX_SKEW: u64 = 60 * 1_000;
/// Maximum length of an answer as JSON, in bytes.
pub const MAX_ANSWER: usize = 4 * 1_024;

/// Chain and service for which something is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scope {
	/// Hash of the genesis block.
	pub genesis: [u8; 32],
	/// Service.
	pub service: ServiceId,
}

/// Request of a tenant for a peer. Agreement, account and signature are the agent's to check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PeerRequest {
	/// Agreement.
	pub agreement: AgreementId,
	/// Fresh key of the peer.
	pub key: Key,
	/// Moment of signing in ms since 1970.
	pub issued: u64,
}

impl PeerRequest {
	/// Bytes that the tenant's account signs.
	pub fn message(&self, scope: &Scope) -> Vec<u8> {
		[
			REQUEST_DOMAIN,
			&scope.genesis,
			&scope.service.to_le_bytes(),
			&self.agreement.to_le_bytes(),
			self.key.bytes(),
			&self.issued.to_le_bytes(),
		]
		.concat()
	}

	/// Check the moment of signing at `now`, in ms since 1970.
	pub fn check(&self, now: u64) -> Result<(), RequestFault> {
		if self.issued > now.saturating_add(MAX_SKEW) {
			return Err(RequestFault::Future);
		}
		if self.issued.saturating_add(LIFETIME) < now {
			return Err(RequestFault::Expired);
		}
		Ok(())
	}
}

/// Reason for which a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestFault {
	/// Signed more than [`MAX_SKEW`] in the future.
	Future,
	/// Signed more than [`LIFETIME`] ago.
	Expired,
}

impl fmt::Display for RequestFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Future => "signed in the future: set the clock, sign again",
			Self::Expired => "signed too long ago: set the clock, sign again",
		})
	}
}

impl std::error::Error for RequestFault {}

/// Answer to a request, or to the request of a trial.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Answer {
	/// Service.
	pub service: ServiceId,
	/// Agreement; `None` for a trial.
	pub agreement: Option<AgreementId>,
	/// The tunnel.
	pub tunnel: Tunnel,
	/// Moment of signing in ms since 1970.
	pub issued: u64,
	/// End of a trial in ms since 1970; 0 without an end.
	pub expires: u64,
}

/// Answer with the signature of the listing's key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAnswer {
	/// The answer.
	pub answer: Answer,
	/// ed25519 signature of [`Answer::message`], 64 bytes in hex after `0x`.
	pub signature: String,
}

/// Reason for which an answer is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerFault {
	/// Not the JSON of an answer, or above [`MAX_ANSWER`].
	Form,
	/// The answer to another request: its service, agreement or key differs.
	Other,
	/// Signed too long ago or in the future.
	Time,
	/// Not signed by the key of the listing.
	Signature,
}

impl fmt::Display for AnswerFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Form => "not the answer of an exit",
			Self::Other => "the answer to another request",
			Self::Time => "signed too long ago or in the future: check the clock, ask again",
			Self::Signature => "not signed by the key of the listing: do not use this exit",
		})
	}
}

impl std::error::Error for AnswerFault {}

impl Answer {
	/// Bytes that the key of the listing signs. `genesis` is the hash of the genesis block.
	pub fn message(&self, genesis: &[u8; 32]) -> Vec<u8> {
		let Tunnel { peer, exit, endpoint, ipv4, ipv6, dns, mtu, keepalive } = &self.tunnel;
		let mut bytes = [ANSWER_DOMAIN, genesis, &self.service.to_le_bytes()].concat();
		match self.agreement {
			Some(agreement) => {
				bytes.push(1);
				bytes.extend(agreement.to_le_bytes());
			},
			None => bytes.push(0),
		}
		bytes.extend(peer.bytes());
		bytes.extend(exit.bytes());
		// Neither length exceeds its type: an endpoint has 259 bytes at most, servers are few.
		let endpoint = endpoint.as_str().as_bytes();
		bytes.extend(u16::try_from(endpoint.len()).unwrap_or(u16::MAX).to_le_bytes());
		bytes.extend(endpoint);
		bytes.extend(ipv4.octets());
		bytes.extend(ipv6.octets());
		bytes.push(u8::try_from(dns.len()).unwrap_or(u8::MAX));
		for server in dns {
			match server {
				IpAddr::V4(server) => {
					bytes.push(4);
					bytes.extend(server.octets());
				},
				IpAddr::V6(server) => {
					bytes.push(6);
					bytes.extend(server.octets());
				},
			}
		}
		bytes.extend(mtu.to_le_bytes());
		bytes.extend(keepalive.to_le_bytes());
		bytes.extend(self.issued.to_le_bytes());
		bytes.extend(self.expires.to_le_bytes());
		bytes
	}
}

impl SignedAnswer {
	/// JSON of an answer with its signature.
	pub fn new(answer: Answer, signature: &[u8; 64]) -> Self {
		let digits = signature.iter().map(|byte| format!("{byte:02x}"));
		Self { answer, signature: format!("0x{}", digits.collect::<String>()) }
	}

	/// Check an answer as its receiver: it answers this request (`agreement` is `None` for a trial)
	/// at `now`, and `verify` accepts signature and message.
	pub fn open(
		json: &[u8],
		scope: &Scope,
		agreement: Option<AgreementId>,
		key: &Key,
		now: u64,
		verify: impl FnOnce(&[u8; 64], &[u8]) -> bool,
	) -> Result<Answer, AnswerFault> {
		if json.len() > MAX_ANSWER {
			return Err(AnswerFault::Form);
		}
		let Self { answer, signature } =
			serde_json::from_slice(json).map_err(|_| AnswerFault::Form)?;
		let signature = signature_of(&signature).ok_or(AnswerFault::Form)?;
		if (answer.service, answer.agreement, &answer.tunnel.peer)
			!= (scope.service, agreement, key)
		{
			return Err(AnswerFault::Other);
		}
		let future = answer.issued > now.saturating_add(MAX_SKEW);
		let past = answer.issued.saturating_add(LIFETIME) < now;
		if future || past {
			return Err(AnswerFault::Time);
		}
		if !verify(&signature, &answer.message(&scope.genesis)) {
			return Err(AnswerFault::Signature);
		}
		Ok(answer)
	}
}

fn signature_of(text: &str) -> Option<[u8; 64]> {
	let digits = text.strip_prefix("0x")?.as_bytes();
	if digits.len() != 128 || !digits.iter().all(u8::is_ascii_hexdigit) {
		return None;
	}
	let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
	let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
	bytes?.try_into().ok()
}

#[cfg(test)]
mod tests;
