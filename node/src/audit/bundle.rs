// SPDX-License-Identifier: Apache-2.0

//! Bundle: the evidence that another node needs to verify a statement.

use super::error::Error;
use codec::{Decode, DecodeAll, Encode};
use sp_state_machine::StorageProof;
use surety_primitives::{AgreementId, Target};
use surety_runtime::{BlockNumber, Hash};

/// Version of the format.
pub const VERSION: u8 = 1;

/// Proof of a part of the state after a block.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct BlockProof {
	/// Number of the block.
	pub block: BlockNumber,
	/// Hash of the block.
	pub hash: Hash,
	/// Nodes of the state that are needed, and no others.
	pub nodes: StorageProof,
}

/// Evidence of a breach.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Bundle {
	/// [`VERSION`].
	pub version: u8,
	/// Hash of the genesis block.
	pub genesis: Hash,
	/// Service or lease in breach.
	pub target: Target,
	/// Number of the breach, counted per target.
	pub number: u32,
	/// Credited agreements, in ascending order.
	pub agreements: Vec<AgreementId>,
	/// States before the blocks that judged the counted rounds, in order. The last round is the one
	/// that passed the tier.
	pub rounds: Vec<BlockProof>,
	/// State after the block that judged the last round.
	pub judged: BlockProof,
}

impl Bundle {
	/// Decode a bundle. Any encoding other than the canonical one is refused.
	pub fn read(bytes: &[u8]) -> Result<Self, Error> {
		if bytes.first().is_some_and(|version| *version != VERSION) {
			return Err(Error::NotABundle("unknown version".into()));
		}
		let bundle =
			Self::decode_all(&mut &*bytes).map_err(|error| Error::NotABundle(error.to_string()))?;
		if bundle.encode() != bytes {
			return Err(Error::NotABundle("nodes out of order".into()));
		}
		Ok(bundle)
	}
}
