// SPDX-License-Identifier: Apache-2.0

//! Operator: a real HTTP server with a made-up chain.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
	collections::HashMap, convert::Infallible, net::SocketAddr, sync::Arc, thread::JoinHandle,
	time::Duration,
};
use tokio::sync::watch;

/// Behaviour of an operator, changed while it serves.
#[derive(Clone, Debug)]
pub struct Behaviour {
	/// Latest block, and the fork it is of.
	pub head: u64,
	pub fork: u8,
	pub finalized: u64,
	/// Pause before each answer.
	pub delay: Duration,
	/// Status without an answer.
	pub status: Option<u16>,
	/// Answers nothing, ever.
	pub hangs: bool,
	/// Text instead of each answer.
	pub text: Option<&'static str>,
	/// Added to each balance.
	pub lie: u64,
	/// Answers `null` to blocks and receipts.
	pub empty: bool,
	pub nonce: u64,
	/// Hash of each transaction.
	pub transaction: &'static str,
	pub price: u64,
	/// JSON-RPC error to each call.
	pub error: Option<(i64, &'static str)>,
	/// Block of each receipt.
	pub receipt: u64,
}

impl Default for Behaviour {
	fn default() -> Self {
		Self {
			head: 100,
			fork: 0,
			finalized: 90,
			delay: Duration::ZERO,
			status: None,
			hangs: false,
			text: None,
			lie: 0,
			empty: false,
			nonce: 1,
			transaction: "0x01",
			price: 10,
			error: None,
			receipt: 95,
		}
	}
}

/// Request that an operator saw.
#[derive(Clone, Debug)]
pub struct Seen {
	pub method: String,
	pub params: Value,
	pub path: String,
	pub headers: HashMap<String, String>,
}

/// Operator: a real HTTP server on a thread of its own.
pub struct Operator {
	pub address: SocketAddr,
	pub behaviour: Arc<Mutex<Behaviour>>,
	pub seen: Arc<Mutex<Vec<Seen>>>,
	stop: watch::Sender<bool>,
	thread: Option<JoinHandle<()>>,
}

impl Operator {
	pub fn start() -> Self {
		let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
		listener.set_nonblocking(true).unwrap();
		let address = listener.local_addr().unwrap();
		let behaviour = Arc::new(Mutex::new(Behaviour::default()));
		let seen = Arc::new(Mutex::new(Vec::new()));
		let (stop, stopped) = watch::channel(false);
		let (own, log) = (Arc::clone(&behaviour), Arc::clone(&seen));
		let thread = std::thread::spawn(move || {
			let runtime =
				tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
			runtime.block_on(run(listener, own, log, stopped));
		});
		Self { address, behaviour, seen, stop, thread: Some(thread) }
	}

	/// The process dies: its port and all its connections close.
	pub fn kill(&mut self) {
		self.stop.send_replace(true);
		if let Some(thread) = self.thread.take() {
			thread.join().unwrap();
		}
	}

	pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
		change(&mut self.behaviour.lock());
	}

	/// Number of requests with a method.
	pub fn count(&self, method: &str) -> usize {
		self.seen.lock().iter().filter(|seen| seen.method == method).count()
	}
}

impl Drop for Operator {
	fn drop(&mut self) {
		self.stop.send_replace(true);
	}
}

async fn run(
	listener: std::net::TcpListener,
	behaviour: Arc<Mutex<Behaviour>>,
	seen: Arc<Mutex<Vec<Seen>>>,
	mut stopped: watch::Receiver<bool>,
) {
	let listener = tokio::net::TcpListener::from_std(listener).unwrap();
	loop {
		let socket = tokio::select! {
			accepted = listener.accept() => accepted.unwrap().0,
			_ = stopped.wait_for(|stop| *stop) => return,
		};
		socket.set_nodelay(true).unwrap();
		let (behaviour, seen) = (Arc::clone(&behaviour), Arc::clone(&seen));
		tokio::spawn(async move {
			let service = hyper::service::service_fn(move |request| {
				answer(Arc::clone(&behaviour), Arc::clone(&seen), request)
			});
			let _ = hyper::server::conn::http1::Builder::new()
				.serve_connection(TokioIo::new(socket), service)
				.await;
		});
	}
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

fn respond(status: u16, body: impl Into<Bytes>) -> Answer {
	let mut response = Response::new(Full::new(body.into()).boxed());
	*response.status_mut() = StatusCode::from_u16(status).unwrap();
	response
}

async fn answer(
	behaviour: Arc<Mutex<Behaviour>>,
	seen: Arc<Mutex<Vec<Seen>>>,
	request: Request<Incoming>,
) -> Result<Answer, Infallible> {
	let path = request.uri().to_string();
	let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
		(name.to_string(), value.to_str().unwrap().to_owned())
	};
	let headers = request.headers().iter().map(header).collect();
	let body = request.into_body().collect().await.unwrap().to_bytes();
	let call: Value = serde_json::from_slice(&body).unwrap_or_default();
	let method = call["method"].as_str().unwrap_or_default().to_owned();
	let params = call["params"].clone();
	seen.lock().push(Seen {
		method: method.clone(),
		params: params.clone(),
		path: path.clone(),
		headers,
	});
	let now = behaviour.lock().clone();
	if now.hangs {
		std::future::pending::<()>().await;
	}
	tokio::time::sleep(now.delay).await;
	if let Some(status) = now.status {
		let mut refused = respond(status, "no");
		refused.headers_mut().insert("retry-after", "7".parse().unwrap());
		return Ok(refused);
	}
	if let Some(text) = now.text {
		return Ok(respond(200, text));
	}
	if method.is_empty() {
		return Ok(plain(&path, &call));
	}
	let outcome = match now.error {
		Some((code, message)) => json!({ "error": { "code": code, "message": message } }),
		None => json!({ "result": result(&now, &method, &params) }),
	};
	let mut reply = json!({ "jsonrpc": "2.0", "id": call["id"] });
	reply.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
	Ok(respond(200, reply.to_string()))
}

/// Answer to plain HTTP: of a streaming request in three parts.
fn plain(path: &str, call: &Value) -> Answer {
	if call["stream"] == json!(true) {
		let parts = ["data: 1\n\n", "data: 2\n\n", "data: [DONE]\n\n"];
		let frames = parts.map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes()))));
		let mut response = Response::new(StreamBody::new(futures::stream::iter(frames)).boxed());
		response.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
		return response;
	}
	let mut response = respond(200, format!("plain {path}"));
	let headers = response.headers_mut();
	headers.insert("set-cookie", "session=theirs".parse().unwrap());
	headers.insert("x-surety-why", "better-of-two".parse().unwrap());
	response
}

pub fn hash(number: u64, fork: u8) -> String {
	format!("0x{number:062x}{fork:02x}")
}

fn result(now: &Behaviour, method: &str, params: &Value) -> Value {
	let hex = |value: &Value| u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok();
	match method {
		"eth_chainId" => json!("0x1"),
		"eth_blockNumber" => json!(format!("0x{:x}", now.head)),
		"eth_getBlockByNumber" => {
			let number = match params[0].as_str().unwrap() {
				"latest" => now.head,
				"safe" | "finalized" => now.finalized,
				_ => hex(&params[0]).unwrap(),
			};
			if number > now.head || (now.empty && params[0] != "latest") {
				return Value::Null;
			}
			json!({
				"number": format!("0x{number:x}"),
				"hash": hash(number, now.fork),
				"parentHash": hash(number.saturating_sub(1), now.fork),
			})
		},
		// The balance depends on the block, and on nothing else.
		"eth_getBalance" => json!(format!("0x{:x}", hex(&params[1]).unwrap_or(now.head) + now.lie)),
		"eth_getTransactionReceipt" if now.empty => Value::Null,
		"eth_getTransactionReceipt" => json!({
			"blockNumber": format!("0x{:x}", now.receipt), "blockHash": hash(now.receipt, now.fork),
		}),
		"eth_getTransactionCount" => json!(format!("0x{:x}", now.nonce)),
		"eth_sendRawTransaction" => json!(now.transaction),
		"eth_gasPrice" => json!(format!("0x{:x}", now.price)),
		"chain_getHeader" => json!({ "asked": params[0] }),
		_ => json!(format!("{method} {params}")),
	}
}
