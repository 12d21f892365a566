// SPDX-License-Identifier: Apache-2.0

//! Inventories, orders, bids and leases as they are stored, and the rules that need no storage.

use frame::prelude::*;
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, CloseReason, Endpoint, EscrowId, LeaseId, OrderId,
	Region, Resources, RoundIndex, ServiceId, SlaTerms, StreamInfo, TermsInput, TrustLevel,
};

pub use surety_primitives::{Port, PortProtocol};

/// Maximum number of replicas of an order.
pub const MAX_REPLICAS: u32 = 8;
/// Maximum number of leases that one replica may have, one after the other, those declined not
/// counted: the first and seven replacements.
pub const MAX_PLACEMENTS: u32 = 8;
/// Maximum number of leases that an order may have in all.
pub const MAX_LEASES: u32 = MAX_REPLICAS * MAX_PLACEMENTS;
/// Maximum length of an image reference, in bytes.
pub const MAX_IMAGE: u32 = 256;
/// Maximum number of ports of an order.
pub const MAX_PORTS: u32 = 16;
/// Maximum number of regions of an order.
pub const MAX_REGIONS: u32 = 16;
/// Maximum length of an access text, in bytes.
pub const MAX_ACCESS: u32 = 128;

/// Reference of an OCI image: printable ASCII without spaces.
pub type Image = BoundedVec<u8, ConstU32<MAX_IMAGE>>;
/// Ports of a container.
pub type Ports = BoundedVec<Port, ConstU32<MAX_PORTS>>;
/// Regions that an order may run in.
pub type Regions = BoundedVec<Region, ConstU32<MAX_REGIONS>>;
/// Text by which the operator tells the tenant how to reach a lease, UTF-8.
pub type Access = BoundedVec<u8, ConstU32<MAX_ACCESS>>;
/// Order of a runtime.
pub type OrderOf<T> = Order<<T as frame_system::Config>::AccountId>;
/// Replica of a runtime.
pub type ReplicaOf<T> = Replica<<T as frame_system::Config>::AccountId>;
/// Lease of a runtime.
pub type LeaseOf<T> = Lease<<T as frame_system::Config>::AccountId>;
/// Bid of a runtime.
pub type BidOf<T> = Bid<<T as frame_system::Config>::AccountId>;
/// Id of a server: the hash of scheme, host and port of an endpoint.
pub type ServerId = [u8; 32];

/// Resources of a `Compute` service, and the part of them that is reserved.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Inventory {
	/// Declared resources, reserved or not.
	pub total: Resources,
	/// Resources that bids and leases reserve; of the GPU class of `total`.
	pub used: Resources,
	/// Server that has the resources. It backs this service alone.
	pub server: ServerId,
}
impl Inventory {
	/// Resources that nothing reserves.
	pub fn free(&self) -> Resources {
		self.total.without(&self.used).unwrap_or_default()
	}
}

/// An order as its tenant places it.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct NewOrder {
	/// Asset of all amounts: bids come from services in this asset.
	pub asset: AssetId,
	/// Resources that each replica needs.
	pub resources: Resources,
	/// Reference of the OCI image: printable ASCII without spaces.
	pub image: Image,
	/// SHA-256 digest that the image must have.
	pub digest: Option<[u8; 32]>,
	/// Ports of the container, each number and protocol once.
	pub ports: Ports,
	/// Commitment to the private environment, which travels encrypted to the operator.
	pub env_hash: Option<[u8; 32]>,
	/// Maximum price of a replica per billable block, in base units.
	pub max_price: Balance,
	/// Maximum price per billable block, in base units, at which a bid takes over from an operator
	/// that failed without being accepted: from 0 (none does) to `max_price`. `None` for the price
	/// of the replica's first lease that is ready, or of the first bid that the tenant accepts.
	/// Until then `max_price` counts, whatever is given here.
	pub failover_price: Option<Balance>,
	/// Regions that the replicas may run in, each once; empty for any.
	pub regions: Regions,
	/// Minimum trust level of a bidder.
	pub min_trust: TrustLevel,
	/// Replicas, 1 to 8.
	pub quantity: u8,
	/// Blocks that each replica runs from the block in which it is first ready; rounded up to whole
	/// rounds.
	pub duration: BlockNumber,
	/// Block in which bids are matched.
	pub bid_deadline: BlockNumber,
	/// True to take the best bids at the deadline. Otherwise the tenant accepts bids before it.
	pub auto_match: bool,
	/// Terms of the order; `None` for those of the bidder's service.
	pub terms: Option<TermsInput>,
	/// Base units put on hold for each replica.
	pub deposit: Balance,
}

/// Phase of a replica that waits for an operator.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Wait {
	/// For the first operator: bids are taken until the deadline of the order.
	Bidding,
	/// For the next match with the standing bids, since the operator failed for this reason.
	Replacing(CloseReason),
	/// For new bids, since the operator failed for this reason and no standing bid could take over.
	Reopened(CloseReason),
	/// For a dispute that locks the funds: the replica closes for this reason once it is settled.
	Locked(CloseReason),
}
impl Wait {
	/// True if new bids are taken.
	pub fn takes_bids(self) -> bool {
		!matches!(self, Self::Locked(_))
	}
}

/// State of a replica.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum ReplicaState {
	/// No operator runs the replica; its funds are a one-off hold.
	Waiting {
		/// Block in which bids are matched, or the refund is tried again.
		until: BlockNumber,
		/// Phase.
		wait: Wait,
	},
	/// The lease of the replica starts or runs. Escrow decides when and why the stream of a running
	/// lease ends.
	Placed(LeaseId),
	/// The replica is over, and its funds are settled.
	Closed {
		/// Reason.
		reason: CloseReason,
		/// Block in which it was closed.
		at: BlockNumber,
	},
}
impl ReplicaState {
	/// Lease that starts or runs.
	pub fn lease(&self) -> Option<LeaseId> {
		match *self {
			Self::Placed(lease) => Some(lease),
			Self::Waiting { .. } | Self::Closed { .. } => None,
		}
	}
	/// True once the replica is over.
	pub fn is_closed(&self) -> bool {
		matches!(self, Self::Closed { .. })
	}
}

/// Time of a replica. It runs from the first lease that is ready on, also while an operator is
/// replaced.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Term {
	/// Round in which a lease was first ready. The first billable round is the next one.
	pub since: RoundIndex,
	/// Last round that is billed.
	pub last: RoundIndex,
}

/// One copy of the container that an order asks for.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Replica<AccountId> {
	/// Escrow account of the replica.
	pub escrow: EscrowId,
	/// Base units of that account when it was last a one-off hold, plus the top-ups since. Exact
	/// while no stream runs.
	pub funds: Balance,
	/// Base units paid for the leases that are over, fee included.
	pub paid: Balance,
	/// Current or last lease.
	pub lease: Option<LeaseId>,
	/// Number of leases so far, but for those declined.
	pub placements: u8,
	/// Maximum price per billable block, in base units, at which a bid takes over without being
	/// accepted. `None` until the tenant accepts a bid or a lease is ready. Until then the maximum
	/// price of the order counts: otherwise a bidder that declines for free could keep all dearer
	/// bids away.
	pub failover_price: Option<Balance>,
	/// Operators that failed the replica. They never get it again.
	pub failed: BoundedVec<AccountId, ConstU32<MAX_LEASES>>,
	/// Time of the replica. `None` until a lease is ready.
	pub term: Option<Term>,
	/// State.
	pub state: ReplicaState,
}

impl<AccountId> Replica<AccountId> {
	/// True if the replica ran and waits for the next match with the standing bids.
	pub fn is_urgent(&self) -> bool {
		let replacing =
			matches!(self.state, ReplicaState::Waiting { wait: Wait::Replacing(_), .. });
		replacing && self.term.is_some()
	}

	/// True if no time is left after `round`.
	pub fn is_out_of_time(&self, round: RoundIndex) -> bool {
		self.term.is_some_and(|term| term.last <= round)
	}
}

/// Request of a tenant for compute.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Order<AccountId> {
	/// Account that orders and pays.
	pub tenant: AccountId,
	/// Asset of all amounts but the storage deposit.
	pub asset: AssetId,
	/// Resources that each replica needs.
	pub resources: Resources,
	/// Reference of the OCI image.
	pub image: Image,
	/// Digest that the image must have.
	pub digest: Option<[u8; 32]>,
	/// Ports of the container.
	pub ports: Ports,
	/// Commitment to the private environment.
	pub env_hash: Option<[u8; 32]>,
	/// Maximum price of a replica per billable block, in base units.
	pub max_price: Balance,
	/// Maximum price per billable block, in base units, at which a bid takes over without being
	/// accepted. `None` for the price of the replica's first lease.
	pub failover_price: Option<Balance>,
	/// Regions that the replicas may run in; empty for any.
	pub regions: Regions,
	/// Minimum trust level of a bidder, at the bid and at the match.
	pub min_trust: TrustLevel,
	/// Blocks that each replica runs, a multiple of a round.
	pub duration: BlockNumber,
	/// Block in which bids are matched for the first time.
	pub bid_deadline: BlockNumber,
	/// True if the best bids are taken at the deadline.
	pub auto_match: bool,
	/// True once the tenant has withdrawn the order from bidding.
	pub withdrawn: bool,
	/// Terms of the order; `None` for those of the bidder's service.
	pub terms: Option<SlaTerms>,
	/// Base units put on hold for each replica when the order was placed.
	pub deposit: Balance,
	/// Planck on hold for the storage of the order.
	pub storage_deposit: Balance,
	/// Block in which the order was placed.
	pub placed_at: BlockNumber,
	/// Number of standing bids.
	pub bids: u32,
	/// Replicas.
	pub replicas: BoundedVec<Replica<AccountId>, ConstU32<MAX_REPLICAS>>,
	/// All leases of the order, over or not, oldest first.
	pub leases: BoundedVec<LeaseId, ConstU32<MAX_LEASES>>,
	/// Lane and block whose agenda has the entry of the order.
	pub wake: Option<(Lane, BlockNumber)>,
	/// Block in which the last replica was closed.
	pub closed_at: Option<BlockNumber>,
}
impl<AccountId> Order<AccountId> {
	/// Replicas that wait: index, block of the next match, phase.
	pub fn waiting(&self) -> impl Iterator<Item = (u8, BlockNumber, Wait)> + '_ {
		(0u8..).zip(&self.replicas).filter_map(|(index, replica)| match replica.state {
			ReplicaState::Waiting { until, wait } => Some((index, until, wait)),
			ReplicaState::Placed(_) | ReplicaState::Closed { .. } => None,
		})
	}

	/// First block in which a replica that waits is processed.
	pub fn next_wake(&self) -> Option<BlockNumber> {
		self.waiting().map(|(_, until, _)| until).min()
	}

	/// Lane of the entry of the order.
	pub fn lane(&self) -> Lane {
		if self.replicas.iter().any(Replica::is_urgent) { Lane::Urgent } else { Lane::Matches }
	}

	/// Block of the next match, if a replica waits for one.
	pub fn next_match(&self) -> Option<BlockNumber> {
		self.waiting().filter(|(_, _, wait)| wait.takes_bids()).map(|(_, until, _)| until).min()
	}

	/// Block in which bids that are placed now are matched. `None` if no bids are taken.
	pub fn bids_until(&self, now: BlockNumber) -> Option<BlockNumber> {
		let open = |(_, until, wait): &(u8, BlockNumber, Wait)| *until > now && wait.takes_bids();
		self.waiting().filter(open).map(|(_, until, _)| until).min().filter(|_| !self.withdrawn)
	}

	/// True once every replica is over.
	pub fn is_over(&self) -> bool {
		self.replicas.iter().all(|replica| replica.state.is_closed())
	}
}

/// Offer of an operator to run replicas of an order with one of its services.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Bid<AccountId> {
	/// Operator of the service.
	pub operator: AccountId,
	/// Base units per replica and billable block.
	pub price: Balance,
	/// Number of replicas that the bid was placed for.
	pub replicas: u8,
	/// Number of replicas that the bid can still take, at least one. Resources and bond are
	/// reserved for each.
	pub left: u8,
	/// Terms of the leases.
	pub terms: SlaTerms,
	/// Penalty share that the agreements of the leases reserve.
	pub penalty_share: Perbill,
	/// Base units of bond reserved per replica for the credits of the terms and the penalty share
	/// on them.
	pub exposure: Balance,
	/// Base units of bond reserved per replica for the penalty of failing it.
	pub penalty: Balance,
	/// Planck on hold for the storage of the bid.
	pub deposit: Balance,
	/// Block in which the bid was placed.
	pub placed_at: BlockNumber,
}

/// Report of an operator that a lease is ready, and the agreement that was opened with it.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct ReadyReport {
	/// Agreement by which the tenant is credited.
	pub agreement: AgreementId,
	/// URL at which the operator's agent is probed.
	pub health: Endpoint,
	/// Text by which the tenant reaches the lease.
	pub access: Access,
}

/// State of a lease.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum LeaseState {
	/// The operator fetches the image and starts the container.
	Starting {
		/// First block in which the lease can no longer be declined.
		fetch_until: BlockNumber,
		/// Block in which the lease has failed if it is not ready.
		ready_by: BlockNumber,
	},
	/// The lease is probed and billed until escrow ends its stream.
	Running {
		/// Block in which the lease was ready.
		since: BlockNumber,
	},
	/// The lease is over.
	Closed {
		/// Last round that was billed; for a lease that never ran, the round in which it was
		/// closed.
		round: RoundIndex,
		/// Reason.
		reason: CloseReason,
		/// Base units paid in all to operator and fee.
		paid: Balance,
		/// Base units left of the funds: refunded, or kept for the next operator.
		refunded: Balance,
	},
}

/// Accepted bid: placement of a replica at an operator.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Lease<AccountId> {
	/// Order.
	pub order: OrderId,
	/// Index of the replica in the order, from 0.
	pub replica: u8,
	/// Account that runs the lease.
	pub operator: AccountId,
	/// `Compute` service of the bid.
	pub service: ServiceId,
	/// Base units per billable block.
	pub price: Balance,
	/// Terms that the operator promises.
	pub terms: SlaTerms,
	/// Penalty share of the bid.
	pub penalty_share: Perbill,
	/// Base units of bond reserved for the credits until the lease is ready.
	pub exposure: Balance,
	/// Base units that the operator pays for failing the lease.
	pub penalty: Balance,
	/// Base units of bond reserved for the lease beside its agreement.
	pub reserved: Balance,
	/// Base units of bond paid to the treasury for failing the lease.
	pub forfeited: Balance,
	/// Report of the operator that the lease is ready. `None` until then.
	pub ready: Option<ReadyReport>,
	/// Block in which the lease was awarded.
	pub placed_at: BlockNumber,
	/// True once the operator has asked to leave at once, without notice.
	pub left_at_once: bool,
	/// State.
	pub state: LeaseState,
}
impl<AccountId> Lease<AccountId> {
	/// True once the lease is over.
	pub fn is_closed(&self) -> bool {
		matches!(self.state, LeaseState::Closed { .. })
	}

	/// True while the lease is probed and billed.
	pub fn is_running(&self) -> bool {
		matches!(self.state, LeaseState::Running { .. })
	}
}

/// Lane of the agenda, with a bound of its own: a flood of one lane does not delay the others.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Lane {
	/// Orders with a replica that ran and lost its operator.
	Urgent,
	/// Leases that start.
	Starting,
	/// All other orders: bids are matched, or dropped when the order is over. A replica that never
	/// ran waits here too, even after its lease was declined: declining is free.
	Matches,
}
impl Lane {
	/// All lanes, in the order in which a block processes them.
	pub const ALL: [Self; 3] = [Self::Urgent, Self::Starting, Self::Matches];
}

/// Entry of the agenda. The state at that time decides on the action.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Entry {
	/// Order with replicas that wait, or that is over and has bids.
	Order(OrderId),
	/// Lease that must be ready by then.
	Lease(LeaseId),
}

/// Lease with its payer and its stream.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct LeaseStatus<AccountId> {
	/// Lease.
	pub lease: Lease<AccountId>,
	/// Account that pays.
	pub tenant: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Stream, with the blocks that the funds still pay for. `None` unless the lease runs.
	pub stream: Option<StreamInfo>,
}

/// Rank of a bid, lowest first: `price x (300 - score)`, 200 times the [`effective_price`].
pub fn rank(price: Balance, score: u8) -> Balance {
	price.saturating_mul(300u128.saturating_sub(u128::from(score.min(100))))
}

/// Price at which bids are compared, in base units: `price x (300 - score) / 200`, rounded down. At
/// a score of 100 the price itself, at 0 one and a half times the price. Bids are ranked before the
/// rounding.
pub fn effective_price(price: Balance, score: u8) -> Balance {
	rank(price, score).checked_div(200).unwrap_or(0)
}
