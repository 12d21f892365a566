//! Invariants of the state.

use crate::{
	Config, Engagements, Expiring, Expiry, ExpiryCursor, Operators, Pairs, Pallet, Record,
	Services, Tenants,
};
use alloc::collections::BTreeSet;
use frame::deps::{frame_support::ensure, sp_runtime::TryRuntimeError};
use surety_primitives::{
	Clock, LatencyBucket, WindowIndex,
	score::{Evidence, MAX_EVIDENCE, MAX_RATING, MOST_PAID_TENANT, Quality},
};

impl<T: Config> Pallet<T> {
	/// Invariants:
	///
	/// 1. No record is of a window after the current one.
	/// 2. Evidence is bounded.
	/// 3. The score shown last is the score of the record.
	/// 4. The parts of the measured rounds are no more than the whole, and a latency is one of a bucket.
	/// 5. An engagement is between two accounts, of a weight, and not rated by both.
	/// 6. The ratings of a pair are within the bound of an epoch, and of no epoch to come.
	/// 7. Every engagement and every pair is once in the queue of what is to be forgotten, an engagement at its
	///    last window, and nothing else is, and nothing before the cursor, which is not ahead of the current window.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let current = Self::current_window();
		for standing in Operators::<T>::iter_values() {
			Self::check_window(standing.window, current)?;
			Self::check_score(standing.evidence, &standing)?;
			Self::check_quality(&standing.quality)?;
		}
		for standing in Tenants::<T>::iter_values() {
			Self::check_window(standing.window, current)?;
			ensure!(standing.paid <= MOST_PAID_TENANT, "2: payments out of bounds");
			Self::check_score(standing.evidence, &standing)?;
		}
		for standing in Services::<T>::iter_values() {
			Self::check_window(standing.window, current)?;
			Self::check_quality(&standing.quality)?;
		}
		Self::check_engagements()?;
		Self::check_pairs()?;
		Self::check_queue(current)
	}

	fn check_window(window: WindowIndex, current: WindowIndex) -> Result<(), TryRuntimeError> {
		ensure!(window <= current, "1: record of a window to come");
		Ok(())
	}

	fn check_score<R: Record>(evidence: Evidence, record: &R) -> Result<(), TryRuntimeError> {
		for part in [evidence, record.rated()] {
			ensure!(
				part.alpha <= MAX_EVIDENCE && part.beta <= MAX_EVIDENCE,
				"2: evidence out of bounds"
			);
		}
		ensure!(
			record.shown() == record.score(T::Clock::window_rounds()),
			"3: the score shown is not the score of the record"
		);
		Ok(())
	}

	fn check_quality(quality: &Quality) -> Result<(), TryRuntimeError> {
		let parts = quality.up.saturating_add(quality.bad).saturating_add(quality.down);
		ensure!(parts <= quality.measured, "4: more rounds of a kind than rounds");
		ensure!(
			u64::from(quality.p95_us) <= LatencyBucket::MAX.edge_micros(),
			"4: latency above the slowest bucket"
		);
		Ok(())
	}

	fn check_engagements() -> Result<(), TryRuntimeError> {
		for engagement in Engagements::<T>::iter_values() {
			ensure!(engagement.operator != engagement.tenant, "5: an engagement with oneself");
			ensure!((1..=MAX_RATING).contains(&engagement.weight), "5: a weight out of bounds");
			ensure!(!engagement.is_done(), "5: an engagement that both have rated");
		}
		Ok(())
	}

	fn check_pairs() -> Result<(), TryRuntimeError> {
		for (rater, rated, pair) in Pairs::<T>::iter() {
			ensure!(rater != rated, "6: a pair of one");
			ensure!(
				(1..=Self::most_of_pair()).contains(&pair.used),
				"6: a pair's ratings out of bounds"
			);
			ensure!(pair.epoch <= Self::epoch(), "6: ratings of an epoch to come");
		}
		Ok(())
	}

	fn check_queue(current: WindowIndex) -> Result<(), TryRuntimeError> {
		let cursor = ExpiryCursor::<T>::get();
		ensure!(cursor <= current, "7: the cursor is ahead of time");
		let (mut engagements, mut pairs) = (0usize, BTreeSet::new());
		for (window, expiry) in Expiring::<T>::iter_keys() {
			ensure!(window >= cursor, "7: an entry that the cursor passed");
			match expiry {
				Expiry::Engagement(agreement) => {
					let until = Engagements::<T>::get(agreement).map(|engagement| engagement.until);
					ensure!(
						until == Some(window),
						"7: an entry of no engagement, or of another window"
					);
					engagements = engagements.saturating_add(1);
				},
				Expiry::Pair(rater, rated) => {
					ensure!(Pairs::<T>::contains_key(&rater, &rated), "7: an entry of no pair");
					ensure!(pairs.insert((rater, rated)), "7: a pair with two entries");
				},
			}
		}
		// Each entry is of one that there is, and no two are of the same.
		ensure!(
			engagements == Engagements::<T>::iter_keys().count(),
			"7: an engagement that is never forgotten"
		);
		ensure!(
			pairs.len() == Pairs::<T>::iter_keys().count(),
			"7: a pair that is never forgotten"
		);
		Ok(())
	}
}
