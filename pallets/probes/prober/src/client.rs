// SPDX-License-Identifier: Apache-2.0

//! Clients that a prober imitates: headers, form of JSON-RPC requests, ids.

use crate::schedule::Random;
use alloc::{format, string::String};

/// Profile of a common HTTP client. None requests compression, unlike some real clients: the prober
/// reads plain bodies only.
pub struct Profile {
	/// Headers. `content-type` is sent with a POST only.
	pub headers: &'static [(&'static str, &'static str)],
	/// Members of a JSON-RPC request, in order.
	members: [Member; 4],
	/// White space between JSON tokens.
	space: &'static str,
}

#[derive(Clone, Copy)]
enum Member {
	Version,
	Id,
	Method,
	Params,
}
use Member::{Id, Method, Params, Version};

const JSON: (&str, &str) = ("content-type", "application/json");
const ANY: (&str, &str) = ("accept", "*/*");

/// Profiles of Rust, Node, axios, Python, Go, a browser and curl.
pub static PROFILES: [Profile; 8] = [
	Profile { headers: &[JSON, ANY], members: [Method, Params, Id, Version], space: "" },
	Profile {
		headers: &[
			JSON,
			ANY,
			("accept-language", "*"),
			("sec-fetch-mode", "cors"),
			("user-agent", "node"),
		],
		members: [Version, Id, Method, Params],
		space: "",
	},
	Profile {
		headers: &[
			JSON,
			ANY,
			("accept-language", "*"),
			("sec-fetch-mode", "cors"),
			("user-agent", "node"),
		],
		members: [Id, Version, Method, Params],
		space: "",
	},
	Profile {
		headers: &[
			("accept", "application/json, text/plain, */*"),
			JSON,
			("user-agent", "axios/1.7.9"),
		],
		members: [Version, Method, Params, Id],
		space: "",
	},
	Profile {
		headers: &[("user-agent", "python-requests/2.32.3"), ANY, JSON],
		members: [Version, Method, Params, Id],
		space: " ",
	},
	Profile {
		headers: &[("user-agent", "Go-http-client/1.1"), ("accept", "application/json"), JSON],
		members: [Version, Id, Method, Params],
		space: "",
	},
	Profile {
		headers: &[
			(
				"user-agent",
				"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
				 Chrome/131.0.0.0 Safari/537.36",
			),
			JSON,
			ANY,
			("origin", "http://localhost:3000"),
			("sec-fetch-site", "cross-site"),
			("sec-fetch-mode", "cors"),
			("sec-fetch-dest", "empty"),
			("referer", "http://localhost:3000/"),
			("accept-language", "en-US,en;q=0.9"),
		],
		members: [Method, Params, Id, Version],
		space: "",
	},
	Profile {
		headers: &[("user-agent", "curl/8.5.0"), ANY, JSON],
		members: [Version, Method, Params, Id],
		space: "",
	},
];

/// Client of one visit.
#[derive(Clone)]
pub struct Client {
	profile: &'static Profile,
	/// Id of the next request.
	next: u64,
}

impl Client {
	/// Draw one of [`PROFILES`] and a first id. Libraries count from 0 or 1; the client may have
	/// been running for a while.
	pub fn draw(random: &mut Random) -> Self {
		let asked = match random.below(4) {
			0 => 0,
			1 => random.below(10),
			2 => random.below(300),
			_ => random.below(20_000),
		};
		let first = random.below(2);
		let profile = random.pick(&PROFILES).unwrap_or(&PROFILES[0]);
		Self { profile, next: asked.saturating_add(first) }
	}

	/// Headers of a request.
	pub fn headers(&self) -> &'static [(&'static str, &'static str)] {
		self.profile.headers
	}

	/// Take the next id.
	pub fn id(&mut self) -> u64 {
		let id = self.next;
		self.next = id.saturating_add(1);
		id
	}

	/// JSON-RPC request. `params` is the inside of a JSON array, written without spaces.
	pub fn question(&self, id: u64, method: &str, params: &str) -> String {
		let space = self.profile.space;
		let member = |member: Member| match member {
			Version => format!(r#""jsonrpc":{space}"2.0""#),
			Id => format!(r#""id":{space}{id}"#),
			Method => format!(r#""method":{space}"{method}""#),
			Params => format!(r#""params":{space}[{}]"#, self.spaced(params)),
		};
		let members = self.profile.members.map(member);
		format!("{{{}}}", members.join(&format!(",{space}")))
	}

	/// JSON-RPC batch.
	pub fn batch(&self, questions: &[String]) -> String {
		format!("[{}]", questions.join(&format!(",{}", self.profile.space)))
	}

	/// `json`, written without spaces, in this client's format.
	pub fn spaced(&self, json: &str) -> String {
		let (mut quoted, mut escaped) = (false, false);
		let mut out = String::new();
		for c in json.chars() {
			quoted ^= c == '"' && !escaped;
			escaped = c == '\\' && !escaped;
			out.push(c);
			if !quoted && (c == ',' || c == ':') {
				out.push_str(self.profile.space);
			}
		}
		out
	}
}
