// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_utility` in this runtime, measured.
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

/// Measured weights of `pallet_utility`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_utility::WeightInfo for Measured<Db> {
	/// `c` is in `[0, 1000]`.
	fn batch(c: u32, ) -> Weight {
		// Minimum measured: 3_194 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_275_000, 0)
			// +- 793_270
			.saturating_add(Weight::from_parts(13_376_111, 0).saturating_mul(c.into()))
	}
	fn as_derivative() -> Weight {
		// Minimum measured: 3_415 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_936_000, 0)
	}
	/// `c` is in `[0, 1000]`.
	fn batch_all(c: u32, ) -> Weight {
		// Minimum measured: 3_245 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_395_000, 0)
			// +- 765_786
			.saturating_add(Weight::from_parts(15_089_573, 0).saturating_mul(c.into()))
	}
	fn dispatch_as() -> Weight {
		// Minimum measured: 4_767 ns. Proof recorded: 0 bytes.
		Weight::from_parts(4_947_000, 0)
	}
	/// `c` is in `[0, 1000]`.
	fn force_batch(c: u32, ) -> Weight {
		// Minimum measured: 3_205 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_335_000, 0)
			// +- 735_029
			.saturating_add(Weight::from_parts(13_932_529, 0).saturating_mul(c.into()))
	}
	fn dispatch_as_fallible() -> Weight {
		// Minimum measured: 4_647 ns. Proof recorded: 0 bytes.
		Weight::from_parts(4_787_000, 0)
	}
	fn if_else() -> Weight {
		// Minimum measured: 5_838 ns. Proof recorded: 0 bytes.
		Weight::from_parts(6_570_000, 0)
	}
}
