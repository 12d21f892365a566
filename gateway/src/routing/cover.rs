// SPDX-License-Identifier: Apache-2.0

//! Cover of an agreement: what its units allow per second, kept by the gateway so that the edge
//! has nothing to refuse.

use std::time::{Duration, Instant};

/// Rates of an agreement, all units together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoverRates {
	/// Weighted requests per second.
	pub requests: f64,
	/// Weighted requests at once.
	pub burst: f64,
	/// Bytes of answers per second; also the burst of bytes.
	pub bytes: f64,
}

impl CoverRates {
	/// No bound.
	pub fn unlimited() -> Self {
		Self { requests: f64::INFINITY, burst: f64::INFINITY, bytes: f64::INFINITY }
	}
}

/// Rest of an agreement's cover.
#[derive(Clone, Debug)]
pub struct Cover {
	rates: CoverRates,
	requests: f64,
	/// Bytes left; below 0 after a large answer.
	bytes: f64,
	at: Option<Instant>,
	/// Time until which the service asked for no requests.
	blocked: Option<Instant>,
}

impl Cover {
	/// Full cover.
	pub fn new(rates: CoverRates) -> Self {
		Self { rates, requests: rates.burst, bytes: rates.bytes, at: None, blocked: None }
	}

	/// Units were bought or ended.
	pub fn set_rates(&mut self, rates: CoverRates) {
		if self.rates != rates {
			let before = self.rates;
			self.rates = rates;
			// Units bought now can be used now.
			self.requests =
				(self.requests + (rates.burst - before.burst).max(0.0)).min(rates.burst);
			self.bytes = (self.bytes + (rates.bytes - before.bytes).max(0.0)).min(rates.bytes);
			if self.requests.is_nan() || self.bytes.is_nan() {
				(self.requests, self.bytes) = (rates.burst, rates.bytes);
			}
		}
	}

	fn refill(&mut self, now: Instant) {
		if self.rates.requests.is_infinite() {
			return;
		}
		if let Some(at) = self.at {
			let age = now.saturating_duration_since(at).as_secs_f64();
			self.requests = (self.requests + age * self.rates.requests).min(self.rates.burst);
			self.bytes = (self.bytes + age * self.rates.bytes).min(self.rates.bytes);
		}
		self.at = Some(self.at.map_or(now, |at| at.max(now)));
	}

	/// Time until a request of a weight fits; zero if it fits now. A request heavier than the burst
	/// fits as soon as the burst is full.
	pub fn wait(&mut self, weight: u32, now: Instant) -> Duration {
		self.refill(now);
		let blocked = self.blocked.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
		if self.rates.requests.is_infinite() {
			return blocked;
		}
		let weight = f64::from(weight).min(self.rates.burst);
		let requests = (weight - self.requests) / self.rates.requests;
		let bytes = -self.bytes / self.rates.bytes;
		let seconds = requests.max(bytes).max(0.0);
		Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3_600)).max(blocked)
	}

	/// Share of the burst that is left, from 0 to 1.
	pub fn headroom(&self) -> f64 {
		let share = self.requests / self.rates.burst;
		if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) }
	}

	/// Use up a request's weight.
	pub fn take(&mut self, weight: u32, now: Instant) {
		self.refill(now);
		if !self.rates.requests.is_infinite() {
			self.requests -= f64::from(weight).min(self.rates.burst);
		}
	}

	/// Use up the bytes of an answer.
	pub fn take_bytes(&mut self, bytes: u64, now: Instant) {
		self.refill(now);
		if !self.rates.bytes.is_infinite() {
			// A debt of at most ten seconds: a single answer must not silence a service for long.
			self.bytes = (self.bytes - bytes as f64).max(-10.0 * self.rates.bytes);
		}
	}

	/// The service asked for no requests for a time.
	pub fn block(&mut self, time: Duration, now: Instant) {
		let until = now.checked_add(time);
		self.blocked = self.blocked.max(until);
	}
}
