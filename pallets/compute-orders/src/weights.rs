//! Weights of `pallet_surety_compute_orders`: estimates, to be measured.
//!
//! In the form that `make weights` writes. Do not edit: change the benchmarks and measure.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// What each call and hook of `pallet_surety_compute_orders` weighs.
pub trait WeightInfo {
	fn declare_capacity() -> Weight;
	fn place_order(r: u32, ) -> Weight;
	fn cancel_order(r: u32, ) -> Weight;
	fn place_bid() -> Weight;
	fn update_bid() -> Weight;
	fn withdraw_bid() -> Weight;
	fn accept_bid() -> Weight;
	fn report_ready() -> Weight;
	fn decline() -> Weight;
	fn close_lease() -> Weight;
	fn extend() -> Weight;
	fn top_up() -> Weight;
	fn remove_order(l: u32, b: u32, ) -> Weight;
	fn agenda(b: u32, ) -> Weight;
	fn look(b: u32, ) -> Weight;
	fn look_without_bids() -> Weight;
	fn never_ready() -> Weight;
	fn expire() -> Weight;
	fn fail() -> Weight;
	fn marked() -> Weight;
	fn ending() -> Weight;
	fn ended() -> Weight;
	fn parked() -> Weight;
}

/// The weights, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	fn declare_capacity() -> Weight {
		Weight::from_parts(60_000_000, 16000)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	fn place_order(r: u32, ) -> Weight {
		Weight::from_parts(90_000_000, 28000)
			.saturating_add(Weight::from_parts(70_000_000, 12000).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(4_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().writes(5_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(6_u64))
	}
	fn cancel_order(r: u32, ) -> Weight {
		Weight::from_parts(60_000_000, 16000)
			.saturating_add(Weight::from_parts(80_000_000, 12000).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(4_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().writes(4_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	fn place_bid() -> Weight {
		Weight::from_parts(150_000_000, 52000)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	fn update_bid() -> Weight {
		Weight::from_parts(80_000_000, 22000)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(4_u64))
	}
	fn withdraw_bid() -> Weight {
		Weight::from_parts(90_000_000, 25000)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(7_u64))
	}
	fn accept_bid() -> Weight {
		Weight::from_parts(130_000_000, 46000)
			.saturating_add(Db::get().reads(14_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	fn report_ready() -> Weight {
		Weight::from_parts(350_000_000, 94000)
			.saturating_add(Db::get().reads(30_u64))
			.saturating_add(Db::get().writes(24_u64))
	}
	fn decline() -> Weight {
		Weight::from_parts(130_000_000, 34000)
			.saturating_add(Db::get().reads(10_u64))
			.saturating_add(Db::get().writes(10_u64))
	}
	fn close_lease() -> Weight {
		Weight::from_parts(250_000_000, 52000)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(12_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(60_000_000, 13000)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(100_000_000, 25000)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(6_u64))
	}
	fn remove_order(l: u32, b: u32, ) -> Weight {
		Weight::from_parts(80_000_000, 16000)
			.saturating_add(Weight::from_parts(12_000_000, 3000).saturating_mul(l.into()))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(l.into())))
			.saturating_add(Db::get().writes(3_u64.saturating_mul(l.into())))
			.saturating_add(Weight::from_parts(45_000_000, 12000).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(4_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(5_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	fn agenda(b: u32, ) -> Weight {
		Weight::from_parts(5_000_000, 7000)
			.saturating_add(Weight::from_parts(3_000_000, 3000).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	fn look(b: u32, ) -> Weight {
		Weight::from_parts(700_000_000, 124000)
			.saturating_add(Weight::from_parts(60_000_000, 24000).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(8_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(2_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().reads(40_u64))
			.saturating_add(Db::get().writes(60_u64))
	}
	fn look_without_bids() -> Weight {
		Self::look(0)
	}
	fn never_ready() -> Weight {
		Weight::from_parts(180_000_000, 46000)
			.saturating_add(Db::get().reads(14_u64))
			.saturating_add(Db::get().writes(14_u64))
	}
	fn expire() -> Weight {
		Weight::from_parts(200_000_000, 46000)
			.saturating_add(Db::get().reads(14_u64))
			.saturating_add(Db::get().writes(10_u64))
	}
	fn fail() -> Weight {
		Weight::from_parts(260_000_000, 64000)
			.saturating_add(Db::get().reads(20_u64))
			.saturating_add(Db::get().writes(18_u64))
	}
	fn marked() -> Weight {
		Weight::from_parts(80_000_000, 22000)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	fn ending() -> Weight {
		Weight::from_parts(70_000_000, 19000)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(6_u64))
	}
	fn ended() -> Weight {
		Weight::from_parts(250_000_000, 70000)
			.saturating_add(Db::get().reads(22_u64))
			.saturating_add(Db::get().writes(20_u64))
	}
	fn parked() -> Weight {
		Weight::from_parts(250_000_000, 70000)
			.saturating_add(Db::get().reads(22_u64))
			.saturating_add(Db::get().writes(20_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn declare_capacity() -> Weight {
		Measured::<ParityDbWeight>::declare_capacity()
	}
	fn place_order(r: u32, ) -> Weight {
		Measured::<ParityDbWeight>::place_order(r, )
	}
	fn cancel_order(r: u32, ) -> Weight {
		Measured::<ParityDbWeight>::cancel_order(r, )
	}
	fn place_bid() -> Weight {
		Measured::<ParityDbWeight>::place_bid()
	}
	fn update_bid() -> Weight {
		Measured::<ParityDbWeight>::update_bid()
	}
	fn withdraw_bid() -> Weight {
		Measured::<ParityDbWeight>::withdraw_bid()
	}
	fn accept_bid() -> Weight {
		Measured::<ParityDbWeight>::accept_bid()
	}
	fn report_ready() -> Weight {
		Measured::<ParityDbWeight>::report_ready()
	}
	fn decline() -> Weight {
		Measured::<ParityDbWeight>::decline()
	}
	fn close_lease() -> Weight {
		Measured::<ParityDbWeight>::close_lease()
	}
	fn extend() -> Weight {
		Measured::<ParityDbWeight>::extend()
	}
	fn top_up() -> Weight {
		Measured::<ParityDbWeight>::top_up()
	}
	fn remove_order(l: u32, b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::remove_order(l, b, )
	}
	fn agenda(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::agenda(b, )
	}
	fn look(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::look(b, )
	}
	fn look_without_bids() -> Weight {
		Self::look(0)
	}
	fn never_ready() -> Weight {
		Measured::<ParityDbWeight>::never_ready()
	}
	fn expire() -> Weight {
		Measured::<ParityDbWeight>::expire()
	}
	fn fail() -> Weight {
		Measured::<ParityDbWeight>::fail()
	}
	fn marked() -> Weight {
		Measured::<ParityDbWeight>::marked()
	}
	fn ending() -> Weight {
		Measured::<ParityDbWeight>::ending()
	}
	fn ended() -> Weight {
		Measured::<ParityDbWeight>::ended()
	}
	fn parked() -> Weight {
		Measured::<ParityDbWeight>::parked()
	}
}
