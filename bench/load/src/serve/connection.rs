// SPDX-License-Identifier: Apache-2.0

//! One connection of the upstream: HTTP/1.1, which may turn into WebSocket.

use super::{
	Faults, Shared,
	answers::{self, Change, SUBSCRIPTION, answer},
};
use crate::{
	chain, http,
	poll::Poll,
	websocket::{self, Kind, derive_accept_key},
};
use std::{
	io::{self, Read, Write},
	net::TcpStream,
	time::Instant,
};

/// Bytes that a client may leave unread before it is dropped.
const MAX_UNSENT: usize = 64 << 20;
/// Bytes of a request at most.
const MAX_REQUEST: usize = 64 << 20;
/// Subscriptions of a connection at most.
const MAX_SUBSCRIPTIONS: usize = 1_000;

/// Consequences of bytes that were read.
#[derive(Default)]
pub struct Outcome {
	/// Answers that wait for their time.
	pub later: Vec<(Instant, Vec<u8>)>,
	/// True if the connection ends.
	pub end: bool,
}

impl Outcome {
	fn end() -> Self {
		Self { end: true, ..Self::default() }
	}
}

/// A connection.
pub struct Connection {
	stream: TcpStream,
	/// Number that no other connection has.
	pub generation: u64,
	input: Vec<u8>,
	output: Vec<u8>,
	/// Part of the output that was sent.
	sent: usize,
	wants_write: bool,
	/// True while an HTTP request waits for its answer. The next one is not read before.
	waiting: bool,
	closing: bool,
	websocket: Option<Vec<u64>>,
}

impl Connection {
	/// Connection that was just accepted.
	pub fn new(stream: TcpStream, generation: u64) -> Self {
		Self {
			stream,
			generation,
			input: Vec::new(),
			output: Vec::new(),
			sent: 0,
			wants_write: false,
			waiting: false,
			closing: false,
			websocket: None,
		}
	}

	/// Number of subscriptions.
	pub fn subscriptions(&self) -> u64 {
		self.websocket.as_ref().map_or(0, |ids| ids.len() as u64)
	}

	/// Read once, and answer the requests that are complete.
	pub fn read(&mut self, shared: &mut Shared, scratch: &mut [u8], now: Instant) -> Outcome {
		match self.stream.read(scratch) {
			Ok(0) => return Outcome::end(),
			Ok(length) => self.input.extend_from_slice(&scratch[..length]),
			Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
			Err(_) => return Outcome::end(),
		}
		self.proceed(shared, now)
	}

	/// Answer the requests in the buffer that are complete.
	pub fn proceed(&mut self, shared: &mut Shared, now: Instant) -> Outcome {
		let mut outcome = Outcome::default();
		let mut input = std::mem::take(&mut self.input);
		let mut from = 0;
		while from < input.len() && !outcome.end {
			let used = match &self.websocket {
				Some(_) => self.frame(&mut input, from, shared, now, &mut outcome),
				None => self.request(&input[from..], shared, now, &mut outcome),
			};
			match used {
				0 => break,
				used => from += used,
			}
		}
		input.drain(..from);
		outcome.end |= input.len() > MAX_REQUEST;
		self.input = input;
		outcome
	}

	/// Answer one HTTP request. Returns the bytes that it took, 0 if it is not complete.
	fn request(
		&mut self,
		bytes: &[u8],
		shared: &mut Shared,
		now: Instant,
		outcome: &mut Outcome,
	) -> usize {
		if self.waiting || self.closing {
			return 0;
		}
		let request = match http::request(bytes) {
			Ok(Some(request)) => request,
			Ok(None) => return 0,
			Err(_) => {
				outcome.end = true;
				return 0;
			},
		};
		self.closing = request.close;
		match request.path {
			"/stats" => {
				let body = serde_json::to_vec(&shared.stats).unwrap_or_default();
				self.respond(200, &body);
			},
			"/faults" => match serde_json::from_slice::<Faults>(&request.body) {
				Ok(faults) => {
					shared.faults = faults;
					self.respond(200, b"{}");
				},
				Err(error) => self.respond(400, error.to_string().as_bytes()),
			},
			_ => {
				if let Some(key) = request.websocket {
					self.upgrade(key);
				} else {
					self.call(&request.body, shared, now, outcome);
				}
			},
		}
		request.length
	}

	/// Answer the JSON-RPC of an HTTP request.
	fn call(&mut self, body: &[u8], shared: &mut Shared, now: Instant, outcome: &mut Outcome) {
		let response = match shared.faults {
			Faults { silent: true, .. } => {
				self.waiting = true;
				return;
			},
			Faults { fail: Some(status @ 100..), .. } => {
				shared.stats.requests += 1;
				self.respond(status, b"the upstream was asked to fail");
				return;
			},
			Faults { fail: Some(code), .. } => {
				shared.stats.requests += 1;
				let body = answers::refuse(body, code);
				self.respond(200, &body);
				return;
			},
			Faults { lie, .. } => {
				let reply = answer(body, &shared.chain, chain::now(), lie);
				shared.stats.requests += reply.requests;
				shared.count_writes(&reply.writes);
				response(200, &reply.body)
			},
		};
		if shared.faults.delay_us == 0 {
			self.output.extend_from_slice(&response);
		} else {
			self.waiting = true;
			outcome.later.push((shared.answer_at(now), response));
		}
	}

	/// Turn the connection into WebSocket.
	fn upgrade(&mut self, key: &str) {
		let accept = derive_accept_key(key.as_bytes());
		let head = format!(
			"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
			 sec-websocket-accept: {accept}\r\n\r\n",
		);
		self.output.extend_from_slice(head.as_bytes());
		self.websocket = Some(Vec::new());
	}

	/// Answer one WebSocket frame. Returns the bytes that it took, 0 if it is not complete.
	fn frame(
		&mut self,
		input: &mut [u8],
		from: usize,
		shared: &mut Shared,
		now: Instant,
		outcome: &mut Outcome,
	) -> usize {
		let frame = match websocket::read(input, from) {
			Ok(Some(frame)) => frame,
			Ok(None) => return 0,
			Err(_) => {
				outcome.end = true;
				return 0;
			},
		};
		let payload = &input[frame.payload];
		match frame.kind {
			Kind::Ping => websocket::write(&mut self.output, Kind::Pong, payload, false),
			Kind::Pong => (),
			Kind::Close => outcome.end = true,
			Kind::Text if shared.faults.silent => (),
			Kind::Text => {
				let body = self.message(payload, shared);
				let mut bytes = Vec::with_capacity(body.len() + 10);
				websocket::write(&mut bytes, Kind::Text, &body, false);
				if shared.faults.delay_us == 0 {
					self.output.extend_from_slice(&bytes);
				} else {
					outcome.later.push((shared.answer_at(now), bytes));
				}
			},
		}
		frame.end - from
	}

	/// Answer the JSON-RPC of a WebSocket message.
	fn message(&mut self, payload: &[u8], shared: &mut Shared) -> Vec<u8> {
		if let Some(fail) = shared.faults.fail {
			shared.stats.requests += 1;
			return answers::refuse(payload, fail.min(-32_000));
		}
		let reply = answer(payload, &shared.chain, chain::now(), shared.faults.lie);
		shared.stats.requests += reply.requests;
		shared.count_writes(&reply.writes);
		let Some(ids) = &mut self.websocket else { return reply.body };
		match reply.change {
			Some(Change::Subscribe) if ids.len() < MAX_SUBSCRIPTIONS => {
				let id = shared.number();
				ids.push(id);
				shared.stats.subscriptions += 1;
				let body = String::from_utf8_lossy(&reply.body);
				body.replace(SUBSCRIPTION, &format!("{id:#x}")).into_bytes()
			},
			Some(Change::Subscribe) => answers::refuse(payload, -32_005),
			Some(Change::Unsubscribe(id)) => {
				if let Some(place) = ids.iter().position(|open| *open == id) {
					ids.swap_remove(place);
					shared.stats.subscriptions -= 1;
				}
				reply.body
			},
			None => reply.body,
		}
	}

	/// Notify each subscription of a head.
	pub fn notify(&mut self, header: &str) {
		for id in self.websocket.iter().flatten() {
			let message = format!(
				r#"{{"jsonrpc":"2.0","method":"eth_subscription","params":{{"subscription":"{id:#x}","result":{header}}}}}"#,
			);
			websocket::write(&mut self.output, Kind::Text, message.as_bytes(), false);
		}
	}

	/// Send an answer that had to wait.
	pub fn send(&mut self, bytes: &[u8]) {
		self.waiting = false;
		self.output.extend_from_slice(bytes);
	}

	fn respond(&mut self, status: i64, body: &[u8]) {
		self.output.extend_from_slice(&response(status, body));
	}

	/// Write the output as far as the client takes it. An error is the end of the connection.
	pub fn flush(&mut self, poll: &Poll, token: u64) -> io::Result<()> {
		while self.sent < self.output.len() {
			match self.stream.write(&self.output[self.sent..]) {
				Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
				Ok(written) => self.sent += written,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
				Err(error) => return Err(error),
			}
		}
		let left = self.output.len() - self.sent;
		if left == 0 {
			self.output.clear();
			self.sent = 0;
			if self.closing && !self.waiting && self.websocket.is_none() {
				return Err(io::ErrorKind::ConnectionAborted.into());
			}
		} else if left > MAX_UNSENT {
			return Err(io::ErrorKind::OutOfMemory.into());
		}
		if self.wants_write != (left > 0) {
			self.wants_write = left > 0;
			poll.want_write(&self.stream, token, self.wants_write)?;
		}
		Ok(())
	}
}

/// HTTP response with a body of JSON.
fn response(status: i64, body: &[u8]) -> Vec<u8> {
	let reason = if status == 200 { "OK" } else { "Error" };
	let retry = if status == 429 { "retry-after: 1\r\n" } else { "" };
	let length = body.len();
	let mut bytes = Vec::with_capacity(length + 128);
	// Writing into a vector does not fail.
	let _ = write!(
		bytes,
		"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\n{retry}content-length: \
		 {length}\r\n\r\n",
	);
	bytes.extend_from_slice(body);
	bytes
}
