// SPDX-License-Identifier: Apache-2.0

//! Calls, batches, cache, and methods that ask several operators.

use super::kit::*;
use crate::routing::CoverRates;
use serde_json::{Value, json};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use surety_primitives::Protocol;

/// Three operators without hedges: on a busy machine every operator is slow now and then.
fn three() -> Scene {
	let mut settings = settings();
	settings.hedge.floor = Duration::from_secs(60);
	Scene::new(Options { settings, ..Options::default() })
}

#[test]
fn an_answer_says_who_gave_it_and_why() {
	let scene = three();
	let reply = scene.call("eth_getBalance", json!(["0xaa", "0x10"]));
	assert_eq!(reply.status, 200);
	assert_eq!(reply.json(), json!({ "jsonrpc": "2.0", "id": 77, "result": "0x10" }));
	assert!(reply.header("x-surety-operator").starts_with("operator-"));
	assert_eq!(reply.header("x-surety-cache"), "miss");
	assert_eq!(reply.header("x-surety-attempts"), "", "one is the usual number");
	assert_eq!(reply.header("x-surety-hedged"), "");
	assert_eq!(reply.header("x-surety-head"), "100");
	assert_eq!(reply.header("x-surety-why"), "better-of-two");
	assert!(reply.header("x-surety-overhead-us").parse::<u64>().is_ok());
}

#[test]
fn operators_get_the_token_the_trace_and_their_own_path() {
	let scene = three();
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#;
	let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	scene.client().send("POST", "/ethereum", &[trace, "x-secret: 1"], call);
	let seen = scene.operators.iter().flat_map(|one| one.seen.lock().clone()).next().unwrap();
	assert_eq!(seen.path, "/rpc");
	assert_eq!(seen.headers["x-surety-token"], "srt1_test");
	assert!(trace.ends_with(&seen.headers["traceparent"]));
	assert!(!seen.headers.contains_key("x-secret"));
}

#[test]
fn ids_of_any_form_come_back_unchanged() {
	let scene = three();
	for id in ["7", "-1", "1.50", "\"a\"", "\"\\u0041\"", "null", "123456789012345678901234567890"]
	{
		let call = format!(
			r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_getBalance","params":["0xaa","0x1"]}}"#
		);
		let reply = scene.client().post("/ethereum", &call);
		let text = String::from_utf8(reply.body).unwrap();
		assert!(text.contains(&format!("\"id\":{id}")), "{text}");
	}
}

#[test]
fn a_batch_is_answered_in_order_with_errors_in_place() {
	let scene = three();
	let batch = json!([
		{ "jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": ["0xaa", "0x1"] },
		7,
		{ "jsonrpc": "2.0", "method": "eth_getBalance", "params": ["0xaa", "0x2"] },
		{ "jsonrpc": "2.0", "id": "z", "method": "eth_getBalance", "params": ["0xaa", "0x3"] },
		{ "jsonrpc": "2.0", "id": 4, "method": "eth_subscribe", "params": ["newHeads"] },
	]);
	let reply = scene.client().post("/ethereum", &batch.to_string());
	let json = reply.json();
	let all = json.as_array().unwrap();
	assert_eq!(all.len(), 4);
	assert_eq!(all[0]["result"], "0x1");
	assert_eq!(all[1]["error"]["code"], -32600);
	assert_eq!((&all[2]["id"], &all[2]["result"]), (&json!("z"), &json!("0x3")));
	assert_eq!(all[3]["error"]["code"], -32600);
	let only = json!([{ "jsonrpc": "2.0", "method": "eth_getBalance", "params": ["0xaa", "0x2"] }]);
	assert_eq!(scene.client().post("/ethereum", &only.to_string()).status, 204);
}

#[test]
fn latest_is_the_served_block_at_every_operator() {
	let scene = three();
	// Two operators are ahead of the served tip.
	scene.operators[0].set(|behaviour| behaviour.head = 102);
	scene.operators[1].set(|behaviour| behaviour.head = 101);
	let mut client = scene.client();
	for number in 0..20 {
		let params = json!([format!("0x{number:040x}"), "latest"]);
		assert_eq!(client.call("eth_getBalance", params).result(), "0x64");
	}
	assert_eq!(client.call("eth_blockNumber", json!([])).result(), "0x64");
	assert_eq!(scene.count("eth_blockNumber"), 0);
	for operator in &scene.operators {
		for seen in operator.seen.lock().iter().filter(|seen| seen.method == "eth_getBalance") {
			assert_eq!(seen.params[1], "0x64");
		}
	}
}

#[test]
fn a_session_never_sees_an_earlier_block_than_before() {
	let scene = three();
	// A receipt of a block that two operators have, but that is not served yet.
	let network = scene.gateway.network("ethereum").unwrap();
	for index in 0..2 {
		scene.operators[index].set(|behaviour| behaviour.head = 101);
		scene.gateway.service(index as u32 + 1).unwrap().state.set_head(Some(101));
		let now = std::time::Instant::now();
		network.observe(account(index), crate::rpc::block::Tag::Latest, 101, now);
	}
	assert_eq!(network.heads.latest(), Some(100));
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.receipt = 101));
	let mut client = scene.client();
	assert_eq!(client.call("eth_blockNumber", json!([])).result(), "0x64");
	client.call("eth_getTransactionReceipt", json!(["0xbb"])).result();
	assert_eq!(client.call("eth_blockNumber", json!([])).result(), "0x65");
	let balance = client.call("eth_getBalance", json!(["0xaa", "latest"]));
	assert_eq!(balance.result(), "0x65");
}

#[test]
fn an_answer_is_cached_until_its_block_leaves_the_chain() {
	let scene = three();
	let mut client = scene.client();
	let mut ask = |cache: &str| {
		let reply = client.call("eth_getBalance", json!(["0xaa", "latest"]));
		assert_eq!(reply.header("x-surety-cache"), cache);
		assert_eq!(reply.json()["id"], 77);
		reply.result()
	};
	assert_eq!(ask("miss"), "0x64");
	assert_eq!(ask("hit"), "0x64");
	// The same height on another fork.
	scene.all_at(100, 1);
	assert_eq!(ask("miss"), "0x64");
	assert_eq!(ask("hit"), "0x64");
	scene.all_at(101, 1);
	assert_eq!(ask("miss"), "0x65");
	assert_eq!(scene.count("eth_getBalance"), 3);
	let stats = &scene.gateway.networks()[0].cache;
	assert_eq!(stats.hits.load(Relaxed), 2);
	assert_eq!(stats.saved_weight.load(Relaxed), 2);
}

#[test]
fn an_answer_without_data_is_never_kept() {
	let scene = three();
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.empty = true));
	let mut client = scene.client();
	assert_eq!(client.call("eth_getTransactionReceipt", json!(["0xbb"])).result(), Value::Null);
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.empty = false));
	let receipt = client.call("eth_getTransactionReceipt", json!(["0xbb"])).result();
	assert_eq!(receipt["blockNumber"], "0x5f");
}

#[test]
fn another_operator_is_asked_for_data_that_one_lacks() {
	let scene = three();
	scene.operators[0].set(|behaviour| behaviour.empty = true);
	let mut client = scene.client();
	for number in 0..30 {
		let params = json!([format!("0x{number:064x}")]);
		assert_ne!(client.call("eth_getTransactionReceipt", params).result(), Value::Null);
	}
	// Nobody has a block above the tip: one operator is enough.
	let before = scene.count("eth_getBlockByNumber");
	let reply = client.call("eth_getBlockByNumber", json!(["0x1000", false]));
	assert_eq!(reply.result(), Value::Null);
	assert_eq!(scene.count("eth_getBlockByNumber"), before + 1);
}

/// Subscribers learn of a block from the first operator that has it, and ask for it at once.
#[test]
fn a_block_is_there_as_soon_as_its_head_was_announced() {
	let scene = three();
	scene.operators[2].set(|behaviour| behaviour.head = 101);
	scene.gateway.service(3).unwrap().state.set_head(Some(101));
	let network = scene.gateway.network("ethereum").unwrap();
	network.heads.announce(101);
	assert_eq!(network.heads.latest(), Some(100));
	let mut client = scene.client();
	for _ in 0..30 {
		let block = client.call("eth_getBlockByNumber", json!(["0x65", false])).result();
		assert_eq!(block["number"], "0x65");
	}
	assert_eq!(client.call("eth_blockNumber", json!([])).result(), "0x64");
}

#[test]
fn an_error_of_one_operator_is_not_believed_but_that_of_two_is() {
	let scene = three();
	scene.operators[0].set(|behaviour| behaviour.error = Some((-32000, "header not found")));
	let mut client = scene.client();
	for number in 0..30 {
		let params = json!([format!("0x{number:040x}"), "0x10"]);
		assert_eq!(client.call("eth_getBalance", params).result(), "0x10");
	}
	for operator in &scene.operators {
		operator.set(|behaviour| behaviour.error = Some((-32603, "internal")));
	}
	let reply = client.call("eth_getBalance", json!(["0xff", "0x10"]));
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32603)));
	// A revert is an answer: nobody else is asked.
	for operator in &scene.operators {
		operator.set(|behaviour| behaviour.error = Some((3, "execution reverted")));
	}
	let before = scene.count("eth_call");
	let reply = client.call("eth_call", json!([{}, "0x10"]));
	assert_eq!(reply.json()["error"]["code"], 3);
	assert_eq!(scene.count("eth_call"), before + 1);
}

#[test]
fn equal_calls_at_once_reach_one_operator_once() {
	let scene = three();
	for operator in &scene.operators {
		operator.set(|behaviour| behaviour.delay = Duration::from_millis(300));
	}
	std::thread::scope(|scope| {
		for _ in 0..20 {
			scope.spawn(|| {
				let reply = scene.call("eth_getTransactionReceipt", json!(["0xbb"]));
				assert_eq!(reply.result()["blockNumber"], "0x5f");
				assert_eq!(reply.json()["id"], 77);
			});
		}
	});
	assert!(scene.count("eth_getTransactionReceipt") <= 2);
	assert!(scene.gateway.networks()[0].cache.coalesced.load(Relaxed) >= 10);
}

/// Signed transaction of type 2, and its hash.
const RAW: &str = "0x02f862018001018252089422222222222222222222222222222222222222220180c080a05bc429574cb97abf1e5f2fc1e5ddea26434c9a6ddae4f42d2e5f4287dd8df47ca02e41badf0d3e92690e973a2c3e56436eda657548666f8be17335adedaae2357d";
const RAW_HASH: &str = "0xaa469beb0e9eefb1b6dc4bd485db17eb0707d1f07c70f90f31c219a6ae886b36";

#[test]
fn the_hash_of_a_transaction_is_not_taken_from_a_liar() {
	let scene = three();
	for (index, operator) in scene.operators.iter().enumerate() {
		operator.set(|behaviour| {
			// The liars are the fastest.
			behaviour.delay = Duration::from_millis(if index == 2 { 100 } else { 0 });
			behaviour.transaction = if index == 2 { RAW_HASH } else { "0xbad" };
		});
	}
	let mut client = scene.client();
	assert_eq!(client.call("eth_sendRawTransaction", json!([RAW])).result(), RAW_HASH);
	scene.operators[2].set(|behaviour| behaviour.transaction = "0xbad");
	let reply = client.call("eth_sendRawTransaction", json!([RAW]));
	assert_eq!(reply.json()["error"]["code"], -32032);
}

#[test]
fn a_transaction_reaches_several_operators_and_a_nonce_is_the_highest() {
	let scene = three();
	for (index, operator) in scene.operators.iter().enumerate() {
		operator.set(|behaviour| {
			behaviour.nonce = 5 + index as u64;
			behaviour.price = [100, 20, 30][index];
		});
	}
	let mut client = scene.client();
	client.call("eth_sendRawTransaction", json!(["0x00"])).result();
	assert_eq!(client.call("eth_getTransactionCount", json!(["0xaa", "pending"])).result(), "0x7");
	assert_eq!(client.call("eth_gasPrice", json!([])).result(), "0x1e");
	// Whoever was slower than the first got it too.
	for _ in 0..200 {
		if scene.count("eth_sendRawTransaction") == 3 {
			break;
		}
		std::thread::sleep(Duration::from_millis(10));
	}
	assert_eq!(scene.count("eth_sendRawTransaction"), 3);
	// Of a block that is fixed, one operator is enough.
	let before = scene.count("eth_getTransactionCount");
	client.call("eth_getTransactionCount", json!(["0xaa", "latest"])).result();
	assert_eq!(scene.count("eth_getTransactionCount"), before + 1);
}

#[test]
fn a_filter_stays_at_the_operator_that_made_it() {
	let scene = three();
	let mut client = scene.client();
	client.call("eth_newFilter", json!([{}])).result();
	for number in 0..20 {
		client.call("eth_getFilterChanges", json!([format!("0x{number}")])).result();
	}
	let asked = scene.operators.iter().filter(|one| one.count("eth_getFilterChanges") > 0).count();
	assert_eq!(asked, 1);
}

#[test]
fn substrate_calls_are_pinned_to_the_served_hash() {
	let scene = Scene::new(Options { protocol: Protocol::Substrate, ..Options::default() });
	// Before a head is known the call is passed on as it is.
	let reply = scene.call("chain_getHeader", json!([]));
	assert_eq!(reply.result()["asked"], Value::Null);
	scene.all_at(100, 0);
	let reply = scene.call("chain_getHeader", json!([]));
	assert_eq!(reply.result()["asked"], hash(100, 0));
	let reply = scene.call("state_getStorage", json!(["0x26aa"]));
	assert!(reply.result().as_str().unwrap().contains(&hash(100, 0)));
	let reply = scene.call("chain_getFinalizedHead", json!([]));
	assert_ne!(reply.result(), hash(90, 0), "its hash is not known");
}

#[test]
fn the_units_of_an_agreement_are_kept_by_the_gateway() {
	let rates = CoverRates { requests: 0.001, burst: 10.0, bytes: 1e9 };
	let scene = Scene::new(Options { rates, ..Options::default() });
	let mut client = scene.client();
	for number in 0..30 {
		let params = json!([format!("0x{number:040x}"), "0x10"]);
		assert_eq!(client.call("eth_getBalance", params).status, 200);
	}
	let reply = client.call("eth_getBalance", json!(["0xff", "0x10"]));
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (429, &json!(-32005)));
	assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
	for operator in &scene.operators {
		assert_eq!(operator.count("eth_getBalance"), 10);
	}
}
