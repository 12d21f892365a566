// SPDX-License-Identifier: Apache-2.0

//! Node that answers from a script.

use super::market;
use crate::{chain::Nodes, config::ChainSection};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sp_core::H256;
use sp_runtime::{
	generic::Header,
	traits::{BlakeTwo256, Header as _},
};
use std::{collections::BTreeMap, convert::Infallible, sync::Arc};
use tokio::net::TcpListener;

/// A chain of empty blocks, with a fork of its own from a number on.
#[derive(Clone)]
pub struct Blocks {
	pub fork_at: u32,
	pub salt: u8,
	pub finalized: u32,
}

impl Blocks {
	pub fn header(&self, number: u32) -> Header<u32, BlakeTwo256> {
		let salt = if number >= self.fork_at { self.salt } else { 0 };
		let parent = H256::from_low_u64_be(u64::from(number) << 8 | u64::from(salt));
		Header::new(number, H256::zero(), H256::zero(), parent, Default::default())
	}

	fn hash(&self, number: u32) -> Option<H256> {
		(number <= self.finalized).then(|| self.header(number).hash())
	}

	fn find(&self, hash: &str) -> Option<u32> {
		(0..=self.finalized)
			.rev()
			.find(|number| self.hash(*number).is_some_and(|known| format!("{known:?}") == hash))
	}
}

/// A node with answers of its own beside those about its blocks.
pub struct FakeNode {
	pub blocks: Blocks,
	pub answers: BTreeMap<String, Value>,
	/// Answers every call with this body, if it is set.
	pub nonsense: Option<String>,
}

pub type Shared = Arc<Mutex<FakeNode>>;

impl FakeNode {
	pub fn at(finalized: u32) -> Shared {
		let blocks = Blocks { fork_at: u32::MAX, salt: 0, finalized };
		Arc::new(Mutex::new(Self { blocks, answers: BTreeMap::new(), nonsense: None }))
	}

	fn answer(&self, method: &str, params: &Value) -> Value {
		match method {
			"chain_getFinalizedHead" => json!(self.blocks.hash(self.blocks.finalized)),
			"chain_getHeader" => {
				let number = params[0].as_str().and_then(|hash| self.blocks.find(hash));
				json!(number.map(|number| self.blocks.header(number)))
			},
			"chain_getBlockHash" => match &params[0] {
				Value::Array(numbers) => numbers.iter().map(|n| self.hash(n)).collect(),
				number => self.hash(number),
			},
			"surety_round" => {
				let number = params[0].as_str().and_then(|hash| self.blocks.find(hash));
				json!(market(number.unwrap_or(0)).clock)
			},
			// No private endpoints, unless a test says so.
			"state_call" if !self.answers.contains_key(method) => json!("0x00"),
			_ => self.answers.get(method).cloned().unwrap_or(Value::Null),
		}
	}

	fn hash(&self, number: &Value) -> Value {
		let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
		json!(number.and_then(|number| self.blocks.hash(number)))
	}
}

/// Serve a node; gives its URL.
async fn serve(node: Shared) -> String {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address = listener.local_addr().unwrap();
	tokio::spawn(async move {
		loop {
			let (stream, _) = listener.accept().await.unwrap();
			let node = node.clone();
			let answer = service_fn(move |request: Request<Incoming>| {
				let node = node.clone();
				async move {
					let body = request.into_body().collect().await.unwrap().to_bytes();
					let call: Value = serde_json::from_slice(&body).unwrap();
					let node = node.lock();
					let method = call["method"].as_str().unwrap();
					let text = node.nonsense.clone().unwrap_or_else(|| {
						let result = node.answer(method, &call["params"]);
						json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }).to_string()
					});
					Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::from(text)))
				}
			});
			tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
		}
	});
	format!("http://{address}")
}

/// Client of some nodes.
pub async fn nodes(nodes: &[&Shared]) -> Nodes {
	let mut config = ChainSection { timeout_ms: 5_000, ..ChainSection::default() };
	for node in nodes {
		config.nodes.push(serve((*node).clone()).await.parse().unwrap());
	}
	Nodes::new(&config).unwrap()
}
