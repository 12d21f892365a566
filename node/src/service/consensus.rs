// SPDX-License-Identifier: Apache-2.0

//! Consensus: BABE and GRANDPA.

use super::{
	equivocations::Discard,
	network::{NetworkHandle, SyncHandle},
};
use crate::client::{FullBackend, FullClient, FullPool, FullSelectChain};
use sc_consensus::DefaultImportQueue;
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{GrandpaBlockImport, LinkHalf, SharedVoterState};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{service::traits::NotificationService, types::ProtocolName};
use sc_service::{Configuration, Role, TaskManager, error::Error as ServiceError};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{SlotDuration, inherents::BabeCreateInherentDataProviders};
use sp_keystore::KeystorePtr;
use std::{sync::Arc, time::Duration};
use surety_runtime::opaque::Block;

type FullGrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type FullBabeImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	FullGrandpaImport,
	BabeCreateInherentDataProviders<Block>,
	FullSelectChain,
>;

/// Blocks between two justifications that are stored, besides those at changes of validators.
const JUSTIFICATION_PERIOD: u32 = 512;
/// Expected time of a GRANDPA message through the network.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// Share of a slot in which an author fills the block.
const PROPOSAL_PORTION: f32 = 0.5;

/// Links between block import and the consensus workers.
pub struct Consensus {
	/// Block import.
	pub import: FullBabeImport,
	/// Link to the BABE author.
	pub babe: BabeLink<Block>,
	/// Handle of the BABE worker, for RPC.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// Link to the GRANDPA voter.
	pub grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
	/// Providers of inherents.
	pub inherents: BabeCreateInherentDataProviders<Block>,
}

/// Providers of the inherents of a block authored now.
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

/// Create the block import pipeline and its queue.
pub fn new_import_queue(
	config: &Configuration,
	client: &Arc<FullClient>,
	select_chain: &FullSelectChain,
	task_manager: &TaskManager,
	telemetry: Option<TelemetryHandle>,
) -> Result<(Consensus, DefaultImportQueue<Block>), ServiceError> {
	let (grandpa_import, grandpa) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		client,
		select_chain.clone(),
		telemetry.clone(),
	)?;
	let babe_config = sc_consensus_babe::configuration(&**client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents = inherents(slot_duration);
	let (import, babe) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import.clone(),
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		// Its reports of equivocations are refused: see `equivocations`.
		OffchainTransactionPoolFactory::new(Discard),
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
			telemetry,
		})?;
	Ok((Consensus { import, babe, babe_worker, grandpa, inherents }, import_queue))
}

/// Inputs of the block author.
pub struct Author {
	/// Client.
	pub client: Arc<FullClient>,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
	/// Keystore.
	pub keystore: KeystorePtr,
	/// Fork choice.
	pub select_chain: FullSelectChain,
	/// Block import.
	pub import: FullBabeImport,
	/// Link to block import.
	pub babe: BabeLink<Block>,
	/// Providers of inherents.
	pub inherents: BabeCreateInherentDataProviders<Block>,
	/// Chain synchronization.
	pub sync: SyncHandle,
	/// Author even while the node is offline.
	pub force_authoring: bool,
	/// Metrics.
	pub prometheus: Option<prometheus_endpoint::Registry>,
	/// Telemetry.
	pub telemetry: Option<TelemetryHandle>,
}

impl Author {
	/// Start authoring blocks.
	pub fn start(self, task_manager: &TaskManager) -> Result<(), ServiceError> {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			self.client.clone(),
			self.pool,
			self.prometheus.as_ref(),
			self.telemetry.clone(),
		);
		let worker = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: self.keystore,
			client: self.client,
			select_chain: self.select_chain,
			env: proposer,
			block_import: self.import,
			sync_oracle: self.sync.clone(),
			justification_sync_link: self.sync,
			create_inherent_data_providers: self.inherents,
			force_authoring: self.force_authoring,
			// Fewer blocks while finality lags, so that a fork that wins late reverts fewer of
			// them.
			backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
			babe_link: self.babe,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
			max_block_proposal_slot_portion: None,
			telemetry: self.telemetry,
		})?;
		task_manager.spawn_essential_handle().spawn_blocking(
			"babe-proposer",
			Some("block-authoring"),
			worker,
		);
		Ok(())
	}
}

/// Inputs of the GRANDPA voter.
pub struct Voter {
	/// Link to block import.
	pub grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
	/// Transaction pool, for reports of equivocations.
	pub pool: Arc<FullPool>,
	/// Keystore.
	pub keystore: KeystorePtr,
	/// Network.
	pub network: NetworkHandle,
	/// Chain synchronization.
	pub sync: SyncHandle,
	/// Notifications of the protocol.
	pub notifications: Box<dyn NotificationService>,
	/// Name of the protocol.
	pub protocol: ProtocolName,
	/// State shared with RPC.
	pub state: SharedVoterState,
	/// Role of the node.
	pub role: Role,
	/// Name of the node.
	pub name: String,
	/// Metrics.
	pub prometheus: Option<prometheus_endpoint::Registry>,
	/// Telemetry.
	pub telemetry: Option<TelemetryHandle>,
}

impl Voter {
	/// Start voting, or observing if the node is no validator.
	pub fn start(self, task_manager: &TaskManager) -> Result<(), ServiceError> {
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP_DURATION,
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(self.name),
				observer_enabled: false,
				keystore: self.role.is_authority().then_some(self.keystore),
				local_role: self.role,
				telemetry: self.telemetry.clone(),
				protocol_name: self.protocol,
			},
			link: self.grandpa,
			network: self.network,
			sync: Arc::new(self.sync),
			notification_service: self.notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry: self.prometheus,
			shared_voter_state: self.state,
			telemetry: self.telemetry,
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(self.pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
		Ok(())
	}
}
