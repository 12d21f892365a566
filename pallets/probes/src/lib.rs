// SPDX-License-Identifier: Apache-2.0

//! # Probes pallet
//!
//! Measurement of every listed service and lease by all validators. Their off-chain workers probe
//! the targets and report their findings; this pallet folds the reports of a round into one verdict
//! per target, and verdicts into meters, counters, breaches and the duty of the probers.
//!
//! ## Terminology
//!
//! - **Target**: a listed service or a lease that runs.
//! - **Prober**: a validator in its probing duty.
//! - **Round**: a fixed number of blocks in which every prober probes every due target once.
//! - **Window**: a fixed number of rounds over which terms are counted.
//! - **Finding**: result of one probe, one byte. **Report**: findings of one prober in one round,
//!   one byte per due target.
//! - **Snapshot**: frame of a round: its probers, its due pages and the health rule.
//! - **Vote**: a finding as it counts in the folding. A *blind* report, which reaches few operators
//!   although others reach most, has no vote.
//! - **Verdict**: decision of the chain on a target in a round.
//! - **Row**: state of a target: counters, meter, health. **Page**: 128 rows. **Slot**: place of a
//!   row in a page.
//! - **Active** row: row of a target with units, due in every round. **Idle** row: row of any
//!   listing, due in turn while the target is not active.
//! - **Capacity**: pages that may be due in a round, fixed for a window.
//! - **Meter**: billable blocks of an active target.
//! - **Allowance**: rounds of a window that may be bad. **Tier**: a multiple of the allowance;
//!   reaching one is a breach.
//! - **Duty**: work of a prober in a session.
//!
//! ## Life cycle
//!
//! A round `r` of `L` blocks:
//!
//! ```text
//!            |<------- r ------->|<------- r+1 --------->|<---------- r+2 -------->|
//!  block     0 1 2 ...       L-1 | 0 1 2 3 4  ...    L-1 | 0 1 2  3    ...     L-1 |
//!            S <------- commits -----> | . . <--- reveals ---> C  J J J ...        |
//!
//!  S  snapshot: probers and due pages of r are frozen                     (rounds.rs)
//!  C  count of the reports: attendance, blind reports, root of all        (counting.rs)
//!  J  judging of ceil(due pages / (L - 3)) pages per block: one folded
//!     verdict per due target (fold.rs), applied to its row (judging.rs);
//!     the last block closes r: `RoundClosed`
//! ```
//!
//! Probes start at random over most of a round, so commits may land in the first two blocks of the
//! next. Reveals open two blocks later: a prober that still commits on a competing fork has seen no
//! report. Reports are removed when their round is closed. The root of a round's reports stays for
//! a week (`RevealRoots`), by which anybody can show how a verdict came about.
//!
//! A target:
//!
//! ```text
//!                       +--------------- reset_proof (the endpoint moved) ------------+
//!                       v                                                             |
//!  list --> idle row: Due ------- a whole window without a proof ------------> ProofNotFound
//!              |          ^       of control: `ProofNotFound`
//!     activate |          | deactivate
//!              v          |
//!           idle row: Activated
//!         active row: Due ----- deactivate ----> Leaving { until } ----> free once `until` is closed
//!
//!  unlist: deactivate, then the idle slot is free once the current round is closed
//! ```
//!
//! An active row has a meter, counters against allowances, and breaches. Active pages are due in
//! every round. Idle pages fill the capacity that is left, at least one page: up to a quarter of
//! them are pages requested with `request_probe`, the others take turns.
//!
//! A page is read and written once per round in which it is due, whatever the number of agreements
//! behind its rows. Only a breach or the close of a window touches more.
//!
//! Active slots are scarce. Activation returns the [`Occupancy`], by which the rent of the slot is
//! fixed, and the last round in which no slot was free is remembered.
//!
//! The row of a lease remembers the last 32 judged rounds as bits: 0 for up, 1 for down, bad and
//! stale. Unclear, unmeasured and excused rounds leave no bit, as they say nothing of the lease. A
//! lease with `bad` ones among its last `of` bits is unhealthy ([`HealthRule`]), and ends with the
//! round that made it so. Nothing of a later round that is open already is billed, counted or
//! judged.
//!
//! ## Example
//!
//! Rounds of `L = 5` blocks, four probers, and one lease with the health rule 3 of 4, activated in
//! round 0:
//!
//! - Round 1, blocks 5 to 9: the snapshot names the lease. The probers probe it, and commit up to
//!   block 11.
//! - They reveal in the blocks 14 to 16. Three find the lease up, after 20, 30 and 900 ms, one
//!   finds it down. One service of another operator is up for all, so no report is blind.
//! - Block 17 counts the reports, block 18 judges: three of four votes are two thirds, so the
//!   verdict is `Up` with the median of 30 ms. The meter advances by 5 blocks.
//! - Rounds 2 to 5 are down, up, down, down. The verdict of round 5 is the third bad one of four:
//!   the meter ends with round 5, and the owner of the lease is notified in the block that judges
//!   it.
//! - The terms allow one bad round per window of 12. Round 2 used the allowance up
//!   (`AllowanceHalfUsed`), round 4 reached the tier `Low`, and round 5 `Medium`. Both are paid in
//!   the block that judges the round.
//!
//! ## Assumptions
//!
//! - Fewer than a third of the probers lie. All of them probe all due targets, so no verdict is of
//!   the liars' making (see [`fold`]).
//! - `operators` calls [`Probing`], `sla` and `compute-orders` call [`Slots`], escrow and `sla`
//!   read the [`Meter`](surety_primitives::Meter). None of them is called back during such a call.
//! - [`Config::OnJudged`] and [`Config::OnLeaseFailed`] are called from `on_initialize`, after the
//!   page is written. They do not end meters: this pallet carries out the ends that `OnJudged`
//!   returns.
//! - The runtime places this pallet before the one that works the agenda of the escrow: a stream is
//!   settled by the meter of the same block.
//! - Parameters of governance never change what has begun: a round keeps the health rule of its
//!   snapshot, a window keeps its capacity and the terms in its rows, a session keeps its rule of
//!   duty. A change of session changes nothing for open rounds.
//! - The work of a block is bounded by constants. The first block of a round takes the snapshot,
//!   the third counts the reports, each of the others judges `ceil(due pages / (L - 3))` pages. In
//!   the worst case every row of them breaches and fails at once, each O(1) in its agreements. The
//!   weight returned counts the rows, windows, breaches and ends that really occurred.
//! - Work is paid, not presence. A prober earns its part of the pot by the changes of verdict that
//!   it caught: a copy of the last round misses every change, and a report of all up misses every
//!   failure. Findings count per operator, so that an operator with many services cannot make a
//!   prober fail.
//!
//! Invariants, as numbered in `try_state`:
//!
//! 1. A target and its slots name each other. An active target has an active row that is due and an
//!    idle row in the state `Activated`; any other idle row is `Due`, or unproven and
//!    `ProofNotFound`.
//! 2. The due and taken bits of a page match its rows, and the taken active slots are counted.
//! 3. A slot is either free or taken: the queue of freed idle slots and the rows do not overlap.
//! 4. At most one report per prober and round, none from outside the snapshot, each of the right
//!    length.
//! 5. Open rounds have a snapshot and due pages, closed ones neither. A round is being judged if
//!    and only if it is counted.
//! 6. The due targets of a round are within capacity, and active targets within their part of it.
//!    No page is queued twice, and each queued page is an idle page.
//! 7. Counters sum to at most the rounds judged, of an active row those of its window, and its
//!    latencies to the `Up` ones. A tier is never above what the counters reach. Rounds that were
//!    open during a migration of several blocks have no verdicts, and are not counted.
//! 8. Every page fits the database.
//! 9. Duty is a chain of subsets: accepted within revealed within committed within rounds.
//! 10. Only active rows of leases have health, and only active rows an end of the meter.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

use alloc::vec::Vec;
use frame::{
	deps::frame_support::migrations::MultiStepMigrator,
	prelude::*,
	traits::{Time, ValidatorSet, ValidatorSetWithIdentification},
};
use sp_staking::{SessionIndex, offence::ReportOffence};
use surety_primitives::{
	AssetId, Balance, BlockNumber, BreachKind, Candidates, Clock, CloseReason, EndpointRules,
	Funds, JUDGED_AFTER, Networks, Occupancy, OnJudged, OnLeaseFailed, OnProof, Probing,
	ProofOutcome, Registry, ReputationSink, RoundIndex, Service, ServiceId, Slots, Target, Verdict,
	WindowIndex,
	crypto::{ProberId, ProberSignature},
};

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod counting;
mod duty;
pub mod fold;
mod impls;
mod judging;
#[cfg(test)]
mod mock;
mod offchain;
mod pages;
mod reports;
mod rounds;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use duty::{DutyRule, DutyTally, MIN_ROUNDS, ProberNeglect};
pub use fold::{DueTarget, FoldedVerdict, Votes};
pub use judging::{RoundContext, RowUpdate};
pub use offchain::{ANCHORS_KEY, DENY_KEY, probing_key};
pub use pallet::*;
pub use reports::{
	COMMIT_GRACE, Phase, REVEAL_OFFSET, commit_hash, commit_payload, commit_phase, refused,
	reveal_leaf, reveal_phase, reveals_root,
};
pub use rounds::position;
pub use types::*;
pub use weights::WeightInfo;

/// Log target of this pallet.
const LOG_TARGET: &str = "runtime::surety-probes";

/// Identifier of a validator.
pub type ValidatorId<T> = <<T as Config>::ValidatorSet as ValidatorSet<
	<T as frame_system::Config>::AccountId,
>>::ValidatorId;

/// Validator with its full identification, as offences name it.
pub type IdentificationTuple<T> = (
	ValidatorId<T>,
	<<T as Config>::ValidatorSet as ValidatorSetWithIdentification<
		<T as frame_system::Config>::AccountId,
	>>::Identification,
);

// The code that the macros generate uses `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration of the pallet. The runtime needs `frame_system::AuthorizeCall` among its
	/// transaction extensions.
	#[pallet::config(with_default)]
	pub trait Config: CreateAuthorizedTransaction<Call<Self>> + frame_system::Config {
		/// Rounds, windows, and the rules for endpoints.
		#[pallet::no_default]
		type Clock: Clock + EndpointRules;
		/// Timestamps in ms, by which a stalled chain is noticed.
		#[pallet::no_default]
		type Time: Time<Moment = u64>;
		/// Listings, networks, and the handler of proofs of control.
		#[pallet::no_default]
		type Registry: Registry<Self::AccountId> + Networks + OnProof;
		/// Handler of windows that close and of tiers that are reached.
		#[pallet::no_default]
		type OnJudged: OnJudged;
		/// Handler of leases that fail.
		#[pallet::no_default]
		type OnLeaseFailed: OnLeaseFailed;
		/// Handler of closed windows, for the scores.
		#[pallet::no_default]
		type Reputation: ReputationSink<Self::AccountId>;
		/// Validators of the session.
		#[pallet::no_default]
		type ValidatorSet: ValidatorSetWithIdentification<Self::AccountId>;
		/// Handler of the neglect of the probing duty.
		#[pallet::no_default]
		type ReportNeglect: ReportOffence<
				Self::AccountId,
				IdentificationTuple<Self>,
				ProberNeglect<IdentificationTuple<Self>>,
			>;
		/// Candidates for the validator set, of whom those that neglect their duty are chilled.
		#[pallet::no_default_bounds]
		type Candidates: Candidates<Self::AccountId>;
		/// Payment of the rewards.
		#[pallet::no_default]
		type Funds: Funds<Self::AccountId>;
		/// Account of the pot that rewards are paid from. The probers' part of the fees goes there.
		#[pallet::no_default]
		type Pot: Get<Self::AccountId>;
		/// Assets that rewards are paid in besides the native token, a different one each session.
		type RewardAssets: Get<Vec<AssetId>>;

		/// Maximum number of validators that probe, at most 128.
		#[pallet::constant]
		type MaxProbers: Get<u32>;
		/// Maximum number of due services and leases in a round, in whole pages of 128, from 256 to
		/// 65,536. A window keeps the number that it began with, but always fits what is sold.
		type DueServices: Get<u32>;
		/// Shares that a prober must reach. A session keeps the rule that it began with.
		type DutyRule: Get<DutyRule>;
		/// Share of its bond that a prober loses for a session in which it neglected its duty.
		type NeglectSlash: Get<Perbill>;
		/// Number of neglected sessions in a row after which a prober is chilled; 0 for never.
		type NeglectSessions: Get<u32>;
		/// Rule by which leases are unhealthy. A round keeps the rule that it began with.
		type Health: Get<HealthRule>;
		/// Priority of commits and reveals in the transaction pool.
		#[pallet::constant]
		type UnsignedPriority: Get<TransactionPriority>;
		/// Weights of this pallet.
		type WeightInfo: WeightInfo;
	}

	/// Default configurations.
	pub mod config_preludes {
		use super::*;
		use frame::{
			deps::frame_support::{derive_impl, parameter_types, register_default_impl},
			traits::ConstU64,
		};

		parameter_types! {
			/// 60 % of the rounds, findings and changes.
			pub const TestDutyRule: DutyRule = DutyRule {
				min_share: Perbill::from_percent(60),
				min_caught: Perbill::from_percent(60),
			};
			/// Three bad rounds in a row.
			pub const TestHealth: HealthRule = HealthRule { bad: 3, of: 3 };
			/// A thousandth of the bond.
			pub const TestNeglectSlash: Perbill = Perbill::from_parts(1_000_000);
		}

		/// Configuration for the mocks of other pallets.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			type RewardAssets = ();
			type MaxProbers = ConstU32<100>;
			type DueServices = ConstU32<512>;
			type DutyRule = TestDutyRule;
			type Candidates = ();
			type NeglectSlash = TestNeglectSlash;
			type NeglectSessions = ConstU32<3>;
			type Health = TestHealth;
			type UnsignedPriority = ConstU64<{ 1 << 20 }>;
			type WeightInfo = ();
		}
	}

	/// Slots of each target.
	#[pallet::storage]
	pub type SlotsOf<T: Config> = StorageMap<_, Twox64Concat, Target, TargetSlots>;

	/// Rows, 128 to a page.
	#[pallet::storage]
	pub type Pages<T: Config> = StorageMap<_, Twox64Concat, PageId, Page<T::AccountId>, ValueQuery>;

	/// Due and taken slots of each page.
	#[pallet::storage]
	pub type PageInfos<T: Config> = StorageMap<_, Twox64Concat, PageId, PageInfo, ValueQuery>;

	/// Pages that may be due in a round of this window. `None` before the first round of the chain.
	#[pallet::storage]
	pub type Capacity<T: Config> = StorageValue<_, u32>;

	/// Use of the active pages.
	#[pallet::storage]
	pub type Active<T: Config> = StorageValue<_, ActiveSlots, ValueQuery>;

	/// Use of the idle pages.
	#[pallet::storage]
	pub type Idle<T: Config> = StorageValue<_, IdleSlots, ValueQuery>;

	/// Queue of freed idle slots, each with the last round that may name it.
	#[pallet::storage]
	pub type FreeIdle<T: Config> = StorageMap<_, Twox64Concat, u32, (Place, RoundIndex)>;

	/// Idle page whose turn is next.
	#[pallet::storage]
	pub type IdleTurn<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// Queue of idle pages with a requested probe, which come before those in turn.
	#[pallet::storage]
	pub type Queued<T: Config> = StorageValue<_, Queue, ValueQuery>;

	/// Last 24 closed windows of each target, the newest last.
	#[pallet::storage]
	pub type Windows<T: Config> = StorageMap<_, Twox64Concat, Target, Ring, ValueQuery>;

	/// Probers of this session.
	#[pallet::storage]
	pub type ProberSet<T: Config> = StorageValue<_, Probers<T::AccountId>, ValueQuery>;

	/// Rule of duty of this session.
	#[pallet::storage]
	pub type SessionRule<T: Config> = StorageValue<_, DutyRule>;

	/// Snapshot of each open round.
	#[pallet::storage]
	pub type Snapshots<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, Snapshot<T::AccountId>>;

	/// Due pages of each open round, in the order of the report.
	#[pallet::storage]
	pub type DuePages<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, DueList, ValueQuery>;

	/// Message of each prober for each open round: first its commit, then its report.
	#[pallet::storage]
	pub type Reports<T: Config> =
		StorageDoubleMap<_, Twox64Concat, RoundIndex, Twox64Concat, u16, Sent, OptionQuery>;

	/// Count of the reports of the round that is being judged.
	#[pallet::storage]
	pub type Counting<T: Config> = StorageValue<_, Counted>;

	/// Root of the reveals of each of the last 10,080 rounds: of an ordered trie with one leaf per
	/// report ([`reveal_leaf`]).
	#[pallet::storage]
	pub type RevealRoots<T: Config> = StorageMap<_, Twox64Concat, RoundIndex, H256>;

	/// Progress of the judging.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Progress<T: Config> = StorageValue<_, Sweep, ValueQuery>;

	/// Duty of the probers in the rounds that were closed in this session.
	#[pallet::storage]
	pub type Duty<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, DutyTally), ConstU32<MAX_DUTY>>, ValueQuery>;

	/// Probers that neglected their duty in the last session, each with the number of sessions in a
	/// row.
	#[pallet::storage]
	pub type Neglects<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, u32), ConstU32<MAX_DUTY>>, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A round is judged for every due target. The numbers are targets by verdict.
		RoundClosed {
			/// The round.
			round: RoundIndex,
			/// Right answer in time.
			up: u32,
			/// No usable answer.
			down: u32,
			/// Wrong answer.
			bad: u32,
			/// Answer too far behind the head of the network.
			stale: u32,
			/// Probers disagree.
			unclear: u32,
			/// Too few reports, or the chain stalled.
			unmeasured: u32,
			/// No answer while probers doubt themselves, too few votes, or not up in announced
			/// maintenance.
			excused: u32,
		},
		/// The verdict on a target is another than in the last round in which the target was due.
		VerdictChanged {
			/// Service or lease.
			target: Target,
			/// Round of the new verdict.
			round: RoundIndex,
			/// Verdict before; none if this is the first.
			from: Option<Verdict>,
			/// New verdict.
			to: Verdict,
		},
		/// A target has used up half of what its terms allow in a window.
		AllowanceHalfUsed {
			/// Service or lease.
			target: Target,
			/// Window that is counted.
			window: WindowIndex,
			/// Round that used up the half.
			round: RoundIndex,
			/// Term that is counted.
			kind: BreachKind,
			/// Rounds of the window that count against the term so far.
			count: u16,
			/// Rounds that the term allows. One more is the first breach.
			allowance: u16,
		},
		/// Through a whole window the probers found no proof that the operator controls the host of
		/// the endpoint. The listing is no longer probed, until its operator asks for the proof
		/// again or moves the endpoint.
		ProofNotFound {
			/// The service.
			service: ServiceId,
		},
		/// A probe of an idle service was requested: its page is probed before those in turn.
		ProbeQueued {
			/// The service.
			service: ServiceId,
			/// Idle page of the service. All idle services of the page are probed with it.
			page: u32,
		},
		/// A session of neglect: a prober reported in too few of its rounds. The prober earns
		/// nothing for the session, loses a little of its bond, and is chilled if it goes on.
		DutyFailed {
			/// Session that ended.
			session: SessionIndex,
			/// Account of the prober.
			prober: T::AccountId,
			/// Duty of the prober in the session.
			tally: DutyTally,
		},
		/// The probers were rewarded for a session.
		RewardsPaid {
			/// Session that ended.
			session: SessionIndex,
			/// Asset of the amount.
			asset: AssetId,
			/// Amount paid in all, in base units.
			amount: Balance,
			/// Number of probers paid.
			probers: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The phase has not begun. Commit in the blocks of the round or the first two of the next
		/// one; reveal from the fifth block of the next round on.
		TooEarly,
		/// The phase is over. Report in the next round.
		TooLate,
		/// The chain took no snapshot of the round. Report in a later round.
		NoSnapshot,
		/// The snapshot of the round names no prober with this index. Use the index of your session
		/// key in the snapshot.
		NotAProber,
		/// The prober has committed in this round already. Reveal the report of that commit.
		AlreadyCommitted,
		/// The prober has revealed in this round already.
		AlreadyRevealed,
		/// The prober did not commit in this round. Commit before you reveal.
		NoCommit,
		/// The report does not have one byte for each due target.
		WrongLength,
		/// The report is not the one that was committed to. Reveal the committed salt and report.
		WrongReveal,
		/// The target has a slot already.
		AlreadyListed,
		/// The target has no slot. Check the identifier: the service may have been removed.
		NotListed,
		/// The service has units, so every round probes it. Wait for the next verdict.
		AlreadyDue,
		/// The listing is not probed, because no proof was found that its operator controls the
		/// host of the endpoint. The operator must ask for the proof again first.
		NotProbed,
		/// Too many probes are requested already. Try again in the next round.
		QueueFull,
		/// Every slot for listings is taken. Wait until a listing is removed.
		NoSlot,
		/// Every active slot is taken, so no other target can be probed in every round. Wait until
		/// a target loses its last units.
		RoundsFull,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
			if T::MultiBlockMigrator::ongoing() {
				return T::DbWeight::get().reads(1);
			}
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
		fn try_state(_now: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Commit to the report of a prober for a round.
		///
		/// Off-chain workers of validators send it without a signer, once per prober and round, and
		/// pay no fee. Signed by an account the call fails, and the account pays the fee.
		///
		/// - `round`: the current round, or in its first two blocks the one before.
		/// - `index`: position of the prober in the snapshot of the round, from 0.
		/// - `hash`: hash of salt and report, bound to chain, round and prober.
		/// - `signature`: by the session key of the prober, over the hash, bound to chain and
		///   round.
		///
		/// Origin: authorized by the signature.
		///
		/// Errors: `TooEarly`, `TooLate`, `NoSnapshot`, `NotAProber`, `AlreadyCommitted`.
		///
		/// Emits: nothing.
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
			Self::do_commit(round, index, hash)
		}

		/// Reveal the report that a prober committed to.
		///
		/// Off-chain workers of validators send it without a signature, since only the prober knows
		/// the report that has the committed hash, and pay no fee. Signed by an account the call
		/// fails, and the account pays the fee.
		///
		/// - `round`: from the fifth block of a round on the round before, and in its first two
		///   blocks the one before that.
		/// - `index`: position of the prober in the snapshot of that round, from 0.
		/// - `salt`: salt of the committed hash.
		/// - `report`: report of the committed hash, one byte per due target in the order of the
		///   due pages, at most 65,536 bytes.
		///
		/// Origin: authorized by the hash.
		///
		/// Errors: `TooEarly`, `TooLate`, `NoSnapshot`, `NotAProber`, `NoCommit`,
		/// `AlreadyRevealed`, `WrongLength`, `WrongReveal`.
		///
		/// Emits: nothing.
		///
		/// Complexity: O(b) in the bytes of the report.
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
			Self::do_reveal(round, index, salt, report)
		}

		/// Request a fresh verdict on an idle service, which is otherwise probed only in its turn.
		/// Use it before you buy units of a service whose last verdict is too old.
		///
		/// The service waits in a queue, usually for one round, and is then probed with all others
		/// of its page. The verdict follows two rounds later. If every round probes every idle
		/// service anyway, nothing is queued.
		///
		/// - `service`: the service to probe, one without units.
		///
		/// Origin: signed, by anybody.
		///
		/// Errors: `NotListed`, `AlreadyDue`, `NotProbed`, `QueueFull` (64 pages wait).
		///
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
		/// Current round, the rounds that take commits and reveals now, and the last judged round.
		pub fn round_status() -> RoundStatus {
			Self::current_status()
		}

		/// Duty of a prober in this session so far.
		pub fn duty(prober: T::AccountId) -> Option<DutyTally> {
			Self::duty_of(&prober)
		}

		/// Active slots: those taken and all there are. They fix the rent of the next slot.
		pub fn occupancy() -> Occupancy {
			<Self as Slots>::occupancy()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Check the bounds that [`Config`] states in words.
	pub(crate) fn check_config() {
		assert!((1..=MAX_PROBERS).contains(&T::MaxProbers::get()), "MaxProbers must be 1 to 128");
		assert!(T::Clock::round_blocks() > REVEAL_OFFSET, "a round must have at least 5 blocks");
		assert!(
			Page::<T::AccountId>::max_encoded_len() <= PAGE_BYTES,
			"a page must not be larger than what the database keeps in one piece",
		);
	}
}
