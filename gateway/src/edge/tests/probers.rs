// SPDX-License-Identifier: Apache-2.0

//! Probers that were refused and come once more with a token.

use super::*;
use surety_primitives::{
	ServiceId,
	crypto::ProberPair,
	prober_token::{ProberToken, token_payload},
};

/// Token of a visit, as the value of the header.
pub struct Visit {
	genesis: H256,
	round: RoundIndex,
	service: ServiceId,
	nonce: u8,
}

pub const VISIT: Visit = Visit { genesis: GENESIS, round: ROUND, service: 7, nonce: 1 };

impl Visit {
	pub fn signed(&self, name: &str) -> String {
		let pair = ProberPair::from_string(&format!("//{name}"), None).unwrap();
		let nonce = [self.nonce; 16];
		let payload = token_payload(&self.genesis, self.round, self.service, &nonce);
		let (prober, signature) = (pair.public(), pair.sign(&payload));
		let (round, service) = (self.round, self.service);
		ProberToken { round, service, nonce, prober, signature }.to_header()
	}
}

/// Settings of an edge that refuses every stranger.
pub fn closed() -> EdgeSettings {
	EdgeSettings { trial: None, ..settings() }
}

/// Keys of Alice and Bob.
pub fn keys() -> [ProberId; 2] {
	["//Alice", "//Bob"].map(|seed| ProberPair::from_string(seed, None).unwrap().public())
}

/// Edge with Alice and Bob as probers.
fn start_probed(settings: EdgeSettings) -> World {
	let world = start(settings);
	world.rights.probers.lock().extend(keys());
	world
}

impl Client {
	pub async fn probe(&self, token: &str, body: &str) -> Answer {
		self.post("/eth", &[("x-surety-prober", token)], body).await
	}
}

#[test]
fn a_prober_that_was_refused_as_a_stranger_is_let_in() {
	let world = start_probed(settings());
	local(async {
		let client = world.client();
		let full = format!("[{}]", vec![call("eth_blockNumber"); 16].join(","));
		while client.post("/eth", &[], &full).await.status != 429 {}
		let token = VISIT.signed("Alice");
		assert_eq!(client.probe(&token, &full).await.status, 200);
		let page = client.get("/page", &[("x-surety-prober", &token)]).await;
		assert_eq!(page.body, "page");
	});
	assert_eq!(world.edge.counts().prober_requests.get(), 17);
	for (_, headers, _) in world.node.seen.lock().iter() {
		assert!(!headers.contains_key("x-surety-prober"));
	}
}

#[test]
fn a_token_is_good_for_eight_requests_whoever_sends_them() {
	let world = start_probed(closed());
	local(async {
		let statuses = async |client: &Client| {
			let mut statuses = Vec::new();
			for _ in 0..5 {
				// Signed anew, it is the same token.
				let answer = client.probe(&VISIT.signed("Alice"), &call("eth_blockNumber")).await;
				statuses.push(answer.status);
			}
			statuses
		};
		assert_eq!(statuses(&world.client()).await, [200; 5]);
		assert_eq!(statuses(&world.client()).await, [200, 200, 200, 402, 402]);
		let next = Visit { nonce: 2, ..VISIT }.signed("Alice");
		let answer = world.client().probe(&next, &call("eth_blockNumber")).await;
		assert_eq!(answer.status, 200);
	});
	assert_eq!(world.requests(), 9);
}

#[test]
fn tokens_that_do_not_fit_are_those_of_strangers() {
	let world = start_probed(closed());
	local(async {
		let client = world.client();
		let near = [ROUND - 1, ROUND + 1].map(|round| Visit { round, ..VISIT }.signed("Bob"));
		for token in near {
			assert_eq!(client.probe(&token, &call("eth_blockNumber")).await.status, 200);
		}
		let mut broken = VISIT.signed("Alice");
		let other = if &broken[200..201] == "0" { "1" } else { "0" };
		broken.replace_range(200..201, other);
		for token in [
			VISIT.signed("Charlie"),
			Visit { round: ROUND - 2, ..VISIT }.signed("Alice"),
			Visit { round: ROUND + 2, ..VISIT }.signed("Alice"),
			Visit { service: 8, ..VISIT }.signed("Alice"),
			Visit { genesis: H256::repeat_byte(6), ..VISIT }.signed("Alice"),
			broken,
			"prober".into(),
		] {
			let answer = client.probe(&token, &call("eth_blockNumber")).await;
			assert_eq!(answer.status, 402, "{token}");
		}
	});
	assert_eq!(world.requests(), 2);
	assert_eq!(world.edge.counts().prober_requests.get(), 2);
}

#[test]
fn a_flood_of_forged_probers_tokens_is_limited_by_host() {
	let world = start_probed(closed());
	local(async {
		let client = world.client();
		let forged = Visit { genesis: H256::zero(), ..VISIT }.signed("Alice");
		// At once, so that a slow machine does not stay within the rate.
		let call = call("eth_blockNumber");
		let all = (0..200).map(|_| client.probe(&forged, &call));
		let all = futures::future::join_all(all).await;
		assert!(all.iter().any(|answer| answer.status == 429));
	});
	assert_eq!(world.requests(), 0);
}

#[test]
fn a_prober_cannot_use_up_the_allowance_of_another() {
	let world = start_probed(closed());
	local(async {
		let client = world.client();
		let heavy = format!("[{}]", vec![call("eth_getLogs"); 12].join(","));
		let token = VISIT.signed("Alice");
		assert_eq!(client.probe(&token, &heavy).await.status, 200);
		assert_eq!(client.probe(&token, &heavy).await.status, 429);
		assert_eq!(client.probe(&VISIT.signed("Bob"), &heavy).await.status, 200);
	});
}
