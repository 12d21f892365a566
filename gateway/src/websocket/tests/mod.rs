// SPDX-License-Identifier: Apache-2.0

//! Relay of the edge and hostile clients, over real WebSocket frames.

mod relay;

use super::{
	clock::{run, timeout},
	*,
};
use crate::rpc::{Call, Failure};
use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt};
use http::{Request, Response};
use hyper::{body::Incoming as Body, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
	cell::{Cell, RefCell},
	rc::Rc,
	sync::Arc,
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
	net::{TcpListener, TcpStream},
	sync::Notify,
	task::LocalSet,
};
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{
		Message,
		protocol::{
			Role,
			frame::{
				Frame, FrameHeader,
				coding::{Data, OpCode},
			},
		},
	},
};

type Socket = WebSocketStream<DuplexStream>;

async fn pair(settings: &WebSocketSettings) -> (Socket, Socket) {
	let (near, far) = tokio::io::duplex(64 * 1024);
	let server = WebSocketStream::from_raw_socket(far, Role::Server, Some(settings.config()));
	let client = WebSocketStream::from_raw_socket(near, Role::Client, None);
	(client.now_or_never().unwrap(), server.now_or_never().unwrap())
}

async fn send(socket: &mut Socket, message: Value) {
	socket.send(Message::text(message.to_string())).await.unwrap();
}

/// Next JSON message. `None` for silence or the end.
async fn receive(socket: &mut Socket) -> Option<Value> {
	loop {
		match timeout(Duration::from_secs(5), socket.next()).await.ok()?? {
			Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
			Ok(Message::Ping(_) | Message::Pong(_)) => {},
			_ => return None,
		}
	}
}

/// Code of the close frame.
async fn closed(socket: &mut Socket) -> u16 {
	loop {
		match socket.next().await {
			Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
			Some(Ok(_)) => {},
			other => panic!("no close frame but {other:?}"),
		}
	}
}

fn call(id: u32, method: &str, params: Value) -> Value {
	json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn event(id: &str, result: Value) -> Value {
	let params = json!({ "subscription": id, "result": result });
	json!({ "jsonrpc": "2.0", "method": "x", "params": params })
}

/// Service that answers each message with itself, late.
struct Echo {
	outgoing: Rc<Outgoing>,
	running: Cell<usize>,
	most: Cell<usize>,
}

impl Service for Echo {
	async fn message(&self, message: Bytes) {
		self.running.set(self.running.get() + 1);
		self.most.set(self.most.get().max(self.running.get()));
		clock::sleep(Duration::from_millis(10)).await;
		self.running.set(self.running.get() - 1);
		self.outgoing.answer(message).await;
	}
}

async fn echo(settings: WebSocketSettings) -> (Socket, Rc<Echo>, Rc<RefCell<Option<Ending>>>) {
	let (client, server) = pair(&settings).await;
	let outgoing = Outgoing::new(settings.max_unsent);
	let service =
		Rc::new(Echo { outgoing: outgoing.clone(), running: Cell::new(0), most: Cell::new(0) });
	let ending = Rc::new(RefCell::new(None));
	let (in_service, in_ending) = (service.clone(), ending.clone());
	tokio::task::spawn_local(async move {
		let ended = serve(server, in_service.as_ref(), &outgoing, &settings).await;
		*in_ending.borrow_mut() = Some(ended);
	});
	(client, service, ending)
}

#[test]
fn calls_in_progress_are_bounded_and_none_is_lost() {
	run(async {
		let (mut client, service, _) = echo(WebSocketSettings::default()).await;
		for number in 0..500 {
			client.feed(Message::text(number.to_string())).await.unwrap();
		}
		client.flush().await.unwrap();
		let mut answers = 0;
		while answers < 500 {
			if matches!(client.next().await, Some(Ok(Message::Text(_)))) {
				answers += 1;
			}
		}
		assert_eq!(service.most.get(), 64);
	});
}

#[test]
fn dead_and_idle_clients_are_closed() {
	run(async {
		let (client, _, ending) = echo(WebSocketSettings::default()).await;
		// A client that never reads answers no ping.
		clock::sleep(Duration::from_secs(120)).await;
		assert_eq!(*ending.borrow(), Some(Ending::Silent));
		drop(client);
		let (mut client, _, ending) = echo(WebSocketSettings::default()).await;
		assert_eq!(closed(&mut client).await, 1000);
		drop(client);
		clock::sleep(Duration::from_secs(2)).await;
		assert_eq!(*ending.borrow(), Some(Ending::Idle));
	});
}

#[test]
fn floods_of_control_frames_are_closed() {
	run(async {
		let (mut client, _, _) = echo(WebSocketSettings::default()).await;
		for _ in 0..300 {
			if client.send(Message::Ping(Bytes::new())).await.is_err() {
				break;
			}
		}
		assert_eq!(closed(&mut client).await, 1008);
	});
}

#[test]
fn giant_frames_are_refused_by_their_header() {
	run(async {
		let settings = WebSocketSettings::default();
		let (near, far) = tokio::io::duplex(64 * 1024);
		let server =
			WebSocketStream::from_raw_socket(far, Role::Server, Some(settings.config())).await;
		let outgoing = Outgoing::new(settings.max_unsent);
		let service =
			Echo { outgoing: outgoing.clone(), running: Cell::new(0), most: Cell::new(0) };
		let served = serve(server, &service, &outgoing, &settings);
		// A header that announces 2^62 bytes, and nothing else.
		let attack = async {
			let mut near = near;
			let mut header = vec![0x81, 0xff];
			header.extend((1u64 << 62).to_be_bytes());
			header.extend([0; 4]);
			near.write_all(&header).await.unwrap();
			let mut rest = Vec::new();
			near.read_to_end(&mut rest).await.unwrap();
			rest
		};
		let (ending, rest) = futures::join!(served, attack);
		assert_eq!(ending, Ending::TooLarge);
		assert_eq!(rest.get(2..4), Some(&1009u16.to_be_bytes()[..]));
	});
}

#[test]
fn endless_fragments_are_refused() {
	run(async {
		let (mut client, _, ending) = echo(WebSocketSettings::default()).await;
		let mut first = true;
		for _ in 0..40 {
			let opcode = if first { Data::Text } else { Data::Continue };
			first = false;
			let header = FrameHeader {
				is_final: false,
				opcode: OpCode::Data(opcode),
				mask: Some([1, 2, 3, 4]),
				..FrameHeader::default()
			};
			let frame = Frame::from_payload(header, vec![b'x'; 60_000].into());
			if client.send(Message::Frame(frame)).await.is_err() {
				break;
			}
		}
		clock::sleep(Duration::from_secs(5)).await;
		assert_eq!(*ending.borrow(), Some(Ending::TooLarge));
	});
}

#[test]
fn bytes_that_are_no_frames_end_the_connection() {
	run(async {
		let settings = WebSocketSettings::default();
		let (mut near, far) = tokio::io::duplex(64 * 1024);
		let server =
			WebSocketStream::from_raw_socket(far, Role::Server, Some(settings.config())).await;
		let outgoing = Outgoing::new(settings.max_unsent);
		let service =
			Echo { outgoing: outgoing.clone(), running: Cell::new(0), most: Cell::new(0) };
		// Without a mask, which a client must have.
		near.write_all(&[0x81, 0x01, b'x']).await.unwrap();
		let ending = serve(server, &service, &outgoing, &settings).await;
		assert_eq!(ending, Ending::Protocol);
	});
}

#[test]
fn a_handshake_over_http_leads_to_a_connection() {
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	LocalSet::new().block_on(&runtime, async {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		tokio::task::spawn_local(async move {
			let (stream, _) = listener.accept().await.unwrap();
			let service = service_fn(|mut request: Request<Body>| async move {
				let settings = WebSocketSettings::default();
				let Ok((response, upgrade)) = accept::<_, String>(&mut request) else {
					return Ok::<_, hyper::Error>(Response::new(String::new()));
				};
				tokio::task::spawn_local(async move {
					let socket = open(upgrade, &settings).await.unwrap();
					let outgoing = Outgoing::new(settings.max_unsent);
					let service = Echo {
						outgoing: outgoing.clone(),
						running: Cell::new(0),
						most: Cell::new(0),
					};
					serve(socket, &service, &outgoing, &settings).await
				});
				Ok(response)
			});
			hyper::server::conn::http1::Builder::new()
				.serve_connection(TokioIo::new(stream), service)
				.with_upgrades()
				.await
				.unwrap();
		});
		let stream = TcpStream::connect(address).await.unwrap();
		let url = format!("ws://{address}/ethereum");
		let (mut client, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
		client.send(Message::text("hello")).await.unwrap();
		assert_eq!(client.next().await.unwrap().unwrap(), Message::text("hello"));
		client.close(None).await.unwrap();
	});
}
