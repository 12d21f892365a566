//! Services that can do a part of what they sell.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is found of one service in many rounds of as many probers, by finding.
fn rounds(
	count: u8,
	protocol: Protocol,
	anchor: &Node,
	service: impl Fn(u8) -> crate::fake::Server,
) -> BTreeMap<String, u32> {
	let mut found = BTreeMap::new();
	for seed in 0..count {
		let mut http = nobody();
		for url in ANCHORS {
			let anchor = anchor.clone();
			http.serve(url, move |ask, _| json(anchor.answer(ask)));
		}
		http.servers.insert("http://service".into(), service(seed));
		let targets = [rpc(1, "http://service", 0)];
		let finding =
			probe(&mut http, &targets, &[network(protocol, &ANCHORS)], &schedule(), [seed; 32])[0];
		let name = match finding {
			Finding::Up(_) => "up",
			Finding::Bad(_) => "bad",
			_ => "other",
		};
		*found.entry(name.to_string()).or_default() += 1;
	}
	found
}

fn of(service: Node) -> impl Fn(u8) -> crate::fake::Server {
	move |_| {
		let service = service.clone();
		Box::new(move |ask, _| json(service.answer(ask)))
	}
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Ethereum, Protocol::Substrate];

fn all(name: &str, count: u32) -> BTreeMap<String, u32> {
	BTreeMap::from([(name.to_string(), count)])
}

#[test]
fn an_honest_node_is_up_whatever_it_is_asked() {
	for protocol in PROTOCOLS {
		assert_eq!(rounds(100, protocol, &Node::default(), of(Node::default())), all("up", 100));
		let ahead = Node { head: HEAD + 300, ..Node::default() };
		assert_eq!(rounds(100, protocol, &Node::default(), of(ahead)), all("up", 100));
		let singly = Node { batches: false, ..Node::default() };
		assert_eq!(rounds(100, protocol, &Node::default(), of(singly)), all("up", 100));
	}
}

/// It keeps the block that was always asked for, eight behind the head, and the head, and makes up the others.
#[test]
fn one_cached_block_does_not_pass() {
	for protocol in PROTOCOLS {
		let hash_of = |number| if number == HEAD - 8 { hash(number) } else { [9; 32] };
		let cached = Node { hash_of, ..Node::default() };
		let found = rounds(200, protocol, &Node::default(), of(cached));
		// One of the 56 depths is the one it has.
		assert!(found["bad"] >= 190, "{protocol:?}: {found:?}");
	}
}

/// It serves what a probe once was, a batch of head and block with the ids 1 and 2, and has junk for tenants.
#[test]
fn who_serves_only_what_looked_like_a_probe_fails() {
	for protocol in PROTOCOLS {
		let picky = |_| -> crate::fake::Server {
			Box::new(|ask, _| {
				let calls = calls(ask);
				let old = calls.len() == 2 && calls[0]["id"] == 1 && calls[1]["id"] == 2;
				if old { json(node(ask, HEAD, hash, true)) } else { json("busy".into()) }
			})
		};
		let found = rounds(100, protocol, &Node::default(), picky);
		assert!(found["bad"] >= 99, "{found:?}");
	}
}

#[test]
fn what_the_anchors_serve_and_the_service_does_not_is_bad_in_its_share_of_visits() {
	for (protocol, method, share) in [
		(Protocol::Ethereum, "eth_getLogs", 33),
		(Protocol::Ethereum, "eth_getTransactionReceipt", 33),
		(Protocol::Ethereum, "eth_getBalance", 33),
		(Protocol::Ethereum, "eth_getBlockByHash", 50),
		(Protocol::Ethereum, "eth_getBlockByNumber", 50),
		(Protocol::Substrate, "state_getStorage", 100),
		(Protocol::Substrate, "chain_getBlockHash", 50),
	] {
		for service in [
			Node { refused: Box::leak(Box::new([method])), ..Node::default() },
			Node { invented: Box::leak(Box::new([method])), ..Node::default() },
		] {
			let found = rounds(200, protocol, &Node::default(), of(service));
			let bad = found["bad"] / 2;
			assert!(bad.abs_diff(share) <= 12, "{method}: {found:?}");
		}
	}
}

#[test]
fn what_the_anchors_do_not_serve_is_not_asked() {
	for (protocol, methods) in [
		(Protocol::Ethereum, &["eth_getLogs"][..]),
		(Protocol::Ethereum, &["eth_getLogs", "eth_getTransactionReceipt", "eth_getBalance"]),
		(Protocol::Ethereum, &["eth_getTransactionByBlockNumberAndIndex"]),
		(Protocol::Substrate, &["state_getStorage"]),
	] {
		let methods: &'static [&'static str] = Box::leak(methods.to_vec().into_boxed_slice());
		let limited = Node { refused: methods, ..Node::default() };
		// The same of anchors as of the service, and of anchors that make it up.
		assert_eq!(
			rounds(60, protocol, &limited, of(limited.clone())),
			all("up", 60),
			"{methods:?}"
		);
	}
	// Not even the head of a header: the block by its number is left.
	let limited = Node {
		refused: &["eth_getLogs", "eth_getTransactionReceipt", "eth_getBalance"],
		..Node::default()
	};
	let broken = Node { hash_of: |number| hash(number + 1), ..limited.clone() };
	assert_eq!(rounds(60, Protocol::Ethereum, &limited, of(broken)), all("bad", 60));
}

#[test]
fn all_tasks_and_depths_are_drawn() {
	for (protocol, methods) in [
		(
			Protocol::Ethereum,
			&[
				"eth_blockNumber",
				"eth_getBlockByNumber",
				"eth_getBlockByHash",
				"eth_getBalance",
				"eth_getTransactionReceipt",
				"eth_getLogs",
			][..],
		),
		(Protocol::Substrate, &["chain_getHeader", "chain_getBlockHash", "state_getStorage"]),
	] {
		let (mut asked, mut numbers) = (BTreeSet::new(), BTreeSet::new());
		for seed in 0..200 {
			let mut http = world();
			let networks = [network(protocol, &ANCHORS)];
			probe(&mut http, &[rpc(1, "http://good", 0)], &networks, &schedule(), [seed; 32]);
			for (_, ask) in http.sent.iter().filter(|(_, ask)| ask.url.contains("good")) {
				for call in calls(ask) {
					let method = call["method"].as_str().unwrap().to_string();
					match method.as_str() {
						"eth_getBlockByNumber" | "chain_getBlockHash" => {
							numbers.insert(call["params"][0].to_string());
						},
						_ => (),
					}
					asked.insert(method);
				}
			}
		}
		assert_eq!(asked, methods.iter().map(|method| method.to_string()).collect());
		assert!(numbers.len() > 40, "{} of 56 depths", numbers.len());
	}
}

#[test]
fn state_of_a_fast_chain_is_not_asked_for() {
	let mut http = nobody();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		// All its blocks are of this second.
		http.serve(url, |ask, _| {
			let now = format!("\"timestamp\":\"{:#x}\"", T0 / 1_000);
			let answer = node(ask, HEAD, hash, true);
			let (head, tail) = answer.split_once("\"timestamp\":\"").unwrap_or((&answer, ""));
			json(match tail.split_once('"') {
				Some((_, tail)) => format!("{head}{now}{tail}"),
				None => answer,
			})
		});
	}
	for seed in 0..60 {
		let networks = [network(Protocol::Ethereum, &ANCHORS)];
		probe(&mut http, &[rpc(1, "http://good", 0)], &networks, &whole_round(), [seed; 32]);
		http.clock = T0;
	}
	let asked = http
		.sent
		.iter()
		.flat_map(|(_, ask)| calls(ask))
		.filter(|call| call["method"] == "eth_getBalance");
	assert_eq!(asked.count(), 0);
}

#[test]
fn one_dead_anchor_of_three_delays_nobody_for_long() {
	let mut http = world();
	http.serve("http://dead", |_, _| Response::never());
	let networks = [network(Protocol::Ethereum, &["http://dead", ANCHORS[0], ANCHORS[1]])];
	let targets: Vec<_> = (0..200).map(|id| rpc(id, "http://good", 0)).collect();
	assert_eq!(run(&mut http, &targets, &networks), [up(); 200]);
	let first = http.sent.iter().find(|(_, ask)| ask.url.contains("good")).unwrap().0;
	// A third of the sixth of a fifth, and the questions' own time.
	assert!(first < T0 + 1_000 + 250, "{}", first - T0);
}
