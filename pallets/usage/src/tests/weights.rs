// SPDX-License-Identifier: Apache-2.0

//! Weight of agreements: by the fee that they paid, and bounded by pair.

use super::*;

/// Tenants besides those of the kit.
const MORE: core::ops::RangeInclusive<u64> = 14..=20;

#[test]
fn weight_is_in_proportion_to_the_fee_of_a_window() {
	build_and_execute(|| {
		let (one, two) = (open(TENANT, 1), open_paid(OTHER_TENANT, 2));
		report_both(one, 1, counts(100, 100));
		report_both(two, 1, counts(100, 100));
		assert_eq!(current(one).share.weight, UNIT_WEIGHT);
		assert_eq!(current(two).share.weight, 2 * UNIT_WEIGHT);
		assert_eq!(totals().weight, 3 * UNIT_WEIGHT);
	});
}

#[test]
fn an_agreement_that_has_paid_nothing_weighs_nothing() {
	build_and_execute(|| {
		let id = open(TENANT, 5);
		report_both(id, 1, counts(1_000, 1_000));
		assert_eq!(current(id).share.weight, 0);
		assert_eq!(totals().agreed.requests, 1_000, "its requests are agreed all the same");
	});
}

#[test]
fn too_few_requests_weigh_nothing() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 1);
		report_both(id, 1, counts(99, 99));
		assert_eq!(current(id).share.weight, 0);
		report_both(id, 2, counts(100, 100));
		assert_eq!(current(id).share.weight, UNIT_WEIGHT);
	});
}

#[test]
fn a_pair_weighs_no_more_however_it_splits_its_units() {
	build_and_execute(|| {
		let whole = open(TENANT, 50);
		let parts: Vec<_> = (0..10).map(|_| open(OTHER_TENANT, 5)).collect();
		Kit::run_windows(2);
		report_both(whole, 1, counts(1_000, 1_000));
		assert_eq!(totals().weight, ONE);
		for part in &parts {
			report_both(*part, 1, counts(1_000, 1_000));
		}
		assert_eq!(totals().weight, 2 * ONE);
		assert_eq!(current(parts[0]).share.weight, ONE);
		assert_eq!(current(parts[1]).share.weight, 0);
	});
}

#[test]
fn a_pair_is_bounded_over_all_services_of_the_operator() {
	build_and_execute(|| {
		let second = Kit::list(OPERATOR, rpc());
		Kit::run_windows(1);
		let (a, b) = (open(TENANT, 4), open_at(TENANT, second, 4));
		Kit::run_windows(2);
		report_both(a, 1, counts(1_000, 1_000));
		report_both(b, 1, counts(1_000, 1_000));
		assert_eq!(current(a).share.weight + current(b).share.weight, ONE);
	});
}

#[test]
fn each_window_has_the_weight_of_a_pair_anew() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 20);
		for _ in 0..4 {
			report_both(id, 1, counts(1_000, 1_000));
			assert_eq!(current(id).share.weight, ONE);
			Kit::run_windows(1);
		}
	});
}

/// An operator with a tenant of its own moves the success of its service by what that one pays, and
/// not by the requests that both claim.
#[test]
fn invented_requests_move_success_no_more_than_their_fees() {
	build_and_execute(|| {
		let real: Vec<_> = MORE.map(|tenant| open(tenant, 5)).collect();
		let own = open(STRANGER, 90);
		Kit::run_windows(2);
		for id in &real {
			report_both(*id, 1, counts(1_000, 500));
		}
		let honest = totals().success().unwrap();
		report_both(own, 1, counts(60_000, 60_000));
		let success = totals().success().unwrap();
		assert_eq!(honest, Perbill::from_percent(50));
		assert_eq!(success, Perbill::from_rational(45u32, 80u32), "one of eight tenants");
		assert_eq!(totals().median(), Some(Perbill::from_percent(55)), "unmoved");
	});
}

#[test]
fn an_operator_that_is_its_own_tenant_weighs_nothing() {
	build_and_execute(|| {
		let id = open_paid(OPERATOR, 5);
		report_both(id, 1, counts(1_000, 1_000));
		assert_eq!((current(id).share.agreed.requests, totals().weight), (1_000, 0));
	});
}

#[test]
fn weight_falls_with_the_agreed_requests() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 5);
		report_both(id, 1, counts(1_000, 1_000));
		assert_eq!((totals().weight, Pairs::<Test>::get(OPERATOR, TENANT)[0].used), (ONE, ONE));
		let one = signed(statement(id, Tenant, 2, counts(1_100, 1_100)));
		let two = signed(statement(id, Tenant, 2, counts(1_200, 1_100)));
		let origin = RuntimeOrigin::signed(STRANGER);
		assert_ok!(Usage::report_equivocation(origin, Box::new(one), Box::new(two)));
		assert_eq!((totals().weight, Pairs::<Test>::get(OPERATOR, TENANT)[0].used), (0, 0));
	});
}

#[test]
fn fees_weigh_in_a_straight_line_up_to_the_scale() {
	for (fee, scale, weight) in [
		(0, 100, 0),
		(1, 100, ONE / 100),
		(50, 100, ONE / 2),
		(100, 100, ONE),
		(u128::MAX, 100, ONE),
		(100, 0, 0),
		(u128::MAX / 2, u128::MAX, ONE / 2 - 1),
	] {
		let found = weight_of_fee(fee, scale);
		assert!(found.abs_diff(weight) <= 1, "{fee} of {scale}: {found}");
	}
}
