// SPDX-License-Identifier: Apache-2.0

//! Transactions of the agent, each followed to its outcome in a finalized block.
//!
//! Several may be in progress, with one nonce after the other. Who makes calls that depend on each
//! other waits for the outcome between them.

use super::{Call, Rights};
use sp_runtime::AccountId32;
use std::{fmt, sync::Arc, time::Duration};
use surety_gateway::chain::{Head, KeySigner, Nodes, TransactionError, Transactions};

/// Reason why a call had no effect, or none that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubmitError {
	/// The transaction had no effect, or the nodes are gone.
	Transaction(TransactionError),
	/// Nothing is known after this time. The next snapshot shows the effect, if there is one.
	Timeout(Duration),
	/// An `Operate` proxy must not accept foreign terms. Sign with the operator's own key, or list
	/// a service with the terms of the order.
	ForeignTerms,
}

impl SubmitError {
	/// Name of the error of the chain, such as `ComputeOrders::RoundsFull`.
	pub fn chain_error(&self) -> Option<&str> {
		match self {
			Self::Transaction(TransactionError::Failed(name)) => Some(name),
			_ => None,
		}
	}
}

impl fmt::Display for SubmitError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Transaction(error) => error.fmt(f),
			Self::Timeout(time) => {
				write!(f, "no outcome in {} s; it may still take effect", time.as_secs())
			},
			Self::ForeignTerms => f.write_str(
				"an Operate proxy cannot accept terms that the service does not promise; sign with \
				 the operator's own key or list a service with these terms",
			),
		}
	}
}

impl std::error::Error for SubmitError {}

/// Sender of the calls of an operator.
pub struct Submitter {
	transactions: Transactions,
	rights: Rights,
	account: AccountId32,
	timeout: Duration,
}

impl Submitter {
	/// Sender that signs with the key of the operator, or of its `Operate` proxy.
	///
	/// - `timeout`: longest time until the outcome of a call is given up.
	pub fn new(
		nodes: Arc<Nodes>,
		signer: KeySigner,
		operator: AccountId32,
		timeout: Duration,
	) -> Self {
		let rights = if *signer.account() == operator {
			Rights::Own
		} else {
			Rights::Operate(operator.clone())
		};
		let transactions = Transactions::new(nodes, signer);
		Self { transactions, rights, account: operator, timeout }
	}

	/// Account of the operator.
	pub fn operator(&self) -> &AccountId32 {
		&self.account
	}

	/// Way in which the key may act.
	pub fn rights(&self) -> &Rights {
		&self.rights
	}

	/// Reader by metadata, over the same nodes.
	pub fn transactions(&self) -> &Transactions {
		&self.transactions
	}

	/// Make a call, and wait for its outcome. Gives the finalized block that has it.
	///
	/// Errors: [`SubmitError`].
	pub async fn submit(&self, call: &Call) -> Result<Head, SubmitError> {
		let foreign = matches!(
			call,
			Call::PlaceBid { foreign_terms: true, .. }
				| Call::ReportReady { foreign_terms: true, .. }
		);
		if foreign && matches!(self.rights, Rights::Operate(_)) {
			return Err(SubmitError::ForeignTerms);
		}
		let payload = call.payload(&self.rights);
		match tokio::time::timeout(self.timeout, self.transactions.execute(&payload)).await {
			Ok(outcome) => outcome.map_err(SubmitError::Transaction),
			Err(_) => Err(SubmitError::Timeout(self.timeout)),
		}
	}
}
