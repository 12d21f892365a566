// SPDX-License-Identifier: Apache-2.0

//! Servers that are silent, broken, endless or gone.

use super::*;
use http::header;
use http_body_util::BodyExt;

fn fault(bytes: &str) -> UpstreamError {
	outcome(post("{}"), bytes.as_bytes()).unwrap_err()
}

#[test]
fn malformed_answers_are_refused() {
	let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
	for (bytes, expected) in [
		("nonsense\r\n\r\n", Malformed::Head),
		("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", Malformed::Head),
		(
			"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
			Malformed::Length,
		),
		("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", Malformed::Encoding),
		("HTTP/1.1 101 Switch\r\n\r\n", Malformed::Interim),
		(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(9), Malformed::Interim),
		(&format!("{chunked}x\r\n"), Malformed::ChunkSize),
		(&format!("{chunked}fffffffffffffffff\r\n"), Malformed::ChunkSize),
		(&format!("{chunked}1\r\nabc"), Malformed::ChunkEnd),
	] {
		assert_eq!(fault(bytes), expected.into(), "{bytes}");
	}
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
	for bytes in [
		"",
		"HTTP/1.1 200 OK\r\ncontent-le",
		"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
		"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
	] {
		assert_eq!(fault(bytes), UpstreamError::Closed { sent: true }, "{bytes}");
	}
}

#[test]
fn too_large_answers_are_refused_as_early_as_possible() {
	let endless: &'static [u8] =
		b"40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n";
	let announced = send("HTTP/1.1 200 OK\r\ncontent-length: 15000000000\r\n\r\n");
	let chunked = send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
	let plain = send("HTTP/1.1 200 OK\r\n\r\n");
	let head = send("HTTP/1.1 200 OK\r\n");
	let one: &'static [u8] = b"1\r\na\r\n";
	for (script, expected) in [
		(vec![announced, Act::Wait], UpstreamError::TooLarge),
		(vec![chunked.clone(), Act::Repeat(one)], UpstreamError::TooLarge),
		(vec![chunked, Act::Repeat(endless)], UpstreamError::TooLarge),
		(vec![plain, Act::Repeat(endless)], UpstreamError::TooLarge),
		(vec![head, Act::Repeat(b"x: y\r\n")], Malformed::HeadTooLarge.into()),
	] {
		local(async {
			let script = [vec![Act::Read], script].concat();
			let server = server(vec![script]).await;
			let pool = Pool::new(server.endpoint, settings());
			assert_eq!(pool.send(post("{}"), LONG, 1_000).await.unwrap_err(), expected);
			assert_eq!(pool.idle(), 0);
		});
	}
}

#[test]
fn a_silent_server_is_a_timeout() {
	for script in [
		vec![Act::Wait],
		vec![Act::Read, Act::Wait],
		vec![Act::Read, send("HTTP/1.1 200"), Act::Wait],
		vec![Act::Read, send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"), Act::Wait],
	] {
		local(async {
			let server = server(vec![script]).await;
			let pool = Pool::new(server.endpoint, settings());
			let refused = pool.send(post("{}"), BRIEF, 1_000).await.unwrap_err();
			assert_eq!(refused, UpstreamError::Timeout { sent: true });
			assert!(refused.sent());
		});
	}
}

#[test]
fn a_stream_that_stops_ends_with_an_error() {
	local(async {
		let half = send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab");
		let scripts = vec![vec![Act::Read, half.clone(), Act::Wait], vec![Act::Read, half]];
		let server = server(scripts).await;
		let pool = Pool::new(server.endpoint, PoolSettings { stream_timeout: BRIEF, ..settings() });
		for reason in ["no answer in time", "closed before the end"] {
			let mut body = pool.stream(&get(), LONG).await.unwrap().into_body();
			assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
			let error = body.frame().await.unwrap().unwrap_err().to_string();
			assert!(error.contains(reason), "{error}");
			assert!(body.frame().await.is_none());
		}
		assert_eq!(pool.idle(), 0);
	});
}

/// Server that answers once and closes while the connection is unused.
async fn closes_when_idle(second: Vec<Act>) -> (Rc<Pool>, Server) {
	let server = server(vec![vec![Act::Read, ok("1")], second]).await;
	let pool = Pool::new(server.endpoint.clone(), settings());
	pool.send(post("{}"), LONG, 10).await.unwrap();
	(pool, server)
}

#[test]
fn a_connection_that_closed_while_unused_is_replaced() {
	local(async {
		let (pool, server) = closes_when_idle(vec![Act::Read, ok("2"), Act::Wait]).await;
		tokio::time::sleep(BRIEF).await;
		assert_eq!(pool.send(post("{}"), LONG, 10).await.unwrap().body(), "2");
		assert_eq!(server.connections.get(), 2);
	});
}

#[test]
fn a_request_that_may_have_been_processed_is_sent_again_only_if_idempotent() {
	// The server reads the second request and closes without an answer.
	let scripts = || vec![vec![Act::Read, ok("1"), Act::Read], vec![Act::Read, ok("2"), Act::Wait]];
	local(async {
		let server = server(scripts()).await;
		let pool = Pool::new(server.endpoint, settings());
		pool.send(post("{}"), LONG, 10).await.unwrap();
		let refused = pool.send(post("{}"), LONG, 10).await.unwrap_err();
		assert_eq!(refused, UpstreamError::Closed { sent: true });
		assert_eq!(server.requests.borrow().len(), 2);
	});
	for reads in [true, false] {
		local(async {
			let server = server(scripts()).await;
			let pool = Pool::new(server.endpoint, settings());
			pool.send(post("{}"), LONG, 10).await.unwrap();
			let own = [(header::ACCEPT, None), (header::ACCEPT, None)];
			let call = Call { headers: &[], own, body: &Bytes::from_static(b"{}") };
			let response = match reads {
				true => pool.send(get(), LONG, 10).await.unwrap(),
				false => pool.call(&call, true, LONG, 10).await.unwrap(),
			};
			assert_eq!(response.body(), "2");
			assert_eq!(server.requests.borrow().len(), 3);
		});
	}
}

#[test]
fn a_request_is_not_repeated_over_a_new_connection_or_after_a_part_of_an_answer() {
	local(async {
		let server = server(vec![vec![Act::Read], vec![Act::Read, ok("2")]]).await;
		let pool = Pool::new(server.endpoint, settings());
		assert!(pool.send(get(), LONG, 10).await.is_err());
		assert_eq!(server.connections.get(), 1);
	});
	local(async {
		let part = vec![Act::Read, ok("1"), Act::Read, send("HTTP/1.1 2")];
		let server = server(vec![part, vec![Act::Read, ok("2")]]).await;
		let pool = Pool::new(server.endpoint, settings());
		pool.send(get(), LONG, 10).await.unwrap();
		let refused = pool.send(get(), LONG, 10).await.unwrap_err();
		assert_eq!(refused, UpstreamError::Closed { sent: true });
	});
}

#[test]
fn a_refusal_before_the_end_of_a_large_request_is_read() {
	local(async {
		let refusal = send("HTTP/1.1 413 Large\r\ncontent-length: 2\r\n\r\nno");
		let server = server(vec![vec![refusal, Act::Wait], vec![Act::Read, ok("2")]]).await;
		let pool = Pool::new(server.endpoint, settings());
		let request = Request::post("/").body(Bytes::from(vec![0; 64 << 20])).unwrap();
		let response = pool.send(request, LONG, 10).await.unwrap();
		assert_eq!((response.status().as_u16(), &response.body()[..]), (413, &b"no"[..]));
		assert_eq!(pool.idle(), 0);
	});
}

#[test]
fn no_connection_is_an_error_that_was_not_sent() {
	local(async {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		drop(listener);
		let pool = Pool::new(url.parse().unwrap(), settings());
		let refused = pool.send(get(), LONG, 10).await.unwrap_err();
		assert_eq!(refused, UpstreamError::Connect(std::io::ErrorKind::ConnectionRefused));
		assert!(!refused.sent());
		let nowhere = Pool::new("http://does-not-exist.invalid".parse().unwrap(), settings());
		assert_eq!(nowhere.send(get(), LONG, 10).await.unwrap_err(), UpstreamError::Resolve);
	});
}

#[test]
fn a_listing_cannot_reach_into_the_network_of_the_gateway() {
	for url in ["http://127.0.0.1:1", "http://[::1]:1", "http://10.0.0.1:1", "http://localhost:1"] {
		local(async {
			let connect = ConnectSettings::new(client_config(None).unwrap());
			let pool = Pool::new(url.parse().unwrap(), PoolSettings::new(connect));
			let refused = pool.send(get(), LONG, 10).await.unwrap_err();
			assert!(matches!(refused, UpstreamError::Forbidden(_)), "{url}: {refused}");
		});
	}
	// The cloud's metadata server is never an endpoint.
	local(async {
		let pool = Pool::new("http://169.254.169.254".parse().unwrap(), settings());
		let refused = pool.send(get(), LONG, 10).await.unwrap_err();
		assert!(matches!(refused, UpstreamError::Forbidden(_)), "{refused}");
	});
}

#[test]
fn a_dropped_request_frees_its_place() {
	local(async {
		let server = server(vec![vec![Act::Read, Act::Wait], vec![Act::Read, ok("2")]]).await;
		let pool = Pool::new(server.endpoint, PoolSettings { max_connections: 1, ..settings() });
		let dropped = tokio::time::timeout(BRIEF, pool.send(get(), LONG, 10)).await;
		assert!(dropped.is_err());
		assert_eq!(pool.send(get(), LONG, 10).await.unwrap().body(), "2");
	});
}
