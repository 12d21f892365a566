// SPDX-License-Identifier: Apache-2.0

//! Rounds under bad conditions: a session changes within a round, the chain stalls.

use crate::{
	actors::*,
	fixture::{Conduct, Fixture, PROBERS},
};
use pallet_surety_probes as probes;
use sp_core::{Pair, sr25519};
use surety_primitives::{
	AssetId, Clock, Meter, Probing, RoundIndex, Slots as _, Target, Verdict, crypto::ProberId,
};
use surety_runtime::*;

/// Keys of the probers in the snapshot of a round.
fn keys_of(round: RoundIndex) -> Vec<ProberId> {
	let snapshot = probes::Snapshots::<Runtime>::get(round).expect("the round is open");
	snapshot.probers.iter().map(|prober| prober.key.clone()).collect()
}

/// Number of probers of a round whose report was accepted.
fn revealed(round: RoundIndex) -> usize {
	let reports = probes::Reports::<Runtime>::iter_prefix_values(round);
	reports.filter(|sent| matches!(sent, probes::Sent::Revealed(_))).count()
}

#[test]
fn a_session_and_its_keys_may_change_in_the_middle_of_a_round() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	chain.open(TENANT, service, 1, 12);
	chain.rounds(4);
	let old = ProberId::from(PROBERS[3].public());
	let new_pair = sr25519::Pair::from_seed(&[9; 32]);
	let new = ProberId::from(new_pair.public());
	chain.rotate_prober(3, new_pair);
	// The keys are queued for one session and apply from the one after it.
	let session = chain.peek(Session::current_index) + 2;

	let blocks = chain.peek(Timing::round_blocks);
	let first = chain.peek(Probes::judged_round);
	let metered = |round| {
		Probes::meter(Target::Service(service)).unwrap().reading.at_most(round, blocks).unwrap()
	};
	let before = chain.peek(|| metered(first));
	let mut judged = first;
	// Round in which the new key of the prober applies first.
	let mut change = None;
	while change.is_none_or(|round| judged < round + 3) {
		assert!(judged < first + 40, "the keys never change");
		chain.block();
		let round = chain.round();
		chain.peek(|| {
			let current: Vec<ProberId> =
				probes::ProberSet::<Runtime>::get().into_iter().map(|prober| prober.key).collect();
			if change.is_none() && current.contains(&new) {
				assert_eq!(Session::current_index(), session);
				assert_ne!(System::block_number() % blocks, 0, "in the middle of a round");
				change = Some(round);
			}
			// The snapshot of the round of the change has the old key, and reports are checked
			// against the snapshot. The probers sign with its keys, and all four reports are in
			// when the round is folded.
			let keys = keys_of(round);
			let rotated = change.is_some_and(|change| round > change);
			assert_eq!(
				(keys.contains(&old), keys.contains(&new)),
				(!rotated, rotated),
				"round {round}"
			);
			if System::block_number() % blocks == probes::REVEAL_OFFSET {
				assert_eq!(revealed(round - 1), 4, "reports of round {}", round - 1);
			}
			let last = Probes::judged_round();
			if last > judged {
				assert_eq!(last, judged + 1, "no round is left out");
				judged = last;
				let (seen, verdict) =
					Probes::status(Target::Service(service)).unwrap().last.unwrap();
				assert_eq!(seen, judged);
				assert!(matches!(verdict, Verdict::Up { .. }), "round {judged}: {verdict:?}");
				assert_eq!(
					metered(judged),
					before + (judged - first) * blocks,
					"round {judged} is billed"
				);
			}
		});
	}
	chain.check();
}

#[test]
fn a_report_is_signed_with_the_key_of_its_rounds_snapshot() {
	let mut chain = Fixture::new();
	chain.operator(AssetId::Native);
	let new_pair = sr25519::Pair::from_seed(&[9; 32]);
	let new = ProberId::from(new_pair.public());
	chain.rotate_prober(3, new_pair.clone());
	// Absent, so that it has not committed yet.
	chain.conduct[3] = Conduct::Absent;
	let holds = move || probes::ProberSet::<Runtime>::get().iter().any(|prober| prober.key == new);
	chain.until("the keys changed", 40, holds);
	let round = chain.round();
	let commit = |pair: &sr25519::Pair| {
		let genesis = System::block_hash(0);
		let key = ProberId::from(PROBERS[3].public());
		let (index, _) =
			probes::Snapshots::<Runtime>::get(round).unwrap().find(&key).expect("the old key");
		let hash = [7; 32];
		let signature = pair.sign(&probes::commit_payload(genesis.as_ref(), round, &hash)).into();
		Fixture::submit(probes::Call::commit { round, index, hash, signature }.into())
	};
	let (by_new, by_old) = chain.block_with(|| (commit(&new_pair), commit(&PROBERS[3].pair())));
	assert_eq!(chain.round(), round, "the round goes on");
	assert!(by_new.is_err(), "the new key is refused in a round that began before it");
	assert_eq!(by_old, Ok(()));
	chain.check();
}

#[test]
fn a_stall_is_neither_billed_nor_judged() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	chain.open(TENANT, service, 1, 12);
	chain.rounds(2);
	let stalled = chain.round();
	chain.block();
	// The chain stalls for the time of five rounds in the middle of this round.
	chain.stall(30);
	chain.rounds(1);
	chain.judged(stalled + 1);
	let (reading, probed) = chain.peek(|| {
		(
			Probes::meter(Target::Service(service)).unwrap().reading,
			Probes::status(Target::Service(service)).unwrap(),
		)
	});
	let billed = |round| reading.at_most(round, 6).unwrap();
	assert_eq!(billed(stalled), billed(stalled - 1), "the stalled round is not billed");
	assert_eq!(billed(stalled + 1), billed(stalled) + 6, "the next one is");
	assert_eq!((probed.counters.down, probed.counters.unmeasured), (0, 1));
	assert!(chain.breaches(service).is_empty());
	chain.check();
}
