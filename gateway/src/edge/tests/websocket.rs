// SPDX-License-Identifier: Apache-2.0

//! WebSockets through the edge, to a real server.

use super::*;
use crate::{
	upstream::{Connector, Stream, WebSocketLimits, websocket},
	websocket::{Outgoing, WebSocketSettings, accept, open, serve as serve_socket},
};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// Server that accepts every subscription and answers every call.
struct SocketNode;

impl Handler for SocketNode {
	async fn handle(&self, _: Peer, mut request: Request<Incoming>) -> Response<Body> {
		let Ok((response, upgrade)) = accept(&mut request) else { return with(400, "") };
		tokio::task::spawn_local(async move {
			let settings = WebSocketSettings::default();
			let socket = open(upgrade, &settings).await.unwrap();
			let outgoing = Outgoing::new(settings.max_unsent);
			let answers = Answers(outgoing.clone());
			serve_socket(socket, &answers, &outgoing, &settings).await;
		});
		response
	}
}

struct Answers(Rc<Outgoing>);

impl crate::websocket::Service for Answers {
	async fn message(&self, message: Bytes) {
		let call: Value = serde_json::from_slice(&message).unwrap();
		let id = &call["id"];
		if call["method"] != "eth_subscribe" {
			return self.0.text(json!({ "id": id, "result": "0x1" }).to_string().into());
		}
		let name = format!("s{id}");
		self.0.text(json!({ "id": id, "result": name }).to_string().into());
		let params = json!({ "subscription": name, "result": {} });
		let event = json!({ "method": "eth_subscription", "params": params });
		self.0.text(event.to_string().into());
	}
}

struct SocketWorld {
	world: World,
	_node: crate::front::Front,
}

fn start_sockets() -> SocketWorld {
	start_sockets_with(settings())
}

fn start_sockets_with(settings: EdgeSettings) -> SocketWorld {
	let node = serve(loopback(), |_| SocketNode).unwrap();
	let backend: Endpoint = format!("http://{}", node.local_addr()).parse().unwrap();
	let world = start(settings);
	world.change(|service| EdgeService { backend: backend.clone(), ..service }, |same| same);
	SocketWorld { world, _node: node }
}

type Socket = WebSocketStream<Stream>;

impl SocketWorld {
	async fn connect(&self, token: Option<&str>) -> Result<Socket, UpstreamError> {
		self.connect_with(token.map(|token| ("x-surety-token", token))).await
	}

	async fn connect_with(
		&self,
		header: Option<(&'static str, &str)>,
	) -> Result<Socket, UpstreamError> {
		let endpoint = format!("http://{}", self.world.edge.local_addr()).parse().unwrap();
		let connector = Connector::new(endpoint, upstream().connect);
		let mut headers = HeaderMap::new();
		if let Some((name, value)) = header {
			headers.insert(name, value.parse().unwrap());
		}
		websocket(&connector, "/eth", &headers, &WebSocketLimits::default(), LONG).await
	}
}

async fn exchange(socket: &mut Socket, id: u64, method: &str, params: Value) -> Value {
	let call = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
	socket.send(Message::text(call.to_string())).await.unwrap();
	receive(socket).await.unwrap()
}

/// Next message, or the code of the close frame.
async fn receive(socket: &mut Socket) -> Result<Value, u16> {
	loop {
		match socket.next().await.unwrap().unwrap() {
			Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
			Message::Close(frame) => return Err(frame.unwrap().code.into()),
			_ => {},
		}
	}
}

#[test]
fn calls_and_subscriptions_are_counted_for_the_agreement() {
	let sockets = start_sockets();
	local(async {
		let mut socket = sockets.connect(Some(&token(1, "Alice"))).await.unwrap();
		let answer = exchange(&mut socket, 1, "eth_blockNumber", json!([])).await;
		assert_eq!(answer, json!({ "id": 1, "result": "0x1" }));
		let answer = exchange(&mut socket, 2, "eth_subscribe", json!(["newHeads"])).await;
		assert_eq!(answer["result"], "s2");
		let event = receive(&mut socket).await.unwrap();
		assert_eq!(event["params"]["subscription"], "s2");
		let denied = exchange(&mut socket, 3, "admin_peers", json!([])).await;
		assert_eq!(denied["error"]["code"], -32601);
		let (ok, lost, bytes) = sockets.world.book.of(1);
		let sizes = [json!({ "id": 1, "result": "0x1" }), answer, event]
			.map(|message| message.to_string().len() as u64);
		assert_eq!((ok, lost, bytes), (2, 0, sizes.iter().sum()));
	});
}

#[test]
fn subscriptions_of_all_connections_are_within_the_units() {
	let sockets = start_sockets();
	local(async {
		let alice = token(1, "Alice");
		let mut first = sockets.connect(Some(&alice)).await.unwrap();
		let mut second = sockets.connect(Some(&alice)).await.unwrap();
		for id in 1..=10 {
			for socket in [&mut first, &mut second] {
				let answer = exchange(socket, id, "eth_subscribe", json!(["newHeads"])).await;
				assert_eq!(answer["result"], format!("s{id}"));
				receive(socket).await.unwrap();
			}
		}
		let answer = exchange(&mut second, 11, "eth_subscribe", json!(["newHeads"])).await;
		assert_eq!(answer["error"]["code"], -32600);
		// Another agreement has its own.
		let mut other = sockets.connect(Some(&token(2, "Bob"))).await.unwrap();
		let answer = exchange(&mut other, 1, "eth_subscribe", json!(["newHeads"])).await;
		assert_eq!(answer["result"], "s1");
		let mut stranger = sockets.connect(None).await.unwrap();
		exchange(&mut stranger, 1, "eth_subscribe", json!(["newHeads"])).await;
		let all = &sockets.world.edge.subscriptions();
		assert_eq!([all.used(1), all.used(2), all.used(3)], [20, 1, 0]);
		assert_eq!(all.used_by_strangers(), 1);
	});
}

#[test]
fn subscriptions_of_a_connection_are_within_the_settings() {
	let sockets = start_sockets_with(EdgeSettings { max_subscriptions: 2, ..settings() });
	local(async {
		let alice = token(1, "Alice");
		for _ in 0..2 {
			let mut socket = sockets.connect(Some(&alice)).await.unwrap();
			for id in 1..=2 {
				exchange(&mut socket, id, "eth_subscribe", json!(["newHeads"])).await;
				receive(&mut socket).await.unwrap();
			}
			let answer = exchange(&mut socket, 3, "eth_subscribe", json!(["newHeads"])).await;
			assert_eq!(answer["error"]["code"], -32600);
		}
	});
}

#[test]
fn without_an_agreement_the_trial_rate_holds() {
	let sockets = start_sockets();
	local(async {
		assert_eq!(
			sockets.connect(Some(&token(3, "Carol"))).await.unwrap_err(),
			UpstreamError::Refused(402)
		);
		let mut socket = sockets.connect(None).await.unwrap();
		let mut limited = 0;
		for id in 0..40 {
			let answer = exchange(&mut socket, id, "eth_blockNumber", json!([])).await;
			limited += u32::from(answer["error"]["code"] == -32005);
		}
		assert!(limited > 10, "{limited} of 40 were refused");
	});
}

#[test]
fn a_probers_token_opens_no_connection() {
	let sockets = start_sockets_with(probers::closed());
	sockets.world.rights.probers.lock().extend(probers::keys());
	let token = probers::VISIT.signed("Alice");
	local(async {
		let opened = sockets.connect_with(Some(("x-surety-prober", &token))).await;
		assert_eq!(opened.unwrap_err(), UpstreamError::Refused(402));
		assert_eq!(sockets.world.client().probe(&token, "").await.status, 400);
	});
}

#[test]
fn the_end_of_an_agreement_closes_its_connections() {
	let sockets = start_sockets();
	local(async {
		let mut socket = sockets.connect(Some(&token(1, "Alice"))).await.unwrap();
		let mut other = sockets.connect(Some(&token(2, "Bob"))).await.unwrap();
		exchange(&mut socket, 1, "eth_blockNumber", json!([])).await;
		let active = |agreement: &EdgeAgreement| agreement.active && agreement.id != 1;
		sockets.world.change(
			|same| same,
			|agreement| EdgeAgreement { active: active(&agreement), ..agreement },
		);
		assert_eq!(receive(&mut socket).await, Err(1008));
		exchange(&mut other, 1, "eth_blockNumber", json!([])).await;
	});
}

#[test]
fn a_dead_server_is_a_bad_gateway() {
	let sockets = start_sockets();
	let nowhere: Endpoint = "http://127.0.0.1:1".parse().unwrap();
	sockets
		.world
		.change(|service| EdgeService { backend: nowhere.clone(), ..service }, |same| same);
	local(async {
		let error = sockets.connect(Some(&token(1, "Alice"))).await.unwrap_err();
		assert_eq!(error, UpstreamError::Refused(502));
	});
}

#[test]
fn a_shutdown_closes_connections() {
	let sockets = start_sockets();
	local(async {
		let mut socket = sockets.connect(Some(&token(1, "Alice"))).await.unwrap();
		exchange(&mut socket, 1, "eth_blockNumber", json!([])).await;
		let SocketWorld { world, _node, .. } = sockets;
		let edge = world.edge;
		let shutdown = std::thread::spawn(move || edge.shutdown(LONG));
		assert_eq!(receive(&mut socket).await, Err(1012));
		drop(socket);
		assert!(shutdown.join().unwrap());
	});
}

/// Each connection is one to the server, which has only so many.
#[test]
fn strangers_cannot_take_all_connections_of_the_server() {
	let sockets = start_sockets();
	local(async {
		let mut open = Vec::new();
		let refused = loop {
			match sockets.connect(None).await {
				Ok(socket) => open.push(socket),
				Err(refused) => break refused,
			}
		};
		assert!(matches!(refused, UpstreamError::Refused(429)), "{refused}");
		assert_eq!(open.len(), 4);
		let alice = token(1, "Alice");
		let mut tenant = Vec::new();
		while let Ok(socket) = sockets.connect(Some(&alice)).await {
			tenant.push(socket);
		}
		assert_eq!(tenant.len(), 20, "as many as the unit has subscriptions");
		sockets.connect(Some(&token(2, "Bob"))).await.unwrap();
		drop(open);
		while sockets.connect(None).await.is_err() {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
	});
}
