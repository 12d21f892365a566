//! Questions that a prober asks of services, and its judgement of the answers.
//!
//! It runs inside the off-chain worker of the probes pallet, on the host's HTTP client, and has no state.
//! One call, [`probe_round`], takes the services that are due and gives back one finding for each.
//!
//! # Plans
//!
//! | service kind | asked | right answer |
//! |---|---|---|
//! | `Rpc`, Ethereum | the head; a recent block, by number or by hash; and what is in it: a balance, a receipt, or logs | what at least two anchors answer, and a head no more than `max_head_lag` behind theirs |
//! | `Rpc`, Substrate | the head; the hash of a recent block, or its header; and a storage value there | the same |
//! | `Rpc` of this chain | the head; the hash of a recent block, or its header | what the prober's own state says |
//! | `Rpc` without a reference | the head alone | a well-formed head, whatever it is |
//! | `Compute` | `GET endpoint` | any 2xx |
//! | `Vpn` | `GET endpoint?nonce=<16 random bytes in hex>` (the operator's agent) | `{"service": <id>, "state": "running", "signature": "0x.."}`, signed with the key of the listing |
//! | `Inference` | `GET endpoint/v1/models`, and a short `POST endpoint/v1/chat/completions` or else `/v1/embeddings` | a list that has the model; a completion or a vector (OpenAI's forms) |
//! | a lease, whatever its kind | `GET endpoint` (the operator's agent) | `{"lease": <id of the lease>, "state": "running"}`, or `"stopped"` (by its tenant) |
//! | any but a lease, where the chain requires it | then also `GET host/.well-known/surety/<service>` | [the hash](surety_primitives::endpoint::control_hash) of genesis, operator, service and endpoint, in hex |
//!
//! If control was [never proven](Proof::pending) the proof is asked for first, and the service itself only if
//! it is right, in the same visit: `Up` takes both. So a listing makes the probers send nothing to a host
//! whose owner has not agreed to it but one `GET` of a small file.
//!
//! A lease proves no control: its endpoint is on the server of a service whose operator has. Its id is a JSON
//! number, which is that of its service less [`LEASES_FROM`](surety_primitives::LEASES_FROM); other members
//! of the object are ignored.
//!
//! The signature of a VPN's agent is an ed25519 signature over
//! [`vpn_health`](surety_primitives::endpoint::vpn_health): genesis, service, nonce and state. So no answer
//! of another time, service or chain will do.
//!
//! A server that refuses a batch (one JSON-RPC error for the whole of it, or a 4xx other than 408 and 429) is
//! asked each question in a request of its own, all at once, within the same time.
//!
//! The listing does not say if its model chats or embeds. A completion is asked for first; a server that
//! answers it with 400, 404, 405, 422 or 501, as servers of embeddings do, is asked for an embedding. So an
//! honest server of either kind passes, and one that does neither is down. Nothing is compared: that needs
//! models that are registered as deterministic.
//!
//! # Tasks
//!
//! Per network, round and prober one block is drawn for services whose terms allow a lag of at most 8 blocks,
//! 8 to 63 behind the head, and one for the others, 256 to 767 behind it: so deep that a service within its
//! terms has it. No lag above 256 blocks is ever fine. What is in the block is asked of the anchors first;
//! what two of them do not answer alike is asked of no service (see the table in `task`). Of the rest each
//! visit draws one question for the block and one for what is in it. So whoever keeps one block, or serves no
//! logs, is found out by its share of the probers, in every round. State (balances, storage) is asked for
//! only where nodes that keep no more than 128 states (of Substrate: 256) still have it at the end of the
//! round.
//!
//! For this chain's own network the reference is the prober's own state. For others it is what at least two
//! anchors agree on, and more than on anything else: height and head are the second highest that they claim,
//! so that one anchor alone moves nothing. It is taken when the round begins, so a lag counts from then.
//!
//! # Judgement
//!
//! | answer | finding |
//! |---|---|
//! | none: DNS, TLS, refused, forbidden address, broken, no time left | `Down` |
//! | 3xx, 4xx, 5xx, a body over 256 KiB (of an agent: 4 KiB) | `Down` |
//! | no JSON, wrong types, an error or a missing reply where an answer is due | `Bad` |
//! | another answer than the anchors', another block than asked for | `Bad` |
//! | no such block (`null`, an error, no logs), and a head below it | `Stale` |
//! | no such block, and a head that has passed it | `Bad` |
//! | right answers, head more than `max_head_lag` behind | `Stale` |
//! | right answers, head ahead of the anchors or not too far behind | `Up` |
//! | model not listed, no completion or vector where one is due | `Bad` |
//! | the agent says that the lease failed (`"state": "failed"`) | `Down` |
//! | any other 2xx of a lease's agent: no JSON object, another lease, another state | `Bad` |
//! | a VPN's agent signs any other state than `running` | `Down` |
//! | any other 2xx of a VPN's agent: no JSON object, another service, no or a wrong signature | `Bad` |
//! | no or a wrong proof of control (2xx, 3xx, other 4xx) | `NoProof` |
//! | proof of control not served for now (408, 429, 5xx, over 1 KiB, transport) | `Down` |
//! | without a reference: a well-formed head | `Up` |
//! | without a reference: any other 2xx (no JSON, no or a malformed head, an error) | `Bad` |
//! | never asked: it was not its turn before the deadline, the prober's clock jumped, or nobody knows its network | `Abstained` |
//!
//! Form needs no reference: without one, only the comparison of answers and head is left out.
//!
//! # Doubt
//!
//! If services are `Down`, the anchors of all networks are asked for their heads once more at the end. If
//! more than half of them all (so both where there are two) have failed at the beginning or now, the fault
//! may be the prober's, and `Down` becomes `InDoubt`: neither billed nor counted. It is one rule for all
//! kinds of services: whoever wants the probers to doubt themselves must stop more than half of the anchors
//! of all networks at once, not those of one small network. A prober without any anchors has no doubts: the
//! chain drops its report if it is blind.
//!
//! If services are `Bad` or `NoProof` without having been compared with a reference, and not one anchor of
//! any network answers properly, what came back may be the page of a captive portal or of a proxy: these
//! findings are `InDoubt` too. They are not `Abstained`, which would leave the verdict `Unmeasured` and
//! billed: whoever stopped all anchors could then be paid for junk. One anchor that answers is enough for
//! junk to be the service's own.
//!
//! # Time
//!
//! ```text
//!   0 %     anchors, then starts of services at random times            80 %     94 %    100 %
//!   |---------|-----------------------...---------------------------------|--------|-------|
//!                                                                 the last have 14 %   canary
//! ```
//!
//! Each service has the same patience for its whole conversation: short enough that all get their turn within
//! the deadline even if every one of them is dead. So no number of dead or trickling endpoints takes anything
//! from the others, as long as `concurrency` services can be asked at the same time (a visit has at most
//! three connections at once). Where they are no more than that, patience is 14 % of the time; terms promise
//! at most 10 % of a round, and that takes a `concurrency` of a sixth of the services. Bodies are read in
//! small parts in turn and in bounded memory.
//!
//! The anchors of the networks in use are asked three times (heads, block, what is in it) before the services
//! are. As soon as more than half of a network's anchors say the same the others are not waited for, and
//! never longer than 18 % of the time. In those moments no service is asked, and none starts in the last
//! fifth, so that its answer can be waited for.
//!
//! Latency is what the node's transport measured and hands over as [`ELAPSED_HEADER`] (of the slowest
//! question; of the proof never). Without that header it is the time until the prober noticed the answer,
//! which is a turn (up to 20 ms, more under load) too long.
//!
//! # Tells
//!
//! Each visit draws the client that it looks like (headers, order of the members of its JSON, ids that count
//! up from anywhere), the order of its questions, one batch or single requests, task and time. What still
//! tells:
//!
//! - the address it comes from. The set of probers is public, so their addresses can be learnt. Let probes
//!   leave from others than the node's (`--probe-egress`), and change them;
//! - no `accept-encoding`, since the prober reads plain bodies only, and the TLS handshake, which is that of
//!   common Rust clients;
//! - the proof of control, and the list of models beside a completion.
//!
//! An operator that serves probes better than tenants shows in the receipts that tenants' gateways keep.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anchors;
mod client;
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
mod task;
mod visit;

pub use proof::control_url;

use alloc::vec::Vec;
use anchors::Depth;
use sp_core::offchain::Timestamp;
use surety_primitives::{NetworkId, Protocol, ServiceId, ServiceKind, report::Finding};

/// Target of what is logged.
const LOG: &str = "surety::prober";

/// Response header in which the node's transport hands over how long the answer took: a decimal number
/// of microseconds. Remote headers that begin with [`RESERVED_PREFIX`] are stripped by the transport.
pub const ELAPSED_HEADER: &str = "surety-elapsed-us";

/// Prefix of response headers that only the node's transport may set.
pub const RESERVED_PREFIX: &str = "surety-";

/// One due service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
	/// Which service.
	pub service: ServiceId,
	/// Genesis hash of this chain: what a VPN's agent signs is for it.
	pub genesis: [u8; 32],
	/// Kind; decides what it is asked.
	pub kind: ServiceKind,
	/// http(s) URL.
	pub endpoint: Vec<u8>,
	/// Blocks that the terms let it be behind its network's head.
	pub max_head_lag: u32,
	/// Not asked, this is its finding: `Skipped` for the prober's own, `Abstained` for a locally denied one.
	pub skip: Option<Finding>,
	/// Proof of control of the endpoint's host that the operator owes, if any. Not asked of a lease.
	pub proof: Option<Proof>,
}

/// A proof of control.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proof {
	/// [`control_hash`](surety_primitives::endpoint::control_hash) of the listing.
	pub expected: [u8; 32],
	/// True while the listing is unproven: control has never been shown, and the service itself is not asked
	/// before it is.
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

/// State of this chain as the prober's own node knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnHead {
	/// Number of the best block.
	pub number: u32,
	/// Number and hash of blocks behind it, of which the prober draws.
	pub references: Vec<(u32, [u8; 32])>,
}

impl OwnHead {
	/// References behind the best block `number`: every one of the nearer depths and every 16th of the
	/// farther ones, or else the genesis block, with their hashes from `hash_of` (a block whose hash is not
	/// known is left out).
	pub fn new(number: u32, hash_of: impl Fn(u32) -> Option<[u8; 32]>) -> Self {
		let depths = Depth::Near.range().chain(Depth::Deep.range().step_by(16));
		let mut blocks: Vec<u32> = depths.filter_map(|depth| number.checked_sub(depth)).collect();
		blocks.push(0);
		blocks.dedup();
		let references =
			blocks.into_iter().filter_map(|block| Some((block, hash_of(block)?))).collect();
		Self { number, references }
	}
}

/// Times and width of a round's probing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
	/// Nothing is asked before.
	pub start: Timestamp,
	/// Probes start at random times in this many ms from `start`, but none after 80 % of the time to the
	/// deadline.
	pub spread_ms: u64,
	/// Ends everything.
	pub deadline: Timestamp,
	/// Most services asked at the same time; each has at most three connections. It decides how long each has
	/// to answer: a service that is slower is down, so that must be well above the latencies that terms may
	/// promise. A sixth of the services is enough for those of a tenth of the time.
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
