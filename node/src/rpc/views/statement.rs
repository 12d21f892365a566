//! Statement of an account.

use super::{amount, asset};
use surety_runtime::AccountId;
use surety_runtime_api::{self as api, StatementKind};

views! {
	/// One amount.
	pub struct StatementLineView {
		/// `bond`, `unbonding`, `listing`, `agreement`, `replica`, `order`, `bid`, `credit` or `other`.
		pub kind: &'static str,
		/// Agreement, service or order that it belongs to.
		pub id: Option<u32>,
		/// Replica of the order, or service of the bid.
		pub part: Option<u32>,
		/// Asset of its amounts.
		pub asset: String,
		/// On hold on the account.
		pub held: String,
		/// Of a bond the part that is reserved; of a deposit the part that is due to others; of a credit
		/// what is due to the account.
		pub owed: String,
		/// Amount that a call of today would set free or pay out.
		pub claimable: String,
		/// First block in which it can be claimed, if that is known.
		pub from: Option<u32>,
		/// Rule by which it is there, in words.
		pub rule: &'static str,
	}

	/// Sums in one asset.
	pub struct StatementTotalView {
		/// Asset.
		pub asset: String,
		/// Sum of `held`.
		pub held: String,
		/// Sum of `claimable`.
		pub claimable: String,
		/// On hold by the ledger of the asset: equal to `held`.
		pub on_hold: String,
	}

	/// Everything that an account has in the market.
	pub struct StatementView {
		/// Account.
		pub account: AccountId,
		/// Block whose state it is.
		pub block: u32,
		/// Amounts.
		pub lines: Vec<StatementLineView>,
		/// Their sums by asset.
		pub totals: Vec<StatementTotalView>,
	}
}

/// Name, id, part and rule of a line.
fn explain(kind: StatementKind) -> (&'static str, Option<u32>, Option<u32>, &'static str) {
	match kind {
		StatementKind::Bond => (
			"bond",
			None,
			None,
			"stands behind services and bids; what nothing reserves can be unbonded",
		),
		StatementKind::Unbonding => (
			"unbonding",
			None,
			None,
			"slashable until it is withdrawn with operators.withdraw_unbonded",
		),
		StatementKind::Listing { service } => {
			("listing", Some(service), None, "deposit, back when the service is removed")
		},
		StatementKind::Agreement { agreement } => (
			"agreement",
			Some(agreement),
			None,
			"paid by the meter, the rest back when the end is judged",
		),
		StatementKind::Replica { order, index } => (
			"replica",
			Some(order),
			Some(index.into()),
			"paid by the meters of its leases, the rest back when the replica is closed",
		),
		StatementKind::Order { order } => {
			("order", Some(order), None, "deposit, back when the order is removed")
		},
		StatementKind::Bid { order, service } => {
			("bid", Some(order), Some(service), "deposit, back when the bid is gone")
		},
		StatementKind::Credit { agreement } => (
			"credit",
			Some(agreement),
			None,
			"for breaches, up to what the agreement has paid; sla.claim pays it, and so does its end",
		),
		StatementKind::Other => ("other", None, None, "held for something beside the market"),
	}
}

impl From<api::StatementLine> for StatementLineView {
	fn from(line: api::StatementLine) -> Self {
		let (kind, id, part, rule) = explain(line.kind);
		Self {
			kind,
			id,
			part,
			asset: asset(line.asset),
			held: amount(line.held),
			owed: amount(line.owed),
			claimable: amount(line.claimable),
			from: line.from,
			rule,
		}
	}
}

impl From<api::StatementTotal> for StatementTotalView {
	fn from(total: api::StatementTotal) -> Self {
		Self {
			asset: asset(total.asset),
			held: amount(total.held),
			claimable: amount(total.claimable),
			on_hold: amount(total.on_hold),
		}
	}
}

impl From<api::Statement<AccountId>> for StatementView {
	fn from(statement: api::Statement<AccountId>) -> Self {
		Self {
			account: statement.account,
			block: statement.block,
			lines: statement.lines.into_iter().map(Into::into).collect(),
			totals: statement.totals.into_iter().map(Into::into).collect(),
		}
	}
}
