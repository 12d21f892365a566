// SPDX-License-Identifier: Apache-2.0

//! Token: right to use an agreement, signed by the tenant's key or that of its `Report` proxy.
//!
//! Text form: `srt1_` and base64url without padding of
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version, 1 |
//! | 8 | first bytes of the hash of the chain's genesis block |
//! | 4 | agreement, little-endian |
//! | 8 | end of validity, seconds since 1970, little-endian |
//! | 2 | share of the agreement's units in parts of ten thousand, little-endian |
//! | 32 | account of the key that signs |
//! | 65 or 66 | signature of [`DOMAIN`] and the bytes before it, as `MultiSignature` in SCALE |

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderName;
use sp_core::{Decode, Encode, H256};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::{error::Error, fmt};
use surety_primitives::AgreementId;

/// First bytes of what is signed.
pub const DOMAIN: &[u8] = b"surety/token/1";
/// First characters of a token.
pub const PREFIX: &str = "srt1_";
/// Header with a token.
pub const HEADER: HeaderName = HeaderName::from_static("x-surety-token");
/// Longest validity that is accepted, in seconds: a stolen token or a revoked key works no longer.
pub const MAX_LIFETIME: u64 = 2 * 3_600;
/// Difference of clocks that is tolerated, in seconds.
pub const MAX_SKEW: u64 = 60;

const VERSION: u8 = 1;
/// Bytes that are signed, without the domain.
const CLAIMS: usize = 55;
/// Longest token in bytes of its binary form.
const MAX_BYTES: usize = CLAIMS + 66;
/// Longest token as text.
const MAX_TEXT: usize = PREFIX.len() + MAX_BYTES.div_ceil(3) * 4;

/// Share of an agreement's units in parts of ten thousand, above 0. A tenant with several gateways
/// gives each of them a share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share(u16);

impl Share {
	/// All of it.
	pub const ALL: Self = Self(10_000);

	/// Share of 1 to 10,000 parts.
	pub fn new(parts: u16) -> Option<Self> {
		(1..=10_000).contains(&parts).then_some(Self(parts))
	}

	/// Parts of ten thousand.
	pub fn parts(self) -> u16 {
		self.0
	}
}

/// Claims of a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
	/// First bytes of the hash of the chain's genesis block.
	pub genesis: [u8; 8],
	/// Agreement that may be used.
	pub agreement: AgreementId,
	/// End of validity, seconds since 1970.
	pub not_after: u64,
	/// Share of the agreement's units.
	pub share: Share,
	/// Account of the key that signed: the tenant or its `Report` proxy.
	pub reporter: AccountId32,
}

/// Reason why a token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenError {
	/// Not a token of this version.
	Malformed,
	/// Token for another chain.
	Chain,
	/// Its validity is over.
	Expired,
	/// It is valid for longer than two hours.
	Lifetime,
	/// The signature is not that of the account it names.
	Signature,
}

impl TokenError {
	/// The reason, in words.
	pub fn reason(self) -> &'static str {
		match self {
			Self::Malformed => "not a token",
			Self::Chain => "token of another chain",
			Self::Expired => "token expired",
			Self::Lifetime => "token valid for too long",
			Self::Signature => "wrong signature of the token",
		}
	}
}

impl fmt::Display for TokenError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.reason())
	}
}

impl Error for TokenError {}

/// First bytes of the hash of a genesis block.
pub fn genesis_prefix(genesis: &H256) -> [u8; 8] {
	let [a, b, c, d, e, f, g, h, ..] = genesis.0;
	[a, b, c, d, e, f, g, h]
}

impl Token {
	fn claims(&self) -> [u8; CLAIMS] {
		let mut bytes = [0; CLAIMS];
		let fields: [&[u8]; 6] = [
			&[VERSION],
			&self.genesis,
			&self.agreement.to_le_bytes(),
			&self.not_after.to_le_bytes(),
			&self.share.0.to_le_bytes(),
			self.reporter.as_ref(),
		];
		for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
			*to = *from;
		}
		bytes
	}

	/// Parse a token without checking it.
	pub fn parse(text: &str) -> Result<(Self, MultiSignature), TokenError> {
		let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TEXT);
		let bytes = encoded.and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
		let bytes = bytes.ok_or(TokenError::Malformed)?;
		let mut rest = bytes.as_slice();
		let mut parse = || {
			if u8::decode(&mut rest).ok()? != VERSION {
				return None;
			}
			let token = Self {
				genesis: Decode::decode(&mut rest).ok()?,
				agreement: Decode::decode(&mut rest).ok()?,
				not_after: Decode::decode(&mut rest).ok()?,
				share: Share::new(u16::decode(&mut rest).ok()?)?,
				reporter: Decode::decode(&mut rest).ok()?,
			};
			let signature = MultiSignature::decode(&mut rest).ok()?;
			rest.is_empty().then_some((token, signature))
		};
		parse().ok_or(TokenError::Malformed)
	}
}

/// Text of a token.
///
/// - `sign`: signs bytes with the key of `reporter`.
pub fn mint(token: &Token, sign: impl FnOnce(&[u8]) -> MultiSignature) -> String {
	let claims = token.claims();
	let signature = sign(&[DOMAIN, &claims].concat());
	format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&claims[..], &signature.encode()].concat()))
}

/// Check a token: form, chain, validity, signature, in this order, so that only the last step is
/// expensive. The caller has to check that the agreement is alive and that `reporter` may act for
/// its tenant; [`Token::parse`] allows to do so first.
///
/// - `genesis`: as of [`genesis_prefix`].
/// - `now`: seconds since 1970.
pub fn verify(text: &str, genesis: &[u8; 8], now: u64) -> Result<Token, TokenError> {
	let (token, signature) = Token::parse(text)?;
	token.check(genesis, now)?;
	let signed = [DOMAIN, &token.claims()].concat();
	if !signature.verify(signed.as_slice(), &token.reporter) {
		return Err(TokenError::Signature);
	}
	Ok(token)
}

impl Token {
	/// Check chain and validity.
	pub fn check(&self, genesis: &[u8; 8], now: u64) -> Result<(), TokenError> {
		if self.genesis != *genesis {
			return Err(TokenError::Chain);
		}
		if self.not_after.saturating_add(MAX_SKEW) < now {
			return Err(TokenError::Expired);
		}
		if self.not_after > now.saturating_add(MAX_LIFETIME).saturating_add(MAX_SKEW) {
			return Err(TokenError::Lifetime);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::{Pair, ecdsa, ed25519, sr25519};
	use sp_runtime::{MultiSigner, traits::IdentifyAccount};

	const NOW: u64 = 1_800_000_000;
	const GENESIS: [u8; 8] = [7; 8];

	fn token(reporter: AccountId32) -> Token {
		let share = Share::new(2_500).unwrap();
		Token { genesis: GENESIS, agreement: 42, not_after: NOW + 3_600, share, reporter }
	}

	fn signed<P: Pair>() -> (Token, String)
	where
		MultiSigner: From<P::Public>,
		MultiSignature: From<P::Signature>,
	{
		let pair = P::from_string("//Tenant", None).unwrap();
		let token = token(MultiSigner::from(pair.public()).into_account());
		let text = mint(&token, |bytes| pair.sign(bytes).into());
		(token, text)
	}

	#[test]
	fn a_token_of_each_kind_of_key_is_verified() {
		for (token, text) in
			[signed::<sr25519::Pair>(), signed::<ed25519::Pair>(), signed::<ecdsa::Pair>()]
		{
			assert!(text.starts_with("srt1_") && text.len() <= 167, "{}", text.len());
			assert_eq!(verify(&text, &GENESIS, NOW), Ok(token));
		}
	}

	#[test]
	fn time_and_chain_are_checked() {
		let (token, text) = signed::<sr25519::Pair>();
		let end = token.not_after;
		for (now, expected) in [
			(end + MAX_SKEW, Ok(token)),
			(end + MAX_SKEW + 1, Err(TokenError::Expired)),
			(u64::MAX, Err(TokenError::Expired)),
			(end - MAX_LIFETIME - MAX_SKEW - 1, Err(TokenError::Lifetime)),
			(0, Err(TokenError::Lifetime)),
		] {
			assert_eq!(verify(&text, &GENESIS, now), expected, "{now}");
		}
		assert_eq!(verify(&text, &[8; 8], NOW), Err(TokenError::Chain));
	}

	#[test]
	fn another_key_does_not_sign_for_the_account() {
		let other = sr25519::Pair::from_string("//Other", None).unwrap();
		let (token, _) = signed::<sr25519::Pair>();
		let text = mint(&token, |bytes| other.sign(bytes).into());
		assert_eq!(verify(&text, &GENESIS, NOW), Err(TokenError::Signature));
		// A signature for another purpose.
		let tenant = sr25519::Pair::from_string("//Tenant", None).unwrap();
		let text = mint(&token, |_| tenant.sign(&token.claims()).into());
		assert_eq!(verify(&text, &GENESIS, NOW), Err(TokenError::Signature));
	}

	#[test]
	fn other_texts_are_no_tokens() {
		let (_, text) = signed::<sr25519::Pair>();
		for other in [
			String::new(),
			"srt1_".into(),
			"srt1_!!!!".into(),
			text.replace("srt1_", "srt2_"),
			text.replace("srt1_", ""),
			format!("{text}AA"),
			format!("{text}="),
			format!("{text}{}", "A".repeat(100_000)),
			text[..text.len() - 4].into(),
			format!(" {text}"),
		] {
			assert_eq!(verify(&other, &GENESIS, NOW), Err(TokenError::Malformed), "{other:.40}");
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(48))]

		#[test]
		fn every_changed_byte_is_noticed(at in 0usize..120, by in 1u8..) {
			let (_, text) = signed::<ed25519::Pair>();
			let mut bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
			let at = at % bytes.len();
			bytes[at] ^= by;
			let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
			prop_assert!(verify(&changed, &GENESIS, NOW).is_err());
		}

		#[test]
		fn arbitrary_texts_never_panic(text in "(srt1_)?[A-Za-z0-9_-]{0,200}") {
			prop_assert!(verify(&text, &GENESIS, NOW).is_err());
		}

		#[test]
		fn claims_survive_the_way(agreement: u32, not_after: u64, parts in 1u16..=10_000, key: [u8; 32]) {
			let token = Token {
				genesis: GENESIS,
				agreement,
				not_after,
				share: Share::new(parts).unwrap(),
				reporter: key.into(),
			};
			let signature = MultiSignature::Sr25519(sr25519::Signature::default());
			let text = mint(&token, |_| signature.clone());
			prop_assert_eq!(Token::parse(&text), Ok((token, signature)));
		}
	}
}
