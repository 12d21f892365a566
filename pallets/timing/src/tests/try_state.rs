// SPDX-License-Identifier: Apache-2.0

//! Invariants fail on corrupted state.

use crate::{Eras, Settings, TimingPreset, Timings, mock::*};
use frame::testing_prelude::*;

/// Invariant 1, for each setting.
#[test]
fn invariant_1_fails_for_settings_out_of_bounds() {
	let corruptions: [fn(&mut Timings); 4] = [
		|t| t.slot_ms = 0,
		|t| t.epoch_blocks = 0,
		|t| t.round_blocks = 0,
		|t| t.window_rounds = 0,
	];
	for corrupt in corruptions {
		build_and_execute(TimingPreset::dev(), || {
			hypothetically!({
				Settings::<Test>::mutate(corrupt);
				assert!(Timing::do_try_state().is_err());
			});
		});
	}
}

/// Invariant 1, for eras.
#[test]
fn invariant_1_fails_for_eras_out_of_bounds() {
	build_and_execute(TimingPreset::dev(), || {
		hypothetically!({
			Eras::<Test>::mutate(|eras| eras.sessions = 0);
			assert!(Timing::do_try_state().is_err());
		});
	});
}

/// The clock divides by the settings: zeros must not panic.
#[test]
fn zeroed_settings_do_not_panic() {
	use surety_primitives::Clock;
	build_and_execute(TimingPreset::dev(), || {
		hypothetically!({
			Settings::<Test>::mutate(|t| (t.round_blocks, t.window_rounds) = (0, 0));
			assert_eq!((Timing::round(), Timing::clock().window), (0, 0));
		});
	});
}
