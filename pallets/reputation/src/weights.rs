//! Weights of `pallet_surety_reputation`, estimated from the reads and writes of the code; `make weights` measures
//! them and writes over this file.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(dead_code)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{Weight, constants::ParityDbWeight}};

/// Weight functions needed for `pallet_surety_reputation`.
pub trait WeightInfo {
	fn window() -> Weight;
	fn breach() -> Weight;
}

/// Weights of `pallet_surety_reputation` by the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:1 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(113), added: 2588, mode: `MaxEncodedLen`)
	fn window() -> Weight {
		// Proof Size summary in bytes:
		Weight::from_parts(20_000_000, 3578)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(113), added: 2588, mode: `MaxEncodedLen`)
	fn breach() -> Weight {
		// Proof Size summary in bytes:
		Weight::from_parts(15_000_000, 3578)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn window() -> Weight {
		Weight::from_parts(20_000_000, 3578)
			.saturating_add(ParityDbWeight::get().reads(3_u64))
			.saturating_add(ParityDbWeight::get().writes(2_u64))
	}
	fn breach() -> Weight {
		Weight::from_parts(15_000_000, 3578)
			.saturating_add(ParityDbWeight::get().reads(2_u64))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
	}
}
