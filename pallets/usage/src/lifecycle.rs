// SPDX-License-Identifier: Apache-2.0

//! Records of agreements that are over, and the removal of what is not needed any more.

use crate::{
	Config, Ended, Expiring, Expiry, ExpiryCursor, Pairs, Pallet, Record, Records, WeightInfo,
};
use alloc::vec::Vec;
use frame::prelude::*;
use frame_support::weights::WeightMeter;
use surety_primitives::{AgreementFacts, AgreementId, Balance, Clock, RoundIndex, WindowIndex};

impl<T: Config> Pallet<T> {
	/// Remember an agreement that is over as long as its last window can be reported.
	pub(crate) fn end_agreement(
		id: AgreementId,
		facts: AgreementFacts<T::AccountId>,
		last: RoundIndex,
		window_fee: Balance,
	) {
		let ended = Ended { window: T::Clock::window_of(last), window_fee };
		let known = Records::<T>::get(id);
		if known.is_none() && ended.window < Self::oldest_open() {
			return;
		}
		let is_new = known.is_none();
		let mut record = known.unwrap_or_else(|| Record::new(facts));
		record.ended = Some(ended);
		if is_new {
			Self::enqueue(record.until(), Expiry::Agreement(id));
		}
		Records::<T>::insert(id, record);
	}

	/// Queue an entry for the end of a window.
	pub(crate) fn enqueue(after: WindowIndex, expiry: Expiry<T::AccountId>) {
		Expiring::<T>::insert(after, expiry, ());
	}

	/// Look at entries of windows that are over, oldest first, within `remaining` weight.
	pub(crate) fn remove_expired(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		let step = T::WeightInfo::expire_agreement()
			.max(T::WeightInfo::expire_pair())
			.max(T::WeightInfo::expire_service());
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

	/// Remove the subject of an entry that is due after `window`, or queue it for a later one.
	pub(crate) fn expire(window: WindowIndex, expiry: Expiry<T::AccountId>) {
		let current = Self::current_window();
		let next = match &expiry {
			Expiry::Agreement(id) => {
				let until = Records::<T>::get(id).map(|record| record.until());
				let next = until.filter(|until| *until >= current);
				if next.is_none() {
					Records::<T>::remove(id);
				}
				next
			},
			Expiry::Pair(operator, tenant) => {
				let newest = Pairs::<T>::get(operator, tenant).last().map(|it| it.window);
				let until = newest.map(|newest| newest.saturating_add(1));
				let next = until.filter(|until| *until >= current);
				if next.is_none() {
					Pairs::<T>::remove(operator, tenant);
				}
				next
			},
			Expiry::Service(service) => Self::expire_service(*service),
		};
		Expiring::<T>::remove(window, expiry.clone());
		if let Some(next) = next {
			Self::enqueue(next, expiry);
		}
	}
}
