// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::keys::Secret;
use proptest::prelude::*;
use std::{sync::LazyLock, time::Duration};

/// One of a few keys, made once: making one is slow without optimisation.
fn key(seed: u8) -> Key {
	static KEYS: LazyLock<Vec<Key>> =
		LazyLock::new(|| (0..128).map(|seed| Secret::new([seed; 32]).public()).collect());
	KEYS[usize::from(seed)]
}

/// Registry with thirteen addresses for peers.
fn registry() -> Registry {
	Registry::new(Pool {
		ipv4: "10.66.0.0/28".parse().unwrap(),
		ipv6: "fd00::/64".parse().unwrap(),
	})
}

/// Admit a request that was signed at the moment of the admission.
fn admit(
	registry: &mut Registry,
	agreement: AgreementId,
	key: Key,
	bits: u64,
	now: u64,
) -> Result<Change, ExitError> {
	registry.admit(&PeerRequest { agreement, key, issued: now }, bits, now)
}

fn trial(registry: &mut Registry, seed: u8, from: &str, now: u64) -> Result<Change, ExitError> {
	let limits = Trials { max: 3, max_of_network: 2, ..Trials::default() };
	let origin = Origin::from(from.parse::<IpAddr>().unwrap());
	registry.admit_trial(key(seed), origin, &limits, Meter::new(1), now)
}

#[test]
fn a_new_key_of_an_agreement_keeps_addresses_and_counts() {
	let mut registry = registry();
	let first = admit(&mut registry, 7, key(1), 10, 0).unwrap().added.unwrap();
	first.meter.up.bytes.store(5, Relaxed);
	let change = admit(&mut registry, 7, key(2), 20, 1).unwrap();
	let second = change.added.unwrap();
	assert_eq!(change.removed[0].key, key(1));
	assert_eq!(second.index, first.index);
	assert_eq!((second.meter.up.bytes.load(Relaxed), second.meter.bits()), (5, 20));
	assert_eq!(registry.peers().count(), 1);
	// The same key once more changes the rate only.
	let change = admit(&mut registry, 7, key(2), 30, 2).unwrap();
	assert!(change.added.is_none() && change.removed.is_empty());
	assert_eq!(registry.of(7).unwrap().meter.bits(), 30);
}

#[test]
fn an_older_request_is_never_let_in_again() {
	let mut registry = registry();
	admit(&mut registry, 7, key(1), 10, 5).unwrap();
	// The answer was lost.
	admit(&mut registry, 7, key(1), 10, 5).unwrap();
	let refused = |registry: &mut Registry, seed, issued| {
		matches!(admit(registry, 7, key(seed), 10, issued), Err(ExitError::Replayed))
	};
	assert!(refused(&mut registry, 2, 5));
	admit(&mut registry, 7, key(2), 10, 6).unwrap();
	assert!(refused(&mut registry, 1, 5));
	assert!(refused(&mut registry, 2, 5));
	// Not after a restart either. Another agreement has a memory of its own.
	let mut again = super::Registry::new(registry.pool);
	again.restore(registry.stored());
	assert!(refused(&mut again, 1, 5));
	admit(&mut again, 8, key(1), 10, 0).unwrap();
}

#[test]
fn a_key_of_another_is_refused() {
	let mut registry = registry();
	admit(&mut registry, 7, key(1), 10, 0).unwrap();
	assert!(matches!(admit(&mut registry, 8, key(1), 10, 0), Err(ExitError::KeyInUse)));
	assert!(matches!(trial(&mut registry, 1, "1.1.1.1", 0), Err(ExitError::KeyInUse)));
	// That of a trial may become an agreement's.
	trial(&mut registry, 2, "1.1.1.1", 0).unwrap();
	let change = admit(&mut registry, 8, key(2), 10, 0).unwrap();
	assert!(matches!(change.removed[0].owner, Owner::Trial(_)));
	assert_eq!(registry.peers().count(), 2);
}

#[test]
fn trials_are_few_and_few_of_one_network() {
	let mut registry = registry();
	trial(&mut registry, 1, "1.1.1.1", 0).unwrap();
	trial(&mut registry, 2, "1.1.1.200", 1).unwrap();
	assert!(matches!(trial(&mut registry, 3, "::ffff:1.1.1.9", 2), Err(ExitError::TrialsFull)));
	trial(&mut registry, 3, "1.1.2.1", 2).unwrap();
	// A fourth finds no place until the oldest has had its time.
	assert!(matches!(trial(&mut registry, 4, "2001:db8::1", 3), Err(ExitError::TrialsFull)));
	let change = trial(&mut registry, 4, "2001:db8::1", MIN_TRIAL).unwrap();
	assert_eq!(change.removed[0].key, key(1));
	assert_eq!(registry.peers().count(), 3);
}

#[test]
fn probers_pass_the_limit_of_a_network_and_not_that_of_all() {
	let mut registry = registry();
	let limits = Trials { max: 4, max_of_network: 1, ..Trials::default() };
	let mut ask = |seed, origin, now| {
		registry.admit_trial(key(seed), origin, &limits, Meter::new(1), now).map(drop)
	};
	let stranger = Origin::from(IpAddr::from([1, 1, 1, 1]));
	ask(1, stranger, 0).unwrap();
	assert!(ask(2, stranger, 0).is_err());
	for seed in 2..5 {
		ask(seed, Origin::Prober, 1).unwrap();
	}
	assert!(matches!(ask(5, Origin::Prober, 2), Err(ExitError::TrialsFull)));
	ask(5, Origin::Prober, MIN_TRIAL).unwrap();
}

#[test]
fn agreements_come_before_trials_in_a_full_pool() {
	let mut registry = registry();
	trial(&mut registry, 100, "1.1.1.1", 0).unwrap();
	for agreement in 0..12u8 {
		admit(&mut registry, agreement.into(), key(agreement + 1), 1, 0).unwrap();
	}
	let change = admit(&mut registry, 12, key(50), 1, 0).unwrap();
	assert_eq!(change.removed[0].key, key(100));
	assert!(matches!(admit(&mut registry, 13, key(51), 1, 0), Err(ExitError::PoolFull)));
	assert!(matches!(trial(&mut registry, 101, "1.1.1.1", 0), Err(ExitError::TrialsFull)));
	// A refusal changes nothing, and an end frees an address.
	assert_eq!(registry.peers().count(), 13);
	registry.revoke(3).unwrap();
	admit(&mut registry, 13, key(51), 1, 0).unwrap();
}

#[test]
fn addresses_are_used_again_as_late_as_possible() {
	let mut registry = registry();
	let mut given = Vec::new();
	for round in 0..13u8 {
		given.push(admit(&mut registry, 1, key(round + 1), 1, 0).unwrap().added.unwrap().index);
		registry.revoke(1).unwrap();
	}
	given.dedup();
	assert_eq!(given.len(), 13);
}

#[test]
fn trials_end_and_stale_peers_go() {
	let mut registry = registry();
	let limits = Trials { time: Duration::from_secs(1), ..Trials::default() };
	let origin = Origin::from(IpAddr::from([1, 1, 1, 1]));
	registry.admit_trial(key(1), origin, &limits, Meter::new(1), 0).unwrap();
	admit(&mut registry, 7, key(2), 1, 0).unwrap();
	admit(&mut registry, 8, key(3), 1, 0).unwrap();
	assert!(registry.sweep(5_000, 999).is_empty());
	assert_eq!(registry.sweep(5_000, 1_000)[0].key, key(1));
	registry.see(&key(3), 4_000);
	assert_eq!(registry.sweep(5_000, 5_000)[0].key, key(2));
	assert_eq!(registry.agreements().collect::<Vec<_>>(), [8]);
}

#[test]
fn stored_peers_come_back_unless_they_clash() {
	let mut before = registry();
	admit(&mut before, 7, key(1), 10, 5).unwrap().added.unwrap().meter.down.bytes.store(9, Relaxed);
	trial(&mut before, 2, "1.1.1.1", 0).unwrap();
	let mut stored = before.stored();
	assert_eq!(stored.len(), 1);
	let clash = |change: fn(&mut StoredPeer)| {
		let mut peer = StoredPeer { agreement: 9, key: key(9), index: 9, ..stored[0].clone() };
		change(&mut peer);
		peer
	};
	let clashes = [
		clash(|peer| peer.agreement = 7),
		clash(|peer| peer.key = key(1)),
		clash(|peer| peer.index = 2),
		clash(|peer| peer.index = 1),
		clash(|peer| peer.index = 15),
	];
	stored.extend(clashes);
	let mut after = registry();
	let restored = after.restore(stored);
	assert_eq!(restored.len(), 1);
	assert_eq!(after.stored(), before.stored());
}

proptest! {
	/// No two peers ever share an address, and no agreement has two peers.
	#[test]
	fn peers_never_share(steps in prop::collection::vec((0u8..4, 0u32..9, 1u8..30), 1..200)) {
		let mut registry = registry();
		for (now, (step, agreement, seed)) in steps.into_iter().enumerate() {
			let now = now as u64 * 4_000;
			match step {
				0 | 1 => drop(admit(&mut registry, agreement, key(seed), 1, now)),
				2 => drop(trial(&mut registry, seed, "1.1.1.1", now)),
				_ => drop(registry.revoke(agreement)),
			}
			drop(registry.sweep(100_000, now));
			let indices: HashSet<Index> = registry.peers().map(|peer| peer.index).collect();
			prop_assert_eq!(indices.len(), registry.peers().count());
			prop_assert_eq!(&indices, &registry.used);
			prop_assert!(indices.iter().all(|index| (2..=14).contains(index)));
			for agreement in registry.agreements() {
				prop_assert_eq!(registry.of(agreement).unwrap().owner, Owner::Agreement(agreement));
			}
		}
	}
}
