// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls, and of the methods that the hooks of other pallets call.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::unwrap_used
)]

use crate::*;
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, BreachKind, Counters, EscrowOwner, LeaseAgreements, LeaseId, OnJudged, OnStreamEnd,
	Service, Severity, StreamEnd, TierReached, WindowTerms,
};

/// Set-up of the pallets around this one.
pub trait BenchmarkHelper<AccountId> {
	/// List a service, not `Compute`, of an operator with a large bond: last verdict `Up`, a
	/// capacity of at least 1,000 units, a price above zero, a credit above zero for `Low`, and a
	/// cover above that but below 255 times the credit for `Critical`. It is sold in a `local`
	/// asset or in the native token.
	fn open_service(local: bool) -> ServiceId;
	/// List a lease of such an operator, without an agreement.
	fn listed_lease() -> LeaseId;
	/// Mint an amount of an asset into an account.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// Judge all rounds through `round`, as billable for every active target.
	fn judge_through(round: RoundIndex);
	/// End the meter of a target after round `at`, for its operator's doing.
	fn end_meter(target: Target, at: RoundIndex);
}

const UNITS: u32 = 2;

fn deposit_for<T: Config>(target: Target) -> (AssetId, Balance) {
	let listing = listing::<T>(target);
	let window = listing.price * Balance::from(UNITS) * Balance::from(T::Clock::window_blocks());
	(listing.asset, window * 4 + T::Funds::minimum(listing.asset))
}

/// Tenant with funds for several agreements.
fn tenant<T: Config>(target: Target) -> T::AccountId {
	let who: T::AccountId = whitelisted_caller();
	let (asset, deposit) = deposit_for::<T>(target);
	T::BenchmarkHelper::fund(asset, &who, deposit * 10 + T::Funds::minimum(asset) * 10);
	who
}

/// Agreement in a `local` asset or in the native token.
fn open_in<T: Config>(local: bool) -> (T::AccountId, Target, AgreementId) {
	let service = T::BenchmarkHelper::open_service(local);
	let target = Target::Service(service);
	let who = tenant::<T>(target);
	let id = open_one::<T>(&who, service);
	(who, target, id)
}

fn open_one<T: Config>(who: &T::AccountId, service: ServiceId) -> AgreementId {
	let id = NextAgreement::<T>::get();
	let (_, deposit) = deposit_for::<T>(Target::Service(service));
	let origin = RawOrigin::Signed(who.clone()).into();
	Pallet::<T>::open_agreement(origin, service, UNITS, u128::MAX, deposit, Default::default())
		.expect("the helper made it possible");
	id
}

fn open<T: Config>() -> (T::AccountId, Target, AgreementId) {
	open_in::<T>(true)
}

/// Current window.
fn window<T: Config>() -> WindowIndex {
	T::Clock::window_of(T::Clock::round())
}

fn listing<T: Config>(target: Target) -> Service<T::AccountId> {
	T::Registry::listing(target).expect("the helper listed it")
}

/// Give the slot of a target a rent and the pot spare credit. Both are enough for an account that
/// does not exist yet.
fn with_rent_and_spare<T: Config>(target: Target) {
	let listing = listing::<T>(target);
	let amount = T::Funds::minimum(listing.asset).max(1);
	T::BenchmarkHelper::fund(listing.asset, &Pallet::<T>::pot(), amount);
	Pots::<T>::mutate(listing.asset, |pot| pot.spare = amount);
	Targets::<T>::mutate_extant(target, |state| {
		state.spare = amount;
		state.slot.as_mut().expect("it has units").rent = amount;
		let needed =
			state.exposure::<T::Clock>(listing.terms.cover).expect("the helper's bond covers it");
		T::Bonding::set_exposure(target, &listing, needed).expect("the helper's bond covers it");
	});
}

fn tier(window: WindowIndex, round: RoundIndex) -> TierReached {
	TierReached {
		window,
		round,
		kind: BreachKind::Downtime,
		before: None,
		severity: Severity::Low,
		counters: Counters { down: 3, ..Default::default() },
		terms: WindowTerms { allowance: [1; 3], multiplier: 1 },
	}
}

/// Agreement that has yet to read its base and to pay. A `breach` owes it credit.
fn due<T: Config>(local: bool, breach: bool) -> (T::AccountId, Target, AgreementId) {
	let (who, target, id) = open_in::<T>(local);
	let _ = Pallet::<T>::window_closed(target, window::<T>(), &Default::default());
	if breach {
		let _ = Pallet::<T>::tier_reached(target, tier(window::<T>() + 1, T::Clock::round()));
	}
	T::BenchmarkHelper::judge_through(T::Clock::round() + 2);
	assert_eq!(Pallet::<T>::owed_credit(id).unwrap_or(0) > 0, breach);
	(who, target, id)
}

fn owed<T: Config>() -> (T::AccountId, Target, AgreementId) {
	due::<T>(true, true)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// - `a`: 1 if it is paid in a local asset, 0 in the native token.
	/// - `f`: 1 if it is the first of its service, which takes a slot.
	#[benchmark]
	fn open_agreement(a: Linear<0, 1>, f: Linear<0, 1>) {
		let service = T::BenchmarkHelper::open_service(a > 0);
		let target = Target::Service(service);
		let who = tenant::<T>(target);
		let (asset, deposit) = deposit_for::<T>(target);
		// As on a chain: the rules of a window are known from its first block on.
		WindowRules::<T>::insert(window::<T>(), Pallet::<T>::current_rules());
		Pallet::<T>::ensure_pot(asset, &who).expect("the tenant is funded");
		if f == 0 {
			open_one::<T>(&who, service);
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(who), service, UNITS, u128::MAX, deposit, Default::default());

		assert_eq!(Targets::<T>::get(target).map(|state| state.units), Some(UNITS * (2 - f)));
	}

	#[benchmark]
	fn endow_pot() {
		let target = Target::Service(T::BenchmarkHelper::open_service(true));
		let who = tenant::<T>(target);
		let (asset, _) = deposit_for::<T>(target);

		#[block]
		{
			Pallet::<T>::ensure_pot(asset, &who).expect("the tenant is funded");
		}

		assert!(Pots::<T>::contains_key(asset));
	}

	#[benchmark]
	fn open_lease_agreement() {
		let lease = T::BenchmarkHelper::listed_lease();
		let target = Target::Lease(lease);
		let listing = listing::<T>(target);
		let who = tenant::<T>(target);
		WindowRules::<T>::insert(window::<T>(), Pallet::<T>::current_rules());

		#[block]
		{
			<Pallet<T> as LeaseAgreements<T::AccountId>>::open(
				lease,
				&listing,
				&who,
				0,
				T::PenaltyShare::get(),
			)
			.expect("the helper made it possible");
		}

		assert_eq!(Targets::<T>::get(target).map(|state| state.units), Some(1));
	}

	#[benchmark]
	fn top_up() {
		let (who, target, id) = open::<T>();
		let (_, amount) = deposit_for::<T>(target);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, amount);
	}

	#[benchmark]
	fn top_up_native() {
		let (who, target, id) = open_in::<T>(false);
		let (_, amount) = deposit_for::<T>(target);

		#[extrinsic_call]
		top_up(RawOrigin::Signed(who), id, amount);
	}

	/// - `a`: 1 if it is paid in a local asset, 0 in the native token.
	/// - `c`: 1 if a credit is paid.
	#[benchmark]
	fn settle(a: Linear<0, 1>, c: Linear<0, 1>) {
		let (who, _, id) = due::<T>(a > 0, c > 0);

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
		let (_, target, id) = owed::<T>();
		// The target has ended: escrow ends the stream.
		let at = T::Clock::round() + 3;
		T::BenchmarkHelper::end_meter(target, at);
		T::BenchmarkHelper::judge_through(at);

		#[block]
		{
			Pallet::<T>::settle_step(id);
		}

		assert_eq!(Pallet::<T>::owed_credit(id), Some(0));
	}

	#[benchmark]
	fn window_closed() {
		let (_, target, _) = open::<T>();
		with_rent_and_spare::<T>(target);
		let now = window::<T>();
		// Worst case: the target was dead, earned no fees, and ends for cause.
		let dead = Counters { down: T::Clock::window_rounds(), ..Default::default() };

		#[block]
		{
			let _ = Pallet::<T>::window_closed(target, now, &dead);
		}

		let state = Targets::<T>::get(target).expect("it has units");
		assert!(state.ends.is_some() && state.spare == 0);
		assert!(WindowBase::<T>::contains_key(target, now));
	}

	#[benchmark]
	fn begin_window() {
		let next = window::<T>() + MAX_PENDING;
		let first = T::Clock::round_start(T::Clock::window_start(next));
		frame_system::Pallet::<T>::set_block_number(first.into());
		let old = next - MAX_PENDING;
		WindowRules::<T>::insert(old, Pallet::<T>::rules_of(next));

		#[block]
		{
			Pallet::<T>::begin_window();
		}

		assert!(WindowRules::<T>::contains_key(next) && !WindowRules::<T>::contains_key(old));
	}

	#[benchmark]
	fn tier_reached() {
		let (_, target, _) = open::<T>();
		with_rent_and_spare::<T>(target);
		// Worst case: the window before was not closed, the oldest breach makes room, and the cover
		// is used up.
		let history = T::MaxBreaches::get();
		Targets::<T>::mutate_extant(target, |state| state.breaches = history);
		let mut last = tier(window::<T>() + 1, T::Clock::round());
		last.severity = Severity::Critical;
		last.terms.multiplier = u8::MAX;

		#[block]
		{
			let _ = Pallet::<T>::tier_reached(target, last);
		}

		let state = Targets::<T>::get(target).expect("it has units");
		let cover = listing::<T>(target).terms.cover;
		assert_eq!((state.breaches, state.index), (history + 1, cover));
		assert!(state.ends.is_some());
	}

	#[benchmark]
	fn ending() {
		let (_, _, id) = open::<T>();
		let end = (T::Clock::round(), CloseReason::FundsExhausted);

		#[block]
		{
			let _ = Pallet::<T>::ending(EscrowOwner::Agreement(id), end);
		}
	}

	#[benchmark]
	fn ended() {
		let (_, target, id) = owed::<T>();
		with_rent_and_spare::<T>(target);
		let round = T::Clock::round() + 2;
		// Worst case: the last agreement of its target gives back the slot, and all promised credit
		// is due.
		let (reason, paid) = (CloseReason::TenantClosed, Balance::MAX);
		let end = StreamEnd { reason, round, paid, fee: 1, refunded: 1 };

		#[block]
		{
			let _ = <Pallet<T> as OnStreamEnd>::ended(EscrowOwner::Agreement(id), end);
		}

		assert!(Agreements::<T>::get(id).is_none());
		assert!(Targets::<T>::get(target).is_some_and(|state| state.slot.is_none()));
	}

	#[benchmark]
	fn forget() {
		let target = Target::Service(T::BenchmarkHelper::open_service(true));
		let asset = listing::<T>(target).asset;
		let spare = T::Funds::minimum(asset).max(1);
		T::BenchmarkHelper::fund(asset, &Pallet::<T>::pot(), spare * 2);
		Pots::<T>::insert(asset, Pot { owed: 0, spare, reserve: spare });
		let breaches = T::MaxBreaches::get();
		Targets::<T>::insert(target, TargetState { breaches, spare, ..TargetState::new(asset) });

		#[block]
		{
			let _ = <Pallet<T> as surety_primitives::Agreements>::forget(target);
		}

		assert!(Targets::<T>::get(target).is_none());
		assert_eq!(Pots::<T>::get(asset).spare, 0);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
