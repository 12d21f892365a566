//! Reading: everything as of the current window.

use crate::{Config, Pallet, RecordOf, Services, Standing};
use frame::traits::Get;
use frame_support::storage::StorageMap as _;
use surety_primitives::{Clock, ReputationInspect, ServiceId, WindowIndex, score::Quality};

impl<T: Config> ReputationInspect<T::AccountId> for Pallet<T> {
	fn score(account: &T::AccountId) -> u8 {
		Self::score_of::<Standing>(account)
	}
}

impl<T: Config> Pallet<T> {
	/// The window whose rounds weigh in full: the last closed one. A window is judged two rounds after
	/// its end, so this is the one that the sweeps are closing, too.
	pub(crate) fn last_window() -> WindowIndex {
		T::Clock::window_of(T::Clock::round()).saturating_sub(1)
	}

	/// What is known of an account in the role of a record, as of now.
	fn standing_of<R: RecordOf<T>>(account: &T::AccountId) -> Option<R> {
		let mut standing = R::Map::get(account)?;
		standing.roll(Self::last_window(), T::Clock::window_rounds(), T::HalfLife::get());
		Some(standing)
	}

	/// Score of an account in that role, as of now.
	pub(crate) fn score_of<R: RecordOf<T>>(account: &T::AccountId) -> u8 {
		Self::standing_of::<R>(account)
			.map_or(0, |standing| standing.score(T::Clock::window_rounds()))
	}

	pub(crate) fn quality_of(account: &T::AccountId) -> Option<Quality> {
		Self::standing_of::<Standing>(account).map(|standing| standing.quality)
	}

	pub(crate) fn quality_of_service(service: ServiceId) -> Option<Quality> {
		let mut standing = Services::<T>::get(service)?;
		standing.roll(Self::last_window(), T::HalfLife::get());
		Some(standing.quality)
	}
}
