// SPDX-License-Identifier: Apache-2.0

//! Families of metrics: one member per network, service or agreement.

use super::metrics::Maker;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

/// A network or a model.
#[derive(Clone)]
pub struct NetworkMetrics {
	/// Calls answered by an operator.
	pub answered: IntCounter,
	/// Calls answered from the cache.
	pub cached: IntCounter,
	/// Calls that joined one that was under way.
	pub joined: IntCounter,
	/// Calls without an answer.
	pub failed: IntCounter,
	/// Calls sent to a second operator.
	pub hedged: IntCounter,
	/// Calls sent again after a failure.
	pub retried: IntCounter,
	/// Answers compared between operators.
	pub compared: IntCounter,
	/// Comparisons that found a difference.
	pub disagreed: IntCounter,
	/// Price of the calls that the cache answered, in planck.
	pub saved: IntCounter,
	/// Head that is served.
	pub head: IntGauge,
	/// Finalized block that is served.
	pub finalized: IntGauge,
	/// Subscriptions of clients.
	pub subscriptions: IntGauge,
	/// Whole time of a call in seconds.
	pub latency: Histogram,
	/// Own share of that time in seconds.
	pub overhead: Histogram,
}

/// A service behind a gateway.
#[derive(Clone)]
pub struct ServiceMetrics {
	/// Answers, errors of the caller included.
	pub answered: IntCounter,
	/// Calls without an answer, or with a fault of the operator.
	pub lost: IntCounter,
	/// Answers later than the terms promise.
	pub slow: IntCounter,
	/// Calls given up by the gateway.
	pub cancelled: IntCounter,
	/// Bytes of answers.
	pub bytes: IntCounter,
	/// Calls at work.
	pub pending: IntGauge,
	/// Head of the operator.
	pub head: IntGauge,
	/// 1 while the breaker lets calls through.
	pub serving: IntGauge,
	/// Latency of answers in seconds.
	pub latency: Histogram,
}

/// An agreement behind an edge.
#[derive(Clone)]
pub struct AgreementMetrics {
	/// Answers, errors of the caller included.
	pub answered: IntCounter,
	/// Calls without an answer, or with a fault of the backend.
	pub lost: IntCounter,
	/// Calls that the client gave up.
	pub cancelled: IntCounter,
	/// Calls above the rate.
	pub limited: IntCounter,
	/// Bytes of answers.
	pub bytes: IntCounter,
	/// Tokens of prompts.
	pub prompt_tokens: IntCounter,
	/// Tokens of answers.
	pub completion_tokens: IntCounter,
	/// Latency of answers in seconds.
	pub latency: Histogram,
}

/// A service of models behind an edge, for one kind of client.
#[derive(Clone)]
pub struct ModelMetrics {
	/// Tokens of prompts.
	pub prompt: IntCounter,
	/// Tokens of answers.
	pub completion: IntCounter,
	/// Time to the first token of a stream in seconds.
	pub first_token: Histogram,
	/// Tokens per second of an answer.
	pub per_second: Histogram,
}

/// Upper edges of the time to a first token in seconds.
const FIRST_TOKEN: [f64; 12] =
	[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];
/// Upper edges of tokens per second.
const PER_SECOND: [f64; 11] =
	[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 5_000.0];

pub(super) struct NetworkVecs {
	calls: IntCounterVec,
	extra: IntCounterVec,
	compared: IntCounterVec,
	saved: IntCounterVec,
	head: IntGaugeVec,
	subscriptions: IntGaugeVec,
	latency: HistogramVec,
	overhead: HistogramVec,
}

impl NetworkVecs {
	pub fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		Ok(Self {
			calls: make.counters("calls_total", "Calls by outcome", &["network", "outcome"])?,
			extra: make.counters(
				"extra_calls_total",
				"Calls beyond the first",
				&["network", "cause"],
			)?,
			compared: make.counters(
				"compared_total",
				"Answers compared",
				&["network", "outcome"],
			)?,
			saved: make.counters(
				"cache_saved_planck_total",
				"Price of cached calls",
				&["network"],
			)?,
			head: make.gauges("served_head", "Block that is served", &["network", "tag"])?,
			subscriptions: make.gauges(
				"subscriptions",
				"Subscriptions of clients",
				&["network"],
			)?,
			latency: make.histograms("call_seconds", "Time of a call", &["network"])?,
			overhead: make.histograms("overhead_seconds", "Own share of a call", &["network"])?,
		})
	}

	pub fn member(&self, labels: &[&str]) -> NetworkMetrics {
		let network = labels.first().copied().unwrap_or("other");
		let call = |outcome: &str| self.calls.with_label_values(&[network, outcome]);
		let extra = |cause: &str| self.extra.with_label_values(&[network, cause]);
		NetworkMetrics {
			answered: call("answered"),
			cached: call("cached"),
			joined: call("joined"),
			failed: call("failed"),
			hedged: extra("hedge"),
			retried: extra("retry"),
			compared: self.compared.with_label_values(&[network, "all"]),
			disagreed: self.compared.with_label_values(&[network, "different"]),
			saved: self.saved.with_label_values(&[network]),
			head: self.head.with_label_values(&[network, "latest"]),
			finalized: self.head.with_label_values(&[network, "finalized"]),
			subscriptions: self.subscriptions.with_label_values(&[network]),
			latency: self.latency.with_label_values(&[network]),
			overhead: self.overhead.with_label_values(&[network]),
		}
	}
}

pub(super) struct ServiceVecs {
	calls: IntCounterVec,
	slow: IntCounterVec,
	bytes: IntCounterVec,
	pending: IntGaugeVec,
	head: IntGaugeVec,
	serving: IntGaugeVec,
	latency: HistogramVec,
}

impl ServiceVecs {
	pub fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		let labels = &["service", "operator", "network"];
		let outcome = &["service", "operator", "network", "outcome"];
		Ok(Self {
			calls: make.counters(
				"service_calls_total",
				"Calls to a service by outcome",
				outcome,
			)?,
			slow: make.counters("service_slow_total", "Answers later than promised", labels)?,
			bytes: make.counters("service_bytes_total", "Bytes of answers", labels)?,
			pending: make.gauges("service_pending", "Calls at work", labels)?,
			head: make.gauges("service_head", "Head of the operator", labels)?,
			serving: make.gauges("service_serving", "1 while calls are let through", labels)?,
			latency: make.histograms("service_seconds", "Latency of answers", labels)?,
		})
	}

	pub fn member(&self, labels: &[&str]) -> ServiceMetrics {
		let call = |outcome: &str| {
			let labels: Vec<_> = labels.iter().copied().chain([outcome]).collect();
			self.calls.with_label_values(&labels)
		};
		ServiceMetrics {
			answered: call("answered"),
			lost: call("lost"),
			cancelled: call("cancelled"),
			slow: self.slow.with_label_values(labels),
			bytes: self.bytes.with_label_values(labels),
			pending: self.pending.with_label_values(labels),
			head: self.head.with_label_values(labels),
			serving: self.serving.with_label_values(labels),
			latency: self.latency.with_label_values(labels),
		}
	}
}

pub(super) struct AgreementVecs {
	calls: IntCounterVec,
	bytes: IntCounterVec,
	tokens: IntCounterVec,
	latency: HistogramVec,
}

impl AgreementVecs {
	pub fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		let labels = &["agreement", "service"];
		let outcome = &["agreement", "service", "outcome"];
		Ok(Self {
			calls: make.counters(
				"agreement_calls_total",
				"Calls of an agreement by outcome",
				outcome,
			)?,
			bytes: make.counters("agreement_bytes_total", "Bytes of answers", labels)?,
			tokens: make.counters(
				"agreement_tokens_total",
				"Tokens of models by part",
				&["agreement", "service", "part"],
			)?,
			latency: make.histograms("agreement_seconds", "Latency of answers", labels)?,
		})
	}

	pub fn member(&self, labels: &[&str]) -> AgreementMetrics {
		let call = |outcome: &str| {
			let labels: Vec<_> = labels.iter().copied().chain([outcome]).collect();
			self.calls.with_label_values(&labels)
		};
		let tokens = |part: &str| {
			let labels: Vec<_> = labels.iter().copied().chain([part]).collect();
			self.tokens.with_label_values(&labels)
		};
		AgreementMetrics {
			answered: call("answered"),
			lost: call("lost"),
			cancelled: call("cancelled"),
			limited: call("limited"),
			bytes: self.bytes.with_label_values(labels),
			prompt_tokens: tokens("prompt"),
			completion_tokens: tokens("completion"),
			latency: self.latency.with_label_values(labels),
		}
	}
}

pub(super) struct ModelVecs {
	tokens: IntCounterVec,
	first_token: HistogramVec,
	per_second: HistogramVec,
}

impl ModelVecs {
	pub fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		let labels = &["service", "client"];
		Ok(Self {
			tokens: make.counters(
				"model_tokens_total",
				"Tokens of a service of models by kind of client and part",
				&["service", "client", "part"],
			)?,
			first_token: make.histograms_with(
				"model_first_token_seconds",
				"Time to the first token of a stream",
				labels,
				&FIRST_TOKEN,
			)?,
			per_second: make.histograms_with(
				"model_tokens_per_second",
				"Tokens per second of an answer",
				labels,
				&PER_SECOND,
			)?,
		})
	}

	pub fn member(&self, labels: &[&str]) -> ModelMetrics {
		let tokens = |part: &str| {
			let labels: Vec<_> = labels.iter().copied().chain([part]).collect();
			self.tokens.with_label_values(&labels)
		};
		ModelMetrics {
			prompt: tokens("prompt"),
			completion: tokens("completion"),
			first_token: self.first_token.with_label_values(labels),
			per_second: self.per_second.with_label_values(labels),
		}
	}
}
