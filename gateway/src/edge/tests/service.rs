// SPDX-License-Identifier: Apache-2.0

//! Requests that pass, and servers that fail.

use super::*;
use http_body_util::BodyExt;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpListener,
};

#[test]
fn requests_that_are_not_valid_never_reach_the_server() {
	let small = EdgeSettings { max_body: 1_000, ..settings() };
	let world = start(small);
	local(async {
		let client = world.client();
		let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
		let deep = call("eth_call").replace("[]", &deep);
		let batch = format!("[{}]", vec!["1"; 101].join(","));
		for (body, status, code) in [
			("nonsense", 400, -32700),
			("", 400, -32700),
			("[]", 400, -32600),
			("{}", 400, -32600),
			(&deep, 413, -32600),
			(&batch, 413, -32600),
			(&"x".repeat(1_001), 413, -32600),
			(&call("admin_peers"), 200, -32601),
			(&call("author_rotateKeysWithOwner"), 200, -32601),
			(&call("debug_setHead"), 200, -32601),
			(&call("eth_sendTransaction"), 200, -32601),
			(&call("eth_signTypedData_v4"), 200, -32601),
			(&call("debug_startCPUProfile"), 200, -32601),
			(&call("debug_traceTransaction"), 402, -32031),
		] {
			let answer = client.post("/", &[], body).await;
			assert_eq!((answer.status, answer.code()), (status, code), "{body:.40}");
		}
		let denied = client.post("/", &[], &call("hardhat_reset")).await;
		assert_eq!(denied.body["id"], 1);
	});
	assert_eq!(world.requests(), 0);
	assert_eq!(world.edge.counts().invalid.get(), 14);
}

#[test]
fn faults_of_the_server_are_lost_and_errors_of_the_caller_are_answers() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		for (method, status, counted) in [
			("eth_blockNumber", 200, (1, 0)),
			("test_revert", 200, (2, 0)),
			("test_broken", 502, (2, 1)),
			("test_limited", 429, (2, 2)),
			("test_nonsense", 200, (2, 3)),
			("test_large", 200, (3, 3)),
		] {
			let answer = client.call(Some(&alice), method).await;
			assert_eq!(answer.status, status, "{method}");
			let (ok, lost, _) = world.book.of(1);
			assert_eq!((ok, lost), counted, "{method}");
		}
		assert!(world.book.of(1).2 > 1 << 20);
	});
}

#[test]
fn a_notification_needs_no_answer() {
	let world = start(settings());
	local(async {
		let alice = token(1, "Alice");
		let notification = r#"{"jsonrpc":"2.0","method":"test_nonsense"}"#;
		world.client().post("/", &[("x-surety-token", &alice)], notification).await;
		assert_eq!((world.book.of(1).0, world.book.of(1).1), (1, 0));
	});
}

#[test]
fn a_stream_arrives_as_it_is_sent_and_is_counted() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let path = format!("/k/{}/events", token(1, "Alice"));
		let request = Request::get(path).body(Bytes::new()).unwrap();
		let mut body = client.0.stream(&request, LONG).await.unwrap().into_body();
		let mut parts = 0;
		while let Some(frame) = body.frame().await {
			let data = frame.unwrap().into_data().unwrap();
			assert_eq!(data, format!("data: {parts}\n\n"));
			parts += 1;
		}
		assert_eq!(parts, 3);
		assert_eq!(world.book.of(1), (1, 0, 27));
	});
}

#[test]
fn other_requests_pass_with_path_query_headers_and_status() {
	let world = start(settings());
	local(async {
		let client = world.client();
		assert_eq!(client.get("/eth/missing", &[]).await.status, 404);
		let answer = client.get("/eth/a?b=c", &[("x-own", "1"), ("cookie", "d=e")]).await;
		assert_eq!((answer.status, answer.body), (200, json!("page")));
		let seen = world.node.seen.lock();
		let (path, headers, _) = &seen[1];
		assert_eq!(path, "/a?b=c");
		assert_eq!(
			(&headers["x-own"], &headers["cookie"]),
			(&"1".parse().unwrap(), &"d=e".parse().unwrap())
		);
		assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
	});
}

#[test]
fn a_wish_for_another_protocol_may_be_ignored() {
	let world = start(settings());
	local(async {
		// Headers of curl with --http2.
		let mut socket = tokio::net::TcpStream::connect(world.edge.local_addr()).await.unwrap();
		let upgrade =
			"upgrade: h2c\r\nconnection: Upgrade, HTTP2-Settings\r\nhttp2-settings: AA\r\n";
		let request = format!("GET /page HTTP/1.1\r\nhost: a\r\n{upgrade}\r\n");
		socket.write_all(request.as_bytes()).await.unwrap();
		let mut answer = [0; 1_000];
		let length = socket.read(&mut answer).await.unwrap();
		let answer = String::from_utf8_lossy(&answer[..length]);
		assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("page"), "{answer}");
	});
}

#[test]
fn json_rpc_carries_the_trace_and_no_other_header() {
	let world = start(settings());
	local(async {
		let headers =
			[("traceparent", "00-1-2-01"), ("accept-encoding", "gzip"), ("cookie", "a=b")];
		world.client().post("/", &headers, &call("eth_blockNumber")).await;
	});
	let seen = world.node.seen.lock();
	let mut names: Vec<_> = seen[0].1.keys().map(|name| name.as_str()).collect();
	names.sort();
	assert_eq!(names, ["content-length", "content-type", "host", "traceparent"]);
}

#[test]
fn a_server_that_is_down_or_slow_has_its_own_errors() {
	let world = start(EdgeSettings { answer_timeout: Duration::from_millis(200), ..settings() });
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		let slow = client.call(Some(&alice), "test_never").await;
		assert_eq!((slow.status, slow.code(), &slow.body["id"]), (504, -32033, &json!(1)));
		let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
		let nowhere: Endpoint = format!("http://{closed}").parse().unwrap();
		world.change(
			|service| EdgeService { backend: nowhere.clone(), ..service },
			|agreement| agreement,
		);
		let down = client.call(Some(&alice), "eth_blockNumber").await;
		assert_eq!((down.status, down.code()), (502, -32032));
		assert_eq!(world.book.of(1).1, 2);
	});
}

#[test]
fn a_request_that_the_client_gives_up_is_neither_answered_nor_lost() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		let brief = Duration::from_millis(300);
		let given_up = tokio::time::timeout(brief, client.call(Some(&alice), "test_never")).await;
		assert!(given_up.is_err());
		while world.edge.counts().cancelled.get() == 0 {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
		assert_eq!(world.book.of(1), (0, 0, 0));
		assert_eq!(world.edge.counts().tenant_requests.get(), 1);
	});
}

#[test]
fn an_overloaded_server_is_unavailable() {
	let mut limits = settings();
	limits.answer_timeout = Duration::from_millis(500);
	limits.upstream.max_connections = 1;
	limits.upstream.max_waiting = 0;
	let world = start(limits);
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		let both = futures::future::join(
			client.call(Some(&alice), "test_never"),
			client.call(Some(&alice), "test_never"),
		);
		let (first, second) = both.await;
		let mut statuses = [first.status, second.status];
		statuses.sort();
		assert_eq!(statuses, [503, 504]);
	});
}

#[test]
fn answers_that_are_no_http_are_a_bad_gateway() {
	let world = start(settings());
	local(async {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let hostile: Endpoint =
			format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
		world.change(
			|service| EdgeService { backend: hostile.clone(), ..service },
			|agreement| agreement,
		);
		let answers: [&[u8]; 5] = [
			b"",
			b"nonsense\r\n\r\n",
			b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
			b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
			b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
		];
		tokio::task::spawn_local(async move {
			for answer in answers {
				let (mut socket, _) = listener.accept().await.unwrap();
				let _ = socket.read(&mut [0; 4_096]).await.unwrap();
				socket.write_all(answer).await.unwrap();
			}
		});
		let client = world.client();
		let alice = token(1, "Alice");
		for n in 1..=5 {
			// A read is repeated over a new connection only if the first one was kept.
			let answer = client.call(Some(&alice), "eth_blockNumber").await;
			assert_eq!(answer.status, 502);
			assert_eq!(world.book.of(1), (0, n, 0));
		}
	});
}

/// Servers of JSON-RPC take calls by other methods than POST too.
#[test]
fn a_call_by_another_method_is_weighed_and_denied_like_any_other() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let many = format!("[{}]", vec![call("eth_getLogs"); 50].join(","));
		for method in ["GET", "PUT", "DELETE", "PATCH", "CALL"] {
			let send = async |body: String| {
				let request = Request::builder().method(method).uri("/eth");
				client.send(request.body(Bytes::from(body)).unwrap()).await.unwrap()
			};
			assert_eq!(send(call("hardhat_reset")).await.code(), -32601, "{method}");
			assert_eq!(send(many.clone()).await.status, 402, "{method}");
		}
		assert_eq!(world.requests(), 0);
		assert_eq!(client.get("/eth", &[]).await.body, "page");
	});
}

#[test]
fn no_path_leaves_that_of_the_server() {
	let world = start(settings());
	local(async {
		let client = world.client();
		for path in ["/eth/../admin", "/eth/%2e%2E/admin", "/eth/..%2fadmin", "/../admin"] {
			assert_eq!(client.get(path, &[]).await.status, 404, "{path}");
			assert_eq!(
				client.post(path, &[], &call("eth_blockNumber")).await.status,
				404,
				"{path}"
			);
		}
		assert_eq!(world.requests(), 0);
		assert_eq!(client.get("/eth/a?b=../c", &[]).await.body, "page");
	});
}
