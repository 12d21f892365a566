// SPDX-License-Identifier: Apache-2.0

//! The edge's market, from the chain's and the configuration.

use super::{EdgeAgreement, EdgeMarket, EdgeService};
use crate::{
	chain::{Market, ServiceView},
	config::{ConfigError, EdgeConfig, ServiceSection, Url},
	upstream::Endpoint,
};
use sp_runtime::AccountId32;
use std::collections::HashMap;
use surety_primitives::{AssetId, LatencyBucket, Protocol, ServiceClass, ServiceId};

/// Maker of the edge's market.
pub struct EdgeSupply {
	operator: AccountId32,
	backend: Option<Endpoint>,
	services: Vec<Own>,
	agreements: Vec<EdgeAgreement>,
}

/// Service with a server of its own.
struct Own {
	section: ServiceSection,
	backend: Endpoint,
}

impl EdgeSupply {
	/// Supply of a configuration. `operator` is the account whose services are served.
	pub fn new(config: &EdgeConfig, operator: Option<AccountId32>) -> Result<Self, ConfigError> {
		let endpoint = |field: &str, url: &Url| {
			let parsed: Result<Endpoint, _> = url.to_string().parse();
			parsed.map_err(|error| ConfigError::invalid(field, format!("{error}")))
		};
		let own = |section: &ServiceSection| {
			let backend = endpoint("service.backend", &section.backend)?;
			Ok(Own { section: section.clone(), backend })
		};
		let agreements = config.agreements.iter().map(|agreement| EdgeAgreement {
			id: agreement.id,
			service: agreement.service,
			tenant: agreement.tenant.clone(),
			units: agreement.units,
			active: true,
		});
		Ok(Self {
			operator: operator.unwrap_or_else(|| AccountId32::new([0; 32])),
			backend: config.backend.as_ref().map(|url| endpoint("backend", url)).transpose()?,
			services: config.services.iter().map(own).collect::<Result<_, ConfigError>>()?,
			agreements: agreements.collect(),
		})
	}

	/// Market as of a snapshot of the chain's.
	pub fn market(&self, market: Option<&Market>) -> EdgeMarket {
		let Some(market) = market else {
			let services = self.services.iter().map(|own| self.unlisted(own));
			return EdgeMarket::new(None, 0, services, self.agreements.iter().cloned());
		};
		let mut services: HashMap<ServiceId, EdgeService> =
			self.services.iter().map(|own| (own.section.id, self.unlisted(own))).collect();
		for view in market.services.values() {
			if let Some(service) = self.listed(market, view) {
				services.insert(service.id, service);
			}
		}
		let agreements = market.agreements.values().filter_map(|agreement| {
			Some(EdgeAgreement {
				id: agreement.id,
				service: agreement.target.service()?,
				tenant: agreement.tenant.clone(),
				units: agreement.units,
				active: agreement.blocks_left > 0 && market.is_live(agreement),
			})
		});
		// What the chain says of an agreement counts more than the configuration.
		let agreements = self.agreements.iter().cloned().chain(agreements);
		let genesis = Some(market.genesis);
		EdgeMarket::new(genesis, market.window_blocks(), services.into_values(), agreements)
	}

	/// Service that the chain does not list, or not yet.
	fn unlisted(&self, own: &Own) -> EdgeService {
		let Own { section, backend } = own;
		EdgeService {
			id: section.id,
			class: ServiceClass::Rpc,
			protocol: section.protocol,
			operator: self.operator.clone(),
			endpoint: String::new(),
			backend: backend.clone(),
			host: section.host.clone(),
			path: section.path.clone(),
			price: 0,
			asset: AssetId::Native,
			units: 0,
			max_latency: LatencyBucket::MAX,
		}
	}

	fn listed(&self, market: &Market, view: &ServiceView) -> Option<EdgeService> {
		let listing = &view.summary.listing;
		let own = self.services.iter().find(|own| own.section.id == view.summary.id);
		let backend = own.map(|own| &own.backend).or(self.backend.as_ref())?.clone();
		let section = own.map(|own| &own.section);
		let protocol = section.and_then(|section| section.protocol);
		Some(EdgeService {
			id: view.summary.id,
			class: listing.kind.class(),
			protocol: protocol.or_else(|| protocol_of(market, view)),
			operator: listing.operator.clone(),
			endpoint: view.endpoint(),
			backend,
			host: section.and_then(|section| section.host.clone()),
			path: section.and_then(|section| section.path.clone()),
			price: listing.price,
			asset: listing.asset,
			units: listing.capacity,
			max_latency: listing.terms.max_latency,
		})
	}
}

/// Dialect of a service's network.
fn protocol_of(market: &Market, view: &ServiceView) -> Option<Protocol> {
	let network = view.summary.listing.kind.network()?;
	let info = market.networks.iter().find(|info| info.id == network)?;
	Some(info.network.protocol)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::tests::{account, agreement, market, service},
		config::parse,
	};
	use std::sync::Arc;

	fn supply(text: &str) -> EdgeSupply {
		EdgeSupply::new(&parse(text).unwrap(), Some(account(7))).unwrap()
	}

	fn listed() -> Market {
		let mut market = market(600);
		for id in [5, 6] {
			let view = service(id, 7, 9, &market);
			market.services.insert(id, Arc::new(view));
		}
		market.agreements.insert(1, agreement(1, 5));
		let empty = surety_runtime_api::AgreementInfo { blocks_left: 0, ..agreement(2, 5) };
		market.agreements.insert(2, empty);
		market
	}

	#[test]
	fn listed_services_have_the_backend_of_all_or_their_own() {
		let supply = supply(
			"backend = \"http://127.0.0.1:1\"\n[[service]]\nid = 6\nbackend = \"http://127.0.0.1:2/x\"\n\
			 path = \"six\"",
		);
		let edge = supply.market(Some(&listed()));
		let ports: Vec<_> = edge.services().map(|one| (one.id, one.backend.port())).collect();
		assert_eq!(ports, [(5, 1), (6, 2)]);
		let six = edge.service(6).unwrap();
		assert_eq!((six.path.as_deref(), six.protocol), (Some("six"), Some(Protocol::Ethereum)));
		assert_eq!((six.price, six.units), (9, 100));
		assert!(edge.agreement(1).unwrap().active);
		assert!(!edge.agreement(2).unwrap().active, "without funds");
		assert_eq!(edge.genesis, Some(listed().genesis));
	}

	#[test]
	fn services_without_a_backend_are_not_served() {
		let supply = supply("[[service]]\nid = 6\nbackend = \"http://127.0.0.1:2\"");
		let edge = supply.market(Some(&listed()));
		let ids: Vec<_> = edge.services().map(|one| one.id).collect();
		assert_eq!(ids, [6]);
	}

	#[test]
	fn the_configuration_serves_without_a_chain() {
		let supply = supply(
			"[[service]]\nid = 6\nbackend = \"http://127.0.0.1:2\"\nprotocol = \"ethereum\"\n\
			 [[agreement]]\nid = 3\nservice = 6\nunits = 2\n\
			 tenant = \"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"",
		);
		let edge = supply.market(None);
		assert_eq!(edge.genesis, None);
		assert_eq!(edge.agreement(3).map(|one| (one.units, one.active)), Some((2, true)));
		assert_eq!(edge.service(6).unwrap().protocol, Some(Protocol::Ethereum));
	}
}
