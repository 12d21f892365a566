// SPDX-License-Identifier: Apache-2.0

use super::*;

fn state(record: &Record, observed: Option<Observed>, age_ms: u64) -> HealthState {
	let rules = Rules::default();
	let observation = Observation::of(T0, observed.into_iter().collect());
	health_of(record, Some(&observation), &rules, T0 + age_ms).state
}

#[test]
fn health_is_that_of_a_recent_observation() {
	use HealthState::{Failed, Running, Stopped};
	let record = Record::new(1, 1, 0, 1, T0);
	let seen = |state: State| Some(observed(1, state));
	let failure = || State::Failed { reason: "disk".into() };
	assert_eq!(state(&record, seen(State::Running), 1_000), Running);
	assert_eq!(state(&record, seen(State::Running), 15_001), Failed, "too old");
	assert_eq!(health_of(&record, None, &Rules::default(), T0).state, Failed);
	assert_eq!(state(&record, None, 0), Failed);
	assert_eq!(state(&record, seen(failure()), 0), Failed);
	assert_eq!(state(&record, seen(exited(137)), 0), Stopped);
	assert_eq!(state(&record, seen(State::Starting), 0), Failed);
	let missing = Observed { missing: vec!["pids".into()], ..observed(1, State::Running) };
	assert_eq!(state(&record, Some(missing), 0), Failed);
	let aside = Record { aside: true, ..record.clone() };
	assert_eq!(state(&aside, seen(exited(0)), 0), Failed, "the agent stopped it");
}

#[test]
fn the_answer_is_what_validators_read() {
	let record = Record::new(7, 1, 0, 1, T0);
	let state = State::Exited { code: 137, out_of_memory: true };
	let observation = Observation::of(T0, vec![observed(7, state)]);
	let health = health_of(&record, Some(&observation), &Rules::default(), T0);
	let json: serde_json::Value = serde_json::to_value(&health).unwrap();
	let wanted = serde_json::json!({
		"lease": 7, "state": "stopped", "exitCode": 137, "outOfMemory": true,
		"ports": { "80": 32768 },
	});
	assert_eq!(json, wanted);
}

#[test]
fn a_second_container_of_a_lease_is_a_failure() {
	let twice = vec![observed(1, State::Running), observed(1, State::Running)];
	let observation = Observation::of(T0, twice);
	assert!(matches!(observation.containers[&1].state, State::Failed { .. }));
}
