// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_reputation`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-20: 50 steps, 20 repeats,
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
	fn window() -> Weight;
	fn breach() -> Weight;
	fn engagement() -> Weight;
	fn lease_failed() -> Weight;
	fn rate() -> Weight;
	fn forget_engagement() -> Weight;
	fn expire_base() -> Weight;
	fn expire_engagement() -> Weight;
	fn expire_pair() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Services` (r:1 w:1)
	/// Proof: `Reputation::Services` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	fn window() -> Weight {
		// Minimum measured: 12_549 ns. Proof recorded: 436 bytes.
		Weight::from_parts(13_210_000, 3594)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	fn breach() -> Weight {
		// Minimum measured: 10_496 ns. Proof recorded: 396 bytes.
		Weight::from_parts(11_056_000, 3594)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Parameters::Parameters` (r:1 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Engagements` (r:1 w:1)
	/// Proof: `Reputation::Engagements` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Tenants` (r:1 w:1)
	/// Proof: `Reputation::Tenants` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Expiring` (r:0 w:1)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	fn engagement() -> Weight {
		// Minimum measured: 17_926 ns. Proof recorded: 363 bytes.
		Weight::from_parts(18_758_000, 3558)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	fn lease_failed() -> Weight {
		// Minimum measured: 10_245 ns. Proof recorded: 396 bytes.
		Weight::from_parts(10_916_000, 3594)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Reputation::Engagements` (r:1 w:1)
	/// Proof: `Reputation::Engagements` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Pairs` (r:1 w:1)
	/// Proof: `Reputation::Pairs` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:1 w:1)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Expiring` (r:0 w:2)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	fn rate() -> Weight {
		// Minimum measured: 29_263 ns. Proof recorded: 542 bytes.
		Weight::from_parts(30_435_000, 3594)
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(5_u64))
	}
	/// Storage: `Reputation::Engagements` (r:1 w:1)
	/// Proof: `Reputation::Engagements` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Expiring` (r:0 w:1)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	fn forget_engagement() -> Weight {
		// Minimum measured: 10_356 ns. Proof recorded: 421 bytes.
		Weight::from_parts(11_027_000, 3555)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Reputation::ExpiryCursor` (r:1 w:1)
	/// Proof: `Reputation::ExpiryCursor` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Expiring` (r:1 w:0)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	fn expire_base() -> Weight {
		// Minimum measured: 6_279 ns. Proof recorded: 334 bytes.
		Weight::from_parts(6_790_000, 3558)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Reputation::Expiring` (r:1 w:1)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Engagements` (r:0 w:1)
	/// Proof: `Reputation::Engagements` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
	fn expire_engagement() -> Weight {
		// Minimum measured: 6_029 ns. Proof recorded: 234 bytes.
		Weight::from_parts(6_429_000, 3558)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Reputation::Expiring` (r:1 w:2)
	/// Proof: `Reputation::Expiring` (`max_values`: None, `max_size`: Some(93), added: 2568, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Pairs` (r:1 w:0)
	/// Proof: `Reputation::Pairs` (`max_values`: None, `max_size`: Some(108), added: 2583, mode: `MaxEncodedLen`)
	fn expire_pair() -> Weight {
		// Minimum measured: 13_069 ns. Proof recorded: 523 bytes.
		Weight::from_parts(13_671_000, 3573)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn window() -> Weight {
		Measured::<ParityDbWeight>::window()
	}
	fn breach() -> Weight {
		Measured::<ParityDbWeight>::breach()
	}
	fn engagement() -> Weight {
		Measured::<ParityDbWeight>::engagement()
	}
	fn lease_failed() -> Weight {
		Measured::<ParityDbWeight>::lease_failed()
	}
	fn rate() -> Weight {
		Measured::<ParityDbWeight>::rate()
	}
	fn forget_engagement() -> Weight {
		Measured::<ParityDbWeight>::forget_engagement()
	}
	fn expire_base() -> Weight {
		Measured::<ParityDbWeight>::expire_base()
	}
	fn expire_engagement() -> Weight {
		Measured::<ParityDbWeight>::expire_engagement()
	}
	fn expire_pair() -> Weight {
		Measured::<ParityDbWeight>::expire_pair()
	}
}
