// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_balances` in this runtime, measured.
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

/// Measured weights of `pallet_balances`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_balances::WeightInfo for Measured<Db> {
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn transfer_allow_death() -> Weight {
		// Minimum measured: 58_066 ns. Proof recorded: 103 bytes.
		Weight::from_parts(82_913_000, 6196)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn transfer_keep_alive() -> Weight {
		// Minimum measured: 44_877 ns. Proof recorded: 0 bytes.
		Weight::from_parts(51_787_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn force_set_balance_creating() -> Weight {
		// Minimum measured: 20_741 ns. Proof recorded: 39 bytes.
		Weight::from_parts(25_087_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn force_set_balance_killing() -> Weight {
		// Minimum measured: 16_374 ns. Proof recorded: 174 bytes.
		Weight::from_parts(24_146_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::Account` (r:3 w:3)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn force_transfer() -> Weight {
		// Minimum measured: 57_676 ns. Proof recorded: 243 bytes.
		Weight::from_parts(76_744_000, 8799)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn transfer_all() -> Weight {
		// Minimum measured: 54_331 ns. Proof recorded: 0 bytes.
		Weight::from_parts(57_656_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn force_unreserve() -> Weight {
		// Minimum measured: 13_279 ns. Proof recorded: 174 bytes.
		Weight::from_parts(14_271_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `System::Account` (r:1000 w:1000)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `u` is in `[1, 1000]`.
	fn upgrade_accounts(u: u32, ) -> Weight {
		// Minimum measured: 13_290 ns. Proof recorded: 0 bytes.
		Weight::from_parts(23_283_283_485, 990)
			// +- 9_726_702
			.saturating_add(Weight::from_parts(48_544_092, 0).saturating_mul(u.into()))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(u.into())))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(u.into())))
			.saturating_add(Weight::from_parts(0, 2603).saturating_mul(u.into()))
	}
	fn force_adjust_total_issuance() -> Weight {
		// Minimum measured: 3_915 ns. Proof recorded: 0 bytes.
		Weight::from_parts(4_217_000, 0)
	}
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn burn_allow_death() -> Weight {
		// Minimum measured: 39_349 ns. Proof recorded: 103 bytes.
		Weight::from_parts(55_994_000, 3593)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	fn burn_keep_alive() -> Weight {
		// Minimum measured: 17_576 ns. Proof recorded: 0 bytes.
		Weight::from_parts(22_063_000, 0)
	}
}
