// SPDX-License-Identifier: Apache-2.0

//! Login with a wallet: a challenge as text in the form of EIP-4361 and CAIP-122, and the check of
//! its signature.
//!
//! The server writes the text and later writes it again from the nonce and the account, so nothing
//! that a client sends is parsed for its meaning. The nonce is bound to domain and account.

use super::nonce::{NonceFault, Nonces, unhex};
use parking_lot::Mutex;
use sp_core::{
	H256,
	crypto::{Ss58AddressFormat, Ss58Codec},
	ecdsa, ed25519, sr25519,
};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::{error::Error, fmt};

/// Longest signature as text: 66 bytes in hexadecimal digits.
const MAX_SIGNATURE: usize = 2 + 66 * 2;
/// Longest address as text.
const MAX_ADDRESS: usize = 66;

/// Settings of logins.
#[derive(Clone, Debug)]
pub struct LoginSettings {
	/// Domain that the wallet shows, with the port unless it is the usual one.
	pub domain: String,
	/// URI of the login.
	pub uri: String,
	/// Sentence that explains the signature to the person, without line breaks.
	pub statement: String,
	/// Hash of the chain's genesis block.
	pub genesis: H256,
	/// Network number of addresses in the text.
	pub ss58: u16,
	/// Time for signing, in seconds.
	pub lifetime: u64,
	/// Logins that are remembered against replay.
	pub max_used: usize,
}

impl LoginSettings {
	/// Five minutes to sign, at the domain.
	pub fn new(domain: &str, genesis: H256) -> Self {
		Self {
			domain: domain.into(),
			uri: format!("https://{domain}/login"),
			statement: "Sign in to get an API key. This costs nothing and moves no funds.".into(),
			genesis,
			ss58: 42,
			lifetime: 300,
			max_used: 100_000,
		}
	}
}

/// Text to sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
	/// Text that the wallet shows and signs.
	pub text: String,
	/// Nonce, to be sent back with the signature.
	pub nonce: String,
	/// End of its validity, seconds since 1970.
	pub not_after: u64,
}

/// Reason why a login fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginError {
	/// Not an address.
	Address,
	/// Not a nonce of this server and this account.
	Nonce,
	/// The time for signing is over.
	Expired,
	/// The signature was used before.
	Replayed,
	/// Not a signature of the text by the account.
	Signature,
	/// Too many logins at a time, or no random bytes.
	Busy,
}

impl fmt::Display for LoginError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Address => "not an address",
			Self::Nonce => "not a nonce of this server for this account",
			Self::Expired => "the time for signing is over",
			Self::Replayed => "the signature was used before",
			Self::Signature => "not a signature of the text by this account",
			Self::Busy => "too many logins, try again later",
		})
	}
}

impl Error for LoginError {}

impl From<NonceFault> for LoginError {
	fn from(fault: NonceFault) -> Self {
		match fault {
			NonceFault::Unknown => Self::Nonce,
			NonceFault::Expired => Self::Expired,
			NonceFault::Used => Self::Replayed,
			NonceFault::Full => Self::Busy,
		}
	}
}

/// Logins of a gateway. The caller limits attempts by host.
pub struct Login {
	settings: LoginSettings,
	nonces: Mutex<Nonces>,
}

impl Login {
	/// Logins with nonces of this process. `None` if the machine has no random bytes.
	pub fn new(settings: LoginSettings) -> Option<Self> {
		let nonces = Mutex::new(Nonces::new(settings.lifetime, settings.max_used)?);
		Some(Self { settings, nonces })
	}

	/// Text for an account to sign.
	///
	/// - `address`: SS58 of any network, or the account in hexadecimal digits.
	/// - `now`: seconds since 1970.
	///
	/// Errors: [`LoginError::Address`], [`LoginError::Busy`].
	pub fn challenge(&self, address: &str, now: u64) -> Result<Challenge, LoginError> {
		let account = account(address)?;
		let nonce = self.nonces.lock().issue(&self.bound(&account), now);
		let nonce = nonce.ok_or(LoginError::Busy)?;
		let text = self.text(&account, &nonce, now);
		Ok(Challenge { text, nonce, not_after: now.saturating_add(self.settings.lifetime) })
	}

	/// Check the answer to a challenge. Returns the account that signed.
	///
	/// - `signature`: hexadecimal digits of an sr25519, ed25519 or ecdsa signature of the text, raw
	///   or within `<Bytes>` as wallets do; with or without the byte of its kind in front.
	///
	/// Errors: [`LoginError`].
	pub fn verify(
		&self,
		address: &str,
		nonce: &str,
		signature: &str,
		now: u64,
	) -> Result<AccountId32, LoginError> {
		let account = account(address)?;
		let bound = self.bound(&account);
		let issued = self.nonces.lock().check(nonce, &bound, now)?;
		let text = self.text(&account, nonce, issued);
		let wrapped = format!("<Bytes>{text}</Bytes>");
		// Checked without the lock: a signature takes as long as thousands of nonces.
		let signed = candidates(signature).into_iter().any(|signature| {
			signature.verify(text.as_bytes(), &account)
				|| signature.verify(wrapped.as_bytes(), &account)
		});
		if !signed {
			return Err(LoginError::Signature);
		}
		self.nonces.lock().consume(nonce, &bound, now)?;
		Ok(account)
	}

	fn bound(&self, account: &AccountId32) -> Vec<u8> {
		[self.settings.domain.as_bytes(), &[0], account.as_ref()].concat()
	}

	fn text(&self, account: &AccountId32, nonce: &str, issued: u64) -> String {
		let LoginSettings { domain, uri, statement, genesis, ss58, lifetime, .. } = &self.settings;
		let address = account.to_ss58check_with_version(Ss58AddressFormat::custom(*ss58));
		// CAIP-2 names a chain by the first 16 bytes of its genesis.
		let chain = hex::encode(genesis.0.get(..16).unwrap_or_default());
		let (issued_at, end) = (rfc3339(issued), rfc3339(issued.saturating_add(*lifetime)));
		format!(
			"{domain} wants you to sign in with your Substrate account:\n{address}\n\n{statement}\n\n\
			URI: {uri}\nVersion: 1\nChain ID: polkadot:{chain}\nNonce: {nonce}\n\
			Issued At: {issued_at}\nExpiration Time: {end}"
		)
	}
}

fn account(address: &str) -> Result<AccountId32, LoginError> {
	if address.len() > MAX_ADDRESS {
		return Err(LoginError::Address);
	}
	if let Some(digits) = address.strip_prefix("0x") {
		let bytes = unhex(digits).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
		return bytes.map(AccountId32::new).ok_or(LoginError::Address);
	}
	AccountId32::from_ss58check_with_version(address)
		.map(|(account, _)| account)
		.map_err(|_| LoginError::Address)
}

/// Signatures that the bytes can be. 65 bytes are either a kind and 64 bytes, or ecdsa.
fn candidates(text: &str) -> Vec<MultiSignature> {
	let bytes = (text.len() <= MAX_SIGNATURE).then(|| unhex(text)).flatten().unwrap_or_default();
	let mut found = Vec::new();
	let (kind, body) = match (bytes.len(), bytes.split_first()) {
		(65 | 66, Some((kind, body))) => (Some(*kind), body),
		_ => (None, bytes.as_slice()),
	};
	if let Ok(raw) = <[u8; 64]>::try_from(body) {
		if matches!(kind, None | Some(1)) {
			found.push(MultiSignature::Sr25519(sr25519::Signature::from(raw)));
		}
		if matches!(kind, None | Some(0)) {
			found.push(MultiSignature::Ed25519(ed25519::Signature::from(raw)));
		}
	}
	let typed = if kind == Some(2) { body } else { &[] };
	for raw in [bytes.as_slice(), typed] {
		if let Ok(raw) = <[u8; 65]>::try_from(raw) {
			found.push(MultiSignature::Ecdsa(ecdsa::Signature::from(raw)));
		}
	}
	found
}

/// Time as of RFC 3339, in UTC.
fn rfc3339(seconds: u64) -> String {
	// Days from the civil calendar's era of 400 years, which begins on 1 March.
	let (days, second) = (seconds / 86_400, seconds % 86_400);
	let shifted = days.saturating_add(719_468);
	let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
	let leap_days = (day_of_era / 1_460).saturating_add(day_of_era / 146_096);
	let corrected = day_of_era.saturating_add(day_of_era / 36_524).saturating_sub(leap_days);
	let year_of_era = corrected / 365;
	let days_before = (year_of_era.saturating_mul(365).saturating_add(year_of_era / 4))
		.saturating_sub(year_of_era / 100);
	let day_of_year = day_of_era.saturating_sub(days_before);
	let month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
	let month_start = month.saturating_mul(153).saturating_add(2) / 5;
	let day = day_of_year.saturating_sub(month_start).saturating_add(1);
	let civil = if month < 10 { month.saturating_add(3) } else { month.saturating_sub(9) };
	let year =
		era.saturating_mul(400).saturating_add(year_of_era).saturating_add(u64::from(civil <= 2));
	let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
	format!("{year:04}-{civil:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::{Encode, Pair};
	use sp_runtime::{MultiSigner, traits::IdentifyAccount};

	const NOW: u64 = 1_800_000_000;

	fn login() -> Login {
		Login::new(LoginSettings::new("gateway.org", H256::repeat_byte(9))).unwrap()
	}

	fn hex(bytes: &[u8]) -> String {
		format!("0x{}", hex::encode(bytes))
	}

	fn pair<P: Pair>() -> (P, AccountId32)
	where
		MultiSigner: From<P::Public>,
	{
		let pair = P::from_string("//Person", None).unwrap();
		let account = MultiSigner::from(pair.public()).into_account();
		(pair, account)
	}

	fn signs_in<P: Pair>()
	where
		MultiSigner: From<P::Public>,
		MultiSignature: From<P::Signature>,
		P::Signature: AsRef<[u8]>,
	{
		let (pair, account) = pair::<P>();
		let address = account.to_ss58check();
		let wrap = |text: &str| format!("<Bytes>{text}</Bytes>");
		for wrapped in [false, true] {
			for typed in [false, true] {
				let login = login();
				let challenge = login.challenge(&address, NOW).unwrap();
				let text = if wrapped { wrap(&challenge.text) } else { challenge.text };
				let signature = pair.sign(text.as_bytes());
				let signature = if typed {
					hex(&MultiSignature::from(signature).encode())
				} else {
					hex(signature.as_ref())
				};
				let signed_in = login.verify(&address, &challenge.nonce, &signature, NOW + 299);
				assert_eq!(signed_in, Ok(account.clone()), "{wrapped} {typed}");
				let again = login.verify(&address, &challenge.nonce, &signature, NOW + 299);
				assert_eq!(again, Err(LoginError::Replayed));
			}
		}
	}

	#[test]
	fn every_kind_of_key_signs_in_raw_and_wrapped() {
		signs_in::<sr25519::Pair>();
		signs_in::<ed25519::Pair>();
		signs_in::<ecdsa::Pair>();
	}

	#[test]
	fn the_text_names_domain_account_chain_and_times() {
		let (_, account) = pair::<sr25519::Pair>();
		let challenge = login().challenge(&hex(account.as_ref()), NOW).unwrap();
		let expected = format!(
			"gateway.org wants you to sign in with your Substrate account:\n{}\n\n\
			Sign in to get an API key. This costs nothing and moves no funds.\n\n\
			URI: https://gateway.org/login\nVersion: 1\n\
			Chain ID: polkadot:09090909090909090909090909090909\nNonce: {}\n\
			Issued At: 2027-01-15T08:00:00Z\nExpiration Time: 2027-01-15T08:05:00Z",
			account.to_ss58check(),
			challenge.nonce,
		);
		assert_eq!(challenge.text, expected);
		assert_eq!(challenge.not_after, NOW + 300);
	}

	#[test]
	fn an_address_of_another_network_is_the_same_account() {
		let (pair, account) = pair::<sr25519::Pair>();
		let login = login();
		let polkadot = account.to_ss58check_with_version(Ss58AddressFormat::custom(0));
		let challenge = login.challenge(&polkadot, NOW).unwrap();
		let signature = hex(&pair.sign(challenge.text.as_bytes()).0);
		let hex_address = hex(account.as_ref());
		assert_eq!(login.verify(&hex_address, &challenge.nonce, &signature, NOW), Ok(account));
	}

	#[test]
	fn what_is_not_signed_here_and_now_is_refused() {
		let (pair, account) = pair::<sr25519::Pair>();
		let address = account.to_ss58check();
		let login = login();
		let challenge = login.challenge(&address, NOW).unwrap();
		let signature = hex(&pair.sign(challenge.text.as_bytes()).0);
		let nonce = &challenge.nonce;
		let late = login.verify(&address, nonce, &signature, NOW + 301);
		assert_eq!(late, Err(LoginError::Expired));
		let other = sr25519::Pair::from_string("//Other", None).unwrap();
		let other_address = AccountId32::from(other.public()).to_ss58check();
		let stolen = login.verify(&other_address, nonce, &signature, NOW);
		assert_eq!(stolen, Err(LoginError::Nonce));
		let forged = hex(&other.sign(challenge.text.as_bytes()).0);
		assert_eq!(login.verify(&address, nonce, &forged, NOW), Err(LoginError::Signature));
		// Another server, even one of the same name.
		let elsewhere = super::tests::login();
		assert_eq!(elsewhere.verify(&address, nonce, &signature, NOW), Err(LoginError::Nonce));
		for text in ["", "0x", "zz", &signature[..60], &"0".repeat(10_000)] {
			assert_eq!(login.verify(&address, nonce, text, NOW), Err(LoginError::Signature));
		}
		// A failed attempt does not use up the challenge.
		assert_eq!(login.verify(&address, nonce, &signature, NOW), Ok(account));
	}

	#[test]
	fn other_texts_are_no_address() {
		for address in ["", "0x", "0x12", "5Grw", &"5".repeat(1_000)] {
			assert_eq!(login().challenge(address, NOW), Err(LoginError::Address), "{address}");
		}
	}

	#[test]
	fn times_are_those_of_the_calendar() {
		for (seconds, text) in [
			(0, "1970-01-01T00:00:00Z"),
			(951_782_399, "2000-02-28T23:59:59Z"),
			(951_782_400, "2000-02-29T00:00:00Z"),
			(4_107_542_400, "2100-03-01T00:00:00Z"),
			(1_709_251_199, "2024-02-29T23:59:59Z"),
			(1_735_689_599, "2024-12-31T23:59:59Z"),
		] {
			assert_eq!(rfc3339(seconds), text);
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(48))]

		#[test]
		fn arbitrary_answers_never_sign_in(address in "\\PC{0,60}", nonce in "\\PC{0,70}", signature in "(0x)?[0-9a-f]{0,134}") {
			prop_assert!(login().verify(&address, &nonce, &signature, NOW).is_err());
		}
	}
}
