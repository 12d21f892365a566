//! The agreements behind leases.

use super::*;
use surety_primitives::{LeaseAgreements, LeaseId, OnEscrowEnd, StreamEnd, service_of_lease};

const LEASE: LeaseId = 7;

fn leased() -> ServiceId {
	service_of_lease(LEASE)
}

fn try_begin() -> Result<AgreementId, DispatchError> {
	<Sla as LeaseAgreements<AccountId>>::open(LEASE, &TENANT, 5)
}

/// A lease that counts since window 3, at the start of which the clock is.
fn counting(lease: LeaseId) -> AgreementId {
	let id = begin(TENANT, lease, NATIVE);
	at_round(3 * R);
	turn(service_of_lease(lease), 2);
	id
}

#[test]
fn a_lease_is_one_unit_at_its_listed_price() {
	ExtBuilder::build_and_execute(|| {
		let before = free(NATIVE, TENANT);
		let service = list_lease(LEASE, NATIVE);
		// Neither price nor verdict nor sale is asked for.
		LeastWindowPrice::set(&BOND);
		Shut::set(&[service].into());
		verdict(service, 22, Verdict::Down);
		let id = World::begin_lease(TENANT, LEASE, DEPOSIT).unwrap();

		let stored = agreement(id);
		assert_eq!((stored.lease, stored.service, stored.units), (Some(LEASE), service, 1));
		assert_eq!((stored.price, stored.base, stored.state), (PRICE, Base::Window(2), AgreementState::Open));
		assert_eq!(Streams::get()[&stored.escrow].owner, EscrowOwner::Replica { order: LEASE, index: 0 });
		let terms = Listings::get()[&service].terms.clone();
		assert_eq!(World::exposure(service), CAP * 11 / 10);
		assert_eq!(<Sla as LeaseAgreements<AccountId>>::exposure(&terms), Some(CAP * 11 / 10));
		assert!(ProbedAs::get()[&service].hot);
		assert_eq!(Sla::agreements_of(TENANT, None, 9), [id]);
		assert_eq!(free(NATIVE, TENANT), before - DEPOSIT, "and its operator brought the pot to life");
		assert_eq!(
			events(),
			[Event::AgreementOpened {
				agreement: id,
				tenant: TENANT,
				service,
				units: 1,
				price: PRICE,
				asset: NATIVE,
				deposit: 0,
			}]
		);
	});
}

#[test]
fn exposure_that_overflows_is_none() {
	let terms = |cap| surety_primitives::SlaTerms {
		min_uptime: Perbill::one(),
		max_latency: Default::default(),
		max_head_lag: 0,
		credit: [0; 4],
		credit_cap: cap,
	};
	ExtBuilder::build_and_execute(|| {
		assert_eq!(<Sla as LeaseAgreements<AccountId>>::exposure(&terms(Balance::MAX)), None);
		assert_eq!(<Sla as LeaseAgreements<AccountId>>::exposure(&terms(0)), Some(0));
	});
}

#[test]
fn a_lease_that_cannot_begin_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		assert_noop!(try_begin(), Error::<Test>::UnknownService);
		list_lease(LEASE, NATIVE);
		relist(leased(), |s| s.status = surety_primitives::ServiceStatus::Active);
		assert_noop!(try_begin(), Error::<Test>::NotLeased);
		relist(leased(), |s| s.status = surety_primitives::ServiceStatus::Leased);
		PagesFull::set(&true);
		assert_noop!(try_begin(), DispatchError::Other("pages full"));
		PagesFull::set(&false);
		NextAgreement::<Test>::put(AgreementId::MAX);
		assert_noop!(try_begin(), Error::<Test>::TooManyAgreements);
		NextAgreement::<Test>::put(0);
		lose_bond(NATIVE, CAP * 11 / 10 - 1);
		assert_noop!(try_begin(), Error::<Test>::BondTooSmall { units: 0 });
		change!(Listings, |map| map.remove(&leased()));
	});
}

#[test]
fn a_lease_is_not_for_sale() {
	ExtBuilder::build_and_execute(|| {
		begin(TENANT, LEASE, NATIVE);
		assert_noop!(
			Sla::open_agreement(signed(OTHER), leased(), 1, u128::MAX, DEPOSIT, 0),
			Error::<Test>::SoldByLease
		);
	});
}

#[test]
fn closing_and_topping_up_is_for_the_owner_of_the_lease() {
	ExtBuilder::build_and_execute(|| {
		let id = begin(TENANT, LEASE, NATIVE);
		for who in [TENANT, OPERATOR, OTHER] {
			assert_noop!(Sla::close_agreement(signed(who), id), Error::<Test>::BelongsToLease);
			assert_noop!(Sla::top_up(signed(who), id, 5), Error::<Test>::BelongsToLease);
		}
	});
}

#[test]
fn a_lease_is_credited_and_settled_like_any_agreement() {
	ExtBuilder::build_and_execute(|| {
		let id = counting(LEASE);
		at_round(3 * R + 6);
		let before = (free(NATIVE, TENANT), free(NATIVE, OPERATOR));
		breach_in(3 * R + 4, leased(), BreachKind::Downtime, None, Low, 1);
		assert_eq!(owed(id), 60);
		assert_ok!(Sla::settle(signed(THIRD), id));
		// Rounds 25 to 40 are billed.
		assert_eq!(free(NATIVE, TENANT), before.0 + 60);
		assert_eq!(free(NATIVE, OPERATOR), before.1 + PRICE * Balance::from(L) * 16);
		breach_in(3 * R + 4, leased(), BreachKind::Downtime, Some(Low), Medium, 1);
		assert_ok!(Sla::claim(signed(THIRD), id));
		assert_eq!(free(NATIVE, TENANT), before.0 + 120);
	});
}

#[test]
fn the_credit_of_a_window_is_paid_as_the_window_goes_by() {
	ExtBuilder::build_and_execute(|| {
		let id = counting(LEASE);
		at_round(3 * R + 3);
		breach_in(3 * R + 1, leased(), BreachKind::Downtime, None, Critical, 1);
		let before = free(NATIVE, TENANT);
		let mut paid = Vec::new();
		for round in [3 * R + 3, 3 * R + 4, 4 * R, 4 * R + 1, 4 * R + 2] {
			at_round(round);
			let _ = Sla::claim(signed(THIRD), id);
			paid.push(free(NATIVE, TENANT) - before);
		}
		let round = PRICE * Balance::from(L);
		assert_eq!(paid, [2 * round, 3 * round, 11 * round, WINDOW_PRICE, WINDOW_PRICE]);
		turn(leased(), 3);
		assert_noop!(Sla::claim(signed(THIRD), id), Error::<Test>::NothingOwed);
	});
}

#[test]
fn a_tenant_that_leaves_after_two_outages_around_an_edge_gets_no_second_window() {
	for reason in [CloseReason::TenantClosed, CloseReason::Expired, CloseReason::FundsExhausted] {
		ExtBuilder::build_and_execute(|| {
			at_round(3 * R - 1);
			let id = begin(TENANT, LEASE, NATIVE);
			at_round(4 * R + 2);
			turn(leased(), 2);
			breach_in(4 * R - 1, leased(), BreachKind::Downtime, None, Critical, 1);
			turn(leased(), 3);
			breach_in(4 * R, leased(), BreachKind::Downtime, None, Critical, 1);
			let round = PRICE * Balance::from(L);
			assert_ok!(Sla::claim(signed(TENANT), id));
			assert_eq!(agreement(id).credited, WINDOW_PRICE + round);
			World::end_lease(LEASE, 4 * R + 2, reason);
			assert_eq!(owed(id), 2 * round);
			assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::PaidAtItsEnd);
			at_round(4 * R + 4);
			events();
			World::work_agenda();
			assert!(matches!(events()[0], Event::AgreementClosed { credited, .. }
				if credited == WINDOW_PRICE + 3 * round));
			assert_eq!(Pots::<Test>::get(NATIVE).owed, 0);
		});
	}
}

#[test]
fn a_lease_that_its_operator_failed_is_credited_what_its_last_rounds_cost() {
	ExtBuilder::build_and_execute(|| {
		let id = counting(LEASE);
		at_round(3 * R + 4);
		breach_in(3 * R + 2, leased(), BreachKind::Downtime, None, Critical, 1);
		World::end_lease(LEASE, 3 * R + 2, CloseReason::Unhealthy);
		// Three rounds of its last window: more would make such an outage worth inducing.
		let due = 3 * PRICE * Balance::from(L);
		assert_eq!(owed(id), due);
		events();
		World::work_agenda();
		let closed = events();
		assert!(matches!(closed[0], Event::AgreementClosed { credited, code: 2_004, .. } if credited == due));
		assert_eq!(closed[1], Event::CreditPaid { agreement: id, tenant: TENANT, amount: due });
	});
}

#[test]
fn only_its_owner_ends_a_lease() {
	ExtBuilder::build_and_execute(|| {
		let id = counting(LEASE);
		change!(MeterEnds, |map| map.insert(leased(), 3 * R));
		at_round(3 * R + 5);
		assert_ok!(Sla::settle(signed(THIRD), id));
		Sla::on_idle(0, Weight::MAX);
		let owner = EscrowOwner::Replica { order: LEASE, index: 0 };
		let round = 3 * R;
		<Sla as OnEscrowEnd>::ending(owner, round, CloseReason::ServiceRetired);
		let reason = CloseReason::ServiceRetired;
		<Sla as OnEscrowEnd>::ended(owner, StreamEnd { reason, round, paid: 0, fee: 0, refunded: 0 });
		assert_eq!(agreement(id).state, AgreementState::Open);

		events();
		World::end_lease(LEASE, 3 * R, CloseReason::Expired);
		let reason = CloseReason::Expired;
		assert_eq!(agreement(id).state, AgreementState::Closing { round, reason });
		assert_eq!(events(), [Event::AgreementEnding { agreement: id, round, reason, code: 1_003 }]);
		let exposure = World::exposure(leased());
		World::work_agenda();
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!((exposure, World::exposure(leased())), (CAP * 11 / 10, 0));
		assert!(!ProbedAs::get()[&leased()].hot);
		let paid = PRICE * Balance::from(R * L);
		assert_eq!(Engaged::get(), [(id, OPERATOR, TENANT, NATIVE, paid / 20)]);
		assert_eq!(Forgotten::get(), [leased()]);
	});
}

#[test]
fn at_its_cap_the_owner_of_a_lease_is_told_and_ends_it() {
	ExtBuilder::build_and_execute(|| {
		list_lease(LEASE, NATIVE);
		relist(leased(), |s| s.terms.credit_cap = 300);
		let id = World::begin_lease(TENANT, LEASE, DEPOSIT).unwrap();
		at_round(3 * R + 2);
		turn(leased(), 2);
		breach_in(3 * R, leased(), BreachKind::Downtime, None, High, 1);
		let (round, reason) = (3 * R + 2, CloseReason::Terminated);
		assert_eq!(AtCap::get(), [(LEASE, round)]);
		assert_eq!(MeterEnds::get()[&leased()], round);
		assert_eq!(agreement(id).state, AgreementState::Closing { round, reason });
		// Of a service that is not a lease nobody is told.
		relist(SERVICE, |s| s.terms.credit_cap = 300);
		open(OTHER, SERVICE, 1);
		at_round(4 * R);
		turn(SERVICE, 3);
		breach(SERVICE, None, High);
		assert_eq!((AtCap::get().len(), Terminated::get().len()), (1, 1));
		events();
		World::work_agenda();
		let due = Balance::min(300, 3 * PRICE * Balance::from(L));
		assert!(
			matches!(events()[0], Event::AgreementClosed { credited, code: 2_003, .. } if credited == due)
		);
	});
}
