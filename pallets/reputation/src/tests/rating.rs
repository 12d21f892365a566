// SPDX-License-Identifier: Apache-2.0

//! Ratings: origins, weights, and their effect on scores.

use crate::{Cause, Error, Event, Operators, Pairs, Role, Tenants, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	AgreementId, BreachKind, ReputationSink, Severity, Target,
	score::{Evidence, MAX_OPERATOR_RATINGS, MAX_RATING, ONE},
};

/// Fee at nine tenths of the maximum weight.
const LARGE: u128 = 9 * SCALE;
const LARGE_WEIGHT: u64 = MAX_RATING / 10 * 9;

fn try_rate(who: u64, agreement: AgreementId, stars: u8) -> DispatchResult {
	Reputation::rate(RuntimeOrigin::signed(who), agreement, stars)
}

#[test]
fn both_parties_rate_each_other_and_the_event_has_the_scores() {
	build_and_execute(|| {
		good_windows(ALICE, 5);
		engage(1, ALICE, BOB, LARGE);
		let before = operator_score(ALICE);
		take_movements();
		rate(BOB, 1, 1);
		let after = operator_score(ALICE);
		assert!(after < before);
		let (agreement, weight) = (1, LARGE_WEIGHT);
		let rated = Event::Rated {
			agreement,
			by: BOB,
			account: ALICE,
			role: Role::Operator,
			stars: 1,
			weight,
			before,
			after,
		};
		assert_eq!(last_event(), rated);
		assert_eq!(
			take_movements(),
			[(ALICE, Cause::Rating { agreement, stars: 1 }, before, after)]
		);

		let before = tenant_score(BOB);
		rate(ALICE, 1, 5);
		let after = tenant_score(BOB);
		let rated = RuntimeEvent::Reputation(Event::Rated {
			agreement,
			by: ALICE,
			account: BOB,
			role: Role::Tenant,
			stars: 5,
			weight,
			before,
			after,
		});
		assert!(System::events().iter().any(|record| record.event == rated));
	});
}

#[test]
fn a_rating_with_bad_input_is_refused() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, LARGE);
		assert_noop!(try_rate(BOB, 2, 5), Error::<Test>::UnknownEngagement);
		assert_noop!(try_rate(CHARLIE, 1, 5), Error::<Test>::NotParty);
		for stars in [0, 6, u8::MAX] {
			assert_noop!(try_rate(BOB, 1, stars), Error::<Test>::StarsOutOfRange);
		}
		rate(BOB, 1, 4);
		assert_noop!(try_rate(BOB, 1, 4), Error::<Test>::AlreadyRated);
		go_to_window(RATING_WINDOWS + 1);
		assert_noop!(try_rate(ALICE, 1, 5), Error::<Test>::RatingWindowOver);
		assert_noop!(Reputation::rate(RuntimeOrigin::root(), 1, 5), DispatchError::BadOrigin);
	});
}

#[test]
fn an_agreement_is_rated_up_to_its_last_window() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, LARGE);
		go_to_window(RATING_WINDOWS);
		rate(ALICE, 1, 5);
		rate(BOB, 1, 5);
		assert_noop!(try_rate(BOB, 1, 5), Error::<Test>::UnknownEngagement);
	});
}

#[test]
fn five_stars_raise_one_star_lowers_three_are_half_and_half() {
	let evidence = |stars| {
		let mut rating = Evidence::default();
		build_and_execute(|| {
			engage(1, ALICE, BOB, LARGE);
			rate(BOB, 1, stars);
			rating = Operators::<Test>::get(ALICE).unwrap().ratings;
		});
		(rating.alpha, rating.beta)
	};
	let half = LARGE_WEIGHT / 2;
	assert_eq!([1, 3, 5].map(evidence), [(0, LARGE_WEIGHT), (half, half), (LARGE_WEIGHT, 0)]);
}

#[test]
fn a_pair_saturates_in_an_epoch() {
	build_and_execute(|| {
		for agreement in 1..=4 {
			engage(agreement, ALICE, BOB, LARGE);
		}
		let weigh = |agreement| {
			let preview = Reputation::rating_weight(agreement, BOB).unwrap();
			rate(BOB, agreement, 5);
			let Event::Rated { weight, .. } = last_event() else { panic!("not rated") };
			assert_eq!(preview, weight);
			weight
		};
		let max = Reputation::max_pair_weight();
		assert_eq!([1, 2, 3].map(weigh), [LARGE_WEIGHT, LARGE_WEIGHT, max - 2 * LARGE_WEIGHT]);
		// Another pair has room of its own, in either direction.
		engage(5, ALICE, CHARLIE, LARGE);
		assert_eq!(Reputation::rating_weight(5, CHARLIE), Some(LARGE_WEIGHT));
		assert_eq!(Reputation::rating_weight(4, ALICE), Some(LARGE_WEIGHT));
		// A rating of a pair without weight left weighs nothing, and is reported.
		let before = Operators::<Test>::get(ALICE);
		assert_eq!(weigh(4), 0);
		assert_eq!(Operators::<Test>::get(ALICE), before);
		assert_eq!(Pairs::<Test>::get(BOB, ALICE).map(|pair| pair.used), Some(max));

		go_to_window(EPOCH - 1);
		engage(6, ALICE, BOB, LARGE);
		assert_eq!(Reputation::rating_weight(6, BOB), Some(0));
		go_to_window(EPOCH);
		assert_eq!(Reputation::rating_weight(6, BOB), Some(LARGE_WEIGHT));
	});
}

#[test]
fn rating_weight_is_none_for_accounts_that_may_not_rate() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, LARGE);
		assert_eq!(Reputation::rating_weight(2, BOB), None);
		assert_eq!(Reputation::rating_weight(1, CHARLIE), None);
		rate(BOB, 1, 5);
		assert_eq!(Reputation::rating_weight(1, BOB), None);
		assert_eq!(Reputation::rating_weight(1, ALICE), Some(LARGE_WEIGHT));
		go_to_window(RATING_WINDOWS + 1);
		assert_eq!(Reputation::rating_weight(1, ALICE), None);
	});
}

#[test]
fn ratings_of_a_window_weigh_at_most_a_quarter_of_it() {
	build_and_execute(|| {
		go_to_window(1);
		for tenant in 100..200 {
			engage(tenant as u32, ALICE, tenant, LARGE);
			rate(tenant, tenant as u32, 5);
		}
		// The evidence they leave in the record once the window is over.
		go_to_window(2);
		close(ALICE, 1, 1, counters(0, 0));
		Reputation::breach(&ALICE, Target::Service(1), BreachKind::Slow, Severity::Low);
		let record = Operators::<Test>::get(ALICE).unwrap();
		assert!(record.evidence.alpha <= MAX_OPERATOR_RATINGS && record.evidence.alpha > ONE / 5);
		assert_eq!(record.ratings, Evidence::default());
	});
}

#[test]
fn ratings_do_not_outweigh_what_was_measured() {
	build_and_execute(|| {
		let mut agreement = 0;
		for window in 0..60 {
			go_to_window(window + 1);
			// Half of the rounds bad, and a hundred flatterers.
			close(ALICE, 1, window, counters(ROUNDS / 2, ROUNDS / 2));
			close(BOB, 2, window, counters(ROUNDS / 2, ROUNDS / 2));
			close(CHARLIE, 3, window, counters(ROUNDS, 0));
			for n in 0..10 {
				for (operator, stars) in [(ALICE, 5), (CHARLIE, 1)] {
					let tenant = 1_000 + u64::from(window % EPOCH) * 10 + n;
					engage(agreement, operator, tenant, LARGE);
					rate(tenant, agreement, stars);
					agreement += 1;
				}
			}
		}
		let [flattered, plain, slandered] = [ALICE, BOB, CHARLIE].map(operator_score);
		assert!(flattered < plain + 10, "{flattered} by praise, {plain} without");
		assert!(slandered > flattered + 30, "{slandered} slandered, {flattered} flattered");
		assert!(slandered >= 60, "{slandered}");
	});
}

#[test]
fn praise_does_not_crowd_out_complaints() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		for tenant in 100..200 {
			engage(tenant as u32, ALICE, tenant, LARGE);
		}
		(100..150).for_each(|tenant| rate(tenant, tenant as u32, 5));
		let praised = operator_score(ALICE);
		(150..200).for_each(|tenant| rate(tenant, tenant as u32, 1));
		assert!(operator_score(ALICE) < praised);
		// The mixture counts, not the order: half and half.
		let rated = Operators::<Test>::get(ALICE).unwrap().ratings;
		let capped = rated.capped(MAX_OPERATOR_RATINGS);
		assert_eq!(
			(capped.alpha, capped.beta),
			(MAX_OPERATOR_RATINGS / 2, MAX_OPERATOR_RATINGS / 2)
		);
	});
}

#[test]
fn decay_is_reported_apart_from_the_rating() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		engage(1, ALICE, BOB, LARGE);
		let top = operator_score(ALICE);
		take_movements();
		go_to_window(10 + RATING_WINDOWS);
		let sunk = operator_score(ALICE);
		rate(BOB, 1, 5);
		let now = operator_score(ALICE);
		assert!(sunk < top && now >= sunk);
		let movements = take_movements();
		assert_eq!(movements[0], (ALICE, Cause::Idle { windows: RATING_WINDOWS }, top, sunk));
		assert!(
			movements
				.iter()
				.skip(1)
				.all(|m| *m == (ALICE, Cause::Rating { agreement: 1, stars: 5 }, sunk, now))
		);
	});
}

#[test]
fn a_rating_changes_only_the_rated_account() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, LARGE);
		let bob = Tenants::<Test>::get(BOB);
		rate(BOB, 1, 5);
		assert_eq!(Tenants::<Test>::get(BOB), bob);
		let alice = Operators::<Test>::get(ALICE);
		rate(ALICE, 1, 5);
		assert_eq!(Operators::<Test>::get(ALICE), alice);
		assert_eq!((Operators::<Test>::iter().count(), Tenants::<Test>::iter().count()), (1, 1));
	});
}
