// SPDX-License-Identifier: Apache-2.0

//! Catalogues of markets that are made by hand.

use super::{
	catalogue::{Builder, Catalogue, configured},
	tokens::Tokens,
};
use crate::{
	chain::{
		KeySigner, Market, ServiceView,
		tests::{account, agreement, market, service},
	},
	config::{GatewayConfig, parse},
	gateway::{Serves, UpstreamSpec},
	routing::CoverRates,
};
use sp_core::H256;
use std::sync::Arc;
use surety_primitives::ServiceId;
use surety_runtime_api::AgreementInfo;

const NETWORK: &str = "[[network]]\nname = \"ethereum\"\n";

fn with(services: impl IntoIterator<Item = (ServiceId, u8, u128)>) -> Market {
	let mut market = market(500);
	for (id, operator, price) in services {
		let view = service(id, operator, price, &market);
		market.services.insert(id, Arc::new(view));
	}
	market
}

fn change(market: &mut Market, id: ServiceId, change: impl Fn(&mut ServiceView)) {
	let mut view = ServiceView::clone(&market.services[&id]);
	change(&mut view);
	market.services.insert(id, Arc::new(view));
}

fn agree(market: &mut Market, id: u32, service: ServiceId, units: u32) {
	let of = AgreementInfo { units, ..agreement(id, service) };
	market.agreements.insert(id, of);
}

fn build(text: &str, market: Option<&Market>) -> Catalogue {
	let config: GatewayConfig = parse(text).unwrap();
	let configured = configured(&config).unwrap();
	let mut tokens = Tokens::new(KeySigner::from_uri("//Alice"));
	let genesis = H256::repeat_byte(1);
	let builder =
		Builder { config: &config, configured: &configured, genesis, tokens: &mut tokens };
	builder.build(market)
}

fn spec(catalogue: &Catalogue, id: ServiceId) -> &UpstreamSpec {
	catalogue.upstreams.services.iter().find(|spec| spec.service == id).unwrap()
}

fn rates(units: u32) -> CoverRates {
	let units = f64::from(units);
	CoverRates { requests: 10.0 * units, burst: 100.0 * units, bytes: 1_048_576.0 * units }
}

#[test]
fn services_with_an_agreement_are_used_up_to_its_units() {
	let mut market = with([(1, 8, 70), (2, 9, 90)]);
	agree(&mut market, 5, 1, 3);
	let catalogue = build(NETWORK, Some(&market));
	assert_eq!(catalogue.upstreams.services.len(), 1);
	let spec = spec(&catalogue, 1);
	assert_eq!(spec.serves, Serves::Network("ethereum".into()));
	assert_eq!((spec.price, spec.score, spec.rates), (70.0, 0.8, rates(3)));
	assert_eq!(spec.account, <[u8; 32]>::from(account(8)));
	assert!(spec.agreements[0].token.as_ref().unwrap().to_str().unwrap().starts_with("srt1_"));
	assert_eq!(catalogue.agreements[&5].edge.to_string(), "https://rpc.example.com");
	let described = &catalogue.described[&1];
	assert_eq!((described.units, described.blocks_left), (3, Some(1_000)));
	// Both could be bought, and the cheaper one is offered.
	assert_eq!(catalogue.upstreams.offers["ethereum"]["service"], 1);
}

#[test]
fn agreements_with_one_service_pay_in_turn() {
	let mut market = with([(1, 8, 70)]);
	agree(&mut market, 5, 1, 1);
	agree(&mut market, 6, 1, 3);
	let catalogue = build(NETWORK, Some(&market));
	let spec = spec(&catalogue, 1);
	assert_eq!(spec.rates, rates(4));
	let ids: Vec<_> = spec.agreements.iter().map(|one| (one.id, one.units)).collect();
	assert_eq!(ids, [(5, 1), (6, 3)]);
	assert_ne!(spec.agreements[0].token, spec.agreements[1].token);
}

#[test]
fn agreements_that_are_over_are_not_used() {
	let mut market = with([(1, 8, 70)]);
	agree(&mut market, 5, 1, 1);
	let ending =
		surety_runtime_api::Ending::from((99, surety_primitives::CloseReason::TenantClosed));
	market.agreements.get_mut(&5).unwrap().ending = Some(ending);
	let catalogue = build(NETWORK, Some(&market));
	assert!(catalogue.upstreams.services.is_empty() && catalogue.agreements.is_empty());
}

#[test]
fn a_service_of_a_network_that_is_not_wanted_is_plain_http() {
	let mut market = with([(1, 8, 70)]);
	agree(&mut market, 5, 1, 1);
	let catalogue = build("[[network]]\nname = \"other\"\n", Some(&market));
	assert_eq!(spec(&catalogue, 1).serves, Serves::Http);
}

#[test]
fn private_endpoints_are_used_where_the_chain_allows_them() {
	let mut market = with([(1, 8, 70), (2, 9, 70)]);
	agree(&mut market, 5, 1, 1);
	agree(&mut market, 6, 2, 1);
	change(&mut market, 1, |view| {
		view.summary.listing.endpoint = b"http://127.0.0.1:80/eth".to_vec().try_into().unwrap();
	});
	let catalogue = build(NETWORK, Some(&market));
	assert_eq!(catalogue.upstreams.services.len(), 1, "2 only");
	assert!(!spec(&catalogue, 2).private);
	market.private_endpoints = true;
	let catalogue = build(NETWORK, Some(&market));
	assert!(spec(&catalogue, 1).private);
	assert_eq!(catalogue.agreements[&5].edge.to_string(), "http://127.0.0.1");
}

#[test]
fn trials_are_the_last_resort() {
	let mut market = with([(1, 8, 70), (2, 9, 70)]);
	change(&mut market, 2, |view| view.summary.last_verdict = None);
	assert!(build(NETWORK, Some(&market)).upstreams.services.is_empty());
	let trial = format!("{NETWORK}trial = true\n");
	let catalogue = build(&trial, Some(&market));
	assert_eq!(catalogue.upstreams.services.len(), 1, "2 has no verdict");
	let first = spec(&catalogue, 1);
	assert!(first.agreements.is_empty() && first.rates.requests < 10.0);
	agree(&mut market, 5, 2, 1);
	let catalogue = build(&trial, Some(&market));
	let services: Vec<_> = catalogue.upstreams.services.iter().map(|spec| spec.service).collect();
	assert_eq!(services, [2]);
}

#[test]
fn operators_of_the_configuration_stand_beside_those_of_the_chain() {
	let mut market = with([(1, 8, 70)]);
	agree(&mut market, 5, 1, 1);
	let text = format!(
		"{NETWORK}[[operator]]\nname = \"own\"\nurl = \"http://127.0.0.1:8545\"\n\
		network = \"ethereum\"\nprice = 2\nrate = 50\n\
		headers = [{{ name = \"Authorization\", value = \"Bearer x\" }}]\n\
		[[operator]]\nname = \"paid\"\nurl = \"https://a.org/x\"\nnetwork = \"ethereum\"\n\
		agreement = 9\n"
	);
	let catalogue = build(&text, Some(&market));
	let own = spec(&catalogue, ServiceId::MAX);
	assert_eq!((own.price, own.rates.requests, own.private), (140.0, 50.0, true));
	assert!(own.headers[0].1.is_sensitive() && own.agreements.is_empty());
	let paid = spec(&catalogue, ServiceId::MAX - 1);
	assert_eq!(paid.agreements[0].id, 9);
	assert_eq!(catalogue.agreements[&9].edge.to_string(), "https://a.org");
	assert_ne!(own.account, paid.account);
	assert_eq!(catalogue.described[&own.service].id, None);
}

#[test]
fn faults_of_operators_are_named() {
	for (line, field) in [
		("url = \"http://a.org/?x\"", "operator.url"),
		(
			"url = \"http://a.org\"\nheaders = [{ name = \"a b\", value = \"c\" }]",
			"operator.headers",
		),
	] {
		let config: GatewayConfig =
			parse(&format!("[[operator]]\nname = \"a\"\n{line}\n")).unwrap();
		let error = configured(&config).unwrap_err().to_string();
		assert!(error.starts_with(field), "{error}");
	}
}
