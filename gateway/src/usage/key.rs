// SPDX-License-Identifier: Apache-2.0

//! Keys that sign statements, and the check of a statement's signature.

use super::Signed;
use sp_core::{Pair, ed25519, sr25519};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::{fmt, sync::Arc};
use surety_primitives::usage::UsageStatement;

/// Function that signs bytes.
type Sign = Arc<dyn Fn(&[u8]) -> MultiSignature + Send + Sync>;

/// Key of a party, or of its `Report` proxy.
#[derive(Clone)]
pub struct ReportKey {
	account: AccountId32,
	sign: Sign,
}

impl ReportKey {
	/// Key of an account.
	///
	/// - `sign`: signs bytes with the key of the account.
	pub fn new(
		account: AccountId32,
		sign: impl Fn(&[u8]) -> MultiSignature + Send + Sync + 'static,
	) -> Self {
		Self { account, sign: Arc::new(sign) }
	}

	/// Account that the key signs for.
	pub fn account(&self) -> AccountId32 {
		self.account.clone()
	}

	/// The statement with this key's signature.
	pub fn sign(&self, statement: UsageStatement) -> Signed {
		let signature = (self.sign)(&statement.payload());
		Signed { statement, reporter: self.account(), signature }
	}
}

impl From<sr25519::Pair> for ReportKey {
	fn from(pair: sr25519::Pair) -> Self {
		Self::new(pair.public().into(), move |bytes| pair.sign(bytes).into())
	}
}

impl From<ed25519::Pair> for ReportKey {
	fn from(pair: ed25519::Pair) -> Self {
		Self::new(pair.public().into(), move |bytes| pair.sign(bytes).into())
	}
}

/// The account only: the secret never reaches a log.
impl fmt::Debug for ReportKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("ReportKey").field(&self.account).finish()
	}
}

/// True if the reporter that a statement names signed it.
pub fn verify(signed: &Signed) -> bool {
	signed.signature.verify(signed.statement.payload().as_slice(), &signed.reporter)
}
