//! # Compute orders
//!
//! A tenant places an *order* for compute; operators *bid*; an accepted bid becomes a *lease*, which is paid by
//! the block, probed and credited like any service, and replaced by itself when its operator fails.
//!
//! ## Life of a replica
//!
//! An order has 1 to 8 replicas. Each has its own account in escrow, deposited at the order's highest price,
//! and its own time, which runs from its first `report_ready`.
//!
//! ```text
//!  place_order        match at the deadline, accept_bid       report_ready
//!  (funds: a lump)        (bid: one less left)             (the lump streams)
//!       |                          |                              |
//!       v                          v                              v
//!    Waiting ----------------> Placed: Starting ------------> Placed: Running
//!    ^  |  ^                       |                              |
//!    |  |  |  declined, or not     |            escrow decides its end; that round is
//!    |  |  +--- ready in time -----+            judged, the operator paid; what is left is
//!    |  |                                                         |
//!    |  |         suspended (a lump again): unhealthy, terminated,   |
//!    +--|------- rent unpaid, its operator left. The next bid, ---+
//!       |                  or time for more bids                  |
//!       |                                                         |
//!       |                       refunded: closed by the tenant or |
//!       |                  governance, its time or funds are over |
//!       |                                                         v
//!       +--- nobody takes it, cancelled, time over: refunded -> Closed
//! ```
//!
//! A replica waits until the bid deadline first. Whenever an operator fails it, the bids that stand
//! are looked at in this block or the next; if none can take it, bids are welcome for
//! [`Config::ReopenBlocks`], and then it is over. It is refunded in full whenever it is over, as
//! far as nothing was earned. Every wait has its last block, every start its window, every running
//! lease its last round, so everything ends by itself.
//!
//! A replica has at most [`MAX_PLACEMENTS`] leases, and an operator that failed it never gets it
//! again. Nor does a bid take over by itself that is dearer than the failover price of the order.
//!
//! ## Ends of running leases
//!
//! Escrow owns the end of its stream: when, why, and if the funds are refunded or suspended for the
//! next operator. This pallet asks for an end ([`Escrow::end`](surety_primitives::Escrow::end),
//! [`Escrow::park`](surety_primitives::Escrow::park)) the moment it learns of a reason, also of one
//! that lies two rounds back, and reports the end that stands. A lease has no state for it: it runs
//! until escrow reports that its last round is paid, and only then its operator answers for it,
//! once.
//!
//! - Its operator gives notice at any time. If the time of the lease is over sooner, it ends then;
//!   the tenant cannot extend it any more.
//! - Its tenant leaves with the current round. In the first [`Config::TrialRounds`] rounds that
//!   costs only what was metered, later at least the price of the first window, less its rounds
//!   that were not billable.
//!
//! ## Penalties
//!
//! A bid reserves bond for every replica it offers: the credits of its terms and the start penalty,
//! a fixed share of what the bid costs in a window. An operator that is not ready in time, that is
//! bad in too many of the last rounds, that is ended for cause, or that leaves at once pays that
//! penalty to the treasury, never to the tenant: so a tenant gains nothing by an image that cannot
//! be started. Its reputation remembers each of these. Declining within the fetch window is free,
//! and nobody pays for a start in which the rounds were full. While a lease runs, the exposure of
//! its agreement takes the place of what was reserved for the credits.
//!
//! ## Matching
//!
//! Lowest `price x (300 - score) / 200` first; see the file `matching`. Within a round of a match bids cannot
//! be withdrawn or raised, only lowered and added.
//!
//! ## Capacity
//!
//! A `Compute` service declares what it has. Bids and leases reserve it, so nothing is sold twice, and a server
//! (scheme, host and port of the endpoint) backs the capacity of one service only.
//!
//! ## Neighbours
//!
//! Probing and `sla` notify [`OnLease`](surety_primitives::OnLease) of failures, escrow notifies
//! [`OnEscrowEnd`](surety_primitives::OnEscrowEnd) of ends, the registry asks
//! [`Capacity`](surety_primitives::Capacity). None of the first two can fail here.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod bids;
mod impls;
mod inventory;
mod leases;
mod lifecycle;
mod matching;
#[cfg(test)]
mod mock;
mod orders;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;

use alloc::boxed::Box;
use frame::{prelude::*, traits::Randomness};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BondReserve, Clock, CloseReason, Endpoint, Funds,
	LeaseAgreements, LeaseId, LeaseRegistry, OneOffHolds, OrderId, Registry, ReputationInspect,
	ReputationSink, Resources, RoundIndex, ServiceId, Slots, WindowShare,
};

// The storage macros look up the pallet's own name with `expect`.
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

		/// Holds of the deposits, and the minimum balances of assets.
		type Funds: Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Blocks, rounds and windows.
		type Clock: Clock;

		/// The services that bid, and the services that leases become.
		type Registry: Registry<Self::AccountId> + LeaseRegistry<Self::AccountId>;

		/// Most that terms may credit at once, in windows' prices.
		type MaxCredit: Get<WindowShare>;

		/// The bond that bids reserve.
		type Bonding: BondReserve<Self::AccountId>;

		/// Slots of running leases.
		type Slots: Slots;

		/// The funds of the replicas.
		type Escrow: OneOffHolds<Self::AccountId>;

		/// The agreements that leases are credited by.
		type Agreements: LeaseAgreements<Self::AccountId>;

		/// Scores that bids are ranked by; learns who failed.
		type Reputation: ReputationSink<Self::AccountId> + ReputationInspect<Self::AccountId>;

		/// Draws among equal bids. Must not be known when the bids are placed.
		type Randomness: Randomness<Self::Hash, BlockNumberFor<Self>>;

		/// Planck on hold for an order until it is removed.
		type OrderDeposit: Get<Balance>;

		/// Planck on hold for a bid until it is gone.
		type BidDeposit: Get<Balance>;

		/// Penalty for failing a replica: a share of what its bid costs in a window, or in the
		/// whole duration if that is shorter.
		type StartPenalty: Get<Perbill>;

		/// Blocks in which a lease may be declined for free.
		type FetchBlocks: Get<BlockNumber>;

		/// Blocks in which a lease must be reported ready.
		type StartBlocks: Get<BlockNumber>;

		/// Blocks in which bids are welcome again when an operator failed and no bid can take over.
		type ReopenBlocks: Get<BlockNumber>;

		/// Most blocks from an order to its bid deadline.
		type MaxBidBlocks: Get<BlockNumber>;

		/// Most blocks that a replica may run in all.
		type MaxDuration: Get<BlockNumber>;

		/// Blocks for which an order that is over stays readable.
		type KeepBlocks: Get<BlockNumber>;

		/// Rounds after the one in which a lease is ready in which its tenant may leave for what
		/// was metered.
		type TrialRounds: Get<RoundIndex>;

		/// Windows of notice that an operator gives to close a lease.
		type NoticeWindows: Get<u32>;

		/// Most bids of an order at a time.
		#[pallet::constant]
		type MaxBids: Get<u32>;

		/// Most entries of each lane of the agenda looked at in one block. The others wait for the
		/// next.
		#[pallet::constant]
		type TasksPerBlock: Get<u32>;

		/// Weights.
		type WeightInfo: WeightInfo;

		/// Benchmark set-up.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for which this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For the storage of an order.
		#[codec(index = 0)]
		Order,
		/// For the storage of a bid.
		#[codec(index = 1)]
		Bid,
	}

	/// Id of the next order.
	#[pallet::storage]
	pub type NextOrder<T: Config> = StorageValue<_, OrderId, ValueQuery>;

	/// Id of the next lease.
	#[pallet::storage]
	pub type NextLease<T: Config> = StorageValue<_, LeaseId, ValueQuery>;

	/// All orders that are not removed.
	#[pallet::storage]
	pub type Orders<T: Config> = StorageMap<_, Twox64Concat, OrderId, OrderOf<T>>;

	/// The bids that stand, by order and service.
	#[pallet::storage]
	pub type Bids<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrderId, Twox64Concat, ServiceId, BidOf<T>>;

	/// All leases of the orders, over or not.
	#[pallet::storage]
	pub type Leases<T: Config> = StorageMap<_, Twox64Concat, LeaseId, LeaseOf<T>>;

	/// The leases that an account pays for or runs.
	#[pallet::storage]
	pub type LeasesOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, LeaseId, ()>;

	/// Capacity of `Compute` services.
	#[pallet::storage]
	pub type Inventories<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Inventory>;

	/// The service whose capacity a server backs.
	#[pallet::storage]
	pub type Servers<T: Config> = StorageMap<_, Identity, ServerId, ServiceId>;

	/// Orders and leases by the lane and block in which they are looked at.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageDoubleMap<_, Twox64Concat, (Lane, BlockNumber), Twox64Concat, Entry, ()>;

	/// First block whose agenda is not worked off, by lane.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageMap<_, Twox64Concat, Lane, BlockNumber>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A service said what it has. All zero: it has nothing to give any more.
		CapacityDeclared {
			/// The service.
			service: ServiceId,
			/// All it has, given away or not.
			total: Resources,
		},
		/// An order was placed and its deposits are on hold.
		OrderPlaced {
			/// Id of the order.
			order: OrderId,
			/// Account that asks and pays.
			tenant: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Replicas.
			quantity: u8,
			/// Rounds that each of them runs: the duration asked for, rounded up.
			rounds: RoundIndex,
			/// Block in which bids are matched.
			bid_deadline: BlockNumber,
		},
		/// The tenant withdrew an order from bidding; its replicas without an operator are closed.
		OrderCancelled {
			/// Id of the order.
			order: OrderId,
		},
		/// The last replica of an order is closed.
		OrderOver {
			/// Id of the order.
			order: OrderId,
		},
		/// An order and its leases are forgotten; the deposit is given back.
		OrderRemoved {
			/// Id of the order.
			order: OrderId,
		},
		/// A bid was placed; capacity and bond are reserved for it.
		BidPlaced {
			/// Order it is for.
			order: OrderId,
			/// Service that bids.
			service: ServiceId,
			/// Its operator.
			operator: T::AccountId,
			/// Base units per replica and billable block.
			price: Balance,
			/// Replicas it can take.
			replicas: u8,
		},
		/// A bid has another price.
		BidUpdated {
			/// Order it is for.
			order: OrderId,
			/// Service that bids.
			service: ServiceId,
			/// Base units per replica and billable block.
			price: Balance,
		},
		/// A bid is gone and nothing is reserved for it any more: withdrawn, or its operator failed a lease of
		/// the order, or the order is over.
		BidWithdrawn {
			/// Order it was for.
			order: OrderId,
			/// Service that bid.
			service: ServiceId,
		},
		/// A bid was taken for a replica: its operator has to start it.
		LeaseAwarded {
			/// Id of the lease.
			lease: LeaseId,
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Account that runs it.
			operator: T::AccountId,
			/// Service of the bid.
			service: ServiceId,
			/// Base units per billable block.
			price: Balance,
			/// Score of the operator now.
			score: u8,
			/// First block in which it can no longer be declined for free.
			fetch_until: BlockNumber,
			/// Block at which it has failed if it is not ready.
			ready_by: BlockNumber,
		},
		/// A lease runs: it is probed as service 2^31 + its id, and billed from the next round on.
		LeaseReady {
			/// Id of the lease.
			lease: LeaseId,
			/// Agreement that it is credited by.
			agreement: AgreementId,
			/// Last round of its time.
			last_round: RoundIndex,
		},
		/// The end of a lease is decided: nothing after `round` is billed. A sooner end may still
		/// take its place, and is reported again.
		LeaseEnding {
			/// Id of the lease.
			lease: LeaseId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason; the thousands say whose doing it was: 1 tenant, 2 operator,
			/// 3 network.
			code: u16,
		},
		/// A lease is over.
		LeaseClosed {
			/// Id of the lease.
			lease: LeaseId,
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for it, fee included.
			paid: Balance,
			/// Base units left: refunded, or on hold for the next operator.
			refunded: Balance,
		},
		/// An operator failed a lease that is closed now, and paid for it out of its bond, to the
		/// treasury.
		PenaltyPaid {
			/// Id of the lease.
			lease: LeaseId,
			/// Its operator.
			operator: T::AccountId,
			/// Base units that moved.
			amount: Balance,
		},
		/// No bid that stands can take over a replica: new ones are welcome.
		ReplicaReopened {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Block in which bids are matched.
			until: BlockNumber,
			/// Why its last lease ended.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// A replica is over and its funds are settled.
		ReplicaClosed {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for all its leases, fee included.
			paid: Balance,
			/// Base units that went back to the tenant.
			refunded: Balance,
		},
		/// A replica runs longer.
		Extended {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Last round of its time.
			last_round: RoundIndex,
		},
		/// A replica got more funds.
		ToppedUp {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Base units put on hold.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no order with this id; it may be removed.
		UnknownOrder,
		/// There is no lease with this id; its order may be removed.
		UnknownLease,
		/// This service has no bid on this order.
		UnknownBid,
		/// The order has no replica with this number.
		UnknownReplica,
		/// There is no service with this id.
		UnknownService,
		/// Only the tenant of the order may do this.
		NotTenant,
		/// Only the operator may do this.
		NotOperator,
		/// Only the tenant and the operator of a lease may close it.
		NotParty,
		/// The service is not a `Compute` service. A lease is none either.
		NotCompute,
		/// The service has not declared what it has.
		NoCapacityDeclared,
		/// Bids or leases use what the service has.
		CapacityInUse,
		/// Bids and leases use more than this, or GPUs of another class.
		CapacityBelowUsed,
		/// The service does not have this much free, or not GPUs of this class.
		NotEnoughCapacity,
		/// This server backs the capacity of another service.
		ServerTaken,
		/// The endpoint of the service moved to another server. Declare its capacity again.
		ServerMoved,
		/// The probers did not read the proof of control at the endpoint of the service yet.
		NotProven,
		/// The service is ending: it cannot declare what it has any more.
		ServiceOver,
		/// A GPU class is lower-case letters, digits and dashes, and comes with GPUs only; a service with GPUs
		/// must name one.
		BadGpuClass,
		/// Resources of zero: nothing is asked for or declared.
		NoResources,
		/// The asset is not approved.
		AssetNotApproved,
		/// The image reference must be printable ASCII without spaces, and not empty.
		BadImage,
		/// Port 0, or a port twice.
		BadPorts,
		/// A region that is no code of a country by ISO 3166-1, or a region twice.
		BadRegions,
		/// An order has 1 to 8 replicas, and a bid takes at least one and at most all of them.
		BadQuantity,
		/// The price must be above zero.
		ZeroPrice,
		/// The bid is above the highest price of the order.
		PriceAboveMax,
		/// The failover price is above the highest price of the order.
		FailoverAboveMax,
		/// The bid has this price already.
		SamePrice,
		/// A price or a credit so high that sums of it overflow.
		PriceOverflow,
		/// The terms must pay some credit: the cover is zero.
		TermsZeroCover,
		/// The credits of the terms must not fall with the severity.
		TermsCreditsFall,
		/// A credit of the terms is above their cover.
		TermsCreditAboveCover,
		/// A credit of the terms is above the most that governance allows.
		TermsCreditAboveMost,
		/// The uptime of the terms is above 1,000,000,000 parts per billion.
		TermsUptime,
		/// The latency of the terms is longer than probers wait.
		TermsLatency,
		/// The number of blocks must be above zero.
		ZeroDuration,
		/// Longer than a replica may run in all.
		DurationTooLong,
		/// The bid deadline must be at least a round ahead.
		DeadlineTooSoon,
		/// The bid deadline is too far ahead.
		DeadlineTooFar,
		/// The deposit must pay for a window (or the whole duration, if that is shorter) at the highest price,
		/// plus the asset's minimum balance.
		DepositTooLow,
		/// The amount must be above zero.
		ZeroAmount,
		/// No ids of orders are left.
		TooManyOrders,
		/// No ids of leases are left, or the order had as many as it may have.
		TooManyLeases,
		/// No replica of the order waits for an operator.
		NothingWaiting,
		/// The order takes no bids now.
		NotBidding,
		/// Tenants cannot bid on their own orders.
		OwnOrder,
		/// The service is in another asset than the order.
		WrongAsset,
		/// The order does not allow the region of the service.
		RegionNotAllowed,
		/// The trust level of the operator is below what the order asks for.
		TrustTooLow,
		/// The order or the lease has other terms than the service, and they were not accepted:
		/// `foreign_terms` is false.
		ForeignTerms,
		/// The service has a bid on this order. Update it.
		AlreadyBid,
		/// Another service of the operator bids on this order already: one bid per operator.
		OperatorBid,
		/// The bid asks for more than the `max_price` that was given: it was changed meanwhile.
		PriceRose,
		/// The order has as many bids as it may have.
		TooManyBids,
		/// Bids are matched within a round: they can be lowered, not raised nor withdrawn.
		BidsLocked,
		/// This bid cannot take any replica that waits: its operator failed them before, or their funds do not
		/// pay for a round at this price.
		BidUnfit,
		/// The lease was reported ready before.
		AlreadyReady,
		/// The lease is over.
		LeaseOver,
		/// The start window of the lease is over.
		TooLate,
		/// The access text must be UTF-8.
		BadAccess,
		/// The time in which the lease could be declined for free is over.
		FetchWindowOver,
		/// The lease is not running. A lease that starts is declined, or fails when its window is over.
		NotRunning,
		/// The end of the lease is decided, and this would not be sooner.
		AlreadyEnding,
		/// The replica is over.
		ReplicaOver,
		/// Replicas of the order are not over yet.
		OrderNotOver,
		/// The order is over, but still kept for reading.
		OrderKept,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Match bids, and give up leases that were not ready in time.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::work_agenda()
		}

		fn integrity_test() {
			assert!(T::TasksPerBlock::get() > 0, "nothing would ever end");
			assert!(T::MaxBids::get() > 0, "no order could ever be matched");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Declare what a `Compute` service of yours has in all; it must be active or paused. Bids
		/// and leases reserve parts of it, so the total cannot go below what they use. All zero
		/// takes back the declaration, whatever the state of the service.
		///
		/// The server of the endpoint (scheme, host and port) backs the capacity of one service only. A service
		/// whose endpoint moves to another server declares again, while nothing is in use.
		///
		/// Event: `CapacityDeclared`.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::declare_capacity())]
		pub fn declare_capacity(
			origin: OriginFor<T>,
			service: ServiceId,
			total: Resources,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_declare(who, service, total)
		}

		/// Ask for compute. For each replica `deposit` base units go on hold: at least what a window costs at
		/// `max_price` (or the whole duration, if that is shorter) plus the asset's minimum balance. What is not
		/// earned by running comes back. A storage deposit in the native token is on hold until the order is
		/// removed.
		///
		/// `failover_price` is the most that a bid may ask to take over by itself when an operator
		/// fails. `None` stands for the price of the replica's first lease; at 0 you accept each
		/// replacement yourself. It holds once a lease of the replica was ready or you accepted a
		/// bid; until then `max_price` counts.
		///
		/// Events: `OrderPlaced`, with the duration in rounds.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::place_order(u32::from(order.quantity).min(MAX_REPLICAS)))]
		pub fn place_order(origin: OriginFor<T>, order: Box<NewOrder>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_place_order(who, *order)
		}

		/// Withdraw your order from bidding: replicas that wait for an operator are closed and refunded, and no
		/// new bids are taken. Leases that start or run go on, and bids that stand still take over if one fails.
		///
		/// Events: `OrderCancelled`, `ReplicaClosed` per replica.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::cancel_order(MAX_REPLICAS))]
		pub fn cancel_order(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel_order(who, order)
		}

		/// Offer to run `replicas` of an order with a `Compute` service of yours, at `price` base units per
		/// replica and billable block. Reserves capacity, and bond for the credits of the terms and for the
		/// penalty of failing, per replica; a bid deposit in the native token is on hold while the bid stands.
		///
		/// Bids that are not taken at the match stand as reserve for when an operator fails.
		///
		/// `foreign_terms` says that you accept the terms of the order if your service does not
		/// promise them already: the credits may be larger. A proxy for operating cannot accept
		/// them.
		///
		/// Event: `BidPlaced`.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::place_bid())]
		pub fn place_bid(
			origin: OriginFor<T>,
			order: OrderId,
			service: ServiceId,
			price: Balance,
			replicas: u8,
			foreign_terms: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_place_bid(who, order, service, price, replicas, foreign_terms)
		}

		/// Change the price of your bid, and the bond that it reserves. Within a round of a match
		/// it can only be lowered. Leases that it became already keep theirs.
		///
		/// Event: `BidUpdated`.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::update_bid())]
		pub fn update_bid(
			origin: OriginFor<T>,
			order: OrderId,
			service: ServiceId,
			price: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_update_bid(who, order, service, price)
		}

		/// Withdraw your bid, as far as it is not taken. Refused within a round of a match.
		///
		/// Event: `BidWithdrawn`.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::withdraw_bid())]
		pub fn withdraw_bid(
			origin: OriginFor<T>,
			order: OrderId,
			service: ServiceId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw_bid(who, order, service)
		}

		/// Accept a bid on your order for one replica that waits, without waiting for the match,
		/// also one above the failover price. It fails if the bid asks for more than `max_price`
		/// (base units per billable block) by now.
		///
		/// Event: `LeaseAwarded`.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::accept_bid())]
		pub fn accept_bid(
			origin: OriginFor<T>,
			order: OrderId,
			service: ServiceId,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_accept_bid(who, order, service, max_price)
		}

		/// Report a lease of yours ready, before its start window is over. `health` is the URL at which your
		/// agent says how this lease is, on the server of the service that was bid with; `access` says how the
		/// tenant reaches what runs, as UTF-8. From the next round on the lease is probed and billed.
		///
		/// `foreign_terms` as for `place_bid`: needed if the lease has terms that your service does
		/// not promise.
		///
		/// Event: `LeaseReady`.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::report_ready())]
		pub fn report_ready(
			origin: OriginFor<T>,
			lease: LeaseId,
			health: Endpoint,
			access: Access,
			foreign_terms: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_report_ready(who, lease, health, access, foreign_terms)
		}

		/// Decline a lease that was awarded to you, within the fetch window: costs nothing. The next bid takes
		/// over; yours is withdrawn.
		///
		/// Event: `LeaseClosed` with `Declined`.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::decline())]
		pub fn decline(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_decline(who, lease)
		}

		/// Close a lease.
		///
		/// - As its tenant: with this round, and its replica is over. While it starts, everything
		///   is refunded at once. In the first rounds (the trial) you pay what was metered, later
		///   at least the price of the first window, less its rounds that were not billable.
		///   `at_once` has no meaning.
		/// - As its operator: with notice of some windows, at any time; it ends sooner if its time
		///   is over sooner, and its tenant cannot extend it any more. Or, `at_once`, with this
		///   round for the penalty of failing it, out of the bond, and remembered in your score.
		///   The next bid takes over, if time is left.
		///
		/// Event: `LeaseEnding`, or `LeaseClosed` if it had not started.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::close_lease())]
		pub fn close_lease(origin: OriginFor<T>, lease: LeaseId, at_once: bool) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_lease(who, lease, at_once)
		}

		/// Let a replica of your order whose lease is running run for `blocks` more, rounded up to
		/// whole rounds. Refused once the end of the lease is decided or its last round has begun,
		/// or if the operator's bond does not cover the penalty for the longer time. Its funds are
		/// another matter: see `top_up`.
		///
		/// Event: `Extended`.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::extend())]
		pub fn extend(
			origin: OriginFor<T>,
			order: OrderId,
			replica: u8,
			blocks: BlockNumber,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_extend(who, order, replica, blocks)
		}

		/// Put `amount` more base units on hold for a replica of your order, whether it runs or waits.
		///
		/// Event: `ToppedUp`.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(
			origin: OriginFor<T>,
			order: OrderId,
			replica: u8,
			amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, order, replica, amount)
		}

		/// Forget an order that is over and was kept for long enough, with its leases; the deposits are given
		/// back. Anybody may call this.
		///
		/// Event: `OrderRemoved`.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::remove_order(MAX_LEASES, T::MaxBids::get()))]
		pub fn remove_order(origin: OriginFor<T>, order: OrderId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (leases, bids) = Self::do_remove_order(order)?;
			Ok(Some(T::WeightInfo::remove_order(leases, bids)).into())
		}
	}
}
