// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_surety_probes`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-29: 12 steps, 10 repeats,
//! CPU `AMD EPYC`. Do not edit: change the benchmarks and measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the calls and hooks of `pallet_surety_probes`.
pub trait WeightInfo {
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(b: u32, ) -> Weight;
	fn authorize_reveal(b: u32, ) -> Weight;
	fn idle() -> Weight;
	fn open_round(n: u32, p: u32, ) -> Weight;
	fn count_round(n: u32, s: u32, ) -> Weight;
	fn read_reports(n: u32, s: u32, ) -> Weight;
	fn turn_page(r: u32, ) -> Weight;
	fn judge_page(r: u32, n: u32, ) -> Weight;
	fn end_meter() -> Weight;
	fn close_round(n: u32, ) -> Weight;
	fn request_probe() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Probes::Snapshots` (r:1 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:1
	/// w:1) Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038,
	/// mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// Minimum measured: 10_956 ns. Proof recorded: 8214 bytes.
		Weight::from_parts(13_440_000, 69028)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:1
	/// w:0) Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038,
	/// mode: `MaxEncodedLen`) Storage: `System::BlockHash` (r:1 w:0) Proof: `System::BlockHash`
	/// (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_commit() -> Weight {
		// Minimum measured: 52_888 ns. Proof recorded: 8268 bytes.
		Weight::from_parts(58_617_000, 69028)
			.saturating_add(Db::get().reads(3_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:1
	/// w:1) Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038,
	/// mode: `MaxEncodedLen`) Storage: `System::BlockHash` (r:1 w:0) Proof: `System::BlockHash`
	/// (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`) `b` is in
	/// `[0, 65536]`.
	fn reveal(b: u32, ) -> Weight {
		// Minimum measured: 16_094 ns. Proof recorded: 8313 bytes.
		Weight::from_parts(1_004_591, 69028)
			// +- 20
			.saturating_add(Weight::from_parts(3_243, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:1
	/// w:0) Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038,
	/// mode: `MaxEncodedLen`) Storage: `System::BlockHash` (r:1 w:0) Proof: `System::BlockHash`
	/// (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`) `b` is in
	/// `[0, 65536]`.
	fn authorize_reveal(b: u32, ) -> Weight {
		// Minimum measured: 13_330 ns. Proof recorded: 8313 bytes.
		Weight::from_parts(6_406_941, 69028)
			// +- 8
			.saturating_add(Weight::from_parts(1_834, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(3_u64))
	}
	fn idle() -> Weight {
		// Minimum measured: 530 ns. Proof recorded: 0 bytes.
		Weight::from_parts(641_000, 0)
	}
	/// Storage: `Probes::Active` (r:1 w:1) Proof: `Probes::Active` (`max_values`: Some(1),
	/// `max_size`: Some(77), added: 572, mode: `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:283
	/// w:0) Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520,
	/// mode: `MaxEncodedLen`) Storage: `Parameters::Parameters` (r:3 w:0) Proof:
	/// `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode:
	/// `MaxEncodedLen`) Storage: `Probes::ProberSet` (r:1 w:0) Proof: `Probes::ProberSet`
	/// (`max_values`: Some(1), `max_size`: Some(8194), added: 8689, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Queued` (r:1 w:0) Proof: `Probes::Queued` (`max_values`: Some(1), `max_size`:
	/// Some(258), added: 753, mode: `MaxEncodedLen`) Storage: `Probes::Idle` (r:1 w:0) Proof:
	/// `Probes::Idle` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode:
	/// `MaxEncodedLen`) Storage: `Probes::IdleTurn` (r:1 w:1) Proof: `Probes::IdleTurn`
	/// (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`) Storage:
	/// `Session::CurrentIndex` (r:1 w:0) Proof: `Session::CurrentIndex` (`max_values`: Some(1),
	/// `max_size`: None, mode: `Measured`) Storage: `Timestamp::Now` (r:1 w:0) Proof:
	/// `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode:
	/// `MaxEncodedLen`) Storage: `Probes::DuePages` (r:0 w:1) Proof: `Probes::DuePages`
	/// (`max_values`: None, `max_size`: Some(10766), added: 13241, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Capacity` (r:0 w:1) Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`:
	/// Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `Probes::Snapshots` (r:0 w:1) Proof:
	/// `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8224), added: 10699, mode:
	/// `MaxEncodedLen`) `n` is in `[0, 128]`. `p` is in `[1, 500]`.
	fn open_round(n: u32, p: u32, ) -> Weight {
		// Minimum measured: 200_658 ns. Proof recorded: 764 bytes.
		Weight::from_parts(154_952_524, 213009)
			// +- 11_783
			.saturating_add(Weight::from_parts(1_314_750, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(94_u64))
			.saturating_add(Db::get().writes(6_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 1023).saturating_mul(p.into()))
	}
	/// Storage: `Probes::Snapshots` (r:2 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::DuePages`
	/// (r:1 w:0) Proof: `Probes::DuePages` (`max_values`: None, `max_size`: Some(10766), added:
	/// 13241, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:128 w:0) Proof:
	/// `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Pages` (r:512 w:0) Proof: `Probes::Pages` (`max_values`:
	/// None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage:
	/// `System::BlockHash` (r:1 w:0) Proof: `System::BlockHash` (`max_values`: None, `max_size`:
	/// Some(44), added: 2519, mode: `MaxEncodedLen`) Storage: `Probes::RevealRoots` (r:0 w:1)
	/// Proof: `Probes::RevealRoots` (`max_values`: None, `max_size`: Some(44), added: 2519, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Counting` (r:0 w:1) Proof: `Probes::Counting`
	/// (`max_values`: Some(1), `max_size`: Some(8211), added: 8706, mode: `MaxEncodedLen`) `n` is
	/// in `[0, 128]`. `s` is in `[0, 65536]`.
	fn count_round(n: u32, s: u32, ) -> Weight {
		// Minimum measured: 73_639 ns. Proof recorded: 14308 bytes.
		Weight::from_parts(74_821_000, 22388)
			// +- 12_249_100
			.saturating_add(Weight::from_parts(103_559_102, 0).saturating_mul(n.into()))
			// +- 23_896
			.saturating_add(Weight::from_parts(605_427, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 68038).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 250).saturating_mul(s.into()))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0) Proof: `Probes::Snapshots` (`max_values`: None,
	/// `max_size`: Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::DuePages`
	/// (r:1 w:0) Proof: `Probes::DuePages` (`max_values`: None, `max_size`: Some(10766), added:
	/// 13241, mode: `MaxEncodedLen`) Storage: `Probes::Counting` (r:1 w:1) Proof:
	/// `Probes::Counting` (`max_values`: Some(1), `max_size`: Some(8211), added: 8706, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Reports` (r:128 w:0) Proof: `Probes::Reports`
	/// (`max_values`: None, `max_size`: Some(65563), added: 68038, mode: `MaxEncodedLen`) `n` is in
	/// `[0, 128]`. `s` is in `[0, 65536]`.
	fn read_reports(n: u32, s: u32, ) -> Weight {
		// Minimum measured: 13_520 ns. Proof recorded: 22 bytes.
		Weight::from_parts(14_251_000, 14231)
			// +- 1_126_758
			.saturating_add(Weight::from_parts(15_794_348, 0).saturating_mul(n.into()))
			// +- 2_198
			.saturating_add(Weight::from_parts(22_267, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 68038).saturating_mul(n.into()))
	}
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Windows` (r:128 w:128)
	/// Proof: `Probes::Windows` (`max_values`: None, `max_size`: Some(518), added: 2993, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Targets` (r:128 w:128)
	/// Proof: `Reputation::Targets` (`max_values`: None, `max_size`: Some(53), added: 2528, mode: `MaxEncodedLen`)
	/// Storage: `Reputation::Operators` (r:128 w:128)
	/// Proof: `Reputation::Operators` (`max_values`: None, `max_size`: Some(129), added: 2604, mode: `MaxEncodedLen`)
	/// Storage: `Sla::WindowRules` (r:1 w:0)
	/// Proof: `Sla::WindowRules` (`max_values`: None, `max_size`: Some(37), added: 2512, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:7 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Operators::Services` (r:128 w:0)
	/// Proof: `Operators::Services` (`max_values`: None, `max_size`: Some(612), added: 3087, mode: `MaxEncodedLen`)
	/// Storage: `Sla::Targets` (r:128 w:0)
	/// Proof: `Sla::Targets` (`max_values`: None, `max_size`: Some(267), added: 2742, mode: `MaxEncodedLen`)
	/// `r` is in `[1, 128]`.
	fn turn_page(r: u32, ) -> Weight {
		// Minimum measured: 41_963 ns. Proof recorded: 650 bytes.
		Weight::from_parts(42_963_000, 33048)
			// +- 45_330
			.saturating_add(Weight::from_parts(31_000_387, 0).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(9_u64))
			.saturating_add(Db::get().reads(5_u64.saturating_mul(r.into())))
			.saturating_add(Db::get().writes(1_u64))
			.saturating_add(Db::get().writes(3_u64.saturating_mul(r.into())))
			.saturating_add(Weight::from_parts(0, 3087).saturating_mul(r.into()))
	}
	/// Storage: `Probes::Pages` (r:1 w:1) Proof: `Probes::Pages` (`max_values`: None, `max_size`:
	/// Some(29583), added: 32058, mode: `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode:
	/// `MaxEncodedLen`) `r` is in `[0, 128]`. `n` is in `[0, 128]`.
	fn judge_page(r: u32, n: u32, ) -> Weight {
		// Minimum measured: 14_060 ns. Proof recorded: 34 bytes.
		Weight::from_parts(14_291_000, 33048)
			// +- 63_006
			.saturating_add(Weight::from_parts(4_019_886, 0).saturating_mul(r.into()))
			// +- 63_006
			.saturating_add(Weight::from_parts(1_354_316, 0).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(24), added: 2499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(29583), added: 32058, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520, mode: `MaxEncodedLen`)
	fn end_meter() -> Weight {
		// Minimum measured: 77_945 ns. Proof recorded: 28082 bytes.
		Weight::from_parts(80_359_000, 33048)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Probes::Duty` (r:1 w:1) Proof: `Probes::Duty` (`max_values`: Some(1), `max_size`:
	/// Some(24578), added: 25073, mode: `MaxEncodedLen`) Storage: `Probes::DuePages` (r:0 w:1)
	/// Proof: `Probes::DuePages` (`max_values`: None, `max_size`: Some(10766), added: 13241, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Counting` (r:0 w:1) Proof: `Probes::Counting`
	/// (`max_values`: Some(1), `max_size`: Some(8211), added: 8706, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Snapshots` (r:0 w:1) Proof: `Probes::Snapshots` (`max_values`: None, `max_size`:
	/// Some(8224), added: 10699, mode: `MaxEncodedLen`) Storage: `Probes::Reports` (r:0 w:128)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(65563), added: 68038, mode:
	/// `MaxEncodedLen`) `n` is in `[0, 128]`.
	fn close_round(n: u32, ) -> Weight {
		// Minimum measured: 4_777 ns. Proof recorded: 0 bytes.
		Weight::from_parts(3_757_443, 26063)
			// +- 5_515
			.saturating_add(Weight::from_parts(1_784_262, 0).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(4_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(n.into())))
	}
	/// Storage: `Probes::SlotsOf` (r:1 w:0) Proof: `Probes::SlotsOf` (`max_values`: None,
	/// `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`) Storage: `Probes::PageInfos` (r:1
	/// w:0) Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(45), added: 2520,
	/// mode: `MaxEncodedLen`) Storage: `Probes::Idle` (r:1 w:0) Proof: `Probes::Idle`
	/// (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`) Storage:
	/// `Probes::Capacity` (r:1 w:0) Proof: `Probes::Capacity` (`max_values`: Some(1), `max_size`:
	/// Some(4), added: 499, mode: `MaxEncodedLen`) Storage: `Probes::Active` (r:1 w:0) Proof:
	/// `Probes::Active` (`max_values`: Some(1), `max_size`: Some(77), added: 572, mode:
	/// `MaxEncodedLen`) Storage: `Probes::Queued` (r:1 w:1) Proof: `Probes::Queued` (`max_values`:
	/// Some(1), `max_size`: Some(258), added: 753, mode: `MaxEncodedLen`)
	fn request_probe() -> Weight {
		// Minimum measured: 24_646 ns. Proof recorded: 1309 bytes.
		Weight::from_parts(30_195_000, 3510)
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
}

/// For tests: the weights on ParityDB.
impl WeightInfo for () {
	fn commit() -> Weight {
		Measured::<ParityDbWeight>::commit()
	}
	fn authorize_commit() -> Weight {
		Measured::<ParityDbWeight>::authorize_commit()
	}
	fn reveal(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::reveal(b, )
	}
	fn authorize_reveal(b: u32, ) -> Weight {
		Measured::<ParityDbWeight>::authorize_reveal(b, )
	}
	fn idle() -> Weight {
		Measured::<ParityDbWeight>::idle()
	}
	fn open_round(n: u32, p: u32, ) -> Weight {
		Measured::<ParityDbWeight>::open_round(n, p, )
	}
	fn count_round(n: u32, s: u32, ) -> Weight {
		Measured::<ParityDbWeight>::count_round(n, s, )
	}
	fn read_reports(n: u32, s: u32, ) -> Weight {
		Measured::<ParityDbWeight>::read_reports(n, s, )
	}
	fn turn_page(r: u32, ) -> Weight {
		Measured::<ParityDbWeight>::turn_page(r, )
	}
	fn judge_page(r: u32, n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::judge_page(r, n, )
	}
	fn end_meter() -> Weight {
		Measured::<ParityDbWeight>::end_meter()
	}
	fn close_round(n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::close_round(n, )
	}
	fn request_probe() -> Weight {
		Measured::<ParityDbWeight>::request_probe()
	}
}
