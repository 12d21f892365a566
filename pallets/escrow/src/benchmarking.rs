//! Benchmarks: every call, the walk through the agenda and the costliest entry of it.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use super::*;
use crate::types::{Account, Fee, Paid, Run, Stream};
use alloc::vec;
use frame::benchmarking::prelude::*;
use surety_primitives::{AssetId, EscrowOwner};

/// What the benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` at least `amount` base units of the asset that is costliest to move. Always the same one.
	fn fund(who: &AccountId, amount: Balance) -> AssetId;
	/// A service with a meter.
	fn metered() -> ServiceId;
}

/// Rate of the benchmarked streams, well above any minimum balance.
const RATE: Balance = 1_000_000_000_000;
const DEPOSIT: Balance = 1_000 * RATE;

/// An account with all of its funds on hold and a hundred blocks' price due to everybody.
fn open<T: Config>(terms: Terms, state: State) -> EscrowId {
	let payer: T::AccountId = account("payer", 0, 0);
	let payee: T::AccountId = account("payee", 0, 0);
	let asset = T::BenchmarkHelper::fund(&payer, 2 * DEPOSIT);
	for who in [&payee, &T::ProberPot::get(), &T::Treasury::get()] {
		T::BenchmarkHelper::fund(who, RATE);
	}
	T::Funds::hold(asset, HoldReason::Escrow.into(), &payer, DEPOSIT).expect("the payer is funded");
	let id = NextId::<T>::get();
	NextId::<T>::put(id + 1);
	let mut account = Account {
		owner: EscrowOwner::Agreement(u32::MAX),
		payer,
		payee,
		asset,
		deposited: DEPOSIT,
		held: DEPOSIT,
		frozen: 0,
		awarded: 0,
		paid: Paid::default(),
		refunded: 0,
		fee: Fee { share: Perbill::from_percent(5), to_probers: Perbill::from_percent(50) },
		terms,
		state,
	};
	Pallet::<T>::reschedule(id, &mut account);
	Accounts::<T>::insert(id, account);
	id
}

fn stream<T: Config>(runs: alloc::vec::Vec<Run>) -> Terms {
	Terms::Stream(Stream {
		meter: T::BenchmarkHelper::metered(),
		rate: RATE,
		prepaid: 0,
		billed: 100,
		runs: runs.try_into().expect("few"),
		wake: None,
	})
}

fn running<T: Config>() -> Terms {
	let round = T::Clock::round();
	stream::<T>(vec![Run { from: round, base: None, until: None }])
}

fn ending() -> State {
	State::Ending { round: 0, reason: CloseReason::TenantClosed }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn settle() {
		let id = open::<T>(running::<T>(), State::Open);
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		settle(RawOrigin::Signed(caller), id);

		assert_eq!(Accounts::<T>::get(id).expect("open").paid.total(), 100 * RATE);
	}

	#[benchmark]
	fn deliver() {
		let id = open::<T>(stream::<T>(vec![]), State::Closed { due: 100 * RATE });
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		settle(RawOrigin::Signed(caller), id);

		assert!(!Accounts::<T>::contains_key(id));
	}

	#[benchmark]
	fn force_close() -> Result<(), BenchmarkError> {
		let id = open::<T>(running::<T>(), State::Open);
		<Pallet<T> as Escrow<_>>::freeze(id, RATE)?;
		let origin = T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		force_close(origin as T::RuntimeOrigin, id, RATE);

		assert!(Accounts::<T>::get(id).expect("not judged yet").end_round().is_some());
		Ok(())
	}

	#[benchmark]
	fn agenda(b: Linear<1, MAX_BLOCKS_WALKED>) {
		// A walk that starts `b - 1` blocks back and finds nothing.
		frame_system::Pallet::<T>::set_block_number(100u32.into());
		let now = T::Clock::now();
		Cursor::<T>::put(now.saturating_add(1).saturating_sub(b));

		#[block]
		{
			Pallet::<T>::work_agenda();
		}

		assert_eq!(Cursor::<T>::get(), Some(now + 1));
	}

	#[benchmark]
	fn wake() {
		let id = open::<T>(stream::<T>(vec![]), ending());
		let Terms::Stream(stream) = Accounts::<T>::get(id).expect("open").terms else {
			panic!("a stream was opened")
		};
		let block = stream.wake.expect("it is to be closed");

		#[block]
		{
			Agenda::<T>::remove(block, id);
			Pallet::<T>::wake(id);
		}

		assert!(!Accounts::<T>::contains_key(id));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_ext(), crate::mock::Test);
}
