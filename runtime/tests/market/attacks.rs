//! Attacks on the compute market, each by whom it would pay or whom it would hurt.

use crate::{
	actors::{Offer, coin},
	orders::*,
	world::World,
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
fn running(asset: AssetId) -> (World, AccountId, OrderId, LeaseId) {
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let operators = [1, 2].map(|n| operator(&mut world, n, asset));
	let machines = [0, 1].map(|n| machine(&mut world, &operators[n], 9_001 + n as u32, 2, asset));
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	for n in [0, 1] {
		let price = price(asset) + coin(asset) / 50 * n as Balance;
		assert_ok!(act(&mut world, &operators[n], bid(order, machines[n], price)));
	}
	let lease = awarded(&mut world, order, None);
	ready(&mut world, lease);
	(world, tenant, order, lease)
}

/// Orders of somebody that nobody wants, all to be matched in one block.
fn flood(world: &mut World, many: usize, deadline: BlockNumber) {
	let spammer = funded(world, 99);
	let mut order = new_order(world, AssetId::Native);
	(order.max_price, order.failover_price) = (1, None);
	order.deposit = order.max_price * 100 + UNIT / 1_000;
	order.bid_deadline = deadline;
	let call = compute::Call::place_order { order: Box::new(order) };
	let results = acts(world, vec![(spammer, call.into()); many]);
	assert!(results.iter().all(|result| result.is_ok()), "{:?}", results[0]);
}

/// The lease is down from the round that begins, and orders are spread before the block that judges the third.
fn fail_in_a_flood(world: &mut World, lease: LeaseId, many: usize) {
	world.next_window();
	let round = world.round();
	world.endpoints.insert(Target::Lease(lease), Finding::Down);
	let deadline = world.peek(|| Timing::round_start(round + 4));
	flood(world, many, deadline);
	world.until("the third bad round is judged", 8, move || {
		!matches!(
			compute::Leases::<Runtime>::get(lease).unwrap().state,
			compute::LeaseState::Running { .. }
		)
	});
}

#[test]
fn a_flood_of_orders_does_not_hold_up_a_failover() {
	let (mut world, _, order, lease) = running(AssetId::Native);
	fail_in_a_flood(&mut world, lease, 300);
	awarded_within(&mut world, order, Some(lease), 3);
	world.check();
}

#[test]
fn nobody_else_turns_a_failover_into_an_end() {
	let (mut world, _, order, lease) = running(AssetId::Native);
	let stranger = funded(&mut world, 50);
	let account = world.peek(|| compute::Orders::<Runtime>::get(order).unwrap().replicas[0].escrow);
	fail_in_a_flood(&mut world, lease, 100);
	let _ = act(&mut world, &stranger, escrow::Call::settle { escrow: account });
	world.rounds(8);
	assert_eq!(reason(&mut world, lease), Some(CloseReason::Unhealthy));
	assert!(!world.peek(|| is_over(order)), "the second bid takes over");
	world.check();
}

#[test]
fn a_lease_is_not_billed_beyond_its_time() {
	let asset = AssetId::Native;
	let (mut world, _, _, lease) = running(asset);
	let last = last_round(&mut world, lease);
	while world.round() + 3 < last {
		world.rounds(1);
	}
	// What is due in the block before comes first.
	let deadline = world.peek(|| Timing::round_start(last)) - 1;
	flood(&mut world, 300, deadline);
	closed(&mut world, lease, 20);
	let paid = world.peek(|| paid_in_all(lease));
	let most = price(asset) * Balance::from(ROUNDS * world.peek(Timing::round_blocks));
	assert!(paid <= most, "{paid} of {most}");
	world.check();
}

/// Whoever can keep an agent from answering for three rounds is not paid a window for it.
fn an_induced_outage(asset: AssetId) {
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	world.next_window();
	world.rounds(7);
	let mut new = new_order(&mut world, asset);
	let terms = new.terms.as_mut().unwrap();
	terms.credit = [WindowShare::from_u32(3); 4];
	let order = place(&mut world, &tenant, new);
	let before = total(&mut world, asset, &tenant);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut world, order, None);
	ready(&mut world, lease);
	world.next_window();
	world.endpoints.insert(Target::Lease(lease), Finding::Down);
	closed(&mut world, lease, 9);
	let _ = act(&mut world, &tenant, compute::Call::cancel_order { order });
	world.until("the order is over", 12, move || is_over(order));
	world.rounds(2);
	assert_eq!(reason(&mut world, lease), Some(CloseReason::Unhealthy));
	let paid = world.peek(|| paid_in_all(lease));
	let after = total(&mut world, asset, &tenant);
	let three = 3 * price(asset) * Balance::from(world.peek(Timing::round_blocks));
	assert!(after <= before + three, "paid {paid}, has {} more", after - before);
	world.check();
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
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let hog = operator(&mut world, 1, asset);
	let honest = operator(&mut world, 2, asset);
	let many = 32u32;
	let first = world.peek(operators::NextServiceId::<Runtime>::get);
	let listed =
		acts(&mut world, (0..many).map(|n| (hog.clone(), list(10_000 + n, asset))).collect());
	assert!(listed.iter().all(|result| result.is_ok()));
	let declare = |n| compute::Call::declare_capacity { service: first + n, total: part() }.into();
	let declared = acts(&mut world, (0..many).map(|n| (hog.clone(), declare(n))).collect());
	assert!(declared.iter().all(|result| result.is_ok()));
	let service = machine(&mut world, &honest, 9_001, 2, asset);
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	let bids = acts(
		&mut world,
		(0..many).map(|n| (hog.clone(), bid(order, first + n, 2 * price(asset)))).collect(),
	);
	assert_eq!(bids.iter().filter(|result| result.is_ok()).count(), 1);
	assert_ok!(act(&mut world, &honest, bid(order, service, price(asset))));
	world.check();
}

#[test]
fn declining_for_free_does_not_use_up_an_order() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let honest = operator(&mut world, 1, asset);
	let service = machine(&mut world, &honest, 9_001, 2, asset);
	let crowd: Vec<_> = (2..10)
		.map(|n| {
			let who = operator(&mut world, n, asset);
			let service = machine(&mut world, &who, 10_000 + u32::from(n), 2, asset);
			(who, service)
		})
		.collect();
	let before: Vec<_> = crowd.iter().map(|(who, _)| total(&mut world, asset, who)).collect();
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	let low = price(asset) / 2;
	let mut bids: Vec<_> =
		crowd.iter().map(|(who, service)| (who.clone(), bid(order, *service, low))).collect();
	bids.push((honest.clone(), bid(order, service, price(asset))));
	assert!(acts(&mut world, bids).iter().all(|result| result.is_ok()));
	let mut last = None;
	for _ in 0..8 {
		let lease = awarded(&mut world, order, last);
		let operator = operator_of(&mut world, lease);
		if operator == honest {
			break;
		}
		assert_ok!(act(&mut world, &operator, compute::Call::decline { lease }));
		last = Some(lease);
	}
	world.rounds(1);
	let after: Vec<_> = crowd.iter().map(|(who, _)| total(&mut world, asset, who)).collect();
	assert_eq!(before, after, "it cost them nothing");
	let lease = world.peek(|| lease_of(order, 0)).expect("the honest bid is taken");
	assert_eq!(operator_of(&mut world, lease), honest);
	world.check();
}

#[test]
fn who_declined_is_remembered_however_many_did_before() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let honest = operator(&mut world, 1, asset);
	let service = machine(&mut world, &honest, 9_001, 2, asset);
	// More than a replica may be placed.
	let crowd: Vec<_> = (2..12)
		.map(|n| {
			let who = operator(&mut world, n, asset);
			let service = machine(&mut world, &who, 10_000 + u32::from(n), 2, asset);
			(who, service)
		})
		.collect();
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	let low = price(asset) / 2;
	let again = |who: &AccountId| {
		let (_, service) = crowd.iter().find(|(it, _)| it == who).unwrap();
		(who.clone(), bid(order, *service, low))
	};
	let mut bids: Vec<_> = crowd.iter().map(|(who, _)| again(who)).collect();
	bids.push((honest.clone(), bid(order, service, price(asset))));
	assert!(acts(&mut world, bids).iter().all(|result| result.is_ok()));
	let (mut last, mut seen) = (None, Vec::new());
	loop {
		let lease = awarded(&mut world, order, last);
		let who = operator_of(&mut world, lease);
		if who == honest {
			break;
		}
		assert!(!seen.contains(&who), "it declined before");
		// And bids again in the same block, for what it just gave back.
		acts(&mut world, vec![(who.clone(), compute::Call::decline { lease }.into()), again(&who)]);
		seen.push(who);
		last = Some(lease);
	}
	assert_eq!(seen.len(), crowd.len());
	world.check();
}

#[test]
fn a_tenant_that_spent_the_rest_does_not_make_an_operator_late() {
	use frame_support::traits::fungibles::Mutate;
	// Approved after genesis, so that no pot lives in it yet.
	let (id, asset) = (77, AssetId::Local(77));
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let owner = configs::market::Treasury::get();
	world.block_with(|| {
		let root = RuntimeOrigin::root;
		assert_ok!(Assets::force_create(root(), id.into(), owner.into(), true, 1_000));
		assert_ok!(Operators::approve_asset(root(), id, coin(asset)));
		for (n, amount) in [(0, 25_000 * coin(asset)), (1, 2_000 * coin(asset))] {
			assert_ok!(configs::assets::Transfers::mint_into(asset, &party(n), amount));
		}
	});
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut world, order, None);
	let amount = world.peek(|| MarketFunds::spendable(asset, &tenant));
	let call = pallet_assets::Call::transfer { id: id.into(), target: other.into(), amount };
	assert_ok!(act(&mut world, &tenant, call));
	ready(&mut world, lease);
	world.check();
}

#[test]
fn a_cover_of_nothing_does_not_make_failing_free() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	let mut new = new_order(&mut world, asset);
	// As if the order had taken those of the service.
	let terms = new.terms.as_mut().unwrap();
	let least = WindowShare::from_inner(1);
	(terms.credit, terms.cover) = ([least; 4], least);
	let order = place(&mut world, &tenant, new);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut world, order, None);
	ready(&mut world, lease);
	world.next_window();
	let bonded =
		|world: &mut World| world.peek(|| operators::Bonds::<Runtime>::get(party(1), asset).active);
	let before = bonded(&mut world);
	// Two bad rounds reach the cover; a third would be unhealthy.
	world.endpoints.insert(Target::Lease(lease), Finding::Down);
	world.rounds(2);
	world.endpoints.clear();
	closed(&mut world, lease, 9);
	let penalty = world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().penalty);
	let paid = before - bonded(&mut world);
	assert!(paid >= penalty, "{paid} of {penalty} for {:?}", reason(&mut world, lease));
	world.check();
}

#[test]
fn a_tenant_accepts_the_price_it_saw() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	let mut new = new_order(&mut world, asset);
	new.auto_match = false;
	new.bid_deadline += 100;
	let most = new.max_price;
	let order = place(&mut world, &tenant, new);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let raise = compute::Call::update_bid { order, service, price: most }.into();
	let accept = compute::Call::accept_bid { order, service, max_price: price(asset) }.into();
	let results = acts(&mut world, vec![(other, raise), (tenant, accept)]);
	let [raised, accepted]: [_; 2] = results.try_into().unwrap();
	assert_ok!(raised);
	assert_eq!(accepted.unwrap_err().error, compute::Error::<Runtime>::PriceRose.into());
	assert_eq!(world.peek(|| compute::Leases::<Runtime>::iter_keys().count()), 0);
	world.check();
}

/// Whoever is down pays no fee, so a slot of the rounds would be free to hold.
#[test]
fn a_service_that_is_never_up_does_not_hold_its_slot() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let squatter = operator(&mut world, 1, asset);
	let tenant = funded(&mut world, 0);
	let service = world.peek(operators::NextServiceId::<Runtime>::get);
	let terms = TermsInput {
		min_uptime: 0,
		max_latency_ms: 250,
		max_head_lag: 0,
		credit: [Default::default(); 4],
		cover: WindowShare::from_inner(1),
	};
	let call =
		Offer { endpoint: "http://127.0.0.1:9001/", capacity: 1, terms, ..Offer::of(asset) }.call();
	assert_ok!(act(&mut world, &squatter, call));
	world.rounds(5);
	let deposit = 10 * price(asset) * Balance::from(world.peek(Timing::window_blocks));
	let open = sla::Call::open_agreement {
		service,
		units: 1,
		max_price: u128::MAX,
		deposit,
		min_cover: WindowShare::default(),
	};
	let before = total(&mut world, asset, &tenant);
	assert_ok!(act(&mut world, &tenant, open));
	let opened = world.round();
	world.next_window();
	let down_from = world.round();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.next_window();
	world.rounds(6);
	world.peek(|| {
		let row = <Probes as Slots>::status(Target::Service(service));
		assert!(row.is_none_or(|row| !row.active), "its slot is free again");
		assert_eq!(
			sla::Targets::<Runtime>::get(Target::Service(service)).map(|state| state.units),
			Some(0)
		);
	});
	// Its tenant is let go, and pays for no round in which it was down.
	let held = world.peek(|| MarketFunds::spendable(asset, &tenant));
	assert_eq!(held, total(&mut world, asset, &tenant));
	let paid = before - total(&mut world, asset, &tenant);
	let round = price(asset) * Balance::from(world.peek(Timing::round_blocks));
	// The first agreement in an asset brings the pot to life.
	let pot = paid - round * Balance::from(down_from - 1 - opened);
	assert!(pot <= UNIT / 1_000, "{pot} too much");
	world.check();
}
