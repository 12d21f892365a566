// SPDX-License-Identifier: Apache-2.0

//! Random histories keep the invariants, and the movements reported add up.

use crate::{Event, mock::*};
use frame::testing_prelude::*;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::collections::BTreeMap;
use surety_primitives::{
	BreachKind, CloseReason, Counters, LatencyBucket, ReputationSink, Severity, Target,
	WindowSummary,
};

#[derive(Clone, Debug)]
enum Step {
	Pass { windows: u32 },
	Close { operator: u64, service: u32, counters: Counters, latency: u8, age: u32 },
	Breach { operator: u64, severity: usize },
	Forget { service: u32 },
	End { agreement: u32, operator: u64, tenant: u64, fee: u128 },
	Rate { agreement: u32, by: u64, stars: u8 },
	LeaseFailed { operator: u64, unhealthy: bool },
	ForgetEngagement { agreement: u32 },
	Idle { weight: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let counters =
		(0u16..12, 0u16..12, 0u16..6, 0u16..6, 0u16..6).prop_map(|(up, slow, down, bad, stale)| {
			Counters { up, slow: slow.min(up), down, bad, stale, ..Default::default() }
		});
	let step = prop_oneof![
		3 => (1u32..4).prop_map(|windows| Step::Pass { windows }),
		1 => (1u32..400).prop_map(|windows| Step::Pass { windows }),
		8 => (1u64..4, 1u32..5, counters, 0u8..64, 0u32..3).prop_map(|(operator, service, counters, latency, age)| {
			Step::Close { operator, service, counters, latency, age }
		}),
		2 => (1u64..4, 0usize..4).prop_map(|(operator, severity)| Step::Breach { operator, severity }),
		1 => (1u32..5).prop_map(|service| Step::Forget { service }),
		6 => (1u64..4, 1u64..4, 0..20 * SCALE)
			.prop_map(|(operator, tenant, fee)| Step::End { agreement: 0, operator, tenant, fee }),
		8 => (0u32..12, 1u64..4, 0u8..7).prop_map(|(agreement, by, stars)| Step::Rate { agreement, by, stars }),
		1 => (1u64..4, any::<bool>()).prop_map(|(operator, unhealthy)| Step::LeaseFailed { operator, unhealthy }),
		1 => (0u32..12).prop_map(|agreement| Step::ForgetEngagement { agreement }),
		4 => (0u64..3_000_000_000).prop_map(|weight| Step::Idle { weight }),
	];
	proptest::collection::vec(step, 1..80).prop_map(|mut steps| {
		// Ids are never used twice.
		let ends = steps.iter_mut().filter_map(|step| match step {
			Step::End { agreement, .. } => Some(agreement),
			_ => None,
		});
		ends.zip(0..).for_each(|(agreement, id)| *agreement = id);
		steps
	})
}

/// Rate, and check that the score does not move the wrong way.
fn rate_and_check(agreement: u32, by: u64, stars: u8) {
	let preview = Reputation::rating_weight(agreement, by);
	if Reputation::rate(RuntimeOrigin::signed(by), agreement, stars).is_err() {
		assert!(
			preview.is_none() || !(1..=5).contains(&stars),
			"a rating that was previewed is refused"
		);
		return;
	}
	let rated = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Reputation(Event::Rated { stars, weight, before, after, .. }) => {
			Some((stars, weight, before, after))
		},
		_ => None,
	});
	let (reported, weight, before, after) = rated.unwrap();
	assert_eq!((reported, Some(weight)), (stars, preview));
	assert!(stars != 5 || after >= before, "praise lowered a score");
	assert!(stars != 1 || after <= before, "a complaint raised a score");
}

proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

	#[test]
	fn any_history_keeps_the_invariants(steps in steps()) {
		build_and_execute(|| {
			let mut window = 1;
			let mut shown = BTreeMap::new();
			go_to_window(window);
			for step in steps {
				match step {
					Step::Pass { windows } => {
						let scores = || {
							let of = |who| [operator_score(who), tenant_score(who)];
							[1, 2, 3].map(of).concat()
						};
						let before = scores();
						window += windows;
						go_to_window(window);
						assert!(before.iter().zip(scores()).all(|(b, a)| a <= *b), "idling paid");
					},
					Step::Close { operator, service, counters, latency, age } => {
						let latency_p95 = LatencyBucket::from_index(latency).unwrap();
						// The running window of a removed service, the last window, or one judged
						// late.
						let closed = window.saturating_sub(age);
						let summary = WindowSummary { window: closed, counters, latency_p95 };
						Reputation::window(&operator, Target::Service(service), &summary);
					},
					Step::Breach { operator, severity } => {
						let before = operator_score(operator);
						Reputation::breach(&operator, Target::Service(1), BreachKind::Downtime, Severity::ALL[severity]);
						assert!(operator_score(operator) <= before, "a breach paid");
					},
					Step::Forget { service } => Reputation::forget(Target::Service(service)),
					Step::End { agreement, operator, tenant, fee } => engage(agreement, operator, tenant, fee),
					Step::Rate { agreement, by, stars } => rate_and_check(agreement, by, stars),
					Step::LeaseFailed { operator, unhealthy } => {
						let before = operator_score(operator);
						let reason = if unhealthy { CloseReason::Unhealthy } else { CloseReason::NeverReady };
						Reputation::lease_failed(&operator, 1, reason);
						assert!(operator_score(operator) <= before, "a failed lease paid");
					},
					Step::ForgetEngagement { agreement } => {
						let _ = Reputation::forget_engagement(RuntimeOrigin::signed(9), agreement);
					},
					Step::Idle { weight } => {
						let limit = Weight::from_parts(weight, u64::MAX);
						assert!(Reputation::on_idle(0, limit).all_lte(limit));
					},
				}
				Reputation::do_try_state().unwrap();
				for record in System::events() {
					let RuntimeEvent::Reputation(Event::Moved { account, role, before, after, .. }) = record.event
					else {
						continue;
					};
					let last = shown.insert((account, role as u8), after).unwrap_or(0);
					assert_eq!(last, before, "a movement was not reported");
					assert!(after <= 100);
				}
				System::reset_events();
				for operator in [1, 2, 3] {
					assert!(operator_score(operator) <= 100);
					assert!(Reputation::performance(&operator).is_none_or(|p| p.score <= 100));
				}
			}
		});
	}
}
