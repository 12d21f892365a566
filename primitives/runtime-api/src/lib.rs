//! The read side of the chain: what clients ask of services, agreements, operators and rounds.
//!
//! Every list is paged: `start_after` is the last id of the page before (`None` for the first page) and
//! `limit` is capped at [`MAX_PAGE`](surety_primitives::MAX_PAGE). A page that looked at [`MAX_SCAN`] listings without filling up comes
//! back short; ask on from its `next`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BreachKind, CloseReason, Counters, LeaseId,
	MeterReading, Network, NetworkId, OrderId, Region, Resources, RoundIndex, Service,
	ServiceClass, ServiceId, Severity, SlaTerms, TrustLevel, Verdict, WindowIndex, WindowShare,
	WindowSummary,
};

/// Most listings one page looks at.
pub const MAX_SCAN: u32 = 1_024;

macro_rules! answer {
	($item:item) => {
		#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo, Serialize, Deserialize)]
		$item
	};
}

answer! {
	/// What services to list; `None` is any.
	#[derive(Default)]
	pub struct ServiceFilter {
		/// Kind of service.
		pub class: Option<ServiceClass>,
		/// Network of an `Rpc` service.
		pub network: Option<NetworkId>,
		/// Region.
		pub region: Option<Region>,
		/// Asset it is priced in.
		pub asset: Option<AssetId>,
		/// Highest price per unit and block, in base units of the asset.
		pub max_price: Option<Balance>,
		/// Lowest score of the operator, 0 to 100.
		pub min_score: Option<u8>,
		/// Only services that take new units now.
		pub open_only: bool,
	}
}

answer! {
	/// One page of a list.
	pub struct Page<Item> {
		/// The entries.
		pub items: Vec<Item>,
		/// Where to go on (`start_after` of the next page); `None` at the end of the list.
		pub next: Option<u32>,
	}
}

answer! {
	/// A service as a list shows it.
	pub struct ServiceSummary<AccountId> {
		/// Id.
		pub id: ServiceId,
		/// The listing.
		pub service: Service<AccountId>,
		/// Units sold.
		pub units: u32,
		/// Score of the operator, 0 to 100.
		pub score: u8,
		/// Whether new units can be bought now.
		pub open: bool,
		/// Last verdict and its round.
		pub last_verdict: Option<(RoundIndex, Verdict)>,
		/// What a `Compute` service has in all and what of it is free, if its operator declared it.
		pub capacity: Option<CapacityInfo>,
	}
}

answer! {
	/// Resources of a `Compute` service.
	pub struct CapacityInfo {
		/// All of it.
		pub total: Resources,
		/// Not reserved by bids and leases.
		pub free: Resources,
	}
}

answer! {
	/// A service with its live window.
	pub struct ServiceDetail<AccountId> {
		/// What a list shows of it.
		pub summary: ServiceSummary<AccountId>,
		/// The window being counted.
		pub window: WindowIndex,
		/// Rounds of that window so far, by verdict.
		pub counters: Counters,
		/// Bad rounds the terms allow a window: downtime, slow, bad data.
		pub allowance: [u16; 3],
		/// Meter, while it has units.
		pub meter: Option<MeterReading>,
		/// Credited so far, in windows' prices.
		pub index: WindowShare,
		/// Left of its cover, in windows' prices.
		pub cover: WindowShare,
		/// Rent of its slot per window in base units, while it has units.
		pub rent: Option<Balance>,
		/// Bond reserved for it, the next rent included, in base units.
		pub exposure: Balance,
		/// Units that the operator's free bond can still cover.
		pub coverable_units: u32,
		/// Share of good verdicts over the remembered windows, 0 to 100.
		pub reliability: u8,
		/// Closed windows, newest last, at most 24.
		pub history: Vec<WindowSummary>,
		/// Whether it is probed every round.
		pub hot: bool,
	}
}

answer! {
	/// An agreement.
	pub struct AgreementInfo<AccountId> {
		/// Id.
		pub id: AgreementId,
		/// Who pays.
		pub tenant: AccountId,
		/// What for.
		pub service: ServiceId,
		/// Units.
		pub units: u32,
		/// Asset of all amounts.
		pub asset: AssetId,
		/// Price per billable block for all its units.
		pub rate: Balance,
		/// Block it was opened in.
		pub opened_at: BlockNumber,
		/// Deposit still on hold.
		pub held: Balance,
		/// Paid to operator and fee so far.
		pub paid: Balance,
		/// Due by the meter, not yet paid.
		pub due: Balance,
		/// Billable blocks that the deposit still pays for.
		pub blocks_left: u32,
		/// Credit that is due to the tenant and not delivered.
		pub owed_credit: Balance,
		/// Credit promised beyond that: it becomes due as the agreement pays.
		pub reserved_credit: Balance,
		/// Round after which it ends and why, if that is decided.
		pub ending: Option<(RoundIndex, CloseReason)>,
	}
}

answer! {
	/// Bond of an operator in one asset.
	pub struct BondInfo {
		/// Asset.
		pub asset: AssetId,
		/// Slashable and reservable.
		pub active: Balance,
		/// Reserved for services.
		pub exposure: Balance,
		/// Waiting to be withdrawn; slashable.
		pub unbonding: Balance,
	}
}

answer! {
	/// An operator.
	pub struct OperatorInfo<AccountId> {
		/// Account.
		pub account: AccountId,
		/// Display name, UTF-8.
		pub name: Vec<u8>,
		/// Contact, UTF-8.
		pub contact: Vec<u8>,
		/// Whether its services take new units.
		pub active: bool,
		/// Bonds by asset.
		pub bonds: Vec<BondInfo>,
		/// Its services.
		pub services: Vec<ServiceId>,
		/// Score, 0 to 100: the lower bound of what its history proves.
		pub score: u8,
		/// Trust level of that score.
		pub trust: TrustLevel,
		/// Reliability score, 0 to 100: share of good verdicts.
		pub reliability: u8,
		/// Performance score, 0 to 100, and its parts.
		pub performance: Performance,
	}
}

answer! {
	/// Performance score with what it is made of, each 0 to 100.
	#[derive(Copy, Default)]
	pub struct Performance {
		/// The score.
		pub score: u8,
		/// Uptime against 99.9 %.
		pub uptime: u8,
		/// Correctness against 99 %.
		pub correctness: u8,
		/// 95th percentile of latency against 250 ms.
		pub latency: u8,
	}
}

answer! {
	/// What orders to list; `None` is any.
	pub struct OrderFilter<AccountId> {
		/// Who placed the order.
		pub tenant: Option<AccountId>,
		/// Region that the order accepts.
		pub region: Option<Region>,
		/// Orders whose replica fits into this.
		pub fits: Option<Resources>,
		/// Asset it pays in.
		pub asset: Option<AssetId>,
		/// Only orders that take bids now.
		pub open_only: bool,
	}
}

// Not derived, since accounts have no default.
impl<AccountId> Default for OrderFilter<AccountId> {
	fn default() -> Self {
		Self { tenant: None, region: None, fits: None, asset: None, open_only: false }
	}
}

answer! {
	/// A compute order.
	pub struct OrderInfo<AccountId> {
		/// Id.
		pub id: OrderId,
		/// Who asks and pays.
		pub tenant: AccountId,
		/// Asset of all amounts.
		pub asset: AssetId,
		/// What each replica needs.
		pub resources: Resources,
		/// Reference of the image to run.
		pub image: Vec<u8>,
		/// Digest that the image must have.
		pub digest: Option<[u8; 32]>,
		/// Ports of the container: number and whether it is UDP.
		pub ports: Vec<(u16, bool)>,
		/// Commitment to the private environment, which travels encrypted to the operator.
		pub env_hash: Option<[u8; 32]>,
		/// Most that a replica may cost per billable block, in base units.
		pub max_price: Balance,
		/// Most that a replacement may cost per billable block, in base units. `None`: as much as the replica's
		/// first lease.
		pub failover_price: Option<Balance>,
		/// Regions it may run in; empty for any.
		pub regions: Vec<Region>,
		/// Least trust level of a bidder.
		pub min_trust: TrustLevel,
		/// Blocks that each replica runs, whole rounds.
		pub duration: BlockNumber,
		/// Its own terms, if not those of the bidder's service.
		pub terms: Option<SlaTerms>,
		/// Whether the best bids are taken at the deadline; else the tenant accepts.
		pub auto_match: bool,
		/// Block in which bids are matched, while a replica waits.
		pub bids_until: Option<BlockNumber>,
		/// Bids that stand.
		pub bids: u32,
		/// Its replicas.
		pub replicas: Vec<ReplicaInfo>,
	}
}

answer! {
	/// A replica of an order.
	#[derive(Copy)]
	pub struct ReplicaInfo {
		/// Its lease, the last one if it is over; `None` if it never had one.
		pub lease: Option<LeaseId>,
		/// Base units on hold for it.
		pub held: Balance,
		/// Why it is over.
		pub closed: Option<CloseReason>,
	}
}

answer! {
	/// A bid.
	pub struct BidInfo<AccountId> {
		/// Service it offers.
		pub service: ServiceId,
		/// Its operator.
		pub operator: AccountId,
		/// Base units per replica and billable block.
		pub price: Balance,
		/// Replicas it can still take.
		pub left: u8,
		/// Score of the operator now, 0 to 100.
		pub score: u8,
		/// What it is ranked by at this score, lowest first.
		pub effective_price: Balance,
	}
}

answer! {
	/// Where a lease is in its life.
	#[derive(Copy)]
	pub enum LeasePhase {
		/// Its operator fetches the image and starts it.
		Starting {
			/// First block in which it can no longer be declined.
			fetch_until: BlockNumber,
			/// Block at which it has failed if it is not ready.
			ready_by: BlockNumber,
		},
		/// It runs, is probed and billed.
		Running {
			/// Block in which it was ready.
			since: BlockNumber,
			/// Last round of its time.
			last_round: RoundIndex,
		},
		/// Its end is decided.
		Ending {
			/// Last round that is billed.
			round: RoundIndex,
			/// Why.
			reason: CloseReason,
		},
		/// It is over.
		Closed {
			/// Last round that was billed, or in which it was closed if it never ran.
			round: RoundIndex,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
	}
}

answer! {
	/// A lease.
	pub struct LeaseInfo<AccountId> {
		/// Id.
		pub id: LeaseId,
		/// Its order.
		pub order: OrderId,
		/// Which replica of it.
		pub replica: u8,
		/// Who pays.
		pub tenant: AccountId,
		/// Who runs it.
		pub operator: AccountId,
		/// The operator's service it was bid with.
		pub service: ServiceId,
		/// The service that it is probed as.
		pub probed_as: ServiceId,
		/// Base units per billable block.
		pub price: Balance,
		/// Asset of all amounts.
		pub asset: AssetId,
		/// Where its operator's agent is probed; empty until it is ready.
		pub health: Vec<u8>,
		/// How the tenant reaches it, as its operator says.
		pub access: Vec<u8>,
		/// Where it is in its life.
		pub phase: LeasePhase,
		/// Agreement that it is credited by, once it was ready.
		pub agreement: Option<AgreementId>,
		/// Billable blocks that the funds still pay for.
		pub blocks_left: u32,
		/// Paid to operator and fee so far, in base units.
		pub paid: Balance,
		/// Left for the tenant or the next operator when it was over, in base units.
		pub refunded: Balance,
		/// Taken from its operator's bond for failing it, in base units.
		pub forfeited: Balance,
		/// Credit owed to the tenant and not yet paid.
		pub owed_credit: Balance,
		/// Last verdict and its round.
		pub last_verdict: Option<(RoundIndex, Verdict)>,
	}
}

answer! {
	/// How a tenant is thought of.
	#[derive(Copy)]
	pub struct TenantInfo {
		/// Score, 0 to 100.
		pub score: u8,
		/// Trust level of that score.
		pub trust: TrustLevel,
	}
}

answer! {
	/// The chain at a glance.
	pub struct NetworkStatus {
		/// Registered operators.
		pub operators: u32,
		/// Of them active.
		pub active: u32,
		/// Operators that were ever slashed, gone ones included.
		pub slashed_operators: u32,
		/// Listed services.
		pub services: u32,
		/// Of them with units.
		pub hot: u32,
		/// Slashed so far, by asset.
		pub slashed: Vec<(AssetId, Balance)>,
		/// Bonded now, by asset.
		pub bonded: Vec<(AssetId, Balance)>,
		/// Mean score of up to `MAX_SCAN` operators, 0 to 100.
		pub average_score: u8,
		/// Last round judged.
		pub judged_round: RoundIndex,
	}
}

answer! {
	/// The clock.
	pub struct RoundInfo {
		/// Block being built on this state.
		pub block: BlockNumber,
		/// Its round.
		pub round: RoundIndex,
		/// Its window.
		pub window: WindowIndex,
		/// Blocks of a round.
		pub round_blocks: u32,
		/// Rounds of a window.
		pub window_rounds: u16,
		/// Milliseconds of a slot.
		pub slot_ms: u64,
		/// Last round judged for every service.
		pub judged_round: RoundIndex,
	}
}

answer! {
	/// A breach with the numbers that explain it.
	pub struct BreachInfo {
		/// Place in the service's history.
		pub number: u32,
		/// Window it happened in.
		pub window: WindowIndex,
		/// Round whose judgement made the counter pass the tier.
		pub round: RoundIndex,
		/// Which term.
		pub kind: BreachKind,
		/// Tier before, in the same window and kind.
		pub before: Option<Severity>,
		/// Tier reached.
		pub severity: Severity,
		/// Rounds by verdict at that time.
		pub counters: Counters,
		/// Bad rounds allowed.
		pub allowance: u16,
		/// Multiplier for repeated breaches.
		pub multiplier: u8,
		/// Demanded by the severity, in windows' prices.
		pub demanded: WindowShare,
		/// Sum of the rates that counted, in base units per block.
		pub rate: Balance,
		/// Index before, in windows' prices.
		pub index_before: WindowShare,
		/// Index after, in windows' prices.
		pub index_after: WindowShare,
		/// Moved from bond to credits.
		pub credited: Balance,
		/// Moved from bond to treasury.
		pub penalty: Balance,
	}
}

answer! {
	/// Purpose of an amount in a statement.
	#[derive(Copy)]
	pub enum StatementKind {
		/// Active bond. Claimable is what nothing reserves: unbond it, then wait.
		Bond,
		/// Bond on its way out; claimable from a block on.
		Unbonding,
		/// Deposit of a listing, until the service is removed.
		Listing {
			/// The service.
			service: ServiceId,
		},
		/// Deposit of an agreement: billed by the meter, the rest refunded at its end.
		Agreement {
			/// The agreement.
			agreement: AgreementId,
		},
		/// Funds of a replica of an order: billed by its leases, the rest refunded at its end.
		Replica {
			/// The order.
			order: OrderId,
			/// Which replica.
			index: u8,
		},
		/// Deposit of an order, until it is removed.
		Order {
			/// The order.
			order: OrderId,
		},
		/// Deposit of a bid, until it is gone.
		Bid {
			/// The order.
			order: OrderId,
			/// The service that was bid.
			service: ServiceId,
		},
		/// Credit of an agreement for breaches. It is not on hold but in the pot; `sla.claim` pays it.
		Credit {
			/// The agreement.
			agreement: AgreementId,
		},
		/// Any other hold on the account.
		Other,
	}
}

answer! {
	/// One amount of a statement, in base units.
	#[derive(Copy)]
	pub struct StatementLine {
		/// Purpose.
		pub kind: StatementKind,
		/// Asset of all amounts.
		pub asset: AssetId,
		/// On hold on the account.
		pub held: Balance,
		/// Part of it that is due to others by now, or of a credit what is due to the account.
		pub owed: Balance,
		/// What a call of today would set free or pay out.
		pub claimable: Balance,
		/// First block in which it can be claimed, if that is known.
		pub from: Option<BlockNumber>,
	}
}

answer! {
	/// Sums of a statement in one asset, in base units.
	#[derive(Copy)]
	pub struct StatementTotal {
		/// Asset.
		pub asset: AssetId,
		/// Sum of `held` over its lines.
		pub held: Balance,
		/// Sum of `claimable` over its lines.
		pub claimable: Balance,
		/// On hold on the account by the ledger of the asset: equal to `held`.
		pub on_hold: Balance,
	}
}

answer! {
	/// Everything that an account has in the market, and by which rule it is there.
	pub struct Statement<AccountId> {
		/// Account.
		pub account: AccountId,
		/// Block whose state it is.
		pub block: BlockNumber,
		/// Amounts.
		pub lines: Vec<StatementLine>,
		/// Their sums by asset.
		pub totals: Vec<StatementTotal>,
	}
}

sp_api::decl_runtime_apis! {
	/// Services, agreements, orders, leases, operators and rounds.
	pub trait SuretyApi<AccountId> where AccountId: Codec {
		/// Services that pass a filter.
		fn services(filter: ServiceFilter, start_after: Option<ServiceId>, limit: u32) -> Page<ServiceSummary<AccountId>>;
		/// A service with its live window.
		fn service(id: ServiceId) -> Option<ServiceDetail<AccountId>>;
		/// Breaches of a service, oldest first.
		fn breaches(service: ServiceId, start_after: Option<u32>, limit: u32) -> Page<BreachInfo>;
		/// An agreement with what is owed.
		fn agreement(id: AgreementId) -> Option<AgreementInfo<AccountId>>;
		/// Agreements of a tenant.
		fn agreements_of(tenant: AccountId, start_after: Option<AgreementId>, limit: u32) -> Page<AgreementInfo<AccountId>>;
		/// An operator.
		fn operator(account: AccountId) -> Option<OperatorInfo<AccountId>>;
		/// The chain at a glance.
		fn network_status() -> NetworkStatus;
		/// The clock.
		fn round() -> RoundInfo;
		/// Networks that `Rpc` services serve.
		fn networks() -> Vec<(NetworkId, Network)>;
		/// Compute orders that pass a filter.
		fn orders(filter: OrderFilter<AccountId>, start_after: Option<OrderId>, limit: u32) -> Page<OrderInfo<AccountId>>;
		/// A compute order.
		fn order(id: OrderId) -> Option<OrderInfo<AccountId>>;
		/// Bids on an order that stand, in order of their services.
		fn bids(order: OrderId, start_after: Option<ServiceId>, limit: u32) -> Page<BidInfo<AccountId>>;
		/// A lease.
		fn lease(id: LeaseId) -> Option<LeaseInfo<AccountId>>;
		/// Leases that an account pays for or runs.
		fn leases_of(account: AccountId, start_after: Option<LeaseId>, limit: u32) -> Page<LeaseInfo<AccountId>>;
		/// Score of an account as a tenant.
		fn tenant(account: AccountId) -> TenantInfo;
		/// Amounts that an account has on hold, owes and can claim.
		fn statement(account: AccountId) -> Statement<AccountId>;
		/// Whether probers may connect to loopback and private addresses (dev and local networks).
		fn private_endpoints() -> bool;
	}
}
