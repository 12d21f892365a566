// SPDX-License-Identifier: Apache-2.0

//! A development node, and the calls of a tenant and an operator.

use std::{
	net::TcpListener,
	process::{Child, Command, Stdio},
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::{
	dynamic::Value,
	ext::scale_value::Composite,
	tx::{DynamicPayload, dynamic},
};
use surety_gateway::{
	chain::{Head, KeySigner, Nodes, Reader, Transactions},
	config::ChainSection,
};
use surety_primitives::LeaseId;
use surety_runtime_api::LeaseInfo;

type Payload = DynamicPayload<Composite<()>>;

/// Base units of one token.
pub const UNIT: u128 = 1_000_000_000_000;

/// A free port of this machine.
pub fn free_port() -> u16 {
	TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Development node; it ends with this value.
pub struct Node {
	process: Child,
	/// URL of its RPC.
	pub url: String,
	nodes: Arc<Nodes>,
}

impl Drop for Node {
	fn drop(&mut self) {
		let _ = self.process.kill();
		let _ = self.process.wait();
	}
}

impl Node {
	/// Start the node of a program.
	pub async fn start(program: &str) -> Self {
		let port = free_port();
		let process = Command::new(program)
			.args(["--dev", "--tmp", "--no-prometheus", "--no-telemetry", "--no-mdns"])
			.args(["--port", &free_port().to_string(), "--rpc-port", &port.to_string()])
			.stdout(Stdio::null())
			.stderr(Stdio::null())
			.spawn()
			.unwrap();
		let url = format!("ws://127.0.0.1:{port}");
		let section = ChainSection { nodes: vec![url.parse().unwrap()], ..ChainSection::default() };
		let nodes = Arc::new(Nodes::new(&section).unwrap());
		let node = Self { process, url, nodes };
		node.until("the first finalized block", async |head| (head.number > 0).then_some(())).await;
		node
	}

	/// Ask about finalized blocks until there is an answer.
	pub async fn until<T>(&self, what: &str, ask: impl AsyncFn(Head) -> Option<T>) -> T {
		let began = Instant::now();
		while began.elapsed() < Duration::from_secs(240) {
			if let Ok(head) = self.nodes.poll(Instant::now()).await
				&& let Some(answer) = ask(head).await
			{
				return answer;
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
		panic!("waited in vain for {what}");
	}

	/// Reader at the finalized block.
	pub fn reader(&self, head: Head) -> Reader<'_> {
		Reader::at(&self.nodes, head)
	}

	/// A lease.
	pub async fn lease(
		&self,
		head: Head,
		id: LeaseId,
	) -> Option<LeaseInfo<sp_runtime::AccountId32>> {
		let params = serde_json::json!([id, head.hash]);
		match self.reader(head).ask("surety_lease", &params).await {
			Ok(lease) => lease,
			Err(error) => {
				println!("lease {id}: {error}");
				None
			},
		}
	}

	/// Make a call and wait until it is final.
	pub async fn call(&self, uri: &str, call: &Payload) -> Head {
		let signer = KeySigner::from_uri(uri).unwrap();
		let transactions = Transactions::new(self.nodes.clone(), signer);
		let nodes = self.nodes.clone();
		let polling = tokio::spawn(async move {
			loop {
				let _ = nodes.poll(Instant::now()).await;
				tokio::time::sleep(Duration::from_millis(500)).await;
			}
		});
		let outcome = transactions.execute(call).await;
		polling.abort();
		outcome.unwrap()
	}
}

fn number(number: impl Into<u128>) -> Value {
	Value::u128(number.into())
}

fn named<const N: usize>(fields: [(&str, Value); N]) -> Value {
	Value::named_composite(fields)
}

fn none() -> Value {
	Value::unnamed_variant("None", [])
}

/// `operators.register`.
pub fn register(bond: u128) -> Payload {
	let arguments = [
		("bond", number(bond)),
		("name", Value::from_bytes("acme")),
		("contact", Value::from_bytes("")),
	];
	dynamic("Operators", "register", Composite::named(arguments))
}

/// `proxy.addProxy` of the type `Operate`.
pub fn add_proxy(delegate: &KeySigner) -> Payload {
	add_proxy_of(delegate, "Operate")
}

/// `proxy.addProxy` of a type.
pub fn add_proxy_of(delegate: &KeySigner, kind: &str) -> Payload {
	let delegate = Value::unnamed_variant("Id", [Value::from_bytes(delegate.account())]);
	let kind = Value::unnamed_variant(kind, []);
	let arguments = [("delegate", delegate), ("proxy_type", kind), ("delay", number(0u8))];
	dynamic("Proxy", "add_proxy", Composite::named(arguments))
}

/// `operators.listService` of the kind `Compute`.
pub fn list_service(endpoint: &str) -> Payload {
	list(Value::unnamed_variant("Compute", []), endpoint)
}

/// `operators.listService` of the kind `Vpn`.
pub fn list_vpn(key: [u8; 32], endpoint: &str) -> Payload {
	list(Value::named_variant("Vpn", [("key", Value::from_bytes(key))]), endpoint)
}

fn list(kind: Value, endpoint: &str) -> Payload {
	let share = |percent: u128| number(percent * 10_000_000);
	let terms = named([
		("min_uptime", number(900_000_000u32)),
		("max_latency_ms", number(500u32)),
		("max_head_lag", number(0u32)),
		("credit", Value::unnamed_composite([10, 25, 50, 100].map(share))),
		("cover", share(300)),
	]);
	let arguments = [
		("kind", kind),
		("endpoint", Value::from_bytes(endpoint)),
		("region", Value::from_bytes("DE")),
		("capacity", number(1u8)),
		("price", number(UNIT / 100)),
		("asset", Value::unnamed_variant("Native", [])),
		("terms", terms),
		("metadata_hash", Value::from_bytes([0u8; 32])),
		("metadata_uri", Value::from_bytes("")),
	];
	dynamic("Operators", "list_service", Composite::named(arguments))
}

/// `computeOrders.placeOrder` of one replica with a port.
pub fn place_order(image: &str, max_price: u128, bid_deadline: u32) -> Payload {
	let duration = 300u32;
	let port =
		named([("container", number(80u16)), ("protocol", Value::unnamed_variant("Tcp", []))]);
	let order = named([
		("asset", Value::unnamed_variant("Native", [])),
		(
			"resources",
			named([
				("cpu_milli", number(1_000u32)),
				("memory_mib", number(512u32)),
				("storage_gib", number(1u32)),
				("bandwidth_mbit", number(10u32)),
				("gpus", number(0u32)),
				("gpu_class", Value::from_bytes("")),
			]),
		),
		("image", Value::from_bytes(image)),
		("digest", none()),
		("ports", Value::unnamed_composite([port])),
		("env_hash", none()),
		("max_price", number(max_price)),
		("failover_price", none()),
		("regions", Value::unnamed_composite([])),
		("min_trust", Value::unnamed_variant("One", [])),
		("quantity", number(1u8)),
		("duration", number(duration)),
		("bid_deadline", number(bid_deadline)),
		("auto_match", Value::bool(true)),
		("terms", none()),
		("deposit", number(max_price * u128::from(duration + 60))),
	]);
	dynamic("ComputeOrders", "place_order", Composite::named([("order", order)]))
}

/// `computeOrders.closeLease`.
pub fn close_lease(lease: LeaseId) -> Payload {
	let arguments = [("lease", number(lease)), ("at_once", Value::bool(false))];
	dynamic("ComputeOrders", "close_lease", Composite::named(arguments))
}
