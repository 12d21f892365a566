//! Bundle: all that another node needs to check a statement.

use super::Error;
use codec::{Decode, DecodeAll, Encode};
use sp_state_machine::StorageProof;
use surety_primitives::{AgreementId, ServiceId};
use surety_runtime::{BlockNumber, Hash};

/// Version of the format.
pub const VERSION: u8 = 1;

/// Part of the state after a block.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct BlockProof {
	/// Number of the block.
	pub block: BlockNumber,
	/// Its hash.
	pub hash: Hash,
	/// Nodes of its state: those that must be read, no other.
	pub nodes: StorageProof,
}

/// A breach with the proofs of all that it follows from.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Bundle {
	/// [`VERSION`].
	pub version: u8,
	/// Hash of the genesis block.
	pub genesis: Hash,
	/// Service that breached.
	pub service: ServiceId,
	/// Number of the breach among those of the service.
	pub number: u32,
	/// Agreements that were credited, in rising order.
	pub agreements: Vec<AgreementId>,
	/// State before the block that judged, for each counted round in order. The last one is that of the round
	/// that passed the tier.
	pub rounds: Vec<BlockProof>,
	/// State after the block that judged the last of them.
	pub judged: BlockProof,
}

impl Bundle {
	/// Read a bundle from the bytes of a file. There is one encoding of it; any other is refused.
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
