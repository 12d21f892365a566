// SPDX-License-Identifier: Apache-2.0

//! Pools against servers that play a script, byte for byte.

mod answers;
mod faults;
mod secure;

use super::*;
use bytes::Bytes;
use http::{Request, Response};
use std::{
	cell::{Cell, RefCell},
	future::Future,
	rc::Rc,
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	runtime::{Builder, LocalOptions},
};

/// Far above what anything here takes.
const LONG: Duration = Duration::from_secs(20);
/// Time after which a silent server is given up.
const BRIEF: Duration = Duration::from_millis(150);

/// Step of a server with one connection.
#[derive(Clone)]
enum Act {
	/// Read a request to its end.
	Read,
	Send(Vec<u8>),
	/// Send each byte alone.
	Trickle(Vec<u8>),
	/// Send the same bytes until the client closes.
	Repeat(&'static [u8]),
	/// Keep the connection open.
	Wait,
}

fn send(bytes: &str) -> Act {
	Act::Send(bytes.as_bytes().to_vec())
}

/// Answer with a content length.
fn ok(body: &str) -> Act {
	send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

/// Server whose n-th connection plays the n-th script, and then closes.
struct Server {
	endpoint: Endpoint,
	/// Requests, as they were read.
	requests: Rc<RefCell<Vec<String>>>,
	connections: Rc<Cell<usize>>,
}

async fn server(scripts: Vec<Vec<Act>>) -> Server {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let url = format!("http://{}", listener.local_addr().unwrap());
	let requests = Rc::<RefCell<Vec<String>>>::default();
	let connections = Rc::new(Cell::new(0));
	let (log, count) = (requests.clone(), connections.clone());
	tokio::task::spawn_local(async move {
		for script in scripts {
			let (socket, _) = listener.accept().await.unwrap();
			count.set(count.get() + 1);
			tokio::task::spawn_local(play(socket, script, log.clone()));
		}
	});
	Server { endpoint: url.parse().unwrap(), requests, connections }
}

async fn play(mut socket: TcpStream, script: Vec<Act>, log: Rc<RefCell<Vec<String>>>) {
	socket.set_nodelay(true).unwrap();
	let mut read = Vec::new();
	for act in script {
		let done = match act {
			Act::Read => match read_request(&mut socket, &mut read).await {
				Some(request) => {
					log.borrow_mut().push(request);
					Ok(())
				},
				None => return,
			},
			Act::Send(bytes) => socket.write_all(&bytes).await,
			Act::Trickle(bytes) => {
				for byte in bytes {
					if socket.write_all(&[byte]).await.is_err() {
						return;
					}
					tokio::task::yield_now().await;
				}
				Ok(())
			},
			Act::Repeat(bytes) => loop {
				if socket.write_all(bytes).await.is_err() {
					return;
				}
			},
			Act::Wait => std::future::pending().await,
		};
		if done.is_err() {
			return;
		}
	}
}

async fn read_request(socket: &mut TcpStream, read: &mut Vec<u8>) -> Option<String> {
	loop {
		if let Some(end) = head::end(read, 0) {
			let head = String::from_utf8(read[..end].to_vec()).unwrap();
			let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
			let length = end + length.map_or(0, |length| length.parse().unwrap());
			if read.len() >= length {
				return Some(String::from_utf8(read.drain(..length).collect()).unwrap());
			}
		}
		if socket.read_buf(read).await.ok()? == 0 {
			return None;
		}
	}
}

/// Settings that reach servers of this machine.
fn settings() -> PoolSettings {
	let mut connect = ConnectSettings::new(client_config(None).unwrap());
	connect.allow_private = true;
	PoolSettings::new(connect)
}

fn post(body: &'static str) -> Request<Bytes> {
	Request::post("/").body(Bytes::from(body)).unwrap()
}

fn get() -> Request<Bytes> {
	Request::get("/").body(Bytes::new()).unwrap()
}

/// Run a test as a worker runs.
fn local<T>(test: impl Future<Output = T>) -> T {
	let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
	runtime.unwrap().block_on(async { tokio::time::timeout(LONG * 2, test).await.unwrap() })
}

/// Outcome of one request to a server that answers it with the bytes and closes.
fn outcome(request: Request<Bytes>, bytes: &[u8]) -> Result<Response<Bytes>, UpstreamError> {
	let at_once = outcome_of(request.clone(), Act::Send(bytes.to_vec()));
	let trickled = outcome_of(request, Act::Trickle(bytes.to_vec()));
	match (&at_once, &trickled) {
		(Ok(a), Ok(b)) => {
			assert_eq!((a.status(), a.headers(), a.body()), (b.status(), b.headers(), b.body()));
		},
		(a, b) => assert_eq!(a.as_ref().err(), b.as_ref().err()),
	}
	at_once
}

fn outcome_of(request: Request<Bytes>, act: Act) -> Result<Response<Bytes>, UpstreamError> {
	local(async {
		let server = server(vec![vec![Act::Read, act]]).await;
		Pool::new(server.endpoint, settings()).send(request, LONG, 1_000).await
	})
}
