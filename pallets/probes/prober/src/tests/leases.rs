// SPDX-License-Identifier: Apache-2.0

//! Leases: reports of the operator's agent.

use super::*;
use proptest::prelude::*;

const LEASE: u32 = 7;

fn lease(endpoint: &str) -> Assignment {
	lease_at(LEASE, endpoint)
}

/// Finding for a response of the agent.
fn found(response: Response) -> Finding {
	let mut http = empty_network();
	http.serve("http://agent/leases/7", move |request, _| {
		assert!(request.post.is_none());
		response.clone().header(ELAPSED_HEADER, "30000")
	});
	let findings = run(&mut http, &[lease("http://agent/leases/7")], &[]);
	assert_eq!(http.sent.len(), 1, "one request, and no proof");
	findings[0]
}

fn says(body: impl Into<Vec<u8>>) -> Finding {
	found(Response::ok(3, body))
}

#[test]
fn a_lease_is_judged_by_the_agents_report() {
	for (body, want) in [
		(r#"{"lease":7,"state":"running"}"#, up()),
		(r#"{"lease":7,"state":"stopped"}"#, up()),
		(r#"{"uptime":12.5,"state":"running","ports":[{"lease":9}],"lease":7}"#, up()),
		(r#"{"lease":7,"state":"failed"}"#, Finding::Down),
		// All other answers.
		(r#"{"lease":8,"state":"running"}"#, bad()),
		(r#"{"lease":8,"state":"failed"}"#, bad()),
		(r#"{"lease":2147483655,"state":"running"}"#, bad()),
		(r#"{"lease":4294967303,"state":"running"}"#, bad()),
		(r#"{"lease":"7","state":"running"}"#, bad()),
		(r#"{"lease":7.0,"state":"running"}"#, bad()),
		(r#"{"lease":7,"state":"Running"}"#, bad()),
		(r#"{"lease":7,"state":"paused"}"#, bad()),
		(r#"{"lease":7,"state":true}"#, bad()),
		(r#"{"lease":7}"#, bad()),
		(r#"{"state":"running"}"#, bad()),
		(r#"[{"lease":7,"state":"running"}]"#, bad()),
		(r#"{"lease":7,"state":"running"}x"#, bad()),
		("running", bad()),
		("", bad()),
	] {
		assert_eq!(says(body), want, "{body}");
	}
}

#[test]
fn an_agent_without_an_answer_is_down() {
	let fine = r#"{"lease":7,"state":"running"}"#;
	for status in [301, 400, 401, 404, 429, 500, 503] {
		assert_eq!(found(Response::status(3, status, fine)), Finding::Down, "{status}");
	}
	assert_eq!(found(Response::status(3, 201, fine)), up());
	assert_eq!(found(Response::never()), Finding::Down);
	assert_eq!(found(Response::broken(3)), Finding::Down);
	assert_eq!(found(Response::trickle(10)), Finding::Down);
}

#[test]
fn the_health_of_a_lease_has_a_length_limit() {
	let fine = r#"{"lease":7,"state":"running"}"#;
	let padded = |length: usize| format!("{fine}{}", " ".repeat(length - fine.len()));
	assert_eq!(says(padded(4_096)), up());
	assert_eq!(says(padded(4_097)), Finding::Down);
}

#[test]
fn a_lease_needs_neither_proof_nor_network() {
	for pending in [false, true] {
		let mut http = honest_network();
		http.serve("http://agent", |_, _| json(r#"{"lease":7,"state":"running"}"#.into()));
		let proof = Some(Proof { expected: [1; 32], pending });
		let kind = ServiceKind::Rpc { network: NETWORK };
		let target = Assignment { proof, kind, ..lease("http://agent/leases/7") };
		assert_eq!(run(&mut http, &[target], &[own()]), [up()]);
		assert_eq!(http.sent.len(), 1);
	}
}

/// Body of an agent: arbitrary bytes, or a near miss.
fn body() -> impl Strategy<Value = Vec<u8>> {
	let state =
		prop_oneof![Just("running"), Just("stopped"), Just("failed"), Just("lost"), Just("")];
	let member = prop_oneof![Just("lease"), Just("Lease"), Just("")];
	let near = (member, 0u64..4, state, r#"[\[\]{},:"a-z0-9\\]{0,6}"#).prop_map(
		|(member, id, state, end)| format!(r#"{{"{member}":{id},"state":"{state}"}}{end}"#),
	);
	prop_oneof![any::<Vec<u8>>(), near.prop_map(String::into_bytes)]
}

proptest! {
	/// Any body is judged: correct only if it reports this lease as running or stopped, failed only
	/// if it reports a failure.
	#[test]
	fn no_answer_of_an_agent_panics(body in body(), id in 0u32..4) {
		let said = |state: &str| body == format!(r#"{{"lease":{id},"state":"{state}"}}"#).as_bytes();
		let want = if said("running") || said("stopped") {
			Some(crate::judge::Grade::Correct)
		} else if said("failed") {
			None
		} else {
			Some(crate::judge::Grade::Wrong)
		};
		prop_assert_eq!(crate::judge::lease(&body, id), want);
	}
}
