// SPDX-License-Identifier: Apache-2.0

//! Internet of a test: a network namespace behind a cable, with a server on public, private and
//! metadata addresses, and one on the host itself.

use super::sh;

/// Public address of the world.
pub const WORLD: &str = "11.0.0.1";
/// Public address of the host.
pub const HOST: &str = "11.0.0.2";
/// Addresses of the world that no lease may reach.
pub const FORBIDDEN: &[&str] = &["169.254.169.254", "168.63.129.16", "10.1.1.1", "192.168.7.7"];
/// Port of a server on the host that no lease may reach.
pub const HOST_PORT: u16 = 8099;

/// Set up the namespaces that `unshare` made.
pub fn enter() {
	// The file system of devices shows the network namespace in which it was mounted.
	sh("mount -t tmpfs tmpfs /run
		mkdir -p /run/lock /run/cgroup /run/www /run/netns
		mount --rbind /sys/fs/cgroup /run/cgroup
		mount -t sysfs sysfs /sys
		mount --rbind /run/cgroup /sys/fs/cgroup
		ip link set lo up
		ip netns add world
		ip link add up0 type veth peer name up1 netns world
		ip addr add 11.0.0.2/24 dev up0
		ip link set up0 up
		ip netns exec world ip link set lo up
		ip netns exec world ip link set up1 up
		ip netns exec world ip addr add 11.0.0.1/24 dev up1
		ip route add default via 11.0.0.1
		echo reached > /run/www/index.html");
	for address in FORBIDDEN {
		sh(&format!("ip netns exec world ip addr add {address}/32 dev lo"));
	}
	for port in [80, 25] {
		sh(&format!("ip netns exec world busybox httpd -p {port} -h /run/www"));
	}
	sh(&format!("busybox httpd -p {HOST_PORT} -h /run/www"));
}

/// True if what the world sends to a UDP port of the host comes back.
pub fn echoes(port: u16) -> bool {
	let script = format!("exec 3<>/dev/udp/{HOST}/{port}; echo ping >&3; timeout 1 head -n1 <&3");
	let output = std::process::Command::new("ip")
		.args(["netns", "exec", "world", "bash", "-c", &script])
		.output()
		.unwrap();
	output.stdout == b"ping\n"
}

/// Page as the world gets it from a port of the host.
pub fn page(port: u16, path: &str) -> Option<String> {
	let output = std::process::Command::new("ip")
		.args(["netns", "exec", "world", "curl", "-s", "-m", "5"])
		.arg(format!("http://{HOST}:{port}{path}"))
		.output()
		.unwrap();
	output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
