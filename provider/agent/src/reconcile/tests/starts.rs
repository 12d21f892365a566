// SPDX-License-Identifier: Apache-2.0

//! Leases that start, and those that run.

use super::*;
use crate::store::RestartRule;
use surety_engine::{EngineError, Port};

fn call(actions: &[Action]) -> Option<(&Call, &str)> {
	match actions {
		[Action::Submit { call, why, .. }] => Some((call, why)),
		_ => None,
	}
}

#[test]
fn a_new_lease_is_remembered_then_fetched_then_started() {
	let mut kit = Kit::with(starting());
	kit.memory.clear();
	assert_eq!(kit.advance(), []);
	let [Action::Fetch(spec)]: [Action; 1] = kit.advance().try_into().unwrap() else { panic!() };
	assert_eq!((spec.lease, spec.ports.as_slice()), (1, [Port::tcp(80)].as_slice()));
	let fetched = Outcome::Fetched(facts());
	let record = settle(&kit.memory[&1], &Action::Fetch(spec), &fetched, &kit.rules, kit.now_ms);
	*kit.record() = record;
	assert_eq!(kit.advance(), [], "the observation began before the end of the fetch");
	kit.now_ms += 1;
	kit.observation = Some(Observation::of(kit.now_ms, Vec::new()));
	assert!(matches!(kit.advance()[..], [Action::Start { after_exit: false, .. }]));
}

#[test]
fn unknown_is_never_absent() {
	for phase in [starting(), running()] {
		let mut kit = Kit::with(phase);
		kit.observation = None;
		assert_eq!(kit.advance(), []);
		kit.observation = Some(Observation::of(kit.now_ms - 20_000, Vec::new()));
		assert_eq!(kit.advance(), [], "an old answer says nothing");
	}
}

#[test]
fn one_action_at_a_time_and_a_pause_after_failures() {
	let mut kit = Kit::with(running());
	kit.busy.engine.insert(1);
	assert_eq!(kit.advance(), []);
	kit.busy.engine.clear();
	let [action] = kit.advance().try_into().unwrap();
	let failure = Outcome::Engine(EngineError::Refused("no".into()));
	for pause in [1_000, 2_000, 4_000] {
		let before = kit.now_ms;
		*kit.record() = settle(&kit.memory[&1], &action, &failure, &kit.rules, before);
		kit.now_ms = before + pause - 1;
		kit.observation = Some(Observation::of(kit.now_ms, Vec::new()));
		assert_eq!(kit.advance(), []);
		kit.now_ms = before + pause;
		assert_eq!(kit.advance(), std::slice::from_ref(&action));
	}
	assert!(kit.record().error.as_deref().unwrap().contains("refused"));
}

#[test]
fn ready_is_reported_when_nothing_is_missing() {
	let mut kit = Kit::with(starting()).seen(State::Running);
	let actions = kit.advance();
	let Some((Call::ReportReady { health, access, foreign_terms, .. }, _)) = call(&actions) else {
		panic!("{actions:?}")
	};
	assert_eq!(health, "http://127.0.0.1:8080/leases/1");
	assert_eq!((access.as_str(), *foreign_terms), ("127.0.0.1 80:32768", false));
	kit.busy.calls.insert(1);
	assert_eq!(kit.advance(), []);
	kit.busy.calls.clear();
	kit.record().settled = 101;
	assert_eq!(kit.advance(), [], "the snapshot is older than the report");
}

#[test]
fn what_the_engine_did_not_apply_is_not_ready() {
	let mut kit = Kit::with(starting()).seen(State::Running);
	let container = kit.observation.as_mut().unwrap().containers.get_mut(&1).unwrap();
	container.missing = vec!["storage".into()];
	assert!(matches!(kit.advance()[..], [Action::Start { .. }]));
	kit.snapshot.head.number = 111;
	let actions = kit.advance();
	let (declined, why) = call(&actions).unwrap();
	assert_eq!(declined, &Call::Decline { lease: 1 });
	assert!(why.contains("storage"), "{why}");
	let mut kit = Kit::with(starting()).seen(State::Running);
	kit.observation.as_mut().unwrap().containers.get_mut(&1).unwrap().ports.clear();
	assert!(call(&kit.advance()).is_none(), "port 80 is not published");
	let mut kit = Kit::with(starting()).seen(State::Running);
	kit.lease().order.as_mut().unwrap().ports[0].protocol = surety_primitives::PortProtocol::Udp;
	assert!(call(&kit.advance()).is_none(), "UDP port 80 is not published");
	let container = kit.observation.as_mut().unwrap().containers.get_mut(&1).unwrap();
	container.ports = BTreeMap::from([(Port::udp(80), 32_769)]);
	let actions = kit.advance();
	let (Call::ReportReady { access, .. }, _) = call(&actions).unwrap() else { panic!() };
	assert_eq!(access, "127.0.0.1 80/udp:32769");
}

#[test]
fn a_lease_that_cannot_start_is_declined_in_time() {
	let declines = |kit: &mut Kit, block: u32| {
		kit.snapshot.head.number = block;
		matches!(call(&kit.advance()), Some((Call::Decline { .. }, _)))
	};
	let mut kit = Kit::with(starting());
	kit.record().image = None;
	assert!(!declines(&mut kit, 105) && declines(&mut kit, 111), "not fetched");
	assert!(declines(&mut kit, 113) && !declines(&mut kit, 114), "the window is over");
	kit.record().image_faults = 2;
	assert!(declines(&mut kit, 101), "the image cannot be run");
	let mut kit = Kit::with(starting());
	kit.lease().order.as_mut().unwrap().env_hash = Some([1; 32]);
	assert!(!declines(&mut kit, 105) && declines(&mut kit, 111), "no private part");
	let mut kit = Kit::with(starting());
	kit.lease().order.as_mut().unwrap().image = b"not a name".to_vec();
	assert!(declines(&mut kit, 101), "impossible");
	let mut kit = Kit::with(starting());
	kit.observation = None;
	assert!(!declines(&mut kit, 111), "the agent has just started");
	kit.silent_since_ms = kit.now_ms - 20_000;
	assert!(!declines(&mut kit, 105) && declines(&mut kit, 111), "the engine is gone");
}

#[test]
fn time_passes_between_snapshots() {
	let mut kit = Kit::with(starting());
	kit.record().image = None;
	kit.now_ms = T0 + 11_000;
	kit.observation = Some(Observation::of(kit.now_ms, Vec::new()));
	assert!(matches!(call(&kit.advance()), Some((Call::Decline { .. }, _))));
}

#[test]
fn an_application_that_exits_is_started_again_with_longer_pauses() {
	let mut kit = Kit::with(running()).seen(exited(3));
	assert_eq!(kit.advance(), []);
	assert_eq!(kit.record().exit.unwrap().code, 3);
	for pause in [1_000, 2_000, 4_000] {
		let seen = kit.record().exit.unwrap().at_ms;
		kit.now_ms = seen + pause - 1;
		kit.observation.as_mut().unwrap().began_ms = kit.now_ms;
		assert_eq!(kit.advance(), []);
		kit.now_ms += 1;
		let [action] = kit.advance().try_into().unwrap();
		assert!(matches!(action, Action::Start { after_exit: true, .. }));
		let started = Outcome::Started(observed(1, State::Running));
		*kit.record() = settle(&kit.memory[&1], &action, &started, &kit.rules, kit.now_ms);
		kit.now_ms += 1_001;
		kit.observation.as_mut().unwrap().began_ms = kit.now_ms;
		assert_eq!(kit.advance(), []);
	}
}

#[test]
fn the_rule_of_the_order_decides_on_restarts() {
	for (restart, code, starts) in [
		(RestartRule::Always, 0, true),
		(RestartRule::OnFailure, 0, false),
		(RestartRule::OnFailure, 1, true),
		(RestartRule::No, 1, false),
	] {
		let mut kit = Kit::with(running()).seen(exited(code));
		kit.private.insert(1, Private { restart, ..Private::default() });
		assert_eq!(kit.advance(), []);
		kit.now_ms += 1_000;
		assert_eq!(kit.advance().len(), usize::from(starts), "{restart:?} {code}");
	}
}

#[test]
fn a_job_that_ends_is_ready_and_not_started_again() {
	let mut kit = Kit::with(starting()).seen(exited(0));
	let restart = RestartRule::No;
	kit.private.insert(1, Private { restart, ..Private::default() });
	let actions = kit.advance();
	assert!(matches!(call(&actions), Some((Call::ReportReady { .. }, _))), "{actions:?}");
}

#[test]
fn a_steady_container_forgets_its_failures() {
	let mut kit = Kit::with(running()).seen(State::Running);
	kit.record().failures = 3;
	kit.record().exits = 2;
	kit.record().touched_ms = T0;
	kit.advance();
	assert_eq!(kit.record().failures, 3);
	kit.now_ms += kit.rules.steady_ms;
	kit.observation.as_mut().unwrap().began_ms = kit.now_ms;
	kit.advance();
	assert_eq!((kit.record().failures, kit.record().exits), (0, 0));
}

#[test]
fn the_call_with_the_nearest_block_is_made_first() {
	let mut kit = Kit::with(starting()).seen(State::Running);
	let mut other = lease(2, LeasePhase::Starting { fetch_until: 103, ready_by: 120 });
	other.order.as_mut().unwrap().image = b"not a name".to_vec();
	kit.snapshot.leases.insert(2, other);
	kit.memory.insert(2, Record::new(2, 2, 0, 1, T0));
	let leases: Vec<_> = kit.advance().iter().map(Action::lease).collect();
	assert_eq!(leases, [2, 1]);
}

#[test]
fn images_are_pinned_to_the_digest_of_the_order() {
	let pinned = |image: &str, digest: Option<u8>| {
		let mut order = crate::test_kit::order(1);
		order.image = image.as_bytes().to_vec();
		order.digest = digest.map(|byte| [byte; 32]);
		pinned_image(&order)
	};
	let digest = format!("sha256:{}", "07".repeat(32));
	assert_eq!(pinned("a/b:1", None).unwrap(), "a/b:1");
	for image in ["r:5000/a/b:1", "r:5000/a/b", &format!("r:5000/a/b:1@{digest}")] {
		assert_eq!(pinned(image, Some(7)).unwrap(), format!("r:5000/a/b@{digest}"), "{image}");
	}
	assert!(pinned(&format!("a@{digest}"), Some(8)).unwrap_err().contains("names"));
	for image in ["", "a b", "a\n"] {
		assert!(pinned(image, None).is_err());
	}
}
