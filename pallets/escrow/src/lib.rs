//! # Escrow
//!
//! Tenant funds on hold for a purpose, in the native token or an approved asset: a **stream**, paid
//! by the billable blocks of a service's meter, or a **hold**, paid in one sum. A one-off hold can be
//! started as a stream, and a stream be suspended as a one-off hold, so that one deposit pays one operator
//! after the other. Other pallets open and end accounts through [`surety_primitives::Escrow`];
//! people only poke ([`Pallet::settle`]).
//!
//! ```text
//!          open_stream               end, or the funds, the meter or the time end
//!  (none) --------------> Open stream ------------------------------------> Ending { round }
//!     |                    ^   |  (extend puts the time off)                  ^     |
//!     |              start |   | suspend, or the meter    end, or the funds      |     | that round
//!     |                    |   v ends before the time  end sooner             |     | is judged
//!     |                    |  Suspending { round } ------------------------------+     |
//!     |                    |   |                                                    |
//!     |                    |   | that round is judged                               |
//!     |     hold      |   v                          close_hold                v
//!     +-------------------> Open hold -------------------------------------------> (removed)
//! ```
//!
//! If somebody cannot be paid, an account is not removed but `Closed`, until `settle` or
//! `force_close`. While a dispute locks funds (freeze, until thaw), a stream is not billed, no end
//! is carried out, and a one-off hold is neither started nor closed.
//!
//! ## Where the funds are
//!
//! On the payer's own account, on hold. Paying moves held funds to the payee and the two fee pots;
//! refunding releases them. So an account here is a claim on a hold: `paid + refunded + held ==
//! deposited`, and the hold of a payer is the sum of `held` over its accounts.
//!
//! ## What is due
//!
//! In all, `rate x billable blocks`, never more than the deposit; of that the fee is `floor(share x
//! due)`, and of the fee `floor(share of the probers x fee)` goes to the probers' pot and the rest
//! to the treasury. All of these only grow and what was paid is taken off them, so paying every
//! block gives to the base unit what paying once gives. The fee's share is fixed when the account
//! is opened.
//!
//! Part of the deposit is **prepaid**: it pays the first billable blocks, as they are judged, and
//! stays on hold until then. If the stream ends because the tenant closed it (code 1001), what is
//! due in all is at least
//!
//! ```text
//! prepaid - rate x blocks of its judged rounds that were not billable
//! ```
//!
//! so leaving early does not get back what was served or could have been, and nobody pays for an
//! outage. A stream that was started has a **trial** first: who closes it with the last round of
//! that or sooner owes what the meter earned, no more. If a stream ends for any other reason, or is
//! suspended, what the meter did not earn is the payer's, the prepaid sum included: nobody sells
//! units, ends the service and keeps the money, and a tenant whose funds run out while rounds are
//! down does not pay for those. The reason that counts is that of the end that is carried out. A
//! dispute cannot lock what is left of the prepaid sum, trial or not.
//!
//! Billable blocks come in whole rounds, from the round after the opening to the round of the end.
//! The last round may be paid in part: where the funds end inside it.
//!
//! ## How a stream ends
//!
//! This pallet alone decides when and why, once, and remembers it; others ask ([`Pallet::stream`]).
//! The soonest of these is the end of a stream, with its own reason:
//!
//! - the one its owner, or governance, asks for. It may be past, as verdicts are two rounds late;
//!   but what was read off the meter stays billed, so no end is sooner than the last round read;
//! - the end of its meter, for the meter's reason. A meter that is gone without a word ends what it
//!   was last read for;
//! - of a stream that was started, the last round of its time (`Expired`): decided when that round
//!   comes, or as soon as somebody asks for a later end. Until then its owner may put it off
//!   (`extend`);
//! - the block at which its funds run out.
//!
//! A sooner end takes the place of one that stands. The owner is notified of what it did not ask
//! for.
//!
//! **Decided before read**: whatever is known of an end bounds the stream before its meter is read,
//! and the time of a stream that was started bounds it from its first block on. So nothing after
//! its end is ever billed, however late that is carried out, and what the meter has forgotten by
//! then (it remembers 32 rounds) favours the payer.
//!
//! An end is carried out when its round is judged; then what is left goes back to the payer and the
//! owner is told. When the funds run out is foreseen at the worst: at the block from which the
//! rounds not judged yet, should all of them turn out billable, have used up what is there. So
//! nothing is served unpaid, and what turns out unused is refunded. Bounded work in `on_initialize`
//! looks at each stream at exactly the block at which something may have to be done. It does not
//! watch for services that end: `settle` of anybody makes it look in the next block.
//!
//! That work has two lanes, each with its own bound of [`Config::AgendaPerBlock`] streams: what
//! ends, and what is only looked at. So whoever opens any number of streams holds up no end of
//! others. A block's agenda is charged by what it did, and weighs at most two walks (`agenda`), one
//! bound of ends (the costlier of `wake` and `wake_suspending`, with [`Config::OnEndWeight`] each) and
//! one of looks (`wake_read`).
//!
//! ## How a stream is suspended
//!
//! Like it ends, and by the same rules of rounds, but what is left when the last round is paid
//! never leaves the hold: the account is a one-off hold again, with its payer as its payee, and counts from
//! nothing (`deposited == held`). The owner is told, and starts it for the next payee or closes it.
//! The share of the fee stays the one that the account was opened with. A stream that was started
//! suspends with its meter, if that ends before its time. If the funds end sooner, or an end is asked
//! for before it is suspended, the stream ends and is closed, with the suspending round at the latest;
//! the sooner of the two says why. Nor can a stream be suspended that is to be closed, or whose time
//! is over: asked for a sooner round, it is closed then. A stream that is to be suspended takes
//! top-ups, but no more time.
//!
//! ## What cannot be delivered
//!
//! A payee that cannot take a payment (blocked, or reaped and the sum below the asset's minimum) is
//! still owed: the sum stays on hold and every later settlement tries again. At the end the payer's
//! refund does not wait for it; the account stays as `Closed` until `settle` delivers the rest, or
//! governance writes it off to the payer. The fee never leads the payee's part, and one pot that
//! cannot take its part does not stop the other; what a pot cannot take at the very end goes to the
//! payee.
//!
//! What a payee cannot take when its stream is suspended is split off: it stays on hold in a `Closed`
//! account with an id of its own, for `settle` or governance as above, and has nothing to do with
//! the next payee.
//!
//! ## Example
//!
//! With rounds of 10 blocks, a rate of 2 and a fee of 5 %: a deposit of 1,000 with 200 prepaid,
//! opened in round 4. Nothing moves at once. Each billable round from 5 on moves 20 once it is
//! judged: 19 to the payee, 1 to the pots. Ended in round 20 after 16 billable rounds: 320 were
//! paid in all, 16 of it fee, and in the first block of round 23 the payer gets 680 back. Ended in
//! round 8 after 4 billable rounds: by the tenant, 200 are paid in all and 800 refunded; by the
//! operator or the network, 80 and 920. Had one of the 4 been down, it would be 180 and 820, or 60
//! and 940. Suspended in round 8, 80 are paid and 920 are a one-off hold. StreamStart again in round 12, round 13
//! is the first that the next payee earns; if its last round is 20 and its trial lasts to 14, the
//! tenant pays 40 who closes it in round 14 and 200 who closes it in round 15, and by itself it
//! ends with 160 paid.

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

use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, BlockNumber, Clock, CloseReason, EscrowId, Funds, Meter, OnStreamEnd,
	RoundIndex, StreamInfo, Streams, Target,
};

/// An escrow account of a runtime.
pub type AccountOf<T> = Account<<T as frame_system::Config>::AccountId>;

// The macros of FRAME expect that the runtime knows the pallet. Nothing written here expects or
// unwraps.
#[allow(clippy::expect_used)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	/// Layout of the storage.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The overarching hold reason.
		type RuntimeHoldReason: Parameter
			+ Member
			+ MaxEncodedLen
			+ Copy
			+ VariantCount
			+ From<HoldReason>;

		/// Transfers and holds of native and approved assets.
		type Funds: Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The chain's clock.
		type Clock: Clock;

		/// The meters of services.
		type Meter: Meter;

		/// Handler notified of the ends of streams.
		type OnStreamEnd: OnStreamEnd;

		/// May end a stream, close a one-off hold and write off what cannot be delivered.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Share of every payment that is the platform's fee. Fixed for an account when it is
		/// opened.
		type PlatformFee: Get<Perbill>;

		/// Share of the fee that goes to the probers' pot; the treasury gets the rest. Fixed
		/// likewise.
		type ProberShare: Get<Perbill>;

		/// The pot that probers are rewarded from. Needs a provider and a touched account per
		/// asset.
		type ProberPot: Get<Self::AccountId>;

		/// The treasury. Needs a provider and a touched account per asset.
		type Treasury: Get<Self::AccountId>;

		/// Most streams looked at in one block, in either lane. The others wait for the next.
		#[pallet::constant]
		type AgendaPerBlock: Get<u32>;

		/// Weights of this pallet.
		type WeightInfo: WeightInfo;

		/// Sets up what the benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// In escrow for a service.
		#[codec(index = 0)]
		Escrow,
	}

	/// Id of the next account, be it opened or split off.
	#[pallet::storage]
	pub type NextId<T: Config> = StorageValue<_, EscrowId, ValueQuery>;

	/// The accounts. One that is closed and paid is gone.
	#[pallet::storage]
	pub type Accounts<T: Config> = StorageMap<_, Twox64Concat, EscrowId, AccountOf<T>>;

	/// Which streams are looked at in which block, by lane; as many entries as streams that wait
	/// for a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageDoubleMap<_, Twox64Concat, (Lane, BlockNumber), Twox64Concat, EscrowId, ()>;

	/// First block whose agenda is not worked off, by lane.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageMap<_, Twox64Concat, Lane, BlockNumber>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A stream was opened; it is billed from the next round on. Amounts in base units of
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
			/// Target whose meter pays it.
			meter: Target,
			/// Per billable block.
			rate: Balance,
			/// Put on hold, `prepaid` included.
			deposit: Balance,
			/// Pays the first billable blocks, on hold until they are judged. If the tenant closes
			/// the stream (code 1001), only what rounds cost that were judged and not billable is
			/// refunded of it.
			prepaid: Balance,
		},
		/// A one-off hold became a stream of the same funds; it is billed from the next round on. Amounts
		/// in base units of `asset`.
		StreamStarted {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Target whose meter pays it.
			meter: Target,
			/// Per billable block.
			rate: Balance,
			/// On hold, `prepaid` included.
			deposit: Balance,
			/// Pays the first billable blocks, on hold until they are judged. If the tenant closes
			/// the stream (code 1001) after its trial, only what rounds cost that were judged and
			/// not billable is refunded of it.
			prepaid: Balance,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Last round of the trial.
			trial_until: RoundIndex,
		},
		/// The last round of a stream was put off.
		Extended {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Base units that are prepaid now, of the funds since the stream was started.
			prepaid: Balance,
		},
		/// A stream or a one-off hold got more funds.
		ToppedUp {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units put on hold.
			amount: Balance,
		},
		/// The sum that was due was paid.
		Settled {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that left the hold, fee included.
			paid: Balance,
			/// Base units of it that are fee.
			fee: Balance,
		},
		/// The end of a stream is decided: nothing after `round` is billed, however late it is
		/// carried out. The rest is refunded once that round is judged. Said again if a sooner end
		/// takes its place.
		EndDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason; the thousands say whose doing it was: 1 tenant, 2
			/// operator, 3 network.
			code: u16,
		},
		/// The end of a stream is decided, but what is left stays in escrow: nothing after `round`
		/// is billed, and once that round is judged the account is a one-off hold again. Said again if the
		/// service ends sooner. `EndDecided` after this says that the stream is closed instead.
		SuspensionDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// A stream is paid to its end, and what is left stays on hold as a one-off hold until it is
		/// started for somebody else or closed.
		Suspended {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units left on hold in this account.
			left: Balance,
			/// Id of the closed account that holds what of `paid` could not be delivered, if
			/// anything.
			claim: Option<EscrowId>,
		},
		/// A stream is closed.
		Closed {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A one-off hold was put on hold.
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
		/// A one-off hold is closed.
		HoldClosed {
			/// Id of the account.
			escrow: EscrowId,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A dispute locked funds: the stream is neither billed nor ended until they are thawed.
		Frozen {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units locked by this.
			amount: Balance,
		},
		/// Nothing is locked any more; billing goes on with the next round.
		Thawed {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that were locked.
			amount: Balance,
			/// Base units of it granted to the payee, fee included.
			to_payee: Balance,
		},
		/// Held funds went back to the payer.
		Refunded {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
		/// The account is closed but somebody could not be paid. `settle` tries again.
		ClaimLeft {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that stay on hold until then.
			held: Balance,
		},
		/// Governance gave up delivering: what was left went back to the payer.
		WrittenOff {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no escrow account with this id; it may be closed and paid.
		UnknownEscrow,
		/// The account is a one-off hold; this works on streams. One-off holds are closed, not ended or suspended.
		NotAStream,
		/// The account is a stream; this works on holds. Streams are ended, not closed.
		NotAHold,
		/// The service has no meter: it is not probed every round.
		NoMeter,
		/// The service ends: its meter pays for no new streams.
		MeterEnded,
		/// A stream must cost at least one base unit per block.
		ZeroRate,
		/// The amount must be above zero.
		ZeroAmount,
		/// The deposit does not pay for a single block.
		DepositBelowRate,
		/// The prepaid sum is part of the funds and cannot be more than those, less what a dispute
		/// locks or granted.
		PrepaidAboveDeposit,
		/// The end of this stream is decided or has come: it takes no more funds and no more time.
		Ending,
		/// This stream has no last round to put off: it was opened, not started from a one-off hold.
		NoLastRound,
		/// The last round must be after this one, and after the one that is to be put off.
		LastRoundNotLater,
		/// The last round of this stream has come; it can no longer be put off.
		LastRoundReached,
		/// The account is closed and only waits for somebody to be paid.
		AlreadyClosed,
		/// A dispute locks funds of this hold; thaw them first.
		FrozenFunds,
		/// Part of this hold was granted to its payee; only an untouched hold becomes a stream.
		HoldTouched,
		/// Nothing is locked in this account.
		NotFrozen,
		/// The amount is more than the account holds for this.
		NotEnoughHeld,
		/// Rounds of earlier freezes are not judged yet. Try again in a few blocks.
		JudgingBehind,
		/// The payer's account cannot take the funds either.
		Undeliverable,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Decides and carries out the ends that fall in this block. Must run after the verdicts of
		/// the block are in.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::work_agenda()
		}

		fn integrity_test() {
			assert!(T::AgendaPerBlock::get() > 0, "no stream would ever end");
			assert!(T::Clock::round_blocks() >= 5, "rounds are at least 5 blocks");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pay what is due in an escrow account, by the rounds judged so far. Anybody may call
		/// this, as often as they like: it only brings forward what is owed anyway.
		///
		/// If the service has ended or the funds have, the next block ends the stream. If the
		/// account is closed and somebody could not be paid, this tries again.
		///
		/// Events: `Settled` and `Refunded`, if anything moved.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::settle().max(T::WeightInfo::deliver()))]
		pub fn settle(origin: OriginFor<T>, escrow: EscrowId) -> DispatchResult {
			ensure_signed(origin)?;
			<Self as Streams<_>>::settle(escrow).map(drop)
		}

		/// End an escrow account by governance, whatever its owner wants.
		///
		/// - A stream ends with this round, or the sooner one it is to end or be suspended with, and
		///   is closed. If funds are locked, `to_payee` of them (in base units, fee included) goes
		///   to the payee and the lock is lifted; otherwise `to_payee` must be 0.
		/// - A one-off hold is closed: `to_payee` of it to the payee, the rest back to the payer.
		/// - A closed account that somebody could not be paid from is written off: all it holds
		///   goes back to the payer. `to_payee` must be 0.
		///
		/// Events: `EndDecided`, `HoldClosed` or `WrittenOff`.
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
		/// An escrow account as it is stored.
		pub fn account(escrow: EscrowId) -> Option<AccountOf<T>> {
			Accounts::<T>::get(escrow)
		}

		/// A stream with what is due and the billable blocks its funds still pay for, by the rounds
		/// judged so far. `None` once it is closed.
		pub fn stream(escrow: EscrowId) -> Option<StreamInfo> {
			<Self as Streams<_>>::stream(escrow)
		}

		/// First block that the funds of a stream may not pay for: its end is decided there unless
		/// a round before it turns out not billable. `None` if it is frozen, closed or ends sooner.
		pub fn funded_until(escrow: EscrowId) -> Option<BlockNumber> {
			let mut account = Self::live_stream(escrow).ok()?;
			Self::touch(&mut account);
			Self::horizon(&account)
		}
	}
}
