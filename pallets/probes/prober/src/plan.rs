//! Requests.

use crate::{
	client::Client,
	http::{Ask, Keep},
	json::to_hex,
	schedule::Random,
};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};
use surety_primitives::{Protocol, ServiceId};

/// Longest body of an answer in bytes, but for proofs and what agents say.
pub const MAX_BODY: usize = 256 * 1024;
/// Longest answer of an agent in bytes.
pub const MAX_HEALTH: usize = 4 * 1024;
/// Longest proof in bytes.
pub const MAX_PROOF: usize = 1024;

/// Method and parameters of the question for the head.
pub fn head(protocol: Protocol) -> (&'static str, String) {
	let method = match protocol {
		Protocol::Ethereum => "eth_blockNumber",
		Protocol::Substrate => "chain_getHeader",
	};
	(method, String::new())
}

/// One JSON-RPC question, and its id.
pub fn one(client: &mut Client, url: &str, (method, params): (&str, String)) -> (u64, Ask) {
	let id = client.id();
	let body = client.question(id, method, &params);
	(id, post(client, url.to_string(), body))
}

/// Several JSON-RPC questions in one request, and their ids.
pub fn batch(client: &mut Client, url: &str, calls: &[(&str, String)]) -> (Vec<u64>, Ask) {
	let ids: Vec<u64> = calls.iter().map(|_| client.id()).collect();
	let questions: Vec<String> = ids
		.iter()
		.zip(calls)
		.map(|(id, (method, params))| client.question(*id, method, params))
		.collect();
	let body = client.batch(&questions);
	(ids, post(client, url.to_string(), body))
}

/// The endpoint itself, whatever it shows.
pub fn page(client: &Client, url: &str) -> Ask {
	get(client, url.to_string(), Keep::Nothing(MAX_BODY))
}

/// The models that an inference endpoint lists.
pub fn models(client: &Client, url: &str) -> Ask {
	get(client, below(url, "v1/models"), Keep::All(MAX_BODY))
}

/// A completion by an inference endpoint.
pub fn completion(client: &Client, url: &str, model: &str, random: &mut Random) -> Ask {
	let (model, prompt) = (quoted(model), quoted(&prompt(random)));
	let tokens = random.below(9).saturating_add(4);
	let temperature = if random.flip() { r#","temperature":0.7"# } else { "" };
	let body = format!(
		r#"{{"model":{model},"messages":[{{"role":"user","content":{prompt}}}],"max_tokens":{tokens}{temperature}}}"#
	);
	post(client, below(url, "v1/chat/completions"), client.spaced(&body))
}

/// An embedding by an inference endpoint.
pub fn embedding(client: &Client, url: &str, model: &str, random: &mut Random) -> Ask {
	let body = format!(r#"{{"model":{},"input":{}}}"#, quoted(model), quoted(&prompt(random)));
	post(client, below(url, "v1/embeddings"), client.spaced(&body))
}

/// The health of a lease, which the endpoint itself shows.
pub fn health(client: &Client, url: &str) -> Ask {
	get(client, url.to_string(), Keep::All(MAX_HEALTH))
}

/// The health of a VPN, signed over this nonce.
pub fn vpn(client: &Client, url: &str, nonce: &[u8; 16]) -> Ask {
	let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
	let path = if has_path { "" } else { "/" };
	let nonce = to_hex(nonce);
	let nonce = nonce.trim_start_matches("0x");
	get(client, format!("{url}{path}?nonce={nonce}"), Keep::All(MAX_HEALTH))
}

/// The proof of control at the endpoint's host. `None` if the endpoint is no http(s) URL.
pub fn control(client: &Client, endpoint: &str, service: ServiceId) -> Option<Ask> {
	Some(get(client, crate::control_url(endpoint, service)?, Keep::All(MAX_PROOF)))
}

fn get(client: &Client, url: String, keep: Keep) -> Ask {
	Ask { url, post: None, headers: client.headers(), keep }
}

fn post(client: &Client, url: String, body: String) -> Ask {
	Ask { url, post: Some(body.into_bytes()), headers: client.headers(), keep: Keep::All(MAX_BODY) }
}

fn below(url: &str, path: &str) -> String {
	format!("{}/{path}", url.trim_end_matches('/'))
}

/// A JSON string.
fn quoted(text: &str) -> String {
	serde_json::to_string(text).unwrap_or_default()
}

/// A short text that nobody has asked before, as a rule.
fn prompt(random: &mut Random) -> String {
	const THINGS: [&str; 16] = [
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
	let thing = |random: &mut Random| random.pick(&THINGS).copied().unwrap_or_default();
	let (one, other) = (thing(random), thing(random));
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
		let nonce = [0, 31].repeat(8).try_into().unwrap();
		let query = format!("?nonce={}", "001f".repeat(8));
		assert_eq!(vpn(&client, "https://a", &nonce).url, format!("https://a/{query}"));
		assert_eq!(vpn(&client, "https://a/b", &nonce).url, format!("https://a/b{query}"));
		assert_eq!(
			embedding(&client, "https://a/", "m", &mut random).url,
			"https://a/v1/embeddings"
		);
	}

	#[test]
	fn what_is_posted_is_json_whatever_the_client_and_the_model() {
		for seed in 0..200 {
			let mut random = Random::new([seed; 32]);
			let mut client = Client::draw(&mut random);
			let model = r#"a "quoted\", one:"#;
			for ask in [
				completion(&client, "http://a", model, &mut random),
				embedding(&client, "http://a", model, &mut random),
			] {
				let json: serde_json::Value = serde_json::from_slice(&ask.post.unwrap()).unwrap();
				assert_eq!(json["model"], model);
			}
			let calls = [head(Protocol::Ethereum), Task::BlockByNumber(255).call()];
			let (ids, ask) = batch(&mut client, "http://a", &calls);
			let json: serde_json::Value = serde_json::from_slice(&ask.post.unwrap()).unwrap();
			for (k, id) in ids.iter().enumerate() {
				assert_eq!(json[k]["id"], *id);
				assert_eq!(json[k]["jsonrpc"], "2.0");
			}
			assert_eq!(json[1]["params"], serde_json::json!(["0xff", false]));
		}
	}
}
