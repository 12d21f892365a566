// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_collective` in this runtime, measured.
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

/// Measured weights of `pallet_collective`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_collective::WeightInfo for Measured<Db> {
	/// Storage: `TechnicalCommittee::Members` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Voting` (r:20 w:20)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Prime` (r:0 w:1)
	/// Proof: `TechnicalCommittee::Prime` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// `m` is in `[0, 32]`.
	/// `n` is in `[0, 32]`.
	/// `p` is in `[0, 20]`.
	fn set_members(m: u32, _n: u32, p: u32, ) -> Weight {
		// Minimum measured: 16_093 ns. Proof recorded: 0 bytes.
		Weight::from_parts(17_951_000, 5702)
			// +- 88_413
			.saturating_add(Weight::from_parts(836_279, 0).saturating_mul(m.into()))
			// +- 141_431
			.saturating_add(Weight::from_parts(7_502_048, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().reads(1_u64.saturating_mul(p.into())))
			.saturating_add(Db::get().writes(2_u64))
			.saturating_add(Db::get().writes(1_u64.saturating_mul(p.into())))
			.saturating_add(Weight::from_parts(0, 417).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 2986).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `SafeMode::EnteredUntil` (r:1 w:0)
	/// Proof: `SafeMode::EnteredUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// `b` is in `[2, 1024]`.
	/// `m` is in `[1, 32]`.
	fn execute(b: u32, m: u32, ) -> Weight {
		// Minimum measured: 21_292 ns. Proof recorded: 112 bytes.
		Weight::from_parts(26_746_744, 1597)
			// +- 1_378
			.saturating_add(Weight::from_parts(3_010, 0).saturating_mul(b.into()))
			// +- 44_690
			.saturating_add(Weight::from_parts(194_826, 0).saturating_mul(m.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Weight::from_parts(0, 32).saturating_mul(m.into()))
	}
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:0)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `SafeMode::EnteredUntil` (r:1 w:0)
	/// Proof: `SafeMode::EnteredUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// `b` is in `[2, 1024]`.
	/// `m` is in `[1, 32]`.
	fn propose_execute(b: u32, m: u32, ) -> Weight {
		// Minimum measured: 26_657 ns. Proof recorded: 112 bytes.
		Weight::from_parts(31_183_879, 3577)
			// +- 1_241
			.saturating_add(Weight::from_parts(9_168, 0).saturating_mul(b.into()))
			// +- 40_246
			.saturating_add(Weight::from_parts(109_594, 0).saturating_mul(m.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Weight::from_parts(0, 32).saturating_mul(m.into()))
	}
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalCount` (r:1 w:1)
	/// Proof: `TechnicalCommittee::ProposalCount` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Voting` (r:0 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `b` is in `[2, 1024]`.
	/// `m` is in `[2, 32]`.
	/// `p` is in `[1, 20]`.
	fn propose_proposed(b: u32, m: u32, p: u32, ) -> Weight {
		// Minimum measured: 31_498 ns. Proof recorded: 131 bytes.
		Weight::from_parts(49_107_474, 3554)
			// +- 1_260
			.saturating_add(Weight::from_parts(144, 0).saturating_mul(b.into()))
			// +- 67_851
			.saturating_add(Weight::from_parts(685_442, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(4_u64))
			.saturating_add(Weight::from_parts(0, 33).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 53).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Voting` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `m` is in `[5, 32]`.
	fn vote(m: u32, ) -> Weight {
		// Minimum measured: 30_766 ns. Proof recorded: 610 bytes.
		Weight::from_parts(42_336_940, 4075)
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(1_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(m.into()))
	}
	/// Storage: `TechnicalCommittee::Voting` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:0 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `m` is in `[4, 32]`.
	/// `p` is in `[1, 20]`.
	fn close_early_disapproved(m: u32, p: u32, ) -> Weight {
		// Minimum measured: 40_625 ns. Proof recorded: 164 bytes.
		Weight::from_parts(44_571_992, 3629)
			// +- 50_571
			.saturating_add(Weight::from_parts(299_338, 0).saturating_mul(m.into()))
			// +- 76_262
			.saturating_add(Weight::from_parts(354_519, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 55).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Voting` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `SafeMode::EnteredUntil` (r:1 w:0)
	/// Proof: `SafeMode::EnteredUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// `b` is in `[2, 1024]`.
	/// `m` is in `[4, 32]`.
	/// `p` is in `[1, 20]`.
	fn close_early_approved(b: u32, m: u32, p: u32, ) -> Weight {
		// Minimum measured: 62_697 ns. Proof recorded: 144 bytes.
		Weight::from_parts(65_770_819, 3681)
			// +- 1_746
			.saturating_add(Weight::from_parts(12_322, 0).saturating_mul(b.into()))
			// +- 62_307
			.saturating_add(Weight::from_parts(140_630, 0).saturating_mul(m.into()))
			// +- 94_014
			.saturating_add(Weight::from_parts(784_407, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(5_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 1).saturating_mul(b.into()))
			.saturating_add(Weight::from_parts(0, 63).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 75).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Voting` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Prime` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Prime` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:0 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `m` is in `[4, 32]`.
	/// `p` is in `[1, 20]`.
	fn close_disapproved(m: u32, p: u32, ) -> Weight {
		// Minimum measured: 43_378 ns. Proof recorded: 184 bytes.
		Weight::from_parts(56_759_958, 3649)
			// +- 62_870
			.saturating_add(Weight::from_parts(151_802, 0).saturating_mul(m.into()))
			// +- 94_809
			.saturating_add(Weight::from_parts(146_080, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(4_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 64).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 55).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Voting` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Members` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Members` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Prime` (r:1 w:0)
	/// Proof: `TechnicalCommittee::Prime` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `SafeMode::EnteredUntil` (r:1 w:0)
	/// Proof: `SafeMode::EnteredUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// `b` is in `[2, 1024]`.
	/// `m` is in `[4, 32]`.
	/// `p` is in `[1, 20]`.
	fn close_approved(b: u32, m: u32, p: u32, ) -> Weight {
		// Minimum measured: 62_276 ns. Proof recorded: 164 bytes.
		Weight::from_parts(88_533_252, 3701)
			// +- 3_204
			.saturating_add(Weight::from_parts(64, 0).saturating_mul(b.into()))
			// +- 172_474
			.saturating_add(Weight::from_parts(1_076_108, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(6_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 1).saturating_mul(b.into()))
			.saturating_add(Weight::from_parts(0, 63).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 75).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Voting` (r:0 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::ProposalOf` (r:0 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `p` is in `[1, 20]`.
	fn disapprove_proposal(p: u32, ) -> Weight {
		// Minimum measured: 22_410 ns. Proof recorded: 226 bytes.
		Weight::from_parts(28_202_073, 1711)
			// +- 94_955
			.saturating_add(Weight::from_parts(755_283, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 32).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:1)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::CostOf` (r:1 w:0)
	/// Proof: `TechnicalCommittee::CostOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Proposals` (r:1 w:1)
	/// Proof: `TechnicalCommittee::Proposals` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::Voting` (r:0 w:1)
	/// Proof: `TechnicalCommittee::Voting` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// `d` is in `[0, 1]`.
	/// `p` is in `[1, 20]`.
	fn kill(d: u32, p: u32, ) -> Weight {
		// Minimum measured: 28_510 ns. Proof recorded: 1280 bytes.
		Weight::from_parts(40_074_005, 4748)
			// +- 864_877
			.saturating_add(Weight::from_parts(1_026_205, 0).saturating_mul(d.into()))
			// +- 67_388
			.saturating_add(Weight::from_parts(669_063, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
			.saturating_add(Weight::from_parts(0, 4).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 55).saturating_mul(p.into()))
	}
	/// Storage: `TechnicalCommittee::ProposalOf` (r:1 w:0)
	/// Proof: `TechnicalCommittee::ProposalOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `TechnicalCommittee::CostOf` (r:1 w:0)
	/// Proof: `TechnicalCommittee::CostOf` (`max_values`: None, `max_size`: None, mode: `Measured`)
	fn release_proposal_cost() -> Weight {
		// Minimum measured: 20_779 ns. Proof recorded: 713 bytes.
		Weight::from_parts(30_512_000, 4178)
			.saturating_add(Db::get().reads(2_u64))
	}
}
