//! Attacks on the compute market, each by whom it would pay or whom it would hurt; and anything that anybody
//! does in any state.

use crate::{actors::*, world::World};
use frame_support::{assert_ok, dispatch::DispatchResultWithPostInfo};
use pallet_surety_compute_orders as compute;
use pallet_surety_escrow as escrow;
use pallet_surety_operators as operators;
use pallet_surety_reputation as reputation;
use pallet_surety_sla as sla;
use sp_core::Get;
use sp_runtime::{Perbill, traits::Dispatchable};
use surety_primitives::{
	AssetId, Balance, BondReserve, Clock, CloseReason, Escrow as _, Funds, LatencyBucket, LeaseId, OrderId,
	Region, Resources, ServiceId, ServiceKind, TermsInput, TrustLevel, report::Finding, service_of_lease,
};
use surety_runtime::{
	configs::assets::MarketFunds,
	parameters::{
		RuntimeParameters, compute as compute_parameters, market as market_parameters,
		probing as probing_parameters,
	},
	*,
};

/// Rounds that most orders of these tests run.
const ROUNDS: u32 = 40;

/// Account number `n` of these tests.
fn party(n: u8) -> AccountId {
	AccountId::from([100 + n; 32])
}

/// An account with as much as the keyring's members.
fn funded(world: &mut World, n: u8) -> AccountId {
	use frame_support::traits::fungibles::Mutate;
	let who = party(n);
	world.peek(|| {
		for (asset, amount) in
			[(AssetId::Native, 100_000 * UNIT), (AssetId::Local(genesis::SBTC), 100_000_000_000)]
		{
			assert_ok!(configs::assets::Transfers::mint_into(asset, &who, amount));
		}
	});
	who
}

/// Calls by accounts, all in one block.
fn acts(world: &mut World, calls: Vec<(AccountId, RuntimeCall)>) -> Vec<DispatchResultWithPostInfo> {
	world.block_with(|| {
		calls.into_iter().map(|(who, call)| call.dispatch(RuntimeOrigin::signed(who))).collect()
	})
}

fn act(world: &mut World, who: &AccountId, call: impl Into<RuntimeCall>) -> DispatchResultWithPostInfo {
	acts(world, vec![(who.clone(), call.into())]).pop().unwrap()
}

fn part() -> Resources {
	Resources { cpu_milli: 2_000, memory_mib: 4_096, ..Default::default() }
}

fn price(asset: AssetId) -> Balance {
	coin(asset) / 10
}

/// An operator with a bond of 1,000 coins.
fn operator(world: &mut World, n: u8, asset: AssetId) -> AccountId {
	let who = funded(world, n);
	let (bond, name) = (1_000 * UNIT, b"operator".to_vec().try_into().unwrap());
	assert_ok!(act(world, &who, operators::Call::register { bond, name, contact: Default::default() }));
	if asset != AssetId::Native {
		let amount = 1_000 * coin(asset);
		assert_ok!(act(world, &who, operators::Call::bond_more { asset, amount }));
	}
	who
}

fn list(port: u32, asset: AssetId) -> RuntimeCall {
	let coin = coin(asset);
	operators::Call::list_service {
		kind: ServiceKind::Compute,
		endpoint: format!("http://127.0.0.1:{port}/").into_bytes().try_into().unwrap(),
		region: Region::new(*b"DE").unwrap(),
		capacity: 100,
		price: price(asset),
		asset,
		terms: operators::TermsInput {
			min_uptime: Perbill::from_percent(90),
			max_latency_ms: 250,
			max_head_lag: 8,
			credit: [coin, 2 * coin, 4 * coin, 6 * coin],
			credit_cap: 20 * coin,
		},
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
	}
	.into()
}

/// A machine for `replicas` of what these tests order.
fn machine(world: &mut World, who: &AccountId, port: u32, replicas: u8, asset: AssetId) -> ServiceId {
	let service = world.peek(operators::NextServiceId::<Runtime>::get);
	assert_ok!(act(world, who, list(port, asset)));
	let total = part().times(replicas).unwrap();
	assert_ok!(act(world, who, compute::Call::declare_capacity { service, total }));
	service
}

fn new_order(world: &mut World, asset: AssetId) -> compute::NewOrder {
	let (now, round, window) =
		world.peek(|| (System::block_number(), Timing::round_blocks(), Timing::window_blocks()));
	let coin = coin(asset);
	compute::NewOrder {
		asset,
		resources: part(),
		image: b"docker.io/library/nginx:1.27".to_vec().try_into().unwrap(),
		digest: None,
		ports: Default::default(),
		env_hash: None,
		max_price: 2 * price(asset),
		regions: Default::default(),
		min_trust: TrustLevel::One,
		quantity: 1,
		duration: ROUNDS * round,
		bid_deadline: now + 2 * round,
		auto_match: true,
		terms: Some(TermsInput {
			min_uptime: Perbill::from_percent(90),
			max_latency_ms: 250,
			max_head_lag: 0,
			credit: [coin, 2 * coin, 3 * coin, 4 * coin],
			credit_cap: 20 * coin,
		}),
		deposit: 2 * price(asset) * Balance::from(ROUNDS * round + window),
	}
}

fn place(world: &mut World, who: &AccountId, order: compute::NewOrder) -> OrderId {
	let id = world.peek(compute::NextOrder::<Runtime>::get);
	assert_ok!(act(world, who, compute::Call::place_order { order: Box::new(order) }));
	id
}

fn bid(order: OrderId, service: ServiceId, price: Balance) -> RuntimeCall {
	compute::Call::place_bid { order, service, price, replicas: 1 }.into()
}

fn lease_of(order: OrderId, replica: usize) -> Option<LeaseId> {
	compute::Orders::<Runtime>::get(order)?.replicas.get(replica)?.state.lease()
}

/// The lease that replica 0 has, once it has another than `before`.
fn awarded(world: &mut World, order: OrderId, before: Option<LeaseId>, limit: u32) -> LeaseId {
	let lease = move || lease_of(order, 0).filter(|lease| Some(*lease) != before);
	world.until("the replica has a lease", limit, move || lease().is_some());
	world.peek(lease).unwrap()
}

fn ready_call(world: &mut World, id: LeaseId) -> (AccountId, RuntimeCall) {
	let lease = world.peek(|| compute::Leases::<Runtime>::get(id).unwrap());
	let url =
		world.peek(|| operators::Services::<Runtime>::get(lease.service).unwrap().endpoint.into_inner());
	let health = [&url[..], format!("leases/{id}").as_bytes()].concat().try_into().unwrap();
	let access = b"tcp://203.0.113.7:30080".to_vec().try_into().unwrap();
	(lease.operator, compute::Call::report_ready { lease: id, health, access }.into())
}

fn ready(world: &mut World, lease: LeaseId) {
	let call = ready_call(world, lease);
	assert_ok!(acts(world, vec![call]).pop().unwrap());
}

fn reason(world: &mut World, lease: LeaseId) -> Option<CloseReason> {
	world.peek(|| match compute::Leases::<Runtime>::get(lease)?.state {
		compute::LeaseState::Closed { reason, .. } => Some(reason),
		_ => None,
	})
}

fn is_over(order: OrderId) -> bool {
	compute::Orders::<Runtime>::get(order).is_none_or(|order| order.is_over())
}

fn total(world: &mut World, asset: AssetId, who: &AccountId) -> Balance {
	world.peek(|| MarketFunds::total(asset, who))
}

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
	let lease = awarded(&mut world, order, None, 4);
	ready(&mut world, lease);
	(world, tenant, order, lease)
}

/// Orders of somebody that nobody wants, all to be matched in one block.
fn flood(world: &mut World, many: usize, deadline: BlockNumber) {
	let spammer = funded(world, 99);
	let mut order = new_order(world, AssetId::Native);
	// What the cheapest window may cost.
	order.max_price = world.peek(|| {
		let share = <market_parameters::MinWindowShare as Get<Perbill>>::get();
		share.mul_ceil(operators_minimum()).div_ceil(Balance::from(Timing::window_blocks()))
	});
	order.deposit = order.max_price * 100 + UNIT / 1_000;
	order.bid_deadline = deadline;
	let call = compute::Call::place_order { order: Box::new(order) };
	let results = acts(world, vec![(spammer, call.into()); many]);
	assert!(results.iter().all(|result| result.is_ok()), "{:?}", results[0]);
}

fn operators_minimum() -> Balance {
	<parameters::operators::MinimumBond as Get<Balance>>::get()
}

/// The lease is down from the round that begins, and orders are spread before the block that judges the third.
fn fail_in_a_flood(world: &mut World, lease: LeaseId, many: usize) {
	world.next_window();
	let round = world.round();
	world.endpoints.insert(service_of_lease(lease), Finding::Down);
	let deadline = world.peek(|| Timing::round_start(round + 4));
	flood(world, many, deadline);
	world.until("the third bad round is judged", 8, move || {
		!matches!(compute::Leases::<Runtime>::get(lease).unwrap().state, compute::LeaseState::Running { .. })
	});
}

#[test]
fn a_flood_of_orders_does_not_hold_up_a_failover() {
	let (mut world, _, order, lease) = running(AssetId::Native);
	fail_in_a_flood(&mut world, lease, 300);
	awarded(&mut world, order, Some(lease), 3);
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
	let last = world.peek(|| match compute::Leases::<Runtime>::get(lease).unwrap().state {
		compute::LeaseState::Running { last_round, .. } => last_round,
		_ => unreachable!(),
	});
	while world.round() + 3 < last {
		world.rounds(1);
	}
	// What is due in the block before comes first.
	let deadline = world.peek(|| Timing::round_start(last)) - 1;
	flood(&mut world, 300, deadline);
	world.until("the lease is over", 20, move || {
		compute::Leases::<Runtime>::get(lease).is_some_and(|lease| lease.is_closed())
	});
	let paid = world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().paid);
	let most = price(asset) * Balance::from(ROUNDS * world.peek(Timing::round_blocks));
	assert!(paid <= most, "{paid} of {most}");
	world.check();
}

/// Whoever can keep an agent from answering for three rounds is paid a window for it.
fn an_induced_outage(asset: AssetId) {
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	world.next_window();
	world.rounds(7);
	let mut new = new_order(&mut world, asset);
	let terms = new.terms.as_mut().unwrap();
	terms.credit = [20 * coin(asset); 4];
	let order = place(&mut world, &tenant, new);
	let before = total(&mut world, asset, &tenant);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut world, order, None, 4);
	ready(&mut world, lease);
	world.next_window();
	world.endpoints.insert(service_of_lease(lease), Finding::Down);
	world.until("the lease is over", 9, move || {
		compute::Leases::<Runtime>::get(lease).is_some_and(|lease| lease.is_closed())
	});
	let _ = act(&mut world, &tenant, compute::Call::cancel_order { order });
	world.until("the order is over", 12, move || is_over(order));
	world.rounds(2);
	assert_eq!(reason(&mut world, lease), Some(CloseReason::Unhealthy));
	let paid = world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().paid);
	let after = total(&mut world, asset, &tenant);
	let three = 3 * price(asset) * Balance::from(world.peek(Timing::round_blocks));
	assert!(after <= before + three, "paid {paid}, has {} more", after - before);
	world.check();
}

#[test]
fn an_induced_outage_does_not_pay_in_native() {
	an_induced_outage(AssetId::Native);
}

#[test]
fn an_induced_outage_does_not_pay_in_an_asset() {
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
	let listed = acts(&mut world, (0..many).map(|n| (hog.clone(), list(10_000 + n, asset))).collect());
	assert!(listed.iter().all(|result| result.is_ok()));
	let declare = |n| compute::Call::declare_capacity { service: first + n, total: part() }.into();
	let declared = acts(&mut world, (0..many).map(|n| (hog.clone(), declare(n))).collect());
	assert!(declared.iter().all(|result| result.is_ok()));
	let service = machine(&mut world, &honest, 9_001, 2, asset);
	let new = new_order(&mut world, asset);
	let order = place(&mut world, &tenant, new);
	let bids =
		acts(&mut world, (0..many).map(|n| (hog.clone(), bid(order, first + n, 2 * price(asset)))).collect());
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
		let lease = awarded(&mut world, order, last, 4);
		let operator = world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().operator);
		if operator == honest {
			return;
		}
		assert_ok!(act(&mut world, &operator, compute::Call::decline { lease }));
		last = Some(lease);
	}
	world.rounds(1);
	let after: Vec<_> = crowd.iter().map(|(who, _)| total(&mut world, asset, who)).collect();
	assert_eq!(before, after, "it cost them nothing");
	let lease = world.peek(|| lease_of(order, 0)).expect("the honest bid is taken");
	assert_eq!(world.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().operator), honest);
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
	let lease = awarded(&mut world, order, None, 4);
	let amount = world.peek(|| MarketFunds::spendable(asset, &tenant));
	let call = pallet_assets::Call::transfer { id: id.into(), target: other.into(), amount };
	assert_ok!(act(&mut world, &tenant, call));
	ready(&mut world, lease);
	world.check();
}

#[test]
fn a_cap_of_nothing_does_not_make_failing_free() {
	let asset = AssetId::Native;
	let mut world = World::new();
	let tenant = funded(&mut world, 0);
	let other = operator(&mut world, 1, asset);
	let service = machine(&mut world, &other, 9_001, 2, asset);
	let mut new = new_order(&mut world, asset);
	// As if the order had taken those of the service.
	let terms = new.terms.as_mut().unwrap();
	(terms.credit, terms.credit_cap) = ([1; 4], 1);
	let order = place(&mut world, &tenant, new);
	assert_ok!(act(&mut world, &other, bid(order, service, price(asset))));
	let lease = awarded(&mut world, order, None, 4);
	ready(&mut world, lease);
	world.next_window();
	let bonded = |world: &mut World| world.peek(|| operators::Bonds::<Runtime>::get(party(1), asset).active);
	let before = bonded(&mut world);
	// Two bad rounds reach the cap; a third would be unhealthy.
	world.endpoints.insert(service_of_lease(lease), Finding::Down);
	world.rounds(2);
	world.endpoints.clear();
	world.until("the lease is over", 9, move || {
		compute::Leases::<Runtime>::get(lease).is_some_and(|lease| lease.is_closed())
	});
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
	let accept = compute::Call::accept_bid { order, service, most: price(asset) }.into();
	acts(&mut world, vec![(other, raise), (tenant, accept)]);
	let taken = world.peek(|| compute::Leases::<Runtime>::iter_values().next());
	assert!(taken.is_none_or(|lease| lease.price == price(asset)));
}

/// Numbers that are as good as random.
struct Dice(u64);
impl Dice {
	fn roll(&mut self, sides: u64) -> u64 {
		self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		(self.0 >> 33) % sides
	}
	fn of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
		if all.is_empty() { None } else { all.get(self.roll(all.len() as u64) as usize).cloned() }
	}
}

/// What somebody may do next; mostly something that has a chance.
fn any_call(world: &mut World, dice: &mut Dice, asset: AssetId) -> Option<(AccountId, RuntimeCall)> {
	let orders: Vec<OrderId> = world.peek(|| compute::Orders::<Runtime>::iter_keys().collect());
	let leases: Vec<LeaseId> = world.peek(|| {
		compute::Leases::<Runtime>::iter().filter(|(_, lease)| !lease.is_closed()).map(|(id, _)| id).collect()
	});
	let services: Vec<ServiceId> = world.peek(|| operators::Services::<Runtime>::iter_keys().collect());
	let open: Vec<OrderId> = world.peek(|| {
		compute::Orders::<Runtime>::iter().filter(|(_, order)| !order.is_over()).map(|(id, _)| id).collect()
	});
	let order = if dice.roll(8) == 0 { dice.of(&orders) } else { dice.of(&open) };
	let lease_id = dice.of(&leases);
	let lease = lease_id.and_then(|id| world.peek(|| compute::Leases::<Runtime>::get(id)));
	let service = dice.of(&services);
	let owner = service.and_then(|id| world.peek(|| operators::Services::<Runtime>::get(id)));
	let owner = owner.map(|service| service.operator).unwrap_or_else(|| party(1));
	let tenant = order.and_then(|id| world.peek(|| compute::Orders::<Runtime>::get(id)));
	let tenant = tenant.map(|order| order.tenant).unwrap_or_else(|| party(0));
	let replica = dice.roll(3) as u8;
	let coin = coin(asset);
	let price = price(asset) / 2 + price(asset) * Balance::from(dice.roll(16)) / 10;
	Some(match dice.roll(42) {
		0..=2 | 30 => {
			let mut new = new_order(world, asset);
			let round = world.peek(Timing::round_blocks);
			new.quantity = 1 + dice.roll(3) as u8;
			new.duration = 1 + dice.roll(20 * u64::from(round)) as u32;
			new.bid_deadline = world.peek(System::block_number) + 1 + round + dice.roll(12) as u32;
			new.auto_match = dice.roll(3) > 0;
			new.deposit =
				new.max_price * Balance::from(new.duration.max(72)) * (8 + Balance::from(dice.roll(6))) / 10
					+ UNIT / 100;
			if dice.roll(3) == 0 {
				new.terms = None;
			} else if let Some(terms) = new.terms.as_mut() {
				terms.credit_cap = coin * Balance::from(4 + dice.roll(10));
				if dice.roll(2) == 0 {
					terms.min_uptime = Perbill::one();
				}
			}
			let who = party([0, 20][dice.roll(2) as usize]);
			(who, compute::Call::place_order { order: Box::new(new) }.into())
		},
		3..=7 | 31..=36 => {
			let replicas = 1 + dice.roll(2) as u8;
			(owner, compute::Call::place_bid { order: order?, service: service?, price, replicas }.into())
		},
		8 => (owner, compute::Call::update_bid { order: order?, service: service?, price }.into()),
		9 => (owner, compute::Call::withdraw_bid { order: order?, service: service? }.into()),
		10 | 11 => (
			tenant,
			compute::Call::accept_bid { order: order?, service: service?, most: Balance::MAX }.into(),
		),
		12..=15 | 37..=41 => {
			let starts = |id: &LeaseId| {
				matches!(
					compute::Leases::<Runtime>::get(id).unwrap().state,
					compute::LeaseState::Starting { .. }
				)
			};
			let starting: Vec<_> = world.peek(|| leases.iter().copied().filter(starts).collect());
			ready_call(world, dice.of(&starting)?)
		},
		16 => (lease?.operator, compute::Call::decline { lease: lease_id? }.into()),
		17 => {
			let order = lease?.order;
			let who = world.peek(|| compute::Orders::<Runtime>::get(order).unwrap().tenant);
			(who, compute::Call::close_lease { lease: lease_id?, at_once: false }.into())
		},
		18 => {
			let at_once = dice.roll(2) == 0;
			(lease?.operator, compute::Call::close_lease { lease: lease_id?, at_once }.into())
		},
		19 => {
			let blocks = 1 + dice.roll(40) as u32;
			(tenant, compute::Call::extend { order: order?, replica, blocks }.into())
		},
		20 => {
			let amount = price * Balance::from(1 + dice.roll(40));
			(tenant, compute::Call::top_up { order: order?, replica, amount }.into())
		},
		21 => (tenant, compute::Call::cancel_order { order: order? }.into()),
		22 => (party(50), compute::Call::remove_order { order: order? }.into()),
		23 => {
			let agreement = lease?.agreement?;
			match dice.roll(3) {
				0 => (tenant, sla::Call::settle { agreement }.into()),
				1 => (tenant, sla::Call::claim { agreement }.into()),
				_ => (tenant, sla::Call::close_agreement { agreement }.into()),
			}
		},
		24 => {
			let accounts: Vec<_> = world.peek(|| escrow::Accounts::<Runtime>::iter_keys().collect());
			(party(50), escrow::Call::settle { escrow: dice.of(&accounts)? }.into())
		},
		25 => match dice.roll(4) {
			0 if dice.roll(4) == 0 => (owner, operators::Call::pause_service { service: service? }.into()),
			0..=2 => (owner, operators::Call::resume_service { service: service? }.into()),
			_ => (owner, operators::Call::remove_service { service: service? }.into()),
		},
		26 => match dice.roll(6) {
			0 if dice.roll(4) == 0 => (owner, operators::Call::deactivate {}.into()),
			0..=3 => (owner, operators::Call::activate {}.into()),
			4 => (
				owner,
				operators::Call::unbond { asset, amount: coin * Balance::from(1 + dice.roll(300)) }.into(),
			),
			_ => (
				owner,
				operators::Call::bond_more { asset, amount: coin * Balance::from(1 + dice.roll(300)) }.into(),
			),
		},
		27 => {
			let total = part().times(dice.roll(9) as u8).unwrap();
			(owner, compute::Call::declare_capacity { service: service?, total }.into())
		},
		28 => {
			let agreements: Vec<_> = world.peek(|| reputation::Engagements::<Runtime>::iter().collect());
			let (agreement, engagement) = dice.of(&agreements)?;
			let who = if dice.roll(2) == 0 { engagement.tenant } else { engagement.operator };
			(who, reputation::Call::rate { agreement, stars: 1 + dice.roll(5) as u8 }.into())
		},
		29 => {
			let endpoint = format!("http://127.0.0.1:{}/x", 9_000 + dice.roll(9));
			let call = operators::Call::update_service {
				service: service?,
				endpoint: Some(endpoint.into_bytes().try_into().unwrap()),
				capacity: None,
				price: None,
				metadata_hash: None,
				metadata_uri: None,
			};
			(owner, call.into())
		},
		_ => return None,
	})
}

/// What governance and disputes may do at any time.
fn any_power(world: &mut World, dice: &mut Dice) {
	let accounts: Vec<_> = world.peek(|| escrow::Accounts::<Runtime>::iter().collect());
	let parameter =
		|parameter| -> RuntimeCall { pallet_parameters::Call::set_parameter { key_value: parameter }.into() };
	let share = Perbill::from_percent(dice.roll(60) as u32);
	let few = dice.roll(40) as u32;
	let host = || b"127.0.0.1".to_vec().try_into().unwrap();
	use compute_parameters as c;
	use market_parameters as m;
	use probing_parameters as p;
	let call: Option<RuntimeCall> = match dice.roll(16) {
		0 => dice.of(&accounts).map(|(escrow, _)| escrow::Call::force_close { escrow, to_payee: 0 }.into()),
		1 => Some(operators::Call::deny_host { host: host() }.into()),
		2 | 3 => Some(operators::Call::allow_host { host: host() }.into()),
		4 => Some(operators::Call::revoke_asset { asset: genesis::SBTC }.into()),
		5 | 6 => Some(operators::Call::approve_asset { asset: genesis::SBTC, min_bond: 1_000_000 }.into()),
		7 => Some(parameter(RuntimeParameters::Market(m::Parameters::PenaltyShare(
			m::PenaltyShare,
			Some(share),
		)))),
		8 => Some(parameter(RuntimeParameters::Compute(c::Parameters::StartPenalty(
			c::StartPenalty,
			Some(share),
		)))),
		9 => {
			Some(parameter(RuntimeParameters::Compute(c::Parameters::StartBlocks(c::StartBlocks, Some(few)))))
		},
		10 => Some(parameter(RuntimeParameters::Compute(c::Parameters::ReopenBlocks(
			c::ReopenBlocks,
			Some(few),
		)))),
		11 => Some(parameter(RuntimeParameters::Probing(p::Parameters::UnhealthyRounds(
			p::UnhealthyRounds,
			Some((few % 5) as u8),
		)))),
		12 => Some(parameter(RuntimeParameters::Compute(c::Parameters::MaxDuration(
			c::MaxDuration,
			Some(60 + few * 10),
		)))),
		_ => None,
	};
	match call {
		Some(call) => {
			let _ = world.block_with(|| call.dispatch(RuntimeOrigin::root()));
		},
		None => {
			let Some((id, account)) = dice.of(&accounts) else { return };
			world.block_with(|| {
				if account.frozen > 0 {
					let _ = frame_support::storage::with_storage_layer(|| Escrow::thaw(id, 0));
				} else {
					let amount = account.held / 3;
					let _ = frame_support::storage::with_storage_layer(|| Escrow::freeze(id, amount));
				}
			});
		},
	}
}

/// Anything by anybody in any state: invariants hold, money stays, and when all is quiet everything ends.
fn anything(seed: u64, asset: AssetId, steps: u32, powers: bool) {
	let mut world = World::new();
	let mut dice = Dice(seed);
	for n in [0, 20, 50] {
		funded(&mut world, n);
	}
	for n in 1..=4 {
		let who = operator(&mut world, n, asset);
		machine(&mut world, &who, 9_000 + u32::from(n), 4, asset);
	}
	let money = world.peek(|| [AssetId::Native, asset].map(MarketFunds::issuance));
	for step in 0..steps {
		let mut calls = Vec::new();
		for _ in 0..dice.roll(4) {
			calls.extend(any_call(&mut world, &mut dice, asset));
		}
		acts(&mut world, calls);
		if powers && dice.roll(12) == 0 {
			any_power(&mut world, &mut dice);
		}
		if dice.roll(4) == 0 {
			let leases: Vec<LeaseId> = world.peek(|| compute::Leases::<Runtime>::iter_keys().collect());
			if let Some(lease) = dice.of(&leases) {
				let service = service_of_lease(lease);
				match dice.roll(6) {
					0 | 1 => drop(world.endpoints.insert(service, Finding::Down)),
					2 => drop(world.endpoints.insert(service, Finding::Bad(LatencyBucket::from_millis(20)))),
					3 => drop(world.endpoints.insert(service, Finding::Up(LatencyBucket::from_millis(900)))),
					_ => drop(world.endpoints.remove(&service)),
				}
			}
		}
		if dice.roll(200) == 0 {
			world.stall(60);
		}
		if step % 3 == 0 {
			world.check();
		}
	}
	// Nothing is locked for ever.
	let frozen: Vec<_> = world.peek(|| {
		escrow::Accounts::<Runtime>::iter()
			.filter(|(_, account)| account.frozen > 0)
			.map(|(id, _)| id)
			.collect()
	});
	world.block_with(|| {
		for id in frozen {
			assert_ok!(Escrow::thaw(id, 0));
		}
	});
	world.until("everything is over", 160, || {
		compute::Orders::<Runtime>::iter_values().all(|order| order.is_over() && order.bids == 0)
	});
	world.rounds(2);
	world.check();
	world.peek(|| {
		assert!(compute::CapacityOf::<Runtime>::iter_values().all(|inventory| inventory.used.is_zero()));
		for n in 1..=4 {
			assert_eq!(Operators::reserved(&party(n), asset), 0);
			assert_eq!(operators::Bonds::<Runtime>::get(party(n), asset).exposure, 0);
		}
		assert_eq!(operators::LeaseServices::<Runtime>::iter_keys().count(), 0);
		assert_eq!(sla::WindowBase::<Runtime>::iter_keys().count(), 0);
		assert!(sla::Services::<Runtime>::iter_keys().all(|id| id < surety_primitives::LEASES_FROM));
		assert!(sla::Breaches::<Runtime>::iter_keys().all(|(id, _)| id < surety_primitives::LEASES_FROM));
		assert!(escrow::Agenda::<Runtime>::iter_keys().next().is_none());
		assert!(compute::Agenda::<Runtime>::iter_keys().next().is_none());
		assert_eq!([AssetId::Native, asset].map(MarketFunds::issuance), money);
		let stuck: Vec<_> = escrow::Accounts::<Runtime>::iter().collect();
		assert!(stuck.is_empty(), "{stuck:?}");
	});
}

/// Games per test; `SEEDS` in the environment asks for more.
fn seeds() -> u64 {
	std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

#[test]
fn anything_in_any_state_in_native() {
	(1..=seeds()).for_each(|seed| anything(seed, AssetId::Native, 500, false));
}

#[test]
fn anything_in_any_state_in_an_asset() {
	(1..=seeds()).for_each(|seed| anything(100 + seed, AssetId::Local(genesis::SBTC), 500, false));
}

#[test]
fn anything_in_any_state_with_governance_and_disputes() {
	(1..=seeds()).for_each(|seed| anything(200 + seed, AssetId::Native, 500, true));
	(1..=seeds()).for_each(|seed| anything(300 + seed, AssetId::Local(genesis::SBTC), 500, true));
}
