// SPDX-License-Identifier: Apache-2.0

//! Services that the gateway uses: those with an agreement of the tenant, those that the
//! configuration lists, and as a last resort strangers' trials.

use super::tokens::Tokens;
use crate::{
	access::{Offer, UnitLimits, unix_now},
	chain::{Market, ServiceView},
	config::{ConfigError, GatewayConfig, NetworkSection, OperatorSection, Sure},
	gateway::{Agreement, Serves, UpstreamSpec, Upstreams},
	roles::background::StartError,
	routing::CoverRates,
	upstream::Endpoint,
};
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use sp_core::H256;
use sp_runtime::{
	AccountId32,
	traits::{BlakeTwo256, Hash},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use surety_primitives::{
	AgreementId, LatencyBucket, ServiceClass, ServiceId, ServiceKind, endpoint,
};
use surety_runtime_api::AgreementInfo;

/// Services whose trial is used at a time.
const MAX_TRIALS: usize = 8;
/// Rates of a service without an agreement: those that an edge gives to strangers.
const TRIAL: CoverRates = CoverRates { requests: 2.0, burst: 16.0, bytes: 1_048_576.0 };
/// Blocks behind the served head without terms that say so.
const MAX_LAG: u64 = 5;
/// Time between two looks at an operator's head.
const LOOKS_MS: u64 = 3_000;

/// Service with what only the status page shows.
#[derive(Clone, Debug)]
pub(super) struct Described {
	/// Id on chain.
	pub id: Option<ServiceId>,
	/// Network or model.
	pub network: String,
	/// Region.
	pub region: String,
	/// Agreements that pay.
	pub agreements: Vec<AgreementId>,
	/// Their units.
	pub units: u32,
	/// Blocks that the first deposit to end still pays for.
	pub blocks_left: Option<u32>,
	/// Score, 0 to 100.
	pub score: u8,
	/// Price per unit and block, in base units of the asset.
	pub price: Option<u128>,
	/// Most blocks behind the served head.
	pub max_lag: u64,
}

impl Described {
	/// Price for people.
	pub fn price_text(&self) -> String {
		self.price.map_or(String::new(), |price| Sure(price).to_string())
	}
}

/// Agreement in use, with the way to its edge.
#[derive(Clone, Debug)]
pub(super) struct Used {
	/// Latency of the terms.
	pub max_latency: LatencyBucket,
	/// Edge.
	pub edge: Endpoint,
	/// True if it may be at a private address.
	pub private: bool,
}

/// Services, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
	/// Services and offers.
	pub upstreams: Upstreams,
	/// Descriptions by the number of the service.
	pub described: HashMap<ServiceId, Described>,
	/// Agreements in use.
	pub agreements: HashMap<AgreementId, Used>,
}

/// Operator of the configuration, parsed.
#[derive(Clone, Debug)]
pub(super) struct Configured {
	spec: UpstreamSpec,
	agreement: Option<AgreementId>,
	latency: LatencyBucket,
	network: String,
}

impl Configured {
	/// Agreement that its edge knows.
	pub fn agreement(&self) -> Option<AgreementId> {
		self.agreement
	}
}

/// Number of a configured operator's service: from the end of those that the chain gives.
fn number_of(place: usize) -> ServiceId {
	let place = ServiceId::try_from(place).unwrap_or(ServiceId::MAX);
	ServiceId::MAX.saturating_sub(place)
}

/// Parse the operators of the configuration.
///
/// Errors: an URL or a header is not valid.
pub(super) fn configured(config: &GatewayConfig) -> Result<Vec<Configured>, StartError> {
	let parse = |(place, operator)| configure(config, place, operator);
	config.operators.iter().enumerate().map(parse).collect()
}

fn configure(
	config: &GatewayConfig,
	place: usize,
	operator: &OperatorSection,
) -> Result<Configured, StartError> {
	let invalid = |field: &str, reason: String| {
		ConfigError::invalid(format!("operator.{field}"), format!("{}: {reason}", operator.name))
	};
	let endpoint: Endpoint = operator
		.url
		.to_string()
		.parse()
		.map_err(|error: crate::upstream::EndpointError| invalid("url", error.to_string()))?;
	let mut headers = Vec::new();
	for header in &operator.headers {
		let name = HeaderName::try_from(header.name.as_str());
		let value = HeaderValue::try_from(header.value.expose());
		let (Ok(name), Ok(mut value)) = (name, value) else {
			let reason = format!("header {:?} is not valid", header.name);
			return Err(invalid("headers", reason).into());
		};
		value.set_sensitive(true);
		headers.push((name, value));
	}
	let serves = match (&operator.network, &operator.model) {
		(Some(network), None) => Serves::Network(network.clone()),
		(None, Some(model)) => Serves::Model(model.clone()),
		(None, None) => Serves::Http,
		(Some(_), Some(_)) => {
			return Err(invalid("model", "it serves a network or a model, not both".into()).into());
		},
	};
	let rates = operator.rate.map_or(CoverRates::unlimited(), |rate| CoverRates {
		requests: rate.into(),
		burst: f64::from(rate) * 10.0,
		bytes: f64::INFINITY,
	});
	let section = config.networks.iter().find(|one| Some(&one.name) == operator.network.as_ref());
	let spec = UpstreamSpec {
		service: number_of(place),
		configured: true,
		account: BlakeTwo256::hash(format!("configured operator {}", operator.name).as_bytes()).0,
		operator: operator.name.clone(),
		endpoint,
		serves,
		agreements: Vec::new(),
		headers,
		price: operator.price.into(),
		score: f64::from(operator.score) / 100.0,
		near: true,
		discrepant: false,
		max_lag: max_lag(config, section, MAX_LAG),
		max_latency: Duration::from_millis(operator.max_latency_ms.into()),
		rates,
		private: true,
	};
	let name = operator.network.as_ref().or(operator.model.as_ref());
	Ok(Configured {
		spec,
		agreement: operator.agreement,
		latency: LatencyBucket::from_millis(operator.max_latency_ms),
		network: name.cloned().unwrap_or_default(),
	})
}

/// Most blocks behind the served head. At least those that come between two looks at a head: the
/// service need not be behind at all.
fn max_lag(config: &GatewayConfig, section: Option<&NetworkSection>, terms: u64) -> u64 {
	let wished = config.routing.max_head_lag.map_or(terms, u64::from);
	let block_ms = section.and_then(|section| section.block_ms).unwrap_or(LOOKS_MS).max(1);
	wished.max(LOOKS_MS.div_ceil(block_ms).saturating_add(1))
}

/// Wish of the configuration that a service is of.
struct Wish<'a> {
	serves: Serves,
	name: String,
	section: Option<&'a NetworkSection>,
}

/// Maker of catalogues.
pub(super) struct Builder<'a> {
	pub config: &'a GatewayConfig,
	pub configured: &'a [Configured],
	pub genesis: H256,
	pub tokens: &'a mut Tokens,
}

impl Builder<'_> {
	/// Catalogue of a snapshot, or without one.
	pub fn build(mut self, market: Option<&Market>) -> Catalogue {
		let mut catalogue = Catalogue::default();
		if let Some(market) = market {
			for view in market.services.values() {
				self.add(&mut catalogue, market, view);
			}
			self.add_trials(&mut catalogue, market);
			catalogue.upstreams.offers = offers(self.config, market);
		}
		for one in self.configured {
			self.add_configured(&mut catalogue, one);
		}
		self.tokens.retain(|agreement| catalogue.agreements.contains_key(&agreement));
		catalogue
	}

	/// Use that a service has for the configuration.
	fn wish(&self, market: &Market, view: &ServiceView) -> Option<Wish<'_>> {
		let (serves, name, section) = match &view.summary.listing.kind {
			ServiceKind::Rpc { network } => {
				let name = market.network_name(*network)?;
				let section = self.config.networks.iter().find(|one| one.name == name);
				let serves = section.map(|_| Serves::Network(name.clone()));
				(serves, name, section)
			},
			ServiceKind::Inference { .. } => {
				let name = view.model()?;
				let listed = self.config.models.iter().any(|model| model.name == name);
				(listed.then(|| Serves::Model(name.clone())), name, None)
			},
			ServiceKind::Vpn { .. } => (None, "vpn".to_owned(), None),
			ServiceKind::Compute => return None,
		};
		Some(Wish { serves: serves.unwrap_or(Serves::Http), name, section })
	}

	/// Add a service, if there is an agreement with it.
	fn add(&mut self, catalogue: &mut Catalogue, market: &Market, view: &ServiceView) {
		let with = market.agreements_with(view.summary.id);
		let mut paying: Vec<_> = with.filter(|agreement| agreement.blocks_left > 0).collect();
		paying.sort_unstable_by_key(|agreement| agreement.id);
		if paying.is_empty() {
			return;
		}
		let units = paying.iter().fold(0u32, |sum, one| sum.saturating_add(one.units));
		let now = unix_now();
		let agreements = paying
			.iter()
			.map(|one| Agreement {
				id: one.id,
				units: one.units,
				token: self.tokens.of(one.id, &self.genesis, now),
			})
			.collect();
		let rates = rates_of(view.summary.listing.kind.class(), units);
		let Some(wish) = self.wish(market, view) else { return };
		let Some(spec) = self.spec(market, view, &wish, agreements, rates) else { return };
		for one in &paying {
			let used = Used {
				max_latency: view.summary.listing.terms.max_latency,
				edge: spec.endpoint.root(),
				private: spec.private,
			};
			catalogue.agreements.insert(one.id, used);
		}
		let described = describe(view, &wish, &spec, &paying);
		catalogue.described.insert(spec.service, described);
		catalogue.upstreams.services.push(spec);
	}

	/// Add services without an agreement to networks that have none, if that is configured.
	fn add_trials(&mut self, catalogue: &mut Catalogue, market: &Market) {
		for section in self.config.networks.iter().filter(|section| section.trial) {
			let serves = Serves::Network(section.name.clone());
			let services = &catalogue.upstreams.services;
			let Some(network) = market.network(&section.name).map(|info| info.id) else { continue };
			if services.iter().any(|spec| spec.serves == serves) {
				continue;
			}
			let mut open: Vec<&Arc<ServiceView>> = market
				.services
				.values()
				.filter(|view| view.summary.listing.kind == ServiceKind::Rpc { network })
				.filter(|view| view.up_age(market.clock.round).is_some())
				.collect();
			open.sort_by_key(|view| (std::cmp::Reverse(view.summary.score), view.summary.id));
			for view in open.into_iter().take(MAX_TRIALS) {
				let name = section.name.clone();
				let wish = Wish { serves: serves.clone(), name, section: Some(section) };
				if let Some(spec) = self.spec(market, view, &wish, Vec::new(), TRIAL) {
					catalogue.described.insert(spec.service, describe(view, &wish, &spec, &[]));
					catalogue.upstreams.services.push(spec);
				}
			}
		}
	}

	fn spec(
		&self,
		market: &Market,
		view: &ServiceView,
		wish: &Wish<'_>,
		agreements: Vec<Agreement>,
		rates: CoverRates,
	) -> Option<UpstreamSpec> {
		let listing = &view.summary.listing;
		let url = view.endpoint();
		// Listings were checked by the chain; this is another program.
		if let Err(fault) = endpoint::check(url.as_bytes(), market.private_endpoints) {
			tracing::warn!(service = view.summary.id, %fault, "endpoint of a listing");
			return None;
		}
		let endpoint = match url.parse() {
			Ok(endpoint) => endpoint,
			Err(error) => {
				tracing::warn!(service = view.summary.id, %error, "endpoint of a listing");
				return None;
			},
		};
		let near = wish.section.is_none_or(|section| {
			section.regions.is_empty() || section.regions.contains(&listing.region)
		});
		Some(UpstreamSpec {
			service: view.summary.id,
			configured: false,
			account: listing.operator.clone().into(),
			operator: market.operator_name(&listing.operator),
			endpoint,
			serves: wish.serves.clone(),
			agreements,
			headers: Vec::new(),
			price: listing.price as f64,
			score: f64::from(view.summary.score) / 100.0,
			near,
			discrepant: view.summary.discrepant,
			max_lag: max_lag(self.config, wish.section, listing.terms.max_head_lag.into()),
			max_latency: Duration::from_micros(listing.terms.max_latency.edge_micros()),
			rates,
			private: market.private_endpoints,
		})
	}

	fn add_configured(&mut self, catalogue: &mut Catalogue, one: &Configured) {
		let mut spec = one.spec.clone();
		// A price of 1 is that of the cheapest service on the chain.
		let of_chain = catalogue.upstreams.services.iter();
		let of_chain = of_chain.filter(|other| other.serves == spec.serves && !other.configured);
		let cheapest = of_chain.map(|other| other.price).reduce(f64::min);
		spec.price *= cheapest.filter(|price| *price > 0.0).unwrap_or(1.0);
		if let Some(id) = one.agreement {
			let token = self.tokens.of(id, &self.genesis, unix_now());
			spec.agreements.push(Agreement { id, units: 1, token });
			let used = Used { max_latency: one.latency, edge: spec.endpoint.root(), private: true };
			catalogue.agreements.insert(id, used);
		}
		let described = Described {
			id: None,
			network: one.network.clone(),
			region: String::new(),
			agreements: one.agreement.into_iter().collect(),
			units: 0,
			blocks_left: None,
			score: (spec.score * 100.0).round() as u8,
			price: None,
			max_lag: spec.max_lag,
		};
		catalogue.described.insert(spec.service, described);
		catalogue.upstreams.services.push(spec);
	}
}

fn describe(
	view: &ServiceView,
	wish: &Wish<'_>,
	spec: &UpstreamSpec,
	paying: &[&AgreementInfo<AccountId32>],
) -> Described {
	let listing = &view.summary.listing;
	Described {
		id: Some(view.summary.id),
		network: wish.name.clone(),
		region: listing.region.into(),
		agreements: paying.iter().map(|agreement| agreement.id).collect(),
		units: paying.iter().fold(0, |sum, agreement| sum.saturating_add(agreement.units)),
		blocks_left: paying.iter().map(|agreement| agreement.blocks_left).min(),
		score: view.summary.score,
		price: Some(listing.price),
		max_lag: spec.max_lag,
	}
}

/// Rates of a number of units.
fn rates_of(class: ServiceClass, units: u32) -> CoverRates {
	let Some(limits) = UnitLimits::of(class).map(|unit| unit.times(units)) else {
		return CoverRates::unlimited();
	};
	CoverRates {
		requests: limits.requests.per_second as f64,
		burst: limits.requests.burst as f64,
		bytes: limits.bytes.map_or(f64::INFINITY, |rate| rate.per_second as f64),
	}
}

/// For each wish the cheapest service that can be bought.
fn offers(config: &GatewayConfig, market: &Market) -> HashMap<String, Value> {
	let networks = config.networks.iter().filter_map(|section| {
		let network = market.network(&section.name)?.id;
		Some((&section.name, cheapest(market, &ServiceKind::Rpc { network })?))
	});
	let models = config.models.iter().filter_map(|section| {
		let name = section.name.as_bytes().to_vec().try_into().ok()?;
		Some((&section.name, cheapest(market, &ServiceKind::Inference { model: name })?))
	});
	networks.chain(models).map(|(name, offer)| (name.clone(), offer)).collect()
}

fn cheapest(market: &Market, kind: &ServiceKind) -> Option<Value> {
	let services = market.services.values();
	let open = services.filter(|view| view.summary.open && view.summary.listing.kind == *kind);
	let view = open.min_by_key(|view| (view.summary.listing.price, view.summary.id))?;
	let listing = &view.summary.listing;
	let offer = Offer {
		service: view.summary.id,
		operator: &listing.operator,
		class: kind.class(),
		price: listing.price,
		asset: listing.asset,
	};
	Some(offer.to_json(market.window_blocks()))
}
