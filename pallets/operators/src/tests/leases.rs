//! Leases become services of their own under a compute service, and cease to be.

use super::prelude::*;
use surety_primitives::LatencyBucket;

const LEASE: LeaseId = 5;
const ID: ServiceId = LEASES_FROM + LEASE;

/// Terms with so many hundredths of a window's price as cover.
fn terms(cover: u32) -> SlaTerms {
	SlaTerms {
		min_uptime: Perbill::from_percent(95),
		max_latency: LatencyBucket::from_millis(100),
		max_head_lag: 0,
		credit: [1, 2, 3, 4].map(percent),
		cover: percent(cover),
	}
}

fn list_at(parent: ServiceId, url: &str) -> DispatchResult {
	Operators::list_lease(LEASE, parent, text(url), 7, terms(50))
}

/// Alice's compute service in USD and the lease under it.
fn leased() -> ServiceId {
	let parent = Draft { asset: USD, ..Draft::compute("host.com") }.listed(ALICE);
	assert_ok!(list_at(parent, "https://host.com/lease/5"));
	parent
}

#[test]
fn a_ready_lease_is_one_unit_under_the_listing_of_its_operator() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_eq!(service_of_lease(LEASE), ID);
		let expected = ServiceOf::<Test> {
			endpoint: text("https://host.com/lease/5"),
			capacity: 1,
			price: 7,
			terms: terms(50),
			status: ServiceStatus::Leased,
			..Operators::service(parent).unwrap()
		};
		assert_eq!(Operators::service(ID), Some(expected));
		assert!(InPages::get().contains(&ID));
		// It counts for nothing that limits or sums up listings, and takes no deposit.
		assert_eq!(Operators::services_of(ALICE), [parent]);
		assert_eq!(Hosts::<Test>::get(text::<ConstU32<253>>("host.com")), 1);
		assert_eq!(Count::<Test>::get().services, 1);
		assert_eq!(held_deposit(ALICE), DEPOSIT);
		assert!(!Listings::<Test>::contains_key(ID));
	});
}

#[test]
fn leases_are_listed_under_a_proven_compute_service_only() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(list_at(404, "https://host.com"), Fault::UnknownService);
		let rpc = Draft::at("host.com").listed(ALICE);
		assert_noop!(list_at(rpc, "https://host.com"), Fault::NotCompute);
		leased();
		let under =
			|parent| Operators::list_lease(6, parent, text("https://host.com"), 7, terms(50));
		assert_noop!(under(ID), Fault::ServiceLeased);
		ProofOfControl::set(true);
		let unproven = Draft::compute("new.com").listed(ALICE);
		let list = || Operators::list_lease(6, unproven, text("https://new.com"), 7, terms(50));
		assert_noop!(list(), Fault::ServiceUnproven);
		Operators::proven(unproven);
		assert_ok!(list());
	});
}

#[test]
fn what_was_sold_before_becomes_a_lease_under_a_service_that_sells_no_more() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com").listed(ALICE);
		assert_ok!(Operators::pause_service(signed(ALICE), parent));
		assert_ok!(list_at(parent, "https://host.com/"));
		assert_ok!(Operators::resume_service(signed(ALICE), parent));
		assert_ok!(Operators::retire_service(signed(ALICE), parent));
		assert_ok!(Operators::list_lease(6, parent, text("https://host.com/6"), 7, terms(50)));
	});
}

#[test]
fn the_endpoint_of_a_lease_is_on_the_very_server_of_its_service() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com:8443").listed(ALICE);
		for elsewhere in [
			"http://host.com:8443/lease",
			"https://host.com/lease",
			"https://host.com:8444/lease",
			"https://a.host.com:8443/lease",
			"https://other.com:8443/lease",
		] {
			assert_noop!(list_at(parent, elsewhere), Fault::LeaseEndpointElsewhere);
		}
		assert_noop!(list_at(parent, "https://host.com:8443/?lease=5"), Fault::EndpointHasQuery);
		assert_ok!(Operators::deny_host(root(), text("host.com")));
		assert_noop!(list_at(parent, "https://host.com:8443/lease"), Fault::HostDenied);
		assert_ok!(Operators::allow_host(root(), text("host.com")));
		assert_ok!(list_at(parent, "https://HOST.com.:8443/lease"));
	});
}

#[test]
fn amounts_of_a_lease_must_fit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = Draft::compute("host.com").listed(ALICE);
		let list = |price, cover| {
			Operators::list_lease(LEASE, parent, text("https://host.com/"), price, terms(cover))
		};
		assert_noop!(list(0, 50), Fault::ZeroPrice);
		assert_noop!(list(Balance::MAX, 50), Fault::PriceOverflow);
		let window = Balance::from(ROUND_BLOCKS) * Balance::from(WINDOW_ROUNDS);
		assert_noop!(list(Balance::MAX / window, 51), Fault::CreditOverflow);
		assert_ok!(list(Balance::MAX / window, 50));
	});
}

#[test]
fn a_lease_is_listed_once_and_changes_nothing_if_it_finds_no_slot() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_noop!(list_at(parent, "https://host.com/"), Fault::LeaseListed);
		let list =
			|lease| Operators::list_lease(lease, parent, text("https://host.com/"), 7, terms(50));
		assert_noop!(list(LEASES_FROM), Fault::NoMoreIds);
		PagesFull::set(true);
		assert_noop!(list(6), DispatchError::Other("every slot is taken"));
		PagesFull::set(false);
		assert_ok!(list(LEASES_FROM - 1));
	});
}

#[test]
fn the_bond_stands_for_leases_as_for_services() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_ok!(Operators::set_exposure(ID, 600));
		assert_eq!((Operators::exposure(ID), Operators::free_bond(ID)), (600, 400));
		assert_noop!(Operators::set_exposure(parent, 401), Fault::InsufficientBond);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 401), Fault::BondReserved);
		assert_eq!(Operators::slash(ID, 200, &POT, 20), Slashed { credit: 200, penalty: 20 });
		assert_ok!(Operators::set_exposure(ID, 380));
		assert_eq!(bond_of(ALICE, USD).free(), 400);
		happened(Event::BondSlashed {
			operator: ALICE,
			service: ID,
			asset: USD,
			credit: 200,
			penalty: 20,
			unpaid: 0,
		});
	});
}

#[test]
fn a_lease_is_not_for_sale_and_only_its_owner_ends_it() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		leased();
		let before = Operators::service(ID);
		assert_noop!(Operators::ensure_open(ID), Fault::ServiceLeased);
		assert_noop!(Operators::ensure_open(ID + 1), Fault::UnknownService);
		Operators::terminate(ID, 3);
		Operators::proven(ID);
		assert_eq!(Operators::service(ID), before);
		assert!(!MeterEnds::get().contains_key(&ID));
	});
}

#[test]
fn no_call_changes_a_lease() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		leased();
		let alice = || signed(ALICE);
		let before = storage_root();
		for (id, fault) in [(ID, "ServiceLeased"), (ID + 1, "UnknownService")] {
			let endpoint = Some(text("https://host.com/"));
			for refused in [
				Operators::update_service(alice(), id, endpoint, Some(2), Some(1), None, None),
				Operators::raise_cover(alice(), id, percent(60)),
				Operators::pause_service(alice(), id),
				Operators::resume_service(alice(), id),
				Operators::retire_service(alice(), id),
				Operators::retire_service(root(), id),
				Operators::remove_service(alice(), id),
			] {
				assert_eq!(<&str>::from(refused.unwrap_err()), fault);
			}
		}
		assert_eq!(storage_root(), before);
	});
}

#[test]
fn a_lease_has_maintenance_of_its_own() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		leased();
		let announce = |who, from| Operators::announce_maintenance(signed(who), ID, from, 1);
		assert_noop!(announce(BOB, 12), Fault::NotOwner);
		assert_noop!(announce(ALICE, 1), Fault::MaintenanceTooSoon);
		assert_ok!(announce(ALICE, 12));
		assert_eq!(MaintenanceSet::get().get(&ID), Some(&(12, 1)));
		assert_noop!(announce(ALICE, 30), Fault::MaintenanceAnnounced);
		Operators::remove_lease(LEASE);
		assert!(!LeaseMaintenance::<Test>::contains_key(ID));
		assert_noop!(announce(ALICE, 30), Fault::UnknownService);
	});
}

#[test]
fn of_a_lease_that_is_over_nothing_is_left() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let parent = leased();
		assert_ok!(Operators::set_exposure(ID, 600));
		Operators::remove_lease(LEASE);
		assert_eq!(Operators::service(ID), None);
		assert_eq!((Operators::exposure(ID), bond_of(ALICE, USD).exposure), (0, 0));
		assert_eq!(InPages::get().into_iter().collect::<Vec<_>>(), [parent]);
		assert_eq!(Forgotten::take(), [ID]);

		// Again, and one that never was: nothing happens.
		let root_before = storage_root();
		Operators::remove_lease(LEASE);
		Operators::remove_lease(404);
		assert_eq!(storage_root(), root_before);
		assert!(Forgotten::get().is_empty());
	});
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "agreement of a lease that is over")]
fn an_agreement_that_outlives_its_lease_is_a_fault_of_the_chain() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		leased();
		Owed::mutate(|owed| owed.insert(ID));
		Operators::remove_lease(LEASE);
	});
}

/// Root of the storage.
fn storage_root() -> Vec<u8> {
	frame::deps::sp_io::storage::root(frame::deps::sp_runtime::StateVersion::V1)
}
