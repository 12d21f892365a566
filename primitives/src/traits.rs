//! The traits through which the pallets meet. Who implements and who uses them: the table in the crate's root.

use crate::{
	AgreementId, AssetId, Balance, BlockNumber, BreachKind, CloseReason, Counters, Endpoint,
	EscrowId, LeaseId, MeterReading, Network, NetworkId, Occupancy, OrderId, RoundIndex, Service,
	ServiceId, Severity, SlaTerms, TrustLevel, Verdict, WindowIndex, WindowShare, WindowSummary,
	shared, stored,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Perbill};

/// Rounds from one that is probed to the first in whose blocks all of it is judged: its reports are revealed in the
/// next round and judged in the one after. As long, the slot of a row that is gone may still be named.
pub const JUDGED_AFTER: RoundIndex = 3;

/// The chain's clock: all of it fixed at genesis, none of it ever zero.
pub trait Clock {
	/// Number of the block being built.
	fn now() -> BlockNumber;
	/// Milliseconds from one block to the next.
	fn slot_ms() -> u64;
	/// Blocks of a round, at least 5.
	fn round_blocks() -> u32;
	/// Rounds of a window, at least 1.
	fn window_rounds() -> u16;
	/// The slowest latency in ms that terms may promise: a prober waits no longer when its rounds are full. A
	/// tenth of a round.
	fn longest_latency_ms() -> u64 {
		Self::slot_ms().saturating_mul(u64::from(Self::round_blocks())).checked_div(10).unwrap_or(0)
	}
	/// Whether endpoints may be on loopback and private addresses (dev and local networks).
	fn private_endpoints() -> bool;
	/// Whether a listing must prove control of its endpoint's host before it becomes active.
	fn proof_of_control() -> bool;

	/// Round of a block.
	fn round_at(block: BlockNumber) -> RoundIndex {
		block.checked_div(Self::round_blocks()).unwrap_or(0)
	}
	/// Round of the block being built.
	fn round() -> RoundIndex {
		Self::round_at(Self::now())
	}
	/// First block of a round.
	fn round_start(round: RoundIndex) -> BlockNumber {
		round.saturating_mul(Self::round_blocks())
	}
	/// Window of a round.
	fn window_of(round: RoundIndex) -> WindowIndex {
		round.checked_div(u32::from(Self::window_rounds())).unwrap_or(0)
	}
	/// First round of a window.
	fn window_start(window: WindowIndex) -> RoundIndex {
		window.saturating_mul(u32::from(Self::window_rounds()))
	}
	/// Blocks of a window.
	fn window_blocks() -> BlockNumber {
		Self::round_blocks().saturating_mul(u32::from(Self::window_rounds()))
	}
}

/// The registry of services and networks: what is listed, what was proven, and the end of a service for cause.
pub trait Registry<AccountId> {
	/// A listing, until it is removed.
	fn service(id: ServiceId) -> Option<Service<AccountId>>;
	/// Whether new units may be sold now: the service is active and its operator is active and bonded
	/// at or above the minimum. The error says which is not so.
	fn ensure_open(id: ServiceId) -> DispatchResult;
	/// A network.
	fn network(id: NetworkId) -> Option<Network>;
	/// The networks there are, at most 64 of them; for off-chain use.
	fn networks() -> Vec<NetworkId>;
	/// The probers found the proof of control at the endpoint's host: an unproven service becomes
	/// active. Does nothing for any other.
	fn proven(id: ServiceId);
	/// The probers asked for the proof through a whole window and found none: the listing gives its place at
	/// the host free. Does nothing for any other.
	fn unfound(id: ServiceId);
	/// The probers asked an idle service for the proof again, since it answered badly, and it is gone: an
	/// active or paused service becomes unproven. Does nothing for any other, nor while units are sold. The
	/// caller asks for the proof from then on.
	fn disproven(id: ServiceId);
	/// End a service for cause: no new units, `Ending { at }`. Does nothing if it already ends earlier.
	fn terminate(id: ServiceId, at: RoundIndex);
	/// Where penalties go, whatever the asset.
	fn treasury() -> AccountId;
	/// Base units of the asset that an operator must have bonded, which governance holds to be worth the same
	/// in every asset. `None` if the asset is not approved.
	fn min_bond(asset: AssetId) -> Option<Balance>;
}

/// The services that leases are.
pub trait LeaseRegistry<AccountId> {
	/// A lease is ready: it becomes the service [`service_of_lease`](crate::service_of_lease) of the operator
	/// of `parent`, takes a slot and is probed at `endpoint`. That must be on the very server (scheme, host,
	/// port) of the parent's endpoint, where the operator has proven its control. `price` is per billable
	/// block; capacity is one unit.
	fn list_lease(
		lease: LeaseId,
		parent: ServiceId,
		endpoint: Endpoint,
		price: Balance,
		terms: SlaTerms,
	) -> DispatchResult;
	/// A lease is over and its agreement gone: nothing of its service is left. Does nothing for a lease that
	/// was never listed.
	fn remove_lease(lease: LeaseId);
}

/// Bond reserved for what is not a service yet: bids. Counted into the exposure of the bond like that of
/// services.
pub trait BondReserve<AccountId> {
	/// Reserve active bond, or fail if nothing covers it.
	fn reserve(operator: &AccountId, asset: AssetId, amount: Balance) -> DispatchResult;
	/// Give back what was reserved.
	fn unreserve(operator: &AccountId, asset: AssetId, amount: Balance);
	/// Give back what was reserved and take up to as much of the bond for the treasury. Returns what moved.
	fn forfeit(operator: &AccountId, asset: AssetId, amount: Balance) -> Balance;
	/// Base units reserved.
	fn reserved(operator: &AccountId, asset: AssetId) -> Balance;
}

/// What `Compute` services have and how much of it is given away.
pub trait Capacity {
	/// The service is about to be removed: forget what it has. The error says what of it is still in use.
	fn forget(service: ServiceId) -> DispatchResult;
	/// Whether bids or leases use any of it: then the service stays on its server.
	fn in_use(service: ServiceId) -> bool;
}

/// What the owner of leases must learn. Called inside mandatory sweeps: constant work, cannot fail.
pub trait OnLease {
	/// A lease was bad in too many of its last rounds, the last of them `round`, which is being judged.
	fn unhealthy(lease: LeaseId, round: RoundIndex);
	/// A lease ends with round `at` for its operator's doing: `Terminated` (credited up to its cover, or dead
	/// for a window) or `RentUnpaid`. Its meter stops after that round.
	fn terminated(lease: LeaseId, at: RoundIndex, reason: CloseReason);
}

/// The agreements behind leases: one unit each, credited like any other, but opened and ended by the owner of
/// the lease, who owns its stream too.
pub trait LeaseAgreements<AccountId> {
	/// The tenant of a listed lease is covered by its terms from the next window on: exposure is reserved with
	/// the penalty share that its bid was placed at, and the row becomes hot. `escrow` is the account that is to
	/// be started right after this.
	fn open(
		lease: LeaseId,
		tenant: &AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError>;
	/// Penalty share now, and base units that must be reserved at it for the credits of a lease with these
	/// terms and this price per block. `None` if that overflows. The rent of its slot comes on top.
	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)>;
	/// Its stream is over: credited for the last time, the row cools.
	fn ended(agreement: AgreementId, end: StreamEnd);
}

stored! {
	/// What a slash moved.
	#[derive(Copy, Default)]
	pub struct Slashed {
		/// Base units that went to the account of the tenants' credits.
		pub credit: Balance,
		/// Base units that went to the treasury.
		pub penalty: Balance,
	}
}

/// The bond behind services. Per operator and asset, the sum of the exposures of its services is never
/// above the active bond when exposure is reserved or bond unbonded.
pub trait Bonding<AccountId> {
	/// Base units of the bond that are reserved for a service.
	fn exposure(service: ServiceId) -> Balance;
	/// Set what is reserved for a service. Raising fails if the active bond does not cover it; lowering
	/// always works.
	fn set_exposure(service: ServiceId, amount: Balance) -> DispatchResult;
	/// Base units of active bond in the service's asset that nothing reserves.
	fn free_bond(service: ServiceId) -> Balance;
	/// Take up to `credit` for `credit_to` and then up to `penalty` for the treasury out of the bond:
	/// active bond first, then the newest unbonding chunk. Moves what there is; never fails. The caller
	/// lowers the exposure.
	fn slash(
		service: ServiceId,
		credit: Balance,
		credit_to: &AccountId,
		penalty: Balance,
	) -> Slashed;
	/// Take up to `amount` of the service's bond for `to`, which is no punishment but a price: rent. Moves what
	/// there is, in the order of [`Self::slash`], and says how much; never fails. The caller lowers the exposure.
	fn charge(service: ServiceId, amount: Balance, to: &AccountId) -> Balance;
}

/// What the registry must know and tell of agreements.
pub trait Agreements {
	/// Units sold and not yet closed.
	fn units(service: ServiceId) -> u32;
	/// The cover of a service rises from what the registry shows to `cover`: reserve the exposure that this
	/// takes, or fail and change nothing. Called before the registry changes.
	fn cover_raised(service: ServiceId, cover: WindowShare) -> DispatchResult;
	/// Nothing is owed and no units are left: forget the service. The error says what is left.
	fn forget(service: ServiceId) -> DispatchResult;
}

stored! {
	/// What is known of a service from probing.
	#[derive(Copy, Default)]
	pub struct Probed {
		/// Last verdict and its round; `None` before the first.
		pub last: Option<(RoundIndex, Verdict)>,
		/// Window that `counters` counts.
		pub window: WindowIndex,
		/// Rounds of that window so far, by verdict.
		pub counters: Counters,
		/// Whether it is probed every round because it has units.
		pub hot: bool,
	}
}

/// The pages of probed services.
pub trait Probing {
	/// A new listing takes a slot and is probed from the next round on. Fails if every slot is taken.
	fn list(service: ServiceId) -> DispatchResult;
	/// The listing's endpoint moved to where control is not proven: what is known of it is void, and it is
	/// asked for the proof again.
	fn unproven(service: ServiceId);
	/// A listing is gone: its slot is free once the rounds that name it are closed.
	fn unlist(service: ServiceId);
	/// The service got its first units: due every round from the next one on, with a fresh meter and
	/// fresh counters. Fails if the rounds are full. Does nothing if it is hot already. Says how many of the
	/// slots are taken, this one included.
	fn heat(service: ServiceId) -> Result<Occupancy, DispatchError>;
	/// Its last units are gone: it takes turns with the idle ones again.
	fn cool(service: ServiceId);
	/// Slots that are probed every round, those taken and all there are.
	fn occupancy() -> Occupancy;
	/// Whether every slot was taken at any moment since `round` began.
	fn was_full_since(round: RoundIndex) -> bool;
	/// The meter stops after round `at`, for this reason: a round that is not judged yet, or the last one that
	/// is. An earlier end stands.
	fn end_meter(service: ServiceId, at: RoundIndex, reason: CloseReason);
	/// Rounds `from .. from + rounds` are announced maintenance: excused if the service is not up.
	fn set_maintenance(service: ServiceId, from: RoundIndex, rounds: u16);
	/// What probing knows of it.
	fn probed(service: ServiceId) -> Option<Probed>;
	/// Last round whose sweeps are complete for every service.
	fn judged_round() -> RoundIndex;
}

/// State of a meter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metered {
	/// Its reading.
	pub reading: MeterReading,
	/// Round after which it stops for good and why, if that is decided.
	pub end: Option<(RoundIndex, CloseReason)>,
}

/// Meters that streams are paid by. Only a hot service has one.
pub trait Meter {
	/// Meter of a service.
	fn meter(service: ServiceId) -> Option<Metered>;
	/// Its reading.
	fn reading(service: ServiceId) -> Option<MeterReading> {
		Self::meter(service).map(|meter| meter.reading)
	}
	/// Round after which it stops for good and why, if that is decided.
	fn ended(service: ServiceId) -> Option<(RoundIndex, CloseReason)> {
		Self::meter(service).and_then(|meter| meter.end)
	}
}

stored! {
	/// What judging needs of the terms, frozen into the row at the start of a window.
	#[derive(Copy, Default)]
	pub struct Frozen {
		/// Bad rounds allowed per [`BreachKind::COUNTED`].
		pub allowance: [u16; 3],
		/// Multiplier of credits for repeated breaches, at least 1.
		pub multiplier: u8,
	}
}

/// A counter passed a tier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Breached {
	/// Window the counter counts.
	pub window: WindowIndex,
	/// Round whose judgement made it pass.
	pub round: RoundIndex,
	/// Which term.
	pub kind: BreachKind,
	/// Tier that had been reached before, in this window and kind.
	pub before: Option<Severity>,
	/// Tier reached now.
	pub severity: Severity,
	/// The counters including this round.
	pub counters: Counters,
	/// The allowances and the multiplier of the window.
	pub frozen: Frozen,
}

/// What follows from verdicts for agreements. Called by the second sweep.
pub trait Judge {
	/// All rounds of a window are judged for this hot service and a later one begins: fix the base of the units
	/// that were opened in it, collect the rent, end the service for cause if it was dead, and say what the
	/// next window is judged by. `since_sold` counts the rounds of it since the service became hot.
	fn window_turned(service: ServiceId, window: WindowIndex, since_sold: &Counters) -> Frozen;
	/// A fresh hot row: what its first window is judged by.
	fn heated(service: ServiceId) -> Frozen;
	/// A breach, to be paid in this block.
	fn breached(service: ServiceId, breach: Breached);
}

stored! {
	/// How a stream ended, told to its owner.
	#[derive(Copy)]
	pub struct StreamEnd {
		/// Why.
		pub reason: CloseReason,
		/// Last round that was billed.
		pub round: RoundIndex,
		/// Paid in all to payee and fee, in base units.
		pub paid: Balance,
		/// Of that the platform's fee.
		pub fee: Balance,
		/// Given back to the payer, in base units; or, if the account was parked, what is left in it.
		pub refunded: Balance,
	}
}

stored! {
	/// Whom an escrow account belongs to; the escrow pallet tells that owner of the end.
	#[derive(Copy)]
	pub enum EscrowOwner {
		/// An agreement of `sla`.
		Agreement(AgreementId),
		/// A replica of an order of `compute-orders`.
		Replica {
			/// The order.
			order: OrderId,
			/// Which of its replicas, from 0.
			index: u8,
		},
	}
}

shared! {
	/// The platform's fee on what a payee is paid, fixed when the funds are put on hold.
	#[derive(Copy)]
	pub struct Fee {
		/// Share of every payment.
		pub share: Perbill,
		/// Share of the fee that goes to the probers' pot; the treasury gets the rest.
		pub to_probers: Perbill,
	}
}

/// A stream to open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewStream<AccountId> {
	/// Who is told of the end.
	pub owner: EscrowOwner,
	/// Who pays.
	pub payer: AccountId,
	/// Who is paid.
	pub payee: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Whose meter it is paid by.
	pub meter: ServiceId,
	/// Base units per billable block.
	pub rate: Balance,
	/// Base units put on hold at once, `prepaid` included.
	pub deposit: Balance,
	/// Base units of it that pay the first billable blocks, on hold until those are judged; not refunded if
	/// the tenant closes the stream before it runs out, but for the rounds of it that were judged and not
	/// billable.
	pub prepaid: Balance,
	/// The platform's fee.
	pub fee: Fee,
}

/// A stream that a lump becomes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Started<AccountId> {
	/// Who is paid.
	pub payee: AccountId,
	/// Whose meter it is paid by.
	pub meter: ServiceId,
	/// Base units per billable block.
	pub rate: Balance,
	/// As [`NewStream::prepaid`].
	pub prepaid: Balance,
	/// Last round that is billed: then the stream ends as [`CloseReason::Expired`].
	pub last: RoundIndex,
	/// Last round of the trial: if the tenant closes the stream with this round or an earlier one, only what was
	/// metered is due.
	pub trial_until: RoundIndex,
}

/// A stream as others see it.
#[derive(Clone, Debug, Eq, PartialEq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct StreamInfo {
	/// On hold, in base units.
	pub held: Balance,
	/// Paid out so far, fee included.
	pub paid: Balance,
	/// Due by the meter and not yet paid out.
	pub due: Balance,
	/// Billable blocks that what is held still pays for.
	pub blocks_left: u32,
	/// Round after which it ends and why, if that is decided.
	pub ending: Option<(RoundIndex, CloseReason)>,
	/// Whether it becomes a lump again at that end, for the next payee.
	pub parks: bool,
	/// Last round of the time that it was started for.
	pub last: Option<RoundIndex>,
}

/// Tenant funds on hold for a purpose.
pub trait Escrow<AccountId> {
	/// Open a stream. It is billed from the next round on. Its owner is not notified of anything before the next
	/// block.
	fn open_stream(stream: NewStream<AccountId>) -> Result<EscrowId, DispatchError>;
	/// Turn a lump into a stream of the same funds, billed from the next round on. Fails if the lump has
	/// paid or locked anything, or is less than `prepaid` or than one block's `rate`: what is prepaid pays
	/// the first block. Should its meter end before its time is over, it is parked.
	fn start(id: EscrowId, stream: Started<AccountId>) -> DispatchResult;
	/// Put off the last round of a stream that was started, and raise what is prepaid of it. Fails once its
	/// end is decided, or if the funds are less than `prepaid`.
	fn extend(id: EscrowId, last: RoundIndex, prepaid: Balance) -> DispatchResult;
	/// Like [`Self::end`], but what is left becomes a lump again, on hold for another payee, and the owner is
	/// told by [`OnEscrowEnd::parked`]. What cannot be delivered to the payee stays claimable in an account
	/// of its own. Should the stream end for another reason before that, it ends and is not parked.
	fn park(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError>;
	/// Add to the funds of a stream or a lump. Fails once it is ending.
	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult;
	/// Pay what the meter says is due. Returns what moved, fee included.
	fn settle(id: EscrowId) -> Result<Balance, DispatchError>;
	/// The stream ends with round `at`: it is billed to its end, then the rest is refunded and the
	/// owner told, in an `on_initialize` once `at` is judged. An earlier end stands. Returns the end that
	/// stands now: escrow alone decides and remembers when and why a stream ends, and others ask it
	/// ([`StreamInfo::ending`]).
	fn end(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError>;
	/// Lock `amount` of what is held against payment and refund, for a dispute. While anything is locked
	/// the stream is not billed and does not end.
	fn freeze(id: EscrowId, amount: Balance) -> DispatchResult;
	/// Undo [`Self::freeze`], paying `to_payee` of what was locked to the payee, with the fee.
	fn thaw(id: EscrowId, to_payee: Balance) -> DispatchResult;
	/// Put a lump on hold.
	fn open_lump(
		owner: EscrowOwner,
		payer: AccountId,
		payee: AccountId,
		asset: AssetId,
		amount: Balance,
	) -> Result<EscrowId, DispatchError>;
	/// Close a lump: `to_payee` of it to the payee with the fee, the rest back to the payer.
	fn close_lump(id: EscrowId, to_payee: Balance, reason: CloseReason) -> DispatchResult;
	/// A stream, until it is closed.
	fn stream(id: EscrowId) -> Option<StreamInfo>;
}

/// What the owner of an escrow account is told.
pub trait OnEscrowEnd {
	/// Escrow decided an end that its owner did not ask for: nothing is billed after `round`.
	fn ending(owner: EscrowOwner, round: RoundIndex, reason: CloseReason);
	/// It is closed and paid.
	fn ended(owner: EscrowOwner, end: StreamEnd);
	/// It is paid, and what is left waits as a lump for the next payee.
	fn parked(owner: EscrowOwner, end: StreamEnd);
}

/// Both are told; each ignores what is not its own.
impl<A: OnEscrowEnd, B: OnEscrowEnd> OnEscrowEnd for (A, B) {
	fn ending(owner: EscrowOwner, round: RoundIndex, reason: CloseReason) {
		A::ending(owner, round, reason);
		B::ending(owner, round, reason);
	}
	fn ended(owner: EscrowOwner, end: StreamEnd) {
		A::ended(owner, end);
		B::ended(owner, end);
	}
	fn parked(owner: EscrowOwner, end: StreamEnd) {
		A::parked(owner, end);
		B::parked(owner, end);
	}
}

/// What moves scores.
pub trait ReputationSink<AccountId> {
	/// A window of a service is closed.
	fn window(operator: &AccountId, service: ServiceId, summary: &WindowSummary);
	/// A breach.
	fn breach(operator: &AccountId, service: ServiceId, kind: BreachKind, severity: Severity);
	/// A service is removed for good: forget its own read-outs. The operator's history stays.
	fn forget_service(service: ServiceId);
	/// An agreement, or a lease by its agreement, is over: both sides may rate each other for a while if
	/// anything was paid. `fee` is what the platform kept of it, in base units of `asset`.
	fn engagement(
		agreement: AgreementId,
		operator: &AccountId,
		tenant: &AccountId,
		asset: AssetId,
		fee: Balance,
	);
	/// An operator failed a lease: it never was ready, was unhealthy or ended for cause, or its operator left
	/// it at once.
	fn lease_failed(operator: &AccountId, lease: LeaseId, reason: CloseReason);
}

/// Reading scores.
pub trait ReputationInspect<AccountId> {
	/// Score of 0 to 100 at the current window; 0 for an account without history.
	fn score(account: &AccountId) -> u8;
	/// Trust level of that score.
	fn trust(account: &AccountId) -> TrustLevel {
		TrustLevel::from_score(Self::score(account))
	}
}
