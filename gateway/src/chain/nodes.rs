// SPDX-License-Identifier: Apache-2.0

//! Several nodes of the chain, of which the most advanced honest one is asked.
//!
//! The finalized block that is in use never goes back. It is given up only if the nodes deny it for
//! a while: they have another block of that number.

use super::{
	Head, NodeClient, NodeError, NodeLimits,
	election::{Candidate, Election, Standing, compared_number, elect, plausible},
};
use crate::config::ChainSection;
use futures::future::join_all;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use sp_core::H256;
use sp_runtime::{
	generic::Header,
	traits::{BlakeTwo256, Header as _},
};
use std::{
	fmt,
	time::{Duration, Instant},
};
use surety_primitives::BlockNumber;
use tracing::{error, info, warn};

/// Longest pause before a failing node is asked again.
const MAX_PAUSE: Duration = Duration::from_secs(8);
/// Time for which the nodes must deny the used block before it is given up.
const DENIAL: Duration = Duration::from_secs(60);

/// Header of a block of the chain.
type ChainHeader = Header<BlockNumber, BlakeTwo256>;

/// Reason why no node gave a result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodesError {
	/// No node answers, or none of the right chain.
	NoNode,
	/// Every node that was asked failed; the last failure.
	Node(NodeError),
}

impl NodesError {
	/// True if the node has no such method.
	pub fn is_unknown_method(&self) -> bool {
		matches!(self, Self::Node(error) if error.is_unknown_method())
	}
}

impl fmt::Display for NodesError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoNode => f.write_str("no node of the chain answers"),
			Self::Node(error) => write!(f, "node: {error}"),
		}
	}
}

impl std::error::Error for NodesError {}

/// Standing of a node, as the status shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
	/// Host and port. The rest of a URL may have a key.
	pub node: String,
	/// Standing.
	pub standing: Standing,
	/// Finalized block.
	pub finalized: Option<BlockNumber>,
	/// True if it is asked.
	pub leader: bool,
	/// Last failure, until the next success.
	pub error: Option<String>,
}

/// Nodes of the chain.
pub struct Nodes {
	nodes: Vec<Node>,
	state: Mutex<State>,
}

struct Node {
	client: NodeClient,
	view: Mutex<View>,
}

/// Answers of a node.
#[derive(Debug)]
struct View {
	standing: Standing,
	genesis: Option<H256>,
	head: Option<Head>,
	failures: u32,
	retry_at: Option<Instant>,
	error: Option<String>,
}

#[derive(Debug, Default)]
struct State {
	genesis: Option<H256>,
	/// Block that is in use, and the time at which it was taken.
	used: Option<(Head, Instant)>,
	leader: Option<usize>,
	denied_since: Option<Instant>,
	slot: Option<Duration>,
}

impl Nodes {
	/// Nodes of a configuration.
	pub fn new(config: &ChainSection) -> Result<Self, NodeError> {
		let timeout = Duration::from_millis(config.timeout_ms);
		let limits = NodeLimits { timeout, max_bytes: config.max_answer_bytes };
		let node = |url: &crate::config::Url| {
			let view = View {
				standing: Standing::Unknown,
				genesis: None,
				head: None,
				failures: 0,
				retry_at: None,
				error: None,
			};
			Ok(Node { client: NodeClient::new(url.clone(), limits)?, view: Mutex::new(view) })
		};
		let nodes = config.nodes.iter().map(node).collect::<Result<_, NodeError>>()?;
		let state = Mutex::new(State { genesis: config.genesis, ..State::default() });
		Ok(Self { nodes, state })
	}

	/// Hash of the genesis block, once it is known.
	pub fn genesis(&self) -> Option<H256> {
		self.state.lock().genesis
	}

	/// Finalized block that is in use.
	pub fn used(&self) -> Option<Head> {
		self.state.lock().used.map(|(head, _)| head)
	}

	/// Set the time of a slot, by which blocks from the future are recognised.
	pub fn set_slot(&self, slot: Duration) {
		self.state.lock().slot = Some(slot).filter(|slot| !slot.is_zero());
	}

	/// Standing of every node.
	pub fn report(&self) -> Vec<NodeReport> {
		let leader = self.state.lock().leader;
		let report = |(index, node): (usize, &Node)| {
			let view = node.view.lock();
			let url = node.client.url();
			NodeReport {
				node: format!("{}:{}", url.host(), url.port()),
				standing: view.standing,
				finalized: view.head.map(|head| head.number),
				leader: leader == Some(index),
				error: view.error.clone(),
			}
		};
		self.nodes.iter().enumerate().map(report).collect()
	}

	/// Ask every node for its finalized block and elect the node to ask. Gives the block in use.
	pub async fn poll(&self, now: Instant) -> Result<Head, NodesError> {
		join_all(self.nodes.iter().map(|node| node.inspect(now))).await;
		self.adopt_genesis();
		let used = self.used();
		let heads = self.heads();
		let numbers: Vec<_> = heads.iter().map(|(_, head)| *head).collect();
		let Some(compared) = compared_number(&numbers, used) else {
			self.state.lock().leader = None;
			return used.ok_or(NodesError::NoNode);
		};
		let compare = heads.iter().map(|(index, head)| self.compare(*index, *head, used, compared));
		let candidates: Vec<_> = join_all(compare).await.into_iter().flatten().collect();
		self.apply(&candidates, now).ok_or(NodesError::NoNode)
	}

	/// Take the genesis of the first node that answers, and refuse nodes of another chain.
	fn adopt_genesis(&self) {
		let mut state = self.state.lock();
		for node in &self.nodes {
			let mut view = node.view.lock();
			let Some(genesis) = view.genesis else { continue };
			let expected = *state.genesis.get_or_insert_with(|| {
				info!(genesis = %shown(genesis), "chain");
				genesis
			});
			if genesis != expected && view.standing != Standing::OtherChain {
				let node = node.client.url().host();
				warn!(node, genesis = %shown(genesis), "node of another chain");
				view.standing = Standing::OtherChain;
				view.error = Some(format!("its chain is {}", shown(genesis)));
			}
		}
	}

	fn heads(&self) -> Vec<(usize, Head)> {
		let head = |(index, node): (usize, &Node)| {
			let view = node.view.lock();
			let is_out = matches!(view.standing, Standing::OtherChain | Standing::Failing);
			view.head.filter(|_| !is_out).map(|head| (index, head))
		};
		self.nodes.iter().enumerate().filter_map(head).collect()
	}

	async fn compare(
		&self,
		index: usize,
		head: Head,
		used: Option<Head>,
		compared: BlockNumber,
	) -> Option<Candidate> {
		let node = self.nodes.get(index)?;
		let used = used.map_or(compared, |used| used.number);
		let wanted = json!([[used, compared]]);
		let hashes = node.client.read::<Vec<Option<H256>>, _>("chain_getBlockHash", wanted).await;
		match hashes.as_deref() {
			Ok([at_used, at_compared]) => {
				// Blocks above the finalized one may still be replaced.
				let is_final = |number: BlockNumber| number <= head.number;
				Some(Candidate {
					index,
					head,
					at_used: at_used.filter(|_| is_final(used)),
					at_compared: at_compared.filter(|_| is_final(compared)),
				})
			},
			Ok(_) => {
				node.fail(
					&NodeError::Malformed("two hashes were asked for".into()),
					Instant::now(),
				);
				None
			},
			Err(error) => {
				node.fail(error, Instant::now());
				None
			},
		}
	}

	fn apply(&self, candidates: &[Candidate], now: Instant) -> Option<Head> {
		let mut state = self.state.lock();
		let used = state.used.map(|(head, _)| head);
		let limit = state.used.zip(state.slot).map(|((head, at), slot)| {
			let passed = now.saturating_duration_since(at).as_millis();
			let blocks = passed.checked_div(slot.as_millis()).unwrap_or(0);
			plausible(head, u64::try_from(blocks).unwrap_or(u64::MAX))
		});
		let Election { leader, denies_used, standings } =
			elect(candidates, used, limit, state.leader);
		for (candidate, standing) in candidates.iter().zip(standings) {
			if let Some(node) = self.nodes.get(candidate.index) {
				node.stand(standing);
			}
		}
		state.leader = leader.map(|(index, _)| index);
		let (_, head) = leader?;
		let is_behind = used.is_some_and(|used| head.number < used.number);
		if !denies_used {
			state.denied_since = None;
			if used != Some(head) {
				state.used = Some((head, now));
			}
			return Some(head);
		}
		if is_behind {
			return used;
		}
		let since = *state.denied_since.get_or_insert(now);
		if now.saturating_duration_since(since) < DENIAL {
			return used;
		}
		let was = used.map(|used| used.number);
		error!(?was, number = head.number, "the nodes deny the finalized block that was in use");
		state.denied_since = None;
		state.used = Some((head, now));
		Some(head)
	}

	/// Nodes to ask about a block, the leader first.
	fn order(&self, number: BlockNumber) -> Vec<&Node> {
		let leader = self.state.lock().leader;
		let has_block = |node: &Node| {
			let view = node.view.lock();
			view.standing == Standing::Good && view.head.is_some_and(|head| head.number >= number)
		};
		let first = leader.and_then(|leader| self.nodes.get(leader));
		let is_leader = |index: usize| leader == Some(index);
		let others = self.nodes.iter().enumerate().filter(|(index, _)| !is_leader(*index));
		first
			.into_iter()
			.chain(others.map(|(_, node)| node).filter(|node| has_block(node)))
			.collect()
	}

	/// Make a call about the block `number`, at the next node if one fails.
	pub async fn call(
		&self,
		number: BlockNumber,
		method: &str,
		params: &RawValue,
	) -> Result<Box<RawValue>, NodesError> {
		let mut last = NodesError::NoNode;
		for node in self.order(number) {
			match node.client.call(method, params).await {
				Ok(result) => return Ok(result),
				Err(error) => {
					// Every node refuses wrong parameters.
					let is_final =
						matches!(error, NodeError::Refused { code: -32_602 | -32_601, .. });
					if !matches!(error, NodeError::Refused { .. }) {
						node.fail(&error, Instant::now());
					}
					last = NodesError::Node(error);
					if is_final {
						break;
					}
				},
			}
		}
		Err(last)
	}

	/// Make a call about the block `number` and read its result.
	pub async fn read<T: for<'de> Deserialize<'de>>(
		&self,
		number: BlockNumber,
		method: &str,
		params: &serde_json::Value,
	) -> Result<T, NodesError> {
		let malformed = |error: serde_json::Error| {
			NodesError::Node(NodeError::Malformed(format!("{method}: {error}")))
		};
		let params = serde_json::value::to_raw_value(params).map_err(malformed)?;
		let result = self.call(number, method, &params).await?;
		serde_json::from_str(result.get()).map_err(malformed)
	}

	/// Give a transaction to every good node. Fails only if every one of them refused it: a node
	/// that gave no answer may have taken it.
	pub async fn submit(&self, transaction: &[u8]) -> Result<(), NodesError> {
		let params = json!([format!("0x{}", hex::encode(transaction))]);
		let nodes = self.order(0);
		let submit = nodes.iter().map(|node| node.client.call("author_submitExtrinsic", &params));
		let mut refusal = None;
		let mut is_taken = false;
		for answer in join_all(submit).await {
			match answer {
				// Already in a pool: another node has passed it on.
				Err(NodeError::Refused { code: 1_013, .. }) => is_taken = true,
				Err(error @ NodeError::Refused { .. }) => refusal = refusal.or(Some(error)),
				Ok(_) | Err(_) => is_taken = true,
			}
		}
		match refusal {
			_ if is_taken => Ok(()),
			Some(refusal) => Err(NodesError::Node(refusal)),
			None => Err(NodesError::NoNode),
		}
	}
}

impl Node {
	/// Ask the node for its finalized block, unless it pauses.
	async fn inspect(&self, now: Instant) {
		{
			let mut view = self.view.lock();
			if view.retry_at.is_some_and(|at| now < at) {
				return;
			}
			// After a failure the node may be another one.
			if view.failures > 0 || view.standing == Standing::OtherChain {
				view.genesis = None;
			}
		}
		match self.look().await {
			Ok((genesis, head)) => {
				let mut view = self.view.lock();
				if view.standing == Standing::Failing {
					info!(node = self.client.url().host(), number = head.number, "node is back");
				}
				view.standing = Standing::Unknown;
				(view.genesis, view.head) = (Some(genesis), Some(head));
				(view.failures, view.retry_at, view.error) = (0, None, None);
			},
			Err(error) => self.fail(&error, now),
		}
	}

	async fn look(&self) -> Result<(H256, Head), NodeError> {
		let known = {
			let view = self.view.lock();
			(view.genesis, view.head)
		};
		let genesis = match known.0 {
			Some(genesis) => genesis,
			None => {
				let hash: Option<H256> = self.client.read("chain_getBlockHash", json!([0])).await?;
				hash.ok_or_else(|| NodeError::Malformed("the node has no genesis".into()))?
			},
		};
		let hash: H256 = self.client.read("chain_getFinalizedHead", json!([])).await?;
		if let Some(head) = known.1.filter(|head| head.hash == hash) {
			return Ok((genesis, head));
		}
		let header: Option<ChainHeader> =
			self.client.read("chain_getHeader", json!([hash])).await?;
		let header = header.ok_or_else(|| NodeError::Malformed("no finalized header".into()))?;
		if header.hash() != hash {
			return Err(NodeError::Malformed("the finalized header has another hash".into()));
		}
		Ok((genesis, Head { number: *header.number(), hash }))
	}

	/// Record a failure and pause.
	fn fail(&self, error: &NodeError, now: Instant) {
		let mut view = self.view.lock();
		let node = self.client.url().host();
		if view.standing != Standing::Failing {
			warn!(node, %error, "node fails");
		}
		view.standing = Standing::Failing;
		view.failures = view.failures.saturating_add(1);
		view.error = Some(error.to_string());
		let pause = Duration::from_millis(250).saturating_mul(1 << view.failures.min(7));
		view.retry_at = now.checked_add(pause.min(MAX_PAUSE));
	}

	fn stand(&self, standing: Standing) {
		let mut view = self.view.lock();
		let is_liar = matches!(standing, Standing::Contradicting | Standing::Implausible);
		if is_liar && view.standing != standing {
			warn!(node = self.client.url().host(), ?standing, "node is not believed");
		}
		view.standing = standing;
	}
}

/// A hash, with all its digits.
fn shown(hash: H256) -> String {
	format!("{hash:?}")
}
