// SPDX-License-Identifier: Apache-2.0

//! Invariants of every pallet, over the state that is current.

use pallet_staking as staking;
use surety_runtime::{
	governance::voting::{held_by_market, voting_lock},
	*,
};

/// Check the invariants of every pallet.
pub fn check() {
	pallet_surety_timing::Pallet::<Runtime>::do_try_state().expect("timing");
	pallet_surety_operators::Pallet::<Runtime>::do_try_state().expect("operators");
	pallet_surety_probes::Pallet::<Runtime>::do_try_state().expect("probes");
	pallet_surety_sla::Pallet::<Runtime>::do_try_state().expect("sla");
	pallet_surety_escrow::Pallet::<Runtime>::do_try_state().expect("escrow");
	pallet_surety_reputation::Pallet::<Runtime>::do_try_state().expect("reputation");
	pallet_surety_compute_orders::Pallet::<Runtime>::do_try_state().expect("compute orders");
	pallet_surety_usage::Pallet::<Runtime>::do_try_state().expect("usage");
	check_bonds();
	check_votes();
}

/// Check that the locks of voters lie on tokens outside of the market.
pub fn check_votes() {
	for (who, _) in pallet_balances::Locks::<Runtime>::iter() {
		let Some(lock) = voting_lock(&who) else { continue };
		let votes = pallet_conviction_voting::ClassLocksFor::<Runtime>::get(&who)
			.iter()
			.map(|(_, amount)| *amount)
			.max()
			.unwrap_or_default();
		assert_eq!(lock, votes + held_by_market(&who));
	}
}

/// Check the bonds of validators as the staking pallet does, whose own checks are compiled with
/// `try-runtime` only: `live_state` makes them.
fn check_bonds() {
	use frame_support::traits::fungible::InspectHold as _;
	let reason = RuntimeHoldReason::Staking(staking::HoldReason::Staking);
	let bonded: Vec<_> = staking::Bonded::<Runtime>::iter().collect();
	for (stash, controller) in &bonded {
		assert_eq!(stash, controller);
		let ledger = staking::Ledger::<Runtime>::get(stash).expect("a bond has a ledger");
		assert_eq!(ledger.total, Balances::balance_on_hold(&reason, stash));
		let unlocking = ledger.unlocking.iter().map(|chunk| chunk.value).sum::<Balance>();
		assert_eq!(ledger.total, ledger.active + unlocking);
		assert!(staking::Payee::<Runtime>::contains_key(stash));
	}
	assert_eq!(staking::Ledger::<Runtime>::iter().count(), bonded.len());
	for candidate in staking::Validators::<Runtime>::iter_keys() {
		assert!(staking::Bonded::<Runtime>::contains_key(candidate));
	}
	assert_eq!(staking::Nominators::<Runtime>::count(), 0);
	assert!(staking::ActiveEra::<Runtime>::exists());
}
