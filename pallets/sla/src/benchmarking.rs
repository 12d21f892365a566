//! Benchmarks. Calls from the hooks of other pallets (`window_turned`, `heated`, `breached`,
//! `ended`, `forget`) are measured too: their mandatory work needs the numbers.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::unwrap_used
)]

use crate::{pallet::Agreements, *};
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, BreachKind, Breached, Counters, Frozen, Judge, LeaseAgreements, LeaseId, Severity,
	StreamEnd, service_of_lease,
};

/// Set-up of the pallets around this one.
pub trait BenchmarkHelper<AccountId> {
	/// An open service of an operator with a large bond, not `Compute`: last verdict `Up`, 1,000
	/// units of capacity or more, a price above zero, a credit above zero for `Low`, and a cover
	/// above that but below 255 times the credit for `Critical`.
	fn open_service() -> ServiceId;
	/// A lease of such an operator, listed and without an agreement yet.
	fn listed_lease() -> LeaseId;
	/// Give `who` so much of an asset, free.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// All rounds through `round` are judged, billable for every active service.
	fn judge_through(round: RoundIndex);
}

const UNITS: u32 = 2;

fn deposit_for<T: Config>(service: ServiceId) -> (AssetId, Balance) {
	let info = info::<T>(service);
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
	let origin = RawOrigin::Signed(who.clone()).into();
	Pallet::<T>::open_agreement(origin, service, UNITS, u128::MAX, deposit, Default::default())
		.expect("the helper made it possible");
	(who, service, id)
}

/// Window that goes on.
fn window<T: Config>() -> WindowIndex {
	T::Clock::window_of(T::Clock::round())
}

fn info<T: Config>(service: ServiceId) -> surety_primitives::Service<T::AccountId> {
	T::Registry::service(service).expect("the helper listed it")
}

/// A slot of `service` that costs something, and spare credit in the pot: both can be delivered to
/// an account that is not there yet.
fn with_rent_and_spare<T: Config>(service: ServiceId) {
	let info = info::<T>(service);
	let amount = T::Funds::minimum(info.asset).max(1);
	T::BenchmarkHelper::fund(info.asset, &Pallet::<T>::pot(), amount);
	Pots::<T>::mutate(info.asset, |pot| pot.spare = amount);
	Services::<T>::mutate_extant(service, |state| {
		state.spare = amount;
		state.slot.as_mut().expect("it has units").rent = amount;
		let needed =
			state.exposure::<T::Clock>(info.terms.cover).expect("the helper's bond covers it");
		T::Bonding::set_exposure(service, needed).expect("the helper's bond covers it");
	});
}

fn breach(window: WindowIndex, round: RoundIndex) -> Breached {
	Breached {
		window,
		round,
		kind: BreachKind::Downtime,
		before: None,
		severity: Severity::Low,
		counters: Counters { down: 3, ..Default::default() },
		frozen: Frozen { allowance: [1; 3], multiplier: 1 },
	}
}

/// An agreement that is owed credit, and has yet to read its base and to pay.
fn owed<T: Config>() -> (T::AccountId, ServiceId, AgreementId) {
	let (who, service, id) = open::<T>();
	let _ = Pallet::<T>::window_turned(service, window::<T>(), &Default::default());
	Pallet::<T>::breached(service, breach(window::<T>() + 1, T::Clock::round()));
	T::BenchmarkHelper::judge_through(T::Clock::round() + 2);
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
		let (asset, deposit) = deposit_for::<T>(service);
		// As on a chain: the rules of a window are known from its first block on.
		WindowRules::<T>::insert(window::<T>(), Pallet::<T>::rules_now());
		Pallet::<T>::ensure_pot(asset, &who).expect("the tenant is funded");

		#[extrinsic_call]
		_(RawOrigin::Signed(who), service, UNITS, u128::MAX, deposit, Default::default());

		assert_eq!(Services::<T>::get(service).map(|s| s.units), Some(UNITS));
	}

	#[benchmark]
	fn endow_pot() {
		let service = T::BenchmarkHelper::open_service();
		let who = tenant::<T>(service);
		let (asset, _) = deposit_for::<T>(service);

		#[block]
		{
			Pallet::<T>::ensure_pot(asset, &who).expect("the tenant is funded");
		}

		assert!(Pots::<T>::contains_key(asset));
	}

	#[benchmark]
	fn open_lease_agreement() {
		let lease = T::BenchmarkHelper::listed_lease();
		let service = service_of_lease(lease);
		let who = tenant::<T>(service);
		WindowRules::<T>::insert(window::<T>(), Pallet::<T>::rules_now());

		#[block]
		{
			<Pallet<T> as LeaseAgreements<T::AccountId>>::open(
				lease,
				&who,
				0,
				T::PenaltyShare::get(),
			)
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

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		assert_eq!(Pallet::<T>::owed_credit(id), Some(0));
	}

	#[benchmark]
	fn close_agreement() {
		let (who, _, id) = owed::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);

		let escrow = Agreements::<T>::get(id).expect("it is open").escrow;
		assert!(T::Escrow::stream(escrow).is_some_and(|stream| stream.ending.is_some()));
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
			Pallet::<T>::settle_some(
				T::WeightInfo::sweep_base().saturating_add(T::WeightInfo::sweep_step()),
			);
		}

		assert_eq!(Cursor::<T>::get(), None);
	}

	#[benchmark]
	fn sweep_step() {
		let (_, service, id) = owed::<T>();
		// Its service has ended: escrow ends the stream.
		let at = T::Clock::round() + 3;
		T::Probing::end_meter(service, at, CloseReason::Terminated);
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
		with_rent_and_spare::<T>(service);
		let now = window::<T>();
		// The worst: it was dead, earned no fees, and ends for cause.
		let dead = Counters { down: T::Clock::window_rounds(), ..Default::default() };

		#[block]
		{
			let _ = Pallet::<T>::window_turned(service, now, &dead);
		}

		let state = Services::<T>::get(service).expect("it has units");
		assert!(state.ends.is_some() && state.spare == 0);
		assert!(WindowBase::<T>::contains_key(service, now));
	}

	#[benchmark]
	fn begin_window() {
		let next = window::<T>() + MAX_PENDING;
		let first = T::Clock::round_start(T::Clock::window_start(next));
		frame_system::Pallet::<T>::set_block_number(first.into());
		let old = next - MAX_PENDING;
		WindowRules::<T>::insert(old, Pallet::<T>::rules(next));

		#[block]
		{
			Pallet::<T>::begin_window();
		}

		assert!(WindowRules::<T>::contains_key(next) && !WindowRules::<T>::contains_key(old));
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
		with_rent_and_spare::<T>(service);
		// The window before was not turned, the oldest breach makes room, and the cover is used up.
		let history = T::MaxBreaches::get();
		Services::<T>::mutate_extant(service, |state| state.breaches = history);
		let mut last = breach(window::<T>() + 1, T::Clock::round());
		last.severity = Severity::Critical;
		last.frozen.multiplier = u8::MAX;

		#[block]
		{
			Pallet::<T>::breached(service, last);
		}

		let state = Services::<T>::get(service).expect("it has units");
		assert_eq!((state.breaches, state.index), (history + 1, info::<T>(service).terms.cover));
		assert!(state.ends.is_some());
	}

	#[benchmark]
	fn ended() {
		let (_, service, id) = owed::<T>();
		with_rent_and_spare::<T>(service);
		let round = T::Clock::round() + 2;
		// The last one of its service, which gives back its slot; all that was promised is due.
		let (reason, paid) = (CloseReason::TenantClosed, Balance::MAX);
		let end = StreamEnd { reason, round, paid, fee: 1, refunded: 1 };

		#[block]
		{
			Pallet::<T>::finish(id, end);
		}

		assert!(Agreements::<T>::get(id).is_none());
		assert!(Services::<T>::get(service).is_some_and(|state| state.slot.is_none()));
	}

	#[benchmark]
	fn forget() {
		let service = T::BenchmarkHelper::open_service();
		let asset = info::<T>(service).asset;
		let spare = T::Funds::minimum(asset).max(1);
		T::BenchmarkHelper::fund(asset, &Pallet::<T>::pot(), spare * 2);
		Pots::<T>::insert(asset, Pot { owed: 0, spare, reserve: spare });
		let state =
			ServiceState { breaches: T::MaxBreaches::get(), spare, ..ServiceState::new(asset) };
		Services::<T>::insert(service, state);

		#[block]
		{
			let _ = <Pallet<T> as surety_primitives::Agreements>::forget(service);
		}

		assert!(Services::<T>::get(service).is_none());
		assert_eq!(Pots::<T>::get(asset).spare, 0);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::build(), crate::mock::Test);
}
