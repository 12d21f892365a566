// SPDX-License-Identifier: Apache-2.0

//! Meters, which streams are paid by.

use super::RoundIndex;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Reading of a meter: billable blocks since the row became active.
///
/// With `recent`, a stream that began or ended in a round that was not judged at the time finds its
/// exact reading later: bit `k` is set if round `through - k` advanced the meter.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct MeterReading {
	/// Billable blocks up to and including round `through`.
	pub blocks: u32,
	/// Last round judged for this target.
	pub through: RoundIndex,
	/// Bits of the last 32 rounds, the newest in bit 0; set if the round was billable.
	pub recent: u32,
}
impl MeterReading {
	/// Rounds that `recent` remembers.
	pub const REMEMBERED: u32 = u32::BITS;

	/// Upper bound of the reading at the end of `round`, with `round_blocks` blocks to a round:
	/// exact for a round that is remembered, else the oldest reading known. `None` while the round
	/// is not judged. Blocks billed after a round are counted from here, so that a forgotten round
	/// favours the payer.
	pub fn at_most(&self, round: RoundIndex, round_blocks: u32) -> Option<u32> {
		let age = self.through.checked_sub(round)?;
		let mask = 1u32.checked_shl(age).map_or(u32::MAX, |bit| bit.saturating_sub(1));
		let billed = (self.recent & mask).count_ones();
		Some(self.blocks.saturating_sub(billed.saturating_mul(round_blocks)))
	}

	/// Lower bound of the reading at the end of `round`: exact for a round that is remembered, else
	/// as if all rounds between it and the memory had been billed after it. `None` while the round
	/// is not judged. Blocks billed up to a round are counted to here.
	pub fn at_least(&self, round: RoundIndex, round_blocks: u32) -> Option<u32> {
		let forgotten = self.through.checked_sub(round)?.saturating_sub(Self::REMEMBERED);
		let known = self.at_most(round, round_blocks)?;
		Some(known.saturating_sub(forgotten.saturating_mul(round_blocks)))
	}

	/// Record the next round.
	pub fn advance(&mut self, round: RoundIndex, billable: bool, round_blocks: u32) {
		let skipped = round.saturating_sub(self.through);
		self.recent = self.recent.checked_shl(skipped).unwrap_or(0) | u32::from(billable);
		self.through = round;
		if billable {
			self.blocks = self.blocks.saturating_add(round_blocks);
		}
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		/// The reading at a remembered round is the reading when that round was judged.
		#[test]
		fn a_meter_remembers_its_recent_readings(rounds in proptest::collection::vec(any::<bool>(), 1..80)) {
			let mut meter = MeterReading { blocks: 0, through: 100, recent: 0 };
			let mut seen = alloc::vec![(100u32, 0u32)];
			for (i, billable) in rounds.iter().enumerate() {
				let round = 101 + u32::try_from(i).unwrap();
				meter.advance(round, *billable, 10);
				seen.push((round, meter.blocks));
			}
			for (round, blocks) in seen.iter().rev().take(MeterReading::REMEMBERED as usize) {
				prop_assert_eq!(meter.at_most(*round, 10), Some(*blocks));
				prop_assert_eq!(meter.at_least(*round, 10), Some(*blocks));
			}
			for (round, blocks) in &seen {
				prop_assert!(meter.at_most(*round, 10).is_some_and(|upper| *blocks <= upper));
				prop_assert!(meter.at_least(*round, 10).is_some_and(|lower| lower <= *blocks));
			}
			prop_assert_eq!(meter.at_most(meter.through + 1, 10), None);
			prop_assert_eq!(meter.at_least(meter.through + 1, 10), None);
		}
	}
}
