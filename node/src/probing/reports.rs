//! Counts what becomes of this node's reports, from the chain's own state.
//!
//! A commit counts when the state of a best block has it, a reveal likewise. A report that this node sent
//! to its pool but that is not on chain when its time is over counts as rejected.

use super::metrics::{Metrics, Phase};
use crate::service::{FullBackend, FullClient, FullPool};
use codec::{DecodeAll, Encode};
use futures::StreamExt;
use pallet_surety_probes::{Reports, Sent, Snapshot, Snapshots};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use surety_primitives::{RoundIndex, crypto::PROB};
use surety_runtime::{AccountId, Hash, Runtime, RuntimeCall, UncheckedExtrinsic, opaque::Block};
use surety_runtime_api::SuretyApi;

/// Rounds in which a report is awaited: the one being committed for and the one being revealed.
const OPEN: RoundIndex = 2;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
	Commit,
	Reveal,
}

/// One transaction of this node: round, place in the round's snapshot, which of the two.
type Report = (RoundIndex, u16, Step);

/// Which reports are sent and which are on chain.
#[derive(Default)]
struct Ledger {
	/// Places of this node's keys in the snapshots of the open rounds.
	own: BTreeMap<RoundIndex, BTreeSet<u16>>,
	sent: BTreeSet<Report>,
	seen: BTreeSet<Report>,
}

impl Ledger {
	fn is_own(&self, (round, index, _): &Report) -> bool {
		self.own.get(round).is_some_and(|own| own.contains(index))
	}

	/// The pool has it.
	fn sent(&mut self, report: Report) {
		if self.is_own(&report) {
			self.sent.insert(report);
		}
	}

	/// The state of a best block has it. Returns whether that is news; a reorganisation makes none.
	fn seen(&mut self, report: Report) -> bool {
		self.seen.insert(report)
	}

	/// A best block of `round` is here. Returns how many reports are too late now.
	fn pass(&mut self, round: RoundIndex) -> usize {
		let late = |(of, _, step): &Report| match step {
			Step::Commit => *of < round,
			Step::Reveal => of.saturating_add(1) < round,
		};
		let rejected = self.sent.iter().filter(|report| late(report) && !self.seen.contains(report)).count();
		self.sent.retain(|report| !late(report));
		let oldest = round.saturating_sub(OPEN);
		self.seen.retain(|(of, _, _)| *of >= oldest);
		self.own.retain(|of, _| *of >= oldest);
		rejected
	}
}

/// Watch pool and chain.
pub async fn watch(client: Arc<FullClient>, pool: Arc<FullPool>, keystore: KeystorePtr, metrics: Metrics) {
	let mut ledger = Ledger::default();
	let mut blocks =
		client.import_notification_stream().filter(|block| futures::future::ready(block.is_new_best)).fuse();
	let mut transactions = pool.import_notification_stream().fuse();
	loop {
		futures::select! {
			block = blocks.next() => match block {
				Some(block) => read(&client, block.hash, &keystore, &mut ledger, &metrics),
				None => return,
			},
			hash = transactions.next() => match hash {
				Some(hash) => {
					if let Some(report) = pool.ready_transaction(&hash).and_then(|tx| decode(&tx.data().encode())) {
						// The pool may have it before the block that opens its round is read.
						if !ledger.is_own(&report) {
							let best = client.info().best_hash;
							own(&client, best, report.0, &keystore, &mut ledger);
						}
						ledger.sent(report);
					}
				},
				None => return,
			},
			complete => return,
		}
	}
}

/// The report in an encoded extrinsic, if it is one.
fn decode(extrinsic: &[u8]) -> Option<Report> {
	let extrinsic = UncheckedExtrinsic::decode_all(&mut &*extrinsic).ok()?;
	match extrinsic.function {
		RuntimeCall::Probes(pallet_surety_probes::Call::commit { round, index, .. }) => {
			Some((round, index, Step::Commit))
		},
		RuntimeCall::Probes(pallet_surety_probes::Call::reveal { round, index, .. }) => {
			Some((round, index, Step::Reveal))
		},
		_ => None,
	}
}

/// Count what is new in the state of a best block.
fn read(client: &FullClient, at: Hash, keystore: &KeystorePtr, ledger: &mut Ledger, metrics: &Metrics) {
	let Ok(round) = client.runtime_api().round(at).map(|info| info.round) else {
		return;
	};
	let open: BTreeSet<RoundIndex> = [round.checked_sub(1), Some(round)].into_iter().flatten().collect();
	for of in open {
		own(client, at, of, keystore, ledger);
		for index in ledger.own.get(&of).cloned().unwrap_or_default() {
			let key = Reports::<Runtime>::hashed_key_for(of, index);
			let steps: &[Step] = match stored::<Sent>(client, at, key) {
				None => &[],
				Some(Sent::Committed(_)) => &[Step::Commit],
				Some(Sent::Revealed(_)) => &[Step::Commit, Step::Reveal],
			};
			for step in steps {
				if ledger.seen((of, index, *step)) {
					metrics.report(match step {
						Step::Commit => Phase::Committed,
						Step::Reveal => Phase::Revealed,
					});
				}
			}
		}
	}
	for _ in 0..ledger.pass(round) {
		metrics.report(Phase::Rejected);
	}
}

/// Find this node's keys in a round's snapshot, once.
fn own(client: &FullClient, at: Hash, round: RoundIndex, keystore: &KeystorePtr, ledger: &mut Ledger) {
	if ledger.own.contains_key(&round) {
		return;
	}
	let key = Snapshots::<Runtime>::hashed_key_for(round);
	let Some(snapshot) = stored::<Snapshot<AccountId>>(client, at, key) else {
		return;
	};
	let mine = keystore.sr25519_public_keys(PROB);
	let own = snapshot
		.probers
		.iter()
		.zip(0u16..)
		.filter(|(prober, _)| mine.contains(&sr25519::Public::from(prober.key.clone())))
		.map(|(_, index)| index)
		.collect();
	ledger.own.insert(round, own);
}

fn stored<T: DecodeAll>(client: &FullClient, at: Hash, key: Vec<u8>) -> Option<T> {
	let data = StorageProvider::<Block, FullBackend>::storage(client, at, &StorageKey(key)).ok()??;
	T::decode_all(&mut data.0.as_slice()).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn ledger() -> Ledger {
		Ledger { own: BTreeMap::from([(7, BTreeSet::from([3]))]), ..Ledger::default() }
	}

	#[test]
	fn a_report_on_chain_is_news_once() {
		let mut ledger = ledger();
		ledger.sent((7, 3, Step::Commit));
		assert!(ledger.seen((7, 3, Step::Commit)));
		assert!(!ledger.seen((7, 3, Step::Commit)));
		assert!(ledger.seen((7, 3, Step::Reveal)));
		assert_eq!(ledger.pass(8), 0);
		assert_eq!(ledger.pass(9), 0);
	}

	#[test]
	fn a_report_that_is_sent_and_not_on_chain_in_time_is_rejected_once() {
		let mut ledger = ledger();
		ledger.sent((7, 3, Step::Commit));
		ledger.sent((7, 3, Step::Reveal));
		assert_eq!(ledger.pass(7), 0);
		assert_eq!(ledger.pass(8), 1);
		assert_eq!(ledger.pass(8), 0);
		assert_eq!(ledger.pass(9), 1);
		assert_eq!(ledger.pass(9), 0);
	}

	#[test]
	fn reports_of_others_do_not_count() {
		let mut ledger = ledger();
		ledger.sent((7, 4, Step::Commit));
		ledger.sent((6, 3, Step::Commit));
		assert_eq!(ledger.pass(9), 0);
	}

	#[test]
	fn closed_rounds_are_forgotten() {
		let mut ledger = ledger();
		ledger.seen((7, 3, Step::Commit));
		ledger.pass(10);
		assert!(ledger.own.is_empty() && ledger.seen.is_empty() && ledger.sent.is_empty());
	}

	#[test]
	fn what_is_no_report_is_passed_over() {
		assert_eq!(decode(&[]), None);
		assert_eq!(decode(&[4, 5, 1, 2, 3]), None);
	}
}
