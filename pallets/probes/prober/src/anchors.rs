//! References that services are compared with, and the doubt of a prober that cannot reach them.

use crate::{
	NetworkRef, OwnHead,
	client::Client,
	engine::{self, Answer, Failure, Limits, Script, Step},
	http::{Ask, Http},
	json::{Fact, to_hex},
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
use core::{ops::RangeInclusive, str};
use surety_primitives::{NetworkId, Protocol};

/// Most anchors of one network that are asked.
const MAX_ASKED: usize = 16;
/// Anchors that must agree.
const AGREE: usize = 2;
/// Blocks whose state every node keeps: common pruning is 128 blocks (Ethereum) and 256 (Substrate).
const STATES: u64 = 100;
/// Same for Substrate, counted at the beginning of the round.
const SUBSTRATE_STATES: u64 = 64;
/// Place in its block of the transaction that is asked for; most blocks have so many.
const PLACES: u64 = 4;

/// A class of lags that terms allow: the blocks that are asked of its services lie so deep that one within
/// its terms has them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
	/// A lag of at most 8 blocks.
	Near,
	/// A lag of more; of 256 at most.
	Deep,
}

impl Depth {
	/// Most blocks that any service may be behind, whatever its terms.
	pub const MAX_LAG: u32 = 256;

	/// Of terms that allow this lag.
	pub fn of(max_lag: u32) -> Self {
		if max_lag <= 8 { Self::Near } else { Self::Deep }
	}

	/// Blocks behind the head.
	pub fn range(self) -> RangeInclusive<u32> {
		match self {
			Self::Near => 8..=63,
			Self::Deep => 256..=767,
		}
	}

	/// A number behind `head`, at random; the genesis block of a chain that is too young.
	fn draw(self, head: u64, random: &mut Random) -> u64 {
		let (least, most) = (u64::from(*self.range().start()), u64::from(*self.range().end()));
		match head.checked_sub(least) {
			Some(room) => {
				let bound = room.min(most.saturating_sub(least)).saturating_add(1);
				room.saturating_sub(random.below(bound))
			},
			None => 0,
		}
	}
}

/// A task with the answer that is right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
	/// Number of the block that it is about.
	pub number: u64,
	/// Question.
	pub task: Task,
	/// Digest of the answer.
	pub digest: [u8; 32],
}

/// Questions for the services of one network and [`Depth`], and the height of their network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Menu {
	/// Number of the network's head.
	pub head: u64,
	/// For the block itself: at least one.
	pub blocks: Vec<Reference>,
	/// For what is in it: as far as the anchors serve it.
	pub contents: Vec<Reference>,
}

impl Menu {
	/// From the prober's own state. `None` if it has no block at such a depth.
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

/// One anchor and what it said.
struct Anchor {
	network: NetworkId,
	protocol: Protocol,
	url: String,
	head: Option<u64>,
	failed: bool,
}

/// A question to all anchors of a network that have reached a block.
struct Query {
	network: NetworkId,
	number: u64,
	task: Task,
}

/// An answer that anchors agree on.
struct Agreed {
	head: u64,
	digest: [u8; 32],
	/// Result as one of them said it.
	result: Fact,
}

/// All anchors that the prober has.
pub struct Anchors {
	all: Vec<Anchor>,
	client: Client,
}

impl Anchors {
	/// Of all networks. An anchor that a network lists twice counts once.
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

	/// True without any anchor.
	pub fn is_empty(&self) -> bool {
		self.all.is_empty()
	}

	fn group(&self, network: NetworkId) -> impl Iterator<Item = &Anchor> {
		self.all.iter().filter(move |anchor| anchor.network == network)
	}

	/// Ask the anchors of some networks for their heads. One that does not answer has failed, for the whole
	/// round. With `hurry`, a third of the time is for all of them; after it those that are not there when
	/// more than half of each network are have neither answered nor failed.
	pub fn ask_heads(
		&mut self,
		http: &mut impl Http,
		of: impl Fn(NetworkId) -> bool,
		limits: Limits,
		hurry: bool,
	) {
		let client = &mut self.client;
		let mut asked: Vec<&mut Anchor> =
			self.all.iter_mut().filter(|anchor| of(anchor.network) && !anchor.failed).collect();
		let now = http.now();
		let third = limits.end.saturating_sub(now).checked_div(3).unwrap_or_default();
		let for_all = now.saturating_add(third);
		let scripts = asked.iter().map(|anchor| {
			let protocol = anchor.protocol;
			let (id, ask) = plan::one(client, &anchor.url, plan::head(protocol));
			(now, AskOne { ask, id, read: Box::new(move |reply| judge::head_of(protocol, reply)) })
		});
		let scripts = scripts.collect();
		let networks: Vec<NetworkId> = asked.iter().map(|anchor| anchor.network).collect();
		let heads =
			engine::run_until(http, scripts, limits, |now, heads: &[Option<Option<u64>>]| {
				hurry
					&& now >= for_all
					&& networks.iter().all(|network| {
						let of = || {
							heads
								.iter()
								.zip(&networks)
								.filter(|(_, n)| *n == network)
								.map(|(head, _)| head)
						};
						let there = of().filter(|head| matches!(head, Some(Some(_)))).count();
						most(there, of().count()) && there >= AGREE || of().all(Option::is_some)
					})
			});
		for (anchor, head) in asked.iter_mut().zip(heads) {
			// One that could not even be asked has not failed.
			let Some(head) = head else { continue };
			anchor.failed = head.is_none();
			anchor.head = head;
			if anchor.failed {
				log::debug!(target: crate::LOG, "anchor {} of network {} failed", anchor.url, anchor.network);
			}
		}
	}

	/// The menus of some networks and depths, from the heads that their anchors said and what they answer
	/// now.
	pub fn menus(
		&mut self,
		http: &mut impl Http,
		wanted: &[(NetworkId, Depth)],
		table: &Timetable,
		concurrency: usize,
		random: &mut Random,
	) -> Vec<((NetworkId, Depth), Menu)> {
		let limits = |end: u64| Limits { patience: end, latest: end, end, concurrency };
		// The blocks themselves.
		let mut drawn = Vec::new();
		let mut queries = Vec::new();
		for (network, depth) in wanted {
			let Some(base) = agreed_height(self.group(*network).filter_map(|anchor| anchor.head))
			else {
				continue;
			};
			let Some(protocol) = self.group(*network).map(|anchor| anchor.protocol).next() else {
				continue;
			};
			let number = depth.draw(base, random);
			let (block, transaction) = match protocol {
				Protocol::Ethereum => {
					let transaction = Task::Transaction { number, index: random.below(PLACES) };
					(Task::BlockByNumber(number), Some(transaction))
				},
				Protocol::Substrate => (Task::BlockHash(number), None),
			};
			let block_at = queries.len();
			let network = *network;
			queries.extend([Some(block), transaction].into_iter().flatten().map(|task| Query {
				network,
				number,
				task,
			}));
			drawn.push(((network, *depth), base, block_at..queries.len()));
		}
		let blocks = self.ask(http, &queries, limits(table.anchors_part(2, 3)));
		// What is in them.
		let mut menus: Vec<((NetworkId, Depth), Menu)> = Vec::new();
		let (mut owners, mut contents) = (Vec::new(), Vec::new());
		for (of, base, range) in drawn {
			let (asked, said) = (queries.get(range.clone()), blocks.get(range));
			let (Some([block, ..]), Some([Some(agreed), more @ ..])) = (asked, said) else {
				continue;
			};
			let number = block.number;
			let reference = |task, digest| Reference { number, task, digest };
			let mut blocks = vec![reference(block.task.clone(), agreed.digest)];
			let depth = base.saturating_sub(number);
			let tasks = match &block.task {
				Task::BlockHash(_) => {
					let storage =
						(depth <= SUBSTRATE_STATES).then(|| random.pick(&ITEMS).copied()).flatten();
					let storage = storage.map(|item| Task::Storage { item, hash: agreed.digest });
					[Some(Task::Header(agreed.digest)), storage].into_iter().flatten().collect()
				},
				_ => {
					let Some(hash) = agreed.result.get("hash").hash() else { continue };
					blocks.push(reference(Task::BlockByHash(hash), agreed.digest));
					let time = agreed.result.get("timestamp").quantity().unwrap_or_default();
					let state =
						keeps_state(depth, time.saturating_mul(1_000), http.now(), table.end);
					let transaction =
						more.first().and_then(Option::as_ref).map(|agreed| &agreed.result);
					of_block(number, hash, transaction, state, random)
				},
			};
			let owner = menus.len();
			for task in tasks {
				owners.push(owner);
				contents.push(Query { network: of.0, number, task });
			}
			menus.push((of, Menu { head: agreed.head, blocks, contents: Vec::new() }));
		}
		let said = self.ask(http, &contents, limits(table.anchors_until));
		for ((Query { number, task, .. }, owner), agreed) in
			contents.into_iter().zip(owners).zip(said)
		{
			let (Some((_, menu)), Some(Agreed { digest, .. })) = (menus.get_mut(owner), agreed)
			else {
				continue;
			};
			let part =
				if matches!(task, Task::Header(_)) { &mut menu.blocks } else { &mut menu.contents };
			part.push(Reference { number, task, digest });
		}
		menus
	}

	/// Ask each question of all anchors that have the block, until more than half say the same.
	fn ask(
		&mut self,
		http: &mut impl Http,
		queries: &[Query],
		limits: Limits,
	) -> Vec<Option<Agreed>> {
		let now = http.now();
		let limits = Limits { patience: limits.end.saturating_sub(now), ..limits };
		let client = &mut self.client;
		let mut asked = Vec::new();
		let mut scripts = Vec::new();
		for (index, query) in queries.iter().enumerate() {
			for anchor in self.all.iter().filter(|anchor| anchor.network == query.network) {
				let Some(head) = anchor.head.filter(|head| *head >= query.number) else { continue };
				let (id, ask) = plan::one(client, &anchor.url, query.task.call());
				let read = Box::new(|reply: &Fact| {
					let result = reply.get("result");
					let digest = if reply.is_error() { None } else { query.task.digest(result) };
					// Of the others nothing more is read.
					let kept =
						matches!(query.task, Task::BlockByNumber(_) | Task::Transaction { .. });
					digest.map(|digest| (digest, if kept { result.clone() } else { Fact::Absent }))
				});
				asked.push((index, head));
				scripts.push((now, AskOne { ask, id, read }));
			}
		}
		let votes = |index: usize, said: &[Option<Option<([u8; 32], Fact)>>]| {
			let of = asked.iter().zip(said).filter(|((i, _), _)| *i == index);
			of.filter_map(|((_, head), said)| Some((*head, said.as_ref()?.as_ref()?.0)))
				.collect::<Vec<_>>()
		};
		let said = engine::run_until(http, scripts, limits, |_, said| {
			queries.iter().enumerate().all(|(index, _)| {
				let of = || asked.iter().zip(said).filter(|((i, _), _)| *i == index);
				let votes = votes(index, said);
				let agreeing =
					votes.iter().map(|(_, d)| votes.iter().filter(|(_, other)| other == d).count());
				let agreeing = agreeing.max().unwrap_or_default();
				most(agreeing, of().count()) && agreeing >= AGREE
					|| of().all(|(_, said)| said.is_some())
			})
		});
		let agreed = |index: usize| {
			let (head, digest) = agree(&votes(index, &said))?;
			let mut results = asked.iter().zip(&said).filter(|((i, _), _)| *i == index);
			let result = results
				.find_map(|(_, said)| said.clone().flatten().filter(|(d, _)| *d == digest))?
				.1;
			Some(Agreed { head, digest, result })
		};
		(0..queries.len()).map(agreed).collect()
	}

	/// True if there are anchors, and not one of any network has answered properly.
	pub fn none_answers(&self) -> bool {
		!self.all.is_empty() && self.all.iter().all(|anchor| anchor.failed)
	}

	/// True if so many anchors have failed that the fault is rather the prober's: more than half of those of
	/// all networks together (so both where there are two).
	pub fn in_trouble(&self) -> bool {
		most(self.all.iter().filter(|anchor| anchor.failed).count(), self.all.len())
	}
}

/// More than half.
fn most(part: usize, all: usize) -> bool {
	part.saturating_mul(2) > all
}

/// Tasks about the contents of a block.
fn of_block(
	number: u64,
	hash: [u8; 32],
	transaction: Option<&Fact>,
	state: bool,
	random: &mut Random,
) -> Vec<Task> {
	let member = |key| transaction.map(|transaction| transaction.get(key));
	// Written anew: it is the text of one anchor.
	let address = |key| {
		member(key).and_then(Fact::bytes).filter(|bytes| bytes.len() == 20).map(|b| to_hex(&b))
	};
	let logs_of = address("to");
	let mut tasks = vec![Task::Logs {
		block: if random.flip() { Ok(number) } else { Err(hash) },
		address: logs_of,
	}];
	tasks.extend(member("hash").and_then(Fact::hash).map(Task::Receipt));
	if state {
		let account = if random.flip() { address("from") } else { address("to") };
		// Empty blocks have no accounts: that of burnt coins exists everywhere.
		let account =
			account.or_else(|| address("from")).unwrap_or_else(|| format!("0x{}", "0".repeat(40)));
		tasks.push(Task::Balance { address: account, number });
	}
	tasks
}

/// True if every node still keeps the state of a block at the end of the round: `depth` blocks came since
/// `time`, and go on coming so fast. Times in ms.
fn keeps_state(depth: u64, time: u64, now: u64, end: u64) -> bool {
	let age = |at: u64| at.saturating_sub(time);
	age(now) > 0 && depth > 0 && depth.saturating_mul(age(end)) <= STATES.saturating_mul(age(now))
}

/// The highest block that at least two anchors claim to have reached: one that runs ahead or stands still
/// does not move it.
fn agreed_height(heads: impl Iterator<Item = u64>) -> Option<u64> {
	let mut heads: Vec<u64> = heads.collect();
	heads.sort_unstable_by(|a, b| b.cmp(a));
	heads.get(AGREE.saturating_sub(1)).copied()
}

/// The digest that most anchors say, at least two of them and more than say any other; with the head that
/// they, and only they, have reached. A vote is an anchor's head and digest.
fn agree(votes: &[(u64, [u8; 32])]) -> Option<(u64, [u8; 32])> {
	let count = |digest: &[u8; 32]| votes.iter().filter(|(_, said)| said == digest).count();
	let (_, digest) = votes.iter().max_by_key(|(_, digest)| count(digest))?;
	let agreeing = count(digest);
	let tie = votes.iter().any(|(_, other)| other != digest && count(other) == agreeing);
	if agreeing < AGREE || tie {
		return None;
	}
	let head =
		agreed_height(votes.iter().filter(|(_, said)| said == digest).map(|(head, _)| *head))?;
	Some((head, *digest))
}

/// One JSON-RPC question to an anchor.
struct AskOne<'a, T> {
	ask: Ask,
	id: u64,
	read: Box<dyn Fn(&Fact) -> Option<T> + 'a>,
}

impl<T> Script for AskOne<'_, T> {
	type Out = Option<T>;

	fn open(&mut self) -> Step<Self::Out> {
		Step::Ask(vec![self.ask.clone()])
	}

	fn answered(&mut self, answers: Vec<Answer>) -> Step<Self::Out> {
		let answer = answers.first().filter(|answer| answer.is_success());
		let reply = answer.and_then(|answer| judge::one(&answer.body, self.id));
		Step::Done(reply.and_then(|reply| (self.read)(&reply)))
	}

	fn failed(&mut self, _: Failure) -> Self::Out {
		None
	}
}

#[cfg(test)]
#[path = "tests/anchors.rs"]
mod tests;
