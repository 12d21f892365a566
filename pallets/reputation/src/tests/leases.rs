// SPDX-License-Identifier: Apache-2.0

//! Failed leases.

use crate::{Cause, Operators, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{BreachKind, CloseReason, ReputationSink, Severity, Target};

#[test]
fn a_failed_lease_is_reported_with_its_reason() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		take_movements();
		let before = operator_score(ALICE);
		Reputation::lease_failed(&ALICE, 7, CloseReason::Unhealthy);
		let after = operator_score(ALICE);
		assert!(after < before);
		let cause = Cause::LeaseFailed { lease: 7, reason: CloseReason::Unhealthy };
		assert_eq!(take_movements(), [(ALICE, cause, before, after)]);
	});
}

#[test]
fn a_failed_lease_is_reported_even_at_score_zero() {
	build_and_execute(|| {
		Reputation::lease_failed(&ALICE, 7, CloseReason::NeverReady);
		let cause = Cause::LeaseFailed { lease: 7, reason: CloseReason::NeverReady };
		assert_eq!(take_movements(), [(ALICE, cause, 0, 0)]);
	});
}

#[test]
fn a_failed_lease_weighs_as_much_as_an_outage() {
	build_and_execute(|| {
		for operator in [ALICE, BOB, CHARLIE] {
			go_to_window(1);
			close(operator, operator as u32, 0, counters(ROUNDS, 0));
		}
		Reputation::lease_failed(&ALICE, 1, CloseReason::Unhealthy);
		Reputation::breach(&BOB, Target::Service(2), BreachKind::Downtime, Severity::Low);
		Reputation::breach(&BOB, Target::Service(2), BreachKind::Downtime, Severity::Medium);
		let [alice, bob] = [ALICE, BOB].map(|who| Operators::<Test>::get(who).unwrap().evidence);
		assert_eq!(alice, bob);
		Reputation::lease_failed(&CHARLIE, 3, CloseReason::NeverReady);
		assert_eq!(Operators::<Test>::get(CHARLIE).unwrap().evidence.beta * 2, alice.beta);
	});
}

#[test]
fn ended_for_cause_or_left_at_once_weighs_as_unhealthy() {
	let weight = |reason| {
		let mut beta = 0;
		build_and_execute(|| {
			Reputation::lease_failed(&ALICE, 7, reason);
			beta = Operators::<Test>::get(ALICE).unwrap().evidence.beta;
		});
		beta
	};
	let unhealthy = weight(CloseReason::Unhealthy);
	assert!(unhealthy > 0);
	for reason in [CloseReason::Terminated, CloseReason::RentUnpaid, CloseReason::OperatorClosed] {
		assert_eq!(weight(reason), unhealthy, "{reason:?}");
	}
}

#[test]
fn no_other_end_of_a_lease_is_a_failure() {
	build_and_execute(|| {
		good_windows(ALICE, 3);
		for reason in [CloseReason::Declined, CloseReason::Expired, CloseReason::TenantClosed] {
			assert_storage_noop!(Reputation::lease_failed(&ALICE, 7, reason));
		}
	});
}
