// SPDX-License-Identifier: Apache-2.0

//! Ratings: their weight, and their effect on the score of the account that is rated.

use crate::{
	Cause, Config, Engagements, Error, Event, Expiring, Expiry, OperatorRecord, PairWeight, Pairs,
	Pallet, Role, TenantRecord, scores::StoredRecord,
};
use frame::prelude::*;
use surety_primitives::{
	AgreementId, WindowIndex,
	score::{Evidence, MAX_STARS},
};

impl<T: Config> Pallet<T> {
	/// Current epoch.
	pub(crate) fn epoch() -> u32 {
		Self::current_window().checked_div(T::EpochWindows::get()).unwrap_or(0)
	}

	/// Last window of the current epoch.
	pub(crate) fn epoch_end() -> WindowIndex {
		let next = Self::epoch().saturating_add(1).saturating_mul(T::EpochWindows::get());
		next.saturating_sub(1)
	}

	/// Rate the counterparty of `who` in an engagement.
	pub(crate) fn do_rate(who: T::AccountId, agreement: AgreementId, stars: u8) -> DispatchResult {
		let mut engagement =
			Engagements::<T>::get(agreement).ok_or(Error::<T>::UnknownEngagement)?;
		let party = engagement.role_of(&who).ok_or(Error::<T>::NotParty)?;
		ensure!(Self::current_window() <= engagement.until, Error::<T>::RatingWindowOver);
		ensure!(engagement.rated_by != Some(party), Error::<T>::AlreadyRated);
		ensure!((1..=MAX_STARS).contains(&stars), Error::<T>::StarsOutOfRange);

		let (role, account) = (party.counterpart(), engagement.counterparty(party).clone());
		let weight = engagement.weight.min(Self::remaining_pair_weight(&who, &account));
		let rating = Evidence::of_rating(stars, weight);
		let cause = Cause::Rating { agreement, stars };
		let (before, after) = match role {
			Role::Operator => Self::apply_rating::<OperatorRecord>(&account, cause, rating),
			Role::Tenant => Self::apply_rating::<TenantRecord>(&account, cause, rating),
		};
		Self::record_pair_weight(&who, &account, weight);
		Self::deposit_event(Event::Rated {
			agreement,
			by: who,
			account,
			role,
			stars,
			weight,
			before,
			after,
		});

		if engagement.rated_by.is_some() {
			Self::close_engagement(agreement, engagement.until);
		} else {
			engagement.rated_by = Some(party);
			Engagements::<T>::insert(agreement, engagement);
		}
		Ok(())
	}

	/// Weight that a rating by `by` would have now, in billionths of a window. `None` if the
	/// rating would be refused.
	pub(crate) fn weight_of_rating(agreement: AgreementId, by: &T::AccountId) -> Option<u64> {
		let engagement = Engagements::<T>::get(agreement)?;
		let party = engagement.role_of(by)?;
		let open = Self::current_window() <= engagement.until && engagement.rated_by != Some(party);
		let left = Self::remaining_pair_weight(by, engagement.counterparty(party));
		open.then_some(engagement.weight.min(left))
	}

	/// Maximum weight of one account's ratings of another in an epoch, in billionths of a window.
	pub(crate) fn max_pair_weight() -> u64 {
		// A `Perbill` is in billionths, too.
		u64::from(T::MaxPairWeight::get().deconstruct())
	}

	/// Weight that one account's ratings of another may still have in this epoch, in billionths
	/// of a window.
	fn remaining_pair_weight(rater: &T::AccountId, rated: &T::AccountId) -> u64 {
		let used = match Pairs::<T>::get(rater, rated) {
			Some(pair) if pair.epoch == Self::epoch() => pair.used,
			_ => 0,
		};
		Self::max_pair_weight().saturating_sub(used)
	}

	/// Apply a rating to the record of an account. Returns the score before and after.
	fn apply_rating<R: StoredRecord<T>>(
		account: &T::AccountId,
		cause: Cause,
		rating: Evidence,
	) -> (u8, u8) {
		Self::move_score(account, Self::last_window(), cause, |record: &mut R| {
			record.add_rating(rating)
		})
	}

	/// Record the weight of a rating, and queue a new pair for the end of the epoch.
	fn record_pair_weight(rater: &T::AccountId, rated: &T::AccountId, weight: u64) {
		if weight == 0 {
			return;
		}
		let epoch = Self::epoch();
		let known = Pairs::<T>::get(rater, rated);
		let used = match known {
			Some(pair) if pair.epoch == epoch => pair.used.saturating_add(weight),
			_ => weight,
		};
		if known.is_none() {
			Expiring::<T>::insert(
				Self::epoch_end(),
				Expiry::Pair(rater.clone(), rated.clone()),
				(),
			);
		}
		Pairs::<T>::insert(rater, rated, PairWeight { epoch, used });
	}
}
