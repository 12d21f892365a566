// SPDX-License-Identifier: Apache-2.0

//! Statement of an account: its sums are the amounts on hold.

use crate::{actors::*, fixture::Fixture, orders};
use frame_support::{assert_ok, traits::fungibles::hold::Inspect};
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use surety_primitives::{AssetId, Balance, Target, report::Finding};
use surety_runtime::{configs::assets::Holds, *};
use surety_runtime_api::{Statement, StatementKind, runtime_decl_for_surety_api::SuretyApi};

const NATIVE: AssetId = AssetId::Native;
const SBTC: AssetId = AssetId::Local(genesis::SBTC);

fn statement(chain: &mut Fixture, who: &AccountId) -> Statement<AccountId> {
	let found = chain.peek(|| Runtime::statement(who.clone()));
	for asset in [NATIVE, SBTC] {
		let on_hold = chain.peek(|| Holds::total_balance_on_hold(asset, who));
		let lines: Balance = found.lines.iter().filter(|l| l.asset == asset).map(|l| l.held).sum();
		let total = found.totals.iter().find(|total| total.asset == asset);
		assert_eq!(lines, on_hold, "{asset:?}: {found:?}");
		assert_eq!(total.map_or(0, |t| t.held), on_hold, "{asset:?}: {found:?}");
		assert_eq!(total.map_or(0, |t| t.on_hold), on_hold);
	}
	assert!(!found.lines.iter().any(|line| line.kind == StatementKind::Other), "{found:?}");
	found
}

fn held(statement: &Statement<AccountId>, kind: impl Fn(&StatementKind) -> bool) -> Balance {
	statement.lines.iter().filter(|line| kind(&line.kind)).map(|line| line.held).sum()
}

fn every_amount_on_hold_is_explained(asset: AssetId) {
	let mut chain = Fixture::new();
	let operator = OPERATOR.to_account_id();
	let tenant = TENANT.to_account_id();
	assert!(statement(&mut chain, &operator).lines.is_empty());

	let service = chain.operator(asset);
	let agreement = chain.open(TENANT, service, 2, 6);
	let amount = 3 * coin(asset);
	assert_ok!(chain.call(OPERATOR, operators::Call::unbond { asset, amount }));
	let found = statement(&mut chain, &operator);
	assert_eq!(held(&found, |kind| *kind == StatementKind::Unbonding), amount);
	let active = 1_000 * coin(asset) - amount;
	let bond =
		found.lines.iter().find(|l| l.kind == StatementKind::Bond && l.asset == asset).unwrap();
	let exposure = chain.peek(|| operators::Exposures::<Runtime>::get(Target::Service(service)));
	assert_eq!((bond.held, bond.owed, bond.claimable), (active, exposure, active - exposure));
	assert!(held(&found, |kind| *kind == StatementKind::Listing { service }) > 0);
	let deposit = chain.price(service, 2, 6);
	let found = statement(&mut chain, &tenant);
	assert_eq!(held(&found, |kind| *kind == StatementKind::Agreement { agreement }), deposit);

	// Credit is in the pot, not on hold. A block pays it as soon as it has room.
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a breach", 14, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	let owed = chain.owed(agreement);
	let found = statement(&mut chain, &tenant);
	let credit: Balance = found
		.lines
		.iter()
		.filter(|line| line.kind == StatementKind::Credit { agreement })
		.map(|line| line.claimable)
		.sum();
	assert_eq!(credit, owed);
	chain.endpoints.clear();

	// An unbonding chunk can be claimed from its block on.
	let chunk = |found: &Statement<AccountId>| {
		found.lines.iter().find(|line| line.kind == StatementKind::Unbonding).cloned().unwrap()
	};
	let found = statement(&mut chain, &operator);
	assert_eq!(chunk(&found).claimable, 0);
	let from = chunk(&found).from.unwrap();
	chain.until("it has matured", 40, move || System::block_number() >= from);
	let found = statement(&mut chain, &operator);
	assert_eq!(chunk(&found).claimable, amount);
	chain.check();
}

#[test]
fn every_amount_on_hold_is_explained_in_native() {
	every_amount_on_hold_is_explained(NATIVE);
}

#[test]
fn every_amount_on_hold_is_explained_in_an_asset() {
	every_amount_on_hold_is_explained(SBTC);
}

#[test]
fn orders_bids_and_leases_are_explained() {
	let mut chain = Fixture::new();
	let tenant = orders::funded(&mut chain, 0);
	let bidder = orders::operator(&mut chain, 1, SBTC);
	let machine = orders::machine(&mut chain, &bidder, 9_001, 2, SBTC);
	let mut new = orders::new_order(&mut chain, SBTC);
	new.quantity = 2;
	let order = orders::place(&mut chain, &tenant, new);
	assert_ok!(orders::call_as(
		&mut chain,
		&bidder,
		orders::bid(order, machine, orders::price(SBTC))
	));
	let found = statement(&mut chain, &bidder);
	assert!(held(&found, |kind| *kind == StatementKind::Bid { order, service: machine }) > 0);
	let found = statement(&mut chain, &tenant);
	assert!(held(&found, |kind| *kind == StatementKind::Order { order }) > 0);
	for index in [0, 1] {
		assert!(held(&found, |kind| *kind == StatementKind::Replica { order, index }) > 0);
	}
	let lease = orders::awarded(&mut chain, order, None);
	orders::ready(&mut chain, lease);
	chain.rounds(6);
	statement(&mut chain, &tenant);
	statement(&mut chain, &bidder);
	assert_ok!(orders::call_as(
		&mut chain,
		&tenant,
		compute::Call::close_lease { lease, at_once: true }
	));
	orders::closed(&mut chain, lease, 8);
	let found = statement(&mut chain, &tenant);
	assert_eq!(held(&found, |kind| *kind == StatementKind::Replica { order, index: 0 }), 0);
	chain.check();
}
