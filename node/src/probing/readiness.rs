//! Says in the log what keeps a validator from probing, once per session.
//!
//! A validator that does not probe earns nothing and offends. Nothing else tells its operator in
//! time: without a key the off-chain worker has nothing to do, and says nothing.

use super::LOG;
use crate::{
	cli::ProbingParams,
	service::{FullBackend, FullClient},
};
use codec::DecodeAll;
use futures::StreamExt;
use pallet_surety_probes::{Prober, ProberSet};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sp_api::ProvideRuntimeApi;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use std::{collections::BTreeSet, fmt, sync::Arc};
use surety_primitives::crypto::PROB;
use surety_runtime::{AccountId, Hash, Runtime, opaque::Block};
use surety_runtime_api::{ServiceFilter, SuretyApi};

/// Anchors that must agree before an answer is judged.
const AGREE: usize = 2;

/// What keeps a validator from probing, or from judging what it probes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Obstacle {
	/// No `prob` key in the keystore.
	NoKey,
	/// None of the keys is one of the session's.
	NotInSet,
	/// A network has services, and fewer than two anchors that this node knows.
	FewAnchors {
		/// Name of the network.
		network: String,
		/// Its anchors.
		anchors: usize,
	},
}

impl fmt::Display for Obstacle {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoKey => f.write_str(
				"This validator will not probe: there is no `prob` key in its keystore. Make session keys with \
				 author_rotateKeysWithOwner and announce them with session.setKeys",
			),
			Self::NotInSet => f.write_str(
				"This validator will not probe in this session: its `prob` key is not in the session's set. Either it \
				 is not elected, or session.setKeys named another key, or did so less than two sessions ago",
			),
			Self::FewAnchors { network, anchors } => write!(
				f,
				"This validator will not compare answers of {network}: it knows {anchors} of the {AGREE} anchors that \
				 must agree. Give more with --anchor {network}=URL",
			),
		}
	}
}

/// A network as the chain lists it.
struct Listed {
	name: String,
	/// This chain's own, which needs no anchors.
	own: bool,
	/// It has services.
	served: bool,
	anchors: BTreeSet<String>,
}

/// All that is in the way of a validator with these keys and own anchors.
fn obstacles(
	keys: &[sr25519::Public],
	set: &[sr25519::Public],
	networks: &[Listed],
	params: &ProbingParams,
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
			(urls.len() < AGREE).then(|| Obstacle::FewAnchors {
				network: network.name.clone(),
				anchors: urls.len(),
			})
		})
		.collect()
}

/// Look at every new session, and whenever the keys change.
pub async fn watch(client: Arc<FullClient>, keystore: KeystorePtr, params: ProbingParams) {
	let mut blocks = client.import_notification_stream();
	let mut seen = None;
	while let Some(block) = blocks.next().await {
		if !block.is_new_best {
			continue;
		}
		// Absent in the first session.
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
		let obstacles = obstacles(&state.1, &set, &networks, &params);
		for obstacle in &obstacles {
			log::warn!(target: LOG, "{obstacle} (session {session})");
		}
		if obstacles.is_empty() {
			log::info!(target: LOG, "Probing in session {session}, as one of {} validators", set.len());
		}
		seen = Some(state);
	}
}

fn networks(client: &FullClient, at: Hash) -> Option<Vec<Listed>> {
	let api = client.runtime_api();
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let mut listed = Vec::new();
	for (id, network) in api.networks(at).ok()? {
		let filter = ServiceFilter { network: Some(id), ..ServiceFilter::default() };
		let page = api.services(at, filter, None, 1).ok()?;
		listed.push(Listed {
			name: text(&network.name),
			own: network.own,
			served: !page.items.is_empty(),
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

	fn network(name: &str, anchors: &[&str]) -> Listed {
		let anchors = anchors.iter().map(ToString::to_string).collect();
		Listed { name: name.into(), own: false, served: true, anchors }
	}

	fn params(anchors: &[&str]) -> ProbingParams {
		let anchors = anchors.iter().map(|anchor| anchor.parse().unwrap()).collect();
		ProbingParams { anchors, ..ProbingParams::default() }
	}

	#[test]
	fn nothing_is_in_the_way_of_a_validator_with_key_and_anchors() {
		let networks =
			[network("a", &["https://one/", "https://two/"]), network("b", &["https://three/"])];
		let params = params(&["b=https://four/"]);
		assert_eq!(obstacles(&[key(1), key(2)], &[key(2), key(3)], &networks, &params), []);
	}

	#[test]
	fn a_validator_without_a_key_or_with_another_one_is_told() {
		let networks = [network("a", &[])];
		assert_eq!(obstacles(&[], &[key(2)], &networks, &params(&[])), [Obstacle::NoKey]);
		assert_eq!(obstacles(&[key(1)], &[key(2)], &networks, &params(&[])), [Obstacle::NotInSet]);
		assert_eq!(obstacles(&[key(1)], &[], &networks, &params(&[])), [Obstacle::NotInSet]);
	}

	#[test]
	fn each_network_without_two_anchors_is_named() {
		let networks = [
			network("a", &["https://one/"]),
			// The same one twice is one.
			network("b", &["https://one/"]),
			Listed { own: true, ..network("c", &[]) },
			Listed { served: false, ..network("d", &[]) },
			network("e", &[]),
		];
		let params = params(&["b=https://one/", "a=https://two/", "d=https://two/"]);
		let few =
			|network: &str, anchors| Obstacle::FewAnchors { network: network.into(), anchors };
		assert_eq!(obstacles(&[key(1)], &[key(1)], &networks, &params), [few("b", 1), few("e", 0)]);
	}
}
