// SPDX-License-Identifier: Apache-2.0

//! Served tip and sessions.

use super::*;

fn settings() -> TipSettings {
	TipSettings::for_block_time(Duration::from_secs(6))
}

#[test]
fn a_tip_waits_for_most_operators_at_first() {
	let mut tip = Tip::new(settings());
	let now = Instant::now();
	assert_eq!(tip.report([9; 32], 1_000_000, 3, now), None);
	assert_eq!(tip.report([1; 32], 100, 3, now), Some(100));
	// An operator alone is served after a while.
	let mut tip = Tip::new(settings());
	assert_eq!(tip.report([1; 32], 100, 3, now), None);
	assert_eq!(tip.report([1; 32], 100, 3, now + Duration::from_secs(3)), Some(100));
}

#[test]
fn a_tip_follows_a_chain_that_was_reset() {
	let mut tip = Tip::new(settings());
	let mut now = Instant::now();
	tip.report([1; 32], 1_000, 2, now);
	assert_eq!(tip.report([2; 32], 1_000, 2, now), Some(1_000));
	for height in 0..10 {
		now += Duration::from_secs(6);
		tip.report([1; 32], height, 2, now);
		assert_eq!(tip.report([2; 32], height, 2, now), Some(1_000));
	}
	for height in 10..13 {
		now += Duration::from_secs(6);
		tip.report([1; 32], height, 2, now);
		tip.report([2; 32], height, 2, now);
	}
	assert_eq!(tip.served(), Some(12));
}

#[test]
fn a_jump_needs_two_operators_that_agree_unless_there_is_but_one() {
	let now = Instant::now();
	let mut tip = Tip::new(settings());
	assert_eq!(tip.report([1; 32], 100, 1, now), Some(100));
	assert_eq!(tip.report([1; 32], 1_000, 1, now), Some(1_000));
	let mut tip = Tip::new(settings());
	tip.report([1; 32], 100, 2, now);
	tip.report([2; 32], 100, 2, now);
	assert_eq!(tip.report([2; 32], 1_000, 2, now), Some(100));
	assert_eq!(tip.report([1; 32], 1_000, 2, now), Some(1_000));
}

#[test]
fn an_operator_that_stands_still_does_not_hold_the_tip() {
	let mut tip = Tip::new(settings());
	let mut now = Instant::now();
	for height in 100..130 {
		tip.report([1; 32], 100, 2, now);
		tip.report([2; 32], height, 2, now);
		now += Duration::from_secs(6);
	}
	assert!(tip.served().unwrap() >= 125, "{:?}", tip.served());
}

#[test]
fn sessions_see_what_a_fast_operator_showed_but_no_lie() {
	let sessions = Sessions::new(10, Duration::from_secs(60));
	let session = sessions.get(1);
	session.saw(105);
	assert_eq!(session.latest(100, 106), 105);
	session.saw(1_000_000);
	assert_eq!(session.latest(100, 106), 106);
	assert_eq!(sessions.get(1).height(), 1_000_000);
	assert_eq!(sessions.get(2).height(), 0);
}

proptest! {
	/// Two honest operators within a block of the chain and one liar, in any order.
	#[test]
	fn one_liar_of_three_never_moves_the_tip(
		lies in prop::collection::vec(prop_oneof![any::<u64>(), 0..2_000u64], 60),
		late in prop::collection::vec((0..2u64, 0..2u64, 0..3usize), 60),
	) {
		let mut tip = Tip::new(settings());
		let mut now = Instant::now();
		let mut last = 0;
		for (step, (lie, (one, two, place))) in lies.into_iter().zip(late).enumerate() {
			let height = 1_000 + step as u64;
			let mut reports = vec![([1; 32], height - one), ([2; 32], height - two)];
			reports.insert(place, ([3; 32], lie));
			for (account, height) in reports {
				tip.report(account, height, 3, now);
			}
			let served = tip.served().unwrap();
			prop_assert!(served <= height, "{} above {}", served, height);
			prop_assert!(served + 4 >= height, "{} far below {}", served, height);
			prop_assert!(served >= last, "time went back");
			last = served;
			now += Duration::from_secs(6);
		}
	}
}
