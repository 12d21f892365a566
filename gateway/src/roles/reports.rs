// SPDX-License-Identifier: Apache-2.0

//! Reports of usage to the chain.

use crate::{
	chain::{
		Chain, NodesError, Reader, TransactionError, Transactions, report_equivocation,
		report_usage,
	},
	usage::{Equivocation, OnChain, Signed, Submit, SubmitError},
};
use sp_runtime::AccountId32;
use std::sync::Arc;
use surety_primitives::{AgreementId, WindowIndex, usage::Side};
use surety_runtime_api::{AgreementUsage, LaneUse, SideUse};

/// Reports of one key to the chain.
pub(super) struct UsageReports {
	chain: Arc<Chain>,
	transactions: Arc<Transactions>,
}

impl UsageReports {
	/// Reports that a sender signs and pays.
	pub fn new(chain: Arc<Chain>, transactions: Arc<Transactions>) -> Self {
		Self { chain, transactions }
	}
}

impl Submit for UsageReports {
	async fn on_chain(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
	) -> Result<Vec<OnChain>, SubmitError> {
		let nodes = self.chain.nodes();
		let head = nodes.used().ok_or_else(|| unavailable(&NodesError::NoNode))?;
		match Reader::at(nodes, head).usage(agreement).await {
			Ok(usage) => Ok(usage.map_or_else(Vec::new, |usage| statements(usage, window))),
			// A chain without usage has nothing. It refuses the report itself.
			Err(error) if error.is_unknown_method() => Ok(Vec::new()),
			Err(error) => Err(unavailable(&error)),
		}
	}

	async fn report(&self, batch: Vec<Signed>) -> Result<(), SubmitError> {
		let sent = self.transactions.execute(&report_usage(&batch)).await;
		sent.map(drop).map_err(|error| fault(&error))
	}

	async fn report_equivocation(&self, proof: Equivocation) -> Result<(), SubmitError> {
		let call = report_equivocation(&proof.0, &proof.1);
		self.transactions.execute(&call).await.map(drop).map_err(|error| fault(&error))
	}
}

/// Statements of a window, by side and lane.
fn statements(usage: AgreementUsage<AccountId32>, window: WindowIndex) -> Vec<OnChain> {
	let windows = usage.windows.into_iter().filter(|one| one.window == window);
	windows
		.flat_map(|one| of(Side::Tenant, one.tenant).chain(of(Side::Operator, one.operator)))
		.collect()
}

fn of(side: Side, view: SideUse) -> impl Iterator<Item = OnChain> {
	let lanes = view.lanes.into_iter();
	lanes.map(move |LaneUse { lane, seq, counts }| OnChain { side, lane, seq, counts })
}

fn unavailable(error: &NodesError) -> SubmitError {
	SubmitError::Unavailable(error.to_string())
}

fn fault(error: &TransactionError) -> SubmitError {
	match error {
		TransactionError::Failed(_) | TransactionError::Unbuildable(_) => {
			SubmitError::Refused(error.to_string())
		},
		TransactionError::Nodes(_) | TransactionError::Refused(_) | TransactionError::Expired => {
			SubmitError::Unavailable(error.to_string())
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::tests::account;
	use surety_primitives::usage;
	use surety_runtime_api::AgreementWindow;

	#[test]
	fn statements_on_chain_are_read_by_side_and_lane() {
		let counts = usage::UsageCounts { requests: 9, ok: 8, lost: 1, slow: 0, bytes: 5 };
		let side = SideUse { void: false, lanes: vec![LaneUse { lane: 1, seq: 4, counts }] };
		let empty = SideUse { void: true, lanes: Vec::new() };
		let window = |window, operator: &SideUse| AgreementWindow {
			window,
			agreed: Default::default(),
			matched: usage::Match::Close,
			tenant: side.clone(),
			operator: operator.clone(),
		};
		let usage = AgreementUsage {
			agreement: 1,
			service: 5,
			tenant: account(1),
			operator: account(7),
			max_requests: 100,
			windows: vec![window(6, &side), window(7, &empty)],
		};
		let found = statements(usage.clone(), 7);
		assert_eq!(found, [OnChain { side: Side::Tenant, lane: 1, seq: 4, counts }]);
		assert_eq!(statements(usage, 8), []);
	}
}
