// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of every call, of the agenda and each kind of its entries, and of the methods that
//! other pallets call.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use super::*;
use crate::types::{Account, Paid, Run, Stream, Term};
use alloc::vec;
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, EscrowOwner, Fee, OneOffHolds, StreamStart, agenda::MAX_BLOCKS_WALKED,
};

/// Benchmark set-up in other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` at least `amount` base units of the asset that is most expensive to move. Always
	/// returns the same asset.
	fn fund(who: &AccountId, amount: Balance) -> AssetId;
	/// A target with a meter.
	fn metered() -> Target;
}

/// Rate of the benchmarked streams, well above any minimum balance.
const RATE: Balance = 1_000_000_000_000;
const DEPOSIT: Balance = 1_000 * RATE;

/// Store an account with all of its funds on hold. Of a stream, the price of a hundred blocks is
/// due.
fn open<T: Config>(terms: Terms, state: State) -> EscrowId {
	open_for::<T>(EscrowOwner::Agreement(u32::MAX), terms, state)
}

fn open_for<T: Config>(owner: EscrowOwner, terms: Terms, state: State) -> EscrowId {
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
		owner,
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
	Pallet::<T>::reschedule(id, &mut account, state);
	Accounts::<T>::insert(id, account);
	id
}

/// Stream with these runs and, if it was a one-off hold, this last round.
fn stream<T: Config>(runs: alloc::vec::Vec<Run>, last: Option<RoundIndex>) -> Terms {
	Terms::Stream(Stream {
		meter: T::BenchmarkHelper::metered(),
		rate: RATE,
		prepaid: 0,
		billed: 100,
		unbillable: 0,
		read: 0,
		term: last.map(|last| Term { last, trial_until: 0 }),
		runs: runs.try_into().expect("few"),
		wake: None,
	})
}

/// Last round of the streams that were one-off holds, later than any other.
const LAST: RoundIndex = 1_000_000;

/// Stream that was a one-off hold.
fn started<T: Config>() -> Terms {
	let (from, until) = (T::Clock::round(), Some(LAST));
	stream::<T>(vec![Run { from, base: None, until }], until)
}

/// Stream that was a one-off hold, with all rounds of its term read.
fn expired<T: Config>() -> Terms {
	stream::<T>(vec![], Some(0))
}

fn running<T: Config>() -> Terms {
	let round = T::Clock::round();
	stream::<T>(vec![Run { from: round, base: None, until: None }], None)
}

/// Owner of one-off holds.
const REPLICA: EscrowOwner = EscrowOwner::Replica { order: u32::MAX, index: 0 };

/// Remove the only entry of the agenda and look at its stream.
fn wake_up<T: Config>(entry: (Lane, BlockNumber), id: EscrowId) {
	Agenda::<T>::remove(entry, id);
	Pallet::<T>::wake(id, &mut 1);
}

/// Lane and block of the entry of a stream.
fn entry_of<T: Config>(id: EscrowId) -> (Lane, BlockNumber) {
	match Accounts::<T>::get(id).expect("open").terms {
		Terms::Stream(stream) => stream.wake.expect("it is to be looked at"),
		Terms::OneOff => panic!("a stream was opened"),
	}
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
		let id = open::<T>(stream::<T>(vec![], None), State::Closed { due: 100 * RATE });
		let caller: T::AccountId = whitelisted_caller();

		#[extrinsic_call]
		settle(RawOrigin::Signed(caller), id);

		assert!(!Accounts::<T>::contains_key(id));
	}

	#[benchmark]
	fn force_close() -> Result<(), BenchmarkError> {
		let id = open::<T>(running::<T>(), State::Open);
		Pallet::<T>::freeze(id, RATE)?;
		let origin =
			T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		force_close(origin as T::RuntimeOrigin, id, RATE);

		assert!(Accounts::<T>::get(id).expect("not judged yet").end_round().is_some());
		Ok(())
	}

	#[benchmark]
	fn agenda(b: Linear<1, MAX_BLOCKS_WALKED>) {
		// The walk starts `b - 1` blocks back and finds no entry.
		frame_system::Pallet::<T>::set_block_number(100u32.into());
		let now = T::Clock::now();
		Cursor::<T>::insert(Lane::Urgent, now.saturating_add(1).saturating_sub(b));

		#[block]
		{
			Pallet::<T>::work_lane(Lane::Urgent, &mut 1);
		}

		assert_eq!(Cursor::<T>::get(Lane::Urgent), Some(now + 1));
	}

	#[benchmark]
	fn wake() {
		// The term is over, which is decided, notified and carried out at once.
		let id = open::<T>(expired::<T>(), State::Open);
		let entry = entry_of::<T>(id);

		#[block]
		{
			wake_up::<T>(entry, id);
		}

		assert!(!Accounts::<T>::contains_key(id));
	}

	#[benchmark]
	fn wake_read() {
		let id = open::<T>(running::<T>(), State::Open);
		let entry = entry_of::<T>(id);
		// A later block, as after a read: the entry is written anew.
		frame_system::Pallet::<T>::set_block_number((entry.1 + 1).into());

		#[block]
		{
			wake_up::<T>(entry, id);
		}

		let (lane, block) = entry_of::<T>(id);
		assert!(lane == Lane::Looks && block > entry.1);
	}

	#[benchmark]
	fn wake_suspending() {
		// All receivers can be paid: a claim takes two writes, but saves the payments to the pots.
		let state = State::Suspending { round: 0, reason: CloseReason::Unhealthy };
		let id = open_for::<T>(REPLICA, stream::<T>(vec![], Some(LAST)), state);
		let entry = entry_of::<T>(id);

		#[block]
		{
			wake_up::<T>(entry, id);
		}

		assert_eq!(Accounts::<T>::get(id).expect("suspended").deposited, DEPOSIT - 100 * RATE);
	}

	#[benchmark]
	fn start() -> Result<(), BenchmarkError> {
		let id = open_for::<T>(REPLICA, Terms::OneOff, State::Open);
		let meter = T::BenchmarkHelper::metered();
		let payee: T::AccountId = account("payee", 0, 0);

		#[block]
		{
			let prepaid = 100 * RATE;
			let started =
				StreamStart { payee, meter, rate: RATE, prepaid, last: LAST, trial_until: 0 };
			<Pallet<T> as OneOffHolds<_>>::start(id, started)?;
		}

		assert!(Accounts::<T>::get(id).expect("open").terms != Terms::OneOff);
		Ok(())
	}

	#[benchmark]
	fn extend() -> Result<(), BenchmarkError> {
		let id = open_for::<T>(REPLICA, started::<T>(), State::Open);

		#[block]
		{
			<Pallet<T> as OneOffHolds<_>>::extend(id, LAST + 1, 200 * RATE)?;
		}

		let Terms::Stream(stream) = Accounts::<T>::get(id).expect("open").terms else {
			panic!("a stream was opened")
		};
		assert_eq!((stream.last(), stream.prepaid), (Some(LAST + 1), 200 * RATE));
		Ok(())
	}

	#[benchmark]
	fn suspend() -> Result<(), BenchmarkError> {
		let id = open_for::<T>(REPLICA, started::<T>(), State::Open);

		#[block]
		{
			<Pallet<T> as OneOffHolds<_>>::suspend(id, T::Clock::round(), CloseReason::Unhealthy)?;
		}

		assert!(Accounts::<T>::get(id).expect("not judged yet").state.suspends());
		Ok(())
	}

	#[benchmark]
	fn top_up_hold() -> Result<(), BenchmarkError> {
		let id = open_for::<T>(REPLICA, Terms::OneOff, State::Open);

		#[block]
		{
			<Pallet<T> as Streams<_>>::top_up(id, RATE)?;
		}

		assert_eq!(Accounts::<T>::get(id).expect("open").held, DEPOSIT + RATE);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_ext(), crate::mock::Test);
}
