// SPDX-License-Identifier: Apache-2.0

//! Random games of two ledgers over a channel that loses, doubles and reorders, with restarts, lost
//! and old stores, clocks apart, and a report at the end.

use super::{
	kit::*,
	report::{Chain, step},
};
use crate::usage::{Answer, Offer, ReportSettings, ReportTask, Signed, wire};
use proptest::prelude::*;
use std::collections::BTreeMap;
use surety_primitives::usage::{Hash, Side, UsageCounts};

#[derive(Clone, Copy, Debug)]
enum Disaster {
	/// The process ends without notice.
	Crash,
	/// The store is lost too.
	Loss,
	/// The store is one of the earlier contents.
	RollBack(usize),
}

#[derive(Clone, Copy, Debug)]
enum Move {
	/// Requests that both sides count.
	Serve(u8),
	/// Requests that one side counts alone.
	ServeOne(bool, u8),
	/// Seconds pass; both processes look at the clock in each.
	Pass(u8),
	/// A message arrives, perhaps to arrive again.
	Deliver(usize, bool),
	/// A message is lost.
	Drop(usize),
	Restart(bool, Disaster),
}

fn moves(with_losses: bool) -> impl Strategy<Value = Vec<Move>> {
	let disaster = if with_losses {
		prop_oneof![
			Just(Disaster::Crash),
			Just(Disaster::Loss),
			any::<usize>().prop_map(Disaster::RollBack)
		]
		.boxed()
	} else {
		Just(Disaster::Crash).boxed()
	};
	let one = prop_oneof![
		4 => any::<u8>().prop_map(Move::Serve),
		1 => (any::<bool>(), any::<u8>()).prop_map(|(side, n)| Move::ServeOne(side, n)),
		4 => (1u8..40).prop_map(Move::Pass),
		8 => (any::<usize>(), any::<bool>()).prop_map(|(at, again)| Move::Deliver(at, again)),
		1 => any::<usize>().prop_map(Move::Drop),
		1 => (any::<bool>(), disaster).prop_map(|(side, how)| Move::Restart(side, how)),
	];
	proptest::collection::vec(one, 20..80)
}

/// Message under way: to the edge, or back with the answer.
#[derive(Clone)]
enum Message {
	Offers(u32, Vec<u8>),
	Answers(u32, Vec<u8>),
}

struct Game {
	gateway: Party,
	edge: Party,
	skew: i64,
	time: u64,
	channel: Vec<Message>,
	/// Content of each number ever sent: the proof that no honest side equivocates.
	contents: BTreeMap<(Side, u32, u32), Hash>,
	/// Counts of each number, per side and window.
	sent: BTreeMap<(Side, u32), BTreeMap<u32, UsageCounts>>,
	/// Requests that each side counted, by window of its own clock.
	truth: BTreeMap<(Side, u32), u64>,
}

impl Game {
	fn new(skew: i64) -> Self {
		let (gateway, edge) = pair(WINDOW / 2);
		Self {
			gateway,
			edge,
			skew,
			time: WINDOW / 2,
			channel: Vec::new(),
			contents: BTreeMap::new(),
			sent: BTreeMap::new(),
			truth: BTreeMap::new(),
		}
	}

	fn now(&self, side: Side) -> crate::usage::Moment {
		skewed(self.time, if side == Side::Operator { self.skew } else { 0 })
	}

	fn party(&mut self, side: Side) -> &mut Party {
		if side == Side::Tenant { &mut self.gateway } else { &mut self.edge }
	}

	fn serve(&mut self, side: Side, requests: u8) {
		// A request belongs to the window in which the process was last at the clock.
		let window = self.party(side).ledger.lock().window;
		*self.truth.entry((side, window)).or_default() += u64::from(requests);
		self.party(side).serve(requests.into());
	}

	fn look(&mut self) {
		for side in [Side::Tenant, Side::Operator] {
			let now = self.now(side);
			self.party(side).ledger.tick(&now);
		}
		let now = self.now(Side::Tenant);
		for (agreement, message) in self.gateway.ledger.offers(&now) {
			let offers: Vec<Offer> = wire::decode(&message).unwrap();
			offers.iter().for_each(|offer| self.note_sent(&offer.statement));
			self.channel.push(Message::Offers(agreement, message));
		}
		if self.channel.len() > 50 {
			self.channel.remove(0);
		}
	}

	fn note_sent(&mut self, signed: &Signed) {
		let one = &signed.statement;
		let known = self.contents.insert((one.side, one.window, one.seq), one.hash());
		assert!(known.is_none_or(|known| known == one.hash()), "an honest side equivocates");
		self.sent.entry((one.side, one.window)).or_default().insert(one.seq, one.counts);
	}

	fn deliver(&mut self, message: Message) {
		match message {
			Message::Offers(agreement, message) => {
				let now = self.now(Side::Operator);
				let answer = self.edge.ledger.receive(&message, &now).unwrap();
				let answers: Vec<Answer> = wire::decode(&answer).unwrap();
				let statements = answers.into_iter().filter_map(|answer| answer.statement);
				statements.for_each(|signed| self.note_sent(&signed));
				self.channel.push(Message::Answers(agreement, answer));
			},
			Message::Answers(agreement, answer) => {
				let now = self.now(Side::Tenant);
				self.gateway.ledger.conclude(agreement, Some(&answer), &now).unwrap();
			},
		}
	}

	fn play(&mut self, step: Move) {
		let side = |is_tenant| if is_tenant { Side::Tenant } else { Side::Operator };
		match step {
			Move::Serve(requests) => {
				self.serve(Side::Tenant, requests);
				self.serve(Side::Operator, requests);
			},
			Move::ServeOne(is_tenant, requests) => self.serve(side(is_tenant), requests),
			Move::Pass(seconds) => {
				for _ in 0..seconds {
					self.time += 1;
					self.look();
				}
			},
			Move::Deliver(at, again) => {
				if !self.channel.is_empty() {
					let at = at % self.channel.len();
					let message = self.channel[at].clone();
					if !again {
						self.channel.remove(at);
					}
					self.deliver(message);
				}
			},
			Move::Drop(at) => {
				if !self.channel.is_empty() {
					self.channel.remove(at % self.channel.len());
				}
			},
			Move::Restart(is_tenant, how) => {
				let side = side(is_tenant);
				let now = self.now(side);
				let party = self.party(side);
				party.disk.with(|disk| match how {
					Disaster::Crash => {},
					Disaster::Loss => disk.content = None,
					Disaster::RollBack(to) => {
						if !disk.history.is_empty() {
							disk.content = Some(disk.history[to % disk.history.len()].clone());
						}
					},
				});
				party.restart(&now);
				// Started, but not yet at the turn that it slept through.
				assert!(party.ledger.lock().window >= now.window);
			},
		}
		self.check();
	}

	fn check(&self) {
		for party in [&self.gateway, &self.edge] {
			assert!(party.ledger.proofs().is_empty(), "an honest side is accused");
			for view in party.ledger.views() {
				let truth = |side| self.truth.get(&(side, view.window)).copied().unwrap_or(0);
				assert!(view.own.requests <= truth(party.settings.side), "more than was served");
				if let Some((agreed, ok)) = view.agreed {
					assert!(agreed <= truth(Side::Tenant) && agreed <= truth(Side::Operator));
					assert!(ok <= agreed);
				}
			}
		}
	}

	/// Both processes run undisturbed, with a channel that loses nothing, until they have served a
	/// request in the same window, and on to the end of the next one, and report. Returns the
	/// window that was reported.
	fn settle(&mut self, chain: &Chain) -> u32 {
		self.channel.clear();
		// Not a window with too little time left.
		let window = ((self.time + 200) / WINDOW) as u32;
		let ahead = self.time + 60;
		let end = u64::from(window + 1) * WINDOW + WINDOW - 60;
		let mut tasks: Vec<_> = Vec::new();
		let settings = ReportSettings { min_requests: 1, ..Default::default() };
		for party in [&self.gateway, &self.edge] {
			tasks.push(ReportTask::new(party.ledger.clone(), chain.clone(), settings.clone()));
		}
		while self.time < end {
			self.time += 1;
			self.look();
			if self.time == u64::from(window + 1) * WINDOW - 100 {
				self.play(Move::Serve(1));
			}
			while let Some(message) = self.channel.pop() {
				self.deliver(message);
			}
			self.check();
			if self.time > ahead {
				for (task, side) in tasks.iter_mut().zip([Side::Tenant, Side::Operator]) {
					let now = skewed(self.time, if side == Side::Operator { self.skew } else { 0 });
					step(task, &now).unwrap();
				}
			}
		}
		window
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 12, ..Default::default() })]

	#[test]
	fn with_stores_kept_counts_never_fall_and_all_is_reported_once(
		moves in moves(false),
		skew in -60i64..60,
	) {
		let mut game = Game::new(skew);
		moves.into_iter().for_each(|step| game.play(step));
		let chain = Chain::default();
		let window = game.settle(&chain);
		for counts in game.sent.values() {
			let counts: Vec<_> = counts.values().collect();
			prop_assert!(counts.windows(2).all(|pair| pair[1].continues(pair[0])));
		}
		for party in [&game.gateway, &game.edge] {
			let own = party.released(window).map(|own| own.statement.counts);
			let own = own.filter(|counts| counts.requests > 0);
			prop_assert_eq!(chain.counts(window, party.settings.side), own);
			prop_assert!(!party.view(window).marked);
		}
		prop_assert_eq!(chain.with(|chain| chain.wasted), 0);
		let view = game.gateway.view(window);
		if let Some((agreed, _)) = view.agreed {
			let tenant = chain.counts(window, Side::Tenant).map_or(0, |counts| counts.requests);
			let operator = chain.counts(window, Side::Operator).map_or(0, |counts| counts.requests);
			prop_assert_eq!(agreed, tenant.min(operator));
		}
	}

	#[test]
	fn with_stores_lost_no_number_is_used_twice_and_no_count_is_too_high(
		moves in moves(true),
		skew in -60i64..60,
	) {
		let mut game = Game::new(skew);
		moves.into_iter().for_each(|step| game.play(step));
		let chain = Chain::default();
		let window = game.settle(&chain);
		for party in [&game.gateway, &game.edge] {
			// Both are whole again: each holds what the other signed last.
			let state = party.ledger.lock();
			let book = &state.accounts[&DEAL].books[&window];
			prop_assert!(book.taken.is_none());
		}
		prop_assert_eq!(game.edge.released(window), game.gateway.held(window));
		prop_assert_eq!(game.gateway.released(window), game.edge.held(window));
	}
}
