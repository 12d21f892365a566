// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_compute_orders`, measured.
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

/// Weights of the calls and hooks of `pallet_surety_compute_orders`.
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
	fn process_order(b: u32, ) -> Weight;
	fn process_order_without_bids() -> Weight;
	fn never_ready() -> Weight;
	fn lease_failed() -> Weight;
	fn ending() -> Weight;
	fn ended() -> Weight;
	fn suspended() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Operators::Services` (r:1 w:0) Proof: `Operators::Services` (`max_values`: None,
	/// `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:1 w:1) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Servers` (r:0 w:1) Proof: `ComputeOrders::Servers` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	fn declare_capacity() -> Weight {
		// Minimum measured: 26_389 ns. Proof recorded: 1067 bytes.
		Weight::from_parts(28_452_000, 4077)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Approvals` (r:1 w:0) Proof: `Operators::Approvals` (`max_values`: None,
	/// `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`) Storage: `Parameters::Parameters`
	/// (r:5 w:0) Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added:
	/// 2511, mode: `MaxEncodedLen`) Storage: `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset`
	/// (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::NextOrder` (r:1 w:1) Proof: `ComputeOrders::NextOrder` (`max_values`:
	/// Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `System::Account`
	/// (r:1 w:1) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603,
	/// mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `Escrow::NextId` (r:1 w:1) Proof: `Escrow::NextId` (`max_values`: Some(1), `max_size`:
	/// Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:1 w:1) Proof:
	/// `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode:
	/// `MaxEncodedLen`) Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof:
	/// `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode:
	/// `MaxEncodedLen`) Storage: `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds`
	/// (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `Escrow::Accounts` (r:0
	/// w:8) Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864,
	/// mode: `MaxEncodedLen`) Storage: `ComputeOrders::Orders` (r:0 w:1) Proof:
	/// `ComputeOrders::Orders` (`max_values`: None, `max_size`: Some(17910), added: 20385, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Agenda` (r:0 w:1) Proof: `ComputeOrders::Agenda`
	/// (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`) `r` is in
	/// `[1, 8]`.
	fn place_order(r: u32, ) -> Weight {
		// Minimum measured: 130_984 ns. Proof recorded: 878 bytes.
		Weight::from_parts(99_722_198, 13545)
			// +- 138_242
			.saturating_add(Weight::from_parts(44_383_884, 0).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(15_u64))
			.saturating_add(Db::get().writes(10_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(r.into())))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Escrow::Accounts` (r:8 w:8) Proof: `Escrow::Accounts` (`max_values`: None, `max_size`:
	/// Some(389), added: 2864, mode: `MaxEncodedLen`) Storage: `Assets::Asset` (r:1 w:1) Proof:
	/// `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode:
	/// `MaxEncodedLen`) Storage: `Assets::Account` (r:1 w:1) Proof: `Assets::Account`
	/// (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds` (`max_values`: None,
	/// `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:2) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`) `r` is in `[1, 8]`.
	fn cancel_order(r: u32, ) -> Weight {
		// Minimum measured: 88_411 ns. Proof recorded: 1597 bytes.
		Weight::from_parts(53_428_801, 21375)
			// +- 75_188
			.saturating_add(Weight::from_parts(40_249_024, 0).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().writes(7_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(r.into())))
			.saturating_add(Weight::from_parts(0, 2864).saturating_mul(r.into()))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Services` (r:1 w:0) Proof: `Operators::Services` (`max_values`: None,
	/// `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`) Storage: `Operators::Operators`
	/// (r:1 w:0) Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added:
	/// 2724, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:2 w:1) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `Parameters::Parameters` (r:10 w:0) Proof: `Parameters::Parameters` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage: `Operators::Approvals`
	/// (r:1 w:0) Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added:
	/// 2504, mode: `MaxEncodedLen`) Storage: `Reputation::Operators` (r:1 w:0) Proof:
	/// `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Inventories` (r:1 w:1) Proof:
	/// `ComputeOrders::Inventories` (`max_values`: None, `max_size`: Some(146), added: 2621, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Bids` (r:33 w:1) Proof: `ComputeOrders::Bids`
	/// (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage:
	/// `Sla::WindowRules` (r:1 w:0) Proof: `Sla::WindowRules` (`max_values`: None, `max_size`:
	/// Some(37), added: 2512, mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1)
	/// Proof: `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode:
	/// `MaxEncodedLen`) Storage: `System::Account` (r:1 w:1) Proof: `System::Account`
	/// (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`) Storage:
	/// `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds` (`max_values`: None, `max_size`:
	/// Some(157), added: 2632, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Cursor` (r:1 w:0)
	/// Proof: `ComputeOrders::Cursor` (`max_values`: None, `max_size`: Some(13), added: 2488, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Agenda` (r:0 w:1) Proof: `ComputeOrders::Agenda`
	/// (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	fn place_bid() -> Weight {
		// Minimum measured: 336_850 ns. Proof recorded: 12021 bytes.
		Weight::from_parts(409_817_000, 88572)
			.saturating_add(Db::get().reads(56_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:0) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids` (`max_values`: None,
	/// `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage: `Operators::Approvals`
	/// (r:1 w:0) Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added:
	/// 2504, mode: `MaxEncodedLen`) Storage: `Sla::WindowRules` (r:1 w:0) Proof: `Sla::WindowRules`
	/// (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`) Storage:
	/// `Parameters::Parameters` (r:8 w:0) Proof: `Parameters::Parameters` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1
	/// w:1) Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209,
	/// mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	fn update_bid() -> Weight {
		// Minimum measured: 63_374 ns. Proof recorded: 2527 bytes.
		Weight::from_parts(70_064_000, 21375)
			.saturating_add(Db::get().reads(14_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids` (`max_values`: None,
	/// `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1
	/// w:1) Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209,
	/// mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:1 w:1) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage: `System::Account`
	/// (r:1 w:1) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603,
	/// mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:1) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`)
	fn withdraw_bid() -> Weight {
		// Minimum measured: 98_185 ns. Proof recorded: 2846 bytes.
		Weight::from_parts(109_212_000, 21375)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids` (`max_values`: None,
	/// `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage: `Operators::Services`
	/// (r:1 w:0) Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added:
	/// 3087, mode: `MaxEncodedLen`) Storage: `Operators::Operators` (r:1 w:0) Proof:
	/// `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Bonds` (r:2 w:0) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `Parameters::Parameters` (r:3 w:0) Proof: `Parameters::Parameters` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage: `Operators::Approvals`
	/// (r:1 w:0) Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added:
	/// 2504, mode: `MaxEncodedLen`) Storage: `Reputation::Operators` (r:1 w:0) Proof:
	/// `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Inventories` (r:1 w:0) Proof:
	/// `ComputeOrders::Inventories` (`max_values`: None, `max_size`: Some(146), added: 2621, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::NextLease` (r:1 w:1) Proof:
	/// `ComputeOrders::NextLease` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode:
	/// `MaxEncodedLen`) Storage: `System::Account` (r:1 w:1) Proof: `System::Account`
	/// (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`) Storage:
	/// `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds` (`max_values`: None, `max_size`:
	/// Some(157), added: 2632, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Cursor` (r:1 w:0)
	/// Proof: `ComputeOrders::Cursor` (`max_values`: None, `max_size`: Some(13), added: 2488, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Agenda` (r:0 w:2) Proof: `ComputeOrders::Agenda`
	/// (`max_values`: None, `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::LeasesOf` (r:0 w:2) Proof: `ComputeOrders::LeasesOf` (`max_values`: None,
	/// `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Leases`
	/// (r:0 w:1) Proof: `ComputeOrders::Leases` (`max_values`: None, `max_size`: Some(625), added:
	/// 3100, mode: `MaxEncodedLen`)
	fn accept_bid() -> Weight {
		// Minimum measured: 133_218 ns. Proof recorded: 3737 bytes.
		Weight::from_parts(145_847_000, 21375)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(10_u64))
	}
	/// Storage: `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`:
	/// None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`: None,
	/// `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage: `Operators::Services`
	/// (r:1 w:0) Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added:
	/// 3087, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1 w:1) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved` (`max_values`: None,
	/// `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `Operators::LeaseServices` (r:1 w:1) Proof: `Operators::LeaseServices` (`max_values`: None,
	/// `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`) Storage: `Operators::DeniedHosts`
	/// (r:2 w:0) Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added:
	/// 2746, mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:1) Proof: `Probes::SlotsOf`
	/// (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage:
	/// `Probes::ColdCursor` (r:1 w:1) Proof: `Probes::ColdCursor` (`max_values`: Some(1),
	/// `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`) Storage: `Probes::Pages` (r:2 w:2)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode:
	/// `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:2 w:2) Proof: `Probes::PageInfos`
	/// (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`) Storage:
	/// `Sla::Services` (r:1 w:1) Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265),
	/// added: 2740, mode: `MaxEncodedLen`) Storage: `Sla::WindowRules` (r:1 w:0) Proof:
	/// `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode:
	/// `MaxEncodedLen`) Storage: `Parameters::Parameters` (r:9 w:0) Proof: `Parameters::Parameters`
	/// (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Hot` (r:1 w:1) Proof: `Probes::Hot` (`max_values`: Some(1), `max_size`: Some(77),
	/// added: 572, mode: `MaxEncodedLen`) Storage: `Probes::Capacity` (r:1 w:0) Proof:
	/// `Probes::Capacity` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Approvals` (r:1 w:0) Proof: `Operators::Approvals`
	/// (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Exposures` (r:1 w:1) Proof: `Operators::Exposures` (`max_values`: None,
	/// `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`) Storage: `Sla::Pots` (r:1 w:1)
	/// Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added: 2544, mode:
	/// `MaxEncodedLen`) Storage: `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset` (`max_values`:
	/// None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`) Storage: `Assets::Account`
	/// (r:2 w:2) Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609,
	/// mode: `MaxEncodedLen`) Storage: `AssetsHolder::BalancesOnHold` (r:2 w:0) Proof:
	/// `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode:
	/// `MaxEncodedLen`) Storage: `System::Account` (r:1 w:1) Proof: `System::Account`
	/// (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`) Storage:
	/// `Sla::NextAgreement` (r:1 w:1) Proof: `Sla::NextAgreement` (`max_values`: Some(1),
	/// `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Cursor`
	/// (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None, `max_size`: Some(13), added:
	/// 2488, mode: `MaxEncodedLen`) Storage: `Escrow::Accounts` (r:1 w:1) Proof: `Escrow::Accounts`
	/// (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`) Storage:
	/// `Escrow::Agenda` (r:0 w:1) Proof: `Escrow::Agenda` (`max_values`: None, `max_size`:
	/// Some(25), added: 2500, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda` (r:0 w:2)
	/// Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added: 2501, mode:
	/// `MaxEncodedLen`) Storage: `Sla::ByTenant` (r:0 w:1) Proof: `Sla::ByTenant` (`max_values`:
	/// None, `max_size`: Some(68), added: 2543, mode: `MaxEncodedLen`) Storage: `Sla::Agreements`
	/// (r:0 w:1) Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616,
	/// mode: `MaxEncodedLen`)
	fn report_ready() -> Weight {
		// Minimum measured: 584_497 ns. Proof recorded: 60900 bytes.
		Weight::from_parts(623_674_000, 65106)
			.saturating_add(Db::get().reads(39_u64))
			.saturating_add(Db::get().writes(26_u64))
	}
	/// Storage: `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`:
	/// None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`: None,
	/// `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:1 w:1) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage: `Operators::Bonds`
	/// (r:1 w:1) Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209,
	/// mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids` (`max_values`: None,
	/// `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage: `System::Account` (r:1
	/// w:1) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode:
	/// `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:3) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`)
	fn decline() -> Weight {
		// Minimum measured: 127_188 ns. Proof recorded: 3080 bytes.
		Weight::from_parts(140_178_000, 21375)
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().writes(11_u64))
	}
	/// Storage: `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`:
	/// None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Orders` (r:1 w:0) Proof: `ComputeOrders::Orders` (`max_values`: None,
	/// `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage: `Escrow::Accounts`
	/// (r:1 w:1) Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864,
	/// mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:0) Proof: `Probes::SlotsOf`
	/// (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Pages` (r:1 w:0) Proof: `Probes::Pages` (`max_values`: None, `max_size`:
	/// Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `Escrow::Agenda` (r:0 w:2) Proof:
	/// `Escrow::Agenda` (`max_values`: None, `max_size`: Some(25), added: 2500, mode:
	/// `MaxEncodedLen`)
	fn close_lease() -> Weight {
		// Minimum measured: 169_802 ns. Proof recorded: 30058 bytes.
		Weight::from_parts(183_692_000, 33048)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(4_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`: None,
	/// `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage: `Parameters::Parameters`
	/// (r:2 w:0) Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added:
	/// 2511, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1 w:1) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved` (`max_values`: None,
	/// `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage: `Escrow::Accounts` (r:1
	/// w:1) Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864,
	/// mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:0) Proof: `Probes::SlotsOf`
	/// (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Pages` (r:1 w:0) Proof: `Probes::Pages` (`max_values`: None, `max_size`:
	/// Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Cursor` (r:1 w:0)
	/// Proof: `ComputeOrders::Cursor` (`max_values`: None, `max_size`: Some(13), added: 2488, mode:
	/// `MaxEncodedLen`) Storage: `Escrow::Agenda` (r:0 w:2) Proof: `Escrow::Agenda` (`max_values`:
	/// None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Agenda` (r:0 w:1) Proof: `ComputeOrders::Agenda` (`max_values`: None,
	/// `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`)
	fn extend() -> Weight {
		// Minimum measured: 154_339 ns. Proof recorded: 31400 bytes.
		Weight::from_parts(168_069_000, 33048)
			.saturating_add(Db::get().reads(10_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Escrow::Accounts` (r:1 w:1) Proof: `Escrow::Accounts` (`max_values`: None, `max_size`:
	/// Some(389), added: 2864, mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:0) Proof:
	/// `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Pages` (r:1 w:0) Proof: `Probes::Pages` (`max_values`:
	/// None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `Assets::Asset`
	/// (r:1 w:1) Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685,
	/// mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:1 w:1) Proof: `Assets::Account`
	/// (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds` (`max_values`: None,
	/// `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Cursor`
	/// (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None, `max_size`: Some(13), added:
	/// 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda` (r:0 w:1) Proof:
	/// `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added: 2501, mode:
	/// `MaxEncodedLen`)
	fn top_up() -> Weight {
		// Minimum measured: 164_974 ns. Proof recorded: 30311 bytes.
		Weight::from_parts(179_977_000, 33048)
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().writes(7_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Parameters::Parameters` (r:1 w:0) Proof: `Parameters::Parameters` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Bids`
	/// (r:33 w:32) Proof: `ComputeOrders::Bids` (`max_values`: None, `max_size`: Some(179), added:
	/// 2654, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:32 w:32) Proof:
	/// `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Reserved` (r:32 w:32) Proof: `Operators::Reserved`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:32 w:32) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage: `System::Account`
	/// (r:33 w:33) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added:
	/// 2603, mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:33 w:33) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Leases` (r:64 w:64) Proof: `ComputeOrders::Leases` (`max_values`: None,
	/// `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:1) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`) Storage: `ComputeOrders::LeasesOf` (r:0 w:128) Proof:
	/// `ComputeOrders::LeasesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode:
	/// `MaxEncodedLen`) `l` is in `[0, 64]`. `b` is in `[0, 32]`.
	fn remove_order(l: u32, b: u32, ) -> Weight {
		// Minimum measured: 622_343 ns. Proof recorded: 2902 bytes.
		Weight::from_parts(146_476_199, 21375)
			// +- 84_986
			.saturating_add(Weight::from_parts(7_972_491, 0).saturating_mul(l.into()))
			// +- 168_261
			.saturating_add(Weight::from_parts(71_503_004, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(l.into())))
			.saturating_add(Db::get().reads(6_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(4_u64))
			.saturating_add(Db::get().writes(3_u64.saturating_mul(l.into())))
			.saturating_add(Db::get().writes(6_u64.saturating_mul(b.into())))
			.saturating_add(Weight::from_parts(0, 3209).saturating_mul(b.into()))
			.saturating_add(Weight::from_parts(0, 3100).saturating_mul(l.into()))
	}
	/// Storage: `ComputeOrders::Cursor` (r:1 w:1) Proof: `ComputeOrders::Cursor` (`max_values`:
	/// None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Agenda` (r:16 w:0) Proof: `ComputeOrders::Agenda` (`max_values`: None,
	/// `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`) `b` is in `[1, 16]`.
	fn agenda(b: u32, ) -> Weight {
		// Minimum measured: 10_656 ns. Proof recorded: 79 bytes.
		Weight::from_parts(7_896_251, 3478)
			// +- 1_856
			.saturating_add(Weight::from_parts(3_148_783, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 2501).saturating_mul(b.into()))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Babe::AuthorVrfRandomness` (r:1 w:0) Proof: `Babe::AuthorVrfRandomness` (`max_values`:
	/// Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`) Storage:
	/// `System::ParentHash` (r:1 w:0) Proof: `System::ParentHash` (`max_values`: Some(1),
	/// `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Bids`
	/// (r:33 w:8) Proof: `ComputeOrders::Bids` (`max_values`: None, `max_size`: Some(179), added:
	/// 2654, mode: `MaxEncodedLen`) Storage: `Operators::Services` (r:32 w:0) Proof:
	/// `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Operators` (r:32 w:0) Proof: `Operators::Operators`
	/// (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Bonds` (r:64 w:0) Proof: `Operators::Bonds` (`max_values`: None, `max_size`:
	/// Some(734), added: 3209, mode: `MaxEncodedLen`) Storage: `Parameters::Parameters` (r:3 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511,
	/// mode: `MaxEncodedLen`) Storage: `Operators::Approvals` (r:1 w:0) Proof:
	/// `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode:
	/// `MaxEncodedLen`) Storage: `Reputation::Operators` (r:32 w:0) Proof: `Reputation::Operators`
	/// (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:32 w:0) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::NextLease` (r:1 w:1) Proof: `ComputeOrders::NextLease` (`max_values`:
	/// Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `System::Account`
	/// (r:8 w:8) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603,
	/// mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:8 w:8) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:9) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`) Storage: `ComputeOrders::LeasesOf` (r:0 w:16) Proof:
	/// `ComputeOrders::LeasesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Leases` (r:0 w:8) Proof: `ComputeOrders::Leases`
	/// (`max_values`: None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) `b` is in
	/// `[8, 32]`.
	fn process_order(b: u32, ) -> Weight {
		// Minimum measured: 805_844 ns. Proof recorded: 3947 bytes.
		Weight::from_parts(491_955_461, 22046)
			// +- 193_735
			.saturating_add(Weight::from_parts(43_213_480, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(26_u64))
			.saturating_add(Db::get().reads(7_u64.saturating_mul(b.into())))
			.saturating_add(Db::get().writes(59_u64))
			.saturating_add(Weight::from_parts(0, 6418).saturating_mul(b.into()))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `Babe::AuthorVrfRandomness` (r:1 w:0) Proof: `Babe::AuthorVrfRandomness` (`max_values`:
	/// Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`) Storage:
	/// `System::ParentHash` (r:1 w:0) Proof: `System::ParentHash` (`max_values`: Some(1),
	/// `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Bids` (r:1
	/// w:0) Proof: `ComputeOrders::Bids` (`max_values`: None, `max_size`: Some(179), added: 2654,
	/// mode: `MaxEncodedLen`) Storage: `Escrow::Accounts` (r:8 w:8) Proof: `Escrow::Accounts`
	/// (`max_values`: None, `max_size`: Some(389), added: 2864, mode: `MaxEncodedLen`) Storage:
	/// `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210),
	/// added: 2685, mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:1 w:1) Proof:
	/// `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode:
	/// `MaxEncodedLen`) Storage: `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds`
	/// (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:1) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`)
	fn process_order_without_bids() -> Weight {
		// Minimum measured: 352_562 ns. Proof recorded: 3880 bytes.
		Weight::from_parts(362_727_000, 23902)
			.saturating_add(Db::get().reads(17_u64))
			.saturating_add(Db::get().writes(14_u64))
	}
	/// Storage: `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`:
	/// None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`: None,
	/// `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage: `Probes::Hot` (r:1
	/// w:0) Proof: `Probes::Hot` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Capacity` (r:1 w:0) Proof: `Probes::Capacity`
	/// (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`) Storage:
	/// `Parameters::Parameters` (r:1 w:0) Proof: `Parameters::Parameters` (`max_values`: None,
	/// `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1
	/// w:1) Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209,
	/// mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof: `Operators::Reserved`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds` (`max_values`: None,
	/// `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210),
	/// added: 2685, mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:1 w:1) Proof:
	/// `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode:
	/// `MaxEncodedLen`) Storage: `Operators::SlashedOf` (r:2 w:1) Proof: `Operators::SlashedOf`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Count` (r:1 w:1) Proof: `Operators::Count` (`max_values`: Some(1), `max_size`:
	/// Some(16), added: 511, mode: `MaxEncodedLen`) Storage: `Operators::Totals` (r:1 w:1) Proof:
	/// `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode:
	/// `MaxEncodedLen`) Storage: `Reputation::Operators` (r:1 w:1) Proof: `Reputation::Operators`
	/// (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Inventories` (r:1 w:1) Proof: `ComputeOrders::Inventories` (`max_values`:
	/// None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids` (`max_values`: None,
	/// `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage: `System::Account` (r:1
	/// w:1) Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode:
	/// `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof: `Balances::Holds`
	/// (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor` (`max_values`: None,
	/// `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage: `ComputeOrders::Agenda`
	/// (r:0 w:3) Proof: `ComputeOrders::Agenda` (`max_values`: None, `max_size`: Some(26), added:
	/// 2501, mode: `MaxEncodedLen`)
	fn never_ready() -> Weight {
		// Minimum measured: 220_407 ns. Proof recorded: 4243 bytes.
		Weight::from_parts(236_801_000, 21375)
			.saturating_add(Db::get().reads(21_u64))
			.saturating_add(Db::get().writes(19_u64))
	}
	/// Storage: `ComputeOrders::Leases` (r:1 w:0) Proof: `ComputeOrders::Leases` (`max_values`:
	/// None, `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Orders` (r:1 w:0) Proof: `ComputeOrders::Orders` (`max_values`: None,
	/// `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf`
	/// (r:1 w:0) Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498,
	/// mode: `MaxEncodedLen`) Storage: `Probes::Pages` (r:1 w:1) Proof: `Probes::Pages`
	/// (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage:
	/// `Probes::PageInfos` (r:1 w:1) Proof: `Probes::PageInfos` (`max_values`: None, `max_size`:
	/// Some(45), added: 2520, mode: `MaxEncodedLen`) Storage: `Escrow::Accounts` (r:1 w:1) Proof:
	/// `Escrow::Accounts` (`max_values`: None, `max_size`: Some(389), added: 2864, mode:
	/// `MaxEncodedLen`) Storage: `Escrow::Agenda` (r:0 w:2) Proof: `Escrow::Agenda` (`max_values`:
	/// None, `max_size`: Some(25), added: 2500, mode: `MaxEncodedLen`)
	fn lease_failed() -> Weight {
		// Minimum measured: 183_191 ns. Proof recorded: 30733 bytes.
		Weight::from_parts(194_088_000, 33048)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:0) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`)
	fn ending() -> Weight {
		// Minimum measured: 14_862 ns. Proof recorded: 911 bytes.
		Weight::from_parts(18_638_000, 21375)
			.saturating_add(Db::get().reads(1_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`: None,
	/// `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage: `Sla::Agreements` (r:1
	/// w:1) Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode:
	/// `MaxEncodedLen`) Storage: `Operators::LeaseServices` (r:1 w:1) Proof:
	/// `Operators::LeaseServices` (`max_values`: None, `max_size`: Some(612), added: 3087, mode:
	/// `MaxEncodedLen`) Storage: `Sla::Services` (r:1 w:1) Proof: `Sla::Services` (`max_values`:
	/// None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`) Storage: `Sla::WindowBase`
	/// (r:1 w:1) Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(44), added: 2519,
	/// mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:1) Proof: `Probes::SlotsOf`
	/// (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Pages` (r:2 w:2) Proof: `Probes::Pages` (`max_values`: None, `max_size`:
	/// Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1 w:1) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds` (`max_values`: None,
	/// `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210),
	/// added: 2685, mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:2 w:2) Proof:
	/// `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Totals` (r:1 w:1) Proof: `Operators::Totals`
	/// (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`) Storage:
	/// `Probes::DuePages` (r:3 w:0) Proof: `Probes::DuePages` (`max_values`: None, `max_size`:
	/// Some(10766), added: 13241, mode: `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:2 w:2)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Hot` (r:1 w:1) Proof: `Probes::Hot` (`max_values`:
	/// Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Capacity` (r:1 w:0) Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`:
	/// Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511,
	/// mode: `MaxEncodedLen`) Storage: `Probes::ColdCursor` (r:1 w:1) Proof: `Probes::ColdCursor`
	/// (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`) Storage:
	/// `Sla::Pots` (r:1 w:1) Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added:
	/// 2544, mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof:
	/// `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode:
	/// `MaxEncodedLen`) Storage: `Operators::SlashedOf` (r:2 w:1) Proof: `Operators::SlashedOf`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Count` (r:1 w:1) Proof: `Operators::Count` (`max_values`: Some(1), `max_size`:
	/// Some(16), added: 511, mode: `MaxEncodedLen`) Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604,
	/// mode: `MaxEncodedLen`) Storage: `ComputeOrders::Inventories` (r:1 w:1) Proof:
	/// `ComputeOrders::Inventories` (`max_values`: None, `max_size`: Some(146), added: 2621, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids`
	/// (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage:
	/// `System::Account` (r:1 w:1) Proof: `System::Account` (`max_values`: None, `max_size`:
	/// Some(128), added: 2603, mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof:
	/// `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor`
	/// (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage:
	/// `Reputation::Services` (r:0 w:1) Proof: `Reputation::Services` (`max_values`: None,
	/// `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`) Storage:
	/// `Operators::LeaseMaintenance` (r:0 w:1) Proof: `Operators::LeaseMaintenance` (`max_values`:
	/// None, `max_size`: Some(18), added: 2493, mode: `MaxEncodedLen`) Storage: `Probes::Windows`
	/// (r:0 w:1) Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(517), added: 2992,
	/// mode: `MaxEncodedLen`) Storage: `Probes::FreeCold` (r:0 w:1) Proof: `Probes::FreeCold`
	/// (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Agenda` (r:0 w:1) Proof: `ComputeOrders::Agenda` (`max_values`: None,
	/// `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`) Storage: `Sla::ByTenant` (r:0 w:1)
	/// Proof: `Sla::ByTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode:
	/// `MaxEncodedLen`)
	fn ended() -> Weight {
		// Minimum measured: 723_312 ns. Proof recorded: 73359 bytes.
		Weight::from_parts(782_340_000, 65106)
			.saturating_add(Db::get().reads(37_u64))
			.saturating_add(Db::get().writes(36_u64))
	}
	/// Storage: `ComputeOrders::Orders` (r:1 w:1) Proof: `ComputeOrders::Orders` (`max_values`:
	/// None, `max_size`: Some(17910), added: 20385, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Leases` (r:1 w:1) Proof: `ComputeOrders::Leases` (`max_values`: None,
	/// `max_size`: Some(625), added: 3100, mode: `MaxEncodedLen`) Storage: `Sla::Agreements` (r:1
	/// w:1) Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(141), added: 2616, mode:
	/// `MaxEncodedLen`) Storage: `Operators::LeaseServices` (r:1 w:1) Proof:
	/// `Operators::LeaseServices` (`max_values`: None, `max_size`: Some(612), added: 3087, mode:
	/// `MaxEncodedLen`) Storage: `Sla::Services` (r:1 w:1) Proof: `Sla::Services` (`max_values`:
	/// None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`) Storage: `Sla::WindowBase`
	/// (r:1 w:1) Proof: `Sla::WindowBase` (`max_values`: None, `max_size`: Some(44), added: 2519,
	/// mode: `MaxEncodedLen`) Storage: `Probes::SlotsOf` (r:1 w:1) Proof: `Probes::SlotsOf`
	/// (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Pages` (r:2 w:2) Proof: `Probes::Pages` (`max_values`: None, `max_size`:
	/// Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Bonds` (r:1 w:1) Proof: `Operators::Bonds`
	/// (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::Holds` (r:1 w:1) Proof: `AssetsHolder::Holds` (`max_values`: None,
	/// `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`) Storage:
	/// `AssetsHolder::BalancesOnHold` (r:1 w:1) Proof: `AssetsHolder::BalancesOnHold`
	/// (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`) Storage:
	/// `Assets::Asset` (r:1 w:1) Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210),
	/// added: 2685, mode: `MaxEncodedLen`) Storage: `Assets::Account` (r:2 w:2) Proof:
	/// `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode:
	/// `MaxEncodedLen`) Storage: `Operators::Totals` (r:1 w:1) Proof: `Operators::Totals`
	/// (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`) Storage:
	/// `Probes::DuePages` (r:3 w:0) Proof: `Probes::DuePages` (`max_values`: None, `max_size`:
	/// Some(10766), added: 13241, mode: `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:2 w:2)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Hot` (r:1 w:1) Proof: `Probes::Hot` (`max_values`:
	/// Some(1), `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Capacity` (r:1 w:0) Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`:
	/// Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511,
	/// mode: `MaxEncodedLen`) Storage: `Probes::ColdCursor` (r:1 w:1) Proof: `Probes::ColdCursor`
	/// (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`) Storage:
	/// `Sla::Pots` (r:1 w:1) Proof: `Sla::Pots` (`max_values`: None, `max_size`: Some(69), added:
	/// 2544, mode: `MaxEncodedLen`) Storage: `Operators::Reserved` (r:1 w:1) Proof:
	/// `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode:
	/// `MaxEncodedLen`) Storage: `Operators::SlashedOf` (r:2 w:1) Proof: `Operators::SlashedOf`
	/// (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`) Storage:
	/// `Operators::Count` (r:1 w:1) Proof: `Operators::Count` (`max_values`: Some(1), `max_size`:
	/// Some(16), added: 511, mode: `MaxEncodedLen`) Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604,
	/// mode: `MaxEncodedLen`) Storage: `ComputeOrders::Inventories` (r:1 w:1) Proof:
	/// `ComputeOrders::Inventories` (`max_values`: None, `max_size`: Some(146), added: 2621, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Bids` (r:1 w:1) Proof: `ComputeOrders::Bids`
	/// (`max_values`: None, `max_size`: Some(179), added: 2654, mode: `MaxEncodedLen`) Storage:
	/// `System::Account` (r:1 w:1) Proof: `System::Account` (`max_values`: None, `max_size`:
	/// Some(128), added: 2603, mode: `MaxEncodedLen`) Storage: `Balances::Holds` (r:1 w:1) Proof:
	/// `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode:
	/// `MaxEncodedLen`) Storage: `ComputeOrders::Cursor` (r:1 w:0) Proof: `ComputeOrders::Cursor`
	/// (`max_values`: None, `max_size`: Some(13), added: 2488, mode: `MaxEncodedLen`) Storage:
	/// `Reputation::Services` (r:0 w:1) Proof: `Reputation::Services` (`max_values`: None,
	/// `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`) Storage:
	/// `Operators::LeaseMaintenance` (r:0 w:1) Proof: `Operators::LeaseMaintenance` (`max_values`:
	/// None, `max_size`: Some(18), added: 2493, mode: `MaxEncodedLen`) Storage: `Probes::Windows`
	/// (r:0 w:1) Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(517), added: 2992,
	/// mode: `MaxEncodedLen`) Storage: `Probes::FreeCold` (r:0 w:1) Proof: `Probes::FreeCold`
	/// (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`) Storage:
	/// `ComputeOrders::Agenda` (r:0 w:2) Proof: `ComputeOrders::Agenda` (`max_values`: None,
	/// `max_size`: Some(26), added: 2501, mode: `MaxEncodedLen`) Storage: `Sla::ByTenant` (r:0 w:1)
	/// Proof: `Sla::ByTenant` (`max_values`: None, `max_size`: Some(68), added: 2543, mode:
	/// `MaxEncodedLen`)
	fn suspended() -> Weight {
		// Minimum measured: 732_856 ns. Proof recorded: 73359 bytes.
		Weight::from_parts(787_487_000, 65106)
			.saturating_add(Db::get().reads(37_u64))
			.saturating_add(Db::get().writes(37_u64))
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
	fn process_order(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::process_order(b, )
	}
	fn process_order_without_bids() -> Weight {
		Measured::<ParityDbWeight>::process_order_without_bids()
	}
	fn never_ready() -> Weight {
		Measured::<ParityDbWeight>::never_ready()
	}
	fn lease_failed() -> Weight {
		Measured::<ParityDbWeight>::lease_failed()
	}
	fn ending() -> Weight {
		Measured::<ParityDbWeight>::ending()
	}
	fn ended() -> Weight {
		Measured::<ParityDbWeight>::ended()
	}
	fn suspended() -> Weight {
		Measured::<ParityDbWeight>::suspended()
	}
}
