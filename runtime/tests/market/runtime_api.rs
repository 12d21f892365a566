// SPDX-License-Identifier: Apache-2.0

//! Read side for clients: `SuretyApi` of the real runtime compared with the state of the pallets.

use crate::{actors::*, fixture::Fixture, orders::*};
use frame_support::assert_ok;
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sp_keyring::Sr25519Keyring;
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, LeaseId, Meter, Probing, Region, ReputationInspect,
	Resources, ServiceClass, ServiceId, ServiceKind, ServiceStatus, Slots, Target, Verdict,
	WindowShare, report::Finding,
};
use surety_runtime::*;
use surety_runtime_api::{
	Allowance, AssetAmount, BondInfo, LeaseInfo, LeasePhase, OrderFilter, Page, ServiceFilter,
	runtime_decl_for_surety_api::SuretyApiV1 as _,
};

const NATIVE: AssetId = AssetId::Native;
const SBTC: AssetId = AssetId::Local(genesis::SBTC);
/// Operators of the listings. The first is good for some windows, the second is down, the third is
/// new. The fourth has no listing and is inactive.
const GOOD: Sr25519Keyring = Sr25519Keyring::Eve;
const DOWN: Sr25519Keyring = Sr25519Keyring::Two;
const NEW: Sr25519Keyring = Sr25519Keyring::One;
const IDLE: Sr25519Keyring = Sr25519Keyring::Charlie;

fn region(code: &[u8; 2]) -> Region {
	Region::new(*code).unwrap()
}

/// All items of a list, page by page, with the number of pages. No page has more than `limit`
/// items.
fn walk<Item>(
	chain: &mut Fixture,
	limit: u32,
	page: impl Fn(Option<u32>) -> Page<Item>,
) -> (Vec<Item>, usize) {
	let (mut items, mut pages, mut from) = (Vec::new(), 0, None);
	loop {
		let page = chain.peek(|| page(from));
		assert!(page.items.len() <= limit as usize);
		items.extend(page.items);
		pages += 1;
		match page.next {
			Some(next) => assert!(from.replace(next).is_none_or(|last| last < next), "it goes on"),
			None => return (items, pages),
		}
	}
}

fn ids(chain: &mut Fixture, filter: &ServiceFilter) -> Vec<ServiceId> {
	let page = chain.peek(|| Runtime::services(filter.clone(), None, 100));
	assert_eq!(page.next, None);
	page.items.into_iter().map(|found| found.id).collect()
}

/// Five listings that differ in every field that a filter has. Ids 0 and 1 belong to `GOOD`, 2 and
/// 3 to `DOWN`, 4 to `NEW`; 1 is paused.
fn listings() -> Fixture {
	let mut chain = Fixture::new();
	for who in [GOOD, DOWN, NEW, IDLE] {
		chain.register(who, SBTC);
	}
	assert_ok!(chain.call(IDLE, operators::Call::deactivate {}));
	let list = |chain: &mut Fixture, who, kind, endpoint, region, asset, tenths: Balance| {
		let price = tenths * coin(asset) / 10;
		chain.list(who, &Offer { kind, endpoint, region, price, ..Offer::of(asset) })
	};
	let rpc = |network| ServiceKind::Rpc { network };
	let model = b"llama".to_vec().try_into().unwrap();
	list(
		&mut chain,
		GOOD,
		ServiceKind::Vpn { key: [7; 32] },
		"http://127.0.0.1:1/",
		b"DE",
		NATIVE,
		1,
	);
	list(&mut chain, GOOD, rpc(0), "http://127.0.0.1:2/", b"FR", NATIVE, 2);
	list(&mut chain, DOWN, rpc(1), "http://127.0.0.1:3/", b"DE", SBTC, 3);
	list(&mut chain, DOWN, ServiceKind::Compute, "http://127.0.0.1:4/", b"US", NATIVE, 4);
	assert_ok!(chain.call(GOOD, operators::Call::pause_service { service: 1 }));
	chain.endpoints.insert(Target::Service(2), Finding::Down);
	chain.endpoints.insert(Target::Service(3), Finding::Down);
	for _ in 0..3 {
		chain.next_window();
	}
	list(
		&mut chain,
		NEW,
		ServiceKind::Inference { model },
		"http://127.0.0.1:5/",
		b"DE",
		NATIVE,
		5,
	);
	chain
}

#[test]
fn services_are_found_by_each_filter() {
	let mut chain = listings();
	let any = ServiceFilter::default;
	assert_eq!(ids(&mut chain, &any()), [0, 1, 2, 3, 4]);
	let mut found = |filter: ServiceFilter| ids(&mut chain, &filter);

	let class = |class| ServiceFilter { class: Some(class), ..any() };
	assert_eq!(found(class(ServiceClass::Vpn)), [0]);
	assert_eq!(found(class(ServiceClass::Rpc)), [1, 2]);
	assert_eq!(found(class(ServiceClass::Compute)), [3]);
	assert_eq!(found(class(ServiceClass::Inference)), [4]);
	assert_eq!(found(ServiceFilter { network: Some(0), ..any() }), [1]);
	assert_eq!(found(ServiceFilter { network: Some(1), ..any() }), [2]);
	assert!(found(ServiceFilter { network: Some(2), ..any() }).is_empty());
	assert_eq!(found(ServiceFilter { region: Some(region(b"DE")), ..any() }), [0, 2, 4]);
	assert_eq!(found(ServiceFilter { asset: Some(NATIVE), ..any() }), [0, 1, 3, 4]);
	assert_eq!(found(ServiceFilter { asset: Some(SBTC), ..any() }), [2]);
	let max_price = 4 * coin(NATIVE) / 10;
	assert_eq!(
		found(ServiceFilter { asset: Some(NATIVE), max_price: Some(max_price), ..any() }),
		[0, 1, 3]
	);
	assert_eq!(found(ServiceFilter { max_price: Some(3 * coin(SBTC) / 10), ..any() }), [2]);
	assert_eq!(found(ServiceFilter { open_only: true, ..any() }), [0, 2, 3, 4]);
	let both =
		ServiceFilter { region: Some(region(b"DE")), class: Some(ServiceClass::Rpc), ..any() };
	assert_eq!(found(both), [2]);

	let scores =
		chain.peek(|| [GOOD, DOWN, NEW].map(|who| Reputation::score(&who.to_account_id())));
	assert!(scores[0] > scores[1] && scores[0] > scores[2], "{scores:?}");
	let at_least = |min_score| ServiceFilter { min_score: Some(min_score), ..any() };
	assert_eq!(ids(&mut chain, &at_least(scores[0])), [0, 1]);
	assert!(ids(&mut chain, &at_least(scores[0] + 1)).is_empty());
	assert_eq!(ids(&mut chain, &at_least(0)), [0, 1, 2, 3, 4]);
	chain.check();
}

#[test]
fn pages_of_services_join_to_all_of_them() {
	let mut chain = listings();
	let two_by_two = |chain: &mut Fixture, filter: ServiceFilter| {
		let (items, pages) = walk(chain, 2, |from| Runtime::services(filter.clone(), from, 2));
		(items.into_iter().map(|found| found.id).collect::<Vec<_>>(), pages)
	};
	assert_eq!(two_by_two(&mut chain, ServiceFilter::default()), (vec![0, 1, 2, 3, 4], 3));
	let open = ServiceFilter { open_only: true, ..Default::default() };
	assert_eq!(two_by_two(&mut chain, open), (vec![0, 2, 3, 4], 2));
	let german = ServiceFilter { region: Some(region(b"DE")), ..Default::default() };
	assert_eq!(two_by_two(&mut chain, german), (vec![0, 2, 4], 2));
	// A limit of zero returns one item.
	let page = chain.peek(|| Runtime::services(Default::default(), None, 0));
	assert_eq!((page.items.len(), page.next), (1, Some(0)));
	chain.check();
}

#[test]
fn a_service_is_shown_with_its_live_window_and_its_breaches() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let target = Target::Service(service);
	chain.open(TENANT, service, 2, 12);
	chain.next_window();
	chain.rounds(3);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(3);
	chain.endpoints.clear();
	chain.rounds(3);
	let shown = chain.peek(|| Runtime::service(service)).unwrap();
	let status = shown.status;
	chain.peek(|| {
		let probed = Probes::status(target).unwrap();
		assert_eq!(
			(status.window, status.counters, status.active),
			(probed.window, probed.counters, probed.active)
		);
		assert_eq!(shown.service.last_verdict, probed.last.map(Into::into));
		assert_eq!(status.window, Timing::window_of(Probes::judged_round()), "the live one");
		assert_eq!((status.counters.down, status.active), (3, true));
		let judged = Probes::judged_round() + 1 - Timing::window_start(status.window);
		assert_eq!(u32::from(status.counters.up), judged - 3);
		// Uptime of nine tenths of twelve rounds, a twentieth of them slow, one with bad data.
		assert_eq!(status.allowance, Allowance { downtime: 1, slow: 1, bad_data: 1 });
		assert_eq!(status.meter, Probes::meter(target).map(|meter| meter.reading));
		assert!(status.meter.is_some());
		assert_eq!(status.exposure, operators::Exposures::<Runtime>::get(target));
		// Three rounds are `Medium`: a quarter of a window's price, of the three that each unit may
		// get. A unit costs 7.2 coins per window. The exposure adds a tenth for the penalty, and
		// the rents of three windows.
		assert_eq!((status.index, status.cover), (CREDIT[1], WindowShare::from_u32(3) - CREDIT[1]));
		let each = 198 * coin(NATIVE) / 10 * 11 / 10;
		assert_eq!(status.exposure, 2 * each + 3 * status.rent.unwrap());
		let free = operators::Bonds::<Runtime>::get(OPERATOR.to_account_id(), NATIVE).free();
		assert_eq!(Balance::from(status.coverable_units), free / each);
		assert_eq!(status.history, probes::Windows::<Runtime>::get(target).into_inner());
		assert!(!status.history.is_empty());
		assert_eq!(status.reliability, 100, "of closed windows, and those were good");
		assert_eq!((shown.service.id, shown.service.units, shown.service.open), (service, 2, true));
		let stored = operators::Services::<Runtime>::get(service).unwrap();
		assert_eq!(shown.service.listing, stored);
		assert_eq!(shown.service.score, Reputation::score(&stored.operator));
		assert_eq!(Runtime::service(service + 1), None);
	});

	let stored = chain.breaches(service);
	assert_eq!(stored.len(), 2, "a tier, and the next one");
	let (breaches, pages) = walk(&mut chain, 1, |from| Runtime::breaches(target, from, 1));
	assert_eq!(pages, 2);
	for (number, (shown, stored)) in (0..).zip(breaches.iter().zip(&stored)) {
		assert_eq!((shown.number, &shown.breach), (number, stored));
	}

	chain.next_window();
	chain.rounds(3);
	chain.peek(|| {
		let closed = Runtime::service(service).unwrap().status;
		assert_eq!((closed.window, closed.counters.down), (status.window + 1, 0));
		let last = closed.history.last().unwrap();
		assert_eq!((last.window, last.counters.down), (status.window, 3));
		assert!((50..100).contains(&closed.reliability), "{}", closed.reliability);
		assert_eq!(Some(closed.reliability), Reputation::target_reliability(target));
	});
	chain.check();
}

#[test]
fn an_agreement_shows_owed_credit_in_the_block_of_the_breach() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let id = chain.open(TENANT, service, 2, 6);
	let opened = chain.peek(System::block_number);
	let other = chain.open(OTHER_TENANT, service, 1, 6);
	let third = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	let owed = |id| Runtime::agreement(id).unwrap().owed_credit;
	assert_eq!(chain.peek(|| owed(id)), 0);
	// `on_idle` may pay the credit in the same block, so the test reads it before.
	let shown = loop {
		let breached = || !Sla::breach_history(Target::Service(service), None, 1).is_empty();
		let shown =
			chain.block_with(|| breached().then(|| (Runtime::agreement(id).unwrap(), owed(other))));
		if let Some(shown) = shown {
			break shown;
		}
	};
	let (shown, of_other) = shown;
	let credit = |chain: &mut Fixture, units| chain.share(service, units, CREDIT[0]);
	assert_eq!((shown.owed_credit, of_other), (credit(&mut chain, 2), credit(&mut chain, 1)));
	let target = Target::Service(service);
	assert_eq!((shown.id, shown.target, shown.units, shown.asset), (id, target, 2, NATIVE));
	assert_eq!((shown.tenant, shown.opened_at), (TENANT.to_account_id(), opened));
	assert_eq!(shown.rate, 2 * coin(NATIVE) / 10);
	assert_eq!(shown.ending, None);

	chain.endpoints.clear();
	chain.rounds(2);
	let (shown, stream) = chain
		.peek(|| (Runtime::agreement(id).unwrap(), Sla::agreement(id).unwrap().stream.unwrap()));
	assert_eq!((shown.held, shown.paid, shown.due), (stream.held, stream.paid, stream.due));
	assert!(shown.paid + shown.due > 0);
	assert_eq!(shown.blocks_left, stream.blocks_left);
	let settle = sla::Call::settle { agreement: id };
	assert_ok!(chain.call(STRANGER, settle));
	assert_eq!(chain.peek(|| owed(id)), 0, "paid, so not owed");

	assert_ok!(chain.call(TENANT, sla::Call::close_agreement { agreement: third }));
	let ending = chain.peek(|| Runtime::agreement(third).unwrap().ending).unwrap();
	assert_eq!((ending.reason, ending.code), (CloseReason::TenantClosed, 1_001));
	let tenant = TENANT.to_account_id();
	let (all, _) =
		walk_unordered(&mut chain, |from| Runtime::agreements_of(tenant.clone(), from, 1));
	let mut all: Vec<_> = all.into_iter().map(|agreement| agreement.id).collect();
	all.sort_unstable();
	assert_eq!(all, [id, third]);
	assert_eq!(chain.peek(|| Runtime::agreement(third + 1)), None);
	chain.check();
}

/// All items of an unordered list, page by page.
fn walk_unordered<Item>(
	chain: &mut Fixture,
	page: impl Fn(Option<u32>) -> Page<Item>,
) -> (Vec<Item>, usize) {
	let (mut items, mut from) = (Vec::new(), None);
	for pages in 1..100 {
		let page = chain.peek(|| page(from));
		items.extend(page.items);
		match page.next {
			Some(next) => from = Some(next),
			None => return (items, pages),
		}
	}
	panic!("the list never ends");
}

#[test]
fn operators_and_the_network_are_shown_as_the_pallets_know_them() {
	let mut chain = listings();
	chain.open(TENANT, 0, 2, 12);
	chain.next_window();
	chain.endpoints.insert(Target::Service(0), Finding::Down);
	chain.until("a breach", 14, || !Sla::breach_history(Target::Service(0), None, 1).is_empty());
	assert_ok!(chain.call(GOOD, operators::Call::unbond { asset: SBTC, amount: 300 * coin(SBTC) }));
	let breaches = chain.breaches(0);
	let slashed: Balance = breaches.iter().map(|b| b.credited + b.penalty).sum();
	assert!(slashed > 0);
	chain.peek(|| {
		let account = GOOD.to_account_id();
		let shown = Runtime::operator(account.clone()).unwrap();
		assert_eq!((shown.account.clone(), shown.active), (account.clone(), true));
		assert_eq!((shown.name.as_slice(), shown.contact.as_slice()), (&b"operator"[..], &b""[..]));
		assert_eq!(shown.services, [0, 1]);
		assert_eq!(shown.score, Reputation::score(&account));
		assert_eq!(shown.trust, Reputation::trust(&account));
		assert_eq!(Some(shown.reliability), Reputation::reliability(&account));
		let performance = Reputation::performance(&account).unwrap();
		assert_eq!(shown.performance.score, performance.score);
		let parts =
			(performance.parts.uptime, performance.parts.correctness, performance.parts.latency);
		let shown_parts =
			(shown.performance.uptime, shown.performance.correctness, shown.performance.latency);
		assert_eq!(shown_parts, (parts.0.score, parts.1.score, parts.2.score));
		let mut bonds = shown.bonds;
		bonds.sort_by_key(|bond| bond.asset);
		let native = BondInfo {
			asset: NATIVE,
			active: 1_000 * coin(NATIVE) - slashed,
			exposure: operators::Exposures::<Runtime>::get(Target::Service(0)),
			unbonding: 0,
		};
		let sbtc = BondInfo {
			asset: SBTC,
			active: 700 * coin(SBTC),
			exposure: 0,
			unbonding: 300 * coin(SBTC),
		};
		assert_eq!(bonds, [native, sbtc]);
		assert!(!Runtime::operator(IDLE.to_account_id()).unwrap().active);
		assert_eq!(Runtime::operator(TENANT.to_account_id()), None);

		let status = Runtime::network_status();
		assert_eq!((status.operators, status.active), (4, 3));
		assert_eq!((status.services, status.active_services), (5, 1));
		assert_eq!(status.judged_round, Probes::judged_round());
		let of = |list: &[AssetAmount], asset| {
			list.iter().find(|found| found.asset == asset).map_or(0, |found| found.amount)
		};
		assert_eq!((of(&status.slashed, NATIVE), of(&status.slashed, SBTC)), (slashed, 0));
		for asset in [NATIVE, SBTC] {
			let held = |who: &Sr25519Keyring| {
				operators::Bonds::<Runtime>::get(who.to_account_id(), asset).held()
			};
			let all: Balance = [GOOD, DOWN, NEW, IDLE].iter().map(held).sum();
			assert_eq!(of(&status.bonded, asset), all);
		}
		let scores =
			[GOOD, DOWN, NEW, IDLE].map(|who| u32::from(Reputation::score(&who.to_account_id())));
		assert!(scores[0] > 0);
		assert_eq!(u32::from(status.average_score), scores.iter().sum::<u32>() / 4);

		let clock = Runtime::round();
		assert_eq!((clock.block, clock.round), (System::block_number(), Timing::round()));
		assert_eq!(
			(clock.window, clock.judged_round),
			(Timing::window_of(clock.round), status.judged_round)
		);
		assert_eq!((clock.round_blocks, clock.window_rounds, clock.slot_ms), (6, 12, 2_000));
		assert_eq!(Runtime::networks().len(), 2);
		assert!(Runtime::private_endpoints());
	});
	chain.check();
}

#[test]
fn orders_are_found_by_each_filter() {
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 1);
	let regions = |code: &[u8; 2]| vec![region(code)].try_into().unwrap();
	let large = Resources { cpu_milli: 64_000, memory_mib: 262_144, ..Default::default() };
	// The first order gets no bid in time; the others still take bids.
	let old = new_order(&mut chain, NATIVE);
	place(&mut chain, &tenant, old);
	chain.rounds(4);
	let anywhere = new_order(&mut chain, NATIVE);
	place(&mut chain, &tenant, anywhere);
	let french = compute::NewOrder { regions: regions(b"FR"), ..new_order(&mut chain, NATIVE) };
	place(&mut chain, &tenant, french);
	let german = compute::NewOrder { regions: regions(b"DE"), ..new_order(&mut chain, SBTC) };
	place(&mut chain, &tenant, german);
	let big = compute::NewOrder { resources: large.clone(), ..new_order(&mut chain, NATIVE) };
	place(&mut chain, &tenant, big);

	let any = OrderFilter::<AccountId>::default;
	let mut found = |filter: OrderFilter<AccountId>| -> Vec<u32> {
		let page = chain.peek(|| Runtime::orders(filter.clone(), None, 100));
		assert_eq!(page.next, None);
		page.items.into_iter().map(|order| order.id).collect()
	};
	assert_eq!(found(any()), [0, 1, 2, 3, 4]);
	assert_eq!(found(OrderFilter { region: Some(region(b"FR")), ..any() }), [0, 1, 2, 4]);
	assert_eq!(found(OrderFilter { region: Some(region(b"DE")), ..any() }), [0, 1, 3, 4]);
	assert_eq!(found(OrderFilter { asset: Some(SBTC), ..any() }), [3]);
	assert_eq!(found(OrderFilter { fits: Some(replica_resources()), ..any() }), [0, 1, 2, 3]);
	assert_eq!(found(OrderFilter { fits: Some(large), ..any() }), [0, 1, 2, 3, 4]);
	assert_eq!(found(OrderFilter { open_only: true, ..any() }), [1, 2, 3, 4]);
	assert_eq!(found(OrderFilter { tenant: Some(tenant.clone()), ..any() }), [0, 1, 2, 3, 4]);
	assert!(found(OrderFilter { tenant: Some(party(9)), ..any() }).is_empty());

	let (all, pages) = walk(&mut chain, 2, |from| Runtime::orders(any(), from, 2));
	assert_eq!(
		(all.iter().map(|order| order.id).collect::<Vec<_>>(), pages),
		(vec![0, 1, 2, 3, 4], 3)
	);
	chain.peek(|| {
		let shown = Runtime::order(3).unwrap();
		assert_eq!(shown, all[3]);
		let stored = compute::Orders::<Runtime>::get(3).unwrap();
		assert_eq!(
			(shown.tenant, shown.asset, shown.resources),
			(tenant, SBTC, replica_resources())
		);
		assert_eq!((shown.regions, shown.max_price), (vec![region(b"DE")], stored.max_price));
		assert_eq!((shown.bids_until, shown.bids), (Some(stored.bid_deadline), 0));
		assert_eq!((shown.replicas.len(), shown.replicas[0].held), (1, stored.deposit));
		assert_eq!(all[0].bids_until, None);
		assert_eq!(Runtime::order(5), None);
	});
	chain.check();
}

/// Compare the detail of a running lease with the state of the pallets.
fn assert_lease_detail(lease: &LeaseInfo<AccountId>) {
	let target = Target::Lease(lease.id);
	let shown = Runtime::lease_detail(lease.id).unwrap();
	assert_eq!((&shown.listing.operator, shown.listing.price), (&lease.operator, lease.price));
	assert_eq!(shown.listing.status, ServiceStatus::Leased);
	let probed = Probes::status(target).unwrap();
	assert_eq!((shown.status.window, shown.status.counters), (probed.window, probed.counters));
	assert!(shown.status.active);
	assert_eq!(shown.status.meter, Probes::meter(target).map(|meter| meter.reading));
	assert_eq!(shown.status.exposure, operators::Exposures::<Runtime>::get(target));
	assert_eq!(shown.status.cover, shown.listing.terms.cover);
	assert_eq!(Runtime::lease_detail(lease.id + 1_000), None);
}

#[test]
fn bids_and_leases_are_listed_page_by_page() {
	let mut chain = Fixture::new();
	let tenant = funded(&mut chain, 1);
	let machines: Vec<ServiceId> = (2..5)
		.map(|n| {
			let who = operator(&mut chain, n, NATIVE);
			machine(&mut chain, &who, 9_000 + u32::from(n), 2, NATIVE)
		})
		.collect();
	let order = compute::NewOrder { quantity: 3, ..new_order(&mut chain, NATIVE) };
	let order = place(&mut chain, &tenant, order);
	// The last machine bids first; the list is in order of services nevertheless.
	for (at, service) in machines.iter().enumerate().rev() {
		let who = party(2 + at as u8);
		assert_ok!(call_as(&mut chain, &who, bid(order, *service, price(NATIVE) + at as Balance)));
	}
	let (bids, pages) = walk(&mut chain, 2, |from| Runtime::bids(order, from, 2));
	assert_eq!(
		(bids.iter().map(|bid| bid.service).collect::<Vec<_>>(), pages),
		(machines.clone(), 2)
	);
	for (at, shown) in bids.iter().enumerate() {
		let score = chain.peek(|| Reputation::score(&shown.operator));
		assert_eq!(
			(shown.operator.clone(), shown.left, shown.score),
			(party(2 + at as u8), 1, score)
		);
		assert_eq!(shown.price, price(NATIVE) + at as Balance);
		assert_eq!(shown.effective_price, compute::effective_price(shown.price, score));
	}
	assert_eq!(chain.peek(|| Runtime::order(order).unwrap().bids), 3);
	assert!(chain.peek(|| Runtime::bids(order + 1, None, 9)).items.is_empty());

	awarded(&mut chain, order, None);
	let leases: Vec<LeaseId> =
		(0..3).map(|at| chain.peek(|| lease_of(order, at)).unwrap()).collect();
	leases.iter().for_each(|lease| ready(&mut chain, *lease));
	chain.rounds(5);
	let (shown, _) = walk_unordered(&mut chain, |from| Runtime::leases_of(tenant.clone(), from, 2));
	let mut found: Vec<LeaseId> = shown.iter().map(|lease| lease.id).collect();
	found.sort_unstable();
	assert_eq!(found, leases, "all of the tenant, none twice");
	for lease in shown {
		let stored = chain.peek(|| compute::Leases::<Runtime>::get(lease.id)).unwrap();
		assert_eq!((lease.order, lease.replica, &lease.tenant), (order, stored.replica, &tenant));
		assert_eq!((&lease.operator, lease.service), (&stored.operator, stored.service));
		assert_eq!(
			(lease.price, lease.agreement),
			(stored.price, stored.ready.map(|ready| ready.agreement))
		);
		assert!(matches!(lease.phase, LeasePhase::Running { .. }), "{:?}", lease.phase);
		let verdict = lease.last_verdict.unwrap().verdict;
		assert!(matches!(verdict, Verdict::Up { .. }), "{verdict:?}");
		chain.peek(|| assert_lease_detail(&lease));
		let (of_operator, _) =
			walk_unordered(&mut chain, |from| Runtime::leases_of(stored.operator.clone(), from, 2));
		assert_eq!(of_operator, std::slice::from_ref(&lease), "and its operator's only one");
		assert_eq!(chain.peek(|| Runtime::lease(lease.id)), Some(lease));
	}
	chain.check();
}
