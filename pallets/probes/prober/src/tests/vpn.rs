// SPDX-License-Identifier: Apache-2.0

//! VPN: signed health of the operator's agent.

use super::*;
use sp_core::{Pair, ed25519};
use surety_primitives::{ServiceId, endpoint::vpn_health};

const SERVICE: ServiceId = 9;

fn pair(seed: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[seed; 32])
}

/// Response of an agent to a nonce.
fn health(key: u8, genesis: u8, service: ServiceId, nonce: [u8; 16], state: &str) -> String {
	let signature = pair(key).sign(&vpn_health(&[genesis; 32], service, &nonce, state));
	format!(r#"{{"service":{service},"state":"{state}","signature":"0x{}"}}"#, hex(&signature.0))
}

/// Finding for an agent with this response.
fn found(answer: impl Fn([u8; 16]) -> Response + 'static) -> Finding {
	let mut http = empty_network();
	http.serve("http://vpn/health", move |request, _| {
		let (_, nonce) = request.url.split_once("?nonce=").unwrap();
		answer(crate::json::hex(nonce.as_bytes()).unwrap()).header(ELAPSED_HEADER, "30000")
	});
	let kind = ServiceKind::Vpn { key: pair(1).public().0 };
	run(&mut http, &[Assignment { kind, ..page(SERVICE, "http://vpn/health") }], &[])[0]
}

fn says(answer: impl Fn([u8; 16]) -> String + 'static) -> Finding {
	found(move |nonce| Response::ok(3, answer(nonce)))
}

#[test]
fn only_the_key_of_the_listing_proves_that_a_vpn_runs() {
	assert_eq!(says(|nonce| health(1, 3, SERVICE, nonce, "running")), up());
	assert_eq!(says(|nonce| health(2, 3, SERVICE, nonce, "running")), bad(), "another key");
	assert_eq!(says(|nonce| health(1, 4, SERVICE, nonce, "running")), bad(), "another chain");
	assert_eq!(says(|nonce| health(1, 3, 8, nonce, "running")), bad(), "another service");
	assert_eq!(says(|_| health(1, 3, SERVICE, [0; 16], "running")), bad(), "another time");
	let relabelled =
		|nonce| health(1, 3, 8, nonce, "running").replace("\"service\":8", "\"service\":9");
	assert_eq!(says(relabelled), bad(), "another service's signature");
	let revived = |nonce| health(1, 3, SERVICE, nonce, "failed").replace("failed", "running");
	assert_eq!(says(revived), bad(), "another state's signature");
}

#[test]
fn an_agent_that_reports_any_other_state_is_down() {
	for state in ["failed", "stopped", "Running", ""] {
		assert_eq!(
			says(move |nonce| health(1, 3, SERVICE, nonce, state)),
			Finding::Down,
			"{state}"
		);
		// Other keys cannot report a state.
		assert_eq!(says(move |nonce| health(2, 3, SERVICE, nonce, state)), bad(), "{state}");
	}
	for status in [301, 404, 500] {
		assert_eq!(found(move |_| Response::status(3, status, "")), Finding::Down, "{status}");
	}
	assert_eq!(found(|_| Response::never()), Finding::Down);
}

#[test]
fn a_page_is_not_the_health_of_a_vpn() {
	for body in [
		"",
		"hello",
		"{}",
		"[]",
		r#"{"service":9,"state":"running"}"#,
		r#"{"service":9,"state":"running","signature":"0x00"}"#,
		r#"{"service":9,"state":"running","signature":7}"#,
	] {
		assert_eq!(says(move |_| body.into()), bad(), "{body}");
	}
}
