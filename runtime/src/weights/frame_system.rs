// SPDX-License-Identifier: Apache-2.0

//! Weights of `frame_system` in this runtime, measured.
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

/// Measured weights of `frame_system`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> frame_system::WeightInfo for Measured<Db> {
	/// `b` is in `[0, 3932160]`.
	fn remark(b: u32, ) -> Weight {
		// Minimum measured: 2_353 ns. Proof recorded: 0 bytes.
		Weight::from_parts(2_424_000, 0)
			// +- 115
			.saturating_add(Weight::from_parts(1_089, 0).saturating_mul(b.into()))
	}
	/// `b` is in `[0, 3932160]`.
	fn remark_with_event(b: u32, ) -> Weight {
		// Minimum measured: 5_098 ns. Proof recorded: 0 bytes.
		Weight::from_parts(5_418_000, 0)
			// +- 208
			.saturating_add(Weight::from_parts(7_897, 0).saturating_mul(b.into()))
	}
	/// Storage: UNKNOWN KEY `0x3a686561707061676573` (r:0 w:1)
	/// Proof: UNKNOWN KEY `0x3a686561707061676573` (r:0 w:1)
	fn set_heap_pages() -> Weight {
		// Minimum measured: 2_744 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_505_000, 0)
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: UNKNOWN KEY `0x3a636f6465` (r:0 w:1)
	/// Proof: UNKNOWN KEY `0x3a636f6465` (r:0 w:1)
	fn set_code() -> Weight {
		// Minimum measured: 425_896_921 ns. Proof recorded: 128 bytes.
		Weight::from_parts(558_944_629_000, 1513)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Skipped::Metadata` (r:0 w:0)
	/// Proof: `Skipped::Metadata` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `i` is in `[0, 1000]`.
	fn set_storage(i: u32, ) -> Weight {
		// Minimum measured: 2_223 ns. Proof recorded: 0 bytes.
		Weight::from_parts(373_275_549, 0)
			// +- 591_642
			.saturating_add(Weight::from_parts(1_488_284, 0).saturating_mul(i.into()))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(i.into())))
	}
	/// Storage: `Skipped::Metadata` (r:0 w:0)
	/// Proof: `Skipped::Metadata` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `i` is in `[0, 1000]`.
	fn kill_storage(i: u32, ) -> Weight {
		// Minimum measured: 2_123 ns. Proof recorded: 0 bytes.
		Weight::from_parts(2_193_000, 0)
			// +- 255_554
			.saturating_add(Weight::from_parts(2_260_407, 0).saturating_mul(i.into()))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(i.into())))
	}
	/// Storage: `Skipped::Metadata` (r:0 w:0)
	/// Proof: `Skipped::Metadata` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `p` is in `[0, 1000]`.
	fn kill_prefix(p: u32, ) -> Weight {
		// Minimum measured: 3_926 ns. Proof recorded: 35 bytes.
		Weight::from_parts(3_956_000, 52)
			// +- 392_567
			.saturating_add(Weight::from_parts(5_497_142, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(p.into())))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(p.into())))
			.saturating_add(Weight::from_parts(0, 70).saturating_mul(p.into()))
	}
	/// Storage: `System::AuthorizedUpgrade` (r:0 w:1)
	/// Proof: `System::AuthorizedUpgrade` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	fn authorize_upgrade() -> Weight {
		// Minimum measured: 41_963 ns. Proof recorded: 0 bytes.
		Weight::from_parts(52_208_000, 0)
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::AuthorizedUpgrade` (r:1 w:1)
	/// Proof: `System::AuthorizedUpgrade` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: UNKNOWN KEY `0x3a636f6465` (r:0 w:1)
	/// Proof: UNKNOWN KEY `0x3a636f6465` (r:0 w:1)
	fn apply_authorized_upgrade() -> Weight {
		// Minimum measured: 181_050_705 ns. Proof recorded: 150 bytes.
		Weight::from_parts(590_205_349_000, 1518)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
}
