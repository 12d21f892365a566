// SPDX-License-Identifier: Apache-2.0

//! Genesis block, built when it is asked for: when the database is empty.
//!
//! The SDK's `new_full_parts` builds the genesis storage at every start. A specification that is not
//! raw takes two compilations of the runtime for that, eight seconds on two cores, which a validator
//! that is restarted in the middle of a round does not have.

use crate::client::{Executor, FullBackend};
use sc_chain_spec::{BuildGenesisBlock, ChainSpec, GenesisBlockBuilder};
use sc_client_api::Backend;
use sc_service::Configuration;
use std::sync::Arc;
use surety_runtime::opaque::Block;

/// Builder of the genesis block of a chain specification.
pub struct Genesis<'a> {
	spec: &'a dyn ChainSpec,
	/// False if the state is synchronized from peers instead.
	commit_state: bool,
	backend: Arc<FullBackend>,
	executor: Executor,
}

impl<'a> Genesis<'a> {
	/// Of the specification that a node was started with.
	pub fn new(config: &'a Configuration, backend: Arc<FullBackend>, executor: Executor) -> Self {
		let spec = config.chain_spec.as_ref();
		Self { spec, commit_state: !config.no_genesis(), backend, executor }
	}
}

impl BuildGenesisBlock<Block> for Genesis<'_> {
	type BlockImportOperation = <FullBackend as Backend<Block>>::BlockImportOperation;

	fn build_genesis_block(self) -> sp_blockchain::Result<(Block, Self::BlockImportOperation)> {
		let Self { spec, commit_state, backend, executor } = self;
		GenesisBlockBuilder::new(spec.as_storage_builder(), commit_state, backend, executor)?
			.build_genesis_block()
	}
}
