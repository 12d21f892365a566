// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls, of the steps in idle block space, and of the methods that other pallets
//! call.

#![cfg(feature = "runtime-benchmarks")]
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::unwrap_used)]

use super::*;
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, BreachKind, CloseReason, Counters, LatencyBucket, ReputationSink, Severity,
	WindowSummary,
	score::{Evidence, ONE, Quality},
};

const TARGET: Target = Target::Service(1);
/// Age of the records in windows: long enough for an `Idle` event on top, with all bits of the
/// decay in use for most half-lives.
const IDLE: u32 = 13;

fn counters() -> Counters {
	Counters {
		up: 900,
		down: 300,
		bad: 100,
		stale: 80,
		unclear: 60,
		slow: 200,
		..Default::default()
	}
}

fn quality() -> Quality {
	Quality::default().with_window(&counters(), LatencyBucket::from_millis(250))
}

/// Operator with an old history, at a high score.
fn operator<T: Config>() -> T::AccountId {
	let operator: T::AccountId = account("operator", 0, 0);
	let mut record = OperatorRecord {
		evidence: Evidence { alpha: 40 * ONE, beta: ONE },
		good_rounds: 1_000,
		bad_rounds: 440,
		quality: quality(),
		..Default::default()
	};
	record.last_score = record.score(T::Clock::window_rounds());
	Operators::<T>::insert(&operator, record);
	Targets::<T>::insert(TARGET, TargetRecord { window: 0, quality: quality() });
	operator
}

/// Go to the window after `IDLE`.
fn go_past_idle<T: Config>() {
	let round = T::Clock::window_start(IDLE + 1);
	frame_system::Pallet::<T>::set_block_number(T::Clock::round_start(round).into());
}

fn event_count<T: Config>() -> usize {
	frame_system::Pallet::<T>::event_count() as usize
}

const AGREEMENT: AgreementId = 1;
/// Fee in the native token at nearly the maximum weight.
const FEE: Balance = Balance::MAX / 2;

/// Operator and tenant with old records, of scores that one rating moves.
fn parties<T: Config>() -> (T::AccountId, T::AccountId) {
	let (operator, tenant): (T::AccountId, T::AccountId) =
		(account("operator", 0, 0), whitelisted_caller());
	let evidence = Evidence { alpha: 5 * ONE, beta: 0 };
	let mut record = OperatorRecord { evidence, quality: quality(), ..Default::default() };
	record.last_score = record.score(T::Clock::window_rounds());
	Operators::<T>::insert(&operator, record);
	let mut record = TenantRecord { evidence, ..Default::default() };
	record.last_score = record.score(T::Clock::window_rounds());
	Tenants::<T>::insert(&tenant, record);
	(operator, tenant)
}

/// Operator and tenant whose agreement ended in the window after `IDLE`.
fn parties_engaged<T: Config>() -> (T::AccountId, T::AccountId) {
	let (operator, tenant) = parties::<T>();
	go_past_idle::<T>();
	engage::<T>(&operator, &tenant);
	(operator, tenant)
}

fn engage<T: Config>(operator: &T::AccountId, tenant: &T::AccountId) {
	<Pallet<T> as ReputationSink<T::AccountId>>::engagement(
		AGREEMENT,
		operator,
		tenant,
		AssetId::Native,
		FEE,
	);
	assert!(Engagements::<T>::contains_key(AGREEMENT), "the native token has a scale");
}

/// Go to the first window in which the engagement is over. Returns the last window of the
/// engagement.
fn end_engagement<T: Config>() -> WindowIndex {
	let until = Engagements::<T>::get(AGREEMENT).unwrap().until;
	let round = T::Clock::window_start(until + 1);
	frame_system::Pallet::<T>::set_block_number(T::Clock::round_start(round).into());
	until
}

/// Find and remove one entry, as a step in idle block space does.
fn step<T: Config>(window: WindowIndex) {
	let due = Expiring::<T>::iter_key_prefix(window).next().expect("there is one");
	Pallet::<T>::expire(window, due);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn window() {
		let operator = operator::<T>();
		go_past_idle::<T>();
		let summary = WindowSummary {
			window: IDLE,
			counters: counters(),
			latency_p95: LatencyBucket::from_millis(500),
		};

		#[block]
		{
			<Pallet<T> as ReputationSink<T::AccountId>>::window(&operator, TARGET, &summary);
		}

		assert_eq!(Operators::<T>::get(&operator).unwrap().window, IDLE);
		assert_eq!(event_count::<T>(), 2);
	}

	#[benchmark]
	fn breach() {
		let operator = operator::<T>();
		go_past_idle::<T>();

		#[block]
		{
			<Pallet<T> as ReputationSink<T::AccountId>>::breach(
				&operator,
				TARGET,
				BreachKind::Downtime,
				Severity::Critical,
			);
		}

		assert_eq!(Operators::<T>::get(&operator).unwrap().window, IDLE);
		assert_eq!(event_count::<T>(), 2);
	}

	#[benchmark]
	fn engagement() {
		let (operator, tenant) = parties::<T>();
		go_past_idle::<T>();

		#[block]
		{
			engage::<T>(&operator, &tenant);
		}

		assert_eq!(Tenants::<T>::get(&tenant).unwrap().window, IDLE);
		assert!(event_count::<T>() >= 2);
	}

	#[benchmark]
	fn lease_failed() {
		let (operator, _) = parties::<T>();
		go_past_idle::<T>();

		#[block]
		{
			<Pallet<T> as ReputationSink<T::AccountId>>::lease_failed(
				&operator,
				1,
				CloseReason::Unhealthy,
			);
		}

		assert_eq!(Operators::<T>::get(&operator).unwrap().window, IDLE);
		assert_eq!(event_count::<T>(), 2);
	}

	// The second rating of the engagement, which removes it, and the first of the pair, which is
	// queued.
	#[benchmark]
	fn rate() {
		let (_, tenant) = parties_engaged::<T>();
		Engagements::<T>::mutate_extant(AGREEMENT, |it| it.rated_by = Some(Role::Operator));
		let before = event_count::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), AGREEMENT, 1);

		assert!(!Engagements::<T>::contains_key(AGREEMENT));
		// Idle, rating, rated, closed.
		assert_eq!(event_count::<T>(), before + 4);
	}

	#[benchmark]
	fn forget_engagement() {
		let (_, tenant) = parties_engaged::<T>();
		end_engagement::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(tenant), AGREEMENT);

		assert!(!Engagements::<T>::contains_key(AGREEMENT));
	}

	// A window that is over and has no entry left.
	#[benchmark]
	fn expire_base() {
		go_past_idle::<T>();

		#[block]
		{
			Pallet::<T>::remove_expired(Weight::MAX);
		}

		assert_eq!(ExpiryCursor::<T>::get(), 1);
	}

	#[benchmark]
	fn expire_engagement() {
		parties_engaged::<T>();
		let until = end_engagement::<T>();

		#[block]
		{
			step::<T>(until);
		}

		assert!(!Engagements::<T>::contains_key(AGREEMENT));
	}

	// A pair that has rated again: it is queued anew.
	#[benchmark]
	fn expire_pair() {
		let (operator, tenant) = parties::<T>();
		go_past_idle::<T>();
		Pairs::<T>::insert(&tenant, &operator, PairWeight { epoch: Pallet::<T>::epoch(), used: 1 });
		Expiring::<T>::insert(0, Expiry::Pair(tenant.clone(), operator.clone()), ());

		#[block]
		{
			step::<T>(0);
		}

		assert!(Expiring::<T>::contains_key(
			Pallet::<T>::epoch_end(),
			Expiry::Pair(tenant, operator)
		));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
