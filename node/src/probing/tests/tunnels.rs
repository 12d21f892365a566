// SPDX-License-Identifier: Apache-2.0

//! Proofs of VPNs: without an exit, and with a real one in network namespaces.

mod lab;

use super::*;
use crate::probing::tunnel::Tunnels;
use codec::{DecodeAll, Encode};
use std::net::UdpSocket;
use surety_prober::tunnel::{KEY_URL, KeyPair, Outcome, ProofRequest};
use surety_vpn::keys::{Key, Secret};

/// Requests of a node with a UDP port at this address. `private` allows private addresses.
fn requests_with(
	port: Option<&str>,
	private: bool,
	limits: Limits,
	metrics: Metrics,
) -> HttpRequests {
	let tls = client(public_roots()).unwrap();
	let mut transport =
		Transport::new(resolver(), tls, None, limits, metrics.clone(), HashSet::new()).unwrap();
	transport.tunnels = port.map(|port| {
		let tunnels = Tunnels::bind(port.parse().unwrap(), None, &transport.handle, metrics);
		Arc::new(tunnels.unwrap())
	});
	let filter = AddressFilter { private, ..AddressFilter::default() };
	HttpRequests::new(Arc::new(transport), filter)
}

fn requests(port: Option<&str>, private: bool) -> HttpRequests {
	requests_with(port, private, limits(), Metrics::default())
}

/// Requests of a node on loopback.
fn local() -> HttpRequests {
	requests(Some("127.0.0.1:0"), true)
}

/// Answer to a pseudo request, or the status of one without an answer.
fn ask(
	http: &mut HttpRequests,
	url: &str,
	body: Option<Vec<u8>>,
	ms: u64,
) -> Result<Vec<u8>, HttpRequestStatus> {
	let id = http.start(if body.is_some() { "POST" } else { "GET" }, url).unwrap();
	let deadline = after(ms);
	if let Some(body) = body {
		http.write_body(id, &body, deadline).unwrap();
	}
	http.write_body(id, &[], deadline).unwrap();
	match http.wait(&[id], after(ms.saturating_add(5_000)))[0] {
		HttpRequestStatus::Finished(200) => Ok(super::body(http, id).unwrap()),
		status => Err(status),
	}
}

fn key_pair(http: &mut HttpRequests) -> KeyPair {
	let pair = ask(http, KEY_URL, None, 5_000).unwrap();
	KeyPair::decode_all(&mut pair.as_slice()).unwrap()
}

/// Outcome of a proof of the exit at `host`, which admitted a peer with this secret.
fn prove(
	http: &mut HttpRequests,
	host: &str,
	exit: [u8; 32],
	secret: [u8; 32],
	ms: u64,
) -> Result<Outcome, HttpRequestStatus> {
	let request = ProofRequest { service: 7, exit, secret, address: [10, 66, 0, 2] };
	let answer = ask(http, &format!("surety-vpn://{host}"), Some(request.encode()), ms)?;
	Ok(Outcome::decode_all(&mut answer.as_slice()).unwrap())
}

fn some_exit() -> [u8; 32] {
	*Secret::new([8; 32]).public().bytes()
}

/// Silent host, and its address.
fn silent() -> (UdpSocket, String) {
	let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
	let address = socket.local_addr().unwrap().to_string();
	(socket, address)
}

const UNAVAILABLE: HttpRequestStatus = HttpRequestStatus::Finished(503);

#[test]
fn pseudo_requests_are_a_key_and_a_proof() {
	let mut http = local();
	for (method, url) in [
		("GET", "surety-vpn://other"),
		("GET", "surety-vpn://key:1"),
		("GET", "surety-vpn://"),
		("POST", "surety-vpn://host"),
		("POST", "surety-vpn://host:0"),
		("POST", "surety-vpn://me:pw@host:1024"),
		("PUT", "surety-vpn://host:1024"),
		("POST", "surety-other://host:1024"),
	] {
		assert!(http.start(method, url).is_err(), "{method} {url}");
	}
	assert!(http.start("POST", "surety-vpn://host:51820").is_ok());
}

#[test]
fn each_key_pair_is_new_and_fits() {
	let mut http = local();
	let pairs = [(); 3].map(|()| key_pair(&mut http));
	for KeyPair { secret, public } in &pairs {
		assert_eq!(Secret::new(*secret).public().bytes(), public);
	}
	assert!(pairs[0] != pairs[1] && pairs[1] != pairs[2]);
}

#[test]
fn a_node_without_a_port_judges_no_exit() {
	let mut http = requests(None, true);
	assert_eq!(ask(&mut http, KEY_URL, None, 5_000), Err(UNAVAILABLE));
	let (_socket, host) = silent();
	assert_eq!(prove(&mut http, &host, some_exit(), [1; 32], 5_000), Err(UNAVAILABLE));
}

#[test]
fn a_request_of_another_version_is_not_judged() {
	let (_socket, host) = silent();
	let asked = ask(&mut local(), &format!("surety-vpn://{host}"), Some(vec![7; 71]), 5_000);
	assert_eq!(asked, Err(UNAVAILABLE));
}

#[test]
fn silence_and_a_weak_key_are_no_handshake() {
	let (socket, host) = silent();
	let began = Instant::now();
	let mut http = local();
	let found = prove(&mut http, &host, some_exit(), [1; 32], 1_600);
	assert_eq!(found, Ok(Outcome::NoHandshake));
	assert!(began.elapsed() >= Duration::from_millis(700), "the time of a stage is used");
	// A few handshakes of 148 bytes and nothing else.
	socket.set_nonblocking(true).unwrap();
	let mut buffer = [0; 2_048];
	let received: Vec<_> = std::iter::from_fn(|| socket.recv(&mut buffer).ok()).collect();
	assert!((1..=5).contains(&received.len()), "{received:?}");
	assert!(received.iter().all(|length| *length == 148), "{received:?}");
	let weak = prove(&mut http, &host, [0; 32], [1; 32], 5_000);
	assert_eq!(weak, Ok(Outcome::NoHandshake));
}

#[test]
fn the_address_filter_applies_to_exits() {
	let (socket, host) = silent();
	let mut public = requests(Some("127.0.0.1:0"), false);
	let mut refused = |host: &str| {
		let found = prove(&mut public, host, some_exit(), [1; 32], 2_000);
		assert_eq!(found, Err(HttpRequestStatus::IoError), "{host}");
	};
	refused(&host);
	for host in ["169.254.169.254:51820", "[::1]:51820", "no-such-host.invalid:51820"] {
		refused(host);
	}
	socket.set_nonblocking(true).unwrap();
	assert!(socket.recv(&mut [0; 2_048]).is_err(), "nothing is sent");
}

#[test]
fn the_budget_applies_to_exits() {
	let budget = BudgetLimits { domain: 2, exempt_private: false, ..BudgetLimits::default() };
	let limits = Limits { budget, ..limits() };
	let mut http = requests_with(Some("127.0.0.1:0"), true, limits, Metrics::default());
	let (_socket, host) = silent();
	for _ in 0..2 {
		let found = prove(&mut http, &host, some_exit(), [1; 32], 400);
		assert_eq!(found, Ok(Outcome::NoHandshake));
	}
	let found = prove(&mut http, &host, some_exit(), [1; 32], 400);
	assert_eq!(found, Err(HttpRequestStatus::IoError));
}

#[test]
fn a_port_that_the_internet_cannot_reach_judges_no_exit() {
	let mut http = requests(Some("127.0.0.1:0"), false);
	let found = prove(&mut http, "93.184.216.34:51820", some_exit(), [1; 32], 2_000);
	assert_eq!(found, Err(UNAVAILABLE));
	let fault = |private| http.transport().tunnels.as_ref().unwrap().fault(private);
	assert!(fault(false).unwrap().contains("--probe-udp-public"));
	assert_eq!(fault(true), None);
}

#[test]
fn outcomes_are_counted_by_their_stage() {
	let registry = Registry::new();
	let metrics = Metrics::new(Some(&registry)).unwrap();
	let mut http = requests_with(Some("127.0.0.1:0"), true, limits(), metrics);
	let (_socket, host) = silent();
	let _ = key_pair(&mut http);
	let _ = prove(&mut http, &host, some_exit(), [1; 32], 400);
	let _ = prove(&mut http, "169.254.169.254:51820", some_exit(), [1; 32], 400);
	let counted = |name: &str, stage: Option<&str>| -> f64 {
		let families = registry.gather();
		let family = families.iter().find(|family| family.get_name() == name).unwrap();
		let all = family.get_metric().iter().filter(|metric| {
			stage.is_none_or(|stage| metric.get_label().iter().any(|l| l.get_value() == stage))
		});
		all.map(|metric| metric.get_counter().get_value()).sum()
	};
	assert_eq!(counted("surety_probe_vpn_total", Some("no_handshake")), 1.0);
	assert_eq!(counted("surety_probe_vpn_total", Some("unreachable")), 1.0);
	assert_eq!(counted("surety_probe_vpn_total", None), 2.0);
	assert_eq!(counted("surety_probes_sent_total", None), 0.0, "no HTTP request");
}

/// The exit is Debian's `wireguard-go` with the kernel's forwarding and NAT.
#[test]
fn a_real_exit_is_proven_and_its_faults_are_found() {
	if let Some(reason) = lab::obstacle() {
		eprintln!("{reason}");
		return;
	}
	if std::env::var_os(lab::INSIDE).is_none() {
		let lab = lab::Lab::new();
		lab.run_test_inside("a_real_exit_is_proven_and_its_faults_are_found");
		return;
	}
	// In the namespace of the prober, where every socket of this process belongs.
	let exit = lab::Exit::of_environment();
	let mut http = requests(Some("0.0.0.0:0"), false);
	let KeyPair { secret, public } = key_pair(&mut http);
	exit.admit(&Key::new(public).unwrap(), [10, 66, 0, 2]);
	let key = exit.key();
	let mut outcome = |ms: u64| prove(&mut http, lab::ENDPOINT, key, secret, ms).unwrap();
	let is_proof = |outcome: Outcome| matches!(outcome, Outcome::Proof { .. });
	let proof = outcome(15_000);
	let Outcome::Proof { handshake, nonce } = proof else { panic!("{proof:?}") };
	assert!(handshake > 0 && nonce > 0);

	exit.sh("sysctl -qw net.ipv4.ip_forward=0");
	assert_eq!(outcome(5_000), Outcome::NoNonce);
	exit.sh("sysctl -qw net.ipv4.ip_forward=1");
	exit.sh("nft add chain ip nat back '{ type filter hook forward priority 0; }'");
	exit.sh("nft add rule ip nat back oifname wg0 drop");
	assert_eq!(outcome(5_000), Outcome::NoAnswer);
	exit.sh("nft flush chain ip nat back");
	assert!(is_proof(outcome(15_000)));

	// A private address on the way out, which a public chain refuses.
	exit.sh("ip address add 10.9.9.9/32 dev net0");
	exit.sh("nft flush chain ip nat out");
	exit.sh("nft add rule ip nat out oifname net0 snat to 10.9.9.9");
	assert_eq!(outcome(5_000), Outcome::ForbiddenEgress);

	exit.sh("ip link del wg0");
	assert_eq!(outcome(5_000), Outcome::NoHandshake);
}
