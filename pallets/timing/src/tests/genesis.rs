// SPDX-License-Identifier: Apache-2.0

//! Settings that genesis accepts and refuses.

use crate::{
	EraTimings, GenesisConfig, MAX_BONDING_ERAS, Settings, TimingPreset, Timings, mock::*,
};
use frame::{deps::frame_support, testing_prelude::*};

fn broken(change: impl FnOnce(&mut Timings)) -> Result<(), &'static str> {
	let mut timings = TimingPreset::production();
	change(&mut timings);
	timings.check()
}

#[test]
fn genesis_stores_each_preset() {
	for preset in [TimingPreset::dev(), TimingPreset::local(), TimingPreset::production()] {
		build_and_execute(preset, || assert_eq!(Settings::<Test>::get(), preset));
	}
}

#[test]
fn the_presets_follow_the_table_of_the_design() {
	let [dev, local, production] =
		[TimingPreset::dev(), TimingPreset::local(), TimingPreset::production()];
	let row = |t: Timings| {
		(t.slot_ms, t.round_blocks, t.window_rounds, t.private_endpoints, t.proof_of_control)
	};
	assert_eq!(row(dev), (1_000, 5, 12, true, false));
	assert_eq!(row(local), (2_000, 6, 12, true, false));
	assert_eq!(row(production), (6_000, 10, 1_440, false, true));
}

#[test]
fn a_bond_of_production_is_free_after_a_week() {
	let eras = TimingPreset::production_eras();
	assert_eq!(eras.bonding_sessions(), 168);
	let blocks = eras.bonding_sessions() * u64::from(TimingPreset::production().epoch_blocks);
	assert_eq!(blocks * TimingPreset::production().slot_ms, 7 * 24 * 60 * 60 * 1_000);
}

#[test]
fn a_broken_bound_of_eras_is_named() {
	let broken = |change: fn(&mut EraTimings)| {
		let mut eras = TimingPreset::production_eras();
		change(&mut eras);
		eras.check()
	};
	let cases: [(&str, Result<(), &str>); 5] = [
		("sessions", broken(|e| e.sessions = 0)),
		("bonding", broken(|e| e.bonding = 1)),
		("bonding", broken(|e| e.bonding = MAX_BONDING_ERAS + 1)),
		("slashDefer", broken(|e| e.slash_defer = u32::MAX)),
		// The bond is free a session before this slash.
		("slashDefer", broken(|e| e.slash_defer = e.bonding - 1)),
	];
	for (field, outcome) in cases {
		assert!(outcome.unwrap_err().starts_with(field), "{field}: {outcome:?}");
	}
	assert_eq!(EraTimings { sessions: 1, bonding: 2, slash_defer: 0 }.check(), Ok(()));
	assert_eq!(TimingPreset::test_eras().check(), Ok(()));
}

#[test]
#[should_panic(expected = "timing: slashDefer: a slash comes before the bond is free")]
fn genesis_refuses_broken_eras() {
	let eras = EraTimings { sessions: 1, bonding: 2, slash_defer: 1 };
	GenesisConfig::<Test> { eras, ..Default::default() }.build_storage().unwrap();
}

#[test]
fn a_broken_bound_is_named() {
	let cases: [(&str, Result<(), &str>); 5] = [
		("slotMs", broken(|t| t.slot_ms = 999)),
		("roundBlocks", broken(|t| t.round_blocks = 4)),
		("epochBlocks", broken(|t| t.epoch_blocks = 9)),
		("windowRounds", broken(|t| t.window_rounds = 0)),
		("windowRounds", broken(|t| (t.round_blocks, t.epoch_blocks) = (1 << 30, 1 << 30))),
	];
	for (field, outcome) in cases {
		assert!(outcome.unwrap_err().starts_with(field), "{field}: {outcome:?}");
	}
}

#[test]
fn the_bounds_themselves_are_allowed() {
	let shortest = Timings {
		slot_ms: 1_000,
		epoch_blocks: 5,
		round_blocks: 5,
		window_rounds: 1,
		private_endpoints: false,
		proof_of_control: false,
	};
	build_and_execute(shortest, || {});
}

#[test]
#[should_panic(expected = "timing: roundBlocks: a round has at least 5 blocks")]
fn genesis_refuses_a_broken_clock() {
	build_and_execute(Timings { round_blocks: 4, ..TimingPreset::dev() }, || {});
}

#[test]
fn genesis_without_settings_is_a_production_chain() {
	let genesis = GenesisConfig::<Test>::default();
	assert_eq!(genesis.timings, TimingPreset::production());
	assert_eq!(genesis.eras, TimingPreset::production_eras());
}

#[test]
fn clients_read_the_settings_in_the_order_of_the_struct() {
	build_and_execute(TimingPreset::dev(), || {
		let key = Settings::<Test>::hashed_key();
		let raw: Timings = frame_support::storage::unhashed::get(&key).unwrap();
		assert_eq!(raw, TimingPreset::dev());
		assert_eq!(raw.encoded_size(), 8 + 4 + 4 + 2 + 1 + 1);
	});
}
