//! Engagements: agreements that ended paid, until both sides have rated or the time for it is over.

use crate::{
	Cause, Config, Engagement, Engagements, Error, Event, Expiring, Expiry, ExpiryCursor, Pairs,
	Pallet, TenantStanding, WeightInfo,
};
use alloc::vec::Vec;
use frame::{
	deps::{
		frame_support::{defensive, ensure, weights::WeightMeter},
		sp_runtime::{DispatchResult, traits::Convert},
	},
	prelude::Weight,
	traits::Get,
};
use surety_primitives::{AgreementId, AssetId, Balance, Clock, WindowIndex, score::rating_weight};

impl<T: Config> Pallet<T> {
	/// The window that runs.
	pub(crate) fn current_window() -> WindowIndex {
		T::Clock::window_of(T::Clock::round())
	}

	/// An agreement ended paid: good evidence of its tenant, and both sides may rate.
	pub(crate) fn open_engagement(
		agreement: AgreementId,
		operator: &T::AccountId,
		tenant: &T::AccountId,
		asset: AssetId,
		fee: Balance,
	) {
		let scale = if fee == 0 { None } else { T::RatingScale::convert(asset) };
		let weight = rating_weight(fee, scale.unwrap_or(0));
		if weight == 0 || operator == tenant {
			return;
		}
		if Engagements::<T>::contains_key(agreement) {
			defensive!("an agreement ends once");
			return;
		}
		Self::move_score(
			tenant,
			Self::last_window(),
			Cause::Paid { agreement },
			|standing: &mut TenantStanding| standing.pay(weight),
		);

		let until = Self::current_window().saturating_add(T::RatingWindows::get());
		let (operator, tenant) = (operator.clone(), tenant.clone());
		Expiring::<T>::insert(until, Expiry::Engagement(agreement), ());
		Self::deposit_event(Event::RatingOpened {
			agreement,
			operator: operator.clone(),
			tenant: tenant.clone(),
			weight,
			until,
		});
		let (tenant_rated, operator_rated) = (false, false);
		let engagement =
			Engagement { operator, tenant, weight, until, tenant_rated, operator_rated };
		Engagements::<T>::insert(agreement, engagement);
	}

	/// Remove an engagement whose time is over, for anyone.
	pub(crate) fn do_forget_engagement(agreement: AgreementId) -> DispatchResult {
		let engagement = Engagements::<T>::get(agreement).ok_or(Error::<T>::UnknownEngagement)?;
		ensure!(Self::current_window() > engagement.until, Error::<T>::RatingWindowOpen);
		Self::close_engagement(agreement, engagement.until);
		Ok(())
	}

	/// Remove an engagement with its place in the queue.
	pub(crate) fn close_engagement(agreement: AgreementId, until: WindowIndex) {
		Expiring::<T>::remove(until, Expiry::Engagement(agreement));
		Engagements::<T>::remove(agreement);
		Self::deposit_event(Event::RatingClosed { agreement });
	}

	/// Forget what windows that are over leave behind, oldest first. Nothing depends on when: what is too
	/// old does not count, whether it is forgotten yet or not.
	pub(crate) fn expire_some(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		let step = T::WeightInfo::expire_engagement().max(T::WeightInfo::expire_pair());
		if meter.try_consume(T::WeightInfo::expire_base()).is_err() {
			return meter.consumed();
		}
		let window = ExpiryCursor::<T>::get();
		let room = meter.remaining().checked_div_per_component(&step).unwrap_or(u64::MAX);
		let most = u32::try_from(room).unwrap_or(u32::MAX).min(T::ForgetPerBlock::get());
		if window >= Self::current_window() || most == 0 {
			return meter.consumed();
		}

		let due: Vec<_> = Expiring::<T>::iter_key_prefix(window).take(most as usize).collect();
		if due.len() < most as usize {
			ExpiryCursor::<T>::put(window.saturating_add(1));
		}
		for expiry in due {
			meter.consume(step);
			Self::expire(window, expiry);
		}
		meter.consumed()
	}

	/// Forget what is due at the end of `window`.
	pub(crate) fn expire(window: WindowIndex, expiry: Expiry<T::AccountId>) {
		match expiry {
			Expiry::Engagement(agreement) => Self::close_engagement(agreement, window),
			Expiry::Pair(rater, rated) => {
				let epoch = Self::epoch();
				let current =
					Pairs::<T>::get(&rater, &rated).is_some_and(|pair| pair.epoch == epoch);
				if !current {
					Pairs::<T>::remove(&rater, &rated);
				}
				Expiring::<T>::remove(window, Expiry::Pair(rater.clone(), rated.clone()));
				if current {
					Expiring::<T>::insert(Self::epoch_end(), Expiry::Pair(rater, rated), ());
				}
			},
		}
	}
}
