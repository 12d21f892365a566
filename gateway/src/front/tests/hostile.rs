// SPDX-License-Identifier: Apache-2.0

//! Clients that hold resources: limits end them, and others are served meanwhile.

use super::*;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

/// Wait until the server closes, and return what it sent.
fn to_end(socket: &mut TcpStream) -> String {
	let mut read = Vec::new();
	// A reset is an end too.
	if let Err(error) = socket.read_to_end(&mut read) {
		assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the server never closes");
	}
	String::from_utf8_lossy(&read).into_owned()
}

#[test]
fn a_head_that_trickles_is_cut_off_while_others_are_served() {
	let (front, _) = start(short());
	let mut slow: Vec<_> = (0..8).map(|_| connect(&front)).collect();
	let mut ended = false;
	for byte in get(&format!("/{}", "x".repeat(300))).bytes() {
		if slow.iter_mut().any(|socket| socket.write_all(&[byte]).is_err()) {
			ended = true;
			break;
		}
		assert!(ask(&mut connect(&front), &post("/echo", "x")).ends_with("\r\n\r\nx"));
		std::thread::sleep(Duration::from_millis(50));
	}
	assert!(ended);
	for socket in &mut slow {
		assert_eq!(to_end(socket), "");
	}
	assert_eq!(front.counts().stuck(), 8);
}

#[test]
fn silent_connections_are_closed() {
	let (front, _) = start(short());
	let mut fresh = connect(&front);
	let mut used = connect(&front);
	ask(&mut used, &get("/peer"));
	assert_eq!(to_end(&mut fresh), "");
	assert_eq!(to_end(&mut used), "");
	until("closed", || front.counts().connections() == 0);
}

#[test]
fn a_body_that_stops_is_a_timeout_and_one_too_large_is_refused() {
	let (front, _) = start(short());
	let mut socket = connect(&front);
	let partial = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc";
	assert!(ask(&mut socket, partial).starts_with("HTTP/1.1 408"));
	let large = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n";
	assert!(ask(&mut connect(&front), large).starts_with("HTTP/1.1 413"));
	let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
	let endless = format!("{chunked}{}", "8\r\nxxxxxxxx\r\n".repeat(200));
	assert!(ask(&mut connect(&front), &endless).starts_with("HTTP/1.1 413"));
}

#[test]
fn a_client_that_still_sends_gets_to_read_its_refusal() {
	let (front, _) = start(FrontSettings { idle_timeout: Duration::from_secs(60), ..short() });
	let mut socket = connect(&front);
	let length = 8 << 20;
	let head = format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
	// The answer is there before the body. A socket closed now would reset the connection.
	socket.write_all(head.as_bytes()).unwrap();
	let mut first = [0];
	socket.peek(&mut first).unwrap();
	socket.write_all(&vec![b'x'; length]).unwrap();
	assert!(answer(&mut socket).starts_with("HTTP/1.1 413"));
	assert_eq!(to_end(&mut socket), "");
	drop(socket);
	// Nobody holds a connection by sending nothing more.
	let mut silent = connect(&front);
	assert!(ask(&mut silent, &head).starts_with("HTTP/1.1 413"));
	assert_eq!(to_end(&mut silent), "");
	until("closed", || front.counts().connections() == 0);
	assert_eq!(front.counts().stuck(), 0);
}

#[test]
fn large_or_broken_heads_are_refused() {
	let (front, _) = start(FrontSettings { max_head: 8_192, ..short() });
	let many = "x-a: bcdefghij\r\n".repeat(90);
	let long = format!("x: {}\r\n", "y".repeat(9_000));
	let headers = |headers: &str| format!("GET /peer HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
	assert!(ask(&mut connect(&front), &headers(&many)).starts_with("HTTP/1.1 200"));
	assert!(ask(&mut connect(&front), &headers(&long)).starts_with("HTTP/1.1 431"));
	assert!(ask(&mut connect(&front), &headers(&many.repeat(3))).starts_with("HTTP/1.1 431"));
	for broken in [
		"\0\0\0\0\r\n\r\n",
		"GET /peer HTTP/9.9\r\n\r\n",
		"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
		"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
		"POST /echo HTTP/1.1\r\nhost: a\r\na: b\r\n folded\r\n\r\n",
	] {
		let mut socket = connect(&front);
		socket.write_all(broken.as_bytes()).unwrap();
		let answer = to_end(&mut socket);
		assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{broken}: {answer}");
	}
}

#[test]
fn one_address_cannot_take_all_connections() {
	let (front, _) = start(FrontSettings {
		max_connections_per_address: 3,
		idle_timeout: Duration::from_secs(60),
		..short()
	});
	let mut open: Vec<_> = (0..3).map(|_| connect(&front)).collect();
	for socket in &mut open {
		ask(socket, &get("/peer"));
	}
	assert_eq!(to_end(&mut connect(&front)), "");
	assert_eq!(front.counts().refused(), 1);
	open.clear();
	until("closed", || front.counts().connections() == 0);
	ask(&mut connect(&front), &get("/peer"));
}

#[test]
fn a_request_over_the_limit_is_refused_and_the_next_one_is_not() {
	let (front, paths) = start(FrontSettings { max_requests: 1, workers: 1, ..short() });
	let mut first = connect(&front);
	first.write_all(get("/wait").as_bytes()).unwrap();
	until("begun", || paths.begun.load(Relaxed) == 1);
	let mut second = connect(&front);
	let refused = ask(&mut second, &get("/peer"));
	assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
	assert!(refused.contains("retry-after: 1"), "{refused}");
	paths.go.store(true, Relaxed);
	assert!(answer(&mut first).ends_with("waited"));
	assert!(ask(&mut second, &get("/peer")).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_client_that_goes_away_ends_its_request() {
	let (front, paths) = start(short());
	let mut socket = connect(&front);
	socket.write_all(get("/wait").as_bytes()).unwrap();
	until("begun", || paths.begun.load(Relaxed) == 1);
	drop(socket);
	until("dropped", || paths.dropped.load(Relaxed) == 1);
	until("not in progress", || front.counts().requests() == 0);
}

#[test]
fn a_slow_service_is_not_the_fault_of_the_client() {
	let (front, paths) = start(short());
	let mut socket = connect(&front);
	socket.write_all(get("/wait").as_bytes()).unwrap();
	std::thread::sleep(Duration::from_millis(3_200));
	paths.go.store(true, Relaxed);
	assert!(answer(&mut socket).ends_with("waited"));
	assert_eq!(front.counts().stuck(), 0);
}

#[test]
fn an_answer_that_nobody_reads_is_dropped() {
	let (front, _) = start(short());
	let mut socket = connect(&front);
	socket.write_all(get("/big").as_bytes()).unwrap();
	until("closed", || front.counts().stuck() == 1);
	until("gone", || front.counts().connections() == 0 && front.counts().requests() == 0);
}

#[test]
fn an_http2_stream_that_nobody_reads_is_dropped() {
	use http_body_util::{BodyExt, Empty};
	let (front, _) = start(short());
	let address = front.local_addr();
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	runtime.block_on(async {
		let socket = tokio::net::TcpStream::connect(address).await.unwrap();
		let io = hyper_util::rt::TokioIo::new(socket);
		let executor = hyper_util::rt::TokioExecutor::new();
		let (mut sender, connection) =
			hyper::client::conn::http2::handshake(executor, io).await.unwrap();
		tokio::spawn(connection);
		let request = Request::get("http://a.org/big").body(Empty::<bytes::Bytes>::new()).unwrap();
		let response = sender.send_request(request).await.unwrap();
		// The connection lives, but the window of the stream stays full.
		tokio::time::sleep(Duration::from_millis(3_500)).await;
		assert!(response.into_body().collect().await.is_err());
	});
	assert_eq!(front.counts().stuck(), 1);
}

/// The streams of a few HTTP/2 connections would otherwise use up the requests of all.
#[test]
fn one_address_does_not_take_the_requests_of_others() {
	let (front, paths) =
		start(FrontSettings { max_connections_per_address: 10, max_requests: 40, ..short() });
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	runtime.block_on(async {
		let socket = tokio::net::TcpStream::connect(front.local_addr()).await.unwrap();
		let (mut sender, connection) =
			http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
		tokio::spawn(connection);
		let ask = |_| {
			let request = Request::get("http://a.org/wait").body(Full::<Bytes>::default());
			sender.send_request(request.unwrap())
		};
		let asked: Vec<_> = (0..60).map(ask).collect();
		let let_go = async {
			while paths.begun.load(Relaxed) < 10 {
				tokio::time::sleep(Duration::from_millis(5)).await;
			}
			tokio::time::sleep(Duration::from_millis(100)).await;
			paths.go.store(true, Relaxed);
		};
		let (answers, ()) = futures::join!(futures::future::join_all(asked), let_go);
		let statuses: Vec<u16> =
			answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
		let served = statuses.iter().filter(|status| **status == 200).count();
		assert_eq!(served, 10, "{statuses:?}");
	});
	assert_eq!(front.counts().requests(), 0);
}
