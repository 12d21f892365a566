// SPDX-License-Identifier: Apache-2.0

//! Texts and bytes that no log shows and that are overwritten when they are dropped.

use codec::{Decode, Encode};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Text that no log shows.
#[derive(Clone, Decode, Default, Encode, Eq, Ord, PartialEq, PartialOrd)]
pub struct SecretText(String);

impl SecretText {
	/// Guard a text.
	pub fn new(text: impl Into<String>) -> Self {
		Self(text.into())
	}

	/// The text. Never log it.
	pub fn expose(&self) -> &str {
		&self.0
	}
}

impl From<&Zeroizing<String>> for SecretText {
	fn from(text: &Zeroizing<String>) -> Self {
		Self(text.as_str().to_owned())
	}
}

impl fmt::Debug for SecretText {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("SecretText(..)")
	}
}

impl Drop for SecretText {
	fn drop(&mut self) {
		self.0.zeroize();
	}
}

/// Bytes that no log shows.
#[derive(Clone, Decode, Default, Encode, Eq, PartialEq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
	/// Guard bytes.
	pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
		Self(bytes.into())
	}

	/// The bytes. Never log them.
	pub fn expose(&self) -> &[u8] {
		&self.0
	}
}

impl fmt::Debug for SecretBytes {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("SecretBytes(..)")
	}
}

impl Drop for SecretBytes {
	fn drop(&mut self) {
		self.0.zeroize();
	}
}
