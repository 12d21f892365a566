//! The compute market as a whole: orders, bids, leases that are probed, paid and credited, and what follows
//! when an operator fails.

use crate::{
	actors::*,
	orders::*,
	world::{Conduct, World},
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

/// Three who bid, the cheapest first.
const BIDDERS: [Sr25519Keyring; 3] =
	[Sr25519Keyring::Eve, Sr25519Keyring::One, Sr25519Keyring::Two];
/// What each of them asks for.
fn price_of(bidder: usize, asset: AssetId) -> Balance {
	price(asset) + coin(asset) / 50 * bidder as Balance
}

/// Three operators, each with a machine for two replicas.
fn machines(world: &mut World, asset: AssetId) -> [ServiceId; 3] {
	let endpoints = ["http://127.0.0.1:9001/", "http://127.0.0.1:9002/", "http://127.0.0.1:9003/"];
	[0, 1, 2].map(|n| {
		world.register(BIDDERS[n], asset);
		let offer =
			Offer { kind: ServiceKind::Compute, endpoint: endpoints[n], ..Offer::of(asset) };
		let service = world.list(BIDDERS[n], &offer);
		let total = part().times(2).unwrap();
		assert_ok!(world.call(BIDDERS[n], compute::Call::declare_capacity { service, total }));
		service
	})
}

/// The order of a tenant, with three bids.
fn ordered(world: &mut World, new: compute::NewOrder, services: &[ServiceId]) -> OrderId {
	let asset = new.asset;
	let id = place(world, &TENANT.to_account_id(), new);
	for (bidder, service) in services.iter().enumerate() {
		let call = bid(id, *service, price_of(bidder, asset));
		assert_ok!(world.call(BIDDERS[bidder], call));
	}
	id
}

fn issuance(world: &mut World, asset: AssetId) -> [Balance; 2] {
	world.peek(|| [AssetId::Native, asset].map(MarketFunds::issuance))
}

/// An order with three bids, matched and running at the cheapest.
fn running(asset: AssetId) -> (World, OrderId, LeaseId) {
	let mut world = World::new();
	let services = machines(&mut world, asset);
	let new = new_order(&mut world, asset);
	let id = ordered(&mut world, new, &services);
	let lease = awarded(&mut world, id, None);
	let operator = operator_of(&mut world, lease);
	assert_eq!(operator, BIDDERS[0].to_account_id(), "all are new, so the cheapest wins");
	ready(&mut world, lease);
	(world, id, lease)
}

#[test]
fn a_lease_that_half_of_the_probers_reach_does_not_hold_its_slot_for_nothing() {
	let (mut world, order, lease) = running(AssetId::Native);
	// With nothing else sold, whoever misses the lease would count as blind.
	let other = world.list(BIDDERS[2], &Offer::of(AssetId::Native));
	world.rounds(4);
	world.open(TENANT, other, 1, 30);
	world.next_window();
	let misses = Conduct::Misses(Target::Lease(lease));
	world.conduct = [Conduct::Honest, Conduct::Honest, misses, misses];
	// Unclear is no strike and not billed, so neither health nor the deposit would ever end it.
	let second = awarded_within(&mut world, order, Some(lease), 2 * 12 + 6);
	assert_eq!(reason(&mut world, lease), Some(CloseReason::Terminated));
	assert_eq!(operator_of(&mut world, second), BIDDERS[1].to_account_id());
	world.check();
}

fn a_lease_outlives_its_machine(asset: AssetId) {
	let (mut world, order, first) = running(asset);
	let since = world.round();
	let money = issuance(&mut world, asset);
	let tenant = world.total(asset, TENANT);
	world.next_window();
	world.rounds(3);
	let down_from = world.round();
	let bond = world.bond(BIDDERS[0], asset);

	// Three bad rounds in a row: a breach, then unhealthy, then the second best bid.
	world.endpoints.insert(Target::Lease(first), Finding::Down);
	let second = awarded(&mut world, order, Some(first));
	world.check();
	assert_eq!(reason(&mut world, first), Some(CloseReason::Unhealthy));
	let operator = operator_of(&mut world, second);
	assert_eq!(operator, BIDDERS[1].to_account_id());

	// Two bad rounds are a `Low` breach and the third makes `Medium` in a window that allows one.
	let credit = surety_primitives::credit::credit_of(
		price_of(0, asset) * world.peek(|| Balance::from(Timing::window_blocks())),
		CREDIT[1],
	);
	let window = world.peek(|| Balance::from(Timing::window_blocks()));
	let fine = price_of(0, asset) * window / 10;
	assert_eq!(world.bond(BIDDERS[0], asset), bond - credit - credit / 10 - fine);
	let round = world.peek(|| Balance::from(Timing::round_blocks()));
	let paid = |world: &mut World, lease| world.peek(|| paid_in_all(lease));
	let paid_first = paid(&mut world, first);
	assert_eq!(
		paid_first,
		price_of(0, asset) * round * Balance::from(down_from - 1 - since),
		"the good rounds"
	);

	// The same account in escrow pays the next operator, to the end that was set by the first.
	ready(&mut world, second);
	let again = world.round();
	let last = since + ROUNDS;
	assert_eq!(closed(&mut world, second, ROUNDS + 4), CloseReason::Expired);
	let state = world.peek(|| compute::Leases::<Runtime>::get(second).unwrap().state);
	assert!(matches!(state, compute::LeaseState::Closed { round, .. } if round == last));
	let paid_second = paid(&mut world, second);
	assert_eq!(paid_second, price_of(1, asset) * round * Balance::from(last - again));
	world.rounds(1);
	let spent = paid_first + paid_second;
	assert_eq!(
		world.total(asset, TENANT),
		tenant - spent + credit,
		"paid for good rounds, credited once"
	);

	// Capacity and bond are free again, and both sides may say what they think.
	let (used, reserved) = world.peek(|| {
		use surety_primitives::BondReserve;
		let used = compute::Inventories::<Runtime>::iter_values()
			.all(|inventory| inventory.used.is_zero());
		(used, BIDDERS.map(|who| Operators::reserved(&who.to_account_id(), asset)))
	});
	assert!(used);
	assert_eq!(reserved, [0; 3]);
	let agreement =
		world.peek(|| compute::Leases::<Runtime>::get(second).unwrap().ready).unwrap().agreement;
	assert_ok!(world.call(TENANT, reputation::Call::rate { agreement, stars: 5 }));
	let weighs = |event: &RuntimeEvent| match event {
		RuntimeEvent::Reputation(reputation::Event::Rated { weight, .. }) => *weight > 0,
		_ => false,
	};
	assert!(world.events().iter().any(weighs), "something was paid, so it counts");
	let again = world.call(TENANT, reputation::Call::rate { agreement, stars: 1 });
	assert_eq!(again.unwrap_err().error, reputation::Error::<Runtime>::AlreadyRated.into());
	assert_ok!(world.call(BIDDERS[1], reputation::Call::rate { agreement, stars: 4 }));
	assert!(world.events().iter().any(weighs));
	assert_eq!(issuance(&mut world, asset), money);
	world.check();
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
	let (mut world, _, lease) = running(asset);
	world.rounds(4);
	for _ in 0..3 {
		world.endpoints.insert(Target::Lease(lease), Finding::Down);
		world.rounds(2);
		world.endpoints.clear();
		world.rounds(2);
	}
	world.rounds(4);
	assert_eq!(reason(&mut world, lease), None);
	world.check();
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
	let (mut world, _, lease) = running(asset);
	let target = Target::Lease(lease);
	world.next_window();
	let from = world.round() + world.peek(|| u32::from(Timing::window_rounds()));
	let rounds = world.peek(|| {
		let share = <parameters::operators::MaintenanceShare as Get<Perbill>>::get();
		share.mul_floor(u32::from(Timing::window_rounds()))
	});
	let call = operators::Call::announce_maintenance {
		target: Target::Lease(lease),
		from,
		rounds: rounds as u16,
	};
	assert_ok!(world.call(BIDDERS[0], call));
	while world.round() < from {
		world.rounds(1);
	}
	let bond = world.bond(BIDDERS[0], asset);
	world.endpoints.insert(target, Finding::Down);
	world.rounds(rounds);
	world.endpoints.clear();
	world.judged(from + rounds);
	let window = world.peek(|| Timing::window_of(from));
	let counted = world.peek(|| {
		let probed = <Probes as Slots>::status(target).unwrap();
		(probed.window, probed.counters.excused, probed.counters.down)
	});
	assert_eq!(counted, (window, rounds as u16, 0));
	assert_eq!((reason(&mut world, lease), world.bond(BIDDERS[0], asset)), (None, bond));
	world.check();
}

#[test]
fn a_chain_stall_closes_nothing_and_bills_nothing() {
	let (mut world, _, lease) = running(AssetId::Native);
	world.rounds(4);
	let blocks = |world: &mut World| {
		world.peek(|| {
			use surety_primitives::Meter;
			Probes::meter(Target::Lease(lease)).unwrap().reading.blocks
		})
	};
	world.rounds(3);
	let before = blocks(&mut world);
	world.stall(200);
	world.rounds(6);
	let after = blocks(&mut world);
	let round = world.peek(Timing::round_blocks);
	assert!(after < before + 6 * round, "the round of the stall is not billed");
	assert_eq!(reason(&mut world, lease), None);
	world.check();
}

fn a_lease_credited_up_to_its_cover_is_terminated_and_replaced(asset: AssetId) {
	let mut world = World::new();
	let services = machines(&mut world, asset);
	let mut new = new_order(&mut world, asset);
	// Two bad rounds use up the cover before three make it unhealthy.
	let terms = new.terms.as_mut().unwrap();
	terms.credit = [CREDIT[0]; 4];
	terms.cover = CREDIT[0];
	let id = ordered(&mut world, new, &services);
	let first = awarded(&mut world, id, None);
	ready(&mut world, first);
	world.next_window();
	world.endpoints.insert(Target::Lease(first), Finding::Down);
	world.rounds(2);
	world.endpoints.clear();
	let second = awarded(&mut world, id, Some(first));
	assert_eq!(reason(&mut world, first), Some(CloseReason::Terminated));
	ready(&mut world, second);
	world.rounds(4);
	world.check();
}

#[test]
fn a_lease_credited_up_to_its_cover_is_terminated_and_replaced_in_native() {
	a_lease_credited_up_to_its_cover_is_terminated_and_replaced(AssetId::Native);
}

#[test]
fn a_lease_credited_up_to_its_cover_is_terminated_and_replaced_in_an_asset() {
	a_lease_credited_up_to_its_cover_is_terminated_and_replaced(AssetId::Local(genesis::SBTC));
}

fn a_machine_that_is_never_ready_pays_and_the_next_bid_takes_over(asset: AssetId) {
	let mut world = World::new();
	let services = machines(&mut world, asset);
	let new = new_order(&mut world, asset);
	let id = ordered(&mut world, new, &services[..2]);
	let tenant = world.total(asset, TENANT);
	let first = awarded(&mut world, id, None);
	let bond = world.bond(BIDDERS[0], asset);
	// Nine rounds on a local network.
	assert_eq!(closed(&mut world, first, 14), CloseReason::NeverReady);
	let window = world.peek(|| Balance::from(Timing::window_blocks()));
	assert_eq!(world.bond(BIDDERS[0], asset), bond - price_of(0, asset) * window / 10);
	let second = awarded(&mut world, id, Some(first));
	// The second declines within its fetch window, free of charge, and nobody is left.
	let bond = world.bond(BIDDERS[1], asset);
	assert_ok!(world.call(BIDDERS[1], compute::Call::decline { lease: second }));
	assert_eq!(world.bond(BIDDERS[1], asset), bond);
	world.until("the order is over", 12, move || {
		compute::Orders::<Runtime>::get(id).is_some_and(|order| order.is_over())
	});
	assert_eq!(world.total(asset, TENANT), tenant, "nothing was served, so nothing is paid");
	world.check();
}

#[test]
fn a_machine_that_is_never_ready_pays_and_the_next_bid_takes_over_in_native() {
	a_machine_that_is_never_ready_pays_and_the_next_bid_takes_over(AssetId::Native);
}

#[test]
fn a_machine_that_is_never_ready_pays_and_the_next_bid_takes_over_in_an_asset() {
	a_machine_that_is_never_ready_pays_and_the_next_bid_takes_over(AssetId::Local(genesis::SBTC));
}

#[test]
fn the_agreement_of_a_lease_is_closed_by_nobody() {
	let (mut world, _, lease) = running(AssetId::Native);
	let agreement =
		world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().ready).unwrap().agreement;
	let close = sla::Call::close_agreement { agreement };
	assert_eq!(
		world.call(TENANT, close).unwrap_err().error,
		sla::Error::<Runtime>::BelongsToLease.into()
	);
	world.peek(|| {
		assert_noop!(
			ComputeOrders::close_lease(
				RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id()),
				lease,
				false
			),
			compute::Error::<Runtime>::NotParty
		);
	});
	world.check();
}

#[test]
fn ties_are_drawn_by_what_the_author_of_the_block_before_could_not_choose() {
	use configs::market::ParentRandomness;
	use frame_support::traits::Randomness;
	World::new().peek(|| {
		let draw = |subject: &[u8]| ParentRandomness::random(subject).0;
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([7; 32]));
		let drawn = draw(b"order 1");
		assert_ne!(drawn, draw(b"order 2"));
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([8; 32]));
		assert_ne!(drawn, draw(b"order 1"));
		// A block without any has its parent's hash.
		pallet_babe::AuthorVrfRandomness::<Runtime>::kill();
		assert_eq!(draw(b"order 1"), System::parent_hash());
	});
}

#[test]
fn compute_is_sold_by_lease_only() {
	let mut world = World::new();
	let [service, ..] = machines(&mut world, AssetId::Native);
	let error = world.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::SoldByLease.into());
}

fn closing_just_before_a_tier_is_judged_saves_the_operator_nothing(asset: AssetId) {
	let (mut world, order, lease) = running(asset);
	world.next_window();
	world.rounds(1);
	let bond = world.bond(BIDDERS[0], asset);
	let state = world.peek(|| sla::Targets::<Runtime>::get(Target::Lease(lease)).unwrap());
	// Of the window in which it was ready, of which no round was billed.
	let rent = state.slot.unwrap().rent;
	world.endpoints.insert(Target::Lease(lease), Finding::Down);
	// Two rounds are bad and the second, which is the breach, is not judged yet.
	world.rounds(2);
	assert_ok!(world.call(BIDDERS[0], compute::Call::close_lease { lease, at_once: true }));
	let next = awarded(&mut world, order, Some(lease));
	assert!(next > lease);
	let window = world.peek(|| Balance::from(Timing::window_blocks()));
	let fine = price_of(0, asset) * window / 10;
	let price = price_of(0, asset) * window;
	let credit = |tier: usize| surety_primitives::credit::credit_of(price, CREDIT[tier]);
	let breaches: Balance = credit(1);
	// It pays for leaving, and for the rounds through the one in which it left.
	let left = world.bond(BIDDERS[0], asset);
	assert!(left <= bond - fine - credit(0) - credit(0) / 10, "{left} of {bond}");
	assert!(left >= bond - fine - rent - breaches - breaches / 10, "{left} of {bond}");
	world.check();
}

#[test]
fn closing_just_before_a_tier_is_judged_saves_the_operator_nothing_in_native() {
	closing_just_before_a_tier_is_judged_saves_the_operator_nothing(AssetId::Native);
}

#[test]
fn closing_just_before_a_tier_is_judged_saves_the_operator_nothing_in_an_asset() {
	closing_just_before_a_tier_is_judged_saves_the_operator_nothing(AssetId::Local(genesis::SBTC));
}

fn replicas_spread_over_operators_and_one_failure_moves_one_replica(asset: AssetId) {
	let mut world = World::new();
	let services = machines(&mut world, asset);
	let mut new = new_order(&mut world, asset);
	new.quantity = 2;
	let id = place(&mut world, &TENANT.to_account_id(), new);
	for (bidder, service) in services.into_iter().enumerate() {
		let price = price_of(bidder, asset);
		let call = compute::Call::place_bid {
			order: id,
			service,
			price,
			replicas: 2,
			foreign_terms: true,
		};
		assert_ok!(world.call(BIDDERS[bidder], call));
	}
	awarded(&mut world, id, None);
	let leases = |world: &mut World| -> Vec<LeaseId> {
		world.peek(|| {
			let order = compute::Orders::<Runtime>::get(id).unwrap();
			order.replicas.iter().filter_map(|replica| replica.state.lease()).collect()
		})
	};
	let before = leases(&mut world);
	let operators: Vec<AccountId> =
		before.iter().map(|lease| operator_of(&mut world, *lease)).collect();
	assert_eq!(operators, [BIDDERS[0].to_account_id(), BIDDERS[1].to_account_id()]);
	before.iter().for_each(|lease| ready(&mut world, *lease));
	world.next_window();
	world.endpoints.insert(Target::Lease(before[0]), Finding::Down);
	let after = awarded(&mut world, id, Some(before[0]));
	assert_eq!(leases(&mut world)[1], before[1], "the other replica goes on");
	let operator = operator_of(&mut world, after);
	assert_eq!(operator, BIDDERS[2].to_account_id(), "spread again: not where the other one is");
	world.check();
}

#[test]
fn replicas_spread_over_operators_and_one_failure_moves_one_replica_in_native() {
	replicas_spread_over_operators_and_one_failure_moves_one_replica(AssetId::Native);
}

#[test]
fn replicas_spread_over_operators_and_one_failure_moves_one_replica_in_an_asset() {
	replicas_spread_over_operators_and_one_failure_moves_one_replica(AssetId::Local(genesis::SBTC));
}

fn what_is_sold_by_lease_is_not_sold_twice(asset: AssetId) {
	let mut world = World::new();
	let [service, ..] = machines(&mut world, asset);
	for n in 0..3 {
		let new = new_order(&mut world, asset);
		let id = place(&mut world, &TENANT.to_account_id(), new);
		let price = price_of(0, asset);
		let result = world.call(
			BIDDERS[0],
			compute::Call::place_bid {
				order: id,
				service,
				price,
				replicas: 1,
				foreign_terms: true,
			},
		);
		// A machine for two.
		let full = compute::Error::<Runtime>::NotEnoughCapacity;
		assert_eq!(result.err().map(|failed| failed.error), (n == 2).then(|| full.into()));
	}
	// Nor by declaring the same machine for another service.
	let offer = Offer {
		kind: ServiceKind::Compute,
		endpoint: "http://127.0.0.1:9001/again",
		..Offer::of(asset)
	};
	let twin = world.list(BIDDERS[0], &offer);
	let call = compute::Call::declare_capacity { service: twin, total: part() };
	let error = world.call(BIDDERS[0], call).unwrap_err().error;
	assert_eq!(error, compute::Error::<Runtime>::ServerTaken.into());
	world.check();
}

#[test]
fn what_is_sold_by_lease_is_not_sold_twice_in_native() {
	what_is_sold_by_lease_is_not_sold_twice(AssetId::Native);
}

#[test]
fn what_is_sold_by_lease_is_not_sold_twice_in_an_asset() {
	what_is_sold_by_lease_is_not_sold_twice(AssetId::Local(genesis::SBTC));
}
