// SPDX-License-Identifier: Apache-2.0

//! Rounds against a simulated network.

#![allow(clippy::arithmetic_side_effects)]

mod connectivity;
mod indistinguishability;
mod inference;
mod leases;
pub mod network;
mod refusals;
mod tasks;
mod vpn;

use crate::{
	Assignment, ELAPSED_HEADER, NetworkRef, OwnHead, Proof, Schedule, http::Request, round,
};
use network::{FakeNetwork, HEAD, Node, Response, T0, calls, hash, hex, node};
use sp_core::offchain::Timestamp;
use surety_primitives::{
	LatencyBucket, NetworkId, Protocol, ServiceKind, Target, endpoint::control_hash,
	report::Finding,
};

const NETWORK: NetworkId = 1;

/// Probe without a key for tokens.
fn probe(
	http: &mut FakeNetwork,
	targets: &[Assignment],
	networks: &[NetworkRef],
	schedule: &Schedule,
	random: [u8; 32],
) -> Vec<Finding> {
	round::probe(http, targets, networks, schedule, None, random)
}

fn bucket() -> LatencyBucket {
	LatencyBucket::from_millis(30)
}
fn up() -> Finding {
	Finding::Up(bucket())
}
fn bad() -> Finding {
	Finding::Bad(bucket())
}
fn stale() -> Finding {
	Finding::Stale(bucket())
}

fn schedule() -> Schedule {
	let at = Timestamp::from_unix_millis;
	Schedule { start: at(T0 + 1_000), spread_ms: 2_000, deadline: at(T0 + 5_000), concurrency: 256 }
}

/// Visits start over 80 % of a minute.
fn whole_round() -> Schedule {
	let at = Timestamp::from_unix_millis;
	Schedule { start: at(T0), spread_ms: 48_000, deadline: at(T0 + 60_000), concurrency: 256 }
}

fn rpc(service: u32, endpoint: &str, max_head_lag: u32) -> Assignment {
	Assignment {
		kind: ServiceKind::Rpc { network: NETWORK },
		max_head_lag,
		..page(service, endpoint)
	}
}

fn page(service: u32, endpoint: &str) -> Assignment {
	Assignment {
		target: Target::Service(service),
		genesis: [3; 32],
		kind: ServiceKind::Compute,
		endpoint: endpoint.into(),
		max_head_lag: 0,
		skip: None,
		proof: None,
	}
}

fn lease_at(lease: u32, endpoint: &str) -> Assignment {
	Assignment { target: Target::Lease(lease), ..page(0, endpoint) }
}

fn network(protocol: Protocol, anchors: &[&str]) -> NetworkRef {
	let anchors = anchors.iter().map(|url| url.as_bytes().to_vec()).collect();
	NetworkRef { id: NETWORK, protocol, own: None, anchors }
}

fn own() -> NetworkRef {
	let own = OwnHead::new(HEAD as u32, |number| Some(hash(number.into())));
	NetworkRef { own: Some(own), ..network(Protocol::Substrate, &[]) }
}

fn json(body: String) -> Response {
	Response::ok(30, body).header(ELAPSED_HEADER, "30000")
}

/// Network without servers.
fn empty_network() -> FakeNetwork {
	FakeNetwork { clock: T0, ..FakeNetwork::default() }
}

/// Network with two honest anchors and one honest service.
fn honest_network() -> FakeNetwork {
	let mut http = empty_network();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		honest(&mut http, url, HEAD);
	}
	http
}

fn honest(http: &mut FakeNetwork, url: &str, head: u64) {
	http.serve(url, move |request, _| json(node(request, head, hash, true)));
}

/// Protocols that all tests of JSON-RPC run on.
pub const PROTOCOLS: [Protocol; 2] = [Protocol::Ethereum, Protocol::Substrate];

const ANCHORS: [&str; 2] = ["http://anchor1", "http://anchor2"];

fn run(http: &mut FakeNetwork, targets: &[Assignment], networks: &[NetworkRef]) -> Vec<Finding> {
	let findings = probe(http, targets, networks, &schedule(), [5; 32]);
	assert_eq!(findings.len(), targets.len());
	assert!(http.clock <= T0 + 5_200, "{}", http.clock);
	findings
}

#[test]
fn each_kind_of_answer_has_its_finding() {
	for protocol in PROTOCOLS {
		let mut http = honest_network();
		honest(&mut http, "http://ahead", HEAD + 50);
		honest(&mut http, "http://late", HEAD - 5);
		honest(&mut http, "http://far", HEAD - 50);
		honest(&mut http, "http://lost", HEAD - 500);
		http.serve("http://fork", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
		http.serve("http://single", |request, _| json(node(request, HEAD, hash, false)));
		http.serve("http://singlefork", |request, _| {
			json(node(request, HEAD, |n| hash(n + 1), false))
		});
		http.serve("http://singlelate", |request, _| json(node(request, HEAD - 50, hash, false)));
		http.serve("http://refuses", |request, _| {
			match request.post.as_ref().unwrap().starts_with(b"[") {
				true => Response::status(5, 400, "no batches"),
				false => json(node(request, HEAD, hash, true)),
			}
		});
		http.serve("http://notfound", |_, _| Response::status(5, 404, ""));
		http.serve("http://busy", |_, _| Response::status(5, 429, ""));
		http.serve("http://broken", |_, _| Response::status(5, 500, ""));
		http.serve("http://moved", |_, _| {
			Response::status(5, 302, "").header("location", "http://good")
		});
		http.serve("http://html", |_, _| json("<html>".into()));
		http.serve("http://error", |_, _| {
			json(r#"[{"id":1,"error":{"code":1}},{"id":2,"error":{"code":1}}]"#.into())
		});
		http.serve("http://onlyerrors", |_, _| json(r#"{"id":1,"error":{"code":1}}"#.into()));
		http.serve("http://huge", |_, _| json(" ".repeat(300_000)));
		http.serve("http://dead", |_, _| Response::never());
		http.serve("http://trickle", |_, _| Response::trickle(20));
		let rows = [
			("good", 0, up()),
			("ahead", 0, up()),
			("late", 5, up()),
			("late", 4, stale()),
			("far", 3, stale()),
			("far", 50, up()),
			("far", 49, stale()),
			("lost", 400, stale()),
			("fork", 3, bad()),
			("fork", 300, bad()),
			("single", 0, up()),
			("singlefork", 0, bad()),
			("singlelate", 3, stale()),
			("refuses", 0, up()),
			("notfound", 0, Finding::Down),
			("busy", 0, Finding::Down),
			("broken", 0, Finding::Down),
			("moved", 0, Finding::Down),
			("html", 0, bad()),
			("error", 0, bad()),
			("onlyerrors", 0, bad()),
			("huge", 0, Finding::Down),
			("dead", 0, Finding::Down),
			("trickle", 0, Finding::Down),
			("refused-connection", 0, Finding::Down),
		];
		let targets: Vec<_> = (0u32..)
			.zip(&rows)
			.map(|(id, (host, lag, _))| rpc(id, &format!("http://{host}/"), *lag))
			.collect();
		let findings = run(&mut http, &targets, &[network(protocol, &ANCHORS)]);
		for ((host, lag, want), found) in rows.iter().zip(findings) {
			assert_eq!(found, *want, "{protocol:?} {host} lag {lag}");
		}
		for once in ["http://busy", "http://moved"] {
			let times: Vec<_> = http
				.sent
				.iter()
				.filter(|(_, request)| request.url.starts_with(once))
				.map(|(at, _)| at)
				.collect();
			assert!(times.iter().all(|at| *at == times[0]), "{once} is not asked again: {times:?}");
		}
	}
}

#[test]
fn separate_requests_have_the_latency_of_the_slowest() {
	let slow = LatencyBucket::from_millis(200);
	for head_is_slow in [false, true] {
		let mut http = honest_network();
		http.serve("http://single", move |request, _| {
			let is_head = calls(request)[0]["params"].as_array().unwrap().is_empty();
			let micros = if is_head == head_is_slow { "200000" } else { "30000" };
			Response::ok(30, node(request, HEAD, hash, false)).header(ELAPSED_HEADER, micros)
		});
		assert_eq!(run(&mut http, &[rpc(1, "http://single", 0)], &[own()]), [Finding::Up(slow)]);
	}
}

#[test]
fn own_state_needs_no_anchors() {
	let mut http = honest_network();
	honest(&mut http, "http://late", HEAD - 5);
	http.serve("http://fork", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://late", 3), rpc(3, "http://fork", 20)];
	let networks = [NetworkRef { anchors: vec![b"http://anchor1".to_vec()], ..own() }];
	assert_eq!(run(&mut http, &targets, &networks), [up(), stale(), bad()]);
	assert_eq!(http.asked("http://anchor"), 0);
}

#[test]
fn a_young_chain_is_compared_at_its_genesis_block() {
	let mut http = empty_network();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		honest(&mut http, url, 2);
	}
	http.serve("http://fork", |request, _| json(node(request, 2, |n| hash(n + 1), true)));
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://fork", 0), rpc(3, "http://good", 100)];
	let networks = [network(Protocol::Ethereum, &ANCHORS)];
	assert_eq!(run(&mut http, &targets, &networks), [up(), bad(), up()]);

	let young = OwnHead::new(2, |number| (number == 0).then(|| hash(0)));
	assert_eq!(young.references, [(0, hash(0))]);
}

#[test]
fn without_agreeing_anchors_only_the_format_is_judged() {
	let targets = || {
		let hosts = ["good", "fork", "error", "html", "empty", "dead", "broken"];
		(0u32..)
			.zip(hosts)
			.map(|(id, host)| rpc(id, &format!("http://{host}"), 0))
			.collect::<Vec<_>>()
	};
	let network_with_faults = || {
		let mut http = honest_network();
		http.serve("http://fork", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
		http.serve("http://anchor3", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
		http.serve("http://error", |_, _| json(r#"{"id":1,"error":{"code":1}}"#.into()));
		http.serve("http://html", |_, _| json("<html>".into()));
		http.serve("http://empty", |_, _| json("{}".into()));
		http.serve("http://dead", |_, _| Response::never());
		http.serve("http://broken", |_, _| Response::status(5, 503, ""));
		http
	};
	let want = [up(), up(), bad(), bad(), bad(), Finding::Down, Finding::Down];
	let anchors: [&[&str]; 4] = [
		&[],
		&ANCHORS[..1],
		&["http://anchor1", "http://anchor1"],
		&["http://anchor1", "http://anchor3"],
	];
	for anchors in anchors {
		let networks = [network(Protocol::Ethereum, anchors)];
		assert_eq!(run(&mut network_with_faults(), &targets(), &networks), want, "{anchors:?}");
	}
}

#[test]
fn one_faulty_anchor_has_no_influence() {
	let behaviours: [fn(&Request) -> Response; 6] = [
		|request| json(node(request, HEAD, |n| hash(n + 1), true)),
		|request| json(node(request, HEAD + 1_000_000, hash, true)),
		|request| json(node(request, 3, hash, true)),
		|_| json("{".repeat(200_000)),
		|_| Response::never(),
		|_| Response::trickle(5),
	];
	for (k, behaviour) in behaviours.into_iter().enumerate() {
		let mut http = honest_network();
		http.serve("http://liar", move |request, _| behaviour(request));
		honest(&mut http, "http://late", HEAD - 5);
		let anchors = ["http://liar", ANCHORS[0], ANCHORS[1]];
		let targets =
			[rpc(1, "http://good", 0), rpc(2, "http://late", 3), rpc(3, "http://good", 99)];
		let networks = [network(Protocol::Substrate, &anchors)];
		assert_eq!(run(&mut http, &targets, &networks), [up(), stale(), up()], "{k}");
	}
}

#[test]
fn pages_are_judged_by_their_status_and_length() {
	let mut http = honest_network();
	http.serve("http://page", |_, _| Response::ok(30, "hello").header(ELAPSED_HEADER, "30000"));
	http.serve("http://created", |_, _| {
		Response::status(30, 204, "").header(ELAPSED_HEADER, "30000")
	});
	http.serve("http://gone", |_, _| Response::status(5, 410, ""));
	http.serve("http://moved", |_, _| Response::status(5, 301, ""));
	http.serve("http://endless", |_, _| Response {
		end: None,
		..Response::ok(5, vec![0; 400_000])
	});
	let rows = [
		(page(1, "http://page"), up()),
		(page(2, "http://created"), up()),
		(page(3, "http://gone"), Finding::Down),
		(page(4, "http://moved"), Finding::Down),
		(page(5, "http://endless"), Finding::Down),
		(page(10, "no url"), Finding::Down),
		(Assignment { endpoint: vec![0xff], ..page(11, "") }, Finding::Down),
	];
	let (targets, want): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
	assert_eq!(run(&mut http, &targets, &[]), want);
}

#[test]
fn skipped_services_are_not_asked() {
	let mut http = honest_network();
	let targets = [
		Assignment { skip: Some(Finding::Skipped), ..page(1, "http://good") },
		Assignment { skip: Some(Finding::Abstained), ..page(2, "http://good") },
	];
	assert_eq!(
		run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS)]),
		[Finding::Skipped, Finding::Abstained]
	);
	assert!(http.sent.is_empty());
	assert_eq!(run(&mut http, &[], &[]), []);
}

#[test]
fn a_service_of_an_unknown_network_is_not_asked() {
	let mut http = honest_network();
	assert_eq!(run(&mut http, &[rpc(1, "http://good", 0)], &[]), [Finding::Abstained]);
	assert!(http.sent.is_empty());
}

#[test]
fn services_that_share_an_endpoint_are_asked_separately() {
	let mut http = honest_network();
	let targets: Vec<_> = (0..5).map(|id| rpc(id, "http://good", 0)).collect();
	assert_eq!(run(&mut http, &targets, &[own()]), [up(); 5]);
	assert!(http.asked("http://good") >= 5);
}

/// Proof owed by service `id` at `http://host/x`, and a file that proves control.
fn proof(id: u32, host: &str) -> (Proof, String) {
	let expected = control_hash(&[3; 32], b"operator", id, format!("http://{host}/x").as_bytes());
	(Proof { expected, pending: false }, format!("0x{}\n", hex(&expected)))
}

#[test]
fn control_is_proven_by_a_hash_at_the_host() {
	let mut http = honest_network();
	let page_of = |http: &mut FakeNetwork, host: &str, proof: Response| {
		http.serve(&format!("http://{host}/x"), |_, _| json(String::new()));
		http.serve(&format!("http://{host}/.well-known/surety/"), move |_, _| proof.clone());
	};
	page_of(&mut http, "right", Response::ok(900, proof(1, "right").1));
	page_of(&mut http, "copied", Response::ok(3, proof(1, "right").1));
	page_of(&mut http, "missing", Response::status(3, 404, ""));
	page_of(&mut http, "login", Response::status(3, 302, ""));
	page_of(&mut http, "long", Response::ok(3, vec![b' '; 5_000]));
	page_of(&mut http, "busy", Response::status(3, 503, ""));
	page_of(&mut http, "limited", Response::status(3, 429, ""));
	page_of(&mut http, "silent", Response::never());
	let rows = [
		("right", up()),
		("copied", Finding::NoProof),
		("missing", Finding::NoProof),
		("login", Finding::NoProof),
		("long", Finding::Down),
		("busy", Finding::Down),
		("limited", Finding::Down),
		("silent", Finding::Down),
		("dead", Finding::Down),
	];
	let targets: Vec<_> = (1u32..)
		.zip(rows)
		.map(|(id, (host, _))| Assignment {
			proof: Some(proof(id, host).0),
			..page(id, &format!("http://{host}/x"))
		})
		.collect();
	let findings = run(&mut http, &targets, &[]);
	for ((host, want), found) in rows.into_iter().zip(findings) {
		assert_eq!(found, want, "{host}");
	}
	assert_eq!(http.asked("http://dead/.well-known"), 0);
	let order: Vec<_> = http
		.sent
		.iter()
		.map(|(_, request)| &request.url)
		.filter(|u| u.contains("//right"))
		.collect();
	assert_eq!(order, ["http://right/x", "http://right/.well-known/surety/1"], "the service first");
}

#[test]
fn an_unproven_service_is_asked_only_after_its_proof() {
	let mut http = honest_network();
	let host =
		|http: &mut FakeNetwork, host: &str, service: fn(&Request) -> Response, proof: Response| {
			http.serve(&format!("http://{host}/x"), move |request, _| service(request));
			let proof = proof.header(ELAPSED_HEADER, "900000");
			http.serve(&format!("http://{host}/.well-known/surety/"), move |_, _| proof.clone());
		};
	let good = |request: &Request| json(node(request, HEAD, hash, true));
	let single = |request: &Request| json(node(request, HEAD, hash, false));
	let fork = |request: &Request| json(node(request, HEAD, |n| hash(n + 1), true));
	let right = |id, host| Response::ok(3, proof(id, host).1);
	host(&mut http, "right", good, right(1, "right"));
	host(&mut http, "single", single, right(2, "single"));
	host(&mut http, "fork", fork, right(3, "fork"));
	host(&mut http, "gone", |_| Response::status(3, 404, ""), right(4, "gone"));
	host(&mut http, "silent", |_| Response::never(), right(5, "silent"));
	host(&mut http, "copied", good, right(1, "right"));
	host(&mut http, "missing", good, Response::status(3, 404, ""));
	host(&mut http, "login", good, Response::status(3, 302, ""));
	host(&mut http, "unfit", good, Response::status(3, 404, proof(9, "unfit").1));
	host(&mut http, "long", good, Response::ok(3, vec![b' '; 5_000]));
	host(&mut http, "busy", good, Response::status(3, 503, ""));
	host(&mut http, "limited", good, Response::status(3, 429, ""));
	host(&mut http, "mute", good, Response::never());
	// Finding, minimum number of requests to the service, and requests for the proof.
	let rows = [
		("right", up(), 1, 1),
		("single", up(), 2, 1),
		("fork", bad(), 1, 1),
		("gone", Finding::Down, 1, 1),
		("silent", Finding::Down, 1, 1),
		("copied", Finding::NoProof, 0, 1),
		("missing", Finding::NoProof, 0, 1),
		("login", Finding::NoProof, 0, 1),
		("unfit", Finding::NoProof, 0, 1),
		("long", Finding::Down, 0, 1),
		("busy", Finding::Down, 0, 1),
		("limited", Finding::Down, 0, 1),
		("mute", Finding::Down, 0, 1),
		("me:pw@right", Finding::Down, 0, 0),
	];
	let targets: Vec<_> = (1u32..)
		.zip(rows)
		.map(|(id, (host, ..))| Assignment {
			proof: Some(Proof { pending: true, ..proof(id, host).0 }),
			..rpc(id, &format!("http://{host}/x"), 0)
		})
		.collect();
	let findings = run(&mut http, &targets, &[own()]);
	for ((host, want, services, proofs), found) in rows.into_iter().zip(findings) {
		assert_eq!(found, want, "{host}");
		let asked = http.asked(&format!("http://{host}/x"));
		assert!(asked >= services && (asked == 0) == (services == 0), "{host}: {asked}");
		assert_eq!(http.asked(&format!("http://{host}/.well-known/surety/")), proofs, "{host}");
	}
	let order: Vec<_> = http
		.sent
		.iter()
		.map(|(_, request)| &request.url)
		.filter(|u| u.contains("//right"))
		.collect();
	assert_eq!(order[0], "http://right/.well-known/surety/1", "the proof first");
	assert!(order[1..].iter().all(|url| *url == "http://right/x"));
}

#[test]
fn an_unproven_page_needs_both_proof_and_page() {
	for (served, shown, want) in [
		(true, Response::ok(30, "hello"), up()),
		(true, Response::status(3, 500, ""), Finding::Down),
		(false, Response::ok(30, "hello"), Finding::NoProof),
	] {
		let (owed, file) = proof(1, "page");
		let mut http = empty_network();
		http.serve("http://page/x", move |_, _| shown.clone().header(ELAPSED_HEADER, "30000"));
		http.serve("http://page/.well-known/surety/1", move |_, _| {
			json(if served { file.clone() } else { String::new() })
		});
		let target =
			Assignment { proof: Some(Proof { pending: true, ..owed }), ..page(1, "http://page/x") };
		assert_eq!(run(&mut http, &[target], &[]), [want]);
		assert_eq!(http.asked("http://page/x"), usize::from(served));
	}
}

#[test]
fn a_proof_does_not_make_a_wrong_answer_correct() {
	let (owed, file) = proof(1, "fork");
	let mut http = honest_network();
	http.serve("http://fork/x", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
	http.serve("http://fork/.well-known", move |_, _| Response::ok(3, file.clone()));
	let target = Assignment { proof: Some(owed), ..rpc(1, "http://fork/x", 0) };
	assert_eq!(run(&mut http, &[target], &[own()]), [bad()]);
}

#[test]
fn dead_and_trickling_endpoints_do_not_affect_others() {
	for concurrency in [16, 64, 256] {
		let mut http = honest_network();
		http.serve("http://dead", |_, _| Response::never());
		http.serve("http://trickle", |_, _| Response::trickle(7));
		http.serve("http://flood", |_, _| Response {
			body: (0..500).map(|k| (k * 5, vec![b' '; 700])).collect(),
			end: None,
			..Response::ok(1, "")
		});
		let hosts = ["dead", "trickle", "flood", "dead", "good"];
		let targets: Vec<_> = (0u32..125)
			.map(|id| rpc(id, &format!("http://{}", hosts[id as usize % 5]), 0))
			.collect();
		let networks = [network(Protocol::Ethereum, &ANCHORS)];
		let schedule = Schedule { concurrency, ..schedule() };
		let findings = probe(&mut http, &targets, &networks, &schedule, [1; 32]);
		for (id, found) in findings.into_iter().enumerate() {
			let want = if hosts[id % 5] == "good" { up() } else { Finding::Down };
			assert_eq!(found, want, "{} with {concurrency} at a time", hosts[id % 5]);
		}
		assert!(http.clock <= T0 + 5_200, "{}", http.clock);
	}
}

#[test]
fn a_late_prober_judges_no_service() {
	let mut http = honest_network();
	http.clock = T0 + 6_000;
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://dead", 0)];
	let networks = [network(Protocol::Ethereum, &ANCHORS)];
	let findings = probe(&mut http, &targets, &networks, &schedule(), [1; 32]);
	assert_eq!(findings, [Finding::Abstained; 2]);
	assert!(http.sent.is_empty());
}

#[test]
fn the_host_functions_receive_the_requests() {
	use sp_core::offchain::{OffchainWorkerExt, testing};
	// The simulated network shows the requests: the draws depend on the seed alone.
	let targets = [rpc(1, "http://a/rpc", 0)];
	let schedule = Schedule { spread_ms: 0, ..schedule() };
	let mut http = empty_network();
	honest(&mut http, "http://a/rpc", HEAD);
	assert_eq!(probe(&mut http, &targets, &[own()], &schedule, [1; 32]), [up()]);
	let asked = http.sent;
	let (offchain, state) = testing::TestOffchainExt::new();
	let mut ext = sp_io::TestExternalities::default();
	ext.register_extension(OffchainWorkerExt::new(offchain));
	{
		let mut state = state.write();
		state.timestamp = Timestamp::from_unix_millis(T0 + 1_000);
		for (at, request) in &asked {
			assert!(*at >= T0 + 1_000);
			state.expect_request(testing::PendingRequest {
				method: "POST".into(),
				uri: "http://a/rpc".into(),
				headers: request
					.headers
					.iter()
					.map(|(name, value)| (name.to_string(), value.to_string()))
					.collect(),
				body: request.post.clone().unwrap(),
				sent: true,
				response: Some(node(request, HEAD, hash, true).into_bytes()),
				response_headers: vec![(ELAPSED_HEADER.into(), "30000".into())],
				..Default::default()
			});
		}
	}
	ext.execute_with(|| {
		assert_eq!(crate::probe_round(&targets, &[own()], &schedule, None, [1; 32]), [up()]);
	});
}
