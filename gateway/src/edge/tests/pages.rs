// SPDX-License-Identifier: Apache-2.0

//! Pages of the edge itself, several services, other protocols, start and end.

use super::*;

#[test]
fn the_proof_of_control_is_served_for_own_services_only() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let proof = client.get("/.well-known/surety/7", &[]).await;
		assert_eq!(proof.status, 200);
		assert_eq!(proof.body, json!(world.market.load().proof(7).unwrap()));
		for page in ["8", "", "x", "7/", "-7", "usage"] {
			assert_eq!(client.get(&format!("/.well-known/surety/{page}"), &[]).await.status, 404);
		}
		assert_eq!(client.post("/.well-known/surety/7", &[], "").await.status, 404);
	});
	assert_eq!(world.requests(), 0);
}

#[test]
fn statements_are_exchanged_within_limits() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let page = "/.well-known/surety/usage";
		let answer = client.post(page, &[], "statement").await;
		assert_eq!((answer.status, answer.body), (200, json!("countersigned")));
		assert_eq!(answer.headers["content-type"], crate::usage::CONTENT_TYPE);
		assert_eq!(client.post(page, &[], "nonsense").await.status, 400);
		assert_eq!(
			client.post(page, &[], &"x".repeat(crate::usage::MAX_MESSAGE + 1)).await.status,
			413
		);
		// At once, so that a slow machine does not stay within the rate.
		let all = (0..200).map(|_| client.post(page, &[], "statement"));
		let all = futures::future::join_all(all).await;
		assert!(all.iter().any(|answer| answer.status == 429));
	});
}

#[test]
fn services_are_chosen_by_host_path_or_token() {
	let world = start(settings());
	let first = world.market.load().service(7).unwrap().clone();
	let other = EdgeService { id: 8, endpoint: "https://edge.org/dot".into(), ..(*first).clone() };
	let ours = EdgeAgreement { service: 8, ..agreement(1, "Alice") };
	world.market.store(Arc::new(EdgeMarket::new(
		Some(GENESIS),
		100,
		[(*first).clone(), other],
		[ours],
	)));
	let endpoint: Endpoint = format!("http://{}", world.edge.local_addr()).parse().unwrap();
	local(async {
		let client = Client(Pool::new(endpoint, upstream()));
		// The host of the listing is not that of the client's connection.
		assert_eq!(client.post("/eth", &[], &call("eth_blockNumber")).await.status, 404);
		let token = token(1, "Alice");
		for path in ["/", "/dot", "/eth"] {
			let headers = [("x-surety-token", token.as_str())];
			let answer = client.post(path, &headers, &call("eth_blockNumber")).await;
			assert_eq!(answer.headers["x-surety-service"], "8", "{path}");
		}
	});
	let paths: Vec<_> = world.node.seen.lock().iter().map(|(path, ..)| path.clone()).collect();
	assert_eq!(paths, ["/", "/", "/eth"]);
}

#[test]
fn a_switch_of_protocols_goes_to_the_server() {
	let world = start(settings());
	let ask = |token: &str| {
		let mut socket = std::net::TcpStream::connect(world.edge.local_addr()).unwrap();
		let request = format!(
			"GET /k/{token}/eth/ws?a HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\
			connection: upgrade\r\nsec-websocket-version: 13\r\n\
			sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
		);
		std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
		let mut answer = vec![0; 4_096];
		let length = std::io::Read::read(&mut socket, &mut answer).unwrap();
		String::from_utf8_lossy(&answer[..length]).into_owned()
	};
	// The server answers with a page.
	assert!(ask(&token(1, "Alice")).starts_with("HTTP/1.1 502"));
	assert_eq!(world.node.seen.lock()[0].0, "/ws?a");
	assert!(ask(&token(3, "Carol")).starts_with("HTTP/1.1 402"));
	world.change(|service| EdgeService { protocol: None, ..service }, |same| same);
	let answer = ask(&token(1, "Alice"));
	assert!(answer.starts_with("HTTP/1.1 501") && answer.contains("plain HTTP"), "{answer}");
	assert_eq!(world.edge.counts().tenant_requests.get(), 1, "a refusal costs nothing");
}

#[test]
fn edges_of_one_process_share_nothing() {
	let (first, second) = (start(settings()), start(settings()));
	local(async {
		let alice = token(1, "Alice");
		first.client().call(Some(&alice), "eth_blockNumber").await;
		second.client().call(Some(&alice), "test_broken").await;
	});
	assert_eq!(first.book.of(1).0, 1);
	assert_eq!((second.book.of(1).0, second.book.of(1).1), (0, 1));
	assert!(first.edge.shutdown(LONG));
	local(async {
		assert_eq!(second.client().call(None, "eth_blockNumber").await.status, 200);
	});
}
