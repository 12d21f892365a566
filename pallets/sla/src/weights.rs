// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_sla`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-29: 50 steps, 20 repeats,
//! CPU `AMD EPYC`. Do not edit: change the benchmarks and measure again.
//!
//! Reads and writes of `open_agreement`, `top_up_native` and `settle` were measured on 2026-11-30, on
//! another machine. Their computation is that of 2026-11-29, of the worst case.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the calls and hooks of `pallet_surety_sla`.
pub trait WeightInfo {
	fn open_agreement(a: u32, f: u32, ) -> Weight;
	fn endow_pot() -> Weight;
	fn open_lease_agreement() -> Weight;
	fn top_up() -> Weight;
	fn top_up_native() -> Weight;
	fn settle(a: u32, c: u32, ) -> Weight;
	fn close_agreement() -> Weight;
	fn sweep_base() -> Weight;
	fn sweep_step() -> Weight;
	fn window_closed() -> Weight;
	fn begin_window() -> Weight;
	fn ending() -> Weight;
	fn tier_reached() -> Weight;
	fn ended() -> Weight;
	fn forget() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Operators::Services` (r:1 w:0)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Operators` (r:1 w:0)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:2 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:2 w:2)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Active` (r:1 w:1)
	/// Proof: `Probes::Active` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:2 w:2)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Capacity` (r:1 w:0)
	/// Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:0)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Sla::NextAgreement` (r:1 w:1)
	/// Proof: `Sla::NextAgreement` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::NextId` (r:1 w:1)
	/// Proof: `Escrow::NextId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:1)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:0 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(390), added: 2865, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTarget` (r:0 w:1)
	/// Proof: `Sla::ByTarget` (`max_values`: None, `max_size`: Some(33), added: 2508, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTenant` (r:0 w:1)
	/// Proof: `Sla::ByTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Agreements` (r:0 w:1)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 1]`.
	/// `f` is in `[0, 1]`.
	fn open_agreement(a: u32, f: u32, ) -> Weight {
		// Minimum measured: 434_834 ns. Proof recorded: 58057 bytes.
		Weight::from_parts(447_914_000, 33048)
			.saturating_add(Db::get().reads(13_u64))
			.saturating_add(Db::get().reads(5_u64.saturating_mul(a.into())))
			.saturating_add(Db::get().reads(6_u64.saturating_mul(f.into())))
			.saturating_add(Db::get().writes(11_u64))
			.saturating_add(Db::get().writes(3_u64.saturating_mul(a.into())))
			.saturating_add(Db::get().writes(6_u64.saturating_mul(f.into())))
			.saturating_add(Weight::from_parts(0, 3209).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(0, 32058).saturating_mul(f.into()))
	}
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:2 w:0)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn endow_pot() -> Weight {
		// Minimum measured: 62_422 ns. Proof recorded: 680 bytes.
		Weight::from_parts(67_630_000, 6208)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Active` (r:1 w:1)
	/// Proof: `Probes::Active` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:2 w:2)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Capacity` (r:1 w:0)
	/// Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:2 w:2)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:2 w:0)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Sla::NextAgreement` (r:1 w:1)
	/// Proof: `Sla::NextAgreement` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTarget` (r:0 w:1)
	/// Proof: `Sla::ByTarget` (`max_values`: None, `max_size`: Some(33), added: 2508, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTenant` (r:0 w:1)
	/// Proof: `Sla::ByTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Agreements` (r:0 w:1)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	fn open_lease_agreement() -> Weight {
		// Minimum measured: 296_159 ns. Proof recorded: 57091 bytes.
		Weight::from_parts(323_800_000, 65106)
			.saturating_add(Db::get().reads(22_u64))
			.saturating_add(Db::get().writes(18_u64))
	}
	/// Storage: `Sla::Agreements` (r:1 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn top_up() -> Weight {
		// Minimum measured: 198_835 ns. Proof recorded: 29551 bytes.
		Weight::from_parts(211_814_000, 33048)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(7_u64))
	}
	/// Storage: `Sla::Agreements` (r:1 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(390), added: 2865, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn top_up_native() -> Weight {
		// Minimum measured: 198_835 ns. Proof recorded: 29551 bytes.
		Weight::from_parts(211_814_000, 33048)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(4_u64))
	}
	/// Storage: `Sla::Agreements` (r:1 w:1)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowBase` (r:1 w:1)
	/// Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(390), added: 2865, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:2 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:5 w:5)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(247), added: 2722, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:4 w:4)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 1]`.
	/// `c` is in `[0, 1]`.
	fn settle(a: u32, c: u32, ) -> Weight {
		// Minimum measured: 316_019 ns. Proof recorded: 30055 bytes.
		Weight::from_parts(331_321_000, 33048)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().reads(4_u64.saturating_mul(a.into())))
			.saturating_add(Db::get().reads(4_u64.saturating_mul(c.into())))
			.saturating_add(Db::get().writes(6_u64))
			.saturating_add(Db::get().writes(3_u64.saturating_mul(a.into())))
			.saturating_add(Db::get().writes(4_u64.saturating_mul(c.into())))
			.saturating_add(Weight::from_parts(0, 4409).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(0, 5701).saturating_mul(c.into()))
	}
	/// Storage: `Sla::Agreements` (r:1 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn close_agreement() -> Weight {
		// Minimum measured: 146_887 ns. Proof recorded: 28856 bytes.
		Weight::from_parts(155_060_000, 33048)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Sla::Cursor` (r:1 w:1)
	/// Proof: `Sla::Cursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Agreements` (r:1 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode: `MaxEncodedLen`)
	fn sweep_base() -> Weight {
		// Minimum measured: 6_460 ns. Proof recorded: 31 bytes.
		Weight::from_parts(6_990_000, 3606)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Sla::Agreements` (r:1 w:1)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowBase` (r:1 w:1)
	/// Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:1 w:1)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:2 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:5 w:5)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Agenda` (r:0 w:2)
	/// Proof: `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn sweep_step() -> Weight {
		// Minimum measured: 310_320 ns. Proof recorded: 30060 bytes.
		Weight::from_parts(329_909_000, 33048)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(15_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:8 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:3)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:2 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Hot` (r:1 w:0)
	/// Proof: `Probes::Hot` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Capacity` (r:1 w:0)
	/// Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowBase` (r:0 w:1)
	/// Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn window_closed() -> Weight {
		// Minimum measured: 342_107 ns. Proof recorded: 31908 bytes.
		Weight::from_parts(360_214_000, 33048)
			.saturating_add(Db::get().reads(28_u64))
			.saturating_add(Db::get().writes(15_u64))
	}
	/// Storage: `Parameters::Parameters` (r:7 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:0 w:2)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	fn begin_window() -> Weight {
		// Minimum measured: 16_715 ns. Proof recorded: 4 bytes.
		Weight::from_parts(19_029_000, 18567)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	fn ending() -> Weight {
		// Minimum measured: 3_435 ns. Proof recorded: 0 bytes.
		Weight::from_parts(4_286_000, 0)
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Operators::SlashedOf` (r:2 w:1)
	/// Proof: `Operators::SlashedOf` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowBase` (r:0 w:1)
	/// Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Breaches` (r:0 w:2)
	/// Proof: `Sla::Breaches` (`max_values`: None, `max_size`: Some(135), added: 2610, mode: `MaxEncodedLen`)
	fn tier_reached() -> Weight {
		// Minimum measured: 326_113 ns. Proof recorded: 31872 bytes.
		Weight::from_parts(342_538_000, 33048)
			.saturating_add(Db::get().reads(18_u64))
			.saturating_add(Db::get().writes(19_u64))
	}
	/// Storage: `Sla::Agreements` (r:1 w:1)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Services` (r:1 w:0)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowBase` (r:1 w:1)
	/// Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:2 w:2)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:2 w:2)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Active` (r:1 w:1)
	/// Proof: `Probes::Active` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Capacity` (r:1 w:0)
	/// Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:8 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:0)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Proof: `Usage::Records` (`max_values`: None, `max_size`: Some(1647), added: 4122, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Expiring` (r:0 w:1)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTarget` (r:0 w:1)
	/// Proof: `Sla::ByTarget` (`max_values`: None, `max_size`: Some(33), added: 2508, mode: `MaxEncodedLen`)
	/// Storage: `Sla::ByTenant` (r:0 w:1)
	/// Proof: `Sla::ByTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode: `MaxEncodedLen`)
	fn ended() -> Weight {
		// Minimum measured: 365_582 ns. Proof recorded: 58410 bytes.
		Weight::from_parts(389_267_000, 65106)
			.saturating_add(Db::get().reads(29_u64))
			.saturating_add(Db::get().writes(19_u64))
	}
	/// Storage: `Sla::Targets` (r:1 w:1)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:0)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:0 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Breaches` (r:0 w:64)
	/// Proof: `Sla::Breaches` (`max_values`: None, `max_size`: Some(135), added: 2610, mode: `MaxEncodedLen`)
	fn forget() -> Weight {
		// Minimum measured: 169_621 ns. Proof recorded: 897 bytes.
		Weight::from_parts(191_894_000, 6208)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(70_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn open_agreement(a: u32, f: u32, ) -> Weight {
		Measured::<ParityDbWeight>::open_agreement(a, f, )
	}
	fn endow_pot() -> Weight {
		Measured::<ParityDbWeight>::endow_pot()
	}
	fn open_lease_agreement() -> Weight {
		Measured::<ParityDbWeight>::open_lease_agreement()
	}
	fn top_up() -> Weight {
		Measured::<ParityDbWeight>::top_up()
	}
	fn top_up_native() -> Weight {
		Measured::<ParityDbWeight>::top_up_native()
	}
	fn settle(a: u32, c: u32, ) -> Weight {
		Measured::<ParityDbWeight>::settle(a, c, )
	}
	fn close_agreement() -> Weight {
		Measured::<ParityDbWeight>::close_agreement()
	}
	fn sweep_base() -> Weight {
		Measured::<ParityDbWeight>::sweep_base()
	}
	fn sweep_step() -> Weight {
		Measured::<ParityDbWeight>::sweep_step()
	}
	fn window_closed() -> Weight {
		Measured::<ParityDbWeight>::window_closed()
	}
	fn begin_window() -> Weight {
		Measured::<ParityDbWeight>::begin_window()
	}
	fn ending() -> Weight {
		Measured::<ParityDbWeight>::ending()
	}
	fn tier_reached() -> Weight {
		Measured::<ParityDbWeight>::tier_reached()
	}
	fn ended() -> Weight {
		Measured::<ParityDbWeight>::ended()
	}
	fn forget() -> Weight {
		Measured::<ParityDbWeight>::forget()
	}
}
