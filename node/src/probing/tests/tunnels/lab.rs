// SPDX-License-Identifier: Apache-2.0

//! Two network namespaces: a prober (5.5.3.2) and an exit (5.5.3.1), on one wire.
//!
//! The test starts itself again inside of the prober's namespace, so that all sockets of the node
//! are made there.

use std::{
	process::{Command, Stdio},
	sync::atomic::{AtomicU32, Ordering},
};
use surety_vpn::keys::Key;

/// Variable with the name of the exit's namespace, for the process inside of the prober's.
pub const INSIDE: &str = "SURETY_TEST_EXIT";
/// Address of the exit.
pub const ENDPOINT: &str = "5.5.3.1:51820";

/// Reason for which the lab cannot be built here. `None` if it can.
pub fn obstacle() -> Option<String> {
	for program in ["ip", "nft", "wg", "wireguard-go", "sysctl"] {
		let found = std::env::var_os("PATH").is_some_and(|path| {
			std::env::split_paths(&path).any(|directory| directory.join(program).exists())
		});
		if !found {
			return Some(format!("skipped: `{program}` is not installed"));
		}
	}
	if !std::path::Path::new("/dev/net/tun").exists() {
		return Some("skipped: no /dev/net/tun".into());
	}
	let id = Command::new("id").arg("-u").output().unwrap().stdout;
	(id.trim_ascii() != b"0").then(|| "skipped: network namespaces need root".into())
}

fn run(command: &str) {
	let output = Command::new("sh").args(["-c", command]).output().unwrap();
	let error = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(output.status.success(), "{command}: {error}");
}

/// The namespaces, removed when they are dropped.
pub struct Lab {
	prober: String,
	exit: String,
}

impl Lab {
	pub fn new() -> Self {
		static COUNT: AtomicU32 = AtomicU32::new(0);
		let id = format!("p{:x}{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
		let lab = Self { prober: format!("{id}p"), exit: format!("{id}e") };
		let Self { prober, exit } = &lab;
		run(&format!("ip netns add {prober} && ip netns add {exit}"));
		run(&format!(
			"ip -n {prober} link set lo up && ip -n {exit} link set lo up && \
			 ip -n {prober} link add net0 type veth peer name net0 netns {exit} && \
			 ip -n {prober} address add 5.5.3.2/24 dev net0 && \
			 ip -n {prober} link set net0 up && \
			 ip -n {prober} route add default via 5.5.3.1 && \
			 ip -n {exit} address add 5.5.3.1/24 dev net0 && ip -n {exit} link set net0 up"
		));
		// wireguard-go forks once the interface is there, and ends with it.
		run(&format!("ip netns exec {exit} wireguard-go wg0 >/dev/null 2>&1"));
		for command in [
			"wg genkey | wg set wg0 listen-port 51820 private-key /dev/stdin",
			"ip address add 10.66.0.1/16 dev wg0 && ip link set wg0 up",
			"sysctl -qw net.ipv4.ip_forward=1",
			"nft add table ip nat",
			"nft add chain ip nat out '{ type nat hook postrouting priority 100; }'",
			"nft add rule ip nat out oifname net0 masquerade",
		] {
			lab.exit().sh(command);
		}
		lab
	}

	fn exit(&self) -> Exit {
		Exit { namespace: self.exit.clone() }
	}

	/// Run a test of this module inside of the prober's namespace.
	pub fn run_test_inside(&self, name: &str) {
		let program = std::env::current_exe().unwrap();
		let test = format!("probing::tests::tunnels::{name}");
		let status = Command::new("ip")
			.args(["netns", "exec", &self.prober])
			.arg(program)
			.args(["--exact", &test, "--nocapture"])
			.env(INSIDE, &self.exit)
			.stdin(Stdio::null())
			.status()
			.unwrap();
		assert!(status.success(), "{test} failed in its namespace");
	}
}

impl Drop for Lab {
	fn drop(&mut self) {
		// The process of the interface ends with the interface.
		for command in [
			format!("ip -n {} link del wg0", self.exit),
			format!("ip netns del {}", self.prober),
			format!("ip netns del {}", self.exit),
		] {
			let _ = Command::new("sh").args(["-c", &command]).output();
		}
	}
}

/// The exit.
pub struct Exit {
	namespace: String,
}

impl Exit {
	/// Exit of this process's lab.
	pub fn of_environment() -> Self {
		Self { namespace: std::env::var(INSIDE).unwrap() }
	}

	/// Run a command at the exit.
	pub fn sh(&self, command: &str) {
		let output = Command::new("ip")
			.args(["netns", "exec", &self.namespace, "sh", "-c", command])
			.output()
			.unwrap();
		let error = String::from_utf8_lossy(&output.stderr).into_owned();
		assert!(output.status.success(), "{command}: {error}");
	}

	/// Public key.
	pub fn key(&self) -> [u8; 32] {
		let output = Command::new("ip")
			.args(["netns", "exec", &self.namespace, "wg", "show", "wg0", "public-key"])
			.output()
			.unwrap();
		let text = String::from_utf8(output.stdout).unwrap();
		*text.trim().parse::<Key>().unwrap().bytes()
	}

	/// Let a peer in.
	pub fn admit(&self, key: &Key, [a, b, c, d]: [u8; 4]) {
		self.sh(&format!("wg set wg0 peer {key} allowed-ips {a}.{b}.{c}.{d}/32"));
	}
}
