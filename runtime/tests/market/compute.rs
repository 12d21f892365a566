// SPDX-License-Identifier: Apache-2.0

//! Compute market as a whole: orders, bids, and leases that are probed, paid, credited and replaced
//! when an operator fails.

use crate::{
	actors::*,
	fixture::{Conduct, Fixture},
	orders::*,
};
use frame_support::{assert_noop, assert_ok};
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_reputation as reputation;
use pallet_surety_sla as sla;
use sp_core::Get;
use sp_keyring::Sr25519Keyring;
use sp_runtime::Perbill;
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, Funds, LeaseId, OrderId, ServiceId, ServiceKind, Slots,
	Target, report::Finding,
};
use surety_runtime::{configs::assets::MarketFunds, *};

/// Three bidders, the cheapest first.
const BIDDERS: [Sr25519Keyring; 3] =
	[Sr25519Keyring::Eve, Sr25519Keyring::One, Sr25519Keyring::Two];
/// Price of a bidder.
fn price_of(bidder: usize, asset: AssetId) -> Balance {
	price(asset) + coin(asset) / 50 * bidder as Balance
}

/// Three operators, each with a machine for two replicas.
fn machines(chain: &mut Fixture, asset: AssetId) -> [ServiceId; 3] {
	let endpoints = ["http://127.0.0.1:9001/", "http://127.0.0.1:9002/", "http://127.0.0.1:9003/"];
	[0, 1, 2].map(|n| {
		chain.register(BIDDERS[n], asset);
		let offer =
			Offer { kind: ServiceKind::Compute, endpoint: endpoints[n], ..Offer::of(asset) };
		let service = chain.list(BIDDERS[n], &offer);
		let total = replica_resources().times(2).unwrap();
		assert_ok!(chain.call(BIDDERS[n], compute::Call::declare_capacity { service, total }));
		service
	})
}

/// Order of a tenant, with a bid on behalf of each service.
fn ordered(chain: &mut Fixture, new: compute::NewOrder, services: &[ServiceId]) -> OrderId {
	let asset = new.asset;
	let id = place(chain, &TENANT.to_account_id(), new);
	for (bidder, service) in services.iter().enumerate() {
		let call = bid(id, *service, price_of(bidder, asset));
		assert_ok!(chain.call(BIDDERS[bidder], call));
	}
	id
}

fn issuance(chain: &mut Fixture, asset: AssetId) -> [Balance; 2] {
	chain.peek(|| [AssetId::Native, asset].map(MarketFunds::issuance))
}

/// An order with three bids, matched and running at the cheapest.
fn running(asset: AssetId) -> (Fixture, OrderId, LeaseId) {
	let mut chain = Fixture::new();
	let services = machines(&mut chain, asset);
	let new = new_order(&mut chain, asset);
	let id = ordered(&mut chain, new, &services);
	let lease = awarded(&mut chain, id, None);
	let operator = operator_of(&mut chain, lease);
	assert_eq!(operator, BIDDERS[0].to_account_id(), "all are new, so the cheapest wins");
	ready(&mut chain, lease);
	(chain, id, lease)
}

#[test]
fn a_lease_that_half_of_the_probers_reach_is_terminated() {
	let (mut chain, order, lease) = running(AssetId::Native);
	// With nothing else sold, a prober that misses the lease would count as blind.
	let other = chain.list(BIDDERS[2], &Offer::of(AssetId::Native));
	chain.rounds(4);
	chain.open(TENANT, other, 1, 30);
	chain.next_window();
	let misses = Conduct::Misses(Target::Lease(lease));
	chain.conduct = [Conduct::Honest, Conduct::Honest, misses, misses];
	// `Unclear` is not billed and not bad for the health, so neither health nor deposit would end
	// the lease.
	let second = awarded_within(&mut chain, order, Some(lease), 2 * 12 + 6);
	assert_eq!(reason(&mut chain, lease), Some(CloseReason::Terminated));
	assert_eq!(operator_of(&mut chain, second), BIDDERS[1].to_account_id());
	chain.check();
}

fn a_lease_outlives_its_machine(asset: AssetId) {
	let (mut chain, order, first) = running(asset);
	let since = chain.round();
	let money = issuance(&mut chain, asset);
	let tenant = chain.total(asset, TENANT);
	chain.next_window();
	chain.rounds(3);
	let down_from = chain.round();
	let bond = chain.bond(BIDDERS[0], asset);

	// Three bad rounds in a row: a breach, then the lease is unhealthy, then the second best bid
	// takes over.
	chain.endpoints.insert(Target::Lease(first), Finding::Down);
	let second = awarded(&mut chain, order, Some(first));
	chain.check();
	assert_eq!(reason(&mut chain, first), Some(CloseReason::Unhealthy));
	let operator = operator_of(&mut chain, second);
	assert_eq!(operator, BIDDERS[1].to_account_id());

	// In a window that allows one bad round, two are a `Low` breach and three a `Medium` one.
	let credit = surety_primitives::credit::credit_of(
		price_of(0, asset) * chain.peek(|| Balance::from(Timing::window_blocks())),
		CREDIT[1],
	);
	let window = chain.peek(|| Balance::from(Timing::window_blocks()));
	let penalty = price_of(0, asset) * window / 10;
	assert_eq!(chain.bond(BIDDERS[0], asset), bond - credit - credit / 10 - penalty);
	let round = chain.peek(|| Balance::from(Timing::round_blocks()));
	let paid = |chain: &mut Fixture, lease| chain.peek(|| paid_in_all(lease));
	let paid_first = paid(&mut chain, first);
	assert_eq!(
		paid_first,
		price_of(0, asset) * round * Balance::from(down_from - 1 - since),
		"the good rounds"
	);

	// The same escrow account pays the next operator, up to the last round set by the first lease.
	ready(&mut chain, second);
	let again = chain.round();
	let last = since + ROUNDS;
	assert_eq!(closed(&mut chain, second, ROUNDS + 4), CloseReason::Expired);
	let state = chain.peek(|| compute::Leases::<Runtime>::get(second).unwrap().state);
	assert!(matches!(state, compute::LeaseState::Closed { round, .. } if round == last));
	let paid_second = paid(&mut chain, second);
	assert_eq!(paid_second, price_of(1, asset) * round * Balance::from(last - again));
	chain.rounds(1);
	let spent = paid_first + paid_second;
	assert_eq!(
		chain.total(asset, TENANT),
		tenant - spent + credit,
		"paid for good rounds, credited once"
	);

	// Capacity and bond are free again, and both sides may rate.
	let (used, reserved) = chain.peek(|| {
		use surety_primitives::BondReserve;
		let used = compute::Inventories::<Runtime>::iter_values()
			.all(|inventory| inventory.used.is_zero());
		(used, BIDDERS.map(|who| Operators::reserved(&who.to_account_id(), asset)))
	});
	assert!(used);
	assert_eq!(reserved, [0; 3]);
	let agreement =
		chain.peek(|| compute::Leases::<Runtime>::get(second).unwrap().ready).unwrap().agreement;
	assert_ok!(chain.call(TENANT, reputation::Call::rate { agreement, stars: 5 }));
	let weighs = |event: &RuntimeEvent| match event {
		RuntimeEvent::Reputation(reputation::Event::Rated { weight, .. }) => *weight > 0,
		_ => false,
	};
	assert!(chain.events().iter().any(weighs), "something was paid, so it counts");
	let again = chain.call(TENANT, reputation::Call::rate { agreement, stars: 1 });
	assert_eq!(again.unwrap_err().error, reputation::Error::<Runtime>::AlreadyRated.into());
	assert_ok!(chain.call(BIDDERS[1], reputation::Call::rate { agreement, stars: 4 }));
	assert!(chain.events().iter().any(weighs));
	assert_eq!(issuance(&mut chain, asset), money);
	chain.check();
}

#[test]
fn a_lease_outlives_its_machine_in_native() {
	a_lease_outlives_its_machine(AssetId::Native);
}

#[test]
fn a_lease_outlives_its_machine_in_an_asset() {
	a_lease_outlives_its_machine(AssetId::Local(genesis::SBTC));
}

fn one_or_two_bad_rounds_close_nothing(asset: AssetId) {
	let (mut chain, _, lease) = running(asset);
	chain.rounds(4);
	for _ in 0..3 {
		chain.endpoints.insert(Target::Lease(lease), Finding::Down);
		chain.rounds(2);
		chain.endpoints.clear();
		chain.rounds(2);
	}
	chain.rounds(4);
	assert_eq!(reason(&mut chain, lease), None);
	chain.check();
}

#[test]
fn one_or_two_bad_rounds_close_nothing_in_native() {
	one_or_two_bad_rounds_close_nothing(AssetId::Native);
}

#[test]
fn one_or_two_bad_rounds_close_nothing_in_an_asset() {
	one_or_two_bad_rounds_close_nothing(AssetId::Local(genesis::SBTC));
}

#[test]
fn announced_maintenance_of_a_lease_closes_nothing_and_bills_nothing() {
	let asset = AssetId::Native;
	let (mut chain, _, lease) = running(asset);
	let target = Target::Lease(lease);
	chain.next_window();
	let from = chain.round() + chain.peek(|| u32::from(Timing::window_rounds()));
	let rounds = chain.peek(|| {
		let share = <parameters::operators::MaintenanceShare as Get<Perbill>>::get();
		share.mul_floor(u32::from(Timing::window_rounds()))
	});
	let call = operators::Call::announce_maintenance {
		target: Target::Lease(lease),
		from,
		rounds: rounds as u16,
	};
	assert_ok!(chain.call(BIDDERS[0], call));
	while chain.round() < from {
		chain.rounds(1);
	}
	let bond = chain.bond(BIDDERS[0], asset);
	chain.endpoints.insert(target, Finding::Down);
	chain.rounds(rounds);
	chain.endpoints.clear();
	chain.judged(from + rounds);
	let window = chain.peek(|| Timing::window_of(from));
	let counted = chain.peek(|| {
		let probed = <Probes as Slots>::status(target).unwrap();
		(probed.window, probed.counters.excused, probed.counters.down)
	});
	assert_eq!(counted, (window, rounds as u16, 0));
	assert_eq!((reason(&mut chain, lease), chain.bond(BIDDERS[0], asset)), (None, bond));
	chain.check();
}

#[test]
fn a_chain_stall_closes_nothing_and_bills_nothing() {
	let (mut chain, _, lease) = running(AssetId::Native);
	chain.rounds(4);
	let blocks = |chain: &mut Fixture| {
		chain.peek(|| {
			use surety_primitives::Meter;
			Probes::meter(Target::Lease(lease)).unwrap().reading.blocks
		})
	};
	chain.rounds(3);
	let before = blocks(&mut chain);
	chain.stall(200);
	chain.rounds(6);
	let after = blocks(&mut chain);
	let round = chain.peek(Timing::round_blocks);
	assert!(after < before + 6 * round, "the round of the stall is not billed");
	assert_eq!(reason(&mut chain, lease), None);
	chain.check();
}

fn a_lease_credited_to_its_cover_is_terminated_and_replaced(asset: AssetId) {
	let mut chain = Fixture::new();
	let services = machines(&mut chain, asset);
	let mut new = new_order(&mut chain, asset);
	// Two bad rounds use up the cover before a third makes the lease unhealthy.
	let terms = new.terms.as_mut().unwrap();
	terms.credit = [CREDIT[0]; 4];
	terms.cover = CREDIT[0];
	let id = ordered(&mut chain, new, &services);
	let first = awarded(&mut chain, id, None);
	ready(&mut chain, first);
	chain.next_window();
	chain.endpoints.insert(Target::Lease(first), Finding::Down);
	chain.rounds(2);
	chain.endpoints.clear();
	let second = awarded(&mut chain, id, Some(first));
	assert_eq!(reason(&mut chain, first), Some(CloseReason::Terminated));
	ready(&mut chain, second);
	chain.rounds(4);
	chain.check();
}

#[test]
fn a_lease_credited_to_its_cover_is_terminated_and_replaced_in_native() {
	a_lease_credited_to_its_cover_is_terminated_and_replaced(AssetId::Native);
}

#[test]
fn a_lease_credited_to_its_cover_is_terminated_and_replaced_in_an_asset() {
	a_lease_credited_to_its_cover_is_terminated_and_replaced(AssetId::Local(genesis::SBTC));
}

fn a_lease_never_ready_pays_and_the_next_bid_takes_over(asset: AssetId) {
	let mut chain = Fixture::new();
	let services = machines(&mut chain, asset);
	let new = new_order(&mut chain, asset);
	let id = ordered(&mut chain, new, &services[..2]);
	let tenant = chain.total(asset, TENANT);
	let first = awarded(&mut chain, id, None);
	let bond = chain.bond(BIDDERS[0], asset);
	// The start window is nine rounds on a local network.
	assert_eq!(closed(&mut chain, first, 14), CloseReason::NeverReady);
	let window = chain.peek(|| Balance::from(Timing::window_blocks()));
	assert_eq!(chain.bond(BIDDERS[0], asset), bond - price_of(0, asset) * window / 10);
	let second = awarded(&mut chain, id, Some(first));
	// The second operator declines within the fetch window, free of charge, and no bid is left.
	let bond = chain.bond(BIDDERS[1], asset);
	assert_ok!(chain.call(BIDDERS[1], compute::Call::decline { lease: second }));
	assert_eq!(chain.bond(BIDDERS[1], asset), bond);
	chain.until("the order is over", 12, move || {
		compute::Orders::<Runtime>::get(id).is_some_and(|order| order.is_over())
	});
	assert_eq!(chain.total(asset, TENANT), tenant, "nothing was served, so nothing is paid");
	chain.check();
}

#[test]
fn a_lease_never_ready_pays_and_the_next_bid_takes_over_in_native() {
	a_lease_never_ready_pays_and_the_next_bid_takes_over(AssetId::Native);
}

#[test]
fn a_lease_never_ready_pays_and_the_next_bid_takes_over_in_an_asset() {
	a_lease_never_ready_pays_and_the_next_bid_takes_over(AssetId::Local(genesis::SBTC));
}

#[test]
fn nobody_closes_the_agreement_of_a_lease() {
	let (mut chain, _, lease) = running(AssetId::Native);
	let agreement =
		chain.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().ready).unwrap().agreement;
	let close = sla::Call::close_agreement { agreement };
	assert_eq!(
		chain.call(TENANT, close).unwrap_err().error,
		sla::Error::<Runtime>::BelongsToLease.into()
	);
	chain.peek(|| {
		assert_noop!(
			ComputeOrders::close_lease(
				RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id()),
				lease,
				false
			),
			compute::Error::<Runtime>::NotParty
		);
	});
	chain.check();
}

#[test]
fn ties_are_drawn_by_randomness_of_the_parent_block() {
	use configs::market::ParentRandomness;
	use frame_support::traits::Randomness;
	Fixture::new().peek(|| {
		let draw = |subject: &[u8]| ParentRandomness::random(subject).0;
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([7; 32]));
		let drawn = draw(b"order 1");
		assert_ne!(drawn, draw(b"order 2"));
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([8; 32]));
		assert_ne!(drawn, draw(b"order 1"));
		// Without VRF randomness the hash of the parent block is used.
		pallet_babe::AuthorVrfRandomness::<Runtime>::kill();
		assert_eq!(draw(b"order 1"), System::parent_hash());
	});
}

#[test]
fn compute_is_sold_by_lease_only() {
	let mut chain = Fixture::new();
	let [service, ..] = machines(&mut chain, AssetId::Native);
	let error = chain.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::SoldByLease.into());
}

fn closing_before_a_tier_is_judged_saves_the_operator_nothing(asset: AssetId) {
	let (mut chain, order, lease) = running(asset);
	chain.next_window();
	chain.rounds(1);
	let bond = chain.bond(BIDDERS[0], asset);
	let state = chain.peek(|| sla::Targets::<Runtime>::get(Target::Lease(lease)).unwrap());
	// Rent of the window in which the lease was ready, of which no round was billed.
	let rent = state.slot.unwrap().rent;
	chain.endpoints.insert(Target::Lease(lease), Finding::Down);
	// Two rounds are bad. The second one, which is the breach, is not judged yet.
	chain.rounds(2);
	assert_ok!(chain.call(BIDDERS[0], compute::Call::close_lease { lease, at_once: true }));
	let next = awarded(&mut chain, order, Some(lease));
	assert!(next > lease);
	let window = chain.peek(|| Balance::from(Timing::window_blocks()));
	let penalty = price_of(0, asset) * window / 10;
	let price = price_of(0, asset) * window;
	let credit = |tier: usize| surety_primitives::credit::credit_of(price, CREDIT[tier]);
	let breaches: Balance = credit(1);
	// The operator pays for leaving, and for the rounds through the one in which it left.
	let left = chain.bond(BIDDERS[0], asset);
	assert!(left <= bond - penalty - credit(0) - credit(0) / 10, "{left} of {bond}");
	assert!(left >= bond - penalty - rent - breaches - breaches / 10, "{left} of {bond}");
	chain.check();
}

#[test]
fn closing_before_a_tier_is_judged_saves_the_operator_nothing_in_native() {
	closing_before_a_tier_is_judged_saves_the_operator_nothing(AssetId::Native);
}

#[test]
fn closing_before_a_tier_is_judged_saves_the_operator_nothing_in_an_asset() {
	closing_before_a_tier_is_judged_saves_the_operator_nothing(AssetId::Local(genesis::SBTC));
}

fn one_failure_moves_one_replica_and_keeps_them_spread(asset: AssetId) {
	let mut chain = Fixture::new();
	let services = machines(&mut chain, asset);
	let mut new = new_order(&mut chain, asset);
	new.quantity = 2;
	let id = place(&mut chain, &TENANT.to_account_id(), new);
	for (bidder, service) in services.into_iter().enumerate() {
		let price = price_of(bidder, asset);
		let call = compute::Call::place_bid {
			order: id,
			service,
			price,
			replicas: 2,
			foreign_terms: true,
		};
		assert_ok!(chain.call(BIDDERS[bidder], call));
	}
	awarded(&mut chain, id, None);
	let leases = |chain: &mut Fixture| -> Vec<LeaseId> {
		chain.peek(|| {
			let order = compute::Orders::<Runtime>::get(id).unwrap();
			order.replicas.iter().filter_map(|replica| replica.state.lease()).collect()
		})
	};
	let before = leases(&mut chain);
	let operators: Vec<AccountId> =
		before.iter().map(|lease| operator_of(&mut chain, *lease)).collect();
	assert_eq!(operators, [BIDDERS[0].to_account_id(), BIDDERS[1].to_account_id()]);
	before.iter().for_each(|lease| ready(&mut chain, *lease));
	chain.next_window();
	chain.endpoints.insert(Target::Lease(before[0]), Finding::Down);
	let after = awarded(&mut chain, id, Some(before[0]));
	assert_eq!(leases(&mut chain)[1], before[1], "the other replica goes on");
	let operator = operator_of(&mut chain, after);
	assert_eq!(operator, BIDDERS[2].to_account_id(), "spread again: not where the other one is");
	chain.check();
}

#[test]
fn one_failure_moves_one_replica_and_keeps_them_spread_in_native() {
	one_failure_moves_one_replica_and_keeps_them_spread(AssetId::Native);
}

#[test]
fn one_failure_moves_one_replica_and_keeps_them_spread_in_an_asset() {
	one_failure_moves_one_replica_and_keeps_them_spread(AssetId::Local(genesis::SBTC));
}

fn leased_capacity_is_not_sold_twice(asset: AssetId) {
	let mut chain = Fixture::new();
	let [service, ..] = machines(&mut chain, asset);
	for n in 0..3 {
		let new = new_order(&mut chain, asset);
		let id = place(&mut chain, &TENANT.to_account_id(), new);
		let price = price_of(0, asset);
		let result = chain.call(
			BIDDERS[0],
			compute::Call::place_bid {
				order: id,
				service,
				price,
				replicas: 1,
				foreign_terms: true,
			},
		);
		// The machine has room for two replicas.
		let full = compute::Error::<Runtime>::NotEnoughCapacity;
		assert_eq!(result.err().map(|failed| failed.error), (n == 2).then(|| full.into()));
	}
	// The same machine cannot be declared for another service either.
	let offer = Offer {
		kind: ServiceKind::Compute,
		endpoint: "http://127.0.0.1:9001/again",
		..Offer::of(asset)
	};
	let twin = chain.list(BIDDERS[0], &offer);
	let call = compute::Call::declare_capacity { service: twin, total: replica_resources() };
	let error = chain.call(BIDDERS[0], call).unwrap_err().error;
	assert_eq!(error, compute::Error::<Runtime>::ServerTaken.into());
	chain.check();
}

#[test]
fn leased_capacity_is_not_sold_twice_in_native() {
	leased_capacity_is_not_sold_twice(AssetId::Native);
}

#[test]
fn leased_capacity_is_not_sold_twice_in_an_asset() {
	leased_capacity_is_not_sold_twice(AssetId::Local(genesis::SBTC));
}
