// SPDX-License-Identifier: Apache-2.0

//! Status, health and metrics of a gateway.

use super::{catalogue::Described, observer::RoleObserver};
use crate::{
	chain::Chain,
	config::Sure,
	front::FrontCounts,
	gateway::{self, Gateway, Network},
	roles::{
		statements::Statements,
		status::{RoleStatus, front_status, refresh_front},
	},
	telemetry::{Health, Metrics, NetworkStatus, ServiceStatus, Status, follow, percentile},
};
use arc_swap::ArcSwap;
use std::{
	collections::HashMap,
	net::SocketAddr,
	sync::{
		Arc,
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
	},
};
use surety_primitives::ServiceId;

/// Weighted requests per second of a unit.
const UNIT_RATE: f64 = 10.0;

/// Parts of a gateway that its status shows.
pub(super) struct GatewayStatus {
	pub gateway: Arc<Gateway>,
	pub front: Arc<FrontCounts>,
	pub address: SocketAddr,
	pub observer: Arc<RoleObserver>,
	pub statements: Arc<Statements>,
	pub described: Arc<ArcSwap<HashMap<ServiceId, Described>>>,
	pub chain: Option<Arc<Chain>>,
	/// Networks of the configuration that are not served, since nobody knows their dialect.
	pub unknown: Vec<String>,
	/// True once all networks were served at a time.
	pub ready: AtomicBool,
}

impl GatewayStatus {
	/// Price of the calls of a network that needed no operator, in planck.
	fn saved(&self, network: &Network) -> Option<f64> {
		let slot_ms = self.chain.as_ref()?.market()?.clock.slot_ms.max(1);
		let described = self.described.load();
		let members = network.group.members();
		let prices: Vec<f64> = members
			.all
			.iter()
			.filter_map(|member| described.get(&member.spec.service)?.price)
			.map(|price| price as f64)
			.collect();
		let mean = prices.iter().sum::<f64>() / (prices.len().max(1) as f64);
		let unit_seconds = get(&network.cache.saved_weight) as f64 / UNIT_RATE;
		Some(unit_seconds * mean * 1_000.0 / slot_ms as f64)
	}

	fn network(&self, network: &Network) -> NetworkStatus {
		let saved = self.saved(network).filter(|saved| *saved > 0.0);
		let name = &network.settings.name;
		let overhead = self.observer.network(name);
		let overhead = overhead.and_then(|metrics| percentile(&metrics.overhead, 99));
		let (counts, cache) = (&network.counts, &network.cache);
		NetworkStatus {
			name: name.clone(),
			head: network.heads.latest(),
			finalized: network.heads.finalized(),
			calls: get(&counts.calls),
			failed: get(&counts.failed),
			cached: get(&cache.hits).saturating_add(get(&cache.coalesced)),
			saved: saved.map_or(String::new(), |planck| Sure(planck as u128).to_string()),
			hedged: get(&counts.hedged),
			retried: get(&counts.retried),
			compared: get(&counts.compared),
			disagreed: get(&counts.disagreed),
			subscriptions: subscriptions(network),
			overhead_us_p99: overhead.map(|seconds| (seconds * 1_000_000.0) as u64),
		}
	}

	fn service(
		&self,
		network: &Network,
		service: &gateway::ServiceStatus,
	) -> Option<ServiceStatus> {
		let described = self.described.load().get(&service.service).cloned()?;
		let metrics = self.observer.service(service.service)?;
		let (state, why) = state_of(network, service, &described);
		let calls = [metrics.answered.get(), metrics.lost.get(), metrics.cancelled.get()];
		let milliseconds =
			|percent| percentile(&metrics.latency, percent).map(|seconds| seconds * 1_000.0);
		Some(ServiceStatus {
			service: described.id,
			operator: service.operator.clone(),
			network: network.settings.name.clone(),
			agreement: described.agreements.first().copied(),
			units: described.units,
			blocks_left: described.blocks_left,
			score: described.score,
			price: described.price_text(),
			region: described.region,
			state: state.into(),
			why,
			share_percent: service.share * 100.0,
			calls: calls.into_iter().fold(0, u64::saturating_add),
			lost: metrics.lost.get(),
			slow: metrics.slow.get(),
			pending: service.pending.into(),
			p50_ms: milliseconds(50),
			p95_ms: milliseconds(95),
			head: service.head,
			discrepant: self
				.gateway
				.service(service.service)
				.is_some_and(|member| member.spec.discrepant),
		})
	}

	/// Reasons against the service of single networks.
	fn faults(&self) -> Vec<String> {
		let mut faults: Vec<_> = self
			.unknown
			.iter()
			.map(|name| format!("{name}: the chain knows no such network"))
			.collect();
		for network in self.gateway.networks() {
			let name = &network.settings.name;
			if network.group.members().all.is_empty() {
				faults.push(format!("{name}: no operator, and no agreement with one"));
			} else if network.heads.latest().is_none() {
				faults.push(format!("{name}: no head is known"));
			}
		}
		faults
	}
}

/// State of a service in one word, and the reason.
fn state_of(
	network: &Network,
	service: &gateway::ServiceStatus,
	described: &Described,
) -> (&'static str, String) {
	let lag = network.heads.latest().unwrap_or(0).saturating_sub(service.head.unwrap_or(0));
	if !service.serving {
		let percent = (service.success * 100.0).round();
		return ("open", format!("{percent} % of its last requests were answered"));
	}
	if service.headroom <= 0.0 {
		return ("over rate", "its units are used up for the moment".into());
	}
	if service.head.is_some() && lag > described.max_lag {
		return ("lagging", format!("{lag} blocks behind"));
	}
	match service.compared {
		(_, 0) => ("serving", String::new()),
		(all, wrong) => ("serving", format!("{wrong} of {all} compared answers were outvoted")),
	}
}

impl RoleStatus for GatewayStatus {
	fn fill(&self, status: &mut Status) {
		let networks = self.gateway.networks();
		status.listen = self.address.to_string();
		status.front = front_status(&self.front);
		status.networks = networks.iter().map(|network| self.network(network)).collect();
		let of = |network: &Arc<Network>| {
			let services = network.services().into_iter();
			services.filter_map(|service| self.service(network, &service)).collect::<Vec<_>>()
		};
		status.services = networks.iter().flat_map(of).collect();
		status.usage = self.statements.status();
	}

	fn check(&self, health: &mut Health) {
		let faults = self.faults();
		let networks = self.gateway.networks().len().saturating_add(self.unknown.len());
		if faults.is_empty() {
			self.ready.store(true, Relaxed);
		}
		// At first all networks have to be there. Later one that is gone must not take the others
		// with it.
		let is_ready = self.ready.load(Relaxed);
		if !faults.is_empty() && (!is_ready || faults.len() >= networks) {
			health.healthy = false;
		}
		health.reasons.extend(faults);
		health
			.reasons
			.extend(self.statements.status().error.map(|error| format!("usage: {error}")));
	}

	fn refresh(&self, metrics: &Metrics) {
		refresh_front(&self.front, &metrics.front);
		self.statements.refresh(&metrics.usage);
		let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
		for network in self.gateway.networks() {
			let Some(metrics) = self.observer.network(&network.settings.name) else { continue };
			let (counts, cache) = (&network.counts, &network.cache);
			let (hits, joined, failed) =
				(get(&cache.hits), get(&cache.coalesced), get(&counts.failed));
			let others = hits.saturating_add(joined).saturating_add(failed);
			follow(&metrics.answered, get(&counts.calls).saturating_sub(others));
			follow(&metrics.cached, hits);
			follow(&metrics.joined, joined);
			follow(&metrics.failed, failed);
			follow(&metrics.hedged, get(&counts.hedged));
			follow(&metrics.retried, get(&counts.retried));
			follow(&metrics.compared, get(&counts.compared));
			follow(&metrics.disagreed, get(&counts.disagreed));
			follow(&metrics.saved, self.saved(network).unwrap_or(0.0) as u64);
			metrics.head.set(number(network.heads.latest().unwrap_or(0)));
			metrics.subscriptions.set(number(subscriptions(network)));
			metrics.finalized.set(number(network.heads.finalized().unwrap_or(0)));
			for service in network.services() {
				let Some(metrics) = self.observer.service(service.service) else { continue };
				metrics.pending.set(service.pending.into());
				metrics.head.set(number(service.head.unwrap_or(0)));
				metrics.serving.set(service.serving.into());
			}
		}
	}
}

fn get(count: &AtomicU64) -> u64 {
	count.load(Relaxed)
}

/// Subscriptions of clients.
fn subscriptions(network: &Network) -> u64 {
	u64::try_from(network.subscriptions.used()).unwrap_or(u64::MAX)
}
