// SPDX-License-Identifier: Apache-2.0

//! Attacks on the compute market by tenants, operators and third parties.

use crate::{
	actors::{Offer, coin},
	fixture::Fixture,
	orders::*,
};
use frame_support::assert_ok;
use pallet_surety_compute_orders as compute;
use pallet_surety_escrow as escrow;
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, Funds, LeaseId, OrderId, Slots, Target, TermsInput,
	WindowShare, report::Finding,
};
use surety_runtime::{configs::assets::MarketFunds, *};

/// A tenant (0) with a lease at the first of two operators (1, 2).
fn running(asset: AssetId) -> (Fixture, AccountId, OrderId, LeaseId) {
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let operators = [1, 2].map(|n| operator(&mut chain, n, asset));
	let machines = [0, 1].map(|n| machine(&mut chain, &operators[n], 9_001 + n as u32, 2, asset));
	let new = new_order(&mut chain, asset);
	let order = place(&mut chain, &tenant, new);
	for n in [0, 1] {
		let price = price(asset) + coin(asset) / 50 * n as Balance;
		assert_ok!(call_as(&mut chain, &operators[n], bid(order, machines[n], price)));
	}
	let lease = awarded(&mut chain, order, None);
	ready(&mut chain, lease);
	(chain, tenant, order, lease)
}

/// Place many orders that nobody bids on, all to be matched in one block.
fn flood(chain: &mut Fixture, many: usize, deadline: BlockNumber) {
	let spammer = funded(chain, 99);
	let mut order = new_order(chain, AssetId::Native);
	(order.max_price, order.failover_price) = (1, None);
	order.deposit = order.max_price * 100 + UNIT / 1_000;
	order.bid_deadline = deadline;
	let call = compute::Call::place_order { order: Box::new(order) };
	let results = call_all(chain, vec![(spammer, call.into()); many]);
	assert!(results.iter().all(|result| result.is_ok()), "{:?}", results[0]);
}

/// The lease is down from the new window on. A flood of orders is due shortly before the block that
/// judges the third bad round.
fn fail_in_a_flood(chain: &mut Fixture, lease: LeaseId, many: usize) {
	chain.next_window();
	let round = chain.round();
	chain.endpoints.insert(Target::Lease(lease), Finding::Down);
	let deadline = chain.peek(|| Timing::round_start(round + 4));
	flood(chain, many, deadline);
	chain.until("the third bad round is judged", 8, move || {
		!matches!(
			compute::Leases::<Runtime>::get(lease).unwrap().state,
			compute::LeaseState::Running { .. }
		)
	});
}

#[test]
fn a_flood_of_orders_does_not_hold_up_a_failover() {
	let (mut chain, _, order, lease) = running(AssetId::Native);
	fail_in_a_flood(&mut chain, lease, 300);
	awarded_within(&mut chain, order, Some(lease), 3);
	chain.check();
}

#[test]
fn nobody_else_turns_a_failover_into_an_end() {
	let (mut chain, _, order, lease) = running(AssetId::Native);
	let stranger = funded(&mut chain, 50);
	let account = chain.peek(|| compute::Orders::<Runtime>::get(order).unwrap().replicas[0].escrow);
	fail_in_a_flood(&mut chain, lease, 100);
	let _ = call_as(&mut chain, &stranger, escrow::Call::settle { escrow: account });
	chain.rounds(8);
	assert_eq!(reason(&mut chain, lease), Some(CloseReason::Unhealthy));
	assert!(!chain.peek(|| is_over(order)), "the second bid takes over");
	chain.check();
}

#[test]
fn a_lease_is_not_billed_beyond_its_time() {
	let asset = AssetId::Native;
	let (mut chain, _, _, lease) = running(asset);
	let last = last_round(&mut chain, lease);
	while chain.round() + 3 < last {
		chain.rounds(1);
	}
	// The tasks of the block before come first.
	let deadline = chain.peek(|| Timing::round_start(last)) - 1;
	flood(&mut chain, 300, deadline);
	closed(&mut chain, lease, 20);
	let paid = chain.peek(|| paid_in_all(lease));
	let max = price(asset) * Balance::from(ROUNDS * chain.peek(Timing::round_blocks));
	assert!(paid <= max, "{paid} of {max}");
	chain.check();
}

/// A tenant that keeps an agent from answering for three rounds is not paid a window for it.
fn an_induced_outage(asset: AssetId) {
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let other = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &other, 9_001, 2, asset);
	chain.next_window();
	chain.rounds(7);
	let mut new = new_order(&mut chain, asset);
	let terms = new.terms.as_mut().unwrap();
	terms.credit = [WindowShare::from_u32(3); 4];
	let order = place(&mut chain, &tenant, new);
	let before = total(&mut chain, asset, &tenant);
	assert_ok!(call_as(&mut chain, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut chain, order, None);
	ready(&mut chain, lease);
	chain.next_window();
	chain.endpoints.insert(Target::Lease(lease), Finding::Down);
	closed(&mut chain, lease, 9);
	let _ = call_as(&mut chain, &tenant, compute::Call::cancel_order { order });
	chain.until("the order is over", 12, move || is_over(order));
	chain.rounds(2);
	assert_eq!(reason(&mut chain, lease), Some(CloseReason::Unhealthy));
	let paid = chain.peek(|| paid_in_all(lease));
	let after = total(&mut chain, asset, &tenant);
	let three = 3 * price(asset) * Balance::from(chain.peek(Timing::round_blocks));
	assert!(after <= before + three, "paid {paid}, has {} more", after - before);
	chain.check();
}

#[test]
fn an_induced_outage_earns_no_more_than_its_rounds_cost_in_native() {
	an_induced_outage(AssetId::Native);
}

#[test]
fn an_induced_outage_earns_no_more_than_its_rounds_cost_in_an_asset() {
	an_induced_outage(AssetId::Local(genesis::SBTC));
}

#[test]
fn one_operator_does_not_keep_all_others_out_of_an_order() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let hog = operator(&mut chain, 1, asset);
	let honest = operator(&mut chain, 2, asset);
	let many = 32u32;
	let first = chain.peek(operators::NextServiceId::<Runtime>::get);
	let listed =
		call_all(&mut chain, (0..many).map(|n| (hog.clone(), list(10_000 + n, asset))).collect());
	assert!(listed.iter().all(|result| result.is_ok()));
	let declare = |n| {
		compute::Call::declare_capacity { service: first + n, total: replica_resources() }.into()
	};
	let declared = call_all(&mut chain, (0..many).map(|n| (hog.clone(), declare(n))).collect());
	assert!(declared.iter().all(|result| result.is_ok()));
	let service = machine(&mut chain, &honest, 9_001, 2, asset);
	let new = new_order(&mut chain, asset);
	let order = place(&mut chain, &tenant, new);
	let bids = call_all(
		&mut chain,
		(0..many).map(|n| (hog.clone(), bid(order, first + n, 2 * price(asset)))).collect(),
	);
	assert_eq!(bids.iter().filter(|result| result.is_ok()).count(), 1);
	assert_ok!(call_as(&mut chain, &honest, bid(order, service, price(asset))));
	chain.check();
}

#[test]
fn declining_for_free_does_not_use_up_an_order() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let honest = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &honest, 9_001, 2, asset);
	let crowd: Vec<_> = (2..10)
		.map(|n| {
			let who = operator(&mut chain, n, asset);
			let service = machine(&mut chain, &who, 10_000 + u32::from(n), 2, asset);
			(who, service)
		})
		.collect();
	let before: Vec<_> = crowd.iter().map(|(who, _)| total(&mut chain, asset, who)).collect();
	let new = new_order(&mut chain, asset);
	let order = place(&mut chain, &tenant, new);
	let low = price(asset) / 2;
	let mut bids: Vec<_> =
		crowd.iter().map(|(who, service)| (who.clone(), bid(order, *service, low))).collect();
	bids.push((honest.clone(), bid(order, service, price(asset))));
	assert!(call_all(&mut chain, bids).iter().all(|result| result.is_ok()));
	let mut last = None;
	for _ in 0..8 {
		let lease = awarded(&mut chain, order, last);
		let operator = operator_of(&mut chain, lease);
		if operator == honest {
			break;
		}
		assert_ok!(call_as(&mut chain, &operator, compute::Call::decline { lease }));
		last = Some(lease);
	}
	chain.rounds(1);
	let after: Vec<_> = crowd.iter().map(|(who, _)| total(&mut chain, asset, who)).collect();
	assert_eq!(before, after, "it cost them nothing");
	let lease = chain.peek(|| lease_of(order, 0)).expect("the honest bid is taken");
	assert_eq!(operator_of(&mut chain, lease), honest);
	chain.check();
}

#[test]
fn a_decline_is_remembered_however_many_came_before() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let honest = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &honest, 9_001, 2, asset);
	// More operators than a replica may be placed at.
	let crowd: Vec<_> = (2..12)
		.map(|n| {
			let who = operator(&mut chain, n, asset);
			let service = machine(&mut chain, &who, 10_000 + u32::from(n), 2, asset);
			(who, service)
		})
		.collect();
	let new = new_order(&mut chain, asset);
	let order = place(&mut chain, &tenant, new);
	let low = price(asset) / 2;
	let again = |who: &AccountId| {
		let (_, service) = crowd.iter().find(|(it, _)| it == who).unwrap();
		(who.clone(), bid(order, *service, low))
	};
	let mut bids: Vec<_> = crowd.iter().map(|(who, _)| again(who)).collect();
	bids.push((honest.clone(), bid(order, service, price(asset))));
	assert!(call_all(&mut chain, bids).iter().all(|result| result.is_ok()));
	let (mut last, mut seen) = (None, Vec::new());
	loop {
		let lease = awarded(&mut chain, order, last);
		let who = operator_of(&mut chain, lease);
		if who == honest {
			break;
		}
		assert!(!seen.contains(&who), "it declined before");
		// The operator bids again in the same block.
		call_all(
			&mut chain,
			vec![(who.clone(), compute::Call::decline { lease }.into()), again(&who)],
		);
		seen.push(who);
		last = Some(lease);
	}
	assert_eq!(seen.len(), crowd.len());
	chain.check();
}

#[test]
fn a_tenant_that_spent_the_rest_does_not_make_an_operator_late() {
	use frame_support::traits::fungibles::Mutate;
	// Approved after genesis, so that no pot exists in it yet.
	let (id, asset) = (77, AssetId::Local(77));
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let owner = configs::market::TreasuryAccount::get();
	chain.block_with(|| {
		let root = RuntimeOrigin::root;
		assert_ok!(Assets::force_create(root(), id.into(), owner.into(), true, 1_000));
		assert_ok!(Operators::approve_asset(root(), id, coin(asset)));
		for (n, amount) in [(0, 25_000 * coin(asset)), (1, 2_000 * coin(asset))] {
			assert_ok!(configs::assets::Transfers::mint_into(asset, &party(n), amount));
		}
	});
	let other = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &other, 9_001, 2, asset);
	let new = new_order(&mut chain, asset);
	let order = place(&mut chain, &tenant, new);
	assert_ok!(call_as(&mut chain, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut chain, order, None);
	let amount = chain.peek(|| MarketFunds::spendable(asset, &tenant));
	let call = pallet_assets::Call::transfer { id: id.into(), target: other.into(), amount };
	assert_ok!(call_as(&mut chain, &tenant, call));
	ready(&mut chain, lease);
	chain.check();
}

#[test]
fn a_cover_of_nothing_does_not_make_failing_free() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let other = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &other, 9_001, 2, asset);
	let mut new = new_order(&mut chain, asset);
	// The lowest terms that an order accepts.
	let terms = new.terms.as_mut().unwrap();
	let minimum = WindowShare::from_inner(1);
	(terms.credit, terms.cover) = ([minimum; 4], minimum);
	let order = place(&mut chain, &tenant, new);
	assert_ok!(call_as(&mut chain, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut chain, order, None);
	ready(&mut chain, lease);
	chain.next_window();
	let bonded = |chain: &mut Fixture| {
		chain.peek(|| operators::Bonds::<Runtime>::get(party(1), asset).active)
	};
	let before = bonded(&mut chain);
	// Two bad rounds reach the cover; with a third the lease would be unhealthy.
	chain.endpoints.insert(Target::Lease(lease), Finding::Down);
	chain.rounds(2);
	chain.endpoints.clear();
	closed(&mut chain, lease, 9);
	let penalty = chain.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().penalty);
	let paid = before - bonded(&mut chain);
	assert!(paid >= penalty, "{paid} of {penalty} for {:?}", reason(&mut chain, lease));
	chain.check();
}

#[test]
fn a_tenant_accepts_the_price_it_saw() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 0);
	let other = operator(&mut chain, 1, asset);
	let service = machine(&mut chain, &other, 9_001, 2, asset);
	let mut new = new_order(&mut chain, asset);
	new.auto_match = false;
	new.bid_deadline += 100;
	let max_price = new.max_price;
	let order = place(&mut chain, &tenant, new);
	assert_ok!(call_as(&mut chain, &other, bid(order, service, price(asset))));
	let raise = compute::Call::update_bid { order, service, price: max_price }.into();
	let accept = compute::Call::accept_bid { order, service, max_price: price(asset) }.into();
	let results = call_all(&mut chain, vec![(other, raise), (tenant, accept)]);
	let [raised, accepted]: [_; 2] = results.try_into().unwrap();
	assert_ok!(raised);
	assert_eq!(accepted.unwrap_err().error, compute::Error::<Runtime>::PriceRose.into());
	assert_eq!(chain.peek(|| compute::Leases::<Runtime>::iter_keys().count()), 0);
	chain.check();
}

/// A service that is down pays no fee, so its slot would be free to hold.
#[test]
fn a_service_that_is_never_up_does_not_hold_its_slot() {
	let asset = AssetId::Native;
	let mut chain = Fixture::new();
	let squatter = operator(&mut chain, 1, asset);
	let tenant = funded(&mut chain, 0);
	let service = chain.peek(operators::NextServiceId::<Runtime>::get);
	let terms = TermsInput {
		min_uptime: 0,
		max_latency_ms: 250,
		max_head_lag: 0,
		credit: [Default::default(); 4],
		cover: WindowShare::from_inner(1),
	};
	let call =
		Offer { endpoint: "http://127.0.0.1:9001/", capacity: 1, terms, ..Offer::of(asset) }.call();
	assert_ok!(call_as(&mut chain, &squatter, call));
	chain.rounds(5);
	let deposit = 10 * price(asset) * Balance::from(chain.peek(Timing::window_blocks));
	let open = sla::Call::open_agreement {
		service,
		units: 1,
		max_price: u128::MAX,
		deposit,
		min_cover: WindowShare::default(),
	};
	let before = total(&mut chain, asset, &tenant);
	assert_ok!(call_as(&mut chain, &tenant, open));
	let opened = chain.round();
	chain.next_window();
	let down_from = chain.round();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.next_window();
	chain.rounds(6);
	chain.peek(|| {
		let row = <Probes as Slots>::status(Target::Service(service));
		assert!(row.is_none_or(|row| !row.active), "its slot is free again");
		assert_eq!(
			sla::Targets::<Runtime>::get(Target::Service(service)).map(|state| state.units),
			Some(0)
		);
	});
	// The tenant is refunded and pays for no round in which the service was down.
	let held = chain.peek(|| MarketFunds::spendable(asset, &tenant));
	assert_eq!(held, total(&mut chain, asset, &tenant));
	let paid = before - total(&mut chain, asset, &tenant);
	let round = price(asset) * Balance::from(chain.peek(Timing::round_blocks));
	// The first agreement in an asset pays for the creation of the pot.
	let pot = paid - round * Balance::from(down_from - 1 - opened);
	assert!(pot <= UNIT / 1_000, "{pot} too much");
	chain.check();
}
