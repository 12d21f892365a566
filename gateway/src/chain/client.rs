// SPDX-License-Identifier: Apache-2.0

//! JSON-RPC with one node over HTTP/1.1, with bounds on time and bytes.

use crate::config::Url;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
	fmt,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Idle connections that are kept.
const MAX_IDLE: usize = 4;
/// Longest text of a node that is shown in errors.
const MAX_SHOWN: usize = 200;

/// Reason why a node did not give a result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeError {
	/// No connection.
	Connect(String),
	/// No answer in time.
	Timeout,
	/// Connection lost before the end of the answer.
	Closed(String),
	/// HTTP status other than 200.
	Status(u16),
	/// Answer above the limit of bytes.
	TooLarge,
	/// Answer that is not JSON-RPC, or a result of another form.
	Malformed(String),
	/// The node answered with an error.
	Refused {
		/// Code of the error.
		code: i64,
		/// Its message.
		message: String,
	},
}

impl NodeError {
	/// True if the node has no such method.
	pub fn is_unknown_method(&self) -> bool {
		matches!(self, Self::Refused { code: -32_601, .. })
	}
}

impl fmt::Display for NodeError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Connect(reason) => write!(f, "cannot connect: {reason}"),
			Self::Timeout => f.write_str("no answer in time"),
			Self::Closed(reason) => write!(f, "connection lost: {reason}"),
			Self::Status(status) => write!(f, "HTTP status {status}"),
			Self::TooLarge => f.write_str("the answer is too large"),
			Self::Malformed(reason) => write!(f, "malformed answer: {reason}"),
			Self::Refused { code, message } => write!(f, "{message} ({code})"),
		}
	}
}

impl std::error::Error for NodeError {}

/// Limits of a client.
#[derive(Clone, Copy, Debug)]
pub struct NodeLimits {
	/// Longest time for a call, the connection included.
	pub timeout: Duration,
	/// Largest answer.
	pub max_bytes: usize,
}

/// Client of one node.
pub struct NodeClient {
	url: Url,
	limits: NodeLimits,
	tls: Option<(TlsConnector, ServerName<'static>)>,
	idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
	next_id: AtomicU64,
}

#[derive(Serialize)]
struct Call<'a, P> {
	jsonrpc: &'static str,
	id: u64,
	method: &'a str,
	params: P,
}

#[derive(Deserialize)]
struct Answer {
	id: Option<u64>,
	// A result of `null` is `None`, as a missing one.
	result: Option<Box<RawValue>>,
	error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
	code: i64,
	message: String,
}

impl NodeClient {
	/// Client of the node at a URL.
	pub fn new(url: Url, limits: NodeLimits) -> Result<Self, NodeError> {
		let tls = url.is_tls().then(|| tls(&url)).transpose()?;
		let idle = Mutex::new(Vec::new());
		Ok(Self { url, limits, tls, idle, next_id: AtomicU64::new(1) })
	}

	/// URL of the node.
	pub fn url(&self) -> &Url {
		&self.url
	}

	/// Make a call. `params` must be a JSON array. The result is `null` if the node gave none.
	pub async fn call<P: Serialize>(
		&self,
		method: &str,
		params: P,
	) -> Result<Box<RawValue>, NodeError> {
		let id = self.next_id.fetch_add(1, Ordering::Relaxed);
		let call = Call { jsonrpc: "2.0", id, method, params };
		let body = serde_json::to_vec(&call).map_err(malformed)?;
		let exchange = self.exchange(body.into());
		let answer = tokio::time::timeout(self.limits.timeout, exchange);
		read_answer(&answer.await.map_err(|_| NodeError::Timeout)??, id)
	}

	/// Make a call and read its result.
	pub async fn read<T, P>(&self, method: &str, params: P) -> Result<T, NodeError>
	where
		T: for<'de> Deserialize<'de>,
		P: Serialize,
	{
		let result = self.call(method, params).await?;
		serde_json::from_str(result.get()).map_err(malformed)
	}

	async fn exchange(&self, body: Bytes) -> Result<Bytes, NodeError> {
		let idle = self.take_idle();
		let was_idle = idle.is_some();
		let connection = match idle {
			Some(connection) => connection,
			None => self.connect().await?,
		};
		match self.exchange_on(connection, body.clone()).await {
			// An idle connection that the node closed. Calls of this client may be repeated: reads
			// by nature, and the pool of a node takes a transaction once.
			Err(NodeError::Closed(_)) if was_idle => {
				self.idle.lock().clear();
				self.exchange_on(self.connect().await?, body).await
			},
			done => done,
		}
	}

	fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
		let mut idle = self.idle.lock();
		while let Some(connection) = idle.pop() {
			if !connection.is_closed() {
				return Some(connection);
			}
		}
		None
	}

	async fn exchange_on(
		&self,
		mut connection: SendRequest<Full<Bytes>>,
		body: Bytes,
	) -> Result<Bytes, NodeError> {
		let closed = |error: hyper::Error| NodeError::Closed(error.to_string());
		let authority = self.url.uri().authority().map_or("", |authority| authority.as_str());
		let request = Request::post(self.url.path())
			.header(header::HOST, authority)
			.header(header::CONTENT_TYPE, "application/json")
			.body(Full::new(body))
			.map_err(malformed)?;
		connection.ready().await.map_err(closed)?;
		let response = connection.send_request(request).await.map_err(closed)?;
		let status = response.status();
		let body = Limited::new(response.into_body(), self.limits.max_bytes).collect().await;
		let body = body.map_err(|error| {
			if error.is::<LengthLimitError>() {
				return NodeError::TooLarge;
			}
			NodeError::Closed(error.to_string())
		})?;
		if status != StatusCode::OK {
			return Err(NodeError::Status(status.as_u16()));
		}
		let mut idle = self.idle.lock();
		if idle.len() < MAX_IDLE {
			idle.push(connection);
		}
		Ok(body.to_bytes())
	}

	async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, NodeError> {
		let address = (self.url.host(), self.url.port());
		let stream = TcpStream::connect(address).await.map_err(unreachable)?;
		stream.set_nodelay(true).map_err(unreachable)?;
		let Some((connector, name)) = &self.tls else {
			return handshake(TokioIo::new(stream)).await;
		};
		let stream = connector.connect(name.clone(), stream).await.map_err(unreachable)?;
		handshake(TokioIo::new(stream)).await
	}
}

/// A text of a node, cut to a length that logs can bear.
fn shown(error: impl fmt::Display) -> String {
	let mut text = error.to_string();
	if let Some((end, _)) = text.char_indices().nth(MAX_SHOWN) {
		text.truncate(end);
	}
	text
}

fn malformed(error: impl fmt::Display) -> NodeError {
	NodeError::Malformed(shown(error))
}

fn unreachable(error: std::io::Error) -> NodeError {
	NodeError::Connect(error.to_string())
}

async fn handshake<Io>(io: Io) -> Result<SendRequest<Full<Bytes>>, NodeError>
where
	Io: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
	let (sender, connection) =
		http1::handshake(io).await.map_err(|error| NodeError::Connect(error.to_string()))?;
	// Ends with the connection; its fault is the fault of the request.
	tokio::spawn(connection);
	Ok(sender)
}

fn tls(url: &Url) -> Result<(TlsConnector, ServerName<'static>), NodeError> {
	let fault = |error: String| NodeError::Connect(error);
	let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
	let provider = Arc::new(rustls::crypto::ring::default_provider());
	let config = ClientConfig::builder_with_provider(provider)
		.with_safe_default_protocol_versions()
		.map_err(|error| fault(error.to_string()))?
		.with_root_certificates(roots)
		.with_no_client_auth();
	let name = ServerName::try_from(url.host().to_owned()).map_err(|e| fault(e.to_string()))?;
	Ok((TlsConnector::from(Arc::new(config)), name))
}

fn read_answer(body: &[u8], id: u64) -> Result<Box<RawValue>, NodeError> {
	let answer: Answer = serde_json::from_slice(body).map_err(malformed)?;
	if let Some(Refusal { code, message }) = answer.error {
		return Err(NodeError::Refused { code, message: shown(message) });
	}
	if answer.id != Some(id) {
		return Err(NodeError::Malformed("the answer has another id".into()));
	}
	answer.result.map_or_else(|| RawValue::from_string("null".into()).map_err(malformed), Ok)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn answers_are_read_strictly() {
		let read =
			|body: &str| read_answer(body.as_bytes(), 7).map(|result| result.get().to_owned());
		assert_eq!(read(r#"{"jsonrpc":"2.0","id":7,"result":[1, 2]}"#).unwrap(), "[1, 2]");
		assert_eq!(read(r#"{"jsonrpc":"2.0","id":7,"result":null}"#).unwrap(), "null");
		let refused = NodeError::Refused { code: -32_601, message: "Method not found".into() };
		let error = r#"{"id":7,"error":{"code":-32601,"message":"Method not found"}}"#;
		assert_eq!(read(error), Err(refused.clone()));
		assert!(refused.is_unknown_method());
		for body in
			["", "[]", "null", r#"{"id":8,"result":1}"#, r#"{"id":"7","result":1}"#, "{\"id\":7,"]
		{
			assert!(matches!(read(body), Err(NodeError::Malformed(_))), "{body}");
		}
		let long = format!(r#"{{"id":7,"error":{{"code":1,"message":"{}"}}}}"#, "x".repeat(9_000));
		let Err(NodeError::Refused { message, .. }) = read(&long) else { panic!() };
		assert_eq!(message.len(), MAX_SHOWN);
	}
}
