// SPDX-License-Identifier: Apache-2.0

//! Many subscribers of one head, to be measured by hand.

use super::*;
use std::time::Instant;

/// `cargo test --release -p surety-gateway swarm -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn ten_thousand_subscribers_share_one_head() {
	const CLIENTS: usize = 10_000;
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	LocalSet::new().block_on(&runtime, async {
		let forge = Forge::default();
		let chain = chain(&forge, 10);
		let a = Node::new("a", Protocol::Ethereum, &chain);
		let mut gateway = Gateway::new(Protocol::Ethereum, &[&a]);
		let quota = Quota::new(CLIENTS);
		let worker = Rc::get_mut(&mut gateway.worker).unwrap();
		worker.calls = Rc::new(Direct::new(gateway.nodes.clone(), quota));
		let before = resident();
		let mut clients = Vec::new();
		for _ in 0..CLIENTS {
			let mut client = gateway.client().await;
			client.subscribe("eth_subscribe", json!(["newHeads"])).await;
			clients.push(client);
		}
		let both = (resident() - before) / CLIENTS;
		println!("{both} bytes per client, of both ends together");
		for _ in 0..5 {
			let begin = Instant::now();
			let sent = gateway.worker.calls.sent.get();
			grow(&forge, &[&a]);
			while gateway.worker.calls.sent.get() < sent + CLIENTS {
				tokio::task::yield_now().await;
			}
			println!("{CLIENTS} frames were sent after {:?}", begin.elapsed());
			for client in &mut clients {
				client.socket.next().await.unwrap().unwrap();
			}
			println!("{CLIENTS} clients received a head after {:?}", begin.elapsed());
		}
		assert_eq!(a.subscribed("newHeads"), 1);
	});
}

/// Resident memory in bytes.
fn resident() -> usize {
	let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
	statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
