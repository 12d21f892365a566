// SPDX-License-Identifier: Apache-2.0

//! Traffic over operators of different quality, on a clock of its own.

use super::*;
use std::collections::BinaryHeap;

/// Behaviour of an operator in a simulation.
#[derive(Clone, Copy)]
enum Behaviour {
	/// Answers after a latency.
	Answers(Duration),
	/// Fails at once.
	Fails,
	/// Fails at once in a share of the requests.
	FailsAtTimes(f64),
	/// Answers quickly until a time, then refuses connections.
	DiesAt(Duration),
}

/// Result of a simulation.
#[derive(Debug, Default)]
struct Totals {
	/// Requests sent to each operator, mirrored ones included.
	sent: Vec<u32>,
	/// Requests of callers whose last attempt each operator failed.
	failed: u32,
	/// Latencies of callers, in microseconds.
	latencies: Vec<u64>,
}

impl Totals {
	fn share(&self, index: usize) -> f64 {
		f64::from(self.sent[index]) / f64::from(self.sent.iter().sum::<u32>())
	}

	fn p99(&mut self) -> u64 {
		self.latencies.sort_unstable();
		self.latencies[self.latencies.len() * 99 / 100]
	}
}

/// End of a request under way, ordered by time.
struct End {
	at: Instant,
	ticket: Ticket,
	observed: Observed,
}

impl PartialEq for End {
	fn eq(&self, other: &Self) -> bool {
		self.at == other.at
	}
}
impl Eq for End {}
impl PartialOrd for End {
	fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
		Some(self.cmp(other))
	}
}
impl Ord for End {
	fn cmp(&self, other: &Self) -> std::cmp::Ordering {
		other.at.cmp(&self.at)
	}
}

struct Simulation {
	candidates: Vec<Candidate>,
	behaviours: Vec<Behaviour>,
	settings: ChoiceSettings,
	random: Random,
	start: Instant,
	ends: BinaryHeap<End>,
	totals: Totals,
}

impl Simulation {
	fn new(behaviours: &[Behaviour]) -> Self {
		Self {
			candidates: (0..behaviours.len()).map(|n| candidate(n as u8, state())).collect(),
			behaviours: behaviours.to_vec(),
			settings: ChoiceSettings::default(),
			random: Random::from_seed(7),
			start: Instant::now(),
			ends: BinaryHeap::new(),
			totals: Totals { sent: vec![0; behaviours.len()], ..Totals::default() },
		}
	}

	/// Send to a candidate; returns the latency and the success.
	fn send(&mut self, index: usize, now: Instant) -> (Duration, bool) {
		self.totals.sent[index] += 1;
		let (latency, ok) = match self.behaviours[index] {
			// A spread of 20 %.
			Behaviour::Answers(latency) => {
				(latency.mul_f64(0.9 + self.random.below(200) as f64 / 1_000.0), true)
			},
			Behaviour::Fails => (Duration::from_micros(100), false),
			Behaviour::FailsAtTimes(share) => {
				if self.random.chance(share) {
					(Duration::from_micros(100), false)
				} else {
					(ms(1), true)
				}
			},
			Behaviour::DiesAt(time) => (ms(1), now < self.start + time),
		};
		let observed = if ok { Observed::Answer } else { Observed::Fault };
		let ticket = self.candidates[index].state.start(CLASS, 1, now);
		self.ends.push(End { at: now + latency, ticket, observed });
		(latency, ok)
	}

	/// Requests at a rate for a time, each with up to three attempts.
	fn run(mut self, per_second: u64, seconds: u64) -> Totals {
		for number in 0..per_second * seconds {
			let begin = self.start + Duration::from_micros(number * 1_000_000 / per_second);
			let mut now = begin;
			let mut without = Vec::new();
			let mut done = false;
			for _ in 0..3 {
				while self.ends.peek().is_some_and(|end| end.at <= now) {
					let end = self.ends.pop().unwrap();
					end.ticket.finish(end.observed, end.at);
				}
				let needs = Needs { without: &without, mirror: without.is_empty(), ..needs() };
				let Ok(choice) =
					choose(&self.candidates, &needs, &self.settings, &self.random, now)
				else {
					break;
				};
				if let Some(mirror) = choice.mirror {
					self.send(mirror, now);
				}
				let (latency, ok) = self.send(choice.index, now);
				now += latency;
				without.push(self.candidates[choice.index].account);
				if ok {
					done = true;
					break;
				}
			}
			self.totals.failed += u32::from(!done);
			self.totals.latencies.push(now.duration_since(begin).as_micros() as u64);
		}
		self.totals
	}
}

#[test]
fn healthy_operators_share_the_traffic() {
	let answers = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[answers, answers, answers]).run(1_000, 20);
	for index in 0..3 {
		assert!((0.15..=0.65).contains(&totals.share(index)), "{:?}", totals.sent);
	}
	assert_eq!(totals.failed, 0);
}

#[test]
fn a_slow_operator_gets_its_floor_and_no_caller_waits() {
	let (fast, slow) = (Behaviour::Answers(ms(2)), Behaviour::Answers(ms(20)));
	let mut healthy = Simulation::new(&[fast, fast, fast]).run(1_000, 20);
	let mut totals = Simulation::new(&[fast, fast, slow]).run(1_000, 20);
	assert!((0.008..0.02).contains(&totals.share(2)), "{:?}", totals.sent);
	assert!(totals.p99() <= healthy.p99() * 2);
}

#[test]
fn fast_errors_get_under_two_percent() {
	let fast = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[fast, fast, Behaviour::Fails]).run(1_000, 20);
	assert!(totals.share(2) < 0.02, "{:?}", totals.sent);
	assert_eq!(totals.failed, 0);
}

#[test]
fn an_operator_that_fails_at_times_gets_little() {
	let fast = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[fast, fast, Behaviour::FailsAtTimes(0.3)]).run(1_000, 20);
	assert!(totals.share(2) < 0.1, "{:?}", totals.sent);
	assert_eq!(totals.failed, 0);
}

#[test]
fn no_request_fails_when_one_of_three_dies() {
	let fast = Behaviour::Answers(ms(2));
	let totals =
		Simulation::new(&[fast, fast, Behaviour::DiesAt(Duration::from_secs(5))]).run(1_000, 20);
	assert_eq!(totals.failed, 0);
}

#[test]
fn an_operator_keeps_below_its_cap_while_others_are_as_good() {
	let totals =
		Simulation::new(&[Behaviour::Answers(ms(2)), Behaviour::Answers(ms(3))]).run(1_000, 20);
	assert!(totals.share(0) <= 0.67, "{:?}", totals.sent);
	// Not for the price of making callers wait.
	let totals =
		Simulation::new(&[Behaviour::Answers(ms(2)), Behaviour::Answers(ms(40))]).run(100, 20);
	assert!(totals.share(0) > 0.9, "{:?}", totals.sent);
}
