// SPDX-License-Identifier: Apache-2.0

//! Places of listings at hosts, and proofs of control.

use super::prelude::*;

fn move_to(who: AccountId, id: ServiceId, url: &str) -> DispatchResult {
	Operators::update_service(signed(who), id, Some(text(url)), None, None, None, None)
}

/// Listings at a host: the proven, and the unproven of an operator.
fn at(host: &str, who: AccountId) -> (u32, u32) {
	let host: Host = text(host);
	(Hosts::<Test>::get(&host), UnprovenHosts::<Test>::get(who, host))
}

#[test]
fn a_listing_is_unproven_until_its_proof_is_found() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::sellable(id), Error::ServiceUnproven);
		Operators::on_proof(id, Found);
		assert_emitted(Event::ServiceProven { service: id });
		assert_ok!(Operators::sellable(id));

		// A proof changes no other status.
		assert_ok!(Operators::pause_service(signed(ALICE), id));
		Operators::on_proof(id, Found);
		assert_eq!(status(id), ServiceStatus::Paused);
		Operators::on_proof(404, Found);
	});
}

#[test]
fn listings_per_host_are_bounded_over_all_operators() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let first = Draft::at("shared.com").listed(ALICE);
		Draft::at("SHARED.com.:8443").listed(BOB);
		assert_noop!(Draft::at("shared.com:1").list(BOB), Error::HostFull);
		assert_ok!(Draft::at("other.com").list(BOB));
		assert_ok!(Operators::retire_service(signed(ALICE), first));
		assert_ok!(Operators::remove_service(signed(ALICE), first));
		assert_ok!(Draft::at("shared.com:1").list(BOB));
	});
}

#[test]
fn unproven_listings_take_no_place_from_others() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		require_proof();
		for _ in 0..MAX_UNPROVEN {
			Draft::at("alice.com").listed(BOB);
		}
		assert_noop!(Draft::at("alice.com").list(BOB), Error::TooManyUnproven);
		assert_eq!(at("alice.com", BOB), (0, MAX_UNPROVEN));
		// Bob has places at another host, and Alice has those at the host that she controls.
		Draft::at("bob.com").listed(BOB);
		for _ in 0..MAX_PER_HOST {
			Operators::on_proof(Draft::at("alice.com").listed(ALICE), Found);
		}
		assert_eq!(at("alice.com", ALICE), (MAX_PER_HOST, 0));
	});
}

#[test]
fn a_proof_at_a_full_host_leaves_the_service_unproven() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		require_proof();
		let waits = Draft::at("shared.com").listed(BOB);
		let proven =
			(0..MAX_PER_HOST).map(|_| Draft::at("shared.com").listed(ALICE)).collect::<Vec<_>>();
		for id in &proven {
			Operators::on_proof(*id, Found);
		}
		Operators::on_proof(waits, Found);
		assert_emitted(Event::HostFull { service: waits, host: text("shared.com") });
		assert_eq!(status(waits), ServiceStatus::Unproven);
		assert_eq!(at("shared.com", BOB), (MAX_PER_HOST, 1));

		// With room at the host, an update starts the search again.
		assert_ok!(Operators::retire_service(signed(ALICE), proven[0]));
		assert_ok!(Operators::remove_service(signed(ALICE), proven[0]));
		assert_ok!(move_to(BOB, waits, "https://shared.com/"));
		assert_eq!(ProofResets::take(), [waits]);
		Operators::on_proof(waits, Found);
		assert_emitted(Event::ServiceProven { service: waits });
		assert_eq!(at("shared.com", BOB), (MAX_PER_HOST, 0));
	});
}

#[test]
fn a_listing_without_a_proof_releases_its_place_once() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let ids = (0..MAX_UNPROVEN).map(|_| Draft::at("a.com").listed(ALICE)).collect::<Vec<_>>();
		Operators::on_proof(ids[0], NotFound);
		Operators::on_proof(ids[0], NotFound);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN - 1));
		assert_eq!(status(ids[0]), ServiceStatus::Unproven);
		let third = Draft::at("a.com").listed(ALICE);
		// Another search takes a place again, at this or another host.
		assert_noop!(move_to(ALICE, ids[0], "https://a.com/"), Error::TooManyUnproven);
		assert_ok!(move_to(ALICE, ids[0], "https://b.com/"));
		assert_eq!((at("a.com", ALICE), at("b.com", ALICE)), ((0, MAX_UNPROVEN), (0, 1)));
		Operators::on_proof(third, NotFound);
		assert_ok!(move_to(ALICE, ids[0], "https://a.com/"));
		assert_eq!((at("a.com", ALICE), at("b.com", ALICE)), ((0, MAX_UNPROVEN), (0, 0)));
	});
}

#[test]
fn a_proof_found_after_the_search_takes_a_place() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::at("a.com").listed(ALICE);
		Operators::on_proof(id, NotFound);
		Operators::on_proof(id, Found);
		assert_eq!((status(id), at("a.com", ALICE)), (ServiceStatus::Active, (1, 0)));
		// No effect on any other service.
		Operators::on_proof(id, NotFound);
		Operators::on_proof(404, NotFound);
		assert_eq!(at("a.com", ALICE), (1, 0));
	});
}

#[test]
fn an_idle_service_whose_proof_is_lost_is_unproven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::at("a.com").listed(ALICE);
		Operators::on_proof(id, Found);
		// The bound of unproven listings does not keep the service proven, but no more are listed.
		for _ in 0..MAX_UNPROVEN {
			Draft::at("a.com").listed(ALICE);
		}
		// A service with units must not be stopped.
		sell(id, 1);
		Operators::on_proof(id, Lost);
		assert_eq!(status(id), ServiceStatus::Active);
		sell(id, 0);
		Operators::on_proof(id, Lost);
		assert_emitted(Event::ProofLost { service: id });
		assert_noop!(Operators::sellable(id), Error::ServiceUnproven);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		assert_noop!(Draft::at("a.com").list(ALICE), Error::TooManyUnproven);
		// From here on it is like any other unproven service.
		Operators::on_proof(id, Lost);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		Operators::on_proof(id, NotFound);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN));
		Operators::on_proof(id, Found);
		assert_eq!((status(id), at("a.com", ALICE)), (ServiceStatus::Active, (1, MAX_UNPROVEN)));
	});
}

#[test]
fn a_paused_service_whose_proof_is_lost_is_unproven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let [paused, ending] = [(); 2].map(|()| Draft::at("a.com").listed(ALICE));
		Operators::on_proof(paused, Found);
		Operators::on_proof(ending, Found);
		assert_ok!(Operators::pause_service(signed(ALICE), paused));
		assert_ok!(Operators::retire_service(signed(ALICE), ending));
		Operators::on_proof(paused, Lost);
		Operators::on_proof(ending, Lost);
		Operators::on_proof(404, Lost);
		assert_eq!(status(paused), ServiceStatus::Unproven);
		assert!(matches!(status(ending), ServiceStatus::Ending { .. }));
		assert_eq!(at("a.com", ALICE), (1, 1));
	});
}

#[test]
fn control_proof_hashes_chain_operator_service_and_endpoint() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::at("a.com").listed(ALICE);
		let genesis = System::block_hash(0);
		let listed = service(id).endpoint;
		let hash = surety_primitives::endpoint::control_hash(
			genesis.as_ref(),
			&ALICE.encode(),
			id,
			&listed,
		);
		assert_eq!(Operators::control_proof(id), Some(hash));
		// Every other listing has another hash, and so has this one at another endpoint.
		Draft::at("c.com").listed(ALICE);
		Draft::at("a.com").listed(BOB);
		assert_ok!(move_to(ALICE, id, "https://b.com/"));
		let proofs =
			(id..id + 3).map(|id| Operators::control_proof(id).unwrap()).collect::<Vec<_>>();
		assert!(!proofs.contains(&hash) && proofs[0] != proofs[1] && proofs[1] != proofs[2]);
		assert_eq!(Operators::control_proof(404), None);
	});
}

#[test]
fn a_removed_service_releases_its_place() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let places = |id| (at("a.com", ALICE), Listings::<Test>::get(id).unwrap().place);
		let (proven, unproven) =
			(Draft::at("a.com").listed(ALICE), Draft::at("a.com").listed(ALICE));
		Operators::on_proof(proven, Found);
		let unfound = Draft::at("a.com").listed(ALICE);
		Operators::on_proof(unfound, NotFound);
		for (id, at, place) in [
			(unfound, (1, 1), None),
			(proven, (1, 1), Some(HostPlace::Proven)),
			(unproven, (0, 1), Some(HostPlace::Unproven)),
		] {
			// The place outlives the status, which is `Ending` now.
			assert_ok!(Operators::retire_service(signed(ALICE), id));
			assert_eq!(places(id), (at, place));
			Operators::do_try_state().unwrap();
			assert_ok!(Operators::remove_service(signed(ALICE), id));
		}
		assert_eq!(Hosts::<Test>::iter().count() + UnprovenHosts::<Test>::iter().count(), 0);
	});
}

#[test]
fn places_are_unbounded_where_private_endpoints_are_allowed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		allow_private();
		require_proof();
		let ids = (0..=MAX_UNPROVEN).map(|_| Draft::at("a.com").listed(ALICE)).collect::<Vec<_>>();
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		for id in ids {
			Operators::on_proof(id, Found);
		}
		assert_eq!(at("a.com", ALICE), (MAX_PER_HOST + 1, 0));
	});
}

#[test]
fn moving_an_endpoint_moves_its_place() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::at("one.com").listed(ALICE);
		let to = |url| move_to(ALICE, id, url);
		assert_ok!(to("https://two.com/"));
		assert_emitted(Event::EndpointChanged { service: id, status: ServiceStatus::Active });
		assert_eq!(Hosts::<Test>::iter().collect::<Vec<_>>(), [(text("two.com"), 1)]);

		Draft::at("two.com").listed(BOB);
		// The host is full, but a move within it takes no further place.
		assert_ok!(to("https://two.com/path"));
		Draft::at("three.com").listed(BOB);
		Draft::at("three.com").listed(BOB);
		assert_noop!(to("https://three.com"), Error::HostFull);
		assert_ok!(Operators::deny_host(root(), text("four.com")));
		assert_noop!(to("https://four.com"), Error::HostDenied);
	});
}

#[test]
fn a_service_at_a_new_origin_is_unproven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::at("one.com").listed(ALICE);
		Operators::on_proof(id, Found);
		let to = |url| move_to(ALICE, id, url);
		assert_ok!(to("https://ONE.com/other/path"));
		assert_eq!(status(id), ServiceStatus::Active);
		for url in ["https://one.com:8443", "http://one.com:8443", "https://two.com"] {
			assert_ok!(to(url));
			assert_emitted(Event::EndpointChanged { service: id, status: ServiceStatus::Unproven });
			assert_eq!(status(id), ServiceStatus::Unproven, "{url}");
			assert_eq!(ProofResets::take(), [id], "verdicts so far are void");
			Operators::on_proof(id, Found);
		}
		// Otherwise an operator could stop the verdicts by moving away in an outage.
		sell(id, 1);
		assert_noop!(to("https://three.com"), Error::UnitsSold);
		assert_ok!(to("https://two.com/path"));
	});
}

#[test]
fn any_endpoint_for_an_unproven_service_restarts_the_search() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		require_proof();
		let id = Draft::at("one.com").listed(ALICE);
		let to = |url| move_to(ALICE, id, url);
		// The same endpoint, another path, another host: each starts one search.
		for url in ["https://one.com/", "https://one.com/path", "https://two.com/"] {
			assert_ok!(to(url));
			assert_eq!(ProofResets::take(), [id], "{url}");
			assert_eq!(status(id), ServiceStatus::Unproven, "{url}");
		}
		assert_ok!(Operators::update_service(signed(ALICE), id, None, None, Some(9), None, None));
		assert!(ProofResets::take().is_empty(), "no endpoint was given");
		// A proven service stays proven while its origin stays the same.
		Operators::on_proof(id, Found);
		assert_ok!(to("https://two.com/path"));
		assert!(ProofResets::take().is_empty());
	});
}
