//! Weights of `pallet_surety_reputation`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-20: 20 steps, 10 repeats,
//! CPU `AMD EPYC`. Do not edit: change the benchmarks and measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// What each call and hook of `pallet_surety_reputation` weighs.
pub trait WeightInfo {
	fn window() -> Weight;
	fn breach() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:1 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(113), added: 2588, mode: `MaxEncodedLen`)
	fn window() -> Weight {
		// Minimum measured: 13_790 ns. Proof recorded: 420 bytes.
		Weight::from_parts(15_853_000, 3578)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(113), added: 2588, mode: `MaxEncodedLen`)
	fn breach() -> Weight {
		// Minimum measured: 11_247 ns. Proof recorded: 380 bytes.
		Weight::from_parts(12_218_000, 3578)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn window() -> Weight {
		Measured::<ParityDbWeight>::window()
	}
	fn breach() -> Weight {
		Measured::<ParityDbWeight>::breach()
	}
}
