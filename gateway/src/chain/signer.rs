// SPDX-License-Identifier: Apache-2.0

//! Key that signs transactions, tokens and usage statements.

use crate::config::{ConfigError, KeySource};
use sp_core::{Pair, ecdsa, ed25519, sr25519};
use sp_runtime::{AccountId32, MultiSignature, MultiSigner, traits::IdentifyAccount};
use std::fmt;
use subxt::{config::SubstrateConfig, utils};

/// Key of one of the kinds that accounts have. Boxed as a whole.
#[allow(clippy::large_enum_variant)]
#[derive(Clone)]
enum Key {
	Sr25519(sr25519::Pair),
	Ed25519(ed25519::Pair),
	Ecdsa(ecdsa::Pair),
}

/// Key with its account.
#[derive(Clone)]
pub struct KeySigner {
	key: Box<Key>,
	account: AccountId32,
}

impl fmt::Debug for KeySigner {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "KeySigner({})", self.account)
	}
}

impl KeySigner {
	/// Key of a secret URI. `ed25519:` and `ecdsa:` before it choose the kind; sr25519 otherwise.
	/// `field` names the key in errors.
	pub fn from_source(source: &KeySource, field: &str) -> Result<Self, ConfigError> {
		let secret = source.read(field)?;
		Self::from_uri(secret.expose())
			.ok_or_else(|| ConfigError::invalid(field, "the key is no secret URI"))
	}

	/// Key of a secret URI.
	pub fn from_uri(uri: &str) -> Option<Self> {
		let (kind, uri) = match uri.split_once(':') {
			Some((kind @ ("sr25519" | "ed25519" | "ecdsa"), rest)) => (kind, rest),
			_ => ("sr25519", uri),
		};
		// The SDK takes nothing as the phrase of its development accounts.
		if uri.is_empty() {
			return None;
		}
		let (key, signer) = match kind {
			"ed25519" => {
				let pair = ed25519::Pair::from_string(uri, None).ok()?;
				let signer = MultiSigner::from(pair.public());
				(Key::Ed25519(pair), signer)
			},
			"ecdsa" => {
				let pair = ecdsa::Pair::from_string(uri, None).ok()?;
				let signer = MultiSigner::from(pair.public());
				(Key::Ecdsa(pair), signer)
			},
			_ => {
				let pair = sr25519::Pair::from_string(uri, None).ok()?;
				let signer = MultiSigner::from(pair.public());
				(Key::Sr25519(pair), signer)
			},
		};
		Some(Self { key: Box::new(key), account: signer.into_account() })
	}

	/// Account of the key.
	pub fn account(&self) -> &AccountId32 {
		&self.account
	}

	/// Sign bytes.
	pub fn sign(&self, bytes: &[u8]) -> MultiSignature {
		match &*self.key {
			Key::Sr25519(pair) => pair.sign(bytes).into(),
			Key::Ed25519(pair) => pair.sign(bytes).into(),
			Key::Ecdsa(pair) => pair.sign(bytes).into(),
		}
	}
}

impl subxt::tx::Signer<SubstrateConfig> for KeySigner {
	fn account_id(&self) -> utils::AccountId32 {
		utils::AccountId32(self.account.clone().into())
	}

	fn sign(&self, payload: &[u8]) -> utils::MultiSignature {
		match &*self.key {
			Key::Sr25519(pair) => utils::MultiSignature::Sr25519(pair.sign(payload).0),
			Key::Ed25519(pair) => utils::MultiSignature::Ed25519(pair.sign(payload).0),
			Key::Ecdsa(pair) => utils::MultiSignature::Ecdsa(pair.sign(payload).0),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_runtime::traits::Verify;

	#[test]
	fn every_kind_of_key_signs_for_its_account() {
		for uri in ["//Alice", "sr25519://Alice", "ed25519://Alice", "ecdsa://Alice"] {
			let signer = KeySigner::from_uri(uri).unwrap();
			assert!(signer.sign(b"bytes").verify(b"bytes".as_slice(), signer.account()), "{uri}");
			assert!(!signer.sign(b"other").verify(b"bytes".as_slice(), signer.account()), "{uri}");
			assert!(!format!("{signer:?}").contains("//"), "{uri}");
		}
		let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		assert_eq!(KeySigner::from_uri("//Alice").unwrap().account().to_string(), alice);
		for uri in ["", "ed25519:", "no words at all", "0x12"] {
			assert!(KeySigner::from_uri(uri).is_none(), "{uri}");
		}
	}
}
