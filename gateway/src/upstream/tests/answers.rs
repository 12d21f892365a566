// SPDX-License-Identifier: Apache-2.0

//! Answers that are valid, and the reuse of connections.

use super::*;
use crate::front::Body;
use http_body_util::BodyExt;
use proptest::prelude::*;

async fn text(response: Response<Body>) -> String {
	String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[test]
fn an_answer_of_each_framing_is_read() {
	for (bytes, body) in [
		("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc"),
		(
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\n\r\n",
			"abc",
		),
		(
			"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
			"abc",
		),
		("HTTP/1.1 200 OK\r\n\r\nabc", "abc"),
		("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc"),
		(
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
			"",
		),
		("HTTP/1.1 204 None\r\n\r\n", ""),
		("HTTP/1.1 304 Same\r\ncontent-length: 5\r\n\r\n", ""),
	] {
		let response = outcome(post("{}"), bytes.as_bytes()).unwrap();
		assert_eq!(response.body(), body, "{bytes}");
	}
}

#[test]
fn an_answer_to_head_has_no_body() {
	let request = Request::head("/").body(Bytes::new()).unwrap();
	let response = outcome(request, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").unwrap();
	assert_eq!(response.headers()["content-length"], "5");
	assert!(response.body().is_empty());
}

#[test]
fn requests_follow_each_other_on_one_connection() {
	local(async {
		let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n";
		let script =
			vec![Act::Read, ok("1"), Act::Read, send(chunked), Act::Read, ok("3"), Act::Wait];
		let server = server(vec![script]).await;
		let pool = Pool::new(server.endpoint, settings());
		for body in ["1", "2", "3"] {
			let response = pool.send(post("{}"), LONG, 10).await.unwrap();
			assert_eq!(response.body(), body);
			assert_eq!(pool.idle(), 1);
		}
		assert_eq!(server.connections.get(), 1);
		assert_eq!(server.requests.borrow().len(), 3);
	});
}

#[test]
fn requests_at_the_same_time_have_a_connection_each() {
	local(async {
		let script = || vec![Act::Read, ok("x"), Act::Wait];
		let server = server((0..5).map(|_| script()).collect()).await;
		let pool = Pool::new(server.endpoint, PoolSettings { max_idle: 3, ..settings() });
		let all = futures::future::join_all((0..5).map(|_| pool.send(post("{}"), LONG, 10))).await;
		assert!(all.iter().all(Result::is_ok));
		assert_eq!(server.connections.get(), 5);
		assert_eq!(pool.idle(), 3);
	});
}

#[test]
fn a_pool_is_bounded_and_so_is_its_queue() {
	local(async {
		let script = vec![Act::Read, ok("1"), Act::Read, ok("2"), Act::Wait];
		let server = server(vec![script]).await;
		let limits = PoolSettings { max_connections: 1, max_waiting: 1, ..settings() };
		let pool = Pool::new(server.endpoint, limits);
		let all = futures::future::join_all((0..3).map(|_| pool.send(post("{}"), LONG, 10))).await;
		let served: Vec<_> = all.iter().map(|one| one.as_ref().map(|one| one.body())).collect();
		assert_eq!(served, [Ok(&"1".into()), Ok(&"2".into()), Err(&UpstreamError::Busy)]);
	});
}

#[test]
fn a_connection_is_not_used_again_when_the_answer_says_so_or_more_came() {
	for first in [
		send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1"),
		send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1HTTP/1.1 200 OK\r\n"),
		send("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n1"),
	] {
		local(async {
			let scripts =
				vec![vec![Act::Read, first, Act::Wait], vec![Act::Read, ok("2"), Act::Wait]];
			let server = server(scripts).await;
			let pool = Pool::new(server.endpoint, settings());
			for body in ["1", "2"] {
				assert_eq!(pool.send(post("{}"), LONG, 10).await.unwrap().body(), body);
			}
			assert_eq!(server.connections.get(), 2);
		});
	}
}

#[test]
fn unused_connections_are_closed_after_their_time() {
	local(async {
		let script = vec![Act::Read, ok("1"), Act::Read];
		let server = server(vec![script, vec![Act::Read, ok("2")]]).await;
		let limits = PoolSettings { idle_timeout: BRIEF, ..settings() };
		let pool = Pool::new(server.endpoint, limits);
		pool.send(post("{}"), LONG, 10).await.unwrap();
		while pool.idle() > 0 {
			tokio::time::sleep(BRIEF / 4).await;
		}
		assert_eq!(pool.send(post("{}"), LONG, 10).await.unwrap().body(), "2");
	});
}

#[test]
fn a_stream_arrives_in_parts_and_gives_its_connection_back() {
	local(async {
		let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
		let (go, gone) = tokio::sync::oneshot::channel::<()>();
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		tokio::task::spawn_local(async move {
			let (mut socket, _) = listener.accept().await.unwrap();
			read_request(&mut socket, &mut Vec::new()).await.unwrap();
			socket.write_all(format!("{head}4\r\none\n\r\n").as_bytes()).await.unwrap();
			gone.await.unwrap();
			socket.write_all(b"4\r\ntwo\n\r\n0\r\n\r\n").await.unwrap();
			std::future::pending::<()>().await;
		});
		let pool = Pool::new(url.parse().unwrap(), settings());
		let response = pool.stream(&get(), LONG).await.unwrap();
		assert_eq!(response.headers()["content-type"], "text/event-stream");
		let mut body = response.into_body();
		assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one\n");
		assert_eq!(pool.idle(), 0);
		go.send(()).unwrap();
		assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "two\n");
		assert!(body.frame().await.is_none());
		assert_eq!(pool.idle(), 1);
	});
}

#[test]
fn a_stream_of_known_length_keeps_it() {
	local(async {
		let script = vec![Act::Read, ok("abc"), Act::Read, ok(""), Act::Wait];
		let server = server(vec![script]).await;
		let pool = Pool::new(server.endpoint, settings());
		let response = pool.stream(&get(), LONG).await.unwrap();
		assert_eq!(hyper::body::Body::size_hint(response.body()).exact(), Some(3));
		assert_eq!(text(response).await, "abc");
		assert_eq!(text(pool.stream(&get(), LONG).await.unwrap()).await, "");
		assert_eq!(server.connections.get(), 1);
	});
}

#[test]
fn a_small_answer_is_whole_and_a_large_one_streams() {
	let chunked = |body: &str| {
		let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
		let (a, b) = body.split_at(2);
		send(&format!("{head}2\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n", b.len()))
	};
	let events = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n";
	let events = send(&format!("{events}content-length: 3\r\n\r\nabc"));
	for (answer, whole, body) in [
		(ok("abcde"), true, "abcde"),
		(ok("abcdef"), false, "abcdef"),
		(chunked("abcde"), true, "abcde"),
		(chunked("abcdefgh"), false, "abcdefgh"),
		(send("HTTP/1.1 204 No\r\n\r\n"), false, ""),
		(events, false, "abc"),
	] {
		local(async {
			let script = vec![Act::Read, answer, Act::Read, ok("next"), Act::Wait];
			let server = server(vec![script]).await;
			let pool = Pool::new(server.endpoint, settings());
			let response = pool.fetch(&get(), LONG, 5, false).await.unwrap();
			assert_eq!(response.body().as_full().is_some(), whole, "{body}");
			let size = hyper::body::Body::size_hint(response.body()).exact();
			assert!(size.is_none_or(|size| size == body.len() as u64), "{body}");
			assert_eq!(text(response).await, body);
			assert_eq!(text(pool.fetch(&get(), LONG, 5, false).await.unwrap()).await, "next");
			assert_eq!(server.connections.get(), 1);
		});
	}
}

#[test]
fn large_bodies_go_both_ways() {
	local(async {
		let large = "x".repeat(3 << 20);
		let server = server(vec![vec![Act::Read, ok(&large), Act::Wait]]).await;
		let pool = Pool::new(server.endpoint, settings());
		let request = Request::post("/").body(Bytes::from(large.clone())).unwrap();
		let response = pool.send(request, LONG, 4 << 20).await.unwrap();
		assert!(*response.body() == large);
		assert!(server.requests.borrow()[0].ends_with(&large));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn an_answer_in_any_pieces_is_the_same(
		chunks in prop::collection::vec("[a-z]{1,30}", 0..6),
		cuts in prop::collection::vec(1_usize..40, 1..20),
		chunked: bool,
	) {
		let body = chunks.concat();
		let answer = if chunked {
			let chunks = chunks.iter().map(|part| format!("{:x}\r\n{part}\r\n", part.len()));
			let chunks: String = chunks.collect();
			format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
		} else {
			format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
		};
		let mut script = vec![Act::Read];
		let mut rest = answer.as_bytes();
		let mut cuts = cuts.into_iter().cycle();
		while !rest.is_empty() {
			let (part, left) = rest.split_at(cuts.next().unwrap().min(rest.len()));
			script.push(Act::Send(part.to_vec()));
			rest = left;
		}
		script.push(Act::Wait);
		local(async {
			let server = server(vec![script]).await;
			let pool = Pool::new(server.endpoint, settings());
			let response = pool.send(get(), LONG, 1_000).await.unwrap();
			assert_eq!(*response.body(), body);
			assert_eq!(pool.idle(), 1);
		});
	}
}
