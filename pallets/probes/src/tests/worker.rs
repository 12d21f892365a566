//! The off-chain worker, block by block.

use crate::{
	ANCHORS_KEY, Call, DENY_KEY, Due, PageId, Reports, Sent, commit_hash,
	mock::*,
	offchain::{Local, deny_list, is_denied, report_key},
};
use codec::{Decode, Encode};
use frame_support::traits::{Authorize, Hooks};
use parking_lot::RwLock;
use sp_core::{
	Pair,
	offchain::{
		OffchainDbExt, OffchainWorkerExt, TransactionPoolExt,
		testing::{OffchainState, PoolState, TestOffchainExt, TestTransactionPoolExt},
	},
};
use sp_keystore::{Keystore, KeystoreExt, testing::MemoryKeystore};
use sp_runtime::{
	offchain::storage::StorageValueRef, traits::Dispatchable, transaction_validity::TransactionSource,
};
use std::sync::Arc;
use surety_primitives::{
	Clock, Network, Probing, Protocol, Service, ServiceKind, Verdict, crypto::PROB, report::Finding,
	service_of_lease,
};

type Pool = Arc<RwLock<PoolState>>;

/// A pool that takes nothing, whether because it has it already or because it cannot.
struct Full;

impl sp_core::offchain::TransactionPool for Full {
	fn submit_transaction(&mut self, _: Vec<u8>) -> Result<(), ()> {
		Err(())
	}
}

/// A node with the session key of prober 0, and three other probers elsewhere. Service 1 belongs to
/// the prober's account, service 2 is on its local denylist, so it asks nobody.
fn node(test: impl FnOnce(Pool, Arc<RwLock<OffchainState>>)) {
	let (pool, state) = TestTransactionPoolExt::new();
	node_with(TransactionPoolExt::new(pool), |offchain| test(state, offchain));
}

/// Such a node with a pool of its own.
fn node_with(pool: TransactionPoolExt, test: impl FnOnce(Arc<RwLock<OffchainState>>)) {
	let mut ext = new_test_ext();
	let (offchain, state) = TestOffchainExt::new();
	let keystore = MemoryKeystore::new();
	keystore.insert(PROB, "//Prober0", &pair(0).public().into_inner_bytes()).unwrap();
	ext.register_extension(OffchainDbExt::new(offchain.clone()));
	ext.register_extension(OffchainWorkerExt::new(offchain));
	ext.register_extension(pool);
	ext.register_extension(KeystoreExt::new(keystore));
	ext.execute_with(|| {
		start_session(4);
		list(1, account(0));
		list(2, 2);
		StorageValueRef::persistent(DENY_KEY).set(&vec![b"service.example".to_vec()]);
		test(state);
		Probes::do_try_state().unwrap();
	});
}

trait Bytes {
	fn into_inner_bytes(self) -> Vec<u8>;
}
impl Bytes for surety_primitives::crypto::ProberId {
	fn into_inner_bytes(self) -> Vec<u8> {
		sp_core::crypto::ByteArray::to_raw_vec(&self)
	}
}

/// Import a block and run the worker after it. Returns what it sent.
fn block(pool: &Pool) -> Vec<Call<Test>> {
	next_block();
	work(pool)
}

/// The reveals among what was sent.
fn reveals(sent: Vec<Call<Test>>) -> Vec<Call<Test>> {
	sent.into_iter().filter(|call| matches!(call, Call::reveal { .. })).collect()
}

fn work(pool: &Pool) -> Vec<Call<Test>> {
	Probes::offchain_worker(System::block_number());
	let sent = std::mem::take(&mut pool.write().transactions);
	sent.iter()
		.map(|bytes| {
			let xt = Extrinsic::decode(&mut bytes.as_slice()).unwrap();
			let RuntimeCall::Probes(call) = xt.function else { panic!("a call of probes") };
			call
		})
		.collect()
}

/// Include a transaction in the block being built: authorize, then dispatch.
fn include(call: &Call<Test>) {
	let call: RuntimeCall = call.clone().into();
	call.authorize(TransactionSource::InBlock).unwrap().unwrap();
	call.dispatch(authorized()).unwrap();
}

fn kept(round: u32) -> Option<Local> {
	StorageValueRef::persistent(&report_key(round, &key(0))).get().unwrap()
}

#[test]
fn a_round_is_probed_committed_and_revealed() {
	node(|pool, _| {
		next_round();
		let sent = work(&pool);
		assert_eq!(sent.len(), 1);
		let local = kept(1).expect("kept before it was sent");
		assert_eq!(local.report, vec![Finding::Skipped.to_byte(), Finding::Abstained.to_byte()]);
		let hash = commit_hash(&genesis(), 1, &key(0), &local.salt, &local.report);
		assert!(matches!(sent[0], Call::commit { round: 1, index: 0, hash: h, .. } if h == hash));
		next_block();
		include(&sent[0]);
		assert!(work(&pool).is_empty(), "it is on chain");
		// Round 2: its own report, and from the third block on, when every pool takes it, the
		// reveal of round 1.
		next_round();
		let first = work(&pool);
		assert!(matches!(first[..], [Call::commit { round: 2, .. }]), "too early to reveal");
		let early = block(&pool);
		assert!(
			!early.iter().any(|call| matches!(call, Call::reveal { .. })),
			"a peer may be a block behind"
		);
		let second = reveals(block(&pool));
		assert!(matches!(second[..], [Call::reveal { round: 1, index: 0, .. }]));
		next_block();
		include(&second[0]);
		assert_eq!(Reports::<Test>::get(1, 0), Some(Sent::Revealed(local.report.try_into().unwrap())));
		assert!(!work(&pool).iter().any(|call| matches!(call, Call::reveal { .. })), "revealed");
	});
}

#[test]
fn what_is_not_included_is_sent_again_with_the_same_report() {
	node(|pool, _| {
		next_round();
		let first = work(&pool);
		let hash_of = |call: &Call<Test>| match call {
			Call::commit { hash, .. } => *hash,
			_ => panic!("a commit"),
		};
		assert!(work(&pool).is_empty(), "once a block");
		for _ in 1..=3 {
			let again = block(&pool);
			assert_eq!(hash_of(&first[0]), hash_of(&again[0]));
			assert!(work(&pool).is_empty());
		}
		// The next block is in round 2: too late.
		assert!(block(&pool).is_empty());
		assert_eq!(offset(), 4);
	});
}

#[test]
fn what_the_pool_did_not_take_counts_as_sent_only_if_it_was_before() {
	node_with(TransactionPoolExt::new(Full), |_| {
		next_round();
		let now = <Test as crate::Config>::Clock::now();
		Probes::offchain_worker(System::block_number());
		let mut local = kept(1).expect("it is made all the same");
		assert_eq!(local.committed_at, 0, "any block's worker may send it");
		// It was sent before, so the pool has it: once a block is often enough to make sure.
		local.committed_at = now - 1;
		StorageValueRef::persistent(&report_key(1, &key(0))).set(&local);
		Probes::offchain_worker(System::block_number());
		assert_eq!(kept(1).unwrap().committed_at, now);
	});
}

#[test]
fn a_reorganisation_changes_nothing_of_what_is_said() {
	node(|pool, _| {
		next_round();
		let first = work(&pool);
		next_block();
		include(&first[0]);
		let before = kept(1).unwrap();
		// The block with the commit is replaced by one without it.
		Reports::<Test>::remove(1, 0);
		System::set_block_number(System::block_number() - 1);
		let fork = [block(&pool), block(&pool)].concat();
		let (Call::commit { hash: a, .. }, Call::commit { hash: b, .. }) = (&first[0], &fork[0]) else {
			panic!("commits")
		};
		assert_eq!(a, b, "one round has one commit on every fork");
		let after = kept(1).unwrap();
		assert_eq!((before.salt, before.report), (after.salt, after.report));
		include(&fork[0]);
		// And between commit and reveal: the reveal is the same on both forks.
		next_round();
		work(&pool);
		block(&pool);
		let reveal = reveals(block(&pool));
		next_block();
		include(&reveal[0]);
		Reports::<Test>::insert(1, 0, Sent::Committed(*a));
		System::set_block_number(System::block_number() - 1);
		assert_eq!(reveals(block(&pool)), reveal);
	});
}

#[test]
fn on_a_fork_that_lost_the_commit_nothing_is_revealed() {
	node(|pool, _| {
		next_round();
		let commit = work(&pool);
		next_block();
		include(&commit[0]);
		let committed = Reports::<Test>::get(1, 0).unwrap();
		next_round();
		work(&pool);
		block(&pool);
		Reports::<Test>::remove(1, 0);
		assert_eq!(reveals(block(&pool)), [], "there is none that it would fit");
		// The fork with the commit is the best again.
		Reports::<Test>::insert(1, 0, committed);
		assert!(matches!(reveals(block(&pool))[..], [Call::reveal { round: 1, index: 0, .. }]));
	});
}

/// What is sent on a fork whose round 1 has another snapshot than the one that was probed.
fn sent_on_a_fork(change: impl FnOnce(&mut crate::Snapshot<AccountId>)) -> Vec<Call<Test>> {
	let mut sent = Vec::new();
	node(|pool, _| {
		next_round();
		let mut snapshot = snapshot(1);
		work(&pool);
		change(&mut snapshot);
		crate::Snapshots::<Test>::insert(1, snapshot);
		sent = [block(&pool), block(&pool), block(&pool)].concat();
	});
	sent
}

#[test]
fn a_fork_with_another_snapshot_is_not_committed_to() {
	// On this fork service 2 was never listed.
	assert!(sent_on_a_fork(|snapshot| snapshot.due[0].mask = 1).is_empty());
}

#[test]
fn a_fork_with_other_places_in_as_many_bytes_is_not_committed_to() {
	let sent = sent_on_a_fork(|snapshot| {
		// On this fork service 2 was sold a block earlier: it is due on its hot page.
		let place = snapshot.due[0];
		snapshot.due[0].mask = 1;
		snapshot.due.try_insert(0, Due { page: PageId::Hot(0), mask: 1, ..place }).unwrap();
		assert_eq!(snapshot.report_len(1, 0) as usize, kept(1).unwrap().report.len());
	});
	assert!(sent.is_empty());
}

#[test]
fn only_one_worker_probes_a_round() {
	node(|pool, _| {
		next_round();
		// Another block's worker is still probing.
		StorageValueRef::persistent(&(b"surety/probing/".as_slice(), key(0)).encode()).set(&1u32);
		assert!(work(&pool).is_empty());
		assert_eq!(kept(1), None);
		// The next round is a new one.
		next_round();
		assert_eq!(work(&pool).len(), 1);
	});
}

#[test]
fn probing_does_not_start_late_in_a_round() {
	node(|pool, _| {
		next_round();
		next_block();
		next_block();
		next_block();
		assert_eq!(offset(), 3, "60 % of the round are over");
		assert!(work(&pool).is_empty());
		assert_eq!(kept(1), None);
	});
}

#[test]
fn a_node_that_is_no_prober_does_nothing() {
	node(|pool, _| {
		session_of(1..4);
		next_round();
		assert!(work(&pool).is_empty());
		assert_eq!(kept(1), None);
	});
	// Nor does one without services to probe.
	node(|pool, _| {
		Probes::unlist(1);
		Probes::unlist(2);
		next_round();
		assert!(work(&pool).is_empty());
	});
}

#[test]
fn old_reports_are_cleaned() {
	node(|pool, _| {
		next_round();
		work(&pool);
		assert!(kept(1).is_some());
		for round in 2..=5 {
			next_round();
			work(&pool);
			assert!(kept(1).is_some(), "{round}");
		}
		next_round();
		work(&pool);
		assert!(kept(1).is_none());
		assert!(kept(2).is_some());
	});
}

#[test]
fn a_service_that_left_is_abstained_from() {
	node(|pool, _| {
		next_round();
		Probes::unlist(1);
		work(&pool);
		let abstained = Finding::Abstained.to_byte();
		assert_eq!(kept(1).unwrap().report, vec![abstained, abstained]);
	});
}

#[test]
fn the_worker_and_three_others_make_a_verdict() {
	node(|pool, _| {
		Probes::heat(2).unwrap();
		for _ in 0..4 {
			next_round();
			let sent = work(&pool);
			next_block();
			let now = round();
			include(&sent[0]);
			for prober in 1..4 {
				commit(now, prober, report_of(now, prober, &|_| up())).unwrap();
			}
			next_block();
			let sent = reveals(work(&pool));
			next_block();
			if now > 1 {
				include(&sent[0]);
				for prober in 1..4 {
					reveal(now - 1, prober).unwrap();
				}
			}
			while offset() != 4 {
				next_block();
			}
		}
		assert_eq!(row(1).last, Some((2, Verdict::Up { latency: ms(40) })));
		assert_eq!(row(2).last, Some((2, Verdict::Up { latency: ms(40) })));
		let duty = Probes::duty(account(0)).unwrap();
		assert_eq!((duty.rounds, duty.accepted, duty.judged, duty.agreed), (2, 2, 2, 0));
	});
}

#[test]
fn a_denied_host_is_denied_in_every_spelling() {
	let denied = |entries: &[&str], url: &str| {
		let kept: Vec<Vec<u8>> = entries.iter().map(|entry| entry.as_bytes().to_vec()).collect();
		is_denied(url.as_bytes(), &deny_list(&kept))
	};
	for url in [
		"https://Bad.Example:8443/path",
		"http://bad.example./",
		"http://rpc.bad.example",
		"http://a.b.c.BAD.example/",
	] {
		assert!(denied(&["bad.example"], url), "{url}");
		assert!(denied(&["x.example", "BAD.example."], url), "{url}");
		assert!(!denied(&["x.example"], url) && !denied(&[], url), "{url}");
	}
	for url in ["http://notbad.example", "http://example", "http://bad.example.org", "http://bad/"] {
		assert!(!denied(&["bad.example"], url), "{url}");
	}
	for entry in ["[2001:db8::1]", "[2001:DB8:0:0::1]", "[2001:0db8:0000:0000:0000:0000:0000:0001]"] {
		for url in
			["http://[2001:db8::1]/", "https://[2001:DB8:0::0:1]:8443/x", "http://[2001:db8:0:0:0:0:0:1]"]
		{
			assert!(denied(&[entry], url), "{entry} {url}");
		}
		assert!(!denied(&[entry], "http://[2001:db8::2]/"));
	}
	assert!(denied(&["127.0.0.1"], "http://127.0.0.1:8545/"));
	assert!(!denied(&["0.0.1"], "http://127.0.0.1/"), "an address has no names above it");
	// What is no URL that can be listed is on no list.
	assert!(!denied(&["a"], "nonsense") && !denied(&["a"], "http://a/?b"));
}

#[test]
fn what_is_denied_locally_is_not_asked() {
	node(|pool, _| {
		let at = |endpoint: &str| Service {
			endpoint: endpoint.as_bytes().to_vec().try_into().unwrap(),
			..describe(2, ServiceKind::Compute)
		};
		list_as(3, at("http://[2001:DB8:0::1]/x"));
		list_as(4, at("http://rpc.service.example/x"));
		let denied = [b"service.example".to_vec(), b"[2001:db8::0:1]".to_vec()];
		StorageValueRef::persistent(DENY_KEY).set(&denied.to_vec());
		next_round();
		assert_eq!(work(&pool).len(), 1);
		let abstained = Finding::Abstained.to_byte();
		assert_eq!(kept(1).unwrap().report[1..], [abstained; 3]);
	});
}

#[test]
fn own_anchors_are_asked_before_the_listed_ones_and_none_twice() {
	node(|_, _| {
		let urls = |names: &[&str]| -> Vec<Vec<u8>> {
			names.iter().map(|name| format!("http://{name}.example/").into_bytes()).collect()
		};
		let network = |name: &str, listed: &[&str]| Network {
			name: name.as_bytes().to_vec().try_into().unwrap(),
			protocol: Protocol::Ethereum,
			own: false,
			anchors: urls(listed)
				.into_iter()
				.map(|url| url.try_into().unwrap())
				.collect::<Vec<_>>()
				.try_into()
				.unwrap(),
		};
		Networks::mutate(|networks| {
			networks.insert(7, network("both", &["listed", "shared", "last"]));
			networks.insert(8, network("listed", &["listed", "last"]));
			// That of no target: its anchors tell whether this node is cut off.
			networks.insert(9, network("other", &["listed"]));
		});
		StorageValueRef::persistent(&[ANCHORS_KEY, b"both"].concat()).set(&urls(&["own", "shared"]));
		list_rpc(3, 3, 7);
		list_rpc(4, 4, 8);
		let prober = crate::Prober { account: account(0), key: key(0) };
		let target = |id| Probes::target(1, false, &row(id), &prober, &deny_list(&[])).unwrap();
		let targets = [3, 4].map(target);
		let asked: Vec<_> =
			Probes::networks(&targets).into_iter().map(|network| (network.id, network.anchors)).collect();
		let expected = [
			(7, urls(&["own", "shared", "listed", "last"])),
			(8, urls(&["listed", "last"])),
			(9, urls(&["listed"])),
		];
		assert_eq!(asked, expected);
	});
}

#[test]
fn a_lease_is_asked_for_no_proof() {
	node(|_, _| {
		ProofOfControl::set(true);
		let lease = list_lease(7, 2);
		let prober = crate::Prober { account: account(0), key: key(0) };
		let proof_of = |service: u32, round: u32| {
			let row = row(service);
			let target = Probes::target(round, true, &row, &prober, &deny_list(&[])).unwrap();
			assert_eq!(target.service, service);
			target.proof.is_some()
		};
		// In the first round of a window all others are.
		let first = MockClock::window_start(1);
		assert_eq!((proof_of(2, first), proof_of(2, first + 1)), (true, false));
		assert_eq!((proof_of(lease, first), proof_of(lease, first + 1)), (false, false));
		assert_eq!(lease, service_of_lease(7));
	});
}
