// SPDX-License-Identifier: Apache-2.0

//! # Escrow pallet
//!
//! Funds of tenants on hold, in the native token or an approved asset. A **stream** is paid by the
//! billable blocks of a meter; a **one-off hold** is paid in one sum. A one-off hold can be started
//! as a stream and a stream suspended as a one-off hold, so that one deposit pays one operator
//! after the other. Other pallets open and end accounts through [`Streams`] and [`OneOffHolds`];
//! signed calls only settle them.
//!
//! ## Terminology
//!
//! - **Account**: funds of a payer on hold for a purpose. Its id is an [`EscrowId`].
//! - **Payer**, **payee**: the tenant, and the operator that serves it. The payee of a one-off hold
//!   without an operator is the payer itself.
//! - **Owner**: agreement or replica that an account belongs to. Its pallet is notified of the end.
//! - **Meter**: counter of the billable blocks of a target, kept by the probes pallet.
//! - **Rate**: base units that a stream pays per billable block.
//! - **Prepaid sum**: part of the deposit that pays the first billable blocks. A tenant that closes
//!   the stream after its trial pays at least this sum, less the price of judged rounds that were
//!   not billable.
//! - **Trial**: first rounds of a started stream, in which a tenant that closes it pays the metered
//!   amount only.
//! - **Term**: time that a one-off hold was started for, up to its last round.
//! - **Run**: consecutive rounds of a stream that are billed if the meter advances in them.
//! - **End**: last round that is billed, and the reason. An end is first **decided**, then
//!   **carried out** when its round is judged.
//! - **Suspension**: end of a stream after which the rest of its funds stays on hold as a one-off
//!   hold.
//! - **Claim**: amount that is due and cannot be delivered. It stays on hold in a `Closed` account.
//! - **Frozen funds**: part of the funds that a dispute holds back; **awarded** funds are granted
//!   to the payee by a dispute, or by closing a one-off hold.
//! - **Agenda**: streams by the block in which they must be looked at, in two **lanes**: ends, and
//!   looks at open streams.
//!
//! ## Life cycle
//!
//! ```text
//!           Streams::open             end, or the funds, the meter or the time end
//!  (none) --------------> Open stream ------------------------------------> Ending { round }
//!     |                    ^   |  (extend postpones the last round)            ^     |
//!     |              start |   | suspend, or the meter      end, or the funds  |     | that round
//!     |                    |   v ends before the time        end sooner        |     | is judged
//!     |                    |  Suspending { round } ----------------------------+     |
//!     |                    |   |                                                     |
//!     |                    |   | that round is judged                                |
//!     |  OneOffHolds::hold |   v                           refund                    v
//!     +----------------> Open one-off hold ---------------------------------------> (removed)
//! ```
//!
//! An account that somebody cannot be paid from is not removed but `Closed`, until `settle` or
//! `force_close`. While a dispute freezes funds, a stream is not billed, no end is carried out, and
//! a one-off hold is neither started nor closed.
//!
//! **Place of the funds.** Funds stay on hold on the account of the payer. A payment moves held
//! funds to the payee and the two fee pots; a refund releases them. So an account of this pallet is
//! a claim on a hold: `paid + refunded + held == deposited`, and the hold of a payer is the sum of
//! `held` over its accounts.
//!
//! **Amount due.** In all, `rate x billable blocks`, and never more than the deposit. The fee is
//! `floor(share x due)`; of the fee, `floor(share of the probers x fee)` goes to the probers' pot
//! and the rest to the treasury. These sums only grow, and paid amounts are subtracted, so payments
//! in every block yield the same base units as one payment. The shares of the fee are fixed when
//! the account is opened.
//!
//! The **prepaid sum** stays on hold until its blocks are judged. If the tenant closes the stream
//! (code 1001) after its trial, the amount due in all is at least
//!
//! ```text
//! prepaid - rate x blocks of judged rounds that were not billable
//! ```
//!
//! A tenant that leaves early therefore pays for the rounds that it could have used, and for no
//! outage. If a stream ends for any other reason or is suspended, all that the meter did not earn
//! is the payer's, the prepaid sum included: no operator can sell units, end the service and keep
//! the money. The reason that counts is that of the end that is carried out. A dispute cannot
//! freeze the rest of the prepaid sum, in the trial or after it.
//!
//! Streams are billed in whole rounds, from the round after the opening to the round of the end.
//! The last round may be paid in part, if the funds end inside it.
//!
//! **End of a stream.** This pallet alone decides the round and the reason of an end, once. Others
//! ask for it ([`Streams::stream`]). The soonest of these ends applies:
//!
//! - The end that the owner or governance asks for. It may be past, because verdicts are two rounds
//!   late. Rounds that were read off the meter stay billed, so no end is sooner than the last of
//!   them.
//! - The end of the meter, for the reason of the meter. A meter that is gone without an end ends
//!   the stream with the last round that was read.
//! - The last round of the term of a started stream (`Expired`). This end is decided when the round
//!   comes, or as soon as a later end is asked for. The owner may postpone it before (`extend`).
//! - The block at which the funds run out.
//!
//! A sooner end replaces the one that stands. The owner is notified of an end that it did not ask
//! for.
//!
//! A known end bounds the stream *before* its meter is read, and the term bounds a started stream
//! from its first block on. So no round after the end is billed, however late the end is carried
//! out. A meter remembers 32 rounds; older rounds are read in favour of the payer.
//!
//! An end is carried out when its round is judged: the rest goes back to the payer and the owner is
//! notified. The end of the funds is foreseen for the worst case: the block at which they are used
//! up if all rounds that are not judged yet turn out billable. So no round is served unpaid, and
//! unused funds are refunded. `on_initialize` looks at each stream in the block in which it may
//! have work. It does not watch the services for their end: `settle`, by anyone, makes it look in
//! the next block.
//!
//! Each lane of the agenda has a bound of [`Config::AgendaPerBlock`] streams per block, so that a
//! flood of open streams does not delay the ends of others. A block is charged for the work it did.
//! It weighs at most two walks (`agenda`), one bound of ends (the maximum of `wake` and
//! `wake_suspending`, each with [`OnStreamEnd::max_weight`]) and one bound of looks (`wake_read`).
//!
//! **Suspension.** A stream is suspended by the same rules. When its last round is paid, the rest
//! stays on hold: the account is a one-off hold again with its payer as payee, and its sums start
//! anew (`deposited == held`). The owner is notified, and starts it for the next payee or closes
//! it. The shares of the fee stay. A started stream is suspended by the end of its meter, if that
//! is before its last round. If the funds end sooner, or an end is asked for before the suspension,
//! the stream is closed instead, with the round of the suspension at the latest; the sooner of the
//! two gives the reason. A stream that is to be closed or has expired cannot be suspended: a sooner
//! round then moves its close. A stream that is to be suspended takes top-ups, but no extension.
//!
//! **Claims.** A payee that cannot take a payment (blocked, or without an account and the amount
//! below the minimum balance) is still owed: the amount stays on hold and every settlement tries
//! again. At the end the refund does not wait for it; the account stays `Closed` until `settle`
//! delivers the claim, or governance writes it off to the payer. The fee is never paid ahead of the
//! payee's part, and a pot that cannot take its part does not stop the other. A part that a pot
//! cannot take at the end goes to the payee. At a suspension the claim of the payee is split off
//! into a `Closed` account with an id of its own, and does not concern the next payee.
//!
//! ## Example
//!
//! With rounds of 10 blocks, a rate of 2 and a fee of 5 %: a deposit of 1,000 with 200 prepaid,
//! opened in round 4. Nothing moves at once. Each billable round from 5 on moves 20 once it is
//! judged: 19 to the payee, 1 to the pots.
//!
//! | end | paid | refunded |
//! |---|---|---|
//! | round 20 after 16 billable rounds, refunded as round 23 begins | 320, fee 16 | 680 |
//! | round 8 after 4 billable rounds, by the tenant | 200 | 800 |
//! | round 8 after 4 billable rounds, by the operator or the network | 80 | 920 |
//! | the same with one of the 4 rounds down, by the tenant | 180 | 820 |
//! | the same with one of the 4 rounds down, by the operator or the network | 60 | 940 |
//!
//! Suspended in round 8, 80 are paid and 920 are a one-off hold. It is started again in round 12,
//! with 20 as its last round and a trial to round 14. Round 13 is the first that the next payee
//! earns. The tenant pays 40 if it closes the stream in round 14, 200 if it closes it in round 15,
//! and 160 if the stream expires.
//!
//! ## Assumptions
//!
//! - The hook runs after that of the probes pallet, so that the verdicts of the block are in; and
//!   before that of the compute-orders pallet, which places replicas anew that were suspended.
//! - The probes pallet keeps the meters ([`Meter`]) and ends them. A round is judged two rounds
//!   later at the earliest; a meter remembers 32 rounds.
//! - `sla` opens and ends the streams of agreements, `compute-orders` those of replicas. Both are
//!   notified through [`OnStreamEnd`], from the agenda and from `force_close`, never from within
//!   their own calls.
//! - [`Pallet::freeze`] and [`Pallet::thaw`] are for a pallet of disputes. No call reaches them.
//! - The probers' pot and the treasury exist in every asset. Otherwise their part goes to the payee
//!   at the end.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. The hold of a payer is the sum of `held` over its accounts, per asset.
//! 2. Per account, `paid + refunded + held == deposited`; only a close refunds.
//! 3. Per account, at most the amount due is paid, at most the deposited and not frozen amount is
//!    due, and the fee is at most its share of the paid amount. The amount due if the tenant closes
//!    a stream is neither frozen nor awarded.
//! 4. Frozen funds are held.
//! 5. The agenda has exactly one entry per stream that waits for a block, where the stream says,
//!    not before the cursor of its lane, and no other entry. Only a frozen or closed stream waits
//!    for none. A stream with a decided end is in the urgent lane; an open one only if its end is
//!    due now.
//! 6. The runs of a stream are in order, each ends after it began, and none but the last is open.
//!    No run is open if the stream is frozen, ending, suspending or started, and no run goes past
//!    the end or the last round. No stream ends after its last round, nor before the last round
//!    that was read.
//! 7. A closed account still holds funds and freezes none.
//! 8. No id is beyond the next one.
//! 9. Only streams are ending or suspending.
//!
//! [`OneOffHolds`]: surety_primitives::OneOffHolds

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admin;
mod agenda;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
mod lifecycle;
pub mod metering;
#[cfg(test)]
mod mock;
mod payments;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::{Account, Lane, State, Terms};
pub use weights::WeightInfo;

use frame::{deps::frame_support::migrations::MultiStepMigrator, prelude::*};
use surety_primitives::{
	AssetId, Balance, BlockNumber, Clock, CloseReason, EscrowId, Funds, Meter, OnStreamEnd,
	RoundIndex, Streams, Target,
};

/// Escrow account of a runtime.
pub type AccountOf<T> = Account<<T as frame_system::Config>::AccountId>;

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
		use frame_support::{derive_impl, parameter_types, register_default_impl};

		parameter_types! {
			pub const PlatformFee: Perbill = Perbill::from_percent(5);
			pub const ProberShare: Perbill = Perbill::from_percent(50);
		}

		/// Configuration of a test runtime, but for the neighbours and the accounts.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			#[inject_runtime_type]
			type RuntimeHoldReason = ();
			type PlatformFee = PlatformFee;
			type ProberShare = ProberShare;
			type AgendaPerBlock = ConstU32<5>;
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Overarching hold reason.
		#[pallet::no_default_bounds]
		type RuntimeHoldReason: Parameter
			+ Member
			+ MaxEncodedLen
			+ Copy
			+ VariantCount
			+ From<HoldReason>;

		/// Transfers and holds of native and approved assets.
		#[pallet::no_default]
		type Funds: Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Clock of the chain.
		#[pallet::no_default]
		type Clock: Clock;

		/// Meters of the targets.
		#[pallet::no_default]
		type Meter: Meter;

		/// Handler notified of the ends of streams.
		#[pallet::no_default]
		type OnStreamEnd: OnStreamEnd;

		/// Origin that ends streams, closes one-off holds and writes off claims.
		#[pallet::no_default]
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Platform's fee as a share of every payment. Fixed for an account when it is opened.
		type PlatformFee: Get<Perbill>;

		/// Share of the fee that goes to the probers' pot; the rest goes to the treasury. Fixed
		/// for an account when it is opened.
		type ProberShare: Get<Perbill>;

		/// Account that probers are rewarded from. Needs a provider, and a touched account per
		/// asset.
		#[pallet::no_default]
		type ProberPot: Get<Self::AccountId>;

		/// Account of the treasury. Needs a provider, and a touched account per asset.
		#[pallet::no_default]
		type Treasury: Get<Self::AccountId>;

		/// Maximum number of streams of a lane that are looked at in one block. The others wait
		/// for the next block. At least 1.
		#[pallet::constant]
		type AgendaPerBlock: Get<u32>;

		/// Weights of the calls, the hook and the methods that other pallets call.
		type WeightInfo: WeightInfo;

		/// Benchmark set-up.
		#[cfg(feature = "runtime-benchmarks")]
		#[pallet::no_default]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for which this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Funds of streams and one-off holds.
		#[codec(index = 0)]
		Escrow,
	}

	/// Id of the next account, opened or split off.
	#[pallet::storage]
	pub type NextId<T: Config> = StorageValue<_, EscrowId, ValueQuery>;

	/// Escrow accounts. An account that is closed and paid is removed.
	#[pallet::storage]
	pub type Accounts<T: Config> = StorageMap<_, Twox64Concat, EscrowId, AccountOf<T>>;

	/// Streams by the lane and the block in which they are looked at. One entry per stream that
	/// waits for a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageDoubleMap<_, Twox64Concat, (Lane, BlockNumber), Twox64Concat, EscrowId, ()>;

	/// First block whose agenda is not worked off, by lane.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageMap<_, Twox64Concat, Lane, BlockNumber>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A stream was opened. It is billed from the next round on. Amounts are base units of
		/// `asset`.
		StreamOpened {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Target whose meter the stream is paid by.
			meter: Target,
			/// Rate per billable block.
			rate: Balance,
			/// Amount put on hold, `prepaid` included.
			deposit: Balance,
			/// Part that pays the first billable blocks, on hold until they are judged. If the
			/// tenant closes the stream (code 1001), only the price of judged rounds that were not
			/// billable is refunded of it.
			prepaid: Balance,
		},
		/// A one-off hold was started as a stream. It is billed from the next round on. Amounts are
		/// base units of `asset`.
		StreamStarted {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Target whose meter the stream is paid by.
			meter: Target,
			/// Rate per billable block.
			rate: Balance,
			/// Amount on hold, `prepaid` included.
			deposit: Balance,
			/// Part that pays the first billable blocks, on hold until they are judged. If the
			/// tenant closes the stream (code 1001) after its trial, only the price of judged
			/// rounds that were not billable is refunded of it.
			prepaid: Balance,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Last round of the trial.
			trial_until: RoundIndex,
		},
		/// The last round of a stream was postponed.
		Extended {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Prepaid sum in base units, of the funds since the stream was started.
			prepaid: Balance,
		},
		/// Funds were added to a stream or a one-off hold.
		ToppedUp {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units put on hold.
			amount: Balance,
		},
		/// The amount that was due was paid.
		Settled {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that left the hold, fee included.
			paid: Balance,
			/// Base units of that for the fee.
			fee: Balance,
		},
		/// The end of a stream was decided: no round after `round` is billed, and the rest is
		/// refunded once that round is judged. Emitted again if a sooner end replaces this one.
		EndDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
		/// The suspension of a stream was decided: no round after `round` is billed, and the
		/// account is a one-off hold again once that round is judged. Emitted again if the target
		/// ends sooner. A later `EndDecided` closes the stream instead.
		SuspensionDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
		/// A stream was suspended. The rest stays on hold as a one-off hold until it is started for
		/// another payee or closed.
		Suspended {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units left on hold in this account.
			left: Balance,
			/// Id of the closed account with the part of `paid` that could not be delivered, if
			/// any.
			claim: Option<EscrowId>,
		},
		/// A stream was closed.
		Closed {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A one-off hold was opened.
		HoldOpened {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units on hold.
			amount: Balance,
		},
		/// A one-off hold was closed.
		HoldClosed {
			/// Id of the account.
			escrow: EscrowId,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
			/// Base units for payee and fee.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A dispute froze funds. A stream is neither billed nor ended until they are thawed.
		Frozen {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units frozen by this call.
			amount: Balance,
		},
		/// All funds of an account were thawed. Billing continues with the next round.
		Thawed {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that were frozen.
			amount: Balance,
			/// Base units of that for the payee, fee included.
			to_payee: Balance,
		},
		/// Held funds went back to the payer.
		Refunded {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
		/// The account was closed, but somebody could not be paid. `settle` tries again.
		ClaimLeft {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that stay on hold until then.
			held: Balance,
		},
		/// Governance wrote off a claim: the rest went back to the payer.
		WrittenOff {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No escrow account has this id. It may be closed and paid.
		UnknownEscrow,
		/// The account is a one-off hold. One-off holds are closed, not ended, extended or
		/// suspended.
		NotAStream,
		/// The account is a stream. Streams are ended or suspended, not started or closed.
		NotAHold,
		/// The target has no meter, because it is not probed in every round.
		NoMeter,
		/// The meter of the target has ended. No new stream can be paid by it.
		MeterEnded,
		/// A stream must cost at least one base unit per block.
		ZeroRate,
		/// The amount must be above zero.
		ZeroAmount,
		/// The deposit must pay for at least one block.
		DepositBelowRate,
		/// The prepaid sum must be at most the funds, less frozen and awarded funds.
		PrepaidAboveDeposit,
		/// The end of the stream is decided. It takes neither more funds nor more time.
		Ending,
		/// The stream has no last round to postpone, because it was opened, not started from a
		/// one-off hold.
		NoLastRound,
		/// The last round must be after the current round, and after the last round that stands.
		LastRoundNotLater,
		/// The last round of the stream has come. It can no longer be postponed.
		LastRoundReached,
		/// The account is closed. Only `settle` and governance can deliver its claim.
		AlreadyClosed,
		/// A dispute freezes funds of the one-off hold. Thaw them first.
		FrozenFunds,
		/// Part of the one-off hold was awarded to its payee. Only an untouched one can be started.
		HoldTouched,
		/// No funds of the account are frozen, so `to_payee` must be 0.
		NotFrozen,
		/// The amount is above the funds of the account that are free for it. Lower it.
		NotEnoughHeld,
		/// Rounds of earlier freezes are not judged yet. Try again in a few blocks.
		JudgingBehind,
		/// The account of the payer cannot take the funds. Try again when it can.
		Undeliverable,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Decide and carry out the ends that fall in this block. Relies on running after the hook
		/// of the probes pallet, which stores the verdicts of the block.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			if T::MultiBlockMigrator::ongoing() {
				return T::DbWeight::get().reads(1);
			}
			Self::work_agenda()
		}

		fn integrity_test() {
			assert!(T::AgendaPerBlock::get() > 0, "no stream would ever end");
			assert!(T::Clock::round_blocks() >= 5, "rounds are at least 5 blocks");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pay the amount that is due from an escrow account, by the rounds judged so far.
		///
		/// The amount does not depend on the number of calls. If the funds or the meter have
		/// ended, the next block ends the stream. If the account is closed and somebody could not
		/// be paid, the payment is tried again.
		///
		/// - `escrow`: id of the account.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownEscrow`.
		///
		/// Emits: `Settled` and `Refunded`, if funds moved.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::settle().max(T::WeightInfo::deliver()))]
		pub fn settle(origin: OriginFor<T>, escrow: EscrowId) -> DispatchResult {
			ensure_signed(origin)?;
			<Self as Streams<_>>::settle(escrow).map(drop)
		}

		/// End an escrow account by governance.
		///
		/// A stream ends with the current round, or with the sooner round of its decided end, and
		/// is closed. A one-off hold is closed at once. From a closed account that somebody could
		/// not be paid from, all funds go back to the payer. The owner is notified.
		///
		/// - `escrow`: id of the account.
		/// - `to_payee`: base units for the payee, fee included. At most the frozen funds of a
		///   stream, which are thawed, and 0 if none are frozen. At most the funds of a one-off
		///   hold. 0 for a closed account.
		///
		/// Origin: governance.
		///
		/// Errors: `UnknownEscrow`, `NotFrozen`, `NotEnoughHeld`, `JudgingBehind`,
		/// `Undeliverable`.
		///
		/// Emits: `EndDecided` for a stream, `HoldClosed` for a one-off hold, `WrittenOff` for a
		/// closed account; `Thawed` if funds were frozen; `Settled`, `Refunded` and `ClaimLeft`
		/// for the funds that moved or could not be delivered.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::force_close().saturating_add(T::OnStreamEnd::max_weight()))]
		pub fn force_close(
			origin: OriginFor<T>,
			escrow: EscrowId,
			#[pallet::compact] to_payee: Balance,
		) -> DispatchResultWithPostInfo {
			T::GovernanceOrigin::ensure_origin(origin)?;
			let notified = Self::do_force_close(escrow, to_payee)?;
			Ok(Some(T::WeightInfo::force_close().saturating_add(notified)).into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// First block that the funds of a stream may not pay for. The end of the stream is decided
		/// there, unless a round before it turns out not billable. `None` if the stream is frozen,
		/// closed or ends sooner.
		pub fn funded_until(escrow: EscrowId) -> Option<BlockNumber> {
			let mut account = Self::live_stream(escrow).ok()?;
			Self::touch(&mut account);
			Self::horizon(&account)
		}
	}
}
