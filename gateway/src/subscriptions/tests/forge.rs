// SPDX-License-Identifier: Apache-2.0

//! Blocks of test chains, their headers and logs.

use crate::rpc::{Block, json::hex};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Blocks that all nodes of a test may adopt.
#[derive(Default)]
pub struct Forge {
	count: AtomicU64,
	substrate: bool,
}

impl Forge {
	pub fn substrate() -> Self {
		Self { substrate: true, ..Self::default() }
	}

	pub fn child(&self, parent: &Block) -> Block {
		let count = self.count.fetch_add(1, Relaxed) + 1;
		let number = parent.number + 1;
		let hash = if self.substrate {
			let body = header(number, &parent.hash, count);
			super::super::block::Head::substrate(body.to_string().into()).unwrap().block.hash
		} else {
			BlakeTwo256::hash(&count.to_le_bytes()).0
		};
		salt(&hash, count);
		Block { number, hash, parent: parent.hash }
	}
}

/// Salt that makes headers of one height differ, by hash.
static SALTS: Mutex<Vec<([u8; 32], u64)>> = Mutex::new(Vec::new());

fn salt(hash: &[u8; 32], count: u64) {
	SALTS.lock().push((*hash, count));
}

pub fn salt_of(hash: &[u8; 32]) -> u64 {
	SALTS.lock().iter().rev().find(|(known, _)| known == hash).map_or(0, |(_, count)| *count)
}

pub fn header(number: u64, parent: &[u8; 32], salt: u64) -> Value {
	json!({
		"parentHash": hex(parent),
		"number": format!("0x{number:x}"),
		"stateRoot": format!("0x{salt:064x}"),
		"extrinsicsRoot": hex(&[0; 32]),
		"digest": { "logs": [] },
	})
}

/// Two logs in each block of an even number.
pub fn logs_of(block: &Block, removed: bool) -> Vec<Value> {
	let count = if block.number.is_multiple_of(2) { 2 } else { 0 };
	(0..count)
		.map(|index| {
			json!({
				"blockNumber": format!("0x{:x}", block.number),
				"blockHash": hex(&block.hash),
				"logIndex": format!("0x{index:x}"),
				"removed": removed,
			})
		})
		.collect()
}
