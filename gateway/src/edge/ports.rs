// SPDX-License-Identifier: Apache-2.0

//! Other rooms as the edge sees them. The role that embeds the edge binds them.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use sp_runtime::AccountId32;
use std::{sync::Arc, time::Duration};
use surety_primitives::{AgreementId, RoundIndex, ServiceId, crypto::ProberId};

/// Rights as of the chain, answered from memory.
pub trait Rights: Send + Sync + 'static {
	/// True if `reporter` is the tenant or its `Report` proxy. `None` if that is being asked of the
	/// chain for the first time.
	fn may_report(&self, tenant: &AccountId32, reporter: &AccountId32) -> Option<bool>;

	/// Current round, if the key is that of one of its probers.
	fn round_of(&self, prober: &ProberId) -> Option<RoundIndex>;

	/// A token names an agreement that is not in the market: it may be newer than the snapshot.
	fn is_missing(&self, agreement: AgreementId) {
		let _ = agreement;
	}
}

/// Counts of agreements.
pub trait Usage: Send + Sync + 'static {
	/// Counter of an agreement.
	fn counter(&self, agreement: AgreementId) -> Arc<dyn Counter>;

	/// Exchange of statements: the answer to a message of a tenant's gateway.
	fn exchange(&self, message: Bytes) -> BoxFuture<'static, (StatusCode, Bytes)>;

	/// A model of a service gave an answer.
	fn inferred(&self, service: ServiceId, answer: &Inferred);
}

/// Answer of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inferred {
	/// Kind of the client: `tenant`, `trial` or `prober`.
	pub client: &'static str,
	/// Tokens of the prompt.
	pub prompt: u64,
	/// Tokens of the answer.
	pub completion: u64,
	/// Time from the request to the first token of a stream.
	pub first_token: Option<Duration>,
	/// Tokens per second: of a stream after its first token, else of the whole answer.
	pub per_second: Option<f64>,
}

/// Counts of one agreement.
pub trait Counter: Send + Sync {
	/// A request was answered by the service, errors of the caller included.
	///
	/// - `bytes`: length of the answer's body; calls of a batch share one body.
	fn answered(&self, bytes: u64, latency: Duration);

	/// A request had no answer, or an error of the service.
	fn lost(&self, bytes: u64);

	/// The client gave a request up before its answer.
	fn cancelled(&self);

	/// Requests were refused because of the rate. They are no part of the usage.
	fn limited(&self, requests: u64);

	/// Bytes that belong to no request of their own.
	fn streamed(&self, bytes: u64);

	/// Tokens of a model's answer. They are no part of the usage statements.
	fn tokens(&self, prompt: u64, completion: u64);
}

/// Rights without a chain: only the tenant's own key counts, and there are no probers.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnKeysOnly;

impl Rights for OwnKeysOnly {
	fn may_report(&self, tenant: &AccountId32, reporter: &AccountId32) -> Option<bool> {
		Some(tenant == reporter)
	}

	fn round_of(&self, _: &ProberId) -> Option<RoundIndex> {
		None
	}
}
