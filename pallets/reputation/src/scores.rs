// SPDX-License-Identifier: Apache-2.0

//! Scores: movements of the record of an account, and reading it as of the current window.

use crate::{
	Cause, Config, Event, OperatorRecord, Operators, Pallet, Performance, Role, ScoreRecord,
	Targets, TenantRecord, Tenants,
};
use frame::prelude::*;
use frame_support::storage::StorageMap as StorageMapT;
use surety_primitives::{Clock, Target, WindowIndex, score::Quality};

/// Record with the map that it is stored in.
pub(crate) trait StoredRecord<T: Config>: ScoreRecord + codec::FullCodec {
	/// Records of all accounts in that role.
	type Map: StorageMapT<T::AccountId, Self, Query = Option<Self>>;
}

impl<T: Config> StoredRecord<T> for OperatorRecord {
	type Map = Operators<T>;
}

impl<T: Config> StoredRecord<T> for TenantRecord {
	type Map = Tenants<T>;
}

impl<T: Config> Pallet<T> {
	/// Score of a tenant at the current window, 0 to 100; 0 for an account without history.
	pub fn tenant_score(account: &T::AccountId) -> u8 {
		Self::score_of::<TenantRecord>(account)
	}

	/// Reliability of an operator: share of good verdicts of all its services, 0 to 100, recent
	/// windows weighing more. `None` if it was not measured lately.
	pub fn reliability(account: &T::AccountId) -> Option<u8> {
		Self::quality_of(account)?.reliability()
	}

	/// Performance of an operator over all its services, with its parts. `None` if it was not
	/// measured lately.
	pub fn performance(account: &T::AccountId) -> Option<Performance> {
		Self::quality_of(account)?.performance().map(Into::into)
	}

	/// Reliability of one target. `None` if it was not measured lately.
	pub fn target_reliability(target: Target) -> Option<u8> {
		Self::quality_of_target(target)?.reliability()
	}

	/// Current window.
	pub(crate) fn current_window() -> WindowIndex {
		T::Clock::window_of(T::Clock::round())
	}

	/// Last closed window, whose rounds weigh in full. A window is judged two rounds after its
	/// end, so other pallets report this window, too.
	pub(crate) fn last_window() -> WindowIndex {
		Self::current_window().saturating_sub(1)
	}

	/// Score of an account in the role of a record, at the current window.
	pub(crate) fn score_of<R: StoredRecord<T>>(account: &T::AccountId) -> u8 {
		Self::record_of::<R>(account).map_or(0, |record| record.score(T::Clock::window_rounds()))
	}

	/// Apply a movement at window `at` to the record of an account, report it and store the
	/// record. Returns the score before and after the movement.
	pub(crate) fn move_score<R: StoredRecord<T>>(
		account: &T::AccountId,
		at: WindowIndex,
		cause: Cause,
		apply: impl FnOnce(&mut R),
	) -> (u8, u8) {
		let rounds = T::Clock::window_rounds();
		let mut record = R::Map::get(account).unwrap_or_default();
		let mut before = record.last_score();

		let passed = at.saturating_sub(record.window());
		let idle = passed.saturating_sub(u32::from(cause.includes_decay_of_a_window()));
		record.decay_to(at, rounds, T::HalfLife::get());
		let decayed = record.score(rounds);
		if idle > 0 && decayed != before {
			let idle = Cause::Idle { windows: idle };
			Self::deposit_moved(account, R::ROLE, idle, before, decayed);
			before = decayed;
		}

		apply(&mut record);
		let after = record.score(rounds);
		record.set_last_score(after);
		if after != before || cause.is_always_reported() {
			Self::deposit_moved(account, R::ROLE, cause, before, after);
		}
		R::Map::insert(account, record);
		(before, after)
	}

	fn deposit_moved(account: &T::AccountId, role: Role, cause: Cause, before: u8, after: u8) {
		Self::deposit_event(Event::Moved { account: account.clone(), role, cause, before, after });
	}

	/// Record of an account in a role, at the current window.
	fn record_of<R: StoredRecord<T>>(account: &T::AccountId) -> Option<R> {
		let mut record = R::Map::get(account)?;
		record.decay_to(Self::last_window(), T::Clock::window_rounds(), T::HalfLife::get());
		Some(record)
	}

	fn quality_of(account: &T::AccountId) -> Option<Quality> {
		Self::record_of::<OperatorRecord>(account).map(|record| record.quality)
	}

	pub(crate) fn quality_of_target(target: Target) -> Option<Quality> {
		let mut record = Targets::<T>::get(target)?;
		record.decay_to(Self::last_window(), T::HalfLife::get());
		Some(record.quality)
	}
}
