// SPDX-License-Identifier: Apache-2.0

//! Messages and parties that mean harm.

use super::kit::*;
use crate::usage::{
	Answer, Event, MAX_MESSAGE, MAX_STRIKES, Offer, Refusal, Signed, WireError, wire,
};
use proptest::prelude::*;
use surety_primitives::usage::{Hash, Side, UsageStatement};

/// Statement of the tenant that an edge without a past accepts.
fn good() -> UsageStatement {
	statement(Side::Tenant, 0, 5, 100)
}

#[test]
fn each_fault_of_a_statement_has_its_refusal() {
	let (gateway, edge) = pair(0);
	edge.ledger.tick(&at(WINDOW));
	edge.serve(1);
	let now = at(WINDOW + 2);
	edge.ledger.finish(&now);
	let good = statement(Side::Tenant, 1, 5, 100);
	type Change = fn(&mut UsageStatement);
	let faults: [(Change, Refusal); 9] = [
		(|s| s.genesis = Hash::zero(), Refusal::Genesis),
		(|s| s.agreement = 99, Refusal::Agreement),
		(|s| s.side = Side::Operator, Refusal::Side),
		(|s| s.lane = 8, Refusal::Lane),
		(|s| s.window = 3, Refusal::Window),
		(|s| s.counts.ok += 1, Refusal::Counts),
		(|s| s.counts.slow = 101, Refusal::Counts),
		(|s| (s.counts.ok, s.counts.lost) = (u64::MAX, 1), Refusal::Counts),
		(|s| s.seen = Some(Hash::repeat_byte(1)), Refusal::Seen),
	];
	for (change, refusal) in faults {
		let mut bad = good.clone();
		change(&mut bad);
		let answer = edge.offer(gateway.key.sign(bad.clone()), &now);
		assert_eq!(answer.refusal, Some(refusal), "{bad:?}");
		assert_eq!(answer.statement.is_some(), refusal == Refusal::Seen);
		assert!(edge.held(1).is_none());
	}
	let mut seen = good;
	seen.seen = edge.released(1).map(|own| own.statement.hash());
	assert_eq!(edge.refusal(gateway.key.sign(seen), &now), None);
}

#[test]
fn a_forged_signature_ends_the_check_of_its_message() {
	let (gateway, edge) = pair(0);
	let mut forged = gateway.key.sign(good());
	forged.statement.counts.bytes += 1;
	let offers =
		[forged, gateway.key.sign(good())].map(|statement| Offer { statement, copy: None });
	let answers = edge.ask(&offers, &at(1));
	assert!(answers.iter().all(|answer| answer.refusal == Some(Refusal::Signature)));
	assert!(edge.held(0).is_none());
}

#[test]
fn nothing_is_shown_to_strangers() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	edge.serve(10);
	run(&gateway, &edge, 0, 30);
	let stranger = key("stranger").sign(statement(Side::Tenant, 0, u32::MAX, 500));
	let mut forged = gateway.key.sign(statement(Side::Tenant, 0, u32::MAX, 500));
	forged.statement.counts.bytes += 1;
	for (signed, refusal) in [(stranger, Refusal::Reporter), (forged, Refusal::Signature)] {
		let answer = edge.offer(signed, &at(30));
		let expected = Answer {
			agreement: DEAL,
			window: 0,
			refusal: Some(refusal),
			statement: None,
			copy: None,
		};
		assert_eq!(answer, expected);
	}
	// The operator's key does not speak for the tenant.
	let signed = edge.key.sign(statement(Side::Tenant, 0, u32::MAX, 500));
	assert_eq!(edge.refusal(signed, &at(30)), Some(Refusal::Reporter));
}

#[test]
fn reordered_and_doubled_statements_change_nothing() {
	let (gateway, edge) = pair(0);
	let signed: Vec<Signed> =
		(1..=9).map(|n| gateway.key.sign(statement(Side::Tenant, 0, n * 10, n.into()))).collect();
	assert_eq!(edge.refusal(signed[7].clone(), &at(1)), None);
	for earlier in &signed[..7] {
		assert_eq!(edge.refusal(earlier.clone(), &at(1)), Some(Refusal::Stale));
	}
	assert_eq!(edge.refusal(signed[7].clone(), &at(1)), None);
	assert_eq!(edge.refusal(signed[8].clone(), &at(1)), None);
	assert_eq!(edge.refusal(signed[7].clone(), &at(1)), None);
	assert_eq!(edge.held(0).unwrap(), signed[8]);
	assert_eq!(edge.ledger.totals().accepted, 2);
}

#[test]
fn a_counter_that_falls_is_refused() {
	let (gateway, edge) = pair(0);
	assert_eq!(edge.refusal(gateway.key.sign(good()), &at(1)), None);
	let mut fewer = statement(Side::Tenant, 0, 6, 200);
	fewer.counts.bytes = 99;
	assert_eq!(edge.refusal(gateway.key.sign(fewer), &at(1)), Some(Refusal::Falling));
	assert_eq!(edge.held(0).unwrap().statement, good());
}

#[test]
fn two_contents_for_one_number_are_kept_as_the_proof() {
	let (gateway, edge) = pair(0);
	let first = gateway.key.sign(good());
	let second = gateway.key.sign(statement(Side::Tenant, 0, 5, 101));
	let third = gateway.key.sign(statement(Side::Tenant, 0, 6, 102));
	assert_eq!(edge.refusal(first.clone(), &at(1)), None);
	assert_eq!(edge.refusal(third.clone(), &at(1)), None);
	assert_eq!(edge.refusal(second.clone(), &at(1)), Some(Refusal::Equivocation));
	assert_eq!(edge.ledger.proofs(), [(first, second)]);
	assert_eq!(edge.events(), [Event::Equivocated(DEAL, 0)]);
	// The lane is void for the window, for the report too.
	let later = gateway.key.sign(statement(Side::Tenant, 0, 7, 103));
	assert_eq!(edge.refusal(later, &at(1)), Some(Refusal::Equivocation));
	edge.serve(10);
	edge.ledger.tick(&at(WINDOW + 1));
	let evidence = edge.evidence();
	assert!(evidence[0].statements.iter().all(|one| one.statement.side == Side::Operator));
	// Other windows are not touched.
	let next = gateway.key.sign(statement(Side::Tenant, 1, 1, 1));
	assert_eq!(edge.refusal(next, &at(WINDOW + 1)), None);
}

#[test]
fn a_proof_survives_a_restart() {
	let (gateway, mut edge) = pair(0);
	edge.offer(gateway.key.sign(good()), &at(1));
	edge.offer(gateway.key.sign(statement(Side::Tenant, 0, 5, 101)), &at(1));
	let proofs = edge.ledger.proofs();
	edge.ledger.finish(&at(5));
	edge.restart(&at(6));
	assert_eq!(edge.ledger.proofs(), proofs);
	let later = gateway.key.sign(statement(Side::Tenant, 0, 7, 103));
	assert_eq!(edge.refusal(later, &at(7)), Some(Refusal::Equivocation));
	edge.ledger.forget_proof(&proofs[0]);
	assert!(edge.ledger.proofs().is_empty());
}

#[test]
fn statements_of_a_stolen_key_end_with_its_right() {
	let (gateway, edge) = pair(0);
	let stolen = key("stolen");
	gateway.rights.grant(Side::Tenant, &stolen);
	// The thief takes the highest number, so that nobody can follow.
	let theirs = stolen.sign(statement(Side::Tenant, 0, u32::MAX, 1_000_000));
	assert_eq!(edge.refusal(theirs.clone(), &at(1)), None);
	gateway.serve(10);
	edge.serve(10);
	let time = run(&gateway, &edge, 2, 30);
	assert_eq!(edge.held(0).unwrap(), theirs);
	gateway.rights.revoke(&stolen);
	gateway.serve(1);
	edge.serve(1);
	run(&gateway, &edge, time, 60);
	assert!(edge.events().contains(&Event::Revoked(DEAL, stolen.account())));
	assert_eq!(edge.refusal(theirs, &at(time)), Some(Refusal::Reporter));
	assert_eq!(edge.held(0).unwrap().reporter, gateway.key.account());
	assert_eq!(edge.view(0).agreed, Some((11, 11)));
}

#[test]
fn a_revoked_key_of_the_own_side_signs_no_copy() {
	let (gateway, edge) = pair(0);
	let stolen = key("stolen");
	let copy = stolen.sign(statement(Side::Tenant, 0, 1, 1_000_000));
	let own = edge.key.sign(statement(Side::Operator, 0, 5, 50));
	gateway.ask(&[Offer { statement: own, copy: Some(copy) }], &at(3));
	assert_eq!(gateway.requests(0), 0);
}

/// Edge that answers, but never with a statement that has seen the gateway's.
fn answer_without_seen(edge: &Party, message: &[u8], seq: u32) -> Vec<u8> {
	let offers: Vec<Offer> = wire::decode(message).unwrap();
	let answers: Vec<Answer> = offers
		.iter()
		.map(|offer| Answer {
			agreement: DEAL,
			window: offer.statement.statement.window,
			refusal: None,
			statement: Some(edge.key.sign(statement(Side::Operator, 0, seq, seq.into()))),
			copy: None,
		})
		.collect();
	wire::encode(&answers)
}

#[test]
fn a_side_that_does_not_countersign_is_marked_once() {
	let (gateway, edge) = pair(0);
	let mut exchanges = 0u8;
	for time in 0..400 {
		gateway.serve(1);
		gateway.ledger.tick(&at(time));
		for (agreement, message) in gateway.ledger.offers(&at(time)) {
			exchanges += 1;
			let answer = answer_without_seen(&edge, &message, exchanges.into());
			gateway.ledger.conclude(agreement, Some(&answer), &at(time)).unwrap();
			assert_eq!(gateway.view(0).marked, exchanges >= MAX_STRIKES);
		}
	}
	assert!(exchanges > MAX_STRIKES);
	assert_eq!(gateway.events(), [Event::Uncountersigned(DEAL, 0)]);
	// Counting goes on, own statements too.
	assert_eq!(gateway.requests(0), 400);
	assert!(gateway.released(0).unwrap().statement.counts.requests > 380);
}

#[test]
fn a_side_that_only_refuses_is_marked_and_costs_no_extra_statements() {
	let (gateway, _) = pair(0);
	for time in 0..500 {
		gateway.serve(1);
		gateway.ledger.tick(&at(time));
		for (agreement, _) in gateway.ledger.offers(&at(time)) {
			let answer = Answer {
				agreement: DEAL,
				window: 0,
				refusal: Some(Refusal::Stale),
				statement: None,
				copy: None,
			};
			let answer = wire::encode(&[answer]);
			gateway.ledger.conclude(agreement, Some(&answer), &at(time)).unwrap();
		}
	}
	assert!(gateway.view(0).marked);
	assert!(gateway.ledger.totals().signed < 500 / 10 + 10);
}

#[test]
fn replays_by_a_stranger_mark_nobody() {
	let (gateway, edge) = pair(0);
	edge.serve(10);
	edge.ledger.finish(&at(2));
	let signed = gateway.key.sign(good());
	for time in 3..60 {
		edge.offer(signed.clone(), &at(time));
	}
	assert!(!edge.view(0).marked);
}

#[test]
fn a_silent_side_is_asked_less_often_and_reported_alone() {
	let (gateway, _) = pair(0);
	let mut tries = Vec::new();
	for time in 0..WINDOW + 60 {
		gateway.serve(u64::from(time < WINDOW));
		gateway.ledger.tick(&at(time));
		for (agreement, _) in gateway.ledger.offers(&at(time)) {
			tries.push(time);
			gateway.ledger.conclude(agreement, None, &at(time)).unwrap();
		}
	}
	let in_first: Vec<u64> = tries.iter().copied().filter(|time| *time < WINDOW).collect();
	assert!(in_first.len() < 15, "{tries:?}");
	assert!(in_first.windows(2).all(|pair| pair[1] - pair[0] >= 10));
	let events = gateway.events();
	assert_eq!(events.iter().filter(|e| **e == Event::Silent(DEAL, 0)).count(), 1);
	assert!(!gateway.view(0).marked);
	let evidence = gateway.evidence();
	assert_eq!(evidence[0].statements.len(), 1);
	assert_eq!(evidence[0].statements[0].statement.counts.requests, WINDOW);
}

#[test]
fn lost_answers_cost_no_evidence() {
	let (gateway, edge) = pair(0);
	for time in 0..WINDOW - 100 {
		gateway.serve(1);
		edge.serve(1);
		gateway.ledger.tick(&at(time));
		edge.ledger.tick(&at(time));
		for (agreement, message) in gateway.ledger.offers(&at(time)) {
			edge.ledger.receive(&message, &at(time)).unwrap();
			gateway.ledger.conclude(agreement, None, &at(time)).unwrap();
		}
	}
	run(&gateway, &edge, WINDOW - 100, 99);
	assert_eq!(gateway.view(0).agreed, Some((WINDOW - 100, WINDOW - 100)));
	assert!(gateway.view(0).countersigned && edge.view(0).countersigned);
}

#[test]
fn an_answer_about_another_agreement_is_ignored() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	gateway.ledger.finish(&at(3));
	let (agreement, _) = gateway.ledger.offers(&at(3)).remove(0);
	let mut other = statement(Side::Operator, 0, 5, 50);
	other.agreement = DEAL + 1;
	for (answered, inner) in [(DEAL + 1, other.clone()), (DEAL, other)] {
		let answer = Answer {
			agreement: answered,
			window: 0,
			refusal: None,
			statement: Some(edge.key.sign(inner)),
			copy: None,
		};
		gateway.ledger.conclude(agreement, Some(&wire::encode(&[answer])), &at(3)).unwrap();
	}
	assert!(gateway.held(0).is_none());
}

#[test]
fn answers_that_cannot_be_read_count_as_silence() {
	let (gateway, _) = pair(0);
	gateway.serve(10);
	gateway.ledger.finish(&at(3));
	let (agreement, _) = gateway.ledger.offers(&at(3)).remove(0);
	let result = gateway.ledger.conclude(agreement, Some(b"<html>"), &at(3));
	assert_eq!(result, Err(WireError::Version(b'<')));
	assert_eq!(gateway.ledger.totals().silent, 1);
}

#[test]
fn messages_have_limits() {
	let (gateway, edge) = pair(0);
	let receive = |message: &[u8]| edge.ledger.receive(message, &at(1)).err();
	let offer = Offer { statement: gateway.key.sign(good()), copy: None };
	let message = wire::encode(std::slice::from_ref(&offer));
	assert_eq!(receive(&message), None);
	assert_eq!(receive(&[]), Some(WireError::Malformed));
	assert_eq!(receive(&[1]), Some(WireError::Malformed));
	assert_eq!(receive(&[1, 0]), Some(WireError::Entries(0)));
	assert_eq!(receive(&[1, 9]), Some(WireError::Entries(9)));
	assert_eq!(receive(&[2, 1]), Some(WireError::Version(2)));
	assert_eq!(receive(&vec![1; MAX_MESSAGE + 1]), Some(WireError::TooLong));
	assert_eq!(receive(&[&message[..], &[0]].concat()), Some(WireError::Malformed));
	for length in 0..message.len() {
		assert!(receive(&message[..length]).is_some());
	}
	let full = vec![Offer { copy: Some(offer.statement.clone()), ..offer }; 9];
	let message = wire::encode(&full);
	assert!(message.len() <= MAX_MESSAGE);
	let answer = edge.ledger.receive(&message, &at(1)).unwrap();
	assert!(answer.len() <= MAX_MESSAGE);
	assert_eq!(wire::decode::<Answer>(&answer).unwrap().len(), 8);
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

	#[test]
	fn any_bytes_are_refused_or_answered(
		start in 0u8..4,
		count in 0u8..12,
		rest in proptest::collection::vec(any::<u8>(), 0..600),
	) {
		let (_, edge) = pair(0);
		let message = [&[start, count], &rest[..]].concat();
		if let Ok(answer) = edge.ledger.receive(&message, &at(1)) {
			prop_assert!(wire::decode::<Answer>(&answer).is_ok());
		}
	}

	/// The same for an answer; own counts never change but by a copy that the own key signed.
	#[test]
	fn a_changed_byte_of_an_answer_changes_no_count(at_byte in 0usize..480, flip in 1u8..=255) {
		let (gateway, edge) = pair(0);
		gateway.serve(10);
		gateway.ledger.finish(&at(3));
		let (agreement, _) = gateway.ledger.offers(&at(3)).remove(0);
		let own = statement(Side::Operator, 0, 5, 50);
		let answer = Answer {
			agreement: DEAL,
			window: 0,
			refusal: None,
			statement: Some(edge.key.sign(own.clone())),
			copy: gateway.released(0),
		};
		let mut message = wire::encode(&[answer]);
		let index = at_byte % message.len();
		message[index] ^= flip;
		_ = gateway.ledger.conclude(agreement, Some(&message), &at(3));
		prop_assert_eq!(gateway.requests(0), 10);
		prop_assert!(gateway.held(0).is_none_or(|held| held.statement == own));
	}

	/// A changed byte is found by the frame, by a check or by the signature, or the message is the
	/// same statement.
	#[test]
	fn a_changed_byte_changes_nothing_that_is_held(at_byte in 0usize..240, flip in 1u8..=255) {
		let (gateway, edge) = pair(0);
		let signed = gateway.key.sign(good());
		let mut message = wire::encode(&[Offer { statement: signed, copy: None }]);
		let index = at_byte % message.len();
		message[index] ^= flip;
		_ = edge.ledger.receive(&message, &at(1));
		if let Some(held) = edge.held(0) {
			prop_assert_eq!(held.statement, good());
		}
	}
}
