//! Weights of `pallet_surety_sla`, estimated from the reads and writes of the code; `make weights` measures them and writes over this file.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};

/// Weight functions needed for `pallet_surety_sla`.
pub trait WeightInfo {
	fn open_agreement() -> Weight;
	fn top_up() -> Weight;
	fn settle() -> Weight;
	fn close_agreement() -> Weight;
	fn claim() -> Weight;
	fn sweep_base() -> Weight;
	fn sweep_step() -> Weight;
	fn window_turned() -> Weight;
	fn heated() -> Weight;
	fn breached() -> Weight;
	fn ended() -> Weight;
	fn forget() -> Weight;
}

macro_rules! weights {
	($db:ty) => {
		fn open_agreement() -> Weight {
			Weight::from_parts(160_000_000, 40_000)
				.saturating_add(<$db>::get().reads(22_u64))
				.saturating_add(<$db>::get().writes(16_u64))
		}
		fn top_up() -> Weight {
			Weight::from_parts(60_000_000, 10_000)
				.saturating_add(<$db>::get().reads(6_u64))
				.saturating_add(<$db>::get().writes(4_u64))
		}
		fn settle() -> Weight {
			Weight::from_parts(130_000_000, 20_000)
				.saturating_add(<$db>::get().reads(15_u64))
				.saturating_add(<$db>::get().writes(9_u64))
		}
		fn close_agreement() -> Weight {
			Weight::from_parts(60_000_000, 15_000)
				.saturating_add(<$db>::get().reads(7_u64))
				.saturating_add(<$db>::get().writes(4_u64))
		}
		fn claim() -> Weight {
			Weight::from_parts(70_000_000, 15_000)
				.saturating_add(<$db>::get().reads(6_u64))
				.saturating_add(<$db>::get().writes(5_u64))
		}
		fn sweep_base() -> Weight {
			Weight::from_parts(10_000_000, 4_000)
				.saturating_add(<$db>::get().reads(2_u64))
				.saturating_add(<$db>::get().writes(1_u64))
		}
		fn sweep_step() -> Weight {
			Weight::from_parts(110_000_000, 20_000)
				.saturating_add(<$db>::get().reads(12_u64))
				.saturating_add(<$db>::get().writes(8_u64))
		}
		fn window_turned() -> Weight {
			Weight::from_parts(40_000_000, 10_000)
				.saturating_add(<$db>::get().reads(7_u64))
				.saturating_add(<$db>::get().writes(9_u64))
		}
		fn heated() -> Weight {
			Weight::from_parts(15_000_000, 6_000)
				.saturating_add(<$db>::get().reads(4_u64))
		}
		fn breached() -> Weight {
			Weight::from_parts(170_000_000, 30_000)
				.saturating_add(<$db>::get().reads(16_u64))
				.saturating_add(<$db>::get().writes(14_u64))
		}
		fn ended() -> Weight {
			Weight::from_parts(150_000_000, 30_000)
				.saturating_add(<$db>::get().reads(14_u64))
				.saturating_add(<$db>::get().writes(11_u64))
		}
		fn forget() -> Weight {
			Weight::from_parts(120_000_000, 20_000)
				.saturating_add(<$db>::get().reads(6_u64))
				.saturating_add(<$db>::get().writes(70_u64))
		}
	};
}

/// Weights for `pallet_surety_sla` with the database weights of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	weights!(T::DbWeight);
}

// For backwards compatibility and tests.
impl WeightInfo for () {
	weights!(RocksDbWeight);
}
