// SPDX-License-Identifier: Apache-2.0

//! Server-sent events of an agent.

use super::ClientError;
use bytes::BytesMut;
use http_body_util::BodyExt;
use surety_gateway::{
	front::{Body, BodyError},
	upstream::UpstreamError,
};

/// Longest event in bytes.
const MAX_EVENT: usize = 256 * 1024;

/// Event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Event {
	/// Id, empty without one.
	pub id: String,
	/// Kind.
	pub event: String,
	/// Data.
	pub data: String,
}

/// Reader of events.
pub struct Events {
	body: Body,
	buffer: BytesMut,
	/// Bytes of the buffer that have no end of an event.
	seen: usize,
}

impl Events {
	/// Reader of a body.
	pub fn new(body: Body) -> Self {
		Self { body, buffer: BytesMut::new(), seen: 0 }
	}

	/// Next event; `None` at the end. Signs of life are left out.
	pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
		loop {
			let from = self.seen.saturating_sub(1);
			let rest = self.buffer.get(from..).unwrap_or_default();
			if let Some(end) = rest.windows(2).position(|pair| pair == b"\n\n") {
				let block = self.buffer.split_to(from.saturating_add(end).saturating_add(2));
				self.seen = 0;
				if let Some(event) = parse(&String::from_utf8_lossy(&block)) {
					return Ok(Some(event));
				}
				continue;
			}
			self.seen = self.buffer.len();
			if self.buffer.len() > MAX_EVENT {
				return Err(ClientError::Malformed("an event that is too long"));
			}
			match self.body.frame().await {
				None => return Ok(None),
				Some(Ok(frame)) => {
					self.buffer.extend_from_slice(&frame.into_data().unwrap_or_default());
				},
				Some(Err(BodyError::Timeout)) => {
					return Err(UpstreamError::Timeout { sent: true }.into());
				},
				Some(Err(_)) => return Err(UpstreamError::Closed { sent: true }.into()),
			}
		}
	}
}

fn parse(block: &str) -> Option<Event> {
	let mut event = Event::default();
	for line in block.lines() {
		let (name, value) = line.split_once(':').unwrap_or((line, ""));
		let value = value.strip_prefix(' ').unwrap_or(value);
		match name {
			"id" => event.id = value.to_owned(),
			"event" => event.event = value.to_owned(),
			"data" => event.data.push_str(value),
			_ => {},
		}
	}
	(!event.event.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::{StreamExt, stream};
	use http_body_util::StreamBody;
	use hyper::body::Frame;
	use std::convert::Infallible;

	#[tokio::test]
	async fn events_are_read_wherever_they_are_cut() {
		let text = ": hello\n\nid: 1\nevent: log\ndata: {\"a\":1}\n\nevent: end\ndata: x\n\n: cut";
		for size in 1..text.len() {
			let parts: Vec<_> = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
			let frames =
				stream::iter(parts).map(|part| Ok::<_, Infallible>(Frame::data(part.into())));
			let mut events = Events::new(Body::new(StreamBody::new(frames)));
			let first = events.next().await.unwrap().unwrap();
			assert_eq!((&*first.id, &*first.event, &*first.data), ("1", "log", "{\"a\":1}"));
			assert_eq!(events.next().await.unwrap().unwrap().event, "end");
			assert_eq!(events.next().await.unwrap(), None);
		}
	}

	#[tokio::test]
	async fn an_event_without_end_is_refused() {
		let frames =
			stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(vec![b'x'; 1_000].into())));
		let mut events = Events::new(Body::new(StreamBody::new(frames)));
		assert!(matches!(events.next().await, Err(ClientError::Malformed(_))));
	}
}
