//! Weights of `pallet_surety_probes`, measured.
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

/// What each call and hook of `pallet_surety_probes` weighs.
pub trait WeightInfo {
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	fn reveal(b: u32, ) -> Weight;
	fn authorize_reveal(b: u32, ) -> Weight;
	fn idle() -> Weight;
	fn open_round(n: u32, p: u32, ) -> Weight;
	fn count_round(n: u32, s: u32, ) -> Weight;
	fn hear(n: u32, s: u32, ) -> Weight;
	fn judge_page(r: u32, n: u32, ) -> Weight;
	fn close_round(n: u32, ) -> Weight;
	fn request_probe() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:1)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// Minimum measured: 11_007 ns. Proof recorded: 8599 bytes.
		Weight::from_parts(12_278_000, 12074)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:0)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_commit() -> Weight {
		// Minimum measured: 52_518 ns. Proof recorded: 8653 bytes.
		Weight::from_parts(58_416_000, 12074)
			.saturating_add(Db::get().reads(3_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:1)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// `b` is in `[0, 2048]`.
	fn reveal(_b: u32, ) -> Weight {
		// Minimum measured: 173_287 ns. Proof recorded: 8725 bytes.
		Weight::from_parts(194_602_819, 12074)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:0)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// `b` is in `[0, 2048]`.
	fn authorize_reveal(_b: u32, ) -> Weight {
		// Minimum measured: 174_920 ns. Proof recorded: 8725 bytes.
		Weight::from_parts(194_111_522, 12074)
			.saturating_add(Db::get().reads(3_u64))
	}
	fn idle() -> Weight {
		// Minimum measured: 540 ns. Proof recorded: 0 bytes.
		Weight::from_parts(651_000, 0)
	}
	/// Storage: `Probes::ProberSet` (r:1 w:0)
	/// Proof: `Probes::ProberSet` (`max_values`: Some(1), `max_size`: Some(8194), added: 8689, mode: `MaxEncodedLen`)
	/// Storage: `Babe::AuthorVrfRandomness` (r:1 w:0)
	/// Proof: `Babe::AuthorVrfRandomness` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
	/// Storage: `System::ParentHash` (r:1 w:0)
	/// Proof: `System::ParentHash` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Timestamp::Now` (r:1 w:0)
	/// Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Parameters::Parameters` (r:2 w:0)
	/// Proof: `Parameters::Parameters` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:49 w:0)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(46), added: 2521, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Queued` (r:1 w:1)
	/// Proof: `Probes::Queued` (`max_values`: Some(1), `max_size`: Some(258), added: 753, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:0)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdTurn` (r:1 w:1)
	/// Proof: `Probes::ColdTurn` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:0 w:1)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// `n` is in `[0, 128]`.
	fn open_round(n: u32, _p: u32, ) -> Weight {
		// Minimum measured: 128_551 ns. Proof recorded: 1647 bytes.
		Weight::from_parts(135_396_343, 124519)
			// +- 8_533
			.saturating_add(Weight::from_parts(100_164, 0).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(59_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(n.into()))
	}
	/// Storage: `Probes::Snapshots` (r:2 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:128 w:128)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:16 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(32271), added: 34746, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Duty` (r:1 w:1)
	/// Proof: `Probes::Duty` (`max_values`: Some(1), `max_size`: Some(14338), added: 14833, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Outcomes` (r:0 w:1)
	/// Proof: `Probes::Outcomes` (`max_values`: None, `max_size`: Some(2063), added: 4538, mode: `MaxEncodedLen`)
	/// `n` is in `[0, 128]`.
	/// `s` is in `[0, 2048]`.
	fn count_round(n: u32, s: u32, ) -> Weight {
		// Minimum measured: 536_014 ns. Proof recorded: 59778 bytes.
		Weight::from_parts(539_600_000, 556926)
			// +- 360_480
			.saturating_add(Weight::from_parts(9_746_603, 0).saturating_mul(n.into()))
			// +- 22_500
			.saturating_add(Weight::from_parts(1_036_656, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(19_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4548).saturating_mul(n.into()))
	}
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(32271), added: 34746, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(46), added: 2521, mode: `MaxEncodedLen`)
	/// `r` is in `[0, 128]`.
	fn hear(n: u32, s: u32, ) -> Weight {
		Self::count_round(n, s)
	}
	fn judge_page(r: u32, _n: u32, ) -> Weight {
		// Minimum measured: 11_497 ns. Proof recorded: 38 bytes.
		Weight::from_parts(22_416_462, 35736)
			// +- 17_987
			.saturating_add(Weight::from_parts(2_625_799, 0).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:1)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8609), added: 11084, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Outcomes` (r:1 w:1)
	/// Proof: `Probes::Outcomes` (`max_values`: None, `max_size`: Some(2063), added: 4538, mode: `MaxEncodedLen`)
	fn close_round(_n: u32, ) -> Weight {
		// Minimum measured: 14_422 ns. Proof recorded: 10652 bytes.
		Weight::from_parts(17_476_000, 12074)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Probes::SlotsOf` (r:1 w:0)
	/// Proof: `Probes::SlotsOf` (`max_values`: None, `max_size`: Some(23), added: 2498, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:16 w:0)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(46), added: 2521, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:0)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Queued` (r:1 w:1)
	/// Proof: `Probes::Queued` (`max_values`: Some(1), `max_size`: Some(258), added: 753, mode: `MaxEncodedLen`)
	fn request_probe() -> Weight {
		// Minimum measured: 51_777 ns. Proof recorded: 1022 bytes.
		Weight::from_parts(54_401_000, 41326)
			.saturating_add(Db::get().reads(19_u64))
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
	fn hear(n: u32, s: u32, ) -> Weight {
		Self::count_round(n, s)
	}
	fn judge_page(r: u32, n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::judge_page(r, n, )
	}
	fn close_round(n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::close_round(n, )
	}
	fn request_probe() -> Weight {
		Measured::<ParityDbWeight>::request_probe()
	}
}
