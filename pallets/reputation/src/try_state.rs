// SPDX-License-Identifier: Apache-2.0

//! Invariants of the state.

use crate::{
	Config, Engagements, Expiring, Expiry, ExpiryCursor, Operators, Pairs, Pallet, ScoreRecord,
	Targets, Tenants,
};
use alloc::collections::BTreeSet;
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*};
use surety_primitives::{
	Clock, LatencyBucket, WindowIndex,
	score::{Evidence, MAX_EVIDENCE, MAX_RATING, MAX_TENANT_PAYMENTS, Quality},
};

impl<T: Config> Pallet<T> {
	/// Check the invariants that the documentation of the crate lists.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let current = Self::current_window();
		for record in Operators::<T>::iter_values() {
			Self::check_window(record.window, current)?;
			Self::check_score(record.evidence, &record)?;
			Self::check_quality(&record.quality)?;
		}
		for record in Tenants::<T>::iter_values() {
			Self::check_window(record.window, current)?;
			ensure!(record.payments <= MAX_TENANT_PAYMENTS, "2: payments out of bounds");
			Self::check_score(record.evidence, &record)?;
		}
		for record in Targets::<T>::iter_values() {
			Self::check_window(record.window, current)?;
			Self::check_quality(&record.quality)?;
		}
		Self::check_engagements()?;
		Self::check_pairs()?;
		Self::check_queue(current)
	}

	fn check_window(window: WindowIndex, current: WindowIndex) -> Result<(), TryRuntimeError> {
		ensure!(window <= current, "1: record of a window to come");
		Ok(())
	}

	fn check_score<R: ScoreRecord>(evidence: Evidence, record: &R) -> Result<(), TryRuntimeError> {
		for part in [evidence, record.ratings()] {
			ensure!(
				part.alpha <= MAX_EVIDENCE && part.beta <= MAX_EVIDENCE,
				"2: evidence out of bounds"
			);
		}
		ensure!(
			record.last_score() == record.score(T::Clock::window_rounds()),
			"3: the last score is not the score of the evidence"
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
		}
		Ok(())
	}

	fn check_pairs() -> Result<(), TryRuntimeError> {
		for (rater, rated, pair) in Pairs::<T>::iter() {
			ensure!(rater != rated, "6: a pair of one account");
			ensure!(
				(1..=Self::max_pair_weight()).contains(&pair.used),
				"6: the weight of a pair is out of bounds"
			);
			ensure!(pair.epoch <= Self::epoch(), "6: a pair of an epoch to come");
		}
		Ok(())
	}

	fn check_queue(current: WindowIndex) -> Result<(), TryRuntimeError> {
		let cursor = ExpiryCursor::<T>::get();
		ensure!(cursor <= current, "7: the cursor is after the current window");
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
		// Every entry has its own engagement or pair, so equal numbers mean that none is missing.
		ensure!(
			engagements == Engagements::<T>::iter_keys().count(),
			"7: an engagement that is never removed"
		);
		ensure!(pairs.len() == Pairs::<T>::iter_keys().count(), "7: a pair that is never removed");
		Ok(())
	}
}
