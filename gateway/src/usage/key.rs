// SPDX-License-Identifier: Apache-2.0

//! Keys that sign statements, and the check of a statement's signature.

use super::Signed;
use sp_core::{Pair, ed25519, sr25519};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::fmt;
use surety_primitives::usage::UsageStatement;

/// Key of a party, or of its `Report` proxy.
#[derive(Clone)]
pub enum ReportKey {
	/// Schnorr over Ristretto.
	Sr25519(Box<sr25519::Pair>),
	/// Ed25519.
	Ed25519(Box<ed25519::Pair>),
}

impl ReportKey {
	/// Account that the key signs for.
	pub fn account(&self) -> AccountId32 {
		match self {
			Self::Sr25519(pair) => pair.public().0.into(),
			Self::Ed25519(pair) => pair.public().0.into(),
		}
	}

	/// The statement with this key's signature.
	pub fn sign(&self, statement: UsageStatement) -> Signed {
		let payload = statement.payload();
		let signature = match self {
			Self::Sr25519(pair) => MultiSignature::Sr25519(pair.sign(&payload)),
			Self::Ed25519(pair) => MultiSignature::Ed25519(pair.sign(&payload)),
		};
		Signed { statement, reporter: self.account(), signature }
	}
}

impl From<sr25519::Pair> for ReportKey {
	fn from(pair: sr25519::Pair) -> Self {
		Self::Sr25519(Box::new(pair))
	}
}

impl From<ed25519::Pair> for ReportKey {
	fn from(pair: ed25519::Pair) -> Self {
		Self::Ed25519(Box::new(pair))
	}
}

/// The account only: the secret never reaches a log.
impl fmt::Debug for ReportKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("ReportKey").field(&self.account()).finish()
	}
}

/// True if the reporter that a statement names signed it.
pub fn verify(signed: &Signed) -> bool {
	signed.signature.verify(signed.statement.payload().as_slice(), &signed.reporter)
}
