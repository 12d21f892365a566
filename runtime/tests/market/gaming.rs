//! Ways to gain from the rules, none of which pays. What one pallet alone decides is tested there; these
//! need the market as a whole.

use crate::{actors::*, world::World};
use frame_support::{assert_noop, assert_ok};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{
	AgreementId, AssetId, Balance, BreachKind, Clock, Meter, Probing, ServiceId, Slots as _,
	Target, Verdict, report::Finding,
};
use surety_runtime::*;

const NATIVE: AssetId = AssetId::Native;

fn down_until_breach(world: &mut World, service: ServiceId) {
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("a breach", 14, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});
}

#[test]
fn nobody_opens_an_agreement_during_an_outage() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("it is seen down", 6, move || {
		Probes::status(Target::Service(service))
			.and_then(|p| p.last)
			.is_some_and(|(_, v)| v == Verdict::Down)
	});
	let error = world.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::NotUp.into());
	world.check();
}

#[test]
fn units_opened_when_the_outage_began_are_not_credited_for_it() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	let honest = world.open(TENANT, service, 1, 6);
	world.next_window();
	// The outage has begun, no verdict says so yet.
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.rounds(1);
	let late = world.open(OTHER_TENANT, service, 1, 6);
	world.until("a breach", 14, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});
	world.rounds(2);
	assert!(
		world.peek(|| sla::Agreements::<Runtime>::get(honest).unwrap().credited)
			+ world.owed(honest)
			> 0
	);
	assert_eq!(
		world.peek(|| sla::Agreements::<Runtime>::get(late).unwrap().credited) + world.owed(late),
		0
	);
	world.check();
}

#[test]
fn opening_at_the_edge_of_a_window_credits_nothing_of_the_window_before() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	let early = world.open(TENANT, service, 1, 8);
	world.next_window();
	let window = |world: &mut World| {
		let round = world.round();
		world.peek(|| Timing::window_of(round))
	};
	let credited = window(&mut world);
	// The last two of its twelve rounds are down. In the last one no verdict says so yet.
	world.rounds(10);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.rounds(1);
	let late = world.open(OTHER_TENANT, service, 1, 6);
	assert_eq!(window(&mut world), credited, "still in the window");
	world.rounds(1);
	assert_eq!(window(&mut world), credited + 1, "and that was its last round");
	assert!(world.breaches(service).is_empty(), "both are judged in the next one");
	world.endpoints.clear();
	world.rounds(5);
	let breaches = world.breaches(service);
	assert_eq!(breaches.len(), 1, "{breaches:?}");
	let breach = &breaches[0];
	assert_eq!(
		(breach.window, breach.counters.down, breach.rate),
		(credited, 2, coin(NATIVE) / 10)
	);
	let credit = world.share(service, 1, CREDIT[0]);
	assert_eq!((world.credit(early), world.credit(late)), (credit, 0));
	world.check();
}

#[test]
fn closing_in_the_block_of_a_breach_neither_loses_nor_doubles_the_credit() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	let funds = world.total(NATIVE, TENANT);
	let id = world.open(TENANT, service, 1, 6);
	world.next_window();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	let from = world.round();
	// The breach is judged as the block begins; the call comes after it in the same block.
	let close = || {
		let breached =
			sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0);
		if breached {
			assert_ok!(Sla::close_agreement(RuntimeOrigin::signed(TENANT.to_account_id()), id));
		}
		breached
	};
	while !world.block_with(close) {
		assert!(world.round() < from + 14, "no breach");
	}
	let events = world.events();
	let at = |of: fn(&sla::Event<Runtime>) -> bool| {
		events.iter().position(|event| matches!(event, RuntimeEvent::Sla(event) if of(event)))
	};
	let breached = at(|event| matches!(event, sla::Event::Breached { .. })).expect("in this block");
	let ending = at(|event| matches!(event, sla::Event::AgreementEnding { .. }))
		.expect("in this block, too");
	assert!(breached < ending);
	let before = world.index(service);
	assert_eq!(before, CREDIT[0]);
	let closing = world.round();
	world.endpoints.clear();
	// What reached the tenant, from this block on; `on_idle` may have paid in it.
	let paid_in = |events: Vec<RuntimeEvent>| -> Balance {
		let paid = events.into_iter().filter_map(|event| match event {
			RuntimeEvent::Sla(sla::Event::CreditPaid { agreement, amount, .. })
				if agreement == id =>
			{
				Some(amount)
			},
			_ => None,
		});
		paid.sum()
	};
	let mut paid = paid_in(events);
	while world.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
		assert!(world.round() < closing + 16, "it is never closed");
		world.block();
		paid += paid_in(world.events());
	}
	assert_eq!(world.round() - 3, closing, "it ends with the round in which it was closed");
	let after = world.index(service);
	assert!(after > before, "rounds that were open when it closed count, too");
	assert_eq!(paid, world.share(service, 1, after), "all of it reached the tenant, once");
	// It paid for the first window, but for the rounds in which it was not served.
	assert!(world.total(NATIVE, TENANT) < funds, "and it has less than before");
	world.check();
}

#[test]
fn breaching_against_oneself_loses_the_penalty() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	let before = world.total(NATIVE, OPERATOR);
	let id = world.open(OPERATOR, service, 10, 2);
	world.next_window();
	down_until_breach(&mut world, service);
	world.endpoints.clear();
	world.until("it is closed", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	let after = world.total(NATIVE, OPERATOR);
	let penalties: Balance = world.breaches(service).iter().map(|b| b.penalty).sum();
	assert!(penalties > 0);
	assert!(after + penalties <= before, "the penalty and the fee are gone: {before} -> {after}");
	world.check();
}

#[test]
fn unbonding_at_the_start_of_an_outage_does_not_save_the_bond() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	world.open(TENANT, service, 10, 6);
	world.next_window();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.block();
	let free = world.free_bond(service);
	let exposed = world.peek(|| operators::Exposures::<Runtime>::get(Target::Service(service)));
	assert!(exposed > 0);
	// What is reserved cannot leave; the rest may.
	let too_much = operators::Call::unbond { asset: NATIVE, amount: free + 1 };
	let error = world.call(OPERATOR, too_much).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::BondReserved.into());
	assert_ok!(world.call(OPERATOR, operators::Call::unbond { asset: NATIVE, amount: free }));
	down_until_breach(&mut world, service);
	let breach = world.breaches(service).remove(0);
	assert_eq!(
		breach.credited,
		world.share(service, 10, breach.index_after - breach.index_before),
		"the credit is funded in full"
	);
	world.check();
}

#[test]
fn retiring_at_the_start_of_an_outage_does_not_stop_the_judgement() {
	let mut world = World::new();
	let service = world.operator(NATIVE);
	let id = world.open(TENANT, service, 1, 6);
	world.next_window();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.block();
	assert_ok!(world.call(OPERATOR, operators::Call::retire_service { service }));
	down_until_breach(&mut world, service);
	assert!(world.index(service) > Default::default());
	// And it all ends: the agreement is closed by the chain, then the listing can go.
	world.until("the agreement ends", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	world.until("the service ends", 40, move || {
		operators::Services::<Runtime>::get(service).is_some_and(|s| match s.status {
			surety_primitives::ServiceStatus::Ending { at } => at < Probes::judged_round(),
			_ => false,
		})
	});
	assert_ok!(world.call(STRANGER, operators::Call::remove_service { service }));
	world.rounds(4);
	world.check();
}

/// Three operators are all there is of a network, with an agreement for so many units each; all are found like
/// this for two rounds of one window.
fn a_network_fails(units: [u32; 3], finding: Finding) -> (World, [ServiceId; 3], [AgreementId; 3]) {
	let mut world = World::new();
	let who = [OPERATOR, OTHER_TENANT, STRANGER];
	let endpoints = ["http://127.0.0.1:1/", "http://127.0.0.1:2/", "http://127.0.0.1:3/"];
	let services = [0, 1, 2].map(|n| {
		world.register(who[n], NATIVE);
		let kind = surety_primitives::ServiceKind::Rpc { network: 1 };
		world.list(who[n], &Offer { kind, endpoint: endpoints[n], ..Offer::native() })
	});
	let agreements = [0, 1, 2].map(|n| world.open(TENANT, services[n], units[n], 12));
	world.next_window();
	world.rounds(2);
	for service in services {
		world.endpoints.insert(Target::Service(service), finding);
	}
	world.rounds(2);
	let last = world.round() - 1;
	world.endpoints.clear();
	world.judged(last);
	(world, services, agreements)
}

#[test]
fn an_outage_of_a_whole_network_is_excused_only_where_the_probers_doubt_themselves() {
	let (mut world, services, agreements) = a_network_fails([2; 3], Finding::InDoubt);
	for (service, agreement) in services.into_iter().zip(agreements) {
		let counters = world.peek(|| Probes::status(Target::Service(service)).unwrap().counters);
		assert_eq!((counters.excused, counters.down), (2, 0));
		assert!(world.breaches(service).is_empty());
		assert_eq!(world.credit(agreement), 0);
		let billed = world.peek(|| {
			let reading = Probes::meter(Target::Service(service)).unwrap().reading;
			let blocks = Timing::round_blocks();
			let at = |round| reading.at_most(round, blocks).unwrap();
			at(reading.through) - at(reading.through - 2)
		});
		assert_eq!(billed, 0, "nobody pays for what nobody measured");
	}

	// All of a network's operators together are no excuse, nor that they agree with each other on what is wrong.
	for (finding, kind) in [
		(Finding::Down, BreachKind::Downtime),
		(Finding::Bad(Default::default()), BreachKind::BadData),
	] {
		let (mut world, services, agreements) = a_network_fails([2; 3], finding);
		for (service, agreement) in services.into_iter().zip(agreements) {
			let breaches = world.breaches(service);
			assert_eq!(breaches.len(), 1, "{breaches:?}");
			assert_eq!((breaches[0].kind, breaches[0].counters.against(kind)), (kind, 2));
			let credit = world.share(service, 2, CREDIT[0]);
			assert_eq!((breaches[0].credited, breaches[0].penalty), (credit, credit / 10));
			assert_eq!(world.credit(agreement), credit);
		}
		let credit = world.share(services[0], 2, CREDIT[0]);
		for who in [OPERATOR, OTHER_TENANT, STRANGER] {
			assert_eq!(world.bond(who, NATIVE), 1_000 * UNIT - credit - credit / 10);
		}
		world.check();
	}
}

#[test]
fn poking_settlement_every_block_pays_what_settling_once_pays() {
	let paid = |poke: bool| {
		let mut world = World::new();
		let service = world.operator(NATIVE);
		let before = world.total(NATIVE, TENANT);
		let id = world.open(TENANT, service, 3, 3);
		while world.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
			if poke {
				let _ = world.call(STRANGER, sla::Call::settle { agreement: id });
			} else {
				world.block();
			}
		}
		world.check();
		before - world.total(NATIVE, TENANT)
	};
	assert_eq!(paid(true), paid(false));
}

#[test]
fn a_tenant_who_cannot_be_paid_stops_nobody() {
	let asset = AssetId::Local(genesis::SBTC);
	let mut world = World::new();
	let service = world.operator(asset);
	let blocked = world.open(TENANT, service, 1, 6);
	let paid = world.open(OTHER_TENANT, service, 1, 6);
	let who = sp_runtime::MultiAddress::Id(TENANT.to_account_id());
	let block = pallet_assets::Call::block { id: codec::Compact(genesis::SBTC), who: who.clone() };
	let treasury = configs::market::Treasury::get();
	world.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		assert_ok!(RuntimeCall::from(block).dispatch(RuntimeOrigin::signed(treasury.clone())));
	});
	world.next_window();
	down_until_breach(&mut world, service);
	world.endpoints.clear();
	world.rounds(6);
	let _ = world.call(STRANGER, sla::Call::settle { agreement: paid });
	assert_eq!(world.owed(paid), 0, "the other tenant has its credit");
	let index = world.index(service);
	assert!(index >= CREDIT[0]);
	assert_eq!(world.owed(blocked), world.share(service, 1, index), "and his is still his");
	let thaw = pallet_assets::Call::thaw { id: codec::Compact(genesis::SBTC), who };
	world.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		assert_ok!(RuntimeCall::from(thaw).dispatch(RuntimeOrigin::signed(treasury)));
	});
	// The walk in idle block space may have been there first.
	if world.owed(blocked) > 0 {
		assert_ok!(world.call(STRANGER, sla::Call::claim { agreement: blocked }));
	}
	assert_eq!(world.owed(blocked), 0);
	world.check();
}

#[test]
fn a_frozen_bond_is_slashed_all_the_same() {
	let asset = AssetId::Local(genesis::SBTC);
	let mut world = World::new();
	let service = world.operator(asset);
	world.open(TENANT, service, 1, 6);
	let treasury = configs::market::Treasury::get();
	let who = sp_runtime::MultiAddress::Id(OPERATOR.to_account_id());
	world.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		let freeze = pallet_assets::Call::freeze { id: codec::Compact(genesis::SBTC), who };
		assert_ok!(RuntimeCall::from(freeze).dispatch(RuntimeOrigin::signed(treasury)));
	});
	world.next_window();
	let bond = world.bond(OPERATOR, asset);
	down_until_breach(&mut world, service);
	let breach = world.breaches(service).remove(0);
	assert_eq!(breach.credited, world.share(service, 1, CREDIT[0]));
	assert!(world.bond(OPERATOR, asset) < bond);
	world.check();
}

#[test]
fn an_asset_in_private_hands_is_never_approved() {
	use sp_runtime::{DispatchError, MultiAddress, traits::Dispatchable};
	let mut world = World::new();
	world.peek(|| {
		let treasury = MultiAddress::Id(configs::market::Treasury::get());
		let private = MultiAddress::Id(STRANGER.to_account_id());
		let approve = |id| Operators::approve_asset(RuntimeOrigin::root(), id, 1_000);
		let create = |id: u32, owner, sufficient| {
			assert_ok!(Assets::force_create(
				RuntimeOrigin::root(),
				codec::Compact(id),
				owner,
				sufficient,
				100
			));
		};
		let other = |why| DispatchError::Other(why);
		assert_noop!(approve(7), operators::Error::<Runtime>::AssetUnusable);
		create(7, treasury.clone(), false);
		assert_noop!(approve(7), other("the asset is not sufficient"));
		create(8, treasury.clone(), true);
		assert_ok!(approve(8));
		// One private role is one too many, whichever it is.
		let hands = "the asset has an owner, issuer, admin or freezer beside the treasury";
		for (id, role) in (9..).zip(0..4) {
			create(id, treasury.clone(), true);
			let of = |n| if n == role { private.clone() } else { treasury.clone() };
			let (owner, issuer, admin, freezer) = (of(0), of(1), of(2), of(3));
			assert_ok!(Assets::force_asset_status(
				RuntimeOrigin::root(),
				codec::Compact(id),
				owner,
				issuer,
				admin,
				freezer,
				100,
				true,
				false
			));
			assert_noop!(approve(id), other(hands));
		}
		// Whoever had it before has seen to it that no credit arrives, or that none leaves.
		let spoiled = "the asset, or an account of the chain's own in it, is frozen or blocked";
		type Spoil = fn(u32, MultiAddress<AccountId, ()>) -> pallet_assets::Call<Runtime>;
		let ways: [Spoil; 2] = [
			|id, who| pallet_assets::Call::block { id: codec::Compact(id), who },
			|id, who| pallet_assets::Call::freeze { id: codec::Compact(id), who },
		];
		let own = [configs::market::Treasury::get(), configs::market::ProberPot::get(), Sla::pot()];
		for (id, (spoil, who)) in
			(20..).zip(ways.iter().flat_map(|spoil| own.iter().map(move |who| (spoil, who))))
		{
			create(id, treasury.clone(), true);
			let by = RuntimeOrigin::signed(configs::market::Treasury::get());
			let who = MultiAddress::Id(who.clone());
			let mint = pallet_assets::Call::mint {
				id: codec::Compact(id),
				beneficiary: who.clone(),
				amount: 100,
			};
			assert_ok!(RuntimeCall::from(mint).dispatch(by.clone()));
			assert_ok!(RuntimeCall::from(spoil(id, who)).dispatch(by));
			assert_noop!(approve(id), other(spoiled));
		}
	});
	world.check();
}
