// SPDX-License-Identifier: Apache-2.0

//! Simulated network on its own clock.

#![allow(clippy::arithmetic_side_effects)]

use crate::http::{Http, Request};
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus};
use std::collections::BTreeMap;

/// Response of a server. Times are in ms since the request.
#[derive(Clone, Debug)]
pub struct Response {
	/// Time of the status line; `None` for never.
	pub after: Option<u64>,
	/// Status; `None` for a broken connection.
	pub status: Option<u16>,
	pub headers: Vec<(Vec<u8>, Vec<u8>)>,
	/// Parts of the body and their times.
	pub body: Vec<(u64, Vec<u8>)>,
	/// Time and kind of the end of the body; `None` for never.
	pub end: Option<(u64, Result<(), HttpError>)>,
}

impl Response {
	pub fn ok(after: u64, body: impl Into<Vec<u8>>) -> Self {
		Self::status(after, 200, body)
	}
	pub fn status(after: u64, status: u16, body: impl Into<Vec<u8>>) -> Self {
		let body = vec![(after, body.into())];
		Self {
			after: Some(after),
			status: Some(status),
			headers: Vec::new(),
			body,
			end: Some((after, Ok(()))),
		}
	}
	pub fn broken(after: u64) -> Self {
		Self { status: None, ..Self::ok(after, "") }
	}
	pub fn never() -> Self {
		Self { after: None, ..Self::ok(0, "") }
	}
	/// A byte every `every` ms, without an end.
	pub fn trickle(every: u64) -> Self {
		let body = (1..2_000).map(|k| (k * every, vec![b' '])).collect();
		Self { body, end: None, ..Self::ok(1, "") }
	}
	pub fn header(mut self, name: &str, value: &str) -> Self {
		self.headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
		self
	}
}

pub struct Open {
	sent: u64,
	response: Response,
	/// Next part of the body.
	part: usize,
	/// Offset in that part.
	offset: usize,
	/// True once the body has ended.
	over: bool,
}

pub type Server = Box<dyn Fn(&Request, u64) -> Response>;

/// Simulated network.
#[derive(Default)]
pub struct FakeNetwork {
	pub clock: u64,
	/// Jump of the clock from the first time to the second.
	pub jump: Option<(u64, u64)>,
	pub servers: BTreeMap<String, Server>,
	pub open: BTreeMap<u16, Open>,
	pub next: u16,
	/// Requests and the times at which they were sent.
	pub sent: Vec<(u64, Request)>,
	/// Number of host calls.
	pub calls: usize,
}

impl FakeNetwork {
	/// Serve URLs with this prefix. `server` receives the request and the time.
	pub fn serve(&mut self, url: &str, server: impl Fn(&Request, u64) -> Response + 'static) {
		self.servers.insert(url.into(), Box::new(server));
	}

	pub fn asked(&self, url: &str) -> usize {
		self.sent.iter().filter(|(_, request)| request.url.starts_with(url)).count()
	}

	fn pass(&mut self, until: u64) {
		self.clock = self.clock.max(until);
		if let Some((at, to)) = self.jump
			&& self.clock >= at
		{
			self.clock = to;
			self.jump = None;
		}
	}
}

impl Http for FakeNetwork {
	fn now(&mut self) -> u64 {
		self.clock
	}

	fn sleep_until(&mut self, time: u64) {
		self.calls += 1;
		self.pass(time);
	}

	fn send(&mut self, request: &Request, _: u64) -> Result<HttpRequestId, ()> {
		self.calls += 1;
		self.sent.push((self.clock, request.clone()));
		let server =
			self.servers.iter().rev().find(|(url, _)| request.url.starts_with(url.as_str()));
		if server.is_none() && !request.url.starts_with("http") {
			return Err(());
		}
		let response =
			server.map_or(Response::broken(1), |(_, server)| server(request, self.clock));
		let open = Open { sent: self.clock, response, part: 0, offset: 0, over: false };
		self.next += 1;
		self.open.insert(self.next, open);
		Ok(HttpRequestId(self.next))
	}

	fn wait(&mut self, ids: &[HttpRequestId], deadline: u64) -> Vec<HttpRequestStatus> {
		self.calls += 1;
		let at = |id: &HttpRequestId| {
			self.open
				.get(&id.0)
				.map_or(Some(0), |o| Some(o.sent + o.response.after?))
				.unwrap_or(u64::MAX)
		};
		let all = ids.iter().map(at).max().unwrap_or(0);
		let now = self.clock.max(all.min(deadline));
		self.pass(now);
		let statuses: Vec<_> = ids
			.iter()
			.map(|id| match self.open.get(&id.0) {
				None => HttpRequestStatus::Invalid,
				Some(o) if o.response.after.is_none_or(|after| o.sent + after > now) => {
					HttpRequestStatus::DeadlineReached
				},
				Some(o) => o
					.response
					.status
					.map_or(HttpRequestStatus::IoError, HttpRequestStatus::Finished),
			})
			.collect();
		for (id, status) in ids.iter().zip(&statuses) {
			if *status == HttpRequestStatus::IoError {
				self.open.remove(&id.0);
			}
		}
		statuses
	}

	fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		self.calls += 1;
		self.open[&id.0].response.headers.clone()
	}

	fn read(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: u64,
	) -> Result<usize, HttpError> {
		self.calls += 1;
		let clock = self.clock;
		let Some(open) = self.open.get_mut(&id.0).filter(|open| !open.over) else {
			return Err(HttpError::Invalid);
		};
		while open.response.body.get(open.part).is_some_and(|(_, bytes)| open.offset >= bytes.len())
		{
			open.part += 1;
			open.offset = 0;
		}
		let part = open.response.body.get(open.part);
		let at = part.map(|(at, _)| *at).or(open.response.end.map(|(at, _)| at));
		let at = at.map_or(u64::MAX, |at| open.sent + at);
		if at > clock.max(deadline) {
			self.pass(deadline);
			return Err(HttpError::DeadlineReached);
		}
		let result = match part {
			Some((_, bytes)) => {
				let rest = &bytes[open.offset..];
				let read = rest.len().min(buffer.len());
				buffer[..read].copy_from_slice(&rest[..read]);
				open.offset += read;
				Ok(read)
			},
			None => {
				open.over = true;
				open.response.end.unwrap().1.map(|()| 0)
			},
		};
		self.pass(at);
		result
	}
}

pub fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Unix ms of the head of the simulated chain, and start of the clock.
pub const T0: u64 = 1_000_000_000;
/// Number of the head.
pub const HEAD: u64 = 1_000;

/// Hash of a block of the simulated chain.
pub fn hash(number: u64) -> [u8; 32] {
	let parts = ([number as u8; 32], codec::Compact(number), [2u8; 32], [3u8; 32]);
	sp_io::hashing::blake2_256(&codec::Encode::encode(&(parts, codec::Compact(1u32), [6u8, 0x42])))
}

fn quoted(bytes: &[u8]) -> String {
	format!("\"0x{}\"", hex(bytes))
}

/// Ethereum or Substrate node.
#[derive(Clone)]
pub struct Node {
	pub head: u64,
	pub hash_of: fn(u64) -> [u8; 32],
	pub batches: bool,
	/// Methods that the node refuses.
	pub refused: &'static [&'static str],
	/// Methods whose results are invented, in the correct format.
	pub invented: &'static [&'static str],
}

impl Default for Node {
	fn default() -> Self {
		Self { head: HEAD, hash_of: hash, batches: true, refused: &[], invented: &[] }
	}
}

impl Node {
	/// Answer a JSON-RPC request.
	pub fn answer(&self, request: &Request) -> String {
		let question: serde_json::Value =
			serde_json::from_slice(request.post.as_ref().unwrap()).unwrap();
		match question.as_array() {
			Some(_) if !self.batches => {
				r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"no batches"}}"#
					.into()
			},
			// In reverse order, since a batch may be answered in any order.
			Some(batch) => {
				let answers: Vec<_> =
					batch.iter().rev().map(|question| self.reply(question)).collect();
				format!("[{}]", answers.join(","))
			},
			None => self.reply(&question),
		}
	}

	fn reply(&self, question: &serde_json::Value) -> String {
		let method = question["method"].as_str().unwrap();
		let invented = self.invented.contains(&method);
		let said = match self.refused.contains(&method) {
			true => None,
			false => self.result(method, &question["params"], invented),
		};
		let id = &question["id"];
		match said {
			Some(result) => format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#),
			None => {
				format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"no"}}}}"#)
			},
		}
	}

	fn number_of(&self, hash: &serde_json::Value) -> Option<u64> {
		let hash = crate::json::hex::<32>(hash.as_str().unwrap().as_bytes()).unwrap();
		(0..=self.head).rev().find(|number| (self.hash_of)(*number) == hash)
	}

	fn result(&self, method: &str, params: &serde_json::Value, invented: bool) -> Option<String> {
		let head = self.head;
		let quantity =
			|value: &serde_json::Value| crate::json::quantity(value.as_str().unwrap()).unwrap();
		let known = |number: u64| (number <= head).then_some(number);
		let hash_of = |number: u64| if invented { [0x11; 32] } else { (self.hash_of)(number) };
		let null = || Some("null".to_string());
		let block = |number: Option<u64>| {
			let Some(number) = number else { return null() };
			let (hash, parent) =
				(quoted(&hash_of(number)), quoted(&hash_of(number.saturating_sub(1))));
			let time = T0 / 1_000 - (HEAD + 100 - number) * 6;
			Some(format!(
				r#"{{"number":"{number:#x}","hash":{hash},"parentHash":{parent},"timestamp":"{time:#x}","transactions":["0x1"]}}"#
			))
		};
		let header = |number: Option<u64>| {
			let Some(number) = number else { return null() };
			let (parent, state) =
				(quoted(&[number as u8; 32]), if invented { [7; 32] } else { [2; 32] });
			let (state, extrinsics) = (quoted(&state), quoted(&[3; 32]));
			Some(format!(
				r#"{{"parentHash":{parent},"number":"{number:#x}","stateRoot":{state},"extrinsicsRoot":{extrinsics},"digest":{{"logs":["0x0642"]}}}}"#
			))
		};
		// The hash of a transaction encodes its position.
		let transaction = |number: u64, index: u64| {
			let mut hash = [0xee; 32];
			hash[..8].copy_from_slice(&number.to_le_bytes());
			hash[8..16].copy_from_slice(&index.to_le_bytes());
			quoted(&hash)
		};
		let (account, contract) = (quoted(&[0xaa; 20]), quoted(&[0xcc; 20]));
		let state = |number: u64| hex(&hash_of(number)[..9]);
		match method {
			"eth_blockNumber" => Some(format!("\"{head:#x}\"")),
			"chain_getHeader" if params.as_array().unwrap().is_empty() => header(Some(head)),
			"chain_getHeader" => header(self.number_of(&params[0])),
			"eth_getBlockByNumber" => block(known(quantity(&params[0]))),
			"eth_getBlockByHash" => block(self.number_of(&params[0])),
			"chain_getBlockHash" => match known(params[0].as_u64().unwrap()) {
				Some(number) => Some(quoted(&hash_of(number))),
				None => null(),
			},
			"eth_getTransactionByBlockNumberAndIndex" => {
				let Some(number) = known(quantity(&params[0])) else { return null() };
				let (hash, block) =
					(transaction(number, quantity(&params[1])), quoted(&hash_of(number)));
				Some(format!(
					r#"{{"hash":{hash},"blockHash":{block},"from":{account},"to":{contract}}}"#
				))
			},
			"eth_getBalance" => Some(format!("\"0x0{}\"", state(known(quantity(&params[1]))?))),
			"eth_getTransactionReceipt" => {
				let hash = crate::json::hex::<32>(params[0].as_str().unwrap().as_bytes()).unwrap();
				let at = |from: usize| u64::from_le_bytes(hash[from..from + 8].try_into().unwrap());
				let (Some(number), index) = (known(at(0)), at(8)) else { return null() };
				let block = quoted(&hash_of(number));
				Some(format!(
					r#"{{"transactionHash":{},"transactionIndex":"{index:#x}","blockHash":{block},"blockNumber":"{number:#x}","status":"0x1","gasUsed":"0x5208"}}"#,
					quoted(&hash)
				))
			},
			"eth_getLogs" => {
				let of = &params[0];
				let number = match of.get("blockHash") {
					Some(hash) => self.number_of(hash)?,
					// Many nodes return no logs for blocks to come.
					None => match known(quantity(&of["fromBlock"])) {
						Some(number) => number,
						None => return Some("[]".into()),
					},
				};
				let (topic, hash) = (quoted(&hash_of(number)), transaction(number, 0));
				Some(format!(
					r#"[{{"address":{contract},"topics":[{topic}],"data":"0x","transactionHash":{hash},"logIndex":"0x0"}}]"#
				))
			},
			"state_getStorage" => Some(format!("\"0x{}\"", state(self.number_of(&params[1])?))),
			other => panic!("{other}"),
		}
	}
}

/// Answer of a node at `head`, with `hash_of` its blocks. `batches` enables batches.
pub fn node(request: &Request, head: u64, hash_of: fn(u64) -> [u8; 32], batches: bool) -> String {
	Node { head, hash_of, batches, ..Node::default() }.answer(request)
}

/// JSON-RPC calls in a request.
pub fn calls(request: &Request) -> Vec<serde_json::Value> {
	match serde_json::from_slice(request.post.as_deref().unwrap_or(b"[]")).unwrap() {
		serde_json::Value::Array(batch) => batch,
		one => vec![one],
	}
}
