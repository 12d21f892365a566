//! # Reputation
//!
//! How far an account can be trusted: as an operator from what the chain itself measured, and, to a smaller
//! part, from what its tenants say; as a tenant from what it paid and what its operators say. A score of 0 to 100
//! with its trust level One to Five, and of operators two read-outs, reliability (share of good verdicts) and
//! performance (uptime, correctness and latency against their targets).
//!
//! ```text
//!   probes: a window of a service is closed ----> window() --------+
//!   sla: a breach ------------------------------> breach() --------+   evidence      score
//!   compute-orders: a lease failed -------------> lease_failed() --+--> Standing ----> 0..=100 --> Moved
//!   time: windows without a word of it ---------- decay -----------+   of the account
//!                                                                  |   in its role
//!   sla: an agreement ended ---> engagement() ---> its tenant paid +
//!                                     |                            |
//!                                     v           by the tenant ---+ of the operator
//!                                 Engagement ---> rate(1..=5)      |
//!                                     |           by the operator -+ of the tenant
//!                                     v
//!                      gone: both have rated, or [`Config::RatingWindows`] windows are over
//!                            (forget_engagement by anyone, or idle block space)
//! ```
//!
//! **Score.** A lower confidence bound over evidence that decays with a half-life of
//! [`Config::HalfLife`] windows; [`surety_primitives::score`] has the formula with worked numbers. With a
//! half-life of 30 windows a new account needs 3 flawless windows to be at level Three, 15 to be at level
//! Five, and gets no higher than 93.
//!
//! **Why it does not pay to be idle or new.** No account scores below a new one, which scores 0, and an
//! idle account only sinks towards that. A record hangs on the account and is never removed: to retire and
//! to register again changes nothing, and neither does a pause as a tenant.
//!
//! **Why it does not pay to list much.** All rounds of all services of an operator in one window are one
//! window of evidence. Breaches are not diluted by it: each weighs the same however many services there
//! are. A lease that was unhealthy, was ended for cause or that its operator left at once weighs 2 windows of bad
//! evidence, one that never was ready 1. Notice in time weighs nothing.
//!
//! **Ratings.** After an agreement that paid a fee (a lease has one, too) both sides may rate each other once,
//! with 1 to 5 stars. Stars are good and bad evidence in proportion, 5 all good, 1 all bad, of a weight that grows
//! with the fee: `MAX_RATING * fee / (fee + scale)`, at most an eighth of a window, with the asset's own
//! [`Config::RatingScale`]. Whose agreement ended paid gets half of that weight as good evidence, as a tenant.
//!
//! **Why it does not pay to rate oneself.** What ratings weigh is paid for by fees, in a straight line at
//! best: a window of evidence costs at least 8 times the scale in fees, among however many accounts they are spread
//! and into however many agreements they are split. With a scale of 10 UNIT it takes 82 UNIT in fees, 1,640
//! UNIT of turnover at a fee of 5 %, and 5 windows to buy level Two; two flawless windows of service give it for
//! nothing. Moreover the ratings of one account by another weigh at most [`Config::MaxPairWeight`] of a window
//! in [`Config::EpochWindows`] windows, and all ratings of an operator in one window together say no more than a
//! quarter of a window: beyond that they share it by their weights, so praise does not crowd out complaints, nor
//! does it hide what was measured. An account that is its own tenant has no engagement at all. A stranger who
//! wants an operator down by ratings is in the same straits, and pays that operator.
//!
//! **When it moves.** The window being counted is part of the score at once. Decay is computed when the
//! score is read, so a score can sink without a transaction; the next movement then tells of it by a
//! [`Event::Moved`] with the cause `Idle`. The `before` of a movement is the `after` of the one before, per account
//! and role. A rating tells of itself by [`Event::Rated`] too, with its weight and the very same scores.
//!
//! **What is stored.** A record per operator and per tenant that ever paid a fee, for good. An engagement until both
//! have rated or its time is over, and what a pair's ratings weigh until the end of the epoch; both are paid for by
//! fees, wait in a queue by the window in which they are over, and are forgotten in idle block space, at most
//! [`Config::ForgetPerBlock`] in a block. What is late there counts for nothing already.
//!
//! *Reading*: `operator_score`, `trust_level`, `reliability`, `performance` of an operator; `tenant_score` and
//! `tenant_trust_level` of a tenant; `service_reliability` and `service_performance` of a service; `engagement` and
//! `rating_weight` of an agreement. Storage holds the state as of the last movement, so read through
//! these. Other pallets read through [`surety_primitives::ReputationInspect`].

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use frame::{
	deps::sp_runtime::{Perbill, traits::Convert},
	prelude::*,
};
use frame_support::pallet_macros::import_section;
use surety_primitives::{AgreementId, AssetId, Balance, Clock, ServiceId, TrustLevel, WindowIndex};

pub(crate) use movement::RecordOf;
pub use pallet::*;
pub(crate) use types::Record;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod engagement;
mod errors;
mod events;
#[cfg(test)]
mod mock;
mod movement;
mod rate;
mod read;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
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

		/// The fee in base units of an asset at which a rating weighs half of what it can weigh at most: what is
		/// worth the same in every asset, such as a share of the minimum bond. `None` for an asset in which
		/// fees count for nothing.
		type RatingScale: Convert<AssetId, Option<Balance>>;

		/// Windows after the one in which an agreement ended in which it can still be rated. Not 0.
		#[pallet::constant]
		type RatingWindows: Get<u32>;

		/// Windows of an epoch, in which the ratings of a pair are bounded together. Not 0.
		#[pallet::constant]
		type EpochWindows: Get<u32>;

		/// Share of a window of evidence that the ratings of one account by another weigh at most in an epoch.
		/// Not 0.
		#[pallet::constant]
		type MaxPairWeight: Get<Perbill>;

		/// Most engagements and pairs that are forgotten in the idle space of one block. Not 0.
		#[pallet::constant]
		type ForgetPerBlock: Get<u32>;

		/// Weights of the calls, the hook, and what the sweeps of other pallets call.
		type WeightInfo: WeightInfo;
	}

	/// What is known of each operator, as of its last movement. Never removed, so that to register again
	/// changes nothing.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Standing>;

	/// What is known of each tenant that ever paid a fee, as of its last movement. Never removed.
	#[pallet::storage]
	pub type Tenants<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, TenantStanding>;

	/// Agreements that ended paid, until both sides have rated or the time for it is over.
	#[pallet::storage]
	pub type Engagements<T: Config> =
		StorageMap<_, Twox64Concat, AgreementId, Engagement<T::AccountId>>;

	/// What the ratings of the second account by the first weighed in the epoch in which the first rated last.
	/// Removed after that epoch.
	#[pallet::storage]
	pub type Pairs<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		T::AccountId,
		PairWeight,
	>;

	/// What is to be forgotten once a window is over: every engagement and every pair once.
	#[pallet::storage]
	pub type Expiring<T: Config> =
		StorageDoubleMap<_, Twox64Concat, WindowIndex, Blake2_128Concat, Expiry<T::AccountId>, ()>;

	/// First window of which something may be left in `Expiring`.
	#[pallet::storage]
	pub type ExpiryCursor<T: Config> = StorageValue<_, WindowIndex, ValueQuery>;

	/// What the read-outs of each service are made of, as of its last closed window. Removed with the
	/// service.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Twox64Concat, ServiceId, ServiceStanding>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::expire_some(remaining)
		}

		fn integrity_test() {
			assert!(T::HalfLife::get() > 0, "HalfLife: evidence must last at least a window");
			assert!(
				T::RatingWindows::get() > 0,
				"RatingWindows: nobody could rate what ends with a window"
			);
			assert!(
				T::EpochWindows::get() > 0,
				"EpochWindows: ratings of a pair would never be bounded"
			);
			assert!(
				!T::MaxPairWeight::get().is_zero(),
				"MaxPairWeight: no rating would weigh anything"
			);
			assert!(T::ForgetPerBlock::get() > 0, "ForgetPerBlock: nothing would be forgotten");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Rate your counterparty of an agreement that is over: its operator if you were the tenant, its tenant
		/// if you were the operator. A lease is rated by its agreement.
		///
		/// `stars` from 1 (all bad) to 5 (all good); 3 is half and half. You rate an agreement once, within
		/// `RatingWindows` windows after the one in which it ended, and only if a fee was paid. The more fee was
		/// paid the more it weighs, up to an eighth of a window of measured service, and all your ratings of one
		/// account together weigh at most `MaxPairWeight` in an epoch; read `rating_weight` to see what yours would.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::rate())]
		pub fn rate(origin: OriginFor<T>, agreement: AgreementId, stars: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rate(who, agreement, stars)
		}

		/// Forget an agreement that cannot be rated any more. Anyone may; idle block space does the same.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::forget_engagement())]
		pub fn forget_engagement(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_forget_engagement(agreement)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Score of an operator at the current window, 0 to 100; 0 for an account without history.
		pub fn operator_score(account: T::AccountId) -> u8 {
			Self::score_of::<Standing>(&account)
		}

		/// Trust level of that score.
		pub fn trust_level(account: T::AccountId) -> TrustLevel {
			TrustLevel::from_score(Self::score_of::<Standing>(&account))
		}

		/// Score of a tenant at the current window, 0 to 100; 0 for an account without history.
		pub fn tenant_score(account: T::AccountId) -> u8 {
			Self::score_of::<TenantStanding>(&account)
		}

		/// Trust level of that score.
		pub fn tenant_trust_level(account: T::AccountId) -> TrustLevel {
			TrustLevel::from_score(Self::score_of::<TenantStanding>(&account))
		}

		/// An agreement that ended paid: who may rate it, until when, and who has. Nothing if nobody can.
		pub fn engagement(agreement: AgreementId) -> Option<Engagement<T::AccountId>> {
			Engagements::<T>::get(agreement).filter(|it| Self::current_window() <= it.until)
		}

		/// What a rating of an agreement by this account would weigh now, in billionths of a window of
		/// evidence. Nothing if it would be refused.
		pub fn rating_weight(agreement: AgreementId, by: T::AccountId) -> Option<u64> {
			Self::weight_now(agreement, &by)
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
			Self::quality_of_service(service)
				.and_then(|quality| quality.performance())
				.map(Into::into)
		}
	}
}
