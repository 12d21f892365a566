// SPDX-License-Identifier: Apache-2.0

//! Shared subscriptions over failovers.

use super::*;
use std::sync::atomic::Ordering::Relaxed;

fn two(forge: &Forge) -> (Arc<Node>, Arc<Node>) {
	let chain = chain(forge, 10);
	let node = |name| Node::new(name, Protocol::Ethereum, &chain);
	(node("a"), node("b"))
}

#[test]
fn clients_share_one_upstream_subscription() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut clients = Vec::new();
		for _ in 0..5 {
			let mut client = gateway.client().await;
			let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
			clients.push((client, id));
		}
		assert_eq!((a.subscribed("newHeads"), gateway.hub.feeds()), (1, 1));
		for _ in 0..3 {
			grow(&forge, &[&a, &b]);
		}
		for (client, id) in &mut clients {
			assert_eq!(client.numbers(id).await, [10, 11, 12]);
		}
		let (mut left, id) = clients.remove(0);
		assert_eq!(left.call("eth_unsubscribe", json!([id])).await, Ok(json!(true)));
		assert_eq!(left.call("eth_unsubscribe", json!([id])).await, Ok(json!(false)));
		grow(&forge, &[&a, &b]);
		assert!(left.settle().await.is_empty());
		drop(clients);
		pause(Duration::from_secs(30)).await;
		assert_eq!((gateway.hub.feeds(), gateway.quota.used()), (0, 0));
		assert_eq!((a.subscribed("newHeads"), b.subscribed("newHeads")), (0, 0));
	});
}

#[test]
fn heads_have_no_gap_and_no_double_over_a_failover() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		for _ in 0..4 {
			grow(&forge, &[&a, &b]);
			pause(BLOCK).await;
		}
		a.kill();
		// These come while nobody is connected, and then one more.
		for _ in 0..3 {
			grow(&forge, &[&b]);
		}
		pause(Duration::from_secs(1)).await;
		grow(&forge, &[&b]);
		assert_eq!(client.numbers(&id).await, [10, 11, 12, 13, 14, 15, 16, 17]);
		// The first one comes back, the second dies.
		a.down.store(false, Relaxed);
		a.adopt(&b.chain()[14..], 14);
		for _ in 0..5 {
			grow(&forge, &[&a, &b]);
			pause(BLOCK).await;
		}
		b.kill();
		grow(&forge, &[&a]);
		assert_eq!(client.numbers(&id).await, [18, 19, 20, 21, 22, 23]);
	});
}

#[test]
fn heads_of_a_substrate_chain_are_resumed() {
	run(async {
		let forge = Forge::substrate();
		let chain = chain(&forge, 10);
		let node = |name| Node::new(name, Protocol::Substrate, &chain);
		let (a, b) = (node("a"), node("b"));
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		let heads = client.subscribe("chain_subscribeNewHead", json!([])).await;
		assert_eq!(client.numbers(&heads).await, [9]);
		grow(&forge, &[&a, &b]);
		pause(Duration::from_secs(1)).await;
		let mut late = gateway.client().await;
		let id = late.subscribe("chain_subscribeNewHeads", json!([])).await;
		assert_eq!(late.numbers(&id).await, [10]);
		a.kill();
		for _ in 0..5 {
			grow(&forge, &[&b]);
		}
		assert_eq!(client.numbers(&heads).await, [10, 11, 12, 13, 14, 15]);
		assert_eq!(late.numbers(&id).await, [11, 12, 13, 14, 15]);
		let ended = client.call("chain_unsubscribeNewHeads", json!([heads])).await;
		assert_eq!(ended, Ok(json!(true)));
	});
}

#[test]
fn finalized_heads_fill_what_an_upstream_leaves_out() {
	run(async {
		let forge = Forge::substrate();
		let chain = chain(&forge, 20);
		let node = |name| Node::new(name, Protocol::Substrate, &chain);
		let (a, b) = (node("a"), node("b"));
		a.finalize(10);
		b.finalize(8);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("chain_subscribeFinalizedHeads", json!([])).await;
		a.finalize(13);
		assert_eq!(client.numbers(&id).await, [10, 11, 12, 13]);
		a.kill();
		pause(Duration::from_secs(3)).await;
		b.finalize(12);
		b.finalize(15);
		assert_eq!(client.numbers(&id).await, [14, 15]);
	});
}

#[test]
fn logs_are_taken_back_when_the_next_upstream_has_another_branch() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let filter = json!(["logs", { "address": "0x01" }]);
		let id = client.subscribe("eth_subscribe", filter).await;
		pause(Duration::from_secs(1)).await;
		let common = grow(&forge, &[&a, &b]);
		grow(&forge, &[&a]);
		let displaced = grow(&forge, &[&a]);
		let events = client.settle().await;
		assert_eq!(events.len(), 4);
		// The other node has a longer branch from the common block on.
		for _ in 0..5 {
			grow(&forge, &[&b]);
		}
		a.kill();
		let events = client.settle().await;
		assert!(events.iter().all(|(known, _)| *known == id));
		let short: Vec<_> = events
			.iter()
			.map(|(_, log)| {
				let number = log["blockNumber"].as_str().unwrap();
				let known = log["blockHash"] == hex(&displaced.hash);
				(number, known, log["removed"].as_bool().unwrap())
			})
			.collect();
		let expected = [
			("0xc", true, true),
			("0xc", true, true),
			("0xc", false, false),
			("0xc", false, false),
			("0xe", false, false),
			("0xe", false, false),
		];
		assert_eq!((common.number, short.as_slice()), (10, &expected[..]));
		// The stream goes on.
		grow(&forge, &[&b]);
		assert_eq!(client.settle().await.len(), 2);
	});
}

#[test]
fn storage_sends_only_differences_after_a_failover() {
	run(async {
		let forge = Forge::substrate();
		let chain = chain(&forge, 10);
		let node = |name| Node::new(name, Protocol::Substrate, &chain);
		let (a, b) = (node("a"), node("b"));
		for node in [&a, &b] {
			node.set_storage(&chain[9], "0x01", "0x11");
			node.set_storage(&chain[9], "0x02", "0x22");
		}
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		client.subscribe("state_subscribeStorage", json!([["0x01", "0x02", "0x03"]])).await;
		let events = client.settle().await;
		let all = json!([["0x01", "0x11"], ["0x02", "0x22"], ["0x03", null]]);
		assert_eq!(events[0].1["changes"], all);
		let block = grow(&forge, &[&a]);
		a.set_storage(&block, "0x01", "0x12");
		assert_eq!(client.settle().await.len(), 1);
		// A client that joins gets everything, as from a node.
		let mut late = gateway.client().await;
		late.subscribe("state_subscribeStorage", json!([["0x01", "0x02", "0x03"]])).await;
		let all = json!([["0x01", "0x12"], ["0x02", "0x22"], ["0x03", null]]);
		assert_eq!(late.settle().await[0].1["changes"], all);
		// The other node is behind: nothing of its old state is sent.
		a.kill();
		assert_eq!(client.settle().await.len(), 0);
		b.import(block);
		b.set_storage(&block, "0x01", "0x12");
		let next = grow(&forge, &[&b]);
		b.set_storage(&next, "0x02", "0x23");
		let events = client.settle().await;
		let changes: Vec<_> = events.iter().map(|(_, set)| set["changes"].clone()).collect();
		assert_eq!(changes, [json!([["0x02", "0x23"]])]);
	});
}

#[test]
fn an_upstream_without_blocks_is_left() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let block_time = BlockTime::default();
		let gateway = Gateway::with(Protocol::Ethereum, &[&a, &b], block_time.clone());
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		// It is measured while clients are there.
		block_time.set(BLOCK);
		// The first goes silent without closing.
		for _ in 0..8 {
			grow(&forge, &[&b]);
			pause(BLOCK).await;
		}
		// The chain went on without it, from the head at which the client subscribed.
		assert_eq!(client.numbers(&id).await, [10, 11, 12, 13, 14, 15, 16, 17]);
		assert!(a.faults.lock().contains(&LineFault::Stuck));
		grow(&forge, &[&b]);
		assert_eq!(client.numbers(&id).await, [18]);
	});
}

#[test]
fn a_liar_about_the_head_is_not_served() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		a.implausible_from.store(1_000, Relaxed);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		grow(&forge, &[&a, &b]);
		let lie = Block { number: 100_000, hash: [1; 32], parent: [2; 32] };
		a.import(lie);
		grow(&forge, &[&b]);
		assert_eq!(client.numbers(&id).await, [10, 11]);
		assert!(!a.faults.lock().is_empty());
	});
}

#[test]
fn a_flood_of_an_upstream_is_cut_off() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newPendingTransactions"])).await;
		a.emit("newPendingTransactions", &json!("0x01"));
		a.emit("newPendingTransactions", &json!("0x01"));
		assert_eq!(client.settle().await.len(), 1);
		for number in 0..30_000 {
			a.emit("newPendingTransactions", &json!(format!("0x{number:x}")));
		}
		client.settle().await;
		assert!(a.faults.lock().contains(&LineFault::Flood), "{:?}", a.faults.lock());
		b.emit("newPendingTransactions", &json!("0xb"));
		let events = client.settle().await;
		assert!(events.iter().all(|(known, _)| *known == id));
	});
}

#[test]
fn garbage_of_an_upstream_ends_its_line_only() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		a.send_raw(r#"{"jsonrpc":"2.0","id":1,"id":2}"#);
		pause(Duration::from_secs(1)).await;
		assert_eq!(*a.faults.lock(), [LineFault::Malformed]);
		grow(&forge, &[&a, &b]);
		// The line was lost before it was clear if block 9 came before the subscription.
		assert_eq!(client.numbers(&id).await, [9, 10]);
	});
}

#[test]
fn errors_of_upstreams_reach_the_client() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let error = client.call("eth_subscribe", json!(["logs", { "address": "bad" }])).await;
		assert_eq!(error.unwrap_err()["message"], "bad address");
		let error = client.call("eth_subscribe", json!(["nothing"])).await;
		assert_eq!(error.unwrap_err()["code"], -32602);
		// Not from the second operator, which would say the same.
		assert_eq!((b.count("eth_subscribe"), gateway.quota.used()), (1, 0));
	});
}

#[test]
fn a_filter_that_cannot_be_resumed_ends_its_feed_only() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let (mut odd, mut heads) = (gateway.client().await, gateway.client().await);
		odd.subscribe("eth_subscribe", json!(["logs", { "address": "odd" }])).await;
		let id = heads.subscribe("eth_subscribe", json!(["newHeads"])).await;
		pause(Duration::from_secs(1)).await;
		for _ in 0..4 {
			grow(&forge, &[&a, &b]);
			pause(BLOCK).await;
		}
		a.kill();
		grow(&forge, &[&b]);
		assert_eq!(closed(&mut odd).await, 1013);
		assert_eq!(heads.numbers(&id).await, [10, 11, 12, 13, 14]);
		assert!(b.faults.lock().is_empty());
	});
}

#[test]
fn without_an_operator_the_client_gets_an_error() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		a.kill();
		b.mute.store(true, Relaxed);
		let mut client = gateway.client().await;
		let error = client.call("eth_subscribe", json!(["newHeads"])).await.unwrap_err();
		assert!([-32002, -32033].contains(&error["code"].as_i64().unwrap()), "{error}");
	});
}

#[test]
fn a_proven_standby_takes_over() {
	run(async {
		let forge = Forge::default();
		let chain = chain(&forge, 10);
		let node = |name| Node::new(name, Protocol::Ethereum, &chain);
		let (a, b, c) = (node("a"), node("b"), node("c"));
		b.down.store(true, Relaxed);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b, &c]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		for _ in 0..4 {
			grow(&forge, &[&a, &b, &c]);
			pause(BLOCK).await;
		}
		// The second is preferred to the third, but has proven nothing.
		b.down.store(false, Relaxed);
		a.kill();
		pause(Duration::from_secs(1)).await;
		assert_eq!(c.subscribed("newHeads"), 1);
		grow(&forge, &[&b, &c]);
		assert_eq!(client.numbers(&id).await, [10, 11, 12, 13, 14]);
		assert_eq!(b.count("eth_getBlockByNumber"), 0);
	});
}

#[test]
fn clients_are_closed_when_no_upstream_comes_back() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		a.kill();
		b.kill();
		assert_eq!(closed(&mut client).await, 1013);
		assert_eq!(gateway.hub.feeds(), 0);
	});
}

/// One operator must not end the connections of all subscribers.
#[test]
fn a_notification_that_is_no_text_ends_the_line_and_not_its_subscribers() {
	run(async {
		let forge = Forge::default();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("eth_subscribe", json!(["newHeads"])).await;
		assert_eq!(a.subscribed("newHeads"), 1);
		a.binary.store(true, Relaxed);
		grow(&forge, &[&a, &b]);
		assert_eq!(client.numbers(&id).await, [10], "binary frames are no fault");
		let block = forge.child(&b.tip());
		let mut head = json!({ "number": "0xb", "extraData": "~" });
		head["hash"] = hex(&block.hash).into();
		head["parentHash"] = hex(&block.parent).into();
		a.emit("newHeads", &head);
		b.import(block);
		assert_eq!(client.numbers(&id).await, [11]);
		assert_eq!(*a.faults.lock(), [LineFault::Malformed]);
	});
}
