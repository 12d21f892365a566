// SPDX-License-Identifier: Apache-2.0

//! State of an operator at one finalized block.

use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::AccountId32;
use std::collections::{BTreeMap, BTreeSet};
use surety_gateway::chain::Head;
use surety_primitives::{
	AssetId, Balance, BlockNumber, LeaseId, OrderId, Resources, ServiceId, SlaTerms, WindowShare,
};
use surety_runtime_api::{
	LeaseDetail, LeaseInfo, LeasePhase, OperatorInfo, OrderInfo, RoundInfo, ServiceDetail,
	TenantInfo,
};

/// State of an operator at one finalized block.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
	/// Hash of the genesis block.
	pub genesis: H256,
	/// The block.
	pub head: Head,
	/// Best block, as the node that was asked says; a little above the finalized one.
	pub best: BlockNumber,
	/// Milliseconds since the Unix epoch at which the agent first saw the block.
	pub seen_ms: u64,
	/// Clock of the chain.
	pub clock: RoundInfo,
	/// Account of the operator.
	pub account: AccountId32,
	/// The operator; `None` if the account is not registered.
	pub operator: Option<OperatorInfo<AccountId32>>,
	/// Own `Compute` services.
	pub services: BTreeMap<ServiceId, ServiceView>,
	/// Own leases, those included that are over and not removed yet.
	pub leases: BTreeMap<LeaseId, LeaseView>,
	/// Leases that the agent asked for by id and that the chain has no longer.
	pub gone: BTreeSet<LeaseId>,
	/// Orders that take bids, and those that the agent bids on, by id.
	pub orders: BTreeMap<OrderId, OrderInfo<AccountId32>>,
	/// Own bids that can still take a replica.
	pub bids: BTreeMap<(OrderId, ServiceId), OwnBid>,
	/// Lowest price by which bids of others are compared, by order.
	pub rivals: BTreeMap<OrderId, Balance>,
	/// Scores of the tenants of the orders.
	pub tenants: BTreeMap<AccountId32, TenantInfo>,
}

/// Own `Compute` service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ServiceView {
	/// Listing and live window.
	pub detail: ServiceDetail<AccountId32>,
}

impl ServiceView {
	/// Declared resources, zero if none are.
	pub fn total(&self) -> Resources {
		self.detail.service.resources.as_ref().map(|r| r.total.clone()).unwrap_or_default()
	}

	/// Resources that neither bids nor leases reserve.
	pub fn free(&self) -> Resources {
		self.detail.service.resources.as_ref().map(|r| r.free.clone()).unwrap_or_default()
	}

	/// Endpoint as text.
	pub fn endpoint(&self) -> String {
		String::from_utf8_lossy(&self.detail.service.listing.endpoint).into_owned()
	}

	/// URL at which validators ask for a lease: on the server of the endpoint.
	pub fn health_url(&self, lease: LeaseId) -> Option<String> {
		let endpoint = self.endpoint();
		let (scheme, rest) = endpoint.split_once("://")?;
		let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
		Some(format!("{scheme}://{authority}/leases/{lease}"))
	}
}

/// Own lease with the order that it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseView {
	/// The lease.
	pub info: LeaseInfo<AccountId32>,
	/// Its order; `None` if the lease is over.
	pub order: Option<OrderInfo<AccountId32>>,
	/// Live window, while it runs.
	pub detail: Option<LeaseDetail<AccountId32>>,
}

impl LeaseView {
	/// True once the chain has finalized the end of the lease.
	pub fn is_over(&self) -> bool {
		matches!(self.info.phase, LeasePhase::Closed { .. })
	}

	/// True while the lease is probed and billed.
	pub fn is_ready(&self) -> bool {
		matches!(self.info.phase, LeasePhase::Running { .. } | LeasePhase::Ending { .. })
			&& !self.info.health.is_empty()
	}

	/// Ends of the fetch window and the start window, while the lease starts.
	pub fn start_window(&self) -> Option<(BlockNumber, BlockNumber)> {
		match self.info.phase {
			LeasePhase::Starting { fetch_until, ready_by } => Some((fetch_until, ready_by)),
			_ => None,
		}
	}
}

/// Own bid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OwnBid {
	/// Base units per replica and billable block.
	pub price: Balance,
	/// Replicas that it can still take.
	pub left: u8,
}

impl Snapshot {
	/// Block that the chain is probably at: the best one, and the slots since it was seen.
	pub fn block_at(&self, now_ms: u64) -> BlockNumber {
		let passed = now_ms.saturating_sub(self.seen_ms);
		let slots = passed.checked_div(self.clock.slot_ms.max(1)).unwrap_or(0);
		self.best.max(self.head.number).saturating_add(u32::try_from(slots).unwrap_or(u32::MAX))
	}

	/// Blocks of a window.
	pub fn window_blocks(&self) -> BlockNumber {
		self.clock.round_blocks.saturating_mul(u32::from(self.clock.window_rounds))
	}

	/// Bond of an asset that nothing reserves.
	pub fn free_bond(&self, asset: AssetId) -> Balance {
		let bonds = self.operator.iter().flat_map(|operator| &operator.bonds);
		bonds
			.filter(|bond| bond.asset == asset)
			.fold(0, |sum, bond| sum.saturating_add(bond.active.saturating_sub(bond.exposure)))
	}

	/// True from a round before the match of an order on: bids can only be lowered then.
	pub fn is_locked(&self, order: &OrderInfo<AccountId32>, now_ms: u64) -> bool {
		let edge = self.block_at(now_ms).saturating_add(self.clock.round_blocks);
		order.bids_until.is_some_and(|until| until <= edge)
	}
}

/// True if the terms of a service include those of an order: they are its own but for the cover.
pub fn terms_cover(own: &SlaTerms, terms: &SlaTerms) -> bool {
	terms.cover <= own.cover && SlaTerms { cover: own.cover, ..terms.clone() } == *own
}

/// A share of windows' prices in windows, with up to three decimals.
pub fn windows(share: WindowShare) -> String {
	let thousandths = share.into_inner().checked_div(1_000_000).unwrap_or(0);
	let (whole, part) = (thousandths.checked_div(1_000), thousandths.checked_rem(1_000));
	let text = format!("{}.{:03}", whole.unwrap_or(0), part.unwrap_or(0));
	text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text that the chain takes as the way to reach a lease.
pub fn valid_access(text: &str) -> bool {
	!text.is_empty() && text.len() <= 128
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shares_are_shown_in_windows() {
		let shown = |inner| windows(WindowShare::from_inner(inner));
		assert_eq!(shown(3_000_000_000), "3");
		assert_eq!(shown(250_000_000), "0.25");
		assert_eq!(shown(0), "0");
	}
}
