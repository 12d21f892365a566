// SPDX-License-Identifier: Apache-2.0

//! Throughput of an exit beside that of wireguard-go, as a table:
//! `cargo test --release -p surety-vpn --test throughput -- --ignored --nocapture`.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod lab;

use lab::{EXIT, Lab, PORT, WEB, pair};
use std::time::Duration;
use surety_vpn::{exit::Exit, keys::Key, tunnel::Tunnel};

const ROUNDS: [(&str, &str); 3] = [
	("TCP, peer to internet", "-t 6"),
	("TCP, internet to peer", "-t 6 -R"),
	("TCP, four streams down", "-t 6 -R -P 4"),
];

/// Megabits a second of each round.
fn measure(lab: &mut Lab) -> Vec<u64> {
	lab.wait_for_ping("home", WEB, Duration::from_secs(40));
	ROUNDS.iter().map(|(_, arguments)| lab.iperf("home", arguments) / 1_000_000).collect()
}

async fn ours() -> Vec<u64> {
	let mut lab = Lab::new();
	let exit = Exit::start(lab.settings()).await.unwrap();
	let (secret, key) = pair();
	// No cap worth the name.
	let tunnel = exit.admit(&lab::request(1, key), 100_000_000_000).await.unwrap();
	lab.connect("home", &secret, &tunnel);
	let found = measure(&mut lab);
	exit.stop().await.unwrap();
	found
}

/// wireguard-go as the exit, with nothing but NAT around it.
fn theirs() -> Vec<u64> {
	let mut lab = Lab::new();
	let ((secret, peer), (exit, key)) = (pair(), pair());
	let interface = format!("x{}", lab.interface());
	lab.start("exit", &format!("wireguard-go -f {interface}"));
	std::thread::sleep(Duration::from_secs(1));
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("key");
	std::fs::write(&path, exit.expose()).unwrap();
	lab.sh(
		"exit",
		&format!(
			"wg set {interface} listen-port {PORT} private-key {} peer {peer} allowed-ips \
			 10.66.0.2/32 && ip address add 10.66.0.1/20 dev {interface} && \
			 ip link set {interface} mtu 1420 up && sysctl -qw net.ipv4.ip_forward=1",
			path.display()
		),
	);
	lab.sh(
		"exit",
		"nft add table ip t && \
		 nft add chain ip t c \"{ type nat hook postrouting priority 100; }\" && \
		 nft add rule ip t c masquerade",
	);
	lab.connect("home", &secret, &tunnel(peer, key));
	measure(&mut lab)
}

fn tunnel(peer: Key, exit: Key) -> Tunnel {
	Tunnel {
		peer,
		exit,
		endpoint: format!("{EXIT}:{PORT}").parse().unwrap(),
		ipv4: "10.66.0.2".parse().unwrap(),
		ipv6: "fd66:1:2:3::2".parse().unwrap(),
		dns: vec![],
		mtu: 1_420,
		keepalive: 25,
	}
}

/// The path without any tunnel.
fn bare() -> Vec<u64> {
	let mut lab = Lab::new();
	measure(&mut lab)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput_beside_wireguard_go() {
	if let Some(reason) = lab::obstacle() {
		eprintln!("{reason}");
		return;
	}
	let (bare, ours) = (bare(), ours().await);
	let theirs = theirs();
	println!("\n| Mbit/s | surety-vpn | wireguard-go | no tunnel |\n|---|---|---|---|");
	for (row, (name, _)) in ROUNDS.iter().enumerate() {
		println!("| {name} | {} | {} | {} |", ours[row], theirs[row], bare[row]);
	}
	println!("The client is wireguard-go in all rows, on the same machine.");
}
