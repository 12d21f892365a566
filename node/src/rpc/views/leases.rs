//! Leases.

use super::{agreements::EndingView, amount, asset, rounds::VerdictView, text};
use surety_runtime::AccountId;
use surety_runtime_api as api;

views! {
	/// A lease.
	pub struct LeaseView {
		/// Id.
		pub id: u32,
		/// Its order.
		pub order: u32,
		/// Which replica of it.
		pub replica: u8,
		/// Who pays.
		pub tenant: AccountId,
		/// Who runs it.
		pub operator: AccountId,
		/// The operator's service it was bid with.
		pub service: u32,
		/// The service that it is probed as.
		pub probed_as: u32,
		/// Price per billable block.
		pub price: String,
		/// Asset of all amounts.
		pub asset: String,
		/// Where its operator's agent is probed.
		pub health: String,
		/// How the tenant reaches it.
		pub access: String,
		/// `starting`, `running`, `ending` or `closed`.
		pub phase: &'static str,
		/// Starting: first block in which it cannot be declined any more.
		pub fetch_until: Option<u32>,
		/// Starting: block at which it has failed if it is not ready.
		pub ready_by: Option<u32>,
		/// Running: block in which it was ready.
		pub since: Option<u32>,
		/// Running: last round of its time.
		pub last_round: Option<u32>,
		/// Ending and closed: after which round and why.
		pub ending: Option<EndingView>,
		/// Agreement that it is credited by, once it was ready.
		pub agreement: Option<u32>,
		/// Billable blocks that the funds still pay for.
		pub blocks_left: u32,
		/// Paid so far.
		pub paid: String,
		/// Left when it was over.
		pub refunded: String,
		/// Taken from its operator's bond for failing it.
		pub forfeited: String,
		/// Credit owed to the tenant.
		pub owed_credit: String,
		/// Last verdict.
		pub last_verdict: Option<VerdictView>,
	}

	/// How a tenant is thought of.
	pub struct TenantView {
		/// Score, 0 to 100.
		pub score: u8,
		/// Trust level, 1 to 5.
		pub trust: u8,
	}
}

impl From<api::LeaseInfo<AccountId>> for LeaseView {
	fn from(info: api::LeaseInfo<AccountId>) -> Self {
		use api::LeasePhase::{Closed, Ending, Running, Starting};
		let phase = match info.phase {
			Starting { .. } => "starting",
			Running { .. } => "running",
			Ending { .. } => "ending",
			Closed { .. } => "closed",
		};
		let (fetch_until, ready_by) = match info.phase {
			Starting { fetch_until, ready_by } => (Some(fetch_until), Some(ready_by)),
			_ => (None, None),
		};
		let (since, last_round) = match info.phase {
			Running { since, last_round } => (Some(since), Some(last_round)),
			_ => (None, None),
		};
		let ending = match info.phase {
			Ending { round, reason } | Closed { round, reason, .. } => Some((round, reason)),
			_ => None,
		};
		Self {
			id: info.id,
			order: info.order,
			replica: info.replica,
			tenant: info.tenant,
			operator: info.operator,
			service: info.service,
			probed_as: info.probed_as,
			price: amount(info.price),
			asset: asset(info.asset),
			health: text(&info.health),
			access: text(&info.access),
			phase,
			fetch_until,
			ready_by,
			since,
			last_round,
			ending: ending.map(Into::into),
			agreement: info.agreement,
			blocks_left: info.blocks_left,
			paid: amount(info.paid),
			refunded: amount(info.refunded),
			forfeited: amount(info.forfeited),
			owed_credit: amount(info.owed_credit),
			last_verdict: info.last_verdict.map(Into::into),
		}
	}
}

impl From<api::TenantInfo> for TenantView {
	fn from(info: api::TenantInfo) -> Self {
		Self { score: info.score, trust: super::level(info.trust) }
	}
}
