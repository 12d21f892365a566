//! The agreements behind leases.

use super::*;
use surety_primitives::{
	LeaseAgreements, LeaseId, OnEscrowEnd, SlaTerms, StreamEnd, service_of_lease,
};

const LEASE: LeaseId = 7;

fn leased() -> ServiceId {
	service_of_lease(LEASE)
}

fn try_begin() -> Result<AgreementId, DispatchError> {
	<Sla as LeaseAgreements<AccountId>>::open(LEASE, &TENANT, 5, Share::get())
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
		Shut::set(&[service].into());
		verdict(service, 22, Verdict::Down);
		let id = World::begin_lease(TENANT, LEASE, DEPOSIT).unwrap();

		let stored = agreement(id);
		assert_eq!((stored.lease, stored.service, stored.units), (Some(LEASE), service, 1));
		assert_eq!(
			(stored.rate, stored.base, stored.state),
			(PRICE, Base::Window(2), AgreementState::Open)
		);
		assert_eq!(
			Streams::get()[&stored.escrow].owner,
			EscrowOwner::Replica { order: LEASE, index: 0 }
		);
		let terms = Listings::get()[&service].terms.clone();
		assert_eq!(World::exposure(service), reserve(PRICE, COVER));
		let needed = <Sla as LeaseAgreements<AccountId>>::exposure(&terms, PRICE);
		assert_eq!(needed, Some((Share::get(), reserve(PRICE, COVER))));
		assert!(ProbedAs::get()[&service].hot);
		assert_eq!(Sla::agreements_of(TENANT, None, 9), [id]);
		assert_eq!(
			free(NATIVE, TENANT),
			before - DEPOSIT,
			"and its operator brought the pot to life"
		);
		assert_eq!(
			events(),
			[Event::AgreementOpened {
				agreement: id,
				tenant: TENANT,
				service,
				units: 1,
				rate: PRICE,
				asset: NATIVE,
				deposit: 0,
			}]
		);
	});
}

#[test]
fn exposure_that_overflows_is_none() {
	let exposure = |price, cover| {
		let max_latency = LatencyBucket::MAX;
		let (min_uptime, max_head_lag, credit) = (Perbill::one(), 0, [NO_COVER; 4]);
		let terms = SlaTerms { min_uptime, max_latency, max_head_lag, credit, cover };
		<Sla as LeaseAgreements<AccountId>>::exposure(&terms, price)
	};
	ExtBuilder::build_and_execute(|| {
		let most = Balance::MAX / Balance::from(L * R);
		assert_eq!(exposure(most + 1, COVER), None);
		assert_eq!(exposure(most / 3, COVER), None, "the cover");
		assert_eq!(exposure(most / 4, COVER), None, "the penalty");
		assert_eq!(exposure(most, NO_COVER), Some((Share::get(), 0)));
	});
}

#[test]
fn a_lease_is_reserved_at_the_penalty_share_that_it_was_bid_at() {
	ExtBuilder::build_and_execute(|| {
		Share::set(&Perbill::from_percent(50));
		list_lease(LEASE, NATIVE);
		let bid = Perbill::from_percent(20);
		assert_ok!(<Sla as LeaseAgreements<AccountId>>::open(LEASE, &TENANT, 5, bid));
		assert_eq!((World::exposure(leased()), state(leased()).penalty_share), (2_880, bid));
		// A penalty of that share is what is taken, until a window turns.
		Services::<Test>::mutate_extant(leased(), |s| {
			s.active = s.rate;
			s.pending.clear();
		});
		WindowBase::<Test>::insert(leased(), 2, WindowStart { index: NO_COVER, agreements: 1 });
		assert_eq!(breach(leased(), None, Low).penalty, 12);
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
		lose_bond(NATIVE, reserve(PRICE, COVER) - 1);
		assert_noop!(try_begin(), Error::<Test>::BondTooSmall { units: 0 });
		change!(Listings, |map| map.remove(&leased()));
	});
}

#[test]
fn a_lease_is_not_for_sale() {
	ExtBuilder::build_and_execute(|| {
		begin(TENANT, LEASE, NATIVE);
		assert_noop!(
			Sla::open_agreement(signed(OTHER), leased(), 1, u128::MAX, DEPOSIT, NO_COVER),
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
fn a_lease_is_credited_as_it_pays_whatever_ends_it() {
	for reason in [
		CloseReason::TenantClosed,
		CloseReason::Expired,
		CloseReason::FundsExhausted,
		CloseReason::Unhealthy,
	] {
		ExtBuilder::build_and_execute(|| {
			at_round(3 * R - 1);
			let id = begin(TENANT, LEASE, NATIVE);
			at_round(3 * R + 4);
			turn(leased(), 2);
			breach_in(3 * R + 2, leased(), BreachKind::Downtime, None, Critical, 2);
			let round = PRICE * Balance::from(L);
			assert_ok!(Sla::claim(signed(THIRD), id));
			assert_eq!(agreement(id).credited, 3 * round);
			World::end_lease(LEASE, 3 * R + 4, reason);
			assert_eq!(owed(id), 0);
			events();
			finish(3 * R + 4);
			assert_eq!(closed(), [(5 * round, 5 * round)]);
			assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 0, reserve: MINIMUM });
		});
	}
}

#[test]
fn a_lease_that_begins_again_inherits_nothing() {
	ExtBuilder::build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		let id = counting(LEASE);
		breach(leased(), None, High);
		World::end_lease(LEASE, 3 * R, CloseReason::Expired);
		finish(3 * R);
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!(World::exposure(leased()), 0);

		BaseRent::set(&Perbill::zero());
		begin_again();
		let id = begin(TENANT, LEASE, NATIVE);
		let rate = PRICE;
		let slot = Slot {
			rent: 0,
			reserved: RENTS_RESERVED,
			paid_through: TestClock::round(),
			least_rate: rate,
			fee_share: PlatformShare::get(),
		};
		let mut fresh =
			ServiceState { units: 1, rate, slot: Some(slot), ..ServiceState::new(NATIVE) };
		fresh.penalty_share = Share::get();
		fresh.pending.try_push(Pending { window: 3, rate, agreements: 1 }).unwrap();
		assert_eq!(state(leased()), fresh);
		assert_eq!((agreement(id).credited, agreement(id).base), (0, Base::Window(3)));
		assert_eq!(Breaches::<Test>::iter_key_prefix(leased()).count(), 0);
		assert_eq!(Sla::heated(leased()).multiplier, 1);
	});
}

#[test]
fn only_its_owner_ends_a_lease() {
	ExtBuilder::build_and_execute(|| {
		let id = counting(LEASE);
		let owner = EscrowOwner::Replica { order: LEASE, index: 0 };
		let (round, reason) = (3 * R, CloseReason::ServiceRetired);
		events();
		<Sla as OnEscrowEnd>::ending(owner, round, reason);
		<Sla as OnEscrowEnd>::ended(
			owner,
			StreamEnd { reason, round, paid: 0, fee: 0, refunded: 0 },
		);
		<Sla as OnEscrowEnd>::parked(
			owner,
			StreamEnd { reason, round, paid: 0, fee: 0, refunded: 0 },
		);
		assert_eq!((agreement(id).state, events()), (AgreementState::Open, vec![]));

		World::end_lease(LEASE, round, CloseReason::Expired);
		assert_eq!(ending(id), Some((round, CloseReason::Expired)));
		let exposure = World::exposure(leased());
		finish(round);
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!((exposure, World::exposure(leased())), (reserve(PRICE, COVER), 0));
		assert!(!ProbedAs::get()[&leased()].hot);
		let paid = PRICE * Balance::from(R * L);
		assert_eq!(Engaged::get(), [(id, OPERATOR, TENANT, NATIVE, paid / 20)]);
		assert_eq!(Forgotten::get(), [leased()]);
	});
}

#[test]
fn at_its_cover_the_owner_of_a_lease_is_notified_and_ends_it() {
	ExtBuilder::build_and_execute(|| {
		list_lease(LEASE, NATIVE);
		relist(leased(), |s| s.terms.cover = tenths(5));
		let id = World::begin_lease(TENANT, LEASE, DEPOSIT).unwrap();
		at_round(3 * R + 2);
		turn(leased(), 2);
		breach_in(3 * R, leased(), BreachKind::Downtime, None, High, 1);
		let (round, reason) = (3 * R + 2, CloseReason::Terminated);
		assert_eq!(LeasesEnded::get(), [(LEASE, round, reason)]);
		assert_eq!(MeterEnds::get()[&leased()], (round, reason));
		assert_eq!(ending(id), Some((round, reason)));
		// Of a service that is not a lease nobody is notified.
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open(OTHER, SERVICE, 1);
		at_round(4 * R);
		turn(SERVICE, 3);
		breach(SERVICE, None, High);
		assert_eq!((LeasesEnded::get().len(), Terminated::get().len()), (1, 1));
		events();
		World::work_agenda();
		assert!(matches!(events()[0], Event::AgreementClosed { credited: 300, code: 2_003, .. }));
	});
}

#[test]
fn a_lease_that_answers_half_of_the_probers_for_a_window_is_ended() {
	ExtBuilder::build_and_execute(|| {
		let id = begin(TENANT, LEASE, NATIVE);
		turn_with(leased(), 2, Counters { unclear: R as u16, ..Default::default() });
		let end = (TestClock::round(), CloseReason::Terminated);
		assert_eq!((LeasesEnded::get(), ending(id)), (vec![(LEASE, end.0, end.1)], Some(end)));
	});
}
