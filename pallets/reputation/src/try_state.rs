//! Invariants of the state.

use crate::{Config, Operators, Pallet, Services, Standing};
use frame::deps::{frame_support::ensure, sp_runtime::TryRuntimeError};
use surety_primitives::{
	Clock, LatencyBucket, WindowIndex,
	score::{MAX_EVIDENCE, Quality},
};

impl<T: Config> Pallet<T> {
	/// Invariants:
	///
	/// 1. No record is of a window after the current one.
	/// 2. Evidence is bounded.
	/// 3. The score shown last is the score of the record.
	/// 4. The parts of the measured rounds are no more than the whole, and a latency is one of a bucket.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let current = T::Clock::window_of(T::Clock::round());
		for standing in Operators::<T>::iter_values() {
			Self::check_window(standing.window, current)?;
			Self::check_score(&standing)?;
			Self::check_quality(&standing.quality)?;
		}
		for standing in Services::<T>::iter_values() {
			Self::check_window(standing.window, current)?;
			Self::check_quality(&standing.quality)?;
		}
		Ok(())
	}

	fn check_window(window: WindowIndex, current: WindowIndex) -> Result<(), TryRuntimeError> {
		ensure!(window <= current, "1: record of a window to come");
		Ok(())
	}

	fn check_score(standing: &Standing) -> Result<(), TryRuntimeError> {
		let evidence = standing.evidence;
		ensure!(evidence.alpha <= MAX_EVIDENCE && evidence.beta <= MAX_EVIDENCE, "2: evidence out of bounds");
		ensure!(
			standing.shown == standing.score(T::Clock::window_rounds()),
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
}
