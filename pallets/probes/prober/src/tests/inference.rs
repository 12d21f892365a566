// SPDX-License-Identifier: Apache-2.0

//! Inference: a list of models, and a real completion or embedding.

use super::*;

fn inference(service: u32, endpoint: &str, model: &str) -> Assignment {
	let model = model.as_bytes().to_vec().try_into().unwrap();
	Assignment { kind: ServiceKind::Inference { model }, ..page(service, endpoint) }
}

const MODELS: &str = r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#;
const CHAT: &str = r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#;
const VECTOR: &str = r#"{"model":"m","data":[{"embedding":[0.25,-1]}]}"#;

/// Finding for a server with these responses: models, chat, embeddings.
fn found(answers: [Response; 3]) -> (Finding, FakeNetwork) {
	let mut http = empty_network();
	for (path, answer) in ["models", "chat/completions", "embeddings"].into_iter().zip(answers) {
		http.serve(&format!("http://ai/v1/{path}"), move |_, _| {
			answer.clone().header(ELAPSED_HEADER, "30000")
		});
	}
	(run(&mut http, &[inference(1, "http://ai/", "m")], &[])[0], http)
}

fn ok(body: &str) -> Response {
	Response::ok(30, body)
}

fn no(status: u16) -> Response {
	Response::status(3, status, r#"{"error":{"message":"no"}}"#)
}

#[test]
fn chat_and_embedding_servers_are_up() {
	assert_eq!(found([ok(MODELS), ok(CHAT), no(404)]).0, up());
	for refusal in [400, 404, 405, 422, 501] {
		assert_eq!(found([ok(MODELS), no(refusal), ok(VECTOR)]).0, up(), "{refusal}");
	}
}

#[test]
fn a_server_that_lists_a_model_without_running_it_is_not_up() {
	for (answers, want) in [
		([ok(MODELS), no(404), no(404)], Finding::Down),
		([ok(MODELS), no(500), ok(VECTOR)], Finding::Down),
		([ok(MODELS), no(429), ok(VECTOR)], Finding::Down),
		([ok(MODELS), no(401), ok(VECTOR)], Finding::Down),
		([ok(MODELS), Response::never(), ok(VECTOR)], Finding::Down),
		([ok(MODELS), ok(MODELS), ok(VECTOR)], bad()),
		([ok(MODELS), ok("{}"), ok(VECTOR)], bad()),
		([ok(MODELS), no(404), ok(MODELS)], bad()),
		([ok(r#"{"data":[]}"#), ok(CHAT), ok(VECTOR)], bad()),
		([no(404), ok(CHAT), ok(VECTOR)], Finding::Down),
	] {
		let shown = format!("{answers:?}");
		assert_eq!(found(answers).0, want, "{shown}");
	}
}

#[test]
fn inference_requests_differ_between_visits() {
	let mut bodies = std::collections::BTreeSet::new();
	let mut first = std::collections::BTreeSet::new();
	let targets: Vec<_> = (0..100).map(|k| inference(k, &format!("http://ai{k}/"), "m")).collect();
	let mut http = empty_network();
	for k in 0..100 {
		http.serve(&format!("http://ai{k}/v1/models"), |_, _| json(MODELS.into()));
		http.serve(&format!("http://ai{k}/v1/chat"), |_, _| json(CHAT.into()));
	}
	assert_eq!(run(&mut http, &targets, &[]), [up(); 100]);
	for (_, request) in &http.sent {
		if let Some(body) = &request.post {
			let body: serde_json::Value = serde_json::from_slice(body).unwrap();
			assert_eq!(body["model"], "m");
			assert!((4..=12).contains(&body["max_tokens"].as_u64().unwrap()));
			bodies.insert(body["messages"][0]["content"].as_str().unwrap().to_string());
		}
	}
	for k in 0..100 {
		let of = http
			.sent
			.iter()
			.find(|(_, request)| request.url.starts_with(&format!("http://ai{k}/")))
			.unwrap();
		first.insert(of.1.post.is_some());
	}
	assert!(bodies.len() > 80, "{}", bodies.len());
	assert_eq!(first.len(), 2, "models first or last");
}
