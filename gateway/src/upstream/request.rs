// SPDX-License-Identifier: Apache-2.0

//! Bytes of requests.

use super::{
	Endpoint, UpstreamError,
	head::{HOP_BY_HOP, remove_named},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};

/// Maximum number of bytes of all headers of a request.
const MAX_HEADERS: usize = 64 * 1024;
/// Largest body that is copied behind its head, so that one write sends both.
const MAX_COPIED: usize = 32 * 1024;

/// Request as it is sent.
pub trait Outgoing {
	/// Method.
	fn method(&self) -> &Method;

	/// Write the request into a buffer, which is emptied first. Returns the body that has to be
	/// sent after it.
	///
	/// Errors: [`UpstreamError::Request`].
	fn write(&self, buffer: &mut Vec<u8>, endpoint: &Endpoint) -> Result<Bytes, UpstreamError>;
}

/// JSON-RPC call: a `POST` to the endpoint's own path. It has no map of headers, which costs more
/// than all else of a request.
#[derive(Debug)]
pub struct Call<'a> {
	/// Headers that each request to the service has.
	pub headers: &'a [(HeaderName, HeaderValue)],
	/// Headers of this call.
	pub own: [(HeaderName, Option<&'a HeaderValue>); 2],
	/// JSON text.
	pub body: &'a Bytes,
}

impl Outgoing for Call<'_> {
	fn method(&self) -> &Method {
		&Method::POST
	}

	fn write(&self, buffer: &mut Vec<u8>, endpoint: &Endpoint) -> Result<Bytes, UpstreamError> {
		begin(buffer, "POST", endpoint, "/");
		buffer.extend_from_slice(b"content-type: application/json\r\n");
		let own = self.own.iter().filter_map(|(name, value)| Some((name, (*value)?)));
		let is_written = |name: &HeaderName| is_own(name) || *name == header::CONTENT_TYPE;
		let all = self.headers.iter().filter(|(name, _)| !is_written(name));
		for (name, value) in all.map(|(name, value)| (name, value)).chain(own) {
			push_header(buffer, name, value)?;
		}
		Ok(end(buffer, Some(self.body)))
	}
}

impl Outgoing for Request<Bytes> {
	fn method(&self) -> &Method {
		self.method()
	}

	fn write(&self, buffer: &mut Vec<u8>, endpoint: &Endpoint) -> Result<Bytes, UpstreamError> {
		write(buffer, endpoint, self)
	}
}

/// Write all up to the headers.
fn begin(buffer: &mut Vec<u8>, method: &str, endpoint: &Endpoint, path: &str) {
	let (own, rest) = endpoint.target(path);
	buffer.clear();
	for part in [method, " ", own, rest, " HTTP/1.1\r\nhost: "] {
		buffer.extend_from_slice(part.as_bytes());
	}
	buffer.extend_from_slice(endpoint.authority().as_bytes());
	buffer.extend_from_slice(b"\r\n");
}

fn push_header(
	buffer: &mut Vec<u8>,
	name: &HeaderName,
	value: &HeaderValue,
) -> Result<(), UpstreamError> {
	for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
		buffer.extend_from_slice(part);
	}
	if buffer.len() > MAX_HEADERS {
		return Err(UpstreamError::Request("too many headers"));
	}
	Ok(())
}

/// Write all after the headers. Returns a body that is too large to be copied.
fn end(buffer: &mut Vec<u8>, body: Option<&Bytes>) -> Bytes {
	if let Some(body) = body {
		buffer.extend_from_slice(b"content-length: ");
		push_number(buffer, body.len());
		buffer.extend_from_slice(b"\r\n");
	}
	buffer.extend_from_slice(b"\r\n");
	match body {
		Some(body) if body.len() > MAX_COPIED => return body.clone(),
		Some(body) => buffer.extend_from_slice(body),
		None => {},
	}
	Bytes::new()
}

fn write(
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
	begin(buffer, method.as_str(), endpoint, path);
	let named = request.headers().get(header::CONNECTION).is_some();
	for (name, value) in request.headers() {
		if is_own(name) || (named && is_named(name, request.headers())) {
			continue;
		}
		push_header(buffer, name, value)?;
	}
	let body = request.body();
	let expects_body =
		*method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
	Ok(end(buffer, (expects_body || !body.is_empty()).then_some(body)))
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
	fn a_call_is_a_post_to_the_path_of_the_endpoint() {
		let value = HeaderValue::from_static("1");
		let headers = [("x-key", &value), ("host", &value)]
			.map(|(name, value)| (HeaderName::from_static(name), value.clone()));
		let own = [("x-token", Some(&value)), ("traceparent", None)]
			.map(|(name, value)| (HeaderName::from_static(name), value));
		let call = Call { headers: &headers, own, body: &Bytes::from_static(b"{}") };
		let mut buffer = b"old".to_vec();
		let rest = call.write(&mut buffer, &"http://a.org/rpc".parse().unwrap()).unwrap();
		assert_eq!(
			(String::from_utf8(buffer).unwrap().as_str(), rest),
			(
				"POST /rpc HTTP/1.1\r\nhost: a.org\r\ncontent-type: application/json\r\n\
				 x-key: 1\r\nx-token: 1\r\ncontent-length: 2\r\n\r\n{}",
				Bytes::new()
			)
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
