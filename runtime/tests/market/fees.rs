// SPDX-License-Identifier: Apache-2.0

//! Fees: every signed call of every pallet pays one.

use crate::{
	actors::*,
	calls,
	fixture::{Fixture, account},
};
use frame_support::dispatch::{GetDispatchInfo, Pays};
use frame_support::traits::GetCallMetadata;
use pallet_surety_probes as probes;
use sp_core::Pair as _;
use std::collections::BTreeSet;
use surety_primitives::AssetId;
use surety_runtime::*;

/// Signed calls that pay no fee: none.
const FREE: [&str; 0] = [];

/// All calls of the runtime with their names.
fn all_calls() -> Vec<(String, RuntimeCall)> {
	let named = |call: RuntimeCall| {
		let name = call.get_call_metadata();
		(format!("{}.{}", name.pallet_name, name.function_name), call)
	};
	calls::one_of_each().into_iter().map(named).collect()
}

#[test]
fn every_call_pays_but_for_a_list_by_name() {
	Fixture::new().peek(|| {
		let calls = all_calls();
		let pallets: BTreeSet<_> =
			calls.iter().map(|(name, _)| name.split('.').next().unwrap().to_owned()).collect();
		for pallet in [
			"Probes",
			"Sla",
			"Operators",
			"Escrow",
			"ComputeOrders",
			"Reputation",
			"Usage",
			"Sudo",
			"Staking",
		] {
			assert!(pallets.contains(pallet), "no call of {pallet} was found");
		}
		let free: Vec<_> = calls
			.iter()
			.filter(|(_, call)| call.get_dispatch_info().pays_fee == Pays::No)
			.map(|(name, _)| name.as_str())
			.collect();
		assert_eq!(free, FREE);
	});
}

/// Regression: staking gives the fee of `reap_stash` back, whatever number of slashing spans its
/// sender names and fills the block with.
#[test]
fn no_sender_chooses_the_weight_of_a_free_call() {
	let mut chain = Fixture::new();
	let reap =
		pallet_staking::Call::reap_stash { stash: account(STRANGER), num_slashing_spans: 10_000 };
	let before = chain.total(AssetId::Native, STRANGER);
	let outcome = chain.signed(STRANGER, reap).expect("it is included");
	assert_eq!(outcome, Err(frame_system::Error::<Runtime>::CallFiltered.into()));
	assert!(before - chain.total(AssetId::Native, STRANGER) > UNIT / 10, "it pays for its weight");
	chain.check();
}

#[test]
fn reports_that_anybody_signs_pay_fees_and_change_nothing() {
	let mut chain = Fixture::new();
	chain.operator(AssetId::Native);
	let round = chain.round();
	let key = sp_core::sr25519::Pair::from_seed(&[7; 32]);
	let signature = key.sign(b"anything").into();
	let calls: Vec<RuntimeCall> = vec![
		probes::Call::commit { round, index: 0, hash: [1; 32], signature }.into(),
		probes::Call::reveal {
			round: round - 1,
			index: 0,
			salt: [1; 32],
			report: vec![0; 100].try_into().unwrap(),
		}
		.into(),
	];
	for call in calls {
		let before = chain.total(AssetId::Native, STRANGER);
		let name = call.get_call_metadata().function_name;
		// The transaction is included and the call refuses it: only the workers of probers may send
		// it.
		assert!(chain.signed(STRANGER, call).expect("the pool takes what pays").is_err());
		let paid = before - chain.total(AssetId::Native, STRANGER);
		assert!(paid > MILLI / 10, "{name} cost {paid}");
	}
	chain.check();
}

#[test]
fn reports_of_probers_cost_nothing() {
	let mut chain = Fixture::new();
	chain.operator(AssetId::Native);
	let total = |chain: &mut Fixture| {
		crate::fixture::PROBERS.map(|who| chain.total(AssetId::Native, who)).iter().sum::<u128>()
	};
	let before = total(&mut chain);
	chain.rounds(3);
	assert!(total(&mut chain) >= before);
	chain.check();
}
