// SPDX-License-Identifier: Apache-2.0

//! Reasons why something of a tenant did not work.

use std::fmt;
use surety_gateway::{
	chain::{NodeError, NodesError, TransactionError},
	upstream::UpstreamError,
};
use surety_orders::courier::{ReleaseError, StateError};
use surety_primitives::LeaseId;

/// Reason why something of a tenant did not work.
#[derive(Debug)]
pub enum ClientError {
	/// A node's URL cannot be used.
	Node(NodeError),
	/// No node answers.
	Nodes(NodesError),
	/// The chain has no such lease.
	NoLease(LeaseId),
	/// The lease is over.
	LeaseOver(LeaseId),
	/// The operator of the lease has no endpoint that can be used.
	Endpoint(String),
	/// The agent of the operator does not answer.
	Agent(UpstreamError),
	/// The agent refused: status, name and message.
	Refused(u16, String, String),
	/// The agent's answer makes no sense.
	Malformed(&'static str),
	/// A transaction had no effect.
	Transaction(TransactionError),
	/// The state of the courier cannot be used.
	State(StateError),
	/// The courier does not release.
	Release(ReleaseError),
	/// The machine gives no random bytes.
	Random,
}

impl fmt::Display for ClientError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Node(error) => write!(f, "--node: {error}"),
			Self::Nodes(error) => write!(f, "{error}; check --node"),
			Self::NoLease(lease) => write!(f, "the finalized chain has no lease {lease}"),
			Self::LeaseOver(lease) => write!(f, "lease {lease} is over"),
			Self::Endpoint(reason) => write!(f, "endpoint of the operator: {reason}"),
			Self::Agent(UpstreamError::Forbidden(reason)) => write!(
				f,
				"the operator's endpoint is a {reason:?} address; on a private network, give \
				 --allow-private"
			),
			Self::Agent(error) => write!(f, "the operator's agent does not answer: {error}"),
			Self::Refused(status, name, message) if message.is_empty() => {
				write!(f, "the operator's agent refused ({status} {name})")
			},
			Self::Refused(_, _, message) => write!(f, "the operator's agent refused: {message}"),
			Self::Malformed(what) => write!(f, "the operator's agent sent {what}"),
			Self::Transaction(error) => write!(f, "transaction: {error}"),
			Self::State(error) => error.fmt(f),
			Self::Release(error) => error.fmt(f),
			Self::Random => f.write_str("the machine gives no random bytes"),
		}
	}
}

impl std::error::Error for ClientError {}

impl From<NodeError> for ClientError {
	fn from(error: NodeError) -> Self {
		Self::Node(error)
	}
}

impl From<NodesError> for ClientError {
	fn from(error: NodesError) -> Self {
		Self::Nodes(error)
	}
}

impl From<UpstreamError> for ClientError {
	fn from(error: UpstreamError) -> Self {
		Self::Agent(error)
	}
}

impl From<TransactionError> for ClientError {
	fn from(error: TransactionError) -> Self {
		Self::Transaction(error)
	}
}

impl From<StateError> for ClientError {
	fn from(error: StateError) -> Self {
		Self::State(error)
	}
}

impl From<ReleaseError> for ClientError {
	fn from(error: ReleaseError) -> Self {
		Self::Release(error)
	}
}
