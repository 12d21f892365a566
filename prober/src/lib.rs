//! What a prober asks of a service and how it judges the answer.
//!
//! It runs inside the off-chain worker of the probes pallet, on the host's HTTP client, and has no state.
//! One call, [`probe_round`], takes the services that are due and gives back one finding for each.
//!
//! # Plans
//!
//! | service kind | asked | right answer |
//! |---|---|---|
//! | `Rpc`, Ethereum | one batch: `eth_blockNumber`, `eth_getBlockByNumber(reference, false)` | the reference block with the anchors' hash, and a head no more than `max_head_lag` behind theirs |
//! | `Rpc`, Substrate | one batch: `chain_getHeader`, `chain_getBlockHash(reference)` | the same |
//! | `Rpc` without a reference | the head alone | a well-formed head, whatever it is |
//! | `Compute`, `Vpn` | `GET endpoint` | any 2xx |
//! | `Inference` | `GET endpoint/v1/models` | a list (OpenAI's form) that has the model |
//! | a lease, whatever its kind | `GET endpoint` (the operator's agent) | `{"lease": <id of the lease>, "state": "running"}`, or `"stopped"` (by its tenant) |
//! | any but a lease, where the chain requires it | then also `GET host/.well-known/surety/<service>` | the operator's signature over [`control_message`] |
//!
//! Where control was [never proven](Proof::pending) the signature is asked for first, and the service itself
//! only if it is right, in the same visit: `Up` takes both. So a listing makes the probers send nothing to a
//! host whose owner has not agreed to it but one `GET` of a small file.
//!
//! A lease proves no control: its endpoint is on the server of a service whose operator has. Its id is a JSON
//! number, which is that of its service less [`LEASES_FROM`](surety_primitives::LEASES_FROM); other members of
//! the object are ignored.
//!
//! A server that refuses the batch (one JSON-RPC error for the whole of it, or a 4xx other than 408 and
//! 429) is asked the two questions one after the other within the same time.
//!
//! # Judgement
//!
//! | answer | finding |
//! |---|---|
//! | none: DNS, TLS, refused, forbidden address, broken, no time left | `Down` |
//! | 3xx, 4xx, 5xx, a body over 256 KiB (of a lease: 4 KiB) | `Down` |
//! | no JSON, wrong types, an error or a missing reply where an answer is due | `Bad` |
//! | another hash at the reference, another block than asked for | `Bad` |
//! | no reference block (`null` or an error), and a head below it | `Stale` |
//! | no reference block, and a head that has passed it | `Bad` |
//! | right hash, head more than `max_head_lag` behind | `Stale` |
//! | right hash, head ahead of the anchors or not too far behind | `Up` |
//! | model not listed | `Bad` |
//! | the agent says that the lease failed (`"state": "failed"`) | `Down` |
//! | any other 2xx of a lease's agent: no JSON object, another lease, another state | `Bad` |
//! | no or a wrong proof of control (2xx, 3xx, other 4xx) | `Bad` |
//! | proof of control not served for now (408, 429, 5xx, over 1 KiB, transport) | `Down` |
//! | without a reference: a well-formed head | `Up` |
//! | without a reference: any other 2xx (no JSON, no or a malformed head, an error) | `Bad` |
//! | never asked: it was not its turn before the deadline, or the prober's clock jumped | `Abstained` |
//!
//! Form needs no reference: without one, only the comparison of hash and head is left out.
//!
//! The reference block lies [`REFERENCE_DEPTHS`] behind the head: 8 blocks, or 256 for services whose terms
//! allow a lag of more than 8 (else one within its terms could lack the block). So no lag above 256 blocks
//! is ever fine. For this chain's own network the reference is the prober's own state. For others it is what
//! at least two anchors agree on, and more than on anything else: height and head are the second highest
//! that they claim, so that one anchor alone moves nothing. It is taken when the round begins, so a lag counts
//! from then.
//!
//! # Doubt
//!
//! Where services are `Down`, the anchors of their network are asked once more at the end. If at least half
//! of them, and at least two where there are two, have failed at the beginning or now, the fault may be
//! the prober's and it abstains on those services. Services of a kind without anchors are held against the
//! anchors of all networks. A prober without any anchors has no doubts: the chain drops its report if it is
//! blind.
//!
//! Where services are `Bad` without having been compared with a reference, the anchors of all networks are
//! asked once more. If there are any and not one of them has answered properly, what came back may be the page
//! of a captive portal or of a proxy, and the prober abstains on those services. One anchor that answers is
//! enough for junk to be the service's own.
//!
//! # Time
//!
//! The anchors have the first fifth of the time, the canary the last tenth (nothing, without anchors).
//! Services start in random order, evenly spread. Each has the same patience for its
//! whole conversation: short enough that all get their turn within the deadline even if every one of them
//! is dead. So no number of dead or trickling endpoints takes anything from the others, as long as
//! `concurrency` sockets can be open. Bodies are read in small parts in turn and in bounded memory.
//!
//! Latency is what the node's transport measured and hands over as [`ELAPSED_HEADER`] (of the slower
//! question, where they are asked singly; of the proof only if nothing else was asked). Without that header
//! it is the time until the prober noticed the answer, which is a turn (up to 20 ms, more under load) too
//! long.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anchors;
mod engine;
#[cfg(test)]
#[path = "tests/fake.rs"]
mod fake;
mod http;
mod json;
mod judge;
mod plan;
mod proof;
mod round;
mod schedule;
mod visit;

pub use proof::{control_message, control_url};

use alloc::vec::Vec;
use sp_core::offchain::Timestamp;
use surety_primitives::{NetworkId, Protocol, ServiceId, ServiceKind, report::Finding};

/// Target of what is logged.
const LOG: &str = "surety::prober";

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
	/// Whether the operator must prove control of the endpoint's host, and with which key. Not asked of a
	/// lease.
	pub proof: Option<Proof>,
}

/// Who must have signed for an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
	/// The operator's encoded account: an sr25519 public key of 32 bytes.
	pub operator: Vec<u8>,
	/// Genesis hash of this chain.
	pub genesis: [u8; 32],
	/// Whether control has never been proven: true while the listing is unproven. Then the service itself
	/// is not asked before it is.
	pub pending: bool,
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
	/// Most services asked at the same time. It decides how long each has to answer: a service that is slower is
	/// down, so that must be well above the latencies that terms may promise.
	pub concurrency: u32,
}

/// Ask every target and judge the answers: one finding per target, in the order of `targets`.
///
/// `random` must be unknown to operators: it decides who is asked when. Blocks until all have answered or
/// the deadline has passed.
pub fn probe_round(
	targets: &[Target],
	networks: &[NetworkRef],
	schedule: &Schedule,
	random: [u8; 32],
) -> Vec<Finding> {
	round::probe(&mut http::Host, targets, networks, schedule, random)
}
