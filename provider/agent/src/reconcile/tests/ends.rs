// SPDX-License-Identifier: Apache-2.0

//! Leases that are over, and containers that the chain does not know.

use super::*;
use crate::test_kit::closed;
use surety_primitives::CloseReason;

const DAY: u64 = 24 * 3_600_000;

fn over(reason: CloseReason) -> Kit {
	let mut kit = Kit::with(closed(reason)).seen(State::Running);
	kit.record().placed = true;
	assert_eq!(kit.advance(), [], "the end is saved first");
	assert_eq!(kit.record().ended.unwrap().code, Some(reason.code()));
	kit
}

fn later(kit: &mut Kit, ms: u64) {
	kit.now_ms += ms;
	let containers = kit.observation.clone().unwrap().containers.into_values().collect();
	kit.observation = Some(Observation::of(kit.now_ms, containers));
}

#[test]
fn the_end_of_a_tenant_removes_the_container() {
	for reason in [CloseReason::TenantClosed, CloseReason::Expired, CloseReason::FundsExhausted] {
		let mut kit = over(reason);
		let [action] = kit.advance().try_into().unwrap();
		assert!(matches!(action, Action::Remove { .. }));
		*kit.record() = settle(&kit.memory[&1], &action, &Outcome::Removed, &kit.rules, kit.now_ms);
		kit.observation = Some(Observation::of(kit.now_ms + 1, Vec::new()));
		kit.now_ms += 1;
		assert_eq!(kit.advance(), []);
		later(&mut kit, 8 * DAY);
		kit.advance();
		assert!(kit.memory.is_empty(), "it is forgotten at last");
	}
}

#[test]
fn a_failure_deletes_no_data() {
	for reason in [CloseReason::Unhealthy, CloseReason::NeverReady, CloseReason::Governance] {
		let mut kit = over(reason);
		let [action] = kit.advance().try_into().unwrap();
		assert!(matches!(action, Action::Stop { .. }), "{action:?}");
		*kit.record() = settle(&kit.memory[&1], &action, &Outcome::Stopped, &kit.rules, kit.now_ms);
		kit = kit.seen(exited(137));
		later(&mut kit, DAY - 10_000);
		assert_eq!(kit.advance(), []);
		later(&mut kit, 10_000);
		assert!(matches!(kit.advance()[..], [Action::Remove { .. }]));
	}
}

#[test]
fn without_an_answer_of_the_engine_nothing_is_removed() {
	let mut kit = over(CloseReason::TenantClosed);
	kit.observation = None;
	assert_eq!(kit.advance(), []);
}

#[test]
fn an_orphan_is_stopped_kept_for_days_and_then_removed() {
	let mut kit = Kit::with(running()).seen(State::Running);
	kit.snapshot.leases.clear();
	assert_eq!(kit.advance(), [], "the chain was not asked for it yet");
	kit.snapshot.gone.insert(1);
	kit.memory.clear();
	assert_eq!(kit.advance(), []);
	let [action] = kit.advance().try_into().unwrap();
	assert!(matches!(action, Action::Stop { .. }));
	*kit.record() = settle(&kit.memory[&1], &action, &Outcome::Stopped, &kit.rules, kit.now_ms);
	kit = kit.seen(exited(0));
	later(&mut kit, 7 * DAY - 10_000);
	assert_eq!(kit.advance(), []);
	later(&mut kit, 10_000);
	assert!(matches!(kit.advance()[..], [Action::Remove { .. }]));
}

#[test]
fn a_lease_that_comes_back_is_served_again() {
	let mut kit = Kit::with(running()).seen(exited(137));
	kit.record().ended = Some(crate::store::Ended { code: None, at_ms: T0 });
	kit.record().aside = true;
	assert!(matches!(kit.advance()[..], [Action::Start { .. }]));
	assert_eq!(kit.record().ended, None);
}

#[test]
fn leases_without_anything_on_the_machine_need_no_engine_action() {
	let mut kit = Kit::with(closed(CloseReason::Declined));
	kit.record().image = None;
	assert_eq!(kit.advance(), []);
	assert_eq!(kit.advance(), []);
	assert!(kit.record().removed);
	let mut kit = Kit::with(closed(CloseReason::Expired));
	kit.memory.clear();
	assert_eq!((kit.advance(), kit.memory.len()), (vec![], 0), "it was over before the agent came");
}
