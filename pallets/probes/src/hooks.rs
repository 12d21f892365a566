//! Work of every block, and the bounds of the configuration.

use crate::{Config, MAX_PROBERS, MAX_REPORT, PAGE_BYTES, Page, Pallet, ROWS};
use codec::MaxEncodedLen;
use frame_support::{traits::Get, weights::Weight};
use surety_primitives::{Clock, RoundIndex};

impl<T: Config> Pallet<T> {
	/// The first block of a round folds the round before the last and opens this one; all others
	/// judge.
	pub(crate) fn begin_block() -> Weight {
		let now = T::Clock::now();
		let round: RoundIndex = T::Clock::round_at(now);
		if now != T::Clock::round_start(round) {
			return Self::judge_some(round);
		}
		let folded = round.checked_sub(2).map_or(Weight::zero(), Self::fold_round);
		folded.saturating_add(Self::open_round(round))
	}

	/// Bounds that [`Config`] states in words.
	pub(crate) fn check_config() {
		let due = T::MaxProbesPerRound::get();
		assert!(
			due.is_multiple_of(ROWS) && (ROWS.saturating_mul(2)..=MAX_REPORT).contains(&due),
			"MaxProbesPerRound must be a multiple of 128 from 256 to 2,048",
		);
		assert!((1..=MAX_PROBERS).contains(&T::MaxProbers::get()), "MaxProbers must be 1 to 128");
		assert!(T::MaxCommittee::get() > 0, "MaxCommittee must not be zero");
		assert!(T::Clock::round_blocks() >= 5, "a round must have at least 5 blocks");
		assert!(
			Page::<T::AccountId>::max_encoded_len() <= PAGE_BYTES,
			"a page must not be larger than what the database keeps in one piece",
		);
	}
}
