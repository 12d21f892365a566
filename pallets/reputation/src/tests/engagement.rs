// SPDX-License-Identifier: Apache-2.0

//! Engagements: from the end of an agreement until nobody can rate it any more.

use crate::{
	Engagement, Engagements, Error, Event, Expiring, Expiry, ExpiryCursor, Operators, Pairs,
	Tenants, WeightInfo, mock::*,
};
use frame::testing_prelude::*;
use surety_primitives::{AssetId, score::MAX_RATING};

fn idle(limit: Weight) -> Weight {
	Reputation::on_idle(System::block_number(), limit)
}

#[test]
fn an_agreement_that_paid_can_be_rated_until_its_last_window() {
	build_and_execute(|| {
		go_to_window(3);
		engage(1, ALICE, BOB, SCALE);
		let until = 3 + RATING_WINDOWS;
		let weight = MAX_RATING / 2;
		assert_eq!(
			last_event(),
			Event::RatingOpened { agreement: 1, operator: ALICE, tenant: BOB, weight, until }
		);
		let engagement = Engagement { operator: ALICE, tenant: BOB, weight, until, rated_by: None };
		assert_eq!(Reputation::engagement(1), Some(engagement));
		go_to_window(until);
		assert!(Reputation::engagement(1).is_some());
		go_to_window(until + 1);
		assert_eq!(Reputation::engagement(1), None);
	});
}

#[test]
fn an_agreement_without_a_valued_fee_has_no_engagement() {
	build_and_execute(|| {
		go_to_window(1);
		let end = |asset, fee| engage_in(asset, 1, ALICE, BOB, fee);
		assert_storage_noop!(end(AssetId::Native, 0));
		assert_storage_noop!(end(AssetId::Local(2), SCALE)); // a scale of 0
		assert_storage_noop!(end(AssetId::Local(4), SCALE)); // not approved
	});
}

#[test]
fn a_fee_too_small_to_weigh_anything_has_no_engagement() {
	build_and_execute(|| {
		go_to_window(1);
		// The first fee that weighs a billionth of a window.
		let smallest = HIGH_SCALE.div_ceil(u128::from(MAX_RATING) - 1);
		assert_storage_noop!(engage_in(AssetId::Local(3), 1, ALICE, BOB, smallest - 1));
		engage_in(AssetId::Local(3), 1, ALICE, BOB, smallest);
		assert_eq!(Reputation::engagement(1).map(|engagement| engagement.weight), Some(1));
	});
}

#[test]
fn an_operator_that_is_its_own_tenant_has_no_engagement() {
	build_and_execute(|| {
		go_to_window(1);
		assert_storage_noop!(engage(1, ALICE, ALICE, SCALE));
	});
}

#[test]
fn every_asset_has_its_own_scale() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, SCALE * 3);
		engage_in(AssetId::Local(1), 2, ALICE, BOB, LOCAL_SCALE * 3);
		let weight = |agreement| Reputation::engagement(agreement).unwrap().weight;
		assert_eq!((weight(1), weight(2)), (MAX_RATING / 4 * 3, MAX_RATING / 4 * 3));
	});
}

#[test]
fn an_engagement_is_removed_when_both_parties_have_rated() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, SCALE);
		rate(BOB, 1, 5);
		assert!(Engagements::<Test>::contains_key(1));
		rate(ALICE, 1, 5);
		assert_eq!(last_event(), Event::RatingClosed { agreement: 1 });
		assert!(!Engagements::<Test>::contains_key(1));
		assert!(!Expiring::<Test>::contains_key(RATING_WINDOWS, Expiry::Engagement(1)));
	});
}

#[test]
fn anyone_can_remove_an_engagement_that_is_over() {
	build_and_execute(|| {
		engage(1, ALICE, BOB, SCALE);
		let forget =
			|agreement| Reputation::forget_engagement(RuntimeOrigin::signed(CHARLIE), agreement);
		go_to_window(RATING_WINDOWS);
		assert_noop!(forget(1), Error::<Test>::RatingWindowOpen);
		assert_noop!(forget(2), Error::<Test>::UnknownEngagement);
		go_to_window(RATING_WINDOWS + 1);
		assert_ok!(forget(1));
		assert_eq!(last_event(), Event::RatingClosed { agreement: 1 });
		assert_noop!(forget(1), Error::<Test>::UnknownEngagement);
		assert_eq!(Expiring::<Test>::iter().count(), 0);
	});
}

#[test]
fn idle_blocks_remove_a_bounded_number_of_engagements() {
	build_and_execute(|| {
		for agreement in 0..FORGET * 2 + 1 {
			engage(agreement, ALICE, BOB, SCALE);
		}
		go_to_window(RATING_WINDOWS);
		for _ in 0..20 {
			idle(Weight::MAX);
		}
		assert_eq!(
			Engagements::<Test>::iter().count(),
			FORGET as usize * 2 + 1,
			"nothing is over yet"
		);
		assert_eq!(ExpiryCursor::<Test>::get(), RATING_WINDOWS);

		go_to_window(RATING_WINDOWS + 1);
		let mut left = Vec::new();
		for _ in 0..4 {
			let used = idle(Weight::MAX);
			let step =
				<() as WeightInfo>::expire_engagement().max(<() as WeightInfo>::expire_pair());
			let bound = <() as WeightInfo>::expire_base() + step * u64::from(FORGET);
			assert!(used.all_lte(bound));
			left.push(Engagements::<Test>::iter().count());
			Reputation::do_try_state().unwrap();
		}
		assert_eq!(left, [6, 1, 0, 0]);
		assert_eq!(ExpiryCursor::<Test>::get(), RATING_WINDOWS + 1);
	});
}

#[test]
fn idle_work_stays_within_the_remaining_weight() {
	build_and_execute(|| {
		for agreement in 0..FORGET {
			engage(agreement, ALICE, BOB, SCALE);
		}
		go_to_window(RATING_WINDOWS + 1);
		ExpiryCursor::<Test>::put(RATING_WINDOWS);
		let step = <() as WeightInfo>::expire_engagement().max(<() as WeightInfo>::expire_pair());
		let base = <() as WeightInfo>::expire_base();
		assert_eq!(idle(base - Weight::from_parts(1, 0)), Weight::zero());
		for limit in [base, base + step - Weight::from_parts(1, 0)] {
			assert_storage_noop!(assert_eq!(idle(limit), base));
		}
		assert_eq!(idle(base + step * 2), base + step * 2);
		assert_eq!(Engagements::<Test>::iter().count(), FORGET as usize - 2);
	});
}

#[test]
fn a_pair_is_removed_after_the_epoch_of_its_last_rating() {
	build_and_execute(|| {
		let sweep =
			|| (0..3 * EPOCH).for_each(|_| assert!(idle(Weight::MAX).all_gt(Weight::zero())));
		engage(1, ALICE, BOB, SCALE);
		rate(BOB, 1, 5);
		go_to_window(EPOCH);
		engage(2, ALICE, BOB, SCALE);
		rate(BOB, 2, 5);
		// Its entry of the first epoch comes up in the second, in which it is still needed.
		sweep();
		assert!(Pairs::<Test>::contains_key(BOB, ALICE));
		Reputation::do_try_state().unwrap();
		go_to_window(2 * EPOCH);
		sweep();
		assert_eq!(Pairs::<Test>::iter().count(), 0);
		assert_eq!((Expiring::<Test>::iter().count(), Engagements::<Test>::iter().count()), (0, 0));
		// The records stay.
		assert!(Operators::<Test>::contains_key(ALICE) && Tenants::<Test>::contains_key(BOB));
	});
}
