// SPDX-License-Identifier: Apache-2.0

//! Operators with a made-up chain, a gateway in front of them, and a client.

use crate::{
	cache::Head,
	front::{Front, FrontSettings, Listener, serve},
	gateway::*,
	routing::CoverRates,
	upstream::client_config,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
	collections::HashMap,
	convert::Infallible,
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	sync::Arc,
	thread::JoinHandle,
	time::Duration,
};
use surety_primitives::Protocol;
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
	respond(200, format!("plain {path}"))
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
		"eth_gasPrice" => json!(format!("0x{:x}", now.price)),
		"chain_getHeader" => json!({ "asked": params[0] }),
		_ => json!(format!("{method} {params}")),
	}
}

/// Account of an operator by its place.
pub fn account(index: usize) -> [u8; 32] {
	[index as u8 + 1; 32]
}

pub fn spec(index: usize, address: SocketAddr, serves: Serves) -> UpstreamSpec {
	UpstreamSpec {
		service: index as u32 + 1,
		account: account(index),
		operator: format!("operator-{index}"),
		endpoint: format!("http://{address}/rpc").parse().unwrap(),
		serves,
		agreement: Some(index as u32),
		token: Some("srt1_test".parse().unwrap()),
		headers: Vec::new(),
		price: 1.0,
		score: 1.0,
		near: true,
		discrepant: false,
		max_latency: Duration::from_secs(1),
		rates: CoverRates::unlimited(),
		private: true,
	}
}

/// Operators, a gateway in front of them, and its address.
pub struct Scene {
	pub operators: Vec<Operator>,
	pub gateway: Arc<Gateway>,
	pub front: Front,
	watching: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

pub fn settings() -> GatewaySettings {
	let mut settings = GatewaySettings::new(client_config(None).unwrap());
	settings.compare_share = 0.0;
	settings
}

pub struct Options {
	pub operators: usize,
	pub settings: GatewaySettings,
	pub serves: Serves,
	pub protocol: Protocol,
	pub rates: CoverRates,
	pub watch: bool,
	pub access: Arc<dyn Access>,
	pub login: Option<Arc<LoginService>>,
	pub observer: Arc<dyn Observer>,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			operators: 3,
			settings: settings(),
			serves: Serves::Network("ethereum".into()),
			protocol: Protocol::Ethereum,
			rates: CoverRates::unlimited(),
			watch: false,
			access: Arc::new(OpenAccess::default()),
			login: None,
			observer: Arc::new(NoObserver),
		}
	}
}

impl Scene {
	pub fn new(options: Options) -> Self {
		let operators: Vec<Operator> = (0..options.operators).map(|_| Operator::start()).collect();
		let network = NetworkSettings::new("ethereum", options.protocol, Duration::from_secs(12));
		let gateway = Gateway::new(
			options.settings,
			vec![network],
			options.access,
			options.login,
			options.observer,
		);
		let services = operators
			.iter()
			.enumerate()
			.map(|(index, operator)| UpstreamSpec {
				rates: options.rates,
				..spec(index, operator.address, options.serves.clone())
			})
			.collect();
		let offers = [("ethereum".to_owned(), json!({ "service": 7, "price": "1" }))].into();
		gateway.set_upstreams(Upstreams { services, offers });
		let own = Arc::clone(&gateway);
		let front = FrontSettings {
			listeners: vec![Listener::plain("127.0.0.1:0".parse().unwrap())],
			workers: 2,
			..FrontSettings::default()
		};
		let front = serve(front, move |_| Worker::new(Arc::clone(&own))).unwrap();
		let mut scene = Self { operators, gateway, front, watching: None };
		if options.watch {
			scene.watch();
		} else if options.protocol == Protocol::Ethereum {
			scene.all_at(100, 0);
		}
		scene
	}

	pub fn three() -> Self {
		Self::new(Options::default())
	}

	fn watch(&mut self) {
		let gateway = Arc::clone(&self.gateway);
		let (stop, mut stopped) = watch::channel(false);
		let thread = std::thread::spawn(move || {
			let runtime =
				tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
			let local = tokio::task::LocalSet::new();
			local.block_on(&runtime, async move {
				tokio::select! {
					() = watch(gateway) => {},
					_ = stopped.wait_for(|stop| *stop) => {},
				}
			});
		});
		self.watching = Some((stop, thread));
	}

	/// All operators are at a head, and the gateway knows.
	pub fn all_at(&self, number: u64, fork: u8) {
		let bytes = |number: u64| {
			let mut hash = [0; 32];
			hash[23..31].copy_from_slice(&number.to_be_bytes());
			hash[31] = fork;
			hash
		};
		let network = self.gateway.network("ethereum").unwrap();
		let now = std::time::Instant::now();
		let head = Head { number, hash: bytes(number), parent: bytes(number - 1) };
		for (index, operator) in self.operators.iter().enumerate() {
			operator.set(|behaviour| (behaviour.head, behaviour.fork) = (number, fork));
			self.gateway.service(index as u32 + 1).unwrap().state.set_head(Some(number));
			network.observe(account(index), crate::rpc::block::Tag::Finalized, number - 10, now);
		}
		// The first one for the served height, the second for the hash.
		for _ in 0..2 {
			for index in 0..self.operators.len() {
				network.observe_head(account(index), head, now);
			}
		}
	}

	pub fn client(&self) -> Client {
		Client::connect(self.front.local_addr())
	}

	/// One call over a connection of its own.
	pub fn call(&self, method: &str, params: Value) -> Reply {
		self.client().call(method, params)
	}

	/// Requests of a method at all operators.
	pub fn count(&self, method: &str) -> usize {
		self.operators.iter().map(|operator| operator.count(method)).sum()
	}
}

impl Drop for Scene {
	fn drop(&mut self) {
		if let Some((stop, thread)) = self.watching.take() {
			stop.send_replace(true);
			let _ = thread.join();
		}
	}
}

/// Answer of the gateway.
#[derive(Clone, Debug)]
pub struct Reply {
	pub status: u16,
	pub headers: HashMap<String, String>,
	pub body: Vec<u8>,
}

impl Reply {
	pub fn json(&self) -> Value {
		serde_json::from_slice(&self.body)
			.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
	}

	pub fn result(&self) -> Value {
		let json = self.json();
		assert!(json.get("result").is_some(), "{json}");
		json["result"].clone()
	}

	pub fn header(&self, name: &str) -> &str {
		self.headers.get(name).map_or("", String::as_str)
	}
}

/// Blocking HTTP/1.1 client.
pub struct Client(TcpStream);

impl Client {
	pub fn connect(address: SocketAddr) -> Self {
		let stream = TcpStream::connect(address).unwrap();
		stream.set_nodelay(true).unwrap();
		stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
		Self(stream)
	}

	pub fn call(&mut self, method: &str, params: Value) -> Reply {
		let call = json!({ "jsonrpc": "2.0", "id": 77, "method": method, "params": params });
		self.post("/ethereum", &call.to_string())
	}

	pub fn post(&mut self, path: &str, body: &str) -> Reply {
		self.send("POST", path, &[], body)
	}

	pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
		let length = body.len();
		let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
		let request = format!(
			"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
		);
		self.0.write_all(request.as_bytes()).unwrap();
		self.read()
	}

	fn read(&mut self) -> Reply {
		let mut bytes = Vec::new();
		let head = loop {
			if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
				break end + 4;
			}
			self.more(&mut bytes);
		};
		let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
		let status = text[9..12].parse().unwrap();
		let headers: HashMap<String, String> = text
			.lines()
			.filter_map(|line| line.split_once(": "))
			.map(|(name, value)| (name.to_lowercase(), value.to_owned()))
			.collect();
		let mut rest = bytes.split_off(head);
		let body = if let Some(length) = headers.get("content-length") {
			let length: usize = length.parse().unwrap();
			while rest.len() < length {
				self.more(&mut rest);
			}
			rest
		} else if status == 204 {
			rest
		} else {
			while !rest.ends_with(b"0\r\n\r\n") {
				self.more(&mut rest);
			}
			dechunk(&rest)
		};
		Reply { status, headers, body }
	}

	fn more(&mut self, bytes: &mut Vec<u8>) {
		let mut buffer = [0; 65_536];
		let count = self.0.read(&mut buffer).unwrap();
		assert_ne!(count, 0, "the gateway closed the connection");
		bytes.extend_from_slice(&buffer[..count]);
	}
}

fn dechunk(mut text: &[u8]) -> Vec<u8> {
	let mut body = Vec::new();
	loop {
		let end = text.windows(2).position(|window| window == b"\r\n").unwrap();
		let length = usize::from_str_radix(std::str::from_utf8(&text[..end]).unwrap(), 16).unwrap();
		if length == 0 {
			return body;
		}
		body.extend_from_slice(&text[end + 2..end + 2 + length]);
		text = &text[end + 2 + length + 2..];
	}
}
