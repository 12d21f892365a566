// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls, of the steps in idle block space, and of the method that another pallet
//! calls.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::unwrap_used
)]

use crate::*;
use alloc::{vec, vec::Vec};
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AgreementFacts, OnAgreementEnd, RoundIndex,
	usage::{AgreedUsage, MAX_LANES, UsageStatement},
};

/// Set-up of the pallets around this one.
pub trait BenchmarkHelper<AccountId, Signature> {
	/// Open the `n`th agreement of a service of its own, of a class that is counted in requests and
	/// of an operator of its own. Returns it with a reporter of its tenant, at the end of a full
	/// list of proxies if the runtime has proxies, whose key [`Self::sign`] has.
	fn agreement(n: u32) -> (AgreementId, AccountId);
	/// Let the stream of an agreement pay.
	fn paid(agreement: AgreementId);
	/// Sign by the key of a reporter, in the scheme that takes longest to verify.
	fn sign(reporter: &AccountId, payload: &[u8]) -> Signature;
	/// Let the probers close windows of a service up to this one, with a full history.
	fn close_window(service: ServiceId, window: WindowIndex);
}

/// Window in which statements are reported, two after a window that is to be closed.
const WINDOW: WindowIndex = 4;

fn go_to<T: Config>(window: WindowIndex) {
	let round: RoundIndex = T::Clock::window_start(window);
	frame_system::Pallet::<T>::set_block_number(T::Clock::round_start(round).into());
}

fn counts(n: u64) -> UsageCounts {
	UsageCounts { requests: 1_000 + n, ok: 900, lost: 100, slow: 10, bytes: 1_000_000 }
}

fn statement<T: Config>(agreement: AgreementId, seq: u32, n: u64) -> UsageStatement {
	let block = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
	let mut genesis = surety_primitives::usage::Hash::default();
	genesis.as_mut().copy_from_slice(block.as_ref());
	UsageStatement {
		genesis,
		agreement,
		window: WINDOW,
		side: Side::Tenant,
		lane: 0,
		seq,
		counts: counts(n),
		p50: None,
		p95: None,
		seen: Some(Default::default()),
	}
}

fn signed<T: Config>(reporter: &T::AccountId, statement: UsageStatement) -> SignedUsageOf<T> {
	let signature = T::BenchmarkHelper::sign(reporter, &statement.payload());
	SignedUsage { statement, reporter: reporter.clone(), signature }
}

/// Lanes of a side that were all used, the first one up to number 1.
fn full_view() -> View {
	let lane = |lane| Lane { lane, seq: 1, counts: counts(0) };
	View::Signed((0..MAX_LANES).map(lane).collect::<Vec<_>>().try_into().expect("as many"))
}

/// Use of a window with all lanes of both sides, of which nothing is in the totals.
fn full_usage(window: WindowIndex) -> WindowUsage {
	WindowUsage { tenant: full_view(), operator: full_view(), ..WindowUsage::new(window) }
}

/// Service with a window that is due to be compared, and a full history.
fn full_service<T: Config>(service: ServiceId) -> ServiceUsage {
	let mut totals = Totals::new(WINDOW - 2);
	totals.weight = 10 * ONE;
	totals.units = u32::MAX;
	totals.buckets[BUCKETS - 1] = 10 * ONE;
	let closed = ClosedWindow {
		window: 0,
		agreed: AgreedUsage::default(),
		agreements: 0,
		one_sided: 0,
		contested: 0,
		weight: 0,
		weighted_ok: 0,
		comparison: Comparison::Unknown,
	};
	T::BenchmarkHelper::close_window(service, WINDOW - 2);
	ServiceUsage {
		open: vec![totals, Totals::new(WINDOW - 1)].try_into().expect("two"),
		closed: vec![closed; HISTORY as usize].try_into().expect("as many"),
		standing: Standing::Consistent,
	}
}

/// Agreement whose record is full, but for the window to come. Its service has a window to close.
fn used<T: Config>(n: u32) -> (AgreementId, T::AccountId, AgreementFacts<T::AccountId>) {
	let (agreement, reporter) = T::BenchmarkHelper::agreement(n);
	let facts = T::Agreements::facts(agreement).expect("it is open");
	let service = facts.target.service().expect("it is of a service");
	let mut record = Record::new(facts.clone());
	record.windows = vec![full_usage(WINDOW - 1), full_usage(WINDOW)].try_into().expect("two");
	Records::<T>::insert(agreement, record);
	Services::<T>::insert(service, full_service::<T>(service));
	T::BenchmarkHelper::paid(agreement);
	(agreement, reporter, facts)
}

/// Find and work off one entry, as a step in idle block space does.
fn step<T: Config>(expiry: Expiry<T::AccountId>) {
	Expiring::<T>::insert(0, expiry, ());
	let due = Expiring::<T>::iter_key_prefix(0).next().expect("there is one");
	Pallet::<T>::expire(0, due);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	// Agreements of different services, each with a window to compare.
	#[benchmark]
	fn report_usage(n: Linear<1, MAX_BATCH>) {
		let agreements: Vec<_> = (0..n).map(used::<T>).collect();
		go_to::<T>(WINDOW);
		let statements: Vec<_> = agreements
			.iter()
			.map(|(id, reporter, _)| signed::<T>(reporter, statement::<T>(*id, 2, 1)))
			.collect();
		let statements = statements.try_into().expect("at most a batch");
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), statements);

		for (id, ..) in agreements {
			let share = Records::<T>::get(id).unwrap().windows[1].share;
			assert_eq!(share.matched, Match::Close);
			assert!(share.weight > 0, "without weight a statement is cheap");
		}
	}

	#[benchmark]
	fn report_equivocation() {
		let (id, reporter, _) = used::<T>(0);
		go_to::<T>(WINDOW);
		let [first, second] =
			[1, 2].map(|n| Box::new(signed::<T>(&reporter, statement::<T>(id, 9, n))));
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), first, second);

		assert_eq!(Records::<T>::get(id).unwrap().windows[1].tenant, View::Void);
	}

	#[benchmark]
	fn agreement_ended() {
		let (id, _, facts) = used::<T>(0);
		go_to::<T>(WINDOW);
		let last = T::Clock::round();

		#[block]
		{
			Pallet::<T>::agreement_ended(id, facts, last, 1);
		}

		assert!(Records::<T>::get(id).unwrap().ended.is_some());
	}

	// A window that is over and has no entry left.
	#[benchmark]
	fn expire_base() {
		go_to::<T>(WINDOW);

		#[block]
		{
			Pallet::<T>::remove_expired(Weight::MAX);
		}

		assert_eq!(ExpiryCursor::<T>::get(), 1);
	}

	#[benchmark]
	fn expire_agreement() {
		let (id, ..) = used::<T>(0);
		go_to::<T>(WINDOW);

		#[block]
		{
			step::<T>(Expiry::Agreement(id));
		}

		assert!(Expiring::<T>::contains_key(WINDOW + 1, Expiry::Agreement(id)));
	}

	#[benchmark]
	fn expire_pair() {
		let (operator, tenant): (T::AccountId, T::AccountId) =
			(account("operator", 0, 0), account("tenant", 0, 0));
		let windows = [WINDOW - 1, WINDOW].map(|window| PairWindow { window, used: 1 });
		let windows: PairWeights = windows.to_vec().try_into().expect("two");
		Pairs::<T>::insert(&operator, &tenant, windows);
		go_to::<T>(WINDOW);
		let expiry = Expiry::Pair(operator, tenant);

		#[block]
		{
			step::<T>(expiry.clone());
		}

		assert!(Expiring::<T>::contains_key(WINDOW + 1, expiry));
	}

	#[benchmark]
	fn expire_service() {
		let (.., facts) = used::<T>(0);
		let service = facts.target.service().expect("it is of a service");
		go_to::<T>(WINDOW);

		#[block]
		{
			step::<T>(Expiry::Service(service));
		}

		assert_eq!(Services::<T>::get(service).unwrap().open.len(), 1);
		assert!(Expiring::<T>::contains_key(WINDOW, Expiry::Service(service)));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
