// SPDX-License-Identifier: Apache-2.0

//! Attempts to gain from the rules, none of which pays. These tests need the market as a whole;
//! rules of one pallet are tested there.

use crate::{actors::*, fixture::Fixture};
use frame_support::{assert_noop, assert_ok};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{
	AgreementId, AssetId, Balance, BreachKind, Clock, Meter, Probing, ServiceId, Slots as _,
	Target, Verdict, report::Finding,
};
use surety_runtime::*;

const NATIVE: AssetId = AssetId::Native;

fn down_until_breach(chain: &mut Fixture, service: ServiceId) {
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a breach", 14, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});
}

#[test]
fn nobody_opens_an_agreement_during_an_outage() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("it is seen down", 6, move || {
		Probes::status(Target::Service(service))
			.and_then(|p| p.last)
			.is_some_and(|(_, v)| v == Verdict::Down)
	});
	let error = chain.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::NotUp.into());
	chain.check();
}

#[test]
fn units_opened_when_the_outage_began_are_not_credited_for_it() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let honest = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	// The outage has begun, and no verdict shows it yet.
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(1);
	let late = chain.open(OTHER_TENANT, service, 1, 6);
	chain.until("a breach", 14, move || {
		sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0)
	});
	chain.rounds(2);
	assert!(
		chain.peek(|| sla::Agreements::<Runtime>::get(honest).unwrap().credited)
			+ chain.owed(honest)
			> 0
	);
	assert_eq!(
		chain.peek(|| sla::Agreements::<Runtime>::get(late).unwrap().credited) + chain.owed(late),
		0
	);
	chain.check();
}

#[test]
fn opening_at_the_edge_of_a_window_credits_nothing_of_the_window_before() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let early = chain.open(TENANT, service, 1, 8);
	chain.next_window();
	let window = |chain: &mut Fixture| {
		let round = chain.round();
		chain.peek(|| Timing::window_of(round))
	};
	let credited = window(&mut chain);
	// The last two of its twelve rounds are down. In the last one no verdict shows it yet.
	chain.rounds(10);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(1);
	let late = chain.open(OTHER_TENANT, service, 1, 6);
	assert_eq!(window(&mut chain), credited, "still in the window");
	chain.rounds(1);
	assert_eq!(window(&mut chain), credited + 1, "and that was its last round");
	assert!(chain.breaches(service).is_empty(), "both are judged in the next one");
	chain.endpoints.clear();
	chain.rounds(5);
	let breaches = chain.breaches(service);
	assert_eq!(breaches.len(), 1, "{breaches:?}");
	let breach = &breaches[0];
	assert_eq!(
		(breach.window, breach.counters.down, breach.rate),
		(credited, 2, coin(NATIVE) / 10)
	);
	let credit = chain.share(service, 1, CREDIT[0]);
	assert_eq!((chain.credit(early), chain.credit(late)), (credit, 0));
	chain.check();
}

#[test]
fn closing_in_the_block_of_a_breach_neither_loses_nor_doubles_the_credit() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let funds = chain.total(NATIVE, TENANT);
	let id = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	let from = chain.round();
	// The breach is judged when the block begins; the call follows in the same block.
	let close = || {
		let breached =
			sla::Targets::<Runtime>::get(Target::Service(service)).is_some_and(|s| s.breaches > 0);
		if breached {
			assert_ok!(Sla::close_agreement(RuntimeOrigin::signed(TENANT.to_account_id()), id));
		}
		breached
	};
	while !chain.block_with(close) {
		assert!(chain.round() < from + 14, "no breach");
	}
	let events = chain.events();
	let at = |of: fn(&sla::Event<Runtime>) -> bool| {
		events.iter().position(|event| matches!(event, RuntimeEvent::Sla(event) if of(event)))
	};
	let breached = at(|event| matches!(event, sla::Event::Breached { .. })).expect("in this block");
	let ending = at(|event| matches!(event, sla::Event::AgreementEnding { .. }))
		.expect("in this block, too");
	assert!(breached < ending);
	let before = chain.index(service);
	assert_eq!(before, CREDIT[0]);
	let closing = chain.round();
	chain.endpoints.clear();
	// Credits paid to the tenant from this block on; `on_idle` may have paid in it.
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
	while chain.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
		assert!(chain.round() < closing + 16, "it is never closed");
		chain.block();
		paid += paid_in(chain.events());
	}
	assert_eq!(chain.round() - 3, closing, "it ends with the round in which it was closed");
	let after = chain.index(service);
	assert!(after > before, "rounds that were open when it closed count, too");
	assert_eq!(paid, chain.share(service, 1, after), "all of it reached the tenant, once");
	// The tenant paid for the first window, except the rounds in which it was not served.
	assert!(chain.total(NATIVE, TENANT) < funds, "and it has less than before");
	chain.check();
}

#[test]
fn breaching_against_oneself_loses_the_penalty() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let before = chain.total(NATIVE, OPERATOR);
	let id = chain.open(OPERATOR, service, 10, 2);
	chain.next_window();
	down_until_breach(&mut chain, service);
	chain.endpoints.clear();
	chain.until("it is closed", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	let after = chain.total(NATIVE, OPERATOR);
	let penalties: Balance = chain.breaches(service).iter().map(|b| b.penalty).sum();
	assert!(penalties > 0);
	assert!(after + penalties <= before, "the penalty and the fee are gone: {before} -> {after}");
	chain.check();
}

#[test]
fn unbonding_at_the_start_of_an_outage_does_not_save_the_bond() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	chain.open(TENANT, service, 10, 6);
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.block();
	let free = chain.free_bond(service);
	let exposed = chain.peek(|| operators::Exposures::<Runtime>::get(Target::Service(service)));
	assert!(exposed > 0);
	// Reserved bond cannot be unbonded, free bond can.
	let too_much = operators::Call::unbond { asset: NATIVE, amount: free + 1 };
	let error = chain.call(OPERATOR, too_much).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::BondReserved.into());
	assert_ok!(chain.call(OPERATOR, operators::Call::unbond { asset: NATIVE, amount: free }));
	down_until_breach(&mut chain, service);
	let breach = chain.breaches(service).remove(0);
	assert_eq!(
		breach.credited,
		chain.share(service, 10, breach.index_after - breach.index_before),
		"the credit is funded in full"
	);
	chain.check();
}

#[test]
fn retiring_at_the_start_of_an_outage_does_not_prevent_the_breach() {
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	let id = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.block();
	assert_ok!(chain.call(OPERATOR, operators::Call::retire_service { service }));
	down_until_breach(&mut chain, service);
	assert!(chain.index(service) > Default::default());
	// Everything ends: the chain closes the agreement, then the listing can be removed.
	chain.until("the agreement ends", 40, move || !sla::Agreements::<Runtime>::contains_key(id));
	chain.until("the service ends", 40, move || {
		operators::Services::<Runtime>::get(service).is_some_and(|s| match s.status {
			surety_primitives::ServiceStatus::Ending { at } => at < Probes::judged_round(),
			_ => false,
		})
	});
	assert_ok!(chain.call(STRANGER, operators::Call::remove_service { service }));
	chain.rounds(4);
	chain.check();
}

/// All three operators of a network, each with an agreement for `units`. All services get `finding`
/// for two rounds of one window.
fn a_network_fails(
	units: [u32; 3],
	finding: Finding,
) -> (Fixture, [ServiceId; 3], [AgreementId; 3]) {
	let mut chain = Fixture::new();
	let who = [OPERATOR, OTHER_TENANT, STRANGER];
	let endpoints = ["http://127.0.0.1:1/", "http://127.0.0.1:2/", "http://127.0.0.1:3/"];
	let services = [0, 1, 2].map(|n| {
		chain.register(who[n], NATIVE);
		let kind = surety_primitives::ServiceKind::Rpc { network: 1 };
		chain.list(who[n], &Offer { kind, endpoint: endpoints[n], ..Offer::native() })
	});
	let agreements = [0, 1, 2].map(|n| chain.open(TENANT, services[n], units[n], 12));
	chain.next_window();
	chain.rounds(2);
	for service in services {
		chain.endpoints.insert(Target::Service(service), finding);
	}
	chain.rounds(2);
	let last = chain.round() - 1;
	chain.endpoints.clear();
	chain.judged(last);
	(chain, services, agreements)
}

#[test]
fn an_outage_of_a_whole_network_is_excused_only_in_doubt() {
	let (mut chain, services, agreements) = a_network_fails([2; 3], Finding::InDoubt);
	for (service, agreement) in services.into_iter().zip(agreements) {
		let counters = chain.peek(|| Probes::status(Target::Service(service)).unwrap().counters);
		assert_eq!((counters.excused, counters.down), (2, 0));
		assert!(chain.breaches(service).is_empty());
		assert_eq!(chain.credit(agreement), 0);
		let billed = chain.peek(|| {
			let reading = Probes::meter(Target::Service(service)).unwrap().reading;
			let blocks = Timing::round_blocks();
			let at = |round| reading.at_most(round, blocks).unwrap();
			at(reading.through) - at(reading.through - 2)
		});
		assert_eq!(billed, 0, "nobody pays for what nobody measured");
	}

	// An outage of all operators of a network is not excused, and neither are wrong answers on
	// which all of them agree.
	for (finding, kind) in [
		(Finding::Down, BreachKind::Downtime),
		(Finding::Bad(Default::default()), BreachKind::BadData),
	] {
		let (mut chain, services, agreements) = a_network_fails([2; 3], finding);
		for (service, agreement) in services.into_iter().zip(agreements) {
			let breaches = chain.breaches(service);
			assert_eq!(breaches.len(), 1, "{breaches:?}");
			assert_eq!((breaches[0].kind, breaches[0].counters.against(kind)), (kind, 2));
			let credit = chain.share(service, 2, CREDIT[0]);
			assert_eq!((breaches[0].credited, breaches[0].penalty), (credit, credit / 10));
			assert_eq!(chain.credit(agreement), credit);
		}
		let credit = chain.share(services[0], 2, CREDIT[0]);
		for who in [OPERATOR, OTHER_TENANT, STRANGER] {
			assert_eq!(chain.bond(who, NATIVE), 1_000 * UNIT - credit - credit / 10);
		}
		chain.check();
	}
}

#[test]
fn settling_every_block_pays_what_settling_once_pays() {
	let paid = |settles: bool| {
		let mut chain = Fixture::new();
		let service = chain.operator(NATIVE);
		let before = chain.total(NATIVE, TENANT);
		let id = chain.open(TENANT, service, 3, 3);
		while chain.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
			if settles {
				let _ = chain.call(STRANGER, sla::Call::settle { agreement: id });
			} else {
				chain.block();
			}
		}
		chain.check();
		before - chain.total(NATIVE, TENANT)
	};
	assert_eq!(paid(true), paid(false));
}

#[test]
fn a_tenant_that_cannot_be_paid_blocks_nobody() {
	let asset = AssetId::Local(genesis::SBTC);
	let mut chain = Fixture::new();
	let service = chain.operator(asset);
	let blocked = chain.open(TENANT, service, 1, 6);
	let paid = chain.open(OTHER_TENANT, service, 1, 6);
	let who = sp_runtime::MultiAddress::Id(TENANT.to_account_id());
	let block = pallet_assets::Call::block { id: codec::Compact(genesis::SBTC), who: who.clone() };
	let treasury = configs::market::TreasuryAccount::get();
	chain.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		assert_ok!(RuntimeCall::from(block).dispatch(RuntimeOrigin::signed(treasury.clone())));
	});
	chain.next_window();
	down_until_breach(&mut chain, service);
	chain.endpoints.clear();
	chain.rounds(6);
	let _ = chain.call(STRANGER, sla::Call::settle { agreement: paid });
	assert_eq!(chain.owed(paid), 0, "the other tenant has its credit");
	let index = chain.index(service);
	assert!(index >= CREDIT[0]);
	assert_eq!(
		chain.owed(blocked),
		chain.share(service, 1, index),
		"the credit of the blocked tenant is still owed"
	);
	let thaw = pallet_assets::Call::thaw { id: codec::Compact(genesis::SBTC), who };
	chain.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		assert_ok!(RuntimeCall::from(thaw).dispatch(RuntimeOrigin::signed(treasury)));
	});
	// `on_idle` may have paid first.
	if chain.owed(blocked) > 0 {
		assert_ok!(chain.call(STRANGER, sla::Call::claim { agreement: blocked }));
	}
	assert_eq!(chain.owed(blocked), 0);
	chain.check();
}

#[test]
fn a_frozen_bond_is_slashed_all_the_same() {
	let asset = AssetId::Local(genesis::SBTC);
	let mut chain = Fixture::new();
	let service = chain.operator(asset);
	chain.open(TENANT, service, 1, 6);
	let treasury = configs::market::TreasuryAccount::get();
	let who = sp_runtime::MultiAddress::Id(OPERATOR.to_account_id());
	chain.block_with(|| {
		use sp_runtime::traits::Dispatchable;
		let freeze = pallet_assets::Call::freeze { id: codec::Compact(genesis::SBTC), who };
		assert_ok!(RuntimeCall::from(freeze).dispatch(RuntimeOrigin::signed(treasury)));
	});
	chain.next_window();
	let bond = chain.bond(OPERATOR, asset);
	down_until_breach(&mut chain, service);
	let breach = chain.breaches(service).remove(0);
	assert_eq!(breach.credited, chain.share(service, 1, CREDIT[0]));
	assert!(chain.bond(OPERATOR, asset) < bond);
	chain.check();
}

#[test]
fn an_asset_with_a_private_role_is_never_approved() {
	use sp_runtime::{DispatchError, MultiAddress, traits::Dispatchable};
	let mut chain = Fixture::new();
	chain.peek(|| {
		let treasury = MultiAddress::Id(configs::market::TreasuryAccount::get());
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
		// No role may be private.
		let private_role = "owner, issuer, admin or freezer of the asset is not the treasury";
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
			assert_noop!(approve(id), other(private_role));
		}
		// An earlier owner has blocked or frozen an account of the chain, so that credit cannot be
		// delivered.
		let spoiled = "the asset, or an account of the chain in it, is frozen or blocked";
		type Spoil = fn(u32, MultiAddress<AccountId, ()>) -> pallet_assets::Call<Runtime>;
		let ways: [Spoil; 2] = [
			|id, who| pallet_assets::Call::block { id: codec::Compact(id), who },
			|id, who| pallet_assets::Call::freeze { id: codec::Compact(id), who },
		];
		let own = [
			configs::market::TreasuryAccount::get(),
			configs::market::ProberPot::get(),
			Sla::pot(),
		];
		for (id, (spoil, who)) in
			(20..).zip(ways.iter().flat_map(|spoil| own.iter().map(move |who| (spoil, who))))
		{
			create(id, treasury.clone(), true);
			let by = RuntimeOrigin::signed(configs::market::TreasuryAccount::get());
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
	chain.check();
}
