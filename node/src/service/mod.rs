// SPDX-License-Identifier: Apache-2.0

//! Assembly of the node: BABE and GRANDPA over ParityDB, transaction pool, network, RPC and
//! off-chain workers.
//!
//! | module | responsibility |
//! |---|---|
//! | `genesis` | genesis block, built when the database is empty |
//! | `partial` | client, database, pool and import queue |
//! | `consensus` | block import, authoring and finality |
//! | `equivocations` | reports of validators that author two blocks in one slot |
//! | `network` | sync, GRANDPA notifications and authority discovery |
//! | `rpc` | RPC module |
//! | `offchain` | off-chain workers with the probing transport |

mod consensus;
mod equivocations;
mod genesis;
mod network;
mod offchain;
mod partial;
mod rpc;

pub use partial::{DatabaseTools, new_database_tools};

use crate::{
	cli::ProbingParams,
	disk, hardware,
	probing::{VerdictMetrics, watch_verdicts},
};
use consensus::{Author, Consensus, Voter};
use network::Network;
use partial::{Partial, new_partial};
use sc_consensus_grandpa::SharedVoterState;
use sc_network::{NetworkBackend, service::traits::NotificationService, types::ProtocolName};
use sc_service::{Configuration, TaskManager, error::Error as ServiceError};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_telemetry::Telemetry;
use surety_runtime::{Hash, opaque::Block};

/// Options of the node that `sc-service` has no place for.
pub struct Options {
	/// Probing parameters.
	pub probing: ProbingParams,
	/// Measure the hardware at the start.
	pub hardware_benchmarks: bool,
	/// Limits on free disk space.
	pub storage: StorageMonitorParams,
}

/// Start the node.
pub fn new_full<Net: NetworkBackend<Block, Hash>>(
	config: Configuration,
	options: Options,
) -> Result<TaskManager, ServiceError> {
	// The measurement comes before any task that would disturb it.
	let measured = options.hardware_benchmarks.then(|| hardware::measure(config.database.path()));
	let (partial, import_queue) = new_partial(&config)?;
	let telemetry = partial.telemetry.as_ref().map(Telemetry::handle);
	if let Some(measured) = measured {
		hardware::report(measured, &config, &partial.task_manager, telemetry);
	}
	if let Some(path) = config.database.path() {
		if let Some(registry) = config.prometheus_registry() {
			disk::register(path, registry)?;
		}
		StorageMonitorService::try_spawn(
			options.storage,
			path.into(),
			&partial.task_manager.spawn_essential_handle(),
		)
		.map_err(|error| ServiceError::Application(error.into()))?;
	}
	let network = network::start::<Net>(&config, &partial, import_queue)?;
	if let Some(registry) = config.prometheus_registry() {
		let metrics = VerdictMetrics::new(registry)?;
		let (client, keystore) = (partial.client.clone(), partial.keystore.keystore());
		partial.task_manager.spawn_handle().spawn(
			"verdict-metrics",
			None,
			watch_verdicts(client, keystore, metrics),
		);
	}
	if config.offchain_worker.enabled {
		offchain::start(&config, &options.probing, &partial, &network.handle)?;
	}
	start_tasks(config, partial, network)
}

/// Start RPC, the tasks of `sc-service`, and the consensus workers.
fn start_tasks(
	config: Configuration,
	mut partial: Partial,
	network: Network,
) -> Result<TaskManager, ServiceError> {
	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let enable_grandpa = !config.disable_grandpa;
	let discovery_config = network::discovery_config(&config);
	let prometheus = config.prometheus_registry().cloned();
	let voter_state = SharedVoterState::empty();
	let (handle, sync) = (network.handle.clone(), network.sync.clone());
	let (grandpa_protocol, notifications) =
		spawn_service_tasks(config, &mut partial, network, voter_state.clone())?;

	let Partial { client, task_manager, select_chain, pool, telemetry, .. } = partial;
	let Consensus { import, babe, grandpa, inherents, .. } = partial.consensus;
	let telemetry = telemetry.as_ref().map(Telemetry::handle);
	let keystore = partial.keystore.keystore();
	task_manager.spawn_handle().spawn(
		"equivocations",
		Some("block-import"),
		equivocations::report(client.clone(), pool.clone()),
	);
	if role.is_authority() {
		let author = Author {
			client: client.clone(),
			pool: pool.clone(),
			keystore: keystore.clone(),
			select_chain,
			import,
			babe,
			inherents,
			sync: sync.clone(),
			force_authoring,
			prometheus: prometheus.clone(),
			telemetry: telemetry.clone(),
		};
		author.start(&task_manager)?;
		let (network, prometheus) = (handle.clone(), prometheus.clone());
		network::start_discovery(
			discovery_config,
			client,
			network,
			keystore.clone(),
			prometheus,
			&task_manager,
		);
	}
	if enable_grandpa {
		let voter = Voter {
			grandpa,
			pool,
			keystore,
			network: handle,
			sync,
			notifications,
			protocol: grandpa_protocol,
			state: voter_state,
			role,
			name,
			prometheus,
			telemetry,
		};
		voter.start(&task_manager)?;
	}
	Ok(task_manager)
}

/// Start RPC and the tasks of `sc-service`. Returns the name and the notifications of the GRANDPA
/// protocol.
fn spawn_service_tasks(
	config: Configuration,
	partial: &mut Partial,
	network: Network,
	voter_state: SharedVoterState,
) -> Result<(ProtocolName, Box<dyn NotificationService>), ServiceError> {
	let rpc_builder = rpc::builder(&config, partial, voter_state);
	let Network { handle, sync, system_rpc, transactions, .. } = network;
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: partial.client.clone(),
		backend: partial.backend.clone(),
		task_manager: &mut partial.task_manager,
		keystore: partial.keystore.keystore(),
		transaction_pool: partial.pool.clone(),
		rpc_builder,
		network: handle,
		system_rpc_tx: system_rpc,
		tx_handler_controller: transactions,
		sync_service: sync,
		telemetry: partial.telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	Ok((network.grandpa_protocol, network.grandpa_notifications))
}
