//! # Probes
//!
//! The validators' off-chain workers probe every listed service and report what they found; this
//! pallet turns their reports into one verdict per service and round, and verdicts into meters,
//! counters and breaches.
//!
//! ## A round
//!
//! `L` is the number of blocks of a round, `r` a round.
//!
//! ```text
//!            |<------- r ------->|<------- r+1 --------->|<---------- r+2 -------->|
//!  block     0 1 2 ...       L-1 | 0 1 2 3 4  ...    L-1 | 0 1 2  3    ...     L-1 |
//!            S <------- commits -----> | . . <--- reveals ---> C  J J J ...        |
//!
//!  S  snapshot: the probers and the due pages of r are frozen
//!  C  the reports of r are counted: who came, which are blind, the root of all
//!  J  a bounded number of pages per block is judged: one ruling per due service (fold.rs), carried
//!     to its row at once (judge.rs). The last one closes r: `RoundClosed`
//! ```
//!
//! Probes start at random over most of a round, so commits may land in the first two blocks of the
//! next. Reveals open two blocks later: on a competing fork nobody commits who has seen a report.
//!
//! Commit, reveal, rulings and duty are checked against the snapshot of their round, so a change of
//! session in mid-round changes nothing for the rounds that are open.
//!
//! A reveal is removed when its round is closed, and what remains for a week is the root of all
//! (`RevealRoots`), by which anybody can show how a verdict came about.
//!
//! ## A service
//!
//! ```text
//!  list --> COLD slot, due in turns ------------------------------------------------> unlist
//!              |    ^          |  ^
//!         heat |    | cool     |  | unproven (asked for the proof of control again)
//!              v    |          v  |
//!             HOT slot        rests: a whole window without a proof (`ProofNotFound`)
//! ```
//!
//! A hot service is due every round and has a meter, counters against allowances, and breaches; it
//! is cooled when its last units are gone. One that must prove control of its endpoint and does
//! not, although probers asked for the proof through a whole window, is not due any more until the
//! registry says `unproven` again.
//!
//! Rows live in pages of 128. A page is read and written once per round in which it is due,
//! whatever the number of agreements behind its rows, and only a breach or the turn of a window
//! touches more. Hot pages are due every round; whole cold pages fill the capacity that is left, at
//! least one. Up to a quarter of these are pages that somebody asked for with `request_probe`, the
//! others take turns. So the work of a block is bounded by constants.
//!
//! The hot slots are scarce. Whoever takes one learns how many are taken (`Occupancy`), by which
//! its rent is fixed, and the last round in which none was free is remembered.
//!
//! ## A lease
//!
//! Lease `n` is service `2^31 + n`, hot while it runs. Besides all that a service has, its row
//! remembers the last 32 judged rounds of the lease as bits:
//!
//! ```text
//!  Up                          0
//!  Down, Bad, Stale            1
//!  Unclear, Unmeasured         no bit: nothing is known
//!  Excused                     no bit: an outage of all, or announced maintenance, closes nothing
//! ```
//!
//! A lease is unhealthy while `bad` of its last `of` bits are 1 (`Health`). In the judging in which
//! it becomes so the owner of leases is notified, once until enough `Up` made it healthy again. It
//! may end the meter with that very round: of the rounds after it that are open already nothing is
//! billed, counted or judged.
//!
//! For example with 3 of 4: down, up, down, down notifies in the fourth round, and another down
//! does not. After one `Up` three of the last four are still bad; after the second it is healthy,
//! and the next rounds that make it unhealthy notify again.
//!
//! ## What a block can cost
//!
//! The first block of a round takes the snapshot, and the third one counts the reports. Each of the
//! others judges `ceil(due pages / (L - 3))` pages. In the worst case every row of them breaches and
//! becomes unhealthy at once, each O(1) in its agreements; the weight returned counts the rows,
//! windows, breaches and unhealthy leases that really were. How many pages may be due is a parameter
//! (`DueServices`), which holds for whole windows.
//!
//! ## What it rests on
//!
//! Fewer than a third of the probers lie. All of them probe all that is due, so no verdict is of the
//! liars' making (see `fold`): a service gets one only if at least half of the probers say something
//! of it and two thirds of those agree.
//!
//! What governance can change is frozen where it decides anything: health into the snapshot of a
//! round, terms into the row for a window, capacity for a window, the rule of duty for a session.
//!
//! ## Duty
//!
//! Work is paid, not presence. A prober earns its part of the pot by the changes of verdict that it
//! caught: to copy what others revealed of the round before is to miss every one of them, and to say
//! up of everything is to miss every failure. Findings count per operator, so that one with many
//! services cannot make a prober fail.
//!
//! ## Reading
//!
//! Use the view functions `round_status`, `duty`, `window_ring`, `probed_service` and `occupancy`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod duty;
mod errors;
mod events;
pub mod fold;
mod hooks;
mod judge;
#[cfg(test)]
mod mock;
mod offchain;
mod pages;
mod report;
mod rounds;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

use alloc::vec::Vec;
use frame_support::{
	pallet_macros::import_section,
	pallet_prelude::*,
	traits::{Time, ValidatorSet, ValidatorSetWithIdentification},
};
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
use sp_core::H256;
use sp_staking::{SessionIndex, offence::ReportOffence};
use surety_primitives::{
	AssetId, Balance, BreachKind, Clock, Funds, Judge, Occupancy, OnLease, Probed, Probing,
	Registry, ReputationSink, RoundIndex, ServiceId, Verdict, WindowIndex, WindowSummary,
	crypto::ProberSignature,
};

pub use duty::{MIN_CHANGES, MIN_ROUNDS, ProberNeglect};
pub use fold::{Ballots, Ruling, Subject};
pub use judge::{Hearing, Judgement};
pub use offchain::{ANCHORS_KEY, DENY_KEY};
pub use pallet::*;
pub use report::{
	COMMIT_GRACE, Phase, REVEAL_OFFSET, commit_hash, commit_payload, commit_phase, refused,
	reveal_leaf, reveal_phase, reveals_root,
};
pub use types::*;
pub use weights::WeightInfo;

/// Target of what is logged.
const LOG: &str = "surety::probes";

/// Type for naming a validator.
pub type ValidatorId<T> = <<T as Config>::ValidatorSet as ValidatorSet<
	<T as frame_system::Config>::AccountId,
>>::ValidatorId;

/// A validator with its full identification, as offences name it.
pub type IdentificationTuple<T> = (
	ValidatorId<T>,
	<<T as Config>::ValidatorSet as ValidatorSetWithIdentification<
		<T as frame_system::Config>::AccountId,
	>>::Identification,
);

// What the macros of FRAME expand to expects what cannot fail; nothing written here does.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The runtime must have `frame_system::AuthorizeCall` among its transaction extensions, and
	/// must put this pallet before the one that works the escrow's agenda.
	#[pallet::config]
	pub trait Config: CreateAuthorizedTransaction<Call<Self>> + frame_system::Config {
		/// Rounds and windows.
		type Clock: Clock;
		/// Timestamps in ms, to see the chain stall.
		type Time: Time<Moment = u64>;
		/// The listings.
		type Registry: Registry<Self::AccountId>;
		/// Consequences of verdicts for agreements.
		type Judge: Judge;
		/// Owner of leases, which is notified of unhealthy ones.
		type Leases: OnLease;
		/// Consequences of windows for scores.
		type Reputation: ReputationSink<Self::AccountId>;
		/// The validators of the session.
		type ValidatorSet: ValidatorSetWithIdentification<Self::AccountId>;
		/// Sink for neglect of the probing duty.
		type ReportNeglect: ReportOffence<
				Self::AccountId,
				IdentificationTuple<Self>,
				ProberNeglect<IdentificationTuple<Self>>,
			>;
		/// Pays the rewards.
		type Funds: Funds<Self::AccountId>;
		/// The pot that rewards come from: the probers' part of the fees goes there.
		type Pot: Get<Self::AccountId>;
		/// Assets that rewards are paid in besides the native token, one per session in turn.
		type RewardAssets: Get<Vec<AssetId>>;

		/// Most validators that probe, at most 128.
		#[pallet::constant]
		type MaxProbers: Get<u32>;
		/// Most services due in a round, whole pages of 128 of them from 256 to 65,536. A window keeps
		/// what it began with, but has never less than what is sold needs.
		type DueServices: Get<u32>;
		/// Shares that a prober must reach. A session keeps those that it began with.
		type DutyRule: Get<DutyRule>;
		/// Rule by which leases are unhealthy. A round keeps the one that it began with.
		type Health: Get<HealthRule>;
		/// Priority of commits and reveals in the pool.
		#[pallet::constant]
		type UnsignedPriority: Get<TransactionPriority>;
		/// Weight of `Judge::window_turned`, `ReputationSink::window` and the ring for one service.
		/// For an idle one it covers `Registry::unfound` instead of the first.
		type TurnWeight: Get<Weight>;
		/// Weight of `Judge::breached` for one breach.
		type BreachWeight: Get<Weight>;
		/// Weight of `OnLease::unhealthy` for one lease.
		type UnhealthyWeight: Get<Weight>;
		/// Weights of this pallet.
		type WeightInfo: WeightInfo;
	}

	/// Slots of each listing.
	#[pallet::storage]
	pub type SlotsOf<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Slots>;

	/// The rows, 128 to a page.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageMap<_, Twox64Concat, PageId, Page<T::AccountId>, ValueQuery>;

	/// Pages that may be due in a round of this window.
	#[pallet::storage]
	pub type Capacity<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Slots of a page that are due and taken.
	#[pallet::storage]
	pub type PageInfos<T: Config> = StorageMap<_, Twox64Concat, PageId, PageInfo, ValueQuery>;

	/// Number of hot slots that are taken, and the last round in which all were.
	#[pallet::storage]
	pub type Hot<T: Config> = StorageValue<_, HotSlots, ValueQuery>;

	/// Slots of the cold pages, used and free.
	#[pallet::storage]
	pub type ColdCursor<T: Config> = StorageValue<_, ColdSlots, ValueQuery>;

	/// Queue of freed cold slots, each with the last round that may name it.
	#[pallet::storage]
	pub type FreeCold<T: Config> = StorageMap<_, Twox64Concat, u32, (Place, RoundIndex)>;

	/// Cold page whose turn is next.
	#[pallet::storage]
	pub type ColdTurn<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Queue of cold pages that are probed before those whose turn it is.
	#[pallet::storage]
	pub type Queued<T: Config> = StorageValue<_, Queue, ValueQuery>;

	/// The last 24 closed windows of a service, the newest last.
	#[pallet::storage]
	pub type Windows<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Ring, ValueQuery>;

	/// The probers of this session.
	#[pallet::storage]
	pub type ProberSet<T: Config> = StorageValue<_, Probers<T::AccountId>, ValueQuery>;

	/// The rule of duty as it was when this session began.
	#[pallet::storage]
	pub type SessionRule<T: Config> = StorageValue<_, DutyRule, OptionQuery>;

	/// Frame of each open round that all in it is checked against.
	#[pallet::storage]
	pub type Snapshots<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, Snapshot<T::AccountId>>;

	/// Due pages of each open round, in the order of the report.
	#[pallet::storage]
	pub type DuePages<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, DueList, ValueQuery>;

	/// Message of each prober for each open round: first its commit, then its report.
	#[pallet::storage]
	pub type Reports<T: Config> =
		StorageDoubleMap<_, Twox64Concat, RoundIndex, Twox64Concat, u16, Sent, OptionQuery>;

	/// Result of counting the reports of the round that is being judged.
	#[pallet::storage]
	pub type Counting<T: Config> = StorageValue<_, Counted, OptionQuery>;

	/// Root of what was revealed for each of the last 10,080 rounds: of an ordered trie of one leaf per
	/// report (`reveal_leaf`).
	#[pallet::storage]
	pub type RevealRoots<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, H256>;

	/// Progress of judging.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Progress<T: Config> = StorageValue<_, Sweep, ValueQuery>;

	/// Duty of the probers in the rounds that were closed in this session.
	#[pallet::storage]
	pub type Duty<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, DutyTally), ConstU32<MAX_DUTY>>, ValueQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
			Self::begin_block()
		}

		fn offchain_worker(_now: BlockNumberFor<T>) {
			if sp_io::offchain::is_validator() {
				Self::work();
			}
		}

		fn integrity_test() {
			Self::check_config();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Commit to a prober's report of a round. Sent by validators' off-chain workers
		/// without a signer, which costs no fee, once per prober and round. Signed by an account it
		/// fails, and the account pays the fee.
		///
		/// - `round`: the current round, or in its first two blocks the one before.
		/// - `index`: the prober's place in the round's snapshot.
		/// - `hash`: hash of salt and report, bound to chain, round and prober.
		/// - `signature`: by the prober's session key, over the hash, bound to chain and round.
		///
		/// Origin: authorized by the signature.
		/// Errors: `TooEarly`, `TooLate`, `NoSnapshot`, `NotAProber`, `AlreadyCommitted`.
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::commit(), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_commit())]
		#[pallet::authorize(Self::authorize_commit)]
		pub fn commit(
			origin: OriginFor<T>,
			round: RoundIndex,
			index: u16,
			hash: [u8; 32],
			_signature: ProberSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::check_commit(round, index)?;
			Reports::<T>::insert(round, index, Sent::Committed(hash));
			Ok(())
		}

		/// Reveal the report that a prober committed to. Needs no signature:
		/// only the prober knows what has the committed hash. Costs no fee unless an account signs
		/// it, which fails.
		///
		/// - `round`: from the fifth block of a round on the one before it, and still in the first two
		///   blocks of the next.
		/// - `index`: the prober's place in that round's snapshot.
		/// - `salt`, `report`: what the committed hash was made of. One byte per service that was
		///   due, in the order of the round's pages.
		///
		/// Origin: authorized by the hash.
		/// Errors: `TooEarly`, `TooLate`, `NoSnapshot`, `NotAProber`, `NoCommit`,
		/// `AlreadyRevealed`, `WrongLength`, `WrongReveal`.
		/// Complexity: linear in the bytes of the report.
		#[pallet::call_index(1)]
		#[pallet::weight((T::WeightInfo::reveal(report.len() as u32), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_reveal(report.len() as u32))]
		#[pallet::authorize(Self::authorize_reveal)]
		pub fn reveal(
			origin: OriginFor<T>,
			round: RoundIndex,
			index: u16,
			salt: [u8; 32],
			report: Report,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let (prober, hash) = Self::check_reveal(round, index, report.len())?;
			let found = commit_hash(Self::genesis().as_ref(), round, &prober.key, &salt, &report);
			ensure!(found == hash, Error::<T>::WrongReveal);
			Reports::<T>::insert(round, index, Sent::Revealed(report));
			Ok(())
		}

		/// Request a fresh verdict on an idle service, which is otherwise probed only when its turn
		/// comes. Use it before you buy units of a service whose last verdict is too old.
		///
		/// The service waits in a queue, usually for one round, and is then probed with all others
		/// of its page; the verdict is there two rounds later. If every idle service is probed in
		/// every round anyway, nothing is queued.
		///
		/// - `service`: the service to probe. Services of leases and services with units are probed
		///   every round.
		///
		/// Origin: signed, by anybody.
		/// Errors: `NotListed`, `AlreadyDue`, `NotProbed`, `QueueFull` (64 pages wait).
		/// Emits: `ProbeQueued`, unless the page waits already or nothing has to be queued.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::request_probe())]
		pub fn request_probe(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::queue_probe(service)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Current round, what it is open for, and the last round that is judged.
		pub fn round_status() -> RoundStatus {
			let round = T::Clock::round();
			let now = T::Clock::now();
			let last = |back: RoundIndex| round.saturating_sub(back);
			RoundStatus {
				round,
				offset: now.saturating_sub(T::Clock::round_start(round)),
				commits_from: match commit_phase::<T::Clock>(last(1), now) {
					Phase::Open => last(1),
					_ => round,
				},
				reveals: [last(2), last(1)]
					.into_iter()
					.find(|round| reveal_phase::<T::Clock>(*round, now) == Phase::Open),
				judged: Progress::<T>::get().judged,
			}
		}

		/// A prober's duty in this session so far.
		pub fn duty(prober: T::AccountId) -> Option<DutyTally> {
			Duty::<T>::get()
				.into_iter()
				.find(|(account, _)| *account == prober)
				.map(|(_, tally)| tally)
		}

		/// The last 24 closed windows of a service, the newest last.
		pub fn window_ring(service: ServiceId) -> Vec<WindowSummary> {
			Windows::<T>::get(service).into_inner()
		}

		/// Last verdict on a service, and its window so far.
		pub fn probed_service(service: ServiceId) -> Option<Probed> {
			<Self as Probing>::probed(service)
		}

		/// Slots for services that are probed every round: those taken and all there are.
		pub fn occupancy() -> Occupancy {
			<Self as Probing>::occupancy()
		}
	}
}
