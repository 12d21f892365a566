// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_asset_rate` in this runtime, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-30:
//! 20 steps, 10 repeats, CPU `Intel(R) Xeon(R) Processor`.
//! Do not edit: measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{RuntimeDbWeight, Weight},
};

/// Measured weights of `pallet_asset_rate`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_asset_rate::WeightInfo for Measured<Db> {
	/// Storage: `AssetRate::ConversionRateToNative` (r:1 w:1)
	/// Proof: `AssetRate::ConversionRateToNative` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	fn create() -> Weight {
		// Minimum measured: 19_569 ns. Proof recorded: 76 bytes.
		Weight::from_parts(27_898_000, 3502)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `AssetRate::ConversionRateToNative` (r:1 w:1)
	/// Proof: `AssetRate::ConversionRateToNative` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	fn update() -> Weight {
		// Minimum measured: 18_263 ns. Proof recorded: 138 bytes.
		Weight::from_parts(23_531_000, 3502)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `AssetRate::ConversionRateToNative` (r:1 w:1)
	/// Proof: `AssetRate::ConversionRateToNative` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	fn remove() -> Weight {
		// Minimum measured: 17_611 ns. Proof recorded: 138 bytes.
		Weight::from_parts(29_819_000, 3502)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}
