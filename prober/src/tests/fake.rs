//! A network of made-up servers on a clock of its own.

#![allow(clippy::arithmetic_side_effects)]

use crate::http::{Ask, Http};
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus};
use std::collections::BTreeMap;

/// How a server answers one request; times in ms since the request.
#[derive(Clone, Debug)]
pub struct Response {
	/// When the status line is there; `None` is never.
	pub after: Option<u64>,
	/// `None` is a broken connection.
	pub status: Option<u16>,
	pub headers: Vec<(Vec<u8>, Vec<u8>)>,
	/// Parts of the body and when they are there.
	pub body: Vec<(u64, Vec<u8>)>,
	/// When the body ends, and how; `None` is never.
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
	/// A byte every `every` ms, for ever.
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
	/// Next part, and how far into it.
	part: usize,
	offset: usize,
	/// Ended or gone.
	over: bool,
}

pub type Server = Box<dyn Fn(&Ask, u64) -> Response>;

/// The network.
#[derive(Default)]
pub struct Fake {
	pub clock: u64,
	/// At `.0` the clock is set to `.1`.
	pub jump: Option<(u64, u64)>,
	pub servers: BTreeMap<String, Server>,
	pub open: BTreeMap<u16, Open>,
	pub next: u16,
	/// Every request and when it was sent.
	pub sent: Vec<(u64, Ask)>,
	/// Host calls made.
	pub calls: usize,
}

impl Fake {
	/// What is asked of URLs that begin so is answered so; the function gets the time too.
	pub fn serve(&mut self, url: &str, server: impl Fn(&Ask, u64) -> Response + 'static) {
		self.servers.insert(url.into(), Box::new(server));
	}

	pub fn asked(&self, url: &str) -> usize {
		self.sent.iter().filter(|(_, ask)| ask.url.starts_with(url)).count()
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

impl Http for Fake {
	fn now(&mut self) -> u64 {
		self.clock
	}

	fn sleep_until(&mut self, time: u64) {
		self.calls += 1;
		self.pass(time);
	}

	fn send(&mut self, ask: &Ask, _: u64) -> Result<HttpRequestId, ()> {
		self.calls += 1;
		self.sent.push((self.clock, ask.clone()));
		if !ask.url.starts_with("http") {
			return Err(());
		}
		let server = self.servers.iter().rev().find(|(url, _)| ask.url.starts_with(url.as_str()));
		let response = server.map_or(Response::broken(1), |(_, server)| server(ask, self.clock));
		let open = Open { sent: self.clock, response, part: 0, offset: 0, over: false };
		self.next += 1;
		self.open.insert(self.next, open);
		Ok(HttpRequestId(self.next))
	}

	fn wait(&mut self, ids: &[HttpRequestId], deadline: u64) -> Vec<HttpRequestStatus> {
		self.calls += 1;
		let at = |id: &HttpRequestId| {
			self.open.get(&id.0).map_or(Some(0), |o| Some(o.sent + o.response.after?)).unwrap_or(u64::MAX)
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
				Some(o) => o.response.status.map_or(HttpRequestStatus::IoError, HttpRequestStatus::Finished),
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

	fn read(&mut self, id: HttpRequestId, buffer: &mut [u8], deadline: u64) -> Result<usize, HttpError> {
		self.calls += 1;
		let clock = self.clock;
		let Some(open) = self.open.get_mut(&id.0).filter(|open| !open.over) else {
			return Err(HttpError::Invalid);
		};
		while open.response.body.get(open.part).is_some_and(|(_, bytes)| open.offset >= bytes.len()) {
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

/// Hash of block `number` of the chain that everybody agrees on.
pub fn hash(number: u64) -> [u8; 32] {
	sp_io::hashing::blake2_256(&number.to_le_bytes())
}

/// The JSON-RPC answer of an Ethereum or Substrate node at `head`, with `hash_of` its blocks; `batches`
/// says whether it takes them.
pub fn node(ask: &Ask, head: u64, hash_of: impl Fn(u64) -> [u8; 32], batches: bool) -> String {
	let question: serde_json::Value = serde_json::from_slice(ask.post.as_ref().unwrap()).unwrap();
	let answer = |question: &serde_json::Value| {
		let result = match question["method"].as_str().unwrap() {
			"eth_blockNumber" => format!("\"{head:#x}\""),
			"chain_getHeader" => format!(r#"{{"parentHash":"0x00","number":"{head:#x}"}}"#),
			"eth_getBlockByNumber" => {
				let number = crate::json::quantity(question["params"][0].as_str().unwrap()).unwrap();
				match number <= head {
					true => {
						format!(r#"{{"number":"{number:#x}","hash":"0x{}"}}"#, hex(&hash_of(number)))
					},
					false => "null".into(),
				}
			},
			"chain_getBlockHash" => {
				let number = question["params"][0].as_u64().unwrap();
				match number <= head {
					true => format!("\"0x{}\"", hex(&hash_of(number))),
					false => "null".into(),
				}
			},
			other => panic!("{other}"),
		};
		format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{}}}"#, question["id"])
	};
	match question.as_array() {
		Some(_) if !batches => {
			r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"no batches"}}"#.into()
		},
		// In reverse: a batch may be answered in any order.
		Some(batch) => format!("[{}]", batch.iter().rev().map(answer).collect::<Vec<_>>().join(",")),
		None => answer(&question),
	}
}
