//! Questions whose answers are compared: what is asked, and which part of the answer must be alike.
//!
//! An answer is reduced to a digest of those fields that every implementation of a network's node gives
//! alike.
//!
//! | task | asked | compared |
//! |---|---|---|
//! | Ethereum | | |
//! | block by number | `eth_getBlockByNumber(n, false)` | number, hash, parent, timestamp |
//! | block by hash | `eth_getBlockByHash(hash, false)` | the same |
//! | balance | `eth_getBalance(address, n)` | the amount |
//! | receipt | `eth_getTransactionReceipt(hash)` | transaction and block with their places, status, gas used |
//! | logs | `eth_getLogs` of a block and an address | transaction, address, topics and data of each, in order |
//! | Substrate | | |
//! | block by number | `chain_getBlockHash(n)` | the hash |
//! | header by hash | `chain_getHeader(hash)` | the encoded header; with BLAKE2b its hash is the one that was asked for |
//! | storage | `state_getStorage(key, hash)` | the value |

use crate::json::{Fact, to_hex};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};
use codec::{Compact, Encode};
use sp_io::hashing::{blake2_256, twox_128};

/// One question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Task {
	/// Ethereum: the block of a number.
	BlockByNumber(u64),
	/// Ethereum: the block of a hash.
	BlockByHash([u8; 32]),
	/// Ethereum: the transaction at a place of a block. Asked of anchors only, to learn what to ask for.
	Transaction {
		/// Number of the block.
		number: u64,
		/// Place in it.
		index: u64,
	},
	/// Ethereum: the balance of an address after a block.
	Balance {
		/// The address in hex.
		address: String,
		/// Number of the block.
		number: u64,
	},
	/// Ethereum: the receipt of the transaction of a hash.
	Receipt([u8; 32]),
	/// Ethereum: the logs of a block.
	Logs {
		/// The block by its number or its hash.
		block: Result<u64, [u8; 32]>,
		/// Those of this address only.
		address: Option<String>,
	},
	/// Substrate: the hash of the block of a number.
	BlockHash(u64),
	/// Substrate: the header of the block of a hash.
	Header([u8; 32]),
	/// Substrate: a storage value after a block.
	Storage {
		/// Pallet and item.
		item: (&'static str, &'static str),
		/// Hash of the block.
		hash: [u8; 32],
	},
}

/// Storage items that every Substrate chain has, or nearly.
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

	/// Digest of what must be alike in a result. `None` if the result is no answer to this.
	pub fn digest(&self, result: &Fact) -> Option<[u8; 32]> {
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
						.map(Fact::hash)
						.collect::<Option<Vec<_>>>()?;
					let of = (log.get("transactionHash").hash()?, log.get("address").bytes()?);
					Some((of, topics, log.get("data").bytes()?))
				});
				Some(blake2_256(&logs.collect::<Option<Vec<_>>>()?.encode()))
			},
			Self::Storage { .. } => Some(blake2_256(&result.bytes()?)),
		}
	}

	/// True of a result that says that there is no such thing (yet).
	pub fn is_missing(&self, result: &Fact) -> bool {
		let no_logs =
			matches!(self, Self::Logs { .. }) && result.list().is_some_and(<[Fact]>::is_empty);
		result.is_none() || no_logs
	}
}

/// Significant digits of a quantity of at most 256 bits.
fn amount(result: &Fact) -> Option<String> {
	let digits = result.text()?.strip_prefix("0x")?;
	let plain =
		!digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
	plain.then(|| digits.trim_start_matches('0').to_ascii_lowercase())
}

/// A Substrate header in SCALE.
fn header(result: &Fact) -> Option<Vec<u8>> {
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
#[path = "tests/task.rs"]
mod tests;
