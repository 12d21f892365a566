// SPDX-License-Identifier: Apache-2.0

//! The edge's part of the market, out of the chain and the configuration.

use crate::{
	chain::{Market, ServiceView},
	config::{ConfigError, EdgeConfig, ServiceSection, Url},
	edge::{EdgeAgreement, EdgeMarket, EdgeService},
	upstream::Endpoint,
};
use http::HeaderValue;
use sp_core::H256;
use sp_runtime::AccountId32;
use surety_primitives::{AssetId, LatencyBucket, Protocol, ServiceClass, Target};

/// Services and agreements of the chain that have a server behind the edge, and those that the
/// configuration lists.
///
/// - `market`: of the operator. `None` without nodes, or before the first snapshot.
///
/// Errors: a server's URL is not usable.
pub fn market(config: &EdgeConfig, market: Option<&Market>) -> Result<EdgeMarket, ConfigError> {
	let mut services = Vec::new();
	for view in market.into_iter().flat_map(|market| market.services.values()) {
		let section = config.services.iter().find(|section| section.id == view.summary.id);
		let backend = section.map(|section| &section.backend).or(config.backend.as_ref());
		if let Some(backend) = backend {
			services.push(of_chain(view, market, section, endpoint(backend)?)?);
		}
	}
	for section in &config.services {
		if !services.iter().any(|service| service.id == section.id) {
			services.push(of_configuration(config, section, endpoint(&section.backend)?)?);
		}
	}
	let of_chain = market.into_iter().flat_map(|market| {
		market.agreements.values().filter_map(|agreement| {
			let Target::Service(service) = agreement.target else { return None };
			Some(EdgeAgreement {
				id: agreement.id,
				service,
				tenant: agreement.tenant.clone(),
				units: agreement.units,
				active: agreement.blocks_left > 0 && market.is_live(agreement),
			})
		})
	});
	let listed = config.agreements.iter().map(|section| EdgeAgreement {
		id: section.id,
		service: section.service,
		tenant: section.tenant.clone(),
		units: section.units,
		active: true,
	});
	// The chain comes last and counts.
	let agreements = listed.chain(of_chain);
	let genesis = market.map(|market| market.genesis).or(config.chain.genesis);
	// Without a chain there is none to tell from others.
	let genesis = genesis.or_else(|| config.chain.nodes.is_empty().then(H256::zero));
	let window_blocks = market.map_or(0, Market::window_blocks);
	Ok(EdgeMarket::new(genesis, window_blocks, services, agreements))
}

fn endpoint(backend: &Url) -> Result<Endpoint, ConfigError> {
	let parsed = backend.to_string().parse::<Endpoint>();
	parsed.map_err(|error| ConfigError::invalid("backend", error.to_string()))
}

/// Header with the key of a server.
fn authorization(section: &ServiceSection) -> Result<Option<HeaderValue>, ConfigError> {
	const FIELD: &str = "service.backend-key";
	if !section.backend_key.is_given() {
		return Ok(None);
	}
	let key = section.backend_key.read(FIELD)?;
	let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
		.map_err(|_| ConfigError::invalid(FIELD, "it does not fit into a header"))?;
	value.set_sensitive(true);
	Ok(Some(value))
}

fn of_chain(
	view: &ServiceView,
	market: Option<&Market>,
	section: Option<&ServiceSection>,
	backend: Endpoint,
) -> Result<EdgeService, ConfigError> {
	let listing = &view.summary.listing;
	let network = listing.kind.network().and_then(|id| {
		let networks = market.map(|market| market.networks.as_slice()).unwrap_or_default();
		networks.iter().find(|network| network.id == id)
	});
	let of_network = network.map(|network| network.network.protocol);
	let more = section.map(|section| section.models.clone()).unwrap_or_default();
	Ok(EdgeService {
		id: view.summary.id,
		class: listing.kind.class(),
		protocol: section.and_then(|section| section.protocol).or(of_network),
		operator: listing.operator.clone(),
		endpoint: view.endpoint(),
		models: view.model().into_iter().chain(more).collect(),
		backend,
		authorization: section.map(authorization).transpose()?.flatten(),
		host: section.and_then(|section| section.host.clone()),
		path: section.and_then(|section| section.path.clone()),
		price: listing.price,
		asset: listing.asset,
		units: listing.capacity,
		max_latency: listing.terms.max_latency,
	})
}

/// Service that is not read from the chain. Its units are those of its agreements. Without any its
/// capacity is not known, and only the rate of a client's network bounds strangers.
fn of_configuration(
	config: &EdgeConfig,
	section: &ServiceSection,
	backend: Endpoint,
) -> Result<EdgeService, ConfigError> {
	let own = config.agreements.iter().filter(|agreement| agreement.service == section.id);
	let protocol: Option<Protocol> = section.protocol;
	let inference = protocol.is_none();
	Ok(EdgeService {
		id: section.id,
		class: if inference { ServiceClass::Inference } else { ServiceClass::Rpc },
		protocol,
		operator: config.operator.account.clone().unwrap_or(AccountId32::new([0; 32])),
		endpoint: String::new(),
		models: section.models.clone(),
		backend,
		authorization: authorization(section)?,
		host: section.host.clone(),
		path: section.path.clone(),
		price: 0,
		asset: AssetId::Native,
		units: own.map(|agreement| agreement.units).reduce(u32::saturating_add).unwrap_or(u32::MAX),
		max_latency: LatencyBucket::MAX,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::tests::{account, agreement, market, service},
		config::parse,
	};
	use std::sync::Arc;
	use surety_primitives::CloseReason;
	use surety_runtime_api::{AgreementInfo, Ending};

	fn config(text: &str) -> EdgeConfig {
		parse(text).unwrap()
	}

	#[test]
	fn services_of_the_chain_get_the_servers_of_the_configuration() {
		let mut market = market(500);
		for id in [1, 2] {
			market.services.insert(id, Arc::new(service(id, 9, 70, &market)));
		}
		let one = config(concat!(
			"[[service]]\nid = 2\nbackend = 'http://127.0.0.1:9944/rpc'\n",
			"host = 'b.org'\nprotocol = 'substrate'\n",
		));
		let edge = super::market(&one, Some(&market)).unwrap();
		assert!(edge.service(1).is_none(), "no server");
		let found = edge.service(2).unwrap();
		assert_eq!(found.backend.to_string(), "http://127.0.0.1:9944/rpc");
		assert_eq!((found.protocol, found.price), (Some(Protocol::Substrate), 70));
		assert_eq!((found.units, &found.operator), (100, &account(9)));

		let all = config("backend = 'http://127.0.0.1:8545'");
		let edge = super::market(&all, Some(&market)).unwrap();
		assert_eq!(edge.services().count(), 2);
		assert_eq!(edge.service(1).unwrap().protocol, Some(Protocol::Ethereum));
		assert_eq!(edge.genesis, Some(H256::repeat_byte(1)));
		assert_eq!(edge.window_blocks, 60);
		assert!(edge.proof(1).is_some());
	}

	#[test]
	fn an_agreement_serves_until_its_last_round_is_over() {
		let mut market = market(500);
		market.services.insert(1, Arc::new(service(1, 9, 70, &market)));
		let mut ends = |id, round| {
			let ending = Some(Ending::from((round, CloseReason::TenantClosed)));
			market.agreements.insert(id, AgreementInfo { ending, ..agreement(id, 1) });
		};
		ends(1, 100);
		ends(2, 99);
		market.agreements.insert(3, agreement(3, 1));
		let edge = super::market(&config("backend = 'http://127.0.0.1:1'"), Some(&market)).unwrap();
		let active = |id| edge.agreement(id).unwrap().active;
		assert_eq!([active(1), active(2), active(3)], [true, false, true]);
	}

	#[test]
	fn without_a_chain_the_configuration_decides() {
		let tenant = account(1);
		let text = format!(
			"[chain]\ngenesis = '{:?}'\n\
			[[service]]\nid = 5\nbackend = 'http://127.0.0.1:1'\nprotocol = 'ethereum'\n\
			[[agreement]]\nid = 1\nservice = 5\ntenant = '{tenant}'\nunits = 3\n",
			H256::repeat_byte(4),
		);
		let edge = super::market(&config(&text), None).unwrap();
		assert_eq!(edge.genesis, Some(H256::repeat_byte(4)));
		let service = edge.service(5).unwrap();
		assert_eq!((service.class, service.units), (ServiceClass::Rpc, 3));
		let agreement = edge.agreement(1).unwrap();
		assert_eq!((&agreement.tenant, agreement.units, agreement.active), (&tenant, 3, true));
	}
}
