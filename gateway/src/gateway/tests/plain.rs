// SPDX-License-Identifier: Apache-2.0

//! Plain HTTP and OpenAI's API.

use super::kit::*;
use crate::gateway::{Serves, UpstreamSpec, Upstreams};
use serde_json::json;

fn llama() -> Scene {
	Scene::new(Options { serves: Serves::Model("llama".into()), ..Options::default() })
}

#[test]
fn a_stream_of_tokens_passes_through() {
	let scene = llama();
	let body = json!({ "model": "llama", "stream": true }).to_string();
	let headers = ["authorization: Bearer own", "x-surety-token: srt1_forged"];
	let reply = scene.client().send("POST", "/v1/chat/completions?x=1", &headers, &body);
	assert_eq!(reply.status, 200);
	assert_eq!(reply.header("content-type"), "text/event-stream");
	assert_eq!(reply.body, b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n");
	assert!(reply.header("x-surety-operator").starts_with("operator-"));
	let seen = scene.operators.iter().flat_map(|one| one.seen.lock().clone()).next().unwrap();
	assert_eq!(seen.path, "/rpc/v1/chat/completions?x=1");
	assert_eq!(seen.headers["x-surety-token"], "srt1_test");
}

#[test]
fn a_refusal_goes_to_another_operator_and_a_failure_does_not() {
	let scene = llama();
	for operator in &scene.operators[1..] {
		operator.set(|behaviour| behaviour.status = Some(503));
	}
	let body = json!({ "model": "llama" }).to_string();
	let mut client = scene.client();
	for _ in 0..10 {
		assert_eq!(client.post("/v1/completions", &body).status, 200);
	}
	let scene = llama();
	for operator in &scene.operators {
		operator.set(|behaviour| behaviour.status = Some(500));
	}
	assert_eq!(scene.client().post("/v1/completions", &body).status, 500);
	let asked: usize = scene.operators.iter().map(|one| one.seen.lock().len()).sum();
	assert_eq!(asked, 1);
}

#[test]
fn models_are_listed_and_unknown_ones_refused() {
	let scene = llama();
	let mut client = scene.client();
	let list = client.send("GET", "/v1/models", &[], "").json();
	assert_eq!(list["data"][0]["id"], "llama");
	let reply = client.post("/v1/chat/completions", r#"{"model":"gpt"}"#);
	assert_eq!(
		(reply.status, reply.json()["error"]["type"].as_str()),
		(404, Some("invalid_request_error"))
	);
	assert_eq!(client.post("/v1/chat/completions", "{}").status, 400);
	assert_eq!(client.post("/v1/../admin", r#"{"model":"llama"}"#).status, 404);
}

#[test]
fn any_http_reaches_one_service_and_stays_below_its_path() {
	let scene = Scene::new(Options { serves: Serves::Http, ..Options::default() });
	let mut client = scene.client();
	let reply = client.send("PUT", "/service/2/files/a?b=c", &["x-own: 1"], "content");
	assert_eq!(reply.body, b"plain /rpc/files/a?b=c");
	assert_eq!(reply.header("x-surety-service"), "2");
	assert_eq!(scene.operators[1].seen.lock()[0].headers["x-own"], "1");
	assert_eq!(client.send("GET", "/service/2", &[], "").body, b"plain /rpc");
	let upgrade = ["connection: upgrade", "upgrade: websocket"];
	let reply = client.send("GET", "/service/2/a", &upgrade, "");
	assert_eq!((reply.status, scene.operators[1].seen.lock().len()), (404, 2));
	assert!(reply.json()["error"]["message"].as_str().unwrap().contains("plain HTTP"));
	for path in ["/service/9/x", "/service/x", "/service/2/a/../../b", "/service/2/%2e%2e/b"] {
		assert_eq!(client.send("GET", path, &[], "").status, 404, "{path}");
	}
}

#[test]
fn a_configured_operator_is_known_by_its_name() {
	let scene = Scene::new(Options { serves: Serves::Http, ..Options::default() });
	let number = u32::MAX - 1;
	let own = UpstreamSpec {
		service: number,
		configured: true,
		operator: "own-node".into(),
		..spec(0, scene.operators[0].address, Serves::Http)
	};
	scene.gateway.set_upstreams(Upstreams { services: vec![own], offers: Default::default() });
	let mut client = scene.client();
	let reply = client.send("GET", "/service/own-node/a", &[], "");
	assert_eq!(reply.body, b"plain /rpc/a");
	assert_eq!(reply.header("x-surety-service"), "own-node");
	for path in [format!("/service/{number}/a"), "/service/own/a".into()] {
		assert_eq!(client.send("GET", &path, &[], "").status, 404, "{path}");
	}
}

/// A client must not make operators refuse us: they would be left alone by all.
#[test]
fn a_client_cannot_take_out_what_the_gateway_adds() {
	let scene = llama();
	let headers = ["connection: close, x-own, X-Surety-Token", "x-own: 1"];
	let body = json!({ "model": "llama" }).to_string();
	let reply = scene.client().send("POST", "/v1/completions", &headers, &body);
	assert_eq!(reply.status, 200);
	let seen = scene.operators.iter().flat_map(|one| one.seen.lock().clone()).next().unwrap();
	assert_eq!(seen.headers["x-surety-token"], "srt1_test");
	assert!(!seen.headers.contains_key("x-own"));
}

#[test]
fn what_belongs_to_the_domain_of_the_gateway_stays_there() {
	let scene = Scene::new(Options { serves: Serves::Http, ..Options::default() });
	let headers = ["cookie: session=ours", "referer: http://x/k/srk1_secret/service/2/"];
	let reply = scene.client().send("GET", "/service/2/a", &headers, "");
	assert_eq!((reply.status, reply.header("x-surety-service")), (200, "2"));
	assert_eq!((reply.header("set-cookie"), reply.header("x-surety-why")), ("", ""));
	let seen = scene.operators[1].seen.lock()[0].headers.clone();
	assert!(!seen.contains_key("cookie") && !seen.contains_key("referer"), "{seen:?}");
}
