//! Benchmarks of what the sweeps call.

#![cfg(feature = "runtime-benchmarks")]
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::unwrap_used)]

use super::*;
use frame::benchmarking::prelude::*;
use surety_primitives::{
	BreachKind, Counters, LatencyBucket, ReputationSink, Severity, WindowSummary,
	score::{Evidence, ONE, Quality},
};

const SERVICE: ServiceId = 1;
/// Windows that the records lie back: long enough for an `Idle` event on top, with all bits of the decay
/// in use for most half-lives.
const IDLE: u32 = 13;

fn counters() -> Counters {
	Counters { up: 900, down: 300, bad: 100, stale: 80, unclear: 60, slow: 200, ..Default::default() }
}

fn quality() -> Quality {
	Quality::default().with_window(&counters(), LatencyBucket::from_millis(250))
}

/// An operator with a history that lies back, at a high score.
fn operator<T: Config>() -> T::AccountId {
	let operator: T::AccountId = account("operator", 0, 0);
	let mut standing = Standing {
		evidence: Evidence { alpha: 40 * ONE, beta: ONE },
		good: 1_000,
		bad: 440,
		quality: quality(),
		..Default::default()
	};
	standing.shown = standing.score(T::Clock::window_rounds());
	Operators::<T>::insert(&operator, standing);
	Services::<T>::insert(SERVICE, ServiceStanding { window: 0, quality: quality() });
	operator
}

/// Go to the window after `IDLE`.
fn idle<T: Config>() {
	let round = T::Clock::window_start(IDLE + 1);
	frame_system::Pallet::<T>::set_block_number(T::Clock::round_start(round).into());
}

fn moves<T: Config>() -> usize {
	frame_system::Pallet::<T>::event_count() as usize
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn window() {
		let operator = operator::<T>();
		idle::<T>();
		let summary = WindowSummary {
			window: IDLE,
			counters: counters(),
			latency_p95: LatencyBucket::from_millis(500),
		};

		#[block]
		{
			<Pallet<T> as ReputationSink<T::AccountId>>::window(&operator, SERVICE, &summary);
		}

		assert_eq!(Operators::<T>::get(&operator).unwrap().window, IDLE);
		assert_eq!(moves::<T>(), 2);
	}

	#[benchmark]
	fn breach() {
		let operator = operator::<T>();
		idle::<T>();

		#[block]
		{
			<Pallet<T> as ReputationSink<T::AccountId>>::breach(
				&operator,
				SERVICE,
				BreachKind::Downtime,
				Severity::Critical,
			);
		}

		assert_eq!(Operators::<T>::get(&operator).unwrap().window, IDLE);
		assert_eq!(moves::<T>(), 2);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
