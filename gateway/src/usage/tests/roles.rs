// SPDX-License-Identifier: Apache-2.0

//! Both roles while nothing goes wrong, and windows that turn at different times.

use super::kit::*;
use crate::usage::{Event, Refusal, key::verify};
use std::sync::Arc;
use surety_primitives::{LatencyBucket, usage::Side};

#[test]
fn both_sides_sign_and_countersign() {
	let (gateway, edge) = pair(0);
	let time = run(&gateway, &edge, 0, 5);
	gateway.serve(40);
	gateway.lose(2);
	edge.serve(41);
	run(&gateway, &edge, time, 45);
	let (own, other) = (gateway.released(0).unwrap(), edge.released(0).unwrap());
	assert!(verify(&own) && verify(&other));
	assert_eq!(own.statement.counts.requests, 42);
	assert_eq!(own.statement.counts.lost, 2);
	assert_eq!(own.statement.p50, Some(LatencyBucket::from_millis(3)));
	assert_eq!(gateway.held(0).unwrap(), other);
	assert_eq!(edge.held(0).unwrap(), own);
	assert!(gateway.view(0).countersigned && edge.view(0).countersigned);
	assert_eq!(gateway.view(0).agreed, Some((41, 40)));
	assert!(!gateway.view(0).contested);
}

#[test]
fn statements_of_schnorr_keys_are_taken() {
	let (mut gateway, edge) = pair(0);
	gateway.key = sr25519_key("schnorr");
	gateway.rights.grant(Side::Tenant, &gateway.key);
	gateway.restart(&at(0));
	gateway.serve(5);
	run(&gateway, &edge, 0, 30);
	assert_eq!(edge.held(0).unwrap().reporter, gateway.key.account());
}

#[test]
fn a_large_gap_is_contested() {
	let (gateway, edge) = pair(0);
	gateway.serve(2_000);
	edge.serve(1_900);
	run(&gateway, &edge, 0, 60);
	assert!(gateway.view(0).contested && edge.view(0).contested);
	assert_eq!(edge.view(0).agreed, Some((1_900, 1_900)));
}

#[test]
fn a_statement_follows_the_interval_and_the_requests() {
	let (gateway, edge) = pair(0);
	run(&gateway, &edge, 0, 8);
	let first = gateway.released(0).unwrap().statement.seq;
	gateway.serve(10);
	assert_eq!(gateway.ledger.tick(&at(9)), 0);
	gateway.serve(1_000);
	assert_eq!(gateway.ledger.tick(&at(9)), 1);
	gateway.serve(1);
	assert_eq!((10..19).map(|time| gateway.ledger.tick(&at(time))).sum::<usize>(), 0);
	assert_eq!(gateway.ledger.tick(&at(19)), 1);
	assert!(gateway.released(0).unwrap().statement.seq > first);
	assert_eq!(gateway.requests(0), 1_011);
}

#[test]
fn an_idle_agreement_signs_nothing() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 100);
	let (own, other) = (gateway.ledger.totals().signed, edge.ledger.totals().signed);
	// Over the next windows too.
	run(&gateway, &edge, time, 2 * WINDOW);
	assert_eq!(gateway.ledger.totals().signed, own);
	assert_eq!(edge.ledger.totals().signed, other);
}

#[test]
fn the_turn_of_a_window_closes_its_counts() {
	let (gateway, edge) = pair(0);
	let time = run(&gateway, &edge, 0, WINDOW - 5);
	gateway.serve(30);
	edge.serve(30);
	// Not even one interval is left.
	let time = run(&gateway, &edge, time, 5);
	gateway.ledger.tick(&at(time));
	edge.ledger.tick(&at(time));
	gateway.serve(7);
	edge.serve(7);
	run(&gateway, &edge, time, 60);
	for party in [&gateway, &edge] {
		assert_eq!(party.view(0).own.requests, 30);
		assert_eq!(party.view(1).own.requests, 7);
		assert_eq!(party.view(0).agreed, Some((30, 30)));
		assert!(party.view(0).countersigned);
		let statements = &party.evidence()[0].statements;
		assert_eq!(statements.len(), 2);
		assert!(statements.iter().all(|one| one.statement.counts.requests == 30));
	}
}

#[test]
fn a_closed_window_is_offered_again_for_some_intervals_only() {
	let (gateway, edge) = pair(0);
	gateway.serve(30);
	edge.serve(30);
	run(&gateway, &edge, 0, WINDOW);
	let mut exchanges = Vec::new();
	for time in WINDOW..2 * WINDOW {
		gateway.ledger.tick(&at(time));
		edge.ledger.tick(&at(time));
		for (agreement, message) in gateway.ledger.offers(&at(time)) {
			exchanges.push(time - WINDOW);
			let answer = edge.ledger.receive(&message, &at(time)).unwrap();
			gateway.ledger.conclude(agreement, Some(&answer), &at(time)).unwrap();
		}
	}
	assert!((3..=7).contains(&exchanges.len()), "{exchanges:?}");
	assert!(exchanges.iter().all(|time| *time < 60));
}

#[test]
fn old_windows_are_forgotten() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	run(&gateway, &edge, 0, 3 * WINDOW);
	let windows: Vec<u32> = gateway.ledger.views().iter().map(|view| view.window).collect();
	assert_eq!(windows, [1, 2]);
	assert!(gateway.evidence().is_empty());
}

#[test]
fn an_ended_agreement_stays_until_it_was_reported() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 60);
	gateway.ledger.close_agreement(DEAL);
	assert!(gateway.ledger.meter(DEAL).is_none());
	let time = run(&gateway, &edge, time, WINDOW);
	assert_eq!(gateway.evidence().len(), 1);
	run(&gateway, &edge, time, WINDOW);
	assert!(gateway.ledger.views().is_empty());
	assert_eq!(
		gateway.refusal(edge_statement(&edge), &at(time + WINDOW)),
		Some(Refusal::Agreement)
	);
}

fn edge_statement(edge: &Party) -> crate::usage::Signed {
	edge.key.sign(statement(Side::Operator, 2, 1, 1))
}

#[test]
fn agreements_above_the_maximum_are_not_counted() {
	let (mut gateway, _) = pair(0);
	gateway.settings.max_agreements = 1;
	gateway.restart(&at(0));
	let other = gateway.ledger.open_agreement(DEAL + 1, LatencyBucket::MAX, &at(0));
	assert!(other.is_none());
	let same = gateway.ledger.open_agreement(DEAL, LatencyBucket::MAX, &at(0)).unwrap();
	assert!(Arc::ptr_eq(&same, &gateway.meter));
}

#[test]
fn sides_that_turn_at_different_times_agree() {
	for skew in [-40, 35] {
		let (mut gateway, mut edge) = pair(100);
		for party in [&mut gateway, &mut edge] {
			party.settings.requests = 50;
			party.restart(&at(100));
		}
		for time in 100..2 * WINDOW + 100 {
			let ahead = skewed(time, skew);
			gateway.ledger.tick(&at(time));
			edge.ledger.tick(&ahead);
			gateway.serve(1);
			edge.serve(1);
			for (agreement, message) in gateway.ledger.offers(&at(time)) {
				let answer = edge.ledger.receive(&message, &ahead).unwrap();
				gateway.ledger.conclude(agreement, Some(&answer), &at(time)).unwrap();
			}
		}
		for party in [&gateway, &edge] {
			// A whole window has as many seconds by either clock.
			assert_eq!(party.view(1).agreed, Some((WINDOW, WINDOW)), "skew {skew}");
			assert_eq!(party.ledger.totals().refused.iter().sum::<u64>(), 0, "skew {skew}");
		}
	}
}

#[test]
fn windows_further_apart_than_one_are_refused() {
	let (gateway, edge) = pair(3 * WINDOW);
	for (window, refusal) in [
		(1, Some(Refusal::Window)),
		(2, None),
		(3, None),
		(4, None),
		(5, Some(Refusal::Window)),
		(u32::MAX, Some(Refusal::Window)),
	] {
		let signed = gateway.key.sign(statement(Side::Tenant, window, 1, 1));
		assert_eq!(edge.refusal(signed, &at(3 * WINDOW)), refusal, "window {window}");
	}
}

#[test]
fn a_clock_that_goes_back_turns_no_window_back() {
	let (gateway, edge) = pair(0);
	let time = run(&gateway, &edge, 0, WINDOW + 10);
	gateway.serve(10);
	edge.serve(10);
	// A node that lags by most of a window.
	for step in 0..30 {
		let back = skewed(time + step, -300);
		gateway.ledger.tick(&back);
		edge.ledger.tick(&back);
		exchange(&gateway, &edge, &back);
	}
	assert_eq!(gateway.requests(1), 10);
	assert_eq!(gateway.requests(0), 0);
	assert_eq!(gateway.view(1).agreed, Some((10, 10)));
}

#[test]
fn several_gateways_of_a_tenant_have_lanes() {
	let rights = Arc::new(Rights::default());
	let edge = Party::new(Side::Operator, &rights, &at(0));
	let gateways: Vec<Party> = (0..3)
		.map(|lane| {
			let mut one = Party::new(Side::Tenant, &rights, &at(0));
			(one.settings.lane, one.settings.lanes) = (lane, 3);
			one.restart(&at(0));
			one
		})
		.collect();
	for time in 0..100 {
		for gateway in &gateways {
			gateway.ledger.tick(&at(time));
			gateway.serve(1);
			edge.serve(1);
		}
		edge.ledger.tick(&at(time));
		for gateway in &gateways {
			exchange(gateway, &edge, &at(time));
			let refused = gateway.ledger.totals().refused.iter().sum::<u64>();
			assert_eq!(refused, 0);
		}
	}
	for gateway in &gateways {
		gateway.ledger.finish(&at(100));
		exchange(gateway, &edge, &at(110));
	}
	assert!(gateways.iter().all(|gateway| !gateway.view(0).marked));
	assert_eq!(edge.view(0).other.unwrap().requests, 300);
	assert_eq!(
		edge.view(0).agreed.unwrap().0,
		300.min(edge.released(0).unwrap().statement.counts.requests)
	);
}

#[test]
fn a_key_without_the_right_to_report_signs_nothing() {
	let (gateway, edge) = pair(0);
	gateway.rights.revoke(&gateway.key);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 60);
	assert!(gateway.released(0).is_none());
	assert_eq!(gateway.events(), [Event::NotAReporter(DEAL, 0)]);
	// Nothing was lost meanwhile.
	gateway.rights.grant(Side::Tenant, &gateway.key);
	run(&gateway, &edge, time, 20);
	assert_eq!(edge.held(0).unwrap().statement.counts.requests, 10);
}

#[test]
fn the_end_of_a_process_signs_what_is_left() {
	let (gateway, edge) = pair(0);
	run(&gateway, &edge, 0, 20);
	gateway.serve(3);
	assert_eq!(gateway.ledger.finish(&at(21)), 1);
	assert_eq!(gateway.released(0).unwrap().statement.counts.requests, 3);
}
