// SPDX-License-Identifier: Apache-2.0

//! Agreed use: the lower of both sides, within the units.

use super::*;

#[test]
fn the_lower_of_both_sides_is_agreed() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report(id, Tenant, 1, counts(1_000, 990));
		assert_eq!(current(id).share.matched, Match::OneSided);
		assert_eq!(totals().agreed, AgreedUsage::default());
		report(id, Operator, 1, counts(995, 995));
		let agreed = AgreedUsage { requests: 995, ok: 985, bytes: 98_505 };
		assert_eq!(current(id).share.agreed, agreed);
		assert_eq!(current(id).share.matched, Match::Close);
		assert_eq!(totals().agreed, agreed);
		assert_eq!((totals().agreements, totals().one_sided, totals().contested), (1, 0, 0));
	});
}

#[test]
fn totals_follow_the_latest_statements() {
	build_and_execute(|| {
		let (a, b) = (open(TENANT, 2), open(OTHER_TENANT, 2));
		for seq in 1..=5 {
			report_both(a, seq, counts(u64::from(seq) * 100, u64::from(seq) * 90));
			report_both(b, seq, counts(u64::from(seq) * 10, u64::from(seq) * 10));
		}
		let agreed = totals().agreed;
		assert_eq!((agreed.requests, agreed.ok), (550, 500));
		assert_eq!(totals().agreements, 2);
	});
}

#[test]
fn requests_are_bounded_by_the_units() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report_both(id, 1, counts(2_880, 1_440));
		let agreed = current(id).share.agreed;
		assert_eq!(agreed, AgreedUsage { requests: 2 * UNIT_REQUESTS, ok: 720, bytes: 72_000 });
		report_both(id, 2, counts(u64::MAX / 200, 1_440));
		assert_eq!(current(id).share.agreed.requests, 2 * UNIT_REQUESTS);
	});
}

#[test]
fn bytes_beyond_64_bits_are_taken_out_again() {
	build_and_execute(|| {
		let (a, b) = (open(TENANT, 2), open(OTHER_TENANT, 2));
		let of_bytes = |bytes| UsageCounts { bytes, ..counts(10, 10) };
		report_both(a, 1, of_bytes(u64::MAX));
		report_both(b, 1, of_bytes(7));
		check();
		let [one, two] = [10, 11].map(|n| Box::new(signed(statement(a, Tenant, 2, counts(n, n)))));
		assert_ok!(Usage::report_equivocation(RuntimeOrigin::signed(STRANGER), one, two));
		assert_eq!(totals().agreed, AgreedUsage { requests: 10, ok: 10, bytes: 7 });
	});
}

#[test]
fn views_far_apart_are_contested_and_the_minimum_counts() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report(id, Operator, 1, counts(1_000, 1_000));
		report(id, Tenant, 1, counts(1_000, 983));
		assert_eq!(current(id).share.matched, Match::Contested);
		assert_eq!((totals().contested, totals().agreed.ok), (1, 983));
		report(id, Tenant, 2, counts(1_001, 984));
		assert_eq!(current(id).share.matched, Match::Close, "a gap of 16");
		assert_eq!(totals().contested, 0);
	});
}

#[test]
fn a_side_that_is_silent_agrees_to_nothing() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report(id, Tenant, 1, counts(1_000, 1_000));
		Kit::run_windows(3);
		let closed = Usage::service_usage(SERVICE).unwrap().closed;
		assert_eq!(closed.len(), 1);
		assert_eq!((closed[0].agreements, closed[0].one_sided), (1, 1));
		assert_eq!(closed[0].agreed, AgreedUsage::default());
	});
}

#[test]
fn claimed_losses_are_stored_and_enter_no_total() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report(id, Tenant, 1, UsageCounts { lost: 0, ..counts(1_000, 500) });
		report(id, Operator, 1, counts(1_000, 500));
		let before = totals();
		report(id, Tenant, 2, counts(1_000, 500));
		assert_eq!(current(id).tenant.sum().unwrap().lost, 500);
		assert_eq!(totals(), before);
	});
}

/// An operator that counts only the requests that it answered hides no loss.
#[test]
fn a_side_that_leaves_out_losses_does_not_raise_the_success() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		report(id, Tenant, 1, counts(1_000, 500));
		report(id, Operator, 1, counts(500, 500));
		let agreed = totals().agreed;
		assert_eq!((agreed.requests, agreed.ok), (500, 250));
	});
}

#[test]
fn windows_are_counted_apart_and_only_the_last_two_are_kept() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		for window in 1..6u32 {
			assert_eq!(Usage::current_window(), window);
			report_both(id, 1, counts(100 * u64::from(window), 10));
			let record = Records::<Test>::get(id).unwrap();
			let kept: Vec<_> = record.windows.iter().map(|usage| usage.window).collect();
			let expected: Vec<_> = (window.saturating_sub(1).max(1)..=window).collect();
			assert_eq!(kept, expected);
			Kit::run_windows(1);
		}
		let usage = Usage::service_usage(SERVICE).unwrap();
		let requests: Vec<_> = usage.closed.iter().map(|it| it.agreed.requests).collect();
		assert_eq!(requests, [100, 200, 300, 400]);
		assert_eq!(usage.open.iter().map(|it| it.agreed.requests).collect::<Vec<_>>(), [500]);
	});
}
