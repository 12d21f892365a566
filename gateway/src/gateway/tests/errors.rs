// SPDX-License-Identifier: Apache-2.0

//! Errors of our own: code and status of each.

use super::kit::*;
use crate::gateway::Upstreams;
use serde_json::json;
use std::time::Duration;

const CALL: &str = r#"{"jsonrpc":"2.0","id":5,"method":"eth_getBalance","params":["0xaa","0x10"]}"#;

#[test]
fn what_a_client_does_wrong_has_its_status_and_code() {
	let mut settings = settings();
	settings.max_body = 10_000;
	let scene = Scene::new(Options { settings, ..Options::default() });
	let mut client = scene.client();
	let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
	let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{deep}}}"#);
	let many = format!("[{}]", vec![CALL; 101].join(","));
	for (path, body, status, code) in [
		("/ethereum", "{", 400, -32700),
		("/ethereum", "{}", 400, -32600),
		("/ethereum", "[]", 400, -32600),
		("/ethereum", deep.as_str(), 413, -32600),
		("/ethereum", many.as_str(), 413, -32600),
		("/polkadot", CALL, 404, -32001),
		("/ethereum/x", CALL, 404, -32001),
		("/ethereum", r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe"}"#, 400, -32600),
	] {
		let reply = client.post(path, body);
		assert_eq!(
			(reply.status, &reply.json()["error"]["code"]),
			(status, &json!(code)),
			"{body}"
		);
	}
	// The only network needs no name.
	assert_eq!(client.post("/", CALL).status, 200);
	assert_eq!(client.post("/k/some-key/ethereum", CALL).status, 401);
	let get = client.send("GET", "/ethereum", &[], "");
	assert_eq!((get.status, get.header("allow")), (405, "POST"));
	let large = scene.client().post("/ethereum", &"x".repeat(20_000));
	assert_eq!((large.status, &large.json()["error"]["code"]), (413, &json!(-32600)));
}

#[test]
fn without_an_agreement_the_error_names_what_to_buy() {
	let scene = Scene::three();
	let offers = [("ethereum".to_owned(), json!({ "service": 7, "price": "1" }))].into();
	scene.gateway.set_upstreams(Upstreams { services: Vec::new(), offers });
	let reply = scene.client().post("/ethereum", CALL);
	assert_eq!(reply.status, 402);
	assert_eq!(reply.json()["error"]["data"]["service"], 7);
	assert_eq!(reply.json()["id"], 5);
}

#[test]
fn methods_that_are_not_served_are_unknown() {
	let mut scene = Scene::three();
	let network = scene.gateway.network("ethereum").unwrap().settings.clone();
	let filter =
		crate::gateway::MethodFilter { allow: vec!["eth_*".into()], deny: vec!["eth_sign".into()] };
	for (method, allowed) in [("eth_call", true), ("eth_sign", false), ("debug_x", false)] {
		assert_eq!(filter.allows(method), allowed, "{method}");
	}
	let network = crate::gateway::NetworkSettings { filter, ..network };
	let gateway = crate::gateway::Gateway::new(
		settings(),
		vec![network],
		open(),
		None,
		std::sync::Arc::new(NoObserver),
	);
	scene.front = crate::front::serve(crate::front::FrontSettings::default(), move |_| {
		crate::gateway::Worker::new(std::sync::Arc::clone(&gateway))
	})
	.unwrap();
	let reply = scene.call("debug_traceTransaction", json!([]));
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32601)));
}

#[test]
fn dead_operators_are_503_and_broken_ones_502() {
	let mut scene = Scene::three();
	for operator in &scene.operators {
		operator.set(|behaviour| behaviour.text = Some("<html>"));
	}
	let reply = scene.client().post("/ethereum", CALL);
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (502, &json!(-32032)));
	for operator in &mut scene.operators {
		operator.kill();
	}
	let reply = scene.client().post("/ethereum", CALL);
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (503, &json!(-32002)));
	assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[test]
fn operators_that_hang_are_504_and_a_write_is_sent_once() {
	let mut settings = settings();
	settings.timeout = Duration::from_millis(600);
	let scene = Scene::new(Options { settings, ..Options::default() });
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.hangs = true));
	let reply = scene.client().post("/ethereum", CALL);
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (504, &json!(-32033)));
	let reply = scene.call("eth_sendTransaction", json!([{}]));
	assert_eq!(reply.status, 504);
	assert_eq!(scene.count("eth_sendTransaction"), 1);
	let reply = scene.call("made_upMethod", json!([{}]));
	assert_eq!(reply.status, 504);
	assert_eq!(scene.count("made_upMethod"), 1);
}

#[test]
fn an_answer_above_the_limit_is_an_error_of_its_own() {
	let mut settings = settings();
	settings.max_answer = 1_000;
	let scene = Scene::new(Options { settings, ..Options::default() });
	let large: &'static str = Box::leak("x".repeat(2_000).into_boxed_str());
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.text = Some(large)));
	let reply = scene.client().post("/ethereum", CALL);
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (502, &json!(-32034)));
	// Two operators are believed.
	assert_eq!(scene.count("eth_getBalance"), 2);
}
