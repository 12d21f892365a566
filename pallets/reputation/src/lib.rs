//! # Reputation
//!
//! How far an operator can be trusted, from what the chain itself measured: a score of 0 to 100 with its
//! trust level One to Five, and two read-outs, reliability (share of good verdicts) and performance
//! (uptime, correctness and latency against their targets). There are no calls: nobody can set a score.
//!
//! ```text
//!   probes: a window of a service is closed ----> window() ---+
//!                                                             |      evidence      score
//!   sla: a breach ------------------------------> breach() ---+--> Standing ----> 0..=100 --> Moved
//!                                                             |   of the account
//!   time: windows without a word of it ---------- decay ------+
//! ```
//!
//! **Score.** A lower confidence bound over evidence that decays with a half-life of
//! [`Config::HalfLife`] windows; [`surety_primitives::score`] has the formula with worked numbers. With a
//! half-life of 30 windows a new account needs 3 flawless windows to be at level Three, 15 to be at level
//! Five, and gets no higher than 93.
//!
//! **Why it does not pay to be idle or new.** No account scores below a new one, which scores 0, and an
//! idle account only sinks towards that. A record hangs on the account and is never removed: to retire and
//! to register again changes nothing.
//!
//! **Why it does not pay to list much.** All rounds of all services of an operator in one window are one
//! window of evidence. Breaches are not diluted by it: each weighs the same however many services there
//! are.
//!
//! **When it moves.** The window being counted is part of the score at once. Decay is computed when the
//! score is read, so a score can sink without a transaction; the next movement then tells of it by a
//! [`Event::Moved`] with the cause `Idle`. The `before` of a movement is the `after` of the one before.
//!
//! *Reading*: `operator_score`, `trust_level`, `reliability`, `performance` of an account; `service_reliability` and
//! `service_performance` of a service. Storage holds the state as of the last movement, so read through
//! these. Other pallets read through [`surety_primitives::ReputationInspect`].

#![cfg_attr(not(feature = "std"), no_std)]

use frame::prelude::*;
use surety_primitives::{Clock, ServiceId, TrustLevel};

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod inspect;
#[cfg(test)]
mod mock;
mod movement;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

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
	pub trait Config: frame_system::Config {
		/// The chain's clock.
		type Clock: Clock;

		/// Windows after which what is known weighs half. Not 0.
		#[pallet::constant]
		type HalfLife: Get<u32>;

		/// Weights of what the sweeps of other pallets call.
		type WeightInfo: WeightInfo;
	}

	/// What is known of each operator, as of its last movement. Never removed, so that to register again
	/// changes nothing.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Standing>;

	/// What the read-outs of each service are made of, as of its last closed window. Removed with the
	/// service.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Twox64Concat, ServiceId, ServiceStanding>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The score of an account moved. A breach is told even if the score was at its lowest already;
		/// a window or an idle time only if it changed the score.
		Moved {
			/// Whose score.
			account: T::AccountId,
			/// In which role.
			role: Role,
			/// What moved it.
			cause: Cause,
			/// Score of 0 to 100 before.
			before: u8,
			/// Score of 0 to 100 after.
			after: u8,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::HalfLife::get() > 0, "HalfLife: evidence must last at least a window");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Score of an operator at the current window, 0 to 100; 0 for an account without history.
		pub fn operator_score(account: T::AccountId) -> u8 {
			Self::score_of(&account)
		}

		/// Trust level of that score.
		pub fn trust_level(account: T::AccountId) -> TrustLevel {
			TrustLevel::from_score(Self::score_of(&account))
		}

		/// Reliability score of an operator: share of good verdicts of all its services, 0 to 100, recent
		/// windows weighing more. Nothing if it was not measured lately.
		pub fn reliability(account: T::AccountId) -> Option<u8> {
			Self::quality_of(&account).and_then(|quality| quality.reliability())
		}

		/// Performance score of an operator over all its services, with its parts. Nothing if it was not
		/// measured lately.
		pub fn performance(account: T::AccountId) -> Option<Performance> {
			Self::quality_of(&account).and_then(|quality| quality.performance()).map(Into::into)
		}

		/// Reliability score of one service.
		pub fn service_reliability(service: ServiceId) -> Option<u8> {
			Self::quality_of_service(service).and_then(|quality| quality.reliability())
		}

		/// Performance score of one service, with its parts.
		pub fn service_performance(service: ServiceId) -> Option<Performance> {
			Self::quality_of_service(service).and_then(|quality| quality.performance()).map(Into::into)
		}
	}
}
