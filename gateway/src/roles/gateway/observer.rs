// SPDX-License-Identifier: Apache-2.0

//! Counts of what is served: for usage statements by agreement, for metrics by service and network.

use super::catalogue::Catalogue;
use crate::{
	gateway::{Member, Observer, Served},
	telemetry::{Metrics, NetworkMetrics, ServiceMetrics},
	usage::Meter,
};
use ahash::HashMap;
use arc_swap::ArcSwap;
use std::{sync::Arc, time::Duration};
use surety_primitives::{AgreementId, ServiceId};

/// Observer of the role.
pub(super) struct RoleObserver {
	metrics: Arc<Metrics>,
	meters: ArcSwap<HashMap<AgreementId, Arc<Meter>>>,
	services: ArcSwap<HashMap<ServiceId, Arc<ServiceMetrics>>>,
	networks: HashMap<String, Arc<NetworkMetrics>>,
}

impl RoleObserver {
	/// Observer of networks.
	pub fn new(metrics: Arc<Metrics>, networks: impl Iterator<Item = String>) -> Arc<Self> {
		let networks = networks.map(|name| (name.clone(), metrics.network(&name))).collect();
		Arc::new(Self {
			metrics,
			meters: ArcSwap::default(),
			services: ArcSwap::default(),
			networks,
		})
	}

	/// Meters of the agreements in use.
	pub fn set_meters(&self, meters: impl IntoIterator<Item = (AgreementId, Arc<Meter>)>) {
		self.meters.store(Arc::new(meters.into_iter().collect()));
	}

	/// Services in use.
	pub fn set_services(&self, catalogue: &Catalogue) {
		let of = |spec: &crate::gateway::UpstreamSpec| {
			let described = catalogue.described.get(&spec.service);
			let id = described.and_then(|described| described.id);
			let id = id.map_or("-".to_owned(), |id| id.to_string());
			let network = described.map_or("", |described| &described.network);
			(spec.service, self.metrics.service(&id, &spec.operator, network))
		};
		let services = catalogue.upstreams.services.iter().map(of).collect();
		self.services.store(Arc::new(services));
	}

	/// Metrics of a service.
	pub fn service(&self, id: ServiceId) -> Option<Arc<ServiceMetrics>> {
		self.services.load().get(&id).cloned()
	}

	/// Metrics of a network.
	pub fn network(&self, name: &str) -> Option<&Arc<NetworkMetrics>> {
		self.networks.get(name)
	}
}

impl Observer for RoleObserver {
	fn served(
		&self,
		member: &Member,
		agreement: Option<AgreementId>,
		served: Served,
		latency: Duration,
		bytes: u64,
	) {
		let meters = self.meters.load();
		let meter = agreement.and_then(|agreement| meters.get(&agreement));
		if let Some(meter) = meter {
			match served {
				Served::Ok { .. } => meter.answered(bytes, latency),
				Served::Lost => meter.lost(bytes),
				Served::Cancelled => meter.cancelled(bytes),
			}
		}
		let services = self.services.load();
		let Some(metrics) = services.get(&member.spec.service) else { return };
		match served {
			Served::Ok { slow } => {
				metrics.answered.inc();
				metrics.latency.observe(latency.as_secs_f64());
				if slow {
					metrics.slow.inc();
				}
			},
			Served::Lost => metrics.lost.inc(),
			Served::Cancelled => metrics.cancelled.inc(),
		}
		metrics.bytes.inc_by(bytes);
	}

	fn streamed(&self, member: &Member, agreement: Option<AgreementId>, bytes: u64) {
		if let Some(meter) = agreement.and_then(|id| self.meters.load().get(&id).cloned()) {
			meter.streamed(bytes);
		}
		if let Some(metrics) = self.services.load().get(&member.spec.service) {
			metrics.bytes.inc_by(bytes);
		}
	}

	fn called(&self, network: &str, whole: Duration, upstream: Option<Duration>) {
		let Some(metrics) = self.networks.get(network) else { return };
		metrics.latency.observe(whole.as_secs_f64());
		let own = whole.saturating_sub(upstream.unwrap_or_default());
		metrics.overhead.observe(own.as_secs_f64());
	}
}
