// SPDX-License-Identifier: Apache-2.0

//! Bodies of responses, and the bounded reading of bodies of requests.

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
	error::Error,
	fmt,
	future::poll_fn,
	pin::Pin,
	task::{Context, Poll},
	time::Duration,
};

/// Body of a response.
///
/// A complete answer is stored without an allocation of its own. A stream does not have to be
/// `Send`: each connection stays on its worker.
#[derive(Default)]
pub struct Body(Inner);

#[derive(Default)]
enum Inner {
	#[default]
	Empty,
	Full(Bytes),
	Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = BodyError>>>),
}

impl Body {
	/// Body without bytes.
	pub fn empty() -> Self {
		Self(Inner::Empty)
	}

	/// Body that is produced while it is sent.
	pub fn new<B>(body: B) -> Self
	where
		B: HttpBody<Data = Bytes> + 'static,
		B::Error: Into<Box<dyn Error + Send + Sync>>,
	{
		Self(Inner::Stream(Box::pin(body.map_err(|error| BodyError::Failed(error.into())))))
	}

	/// The bytes, if all of them are here already.
	pub fn as_full(&self) -> Option<&Bytes> {
		match &self.0 {
			Inner::Full(bytes) => Some(bytes),
			_ => None,
		}
	}
}

impl From<Bytes> for Body {
	fn from(bytes: Bytes) -> Self {
		if bytes.is_empty() { Self::empty() } else { Self(Inner::Full(bytes)) }
	}
}

impl From<Vec<u8>> for Body {
	fn from(bytes: Vec<u8>) -> Self {
		Bytes::from(bytes).into()
	}
}

impl From<String> for Body {
	fn from(text: String) -> Self {
		Bytes::from(text).into()
	}
}

impl From<&'static str> for Body {
	fn from(text: &'static str) -> Self {
		Bytes::from_static(text.as_bytes()).into()
	}
}

/// Response with a body in JSON.
pub fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
	let mut response = Response::new(body.into());
	*response.status_mut() = status;
	let kind = HeaderValue::from_static("application/json");
	response.headers_mut().insert(header::CONTENT_TYPE, kind);
	response
}

impl HttpBody for Body {
	type Data = Bytes;
	type Error = BodyError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
		if let Inner::Stream(body) = &mut self.0 {
			return body.as_mut().poll_frame(cx);
		}
		match std::mem::take(&mut self.0) {
			Inner::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
			_ => Poll::Ready(None),
		}
	}

	fn is_end_stream(&self) -> bool {
		match &self.0 {
			Inner::Empty => true,
			Inner::Full(_) => false,
			Inner::Stream(body) => body.is_end_stream(),
		}
	}

	fn size_hint(&self) -> SizeHint {
		match &self.0 {
			Inner::Empty => SizeHint::with_exact(0),
			Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
			Inner::Stream(body) => body.size_hint(),
		}
	}
}

impl fmt::Debug for Body {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match &self.0 {
			Inner::Empty => f.write_str("Empty"),
			Inner::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
			Inner::Stream(_) => f.write_str("Stream"),
		}
	}
}

/// Reason why a body ended early.
#[derive(Debug)]
pub enum BodyError {
	/// More bytes than allowed: status 413.
	TooLarge,
	/// The sender was too slow: status 408.
	Timeout,
	/// The sender closed the connection or broke the framing.
	Failed(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for BodyError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLarge => f.write_str("the body is too large"),
			Self::Timeout => f.write_str("the body came too slowly"),
			Self::Failed(error) => write!(f, "the body broke off: {error}"),
		}
	}
}

impl Error for BodyError {
	fn source(&self) -> Option<&(dyn Error + 'static)> {
		match self {
			Self::Failed(error) => Some(error.as_ref()),
			_ => None,
		}
	}
}

/// Read a body to its end.
///
/// - `limit`: maximum number of bytes.
/// - `timeout`: maximum time for the whole body. No timer is started if all of it is here.
///
/// Errors: [`BodyError::TooLarge`] before any byte is read if the announced length is above the
/// limit, [`BodyError::Timeout`], [`BodyError::Failed`].
pub async fn read_body<B>(mut body: B, limit: usize, timeout: Duration) -> Result<Bytes, BodyError>
where
	B: HttpBody<Data = Bytes> + Unpin,
	B::Error: Into<Box<dyn Error + Send + Sync>>,
{
	if body.size_hint().lower() > limit as u64 {
		return Err(BodyError::TooLarge);
	}
	let mut read = Reader { body: &mut body, limit, first: None, rest: None };
	let early = poll_fn(|cx| match read.poll(cx) {
		Poll::Ready(done) => Poll::Ready(Some(done)),
		Poll::Pending => Poll::Ready(None),
	});
	match early.await {
		Some(done) => done,
		None => tokio::time::timeout(timeout, poll_fn(|cx| read.poll(cx)))
			.await
			.unwrap_or(Err(BodyError::Timeout)),
	}
}

/// Collects frames. One frame is returned without a copy.
struct Reader<'a, B> {
	body: &'a mut B,
	limit: usize,
	first: Option<Bytes>,
	rest: Option<BytesMut>,
}

impl<B> Reader<'_, B>
where
	B: HttpBody<Data = Bytes> + Unpin,
	B::Error: Into<Box<dyn Error + Send + Sync>>,
{
	fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, BodyError>> {
		loop {
			let Some(frame) = std::task::ready!(Pin::new(&mut *self.body).poll_frame(cx)) else {
				let rest = self.rest.take().map(BytesMut::freeze);
				return Poll::Ready(Ok(rest.or(self.first.take()).unwrap_or_default()));
			};
			match frame.map(Frame::into_data) {
				Ok(Ok(data)) => {
					if let Err(error) = self.add(data) {
						return Poll::Ready(Err(error));
					}
				},
				// Trailers.
				Ok(Err(_)) => {},
				Err(error) => return Poll::Ready(Err(BodyError::Failed(error.into()))),
			}
		}
	}

	fn add(&mut self, data: Bytes) -> Result<(), BodyError> {
		let so_far = match (&self.rest, &self.first) {
			(Some(rest), _) => rest.len(),
			(None, Some(first)) => first.len(),
			(None, None) => 0,
		};
		let total = so_far.saturating_add(data.len());
		if total > self.limit {
			return Err(BodyError::TooLarge);
		}
		match (&mut self.rest, self.first.take()) {
			(Some(rest), _) => rest.extend_from_slice(&data),
			(None, None) => self.first = Some(data),
			(None, Some(first)) => {
				// The announced rest, but never more than a step at a time on trust.
				let expected = usize::try_from(self.body.size_hint().lower()).unwrap_or(usize::MAX);
				let room = total.saturating_add(expected.min(STEP)).min(self.limit);
				let mut rest = BytesMut::with_capacity(room);
				rest.extend_from_slice(&first);
				rest.extend_from_slice(&data);
				self.rest = Some(rest);
			},
		}
		Ok(())
	}
}

/// Bytes reserved for a body on the word of its sender.
const STEP: usize = 256 * 1024;

#[cfg(test)]
mod tests {
	use super::*;
	use futures::stream;
	use http_body_util::StreamBody;
	use std::convert::Infallible;

	fn frames(parts: &[&'static str]) -> impl HttpBody<Data = Bytes, Error = Infallible> + Unpin {
		let parts: Vec<_> = parts.iter().map(|part| Ok(Frame::data(Bytes::from(*part)))).collect();
		StreamBody::new(stream::iter(parts))
	}

	const LONG: Duration = Duration::from_secs(5);

	#[tokio::test]
	async fn frames_are_joined_up_to_the_limit() {
		for parts in [&[][..], &["abc"], &["a", "b", "c"], &["", "ab", "", "c"]] {
			let whole: String = parts.concat();
			let read = read_body(frames(parts), 3, LONG).await.unwrap();
			assert_eq!(read, whole);
		}
		for parts in [&["abcd"][..], &["ab", "cd"]] {
			let refused = read_body(frames(parts), 3, LONG).await.unwrap_err();
			assert!(matches!(refused, BodyError::TooLarge), "{refused}");
		}
	}

	#[tokio::test]
	async fn an_announced_length_above_the_limit_is_refused_unread() {
		let refused = read_body(Body::from("abcd"), 3, LONG).await.unwrap_err();
		assert!(matches!(refused, BodyError::TooLarge));
	}

	#[tokio::test]
	async fn a_sender_that_stops_is_a_timeout() {
		let stalled = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
		let brief = Duration::from_millis(20);
		let refused = read_body(stalled, 3, brief).await.unwrap_err();
		assert!(matches!(refused, BodyError::Timeout));
	}

	#[tokio::test]
	async fn an_error_of_the_sender_is_passed_on() {
		let broken = StreamBody::new(stream::iter([
			Ok(Frame::data(Bytes::from("a"))),
			Err(std::io::Error::other("gone")),
		]));
		let refused = read_body(broken, 9, LONG).await.unwrap_err();
		assert_eq!(refused.to_string(), "the body broke off: gone");
	}

	#[tokio::test]
	async fn a_body_reports_its_length() {
		assert!(Body::empty().is_end_stream());
		assert!(Body::from("").is_end_stream());
		assert_eq!(Body::from("abc").size_hint().exact(), Some(3));
		assert_eq!(Body::from(String::from("abc")).as_full().unwrap(), "abc");
		let stream = Body::new(frames(&["a", "b"]));
		assert!(stream.as_full().is_none());
		assert_eq!(stream.collect().await.unwrap().to_bytes(), "ab");
	}
}
