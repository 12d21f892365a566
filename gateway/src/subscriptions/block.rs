// SPDX-License-Identifier: Apache-2.0

//! Heads, as notifications of Ethereum and Substrate nodes describe them.

use crate::rpc::{
	Block,
	json::{hash_of, quantity_of},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sp_runtime::{
	generic::Header,
	traits::{BlakeTwo256, Hash as _},
};
use std::{borrow::Cow, collections::BTreeMap};

/// Fields of an Ethereum block that its header does not have.
const BODY_FIELDS: &[&str] = &["transactions", "uncles", "withdrawals", "size", "totalDifficulty"];

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
			number: quantity_of(&head.number)?,
			hash: hash_of(&head.hash)?,
			parent: hash_of(&head.parent)?,
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rpc::json::hex;

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
}
