// SPDX-License-Identifier: Apache-2.0

//! One node that probes as many real endpoints in a round as may be due. The test takes minutes and
//! is ignored by default:
//!
//! ```text
//! SERVICES=8192 cargo nextest run --release -p surety-node --run-ignored only --no-capture
//! probing::tests::scale
//! ```

use super::*;
use crate::probing::clock::until;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
	RootCertStore, ServerConfig,
	crypto::ring::default_provider,
	pki_types::{CertificateDer, PrivateKeyDer},
};
use sp_core::{
	OpaquePeerId,
	offchain::{Externalities, OffchainWorkerExt, OpaqueNetworkState},
};
use std::{collections::BTreeMap, fmt::Write, fs, sync::atomic::AtomicBool, thread};
use surety_primitives::{ServiceKind, Target, report::Finding};
use surety_prober::{Assignment, Schedule, probe_round};
use tokio_rustls::TlsAcceptor;

/// Parameters of a production round and of the worker's schedule (pallets/probes/src/offchain.rs).
const ROUND_MS: u64 = 60_000;
const SPREAD_MS: u64 = 48_000;
const CONCURRENCY: u32 = 4_096;

/// Behaviour of a hostile endpoint.
#[derive(Clone, Copy)]
enum Hostile {
	/// Accepts a connection and never responds.
	Silence,
	/// Sends a byte of the body every second.
	Trickle,
	/// Sends an endless body.
	Flood,
}

/// Certificate for all names below `scale.test`, with its own authority.
fn certificate() -> (RootCertStore, ServerConfig) {
	let key = KeyPair::generate().unwrap();
	let mut root = CertificateParams::new(Vec::new()).unwrap();
	root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
	let leaf = CertificateParams::new(vec!["*.scale.test".into()]).unwrap();
	let mut roots = RootCertStore::empty();
	roots.add(root.self_signed(&key).unwrap().der().clone()).unwrap();
	let leaf: CertificateDer<'static> =
		leaf.signed_by(&key, &Issuer::new(root, &key)).unwrap().der().clone();
	let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
		.with_safe_default_protocol_versions()
		.unwrap()
		.with_no_client_auth()
		.with_single_cert(vec![leaf], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
		.unwrap();
	(roots, server)
}

/// Servers at every address of 127.0.0.0/8: honest ones at the first port, hostile ones at the
/// others.
fn serve(tls: ServerConfig) -> (Runtime, u16, [u16; 3]) {
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.worker_threads(2)
		.thread_name("server")
		.enable_all()
		.build()
		.unwrap();
	let acceptor = TlsAcceptor::from(Arc::new(tls));
	let listen = |serve: Option<Hostile>| {
		let acceptor = acceptor.clone();
		let listener = runtime.block_on(async {
			let socket = tokio::net::TcpSocket::new_v4().unwrap();
			socket.bind("0.0.0.0:0".parse().unwrap()).unwrap();
			socket.listen(4_096).unwrap()
		});
		let port = listener.local_addr().unwrap().port();
		runtime.spawn(async move {
			loop {
				let (stream, _) = listener.accept().await.unwrap();
				let acceptor = acceptor.clone();
				tokio::spawn(async move {
					if let Some(Hostile::Silence) = serve {
						let mut stream = stream;
						let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
						return;
					}
					let Ok(mut stream) = acceptor.accept(stream).await else { return };
					let _ = stream.read(&mut [0; 2_048]).await;
					match serve {
						None | Some(Hostile::Silence) => {
							let _ = stream
								.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
								.await;
							let _ = stream.shutdown().await;
						},
						Some(Hostile::Trickle) => {
							let _ = stream
								.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n")
								.await;
							while stream.write_all(b"x").await.is_ok() {
								let _ = stream.flush().await;
								tokio::time::sleep(Duration::from_secs(1)).await;
							}
						},
						Some(Hostile::Flood) => {
							let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
							while stream.write_all(&[b'x'; 16_384]).await.is_ok() {}
						},
					}
				});
			}
		});
		port
	};
	let honest = listen(None);
	let hostile_ports =
		[Hostile::Silence, Hostile::Trickle, Hostile::Flood].map(|kind| listen(Some(kind)));
	(runtime, honest, hostile_ports)
}

/// Processor time in ms of the server threads, and of all other threads.
fn cpu() -> (u64, u64) {
	let (mut servers, mut others) = (0, 0);
	for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
		let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
		let Some((name, rest)) = stat.rsplit_once(')') else { continue };
		let fields: Vec<&str> = rest.split_whitespace().collect();
		let ticks = |at: usize| fields.get(at).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
		let ms = (ticks(11) + ticks(12)) * 10;
		*(if name.ends_with("server") { &mut servers } else { &mut others }) += ms;
	}
	(servers, others)
}

fn status_kib(field: &str) -> u64 {
	let status = fs::read_to_string("/proc/self/status").unwrap();
	let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
	line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Findings by kind, of the honest endpoints and of the hostile ones.
fn tally(
	findings: &[Finding],
	hostile: impl Fn(usize) -> bool,
) -> [BTreeMap<&'static str, usize>; 2] {
	let mut sums = [BTreeMap::new(), BTreeMap::new()];
	for (n, finding) in findings.iter().enumerate() {
		let name = match finding {
			Finding::Up(_) => "up",
			Finding::Down => "down",
			Finding::Abstained => "abstained",
			_ => "other",
		};
		*sums[usize::from(hostile(n))].entry(name).or_default() += 1;
	}
	sums
}

/// HTTP client that resolves `services` names to local addresses.
fn client_of(services: usize, roots: RootCertStore) -> HttpRequests {
	let dir = tempfile::tempdir().unwrap();
	let (hosts, resolv_conf) = (dir.path().join("hosts"), dir.path().join("resolv.conf"));
	let mut text = String::new();
	for n in 0..services {
		let (a, b) = (1 + n / 250, 1 + n % 250);
		writeln!(text, "127.{}.{}.{b} s{n}.scale.test", 1 + a / 250, a % 250).unwrap();
	}
	fs::write(&hosts, text).unwrap();
	fs::write(&resolv_conf, "nameserver 127.0.0.1\n").unwrap();
	let resolver = Resolver::new(DnsConfig { resolv_conf, hosts, ..DnsConfig::default() }).unwrap();
	let transport = Transport::new(
		resolver,
		client(roots).unwrap(),
		None,
		Limits::default(),
		Metrics::default(),
		HashSet::new(),
	)
	.unwrap();
	HttpRequests::new(
		Arc::new(transport),
		AddressFilter { private: true, ..AddressFilter::default() },
	)
}

/// Probe a round of `services` services, of which one in `every` is hostile; none if 0.
fn round(services: usize, every: usize) -> [BTreeMap<&'static str, usize>; 2] {
	let hostile = move |n: usize| every > 0 && n.is_multiple_of(every);
	let (roots, server) = certificate();
	let (_servers, honest, hostile_ports) = serve(server);
	let http = client_of(services, roots);
	let assignments: Vec<Assignment> = (0..services)
		.map(|n| {
			let port = if hostile(n) {
				hostile_ports[n / every.max(1) % hostile_ports.len()]
			} else {
				honest
			};
			Assignment {
				target: Target::Service(n as u32),
				genesis: [0; 32],
				kind: ServiceKind::Compute,
				endpoint: format!("https://s{n}.scale.test:{port}/").into_bytes(),
				max_head_lag: 0,
				skip: None,
				proof: None,
			}
		})
		.collect();

	// Sockets of both sides belong to this process.
	let done = Arc::new(AtomicBool::new(false));
	let watched = done.clone();
	let watch = thread::Builder::new().name("server".into()).spawn(move || {
		let mut max_open = 0;
		while !watched.load(Ordering::SeqCst) {
			max_open = max_open.max(fs::read_dir("/proc/self/fd").map_or(0, Iterator::count));
			thread::sleep(Duration::from_millis(250));
		}
		max_open
	});
	let (before, began) = (cpu(), Instant::now());
	let mut ext = sp_io::TestExternalities::default();
	ext.register_extension(OffchainWorkerExt::new(Worker(http)));
	let start = now();
	let schedule = Schedule {
		start,
		spread_ms: SPREAD_MS,
		deadline: start.add(OffchainDuration::from_millis(ROUND_MS)),
		concurrency: CONCURRENCY,
	};
	let findings = ext.execute_with(|| probe_round(&assignments, &[], &schedule, None, [7; 32]));
	let (took, after) = (began.elapsed(), cpu());
	done.store(true, Ordering::SeqCst);
	let max_open = watch.unwrap().join().unwrap();

	let sums = tally(&findings, hostile);
	println!(
		"| {services} | {} | {:?} | {:?} | {:.1} | {:.1} | {:.1} | {} | {} |",
		if every > 0 { format!("one in {every}") } else { "none".into() },
		sums[0],
		sums[1],
		took.as_secs_f64(),
		(after.1 - before.1) as f64 / 1_000.0,
		(after.0 - before.0) as f64 / 1_000.0,
		max_open / 2,
		status_kib("VmHWM") / 1_024,
	);
	sums
}

/// Host side of the worker, of which only time and HTTP are used.
struct Worker(HttpRequests);

impl Externalities for Worker {
	fn is_validator(&self) -> bool {
		true
	}
	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		Err(())
	}
	fn timestamp(&mut self) -> Timestamp {
		now()
	}
	fn sleep_until(&mut self, deadline: Timestamp) {
		thread::sleep(until(deadline));
	}
	fn random_seed(&mut self) -> [u8; 32] {
		[7; 32]
	}
	fn http_request_start(
		&mut self,
		method: &str,
		uri: &str,
		_: &[u8],
	) -> Result<HttpRequestId, ()> {
		self.0.start(method, uri)
	}
	fn http_request_add_header(
		&mut self,
		id: HttpRequestId,
		name: &str,
		value: &str,
	) -> Result<(), ()> {
		self.0.add_header(id, name, value)
	}
	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		self.0.write_body(id, chunk, deadline)
	}
	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		self.0.wait(ids, deadline)
	}
	fn http_response_headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		self.0.headers(id)
	}
	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		self.0.read_body(id, buffer, deadline)
	}
	fn set_authorized_nodes(&mut self, _: Vec<OpaquePeerId>, _: bool) {}
}

#[test]
#[ignore = "takes minutes"]
fn a_full_round_of_real_endpoints() {
	fdlimit::raise_fd_limit().unwrap();
	let services = std::env::var("SERVICES").ok().and_then(|n| n.parse().ok()).unwrap_or(8_192);
	println!(
		"| services | hostile | honest findings | hostile findings | s | prober's CPU s | servers' \
		 CPU s | sockets | MiB |"
	);
	println!("|---|---|---|---|---|---|---|---|---|");
	for every in [0, 10] {
		let [honest, hostile] = round(services, every);
		let all = services - hostile.values().sum::<usize>();
		assert_eq!(honest.get("up"), Some(&all), "every honest endpoint is found up: {honest:?}");
		assert_eq!(hostile.get("up"), None, "{hostile:?}");
	}
}
