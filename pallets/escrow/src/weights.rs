//! Weights of `pallet_surety_escrow`.
//!
//! Set by hand from the reads and writes of the code; the benchmarks of this pallet replace this file.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(dead_code)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_surety_escrow`.
pub trait WeightInfo {
	fn settle() -> Weight;
	fn deliver() -> Weight;
	fn force_close() -> Weight;
	fn agenda(b: u32, ) -> Weight;
	fn wake() -> Weight;
}

/// Weights for `pallet_surety_escrow` on the node's reference hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn settle() -> Weight {
		Weight::from_parts(160_000_000, 24_000)
			.saturating_add(T::DbWeight::get().reads(16_u64))
			.saturating_add(T::DbWeight::get().writes(14_u64))
	}
	fn deliver() -> Weight {
		Weight::from_parts(170_000_000, 24_000)
			.saturating_add(T::DbWeight::get().reads(13_u64))
			.saturating_add(T::DbWeight::get().writes(12_u64))
	}
	fn force_close() -> Weight {
		Weight::from_parts(190_000_000, 24_000)
			.saturating_add(T::DbWeight::get().reads(17_u64))
			.saturating_add(T::DbWeight::get().writes(15_u64))
	}
	/// The range of component `b` is `[1, 16]`.
	fn agenda(b: u32, ) -> Weight {
		Weight::from_parts(3_000_000, 1_489)
			.saturating_add(Weight::from_parts(1_500_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(b.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2_500).saturating_mul(b.into()))
	}
	fn wake() -> Weight {
		Weight::from_parts(190_000_000, 24_000)
			.saturating_add(T::DbWeight::get().reads(17_u64))
			.saturating_add(T::DbWeight::get().writes(15_u64))
	}
}

// For tests.
impl WeightInfo for () {
	fn settle() -> Weight {
		Weight::from_parts(160_000_000, 24_000)
			.saturating_add(ParityDbWeight::get().reads(16_u64))
			.saturating_add(ParityDbWeight::get().writes(14_u64))
	}
	fn deliver() -> Weight {
		Weight::from_parts(170_000_000, 24_000)
			.saturating_add(ParityDbWeight::get().reads(13_u64))
			.saturating_add(ParityDbWeight::get().writes(12_u64))
	}
	fn force_close() -> Weight {
		Weight::from_parts(190_000_000, 24_000)
			.saturating_add(ParityDbWeight::get().reads(17_u64))
			.saturating_add(ParityDbWeight::get().writes(15_u64))
	}
	fn agenda(b: u32, ) -> Weight {
		Weight::from_parts(3_000_000, 1_489)
			.saturating_add(Weight::from_parts(1_500_000, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(b.into())))
			.saturating_add(ParityDbWeight::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2_500).saturating_mul(b.into()))
	}
	fn wake() -> Weight {
		Weight::from_parts(190_000_000, 24_000)
			.saturating_add(ParityDbWeight::get().reads(17_u64))
			.saturating_add(ParityDbWeight::get().writes(15_u64))
	}
}
