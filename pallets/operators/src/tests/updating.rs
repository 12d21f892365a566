//! Listings change: endpoint, capacity, price, metadata, cover, pause, maintenance.

use super::prelude::*;

fn update(who: AccountId, id: ServiceId, changes: Changes) -> DispatchResult {
	let Changes { endpoint, capacity, price, metadata_hash, metadata_uri } = changes;
	Operators::update_service(
		signed(who),
		id,
		endpoint,
		capacity,
		price,
		metadata_hash,
		metadata_uri,
	)
}

#[test]
fn what_is_named_changes_and_the_rest_stays() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_ok!(update(ALICE, id, Changes { price: Some(9), ..Changes::default() }));
		happened(Event::ServiceUpdated { service: id, capacity: 10, price: 9 });
		assert_ok!(update(
			ALICE,
			id,
			Changes {
				capacity: Some(20),
				metadata_hash: Some([9; 32]),
				metadata_uri: Some(text("ipfs://new")),
				..Changes::default()
			}
		));
		let service = Operators::service(id).unwrap();
		assert_eq!((service.price, service.capacity), (9, 20));
		assert_eq!((service.metadata_hash, service.metadata_uri), ([9; 32], text("ipfs://new")));
		assert_eq!(service.endpoint, Draft::default().endpoint);
	});
}

#[test]
fn bad_updates_are_refused() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		let change = |changes| update(ALICE, id, changes);
		assert_noop!(change(Changes::default()), Fault::NothingToUpdate);
		assert_noop!(change(Changes { price: Some(0), ..Changes::default() }), Fault::ZeroPrice);
		assert_noop!(
			change(Changes { capacity: Some(0), ..Changes::default() }),
			Fault::ZeroCapacity
		);
		assert_noop!(
			change(Changes { price: Some(Balance::MAX), ..Changes::default() }),
			Fault::PriceOverflow
		);
		assert_ok!(Operators::raise_cover(signed(ALICE), id, percent(100)));
		let price = Some(Balance::MAX / 10 / 60);
		assert_noop!(change(Changes { price, ..Changes::default() }), Fault::CreditOverflow);
		assert_noop!(
			change(Changes { metadata_uri: Some(text("\t")), ..Changes::default() }),
			Fault::BadText
		);
		assert_noop!(
			change(Changes { endpoint: Some(text("https://a.com/?q")), ..Changes::default() }),
			Fault::EndpointHasQuery
		);
		let price = || Changes { price: Some(1), ..Changes::default() };
		assert_noop!(update(BOB, id, price()), Fault::NotOwner);
		assert_noop!(update(ALICE, 404, price()), Fault::UnknownService);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(change(price()), Fault::ServiceEnding);
	});
}

#[test]
fn capacity_never_falls_below_the_units_sold() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		sell(id, 6);
		let capacity = |n| update(ALICE, id, Changes { capacity: Some(n), ..Changes::default() });
		assert_noop!(capacity(5), Fault::CapacityBelowSold);
		assert_ok!(capacity(6));
	});
}

#[test]
fn a_compute_service_does_not_move_while_its_capacity_is_in_use() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (compute, rpc) =
			(Draft::compute("one.com").listed(ALICE), Draft::at("rpc.com").listed(ALICE));
		let to = |id, url| {
			update(ALICE, id, Changes { endpoint: Some(text(url)), ..Changes::default() })
		};
		InUse::set([compute, rpc].into());
		for url in ["https://two.com", "https://one.com:8443", "http://one.com:443"] {
			assert_noop!(to(compute, url), Fault::CapacityInUse);
		}
		assert_ok!(to(compute, "https://ONE.com/path"));
		assert_ok!(to(rpc, "https://two.com"));
		InUse::set(Default::default());
		assert!(GivenUp::get().is_empty());
		assert_ok!(to(compute, "https://two.com"));
		assert_eq!(GivenUp::get(), [compute], "another server has other capacity");
	});
}

#[test]
fn the_cover_only_rises_and_the_agreements_are_asked_first() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		let raise = |who, cover| Operators::raise_cover(signed(who), id, cover);
		assert_noop!(raise(ALICE, percent(20)), Fault::CoverMayOnlyRise);
		assert_noop!(raise(ALICE, percent(19)), Fault::CoverMayOnlyRise);
		assert_noop!(raise(BOB, percent(21)), Fault::NotOwner);
		CoverRefused::set(true);
		assert_noop!(raise(ALICE, percent(21)), DispatchError::Other("the bond does not cover it"));
		CoverRefused::set(false);
		assert_ok!(raise(ALICE, percent(21)));
		assert_eq!(Operators::service(id).unwrap().terms.cover, percent(21));
		assert_eq!(CoverRaised::get(), [(id, percent(21))]);
		happened(Event::CoverRaised { service: id, cover: percent(21) });
		// At the highest price that a window of ten units can have, half of it is all that fits
		// twice.
		let price = Some(Balance::MAX / 10 / 60);
		assert_ok!(update(ALICE, id, Changes { price, ..Changes::default() }));
		assert_noop!(raise(ALICE, percent(51)), Fault::CreditOverflow);
		assert_ok!(raise(ALICE, percent(50)));
	});
}

#[test]
fn pausing_stops_sales_until_resumed() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Fault::ServiceNotPaused);
		assert_noop!(Operators::pause_service(signed(BOB), id), Fault::NotOwner);
		assert_ok!(Operators::pause_service(signed(ALICE), id));
		happened(Event::ServicePaused { service: id });
		assert_noop!(Operators::ensure_open(id), Fault::ServicePaused);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Fault::ServicePaused);
		assert_noop!(Operators::resume_service(signed(BOB), id), Fault::NotOwner);
		assert_ok!(Operators::resume_service(signed(ALICE), id));
		happened(Event::ServiceResumed { service: id });
		assert_ok!(Operators::ensure_open(id));
		assert_noop!(Operators::pause_service(signed(ALICE), 404), Fault::UnknownService);
	});
}

#[test]
fn pausing_is_no_way_around_the_proof_of_control() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Fault::ServiceUnproven);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Fault::ServiceNotPaused);
	});
}

/// 10 % of 12 rounds.
const MOST_ROUNDS: u16 = 1;

#[test]
fn maintenance_is_announced_a_window_ahead() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		run_to(5 * ROUND_BLOCKS);
		let id = Draft::default().listed(ALICE);
		let from = 5 + u32::from(WINDOW_ROUNDS);
		let announce =
			|from, rounds| Operators::announce_maintenance(signed(ALICE), id, from, rounds);
		assert_noop!(announce(from - 1, MOST_ROUNDS), Fault::MaintenanceTooSoon);
		assert_noop!(announce(0, MOST_ROUNDS), Fault::MaintenanceTooSoon);
		assert_noop!(announce(from, 0), Fault::ZeroRounds);
		assert_noop!(announce(from, MOST_ROUNDS + 1), Fault::MaintenanceTooLong);
		assert_noop!(announce(from, u16::MAX), Fault::MaintenanceTooLong);
		let far = 5 + u32::from(WINDOW_ROUNDS) * MAX_NOTICE_WINDOWS;
		assert_noop!(announce(far + 1, MOST_ROUNDS), Fault::MaintenanceTooFar);
		assert_noop!(announce(RoundIndex::MAX, MOST_ROUNDS), Fault::MaintenanceTooFar);
		assert_ok!(announce(from, MOST_ROUNDS));
		assert_eq!(MaintenanceSet::get().get(&id), Some(&(from, MOST_ROUNDS)));
		happened(Event::MaintenanceAnnounced { service: id, from, rounds: MOST_ROUNDS });
	});
}

#[test]
fn one_maintenance_at_a_time_until_it_is_judged() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		let announce =
			|who, from| Operators::announce_maintenance(signed(who), id, from, MOST_ROUNDS);
		assert_noop!(announce(BOB, 12), Fault::NotOwner);
		assert_ok!(announce(ALICE, 12));
		run_to(14 * ROUND_BLOCKS);
		JudgedRound::set(11);
		assert_noop!(announce(ALICE, 26), Fault::MaintenanceAnnounced);
		JudgedRound::set(12);
		assert_ok!(announce(ALICE, 26));
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(announce(ALICE, 60), Fault::ServiceEnding);
	});
}
