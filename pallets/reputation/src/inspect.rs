//! Reading: everything as of the current window.

use crate::{Config, Operators, Pallet, Record, Services, Standing, TenantStanding, Tenants};
use frame::traits::Get;
use surety_primitives::{Clock, ReputationInspect, ServiceId, WindowIndex, score::Quality};

impl<T: Config> ReputationInspect<T::AccountId> for Pallet<T> {
	fn score(account: &T::AccountId) -> u8 {
		Self::score_of(account)
	}
}

impl<T: Config> Pallet<T> {
	/// The window whose rounds weigh in full: the last closed one. A window is judged two rounds after
	/// its end, so this is the one that the sweeps are closing, too.
	pub(crate) fn last_window() -> WindowIndex {
		T::Clock::window_of(T::Clock::round()).saturating_sub(1)
	}

	/// What is known of an account as of now.
	fn standing(account: &T::AccountId) -> Option<Standing> {
		let mut standing = Operators::<T>::get(account)?;
		standing.roll(Self::last_window(), T::Clock::window_rounds(), T::HalfLife::get());
		Some(standing)
	}

	pub(crate) fn score_of(account: &T::AccountId) -> u8 {
		Self::standing(account).map_or(0, |standing| standing.score(T::Clock::window_rounds()))
	}

	fn tenant_standing(account: &T::AccountId) -> Option<TenantStanding> {
		let mut standing = Tenants::<T>::get(account)?;
		standing.roll(Self::last_window(), T::Clock::window_rounds(), T::HalfLife::get());
		Some(standing)
	}

	pub(crate) fn tenant_score_of(account: &T::AccountId) -> u8 {
		Self::tenant_standing(account).map_or(0, |standing| standing.score(T::Clock::window_rounds()))
	}

	pub(crate) fn quality_of(account: &T::AccountId) -> Option<Quality> {
		Self::standing(account).map(|standing| standing.quality)
	}

	pub(crate) fn quality_of_service(service: ServiceId) -> Option<Quality> {
		let mut standing = Services::<T>::get(service)?;
		standing.roll(Self::last_window(), T::HalfLife::get());
		Some(standing.quality)
	}
}
