// SPDX-License-Identifier: Apache-2.0

//! Fronts with real clients, well-behaved and not.

mod hostile;
mod protocols;
mod shutdown;

use super::*;
use http::StatusCode;
use std::{
	io::{Read, Write},
	net::TcpStream,
	sync::atomic::AtomicBool,
};

/// Handler whose answer depends on the path.
#[derive(Clone, Default)]
struct Paths {
	/// Requests that wait have begun.
	begun: Arc<AtomicUsize>,
	/// Requests that waited were dropped.
	dropped: Arc<AtomicUsize>,
	/// Requests that wait may go on.
	go: Arc<AtomicBool>,
	/// The front shuts down.
	closed: Arc<AtomicBool>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
	fn drop(&mut self) {
		self.0.fetch_add(1, Relaxed);
	}
}

impl Handler for Paths {
	async fn handle(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		match request.uri().path() {
			"/echo" => {
				match read_body(request.into_body(), 1_000, Duration::from_millis(300)).await {
					Ok(body) => Response::new(body.into()),
					Err(BodyError::TooLarge) => status(StatusCode::PAYLOAD_TOO_LARGE),
					Err(BodyError::Timeout) => status(StatusCode::REQUEST_TIMEOUT),
					Err(BodyError::Failed(_)) => status(StatusCode::BAD_REQUEST),
				}
			},
			"/peer" => Response::new(format!("{} {}", peer.address.ip(), peer.tls).into()),
			"/big" => Response::new(vec![b'x'; 64 << 20].into()),
			"/wait" => {
				let _counted = Counted(self.dropped.clone());
				self.begun.fetch_add(1, Relaxed);
				while !self.go.load(Relaxed) {
					tokio::time::sleep(Duration::from_millis(2)).await;
				}
				Response::new("waited".into())
			},
			"/upgrade" => {
				tokio::task::spawn_local(async move {
					let upgraded = hyper::upgrade::on(request).await.unwrap();
					let mut io = hyper_util::rt::TokioIo::new(upgraded);
					let (mut from, mut to) = tokio::io::split(&mut io);
					let _ = tokio::io::copy(&mut from, &mut to).await;
				});
				let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
				response.headers_mut().insert("upgrade", "echo".parse().unwrap());
				response.headers_mut().insert("connection", "upgrade".parse().unwrap());
				response
			},
			_ => status(StatusCode::NOT_FOUND),
		}
	}

	async fn close(&self) {
		self.closed.store(true, Relaxed);
	}
}

fn status(status: StatusCode) -> Response<Body> {
	let mut response = Response::new(Body::empty());
	*response.status_mut() = status;
	response
}

/// Short limits, so that tests reach them.
fn short() -> FrontSettings {
	FrontSettings {
		workers: 2,
		head_timeout: Duration::from_secs(1),
		idle_timeout: Duration::from_secs(1),
		stall_timeout: Duration::from_secs(1),
		handshake_timeout: Duration::from_millis(500),
		..FrontSettings::default()
	}
}

fn start(settings: FrontSettings) -> (Front, Paths) {
	let paths = Paths::default();
	let made = paths.clone();
	(serve(settings, move |_| made.clone()).unwrap(), paths)
}

/// Client that fails rather than hangs.
fn connect(front: &Front) -> TcpStream {
	let socket = TcpStream::connect(front.local_addr()).unwrap();
	socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
	socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
	socket
}

/// Read one answer with a content length.
fn answer(socket: &mut TcpStream) -> String {
	let mut read = Vec::new();
	let mut byte = [0];
	while !read.ends_with(b"\r\n\r\n") {
		socket
			.read_exact(&mut byte)
			.unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&read)));
		read.push(byte[0]);
	}
	let head = String::from_utf8(read).unwrap();
	let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
	let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
	socket.read_exact(&mut body).unwrap();
	head + &String::from_utf8(body).unwrap()
}

fn ask(socket: &mut TcpStream, request: &str) -> String {
	socket.write_all(request.as_bytes()).unwrap();
	answer(socket)
}

fn get(path: &str) -> String {
	format!("GET {path} HTTP/1.1\r\nhost: a.org\r\n\r\n")
}

fn post(path: &str, body: &str) -> String {
	let length = body.len();
	format!("POST {path} HTTP/1.1\r\nhost: a.org\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Wait for something that has to happen.
fn until(what: &str, mut happened: impl FnMut() -> bool) {
	for _ in 0..4_000 {
		if happened() {
			return;
		}
		std::thread::sleep(Duration::from_millis(5));
	}
	panic!("never: {what}");
}
