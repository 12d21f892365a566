// SPDX-License-Identifier: Apache-2.0

//! Engagements: from the end of an agreement until both parties have rated it or its time is over.

use crate::{
	Config, Engagement, Engagements, Error, Event, Expiring, Expiry, ExpiryCursor, Pairs, Pallet,
	WeightInfo,
};
use alloc::vec::Vec;
use frame::prelude::*;
use frame_support::weights::WeightMeter;
use surety_primitives::{AgreementId, WindowIndex};

impl<T: Config> Pallet<T> {
	/// Let the parties of an agreement that ended paid rate each other.
	pub(crate) fn open_engagement(
		agreement: AgreementId,
		operator: T::AccountId,
		tenant: T::AccountId,
		weight: u64,
	) {
		let until = Self::current_window().saturating_add(T::RatingWindows::get());
		Expiring::<T>::insert(until, Expiry::Engagement(agreement), ());
		Self::deposit_event(Event::RatingOpened {
			agreement,
			operator: operator.clone(),
			tenant: tenant.clone(),
			weight,
			until,
		});
		let engagement = Engagement { operator, tenant, weight, until, rated_by: None };
		Engagements::<T>::insert(agreement, engagement);
	}

	/// Remove an engagement whose time is over, for anyone.
	pub(crate) fn do_forget_engagement(agreement: AgreementId) -> DispatchResult {
		let engagement = Engagements::<T>::get(agreement).ok_or(Error::<T>::UnknownEngagement)?;
		ensure!(Self::current_window() > engagement.until, Error::<T>::RatingWindowOpen);
		Self::close_engagement(agreement, engagement.until);
		Ok(())
	}

	/// Remove an engagement with its entry in the queue.
	pub(crate) fn close_engagement(agreement: AgreementId, until: WindowIndex) {
		Expiring::<T>::remove(until, Expiry::Engagement(agreement));
		Engagements::<T>::remove(agreement);
		Self::deposit_event(Event::RatingClosed { agreement });
	}

	/// Remove entries of windows that are over, oldest first, within `remaining` weight.
	pub(crate) fn remove_expired(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		let step = T::WeightInfo::expire_engagement().max(T::WeightInfo::expire_pair());
		if meter.try_consume(T::WeightInfo::expire_base()).is_err() {
			return meter.consumed();
		}
		let window = ExpiryCursor::<T>::get();
		let affordable = meter.remaining().checked_div_per_component(&step).unwrap_or(u64::MAX);
		let limit = u32::try_from(affordable).unwrap_or(u32::MAX).min(T::ForgetPerBlock::get());
		if window >= Self::current_window() || limit == 0 {
			return meter.consumed();
		}

		let due: Vec<_> = Expiring::<T>::iter_key_prefix(window).take(limit as usize).collect();
		if due.len() < limit as usize {
			ExpiryCursor::<T>::put(window.saturating_add(1));
		}
		for expiry in due {
			meter.consume(step);
			Self::expire(window, expiry);
		}
		meter.consumed()
	}

	/// Remove an entry that is due after `window`. A pair that has rated again in the current
	/// epoch is queued for the end of that epoch instead.
	pub(crate) fn expire(window: WindowIndex, expiry: Expiry<T::AccountId>) {
		match expiry {
			Expiry::Engagement(agreement) => Self::close_engagement(agreement, window),
			Expiry::Pair(rater, rated) => {
				let epoch = Self::epoch();
				let is_current =
					Pairs::<T>::get(&rater, &rated).is_some_and(|pair| pair.epoch == epoch);
				if !is_current {
					Pairs::<T>::remove(&rater, &rated);
				}
				Expiring::<T>::remove(window, Expiry::Pair(rater.clone(), rated.clone()));
				if is_current {
					Expiring::<T>::insert(Self::epoch_end(), Expiry::Pair(rater, rated), ());
				}
			},
		}
	}
}
