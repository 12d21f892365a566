//! The clock as the pallets and the runtime's configuration read it.

use crate::{ClockReading, Config, Pallet, Settings};
use core::marker::PhantomData;
use frame::{
	prelude::{BlockNumberFor, frame_system},
	traits::{Get, UniqueSaturatedInto},
};
use surety_primitives::{BlockNumber, Clock};

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
	fn private_endpoints() -> bool {
		Settings::<T>::get().private_endpoints
	}
	fn proof_of_control() -> bool {
		Settings::<T>::get().proof_of_control
	}
}

/// Declares a `Get` type over the settings.
macro_rules! getter {
	($(#[$doc:meta])* $name:ident: $out:ty = $read:expr) => {
		$(#[$doc])*
		pub struct $name<T>(PhantomData<T>);
		impl<T: Config> Get<$out> for $name<T> {
			fn get() -> $out {
				let read: fn($crate::Timings) -> $out = $read;
				read(Settings::<T>::get())
			}
		}
	};
}

getter! {
	/// Least milliseconds between the timestamps of two blocks: half a slot, as BABE wants it.
	MinimumPeriod: u64 = |t| t.slot_ms >> 1
}
getter! {
	/// Blocks of an epoch.
	EpochLength: u64 = |t| u64::from(t.epoch_blocks)
}
getter! {
	/// Milliseconds from one block to the next.
	ExpectedBlockTime: u64 = |t| t.slot_ms
}
getter! {
	/// Picoseconds of execution that a block may take: a third of its slot, so that building it,
	/// sending it and importing it fit in one.
	BlockRefTime: u64 = |t| t.slot_ms.saturating_mul(PICOS_PER_MS) / 3
}

impl<T: Config> Pallet<T> {
	pub(crate) fn clock_reading() -> ClockReading {
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

	/// Invariants:
	///
	/// 1. The settings keep every bound that genesis checks, so that none is zero.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		Settings::<T>::get().check().map_err(Into::into)
	}
}
