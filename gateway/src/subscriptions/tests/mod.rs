// SPDX-License-Identifier: Apache-2.0

//! Clients, the gateway's subscriptions and nodes in one process, over real WebSocket frames.

mod forge;
mod node;
mod nodes;
mod own;
mod shared;
mod swarm;

use super::*;
use crate::{
	rpc::{Block, Call, Failure, json::hex},
	websocket::{
		Outgoing, Quota,
		clock::{self, run, timeout},
	},
};
use bytes::Bytes;
use forge::Forge;
use futures::{SinkExt, StreamExt};
use node::Node;
use nodes::Nodes;
use serde_json::{Value, json};
use std::{cell::Cell, collections::VecDeque, rc::Rc, sync::Arc, time::Duration};
use surety_primitives::Protocol;
use tokio::{io::DuplexStream, task::LocalSet};
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{Message, protocol::Role},
};

/// Time between blocks.
const BLOCK: Duration = Duration::from_secs(6);

/// Calls that go to the first node that is up.
struct Direct {
	nodes: Arc<Nodes>,
	quota: Arc<Quota>,
	/// Times that bytes were sent to a client.
	sent: Cell<usize>,
}

impl Direct {
	fn new(nodes: Arc<Nodes>, quota: Arc<Quota>) -> Self {
		Self { nodes, quota, sent: Cell::new(0) }
	}
}

impl Calls for Direct {
	type Session = ();

	async fn call(&self, (): &(), message: Bytes) -> Bytes {
		let request: Value = serde_json::from_slice(&message).unwrap();
		let up =
			self.nodes.0.iter().find(|node| !node.down.load(std::sync::atomic::Ordering::Relaxed));
		let answer = up.unwrap().answer(request["method"].as_str().unwrap(), &request["params"]);
		match answer {
			Ok(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
			Err(error) => json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }),
		}
		.to_string()
		.into()
	}

	fn admit(&self, (): &(), _: &Call<'_>) -> Result<(), Failure> {
		Ok(())
	}

	fn quota(&self, (): &()) -> Arc<Quota> {
		self.quota.clone()
	}

	fn sent(&self, (): &(), _: usize) {
		self.sent.set(self.sent.get() + 1);
	}
}

/// Gateway in front of nodes.
struct Gateway {
	nodes: Arc<Nodes>,
	network: Arc<Network>,
	worker: Rc<Worker<Direct, Nodes>>,
	hub: Hub,
	quota: Arc<Quota>,
}

impl Gateway {
	fn new(protocol: Protocol, nodes: &[&Arc<Node>]) -> Self {
		Self::with(protocol, nodes, BlockTime::known(BLOCK))
	}

	fn with(protocol: Protocol, nodes: &[&Arc<Node>], block_time: BlockTime) -> Self {
		let nodes = Arc::new(Nodes(nodes.iter().map(|node| (*node).clone()).collect()));
		let network = Arc::new(Network { name: "net".into(), protocol, block_time });
		let hub = Hub::start_local(nodes.clone(), HubSettings::default());
		let quota = Quota::new(50);
		let worker = Rc::new(Worker {
			calls: Rc::new(Direct::new(nodes.clone(), quota.clone())),
			fanout: Fanout::new(hub.clone()),
			sources: nodes.clone(),
			settings: SubscriptionSettings::default(),
		});
		Self { nodes, network, worker, hub, quota }
	}

	async fn client(&self) -> TestClient {
		let (near, far) = tokio::io::duplex(256 * 1024);
		let config = self.worker.settings.websocket.config();
		let server = WebSocketStream::from_raw_socket(far, Role::Server, Some(config)).await;
		let outgoing = Outgoing::new(self.worker.settings.websocket.max_unsent);
		let (worker, network) = (self.worker.clone(), self.network.clone());
		tokio::task::spawn_local(serve(worker, network, (), server, outgoing));
		let socket = WebSocketStream::from_raw_socket(near, Role::Client, Some(config)).await;
		TestClient { socket, events: VecDeque::new(), next: 0 }
	}
}

/// Client that remembers notifications.
struct TestClient {
	socket: WebSocketStream<DuplexStream>,
	events: VecDeque<(String, Value)>,
	next: u64,
}

impl TestClient {
	/// Calls a method and returns result or error.
	async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
		self.next += 1;
		let id = self.next;
		let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
		self.socket.send(Message::text(request.to_string())).await.unwrap();
		loop {
			let message = self.receive(Duration::from_secs(60)).await.expect("no answer");
			if message["id"] == id {
				return match message.get("error") {
					Some(error) => Err(error.clone()),
					None => Ok(message["result"].clone()),
				};
			}
		}
	}

	async fn subscribe(&mut self, method: &str, params: Value) -> String {
		self.call(method, params).await.unwrap().as_str().unwrap().into()
	}

	/// Next message; notifications are remembered as well.
	async fn receive(&mut self, patience: Duration) -> Option<Value> {
		loop {
			let message = timeout(patience, self.socket.next()).await.ok()??;
			let Ok(Message::Text(text)) = message else {
				if matches!(message, Ok(Message::Ping(_) | Message::Pong(_))) {
					continue;
				}
				return None;
			};
			let message: Value = serde_json::from_str(&text).unwrap();
			if let Some(params) = message.get("params") {
				let id = params["subscription"].as_str().unwrap().into();
				self.events.push_back((id, params["result"].clone()));
			}
			return Some(message);
		}
	}

	/// Notifications until there is silence for a while.
	async fn settle(&mut self) -> Vec<(String, Value)> {
		while self.receive(Duration::from_secs(2)).await.is_some() {}
		self.events.drain(..).collect()
	}

	/// Numbers of the heads until there is silence for a while, all under one id.
	async fn numbers(&mut self, id: &str) -> Vec<u64> {
		let events = self.settle().await;
		assert!(events.iter().all(|(known, _)| known == id), "foreign id in {events:?}");
		events.iter().map(|(_, head)| number(head)).collect()
	}
}

/// Code of the close frame that ends a client's connection.
async fn closed(client: &mut TestClient) -> u16 {
	loop {
		match client.socket.next().await {
			Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
			Some(Ok(_)) => {},
			other => panic!("no close frame but {other:?}"),
		}
	}
}

fn number(head: &Value) -> u64 {
	u64::from_str_radix(&head["number"].as_str().unwrap()[2..], 16).unwrap()
}

fn chain(forge: &Forge, length: u64) -> Vec<Block> {
	let mut chain = vec![Block { number: 0, hash: [9; 32], parent: [0; 32] }];
	while chain.len() < length as usize {
		chain.push(forge.child(chain.last().unwrap()));
	}
	chain
}

/// Gives nodes the same new block.
fn grow(forge: &Forge, nodes: &[&Arc<Node>]) -> Block {
	let block = forge.child(&nodes[0].tip());
	nodes.iter().for_each(|node| node.import(block));
	block
}

async fn pause(time: Duration) {
	clock::sleep(time).await;
}
