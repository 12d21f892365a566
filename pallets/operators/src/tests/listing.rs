// SPDX-License-Identifier: Apache-2.0

//! Listing of services.

use super::prelude::*;

#[test]
fn list_service_holds_the_deposit_and_rounds_the_latency_up() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_eq!(held_deposit(ALICE), DEPOSIT);
		let service = service(id);
		assert_eq!(
			(service.operator, service.status, service.capacity),
			(ALICE, ServiceStatus::Active, 10)
		);
		assert_eq!(service.terms.max_latency.edge_micros(), 256_000);
		assert_emitted(Event::ServiceListed {
			service: id,
			operator: ALICE,
			status: ServiceStatus::Active,
			max_latency_us: 256_000,
		});
		assert!(Rows::get().contains(&Target::Service(id)));
		assert_eq!(services_of(ALICE), [id]);
		assert_eq!(Hosts::<Test>::get(text::<ConstU32<253>>("rpc.example.com")), 1);
		assert_eq!(NetworkUse::<Test>::get(NETWORK), 1);
		assert_eq!(Count::<Test>::get().services, 1);
		assert_ok!(Operators::sellable(id));
	});
}

#[test]
fn identifiers_are_never_reused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let first = Draft::default().listed(ALICE);
		assert_ok!(Operators::retire_service(signed(ALICE), first));
		assert_ok!(Operators::remove_service(signed(ALICE), first));
		assert_eq!(Draft::default().listed(ALICE), first + 1);
		NextServiceId::<Test>::put(ServiceId::MAX - 1);
		assert_ok!(Draft::at("b.com").list(ALICE));
		assert_noop!(Draft::at("c.com").list(ALICE), Error::NoMoreIds);
	});
}

#[test]
fn every_kind_can_be_listed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for (at, kind) in [
			ServiceKind::Compute,
			ServiceKind::Vpn { key: [7; 32] },
			ServiceKind::Inference { model: text("llama") },
			ServiceKind::Rpc { network: NETWORK },
		]
		.into_iter()
		.enumerate()
		{
			Draft { kind, ..Draft::at(&format!("h{at}.com")) }.listed(ALICE);
		}
		assert_eq!(NetworkUse::<Test>::get(NETWORK), 1);
	});
}

#[test]
fn bad_kinds_and_regions_are_refused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let kind = |kind| Draft { kind, ..Draft::default() }.list(ALICE);
		assert_noop!(kind(ServiceKind::Rpc { network: 404 }), Error::UnknownNetwork);
		assert_noop!(kind(ServiceKind::Inference { model: text("") }), Error::BadText);
		assert_noop!(kind(ServiceKind::Inference { model: text("a\0") }), Error::BadText);
		for region in [*b"de", *b"D1", [0, 0], *b"D ", *b"ZZ", *b"UK"] {
			assert_noop!(Draft { region, ..Draft::default() }.list(ALICE), Error::BadRegion);
		}
		assert_noop!(Draft { uri: text("\n"), ..Draft::default() }.list(ALICE), Error::BadText);
	});
}

#[test]
fn each_fault_of_an_endpoint_has_its_error() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for (url, fault) in [
			("ftp://example.com", Error::EndpointNotHttp),
			("https://example.com/a b", Error::EndpointCharacters),
			("https://me:pw@example.com", Error::EndpointHasCredentials),
			("https://example.com/?key=1", Error::EndpointHasQuery),
			("https://example.com/#a", Error::EndpointHasFragment),
			("https://", Error::EndpointHost),
			("https://example.com:0", Error::EndpointPort),
			("http://127.0.0.1:9944", Error::EndpointPrivate),
			("http://localhost:9944", Error::EndpointPrivate),
			("https://[2606:4700::1111]/", Error::EndpointIpv6),
		] {
			assert_noop!(Draft { endpoint: text(url), ..Draft::default() }.list(ALICE), fault);
		}
	});
}

#[test]
fn private_endpoints_are_listed_where_the_chain_allows_them() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		allow_private();
		assert_noop!(Draft::at("[::1]").list(ALICE), Error::EndpointIpv6);
		// The bound per host does not apply: a dev network has everything on one.
		for _ in 0..=MAX_PER_HOST {
			Draft { endpoint: text("http://127.0.0.1:9944"), ..Draft::default() }.listed(ALICE);
		}
	});
}

#[test]
fn denied_hosts_and_names_below_them_are_refused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::deny_host(root(), text("Victim.org.")));
		for host in ["victim.org", "VICTIM.org:81", "a.b.victim.org."] {
			assert_noop!(Draft::at(host).list(ALICE), Error::HostDenied);
		}
		assert_ok!(Draft::at("notvictim.org").list(ALICE));
		assert_ok!(Operators::allow_host(root(), text("victim.org")));
		assert_ok!(Draft::at("a.victim.org").list(ALICE));
	});
}

#[test]
fn zero_units_and_zero_price_are_refused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(Draft { capacity: 0, ..Draft::default() }.list(ALICE), Error::ZeroCapacity);
		assert_noop!(Draft { price: 0, ..Draft::default() }.list(ALICE), Error::ZeroPrice);
	});
}

#[test]
fn products_of_price_capacity_and_cover_must_fit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let window = Balance::from(ROUND_BLOCKS) * Balance::from(WINDOW_ROUNDS);
		let max_price = Balance::MAX / 10 / window;
		assert_noop!(
			Draft { price: max_price + 1, ..Draft::default() }.list(ALICE),
			Error::PriceOverflow
		);
		assert_noop!(
			Draft { price: Balance::MAX, capacity: u32::MAX, ..Draft::default() }.list(ALICE),
			Error::PriceOverflow
		);
		// Twice the cost of the cover must fit: credits, and a penalty as large.
		let covered = |cover| Draft {
			price: max_price,
			terms: TermsInput { cover, ..Draft::default().terms },
			..Draft::default()
		};
		let half = percent(50);
		let above = WindowShare::from_inner(half.into_inner() + 1);
		assert_noop!(covered(above).list(ALICE), Error::CreditOverflow);
		assert_noop!(covered(WindowShare::from_inner(u64::MAX)).list(ALICE), Error::CreditOverflow);
		assert_ok!(covered(half).list(ALICE));
	});
}

#[test]
fn each_fault_of_terms_has_its_error() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let with = |change: fn(&mut TermsInput)| {
			let mut draft = Draft::default();
			change(&mut draft.terms);
			draft.list(ALICE)
		};
		assert_noop!(
			with(|terms| terms.min_uptime = 1_000_000_001),
			Error::InvalidTerms(TermsFault::Uptime)
		);
		assert_noop!(
			with(|terms| terms.min_uptime = u32::MAX),
			Error::InvalidTerms(TermsFault::Uptime)
		);
		assert_noop!(
			with(|terms| terms.max_latency_ms = 0),
			Error::InvalidTerms(TermsFault::Latency)
		);
		assert_noop!(
			with(|terms| terms.max_latency_ms = u32::MAX),
			Error::InvalidTerms(TermsFault::Latency)
		);
		assert_noop!(
			with(|terms| terms.cover = percent(0)),
			Error::InvalidTerms(TermsFault::ZeroCover)
		);
		assert_noop!(
			with(|terms| terms.credit = [2, 1, 5, 10].map(percent)),
			Error::InvalidTerms(TermsFault::CreditsFall)
		);
		assert_noop!(
			with(|terms| terms.credit = [1, 2, 5, 4].map(percent)),
			Error::InvalidTerms(TermsFault::CreditsFall)
		);
		assert_noop!(
			with(|terms| terms.credit = [1, 2, 5, 21].map(percent)),
			Error::InvalidTerms(TermsFault::CreditAboveCover)
		);
		assert_ok!(with(|terms| terms.credit = [20; 4].map(percent)));
		assert_ok!(with(|terms| terms.min_uptime = 1_000_000_000));
	});
}

/// Numbers of the example in the documentation of the pallet.
#[test]
fn the_worked_example_is_right() {
	use surety_primitives::credit::{cost_of, credit_of, with_penalty};
	let window = 1_000 * 14_400;
	let credits = [10, 50, 300, 1_000].map(|share| credit_of(window, percent(share)));
	assert_eq!(credits, [1_440_000, 7_200_000, 43_200_000, 144_000_000]);
	let cover = cost_of(window, percent(3_000)).unwrap();
	assert_eq!(cover, 432_000_000);
	assert_eq!(with_penalty(cover, Perbill::from_percent(10)), Some(475_200_000));
}

#[test]
fn no_credit_is_above_the_governance_maximum() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let promise = |critical, host| {
			let mut draft = Draft::at(host);
			draft.terms.credit[3] = percent(critical);
			draft.terms.cover = percent(1_000_000);
			draft.list(ALICE)
		};
		assert_noop!(promise(3_001, "a.com"), Error::InvalidTerms(TermsFault::CreditAboveMax));
		// Thirty windows' prices, with a cover of ten thousand.
		assert_ok!(promise(3_000, "a.com"));
		MaxCredit::set(percent(50));
		assert_noop!(promise(51, "b.com"), Error::InvalidTerms(TermsFault::CreditAboveMax));
		assert_ok!(promise(50, "b.com"));
	});
}

#[test]
fn terms_promise_no_latency_beyond_the_probe_timeout() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let promise = |max_latency_ms, host| {
			let mut draft = Draft::at(host);
			draft.terms.max_latency_ms = max_latency_ms;
			draft.list(ALICE)
		};
		// A tenth of 5 s is 500 ms, in the bucket up to 512 ms.
		assert_noop!(promise(513, "a.com"), Error::InvalidTerms(TermsFault::Latency));
		assert_ok!(promise(512, "a.com"));
		assert_ok!(promise(500, "b.com"));
		// Longer rounds do not help: latencies above the last edge are in one bucket.
		set_timings(|timings| timings.slot_ms = 1_000_000);
		assert_noop!(promise(55_109, "c.com"), Error::InvalidTerms(TermsFault::Latency));
		assert_noop!(promise(u32::MAX, "c.com"), Error::InvalidTerms(TermsFault::Latency));
		assert_ok!(promise(55_108, "c.com"));
	});
}

#[test]
fn list_service_needs_an_approved_asset_and_its_minimum_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let with = |who, asset| Draft { asset, ..Draft::default() }.list(who);
		assert_noop!(with(ALICE, EUR), Error::AssetNotApproved);
		register(BOB);
		assert_noop!(with(BOB, USD), Error::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(BOB), USD, MIN_ASSET_BOND - 1));
		assert_noop!(with(BOB, USD), Error::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(BOB), USD, 1));
		assert_ok!(with(BOB, USD));
		assert_ok!(Operators::revoke_asset(root(), USD_ID));
		assert_noop!(with(ALICE, USD), Error::AssetNotApproved);
	});
}

#[test]
fn services_per_operator_are_bounded() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for at in 0..MAX_SERVICES {
			Draft::at(&format!("h{at}.com")).listed(ALICE);
		}
		assert_noop!(Draft::at("more.com").list(ALICE), Error::TooManyServices);
	});
}

#[test]
fn list_service_needs_a_free_row_and_the_deposit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		RowsFull::set(true);
		assert_noop!(Draft::default().list(ALICE), DispatchError::Other("every row is taken"));
		RowsFull::set(false);
		ServiceDeposit::set(START);
		assert_noop!(Draft::default().list(ALICE), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_service_is_sellable_only_at_the_present_minimum_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(Operators::sellable(404), Error::UnknownService);
		let id = Draft::default().listed(ALICE);
		assert_eq!(Operators::sellable(id), Ok(service(id)));
		NativeMinBond::set(2 * MIN_BOND + 1);
		assert_noop!(Operators::sellable(id), Error::BondBelowMinimum);
	});
}
