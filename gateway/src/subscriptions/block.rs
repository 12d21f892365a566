// SPDX-License-Identifier: Apache-2.0

//! Blocks and heads, as notifications of Ethereum and Substrate nodes describe them.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sp_runtime::{
	generic::Header,
	traits::{BlakeTwo256, Hash as _},
};
use std::{borrow::Cow, collections::BTreeMap};

/// Hash of a block.
pub type Hash = [u8; 32];

/// Fields of an Ethereum block that its header does not have.
const BODY_FIELDS: &[&str] = &["transactions", "uncles", "withdrawals", "size", "totalDifficulty"];

/// Position of a block in its chain.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Block {
	/// Height.
	pub number: u64,
	/// The block's hash.
	pub hash: Hash,
	/// Hash of the block before it.
	pub parent: Hash,
}

/// Block with its header in JSON, as clients receive it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
	/// The position.
	pub block: Block,
	/// The header: the `result` of a notification.
	pub body: Bytes,
}

#[derive(Deserialize)]
struct EthereumHead<'a> {
	#[serde(borrow)]
	number: Cow<'a, str>,
	#[serde(borrow)]
	hash: Cow<'a, str>,
	#[serde(borrow, rename = "parentHash")]
	parent: Cow<'a, str>,
}

impl Head {
	/// Reads the header that `eth_subscribe` sends for `newHeads`. `None` for anything else.
	pub fn ethereum(body: Bytes) -> Option<Self> {
		let head: EthereumHead<'_> = serde_json::from_slice(&body).ok()?;
		let block = Block {
			number: quantity(&head.number)?,
			hash: hash(&head.hash)?,
			parent: hash(&head.parent)?,
		};
		Some(Self { block, body })
	}

	/// Reads a block of `eth_getBlockByHash` and drops what a header does not have, so that clients
	/// see no difference to a notification.
	pub fn ethereum_block(body: &[u8]) -> Option<Self> {
		let mut fields: BTreeMap<&str, &RawValue> = serde_json::from_slice(body).ok()?;
		fields.retain(|name, _| !BODY_FIELDS.contains(name));
		Self::ethereum(serde_json::to_vec(&fields).ok()?.into())
	}

	/// Reads a header of a Substrate chain whose blocks are hashed with BLAKE2b-256; the hash is
	/// computed, since the JSON does not have it.
	pub fn substrate(body: Bytes) -> Option<Self> {
		let header: Header<u64, BlakeTwo256> = serde_json::from_slice(&body).ok()?;
		let block = Block {
			number: header.number,
			hash: BlakeTwo256::hash_of(&header).0,
			parent: header.parent_hash.0,
		};
		Some(Self { block, body })
	}
}

/// Number in hexadecimal, as both protocols write it.
pub fn quantity(text: &str) -> Option<u64> {
	let digits = text.strip_prefix("0x")?;
	// `from_str_radix` accepts a sign.
	if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
		return None;
	}
	u64::from_str_radix(digits, 16).ok()
}

/// Hash in hexadecimal.
pub fn hash(text: &str) -> Option<Hash> {
	let digits = text.strip_prefix("0x")?.as_bytes();
	if digits.len() != 64 {
		return None;
	}
	let mut hash = Hash::default();
	for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
		let [high, low] = pair else { return None };
		*byte = nibble(*high)?.checked_shl(4)? | nibble(*low)?;
	}
	Some(hash)
}

fn nibble(digit: u8) -> Option<u8> {
	char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Text of a hash.
pub fn hex(hash: &Hash) -> String {
	use core::fmt::Write as _;
	hash.iter().fold(String::from("0x"), |mut text, byte| {
		// Writing to a string cannot fail.
		let _ = write!(text, "{byte:02x}");
		text
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_ethereum_head_is_read() {
		let (this, parent) = (hex(&[7; 32]), hex(&[6; 32]));
		let body = format!(r#"{{"number":"0x1f","hash":"{this}","parentHash":"{parent}"}}"#);
		let head = Head::ethereum(body.into()).unwrap();
		assert_eq!(head.block, Block { number: 31, hash: [7; 32], parent: [6; 32] });
	}

	#[test]
	fn a_block_loses_its_body_and_keeps_its_header() {
		let (this, parent) = (hex(&[7; 32]), hex(&[6; 32]));
		let body = format!(
			r#"{{"number":"0x1","hash":"{this}","parentHash":"{parent}","transactions":["0x00"],"gasUsed":"0x0"}}"#
		);
		let head = Head::ethereum_block(body.as_bytes()).unwrap();
		let text = std::str::from_utf8(&head.body).unwrap();
		assert!(text.contains("gasUsed") && !text.contains("transactions"), "{text}");
	}

	#[test]
	fn a_substrate_head_is_hashed() {
		let zero = hex(&[0; 32]);
		let body = format!(
			r#"{{"parentHash":"{zero}","number":"0x2a","stateRoot":"{zero}","extrinsicsRoot":"{zero}","digest":{{"logs":["0x0642414245"]}}}}"#
		);
		// A digest that is no digest item is refused.
		assert!(Head::substrate(body.into()).is_none());
		let body = format!(
			r#"{{"parentHash":"{zero}","number":"0x2a","stateRoot":"{zero}","extrinsicsRoot":"{zero}","digest":{{"logs":["0x08"]}}}}"#
		);
		let head = Head::substrate(body.into()).unwrap();
		assert_eq!(head.block.number, 42);
		// SCALE by hand: parent, compact number, two roots, one digest item.
		let mut encoded = vec![0; 32];
		encoded.push(42 << 2);
		encoded.extend([0; 64]);
		encoded.extend([4, 8]);
		assert_eq!(head.block.hash, BlakeTwo256::hash(&encoded).0);
	}

	#[test]
	fn odd_numbers_and_hashes_are_refused() {
		for text in ["", "0x", "1f", "0x+1", "0x1ffffffffffffffff", "0xg"] {
			assert_eq!(quantity(text), None, "{text}");
		}
		assert_eq!(hash(&hex(&[0xab; 32])), Some([0xab; 32]));
		assert_eq!(hash("0x00"), None);
		assert_eq!(hash(&format!("0x{}", "é".repeat(32))), None);
	}
}
