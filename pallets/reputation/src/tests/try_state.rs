//! Corrupted state is seen.

use crate::{
	Engagement, Engagements, Expiring, Expiry, ExpiryCursor, Operators, PairWeight, Pairs,
	ServiceStanding, Services, Standing, TenantStanding, Tenants, mock::*,
};
use frame::testing_prelude::*;
use surety_primitives::score::{MAX_EVIDENCE, MAX_RATING, MOST_PAID_TENANT, ONE};

fn sees(number: &str, corrupt: impl FnOnce()) {
	build_and_execute(|| {
		good_windows(ALICE, 3);
		engage(1, ALICE, BOB, SCALE);
		engage(2, ALICE, CHARLIE, SCALE);
		rate(BOB, 1, 5);
		hypothetically!({
			corrupt();
			let seen = Reputation::do_try_state().unwrap_err();
			let DispatchError::Other(seen) = seen else { panic!("{seen:?}") };
			assert!(seen.starts_with(number), "{seen}");
		});
	});
}

fn operator(change: impl FnOnce(&mut Standing)) {
	Operators::<Test>::mutate(ALICE, |standing| change(standing.as_mut().unwrap()));
}

fn tenant(change: impl FnOnce(&mut TenantStanding)) {
	Tenants::<Test>::mutate(BOB, |standing| change(standing.as_mut().unwrap()));
}

fn engagement(change: impl FnOnce(&mut Engagement<u64>)) {
	Engagements::<Test>::mutate(1, |engagement| change(engagement.as_mut().unwrap()));
}

fn pair(change: impl FnOnce(&mut PairWeight)) {
	Pairs::<Test>::mutate(BOB, ALICE, |pair| change(pair.as_mut().unwrap()));
}

/// Window in which the engagements are over.
const UNTIL: u32 = 3 + RATING_WINDOWS;

fn service(change: impl FnOnce(&mut ServiceStanding)) {
	Services::<Test>::mutate(1, |standing| change(standing.as_mut().unwrap()));
}

#[test]
fn a_record_of_a_window_to_come_is_seen() {
	sees("1", || operator(|s| s.window = 4));
	sees("1", || service(|s| s.window = 4));
	sees("1", || tenant(|s| s.window = 4));
}

#[test]
fn evidence_out_of_bounds_is_seen() {
	sees("2", || operator(|s| s.evidence.alpha = MAX_EVIDENCE + 1));
	sees("2", || operator(|s| s.evidence.beta = MAX_EVIDENCE + 1));
	sees("2", || operator(|s| s.rated.beta = MAX_EVIDENCE + 1));
	sees("2", || tenant(|s| s.evidence.alpha = MAX_EVIDENCE + 1));
	sees("2", || tenant(|s| s.rated.alpha = MAX_EVIDENCE + 1));
	sees("2", || tenant(|s| s.paid = MOST_PAID_TENANT + 1));
}

#[test]
fn a_score_that_is_not_the_one_shown_is_seen() {
	sees("3", || operator(|s| s.shown = 99));
	sees("3", || operator(|s| s.evidence.beta += 5 * ONE));
	sees("3", || operator(|s| s.bad += 5));
	sees("3", || operator(|s| s.rated.beta += ONE));
	sees("3", || tenant(|s| s.shown = 99));
	sees("3", || tenant(|s| s.evidence.alpha += 5 * ONE));
}

#[test]
fn more_rounds_of_a_kind_than_rounds_are_seen() {
	sees("4", || operator(|s| s.quality.down += 1));
	sees("4", || service(|s| s.quality.bad += 1));
}

#[test]
fn a_latency_of_no_bucket_is_seen() {
	sees("4", || operator(|s| s.quality.p95_us = u32::MAX));
	sees("4", || service(|s| s.quality.p95_us = u32::MAX));
}

#[test]
fn an_engagement_with_oneself_or_of_no_weight_or_rated_by_both_is_seen() {
	sees("5", || engagement(|e| e.tenant = ALICE));
	sees("5", || engagement(|e| e.weight = 0));
	sees("5", || engagement(|e| e.weight = MAX_RATING + 1));
	sees("5", || engagement(|e| e.operator_rated = true));
}

#[test]
fn ratings_of_a_pair_out_of_bounds_are_seen() {
	sees("6", || pair(|p| p.used = Reputation::most_of_pair() + 1));
	sees("6", || pair(|p| p.used = 0));
	sees("6", || pair(|p| p.epoch = 1));
	sees("6", || Pairs::<Test>::insert(ALICE, ALICE, PairWeight { epoch: 0, used: 1 }));
}

#[test]
fn a_queue_that_misses_one_or_has_one_too_many_is_seen() {
	sees("7", || ExpiryCursor::<Test>::put(4));
	sees("7", || {
		ExpiryCursor::<Test>::put(1);
		Expiring::<Test>::insert(0, Expiry::Pair(BOB, ALICE), ());
	});
	sees("7", || Expiring::<Test>::insert(UNTIL, Expiry::Engagement(3), ()));
	sees("7", || Expiring::<Test>::insert(UNTIL + 1, Expiry::Engagement(1), ()));
	sees("7", || engagement(|e| e.until += 1));
	sees("7", || Expiring::<Test>::remove(UNTIL, Expiry::Engagement(1)));
	sees("7", || Expiring::<Test>::insert(UNTIL, Expiry::Pair(ALICE, BOB), ()));
	sees("7", || Expiring::<Test>::insert(UNTIL + 1, Expiry::Pair(BOB, ALICE), ()));
	sees("7", || Expiring::<Test>::remove(EPOCH - 1, Expiry::Pair(BOB, ALICE)));
}
