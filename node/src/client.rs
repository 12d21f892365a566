// SPDX-License-Identifier: Apache-2.0

//! Concrete types of the node's client.

use sc_consensus::LongestChain;
use sc_transaction_pool::TransactionPoolHandle;
use surety_runtime::{RuntimeApi, opaque::Block};

/// Executor of the runtime.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Client.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// Database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// Fork choice.
pub type FullSelectChain = LongestChain<FullBackend, Block>;
/// Transaction pool.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;
