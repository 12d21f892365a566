// SPDX-License-Identifier: Apache-2.0

//! Logs as server-sent events.
//!
//! | parameter | meaning |
//! |---|---|
//! | `follow` | wait for more |
//! | `tail` | number of last lines, or `all` |
//! | `since` | seconds since 1970 from which on |
//!
//! ```text
//! id: 2026-11-29T19:27:35Z
//! event: log
//! data: {"stream":"stdout","time":"2026-11-29T19:27:35Z","text":"a line\n"}
//!
//! event: end
//! data: {"reason":"exited"}
//! ```
//!
//! A client that was cut sends the last id as `Last-Event-ID`: lines from its second on are sent
//! again, since engines know no finer times.

use super::{
	Admitted, Refusal, Tenants, gates::Entered, of_kind, query, stopped, time::unix_seconds, within,
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::StreamBody;
use hyper::body::{Frame, Incoming};
use serde::Serialize;
use std::{convert::Infallible, sync::Arc, time::Duration};
use surety_engine::{EngineError, LeaseId, LogChunk, LogQuery, LogStream};
use surety_gateway::front::Body;
use surety_orders::access::Right;
use tokio::{
	sync::watch,
	time::{Instant, sleep, sleep_until},
};

/// Longest text of an event in bytes; a longer line comes in several.
const MAX_TEXT: usize = 16 << 10;
/// Events that are sent together, in bytes.
const BATCH: usize = 64 << 10;
/// Bytes of a stream that are sent as fast as the client reads, and bytes in a second after that.
const BURST: u64 = 16 << 20;
const PER_SECOND: u64 = 4 << 20;
/// Longest time of a stream. The client asks again with a fresh token.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Time between two signs of life, and two looks at the right.
const TICK: Duration =
	if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(10) };
/// Longest time until an engine begins a log.
const BEGIN: Duration = Duration::from_secs(30);

/// Read the query of a request.
fn query_of(request: &Request<Incoming>) -> Result<LogQuery, Refusal> {
	let mut wanted = LogQuery { timestamps: true, ..LogQuery::default() };
	for (name, value) in query::parse(request.uri().query())? {
		match name.as_str() {
			"follow" => wanted.follow = query::switch(&name, &value)?,
			"tail" if value == "all" => wanted.tail = None,
			"tail" => wanted.tail = Some(query::number(&name, &value)?),
			"since" => wanted.since = Some(query::number(&name, &value)?),
			_ => return Err(query::unknown(&name, "follow, tail and since")),
		}
	}
	if let Some(last) = request.headers().get("last-event-id") {
		let seconds = last.to_str().ok().and_then(unix_seconds);
		let seconds = seconds.ok_or_else(|| Refusal::Query("Last-Event-ID is no time".into()))?;
		(wanted.since, wanted.tail) = (Some(seconds), None);
	}
	Ok(wanted)
}

impl Tenants {
	pub(super) async fn logs(
		self: &Arc<Self>,
		request: Request<Incoming>,
		admitted: Admitted,
		entered: Entered<(LeaseId, Right)>,
		stop: watch::Receiver<bool>,
	) -> Result<Response<Body>, Refusal> {
		let wanted = query_of(&request)?;
		let log = within(BEGIN, self.access.logs(admitted.lease, wanted)).await?;
		let began = Instant::now();
		let feed = Feed {
			tenants: self.clone(),
			admitted,
			_entered: entered,
			log,
			entry: Entry::default(),
			began,
			checked: began,
			sent: 0,
			stop,
		};
		let frames = stream::unfold(Some(feed), |feed| async move {
			let mut feed = feed?;
			let (text, goes_on) = feed.next().await;
			let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(text)));
			Some((frame, goes_on.then_some(feed)))
		});
		let body = Body::new(StreamBody::new(frames));
		let mut response = of_kind(StatusCode::OK, "text/event-stream", body);
		// Proxies must not wait for the end.
		response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
		response.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization"));
		Ok(response)
	}
}

/// Reason of the end of a stream.
#[derive(Clone, Copy)]
enum End {
	/// The log is over: the application has exited, or it was not followed.
	Log,
	/// The tenant has no right to it any longer.
	Right,
	/// The stream is an hour old.
	Time,
	/// The engine failed.
	Engine,
	/// The agent ends.
	Agent,
}

impl End {
	fn event(self) -> &'static str {
		match self {
			Self::Log => "event: end\ndata: {\"reason\":\"end\"}\n\n",
			Self::Right => "event: end\ndata: {\"reason\":\"right\"}\n\n",
			Self::Time => "event: end\ndata: {\"reason\":\"time\"}\n\n",
			Self::Engine => "event: end\ndata: {\"reason\":\"engine\"}\n\n",
			Self::Agent => "event: end\ndata: {\"reason\":\"agent\"}\n\n",
		}
	}
}

struct Feed {
	tenants: Arc<Tenants>,
	admitted: Admitted,
	_entered: Entered<(LeaseId, Right)>,
	log: LogStream,
	entry: Entry,
	began: Instant,
	/// Last look at the right.
	checked: Instant,
	sent: u64,
	stop: watch::Receiver<bool>,
}

impl Feed {
	/// Next events, and true if more may come.
	async fn next(&mut self) -> (String, bool) {
		self.pace().await;
		// A log that is never silent ends with the right too.
		if self.checked.elapsed() > TICK && !self.still().await {
			return (End::Right.event().to_owned(), false);
		}
		let until = self.began.checked_add(LONGEST).unwrap_or(self.began);
		let mut text = String::new();
		let end = loop {
			tokio::select! {
				biased;
				() = stopped(&mut self.stop) => break Some(End::Agent),
				() = sleep_until(until) => break Some(End::Time),
				chunk = self.log.next() => {
					let end = self.take(chunk, &mut text);
					if end.is_some() || !text.is_empty() {
						break end;
					}
				},
				() = sleep(TICK) => {
					if !self.still().await {
						break Some(End::Right);
					}
					text.push_str(": the log is silent\n\n");
					break None;
				},
			}
		};
		let mut end = end;
		while end.is_none() && text.len() < BATCH {
			let Some(chunk) = self.log.next().now_or_never() else { break };
			end = self.take(chunk, &mut text);
		}
		if let Some(end) = end {
			self.entry.flush(&mut text);
			text.push_str(end.event());
		}
		let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
		self.sent = self.sent.saturating_add(bytes);
		(text, end.is_none())
	}

	/// True if the tenant still has the right.
	async fn still(&mut self) -> bool {
		self.checked = Instant::now();
		self.tenants.admission.still(&self.admitted).await.is_ok()
	}

	fn take(
		&mut self,
		chunk: Option<Result<LogChunk, EngineError>>,
		text: &mut String,
	) -> Option<End> {
		match chunk {
			None => Some(End::Log),
			Some(Ok(chunk)) => {
				self.entry.add(&chunk, text);
				None
			},
			Some(Err(error)) => {
				tracing::debug!(lease = self.admitted.lease, %error, "a log broke off");
				Some(End::Engine)
			},
		}
	}

	/// An application that writes without end must not fill the line of the host.
	async fn pace(&mut self) {
		let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
		let earned = passed.saturating_mul(PER_SECOND).checked_div(1_000).unwrap_or(0);
		let above = self.sent.saturating_sub(BURST.saturating_add(earned));
		let wait = above.saturating_mul(1_000).checked_div(PER_SECOND).unwrap_or(0);
		if wait > 0 {
			sleep(Duration::from_millis(wait)).await;
		}
	}
}

/// Entry of a log that is being read.
#[derive(Default)]
struct Entry {
	bytes: Vec<u8>,
	stderr: bool,
	/// The time of the entry is in front of the bytes.
	is_new: bool,
	time: String,
}

#[derive(Serialize)]
struct Event<'a> {
	stream: &'a str,
	time: &'a str,
	text: &'a str,
}

impl Entry {
	fn add(&mut self, chunk: &LogChunk, out: &mut String) {
		if chunk.begins {
			self.flush(out);
			(self.stderr, self.is_new) = (chunk.stderr, true);
		}
		for part in chunk.bytes.chunks(MAX_TEXT) {
			self.bytes.extend_from_slice(part);
			if self.bytes.len() >= MAX_TEXT {
				self.flush(out);
			}
		}
		if chunk.ends {
			self.flush(out);
		}
	}

	/// Write what there is as an event.
	fn flush(&mut self, out: &mut String) {
		let bytes = std::mem::take(&mut self.bytes);
		if bytes.is_empty() {
			return;
		}
		let text = String::from_utf8_lossy(&bytes);
		let mut text = &*text;
		if std::mem::take(&mut self.is_new)
			&& let Some((time, rest)) = text.split_once(' ')
			&& unix_seconds(time).is_some()
		{
			self.time = time.to_owned();
			text = rest;
		}
		let stream = if self.stderr { "stderr" } else { "stdout" };
		let event = Event { stream, time: &self.time, text };
		let json = serde_json::to_string(&event).unwrap_or_default();
		if !self.time.is_empty() {
			out.push_str(&format!("id: {}\n", self.time));
		}
		out.push_str(&format!("event: log\ndata: {json}\n\n"));
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn events(chunks: &[(bool, bool, &[u8])]) -> String {
		let (mut entry, mut out) = (Entry::default(), String::new());
		for (begins, ends, bytes) in chunks {
			let bytes = Bytes::copy_from_slice(bytes);
			let (begins, ends) = (*begins, *ends);
			entry.add(&LogChunk { stderr: false, begins, ends, bytes }, &mut out);
		}
		entry.flush(&mut out);
		out
	}

	#[test]
	fn entries_become_events_with_their_time() {
		let whole = events(&[(true, true, b"2026-11-29T19:27:35Z a line\r\n")]);
		let expected = "id: 2026-11-29T19:27:35Z\nevent: log\ndata: \
			{\"stream\":\"stdout\",\"time\":\"2026-11-29T19:27:35Z\",\"text\":\"a line\\r\\n\"}\n\n";
		assert_eq!(whole, expected);
		let cut = [(true, false, &b"2026-11-29T19"[..]), (false, true, b":27:35Z a line\r\n")];
		assert_eq!(events(&cut), expected);
		// Without a time, the text is as it is; and no text makes an event of its own.
		let forged = events(&[(true, true, b"no time\n\nevent: end\ndata: x\n")]);
		assert_eq!(forged.matches("\nevent:").count() + forged.matches("\n\n").count(), 1);
		assert!(events(&[(true, true, b"\xff\x00")]).contains("\u{fffd}\\u0000"));
	}

	#[test]
	fn a_line_without_end_comes_in_pieces() {
		let long = [b"2026-11-29T19:27:35Z ".as_slice(), &vec![b'z'; 100_000]].concat();
		let (mut entry, mut out) = (Entry::default(), String::new());
		for (at, part) in long.chunks(1_000).enumerate() {
			let bytes = Bytes::copy_from_slice(part);
			let chunk = LogChunk { stderr: true, begins: at == 0, ends: false, bytes };
			entry.add(&chunk, &mut out);
			assert!(entry.bytes.len() <= MAX_TEXT + 1_000);
		}
		entry.flush(&mut out);
		assert_eq!(out.matches("\"time\":\"2026-11-29T19:27:35Z\"").count(), 6);
		assert_eq!(out.matches('z').count(), 100_000);
	}
}
