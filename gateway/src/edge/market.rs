// SPDX-License-Identifier: Apache-2.0

//! The operator's part of the market, as the edge needs it: services with their servers, and
//! agreements. A plain snapshot, replaced as a whole when the chain or the configuration changes.

use crate::{
	access::{Offer, Rate, UnitLimits},
	upstream::Endpoint,
};
use http::HeaderValue;
use serde_json::Value;
use sp_core::{Encode, H256};
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
};
use surety_primitives::{
	AgreementId, AssetId, Balance, LatencyBucket, Protocol, ServiceClass, ServiceId,
	endpoint::control_hash,
};

/// Service behind the edge.
#[derive(Clone, Debug)]
pub struct EdgeService {
	/// Id on chain.
	pub id: ServiceId,
	/// Class, which says what a unit is.
	pub class: ServiceClass,
	/// Dialect of an `Rpc` service: its calls are weighed and counted one by one.
	pub protocol: Option<Protocol>,
	/// Operator on chain.
	pub operator: AccountId32,
	/// Endpoint as listed.
	pub endpoint: String,
	/// Models of an `Inference` service. Others are unknown here, whatever the server has. Empty:
	/// all that the server has.
	pub models: Vec<String>,
	/// Server behind the edge.
	pub backend: Endpoint,
	/// Value of the header `Authorization` for the server. `None`: what the client sends.
	pub authorization: Option<HeaderValue>,
	/// Host by which requests for it are recognised. If missing, that of the listed endpoint.
	pub host: Option<String>,
	/// Path by which they are recognised, which is removed. If missing, that of the endpoint.
	pub path: Option<String>,
	/// Price of a unit per block, in base units of the asset.
	pub price: Balance,
	/// Asset of the price.
	pub asset: AssetId,
	/// Units, sold and unsold.
	pub units: u32,
	/// Latency of the terms, above which an answer is slow.
	pub max_latency: LatencyBucket,
}

impl EdgeService {
	/// Limits of a number of units. `None` if the class is not limited by requests.
	pub fn limits(&self, units: u32) -> Option<UnitLimits> {
		UnitLimits::of(self.class).map(|unit| unit.times(units))
	}

	/// Rate of all requests without an agreement together.
	///
	/// - `share`: of the service's units, in parts of ten thousand.
	pub fn trial_rate(&self, share: u16) -> Rate {
		const LEAST: Rate = Rate { per_second: 2, burst: 16 };
		let share = self.limits(self.units).map_or(LEAST, |all| all.requests.share(share));
		// A service with few units must still be seen by probers.
		Rate {
			per_second: share.per_second.max(LEAST.per_second),
			burst: share.burst.max(LEAST.burst),
		}
	}

	/// Rate of tokens of all requests without an agreement together.
	///
	/// - `share`: of the service's units, in parts of ten thousand.
	pub fn trial_tokens(&self, share: u16) -> Rate {
		// Enough for the probes of a hundred validators a minute, some 80 tokens each.
		const LEAST: Rate = Rate { per_second: 150, burst: 10_000 };
		let tokens = self.limits(self.units).and_then(|all| all.tokens);
		let share = tokens.map_or(LEAST, |tokens| tokens.share(share));
		Rate {
			per_second: share.per_second.max(LEAST.per_second),
			burst: share.burst.max(LEAST.burst),
		}
	}

	/// True for a service of models, whose tokens are counted.
	pub fn is_inference(&self) -> bool {
		self.class == ServiceClass::Inference
	}

	/// Description of the agreement that a stranger can buy, and of the call that does so.
	///
	/// - `window_blocks`: blocks of a window, whose price is the least deposit.
	pub fn offer(&self, window_blocks: u32) -> Value {
		let offer = Offer {
			service: self.id,
			operator: &self.operator,
			class: self.class,
			price: self.price,
			asset: self.asset,
		};
		offer.to_json(window_blocks)
	}
}

/// Agreement about a service of the edge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EdgeAgreement {
	/// Id on chain.
	pub id: AgreementId,
	/// Service.
	pub service: ServiceId,
	/// Tenant.
	pub tenant: AccountId32,
	/// Units.
	pub units: u32,
	/// False once it is closed, suspended or out of funds.
	pub active: bool,
}

/// Snapshot of services and agreements.
#[derive(Clone, Debug, Default)]
pub struct EdgeMarket {
	/// Hash of the chain's genesis block. `None` until it is known: no token is accepted.
	pub genesis: Option<H256>,
	/// Blocks of a window.
	pub window_blocks: u32,
	services: BTreeMap<ServiceId, Arc<EdgeService>>,
	agreements: HashMap<AgreementId, Arc<EdgeAgreement>>,
	routes: Vec<Route>,
}

/// Way to recognise the service of a request.
#[derive(Clone, Debug)]
struct Route {
	/// `None`: any host.
	host: Option<String>,
	/// Begins with a slash and does not end with one; empty for all paths.
	path: String,
	service: Arc<EdgeService>,
}

impl EdgeMarket {
	/// Snapshot of services and agreements.
	pub fn new(
		genesis: Option<H256>,
		window_blocks: u32,
		services: impl IntoIterator<Item = EdgeService>,
		agreements: impl IntoIterator<Item = EdgeAgreement>,
	) -> Self {
		let services: BTreeMap<_, _> =
			services.into_iter().map(|service| (service.id, Arc::new(service))).collect();
		let agreements = agreements.into_iter().map(|one| (one.id, Arc::new(one))).collect();
		let mut routes: Vec<_> = services.values().map(Route::of).collect();
		// The longest path first, and of equal ones that with a host.
		routes.sort_by_key(|route| {
			(std::cmp::Reverse(route.path.len()), route.host.is_none(), route.service.id)
		});
		Self { genesis, window_blocks, services, agreements, routes }
	}

	/// Service by its id.
	pub fn service(&self, id: ServiceId) -> Option<&Arc<EdgeService>> {
		self.services.get(&id)
	}

	/// All services.
	pub fn services(&self) -> impl Iterator<Item = &Arc<EdgeService>> {
		self.services.values()
	}

	/// Agreement by its id.
	pub fn agreement(&self, id: AgreementId) -> Option<&Arc<EdgeAgreement>> {
		self.agreements.get(&id)
	}

	/// All agreements.
	pub fn agreements(&self) -> impl Iterator<Item = &Arc<EdgeAgreement>> {
		self.agreements.values()
	}

	/// Service of a request and the length of the path that led to it. A single service takes all
	/// requests.
	///
	/// - `host`: header of the request, with or without a port.
	pub fn route(&self, host: &str, path: &str) -> Option<(&Arc<EdgeService>, usize)> {
		let host = without_port(host);
		let found = self.routes.iter().find(|route| {
			route.host.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(host))
				&& is_below(path, &route.path)
		});
		match (found, self.routes.as_slice()) {
			(Some(route), _) => Some((&route.service, route.path.len())),
			(None, [only]) if only.service.path.is_none() => {
				// A proxy in front may have removed the path.
				let length = if is_below(path, &only.path) { only.path.len() } else { 0 };
				Some((&only.service, length))
			},
			_ => None,
		}
	}

	/// Length of the path of a service at the begin of a request's path.
	pub fn path_length(&self, service: ServiceId, path: &str) -> usize {
		let mut of_service = self.routes.iter().filter(|route| route.service.id == service);
		of_service.find(|route| is_below(path, &route.path)).map_or(0, |route| route.path.len())
	}

	/// Proof that the operator controls the host of a service: 64 hexadecimal digits.
	pub fn proof(&self, service: ServiceId) -> Option<String> {
		let service = self.service(service)?;
		let genesis = self.genesis?;
		let operator = service.operator.encode();
		let hash = control_hash(&genesis.0, &operator, service.id, service.endpoint.as_bytes());
		Some(hex::encode(hash))
	}
}

impl Route {
	fn of(service: &Arc<EdgeService>) -> Self {
		let listed = service.endpoint.split_once("://").map_or("", |(_, rest)| rest);
		let (authority, listed_path) = match listed.find('/') {
			Some(at) => listed.split_at(at),
			None => (listed, ""),
		};
		let own = service.host.is_some() || service.path.is_some();
		let listed_host =
			(!own && !authority.is_empty()).then(|| without_port(authority).to_owned());
		let path = service.path.as_deref().unwrap_or(if own { "" } else { listed_path });
		let path = path.trim_matches('/');
		Self {
			host: service.host.as_deref().map(|host| without_port(host).to_owned()).or(listed_host),
			path: if path.is_empty() { String::new() } else { format!("/{path}") },
			service: service.clone(),
		}
	}
}

/// True if a path is the prefix or below it.
fn is_below(path: &str, prefix: &str) -> bool {
	let rest = path.strip_prefix(prefix);
	rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Host of an authority. The colons of an IPv6 address are within brackets.
fn without_port(authority: &str) -> &str {
	let end = authority.rfind(']').unwrap_or(0);
	match authority.get(end..).and_then(|rest| rest.rfind(':')) {
		Some(colon) => authority.get(..end.saturating_add(colon)).unwrap_or(authority),
		None => authority,
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Service with an endpoint and a server that nothing answers for.
	pub fn service(id: ServiceId, endpoint: &str) -> EdgeService {
		EdgeService {
			id,
			class: ServiceClass::Rpc,
			protocol: Some(Protocol::Ethereum),
			operator: AccountId32::new([9; 32]),
			endpoint: endpoint.into(),
			models: Vec::new(),
			backend: "http://127.0.0.1:1".parse().unwrap(),
			authorization: None,
			host: None,
			path: None,
			price: 1_000_000_000_000_000_000_000,
			asset: AssetId::Local(0),
			units: 100,
			max_latency: LatencyBucket::MAX,
		}
	}

	fn market(services: Vec<EdgeService>) -> EdgeMarket {
		EdgeMarket::new(Some(H256::repeat_byte(1)), 100, services, [])
	}

	fn routed(market: &EdgeMarket, host: &str, path: &str) -> Option<(ServiceId, usize)> {
		market.route(host, path).map(|(service, length)| (service.id, length))
	}

	#[test]
	fn a_single_service_takes_all_requests() {
		let one = market(vec![service(7, "https://a.org/eth")]);
		assert_eq!(routed(&one, "a.org", "/eth"), Some((7, 4)));
		assert_eq!(routed(&one, "a.org:443", "/eth/x?y"), Some((7, 4)));
		assert_eq!(routed(&one, "127.0.0.1:8646", "/eth"), Some((7, 4)));
		assert_eq!(routed(&one, "", "/"), Some((7, 0)));
		assert_eq!(routed(&market(vec![]), "a.org", "/"), None);
	}

	#[test]
	fn several_services_are_distinguished_by_their_endpoints() {
		let many = market(vec![
			service(1, "https://a.org"),
			service(2, "https://a.org/dot"),
			service(3, "https://b.org/dot"),
		]);
		assert_eq!(routed(&many, "a.org", "/"), Some((1, 0)));
		assert_eq!(routed(&many, "A.org", "/dot/x"), Some((2, 4)));
		assert_eq!(routed(&many, "a.org", "/dotty"), Some((1, 0)));
		assert_eq!(routed(&many, "b.org", "/dot"), Some((3, 4)));
		assert_eq!(routed(&many, "b.org", "/"), None);
		assert_eq!(routed(&many, "c.org", "/"), None);
		assert_eq!(many.path_length(2, "/dot?x"), 4);
		assert_eq!(many.path_length(2, "/other"), 0);
	}

	#[test]
	fn the_configuration_overrules_the_listing() {
		let by_path = EdgeService { path: Some("eth/".into()), ..service(1, "https://a.org") };
		let by_host = EdgeService { host: Some("b.org:1".into()), ..service(2, "https://a.org/x") };
		let both = market(vec![by_path.clone(), by_host]);
		assert_eq!(routed(&both, "any.org", "/eth"), Some((1, 4)));
		assert_eq!(routed(&both, "b.org", "/x"), Some((2, 0)));
		assert_eq!(routed(&both, "a.org", "/x"), None);
		assert_eq!(routed(&market(vec![by_path]), "a.org", "/x"), None);
	}

	#[test]
	fn ports_are_no_part_of_a_host() {
		for (authority, host) in [
			("a.org:80", "a.org"),
			("a.org", "a.org"),
			("[::1]:80", "[::1]"),
			("[::1]", "[::1]"),
			("", ""),
		] {
			assert_eq!(without_port(authority), host);
		}
	}

	#[test]
	fn the_offer_names_service_price_and_call() {
		let offer = service(7, "https://a.org").offer(100);
		assert_eq!(offer["service"], 7);
		assert_eq!(offer["price"], "1000000000000000000000");
		assert_eq!(offer["unit"]["requestsPerSecond"], 10);
		assert_eq!(offer["call"]["call"], "open_agreement");
		assert_eq!(offer["call"]["args"]["deposit"], "100000000000000000000000");
	}

	#[test]
	fn trials_have_a_twentieth_of_the_units_and_never_nothing() {
		let rate = |units| EdgeService { units, ..service(1, "") }.trial_rate(500);
		assert_eq!(rate(100), Rate { per_second: 50, burst: 500 });
		assert_eq!(rate(0), Rate { per_second: 2, burst: 16 });
	}

	#[test]
	fn the_proof_is_that_of_the_listing() {
		let market = market(vec![service(7, "https://a.org")]);
		let hash = control_hash(&[1; 32], &[9; 32], 7, b"https://a.org");
		assert_eq!(market.proof(7), Some(hex::encode(hash)));
		assert_eq!(market.proof(8), None);
	}

	proptest! {
		#[test]
		fn any_host_and_path_are_routed_within_the_path(
			host in "\\PC{0,20}", path in "/[a-z/?.]{0,20}", endpoint in "(https?://)?[a-z.:/\\[\\]]{0,20}",
		) {
			let market = market(vec![service(1, &endpoint), service(2, "https://b.org/x")]);
			if let Some((_, length)) = market.route(&host, &path) {
				prop_assert!(path.get(length..).is_some());
			}
		}
	}
}
