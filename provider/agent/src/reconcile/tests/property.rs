// SPDX-License-Identifier: Apache-2.0

//! Games of the reconciler against the model.

use super::{
	model::{Faults, ModelChain, ModelEngine, ModelLease, Random, Running},
	*,
};
use proptest::prelude::*;
use surety_primitives::CloseReason;

/// Milliseconds of a step.
const STEP: u64 = 250;
/// Steps of a game: 10 minutes.
const STEPS: u64 = 2_400;
/// Leases of a game.
const LEASES: u32 = 6;
/// Most actions of the engine on one lease in a game: pauses double up to a minute.
const MAX_ACTIONS: usize = 60;

struct Game {
	random: Random,
	faults: Faults,
	now_ms: u64,
	chain: ModelChain,
	engine: ModelEngine,
	kit: Kit,
	life: u32,
	blind_until_ms: u64,
	/// Calls of this life: token, action.
	waiting: Vec<(u64, Action)>,
	tokens: u64,
	begun: BTreeMap<LeaseId, usize>,
}

impl Game {
	fn new(seed: u64, faults: Faults) -> Self {
		let mut random = Random(seed);
		let awards = (0..LEASES).map(|id| {
			let at = 10 + u32::try_from(random.below(300)).unwrap();
			let lease = ModelLease {
				phase: LeasePhase::Starting { fetch_until: at + 15, ready_by: at + 45 },
				bad_image: random.chance(20),
				closes_at: at + 60 + u32::try_from(random.below(300)).unwrap(),
				removed_at: random.chance(30).then(|| at + 400),
			};
			(at, id, lease)
		});
		let chain = ModelChain { awards: awards.collect(), ..ModelChain::default() };
		let mut kit = Kit::with(starting());
		kit.memory.clear();
		// Nodes that are silent from the first second on have shown no lease either.
		kit.snapshot.leases.clear();
		kit.observation = None;
		// Minutes instead of days, so that a game sees all of it.
		kit.rules = Rules {
			keep_failed_ms: 60_000,
			keep_orphans_ms: 120_000,
			keep_records_ms: 200_000,
			..Rules::default()
		};
		Self {
			random,
			faults,
			now_ms: T0,
			chain,
			engine: ModelEngine::default(),
			kit,
			life: 0,
			blind_until_ms: 0,
			waiting: Vec::new(),
			tokens: 0,
			begun: BTreeMap::new(),
		}
	}

	fn finalized(&self) -> u32 {
		self.chain.best().saturating_sub(self.faults.lag)
	}

	fn play(&mut self) {
		self.kit.silent_since_ms = self.now_ms;
		for step in 0..STEPS {
			if step % (1_000 / STEP) == 0 {
				self.second();
			}
			self.finish_engine();
			self.deliver();
			self.kit.now_ms = self.now_ms;
			for action in self.kit.advance() {
				self.begin(action);
			}
			self.now_ms += STEP;
		}
	}

	/// What happens once a second: a block, and accidents.
	fn second(&mut self) {
		self.chain.produce();
		let faults = self.faults;
		if self.random.chance(faults.outages) {
			self.engine.down_until_ms = self.now_ms + self.random.below(30_000);
		}
		if self.random.chance(faults.blackouts) {
			self.blind_until_ms = self.now_ms + self.random.below(20_000);
		}
		if self.random.chance(faults.kills) {
			self.life += 1;
			self.kit.busy = Busy::default();
			self.kit.observation = None;
			self.kit.silent_since_ms = self.now_ms;
			self.waiting.clear();
			self.engine.answers.clear();
		}
		if self.random.chance(faults.exits)
			&& let Some(state) = self.engine.containers.values_mut().next()
			&& *state == State::Running
		{
			*state = exited(1);
		}
		if self.engine.down_until_ms <= self.now_ms {
			let delay = self.random.below(1_500);
			let lies = self.random.chance(faults.lies);
			self.engine.observe(self.now_ms, delay, lies.then_some(&mut self.random));
		}
		if self.blind_until_ms <= self.now_ms {
			let block = self.finalized();
			self.kit.snapshot = self.chain.snapshot(block, self.now_ms, &self.kit.memory);
			self.kit.snapshot.best = self.chain.best();
		}
	}

	fn finish_engine(&mut self) {
		let now_ms = self.now_ms;
		let done: Vec<_> =
			self.engine.running.extract_if(.., |one| one.ends_ms <= now_ms).collect();
		for Running { action, life, .. } in done {
			let is_down = self.engine.down_until_ms > now_ms;
			let fails = is_down || self.random.chance(self.faults.engine);
			let outcome = self.engine.finish(&action, fails);
			if life == self.life {
				self.kit.busy.engine.remove(&action.lease());
				self.settle(&action, &outcome);
			}
		}
	}

	fn deliver(&mut self) {
		let now_ms = self.now_ms;
		while self.engine.answers.front().is_some_and(|(at, ..)| *at <= now_ms) {
			let (_, began_ms, answer) = self.engine.answers.pop_front().unwrap();
			self.kit.silent_since_ms = now_ms;
			self.kit.observation = Some(Observation::of(began_ms, answer));
		}
		let finalized = self.finalized();
		for (token, block, outcome) in
			self.chain.results.extract_if(.., |one| one.1 <= finalized).collect::<Vec<_>>()
		{
			let Some(place) = self.waiting.iter().position(|one| one.0 == token) else { continue };
			let (_, action) = self.waiting.remove(place);
			self.kit.busy.calls.remove(&action.lease());
			let outcome = outcome.map_or_else(Outcome::Chain, |()| Outcome::Included(block));
			self.settle(&action, &outcome);
		}
	}

	fn settle(&mut self, action: &Action, outcome: &Outcome) {
		if let Some(record) = self.kit.memory.get_mut(&action.lease()) {
			*record = settle(record, action, outcome, &self.kit.rules, self.now_ms);
		}
	}

	fn begin(&mut self, action: Action) {
		let lease = action.lease();
		if let Action::Submit { call, .. } = &action {
			assert!(self.kit.busy.calls.insert(lease), "two calls of lease {lease}");
			self.tokens += 1;
			let block = self.chain.best() + 1 + u32::try_from(self.random.below(2)).unwrap();
			self.chain.calls.push((block, call.clone(), self.tokens));
			self.waiting.push((self.tokens, action));
			return;
		}
		*self.begun.entry(lease).or_default() += 1;
		let life = self.life;
		let twice =
			self.engine.running.iter().any(|one| one.action.lease() == lease && one.life == life);
		assert!(!twice, "two actions on lease {lease}: {action:?}");
		let state = &self.chain.states[usize::try_from(self.finalized()).unwrap()];
		let is_live =
			state.get(&lease).is_some_and(|one| !matches!(one.phase, LeasePhase::Closed { .. }));
		if matches!(action, Action::Remove { .. } | Action::Stop { .. }) {
			assert!(!is_live, "{action:?} before the finalized end");
		}
		self.kit.busy.engine.insert(lease);
		let ends_ms = self.now_ms + 100 + self.random.below(3_000);
		self.engine.running.push(Running { action, ends_ms, life });
	}

	fn reasons(&self) -> BTreeMap<LeaseId, CloseReason> {
		let mut reasons = BTreeMap::new();
		for state in &self.chain.states {
			for (id, lease) in state {
				if let LeasePhase::Closed { ending } = lease.phase {
					reasons.insert(*id, ending.reason);
				}
			}
		}
		reasons
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Whatever fails, lags, restarts or lies: no container of a live lease is stopped or removed,
	/// no lease has two actions at a time, and there is no storm of actions.
	#[test]
	fn accidents_delete_nothing_and_cause_no_storm(
		seed: u64,
		engine in 0u64..60,
		lies in 0u64..40,
		outages in 0u64..10,
		blackouts in 0u64..10,
		kills in 0u64..5,
		exits in 0u64..10,
		lag in 1u32..8,
	) {
		let faults = Faults { engine, lies, outages, blackouts, kills, exits, lag };
		let mut game = Game::new(seed, faults);
		game.play();
		for (lease, count) in &game.begun {
			prop_assert!(*count <= MAX_ACTIONS, "{count} actions on lease {lease}");
		}
	}

	/// With an engine that mostly works, and an agent that is killed now and then, every lease that
	/// can be served is ready in time, and every other one is declined for free.
	#[test]
	fn what_can_be_served_is_ready_in_time(
		seed: u64,
		engine in 0u64..15,
		kills in 0u64..4,
		lag in 1u32..4,
	) {
		let faults =
			Faults { engine, lies: 0, outages: 0, blackouts: 0, kills, exits: 0, lag };
		let mut game = Game::new(seed, faults);
		game.play();
		let reasons = game.reasons();
		for (_, id, lease) in &game.chain.awards {
			let reason = reasons.get(id);
			prop_assert!(reason != Some(&CloseReason::NeverReady), "lease {id} was never ready");
			if lease.bad_image {
				prop_assert_eq!(reason, Some(&CloseReason::Declined));
			}
		}
		let state = game.chain.states.last().unwrap();
		for id in game.engine.containers.keys() {
			let is_kept = state.get(id).is_some() || game.kit.memory.contains_key(id);
			prop_assert!(is_kept, "container {id} was left behind");
		}
	}
}

#[test]
fn calm_seas_serve_every_good_lease() {
	for seed in 0..20 {
		let faults =
			Faults { engine: 0, lies: 0, outages: 0, blackouts: 0, kills: 0, exits: 0, lag: 2 };
		let mut game = Game::new(seed, faults);
		game.play();
		let reasons = game.reasons();
		for (_, id, lease) in &game.chain.awards {
			let wanted =
				if lease.bad_image { CloseReason::Declined } else { CloseReason::TenantClosed };
			let reason = reasons.get(id);
			assert!(reason.is_none_or(|reason| *reason == wanted), "lease {id}: {reason:?}");
		}
	}
}
