// SPDX-License-Identifier: Apache-2.0

//! Scenario of the market: an operator bonds and lists, tenants buy, the service fails, the tenants
//! are credited.

use crate::{actors::*, fixture::Fixture};
use frame_support::assert_ok;
use pallet_surety_sla as sla;
use surety_primitives::{
	AssetId, Balance, BreachKind, ReputationInspect, Severity, Target, report::Finding,
};
use surety_runtime::*;

fn an_outage_is_credited_in_the_block_that_judges_it(asset: AssetId) {
	let mut chain = Fixture::new();
	let service = chain.operator(asset);
	let first = chain.open(TENANT, service, 2, 6);
	let second = chain.open(OTHER_TENANT, service, 1, 6);
	// Units count from the window after the opening.
	chain.next_window();
	chain.rounds(3);
	let bond = chain.bond(OPERATOR, asset);
	let score = chain.peek(|| Reputation::score(&OPERATOR.to_account_id()));

	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("the first breach", 12, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});

	// The block that judges the outage slashes the bond and credits both tenants.
	let events = chain.events();
	assert!(events.iter().any(|e| matches!(e, RuntimeEvent::Sla(sla::Event::Breached { .. }))));
	let breach = chain.breaches(service).remove(0);
	let coin = coin(asset);
	assert_eq!(
		(breach.kind, breach.severity, breach.allowance),
		(BreachKind::Downtime, Severity::Low, 1)
	);
	// Three units at a tenth of a coin, 72 blocks to a window: an eighth of 21.6 coins.
	assert_eq!((breach.counters.down, breach.rate), (2, 3 * coin / 10));
	assert_eq!((breach.index_before, breach.index_after), (Default::default(), CREDIT[0]));
	assert_eq!(breach.credited, 27 * coin / 10);
	assert_eq!(breach.penalty, 27 * coin / 100);
	assert_eq!(chain.bond(OPERATOR, asset), bond - breach.credited - breach.penalty);
	assert_eq!(chain.index(service), CREDIT[0]);
	// `on_idle` may have paid already. Nobody files a claim either way.
	assert_eq!((chain.credit(first), chain.credit(second)), (18 * coin / 10, 9 * coin / 10));
	assert!(chain.peek(|| Reputation::score(&OPERATOR.to_account_id())) <= score);

	// The service is up again: no further breach in the next window, and the score recovers.
	chain.endpoints.clear();
	chain.next_window();
	chain.rounds(4);
	let low = chain.peek(|| Reputation::score(&OPERATOR.to_account_id()));
	let breaches = chain.breaches(service).len();
	chain.next_window();
	chain.next_window();
	chain.rounds(3);
	assert_eq!(chain.breaches(service).len(), breaches);
	assert!(chain.peek(|| Reputation::score(&OPERATOR.to_account_id())) > low);
	assert_ok!(chain.call(STRANGER, sla::Call::settle { agreement: first }));
	assert_eq!(chain.owed(first), 0);
	chain.check();
}

#[test]
fn an_outage_is_credited_in_the_block_that_judges_it_in_native() {
	an_outage_is_credited_in_the_block_that_judges_it(AssetId::Native);
}

#[test]
fn an_outage_is_credited_in_the_block_that_judges_it_in_an_asset() {
	an_outage_is_credited_in_the_block_that_judges_it(AssetId::Local(genesis::SBTC));
}

#[test]
fn a_down_round_is_not_billed() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	chain.open(TENANT, service, 1, 6);
	let opened = chain.round();
	chain.rounds(1);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(2);
	chain.endpoints.clear();
	chain.rounds(3);
	let last = chain.round();
	chain.judged(last);
	let billable = chain.peek(|| {
		use surety_primitives::Meter;
		Probes::meter(Target::Service(service)).unwrap().reading.at_most(last, 6).unwrap()
	});
	// All rounds after the opening, except the two that were down.
	assert_eq!(billable, (last - opened - 2) * 6);
	chain.check();
}

#[test]
fn an_agreement_runs_out_exactly_and_the_rest_is_refunded() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	let before = chain.total(AssetId::Native, TENANT);
	let price = chain.price(service, 1, 2);
	let id = chain.open(TENANT, service, 1, 2);
	chain.until("the agreement ends", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	let paid = before - chain.total(AssetId::Native, TENANT);
	assert!(paid <= price, "never more than the deposit");
	// The end is decided so early that nothing is served unpaid. At most the rounds that were not
	// judged yet are refunded.
	let round: Balance = chain.price(service, 1, 1) / 12;
	assert!(paid + 3 * round >= price, "paid {paid} of {price}");
	chain.check();
}
