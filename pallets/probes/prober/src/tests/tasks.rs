// SPDX-License-Identifier: Apache-2.0

//! Services that can do only a part of what they sell.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Findings of one service over many rounds, counted by kind.
fn rounds(
	count: u8,
	protocol: Protocol,
	anchor: &Node,
	service: impl Fn(u8) -> network::Server,
) -> BTreeMap<String, u32> {
	let mut found = BTreeMap::new();
	for seed in 0..count {
		let mut http = empty_network();
		for url in ANCHORS {
			let anchor = anchor.clone();
			http.serve(url, move |request, _| json(anchor.answer(request)));
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

fn of(service: Node) -> impl Fn(u8) -> network::Server {
	move |_| {
		let service = service.clone();
		Box::new(move |request, _| json(service.answer(request)))
	}
}

fn all(name: &str, count: u32) -> BTreeMap<String, u32> {
	BTreeMap::from([(name.to_string(), count)])
}

#[test]
fn an_honest_node_is_up_for_every_task() {
	for protocol in PROTOCOLS {
		assert_eq!(rounds(100, protocol, &Node::default(), of(Node::default())), all("up", 100));
		let ahead = Node { head: HEAD + 300, ..Node::default() };
		assert_eq!(rounds(100, protocol, &Node::default(), of(ahead)), all("up", 100));
		let separately = Node { batches: false, ..Node::default() };
		assert_eq!(rounds(100, protocol, &Node::default(), of(separately)), all("up", 100));
	}
}

/// The server keeps the head and one block, eight below the head, and invents the others.
#[test]
fn a_single_cached_block_does_not_pass() {
	for protocol in PROTOCOLS {
		let hash_of = |number| if number == HEAD - 8 { hash(number) } else { [9; 32] };
		let cached = Node { hash_of, ..Node::default() };
		let found = rounds(200, protocol, &Node::default(), of(cached));
		// One of 56 depths is the cached one.
		assert!(found["bad"] >= 190, "{protocol:?}: {found:?}");
	}
}

/// The server answers batches of head and block with the ids 1 and 2, as probes once were, and
/// nothing else.
#[test]
fn serving_only_what_once_was_a_probe_fails() {
	for protocol in PROTOCOLS {
		let picky = |_| -> network::Server {
			Box::new(|request, _| {
				let calls = calls(request);
				let old = calls.len() == 2 && calls[0]["id"] == 1 && calls[1]["id"] == 2;
				if old { json(node(request, HEAD, hash, true)) } else { json("busy".into()) }
			})
		};
		let found = rounds(100, protocol, &Node::default(), picky);
		assert!(found["bad"] >= 99, "{found:?}");
	}
}

#[test]
fn a_missing_method_is_bad_in_its_share_of_visits() {
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
fn tasks_that_the_anchors_do_not_serve_are_not_used() {
	for (protocol, methods) in [
		(Protocol::Ethereum, &["eth_getLogs"][..]),
		(Protocol::Ethereum, &["eth_getLogs", "eth_getTransactionReceipt", "eth_getBalance"]),
		(Protocol::Ethereum, &["eth_getTransactionByBlockNumberAndIndex"]),
		(Protocol::Substrate, &["state_getStorage"]),
	] {
		let methods: &'static [&'static str] = Box::leak(methods.to_vec().into_boxed_slice());
		let limited = Node { refused: methods, ..Node::default() };
		// The service lacks the same methods as the anchors.
		assert_eq!(
			rounds(60, protocol, &limited, of(limited.clone())),
			all("up", 60),
			"{methods:?}"
		);
	}
	// The block by its number is always left.
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
			let mut http = honest_network();
			let networks = [network(protocol, &ANCHORS)];
			probe(&mut http, &[rpc(1, "http://good", 0)], &networks, &schedule(), [seed; 32]);
			for (_, request) in http.sent.iter().filter(|(_, request)| request.url.contains("good"))
			{
				for call in calls(request) {
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
fn state_of_a_fast_chain_is_not_requested() {
	let mut http = empty_network();
	for url in ["http://anchor1", "http://anchor2", "http://good"] {
		// All blocks are of this second.
		http.serve(url, |request, _| {
			let now = format!("\"timestamp\":\"{:#x}\"", T0 / 1_000);
			let answer = node(request, HEAD, hash, true);
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
		.flat_map(|(_, request)| calls(request))
		.filter(|call| call["method"] == "eth_getBalance");
	assert_eq!(asked.count(), 0);
}

#[test]
fn one_dead_anchor_of_three_delays_visits_only_briefly() {
	let mut http = honest_network();
	http.serve("http://dead", |_, _| Response::never());
	let networks = [network(Protocol::Ethereum, &["http://dead", ANCHORS[0], ANCHORS[1]])];
	let targets: Vec<_> = (0..200).map(|id| rpc(id, "http://good", 0)).collect();
	assert_eq!(run(&mut http, &targets, &networks), [up(); 200]);
	let first = http.sent.iter().find(|(_, request)| request.url.contains("good")).unwrap().0;
	// A third of the anchors' time at most.
	assert!(first < T0 + 1_000 + 250, "{}", first - T0);
}
