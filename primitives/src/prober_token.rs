// SPDX-License-Identifier: Apache-2.0

//! Token with which a prober repeats a request that a service refused with the status 429.
//!
//! A service limits strangers, and probers look like strangers. The token lets an edge tell a
//! prober that it has refused from the others, so that a full house is no outage. It is sent in
//! [`TOKEN_HEADER`], after a refusal and never before, so a service cannot recognise a probe that
//! it has not refused.
//!
//! ```text
//!   token = hex(round u32 | service u32 | nonce 16 | session key 32 | signature 64)
//!   signature of: "surety/prober/1" | genesis 32 | round u32 | service u32 | nonce 16
//! ```
//!
//! Integers are little-endian, the signature is sr25519. An edge accepts a token of its own service
//! if the key is that of a prober of the round, the round is the current one or a neighbour of it,
//! and at most 8 requests have come with it. The nonce is new for each visit, and all requests of a
//! visit after the refusal carry the same token.

use crate::{
	RoundIndex, ServiceId,
	crypto::{ProberId, ProberSignature},
	usage::Hash,
};
use alloc::{string::String, vec::Vec};
use codec::{Decode, DecodeAll, Encode};
use core::fmt::Write;
use scale_info::TypeInfo;
use sp_application_crypto::RuntimeAppPublic;

/// First bytes of every signed token.
pub const TOKEN_DOMAIN: &[u8] = b"surety/prober/1";

/// Request header of a token, in lower case.
pub const TOKEN_HEADER: &str = "x-surety-prober";

/// Digits of a token.
pub const TOKEN_LENGTH: usize = 240;

/// Token of a prober for one service and round.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ProberToken {
	/// Round in which the service is probed.
	pub round: RoundIndex,
	/// The service.
	pub service: ServiceId,
	/// Random number, new for every visit.
	pub nonce: [u8; 16],
	/// Session key of the prober.
	pub prober: ProberId,
	/// Signature of [`token_payload`].
	pub signature: ProberSignature,
}

/// Bytes that a prober signs.
pub fn token_payload(
	genesis: &Hash,
	round: RoundIndex,
	service: ServiceId,
	nonce: &[u8; 16],
) -> Vec<u8> {
	[TOKEN_DOMAIN, &(genesis, round, service, nonce).encode()].concat()
}

impl ProberToken {
	/// Token signed by the keystore. `None` if it does not have the key.
	pub fn sign(
		genesis: &Hash,
		round: RoundIndex,
		service: ServiceId,
		nonce: [u8; 16],
		prober: &ProberId,
	) -> Option<Self> {
		let signature = prober.sign(&token_payload(genesis, round, service, &nonce))?;
		Some(Self { round, service, nonce, prober: prober.clone(), signature })
	}

	/// True if the signature is that of the key, for this chain. The caller checks the key, the
	/// round, the service and the nonce.
	pub fn is_signed(&self, genesis: &Hash) -> bool {
		let payload = token_payload(genesis, self.round, self.service, &self.nonce);
		self.prober.verify(&payload, &self.signature)
	}

	/// Value of the header.
	pub fn to_header(&self) -> String {
		self.encode().iter().fold(String::new(), |mut text, byte| {
			// A string takes everything.
			let _ = write!(text, "{byte:02x}");
			text
		})
	}

	/// Token of a header. `None` for any other value.
	pub fn from_header(value: &[u8]) -> Option<Self> {
		if value.len() != TOKEN_LENGTH {
			return None;
		}
		let digit = |byte: &u8| match byte {
			b'0'..=b'9' => byte.checked_sub(b'0'),
			b'a'..=b'f' => byte.checked_sub(b'a')?.checked_add(10),
			_ => None,
		};
		let byte = |pair: &[u8]| match pair {
			[high, low] => digit(high)?.checked_mul(16)?.checked_add(digit(low)?),
			_ => None,
		};
		let bytes = value.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
		Self::decode_all(&mut bytes.as_slice()).ok()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::crypto::ProberPair;
	use proptest::prelude::*;
	use sp_application_crypto::Pair as _;

	const GENESIS: Hash = Hash::repeat_byte(3);

	fn token() -> ProberToken {
		let pair = ProberPair::from_string("//Alice", None).unwrap();
		let signature = pair.sign(&token_payload(&GENESIS, 7, 5, &[9; 16]));
		let prober = pair.public();
		ProberToken { round: 7, service: 5, nonce: [9; 16], prober, signature }
	}

	#[test]
	fn the_signed_bytes_are_fixed() {
		let expected = [
			b"surety/prober/1".to_vec(),
			[3; 32].to_vec(),
			7u32.to_le_bytes().to_vec(),
			5u32.to_le_bytes().to_vec(),
			[9; 16].to_vec(),
		];
		assert_eq!(token_payload(&GENESIS, 7, 5, &[9; 16]), expected.concat());
	}

	#[test]
	fn a_token_survives_the_header() {
		// Signatures of sr25519 are random: two tokens of the same place differ.
		let token = token();
		let header = token.to_header();
		assert_eq!(header.len(), TOKEN_LENGTH);
		let read = ProberToken::from_header(header.as_bytes()).unwrap();
		assert_eq!(read, token);
		assert!(read.is_signed(&GENESIS));
	}

	#[test]
	fn a_token_of_another_place_is_not_signed() {
		let changes: [fn(&mut ProberToken); 4] = [
			|token| token.round = 8,
			|token| token.service = 6,
			|token| token.nonce = [8; 16],
			|token| token.prober = ProberPair::from_string("//Bob", None).unwrap().public(),
		];
		for change in changes {
			let mut token = token();
			change(&mut token);
			assert!(!token.is_signed(&GENESIS));
		}
		assert!(!token().is_signed(&Hash::repeat_byte(4)), "another chain");
	}

	#[test]
	fn other_headers_are_no_token() {
		let header = token().to_header();
		let upper = header.to_uppercase();
		for wrong in ["", "00", &header[2..], &upper, &"g".repeat(TOKEN_LENGTH)] {
			assert_eq!(ProberToken::from_header(wrong.as_bytes()), None, "{wrong}");
		}
		assert_eq!(ProberToken::from_header((header + "00").as_bytes()), None);
	}

	proptest! {
		#[test]
		fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			let _ = ProberToken::from_header(&bytes);
		}

		#[test]
		fn digits_that_are_a_token_are_its_header(digits in "[0-9a-f]{240}") {
			if let Some(token) = ProberToken::from_header(digits.as_bytes()) {
				prop_assert_eq!(token.to_header(), digits);
			}
		}
	}
}
