#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::{
	ELAPSED_HEADER, OwnHead, Proof,
	fake::{Fake, HEAD, Node, Response, T0, calls, hash, hex, node},
};
use sp_core::offchain::Timestamp;
use surety_primitives::{
	LEASES_FROM, LatencyBucket, Protocol, ServiceKind, endpoint::control_hash,
};

#[path = "doubt.rs"]
mod doubt;
#[path = "inference.rs"]
mod inference;
#[path = "leases.rs"]
mod leases;
#[path = "tasks.rs"]
mod tasks;
#[path = "tells.rs"]
mod tells;
#[path = "vpn.rs"]
mod vpn;

const NETWORK: NetworkId = 1;

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

/// Starts over 80 % of a minute, and the whole of it to answer.
fn whole_round() -> Schedule {
	let at = Timestamp::from_unix_millis;
	Schedule { start: at(T0), spread_ms: 48_000, deadline: at(T0 + 60_000), concurrency: 256 }
}

fn rpc(service: u32, endpoint: &str, max_head_lag: u32) -> Target {
	Target { kind: ServiceKind::Rpc { network: NETWORK }, max_head_lag, ..page(service, endpoint) }
}

fn page(service: u32, endpoint: &str) -> Target {
	Target {
		service,
		genesis: [3; 32],
		kind: ServiceKind::Compute,
		endpoint: endpoint.into(),
		max_head_lag: 0,
		skip: None,
		proof: None,
	}
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

/// A network in which nobody answers.
fn nobody() -> Fake {
	Fake { clock: T0, ..Fake::default() }
}

/// Two honest anchors and one honest service.
fn world() -> Fake {
	let mut http = nobody();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		honest(&mut http, url, HEAD);
	}
	http
}

fn honest(http: &mut Fake, url: &str, head: u64) {
	http.serve(url, move |ask, _| json(node(ask, head, hash, true)));
}

const ANCHORS: [&str; 2] = ["http://anchor1", "http://anchor2"];

fn run(http: &mut Fake, targets: &[Target], networks: &[NetworkRef]) -> Vec<Finding> {
	let findings = probe(http, targets, networks, &schedule(), [5; 32]);
	assert_eq!(findings.len(), targets.len());
	assert!(http.clock <= T0 + 5_200, "{}", http.clock);
	findings
}

#[test]
fn every_kind_of_answer_yields_its_finding() {
	for protocol in [Protocol::Ethereum, Protocol::Substrate] {
		let mut http = world();
		honest(&mut http, "http://ahead", HEAD + 50);
		honest(&mut http, "http://late", HEAD - 5);
		honest(&mut http, "http://far", HEAD - 50);
		honest(&mut http, "http://lost", HEAD - 500);
		http.serve("http://fork", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
		http.serve("http://single", |ask, _| json(node(ask, HEAD, hash, false)));
		http.serve("http://singlefork", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), false)));
		http.serve("http://singlelate", |ask, _| json(node(ask, HEAD - 50, hash, false)));
		http.serve("http://refuses", |ask, _| match ask.post.as_ref().unwrap().starts_with(b"[") {
			true => Response::status(5, 400, "no batches"),
			false => json(node(ask, HEAD, hash, true)),
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
				.filter(|(_, ask)| ask.url.starts_with(once))
				.map(|(at, _)| at)
				.collect();
			assert!(times.iter().all(|at| *at == times[0]), "{once} is not asked more: {times:?}");
		}
	}
}

#[test]
fn questions_asked_singly_take_as_long_as_the_slowest() {
	let slow = LatencyBucket::from_millis(200);
	for head_is_slow in [false, true] {
		let mut http = world();
		http.serve("http://single", move |ask, _| {
			let is_head = calls(ask)[0]["params"].as_array().unwrap().is_empty();
			let micros = if is_head == head_is_slow { "200000" } else { "30000" };
			Response::ok(30, node(ask, HEAD, hash, false)).header(ELAPSED_HEADER, micros)
		});
		assert_eq!(run(&mut http, &[rpc(1, "http://single", 0)], &[own()]), [Finding::Up(slow)]);
	}
}

#[test]
fn own_state_needs_no_anchors() {
	let mut http = world();
	honest(&mut http, "http://late", HEAD - 5);
	http.serve("http://fork", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://late", 3), rpc(3, "http://fork", 20)];
	let networks = [NetworkRef { anchors: vec![b"http://anchor1".to_vec()], ..own() }];
	assert_eq!(run(&mut http, &targets, &networks), [up(), stale(), bad()]);
	assert_eq!(http.asked("http://anchor"), 0);
}

#[test]
fn a_young_chain_is_compared_at_its_genesis() {
	let mut http = nobody();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		honest(&mut http, url, 2);
	}
	http.serve("http://fork", |ask, _| json(node(ask, 2, |n| hash(n + 1), true)));
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://fork", 0), rpc(3, "http://good", 100)];
	let networks = [network(Protocol::Ethereum, &ANCHORS)];
	assert_eq!(run(&mut http, &targets, &networks), [up(), bad(), up()]);

	let young = OwnHead::new(2, |number| (number == 0).then(|| hash(0)));
	assert_eq!(young.references, [(0, hash(0))]);
}

#[test]
fn without_agreeing_anchors_form_is_judged_and_the_hash_is_not() {
	let targets = || {
		let hosts = ["good", "fork", "error", "html", "empty", "dead", "broken"];
		(0u32..)
			.zip(hosts)
			.map(|(id, host)| rpc(id, &format!("http://{host}"), 0))
			.collect::<Vec<_>>()
	};
	let world = || {
		let mut http = world();
		http.serve("http://fork", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
		http.serve("http://anchor3", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
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
		assert_eq!(run(&mut world(), &targets(), &networks), want, "{anchors:?}");
	}
}

#[test]
fn one_bad_anchor_moves_nothing() {
	let behaviours: [fn(&crate::http::Ask) -> Response; 6] = [
		|ask| json(node(ask, HEAD, |n| hash(n + 1), true)),
		|ask| json(node(ask, HEAD + 1_000_000, hash, true)),
		|ask| json(node(ask, 3, hash, true)),
		|_| json("{".repeat(200_000)),
		|_| Response::never(),
		|_| Response::trickle(5),
	];
	for (k, behaviour) in behaviours.into_iter().enumerate() {
		let mut http = world();
		http.serve("http://liar", move |ask, _| behaviour(ask));
		honest(&mut http, "http://late", HEAD - 5);
		let anchors = ["http://liar", ANCHORS[0], ANCHORS[1]];
		let targets =
			[rpc(1, "http://good", 0), rpc(2, "http://late", 3), rpc(3, "http://good", 99)];
		let networks = [network(Protocol::Substrate, &anchors)];
		assert_eq!(run(&mut http, &targets, &networks), [up(), stale(), up()], "{k}");
	}
}

#[test]
fn http_kinds_are_judged_by_what_they_show() {
	let mut http = world();
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
		(Target { endpoint: vec![0xff], ..page(11, "") }, Finding::Down),
	];
	let (targets, want): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
	assert_eq!(run(&mut http, &targets, &[]), want);
}

#[test]
fn the_skipped_are_not_asked() {
	let mut http = world();
	let targets = [
		Target { skip: Some(Finding::Skipped), ..page(1, "http://good") },
		Target { skip: Some(Finding::Abstained), ..page(2, "http://good") },
	];
	assert_eq!(
		run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS)]),
		[Finding::Skipped, Finding::Abstained]
	);
	assert!(http.sent.is_empty());
	assert_eq!(run(&mut http, &[], &[]), []);
}

#[test]
fn a_network_that_nobody_knows_is_not_asked() {
	let mut http = world();
	assert_eq!(run(&mut http, &[rpc(1, "http://good", 0)], &[]), [Finding::Abstained]);
	assert!(http.sent.is_empty());
}

#[test]
fn services_on_one_endpoint_are_each_asked() {
	let mut http = world();
	let targets: Vec<_> = (0..5).map(|id| rpc(id, "http://good", 0)).collect();
	assert_eq!(run(&mut http, &targets, &[own()]), [up(); 5]);
	assert!(http.asked("http://good") >= 5);
}

/// Proof that service `id` at `http://host/x` owes, and the file that is one.
fn proof(id: u32, host: &str) -> (Proof, String) {
	let expected = control_hash(&[3; 32], b"operator", id, format!("http://{host}/x").as_bytes());
	(Proof { expected, pending: false }, format!("0x{}\n", hex(&expected)))
}

#[test]
fn control_of_the_host_is_proven_by_a_hash_at_the_host() {
	let mut http = world();
	let page_of = |http: &mut Fake, host: &str, proof: Response| {
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
		.map(|(id, (host, _))| Target {
			proof: Some(proof(id, host).0),
			..page(id, &format!("http://{host}/x"))
		})
		.collect();
	let findings = run(&mut http, &targets, &[]);
	for ((host, want), found) in rows.into_iter().zip(findings) {
		assert_eq!(found, want, "{host}");
	}
	assert_eq!(http.asked("http://dead/.well-known"), 0);
	let order: Vec<_> =
		http.sent.iter().map(|(_, ask)| &ask.url).filter(|u| u.contains("//right")).collect();
	assert_eq!(order, ["http://right/x", "http://right/.well-known/surety/1"], "the service first");
}

#[test]
fn what_was_never_proven_is_not_asked_before_it_is() {
	let mut http = world();
	let host = |http: &mut Fake,
	            host: &str,
	            service: fn(&crate::http::Ask) -> Response,
	            proof: Response| {
		http.serve(&format!("http://{host}/x"), move |ask, _| service(ask));
		let proof = proof.header(ELAPSED_HEADER, "900000");
		http.serve(&format!("http://{host}/.well-known/surety/"), move |_, _| proof.clone());
	};
	let good = |ask: &crate::http::Ask| json(node(ask, HEAD, hash, true));
	let single = |ask: &crate::http::Ask| json(node(ask, HEAD, hash, false));
	let fork = |ask: &crate::http::Ask| json(node(ask, HEAD, |n| hash(n + 1), true));
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
	// What is found, how often the service is asked at least, and how often the proof.
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
		.map(|(id, (host, ..))| Target {
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
	let order: Vec<_> =
		http.sent.iter().map(|(_, ask)| &ask.url).filter(|u| u.contains("//right")).collect();
	assert_eq!(order[0], "http://right/.well-known/surety/1", "the proof first");
	assert!(order[1..].iter().all(|url| *url == "http://right/x"));
}

#[test]
fn an_unproven_page_is_up_only_with_both() {
	for (served, shown, want) in [
		(true, Response::ok(30, "hello"), up()),
		(true, Response::status(3, 500, ""), Finding::Down),
		(false, Response::ok(30, "hello"), Finding::NoProof),
	] {
		let (owed, file) = proof(1, "page");
		let mut http = nobody();
		http.serve("http://page/x", move |_, _| shown.clone().header(ELAPSED_HEADER, "30000"));
		http.serve("http://page/.well-known/surety/1", move |_, _| {
			json(if served { file.clone() } else { String::new() })
		});
		let target =
			Target { proof: Some(Proof { pending: true, ..owed }), ..page(1, "http://page/x") };
		assert_eq!(run(&mut http, &[target], &[]), [want]);
		assert_eq!(http.asked("http://page/x"), usize::from(served));
	}
}

#[test]
fn control_does_not_make_a_wrong_service_right() {
	let (owed, file) = proof(1, "fork");
	let mut http = world();
	http.serve("http://fork/x", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
	http.serve("http://fork/.well-known", move |_, _| Response::ok(3, file.clone()));
	let target = Target { proof: Some(owed), ..rpc(1, "http://fork/x", 0) };
	assert_eq!(run(&mut http, &[target], &[own()]), [bad()]);
}

#[test]
fn a_hundred_dead_and_trickling_endpoints_harm_nobody() {
	for concurrency in [16, 64, 256] {
		let mut http = world();
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
fn who_comes_too_late_judges_nobody() {
	let mut http = world();
	http.clock = T0 + 6_000;
	let targets = [rpc(1, "http://good", 0), rpc(2, "http://dead", 0)];
	let networks = [network(Protocol::Ethereum, &ANCHORS)];
	let findings = probe(&mut http, &targets, &networks, &schedule(), [1; 32]);
	assert_eq!(findings, [Finding::Abstained; 2]);
	assert!(http.sent.is_empty());
}

#[test]
fn the_hosts_interface_is_used_as_it_is_meant() {
	use sp_core::offchain::{OffchainWorkerExt, testing};
	// What it sends is known from the made-up network: draws depend on the seed alone.
	let targets = [rpc(1, "http://a/rpc", 0)];
	let schedule = Schedule { spread_ms: 0, ..schedule() };
	let mut http = nobody();
	honest(&mut http, "http://a/rpc", HEAD);
	assert_eq!(probe(&mut http, &targets, &[own()], &schedule, [1; 32]), [up()]);
	let asked = http.sent;
	let (offchain, state) = testing::TestOffchainExt::new();
	let mut ext = sp_io::TestExternalities::default();
	ext.register_extension(OffchainWorkerExt::new(offchain));
	{
		let mut state = state.write();
		state.timestamp = Timestamp::from_unix_millis(T0 + 1_000);
		for (at, ask) in &asked {
			assert!(*at >= T0 + 1_000);
			state.expect_request(testing::PendingRequest {
				method: "POST".into(),
				uri: "http://a/rpc".into(),
				headers: ask
					.headers
					.iter()
					.map(|(name, value)| (name.to_string(), value.to_string()))
					.collect(),
				body: ask.post.clone().unwrap(),
				sent: true,
				response: Some(node(ask, HEAD, hash, true).into_bytes()),
				response_headers: vec![(ELAPSED_HEADER.into(), "30000".into())],
				..Default::default()
			});
		}
	}
	ext.execute_with(|| {
		assert_eq!(crate::probe_round(&targets, &[own()], &schedule, [1; 32]), [up()]);
	});
}
