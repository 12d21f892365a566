// SPDX-License-Identifier: Apache-2.0

//! The prober's client against real exits, from a namespace without any tunnel.

#![allow(clippy::panic, clippy::unwrap_used)]

mod lab;

use lab::{EXIT, Lab, PORT, WEB, at, pair};
use std::{net::SocketAddr, time::Duration};
use surety_vpn::{
	client::{Failure, Hub, Limits, Proof, Target, prove},
	exit::{Exit, Trial},
	keys::Secret,
};

fn limits() -> Limits {
	let time = Duration::from_secs(20);
	Limits { handshake: time, nonce: time, answer: time, ..Limits::default() }
}

async fn trial(exit: &Exit) -> (Secret, Trial) {
	let (secret, key) = pair();
	(secret, exit.admit_trial(key, WEB.parse::<std::net::IpAddr>().unwrap()).await.unwrap())
}

/// Proof of an exit, as a prober in `web` asks for it.
async fn probe(lab: &Lab, exit: &Exit) -> Result<Proof, Failure> {
	let (secret, trial) = trial(exit).await;
	let mut socket = lab.socket("web", &format!("{WEB}:0"));
	let SocketAddr::V4(reflector) = socket.local_addr().unwrap() else { panic!("IPv4") };
	let target = Target {
		exit: trial.tunnel.exit,
		endpoint: at(EXIT, PORT),
		secret,
		address: trial.tunnel.ipv4,
		reflector,
	};
	prove(&mut socket, target, limits()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_is_proven_with_its_address() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	let proof = probe(&lab, &exit).await.unwrap();
	assert_eq!(proof.egress.ip(), EXIT.parse::<std::net::IpAddr>().unwrap());
	eprintln!("{proof:?}");

	// Several at once over one port.
	let socket = lab.socket("web", &format!("{WEB}:0"));
	let SocketAddr::V4(reflector) = socket.local_addr().unwrap() else { panic!("IPv4") };
	let hub = Hub::new(socket, 8);
	let ask = async || {
		let (secret, Trial { tunnel, .. }) = trial(&exit).await;
		let (endpoint, address) = (at(EXIT, PORT), tunnel.ipv4);
		let target = Target { exit: tunnel.exit, endpoint, secret, address, reflector };
		hub.prove(target, limits(), |_| true).await
	};
	let (one, two, three) = tokio::join!(ask(), ask(), ask());
	for proof in [one, two, three] {
		assert_eq!(proof.unwrap().egress.ip(), EXIT.parse::<std::net::IpAddr>().unwrap());
	}
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_behind_another_address_is_seen_there() {
	let lab = lab!();
	// The exit's traffic leaves under another address than the one it listens on.
	lab.sh("exit", "ip address add 5.5.2.77/24 dev net0");
	let mut settings = lab.settings();
	settings.egress.ipv4 = Some("5.5.2.77".parse().unwrap());
	let exit = Exit::start(settings).await.unwrap();
	let proof = probe(&lab, &exit).await.unwrap();
	assert_eq!(proof.egress.ip().to_string(), "5.5.2.77");
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_shakes_hands_but_forwards_nothing_is_found() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	probe(&lab, &exit).await.unwrap();
	lab.sh("exit", "sysctl -qw net.ipv4.ip_forward=0");
	let found = probe(&lab, &exit).await;
	assert!(matches!(found, Err(Failure::NoNonce { .. })), "{found:?}");
	lab.sh("exit", "sysctl -qw net.ipv4.ip_forward=1");
	// Nothing comes back.
	lab.sh(
		"exit",
		"nft add table ip t && \
		 nft add chain ip t c \"{ type filter hook forward priority 0; }\" && \
		 nft add rule ip t c oifname vpn0 drop",
	);
	let found = probe(&lab, &exit).await;
	assert!(matches!(found, Err(Failure::NoAnswer { .. })), "{found:?}");
	lab.sh("exit", "nft delete table ip t");
	probe(&lab, &exit).await.unwrap();
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_and_a_stopped_exit_shake_no_hands() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	let (_, Trial { tunnel, .. }) = trial(&exit).await;
	let mut socket = lab.socket("web", &format!("{WEB}:0"));
	let SocketAddr::V4(reflector) = socket.local_addr().unwrap() else { panic!("IPv4") };
	let target = |secret| Target {
		exit: tunnel.exit,
		endpoint: at(EXIT, PORT),
		secret,
		address: tunnel.ipv4,
		reflector,
	};
	let stranger = prove(&mut socket, target(pair().0), limits()).await;
	assert_eq!(stranger, Err(Failure::NoHandshake));
	let (secret, _) = trial(&exit).await;
	exit.stop().await.unwrap();
	let stopped = prove(&mut socket, target(secret), limits()).await;
	assert_eq!(stopped, Err(Failure::NoHandshake));
}
