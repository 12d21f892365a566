// SPDX-License-Identifier: Apache-2.0

//! Tasks whose answers are compared with references.
//!
//! An answer is reduced to a digest of the fields on which all node implementations of a network
//! agree.
//!
//! | task | request | compared |
//! |---|---|---|
//! | Ethereum | | |
//! | block by number | `eth_getBlockByNumber(n, false)` | number, hash, parent, timestamp |
//! | block by hash | `eth_getBlockByHash(hash, false)` | the same |
//! | balance | `eth_getBalance(address, n)` | the amount |
//! | receipt | `eth_getTransactionReceipt(hash)` | transaction and block with their indices, status, gas used |
//! | logs | `eth_getLogs` of a block and an address | transaction, address, topics and data of each, in order |
//! | Substrate | | |
//! | block by number | `chain_getBlockHash(n)` | the hash |
//! | header by hash | `chain_getHeader(hash)` | the encoded header; with BLAKE2b its hash is the requested one |
//! | storage | `state_getStorage(key, hash)` | the value |

use crate::json::{Json, to_hex};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};
use codec::{Compact, Encode};
use sp_io::hashing::{blake2_256, twox_128};

/// Task for a service or an anchor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Task {
	/// Ethereum: block by number.
	BlockByNumber(u64),
	/// Ethereum: block by hash.
	BlockByHash([u8; 32]),
	/// Ethereum: transaction by its index in a block. Sent to anchors only, to prepare other tasks.
	Transaction {
		/// Number of the block.
		number: u64,
		/// Index in the block.
		index: u64,
	},
	/// Ethereum: balance of an address after a block.
	Balance {
		/// Address in hex.
		address: String,
		/// Number of the block.
		number: u64,
	},
	/// Ethereum: receipt of a transaction by its hash.
	Receipt([u8; 32]),
	/// Ethereum: logs of a block.
	Logs {
		/// Block, by number or by hash.
		block: Result<u64, [u8; 32]>,
		/// Restricts the logs to this address.
		address: Option<String>,
	},
	/// Substrate: block hash by number.
	BlockHash(u64),
	/// Substrate: header by hash.
	Header([u8; 32]),
	/// Substrate: storage value after a block.
	Storage {
		/// Pallet and storage item.
		item: (&'static str, &'static str),
		/// Hash of the block.
		hash: [u8; 32],
	},
}

/// Storage items of nearly every Substrate chain.
pub const ITEMS: [(&str, &str); 4] = [
	("System", "Number"),
	("System", "ParentHash"),
	("Timestamp", "Now"),
	("Balances", "TotalIssuance"),
];

impl Task {
	/// Method and parameters, the latter as the inside of a JSON array.
	pub fn call(&self) -> (&'static str, String) {
		match self {
			Self::BlockByNumber(number) => {
				("eth_getBlockByNumber", format!("\"{number:#x}\",false"))
			},
			Self::BlockByHash(hash) => {
				("eth_getBlockByHash", format!("\"{}\",false", to_hex(hash)))
			},
			Self::Transaction { number, index } => (
				"eth_getTransactionByBlockNumberAndIndex",
				format!("\"{number:#x}\",\"{index:#x}\""),
			),
			Self::Balance { address, number } => {
				("eth_getBalance", format!("\"{address}\",\"{number:#x}\""))
			},
			Self::Receipt(hash) => ("eth_getTransactionReceipt", format!("\"{}\"", to_hex(hash))),
			Self::Logs { block, address } => {
				let block = match block {
					Ok(number) => format!(r#""fromBlock":"{number:#x}","toBlock":"{number:#x}""#),
					Err(hash) => format!(r#""blockHash":"{}""#, to_hex(hash)),
				};
				let of = address.as_ref().map(|address| format!(r#""address":"{address}","#));
				("eth_getLogs", format!("{{{}{block}}}", of.unwrap_or_default()))
			},
			Self::BlockHash(number) => ("chain_getBlockHash", number.to_string()),
			Self::Header(hash) => ("chain_getHeader", format!("\"{}\"", to_hex(hash))),
			Self::Storage { item: (pallet, item), hash } => {
				let key = [twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat();
				("state_getStorage", format!("\"{}\",\"{}\"", to_hex(&key), to_hex(hash)))
			},
		}
	}

	/// Digest of the compared fields of a result. `None` if the result is not an answer to this
	/// task.
	pub fn digest(&self, result: &Json) -> Option<[u8; 32]> {
		match self {
			Self::BlockHash(_) => result.hash(),
			Self::Header(_) => header(result).map(|header| blake2_256(&header)),
			Self::BlockByNumber(_) | Self::BlockByHash(_) => {
				let number = result.get("number").quantity()?;
				if matches!(self, Self::BlockByNumber(asked) if *asked != number) {
					return None;
				}
				let hash = result.get("hash").hash()?;
				if matches!(self, Self::BlockByHash(asked) if *asked != hash) {
					return None;
				}
				let (parent, time) =
					(result.get("parentHash").hash()?, result.get("timestamp").quantity()?);
				Some(blake2_256(&(number, hash, parent, time).encode()))
			},
			Self::Transaction { .. } => {
				let (hash, block) = (result.get("hash").hash()?, result.get("blockHash").hash()?);
				let (from, to) = (result.get("from").bytes()?, result.get("to").bytes());
				Some(blake2_256(&(hash, block, from, to).encode()))
			},
			Self::Balance { .. } => Some(blake2_256(&amount(result)?.encode())),
			Self::Receipt(asked) => {
				let hash = result.get("transactionHash").hash().filter(|hash| hash == asked)?;
				let block =
					(result.get("blockHash").hash()?, result.get("blockNumber").quantity()?);
				let index = result.get("transactionIndex").quantity()?;
				let outcome = (result.get("status").quantity(), result.get("gasUsed").quantity()?);
				Some(blake2_256(&(hash, block, index, outcome).encode()))
			},
			Self::Logs { .. } => {
				let logs = result.list()?.iter().map(|log| {
					let topics = log
						.get("topics")
						.list()?
						.iter()
						.map(Json::hash)
						.collect::<Option<Vec<_>>>()?;
					let of = (log.get("transactionHash").hash()?, log.get("address").bytes()?);
					Some((of, topics, log.get("data").bytes()?))
				});
				Some(blake2_256(&logs.collect::<Option<Vec<_>>>()?.encode()))
			},
			Self::Storage { .. } => Some(blake2_256(&result.bytes()?)),
		}
	}

	/// True for a block itself, false for its contents.
	pub fn is_block(&self) -> bool {
		match self {
			Self::BlockByNumber(_)
			| Self::BlockByHash(_)
			| Self::BlockHash(_)
			| Self::Header(_) => true,
			Self::Transaction { .. }
			| Self::Balance { .. }
			| Self::Receipt(_)
			| Self::Logs { .. }
			| Self::Storage { .. } => false,
		}
	}

	/// True if the result reports that the item does not exist (yet).
	pub fn is_missing(&self, result: &Json) -> bool {
		let no_logs =
			matches!(self, Self::Logs { .. }) && result.list().is_some_and(<[Json]>::is_empty);
		result.is_none() || no_logs
	}
}

/// Significant digits of a quantity of at most 256 bits.
fn amount(result: &Json) -> Option<String> {
	let digits = result.text()?.strip_prefix("0x")?;
	let plain =
		!digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
	plain.then(|| digits.trim_start_matches('0').to_ascii_lowercase())
}

/// SCALE encoding of a Substrate header.
fn header(result: &Json) -> Option<Vec<u8>> {
	let number = Compact(result.get("number").quantity()?);
	let roots = (result.get("stateRoot").hash()?, result.get("extrinsicsRoot").hash()?);
	let logs = result.get("digest").get("logs").list()?;
	let count = Compact(u32::try_from(logs.len()).ok()?);
	let mut out = (result.get("parentHash").hash()?, number, roots, count).encode();
	for log in logs {
		out.extend(log.bytes()?);
	}
	Some(out)
}

#[cfg(test)]
mod tests;
