// SPDX-License-Identifier: Apache-2.0

//! Prometheus metrics of probing.

use super::{
	anchors::{AnchorCounters, AnchorMetrics},
	failure::Failure,
	readiness::Obstacle,
};
use hyper::Uri;
use prometheus_endpoint::{
	Counter, CounterVec, GaugeVec, Histogram, HistogramOpts, Opts, PrometheusError, Registry, U64,
	exponential_buckets, register,
};
use std::time::{Duration, Instant};
use surety_prober::tunnel::Outcome;

/// Counters of probes and reports. Without a registry nothing is counted.
#[derive(Clone, Default)]
pub struct Metrics(Option<Inner>);

#[derive(Clone)]
struct Inner {
	sent: Counter<U64>,
	failed: CounterVec<U64>,
	duration: Histogram,
	reports: CounterVec<U64>,
	proofs: CounterVec<U64>,
	obstacles: GaugeVec<U64>,
	anchors: AnchorMetrics,
}

/// Outcome of a report of this node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
	/// The commit is in a block.
	Committed,
	/// The reveal is in a block.
	Revealed,
	/// The commit or reveal was sent, but its time ran out or the block refused it.
	Rejected,
}

impl Phase {
	fn label(self) -> &'static str {
		match self {
			Self::Committed => "committed",
			Self::Revealed => "revealed",
			Self::Rejected => "rejected",
		}
	}
}

/// Stage that a proof of a VPN reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofStage {
	/// No address of the exit may be reached.
	Unreachable,
	/// The time of the visit was up in the middle.
	Timeout,
	/// This node cannot judge.
	Local,
	/// An outcome.
	Outcome(Outcome),
}

impl ProofStage {
	/// Metric labels of all stages.
	const LABELS: [&str; 8] = [
		"unreachable",
		"timeout",
		"local",
		"no_handshake",
		"no_nonce",
		"no_answer",
		"forbidden_egress",
		"proof",
	];

	/// Stage of an outcome; `None` if the node could not judge.
	pub fn of(outcome: Option<Outcome>) -> Self {
		outcome.map_or(Self::Local, Self::Outcome)
	}

	fn label(self) -> &'static str {
		match self {
			Self::Unreachable => "unreachable",
			Self::Timeout => "timeout",
			Self::Local => "local",
			Self::Outcome(Outcome::NoHandshake) => "no_handshake",
			Self::Outcome(Outcome::NoNonce) => "no_nonce",
			Self::Outcome(Outcome::NoAnswer) => "no_answer",
			Self::Outcome(Outcome::ForbiddenEgress) => "forbidden_egress",
			Self::Outcome(Outcome::Proof { .. }) => "proof",
		}
	}
}

impl Metrics {
	/// Register the metrics, if the node has a registry.
	pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
		let Some(registry) = registry else {
			return Ok(Self(None));
		};
		let inner = Inner {
			sent: register(
				Counter::new("surety_probes_sent_total", "HTTP requests sent by probes")?,
				registry,
			)?,
			failed: register(
				CounterVec::new(
					Opts::new(
						"surety_probes_failed_total",
						"HTTP requests of probes that got no usable response",
					),
					&["cause"],
				)?,
				registry,
			)?,
			duration: register(
				Histogram::with_opts(
					HistogramOpts::new(
						"surety_probe_duration_seconds",
						"Time from connecting (with DNS and TLS) to the last byte of the response",
					)
					.buckets(exponential_buckets(0.001, 2.0, 15)?),
				)?,
				registry,
			)?,
			reports: register(
				CounterVec::new(
					Opts::new("surety_reports_total", "Reports of this node, by phase"),
					&["phase"],
				)?,
				registry,
			)?,
			proofs: register(
				CounterVec::new(
					Opts::new("surety_probe_vpn_total", "Proofs of VPNs, by the stage reached"),
					&["stage"],
				)?,
				registry,
			)?,
			obstacles: register(
				GaugeVec::new(
					Opts::new(
						"surety_probing_obstacles",
						"Conditions that keep this validator from probing or judging",
					),
					&["obstacle"],
				)?,
				registry,
			)?,
			anchors: AnchorMetrics::new(registry)?,
		};
		// All labels exist from the start, so that a rate over them is never missing.
		for cause in Failure::CAUSES {
			inner.failed.with_label_values(&[cause]);
		}
		for phase in [Phase::Committed, Phase::Revealed, Phase::Rejected] {
			inner.reports.with_label_values(&[phase.label()]);
		}
		for stage in ProofStage::LABELS {
			inner.proofs.with_label_values(&[stage]);
		}
		for label in Obstacle::LABELS {
			inner.obstacles.with_label_values(&[label]);
		}
		Ok(Self(Some(inner)))
	}

	/// Count a report.
	pub fn report(&self, phase: Phase) {
		if let Some(inner) = &self.0 {
			inner.reports.with_label_values(&[phase.label()]).inc();
		}
	}

	/// Count a proof of a VPN.
	pub fn proof(&self, stage: ProofStage) {
		if let Some(inner) = &self.0 {
			inner.proofs.with_label_values(&[stage.label()]).inc();
		}
	}

	/// Replace the obstacles of this validator.
	pub fn set_obstacles(&self, obstacles: &[Obstacle]) {
		if let Some(inner) = &self.0 {
			for label in Obstacle::LABELS {
				let count = obstacles.iter().filter(|its| its.label() == label).count();
				let count = u64::try_from(count).unwrap_or(u64::MAX);
				inner.obstacles.with_label_values(&[label]).set(count);
			}
		}
	}

	/// Count requests to these anchors, given as network and URL, beside those tracked already.
	pub fn track_anchors<'a>(&self, anchors: impl IntoIterator<Item = (&'a str, &'a Uri)>) {
		if let Some(inner) = &self.0 {
			inner.anchors.track(anchors);
		}
	}

	/// Count a request that is about to be sent to a URL, and start its clock.
	pub fn begin(&self, uri: &Uri) -> Attempt {
		let mut anchor = None;
		if let Some(inner) = &self.0 {
			inner.sent.inc();
			anchor = inner.anchors.of(uri);
		}
		Attempt { metrics: self.clone(), began: Instant::now(), settled: false, anchor }
	}
}

/// Request in flight. Dropped before it is settled, it counts as abandoned.
pub struct Attempt {
	metrics: Metrics,
	began: Instant,
	settled: bool,
	anchor: Option<AnchorCounters>,
}

impl Attempt {
	/// Start time.
	pub fn began(&self) -> Instant {
		self.began
	}

	/// Record the time of the complete response, which is a success or still a failure.
	pub fn received(&self, elapsed: Duration) {
		if let Some(inner) = &self.metrics.0 {
			inner.duration.observe(elapsed.as_secs_f64());
		}
	}

	/// Record a success.
	pub fn answered(mut self) {
		self.settled = true;
		if let Some(anchor) = &self.anchor {
			anchor.answered.inc();
		}
	}

	/// Record a failure.
	pub fn failed(mut self, cause: &'static str) {
		self.settled = true;
		self.count(cause);
	}

	fn count(&self, cause: &'static str) {
		if let Some(inner) = &self.metrics.0 {
			inner.failed.with_label_values(&[cause]).inc();
		}
		if let Some(anchor) = &self.anchor {
			anchor.failed.inc();
		}
	}
}

impl Drop for Attempt {
	fn drop(&mut self) {
		if !self.settled {
			self.count(Failure::ABANDONED);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn value(registry: &Registry, name: &str, label: Option<&str>) -> f64 {
		let families = registry.gather();
		let family = families.iter().find(|f| f.get_name() == name).unwrap();
		family
			.get_metric()
			.iter()
			.filter(|m| {
				label.is_none_or(|l| m.get_label().iter().any(|pair| pair.get_value() == l))
			})
			.map(|m| m.get_counter().get_value())
			.sum()
	}

	#[test]
	fn an_attempt_is_counted_once() {
		let registry = Registry::new();
		let metrics = Metrics::new(Some(&registry)).unwrap();
		let uri = Uri::from_static("http://a/");
		let attempt = metrics.begin(&uri);
		attempt.received(Duration::from_millis(1));
		attempt.answered();
		metrics.begin(&uri).failed("dns");
		drop(metrics.begin(&uri));
		metrics.report(Phase::Committed);
		assert_eq!(value(&registry, "surety_probes_sent_total", None), 3.0);
		assert_eq!(value(&registry, "surety_probes_failed_total", Some("dns")), 1.0);
		assert_eq!(value(&registry, "surety_probes_failed_total", Some(Failure::ABANDONED)), 1.0);
		assert_eq!(value(&registry, "surety_probes_failed_total", None), 2.0);
		assert_eq!(value(&registry, "surety_reports_total", Some("committed")), 1.0);
		assert_eq!(value(&registry, "surety_reports_total", None), 1.0);
		let proof = Outcome::Proof { handshake: 1, nonce: 1 };
		metrics.proof(ProofStage::of(Some(proof)));
		metrics.proof(ProofStage::of(None));
		assert_eq!(value(&registry, "surety_probe_vpn_total", Some("proof")), 1.0);
		assert_eq!(value(&registry, "surety_probe_vpn_total", Some("local")), 1.0);
		assert_eq!(value(&registry, "surety_probe_vpn_total", Some("no_nonce")), 0.0);
	}

	#[test]
	fn requests_to_anchors_are_counted_by_outcome() {
		let registry = Registry::new();
		let metrics = Metrics::new(Some(&registry)).unwrap();
		let anchor = Uri::from_static("http://a:1/key");
		metrics.track_anchors([("ethereum", &anchor)]);
		metrics.begin(&anchor).answered();
		metrics.begin(&anchor).failed("status");
		drop(metrics.begin(&anchor));
		metrics.begin(&Uri::from_static("http://a:1/other")).answered();
		assert_eq!(value(&registry, "surety_anchor_requests_total", Some("answered")), 1.0);
		assert_eq!(value(&registry, "surety_anchor_requests_total", Some("failed")), 2.0);
		assert_eq!(value(&registry, "surety_probes_sent_total", None), 4.0);
	}

	#[test]
	fn obstacles_are_replaced_as_a_whole() {
		let registry = Registry::new();
		let metrics = Metrics::new(Some(&registry)).unwrap();
		let shown = |label| {
			let families = registry.gather();
			let its = families.iter().find(|f| f.get_name() == "surety_probing_obstacles").unwrap();
			let of = |m: &&prometheus_endpoint::prometheus::proto::Metric| {
				m.get_label().iter().any(|pair| pair.get_value() == label)
			};
			its.get_metric().iter().find(of).unwrap().get_gauge().get_value()
		};
		let few = |network: &str| Obstacle::FewAnchors { network: network.into(), anchors: 1 };
		metrics.set_obstacles(&[few("a"), few("b")]);
		assert_eq!([shown("few_anchors"), shown("no_key")], [2.0, 0.0]);
		metrics.set_obstacles(&[Obstacle::NoKey]);
		assert_eq!([shown("few_anchors"), shown("no_key")], [0.0, 1.0]);
	}
}
