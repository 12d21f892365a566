// SPDX-License-Identifier: Apache-2.0

//! Upgrade of a chain whose validator set was that of genesis.

use crate::fixture::{Fixture, PROBERS, account};
use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade as _, PalletInfoAccess as _};
use pallet_staking as staking;
use pallet_surety_timing::{Eras, TimingPreset};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};
use surety_runtime::{migrations::StartStaking, *};

const BOND: Balance = 10_000 * UNIT;

/// Chain without staking, in its second session, just before the first block of this runtime.
fn before_staking(preset: &str) -> Fixture {
	let no_stakers = serde_json::json!({ "staking": { "stakers": [], "invulnerables": [] } });
	let mut chain = Fixture::with_changes(preset, no_stakers);
	chain.rounds(1);
	chain.peek(|| {
		let prefix = sp_io::hashing::twox_128(Staking::name().as_bytes());
		sp_io::storage::clear_prefix(&prefix, None);
		Eras::<Runtime>::kill();
		frame_system::LastRuntimeUpgrade::<Runtime>::kill();
	});
	chain
}

#[test]
fn staking_takes_over_once_the_minimum_stands() {
	let mut chain = before_staking("local_testnet");
	chain.block();
	assert_eq!(chain.peek(Staking::on_chain_storage_version), 16);
	assert_eq!(chain.peek(Eras::<Runtime>::get), TimingPreset::test_eras());
	assert_eq!(chain.peek(Staking::minimum_validator_count), 4);
	chain.check();
	for who in [Alice, Bob, Charlie] {
		chain.bond_with(who, BOND);
		chain.validate(who);
	}
	for _ in 0..4 {
		chain.next_session();
		assert_eq!((chain.validators(), chain.era()), (PROBERS.to_vec(), 0));
		chain.check();
	}
	chain.bond_with(Dave, BOND);
	chain.validate(Dave);
	chain.next_election();
	assert_eq!((chain.validators(), chain.era()), (PROBERS.to_vec(), 1));
	assert_eq!(chain.peek(|| Staking::eras_stakers(1, &account(Dave))).own, BOND);
	chain.check();
}

#[test]
fn a_public_chain_gets_the_eras_of_production() {
	let mut chain = before_staking("staging");
	chain.block();
	assert_eq!(chain.peek(Eras::<Runtime>::get), TimingPreset::production_eras());
	assert_eq!(chain.peek(staking::MinValidatorBond::<Runtime>::get), BOND);
	assert_eq!(chain.peek(staking::MaxNominatorsCount::<Runtime>::get), Some(0));
	chain.check();
}

#[test]
fn staking_that_has_begun_is_left_alone() {
	let mut chain = Fixture::new();
	chain.peek(|| {
		staking::ValidatorCount::<Runtime>::put(7);
		StartStaking::on_runtime_upgrade();
		assert_eq!(Staking::validator_count(), 7);
	});
	chain.check();
}
