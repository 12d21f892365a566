// SPDX-License-Identifier: Apache-2.0

//! Nonces of challenges: not stored when they are given out, refused when they come a second time.
//!
//! A nonce is random bytes, the second of its issue, and a MAC over both and what it is bound to.
//! So asking for challenges costs no memory, and only those that were answered with a valid
//! signature are remembered until they expire.

use super::{equal_in_constant_time, random};
use sp_runtime::traits::{BlakeTwo256, Hash};
use std::collections::HashMap;

const RANDOM: usize = 8;
const MAC: usize = 16;
/// Characters of a nonce.
const TEXT: usize = (RANDOM + 8 + MAC) * 2;

/// Maker and judge of nonces.
pub struct Nonces {
	secret: [u8; 32],
	lifetime: u64,
	used: HashMap<[u8; RANDOM], u64>,
	max_used: usize,
}

/// Reason why a nonce is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NonceFault {
	/// Not one of this server, or bound to something else.
	Unknown,
	Expired,
	/// It was used before.
	Used,
	/// Too many are remembered.
	Full,
}

impl Nonces {
	/// Nonces with a random secret. `None` if the machine has no random bytes.
	///
	/// - `lifetime`: in seconds.
	/// - `max_used`: number of used nonces that are remembered. If more are used within a lifetime,
	///   further ones are refused: forgetting one would allow its replay.
	pub fn new(lifetime: u64, max_used: usize) -> Option<Self> {
		Some(Self { secret: random()?, lifetime, used: HashMap::new(), max_used })
	}

	/// Make a nonce.
	///
	/// - `bound`: what it is for; the same bytes are needed to use it.
	/// - `now`: seconds since 1970.
	pub fn issue(&self, bound: &[u8], now: u64) -> Option<String> {
		let id = random()?;
		let mac = self.mac(&id, now, bound);
		Some(hex::encode([&id[..], &now.to_be_bytes(), &mac].concat()))
	}

	/// Second of issue of a nonce that is valid now.
	pub fn check(&self, nonce: &str, bound: &[u8], now: u64) -> Result<u64, NonceFault> {
		let (id, issued) = self.open(nonce, bound).ok_or(NonceFault::Unknown)?;
		if issued.saturating_add(self.lifetime) < now || issued > now {
			return Err(NonceFault::Expired);
		}
		if self.used.contains_key(&id) {
			return Err(NonceFault::Used);
		}
		Ok(issued)
	}

	/// Use a nonce: it is refused from now on.
	pub fn consume(&mut self, nonce: &str, bound: &[u8], now: u64) -> Result<(), NonceFault> {
		self.check(nonce, bound, now)?;
		let (id, issued) = self.open(nonce, bound).ok_or(NonceFault::Unknown)?;
		if self.used.len() >= self.max_used {
			self.used.retain(|_, end| *end >= now);
			if self.used.len() >= self.max_used {
				return Err(NonceFault::Full);
			}
		}
		self.used.insert(id, issued.saturating_add(self.lifetime));
		Ok(())
	}

	fn open(&self, nonce: &str, bound: &[u8]) -> Option<([u8; RANDOM], u64)> {
		let bytes = (nonce.len() == TEXT).then(|| unhex(nonce)).flatten()?;
		let (id, rest) = bytes.split_first_chunk::<RANDOM>()?;
		let (issued, mac) = rest.split_first_chunk::<8>()?;
		let issued = u64::from_be_bytes(*issued);
		equal_in_constant_time(mac, &self.mac(id, issued, bound)).then_some((*id, issued))
	}

	/// BLAKE2 needs no HMAC: a secret in front is a MAC.
	fn mac(&self, id: &[u8; RANDOM], issued: u64, bound: &[u8]) -> [u8; MAC] {
		let bytes = [&self.secret[..], id, &issued.to_be_bytes(), bound].concat();
		let hash = BlakeTwo256::hash(&bytes).0;
		hash.first_chunk().copied().unwrap_or_default()
	}
}

/// Bytes of hexadecimal digits, with or without `0x`.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
	hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_nonce_is_good_once_within_its_time() {
		let mut nonces = Nonces::new(300, 10).unwrap();
		let nonce = nonces.issue(b"alice", 1_000).unwrap();
		assert!(nonce.len() == TEXT && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()));
		assert_eq!(nonces.check(&nonce, b"alice", 1_300), Ok(1_000));
		assert_eq!(nonces.check(&nonce, b"alice", 1_301), Err(NonceFault::Expired));
		assert_eq!(nonces.check(&nonce, b"alice", 999), Err(NonceFault::Expired));
		assert_eq!(nonces.check(&nonce, b"bob", 1_000), Err(NonceFault::Unknown));
		assert_eq!(nonces.consume(&nonce, b"alice", 1_100), Ok(()));
		assert_eq!(nonces.consume(&nonce, b"alice", 1_100), Err(NonceFault::Used));
		assert_eq!(nonces.check(&nonce, b"alice", 1_100), Err(NonceFault::Used));
		let other = Nonces::new(300, 10).unwrap();
		assert_eq!(other.check(&nonce, b"alice", 1_000), Err(NonceFault::Unknown));
	}

	#[test]
	fn a_full_memory_refuses_and_recovers() {
		let mut nonces = Nonces::new(300, 2).unwrap();
		let mut consume = |now: u64| {
			let nonce = nonces.issue(b"", now).unwrap();
			nonces.consume(&nonce, b"", now)
		};
		assert_eq!([consume(0), consume(10), consume(20)], [Ok(()), Ok(()), Err(NonceFault::Full)]);
		assert_eq!(consume(301), Ok(()));
	}

	proptest! {
		#[test]
		fn other_texts_are_unknown(text in "[0-9a-fA-Fx]{0,70}") {
			let nonces = Nonces::new(300, 2).unwrap();
			prop_assert_eq!(nonces.check(&text, b"", 0), Err(NonceFault::Unknown));
		}

		#[test]
		fn hex_digits_are_read_back(bytes: Vec<u8>) {
			prop_assert_eq!(unhex(&hex::encode(&bytes)), Some(bytes.clone()));
			prop_assert_eq!(unhex(&format!("0x{}", hex::encode(&bytes).to_uppercase())), Some(bytes));
		}

		#[test]
		fn other_digits_are_refused(text in "\\PC{0,20}") {
			let digits = text.strip_prefix("0x").unwrap_or(&text);
			let good = digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
			prop_assert_eq!(unhex(&text).is_some(), good);
		}
	}
}
