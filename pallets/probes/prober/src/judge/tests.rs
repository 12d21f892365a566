// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::{
	json::{Json, tests::any_json},
	task::Task,
	tests::{PROTOCOLS, network::hex},
};
use proptest::prelude::*;

const HASH: [u8; 32] = [0xab; 32];
const NUMBER: u64 = 92;

fn ok(id: u64, result: &str) -> String {
	format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn error(id: &str) -> String {
	format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32000,"message":"no"}}}}"#)
}

/// Head and block in the format of a protocol.
fn forms(protocol: Protocol, head: u64, number: u64, hash: [u8; 32]) -> (String, String) {
	let hash = hex(&hash);
	match protocol {
		Protocol::Ethereum => (
			format!("\"{head:#x}\""),
			format!(
				r#"{{"hash":"0x{hash}","number":"{number:#x}","parentHash":"0x{hash}","timestamp":"0x1"}}"#
			),
		),
		Protocol::Substrate => (format!(r#"{{"number":"{head:#x}"}}"#), format!("\"0x{hash}\"")),
	}
}

/// Reference to the block by its number.
fn reference(protocol: Protocol) -> Reference {
	let task = match protocol {
		Protocol::Ethereum => Task::BlockByNumber(NUMBER),
		Protocol::Substrate => Task::BlockHash(NUMBER),
	};
	let (_, block) = forms(protocol, 0, NUMBER, HASH);
	let digest = task.digest(&json::read(block.as_bytes()).unwrap()).unwrap();
	Reference { number: NUMBER, task, digest }
}

/// Judge a head and a block in JSON-RPC.
fn both(protocol: Protocol, max_lag: u32, head: &str, block: &str) -> Grade {
	let (Some(head), Some(block)) = (one(head.as_bytes(), 1), one(block.as_bytes(), 2)) else {
		return Grade::Wrong;
	};
	let Some(number) = head_of(protocol, &head) else { return Grade::Wrong };
	super::head(number, 100, max_lag).max(task(number, &reference(protocol), &block))
}

#[test]
fn head_and_block_determine_the_grade() {
	for protocol in PROTOCOLS {
		for (what, head, hash, max_lag, grade) in [
			("level", 100, Some(HASH), 0, Grade::Correct),
			("ahead", 105, Some(HASH), 0, Grade::Correct),
			("far ahead", u64::MAX, Some(HASH), 0, Grade::Correct),
			("within its terms", 97, Some(HASH), 3, Grade::Correct),
			("one block too far behind", 96, Some(HASH), 3, Grade::Lagging),
			("block there, head far behind", 10, Some(HASH), 3, Grade::Lagging),
			("any lag allowed", 0, Some(HASH), u32::MAX, Grade::Correct),
			("wrong hash", 100, Some([1; 32]), 3, Grade::Wrong),
			("wrong hash and behind", 10, Some([1; 32]), 3, Grade::Wrong),
			("no block, head below it", 91, None, 3, Grade::Lagging),
			("no block, head below it, within its terms", 91, None, 50, Grade::Lagging),
			("no block, head at it", 92, None, 3, Grade::Wrong),
			("no block, head above it", 100, None, 3, Grade::Wrong),
		] {
			let (head, block) = forms(protocol, head, NUMBER, hash.unwrap_or_default());
			let missing = [ok(2, "null"), error("2"), r#"{"id":2}"#.into()];
			let replies = if hash.is_some() { vec![ok(2, &block)] } else { missing.to_vec() };
			for block in replies {
				assert_eq!(
					both(protocol, max_lag, &ok(1, &head), &block),
					grade,
					"{protocol:?}: {what}: {block}"
				);
			}
		}
	}
}

#[test]
fn missing_logs_of_a_future_block_are_lagging() {
	let logs = Reference {
		number: NUMBER,
		task: Task::Logs { block: Ok(NUMBER), address: None },
		digest: [1; 32],
	};
	let none = json::read(ok(1, "[]").as_bytes()).unwrap();
	assert_eq!(task(91, &logs, &none), Grade::Lagging);
	assert_eq!(task(92, &logs, &none), Grade::Wrong);
	let digest = logs.task.digest(&Json::List(Vec::new())).unwrap();
	assert_eq!(task(92, &Reference { digest, ..logs }, &none), Grade::Correct);
}

#[test]
fn an_answer_in_another_format_is_wrong() {
	let pairs = PROTOCOLS.into_iter().flat_map(|one| PROTOCOLS.map(|other| (one, other)));
	for (protocol, other) in pairs.filter(|(one, other)| one != other) {
		let (head, block) = forms(protocol, 100, NUMBER, HASH);
		let (other_head, other_block) = forms(other, 100, NUMBER, HASH);
		assert_eq!(both(protocol, 3, &ok(1, &head), &ok(2, &block)), Grade::Correct);
		for wrong in [
			&other_head,
			"100",
			"-1.5e3",
			"1e999",
			"\"100\"",
			"\"0x10000000000000000\"",
			"null",
			"[]",
		] {
			assert_eq!(both(protocol, 3, &ok(1, wrong), &ok(2, &block)), Grade::Wrong, "{wrong}");
		}
		assert_eq!(both(protocol, 3, &error("1"), &ok(2, &block)), Grade::Wrong);
		let bare = format!("\"{}\"", hex(&HASH));
		for wrong in [&other_block, "1.5", "true", "[]", "{}", "\"0xabab\"", &bare] {
			assert_eq!(both(protocol, 3, &ok(1, &head), &ok(2, wrong)), Grade::Wrong, "{wrong}");
		}
		let block = ok(2, &block);
		for wrong in [
			ok(3, "null"),
			block.replace("\"id\":2", "\"id\":\"2\""),
			format!("[{block}]"),
			String::new(),
		] {
			assert_eq!(both(protocol, 3, &ok(1, &head), &wrong), Grade::Wrong, "{wrong}");
		}
	}
	let (head, other) = forms(Protocol::Ethereum, 100, NUMBER + 1, HASH);
	assert_eq!(both(Protocol::Ethereum, 3, &ok(1, &head), &ok(2, &other)), Grade::Wrong);
}

#[test]
fn a_batch_is_answered_completely_in_any_order() {
	let (a, b) = (ok(7, "\"a\""), ok(9, "\"b\""));
	let text = |answers: &[Json]| {
		answers.iter().map(|f| f.get("result").text().unwrap().into()).collect::<Vec<String>>()
	};
	for body in [format!("[{a},{b}]"), format!("[{b},{a}]"), format!("[{{}},{b},{a},{a}]")] {
		match batch(body.as_bytes(), &[7, 9]) {
			Batch::Answers(answers) => assert_eq!(text(&answers), ["a", "b"], "{body}"),
			other => panic!("{other:?}: {body}"),
		}
	}
	for body in [error("null"), error("7"), format!("[{}]", error("null"))] {
		assert_eq!(batch(body.as_bytes(), &[7, 9]), Batch::Refused, "{body}");
	}
	for body in [
		String::new(),
		"<html>busy</html>".into(),
		"null".into(),
		"[]".into(),
		"{}".into(),
		"[{},{}]".into(),
		"[1,[2]]".into(),
		format!("[{a}]"),
		format!("[{a},{a}]"),
		format!("[{a},{b}"),
		format!("[{a},{b}]]"),
		format!("[{a},{}]", error("null")),
		a,
	] {
		assert_eq!(batch(body.as_bytes(), &[7, 9]), Batch::Wrong, "{body}");
	}
}

#[test]
fn the_model_must_be_listed() {
	let list =
		br#"{"object":"list","data":[{"id":"a","object":"model"},{"object":"x"},{"id":"b"}]}"#;
	assert_eq!(models(list, "b"), Grade::Correct);
	assert_eq!(models(list, "c"), Grade::Wrong);
	for bad in [
		"{}",
		"[]",
		r#"{"data":{}}"#,
		r#"{"data":["a"]}"#,
		r#"{"data":[{"id":["a"]}]}"#,
		"<html>",
		"",
	] {
		assert_eq!(models(bad.as_bytes(), "a"), Grade::Wrong, "{bad}");
	}
}

#[test]
fn a_completion_has_a_model_and_a_choice() {
	for right in [
		r#"{"id":"x","object":"chat.completion","created":1,"model":"m-2026","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}],"usage":{"total_tokens":9}}"#,
		r#"{"model":"m","choices":[{"message":{"content":""}}]}"#,
		r#"{"model":"m","choices":[{"message":{"content":null,"reasoning_content":"Hm"}}],"error":null}"#,
		r#"{"model":"m","choices":[{"message":{"content":null,"reasoning":"Hm"}}]}"#,
	] {
		assert_eq!(completion(right.as_bytes()), Grade::Correct, "{right}");
	}
	for wrong in [
		"",
		"Hi",
		"{}",
		"[]",
		r#"{"model":"m","choices":[]}"#,
		r#"{"model":"m","choices":{}}"#,
		r#"{"model":"m","choices":["Hi"]}"#,
		r#"{"model":"m","choices":[{"message":"Hi"}]}"#,
		r#"{"model":"m","choices":[{"message":{"content":null}}]}"#,
		r#"{"model":"m","choices":[{"message":{"content":7}}]}"#,
		r#"{"model":"","choices":[{"message":{"content":"Hi"}}]}"#,
		r#"{"choices":[{"message":{"content":"Hi"}}]}"#,
		r#"{"error":{"message":"overloaded"}}"#,
		r#"{"model":"m","choices":[{"message":{"content":"Hi"}}],"error":{}}"#,
	] {
		assert_eq!(completion(wrong.as_bytes()), Grade::Wrong, "{wrong}");
	}
}

#[test]
fn an_embedding_is_a_vector_of_numbers() {
	let of = |vector: &str| {
		embedding(
			format!(r#"{{"object":"list","model":"m","data":[{{"embedding":{vector}}}]}}"#)
				.as_bytes(),
		)
	};
	for right in ["[0.1,-0.2,3e-5]", "[0]", &format!("[{}1]", "0.5,".repeat(4_095))] {
		assert_eq!(of(right), Grade::Correct);
	}
	for wrong in ["[]", "{}", "null", "\"AAAA\"", "[\"0.1\"]", "[0.1,null]", "[[0.1]]"] {
		assert_eq!(of(wrong), Grade::Wrong, "{wrong}");
	}
	for wrong in [
		r#"{"data":[{"embedding":[1]}]}"#,
		r#"{"model":"m","data":[]}"#,
		r#"{"model":"m"}"#,
		"<html>",
	] {
		assert_eq!(embedding(wrong.as_bytes()), Grade::Wrong, "{wrong}");
	}
}

#[test]
fn a_grade_becomes_a_finding_with_its_latency() {
	let latency = LatencyBucket::from_millis(40);
	assert_eq!(Grade::Correct.at(latency), Finding::Up(latency));
	assert_eq!(Grade::Wrong.at(latency), Finding::Bad(latency));
	assert_eq!(Grade::Lagging.at(latency), Finding::Stale(latency));
	assert!(Grade::Correct < Grade::Lagging && Grade::Lagging < Grade::Wrong);
}

proptest! {
	/// Any body is judged, and never correct by chance.
	#[test]
	fn no_body_panics(bytes in prop_oneof![any::<Vec<u8>>(), any_json().prop_map(String::into_bytes)], id in 0u64..3) {
		prop_assert!(!matches!(batch(&bytes, &[1, 2]), Batch::Answers(answers) if answers.len() != 2));
		if let Some(reply) = one(&bytes, id) {
			for protocol in PROTOCOLS {
				let head = head_of(protocol, &reply);
				prop_assert_ne!(task(head.unwrap_or_default(), &reference(protocol), &reply), Grade::Correct);
			}
		}
		let _ = (models(&bytes, "a"), completion(&bytes), embedding(&bytes), lease(&bytes, 7));
	}

	/// A head is correct exactly up to the lag that the terms allow.
	#[test]
	fn the_lag_decides(head in 0u64..200, max_lag in 0u32..150) {
		for protocol in PROTOCOLS {
			let (h, block) = forms(protocol, head, NUMBER, HASH);
			let right = head + u64::from(max_lag) >= 100;
			let grade = if right { Grade::Correct } else { Grade::Lagging };
			prop_assert_eq!(both(protocol, max_lag, &ok(1, &h), &ok(2, &block)), grade);
		}
	}

	/// A single wrong bit of the hash is wrong.
	#[test]
	fn every_bit_of_the_hash_counts(bit in 0usize..256) {
		let mut hash = HASH;
		hash[bit / 8] ^= 1 << (bit % 8);
		for protocol in PROTOCOLS {
			let (head, block) = forms(protocol, 100, NUMBER, hash);
			prop_assert_eq!(both(protocol, 3, &ok(1, &head), &ok(2, &block)), Grade::Wrong);
		}
	}
}
