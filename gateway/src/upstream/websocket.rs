// SPDX-License-Identifier: Apache-2.0

//! WebSocket connections to endpoints.

use super::{Connector, Malformed, Scheme, Stream, UpstreamError, request};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use std::time::Duration;
use tokio_tungstenite::{
	WebSocketStream, client_async_with_config,
	tungstenite::{Error, handshake::client::generate_key, protocol::WebSocketConfig},
};

/// Limits of a WebSocket connection.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketLimits {
	/// Bytes of a message that is received.
	pub max_message: usize,
	/// Bytes of a frame that is received.
	pub max_frame: usize,
	/// Bytes that wait to be sent. A message that does not fit is refused.
	pub max_unsent: usize,
}

impl Default for WebSocketLimits {
	fn default() -> Self {
		Self { max_message: 16 << 20, max_frame: 16 << 20, max_unsent: 4 << 20 }
	}
}

impl WebSocketLimits {
	/// The limits as the protocol implementation takes them.
	pub fn config(&self) -> WebSocketConfig {
		WebSocketConfig::default()
			.read_buffer_size(8 * 1024)
			.write_buffer_size(0)
			.max_write_buffer_size(self.max_unsent.max(1))
			.max_message_size(Some(self.max_message))
			.max_frame_size(Some(self.max_frame))
	}
}

/// Open a WebSocket connection.
///
/// - `path_and_query`: target below the path of the endpoint.
/// - `headers`: added to the handshake, except for those of the connection.
/// - `timeout`: maximum time for connection and handshake.
///
/// Errors: [`UpstreamError::Refused`] with the status if the server speaks HTTP only; those of a
/// connection; [`UpstreamError::Malformed`].
pub async fn websocket(
	connector: &Connector,
	path_and_query: &str,
	headers: &HeaderMap,
	limits: &WebSocketLimits,
	timeout: Duration,
) -> Result<WebSocketStream<Stream>, UpstreamError> {
	let request = handshake(connector, path_and_query, headers)?;
	let open = async {
		let stream = connector.connect().await?;
		let (socket, _) = client_async_with_config(request, stream, Some(limits.config()))
			.await
			.map_err(failure)?;
		Ok(socket)
	};
	let late = Err(UpstreamError::Timeout { sent: false });
	tokio::time::timeout(timeout, open).await.unwrap_or(late)
}

fn handshake(
	connector: &Connector,
	path_and_query: &str,
	headers: &HeaderMap,
) -> Result<Request<()>, UpstreamError> {
	const OWN: [HeaderName; 4] = [
		header::SEC_WEBSOCKET_KEY,
		header::SEC_WEBSOCKET_VERSION,
		header::SEC_WEBSOCKET_EXTENSIONS,
		header::SEC_WEBSOCKET_ACCEPT,
	];
	let endpoint = connector.endpoint();
	let scheme = match endpoint.scheme() {
		Scheme::Http => "ws",
		Scheme::Https => "wss",
	};
	let authority = endpoint.authority().to_str().unwrap_or_default();
	let (own, rest) = endpoint.target(path_and_query);
	let mut request = Request::get(format!("{scheme}://{authority}{own}{rest}"))
		.body(())
		.map_err(|_| UpstreamError::Request("target"))?;
	let all = request.headers_mut();
	for (name, value) in headers {
		if !request::is_own(name) && !request::is_named(name, headers) && !OWN.contains(name) {
			all.append(name, value.clone());
		}
	}
	let key = HeaderValue::from_str(&generate_key()).map_err(|_| UpstreamError::Request("key"))?;
	all.insert(header::HOST, endpoint.authority().clone());
	all.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
	all.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
	all.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
	all.insert(header::SEC_WEBSOCKET_KEY, key);
	Ok(request)
}

fn failure(error: Error) -> UpstreamError {
	match error {
		Error::Http(response) => UpstreamError::Refused(response.status().as_u16()),
		Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => {
			UpstreamError::Closed { sent: false }
		},
		_ => UpstreamError::Malformed(Malformed::Handshake),
	}
}
