// SPDX-License-Identifier: Apache-2.0

//! Source of headers and states.

use super::error::Error;
use crate::client::{FullBackend, FullClient};
use sc_client_api::{ProofProvider, StorageProvider};
use sp_blockchain::HeaderBackend;
use sp_core::storage::StorageKey;
use sp_state_machine::StorageProof;
use surety_runtime::{BlockNumber, Hash, Header, opaque::Block};

/// Access to the headers and states of a chain.
pub trait Chain {
	/// Hash of the genesis block.
	fn genesis(&self) -> Hash;
	/// Number of the last finalized block.
	fn finalized(&self) -> BlockNumber;
	/// Header of a canonical block.
	fn header(&self, block: BlockNumber) -> Result<Header, Error>;
	/// Value under a key in the state after a block.
	fn read(&self, block: BlockNumber, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
	/// Keys with a prefix in the state after a block.
	fn keys(&self, block: BlockNumber, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error>;
	/// Proof of the values under these keys in the state after a block.
	fn prove(&self, block: BlockNumber, keys: &[Vec<u8>]) -> Result<StorageProof, Error>;
}

/// Error of reading the state of a block whose header is known.
fn unreadable(block: BlockNumber, error: sp_blockchain::Error) -> Error {
	match error {
		sp_blockchain::Error::UnknownBlock(_) => Error::Pruned(block),
		error => Error::Database(error.to_string()),
	}
}

impl Chain for FullClient {
	fn genesis(&self) -> Hash {
		self.info().genesis_hash
	}

	fn finalized(&self) -> BlockNumber {
		self.info().finalized_number
	}

	fn header(&self, block: BlockNumber) -> Result<Header, Error> {
		let failed = |error: sp_blockchain::Error| Error::Database(error.to_string());
		let hash = HeaderBackend::<Block>::hash(self, block).map_err(failed)?;
		let header =
			hash.map(|hash| HeaderBackend::header(self, hash)).transpose().map_err(failed)?;
		header.flatten().ok_or(Error::UnknownBlock(block))
	}

	fn read(&self, block: BlockNumber, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
		let key = StorageKey(key.to_vec());
		let hash = Chain::header(self, block)?.hash();
		let value = StorageProvider::<Block, FullBackend>::storage(self, hash, &key);
		Ok(value.map_err(|error| unreadable(block, error))?.map(|data| data.0))
	}

	fn keys(&self, block: BlockNumber, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
		let prefix = StorageKey(prefix.to_vec());
		let hash = Chain::header(self, block)?.hash();
		let keys =
			StorageProvider::<Block, FullBackend>::storage_keys(self, hash, Some(&prefix), None);
		Ok(keys.map_err(|error| unreadable(block, error))?.map(|key| key.0).collect())
	}

	fn prove(&self, block: BlockNumber, keys: &[Vec<u8>]) -> Result<StorageProof, Error> {
		let hash = Chain::header(self, block)?.hash();
		let mut keys = keys.iter().map(Vec::as_slice);
		self.read_proof(hash, &mut keys).map_err(|error| unreadable(block, error))
	}
}
