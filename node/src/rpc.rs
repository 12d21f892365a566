//! The node's RPC: what `sc-service` does not bring by itself (it brings system, chain, state, author,
//! chainHead, archive), and the `surety_*` methods.

pub mod audit;
mod surety;
mod views;

use crate::client::{FullBackend, FullClient, FullPool, FullSelectChain};
use jsonrpsee::RpcModule;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use surety_runtime::{BlockNumber, Hash, opaque::Block};

/// What BABE's methods need.
pub struct BabeDeps {
	/// Asks the worker for its epochs.
	pub worker: BabeWorkerHandle<Block>,
	/// Keys of this node.
	pub keystore: KeystorePtr,
}

/// What GRANDPA's methods need.
pub struct GrandpaDeps {
	/// State of the vote.
	pub voter_state: SharedVoterState,
	/// Who votes.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Tells of justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Runs subscriptions.
	pub executor: SubscriptionTaskExecutor,
	/// Proves finality.
	pub finality: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What the methods need.
pub struct Deps {
	/// Client.
	pub client: Arc<FullClient>,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
	/// Best chain.
	pub select_chain: FullSelectChain,
	/// Chain spec, for checkpoints of light clients.
	pub chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// BABE.
	pub babe: BabeDeps,
	/// GRANDPA.
	pub grandpa: GrandpaDeps,
}

/// All methods.
pub fn create(deps: Deps) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	use audit::{Audit, AuditRpcServer};
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use sc_rpc::dev::{Dev, DevApiServer};
	use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};
	use surety::{Surety, SuretyRpcServer};

	let Deps { client, pool, select_chain, chain_spec, babe, grandpa } = deps;
	let authority_set = grandpa.authority_set;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::<_, Block>::new(client.clone()).into_rpc())?;
	module.merge(
		Babe::new(client.clone(), babe.worker.clone(), babe.keystore, select_chain).into_rpc(),
	)?;
	module.merge(
		Grandpa::new(
			grandpa.executor,
			authority_set.clone(),
			grandpa.voter_state,
			grandpa.justifications,
			grandpa.finality,
		)
		.into_rpc(),
	)?;
	module.merge(
		SyncState::new(chain_spec, client.clone(), authority_set, babe.worker)?.into_rpc(),
	)?;
	module.merge(Dev::<Block, _>::new(client.clone()).into_rpc())?;
	module.merge(Audit::new(client.clone()).into_rpc())?;
	module.merge(Surety::new(client).into_rpc())?;
	Ok(module)
}
