//! Audits on a chain in memory, and on a node's database.

mod world;

use super::{Bundle, Chain, Error, Statement, bundle::BlockProof, collect, verify};
use codec::Encode;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sp_state_machine::StorageProof;
use std::sync::Arc;
use surety_primitives::{
	Balance, BreachKind, LatencyBucket, ServiceId, Severity, WindowShare, report::Finding,
};
use surety_runtime::{Hash, Runtime};
use world::{Conduct, World, database};

/// A bundle of a breach of downtime, with a prober that says up and one that never reveals.
fn downtime() -> (World, ServiceId, Bundle, Statement) {
	let (mut world, service) = World::market(900_000_000);
	world.conduct = [Conduct::Honest, Conduct::Honest, Conduct::NeverReveals, Conduct::AlwaysUp];
	world.endpoints.insert(service, Finding::Down);
	world.breach(service, 0);
	let (bundle, statement) = collect(&world.chain, service, 0, None).unwrap();
	(world, service, bundle, statement)
}

#[test]
fn a_breach_is_collected_and_verified_by_a_node_that_has_only_headers() {
	let (world, service, bundle, statement) = downtime();
	println!("{statement}");
	let breach = {
		let mut world = world;
		let breach = world.ext.execute_with(|| sla::Breaches::<Runtime>::get(service, 0).unwrap());
		// All states but the last are gone.
		world.chain.pruned = world.number();
		let verified = verify(&world.chain, &bundle.encode()).unwrap();
		assert_eq!(verified.text, statement.text);
		let error = collect(&world.chain, service, 0, None).unwrap_err();
		assert!(matches!(error, Error::Pruned(_)), "{error}");
		assert!(error.to_string().ends_with("is pruned: ask an archive node"), "{error}");
		breach
	};
	assert_eq!((breach.kind, breach.severity), (BreachKind::Downtime, Severity::Low));
	assert_eq!(statement.rounds.len(), usize::from(breach.counters.down));
	let round = &statement.rounds[0];
	assert_eq!((round.committed, round.revealed, round.verdict.as_str()), (4, 3, "down"));
	assert_eq!(round.findings["down"].len(), 2);
	assert_eq!(statement.credited, breach.credited.to_string());
	assert_eq!(statement.penalty, breach.penalty.to_string());
	let credits: Balance =
		statement.agreements.iter().map(|a| a.now.parse::<Balance>().unwrap()).sum();
	assert_eq!((statement.agreements.len(), credits), (2, breach.credited));
	assert!(statement.text.ends_with("\nverified\n"));
	assert!(statement.text.lines().all(|line| line.chars().count() <= 100), "{}", statement.text);
}

#[test]
fn every_changed_byte_of_a_bundle_is_refused() {
	let (world, _, bundle, _) = downtime();
	let bytes = bundle.encode();
	let half = bytes.len() / 2;
	let refuse = |range: std::ops::Range<usize>| {
		let mut changed = bytes.clone();
		for at in range {
			for mask in [0x01, 0x80] {
				changed[at] ^= mask;
				assert!(verify(&world.chain, &changed).is_err(), "byte {at} ^ {mask:#x}");
				changed[at] ^= mask;
			}
		}
		assert!(verify(&world.chain, &changed).is_ok());
	};
	std::thread::scope(|threads| {
		threads.spawn(|| refuse(0..half));
		refuse(half..bytes.len());
	});
	for length in (0..bytes.len()).step_by(97) {
		assert!(verify(&world.chain, &bytes[..length]).is_err(), "cut at {length}");
	}
	assert!(verify(&world.chain, &[bytes.as_slice(), &[0]].concat()).is_err(), "a byte more");
}

#[test]
fn a_bundle_of_another_chain_service_or_number_is_refused() {
	let (mut world, service, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&world.chain, &bundle.encode()).unwrap_err();
	let other = Bundle { genesis: Hash::repeat_byte(1), ..bundle.clone() };
	assert_eq!(refused(&other), Error::OtherChain);
	let other = Bundle { service: service + 1, ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	let other = Bundle { number: 1, ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0, 1, 1], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	// The same blocks on a fork.
	let block = bundle.judged.block;
	world.chain.forge(
		block,
		sla::Services::<Runtime>::hashed_key_for(service),
		|state: &mut sla::ServiceState| {
			state.breaches += 1;
		},
	);
	assert_eq!(verify(&world.chain, &bundle.encode()).unwrap_err(), Error::OtherBlock(block));
}

#[test]
fn a_proof_with_a_node_more_or_less_is_refused() {
	let (world, _, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&world.chain, &bundle.encode()).unwrap_err();
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
	// More of the true state is too much as well.
	let mut more = bundle.clone();
	let key = probes::ProberSet::<Runtime>::hashed_key().to_vec();
	let proof = world.chain.prove(bundle.judged.block, &[key]).unwrap();
	let block =
		of(&mut more, usize::MAX, StorageProof::merge([bundle.judged.nodes.clone(), proof]));
	assert_eq!(refused(&more), Error::Superfluous(block));
	// A round less, and a round twice.
	let mut less = bundle.clone();
	less.rounds.remove(0);
	assert!(matches!(refused(&less), Error::Mismatch(_)));
	let mut twice = bundle.clone();
	twice.rounds.insert(0, bundle.rounds[0].clone());
	assert!(matches!(refused(&twice), Error::Mismatch(_)));
}

#[test]
fn a_record_that_does_not_follow_from_the_reports_is_refused() {
	let (world, service, ..) = downtime();
	let [before, block] = world.judged(service, 0);
	let forged = |change: fn(&mut sla::Breach)| {
		let mut chain = world.chain.clone();
		chain.forge(block, sla::Breaches::<Runtime>::hashed_key_for(service, 0), change);
		// What the chain remembers is what it recorded.
		collect(&chain, service, 0, Some(block)).unwrap_err()
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
	// A report that is not the one that was revealed.
	let mut chain = world.chain.clone();
	let round = block / 6 - 2;
	chain.forge(
		before,
		probes::Reports::<Runtime>::hashed_key_for(round, 0u16),
		|sent: &mut probes::Sent| {
			let probes::Sent::Revealed(report) = sent else { panic!("prober 0 revealed") };
			report[0] ^= 1;
		},
	);
	let error = collect(&chain, service, 0, None).unwrap_err();
	assert_eq!(error, Error::Mismatch(format!("the reports of round {round} have another root")));
}

#[test]
fn a_root_that_the_chain_keeps_otherwise_is_refused() {
	let (mut world, _, bundle, statement) = downtime();
	let key = probes::RevealRoots::<Runtime>::hashed_key_for(statement.rounds[0].round);
	let last = world.number();
	world.chain.forge(last, key, |root: &mut Hash| *root = Hash::repeat_byte(1));
	let error = verify(&world.chain, &bundle.encode()).unwrap_err();
	assert!(error.to_string().contains("another root"), "{error}");
}

#[test]
fn a_breach_that_is_not_final_is_refused() {
	let (mut world, service, bundle, _) = downtime();
	let [_, block] = world.judged(service, 0);
	world.chain.pending = (world.number() + 1 - block) as usize;
	assert_eq!(verify(&world.chain, &bundle.encode()).unwrap_err(), Error::NotFinal(block));
	let error = collect(&world.chain, service, 0, None).unwrap_err();
	assert_eq!(error, Error::NoBreach(service, 0, block - 1));
	let error = collect(&world.chain, service, 0, Some(block)).unwrap_err();
	assert_eq!(error, Error::NotFinal(block));
}

#[test]
fn every_tier_and_kind_is_audited() {
	// Not one bad round is allowed: the first tier fires with the first round of a window, whose counters
	// begin in the block that judges it.
	let (mut world, service) = World::market(1_000_000_000);
	world.endpoints.insert(service, Finding::Down);
	let mut seen = Vec::new();
	let mut number = 0;
	for (finding, breaches) in [
		(Finding::Down, 3),
		(Finding::Bad(LatencyBucket::from_millis(20)), 2),
		(Finding::Up(LatencyBucket::from_millis(500)), 1),
	] {
		world.endpoints.insert(service, finding);
		for _ in 0..breaches {
			let breach = world.breach(service, number);
			let (bundle, statement) = collect(&world.chain, service, number, None).unwrap();
			assert_eq!(bundle.rounds.len(), usize::from(breach.counters.against(breach.kind)));
			assert_eq!(statement.index_after, breach.index_after.into_inner().to_string());
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
fn a_lease_is_audited_as_the_service_it_is_probed_as() {
	let (mut world, service) = World::lease();
	world.endpoints.insert(service, Finding::Down);
	for number in 0..2 {
		// The second breach also makes the lease unhealthy: it ends, and its record goes with it.
		let breach = world.breach(service, number);
		let [_, block] = world.judged(service, number);
		let (_, statement) = collect(&world.chain, service, number, Some(block)).unwrap();
		let credits: Balance =
			statement.agreements.iter().map(|a| a.now.parse::<Balance>().unwrap()).sum();
		assert_eq!((statement.agreements.len(), credits), (1, breach.credited));
	}
}

#[test]
fn the_subcommand_writes_a_bundle_and_verifies_it() {
	use crate::cli::{Cli, Subcommand};
	use sc_cli::SubstrateCli;
	let (world, service, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("breach.audit");
	let run = |args: &[&str]| {
		let args = ["surety-node", "audit"].iter().chain(args);
		let Some(Subcommand::Audit(cmd)) = Cli::try_from_iter(args).unwrap().subcommand else {
			panic!("not an audit")
		};
		cmd.run(&world.chain)
	};
	let file = file.to_str().unwrap();
	run(&[
		"breach",
		&service.to_string(),
		"0",
		"--out",
		file,
		"--base-path",
		"nowhere",
		"--chain",
		"local",
	])
	.unwrap();
	assert_eq!(std::fs::read(file).unwrap(), bundle.encode());
	run(&["verify", file]).unwrap();
	std::fs::write(file, b"").unwrap();
	assert!(run(&["verify", file]).unwrap_err().to_string().contains("not a bundle"));
	assert!(
		run(&["breach", &service.to_string(), "1"])
			.unwrap_err()
			.to_string()
			.contains("knows no breach 1")
	);
}

#[tokio::test]
async fn only_the_owner_of_a_node_collects_over_rpc_and_everybody_verifies() {
	use crate::rpc::audit::{Audit, AuditRpcServer};
	use sc_rpc::DenyUnsafe;
	let (world, service, bundle, statement) = downtime();
	let mut methods: jsonrpsee::Methods = Audit::new(Arc::new(world.chain)).into_rpc().into();
	let collect = (service, 0);
	methods.extensions_mut().insert(DenyUnsafe::Yes);
	let refused =
		methods.call::<_, serde_json::Value>("surety_auditBreach", collect).await.unwrap_err();
	assert!(refused.to_string().contains("unsafe"), "{refused}");
	let hex = sp_core::Bytes(bundle.encode());
	let verified: serde_json::Value =
		methods.call("surety_verifyAudit", [hex.clone()]).await.unwrap();
	assert_eq!(verified, serde_json::to_value(&statement).unwrap());
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
fn a_node_audits_with_its_database_and_says_what_it_pruned() {
	let (world, service, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let archive = database(&world.chain, None, &dir.path().join("archive"));
	let (collected, _) = collect(&archive, service, 0, None).unwrap();
	assert_eq!(collected, bundle);
	drop(archive);

	// The state after the last block alone.
	let pruned = database(&world.chain, Some(1), &dir.path().join("pruned"));
	verify(&pruned, &bundle.encode()).unwrap();
	let error = collect(&pruned, service, 0, None).unwrap_err();
	assert!(matches!(error, Error::Pruned(_)), "{error}");
	let unknown = BlockProof { block: world.number() + 1, ..bundle.judged.clone() };
	let error = verify(&pruned, &Bundle { judged: unknown, ..bundle }.encode()).unwrap_err();
	assert_eq!(error, Error::NotFinal(world.number() + 1));
	assert_eq!(
		Chain::header(&pruned, world.number() + 1),
		Err(Error::UnknownBlock(world.number() + 1))
	);
}
