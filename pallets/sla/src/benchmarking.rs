//! Benchmarks. What the hooks of other pallets call here (`window_turned`, `heated`, `breached`, `ended`,
//! `forget`) is measured too: their mandatory work needs the numbers.

#![cfg(feature = "runtime-benchmarks")]
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

use crate::{pallet::Agreements, *};
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, BreachKind, Breached, Counters, Frozen, Judge, LatencyBucket, LeaseAgreements, LeaseId,
	Severity, StreamEnd, WindowSummary, service_of_lease,
};

/// What benchmarks need of the pallets around this one.
pub trait BenchmarkHelper<AccountId> {
	/// An open service of an operator with a large bond, not `Compute`: last verdict `Up`, 1,000 units of
	/// capacity or more, a price and credits above zero, a cap of many credits. A unit costs more per window
	/// than the share of the minimum bond that is asked for.
	fn open_service() -> ServiceId;
	/// A lease of such an operator, listed and without an agreement yet.
	fn listed_lease() -> LeaseId;
	/// Give `who` so much of an asset, free.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// All rounds through `round` are judged, billable for every hot service.
	fn judge_through(round: RoundIndex);
}

const UNITS: u32 = 2;

fn deposit_for<T: Config>(service: ServiceId) -> (AssetId, Balance) {
	let info = T::Registry::service(service).expect("the helper listed it");
	let window = info.price * Balance::from(UNITS) * Balance::from(T::Clock::window_blocks());
	(info.asset, window * 4 + T::Funds::minimum(info.asset))
}

/// A tenant with funds for several agreements.
fn tenant<T: Config>(service: ServiceId) -> T::AccountId {
	let who: T::AccountId = whitelisted_caller();
	let (asset, deposit) = deposit_for::<T>(service);
	T::BenchmarkHelper::fund(asset, &who, deposit * 10 + T::Funds::minimum(asset) * 10);
	who
}

fn open<T: Config>() -> (T::AccountId, ServiceId, AgreementId) {
	let service = T::BenchmarkHelper::open_service();
	let who = tenant::<T>(service);
	let id = NextAgreement::<T>::get();
	let (_, deposit) = deposit_for::<T>(service);
	Pallet::<T>::open_agreement(RawOrigin::Signed(who.clone()).into(), service, UNITS, u128::MAX, deposit, 0)
		.expect("the helper made it possible");
	(who, service, id)
}

fn turn<T: Config>(service: ServiceId, window: WindowIndex, counters: Counters) {
	let _ = Pallet::<T>::window_turned(
		service,
		&WindowSummary { window, counters, latency_p95: LatencyBucket::default() },
	);
}

/// Units of `service` count, at as many prices as there may be.
fn count<T: Config>(service: ServiceId) -> WindowIndex {
	let window = T::Clock::window_of(T::Clock::round());
	turn::<T>(service, window, Default::default());
	Services::<T>::mutate_extant(service, |state| {
		let like = state.tariffs[0].clone();
		for n in 1..MAX_TARIFFS {
			let mut tariff = like.clone();
			tariff.price += Balance::from(n);
			tariff.active = 0;
			state.units += 1;
			tariff.active += 1;
			state.tariffs.try_push(tariff).expect("one per price");
		}
	});
	window + 1
}

fn breach(window: WindowIndex, round: RoundIndex) -> Breached {
	Breached {
		window,
		round,
		kind: BreachKind::Downtime,
		before: None,
		severity: Severity::Low,
		counters: Counters { down: 3, ..Default::default() },
		frozen: Frozen { allowance: [1; 3], multiplier: 1, weight: 0 },
	}
}

/// An agreement that is owed credit.
fn owed<T: Config>() -> (T::AccountId, ServiceId, AgreementId) {
	let (who, service, id) = open::<T>();
	let window = T::Clock::window_of(T::Clock::round());
	turn::<T>(service, window, Default::default());
	Pallet::<T>::breached(service, breach(window + 1, T::Clock::round()));
	assert!(Pallet::<T>::owed_credit(id).unwrap_or(0) > 0);
	(who, service, id)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open_agreement() {
		let service = T::BenchmarkHelper::open_service();
		let who = tenant::<T>(service);
		let (_, deposit) = deposit_for::<T>(service);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), service, UNITS, u128::MAX, deposit, 0);

		assert_eq!(Services::<T>::get(service).map(|s| s.units), Some(UNITS));
	}

	#[benchmark]
	fn open_lease_agreement() {
		let lease = T::BenchmarkHelper::listed_lease();
		let service = service_of_lease(lease);
		let who = tenant::<T>(service);

		#[block]
		{
			<Pallet<T> as LeaseAgreements<T::AccountId>>::open(lease, &who, 0)
				.expect("the helper made it possible");
		}

		assert_eq!(Services::<T>::get(service).map(|s| s.units), Some(1));
	}

	#[benchmark]
	fn top_up() {
		let (who, service, id) = open::<T>();
		let (_, amount) = deposit_for::<T>(service);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, amount);
	}

	#[benchmark]
	fn settle() {
		let (who, _, id) = owed::<T>();
		T::BenchmarkHelper::judge_through(T::Clock::round() + 2);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		assert_eq!(Pallet::<T>::owed_credit(id), Some(0));
	}

	#[benchmark]
	fn close_agreement() {
		let (who, _, id) = owed::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		assert!(matches!(Agreements::<T>::get(id).map(|a| a.state), Some(AgreementState::Closing { .. })));
	}

	#[benchmark]
	fn claim() {
		let (who, _, id) = owed::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		assert_eq!(Pallet::<T>::owed_credit(id), Some(0));
	}

	#[benchmark]
	fn sweep_base() {
		Cursor::<T>::put(7);

		#[block]
		{
			Pallet::<T>::settle_some(T::WeightInfo::sweep_base().saturating_add(T::WeightInfo::sweep_step()));
		}

		assert_eq!(Cursor::<T>::get(), None);
	}

	#[benchmark]
	fn sweep_step() {
		let (_, service, id) = owed::<T>();
		let at = T::Clock::round();
		T::Probing::end_meter(service, at);
		T::BenchmarkHelper::judge_through(at);

		#[block]
		{
			Pallet::<T>::settle_step(id);
		}

		assert_eq!(Pallet::<T>::owed_credit(id), Some(0));
	}

	#[benchmark]
	fn window_turned() {
		let (_, service, _) = open::<T>();
		let window = T::Clock::window_of(T::Clock::round());
		Services::<T>::mutate_extant(service, |state| {
			let like = state.tariffs[0].clone();
			for n in 1..MAX_TARIFFS {
				let mut tariff = like.clone();
				tariff.price += Balance::from(n);
				state.tariffs.try_push(tariff).expect("one per price");
			}
		});

		let dead = Counters { down: T::Clock::window_rounds(), ..Default::default() };

		#[block]
		{
			// The worst: it was dead, and ends for cause.
			turn::<T>(service, window, dead);
		}

		assert_eq!(WindowBase::<T>::iter().count(), MAX_TARIFFS as usize);
		assert!(Services::<T>::get(service).expect("it has units").terminated);
	}

	#[benchmark]
	fn heated() {
		let (_, service, _) = open::<T>();

		#[block]
		{
			let _ = Pallet::<T>::heated(service);
		}
	}

	#[benchmark]
	fn breached() {
		let (_, service, _) = open::<T>();
		let window = count::<T>(service);
		// The oldest breach makes room, and the cap is reached.
		let history = T::MaxBreaches::get();
		Services::<T>::mutate_extant(service, |state| state.breaches = history);
		let mut last = breach(window, T::Clock::round());
		last.severity = Severity::Critical;
		last.frozen.multiplier = u8::MAX;

		#[block]
		{
			Pallet::<T>::breached(service, last);
		}

		assert_eq!(Services::<T>::get(service).map(|s| s.breaches), Some(history + 1));
	}

	#[benchmark]
	fn ended() {
		let (_, service, id) = owed::<T>();
		let window = T::Clock::window_of(T::Clock::round()) + 1;
		let first = T::Clock::window_start(window);
		// All of the history that is looked at is of the last window, and half of it later than the last round.
		let template = Breaches::<T>::get(service, 0).expect("it is owed credit");
		Services::<T>::mutate_extant(service, |state| {
			for number in 0..end::LOOK_BACK {
				let mut breach = template.clone();
				breach.window = window;
				breach.round = first;
				if number >= end::LOOK_BACK / 2 {
					breach.round = first + 1;
					breach.rises.iter_mut().for_each(|rise| rise.before = rise.after);
				}
				let like = breach.rises.first().copied();
				while let Some(more) = like.filter(|_| !breach.rises.is_full()) {
					let _ = breach.rises.try_insert(0, Rise { price: more.price + 1, ..more });
				}
				Breaches::<T>::insert(service, number, breach);
			}
			state.breaches = end::LOOK_BACK;
			state.last_rise = first + 1;
		});
		let end = StreamEnd { reason: CloseReason::TenantClosed, round: first, paid: 1, fee: 1, refunded: 1 };

		#[block]
		{
			Pallet::<T>::finish(id, end);
		}

		assert!(Agreements::<T>::get(id).is_none());
	}

	#[benchmark]
	fn forget() {
		let service = T::BenchmarkHelper::open_service();
		let info = T::Registry::service(service).expect("the helper listed it");
		let mut state = ServiceState::new(info.asset);
		state.breaches = T::MaxBreaches::get();
		state.carry = T::Funds::minimum(info.asset);
		T::BenchmarkHelper::fund(info.asset, &Pallet::<T>::pot(), state.carry * 2);
		Pots::<T>::insert(info.asset, Pot { owed: 0, carry: state.carry, reserve: state.carry });
		Services::<T>::insert(service, state);

		#[block]
		{
			let _ = <Pallet<T> as surety_primitives::Agreements>::forget(service);
		}

		assert!(Services::<T>::get(service).is_none());
	}
}
