// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_usage`, estimated.
//!
//! `make weights` will write this file. Until then the numbers are estimates: the time of a
//! signature of the slowest kind, and the reads and writes of the worst case.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the calls and hooks of `pallet_surety_usage`.
pub trait WeightInfo {
	fn report_usage(n: u32, ) -> Weight;
	fn report_equivocation() -> Weight;
	fn agreement_ended() -> Weight;
	fn expire_base() -> Weight;
	fn expire_agreement() -> Weight;
	fn expire_pair() -> Weight;
	fn expire_service() -> Weight;
}

/// The weights as estimated, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Usage::Records` (r:64 w:64)
	/// Storage: `Sla::Agreements` (r:64 w:0)
	/// Storage: `Operators::Services` (r:64 w:0)
	/// Storage: `Proxy::Proxies` (r:64 w:0)
	/// Storage: `Escrow::Accounts` (r:64 w:0)
	/// Storage: `Probes::SlotsOf` (r:64 w:0)
	/// Storage: `Probes::Pages` (r:64 w:0)
	/// Storage: `Probes::Progress` (r:1 w:0)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Storage: `Usage::Pairs` (r:64 w:64)
	/// Storage: `Usage::Services` (r:64 w:64)
	/// Storage: `Probes::Windows` (r:64 w:0)
	/// Storage: `Usage::Expiring` (r:0 w:192)
	/// `n` is in `[1, 64]`.
	fn report_usage(n: u32, ) -> Weight {
		// Estimated, until measured.
		Weight::from_parts(15_000_000, 0)
			.saturating_add(Weight::from_parts(350_000_000, 3000).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().reads(10_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(6_u64.saturating_mul(n.into())))
	}
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Storage: `Proxy::Proxies` (r:1 w:0)
	/// Storage: `Usage::Pairs` (r:1 w:1)
	/// Storage: `Usage::Services` (r:1 w:1)
	/// Storage: `Probes::Windows` (r:1 w:0)
	/// Storage: `Usage::Expiring` (r:0 w:3)
	fn report_equivocation() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(400_000_000, 3000)
			.saturating_add(Db::get().reads(7_u64))
			.saturating_add(Db::get().writes(6_u64))
	}
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Storage: `Usage::Expiring` (r:0 w:1)
	fn agreement_ended() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(15_000_000, 3000)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Usage::ExpiryCursor` (r:1 w:1)
	/// Storage: `Usage::Expiring` (r:1 w:0)
	fn expire_base() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(10_000_000, 3000)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Usage::Records` (r:1 w:1)
	/// Storage: `Usage::Expiring` (r:1 w:2)
	fn expire_agreement() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(15_000_000, 3000)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Usage::Pairs` (r:1 w:1)
	/// Storage: `Usage::Expiring` (r:1 w:2)
	fn expire_pair() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(15_000_000, 3000)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Usage::Services` (r:1 w:1)
	/// Storage: `Probes::Windows` (r:1 w:0)
	/// Storage: `Usage::Expiring` (r:1 w:2)
	fn expire_service() -> Weight {
		// Estimated, until measured.
		Weight::from_parts(25_000_000, 3000)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
}

// For tests.
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
