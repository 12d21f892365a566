// SPDX-License-Identifier: Apache-2.0

//! A chain whose blocks follow from the clock, and whose answers follow from the questions.

use std::{
	fmt::Write,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Number of the first block. It has as many digits as those of Ethereum.
const FIRST: u64 = 20_000_000;
/// Chain id.
pub const CHAIN_ID: &str = "0x539";
/// Digits of a data answer that do not follow from the question, over and over.
static FILLER: [u8; 4_096] = filler();

/// Digits of the filler.
const fn filler() -> [u8; 4_096] {
	let mut all = [0; 4_096];
	let mut at = 0;
	while at < all.len() {
		all[at] = b"0123456789abcdef"[at % 16];
		at += 1;
	}
	all
}

/// Time since the Unix epoch, which all processes of a run share.
pub fn now() -> Duration {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The chain.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
	epoch: Duration,
	period: Duration,
	finality: u64,
}

impl Chain {
	/// Chain with its first block at `epoch` and a block each `period`, the head of which is
	/// `finality` blocks after the last finalized block.
	pub fn new(epoch: Duration, period: Duration, finality: u64) -> Self {
		Self { epoch, period: period.max(Duration::from_millis(1)), finality }
	}

	/// Number of the head at a time.
	pub fn head(&self, at: Duration) -> u64 {
		let blocks = at.saturating_sub(self.epoch).as_nanos() / self.period.as_nanos();
		FIRST + u64::try_from(blocks).unwrap_or(u64::MAX / 2)
	}

	/// Number of the last finalized block at a time.
	pub fn finalized(&self, at: Duration) -> u64 {
		self.head(at).saturating_sub(self.finality)
	}

	/// Time of a block, from its number.
	pub fn time_of(&self, number: u64) -> Duration {
		let blocks = u32::try_from(number.saturating_sub(FIRST)).unwrap_or(u32::MAX);
		self.epoch + self.period.saturating_mul(blocks)
	}

	/// JSON of a block without transactions.
	pub fn block(&self, number: u64) -> String {
		let bloom = "0".repeat(512);
		let word = "0".repeat(63);
		let mut json = String::with_capacity(1_600);
		json.push('{');
		self.write_header(number, &mut json);
		let _ = write!(
			json,
			r#","logsBloom":"0x{bloom}","mixHash":"0x{word}1","receiptsRoot":"0x{word}2","#
		);
		let _ = write!(
			json,
			r#""sha3Uncles":"0x{word}3","stateRoot":"0x{word}4","transactionsRoot":"0x{word}5","#
		);
		json.push_str(r#""miner":"0x95222290dd7278aa3ddd389cc1e1d165cc4bafe5","extraData":"0x","#);
		json.push_str(
			r#""nonce":"0x0000000000000000","difficulty":"0x0","totalDifficulty":"0x0","#,
		);
		json.push_str(r#""size":"0x2a4","gasLimit":"0x1c9c380","gasUsed":"0x0","#);
		json.push_str(r#""baseFeePerGas":"0x7","transactions":[],"uncles":[]}"#);
		json
	}

	/// JSON of a header, as subscribers of new heads get it.
	pub fn header(&self, number: u64) -> String {
		let mut json = String::from("{");
		self.write_header(number, &mut json);
		json.push('}');
		json
	}

	/// Members of a block that its header has too.
	fn write_header(&self, number: u64, json: &mut String) {
		let seconds = self.time_of(number).as_secs();
		let _ = write!(
			json,
			r#""number":"{number:#x}","hash":"{}","parentHash":"{}","timestamp":"{seconds:#x}""#,
			hash(number),
			hash(number.saturating_sub(1)),
		);
	}
}

/// Hash of a block, a transaction or a question.
pub fn hash(of: u64) -> String {
	let mut text = String::with_capacity(66);
	text.push_str("0x");
	for part in 0..4 {
		let _ = write!(text, "{:016x}", mix(of.wrapping_mul(4).wrapping_add(part)));
	}
	text
}

/// Number of a block with this hash, found among the last of them.
pub fn number_of(hash_text: &str, head: u64) -> Option<u64> {
	(head.saturating_sub(4_096)..=head).rev().find(|number| hash(*number) == hash_text)
}

/// Data that answers a call: 16 digits that follow from `seed`, then filler, `length` digits in
/// all and at least 16.
pub fn data(seed: u64, length: usize) -> Vec<u8> {
	let mut text = Vec::with_capacity(length.max(16) + 2);
	text.extend_from_slice(b"0x");
	text.extend_from_slice(format!("{:016x}", mix(seed)).as_bytes());
	let mut left = length.saturating_sub(16);
	while left > 0 {
		let part = left.min(FILLER.len());
		text.extend_from_slice(&FILLER[..part]);
		left -= part;
	}
	text
}

/// True if `text` is the data that answers a call.
pub fn is_data(text: &[u8], seed: u64, length: usize) -> bool {
	let (head, rest) = text.split_at(text.len().min(18));
	head == data(seed, 16)
		&& rest.len() == length.saturating_sub(16)
		&& rest.chunks(FILLER.len()).all(|part| part == &FILLER[..part.len()])
}

/// Balance of an account, from the last digits of its address.
pub fn balance(account: u64) -> String {
	format!("{:#x}", mix(account) >> 8)
}

/// Logs of some blocks, one each.
pub fn logs(from: u64, blocks: u64) -> String {
	let entries: Vec<String> = (from..from.saturating_add(blocks))
		.map(|number| {
			format!(
				r#"{{"address":"0x{:040x}","topics":["{}"],"data":"0x","blockNumber":"{number:#x}","blockHash":"{}","transactionHash":"{}","transactionIndex":"0x0","logIndex":"0x0","removed":false}}"#,
				number % 100,
				hash(number ^ 0x746f),
				hash(number),
				hash(number ^ 0x7478),
			)
		})
		.collect();
	format!("[{}]", entries.join(","))
}

/// Number that looks random and follows from another (splitmix64).
pub fn mix(of: u64) -> u64 {
	let mut z = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
	z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
	use super::*;

	const CHAIN: Chain =
		Chain { epoch: Duration::from_secs(1_000), period: Duration::from_secs(2), finality: 32 };

	#[test]
	fn the_head_follows_from_the_clock() {
		let head = CHAIN.head(Duration::from_millis(1_003_999));
		assert_eq!(head, FIRST + 1);
		assert_eq!(CHAIN.time_of(head), Duration::from_secs(1_002));
		assert_eq!(CHAIN.head(CHAIN.time_of(head)), head);
	}

	#[test]
	fn blocks_refer_to_their_parents() {
		let block: serde_json::Value = serde_json::from_str(&CHAIN.block(FIRST + 5)).unwrap();
		assert_eq!(block["parentHash"], hash(FIRST + 4));
		assert_eq!(number_of(&hash(FIRST + 4), FIRST + 9), Some(FIRST + 4));
	}

	#[test]
	fn data_has_the_length_that_was_asked_for() {
		assert_eq!(data(7, 100).len(), 102);
		assert_ne!(data(7, 16), data(8, 16));
		for length in [0, 16, 17, 10_000] {
			let mut right = data(7, length);
			assert!(is_data(&right, 7, length));
			assert!(!is_data(&right, 8, length));
			assert!(!is_data(&right, 7, length + 17));
			right.pop();
			assert!(!is_data(&right, 7, length));
		}
	}
}
