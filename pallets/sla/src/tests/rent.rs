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

/// Rent of so many rounds.
fn rent_of(rounds: u32) -> Balance {
	(RENT * Balance::from(rounds)).div_ceil(Balance::from(R))
}

/// Rent of the window in whose first round the slot was taken.
fn first_rent() -> Balance {
	rent_of(R - 1)
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
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
		at_round(3 * R);
		turn(SERVICE, 2);
		let first = first_rent() - FEE;
		assert_eq!((rents(), bond(NATIVE)), (first, BOND - first));
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), first + RENT - FEE);
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
	assert_eq!(
		paid_for(Counters { up: 6, unmeasured: 6, ..Default::default() }),
		first_rent() - FEE
	);
	assert_eq!(paid_for(Counters { up: 6, down: 6, ..Default::default() }), first_rent() - FEE / 2);
	assert_eq!(
		paid_for(Counters { up: 6, excused: 6, ..Default::default() }),
		first_rent() - FEE / 2
	);
	assert_eq!(paid_for(Counters { down: 12, ..Default::default() }), first_rent());
	assert_eq!(paid_for(Counters::default()), first_rent());
}

#[test]
fn a_slot_that_sells_enough_costs_nothing() {
	with_rent(|| {
		open(TENANT, SERVICE, 4);
		at_round(3 * R);
		turn(SERVICE, 2);
		assert_eq!((rents(), bond(NATIVE)), (0, BOND));
		assert_eq!(
			World::exposure(SERVICE),
			reserve(4 * PRICE, COVER) + 3 * RENT,
			"but it is reserved"
		);
	});
}

#[test]
fn the_least_rate_of_the_window_counts() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		let more = open(OTHER, SERVICE, 9);
		at_round(3 * R);
		turn(SERVICE, 2);
		let first = first_rent() - FEE;
		assert_eq!(rents(), first, "what came later may have come in the last round");
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), first, "ten units were sold through all of the window");
		assert_ok!(Sla::close_agreement(signed(OTHER), more));
		finish(4 * R);
		at_round(5 * R);
		turn(SERVICE, 4);
		assert_eq!(rents(), first + RENT - FEE, "what left counts for nothing");
	});
}

#[test]
fn the_fee_share_that_counts_is_that_of_the_window_and_never_rises() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		// What was sold before pays the share that it was sold at.
		PlatformShare::set(&Perbill::from_percent(10));
		at_round(3 * R);
		turn(SERVICE, 2);
		let first = first_rent() - FEE;
		assert_eq!(rents(), first);
		PlatformShare::set(&Perbill::zero());
		at_round(4 * R);
		turn(SERVICE, 3);
		assert_eq!(rents(), first + RENT - FEE, "as window 3 began");
		at_round(5 * R);
		turn(SERVICE, 4);
		assert_eq!(rents(), first + 2 * RENT - FEE, "as window 4 began");
	});
}

#[test]
fn rent_is_fixed_by_the_occupancy_when_the_slot_is_taken_and_falls_with_it() {
	ExtBuilder::build_and_execute(|| {
		PeakRent::set(&Perbill::one());
		begin_again();
		Taken::set(&89);
		open(TENANT, SERVICE, 1);
		let rent_of = |service| state(service).slot.unwrap().rent;
		// 0.9^8 of the minimum bond.
		assert_eq!(rent_of(SERVICE), 431);
		Taken::set(&98);
		assert_noop!(
			Sla::open_agreement(signed(TENANT), SIBLING, 1, u128::MAX, DEPOSIT, NO_COVER),
			Error::<Test>::BelowRent
		);
		open(TENANT, SIBLING, 2);
		assert_eq!(rent_of(SIBLING), MIN_BOND, "the last slot");
		// More of it needs no other slot.
		open(TENANT, SIBLING, 1);
		at_round(3 * R);
		turn(SERVICE, 2);
		turn(SIBLING, 2);
		assert_eq!((rent_of(SERVICE), rent_of(SIBLING)), (431, MIN_BOND), "full as it is");
		Taken::set(&48);
		at_round(4 * R);
		turn(SIBLING, 3);
		// Half of the slots: 0.5^8 of it.
		assert_eq!(rent_of(SIBLING), 4);
		assert_eq!(World::exposure(SIBLING), reserve(3 * PRICE, COVER) + 12);
		Taken::set(&98);
		at_round(5 * R);
		turn(SIBLING, 4);
		assert_eq!(rent_of(SIBLING), 4, "it never rises");
	});
}

#[test]
fn a_slot_is_owed_for_the_rounds_in_which_it_was_held() {
	with_rent(|| {
		let from = TestClock::round();
		let id = open(TENANT, SERVICE, 1);
		counted(SERVICE, up(0));
		end(id, 2 * R + 2);
		// And for those in which open rounds still name it.
		let held = TestClock::round() + 3 - from;
		assert!(held < R);
		assert_eq!(rents(), rent_of(held));
		assert_eq!((World::exposure(SERVICE), state(SERVICE).slot), (0, None));
		// Coming and going costs what staying costs.
		let from = TestClock::round();
		let id = open(TENANT, SERVICE, 1);
		counted(SERVICE, up(1));
		end(id, from + 2);
		assert_eq!(rents(), rent_of(held) + rent_of(TestClock::round() + 3 - from) - FEE / 12);
	});
}

#[test]
fn a_sale_needs_the_rent_of_three_windows_beside_the_cover() {
	with_rent(|| {
		let open = || Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, NO_COVER);
		let needed = reserve(PRICE, COVER) + 3 * RENT;
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
		assert_eq!((bond(NATIVE), World::exposure(SERVICE)), (3 * RENT, 3 * RENT));
		assert_eq!(state(SERVICE).index, COVER);
		counted(SERVICE, up(0));
		finish(3 * R);
		assert!(Agreements::<Test>::get(id).is_none());
		let held = rent_of(TestClock::round() + 3 - (3 * R - 1));
		assert_eq!((rents(), bond(NATIVE)), (before + held, 3 * RENT - held));
	});
}

#[test]
fn who_cannot_reserve_another_rent_is_warned_a_window_before_the_service_ends() {
	with_rent(|| {
		let id = open(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		at_round(3 * R + 2);
		events();
		turn_with(SERVICE, 2, up(12));
		assert_eq!(events(), [Event::RentShort { service: SERVICE, reserved: 2 }]);
		assert_eq!(state(SERVICE).ends, None);
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 2 * RENT);
		let first = first_rent() - FEE;
		assert_eq!(rents(), first);

		// What fees paid of the first rent is free, and not enough for another.
		at_round(4 * R + 2);
		turn_with(SERVICE, 3, up(0));
		let (at, reason) = (5 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(
			events(),
			[Event::ServiceTerminated { service: SERVICE, at, reason, code: 2_007 }]
		);
		assert_eq!((MeterEnds::get()[&SERVICE], Terminated::get()[&SERVICE]), ((at, reason), at));
		assert_eq!(state(SERVICE).ends, Some(at));
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + RENT);
		assert_eq!(rents(), first + RENT);

		// It is credited to its end as promised.
		assert_eq!(breach(SERVICE, None, High).credited, 300);
		counted(SERVICE, up(0));
		finish(at);
		assert!(
			events()
				.iter()
				.any(|e| matches!(e, Event::AgreementClosed { code: 2_007, credited: 300, .. }))
		);
		assert!(Agreements::<Test>::get(id).is_none());
		assert_eq!(
			rents(),
			first + 2 * RENT,
			"as far as it is reserved: no window was held unpaid"
		);
	});
}

#[test]
fn a_stranger_that_buys_up_the_bond_ends_nobody_who_bonds_more_within_a_window() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		// Units of another service take the rest of the bond just before the turn.
		no_free_bond(SERVICE);
		at_round(3 * R + 2);
		turn_with(SERVICE, 2, up(0));
		assert_eq!(state(SERVICE).slot.unwrap().reserved, 2);
		more_bond(NATIVE, 2 * RENT);
		at_round(4 * R + 2);
		events();
		turn_with(SERVICE, 3, up(0));
		assert_eq!((events(), state(SERVICE).ends), (vec![], None));
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
	});
}

#[test]
fn an_end_that_is_carried_out_late_takes_no_bond_that_others_rely_on() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		open(OTHER, SIBLING, 4);
		lose_bond(NATIVE, World::exposure(SERVICE) + World::exposure(SIBLING));
		for window in 3..8 {
			at_round(window * R + 2);
			turn_with(SERVICE, window - 1, Default::default());
			assert!(bond(NATIVE) >= World::exposure(SERVICE) + World::exposure(SIBLING));
			assert_ok!(Sla::do_try_state());
		}
		assert_eq!(state(SERVICE).ends, Some(5 * R - 1));
		assert_eq!(rents(), first_rent() + 2 * RENT);
		counted(SIBLING, up(12));
		finish(7 * R);
		assert_eq!((Sla::units(SERVICE), rents()), (0, first_rent() + 2 * RENT));
	});
}

#[test]
fn a_second_end_is_never_later_than_the_first() {
	with_rent(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open(TENANT, SERVICE, 1);
		no_free_bond(SERVICE);
		for window in [3, 4] {
			at_round(window * R + 2);
			turn_with(SERVICE, window - 1, up(0));
		}
		assert_eq!(state(SERVICE).ends, Some(5 * R - 1));
		// The cover is used up before that.
		at_round(4 * R + 5);
		breach(SERVICE, None, High);
		let first = (4 * R + 5, CloseReason::Terminated);
		assert_eq!((state(SERVICE).ends, MeterEnds::get()[&SERVICE]), (Some(first.0), first));
		// Dead, and without rent: it ended before.
		at_round(5 * R + 2);
		events();
		turn_with(SERVICE, 4, Counters { down: 12, ..Default::default() });
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
		assert_eq!(World::exposure(service), reserve(PRICE, COVER) + 3 * RENT);
		no_free_bond(service);
		for window in [3, 4] {
			at_round(window * R + 2);
			turn_with(service, window - 1, up(0));
		}
		let (at, reason) = (5 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(LeasesEnded::get(), [(LEASE, at, reason)]);
		assert_eq!((ending(id), rents()), (Some((at, reason)), first_rent() + RENT));
		counted(service, up(12));
		finish(at);
		assert_eq!(Agreements::<Test>::get(id), None);
	});
}

#[test]
fn a_tenant_that_comes_and_goes_costs_the_operator_its_rounds_only() {
	with_rent(|| {
		for lease in 0..3 {
			let from = (TestClock::round(), rents());
			begin(TENANT, lease, NATIVE);
			World::end_lease(lease, TestClock::round(), CloseReason::TenantClosed);
			counted(service_of_lease(lease), up(0));
			finish(TestClock::round());
			let held = TestClock::round() + 3 - from.0;
			assert_eq!(rents() - from.1, rent_of(held));
			assert!(held < R, "not a window each time");
		}
	});
}

#[test]
fn rent_in_another_asset_is_a_share_of_its_minimum_bond() {
	with_rent(|| {
		open(TENANT, LOCAL_SERVICE, 1);
		at_round(3 * R);
		turn(LOCAL_SERVICE, 2);
		assert_eq!(free(LOCAL, PROBERS), MINIMUM + first_rent() - FEE);
	});
}
