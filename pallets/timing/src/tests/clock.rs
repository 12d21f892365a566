// SPDX-License-Identifier: Apache-2.0

//! Rounds and windows of a block.

use crate::{ClockReading, TimingPreset, mock::*};
use proptest::prelude::*;
use surety_primitives::{Clock, EndpointRules};

#[test]
fn a_block_is_in_one_round_and_one_window() {
	build_and_execute(TimingPreset::dev(), || {
		System::set_block_number(5 * 12 * 3 + 5 * 2 + 4);
		assert_eq!(
			Timing::clock(),
			ClockReading {
				block: 194,
				round: 38,
				round_offset: 4,
				window: 3,
				window_offset: 2,
				next_round_at: 195,
				next_window_at: 240,
			}
		);
		assert_eq!((Timing::now(), Timing::round(), Timing::window_blocks()), (194, 38, 60));
	});
}

#[test]
fn settings_and_rules_are_those_of_genesis() {
	build_and_execute(TimingPreset::local(), || {
		assert_eq!((Timing::private_allowed(), Timing::proof_required()), (true, false));
		assert_eq!(
			(Timing::slot_ms(), Timing::round_blocks(), Timing::window_rounds()),
			(2_000, 6, 12)
		);
	});
	build_and_execute(TimingPreset::production(), || {
		assert_eq!((Timing::private_allowed(), Timing::proof_required()), (false, true));
	});
}

#[test]
fn the_largest_block_number_has_a_round() {
	build_and_execute(TimingPreset::dev(), || {
		System::set_block_number(u32::MAX);
		let reading = Timing::clock();
		assert_eq!(reading.round, u32::MAX / 5);
		assert!(reading.next_window_at >= reading.block);
	});
}

proptest! {
	#[test]
	fn a_reading_agrees_with_itself(block in 0u32..1 << 30) {
		build_and_execute(TimingPreset::local(), || {
			System::set_block_number(block);
			let r = Timing::clock();
			assert_eq!(r.round * 6 + r.round_offset, block);
			assert_eq!(r.window * 12 + r.window_offset, r.round);
			assert!(r.round_offset < 6 && r.window_offset < 12);
			assert_eq!(Timing::round_at(r.next_round_at), r.round + 1);
			assert_eq!(Timing::round_at(r.next_round_at - 1), r.round);
			assert_eq!(Timing::window_of(Timing::round_at(r.next_window_at)), r.window + 1);
			assert_eq!(Timing::window_of(Timing::round_at(r.next_window_at - 1)), r.window);
		});
	}
}
