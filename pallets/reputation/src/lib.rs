// SPDX-License-Identifier: Apache-2.0

//! # Reputation pallet
//!
//! Scores of accounts: of operators from measurements of the chain itself and, to a smaller part,
//! from the ratings of their tenants; of tenants from their payments and the ratings of their
//! operators. A score is a number from 0 to 100 from which a trust level from One to Five derives.
//! Operators and targets also have two scores of quality, reliability and performance.
//!
//! ## Terminology
//!
//! - **Score**: lower confidence bound of the share of good evidence, 0 to 100, per account and
//!   role.
//! - **Trust level**: range of scores, One to Five.
//! - **Evidence**: good and bad evidence in billionths of a window; it decays with a half-life of
//!   [`Config::HalfLife`] windows.
//! - **Record**: stored evidence of an account in a role, or of a target.
//! - **Movement**: change of a score, reported by [`Event::Moved`] with its cause.
//! - **Engagement**: agreement that ended paid and that its parties may still rate.
//! - **Rating**: 1 to 5 stars that one party of an engagement gives the other.
//! - **Pair**: account that rates and account that it rates.
//! - **Epoch**: number of windows in which the ratings of a pair are bounded together.
//! - **Reliability**: share of good verdicts, 0 to 100.
//! - **Performance**: uptime, correctness and latency against their targets, 0 to 100.
//!
//! ## Life cycle
//!
//! ```text
//!   probes: a window of a target closed ---> window() --------+
//!   sla: a breach -------------------------> breach() --------+  evidence    score
//!   compute-orders: a lease failed --------> lease_failed() --+--> record ---> 0..=100 --> Moved
//!   time: windows without a movement ------> decay -----------+  of the account
//!                                                             |  in its role
//!   sla: an agreement ended ---> engagement() ---> payment ---+  of the tenant
//!                                     |                       |
//!                                     v        by the tenant -+  of the operator
//!                                engagement --> rate(1..=5)   |
//!                                     |      by the operator -+  of the tenant
//!                                     v
//!                       removed: both parties have rated, or RatingWindows windows are over
//!                                (forget_engagement by anyone, or idle block space)
//! ```
//!
//! **Score.** [`surety_primitives::score`] has the formula with worked numbers. With a half-life
//! of 30 windows a new account needs 3 flawless windows to reach level Three, 15 to reach level
//! Five, and gets no higher than 93. The running window is part of the score at once. Decay is
//! computed when the score is read, so a score can sink without a transaction; the next movement
//! reports that by an [`Event::Moved`] with the cause [`Cause::Idle`]. Per account and role, the
//! `before` of a movement is the `after` of the movement before it.
//!
//! **Idle and new accounts.** No account scores below a new one, which scores 0, and an idle
//! account only sinks towards that. A record belongs to the account and is never removed: to
//! retire and to register again changes nothing, and neither does a pause as a tenant.
//!
//! **Many services.** All rounds of all services of an operator in one window are one window of
//! evidence. They do not dilute a breach: each weighs the same however many services there are. A
//! lease that was unhealthy, was ended for cause or that its operator left at once weighs 2
//! windows of bad evidence, a lease that never was ready 1. Notice in time weighs nothing.
//!
//! **Ratings.** After an agreement that paid a fee (a lease has one, too) each party may rate the
//! other once. Stars are good and bad evidence in proportion, 5 all good, 1 all bad, of a weight
//! that grows with the fee: `MAX_RATING * fee / (fee + scale)`, at most an eighth of a window,
//! with the asset's own [`Config::RatingScale`]. The tenant gets half of that weight as good
//! evidence for the payment itself.
//!
//! **Self-dealing.** Fees pay for the weight of ratings, in a straight line at best: a window of
//! evidence costs at least 8 times the scale in fees, among however many accounts they are spread
//! and into however many agreements they are split. The ratings of one account by another weigh
//! at most [`Config::MaxPairWeight`] of a window per epoch. All ratings of an operator in one
//! window together weigh at most a quarter of a window; beyond that they share it by their
//! weights, so praise neither crowds out complaints nor hides measurements. An account that is
//! its own tenant has no engagement. A stranger who wants to lower an operator's score by ratings
//! has the same costs, and pays them to that operator.
//!
//! **Storage.** The records of operators and tenants stay for good. An engagement stays until both
//! parties have rated or its time is over, the weight of a pair's ratings until the end of the
//! epoch. Fees pay for both. Both wait in a queue by the window in which they are over, and are
//! removed in idle block space, at most [`Config::ForgetPerBlock`] per block. A late removal
//! changes nothing: entries that are over count for nothing.
//!
//! ## Example
//!
//! With a scale of 10 UNIT, an agreement of Bob with the operator Alice ends after a fee of 30
//! UNIT. A rating of it weighs at most `0.125 * 30 / 40 = 0.094` windows, and Bob's payment is
//! 0.047 windows of good evidence. Bob gives 4 stars: Alice gets 0.070 windows of good and 0.023
//! of bad evidence. To buy level Two by ratings alone takes 82 UNIT in fees, which is 1,640 UNIT
//! of turnover at a fee of 5 %, and 5 windows; two flawless windows of service give it for nothing.
//!
//! ## Assumptions
//!
//! - `probes`, `sla` and `compute-orders` call [`surety_primitives::ReputationSink`], partly in
//!   mandatory hooks: each method is constant work and cannot fail.
//! - An agreement ends once, and ids are never reused.
//! - `probes` closes a window two rounds after its end, so records are of the window before the
//!   current one.
//! - Storage holds the state as of the last movement: read scores through
//!   [`surety_primitives::ReputationInspect`] and the functions of [`Pallet`].
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. No record is of a window after the current one.
//! 2. Evidence is bounded.
//! 3. The last score of a record is the score of its evidence.
//! 4. The parts of the measured rounds are no more than the whole, and a latency is at most the
//!    edge of the slowest bucket.
//! 5. An engagement is between two accounts, and its weight is between 1 and `MAX_RATING`.
//! 6. The weight of a pair is within the bound of an epoch, and of no epoch to come.
//! 7. The queue holds every engagement once, at its last window, every pair once, and nothing
//!    else. No entry is before the cursor, which is not after the current window.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use frame::prelude::*;
use surety_primitives::{AgreementId, AssetId, Balance, Clock, Target, WindowIndex};

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
mod lifecycle;
#[cfg(test)]
mod mock;
mod ratings;
mod scores;
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

	/// Default configurations for tests.
	pub mod config_preludes {
		use super::*;
		use frame_support::{derive_impl, parameter_types};

		parameter_types! {
			/// Two ratings of the largest weight.
			pub const MaxPairWeight: Perbill = Perbill::from_percent(25);
		}

		/// Configuration of a test runtime, but for the clock and the scale.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[frame_support::register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			type HalfLife = ConstU32<30>;
			type RatingWindows = ConstU32<7>;
			type EpochWindows = ConstU32<10>;
			type MaxPairWeight = MaxPairWeight;
			type ForgetPerBlock = ConstU32<5>;
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Clock of the chain.
		#[pallet::no_default]
		type Clock: Clock;

		/// Windows after which evidence weighs half. Not 0.
		#[pallet::constant]
		type HalfLife: Get<u32>;

		/// Fee in base units of an asset at which a rating has half of its maximum weight. The
		/// fees are worth the same in every asset, such as a share of the minimum bond. `None`
		/// for an asset in which fees count for nothing.
		#[pallet::no_default]
		type RatingScale: Convert<AssetId, Option<Balance>>;

		/// Windows in which an agreement can be rated after the window in which it ended. Not 0.
		#[pallet::constant]
		type RatingWindows: Get<u32>;

		/// Windows of an epoch, in which the ratings of a pair are bounded together. Not 0.
		#[pallet::constant]
		type EpochWindows: Get<u32>;

		/// Maximum weight of the ratings of one account by another in an epoch, as a share of a
		/// window of evidence. Not 0.
		#[pallet::constant]
		type MaxPairWeight: Get<Perbill>;

		/// Maximum number of engagements and pairs that are removed in the idle space of one
		/// block. Not 0.
		#[pallet::constant]
		type ForgetPerBlock: Get<u32>;

		/// Weights of the calls, the hook and the methods that other pallets call.
		type WeightInfo: WeightInfo;
	}

	/// Record of each operator, as of its last movement. Never removed, so that to register again
	/// changes nothing.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, OperatorRecord>;

	/// Record of each tenant that ever paid a fee, as of its last movement. Never removed.
	#[pallet::storage]
	pub type Tenants<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, TenantRecord>;

	/// Quality of each target, as of its last closed window. Removed with the target.
	#[pallet::storage]
	pub type Targets<T: Config> = StorageMap<_, Twox64Concat, Target, TargetRecord>;

	/// Agreements that ended paid, until both parties have rated or the time for it is over.
	#[pallet::storage]
	pub type Engagements<T: Config> =
		StorageMap<_, Twox64Concat, AgreementId, Engagement<T::AccountId>>;

	/// Weight of the ratings of the second account by the first, in the epoch of the last of them.
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

	/// Queue of removals by the window after which they are due: every engagement and every pair
	/// once.
	#[pallet::storage]
	pub type Expiring<T: Config> =
		StorageDoubleMap<_, Twox64Concat, WindowIndex, Blake2_128Concat, Expiry<T::AccountId>, ()>;

	/// First window of which `Expiring` may hold an entry.
	#[pallet::storage]
	pub type ExpiryCursor<T: Config> = StorageValue<_, WindowIndex, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The score of an account moved. A breach and a failed lease are reported even if the
		/// score was at its lowest already, all other causes only if they changed the score.
		Moved {
			/// Account whose score moved.
			account: T::AccountId,
			/// Role of the account.
			role: Role,
			/// Cause of the movement.
			cause: Cause,
			/// Score of 0 to 100 before.
			before: u8,
			/// Score of 0 to 100 after.
			after: u8,
		},
		/// An agreement ended paid: its parties may rate each other.
		RatingOpened {
			/// The agreement.
			agreement: AgreementId,
			/// Operator of the agreement.
			operator: T::AccountId,
			/// Tenant of the agreement.
			tenant: T::AccountId,
			/// Maximum weight of a rating, in billionths of a window of evidence.
			weight: u64,
			/// Last window in which it can be rated.
			until: WindowIndex,
		},
		/// One party of an agreement rated the other. If that changed the score, `Moved` precedes
		/// this event with the same scores.
		Rated {
			/// The agreement.
			agreement: AgreementId,
			/// Account that rated.
			by: T::AccountId,
			/// Account that was rated.
			account: T::AccountId,
			/// Role of the account that was rated.
			role: Role,
			/// 1 to 5.
			stars: u8,
			/// Weight of the rating, in billionths of a window of evidence: less than the
			/// engagement's if the pair has used up its weight of this epoch.
			weight: u64,
			/// Score of 0 to 100 before.
			before: u8,
			/// Score of 0 to 100 after.
			after: u8,
		},
		/// An agreement cannot be rated any more: both parties have, or the time for it is over.
		RatingClosed {
			/// The agreement.
			agreement: AgreementId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The agreement has nothing to rate: it is not over, its fee was too small, both parties
		/// have rated it, or its time is over and it was removed. Check the id of the agreement.
		UnknownEngagement,
		/// Only the tenant and the operator of the agreement can rate it. Sign with the account of
		/// either.
		NotParty,
		/// You have rated this agreement. A rating cannot be changed.
		AlreadyRated,
		/// The number of stars is out of range. Give 1 to 5 stars.
		StarsOutOfRange,
		/// The time in which this agreement could be rated is over.
		RatingWindowOver,
		/// This agreement can still be rated. Try again after its last window.
		RatingWindowOpen,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::remove_expired(remaining)
		}

		fn integrity_test() {
			assert!(T::HalfLife::get() > 0, "HalfLife: evidence must last at least a window");
			assert!(
				T::RatingWindows::get() > 0,
				"RatingWindows: nobody could rate an agreement that ends with a window"
			);
			assert!(
				T::EpochWindows::get() > 0,
				"EpochWindows: ratings of a pair would never be bounded"
			);
			assert!(
				!T::MaxPairWeight::get().is_zero(),
				"MaxPairWeight: no rating would weigh anything"
			);
			assert!(T::ForgetPerBlock::get() > 0, "ForgetPerBlock: nothing would be removed");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Rate your counterparty of an agreement that is over: its operator if you were the
		/// tenant, its tenant if you were the operator.
		///
		/// An agreement that paid a fee can be rated once by each party, within `RatingWindows`
		/// windows after the one in which it ended. The weight of a rating grows with the fee, up
		/// to an eighth of a window of measured service, and all your ratings of one account
		/// together weigh at most `MaxPairWeight` in an epoch. The view function `rating_weight`
		/// previews it.
		///
		/// - `agreement`: id of the agreement; a lease is rated by its agreement.
		/// - `stars`: 1 (all bad) to 5 (all good); 3 is half and half.
		///
		/// Origin: signed by the tenant or the operator of the agreement.
		///
		/// Errors: `UnknownEngagement`, `NotParty`, `RatingWindowOver`, `AlreadyRated`,
		/// `StarsOutOfRange`.
		///
		/// Emits: `Moved` if the score changed, `Rated`, and `RatingClosed` if both parties have
		/// rated.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::rate())]
		pub fn rate(origin: OriginFor<T>, agreement: AgreementId, stars: u8) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rate(who, agreement, stars)
		}

		/// Remove an agreement that cannot be rated any more. Idle block space does the same.
		///
		/// - `agreement`: id of the agreement.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownEngagement`, `RatingWindowOpen`.
		///
		/// Emits: `RatingClosed`.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::forget_engagement())]
		pub fn forget_engagement(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_forget_engagement(agreement)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Agreement that ended paid: its parties, the last window in which it can be rated, and
		/// the party that has rated. `None` if nobody can rate it.
		pub fn engagement(agreement: AgreementId) -> Option<Engagement<T::AccountId>> {
			Engagements::<T>::get(agreement).filter(|it| Self::current_window() <= it.until)
		}

		/// Weight that a rating of an agreement by this account would have now, in billionths of a
		/// window of evidence. `None` if the rating would be refused.
		pub fn rating_weight(agreement: AgreementId, by: T::AccountId) -> Option<u64> {
			Self::weight_of_rating(agreement, &by)
		}
	}
}
