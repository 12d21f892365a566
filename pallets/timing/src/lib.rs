// SPDX-License-Identifier: Apache-2.0

//! # Timing pallet
//!
//! Clock of the chain: the length of a slot, an epoch, an era, a round and a window, and two rules
//! that tell a development chain from a public one. Genesis fixes all of it: the pallet has no calls,
//! no events and no errors. One wasm serves every chain because the rest of the runtime reads its
//! timing from here.
//!
//! ## Terminology
//!
//! - **Slot**: time from one block to the next, in milliseconds.
//! - **Epoch**: number of blocks in which BABE's authorities stay the same; also a session.
//! - **Era**: number of sessions for which validators are elected.
//! - **Bonding**: number of eras for which a validator's bond stays locked after it leaves, and in
//!   which its offences can be reported.
//! - **Round**: number of blocks in which each prober probes each due target once.
//! - **Window**: number of rounds over which the terms of a service are counted.
//! - **Proof of control**: file at the host of an endpoint that names the chain, the operator and
//!   the listing.
//!
//! ## Life cycle
//!
//! Blocks, rounds and windows are counted from genesis. With `L` blocks to a round and `R` rounds
//! to a window:
//!
//! ```text
//! block   0         L        2L        3L              R * L
//!         |         |         |         |       ...      |
//! round   |    0    |    1    |    2    |       ...      |    R    ...     L blocks
//! window  |                        0                     |    1    ...     R rounds
//! ```
//!
//! Pallets of this repository read the clock through [`Clock`] and the
//! rules through [`EndpointRules`](surety_primitives::EndpointRules). Pallets of the SDK read it
//! through the `Get` types of this crate:
//!
//! | type | for | value |
//! |---|---|---|
//! | [`MinimumPeriod`] | `pallet_timestamp::Config::MinimumPeriod` | half a slot in ms |
//! | [`EpochLength`] | `pallet_babe::Config::EpochDuration` | blocks of an epoch |
//! | [`ExpectedBlockTime`] | `pallet_babe::Config::ExpectedBlockTime` | a slot in ms |
//! | [`BlockRefTime`] | `frame_system::Config::BlockWeights` | half a slot in picoseconds |
//! | [`EraSessions`] | `pallet_staking::Config::SessionsPerEra` | sessions of an era |
//! | [`BondingEras`] | `pallet_staking::Config::BondingDuration` | eras of bonding |
//! | [`SlashDeferEras`] | `pallet_staking::Config::SlashDeferDuration` | eras before a slash |
//! | [`BondingSessions`] | `pallet_grandpa::Config::MaxSetIdSessionEntries` | sessions of bonding |
//! | [`BondingBlocks`] | reports of equivocations | blocks of bonding |
//!
//! ## Example
//!
//! A development chain has 5 blocks to a round and 12 rounds to a window. Block 194 is block 4 of
//! round 38 (`194 = 5 * 38 + 4`), which is round 2 of window 3 (`38 = 12 * 3 + 2`). Round 39
//! begins in block 195, window 4 in block 240.
//!
//! ## Assumptions
//!
//! - The genesis of this pallet is built before that of any pallet that reads the clock: the
//!   runtime lists it right after `System`.
//! - State without a genesis (metadata, integrity tests) reads as a production chain, so that no
//!   getter is ever zero and none panics.
//! - The length of an epoch never changes on a running chain: BABE counts epochs by it.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. The settings keep every bound that genesis checks, so that none is zero.

#![cfg_attr(not(feature = "std"), no_std)]

use frame::prelude::*;
use surety_primitives::Clock;

pub use impls::{
	BlockRefTime, BondingBlocks, BondingEras, BondingSessions, EpochLength, EraSessions,
	ExpectedBlockTime, MinimumPeriod, SlashDeferEras,
};
pub use pallet::*;
pub use types::*;

mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Settings of the clock. Fixed at genesis; those of a production chain if there was none.
	///
	/// One value and not six, so that a block that reads several settings reads the state once.
	/// Every block reads it before its first transaction, so no call's weight counts it.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Settings<T: Config> = StorageValue<_, Timings, ValueQuery>;

	/// Settings of eras. Fixed at genesis; those of a production chain if there was none. Only
	/// changes of sessions and calls of staking read them.
	#[pallet::storage]
	pub type Eras<T: Config> = StorageValue<_, EraTimings, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Settings of the clock; a preset is a good start.
		pub timings: Timings,
		/// Settings of eras; a preset is a good start.
		pub eras: EraTimings,
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// Store the settings. Panics with the bound that is broken: a chain with a broken clock
		/// must not come up at all.
		fn build(&self) {
			let checked = self.timings.check().and(self.eras.check());
			assert!(checked.is_ok(), "timing: {}", checked.err().unwrap_or_default());
			Settings::<T>::put(self.timings);
			Eras::<T>::put(self.eras);
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Round and window of the current block, and the first blocks of the next ones.
		pub fn clock() -> ClockReading {
			let block = Self::now();
			let round = Self::round_at(block);
			let window = Self::window_of(round);
			ClockReading {
				block,
				round,
				round_offset: block.saturating_sub(Self::round_start(round)),
				window,
				window_offset: round.saturating_sub(Self::window_start(window)),
				next_round_at: Self::round_start(round.saturating_add(1)),
				next_window_at: Self::round_start(Self::window_start(window.saturating_add(1))),
			}
		}
	}

	#[cfg(any(feature = "std", feature = "try-runtime"))]
	impl<T: Config> Pallet<T> {
		/// Check the invariants that the documentation of the crate lists.
		pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			let checked = Settings::<T>::get().check().and(Eras::<T>::get().check());
			checked.map_err(Into::into)
		}
	}
}
