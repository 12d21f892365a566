//! Every preset starts a network that works.

use crate::{actors::*, world::World};
use frame_support::assert_ok;
use pallet_surety_operators as operators;
use surety_primitives::{
	AssetId, Balance, Clock, Meter, ServiceStatus, Slots as _, Target, Verdict, report::Finding,
};
use surety_runtime::*;

const NATIVE: AssetId = AssetId::Native;

fn an_outage_is_credited_on(preset: &str) {
	let mut world = World::of(preset);
	assert!(world.peek(pallet_sudo::Key::<Runtime>::get).is_some(), "{preset}");
	let service = world.operator(NATIVE);
	let id = world.open(TENANT, service, 2, 6);
	world.next_window();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("a breach", 14, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	assert_eq!(world.breaches(service)[0].counters.down, 2, "{preset}");
	assert_eq!(world.credit(id), world.share(service, 2, CREDIT[0]), "{preset}");
	world.check();
}

#[test]
fn an_outage_is_credited_on_development() {
	an_outage_is_credited_on("development");
}

#[test]
fn an_outage_is_credited_on_local_testnet() {
	an_outage_is_credited_on("local_testnet");
}

#[test]
fn staging_sells_what_has_proven_control_bills_and_credits_it() {
	let mut world = World::of("staging");
	assert_eq!(world.peek(pallet_sudo::Key::<Runtime>::get), None);
	world.register(OPERATOR, NATIVE);
	let error = world.call(OPERATOR, Offer::native().call()).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::EndpointPrivate.into());

	let mut offer = Offer { endpoint: "https://vpn.example.org/", ..Offer::native() };
	// One bad round of the day.
	offer.terms.min_uptime = 999_000_000;
	// A window is a day: at a tenth of a coin the bond would not cover a unit.
	offer.price = coin(NATIVE) / 100;
	let service = world.peek(operators::NextServiceId::<Runtime>::get);
	let status = |world: &mut World| {
		world.peek(|| operators::Services::<Runtime>::get(service).expect("it is listed").status)
	};
	// A prober that finds no proof at the host reports down, whatever the endpoint does.
	world.endpoints.insert(Target::Service(service), Finding::Down);
	assert_ok!(world.call(OPERATOR, offer.call()));
	world.until("it is judged", 6, move || {
		Probes::status(Target::Service(service)).is_some_and(|p| p.last.is_some())
	});
	assert_eq!(status(&mut world), ServiceStatus::Unproven);
	let error = world.try_open(TENANT, service, 1, 1).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::ServiceUnproven.into());

	// The first time that they report it up they have read the proof.
	world.endpoints.clear();
	let is_up = move || {
		Probes::status(Target::Service(service))
			.and_then(|p| p.last)
			.is_some_and(|(_, v)| matches!(v, Verdict::Up { .. }))
	};
	world.until("it is seen up", 6, is_up);
	assert_eq!(status(&mut world), ServiceStatus::Active);
	let id = world.open(TENANT, service, 1, 2);
	let opened = world.round();

	world.rounds(3);
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.rounds(1);
	world.endpoints.clear();
	world.rounds(3);
	let last = world.round();
	world.judged(last);
	let (billed, blocks) = world.peek(|| {
		let blocks = Timing::round_blocks();
		(
			Probes::meter(Target::Service(service)).unwrap().reading.at_most(last, blocks).unwrap(),
			blocks,
		)
	});
	assert_eq!(billed, (last - opened - 1) * blocks, "all rounds but the one that was down");
	let stream = world.peek(|| Sla::agreement(id).unwrap().stream.unwrap());
	let rate = world.peek(|| operators::Services::<Runtime>::get(service).unwrap().price);
	assert_eq!(stream.paid + stream.due, Balance::from(billed) * rate);
	assert!(world.breaches(service).is_empty(), "the terms allow a round");

	// Its units count in the second window: there an outage is a breach.
	world.next_window();
	world.endpoints.insert(Target::Service(service), Finding::Down);
	world.until("a breach", 6, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	assert_eq!(world.breaches(service)[0].counters.down, 2);
	assert_eq!(world.credit(id), world.share(service, 1, CREDIT[0]));
	world.check();
}
