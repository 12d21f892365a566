// SPDX-License-Identifier: Apache-2.0

//! Weights of `frame_system_extensions` in this runtime, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-20: 20 steps, 10 repeats,
//! CPU `AMD EPYC`. Do not edit: measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{RuntimeDbWeight, Weight},
};

/// Measured weights of `frame_system_extensions`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> frame_system::ExtensionsWeightInfo for Measured<Db> {
	fn check_genesis() -> Weight {
		// Minimum measured: 1_362 ns. Proof recorded: 0 bytes.
		Weight::from_parts(1_512_000, 0)
	}
	fn check_mortality_mortal_transaction() -> Weight {
		// Minimum measured: 2_894 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_926_000, 0)
	}
	fn check_mortality_immortal_transaction() -> Weight {
		// Minimum measured: 2_965 ns. Proof recorded: 0 bytes.
		Weight::from_parts(4_106_000, 0)
	}
	fn check_non_zero_sender() -> Weight {
		// Minimum measured: 440 ns. Proof recorded: 0 bytes.
		Weight::from_parts(571_000, 0)
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn check_nonce() -> Weight {
		// Minimum measured: 5_799 ns. Proof recorded: 101 bytes.
		Weight::from_parts(7_111_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	fn check_spec_version() -> Weight {
		// Minimum measured: 350 ns. Proof recorded: 0 bytes.
		Weight::from_parts(411_000, 0)
	}
	fn check_tx_version() -> Weight {
		// Minimum measured: 341 ns. Proof recorded: 0 bytes.
		Weight::from_parts(410_000, 0)
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn check_weight() -> Weight {
		// Minimum measured: 5_237 ns. Proof recorded: 128 bytes.
		Weight::from_parts(6_810_000, 1513)
			.saturating_add(Db::get().reads(1_u64))
	}
	fn weight_reclaim() -> Weight {
		// Minimum measured: 1_533 ns. Proof recorded: 0 bytes.
		Weight::from_parts(2_383_000, 0)
	}
}
