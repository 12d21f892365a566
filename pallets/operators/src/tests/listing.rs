//! Services are listed, and what they must look like.

use super::prelude::*;

#[test]
fn a_listing_takes_the_deposit_and_says_the_rounded_latency() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_eq!(held_deposit(ALICE), DEPOSIT);
		let service = Operators::service(id).unwrap();
		assert_eq!(
			(service.operator, service.status, service.capacity),
			(ALICE, ServiceStatus::Active, 10)
		);
		assert_eq!(service.terms.max_latency.edge_micros(), 256_000);
		happened(Event::ServiceListed {
			service: id,
			operator: ALICE,
			status: ServiceStatus::Active,
			max_latency_us: 256_000,
		});
		assert!(InPages::get().contains(&id));
		assert_eq!(Operators::services_of(ALICE), [id]);
		assert_eq!(Hosts::<Test>::get(text::<ConstU32<253>>("rpc.example.com")), 1);
		assert_eq!(NetworkUse::<Test>::get(NETWORK), 1);
		assert_eq!(Count::<Test>::get().services, 1);
		assert_ok!(Operators::ensure_open(id));
	});
}

#[test]
fn identifiers_are_never_reused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let first = Draft::default().listed(ALICE);
		assert_ok!(Operators::retire_service(signed(ALICE), first));
		assert_ok!(Operators::remove_service(signed(ALICE), first));
		assert_eq!(Draft::default().listed(ALICE), first + 1);
		// From there on identifiers are those of leases.
		NextServiceId::<Test>::put(LEASES_FROM - 1);
		assert_ok!(Draft::at("b.com").list(ALICE));
		assert_noop!(Draft::at("c.com").list(ALICE), Fault::NoMoreIds);
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
		assert_noop!(kind(ServiceKind::Rpc { network: 404 }), Fault::UnknownNetwork);
		assert_noop!(kind(ServiceKind::Inference { model: text("") }), Fault::BadText);
		assert_noop!(kind(ServiceKind::Inference { model: text("a\0") }), Fault::BadText);
		for region in [*b"de", *b"D1", [0, 0], *b"D ", *b"ZZ", *b"UK"] {
			assert_noop!(Draft { region, ..Draft::default() }.list(ALICE), Fault::BadRegion);
		}
		assert_noop!(Draft { uri: text("\n"), ..Draft::default() }.list(ALICE), Fault::BadText);
	});
}

#[test]
fn bad_endpoints_are_refused_by_name() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for (url, fault) in [
			("ftp://example.com", Fault::EndpointNotHttp),
			("https://example.com/a b", Fault::EndpointCharacters),
			("https://me:pw@example.com", Fault::EndpointHasCredentials),
			("https://example.com/?key=1", Fault::EndpointHasQuery),
			("https://example.com/#a", Fault::EndpointHasFragment),
			("https://", Fault::EndpointHost),
			("https://example.com:0", Fault::EndpointPort),
			("http://127.0.0.1:9944", Fault::EndpointPrivate),
			("http://localhost:9944", Fault::EndpointPrivate),
			("https://[2606:4700::1111]/", Fault::EndpointIpv6),
		] {
			assert_noop!(Draft { endpoint: text(url), ..Draft::default() }.list(ALICE), fault);
		}
	});
}

#[test]
fn private_endpoints_pass_where_the_chain_allows_them() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		PrivateEndpoints::set(true);
		assert_noop!(Draft::at("[::1]").list(ALICE), Fault::EndpointIpv6);
		// Nor is there a limit per host: a dev network has everything on one.
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
			assert_noop!(Draft::at(host).list(ALICE), Fault::HostDenied);
		}
		assert_ok!(Draft::at("notvictim.org").list(ALICE));
		assert_ok!(Operators::allow_host(root(), text("victim.org")));
		assert_ok!(Draft::at("a.victim.org").list(ALICE));
	});
}

#[test]
fn zero_units_and_zero_price_are_refused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(Draft { capacity: 0, ..Draft::default() }.list(ALICE), Fault::ZeroCapacity);
		assert_noop!(Draft { price: 0, ..Draft::default() }.list(ALICE), Fault::ZeroPrice);
	});
}

#[test]
fn amounts_that_others_multiply_must_fit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let window = Balance::from(ROUND_BLOCKS) * Balance::from(WINDOW_ROUNDS);
		let most = Balance::MAX / 10 / window;
		assert_noop!(
			Draft { price: most + 1, ..Draft::default() }.list(ALICE),
			Fault::PriceOverflow
		);
		assert_noop!(
			Draft { price: Balance::MAX, capacity: u32::MAX, ..Draft::default() }.list(ALICE),
			Fault::PriceOverflow
		);
		// Twice the cost of the cover: for credits, and a penalty as large.
		let covered = |cover| Draft {
			price: most,
			terms: TermsInput { cover, ..Draft::default().terms },
			..Draft::default()
		};
		let half = percent(50);
		let above = WindowShare::from_inner(half.into_inner() + 1);
		assert_noop!(covered(above).list(ALICE), Fault::CreditOverflow);
		assert_noop!(covered(WindowShare::from_inner(u64::MAX)).list(ALICE), Fault::CreditOverflow);
		assert_ok!(covered(half).list(ALICE));
	});
}

#[test]
fn bad_terms_are_refused_by_name() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let with = |change: fn(&mut TermsInput)| {
			let mut draft = Draft::default();
			change(&mut draft.terms);
			draft.list(ALICE)
		};
		assert_noop!(with(|terms| terms.min_uptime = 1_000_000_001), Fault::TermsUptime);
		assert_noop!(with(|terms| terms.min_uptime = u32::MAX), Fault::TermsUptime);
		assert_noop!(with(|terms| terms.max_latency_ms = 0), Fault::TermsLatency);
		assert_noop!(with(|terms| terms.max_latency_ms = u32::MAX), Fault::TermsLatency);
		assert_noop!(with(|terms| terms.cover = percent(0)), Fault::TermsZeroCover);
		assert_noop!(
			with(|terms| terms.credit = [2, 1, 5, 10].map(percent)),
			Fault::TermsCreditsFall
		);
		assert_noop!(
			with(|terms| terms.credit = [1, 2, 5, 4].map(percent)),
			Fault::TermsCreditsFall
		);
		assert_noop!(
			with(|terms| terms.credit = [1, 2, 5, 21].map(percent)),
			Fault::TermsCreditAboveCover
		);
		assert_ok!(with(|terms| terms.credit = [20; 4].map(percent)));
		assert_ok!(with(|terms| terms.min_uptime = 1_000_000_000));
	});
}

/// The numbers in the documentation of the pallet.
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
fn no_credit_is_above_what_governance_allows() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let promise = |critical, host| {
			let mut draft = Draft::at(host);
			draft.terms.credit[3] = percent(critical);
			draft.terms.cover = percent(1_000_000);
			draft.list(ALICE)
		};
		assert_noop!(promise(3_001, "a.com"), Fault::TermsCreditAboveMost);
		// Thirty windows' prices, of a cover of ten thousand.
		assert_ok!(promise(3_000, "a.com"));
		MaxCredit::set(percent(50));
		assert_noop!(promise(51, "b.com"), Fault::TermsCreditAboveMost);
		assert_ok!(promise(50, "b.com"));
	});
}

#[test]
fn terms_promise_no_latency_that_a_prober_does_not_wait_for() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let promise = |max_latency_ms, host| {
			let mut draft = Draft::at(host);
			draft.terms.max_latency_ms = max_latency_ms;
			draft.list(ALICE)
		};
		// A tenth of 5 s is 500 ms, in the bucket up to 512 ms.
		assert_noop!(promise(513, "a.com"), Fault::TermsLatency);
		assert_ok!(promise(512, "a.com"));
		assert_ok!(promise(500, "b.com"));
		// However long the rounds: nothing is told apart above the last edge.
		SlotMs::set(1_000_000);
		assert_noop!(promise(55_109, "c.com"), Fault::TermsLatency);
		assert_noop!(promise(u32::MAX, "c.com"), Fault::TermsLatency);
		assert_ok!(promise(55_108, "c.com"));
	});
}

#[test]
fn listing_takes_an_approved_asset_and_the_bond_in_it() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let with = |who, asset| Draft { asset, ..Draft::default() }.list(who);
		assert_noop!(with(ALICE, EUR), Fault::AssetNotApproved);
		register(BOB);
		assert_noop!(with(BOB, USD), Fault::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(BOB), USD, MIN_ASSET_BOND - 1));
		assert_noop!(with(BOB, USD), Fault::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(BOB), USD, 1));
		assert_ok!(with(BOB, USD));
		assert_ok!(Operators::revoke_asset(root(), USD_ID));
		assert_noop!(with(ALICE, USD), Fault::AssetNotApproved);
	});
}

#[test]
fn an_operator_lists_a_bounded_number() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for at in 0..MAX_SERVICES {
			Draft::at(&format!("h{at}.com")).listed(ALICE);
		}
		assert_noop!(Draft::at("more.com").list(ALICE), Fault::TooManyServices);
	});
}

#[test]
fn without_a_deposit_or_a_slot_nothing_is_listed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		PagesFull::set(true);
		assert_noop!(Draft::default().list(ALICE), DispatchError::Other("every slot is taken"));
		PagesFull::set(false);
		ServiceDeposit::set(START);
		assert_noop!(Draft::default().list(ALICE), TokenError::FundsUnavailable);
	});
}
