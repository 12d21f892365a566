// SPDX-License-Identifier: Apache-2.0

//! Prometheus metrics. Handles are taken once and then cost an atomic addition; labels are bounded:
//! what is beyond [`MAX_LABELS`] is counted as `other`.

use super::families::{
	AgreementMetrics, AgreementVecs, ModelMetrics, ModelVecs, NetworkMetrics, NetworkVecs,
	ServiceMetrics, ServiceVecs,
};
use crate::chain::{BuyerReport, ChainReport, Standing};
use parking_lot::RwLock;
use prometheus::{
	Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
	IntGaugeVec, Opts, Registry, TextEncoder, core::Metric,
};
use std::{
	collections::{HashMap, HashSet},
	sync::Arc,
};

/// Most services, networks or agreements with metrics of their own.
pub const MAX_LABELS: usize = 512;

/// Upper edges of latencies in seconds: 100 us to 30 s.
const LATENCIES: [f64; 16] = [
	0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
	10.0, 30.0,
];

/// Metrics of the process.
pub struct Metrics {
	registry: Registry,
	/// The public listener.
	pub front: FrontMetrics,
	/// Usage statements.
	pub usage: UsageMetrics,
	chain: ChainMetrics,
	edge: IntCounterVec,
	networks: Family<NetworkMetrics, NetworkVecs>,
	services: Family<ServiceMetrics, ServiceVecs>,
	agreements: Family<AgreementMetrics, AgreementVecs>,
	models: Family<ModelMetrics, ModelVecs>,
}

/// The public listener.
pub struct FrontMetrics {
	/// Open connections.
	pub connections: IntGauge,
	/// Open WebSocket connections.
	pub websockets: IntGauge,
	/// Requests at work.
	pub active: IntGauge,
	/// Requests by class of the HTTP status: `2xx` to `5xx`.
	pub requests: IntCounterVec,
	/// Connections and requests refused by a limit.
	pub refused: IntCounterVec,
}

/// Usage statements.
pub struct UsageMetrics {
	/// Statements signed.
	pub signed: IntCounter,
	/// Statements of the other side that were taken.
	pub taken: IntCounter,
	/// Statements of the other side that were refused, by reason.
	pub refused: IntCounterVec,
	/// Marks of the other side: refusals to countersign.
	pub marks: IntCounter,
	/// Proofs of two contents for one number.
	pub equivocations: IntCounter,
	/// Statements reported to the chain.
	pub reported: IntCounter,
	/// Agreements whose other side is silent.
	pub silent: IntGauge,
}

struct ChainMetrics {
	block: IntGauge,
	round: IntGauge,
	silent_ms: IntGauge,
	failing: IntGauge,
	unreadable: IntGauge,
	nodes: IntGaugeVec,
	budget: IntGauge,
	committed: IntGauge,
	purchases_stopped: IntGauge,
}

/// Let a counter follow a total that is counted elsewhere.
pub fn follow(counter: &IntCounter, total: u64) {
	counter.inc_by(total.saturating_sub(counter.get()));
}

/// Upper edge, in seconds, of the bucket that holds a percentile of a histogram. `None` if it is
/// empty, or the value is above all edges.
pub fn percentile(histogram: &Histogram, percent: u64) -> Option<f64> {
	let metric = histogram.metric();
	let histogram = metric.get_histogram();
	let rank = histogram.get_sample_count().saturating_mul(percent).div_ceil(100);
	let buckets = histogram.get_bucket().iter().filter(|_| rank > 0);
	let mut above = buckets.filter(|bucket| bucket.get_cumulative_count() >= rank);
	above.next().map(|bucket| bucket.get_upper_bound())
}

/// Members of a family by their labels, bounded in number.
struct Family<Member, Vecs> {
	vecs: Vecs,
	members: RwLock<HashMap<Vec<String>, Arc<Member>>>,
}

impl<Member, Vecs> Family<Member, Vecs> {
	fn new(vecs: Vecs) -> Self {
		Self { vecs, members: RwLock::default() }
	}

	fn get(&self, labels: &[&str], make: impl Fn(&Vecs, &[&str]) -> Member) -> Arc<Member> {
		let key: Vec<String> = labels.iter().map(|label| cut(label)).collect();
		if let Some(member) = self.members.read().get(&key) {
			return member.clone();
		}
		let mut members = self.members.write();
		let key = if members.len() >= MAX_LABELS && !members.contains_key(&key) {
			vec!["other".to_owned(); labels.len()]
		} else {
			key
		};
		let labels: Vec<&str> = key.iter().map(String::as_str).collect();
		members.entry(key.clone()).or_insert_with(|| Arc::new(make(&self.vecs, &labels))).clone()
	}
}

/// A label of at most 64 characters.
fn cut(label: &str) -> String {
	label.chars().take(64).collect()
}

impl Metrics {
	/// Metrics of a role.
	pub fn new(role: &str) -> prometheus::Result<Arc<Self>> {
		let registry = Registry::new();
		let make = Maker(&registry);
		let labels = &["version", "role"];
		let build = make.gauges("build_info", "Version and role of the program", labels)?;
		build.with_label_values(&[env!("CARGO_PKG_VERSION"), role]).set(1);
		Ok(Arc::new(Self {
			front: FrontMetrics::new(&make)?,
			usage: UsageMetrics::new(&make)?,
			chain: ChainMetrics::new(&make)?,
			edge: make.counters(
				"edge_requests_total",
				"Requests at an edge by kind of client and outcome",
				&["client", "outcome"],
			)?,
			networks: Family::new(NetworkVecs::new(&make)?),
			services: Family::new(ServiceVecs::new(&make)?),
			agreements: Family::new(AgreementVecs::new(&make)?),
			models: Family::new(ModelVecs::new(&make)?),
			registry,
		}))
	}

	/// Metrics of a network or a model.
	pub fn network(&self, name: &str) -> Arc<NetworkMetrics> {
		self.networks.get(&[name], NetworkVecs::member)
	}

	/// Metrics of a service: its id or `-`, the name of its operator, its network.
	pub fn service(&self, service: &str, operator: &str, network: &str) -> Arc<ServiceMetrics> {
		self.services.get(&[service, operator, network], ServiceVecs::member)
	}

	/// Requests at an edge, by kind of client and outcome.
	pub fn edge_requests(&self, client: &str, outcome: &str) -> IntCounter {
		self.edge.with_label_values(&[client, outcome])
	}

	/// Metrics of an agreement: its id, and its service.
	pub fn agreement(&self, agreement: &str, service: &str) -> Arc<AgreementMetrics> {
		self.agreements.get(&[agreement, service], AgreementVecs::member)
	}

	/// Metrics of a service of models behind an edge: its id, and a kind of client.
	pub fn model(&self, service: &str, client: &str) -> Arc<ModelMetrics> {
		self.models.get(&[service, client], ModelVecs::member)
	}

	/// Take over the state of the connection to the chain.
	pub fn set_chain(&self, report: &ChainReport) {
		let chain = &self.chain;
		chain.block.set(report.block.unwrap_or(0).into());
		chain.round.set(report.round.unwrap_or(0).into());
		chain.silent_ms.set(i64::try_from(report.silent_ms).unwrap_or(i64::MAX));
		chain.failing.set(report.error.is_some().into());
		chain.unreadable.set(report.unreadable.into());
		let mut standings = HashSet::new();
		for node in &report.nodes {
			// Nodes are configured, so they are few.
			let is_good = node.standing == Standing::Good;
			chain.nodes.with_label_values(&[&node.node]).set(is_good.into());
			standings.insert(&node.node);
		}
	}

	/// Take over the state of purchases.
	pub fn set_buyer(&self, report: &BuyerReport) {
		let planck = |amount: crate::config::Sure| i64::try_from(amount.0).unwrap_or(i64::MAX);
		self.chain.budget.set(planck(report.budget));
		self.chain.committed.set(planck(report.committed));
		self.chain.purchases_stopped.set(report.stopped.is_some().into());
	}

	/// Text for Prometheus.
	pub fn encode(&self) -> String {
		let mut text = Vec::new();
		// A vector takes everything.
		let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
		String::from_utf8(text).unwrap_or_default()
	}
}

/// Maker of registered metrics.
pub(super) struct Maker<'a>(&'a Registry);

impl Maker<'_> {
	fn opts(name: &str, help: &str) -> Opts {
		Opts::new(format!("surety_{name}"), help)
	}

	fn register<C>(&self, metric: C) -> prometheus::Result<C>
	where
		C: prometheus::core::Collector + Clone + 'static,
	{
		self.0.register(Box::new(metric.clone()))?;
		Ok(metric)
	}

	pub fn counters(
		&self,
		name: &str,
		help: &str,
		of: &[&str],
	) -> prometheus::Result<IntCounterVec> {
		self.register(IntCounterVec::new(Self::opts(name, help), of)?)
	}

	pub fn gauges(&self, name: &str, help: &str, of: &[&str]) -> prometheus::Result<IntGaugeVec> {
		self.register(IntGaugeVec::new(Self::opts(name, help), of)?)
	}

	pub fn histograms(
		&self,
		name: &str,
		help: &str,
		of: &[&str],
	) -> prometheus::Result<HistogramVec> {
		self.histograms_with(name, help, of, &LATENCIES)
	}

	/// Histograms with upper edges of their own.
	pub fn histograms_with(
		&self,
		name: &str,
		help: &str,
		of: &[&str],
		edges: &[f64],
	) -> prometheus::Result<HistogramVec> {
		let opts = HistogramOpts::from(Self::opts(name, help)).buckets(edges.to_vec());
		self.register(HistogramVec::new(opts, of)?)
	}

	fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
		self.register(IntCounter::with_opts(Self::opts(name, help))?)
	}

	fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
		self.register(IntGauge::with_opts(Self::opts(name, help))?)
	}
}

impl FrontMetrics {
	fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		Ok(Self {
			connections: make.gauge("connections", "Open connections")?,
			websockets: make.gauge("websockets", "Open WebSocket connections")?,
			active: make.gauge("requests_active", "Requests at work")?,
			requests: make.counters(
				"http_requests_total",
				"Requests by class of status",
				&["status"],
			)?,
			refused: make.counters("refused_total", "Refused by a limit", &["limit"])?,
		})
	}
}

impl UsageMetrics {
	fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		Ok(Self {
			signed: make.counter("usage_signed_total", "Usage statements signed")?,
			taken: make.counter("usage_taken_total", "Statements of the other side taken")?,
			refused: make.counters(
				"usage_refused_total",
				"Statements of the other side refused",
				&["reason"],
			)?,
			marks: make
				.counter("usage_marks_total", "Refusals of the other side to countersign")?,
			equivocations: make
				.counter("usage_equivocations_total", "Two contents for one number")?,
			reported: make.counter("usage_reported_total", "Statements reported to the chain")?,
			silent: make.gauge("usage_silent", "Agreements whose other side is silent")?,
		})
	}
}

impl ChainMetrics {
	fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
		Ok(Self {
			block: make.gauge("chain_block", "Finalized block of the snapshot")?,
			round: make.gauge("chain_round", "Round of the snapshot")?,
			silent_ms: make.gauge("chain_silent_ms", "Milliseconds since a node last answered")?,
			failing: make
				.gauge("chain_failing", "1 while the last snapshot is kept for want of another")?,
			unreadable: make.gauge("chain_unreadable", "Entries that this version cannot read")?,
			nodes: make.gauges(
				"chain_node_good",
				"1 if the node agrees with the others",
				&["node"],
			)?,
			budget: make.gauge("budget_planck", "Budget in all")?,
			committed: make.gauge("committed_planck", "Spent or on hold")?,
			purchases_stopped: make.gauge("purchases_stopped", "1 while nothing can be bought")?,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_metric_is_made_and_shown() {
		let metrics = Metrics::new("gateway").unwrap();
		let network = metrics.network("ethereum");
		network.answered.inc();
		network.latency.observe(0.002);
		metrics.service("5", "acme", "ethereum").lost.inc_by(3);
		metrics.agreement("7", "5").cancelled.inc();
		metrics.front.refused.with_label_values(&["body"]).inc();
		metrics.usage.refused.with_label_values(&["seq"]).inc();
		metrics.set_chain(&ChainReport { block: Some(9), ..ChainReport::default() });
		let text = metrics.encode();
		for line in [
			"surety_calls_total{network=\"ethereum\",outcome=\"answered\"} 1",
			"surety_service_calls_total{network=\"ethereum\",operator=\"acme\",outcome=\"lost\",service=\"5\"} 3",
			"surety_agreement_calls_total{agreement=\"7\",outcome=\"cancelled\",service=\"5\"} 1",
			"surety_chain_block 9",
			"surety_call_seconds_count{network=\"ethereum\"} 1",
		] {
			assert!(text.contains(line), "{line} is not in {text}");
		}
	}

	#[test]
	fn one_label_is_one_member() {
		let metrics = Metrics::new("gateway").unwrap();
		metrics.network("a").cached.inc();
		metrics.network("a").cached.inc();
		assert_eq!(metrics.network("a").cached.get(), 2);
	}

	#[test]
	fn a_percentile_is_the_edge_of_its_bucket() {
		let metrics = Metrics::new("gateway").unwrap();
		let latency = &metrics.network("a").latency;
		assert_eq!(percentile(latency, 50), None);
		(0..99).for_each(|_| latency.observe(0.000_2));
		latency.observe(0.3);
		assert_eq!(percentile(latency, 50), Some(0.000_25));
		assert_eq!(percentile(latency, 99), Some(0.000_25));
		assert_eq!(percentile(latency, 100), Some(0.5));
		(0..1_000).for_each(|_| latency.observe(1_000.0));
		assert_eq!(percentile(latency, 50), None);
	}

	#[test]
	fn labels_are_bounded() {
		let metrics = Metrics::new("edge").unwrap();
		for id in 0..MAX_LABELS + 100 {
			metrics.agreement(&id.to_string(), "1").answered.inc();
		}
		assert_eq!(metrics.agreement("7", "1").answered.get(), 1);
		assert_eq!(metrics.agreement("100000", "1").answered.get(), 100);
		let long = "x".repeat(10_000);
		metrics.network(&long).answered.inc();
		assert!(metrics.encode().lines().all(|line| line.len() < 400));
	}
}
