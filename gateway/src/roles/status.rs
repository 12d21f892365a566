// SPDX-License-Identifier: Apache-2.0

//! Status, health and metrics, as far as both roles have the same.

use crate::{
	chain::{BuyerReport, Chain},
	front::FrontCounts,
	telemetry::{ControlPages, FrontMetrics, FrontStatus, Health, Metrics, Status, follow},
};
use arc_swap::ArcSwap;
use std::{
	net::SocketAddr,
	sync::{Arc, OnceLock},
	time::Instant,
};

/// Part of the status that a role itself knows.
pub trait RoleStatus: Send + Sync + 'static {
	/// Fill in the status.
	fn fill(&self, status: &mut Status);
	/// Add reasons against the health of the process.
	fn check(&self, health: &mut Health);
	/// Take over into the metrics what is not counted there as it happens.
	fn refresh(&self, _metrics: &Metrics) {}
}

/// Pages of the control listener.
pub(super) struct Pages {
	pub name: &'static str,
	pub listen: SocketAddr,
	pub started: Instant,
	pub chain: Option<Arc<Chain>>,
	pub buyer: Option<Arc<ArcSwap<BuyerReport>>>,
	pub role: OnceLock<Arc<dyn RoleStatus>>,
}

impl ControlPages for Pages {
	fn status(&self) -> Status {
		let mut status = Status {
			role: self.name.into(),
			version: env!("CARGO_PKG_VERSION").into(),
			uptime_secs: self.started.elapsed().as_secs(),
			listen: self.listen.to_string(),
			chain: self.chain.as_ref().map(|chain| (*chain.report()).clone()),
			buyer: self.buyer.as_ref().map(|buyer| BuyerReport::clone(&buyer.load())),
			..Status::default()
		};
		if let Some(role) = self.role.get() {
			role.fill(&mut status);
		}
		status
	}

	fn health(&self) -> Health {
		let mut health = Health { healthy: true, reasons: Vec::new() };
		if let Some(chain) = &self.chain {
			health
				.reasons
				.extend(chain.report().error.clone().map(|error| format!("chain: {error}")));
			if chain.market().is_none() {
				health.healthy = false;
				health.reasons.push("the market was not read yet".into());
			}
		}
		match self.role.get() {
			Some(role) => role.check(&mut health),
			None => {
				health.healthy = false;
				health.reasons.push("starting".into());
			},
		}
		health
	}

	fn refresh(&self, metrics: &Metrics) {
		if let Some(chain) = &self.chain {
			metrics.set_chain(&chain.report());
		}
		if let Some(buyer) = &self.buyer {
			metrics.set_buyer(&buyer.load());
		}
		if let Some(role) = self.role.get() {
			role.refresh(metrics);
		}
	}
}

/// Names of the classes of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The listener for the status page.
pub(super) fn front_status(counts: &FrontCounts) -> FrontStatus {
	let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
	FrontStatus {
		connections: number(counts.connections()),
		websockets: number(counts.upgraded()),
		active: number(counts.requests()),
		requests: counts.responses().into_iter().fold(0, u64::saturating_add),
		refused: counts.refused(),
	}
}

/// Take over the counts of the listener into the metrics.
pub(super) fn refresh_front(counts: &FrontCounts, metrics: &FrontMetrics) {
	let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
	metrics.connections.set(number(counts.connections()));
	metrics.websockets.set(number(counts.upgraded()));
	metrics.active.set(number(counts.requests()));
	for (class, count) in CLASSES.iter().zip(counts.responses()) {
		follow(&metrics.requests.with_label_values(&[class]), count);
	}
	for (limit, count) in [
		("connections", counts.refused()),
		("patience", counts.stuck()),
		("handshake", counts.handshakes_failed()),
	] {
		follow(&metrics.refused.with_label_values(&[limit]), count);
	}
}
