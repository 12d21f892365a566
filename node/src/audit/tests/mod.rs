// SPDX-License-Identifier: Apache-2.0

//! Audits on an in-memory chain and on a node database.

pub(crate) mod fixture;

use super::{
	AuditCmd, Chain, Statement,
	bundle::{BlockProof, Bundle},
	collect,
	error::Error,
	verify,
};
use codec::Encode;
use fixture::{MarketFixture, ProberBehaviour, database};
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sp_state_machine::StorageProof;
use std::sync::Arc;
use surety_primitives::{
	Balance, BreachKind, LatencyBucket, Severity, Target, WindowShare, report::Finding,
};
use surety_runtime::{Hash, Runtime};

/// Bundle of a downtime breach, with one prober that always reports up and one that never reveals.
fn downtime() -> (MarketFixture, Target, Bundle, Statement) {
	let (mut fixture, target) = MarketFixture::market(900_000_000);
	fixture.behaviour = [
		ProberBehaviour::Honest,
		ProberBehaviour::Honest,
		ProberBehaviour::NeverReveals,
		ProberBehaviour::AlwaysUp,
	];
	fixture.endpoints.insert(target, Finding::Down);
	fixture.breach(target, 0);
	let (bundle, statement) = collect(&fixture.chain, target, 0, None).unwrap();
	(fixture, target, bundle, statement)
}

#[test]
fn a_node_with_headers_only_verifies_a_breach() {
	let (fixture, target, bundle, statement) = downtime();
	println!("{statement}");
	let breach = {
		let mut fixture = fixture;
		let breach = fixture.ext.execute_with(|| sla::Breaches::<Runtime>::get(target, 0).unwrap());
		// Only the last state is kept.
		fixture.chain.pruned = fixture.number();
		let verified = verify(&fixture.chain, &bundle.encode()).unwrap();
		assert_eq!(verified.text, statement.text);
		let error = collect(&fixture.chain, target, 0, None).unwrap_err();
		assert!(matches!(error, Error::Pruned(_)), "{error}");
		assert!(error.to_string().ends_with("is pruned: ask an archive node"), "{error}");
		breach
	};
	assert!(statement.text.starts_with("Breach 0 of service 0\n"));
	assert_eq!((breach.kind, breach.severity), (BreachKind::Downtime, Severity::Low));
	assert_eq!(statement.rounds.len(), usize::from(breach.counters.down));
	let round = &statement.rounds[0];
	assert_eq!((round.committed, round.revealed, round.verdict.as_str()), (4, 3, "down"));
	assert_eq!(round.findings["down"].len(), 2);
	assert_eq!(statement.breach, breach);
	let credits: Balance = statement.agreements.iter().map(|a| a.now).sum();
	assert_eq!((statement.agreements.len(), credits), (2, breach.credited));
	assert!(statement.text.ends_with("\nverified\n"));
	assert!(statement.text.lines().all(|line| line.chars().count() <= 100), "{}", statement.text);
}

#[test]
fn a_bundle_with_any_byte_changed_is_refused() {
	let (fixture, _, bundle, _) = downtime();
	let bytes = bundle.encode();
	let half = bytes.len() / 2;
	let refuse = |range: std::ops::Range<usize>| {
		let mut changed = bytes.clone();
		for at in range {
			for mask in [0x01, 0x80] {
				changed[at] ^= mask;
				assert!(verify(&fixture.chain, &changed).is_err(), "byte {at} ^ {mask:#x}");
				changed[at] ^= mask;
			}
		}
		assert!(verify(&fixture.chain, &changed).is_ok());
	};
	std::thread::scope(|threads| {
		threads.spawn(|| refuse(0..half));
		refuse(half..bytes.len());
	});
	for length in (0..bytes.len()).step_by(97) {
		assert!(verify(&fixture.chain, &bytes[..length]).is_err(), "cut at {length}");
	}
	assert!(verify(&fixture.chain, &[bytes.as_slice(), &[0]].concat()).is_err(), "a byte more");
}

#[test]
fn any_bytes_may_come_as_a_bundle() {
	use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
	let (fixture, _, bundle, _) = downtime();
	let bytes = bundle.encode();
	// Parts of the bundle in any order, with random bytes between them. The pieces are short, so
	// that lengths and hashes are cut as well.
	let piece = (any::<Index>(), 0usize..400, vec(any::<u8>(), 0..6));
	let random = prop_oneof![vec(any::<u8>(), 0..400), Just(vec![0xff; 64])];
	let config = ProptestConfig { cases: 3_000, ..ProptestConfig::default() };
	let checked = TestRunner::new(config).run(
		&(any::<Index>(), vec(piece, 0..4), random),
		|(kept, pieces, random)| {
			let mut changed = bytes[..kept.index(bytes.len())].to_vec();
			for (from, length, between) in pieces {
				let from = from.index(bytes.len());
				changed.extend(&bytes[from..bytes.len().min(from + length)]);
				changed.extend(between);
			}
			prop_assume!(changed != bytes);
			prop_assert!(verify(&fixture.chain, &changed).is_err());
			let versioned = [&bytes[..1], &random].concat();
			prop_assert!(verify(&fixture.chain, &random).is_err());
			prop_assert!(verify(&fixture.chain, &versioned).is_err());
			Ok(())
		},
	);
	checked.unwrap();
}

#[test]
fn a_bundle_of_another_chain_target_or_number_is_refused() {
	let (mut fixture, target, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&fixture.chain, &bundle.encode()).unwrap_err();
	let other = Bundle { genesis: Hash::repeat_byte(1), ..bundle.clone() };
	assert_eq!(refused(&other), Error::OtherChain);
	for target in [Target::Service(1), Target::Lease(0)] {
		let other = Bundle { target, ..bundle.clone() };
		assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	}
	let other = Bundle { number: 1, ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0, 1, 1], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	// A fork with the same blocks.
	let block = bundle.judged.block;
	fixture.chain.forge(
		block,
		sla::Targets::<Runtime>::hashed_key_for(target),
		|state: &mut sla::TargetState| {
			state.breaches += 1;
		},
	);
	assert_eq!(verify(&fixture.chain, &bundle.encode()).unwrap_err(), Error::OtherBlock(block));
}

#[test]
fn a_proof_with_an_extra_or_missing_node_is_refused() {
	let (fixture, _, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&fixture.chain, &bundle.encode()).unwrap_err();
	let of = |bundle: &mut Bundle, place: usize, nodes: StorageProof| {
		let proof: &mut BlockProof = bundle.rounds.get_mut(place).unwrap_or(&mut bundle.judged);
		proof.nodes = nodes;
		proof.block
	};
	for place in 0..=bundle.rounds.len() {
		let proof = bundle.rounds.get(place).unwrap_or(&bundle.judged);
		let nodes: Vec<Vec<u8>> = proof.nodes.iter_nodes().cloned().collect();
		let mut more = bundle.clone();
		let block = of(
			&mut more,
			place,
			StorageProof::new(nodes.iter().cloned().chain([b"more".to_vec()])),
		);
		assert_eq!(refused(&more), Error::Superfluous(block));
		for gone in 0..nodes.len() {
			let rest =
				nodes.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, node)| node.clone());
			let mut less = bundle.clone();
			let block = of(&mut less, place, StorageProof::new(rest));
			assert_eq!(refused(&less), Error::Incomplete(block));
		}
	}
	// Additional nodes of the true state are refused as well.
	let mut more = bundle.clone();
	let key = probes::ProberSet::<Runtime>::hashed_key().to_vec();
	let proof = fixture.chain.prove(bundle.judged.block, &[key]).unwrap();
	let block =
		of(&mut more, usize::MAX, StorageProof::merge([bundle.judged.nodes.clone(), proof]));
	assert_eq!(refused(&more), Error::Superfluous(block));
	// A missing round, and a duplicate round.
	let mut less = bundle.clone();
	less.rounds.remove(0);
	assert!(matches!(refused(&less), Error::Mismatch(_)));
	let mut twice = bundle.clone();
	twice.rounds.insert(0, bundle.rounds[0].clone());
	assert!(matches!(refused(&twice), Error::Mismatch(_)));
}

#[test]
fn a_record_that_contradicts_the_reports_is_refused() {
	let (fixture, target, ..) = downtime();
	let [before, block] = fixture.judged(target, 0);
	let forged = |change: fn(&mut sla::Breach)| {
		let mut chain = fixture.chain.clone();
		chain.forge(block, sla::Breaches::<Runtime>::hashed_key_for(target, 0), change);
		// The record itself comes from the forged state.
		collect(&chain, target, 0, Some(block)).unwrap_err()
	};
	let changes: [fn(&mut sla::Breach); 13] = [
		|breach| breach.window += 1,
		|breach| breach.kind = BreachKind::Slow,
		|breach| breach.before = Some(Severity::Low),
		|breach| breach.severity = Severity::Medium,
		|breach| breach.counters.up += 1,
		|breach| breach.allowance += 1,
		|breach| breach.multiplier += 1,
		|breach| breach.demanded = WindowShare::from_u32(1),
		|breach| breach.rate += 1,
		|breach| breach.index_before = WindowShare::from_inner(1),
		|breach| breach.index_after = WindowShare::from_inner(1),
		|breach| breach.credited += 1,
		|breach| breach.penalty += 1,
	];
	for (n, change) in changes.into_iter().enumerate() {
		assert!(matches!(forged(change), Error::Mismatch(_)), "{n}: {}", forged(change));
	}
	// A report other than the revealed one.
	let mut chain = fixture.chain.clone();
	let round = block / 6 - 2;
	chain.forge(
		before,
		probes::Reports::<Runtime>::hashed_key_for(round, 0u16),
		|sent: &mut probes::Sent| {
			let probes::Sent::Revealed(report) = sent else { panic!("prober 0 revealed") };
			report[0] ^= 1;
		},
	);
	let error = collect(&chain, target, 0, None).unwrap_err();
	assert_eq!(error, Error::Mismatch(format!("the reports of round {round} have another root")));
}

#[test]
fn a_root_that_differs_from_the_stored_one_is_refused() {
	let (mut fixture, _, bundle, statement) = downtime();
	let key = probes::RevealRoots::<Runtime>::hashed_key_for(statement.rounds[0].round);
	let last = fixture.number();
	fixture.chain.forge(last, key, |root: &mut Hash| *root = Hash::repeat_byte(1));
	let error = verify(&fixture.chain, &bundle.encode()).unwrap_err();
	assert!(error.to_string().contains("another root"), "{error}");
}

#[test]
fn a_breach_that_is_not_final_is_refused() {
	let (mut fixture, target, bundle, _) = downtime();
	let [_, block] = fixture.judged(target, 0);
	fixture.chain.pending = (fixture.number() + 1 - block) as usize;
	assert_eq!(verify(&fixture.chain, &bundle.encode()).unwrap_err(), Error::NotFinal(block));
	let error = collect(&fixture.chain, target, 0, None).unwrap_err();
	assert_eq!(error, Error::NoBreach(target, 0, block - 1));
	let error = collect(&fixture.chain, target, 0, Some(block)).unwrap_err();
	assert_eq!(error, Error::NotFinal(block));
}

#[test]
fn every_tier_and_kind_is_audited() {
	// No bad round is allowed: the first tier fires with the first round of a window, whose
	// counters start in the judging block.
	let (mut fixture, target) = MarketFixture::market(1_000_000_000);
	fixture.endpoints.insert(target, Finding::Down);
	let mut seen = Vec::new();
	let mut number = 0;
	for (finding, breaches) in [
		(Finding::Down, 3),
		(Finding::Bad(LatencyBucket::from_millis(20)), 2),
		(Finding::Up(LatencyBucket::from_millis(500)), 1),
	] {
		fixture.endpoints.insert(target, finding);
		for _ in 0..breaches {
			let breach = fixture.breach(target, number);
			let (bundle, statement) = collect(&fixture.chain, target, number, None).unwrap();
			assert_eq!(bundle.rounds.len(), usize::from(breach.counters.against(breach.kind)));
			assert_eq!(statement.breach, breach);
			if number == 0 {
				assert_eq!(
					breach.round, statement.first_round,
					"the window began in the block that judged"
				);
			}
			seen.push((breach.kind, breach.before, breach.severity, breach.multiplier));
			number += 1;
		}
	}
	use BreachKind::*;
	use Severity::*;
	assert!(seen.contains(&(Downtime, None, Low, 1)));
	assert!(seen.contains(&(Downtime, Some(Low), Medium, 1)));
	assert!(seen.iter().any(|(kind, ..)| *kind == BadData));
	assert!(seen.iter().any(|(kind, ..)| *kind == Slow));
}

#[test]
fn a_lease_is_audited() {
	let (mut fixture, target) = MarketFixture::lease();
	fixture.endpoints.insert(target, Finding::Down);
	for number in 0..2 {
		// The second breach also makes the lease unhealthy, which ends it and removes its record.
		let breach = fixture.breach(target, number);
		let [_, block] = fixture.judged(target, number);
		let (_, statement) = collect(&fixture.chain, target, number, Some(block)).unwrap();
		let credits: Balance = statement.agreements.iter().map(|a| a.now).sum();
		assert_eq!((statement.agreements.len(), credits), (1, breach.credited));
		assert!(statement.text.starts_with(&format!("Breach {number} of lease 0\n")));
	}
}

#[test]
fn the_subcommand_writes_a_bundle_and_verifies_it() {
	use clap::Parser;
	#[derive(Parser)]
	struct Args {
		#[command(subcommand)]
		command: AuditCmd,
	}
	let (fixture, _, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("breach.audit");
	let run = |args: &[&str]| {
		let args = Args::try_parse_from(["audit"].iter().chain(args)).unwrap();
		args.command.run(&fixture.chain)
	};
	let file = file.to_str().unwrap();
	run(&["breach", "service:0", "0", "--out", file, "--base-path", "nowhere", "--chain", "local"])
		.unwrap();
	assert_eq!(std::fs::read(file).unwrap(), bundle.encode());
	run(&["verify", file]).unwrap();
	std::fs::write(file, b"").unwrap();
	assert!(run(&["verify", file]).unwrap_err().to_string().contains("not a bundle"));
	assert!(
		run(&["breach", "0", "1"])
			.unwrap_err()
			.to_string()
			.contains("has no breach 1 of service 0")
	);
}

#[tokio::test]
async fn collecting_over_rpc_is_unsafe_and_verifying_is_safe() {
	use crate::rpc::audit::{Audit, AuditRpcServer};
	use sc_rpc::DenyUnsafe;
	let (fixture, target, bundle, statement) = downtime();
	let mut methods: jsonrpsee::Methods = Audit::new(Arc::new(fixture.chain)).into_rpc().into();
	let collect = (target, 0);
	methods.extensions_mut().insert(DenyUnsafe::Yes);
	let refused =
		methods.call::<_, serde_json::Value>("surety_auditBreach", collect).await.unwrap_err();
	assert!(refused.to_string().contains("unsafe"), "{refused}");
	let hex = sp_core::Bytes(bundle.encode());
	let verified: serde_json::Value =
		methods.call("surety_verifyAudit", [hex.clone()]).await.unwrap();
	assert_eq!(verified, serde_json::to_value(&statement).unwrap());
	assert_eq!(verified["target"], serde_json::json!({ "service": 0 }));
	methods.extensions_mut().insert(DenyUnsafe::No);
	let collected: serde_json::Value = methods.call("surety_auditBreach", collect).await.unwrap();
	assert_eq!(collected["bundle"], serde_json::to_value(&hex).unwrap());
	assert_eq!(collected["statement"], verified);
	let forged = sp_core::Bytes(Bundle { number: 1, ..bundle }.encode());
	let error =
		methods.call::<_, serde_json::Value>("surety_verifyAudit", [forged]).await.unwrap_err();
	assert!(error.to_string().contains("9002"), "{error}");
}

#[test]
fn a_database_with_pruned_states_verifies_but_does_not_collect() {
	let (fixture, target, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let archive = database(&fixture.chain, None, &dir.path().join("archive"));
	let (collected, _) = collect(&archive, target, 0, None).unwrap();
	assert_eq!(collected, bundle);
	drop(archive);

	// Database with the last state only.
	let pruned = database(&fixture.chain, Some(1), &dir.path().join("pruned"));
	verify(&pruned, &bundle.encode()).unwrap();
	let error = collect(&pruned, target, 0, None).unwrap_err();
	assert!(matches!(error, Error::Pruned(_)), "{error}");
	let unknown = BlockProof { block: fixture.number() + 1, ..bundle.judged.clone() };
	let error = verify(&pruned, &Bundle { judged: unknown, ..bundle }.encode()).unwrap_err();
	assert_eq!(error, Error::NotFinal(fixture.number() + 1));
	assert_eq!(
		Chain::header(&pruned, fixture.number() + 1),
		Err(Error::UnknownBlock(fixture.number() + 1))
	);
}
