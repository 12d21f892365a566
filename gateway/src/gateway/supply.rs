// SPDX-License-Identifier: Apache-2.0

//! Services that the gateway can use, from the market and the configuration, with a token for each
//! agreement.

use super::{Serves, UpstreamSpec, Upstreams};
use crate::{
	access::{Share, Token, genesis_prefix, mint},
	chain::{KeySigner, Market, ServiceView},
	config::{ConfigError, GatewayConfig, OperatorSection},
	routing::CoverRates,
	upstream::Endpoint,
};
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};
use std::{
	collections::{BTreeMap, HashMap},
	time::Duration,
};
use surety_primitives::{
	AgreementId, AssetId, Balance, Region, ServiceClass, ServiceId, ServiceKind, Target,
};

/// Validity of a token in seconds.
const TOKEN_LIFETIME: u64 = 3_600;
/// Rest of its validity with which a token is replaced, in seconds.
const TOKEN_REST: u64 = 1_200;

/// Maker of the list of services.
pub struct Supply {
	/// Wanted regions by network; none is all.
	regions: HashMap<String, Vec<Region>>,
	models: Vec<String>,
	own: Vec<UpstreamSpec>,
	signer: Option<KeySigner>,
	tokens: Mutex<BTreeMap<AgreementId, Minted>>,
}

struct Minted {
	genesis: H256,
	not_after: u64,
	token: HeaderValue,
}

impl Supply {
	/// Supply of a configuration; `signer` signs the tokens.
	pub fn new(config: &GatewayConfig, signer: Option<KeySigner>) -> Result<Self, ConfigError> {
		let own = config.operators.iter().zip((0..=ServiceId::MAX).rev());
		let own = own.map(|(operator, id)| own_service(operator, id)).collect::<Result<_, _>>()?;
		let networks = config.networks.iter();
		Ok(Self {
			regions: networks.map(|one| (one.name.clone(), one.regions.clone())).collect(),
			models: config.models.iter().map(|model| model.name.clone()).collect(),
			own,
			signer,
			tokens: Mutex::default(),
		})
	}

	/// Services to use as of a snapshot. `unix` is the time in seconds since 1970.
	pub fn upstreams(&self, market: Option<&Market>, unix: u64) -> Upstreams {
		let mut upstreams = Upstreams { services: self.own.clone(), offers: HashMap::new() };
		let Some(market) = market else { return upstreams };
		let used: Vec<&ServiceView> = market
			.services
			.values()
			.map(|view| &**view)
			.filter(|view| market.agreement_to_use(view.summary.id).is_some())
			.collect();
		let unit = typical_price(&used);
		let specs = used.into_iter().filter_map(|view| self.spec(market, view, unit, unix));
		upstreams.services.extend(specs);
		let live: Vec<_> = market.agreements.keys().collect();
		self.tokens.lock().retain(|id, _| live.contains(&id));
		upstreams.offers = self.offers(market);
		upstreams
	}

	fn spec(
		&self,
		market: &Market,
		view: &ServiceView,
		unit: Balance,
		unix: u64,
	) -> Option<UpstreamSpec> {
		let summary = &view.summary;
		let listing = &summary.listing;
		let agreement = market.agreement_to_use(summary.id)?;
		let endpoint = match view.endpoint().parse() {
			Ok(endpoint) => endpoint,
			Err(error) => {
				tracing::warn!(service = summary.id, %error, "the endpoint cannot be used");
				return None;
			},
		};
		let serves = self.serves(market, view);
		let near = match &serves {
			Serves::Network(name) => {
				let wanted = self.regions.get(name);
				wanted.is_none_or(|all| all.is_empty() || all.contains(&listing.region))
			},
			_ => true,
		};
		let rates = match listing.kind.class() {
			ServiceClass::Rpc => CoverRates::rpc(agreement.units),
			_ => CoverRates::unlimited(),
		};
		Some(UpstreamSpec {
			service: summary.id,
			account: listing.operator.clone().into(),
			operator: market.operator_name(&listing.operator),
			endpoint,
			serves,
			agreement: Some(agreement.id),
			token: self.token(market.genesis, agreement.id, unix),
			headers: Vec::new(),
			price: ratio(listing.price, unit),
			score: f64::from(summary.score) / 100.0,
			near,
			discrepant: summary.discrepant,
			max_latency: Duration::from_micros(listing.terms.max_latency.edge_micros()),
			rates,
			private: market.allows_private,
		})
	}

	fn serves(&self, market: &Market, view: &ServiceView) -> Serves {
		match &view.summary.listing.kind {
			ServiceKind::Rpc { network } => match market.network_name(*network) {
				Some(name) if self.regions.contains_key(&name) => Serves::Network(name),
				_ => Serves::Http,
			},
			ServiceKind::Inference { .. } => match view.model() {
				Some(model) if self.models.contains(&model) => Serves::Model(model),
				_ => Serves::Http,
			},
			ServiceKind::Compute | ServiceKind::Vpn { .. } => Serves::Http,
		}
	}

	/// Token of an agreement, renewed in good time.
	fn token(&self, genesis: H256, agreement: AgreementId, unix: u64) -> Option<HeaderValue> {
		let signer = self.signer.as_ref()?;
		let mut tokens = self.tokens.lock();
		let is_fresh = |one: &&Minted| {
			one.genesis == genesis && one.not_after > unix.saturating_add(TOKEN_REST)
		};
		if let Some(minted) = tokens.get(&agreement).filter(is_fresh) {
			return Some(minted.token.clone());
		}
		let not_after = unix.saturating_add(TOKEN_LIFETIME);
		let token = Token {
			genesis: genesis_prefix(&genesis),
			agreement,
			not_after,
			share: Share::ALL,
			reporter: signer.account().clone(),
		};
		let text = mint(&token, |bytes| signer.sign(bytes));
		let mut token = HeaderValue::try_from(text).ok()?;
		token.set_sensitive(true);
		tokens.insert(agreement, Minted { genesis, not_after, token: token.clone() });
		Some(token)
	}

	/// By network and model the cheapest service for sale, and the call that opens an agreement.
	fn offers(&self, market: &Market) -> HashMap<String, Value> {
		let mut offers: HashMap<String, (Balance, Value)> = HashMap::new();
		let open = market.services.values().filter(|view| view.summary.open);
		for view in open.filter(|view| view.summary.listing.asset == AssetId::Native) {
			let (Serves::Network(name) | Serves::Model(name)) = self.serves(market, view) else {
				continue;
			};
			let price = view.summary.listing.price;
			if offers.get(&name).is_none_or(|(best, _)| price < *best) {
				let offer = offer(market, view, &name);
				offers.insert(name, (price, offer));
			}
		}
		offers.into_iter().map(|(name, (_, offer))| (name, offer)).collect()
	}
}

/// Price of the middle service, by which the others are compared.
fn typical_price(views: &[&ServiceView]) -> Balance {
	let mut prices: Vec<_> = views.iter().map(|view| view.summary.listing.price).collect();
	prices.sort_unstable();
	prices.get(prices.len().checked_div(2).unwrap_or(0)).copied().unwrap_or(1).max(1)
}

/// `price / unit`, never 0: a free service must not take everything.
#[allow(clippy::cast_precision_loss)]
fn ratio(price: Balance, unit: Balance) -> f64 {
	(price as f64 / unit as f64).max(0.01)
}

fn own_service(operator: &OperatorSection, id: ServiceId) -> Result<UpstreamSpec, ConfigError> {
	let fault =
		|reason: String| ConfigError::invalid(format!("operator {}", operator.name), reason);
	let endpoint: Endpoint =
		operator.url.to_string().parse().map_err(|error| fault(format!("{error}")))?;
	let mut headers = Vec::new();
	for header in &operator.headers {
		let name = HeaderName::try_from(&header.name).map_err(|error| fault(error.to_string()))?;
		let mut value = HeaderValue::try_from(header.value.expose())
			.map_err(|_| fault(format!("the value of {name} is no header")))?;
		value.set_sensitive(true);
		headers.push((name, value));
	}
	let serves = match (&operator.network, &operator.model) {
		(Some(network), None) => Serves::Network(network.clone()),
		(None, Some(model)) => Serves::Model(model.clone()),
		(None, None) => Serves::Http,
		(Some(_), Some(_)) => return Err(fault("it serves a network or a model, not both".into())),
	};
	let rates = operator.rate.map_or_else(CoverRates::unlimited, |rate| CoverRates {
		requests: f64::from(rate),
		burst: f64::from(rate).max(1.0),
		bytes: f64::INFINITY,
	});
	Ok(UpstreamSpec {
		service: id,
		// Entries of one name are one operator.
		account: BlakeTwo256::hash(operator.name.as_bytes()).0,
		operator: operator.name.clone(),
		endpoint,
		serves,
		agreement: None,
		token: None,
		headers,
		price: f64::from(operator.price.max(1)),
		score: f64::from(operator.score.min(100)) / 100.0,
		near: true,
		discrepant: false,
		max_latency: Duration::from_millis(operator.max_latency_ms.into()),
		rates,
		private: true,
	})
}

fn offer(market: &Market, view: &ServiceView, name: &str) -> Value {
	let summary = &view.summary;
	let listing = &summary.listing;
	let deposit = listing.price.saturating_mul(market.window_blocks().into());
	// Amounts as text: they do not fit the numbers of JavaScript.
	json!({
		"for": name,
		"target": Target::Service(summary.id),
		"operator": listing.operator.to_string(),
		"price": listing.price.to_string(),
		"call": {
			"pallet": "Sla",
			"call": "open_agreement",
			"args": {
				"service": summary.id,
				"units": 1,
				"max_price": listing.price.to_string(),
				"deposit": deposit.to_string(),
				"min_cover": 0,
			},
		},
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		access::verify,
		chain::tests::{account, agreement, market, service},
		config::parse,
	};
	use std::sync::Arc;

	const NOW: u64 = 1_800_000_000;

	fn supply(text: &str) -> Supply {
		let config: GatewayConfig = parse(text).unwrap();
		Supply::new(&config, KeySigner::from_uri("//Alice")).unwrap()
	}

	fn sold() -> Market {
		let mut market = market(600);
		for (id, price) in [(1, 100), (2, 200), (3, 400), (4, 1)] {
			let view = service(id, u8::try_from(id).unwrap(), price, &market);
			market.services.insert(id, Arc::new(view));
		}
		for id in 1..=3 {
			market.agreements.insert(id, agreement(id, id));
		}
		market
	}

	#[test]
	fn services_with_agreements_are_used() {
		let supply = supply("[[network]]\nname = \"ethereum\"\nregions = [\"NL\"]");
		let upstreams = supply.upstreams(Some(&sold()), NOW);
		let services: Vec<_> =
			upstreams.services.iter().map(|spec| (spec.service, spec.price)).collect();
		assert_eq!(services, [(1, 0.5), (2, 1.0), (3, 2.0)]);
		let spec = &upstreams.services[0];
		assert_eq!(spec.serves, Serves::Network("ethereum".into()));
		assert_eq!((spec.agreement, spec.near, spec.private), (Some(1), false, false));
		assert_eq!(spec.account, <[u8; 32]>::from(account(1)));
		let text = spec.token.as_ref().unwrap().to_str().unwrap();
		let token = verify(text, &genesis_prefix(&sold().genesis), NOW).unwrap();
		assert_eq!((token.agreement, token.share), (1, Share::ALL));
		assert_eq!(upstreams.offers["ethereum"]["target"]["service"], 4, "the cheapest");
	}

	#[test]
	fn networks_that_are_not_served_are_plain_http() {
		let upstreams = supply("").upstreams(Some(&sold()), NOW);
		assert!(upstreams.services.iter().all(|spec| spec.serves == Serves::Http));
		assert!(upstreams.offers.is_empty());
	}

	#[test]
	fn the_largest_agreement_with_funds_is_used() {
		let mut market = sold();
		let larger = surety_runtime_api::AgreementInfo { units: 5, ..agreement(7, 1) };
		let empty =
			surety_runtime_api::AgreementInfo { units: 9, blocks_left: 0, ..agreement(8, 1) };
		market.agreements.insert(7, larger);
		market.agreements.insert(8, empty);
		let upstreams = supply("").upstreams(Some(&market), NOW);
		assert_eq!(upstreams.services[0].agreement, Some(7));
		assert_eq!(upstreams.services[0].rates, CoverRates::rpc(5));
	}

	#[test]
	fn tokens_are_renewed_in_good_time() {
		let supply = supply("");
		let token = |unix| supply.upstreams(Some(&sold()), unix).services[0].token.clone().unwrap();
		let first = token(NOW);
		assert_eq!(token(NOW + TOKEN_LIFETIME - TOKEN_REST - 1), first);
		assert_ne!(token(NOW + TOKEN_LIFETIME - TOKEN_REST), first);
	}

	#[test]
	fn operators_of_the_configuration_need_no_chain() {
		let supply = supply(
			"[[network]]\nname = \"ethereum\"\n[[operator]]\nname = \"own\"\nurl = \"http://127.0.0.1:8545/x\"\n\
			 network = \"ethereum\"\nheaders = [{ name = \"X-Key\", value = \"secret\" }]\nrate = 7",
		);
		let upstreams = supply.upstreams(None, NOW);
		let [spec] = &upstreams.services[..] else { panic!() };
		assert_eq!((spec.service, spec.private, spec.rates.requests), (ServiceId::MAX, true, 7.0));
		assert_eq!(spec.headers[0].1, "secret");
		assert!(!format!("{spec:?}").contains("secret"));
		for text in
			["headers = [{ name = \"a b\", value = \"x\" }]", "model = \"m\"\nnetwork = \"n\""]
		{
			let text = format!("[[operator]]\nname = \"own\"\nurl = \"http://a\"\n{text}");
			let config: GatewayConfig = parse(&text).unwrap();
			assert!(Supply::new(&config, None).is_err(), "{text}");
		}
	}
}
