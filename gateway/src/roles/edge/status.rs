// SPDX-License-Identifier: Apache-2.0

//! Status, health and metrics of an edge.

use super::usage::EdgeUsage;
use crate::{
	edge::{EdgeCounts, EdgeMarket, Subscriptions},
	front::FrontCounts,
	roles::{
		statements::Statements,
		status::{RoleStatus, front_status, refresh_front},
	},
	telemetry::{AgreementStatus, Health, Metrics, Status, follow, percentile},
};
use arc_swap::ArcSwap;
use std::{net::SocketAddr, sync::Arc};

/// Parts of an edge that its status shows.
pub(super) struct EdgeStatus {
	pub front: Arc<FrontCounts>,
	pub counts: Arc<EdgeCounts>,
	pub address: SocketAddr,
	pub market: Arc<ArcSwap<EdgeMarket>>,
	pub statements: Arc<Statements>,
	pub usage: Arc<EdgeUsage>,
	pub subscriptions: Subscriptions,
}

impl EdgeStatus {
	fn agreements(&self) -> Vec<AgreementStatus> {
		let number = |subscriptions: usize| u64::try_from(subscriptions).unwrap_or(u64::MAX);
		let market = self.market.load();
		let mut agreements: Vec<_> = market.agreements().filter(|one| one.active).collect();
		agreements.sort_unstable_by_key(|one| one.id);
		let of_agreements = agreements.into_iter().map(|one| {
			let metrics = self.usage.metrics(one.id);
			let sum = |counts: [u64; 3]| counts.into_iter().fold(0, u64::saturating_add);
			AgreementStatus {
				agreement: Some(one.id),
				service: one.service,
				tenant: one.tenant.to_string(),
				units: one.units,
				calls: sum([metrics.answered.get(), metrics.lost.get(), metrics.cancelled.get()]),
				limited: metrics.limited.get(),
				lost: metrics.lost.get(),
				bytes: metrics.bytes.get(),
				tokens: sum([metrics.prompt_tokens.get(), metrics.completion_tokens.get(), 0]),
				p95_ms: percentile(&metrics.latency, 95).map(|seconds| seconds * 1_000.0),
				subscriptions: number(self.subscriptions.used(one.id)),
			}
		});
		let trial = AgreementStatus {
			calls: self.counts.trial_requests.get(),
			limited: self.counts.trial_limited.get(),
			subscriptions: number(self.subscriptions.used_by_strangers()),
			..AgreementStatus::default()
		};
		of_agreements.chain([trial]).collect()
	}
}

impl RoleStatus for EdgeStatus {
	fn fill(&self, status: &mut Status) {
		status.listen = self.address.to_string();
		status.front = front_status(&self.front);
		status.agreements = self.agreements();
		status.usage = self.statements.status();
	}

	fn check(&self, health: &mut Health) {
		if self.market.load().services().next().is_none() {
			health.healthy = false;
			health.reasons.push("there is no service to serve".into());
		}
		health
			.reasons
			.extend(self.statements.status().error.map(|error| format!("usage: {error}")));
	}

	fn refresh(&self, metrics: &Metrics) {
		refresh_front(&self.front, &metrics.front);
		self.statements.refresh(&metrics.usage);
		let counts = &self.counts;
		for (client, outcome, count) in [
			("tenant", "admitted", &counts.tenant_requests),
			("trial", "admitted", &counts.trial_requests),
			("prober", "admitted", &counts.prober_requests),
			("any", "answered", &counts.answered),
			("any", "lost", &counts.lost),
			("any", "cancelled", &counts.cancelled),
			("any", "limited", &counts.limited),
			("any", "unpaid", &counts.unpaid),
			("any", "unauthorized", &counts.unauthorized),
			("any", "invalid", &counts.invalid),
		] {
			follow(&metrics.edge_requests(client, outcome), count.get());
		}
		follow(&metrics.edge_requests("gateway", "exchange"), counts.exchanges.get());
	}
}
