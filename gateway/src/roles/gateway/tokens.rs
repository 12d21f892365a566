// SPDX-License-Identifier: Apache-2.0

//! Tokens of agreements, signed anew before they end.

use crate::{
	access::{Share, Token, genesis_prefix, mint},
	chain::KeySigner,
};
use http::HeaderValue;
use sp_core::H256;
use std::collections::HashMap;
use surety_primitives::AgreementId;

/// Validity of a token in seconds.
const LIFETIME: u64 = 3_600;
/// Rest of the validity, in seconds, from which on another token is made.
const RENEWAL: u64 = 1_200;

struct Minted {
	token: HeaderValue,
	not_after: u64,
}

/// Tokens of the agreements in use.
pub(super) struct Tokens {
	key: Option<KeySigner>,
	minted: HashMap<AgreementId, Minted>,
}

impl Tokens {
	/// Tokens that a key signs. Without one there are none.
	pub fn new(key: Option<KeySigner>) -> Self {
		Self { key, minted: HashMap::new() }
	}

	/// Token of an agreement.
	///
	/// - `now`: seconds since 1970.
	pub fn of(&mut self, agreement: AgreementId, genesis: &H256, now: u64) -> Option<HeaderValue> {
		let fresh = now.saturating_add(RENEWAL);
		// A token that ends too late was made before the clock went back.
		let last = now.saturating_add(LIFETIME);
		if let Some(minted) = self.minted.get(&agreement)
			&& (fresh..=last).contains(&minted.not_after)
		{
			return Some(minted.token.clone());
		}
		let key = self.key.as_ref()?;
		let token = Token {
			genesis: genesis_prefix(genesis),
			agreement,
			not_after: last,
			share: Share::ALL,
			reporter: key.account().clone(),
		};
		let mut token = HeaderValue::try_from(mint(&token, |bytes| key.sign(bytes))).ok()?;
		token.set_sensitive(true);
		self.minted.insert(agreement, Minted { token: token.clone(), not_after: last });
		Some(token)
	}

	/// Forget the tokens of other agreements.
	pub fn retain(&mut self, keep: impl Fn(AgreementId) -> bool) {
		self.minted.retain(|agreement, _| keep(*agreement));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::access::verify;

	#[test]
	fn a_token_is_valid_and_made_anew_before_it_ends() {
		let genesis = H256::repeat_byte(3);
		let mut tokens = Tokens::new(KeySigner::from_uri("//Alice"));
		let mut at = |now| tokens.of(7, &genesis, now).unwrap();
		let first = at(10_000);
		let text = first.to_str().unwrap();
		let token = verify(text, &genesis_prefix(&genesis), 10_000).unwrap();
		assert_eq!((token.agreement, token.not_after), (7, 13_600));
		assert_eq!(at(12_400), first);
		let second = at(12_401);
		assert_ne!(second, first);
		assert_ne!(at(10_000), second, "the clock went back");
	}

	#[test]
	fn without_a_key_there_are_no_tokens() {
		assert!(Tokens::new(None).of(7, &H256::zero(), 0).is_none());
	}
}
