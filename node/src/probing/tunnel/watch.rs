// SPDX-License-Identifier: Apache-2.0

//! Comparison of own outcomes with the verdicts on chain.

use super::Tunnels;
use crate::{client::FullClient, probing::LOG_TARGET};
use futures::StreamExt;
use sc_client_api::BlockchainEvents;
use sp_api::ProvideRuntimeApi;
use std::sync::Arc;
use surety_primitives::{RoundIndex, ServiceId, Verdict};
use surety_runtime::Hash;
use surety_runtime_api::SuretyApi;

/// Watch the verdicts of exits whose nonces did not arrive, and warn when the port seems closed.
pub async fn watch(client: Arc<FullClient>, tunnels: Arc<Tunnels>) {
	let mut blocks = client.import_notification_stream();
	while let Some(block) = blocks.next().await {
		let Ok(round) = client.runtime_api().round(block.hash).map(|info| info.round) else {
			continue;
		};
		if !block.is_new_best {
			continue;
		}
		tunnels.port().begin(round);
		let suspects = tunnels.port().suspects();
		for (of, service) in suspects {
			if is_up(&client, block.hash, of, service) && tunnels.port().on_contradiction(of) {
				log::warn!(
					target: LOG_TARGET,
					"UDP port {} seems closed: no nonce of a VPN has arrived, and the other \
					 validators find those VPNs up. This validator abstains from them. Open the \
					 port in the firewall, or forward it and set --probe-udp-public",
					tunnels.local.port(),
				);
			}
		}
	}
}

/// True if the last verdict on a service is of this round, and up.
fn is_up(client: &FullClient, at: Hash, round: RoundIndex, service: ServiceId) -> bool {
	let detail = client.runtime_api().service(at, service).ok().flatten();
	let last = detail.and_then(|detail| detail.service.last_verdict);
	last.is_some_and(|last| last.round == round && matches!(last.verdict, Verdict::Up { .. }))
}
