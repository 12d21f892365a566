// SPDX-License-Identifier: Apache-2.0

//! Metrics on the outcome of this node's reports, taken from the chain's state.
//!
//! A commit or reveal counts once the state of a best block contains it. A report that reached the
//! pool but is not on chain when its time is over counts as rejected.

use super::metrics::{Metrics, Phase};
use crate::client::{FullBackend, FullClient, FullPool};
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

/// Rounds in which a report is tracked: its own, the next one, whose first blocks may contain the
/// commit, and the one after that, whose first blocks may contain the reveal.
const TRACKED_ROUNDS: RoundIndex = 3;
/// Maximum length of a report's extrinsic in bytes: one byte for each of 65,536 due services, and
/// the envelope.
const MAX_EXTRINSIC: usize = 128 * 1024;
/// Maximum nesting of a report's call, which is flat.
const MAX_DEPTH: u32 = 4;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
	Commit,
	Reveal,
}

/// Report transaction of this node: round, index in the round's snapshot, step.
type Report = (RoundIndex, u16, Step);

/// Reports that were sent, and reports that are on chain.
#[derive(Default)]
struct ReportTracker {
	/// Indices of this node's keys in the snapshots of the tracked rounds.
	own: BTreeMap<RoundIndex, BTreeSet<u16>>,
	sent: BTreeSet<Report>,
	on_chain: BTreeSet<Report>,
}

impl ReportTracker {
	fn is_own(&self, (round, index, _): &Report) -> bool {
		self.own.get(round).is_some_and(|own| own.contains(index))
	}

	/// Handle a report that entered the pool.
	fn on_sent(&mut self, report: Report) {
		if self.is_own(&report) {
			self.sent.insert(report);
		}
	}

	/// Handle a report found in the state of a best block. Returns true the first time, also across
	/// forks.
	fn on_included(&mut self, report: Report) -> bool {
		self.on_chain.insert(report)
	}

	/// Handle a best block of `round`. Returns the number of reports that have become too late.
	fn on_round(&mut self, round: RoundIndex) -> usize {
		let late = |(of, _, step): &Report| match step {
			Step::Commit => of.saturating_add(1) < round,
			Step::Reveal => of.saturating_add(2) < round,
		};
		let missed = |report: &&Report| late(report) && !self.on_chain.contains(report);
		let rejected = self.sent.iter().filter(missed).count();
		self.sent.retain(|report| !late(report));
		let oldest = round.saturating_sub(TRACKED_ROUNDS);
		self.on_chain.retain(|(of, _, _)| *of >= oldest);
		self.own.retain(|of, _| *of >= oldest);
		rejected
	}
}

/// Watch the pool and the chain.
pub async fn watch(
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	keystore: KeystorePtr,
	metrics: Metrics,
) {
	let mut tracker = ReportTracker::default();
	let mut blocks = client
		.import_notification_stream()
		.filter(|block| futures::future::ready(block.is_new_best))
		.fuse();
	let mut transactions = pool.import_notification_stream().fuse();
	loop {
		futures::select! {
			block = blocks.next() => match block {
				Some(block) => on_block(&client, block.hash, &keystore, &mut tracker, &metrics),
				None => return,
			},
			hash = transactions.next() => match hash {
				Some(hash) => {
					let transaction = pool.ready_transaction(&hash);
					let report = transaction.and_then(|tx| decode(&tx.data().encode()));
					if let Some(report) = report {
						on_report(&client, report, &keystore, &mut tracker);
					}
				},
				None => return,
			},
			complete => return,
		}
	}
}

/// Handle a report that entered the pool.
fn on_report(
	client: &FullClient,
	report: Report,
	keystore: &KeystorePtr,
	tracker: &mut ReportTracker,
) {
	// The pool may have the report before the block that opens its round is processed.
	if !tracker.is_own(&report) {
		find_own(client, client.info().best_hash, report.0, keystore, tracker);
	}
	tracker.on_sent(report);
}

/// Decode an extrinsic that is a report.
///
/// The pool accepts extrinsics from anyone, and nested batches cost the decoder a stack frame per
/// level. Only the two calls that can be a report are therefore decoded.
fn decode(extrinsic: &[u8]) -> Option<Report> {
	if extrinsic.len() > MAX_EXTRINSIC {
		return None;
	}
	let mut rest = extrinsic;
	Compact::<u32>::decode(&mut rest).ok()?;
	// A report carries its own authorization, so a signed extrinsic cannot be one.
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

/// Count the reports that are new in the state of a best block.
fn on_block(
	client: &FullClient,
	at: Hash,
	keystore: &KeystorePtr,
	tracker: &mut ReportTracker,
	metrics: &Metrics,
) {
	let Ok(round) = client.runtime_api().round(at).map(|info| info.round) else {
		return;
	};
	for of in round.saturating_sub(TRACKED_ROUNDS.saturating_sub(1))..=round {
		find_own(client, at, of, keystore, tracker);
		for index in tracker.own.get(&of).cloned().unwrap_or_default() {
			let key = Reports::<Runtime>::hashed_key_for(of, index);
			let steps: &[Step] = match stored::<Sent>(client, at, key) {
				None => &[],
				Some(Sent::Committed(_)) => &[Step::Commit],
				Some(Sent::Revealed(_)) => &[Step::Commit, Step::Reveal],
			};
			for step in steps {
				if tracker.on_included((of, index, *step)) {
					metrics.report(match step {
						Step::Commit => Phase::Committed,
						Step::Reveal => Phase::Revealed,
					});
				}
			}
		}
	}
	for _ in 0..tracker.on_round(round) {
		metrics.report(Phase::Rejected);
	}
}

/// Find this node's keys in a round's snapshot, unless they are known.
fn find_own(
	client: &FullClient,
	at: Hash,
	round: RoundIndex,
	keystore: &KeystorePtr,
	tracker: &mut ReportTracker,
) {
	if tracker.own.contains_key(&round) {
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
	tracker.own.insert(round, own);
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
	use proptest::{collection::vec, prelude::*};
	use sp_runtime::traits::ExtensionVariant;
	use surety_runtime::{RuntimeCall, UncheckedExtrinsic};

	fn tracker() -> ReportTracker {
		ReportTracker { own: BTreeMap::from([(7, BTreeSet::from([3]))]), ..Default::default() }
	}

	#[test]
	fn a_report_on_chain_counts_once() {
		let mut tracker = tracker();
		tracker.on_sent((7, 3, Step::Commit));
		assert!(tracker.on_included((7, 3, Step::Commit)));
		assert!(!tracker.on_included((7, 3, Step::Commit)));
		assert!(tracker.on_included((7, 3, Step::Reveal)));
		for round in 8..12 {
			assert_eq!(tracker.on_round(round), 0);
		}
	}

	#[test]
	fn a_report_not_on_chain_in_time_is_rejected_once() {
		let mut tracker = tracker();
		tracker.on_sent((7, 3, Step::Commit));
		tracker.on_sent((7, 3, Step::Reveal));
		let rejected = [7, 8, 9, 9, 10, 10].map(|round| tracker.on_round(round));
		assert_eq!(rejected, [0, 0, 1, 0, 1, 0]);
	}

	#[test]
	fn reports_of_others_do_not_count() {
		let mut tracker = tracker();
		tracker.on_sent((7, 4, Step::Commit));
		tracker.on_sent((6, 3, Step::Commit));
		assert_eq!(tracker.on_round(10), 0);
	}

	#[test]
	fn closed_rounds_are_dropped() {
		let mut tracker = tracker();
		tracker.on_included((7, 3, Step::Commit));
		tracker.on_round(11);
		assert!(tracker.own.is_empty() && tracker.on_chain.is_empty() && tracker.sent.is_empty());
	}

	/// Transaction that carries its own authorization, with arbitrary bytes as its call.
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
	fn a_report_is_decoded_as_the_worker_sends_it() {
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
	fn extrinsics_that_are_no_report_are_ignored() {
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

	/// Report in an extrinsic as the runtime decodes it.
	fn decoded_by_the_runtime(extrinsic: &[u8]) -> Option<Report> {
		let extrinsic = UncheckedExtrinsic::decode_all(&mut &*extrinsic).ok()?;
		let Preamble::General(_) = extrinsic.preamble else { return None };
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

	proptest! {
		#[test]
		fn any_extrinsic_may_come_from_a_peer(
			bytes: Vec<u8>,
			changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
			cut: prop::sample::Index,
		) {
			let report = vec![1; 20].try_into().unwrap();
			let reveal = pallet_surety_probes::Call::reveal {
				round: 8, index: 4, salt: [2; 32], report,
			};
			sp_io::TestExternalities::default().execute_with(|| {
				let known = [
					general(&commit().encode()),
					general(&RuntimeCall::Probes(reveal).encode()),
					general(&bytes),
				];
				for known in known {
					let mut changed = known.clone();
					for (at, byte) in &changes {
						let at = at.index(changed.len());
						changed[at] = *byte;
					}
					let cut = &changed[..cut.index(changed.len())];
					for extrinsic in [bytes.as_slice(), &changed, cut] {
						let report = decoded_by_the_runtime(extrinsic);
						assert!(report.is_none() || decode(extrinsic) == report, "{extrinsic:?}");
						let _ = decode(extrinsic);
					}
				}
			});
		}
	}

	#[test]
	fn a_deeply_nested_batch_is_not_decoded() {
		let batch: RuntimeCall = pallet_utility::Call::batch { calls: vec![] }.into();
		// Pallet index, call index, and a vector of length one.
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
