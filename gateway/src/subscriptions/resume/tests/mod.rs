// SPDX-License-Identifier: Apache-2.0

//! Random chains, reorganisations and failovers: what a client folds from its notifications is the
//! chain of the last upstream.

mod log_game;
mod random;
mod single;

use super::*;
use crate::{
	rpc::{Block, BlockHash, json::hex},
	subscriptions::block::Head,
};
use proptest::prelude::*;
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use std::collections::{BTreeMap, VecDeque};

/// All blocks of all branches.
#[derive(Default)]
struct Tree {
	blocks: BTreeMap<BlockHash, Block>,
	count: u64,
}

impl Tree {
	fn child(&mut self, parent: &Block) -> Block {
		self.count += 1;
		let hash = BlakeTwo256::hash(&self.count.to_le_bytes()).0;
		let block = Block { number: parent.number + 1, hash, parent: parent.hash };
		self.blocks.insert(hash, block);
		block
	}

	/// Heads from a hash down to a number, the youngest first.
	fn ancestors(&self, wanted: &Wanted, most: usize) -> Vec<Head> {
		let mut found = Vec::new();
		let mut next = wanted.hash;
		while let Some(block) = self.blocks.get(&next) {
			found.push(head(block));
			if block.number <= wanted.floor || found.len() >= most {
				break;
			}
			next = block.parent;
		}
		found
	}
}

fn head(block: &Block) -> Head {
	Head { block: *block, body: hex(&block.hash).into() }
}

/// Logs of a block: some blocks have none.
fn logs_of(block: &Block) -> Vec<Log> {
	(0..u64::from(block.hash[0] % 4))
		.map(|index| Log {
			number: block.number,
			block: block.hash,
			index,
			removed: false,
			body: format!(
				r#"{{"blockNumber":"0x{:x}","blockHash":"{}","logIndex":"0x{index:x}","removed":false}}"#,
				block.number,
				hex(&block.hash)
			)
			.into(),
		})
		.collect()
}

#[derive(Clone, Debug)]
enum Event {
	Head(Head),
	Log(Log),
}

/// Upstream with a chain of its own.
struct Node {
	chain: Vec<Block>,
}

impl Node {
	fn tip(&self) -> &Block {
		self.chain.last().unwrap()
	}

	/// Adopts the branch of `depth` blocks back and `length` new ones; events as geth sends them.
	fn grow(&mut self, tree: &mut Tree, depth: usize, length: usize) -> Vec<Event> {
		let depth = depth.min(self.chain.len() - 1);
		let fork = self.chain[self.chain.len() - 1 - depth];
		let mut branch = Vec::new();
		let mut parent = fork;
		for _ in 0..depth.max(1) + length {
			parent = tree.child(&parent);
			branch.push(parent);
		}
		self.adopt(branch, self.chain.len() - depth)
	}

	/// Takes over the chain of another node.
	fn follow(&mut self, chain: &[Block]) -> Vec<Event> {
		let common = self.chain.iter().zip(chain).take_while(|(own, other)| own == other).count();
		if common == chain.len() {
			// A node that learns of a block that it has goes on.
			return Vec::new();
		}
		self.adopt(chain[common..].to_vec(), common)
	}

	fn adopt(&mut self, branch: Vec<Block>, keep: usize) -> Vec<Event> {
		let mut events = Vec::new();
		for block in self.chain.drain(keep..).rev() {
			for log in logs_of(&block).into_iter().rev() {
				events.push(Event::Log(Log { removed: true, ..log }));
			}
		}
		events.extend(branch.iter().flat_map(logs_of).map(Event::Log));
		events.extend(branch.iter().map(head).map(Event::Head));
		self.chain.extend(branch);
		events
	}
}

#[derive(Clone, Debug)]
enum Step {
	/// A node grows: its index, depth of the reorganisation, blocks beyond it.
	Grow(usize, usize, usize),
	/// A node takes over the chain of another.
	Follow(usize, usize),
	/// The client's upstream is replaced; of the events under way this many arrive.
	Failover(usize, usize),
	/// So many events arrive.
	Deliver(usize),
	/// A request is answered, with at most so many ancestors.
	Answer(usize),
}

const NODES: usize = 3;

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		3 => (0..NODES, Just(0usize), 0..2usize).prop_map(|(n, d, l)| Step::Grow(n, d, l)),
		1 => (0..NODES, 0..5usize, 0..3usize).prop_map(|(n, d, l)| Step::Grow(n, d, l)),
		3 => (0..NODES, 0..NODES).prop_map(|(a, b)| Step::Follow(a, b)),
		1 => (0..NODES, 0..8usize).prop_map(|(n, lost)| Step::Failover(n, lost)),
		4 => (1..12usize).prop_map(Step::Deliver),
		3 => (1..4usize).prop_map(Step::Answer),
	]
}

/// Nodes, and the events of one of them on their way to the machine.
struct Network {
	tree: Tree,
	nodes: Vec<Node>,
	bound: usize,
	flight: VecDeque<Event>,
}

impl Network {
	fn new() -> Self {
		let mut tree = Tree::default();
		let mut chain = vec![Block { number: 0, hash: [9; 32], parent: [0; 32] }];
		tree.blocks.insert([9; 32], chain[0]);
		for _ in 0..20 {
			chain.push(tree.child(&chain[chain.len() - 1].clone()));
		}
		let nodes = (0..NODES).map(|_| Node { chain: chain.clone() }).collect();
		Self { tree, nodes, bound: 0, flight: VecDeque::new() }
	}

	fn act(&mut self, step: &Step) {
		let (node, events) = match step {
			Step::Grow(node, depth, length) => {
				(*node, self.nodes[*node].grow(&mut self.tree, *depth, *length))
			},
			Step::Follow(node, other) => {
				let chain = self.nodes[*other].chain.clone();
				(*node, self.nodes[*node].follow(&chain))
			},
			_ => return,
		};
		if node == self.bound {
			self.flight.extend(events);
		}
	}

	fn bind(&mut self, node: usize) {
		self.bound = node;
		self.flight.clear();
	}
}
