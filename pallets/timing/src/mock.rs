// SPDX-License-Identifier: Apache-2.0

//! Runtime with nothing but the clock.

use crate::{self as pallet_surety_timing, GenesisConfig, Timings};
use frame::testing_prelude::*;

type Block = MockBlockU32<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl crate::Config for Test {}

/// Run a test at block 1 of a chain with these settings, and check the invariants after it.
pub fn build_and_execute(timings: Timings, test: impl FnOnce()) {
	let genesis = GenesisConfig::<Test> { timings, ..Default::default() };
	let mut ext: TestState = genesis.build_storage().unwrap().into();
	ext.execute_with(|| {
		System::set_block_number(1);
		test();
		Timing::do_try_state().unwrap();
	});
}
