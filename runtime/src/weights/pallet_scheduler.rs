// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_scheduler` in this runtime, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-30:
//! 20 steps, 10 repeats, CPU `Intel(R) Xeon(R) Processor`.
//! Do not edit: measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{RuntimeDbWeight, Weight},
};

/// Measured weights of `pallet_scheduler`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_scheduler::WeightInfo for Measured<Db> {
	/// Storage: `Scheduler::IncompleteSince` (r:1 w:1)
	/// Proof: `Scheduler::IncompleteSince` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn service_agendas_base() -> Weight {
		// Minimum measured: 7_424 ns. Proof recorded: 30 bytes.
		Weight::from_parts(10_869_000, 1489)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// `s` is in `[0, 50]`.
	fn service_agenda_base(s: u32, ) -> Weight {
		// Minimum measured: 5_890 ns. Proof recorded: 77 bytes.
		Weight::from_parts(11_433_229, 13928)
			// +- 8_741
			.saturating_add(Weight::from_parts(521_301, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	fn service_task_base() -> Weight {
		// Minimum measured: 4_450 ns. Proof recorded: 0 bytes.
		Weight::from_parts(5_171_000, 0)
	}
	/// Storage: `Preimage::PreimageFor` (r:1 w:1)
	/// Proof: `Preimage::PreimageFor` (`max_values`: None, `max_size`: Some(4194344), added: 4196819, mode: `Measured`)
	/// Storage: `Preimage::StatusFor` (r:1 w:0)
	/// Proof: `Preimage::StatusFor` (`max_values`: None, `max_size`: Some(91), added: 2566, mode: `MaxEncodedLen`)
	/// Storage: `Preimage::RequestStatusFor` (r:1 w:1)
	/// Proof: `Preimage::RequestStatusFor` (`max_values`: None, `max_size`: Some(91), added: 2566, mode: `MaxEncodedLen`)
	/// `s` is in `[128, 4194304]`.
	fn service_task_fetched(s: u32, ) -> Weight {
		// Minimum measured: 24_902 ns. Proof recorded: 141 bytes.
		Weight::from_parts(25_919_000, 3605)
			// +- 4
			.saturating_add(Weight::from_parts(1_282, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 1).saturating_mul(s.into()))
	}
	/// Storage: `Scheduler::Lookup` (r:0 w:1)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	fn service_task_named() -> Weight {
		// Minimum measured: 10_637 ns. Proof recorded: 0 bytes.
		Weight::from_parts(11_684_000, 0)
			.saturating_add(Db::get().writes(1_u64))
	}
	fn service_task_periodic() -> Weight {
		// Minimum measured: 4_494 ns. Proof recorded: 0 bytes.
		Weight::from_parts(7_434_000, 0)
	}
	/// Storage: `SafeMode::EnteredUntil` (r:1 w:0)
	/// Proof: `SafeMode::EnteredUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn execute_dispatch_signed() -> Weight {
		// Minimum measured: 9_882 ns. Proof recorded: 42 bytes.
		Weight::from_parts(14_300_000, 1489)
			.saturating_add(Db::get().reads(1_u64))
	}
	fn execute_dispatch_unsigned() -> Weight {
		// Minimum measured: 3_907 ns. Proof recorded: 0 bytes.
		Weight::from_parts(8_558_000, 0)
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// `s` is in `[0, 49]`.
	fn schedule(s: u32, ) -> Weight {
		// Minimum measured: 21_946 ns. Proof recorded: 77 bytes.
		Weight::from_parts(36_987_353, 13928)
			// +- 33_978
			.saturating_add(Weight::from_parts(578_582, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Lookup` (r:0 w:1)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// `s` is in `[1, 50]`.
	fn cancel(s: u32, ) -> Weight {
		// Minimum measured: 26_445 ns. Proof recorded: 77 bytes.
		Weight::from_parts(33_156_299, 13928)
			// +- 31_663
			.saturating_add(Weight::from_parts(960_376, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Scheduler::Lookup` (r:1 w:1)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// `s` is in `[0, 49]`.
	fn schedule_named(s: u32, ) -> Weight {
		// Minimum measured: 21_110 ns. Proof recorded: 229 bytes.
		Weight::from_parts(34_789_592, 13928)
			// +- 35_594
			.saturating_add(Weight::from_parts(703_190, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Scheduler::Lookup` (r:1 w:1)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	/// `s` is in `[1, 50]`.
	fn cancel_named(s: u32, ) -> Weight {
		// Minimum measured: 28_249 ns. Proof recorded: 281 bytes.
		Weight::from_parts(39_401_754, 13928)
			// +- 36_774
			.saturating_add(Weight::from_parts(1_044_183, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:1)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	/// `s` is in `[1, 50]`.
	fn schedule_retry(s: u32, ) -> Weight {
		// Minimum measured: 14_862 ns. Proof recorded: 117 bytes.
		Weight::from_parts(19_151_648, 13928)
			// +- 14_419
			.saturating_add(Weight::from_parts(59_189, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:0)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	fn set_retry() -> Weight {
		// Minimum measured: 41_449 ns. Proof recorded: 8927 bytes.
		Weight::from_parts(51_321_000, 13928)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Scheduler::Lookup` (r:1 w:0)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Agenda` (r:1 w:0)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	fn set_retry_named() -> Weight {
		// Minimum measured: 53_067 ns. Proof recorded: 9605 bytes.
		Weight::from_parts(61_542_000, 13928)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Scheduler::Agenda` (r:1 w:0)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	fn cancel_retry() -> Weight {
		// Minimum measured: 40_793 ns. Proof recorded: 8939 bytes.
		Weight::from_parts(44_929_000, 13928)
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Scheduler::Lookup` (r:1 w:0)
	/// Proof: `Scheduler::Lookup` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Agenda` (r:1 w:0)
	/// Proof: `Scheduler::Agenda` (`max_values`: None, `max_size`: Some(10463), added: 12938, mode: `MaxEncodedLen`)
	/// Storage: `Scheduler::Retries` (r:0 w:1)
	/// Proof: `Scheduler::Retries` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	fn cancel_retry_named() -> Weight {
		// Minimum measured: 50_157 ns. Proof recorded: 9617 bytes.
		Weight::from_parts(51_674_000, 13928)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}
