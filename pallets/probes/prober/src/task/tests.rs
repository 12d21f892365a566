// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::json::{self, tests::any_json};
use proptest::prelude::*;
use sp_runtime::traits::Hash;

const HASH: [u8; 32] = [0xab; 32];

fn value(json: &str) -> Json {
	json::read(json.as_bytes()).unwrap()
}

fn block(number: &str, hash: &str, time: &str) -> Json {
	let hash = format!("0x{}", hash.repeat(32));
	let parent = format!("0x{}", "11".repeat(32));
	value(&format!(
		r#"{{"number":"{number}","hash":"{hash}","parentHash":"{parent}","timestamp":"{time}","size":"0x1"}}"#
	))
}

fn receipt(hash: &str, gas: &str, status: &str) -> Json {
	let (hash, block) = (format!("0x{}", hash.repeat(32)), format!("0x{}", "22".repeat(32)));
	value(&format!(
		r#"{{"transactionHash":"{hash}","blockHash":"{block}","blockNumber":"0x7","transactionIndex":"0x0","gasUsed":"{gas}","status":{status}}}"#
	))
}

fn log(address: &str, topic: &str, data: &str) -> String {
	let (topic, hash) = (format!("0x{}", topic.repeat(32)), format!("0x{}", "33".repeat(32)));
	format!(
		r#"{{"address":"{address}","topics":["{topic}"],"data":"{data}","transactionHash":"{hash}"}}"#
	)
}

/// One task of each kind.
fn tasks() -> Vec<Task> {
	vec![
		Task::BlockByNumber(7),
		Task::BlockByHash(HASH),
		Task::Transaction { number: 7, index: 1 },
		Task::Balance { address: "0xaa".into(), number: 7 },
		Task::Receipt(HASH),
		Task::Logs { block: Ok(7), address: None },
		Task::Logs { block: Err(HASH), address: Some("0xcc".into()) },
		Task::BlockHash(7),
		Task::Header(HASH),
		Task::Storage { item: ITEMS[0], hash: HASH },
	]
}

#[test]
fn calls_follow_the_networks_json_rpc() {
	let hash = "ab".repeat(32);
	let want = [
		("eth_getBlockByNumber", r#""0x7",false"#.to_string()),
		("eth_getBlockByHash", format!(r#""0x{hash}",false"#)),
		("eth_getTransactionByBlockNumberAndIndex", r#""0x7","0x1""#.to_string()),
		("eth_getBalance", r#""0xaa","0x7""#.to_string()),
		("eth_getTransactionReceipt", format!(r#""0x{hash}""#)),
		("eth_getLogs", r#"{"fromBlock":"0x7","toBlock":"0x7"}"#.to_string()),
		("eth_getLogs", format!(r#"{{"address":"0xcc","blockHash":"0x{hash}"}}"#)),
		("chain_getBlockHash", "7".to_string()),
		("chain_getHeader", format!(r#""0x{hash}""#)),
		(
			"state_getStorage",
			format!(
				r#""0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac","0x{hash}""#
			),
		),
	];
	for (task, want) in tasks().into_iter().zip(want) {
		assert_eq!(task.call(), want);
	}
}

#[test]
fn digests_cover_the_fields_common_to_all_implementations() {
	let ab = "ab";
	let same = |task: &Task, one: &Json, other: &Json| {
		let (one, other) = (task.digest(one), task.digest(other));
		assert!(one.is_some() && other.is_some(), "{task:?}");
		one == other
	};
	let by_number = Task::BlockByNumber(7);
	assert!(same(&by_number, &block("0x7", ab, "0x9"), &block("0x07", "AB", "0x9")));
	assert!(!same(&by_number, &block("0x7", ab, "0x9"), &block("0x7", "ac", "0x9")));
	assert!(!same(&by_number, &block("0x7", ab, "0x9"), &block("0x7", ab, "0x8")));
	// The same block by hash and by number.
	assert_eq!(
		by_number.digest(&block("0x7", ab, "0x9")),
		Task::BlockByHash(HASH).digest(&block("0x7", ab, "0x9"))
	);

	let balance = &tasks()[3];
	let amount = |text: &str| Json::Text(text.into());
	assert!(same(balance, &amount("0x0"), &amount("0x00")));
	assert!(same(balance, &amount("0xAB0"), &amount("0x0ab0")));
	assert!(!same(balance, &amount("0xab0"), &amount("0xab")));

	let of = Task::Receipt(HASH);
	assert!(same(&of, &receipt(ab, "0x10", "\"0x1\""), &receipt("AB", "0x010", "\"0x1\"")));
	assert!(!same(&of, &receipt(ab, "0x10", "\"0x1\""), &receipt(ab, "0x10", "\"0x0\"")));
	assert!(!same(&of, &receipt(ab, "0x10", "null"), &receipt(ab, "0x11", "null")));

	let logs = &tasks()[5];
	let list = |logs: &[String]| value(&format!("[{}]", logs.join(",")));
	let (a, b) = (log("0xaa", "01", "0x"), log("0xbb", "01", "0x1234"));
	assert!(same(
		logs,
		&list(&[a.clone(), b.clone()]),
		&list(&[log("0xAA", "01", "0x"), b.clone()])
	));
	assert!(!same(logs, &list(&[a.clone(), b.clone()]), &list(&[b.clone(), a.clone()])));
	assert!(!same(logs, &list(&[a.clone(), b]), &list(&[a])));
	assert!(!same(logs, &list(&[]), &list(&[log("0xaa", "02", "0x")])));
}

#[test]
fn an_answer_to_another_task_has_no_digest() {
	assert_eq!(Task::BlockByNumber(8).digest(&block("0x7", "ab", "0x9")), None);
	assert_eq!(Task::BlockByHash([1; 32]).digest(&block("0x7", "ab", "0x9")), None);
	assert_eq!(Task::Receipt([1; 32]).digest(&receipt("ab", "0x1", "null")), None);
	for task in tasks() {
		for json in [
			"null",
			"7",
			"\"\"",
			"\"7\"",
			"{}",
			"[7]",
			"[{}]",
			"\"0xg\"",
			r#"{"digest":{"logs":[1]}}"#,
		] {
			assert_eq!(task.digest(&value(json)), None, "{task:?} {json}");
		}
	}
}

#[test]
fn null_and_empty_logs_are_missing() {
	for task in tasks() {
		assert!(task.is_missing(&Json::Null) && task.is_missing(&Json::Absent));
		assert_eq!(task.is_missing(&Json::List(vec![])), matches!(task, Task::Logs { .. }));
		assert!(!task.is_missing(&Json::Text("0x".into())));
	}
}

#[test]
fn a_header_hashes_to_its_hash() {
	use sp_runtime::{Digest, DigestItem, generic, traits::BlakeTwo256};
	let logs = vec![
		DigestItem::PreRuntime(*b"BABE", vec![7; 34]),
		DigestItem::Seal(*b"BABE", vec![9; 64]),
	];
	for (number, logs) in [(0, vec![]), (63, logs.clone()), (64, logs.clone()), (70_000, logs)] {
		let header = generic::Header::<u32, BlakeTwo256> {
			parent_hash: [1; 32].into(),
			number,
			state_root: [2; 32].into(),
			extrinsics_root: [3; 32].into(),
			digest: Digest { logs },
		};
		let shown = value(&serde_json::to_string(&header).unwrap());
		let hash = BlakeTwo256::hash_of(&header);
		assert_eq!(Task::Header(HASH).digest(&shown), Some(hash.0), "{number}");
	}
}

proptest! {
	/// Any JSON is read or refused.
	#[test]
	fn no_json_panics(json in any_json()) {
		let value = json::read(json.as_bytes()).unwrap();
		for task in tasks() {
			let _ = (task.digest(&value), task.is_missing(&value));
		}
	}
}
