// SPDX-License-Identifier: Apache-2.0

//! Random numbers for choices among operators. Not for secrets.

use std::{
	cell::Cell,
	hash::{BuildHasher, RandomState},
};

/// Generator of one worker (SplitMix64).
#[derive(Debug)]
pub struct Random(Cell<u64>);

impl Random {
	/// Generator with a seed of the operating system.
	pub fn new() -> Self {
		Self::from_seed(RandomState::new().hash_one(0u8))
	}

	/// Generator that repeats itself, for tests.
	pub fn from_seed(seed: u64) -> Self {
		Self(Cell::new(seed))
	}

	/// Next number.
	pub fn next(&self) -> u64 {
		let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
		self.0.set(state);
		let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		mixed ^ (mixed >> 31)
	}

	/// Number below `bound`; 0 if `bound` is 0.
	pub fn below(&self, bound: usize) -> usize {
		let wide = u128::from(self.next()).saturating_mul(bound as u128);
		usize::try_from(wide >> 64).unwrap_or(0)
	}

	/// True with a probability.
	pub fn chance(&self, probability: f64) -> bool {
		(self.next() >> 11) as f64 / (1u64 << 53) as f64 <= probability && probability > 0.0
	}
}

impl Default for Random {
	fn default() -> Self {
		Self::new()
	}
}
