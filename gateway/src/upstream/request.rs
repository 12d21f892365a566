// SPDX-License-Identifier: Apache-2.0

//! Bytes of a request.

use super::{
	Endpoint, UpstreamError,
	head::{HOP_BY_HOP, remove_named},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, header};

/// Maximum number of bytes of all headers of a request.
const MAX_HEADERS: usize = 64 * 1024;
/// Largest body that is copied behind its head, so that one write sends both.
const MAX_COPIED: usize = 32 * 1024;

/// Write a request into a buffer, which is emptied first. Returns the body that has to be sent
/// after it.
///
/// Errors: [`UpstreamError::Request`].
pub fn write(
	buffer: &mut Vec<u8>,
	endpoint: &Endpoint,
	request: &Request<Bytes>,
) -> Result<Bytes, UpstreamError> {
	let method = request.method();
	if method == Method::CONNECT {
		return Err(UpstreamError::Request("CONNECT"));
	}
	let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
	let (own, rest) = endpoint.target(path);
	if own.is_empty() && !rest.starts_with('/') {
		// `OPTIONS *` is about the server, not about the service.
		return Err(UpstreamError::Request("target without a path"));
	}
	buffer.clear();
	for part in [method.as_str(), " ", own, rest, " HTTP/1.1\r\nhost: "] {
		buffer.extend_from_slice(part.as_bytes());
	}
	buffer.extend_from_slice(endpoint.authority().as_bytes());
	buffer.extend_from_slice(b"\r\n");
	let named = request.headers().get(header::CONNECTION).is_some();
	for (name, value) in request.headers() {
		if is_own(name) || (named && is_named(name, request.headers())) {
			continue;
		}
		buffer.extend_from_slice(name.as_str().as_bytes());
		buffer.extend_from_slice(b": ");
		buffer.extend_from_slice(value.as_bytes());
		buffer.extend_from_slice(b"\r\n");
		if buffer.len() > MAX_HEADERS {
			return Err(UpstreamError::Request("too many headers"));
		}
	}
	let body = request.body();
	let expects_body =
		*method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
	if expects_body || !body.is_empty() {
		buffer.extend_from_slice(b"content-length: ");
		push_number(buffer, body.len());
		buffer.extend_from_slice(b"\r\n");
	}
	buffer.extend_from_slice(b"\r\n");
	if body.len() <= MAX_COPIED {
		buffer.extend_from_slice(body);
		return Ok(Bytes::new());
	}
	Ok(body.clone())
}

/// True for headers that belong to the connection or are written here.
pub fn is_own(name: &HeaderName) -> bool {
	const WRITTEN: [HeaderName; 4] = [
		header::HOST,
		header::CONTENT_LENGTH,
		header::EXPECT,
		HeaderName::from_static("proxy-connection"),
	];
	WRITTEN.contains(name) || HOP_BY_HOP.contains(name)
}

/// True if a `Connection` header names the header.
pub fn is_named(name: &HeaderName, headers: &HeaderMap) -> bool {
	headers.get_all(header::CONNECTION).iter().any(|value| {
		let mut names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
		names.any(|named| named.eq_ignore_ascii_case(name.as_str().as_bytes()))
	})
}

/// Take out what the sender's `Connection` header names, and that header. To be called before
/// headers are added: the sender could name those, such as a credential.
pub fn end_connection(headers: &mut HeaderMap) {
	let named: Vec<_> = headers.get_all(header::CONNECTION).iter().cloned().collect();
	named.iter().for_each(|value| remove_named(value.as_bytes(), headers));
	headers.remove(header::CONNECTION);
}

fn push_number(buffer: &mut Vec<u8>, number: usize) {
	use std::io::Write;
	// A vector takes all bytes.
	let _ = write!(buffer, "{number}");
}

#[cfg(test)]
mod tests {
	use super::*;

	fn written(url: &str, request: Request<Bytes>) -> Result<String, UpstreamError> {
		let mut buffer = b"old".to_vec();
		let rest = write(&mut buffer, &url.parse().unwrap(), &request)?;
		buffer.extend_from_slice(&rest);
		Ok(String::from_utf8(buffer).unwrap())
	}

	#[test]
	fn a_request_is_written_with_our_own_host_and_length() {
		let request = Request::post("/x?y")
			.header("host", "evil.org")
			.header("content-length", "999")
			.header("transfer-encoding", "chunked")
			.header("expect", "100-continue")
			.header("x-kept", "a")
			.body(Bytes::from("{}"))
			.unwrap();
		assert_eq!(
			written("http://a.org:81/rpc", request).unwrap(),
			"POST /rpc/x?y HTTP/1.1\r\nhost: a.org:81\r\nx-kept: a\r\ncontent-length: 2\r\n\r\n{}"
		);
	}

	#[test]
	fn headers_that_the_connection_names_stay_here() {
		let request = Request::get("/")
			.header("connection", "close, X-Secret")
			.header("x-secret", "1")
			.header("upgrade", "websocket")
			.body(Bytes::new())
			.unwrap();
		let sent = written("http://a.org", request).unwrap();
		assert_eq!(sent, "GET / HTTP/1.1\r\nhost: a.org\r\n\r\n");
	}

	#[test]
	fn a_large_body_is_not_copied() {
		let body = Bytes::from(vec![b'x'; 100_000]);
		let request = Request::put("/").body(body.clone()).unwrap();
		let mut buffer = Vec::new();
		let rest = write(&mut buffer, &"http://a.org".parse().unwrap(), &request).unwrap();
		assert_eq!(rest.as_ptr(), body.as_ptr());
		assert!(buffer.ends_with(b"content-length: 100000\r\n\r\n"));
	}

	#[test]
	fn what_is_no_request_to_a_service_is_refused() {
		let connect = Request::builder().method("CONNECT").uri("a.org:1").body(Bytes::new());
		assert!(matches!(
			written("http://a.org", connect.unwrap()),
			Err(UpstreamError::Request(_))
		));
		let star = Request::options("*").body(Bytes::new()).unwrap();
		assert!(matches!(written("http://a.org", star), Err(UpstreamError::Request(_))));
		let mut many = Request::get("/").body(Bytes::new()).unwrap();
		for _ in 0..100 {
			many.headers_mut().append("x", "y".repeat(1_000).parse().unwrap());
		}
		assert!(matches!(written("http://a.org", many), Err(UpstreamError::Request(_))));
	}
}
