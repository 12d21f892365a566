// SPDX-License-Identifier: Apache-2.0

//! Restarts with a store, without one, with an old one, and two processes in one lane.

use super::kit::*;
use crate::usage::{Event, FileStore, Ledger, Offer, Refusal, Store, StoreError};
use std::fs;
use surety_primitives::usage::{Hash, Side};

#[test]
fn a_restart_loses_nothing_that_was_signed() {
	let (mut gateway, mut edge) = pair(0);
	gateway.serve(100);
	gateway.lose(5);
	edge.serve(100);
	let time = run(&gateway, &edge, 0, 30);
	let before = gateway.released(0).unwrap();
	gateway.serve(9); // never signed
	gateway.restart(&at(time));
	edge.restart(&at(time));
	assert_eq!(gateway.released(0).unwrap(), before);
	assert_eq!(gateway.view(0).own, before.statement.counts);
	assert_eq!(gateway.view(0).latency.total(), 100);
	gateway.serve(1);
	run(&gateway, &edge, time, 30);
	let after = edge.held(0).unwrap();
	assert_eq!(after.statement.counts.requests, 106);
	assert_eq!(after.statement.p50, before.statement.p50);
	assert!(after.statement.seq > before.statement.seq);
	assert_eq!(edge.ledger.totals().refused.iter().sum::<u64>(), 0);
}

#[test]
fn rights_that_are_not_known_yet_cost_no_evidence() {
	let (mut gateway, mut edge) = pair(0);
	gateway.serve(100);
	edge.serve(100);
	let time = run(&gateway, &edge, 0, WINDOW + 60);
	gateway.rights.make_unknown(true);
	gateway.restart(&at(time));
	edge.restart(&at(time));
	gateway.serve(5);
	let time = run(&gateway, &edge, time, 20);
	let signed = gateway.key.sign(statement(Side::Tenant, 1, 5, 5));
	assert_eq!(edge.refusal(signed, &at(time)), Some(Refusal::NotYet));
	assert!(gateway.events().is_empty() && gateway.released(1).is_none());
	assert_eq!(gateway.evidence()[0].statements.len(), 2);
	gateway.rights.make_unknown(false);
	run(&gateway, &edge, time, 20);
	assert_eq!(edge.held(1).unwrap().statement.counts.requests, 5);
}

#[test]
fn a_restart_after_the_turn_keeps_the_evidence() {
	let (mut gateway, edge) = pair(0);
	gateway.serve(100);
	edge.serve(100);
	run(&gateway, &edge, 0, 60);
	gateway.restart(&at(WINDOW + 50));
	let statements = &gateway.evidence()[0].statements;
	assert_eq!(statements.len(), 2);
	assert_eq!(gateway.requests(1), 0);
}

#[test]
fn counts_of_a_lost_store_come_back_from_the_other_side() {
	let (mut gateway, mut edge) = pair(0);
	gateway.serve(100);
	edge.serve(100);
	let mut time = run(&gateway, &edge, 0, 60);
	for party in 0..2 {
		let lost = if party == 0 { &mut gateway } else { &mut edge };
		lost.disk.with(|disk| disk.content = None);
		lost.restart(&at(time));
		lost.serve(10);
		time = run(&gateway, &edge, time, 60);
	}
	run(&gateway, &edge, WINDOW, 30);
	for party in [&gateway, &edge] {
		assert!(party.events().contains(&Event::Recovered(DEAL, 0)));
		assert_eq!(party.view(0).own.requests, 110);
		assert_eq!(party.view(0).agreed, Some((110, 110)));
		assert!(party.view(0).countersigned && !party.view(0).marked);
	}
}

#[test]
fn a_closed_window_of_a_lost_store_comes_back_too() {
	let (mut gateway, edge) = pair(0);
	gateway.serve(100);
	edge.serve(100);
	let time = run(&gateway, &edge, 0, WINDOW + 20);
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(time));
	run(&gateway, &edge, time, 30);
	let statements = &gateway.evidence()[0].statements;
	assert_eq!(statements.len(), 2);
	assert!(statements.iter().all(|one| one.statement.counts.requests == 100));
}

#[test]
fn a_second_restart_before_the_first_contact_adds_up() {
	let (mut gateway, edge) = pair(0);
	gateway.serve(100);
	let time = run(&gateway, &edge, 0, 60);
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(time));
	gateway.serve(5);
	(time..time + 30).for_each(|time| _ = gateway.ledger.tick(&at(time)));
	gateway.restart(&at(time + 30));
	gateway.serve(7);
	run(&gateway, &edge, time + 30, 60);
	assert_eq!(gateway.requests(0), 112);
	assert_eq!(edge.held(0).unwrap().statement.counts.requests, 112);
}

#[test]
fn a_store_that_was_rolled_back_repeats_no_number() {
	let (mut gateway, edge) = pair(0);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 20);
	let old = gateway.disk.with(|disk| disk.content.clone());
	gateway.serve(90);
	let time = run(&gateway, &edge, time, 40);
	let lost = gateway.released(0).unwrap();
	gateway.disk.with(|disk| disk.content = old);
	gateway.restart(&at(time));
	gateway.serve(1);
	run(&gateway, &edge, time, 40);
	let after = edge.held(0).unwrap();
	assert_eq!(after.statement.counts.requests, 101);
	assert!(after.statement.seq > lost.statement.seq);
	assert!(edge.ledger.proofs().is_empty());
}

/// The other side returns an early copy, so that the process signs a number once more.
#[test]
fn an_old_copy_provokes_no_equivocation() {
	let (mut gateway, edge) = pair(0);
	let mut signed = Vec::new();
	for time in 0..60 {
		gateway.serve(1);
		gateway.ledger.tick(&at(time));
		signed.extend(gateway.released(0));
	}
	let early = signed[0].clone();
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(60));
	for time in 60..120 {
		gateway.serve(1);
		gateway.ledger.tick(&at(time));
		let statement = edge.key.sign(statement(Side::Operator, 0, time as u32, 1));
		gateway.ask(&[Offer { statement, copy: Some(early.clone()) }], &at(time));
		signed.extend(gateway.released(0));
	}
	for pair in signed.windows(2) {
		let [a, b] = [&pair[0].statement, &pair[1].statement];
		assert!(a == b || a.seq < b.seq);
	}
	assert!(gateway.requests(0) >= 61);
}

#[test]
fn a_restart_in_the_same_second_repeats_no_number() {
	let (mut gateway, _) = pair(0);
	gateway.serve(1);
	gateway.ledger.tick(&at(10));
	let before = gateway.released(0).unwrap();
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(10));
	gateway.serve(2);
	gateway.ledger.finish(&at(10));
	assert!(gateway.released(0).is_none());
	gateway.ledger.finish(&at(12));
	assert!(gateway.released(0).unwrap().statement.seq > before.statement.seq);
}

#[test]
fn a_clock_that_was_set_back_repeats_no_number() {
	let (gateway, edge) = pair(5_000);
	gateway.serve(1);
	run(&gateway, &edge, 5_000, 30);
	let before = gateway.released(8).unwrap();
	gateway.serve(1);
	let mut back = at(5_031);
	for second in 0..30 {
		back.unix = at(1_000 + second).unix;
		gateway.ledger.tick(&back);
	}
	let after = gateway.released(8).unwrap();
	assert_eq!(after.statement.seq, before.statement.seq + 1);
	assert_eq!(after.statement.counts.requests, 2);
	// Exchanges do not wait for the clock to catch up.
	assert!(!gateway.ledger.offers(&back).is_empty());
}

#[test]
fn a_second_process_in_the_lane_stops_signing() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 30);
	let twin = gateway.key.sign(statement(Side::Tenant, 0, u32::MAX - 1, 50));
	let own = edge.key.sign(statement(Side::Operator, 0, u32::MAX - 1, 50));
	let offer = Offer { statement: own, copy: Some(twin) };
	gateway.ask(std::slice::from_ref(&offer), &at(time));
	gateway.ask(&[offer], &at(time));
	assert_eq!(gateway.events(), [Event::LaneTaken(DEAL, 0)]);
	gateway.serve(10);
	let before = gateway.released(0);
	let time = run(&gateway, &edge, time, 60);
	assert_eq!(gateway.released(0), before);
	// The next window starts afresh.
	gateway.ledger.tick(&at(WINDOW));
	gateway.serve(10);
	run(&gateway, &edge, time.max(WINDOW), 30);
	assert_eq!(gateway.released(1).unwrap().statement.counts.requests, 10);
}

#[test]
fn a_copy_with_the_own_number_but_other_content_stops_signing() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	let time = run(&gateway, &edge, 0, 30);
	let seq = gateway.released(0).unwrap().statement.seq;
	let twin = gateway.key.sign(statement(Side::Tenant, 0, seq, 50));
	let own = edge.key.sign(statement(Side::Operator, 0, u32::MAX - 1, 50));
	gateway.ask(&[Offer { statement: own, copy: Some(twin) }], &at(time));
	assert_eq!(gateway.events(), [Event::LaneTaken(DEAL, 0)]);
}

#[test]
fn a_copy_with_a_stolen_key_changes_no_count() {
	let (mut gateway, edge) = pair(0);
	let stolen = key("stolen");
	gateway.rights.grant(Side::Tenant, &stolen);
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(0));
	let own = edge.key.sign(statement(Side::Operator, 0, 5, 50));
	let copy = stolen.sign(statement(Side::Tenant, 0, 5, 1_000_000));
	gateway.ask(&[Offer { statement: own, copy: Some(copy) }], &at(3));
	assert_eq!(gateway.events(), [Event::LaneTaken(DEAL, 0)]);
	gateway.serve(1);
	assert_eq!(gateway.ledger.tick(&at(20)), 0);
	gateway.rights.revoke(&stolen);
	assert_eq!(gateway.ledger.tick(&at(21)), 1);
	assert_eq!(gateway.released(0).unwrap().statement.counts.requests, 1);
}

#[test]
fn a_forged_copy_changes_nothing() {
	let (mut gateway, edge) = pair(0);
	gateway.disk.with(|disk| disk.content = None);
	gateway.restart(&at(0));
	let own = edge.key.sign(statement(Side::Operator, 0, 5, 50));
	let good = statement(Side::Tenant, 0, 5, 50);
	let mut forged = gateway.key.sign(good.clone());
	forged.statement.counts.requests = 5_000;
	let by_edge = edge.key.sign(good.clone());
	let mut other_lane = good.clone();
	other_lane.lane = 1;
	let other_lane = gateway.key.sign(other_lane);
	for copy in [forged, by_edge, other_lane] {
		let offer = Offer { statement: own.clone(), copy: Some(copy) };
		assert_eq!(gateway.ask(&[offer], &at(3))[0].refusal, None);
		assert_eq!(gateway.requests(0), 0);
	}
	let offer = Offer { statement: own, copy: Some(gateway.key.sign(good)) };
	gateway.ask(&[offer], &at(3));
	assert_eq!(gateway.requests(0), 50);
}

#[test]
fn a_corrupt_file_is_set_aside_and_recovered_from() {
	let (gateway, edge) = pair(0);
	gateway.serve(100);
	let time = run(&gateway, &edge, 0, 30);
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("usage.bin");
	fs::write(&path, b"srtusage and then garbage that is long enough for a checksum").unwrap();
	let (ledger, meter) = open_files(&gateway, directory.path(), &at(time));
	let events = ledger.take_events();
	assert!(matches!(&events[..], [Event::StoreSetAside(reason)] if reason.contains("checksum")));
	let again = Party { ledger, meter, ..gateway };
	again.serve(1);
	run(&again, &edge, time, 30);
	assert_eq!(edge.held(0).unwrap().statement.counts.requests, 101);
	assert!(path.exists() && directory.path().join("usage.corrupt").exists());
}

#[test]
fn a_file_survives_its_process() {
	let (gateway, edge) = pair(0);
	let directory = tempfile::tempdir().unwrap();
	let (ledger, meter) = open_files(&gateway, directory.path(), &at(0));
	let gateway = Party { ledger, meter, ..gateway };
	gateway.serve(100);
	edge.serve(90);
	let time = run(&gateway, &edge, 0, 60);
	let before = gateway.released(0).unwrap();
	let Party { ledger, meter, key, settings, disk, rights } = gateway;
	drop((ledger, meter));
	let mut again = Party::start(key, settings, disk, &rights, &at(time));
	(again.ledger, again.meter) = open_files(&again, directory.path(), &at(time));
	assert_eq!(again.released(0).unwrap(), before);
	assert_eq!(again.view(0).agreed, Some((90, 90)));
}

#[test]
fn a_store_of_another_chain_side_or_lane_is_refused() {
	let (gateway, edge) = pair(0);
	gateway.serve(1);
	run(&gateway, &edge, 0, 30);
	let open = |change: &dyn Fn(&mut crate::usage::LedgerSettings)| {
		let mut settings = gateway.settings.clone();
		change(&mut settings);
		let store = Box::new(gateway.disk.clone());
		Ledger::open(settings, gateway.key.clone(), gateway.rights.clone(), store, &at(31)).err()
	};
	assert!(open(&|_| ()).is_none());
	assert!(matches!(open(&|s| s.genesis = Hash::zero()), Some(StoreError::Foreign)));
	assert!(matches!(open(&|s| s.side = Side::Operator), Some(StoreError::Foreign)));
	assert!(matches!(open(&|s| (s.lane, s.lanes) = (1, 2)), Some(StoreError::Foreign)));
	assert!(matches!(open(&|s| s.lane = 1), Some(StoreError::Lane(1))));
	assert!(matches!(open(&|s| (s.lane, s.lanes) = (8, 9)), Some(StoreError::Lane(8))));
}

#[test]
fn a_statement_leaves_only_after_it_is_on_disk() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	gateway.disk.with(|disk| disk.fails = true);
	let time = run(&gateway, &edge, 0, 40);
	assert!(gateway.released(0).is_none() && edge.held(0).is_none());
	assert!(gateway.ledger.totals().store_failures > 0);
	assert!(matches!(gateway.events()[..], [Event::StoreFailed(_), ..]));
	gateway.disk.with(|disk| disk.fails = false);
	run(&gateway, &edge, time, 20);
	assert_eq!(edge.held(0).unwrap().statement.counts.requests, 10);
}

#[test]
fn every_prefix_of_a_store_is_refused_or_read() {
	let (gateway, edge) = pair(0);
	gateway.serve(10);
	run(&gateway, &edge, 0, 40);
	let directory = tempfile::tempdir().unwrap();
	let mut store = FileStore::open(directory.path(), "usage").unwrap();
	let body = gateway.disk.with(|disk| disk.content.clone().unwrap());
	for length in (0..body.len()).step_by(5) {
		store.save(&body[..length]).unwrap();
		let mut disk = Disk::default();
		disk.save(&store.load().unwrap().unwrap()).unwrap();
		let (key, rights) = (gateway.key.clone(), gateway.rights.clone());
		let opened = Ledger::open(gateway.settings.clone(), key, rights, Box::new(disk), &at(50));
		// Set aside, as a corrupt one.
		assert!(matches!(opened.unwrap().take_events()[..], [Event::StoreSetAside(_)]));
	}
}

#[test]
fn a_lost_edge_is_not_taken_for_a_liar() {
	let (gateway, mut edge) = pair(0);
	gateway.serve(100);
	edge.serve(100);
	let time = run(&gateway, &edge, 0, 60);
	edge.disk.with(|disk| disk.content = None);
	edge.restart(&at(time));
	run(&gateway, &edge, time, 60);
	let refused = gateway.ledger.totals().refused;
	let falling = Refusal::ALL.iter().position(|one| *one == Refusal::Falling).unwrap();
	for (index, count) in refused.into_iter().enumerate() {
		assert!(count == 0 || index == falling);
	}
	assert!(!gateway.view(0).marked);
	assert_eq!(gateway.view(0).agreed, Some((100, 100)));
}
