// SPDX-License-Identifier: Apache-2.0

//! Edges in front of real servers, with real clients.

mod access;
mod inference;
mod limits;
mod pages;
mod probers;
mod service;
mod websocket;

use super::{market::tests::service, *};
use crate::{
	access::{Share, Token, genesis_prefix, mint, unix_now},
	front::{Body, FrontSettings, Handler, Listener, Peer, read_body, serve},
	upstream::{ConnectSettings, Endpoint, Pool, PoolSettings, UpstreamError, client_config},
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::{Frame, Incoming};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sp_core::{H256, Pair, sr25519};
use sp_runtime::AccountId32;
use std::{
	collections::HashMap,
	future::Future,
	rc::Rc,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use surety_primitives::{AgreementId, RoundIndex, ServiceId, crypto::ProberId};
use tokio::runtime::{Builder, LocalOptions};

const GENESIS: H256 = H256::repeat_byte(5);
/// Current round.
const ROUND: RoundIndex = 40;
const LONG: Duration = Duration::from_secs(20);

fn key(name: &str) -> sr25519::Pair {
	sr25519::Pair::from_string(&format!("//{name}"), None).unwrap()
}

fn account(name: &str) -> AccountId32 {
	key(name).public().into()
}

fn token(agreement: AgreementId, signer: &str) -> String {
	token_with(agreement, signer, Share::ALL, unix_now() + 3_600)
}

fn token_with(agreement: AgreementId, signer: &str, share: Share, not_after: u64) -> String {
	let genesis = genesis_prefix(&GENESIS);
	let reporter = account(signer);
	let token = Token { genesis, agreement, not_after, share, reporter };
	mint(&token, |bytes| key(signer).sign(bytes).into())
}

/// Server behind the edge, whose answer depends on the method or path.
#[derive(Clone, Default)]
struct Node {
	/// Path, headers and body of each request.
	seen: Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>,
}

impl Handler for Node {
	async fn handle(&self, _: Peer, request: Request<Incoming>) -> Response<Body> {
		let (parts, body) = request.into_parts();
		let body = read_body(body, 10 << 20, LONG).await.unwrap();
		let path = parts.uri.path_and_query().unwrap().to_string();
		self.seen.lock().push((path.clone(), parts.headers, body.clone()));
		match path.as_str() {
			"/events" => Response::builder()
				.header("content-type", "text/event-stream")
				.body(Body::new(http_body_util::StreamBody::new(events())))
				.unwrap(),
			"/missing" => with(404, "not here"),
			_ if parts.method == http::Method::GET => with(200, "page"),
			_ => answer(&body).await,
		}
	}
}

fn events() -> impl futures::Stream<Item = Result<Frame<Bytes>, std::convert::Infallible>> {
	futures::stream::unfold(0, |n| async move {
		if n > 0 {
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
		(n < 3).then(|| (Ok(Frame::data(Bytes::from(format!("data: {n}\n\n")))), n + 1))
	})
}

async fn answer(body: &[u8]) -> Response<Body> {
	let Ok(call) = serde_json::from_slice::<Value>(body) else { return with(400, "no JSON") };
	if let Some(calls) = call.as_array() {
		let all: Vec<_> =
			calls.iter().map(|call| json!({ "id": call["id"], "result": 1 })).collect();
		return with(200, &Value::from(all).to_string());
	}
	let result = |result: Value| json!({ "jsonrpc": "2.0", "id": call["id"], "result": result });
	match call["method"].as_str().unwrap_or_default() {
		"test_broken" => with(502, "broken"),
		"test_limited" => with(429, "slowly"),
		"test_nonsense" => with(200, "<html>"),
		"test_revert" => with(
			200,
			&json!({ "id": call["id"], "error": { "code": 3, "message": "r" } }).to_string(),
		),
		"test_large" => with(200, &result("x".repeat(1 << 20).into()).to_string()),
		"test_never" => std::future::pending().await,
		_ => with(200, &result("0x1".into()).to_string()),
	}
}

fn with(status: u16, body: &str) -> Response<Body> {
	let mut response = Response::new(Body::from(body.to_owned()));
	*response.status_mut() = StatusCode::from_u16(status).unwrap();
	response
}

/// Counts of an agreement.
#[derive(Default)]
struct Recorded {
	ok: AtomicU64,
	lost: AtomicU64,
	limited: AtomicU64,
	bytes: AtomicU64,
	tokens: AtomicU64,
}

impl Counter for Recorded {
	fn answered(&self, bytes: u64, _: Duration) {
		self.ok.fetch_add(1, Relaxed);
		self.bytes.fetch_add(bytes, Relaxed);
	}

	fn lost(&self, bytes: u64) {
		self.lost.fetch_add(1, Relaxed);
		self.bytes.fetch_add(bytes, Relaxed);
	}

	fn cancelled(&self) {}

	fn limited(&self, requests: u64) {
		self.limited.fetch_add(requests, Relaxed);
	}

	fn streamed(&self, bytes: u64) {
		self.bytes.fetch_add(bytes, Relaxed);
	}

	fn tokens(&self, prompt: u64, completion: u64) {
		self.tokens.fetch_add(prompt + completion, Relaxed);
	}
}

#[derive(Default)]
struct Book(Mutex<HashMap<AgreementId, Arc<Recorded>>>, Mutex<Vec<Inferred>>);

impl Book {
	/// Requests answered, requests lost, bytes.
	fn of(&self, agreement: AgreementId) -> (u64, u64, u64) {
		let recorded = self.0.lock().entry(agreement).or_default().clone();
		(recorded.ok.load(Relaxed), recorded.lost.load(Relaxed), recorded.bytes.load(Relaxed))
	}

	/// Requests refused because of the rate.
	fn limited(&self, agreement: AgreementId) -> u64 {
		self.0.lock().entry(agreement).or_default().limited.load(Relaxed)
	}
}

impl Usage for Book {
	fn counter(&self, agreement: AgreementId) -> Arc<dyn Counter> {
		self.0.lock().entry(agreement).or_default().clone()
	}

	fn exchange(&self, message: Bytes) -> BoxFuture<'static, (StatusCode, Bytes)> {
		let good = message.starts_with(b"statement");
		let status = if good { StatusCode::OK } else { StatusCode::BAD_REQUEST };
		Box::pin(async move { (status, Bytes::from_static(b"countersigned")) })
	}

	fn inferred(&self, _: ServiceId, answer: &Inferred) {
		self.1.lock().push(*answer);
	}
}

/// Rights that a test changes. `Some` of a pair is asked first, so that the answer is delayed.
#[derive(Default)]
struct Proxies {
	pairs: Mutex<Vec<(AccountId32, AccountId32)>>,
	/// Number of questions that are answered with "not known yet".
	unknown: AtomicU64,
	/// Probers of the current round.
	probers: Mutex<Vec<ProberId>>,
}

impl Rights for Proxies {
	fn may_report(&self, tenant: &AccountId32, reporter: &AccountId32) -> Option<bool> {
		if self.unknown.load(Relaxed) > 0 {
			self.unknown.fetch_sub(1, Relaxed);
			return None;
		}
		let pair = (tenant.clone(), reporter.clone());
		Some(tenant == reporter || self.pairs.lock().contains(&pair))
	}

	fn round_of(&self, prober: &ProberId) -> Option<RoundIndex> {
		self.probers.lock().contains(prober).then_some(ROUND)
	}
}

/// Edge with a server behind it. Agreement 1 is Alice's, 2 is Bob's, 3 is over, each of one unit.
struct World {
	edge: Edge,
	node: Node,
	_server: crate::front::Front,
	market: Arc<ArcSwap<EdgeMarket>>,
	rights: Arc<Proxies>,
	book: Arc<Book>,
}

fn loopback() -> FrontSettings {
	let listeners = vec![Listener::plain(([127, 0, 0, 1], 0).into())];
	FrontSettings { listeners, workers: 1, ..FrontSettings::default() }
}

fn upstream() -> PoolSettings {
	let mut connect = ConnectSettings::new(client_config(None).unwrap());
	connect.allow_private = true;
	PoolSettings::new(connect)
}

fn settings() -> EdgeSettings {
	EdgeSettings { confirm: Duration::ZERO, ..EdgeSettings::new(loopback(), upstream()) }
}

fn agreement(id: AgreementId, tenant: &str) -> EdgeAgreement {
	EdgeAgreement { id, service: 7, tenant: account(tenant), units: 1, active: id != 3 }
}

fn agreements() -> [EdgeAgreement; 3] {
	[agreement(1, "Alice"), agreement(2, "Bob"), agreement(3, "Carol")]
}

fn start(settings: EdgeSettings) -> World {
	let node = Node::default();
	let served = node.clone();
	let server = serve(loopback(), move |_| served.clone()).unwrap();
	let backend: Endpoint = format!("http://{}", server.local_addr()).parse().unwrap();
	let service = EdgeService { backend, ..service(7, "https://edge.org/eth") };
	let market = EdgeMarket::new(Some(GENESIS), 100, [service], agreements());
	let market = Arc::new(ArcSwap::from_pointee(market));
	let (rights, book) = (Arc::<Proxies>::default(), Arc::<Book>::default());
	let edge = Edge::start(settings, market.clone(), rights.clone(), book.clone()).unwrap();
	World { edge, node, _server: server, market, rights, book }
}

impl World {
	/// Replace services and agreements by changed ones.
	fn change(
		&self,
		services: impl Fn(EdgeService) -> EdgeService,
		agreements: impl Fn(EdgeAgreement) -> EdgeAgreement,
	) {
		let old = self.market.load_full();
		let changed = EdgeMarket::new(
			old.genesis,
			old.window_blocks,
			old.services().map(|service| services(EdgeService::clone(service))),
			old.agreements().map(|agreement| agreements(EdgeAgreement::clone(agreement))),
		);
		self.market.store(Arc::new(changed));
	}

	fn client(&self) -> Client {
		let endpoint = format!("http://{}", self.edge.local_addr()).parse().unwrap();
		Client(Pool::new(endpoint, upstream()))
	}

	fn requests(&self) -> usize {
		self.node.seen.lock().len()
	}
}

struct Client(Rc<Pool>);

/// Answer to a client: status, headers, and the body as JSON, or as text.
struct Answer {
	status: u16,
	headers: HeaderMap,
	body: Value,
}

impl Answer {
	fn code(&self) -> i64 {
		self.body["error"]["code"].as_i64().unwrap_or_default()
	}
}

impl Client {
	async fn send(&self, request: Request<Bytes>) -> Result<Answer, UpstreamError> {
		let response = self.0.send(request, LONG, 4 << 20).await?;
		let body = serde_json::from_slice(response.body())
			.unwrap_or_else(|_| String::from_utf8_lossy(response.body()).into());
		let (parts, _) = response.into_parts();
		Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
	}

	async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
		let mut request = Request::get(path);
		for (name, value) in headers {
			request = request.header(*name, *value);
		}
		self.send(request.body(Bytes::new()).unwrap()).await.unwrap()
	}

	async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
		let mut request = Request::post(path);
		for (name, value) in headers {
			request = request.header(*name, *value);
		}
		self.send(request.body(body.to_owned().into()).unwrap()).await.unwrap()
	}

	/// JSON-RPC call with a token, if there is one.
	async fn call(&self, token: Option<&str>, method: &str) -> Answer {
		let headers = token.map(|token| ("x-surety-token", token));
		self.post("/eth", headers.as_slice(), &call(method)).await
	}
}

fn call(method: &str) -> String {
	json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [] }).to_string()
}

fn local<T>(test: impl Future<Output = T>) -> T {
	let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
	runtime.unwrap().block_on(async { tokio::time::timeout(LONG * 3, test).await.unwrap() })
}
