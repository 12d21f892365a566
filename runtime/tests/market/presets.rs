// SPDX-License-Identifier: Apache-2.0

//! Presets: each one starts a working network.

use crate::{actors::*, fixture::Fixture};
use frame_support::assert_ok;
use pallet_surety_operators as operators;
use surety_primitives::{
	AssetId, Balance, Clock, Meter, ServiceStatus, Slots as _, Target, Verdict, report::Finding,
};
use surety_runtime::*;

const NATIVE: AssetId = AssetId::Native;

fn an_outage_is_credited_on(preset: &str) {
	let mut chain = Fixture::with_preset(preset);
	assert!(chain.peek(pallet_sudo::Key::<Runtime>::get).is_some(), "{preset}");
	let service = chain.operator(NATIVE);
	let id = chain.open(TENANT, service, 2, 6);
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a breach", 14, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	assert_eq!(chain.breaches(service)[0].counters.down, 2, "{preset}");
	assert_eq!(chain.credit(id), chain.share(service, 2, CREDIT[0]), "{preset}");
	chain.check();
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
fn staging_sells_bills_and_credits_a_proven_service() {
	let mut chain = Fixture::with_preset("staging");
	assert_eq!(chain.peek(pallet_sudo::Key::<Runtime>::get), None);
	chain.register(OPERATOR, NATIVE);
	let error = chain.call(OPERATOR, Offer::native().call()).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::EndpointPrivate.into());

	let mut offer = Offer { endpoint: "https://vpn.example.org/", ..Offer::native() };
	// One bad round per day is allowed.
	offer.terms.min_uptime = 999_000_000;
	// A window is a day: at the default price the bond would not cover a unit.
	offer.price = coin(NATIVE) / 100;
	let service = chain.peek(operators::NextServiceId::<Runtime>::get);
	let status = |chain: &mut Fixture| {
		chain.peek(|| operators::Services::<Runtime>::get(service).expect("it is listed").status)
	};
	// A prober that finds no proof at the host reports down, for any state of the endpoint.
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	assert_ok!(chain.call(OPERATOR, offer.call()));
	chain.until("it is judged", 6, move || {
		Probes::status(Target::Service(service)).is_some_and(|p| p.last.is_some())
	});
	assert_eq!(status(&mut chain), ServiceStatus::Unproven);
	let error = chain.try_open(TENANT, service, 1, 1).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::ServiceUnproven.into());

	// A first report of up means that the probers have read the proof.
	chain.endpoints.clear();
	let is_up = move || {
		Probes::status(Target::Service(service))
			.and_then(|p| p.last)
			.is_some_and(|(_, v)| matches!(v, Verdict::Up { .. }))
	};
	chain.until("it is seen up", 6, is_up);
	assert_eq!(status(&mut chain), ServiceStatus::Active);
	let id = chain.open(TENANT, service, 1, 2);
	let opened = chain.round();

	chain.rounds(3);
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.rounds(1);
	chain.endpoints.clear();
	chain.rounds(3);
	let last = chain.round();
	chain.judged(last);
	let (billed, blocks) = chain.peek(|| {
		let blocks = Timing::round_blocks();
		(
			Probes::meter(Target::Service(service)).unwrap().reading.at_most(last, blocks).unwrap(),
			blocks,
		)
	});
	assert_eq!(billed, (last - opened - 1) * blocks, "all rounds but the one that was down");
	let stream = chain.peek(|| Sla::agreement(id).unwrap().stream.unwrap());
	let rate = chain.peek(|| operators::Services::<Runtime>::get(service).unwrap().price);
	assert_eq!(stream.paid + stream.due, Balance::from(billed) * rate);
	assert!(chain.breaches(service).is_empty(), "the terms allow a round");

	// The units count from the second window on, so an outage in it is a breach.
	chain.next_window();
	chain.endpoints.insert(Target::Service(service), Finding::Down);
	chain.until("a breach", 6, move || {
		!Sla::breach_history(Target::Service(service), None, 1).is_empty()
	});
	assert_eq!(chain.breaches(service)[0].counters.down, 2);
	assert_eq!(chain.credit(id), chain.share(service, 1, CREDIT[0]));
	chain.check();
}
