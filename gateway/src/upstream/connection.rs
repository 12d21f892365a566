// SPDX-License-Identifier: Apache-2.0

//! One connection: send a request, read the head and the body of its answer.

use super::{
	Endpoint, Malformed, UpstreamError,
	decoder::{Decoder, Framing, Step},
	head::{self, Head, Kept},
	request::Outgoing,
};
use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use std::{
	future::{Future, poll_fn},
	io::{self, IoSlice},
	pin::{Pin, pin},
	task::{Context, Poll, Waker, ready},
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite},
	time::Instant,
};

/// Bytes that one read takes at least.
const READ: usize = 8 * 1024;
/// Bytes reserved at once for a body whose length is known.
const MAX_READ: usize = 256 * 1024;
/// Largest write buffer that is kept for the next request.
const MAX_WRITE_KEPT: usize = 64 * 1024;
/// Maximum number of interim answers (1xx) before the answer.
const MAX_INTERIM: usize = 8;

/// Connection over which one request at a time is answered.
#[derive(Debug)]
pub struct Connection<S> {
	stream: S,
	read: BytesMut,
	write: Vec<u8>,
	/// Time of creation.
	pub born: Instant,
	/// Time of the last use.
	pub used: Instant,
	max_head: usize,
}

/// Failure of a request.
#[derive(Debug)]
pub struct Failure {
	/// Error for the caller.
	pub error: UpstreamError,
	/// True if a byte of an answer was received.
	pub received: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
	/// Connection over a stream.
	pub fn new(stream: S, max_head: usize) -> Self {
		let now = Instant::now();
		let (read, write) = (BytesMut::with_capacity(READ), Vec::with_capacity(1024));
		Self { stream, read, write, born: now, used: now, max_head }
	}

	/// True if the server neither closed the connection nor sent anything unasked.
	pub fn is_alive(&mut self) -> bool {
		if !self.read.is_empty() {
			return false;
		}
		let mut cx = Context::from_waker(Waker::noop());
		self.poll_more(&mut cx, 1).is_pending()
	}

	/// Send a request and read the head of its answer.
	pub async fn exchange(
		&mut self,
		endpoint: &Endpoint,
		request: &impl Outgoing,
		kept: Kept,
	) -> Result<Head, Failure> {
		let unsent = |error| Failure { error, received: false };
		if self.write.capacity() > MAX_WRITE_KEPT {
			self.write = Vec::with_capacity(1024);
		}
		let mut rest = request.write(&mut self.write, endpoint).map_err(unsent)?;
		let mut written = 0;
		let complete = poll_fn(|cx| self.poll_send(cx, &mut written, &mut rest)).await;
		let sent = match complete {
			Sent::All => true,
			// The server may have refused a large body with an answer.
			Sent::Part => false,
			Sent::Closed => {
				let mut cx = Context::from_waker(Waker::noop());
				while matches!(self.poll_more(&mut cx, 0), Poll::Ready(Ok(length)) if length > 0) {}
				if self.read.is_empty() {
					return Err(unsent(UpstreamError::Closed { sent: false }));
				}
				false
			},
		};
		let mut head = self.read_head(request.method(), kept).await?;
		head.keep_alive &= sent;
		Ok(head)
	}

	/// Write what is left of a request. Stops early if an answer arrives or the server closes.
	fn poll_send(
		&mut self,
		cx: &mut Context<'_>,
		written: &mut usize,
		rest: &mut Bytes,
	) -> Poll<Sent> {
		loop {
			let head = self.write.get(*written..).unwrap_or_default();
			let stream = Pin::new(&mut self.stream);
			let outcome = match (head.is_empty(), rest.is_empty()) {
				(true, true) => break,
				(false, true) => stream.poll_write(cx, head),
				(true, false) => stream.poll_write(cx, rest),
				(false, false) => {
					stream.poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(rest)])
				},
			};
			match outcome {
				Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Sent::Closed),
				Poll::Ready(Ok(length)) => {
					let of_head = length.min(head.len());
					*written = written.saturating_add(of_head);
					rest.advance(length.saturating_sub(of_head).min(rest.len()));
				},
				Poll::Pending => {
					return match ready!(self.poll_more(cx, 0)) {
						Ok(length) if length > 0 => Poll::Ready(Sent::Part),
						_ => Poll::Ready(Sent::Closed),
					};
				},
			}
		}
		match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
			Ok(()) => Poll::Ready(Sent::All),
			Err(_) => Poll::Ready(Sent::Closed),
		}
	}

	async fn read_head(&mut self, method: &http::Method, kept: Kept) -> Result<Head, Failure> {
		let mut interim = 0_usize;
		let mut seen = 0;
		loop {
			let Some(end) = head::end(&self.read, seen) else {
				let received = interim > 0 || !self.read.is_empty();
				seen = self.read.len();
				if seen > self.max_head {
					return Err(Malformed::HeadTooLarge.failure());
				}
				match poll_fn(|cx| self.poll_more(cx, 0)).await {
					Ok(length) if length > 0 => continue,
					_ => {
						let error = UpstreamError::Closed { sent: true };
						return Err(Failure { error, received });
					},
				}
			};
			if end > self.max_head {
				return Err(Malformed::HeadTooLarge.failure());
			}
			let bytes = self.read.split_to(end).freeze();
			let head = head::parse(&bytes, method, kept).map_err(Malformed::failure)?;
			if !head.status.is_informational() {
				return Ok(head);
			}
			interim = interim.saturating_add(1);
			seen = 0;
			if head.status == StatusCode::SWITCHING_PROTOCOLS || interim > MAX_INTERIM {
				return Err(Malformed::Interim.failure());
			}
		}
	}

	/// Read a body to its end.
	///
	/// Errors: [`UpstreamError::TooLarge`], also if the announced length is above `max`.
	pub async fn read_body(
		&mut self,
		framing: Framing,
		max: usize,
	) -> Result<Bytes, UpstreamError> {
		let mut decoder = Decoder::new(framing);
		if decoder.remaining().is_some_and(|length| length > max as u64) {
			return Err(UpstreamError::TooLarge);
		}
		if let Framing::Length(_) = framing {
			return self.read_length(&mut decoder).await;
		}
		let mut first = Bytes::new();
		let mut body = BytesMut::new();
		while let Some(data) = poll_fn(|cx| self.poll_body(cx, &mut decoder)).await? {
			let total = first.len().saturating_add(body.len()).saturating_add(data.len());
			if total > max {
				return Err(UpstreamError::TooLarge);
			}
			// One chunk is the usual case and is not copied.
			if first.is_empty() && body.is_empty() {
				first = data;
				continue;
			}
			if body.is_empty() {
				body.reserve(total.saturating_add(READ));
				body.extend_from_slice(&std::mem::take(&mut first));
			}
			body.extend_from_slice(&data);
		}
		Ok(if body.is_empty() { first } else { body.freeze() })
	}

	/// Read a body of known length without a copy.
	async fn read_length(&mut self, decoder: &mut Decoder) -> Result<Bytes, UpstreamError> {
		let length = usize::try_from(decoder.expected()).unwrap_or(usize::MAX);
		while self.read.len() < length {
			let missing = length.saturating_sub(self.read.len());
			match poll_fn(|cx| self.poll_more(cx, missing)).await {
				Ok(read) if read > 0 => {},
				_ => return Err(UpstreamError::Closed { sent: true }),
			}
		}
		match decoder.step(&mut self.read)? {
			Step::Data(body) => Ok(body),
			Step::More | Step::Done => Ok(Bytes::new()),
		}
	}

	/// Next bytes of a body; `None` at its end.
	pub fn poll_body(
		&mut self,
		cx: &mut Context<'_>,
		decoder: &mut Decoder,
	) -> Poll<Result<Option<Bytes>, UpstreamError>> {
		loop {
			match decoder.step(&mut self.read)? {
				Step::Data(data) => return Poll::Ready(Ok(Some(data))),
				Step::Done => return Poll::Ready(Ok(None)),
				Step::More => {},
			}
			let expected = usize::try_from(decoder.expected()).unwrap_or(usize::MAX);
			match ready!(self.poll_more(cx, expected)) {
				Ok(length) if length > 0 => {},
				Ok(_) if decoder.close() => return Poll::Ready(Ok(None)),
				_ => return Poll::Ready(Err(UpstreamError::Closed { sent: true })),
			}
		}
	}

	/// True if nothing is left of an answer, so that the next request can follow.
	pub fn is_clean(&self) -> bool {
		self.read.is_empty()
	}

	/// Read more bytes. 0: the server closed the connection.
	///
	/// - `expected`: bytes that are sure to come, 0 if unknown.
	fn poll_more(&mut self, cx: &mut Context<'_>, expected: usize) -> Poll<io::Result<usize>> {
		let room = self.read.capacity().saturating_sub(self.read.len());
		if room < expected.clamp(READ / 2, READ) {
			self.read.reserve(expected.clamp(READ, MAX_READ));
		}
		pin!(self.stream.read_buf(&mut self.read)).poll(cx)
	}
}

/// Outcome of sending.
enum Sent {
	All,
	/// An answer arrived before the end of the request.
	Part,
	/// The server closed the connection.
	Closed,
}

impl Malformed {
	fn failure(self) -> Failure {
		Failure { error: self.into(), received: true }
	}
}
