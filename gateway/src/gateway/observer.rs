// SPDX-License-Identifier: Apache-2.0

//! Port to usage statements and metrics.

use super::upstreams::Member;
use std::time::Duration;
use surety_primitives::AgreementId;

/// End of a request to a service, as usage statements count it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Served {
	/// The service answered; errors of the caller's making are answers.
	Ok {
		/// Later than the terms promise.
		slow: bool,
	},
	/// No answer, or an error of the service.
	Lost,
	/// Given up by us before the answer. A request, neither answered nor lost.
	Cancelled,
}

/// Observer of what is served: usage statements and metrics.
pub trait Observer: Send + Sync {
	/// A request to a service ended. Retries, hedges, copies and health requests are requests.
	///
	/// - `agreement`: the one that pays.
	/// - `latency`: time to the answer, or to the end without one.
	/// - `bytes`: length of the answer's body.
	fn served(
		&self,
		member: &Member,
		agreement: Option<AgreementId>,
		served: Served,
		latency: Duration,
		bytes: u64,
	);

	/// Bytes of a service that belong to no request of their own: notifications.
	fn streamed(&self, member: &Member, agreement: Option<AgreementId>, bytes: u64);

	/// A call of a client ended. `upstream` is the time that the operator took, `None` if none was
	/// asked.
	fn called(&self, network: &str, whole: Duration, upstream: Option<Duration>);
}
