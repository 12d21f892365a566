// SPDX-License-Identifier: Apache-2.0

//! One request to a model, from its admission to the last byte of its answer.

use super::{
	events::Events,
	request::Asked,
	usage::{Tokens, Window},
};
use crate::{
	edge::{Admission, Inferred},
	front::{Body, BodyError},
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use std::{
	pin::Pin,
	task::{Context, Poll, ready},
	time::{Duration, Instant},
};

/// Time in all for which a client may keep a streamed answer waiting. It holds a place at the
/// server meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Count of one request. Dropped before its [end](Self::end), the client has given it up.
pub struct Meter {
	admission: Admission,
	begin: Instant,
	/// Tokens that were set aside, or more once that many came.
	reserved: u64,
	/// Tokens of the prompt by its length.
	prompt: u64,
	/// Tokens of the answer so far.
	counted: u64,
	/// Time to the answer, or to its head if it streams.
	latency: Option<Duration>,
	/// Times of the first and the last token of a stream.
	first: Option<Instant>,
	last: Option<Instant>,
	is_open: bool,
}

/// Outcome of a request.
pub enum End {
	/// The server answered.
	Answered(Tokens),
	/// An answer without tokens: a list, or a refusal.
	Plain,
	/// The server failed.
	Lost,
}

impl Meter {
	/// Count of a request that was let in.
	pub fn new(admission: Admission, asked: &Asked, reserved: u64) -> Self {
		Self {
			admission,
			begin: Instant::now(),
			reserved,
			prompt: asked.prompt,
			counted: 0,
			latency: None,
			first: None,
			last: None,
			is_open: true,
		}
	}

	/// Who asks for what.
	pub fn admission(&self) -> &Admission {
		&self.admission
	}

	/// Tokens of the prompt by its length.
	pub fn prompt(&self) -> u64 {
		self.prompt
	}

	/// The answer, or its head, is here.
	pub fn head(&mut self) {
		self.latency = Some(self.begin.elapsed());
	}

	/// A part of a stream is here.
	///
	/// - `counted`: tokens of the answer so far.
	fn part(&mut self, counted: u64) {
		let now = Instant::now();
		self.first.get_or_insert(now);
		self.last = Some(now);
		self.counted = counted;
		// An answer longer than what was set aside is paid as it comes.
		let used = self.prompt.saturating_add(counted);
		if used > self.reserved {
			self.admission.settle(self.reserved, used);
			self.reserved = used;
		}
	}

	/// Count the request.
	///
	/// - `bytes`: of its answer, if they are not counted yet.
	pub fn end(&mut self, end: End, bytes: u64) {
		if !std::mem::replace(&mut self.is_open, false) {
			return;
		}
		let latency = self.latency.unwrap_or_else(|| self.begin.elapsed());
		match end {
			End::Answered(tokens) => {
				self.admission.answered(1, bytes, latency);
				self.settle(tokens);
			},
			End::Plain => {
				self.admission.answered(1, bytes, latency);
				self.admission.settle(self.reserved, 0);
			},
			End::Lost => {
				self.admission.lost(1, bytes);
				self.admission.settle(self.reserved, self.partial());
			},
		}
	}

	/// Tokens of an answer without an end.
	fn partial(&self) -> u64 {
		if self.counted > 0 { self.prompt.saturating_add(self.counted) } else { 0 }
	}

	fn settle(&self, tokens: Tokens) {
		let Tokens { prompt, completion } = tokens;
		self.admission.settle(self.reserved, prompt.saturating_add(completion));
		let per_second = |tokens: u64, time: Duration| {
			let tokens = u32::try_from(tokens).ok().filter(|tokens| *tokens > 0)?;
			(!time.is_zero()).then(|| f64::from(tokens) / time.as_secs_f64())
		};
		let per_second = match self.first.zip(self.last) {
			Some((first, last)) => {
				per_second(completion.saturating_sub(1), last.saturating_duration_since(first))
			},
			None => self.latency.and_then(|latency| per_second(completion, latency)),
		};
		self.admission.inferred(&Inferred {
			client: self.admission.kind(),
			prompt,
			completion,
			first_token: self.first.map(|first| first.saturating_duration_since(self.begin)),
			per_second,
		});
	}
}

impl Drop for Meter {
	fn drop(&mut self) {
		if std::mem::replace(&mut self.is_open, false) {
			self.admission.cancelled(1);
			if self.reserved > 0 {
				// The server has read the prompt at least.
				self.settle(Tokens { prompt: self.prompt, completion: self.counted });
			}
		}
	}
}

/// Way in which an answer is read as it passes.
pub enum Reading {
	/// Events of a stream.
	Events(Events),
	/// An answer that is too long to be kept.
	Long(Window),
	/// Anything else: true if it is an answer, false if it is a failure of the server.
	Plain(bool),
}

/// Body of an answer that is counted as it passes.
pub struct Metered {
	body: Body,
	reading: Reading,
	meter: Meter,
	/// Time at which a part was handed over, and time in all for which the client let it wait.
	offered: Option<Instant>,
	waited: Duration,
	is_over: bool,
}

impl Metered {
	/// Body of an answer whose head is here.
	pub fn new(body: Body, reading: Reading, meter: Meter) -> Self {
		let waited = Duration::ZERO;
		Self { body, reading, meter, offered: None, waited, is_over: false }
	}

	/// Take the next bytes of the server and return those for the client.
	fn push(&mut self, data: Bytes) -> Bytes {
		self.meter.admission.streamed(u64::try_from(data.len()).unwrap_or(u64::MAX));
		match &mut self.reading {
			Reading::Plain(_) => data,
			Reading::Long(window) => {
				window.push(&data);
				data
			},
			Reading::Events(events) => {
				let before = events.deltas();
				let passed = events.push(data);
				if events.deltas() > before {
					self.meter.part(events.counted());
				}
				passed
			},
		}
	}

	/// The server has ended the answer. Returns the rest.
	fn finish(&mut self) -> Bytes {
		let prompt = self.meter.prompt;
		let (end, rest) = match &mut self.reading {
			Reading::Plain(true) => (End::Plain, Bytes::new()),
			Reading::Plain(false) => (End::Lost, Bytes::new()),
			Reading::Long(window) => {
				let unknown = Tokens { prompt, completion: 0 };
				(End::Answered(window.usage().unwrap_or(unknown)), Bytes::new())
			},
			Reading::Events(events) => {
				let rest = events.finish();
				let counted = Tokens { prompt, completion: events.counted() };
				let tokens = events.usage().unwrap_or(counted);
				(if events.has_failed() { End::Lost } else { End::Answered(tokens) }, rest)
			},
		};
		self.meter.end(end, 0);
		rest
	}

	/// True if the client reads too slowly.
	fn is_late(&mut self) -> bool {
		if let Some(offered) = self.offered.take() {
			self.waited = self.waited.saturating_add(offered.elapsed());
		}
		self.waited > PATIENCE
	}
}

impl HttpBody for Metered {
	type Data = Bytes;
	type Error = BodyError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
		if self.is_late() {
			// The connection to the server ends with its body.
			self.body = Body::empty();
			self.is_over = true;
			return Poll::Ready(Some(Err(BodyError::Timeout)));
		}
		while !self.is_over {
			let passed = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
				Some(Ok(frame)) => match frame.into_data() {
					Ok(data) => self.push(data),
					// Trailers.
					Err(_) => continue,
				},
				Some(Err(error)) => {
					self.is_over = true;
					self.meter.end(End::Lost, 0);
					return Poll::Ready(Some(Err(error)));
				},
				None => {
					self.is_over = true;
					self.finish()
				},
			};
			if !passed.is_empty() {
				self.offered = Some(Instant::now());
				return Poll::Ready(Some(Ok(Frame::data(passed))));
			}
		}
		Poll::Ready(None)
	}

	fn is_end_stream(&self) -> bool {
		self.is_over
	}
}
