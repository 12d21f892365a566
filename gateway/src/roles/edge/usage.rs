// SPDX-License-Identifier: Apache-2.0

//! Counts of agreements, for statements and metrics.

use crate::{
	edge::{Counter, EdgeMarket, Inferred, Usage},
	roles::statements::Statements,
	telemetry::{AgreementMetrics, Metrics},
	usage::{ExchangeHandle, Exchanges, Meter, exchanges},
};
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use std::{sync::Arc, time::Duration};
use surety_primitives::{AgreementId, ServiceId};

/// Usage in a ledger that is opened when the chain was read.
pub(super) struct EdgeUsage {
	statements: Arc<Statements>,
	market: Arc<ArcSwap<EdgeMarket>>,
	metrics: Arc<Metrics>,
	exchanges: ArcSwapOption<ExchangeHandle>,
}

impl EdgeUsage {
	/// Usage without a ledger so far.
	pub fn new(
		statements: Arc<Statements>,
		market: Arc<ArcSwap<EdgeMarket>>,
		metrics: Arc<Metrics>,
	) -> Arc<Self> {
		Arc::new(Self { statements, market, metrics, exchanges: ArcSwapOption::empty() })
	}

	/// Hand messages over to a task from now on. Returns the task's end.
	pub fn connect(&self) -> Exchanges {
		let (handle, receiver) = exchanges();
		self.exchanges.store(Some(Arc::new(handle)));
		receiver
	}

	/// Metrics of an agreement.
	pub fn metrics(&self, agreement: AgreementId) -> Arc<AgreementMetrics> {
		let market = self.market.load();
		let service = market.agreement(agreement).map(|agreement| agreement.service.to_string());
		self.metrics.agreement(&agreement.to_string(), service.as_deref().unwrap_or("-"))
	}
}

impl Usage for EdgeUsage {
	fn counter(&self, agreement: AgreementId) -> Arc<dyn Counter> {
		let meter = self.statements.ledger().and_then(|ledger| ledger.meter(agreement));
		let metrics = self.metrics(agreement);
		Arc::new(Counted { meter, metrics })
	}

	fn exchange(&self, message: Bytes) -> BoxFuture<'static, (StatusCode, Bytes)> {
		let handle = self.exchanges.load_full();
		Box::pin(async move {
			let Some(handle) = handle else {
				let reason = Bytes::from_static(b"no statements are exchanged here yet");
				return (StatusCode::SERVICE_UNAVAILABLE, reason);
			};
			let reply = handle.exchange(message).await;
			(reply.status, reply.body)
		})
	}

	fn inferred(&self, service: ServiceId, answer: &Inferred) {
		let metrics = self.metrics.model(&service.to_string(), answer.client);
		metrics.prompt.inc_by(answer.prompt);
		metrics.completion.inc_by(answer.completion);
		if let Some(first) = answer.first_token {
			metrics.first_token.observe(first.as_secs_f64());
		}
		if let Some(per_second) = answer.per_second {
			metrics.per_second.observe(per_second);
		}
	}
}

/// Counts of one agreement.
struct Counted {
	/// `None` without a ledger.
	meter: Option<Arc<Meter>>,
	metrics: Arc<AgreementMetrics>,
}

impl Counter for Counted {
	fn answered(&self, bytes: u64, latency: Duration) {
		if let Some(meter) = &self.meter {
			meter.answered(bytes, latency);
		}
		self.metrics.answered.inc();
		self.metrics.bytes.inc_by(bytes);
		self.metrics.latency.observe(latency.as_secs_f64());
	}

	fn lost(&self, bytes: u64) {
		if let Some(meter) = &self.meter {
			meter.lost(bytes);
		}
		self.metrics.lost.inc();
		self.metrics.bytes.inc_by(bytes);
	}

	fn cancelled(&self) {
		if let Some(meter) = &self.meter {
			meter.cancelled(0);
		}
		self.metrics.cancelled.inc();
	}

	fn limited(&self, requests: u64) {
		self.metrics.limited.inc_by(requests);
	}

	fn streamed(&self, bytes: u64) {
		if let Some(meter) = &self.meter {
			meter.streamed(bytes);
		}
		self.metrics.bytes.inc_by(bytes);
	}

	fn tokens(&self, prompt: u64, completion: u64) {
		self.metrics.prompt_tokens.inc_by(prompt);
		self.metrics.completion_tokens.inc_by(completion);
	}
}
