// SPDX-License-Identifier: Apache-2.0

//! Blocking HTTP client.

use serde_json::{Value, json};
use std::{
	collections::HashMap,
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	time::Duration,
};

/// Answer of the gateway.
#[derive(Clone, Debug)]
pub struct Reply {
	pub status: u16,
	pub headers: HashMap<String, String>,
	pub body: Vec<u8>,
}

impl Reply {
	pub fn json(&self) -> Value {
		serde_json::from_slice(&self.body)
			.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
	}

	pub fn result(&self) -> Value {
		let json = self.json();
		assert!(json.get("result").is_some(), "{json}");
		json["result"].clone()
	}

	pub fn header(&self, name: &str) -> &str {
		self.headers.get(name).map_or("", String::as_str)
	}
}

/// Blocking HTTP/1.1 client.
pub struct Client(TcpStream);

impl Client {
	pub fn connect(address: SocketAddr) -> Self {
		let stream = TcpStream::connect(address).unwrap();
		stream.set_nodelay(true).unwrap();
		stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
		Self(stream)
	}

	pub fn call(&mut self, method: &str, params: Value) -> Reply {
		let call = json!({ "jsonrpc": "2.0", "id": 77, "method": method, "params": params });
		self.post("/ethereum", &call.to_string())
	}

	pub fn post(&mut self, path: &str, body: &str) -> Reply {
		self.send("POST", path, &[], body)
	}

	pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
		let length = body.len();
		let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
		let request = format!(
			"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
		);
		self.0.write_all(request.as_bytes()).unwrap();
		self.read()
	}

	fn read(&mut self) -> Reply {
		let mut bytes = Vec::new();
		let head = loop {
			if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
				break end + 4;
			}
			self.more(&mut bytes);
		};
		let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
		let status = text[9..12].parse().unwrap();
		let headers: HashMap<String, String> = text
			.lines()
			.filter_map(|line| line.split_once(": "))
			.map(|(name, value)| (name.to_lowercase(), value.to_owned()))
			.collect();
		let mut rest = bytes.split_off(head);
		let body = if let Some(length) = headers.get("content-length") {
			let length: usize = length.parse().unwrap();
			while rest.len() < length {
				self.more(&mut rest);
			}
			rest
		} else if status == 204 {
			rest
		} else {
			while !rest.ends_with(b"0\r\n\r\n") {
				self.more(&mut rest);
			}
			dechunk(&rest)
		};
		Reply { status, headers, body }
	}

	fn more(&mut self, bytes: &mut Vec<u8>) {
		let mut buffer = [0; 65_536];
		let count = self.0.read(&mut buffer).unwrap();
		assert_ne!(count, 0, "the gateway closed the connection");
		bytes.extend_from_slice(&buffer[..count]);
	}
}

fn dechunk(mut text: &[u8]) -> Vec<u8> {
	let mut body = Vec::new();
	loop {
		let end = text.windows(2).position(|window| window == b"\r\n").unwrap();
		let length = usize::from_str_radix(std::str::from_utf8(&text[..end]).unwrap(), 16).unwrap();
		if length == 0 {
			return body;
		}
		body.extend_from_slice(&text[end + 2..end + 2 + length]);
		text = &text[end + 2 + length + 2..];
	}
}
