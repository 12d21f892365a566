//! Weights of `pallet_surety_probes`, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-20: 20 steps, 10 repeats,
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
	fn open_round(n: u32, ) -> Weight;
	fn fold(n: u32, s: u32, ) -> Weight;
	fn judge_page(r: u32, ) -> Weight;
	fn close_round() -> Weight;
}

/// The weights as measured, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// The weights on a runtime's database.
pub type SubstrateWeight<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> WeightInfo for Measured<Db> {
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:1)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	fn commit() -> Weight {
		// Minimum measured: 9_794 ns. Proof recorded: 8725 bytes.
		Weight::from_parts(10_476_000, 12072)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:0)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_commit() -> Weight {
		// Minimum measured: 43_675 ns. Proof recorded: 8779 bytes.
		Weight::from_parts(46_179_000, 12072)
			.saturating_add(Db::get().reads(4_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:1)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// `b` is in `[0, 2048]`.
	fn reveal(b: u32, ) -> Weight {
		// Minimum measured: 152_277 ns. Proof recorded: 8824 bytes.
		Weight::from_parts(159_263_269, 12072)
			// +- 99
			.saturating_add(Weight::from_parts(2_283, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:1 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:1 w:0)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// `b` is in `[0, 2048]`.
	fn authorize_reveal(b: u32, ) -> Weight {
		// Minimum measured: 152_708 ns. Proof recorded: 8824 bytes.
		Weight::from_parts(158_291_549, 12072)
			// +- 71
			.saturating_add(Weight::from_parts(993, 0).saturating_mul(b.into()))
			.saturating_add(Db::get().reads(4_u64))
	}
	fn idle() -> Weight {
		// Minimum measured: 440 ns. Proof recorded: 0 bytes.
		Weight::from_parts(501_000, 0)
	}
	/// Storage: `Probes::ProberSet` (r:1 w:0)
	/// Proof: `Probes::ProberSet` (`max_values`: Some(1), `max_size`: Some(8194), added: 8689, mode: `MaxEncodedLen`)
	/// Storage: `Babe::NextRandomness` (r:1 w:0)
	/// Proof: `Babe::NextRandomness` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	/// Storage: `Babe::EpochStart` (r:1 w:0)
	/// Proof: `Babe::EpochStart` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `System::ParentHash` (r:1 w:0)
	/// Proof: `System::ParentHash` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Timestamp::Now` (r:1 w:0)
	/// Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:48 w:0)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(46), added: 2521, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdCursor` (r:1 w:0)
	/// Proof: `Probes::ColdCursor` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
	/// Storage: `Probes::ColdTurn` (r:1 w:1)
	/// Proof: `Probes::ColdTurn` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Snapshots` (r:0 w:1)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// `n` is in `[0, 128]`.
	fn open_round(n: u32, ) -> Weight {
		// Minimum measured: 80_000 ns. Proof recorded: 1520 bytes.
		Weight::from_parts(83_547_314, 121998)
			// +- 822
			.saturating_add(Weight::from_parts(20_663, 0).saturating_mul(n.into()))
			.saturating_add(Db::get().reads(57_u64))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(n.into()))
	}
	/// Storage: `Probes::Snapshots` (r:2 w:0)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Reports` (r:128 w:128)
	/// Proof: `Probes::Reports` (`max_values`: None, `max_size`: Some(2073), added: 4548, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:16 w:0)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(31631), added: 34106, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Duty` (r:1 w:1)
	/// Proof: `Probes::Duty` (`max_values`: Some(1), `max_size`: Some(14338), added: 14833, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Outcomes` (r:0 w:1)
	/// Proof: `Probes::Outcomes` (`max_values`: None, `max_size`: Some(2063), added: 4538, mode: `MaxEncodedLen`)
	/// `n` is in `[0, 128]`.
	/// `s` is in `[0, 2048]`.
	fn fold(n: u32, s: u32, ) -> Weight {
		// Minimum measured: 386_797 ns. Proof recorded: 47356 bytes.
		Weight::from_parts(390_743_000, 546686)
			// +- 425_947
			.saturating_add(Weight::from_parts(6_893_840, 0).saturating_mul(n.into()))
			// +- 26_590
			.saturating_add(Weight::from_parts(640_493, 0).saturating_mul(s.into()))
			.saturating_add(Db::get().reads(20_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(n.into())))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 4548).saturating_mul(n.into()))
	}
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Pages` (r:1 w:1)
	/// Proof: `Probes::Pages` (`max_values`: None, `max_size`: Some(31631), added: 34106, mode: `MaxEncodedLen`)
	/// Storage: `Probes::PageInfos` (r:1 w:1)
	/// Proof: `Probes::PageInfos` (`max_values`: None, `max_size`: Some(46), added: 2521, mode: `MaxEncodedLen`)
	/// `r` is in `[0, 128]`.
	fn judge_page(r: u32, ) -> Weight {
		// Minimum measured: 10_366 ns. Proof recorded: 166 bytes.
		Weight::from_parts(12_707_294, 35096)
			// +- 4_204
			.saturating_add(Weight::from_parts(2_009_120, 0).saturating_mul(r.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Probes::Snapshots` (r:1 w:1)
	/// Proof: `Probes::Snapshots` (`max_values`: None, `max_size`: Some(8607), added: 11082, mode: `MaxEncodedLen`)
	/// Storage: `Probes::Outcomes` (r:1 w:1)
	/// Proof: `Probes::Outcomes` (`max_values`: None, `max_size`: Some(2063), added: 4538, mode: `MaxEncodedLen`)
	/// Storage: `Timing::Settings` (r:1 w:0)
	/// Proof: `Timing::Settings` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn close_round() -> Weight {
		// Minimum measured: 12_338 ns. Proof recorded: 10778 bytes.
		Weight::from_parts(13_210_000, 12072)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
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
	fn open_round(n: u32, ) -> Weight {
		Measured::<ParityDbWeight>::open_round(n, )
	}
	fn fold(n: u32, s: u32, ) -> Weight {
		Measured::<ParityDbWeight>::fold(n, s, )
	}
	fn judge_page(r: u32, ) -> Weight {
		Measured::<ParityDbWeight>::judge_page(r, )
	}
	fn close_round() -> Weight {
		Measured::<ParityDbWeight>::close_round()
	}
}
