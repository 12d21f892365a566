// SPDX-License-Identifier: Apache-2.0

//! Access tokens: rights of a tenant at the agent of a lease, signed by the tenant's account or that
//! of its `Report` proxy.
//!
//! Text form: `srl1_` and base64url without padding of
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version, 1 |
//! | 8 | first bytes of the hash of the chain's genesis block |
//! | 4 | lease, little-endian |
//! | 8 | end of validity, seconds since 1970, little-endian |
//! | 1 | rights: 1 logs, 2 statistics, 4 shell, 8 restart |
//! | 16 | nonce |
//! | 32 | account of the key that signs |
//! | 65 or 66 | signature of [`DOMAIN`] and the bytes before it, as `MultiSignature` in SCALE |
//!
//! A lease has one operator for good, so a token is worth nothing at another one.
//!
//! **Replay.** Logs and statistics may be read again and again until the token expires, at most an
//! hour. A token with the right to a shell or a restart is valid for five minutes at most, and each
//! of these rights is used up by its first use ([`UsedTokens`]).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use codec::{Decode, Encode};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::{collections::HashMap, error::Error, fmt};
use surety_primitives::LeaseId;

/// First bytes of what is signed.
pub const DOMAIN: &[u8] = b"surety/lease-access/1";
/// First characters of a token.
pub const PREFIX: &str = "srl1_";
/// Longest validity of a token that only reads, in seconds.
pub const MAX_LIFETIME: u64 = 3_600;
/// Longest validity of a token for a shell or a restart, in seconds.
pub const MAX_LIFETIME_ONCE: u64 = 300;
/// Difference of clocks that is tolerated, in seconds.
pub const MAX_SKEW: u64 = 60;

const VERSION: u8 = 1;
/// Bytes that are signed, without the domain.
const CLAIMS: usize = 70;
/// Longest token in bytes of its binary form.
const MAX_BYTES: usize = CLAIMS + 66;
/// Longest token as text.
const MAX_TEXT: usize = PREFIX.len() + MAX_BYTES.div_ceil(3) * 4;

/// Right at a lease.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Right {
	/// Read logs.
	Logs,
	/// Read statistics.
	Stats,
	/// Open a shell, once.
	Shell,
	/// Restart the container, once.
	Restart,
}

impl Right {
	/// All rights.
	pub const ALL: [Self; 4] = [Self::Logs, Self::Stats, Self::Shell, Self::Restart];

	fn bit(self) -> u8 {
		match self {
			Self::Logs => 1,
			Self::Stats => 2,
			Self::Shell => 4,
			Self::Restart => 8,
		}
	}

	/// True if a token grants the right once only.
	pub fn is_once(self) -> bool {
		matches!(self, Self::Shell | Self::Restart)
	}

	/// Name, as on command lines and in paths.
	pub fn name(self) -> &'static str {
		match self {
			Self::Logs => "logs",
			Self::Stats => "stats",
			Self::Shell => "shell",
			Self::Restart => "restart",
		}
	}
}

impl std::str::FromStr for Right {
	type Err = String;

	fn from_str(name: &str) -> Result<Self, String> {
		let found = Self::ALL.into_iter().find(|right| right.name() == name);
		found.ok_or_else(|| format!("no right {name:.20?}: logs, stats, shell or restart"))
	}
}

/// Set of rights, not empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rights(u8);

impl Rights {
	/// Set of some rights. `None` without any.
	pub fn new(rights: impl IntoIterator<Item = Right>) -> Option<Self> {
		Self::from_bits(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
	}

	fn from_bits(bits: u8) -> Option<Self> {
		(1..=15).contains(&bits).then_some(Self(bits))
	}

	/// True if a right is among them.
	pub fn has(self, right: Right) -> bool {
		self.0 & right.bit() != 0
	}

	/// Longest validity of a token with these rights, in seconds.
	pub fn max_lifetime(self) -> u64 {
		let once = Right::ALL.into_iter().any(|right| right.is_once() && self.has(right));
		if once { MAX_LIFETIME_ONCE } else { MAX_LIFETIME }
	}
}

/// Claims of a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessToken {
	/// First bytes of the hash of the chain's genesis block.
	pub genesis: [u8; 8],
	/// The lease.
	pub lease: LeaseId,
	/// End of validity, seconds since 1970.
	pub not_after: u64,
	/// Rights.
	pub rights: Rights,
	/// Random number, new for every token.
	pub nonce: [u8; 16],
	/// Account of the key that signed: the tenant or its `Report` proxy.
	pub signer: AccountId32,
}

/// Reason why a token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessError {
	/// Not a token of this version.
	Malformed,
	/// Token for another chain.
	Chain,
	/// Token for another lease.
	Lease,
	/// Its validity is over.
	Expired,
	/// It is valid for longer than its rights allow.
	Lifetime,
	/// It does not grant the right.
	Right,
	/// The signature is not that of the account it names.
	Signature,
	/// The right was used already.
	Used,
	/// Too many tokens are remembered. Try again later.
	Full,
}

impl fmt::Display for AccessError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Malformed => "not an access token",
			Self::Chain => "token of another chain",
			Self::Lease => "token of another lease",
			Self::Expired => "token expired; sign a new one",
			Self::Lifetime => {
				"token valid for too long: an hour, five minutes with shell or restart"
			},
			Self::Right => "the token does not grant this right",
			Self::Signature => "wrong signature of the token",
			Self::Used => "the token was used; sign a new one",
			Self::Full => "too many tokens were used in a short time; try again later",
		})
	}
}

impl Error for AccessError {}

impl AccessToken {
	/// Token with a random nonce. `None` if the machine has no random bytes.
	///
	/// - `genesis`: hash of the chain's genesis block.
	/// - `not_after`: seconds since 1970.
	pub fn new(
		genesis: &[u8; 32],
		lease: LeaseId,
		rights: Rights,
		not_after: u64,
		signer: AccountId32,
	) -> Option<Self> {
		let mut nonce = [0; 16];
		getrandom::fill(&mut nonce).ok()?;
		Some(Self { genesis: genesis_prefix(genesis), lease, not_after, rights, nonce, signer })
	}

	fn claims(&self) -> [u8; CLAIMS] {
		let mut bytes = [0; CLAIMS];
		let fields: [&[u8]; 7] = [
			&[VERSION],
			&self.genesis,
			&self.lease.to_le_bytes(),
			&self.not_after.to_le_bytes(),
			&[self.rights.0],
			&self.nonce,
			self.signer.as_ref(),
		];
		for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
			*to = *from;
		}
		bytes
	}

	/// Parse a token without checking it.
	pub fn parse(text: &str) -> Result<(Self, MultiSignature), AccessError> {
		let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_TEXT);
		let bytes = encoded.and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok());
		let bytes = bytes.ok_or(AccessError::Malformed)?;
		let mut rest = bytes.as_slice();
		let mut parse = || {
			if u8::decode(&mut rest).ok()? != VERSION {
				return None;
			}
			let token = Self {
				genesis: Decode::decode(&mut rest).ok()?,
				lease: Decode::decode(&mut rest).ok()?,
				not_after: Decode::decode(&mut rest).ok()?,
				rights: Rights::from_bits(u8::decode(&mut rest).ok()?)?,
				nonce: Decode::decode(&mut rest).ok()?,
				signer: Decode::decode(&mut rest).ok()?,
			};
			let signature = MultiSignature::decode(&mut rest).ok()?;
			rest.is_empty().then_some((token, signature))
		};
		parse().ok_or(AccessError::Malformed)
	}

	/// Check chain, lease, right and validity.
	pub fn check(
		&self,
		genesis: &[u8; 32],
		lease: LeaseId,
		right: Right,
		now: u64,
	) -> Result<(), AccessError> {
		if self.genesis != genesis_prefix(genesis) {
			return Err(AccessError::Chain);
		}
		if self.lease != lease {
			return Err(AccessError::Lease);
		}
		if !self.rights.has(right) {
			return Err(AccessError::Right);
		}
		if self.not_after.saturating_add(MAX_SKEW) < now {
			return Err(AccessError::Expired);
		}
		let longest = now.saturating_add(self.rights.max_lifetime()).saturating_add(MAX_SKEW);
		if self.not_after > longest {
			return Err(AccessError::Lifetime);
		}
		Ok(())
	}
}

fn genesis_prefix(genesis: &[u8; 32]) -> [u8; 8] {
	let [a, b, c, d, e, f, g, h, ..] = *genesis;
	[a, b, c, d, e, f, g, h]
}

/// Text of a token.
///
/// - `sign`: signs bytes with the key of `signer`.
pub fn mint(token: &AccessToken, sign: impl FnOnce(&[u8]) -> MultiSignature) -> String {
	let claims = token.claims();
	let signature = sign(&[DOMAIN, &claims].concat());
	format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&claims[..], &signature.encode()].concat()))
}

/// Check a token: form, chain, lease, right, validity, signature, in this order, so that only the
/// last step is expensive. The caller has to check that the lease is the operator's and alive, that
/// `signer` is its tenant or the tenant's proxy, and then [`UsedTokens::admit`];
/// [`AccessToken::parse`] allows to check the signer first.
///
/// - `genesis`: hash of the chain's genesis block.
/// - `now`: seconds since 1970.
pub fn verify(
	text: &str,
	genesis: &[u8; 32],
	lease: LeaseId,
	right: Right,
	now: u64,
) -> Result<AccessToken, AccessError> {
	let (token, signature) = AccessToken::parse(text)?;
	token.check(genesis, lease, right, now)?;
	let signed = [DOMAIN, &token.claims()].concat();
	if !signature.verify(signed.as_slice(), &token.signer) {
		return Err(AccessError::Signature);
	}
	Ok(token)
}

/// Memory of the rights that were used up, until their tokens expire.
#[derive(Debug)]
pub struct UsedTokens {
	used: HashMap<([u8; 16], Right), u64>,
	capacity: usize,
}

impl UsedTokens {
	/// Empty memory.
	///
	/// - `capacity`: most rights that are remembered. If more are used before their tokens expire,
	///   further ones are refused: forgetting one would allow its replay.
	pub fn new(capacity: usize) -> Self {
		Self { used: HashMap::new(), capacity }
	}

	/// Use a right of a token that [`verify`] accepted and whose signer may act for the tenant.
	/// Rights to read are not used up.
	pub fn admit(
		&mut self,
		token: &AccessToken,
		right: Right,
		now: u64,
	) -> Result<(), AccessError> {
		if !token.rights.has(right) {
			return Err(AccessError::Right);
		}
		if !right.is_once() {
			return Ok(());
		}
		let key = (token.nonce, right);
		if self.used.contains_key(&key) {
			return Err(AccessError::Used);
		}
		if self.used.len() >= self.capacity {
			self.used.retain(|_, end| *end >= now);
			if self.used.len() >= self.capacity {
				return Err(AccessError::Full);
			}
		}
		self.used.insert(key, token.not_after.saturating_add(MAX_SKEW));
		Ok(())
	}

	/// Rights that were used, and the end of their tokens in seconds since 1970, to be kept over a
	/// restart of the process.
	pub fn entries(&self) -> impl Iterator<Item = ([u8; 16], Right, u64)> + '_ {
		self.used.iter().map(|((nonce, right), end)| (*nonce, *right, *end))
	}

	/// Take rights that were used before a restart.
	pub fn restore(&mut self, entries: impl IntoIterator<Item = ([u8; 16], Right, u64)>) {
		let entries = entries.into_iter().take(self.capacity);
		self.used.extend(entries.map(|(nonce, right, end)| ((nonce, right), end)));
	}

	/// Number of rights that are remembered.
	pub fn len(&self) -> usize {
		self.used.len()
	}

	/// True if none is remembered.
	pub fn is_empty(&self) -> bool {
		self.used.is_empty()
	}
}

#[cfg(test)]
mod tests;
