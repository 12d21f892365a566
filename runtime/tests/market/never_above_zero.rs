//! Whatever the terms promise, and whoever makes an outage: no tenant ends with more than it began with.

use crate::{actors::*, orders, world::World};
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

/// Terms as generous as governance allows: thirty windows' prices for any breach.
fn generous(asset: AssetId) -> Offer<'static> {
	let mut offer = Offer::of(asset);
	offer.terms.credit = [WindowShare::from_u32(30); 4];
	offer.terms.cover = WindowShare::from_u32(60);
	offer
}

fn operator_with(world: &mut World, offer: &Offer) -> ServiceId {
	world.register(OPERATOR, offer.asset);
	world.list(OPERATOR, offer)
}

fn treasury(world: &mut World, asset: AssetId) -> Balance {
	world.peek(|| MarketFunds::total(asset, &configs::market::Treasury::get()))
}

fn gone(agreement: u32) -> impl Fn() -> bool {
	move || !sla::Agreements::<Runtime>::contains_key(agreement)
}

/// Bought in the last round before a window of outage, after which the service ends for cause.
fn the_last_round_before_an_outage(asset: AssetId) {
	let mut world = World::new();
	let service = operator_with(&mut world, &generous(asset));
	world.next_window();
	// The last round of the window, as one sees it.
	world.rounds(11);
	let before = world.total(asset, TENANT);
	let id = world.open(TENANT, service, 1, 6);
	world.rounds(1);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("a breach", 6, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	let set_aside = world.breaches(service)[0].credited;
	assert_eq!(
		set_aside,
		world.share(service, 1, WindowShare::from_u32(30)),
		"all of it leaves the bond"
	);
	let treasury_before = treasury(&mut world, asset);
	let window = world.price(service, 1, 1);
	world.until("it ends for cause", 30, gone(id));
	let after = world.total(asset, TENANT);
	assert!(after <= before, "{after} of {before}");
	// Nothing was served and nothing credited but what the first rounds cost, if any.
	let rest = set_aside - (before - after);
	assert!(rest > 0);
	assert_ok!(world.call(STRANGER, operators::Call::remove_service { service }));
	assert!(treasury(&mut world, asset) >= treasury_before + set_aside - window.min(rest));
	world.check();
}

#[test]
fn buying_in_the_last_round_before_an_outage_earns_nothing_in_native() {
	the_last_round_before_an_outage(NATIVE);
}

#[test]
fn buying_in_the_last_round_before_an_outage_earns_nothing_in_an_asset() {
	the_last_round_before_an_outage(SBTC);
}

/// A few rounds of outage in each of three windows, then the tenant leaves.
fn short_outages_in_three_windows(asset: AssetId) {
	let mut world = World::new();
	let mut offer = generous(asset);
	// Repeated breaches multiply, and the cover should last.
	offer.terms.credit = [WindowShare::from_u32(5); 4];
	let service = operator_with(&mut world, &offer);
	let before = world.total(asset, TENANT);
	let id = world.open(TENANT, service, 1, 8);
	for _ in 0..3 {
		world.next_window();
		world.endpoints.insert(Target::Service(service), Finding::Down);
		world.rounds(3);
		world.endpoints.clear();
	}
	world.rounds(3);
	let promised = world.credit(id);
	assert!(
		promised > 2 * world.price(service, 1, 3),
		"much more than it can have paid: {promised}"
	);
	assert!(world.total(asset, TENANT) <= before, "at no moment");
	assert_ok!(world.call(TENANT, sla::Call::close_agreement { agreement: id }));
	world.until("it is over", 10, gone(id));
	assert!(world.total(asset, TENANT) <= before);
	// But the service was free: what the operator promised to make free is.
	assert_eq!(world.total(asset, TENANT), before);
	world.check();
}

#[test]
fn short_outages_in_three_windows_make_a_service_free_and_no_more_in_native() {
	short_outages_in_three_windows(NATIVE);
}

#[test]
fn short_outages_in_three_windows_make_a_service_free_and_no_more_in_an_asset() {
	short_outages_in_three_windows(SBTC);
}

#[test]
fn an_operator_that_is_its_own_tenant_loses_fee_and_penalty() {
	let mut world = World::new();
	let service = operator_with(&mut world, &generous(NATIVE));
	let before = world.total(NATIVE, OPERATOR);
	let id = world.open(OPERATOR, service, 1, 4);
	world.next_window();
	world.rounds(2);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.rounds(3);
	world.endpoints.clear();
	world.until("it is over", 60, gone(id));
	world.next_window();
	world.rounds(4);
	let lost = before - world.total(NATIVE, OPERATOR);
	let penalties: Balance = world.breaches(service).iter().map(|b| b.penalty).sum();
	assert!(penalties > 0 && lost > penalties, "lost {lost}, {penalties} in penalties");
	world.check();
}

/// So many listings that an idle one has its turn every tenth round.
#[test]
fn a_stale_up_of_an_idle_listing_sells_nothing() {
	let mut world = World::new();
	let pages = 12;
	let each = pages * probes::ROWS / 2;
	// Two pages to a round: one for those that are sold, and one for the others in turns.
	world.peek(|| probes::Capacity::<Runtime>::put(2));
	let call = generous(NATIVE).call();
	for who in [OPERATOR, OTHER_TENANT] {
		world.register(who, NATIVE);
		world.block_with(|| {
			for _ in 0..each {
				let listed = RuntimeCall::from(call.clone())
					.dispatch(RuntimeOrigin::signed(who.to_account_id()));
				assert_ok!(listed);
			}
		});
	}
	// One is sold, so that one page is left for all others.
	world.until("it is up", 20, || {
		Probes::status(Target::Service(7)).is_some_and(|probed| probed.last.is_some())
	});
	world.open(STRANGER, 7, 1, 8);
	let service = 5;
	let last = || Probes::status(Target::Service(service)).and_then(|probed| probed.last);
	let up = move || last().is_some_and(|(_, verdict)| matches!(verdict, Verdict::Up { .. }));
	world.until("it was seen up", 20, up);
	// It goes down before its next turn, which only its buyer knows.
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("the verdict is stale", 12, move || {
		up() && last().is_some_and(|(round, _)| round + sla::FRESH_ROUNDS < Timing::round())
	});
	let error = world.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::VerdictTooOld.into());
	// Whoever wants it asks for a probe, and pays for asking.
	let funds = world.total(NATIVE, TENANT);
	let asked =
		world.signed(TENANT, probes::Call::request_probe { service }).expect("it is included");
	assert_ok!(asked);
	assert!(world.total(NATIVE, TENANT) < funds);
	world.until("it is probed out of turn", 5, move || {
		last().is_some_and(|(_, verdict)| verdict == Verdict::Down)
	});
	let error = world.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, sla::Error::<Runtime>::NotUp.into());
	world.check();
}

/// A key that may operate promises nothing that the bond's owner did not.
#[test]
fn a_proxy_key_accepts_no_terms_of_an_order() {
	let mut world = World::new();
	let tenant = orders::funded(&mut world, 0);
	let owner = orders::operator(&mut world, 1, NATIVE);
	let machine = orders::machine(&mut world, &owner, 9_001, 2, NATIVE);
	let key = orders::funded(&mut world, 2);
	let delegate = sp_runtime::MultiAddress::Id(key.clone());
	let add = pallet_proxy::Call::add_proxy {
		delegate,
		proxy_type: configs::governance::ProxyType::Operate,
		delay: 0,
	};
	assert_ok!(orders::act(&mut world, &owner, add));

	let mut new = orders::new_order(&mut world, NATIVE);
	let terms = new.terms.as_mut().unwrap();
	(terms.credit, terms.cover) = ([WindowShare::from_u32(30); 4], WindowShare::from_u32(60));
	let order = orders::place(&mut world, &tenant, new.clone());
	let bond = world.peek(|| operators::Bonds::<Runtime>::get(&owner, NATIVE));
	let bid = |world: &mut World, order, foreign_terms| {
		let price = orders::price(NATIVE);
		let bid =
			compute::Call::place_bid { order, service: machine, price, replicas: 1, foreign_terms };
		let real = sp_runtime::MultiAddress::Id(owner.clone());
		let proxy =
			pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(bid.into()) };
		assert_ok!(orders::act(world, &key, proxy));
		let events = world.events();
		events
			.into_iter()
			.find_map(|event| match event {
				RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
				_ => None,
			})
			.expect("the proxy's call was tried")
	};
	assert_eq!(
		bid(&mut world, order, true),
		Err(frame_system::Error::<Runtime>::CallFiltered.into())
	);
	assert_eq!(bid(&mut world, order, false), Err(compute::Error::<Runtime>::ForeignTerms.into()));
	assert_eq!(world.peek(|| operators::Bonds::<Runtime>::get(&owner, NATIVE)), bond);

	// With the service's own terms it bids.
	new.terms = None;
	new.bid_deadline += 12;
	let order = orders::place(&mut world, &tenant, new);
	assert_ok!(bid(&mut world, order, false));
	world.check();
}

/// The slot of a service costs its rent whatever the verdicts, and goes to the probers.
#[test]
fn a_slot_that_earns_nothing_pays_its_rent_to_the_probers() {
	let mut world = World::new();
	let service = operator_with(&mut world, &Offer::native());
	world.open(TENANT, service, 1, 30);
	let rent = world.peek(|| {
		sla::Targets::<Runtime>::get(Target::Service(service)).unwrap().slot.unwrap().rent
	});
	assert!(rent > 0);
	world.next_window();
	world.rounds(2);
	let paid = |events: Vec<RuntimeEvent>| -> Balance {
		let rents = events.into_iter().filter_map(|event| match event {
			RuntimeEvent::Operators(operators::Event::RentPaid { amount, .. }) => Some(amount),
			_ => None,
		});
		rents.sum()
	};
	// Down for the whole window: nothing is billed, so no fee counts.
	world.endpoints.insert(Target::Service(service), Finding::Down);
	let mut sum = 0;
	let from = world.round();
	while world.round() < from + 16 {
		world.block();
		sum += paid(world.events());
	}
	// By the rounds in which it was held since the last turn.
	assert!(sum > rent / 2, "{sum} of {rent}");
	let status = world.peek(|| operators::Services::<Runtime>::get(service).unwrap().status);
	assert!(matches!(status, ServiceStatus::Ending { .. }), "and it is dead: {status:?}");
	world.check();
}

/// Slots that are nearly all taken cost much, and a bond that covers no other window's rent ends the service, a
/// window after the warning.
#[test]
fn a_bond_that_cannot_reserve_the_rent_ends_the_service_after_a_warning() {
	use parameters::{RuntimeParameters, market, operators as bonds};
	let mut world = World::new();
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
		world.block_with(|| {
			assert_ok!(call.dispatch(RuntimeOrigin::root()));
		});
	}
	world.next_window();
	let mut offer = Offer::native();
	offer.terms.cover = WindowShare::from_u32(1);
	let service = operator_with(&mut world, &offer);
	// As if others had taken all slots but one.
	let slots = world.peek(|| <Probes as Slots>::occupancy().slots);
	let crowd = move |active: &mut probes::ActiveSlots| active.taken += slots - 1;
	world.peek(|| probes::Active::<Runtime>::mutate(crowd));
	let error = world.try_open(TENANT, service, 1, 8).unwrap_err().error;
	assert_eq!(
		error,
		sla::Error::<Runtime>::BelowRent.into(),
		"nobody fills slots for less than they cost"
	);
	let id = world.open(TENANT, service, 21, 8);
	let free = world.free_bond(service);
	assert_ok!(world.call(OPERATOR, operators::Call::unbond { asset: NATIVE, amount: free }));
	let (mut warned, mut ended) = (None, None);
	while world.peek(|| sla::Agreements::<Runtime>::contains_key(id)) {
		world.block();
		for event in world.events() {
			match event {
				RuntimeEvent::Sla(sla::Event::RentShort { reserved, .. }) => {
					assert_eq!(reserved, 2);
					warned.get_or_insert(world.round());
				},
				RuntimeEvent::Sla(sla::Event::ServiceTerminated { at, code, .. }) => {
					assert_eq!(code, 2_007);
					ended = Some((world.round(), at));
				},
				_ => {},
			}
		}
		assert!(world.round() < 80);
	}
	let (found, at) = ended.expect("for its rent");
	let rounds = world.peek(|| u32::from(Timing::window_rounds()));
	assert_eq!(found - warned.expect("a window before"), rounds);
	assert!(at + 4 >= found + rounds, "and with another window's notice");
	world.peek(|| probes::Active::<Runtime>::mutate(|active| active.taken -= slots - 1));
	world.check();
}
