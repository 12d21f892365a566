//! The flow that is the product: bond, list, buy, fail, be credited.

use crate::{actors::*, world::World};
use frame_support::assert_ok;
use pallet_surety_sla as sla;
use surety_primitives::{
	AssetId, Balance, BreachKind, ReputationInspect, Severity, Target, report::Finding,
};
use surety_runtime::*;

fn an_outage_is_credited_in_the_block_that_judges_it(asset: AssetId) {
	let mut world = World::new();
	let service = world.operator(asset);
	let first = world.open(TENANT, service, 2, 6);
	let second = world.open(OTHER_TENANT, service, 1, 6);
	// Units count from the window after the one they were opened in.
	world.next_window();
	world.rounds(3);
	let bond = world.bond(OPERATOR, asset);
	let score = world.peek(|| Reputation::score(&OPERATOR.to_account_id()));

	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("the first breach", 12, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});

	// In this very block: the slash and the credit of both tenants.
	let events = world.events();
	assert!(events.iter().any(|e| matches!(e, RuntimeEvent::Sla(sla::Event::Breached { .. }))));
	let breach = world.breaches(service).remove(0);
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
	assert_eq!(world.bond(OPERATOR, asset), bond - breach.credited - breach.penalty);
	assert_eq!(world.index(service), CREDIT[0]);
	// `on_idle` may have paid already; nobody has to file anything either way.
	assert_eq!((world.credit(first), world.credit(second)), (18 * coin / 10, 9 * coin / 10));
	assert!(world.peek(|| Reputation::score(&OPERATOR.to_account_id())) <= score);

	// Back up: no further breach in the next window, and the score recovers.
	world.endpoints.clear();
	world.next_window();
	world.rounds(4);
	let low = world.peek(|| Reputation::score(&OPERATOR.to_account_id()));
	let breaches = world.breaches(service).len();
	world.next_window();
	world.next_window();
	world.rounds(3);
	assert_eq!(world.breaches(service).len(), breaches);
	assert!(world.peek(|| Reputation::score(&OPERATOR.to_account_id())) > low);
	assert_ok!(world.call(STRANGER, sla::Call::settle { agreement: first }));
	assert_eq!(world.owed(first), 0);
	world.check();
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
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 6);
	let opened = world.round();
	world.rounds(1);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.rounds(2);
	world.endpoints.clear();
	world.rounds(3);
	let last = world.round();
	world.judged(last);
	let billable = world.peek(|| {
		use surety_primitives::Meter;
		Probes::meter(Target::Service(service)).unwrap().reading.at_most(last, 6).unwrap()
	});
	// All rounds after the one it was opened in, but for the two that were down.
	assert_eq!(billable, (last - opened - 2) * 6);
	world.check();
}

#[test]
fn an_agreement_runs_out_exactly_and_the_rest_is_refunded() {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	let before = world.total(AssetId::Native, TENANT);
	let price = world.price(service, 1, 2);
	let id = world.open(TENANT, service, 1, 2);
	world.until("the agreement ends", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	let paid = before - world.total(AssetId::Native, TENANT);
	assert!(paid <= price, "never more than the deposit");
	// Decided so early that nothing is served unpaid: at most the rounds in flight are given back.
	let round: Balance = world.price(service, 1, 1) / 12;
	assert!(paid + 3 * round >= price, "paid {paid} of {price}");
	world.check();
}
