// SPDX-License-Identifier: Apache-2.0

//! Components shared by the full node and by commands on its database.

use super::{
	consensus::{self, Consensus},
	genesis::Genesis,
};
use crate::client::{Executor, FullBackend, FullClient, FullPool, FullSelectChain};
use sc_consensus::{DefaultImportQueue, ImportQueue, LongestChain};
use sc_service::{Configuration, KeystoreContainer, TaskManager, error::Error as ServiceError};
use sc_telemetry::{Telemetry, TelemetryWorker};
use std::sync::Arc;
use surety_runtime::{RuntimeApi, opaque::Block};

/// Messages that the telemetry worker buffers.
const TELEMETRY_BUFFER: usize = 16;

/// Components of a node before it joins the network.
pub struct Partial {
	/// Client.
	pub client: Arc<FullClient>,
	/// Database.
	pub backend: Arc<FullBackend>,
	/// Task manager.
	pub task_manager: TaskManager,
	/// Keystore.
	pub keystore: KeystoreContainer,
	/// Fork choice.
	pub select_chain: FullSelectChain,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
	/// BABE and GRANDPA.
	pub consensus: Consensus,
	/// Telemetry, if endpoints are configured.
	pub telemetry: Option<Telemetry>,
}

/// Components for a command on the database.
pub struct DatabaseTools {
	/// Client.
	pub client: Arc<FullClient>,
	/// Database.
	pub backend: Arc<FullBackend>,
	/// Task manager.
	pub task_manager: TaskManager,
	/// Blocks to import.
	pub import_queue: DefaultImportQueue<Block>,
}

/// Open the database for a command.
pub fn new_database_tools(config: &Configuration) -> Result<DatabaseTools, ServiceError> {
	let (partial, import_queue) = new_partial(config)?;
	let Partial { client, backend, mut task_manager, pool, consensus, .. } = partial;
	// An essential task ends, and stops the command, once the last handle to its subject is
	// dropped.
	task_manager.keep_alive((import_queue.service(), pool, consensus));
	Ok(DatabaseTools { client, backend, task_manager, import_queue })
}

/// Open the database and create the components on top of it, with the queue of blocks to import.
pub fn new_partial(
	config: &Configuration,
) -> Result<(Partial, DefaultImportQueue<Block>), ServiceError> {
	let telemetry = new_telemetry(config)?;
	let executor: Executor = sc_service::new_wasm_executor(&config.executor);
	let backend = sc_service::new_db_backend(config.db_config())?;
	let genesis = Genesis::new(config, backend.clone(), executor.clone());
	let (client, backend, keystore, task_manager) =
		sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			backend,
			genesis,
			false,
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = LongestChain::new(backend.clone());
	let pool: Arc<FullPool> = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);
	let (consensus, import_queue) = consensus::new_import_queue(
		config,
		&client,
		&select_chain,
		&task_manager,
		telemetry.as_ref().map(Telemetry::handle),
	)?;
	let partial = Partial {
		client,
		backend,
		task_manager,
		keystore,
		select_chain,
		pool,
		consensus,
		telemetry,
	};
	Ok((partial, import_queue))
}

/// Telemetry for the configured endpoints.
fn new_telemetry(
	config: &Configuration,
) -> Result<Option<(TelemetryWorker, Telemetry)>, sc_telemetry::Error> {
	let endpoints = config.telemetry_endpoints.clone();
	let Some(endpoints) = endpoints.filter(|endpoints| !endpoints.is_empty()) else {
		return Ok(None);
	};
	let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}
