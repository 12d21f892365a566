// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_escrow`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-29: 50 steps, 20 repeats,
//! CPU `AMD EPYC`. Do not edit: change the benchmarks and measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the calls and hooks.
pub trait WeightInfo {
	fn settle() -> Weight;
	fn deliver() -> Weight;
	fn force_close() -> Weight;
	fn agenda(b: u32, ) -> Weight;
	fn wake() -> Weight;
	fn wake_read() -> Weight;
	fn wake_suspending() -> Weight;
	fn start() -> Weight;
	fn extend() -> Weight;
	fn suspend() -> Weight;
	fn top_up_hold() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:3)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn settle() -> Weight {
		// Minimum measured: 189_411 ns. Proof recorded: 29375 bytes.
		Weight::from_parts(203_993_000, 33048)
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:4 w:4)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	fn deliver() -> Weight {
		// Minimum measured: 149_431 ns. Proof recorded: 1297 bytes.
		Weight::from_parts(160_287_000, 11426)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:3)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn force_close() -> Weight {
		// Minimum measured: 258_693 ns. Proof recorded: 29330 bytes.
		Weight::from_parts(277_411_000, 33048)
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	/// Storage: `Escrow::Cursor` (r:1 w:1)
	/// Proof: `Escrow::Cursor` (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:16 w:0)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	/// `b` is in `[1, 16]`.
	fn agenda(b: u32, ) -> Weight {
		// Minimum measured: 8_933 ns. Proof recorded: 79 bytes.
		Weight::from_parts(6_020_579, 3478)
			// +- 2_175
			.saturating_add(Weight::from_parts(3_460_421, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2500).saturating_mul(b.into()))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:4 w:4)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Agreements` (r:1 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:1)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn wake() -> Weight {
		// Minimum measured: 230_662 ns. Proof recorded: 29419 bytes.
		Weight::from_parts(260_666_000, 33048)
			.saturating_add(Db::get().reads(11_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn wake_read() -> Weight {
		// Minimum measured: 76_553 ns. Proof recorded: 28499 bytes.
		Weight::from_parts(82_121_000, 33048)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:3)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `ComputeOrders::Orders` (r:1 w:0)
	/// Proof: `ComputeOrders::Orders` (`max_values`: None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:1)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn wake_suspending() -> Weight {
		// Minimum measured: 194_157 ns. Proof recorded: 29389 bytes.
		Weight::from_parts(211_965_000, 33048)
			.saturating_add(Db::get().reads(10_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:1)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn start() -> Weight {
		// Minimum measured: 81_421 ns. Proof recorded: 28404 bytes.
		Weight::from_parts(87_289_000, 33048)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn extend() -> Weight {
		// Minimum measured: 83_383 ns. Proof recorded: 28512 bytes.
		Weight::from_parts(87_400_000, 33048)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn suspend() -> Weight {
		// Minimum measured: 79_208 ns. Proof recorded: 28512 bytes.
		Weight::from_parts(83_454_000, 33048)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	fn top_up_hold() -> Weight {
		// Minimum measured: 55_632 ns. Proof recorded: 998 bytes.
		Weight::from_parts(60_490_000, 3854)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn settle() -> Weight {
		Measured::<ParityDbWeight>::settle()
	}
	fn deliver() -> Weight {
		Measured::<ParityDbWeight>::deliver()
	}
	fn force_close() -> Weight {
		Measured::<ParityDbWeight>::force_close()
	}
	fn agenda(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::agenda(b, )
	}
	fn wake() -> Weight {
		Measured::<ParityDbWeight>::wake()
	}
	fn wake_read() -> Weight {
		Measured::<ParityDbWeight>::wake_read()
	}
	fn wake_suspending() -> Weight {
		Measured::<ParityDbWeight>::wake_suspending()
	}
	fn start() -> Weight {
		Measured::<ParityDbWeight>::start()
	}
	fn extend() -> Weight {
		Measured::<ParityDbWeight>::extend()
	}
	fn suspend() -> Weight {
		Measured::<ParityDbWeight>::suspend()
	}
	fn top_up_hold() -> Weight {
		Measured::<ParityDbWeight>::top_up_hold()
	}
}
