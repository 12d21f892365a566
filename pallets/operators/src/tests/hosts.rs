//! Listings have places at hosts, and control of a host is proven.

use super::prelude::*;

fn move_to(who: AccountId, id: ServiceId, url: &str) -> DispatchResult {
	Operators::update_service(signed(who), id, Some(text(url)), None, None, None, None)
}

/// Listings at a host: those with a place among the proven, and the unproven of an operator.
fn at(host: &str, who: AccountId) -> (u32, u32) {
	let host: Host = text(host);
	(Hosts::<Test>::get(&host), UnprovenHosts::<Test>::get(who, host))
}

#[test]
fn where_control_must_be_proven_a_listing_waits_for_the_proof() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::ensure_open(id), Fault::ServiceUnproven);
		Operators::proven(id);
		happened(Event::ServiceProven { service: id });
		assert_ok!(Operators::ensure_open(id));

		// Proof changes nothing for any other status.
		assert_ok!(Operators::pause_service(signed(ALICE), id));
		Operators::proven(id);
		assert_eq!(status(id), ServiceStatus::Paused);
		Operators::proven(404);
	});
}

#[test]
fn a_host_carries_a_bounded_number_of_listings_whoever_lists_them() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let first = Draft::at("shared.com").listed(ALICE);
		Draft::at("SHARED.com.:8443").listed(BOB);
		assert_noop!(Draft::at("shared.com:1").list(BOB), Fault::HostFull);
		assert_ok!(Draft::at("other.com").list(BOB));
		assert_ok!(Operators::retire_service(signed(ALICE), first));
		assert_ok!(Operators::remove_service(signed(ALICE), first));
		assert_ok!(Draft::at("shared.com:1").list(BOB));
	});
}

#[test]
fn unproven_listings_take_no_place_from_others() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		ProofOfControl::set(true);
		for _ in 0..MAX_UNPROVEN {
			Draft::at("alice.com").listed(BOB);
		}
		assert_noop!(Draft::at("alice.com").list(BOB), Fault::TooManyUnproven);
		assert_eq!(at("alice.com", BOB), (0, MAX_UNPROVEN));
		// Elsewhere there is room for him, and here for whoever can prove it.
		Draft::at("bob.com").listed(BOB);
		for _ in 0..MAX_PER_HOST {
			Operators::proven(Draft::at("alice.com").listed(ALICE));
		}
		assert_eq!(at("alice.com", ALICE), (MAX_PER_HOST, 0));
	});
}

#[test]
fn a_proof_at_a_full_host_leaves_the_service_unproven() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		ProofOfControl::set(true);
		let waits = Draft::at("shared.com").listed(BOB);
		let proven =
			(0..MAX_PER_HOST).map(|_| Draft::at("shared.com").listed(ALICE)).collect::<Vec<_>>();
		proven.iter().for_each(|id| Operators::proven(*id));
		Operators::proven(waits);
		happened(Event::HostFull { service: waits, host: text("shared.com") });
		assert_eq!(status(waits), ServiceStatus::Unproven);
		assert_eq!(at("shared.com", BOB), (MAX_PER_HOST, 1));

		// Once there is room it asks again.
		assert_ok!(Operators::retire_service(signed(ALICE), proven[0]));
		assert_ok!(Operators::remove_service(signed(ALICE), proven[0]));
		assert_ok!(move_to(BOB, waits, "https://shared.com/"));
		assert_eq!(VoidProofs::take(), [waits]);
		Operators::proven(waits);
		happened(Event::ServiceProven { service: waits });
		assert_eq!(at("shared.com", BOB), (MAX_PER_HOST, 0));
	});
}

#[test]
fn a_listing_without_a_proof_gives_its_place_free_once() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let ids = (0..MAX_UNPROVEN).map(|_| Draft::at("a.com").listed(ALICE)).collect::<Vec<_>>();
		Operators::unfound(ids[0]);
		Operators::unfound(ids[0]);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN - 1));
		assert_eq!(status(ids[0]), ServiceStatus::Unproven);
		let third = Draft::at("a.com").listed(ALICE);
		// Asking again takes a place again, here or at another host.
		assert_noop!(move_to(ALICE, ids[0], "https://a.com/"), Fault::TooManyUnproven);
		assert_ok!(move_to(ALICE, ids[0], "https://b.com/"));
		assert_eq!((at("a.com", ALICE), at("b.com", ALICE)), ((0, MAX_UNPROVEN), (0, 1)));
		Operators::unfound(third);
		assert_ok!(move_to(ALICE, ids[0], "https://a.com/"));
		assert_eq!((at("a.com", ALICE), at("b.com", ALICE)), ((0, MAX_UNPROVEN), (0, 0)));
	});
}

#[test]
fn a_proof_found_after_all_takes_a_place() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::at("a.com").listed(ALICE);
		Operators::unfound(id);
		Operators::proven(id);
		assert_eq!((status(id), at("a.com", ALICE)), (ServiceStatus::Active, (1, 0)));
		// Nothing for any other.
		Operators::unfound(id);
		Operators::unfound(404);
		assert_eq!(at("a.com", ALICE), (1, 0));
	});
}

#[test]
fn an_idle_service_whose_proof_is_gone_is_unproven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::at("a.com").listed(ALICE);
		Operators::proven(id);
		// As many unproven ones as may be listed: it is unproven all the same, but no more are listed.
		for _ in 0..MAX_UNPROVEN {
			Draft::at("a.com").listed(ALICE);
		}
		// While it is sold it must not be stopped.
		Units::mutate(|units| units.insert(id, 1));
		Operators::disproven(id);
		assert_eq!(status(id), ServiceStatus::Active);
		Units::mutate(|units| units.remove(&id));
		Operators::disproven(id);
		happened(Event::ProofLost { service: id });
		assert_noop!(Operators::ensure_open(id), Fault::ServiceUnproven);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		assert_noop!(Draft::at("a.com").list(ALICE), Fault::TooManyUnproven);
		// What follows is as for any other that is unproven.
		Operators::disproven(id);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		Operators::unfound(id);
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN));
		Operators::proven(id);
		assert_eq!((status(id), at("a.com", ALICE)), (ServiceStatus::Active, (1, MAX_UNPROVEN)));
	});
}

#[test]
fn a_pause_does_not_keep_a_service_proven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let [paused, ending] = [(); 2].map(|()| Draft::at("a.com").listed(ALICE));
		Operators::proven(paused);
		Operators::proven(ending);
		assert_ok!(Operators::pause_service(signed(ALICE), paused));
		assert_ok!(Operators::retire_service(signed(ALICE), ending));
		Operators::disproven(paused);
		Operators::disproven(ending);
		Operators::disproven(404);
		assert_eq!(status(paused), ServiceStatus::Unproven);
		assert!(matches!(status(ending), ServiceStatus::Ending { .. }));
		assert_eq!(at("a.com", ALICE), (1, 1));
	});
}

#[test]
fn the_proof_of_control_is_a_hash_that_names_chain_operator_service_and_endpoint() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::at("a.com").listed(ALICE);
		let genesis = System::block_hash(0);
		let listed = Operators::service(id).unwrap().endpoint;
		let hash = surety_primitives::endpoint::control_hash(
			genesis.as_ref(),
			&ALICE.encode(),
			id,
			&listed,
		);
		assert_eq!(Operators::control_proof(id), Some(hash));
		// Every other listing has another, and so has this one elsewhere.
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
fn a_removed_service_leaves_the_place_that_it_has() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let places = |id| (at("a.com", ALICE), Listings::<Test>::get(id).unwrap().place);
		let (proven, unproven) =
			(Draft::at("a.com").listed(ALICE), Draft::at("a.com").listed(ALICE));
		Operators::proven(proven);
		let unfound = Draft::at("a.com").listed(ALICE);
		Operators::unfound(unfound);
		for (id, at, place) in [
			(unfound, (1, 1), HostPlace::None),
			(proven, (1, 1), HostPlace::Proven),
			(unproven, (0, 1), HostPlace::Unproven),
		] {
			// Ending says no more whether it was proven.
			assert_ok!(Operators::retire_service(signed(ALICE), id));
			assert_eq!(places(id), (at, place));
			Operators::do_try_state().unwrap();
			assert_ok!(Operators::remove_service(signed(ALICE), id));
		}
		assert_eq!(Hosts::<Test>::iter().count() + UnprovenHosts::<Test>::iter().count(), 0);
	});
}

#[test]
fn private_endpoints_are_unproven_without_a_bound() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		PrivateEndpoints::set(true);
		ProofOfControl::set(true);
		let ids = (0..=MAX_UNPROVEN).map(|_| Draft::at("a.com").listed(ALICE)).collect::<Vec<_>>();
		assert_eq!(at("a.com", ALICE), (0, MAX_UNPROVEN + 1));
		ids.into_iter().for_each(Operators::proven);
		assert_eq!(at("a.com", ALICE), (MAX_PER_HOST + 1, 0));
	});
}

#[test]
fn a_moved_endpoint_moves_the_count_of_its_host() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::at("one.com").listed(ALICE);
		let to = |url| move_to(ALICE, id, url);
		assert_ok!(to("https://two.com/"));
		happened(Event::EndpointChanged { service: id, status: ServiceStatus::Active });
		assert_eq!(Hosts::<Test>::iter().collect::<Vec<_>>(), [(text("two.com"), 1)]);

		Draft::at("two.com").listed(BOB);
		// Full, but a move within it is no new listing.
		assert_ok!(to("https://two.com/path"));
		Draft::at("three.com").listed(BOB);
		Draft::at("three.com").listed(BOB);
		assert_noop!(to("https://three.com"), Fault::HostFull);
		assert_ok!(Operators::deny_host(root(), text("four.com")));
		assert_noop!(to("https://four.com"), Fault::HostDenied);
	});
}

#[test]
fn where_control_must_be_proven_a_new_target_is_unproven() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::at("one.com").listed(ALICE);
		Operators::proven(id);
		let to = |url| move_to(ALICE, id, url);
		assert_ok!(to("https://ONE.com/other/path"));
		assert_eq!(status(id), ServiceStatus::Active);
		for url in ["https://one.com:8443", "http://one.com:8443", "https://two.com"] {
			assert_ok!(to(url));
			happened(Event::EndpointChanged { service: id, status: ServiceStatus::Unproven });
			assert_eq!(status(id), ServiceStatus::Unproven, "{url}");
			assert_eq!(VoidProofs::take(), [id], "probing forgets what it knew");
			Operators::proven(id);
		}
		// Else an operator could stop being judged by moving away in an outage.
		sell(id, 1);
		assert_noop!(to("https://three.com"), Fault::UnitsSold);
		assert_ok!(to("https://two.com/path"));
	});
}

#[test]
fn an_endpoint_given_for_an_unproven_service_asks_for_the_proof_again() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		ProofOfControl::set(true);
		let id = Draft::at("one.com").listed(ALICE);
		let to = |url| move_to(ALICE, id, url);
		// The same one, another path, another host: each asks once.
		for url in ["https://one.com/", "https://one.com/path", "https://two.com/"] {
			assert_ok!(to(url));
			assert_eq!(VoidProofs::take(), [id], "{url}");
			assert_eq!(status(id), ServiceStatus::Unproven, "{url}");
		}
		assert_ok!(Operators::update_service(signed(ALICE), id, None, None, Some(9), None, None));
		assert!(VoidProofs::take().is_empty(), "no endpoint was given");
		// What is proven stays so while it stays where it is.
		Operators::proven(id);
		assert_ok!(to("https://two.com/path"));
		assert!(VoidProofs::take().is_empty());
	});
}
