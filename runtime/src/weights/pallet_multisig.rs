// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_multisig` in this runtime, measured.
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

/// Measured weights of `pallet_multisig`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_multisig::WeightInfo for Measured<Db> {
	/// `z` is in `[0, 10000]`.
	fn as_multi_threshold_1(z: u32, ) -> Weight {
		// Minimum measured: 15_343 ns. Proof recorded: 0 bytes.
		Weight::from_parts(16_549_358, 0)
			// +- 170
			.saturating_add(Weight::from_parts(6_969, 0).saturating_mul(z.into()))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	/// `z` is in `[0, 10000]`.
	fn as_multi_create(s: u32, z: u32, ) -> Weight {
		// Minimum measured: 32_138 ns. Proof recorded: 42 bytes.
		Weight::from_parts(27_949_143, 4634)
			// +- 101_059
			.saturating_add(Weight::from_parts(663_089, 0).saturating_mul(s.into()))
			// +- 308
			.saturating_add(Weight::from_parts(6_247, 0).saturating_mul(z.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[3, 32]`.
	/// `z` is in `[0, 10000]`.
	fn as_multi_approve(s: u32, z: u32, ) -> Weight {
		// Minimum measured: 24_667 ns. Proof recorded: 248 bytes.
		Weight::from_parts(19_979_506, 4634)
			// +- 61_426
			.saturating_add(Weight::from_parts(342_742, 0).saturating_mul(s.into()))
			// +- 180
			.saturating_add(Weight::from_parts(6_063, 0).saturating_mul(z.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	/// `z` is in `[0, 10000]`.
	fn as_multi_complete(s: u32, z: u32, ) -> Weight {
		// Minimum measured: 34_662 ns. Proof recorded: 368 bytes.
		Weight::from_parts(8_000_187, 4634)
			// +- 176_914
			.saturating_add(Weight::from_parts(1_611_911, 0).saturating_mul(s.into()))
			// +- 539
			.saturating_add(Weight::from_parts(8_341, 0).saturating_mul(z.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	fn approve_as_multi_create(s: u32, ) -> Weight {
		// Minimum measured: 21_833 ns. Proof recorded: 42 bytes.
		Weight::from_parts(16_627_669, 4634)
			// +- 162_736
			.saturating_add(Weight::from_parts(1_830_345, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	fn approve_as_multi_approve(s: u32, ) -> Weight {
		// Minimum measured: 11_387 ns. Proof recorded: 248 bytes.
		Weight::from_parts(13_447_772, 4634)
			// +- 31_734
			.saturating_add(Weight::from_parts(214_541, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	fn cancel_as_multi(s: u32, ) -> Weight {
		// Minimum measured: 20_851 ns. Proof recorded: 248 bytes.
		Weight::from_parts(18_244_617, 4634)
			// +- 36_131
			.saturating_add(Weight::from_parts(540_344, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Multisig::Multisigs` (r:1 w:1)
	/// Proof: `Multisig::Multisigs` (`max_values`: None, `max_size`: Some(1169), added: 3644, mode: `MaxEncodedLen`)
	/// `s` is in `[2, 32]`.
	fn poke_deposit(s: u32, ) -> Weight {
		// Minimum measured: 19_279 ns. Proof recorded: 248 bytes.
		Weight::from_parts(18_451_858, 4634)
			// +- 61_681
			.saturating_add(Weight::from_parts(514_620, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}
