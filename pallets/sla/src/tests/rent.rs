// SPDX-License-Identifier: Apache-2.0

//! The rent of a slot: a target that is probed in every round pays for it, served or not.

use super::*;
use surety_primitives::{LeaseId, Occupancy, ServiceStatus, rent::rent};

/// A tenth of the minimum bond; five units pay for it with their fees.
const RENT: Balance = MIN_BOND / 10;
/// Platform's fee on a unit's price for a window.
const FEE: Balance = WINDOW_PRICE / 20;

/// Run a test with a rent of [`RENT`] at any occupancy.
fn with_rent(test: impl FnOnce()) {
	build_and_execute(|| {
		BaseRent::set(&Perbill::from_percent(10));
		begin_again();
		test();
	});
}

/// Rent of so many rounds.
fn rent_of(rounds: u32) -> Balance {
	(RENT * Balance::from(rounds)).div_ceil(Balance::from(R))
}

/// Fee on so many rounds of a unit.
fn fee_of(rounds: u32) -> Balance {
	ROUND_PRICE * Balance::from(rounds) / 20
}

/// Rent of the window in whose first round the slot was taken.
fn first_rent() -> Balance {
	rent_of(R - 1)
}

/// Fee of that window.
fn first_fee() -> Balance {
	fee_of(R - 1)
}

/// Rents that the probers have got so far.
fn rents() -> Balance {
	free(NATIVE, PROBERS) - MINIMUM
}

/// Let the probers doubt themselves in these rounds: they earn no fees, and nothing is counted.
fn unbilled(target: Target, rounds: impl IntoIterator<Item = RoundIndex>) {
	find(target, rounds, [Finding::InDoubt; 2]);
}

#[test]
fn a_window_of_a_slot_is_paid_from_the_bond_less_the_fees_it_earned() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
		at_round(3 * R + 2);
		let first = first_rent() - first_fee();
		assert_eq!((rents(), bond(NATIVE)), (first, BOND - first));
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
		at_round(4 * R + 2);
		assert_eq!(rents(), first + RENT - FEE);
	});
}

#[test]
fn rent_is_owed_whatever_the_verdicts_and_only_billed_rounds_earn_fees() {
	let second_half = 2 * R + 7..3 * R;
	let paid_for = |fail: &dyn Fn()| {
		let mut paid = 0;
		with_rent(|| {
			relist(SERVICE, |listing| listing.terms.min_uptime = Perbill::zero());
			open(TENANT, SERVICE, 1);
			fail();
			at_round(3 * R + 2);
			paid = rents();
		});
		paid
	};
	assert_eq!(paid_for(&|| silence(second_half.clone())), first_rent() - first_fee());
	let half = first_rent() - fee_of(6);
	assert_eq!(paid_for(&|| outage(SERVICE, second_half.clone())), half);
	assert_eq!(paid_for(&|| unbilled(SERVICE, second_half.clone())), half);
	assert_eq!(paid_for(&|| outage(SERVICE, 2 * R..3 * R)), first_rent());
	assert_eq!(paid_for(&|| unbilled(SERVICE, 2 * R..3 * R)), first_rent());
}

#[test]
fn a_slot_that_sells_enough_costs_nothing() {
	with_rent(|| {
		open(TENANT, SERVICE, 4);
		at_round(3 * R + 2);
		assert_eq!((rents(), bond(NATIVE)), (0, BOND));
		let needed = reserve(4 * PRICE, COVER) + 3 * RENT;
		assert_eq!(exposure(SERVICE), needed, "but it is reserved");
	});
}

#[test]
fn the_least_rate_of_the_window_counts() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		let more = open(OTHER, SERVICE, 9);
		at_round(3 * R + 2);
		let first = first_rent() - first_fee();
		assert_eq!(rents(), first, "what came later may have come in the last round");
		at_round(4 * R + 2);
		assert_eq!(rents(), first, "ten units were sold through all of the window");
		assert_ok!(Sla::close_agreement(signed(OTHER), more));
		at_round(5 * R + 2);
		assert_eq!(rents(), first + RENT - FEE, "what left counts for nothing");
	});
}

#[test]
fn the_fee_share_that_counts_is_that_of_the_window_and_never_rises() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		// Agreements of before pay the share at which they were sold.
		PlatformShare::set(&Perbill::from_percent(10));
		at_round(3 * R + 2);
		let first = first_rent() - first_fee();
		assert_eq!(rents(), first);
		PlatformShare::set(&Perbill::zero());
		at_round(4 * R + 2);
		assert_eq!(rents(), first + RENT - FEE, "as window 3 began");
		at_round(5 * R + 2);
		assert_eq!(rents(), first + 2 * RENT - FEE, "as window 4 began");
	});
}

#[test]
fn rent_is_fixed_by_the_occupancy_at_the_start_and_falls_with_it() {
	build_and_execute(|| {
		PeakRent::set(&Perbill::one());
		begin_again();
		let slots = Probes::occupancy().slots;
		let rent_at = |taken| {
			let occupancy = Occupancy { taken, slots };
			rent(MIN_BOND, Perbill::zero(), Perbill::one(), occupancy)
		};
		let rent_of = |target| state(target).slot.unwrap().rent;
		let most = slots * 9 / 10;
		fill_slots(most - 1);
		open(TENANT, SERVICE, 1);
		// 0.9^8 of the minimum bond.
		assert!((420..=431).contains(&rent_at(most)));
		assert_eq!(rent_of(SERVICE), rent_at(most));
		fill_slots(slots - 1);
		assert_noop!(try_open(TENANT, SIBLING, 1, DEPOSIT), Error::<Test>::BelowRent);
		open(TENANT, SIBLING, 2);
		assert_eq!(rent_of(SIBLING), MIN_BOND, "the last slot");
		// More of it needs no other slot.
		open(TENANT, SIBLING, 1);
		at_round(3 * R + 2);
		assert_eq!(
			(rent_of(SERVICE), rent_of(SIBLING)),
			(rent_at(most), MIN_BOND),
			"full as it is"
		);
		empty_slots(slots / 2 - 2);
		at_round(4 * R + 2);
		// Half of the slots: 0.5^8 of it.
		assert_eq!(rent_of(SIBLING), rent_at(slots / 2));
		assert_eq!(rent_of(SIBLING), 4);
		assert_eq!(exposure(SIBLING), reserve(3 * PRICE, COVER) + 12);
		fill_slots(slots);
		at_round(5 * R + 2);
		assert_eq!(rent_of(SIBLING), 4, "it never rises");
	});
}

#[test]
fn a_slot_is_owed_for_the_rounds_in_which_it_was_held() {
	with_rent(|| {
		let from = Timing::round();
		unbilled(SERVICE, from + 1..from + 3);
		let id = open(TENANT, SERVICE, 1);
		pass_rounds(2);
		end(id);
		// And for those in which open rounds still name it.
		let held = Timing::round() + 3 - from;
		assert!(held < R);
		assert_eq!(rents(), rent_of(held));
		assert_eq!((exposure(SERVICE), state(SERVICE).slot), (0, None));
		// Coming and going costs what staying costs.
		pass_rounds(3);
		let from = Timing::round();
		let id = open(TENANT, SERVICE, 1);
		pass_rounds(2);
		end(id);
		assert_eq!(rents(), rent_of(held) + rent_of(Timing::round() + 3 - from) - fee_of(2));
	});
}

#[test]
fn a_sale_needs_the_rent_of_three_windows_beside_the_cover() {
	with_rent(|| {
		let open = || try_open(TENANT, SERVICE, 1, DEPOSIT);
		let needed = reserve(PRICE, COVER) + 3 * RENT;
		unbond_to(NATIVE, needed - 1);
		assert_noop!(open(), Error::<Test>::BondTooSmall { units: 0 });
		bond_more(NATIVE, 1);
		assert_ok!(open());
		// The second unit needs no other slot.
		bond_more(NATIVE, reserve(PRICE, COVER));
		assert_ok!(open());
	});
}

#[test]
fn a_breach_cannot_starve_the_rent() {
	with_rent(|| {
		unbilled(SERVICE, 3 * R..4 * R);
		let id = open_counting(TENANT, SERVICE, 1);
		unbond_free(NATIVE);
		let before = rents();
		Share::set(&Perbill::one());
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		breach_with(SERVICE, BreachKind::Slow, None, Critical, 3);
		assert_eq!((bond(NATIVE), exposure(SERVICE)), (3 * RENT, 3 * RENT));
		assert_eq!(state(SERVICE).index, COVER);
		assert_ok!(Sla::settle(signed(THIRD), id));
		finish(COUNTING);
		assert!(is_gone(id));
		let held = rent_of(Timing::round() + 3 - (3 * R - 1));
		assert_eq!((rents(), bond(NATIVE)), (before + held, 3 * RENT - held));
	});
}

#[test]
fn a_bond_without_another_rent_is_warned_of_a_window_before_the_end() {
	with_rent(|| {
		let id = open(TENANT, SERVICE, 1);
		unbilled(SERVICE, 3 * R..6 * R);
		unbond_free(NATIVE);
		events();
		at_round(3 * R + 2);
		assert_eq!(events(), [Event::RentShort { target: SERVICE, reserved: 2 }]);
		assert_eq!(state(SERVICE).ends, None);
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER) + 2 * RENT);
		let first = first_rent() - first_fee();
		assert_eq!(rents(), first);

		// The part of the first rent that fees paid is free, and not enough for another.
		at_round(4 * R + 2);
		let (at, reason) = (5 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(
			events(),
			[Event::ServiceTerminated { target: SERVICE, at, reason, code: 2_007 }]
		);
		assert_eq!(meter_end(SERVICE), Some((at, reason)));
		assert_eq!(listing(SERVICE).status, ServiceStatus::Ending { at });
		assert_eq!(state(SERVICE).ends, Some(at));
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER) + RENT);
		assert_eq!(rents(), first + RENT);

		// It is credited to its end as promised.
		assert_eq!(breach(SERVICE, None, High).credited, 300);
		at_round(at);
		assert_ok!(Sla::settle(signed(THIRD), id));
		finish(at);
		let closed =
			|e: &Event<_>| matches!(e, Event::AgreementClosed { code: 2_007, credited: 300, .. });
		assert!(events().iter().any(closed));
		assert!(is_gone(id));
		// No window was held unpaid.
		assert_eq!(rents(), first + 2 * RENT, "as far as it is reserved");
	});
}

#[test]
fn nobody_who_bonds_more_within_a_window_is_ended_for_rent() {
	with_rent(|| {
		open(TENANT, SERVICE, 1);
		unbilled(SERVICE, 2 * R..5 * R);
		// Units of another service take the rest of the bond just before the window is judged.
		unbond_free(NATIVE);
		at_round(3 * R + 2);
		assert_eq!(state(SERVICE).slot.unwrap().reserved, 2);
		bond_more(NATIVE, 2 * RENT);
		events();
		at_round(4 * R + 2);
		assert_eq!((events(), state(SERVICE).ends), (vec![], None));
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER) + 3 * RENT);
	});
}

#[test]
fn an_end_that_is_carried_out_late_takes_no_bond_that_others_rely_on() {
	with_rent(|| {
		let id = open(TENANT, SERVICE, 1);
		open(OTHER, SIBLING, 4);
		unbilled(SERVICE, 2 * R..6 * R);
		unbond_free(NATIVE);
		at_round(4 * R + 2);
		assert_eq!(state(SERVICE).ends, Some(5 * R - 1));
		// Windows after the end close although its agreement is not closed yet.
		for window in 4..8 {
			assert_eq!(Sla::window_closed(SERVICE, window, &Default::default()).end, None);
			assert!(bond(NATIVE) >= exposure(SERVICE) + exposure(SIBLING));
			assert_ok!(Sla::do_try_state());
		}
		assert_eq!(rents(), first_rent() + 2 * RENT);
		at_round(5 * R - 1);
		assert_ok!(Sla::settle(signed(THIRD), id));
		finish(5 * R - 1);
		assert_eq!((units(SERVICE), rents()), (0, first_rent() + 2 * RENT));
	});
}

#[test]
fn a_second_end_is_never_later_than_the_first() {
	with_rent(|| {
		relist(SERVICE, |listing| listing.terms.cover = tenths(5));
		open(TENANT, SERVICE, 4);
		unbilled(SERVICE, 2 * R..6 * R);
		unbond_free(NATIVE);
		at_round(4 * R + 2);
		assert_eq!(state(SERVICE).ends, Some(5 * R - 1));
		// The cover is used up before that.
		at_round(4 * R + 5);
		breach(SERVICE, None, High);
		let first = (4 * R + 5, CloseReason::Terminated);
		assert_eq!((state(SERVICE).ends, meter_end(SERVICE)), (Some(first.0), Some(first)));
		// Dead, and without rent: it ended before.
		pass_rounds(1);
		events();
		let dead = Counters { down: 12, ..Default::default() };
		assert_eq!(Sla::window_closed(SERVICE, 4, &dead).end, None);
		assert_eq!((state(SERVICE).ends, events()), (Some(first.0), vec![]));
	});
}

#[test]
fn a_lease_pays_rent_and_ends_for_it_like_any_service() {
	const LEASE: LeaseId = 7;
	with_rent(|| {
		let lease = Target::Lease(LEASE);
		let id = begin(TENANT, LEASE, NATIVE);
		unbilled(lease, 2 * R..6 * R);
		assert_eq!(exposure(lease), reserve(PRICE, COVER) + 3 * RENT);
		unbond_free(NATIVE);
		at_round(4 * R + 2);
		let end = (5 * R - 1, CloseReason::RentUnpaid);
		assert_eq!(FailedLeases::get(), [(LEASE, end)]);
		assert_eq!((meter_end(lease), rents()), (Some(end), first_rent() + RENT));
		at_round(end.0);
		assert_ok!(Sla::settle(signed(THIRD), id));
		finish(end.0);
		assert!(is_gone(id));
	});
}

#[test]
fn a_tenant_that_comes_and_goes_costs_the_operator_its_rounds_only() {
	with_rent(|| {
		for lease in 0..3 {
			let from = (Timing::round(), rents());
			begin(TENANT, lease, NATIVE);
			unbilled(Target::Lease(lease), from.0..from.0 + R);
			end_lease(lease, from.0, CloseReason::TenantClosed);
			// The trial is over at once.
			pass_rounds(1);
			assert!(Leased::get().is_empty());
			let held = Timing::round() + 3 - from.0;
			assert_eq!(rents() - from.1, rent_of(held));
			assert!(held < R, "not a window each time");
		}
	});
}

#[test]
fn rent_in_another_asset_is_a_share_of_its_minimum_bond() {
	with_rent(|| {
		open(TENANT, LOCAL_SERVICE, 1);
		at_round(3 * R + 2);
		assert_eq!(free(LOCAL, PROBERS), MINIMUM + first_rent() - first_fee());
	});
}
