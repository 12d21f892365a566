// SPDX-License-Identifier: Apache-2.0

//! Statement of an account: its amounts in the market. Amounts are base units of their asset.

use alloc::{string::String, vec::Vec};
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{AgreementId, AssetId, Balance, BlockNumber, OrderId, ServiceId, json};

/// Purpose of an amount in a statement. In JSON the agreement, service or order is `id`, the
/// replica of an order or the service of a bid is `part`.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum StatementKind {
	/// Active bond. Claimable is the part that nothing reserves: unbond it, then wait.
	Bond,
	/// Bond on its way out; claimable from a block on.
	Unbonding,
	/// Deposit of a listing, until the service is removed.
	Listing {
		/// The service.
		#[serde(rename = "id")]
		service: ServiceId,
	},
	/// Deposit of an agreement: billed by the meter, the rest refunded at its end.
	Agreement {
		/// The agreement.
		#[serde(rename = "id")]
		agreement: AgreementId,
	},
	/// Funds of a replica of an order: billed by its leases, the rest refunded at its end.
	Replica {
		/// The order.
		#[serde(rename = "id")]
		order: OrderId,
		/// The replica.
		#[serde(rename = "part")]
		index: u8,
	},
	/// Deposit of an order, until it is removed.
	Order {
		/// The order.
		#[serde(rename = "id")]
		order: OrderId,
	},
	/// Deposit of a bid, until it is gone.
	Bid {
		/// The order.
		#[serde(rename = "id")]
		order: OrderId,
		/// The service that bids.
		#[serde(rename = "part")]
		service: ServiceId,
	},
	/// Credit of an agreement for breaches. It is in the pot, not on hold; `sla.claim` pays it.
	Credit {
		/// The agreement.
		#[serde(rename = "id")]
		agreement: AgreementId,
	},
	/// Any other hold on the account.
	Other,
}

impl StatementKind {
	/// Rule by which such an amount is there, in words.
	pub fn rule(&self) -> &'static str {
		match self {
			Self::Bond => "stands behind services and bids; what nothing reserves can be unbonded",
			Self::Unbonding => "slashable until it is withdrawn with operators.withdraw_unbonded",
			Self::Listing { .. } => "deposit, back when the service is removed",
			Self::Agreement { .. } => "paid by the meter, the rest back when the end is judged",
			Self::Replica { .. } => {
				"paid by the meters of its leases, the rest back when the replica is closed"
			},
			Self::Order { .. } => "deposit, back when the order is removed",
			Self::Bid { .. } => "deposit, back when the bid is gone",
			Self::Credit { .. } => {
				"for breaches, up to what the agreement has paid; sla.claim pays it, and so does its end"
			},
			Self::Other => "held for something beside the market",
		}
	}
}

/// One amount of a statement.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
	/// Purpose.
	#[serde(flatten)]
	pub kind: StatementKind,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// On hold on the account.
	#[serde(with = "json")]
	pub held: Balance,
	/// Of a bond the part that is reserved; of a deposit the part that is due to others by now; of a
	/// credit the part that is due to the account.
	#[serde(with = "json")]
	pub owed: Balance,
	/// Amount that a call of today would set free or pay out.
	#[serde(with = "json")]
	pub claimable: Balance,
	/// First block in which it can be claimed, if that is known.
	pub from: Option<BlockNumber>,
	/// Rule by which it is there, in words.
	pub rule: String,
}

/// Sums of a statement in one asset.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct StatementTotal {
	/// Asset.
	pub asset: AssetId,
	/// Sum of `held` over its lines.
	#[serde(with = "json")]
	pub held: Balance,
	/// Sum of `claimable` over its lines.
	#[serde(with = "json")]
	pub claimable: Balance,
	/// On hold on the account by the ledger of the asset: equal to `held`.
	#[serde(with = "json")]
	pub on_hold: Balance,
}

/// Everything that an account has in the market, with the rule of each amount.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
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
