// SPDX-License-Identifier: Apache-2.0

//! Requests of the prober.

use crate::{
	client::Client,
	http::{BodyUse, Request},
	schedule::Random,
	tunnel::{KEY_URL, KeyPair, Outcome, ProofRequest},
	vpn,
};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};
use codec::{Encode, MaxEncodedLen};
use surety_primitives::{Protocol, ServiceId};

/// Maximum length of a response body in bytes, except for proofs and agents.
pub const MAX_BODY: usize = 256 * 1024;
/// Maximum length of an agent's response in bytes.
pub const MAX_HEALTH: usize = 4 * 1024;
/// Maximum length of a proof in bytes.
pub const MAX_PROOF: usize = 1024;

/// Method and parameters of the request for the head.
pub fn head(protocol: Protocol) -> (&'static str, String) {
	let method = match protocol {
		Protocol::Ethereum => "eth_blockNumber",
		Protocol::Substrate => "chain_getHeader",
	};
	(method, String::new())
}

/// JSON-RPC request and its id.
pub fn one(client: &mut Client, url: &str, (method, params): (&str, String)) -> (u64, Request) {
	let id = client.id();
	let body = client.question(id, method, &params);
	(id, post(client, url.to_string(), body))
}

/// JSON-RPC batch and its ids.
pub fn batch(client: &mut Client, url: &str, calls: &[(&str, String)]) -> (Vec<u64>, Request) {
	let ids: Vec<u64> = calls.iter().map(|_| client.id()).collect();
	let questions: Vec<String> = ids
		.iter()
		.zip(calls)
		.map(|(id, (method, params))| client.question(*id, method, params))
		.collect();
	let body = client.batch(&questions);
	(ids, post(client, url.to_string(), body))
}

/// Request for the endpoint itself.
pub fn page(client: &Client, url: &str) -> Request {
	get(client, url.to_string(), BodyUse::Discard(MAX_BODY))
}

/// Request for the list of models.
pub fn models(client: &Client, url: &str) -> Request {
	get(client, below(url, "v1/models"), BodyUse::Keep(MAX_BODY))
}

/// Request for a completion.
pub fn completion(client: &Client, url: &str, model: &str, random: &mut Random) -> Request {
	let (model, prompt) = (quoted(model), quoted(&prompt(random)));
	let tokens = random.below(9).saturating_add(4);
	let temperature = if random.flip() { r#","temperature":0.7"# } else { "" };
	let body = format!(
		r#"{{"model":{model},"messages":[{{"role":"user","content":{prompt}}}],"max_tokens":{tokens}{temperature}}}"#
	);
	post(client, below(url, "v1/chat/completions"), client.spaced(&body))
}

/// Request for an embedding.
pub fn embedding(client: &Client, url: &str, model: &str, random: &mut Random) -> Request {
	let body = format!(r#"{{"model":{},"input":{}}}"#, quoted(model), quoted(&prompt(random)));
	post(client, below(url, "v1/embeddings"), client.spaced(&body))
}

/// Request for the health of a lease, at the endpoint itself.
pub fn health(client: &Client, url: &str) -> Request {
	get(client, url.to_string(), BodyUse::Keep(MAX_HEALTH))
}

/// Pseudo request to the node for a fresh key pair.
pub fn key() -> Request {
	let body_use = BodyUse::Keep(KeyPair::max_encoded_len());
	Request { url: KEY_URL.into(), post: None, headers: &[], token: None, body_use }
}

/// Request for a trial of a VPN's exit, as anybody may send it.
pub fn trial(client: &Client, url: &str, key: &[u8; 32]) -> Request {
	let body = format!(r#"{{"key":"{}"}}"#, vpn::key_text(key));
	let request = post(client, below(url, "trial"), client.spaced(&body));
	Request { body_use: BodyUse::Keep(MAX_HEALTH), ..request }
}

/// Pseudo request to the node for a proof through the tunnel of an exit.
pub fn tunnel(url: String, request: &ProofRequest) -> Request {
	let body_use = BodyUse::Keep(Outcome::max_encoded_len());
	Request { url, post: Some(request.encode()), headers: &[], token: None, body_use }
}

/// Request for the proof of control at the endpoint's host. `None` if the endpoint is not an
/// http(s) URL.
pub fn control(client: &Client, endpoint: &str, service: ServiceId) -> Option<Request> {
	Some(get(client, crate::control_url(endpoint, service)?, BodyUse::Keep(MAX_PROOF)))
}

fn get(client: &Client, url: String, body_use: BodyUse) -> Request {
	Request { url, post: None, headers: client.headers(), token: None, body_use }
}

fn post(client: &Client, url: String, body: String) -> Request {
	Request {
		url,
		post: Some(body.into_bytes()),
		headers: client.headers(),
		token: None,
		body_use: BodyUse::Keep(MAX_BODY),
	}
}

fn below(url: &str, path: &str) -> String {
	format!("{}/{path}", url.trim_end_matches('/'))
}

/// A JSON string.
fn quoted(text: &str) -> String {
	serde_json::to_string(text).unwrap_or_default()
}

/// Short text that has most likely never been used before.
fn prompt(random: &mut Random) -> String {
	const TOPICS: [&str; 16] = [
		"a lighthouse",
		"rain",
		"the harbour",
		"bread",
		"an old map",
		"winter",
		"a violin",
		"the market",
		"a train",
		"honey",
		"chess",
		"a garden",
		"the desert",
		"glass",
		"a letter",
		"the moon",
	];
	let topic = |random: &mut Random| random.pick(&TOPICS).copied().unwrap_or_default();
	let (one, other) = (topic(random), topic(random));
	let (a, b) = (random.below(900), random.below(90));
	match random.below(6) {
		0 => format!("What is {a} plus {b}?"),
		1 => format!("Write one sentence about {one} and {other}."),
		2 => format!("Give me {b} words that go with {one}."),
		3 => format!("What do {one} and {other} have in common?"),
		4 => format!("Is {a} divisible by {b}? Answer yes or no."),
		_ => format!("Invent a title for a story about {one}, {other} and the number {a}."),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::task::Task;

	#[test]
	fn urls_are_below_the_endpoint() {
		let mut random = Random::new([1; 32]);
		let client = Client::draw(&mut random);
		assert_eq!(models(&client, "https://a/b").url, "https://a/b/v1/models");
		assert_eq!(models(&client, "https://a/").url, "https://a/v1/models");
		assert_eq!(trial(&client, "https://a/b", &[1; 32]).url, "https://a/b/trial");
		assert_eq!(
			embedding(&client, "https://a/", "m", &mut random).url,
			"https://a/v1/embeddings"
		);
	}

	#[test]
	fn posted_bodies_are_json_for_every_client_and_model() {
		for seed in 0..200 {
			let mut random = Random::new([seed; 32]);
			let mut client = Client::draw(&mut random);
			let model = r#"a "quoted\", one:"#;
			for request in [
				completion(&client, "http://a", model, &mut random),
				embedding(&client, "http://a", model, &mut random),
			] {
				let json: serde_json::Value =
					serde_json::from_slice(&request.post.unwrap()).unwrap();
				assert_eq!(json["model"], model);
			}
			let calls = [head(Protocol::Ethereum), Task::BlockByNumber(255).call()];
			let (ids, request) = batch(&mut client, "http://a", &calls);
			let json: serde_json::Value = serde_json::from_slice(&request.post.unwrap()).unwrap();
			for (k, id) in ids.iter().enumerate() {
				assert_eq!(json[k]["id"], *id);
				assert_eq!(json[k]["jsonrpc"], "2.0");
			}
			assert_eq!(json[1]["params"], serde_json::json!(["0xff", false]));
		}
	}
}
