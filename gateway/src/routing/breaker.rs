// SPDX-License-Identifier: Apache-2.0

//! Circuit breaker: a service that fails gets no requests of callers until trials succeed.

use super::buckets::Buckets;
use std::time::{Duration, Instant};

/// Rules of a breaker.
#[derive(Clone, Copy, Debug)]
pub struct BreakerSettings {
	/// Failures in a row that open it.
	pub consecutive: u32,
	/// Requests within the span from which the rate counts.
	pub least: u32,
	/// Share of failures that opens it, in percent.
	pub percent: u32,
	/// Span of the rate.
	pub span: Duration,
	/// First time that it stays open; doubled after each trial that failed.
	pub pause: Duration,
	/// Longest time that it stays open.
	pub max_pause: Duration,
	/// Trials in a row that must succeed before it closes.
	pub trials: u32,
}

impl Default for BreakerSettings {
	fn default() -> Self {
		Self {
			consecutive: 5,
			least: 20,
			percent: 50,
			span: Duration::from_secs(10),
			pause: Duration::from_secs(1),
			max_pause: Duration::from_secs(60),
			trials: 3,
		}
	}
}

/// Permission to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gate {
	/// Requests pass.
	Closed,
	/// No request passes.
	Open,
	/// One trial is due.
	Trial,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
	Closed,
	/// Open until the next trial, `passed` of which have succeeded in a row.
	Open {
		until: Instant,
		pause: Duration,
		passed: u32,
	},
}

/// Breaker of one service and class of methods.
#[derive(Clone, Debug)]
pub struct Breaker {
	settings: BreakerSettings,
	/// Answers and failures.
	counts: Buckets,
	failed_in_a_row: u32,
	state: State,
}

impl Breaker {
	/// Closed breaker.
	pub fn new(settings: BreakerSettings) -> Self {
		Self {
			counts: Buckets::new(settings.span),
			settings,
			failed_in_a_row: 0,
			state: State::Closed,
		}
	}

	/// Permission at a time.
	pub fn gate(&self, now: Instant) -> Gate {
		match self.state {
			State::Closed => Gate::Closed,
			State::Open { until, .. } if now >= until => Gate::Trial,
			State::Open { .. } => Gate::Open,
		}
	}

	/// A trial starts: none other is due until it has ended or a pause has passed.
	pub fn start_trial(&mut self, now: Instant) {
		if let State::Open { until, pause, .. } = &mut self.state {
			*until = now.checked_add(*pause).unwrap_or(now);
		}
	}

	/// Share of answers among answers and failures, 1 without any.
	pub fn success_rate(&mut self, now: Instant) -> f64 {
		let (ok, failed) = self.counts.totals(now);
		let all = f64::from(ok) + f64::from(failed);
		if all == 0.0 { 1.0 } else { f64::from(ok) / all }
	}

	/// The service answered. `trial` if the request was sent although the breaker was open.
	pub fn succeed(&mut self, trial: bool, now: Instant) {
		self.counts.add_first(now);
		self.failed_in_a_row = 0;
		if let State::Open { until, passed, .. } = &mut self.state
			&& trial
		{
			*passed = passed.saturating_add(1);
			// The next trial is due at once.
			*until = now;
			if *passed >= self.settings.trials {
				self.state = State::Closed;
				self.counts.clear();
			}
		}
	}

	/// The service failed. `trial` if the request was sent although the breaker was open.
	pub fn fail(&mut self, trial: bool, now: Instant) {
		self.counts.add_second(now);
		self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
		let failing = self.is_failing(now);
		let pause = match self.state {
			State::Closed if failing => self.settings.pause,
			State::Open { pause, .. } if trial => {
				pause.saturating_mul(2).min(self.settings.max_pause)
			},
			// Requests that were under way when it opened say nothing new.
			State::Closed | State::Open { .. } => return,
		};
		self.state = State::Open { until: now.checked_add(pause).unwrap_or(now), pause, passed: 0 };
	}

	fn is_failing(&mut self, now: Instant) -> bool {
		let (ok, failed) = self.counts.totals(now);
		let all = u64::from(ok).saturating_add(u64::from(failed));
		let share = u64::from(failed).saturating_mul(100);
		self.failed_in_a_row >= self.settings.consecutive
			|| (all >= u64::from(self.settings.least)
				&& share >= all.saturating_mul(u64::from(self.settings.percent)))
	}
}
