//! Audit of a breach: from the state of the chain to a statement that anybody can check.
//!
//! ```text
//!  collect: states of the blocks ---> fold ---> storage proofs of all that was read = bundle
//!  verify:  bundle + own headers ---> fold ---> statement
//! ```
//!
//! [`fold`] reads the snapshot, commits, reveals and parameters of every counted round out of a state and judges
//! the service again with the pallets' own pure code. It does not care if the state is a database or a proof: the
//! collector records the keys that it reads, and the verifier demands that these keys need exactly the nodes that
//! the bundle has. So a statement is made of nothing but proven state, and no byte of a bundle is without effect.

mod bundle;
mod collect;
mod command;
mod fold;
mod state;
mod statement;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
mod verify;

pub use bundle::Bundle;
pub use collect::collect;
pub use command::AuditCmd;
pub use statement::Statement;
pub use verify::verify;

use crate::service::{FullBackend, FullClient};
use sc_client_api::{ProofProvider, StorageProvider};
use sp_blockchain::HeaderBackend;
use sp_core::storage::StorageKey;
use sp_state_machine::StorageProof;
use std::fmt;
use surety_primitives::ServiceId;
use surety_runtime::{BlockNumber, Hash, Header, opaque::Block};

/// Reason for which there is no statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Error {
	/// The node has no such block.
	UnknownBlock(BlockNumber),
	/// The block is not finalized, so what it says may change.
	NotFinal(BlockNumber),
	/// The node does not keep the state of the block any more.
	Pruned(BlockNumber),
	/// The state of the block knows no breach of this service with this number.
	NoBreach(ServiceId, u32, BlockNumber),
	/// The bytes are no bundle.
	NotABundle(String),
	/// The bundle is of another chain.
	OtherChain,
	/// The node has another block with this number.
	OtherBlock(BlockNumber),
	/// The proof of this block lacks what must be read, or is of another state.
	Incomplete(BlockNumber),
	/// The proof of this block has nodes that nothing needs.
	Superfluous(BlockNumber),
	/// The state does not follow from what the probers sent, or is none that this node can read.
	Mismatch(String),
	/// The node's database failed.
	Database(String),
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::UnknownBlock(block) => {
				write!(f, "block {block} is unknown: let the node sync first")
			},
			Self::NotFinal(block) => {
				write!(f, "block {block} is not finalized yet: try again later")
			},
			Self::Pruned(block) => {
				write!(f, "state of block {block} is pruned: ask an archive node")
			},
			Self::NoBreach(service, number, block) => write!(
				f,
				"block {block} knows no breach {number} of service {service}: ask at a block that remembers it"
			),
			Self::NotABundle(reason) => write!(f, "not a bundle: {reason}"),
			Self::OtherChain => write!(f, "the bundle is of another chain"),
			Self::OtherBlock(block) => write!(f, "block {block} of this chain has another hash"),
			Self::Incomplete(block) => {
				write!(f, "the proof of block {block} is incomplete or changed")
			},
			Self::Superfluous(block) => {
				write!(f, "the proof of block {block} has nodes that nothing needs")
			},
			Self::Mismatch(reason) => write!(f, "does not follow: {reason}"),
			Self::Database(reason) => write!(f, "database: {reason}"),
		}
	}
}
impl std::error::Error for Error {}

fn mismatch(reason: impl Into<String>) -> Error {
	Error::Mismatch(reason.into())
}

/// A chain with headers and states.
pub trait Chain {
	/// Hash of the genesis block.
	fn genesis(&self) -> Hash;
	/// Number of the last finalized block.
	fn finalized(&self) -> BlockNumber;
	/// Header of a block of the canonical chain.
	fn header(&self, block: BlockNumber) -> Result<Header, Error>;
	/// Value under a key in the state after a block.
	fn read(&self, block: BlockNumber, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
	/// Keys with a prefix in the state after a block.
	fn keys(&self, block: BlockNumber, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error>;
	/// Proof of the values under these keys in the state after a block.
	fn prove(&self, block: BlockNumber, keys: &[Vec<u8>]) -> Result<StorageProof, Error>;
}

/// Failure to read the state of a block whose header is there.
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
