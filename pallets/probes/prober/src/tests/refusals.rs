// SPDX-License-Identifier: Apache-2.0

//! Services that limit strangers, and the token that lets a prober in.

use super::*;
use std::{
	cell::{Cell, RefCell},
	rc::Rc,
};

/// Probe with a key for tokens.
fn probe_as_prober(
	http: &mut FakeNetwork,
	targets: &[Assignment],
	networks: &[NetworkRef],
	random: [u8; 32],
) -> Vec<Finding> {
	let token = |service, nonce: [u8; 16]| Some(format!("{service}-{nonce:02x?}"));
	round::probe(http, targets, networks, &schedule(), Some(&token), random)
}

/// Node that refuses requests without a token.
fn limited(http: &mut FakeNetwork, url: &str, answer: impl Fn(&Request) -> Response + 'static) {
	http.serve(url, move |request, _| match request.token {
		None => Response::status(5, 429, ""),
		Some(_) => answer(request),
	});
}

fn slowest() -> Finding {
	Finding::Up(LatencyBucket::MAX)
}

fn ethereum() -> NetworkRef {
	network(Protocol::Ethereum, &ANCHORS)
}

#[test]
fn a_service_that_limits_strangers_and_lets_probers_in_is_up_and_slow() {
	for seed in 0..20 {
		let mut http = honest_network();
		limited(&mut http, "http://full", |request| json(node(request, HEAD, hash, true)));
		let targets = [rpc(1, "http://full", 0), page(2, "http://page")];
		limited(&mut http, "http://page", |_| Response::ok(30, String::new()));
		let findings = probe_as_prober(&mut http, &targets, &[ethereum()], [seed; 32]);
		assert_eq!(findings, [slowest(), slowest()]);
	}
}

#[test]
fn the_same_requests_are_sent_once_more_and_no_others() {
	for seed in 0..20 {
		let mut http = honest_network();
		limited(&mut http, "http://full", |request| json(node(request, HEAD, hash, true)));
		probe_as_prober(&mut http, &[rpc(1, "http://full", 0)], &[ethereum()], [seed; 32]);
		let sent: Vec<Request> =
			http.sent.into_iter().map(|(_, it)| it).filter(|it| it.url.contains("full")).collect();
		let (first, again) = sent.split_at(sent.len() / 2);
		assert!(first.iter().all(|request| request.token.is_none()));
		assert!(again.iter().all(|request| request.token.is_some()));
		for (first, again) in first.iter().zip(again) {
			assert_eq!(*first, Request { token: None, ..again.clone() });
		}
	}
}

#[test]
fn one_refused_request_of_several_is_enough() {
	let mut http = honest_network();
	let asked = Rc::new(Cell::new(0));
	http.serve("http://full", move |request, _| {
		asked.set(asked.get() + 1);
		let batch = request.post.as_ref().unwrap().starts_with(b"[");
		match request.token {
			None if batch || asked.get() == 2 => Response::status(5, 429, ""),
			_ => json(node(request, HEAD, hash, true)),
		}
	});
	let targets = [rpc(1, "http://full", 0)];
	assert_eq!(probe_as_prober(&mut http, &targets, &[ethereum()], [5; 32]), [slowest()]);
}

#[test]
fn a_service_that_refuses_the_prober_too_is_down_after_one_retry() {
	let mut http = honest_network();
	http.serve("http://full", |_, _| Response::status(5, 429, ""));
	let targets = [page(1, "http://full")];
	assert_eq!(probe_as_prober(&mut http, &targets, &[ethereum()], [5; 32]), [Finding::Down]);
	assert_eq!(http.sent.iter().filter(|(_, it)| it.url.contains("full")).count(), 2);
}

/// Whatever a service does once it knows that it is probed, it is up at the slowest or down.
#[test]
fn a_refusal_gains_nothing_for_wrong_or_late_answers() {
	let fork = |n| hash(n + 1);
	for seed in 0..10 {
		let mut http = honest_network();
		limited(&mut http, "http://fork", move |request| json(node(request, HEAD, fork, true)));
		limited(&mut http, "http://late", |request| json(node(request, HEAD - 50, hash, true)));
		limited(&mut http, "http://junk", |_| json("hello".into()));
		limited(&mut http, "http://broken", |_| Response::status(5, 500, ""));
		let targets = ["http://fork", "http://late", "http://junk", "http://broken"]
			.map(|url| rpc(1, url, 8));
		let findings = probe_as_prober(&mut http, &targets, &[ethereum()], [seed; 32]);
		assert_eq!(findings, [Finding::Down; 4]);
	}
}

#[test]
fn no_token_is_sent_before_a_refusal_nor_to_others() {
	let mut http = honest_network();
	http.serve("http://gone", |_, _| Response::status(5, 403, ""));
	http.serve("http://broken", |_, _| Response::status(5, 503, ""));
	limited(&mut http, "http://full", |request| json(node(request, HEAD, hash, true)));
	let targets: Vec<_> = ["http://good", "http://gone", "http://broken", "http://full"]
		.iter()
		.zip(1..)
		.map(|(url, service)| rpc(service, url, 0))
		.collect();
	let findings = probe_as_prober(&mut http, &targets, &[ethereum()], [5; 32]);
	assert_eq!(findings, [up(), Finding::Down, Finding::Down, slowest()]);
	let with_token = http.sent.iter().filter(|(_, request)| request.token.is_some());
	assert!(with_token.clone().count() > 0);
	assert!(with_token.clone().all(|(_, request)| request.url.contains("full")));
}

#[test]
fn each_token_is_for_its_service_with_a_nonce_of_its_own() {
	let signed = RefCell::new(Vec::new());
	let token = |service, nonce: [u8; 16]| {
		signed.borrow_mut().push((service, nonce));
		Some(String::from("token"))
	};
	let mut http = honest_network();
	limited(&mut http, "http://full", |request| json(node(request, HEAD, hash, true)));
	let targets: Vec<_> = (1..9).map(|service| rpc(service, "http://full", 0)).collect();
	round::probe(&mut http, &targets, &[ethereum()], &schedule(), Some(&token), [5; 32]);
	let mut signed = signed.into_inner();
	signed.sort_unstable();
	assert_eq!(
		signed.iter().map(|(service, _)| *service).collect::<Vec<_>>(),
		[1, 2, 3, 4, 5, 6, 7, 8]
	);
	signed.dedup_by_key(|(_, nonce)| *nonce);
	assert_eq!(signed.len(), 8);
}

#[test]
fn without_a_key_a_refusal_is_down() {
	let none = |_, _| None;
	for tokens in [None, Some(&none as &dyn Fn(u32, [u8; 16]) -> Option<String>)] {
		let mut http = honest_network();
		limited(&mut http, "http://full", |request| json(node(request, HEAD, hash, true)));
		let targets = [rpc(1, "http://full", 0)];
		let findings =
			round::probe(&mut http, &targets, &[ethereum()], &schedule(), tokens, [5; 32]);
		assert_eq!(findings, [Finding::Down]);
	}
}

#[test]
fn leases_and_proofs_are_not_asked_again() {
	let mut http = honest_network();
	limited(&mut http, "http://lease", |_| json(r#"{"lease":3,"state":"running"}"#.into()));
	http.serve("http://proven/.well-known", |_, _| Response::status(5, 429, ""));
	let proof = Some(Proof { expected: [1; 32], pending: true });
	let targets = [lease_at(3, "http://lease"), Assignment { proof, ..page(1, "http://proven/") }];
	let findings = probe_as_prober(&mut http, &targets, &[ethereum()], [5; 32]);
	assert_eq!(findings, [Finding::Down; 2]);
	assert!(http.sent.iter().all(|(_, request)| request.token.is_none()));
}
