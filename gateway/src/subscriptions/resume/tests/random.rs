// SPDX-License-Identifier: Apache-2.0

//! Random games.

use super::{log_game::LogGame, *};

/// Chain that a client folds from heads.
#[derive(Default)]
struct Client {
	chain: Vec<Block>,
}

impl Client {
	fn take(&mut self, heads: Vec<Head>) {
		for head in heads {
			let block = head.block;
			assert!(!self.chain.contains(&block), "double {block:?}");
			match self.chain.iter().position(|known| known.hash == block.parent) {
				Some(parent) => self.chain.truncate(parent + 1),
				None => {
					// Only the first block may be replaced without its parent.
					let first = self.chain.first().map_or(block.number, |first| first.number);
					assert_eq!(first, block.number, "gap before {block:?}");
					self.chain.clear();
				},
			}
			self.chain.push(block);
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn heads_have_no_gap_and_no_double(steps in prop::collection::vec(step(), 1..80)) {
		let mut network = Network::new();
		let mut machine = Heads::new(Mode::Best, 512);
		let mut client = Client::default();
		let mut out = Vec::new();
		let last = [Step::Grow(0, 0, 40), Step::Failover(0, 0), Step::Grow(0, 0, 1), Step::Deliver(99)];
		for step in steps.iter().chain(&last) {
			network.act(step);
			match step {
				Step::Failover(node, lost) => {
					for event in network.flight.drain(..(*lost).min(network.flight.len())) {
						if let Event::Head(head) = event {
							machine.head(head, &mut out).unwrap();
						}
					}
					machine.rebind();
					network.bind(*node);
					machine.head(head(network.nodes[*node].tip()), &mut out).unwrap();
				},
				Step::Deliver(count) => {
					for _ in 0..*count {
						if let Some(Event::Head(head)) = network.flight.pop_front() {
							machine.head(head, &mut out).unwrap();
						}
					}
				},
				Step::Answer(most) => {
					if let Some(wanted) = machine.wanted() {
						machine.found(network.tree.ancestors(&wanted, *most), &mut out).unwrap();
					}
				},
				Step::Grow(..) | Step::Follow(..) => {},
			}
			client.take(std::mem::take(&mut out));
		}
		while let Some(event) = network.flight.pop_front() {
			if let Event::Head(head) = event {
				machine.head(head, &mut out).unwrap();
			}
		}
		while let Some(wanted) = machine.wanted() {
			machine.found(network.tree.ancestors(&wanted, 9), &mut out).unwrap();
		}
		client.take(out);
		let expected = &network.nodes[0].chain;
		let first = client.chain[0].number as usize;
		prop_assert_eq!(&client.chain[..], &expected[first..]);
	}

	#[test]
	fn all_heads_are_sent_once_after_their_parents(
		steps in prop::collection::vec(step(), 1..80)
	) {
		let mut network = Network::new();
		let mut machine = Heads::new(Mode::All, 512);
		let mut sent: Vec<Block> = Vec::new();
		for step in &steps {
			let mut out = Vec::new();
			network.act(step);
			if let Step::Failover(node, _) = step {
				machine.rebind();
				network.bind(*node);
				machine.head(head(network.nodes[*node].tip()), &mut out).unwrap();
			}
			while let Some(event) = network.flight.pop_front() {
				if let Event::Head(head) = event {
					machine.head(head, &mut out).unwrap();
				}
			}
			while let Some(wanted) = machine.wanted() {
				machine.found(network.tree.ancestors(&wanted, 2), &mut out).unwrap();
			}
			for head in out {
				prop_assert!(!sent.contains(&head.block));
				let lowest = sent.iter().map(|block| block.number).min();
				let known = sent.iter().any(|block| block.hash == head.block.parent);
				prop_assert!(known || lowest.is_none_or(|lowest| lowest == head.block.number));
				sent.push(head.block);
			}
		}
	}

	#[test]
	fn finalized_heads_are_a_line(
		steps in prop::collection::vec((0..NODES, 0..6usize, any::<bool>()), 1..60)
	) {
		let mut tree = Tree::default();
		let mut chain = vec![tree.child(&Block { number: 0, hash: [0; 32], parent: [0; 32] })];
		let mut machine = Heads::new(Mode::Finalized, 64);
		let mut sent: Vec<Block> = Vec::new();
		let mut heights = [1usize; NODES];
		let mut bound = 0;
		for (node, grow, switch) in steps {
			let mut out = Vec::new();
			for _ in 0..grow {
				chain.push(tree.child(&chain[chain.len() - 1].clone()));
			}
			heights[node] = chain.len();
			if switch && bound != node {
				bound = node;
				machine.rebind();
			}
			machine.head(head(&chain[heights[bound] - 1]), &mut out).unwrap();
			while let Some(wanted) = machine.wanted() {
				machine.found(tree.ancestors(&wanted, 3), &mut out).unwrap();
			}
			sent.extend(out.iter().map(|head| head.block));
		}
		prop_assert!(sent.windows(2).all(|pair| pair[1].parent == pair[0].hash));
	}

	#[test]
	fn logs_are_those_of_the_last_chain(steps in prop::collection::vec(step(), 1..80)) {
		let mut game = LogGame::new();
		for step in &steps {
			game.step(step);
		}
		game.step(&Step::Failover(1, 3));
		game.step(&Step::Grow(1, 0, 40));
		game.finish();
		let start = game.machine_start();
		let expected: Vec<_> = game.network.nodes[1]
			.chain
			.iter()
			.filter(|block| block.number >= start)
			.flat_map(logs_of)
			.map(|log| (log.number, log.block, log.index))
			.collect();
		let held: Vec<_> = game.held.iter().copied().filter(|log| log.0 >= start).collect();
		prop_assert_eq!(held.len(), expected.len());
		for log in expected {
			prop_assert!(held.contains(&log), "lost {log:?}");
		}
	}

	#[test]
	fn a_watched_transaction_ends_where_it_is_finalized(
		steps in prop::collection::vec((0..4u64, 0..3usize, 0..4u64), 1..60),
		at in 2..10u64,
	) {
		let mut tree = Tree::default();
		let mut node = Node { chain: vec![Block { number: 0, hash: [9; 32], parent: [0; 32] }] };
		node.grow(&mut tree, 0, 1);
		let mut machine = Watch::new(1, None, 32);
		let mut finalized = 1;
		// The transaction is in each block of this height or its multiples on other branches.
		let position = |block: &Block| {
			(block.number == at || (block.number + u64::from(block.hash[1] % 3)) == at)
				.then_some(usize::from(block.hash[2]))
		};
		let (mut events, mut asked) = (Vec::new(), 0);
		let last = (0..60).map(|_| (1, 0, 9));
		for (length, depth, finality) in steps.into_iter().chain(last) {
			let depth = depth.min((node.tip().number - finalized) as usize);
			node.grow(&mut tree, depth, length as usize);
			finalized = (finalized + finality).min(node.tip().number);
			machine.numbers(node.tip().number, finalized, &mut events);
			while let Some(WatchNeed::Block(number)) = machine.need() {
				let block = node.chain.get(number as usize);
				machine.block(number, block.map(|block| (block.hash, position(block))), &mut events);
				asked += 1;
			}
		}
		prop_assert!(machine.need().is_none());
		prop_assert!(asked < 20_000);
		let mut in_block = None;
		for event in &events {
			match event {
				WatchEvent::InBlock(hash, _) => {
					prop_assert_eq!(in_block.replace(*hash), None);
				},
				WatchEvent::Retracted(hash) => prop_assert_eq!(in_block.take(), Some(*hash)),
				WatchEvent::Finalized(hash, index) => {
					prop_assert_eq!(in_block, Some(*hash));
					let block = tree.blocks[hash];
					prop_assert_eq!(node.chain[block.number as usize], block);
					prop_assert_eq!(position(&block), Some(*index));
				},
				WatchEvent::Dropped => prop_assert_eq!(in_block, None),
			}
		}
		let searched = node.chain.iter().filter(|block| (1..=33).contains(&block.number));
		let exists = searched.filter_map(position).next().is_some();
		let finalized = matches!(events.last(), Some(WatchEvent::Finalized(..)));
		prop_assert_eq!(finalized, exists);
	}
}
