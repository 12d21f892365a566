// SPDX-License-Identifier: Apache-2.0

//! Random statements of both sides keep the invariants, and what is agreed is never more than what
//! either side signed.

use super::*;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
	Open { tenant: u64, units: u32 },
	Report { nth: usize, operator: bool, back: u32, lane: u8, seq: u32, counts: UsageCounts },
	Batch { nth: usize, from: u32 },
	Equivocate { nth: usize, operator: bool, lane: u8 },
	Close { nth: usize, by_operator: bool },
	Pass { rounds: u32 },
	Idle { weight: u64 },
}

fn any_counts() -> impl Strategy<Value = UsageCounts> {
	let large = (0u64..4_000, 0u64..1_500, 0u64..100, 0u64..2_000, any::<u64>());
	large.prop_map(|(requests, ok, lost, slow, bytes)| UsageCounts {
		requests,
		ok,
		lost,
		slow,
		bytes,
	})
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = prop_oneof![
		4 => (11u64..15, 1u32..12).prop_map(|(tenant, units)| Step::Open { tenant, units }),
		30 => (0usize..8, any::<bool>(), 0u32..3, 0u8..10, 0u32..6, any_counts()).prop_map(
			|(nth, operator, back, lane, seq, counts)| {
				Step::Report { nth, operator, back, lane, seq, counts }
			}
		),
		3 => (0usize..8, 1u32..6).prop_map(|(nth, from)| Step::Batch { nth, from }),
		1 => (0usize..8, any::<bool>(), 0u8..8)
			.prop_map(|(nth, operator, lane)| Step::Equivocate { nth, operator, lane }),
		1 => (0usize..8, any::<bool>())
			.prop_map(|(nth, by_operator)| Step::Close { nth, by_operator }),
		6 => (1u32..9).prop_map(|rounds| Step::Pass { rounds }),
		1 => Just(Step::Pass { rounds: 30 }),
		2 => (0u64..3_000_000_000).prop_map(|weight| Step::Idle { weight }),
	];
	proptest::collection::vec(step, 1..60)
}

use proptest::prelude::Just;

/// Statements that were accepted: the last of each side and lane, by agreement and window.
type Accepted = BTreeMap<(AgreementId, WindowIndex, Side, u8), UsageCounts>;

fn side(operator: bool) -> Side {
	if operator { Operator } else { Tenant }
}

fn run(steps: Vec<Step>) {
	let mut agreements: Vec<(AgreementId, u64)> = Vec::new();
	let mut accepted = Accepted::new();
	for step in steps {
		let pick = |nth: usize| agreements.get(nth % agreements.len().max(1)).copied();
		match step {
			Step::Open { tenant, units } => {
				let deposit = PRICE * Balance::from(units) * 60 * 3 + MINIMUM;
				let origin = RuntimeOrigin::signed(tenant);
				let id = pallet_surety_sla::NextAgreement::<Test>::get();
				let (most, none) = (u128::MAX, Default::default());
				if Sla::open_agreement(origin, SERVICE, units, most, deposit, none).is_ok() {
					agreements.push((id, tenant));
				}
			},
			Step::Report { nth, operator, back, lane, seq, counts } => {
				let Some((id, tenant)) = pick(nth) else { continue };
				let side = side(operator);
				let window = Usage::current_window().saturating_sub(back);
				let statement = UsageStatement { window, lane, ..statement(id, side, seq, counts) };
				let reporter = if operator { OPERATOR } else { tenant };
				if send(vec![signed_by(reporter, statement)]).is_ok() {
					let last = accepted.insert((id, window, side, lane), counts);
					assert!(last.is_none_or(|last| counts.continues(&last)));
					assert!(back < 2 && lane < 8 && seq > 0 && counts.is_consistent());
				}
			},
			Step::Batch { nth, from } => {
				let Some((id, tenant)) = pick(nth) else { continue };
				let window = Usage::current_window();
				let batch = (0..8u32).map(|n| {
					let counts = counts(1_000 + u64::from(n), 1_000);
					let side = side(n % 2 == 0);
					let reporter = if n % 2 == 0 { OPERATOR } else { tenant };
					(side, counts, signed_by(reporter, statement(id, side, from + n, counts)))
				});
				let batch: Vec<_> = batch.collect();
				events();
				let _ = send(batch.into_iter().map(|(_, _, signed)| signed).collect());
				for event in events() {
					if let Event::Reported { side, lane, counts, .. } = event {
						accepted.insert((id, window, side, lane), counts);
					}
				}
			},
			Step::Equivocate { nth, operator, lane } => {
				let Some((id, tenant)) = pick(nth) else { continue };
				let (side, reporter) = (side(operator), if operator { OPERATOR } else { tenant });
				let two = [1, 2].map(|n| {
					let statement = UsageStatement { lane, ..statement(id, side, 9, counts(n, n)) };
					Box::new(signed_by(reporter, statement))
				});
				let [one, two] = two;
				if Usage::report_equivocation(RuntimeOrigin::signed(STRANGER), one, two).is_ok() {
					assert_eq!(*current(id).view(side), View::Void);
					assert_eq!(current(id).share.agreed, AgreedUsage::default());
				}
			},
			Step::Close { nth, by_operator } => {
				let Some((id, tenant)) = pick(nth) else { continue };
				let who = if by_operator { OPERATOR } else { tenant };
				let _ = Sla::close_agreement(RuntimeOrigin::signed(who), id);
			},
			Step::Pass { rounds } => Kit::run_rounds(rounds),
			Step::Idle { weight } => {
				Usage::remove_expired(Weight::from_parts(weight, u64::MAX));
			},
		}
		assert_ok!(Usage::do_try_state());
		for (id, record) in Records::<Test>::iter() {
			for usage in record.windows {
				let sum = |side| {
					let lanes = accepted
						.range((id, usage.window, side, 0)..=(id, usage.window, side, u8::MAX));
					lanes.fold(UsageCounts::default(), |sum, (_, counts)| sum.plus(counts))
				};
				for signed in [sum(Tenant), sum(Operator)] {
					assert!(usage.share.agreed.requests <= signed.requests);
					assert!(usage.share.agreed.ok <= signed.ok);
				}
				let units = u64::from(record.facts.units);
				assert!(usage.share.agreed.requests <= units * UNIT_REQUESTS);
			}
		}
	}
	check();
}

proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

	#[test]
	fn random_statements_keep_the_invariants(steps in steps()) {
		new_test_ext().execute_with(|| run(steps));
	}
}
