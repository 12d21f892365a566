// SPDX-License-Identifier: Apache-2.0

//! Node with a real WebSocket server over an in-process stream, whose chain and faults a test
//! decides.

use super::{
	super::source::{LineFault, Link},
	forge::{header, logs_of, salt_of},
	nodes::Watcher,
};
use crate::rpc::{Block, json::hex};
use futures::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
	rc::Rc,
	sync::{
		Arc,
		atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
	},
};
use surety_primitives::Protocol;
use tokio::sync::mpsc;
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{Message, protocol::Role},
};

struct Connection {
	sender: mpsc::UnboundedSender<Option<String>>,
	/// Method or first parameter, and id, of each subscription.
	subscriptions: Vec<(String, Value, String)>,
}

#[derive(Default)]
struct State {
	chain: Vec<Block>,
	finalized: u64,
	connections: Vec<Connection>,
	requests: Vec<(String, Value)>,
	storage: Vec<(String, Value)>,
	/// Extrinsics by block.
	extrinsics: Vec<([u8; 32], String)>,
}

/// Node of either protocol.
pub struct Node {
	pub name: String,
	protocol: Protocol,
	state: Mutex<State>,
	next: AtomicUsize,
	/// Refuses connections.
	pub down: AtomicBool,
	/// Answers nothing.
	pub mute: AtomicBool,
	/// Sends binary frames, with a byte that is no UTF-8 for each tilde.
	pub binary: AtomicBool,
	/// Heads are not believed by the observer.
	pub implausible_from: AtomicU64,
	pub max_subscriptions: AtomicUsize,
	pub faults: Mutex<Vec<LineFault>>,
}

impl Node {
	pub fn new(name: &str, protocol: Protocol, chain: &[Block]) -> Arc<Self> {
		Arc::new(Self {
			name: name.into(),
			protocol,
			state: Mutex::new(State { chain: chain.to_vec(), ..State::default() }),
			next: AtomicUsize::new(1),
			down: AtomicBool::new(false),
			mute: AtomicBool::new(false),
			binary: AtomicBool::new(false),
			implausible_from: AtomicU64::new(u64::MAX),
			max_subscriptions: AtomicUsize::new(100),
			faults: Mutex::default(),
		})
	}

	pub fn tip(&self) -> Block {
		*self.state.lock().chain.last().unwrap()
	}

	pub fn chain(&self) -> Vec<Block> {
		self.state.lock().chain.clone()
	}

	/// Requests of a method so far.
	pub fn count(&self, method: &str) -> usize {
		self.state.lock().requests.iter().filter(|(known, _)| known == method).count()
	}

	/// Subscriptions to a kind of event that exist now.
	pub fn subscribed(&self, kind: &str) -> usize {
		let state = self.state.lock();
		let all = state.connections.iter().flat_map(|connection| &connection.subscriptions);
		all.filter(|(known, ..)| known == kind).count()
	}

	/// Imports a block on top and notifies.
	pub fn import(&self, block: Block) {
		self.adopt(&[block], usize::MAX);
	}

	/// Replaces everything from a position of the chain on.
	pub fn adopt(&self, branch: &[Block], keep: usize) {
		let mut state = self.state.lock();
		let keep = keep.min(state.chain.len());
		let removed = state.chain.split_off(keep);
		state.chain.extend_from_slice(branch);
		for block in removed.iter().rev() {
			for log in logs_of(block, true).into_iter().rev() {
				self.notify(&mut state, "logs", &log);
			}
		}
		for block in branch {
			for log in logs_of(block, false) {
				self.notify(&mut state, "logs", &log);
			}
		}
		for block in branch {
			let head = self.head(block);
			for kind in ["newHeads", "chain_subscribeNewHeads", "chain_subscribeAllHeads"] {
				self.notify(&mut state, kind, &head);
			}
			let event = json!({ "event": "newBlock", "blockHash": hex(&block.hash) });
			self.notify(&mut state, "chainHead_v1_follow", &event);
		}
	}

	pub fn finalize(&self, number: u64) {
		let mut state = self.state.lock();
		state.finalized = number;
		let block = state.chain.iter().find(|block| block.number == number).copied();
		if let Some(block) = block {
			let head = self.head(&block);
			self.notify(&mut state, "chain_subscribeFinalizedHeads", &head);
		}
	}

	/// Includes an extrinsic in a block.
	pub fn include(&self, block: &Block, extrinsic: &str) {
		self.state.lock().extrinsics.push((block.hash, extrinsic.into()));
	}

	/// Sends an event to all subscriptions of a kind.
	pub fn emit(&self, kind: &str, event: &Value) {
		self.notify(&mut self.state.lock(), kind, event);
	}

	/// Sends raw text on all connections.
	pub fn send_raw(&self, text: &str) {
		for connection in &self.state.lock().connections {
			let _ = connection.sender.send(Some(text.into()));
		}
	}

	pub fn set_storage(&self, block: &Block, key: &str, value: &str) {
		let mut state = self.state.lock();
		state.storage.retain(|(known, _)| known != key);
		state.storage.push((key.into(), value.into()));
		let event = json!({ "block": hex(&block.hash), "changes": [[key, value]] });
		self.notify(&mut state, "state_subscribeStorage", &event);
	}

	/// Drops all connections and refuses new ones.
	pub fn kill(&self) {
		self.down.store(true, Relaxed);
		for connection in self.state.lock().connections.drain(..) {
			let _ = connection.sender.send(None);
		}
	}

	fn notify(&self, state: &mut State, kind: &str, event: &Value) {
		for connection in &state.connections {
			for (_, id, method) in
				connection.subscriptions.iter().filter(|(known, ..)| known == kind)
			{
				let text = json!({
					"jsonrpc": "2.0",
					"method": method,
					"params": { "subscription": id, "result": event },
				});
				let _ = connection.sender.send(Some(text.to_string()));
			}
		}
	}

	fn head(&self, block: &Block) -> Value {
		match self.protocol {
			Protocol::Ethereum => json!({
				"number": format!("0x{:x}", block.number),
				"hash": hex(&block.hash),
				"parentHash": hex(&block.parent),
				"logsBloom": format!("0x{}", "00".repeat(256)),
			}),
			Protocol::Substrate => header(block.number, &block.parent, salt_of(&block.hash)),
		}
	}

	/// Answers a call; an error object otherwise.
	pub fn answer(&self, method: &str, params: &Value) -> Result<Value, Value> {
		let mut state = self.state.lock();
		state.requests.push((method.into(), params.clone()));
		self.answer_in(&mut state, method, params)
	}

	fn answer_in(&self, state: &mut State, method: &str, params: &Value) -> Result<Value, Value> {
		let text = |index: usize| params[index].as_str().unwrap_or_default().to_owned();
		let by_hash = |state: &State, hash: &str| {
			state.chain.iter().find(|block| hex(&block.hash) == hash).copied()
		};
		let best = *state.chain.last().unwrap();
		Ok(match method {
			"eth_getBlockByNumber" | "eth_getBlockByHash" => {
				let block = match text(0).as_str() {
					"latest" => Some(best),
					hash if hash.len() == 66 => by_hash(state, hash),
					number => {
						let number = u64::from_str_radix(&number[2..], 16).unwrap();
						state.chain.iter().find(|block| block.number == number).copied()
					},
				};
				block.map_or(Value::Null, |block| {
					let mut block = self.head(&block);
					block["transactions"] = json!([]);
					block
				})
			},
			"eth_getLogs" => {
				let block = by_hash(state, params[0]["blockHash"].as_str().unwrap());
				match block {
					_ if params[0]["address"] == "odd" => {
						return Err(json!({ "code": -32000, "message": "odd address" }));
					},
					Some(block) => logs_of(&block, false).into(),
					None => return Err(json!({ "code": -32000, "message": "unknown block" })),
				}
			},
			"chain_getHeader" => match params.get(0).and_then(Value::as_str) {
				None => self.head(&best),
				Some(hash) => by_hash(state, hash).map_or(Value::Null, |block| self.head(&block)),
			},
			"chain_getFinalizedHead" => {
				let number = state.finalized;
				let block = state.chain.iter().find(|block| block.number == number).unwrap();
				hex(&block.hash).into()
			},
			"chain_getBlockHash" => {
				let number = params[0].as_u64().unwrap();
				let block = state.chain.iter().find(|block| block.number == number);
				block.map_or(Value::Null, |block| hex(&block.hash).into())
			},
			"chain_getBlock" => {
				let block = by_hash(state, &text(0)).unwrap();
				let extrinsics: Vec<_> = state
					.extrinsics
					.iter()
					.filter(|(hash, _)| *hash == block.hash)
					.map(|(_, extrinsic)| extrinsic.clone())
					.collect();
				json!({ "block": { "header": self.head(&block), "extrinsics": extrinsics } })
			},
			"chainHead_v1_header" => json!(format!("header for {}", text(0))),
			_ => return Err(json!({ "code": -32601, "message": "method not found" })),
		})
	}

	fn handle(&self, connection: usize, text: &str) {
		if self.mute.load(Relaxed) {
			return;
		}
		let request: Value = serde_json::from_str(text).unwrap();
		let method = request["method"].as_str().unwrap();
		let params = &request["params"];
		let mut state = self.state.lock();
		state.requests.push((method.into(), params.clone()));
		if connection >= state.connections.len() {
			return;
		}
		let mut after = Vec::new();
		let result = if method.ends_with("ubscribe") && method.contains("nsub")
			|| method.contains("_unsubscribe")
			|| method == "author_unwatchExtrinsic"
			|| method == "chainHead_v1_unfollow"
		{
			let subscriptions = &mut state.connections[connection].subscriptions;
			let before = subscriptions.len();
			subscriptions.retain(|(_, id, _)| *id != params[0]);
			Ok(json!(subscriptions.len() < before))
		} else if let Some((kind, notification)) = subscription(method, params) {
			if kind == "logs" && params[1]["address"] == "bad" {
				Err(json!({ "code": -32602, "message": "bad address" }))
			} else {
				let id = json!(format!("{}-{}", self.name, self.next.fetch_add(1, Relaxed)));
				let best = *state.chain.last().unwrap();
				match kind.as_str() {
					"chain_subscribeNewHeads" | "chain_subscribeAllHeads" => {
						after.push(self.head(&best));
					},
					"chain_subscribeFinalizedHeads" => {
						let finalized = state.finalized;
						let block =
							state.chain.iter().find(|block| block.number == finalized).copied();
						after.extend(block.map(|block| self.head(&block)));
					},
					"state_subscribeStorage" => {
						let changes: Vec<_> = params[0]
							.as_array()
							.unwrap()
							.iter()
							.map(|key| {
								let value = state.storage.iter().find(|(known, _)| key == known);
								json!([key, value.map(|(_, value)| value)])
							})
							.collect();
						after.push(json!({ "block": hex(&best.hash), "changes": changes }));
					},
					"chainHead_v1_follow" => after.push(json!({ "event": "initialized" })),
					"author_submitAndWatchExtrinsic" => after.push(json!("ready")),
					_ => {},
				}
				let entry = (kind, id.clone(), notification.to_owned());
				state.connections[connection].subscriptions.push(entry);
				let events: Vec<_> = after
					.drain(..)
					.map(|event| {
						json!({
							"jsonrpc": "2.0",
							"method": notification,
							"params": { "subscription": id, "result": event },
						})
					})
					.collect();
				after = events;
				Ok(id)
			}
		} else {
			self.answer_in(&mut state, method, params)
		};
		let answer = match result {
			Ok(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
			Err(error) => json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }),
		};
		let sender = &state.connections[connection].sender;
		for text in std::iter::once(answer).chain(after) {
			let _ = sender.send(Some(text.to_string()));
		}
	}

	/// Connection to the node: WebSocket frames over an in-process stream.
	pub fn connect(self: &Arc<Self>) -> Link {
		let (near, far) = tokio::io::duplex(1 << 20);
		let (sender, mut out) = mpsc::unbounded_channel::<Option<String>>();
		let index = {
			let mut state = self.state.lock();
			state.connections.push(Connection { sender, subscriptions: Vec::new() });
			state.connections.len() - 1
		};
		let node = self.clone();
		tokio::task::spawn_local(async move {
			let mut socket = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
			loop {
				tokio::select! {
					text = out.recv() => match text {
						Some(Some(text)) => {
							let bytes = text.bytes().map(|byte| if byte == b'~' { 0xff } else { byte });
							let frame = match node.binary.load(Relaxed) {
								true => Message::binary(bytes.collect::<Vec<_>>()),
								false => Message::text(text),
							};
							if socket.send(frame).await.is_err() {
								break;
							}
						},
						_ => break,
					},
					message = socket.next() => match message {
						Some(Ok(Message::Text(text))) => node.handle(index, &text),
						Some(Ok(Message::Ping(_) | Message::Pong(_))) => {},
						_ => break,
					},
				}
			}
			if let Some(connection) = node.state.lock().connections.get_mut(index) {
				connection.subscriptions.clear();
			}
		});
		let connecting = WebSocketStream::from_raw_socket(near, Role::Client, None);
		let socket = futures::FutureExt::now_or_never(connecting).unwrap();
		Link { socket: Box::new(socket), observer: Rc::new(Watcher(self.clone())) }
	}
}

/// Kind of a subscription, and the method of its notifications.
fn subscription(method: &str, params: &Value) -> Option<(String, &'static str)> {
	Some(match method {
		"eth_subscribe" => (params[0].as_str()?.to_owned(), "eth_subscription"),
		"chain_subscribeNewHeads" => (method.into(), "chain_newHead"),
		"chain_subscribeAllHeads" => (method.into(), "chain_allHead"),
		"chain_subscribeFinalizedHeads" => (method.into(), "chain_finalizedHead"),
		"state_subscribeStorage" => (method.into(), "state_storage"),
		"state_subscribeRuntimeVersion" => (method.into(), "state_runtimeVersion"),
		"author_submitAndWatchExtrinsic" => (method.into(), "author_extrinsicUpdate"),
		"chainHead_v1_follow" => (method.into(), "chainHead_v1_followEvent"),
		_ => return None,
	})
}
