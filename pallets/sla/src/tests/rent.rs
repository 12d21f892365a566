//! The rent of a slot: who is probed in every round pays for it, served or not.

use super::*;
use surety_primitives::{LeaseId, service_of_lease};

/// A tenth of the minimum bond; five units pay for it with their fees.
const RENT: Balance = MIN_BOND / 10;
/// The platform's part of a unit's price for a window.
const FEE: Balance = WINDOW_PRICE / 20;

/// Rent of [`RENT`], however few slots are taken.
fn with_rent(test: impl FnOnce()) {
	ExtBuilder::build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		test();
	});
}

/// Rents that the probers have got so far.
fn rents() -> Balance {
	free(NATIVE, PROBERS) - MINIMUM
}

fn up(up: u16) -> Counters {
	Counters { up, ..Default::default() }
}

/// The operator has no bond beyond what is reserved for `service`.
fn no_free_bond(service: ServiceId) {
	lose_bond(NATIVE, World::exposure(service));
}

/// Set the counters of the window that goes on.
fn counted(service: ServiceId, counters: Counters) {
	change!(ProbedAs, |map| map.get_mut(&service).unwrap().counters = counters);
}

#[test]
fn a_window_of_a_slot_is_paid_from_the_bond_less_the_fees_it_earned() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 2 * RENT);
		at_round(3 * R);
		turn(SERVICE, 2);
		assert_eq!((rents(), bond(NATIVE)), (RENT - FEE, BOND - RENT + FEE));
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 2 * RENT);
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), 2 * (RENT - FEE));
	});
}

#[test]
fn rent_is_owed_whatever_the_verdicts_and_only_billed_rounds_earn_fees() {
	let paid_for = |counters: Counters| {
		let mut paid = 0;
		with_rent(|| {
			open(TENANT, SERVICE, 1);
			at_round(3 * R);
			turn_with(SERVICE, 2, counters);
			paid = rents();
		});
		paid
	};
	assert_eq!(paid_for(Counters { up: 6, unmeasured: 6, ..Default::default() }), RENT - FEE);
	assert_eq!(paid_for(Counters { up: 6, down: 6, ..Default::default() }), RENT - FEE / 2);
	assert_eq!(paid_for(Counters { up: 6, excused: 6, ..Default::default() }), RENT - FEE / 2);
	assert_eq!(paid_for(Counters { down: 12, ..Default::default() }), RENT);
	assert_eq!(paid_for(Counters::default()), RENT);
}

#[test]
fn a_slot_that_sells_enough_costs_nothing() {
	with_rent(|| {
		open(TENANT, SERVICE, 4);
		at_round(3 * R);
		turn(SERVICE, 2);
		assert_eq!((rents(), bond(NATIVE)), (0, BOND));
		assert_eq!(World::exposure(SERVICE), reserve(4 * PRICE, COVER) + 2 * RENT, "but it is reserved");
	});
}

#[test]
fn the_least_rate_of_the_window_counts() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		let more = open(OTHER, SERVICE, 9);
		at_round(3 * R);
		turn(SERVICE, 2);
		assert_eq!(rents(), RENT - FEE, "what came later may have come in the last round");
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), RENT - FEE, "ten units were sold through all of the window");
		assert_ok!(Sla::close_agreement(signed(OTHER), more));
		finish(4 * R);
		at_round(5 * R);
		turn(SERVICE, 4);
		assert_eq!(rents(), 2 * (RENT - FEE), "what left counts for nothing");
	});
}

#[test]
fn the_fee_share_of_a_window_is_that_of_its_first_block() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		Fee::set(&Perbill::from_percent(10));
		at_round(3 * R);
		Fee::set(&Perbill::zero());
		turn(SERVICE, 2);
		assert_eq!(rents(), RENT - FEE, "as it was sold");
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), 2 * RENT - 3 * FEE, "as window 3 began");
	});
}

#[test]
fn rent_is_fixed_by_the_occupancy_and_the_parameters_when_the_slot_is_taken() {
	ExtBuilder::build_and_execute(|| {
		PeakRent::set(&Perbill::one());
		begin_again();
		Taken::set(&89);
		open(TENANT, SERVICE, 1);
		let rent_of = |service| state(service).slot.unwrap().rent;
		// 0.9^8 of the minimum bond.
		assert_eq!(rent_of(SERVICE), 431);
		Taken::set(&98);
		open(TENANT, SIBLING, 1);
		assert_eq!(rent_of(SIBLING), MIN_BOND, "the last slot");
		Taken::set(&0);
		PeakRent::set(&Perbill::zero());
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		open(TENANT, SERVICE, 1);
		at_round(3 * R);
		turn(SERVICE, 2);
		turn(SIBLING, 2);
		assert_eq!((rent_of(SERVICE), rent_of(SIBLING)), (431, MIN_BOND));
		assert_eq!(rents(), 431 + MIN_BOND - 2 * FEE);
	});
}

#[test]
fn a_window_that_has_begun_is_owed_as_a_whole() {
	with_rent(|| {
		let id = open(TENANT, SERVICE, 1);
		counted(SERVICE, up(2));
		end(id, 2 * R + 2);
		assert_eq!(rents(), RENT - FEE / 6);
		assert_eq!((World::exposure(SERVICE), state(SERVICE).slot), (0, None));
		// Coming back in the same window takes a slot again, and pays for it again.
		let id = open(TENANT, SERVICE, 1);
		counted(SERVICE, up(0));
		end(id, 2 * R + 4);
		assert_eq!(rents(), 2 * RENT - FEE / 6);
	});
}

#[test]
fn a_sale_needs_the_rent_of_two_windows_beside_the_cover() {
	with_rent(|| {
		let open = || Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, NO_COVER);
		let needed = reserve(PRICE, COVER) + 2 * RENT;
		lose_bond(NATIVE, needed - 1);
		assert_noop!(open(), Error::<Test>::BondTooSmall { units: 0 });
		more_bond(NATIVE, 1);
		assert_ok!(open());
		// The second unit needs no other slot.
		more_bond(NATIVE, reserve(PRICE, COVER));
		assert_ok!(open());
	});
}

#[test]
fn a_breach_cannot_starve_the_rent() {
	with_rent(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		let before = rents();
		Share::set(&Perbill::one());
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		breach_with(SERVICE, BreachKind::Slow, None, Critical, 3);
		assert_eq!((bond(NATIVE), World::exposure(SERVICE)), (2 * RENT, 2 * RENT));
		assert_eq!(state(SERVICE).index, COVER);
		counted(SERVICE, up(0));
		finish(3 * R);
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!((rents(), bond(NATIVE)), (before + RENT, RENT));
	});
}

#[test]
fn who_cannot_reserve_another_rent_ends_with_the_window_that_is_reserved() {
	with_rent(|| {
		let id = open(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		at_round(3 * R + 2);
		events();
		turn_with(SERVICE, 2, Counters { up: 12, ..Default::default() });
		let (at, reason) = (4 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(events(), [Event::ServiceTerminated { service: SERVICE, at, reason, code: 2_007 }]);
		assert_eq!((MeterEnds::get()[&SERVICE], Terminated::get()[&SERVICE]), ((at, reason), at));
		assert_eq!(state(SERVICE).ends, Some(at));
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + RENT);
		assert_eq!(rents(), RENT - FEE);

		// It is credited to its end as promised.
		assert_eq!(breach(SERVICE, None, High).credited, 300);
		counted(SERVICE, up(0));
		finish(at);
		assert!(
			events().iter().any(|e| matches!(e, Event::AgreementClosed { code: 2_007, credited: 300, .. }))
		);
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!(rents(), 2 * RENT - FEE, "no window was held that was not paid for");
	});
}

#[test]
fn bond_that_comes_in_time_renews_a_slot() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		more_bond(NATIVE, RENT - FEE);
		at_round(3 * R);
		turn(SERVICE, 2);
		assert_eq!(state(SERVICE).ends, None);
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 2 * RENT);
	});
}

#[test]
fn an_end_that_is_carried_out_late_takes_no_bond_that_others_rely_on() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		open(OTHER, SIBLING, 4);
		lose_bond(NATIVE, World::exposure(SERVICE) + World::exposure(SIBLING));
		for window in 3..6 {
			at_round(window * R + 2);
			turn_with(SERVICE, window - 1, Default::default());
			assert!(bond(NATIVE) >= World::exposure(SERVICE) + World::exposure(SIBLING));
			assert_ok!(Sla::do_try_state());
		}
		assert_eq!(state(SERVICE).ends, Some(4 * R - 1));
		assert_eq!(rents(), 2 * RENT);
		counted(SIBLING, up(12));
		finish(5 * R);
		assert_eq!((Sla::units(SERVICE), rents()), (0, 2 * RENT));
	});
}

#[test]
fn a_second_end_is_never_later_than_the_first() {
	with_rent(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		at_round(3 * R + 2);
		turn(SERVICE, 2);
		assert_eq!(state(SERVICE).ends, Some(4 * R - 1));
		// The cover is used up before that.
		at_round(3 * R + 5);
		breach(SERVICE, None, High);
		let first = (3 * R + 5, CloseReason::Terminated);
		assert_eq!((state(SERVICE).ends, MeterEnds::get()[&SERVICE]), (Some(first.0), first));
		// Dead, and without rent: it ended before.
		at_round(4 * R + 2);
		events();
		turn_with(SERVICE, 3, Counters { down: 12, ..Default::default() });
		assert_eq!((state(SERVICE).ends, MeterEnds::get()[&SERVICE]), (Some(first.0), first));
		assert_eq!(events(), []);
	});
}

#[test]
fn a_lease_pays_rent_and_ends_for_it_like_any_service() {
	const LEASE: LeaseId = 7;
	with_rent(|| {
		let service = service_of_lease(LEASE);
		let id = begin(TENANT, LEASE, NATIVE);
		assert_eq!(World::exposure(service), reserve(PRICE, COVER) + 2 * RENT);
		no_free_bond(service);
		at_round(3 * R + 2);
		turn(service, 2);
		let (at, reason) = (4 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(LeasesEnded::get(), [(LEASE, at, reason)]);
		assert_eq!((ending(id), rents()), (Some((at, reason)), RENT - FEE));
		counted(service, up(12));
		finish(at);
		assert_eq!((Agreements::<Test>::get(id), rents()), (None, 2 * (RENT - FEE)));
	});
}

#[test]
fn rent_in_another_asset_is_a_share_of_its_minimum_bond() {
	with_rent(|| {
		open(TENANT, LOCAL_SERVICE, 1);
		at_round(3 * R);
		turn(LOCAL_SERVICE, 2);
		assert_eq!(free(LOCAL, PROBERS), MINIMUM + RENT - FEE);
	});
}
