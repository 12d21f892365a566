// SPDX-License-Identifier: Apache-2.0

//! Laboratory of network namespaces.
//!
//! ```text
//!  home (5.5.1.2) --- inet --- exit (5.5.2.2)
//!  roam (5.5.4.2) ---  |
//!                      web (5.5.3.2, and private addresses that a careless exit would reach)
//! ```
//!
//! `inet` routes between all of them, private addresses included. So what does not get through was
//! stopped by the exit.

#![allow(dead_code, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use nix::sched::{CloneFlags, setns};
use std::{
	fs::File,
	io::{Read, Write},
	net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
	path::PathBuf,
	process::{Child, Command, Stdio},
	sync::atomic::{AtomicU32, Ordering},
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use surety_vpn::{
	claims::PeerRequest,
	exit::{Exit, Pool, Settings},
	keys::{Key, Secret},
	tunnel::Tunnel,
};
use tempfile::TempDir;

/// Addresses of `web` that are not public.
pub const PRIVATE: [&str; 7] = [
	"10.9.9.9",
	"172.20.0.9",
	"192.168.77.9",
	"100.64.0.9",
	"169.254.169.254",
	"168.63.129.16",
	"fd77::9",
];
/// Address of `exit` on the internet.
pub const EXIT: &str = "5.5.2.2";
/// Address of `web`.
pub const WEB: &str = "5.5.3.2";
/// IPv6 address of `web`.
pub const WEB_V6: &str = "2a05:3::2";
/// Port of the exit.
pub const PORT: u16 = 51_820;
/// Rate of a unit in bits a second.
pub const UNIT: u64 = 10_000_000;

/// Says in one line why the tests cannot run here. `None` if they can.
pub fn obstacle() -> Option<String> {
	for program in ["ip", "nft", "wg", "wg-quick", "wireguard-go", "ping", "iperf3", "setpriv"] {
		let found = std::env::var_os("PATH").is_some_and(|path| {
			std::env::split_paths(&path).any(|directory| directory.join(program).exists())
		});
		if !found {
			return Some(format!("skipped: `{program}` is not installed"));
		}
	}
	if !nix::unistd::geteuid().is_root() {
		return Some("skipped: network namespaces need root".into());
	}
	(!std::path::Path::new("/dev/net/tun").exists()).then(|| "skipped: no /dev/net/tun".into())
}

/// Lab, or return from the test with the reason.
#[macro_export]
macro_rules! lab {
	() => {
		match $crate::lab::obstacle() {
			None => $crate::lab::Lab::new(),
			Some(reason) => {
				eprintln!("{reason}");
				return;
			},
		}
	};
}

/// Network of namespaces, removed when it is dropped.
pub struct Lab {
	id: String,
	directory: TempDir,
	children: Vec<Child>,
	tunnels: Vec<(String, PathBuf)>,
}

fn run(command: &str) -> bool {
	let output = Command::new("sh").args(["-c", command]).output().unwrap();
	if !output.status.success() {
		eprintln!("{command}: {}", String::from_utf8_lossy(&output.stderr).trim());
	}
	output.status.success()
}

impl Lab {
	pub fn new() -> Self {
		static COUNT: AtomicU32 = AtomicU32::new(0);
		let id = format!("s{:x}{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
		let lab =
			Self { id, directory: TempDir::new().unwrap(), children: vec![], tunnels: vec![] };
		for name in ["inet", "home", "roam", "exit", "web"] {
			let full = lab.ns(name);
			assert!(run(&format!("ip netns add {full} && ip -n {full} link set lo up")));
		}
		for (number, name) in [(1, "home"), (2, "exit"), (3, "web"), (4, "roam")] {
			let (inet, full) = (lab.ns("inet"), lab.ns(name));
			lab.sh(
				"inet",
				&format!(
					"ip link add {name} type veth peer name net0 netns {full} && \
					 ip link set {name} up && \
				 ip address add 5.5.{number}.1/24 dev {name} && \
				 ip -6 address add 2a05:{number}::1/64 dev {name} nodad"
				),
			);
			lab.sh(
				name,
				&format!(
					"ip link set net0 up && ip address add 5.5.{number}.2/24 dev net0 && \
				 ip -6 address add 2a05:{number}::2/64 dev net0 nodad && \
				 ip route add default via 5.5.{number}.1 && \
				 ip -6 route add default via 2a05:{number}::1"
				),
			);
			let _ = inet;
		}
		lab.sh("inet", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
		for address in PRIVATE {
			let (flag, via) = if address.contains(':') { ("-6", "2a05:3::2") } else { ("-4", WEB) };
			lab.sh("web", &format!("ip {flag} address add {address} dev lo"));
			lab.sh("inet", &format!("ip {flag} route add {address} via {via}"));
		}
		lab
	}

	/// Full name of a namespace.
	pub fn ns(&self, name: &str) -> String {
		format!("{}{name}", self.id)
	}

	/// Run a command in a namespace.
	pub fn sh(&self, name: &str, command: &str) {
		assert!(self.try_sh(name, command), "{command}");
	}

	/// Run a command in a namespace. Returns false if it fails.
	pub fn try_sh(&self, name: &str, command: &str) -> bool {
		run(&format!("ip netns exec {} sh -c '{command}'", self.ns(name)))
	}

	/// What a command in a namespace prints.
	pub fn output(&self, name: &str, command: &str) -> String {
		let output = Command::new("ip")
			.args(["netns", "exec", &self.ns(name), "sh", "-c", command])
			.output()
			.unwrap();
		String::from_utf8_lossy(&output.stdout).into_owned()
	}

	/// Start a program in a namespace, which ends with the lab.
	pub fn start(&mut self, name: &str, command: &str) {
		let mut words = command.split(' ');
		let child = Command::new("ip")
			.args(["netns", "exec", &self.ns(name), words.next().unwrap()])
			.args(words)
			.stdout(Stdio::null())
			.stderr(Stdio::null())
			.spawn()
			.unwrap();
		self.children.push(child);
	}

	/// Run something on a thread in a namespace.
	pub fn within<T: Send>(&self, name: &str, work: impl FnOnce() -> T + Send) -> T {
		let file = File::open(format!("/run/netns/{}", self.ns(name))).unwrap();
		std::thread::scope(|scope| {
			let thread = scope.spawn(|| {
				setns(&file, CloneFlags::CLONE_NEWNET).unwrap();
				work()
			});
			thread.join().unwrap()
		})
	}

	/// Settings of an exit in `exit`.
	pub fn settings(&self) -> Settings {
		let pool = Pool {
			ipv4: "10.66.0.0/20".parse().unwrap(),
			ipv6: "fd66:1:2:3::/64".parse().unwrap(),
		};
		let endpoint = format!("{EXIT}:{PORT}").parse().unwrap();
		let directory = self.directory.path().join("exit");
		Settings {
			namespace: Some(self.ns("exit")),
			dns: vec![],
			..Settings::new("vpn0", directory, PORT, endpoint, pool)
		}
	}

	/// Bring up a tunnel in a namespace, by `wg-quick` with wireguard-go.
	pub fn connect(&mut self, name: &str, secret: &Secret, tunnel: &Tunnel) {
		// The name of the interface is that of the file, and of a socket outside of the namespace.
		let interface = format!("{}{}", self.id, self.tunnels.len());
		let path = self.directory.path().join(format!("{interface}.conf"));
		std::fs::write(&path, tunnel.wg_quick(secret)).unwrap();
		self.sh(name, &format!("wg-quick up {} 2>&1", path.display()));
		self.tunnels.push((name.into(), path));
	}

	/// Name of the first tunnel's interface.
	pub fn interface(&self) -> String {
		format!("{}0", self.id)
	}

	/// True if an address answers to a ping from a namespace.
	pub fn pings(&self, name: &str, address: &str) -> bool {
		self.try_sh(name, &format!("ping -n -c 1 -W 1 {address} >/dev/null"))
	}

	/// Wait until an address answers.
	pub fn wait_for_ping(&self, name: &str, address: &str, time: Duration) {
		let start = Instant::now();
		while !self.pings(name, address) {
			assert!(start.elapsed() < time, "{address} does not answer to {name}");
		}
	}

	/// Listen in a namespace on an address, and tell each caller its address.
	pub fn serve(&self, name: &str, address: SocketAddr) {
		let listener = self.within(name, || TcpListener::bind(address).unwrap());
		std::thread::spawn(move || {
			while let Ok((mut stream, from)) = listener.accept() {
				let _ = stream.write_all(from.ip().to_string().as_bytes());
			}
		});
	}

	/// Address under which a server sees a namespace. `None` if it is not reached.
	pub fn call(&self, name: &str, to: SocketAddr) -> Option<IpAddr> {
		self.within(name, || {
			let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(2)).ok()?;
			stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
			let mut text = String::new();
			stream.read_to_string(&mut text).ok()?;
			text.parse().ok()
		})
	}

	/// UDP socket in a namespace.
	pub fn socket(&self, name: &str, address: &str) -> tokio::net::UdpSocket {
		let socket = self.within(name, || UdpSocket::bind(address).unwrap());
		socket.set_nonblocking(true).unwrap();
		tokio::net::UdpSocket::from_std(socket).unwrap()
	}

	/// Bits a second that iperf3 receives.
	pub fn iperf(&mut self, name: &str, arguments: &str) -> u64 {
		self.start("web", "iperf3 -s -1 -p 5201");
		std::thread::sleep(Duration::from_millis(300));
		let json = self.output(name, &format!("iperf3 -c {WEB} -p 5201 -J {arguments}"));
		let json: serde_json::Value = serde_json::from_str(&json).unwrap();
		json["end"]["sum_received"]["bits_per_second"].as_f64().unwrap_or(0.0) as u64
	}
}

impl Drop for Lab {
	fn drop(&mut self) {
		for (name, path) in &self.tunnels {
			run(&format!(
				"ip netns exec {} wg-quick down {} >/dev/null 2>&1 || true",
				self.ns(name),
				path.display()
			));
		}
		for child in &mut self.children {
			let _ = child.kill();
			let _ = child.wait();
		}
		for name in ["inet", "home", "roam", "exit", "web"] {
			run(&format!("ip netns del {}", self.ns(name)));
		}
	}
}

/// Socket address of a host.
pub fn at(host: &str, port: u16) -> SocketAddr {
	SocketAddr::new(host.parse().unwrap(), port)
}

/// Fresh key pair.
pub fn pair() -> (Secret, Key) {
	let secret = Secret::generate().unwrap();
	let key = secret.public();
	(secret, key)
}

/// Request for a peer, signed now.
pub fn request(agreement: u32, key: Key) -> PeerRequest {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
	PeerRequest { agreement, key, issued: since.as_millis() as u64 }
}

/// Admit an agreement with units and connect it from a namespace.
pub async fn tenant(lab: &mut Lab, exit: &Exit, name: &str, agreement: u32, units: u32) {
	let (secret, key) = pair();
	let tunnel = exit.admit(&request(agreement, key), u64::from(units) * UNIT).await.unwrap();
	lab.connect(name, &secret, &tunnel);
}
