// SPDX-License-Identifier: Apache-2.0

//! The agreements behind leases.

use super::*;
use frame_support::assert_storage_noop;
use pallet_surety_escrow::Accounts;
use pallet_surety_probes::Error as ProbesError;
use surety_primitives::{
	EscrowOwner, LeaseAgreements, LeaseId, LeaseRegistry, OnStreamEnd, SlaTerms, StreamEnd,
};

const LEASE: LeaseId = 7;
const LEASED: Target = Target::Lease(LEASE);

fn try_begin() -> Result<AgreementId, DispatchError> {
	<Sla as LeaseAgreements<AccountId>>::open(LEASE, &listing(LEASED), &TENANT, 5, Share::get())
}

/// Begin a lease and run rounds until it counts.
fn counting() -> AgreementId {
	let id = begin(TENANT, LEASE, NATIVE);
	at_round(COUNTING);
	id
}

#[test]
fn a_lease_is_one_unit_at_its_listed_price() {
	build_and_execute(|| {
		let before = free(NATIVE, TENANT);
		list_lease(LEASE, NATIVE);
		// Neither price nor verdict nor sale is asked for: it was never probed.
		assert_ok!(Operators::pause_service(signed(OPERATOR), id_of(COMPUTE)));
		assert_eq!(probed(LEASED).last, None);
		events();
		let id = begin_lease(TENANT, LEASE, DEPOSIT).unwrap();

		let stored = agreement(id);
		assert_eq!((stored.target, stored.units), (LEASED, 1));
		assert_eq!(
			(stored.rate, stored.base, stored.state),
			(PRICE, Base::Window(2), AgreementState::Open)
		);
		let owner = Accounts::<Test>::get(stored.escrow).unwrap().owner;
		assert_eq!(owner, EscrowOwner::Replica { order: LEASE, index: 0 });
		let terms = listing(LEASED).terms;
		assert_eq!(exposure(LEASED), reserve(PRICE, COVER));
		let needed = <Sla as LeaseAgreements<AccountId>>::exposure(&terms, PRICE);
		assert_eq!(needed, Some((Share::get(), reserve(PRICE, COVER))));
		assert!(probed(LEASED).active);
		assert_eq!(Sla::agreements_of(TENANT, None, 9), [id]);
		assert_eq!(free(NATIVE, TENANT), before - DEPOSIT, "its operator endowed the pot");
		assert_eq!(
			events(),
			[Event::AgreementOpened {
				agreement: id,
				tenant: TENANT,
				target: LEASED,
				units: 1,
				rate: PRICE,
				asset: NATIVE,
				deposit: None,
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
	build_and_execute(|| {
		let max_price = Balance::MAX / Balance::from(L * R);
		assert_eq!(exposure(max_price + 1, COVER), None);
		assert_eq!(exposure(max_price / 3, COVER), None, "the cover");
		assert_eq!(exposure(max_price / 4, COVER), None, "the penalty");
		assert_eq!(exposure(max_price, NO_COVER), Some((Share::get(), 0)));
	});
}

#[test]
fn a_lease_is_reserved_at_the_penalty_share_that_it_was_bid_at() {
	build_and_execute(|| {
		Share::set(&Perbill::from_percent(50));
		list_lease(LEASE, NATIVE);
		let bid = Perbill::from_percent(20);
		let listing = listing(LEASED);
		assert_ok!(<Sla as LeaseAgreements<AccountId>>::open(LEASE, &listing, &TENANT, 5, bid));
		assert_eq!((exposure(LEASED), state(LEASED).penalty_share), (2_880, bid));
		// A penalty of that share is taken, until a window is judged.
		at_round(3 * R + 1);
		assert_eq!(breach_in(3 * R, LEASED, BreachKind::Downtime, None, Low, 1).penalty, 12);
	});
}

#[test]
fn a_lease_that_cannot_begin_changes_nothing() {
	build_and_execute(|| {
		list_lease(LEASE, NATIVE);
		let refused = |error: DispatchError| {
			assert_storage_noop!(assert_eq!(try_begin(), Err(error)));
		};
		NextAgreement::<Test>::put(AgreementId::MAX);
		refused(Error::<Test>::TooManyAgreements.into());
		NextAgreement::<Test>::put(0);
		unbond_to(NATIVE, reserve(PRICE, COVER) - 1);
		refused(Error::<Test>::BondTooSmall { units: 0 }.into());
		bond_more(NATIVE, 1);
		fill_slots(Probes::occupancy().slots);
		refused(ProbesError::<Test>::RoundsFull.into());
		<Operators as LeaseRegistry<AccountId>>::remove(LEASE);
	});
}

#[test]
fn closing_and_topping_up_is_for_the_owner_of_the_lease() {
	build_and_execute(|| {
		let id = begin(TENANT, LEASE, NATIVE);
		for who in [TENANT, OPERATOR, OTHER] {
			assert_noop!(Sla::close_agreement(signed(who), id), Error::<Test>::BelongsToLease);
			assert_noop!(Sla::top_up(signed(who), id, 5), Error::<Test>::BelongsToLease);
		}
	});
}

#[test]
fn a_lease_is_credited_and_settled_like_any_agreement() {
	build_and_execute(|| {
		let id = counting();
		pass_rounds(2);
		let before = (free(NATIVE, TENANT), free(NATIVE, OPERATOR));
		breach(LEASED, None, Low);
		assert_eq!(owed(id), 60);
		assert_ok!(Sla::settle(signed(THIRD), id));
		// Rounds 25 to 38 are billed, and a twentieth of it is the fee.
		assert_eq!(free(NATIVE, TENANT), before.0 + 60);
		assert_eq!(free(NATIVE, OPERATOR), before.1 + 14 * ROUND_PRICE * 19 / 20);
		breach(LEASED, Some(Low), Medium);
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
		build_and_execute(|| {
			at_round(3 * R - 1);
			let id = begin(TENANT, LEASE, NATIVE);
			at_round(3 * R + 4);
			breach_with(LEASED, BreachKind::Downtime, None, Critical, 2);
			assert_ok!(Sla::claim(signed(THIRD), id));
			assert_eq!(agreement(id).credited, 3 * ROUND_PRICE);
			end_lease(LEASE, 3 * R + 4, reason);
			assert_eq!(owed(id), 0);
			events();
			finish(3 * R + 4);
			assert_eq!(closed(), [(5 * ROUND_PRICE, 5 * ROUND_PRICE)]);
			assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 0, reserve: MINIMUM });
		});
	}
}

#[test]
fn a_lease_that_begins_again_inherits_nothing() {
	build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		let id = counting();
		breach(LEASED, None, High);
		end_lease(LEASE, COUNTING, CloseReason::Expired);
		finish(COUNTING);
		assert!(is_gone(id));
		assert_eq!(exposure(LEASED), 0);

		BaseRent::set(&Perbill::zero());
		begin_again();
		let id = begin(TENANT, LEASE, NATIVE);
		let rate = PRICE;
		let slot = SlotRent::new(0, Timing::round(), rate, PlatformShare::get());
		let mut fresh =
			TargetState { units: 1, rate, slot: Some(slot), ..TargetState::new(NATIVE) };
		fresh.penalty_share = Share::get();
		fresh.pending.try_push(Pending { window: 3, rate, agreements: 1 }).unwrap();
		assert_eq!(state(LEASED), fresh);
		assert_eq!((agreement(id).credited, agreement(id).base), (0, Base::Window(3)));
		assert_eq!(Breaches::<Test>::iter_key_prefix(LEASED).count(), 0);
		assert_eq!(window_terms(LEASED).multiplier, 1);
	});
}

#[test]
fn only_its_owner_ends_a_lease() {
	build_and_execute(|| {
		let id = counting();
		let owner = EscrowOwner::Replica { order: LEASE, index: 0 };
		let (round, reason) = (COUNTING, CloseReason::ServiceRetired);
		events();
		let end = StreamEnd { reason, round, paid: 0, fee: 0, refunded: 0 };
		for weight in [
			<Sla as OnStreamEnd>::ending(owner, (round, reason)),
			<Sla as OnStreamEnd>::ended(owner, end),
			<Sla as OnStreamEnd>::suspended(owner, end),
		] {
			assert_eq!(weight, Weight::zero());
		}
		assert_eq!((agreement(id).state, events()), (AgreementState::Open, vec![]));

		end_lease(LEASE, round, CloseReason::Expired);
		assert_eq!(ending(id), Some((round, CloseReason::Expired)));
		assert_eq!(exposure(LEASED), reserve(PRICE, COVER));
		finish(round);
		assert!(is_gone(id));
		assert_eq!(exposure(LEASED), 0);
		assert_eq!(Probes::status(LEASED), None);
		assert!(!pallet_surety_reputation::Targets::<Test>::contains_key(LEASED));
		let engagement = pallet_surety_reputation::Engagements::<Test>::get(id).unwrap();
		assert_eq!((engagement.operator, engagement.tenant), (OPERATOR, TENANT));
	});
}

#[test]
fn a_lease_at_its_cover_is_ended_by_its_owner() {
	build_and_execute(|| {
		list_lease(LEASE, NATIVE);
		relist(LEASED, |listing| listing.terms.cover = tenths(1));
		let id = begin_lease(TENANT, LEASE, DEPOSIT).unwrap();
		outage(LEASED, [3 * R + 1, 3 * R + 2]);
		let at = 3 * R + 4;
		at_round(at);
		assert_eq!(FailedLeases::get(), [(LEASE, (at, CloseReason::Terminated))]);
		assert_eq!(meter_end(LEASED), Some((at, CloseReason::Terminated)));
		assert_ok!(Sla::settle(signed(THIRD), id));
		events();
		finish(at);
		assert!(events().iter().any(|event| matches!(
			event,
			Event::AgreementClosed { credited: 60, code: 2_003, .. }
		)));
		assert!(is_gone(id) && Leased::get().is_empty());
	});
}

#[test]
fn no_owner_of_leases_is_notified_of_a_service_at_its_cover() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.terms.cover = tenths(1));
		open(OTHER, SERVICE, 1);
		outage(SERVICE, [3 * R + 1, 3 * R + 2]);
		at_round(3 * R + 4);
		assert_eq!(meter_end(SERVICE), Some((3 * R + 4, CloseReason::Terminated)));
		assert!(FailedLeases::get().is_empty());
	});
}

#[test]
fn a_lease_that_answers_half_of_the_probers_for_a_window_is_ended() {
	build_and_execute(|| {
		let id = begin(TENANT, LEASE, NATIVE);
		let unclear = [up(), Finding::Down];
		find(LEASED, 2 * R + 1..3 * R, unclear);
		at_round(COUNTING);
		let end = (COUNTING, CloseReason::Terminated);
		assert_eq!((FailedLeases::get(), meter_end(LEASED)), (vec![(LEASE, end)], Some(end)));
		assert_eq!(agreement(id).state, AgreementState::Open, "until its stream is over");
	});
}

#[test]
fn a_lease_that_is_unhealthy_is_credited_for_its_outage() {
	build_and_execute(|| {
		let id = counting();
		// Unhealthy with the third round, which is the tier `Medium`.
		outage(LEASED, COUNTING + 1..COUNTING + 9);
		at_round(COUNTING + 5);
		let end = (COUNTING + 3, CloseReason::Unhealthy);
		assert_eq!(FailedLeases::get(), [(LEASE, end)]);
		assert_eq!(owed(id), 120);
		assert_ok!(Sla::settle(signed(THIRD), id));
		events();
		finish(COUNTING + 3);
		assert!(events().iter().any(|event| matches!(
			event,
			Event::AgreementClosed { credited: 120, code: 2_004, .. }
		)));
	});
}
