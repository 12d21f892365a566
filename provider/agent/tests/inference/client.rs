// SPDX-License-Identifier: Apache-2.0

//! Client of OpenAI's API.

use super::{Event, PATIENCE};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{net::TcpStream, task::JoinHandle};

/// Client of one server.
pub struct Client {
	address: SocketAddr,
	token: Option<String>,
}

/// Answer with a body of JSON.
pub struct Answer {
	pub status: u16,
	pub body: Value,
}

impl Client {
	pub fn new(address: SocketAddr, token: Option<String>) -> Self {
		Self { address, token }
	}

	pub async fn get(&self, path: &str) -> Answer {
		self.whole("GET", path, None).await
	}

	pub async fn post(&self, path: &str, body: &Value) -> Answer {
		self.whole("POST", path, Some(body)).await
	}

	/// A chat whose answer streams.
	pub async fn stream(&self, body: &Value) -> Stream {
		let (response, connection) = self.send("POST", "/v1/chat/completions", Some(body)).await;
		assert_eq!(response.status(), 200);
		let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
		assert!(kind.starts_with("text/event-stream"), "{kind}");
		let body = response.into_body();
		Stream { body, text: String::new(), is_done: false, _connection: connection }
	}

	async fn whole(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
		let (response, _connection) = self.send(method, path, body).await;
		let status = response.status().as_u16();
		let body = response.into_body().collect().await.unwrap().to_bytes();
		let text = || String::from_utf8_lossy(&body).into();
		Answer { status, body: serde_json::from_slice(&body).unwrap_or_else(|_| text()) }
	}

	async fn send(
		&self,
		method: &str,
		path: &str,
		body: Option<&Value>,
	) -> (hyper::Response<Incoming>, Connection) {
		let sending = async {
			let stream = TcpStream::connect(self.address).await.unwrap();
			stream.set_nodelay(true).unwrap();
			let (mut sender, connection) =
				hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
			let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
			let mut request = hyper::Request::builder()
				.method(method)
				.uri(path)
				.header("host", self.address.to_string())
				.header("content-type", "application/json")
				.header("accept-encoding", "gzip");
			if let Some(token) = &self.token {
				request = request.header("authorization", format!("Bearer {token}"));
			}
			let body = body.map(Value::to_string).unwrap_or_default();
			let request = request.body(Full::new(Bytes::from(body))).unwrap();
			(sender.send_request(request).await.unwrap(), connection)
		};
		tokio::time::timeout(PATIENCE, sending).await.expect("an answer")
	}
}

/// Connection that is closed when it is dropped.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
	fn drop(&mut self) {
		self.0.abort();
	}
}

/// Answer that streams. Dropped, its connection is closed.
pub struct Stream {
	body: Incoming,
	text: String,
	is_done: bool,
	_connection: Connection,
}

impl Stream {
	/// True after the event that ends the stream.
	pub fn is_done(&self) -> bool {
		self.is_done
	}

	/// Next event. `None` at the end of the answer.
	pub async fn next(&mut self) -> Option<Event> {
		loop {
			if let Some((event, rest)) = self.text.split_once("\n\n") {
				let data = event.strip_prefix("data: ").map(str::to_owned);
				self.text = rest.to_owned();
				match data.as_deref() {
					Some("[DONE]") => self.is_done = true,
					Some(data) => return Some(Ok(serde_json::from_str(data).unwrap())),
					None => {},
				}
				continue;
			}
			let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("an event");
			match frame? {
				Ok(frame) => {
					let data = frame.into_data().unwrap_or_default();
					self.text.push_str(std::str::from_utf8(&data).unwrap());
				},
				Err(error) => return Some(Err(error.to_string())),
			}
		}
	}

	/// All events that are left, of an answer that ends as it should.
	pub async fn rest(mut self) -> Vec<Value> {
		let mut events = Vec::new();
		while let Some(event) = self.next().await {
			events.push(event.unwrap());
		}
		assert!(self.is_done);
		events
	}
}
