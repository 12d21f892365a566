//! Any history keeps the invariants, and what is told adds up.

use crate::mock::*;
use frame::testing_prelude::*;
use proptest::prelude::{Strategy, prop_oneof, proptest};
use std::collections::BTreeMap;
use surety_primitives::{BreachKind, Counters, LatencyBucket, ReputationSink, Severity, WindowSummary};

#[derive(Clone, Debug)]
enum Step {
	Pass { windows: u32 },
	Close { operator: u64, service: u32, counters: Counters, latency: u8, age: u32 },
	Breach { operator: u64, severity: usize },
	Forget { service: u32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let counters =
		(0u16..12, 0u16..12, 0u16..6, 0u16..6, 0u16..6).prop_map(|(up, slow, down, bad, stale)| Counters {
			up,
			slow: slow.min(up),
			down,
			bad,
			stale,
			..Default::default()
		});
	let step = prop_oneof![
		3 => (1u32..4).prop_map(|windows| Step::Pass { windows }),
		1 => (1u32..400).prop_map(|windows| Step::Pass { windows }),
		8 => (1u64..4, 1u32..5, counters, 0u8..64, 0u32..3).prop_map(|(operator, service, counters, latency, age)| {
			Step::Close { operator, service, counters, latency, age }
		}),
		2 => (1u64..4, 0usize..4).prop_map(|(operator, severity)| Step::Breach { operator, severity }),
		1 => (1u32..5).prop_map(|service| Step::Forget { service }),
	];
	proptest::collection::vec(step, 1..60)
}

proptest! {
	#[test]
	fn any_history_keeps_the_invariants(steps in steps()) {
		build_and_execute(|| {
			let mut window = 1;
			let mut shown = BTreeMap::new();
			go_to_window(window);
			for step in steps {
				match step {
					Step::Pass { windows } => {
						let before = [1, 2, 3].map(Reputation::operator_score);
						window += windows;
						go_to_window(window);
						let after = [1, 2, 3].map(Reputation::operator_score);
						assert!(before.iter().zip(after).all(|(b, a)| a <= *b), "idling paid");
					},
					Step::Close { operator, service, counters, latency, age } => {
						let latency_p95 = LatencyBucket::from_index(latency).unwrap();
						// The running window of a removed service, the last one, or one judged late.
						let closed = window.saturating_sub(age);
						let summary = WindowSummary { window: closed, counters, latency_p95 };
						Reputation::window(&operator, service, &summary);
					},
					Step::Breach { operator, severity } => {
						let before = Reputation::operator_score(operator);
						Reputation::breach(&operator, 1, BreachKind::Downtime, Severity::ALL[severity]);
						assert!(Reputation::operator_score(operator) <= before, "a breach paid");
					},
					Step::Forget { service } => Reputation::forget_service(service),
				}
				Reputation::do_try_state().unwrap();
				for (account, _, before, after) in movements() {
					let last = shown.insert(account, after).unwrap_or(0);
					assert_eq!(last, before, "a movement was not told");
					assert!(after <= 100);
				}
				for operator in [1, 2, 3] {
					assert!(Reputation::operator_score(operator) <= 100);
					assert!(Reputation::performance(operator).is_none_or(|p| p.score <= 100));
				}
			}
		});
	}
}
