// SPDX-License-Identifier: Apache-2.0

//! No tenant ends with more than it began with, for any terms and any cause of an outage.

use crate::{actors::*, fixture::Fixture, orders};
use frame_support::assert_ok;
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sp_runtime::traits::Dispatchable;
use surety_primitives::{
	AssetId, Balance, Clock, Funds, ServiceId, ServiceStatus, Slots, Target, Verdict, WindowShare,
	report::Finding,
};
use surety_runtime::{configs::assets::MarketFunds, *};

const NATIVE: AssetId = AssetId::Native;
const SBTC: AssetId = AssetId::Local(genesis::SBTC);

/// The most generous terms that governance allows: thirty windows' prices for any breach.
fn generous(asset: AssetId) -> Offer<'static> {
	let mut offer = Offer::of(asset);
	offer.terms.credit = [WindowShare::from_u32(30); 4];
	offer.terms.cover = WindowShare::from_u32(60);
	offer
}

fn operator_with(chain: &mut Fixture, offer: &Offer) -> ServiceId {
	chain.register(OPERATOR, offer.asset);
	chain.list(OPERATOR, offer)
}

fn treasury(chain: &mut Fixture, asset: AssetId) -> Balance {
	chain.peek(|| MarketFunds::total(asset, &configs::market::TreasuryAccount::get()))
}

fn gone(agreement: u32) -> impl Fn() -> bool {
	move || !sla::Agreements::<Runtime>::contains_key(agreement)
}

/// A unit is bought in the last round before a window of outage, after which the service ends for
/// cause.
fn the_last_round_before_an_outage(asset: AssetId) {
	let mut chain = Fixture::new();
	let service = operator_with(&mut chain, &generous(asset));
	chain.next_window();
	// The last round of the window.
	chain.rounds(11);
	let before = chain.total(asset, TENANT);
	let id = chain.open(TENANT, service, 1, 6);
	chain.rounds(1);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a breach", 6, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	let set_aside = chain.breaches(service)[0].credited;
	assert_eq!(
		set_aside,
		chain.share(service, 1, WindowShare::from_u32(30)),
		"all of it leaves the bond"
	);
	let treasury_before = treasury(&mut chain, asset);
	let window = chain.price(service, 1, 1);
	chain.until("it ends for cause", 30, gone(id));
	let after = chain.total(asset, TENANT);
	assert!(after <= before, "{after} of {before}");
	// Nothing is credited but the price of the first rounds.
	let rest = set_aside - (before - after);
	assert!(rest > 0);
	assert_ok!(chain.call(STRANGER, operators::Call::remove_service { service }));
	assert!(treasury(&mut chain, asset) >= treasury_before + set_aside - window.min(rest));
	chain.check();
}

#[test]
fn buying_in_the_last_round_before_an_outage_earns_nothing_in_native() {
	the_last_round_before_an_outage(NATIVE);
}

#[test]
fn buying_in_the_last_round_before_an_outage_earns_nothing_in_an_asset() {
	the_last_round_before_an_outage(SBTC);
}

/// A few rounds of outage in each of three windows, then the tenant closes the agreement.
fn three_short_outages(asset: AssetId) {
	let mut chain = Fixture::new();
	let mut offer = generous(asset);
	// Repeated breaches multiply, and the cover must last.
	offer.terms.credit = [WindowShare::from_u32(5); 4];
	let service = operator_with(&mut chain, &offer);
	let before = chain.total(asset, TENANT);
	let id = chain.open(TENANT, service, 1, 8);
	for _ in 0..3 {
		chain.next_window();
		chain.endpoints.insert(Target::Service(service), Finding::Down);
		chain.rounds(3);
		chain.endpoints.clear();
	}
	chain.rounds(3);
	let promised = chain.credit(id);
	assert!(
		promised > 2 * chain.price(service, 1, 3),
		"much more than it can have paid: {promised}"
	);
	assert!(chain.total(asset, TENANT) <= before, "at no moment");
	assert_ok!(chain.call(TENANT, sla::Call::close_agreement { agreement: id }));
	chain.until("it is over", 10, gone(id));
	assert!(chain.total(asset, TENANT) <= before);
	// The service was free, as the operator promised.
	assert_eq!(chain.total(asset, TENANT), before);
	chain.check();
}

#[test]
fn three_short_outages_make_a_service_free_and_no_more_in_native() {
	three_short_outages(NATIVE);
}

#[test]
fn three_short_outages_make_a_service_free_and_no_more_in_an_asset() {
	three_short_outages(SBTC);
}

#[test]
fn an_operator_that_is_its_own_tenant_loses_fee_and_penalty() {
	let mut chain = Fixture::new();
	let service = operator_with(&mut chain, &generous(NATIVE));
	let before = chain.total(NATIVE, OPERATOR);
	let id = chain.open(OPERATOR, service, 1, 4);
	chain.next_window();
	chain.rounds(2);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(3);
	chain.endpoints.clear();
	chain.until("it is over", 60, gone(id));
	chain.next_window();
	chain.rounds(4);
	let lost = before - chain.total(NATIVE, OPERATOR);
	let penalties: Balance = chain.breaches(service).iter().map(|b| b.penalty).sum();
	assert!(penalties > 0 && lost > penalties, "lost {lost}, {penalties} in penalties");
	chain.check();
}

/// With many listings, an idle one is due every tenth round only.
#[test]
fn a_stale_up_of_an_idle_listing_sells_nothing() {
	let mut chain = Fixture::new();
	let pages = 12;
	let each = pages * probes::ROWS / 2;
	// Two pages are due in a round: one with the sold services, and one of the idle pages in turn.
	chain.peek(|| probes::Capacity::<Runtime>::put(2));
	let call = generous(NATIVE).call();
	for who in [OPERATOR, OTHER_TENANT] {
		chain.register(who, NATIVE);
		chain.block_with(|| {
			for _ in 0..each {
				let listed = RuntimeCall::from(call.clone())
					.dispatch(RuntimeOrigin::signed(who.to_account_id()));
				assert_ok!(listed);
			}
		});
	}
	// One service is sold, so that one page is left for all others.
	chain.until("it is up", 20, || {
		Probes::status(Target::Service(7)).is_some_and(|probed| probed.last.is_some())
	});
	chain.open(STRANGER, 7, 1, 8);
	let service = 5;
	let last = || Probes::status(Target::Service(service)).and_then(|probed| probed.last);
	let up = move || last().is_some_and(|(_, verdict)| matches!(verdict, Verdict::Up { .. }));
	chain.until("it was seen up", 20, up);
	// The service goes down before its next turn, and only its buyer knows.
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("the verdict is stale", 12, move || {
		up() && last().is_some_and(|(round, _)| round + sla::FRESH_ROUNDS < Timing::round())
	});
	let error = chain.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::VerdictTooOld.into());
	// A tenant that wants units requests a probe, and pays a fee for it.
	let funds = chain.total(NATIVE, TENANT);
	let asked =
		chain.signed(TENANT, probes::Call::request_probe { service }).expect("it is included");
	assert_ok!(asked);
	assert!(chain.total(NATIVE, TENANT) < funds);
	chain.until("it is probed out of turn", 5, move || {
		last().is_some_and(|(_, verdict)| verdict == Verdict::Down)
	});
	let error = chain.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::NotUp.into());
	chain.check();
}

/// A proxy that may operate accepts no terms that the owner of the bond did not agree to.
#[test]
fn a_proxy_key_accepts_no_terms_of_an_order() {
	let mut chain = Fixture::new();
	let tenant = orders::funded(&mut chain, 0);
	let owner = orders::operator(&mut chain, 1, NATIVE);
	let machine = orders::machine(&mut chain, &owner, 9_001, 2, NATIVE);
	let key = orders::funded(&mut chain, 2);
	let delegate = sp_runtime::MultiAddress::Id(key.clone());
	let add = pallet_proxy::Call::add_proxy {
		delegate,
		proxy_type: configs::accounts::ProxyType::Operate,
		delay: 0,
	};
	assert_ok!(orders::call_as(&mut chain, &owner, add));

	let mut new = orders::new_order(&mut chain, NATIVE);
	let terms = new.terms.as_mut().unwrap();
	(terms.credit, terms.cover) = ([WindowShare::from_u32(30); 4], WindowShare::from_u32(60));
	let order = orders::place(&mut chain, &tenant, new.clone());
	let bond = chain.peek(|| operators::Bonds::<Runtime>::get(&owner, NATIVE));
	let bid = |chain: &mut Fixture, order, foreign_terms| {
		let price = orders::price(NATIVE);
		let bid =
			compute::Call::place_bid { order, service: machine, price, replicas: 1, foreign_terms };
		let real = sp_runtime::MultiAddress::Id(owner.clone());
		let proxy =
			pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(bid.into()) };
		assert_ok!(orders::call_as(chain, &key, proxy));
		let events = chain.events();
		events
			.into_iter()
			.find_map(|event| match event {
				RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
				_ => None,
			})
			.expect("the proxy's call was tried")
	};
	assert_eq!(
		bid(&mut chain, order, true),
		Err(frame_system::Error::<Runtime>::CallFiltered.into())
	);
	assert_eq!(bid(&mut chain, order, false), Err(compute::Error::<Runtime>::ForeignTerms.into()));
	assert_eq!(chain.peek(|| operators::Bonds::<Runtime>::get(&owner, NATIVE)), bond);

	// With the terms of the service, the proxy bids.
	new.terms = None;
	new.bid_deadline += 12;
	let order = orders::place(&mut chain, &tenant, new);
	assert_ok!(bid(&mut chain, order, false));
	chain.check();
}

/// The rent of a slot is owed for any verdict, and goes to the probers.
#[test]
fn a_slot_that_earns_nothing_pays_its_rent_to_the_probers() {
	let mut chain = Fixture::new();
	let service = operator_with(&mut chain, &Offer::native());
	chain.open(TENANT, service, 1, 30);
	let rent = chain.peek(|| {
		sla::Targets::<Runtime>::get(Target::Service(service)).unwrap().slot.unwrap().rent
	});
	assert!(rent > 0);
	chain.next_window();
	chain.rounds(2);
	let paid = |events: Vec<RuntimeEvent>| -> Balance {
		let rents = events.into_iter().filter_map(|event| match event {
			RuntimeEvent::Operators(operators::Event::RentPaid { amount, .. }) => Some(amount),
			_ => None,
		});
		rents.sum()
	};
	// The service is down for the whole window: nothing is billed, so no fee counts.
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	let mut sum = 0;
	let from = chain.round();
	while chain.round() < from + 16 {
		chain.block();
		sum += paid(chain.events());
	}
	// The rent is owed for the rounds in which the slot was held.
	assert!(sum > rent / 2, "{sum} of {rent}");
	let status = chain.peek(|| operators::Services::<Runtime>::get(service).unwrap().status);
	assert!(matches!(status, ServiceStatus::Ending { .. }), "and it is dead: {status:?}");
	chain.check();
}

/// Slots are expensive when nearly all are taken. A bond that cannot reserve another window's rent
/// ends the service, a window after the warning.
#[test]
fn a_bond_that_cannot_reserve_the_rent_ends_the_service_after_a_warning() {
	use parameters::{RuntimeParameters, market, operators as bonds};
	let mut chain = Fixture::new();
	for change in [
		RuntimeParameters::Operators(bonds::Parameters::MinimumBond(
			bonds::MinimumBond,
			Some(150 * UNIT),
		)),
		RuntimeParameters::Market(market::Parameters::RentPeak(
			market::RentPeak,
			Some(sp_runtime::Perbill::one()),
		)),
	] {
		let call = RuntimeCall::from(pallet_parameters::Call::set_parameter { key_value: change });
		chain.block_with(|| {
			assert_ok!(call.dispatch(RuntimeOrigin::root()));
		});
	}
	chain.next_window();
	let mut offer = Offer::native();
	offer.terms.cover = WindowShare::from_u32(1);
	let service = operator_with(&mut chain, &offer);
	// Set the occupancy as if all slots but one were taken.
	let slots = chain.peek(|| <Probes as Slots>::occupancy().slots);
	let crowd = move |active: &mut probes::ActiveSlots| active.taken += slots - 1;
	chain.peek(|| probes::Active::<Runtime>::mutate(crowd));
	let error = chain.try_open(TENANT, service, 1, 8).unwrap_err().error;
	assert_eq!(
		error,
		sla::Error::<Runtime>::BelowRent.into(),
		"nobody fills slots for less than they cost"
	);
	let id = chain.open(TENANT, service, 21, 8);
	let free = chain.free_bond(service);
	assert_ok!(chain.call(OPERATOR, operators::Call::unbond { asset: NATIVE, amount: free }));
	let (mut warned, mut ended) = (None, None);
	while chain.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
		chain.block();
		for event in chain.events() {
			match event {
				RuntimeEvent::Sla(sla::Event::RentShort { reserved, .. }) => {
					assert_eq!(reserved, 2);
					warned.get_or_insert(chain.round());
				},
				RuntimeEvent::Sla(sla::Event::ServiceTerminated { at, code, .. }) => {
					assert_eq!(code, 2_007);
					ended = Some((chain.round(), at));
				},
				_ => {},
			}
		}
		assert!(chain.round() < 80);
	}
	let (found, at) = ended.expect("for its rent");
	let rounds = chain.peek(|| u32::from(Timing::window_rounds()));
	assert_eq!(found - warned.expect("a window before"), rounds);
	assert!(at + 4 >= found + rounds, "and with another window's notice");
	chain.peek(|| probes::Active::<Runtime>::mutate(|active| active.taken -= slots - 1));
	chain.check();
}
