// SPDX-License-Identifier: Apache-2.0

//! Roles from configurations, in front of real servers, without a chain.

mod kit;

use crate::gateway::tests::kit::Operator;
use kit::*;
use serde_json::json;

#[test]
fn a_gateway_serves_from_edges_and_both_sides_sign() {
	let mut scene = Scene::start(2);
	let mut client = scene.client();
	// Chance and latencies choose, so one may have to wait for its turn.
	let is_used = |operator: &Operator| operator.count("eth_getBalance") > 0;
	let mut calls = 0;
	while calls < 100 || !scene.operators.iter().all(is_used) {
		let reply = client.call("eth_getBalance", json!([format!("0x{calls:040x}"), "0x5"]));
		assert_eq!(reply.result(), "0x5", "{calls}");
		calls += 1;
		assert!(calls < 10_000, "an operator gets no calls");
	}
	scene.until_both_signed();
	for operator in &scene.operators {
		let seen = operator.seen.lock();
		let has_token = |seen: &crate::gateway::tests::kit::Seen| {
			seen.headers.keys().any(|name| name.starts_with("x-surety"))
		};
		assert!(!seen.iter().any(has_token), "a server sees no token");
	}
	let status = scene.gateway().background().status();
	assert_eq!((status.role.as_str(), status.networks.len()), ("gateway", 1));
	assert_eq!(status.networks[0].calls, calls);
	assert_eq!(status.services.len(), 2);
	assert!(status.services.iter().all(|service| service.state == "serving" && service.calls > 0));
	assert!(status.front.requests >= 100);
	for edge in scene.edges() {
		let status = edge.background().status();
		assert!(status.agreements[0].calls > 0 && status.agreements[0].lost == 0);
		assert_eq!(status.usage.refused, 0);
	}
	let metrics = scene.gateway().background().metrics.encode();
	assert!(metrics.contains("surety_service_calls_total{network=\"ethereum\""), "{metrics}");

	// Earlier counts are counted after a restart: otherwise the sides would be apart.
	scene.restart_gateway();
	let mut client = scene.client();
	client.call("eth_getBalance", json!([format!("0x{:040x}", 7), "0x5"])).result();
	scene.until_both_signed();
	scene.restart_edges();
	client.call("eth_getBalance", json!([format!("0x{:040x}", 8), "0x5"])).result();
	scene.until_both_signed();
	scene.until_both_agree();
}

#[test]
fn keys_of_the_configuration_are_read_again() {
	let scene = Scene::start(1);
	let key = crate::access::Secret::generate().unwrap();
	let mut closed = scene.gateway_config();
	closed.access.open = Some(false);
	let gateway = start_gateway(&closed);
	let mut client = crate::gateway::tests::kit::Client::connect(gateway.local_addr());
	let header = format!("X-Api-Key: {}", key.expose());
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
	assert_eq!(client.send("POST", "/ethereum", &[&header], call).status, 401);
	closed.access.keys = vec![crate::config::KeySection {
		name: "shop".into(),
		blake2: format!("{:?}", sp_core::H256(key.hash())),
		rate: None,
		burst: None,
		networks: Vec::new(),
		methods: Vec::new(),
		origins: Vec::new(),
	}];
	gateway.reload(&closed);
	assert_eq!(client.send("POST", "/ethereum", &[&header], call).status, 200);
	drop(client);
	gateway.stop();
}

#[test]
fn a_chain_that_does_not_answer_keeps_nobody_from_serving() {
	let scene = Scene::start(1);
	let mut config = scene.gateway_config();
	config.chain.nodes = vec!["http://127.0.0.1:1".parse().unwrap()];
	let gateway = start_gateway(&config);
	let mut client = crate::gateway::tests::kit::Client::connect(gateway.local_addr());
	assert_eq!(client.call("eth_chainId", json!([])).status, 200);
	let status = gateway.background().status();
	assert!(status.chain.is_some() && status.usage.signed == 0);
	drop(client);
	gateway.stop();
}

#[test]
fn an_edge_serves_strangers_within_the_trial() {
	let scene = Scene::start(1);
	let mut client = crate::gateway::tests::kit::Client::connect(scene.edges()[0].local_addr());
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
	let statuses: Vec<_> = (0..40).map(|_| client.post("/", call).status).collect();
	assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
	let limited = statuses.iter().filter(|status| **status == 429).count() as u64;
	let tenant = scene.edges()[0].background().status().agreements[0].clone();
	let trial = scene.edges()[0].background().status().agreements[1].clone();
	assert_eq!((trial.limited, trial.calls, tenant.limited), (limited, 40 - limited, 0));
}
