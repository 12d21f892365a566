// SPDX-License-Identifier: Apache-2.0

//! Requests to the server behind the edge, and its answers.

use super::{Admission, credential::is_credential};
use crate::{
	front::{Body, BodyError, Peer},
	rpc::{Outcome, outcome},
	upstream::end_connection,
};
use bytes::Bytes;
use http::{
	HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request,
};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
	pin::Pin,
	task::{Context, Poll},
	time::{Duration, Instant},
};

/// Header that names the service which answered.
const SERVICE: HeaderName = HeaderName::from_static("x-surety-service");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Headers of a JSON-RPC request that the server gets; the others only cost time.
const CALL_HEADERS: [HeaderName; 2] =
	[HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];

/// JSON-RPC request to the server. It asks for no compression, since answers are inspected.
pub fn call(target: Uri, headers: &HeaderMap, body: Bytes) -> Request<Bytes> {
	let mut request = Request::new(body);
	*request.method_mut() = Method::POST;
	*request.uri_mut() = target;
	let json = HeaderValue::from_static("application/json");
	request.headers_mut().insert(header::CONTENT_TYPE, json);
	for name in CALL_HEADERS {
		if let Some(value) = headers.get(&name) {
			request.headers_mut().insert(name, value.clone());
		}
	}
	request
}

/// Any other request to the server, with the client's headers except for our credentials.
pub fn pass(target: Uri, mut parts: request::Parts, peer: Peer, body: Bytes) -> Request<Bytes> {
	end_connection(&mut parts.headers);
	let mut request = Request::new(body);
	*request.method_mut() = parts.method;
	*request.uri_mut() = target;
	let headers = request.headers_mut();
	for (name, value) in &parts.headers {
		if !is_credential(name, value) && *name != FORWARDED_FOR && *name != FORWARDED_PROTO {
			headers.append(name, value.clone());
		}
	}
	if let Ok(address) = HeaderValue::from_str(&peer.address.ip().to_string()) {
		headers.insert(FORWARDED_FOR, address);
	}
	let scheme = if peer.tls { "https" } else { "http" };
	headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
	request
}

/// Content of an answer that decides how it counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
	/// An object of JSON-RPC.
	Answer,
	/// An array of JSON-RPC, or an object if the batch was refused.
	Batch,
	/// Anything: notifications, and requests that are no JSON-RPC.
	Any,
}

/// True if an answer is one of the service: an error of the caller is, an error of the server and
/// nonsense are not.
///
/// - `body`: `None` if it is too long to be looked at.
pub fn is_answer(status: StatusCode, body: Option<&[u8]>, expected: Expected) -> bool {
	if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
		return false;
	}
	let Some(body) = body else { return true };
	match expected {
		Expected::Any => true,
		// Another status explains itself.
		_ if status != StatusCode::OK => true,
		Expected::Answer => outcome(body) != Outcome::Invalid,
		Expected::Batch => matches!(body.trim_ascii_start().first(), Some(b'[' | b'{')),
	}
}

/// Response to the client: the server's, and the name of the service.
pub fn respond(mut response: Response<Body>, admission: &Admission) -> Response<Body> {
	response.headers_mut().insert(SERVICE, HeaderValue::from(admission.service().id));
	response
}

/// Time for which a client may read an answer slowly, and bytes per second thereafter.
const SLOW_TIME: Duration = Duration::from_secs(30);
const LEAST_RATE: u64 = 16 * 1024;

/// Pace at which a client reads an answer.
pub struct Pace {
	begin: Instant,
	bytes: u64,
}

impl Pace {
	/// Pace of an answer that begins now.
	pub fn begin() -> Self {
		Self { begin: Instant::now(), bytes: 0 }
	}

	/// True if the client reads too slowly.
	fn is_late(&self, now: Instant) -> bool {
		let paid = Duration::from_secs(self.bytes.checked_div(LEAST_RATE).unwrap_or(0));
		now.saturating_duration_since(self.begin) > SLOW_TIME.saturating_add(paid)
	}
}

/// Body whose bytes are counted as they pass.
pub struct Counted {
	pub body: Body,
	pub admission: Admission,
	/// Of a JSON-RPC answer. Its connection to the server is in use until the last byte, and clients
	/// that read slowly would hold those that others need.
	pub pace: Option<Pace>,
}

impl HttpBody for Counted {
	type Data = Bytes;
	type Error = BodyError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
		if self.pace.as_ref().is_some_and(|pace| pace.is_late(Instant::now())) {
			self.body = Body::empty();
			return Poll::Ready(Some(Err(BodyError::Timeout)));
		}
		let frame = Pin::new(&mut self.body).poll_frame(cx);
		if let Poll::Ready(Some(Ok(frame))) = &frame
			&& let Some(data) = frame.data_ref()
		{
			let length = data.len() as u64;
			self.admission.streamed(length);
			if let Some(pace) = &mut self.pace {
				pace.bytes = pace.bytes.saturating_add(length);
			}
		}
		frame
	}

	fn is_end_stream(&self) -> bool {
		self.body.is_end_stream()
	}

	fn size_hint(&self) -> SizeHint {
		self.body.size_hint()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_client_that_reads_slowly_is_late_after_a_while() {
		let mut pace = Pace::begin();
		let after = |seconds| pace.begin + Duration::from_secs(seconds);
		assert!(!pace.is_late(after(30)) && pace.is_late(after(31)));
		let later = after(40);
		pace.bytes = 10 * LEAST_RATE;
		assert!(!pace.is_late(later) && pace.is_late(later + Duration::from_secs(1)));
	}

	#[test]
	fn faults_of_the_server_are_no_answers() {
		let ok = StatusCode::OK;
		let result = Some(&br#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#[..]);
		let revert = Some(&br#"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"r"}}"#[..]);
		assert!(is_answer(ok, result, Expected::Answer));
		assert!(is_answer(ok, revert, Expected::Answer));
		assert!(is_answer(ok, None, Expected::Answer));
		assert!(is_answer(StatusCode::BAD_REQUEST, Some(b"no"), Expected::Answer));
		assert!(is_answer(ok, Some(b" [ ]"), Expected::Batch));
		assert!(is_answer(StatusCode::NO_CONTENT, Some(b""), Expected::Any));
		assert!(!is_answer(ok, Some(b""), Expected::Answer));
		assert!(!is_answer(ok, Some(b"<html>"), Expected::Answer));
		assert!(!is_answer(ok, Some(b"<html>"), Expected::Batch));
		assert!(!is_answer(StatusCode::BAD_GATEWAY, result, Expected::Answer));
		assert!(!is_answer(StatusCode::TOO_MANY_REQUESTS, None, Expected::Any));
	}

	#[test]
	fn the_server_does_not_see_our_credentials() {
		let (parts, ()) = Request::get("/")
			.header("authorization", "Bearer srt1_x")
			.header("x-surety-token", "x")
			.header("x-surety-prober", "x")
			.header("x-forwarded-for", "6.6.6.6")
			.header("cookie", "a=b")
			.header("x-own", "1")
			.header("connection", "close, x-own, X-Forwarded-For")
			.body(())
			.unwrap()
			.into_parts();
		let peer = Peer { address: "1.2.3.4:5".parse().unwrap(), tls: true };
		let request = pass(Uri::from_static("/x"), parts, peer, Bytes::new());
		let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
		names.sort();
		assert_eq!(names, ["cookie", "x-forwarded-for", "x-forwarded-proto"]);
		assert_eq!(request.headers()["x-forwarded-for"], "1.2.3.4");
	}
}
