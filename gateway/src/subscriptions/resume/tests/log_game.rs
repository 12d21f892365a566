// SPDX-License-Identifier: Apache-2.0

//! Client of logs in a random game.

use super::*;

/// Client of a subscription to logs: holds what was sent and not taken back.
pub struct LogGame {
	pub network: Network,
	machine: Logs,
	pub held: Vec<(u64, BlockHash, u64)>,
	start: Option<u64>,
	anchored: bool,
}

impl LogGame {
	pub fn new() -> Self {
		let mut game = Self {
			network: Network::new(),
			machine: Logs::new(512, usize::MAX),
			held: Vec::new(),
			start: None,
			anchored: false,
		};
		game.anchor();
		game.start = Some(game.network.nodes[0].tip().number + 1);
		game
	}

	pub fn machine_start(&self) -> u64 {
		self.start.unwrap()
	}

	pub fn take(&mut self, out: Vec<Log>) {
		for log in out {
			let key = (log.number, log.block, log.index);
			let position = self.held.iter().position(|held| *held == key);
			match (log.removed, position) {
				(false, None) => self.held.push(key),
				(true, Some(position)) => {
					self.held.remove(position);
				},
				(true, None) => assert!(log.number < self.machine_start(), "absent {log:?}"),
				(false, Some(_)) => panic!("double {log:?}"),
			}
		}
	}

	pub fn anchor(&mut self) {
		let mut out = Vec::new();
		let tip = head(self.network.nodes[self.network.bound].tip());
		self.machine.anchor(tip, &mut out).unwrap();
		self.anchored = true;
		self.take(out);
	}

	pub fn deliver(&mut self, event: Event) {
		let mut out = Vec::new();
		match event {
			Event::Head(head) => self.machine.head(head, &mut out).unwrap(),
			Event::Log(log) => self.machine.log(log, &mut out).unwrap(),
		}
		self.take(out);
	}

	pub fn answer(&mut self, most: usize) -> bool {
		let mut out = Vec::new();
		match self.machine.wanted() {
			Some(LogsWanted::Ancestors(wanted)) => {
				let found = self.network.tree.ancestors(&wanted, most);
				self.machine.found(found, &mut out).unwrap();
			},
			Some(LogsWanted::Logs(block)) => {
				self.machine.block_logs(&block.hash, logs_of(&block), &mut out).unwrap();
			},
			None => return false,
		}
		self.take(out);
		true
	}

	pub fn step(&mut self, step: &Step) {
		self.network.act(step);
		match step {
			Step::Failover(node, lost) => {
				let arrived = (*lost).min(self.network.flight.len());
				let events: Vec<_> = self.network.flight.drain(..arrived).collect();
				for event in events {
					self.deliver(event);
				}
				self.machine.rebind();
				self.network.bind(*node);
				self.anchored = false;
			},
			Step::Deliver(count) => {
				for _ in 0..*count {
					let Some(event) = self.network.flight.pop_front() else { break };
					self.deliver(event);
				}
			},
			Step::Answer(most) => {
				// The best block is asked for after the stream began, and may come late.
				if !self.anchored {
					self.anchor();
				}
				self.answer(*most);
			},
			Step::Grow(..) | Step::Follow(..) => {},
		}
	}

	pub fn finish(&mut self) {
		if !self.anchored {
			self.anchor();
		}
		while let Some(event) = self.network.flight.pop_front() {
			self.deliver(event);
		}
		while self.answer(9) {}
	}
}
