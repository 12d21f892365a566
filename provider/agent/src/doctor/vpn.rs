// SPDX-License-Identifier: Apache-2.0

//! VPN: the machine, the listing, and a trial as validators ask for it.

use super::Findings;
use crate::{
	chain::Snapshot,
	client::{Network, ask, below},
	config::ProviderConfig,
	time::now_ms,
	vpn::{ListingKey, OwnService, complaint, is_at, is_by, vpn_services},
};
use std::{net::SocketAddr, time::Duration};
use surety_gateway::chain::{Nodes, Reader};
use surety_primitives::ServiceId;
use surety_vpn::{
	claims::{Answer, MAX_ANSWER, Scope, SignedAnswer},
	client::{Failure, Limits, Target, prove},
	exit::Exit,
	keys::Secret,
};
use tokio::net::{UdpSocket, lookup_host};

/// Longest time for the answer to a trial.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Examine the machine. Nothing is said if no exit is to run.
pub(super) fn machine(config: &ProviderConfig, findings: &mut Findings) {
	let settings = match config.vpn_exit() {
		Ok(Some(settings)) => settings,
		Ok(None) => return,
		Err(error) => return findings.fail("vpn", format!("{error}.")),
	};
	let obstacles = Exit::obstacles(&settings);
	for obstacle in &obstacles {
		findings.fail("vpn", format!("{obstacle}."));
	}
	if obstacles.is_empty() {
		let text =
			format!("an exit can run as {} on UDP port {}.", settings.interface, settings.port);
		findings.ok("vpn", text);
	}
}

/// Examine the listing and the exit.
pub(super) async fn examine(
	config: &ProviderConfig,
	nodes: &Nodes,
	snapshot: &Snapshot,
	findings: &mut Findings,
) {
	if !matches!(config.vpn_exit(), Ok(Some(_))) {
		return;
	}
	let key = match ListingKey::open(&config.data) {
		Ok(key) => key,
		Err(error) => return findings.fail("vpn", format!("{error}.")),
	};
	let reader = Reader::at(nodes, snapshot.head);
	let ids = snapshot.operator.iter().flat_map(|operator| operator.services.clone());
	let listed = match vpn_services(reader, ids.collect()).await {
		Ok(listed) => listed,
		Err(cause) => return findings.fail("vpn", format!("{cause}.")),
	};
	let own: Vec<_> = listed.iter().filter(|(_, of, _)| *of == key.public()).collect();
	if own.is_empty() {
		let others = listed.len();
		findings.fail(
			"vpn",
			format!(
				"{others} listings of the kind Vpn have another key, 0 that of this machine: \
				 operators.listService(Vpn {{ key: {key} }}, ..).",
			),
		);
	}
	let network = match Network::new(None, true) {
		Ok(network) => network,
		Err(error) => return findings.fail("vpn", format!("{error}.")),
	};
	for (id, key, service) in own {
		let scope = Scope { genesis: snapshot.genesis.0, service: *id };
		match trial(&scope, key, service, &network).await {
			Ok((secret, answer)) => {
				findings.ok("vpn", format!("service {id}: a trial is granted, and signed well."));
				tunnel(*id, secret, answer, findings).await;
			},
			Err(error) => findings.fail(
				"vpn",
				format!(
					"service {id}: {error} ({}/trial).",
					service.endpoint.trim_end_matches('/')
				),
			),
		}
	}
}

/// Ask for a trial, and check the answer, as validators do.
async fn trial(
	scope: &Scope,
	key: &[u8; 32],
	service: &OwnService,
	network: &Network,
) -> Result<(Secret, Answer), String> {
	let secret = Secret::generate().map_err(|error| error.to_string())?;
	let peer = secret.public();
	let body = serde_json::json!({ "key": peer }).to_string();
	let trial = below(&service.endpoint, "/trial");
	let answer = ask(&trial, Some(body), network, MAX_ANSWER, TIMEOUT).await;
	let (status, body) = answer.map_err(|error| format!("down: {error}; is the agent running?"))?;
	if status != 200 {
		return Err(format!("down: HTTP status {status}: {}", complaint(&body)));
	}
	let verify = |signature: &[u8; 64], message: &[u8]| is_by(key, signature, message);
	let answer = SignedAnswer::open(&body, scope, None, &peer, now_ms(), verify)
		.map_err(|fault| format!("bad: {fault}"))?;
	is_at(&service.host(), &answer).map_err(|fault| format!("bad: {fault}"))?;
	Ok((secret, answer))
}

/// Shake hands with the exit. A nonce cannot come back: peers do not reach the machine itself.
async fn tunnel(id: ServiceId, secret: Secret, answer: Answer, findings: &mut Findings) {
	let tunnel = answer.tunnel;
	let limits = Limits { nonce: Duration::from_millis(1), ..Limits::default() };
	let tried = async {
		let fault = |error: std::io::Error| error.to_string();
		let found = lookup_host(tunnel.endpoint.as_str()).await.map_err(fault)?;
		let mut found = found.filter(SocketAddr::is_ipv4);
		let endpoint = found.next().ok_or("the host of the exit has no IPv4 address")?;
		let mut socket = UdpSocket::bind("0.0.0.0:0").await.map_err(fault)?;
		let SocketAddr::V4(reflector) = socket.local_addr().map_err(fault)? else {
			return Err("no IPv4 socket".into());
		};
		let (exit, address) = (tunnel.exit, tunnel.ipv4);
		let target = Target { exit, endpoint, secret, address, reflector };
		Ok::<_, String>(prove(&mut socket, target, limits).await)
	};
	match tried.await {
		Err(error) => {
			findings.warn("vpn", format!("service {id}: no handshake was tried: {error}."))
		},
		Ok(Err(failure @ (Failure::NoHandshake | Failure::Local(_)))) => {
			let endpoint = tunnel.endpoint;
			findings.fail("vpn", format!("service {id} is down: {failure}, at UDP {endpoint}."));
		},
		Ok(_) => findings.ok(
			"vpn",
			format!(
				"service {id}: the exit shakes hands at {}; that it forwards is seen from other \
				 machines only.",
				tunnel.endpoint
			),
		),
	}
}
