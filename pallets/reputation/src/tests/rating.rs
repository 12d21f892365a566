//! Ratings: who may, what they weigh, and what they move.

use crate::{Cause, Error, Event, Operators, Pairs, Role, Tenants, mock::*};
use frame::testing_prelude::*;
use surety_primitives::{
	AgreementId, BreachKind, ReputationSink, Severity,
	score::{Evidence, MAX_RATING, MOST_RATED_OPERATOR, ONE},
};

/// A fee that weighs nine tenths of what a fee can.
const LARGE: u128 = 9 * SCALE;
const LARGE_WEIGHT: u64 = MAX_RATING / 10 * 9;

fn try_rate(who: u64, agreement: AgreementId, stars: u8) -> DispatchResult {
	Reputation::rate(RuntimeOrigin::signed(who), agreement, stars)
}

#[test]
fn both_sides_rate_each_other_and_it_is_told_by_how_much() {
	build_and_execute(|| {
		good_windows(ALICE, 5);
		engage(1, ALICE, BOB, LARGE);
		let before = Reputation::operator_score(ALICE);
		movements();
		rate(BOB, 1, 1);
		let after = Reputation::operator_score(ALICE);
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
		assert_eq!(movements(), [(ALICE, Cause::Rating { agreement, stars: 1 }, before, after)]);

		let before = Reputation::tenant_score(BOB);
		rate(ALICE, 1, 5);
		let after = Reputation::tenant_score(BOB);
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
fn bad_input_is_refused_and_changes_nothing() {
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
		let mut says = Evidence::default();
		build_and_execute(|| {
			engage(1, ALICE, BOB, LARGE);
			rate(BOB, 1, stars);
			says = Operators::<Test>::get(ALICE).unwrap().rated;
		});
		(says.alpha, says.beta)
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
			let told = Reputation::rating_weight(agreement, BOB).unwrap();
			rate(BOB, agreement, 5);
			let Event::Rated { weight, .. } = last_event() else { panic!("not rated") };
			assert_eq!(told, weight, "the preview tells what the rating weighs");
			weight
		};
		let most = Reputation::most_of_pair();
		assert_eq!([1, 2, 3].map(weigh), [LARGE_WEIGHT, LARGE_WEIGHT, most - 2 * LARGE_WEIGHT]);
		// Another pair has room of its own, in either direction.
		engage(5, ALICE, CHARLIE, LARGE);
		assert_eq!(Reputation::rating_weight(5, CHARLIE), Some(LARGE_WEIGHT));
		assert_eq!(Reputation::rating_weight(4, ALICE), Some(LARGE_WEIGHT));
		// What is used up weighs nothing, and is told.
		let before = Operators::<Test>::get(ALICE);
		assert_eq!(weigh(4), 0);
		assert_eq!(Operators::<Test>::get(ALICE), before);
		assert_eq!(Pairs::<Test>::get(BOB, ALICE).map(|pair| pair.used), Some(most));

		go_to_window(EPOCH - 1);
		engage(6, ALICE, BOB, LARGE);
		assert_eq!(Reputation::rating_weight(6, BOB), Some(0));
		go_to_window(EPOCH);
		assert_eq!(Reputation::rating_weight(6, BOB), Some(LARGE_WEIGHT));
	});
}

#[test]
fn the_preview_is_for_those_who_may_rate() {
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
fn ratings_of_a_window_say_a_quarter_of_it_at_most() {
	build_and_execute(|| {
		go_to_window(1);
		for tenant in 100..200 {
			engage(tenant as u32, ALICE, tenant, LARGE);
			rate(tenant, tenant as u32, 5);
		}
		// The evidence they leave in the record once the window is over.
		go_to_window(2);
		close(ALICE, 1, 1, counters(0, 0));
		Reputation::breach(&ALICE, 1, BreachKind::Slow, Severity::Low);
		let standing = Operators::<Test>::get(ALICE).unwrap();
		assert!(
			standing.evidence.alpha <= MOST_RATED_OPERATOR && standing.evidence.alpha > ONE / 5
		);
		assert_eq!(standing.rated, Evidence::default());
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
		let [flattered, plain, slandered] = [ALICE, BOB, CHARLIE].map(Reputation::operator_score);
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
		let praised = Reputation::operator_score(ALICE);
		(150..200).for_each(|tenant| rate(tenant, tenant as u32, 1));
		assert!(Reputation::operator_score(ALICE) < praised);
		// The mixture counts, not the order: half and half.
		let rated = Operators::<Test>::get(ALICE).unwrap().rated;
		let says = rated.at_most(MOST_RATED_OPERATOR);
		assert_eq!((says.alpha, says.beta), (MOST_RATED_OPERATOR / 2, MOST_RATED_OPERATOR / 2));
	});
}

#[test]
fn decay_is_told_apart_from_the_rating() {
	build_and_execute(|| {
		good_windows(ALICE, 10);
		engage(1, ALICE, BOB, LARGE);
		let top = Reputation::operator_score(ALICE);
		movements();
		go_to_window(10 + RATING_WINDOWS);
		let sunk = Reputation::operator_score(ALICE);
		rate(BOB, 1, 5);
		let now = Reputation::operator_score(ALICE);
		assert!(sunk < top && now >= sunk);
		let told = movements();
		assert_eq!(told[0], (ALICE, Cause::Idle { windows: RATING_WINDOWS }, top, sunk));
		assert!(
			told.iter()
				.skip(1)
				.all(|m| *m == (ALICE, Cause::Rating { agreement: 1, stars: 5 }, sunk, now))
		);
	});
}

#[test]
fn a_rating_touches_the_rated_alone() {
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
