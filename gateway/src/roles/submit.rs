// SPDX-License-Identifier: Apache-2.0

//! Reports of usage, sent to the chain.

use crate::{
	chain::{Nodes, Reader, TransactionError, Transactions, report_equivocation, report_usage},
	usage::{Equivocation, OnChain, Signed, Submit, SubmitError},
};
use std::sync::Arc;
use surety_primitives::{AgreementId, WindowIndex};

/// Way of reports to the chain.
pub(super) struct ChainSubmit {
	nodes: Arc<Nodes>,
	transactions: Arc<Transactions>,
}

impl ChainSubmit {
	/// Reports that a key signs and pays for.
	pub fn new(nodes: Arc<Nodes>, transactions: Arc<Transactions>) -> Self {
		Self { nodes, transactions }
	}
}

impl Submit for ChainSubmit {
	async fn on_chain(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
	) -> Result<Vec<OnChain>, SubmitError> {
		let head = self.nodes.used();
		let head = head.ok_or_else(|| SubmitError::Unavailable("no node answers".into()))?;
		match Reader::at(&self.nodes, head).statements(agreement, window).await {
			Ok(known) => Ok(known
				.into_iter()
				.map(|one| OnChain {
					side: one.side,
					lane: one.lane,
					seq: one.seq,
					counts: one.counts,
				})
				.collect()),
			// A chain without usage has nothing; it refuses the report.
			Err(error) if error.is_unknown_method() => Ok(Vec::new()),
			Err(error) => Err(SubmitError::Unavailable(error.to_string())),
		}
	}

	async fn report(&self, batch: Vec<Signed>) -> Result<(), SubmitError> {
		self.transactions.execute(&report_usage(&batch)).await.map(drop).map_err(refusal)
	}

	async fn report_equivocation(&self, proof: Equivocation) -> Result<(), SubmitError> {
		let call = report_equivocation(&proof.0, &proof.1);
		self.transactions.execute(&call).await.map(drop).map_err(refusal)
	}
}

fn refusal(error: TransactionError) -> SubmitError {
	let reason = error.to_string();
	match error {
		TransactionError::Unbuildable(_) | TransactionError::Failed(_) => {
			SubmitError::Refused(reason)
		},
		TransactionError::Nodes(_) | TransactionError::Refused(_) | TransactionError::Expired => {
			SubmitError::Unavailable(reason)
		},
	}
}
