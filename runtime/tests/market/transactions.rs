// SPDX-License-Identifier: Apache-2.0

//! Bytes that peers send as transactions: reports of probers, signed calls, and anything that looks
//! like them. Nothing panics, and nothing that was changed on the way is accepted.
//!
//! The extensions of a report (era, nonce, tip) are placeholders, which no signature covers. A
//! report with others is the same report: same call, same tag, so the pool and the chain take one
//! of them.

use crate::{
	actors::*,
	fixture::{Conduct, Fixture, PROBERS, account, up},
	fuzz::Random,
};
use codec::{Compact, DecodeAll, Encode};
use frame_support::storage::with_transaction;
use pallet_surety_probes as probes;
use proptest::prelude::*;
use sp_core::Pair;
use sp_runtime::{
	DispatchError, TransactionOutcome,
	generic::Preamble,
	transaction_validity::{TransactionSource, ValidTransaction},
};
use surety_primitives::{AssetId, RoundIndex};
use surety_runtime::*;

/// Salt of the reports.
const SALT: [u8; 32] = [9; 32];

/// Run code and undo what it did to the state.
pub fn undone<R>(f: impl FnOnce() -> R) -> R {
	let result = with_transaction(|| TransactionOutcome::Rollback(Ok::<R, DispatchError>(f())));
	result.unwrap_or_else(|error| panic!("the depth of transactions is not exceeded: {error:?}"))
}

/// Transaction of an extrinsic that the pool would take.
fn pooled(bytes: &[u8]) -> Option<(UncheckedExtrinsic, ValidTransaction)> {
	let extrinsic = UncheckedExtrinsic::decode_all(&mut &*bytes).ok()?;
	let source = TransactionSource::External;
	let parent = System::parent_hash();
	let valid = undone(|| Executive::validate_transaction(source, extrinsic.clone(), parent));
	valid.ok().map(|valid| (extrinsic, valid))
}

/// True if a block that is being built would take the extrinsic.
fn included(bytes: &[u8]) -> bool {
	let Ok(extrinsic) = UncheckedExtrinsic::decode_all(&mut &*bytes) else { return false };
	undone(|| matches!(Executive::apply_extrinsic(extrinsic), Ok(Ok(()))))
}

/// Market with a service, in which the first prober leaves its reports to the test.
fn market() -> Fixture {
	let mut chain = Fixture::new();
	chain.operator(AssetId::Native);
	chain.conduct[0] = Conduct::Absent;
	chain.rounds(1);
	chain
}

/// Index of the first prober in a round, and its report on all due targets.
fn report(round: RoundIndex) -> (u16, probes::Report) {
	let snapshot = probes::Snapshots::<Runtime>::get(round).expect("the round has a snapshot");
	let key = PROBERS[0].public().into();
	let (index, _) = snapshot.find(&key).expect("the prober is in the set");
	let report = vec![up().to_byte(); snapshot.targets as usize];
	(index, report.try_into().expect("the report fits"))
}

/// Extrinsic without a signer, as a prober's off-chain worker submits it.
fn authorized(call: probes::Call<Runtime>) -> Vec<u8> {
	let extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
		RuntimeCall,
	>>::create_extension();
	UncheckedExtrinsic::new_transaction(call.into(), extension).encode()
}

fn commit(round: RoundIndex) -> Vec<u8> {
	let (index, report) = report(round);
	let key = PROBERS[0].public().into();
	let genesis = System::block_hash(0);
	let hash = probes::commit_hash(genesis.as_ref(), round, &key, &SALT, &report);
	let payload = probes::commit_payload(genesis.as_ref(), round, &hash);
	let signature = PROBERS[0].pair().sign(&payload).into();
	authorized(probes::Call::commit { round, index, hash, signature })
}

fn reveal(round: RoundIndex) -> Vec<u8> {
	let (index, report) = report(round);
	authorized(probes::Call::reveal { round, index, salt: SALT, report })
}

/// Chain in which the pool takes the commit of the first prober.
fn with_commit() -> (Fixture, Vec<u8>) {
	let mut chain = market();
	let round = chain.round();
	let bytes = chain.peek(|| commit(round));
	(chain, bytes)
}

/// Chain in which the pool takes the reveal of the first prober.
fn with_reveal() -> (Fixture, Vec<u8>) {
	let (mut chain, bytes) = with_commit();
	let round = chain.round();
	chain.block_with(|| {
		let extrinsic = UncheckedExtrinsic::decode_all(&mut &bytes[..]).expect("it decodes");
		Executive::apply_extrinsic(extrinsic).expect("valid").expect("applied");
	});
	chain.until("reveals are open", 3, || {
		let next = System::block_number() + 1;
		probes::reveal_phase::<Timing>(round, next) == probes::Phase::Open
	});
	let bytes = chain.peek(|| reveal(round));
	(chain, bytes)
}

/// Signed transfer.
fn transfer() -> Vec<u8> {
	let mut extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
		RuntimeCall,
	>>::create_extension();
	extension.6 = frame_system::CheckNonce::from(System::account_nonce(account(TENANT)));
	let dest = account(STRANGER).into();
	let call: RuntimeCall =
		pallet_balances::Call::transfer_allow_death { dest, value: UNIT }.into();
	let payload = sp_runtime::generic::SignedPayload::new(call.clone(), extension.clone());
	let signature = payload
		.expect("the extension has its implicit values")
		.using_encoded(|bytes| TENANT.pair().sign(bytes));
	let sender = account(TENANT).into();
	UncheckedExtrinsic::new_signed(call, sender, signature.into(), extension).encode()
}

/// Assert that changed bytes are refused, or are the same report with other placeholders.
fn assert_refused_or_same(original: &[u8], changed: &[u8]) {
	let Some((extrinsic, valid)) = pooled(changed) else { return };
	let (its, known) = pooled(original).expect("the original is valid");
	assert_eq!(extrinsic.function, its.function, "{changed:?}");
	assert_eq!(valid.provides, known.provides, "{changed:?}");
	let signed = matches!(its.preamble, Preamble::Signed(..));
	assert!(!signed || original == changed, "a signature covers all bytes: {changed:?}");
}

/// Chains with a valid transaction each: a commit, a reveal, a signed transfer.
fn all() -> [(Fixture, Vec<u8>); 3] {
	let mut chain = market();
	let bytes = chain.peek(transfer);
	[with_commit(), with_reveal(), (chain, bytes)]
}

#[test]
fn a_transaction_with_any_byte_changed_is_refused_or_the_same_report() {
	for (mut chain, bytes) in all() {
		chain.peek(|| assert!(pooled(&bytes).is_some(), "the original is valid"));
		chain.peek(|| {
			for at in 0..bytes.len() {
				for mask in [0x01, 0x02, 0x40, 0x80, 0xff] {
					let mut changed = bytes.clone();
					changed[at] ^= mask;
					assert_refused_or_same(&bytes, &changed);
				}
				assert_refused_or_same(&bytes, &bytes[..at]);
			}
			assert_refused_or_same(&bytes, &[&bytes[..], &[0]].concat());
		});
		// A block refuses what the pool does.
		chain.block_with(|| {
			assert!(included(&bytes), "the original is applied");
			let call = |bytes: &[u8]| {
				UncheckedExtrinsic::decode_all(&mut &*bytes).map(|extrinsic| extrinsic.function)
			};
			let original = call(&bytes);
			for at in 0..bytes.len() {
				let mut changed = bytes.clone();
				changed[at] ^= 1;
				assert!(!included(&changed) || call(&changed) == original, "byte {at}");
			}
		});
		chain.check();
	}
}

#[test]
fn a_report_is_taken_once_whatever_its_placeholders() {
	for (mut chain, bytes) in [with_commit(), with_reveal()] {
		let other_tip = {
			let extrinsic = UncheckedExtrinsic::decode_all(&mut &bytes[..]).expect("it decodes");
			let mut extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
				RuntimeCall,
			>>::create_extension();
			extension.6 = frame_system::CheckNonce::from(7);
			UncheckedExtrinsic::new_transaction(extrinsic.function, extension).encode()
		};
		assert_ne!(bytes, other_tip);
		chain.block_with(|| {
			let apply = |bytes: &[u8]| {
				let extrinsic = UncheckedExtrinsic::decode_all(&mut &*bytes).expect("it decodes");
				Executive::apply_extrinsic(extrinsic)
			};
			assert_eq!(apply(&other_tip), Ok(Ok(())));
			assert!(apply(&bytes).is_err());
			assert!(apply(&other_tip).is_err());
		});
		chain.check();
	}
}

/// Bytes made from known transactions: parts of them, changes in them, and random ones.
fn mixed(random: &mut Random, known: &[Vec<u8>]) -> Vec<u8> {
	let one = random.pick(known).expect("there are some");
	let other = random.pick(known).expect("there are some");
	let cut = |random: &mut Random, bytes: &[u8]| random.below(bytes.len() as u64 + 1) as usize;
	let mut bytes = match random.below(5) {
		0 => (0..random.below(300)).map(|_| random.below(256) as u8).collect(),
		1 => {
			let (a, b) = (cut(random, &one), cut(random, &other));
			[&one[..a], &other[b..]].concat()
		},
		2 => {
			// The length in front fits.
			let length = cut(random, &one);
			one[one.len() - length..].encode()
		},
		3 => {
			// A list that claims to be longer than any.
			let at = cut(random, &one);
			let length = Compact(u32::MAX - random.below(9) as u32).encode();
			[&one[..at], &length[..], &one[at..]].concat()
		},
		_ => one.clone(),
	};
	for _ in 0..random.below(4) {
		if !bytes.is_empty() {
			let at = random.below(bytes.len() as u64) as usize;
			bytes[at] = random.below(256) as u8;
		}
	}
	bytes
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 0, ..Default::default() })]

	#[test]
	fn bytes_that_resemble_transactions_are_refused_or_the_same_report(seed: u64) {
		let mut all = all();
		let known: Vec<Vec<u8>> = all.iter().map(|(_, bytes)| bytes.clone()).collect();
		let mut random = Random(seed);
		let call = |bytes: &[u8]| {
			UncheckedExtrinsic::decode_all(&mut &*bytes).expect("it decodes").function
		};
		let calls: Vec<RuntimeCall> = known.iter().map(|bytes| call(bytes)).collect();
		for (chain, _) in &mut all {
			chain.peek(|| {
				for _ in 0..2_000 {
					let changed = mixed(&mut random, &known);
					if let Some((extrinsic, _)) = pooled(&changed) {
						// The transfer is valid on all three chains.
						assert!(calls.contains(&extrinsic.function), "{changed:?}");
					}
				}
			});
			chain.block_with(|| {
				for _ in 0..200 {
					included(&mixed(&mut random, &known));
				}
			});
			chain.check();
		}
	}
}
