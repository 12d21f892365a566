// SPDX-License-Identifier: Apache-2.0

//! The chain as usage statements need it: its clock and reports.

use super::{
	Chain, NodesError, Reader, TransactionError, Transactions, report_equivocation, report_usage,
};
use crate::usage::{Clock, Equivocation, Moment, OnChain, Signed, Submit, SubmitError};
use std::{
	sync::Arc,
	time::{Instant, SystemTime, UNIX_EPOCH},
};
use surety_primitives::{AgreementId, WindowIndex};

impl Clock for Chain {
	fn now(&self) -> Option<Moment> {
		let (window, elapsed, length) = self.market()?.window_at(Instant::now());
		let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
		Some(Moment { window, elapsed, length, unix })
	}
}

/// Reports of one key to the chain.
pub struct UsageReports {
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
		match Reader::at(nodes, head).statements(agreement, window).await {
			Ok(statements) => Ok(statements
				.into_iter()
				.map(|one| OnChain {
					side: one.side,
					lane: one.lane,
					seq: one.seq,
					counts: one.counts,
				})
				.collect()),
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
