// SPDX-License-Identifier: Apache-2.0

//! State after a block, backed by a chain or by a proof.

use super::{
	bundle::BlockProof,
	chain::Chain,
	error::{Error, mismatch},
};
use codec::{Decode, DecodeAll};
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{
	Backend, MemoryDB, StorageProof, TrieBackend, create_proof_check_backend,
	prove_read_on_trie_backend,
};
use std::{cell::RefCell, collections::BTreeSet};
use surety_runtime::{BlockNumber, Hash};

/// Keys in trie order.
type Keys = BTreeSet<Vec<u8>>;

/// State after a block.
pub trait State {
	/// Number of the block.
	fn block(&self) -> BlockNumber;
	/// Value under a key.
	fn read(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error>;
}

impl dyn State + '_ {
	/// Decoded value under a key.
	pub fn get<T: Decode>(&self, key: impl AsRef<[u8]>) -> Result<Option<T>, Error> {
		let value = self.read(key.as_ref().to_vec())?;
		let value = value.map(|bytes| T::decode_all(&mut bytes.as_slice())).transpose();
		value.map_err(|error| {
			mismatch(format!("a value of block {} is unreadable: {error}", self.block()))
		})
	}

	/// Decoded value under a key that must exist. `name` describes it in the error.
	pub fn require<T: Decode>(&self, key: impl AsRef<[u8]>, name: &str) -> Result<T, Error> {
		self.get(key)?.ok_or_else(|| mismatch(format!("block {} has no {name}", self.block())))
	}
}

/// State of a chain. Records the keys that are read.
pub struct ChainState<'a, C> {
	chain: &'a C,
	block: BlockNumber,
	keys: RefCell<Keys>,
}

impl<'a, C: Chain> ChainState<'a, C> {
	/// The state of `chain` after `block`.
	pub fn new(chain: &'a C, block: BlockNumber) -> Self {
		Self { chain, block, keys: RefCell::default() }
	}

	/// Proof of all values read.
	pub fn prove(self) -> Result<BlockProof, Error> {
		let keys: Vec<Vec<u8>> = self.keys.into_inner().into_iter().collect();
		let hash = self.chain.header(self.block)?.hash();
		Ok(BlockProof { block: self.block, hash, nodes: self.chain.prove(self.block, &keys)? })
	}
}

impl<C: Chain> State for ChainState<'_, C> {
	fn block(&self) -> BlockNumber {
		self.block
	}

	fn read(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
		let value = self.chain.read(self.block, &key);
		self.keys.borrow_mut().insert(key);
		value
	}
}

/// State shown by a proof. Records the keys that are read.
pub struct ProvenState {
	block: BlockNumber,
	nodes: StorageProof,
	backend: TrieBackend<MemoryDB<BlakeTwo256>, BlakeTwo256>,
	keys: RefCell<Keys>,
}

impl ProvenState {
	/// Part of the state with this root that the proof covers.
	pub fn new(root: Hash, proof: &BlockProof) -> Result<Self, Error> {
		let backend = create_proof_check_backend(root, proof.nodes.clone());
		let backend = backend.map_err(|_| Error::Incomplete(proof.block))?;
		Ok(Self {
			block: proof.block,
			nodes: proof.nodes.clone(),
			backend,
			keys: RefCell::default(),
		})
	}

	/// Check that the values read need every node of the proof.
	pub fn finish(self) -> Result<(), Error> {
		let used = prove_read_on_trie_backend(&self.backend, self.keys.into_inner());
		if used.map_err(|_| Error::Incomplete(self.block))? == self.nodes {
			Ok(())
		} else {
			Err(Error::Superfluous(self.block))
		}
	}
}

impl State for ProvenState {
	fn block(&self) -> BlockNumber {
		self.block
	}

	fn read(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
		let value = self.backend.storage(&key).map_err(|_| Error::Incomplete(self.block));
		self.keys.borrow_mut().insert(key);
		value
	}
}
