// SPDX-License-Identifier: Apache-2.0

//! Reference answers of anchors, and detection of a prober that cannot reach its anchors.

use crate::{
	NetworkRef, OwnHead,
	client::Client,
	engine::{self, Answer, Conversation, Failure, Limits, Step},
	http::{Http, Request},
	json::{Json, to_hex},
	judge, plan,
	schedule::{Random, Timetable},
	task::{ITEMS, Task},
};
use alloc::{
	boxed::Box,
	format,
	string::{String, ToString},
	vec,
	vec::Vec,
};
use core::{
	ops::{Range, RangeInclusive},
	str,
};
use surety_primitives::{NetworkId, Protocol};

/// Maximum number of anchors per network.
const MAX_ASKED: usize = 16;
/// Minimum number of anchors that must agree.
const MIN_AGREEING: usize = 2;
/// Depth up to which every node keeps state: common pruning is 128 blocks (Ethereum) and 256
/// (Substrate).
const STATE_DEPTH: u64 = 100;
/// The same for Substrate, counted from the start of the round.
const SUBSTRATE_STATE_DEPTH: u64 = 64;
/// Range of the transaction index that is asked for; most blocks have that many transactions.
const TRANSACTION_INDICES: u64 = 4;

/// Class of permitted lag. The blocks that are asked for lie so deep that a service within its
/// terms has them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
	/// Lag of at most 8 blocks.
	Near,
	/// Lag of more than 8 blocks, up to 256.
	Deep,
}

impl Depth {
	/// Maximum lag of any service, whatever its terms.
	pub const MAX_LAG: u32 = 256;

	/// Class of terms with this lag.
	pub fn of(max_lag: u32) -> Self {
		if max_lag <= 8 { Self::Near } else { Self::Deep }
	}

	/// Range of depths below the head.
	pub fn range(self) -> RangeInclusive<u32> {
		match self {
			Self::Near => 8..=63,
			Self::Deep => 256..=767,
		}
	}

	/// Random block number at such a depth below `head`; the genesis block if the chain is too
	/// short.
	fn draw(self, head: u64, random: &mut Random) -> u64 {
		let (min, max) = (u64::from(*self.range().start()), u64::from(*self.range().end()));
		match head.checked_sub(min) {
			Some(room) => {
				let bound = room.min(max.saturating_sub(min)).saturating_add(1);
				room.saturating_sub(random.below(bound))
			},
			None => 0,
		}
	}
}

/// Task with its correct answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
	/// Number of the block concerned.
	pub number: u64,
	/// Task.
	pub task: Task,
	/// Digest of the correct answer.
	pub digest: [u8; 32],
}

/// References for the services of one network and [`Depth`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReferenceSet {
	/// Number of the network's head.
	pub head: u64,
	/// References to the block itself; never empty.
	pub blocks: Vec<Reference>,
	/// References to the contents of the block, as far as the anchors serve them.
	pub contents: Vec<Reference>,
}

impl ReferenceSet {
	/// References from the prober's own state. `None` if it knows no block at such a depth.
	pub fn own(own: &OwnHead, depth: Depth, random: &mut Random) -> Option<Self> {
		let behind = |number: &u32| own.number.saturating_sub(*number);
		let mut known: Vec<_> = own
			.references
			.iter()
			.filter(|(number, _)| depth.range().contains(&behind(number)))
			.collect();
		if known.is_empty() {
			known.extend(own.references.iter().min_by_key(|(number, _)| *number));
		}
		let (number, hash) = **random.pick(&known)?;
		let number = number.into();
		let of = |task| Reference { number, task, digest: hash };
		let blocks = vec![of(Task::BlockHash(number)), of(Task::Header(hash))];
		Some(Self { head: own.number.into(), blocks, contents: Vec::new() })
	}
}

/// Anchor and its state in this round.
struct Anchor {
	network: NetworkId,
	protocol: Protocol,
	url: String,
	head: Option<u64>,
	failed: bool,
}

/// Task for all anchors of a network that have reached a block.
struct Query {
	network: NetworkId,
	number: u64,
	task: Task,
}

/// Answer that anchors agree on.
struct Agreed {
	head: u64,
	digest: [u8; 32],
	/// Result as reported by one of them; absent if it was not kept.
	result: Json,
}

/// Anchors of the prober.
pub struct Anchors {
	all: Vec<Anchor>,
	client: Client,
}

impl Anchors {
	/// Anchors of all networks. Duplicates of a network count once.
	pub fn new(networks: &[NetworkRef], client: Client) -> Self {
		let mut all: Vec<Anchor> = Vec::new();
		for network in networks {
			let mut urls: Vec<&str> = Vec::new();
			for url in network.anchors.iter().filter_map(|url| str::from_utf8(url).ok()) {
				if urls.len() < MAX_ASKED && !urls.contains(&url) {
					urls.push(url);
				}
			}
			all.extend(urls.into_iter().map(|url| Anchor {
				network: network.id,
				protocol: network.protocol,
				url: url.to_string(),
				head: None,
				failed: false,
			}));
		}
		Self { all, client }
	}

	/// True if there are no anchors.
	pub fn is_empty(&self) -> bool {
		self.all.is_empty()
	}

	fn group(&self, network: NetworkId) -> impl Iterator<Item = &Anchor> {
		self.all.iter().filter(move |anchor| anchor.network == network)
	}

	/// Protocol of a network that has anchors.
	fn protocol(&self, network: NetworkId) -> Option<Protocol> {
		self.group(network).map(|anchor| anchor.protocol).next()
	}

	/// Query the heads of the anchors of some networks. An anchor without an answer has failed for
	/// the rest of the round. With `early_exit` a third of the time is granted to all anchors;
	/// afterwards, once more than half of each network's anchors have answered, the remaining ones
	/// count as neither answered nor failed.
	pub fn query_heads(
		&mut self,
		http: &mut impl Http,
		of: impl Fn(NetworkId) -> bool,
		limits: Limits,
		early_exit: bool,
	) {
		let client = &mut self.client;
		let mut asked: Vec<&mut Anchor> =
			self.all.iter_mut().filter(|anchor| of(anchor.network) && !anchor.failed).collect();
		let now = http.now();
		let third = limits.end.saturating_sub(now).checked_div(3).unwrap_or_default();
		let for_all = now.saturating_add(third);
		let conversations = asked.iter().map(|anchor| {
			let protocol = anchor.protocol;
			let (id, request) = plan::one(client, &anchor.url, plan::head(protocol));
			(
				now,
				AnchorRequest {
					request,
					id,
					read: Box::new(move |reply| judge::head_of(protocol, reply)),
				},
			)
		});
		let conversations = conversations.collect();
		let networks: Vec<NetworkId> = asked.iter().map(|anchor| anchor.network).collect();
		let heads =
			engine::run_until(http, conversations, limits, |now, heads: &[Option<Option<u64>>]| {
				early_exit
					&& now >= for_all
					&& networks.iter().all(|network| {
						let of = || {
							heads
								.iter()
								.zip(&networks)
								.filter(|(_, n)| *n == network)
								.map(|(head, _)| head)
						};
						let answered = of().filter(|head| matches!(head, Some(Some(_)))).count();
						is_majority(answered, of().count()) && answered >= MIN_AGREEING
							|| of().all(Option::is_some)
					})
			});
		for (anchor, head) in asked.iter_mut().zip(heads) {
			// An anchor that could not be asked has not failed.
			let Some(head) = head else { continue };
			anchor.failed = head.is_none();
			anchor.head = head;
			if anchor.failed {
				log::debug!(
					target: crate::LOG_TARGET,
					"anchor {} of network {} failed",
					anchor.url, anchor.network,
				);
			}
		}
	}

	/// Reference sets for some networks and depths, from the heads that the anchors reported and
	/// from their answers now.
	pub fn reference_sets(
		&mut self,
		http: &mut impl Http,
		wanted: &[(NetworkId, Depth)],
		table: &Timetable,
		concurrency: usize,
		random: &mut Random,
	) -> Vec<((NetworkId, Depth), ReferenceSet)> {
		let limits = |end: u64| Limits { patience: end, latest: end, end, concurrency };
		let (drawn, queries) = self.draw_blocks(wanted, random);
		let blocks = self.query(http, &queries, true, limits(table.anchors_part(2, 3)));
		let mut sets: Vec<((NetworkId, Depth), ReferenceSet)> = Vec::new();
		let (mut owners, mut contents) = (Vec::new(), Vec::new());
		for (of, base, range) in drawn {
			let (asked, answers) = (queries.get(range.clone()), blocks.get(range));
			let (Some([block, ..]), Some([Some(agreed), more @ ..])) = (asked, answers) else {
				continue;
			};
			let transaction = more.first().and_then(Option::as_ref).map(|agreed| &agreed.result);
			let times = (http.now(), table.end);
			let depth = base.saturating_sub(block.number);
			let Some(protocol) = self.protocol(of.0) else { continue };
			let follow_ups = follow_ups(protocol, block, agreed, transaction, depth, times, random);
			let Some((blocks, tasks)) = follow_ups else { continue };
			for task in tasks {
				owners.push(sets.len());
				contents.push(Query { network: of.0, number: block.number, task });
			}
			sets.push((of, ReferenceSet { head: agreed.head, blocks, contents: Vec::new() }));
		}
		let answers = self.query(http, &contents, false, limits(table.anchors_until));
		for ((Query { number, task, .. }, owner), agreed) in
			contents.into_iter().zip(owners).zip(answers)
		{
			let (Some((_, set)), Some(Agreed { digest, .. })) = (sets.get_mut(owner), agreed)
			else {
				continue;
			};
			let part = if task.is_block() { &mut set.blocks } else { &mut set.contents };
			part.push(Reference { number, task, digest });
		}
		sets
	}

	/// Draw a block for each network and depth. Returns the queries for all blocks, and for each
	/// network and depth the base height and the range of its queries.
	fn draw_blocks(
		&self,
		wanted: &[(NetworkId, Depth)],
		random: &mut Random,
	) -> (Vec<((NetworkId, Depth), u64, Range<usize>)>, Vec<Query>) {
		let mut drawn = Vec::new();
		let mut queries = Vec::new();
		for (network, depth) in wanted {
			let Some(base) = agreed_height(self.group(*network).filter_map(|anchor| anchor.head))
			else {
				continue;
			};
			let Some(protocol) = self.protocol(*network) else { continue };
			let number = depth.draw(base, random);
			let (block, transaction) = match protocol {
				Protocol::Ethereum => {
					let transaction =
						Task::Transaction { number, index: random.below(TRANSACTION_INDICES) };
					(Task::BlockByNumber(number), Some(transaction))
				},
				Protocol::Substrate => (Task::BlockHash(number), None),
			};
			let first = queries.len();
			let network = *network;
			queries.extend([Some(block), transaction].into_iter().flatten().map(|task| Query {
				network,
				number,
				task,
			}));
			drawn.push(((network, *depth), base, first..queries.len()));
		}
		(drawn, queries)
	}

	/// Send each query to all anchors that have the block, until more than half agree. The results
	/// themselves are `kept` where follow-ups are made of them.
	fn query(
		&mut self,
		http: &mut impl Http,
		queries: &[Query],
		kept: bool,
		limits: Limits,
	) -> Vec<Option<Agreed>> {
		let now = http.now();
		let limits = Limits { patience: limits.end.saturating_sub(now), ..limits };
		let client = &mut self.client;
		let mut asked = Vec::new();
		let mut conversations = Vec::new();
		for (index, query) in queries.iter().enumerate() {
			for anchor in self.all.iter().filter(|anchor| anchor.network == query.network) {
				let Some(head) = anchor.head.filter(|head| *head >= query.number) else { continue };
				let (id, request) = plan::one(client, &anchor.url, query.task.call());
				let read = Box::new(move |reply: &Json| {
					let result = reply.get("result");
					let digest = if reply.is_error() { None } else { query.task.digest(result) };
					digest.map(|digest| (digest, if kept { result.clone() } else { Json::Absent }))
				});
				asked.push((index, head));
				conversations.push((now, AnchorRequest { request, id, read }));
			}
		}
		let votes = |index: usize, answers: &[Option<Option<([u8; 32], Json)>>]| {
			let of = asked.iter().zip(answers).filter(|((i, _), _)| *i == index);
			of.filter_map(|((_, head), answer)| Some((*head, answer.as_ref()?.as_ref()?.0)))
				.collect::<Vec<_>>()
		};
		let answers = engine::run_until(http, conversations, limits, |_, answers| {
			queries.iter().enumerate().all(|(index, _)| {
				let of = || asked.iter().zip(answers).filter(|((i, _), _)| *i == index);
				let votes = votes(index, answers);
				let agreeing =
					votes.iter().map(|(_, d)| votes.iter().filter(|(_, other)| other == d).count());
				let agreeing = agreeing.max().unwrap_or_default();
				is_majority(agreeing, of().count()) && agreeing >= MIN_AGREEING
					|| of().all(|(_, answer)| answer.is_some())
			})
		});
		let agreed = |index: usize| {
			let (head, digest) = agree(&votes(index, &answers))?;
			let mut results = asked.iter().zip(&answers).filter(|((i, _), _)| *i == index);
			let result = results
				.find_map(|(_, answer)| answer.clone().flatten().filter(|(d, _)| *d == digest))?
				.1;
			Some(Agreed { head, digest, result })
		};
		(0..queries.len()).map(agreed).collect()
	}

	/// True if there are anchors and all of them have failed.
	pub fn all_failed(&self) -> bool {
		!self.all.is_empty() && self.all.iter().all(|anchor| anchor.failed)
	}

	/// True if more than half of the anchors of all networks together have failed, which points to
	/// a fault of the prober.
	pub fn majority_failed(&self) -> bool {
		is_majority(self.all.iter().filter(|anchor| anchor.failed).count(), self.all.len())
	}
}

/// True if `part` is more than half of `all`.
fn is_majority(part: usize, all: usize) -> bool {
	part.saturating_mul(2) > all
}

/// References to a block itself, and tasks about its contents. `times` are the current time and the
/// end of the round. `None` if the anchors' answer is incomplete.
fn follow_ups(
	protocol: Protocol,
	block: &Query,
	agreed: &Agreed,
	transaction: Option<&Json>,
	depth: u64,
	(now, end): (u64, u64),
	random: &mut Random,
) -> Option<(Vec<Reference>, Vec<Task>)> {
	let number = block.number;
	let reference = |task, digest| Reference { number, task, digest };
	let mut blocks = vec![reference(block.task.clone(), agreed.digest)];
	let tasks = match protocol {
		Protocol::Substrate => {
			let storage =
				(depth <= SUBSTRATE_STATE_DEPTH).then(|| random.pick(&ITEMS).copied()).flatten();
			let storage = storage.map(|item| Task::Storage { item, hash: agreed.digest });
			[Some(Task::Header(agreed.digest)), storage].into_iter().flatten().collect()
		},
		Protocol::Ethereum => {
			let hash = agreed.result.get("hash").hash()?;
			blocks.push(reference(Task::BlockByHash(hash), agreed.digest));
			let time = agreed.result.get("timestamp").quantity().unwrap_or_default();
			let state = keeps_state(depth, time.saturating_mul(1_000), now, end);
			content_tasks(number, hash, transaction, state, random)
		},
	};
	Some((blocks, tasks))
}

/// Tasks about the contents of an Ethereum block.
fn content_tasks(
	number: u64,
	hash: [u8; 32],
	transaction: Option<&Json>,
	state: bool,
	random: &mut Random,
) -> Vec<Task> {
	let member = |key| transaction.map(|transaction| transaction.get(key));
	// Encoded anew: the text of a single anchor is not passed on.
	let address = |key| {
		member(key).and_then(Json::bytes).filter(|bytes| bytes.len() == 20).map(|b| to_hex(&b))
	};
	let logs_of = address("to");
	let mut tasks = vec![Task::Logs {
		block: if random.flip() { Ok(number) } else { Err(hash) },
		address: logs_of,
	}];
	tasks.extend(member("hash").and_then(Json::hash).map(Task::Receipt));
	if state {
		let account = if random.flip() { address("from") } else { address("to") };
		// The account of burnt coins exists everywhere, also where a block is empty.
		let account =
			account.or_else(|| address("from")).unwrap_or_else(|| format!("0x{}", "0".repeat(40)));
		tasks.push(Task::Balance { address: account, number });
	}
	tasks
}

/// True if every node still keeps the state of a block at the end of the round. `depth` blocks were
/// produced since `time`, and the same pace is assumed. Times in ms.
fn keeps_state(depth: u64, time: u64, now: u64, end: u64) -> bool {
	let age = |at: u64| at.saturating_sub(time);
	age(now) > 0
		&& depth > 0
		&& depth.saturating_mul(age(end)) <= STATE_DEPTH.saturating_mul(age(now))
}

/// Highest block that at least two anchors claim to have reached. A single anchor that runs ahead
/// or stands still does not move it.
fn agreed_height(heads: impl Iterator<Item = u64>) -> Option<u64> {
	let mut heads: Vec<u64> = heads.collect();
	heads.sort_unstable_by(|a, b| b.cmp(a));
	heads.get(MIN_AGREEING.saturating_sub(1)).copied()
}

/// Digest that most anchors report: at least two of them, and more than any other digest; with the
/// head that these anchors have reached. A vote is the head and digest of an anchor.
fn agree(votes: &[(u64, [u8; 32])]) -> Option<(u64, [u8; 32])> {
	let count = |digest: &[u8; 32]| votes.iter().filter(|(_, vote)| vote == digest).count();
	let (_, digest) = votes.iter().max_by_key(|(_, digest)| count(digest))?;
	let agreeing = count(digest);
	let tie = votes.iter().any(|(_, other)| other != digest && count(other) == agreeing);
	if agreeing < MIN_AGREEING || tie {
		return None;
	}
	let head =
		agreed_height(votes.iter().filter(|(_, vote)| vote == digest).map(|(head, _)| *head))?;
	Some((head, *digest))
}

/// JSON-RPC request to one anchor.
struct AnchorRequest<'a, T> {
	request: Request,
	id: u64,
	read: Box<dyn Fn(&Json) -> Option<T> + 'a>,
}

impl<T> Conversation for AnchorRequest<'_, T> {
	type Out = Option<T>;

	fn start(&mut self) -> Step<Self::Out> {
		Step::Send(vec![self.request.clone()])
	}

	fn on_answers(&mut self, answers: Vec<Answer>) -> Step<Self::Out> {
		let answer = answers.first().filter(|answer| answer.is_success());
		let reply = answer.and_then(|answer| judge::one(&answer.body, self.id));
		Step::Done(reply.and_then(|reply| (self.read)(&reply)))
	}

	fn on_failure(&mut self, _: Failure) -> Self::Out {
		None
	}
}

#[cfg(test)]
mod tests;
