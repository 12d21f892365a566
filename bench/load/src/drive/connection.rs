// SPDX-License-Identifier: Apache-2.0

//! One connection: a request at a time.

use super::{Fault, mix::Question};
use crate::{http, poll::Poll};
use std::{
	io::{self, Read, Write},
	net::{SocketAddr, TcpStream},
	time::{Duration, Instant},
};

/// Time that a connection may take to open.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 << 20;

/// A request that waits for its answer.
pub struct Sent {
	/// Time at which the request was due.
	pub due: Instant,
	/// Time at which it was sent.
	pub at: Instant,
	/// The same since the Unix epoch.
	pub clock: Duration,
	/// The request.
	pub question: Question,
	/// Highest head that the connection had seen.
	pub seen: u64,
}

/// An answer that was read.
pub struct Received<'a> {
	/// HTTP status.
	pub status: u16,
	/// The body.
	pub body: &'a [u8],
	/// True if the connection ends with it.
	pub close: bool,
}

/// A connection.
pub struct Connection {
	stream: TcpStream,
	/// The request that waits for its answer.
	pub sent: Option<Sent>,
	/// Highest head that the connection has seen.
	pub head: u64,
	input: Vec<u8>,
	output: Vec<u8>,
	written: usize,
}

impl Connection {
	/// Connect and add the socket to `poll`.
	pub fn open(to: SocketAddr, poll: &Poll, token: u64) -> io::Result<Self> {
		let stream = TcpStream::connect_timeout(&to, CONNECT)?;
		stream.set_nodelay(true)?;
		stream.set_nonblocking(true)?;
		poll.add(&stream, token)?;
		let (input, output) = (Vec::new(), Vec::new());
		Ok(Self { stream, sent: None, head: 0, input, output, written: 0 })
	}

	/// Send a request: `write` appends its bytes to the buffer.
	pub fn send(
		&mut self,
		sent: Sent,
		poll: &Poll,
		token: u64,
		write: impl FnOnce(&mut Vec<u8>),
	) -> io::Result<()> {
		self.output.clear();
		self.written = 0;
		write(&mut self.output);
		self.sent = Some(sent);
		self.flush(poll, token, false)
	}

	/// Write the rest of the request. `waited`: the socket was waited for.
	pub fn flush(&mut self, poll: &Poll, token: u64, waited: bool) -> io::Result<()> {
		while self.written < self.output.len() {
			match self.stream.write(&self.output[self.written..]) {
				Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
				Ok(written) => self.written += written,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
				Err(error) => return Err(error),
			}
		}
		let left = self.written < self.output.len();
		if left != waited {
			poll.want_write(&self.stream, token, left)?;
		}
		Ok(())
	}

	/// Read once, and give the answer to `done` if it is complete.
	pub fn read<T>(
		&mut self,
		scratch: &mut [u8],
		done: impl FnOnce(Option<Sent>, Result<Received<'_>, Fault>) -> T,
	) -> Option<T> {
		let length = match self.stream.read(scratch) {
			Ok(length) => length,
			Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
			Err(_) => return Some(done(self.sent.take(), Err(Fault::Closed))),
		};
		let closed = length == 0;
		// An answer that comes in one piece is not copied.
		let whole = if self.input.is_empty() {
			&scratch[..length]
		} else {
			self.input.extend_from_slice(&scratch[..length]);
			&self.input[..]
		};
		match http::response(whole, closed) {
			Ok(None) if closed => Some(done(self.sent.take(), Err(Fault::Closed))),
			Ok(None) if whole.len() > MAX_ANSWER => Some(done(self.sent.take(), Err(Fault::Http))),
			Ok(None) => {
				if self.input.is_empty() {
					self.input.extend_from_slice(&scratch[..length]);
				}
				None
			},
			// Bytes beyond the answer belong to no request.
			Ok(Some(answer)) if answer.length != whole.len() => {
				Some(done(self.sent.take(), Err(Fault::Http)))
			},
			Ok(Some(answer)) => {
				let received = Received {
					status: answer.status,
					body: &answer.body,
					close: answer.close || closed,
				};
				let result = done(self.sent.take(), Ok(received));
				drop(answer);
				self.input.clear();
				Some(result)
			},
			Err(_) => Some(done(self.sent.take(), Err(Fault::Http))),
		}
	}
}
