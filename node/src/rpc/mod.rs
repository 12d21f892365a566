// SPDX-License-Identifier: Apache-2.0

//! JSON-RPC methods of the node beyond those of `sc-service` (system, chain, state, author,
//! chainHead, archive): consensus, fees, nonces, and `surety_*`.
//!
//! | file | methods |
//! |---|---|
//! | `surety.rs` | read side: the runtime API as JSON |
//! | `audit.rs` | audits of breaches |
//! | `account.rs`, `sync_state.rs` | the SDK's methods that cost an open node too much, bounded |

mod account;
pub mod audit;
mod surety;
mod sync_state;
#[cfg(test)]
mod tests;

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

/// Dependencies of BABE's methods.
pub struct BabeDeps {
	/// Handle of the worker, which knows the epochs.
	pub worker: BabeWorkerHandle<Block>,
	/// Keys of this node.
	pub keystore: KeystorePtr,
}

/// Dependencies of GRANDPA's methods.
pub struct GrandpaDeps {
	/// State of the voter.
	pub voter_state: SharedVoterState,
	/// Set of voters.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Stream of justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Executor of subscriptions.
	pub executor: SubscriptionTaskExecutor,
	/// Provider of finality proofs.
	pub finality: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Dependencies of all methods.
pub struct Deps {
	/// Client.
	pub client: Arc<FullClient>,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
	/// Fork choice.
	pub select_chain: FullSelectChain,
	/// Chain spec, for checkpoints of light clients.
	pub chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// Dependencies of BABE's methods.
	pub babe: BabeDeps,
	/// Dependencies of GRANDPA's methods.
	pub grandpa: GrandpaDeps,
}

/// Build the module of all methods.
pub fn create(deps: Deps) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	use audit::{Audit, AuditRpcServer};
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use sc_rpc::dev::{Dev, DevApiServer};
	use sc_sync_state_rpc::SyncState;
	use substrate_frame_rpc_system::System;
	use surety::{Surety, SuretyRpcServer};

	let Deps { client, pool, select_chain, chain_spec, babe, grandpa } = deps;
	let authority_set = grandpa.authority_set;
	let mut module = RpcModule::new(());
	module.merge(account::system(System::new(client.clone(), pool))?)?;
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
	let state = SyncState::new(chain_spec, client.clone(), authority_set, babe.worker)?;
	module.merge(sync_state::sync_state(state, client.clone())?)?;
	module.merge(Dev::<Block, _>::new(client.clone()).into_rpc())?;
	module.merge(Audit::new(client.clone()).into_rpc())?;
	module.merge(Surety::new(client).into_rpc())?;
	Ok(module)
}
