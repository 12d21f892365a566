#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::fake::hex;
use proptest::prelude::*;

const HASH: [u8; 32] = [0xab; 32];

fn measure(protocol: Protocol, max_lag: u32) -> Measure {
	Measure { protocol, reference: Reference { head: 100, number: 92, hash: HASH }, max_lag }
}

fn ok(id: u64, result: &str) -> String {
	format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn error(id: &str) -> String {
	format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32000,"message":"no"}}}}"#)
}

/// Head and reference block in the form of each protocol.
fn forms(protocol: Protocol, head: u64, number: u64, hash: [u8; 32]) -> (String, String) {
	let hash = hex(&hash);
	match protocol {
		Protocol::Ethereum => {
			(format!("\"{head:#x}\""), format!(r#"{{"hash":"0x{hash}","number":"{number:#x}"}}"#))
		},
		Protocol::Substrate => (format!(r#"{{"number":"{head:#x}"}}"#), format!("\"0x{hash}\"")),
	}
}

const BOTH: [Protocol; 2] = [Protocol::Ethereum, Protocol::Substrate];

#[test]
fn the_head_and_the_reference_block_decide() {
	for protocol in BOTH {
		for (what, head, hash, max_lag, worth) in [
			("level", 100, Some(HASH), 0, Worth::Right),
			("ahead", 105, Some(HASH), 0, Worth::Right),
			("far ahead", u64::MAX, Some(HASH), 0, Worth::Right),
			("within its terms", 97, Some(HASH), 3, Worth::Right),
			("one block too far behind", 96, Some(HASH), 3, Worth::Behind),
			("block there, head far behind", 10, Some(HASH), 3, Worth::Behind),
			("any lag allowed", 0, Some(HASH), u32::MAX, Worth::Right),
			("wrong hash", 100, Some([1; 32]), 3, Worth::Wrong),
			("wrong hash and behind", 10, Some([1; 32]), 3, Worth::Wrong),
			("no block, head below it", 91, None, 3, Worth::Behind),
			("no block, head below it, within its terms", 91, None, 50, Worth::Behind),
			("no block, head at it", 92, None, 3, Worth::Wrong),
			("no block, head above it", 100, None, 3, Worth::Wrong),
		] {
			let (head, block) = forms(protocol, head, 92, hash.unwrap_or_default());
			let missing = [ok(2, "null"), error("2")];
			let replies = if hash.is_some() { vec![ok(2, &block)] } else { missing.to_vec() };
			for block in replies {
				for batch in [[ok(1, &head), block.clone()], [block, ok(1, &head)]] {
					let body = format!("[{}]", batch.join(","));
					let judged = measure(protocol, max_lag).batch(body.as_bytes());
					assert_eq!(judged, Batch::Judged(worth), "{protocol:?}: {what}: {body}");
				}
			}
		}
	}
}

#[test]
fn an_answer_of_another_form_is_wrong() {
	for protocol in BOTH {
		let (head, block) = forms(protocol, 100, 92, HASH);
		let (other_head, other_block) = forms(
			match protocol {
				Protocol::Ethereum => Protocol::Substrate,
				Protocol::Substrate => Protocol::Ethereum,
			},
			100,
			92,
			HASH,
		);
		let (head, block) = (ok(1, &head), ok(2, &block));
		for body in [
			String::new(),
			"<html>busy</html>".into(),
			"null".into(),
			"[]".into(),
			"{}".into(),
			"[{},{}]".into(),
			format!("[{head}]"),
			format!("[{block}]"),
			format!("[{head},{head}]"),
			format!("[{head},{block}"),
			format!("[{head},{block}]]"),
			head.clone(),
			format!("[{},{block}]", error("1")),
			format!("[{head},{}]", ok(3, "null")),
			format!("[{},{block}]", ok(1, &other_head)),
			format!("[{head},{}]", ok(2, &other_block)),
			format!("[{},{block}]", ok(1, "100")),
			format!("[{},{block}]", ok(1, "-1.5e3")),
			format!("[{},{block}]", ok(1, "1e999")),
			format!("[{head},{}]", ok(2, "1.5")),
			format!("[{},{block}]", ok(1, "\"100\"")),
			format!("[{},{block}]", ok(1, "\"0x10000000000000000\"")),
			format!("[{},{block}]", ok(1, "null")),
			format!("[{head},{}]", ok(2, "true")),
			format!("[{head},{}]", ok(2, "[]")),
			format!("[{head},{}]", ok(2, "{}")),
			format!("[{head},{}]", ok(2, "\"0xabab\"")),
			format!("[{head},{}]", ok(2, &format!("\"{}\"", hex(&HASH)))),
			format!("[{},{}]", head.replace("\"id\":1", "\"id\":\"1\""), block),
		] {
			let judged = measure(protocol, 3).batch(body.as_bytes());
			assert_eq!(judged, Batch::Judged(Worth::Wrong), "{protocol:?}: {body}");
		}
	}
}

#[test]
fn another_block_than_asked_for_is_wrong() {
	let (head, block) = forms(Protocol::Ethereum, 100, 93, HASH);
	let body = format!("[{},{}]", ok(1, &head), ok(2, &block));
	assert_eq!(measure(Protocol::Ethereum, 3).batch(body.as_bytes()), Batch::Judged(Worth::Wrong));
}

#[test]
fn one_error_for_the_whole_batch_refuses_it() {
	for body in [error("null"), error("1"), format!("[{}]", error("null"))] {
		assert_eq!(measure(Protocol::Ethereum, 3).batch(body.as_bytes()), Batch::Refused, "{body}");
	}
}

#[test]
fn without_a_reference_any_head_is_right_and_anything_else_is_wrong() {
	for (protocol, other) in BOTH.into_iter().zip(BOTH.into_iter().rev()) {
		for number in [0, 5, u64::MAX] {
			let (head, _) = forms(protocol, number, 0, HASH);
			assert_eq!(without_reference(protocol, ok(1, &head).as_bytes()), Worth::Right);
		}
		let (head, block) = forms(protocol, 5, 5, HASH);
		let (other_head, _) = forms(other, 5, 5, HASH);
		for body in [
			String::new(),
			"{}".into(),
			"[]".into(),
			"null".into(),
			"7".into(),
			"<html>".into(),
			"\u{0}\u{1}".into(),
			ok(1, &head).trim_end_matches('}').into(),
			format!("{}x", ok(1, &head)),
			format!("[{}]", ok(1, &head)),
			ok(2, &head),
			ok(1, &other_head),
			ok(1, &block),
			ok(1, "true"),
			ok(1, "null"),
			ok(1, "5"),
			ok(1, "{}"),
			ok(1, r#""5""#),
			ok(1, r#""0x""#),
			ok(1, r#""0x10000000000000000""#),
			ok(1, r#"{"number":5}"#),
			ok(1, r#"{"number":"0x"}"#),
			error("1"),
			error("null"),
			format!("[{}]", error("1")),
			format!(r#"{{"id":1,"result":{head},"error":{{"code":1}}}}"#),
		] {
			assert_eq!(without_reference(protocol, body.as_bytes()), Worth::Wrong, "{protocol:?}: {body}");
		}
	}
}

#[test]
fn the_model_must_be_listed() {
	let list = br#"{"object":"list","data":[{"id":"llama-3","object":"model"}]}"#;
	assert_eq!(models(list, b"llama-3"), Worth::Right);
	assert_eq!(models(list, b"llama-4"), Worth::Wrong);
	assert_eq!(models(list, b"\xff"), Worth::Wrong);
	assert_eq!(models(b"<html>", b"llama-3"), Worth::Wrong);
}

#[test]
fn a_worth_becomes_a_finding_with_its_latency() {
	let latency = LatencyBucket::from_millis(40);
	assert_eq!(Worth::Right.at(latency), Finding::Up(latency));
	assert_eq!(Worth::Wrong.at(latency), Finding::Bad(latency));
	assert_eq!(Worth::Behind.at(latency), Finding::Stale(latency));
}

proptest! {
	/// Whatever comes is judged, and never right without the hash.
	#[test]
	fn arbitrary_bytes_are_never_right(bytes: Vec<u8>, model: Vec<u8>) {
		for protocol in BOTH {
			prop_assert_ne!(measure(protocol, 3).batch(&bytes), Batch::Judged(Worth::Right));
			prop_assert_eq!(without_reference(protocol, &bytes), Worth::Wrong);
			let _ = models(&bytes, &model);
		}
	}

	/// A head is right exactly up to the lag that the terms allow.
	#[test]
	fn the_lag_decides(head in 0u64..200, max_lag in 0u32..150) {
		for protocol in BOTH {
			let (h, block) = forms(protocol, head, 92, HASH);
			let body = format!("[{},{}]", ok(1, &h), ok(2, &block));
			let right = head + u64::from(max_lag) >= 100;
			let worth = if right { Worth::Right } else { Worth::Behind };
			prop_assert_eq!(measure(protocol, max_lag).batch(body.as_bytes()), Batch::Judged(worth));
		}
	}

	/// One bit off in the hash is wrong.
	#[test]
	fn every_bit_of_the_hash_counts(bit in 0usize..256) {
		let mut hash = HASH;
		hash[bit / 8] ^= 1 << (bit % 8);
		for protocol in BOTH {
			let (head, block) = forms(protocol, 100, 92, hash);
			let body = format!("[{},{}]", ok(1, &head), ok(2, &block));
			prop_assert_eq!(measure(protocol, 3).batch(body.as_bytes()), Batch::Judged(Worth::Wrong));
		}
	}
}
