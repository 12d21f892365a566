// SPDX-License-Identifier: Apache-2.0

//! Invariants fail on corrupted state.

use crate::{
	Engagement, Engagements, Expiring, Expiry, ExpiryCursor, OperatorRecord, Operators, PairWeight,
	Pairs, TargetRecord, Targets, TenantRecord, Tenants, mock::*,
};
use frame::testing_prelude::*;
use surety_primitives::{
	Target,
	score::{MAX_EVIDENCE, MAX_RATING, MAX_TENANT_PAYMENTS, ONE},
};

/// Check that corrupted state fails the invariant with this number.
fn fails(number: &str, corrupt: impl FnOnce()) {
	build_and_execute(|| {
		good_windows(ALICE, 3);
		engage(1, ALICE, BOB, SCALE);
		engage(2, ALICE, CHARLIE, SCALE);
		rate(BOB, 1, 5);
		hypothetically!({
			corrupt();
			let fault = Reputation::do_try_state().unwrap_err();
			let DispatchError::Other(fault) = fault else { panic!("{fault:?}") };
			assert!(fault.starts_with(number), "{fault}");
		});
	});
}

fn operator(change: impl FnOnce(&mut OperatorRecord)) {
	Operators::<Test>::mutate(ALICE, |record| change(record.as_mut().unwrap()));
}

fn tenant(change: impl FnOnce(&mut TenantRecord)) {
	Tenants::<Test>::mutate(BOB, |record| change(record.as_mut().unwrap()));
}

fn engagement(change: impl FnOnce(&mut Engagement<u64>)) {
	Engagements::<Test>::mutate(1, |engagement| change(engagement.as_mut().unwrap()));
}

fn pair(change: impl FnOnce(&mut PairWeight)) {
	Pairs::<Test>::mutate(BOB, ALICE, |pair| change(pair.as_mut().unwrap()));
}

/// Last window of the engagements.
const UNTIL: u32 = 3 + RATING_WINDOWS;

fn service(change: impl FnOnce(&mut TargetRecord)) {
	Targets::<Test>::mutate(Target::Service(1), |record| change(record.as_mut().unwrap()));
}

#[test]
fn invariant_1_fails_for_a_record_of_a_window_to_come() {
	fails("1", || operator(|s| s.window = 4));
	fails("1", || service(|s| s.window = 4));
	fails("1", || tenant(|s| s.window = 4));
}

#[test]
fn invariant_2_fails_for_evidence_out_of_bounds() {
	fails("2", || operator(|s| s.evidence.alpha = MAX_EVIDENCE + 1));
	fails("2", || operator(|s| s.evidence.beta = MAX_EVIDENCE + 1));
	fails("2", || operator(|s| s.ratings.beta = MAX_EVIDENCE + 1));
	fails("2", || tenant(|s| s.evidence.alpha = MAX_EVIDENCE + 1));
	fails("2", || tenant(|s| s.ratings.alpha = MAX_EVIDENCE + 1));
	fails("2", || tenant(|s| s.payments = MAX_TENANT_PAYMENTS + 1));
}

#[test]
fn invariant_3_fails_for_a_last_score_that_does_not_match() {
	fails("3", || operator(|s| s.last_score = 99));
	fails("3", || operator(|s| s.evidence.beta += 5 * ONE));
	fails("3", || operator(|s| s.bad_rounds += 5));
	fails("3", || operator(|s| s.ratings.beta += ONE));
	fails("3", || tenant(|s| s.last_score = 99));
	fails("3", || tenant(|s| s.evidence.alpha += 5 * ONE));
}

#[test]
fn invariant_4_fails_for_more_rounds_of_a_kind_than_measured() {
	fails("4", || operator(|s| s.quality.down += 1));
	fails("4", || service(|s| s.quality.bad += 1));
}

#[test]
fn invariant_4_fails_for_a_latency_above_all_buckets() {
	fails("4", || operator(|s| s.quality.p95_us = u32::MAX));
	fails("4", || service(|s| s.quality.p95_us = u32::MAX));
}

#[test]
fn invariant_5_fails_for_one_party_or_a_weight_out_of_bounds() {
	fails("5", || engagement(|e| e.tenant = ALICE));
	fails("5", || engagement(|e| e.weight = 0));
	fails("5", || engagement(|e| e.weight = MAX_RATING + 1));
}

#[test]
fn invariant_6_fails_for_a_pair_out_of_bounds() {
	fails("6", || pair(|p| p.used = Reputation::max_pair_weight() + 1));
	fails("6", || pair(|p| p.used = 0));
	fails("6", || pair(|p| p.epoch = 1));
	fails("6", || Pairs::<Test>::insert(ALICE, ALICE, PairWeight { epoch: 0, used: 1 }));
}

#[test]
fn invariant_7_fails_for_missing_or_extra_entries() {
	fails("7", || ExpiryCursor::<Test>::put(4));
	fails("7", || {
		ExpiryCursor::<Test>::put(1);
		Expiring::<Test>::insert(0, Expiry::Pair(BOB, ALICE), ());
	});
	fails("7", || Expiring::<Test>::insert(UNTIL, Expiry::Engagement(3), ()));
	fails("7", || Expiring::<Test>::insert(UNTIL + 1, Expiry::Engagement(1), ()));
	fails("7", || engagement(|e| e.until += 1));
	fails("7", || Expiring::<Test>::remove(UNTIL, Expiry::Engagement(1)));
	fails("7", || Expiring::<Test>::insert(UNTIL, Expiry::Pair(ALICE, BOB), ()));
	fails("7", || Expiring::<Test>::insert(UNTIL + 1, Expiry::Pair(BOB, ALICE), ()));
	fails("7", || Expiring::<Test>::remove(EPOCH - 1, Expiry::Pair(BOB, ALICE)));
}
