// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_operators`, measured.
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

/// Weights of the calls and hooks of `pallet_surety_operators`.
pub trait WeightInfo {
	fn register() -> Weight;
	fn bond_more() -> Weight;
	fn unbond() -> Weight;
	fn withdraw_unbonded() -> Weight;
	fn deactivate() -> Weight;
	fn activate() -> Weight;
	fn retire() -> Weight;
	fn set_identity() -> Weight;
	fn list_service() -> Weight;
	fn update_service() -> Weight;
	fn raise_cover() -> Weight;
	fn pause_service() -> Weight;
	fn resume_service() -> Weight;
	fn retire_service() -> Weight;
	fn remove_service() -> Weight;
	fn announce_maintenance() -> Weight;
	fn set_network() -> Weight;
	fn remove_network() -> Weight;
	fn approve_asset() -> Weight;
	fn revoke_asset() -> Weight;
	fn deny_host() -> Weight;
	fn allow_host() -> Weight;
	fn list_lease() -> Weight;
	fn remove_lease() -> Weight;
	fn reserve() -> Weight;
	fn unreserve() -> Weight;
	fn forfeit() -> Weight;
	fn on_proof() -> Weight;
	fn terminate() -> Weight;
}

/// Weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn register() -> Weight {
		// Minimum measured: 61_401 ns. Proof recorded: 100 bytes.
		Weight::from_parts(67_019_000, 4199)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:0)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn bond_more() -> Weight {
		// Minimum measured: 70_184 ns. Proof recorded: 1366 bytes.
		Weight::from_parts(74_691_000, 4199)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(6_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:0)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::ServicesOf` (r:1 w:0)
	/// Proof: `Operators::ServicesOf` (`max_values`: None, `max_size`: Some(4146), added: 6621, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	fn unbond() -> Weight {
		// Minimum measured: 22_863 ns. Proof recorded: 1175 bytes.
		Weight::from_parts(25_277_000, 7611)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:2 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn withdraw_unbonded() -> Weight {
		// Minimum measured: 68_852 ns. Proof recorded: 1336 bytes.
		Weight::from_parts(72_998_000, 7408)
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn deactivate() -> Weight {
		// Minimum measured: 12_950 ns. Proof recorded: 472 bytes.
		Weight::from_parts(13_870_000, 3714)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:0)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	fn activate() -> Weight {
		// Minimum measured: 18_888 ns. Proof recorded: 557 bytes.
		Weight::from_parts(20_180_000, 4199)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::ServicesOf` (r:1 w:0)
	/// Proof: `Operators::ServicesOf` (`max_values`: None, `max_size`: Some(4146), added: 6621, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:0)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	fn retire() -> Weight {
		// Minimum measured: 21_422 ns. Proof recorded: 549 bytes.
		Weight::from_parts(22_994_000, 7611)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Operators` (r:1 w:1)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	fn set_identity() -> Weight {
		// Minimum measured: 11_608 ns. Proof recorded: 469 bytes.
		Weight::from_parts(12_569_000, 3714)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Parameters::Parameters` (r:3 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Operators` (r:1 w:0)
	/// Proof: `Operators::Operators` (`max_values`: None, `max_size`: Some(249), added: 2724, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:2 w:0)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::DeniedHosts` (r:10 w:0)
	/// Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added: 2746, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Networks` (r:1 w:0)
	/// Proof: `Operators::Networks` (`max_values`: None, `max_size`: Some(2143), added: 4618, mode: `MaxEncodedLen`)
	/// Storage: `Operators::NextServiceId` (r:1 w:1)
	/// Proof: `Operators::NextServiceId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Operators::ServicesOf` (r:1 w:1)
	/// Proof: `Operators::ServicesOf` (`max_values`: None, `max_size`: Some(4146), added: 6621, mode: `MaxEncodedLen`)
	/// Storage: `Operators::UnprovenHosts` (r:1 w:1)
	/// Proof: `Operators::UnprovenHosts` (`max_values`: None, `max_size`: Some(323), added: 2798, mode: `MaxEncodedLen`)
	/// Storage: `Operators::NetworkUse` (r:1 w:1)
	/// Proof: `Operators::NetworkUse` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:1)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Listings` (r:0 w:1)
	/// Proof: `Operators::Listings` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Services` (r:0 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	fn list_service() -> Weight {
		// Minimum measured: 331_782 ns. Proof recorded: 22758 bytes.
		Weight::from_parts(342_217_000, 33048)
			.saturating_add(Db::get().reads(29_u64))
			.saturating_add(Db::get().writes(13_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Services` (r:1 w:0)
	/// Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Operators::DeniedHosts` (r:10 w:0)
	/// Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added: 2746, mode: `MaxEncodedLen`)
	/// Storage: `ComputeOrders::CapacityOf` (r:1 w:1)
	/// Proof: `ComputeOrders::CapacityOf` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Listings` (r:1 w:1)
	/// Proof: `Operators::Listings` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Hosts` (r:1 w:1)
	/// Proof: `Operators::Hosts` (`max_values`: None, `max_size`: Some(275), added: 2750, mode: `MaxEncodedLen`)
	/// Storage: `Operators::UnprovenHosts` (r:1 w:1)
	/// Proof: `Operators::UnprovenHosts` (`max_values`: None, `max_size`: Some(323), added: 2798, mode: `MaxEncodedLen`)
	/// Storage: `ComputeOrders::Servers` (r:0 w:1)
	/// Proof: `ComputeOrders::Servers` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	fn update_service() -> Weight {
		// Minimum measured: 74_771 ns. Proof recorded: 1289 bytes.
		Weight::from_parts(80_169_000, 33048)
			.saturating_add(Db::get().reads(19_u64))
			.saturating_add(Db::get().writes(8_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Services` (r:1 w:0)
	/// Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn raise_cover() -> Weight {
		// Minimum measured: 31_787 ns. Proof recorded: 1179 bytes.
		Weight::from_parts(34_001_000, 4199)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	fn pause_service() -> Weight {
		// Minimum measured: 12_599 ns. Proof recorded: 900 bytes.
		Weight::from_parts(13_781_000, 4077)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	fn resume_service() -> Weight {
		// Minimum measured: 12_488 ns. Proof recorded: 900 bytes.
		Weight::from_parts(13_761_000, 4077)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Services` (r:1 w:0)
	/// Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn retire_service() -> Weight {
		// Minimum measured: 85_727 ns. Proof recorded: 17370 bytes.
		Weight::from_parts(93_649_000, 33048)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Services` (r:1 w:0)
	/// Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `ComputeOrders::CapacityOf` (r:1 w:0)
	/// Proof: `ComputeOrders::CapacityOf` (`max_values`: None, `max_size`: Some(146), added: 2621, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:1)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Listings` (r:1 w:1)
	/// Proof: `Operators::Listings` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
	/// Storage: `Operators::ServicesOf` (r:1 w:1)
	/// Proof: `Operators::ServicesOf` (`max_values`: None, `max_size`: Some(4146), added: 6621, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Hosts` (r:1 w:1)
	/// Proof: `Operators::Hosts` (`max_values`: None, `max_size`: Some(275), added: 2750, mode: `MaxEncodedLen`)
	/// Storage: `Operators::NetworkUse` (r:1 w:1)
	/// Proof: `Operators::NetworkUse` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:0 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:0 w:1)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(517), added: 2992, mode: `MaxEncodedLen`)
	/// Storage: `Probes::FreeCold` (r:0 w:1)
	/// Proof: `Probes::FreeCold` (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`)
	fn remove_service() -> Weight {
		// Minimum measured: 289_570 ns. Proof recorded: 24211 bytes.
		Weight::from_parts(332_873_000, 33048)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(17_u64))
	}
	/// Storage: `Operators::LeaseServices` (r:1 w:0)
	/// Proof: `Operators::LeaseServices` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Services` (r:1 w:0)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Listings` (r:1 w:1)
	/// Proof: `Operators::Listings` (`max_values`: None, `max_size`: Some(40), added: 2515, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	fn announce_maintenance() -> Weight {
		// Minimum measured: 114_650 ns. Proof recorded: 18120 bytes.
		Weight::from_parts(124_434_000, 33048)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::NetworkByName` (r:1 w:2)
	/// Proof: `Operators::NetworkByName` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Networks` (r:1 w:1)
	/// Proof: `Operators::Networks` (`max_values`: None, `max_size`: Some(2143), added: 4618, mode: `MaxEncodedLen`)
	fn set_network() -> Weight {
		// Minimum measured: 33_820 ns. Proof recorded: 2419 bytes.
		Weight::from_parts(36_434_000, 5608)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Operators::Networks` (r:1 w:1)
	/// Proof: `Operators::Networks` (`max_values`: None, `max_size`: Some(2143), added: 4618, mode: `MaxEncodedLen`)
	/// Storage: `Operators::NetworkUse` (r:1 w:0)
	/// Proof: `Operators::NetworkUse` (`max_values`: None, `max_size`: Some(14), added: 2489, mode: `MaxEncodedLen`)
	/// Storage: `Operators::NetworkByName` (r:0 w:1)
	/// Proof: `Operators::NetworkByName` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	fn remove_network() -> Weight {
		// Minimum measured: 15_994 ns. Proof recorded: 2283 bytes.
		Weight::from_parts(17_195_000, 5608)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Assets::Asset` (r:1 w:0)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:0)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:3 w:0)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:0 w:1)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	fn approve_asset() -> Weight {
		// Minimum measured: 55_202 ns. Proof recorded: 435 bytes.
		Weight::from_parts(57_886_000, 8817)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::Approvals` (r:1 w:1)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	fn revoke_asset() -> Weight {
		// Minimum measured: 9_354 ns. Proof recorded: 145 bytes.
		Weight::from_parts(10_205_000, 3494)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::DeniedHosts` (r:1 w:1)
	/// Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added: 2746, mode: `MaxEncodedLen`)
	fn deny_host() -> Weight {
		// Minimum measured: 9_093 ns. Proof recorded: 96 bytes.
		Weight::from_parts(9_824_000, 3736)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::DeniedHosts` (r:1 w:1)
	/// Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added: 2746, mode: `MaxEncodedLen`)
	fn allow_host() -> Weight {
		// Minimum measured: 9_965 ns. Proof recorded: 160 bytes.
		Weight::from_parts(10_766_000, 3736)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:0)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Operators::LeaseServices` (r:1 w:1)
	/// Proof: `Operators::LeaseServices` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Operators::DeniedHosts` (r:10 w:0)
	/// Proof: `Operators::DeniedHosts` (`max_values`: None, `max_size`: Some(271), added: 2746, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:1)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn list_lease() -> Weight {
		// Minimum measured: 49_233 ns. Proof recorded: 1044 bytes.
		Weight::from_parts(52_748_000, 33048)
			.saturating_add(Db::get().reads(16_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	/// Storage: `Operators::LeaseServices` (r:1 w:1)
	/// Proof: `Operators::LeaseServices` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:1)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:1)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Services` (r:1 w:0)
	/// Proof: `Sla::Services` (`max_values`: None, `max_size`: Some(265), added: 2740, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Exposures` (r:1 w:1)
	/// Proof: `Operators::Exposures` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:0 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Operators::LeaseMaintenance` (r:0 w:1)
	/// Proof: `Operators::LeaseMaintenance` (`max_values`: None, `max_size`: Some(18), added: 2493, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:0 w:1)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(517), added: 2992, mode: `MaxEncodedLen`)
	/// Storage: `Probes::FreeCold` (r:0 w:1)
	/// Proof: `Probes::FreeCold` (`max_values`: None, `max_size`: Some(21), added: 2496, mode: `MaxEncodedLen`)
	fn remove_lease() -> Weight {
		// Minimum measured: 45_327 ns. Proof recorded: 1360 bytes.
		Weight::from_parts(48_031_000, 33048)
			.saturating_add(Db::get().reads(8_u64))
			.saturating_add(Db::get().writes(11_u64))
	}
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Reserved` (r:1 w:1)
	/// Proof: `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	fn reserve() -> Weight {
		// Minimum measured: 10_506 ns. Proof recorded: 351 bytes.
		Weight::from_parts(11_477_000, 4199)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Reserved` (r:1 w:1)
	/// Proof: `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	fn unreserve() -> Weight {
		// Minimum measured: 13_630 ns. Proof recorded: 450 bytes.
		Weight::from_parts(14_712_000, 4199)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Operators::Bonds` (r:1 w:1)
	/// Proof: `Operators::Bonds` (`max_values`: None, `max_size`: Some(734), added: 3209, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Reserved` (r:1 w:1)
	/// Proof: `Operators::Reserved` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::Holds` (r:1 w:1)
	/// Proof: `AssetsHolder::Holds` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `AssetsHolder::BalancesOnHold` (r:1 w:1)
	/// Proof: `AssetsHolder::BalancesOnHold` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:1)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Operators::SlashedOf` (r:2 w:1)
	/// Proof: `Operators::SlashedOf` (`max_values`: None, `max_size`: Some(77), added: 2552, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Count` (r:1 w:1)
	/// Proof: `Operators::Count` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Totals` (r:1 w:1)
	/// Proof: `Operators::Totals` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn forfeit() -> Weight {
		// Minimum measured: 69_313 ns. Proof recorded: 1187 bytes.
		Weight::from_parts(74_801_000, 6094)
			.saturating_add(Db::get().reads(10_u64))
			.saturating_add(Db::get().writes(9_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:0)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Listings` (r:1 w:1)
	/// Proof: `Operators::Listings` (`max_values`: None, `max_size`: Some(41), added: 2516, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Hosts` (r:1 w:1)
	/// Proof: `Operators::Hosts` (`max_values`: None, `max_size`: Some(275), added: 2750, mode: `MaxEncodedLen`)
	/// Storage: `Operators::UnprovenHosts` (r:1 w:1)
	/// Proof: `Operators::UnprovenHosts` (`max_values`: None, `max_size`: Some(323), added: 2798, mode: `MaxEncodedLen`)
	fn on_proof() -> Weight {
		// Minimum measured: 24_126 ns. Proof recorded: 998 bytes.
		Weight::from_parts(26_860_000, 4077)
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(4_u64))
	}
	/// Storage: `Operators::Services` (r:1 w:1)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	fn terminate() -> Weight {
		// Minimum measured: 9_634 ns. Proof recorded: 900 bytes.
		Weight::from_parts(10_336_000, 4077)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}

/// Weights on ParityDB, for tests.
impl WeightInfo for () {
	fn register() -> Weight {
		Measured::<ParityDbWeight>::register()
	}
	fn bond_more() -> Weight {
		Measured::<ParityDbWeight>::bond_more()
	}
	fn unbond() -> Weight {
		Measured::<ParityDbWeight>::unbond()
	}
	fn withdraw_unbonded() -> Weight {
		Measured::<ParityDbWeight>::withdraw_unbonded()
	}
	fn deactivate() -> Weight {
		Measured::<ParityDbWeight>::deactivate()
	}
	fn activate() -> Weight {
		Measured::<ParityDbWeight>::activate()
	}
	fn retire() -> Weight {
		Measured::<ParityDbWeight>::retire()
	}
	fn set_identity() -> Weight {
		Measured::<ParityDbWeight>::set_identity()
	}
	fn list_service() -> Weight {
		Measured::<ParityDbWeight>::list_service()
	}
	fn update_service() -> Weight {
		Measured::<ParityDbWeight>::update_service()
	}
	fn raise_cover() -> Weight {
		Measured::<ParityDbWeight>::raise_cover()
	}
	fn pause_service() -> Weight {
		Measured::<ParityDbWeight>::pause_service()
	}
	fn resume_service() -> Weight {
		Measured::<ParityDbWeight>::resume_service()
	}
	fn retire_service() -> Weight {
		Measured::<ParityDbWeight>::retire_service()
	}
	fn remove_service() -> Weight {
		Measured::<ParityDbWeight>::remove_service()
	}
	fn announce_maintenance() -> Weight {
		Measured::<ParityDbWeight>::announce_maintenance()
	}
	fn set_network() -> Weight {
		Measured::<ParityDbWeight>::set_network()
	}
	fn remove_network() -> Weight {
		Measured::<ParityDbWeight>::remove_network()
	}
	fn approve_asset() -> Weight {
		Measured::<ParityDbWeight>::approve_asset()
	}
	fn revoke_asset() -> Weight {
		Measured::<ParityDbWeight>::revoke_asset()
	}
	fn deny_host() -> Weight {
		Measured::<ParityDbWeight>::deny_host()
	}
	fn allow_host() -> Weight {
		Measured::<ParityDbWeight>::allow_host()
	}
	fn list_lease() -> Weight {
		Measured::<ParityDbWeight>::list_lease()
	}
	fn remove_lease() -> Weight {
		Measured::<ParityDbWeight>::remove_lease()
	}
	fn reserve() -> Weight {
		Measured::<ParityDbWeight>::reserve()
	}
	fn unreserve() -> Weight {
		Measured::<ParityDbWeight>::unreserve()
	}
	fn forfeit() -> Weight {
		Measured::<ParityDbWeight>::forfeit()
	}
	fn on_proof() -> Weight {
		Measured::<ParityDbWeight>::on_proof()
	}
	fn terminate() -> Weight {
		Measured::<ParityDbWeight>::terminate()
	}
}
