// SPDX-License-Identifier: Apache-2.0

//! Networking: sync, GRANDPA notifications and authority discovery.

use super::partial::Partial;
use crate::client::FullClient;
use futures::prelude::*;
use sc_consensus_grandpa::warp_proof;
use sc_network::{
	Event, NetworkBackend, NetworkEventStream,
	config::FullNetworkConfiguration,
	service::traits::{NetworkService, NotificationService},
	types::ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_rpc::system::Request;
use sc_service::{
	BuildNetworkParams, Configuration, ImportQueue, TaskManager, WarpSyncConfig,
	error::Error as ServiceError,
};
use sc_utils::mpsc::TracingUnboundedSender;
use sp_blockchain::HeaderBackend;
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use surety_runtime::{Hash, opaque::Block};

/// Handle of the network.
pub type NetworkHandle = Arc<dyn NetworkService>;
/// Handle of chain synchronization.
pub type SyncHandle = Arc<SyncingService<Block>>;

/// Network of a running node.
pub struct Network {
	/// Handle of the network.
	pub handle: NetworkHandle,
	/// Handle of chain synchronization.
	pub sync: SyncHandle,
	/// Requests of the `system` RPC methods.
	pub system_rpc: TracingUnboundedSender<Request<Block>>,
	/// Controller of transaction gossip.
	pub transactions: TransactionsHandlerController<Hash>,
	/// Name of the GRANDPA protocol.
	pub grandpa_protocol: ProtocolName,
	/// Notifications of the GRANDPA protocol.
	pub grandpa_notifications: Box<dyn NotificationService>,
}

/// Join the network. `import_queue` receives the synchronized blocks.
pub fn start<Net: NetworkBackend<Block, Hash>>(
	config: &Configuration,
	partial: &Partial,
	import_queue: impl ImportQueue<Block> + 'static,
) -> Result<Network, ServiceError> {
	let Partial { client, backend, task_manager, pool, consensus, .. } = partial;
	let prometheus = config.prometheus_registry().cloned();
	let mut net_config =
		FullNetworkConfiguration::<Block, Hash, Net>::new(&config.network, prometheus.clone());
	let metrics = Net::register_notification_metrics(prometheus.as_ref());
	let genesis = client.info().genesis_hash;
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_config, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<_, Net>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_config);
	let warp_sync = Arc::new(warp_proof::NetworkProvider::new(
		backend.clone(),
		consensus.grandpa.shared_authority_set().clone(),
		Vec::new(),
	));
	let (handle, system_rpc, transactions, sync, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config,
			net_config,
			client: client.clone(),
			transaction_pool: pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;
	Ok(Network { handle, sync, system_rpc, transactions, grandpa_protocol, grandpa_notifications })
}

/// Authority discovery configuration.
pub fn discovery_config(config: &Configuration) -> sc_authority_discovery::WorkerConfig {
	sc_authority_discovery::WorkerConfig {
		publish_non_global_ips: config.network.allow_non_globals_in_dht,
		public_addresses: config.network.public_addresses.clone(),
		persisted_cache_directory: config.network.net_config_path.clone(),
		..Default::default()
	}
}

/// Publish this validator's addresses and discover those of the others.
pub fn start_discovery(
	config: sc_authority_discovery::WorkerConfig,
	client: Arc<FullClient>,
	network: NetworkHandle,
	keystore: KeystorePtr,
	prometheus: Option<prometheus_endpoint::Registry>,
	task_manager: &TaskManager,
) {
	let dht_events = network.event_stream("authority-discovery").filter_map(|event| async move {
		match event {
			Event::Dht(event) => Some(event),
			_ => None,
		}
	});
	let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
		config,
		client,
		Arc::new(network),
		Box::pin(dht_events),
		sc_authority_discovery::Role::PublishAndDiscover(keystore),
		prometheus,
		task_manager.spawn_handle(),
	);
	task_manager.spawn_handle().spawn(
		"authority-discovery-worker",
		Some("networking"),
		worker.run(),
	);
}
