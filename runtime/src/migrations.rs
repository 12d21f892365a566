// SPDX-License-Identifier: Apache-2.0

//! Migrations of a running chain. Each says by what it finds in the state that it has run.

use crate::{Runtime, Session, Timing, genesis};
use frame_support::{traits::OnRuntimeUpgrade, weights::Weight};
use pallet_staking::{self as staking, ActiveEraInfo};
use pallet_surety_timing::{Eras, TimingPreset};
use surety_primitives::EndpointRules;

#[cfg(feature = "try-runtime")]
use {alloc::vec::Vec, sp_runtime::TryRuntimeError};

/// Migrations that run in the first block of a new runtime, in this order.
pub type SingleBlock = (StartStaking,);

/// Migrations that take several blocks, in this order. Transactions wait for them, and so do the
/// sweeps of the market.
#[cfg(not(feature = "runtime-benchmarks"))]
pub type MultiBlock = ();

/// Start of staking on a chain with a fixed validator set. The set stays until the minimum number
/// of candidates stand with a bond, from which on each era elects its own. Until then offences
/// disable, and slash nothing, because nobody has a bond.
pub struct StartStaking;

impl OnRuntimeUpgrade for StartStaking {
	fn on_runtime_upgrade() -> Weight {
		let db = <Runtime as frame_system::Config>::DbWeight::get();
		if staking::CurrentEra::<Runtime>::exists() {
			return db.reads(1);
		}
		let private = Timing::private_allowed();
		if private {
			Eras::<Runtime>::put(TimingPreset::test_eras());
		}
		// Genesis does the same for a new chain.
		let set = u32::try_from(Session::validators().len()).unwrap_or(u32::MAX);
		staking::ValidatorCount::<Runtime>::put(genesis::SEATS);
		staking::MinimumValidatorCount::<Runtime>::put(genesis::MINIMUM_VALIDATORS.min(set));
		staking::MinValidatorBond::<Runtime>::put(genesis::minimum_validator_bond(private));
		staking::MaxValidatorsCount::<Runtime>::put(genesis::MAX_CANDIDATES);
		staking::MaxNominatorsCount::<Runtime>::put(0);
		// Era 0 has the present set, without bonds.
		let session = Session::current_index();
		staking::CurrentEra::<Runtime>::put(0);
		staking::ActiveEra::<Runtime>::put(ActiveEraInfo { index: 0, start: None });
		staking::ErasStartSessionIndex::<Runtime>::insert(0, session);
		staking::BondedEras::<Runtime>::put(alloc::vec![(0, session)]);
		db.reads_writes(4, 10)
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(_: Vec<u8>) -> Result<(), TryRuntimeError> {
		frame_support::ensure!(
			staking::CurrentEra::<Runtime>::exists() && staking::ActiveEra::<Runtime>::exists(),
			"staking has no era"
		);
		frame_support::ensure!(
			staking::MinimumValidatorCount::<Runtime>::get() > 0,
			"one candidate could become the whole set"
		);
		Ok(())
	}
}
