// SPDX-License-Identifier: Apache-2.0

//! Characteristics that could distinguish a probe from a tenant, over many draws.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Visit as seen by the service.
struct Seen {
	at: u64,
	requests: Vec<Request>,
}

/// Visits of 1,000 probers to one service.
fn visits() -> Vec<Seen> {
	let seen = |seed: u32| {
		let mut http = honest_network();
		let random = sp_io::hashing::blake2_256(&seed.to_le_bytes());
		let networks = [network(Protocol::Ethereum, &ANCHORS)];
		assert_eq!(
			probe(&mut http, &[rpc(1, "http://good", 0)], &networks, &whole_round(), random),
			[up()]
		);
		let sent: Vec<_> =
			http.sent.into_iter().filter(|(_, request)| request.url.contains("good")).collect();
		Seen { at: sent[0].0, requests: sent.into_iter().map(|(_, request)| request).collect() }
	};
	(0..1_000).map(seen).collect()
}

/// Count the items of each kind.
fn count<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
	items.fold(BTreeMap::new(), |mut counts, item| {
		*counts.entry(item).or_default() += 1;
		counts
	})
}

#[test]
fn no_characteristic_is_common_to_all_visits() {
	let visits = visits();
	// Starts cover every tenth of the spread.
	let tenths = count(visits.iter().map(|visit| (visit.at - T0) * 10 / 48_001));
	assert_eq!(tenths.keys().copied().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
	assert!(tenths.values().all(|visits| (60..=150).contains(visits)), "{tenths:?}");
	assert!(count(visits.iter().map(|visit| visit.at)).len() > 950);
	// Batches and separate requests.
	let batches = visits.iter().filter(|visit| visit.requests.len() == 1).count();
	assert!((400..=600).contains(&batches), "{batches}");
	// Ids: many are small, none is in most visits, and they ascend.
	let ids = |visit: &Seen| -> Vec<u64> {
		visit.requests.iter().flat_map(calls).map(|call| call["id"].as_u64().unwrap()).collect()
	};
	assert!(visits.iter().all(|visit| ids(visit).is_sorted()));
	let first = count(visits.iter().map(|visit| ids(visit)[0]));
	assert!(first.len() > 200 && first.values().all(|visits| *visits < 250), "{first:?}");
	// Order of the requests.
	let place = |visit: &Seen| {
		visit
			.requests
			.iter()
			.flat_map(calls)
			.position(|call| call["method"] == "eth_blockNumber")
			.unwrap()
	};
	let places = count(visits.iter().map(place));
	assert!(places.len() == 3 && places.values().all(|visits| *visits > 250), "{places:?}");
	// Headers: one client per visit, several over all visits, and a content type with every POST.
	let clients = count(visits.iter().map(|visit| {
		assert!(visit.requests.iter().all(|request| request.headers == visit.requests[0].headers));
		visit.requests[0].headers
	}));
	assert!(clients.len() > 5 && clients.values().all(|visits| *visits > 60), "{clients:?}");
	for headers in clients.keys() {
		let names: BTreeSet<_> = headers.iter().map(|(name, _)| name).collect();
		assert_eq!(names.len(), headers.len());
		assert!(headers.contains(&("content-type", "application/json")));
	}
	// Bodies: the members come in several orders.
	let forms = count(visits.iter().map(|visit| {
		let body = String::from_utf8(visit.requests[0].post.clone().unwrap()).unwrap();
		body.trim_start_matches(['[', '{']).split(':').next().unwrap().to_string()
	}));
	assert_eq!(forms.len(), 3, "{forms:?}");
	// Depths of the blocks.
	let depths = visits.iter().flat_map(|visit| visit.requests.iter().flat_map(calls));
	let depths = count(depths.filter_map(|call| {
		(call["method"] == "eth_getBlockByNumber")
			.then(|| call["params"][0].as_str().unwrap().to_string())
	}));
	assert!(depths.len() > 50 && depths.values().all(|visits| *visits < 40), "{depths:?}");
}

#[test]
fn probers_differ_in_order_and_times() {
	let order = |seed| {
		let mut http = honest_network();
		let targets: Vec<_> = (0..40).map(|id| page(id, &format!("http://page-{id}"))).collect();
		probe(&mut http, &targets, &[], &whole_round(), [seed; 32]);
		http.sent.into_iter().map(|(at, request)| (at, request.url)).collect::<Vec<_>>()
	};
	let (one, other) = (order(1), order(2));
	assert_ne!(
		one.iter().map(|(_, url)| url).collect::<Vec<_>>(),
		other.iter().map(|(_, url)| url).collect::<Vec<_>>()
	);
	assert_ne!(
		one.iter().map(|(at, _)| at).collect::<Vec<_>>(),
		other.iter().map(|(at, _)| at).collect::<Vec<_>>()
	);
	// The gaps between starts are no rhythm: from a fraction of their mean to almost twice it.
	let gaps: Vec<u64> = one.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
	assert!(gaps.iter().any(|gap| *gap < 300) && gaps.iter().any(|gap| *gap > 1_800), "{gaps:?}");
}

#[test]
fn serving_only_a_part_of_the_round_is_detected() {
	let found = |serves: fn(u64) -> bool| {
		let mut http = honest_network();
		http.serve("http://part", move |request, at| match serves(at - T0) {
			true => json(node(request, HEAD, hash, true)),
			false => Response::status(3, 503, ""),
		});
		let targets: Vec<_> = (0..300).map(|id| rpc(id, "http://part", 0)).collect();
		let networks = [network(Protocol::Ethereum, &ANCHORS)];
		let findings = probe(&mut http, &targets, &networks, &whole_round(), [4; 32]);
		findings.iter().filter(|finding| **finding == Finding::Down).count() * 100 / 300
	};
	assert_eq!(found(|_| true), 0);
	// The first third of a minute, and the rest.
	assert!((48..=68).contains(&found(|at| at < 20_000)));
	assert!((32..=52).contains(&found(|at| at >= 20_000)));
	// All but the first or the last tenth of the time in which visits start.
	assert!((5..=16).contains(&found(|at| at >= 4_800)));
	assert!((5..=16).contains(&found(|at| at < 43_200)));
}
