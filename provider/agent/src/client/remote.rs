// SPDX-License-Identifier: Apache-2.0

//! HTTP and WebSocket to the agent of a lease. The agent is a stranger: every answer is bounded.

use super::ClientError;
use crate::time::now_ms;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use std::{path::Path, rc::Rc, time::Duration};
use surety_engine::LeaseId;
use surety_gateway::{
	chain::KeySigner,
	front::{Body, read_body},
	upstream::{
		ConnectSettings, Endpoint, Pool, PoolSettings, Scheme, Stream, TlsError, UpstreamError,
		WebSocketLimits, client_config,
	},
};
use surety_orders::access::{AccessToken, Right, Rights, mint};
use tokio_tungstenite::{
	WebSocketStream, client_async_with_config,
	tungstenite::{Error, handshake::client::generate_key},
};

/// Longest time for an answer.
const TIMEOUT: Duration = Duration::from_secs(70);
/// Longest answer that is read whole, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Validity of a token in seconds; that of one for a shell or a restart is bounded anyway.
const LIFETIME: u64 = 240;
/// Longest message of a refusal that is shown, in characters.
const MAX_SHOWN: usize = 500;

/// Way of connections.
#[derive(Clone)]
pub struct Network(ConnectSettings);

impl Network {
	/// Connections that trust Mozilla's roots.
	///
	/// - `ca`: PEM file with more roots.
	/// - `allow_private`: connect to private addresses too: an operator could otherwise make this
	///   machine send something into its own network.
	pub fn new(ca: Option<&Path>, allow_private: bool) -> Result<Self, TlsError> {
		let settings = ConnectSettings::new(client_config(ca)?);
		Ok(Self(ConnectSettings { allow_private, ..settings }))
	}

	/// Settings of connections.
	pub fn settings(&self) -> ConnectSettings {
		self.0.clone()
	}
}

/// Access token of a lease, as text.
pub fn token(
	signer: &KeySigner,
	genesis: &[u8; 32],
	lease: LeaseId,
	right: Right,
) -> Result<String, ClientError> {
	let rights = Rights::new([right]).ok_or(ClientError::Random)?;
	let now = now_ms().checked_div(1_000).unwrap_or(0);
	let until = now.saturating_add(LIFETIME);
	let token = AccessToken::new(genesis, lease, rights, until, signer.account().clone());
	Ok(mint(&token.ok_or(ClientError::Random)?, |bytes| signer.sign(bytes)))
}

/// Agent of an operator.
pub struct Remote {
	pool: Rc<Pool>,
}

impl Remote {
	/// Agent at a server.
	pub fn new(server: Endpoint, network: &Network) -> Self {
		Self { pool: Pool::new(server, PoolSettings::new(network.0.clone())) }
	}

	/// True if others on the way can read what is sent.
	pub fn is_plain(&self) -> bool {
		self.pool.endpoint().scheme() == Scheme::Http
	}

	/// Server, for people.
	pub fn server(&self) -> String {
		self.pool.endpoint().to_string()
	}

	/// Ask, and read the whole answer.
	pub async fn ask(
		&self,
		method: Method,
		path: &str,
		token: Option<&str>,
		body: Bytes,
	) -> Result<Bytes, ClientError> {
		let request = request(method, path, token, None, body)?;
		let response = self.pool.send(request, TIMEOUT, MAX_ANSWER).await?;
		if response.status().is_success() {
			return Ok(response.into_body());
		}
		Err(refusal(response.status(), response.body()))
	}

	/// Ask, and read the answer as it comes.
	///
	/// - `last`: id of the last event that arrived.
	pub async fn stream(
		&self,
		path: &str,
		token: &str,
		last: Option<&str>,
	) -> Result<Response<Body>, ClientError> {
		let request = request(Method::GET, path, Some(token), last, Bytes::new())?;
		let response = self.pool.stream(&request, TIMEOUT).await?;
		if response.status().is_success() {
			return Ok(response);
		}
		let (head, body) = response.into_parts();
		let body = read_body(body, MAX_ANSWER, TIMEOUT).await.unwrap_or_default();
		Err(refusal(head.status, &body))
	}

	/// Open a WebSocket.
	pub async fn websocket(
		&self,
		path: &str,
		token: &str,
	) -> Result<WebSocketStream<Stream>, ClientError> {
		let endpoint = self.pool.endpoint();
		let scheme = if self.is_plain() { "ws" } else { "wss" };
		let authority = endpoint.authority().clone();
		let url = format!("{scheme}://{}{path}", authority.to_str().unwrap_or_default());
		let mut request = request(Method::GET, &url, Some(token), None, ())?;
		let headers: &mut HeaderMap = request.headers_mut();
		headers.insert(header::HOST, authority);
		headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
		headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
		headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
		headers.insert(header::SEC_WEBSOCKET_KEY, value(&generate_key())?);
		let limits =
			WebSocketLimits { max_message: 1 << 20, max_frame: 1 << 20, ..Default::default() };
		let open = async {
			let stream = self.pool.connector().connect().await?;
			client_async_with_config(request, stream, Some(limits.config())).await.map_err(
				|error| match error {
					Error::Http(response) => {
						refusal(response.status(), response.body().as_deref().unwrap_or_default())
					},
					Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed => {
						UpstreamError::Closed { sent: true }.into()
					},
					_ => ClientError::Malformed("no WebSocket handshake"),
				},
			)
		};
		match tokio::time::timeout(TIMEOUT, open).await {
			Ok(opened) => Ok(opened?.0),
			Err(_) => Err(UpstreamError::Timeout { sent: true }.into()),
		}
	}
}

fn value(text: &str) -> Result<HeaderValue, ClientError> {
	HeaderValue::from_str(text).map_err(|_| UpstreamError::Request("header").into())
}

fn request<B>(
	method: Method,
	target: &str,
	token: Option<&str>,
	last: Option<&str>,
	body: B,
) -> Result<Request<B>, ClientError> {
	let request = Request::builder().method(method).uri(target).body(body);
	let mut request = request.map_err(|_| UpstreamError::Request("target"))?;
	if let Some(token) = token {
		let mut bearer = value(&format!("Bearer {token}"))?;
		bearer.set_sensitive(true);
		request.headers_mut().insert(header::AUTHORIZATION, bearer);
	}
	if let Some(last) = last {
		request.headers_mut().insert("last-event-id", value(last)?);
	}
	Ok(request)
}

/// Refusal of an agent, without anything that a terminal would obey.
fn refusal(status: StatusCode, body: &[u8]) -> ClientError {
	#[derive(Default, Deserialize)]
	#[serde(default)]
	struct Form {
		error: String,
		message: String,
	}
	let form: Form = serde_json::from_slice(body).unwrap_or_default();
	let plain = |text: String| -> String {
		text.chars().filter(|letter| !letter.is_control()).take(MAX_SHOWN).collect()
	};
	ClientError::Refused(status.as_u16(), plain(form.error), plain(form.message))
}
