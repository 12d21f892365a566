// SPDX-License-Identifier: Apache-2.0

//! Tokens, agreements, probers, strangers.

use super::*;

#[test]
fn a_token_is_taken_from_path_header_or_bearer_and_never_passed_on() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let token = token(1, "Alice");
		let bearer = format!("Bearer {token}");
		let body = call("eth_blockNumber");
		for (path, header) in [
			(format!("/k/{token}/eth"), None),
			(format!("/k/{token}"), None),
			("/eth".into(), Some(("x-surety-token", token.as_str()))),
			("/".into(), Some(("authorization", bearer.as_str()))),
		] {
			let answer = client.post(&path, header.as_slice(), &body).await;
			assert_eq!((answer.status, &answer.body["result"]), (200, &json!("0x1")), "{path}");
			assert_eq!(answer.headers["x-surety-service"], "7");
		}
		assert_eq!(client.get(&format!("/k/{token}/page?a=b"), &[]).await.body, "page");
	});
	let seen = world.node.seen.lock();
	assert_eq!(
		seen.iter().map(|(path, ..)| path).collect::<Vec<_>>(),
		["/", "/", "/", "/", "/page?a=b"]
	);
	for (path, headers, body) in seen.iter() {
		let all = format!("{path} {headers:?} {body:?}");
		assert!(!all.contains("srt1_"), "{all}");
	}
	assert_eq!(world.book.of(1).0, 5);
	assert_eq!(world.edge.counts().tenant_requests.get(), 5);
}

#[test]
fn tokens_that_are_not_valid_are_refused() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let now = unix_now();
		let good = token(1, "Alice");
		let mut forged = good.clone();
		forged.replace_range(60..62, "AA");
		for token in [
			"srt1_",
			"nonsense",
			&forged,
			&token_with(1, "Alice", Share::ALL, now - 3_600),
			&token_with(1, "Alice", Share::ALL, now + 1_000_000),
			&token(1, "Bob"),
		] {
			let answer = client.call(Some(token), "eth_blockNumber").await;
			assert_eq!((answer.status, answer.code()), (401, -32030), "{token}");
			assert!(answer.headers.contains_key("www-authenticate"));
		}
	});
	assert_eq!(world.requests(), 0);
	assert_eq!(world.edge.counts().unauthorized.get(), 6);
}

#[test]
fn an_agreement_that_is_over_or_unknown_names_what_to_buy() {
	let world = start(settings());
	local(async {
		let client = world.client();
		for token in [token(3, "Carol"), token(99, "Alice")] {
			let answer = client.call(Some(&token), "eth_blockNumber").await;
			assert_eq!((answer.status, answer.code()), (402, -32031));
			let offer = &answer.body["error"]["data"]["offer"];
			assert_eq!(
				(&offer["service"], &offer["call"]["call"]),
				(&json!(7), &json!("open_agreement"))
			);
		}
		// A remembered token ends with its agreement.
		let token = token(1, "Alice");
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 200);
		world.change(|service| service, |agreement| EdgeAgreement { active: false, ..agreement });
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 402);
		world.change(|service| service, |agreement| EdgeAgreement { active: true, ..agreement });
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 200);
	});
}

#[test]
fn a_proxy_signs_for_the_tenant_until_it_is_revoked() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let token = token(1, "Proxy");
		world.rights.pairs.lock().push((account("Alice"), account("Proxy")));
		// The chain is asked first, which takes a moment.
		world.rights.unknown.store(3, Relaxed);
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 200);
		world.rights.pairs.lock().clear();
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 401);
		assert_eq!(client.call(Some(&token), "eth_blockNumber").await.status, 401);
	});
}

#[test]
fn before_the_chain_is_known_tenants_are_asked_to_come_back() {
	let world = start(settings());
	world.market.store(Arc::new(EdgeMarket::new(None, 0, [], [])));
	local(async {
		let client = world.client();
		let answer = client.call(Some(&token(1, "Alice")), "eth_blockNumber").await;
		assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "1"));
		assert_eq!(client.call(None, "eth_blockNumber").await.status, 404);
	});
}

#[test]
fn strangers_are_served_unless_trials_are_switched_off() {
	let world = start(settings());
	local(async {
		assert_eq!(world.client().call(None, "eth_blockNumber").await.status, 200);
	});
	assert_eq!(world.edge.counts().trial_requests.get(), 1);
	let world = start(EdgeSettings { trial: None, ..settings() });
	local(async {
		let client = world.client();
		let answer = client.call(None, "eth_blockNumber").await;
		assert_eq!((answer.status, answer.code()), (402, -32031));
	});
}

#[test]
fn bearer_tokens_of_the_server_pass() {
	let world = start(settings());
	local(async {
		world.client().get("/page", &[("authorization", "Bearer sk-1")]).await;
	});
	assert_eq!(world.node.seen.lock()[0].1["authorization"], "Bearer sk-1");
}
