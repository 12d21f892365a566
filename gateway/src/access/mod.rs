// SPDX-License-Identifier: Apache-2.0

//! Access: who may send how much.
//!
//! # Terminology
//!
//! | word | meaning |
//! |---|---|
//! | token | right to use an agreement for an hour, signed by the tenant's key; checked by the edge |
//! | API key | secret of a client of a gateway, with limits, methods and origins of its own |
//! | challenge | text that a wallet signs, in exchange for an API key |
//! | bucket | rate with a burst; answers may overdraw it, and the next request waits |
//! | host | an IPv4 address or the /64 of an IPv6 address; trials count by /24 |
//!
//! All state is bounded: caches and tables of hosts hold a fixed number of entries, and a full
//! table makes strangers share one bucket instead of growing.

mod bucket;
mod cache;
mod hosts;
mod key_store;
mod keys;
mod limits;
mod login;
mod nonce;
mod offer;
mod token;

pub use bucket::{Bucket, Rate, Wait};
pub use cache::RecentTokens;
pub use hosts::{Hosts, trial_network};
pub use key_store::{KeyStore, KeyStoreError};
pub use keys::{
	ApiKey, KeyError, KeyRules, PREFIX as API_KEY_PREFIX, Secret, bearer, names_method,
};
pub use limits::{Cost, Limiter, UnitLimits, nanos_now, unix_now};
pub use login::{Challenge, Login, LoginError, LoginSettings};
pub use offer::Offer;
pub use token::{
	HEADER as TOKEN_HEADER, PREFIX as TOKEN_PREFIX, Share, Token, TokenError, genesis_prefix, mint,
	verify,
};

use rustls::crypto::ring;

/// Random bytes of the machine. `None` if it has none to give.
pub(crate) fn random<const N: usize>() -> Option<[u8; N]> {
	let mut bytes = [0; N];
	ring::default_provider().secure_random.fill(&mut bytes).ok()?;
	Some(bytes)
}

/// True if both are equal, in a time that does not depend on where they differ.
pub(crate) fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
	a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}
