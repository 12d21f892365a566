//! # Timing
//!
//! The clock of the chain: how long a slot, an epoch, a round and a window are, and two switches that tell a
//! development chain from a public one. Genesis fixes all of it; there are no calls, no events and no errors.
//!
//! ```text
//! block   0         L        2L        3L              R * L
//!         |         |         |         |       ...      |
//! round   |    0    |    1    |    2    |       ...      |    R    ...     L blocks
//! window  |                        0                     |    1    ...     R rounds
//! ```
//!
//! One wasm serves every chain because the rest of the runtime reads its timing from here: the pallets
//! through [`surety_primitives::Clock`], the SDK's pallets through the `Get` types below. They read the
//! state, and state that has no genesis yet (metadata, integrity tests) reads as a production chain, so
//! no getter is ever zero and none panics.
//!
//! | type | for | value |
//! |---|---|---|
//! | [`MinimumPeriod`] | `pallet_timestamp::Config::MinimumPeriod` | half a slot in ms |
//! | [`EpochLength`] | `pallet_babe::Config::EpochDuration` | blocks of an epoch |
//! | [`ExpectedBlockTime`] | `pallet_babe::Config::ExpectedBlockTime` | a slot in ms |
//! | [`BlockRefTime`] | `frame_system::Config::BlockWeights` | a third of a slot in picoseconds |
//!
//! The epoch length must never change on a running chain: BABE counts epochs by it.
//!
//! The genesis of this pallet must be built before that of any pallet that reads the clock: list it
//! right after `System`.

#![cfg_attr(not(feature = "std"), no_std)]

use frame::prelude::*;

pub use pallet::*;
pub use types::*;

#[cfg(test)]
mod mock;
mod read;
#[cfg(test)]
mod tests;
pub mod types;

pub use read::{BlockRefTime, EpochLength, ExpectedBlockTime, MinimumPeriod};

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

	/// The settings of the clock. Fixed at genesis; those of a production chain if there was none.
	///
	/// One value and not six, so that a block that reads several settings reads the state once. Every
	/// block reads it before its first transaction, so no call's weight counts it.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Settings<T: Config> = StorageValue<_, Timings, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The settings of the clock; a preset is a good start.
		pub timings: Timings,
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// A chain with a broken clock must not come up at all, so this panics, saying which bound is
		/// broken.
		fn build(&self) {
			let checked = self.timings.check();
			assert!(checked.is_ok(), "timing: {}", checked.err().unwrap_or_default());
			Settings::<T>::put(self.timings);
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
		/// The settings of the clock.
		pub fn timings() -> Timings {
			Settings::<T>::get()
		}

		/// Round and window of the current block, and when the next ones begin.
		pub fn clock() -> ClockReading {
			Self::clock_reading()
		}
	}
}
