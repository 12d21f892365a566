//! Ratings: what they weigh, and how they move the score of the one who is rated.

use crate::{
	Cause, Config, Engagements, Error, Event, Expiring, Expiry, PairWeight, Pairs, Pallet,
	RecordOf, Role, Standing, TenantStanding,
};
use frame::{
	deps::{frame_support::ensure, sp_runtime::DispatchResult},
	traits::Get,
};
use surety_primitives::{
	AgreementId, WindowIndex,
	score::{Evidence, MAX_STARS},
};

impl<T: Config> Pallet<T> {
	/// The epoch that runs.
	pub(crate) fn epoch() -> u32 {
		Self::current_window().checked_div(T::EpochWindows::get()).unwrap_or(0)
	}

	/// Last window of the epoch that runs.
	pub(crate) fn epoch_end() -> WindowIndex {
		let next = Self::epoch().saturating_add(1).saturating_mul(T::EpochWindows::get());
		next.saturating_sub(1)
	}

	/// A party of an engagement rates the other.
	pub(crate) fn do_rate(who: T::AccountId, agreement: AgreementId, stars: u8) -> DispatchResult {
		let mut engagement =
			Engagements::<T>::get(agreement).ok_or(Error::<T>::UnknownEngagement)?;
		let (role, account) = engagement.counterparty(&who).ok_or(Error::<T>::NotParty)?;
		let account = account.clone();
		ensure!(Self::current_window() <= engagement.until, Error::<T>::RatingWindowOver);
		ensure!(!engagement.is_rated(role), Error::<T>::AlreadyRated);
		ensure!((1..=MAX_STARS).contains(&stars), Error::<T>::StarsOutOfRange);

		let weight = engagement.weight.min(Self::room_of_pair(&who, &account));
		let says = Evidence::of_rating(stars, weight);
		let cause = Cause::Rating { agreement, stars };
		let (before, after) = match role {
			Role::Operator => Self::rated::<Standing>(&account, cause, says),
			Role::Tenant => Self::rated::<TenantStanding>(&account, cause, says),
		};
		Self::use_pair(&who, &account, weight);
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

		engagement.note_rated(role);
		if engagement.is_done() {
			Self::close_engagement(agreement, engagement.until);
		} else {
			Engagements::<T>::insert(agreement, engagement);
		}
		Ok(())
	}

	/// What a rating by `by` would weigh now, in billionths of a window. `None` if it would be refused.
	pub(crate) fn weight_now(agreement: AgreementId, by: &T::AccountId) -> Option<u64> {
		let engagement = Engagements::<T>::get(agreement)?;
		let (role, account) = engagement.counterparty(by)?;
		let weight = engagement.weight.min(Self::room_of_pair(by, account));
		let open = Self::current_window() <= engagement.until && !engagement.is_rated(role);
		open.then_some(weight)
	}

	/// What one account's ratings of another may still weigh in this epoch, in billionths of a window.
	fn room_of_pair(rater: &T::AccountId, rated: &T::AccountId) -> u64 {
		let used = match Pairs::<T>::get(rater, rated) {
			Some(pair) if pair.epoch == Self::epoch() => pair.used,
			_ => 0,
		};
		Self::most_of_pair().saturating_sub(used)
	}

	/// What one account's ratings of another weigh at most in an epoch, in billionths of a window.
	pub(crate) fn most_of_pair() -> u64 {
		// A `Perbill` is in billionths, too.
		u64::from(T::MaxPairWeight::get().deconstruct())
	}

	/// Apply a rating to a record. Returns the score before and after.
	fn rated<R: RecordOf<T>>(account: &T::AccountId, cause: Cause, says: Evidence) -> (u8, u8) {
		Self::move_score(account, Self::last_window(), cause, |record: &mut R| {
			*record.rated_mut() = record.rated().and(says);
		})
	}

	/// Note what a rating weighed, with the epoch's end in the queue for a pair that is new.
	fn use_pair(rater: &T::AccountId, rated: &T::AccountId, weight: u64) {
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
