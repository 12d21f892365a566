//! Rounds in rough weather: sessions that change in their middle, a chain that stalls.

use crate::{
	actors::*,
	world::{Conduct, PROBERS, World},
};
use pallet_surety_probes as probes;
use sp_core::{Pair, sr25519};
use surety_primitives::{
	AssetId, Clock, Meter, Probing, RoundIndex, Slots as _, Target, Verdict, crypto::ProberId,
};
use surety_runtime::*;

/// Keys of the probers that a round's snapshot names.
fn keys_of(round: RoundIndex) -> Vec<ProberId> {
	let snapshot = probes::Snapshots::<Runtime>::get(round).expect("the round is open");
	snapshot.probers.iter().map(|prober| prober.key.clone()).collect()
}

/// Probers of a round whose report was accepted.
fn revealed(round: RoundIndex) -> usize {
	let reports = probes::Reports::<Runtime>::iter_prefix_values(round);
	reports.filter(|sent| matches!(sent, probes::Sent::Revealed(_))).count()
}

#[test]
fn a_session_and_its_keys_may_change_in_the_middle_of_a_round() {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 12);
	world.rounds(4);
	let old = ProberId::from(PROBERS[3].public());
	let new_pair = sr25519::Pair::from_seed(&[9; 32]);
	let new = ProberId::from(new_pair.public());
	world.rotate_prober(3, new_pair);
	// The keys are queued for a session and hold from the one after.
	let session = world.peek(Session::current_index) + 2;

	let blocks = world.peek(Timing::round_blocks);
	let first = world.peek(Probes::judged_round);
	let metered = |round| {
		Probes::meter(Target::Service(service)).unwrap().reading.at_most(round, blocks).unwrap()
	};
	let before = world.peek(|| metered(first));
	let mut judged = first;
	// The round in which the prober got its new key.
	let mut change = None;
	while change.is_none_or(|round| judged < round + 3) {
		assert!(judged < first + 40, "the keys never change");
		world.block();
		let round = world.round();
		world.peek(|| {
			let current: Vec<ProberId> =
				probes::ProberSet::<Runtime>::get().into_iter().map(|prober| prober.key).collect();
			if change.is_none() && current.contains(&new) {
				assert_eq!(Session::current_index(), session);
				assert_ne!(System::block_number() % blocks, 0, "in the middle of a round");
				change = Some(round);
			}
			// Through the round of the change its snapshot has the old key, and reports go by the snapshot:
			// the probers sign with its keys, and all four are in when the round is folded.
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
	world.check();
}

#[test]
fn a_report_of_a_round_whose_session_is_over_still_takes_the_key_of_its_snapshot() {
	let mut world = World::new();
	world.operator(AssetId::Native);
	let new_pair = sr25519::Pair::from_seed(&[9; 32]);
	let new = ProberId::from(new_pair.public());
	world.rotate_prober(3, new_pair.clone());
	// Absent, so that its place is still to take.
	world.conduct[3] = Conduct::Absent;
	let holds = move || probes::ProberSet::<Runtime>::get().iter().any(|prober| prober.key == new);
	world.until("the keys changed", 40, holds);
	let round = world.round();
	let commit = |pair: &sr25519::Pair| {
		let genesis = System::block_hash(0);
		let key = ProberId::from(PROBERS[3].public());
		let (index, _) =
			probes::Snapshots::<Runtime>::get(round).unwrap().find(&key).expect("the old key");
		let hash = [7; 32];
		let signature = pair.sign(&probes::commit_payload(genesis.as_ref(), round, &hash)).into();
		World::submit(probes::Call::commit { round, index, hash, signature }.into())
	};
	let (by_new, by_old) = world.block_with(|| (commit(&new_pair), commit(&PROBERS[3].pair())));
	assert_eq!(world.round(), round, "the round goes on");
	assert!(by_new.is_err(), "the new key has no say in a round that began before it");
	assert_eq!(by_old, Ok(()));
	world.check();
}

#[test]
fn a_stall_is_neither_billed_nor_judged() {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 12);
	world.rounds(2);
	let stalled = world.round();
	world.block();
	// The chain stands still for five rounds' time in the middle of this round.
	world.stall(30);
	world.rounds(1);
	world.judged(stalled + 1);
	let (reading, probed) = world.peek(|| {
		(
			Probes::meter(Target::Service(service)).unwrap().reading,
			Probes::status(Target::Service(service)).unwrap(),
		)
	});
	let billed = |round| reading.at_most(round, 6).unwrap();
	assert_eq!(billed(stalled), billed(stalled - 1), "the stalled round is not billed");
	assert_eq!(billed(stalled + 1), billed(stalled) + 6, "the next one is");
	assert_eq!((probed.counters.down, probed.counters.unmeasured), (0, 1));
	assert!(world.breaches(service).is_empty());
	world.check();
}
