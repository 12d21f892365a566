// SPDX-License-Identifier: Apache-2.0

//! Relay of the edge, between a client and a server that the test plays.

use super::*;

/// Gate that counts.
struct Counting {
	quota: Arc<Quota>,
	admitted: Cell<usize>,
	answered: Cell<usize>,
	lost: Cell<usize>,
	notified: Cell<usize>,
	limited: Cell<bool>,
	ended: Notify,
}

impl Default for Counting {
	fn default() -> Self {
		Self {
			quota: Quota::new(2),
			admitted: Cell::default(),
			answered: Cell::default(),
			lost: Cell::default(),
			notified: Cell::default(),
			limited: Cell::default(),
			ended: Notify::new(),
		}
	}
}

impl Gate for Rc<Counting> {
	fn admit(&self, calls: &[Call<'_>]) -> Verdict {
		if self.limited.get() {
			return Verdict::Refuse(Failure::RateLimited { retry_after: Duration::from_secs(1) });
		}
		self.admitted.set(self.admitted.get() + calls.len());
		Verdict::Pass
	}

	fn reserve(&self) -> Option<Reservation> {
		self.quota.reserve()
	}

	fn answered(&self, answer: Option<&[u8]>, _: Duration) {
		let count = if answer.is_some() { &self.answered } else { &self.lost };
		count.set(count.get() + 1);
	}

	fn notified(&self, _: usize) {
		self.notified.set(self.notified.get() + 1);
	}

	async fn ended(&self) {
		self.ended.notified().await;
	}
}

/// Relay between a client and a server, both played by the test.
struct Played {
	client: Socket,
	server: Socket,
	gate: Rc<Counting>,
	ending: Rc<Cell<Option<Ending>>>,
}

async fn play(settings: WebSocketSettings) -> Played {
	let (client, near) = pair(&settings).await;
	let (far, server) = pair(&settings).await;
	let (gate, ending) = (Rc::new(Counting::default()), Rc::new(Cell::new(None)));
	let (in_gate, in_ending) = (gate.clone(), ending.clone());
	tokio::task::spawn_local(async move {
		let outgoing = Outgoing::new(settings.max_unsent);
		let limits = RelayLimits::default();
		let ended = relay(near, far, &in_gate, &outgoing, &settings, &limits).await;
		in_ending.set(Some(ended));
	});
	Played { client, server, gate, ending }
}

#[test]
fn calls_and_answers_pass_and_are_counted() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		send(&mut play.client, call(1, "eth_call", json!([]))).await;
		assert_eq!(receive(&mut play.server).await.unwrap()["method"], "eth_call");
		send(&mut play.server, json!({ "id": 1, "result": "0x" })).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["result"], "0x");
		let batch = json!([call(2, "a", json!([])), call(3, "b", json!([]))]);
		send(&mut play.client, batch.clone()).await;
		assert_eq!(receive(&mut play.server).await.unwrap(), batch);
		let answers = json!([{ "id": 3, "result": 1 }, { "id": 2, "error": { "code": 3 } }]);
		send(&mut play.server, answers.clone()).await;
		assert_eq!(receive(&mut play.client).await.unwrap(), answers);
		assert_eq!((play.gate.admitted.get(), play.gate.answered.get()), (3, 3));
		// Answers that nobody asked for do not pass.
		send(&mut play.server, json!({ "id": 9, "result": 1 })).await;
		send(&mut play.server, json!([{ "id": 9, "result": 1 }])).await;
		assert_eq!(receive(&mut play.client).await, None);
		assert_eq!(play.gate.answered.get(), 3);
	});
}

#[test]
fn refused_calls_do_not_reach_the_server() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		play.gate.limited.set(true);
		send(&mut play.client, call(1, "a", json!([]))).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["error"]["code"], -32005);
		send(&mut play.client, json!([call(1, "a", json!([])), call(2, "a", json!([]))])).await;
		let answers = receive(&mut play.client).await.unwrap();
		assert_eq!((answers[0]["id"].clone(), answers[1]["id"].clone()), (json!(1), json!(2)));
		send(&mut play.client, json!("no call")).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["error"]["code"], -32600);
		play.gate.limited.set(false);
		let twice = json!([call(1, "a", json!([])), call(1, "a", json!([]))]);
		send(&mut play.client, twice).await;
		assert_eq!(receive(&mut play.client).await.unwrap()[0]["error"]["code"], -32600);
		assert_eq!(receive(&mut play.server).await, None);
	});
}

#[test]
fn subscriptions_are_bounded_by_the_units() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		for number in 1..=2 {
			send(&mut play.client, call(number, "eth_subscribe", json!(["newHeads"]))).await;
			receive(&mut play.server).await.unwrap();
			send(&mut play.server, json!({ "id": number, "result": format!("0x{number}") })).await;
			receive(&mut play.client).await.unwrap();
		}
		send(&mut play.client, call(3, "eth_subscribe", json!(["newHeads"]))).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["error"]["code"], -32600);
		send(&mut play.server, event("0x1", json!({}))).await;
		send(&mut play.server, event("0x7", json!({}))).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["params"]["subscription"], "0x1");
		assert_eq!(receive(&mut play.client).await, None);
		assert_eq!(play.gate.notified.get(), 1);
		// One that ends makes room.
		send(&mut play.client, call(4, "eth_unsubscribe", json!(["0x1"]))).await;
		receive(&mut play.server).await.unwrap();
		send(&mut play.server, json!({ "id": 4, "result": true })).await;
		receive(&mut play.client).await.unwrap();
		send(&mut play.client, call(5, "author_submitAndWatchExtrinsic", json!(["0x"]))).await;
		receive(&mut play.server).await.unwrap();
		send(&mut play.server, json!({ "id": 5, "result": "w" })).await;
		receive(&mut play.client).await.unwrap();
		// So does a last event.
		send(&mut play.server, event("w", json!({ "finalized": "0x00" }))).await;
		receive(&mut play.client).await.unwrap();
		send(&mut play.client, call(6, "eth_subscribe", json!(["logs"]))).await;
		assert_eq!(receive(&mut play.server).await.unwrap()["id"], 6);
		assert_eq!(play.gate.quota.used(), 2);
		// One that the server refuses holds no place, nor does a connection that is over.
		send(&mut play.server, json!({ "id": 6, "error": { "code": -32602 } })).await;
		receive(&mut play.client).await.unwrap();
		assert_eq!(play.gate.quota.used(), 1);
		drop(play.client);
		clock::sleep(Duration::from_secs(5)).await;
		assert_eq!(play.gate.quota.used(), 0);
	});
}

#[test]
fn a_server_that_does_not_answer_is_a_loss() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		send(&mut play.client, call(1, "a", json!([]))).await;
		clock::sleep(Duration::from_secs(31)).await;
		assert_eq!(receive(&mut play.client).await.unwrap()["error"]["code"], -32033);
		assert_eq!(play.gate.lost.get(), 1);
		// A late answer is not a second one.
		send(&mut play.server, json!({ "id": 1, "result": 1 })).await;
		assert_eq!(receive(&mut play.client).await, None);
		// Closed in the middle of a call.
		send(&mut play.client, call(2, "a", json!([]))).await;
		receive(&mut play.server).await;
		receive(&mut play.server).await;
		drop(play.server);
		assert_eq!(closed(&mut play.client).await, 1013);
		assert_eq!(play.gate.lost.get(), 2);
	});
}

#[test]
fn the_end_of_an_agreement_closes_both_sides() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		play.gate.ended.notify_one();
		assert_eq!(closed(&mut play.client).await, 1008);
		drop(play.client);
		assert_eq!(receive(&mut play.server).await, None);
		assert_eq!(play.ending.get(), Some(Ending::Agreement));
	});
}

#[test]
fn a_client_that_does_not_read_holds_the_server_back() {
	run(async {
		let mut play = play(WebSocketSettings::default()).await;
		send(&mut play.client, call(1, "eth_subscribe", json!(["newHeads"]))).await;
		receive(&mut play.server).await.unwrap();
		send(&mut play.server, json!({ "id": 1, "result": "0x1" })).await;
		let large = event("0x1", json!("x".repeat(500_000))).to_string();
		let mut sent = 0;
		for _ in 0..100 {
			let message = Message::text(large.clone());
			if timeout(Duration::from_secs(1), play.server.send(message)).await.is_err() {
				break;
			}
			sent += 1;
		}
		assert!(sent < 10, "{sent} messages of 500 kB were taken");
		assert_eq!(play.ending.get(), None);
		clock::sleep(Duration::from_secs(120)).await;
		assert_eq!(play.ending.get(), Some(Ending::Slow));
	});
}
