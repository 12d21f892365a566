// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_usage`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-29:
//! 20 steps, 10 repeats, CPU `AMD EPYC`.
//! Do not edit: change the benchmarks and measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Weight functions of the calls and hooks of `pallet_surety_usage`.
pub trait WeightInfo {
	fn report_usage(n: u32, ) -> Weight;
	fn report_equivocation() -> Weight;
	fn agreement_ended() -> Weight;
	fn expire_base() -> Weight;
	fn expire_agreement() -> Weight;
	fn expire_pair() -> Weight;
	fn expire_service() -> Weight;
}

/// Measured weights, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Records` (r:64 w:64)
	/// Proof: `Usage::Records` (`max_values`: None, `max_size`: Some(1647), added: 4122, mode: `MaxEncodedLen`)
	/// Storage: `Proxy::Proxies` (r:64 w:0)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Agreements` (r:64 w:0)
	/// Proof: `Sla::Agreements` (`max_values`: None, `max_size`: Some(137), added: 2612, mode: `MaxEncodedLen`)
	/// Storage: `Escrow::Accounts` (r:64 w:0)
	/// Proof: `Escrow::Accounts` (`max_values`: None, `max_size`: Some(390), added: 2865, mode: `MaxEncodedLen`)
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:7 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Approvals` (r:1 w:0)
	/// Proof: `Operators::Approvals` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Pairs` (r:64 w:64)
	/// Proof: `Usage::Pairs` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Services` (r:64 w:64)
	/// Proof: `Usage::Services` (`max_values`: None, `max_size`: Some(912), added: 3387, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:64 w:0)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:64 w:0)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(518), added: 2993, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Expiring` (r:0 w:64)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// `n` is in `[1, 64]`.
	fn report_usage(n: u32, ) -> Weight {
		// Minimum measured: 227_868 ns. Proof recorded: 31192 bytes.
		Weight::from_parts(246_114_427, 33048)
			// +- 1_878_891
			.saturating_add(Weight::from_parts(180_757_353, 0).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(12_u64))
			.saturating_add(Db::get().reads(8_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(4_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4122).saturating_mul(n.into()))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Proof: `Usage::Records` (`max_values`: None, `max_size`: Some(1647), added: 4122, mode: `MaxEncodedLen`)
	/// Storage: `Proxy::Proxies` (r:1 w:0)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Services` (r:1 w:1)
	/// Proof: `Usage::Services` (`max_values`: None, `max_size`: Some(912), added: 3387, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:0)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:1 w:0)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(518), added: 2993, mode: `MaxEncodedLen`)
	fn report_equivocation() -> Weight {
		// Minimum measured: 172_336 ns. Proof recorded: 4836 bytes.
		Weight::from_parts(193_927_000, 5112)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Proof: `Usage::Records` (`max_values`: None, `max_size`: Some(1647), added: 4122, mode: `MaxEncodedLen`)
	fn agreement_ended() -> Weight {
		// Minimum measured: 13_109 ns. Proof recorded: 1695 bytes.
		Weight::from_parts(14_812_000, 5112)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Usage::ExpiryCursor` (r:1 w:1)
	/// Proof: `Usage::ExpiryCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Expiring` (r:1 w:0)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	fn expire_base() -> Weight {
		// Minimum measured: 6_099 ns. Proof recorded: 4 bytes.
		Weight::from_parts(6_600_000, 3558)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Usage::Expiring` (r:1 w:2)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Records` (r:1 w:0)
	/// Proof: `Usage::Records` (`max_values`: None, `max_size`: Some(1647), added: 4122, mode: `MaxEncodedLen`)
	fn expire_agreement() -> Weight {
		// Minimum measured: 22_363 ns. Proof recorded: 1695 bytes.
		Weight::from_parts(24_136_000, 5112)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Usage::Expiring` (r:1 w:2)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Pairs` (r:1 w:0)
	/// Proof: `Usage::Pairs` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
	fn expire_pair() -> Weight {
		// Minimum measured: 15_253 ns. Proof recorded: 150 bytes.
		Weight::from_parts(16_084_000, 3586)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Usage::Expiring` (r:1 w:2)
	/// Proof: `Usage::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Usage::Services` (r:1 w:1)
	/// Proof: `Usage::Services` (`max_values`: None, `max_size`: Some(912), added: 3387, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:1 w:0)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:1 w:0)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(518), added: 2993, mode: `MaxEncodedLen`)
	fn expire_service() -> Weight {
		// Minimum measured: 35_833 ns. Proof recorded: 1851 bytes.
		Weight::from_parts(43_285_000, 4377)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
}

/// Weights with ParityDB, for tests.
impl WeightInfo for () {
	fn report_usage(n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::report_usage(n, )
	}
	fn report_equivocation() -> Weight {
		Measured::<ParityDbWeight>::report_equivocation()
	}
	fn agreement_ended() -> Weight {
		Measured::<ParityDbWeight>::agreement_ended()
	}
	fn expire_base() -> Weight {
		Measured::<ParityDbWeight>::expire_base()
	}
	fn expire_agreement() -> Weight {
		Measured::<ParityDbWeight>::expire_agreement()
	}
	fn expire_pair() -> Weight {
		Measured::<ParityDbWeight>::expire_pair()
	}
	fn expire_service() -> Weight {
		Measured::<ParityDbWeight>::expire_service()
	}
}
