// SPDX-License-Identifier: Apache-2.0

//! Passes the probing settings of the command line to the off-chain worker through the local
//! storage.

use crate::cli::{Anchor, ProbingParams};
use codec::{Decode, Encode};
use hyper::Uri;
use pallet_surety_probes::{ANCHORS_KEY, DENY_KEY, probing_key};
use sp_core::{
	offchain::{OffchainStorage, STORAGE_PREFIX},
	sr25519,
};
use std::{
	collections::{BTreeMap, BTreeSet, HashSet},
	net::IpAddr,
};
use surety_primitives::endpoint;

/// Networks with anchors in the local storage, so that entries of the previous run can be cleared.
const NETWORKS: &[u8] = b"surety/anchor-networks";

/// Private anchors of this node, and the hosts that are denied to services because of them.
///
/// An operator may run an anchor beside the node, but a stranger who guesses its URL must not get
/// it probed as a service. On a chain without private endpoints exactly these URLs pass the address
/// filter, and their hosts are denied to services.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct PrivateAnchors {
	/// URLs that pass the address filter.
	pub trusted: HashSet<Uri>,
	/// Their hosts.
	pub denied: BTreeSet<String>,
}

impl PrivateAnchors {
	/// The `anchors` whose URL itself names a private address. A name that merely resolves to one
	/// is not trusted.
	pub fn of(anchors: &[Anchor]) -> Self {
		let private = anchors.iter().filter(|anchor| {
			let host = anchor.host();
			let reason = host.parse::<IpAddr>().ok().and_then(endpoint::forbidden);
			host == "localhost" || reason.is_some_and(|reason| reason.is_private())
		});
		let (trusted, denied) = private.map(|anchor| (anchor.uri.clone(), anchor.host())).unzip();
		Self { trusted, denied }
	}
}

/// Write anchors and denied hosts to the local storage, replacing those of the previous run.
pub fn store(storage: &mut impl OffchainStorage, params: &ProbingParams, private: &PrivateAnchors) {
	let mut anchors: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
	for anchor in &params.anchors {
		let urls = anchors.entry(&anchor.network).or_default();
		if !urls.contains(&anchor.url.as_bytes()) {
			urls.push(anchor.url.as_bytes());
		}
	}
	let key = |network: &[u8]| [ANCHORS_KEY, network].concat();
	let before: Vec<Vec<u8>> = storage
		.get(STORAGE_PREFIX, NETWORKS)
		.and_then(|stored| Decode::decode(&mut stored.as_slice()).ok())
		.unwrap_or_default();
	// The list is written first: a crash in between leaves nothing that the next run does not
	// clear.
	let networks: BTreeSet<&[u8]> = before
		.iter()
		.map(Vec::as_slice)
		.chain(anchors.keys().map(|network| network.as_bytes()))
		.collect();
	storage.set(STORAGE_PREFIX, NETWORKS, &networks.encode());
	for network in networks {
		let urls = std::str::from_utf8(network).ok().and_then(|network| anchors.get(network));
		match urls {
			Some(urls) => storage.set(STORAGE_PREFIX, &key(network), &urls.encode()),
			None => storage.remove(STORAGE_PREFIX, &key(network)),
		}
	}
	let denied: BTreeSet<&str> = params
		.probe_deny
		.iter()
		.map(|host| host.0.as_str())
		.chain(private.denied.iter().map(String::as_str))
		.collect();
	storage.set(STORAGE_PREFIX, DENY_KEY, &denied.encode());
}

/// Forget the rounds that these probers began to probe: a run that ended meanwhile left no report of
/// them.
pub fn forget_begun(storage: &mut impl OffchainStorage, keys: Vec<sr25519::Public>) {
	for key in keys {
		storage.remove(STORAGE_PREFIX, &probing_key(&key.into()));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::offchain::storage::InMemOffchainStorage;

	fn params(anchors: &[&str], deny: &[&str]) -> ProbingParams {
		ProbingParams {
			anchors: anchors.iter().map(|anchor| anchor.parse().unwrap()).collect(),
			probe_deny: deny.iter().map(|host| host.parse().unwrap()).collect(),
			..ProbingParams::default()
		}
	}

	fn list(storage: &InMemOffchainStorage, key: &str) -> Option<Vec<String>> {
		let stored = storage.get(STORAGE_PREFIX, key.as_bytes())?;
		let bytes = Vec::<Vec<u8>>::decode(&mut stored.as_slice()).unwrap();
		Some(bytes.into_iter().map(|url| String::from_utf8(url).unwrap()).collect())
	}

	#[test]
	fn settings_replace_those_of_the_last_run() {
		let mut storage = InMemOffchainStorage::default();
		let first = params(
			&["a=http://1.1.1.1/", "b=http://b/", "a=http://2.2.2.2/", "a=http://1.1.1.1/"],
			&["x.example"],
		);
		store(&mut storage, &first, &PrivateAnchors::default());
		assert_eq!(
			list(&storage, "surety/anchors/a").unwrap(),
			["http://1.1.1.1/", "http://2.2.2.2/"]
		);
		assert_eq!(list(&storage, "surety/anchors/b").unwrap(), ["http://b/"]);
		assert_eq!(list(&storage, "surety/deny").unwrap(), ["x.example"]);

		store(&mut storage, &params(&["c=http://c/"], &[]), &PrivateAnchors::default());
		assert_eq!(list(&storage, "surety/anchors/a"), None);
		assert_eq!(list(&storage, "surety/anchors/b"), None);
		assert_eq!(list(&storage, "surety/anchors/c").unwrap(), ["http://c/"]);
		assert!(list(&storage, "surety/deny").unwrap().is_empty());
	}

	#[test]
	fn rounds_begun_by_the_last_run_are_forgotten() {
		let mut storage = InMemOffchainStorage::default();
		let [own, other] = [1, 2].map(|n| sr25519::Public::from_raw([n; 32]));
		for key in [own, other] {
			storage.set(STORAGE_PREFIX, &probing_key(&key.into()), &7u32.encode());
		}
		forget_begun(&mut storage, vec![own]);
		let begun = |key: sr25519::Public| storage.get(STORAGE_PREFIX, &probing_key(&key.into()));
		assert_eq!(begun(own), None);
		assert_eq!(begun(other), Some(7u32.encode()));
	}

	#[test]
	fn private_anchors_are_trusted_and_denied_to_services() {
		let params = params(
			&[
				"a=http://127.0.0.1:8545",
				"a=http://10.1.2.3:80/x",
				"b=http://LOCALHOST/",
				"b=https://rpc.example/",
			],
			&["x.example"],
		);
		let private = PrivateAnchors::of(&params.anchors);
		assert_eq!(private.trusted.len(), 3);
		assert!(private.trusted.contains(&"http://127.0.0.1:8545/".parse::<Uri>().unwrap()));
		let mut storage = InMemOffchainStorage::default();
		store(&mut storage, &params, &private);
		assert_eq!(
			list(&storage, "surety/deny").unwrap(),
			["10.1.2.3", "127.0.0.1", "localhost", "x.example"]
		);
	}

	#[test]
	fn metadata_servers_are_no_anchors() {
		let params = params(&["a=http://169.254.169.254/"], &[]);
		assert_eq!(PrivateAnchors::of(&params.anchors), PrivateAnchors::default());
	}
}
