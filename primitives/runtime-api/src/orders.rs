// SPDX-License-Identifier: Apache-2.0

//! Compute orders, bids and leases. Amounts are base units of the order's asset.

use crate::{Ending, RoundVerdict, TargetStatus};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, CloseReason, LeaseId, OrderId, Port, Region,
	Resources, RoundIndex, Service, ServiceId, SlaTerms, TrustLevel, json,
};

/// A compute order.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct OrderInfo<AccountId> {
	/// Id.
	pub id: OrderId,
	/// Account that placed the order and pays.
	pub tenant: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Resources that each replica needs.
	pub resources: Resources,
	/// Reference of the image to run.
	#[serde(with = "json")]
	pub image: Vec<u8>,
	/// Digest that the image must have.
	#[serde(with = "json")]
	pub digest: Option<[u8; 32]>,
	/// Ports of the container.
	pub ports: Vec<Port>,
	/// Commitment to the private environment, which travels encrypted to the operator.
	#[serde(with = "json")]
	pub env_hash: Option<[u8; 32]>,
	/// Highest price of a replica per billable block.
	#[serde(with = "json")]
	pub max_price: Balance,
	/// Highest price of a replacement per billable block. `None`: that of the replica's first lease.
	#[serde(with = "json")]
	pub failover_price: Option<Balance>,
	/// Regions it may run in; empty for any.
	pub regions: Vec<Region>,
	/// Least trust level of a bidder.
	pub min_trust: TrustLevel,
	/// Blocks that each replica runs, whole rounds.
	pub duration: BlockNumber,
	/// Terms of its own; `None` for those of the bidder's service.
	pub terms: Option<SlaTerms>,
	/// True if the best bids are taken at the deadline; else the tenant accepts.
	pub auto_match: bool,
	/// Block in which bids are matched, while a replica waits.
	pub bids_until: Option<BlockNumber>,
	/// Number of standing bids.
	pub bids: u32,
	/// Replicas.
	pub replicas: Vec<ReplicaInfo>,
}

/// A replica of an order.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaInfo {
	/// Its lease, the last one if it is over; `None` if it never had one.
	pub lease: Option<LeaseId>,
	/// On hold for it.
	#[serde(with = "json")]
	pub held: Balance,
	/// Stable code of the reason of its end, if it is over.
	pub closed_code: Option<u16>,
	/// Reason of its end, if it is over.
	pub closed_reason: Option<CloseReason>,
}

/// A bid.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct BidInfo<AccountId> {
	/// Service that bids.
	pub service: ServiceId,
	/// Operator of the service.
	pub operator: AccountId,
	/// Price per replica and billable block.
	#[serde(with = "json")]
	pub price: Balance,
	/// Replicas that it can still take.
	pub left: u8,
	/// Score of the operator now, 0 to 100.
	pub score: u8,
	/// Price that it is ranked by at this score, lowest first.
	#[serde(with = "json")]
	pub effective_price: Balance,
}

/// Phase of a lease.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "phase")]
pub enum LeasePhase {
	/// The operator fetches the image and starts it.
	Starting {
		/// First block in which the lease can no longer be declined.
		fetch_until: BlockNumber,
		/// Block at which the lease has failed if it is not ready.
		ready_by: BlockNumber,
	},
	/// The lease runs, is probed and billed.
	Running {
		/// Block in which it was ready.
		since: BlockNumber,
		/// Last round of its time.
		last_round: RoundIndex,
	},
	/// The end of the lease is decided.
	Ending {
		/// The end.
		ending: Ending,
	},
	/// The lease is over.
	Closed {
		/// The end; its round is the one in which the lease was closed if it never ran.
		ending: Ending,
	},
}

/// A lease.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct LeaseInfo<AccountId> {
	/// Id.
	pub id: LeaseId,
	/// Its order.
	pub order: OrderId,
	/// Its replica of the order.
	pub replica: u8,
	/// Payer.
	pub tenant: AccountId,
	/// Operator that runs it.
	pub operator: AccountId,
	/// The operator's service that bid.
	pub service: ServiceId,
	/// Price per billable block.
	#[serde(with = "json")]
	pub price: Balance,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// URL at which the operator's agent is probed; empty until the lease is ready.
	#[serde(with = "json")]
	pub health: Vec<u8>,
	/// Way for the tenant to reach it, as its operator gives it.
	#[serde(with = "json")]
	pub access: Vec<u8>,
	/// Phase.
	#[serde(flatten)]
	pub phase: LeasePhase,
	/// Agreement that it is credited by, once it was ready.
	pub agreement: Option<AgreementId>,
	/// Billable blocks that the funds still pay for.
	pub blocks_left: u32,
	/// Paid to operator and fee so far.
	#[serde(with = "json")]
	pub paid: Balance,
	/// Left for the tenant or the next operator when it was over.
	#[serde(with = "json")]
	pub refunded: Balance,
	/// Taken from its operator's bond for failing it.
	#[serde(with = "json")]
	pub forfeited: Balance,
	/// Credit that is due to the tenant and not delivered.
	#[serde(with = "json")]
	pub owed_credit: Balance,
	/// Last verdict.
	pub last_verdict: Option<RoundVerdict>,
}

/// Listing of a lease, which begins when the lease is ready and ends with it, and its live window.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct LeaseDetail<AccountId> {
	/// Listing: the health URL as endpoint, the terms of the lease, one unit.
	pub listing: Service<AccountId>,
	/// Status.
	#[serde(flatten)]
	pub status: TargetStatus,
}
