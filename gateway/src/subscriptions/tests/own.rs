// SPDX-License-Identifier: Apache-2.0

//! Subscriptions that belong to one client, and limits of clients.

use super::*;
use std::sync::atomic::Ordering::Relaxed;

fn two(forge: &Forge) -> (Arc<Node>, Arc<Node>) {
	let chain = chain(forge, 10);
	let node = |name| Node::new(name, Protocol::Substrate, &chain);
	(node("a"), node("b"))
}

#[test]
fn a_follow_gets_its_stop_and_the_client_follows_again() {
	run(async {
		let forge = Forge::substrate();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		let mut other = gateway.client().await;
		let id = client.subscribe("chainHead_v1_follow", json!([true])).await;
		other.subscribe("chainHead_v1_follow", json!([true])).await;
		// Each client has a server's follow of its own.
		assert_eq!(a.subscribed("chainHead_v1_follow"), 2);
		let header = client.call("chainHead_v1_header", json!([id, "0x00"])).await.unwrap();
		assert!(header.as_str().unwrap().starts_with("header for a-"), "{header}");
		a.kill();
		let events: Vec<_> =
			client.settle().await.into_iter().map(|(_, event)| event["event"].clone()).collect();
		assert_eq!(events, ["initialized", "stop"]);
		let stale = client.call("chainHead_v1_call", json!([id, "0x00", "f", "0x"])).await;
		assert_eq!(stale, Ok(json!({ "result": "limitReached" })));
		assert_eq!(client.call("chainHead_v1_unpin", json!([id, []])).await, Ok(Value::Null));
		let again = client.subscribe("chainHead_v1_follow", json!([true])).await;
		assert_ne!(id, again);
		let header = client.call("chainHead_v1_header", json!([again, "0x00"])).await.unwrap();
		assert!(header.as_str().unwrap().starts_with("header for b-"), "{header}");
		assert_eq!(client.call("chainHead_v1_unfollow", json!([again])).await, Ok(Value::Null));
		pause(Duration::from_secs(2)).await;
		assert_eq!(b.subscribed("chainHead_v1_follow"), 0);
	});
}

#[test]
fn a_follow_without_events_is_stopped() {
	run(async {
		let forge = Forge::substrate();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		client.subscribe("chainHead_v1_follow", json!([false])).await;
		pause(BLOCK * 6).await;
		let events = client.settle().await;
		assert_eq!(events.last().unwrap().1, json!({ "event": "stop" }));
		assert_eq!(gateway.quota.used(), 0);
	});
}

#[test]
fn a_watched_transaction_is_found_again_and_never_sent_twice() {
	run(async {
		let forge = Forge::substrate();
		let (a, b) = two(&forge);
		a.finalize(5);
		b.finalize(5);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut client = gateway.client().await;
		let id = client.subscribe("author_submitAndWatchExtrinsic", json!(["0xABCD"])).await;
		let first = grow(&forge, &[&a, &b]);
		b.include(&first, "0xabcd");
		a.emit("author_submitAndWatchExtrinsic", &json!({ "inBlock": hex(&first.hash) }));
		pause(Duration::from_secs(1)).await;
		a.kill();
		pause(BLOCK * 2).await;
		// The block is displaced, and another one has the transaction.
		let chain = b.chain();
		let mut branch = vec![forge.child(&chain[9])];
		branch.push(forge.child(&branch[0]));
		b.include(&branch[1], "0xabcd");
		b.adopt(&branch, 10);
		pause(BLOCK * 3).await;
		b.finalize(11);
		pause(BLOCK * 3).await;
		let events = client.settle().await;
		assert!(events.iter().all(|(known, _)| *known == id));
		let events: Vec<_> = events.into_iter().map(|(_, event)| event).collect();
		assert_eq!(
			events,
			[
				json!("ready"),
				json!({ "inBlock": hex(&first.hash) }),
				json!({ "retracted": hex(&first.hash) }),
				json!({ "inBlock": hex(&branch[1].hash) }),
				json!({ "finalized": hex(&branch[1].hash) }),
			]
		);
		let sent = ["a", "b"].map(|name| {
			let node = gateway.nodes.0.iter().find(|node| node.name == name).unwrap();
			node.count("author_submitAndWatchExtrinsic")
		});
		assert_eq!(sent, [1, 0]);
		assert_eq!(gateway.quota.used(), 0);
	});
}

#[test]
fn subscriptions_of_a_key_are_bounded_over_connections() {
	run(async {
		let forge = Forge::substrate();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		let mut one = gateway.client().await;
		let mut two = gateway.client().await;
		for _ in 0..25 {
			one.subscribe("chain_subscribeNewHeads", json!([])).await;
			two.subscribe("chain_subscribeNewHeads", json!([])).await;
		}
		let error = two.call("chain_subscribeNewHeads", json!([])).await.unwrap_err();
		assert!(error["message"].as_str().unwrap().contains("too many subscriptions"));
		drop(one);
		pause(Duration::from_secs(5)).await;
		assert_eq!(gateway.quota.used(), 25);
		two.subscribe("chain_subscribeNewHeads", json!([])).await;
	});
}

#[test]
fn a_slow_client_is_closed_and_others_are_not() {
	run(async {
		let forge = Forge::default();
		let chain = chain(&forge, 10);
		let a = Node::new("a", Protocol::Ethereum, &chain);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a]);
		let mut slow = gateway.client().await;
		let mut fast = gateway.client().await;
		let params = json!(["newPendingTransactions", true]);
		slow.subscribe("eth_subscribe", params.clone()).await;
		fast.subscribe("eth_subscribe", params).await;
		let mut received = 0;
		for number in 0..100 {
			let hash = format!("0x{number:x}");
			let input = "00".repeat(50_000);
			grow(&forge, &[&a]);
			a.emit("newPendingTransactions", &json!({ "hash": hash, "input": input }));
			received += fast.settle().await.len();
		}
		assert_eq!(received, 100);
		pause(Duration::from_secs(5)).await;
		assert_eq!(gateway.quota.used(), 1);
		assert!(a.faults.lock().is_empty());
	});
}

#[test]
fn large_messages_and_batches_are_refused() {
	run(async {
		let forge = Forge::default();
		let chain = chain(&forge, 10);
		let a = Node::new("a", Protocol::Ethereum, &chain);
		let gateway = Gateway::new(Protocol::Ethereum, &[&a]);
		let mut client = gateway.client().await;
		let batch = json!([
			{ "jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"] },
			{ "jsonrpc": "2.0", "id": 2, "method": "eth_getBlockByNumber", "params": ["latest", false] },
			{ "jsonrpc": "2.0", "method": "eth_getBlockByNumber", "params": ["latest", false] },
			7,
		]);
		client.socket.send(Message::text(batch.to_string())).await.unwrap();
		let answers = client.receive(BLOCK).await.unwrap();
		assert_eq!(answers.as_array().unwrap().len(), 3);
		assert_eq!(answers[0]["error"]["code"], -32600);
		assert_eq!(answers[1]["result"]["number"], "0x9");
		assert_eq!(answers[2]["error"]["code"], -32600);
		client.socket.send(Message::text("{")).await.unwrap();
		let answer = client.receive(BLOCK).await.unwrap();
		assert_eq!(answer["error"]["code"], -32700);
		client.socket.send(Message::text("x".repeat(2 << 20))).await.unwrap_or(());
		assert_eq!(closed(&mut client).await, 1009);
	});
}

#[test]
fn a_client_that_vanishes_leaves_nothing() {
	run(async {
		let forge = Forge::substrate();
		let (a, b) = two(&forge);
		let gateway = Gateway::new(Protocol::Substrate, &[&a, &b]);
		a.mute.store(true, Relaxed);
		let mut client = gateway.client().await;
		let request = json!({
			"jsonrpc": "2.0", "id": 1, "method": "author_submitAndWatchExtrinsic", "params": ["0x01"]
		});
		client.socket.send(Message::text(request.to_string())).await.unwrap();
		pause(Duration::from_secs(1)).await;
		assert_eq!(gateway.quota.used(), 1);
		drop(client);
		pause(Duration::from_secs(5)).await;
		assert_eq!(gateway.quota.used(), 0);
	});
}
