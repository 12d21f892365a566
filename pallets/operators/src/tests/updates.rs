// SPDX-License-Identifier: Apache-2.0

//! Changes to listings: endpoint, capacity, price, metadata, cover, pause, maintenance.

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
fn an_update_changes_only_the_given_parameters() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_ok!(update(ALICE, id, Changes { price: Some(9), ..Changes::default() }));
		assert_emitted(Event::ServiceUpdated { service: id, capacity: 10, price: 9 });
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
		let service = service(id);
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
		assert_noop!(change(Changes::default()), Error::NothingToUpdate);
		assert_noop!(change(Changes { price: Some(0), ..Changes::default() }), Error::ZeroPrice);
		assert_noop!(
			change(Changes { capacity: Some(0), ..Changes::default() }),
			Error::ZeroCapacity
		);
		assert_noop!(
			change(Changes { price: Some(Balance::MAX), ..Changes::default() }),
			Error::PriceOverflow
		);
		assert_ok!(Operators::raise_cover(signed(ALICE), id, percent(100)));
		let price = Some(Balance::MAX / 10 / 60);
		assert_noop!(change(Changes { price, ..Changes::default() }), Error::CreditOverflow);
		assert_noop!(
			change(Changes { metadata_uri: Some(text("\t")), ..Changes::default() }),
			Error::BadText
		);
		assert_noop!(
			change(Changes { endpoint: Some(text("https://a.com/?q")), ..Changes::default() }),
			Error::EndpointHasQuery
		);
		let price = || Changes { price: Some(1), ..Changes::default() };
		assert_noop!(update(BOB, id, price()), Error::NotOwner);
		assert_noop!(update(ALICE, 404, price()), Error::UnknownService);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(change(price()), Error::ServiceEnding);
	});
}

#[test]
fn capacity_never_falls_below_the_units_sold() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		sell(id, 6);
		let capacity = |n| update(ALICE, id, Changes { capacity: Some(n), ..Changes::default() });
		assert_noop!(capacity(5), Error::CapacityBelowSold);
		assert_ok!(capacity(6));
	});
}

#[test]
fn a_compute_service_with_resources_in_use_stays_at_its_origin() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (compute, rpc) =
			(Draft::compute("one.com").listed(ALICE), Draft::at("rpc.com").listed(ALICE));
		let to = |id, url| {
			update(ALICE, id, Changes { endpoint: Some(text(url)), ..Changes::default() })
		};
		InUse::set([compute, rpc].into());
		for url in ["https://two.com", "https://one.com:8443", "http://one.com:443"] {
			assert_noop!(to(compute, url), DispatchError::Other("resources are in use"));
		}
		assert_ok!(to(compute, "https://ONE.com/path"));
		assert_ok!(to(rpc, "https://two.com"));
		InUse::set(Default::default());
		assert!(ForgottenInventories::get().is_empty());
		assert_ok!(to(compute, "https://two.com"));
		assert_eq!(ForgottenInventories::get(), [compute], "another server has other resources");
	});
}

#[test]
fn the_cover_only_rises() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		let raise = |who, cover| Operators::raise_cover(signed(who), id, cover);
		assert_noop!(raise(ALICE, percent(20)), Error::CoverMayOnlyRise);
		assert_noop!(raise(ALICE, percent(19)), Error::CoverMayOnlyRise);
		assert_noop!(raise(BOB, percent(21)), Error::NotOwner);
		assert_ok!(raise(ALICE, percent(21)));
		assert_eq!(service(id).terms.cover, percent(21));
		assert_eq!(Operators::exposure(Target::Service(id)), 0, "no units are sold");
		assert_emitted(Event::CoverRaised { service: id, cover: percent(21) });
		// At the highest price of ten units in a window, twice half a window still fits.
		let price = Some(Balance::MAX / 10 / 60);
		assert_ok!(update(ALICE, id, Changes { price, ..Changes::default() }));
		assert_noop!(raise(ALICE, percent(51)), Error::CreditOverflow);
		assert_ok!(raise(ALICE, percent(50)));
	});
}

#[test]
fn a_higher_cover_needs_free_bond_for_the_units_sold() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		let raise = |cover| Operators::raise_cover(signed(ALICE), id, cover);
		sell(id, 2);
		UnitExposure::set(Balance::MAX);
		assert_noop!(raise(percent(21)), ArithmeticError::Overflow);
		UnitExposure::set(501);
		assert_noop!(raise(percent(21)), Error::InsufficientBond);
		UnitExposure::set(500);
		assert_ok!(raise(percent(21)));
		assert_eq!(Operators::exposure(Target::Service(id)), 1_000);
		assert_eq!(bond_of(ALICE, USD).free(), 0);
	});
}

#[test]
fn a_paused_service_is_not_sellable_until_resumed() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Error::ServiceNotPaused);
		assert_noop!(Operators::pause_service(signed(BOB), id), Error::NotOwner);
		assert_ok!(Operators::pause_service(signed(ALICE), id));
		assert_emitted(Event::ServicePaused { service: id });
		assert_noop!(Operators::sellable(id), Error::ServicePaused);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Error::ServicePaused);
		assert_noop!(Operators::resume_service(signed(BOB), id), Error::NotOwner);
		assert_ok!(Operators::resume_service(signed(ALICE), id));
		assert_emitted(Event::ServiceResumed { service: id });
		assert_ok!(Operators::sellable(id));
		assert_noop!(Operators::pause_service(signed(ALICE), 404), Error::UnknownService);
	});
}

#[test]
fn an_unproven_service_is_neither_paused_nor_resumed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Error::ServiceUnproven);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Error::ServiceNotPaused);
	});
}

/// 10 % of 12 rounds.
const MAX_ROUNDS: u16 = 1;

#[test]
fn maintenance_is_announced_one_to_thirty_windows_ahead() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		run_to(5 * ROUND_BLOCKS);
		let id = Draft::default().listed(ALICE);
		let target = Target::Service(id);
		let from = 5 + u32::from(WINDOW_ROUNDS);
		let announce =
			|from, rounds| Operators::announce_maintenance(signed(ALICE), target, from, rounds);
		assert_noop!(announce(from - 1, MAX_ROUNDS), Error::MaintenanceTooSoon);
		assert_noop!(announce(0, MAX_ROUNDS), Error::MaintenanceTooSoon);
		assert_noop!(announce(from, 0), Error::ZeroRounds);
		assert_noop!(announce(from, MAX_ROUNDS + 1), Error::MaintenanceTooLong);
		assert_noop!(announce(from, u16::MAX), Error::MaintenanceTooLong);
		let far = 5 + u32::from(WINDOW_ROUNDS) * MAX_NOTICE_WINDOWS;
		assert_noop!(announce(far + 1, MAX_ROUNDS), Error::MaintenanceTooFar);
		assert_noop!(announce(RoundIndex::MAX, MAX_ROUNDS), Error::MaintenanceTooFar);
		assert_ok!(announce(from, MAX_ROUNDS));
		assert_eq!(MaintenanceSet::get().get(&target), Some(&(from, MAX_ROUNDS)));
		assert_emitted(Event::MaintenanceAnnounced { target, from, rounds: MAX_ROUNDS });
	});
}

#[test]
fn one_maintenance_is_open_until_it_is_judged() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		let announce = |who, from| {
			Operators::announce_maintenance(signed(who), Target::Service(id), from, MAX_ROUNDS)
		};
		assert_noop!(announce(BOB, 12), Error::NotOwner);
		assert_ok!(announce(ALICE, 12));
		run_to(14 * ROUND_BLOCKS);
		JudgedRound::set(11);
		assert_noop!(announce(ALICE, 26), Error::MaintenanceAnnounced);
		JudgedRound::set(12);
		assert_ok!(announce(ALICE, 26));
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(announce(ALICE, 60), Error::ServiceEnding);
	});
}
