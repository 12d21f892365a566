// SPDX-License-Identifier: Apache-2.0

//! Counts of an edge, for metrics and status.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Number that only grows, shared by all workers.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
	/// Value now.
	pub fn get(&self) -> u64 {
		self.0.load(Relaxed)
	}

	pub(super) fn add(&self, amount: u64) {
		self.0.fetch_add(amount, Relaxed);
	}
}

/// Counts since the start of an edge.
#[derive(Debug, Default)]
pub struct EdgeCounts {
	/// Requests of tenants that were let in.
	pub tenant_requests: Count,
	/// Requests without an agreement that were let in.
	pub trial_requests: Count,
	/// Requests of probers with a token that were let in.
	pub prober_requests: Count,
	/// Requests that the server answered.
	pub answered: Count,
	/// Requests without an answer of the server, or with an error of it.
	pub lost: Count,
	/// Requests that the client gave up before their answer.
	pub cancelled: Count,
	/// Bytes of bodies of answers.
	pub bytes: Count,
	/// Requests refused because of a rate.
	pub limited: Count,
	/// Those of them that came without an agreement.
	pub trial_limited: Count,
	/// Requests refused because no agreement covers them.
	pub unpaid: Count,
	/// Requests refused because of their token.
	pub unauthorized: Count,
	/// Requests that are not valid or not served here.
	pub invalid: Count,
	/// Messages with usage statements.
	pub exchanges: Count,
}
