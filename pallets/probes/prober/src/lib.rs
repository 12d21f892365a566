// SPDX-License-Identifier: Apache-2.0

//! Probes of services and judgement of their answers.
//!
//! The crate runs inside the off-chain worker of the probes pallet, on the host's HTTP client, and
//! is stateless. Its only call, [`probe_round`], takes the services that are due and returns one
//! finding each.
//!
//! # Terminology
//!
//! | term | meaning |
//! |---|---|
//! | assignment | a due service or lease, and how to probe it |
//! | visit | the whole conversation with one service in a round |
//! | anchor | reference endpoint of a network |
//! | reference | a task with the answer that the anchors agree on |
//! | task | a question whose answer is compared with a reference |
//! | finding | result of a visit, as it goes into the report |
//!
//! # Plans
//!
//! | service kind | request | correct answer |
//! |---|---|---|
//! | `Rpc`, Ethereum | the head; a recent block, by number or by hash; and its contents: a balance, a receipt, or logs | the answer of at least two anchors, and a head at most `max_head_lag` behind theirs |
//! | `Rpc`, Substrate | the head; the hash of a recent block, or its header; and a storage value there | the same |
//! | `Rpc` of this chain | the head; the hash of a recent block, or its header | the prober's own state |
//! | `Rpc` without a reference | the head alone | any well-formed head |
//! | `Compute` | `GET endpoint` | any 2xx |
//! | `Vpn` | `POST endpoint/trial` (the operator's agent), then a handshake and a nonce through the tunnel | a signed tunnel for the prober's key, and the nonce at the prober's own socket; see below |
//! | `Inference` | `GET endpoint/v1/models`, and a short `POST endpoint/v1/chat/completions` or else `/v1/embeddings` | a list with the model; a completion or a vector (OpenAI's formats) |
//! | lease of any kind | `GET endpoint` (the operator's agent) | `{"lease": <id of the lease>, "state": "running"}`, or `"stopped"` (by its tenant) |
//! | all but leases, where the chain requires it | in addition `GET host/.well-known/surety/<service>` | [the hash](surety_primitives::endpoint::control_hash) of genesis, operator, service and endpoint, in hex |
//!
//! If control was [never proven](Proof::pending), the proof is requested first, and the service
//! itself only after a correct proof, in the same visit: `Up` takes both. A listing thus makes the
//! probers send nothing to a host whose owner has not agreed, except one `GET` of a small file.
//!
//! A lease needs no proof of control: its endpoint is on the server of a service whose operator has
//! proven it. Its id is a JSON number. Other members of the object are ignored.
//!
//! A server may refuse a batch, by one JSON-RPC error for the whole batch or by a 4xx other than
//! 408 and 429. It then receives each request separately, all at once, within the same time.
//!
//! The listing does not state if its model chats or embeds. A completion is requested first. A
//! server that answers with 400, 404, 405, 422 or 501, as embedding servers do, is asked for an
//! embedding. An honest server of either kind passes, and a server that supports neither is down.
//! The content is not compared: that requires models that are registered as deterministic.
//!
//! # VPN
//!
//! | step | by | request or check |
//! |---|---|---|
//! | 1 | node | a fresh key pair |
//! | 2 | worker | `POST endpoint/trial`, body `{"key":"<public key in base64>"}` |
//! | 3 | worker | form of the answer (`surety_vpn::claims::SignedAnswer`, at most 4 KiB), service, no agreement, the key of step 1, moment, ed25519 signature by the key of the listing |
//! | 4 | worker | the host of the tunnel's endpoint is that of the listed endpoint, its port at least 1,024 |
//! | 5 | node | handshake over UDP; a nonce through the tunnel to the node's own socket; an answer back through the tunnel |
//!
//! Steps 1 and 5 are pseudo requests to the node ([`tunnel`]): the wasm has neither X25519 nor UDP.
//!
//! - Anybody may ask for a trial, so the agent cannot tell a prober by step 2.
//! - The key of step 1 is fresh, so neither an old answer nor that of another exit passes step 3.
//!   The signature says that the exit with this WireGuard key belongs to the listing.
//! - Step 4 keeps the validators from being aimed at a third party: the host has proven control, and
//!   the node applies its address filter and budget to the address that it resolves. A stranger's
//!   host receives at most five datagrams of 148 bytes per prober and round, without
//!   amplification.
//! - The nonce shows that the exit forwards, and under which address; the answer comes back only if
//!   that address is the exit's.
//! - Latency is the longest of three, each about one round trip: the answer to step 2, the
//!   handshake, and the nonce from the tunnel to the socket. Each is measured from its first
//!   datagram, so a lost one shows, and is sent again after a second at the latest, so it is no
//!   outage.
//! - A wrong NAT or firewall is an honest fault, and `Bad` has an allowance of one round in a window.
//!   Hence `Down` for everything that the tunnel does not do, and `Bad` for a wrong statement.
//!
//! | cheat | detected by |
//! |---|---|
//! | an agent without an exit; one whose exit is off | step 5 |
//! | an exit that shakes hands and forwards nothing | the nonce |
//! | another sender of the nonce | the answer, which does not come back |
//! | strangers refused, tokens let in | the slowest bucket: breaches as `Slow` |
//! | trials served fast and tenants slowly, or probers alone | not by probes: the set of probers is public. The receipts of the tenants make the service discrepant |
//! | a rival's trials used up | limits of the exit per network; after a refusal the token |
//! | packets to the prober's port under a rival's address | rubbish is dropped before it is decrypted; two thirds of the probers must be hit at once |
//!
//! Not measured: rate, loss, open ports, IPv6 through the tunnel.
//!
//! # Refusals
//!
//! A service may limit strangers, and a prober looks like one. If an answer of the service has the
//! status 429, the same requests are sent once more with a
//! [token](surety_primitives::prober_token) that the prober signs. From then on the service knows
//! that it is probed. Right answers are therefore `Up` in the slowest bucket: not down, but slow by
//! any terms, so that a service that refuses most probers breaches. Anything else is `Down`. The
//! tasks stay those that were refused. Proofs of control and leases are not asked again.
//!
//! # Tasks
//!
//! In each round a prober draws two blocks per network: one for services whose terms allow a lag of
//! at most 8 blocks, 8 to 63 below the head, and one for the others, 256 to 767 below the head. A
//! service within its terms has a block that deep. A lag above 256 blocks is never acceptable.
//!
//! The anchors are asked about the contents of the block first. A task on which no two anchors
//! agree is not used (see the table in `task`). Each visit draws one of the remaining tasks for the
//! block and one for its contents. A server that keeps a single block, or serves no logs, is thus
//! detected by a share of the probers in every round. State (balances, storage) is requested only
//! where nodes that keep no more than 128 states (Substrate: 256) still have it at the end of the
//! round.
//!
//! For this chain's own network the reference is the prober's own state. For other networks it is
//! the answer on which at least two anchors agree, and more than on any other answer. Height and
//! head are the second highest that they report, so a single anchor has no influence. References
//! are taken at the start of the round, and lag is measured from then on.
//!
//! # Judgement
//!
//! | answer | finding |
//! |---|---|
//! | none: DNS, TLS, refused, forbidden address, broken, timeout | `Down` |
//! | 3xx, 4xx, 5xx, a body over 256 KiB (agents: 4 KiB) | `Down` |
//! | 429, and right answers to the same requests with a token | `Up` in the slowest bucket |
//! | 429, and any other answer to them | `Down` |
//! | not JSON, wrong types, an error or a missing reply where an answer is due | `Bad` |
//! | another answer than the anchors', another block than requested | `Bad` |
//! | no such block (`null`, an error, no logs), and a head below it | `Stale` |
//! | no such block, and a head that has passed it | `Bad` |
//! | right answers, head more than `max_head_lag` behind | `Stale` |
//! | right answers, head ahead of the anchors or not too far behind | `Up` |
//! | model not listed, no completion or vector where one is due | `Bad` |
//! | the agent reports that the lease failed (`"state": "failed"`) | `Down` |
//! | any other 2xx of a lease's agent: not a JSON object, another lease, another state | `Bad` |
//! | a VPN's agent: any other 2xx than the expected answer (step 3), another host (step 4) | `Bad` |
//! | an exit that shakes no hands, forwards nothing, or brings nothing back; no address of its host | `Down` |
//! | a nonce from an address that is not public, or the prober's own (test chains allow both) | `Bad` |
//! | a proof through the tunnel | `Up` |
//! | no or a wrong proof of control (2xx, 3xx, other 4xx) | `NoProof` |
//! | proof of control temporarily unavailable (408, 429, 5xx, over 1 KiB, transport) | `Down` |
//! | without a reference: a well-formed head | `Up` |
//! | without a reference: any other 2xx (not JSON, no or a malformed head, an error) | `Bad` |
//! | not asked: no turn before the deadline, a jump of the prober's clock, or an unknown network | `Abstained` |
//! | a VPN, if the node has no UDP port, or one that seems closed | `Abstained` |
//!
//! The format needs no reference. Without a reference only the comparison of answers and head is
//! omitted.
//!
//! # Doubt
//!
//! If services are `Down`, the heads of all anchors are queried once more at the end. If more than
//! half of all anchors (both, where there are two) have failed at the start or now, the fault may
//! be the prober's, and `Down` becomes `InDoubt`: neither billed nor counted. The rule is the same
//! for all kinds of services: an attacker who wants the probers to doubt themselves must stop more
//! than half of the anchors of all networks at once, not those of one small network. A prober
//! without anchors has no doubts: the chain drops its report if it is blind.
//!
//! If services are `Bad` or `NoProof` without a reference, and no anchor of any network answers
//! properly, the answers may come from a captive portal or a proxy: these findings become `InDoubt`
//! as well. They do not become `Abstained`, which would leave the verdict `Unmeasured` and billed:
//! an attacker who stops all anchors could then be paid for junk. One answering anchor is enough to
//! attribute junk to the service.
//!
//! # Time
//!
//! ```text
//!   0 %     anchors, then starts of visits at random times              80 %     94 %    100 %
//!   |---------|-----------------------...---------------------------------|--------|-------|
//!                                                           the last visit has 14 %   anchor check
//! ```
//!
//! Each visit has the same patience, short enough that all services get their turn before the
//! deadline even if every one of them is dead. No number of dead or trickling endpoints thus
//! affects the others, as long as `concurrency` visits can run at the same time (a visit has at
//! most three connections at once). Where the services do not exceed `concurrency`, the patience is
//! 14 % of the time. Terms promise at most 10 % of a round, which takes a `concurrency` of a sixth
//! of the services. Bodies are read in small parts, in turn, and in bounded memory.
//!
//! The anchors of the networks in use are queried three times (heads, block, its contents) before
//! the services. As soon as more than half of a network's anchors agree, the others are not waited
//! for, and the wait never exceeds 18 % of the time. No visit runs in that time, and none starts in
//! the last fifth, so that its answer can be waited for.
//!
//! Latency is measured by the node's transport and passed in [`ELAPSED_HEADER`]. The slowest
//! request of a visit counts; the proof never does. Without the header it is the time until the
//! prober noticed the answer, which is one turn (up to 20 ms, more under load) too long.
//!
//! # Indistinguishability
//!
//! Each visit draws the client that it imitates (headers, order of JSON members, first id), the
//! order of its requests, batch or single requests, tasks and time. Remaining characteristics of a
//! probe:
//!
//! - the source address. The set of probers is public, so their addresses can be learned. Use other
//!   addresses than the node's (`--probe-egress`), and change them;
//! - no `accept-encoding`, since the prober reads plain bodies only, and a TLS handshake that is
//!   that of
//!   common Rust clients;
//! - the proof of control, and the list of models beside a completion;
//! - the handshake and the nonce of a VPN's visit, which carry the address of the prober's socket;
//! - the token, to a service that has refused the probe. It names the prober, so the service learns
//!   the address of that prober for later rounds. Refusing up to half of the probers leaves the
//!   median latency of a verdict as it is.
//!
//! An operator that serves probes better than tenants is revealed by the receipts of the tenants'
//! gateways.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod anchors;
mod client;
mod engine;
mod http;
mod json;
mod judge;
mod plan;
mod proof;
mod round;
mod schedule;
mod task;
#[cfg(test)]
mod tests;
pub mod tunnel;
mod visit;
mod vpn;

pub use judge::{
	Grade, completion as judge_completion, embedding as judge_embedding, lease as judge_lease,
	models as judge_models, serves_no_chat,
};
pub use proof::{control_url, is_proof};

use alloc::{string::String, vec::Vec};
use anchors::Depth;
use sp_core::offchain::Timestamp;
use surety_primitives::{NetworkId, Protocol, ServiceId, ServiceKind, Target, report::Finding};

/// Log target.
const LOG_TARGET: &str = "surety::prober";

/// Response header in which the node's transport passes the latency in microseconds, as a decimal
/// number. The transport removes remote headers with the prefix [`RESERVED_PREFIX`].
pub const ELAPSED_HEADER: &str = "surety-elapsed-us";

/// Prefix of response headers that only the node's transport may set.
pub const RESERVED_PREFIX: &str = "surety-";

/// Probe of one due target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assignment {
	/// Service or lease to probe.
	pub target: Target,
	/// Genesis hash of this chain, which the agent of a VPN signs.
	pub genesis: [u8; 32],
	/// Service kind, which decides on the requests.
	pub kind: ServiceKind,
	/// http(s) URL.
	pub endpoint: Vec<u8>,
	/// Maximum lag of the head in blocks, by the terms.
	pub max_head_lag: u32,
	/// Finding without a visit: `Skipped` for the prober's own service, `Abstained` for a locally
	/// denied one.
	pub skip: Option<Finding>,
	/// Proof of control that the operator owes, if any. Not required of a lease.
	pub proof: Option<Proof>,
}

/// Proof of control.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proof {
	/// [`control_hash`](surety_primitives::endpoint::control_hash) of the listing.
	pub expected: [u8; 32],
	/// True while the listing is unproven: control has never been shown, and the service itself is
	/// not asked before it is.
	pub pending: bool,
}

/// Network and the references for its services.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkRef {
	/// Id of the network.
	pub id: NetworkId,
	/// Dialect.
	pub protocol: Protocol,
	/// Prober's own state, if the network is this chain.
	pub own: Option<OwnHead>,
	/// URLs of the anchors: the prober's own first, then those listed on chain.
	pub anchors: Vec<Vec<u8>>,
}

/// State of this chain as known by the prober's own node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnHead {
	/// Number of the best block.
	pub number: u32,
	/// Numbers and hashes of earlier blocks, from which the prober draws.
	pub references: Vec<(u32, [u8; 32])>,
}

impl OwnHead {
	/// References below the best block `number`: every block of the near depths, every 16th of the
	/// deep ones, and the genesis block. `hash_of` returns their hashes; a block without a known
	/// hash is left out.
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

/// Times and concurrency of a round's probing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
	/// Start of probing.
	pub start: Timestamp,
	/// Time in ms from `start` over which visits start at random. None starts after 80 % of the
	/// time to the deadline.
	pub spread_ms: u64,
	/// End of probing.
	pub deadline: Timestamp,
	/// Maximum number of concurrent visits, each with at most three connections. It determines the
	/// time of a visit: a slower service is down, so that time must be well above the latency that
	/// terms may promise. A sixth of the services is enough for latencies of a tenth of the time.
	pub concurrency: u32,
}

/// Signer of tokens: the value of the header for a service and a nonce, `None` if there is no key.
/// Without a signer no refused request is repeated.
pub type Tokens<'a> = Option<&'a dyn Fn(ServiceId, [u8; 16]) -> Option<String>>;

/// Probe every assignment: one finding each, in the order of `assignments`.
///
/// `random` must be unknown to operators: it decides the order of visits. Blocks until all services
/// have answered or the deadline has passed.
pub fn probe_round(
	assignments: &[Assignment],
	networks: &[NetworkRef],
	schedule: &Schedule,
	tokens: Tokens<'_>,
	random: [u8; 32],
) -> Vec<Finding> {
	round::probe(&mut http::Host, assignments, networks, schedule, tokens, random)
}
