// SPDX-License-Identifier: Apache-2.0

//! Settings of an edge.

use crate::{
	access::{Rate, names_method},
	front::FrontSettings,
	rpc::ScanLimits,
	upstream::PoolSettings,
	websocket::WebSocketSettings,
};
use std::time::Duration;

/// Service without an agreement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trial {
	/// Rate of one network of clients, of weighted requests.
	pub rate: Rate,
	/// Share of a service's units that all of them may use, in parts of ten thousand.
	pub share: u16,
}

impl Default for Trial {
	fn default() -> Self {
		Self { rate: Rate { per_second: 2, burst: 16 }, share: 500 }
	}
}

/// Settings of an edge.
#[derive(Clone, Debug)]
pub struct EdgeSettings {
	/// Public listener.
	pub front: FrontSettings,
	/// Connections to the servers behind the edge.
	pub upstream: PoolSettings,
	/// Requests without an agreement. `None`: they are refused with 402.
	pub trial: Option<Trial>,
	/// Bytes of the body of a request.
	pub max_body: usize,
	/// Time for the body of a request.
	pub body_timeout: Duration,
	/// Time for an answer of the server, or for its head if it streams.
	pub answer_timeout: Duration,
	/// Time for the answer of a model, or for its head if it streams.
	pub model_timeout: Duration,
	/// Bytes up to which an answer is read whole before it is passed on; JSON-RPC answers are
	/// inspected then.
	pub buffered: usize,
	/// WebSocket connections of clients.
	pub websocket: WebSocketSettings,
	/// Subscriptions of one connection, within those of its agreement.
	pub max_subscriptions: usize,
	/// Limits of JSON-RPC requests.
	pub scan: ScanLimits,
	/// Time after which the right of a remembered token's key is looked at again.
	pub confirm: Duration,
	/// Tokens that a worker remembers as verified.
	pub tokens: usize,
	/// Networks of clients whose rates are kept.
	pub networks: usize,
}

impl EdgeSettings {
	/// Usual settings.
	///
	/// - `upstream`: allows private addresses, since servers stand beside their edge.
	pub fn new(front: FrontSettings, mut upstream: PoolSettings) -> Self {
		upstream.connect.allow_private = true;
		Self {
			front,
			upstream,
			trial: Some(Trial::default()),
			max_body: 2 << 20,
			body_timeout: Duration::from_secs(30),
			answer_timeout: Duration::from_secs(30),
			model_timeout: Duration::from_secs(600),
			buffered: 256 * 1024,
			websocket: WebSocketSettings::default(),
			max_subscriptions: 256,
			scan: ScanLimits::default(),
			confirm: Duration::from_secs(12),
			tokens: 4_096,
			networks: 65_536,
		}
	}
}

/// True if no client may call a method: those manage a node, or sign with its keys.
pub fn is_denied(method: &str) -> bool {
	names_method(DENIED, method) && !names_method(READS, method)
}

/// Methods of `debug` that only read. The others rewind the chain, write files on the machine or
/// profile it.
const READS: &[&str] = &[
	"debug_accountRange",
	"debug_executionWitness*",
	"debug_getModifiedAccounts*",
	"debug_getRaw*",
	"debug_intermediateRoots",
	"debug_storageRangeAt",
	"debug_traceBlock",
	"debug_traceBlockBy*",
	"debug_traceCall*",
	"debug_traceTransaction",
];

/// Methods that manage a node or a test chain, or sign with keys that a node holds.
const DENIED: &[&str] = &[
	"admin_*",
	"anvil_*",
	"author_insertKey",
	"author_removeExtrinsic",
	"author_rotateKeys*",
	"clique_*",
	"debug_*",
	"engine_*",
	"eth_sendTransaction",
	"eth_sign*",
	"evm_*",
	"hardhat_*",
	"miner_*",
	"offchain_*",
	"parity_*",
	"personal_*",
	"system_addLogFilter",
	"system_addReservedPeer",
	"system_removeReservedPeer",
	"system_resetLogFilter",
];
