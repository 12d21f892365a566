// SPDX-License-Identifier: Apache-2.0

//! Off-chain worker, block by block.

use crate::{
	mock::*,
	offchain::{Local, deny_list, is_denied, report_key},
	*,
};
use frame::{
	deps::sp_runtime::{
		offchain::storage::StorageValueRef, transaction_validity::TransactionSource,
	},
	traits::Authorize,
};
use parking_lot::RwLock;
use sp_core::{
	Pair,
	offchain::{
		OffchainDbExt, OffchainWorkerExt, TransactionPoolExt,
		testing::{OffchainState, PoolState, TestOffchainExt, TestTransactionPoolExt},
	},
};
use sp_keystore::{Keystore, KeystoreExt, testing::MemoryKeystore};
use std::sync::Arc;
use surety_primitives::{
	Network, Protocol, ServiceKind, crypto::PROB, endpoint::control_hash, report::Finding,
};

type Pool = Arc<RwLock<PoolState>>;

/// Pool that refuses every transaction.
struct Full;

impl sp_core::offchain::TransactionPool for Full {
	fn submit_transaction(&mut self, _: Vec<u8>) -> Result<(), ()> {
		Err(())
	}
}

/// Run a test on a node with the session key of prober 0, beside three other probers. Service 1
/// belongs to the account of the prober and service 2 is on the local deny list, so nothing is
/// asked.
fn node(test: impl FnOnce(Pool, Arc<RwLock<OffchainState>>)) {
	let (pool, state) = TestTransactionPoolExt::new();
	node_with(TransactionPoolExt::new(pool), |offchain| test(state, offchain));
}

/// Run a test on such a node with another pool.
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
impl Bytes for ProberId {
	fn into_inner_bytes(self) -> Vec<u8> {
		sp_core::crypto::ByteArray::to_raw_vec(&self)
	}
}

/// Import a block and run the worker after it. Returns the calls that it sent.
fn block(pool: &Pool) -> Vec<Call<Test>> {
	next_block();
	work(pool)
}

/// Reveals among the calls that were sent.
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

/// Include a call in the block being built: authorize, then dispatch.
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
		// Round 2: its own commit, and from the fifth block on, when every pool takes it, the
		// reveal of round 1.
		next_round();
		let first = work(&pool);
		assert!(matches!(first[..], [Call::commit { round: 2, .. }]), "too early to reveal");
		while offset() + 1 < REVEAL_OFFSET {
			let early = block(&pool);
			assert_eq!(reveals(early), [], "a peer may be a block behind");
		}
		let second = reveals(block(&pool));
		assert!(matches!(second[..], [Call::reveal { round: 1, index: 0, .. }]));
		next_block();
		include(&second[0]);
		assert_eq!(
			Reports::<Test>::get(1, 0),
			Some(Sent::Revealed(local.report.try_into().unwrap()))
		);
		assert_eq!(reveals(work(&pool)), [], "revealed");
	});
}

#[test]
fn a_commit_that_is_not_included_is_sent_again_unchanged() {
	node(|pool, _| {
		next_round();
		let first = work(&pool);
		let hash_of = |call: &Call<Test>| match call {
			Call::commit { hash, round: 1, .. } => Some(*hash),
			_ => None,
		};
		let sent = hash_of(&first[0]);
		assert!(sent.is_some());
		assert!(work(&pool).is_empty(), "once a block");
		let again = |calls: &[Call<Test>]| calls.iter().filter_map(hash_of).collect::<Vec<_>>();
		// To the first block of the next round: the second is the last that takes it.
		for _ in 0..4 {
			assert_eq!(again(&block(&pool)), [sent.unwrap()], "{}", offset());
			assert!(work(&pool).is_empty());
		}
		assert_eq!((round(), offset()), (1, 4));
		let over_the_edge = block(&pool);
		assert_eq!((round(), again(&over_the_edge)), (2, vec![sent.unwrap()]));
		assert!(over_the_edge.iter().any(|call| matches!(call, Call::commit { round: 2, .. })));
		assert!(again(&block(&pool)).is_empty(), "too late");
	});
}

#[test]
fn a_commit_in_the_grace_blocks_counts_like_any() {
	node(|pool, _| {
		next_round();
		while offset() != 4 {
			block(&pool);
		}
		next_block();
		let commits = work(&pool);
		next_block();
		assert_eq!((round(), offset()), (2, 1), "the last block that takes it");
		let late =
			commits.iter().find(|call| matches!(call, Call::commit { round: 1, .. })).unwrap();
		include(late);
		let mut revealed = vec![];
		while round() == 2 {
			revealed.extend(reveals(block(&pool)));
		}
		include(&revealed[0]);
		assert!(matches!(Reports::<Test>::get(1, 0), Some(Sent::Revealed(_))));
		to_judged(1);
		let duty = Probes::duty(account(0)).unwrap();
		assert_eq!((duty.rounds, duty.committed, duty.revealed), (1, 1, 1));
	});
}

#[test]
fn a_reveal_is_sent_again_into_the_next_round() {
	node(|pool, _| {
		next_round();
		let commit = work(&pool);
		next_block();
		include(&commit[0]);
		next_round();
		let mut sent = vec![];
		while (round(), offset()) != (3, 2) {
			let of_round_1 = reveals(block(&pool))
				.into_iter()
				.any(|c| matches!(c, Call::reveal { round: 1, .. }));
			sent.extend(of_round_1.then(|| (round(), offset())));
		}
		// The second block of round 3 is the last that takes it, so nothing is sent after it.
		assert_eq!(sent, [(2, 4), (3, 0)]);
	});
}

#[test]
fn probes_start_within_80_percent_of_the_round() {
	node(|_, _| {
		next_round();
		for (slot, blocks) in [(6_000, 10), (6_000, 5), (1_000, 5)] {
			set_clock(|clock| (clock.slot_ms, clock.round_blocks) = (slot, blocks));
			let length = slot * u64::from(blocks);
			for passed in 0..blocks {
				System::set_block_number(u64::from(blocks + passed));
				let schedule = Probes::schedule(1).expect("any block of the round may begin");
				let left = length - slot * u64::from(passed);
				let spread = (length * 8 / 10).saturating_sub(length - left);
				assert_eq!(
					(schedule.spread_ms, schedule.deadline.diff(&schedule.start).millis()),
					(spread, left)
				);
			}
			System::set_block_number(u64::from(2 * blocks));
			assert!(Probes::schedule(1).is_none(), "it is over");
		}
	});
}

#[test]
fn a_node_that_starts_late_probes_in_the_time_left() {
	node(|pool, _| {
		next_round();
		blocks(4);
		assert_eq!(offset(), 4, "80 % of the round are over, and two blocks more take the commit");
		assert!(matches!(work(&pool)[..], [Call::commit { round: 1, .. }]));
	});
}

#[test]
fn a_refused_transaction_counts_as_sent_only_if_sent_before() {
	node_with(TransactionPoolExt::new(Full), |_| {
		next_round();
		let now = Timing::now();
		Probes::offchain_worker(System::block_number());
		let mut local = kept(1).expect("the report is made all the same");
		assert_eq!(local.committed_at, None, "the worker of any block may send it");
		// Sent before, so the pool has it: once a block is often enough.
		local.committed_at = Some(now - 1);
		StorageValueRef::persistent(&report_key(1, &key(0))).set(&local);
		Probes::offchain_worker(System::block_number());
		assert_eq!(kept(1).unwrap().committed_at, Some(now));
	});
}

#[test]
fn a_reorganisation_does_not_change_the_report() {
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
		let (Call::commit { hash: a, .. }, Call::commit { hash: b, .. }) = (&first[0], &fork[0])
		else {
			panic!("commits")
		};
		assert_eq!(a, b, "one round has one commit on every fork");
		let after = kept(1).unwrap();
		assert_eq!((before.salt, before.report), (after.salt, after.report));
		include(&fork[0]);
		// Between commit and reveal, the reveal is the same on both forks.
		next_round();
		work(&pool);
		to_reveals();
		let reveal = reveals(work(&pool));
		next_block();
		include(&reveal[0]);
		Reports::<Test>::insert(1, 0, Sent::Committed(*a));
		System::set_block_number(System::block_number() - 1);
		assert_eq!(reveals(block(&pool)), reveal);
	});
}

#[test]
fn nothing_is_revealed_on_a_fork_without_the_commit() {
	node(|pool, _| {
		next_round();
		let commit = work(&pool);
		next_block();
		include(&commit[0]);
		let committed = Reports::<Test>::get(1, 0).unwrap();
		next_round();
		work(&pool);
		while offset() + 1 < REVEAL_OFFSET {
			block(&pool);
		}
		Reports::<Test>::remove(1, 0);
		assert_eq!(reveals(block(&pool)), [], "no commit to match");
		// The fork with the commit is the best again.
		Reports::<Test>::insert(1, 0, committed);
		assert!(matches!(reveals(block(&pool))[..], [Call::reveal { round: 1, index: 0, .. }]));
	});
}

/// Calls sent on a fork whose round 1 has other due places than those that were probed.
fn sent_on_a_fork(change: impl FnOnce(&mut DueList)) -> Vec<Call<Test>> {
	let mut sent = Vec::new();
	node(|pool, _| {
		next_round();
		work(&pool);
		DuePages::<Test>::mutate(1, |due| {
			change(due);
			Snapshots::<Test>::mutate(1, |snapshot| {
				snapshot.as_mut().unwrap().targets = due_targets(due);
			});
		});
		sent = [block(&pool), block(&pool), block(&pool)].concat();
	});
	sent
}

#[test]
fn nothing_is_sent_on_a_fork_with_another_snapshot() {
	// On this fork service 2 was never listed.
	assert!(sent_on_a_fork(|due| due[0].mask = 1).is_empty());
}

#[test]
fn nothing_is_sent_on_a_fork_with_as_many_other_places() {
	let sent = sent_on_a_fork(|due| {
		// On this fork service 2 was activated a block earlier, so it is due in its active page.
		due[0].mask = 1;
		due.try_insert(0, Due { page: PageId::Active(0), mask: 1 }).unwrap();
		assert_eq!(due_targets(due) as usize, kept(1).unwrap().report.len());
	});
	assert!(sent.is_empty());
}

#[test]
fn only_one_worker_probes_a_round() {
	node(|pool, _| {
		next_round();
		// The worker of another block is still probing.
		StorageValueRef::persistent(&probing_key(&key(0))).set(&1u32);
		assert!(work(&pool).is_empty());
		assert_eq!(kept(1), None);
		// The next round is a new one.
		next_round();
		assert_eq!(work(&pool).len(), 1);
	});
}

#[test]
fn a_node_without_duty_does_nothing() {
	node(|pool, _| {
		session_of(1..4);
		next_round();
		assert!(work(&pool).is_empty());
		assert_eq!(kept(1), None);
	});
	// Nor does a node without targets to probe.
	node(|pool, _| {
		Probes::unlist(listed(1));
		Probes::unlist(listed(2));
		next_round();
		assert!(work(&pool).is_empty());
	});
}

#[test]
fn old_reports_are_removed() {
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
fn a_service_that_is_unlisted_gets_an_abstention() {
	node(|pool, _| {
		next_round();
		Probes::unlist(listed(1));
		work(&pool);
		let abstained = Finding::Abstained.to_byte();
		assert_eq!(kept(1).unwrap().report, vec![abstained, abstained]);
	});
}

#[test]
fn the_worker_and_three_others_make_a_verdict() {
	node(|pool, _| {
		activate(2).unwrap();
		let mut reveal_of = vec![];
		for _ in 0..4 {
			next_round();
			let now = round();
			if let Some(sent) = reveal_of.pop() {
				include(&sent);
				for prober in 1..4 {
					reveal(now - 2, prober).unwrap();
				}
			}
			let sent = work(&pool);
			next_block();
			include(&sent[0]);
			for prober in 1..4 {
				commit(now, prober, report_of(now, &|_| up())).unwrap();
			}
			to_reveals();
			reveal_of = reveals(work(&pool));
		}
		assert_eq!(row(1).last, Some((2, Verdict::Up { latency: ms(40) })));
		assert_eq!(row(2).last, Some((2, Verdict::Up { latency: ms(40) })));
		let duty = Probes::duty(account(0)).unwrap();
		assert_eq!((duty.rounds, duty.accepted, duty.judged, duty.agreed), (2, 2, 2 * SHARE, 0));
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
	for url in ["http://notbad.example", "http://example", "http://bad.example.org", "http://bad/"]
	{
		assert!(!denied(&["bad.example"], url), "{url}");
	}
	for entry in ["[2001:db8::1]", "[2001:DB8:0:0::1]", "[2001:0db8:0000:0000:0000:0000:0000:0001]"]
	{
		for url in [
			"http://[2001:db8::1]/",
			"https://[2001:DB8:0::0:1]:8443/x",
			"http://[2001:db8:0:0:0:0:0:1]",
		] {
			assert!(denied(&[entry], url), "{entry} {url}");
		}
		assert!(!denied(&[entry], "http://[2001:db8::2]/"));
	}
	assert!(denied(&["127.0.0.1"], "http://127.0.0.1:8545/"));
	assert!(!denied(&["0.0.1"], "http://127.0.0.1/"), "an address has no names above it");
	// A URL that cannot be listed is on no list.
	assert!(!denied(&["a"], "nonsense") && !denied(&["a"], "http://a/?b"));
}

#[test]
fn a_locally_denied_host_is_not_probed() {
	node(|pool, _| {
		let at = |endpoint: &str| Service {
			endpoint: endpoint.as_bytes().to_vec().try_into().unwrap(),
			..describe(2, ServiceKind::Compute)
		};
		list_as(listed(3), at("http://[2001:DB8:0::1]/x"));
		list_as(listed(4), at("http://rpc.service.example/x"));
		let denied = [b"service.example".to_vec(), b"[2001:db8::0:1]".to_vec()];
		StorageValueRef::persistent(DENY_KEY).set(&denied.to_vec());
		next_round();
		assert_eq!(work(&pool).len(), 1);
		let abstained = Finding::Abstained.to_byte();
		assert_eq!(kept(1).unwrap().report[1..], [abstained; 3]);
	});
}

#[test]
fn own_anchors_come_before_the_listed_ones_and_none_twice() {
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
		NetworkList::mutate(|networks| {
			networks.insert(7, network("both", &["listed", "shared", "last"]));
			networks.insert(8, network("listed", &["listed", "last"]));
			// Of no probe, but its anchors show if the node is cut off.
			networks.insert(9, network("other", &["listed"]));
		});
		StorageValueRef::persistent(&[ANCHORS_KEY, b"both"].concat())
			.set(&urls(&["own", "shared"]));
		list_rpc(3, 3, 7);
		list_rpc(4, 4, 8);
		let prober = Prober { account: account(0), key: key(0) };
		let denied = deny_list(&[]);
		let probe = |id| Probes::assignment(1, false, &row(id), &prober, &denied).unwrap();
		let asked: Vec<_> = Probes::networks(&[3, 4].map(probe))
			.into_iter()
			.map(|network| (network.id, network.anchors))
			.collect();
		let expected = [
			(7, urls(&["own", "shared", "listed", "last"])),
			(8, urls(&["listed", "last"])),
			(9, urls(&["listed"])),
		];
		assert_eq!(asked, expected);
	});
}

#[test]
fn no_proof_is_asked_of_a_lease() {
	node(|_, _| {
		set_clock(|clock| clock.proof_of_control = true);
		let lease = list_lease(7, 2);
		let prober = Prober { account: account(0), key: key(0) };
		let proof_of = |target: Target, round: u32| {
			let row = row_of(target);
			let probe = Probes::assignment(round, true, &row, &prober, &deny_list(&[])).unwrap();
			assert_eq!(probe.target, target);
			probe.proof.is_some()
		};
		// Of all others the proof is asked in the first round of a window.
		let first = Timing::window_start(1);
		assert_eq!([first, first + 1].map(|round| proof_of(listed(2), round)), [true, false]);
		assert_eq!([first, first + 1].map(|round| proof_of(lease, round)), [false, false]);
	});
}

fn row_endpoint(service: u32) -> Vec<u8> {
	Listings::get()[&listed(service)].endpoint.to_vec()
}

/// Regression: control was asked for once, and names can be pointed at a stranger's address later.
#[test]
fn the_proof_is_asked_again_while_the_last_verdict_is_bad() {
	node(|_, _| {
		set_clock(|clock| clock.proof_of_control = true);
		let prober = Prober { account: account(0), key: key(0) };
		let middle = Timing::window_start(1) + 5;
		let proof = |row: &Row<AccountId>, active: bool| {
			Probes::assignment(middle, active, row, &prober, &deny_list(&[])).unwrap().proof
		};
		let last =
			|verdict: Verdict| Row { last: Some((middle - 1, verdict)), window: 1, ..row(2) };
		for active in [true, false] {
			let asked = proof(&last(Verdict::Bad), active).expect("the last verdict is bad");
			assert!(!asked.pending, "proven before");
			let endpoint = row_endpoint(2);
			assert_eq!(asked.expected, control_hash(&genesis(), &2u64.encode(), 2, &endpoint));
			for verdict in
				[Verdict::Up { latency: ms(1) }, Verdict::Down, Verdict::Stale, Verdict::Excused]
			{
				assert!(proof(&last(verdict), active).is_none(), "{verdict:?}");
			}
		}
		// Also long after, until another verdict; and without a last verdict if it is unproven.
		let long_ago = Row { last: Some((1, Verdict::Bad)), window: 1, ..row(2) };
		assert!(proof(&long_ago, false).is_some());
		let unproven = Row { unproven: true, last: None, window: 1, ..row(2) };
		assert!(proof(&unproven, false).unwrap().pending);
		// A chain that requires no proof asks for none.
		set_clock(|clock| clock.proof_of_control = false);
		assert!(proof(&last(Verdict::Bad), false).is_none());
	});
}
