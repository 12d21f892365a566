// SPDX-License-Identifier: Apache-2.0

//! Questions to all operators for their heads. They are also the trials of operators that get no
//! requests of callers.

use super::{
	Gateway,
	attempt::{Payload, attempt, is_answer, now},
	network::Network,
	upstreams::Member,
	worker::Worker,
};
use crate::{
	routing::LoadClass,
	rpc::{
		self, Block, BlockHash, Shape,
		block::Tag,
		json::{self, member, plain_string, quantity},
	},
};
use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc, time::Duration};
use surety_primitives::{Protocol, ServiceId};

/// Questions after which the safe and the final block are asked for too.
const FINALITY_EVERY: u64 = 2;
/// Time for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer: a block without transactions, and its header.
const MAX_BYTES: usize = 1 << 20;
/// Operators of a network that are asked at once.
const PARALLEL: usize = 32;

/// Follow the heads of all networks. Runs until it is dropped, on a local runtime.
pub async fn watch(gateway: Arc<Gateway>) {
	let worker = Worker::new(Arc::clone(&gateway));
	let mut networks: FuturesUnordered<_> = gateway
		.networks()
		.iter()
		.filter_map(|network| {
			let protocol = network.settings.heads?;
			Some(follow(worker.clone(), Arc::clone(network), protocol))
		})
		.collect();
	while networks.next().await.is_some() {}
	// Without a network to follow there is nothing to wait for.
	std::future::pending().await
}

/// Last block of each service, so that only a new one is asked for.
type Seen = Rc<RefCell<HashMap<ServiceId, BlockHash>>>;

async fn follow(worker: Worker, network: Arc<Network>, protocol: Protocol) {
	let longest = worker.gateway().settings.poll_interval;
	let seen = Seen::default();
	for round in 0u64.. {
		let members = network.group.members();
		let asked = members.all.iter().map(|member| {
			let poll = Poll {
				worker: worker.clone(),
				network: Arc::clone(&network),
				member: Arc::clone(member),
				seen: Rc::clone(&seen),
			};
			async move {
				poll.latest(protocol).await;
				if round.is_multiple_of(FINALITY_EVERY) {
					poll.finality(protocol).await;
				}
			}
		});
		// An operator that hangs must not hold up the next round: it is left behind.
		let interval = network.poll_interval(longest);
		for one in asked.take(PARALLEL) {
			tokio::task::spawn_local(async move {
				let _ = tokio::time::timeout(TIMEOUT, one).await;
			});
		}
		tokio::time::sleep(interval).await;
	}
}

/// Questions to one operator.
struct Poll {
	worker: Worker,
	network: Arc<Network>,
	member: Arc<Member>,
	seen: Seen,
}

impl Poll {
	async fn ask(&self, method: &str, params: String) -> Option<Bytes> {
		let id = Bytes::from_static(b"1");
		let payload = Payload {
			body: rpc::request(&id, method, params.as_bytes()).into(),
			method: method.to_owned(),
			class: LoadClass::Light,
			weight: 1,
			idempotent: true,
			shape: Shape::Any,
			hash: None,
			max_bytes: MAX_BYTES,
			id,
			trace: None,
		};
		let sent =
			attempt(self.worker.clone(), Arc::clone(&self.member), payload.into(), TIMEOUT, now());
		let answer = sent.await;
		is_answer(answer.judgement).then_some(answer.body)
	}

	async fn latest(&self, protocol: Protocol) {
		let head = match protocol {
			Protocol::Ethereum => self.ethereum("latest").await,
			Protocol::Substrate => self.substrate("chain_getBlockHash", true).await,
		};
		if let Some(head) = head {
			self.member.state.set_head(Some(head.number));
			self.network.observe_head(self.member.spec.account, head, now());
		}
	}

	async fn finality(&self, protocol: Protocol) {
		match protocol {
			Protocol::Ethereum => {
				for (name, tag) in [("safe", Tag::Safe), ("finalized", Tag::Finalized)] {
					if let Some(head) = self.ethereum(name).await {
						self.observe(tag, head);
					}
				}
			},
			Protocol::Substrate => {
				if let Some(head) = self.substrate("chain_getFinalizedHead", false).await {
					self.observe(Tag::Safe, head);
					self.observe(Tag::Finalized, head);
				}
			},
		}
	}

	fn observe(&self, tag: Tag, head: Block) {
		self.network.observe(self.member.spec.account, tag, head.number, now());
		// The hash is not noted: the operator has blocks above this one.
	}

	async fn ethereum(&self, tag: &str) -> Option<Block> {
		let answer = self.ask("eth_getBlockByNumber", format!("[\"{tag}\",false]")).await?;
		let block = member(&answer, b"result")?;
		let hash = |name: &[u8]| json::hash(member(block, name)?);
		let number = quantity(member(block, b"number")?)?;
		Some(Block { number, hash: hash(b"hash")?, parent: hash(b"parentHash")? })
	}

	/// Block whose hash a method answers. Only the header of a new one is asked for.
	async fn substrate(&self, method: &str, latest: bool) -> Option<Block> {
		let answer = self.ask(method, "[]".to_owned()).await?;
		let text = plain_string(member(&answer, b"result")?)?;
		let hash = json::hash_of(text)?;
		let service = self.member.spec.service;
		if latest && self.seen.borrow().get(&service) == Some(&hash) {
			// Nothing new, but the operator is there.
			let number = self.member.state.head()?;
			self.network.observe(self.member.spec.account, Tag::Latest, number, now());
			return None;
		}
		let answer = self.ask("chain_getHeader", format!("[\"{text}\"]")).await?;
		let header = member(&answer, b"result")?;
		let number = quantity(member(header, b"number")?)?;
		let parent = json::hash(member(header, b"parentHash")?)?;
		if latest {
			self.seen.borrow_mut().insert(service, hash);
		}
		Some(Block { number, hash, parent })
	}
}
