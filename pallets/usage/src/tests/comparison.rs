// SPDX-License-Identifier: Apache-2.0

//! Comparison of closed windows with the verdicts of the probers.

use super::*;

/// Tenants of the service, each with enough units for the whole weight of a pair.
const TENANTS: [u64; 5] = [TENANT, OTHER_TENANT, 14, 15, 16];

/// Open agreements of the tenants, and run until they have paid for a window.
fn tenants(count: usize) -> Vec<AgreementId> {
	let all = TENANTS[..count].iter().map(|tenant| open(*tenant, 5)).collect();
	Kit::run_windows(2);
	all
}

/// Report the answers of 1,000 requests of each agreement in the current window, and go to the
/// next.
fn window(agreements: &[AgreementId], ok: &[u64]) {
	for (id, ok) in agreements.iter().zip(ok) {
		report_both(*id, 1, counts(1_000, *ok));
	}
	Kit::run_windows(1);
}

/// Close the windows that can be, and return the events about the flag.
fn flags() -> Vec<Event<Test>> {
	Kit::run_windows(1);
	Kit::run_blocks(2);
	let is_flag = |e: &Event<Test>| matches!(e, Event::Discrepant { .. } | Event::Cleared { .. });
	events().into_iter().filter(is_flag).collect()
}

fn discrepant(window: WindowIndex, success: u32) -> Event<Test> {
	Event::Discrepant {
		service: SERVICE,
		window,
		success: Perbill::from_percent(success),
		up: Perbill::one(),
	}
}

#[test]
fn a_service_that_serves_tenants_worse_than_probers_is_flagged() {
	build_and_execute(|| {
		let all = tenants(3);
		let bad = Usage::current_window();
		window(&all, &[800; 3]);
		assert!(!Usage::is_discrepant(SERVICE), "the window is open");
		assert_eq!(flags(), [discrepant(bad, 85)]);
		assert!(Usage::is_discrepant(SERVICE));
	});
}

#[test]
fn the_flag_is_read_before_the_event_tells_of_it() {
	build_and_execute(|| {
		let all = tenants(3);
		window(&all, &[100; 3]);
		// The first block of the window after: nothing was done about the queue.
		Kit::run_to_window(Usage::current_window() + 1);
		assert!(!Services::<Test>::get(SERVICE).unwrap().is_discrepant());
		assert!(Usage::is_discrepant(SERVICE));
	});
}

#[test]
fn a_small_distance_is_none() {
	build_and_execute(|| {
		let all = tenants(3);
		window(&all, &[900; 3]);
		assert_eq!(flags(), []);
		let closed = Usage::service_usage(SERVICE).unwrap().closed;
		assert_eq!(closed.last().unwrap().comparison, Comparison::Consistent);
		assert_eq!(closed.last().unwrap().success(), Some(Perbill::from_percent(90)));
	});
}

#[test]
fn more_than_ten_points_are_a_discrepancy() {
	build_and_execute(|| {
		let all = tenants(3);
		let bad = Usage::current_window();
		window(&all, &[899; 3]);
		assert_eq!(flags(), [discrepant(bad, 90)]);
	});
}

#[test]
fn two_good_windows_clear_the_flag() {
	build_and_execute(|| {
		let all = tenants(3);
		window(&all, &[500; 3]);
		window(&all, &[1_000; 3]);
		window(&all, &[1_000; 3]);
		assert!(Usage::is_discrepant(SERVICE), "one good window is closed");
		events();
		assert_eq!(flags(), [Event::Cleared { service: SERVICE }]);
		assert!(!Usage::is_discrepant(SERVICE));
	});
}

#[test]
fn a_bad_window_between_good_ones_starts_over() {
	build_and_execute(|| {
		let all = tenants(3);
		for ok in [500, 1_000, 500, 1_000] {
			window(&all, &[ok; 3]);
		}
		flags();
		assert!(Usage::is_discrepant(SERVICE));
	});
}

#[test]
fn windows_without_evidence_neither_flag_nor_clear() {
	build_and_execute(|| {
		let all = tenants(3);
		window(&all[..1], &[0]);
		assert_eq!(flags(), [], "one tenant is too few");
		window(&all, &[500; 3]);
		flags();
		assert!(Usage::is_discrepant(SERVICE));
		for _ in 0..3 {
			window(&all[..1], &[1_000]);
		}
		assert!(Usage::is_discrepant(SERVICE));
	});
}

#[test]
fn a_flag_is_gone_after_eight_windows_without_use() {
	build_and_execute(|| {
		let all = tenants(3);
		let bad = Usage::current_window();
		window(&all, &[500; 3]);
		Kit::run_to_window(bad + HISTORY);
		assert!(Usage::is_discrepant(SERVICE));
		Kit::run_to_window(bad + HISTORY + 1);
		assert!(!Usage::is_discrepant(SERVICE));
		events();
		assert_eq!(flags(), [Event::Cleared { service: SERVICE }]);
		assert!(!Services::<Test>::contains_key(SERVICE));
	});
}

/// A service that is down for everybody keeps to what the probers found: its breaches are enough.
#[test]
fn an_outage_that_probers_see_is_no_discrepancy() {
	build_and_execute(|| {
		let all = tenants(3);
		let start = Kit::round();
		probes_find(false);
		Kit::run_to_round(start + 4);
		probes_find(true);
		// A third of the rounds is down, and 30 % of the requests are lost.
		for id in &all {
			report_both(*id, 1, counts(1_000, 700));
		}
		Kit::run_to_window(Usage::current_window() + 1);
		assert_eq!(flags(), []);
	});
}

#[test]
fn few_tenants_cannot_flag_a_service_that_serves_the_others() {
	build_and_execute(|| {
		let all = tenants(5);
		window(&all, &[1_000, 1_000, 1_000, 0, 0]);
		assert_eq!(flags(), []);
		assert!(!Usage::is_discrepant(SERVICE));
	});
}

/// Cheap agreements of a competitor cannot flag a service whose tenants don't report.
#[test]
fn a_small_part_of_the_units_says_nothing_about_a_service() {
	build_and_execute(|| {
		let all = tenants(3);
		let silent = open(TENANTS[3], 46);
		window(&all, &[0; 3]);
		assert_eq!(flags(), [], "15 of 61 units");
		let closed = Usage::service_usage(SERVICE).unwrap().closed;
		assert_eq!(closed.last().unwrap().comparison, Comparison::Unknown);

		assert_ok!(Sla::close_agreement(RuntimeOrigin::signed(TENANTS[3]), silent));
		open(TENANTS[4], 45);
		let bad = Usage::current_window();
		window(&all, &[0; 3]);
		assert_eq!(flags(), [discrepant(bad, 5)], "15 of 60 units");
	});
}

#[test]
fn half_of_the_weight_does_not_flag_a_service() {
	build_and_execute(|| {
		let all = tenants(4);
		window(&all, &[1_000, 1_000, 0, 0]);
		assert_eq!(flags(), []);
		let closed = Usage::service_usage(SERVICE).unwrap().closed;
		assert_eq!(closed.last().unwrap().weight, 4 * ONE);
		assert_eq!(closed.last().unwrap().comparison, Comparison::Consistent);
	});
}

#[test]
fn an_unmeasured_window_is_not_compared() {
	build_and_execute(|| {
		let all = tenants(3);
		Kit::set_absent(0..surety_test_kit::PROBERS);
		window(&all, &[500; 3]);
		Kit::set_absent(0..0);
		assert_eq!(flags(), []);
	});
}

#[test]
fn a_discrepancy_moves_no_money_and_no_score() {
	build_and_execute(|| {
		let all = tenants(3);
		let bond = || Kit::bond(OPERATOR, surety_primitives::AssetId::Native);
		let (before, score) = (bond(), Reputation::score_of_operator());
		window(&all, &[0; 3]);
		flags();
		assert!(Usage::is_discrepant(SERVICE));
		assert_eq!(bond(), before);
		assert!(Reputation::score_of_operator() >= score);
		assert_eq!(Sla::breach_history(surety_primitives::Target::Service(SERVICE), None, 9), []);
	});
}

trait OperatorScore {
	fn score_of_operator() -> u8;
}
impl OperatorScore for Reputation {
	fn score_of_operator() -> u8 {
		<Self as surety_primitives::ReputationInspect<u64>>::score(&OPERATOR)
	}
}
