// SPDX-License-Identifier: Apache-2.0

//! Opening handshake on an HTTP/1.1 request.

use super::WebSocketSettings;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{handshake::derive_accept_key, protocol::Role},
};

/// Characters of 16 bytes in base64.
const KEY_LENGTH: usize = 24;

/// Reason to refuse a handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandshakeError {
	/// The request is no `GET` over HTTP/1.1.
	Request,
	/// The header `Connection` does not say `Upgrade`.
	Connection,
	/// A version of the protocol other than 13.
	Version,
	/// The key is missing or malformed.
	Key,
}

impl HandshakeError {
	/// Response of the refusal.
	pub fn response<B: Default>(&self) -> Response<B> {
		let mut response = Response::new(B::default());
		*response.status_mut() = match self {
			Self::Version => StatusCode::UPGRADE_REQUIRED,
			Self::Request | Self::Connection | Self::Key => StatusCode::BAD_REQUEST,
		};
		let version = HeaderValue::from_static("13");
		response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
		response
	}
}

impl core::fmt::Display for HandshakeError {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.write_str(match self {
			Self::Request => "a WebSocket begins with GET over HTTP/1.1",
			Self::Connection => "the header Connection must name Upgrade",
			Self::Version => "the version of WebSocket must be 13",
			Self::Key => "the header Sec-WebSocket-Key must have 16 bytes in base64",
		})
	}
}

impl std::error::Error for HandshakeError {}

/// True if a request asks for a WebSocket.
pub fn is_upgrade<B>(request: &Request<B>) -> bool {
	names(request.headers(), header::UPGRADE, "websocket")
}

/// Answers a handshake: the response, and the connection that follows it.
///
/// Errors: [`HandshakeError`], which has a response of its own.
pub fn accept<I, B: Default>(
	request: &mut Request<I>,
) -> Result<(Response<B>, OnUpgrade), HandshakeError> {
	if request.method() != Method::GET || request.version() != Version::HTTP_11 {
		return Err(HandshakeError::Request);
	}
	let headers = request.headers();
	if !names(headers, header::CONNECTION, "upgrade") {
		return Err(HandshakeError::Connection);
	}
	if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
		return Err(HandshakeError::Version);
	}
	let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
	let (Some(key), None) = (keys.next(), keys.next()) else { return Err(HandshakeError::Key) };
	let key = key.as_bytes();
	let valid = key.len() == KEY_LENGTH
		&& key.ends_with(b"==")
		&& key.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
	if !valid {
		return Err(HandshakeError::Key);
	}
	let accepted =
		HeaderValue::from_str(&derive_accept_key(key)).map_err(|_| HandshakeError::Key)?;
	let mut response = Response::new(B::default());
	*response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
	let headers = response.headers_mut();
	headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
	headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
	headers.insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
	Ok((response, hyper::upgrade::on(request)))
}

/// The connection after the response of [`accept`] was sent. To be awaited in a task of its own.
///
/// Errors: the client went away.
pub async fn open(
	upgrade: OnUpgrade,
	settings: &WebSocketSettings,
) -> Result<WebSocketStream<TokioIo<Upgraded>>, hyper::Error> {
	let io = TokioIo::new(upgrade.await?);
	Ok(WebSocketStream::from_raw_socket(io, Role::Server, Some(settings.config())).await)
}

fn names(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
	headers
		.get_all(name)
		.iter()
		.filter_map(|value| value.to_str().ok())
		.flat_map(|value| value.split(','))
		.any(|part| part.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn request() -> http::request::Builder {
		Request::get("/ethereum")
			.header("connection", "keep-alive, Upgrade")
			.header("upgrade", "websocket")
			.header("sec-websocket-version", "13")
	}

	#[test]
	fn a_handshake_of_the_specification_is_accepted() {
		let mut request =
			request().header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").body(()).unwrap();
		assert!(is_upgrade(&request));
		let (response, _) = accept::<_, ()>(&mut request).unwrap();
		assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
		assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	}

	#[test]
	fn other_handshakes_are_refused() {
		let key = "dGhlIHNhbXBsZSBub25jZQ==";
		let refused = |builder: http::request::Builder| {
			accept::<_, ()>(&mut builder.body(()).unwrap()).unwrap_err()
		};
		assert_eq!(refused(request()), HandshakeError::Key);
		assert_eq!(refused(request().header("sec-websocket-key", "short==")), HandshakeError::Key);
		let twice = request().header("sec-websocket-key", key).header("sec-websocket-key", key);
		assert_eq!(refused(twice), HandshakeError::Key);
		let post = request().method("POST").header("sec-websocket-key", key);
		assert_eq!(refused(post), HandshakeError::Request);
		let old = Request::get("/")
			.header("connection", "upgrade")
			.header("upgrade", "websocket")
			.header("sec-websocket-version", "8");
		assert_eq!(refused(old), HandshakeError::Version);
		assert_eq!(HandshakeError::Version.response::<()>().status(), StatusCode::UPGRADE_REQUIRED);
	}
}
