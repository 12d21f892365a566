// SPDX-License-Identifier: Apache-2.0

//! WireGuard keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use gotatun::x25519::{PublicKey, StaticSecret};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, io, str::FromStr};

/// Random bytes of the machine.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
	let mut bytes = [0; N];
	getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
	Ok(bytes)
}

/// Text that is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyFault {
	/// Not 32 bytes in base64.
	Form,
	/// A point of low order: everybody knows the secret that is shared with it.
	Weak,
}

impl fmt::Display for KeyFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Form => "not a WireGuard key: 32 bytes in base64, as `wg pubkey` prints them",
			Self::Weak => {
				"not a usable WireGuard key: a point of low order; make one by `wg genkey`"
			},
		})
	}
}

impl std::error::Error for KeyFault {}

fn bytes_of(text: &str) -> Result<[u8; 32], KeyFault> {
	// The length first, so that a long text costs nothing.
	if text.len() != 44 {
		return Err(KeyFault::Form);
	}
	let bytes = STANDARD.decode(text).map_err(|_| KeyFault::Form)?;
	bytes.try_into().map_err(|_| KeyFault::Form)
}

/// Public key. Never of low order.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key([u8; 32]);

impl Key {
	/// Public key from its bytes.
	pub fn new(bytes: [u8; 32]) -> Result<Self, KeyFault> {
		// A multiple of the cofactor times a point of low order is zero, whatever the secret.
		let any = StaticSecret::from([1; 32]);
		if any.diffie_hellman(&PublicKey::from(bytes)).was_contributory() {
			Ok(Self(bytes))
		} else {
			Err(KeyFault::Weak)
		}
	}

	/// The 32 bytes.
	pub fn bytes(&self) -> &[u8; 32] {
		&self.0
	}

	pub(crate) fn point(self) -> PublicKey {
		PublicKey::from(self.0)
	}
}

impl FromStr for Key {
	type Err = KeyFault;

	fn from_str(text: &str) -> Result<Self, KeyFault> {
		Self::new(bytes_of(text)?)
	}
}

impl fmt::Display for Key {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&STANDARD.encode(self.0))
	}
}

impl fmt::Debug for Key {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(self, f)
	}
}

impl Serialize for Key {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Key {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
	}
}

/// Secret key. It is wiped when dropped, and neither logged nor serialised.
#[derive(Clone)]
pub struct Secret(StaticSecret);

impl Secret {
	/// New secret of the machine's randomness.
	pub fn generate() -> io::Result<Self> {
		random().map(Self::new)
	}

	/// Secret from its bytes.
	pub fn new(bytes: [u8; 32]) -> Self {
		Self(StaticSecret::from(bytes))
	}

	/// Its public key.
	pub fn public(&self) -> Key {
		Key(PublicKey::from(&self.0).to_bytes())
	}

	/// The secret as text, for a file or a configuration.
	pub fn expose(&self) -> String {
		STANDARD.encode(self.0.as_bytes())
	}

	pub(crate) fn scalar(&self) -> StaticSecret {
		self.0.clone()
	}
}

impl FromStr for Secret {
	type Err = KeyFault;

	fn from_str(text: &str) -> Result<Self, KeyFault> {
		bytes_of(text).map(Self::new)
	}
}

impl fmt::Debug for Secret {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Secret(of {})", self.public())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_are_those_of_wg() {
		// `wg pubkey` of this secret.
		let secret: Secret = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=".parse().unwrap();
		assert_eq!(secret.public().to_string(), "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=");
		assert_eq!(secret.expose(), "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=");
		assert_eq!(secret.public().to_string().parse::<Key>().unwrap(), secret.public());
	}

	#[test]
	fn secrets_are_not_printed() {
		let secret = Secret::generate().unwrap();
		assert!(!format!("{secret:?}").contains(&secret.expose()));
	}

	#[test]
	fn weak_and_malformed_keys_are_refused() {
		let mut one = [0; 32];
		one[0] = 1;
		assert_eq!(Key::new([0; 32]), Err(KeyFault::Weak));
		assert_eq!(Key::new(one), Err(KeyFault::Weak));
		for text in ["", "AAAA", &"A".repeat(44), &"=".repeat(44), &"A".repeat(10_000)] {
			assert!(text.parse::<Key>().is_err(), "{text}");
		}
	}
}
