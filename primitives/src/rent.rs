// SPDX-License-Identifier: Apache-2.0

//! Rent of a slot: the price of being probed by every validator in every round.
//!
//! The rent of a slot is fixed when the slot is taken, by the share `x` of the slots that are taken
//! then, this one included:
//!
//! ```text
//! rent(x) = minimum bond x (base + peak x^8)      per window
//! ```
//!
//! With x^8 the last tenth of the slots costs `1 - 0.9^9 = 61 %` of the peaks of all of them, which
//! is more than the first nine tenths together, and the first half costs next to nothing. The
//! minimum bond makes rents of different assets comparable.

use crate::Balance;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{Perbill, Saturating};

/// Exponent of the occupancy.
pub const EXPONENT: usize = 8;

/// Occupancy of the slots that are probed in every round.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Occupancy {
	/// Slots taken.
	pub taken: u32,
	/// Slots in all.
	pub slots: u32,
}

impl Occupancy {
	/// Share that is taken; 100 % if there are no slots.
	pub fn share(&self) -> Perbill {
		if self.slots == 0 {
			Perbill::one()
		} else {
			Perbill::from_rational(self.taken, self.slots)
		}
	}
}

/// Rent per window of a slot that was taken at this occupancy, in base units of the asset whose
/// minimum bond is `min_bond` base units.
pub fn rent(min_bond: Balance, base: Perbill, peak: Perbill, occupancy: Occupancy) -> Balance {
	let convex = occupancy.share().saturating_pow(EXPONENT);
	base.mul_ceil(min_bond).saturating_add(peak.saturating_mul(convex).mul_ceil(min_bond))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;

	const UNIT: Balance = 1_000_000_000_000;

	/// Planck per window for the slots `from + 1 ..= to` of 8,064, with the parameters of
	/// production.
	fn cost(from: u32, to: u32) -> Balance {
		let (base, peak) = (Perbill::from_parts(100_000), Perbill::from_percent(10));
		(from + 1..=to)
			.map(|taken| rent(1_000 * UNIT, base, peak, Occupancy { taken, slots: 8_064 }))
			.sum()
	}

	#[test]
	fn the_last_tenth_of_the_slots_costs_more_than_the_first_nine() {
		assert!(cost(7_258, 8_064) > cost(0, 7_258));
	}

	/// The table in docs/economics.md.
	#[test]
	fn costs_of_holding_slots_for_a_window() {
		let whole = |planck: Balance| (planck + UNIT / 2) / UNIT;
		assert_eq!(whole(cost(0, 4_032)), 578);
		assert_eq!(whole(cost(0, 7_258)), 35_477);
		assert_eq!(whole(cost(0, 8_064)), 90_456);
	}

	#[test]
	fn rent_rises_with_occupancy_and_with_the_minimum_bond() {
		let (base, peak) = (Perbill::from_percent(1), Perbill::from_percent(10));
		let at = |taken| rent(UNIT, base, peak, Occupancy { taken, slots: 10 });
		assert!((1..10).all(|taken| at(taken) < at(taken + 1)));
		assert_eq!(at(10), UNIT / 100 + UNIT / 10);
		assert_eq!(rent(0, base, peak, Occupancy { taken: 10, slots: 10 }), 0);
	}
}
