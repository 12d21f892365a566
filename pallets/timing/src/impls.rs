// SPDX-License-Identifier: Apache-2.0

//! Traits through which the pallets and the runtime's configuration read the clock.

use crate::{Config, Eras, Pallet, Settings};
use core::marker::PhantomData;
use frame::{
	prelude::{BlockNumberFor, frame_system},
	traits::{Get, UniqueSaturatedInto},
};
use surety_primitives::{BlockNumber, Clock, EndpointRules};

/// Picoseconds of a millisecond.
const PICOS_PER_MS: u64 = 1_000_000_000;

impl<T: Config> Clock for Pallet<T> {
	fn now() -> BlockNumber {
		let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
		block.unique_saturated_into()
	}

	fn slot_ms() -> u64 {
		Settings::<T>::get().slot_ms
	}

	fn round_blocks() -> u32 {
		Settings::<T>::get().round_blocks
	}

	fn window_rounds() -> u16 {
		Settings::<T>::get().window_rounds
	}
}

impl<T: Config> EndpointRules for Pallet<T> {
	fn private_allowed() -> bool {
		Settings::<T>::get().private_endpoints
	}

	fn proof_required() -> bool {
		Settings::<T>::get().proof_of_control
	}
}

/// Minimum milliseconds between the timestamps of two blocks: half a slot, as BABE wants it.
pub struct MinimumPeriod<T>(PhantomData<T>);

impl<T: Config> Get<u64> for MinimumPeriod<T> {
	fn get() -> u64 {
		Settings::<T>::get().slot_ms >> 1
	}
}

/// Blocks of an epoch.
pub struct EpochLength<T>(PhantomData<T>);

impl<T: Config> Get<u64> for EpochLength<T> {
	fn get() -> u64 {
		u64::from(Settings::<T>::get().epoch_blocks)
	}
}

/// Milliseconds from one block to the next.
pub struct ExpectedBlockTime<T>(PhantomData<T>);

impl<T: Config> Get<u64> for ExpectedBlockTime<T> {
	fn get() -> u64 {
		Settings::<T>::get().slot_ms
	}
}

/// Picoseconds of execution that a block may take: half of its slot. Weights are upper bounds: a
/// full block takes about three quarters of its weight to build and less to import
/// (`docs/performance.md`), so that building, sending and importing it fit in one slot.
pub struct BlockRefTime<T>(PhantomData<T>);

impl<T: Config> Get<u64> for BlockRefTime<T> {
	fn get() -> u64 {
		Settings::<T>::get().slot_ms.saturating_mul(PICOS_PER_MS) / 2
	}
}

/// Sessions of an era.
pub struct EraSessions<T>(PhantomData<T>);

impl<T: Config> Get<u32> for EraSessions<T> {
	fn get() -> u32 {
		Eras::<T>::get().sessions
	}
}

/// Eras from the unbonding of a validator's bond to its withdrawal.
pub struct BondingEras<T>(PhantomData<T>);

impl<T: Config> Get<u32> for BondingEras<T> {
	fn get() -> u32 {
		Eras::<T>::get().bonding
	}
}

/// Eras from an offence to its slash.
pub struct SlashDeferEras<T>(PhantomData<T>);

impl<T: Config> Get<u32> for SlashDeferEras<T> {
	fn get() -> u32 {
		Eras::<T>::get().slash_defer
	}
}

/// Sessions for which a bond answers for an offence.
pub struct BondingSessions<T>(PhantomData<T>);

impl<T: Config> Get<u64> for BondingSessions<T> {
	fn get() -> u64 {
		Eras::<T>::get().bonding_sessions()
	}
}

/// Blocks for which a bond answers for an offence.
pub struct BondingBlocks<T>(PhantomData<T>);

impl<T: Config> Get<u64> for BondingBlocks<T> {
	fn get() -> u64 {
		BondingSessions::<T>::get().saturating_mul(EpochLength::<T>::get())
	}
}
