//! Weights of `pallet_surety_probes`, estimated from the reads and writes of the code; `make weights` measures them and writes over this file.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};

/// Weight functions needed for `pallet_surety_probes`.
pub trait WeightInfo {
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(b: u32) -> Weight;
	fn authorize_reveal(b: u32) -> Weight;
	fn idle() -> Weight;
	fn open_round(n: u32) -> Weight;
	fn fold(n: u32, s: u32) -> Weight;
	fn judge_page(r: u32) -> Weight;
	fn close_round() -> Weight;
}

/// Weights using the node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn commit() -> Weight {
		Weight::from_parts(25_000_000, 11_000)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(80_000_000, 11_000)
			.saturating_add(T::DbWeight::get().reads(3))
	}
	/// The range of component `b` is `[0, 2048]`.
	fn reveal(b: u32) -> Weight {
		Weight::from_parts(60_000_000, 13_000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// The range of component `b` is `[0, 2048]`.
	fn authorize_reveal(b: u32) -> Weight {
		Weight::from_parts(60_000_000, 13_000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(3))
	}
	fn idle() -> Weight {
		Weight::from_parts(2_000_000, 1_500)
			.saturating_add(T::DbWeight::get().reads(1))
	}
	/// The range of component `n` is `[0, 128]`.
	fn open_round(n: u32) -> Weight {
		Weight::from_parts(60_000_000, 11_000)
			.saturating_add(Weight::from_parts(60_000, 64).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(70))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// The range of component `n` is `[0, 128]`.
	/// The range of component `s` is `[0, 2048]`.
	fn fold(n: u32, s: u32) -> Weight {
		Weight::from_parts(80_000_000, 15_000)
			.saturating_add(Weight::from_parts(20_000_000, 2_100).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(5_000_000, 250).saturating_mul(s.into()))
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// The range of component `r` is `[0, 128]`.
	fn judge_page(r: u32) -> Weight {
		Weight::from_parts(40_000_000, 34_000)
			.saturating_add(Weight::from_parts(3_500_000, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close_round() -> Weight {
		Weight::from_parts(40_000_000, 15_000)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}

// For tests.
impl WeightInfo for () {
	fn commit() -> Weight {
		Weight::from_parts(25_000_000, 11_000)
			.saturating_add(RocksDbWeight::get().reads(2))
			.saturating_add(RocksDbWeight::get().writes(1))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(80_000_000, 11_000)
			.saturating_add(RocksDbWeight::get().reads(3))
	}
	fn reveal(b: u32) -> Weight {
		Weight::from_parts(60_000_000, 13_000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(RocksDbWeight::get().reads(3))
			.saturating_add(RocksDbWeight::get().writes(1))
	}
	fn authorize_reveal(b: u32) -> Weight {
		Weight::from_parts(60_000_000, 13_000)
			.saturating_add(Weight::from_parts(5_000, 0).saturating_mul(b.into()))
			.saturating_add(RocksDbWeight::get().reads(3))
	}
	fn idle() -> Weight {
		Weight::from_parts(2_000_000, 1_500)
			.saturating_add(RocksDbWeight::get().reads(1))
	}
	fn open_round(n: u32) -> Weight {
		Weight::from_parts(60_000_000, 11_000)
			.saturating_add(Weight::from_parts(60_000, 64).saturating_mul(n.into()))
			.saturating_add(RocksDbWeight::get().reads(70))
			.saturating_add(RocksDbWeight::get().writes(2))
	}
	fn fold(n: u32, s: u32) -> Weight {
		Weight::from_parts(80_000_000, 15_000)
			.saturating_add(Weight::from_parts(20_000_000, 2_100).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(5_000_000, 250).saturating_mul(s.into()))
			.saturating_add(RocksDbWeight::get().reads(19))
			.saturating_add(RocksDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(RocksDbWeight::get().writes(2))
			.saturating_add(RocksDbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	fn judge_page(r: u32) -> Weight {
		Weight::from_parts(40_000_000, 34_000)
			.saturating_add(Weight::from_parts(3_500_000, 0).saturating_mul(r.into()))
			.saturating_add(RocksDbWeight::get().reads(3))
			.saturating_add(RocksDbWeight::get().writes(3))
	}
	fn close_round() -> Weight {
		Weight::from_parts(40_000_000, 15_000)
			.saturating_add(RocksDbWeight::get().reads(3))
			.saturating_add(RocksDbWeight::get().writes(3))
	}
}
