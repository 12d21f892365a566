// SPDX-License-Identifier: Apache-2.0

//! Recipients document: age keys of an operator, signed by its account or that of its proxy.
//!
//! An operator serves it at [`DOCUMENT_PATH`] of its endpoint. The signature, not the connection,
//! proves that the keys are the operator's.
//!
//! ```json
//! {"version": 1, "genesis": "0x..", "operator": "5..", "recipients": ["age1.."],
//!  "notAfter": 1800000000, "signer": "5..", "signature": "0x.."}
//! ```
//!
//! `signature` is a `MultiSignature` in SCALE, of
//!
//! ```text
//! "surety/recipients/1" | genesis 32 | operator 32 | recipients, a SCALE list of texts
//!                       | notAfter u64, little-endian | signer 32
//! ```

use crate::hex;
use age::x25519;
use codec::{Decode, DecodeAll, Encode};
use serde::{Deserialize, Serialize};
use sp_runtime::{AccountId32, MultiSignature, traits::Verify};
use std::{error::Error, fmt};

/// First bytes of what is signed.
pub const DOCUMENT_DOMAIN: &[u8] = b"surety/recipients/1";
/// Path at which an operator serves its document.
pub const DOCUMENT_PATH: &str = "/.well-known/surety/keys";
/// Longest document in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024;
/// Most recipients of a document: the current key, the next one, and machines of their own.
pub const MAX_RECIPIENTS: usize = 8;
/// Longest validity in seconds: a key that was lost is used no longer.
pub const MAX_DOCUMENT_LIFETIME: u64 = 30 * 86_400;
/// Difference of clocks that is tolerated, in seconds.
const MAX_SKEW: u64 = 60;
/// Longest text of a recipient; those of X25519 have 62 bytes.
const MAX_RECIPIENT: usize = 128;

/// Age keys of an operator.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct RecipientsDocument {
	/// Hash of the chain's genesis block.
	pub genesis: [u8; 32],
	/// The operator.
	pub operator: AccountId32,
	/// X25519 recipients of age. Blobs are encrypted to all of them.
	pub recipients: Vec<String>,
	/// End of validity, seconds since 1970.
	pub not_after: u64,
	/// Account that signs: the operator or its proxy.
	pub signer: AccountId32,
}

/// Document with its signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedRecipients {
	/// The document.
	pub document: RecipientsDocument,
	/// Signature of [`RecipientsDocument::payload`].
	pub signature: MultiSignature,
}

/// Reason why a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentError {
	/// Not a document of this version, or too long.
	Malformed,
	/// No recipients, too many, one twice, or one that is no X25519 key.
	Recipients,
	/// Document for another chain.
	Chain,
	/// Document of another operator.
	OtherOperator,
	/// Its validity is over. The operator must serve a new one.
	Expired,
	/// It is valid for longer than 30 days.
	Lifetime,
	/// The signer is neither the operator nor a proxy that may sign for it.
	Signer,
	/// The signature is not that of the signer.
	Signature,
}

impl fmt::Display for DocumentError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Malformed => "not a recipients document",
			Self::Recipients => "the recipients are not 1 to 8 distinct keys age1..",
			Self::Chain => "document of another chain",
			Self::OtherOperator => "document of another operator",
			Self::Expired => "the document is expired; the operator must renew it",
			Self::Lifetime => "the document is valid for longer than 30 days",
			Self::Signer => "the signer may not sign for the operator",
			Self::Signature => "wrong signature of the document",
		})
	}
}

impl Error for DocumentError {}

/// JSON form.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Form {
	version: u8,
	genesis: String,
	operator: AccountId32,
	recipients: Vec<String>,
	not_after: u64,
	signer: AccountId32,
	signature: String,
}

const VERSION: u8 = 1;

impl RecipientsDocument {
	/// Bytes that are signed.
	pub fn payload(&self) -> Vec<u8> {
		[DOCUMENT_DOMAIN, &self.encode()].concat()
	}

	/// The document with a signature.
	///
	/// - `sign`: signs bytes with the key of `signer`.
	pub fn sign(
		self,
		sign: impl FnOnce(&[u8]) -> MultiSignature,
	) -> Result<SignedRecipients, DocumentError> {
		self.check_recipients()?;
		let signature = sign(&self.payload());
		Ok(SignedRecipients { document: self, signature })
	}

	fn check_recipients(&self) -> Result<(), DocumentError> {
		let list = &self.recipients;
		let valid = |text: &String| {
			text.len() <= MAX_RECIPIENT
				&& text.parse::<x25519::Recipient>().is_ok_and(|key| key.to_string() == *text)
		};
		let distinct = || {
			let mut sorted: Vec<_> = list.iter().collect();
			sorted.sort_unstable();
			sorted.windows(2).all(|pair| pair.first() != pair.last())
		};
		let number = (1..=MAX_RECIPIENTS).contains(&list.len());
		if number && list.iter().all(valid) && distinct() {
			Ok(())
		} else {
			Err(DocumentError::Recipients)
		}
	}
}

impl SignedRecipients {
	/// JSON text that is served.
	pub fn to_json(&self) -> String {
		let document = &self.document;
		let form = Form {
			version: VERSION,
			genesis: format!("0x{}", hex::encode(&document.genesis)),
			operator: document.operator.clone(),
			recipients: document.recipients.clone(),
			not_after: document.not_after,
			signer: document.signer.clone(),
			signature: format!("0x{}", hex::encode(&self.signature.encode())),
		};
		// Texts and numbers always have a JSON form.
		serde_json::to_string(&form).unwrap_or_default()
	}

	/// Parse a document without checking its signature.
	pub fn parse(json: &[u8]) -> Result<Self, DocumentError> {
		if json.len() > MAX_DOCUMENT_BYTES {
			return Err(DocumentError::Malformed);
		}
		let parse = || {
			let form: Form = serde_json::from_slice(json).ok()?;
			let signature = hex::decode(form.signature.strip_prefix("0x")?)?;
			let document = RecipientsDocument {
				genesis: hex::decode_32(form.genesis.strip_prefix("0x")?)?,
				operator: form.operator,
				recipients: form.recipients,
				not_after: form.not_after,
				signer: form.signer,
			};
			let signature = MultiSignature::decode_all(&mut signature.as_slice()).ok()?;
			(form.version == VERSION).then_some(Self { document, signature })
		};
		let signed = parse().ok_or(DocumentError::Malformed)?;
		signed.document.check_recipients()?;
		Ok(signed)
	}

	/// Check the document: chain, operator, validity, signer, signature, in this order, so that
	/// only the last step is expensive.
	///
	/// - `now`: seconds since 1970.
	/// - `may_sign`: true if an account is a proxy of the operator that may sign for it. The
	///   operator itself is not asked for.
	pub fn verify(
		&self,
		genesis: &[u8; 32],
		operator: &AccountId32,
		now: u64,
		may_sign: impl FnOnce(&AccountId32) -> bool,
	) -> Result<(), DocumentError> {
		let document = &self.document;
		if document.genesis != *genesis {
			return Err(DocumentError::Chain);
		}
		if document.operator != *operator {
			return Err(DocumentError::OtherOperator);
		}
		if document.not_after.saturating_add(MAX_SKEW) < now {
			return Err(DocumentError::Expired);
		}
		let longest = now.saturating_add(MAX_DOCUMENT_LIFETIME).saturating_add(MAX_SKEW);
		if document.not_after > longest {
			return Err(DocumentError::Lifetime);
		}
		document.check_recipients()?;
		if document.signer != *operator && !may_sign(&document.signer) {
			return Err(DocumentError::Signer);
		}
		if !self.signature.verify(document.payload().as_slice(), &document.signer) {
			return Err(DocumentError::Signature);
		}
		Ok(())
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::{Pair, sr25519};

	pub(crate) const NOW: u64 = 1_800_000_000;
	pub(crate) const GENESIS: [u8; 32] = [5; 32];

	pub(crate) fn pair(name: &str) -> sr25519::Pair {
		sr25519::Pair::from_string(&format!("//{name}"), None).unwrap()
	}

	pub(crate) fn account(name: &str) -> AccountId32 {
		pair(name).public().into()
	}

	/// Document of an operator with a key, signed by an account.
	pub(crate) fn signed(operator: &str, key: &x25519::Identity, signer: &str) -> SignedRecipients {
		let document = RecipientsDocument {
			genesis: GENESIS,
			operator: account(operator),
			recipients: vec![key.to_public().to_string()],
			not_after: NOW + 3_600,
			signer: account(signer),
		};
		document.sign(|bytes| pair(signer).sign(bytes).into()).unwrap()
	}

	fn verify(signed: &SignedRecipients, now: u64) -> Result<(), DocumentError> {
		signed.verify(&GENESIS, &account("Op"), now, |who| *who == account("Proxy"))
	}

	#[test]
	fn the_signed_bytes_are_fixed() {
		let document = RecipientsDocument {
			genesis: [1; 32],
			operator: [2; 32].into(),
			recipients: vec!["ab".into()],
			not_after: 3,
			signer: [4; 32].into(),
		};
		let expected = [
			b"surety/recipients/1".as_slice(),
			&[1; 32],
			&[2; 32],
			&[4, 8, b'a', b'b'],
			&3u64.to_le_bytes(),
			&[4; 32],
		];
		assert_eq!(document.payload(), expected.concat());
	}

	#[test]
	fn the_operator_and_its_proxy_sign() {
		let key = x25519::Identity::generate();
		for (signer, expected) in
			[("Op", Ok(())), ("Proxy", Ok(())), ("Mallory", Err(DocumentError::Signer))]
		{
			let text = signed("Op", &key, signer).to_json();
			let read = SignedRecipients::parse(text.as_bytes()).unwrap();
			assert_eq!(verify(&read, NOW), expected);
		}
	}

	#[test]
	fn time_chain_and_operator_are_checked() {
		let key = x25519::Identity::generate();
		let good = signed("Op", &key, "Op");
		let end = good.document.not_after;
		assert_eq!(verify(&good, end + MAX_SKEW), Ok(()));
		assert_eq!(verify(&good, end + MAX_SKEW + 1), Err(DocumentError::Expired));
		assert_eq!(verify(&good, end - MAX_DOCUMENT_LIFETIME - MAX_SKEW), Ok(()));
		assert_eq!(verify(&good, 0), Err(DocumentError::Lifetime));
		let other = good.verify(&[6; 32], &account("Op"), NOW, |_| true);
		assert_eq!(other, Err(DocumentError::Chain));
		let other = good.verify(&GENESIS, &account("Other"), NOW, |_| true);
		assert_eq!(other, Err(DocumentError::OtherOperator));
	}

	#[test]
	fn a_changed_document_is_not_signed() {
		let (key, other) = (x25519::Identity::generate(), x25519::Identity::generate());
		let mut changed = signed("Op", &key, "Op");
		changed.document.recipients = vec![other.to_public().to_string()];
		assert_eq!(verify(&changed, NOW), Err(DocumentError::Signature));
		let mut changed = signed("Op", &key, "Op");
		changed.document.not_after += 1;
		assert_eq!(verify(&changed, NOW), Err(DocumentError::Signature));
		let mut changed = signed("Op", &key, "Op");
		changed.document.signer = account("Proxy");
		assert_eq!(verify(&changed, NOW), Err(DocumentError::Signature));
	}

	#[test]
	fn other_texts_are_no_documents() {
		let json = signed("Op", &x25519::Identity::generate(), "Op").to_json();
		let parse = |text: &str| SignedRecipients::parse(text.as_bytes()).err();
		for other in [
			String::new(),
			"{}".into(),
			json.replace("\"version\":1", "\"version\":2"),
			json.replacen('{', "{\"more\":1,", 1),
			json.replace("0x05", "0X05"),
			format!("{json}{}", " ".repeat(MAX_DOCUMENT_BYTES)),
		] {
			assert_eq!(parse(&other), Some(DocumentError::Malformed), "{other:.60}");
		}
		let none = json.find("[\"age1").unwrap();
		let end = json.find(']').unwrap();
		for list in ["[]", "[\"age1x\"]", "[\"\"]"] {
			let other = format!("{}{list}{}", &json[..none], &json[end + 1..]);
			assert_eq!(parse(&other), Some(DocumentError::Recipients), "{list}");
		}
		let list = &json[none + 1..end];
		let twice = format!("{}[{list},{list}]{}", &json[..none], &json[end + 1..]);
		assert_eq!(parse(&twice), Some(DocumentError::Recipients));
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			prop_assert!(SignedRecipients::parse(&bytes).is_err());
		}

		#[test]
		fn arbitrary_values_never_panic(
			genesis in "\\PC{0,70}", account in "\\PC{0,50}", recipient in "\\PC{0,70}",
			not_after: u64, signature in "\\PC{0,140}",
		) {
			let form = serde_json::json!({
				"version": 1, "genesis": genesis, "operator": account, "recipients": [recipient],
				"notAfter": not_after, "signer": account, "signature": signature,
			});
			prop_assert!(SignedRecipients::parse(form.to_string().as_bytes()).is_err());
		}
	}
}
