// SPDX-License-Identifier: Apache-2.0

//! DNS lookups against a name server that misbehaves.

use super::*;
use crate::probing::{address_filter::Refusal, connector::Connector};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
	path::Path,
	sync::Mutex,
};
use surety_primitives::endpoint::Reason;
use tempfile::TempDir;

const A: u16 = 1;
const AAAA: u16 = 28;

/// Reply of a name server.
enum Reply {
	/// Addresses, filtered by the type of the query, with a time to live in seconds.
	Addresses(&'static [&'static str], u32),
	/// No such name.
	NotFound,
	/// No reply.
	Silence,
}

/// Name server that lives as long as the process.
struct NameServer {
	port: u16,
	asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl NameServer {
	fn new(reply: impl Fn(&str) -> Reply + Send + 'static) -> Self {
		let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
		let port = socket.local_addr().unwrap().port();
		let asked = Arc::new(Mutex::new(Vec::new()));
		let log = asked.clone();
		std::thread::spawn(move || {
			let mut buffer = [0; 512];
			while let Ok((length, from)) = socket.recv_from(&mut buffer) {
				let (name, of, end) = question(&buffer[..length]);
				log.lock().unwrap().push((name.clone(), of));
				if let Some(answer) = answer(&buffer[..end], of, reply(&name)) {
					socket.send_to(&answer, from).unwrap();
				}
			}
		});
		Self { port, asked }
	}

	/// Resolver and record types of the queries.
	fn asked(&self) -> Vec<(String, u16)> {
		self.asked.lock().unwrap().clone()
	}

	fn times(&self, name: &str, of: u16) -> usize {
		self.asked().iter().filter(|asked| **asked == (name.to_string(), of)).count()
	}

	/// Machine that uses this name server.
	fn machine(&self) -> Machine {
		let machine = Machine { dir: TempDir::new().unwrap(), port: self.port };
		machine.write("resolv.conf", "search corp.test\nnameserver 127.0.0.1\noptions ndots:3\n");
		machine.write("hosts", "");
		machine
	}
}

/// Name in lower case, record type, and end of the question.
fn question(query: &[u8]) -> (String, u16, usize) {
	let mut name = String::new();
	let mut at = 12;
	while query[at] != 0 {
		let next = at + 1 + usize::from(query[at]);
		name.push_str(&String::from_utf8_lossy(&query[at + 1..next]).to_lowercase());
		name.push('.');
		at = next;
	}
	(name, u16::from_be_bytes([query[at + 1], query[at + 2]]), at + 5)
}

/// Reply to the query whose header and question are `asked`.
fn answer(asked: &[u8], of: u16, reply: Reply) -> Option<Vec<u8>> {
	let (code, listed, ttl) = match reply {
		Reply::Addresses(addresses, ttl) => (0, addresses, ttl),
		Reply::NotFound => (3, [].as_slice(), 0),
		Reply::Silence => return None,
	};
	let records: Vec<Vec<u8>> = listed
		.iter()
		.map(|address| address.parse().unwrap())
		.filter_map(|address| match (address, of) {
			(IpAddr::V4(v4), A) => Some(v4.octets().to_vec()),
			(IpAddr::V6(v6), AAAA) => Some(v6.octets().to_vec()),
			_ => None,
		})
		.collect();
	let mut answer = asked.to_vec();
	// A recursive response with one question, the answers, and no other sections.
	answer[2..4].copy_from_slice(&[0x81, 0x80 | code]);
	answer[4..12].copy_from_slice(&[0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
	for data in records {
		// Name of the question, record type, class IN.
		answer.extend([0xc0, 12, 0, u8::try_from(of).unwrap(), 0, 1]);
		answer.extend(ttl.to_be_bytes());
		answer.extend([0, u8::try_from(data.len()).unwrap()]);
		answer.extend(data);
	}
	Some(answer)
}

/// Configuration files of a machine.
struct Machine {
	dir: TempDir,
	port: u16,
}

impl Machine {
	fn path(&self, name: &str) -> std::path::PathBuf {
		Path::join(self.dir.path(), name)
	}

	fn write(&self, name: &str, text: &str) {
		std::fs::write(self.path(name), text).unwrap();
	}

	fn resolver(&self, recheck: Duration) -> Resolver {
		Resolver::new(DnsConfig {
			resolv_conf: self.path("resolv.conf"),
			hosts: self.path("hosts"),
			port: self.port,
			recheck,
		})
		.unwrap()
	}

	fn http(&self, filter: AddressFilter) -> HttpRequests {
		let resolver = self.resolver(Duration::from_secs(10));
		let tls = client(public_roots()).unwrap();
		let transport =
			Transport::new(resolver, tls, None, limits(), Metrics::default(), HashSet::new());
		HttpRequests::new(Arc::new(transport.unwrap()), filter)
	}
}

fn runtime() -> Runtime {
	tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn private() -> AddressFilter {
	AddressFilter { private: true, ..AddressFilter::default() }
}

/// Failure of connecting to `url`.
fn failure(machine: &Machine, filter: AddressFilter, url: &str) -> Failure {
	let connector = Connector {
		filter,
		budget: None,
		egress: None,
		resolver: Arc::new(machine.resolver(Duration::from_secs(10))),
		lookup_timeout: limits().lookup,
		connect_timeout: limits().connect,
	};
	runtime().block_on(connector.connect(&url.parse().unwrap())).err().unwrap()
}

#[test]
fn a_name_is_resolved_and_its_address_connected_to() {
	let server = Server::new(|mut stream| async move {
		let seen = request(&mut stream).await;
		let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{seen}", seen.len());
		let _ = stream.write_all(head.as_bytes()).await;
	});
	let dns = NameServer::new(|_| Reply::Addresses(&["127.0.0.1"], 60));
	let mut http = dns.machine().http(private());
	let id = get(&mut http, &format!("http://Rpc_1.Example.test:{}/", server.port));
	let said = String::from_utf8(body(&mut http, id).unwrap()).unwrap();
	assert!(
		said.to_lowercase().contains(&format!("host: rpc_1.example.test:{}\r\n", server.port)),
		"{said}"
	);
	assert_eq!(dns.times("rpc_1.example.test.", A), 1);
	assert_eq!(dns.times("rpc_1.example.test.", AAAA), 0);
}

#[test]
fn a_name_that_resolves_to_this_machine_is_refused() {
	let (victim, visits) = Server::counting();
	let dns = NameServer::new(|name| match name {
		"v4.test." => Reply::Addresses(&["127.0.0.1"], 60),
		"metadata.test." => Reply::Addresses(&["169.254.169.254"], 60),
		"last.test." => {
			Reply::Addresses(&["1.1.1.1", "9.9.9.9", "8.8.8.8", "1.0.0.1", "10.0.0.1"], 60)
		},
		_ => Reply::NotFound,
	});
	let machine = dns.machine();
	let refused = |host: &str| {
		failure(&machine, AddressFilter::default(), &format!("http://{host}:{}/", victim.port))
	};
	let forbidden = |address: &str, reason| {
		Failure::Forbidden(address.parse().unwrap(), Refusal::Special(reason))
	};
	assert_eq!(refused("v4.test"), forbidden("127.0.0.1", Reason::Loopback));
	// One forbidden address among good ones, even beyond those that would be tried.
	assert_eq!(refused("last.test"), forbidden("10.0.0.1", Reason::Private));
	assert_eq!(refused("localhost"), forbidden("127.0.0.1", Reason::Loopback));
	assert_eq!(
		failure(&machine, private(), "http://metadata.test/"),
		forbidden("169.254.169.254", Reason::Metadata)
	);
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn only_ipv4_is_used() {
	let dns = NameServer::new(|name| match name {
		"v6.test." => Reply::Addresses(&["2606:4700::1"], 60),
		"both.test." => Reply::Addresses(&["2606:4700::1", "127.0.0.1"], 60),
		_ => Reply::NotFound,
	});
	let machine = dns.machine();
	machine.write("hosts", "2606:4700::1 listed.test\n");
	assert_eq!(failure(&machine, private(), "http://v6.test/"), Failure::Dns);
	assert_eq!(failure(&machine, private(), "http://listed.test/"), Failure::Dns);
	let found =
		runtime().block_on(machine.resolver(Duration::from_secs(10)).addresses("both.test"));
	assert_eq!(found, ["127.0.0.1".parse::<Ipv4Addr>().unwrap()]);
	for literal in ["::1", "2606:4700::1", "::ffff:127.0.0.1"] {
		let refused = Failure::Forbidden(literal.parse().unwrap(), Refusal::V6);
		assert_eq!(failure(&machine, private(), &format!("http://[{literal}]:80/")), refused);
	}
	assert!(dns.asked().iter().all(|(_, of)| *of == A), "{:?}", dns.asked());
}

#[test]
fn check_and_connection_share_one_lookup() {
	let (victim, visits) = Server::counting();
	let queries = AtomicUsize::new(0);
	// The first lookup returns an allowed address where no server listens. All later ones return
	// the victim's address in a form that is always refused.
	let dns = NameServer::new(move |_| match queries.fetch_add(1, Ordering::SeqCst) {
		0 => Reply::Addresses(&["127.0.0.9"], 0),
		_ => Reply::Addresses(&["0.0.0.0"], 0),
	});
	let mut http = dns.machine().http(private());
	let url = format!("http://rebind.test:{}/", victim.port);
	assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError);
	assert_eq!(dns.asked().len(), 1);
	assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError);
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn names_without_an_answer_fail_in_time_and_delay_no_other() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let dns = NameServer::new(|name| match name {
		"good.test." => Reply::Addresses(&["127.0.0.1"], 60),
		_ => Reply::Silence,
	});
	let mut http = dns.machine().http(private());
	// The node does this when it starts: each lookup takes two sockets.
	fdlimit::raise_fd_limit().unwrap();
	// More than a pool of blocking threads holds.
	let dead: Vec<_> =
		(0..600).map(|n| get(&mut http, &format!("http://dead-{n}.test/"))).collect();
	let began = Instant::now();
	let id = get(&mut http, &format!("http://good.test:{}/", server.port));
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(200)]);
	let answered = began.elapsed();
	let ends = http.wait(&dead, after(10_000));
	assert!(ends.iter().all(|end| *end == HttpRequestStatus::IoError));
	assert!(answered < Duration::from_millis(900), "{answered:?}");
	assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
	assert_eq!(failure(&dns.machine(), private(), "http://dead.test/"), Failure::Dns);
}

#[test]
fn a_name_that_does_not_exist_fails_at_once() {
	let dns = NameServer::new(|name| match name {
		"empty.test." => Reply::Addresses(&[], 60),
		_ => Reply::NotFound,
	});
	let machine = dns.machine();
	let began = Instant::now();
	for host in
		["none.test", "empty.test", "none.test.", "no-such-host.invalid", "a..test", "-.test"]
	{
		assert_eq!(
			failure(&machine, private(), &format!("http://{host}/")),
			Failure::Dns,
			"{host}"
		);
	}
	assert!(began.elapsed() < limits().lookup, "{:?}", began.elapsed());
}

#[test]
fn the_search_list_is_ignored() {
	let dns = NameServer::new(|name| match name {
		"intranet.corp.test." => Reply::Addresses(&["127.0.0.1"], 60),
		_ => Reply::NotFound,
	});
	assert_eq!(failure(&dns.machine(), private(), "http://intranet/"), Failure::Dns);
	assert!(dns.asked().iter().all(|(name, _)| name == "intranet."), "{:?}", dns.asked());
	assert!(!dns.asked().is_empty());
}

#[test]
fn a_name_in_the_hosts_file_is_not_queried() {
	let dns = NameServer::new(|_| Reply::Silence);
	let machine = dns.machine();
	machine.write(
		"hosts",
		"# ours\n127.0.0.1 anchor.test other.test\n10.1.2.3\tother.test\n::1 other.test\n",
	);
	let resolver = machine.resolver(Duration::from_secs(10));
	let addresses = |host: &str| runtime().block_on(resolver.addresses(host));
	let expected = |of: &[&str]| of.iter().map(|a| a.parse().unwrap()).collect::<Vec<Ipv4Addr>>();
	assert_eq!(addresses("Anchor.test"), expected(&["127.0.0.1"]));
	assert_eq!(addresses("other.test."), expected(&["127.0.0.1", "10.1.2.3"]));
	assert!(dns.asked().is_empty(), "{:?}", dns.asked());
}

#[test]
fn an_answer_is_cached_for_its_time_to_live() {
	let dns = NameServer::new(|name| match name {
		"stays.test." => Reply::Addresses(&["9.9.9.9"], 3_600),
		_ => Reply::Addresses(&["9.9.9.9"], 0),
	});
	let resolver = dns.machine().resolver(Duration::from_secs(10));
	let runtime = runtime();
	for _ in 0..3 {
		for host in ["stays.test", "moves.test"] {
			assert_eq!(runtime.block_on(resolver.addresses(host)).len(), 1);
		}
	}
	assert_eq!(dns.times("stays.test.", A), 1);
	assert_eq!(dns.times("moves.test.", A), 3);
}

#[test]
fn a_changed_configuration_is_reloaded() {
	let dns = NameServer::new(|_| Reply::Addresses(&["9.9.9.9"], 60));
	let machine = dns.machine();
	machine.write("resolv.conf", "# written in a moment\n");
	let _ = std::fs::remove_file(machine.path("hosts"));
	let resolver = machine.resolver(Duration::ZERO);
	let ask = |host: &str| runtime().block_on(resolver.addresses(host));
	// Without a configured name server the local one applies; a missing hosts file is empty.
	assert_eq!(ask("a.test").len(), 1);
	machine.write("hosts", "1.2.3.4 a.test\n");
	assert_eq!(ask("a.test"), ["1.2.3.4".parse::<Ipv4Addr>().unwrap()]);
	machine.write("hosts", "");
	machine.write("resolv.conf", "nameserver 127.0.0.2\n");
	let began = Instant::now();
	let nobody = runtime().block_on(async {
		tokio::time::timeout(Duration::from_millis(300), resolver.addresses("b.test")).await
	});
	assert!(nobody.is_err() || nobody.unwrap().is_empty(), "{:?}", began.elapsed());
	assert_eq!(dns.times("b.test.", A), 0);
	machine.write("resolv.conf", "nameserver 127.0.0.1 # back\n");
	assert_eq!(ask("b.test").len(), 1);
}

#[test]
fn a_second_name_server_answers_for_a_dead_one() {
	let dns = NameServer::new(|_| Reply::Addresses(&["9.9.9.9"], 60));
	let machine = dns.machine();
	machine.write("resolv.conf", "nameserver 127.0.0.2\nnameserver 127.0.0.1\n");
	// A server that never replies, at the same port.
	let _dead = UdpSocket::bind(SocketAddr::new("127.0.0.2".parse().unwrap(), dns.port)).unwrap();
	let resolver = machine.resolver(Duration::from_secs(10));
	let found = runtime().block_on(async {
		tokio::time::timeout(Duration::from_secs(1), resolver.addresses("a.test")).await
	});
	assert_eq!(found.unwrap(), ["9.9.9.9".parse::<Ipv4Addr>().unwrap()]);
}
