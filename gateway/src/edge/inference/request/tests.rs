// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(body: &str) -> Result<Asked, Refusal> {
	Asked::read(Route::Chat, body.as_bytes())
}

/// Body as the server gets it, by a tenant or a stranger.
fn sent(body: &str, stranger: bool) -> Value {
	let mut asked = read(body).unwrap();
	if stranger {
		asked.bind(256);
	}
	let body = asked.body(Bytes::copy_from_slice(body.as_bytes()));
	serde_json::from_slice(&body).unwrap()
}

#[test]
fn only_the_api_of_models_is_served() {
	let route = |method: &Method, path| Route::of(method, path);
	assert_eq!(route(&Method::POST, "/v1/chat/completions"), Some(Route::Chat));
	assert_eq!(route(&Method::POST, "/v1/embeddings"), Some(Route::Embedding));
	assert_eq!(route(&Method::GET, "/v1/models"), Some(Route::Models));
	assert_eq!(route(&Method::GET, "/v1/models/a/b"), Some(Route::Model("a/b")));
	for (method, path) in [
		(Method::GET, "/v1/chat/completions"),
		(Method::DELETE, "/v1/models/a"),
		(Method::POST, "/v1/load_lora_adapter"),
		(Method::POST, "/slots/0?action=save"),
		(Method::GET, "/metrics"),
		(Method::POST, "/completion"),
		(Method::POST, "/api/pull"),
		(Method::GET, "/"),
	] {
		assert_eq!(Route::of(&method, path), None, "{path}");
	}
}

#[test]
fn fields_that_decide_the_cost_are_read() {
	let asked = read(
		r#" { "model" : "a\u0062" , "max_tokens": 5, "max_completion_tokens": 7, "n": 3,
			"messages": [{"role": "user", "content": "hi", "max_tokens": 9}], "tools": [{}] } "#,
	)
	.unwrap();
	assert_eq!((asked.model.as_str(), asked.bound, asked.choices), ("ab", Some(7), 3));
	assert_eq!(asked.reserve(), asked.prompt + 21);
	assert!(!asked.stream && asked.prompt > 40);
	assert_eq!(read("{}").unwrap().reserve(), 1 + TEMPLATE + USUAL_ANSWER);
	let embedding = Asked::read(Route::Embedding, br#"{"input":["a","b"]}"#).unwrap();
	assert_eq!(embedding.reserve(), embedding.prompt);
	let many = Asked::read(Route::Completion, br#"{"prompt":["a","b"],"max_tokens":4}"#).unwrap();
	assert_eq!(many.reserve(), many.prompt + 8);
	let tokens = Asked::read(Route::Completion, br#"{"prompt":[1,2],"max_tokens":4}"#).unwrap();
	assert_eq!(tokens.reserve(), tokens.prompt + 4);
	let long = format!(r#"{{"messages":"{}"}}"#, "x".repeat(1 << 20));
	assert_eq!(read(&long).unwrap().prompt, MAX_PROMPT + TEMPLATE);
}

#[test]
fn requests_that_servers_may_read_otherwise_are_refused() {
	for body in [
		"",
		"[]",
		"{",
		"{}{}",
		r#"{"a":1,"a":2}"#,
		r#"{"max_tokens":1,"max_tokens":100000}"#,
		r#"{"max_tokens":1,"Max_Tokens":100000}"#,
		r#"{"max\u005ftokens":100000}"#,
		r#"{"max_tokens":"many"}"#,
		r#"{"max_tokens":1.5}"#,
		r#"{"n":0}"#,
		r#"{"n":100000}"#,
		r#"{"stream":1}"#,
		r#"{"model":7}"#,
		r#"{"stream":true,"stream_options":7}"#,
		r#"{"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}"#,
		r#"{"stream":true,"stream_options":{"Include_Usage":false}}"#,
	] {
		let refused = read(body).unwrap_err();
		assert_eq!(refused.status(), 400, "{body}");
	}
	let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
	assert_eq!(read(&deep).unwrap_err().status(), 413);
	assert!(Asked::read(Route::Chat, b"{\"a\":\"\xff\"}").is_err());
	let fields: Vec<_> = (0..200).map(|n| format!("\"f{n}\":1")).collect();
	assert_eq!(read(&format!("{{{}}}", fields.join(","))).unwrap_err().status(), 413);
}

#[test]
fn the_usage_of_a_stream_is_asked_for() {
	for (options, wants, expected) in [
		("", false, json!({ "include_usage": true })),
		(r#","stream_options":null"#, false, json!({ "include_usage": true })),
		(r#","stream_options": {}"#, false, json!({ "include_usage": true })),
		(r#","stream_options": { "x": 1 }"#, false, json!({ "include_usage": true, "x": 1 })),
		(
			r#","stream_options":{"include_usage": false ,"x":1}"#,
			false,
			json!({ "include_usage": true, "x": 1 }),
		),
		(r#","stream_options":{"include_usage":true}"#, true, json!({ "include_usage": true })),
	] {
		let body = format!(r#"{{"stream":true,"own":[1,{{"a":"b"}}]{options}}}"#);
		assert_eq!(read(&body).unwrap().wants_usage, wants, "{body}");
		let sent = sent(&body, true);
		assert_eq!(sent["stream_options"], expected, "{body}");
		assert_eq!((&sent["own"], &sent["max_tokens"]), (&json!([1, { "a": "b" }]), &json!(256)));
	}
	let whole = r#"{"stream":false,"stream_options":{"include_usage":true}}"#;
	assert_eq!(sent(whole, false), serde_json::from_str::<Value>(whole).unwrap());
}

#[test]
fn strangers_get_short_answers_only() {
	assert_eq!(sent("{}", true), json!({ "max_tokens": 256 }));
	assert_eq!(sent(r#"{"max_tokens":null}"#, true), json!({ "max_tokens": 256 }));
	assert_eq!(sent(r#"{"max_tokens":7}"#, true), json!({ "max_tokens": 7 }));
	assert_eq!(
		sent(r#"{"n_predict":-1,"max_tokens":7}"#, true),
		json!({ "n_predict": 256, "max_tokens": 7 })
	);
	let mut hidden = read(r#"{"n_predict":-1,"max_tokens":7}"#).unwrap();
	hidden.bind(256);
	assert_eq!(hidden.bound, Some(256));
}

proptest! {
	#[test]
	fn bodies_of_any_form_never_panic_and_stay_json(
		body in r#"\{("(stream|max_tokens|stream_options|a)": ?(true|null|1|\{\}|"x"),?){0,4}\}?"#,
	) {
		if let Ok(mut asked) = read(&body) {
			asked.bind(256);
			let changed = asked.body(Bytes::from(body.into_bytes()));
			prop_assert!(serde_json::from_slice::<Value>(&changed).is_ok());
		}
	}
}
