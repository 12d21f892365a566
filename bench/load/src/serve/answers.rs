// SPDX-License-Identifier: Apache-2.0

//! Answers to JSON-RPC requests.

use crate::chain::{self, CHAIN_ID, Chain, balance, data, hash, logs};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, time::Duration};

/// Longest data of an answer, in hexadecimal digits.
const MAX_DATA: u64 = 64 << 20;
/// Most blocks of a range of logs.
const MAX_LOG_RANGE: u64 = 100_000;
/// Requests of a batch that are answered.
const MAX_BATCH: usize = 10_000;

/// Request of JSON-RPC. Methods without parameters and notifications have less members.
#[derive(Deserialize)]
struct Request<'a> {
	#[serde(borrow)]
	id: Option<&'a RawValue>,
	#[serde(borrow)]
	method: Cow<'a, str>,
	#[serde(borrow)]
	params: Option<&'a RawValue>,
}

/// Change of the subscriptions of a WebSocket connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
	/// A subscription of new heads; the connection puts its id into the answer.
	Subscribe,
	/// End of a subscription.
	Unsubscribe(u64),
}

/// Answer with its consequences.
#[derive(Debug)]
pub struct Reply {
	/// Body of the answer.
	pub body: Vec<u8>,
	/// Requests of the message.
	pub requests: u64,
	/// Transactions that were sent.
	pub writes: Vec<u64>,
	/// Change of subscriptions, by a message with a single request.
	pub change: Option<Change>,
}

/// Id in an answer to `eth_subscribe`, which the connection replaces.
pub const SUBSCRIPTION: &str = "0x5ab5c21be0000000";

/// Answer a message with one request or a batch. `lie`: blocks that the head is ahead of the
/// chain's.
pub fn answer(message: &[u8], chain: &Chain, now: Duration, lie: i64) -> Reply {
	let mut reply =
		Reply { body: Vec::with_capacity(256), requests: 0, writes: Vec::new(), change: None };
	let head = chain.head(now).saturating_add_signed(lie);
	if message.trim_ascii_start().first() != Some(&b'[') {
		one(message, chain, head, &mut reply);
		return reply;
	}
	let Ok(batch) = serde_json::from_slice::<Vec<&RawValue>>(message) else {
		error("null", -32700, "parse error", &mut reply.body);
		return reply;
	};
	reply.body.push(b'[');
	for (n, request) in batch.into_iter().take(MAX_BATCH).enumerate() {
		if n > 0 {
			reply.body.push(b',');
		}
		one(request.get().as_bytes(), chain, head, &mut reply);
	}
	reply.body.push(b']');
	reply.change = None;
	reply
}

/// Answer to a message with a JSON-RPC error.
pub fn refuse(message: &[u8], code: i64) -> Vec<u8> {
	let id = serde_json::from_slice::<Request<'_>>(message).ok().and_then(|request| request.id);
	let mut body = Vec::new();
	error(id.map_or("null", RawValue::get), code, "the upstream was asked to fail", &mut body);
	body
}

/// Answer one request.
fn one(message: &[u8], chain: &Chain, head: u64, reply: &mut Reply) {
	reply.requests += 1;
	let Ok(request) = serde_json::from_slice::<Request<'_>>(message) else {
		return error("null", -32700, "parse error", &mut reply.body);
	};
	let id = request.id.map_or("null", RawValue::get);
	let params = Params::of(request.params);
	let body = &mut reply.body;
	match &*request.method {
		"eth_chainId" => text(id, CHAIN_ID, body),
		"net_version" => text(id, "1337", body),
		"web3_clientVersion" => text(id, concat!("surety-load/", env!("CARGO_PKG_VERSION")), body),
		"eth_syncing" => raw(id, b"false", body),
		"net_peerCount" => text(id, "0x10", body),
		"eth_gasPrice" => text(id, "0x3b9aca00", body),
		"eth_getTransactionCount" => text(id, "0x0", body),
		"eth_blockNumber" => text(id, &format!("{head:#x}"), body),
		"eth_getBlockByNumber" => match params.block(chain, head) {
			Some(number) if number <= head => raw(id, chain.block(number).as_bytes(), body),
			Some(_) => raw(id, b"null", body),
			None => error(id, -32602, "invalid block", body),
		},
		"eth_getBlockByHash" => match chain::number_of(params.text(0), head) {
			Some(number) => raw(id, chain.block(number).as_bytes(), body),
			None => raw(id, b"null", body),
		},
		"eth_getBalance" => text(id, &balance(last_digits(params.text(0))), body),
		"eth_call" => match params.call() {
			Some((seed, length)) => {
				let data = data(seed, length);
				quoted(id, &data, body);
			},
			None => error(id, 3, "execution reverted", body),
		},
		"eth_getLogs" => match params.range(head) {
			Some((from, to)) if to.saturating_sub(from) < MAX_LOG_RANGE => {
				raw(id, logs(from, (to + 1).saturating_sub(from)).as_bytes(), body);
			},
			_ => error(id, -32602, "invalid range of blocks", body),
		},
		"eth_sendRawTransaction" => {
			let transaction = last_digits(params.text(0));
			reply.writes.push(transaction);
			text(id, &hash(transaction), body);
		},
		"eth_subscribe" if params.text(0) == "newHeads" => {
			reply.change = Some(Change::Subscribe);
			text(id, SUBSCRIPTION, body);
		},
		"eth_unsubscribe" => {
			reply.change = Some(Change::Unsubscribe(last_digits(params.text(0))));
			raw(id, b"true", body);
		},
		_ => error(id, -32601, "the method does not exist", body),
	}
}

/// Parameters of a request.
struct Params(Vec<serde_json::Value>);

impl Params {
	fn of(raw: Option<&RawValue>) -> Self {
		Self(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default())
	}

	/// Text at a place, empty if there is none.
	fn text(&self, place: usize) -> &str {
		self.0.get(place).and_then(serde_json::Value::as_str).unwrap_or_default()
	}

	/// Block by number or tag.
	fn block(&self, chain: &Chain, head: u64) -> Option<u64> {
		let true_head = chain.head(chain::now());
		match self.text(0) {
			"latest" | "pending" => Some(head),
			"safe" | "finalized" => {
				Some(chain.finalized(chain::now()) + head.saturating_sub(true_head))
			},
			"earliest" => Some(0),
			number => u64::from_str_radix(number.strip_prefix("0x")?, 16).ok(),
		}
	}

	/// Seed and length of the data that a call asks for.
	fn call(&self) -> Option<(u64, usize)> {
		let call = self.0.first()?;
		let data = call.get("data").or_else(|| call.get("input"))?.as_str()?.strip_prefix("0x")?;
		let seed = u64::from_str_radix(data.get(..16)?, 16).ok()?;
		let length = u64::from_str_radix(data.get(16..24)?, 16).ok()?.min(MAX_DATA);
		Some((seed, length as usize))
	}

	/// Range of blocks of logs.
	fn range(&self, head: u64) -> Option<(u64, u64)> {
		let filter = self.0.first()?;
		if let Some(hash) = filter.get("blockHash").and_then(serde_json::Value::as_str) {
			let number = chain::number_of(hash, head)?;
			return Some((number, number));
		}
		let bound = |name| match filter.get(name).and_then(serde_json::Value::as_str) {
			None | Some("latest") => Some(head),
			Some(number) => u64::from_str_radix(number.strip_prefix("0x")?, 16).ok(),
		};
		Some((bound("fromBlock")?, bound("toBlock")?))
	}
}

/// Number in the last 16 hexadecimal digits of a text.
fn last_digits(text: &str) -> u64 {
	let from = text.len().saturating_sub(16);
	let digits = text.get(from..).unwrap_or_default();
	u64::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap_or(0)
}

fn text(id: &str, result: &str, into: &mut Vec<u8>) {
	quoted(id, result.as_bytes(), into);
}

fn quoted(id: &str, result: &[u8], into: &mut Vec<u8>) {
	begin(id, into);
	into.push(b'"');
	into.extend_from_slice(result);
	into.extend_from_slice(b"\"}");
}

fn raw(id: &str, result: &[u8], into: &mut Vec<u8>) {
	begin(id, into);
	into.extend_from_slice(result);
	into.push(b'}');
}

fn begin(id: &str, into: &mut Vec<u8>) {
	into.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
	into.extend_from_slice(id.as_bytes());
	into.extend_from_slice(br#","result":"#);
}

fn error(id: &str, code: i64, message: &str, into: &mut Vec<u8>) {
	let body =
		format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#);
	into.extend_from_slice(body.as_bytes());
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::Value;

	fn ask(message: &str, lie: i64) -> (Value, Reply) {
		let chain = Chain::new(Duration::from_secs(1_000), Duration::from_secs(2), 32);
		let reply = answer(message.as_bytes(), &chain, chain::now(), lie);
		(serde_json::from_slice(&reply.body).unwrap(), reply)
	}

	#[test]
	fn a_batch_is_answered_in_order() {
		let (answers, reply) = ask(
			r#"[{"jsonrpc":"2.0","id":"a","method":"eth_chainId"},{"id":2,"method":"nothing"}, 5]"#,
			0,
		);
		assert_eq!(answers[0]["id"], "a");
		assert_eq!(answers[1]["error"]["code"], -32601);
		assert_eq!(answers[2]["error"]["code"], -32700);
		assert_eq!(reply.requests, 3);
	}

	#[test]
	fn a_liar_is_ahead_in_every_answer() {
		let question = r#"{"id":1,"method":"eth_blockNumber"}"#;
		let number = |value: &Value| {
			u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
		};
		let honest = number(&ask(question, 0).0["result"]);
		let (lie, _) = ask(question, 1_000);
		assert!(number(&lie["result"]) >= honest + 1_000);
		let latest = r#"{"id":1,"method":"eth_getBlockByNumber","params":["latest",false]}"#;
		assert!(number(&ask(latest, 1_000).0["result"]["number"]) >= honest + 1_000);
	}

	/// Probers compare the logs of old blocks: those of the head would be another answer every time.
	#[test]
	fn logs_by_hash_are_those_of_the_block() {
		let head = ask(r#"{"id":1,"method":"eth_blockNumber"}"#, 0).0["result"].take();
		let head = head.as_str().unwrap().trim_start_matches("0x");
		let number = u64::from_str_radix(head, 16).unwrap() - 5;
		let by = |block: String| {
			let params = format!(r#"[{{"address":"0x{:040x}",{block}}}]"#, 1);
			ask(&format!(r#"{{"id":1,"method":"eth_getLogs","params":{params}}}"#), 0).0["result"]
				.take()
		};
		let by_hash = by(format!(r#""blockHash":"{}""#, chain::hash(number)));
		assert!(by_hash.is_array());
		assert_eq!(by_hash, by(format!(r#""fromBlock":"{number:#x}","toBlock":"{number:#x}""#)));
	}

	#[test]
	fn subscriptions_are_changes_of_the_connection() {
		let (_, reply) = ask(r#"{"id":1,"method":"eth_subscribe","params":["newHeads"]}"#, 0);
		assert_eq!(reply.change, Some(Change::Subscribe));
		let (_, reply) = ask(r#"{"id":1,"method":"eth_unsubscribe","params":["0x7"]}"#, 0);
		assert_eq!(reply.change, Some(Change::Unsubscribe(7)));
		let (logs, _) = ask(r#"{"id":1,"method":"eth_subscribe","params":["logs",{}]}"#, 0);
		assert_eq!(logs["error"]["code"], -32601);
	}

	#[test]
	fn bytes_that_are_no_request_get_an_error() {
		for message in ["", "[", "{}", "null", r#"{"id":1,"method":5}"#] {
			assert_eq!(ask(message, 0).0["error"]["code"], -32700, "{message}");
		}
		assert_eq!(refuse(br#"{"id":7,"method":"x"}"#, -5), br#"{"jsonrpc":"2.0","id":7,"error":{"code":-5,"message":"the upstream was asked to fail"}}"#);
	}
}
