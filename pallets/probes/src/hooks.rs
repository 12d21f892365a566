//! Work of every block, and the bounds of the configuration.

use crate::{
	COMMIT_GRACE, Config, MAX_PROBERS, PAGE_BYTES, Page, Pallet, REVEAL_OFFSET, WeightInfo,
};
use codec::MaxEncodedLen;
use frame_support::{traits::Get, weights::Weight};
use surety_primitives::{Clock, RoundIndex};

impl<T: Config> Pallet<T> {
	/// The first block of a round opens it. The first one after its last reveals counts the reports
	/// of the round before the last, and those after that judge its pages.
	pub(crate) fn begin_block() -> Weight {
		let now = T::Clock::now();
		let round: RoundIndex = T::Clock::round_at(now);
		match now.saturating_sub(T::Clock::round_start(round)) {
			0 => Self::open_round(round),
			1..COMMIT_GRACE => T::WeightInfo::idle(),
			COMMIT_GRACE => round.checked_sub(2).map_or(Weight::zero(), Self::count_round),
			_ => Self::judge_some(round),
		}
	}

	/// Bounds that [`Config`] states in words.
	pub(crate) fn check_config() {
		assert!((1..=MAX_PROBERS).contains(&T::MaxProbers::get()), "MaxProbers must be 1 to 128");
		assert!(T::Clock::round_blocks() > REVEAL_OFFSET, "a round must have at least 5 blocks");
		assert!(
			Page::<T::AccountId>::max_encoded_len() <= PAGE_BYTES,
			"a page must not be larger than what the database keeps in one piece",
		);
	}
}
