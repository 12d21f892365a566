//! Counts what becomes of this node's reports, from the chain's own state.
//!
//! A commit counts when the state of a best block has it, a reveal likewise. A report that this node sent
//! to its pool but that is not on chain when its time is over counts as rejected.

use super::metrics::{Metrics, Phase};
use crate::service::{FullBackend, FullClient, FullPool};
use codec::{Compact, Decode, DecodeAll, DecodeLimit, Encode};
use frame_support::traits::PalletInfoAccess;
use futures::StreamExt;
use pallet_surety_probes::{Reports, Sent, Snapshot, Snapshots};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::generic::Preamble;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use surety_primitives::{RoundIndex, crypto::PROB};
use surety_runtime::{
	AccountId, Address, Hash, Probes, Runtime, Signature, TxExtension, opaque::Block,
};
use surety_runtime_api::SuretyApi;

/// Rounds that a report is awaited in: its own, the next, in whose first blocks its commit may land, and the one
/// after that, in whose first blocks its reveal may.
const OPEN: RoundIndex = 3;
/// Longest report's transaction in bytes: a byte for each of 65,536 due services, and what is around them.
const MAX_EXTRINSIC: usize = 128 * 1024;
/// Levels to which a report's call may nest: it has none.
const MAX_DEPTH: u32 = 4;

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
			Step::Commit => of.saturating_add(1) < round,
			Step::Reveal => of.saturating_add(2) < round,
		};
		let rejected =
			self.sent.iter().filter(|report| late(report) && !self.seen.contains(report)).count();
		self.sent.retain(|report| !late(report));
		let oldest = round.saturating_sub(OPEN);
		self.seen.retain(|(of, _, _)| *of >= oldest);
		self.own.retain(|of, _| *of >= oldest);
		rejected
	}
}

/// Watch pool and chain.
pub async fn watch(
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	keystore: KeystorePtr,
	metrics: Metrics,
) {
	let mut ledger = Ledger::default();
	let mut blocks = client
		.import_notification_stream()
		.filter(|block| futures::future::ready(block.is_new_best))
		.fuse();
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
///
/// Anybody may fill the pool, and a batch of batches costs a decoder a stack frame for each: so no other call than the
/// two that can be a report is decoded.
fn decode(extrinsic: &[u8]) -> Option<Report> {
	if extrinsic.len() > MAX_EXTRINSIC {
		return None;
	}
	let mut rest = extrinsic;
	Compact::<u32>::decode(&mut rest).ok()?;
	// A report is authorized by its own signature; what an account signs is none.
	let Preamble::General(_) =
		Preamble::<Address, Signature, TxExtension>::decode(&mut rest).ok()?
	else {
		return None;
	};
	let (pallet, mut call) = rest.split_first()?;
	if usize::from(*pallet) != Probes::index() {
		return None;
	}
	match pallet_surety_probes::Call::<Runtime>::decode_all_with_depth_limit(MAX_DEPTH, &mut call)
		.ok()?
	{
		pallet_surety_probes::Call::commit { round, index, .. } => {
			Some((round, index, Step::Commit))
		},
		pallet_surety_probes::Call::reveal { round, index, .. } => {
			Some((round, index, Step::Reveal))
		},
		_ => None,
	}
}

/// Count what is new in the state of a best block.
fn read(
	client: &FullClient,
	at: Hash,
	keystore: &KeystorePtr,
	ledger: &mut Ledger,
	metrics: &Metrics,
) {
	let Ok(round) = client.runtime_api().round(at).map(|info| info.round) else {
		return;
	};
	for of in round.saturating_sub(OPEN.saturating_sub(1))..=round {
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
fn own(
	client: &FullClient,
	at: Hash,
	round: RoundIndex,
	keystore: &KeystorePtr,
	ledger: &mut Ledger,
) {
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
	let data =
		StorageProvider::<Block, FullBackend>::storage(client, at, &StorageKey(key)).ok()??;
	T::decode_all(&mut data.0.as_slice()).ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_system::offchain::CreateAuthorizedTransaction;
	use sp_runtime::traits::ExtensionVariant;
	use surety_runtime::{RuntimeCall, UncheckedExtrinsic};

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
		for round in 8..12 {
			assert_eq!(ledger.pass(round), 0);
		}
	}

	#[test]
	fn a_report_that_is_sent_and_not_on_chain_in_time_is_rejected_once() {
		let mut ledger = ledger();
		ledger.sent((7, 3, Step::Commit));
		ledger.sent((7, 3, Step::Reveal));
		let rejected: Vec<usize> = [7, 8, 9, 9, 10, 10].map(|round| ledger.pass(round)).into();
		assert_eq!(rejected, [0, 0, 1, 0, 1, 0]);
	}

	#[test]
	fn reports_of_others_do_not_count() {
		let mut ledger = ledger();
		ledger.sent((7, 4, Step::Commit));
		ledger.sent((6, 3, Step::Commit));
		assert_eq!(ledger.pass(10), 0);
	}

	#[test]
	fn closed_rounds_are_forgotten() {
		let mut ledger = ledger();
		ledger.seen((7, 3, Step::Commit));
		ledger.pass(11);
		assert!(ledger.own.is_empty() && ledger.seen.is_empty() && ledger.sent.is_empty());
	}

	/// A transaction that carries its own authorization, with any bytes as its call.
	fn general(call: &[u8]) -> Vec<u8> {
		let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
		let preamble =
			Preamble::<Address, Signature, TxExtension>::General(ExtensionVariant::V0(extension));
		[preamble.encode(), call.to_vec()].concat().encode()
	}

	fn commit() -> RuntimeCall {
		let signature = sr25519::Signature::default().into();
		pallet_surety_probes::Call::commit { round: 7, index: 3, hash: [1; 32], signature }.into()
	}

	#[test]
	fn a_report_is_read_as_the_worker_sends_it() {
		let reveal = pallet_surety_probes::Call::reveal {
			round: 8,
			index: 4,
			salt: [2; 32],
			report: vec![1; 100].try_into().unwrap(),
		};
		sp_io::TestExternalities::default().execute_with(|| {
			let extension =
				<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
			let sent = UncheckedExtrinsic::new_transaction(commit(), extension);
			assert_eq!(decode(&sent.encode()), Some((7, 3, Step::Commit)));
			assert_eq!(decode(&general(&commit().encode())), Some((7, 3, Step::Commit)));
			let reveal = general(&RuntimeCall::Probes(reveal).encode());
			assert_eq!(decode(&reveal), Some((8, 4, Step::Reveal)));
		});
	}

	#[test]
	fn what_is_no_report_is_passed_over() {
		assert_eq!(decode(&[]), None);
		assert_eq!(decode(&[4, 5, 1, 2, 3]), None);
		sp_io::TestExternalities::default().execute_with(|| {
			let remark = frame_system::Call::remark { remark: vec![0; 8] };
			assert_eq!(decode(&general(&RuntimeCall::System(remark).encode())), None);
			assert_eq!(decode(&general(&[commit().encode(), vec![0]].concat())), None);
			assert_eq!(
				decode(&general(&[commit().encode(), vec![0; MAX_EXTRINSIC]].concat())),
				None
			);
			assert_eq!(decode(&UncheckedExtrinsic::new_bare(commit()).encode()), None);
		});
	}

	#[test]
	fn a_deeply_nested_batch_is_not_entered() {
		let batch: RuntimeCall = pallet_utility::Call::batch { calls: vec![] }.into();
		// Pallet, call, and that there is one in it.
		let mut level = batch.encode();
		*level.last_mut().unwrap() = Compact(1u32).encode()[0];
		let nested = [level.repeat(30_000), commit().encode()].concat();
		let sent = sp_io::TestExternalities::default().execute_with(|| general(&nested));
		assert!(sent.len() < MAX_EXTRINSIC);
		let decoding =
			std::thread::Builder::new().stack_size(512 * 1024).spawn(move || decode(&sent));
		assert_eq!(decoding.unwrap().join().unwrap(), None);
	}
}
