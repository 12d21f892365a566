// SPDX-License-Identifier: Apache-2.0

//! # Usage pallet
//!
//! Use of agreements, counted from statements that the two sides sign. A tenant's gateway and an
//! operator's edge count the same requests, and each signs its own cumulative counts. The chain
//! takes the lower of both as agreed, sums it up by service, and compares the share of answers
//! with the verdicts of the probers. A service that serves its tenants far worse than the probers
//! is flagged. Use never pays and never slashes.
//!
//! ## Terminology
//!
//! - **Statement**: cumulative counts of one side of an agreement in a window and lane, signed.
//! - **Side**: tenant or operator of an agreement.
//! - **Lane**: one of the 8 gateways or edges that count for a side at a time.
//! - **Reporter**: account whose key signs a statement: the party, or its `Report` proxy.
//! - **View**: last statements of all lanes of a side in a window.
//! - **Void**: said of a view whose side signed two different statements with one number.
//! - **Agreed**: the lower of the two views, bounded by the units of the agreement.
//! - **Contested**: said of an agreement whose views differ by more than 16 requests and by more
//!   than one percent.
//! - **One-sided**: said of an agreement of which only one side has a view that counts.
//! - **Success**: share of the agreed requests that were answered.
//! - **Pair**: a tenant and an operator.
//! - **Weight**: part that an agreement has in the success of its service, from the platform's fee.
//! - **Open window**: the current window and the one before, of which statements are accepted.
//! - **Comparison**: that of a closed window with the verdicts of the probers.
//! - **Discrepant**: said of a service that served its tenants far worse than the probers.
//!
//! ## Life cycle
//!
//! ```text
//!   window w                          window w + 1                      window w + 2
//!   |                                 |                                 |
//!   statements of w are accepted -------------------------------------->| closed
//!        |                                                              |
//!        v                                                              v
//!   lane: seq and counts      both views ---> agreed ---> totals   comparison with the
//!   only ever rise                            of the service       probes' verdicts of w
//!        |                                                              |
//!        v equivocation                                                 v
//!   view void, nothing agreed                              Discrepant, or a good window
//! ```
//!
//! **Statements.** [`UsageStatement`](surety_primitives::usage::UsageStatement) has the signed
//! bytes. A statement replaces the last one of its lane if its number is higher and no counter
//! fell. Anybody may send statements: the signature inside decides. A batch holds up to
//! [`MAX_BATCH`]. A statement that is refused does not stop the others; the sender pays for it all
//! the same. A batch of which nothing is accepted fails with the reason of its first statement.
//!
//! **Agreed use.** Per agreement and window, the fewest requests of both sides, summed over the
//! lanes, at the lower share of answers of both. Neither side alone can raise either of them:
//! requests that a side leaves out lower the volume, not the losses. Agreed requests are at most
//! those that the units make in a window at their full rate and a fifth on top
//! ([`Unit::max_requests`](surety_primitives::Unit::max_requests)). Losses are claims of a side:
//! they are stored beside and enter no total.
//!
//! **Equivocation.** Two different statements of one side with one number in a lane, both signed,
//! are a proof. It voids the view of that side in the window: nothing is agreed any more. There is
//! no reward and no fine. A side can take back its evidence by it, as if it had been silent: the
//! agreement is one-sided then, which is shown.
//!
//! **Weight.** Success is a mean over agreements by weight. The weight of an agreement is the
//! platform's fee on what it has paid, of at most one window's price, as a share of
//! [`Config::FeeScale`]. All agreements of a pair together weigh at most [`ONE`]. So an operator
//! that is its own tenant pays for weight in a straight line, however it splits its fees, and one
//! customer is worth no more than one. Agreements with fewer than [`Config::MinRequests`] agreed
//! requests weigh nothing, nor do those of an operator with its own account.
//!
//! **Comparison.** Once a window is closed, the median success of the service, by weight, is
//! compared with the share of its measured rounds that were `Up`. If it is lower by more than
//! [`Config::Margin`], the window is discrepant and the service is flagged.
//! [`Config::ClearWindows`] consistent windows clear the flag, and so do [`HISTORY`] windows
//! without use. Less weight than [`Config::MinWeight`] decides nothing, and neither do agreements
//! with less than [`Config::MinCoverage`] of the sold units: who flags a service for others has to
//! buy that much of it. The median takes more than half of the weight to move: a few tenants cannot
//! flag a service that serves the others well.
//! Only agreements that both sides report weigh, so the others are of no help to a service.
//!
//! **Storage.** An agreement has one record of its last two windows, a service its totals of two
//! open and [`HISTORY`] closed windows. Records are removed when their windows are closed, totals
//! after [`HISTORY`] windows without use. Fees of the statements pay for both, and nothing
//! outlives its agreement by more than a window. Entries wait in a queue by window and are removed
//! in idle block space, at most [`Config::ForgetPerBlock`] per block. A late removal changes
//! nothing, and neither does a late comparison: reads look at the clock.
//!
//! ## Example
//!
//! A development chain has 60 seconds to a window. A unit of `Rpc` is 10 requests a second, so an
//! agreement of 2 units counts up to `2 x 10 x 60 x 1.2 = 1,440` requests.
//!
//! 1. The gateway of the tenant signs 1,000 requests, 990 answers and 10 losses. The edge of the
//!    operator signs 995 requests and 995 answers.
//! 2. Agreed are 995 requests at the tenant's share of answers: 985, a success of 99 %. The views
//!    differ by 5: they are close.
//! 3. The agreement has paid 60,000 base units for the window, of which 3,000 are the fee. With a
//!    scale of 10,000 it weighs 0.3 of a pair.
//!
//! ## Assumptions
//!
//! - Facts of an agreement never change, and ids are never reused.
//! - `sla` notifies of each agreement that is over, once, in a mandatory hook: constant work that
//!   cannot fail.
//! - `probes` closes a window before the end of the next one. A window that it closes later is not
//!   compared.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. A record has a window or an end, its windows rise, and none is to come or before the one in
//!    which the agreement was opened.
//! 2. The lanes of a view rise and are below 8, their numbers are above 0 and their counts add up.
//! 3. The part of an agreement in the totals follows from its views, and its weight is at most
//!    [`ONE`].
//! 4. The totals of each open window are the sums over the records.
//! 5. The weight of a pair in each open window is the sum over its agreements, and at most [`ONE`].
//! 6. The windows of a service rise, and answers are at most requests.
//! 7. The queue holds each record, each pair and each service once, and nothing else. No entry is
//!    before the cursor, which is not after the current window. A record and a pair are due at the
//!    latest after the last window in which one of theirs can be reported, a service after the
//!    current window.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

use alloc::boxed::Box;
use frame::{
	prelude::*,
	traits::{IdentifyAccount, Verify},
};
use surety_primitives::{
	AgreementId, AgreementInspect, Agreements, AssetId, Balance, Clock, ProbeHistory, Reporters,
	ServiceId, WindowIndex,
	usage::{Side, SignedUsage, UsageCounts},
};

pub use pallet::*;
pub use surety_primitives::usage::{Comparison, Match};
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod comparison;
mod impls;
mod lifecycle;
#[cfg(test)]
mod mock;
mod statements;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

/// Statements of one call.
pub const MAX_BATCH: u32 = 64;
/// Closed windows of a service that are kept.
pub const HISTORY: u32 = 8;
/// Steps of the share of answers by which the median is found.
pub const BUCKETS: usize = 20;
/// Highest weight of a pair in a window.
pub const ONE: u64 = 1_000_000_000;

/// Statement with its signature.
pub type SignedUsageOf<T> =
	SignedUsage<<T as frame_system::Config>::AccountId, <T as Config>::Signature>;

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
		use frame_support::{
			derive_impl, parameter_types,
			traits::{ConstU8, ConstU64},
		};

		parameter_types! {
			pub const MinCoverage: Perbill = Perbill::from_percent(25);
			pub const Margin: Perbill = Perbill::from_percent(10);
		}

		/// Configuration of a test runtime, but for the neighbours and the signatures.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[frame_support::register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			type MinRequests = ConstU64<100>;
			type MinWeight = ConstU64<{ 2 * ONE }>;
			type MinCoverage = MinCoverage;
			type Margin = Margin;
			type ClearWindows = ConstU8<2>;
			type ForgetPerBlock = ConstU32<5>;
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Clock of the chain.
		#[pallet::no_default]
		type Clock: Clock;

		/// Agreements, their fees, and the units of services that they hold.
		#[pallet::no_default]
		type Agreements: AgreementInspect<Self::AccountId> + Agreements;

		/// Accounts that may sign statements for a party.
		#[pallet::no_default]
		type Reporters: Reporters<Self::AccountId>;

		/// Closed windows of the probers.
		#[pallet::no_default]
		type Probed: ProbeHistory;

		/// Signatures of statements.
		#[pallet::no_default]
		type Signature: Parameter + Verify<Signer: IdentifyAccount<AccountId = Self::AccountId>>;

		/// Fee per window in base units of an asset at which an agreement has its full weight. The
		/// fees are worth the same in every asset, such as a share of the minimum bond. `None` for
		/// an asset in which fees count for nothing.
		#[pallet::no_default]
		type FeeScale: Convert<AssetId, Option<Balance>>;

		/// Agreed requests of an agreement in a window below which its success weighs nothing.
		#[pallet::constant]
		type MinRequests: Get<u64>;

		/// Weight of a window of a service, in billionths of the weight of a pair, below which
		/// nothing is compared. Above twice the weight of a pair, at least three tenants decide.
		#[pallet::constant]
		type MinWeight: Get<u64>;

		/// Share of a service's sold units below which nothing is compared: so much of them must
		/// be of agreements with weight. A few cheap agreements say nothing about a large service.
		#[pallet::constant]
		type MinCoverage: Get<Perbill>;

		/// Distance of the median success below the share of rounds that were up, beyond which a
		/// window is discrepant.
		#[pallet::constant]
		type Margin: Get<Perbill>;

		/// Consistent windows that clear the flag of a service. Not 0.
		#[pallet::constant]
		type ClearWindows: Get<u8>;

		/// Maximum number of entries that are looked at in the idle space of one block. Not 0.
		#[pallet::constant]
		type ForgetPerBlock: Get<u32>;

		/// Weights of the calls, the hook and the methods that other pallets call.
		type WeightInfo: WeightInfo;

		/// Benchmark set-up.
		#[cfg(feature = "runtime-benchmarks")]
		#[pallet::no_default]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId, Self::Signature>;
	}

	/// Use of each agreement in its last two windows, until they are closed.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Twox64Concat, AgreementId, Record<T::AccountId>>;

	/// Totals and standing of each service, until 8 windows without use are over.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Twox64Concat, ServiceId, ServiceUsage>;

	/// Weight that the agreements of an operator with a tenant have in the open windows.
	#[pallet::storage]
	pub type Pairs<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		T::AccountId,
		PairWeights,
		ValueQuery,
	>;

	/// Queue by the window after which an entry is due: every record, pair and service once.
	#[pallet::storage]
	pub type Expiring<T: Config> =
		StorageDoubleMap<_, Twox64Concat, WindowIndex, Blake2_128Concat, Expiry<T::AccountId>, ()>;

	/// First window of which `Expiring` may hold an entry.
	#[pallet::storage]
	pub type ExpiryCursor<T: Config> = StorageValue<_, WindowIndex, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A statement was accepted: it replaces the one before of its lane.
		Reported {
			/// The agreement.
			agreement: AgreementId,
			/// Window of the counts.
			window: WindowIndex,
			/// Party that signed.
			side: Side,
			/// Lane of the party.
			lane: u8,
			/// Number of the statement in its window and lane.
			seq: u32,
			/// Counts from the start of the window.
			counts: UsageCounts,
		},
		/// A statement of a batch counts for nothing. The others of the batch were looked at all the
		/// same.
		Refused {
			/// Place in the batch, from 0.
			index: u32,
			/// Agreement that it names.
			agreement: AgreementId,
			/// Reason.
			reason: Refusal,
		},
		/// A side signed two different statements with one number. Nothing is agreed for the
		/// agreement in this window any more.
		Equivocated {
			/// The agreement.
			agreement: AgreementId,
			/// The window.
			window: WindowIndex,
			/// Party that signed both.
			side: Side,
			/// Lane of both.
			lane: u8,
			/// Number of both.
			seq: u32,
		},
		/// Tenants of a service were served far worse than the probers. The service is flagged:
		/// clients rank it down. No money moves.
		Discrepant {
			/// The service.
			service: ServiceId,
			/// Window that was compared.
			window: WindowIndex,
			/// Median share of answers of the tenants' requests, to the next twentieth.
			success: Perbill,
			/// Share of the measured rounds that were up.
			up: Perbill,
		},
		/// The flag of a service is gone: enough windows were consistent, or the service was not
		/// used for 8 windows.
		Cleared {
			/// The service.
			service: ServiceId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The batch is empty. Give at least one statement.
		NoStatements,
		/// No statement of the batch was accepted. The reason is that of the first one.
		Refused(Refusal),
		/// The two statements do not prove an equivocation. They must be of one agreement, window,
		/// side, lane and number, and differ in their contents.
		NoEquivocation,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::remove_expired(remaining)
		}

		fn integrity_test() {
			assert!(T::ClearWindows::get() > 0, "ClearWindows: a flag would never be seen");
			assert!(T::ForgetPerBlock::get() > 0, "ForgetPerBlock: nothing would be removed");
			assert!(
				!T::Margin::get().is_zero(),
				"Margin: a lost request in twenty would flag a service"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Report the use of agreements.
		///
		/// Each statement is signed by the tenant or the operator of its agreement, or by an
		/// account that this party named as its `Report` proxy. It is accepted from the start of
		/// its window to the end of the next one, and replaces the last statement of its lane. A
		/// statement that is refused is skipped, and its fee is not given back.
		///
		/// - `statements`: 1 to 64 statements, in any order of agreements and sides.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `NoStatements`; `Refused` with the reason of the first statement if none is
		/// accepted.
		///
		/// Emits: `Reported` or `Refused` for each statement, and `Discrepant` or `Cleared` if a
		/// window closed.
		///
		/// Complexity: linear in the number of statements.
		#[pallet::call_index(0)]
		// The benchmark has full records. A record and a service that are new enqueue an entry each.
		#[pallet::weight({
			let count = u32::try_from(statements.len()).unwrap_or(MAX_BATCH);
			let entries = T::DbWeight::get().writes(2).saturating_mul(count.into());
			T::WeightInfo::report_usage(count).saturating_add(entries)
		})]
		pub fn report_usage(
			origin: OriginFor<T>,
			statements: BoundedVec<SignedUsageOf<T>, ConstU32<MAX_BATCH>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_report_usage(&statements)
		}

		/// Prove that a side signed two different statements with one number. Its view of the
		/// window becomes void, so that nothing is agreed for the agreement in it.
		///
		/// - `first`, `second`: statements of one agreement, window, side, lane and number, with
		///   different contents.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `NoEquivocation`; `Refused` with the reason of the statement that would not be
		/// accepted.
		///
		/// Emits: `Equivocated`, and `Discrepant` or `Cleared` if a window closed.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::report_equivocation())]
		pub fn report_equivocation(
			origin: OriginFor<T>,
			first: Box<SignedUsageOf<T>>,
			second: Box<SignedUsageOf<T>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_report_equivocation(&first, &second)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Use of an agreement in the windows that can still be reported, as both sides signed it.
		/// `None` if nothing was reported.
		pub fn agreement_usage(agreement: AgreementId) -> Option<Record<T::AccountId>> {
			Records::<T>::get(agreement)
		}

		/// True if the tenants of a service were served far worse than the probers.
		pub fn is_discrepant(service: ServiceId) -> bool {
			Self::service_usage(service).is_some_and(|usage| usage.is_discrepant())
		}
	}
}
