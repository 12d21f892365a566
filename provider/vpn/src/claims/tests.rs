// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::{keys::Secret, tunnel::tests::tunnel};
use proptest::prelude::*;

const SCOPE: Scope = Scope { genesis: [7; 32], service: 9 };
const NOW: u64 = 1_800_000_000_000;

fn key(seed: u8) -> Key {
	Secret::new([seed; 32]).public()
}

fn request(agreement: AgreementId, seed: u8, issued: u64) -> PeerRequest {
	PeerRequest { agreement, key: key(seed), issued }
}

fn answer() -> Answer {
	Answer { service: 9, agreement: Some(3), tunnel: tunnel(), issued: NOW, expires: 0 }
}

#[test]
fn bytes_of_a_request_are_as_documented() {
	let message = request(3, 1, 5).message(&SCOPE);
	assert_eq!(message.len(), 17 + 32 + 4 + 4 + 32 + 8);
	let peer = key(1);
	let expected = [
		b"surety/vpn-peer/1".as_slice(),
		&[7; 32],
		&[9, 0, 0, 0],
		&[3, 0, 0, 0],
		peer.bytes(),
		&[5, 0, 0, 0, 0, 0, 0, 0],
	];
	assert_eq!(message, expected.concat());
}

#[test]
fn bytes_of_an_answer_are_as_documented() {
	let (peer, exit, issued) = (key(1), key(2), NOW.to_le_bytes());
	let expected = [
		b"surety/vpn-config/1".as_slice(),
		&[7; 32],
		&[9, 0, 0, 0],
		&[1, 3, 0, 0, 0],
		peer.bytes(),
		exit.bytes(),
		&[17, 0],
		b"vpn.example:51820",
		&[10, 66, 0, 2],
		&[0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
		&[1, 4, 9, 9, 9, 9],
		&[0x8c, 5],
		&[25, 0],
		&issued,
		&[0; 8],
	];
	assert_eq!(answer().message(&SCOPE.genesis), expected.concat());
	let trial = Answer { agreement: None, ..answer() }.message(&SCOPE.genesis);
	assert_eq!(trial.len(), answer().message(&SCOPE.genesis).len() - 4);
}

#[test]
fn every_field_is_signed() {
	let base = answer();
	let tunnel = &base.tunnel;
	let with = |tunnel| Answer { tunnel, ..base.clone() };
	let variants = [
		Answer { service: 8, ..base.clone() },
		Answer { agreement: None, ..base.clone() },
		Answer { agreement: Some(4), ..base.clone() },
		Answer { issued: 1, ..base.clone() },
		Answer { expires: 1, ..base.clone() },
		with(Tunnel { peer: key(3), ..tunnel.clone() }),
		with(Tunnel { exit: key(3), ..tunnel.clone() }),
		with(Tunnel { endpoint: "vpn.example:51821".parse().unwrap(), ..tunnel.clone() }),
		with(Tunnel { ipv4: "10.66.0.3".parse().unwrap(), ..tunnel.clone() }),
		with(Tunnel { ipv6: "fd00:1::3".parse().unwrap(), ..tunnel.clone() }),
		with(Tunnel { dns: vec![], ..tunnel.clone() }),
		with(Tunnel { mtu: 1, ..tunnel.clone() }),
		with(Tunnel { keepalive: 1, ..tunnel.clone() }),
	];
	let message = base.message(&SCOPE.genesis);
	for variant in variants {
		assert_ne!(variant.message(&SCOPE.genesis), message, "{variant:?}");
	}
	assert_ne!(base.message(&[8; 32]), message);
}

#[test]
fn an_answer_is_opened_by_its_receiver_only() {
	let signature = [0xab; 64];
	let json = serde_json::to_vec(&SignedAnswer::new(answer(), &signature)).unwrap();
	let open = |agreement, seed, now, json: &[u8]| {
		let verify = |given: &[u8; 64], message: &[u8]| {
			*given == signature && message == answer().message(&SCOPE.genesis)
		};
		SignedAnswer::open(json, &SCOPE, agreement, &key(seed), now, verify)
	};
	assert_eq!(open(Some(3), 1, NOW, &json), Ok(answer()));
	assert_eq!(open(Some(4), 1, NOW, &json), Err(AnswerFault::Other));
	assert_eq!(open(None, 1, NOW, &json), Err(AnswerFault::Other));
	assert_eq!(open(Some(3), 2, NOW, &json), Err(AnswerFault::Other));
	assert_eq!(open(Some(3), 1, NOW + LIFETIME + 1, &json), Err(AnswerFault::Time));
	assert_eq!(open(Some(3), 1, NOW - MAX_SKEW - 1, &json), Err(AnswerFault::Time));
	let text = String::from_utf8(json.clone()).unwrap();
	let forged = text.replace("vpn.example", "evil.example");
	assert_eq!(open(Some(3), 1, NOW, forged.as_bytes()), Err(AnswerFault::Signature));
	let short = text.replace("0xab", "0x");
	assert_eq!(open(Some(3), 1, NOW, short.as_bytes()), Err(AnswerFault::Form));
	let long = [json.as_slice(), &[b' '; MAX_ANSWER]].concat();
	assert_eq!(open(Some(3), 1, NOW, &long), Err(AnswerFault::Form));
	assert_eq!(open(Some(3), 1, NOW, b"{}"), Err(AnswerFault::Form));
}

#[test]
fn requests_out_of_their_time_are_refused() {
	let check = |issued| request(1, 1, issued).check(NOW);
	assert_eq!(check(NOW - LIFETIME - 1), Err(RequestFault::Expired));
	assert_eq!(check(NOW - LIFETIME), Ok(()));
	assert_eq!(check(NOW + MAX_SKEW), Ok(()));
	assert_eq!(check(NOW + MAX_SKEW + 1), Err(RequestFault::Future));
	assert_eq!(check(u64::MAX), Err(RequestFault::Future));
}

proptest! {
	/// Bytes of an exit never make the receiver panic.
	#[test]
	fn any_bytes_may_come_as_an_answer(json in prop::collection::vec(any::<u8>(), 0..300)) {
		let opened = SignedAnswer::open(&json, &SCOPE, None, &key(1), NOW, |_, _| true);
		prop_assert!(opened.is_err());
	}
}
