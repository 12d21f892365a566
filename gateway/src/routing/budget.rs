// SPDX-License-Identifier: Apache-2.0

//! Budgets for requests beyond the callers' own: retries, hedges and mirrored requests.

use parking_lot::Mutex;
use std::time::Instant;

/// Allowance that grows with traffic and a little with time.
#[derive(Debug)]
pub struct Budget {
	/// Extra requests per request.
	share: f64,
	/// Extra requests per second without traffic.
	per_second: f64,
	cap: f64,
	state: Mutex<State>,
}

#[derive(Debug)]
struct State {
	level: f64,
	at: Option<Instant>,
}

impl Budget {
	/// Full allowance. `share` is per request, `cap` the most that is saved up.
	pub fn new(share: f64, per_second: f64, cap: f64) -> Self {
		Self { share, per_second, cap, state: Mutex::new(State { level: cap, at: None }) }
	}

	/// A request of a caller came in.
	pub fn earn(&self) {
		let mut state = self.state.lock();
		state.level = (state.level + self.share).min(self.cap);
	}

	/// Take one extra request. `false` if the allowance is used up.
	pub fn spend(&self, now: Instant) -> bool {
		let mut state = self.state.lock();
		if let Some(at) = state.at {
			let age = now.saturating_duration_since(at).as_secs_f64();
			state.level = (state.level + age * self.per_second).min(self.cap);
		}
		state.at = Some(state.at.map_or(now, |at| at.max(now)));
		if state.level < 1.0 {
			return false;
		}
		state.level -= 1.0;
		true
	}

	/// Give back an extra request that was not sent.
	pub fn refund(&self) {
		let mut state = self.state.lock();
		state.level = (state.level + 1.0).min(self.cap);
	}
}
