// SPDX-License-Identifier: Apache-2.0

//! Other rooms as the edge sees them. The role that embeds the edge binds them.

use super::Admission;
use crate::{front::Body, upstream::Pool};
use bytes::Bytes;
use futures::future::{BoxFuture, LocalBoxFuture};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use sp_runtime::AccountId32;
use std::{rc::Rc, sync::Arc, time::Duration};
use surety_primitives::{AgreementId, RoundIndex, crypto::ProberId};

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
	/// Counter of an agreement. `None` if it is not counted.
	fn counter(&self, agreement: AgreementId) -> Option<Arc<dyn Counter>>;

	/// Exchange of statements: the answer to a message of a tenant's gateway.
	fn exchange(&self, message: Bytes) -> BoxFuture<'static, (StatusCode, Bytes)>;

	/// Maximum length of a message.
	fn max_message(&self) -> usize;

	/// Media type of messages and answers.
	fn content_type(&self) -> &'static str;
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
	fn limited(&self, requests: u64) {
		let _ = requests;
	}

	/// Bytes that belong to no request of their own.
	fn streamed(&self, bytes: u64);
}

/// Protocol to which a client can switch, such as WebSocket.
pub trait Upgrade: 'static {
	/// Answer the request of a client that was let in. The service's server is behind `pool`.
	///
	/// - `target`: path and query below the server's own path.
	fn upgrade(
		&self,
		admission: Admission,
		pool: Rc<Pool>,
		target: String,
		request: Request<Incoming>,
	) -> LocalBoxFuture<'static, Response<Body>>;

	/// End all connections; the edge shuts down.
	fn close(&self) -> LocalBoxFuture<'static, ()> {
		Box::pin(std::future::ready(()))
	}
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

/// Nothing is counted, and no statement is exchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncounted;

impl Usage for Uncounted {
	fn counter(&self, _: AgreementId) -> Option<Arc<dyn Counter>> {
		None
	}

	fn exchange(&self, _: Bytes) -> BoxFuture<'static, (StatusCode, Bytes)> {
		let reason = Bytes::from_static(b"no statements are exchanged here");
		Box::pin(std::future::ready((StatusCode::NOT_FOUND, reason)))
	}

	fn max_message(&self) -> usize {
		0
	}

	fn content_type(&self) -> &'static str {
		"text/plain"
	}
}
