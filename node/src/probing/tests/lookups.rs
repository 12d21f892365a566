//! Names, against a name server that misbehaves.

use super::*;
use crate::probing::{address::Refusal, connector::Connector};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
	path::Path,
	sync::Mutex,
};
use surety_primitives::endpoint::Reason;
use tempfile::TempDir;

const A: u16 = 1;
const AAAA: u16 = 28;

/// What a name server says to a query.
enum Say {
	/// These addresses (those of the type that was asked for), for so many seconds.
	Are(&'static [&'static str], u32),
	/// There is no such name.
	None,
	Nothing,
}

/// A name server. It ends with the process.
struct NameServer {
	port: u16,
	asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl NameServer {
	fn new(say: impl Fn(&str) -> Say + Send + 'static) -> Self {
		let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
		let port = socket.local_addr().unwrap().port();
		let asked = Arc::new(Mutex::new(Vec::new()));
		let log = asked.clone();
		std::thread::spawn(move || {
			let mut buffer = [0; 512];
			while let Ok((length, from)) = socket.recv_from(&mut buffer) {
				let (name, of, end) = question(&buffer[..length]);
				log.lock().unwrap().push((name.clone(), of));
				if let Some(answer) = answer(&buffer[..end], of, say(&name)) {
					socket.send_to(&answer, from).unwrap();
				}
			}
		});
		Self { port, asked }
	}

	/// Names and types that were asked for.
	fn asked(&self) -> Vec<(String, u16)> {
		self.asked.lock().unwrap().clone()
	}

	fn times(&self, name: &str, of: u16) -> usize {
		self.asked().iter().filter(|asked| **asked == (name.to_string(), of)).count()
	}

	/// A machine that asks this server.
	fn machine(&self) -> Machine {
		let machine = Machine { dir: TempDir::new().unwrap(), port: self.port };
		machine.write("resolv.conf", "search corp.test\nnameserver 127.0.0.1\noptions ndots:3\n");
		machine.write("hosts", "");
		machine
	}
}

/// The name in lower case, its type, and where the question ends.
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

/// The answer to the query that begins with `asked`: its header and question.
fn answer(asked: &[u8], of: u16, say: Say) -> Option<Vec<u8>> {
	let (code, listed, ttl) = match say {
		Say::Are(addresses, ttl) => (0, addresses, ttl),
		Say::None => (3, [].as_slice(), 0),
		Say::Nothing => return None,
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
	// A response with recursion; one question, the answers, nothing else.
	answer[2..4].copy_from_slice(&[0x81, 0x80 | code]);
	answer[4..12].copy_from_slice(&[0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
	for data in records {
		// The name of the question, its type, IN.
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

	fn names(&self, recheck: Duration) -> Names {
		Names::new(Source {
			resolv_conf: self.path("resolv.conf"),
			hosts: self.path("hosts"),
			port: self.port,
			recheck,
		})
		.unwrap()
	}

	fn http(&self, rules: Rules) -> Http {
		let names = self.names(Duration::from_secs(10));
		let tls = client(public_roots()).unwrap();
		let transport =
			Transport::new(names, tls, None, limits(), Metrics::default(), HashSet::new());
		Http::new(Arc::new(transport.unwrap()), rules)
	}
}

fn runtime() -> Runtime {
	tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn private() -> Rules {
	Rules { private: true, ..Rules::default() }
}

/// Why `url` cannot be connected to.
fn failure(machine: &Machine, rules: Rules, url: &str) -> Failure {
	let connector = Connector {
		rules,
		budget: None,
		egress: None,
		names: Arc::new(machine.names(Duration::from_secs(10))),
		lookup: limits().lookup,
		patience: limits().connect,
	};
	runtime().block_on(connector.connect(&url.parse().unwrap())).err().unwrap()
}

#[test]
fn a_name_is_looked_up_and_its_address_connected_to() {
	let server = Server::new(|mut stream| async move {
		let seen = request(&mut stream).await;
		let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{seen}", seen.len());
		let _ = stream.write_all(head.as_bytes()).await;
	});
	let dns = NameServer::new(|_| Say::Are(&["127.0.0.1"], 60));
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
fn an_answer_that_points_at_this_machine_is_refused() {
	let (victim, visits) = Server::counting();
	let dns = NameServer::new(|name| match name {
		"v4.test." => Say::Are(&["127.0.0.1"], 60),
		"metadata.test." => Say::Are(&["169.254.169.254"], 60),
		"last.test." => Say::Are(&["1.1.1.1", "9.9.9.9", "8.8.8.8", "1.0.0.1", "10.0.0.1"], 60),
		_ => Say::None,
	});
	let machine = dns.machine();
	let refused = |host: &str| {
		failure(&machine, Rules::default(), &format!("http://{host}:{}/", victim.port))
	};
	let forbidden = |address: &str, reason| {
		Failure::Forbidden(address.parse().unwrap(), Refusal::Special(reason))
	};
	assert_eq!(refused("v4.test"), forbidden("127.0.0.1", Reason::Loopback));
	// One among good ones, even if it is not among those that would be tried.
	assert_eq!(refused("last.test"), forbidden("10.0.0.1", Reason::Private));
	assert_eq!(refused("localhost"), forbidden("127.0.0.1", Reason::Loopback));
	assert_eq!(
		failure(&machine, private(), "http://metadata.test/"),
		forbidden("169.254.169.254", Reason::Metadata)
	);
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn only_v4_is_spoken() {
	let dns = NameServer::new(|name| match name {
		"v6.test." => Say::Are(&["2606:4700::1"], 60),
		"both.test." => Say::Are(&["2606:4700::1", "127.0.0.1"], 60),
		_ => Say::None,
	});
	let machine = dns.machine();
	machine.write("hosts", "2606:4700::1 listed.test\n");
	assert_eq!(failure(&machine, private(), "http://v6.test/"), Failure::Dns);
	assert_eq!(failure(&machine, private(), "http://listed.test/"), Failure::Dns);
	let found = runtime().block_on(machine.names(Duration::from_secs(10)).addresses("both.test"));
	assert_eq!(found, ["127.0.0.1".parse::<Ipv4Addr>().unwrap()]);
	for literal in ["::1", "2606:4700::1", "::ffff:127.0.0.1"] {
		let refused = Failure::Forbidden(literal.parse().unwrap(), Refusal::V6);
		assert_eq!(failure(&machine, private(), &format!("http://[{literal}]:80/")), refused);
	}
	assert!(dns.asked().iter().all(|(_, of)| *of == A), "{:?}", dns.asked());
}

#[test]
fn a_name_is_looked_up_once_for_check_and_connection() {
	let (victim, visits) = Server::counting();
	let queries = AtomicUsize::new(0);
	// The first lookup points where nobody listens, which is allowed here. All that follow point
	// at the victim, by an address that is refused everywhere.
	let dns = NameServer::new(move |_| match queries.fetch_add(1, Ordering::SeqCst) {
		0 => Say::Are(&["127.0.0.9"], 0),
		_ => Say::Are(&["0.0.0.0"], 0),
	});
	let mut http = dns.machine().http(private());
	let url = format!("http://rebind.test:{}/", victim.port);
	assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError);
	assert_eq!(dns.asked().len(), 1);
	assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError);
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn names_that_get_no_answer_are_down_in_time_and_hold_up_nobody() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let dns = NameServer::new(|name| match name {
		"good.test." => Say::Are(&["127.0.0.1"], 60),
		_ => Say::Nothing,
	});
	let mut http = dns.machine().http(private());
	// As the node does when it starts: each lookup takes two sockets.
	fdlimit::raise_fd_limit().unwrap();
	// More than a pool of blocking threads has.
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
fn a_name_that_is_not_there_fails_at_once() {
	let dns = NameServer::new(|name| match name {
		"empty.test." => Say::Are(&[], 60),
		_ => Say::None,
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
fn the_search_list_is_left_out() {
	let dns = NameServer::new(|name| match name {
		"intranet.corp.test." => Say::Are(&["127.0.0.1"], 60),
		_ => Say::None,
	});
	assert_eq!(failure(&dns.machine(), private(), "http://intranet/"), Failure::Dns);
	assert!(dns.asked().iter().all(|(name, _)| name == "intranet."), "{:?}", dns.asked());
	assert!(!dns.asked().is_empty());
}

#[test]
fn a_name_of_the_hosts_file_is_not_asked_for() {
	let dns = NameServer::new(|_| Say::Nothing);
	let machine = dns.machine();
	machine.write(
		"hosts",
		"# ours\n127.0.0.1 anchor.test other.test\n10.1.2.3\tother.test\n::1 other.test\n",
	);
	let names = machine.names(Duration::from_secs(10));
	let addresses = |host: &str| runtime().block_on(names.addresses(host));
	let expected = |of: &[&str]| of.iter().map(|a| a.parse().unwrap()).collect::<Vec<Ipv4Addr>>();
	assert_eq!(addresses("Anchor.test"), expected(&["127.0.0.1"]));
	assert_eq!(addresses("other.test."), expected(&["127.0.0.1", "10.1.2.3"]));
	assert!(dns.asked().is_empty(), "{:?}", dns.asked());
}

#[test]
fn an_answer_is_remembered_as_long_as_it_says() {
	let dns = NameServer::new(|name| match name {
		"stays.test." => Say::Are(&["9.9.9.9"], 3_600),
		_ => Say::Are(&["9.9.9.9"], 0),
	});
	let names = dns.machine().names(Duration::from_secs(10));
	let runtime = runtime();
	for _ in 0..3 {
		for host in ["stays.test", "moves.test"] {
			assert_eq!(runtime.block_on(names.addresses(host)).len(), 1);
		}
	}
	assert_eq!(dns.times("stays.test.", A), 1);
	assert_eq!(dns.times("moves.test.", A), 3);
}

#[test]
fn a_changed_configuration_is_taken_up() {
	let dns = NameServer::new(|_| Say::Are(&["9.9.9.9"], 60));
	let machine = dns.machine();
	machine.write("resolv.conf", "# written in a moment\n");
	let _ = std::fs::remove_file(machine.path("hosts"));
	let names = machine.names(Duration::ZERO);
	let ask = |host: &str| runtime().block_on(names.addresses(host));
	// Without a name server it is the one of this machine, which is ours; without a hosts file there is none.
	assert_eq!(ask("a.test").len(), 1);
	machine.write("hosts", "1.2.3.4 a.test\n");
	assert_eq!(ask("a.test"), ["1.2.3.4".parse::<Ipv4Addr>().unwrap()]);
	machine.write("hosts", "");
	machine.write("resolv.conf", "nameserver 127.0.0.2\n");
	let began = Instant::now();
	let nobody = runtime().block_on(async {
		tokio::time::timeout(Duration::from_millis(300), names.addresses("b.test")).await
	});
	assert!(nobody.is_err() || nobody.unwrap().is_empty(), "{:?}", began.elapsed());
	assert_eq!(dns.times("b.test.", A), 0);
	machine.write("resolv.conf", "nameserver 127.0.0.1 # back\n");
	assert_eq!(ask("b.test").len(), 1);
}

#[test]
fn a_second_name_server_answers_for_a_dead_one() {
	let dns = NameServer::new(|_| Say::Are(&["9.9.9.9"], 60));
	let machine = dns.machine();
	machine.write("resolv.conf", "nameserver 127.0.0.2\nnameserver 127.0.0.1\n");
	// Swallows what it is asked, at the same port.
	let _dead = UdpSocket::bind(SocketAddr::new("127.0.0.2".parse().unwrap(), dns.port)).unwrap();
	let names = machine.names(Duration::from_secs(10));
	let found = runtime().block_on(async {
		tokio::time::timeout(Duration::from_secs(1), names.addresses("a.test")).await
	});
	assert_eq!(found.unwrap(), ["9.9.9.9".parse::<Ipv4Addr>().unwrap()]);
}
