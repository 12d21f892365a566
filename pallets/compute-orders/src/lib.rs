// SPDX-License-Identifier: Apache-2.0

//! # Compute orders pallet
//!
//! Market for rented compute. A tenant places an *order*; operators *bid* with their services; an
//! accepted bid becomes a *lease*, which is paid by the block, probed and credited like any
//! service, and replaced when its operator fails.
//!
//! ## Terminology
//!
//! - **Inventory**: resources that a `Compute` service has declared, and the part of them that bids
//!   and leases reserve. A **server** (scheme, host and port of the endpoint) backs the inventory
//!   of one service only.
//! - **Order**: request of a tenant for 1 to 8 **replicas**, copies of one container. Each replica
//!   has an escrow account of its own, deposited at the maximum price of the order.
//! - **Term** of a replica: time that it runs. It begins with the first lease that is ready.
//! - **Bid**: offer of an operator to run replicas at a price per billable block. A bid that is not
//!   taken at the match is **standing**: it may take over when an operator fails.
//! - **Lease**: placement of a replica at an operator. A replica has one lease after the other.
//! - **Fetch window, start window**: blocks in which a new lease can be declined for free, and in
//!   which it must be ready.
//! - **Trial**: first rounds of a lease, in which the tenant may leave for what was metered.
//! - **Penalty**: base units of bond that the operator pays to the treasury for failing a lease.
//! - **Failover price**: maximum price at which a bid takes over without being accepted.
//! - **One-off hold, stream**: the two forms of an escrow account. A replica that waits or starts
//!   has a hold, one that runs has a stream, which is **suspended** to a hold when an operator is
//!   to be replaced.
//! - **Agenda**: orders and leases by the block in which time changes them, in three **lanes**.
//!
//! ## Life cycle
//!
//! ```text
//!  place_order        match at the deadline, accept_bid       report_ready
//!  (funds: one-off hold)  (bid: one replica less)          (the hold streams)
//!       |                          |                              |
//!       v                          v                              v
//!    Waiting ----------------> Placed: Starting ------------> Placed: Running
//!    ^  |  ^                       |                              |
//!    |  |  |  declined, or not     |       escrow decides the end; that round is
//!    |  |  +--- ready in time -----+       judged, the operator paid; the rest is
//!    |  |                                                         |
//!    |  |        suspended (a hold again): unhealthy, terminated, |
//!    +--|------- rent unpaid, the operator left. Next bid, -------+
//!       |                  or time for more bids                  |
//!       |                                                         |
//!       |                       refunded: closed by the tenant or |
//!       |                     governance, time or funds are over  |
//!       |                                                         v
//!       +-- nobody takes it, cancelled, time over: refunded --> Closed
//! ```
//!
//! A replica waits until the bid deadline first. When an operator fails it, the standing bids are
//! matched in the same block or the next. If none can take over, new bids are taken for
//! [`Config::ReopenBlocks`], and then the replica is closed. A closed replica is refunded in full,
//! as far as nothing was earned. Every wait has a last block, every start a window, every running
//! lease a last round, so everything ends by itself.
//!
//! A replica has at most [`MAX_PLACEMENTS`] leases, and an operator that failed it never gets it
//! again. A bid above the failover price of the order never takes over without being accepted.
//!
//! **Ends of running leases.** Escrow owns the end of its stream: when, why, and whether the funds
//! are refunded or suspended for the next operator. This pallet asks for an end
//! ([`Streams::end`](surety_primitives::Streams::end),
//! [`OneOffHolds::suspend`]) as soon as it has a reason,
//! even if that lies two rounds back, and reports the end that stands. A lease has no state for it:
//! it runs until escrow reports that its last round is paid. Only then the operator answers for the
//! lease, once.
//!
//! - The operator gives notice at any time. If the term is over sooner, the lease ends then; the
//!   tenant cannot extend it any more.
//! - The tenant leaves with the current round. In the trial that costs what was metered, later at
//!   least the price of the first window, less its rounds that were not billable.
//!
//! **Penalties.** A bid reserves bond for every replica that it offers: the credits of the terms
//! and the penalty, a fixed share of the price of a window. An operator pays the penalty if it is
//! not ready in time, is bad in too many of the last rounds, is ended for cause, or leaves at once.
//! The treasury receives it, never the tenant: a tenant gains nothing by an image that cannot be
//! started. The reputation pallet records each failure. Declining within the fetch window is free,
//! and nobody pays for a start in which all slots of the probers were taken. While a lease runs,
//! the exposure of its agreement replaces the bond that was reserved for the credits.
//!
//! **Matching.** Bids are ranked by `price x (300 - score) / 200`, lowest first. From a round
//! before a match on bids can be lowered and added, not raised or withdrawn.
//!
//! ## Example
//!
//! A development chain has 5 blocks to a round and 12 rounds to a window. The penalty is 10 % of
//! the price of a window.
//!
//! 1. A tenant orders one replica for 150 blocks (30 rounds) at a maximum price of 100, with a
//!    deposit of 30,000. The bid deadline is block 140.
//! 2. Operator A (score 40) bids 83, operator B (score 90) bids 100. At the match A ranks at
//!    `83 x 260 / 200 = 107.9`, B at `100 x 210 / 200 = 105`: B wins, the bid of A stands.
//! 3. B reports the lease ready in round 28. It is billed from round 29 to round 58, at 500 per
//!    round.
//! 4. The lease is down in rounds 31 to 33, which the probers judge in block 178: it is unhealthy,
//!    and its stream is suspended after round 33. B is paid for the rounds 29 and 30. It pays a
//!    penalty of `100 x 60 / 10 = 600` in block 179.
//! 5. In the same block the replica goes to the standing bid of A, with the 29,000 that are left,
//!    for the rest of the term.
//!
//! ## Assumptions
//!
//! - The hook runs after that of the escrow pallet: a replica whose stream was suspended in a block
//!   is matched in the same block. The hook of the escrow pallet runs after that of the probes
//!   pallet, which judges rounds.
//! - The probes pallet calls [`OnLeaseFailed`](surety_primitives::OnLeaseFailed) inside its sweep
//!   after it has ended the meter of the lease, and escrow calls
//!   [`OnStreamEnd`](surety_primitives::OnStreamEnd) inside its agenda. Both are constant work,
//!   cannot fail, and add the weight that is returned. Neither handler calls back.
//! - The operators pallet calls [`Inventory`](surety_primitives::Inventory) before it removes a
//!   service or moves it to another server.
//! - [`Config::Randomness`] is not known to bidders before the bids are locked.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. The used resources of an inventory are the sum over bids (the replicas that they can still
//!    take) and leases that are not over, and never more than the total. A server backs exactly
//!    the service that names it.
//! 2. The bond reserved for an operator and asset is the sum over bids and leases.
//! 3. The deposits on hold are the sums over orders and bids.
//! 4. The agenda has one entry per order that waits for a block and one per lease that starts, in
//!    the lane and block that they name, not before the cursor, and no other. Leases that run have
//!    none: their streams end them.
//! 5. A replica and its lease name each other; every other lease of the order is over. The stream
//!    of a running lease ends with the term of its replica, which has a failover price. No replica
//!    had more leases than it may have, and none is placed at an operator that failed it.
//! 6. The index names exactly the leases of tenants and operators.
//! 7. An order counts its bids; an order that is over has the block in which it was closed. Bids
//!    can take at least one replica.
//! 8. Ids are below the next one.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

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
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::boxed::Box;
use frame::{deps::frame_support::migrations::MultiStepMigrator, prelude::*, traits::Randomness};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BondReserve, Clock, CloseReason, Endpoint, Funds,
	LeaseAgreements, LeaseId, LeaseRegistry, OneOffHolds, OrderId, Registry, ReputationInspect,
	ReputationSink, Resources, RoundIndex, ServiceId, Slots, TermsFault, WindowShare,
};

/// Log target of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::surety-compute-orders";

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Default configurations for mocks: `#[derive_impl(config_preludes::TestDefaultConfig)]`.
	pub mod config_preludes {
		use super::*;
		use frame_support::{
			derive_impl, parameter_types, register_default_impl, traits::ConstU128,
		};

		parameter_types! {
			/// Thirty windows' prices.
			pub const MaxCredit: WindowShare = WindowShare::from_u32(30);
			/// A tenth of a window's price.
			pub const StartPenalty: Perbill = Perbill::from_percent(10);
		}

		/// Short times and small deposits for tests.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			#[inject_runtime_type]
			type RuntimeHoldReason = ();
			type MaxCredit = MaxCredit;
			type OrderDeposit = ConstU128<500>;
			type BidDeposit = ConstU128<50>;
			type StartPenalty = StartPenalty;
			type FetchBlocks = ConstU32<10>;
			type StartBlocks = ConstU32<30>;
			type ReopenBlocks = ConstU32<20>;
			type MaxBidBlocks = ConstU32<1_000>;
			type MaxDuration = ConstU32<6_000>;
			type KeepBlocks = ConstU32<100>;
			type TrialRounds = ConstU32<2>;
			type NoticeWindows = ConstU32<1>;
			type MaxBids = ConstU32<8>;
			type TasksPerBlock = ConstU32<10>;
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Overarching hold reason.
		#[pallet::no_default_bounds]
		type RuntimeHoldReason: From<HoldReason> + Copy;

		/// Holds of the deposits, and minimum balances of assets.
		#[pallet::no_default]
		type Funds: Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Clock of the chain.
		#[pallet::no_default]
		type Clock: Clock;

		/// Listings of the services that bid, and of the leases.
		#[pallet::no_default]
		type Registry: Registry<Self::AccountId> + LeaseRegistry<Self::AccountId>;

		/// Bonds, which bids and leases reserve parts of.
		#[pallet::no_default]
		type Bonding: BondReserve<Self::AccountId>;

		/// Slots of running leases.
		#[pallet::no_default]
		type Slots: Slots;

		/// Funds of the replicas.
		#[pallet::no_default]
		type Escrow: OneOffHolds<Self::AccountId>;

		/// Agreements by which tenants of leases are credited.
		#[pallet::no_default]
		type Agreements: LeaseAgreements<Self::AccountId>;

		/// Scores that bids are ranked by, and the handler of failed leases.
		#[pallet::no_default]
		type Reputation: ReputationSink<Self::AccountId> + ReputationInspect<Self::AccountId>;

		/// Randomness that draws among equal bids. Must not be known when the bids are placed.
		#[pallet::no_default]
		type Randomness: Randomness<Self::Hash, BlockNumberFor<Self>>;

		/// Highest credit that the terms of an order may promise for one breach, in windows'
		/// prices.
		type MaxCredit: Get<WindowShare>;

		/// Planck on hold for an order until it is removed.
		type OrderDeposit: Get<Balance>;

		/// Planck on hold for a bid until it is gone.
		type BidDeposit: Get<Balance>;

		/// Penalty for failing a lease, as a share of the price of a window, or of the whole
		/// duration if that is shorter.
		type StartPenalty: Get<Perbill>;

		/// Blocks in which a lease may be declined for free.
		type FetchBlocks: Get<BlockNumber>;

		/// Blocks in which a lease must be reported ready.
		type StartBlocks: Get<BlockNumber>;

		/// Blocks in which new bids are taken when an operator failed and no standing bid can take
		/// over.
		type ReopenBlocks: Get<BlockNumber>;

		/// Maximum number of blocks from an order to its bid deadline.
		type MaxBidBlocks: Get<BlockNumber>;

		/// Maximum number of blocks that a replica may run in all.
		type MaxDuration: Get<BlockNumber>;

		/// Blocks for which an order that is over is kept.
		type KeepBlocks: Get<BlockNumber>;

		/// Rounds of the trial, after the round in which the lease is ready.
		type TrialRounds: Get<RoundIndex>;

		/// Windows of notice that an operator gives to close a lease.
		type NoticeWindows: Get<u32>;

		/// Maximum number of bids of an order at a time. At least 1.
		#[pallet::constant]
		type MaxBids: Get<u32>;

		/// Maximum number of entries of each lane of the agenda that one block processes. At least
		/// 1.
		#[pallet::constant]
		type TasksPerBlock: Get<u32>;

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
		/// Storage of an order.
		#[codec(index = 0)]
		Order,
		/// Storage of a bid.
		#[codec(index = 1)]
		Bid,
	}

	/// Id of the next order.
	#[pallet::storage]
	pub type NextOrder<T: Config> = StorageValue<_, OrderId, ValueQuery>;

	/// Id of the next lease.
	#[pallet::storage]
	pub type NextLease<T: Config> = StorageValue<_, LeaseId, ValueQuery>;

	/// Orders that are not removed.
	#[pallet::storage]
	pub type Orders<T: Config> = StorageMap<_, Twox64Concat, OrderId, OrderOf<T>>;

	/// Standing bids by order and service.
	#[pallet::storage]
	pub type Bids<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrderId, Twox64Concat, ServiceId, BidOf<T>>;

	/// Leases of all orders, over or not.
	#[pallet::storage]
	pub type Leases<T: Config> = StorageMap<_, Twox64Concat, LeaseId, LeaseOf<T>>;

	/// Leases that an account pays for or runs.
	#[pallet::storage]
	pub type LeasesOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, LeaseId, ()>;

	/// Inventories of `Compute` services.
	#[pallet::storage]
	pub type Inventories<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Inventory>;

	/// Service whose inventory a server backs.
	#[pallet::storage]
	pub type Servers<T: Config> = StorageMap<_, Identity, ServerId, ServiceId>;

	/// Orders and leases by the lane and block in which they are processed.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageDoubleMap<_, Twox64Concat, (Lane, BlockNumber), Twox64Concat, Entry, ()>;

	/// First block whose agenda is not processed, by lane.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageMap<_, Twox64Concat, Lane, BlockNumber>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The inventory of a service was declared. Resources of zero: the declaration was taken
		/// back.
		CapacityDeclared {
			/// Service.
			service: ServiceId,
			/// All resources, reserved or not.
			total: Resources,
		},
		/// An order was placed and its deposits are on hold.
		OrderPlaced {
			/// Id of the order.
			order: OrderId,
			/// Account that orders and pays.
			tenant: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Number of replicas.
			quantity: u8,
			/// Rounds that each replica runs: the duration of the order, rounded up.
			rounds: RoundIndex,
			/// Block in which bids are matched.
			bid_deadline: BlockNumber,
		},
		/// The tenant withdrew an order from bidding. Its replicas without an operator are closed.
		OrderCancelled {
			/// Id of the order.
			order: OrderId,
		},
		/// The last replica of an order is closed.
		OrderOver {
			/// Id of the order.
			order: OrderId,
		},
		/// An order and its leases were removed, and the deposit was released.
		OrderRemoved {
			/// Id of the order.
			order: OrderId,
		},
		/// A bid was placed, and resources and bond are reserved for it.
		BidPlaced {
			/// Id of the order.
			order: OrderId,
			/// Service of the bid.
			service: ServiceId,
			/// Operator of the service.
			operator: T::AccountId,
			/// Base units per replica and billable block.
			price: Balance,
			/// Number of replicas that the bid can take.
			replicas: u8,
		},
		/// The price of a bid changed.
		BidUpdated {
			/// Id of the order.
			order: OrderId,
			/// Service of the bid.
			service: ServiceId,
			/// Base units per replica and billable block.
			price: Balance,
		},
		/// A bid was removed, and nothing is reserved for it any more: it was withdrawn, its
		/// operator failed a lease of the order, or the order is over.
		BidWithdrawn {
			/// Id of the order.
			order: OrderId,
			/// Service of the bid.
			service: ServiceId,
		},
		/// A bid was taken for a replica. The operator has to start it.
		LeaseAwarded {
			/// Id of the lease.
			lease: LeaseId,
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Operator that runs the lease.
			operator: T::AccountId,
			/// Service of the bid.
			service: ServiceId,
			/// Base units per billable block.
			price: Balance,
			/// Score of the operator at the match, 0 to 100.
			score: u8,
			/// First block in which the lease can no longer be declined for free.
			fetch_until: BlockNumber,
			/// Block in which the lease has failed if it is not ready.
			ready_by: BlockNumber,
		},
		/// A lease runs: it is probed and billed from the next round on.
		LeaseReady {
			/// Id of the lease.
			lease: LeaseId,
			/// Agreement by which the tenant is credited.
			agreement: AgreementId,
			/// Last round of the term.
			last_round: RoundIndex,
		},
		/// The end of a lease is decided: nothing after `round` is billed. An earlier end may
		/// replace it and is reported again.
		LeaseEnding {
			/// Id of the lease.
			lease: LeaseId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
		/// A lease was closed.
		LeaseClosed {
			/// Id of the lease.
			lease: LeaseId,
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for the lease, fee included.
			paid: Balance,
			/// Base units left: refunded, or on hold for the next operator.
			refunded: Balance,
		},
		/// An operator failed a lease that is closed now, and paid the penalty out of its bond to
		/// the treasury.
		PenaltyPaid {
			/// Id of the lease.
			lease: LeaseId,
			/// Operator of the lease.
			operator: T::AccountId,
			/// Base units that moved.
			amount: Balance,
		},
		/// No standing bid can take over a replica. New bids are taken until they are matched.
		ReplicaReopened {
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Block in which bids are matched.
			until: BlockNumber,
			/// Reason for which the last lease ended.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// A replica was closed, and its funds are settled.
		ReplicaClosed {
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for all leases of the replica, fee included.
			paid: Balance,
			/// Base units that went back to the tenant.
			refunded: Balance,
		},
		/// The term of a replica was extended.
		Extended {
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Last round of the term.
			last_round: RoundIndex,
		},
		/// Funds were added to a replica.
		ToppedUp {
			/// Id of the order.
			order: OrderId,
			/// Index of the replica, from 0.
			replica: u8,
			/// Base units put on hold.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No order has this id. It may have been removed; check the id.
		UnknownOrder,
		/// No lease has this id. Its order may have been removed; check the id.
		UnknownLease,
		/// The service has no bid on this order. Check both ids.
		UnknownBid,
		/// The order has no replica with this index. Replicas are counted from 0.
		UnknownReplica,
		/// No service has this id. Check the id.
		UnknownService,
		/// Only the tenant of the order can do that. Sign with its account.
		NotTenant,
		/// Only the operator can do that. Sign with its account.
		NotOperator,
		/// Only the tenant and the operator of a lease can close it. Sign with the account of
		/// either.
		NotParty,
		/// The service is not of the kind `Compute`. Use one that is.
		NotCompute,
		/// The service has no inventory. Declare its resources first.
		NoCapacityDeclared,
		/// Bids or leases use resources of the service. Wait until they are over, or withdraw the
		/// bids.
		CapacityInUse,
		/// Bids and leases use more than this total, or GPUs of another class. Declare at least
		/// the resources in use.
		CapacityBelowUsed,
		/// The service does not have as much free, or not GPUs of this class. Bid for fewer
		/// replicas, or declare more.
		NotEnoughCapacity,
		/// The server backs the inventory of another service. List one service per server.
		ServerTaken,
		/// The endpoint of the service is not on the server that was declared. Declare the
		/// resources again.
		ServerMoved,
		/// The probers have not found the proof of control at the endpoint of the service. Wait
		/// until the service is active.
		NotProven,
		/// The service is ending and takes no declaration any more. Use another service.
		ServiceOver,
		/// Bad GPU class: lower-case letters, digits and dashes, only together with GPUs. A
		/// declaration with GPUs must name their class.
		BadGpuClass,
		/// All resources are zero. Ask for or declare some.
		NoResources,
		/// The asset is not approved. Use an approved one.
		AssetNotApproved,
		/// Bad image reference: printable ASCII without spaces, at least one byte.
		BadImage,
		/// Port 0, or one port and protocol twice. Give each port once.
		BadPorts,
		/// A region that is not a country code of ISO 3166-1, or one region twice. Give each
		/// region once.
		BadRegions,
		/// Bad number of replicas: 1 to 8 for an order, 1 to the number of the order for a bid.
		BadQuantity,
		/// The price is zero. Give at least one base unit per block.
		ZeroPrice,
		/// The bid is above the maximum price of the order. Bid at most that.
		PriceAboveMax,
		/// The failover price is above the maximum price of the order. Give at most that.
		FailoverAboveMax,
		/// The bid has this price already. Give another price.
		SamePrice,
		/// The price or a credit is so high that sums of it overflow. Give a lower one.
		PriceOverflow,
		/// The terms are not valid: see the fault.
		InvalidTerms(TermsFault),
		/// The number of blocks is zero. Give at least one.
		ZeroDuration,
		/// The replica would run for more than the maximum number of blocks. Ask for fewer.
		DurationTooLong,
		/// The bid deadline is less than a round ahead. Give a later block.
		DeadlineTooSoon,
		/// The bid deadline is too far ahead. Give an earlier block.
		DeadlineTooFar,
		/// The deposit is too small. Give at least the maximum price times the blocks of a window
		/// (or of the whole duration, if that is shorter), plus the asset's minimum balance.
		DepositTooLow,
		/// The amount is zero. Give at least one base unit.
		ZeroAmount,
		/// No ids of orders are left.
		TooManyOrders,
		/// No ids of leases are left, or the order has had the maximum number of leases.
		TooManyLeases,
		/// No replica of the order waits for an operator.
		NothingWaiting,
		/// The order takes no bids now. Wait until one of its replicas is reopened.
		NotBidding,
		/// The tenant cannot bid on its own order. Bid on orders of others.
		OwnOrder,
		/// The service is listed in another asset than the order. Bid with a service in the asset
		/// of the order.
		WrongAsset,
		/// The region of the service is not among those of the order.
		RegionNotAllowed,
		/// The trust level of the operator is below the minimum of the order.
		TrustTooLow,
		/// The order or the lease has other terms than the service. Check them, and accept them
		/// with `foreign_terms`.
		ForeignTerms,
		/// The service has a bid on this order already. Update that bid.
		AlreadyBid,
		/// Another service of the operator has a bid on this order. Withdraw that bid first.
		OperatorBid,
		/// The bid asks for more than the `max_price` of the call: it was changed meanwhile. Read
		/// it again.
		PriceRose,
		/// The order has the maximum number of bids. Wait until one of them is gone.
		TooManyBids,
		/// The bids are matched within a round: they can be lowered, not raised or withdrawn. Wait
		/// until after the match.
		BidsLocked,
		/// The bid can take none of the waiting replicas: its operator failed them before, or their
		/// funds do not pay for a round at this price. Top them up, or accept another bid.
		BidUnfit,
		/// The lease was reported ready already.
		AlreadyReady,
		/// The lease is over.
		LeaseOver,
		/// The start window of the lease is over.
		TooLate,
		/// The access text is not UTF-8.
		BadAccess,
		/// The fetch window is over, so the lease can no longer be declined for free. Start it.
		FetchWindowOver,
		/// The lease does not run. Decline a lease that starts, or let its start window pass.
		NotRunning,
		/// The lease ends with that round or an earlier one already.
		AlreadyEnding,
		/// The replica is over and takes no funds.
		ReplicaOver,
		/// Replicas of the order are not over. Close their leases or cancel the order first.
		OrderNotOver,
		/// The order is over, but still kept. Try again later.
		OrderKept,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Match bids, and close leases that were not ready in time.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			if T::MultiBlockMigrator::ongoing() {
				return T::DbWeight::get().reads(1);
			}
			Self::process_agenda()
		}

		fn integrity_test() {
			assert!(T::TasksPerBlock::get() > 0, "the agenda would never be processed");
			assert!(T::MaxBids::get() > 0, "no order could ever be matched");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Declare the resources of a `Compute` service, or take the declaration back.
		///
		/// Bids and leases reserve parts of the total. The server of the endpoint (scheme, host and
		/// port) backs one service only. A service whose endpoint moves to another server declares
		/// again, while nothing is in use.
		///
		/// - `service`: service of yours, active or paused.
		/// - `total`: all resources, at least those in use. All zero takes the declaration back,
		///   whatever the state of the service.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotCompute`, `NotOperator`, `BadGpuClass`, `NoResources`,
		/// `NotProven`, `ServiceOver`, `ServerMoved`, `ServerTaken`, `CapacityInUse`,
		/// `CapacityBelowUsed`.
		///
		/// Emits: `CapacityDeclared`.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::declare_capacity())]
		pub fn declare_capacity(
			origin: OriginFor<T>,
			service: ServiceId,
			total: Resources,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_declare_capacity(who, service, total)
		}

		/// Order compute.
		///
		/// The deposit of every replica goes on hold; the part that no lease earns comes back. A
		/// storage deposit in the native token is on hold until the order is removed.
		///
		/// - `order`: resources, container, prices, times, terms and deposit, each with its unit
		///   and bounds at the field. `deposit` is in base units, at least `max_price` times the
		///   blocks of a window (or of the whole duration, if that is shorter) plus the asset's
		///   minimum balance. `failover_price` holds for a replica once a lease of it was ready or
		///   you accepted a bid; until then `max_price` counts.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `NoResources`, `BadGpuClass`, `BadImage`, `BadPorts`, `BadRegions`,
		/// `BadQuantity`, `InvalidTerms`, `ZeroPrice`, `AssetNotApproved`, `PriceOverflow`,
		/// `FailoverAboveMax`, `DeadlineTooSoon`, `DeadlineTooFar`, `ZeroDuration`,
		/// `DurationTooLong`, `DepositTooLow`, `TooManyOrders`, or those of the holds.
		///
		/// Emits: `OrderPlaced`.
		///
		/// Complexity: linear in the replicas, at most 8.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::place_order(u32::from(order.quantity).min(MAX_REPLICAS)))]
		pub fn place_order(origin: OriginFor<T>, order: Box<NewOrder>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_place_order(who, *order)
		}

		/// Withdraw your order from bidding.
		///
		/// Replicas that wait for an operator are closed and refunded, and no new bids are taken.
		/// Leases that start or run go on, and standing bids still take over if one fails.
		///
		/// - `order`: id of the order.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `UnknownOrder`, `NotTenant`, `NothingWaiting`, or that of escrow if a dispute
		/// locks the funds.
		///
		/// Emits: `OrderCancelled`, `ReplicaClosed` per replica, `OrderOver` if it was the last.
		///
		/// Complexity: linear in the replicas, at most 8.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::cancel_order(MAX_REPLICAS))]
		pub fn cancel_order(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel_order(who, order)
		}

		/// Offer to run replicas of an order with a `Compute` service of yours.
		///
		/// Per replica, resources are reserved, and bond for the credits of the terms and for the
		/// penalty. A deposit in the native token is on hold while the bid stands. A bid that is
		/// not taken at the match stands for the case that an operator fails.
		///
		/// - `order`: id of the order.
		/// - `service`: service of yours, active, in the asset of the order and with an inventory.
		/// - `price`: base units per replica and billable block, above zero and at most the maximum
		///   of the order.
		/// - `replicas`: number of replicas, from 1 to that of the order.
		/// - `foreign_terms`: true to accept the terms of the order if the service does not promise
		///   them: the credits may be larger. A proxy for operating cannot accept them.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownOrder`, `NotBidding`, `OwnOrder`, `NotCompute`, `WrongAsset`,
		/// `RegionNotAllowed`, `TrustTooLow`, `NoCapacityDeclared`, `ServerMoved`, `NotOperator`,
		/// `BadQuantity`, `PriceAboveMax`, `ZeroPrice`, `AssetNotApproved`, `PriceOverflow`,
		/// `AlreadyBid`, `TooManyBids`, `OperatorBid`, `ForeignTerms`, `NotEnoughCapacity`, or
		/// those of the registry (service not open), of the bond (too small) and of the hold.
		///
		/// Emits: `BidPlaced`.
		///
		/// Complexity: linear in the bids of the order, at most `MaxBids`.
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

		/// Change the price of your bid, and the bond that it reserves.
		///
		/// From a round before a match on it can only be lowered. Leases of the bid keep their
		/// price.
		///
		/// - `order`: id of the order.
		/// - `service`: service of the bid.
		/// - `price`: base units per replica and billable block, above zero and at most the maximum
		///   of the order.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownOrder`, `UnknownBid`, `NotOperator`, `SamePrice`, `PriceAboveMax`,
		/// `ZeroPrice`, `AssetNotApproved`, `PriceOverflow`, `BidsLocked`, or that of the bond.
		///
		/// Emits: `BidUpdated`.
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

		/// Withdraw your bid, as far as it is not taken. Refused from a round before a match on.
		///
		/// - `order`: id of the order.
		/// - `service`: service of the bid.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownOrder`, `UnknownBid`, `NotOperator`, `BidsLocked`.
		///
		/// Emits: `BidWithdrawn`.
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

		/// Accept a bid for one waiting replica of your order, without waiting for the match.
		///
		/// The price may be above the failover price.
		///
		/// - `order`: id of the order.
		/// - `service`: service of the bid.
		/// - `max_price`: base units per billable block that the bid may ask at most by now.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `UnknownOrder`, `NotTenant`, `UnknownBid`, `PriceRose`, `NothingWaiting`,
		/// `NotCompute`, `WrongAsset`, `RegionNotAllowed`, `TrustTooLow`, `NoCapacityDeclared`,
		/// `ServerMoved`, `BidUnfit`, `TooManyLeases`, or that of the registry (service not open).
		///
		/// Emits: `LeaseAwarded`.
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

		/// Report a lease of yours ready, within its start window.
		///
		/// From the next round on the lease is probed and billed.
		///
		/// - `lease`: id of the lease.
		/// - `health`: URL at which your agent reports on this lease, on the server of the service.
		/// - `access`: text by which the tenant reaches the lease, UTF-8, at most 128 bytes.
		/// - `foreign_terms`: true to accept terms that the service does not promise, as in
		///   `place_bid`.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownLease`, `NotOperator`, `AlreadyReady`, `LeaseOver`, `TooLate`,
		/// `BadAccess`, `ForeignTerms`, `PriceOverflow`, or those of the registry (endpoint), of
		/// the agreement (bond, slots) and of escrow (locked funds).
		///
		/// Emits: `LeaseReady`.
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

		/// Decline a lease that was awarded to you, within its fetch window. It costs nothing.
		///
		/// The next bid takes over; yours is withdrawn.
		///
		/// - `lease`: id of the lease.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownLease`, `NotOperator`, `AlreadyReady`, `LeaseOver`, `FetchWindowOver`.
		///
		/// Emits: `LeaseClosed` with the reason `Declined`, `BidWithdrawn` if the bid had replicas
		/// left.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::decline())]
		pub fn decline(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_decline(who, lease)
		}

		/// Close a lease.
		///
		/// - As its tenant: with this round, and the replica is over. While the lease starts,
		///   everything is refunded at once. In the trial you pay what was metered, later at least
		///   the price of the first window, less its rounds that were not billable.
		/// - As its operator: with notice, at any time. The lease ends sooner if its term is over
		///   sooner, and the tenant cannot extend it any more. Or at once, with this round, for the
		///   penalty, and recorded in your score. The next bid takes over, if time is left.
		///
		/// - `lease`: id of the lease.
		/// - `at_once`: true to leave without notice. Ignored for the tenant.
		///
		/// Origin: signed by the tenant or the operator.
		///
		/// Errors: `UnknownLease`, `NotParty`, `LeaseOver`, `AlreadyEnding`, `NotRunning` for an
		/// operator whose lease starts, or that of escrow if a dispute locks the funds.
		///
		/// Emits: `LeaseEnding`; `LeaseClosed` and `ReplicaClosed` if the lease did not run.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::close_lease())]
		pub fn close_lease(origin: OriginFor<T>, lease: LeaseId, at_once: bool) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close_lease(who, lease, at_once)
		}

		/// Extend the term of a replica of your order whose lease runs.
		///
		/// Funds are not added: see `top_up`.
		///
		/// - `order`: id of the order.
		/// - `replica`: index of the replica, from 0.
		/// - `blocks`: blocks that it runs longer, above zero, rounded up to whole rounds; at most
		///   `MaxDuration` in all.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `UnknownOrder`, `NotTenant`, `ZeroDuration`, `UnknownReplica`, `NotRunning`,
		/// `DurationTooLong`, `PriceOverflow`, that of escrow once the end of the lease is decided
		/// or its last round has begun, or that of the bond if it does not cover the penalty for
		/// the longer time.
		///
		/// Emits: `Extended`.
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

		/// Add funds to a replica of your order, whether it runs or waits.
		///
		/// - `order`: id of the order.
		/// - `replica`: index of the replica, from 0.
		/// - `amount`: base units to put on hold, above zero.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `UnknownOrder`, `NotTenant`, `ZeroAmount`, `UnknownReplica`, `ReplicaOver`, or
		/// those of escrow (ending stream, balance too low).
		///
		/// Emits: `ToppedUp`.
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

		/// Remove an order that is over and was kept long enough, with its leases. The deposits are
		/// released.
		///
		/// - `order`: id of the order.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownOrder`, `OrderNotOver`, `OrderKept`.
		///
		/// Emits: `BidWithdrawn` per bid that is left, `OrderRemoved`.
		///
		/// Complexity: linear in the leases of the order, at most 64, and in its bids.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::remove_order(MAX_LEASES, T::MaxBids::get()))]
		pub fn remove_order(origin: OriginFor<T>, order: OrderId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (leases, bids) = Self::do_remove_order(order)?;
			Ok(Some(T::WeightInfo::remove_order(leases, bids)).into())
		}
	}
}
