// SPDX-License-Identifier: Apache-2.0

//! Builder of the RPC module.

use super::partial::Partial;
use crate::{client::FullBackend, rpc};
use jsonrpsee::RpcModule;
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::{Configuration, error::Error as ServiceError};
use std::sync::Arc;

/// Builder that is called once per RPC server.
pub type RpcBuilder = Box<dyn Fn(SubscriptionTaskExecutor) -> Result<RpcModule<()>, ServiceError>>;

/// Create the builder. `voter_state` is shared with the GRANDPA voter.
pub fn builder(
	config: &Configuration,
	partial: &Partial,
	voter_state: SharedVoterState,
) -> RpcBuilder {
	let client = partial.client.clone();
	let pool = partial.pool.clone();
	let select_chain = partial.select_chain.clone();
	let keystore = partial.keystore.keystore();
	let chain_spec = config.chain_spec.cloned_box();
	let babe_worker = partial.consensus.babe_worker.clone();
	let justifications = partial.consensus.grandpa.justification_stream();
	let authority_set = partial.consensus.grandpa.shared_authority_set().clone();
	let finality: Arc<FinalityProofProvider<FullBackend, _>> =
		FinalityProofProvider::new_for_service(
			partial.backend.clone(),
			Some(authority_set.clone()),
		);
	Box::new(move |executor| {
		rpc::create(rpc::Deps {
			client: client.clone(),
			pool: pool.clone(),
			select_chain: select_chain.clone(),
			chain_spec: chain_spec.cloned_box(),
			babe: rpc::BabeDeps { worker: babe_worker.clone(), keystore: keystore.clone() },
			grandpa: rpc::GrandpaDeps {
				voter_state: voter_state.clone(),
				authority_set: authority_set.clone(),
				justifications: justifications.clone(),
				executor,
				finality: finality.clone(),
			},
		})
		.map_err(Into::into)
	})
}
