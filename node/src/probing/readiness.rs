// SPDX-License-Identifier: Apache-2.0

//! Log messages for a validator that cannot probe, once per session.
//!
//! A validator that does not probe earns nothing and commits an offence. Without a key the
//! off-chain worker stays silent, so this module is what warns the operator in time.

use super::{LOG_TARGET, Metrics, Tunnels};
use crate::{
	cli::ProbingParams,
	client::{FullBackend, FullClient},
};
use codec::DecodeAll;
use futures::StreamExt;
use hyper::Uri;
use pallet_surety_probes::{Prober, ProberSet};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sp_api::ProvideRuntimeApi;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use std::{collections::BTreeSet, fmt, sync::Arc};
use surety_primitives::{ServiceClass, crypto::PROB};
use surety_runtime::{AccountId, Hash, Runtime, opaque::Block};
use surety_runtime_api::{NetworkInfo, ServiceFilter, SuretyApi};

/// Anchors that must agree before an answer is judged.
const MIN_ANCHORS: usize = 2;

/// Condition that keeps a validator from probing, or from judging the answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Obstacle {
	/// No `prob` key in the keystore.
	NoKey,
	/// None of the node's keys is in the session's set.
	NotInSet,
	/// The network has services, but fewer than two anchors are known.
	FewAnchors {
		/// Name of the network.
		network: String,
		/// Its anchors.
		anchors: usize,
	},
	/// There are VPNs, but no nonce can arrive, for this reason.
	NoNonces(String),
}

impl Obstacle {
	/// Metric labels of all obstacles.
	pub const LABELS: [&str; 4] = ["no_key", "not_in_set", "few_anchors", "no_nonces"];

	/// Metric label.
	pub fn label(&self) -> &'static str {
		match self {
			Self::NoKey => "no_key",
			Self::NotInSet => "not_in_set",
			Self::FewAnchors { .. } => "few_anchors",
			Self::NoNonces(_) => "no_nonces",
		}
	}
}

impl fmt::Display for Obstacle {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoKey => f.write_str(
				"This validator will not probe: its keystore has no `prob` key. Create session \
				 keys with author_rotateKeysWithOwner and announce them with session.setKeys",
			),
			Self::NotInSet => f.write_str(
				"This validator will not probe in this session: its `prob` key is not in the \
				 session's set. Either the validator is not elected, or session.setKeys named \
				 another key or was called less than two sessions ago",
			),
			Self::FewAnchors { network, anchors } => write!(
				f,
				"This validator will not compare answers of {network}: it knows {anchors} of the \
				 {MIN_ANCHORS} anchors that must agree. Add more with --anchor {network}=URL",
			),
			Self::NoNonces(reason) => {
				write!(f, "This validator will abstain on VPNs: {reason}")
			},
		}
	}
}

/// Network as listed on chain.
struct ListedNetwork {
	name: String,
	/// True for this chain's own network, which needs no anchors.
	own: bool,
	/// True if the network has services.
	served: bool,
	anchors: BTreeSet<String>,
}

/// Obstacles of a validator with these keys and own anchors. `fault` is that of its UDP port, if
/// there are VPNs.
fn obstacles(
	keys: &[sr25519::Public],
	set: &[sr25519::Public],
	networks: &[ListedNetwork],
	params: &ProbingParams,
	fault: Option<String>,
) -> Vec<Obstacle> {
	if keys.is_empty() {
		return vec![Obstacle::NoKey];
	}
	if !set.iter().any(|key| keys.contains(key)) {
		return vec![Obstacle::NotInSet];
	}
	networks
		.iter()
		.filter(|network| network.served && !network.own)
		.filter_map(|network| {
			let own = params.anchors.iter().filter(|anchor| anchor.network == network.name);
			let urls: BTreeSet<&str> = own
				.map(|anchor| anchor.url.as_str())
				.chain(network.anchors.iter().map(String::as_str))
				.collect();
			(urls.len() < MIN_ANCHORS).then(|| Obstacle::FewAnchors {
				network: network.name.clone(),
				anchors: urls.len(),
			})
		})
		.chain(fault.map(Obstacle::NoNonces))
		.collect()
}

/// Check on every new session, and whenever the keys change.
pub async fn watch(
	client: Arc<FullClient>,
	keystore: KeystorePtr,
	params: ProbingParams,
	tunnels: Option<Arc<Tunnels>>,
	metrics: Metrics,
) {
	let mut blocks = client.import_notification_stream();
	let mut seen = None;
	while let Some(block) = blocks.next().await {
		if !block.is_new_best {
			continue;
		}
		// The value is absent in the first session.
		let key = pallet_session::CurrentIndex::<Runtime>::hashed_key();
		let session: u32 = stored(&client, block.hash, key).unwrap_or_default();
		let state = (session, keystore.sr25519_public_keys(PROB));
		if seen.as_ref() == Some(&state) {
			continue;
		}
		let Some(networks) = networks(&client, block.hash) else { continue };
		let set: Vec<sr25519::Public> = stored::<Vec<Prober<AccountId>>>(
			&client,
			block.hash,
			ProberSet::<Runtime>::hashed_key().to_vec(),
		)
		.unwrap_or_default()
		.into_iter()
		.map(|prober| prober.key.into())
		.collect();
		let fault = port_fault(&client, block.hash, tunnels.as_deref());
		let obstacles = obstacles(&state.1, &set, &networks, &params, fault);
		metrics.set_obstacles(&obstacles);
		for network in &networks {
			let urls: Vec<Uri> =
				network.anchors.iter().filter_map(|url| url.parse().ok()).collect();
			metrics.track_anchors(urls.iter().map(|url| (network.name.as_str(), url)));
		}
		for obstacle in &obstacles {
			log::warn!(target: LOG_TARGET, "{obstacle} (session {session})");
		}
		if obstacles.is_empty() {
			log::info!(
				target: LOG_TARGET,
				"Probing in session {session}, as one of {} validators",
				set.len(),
			);
		}
		seen = Some(state);
	}
}

/// Fault of the UDP port for proofs, if there are VPNs.
fn port_fault(client: &FullClient, at: Hash, tunnels: Option<&Tunnels>) -> Option<String> {
	let vpns = ServiceFilter { class: Some(ServiceClass::Vpn), ..ServiceFilter::default() };
	if !is_listed(client, at, &vpns)? {
		return None;
	}
	match tunnels {
		None => Some("it has no UDP port. Give one with --probe-udp".into()),
		Some(tunnels) => tunnels.fault(client.runtime_api().private_endpoints(at).unwrap_or(false)),
	}
}

/// True if a service that passes the filter is listed. `None` if the runtime does not answer.
fn is_listed(client: &FullClient, at: Hash, filter: &ServiceFilter) -> Option<bool> {
	let mut start_after = None;
	loop {
		let page = client.runtime_api().services(at, filter.clone(), start_after, 1).ok()?;
		// A page looks at a bounded number of ids, and may be empty before the last.
		match (page.items.is_empty(), page.next) {
			(false, _) => return Some(true),
			(true, None) => return Some(false),
			(true, next) => start_after = next,
		}
	}
}

fn networks(client: &FullClient, at: Hash) -> Option<Vec<ListedNetwork>> {
	let api = client.runtime_api();
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let mut listed = Vec::new();
	for NetworkInfo { id, network } in api.networks(at).ok()? {
		let filter = ServiceFilter { network: Some(id), ..ServiceFilter::default() };
		listed.push(ListedNetwork {
			name: text(&network.name),
			own: network.own,
			served: is_listed(client, at, &filter)?,
			anchors: network.anchors.iter().map(|url| text(url)).collect(),
		});
	}
	Some(listed)
}

fn stored<T: DecodeAll>(client: &FullClient, at: Hash, key: impl Into<Vec<u8>>) -> Option<T> {
	let key = StorageKey(key.into());
	let data = StorageProvider::<Block, FullBackend>::storage(client, at, &key).ok()??;
	T::decode_all(&mut data.0.as_slice()).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn key(n: u8) -> sr25519::Public {
		sr25519::Public::from_raw([n; 32])
	}

	fn network(name: &str, anchors: &[&str]) -> ListedNetwork {
		let anchors = anchors.iter().map(ToString::to_string).collect();
		ListedNetwork { name: name.into(), own: false, served: true, anchors }
	}

	fn params(anchors: &[&str]) -> ProbingParams {
		let anchors = anchors.iter().map(|anchor| anchor.parse().unwrap()).collect();
		ProbingParams { anchors, ..ProbingParams::default() }
	}

	#[test]
	fn a_validator_with_key_and_anchors_has_no_obstacle() {
		let networks =
			[network("a", &["https://one/", "https://two/"]), network("b", &["https://three/"])];
		let params = params(&["b=https://four/"]);
		assert_eq!(obstacles(&[key(1), key(2)], &[key(2), key(3)], &networks, &params, None), []);
	}

	#[test]
	fn a_missing_or_foreign_key_is_an_obstacle() {
		let networks = [network("a", &[])];
		assert_eq!(obstacles(&[], &[key(2)], &networks, &params(&[]), None), [Obstacle::NoKey]);
		assert_eq!(
			obstacles(&[key(1)], &[key(2)], &networks, &params(&[]), None),
			[Obstacle::NotInSet]
		);
		assert_eq!(obstacles(&[key(1)], &[], &networks, &params(&[]), None), [Obstacle::NotInSet]);
	}

	#[test]
	fn each_network_without_two_anchors_is_reported() {
		let networks = [
			network("a", &["https://one/"]),
			// A duplicate counts once.
			network("b", &["https://one/"]),
			ListedNetwork { own: true, ..network("c", &[]) },
			ListedNetwork { served: false, ..network("d", &[]) },
			network("e", &[]),
		];
		let params = params(&["b=https://one/", "a=https://two/", "d=https://two/"]);
		let few =
			|network: &str, anchors| Obstacle::FewAnchors { network: network.into(), anchors };
		assert_eq!(
			obstacles(&[key(1)], &[key(1)], &networks, &params, None),
			[few("b", 1), few("e", 0)]
		);
	}

	#[test]
	fn a_port_that_no_nonce_reaches_is_reported() {
		let fault = Some(String::from("closed"));
		let found = obstacles(&[key(1)], &[key(1)], &[], &params(&[]), fault);
		assert_eq!(found, [Obstacle::NoNonces("closed".into())]);
		assert!(found[0].to_string().ends_with("abstain on VPNs: closed"));
	}
}
