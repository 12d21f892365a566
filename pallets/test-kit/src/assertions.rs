// SPDX-License-Identifier: Apache-2.0

//! Balances and events.

use crate::{Kit, TestRuntime, chain::System};
use surety_primitives::{AssetId, Balance, Funds};

type HoldReasonOf<T> = <T as pallet_surety_operators::Config>::RuntimeHoldReason;
type FundsOf<T> = <T as pallet_surety_operators::Config>::Funds;

impl<T: TestRuntime> Kit<T> {
	/// Balance of an account, held and free.
	pub fn total(asset: AssetId, who: u64) -> Balance {
		FundsOf::<T>::total(asset, &who)
	}

	/// Free balance that an account can spend.
	pub fn spendable(asset: AssetId, who: u64) -> Balance {
		FundsOf::<T>::spendable(asset, &who)
	}

	/// Balance of an account on hold for a reason.
	pub fn held(asset: AssetId, reason: impl Into<HoldReasonOf<T>>, who: u64) -> Balance {
		FundsOf::<T>::held(asset, reason.into(), &who)
	}

	/// Total issuance of an asset.
	pub fn issuance(asset: AssetId) -> Balance {
		FundsOf::<T>::issuance(asset)
	}

	/// Check that an event was deposited.
	#[track_caller]
	pub fn assert_event(event: impl Into<<T as frame_system::Config>::RuntimeEvent>) {
		System::<T>::assert_has_event(event.into());
	}

	/// Check that an event is the last one.
	#[track_caller]
	pub fn assert_last_event(event: impl Into<<T as frame_system::Config>::RuntimeEvent>) {
		System::<T>::assert_last_event(event.into());
	}

	/// Events of one pallet, such as `Kit::events::<crate::Event<Test>>()`.
	pub fn events<E>() -> Vec<E>
	where
		<T as frame_system::Config>::RuntimeEvent: TryInto<E>,
	{
		System::<T>::events().into_iter().filter_map(|it| it.event.try_into().ok()).collect()
	}

	/// Events of one pallet. All events are removed.
	pub fn take_events<E>() -> Vec<E>
	where
		<T as frame_system::Config>::RuntimeEvent: TryInto<E>,
	{
		let events = Self::events();
		System::<T>::reset_events();
		events
	}
}
