//! Capacity, orders, bids and leases as they are stored, and what follows from them without
//! storage.

use frame::prelude::*;
use serde::{Deserialize, Serialize};
pub use surety_primitives::{Port, PortProtocol};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, CloseReason, Endpoint, EscrowId, LeaseId, OrderId,
	Region, Resources, RoundIndex, ServiceId, SlaTerms, StreamInfo, TermsInput, TrustLevel,
};

/// Most replicas of an order.
pub const MAX_REPLICAS: u32 = 8;
/// Most leases that one replica may have, one after the other, those declined not counted: the first and seven
/// replacements.
pub const MAX_PLACEMENTS: u32 = 8;
/// Most leases that an order may have in all.
pub const MAX_LEASES: u32 = MAX_REPLICAS * MAX_PLACEMENTS;
/// Longest image reference in bytes.
pub const MAX_IMAGE: u32 = 256;
/// Most ports of an order.
pub const MAX_PORTS: u32 = 16;
/// Most regions of an order.
pub const MAX_REGIONS: u32 = 16;
/// Longest access text in bytes.
pub const MAX_ACCESS: u32 = 128;

/// Reference of an OCI image: printable ASCII without spaces.
pub type Image = BoundedVec<u8, ConstU32<MAX_IMAGE>>;
/// Ports of a container.
pub type Ports = BoundedVec<Port, ConstU32<MAX_PORTS>>;
/// Regions that an order may run in.
pub type Regions = BoundedVec<Region, ConstU32<MAX_REGIONS>>;
/// Way for a tenant to reach its lease, UTF-8, as its operator gives it.
pub type Access = BoundedVec<u8, ConstU32<MAX_ACCESS>>;
/// An order of this runtime.
pub type OrderOf<T> = Order<<T as frame_system::Config>::AccountId>;
/// A replica of this runtime.
pub type ReplicaOf<T> = Replica<<T as frame_system::Config>::AccountId>;
/// A lease of this runtime.
pub type LeaseOf<T> = Lease<<T as frame_system::Config>::AccountId>;
/// A bid of this runtime.
pub type BidOf<T> = Bid<<T as frame_system::Config>::AccountId>;
/// Names a server: the hash of scheme, host and port of an endpoint.
pub type ServerId = [u8; 32];

/// Resources of a `Compute` service, and the part of them that is given away.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Inventory {
	/// All of it.
	pub total: Resources,
	/// Reserved by bids and leases; of the GPU class of `total`.
	pub used: Resources,
	/// The server that has it: it backs this service alone.
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
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
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
	/// Most that a replica may cost per billable block, in base units.
	pub max_price: Balance,
	/// Most that a bid may ask per billable block, in base units, to take over by itself from
	/// an operator that failed: from 0 (none does) to `max_price`. `None` for the price of the
	/// replica's first lease that was ready, or of the first bid that its tenant accepts; until
	/// there is one, `max_price` counts, whatever is given here.
	pub failover_price: Option<Balance>,
	/// Regions it may run in, each once; empty for any.
	pub regions: Regions,
	/// Least trust level of a bidder.
	pub min_trust: TrustLevel,
	/// Replicas, 1 to 8.
	pub quantity: u8,
	/// Blocks that each replica runs from the block it is first ready in; rounded up to whole rounds.
	pub duration: BlockNumber,
	/// Block in which bids are matched.
	pub bid_deadline: BlockNumber,
	/// True to take the best bids at the deadline; else the tenant accepts before it.
	pub auto_match: bool,
	/// Terms of its own; `None` takes those of the bidder's service.
	pub terms: Option<TermsInput>,
	/// Base units put on hold for each replica.
	pub deposit: Balance,
}

/// Reason for which a replica waits.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Wait {
	/// For its first operator: bids are welcome until the deadline of the order.
	Bidding,
	/// For the next look at the bids that stand, since its operator failed for this reason.
	Replacing(CloseReason),
	/// For bids, since its operator failed for this reason and no bid that stood could take over.
	Reopened(CloseReason),
	/// To be closed for this reason, which a dispute that locks its funds delays.
	Locked(CloseReason),
}
impl Wait {
	/// True if new bids are welcome.
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
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum ReplicaState {
	/// It has no operator; its funds are a lump.
	Waiting {
		/// Block in which bids are matched, or in which it is looked at again.
		until: BlockNumber,
		/// Reason for waiting.
		wait: Wait,
	},
	/// Its lease is starting or running. Escrow knows when and why the stream of one that runs
	/// ends.
	Placed(LeaseId),
	/// It is over, and its funds are settled.
	Closed {
		/// Why.
		reason: CloseReason,
		/// Block it was closed in.
		at: BlockNumber,
	},
}
impl ReplicaState {
	/// The lease that is not over.
	pub fn lease(&self) -> Option<LeaseId> {
		match *self {
			Self::Placed(lease) => Some(lease),
			Self::Waiting { .. } | Self::Closed { .. } => None,
		}
	}
	/// True once it is over.
	pub fn is_closed(&self) -> bool {
		matches!(self, Self::Closed { .. })
	}
}

/// The time of a replica: it runs from its first `ready` on, also while an operator is replaced.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Term {
	/// Round in which it was first ready; the first billable round is the next one.
	pub since: RoundIndex,
	/// Last round that is billed.
	pub last: RoundIndex,
}

/// One copy of what an order asks for.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Replica<AccountId> {
	/// Its account in escrow.
	pub escrow: EscrowId,
	/// Base units that account had when it was last a lump, and what was added since. Exact
	/// while nothing streams.
	pub funds: Balance,
	/// Paid by its leases that are over, in base units, fee included.
	pub paid: Balance,
	/// Its lease, the last one if that is over.
	pub lease: Option<LeaseId>,
	/// Leases it had so far, but for those declined.
	pub placements: u8,
	/// Most that a bid may ask per billable block, in base units, to take over by itself.
	/// `None` until its tenant accepts a bid or a lease of it is ready: so far the highest
	/// price of the order counts, or a bidder that declines for free could keep all dearer bids
	/// away.
	pub failover_price: Option<Balance>,
	/// Operators that failed it; they never get it again.
	pub failed: BoundedVec<AccountId, ConstU32<MAX_LEASES>>,
	/// Its time, once it was ready.
	pub term: Option<Term>,
	/// Place in its life.
	pub state: ReplicaState,
}

impl<AccountId> Replica<AccountId> {
	/// True if it ran and waits for the next look at the bids that stand.
	pub fn is_urgent(&self) -> bool {
		let replacing =
			matches!(self.state, ReplicaState::Waiting { wait: Wait::Replacing(_), .. });
		replacing && self.term.is_some()
	}

	/// True if nothing is left of its time after `round`.
	pub fn is_out_of_time(&self, round: RoundIndex) -> bool {
		self.term.is_some_and(|term| term.last <= round)
	}
}

/// A tenant's ask for compute.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Order<AccountId> {
	/// Account that asks and pays.
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
	/// Most that a replica may cost per billable block, in base units.
	pub max_price: Balance,
	/// Most that a bid may ask per billable block, in base units, to take over by itself.
	/// `None` for the price of the replica's first lease.
	pub failover_price: Option<Balance>,
	/// Regions it may run in; empty for any.
	pub regions: Regions,
	/// Least trust level of a bidder, at the bid and at the match.
	pub min_trust: TrustLevel,
	/// Blocks that each replica runs: whole rounds.
	pub duration: BlockNumber,
	/// Block in which bids are matched for the first time.
	pub bid_deadline: BlockNumber,
	/// True if the best bids are taken then.
	pub auto_match: bool,
	/// True once the tenant withdrew it from bidding.
	pub withdrawn: bool,
	/// Its own terms, if not those of the bidder's service.
	pub terms: Option<SlaTerms>,
	/// Base units that were put on hold for each replica.
	pub deposit: Balance,
	/// Planck on hold for its storage.
	pub storage_deposit: Balance,
	/// Block it was placed in.
	pub placed_at: BlockNumber,
	/// Bids that stand.
	pub bids: u32,
	/// Its replicas.
	pub replicas: BoundedVec<Replica<AccountId>, ConstU32<MAX_REPLICAS>>,
	/// All leases it ever had, oldest first.
	pub leases: BoundedVec<LeaseId, ConstU32<MAX_LEASES>>,
	/// Lane and block whose agenda holds its entry.
	pub wake: Option<(Lane, BlockNumber)>,
	/// Block in which its last replica was closed.
	pub closed_at: Option<BlockNumber>,
}
impl<AccountId> Order<AccountId> {
	/// The replicas that wait: which, until when, and what for.
	pub fn waiting(&self) -> impl Iterator<Item = (usize, BlockNumber, Wait)> + '_ {
		self.replicas.iter().enumerate().filter_map(|(index, replica)| match replica.state {
			ReplicaState::Waiting { until, wait } => Some((index, until, wait)),
			_ => None,
		})
	}

	/// Block in which a replica that waits is to be looked at.
	pub fn next_look(&self) -> Option<BlockNumber> {
		self.waiting().map(|(_, until, _)| until).min()
	}

	/// Lane in which its entry waits.
	pub fn lane(&self) -> Lane {
		if self.replicas.iter().any(Replica::is_urgent) { Lane::Urgent } else { Lane::Matches }
	}

	/// Block in which bids are matched next, if a replica waits for that.
	pub fn next_match(&self) -> Option<BlockNumber> {
		self.waiting().filter(|(_, _, wait)| wait.takes_bids()).map(|(_, until, _)| until).min()
	}

	/// Block in which bids that are placed now are matched. `None` if none are welcome.
	pub fn bids_until(&self, now: BlockNumber) -> Option<BlockNumber> {
		let open =
			|(_, until, wait): &(usize, BlockNumber, Wait)| *until > now && wait.takes_bids();
		self.waiting().filter(open).map(|(_, until, _)| until).min().filter(|_| !self.withdrawn)
	}

	/// True once every replica is over.
	pub fn is_over(&self) -> bool {
		self.replicas.iter().all(|replica| replica.state.is_closed())
	}
}

/// An operator's offer to run replicas of an order with one of its services.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Bid<AccountId> {
	/// Account that offers.
	pub operator: AccountId,
	/// Base units per replica and billable block.
	pub price: Balance,
	/// Replicas it was placed for.
	pub replicas: u8,
	/// Replicas it can still take, at least one. For each, resources and bond are reserved.
	pub left: u8,
	/// Terms that its leases will have.
	pub terms: SlaTerms,
	/// Penalty share that its leases will be covered with.
	pub penalty_share: Perbill,
	/// Base units of bond reserved per replica for the credits of its terms, and for the
	/// penalty share of them.
	pub exposure: Balance,
	/// Base units of bond reserved per replica for failing it.
	pub penalty: Balance,
	/// Planck on hold for its storage.
	pub deposit: Balance,
	/// Block it was placed in.
	pub placed_at: BlockNumber,
}

/// State of a lease.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum LeaseState {
	/// Its operator fetches the image and starts it.
	Starting {
		/// First block in which it can no longer be declined.
		fetch_until: BlockNumber,
		/// Block at which it has failed if it is not ready.
		ready_by: BlockNumber,
	},
	/// It is probed and billed until escrow ends its stream.
	Running {
		/// Block in which it was ready.
		since: BlockNumber,
	},
	/// It is over.
	Closed {
		/// Last round that was billed, or in which it was closed if it never ran.
		round: RoundIndex,
		/// Why.
		reason: CloseReason,
	},
}

/// An accepted bid: one placement of a replica at one operator.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Lease<AccountId> {
	/// Its order.
	pub order: OrderId,
	/// Which replica of it, from 0.
	pub replica: u8,
	/// Account that runs it.
	pub operator: AccountId,
	/// The operator's `Compute` service that it was bid with.
	pub service: ServiceId,
	/// Base units per billable block.
	pub price: Balance,
	/// Terms that are promised.
	pub terms: SlaTerms,
	/// Penalty share of the bid.
	pub penalty_share: Perbill,
	/// Base units of bond that were reserved for the credits until it was ready.
	pub exposure: Balance,
	/// Base units that its operator pays for failing it.
	pub penalty: Balance,
	/// Base units of bond that are reserved for it beside its agreement.
	pub reserved: Balance,
	/// Base units of bond that went to the treasury for failing it.
	pub forfeited: Balance,
	/// Agreement that it is credited by, once it was ready.
	pub agreement: Option<AgreementId>,
	/// Where its operator's agent is probed; empty until it is ready.
	pub health: Endpoint,
	/// Way for its tenant to reach it; empty until it is ready.
	pub access: Access,
	/// Block it was awarded in.
	pub placed_at: BlockNumber,
	/// True once its operator asked to leave at once, and not with notice.
	pub left_at_once: bool,
	/// Place in its life.
	pub state: LeaseState,
	/// Paid in all to operator and fee, in base units; known when it is closed.
	pub paid: Balance,
	/// Rest of the funds when it was closed: refunded, or kept for the next operator.
	pub refunded: Balance,
}
impl<AccountId> Lease<AccountId> {
	/// True once it is over.
	pub fn is_closed(&self) -> bool {
		matches!(self.state, LeaseState::Closed { .. })
	}

	/// True while it is probed and billed.
	pub fn is_running(&self) -> bool {
		matches!(self.state, LeaseState::Running { .. })
	}
}

/// Queue of the agenda, with a bound of its own: a flood of one lane holds up no other.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Lane {
	/// Orders with a replica that ran and lost its operator.
	Urgent,
	/// Leases that must be ready.
	Starting,
	/// All other orders: bids are matched, or given back when the order is over. A replica that
	/// never ran waits here too, whoever declined it: declining is free.
	Matches,
}
impl Lane {
	/// All of them, in the order in which a block works them off.
	pub const ALL: [Self; 3] = [Self::Urgent, Self::Starting, Self::Matches];
}

/// Entry of the agenda. What is done follows from the state at that time.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Entry {
	/// An order with replicas that wait, or that is over and has bids.
	Order(OrderId),
	/// A lease that must be ready.
	Lease(LeaseId),
}

/// A lease with its stream.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct LeaseStatus<AccountId> {
	/// The lease.
	pub lease: Lease<AccountId>,
	/// Account that pays.
	pub tenant: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Its stream, with the blocks that the funds still pay for; while it runs.
	pub stream: Option<StreamInfo>,
}

/// Rank of a bid, times 200: `price x (300 - score)`. See [`effective_price`].
pub fn rank(price: Balance, score: u8) -> Balance {
	price.saturating_mul(300u128.saturating_sub(u128::from(score.min(100))))
}

/// Price at which bids are compared, in base units: `price x (300 - score) / 200`, rounded down. At
/// a score of 100 the price itself, at 0 one and a half times the price. Bids are ranked before the
/// rounding.
pub fn effective_price(price: Balance, score: u8) -> Balance {
	rank(price, score).checked_div(200).unwrap_or(0)
}
