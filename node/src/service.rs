//! Puts the node together: BABE and GRANDPA over ParityDB, the pool, authority discovery for validators,
//! and off-chain workers with the transport for probes.

use crate::{
	cli::ProbingParams,
	hardware,
	probing::{self, Metrics, Probing},
	rpc,
};
use futures::prelude::*;
use sc_client_api::Backend;
use sc_consensus::{DefaultImportQueue, ImportQueue, LongestChain};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{GrandpaBlockImport, LinkHalf, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{Event, NetworkBackend, NetworkEventStream, service::traits::NetworkService};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::{
	Configuration, KeystoreContainer, TaskManager, WarpSyncConfig, error::Error as ServiceError,
};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_babe::{SlotDuration, inherents::BabeCreateInherentDataProviders};
use std::{sync::Arc, time::Duration};
use surety_runtime::{Hash, RuntimeApi, opaque::Block};
use surety_runtime_api::SuretyApi;

/// Executes the runtime.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Client.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// Database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// Best chain.
pub type FullSelectChain = LongestChain<FullBackend, Block>;
/// Transaction pool.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;

type FullGrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type FullBabeImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	FullGrandpaImport,
	BabeCreateInherentDataProviders<Block>,
	FullSelectChain,
>;

/// Blocks after which GRANDPA makes a justification that is kept, besides those at changes of validators.
const JUSTIFICATION_PERIOD: u32 = 512;
/// How long a GRANDPA message takes through the network.
const GOSSIP: Duration = Duration::from_millis(333);
/// Share of a slot in which a block is filled.
const PROPOSAL_SHARE: f32 = 0.5;

/// How to run the node, beside what `sc-service` knows.
pub struct Options {
	/// How to probe.
	pub probing: ProbingParams,
	/// Measure the machine at the start.
	pub hardware_benchmarks: bool,
	/// Watch over the free space for the database.
	pub storage: StorageMonitorParams,
}

/// What a command that works on the database needs.
pub struct Tools {
	/// Client.
	pub client: Arc<FullClient>,
	/// Database.
	pub backend: Arc<FullBackend>,
	/// Runs the tasks.
	pub task_manager: TaskManager,
	/// Blocks to import.
	pub import_queue: DefaultImportQueue<Block>,
}

/// Open the database for a command that works on it.
pub fn new_tools(config: &Configuration) -> Result<Tools, ServiceError> {
	let Partial { client, backend, mut task_manager, import_queue, pool, consensus, .. } =
		new_partial(config)?;
	// Essential tasks end with the last handle to what they serve: that must not be before they are told to.
	task_manager.keep_alive((import_queue.service(), pool, consensus));
	Ok(Tools { client, backend, task_manager, import_queue })
}

/// What running the node and working on its database both need.
struct Partial {
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	task_manager: TaskManager,
	keystore: KeystoreContainer,
	select_chain: FullSelectChain,
	import_queue: DefaultImportQueue<Block>,
	pool: Arc<FullPool>,
	consensus: Consensus,
	telemetry: Option<Telemetry>,
}

struct Consensus {
	import: FullBabeImport,
	babe: BabeLink<Block>,
	babe_worker: BabeWorkerHandle<Block>,
	grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
	inherents: BabeCreateInherentDataProviders<Block>,
}

/// Inherents of a block made now.
fn inherents(slot_duration: SlotDuration) -> BabeCreateInherentDataProviders<Block> {
	Arc::new(move |_, ()| async move {
		let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
		let slot =
			sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
				*timestamp,
				slot_duration,
			);
		Ok((slot, timestamp))
	})
}

/// Open the database and make what works on it.
fn new_partial(config: &Configuration) -> Result<Partial, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	let executor: Executor = sc_service::new_wasm_executor(&config.executor);
	let (client, backend, keystore, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			Vec::new(),
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);

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

	let (grandpa_import, grandpa) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry_handle.clone(),
	)?;
	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = inherents(slot_duration);
	let (import, babe) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import.clone(),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(pool.clone()),
	)?;
	let (import_queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe.clone(),
			block_import: import.clone(),
			justification_import: Some(Box::new(grandpa_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry_handle,
		})?;

	Ok(Partial {
		client,
		backend,
		task_manager,
		keystore,
		select_chain,
		import_queue,
		pool,
		consensus: Consensus { import, babe, babe_worker, grandpa, inherents },
		telemetry,
	})
}

/// Start the node.
pub fn new_full<Net: NetworkBackend<Block, Hash>>(
	config: Configuration,
	options: Options,
) -> Result<TaskManager, ServiceError> {
	// Before anything else runs that would disturb it.
	let measured = options.hardware_benchmarks.then(|| hardware::measure(config.database.path()));
	let Partial {
		client,
		backend,
		mut task_manager,
		keystore,
		select_chain,
		import_queue,
		pool,
		consensus: Consensus { import, babe, babe_worker, grandpa, inherents },
		mut telemetry,
	} = new_partial(&config)?;

	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let enable_grandpa = !config.disable_grandpa;
	let prometheus = config.prometheus_registry().cloned();
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);
	if let Some(measured) = measured {
		hardware::report(measured, &config, &task_manager, telemetry_handle.clone());
	}
	if let Some(path) = config.database.path() {
		StorageMonitorService::try_spawn(
			options.storage,
			path.into(),
			&task_manager.spawn_essential_handle(),
		)
		.map_err(|error| ServiceError::Application(error.into()))?;
	}
	let discovery_config = sc_authority_discovery::WorkerConfig {
		publish_non_global_ips: config.network.allow_non_globals_in_dht,
		public_addresses: config.network.public_addresses.clone(),
		persisted_cache_directory: config.network.net_config_path.clone(),
		..Default::default()
	};

	// Network.
	let mut net_config = sc_network::config::FullNetworkConfiguration::<Block, Hash, Net>::new(
		&config.network,
		prometheus.clone(),
	);
	let metrics = Net::register_notification_metrics(prometheus.as_ref());
	let genesis = client.info().genesis_hash;
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_protocol_config, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<_, Net>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_protocol_config);
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa.shared_authority_set().clone(),
		Vec::new(),
	));
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
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

	if config.offchain_worker.enabled {
		let node = ProbingNode {
			client: &client,
			backend: &backend,
			pool: &pool,
			keystore: &keystore,
			network: &network,
		};
		node.start(&task_manager, &config, &options.probing, prometheus.as_ref())?;
	}

	// RPC and everything that `sc-service` brings.
	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let client = client.clone();
		let pool = pool.clone();
		let select_chain = select_chain.clone();
		let keystore = keystore.keystore();
		let chain_spec = config.chain_spec.cloned_box();
		let justifications = grandpa.justification_stream();
		let authority_set = grandpa.shared_authority_set().clone();
		let voter_state = voter_state.clone();
		let finality = sc_consensus_grandpa::FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(authority_set.clone()),
		);
		Box::new(move |executor: SubscriptionTaskExecutor| {
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
	};
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore.keystore(),
		transaction_pool: pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	if role.is_authority() {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			pool.clone(),
			prometheus.as_ref(),
			telemetry_handle.clone(),
		);
		let worker = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore.keystore(),
			client: client.clone(),
			select_chain,
			env: proposer,
			block_import: import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: inherents,
			force_authoring,
			// Where finality lags, fewer blocks are made, so that a fork that wins late has fewer to undo.
			backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
			babe_link: babe,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL_SHARE),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry_handle.clone(),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking(
			"babe-proposer",
			Some("block-authoring"),
			worker,
		);

		let dht_events =
			network.event_stream("authority-discovery").filter_map(|event| async move {
				match event {
					Event::Dht(event) => Some(event),
					_ => None,
				}
			});
		let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
			discovery_config,
			client,
			Arc::new(network.clone()),
			Box::pin(dht_events),
			sc_authority_discovery::Role::PublishAndDiscover(keystore.keystore()),
			prometheus.clone(),
			task_manager.spawn_handle(),
		);
		task_manager.spawn_handle().spawn(
			"authority-discovery-worker",
			Some("networking"),
			worker.run(),
		);
	}

	if enable_grandpa {
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP,
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(name),
				observer_enabled: false,
				// Who does not vote needs no keys.
				keystore: role.is_authority().then(|| keystore.keystore()),
				local_role: role,
				telemetry: telemetry_handle.clone(),
				protocol_name: grandpa_protocol,
			},
			link: grandpa,
			network,
			sync: Arc::new(sync_service),
			notification_service: grandpa_notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry: prometheus,
			shared_voter_state: voter_state,
			telemetry: telemetry_handle,
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}

/// What the off-chain workers need of the node.
struct ProbingNode<'a> {
	client: &'a Arc<FullClient>,
	backend: &'a Arc<FullBackend>,
	pool: &'a Arc<FullPool>,
	keystore: &'a KeystoreContainer,
	network: &'a Arc<dyn NetworkService>,
}

impl ProbingNode<'_> {
	/// Start the off-chain workers, with our transport in place of the standard HTTP.
	fn start(
		&self,
		task_manager: &TaskManager,
		config: &Configuration,
		params: &ProbingParams,
		prometheus: Option<&prometheus_endpoint::Registry>,
	) -> Result<(), ServiceError> {
		let client = self.client.clone();
		let is_validator = config.role.is_authority();
		let metrics = Metrics::new(prometheus)?;
		let network_provider = Arc::new(self.network.clone());
		let mut storage = self.backend.offchain_storage();
		let private = private_endpoints(&client, client.info().best_hash);
		let probing = Probing::new(
			params,
			private,
			storage.as_mut(),
			network_provider.clone(),
			&config.network.public_addresses,
			is_validator,
			metrics.clone(),
		)?;
		let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(self.keystore.keystore()),
			offchain_db: self.backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(self.pool.clone())),
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
			Some("offchain-worker"),
			workers.run(client.clone(), spawner.clone()).boxed(),
		);
		if is_validator {
			spawner.spawn(
				"probing-readiness",
				Some("offchain-worker"),
				probing::watch_readiness(client.clone(), self.keystore.keystore(), params.clone()),
			);
		}
		if is_validator && prometheus.is_some() {
			spawner.spawn(
				"report-metrics",
				Some("offchain-worker"),
				probing::watch_reports(
					client,
					self.pool.clone(),
					self.keystore.keystore(),
					metrics,
				),
			);
		}
		Ok(())
	}
}

/// Whether the chain lets probes go to private addresses. Without an answer it does not.
fn private_endpoints(client: &FullClient, at: Hash) -> bool {
	client.runtime_api().private_endpoints(at).unwrap_or(false)
}
