// SPDX-License-Identifier: Apache-2.0

//! `Get` types of the runtime's configuration.

use crate::{
	BlockRefTime, BondingBlocks, BondingEras, BondingSessions, EpochLength, EraSessions, Eras,
	ExpectedBlockTime, MinimumPeriod, SlashDeferEras, TimingPreset, mock::*,
};
use frame::testing_prelude::*;
use surety_primitives::{Clock, EndpointRules};

fn all() -> (u64, u64, u64, u64) {
	(
		MinimumPeriod::<Test>::get(),
		EpochLength::<Test>::get(),
		ExpectedBlockTime::<Test>::get(),
		BlockRefTime::<Test>::get(),
	)
}

fn eras() -> (u32, u32, u32, u64, u64) {
	(
		EraSessions::<Test>::get(),
		BondingEras::<Test>::get(),
		SlashDeferEras::<Test>::get(),
		BondingSessions::<Test>::get(),
		BondingBlocks::<Test>::get(),
	)
}

#[test]
fn getters_follow_the_eras_of_the_chain() {
	build_and_execute(TimingPreset::local(), || {
		Eras::<Test>::put(TimingPreset::test_eras());
		assert_eq!(eras(), (1, 4, 1, 4, 240));
	});
	build_and_execute(TimingPreset::production(), || {
		assert_eq!(eras(), (6, 28, 26, 168, 100_800));
	});
}

#[test]
fn getters_follow_the_slot_of_the_chain() {
	build_and_execute(TimingPreset::dev(), || {
		assert_eq!(all(), (500, 60, 1_000, 500_000_000_000));
	});
	build_and_execute(TimingPreset::local(), || {
		assert_eq!(all(), (1_000, 60, 2_000, 1_000_000_000_000));
	});
	build_and_execute(TimingPreset::production(), || {
		assert_eq!(all(), (3_000, 600, 6_000, 3_000_000_000_000));
	});
}

#[test]
fn empty_state_reads_as_a_production_chain() {
	TestState::new_empty().execute_with(|| {
		assert_eq!(all(), (3_000, 600, 6_000, 3_000_000_000_000));
		assert_eq!((Timing::round_blocks(), Timing::window_rounds()), (10, 1_440));
		assert_eq!((Timing::private_allowed(), Timing::proof_required()), (false, true));
		assert_eq!(eras(), (6, 28, 26, 168, 100_800));
		assert_eq!(Timing::do_try_state(), Ok(()));
	});
}
