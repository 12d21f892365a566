// SPDX-License-Identifier: Apache-2.0

//! Encryption of a manifest to the recipients of an operator, bound to one replica of one order.
//!
//! The form is age with X25519 recipients, binary. The plaintext is
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version, 1 |
//! | 32 | hash of the chain's genesis block |
//! | 4 | order, little-endian |
//! | 1 | index of the replica |
//! | 32 | account of the operator |
//! | 32 | salt |
//! | rest | canonical bytes of the manifest |
//!
//! so what was encrypted for one order, replica or operator is refused for another.

use super::{MAX_MANIFEST, MAX_RECIPIENTS, Manifest, ManifestFault, Salt, hash_bytes};
use age::{Decryptor, Encryptor, x25519};
use codec::{Decode, Encode};
use sp_runtime::AccountId32;
use std::{
	error::Error,
	fmt,
	io::{Read, Write},
};
use surety_primitives::OrderId;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// Bytes of the plaintext before the manifest.
const HEAD: usize = 102;
/// Longest plaintext.
const MAX_PLAIN: usize = HEAD + MAX_MANIFEST;
/// Longest header of an age file: each recipient takes less than 256 bytes.
const MAX_HEADER: usize = 256 * (MAX_RECIPIENTS + 2);
/// Longest blob: header, nonce, and 16 bytes for each 64 KiB of the plaintext.
pub const MAX_SEALED: usize = MAX_HEADER + 16 + MAX_PLAIN + 16 * (MAX_PLAIN / 65_536 + 1);

/// Place that a manifest is encrypted for.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Binding {
	/// Hash of the chain's genesis block.
	pub genesis: [u8; 32],
	/// The order.
	pub order: OrderId,
	/// Index of the replica, from 0.
	pub replica: u8,
	/// Operator of the replica's lease.
	pub operator: AccountId32,
}

/// Manifest of an opened blob, which matches its order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
	/// The manifest.
	pub manifest: Manifest,
	/// Its salt.
	pub salt: Salt,
}

/// Reason why a manifest cannot be encrypted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SealError {
	/// No recipient, or too many.
	Recipients,
	/// A recipient is no X25519 key.
	Recipient,
	/// The manifest is not valid.
	Manifest(ManifestFault),
	/// The encryption failed.
	Age(String),
}

impl fmt::Display for SealError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Recipients => write!(f, "1 to {MAX_RECIPIENTS} recipients are needed"),
			Self::Recipient => f.write_str("a recipient is no X25519 key of age (age1..)"),
			Self::Manifest(fault) => fault.fmt(f),
			Self::Age(reason) => write!(f, "the encryption failed: {reason}"),
		}
	}
}

impl Error for SealError {}

/// Reason why a blob is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpenError {
	/// More bytes than any manifest needs.
	TooLarge,
	/// Not an age file, cut short, or changed.
	Malformed,
	/// Encrypted to other recipients. Ask the tenant to fetch the recipients document again.
	OtherRecipient,
	/// Encrypted for another chain.
	Chain,
	/// Encrypted for another order or replica.
	OtherOrder,
	/// Encrypted for another operator.
	OtherOperator,
	/// Not what the order on the chain commits to.
	Hash,
	/// What the order commits to is no valid manifest.
	Manifest(ManifestFault),
}

impl fmt::Display for OpenError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLarge => f.write_str("more bytes than a manifest may have"),
			Self::Malformed => f.write_str("not an age file, or a damaged one"),
			Self::OtherRecipient => f.write_str(
				"encrypted to another key; fetch the recipients document again and encrypt anew",
			),
			Self::Chain => f.write_str("encrypted for another chain"),
			Self::OtherOrder => f.write_str("encrypted for another order or replica"),
			Self::OtherOperator => f.write_str("encrypted for another operator"),
			Self::Hash => f.write_str("not the manifest that the order on the chain commits to"),
			Self::Manifest(fault) => fault.fmt(f),
		}
	}
}

impl Error for OpenError {}

/// Encrypt a manifest to the recipients of an operator.
pub fn seal(
	manifest: &Manifest,
	salt: &Salt,
	binding: &Binding,
	recipients: &[String],
) -> Result<Vec<u8>, SealError> {
	manifest.check().map_err(SealError::Manifest)?;
	if !(1..=MAX_RECIPIENTS).contains(&recipients.len()) {
		return Err(SealError::Recipients);
	}
	let parsed = recipients.iter().map(|text| text.parse::<x25519::Recipient>());
	let parsed = parsed.collect::<Result<Vec<_>, _>>().map_err(|_| SealError::Recipient)?;
	let failed = |error: &dyn fmt::Display| SealError::Age(error.to_string());
	let keys = parsed.iter().map(|key| key as &dyn age::Recipient);
	let encryptor = Encryptor::with_recipients(keys).map_err(|error| failed(&error))?;

	let bytes = manifest.to_bytes();
	let size = HEAD.saturating_add(bytes.len());
	let mut plain = Zeroizing::new(Vec::with_capacity(size));
	(VERSION, binding, salt).encode_to(&mut *plain);
	plain.extend_from_slice(&bytes);
	let mut sealed = Vec::new();
	let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
		writer.write_all(&plain)?;
		writer.finish()
	});
	written.map_err(|error| failed(&error))?;
	Ok(sealed)
}

/// Decrypt a blob, and check that it is for this place and what its order commits to.
///
/// - `identities`: secret keys, the current one first.
/// - `expected`: of the lease, as the chain has it.
/// - `env_hash`: of the order, as the chain has it.
pub fn open(
	sealed: &[u8],
	identities: &[x25519::Identity],
	expected: &Binding,
	env_hash: &[u8; 32],
) -> Result<Opened, OpenError> {
	if sealed.len() > MAX_SEALED {
		return Err(OpenError::TooLarge);
	}
	// Every recipient costs a multiplication on the curve, so their number is bounded first.
	let head = sealed.get(..MAX_HEADER.min(sealed.len())).unwrap_or_default();
	let marks = |mark: &[u8]| head.windows(mark.len()).filter(|bytes| *bytes == mark).count();
	let ends = head.windows(5).any(|bytes| bytes == b"\n--- ");
	if !ends || marks(b"\n-> ") > MAX_RECIPIENTS.saturating_mul(2) {
		return Err(OpenError::Malformed);
	}
	let decryptor = Decryptor::new_buffered(sealed).map_err(|_| OpenError::Malformed)?;
	if decryptor.is_scrypt() {
		return Err(OpenError::Malformed);
	}
	let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
	let reader = decryptor.decrypt(identities).map_err(|error| match error {
		age::DecryptError::NoMatchingKeys => OpenError::OtherRecipient,
		_ => OpenError::Malformed,
	})?;
	let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
	let limit = u64::try_from(MAX_PLAIN).unwrap_or(u64::MAX);
	reader
		.take(limit.saturating_add(1))
		.read_to_end(&mut plain)
		.map_err(|_| OpenError::Malformed)?;
	if plain.len() > MAX_PLAIN {
		return Err(OpenError::TooLarge);
	}
	read(&plain, expected, env_hash)
}

fn read(plain: &[u8], expected: &Binding, env_hash: &[u8; 32]) -> Result<Opened, OpenError> {
	let mut rest = plain;
	let head = <(u8, Binding, Salt)>::decode(&mut rest).map_err(|_| OpenError::Malformed)?;
	let (VERSION, binding, salt) = head else { return Err(OpenError::Malformed) };
	if binding.genesis != expected.genesis {
		return Err(OpenError::Chain);
	}
	if (binding.order, binding.replica) != (expected.order, expected.replica) {
		return Err(OpenError::OtherOrder);
	}
	if binding.operator != expected.operator {
		return Err(OpenError::OtherOperator);
	}
	if hash_bytes(&salt, rest) != *env_hash {
		return Err(OpenError::Hash);
	}
	let manifest = Manifest::from_bytes(rest).map_err(OpenError::Manifest)?;
	Ok(Opened { manifest, salt })
}

#[cfg(test)]
mod tests {
	use super::{super::tests::example, *};
	use proptest::prelude::*;

	fn binding() -> Binding {
		Binding { genesis: [1; 32], order: 7, replica: 1, operator: [2; 32].into() }
	}

	fn salt() -> Salt {
		Salt::from_bytes([9; 32])
	}

	fn key() -> (x25519::Identity, String) {
		let identity = x25519::Identity::generate();
		let recipient = identity.to_public().to_string();
		(identity, recipient)
	}

	#[test]
	fn each_of_several_recipients_opens() {
		let ((a, to_a), (b, to_b), (c, _)) = (key(), key(), key());
		let sealed = seal(&example(), &salt(), &binding(), &[to_a, to_b]).unwrap();
		let hash = example().hash(&salt());
		for identity in [a, b.clone()] {
			let opened = open(&sealed, &[identity], &binding(), &hash).unwrap();
			assert_eq!((opened.manifest, opened.salt), (example(), salt()));
		}
		assert!(open(&sealed, &[c.clone(), b], &binding(), &hash).is_ok());
		assert_eq!(open(&sealed, &[c], &binding(), &hash), Err(OpenError::OtherRecipient));
		assert_eq!(open(&sealed, &[], &binding(), &hash), Err(OpenError::OtherRecipient));
		let visible = String::from_utf8_lossy(&sealed).into_owned();
		assert!(!visible.contains("hunter2"));
	}

	#[test]
	fn a_blob_is_refused_in_every_other_place() {
		let (identity, recipient) = key();
		let sealed = seal(&example(), &salt(), &binding(), &[recipient]).unwrap();
		let hash = example().hash(&salt());
		let places: [(fn(&mut Binding), OpenError); 4] = [
			(|place| place.genesis = [3; 32], OpenError::Chain),
			(|place| place.order = 8, OpenError::OtherOrder),
			(|place| place.replica = 0, OpenError::OtherOrder),
			(|place| place.operator = [4; 32].into(), OpenError::OtherOperator),
		];
		for (change, expected) in places {
			let mut place = binding();
			change(&mut place);
			assert_eq!(
				open(&sealed, std::slice::from_ref(&identity), &place, &hash),
				Err(expected)
			);
		}
		let other = example().hash(&Salt::from_bytes([8; 32]));
		assert_eq!(open(&sealed, &[identity], &binding(), &other), Err(OpenError::Hash));
	}

	#[test]
	fn recipients_are_x25519_keys_within_bounds() {
		let (_, recipient) = key();
		let seal = |recipients: &[String]| seal(&example(), &salt(), &binding(), recipients);
		assert_eq!(seal(&[]), Err(SealError::Recipients));
		assert_eq!(seal(&vec![recipient; MAX_RECIPIENTS + 1]), Err(SealError::Recipients));
		for wrong in ["", "age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"] {
			assert_eq!(seal(&[wrong.to_owned()]), Err(SealError::Recipient));
		}
	}

	#[test]
	fn sizes_are_bounded_before_any_work() {
		let (identity, recipient) = key();
		let open =
			|sealed: &[u8]| open(sealed, std::slice::from_ref(&identity), &binding(), &[0; 32]);
		assert_eq!(open(&vec![0; MAX_SEALED + 1]), Err(OpenError::TooLarge));
		let stanza = format!("\n-> X25519 {}\n{}", "A".repeat(43), "A".repeat(43));
		let many =
			format!("age-encryption.org/v1{}\n--- {}\n", stanza.repeat(1_000), "A".repeat(43));
		assert_eq!(open(many.as_bytes()), Err(OpenError::Malformed));
		let mut large = example();
		let file = super::super::SecretBytes::new(vec![7; MAX_MANIFEST - 1_000]);
		large.files.insert("/large".into(), file);
		let sealed = seal(&large, &salt(), &binding(), &vec![recipient; MAX_RECIPIENTS]).unwrap();
		assert!(sealed.len() <= MAX_SEALED);
		let hash = large.hash(&salt());
		assert!(super::open(&sealed, std::slice::from_ref(&identity), &binding(), &hash).is_ok());
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn a_changed_or_cut_blob_is_refused(at in 0usize..100_000, by in 1u8.., cut: bool) {
			let (identity, recipient) = key();
			let mut sealed = seal(&example(), &salt(), &binding(), &[recipient]).unwrap();
			let at = at % sealed.len();
			if cut {
				sealed.truncate(at);
			} else {
				sealed[at] ^= by;
			}
			let hash = example().hash(&salt());
			prop_assert!(open(&sealed, &[identity], &binding(), &hash).is_err());
		}

		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
			let (identity, _) = key();
			let started = [b"age-encryption.org/v1\n-> X25519 ".as_slice(), &bytes, b"\n--- "].concat();
			for blob in [bytes, started] {
				prop_assert!(open(&blob, std::slice::from_ref(&identity), &binding(), &[0; 32]).is_err());
			}
		}

		#[test]
		fn arbitrary_plaintexts_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			prop_assert!(read(&bytes, &binding(), &[0; 32]).is_err());
		}
	}
}
