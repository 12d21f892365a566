// SPDX-License-Identifier: Apache-2.0

//! HTTP/1.1, HTTP/2, TLS, upgrades, proxies in front.

use super::*;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

/// Limits to waiting that a busy machine does not reach.
fn patient() -> FrontSettings {
	let handshake_timeout = Duration::from_secs(3);
	FrontSettings { workers: 2, handshake_timeout, ..FrontSettings::default() }
}

#[test]
fn requests_follow_each_other_on_a_connection() {
	let (front, _) = start(patient());
	let mut socket = connect(&front);
	for body in ["", "a", "{\"id\":1}"] {
		let answer = ask(&mut socket, &post("/echo", body));
		assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
		assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
	}
	let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
	let answer = ask(&mut socket, &format!("{chunked}1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"));
	assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
	assert!(ask(&mut socket, &get("/nowhere")).starts_with("HTTP/1.1 404"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
	let (front, _) = start(patient());
	let mut socket = connect(&front);
	let all: String = ["1", "2", "3"].map(|body| post("/echo", body)).concat();
	socket.write_all(all.as_bytes()).unwrap();
	for body in ["1", "2", "3"] {
		assert!(answer(&mut socket).ends_with(body));
	}
}

async fn over_http2(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
	let (mut sender, connection) =
		http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
	let driver = tokio::spawn(connection);
	let asked = (0..20).map(|n| {
		let request =
			Request::post("http://a.org/echo").body(Full::new(Bytes::from(n.to_string())));
		(n, sender.send_request(request.unwrap()))
	});
	for (n, response) in asked.collect::<Vec<_>>() {
		let body = response.await.unwrap().into_body().collect().await.unwrap().to_bytes();
		assert_eq!(body, n.to_string());
	}
	let big = Request::get("http://a.org/big").body(Full::default()).unwrap();
	let body = sender.send_request(big).await.unwrap().into_body().collect().await.unwrap();
	assert_eq!(body.to_bytes().len(), 64 << 20);
	drop(sender);
	driver.await.unwrap().unwrap();
}

#[test]
fn http2_is_recognised_by_its_preface_even_in_pieces() {
	let (front, _) = start(patient());
	let address = front.local_addr();
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	runtime.block_on(async {
		over_http2(tokio::net::TcpStream::connect(address).await.unwrap()).await;
	});
	// A request that begins as the preface does.
	let mut socket = connect(&front);
	socket.write_all(b"P").unwrap();
	std::thread::sleep(Duration::from_millis(30));
	assert!(ask(&mut socket, &post("/echo", "x")[1..]).ends_with("\r\n\r\nx"));
}

#[test]
fn tls_offers_both_protocols_and_takes_a_new_certificate() {
	let directory = tempfile::tempdir().unwrap();
	let path = |name: &str| directory.path().join(name);
	let files = TlsFiles { certificate: path("cert.pem"), key: path("key.pem") };
	let write = |name: &str| {
		let made = crate::test_kit::SelfSigned::new(name);
		std::fs::write(&files.certificate, made.certificate).unwrap();
		std::fs::write(&files.key, made.key).unwrap();
	};
	write("a.org");
	let address = "127.0.0.1:0".parse().unwrap();
	let listener = Listener { address, tls: Some(files.clone()) };
	let (front, _) = start(FrontSettings { listeners: vec![listener], ..patient() });
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	let handshake = |name: &'static str, protocol: &'static str| {
		let mut config = rustls::ClientConfig::clone(
			&crate::upstream::client_config(Some(&files.certificate)).unwrap(),
		);
		config.alpn_protocols = vec![protocol.into()];
		let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
		let socket = tokio::net::TcpStream::connect(front.local_addr());
		async move { connector.connect(name.try_into().unwrap(), socket.await.unwrap()).await }
	};
	runtime.block_on(async {
		over_http2(handshake("a.org", "h2").await.unwrap()).await;
		let plain = handshake("a.org", "http/1.1").await.unwrap();
		let (mut sender, connection) =
			hyper::client::conn::http1::handshake(TokioIo::new(plain)).await.unwrap();
		tokio::spawn(connection);
		let request = Request::get("/peer").header("host", "a.org").body(Full::<Bytes>::default());
		let response = sender.send_request(request.unwrap()).await.unwrap();
		let body = response.into_body().collect().await.unwrap().to_bytes();
		assert_eq!(body, "127.0.0.1 true");

		write("another.org");
		assert!(handshake("another.org", "h2").await.is_err(), "not loaded yet");
		front.reload().unwrap();
		assert!(handshake("another.org", "h2").await.is_ok());
	});
	// Plain text on a TLS port ends, and is counted.
	let mut socket = connect(&front);
	socket.write_all(get("/peer").as_bytes()).unwrap();
	let mut rest = Vec::new();
	let _ = socket.read_to_end(&mut rest);
	assert!(!rest.starts_with(b"HTTP"));
	until("counted", || front.counts().handshakes_failed() == 2);
}

#[test]
fn an_upgraded_connection_stays_counted_and_is_not_swept() {
	let (front, _) = start(short());
	let mut socket = connect(&front);
	let answer = ask(
		&mut socket,
		"GET /upgrade HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
	);
	assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
	// Longer than any limit of HTTP here.
	std::thread::sleep(Duration::from_millis(3_200));
	socket.write_all(b"hello").unwrap();
	let mut echo = [0; 5];
	socket.read_exact(&mut echo).unwrap();
	assert_eq!(&echo, b"hello");
	assert_eq!(front.counts().connections(), 1);
	drop(socket);
	until("closed", || front.counts().connections() == 0);
}

#[test]
fn only_a_trusted_proxy_may_name_the_client() {
	let forwarded = |value: &str| {
		format!("GET /peer HTTP/1.1\r\nhost: a.org\r\nx-forwarded-for: {value}\r\n\r\n")
	};
	let (front, _) = start(patient());
	assert!(ask(&mut connect(&front), &forwarded("1.2.3.4")).ends_with("127.0.0.1 false"));

	let trusted_proxies = ["127.0.0.1", "10.0.0.0/24"].map(|range| range.parse().unwrap()).to_vec();
	let (front, _) = start(FrontSettings { trusted_proxies, ..patient() });
	for (value, client) in [
		("1.2.3.4", "1.2.3.4"),
		// The client wrote the first one itself.
		("6.6.6.6, 1.2.3.4", "1.2.3.4"),
		("6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
		("10.0.0.1", "10.0.0.1"),
		("2001:db8::1", "2001:db8::1"),
		("unknown", "127.0.0.1"),
		("1.2.3.4, unknown", "127.0.0.1"),
	] {
		let answer = ask(&mut connect(&front), &forwarded(value));
		assert!(answer.ends_with(&format!("\r\n{client} false")), "{value}: {answer}");
	}
}

#[test]
fn a_page_of_another_origin_reads_the_answer() {
	let (front, _) = start(FrontSettings { cors: Some(Cors::default()), ..patient() });
	let mut socket = connect(&front);
	let preflight = ask(
		&mut socket,
		"OPTIONS /echo HTTP/1.1\r\nhost: a\r\norigin: https://b.org\r\naccess-control-request-method: POST\r\n\r\n",
	);
	assert!(preflight.starts_with("HTTP/1.1 204"), "{preflight}");
	assert!(preflight.contains("access-control-allow-origin: *"), "{preflight}");
	let answer = ask(
		&mut socket,
		"POST /echo HTTP/1.1\r\nhost: a\r\norigin: https://b.org\r\ncontent-length: 1\r\n\r\nx",
	);
	assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
}
