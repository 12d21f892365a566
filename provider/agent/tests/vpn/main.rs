// SPDX-License-Identifier: Apache-2.0

//! The VPN of an agent: HTTP, agreements, and real tunnels of Debian's `wg-quick` with wireguard-go
//! in network namespaces. Without root and these programs the tests are skipped.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod book;
#[path = "../../../vpn/tests/lab/mod.rs"]
mod lab;
mod site;

use book::{Book, ROUND, SERVICE, genesis};
use lab::{EXIT, PRIVATE, WEB, at, pair};
use site::{SCOPE, Site, now, open, signed};
use sp_core::Pair;
use std::{sync::Arc, time::Duration};
use surety_primitives::{
	crypto::ProberPair,
	endpoint::control_hash,
	prober_token::{ProberToken, token_payload},
};
use surety_vpn::claims::{LIFETIME, MAX_SKEW, PeerRequest, Scope};

const LONG: Duration = Duration::from_secs(40);

fn book() -> Arc<Book> {
	let book = Arc::new(Book::default());
	book.open(7, SERVICE, 1);
	book.open(8, SERVICE, 4);
	book
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_a_tunnel_until_it_ends() {
	let mut lab = lab!();
	let book = book();
	let site = Site::start(lab.settings(), &book).await;
	site.connect(&mut lab, "home", 7).await;
	site.connect(&mut lab, "roam", 8).await;
	lab.wait_for_ping("home", WEB, LONG);
	lab.wait_for_ping("roam", WEB, LONG);
	lab.serve("web", at(WEB, 80));
	lab.serve("web", at(WEB, 25));
	assert_eq!(lab.call("home", at(WEB, 80)), Some(EXIT.parse().unwrap()), "a page");
	assert!(lab.call("home", at(WEB, 25)).is_none(), "mail");
	for address in PRIVATE {
		lab.serve("web", at(address, 80));
		assert!(lab.call("home", at(address, 80)).is_none(), "{address}");
	}
	lab.serve("exit", at("0.0.0.0", 8_004));
	assert!(lab.call("home", at(EXIT, 8_004)).is_none(), "the host");

	// One unit is 10 Mbit/s; the burst counts into the first seconds.
	let flood = lab.iperf("home", "-t 4 -u -b 60M -l 1200");
	assert!((1_000_000..11_000_000).contains(&flood), "{flood}");
	let four = lab.iperf("roam", "-t 4 -u -b 60M -l 1200");
	assert!((flood..44_000_000).contains(&four), "{four}");

	// A chain that cannot be read ends nobody.
	*book.is_gone.lock() = true;
	site.vpn.advance().await.unwrap_err();
	assert!(lab.pings("home", WEB));
	*book.is_gone.lock() = false;
	// The last round of an agreement is served.
	book.end(7, ROUND);
	site.vpn.advance().await.unwrap();
	assert!(lab.pings("home", WEB));
	book.end(7, ROUND - 1);
	site.vpn.advance().await.unwrap();
	assert!(!lab.pings("home", WEB));
	assert!(lab.pings("roam", WEB));
	let (status, body) = site.ask(7, pair().1).await;
	assert_eq!(status, 402, "{body}");
	// One that the chain has forgotten is over, too.
	book.agreements.lock().remove(&8);
	site.vpn.advance().await.unwrap();
	assert!(!lab.pings("roam", WEB));
	site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_outlives_its_agent_and_shows_its_bytes() {
	let mut lab = lab!();
	let book = book();
	let site = Site::start(lab.settings(), &book).await;
	let before = site.vpn.status();
	site.connect(&mut lab, "home", 7).await;
	lab.wait_for_ping("home", WEB, LONG);
	site.stop().await;
	assert_eq!(lab.output("exit", "nft list tables"), "");
	assert!(!lab.output("exit", "ip link").contains("vpn0"));
	assert!(!lab.pings("home", WEB));

	let site = Site::start(lab.settings(), &book).await;
	lab.wait_for_ping("home", WEB, LONG);
	assert_eq!(site.vpn.status().exit_key, before.exit_key);
	let mut status = site.vpn.status();
	while status.peers.first().is_none_or(|peer| peer.up < 160 || peer.down < 160) {
		tokio::time::sleep(Duration::from_millis(200)).await;
		status = site.vpn.status();
	}
	let peer = &status.peers[0];
	assert_eq!((status.agreements, peer.agreement, peer.megabits), (1, 7, 10));
	assert_eq!(status.services, [SERVICE]);

	// An exit whose device somebody removes is started again, with its peers.
	lab.sh("exit", "ip link del vpn0");
	lab.wait_for_ping("home", WEB, LONG);
	assert!(site.vpn.status().running);
	site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_others_are_refused() {
	let lab = lab!();
	let book = book();
	book.open(9, SERVICE + 1, 1);
	let site = Site::start(lab.settings(), &book).await;
	let request = |agreement| PeerRequest { agreement, key: pair().1, issued: now() };
	let expect = async |body: String, wanted: u16, what: &str| {
		let (status, answer) = site.post("/peers", body).await;
		assert_eq!(status, wanted, "{what}: {answer}");
		assert!(wanted == 200 || answer.starts_with("{\"error\":\""), "{answer}");
		// Strangers have a bucket of attempts, which is not what is tested here.
		tokio::time::sleep(Duration::from_millis(550)).await;
	};
	expect(signed(&request(7), "//Bob", &SCOPE), 403, "another account").await;
	expect(signed(&request(9), "//Alice", &SCOPE), 402, "another service's").await;
	expect(signed(&request(6), "//Alice", &SCOPE), 402, "no agreement").await;
	let other = Scope { service: SERVICE + 1, ..SCOPE };
	expect(signed(&request(7), "//Alice", &other), 401, "signed for another service").await;
	let other = Scope { genesis: [8; 32], ..SCOPE };
	expect(signed(&request(7), "//Alice", &other), 401, "signed for another chain").await;
	let one = signed(&request(7), "//Alice", &SCOPE);
	expect(one.replace("\"agreement\":7", "\"agreement\":8"), 401, "another agreement").await;
	let key = serde_json::to_string(&pair().1).unwrap();
	let mut swapped: serde_json::Value = serde_json::from_str(&one).unwrap();
	swapped["request"]["key"] = serde_json::from_str(&key).unwrap();
	expect(swapped.to_string(), 401, "another key").await;
	let (alice, bob) = (book::signer("//Alice"), book::signer("//Bob"));
	let as_alice = signed(&request(7), "//Bob", &SCOPE)
		.replace(&bob.account().to_string(), &alice.account().to_string());
	expect(as_alice, 401, "another's name").await;
	let old = PeerRequest { issued: now() - LIFETIME - 5_000, ..request(7) };
	expect(signed(&old, "//Alice", &SCOPE), 401, "expired").await;
	let early = PeerRequest { issued: now() + MAX_SKEW + 30_000, ..request(7) };
	expect(signed(&early, "//Alice", &SCOPE), 401, "future").await;
	for malformed in ["", "{}", "[]", &one[..one.len() - 2], &one.replace("0x", "")] {
		let (status, _) = site.post("/peers", malformed.to_string()).await;
		assert!(matches!(status, 400 | 401), "{status} {malformed}");
		tokio::time::sleep(Duration::from_millis(550)).await;
	}
	expect(" ".repeat(3_000), 413, "too large").await;
	let weak = serde_json::json!({ "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" });
	assert_eq!(site.post("/trial", weak.to_string()).await.0, 400);

	// The proxy that buys for the tenant, of any kind of key.
	for buyer in ["//Bob", "ed25519://Bob", "ecdsa://Bob"] {
		let pair = (alice.account().clone(), book::signer(buyer).account().clone());
		book.buyers.lock().insert(pair);
		expect(signed(&request(7), buyer, &SCOPE), 200, buyer).await;
	}

	// A request is good for its key only, and only until the next one: over a restart, too.
	let first = request(8);
	let body = signed(&first, "//Alice", &SCOPE);
	expect(body.clone(), 200, "first").await;
	expect(body.clone(), 200, "the answer was lost").await;
	let second = PeerRequest { issued: now(), ..request(8) };
	expect(signed(&second, "//Alice", &SCOPE), 200, "second").await;
	expect(body.clone(), 409, "replayed").await;
	let stolen = PeerRequest { agreement: 7, issued: now(), ..second };
	expect(signed(&stolen, "//Alice", &SCOPE), 409, "a key of another agreement").await;
	*book.is_gone.lock() = true;
	expect(signed(&request(8), "//Alice", &SCOPE), 503, "the chain is gone").await;
	*book.is_gone.lock() = false;
	let settings = site.vpn.settings().clone();
	site.stop().await;
	let site = Site::start(settings, &book).await;
	assert_eq!(site.post("/peers", body).await.0, 409, "replayed after a restart");
	let mut peers = site.vpn.status().peers;
	peers.sort_by_key(|peer| peer.agreement);
	let caps: Vec<_> = peers.iter().map(|peer| (peer.agreement, peer.megabits)).collect();
	assert_eq!(caps, [(7, 10), (8, 40)]);

	// Guesses of one host are few.
	let guess = signed(&request(6), "//Alice", &SCOPE);
	let mut limited = 0;
	for _ in 0..40 {
		limited += usize::from(site.post("/peers", guess.clone()).await.0 == 429);
	}
	assert!(limited > 0);
	site.stop().await;
}

fn token(prober: &ProberPair, round: u32, service: u32, nonce: u8) -> ProberToken {
	let signature = prober.sign(&token_payload(&genesis(), round, service, &[nonce; 16]));
	ProberToken { round, service, nonce: [nonce; 16], prober: prober.public(), signature }
}

#[tokio::test(flavor = "multi_thread")]
async fn trials_are_few_for_a_network_and_for_probers_enough() {
	let lab = lab!();
	let book = book();
	let (alice, bob) = (ProberPair::from_seed(&[1; 32]), ProberPair::from_seed(&[2; 32]));
	book.probers.lock().insert(sp_core::sr25519::Public::from(alice.public()).0);
	let site = Site::start(lab.settings(), &book).await;
	let key = || pair().1;
	let body = |key| serde_json::json!({ "key": key }).to_string();
	let first = key();
	let (status, text) = site.post("/trial", body(first)).await;
	assert_eq!(status, 200, "{text}");
	let answer = open(&text, None, &first);
	let life = answer.expires - answer.issued;
	assert!((50_000..=60_000).contains(&life), "{life}");
	assert_eq!(answer.tunnel.endpoint.host(), EXIT);
	// The same key gets the same trial.
	let again = open(&site.post("/trial", body(first)).await.1, None, &first);
	assert_eq!((again.tunnel, again.expires), (answer.tunnel, answer.expires));
	for _ in 1..8 {
		assert_eq!(site.post("/trial", body(key())).await.0, 200);
	}
	let (status, text) = site.post("/trial", body(key())).await;
	assert_eq!(status, 429, "{text}");

	let with = async |token: ProberToken| with_token(&site, body(key()), &token.to_header()).await;
	assert_eq!(with(token(&bob, ROUND, SERVICE, 1)).await, 429, "no prober");
	assert_eq!(with(token(&alice, ROUND + 2, SERVICE, 1)).await, 429, "another round");
	assert_eq!(with(token(&alice, ROUND, SERVICE + 1, 1)).await, 429, "another service");
	let forged = ProberToken { nonce: [9; 16], ..token(&alice, ROUND, SERVICE, 1) };
	assert_eq!(with(forged).await, 429, "not signed");
	for _ in 0..8 {
		assert_eq!(with(token(&alice, ROUND, SERVICE, 1)).await, 200);
	}
	assert_eq!(with(token(&alice, ROUND, SERVICE, 1)).await, 429, "used up");
	assert_eq!(with(token(&alice, ROUND - 1, SERVICE, 1)).await, 200);
	site.stop().await;
}

/// `POST` of a trial with a prober's token. Gives the status.
async fn with_token(site: &Site, body: String, token: &str) -> u16 {
	let head = format!("POST /vpn/trial HTTP/1.1\r\nx-surety-prober: {token}\r\n");
	site.exchange(head, body).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_methods_lead_nowhere() {
	let lab = lab!();
	let book = book();
	let site = Site::start(lab.settings(), &book).await;
	let hash = control_hash(&[7; 32], &[9; 32], SERVICE, b"http://5.5.2.2:8647/vpn");
	let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
	let get = async |path: &str| site.get(path).await;
	assert_eq!(get("/.well-known/surety/3").await, (200, digits));
	for path in ["/.well-known/surety/4", "/.well-known/surety/03", "/trial", "/vpn", "/x/trial"] {
		assert_eq!(get(path).await.0, 404, "{path}");
	}
	for path in ["/vpn/trial", "/vpn/peers"] {
		assert_eq!(get(path).await.0, 405, "{path}");
	}
	// Without an exit there are neither peers nor trials.
	site.halt().await;
	let (status, text) =
		site.post("/trial", serde_json::json!({ "key": pair().1 }).to_string()).await;
	assert_eq!(status, 503, "{text}");
	site.stop().await;
}
