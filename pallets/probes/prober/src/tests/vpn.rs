// SPDX-License-Identifier: Apache-2.0

//! VPN: the trial of an exit, and the proof through its tunnel.

use super::*;
use crate::tunnel::{KEY_URL, KeyPair, Outcome, ProofRequest};
use codec::{DecodeAll, Encode};
use proptest::prelude::*;
use sp_core::{Pair, ed25519};
use std::{cell::RefCell, rc::Rc};
use surety_primitives::ServiceId;
use surety_vpn::{
	claims::{Answer, SignedAnswer},
	keys::Secret,
	tunnel::Tunnel,
};

const SERVICE: ServiceId = 9;
const GENESIS: [u8; 32] = [3; 32];
const EXIT_URL: &str = "surety-vpn://vpn.example:51820";

fn pair(seed: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[seed; 32])
}

/// Peer of the prober.
fn peer() -> Secret {
	Secret::new([7; 32])
}

/// Answer to the trial of a peer, as an honest agent makes it.
fn answer(key: surety_vpn::keys::Key, at: u64) -> Answer {
	let tunnel = Tunnel {
		peer: key,
		exit: Secret::new([8; 32]).public(),
		endpoint: "vpn.example:51820".parse().unwrap(),
		ipv4: "10.66.0.2".parse().unwrap(),
		ipv6: "fd00:1::2".parse().unwrap(),
		dns: vec!["9.9.9.9".parse().unwrap(), "2620:fe::9".parse().unwrap()],
		mtu: 1420,
		keepalive: 25,
	};
	Answer { service: SERVICE, agreement: None, tunnel, issued: at, expires: at + 60_000 }
}

fn signed(by: u8, genesis: [u8; 32], answer: Answer) -> String {
	let signature = pair(by).sign(&answer.message(&genesis));
	serde_json::to_string(&SignedAnswer::new(answer, &signature.0)).unwrap()
}

fn vpn() -> Assignment {
	let kind = ServiceKind::Vpn { key: pair(1).public().0 };
	Assignment { kind, genesis: GENESIS, ..page(SERVICE, "https://VPN.example/vpn") }
}

fn scale(value: impl Encode) -> Response {
	Response::ok(1, value.encode())
}

fn keys() -> Response {
	scale(KeyPair { secret: [7; 32], public: *peer().public().bytes() })
}

fn proof(handshake: u32, nonce: u32) -> Response {
	scale(Outcome::Proof { handshake, nonce })
}

/// Network with this agent and this outcome of proofs. The agent gets key and moment of a trial.
fn network_of(
	agent: impl Fn(surety_vpn::keys::Key, u64) -> Response + 'static,
	outcome: Response,
) -> FakeNetwork {
	let mut http = empty_network();
	http.serve(KEY_URL, |_, _| keys());
	http.serve("https://VPN.example/vpn/trial", move |request, at| {
		let body: serde_json::Value =
			serde_json::from_slice(request.post.as_ref().unwrap()).unwrap();
		agent(body["key"].as_str().unwrap().parse().unwrap(), at).header(ELAPSED_HEADER, "30000")
	});
	http.serve("surety-vpn://vpn.example:", move |_, _| outcome.clone());
	http
}

fn honest_agent(key: surety_vpn::keys::Key, at: u64) -> Response {
	Response::ok(3, signed(1, GENESIS, answer(key, at)))
}

/// Finding for an honest agent whose exit has this outcome.
fn outcome(outcome: Response) -> Finding {
	run(&mut network_of(honest_agent, outcome), &[vpn()], &[])[0]
}

/// Finding for an answer of the agent, whose exit would be proven.
fn says(body: impl Fn(surety_vpn::keys::Key, u64) -> String + 'static) -> Finding {
	let mut http = network_of(move |key, at| Response::ok(3, body(key, at)), proof(20_000, 10_000));
	let found = run(&mut http, &[vpn()], &[])[0];
	let proofs = http.asked("surety-vpn://vpn.example");
	assert_eq!(proofs == 1, found == up(), "an exit is asked only by a right answer");
	found
}

/// Finding for an answer that differs from the honest one and is signed all the same.
fn changed(change: impl Fn(&mut Answer) + 'static) -> Finding {
	says(move |key, at| {
		let mut answer = answer(key, at);
		change(&mut answer);
		signed(1, GENESIS, answer)
	})
}

#[test]
fn an_exit_is_up_at_its_longest_round_trip() {
	let at = |ms| Finding::Up(LatencyBucket::from_millis(ms));
	assert_eq!(outcome(proof(20_000, 10_000)), at(30), "the agent");
	assert_eq!(outcome(proof(200_000, 10_000)), at(200), "the handshake");
	assert_eq!(outcome(proof(20_000, 300_000)), at(300), "the nonce");
}

#[test]
fn each_outcome_of_a_proof_has_its_finding() {
	for down in [Outcome::NoHandshake, Outcome::NoNonce, Outcome::NoAnswer] {
		assert_eq!(outcome(scale(down)), Finding::Down, "{down:?}");
	}
	assert_eq!(outcome(scale(Outcome::ForbiddenEgress)), bad());
	// The node reaches no address, or not in time.
	assert_eq!(outcome(Response::broken(1)), Finding::Down);
	assert_eq!(outcome(Response::never()), Finding::Down);
	// The node cannot judge.
	assert_eq!(outcome(Response::status(1, 503, "")), Finding::Abstained);
	assert_eq!(outcome(Response::ok(1, "junk")), Finding::Abstained);
}

#[test]
fn a_node_that_makes_no_proofs_abstains_and_asks_nobody() {
	let fine = || network_of(honest_agent, proof(1, 1));
	let without = |keys: Option<Response>| {
		let mut http = fine();
		match keys {
			Some(keys) => http.serve(KEY_URL, move |_, _| keys.clone()),
			// A node without the scheme.
			None => drop(http.servers.remove(KEY_URL)),
		}
		let found = run(&mut http, &[vpn()], &[])[0];
		assert_eq!(http.asked("https://"), 0);
		found
	};
	assert_eq!(without(None), Finding::Abstained);
	assert_eq!(without(Some(Response::status(1, 503, ""))), Finding::Abstained);
	assert_eq!(without(Some(Response::broken(1))), Finding::Abstained);
	assert_eq!(without(Some(Response::ok(1, [7; 63]))), Finding::Abstained);
}

#[test]
fn the_node_gets_key_and_address_of_the_signed_tunnel() {
	let mut http = network_of(honest_agent, proof(20_000, 10_000));
	assert_eq!(run(&mut http, &[vpn()], &[]), [up()]);
	let urls: Vec<_> = http.sent.iter().map(|(_, request)| request.url.as_str()).collect();
	assert_eq!(urls, [KEY_URL, "https://VPN.example/vpn/trial", EXIT_URL]);
	let body = http.sent[2].1.post.clone().unwrap();
	let request = ProofRequest::decode_all(&mut body.as_slice()).unwrap();
	let exit = *Secret::new([8; 32]).public().bytes();
	let expected =
		ProofRequest { service: SERVICE, exit, secret: [7; 32], address: [10, 66, 0, 2] };
	assert!(request == expected);
}

#[test]
fn only_the_key_of_the_listing_speaks_for_its_exit() {
	let with = |by, genesis| says(move |key, at| signed(by, genesis, answer(key, at)));
	assert_eq!(with(1, GENESIS), up());
	assert_eq!(with(2, GENESIS), bad(), "another key");
	assert_eq!(with(1, [4; 32]), bad(), "another chain");
	let recorded = |_, at| signed(1, GENESIS, answer(Secret::new([6; 32]).public(), at));
	assert_eq!(says(recorded), bad(), "the answer to another prober");
	let relabelled = |key, at| {
		let theirs = signed(1, GENESIS, answer(Secret::new([6; 32]).public(), at));
		let other = Secret::new([6; 32]).public().to_string();
		theirs.replace(&other, &surety_vpn::keys::Key::to_string(&key))
	};
	assert_eq!(says(relabelled), bad(), "the signature of another answer");
	let moved = |key, at| signed(1, GENESIS, answer(key, at)).replace(":51820", ":51821");
	assert_eq!(says(moved), bad(), "another endpoint under the signature");
}

#[test]
fn a_signed_answer_about_something_else_is_bad() {
	assert_eq!(changed(|_| ()), up());
	assert_eq!(changed(|answer| answer.service = 8), bad());
	assert_eq!(changed(|answer| answer.agreement = Some(1)), bad());
	assert_eq!(changed(|answer| answer.tunnel.dns = vec!["9.9.9.9".parse().unwrap(); 5]), bad());
	for (offset, want) in [(60_000, up()), (61_000, bad())] {
		assert_eq!(changed(move |answer| answer.issued += offset), want);
		assert_eq!(changed(move |answer| answer.issued -= offset - 20), want);
	}
}

#[test]
fn an_exit_at_another_host_is_bad_and_is_sent_nothing() {
	for endpoint in [
		"victim.example:51820",
		"x.vpn.example:51820",
		"93.184.216.34:51820",
		"[2001:4860:4860::8888]:51820",
		"vpn.example:53",
		"vpn.example:1023",
	] {
		assert_eq!(
			changed(move |answer| answer.tunnel.endpoint = endpoint.parse().unwrap()),
			bad(),
			"{endpoint}"
		);
	}
	// One spelling of a host is as good as another.
	let spelled =
		|answer: &mut Answer| answer.tunnel.endpoint = "Vpn.Example:1024".parse().unwrap();
	assert_eq!(changed(spelled), up());
}

#[test]
fn an_agent_without_an_answer_is_down() {
	for status in [301, 400, 404, 429, 500] {
		let mut http = network_of(move |_, _| Response::status(3, status, ""), proof(1, 1));
		assert_eq!(run(&mut http, &[vpn()], &[]), [Finding::Down], "{status}");
	}
	for silent in [Response::never(), Response::trickle(10), Response::ok(3, " ".repeat(4_097))] {
		let mut http = network_of(move |_, _| silent.clone(), proof(1, 1));
		assert_eq!(run(&mut http, &[vpn()], &[]), [Finding::Down]);
	}
}

#[test]
fn a_page_is_not_the_answer_of_an_agent() {
	for body in ["", "hello", "{}", "[]", r#"{"answer":{},"signature":"0x00"}"#] {
		assert_eq!(says(move |_, _| body.into()), bad(), "{body}");
	}
	let with = |from: &'static str, to: &'static str| {
		says(move |key, at| {
			let honest = signed(1, GENESIS, answer(key, at));
			assert!(honest.contains(from), "{honest}");
			honest.replacen(from, to, 1)
		})
	};
	assert_eq!(with("\"mtu\":1420", "\"mtu\":1420,\"postUp\":\"reboot\""), bad());
	assert_eq!(with("\"mtu\":1420", "\"mtu\":70000"), bad());
	assert_eq!(with(":51820", ":+51820"), bad());
	assert_eq!(with("10.66.0.2", "10.66.0.256"), bad());
	assert_eq!(with("\"signature\":\"0x", "\"signature\":\""), bad());
	assert_eq!(with("\"dns\":[", "\"dns\":[\"x\","), bad());
}

#[test]
fn an_exit_that_lets_probers_in_alone_is_up_and_slow() {
	let found = |outcome: Response| {
		let mut http = network_of(honest_agent, outcome);
		let seen = Rc::new(RefCell::new(Vec::new()));
		let keys = seen.clone();
		http.serve("https://VPN.example/vpn/trial", move |request, at| {
			let body: serde_json::Value =
				serde_json::from_slice(request.post.as_ref().unwrap()).unwrap();
			keys.borrow_mut().push(body["key"].to_string());
			match request.token {
				None => Response::status(3, 429, ""),
				Some(_) => honest_agent(peer().public(), at),
			}
		});
		let token = |_, _| Some(String::from("token"));
		let found = round::probe(&mut http, &[vpn()], &[], &schedule(), Some(&token), [5; 32]);
		assert_eq!(seen.borrow().len(), 2);
		assert_eq!(seen.borrow()[0], seen.borrow()[1], "the same request");
		found[0]
	};
	assert_eq!(found(proof(1, 1)), Finding::Up(LatencyBucket::MAX));
	assert_eq!(found(scale(Outcome::NoNonce)), Finding::Down);
	assert_eq!(found(scale(Outcome::ForbiddenEgress)), Finding::Down);
}

#[test]
fn an_unproven_host_gets_no_trial() {
	let mut http = network_of(honest_agent, proof(1, 1));
	let proof = Some(Proof { expected: [1; 32], pending: true });
	http.serve("https://VPN.example/.well-known", |_, _| Response::status(3, 404, ""));
	assert_eq!(run(&mut http, &[Assignment { proof, ..vpn() }], &[]), [Finding::NoProof]);
	assert_eq!(http.sent.len(), 1);
}

proptest! {
	/// No answer panics, and none is right by chance.
	#[test]
	fn any_body_may_be_the_answer_to_a_trial(body: Vec<u8>, cut in 0usize..600, byte: u8) {
		let host = surety_primitives::endpoint::normalise(b"vpn.example").unwrap();
		let (genesis, key, public) = (GENESIS, pair(1).public().0, peer().public());
		let expected = crate::vpn::Expected {
			genesis: &genesis,
			service: SERVICE,
			key: &key,
			host: &host,
			peer: public.bytes(),
			now: T0,
		};
		prop_assert_eq!(crate::vpn::exit(&body, &expected), None);
		let mut near = signed(1, GENESIS, answer(public, T0)).into_bytes();
		let honest = crate::vpn::exit(&near, &expected);
		prop_assert!(honest.is_some());
		let at = cut % near.len();
		near[at] = byte;
		let found = crate::vpn::exit(&near, &expected);
		prop_assert!(found.is_none() || found == honest);
		near.truncate(at);
		prop_assert_eq!(crate::vpn::exit(&near, &expected), None);
	}
}
