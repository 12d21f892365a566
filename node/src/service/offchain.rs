// SPDX-License-Identifier: Apache-2.0

//! Off-chain workers, with the probing transport in place of the SDK's HTTP.

use super::{network::NetworkHandle, partial::Partial};
use crate::{
	cli::ProbingParams,
	client::FullClient,
	probing::{self, Metrics, Probing},
};
use futures::prelude::*;
use sc_client_api::Backend;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{Configuration, error::Error as ServiceError};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_keystore::Keystore;
use std::sync::Arc;
use surety_primitives::crypto::PROB;
use surety_runtime::Hash;
use surety_runtime_api::SuretyApi;

/// Task group of the off-chain worker.
const TASK_GROUP: &str = "offchain-worker";

/// Start the off-chain workers, and on a validator the tasks that watch its probing.
pub fn start(
	config: &Configuration,
	params: &ProbingParams,
	partial: &Partial,
	network: &NetworkHandle,
) -> Result<(), ServiceError> {
	let Partial { client, backend, keystore, pool, task_manager, .. } = partial;
	let prometheus = config.prometheus_registry();
	let is_validator = config.role.is_authority();
	let metrics = Metrics::new(prometheus)?;
	let network_provider = Arc::new(network.clone());
	let mut storage = backend.offchain_storage();
	let probing = Probing::new(
		params,
		private_endpoints(client, client.info().best_hash),
		storage.as_mut(),
		network_provider.clone(),
		&config.network,
		is_validator,
		metrics.clone(),
	)?;
	if let Some(storage) = &mut storage {
		probing::forget_begun(storage, keystore.keystore().sr25519_public_keys(PROB));
	}
	let tunnels = probing.tunnels();
	let workers = OffchainWorkers::new(OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		keystore: Some(keystore.keystore()),
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
		network_provider,
		is_validator,
		enable_http_requests: true,
		custom_extensions: {
			let client = client.clone();
			move |at| vec![probing.extension(private_endpoints(&client, at))]
		},
	})?;
	let spawner = task_manager.spawn_handle();
	spawner.spawn(
		"offchain-workers-runner",
		Some(TASK_GROUP),
		workers.run(client.clone(), spawner.clone()).boxed(),
	);
	if is_validator {
		let (client, keystore) = (client.clone(), keystore.keystore());
		spawner.spawn(
			"probing-readiness",
			Some(TASK_GROUP),
			probing::watch_readiness(
				client,
				keystore,
				params.clone(),
				tunnels.clone(),
				metrics.clone(),
			),
		);
	}
	if let Some(tunnels) = tunnels {
		spawner.spawn(
			"probing-tunnels",
			Some(TASK_GROUP),
			probing::watch_tunnels(client.clone(), tunnels),
		);
	}
	if is_validator && prometheus.is_some() {
		spawner.spawn(
			"report-metrics",
			Some(TASK_GROUP),
			probing::watch_reports(client.clone(), pool.clone(), keystore.keystore(), metrics),
		);
	}
	Ok(())
}

/// True if the chain allows probes to private addresses; false if the runtime does not answer.
fn private_endpoints(client: &FullClient, at: Hash) -> bool {
	client.runtime_api().private_endpoints(at).unwrap_or(false)
}
