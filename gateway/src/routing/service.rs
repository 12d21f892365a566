// SPDX-License-Identifier: Apache-2.0

//! Measurements of one service, by class of methods, shared by all workers.

use super::{
	breaker::{Breaker, BreakerSettings, Gate},
	buckets::Buckets,
	cover::{Cover, CoverRates},
	ewma::{PeakEwma, Penalty},
};
use crate::rpc::{Class, Method};
use parking_lot::Mutex;
use std::{
	sync::{
		Arc,
		atomic::{AtomicU32, AtomicU64, Ordering},
	},
	time::{Duration, Instant},
};

/// Class of methods by the load they cause. A service may be good at one and bad at another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LoadClass {
	/// Weight 1.
	Light,
	/// Weight 2 to 7.
	Medium,
	/// Weight 8 and more: logs, traces, large lists.
	Heavy,
	/// Transactions and methods of unknown effect.
	Write,
}

/// Number of classes.
const CLASSES: usize = 4;

impl LoadClass {
	/// All classes.
	pub const ALL: [Self; CLASSES] = [Self::Light, Self::Medium, Self::Heavy, Self::Write];

	/// Class of a method.
	pub fn of(method: &Method) -> Self {
		match (method.class, method.weight) {
			(Class::Write | Class::Unknown, _) => Self::Write,
			(_, ..=1) => Self::Light,
			(_, ..=7) => Self::Medium,
			_ => Self::Heavy,
		}
	}
}

/// Constants of the measurements.
#[derive(Clone, Copy, Debug)]
pub struct MeasureSettings {
	/// Rules of the breakers.
	pub breaker: BreakerSettings,
	/// Time constant of latencies.
	pub latency: Duration,
	/// Time constant of penalties.
	pub penalty: Duration,
	/// Penalty in seconds of a first failure.
	pub first_penalty: f64,
	/// Span of the shares of traffic.
	pub span: Duration,
}

impl Default for MeasureSettings {
	fn default() -> Self {
		Self {
			breaker: BreakerSettings::default(),
			latency: Duration::from_secs(5),
			penalty: Duration::from_secs(2),
			first_penalty: 0.25,
			span: Duration::from_secs(10),
		}
	}
}

#[derive(Debug)]
struct ClassState {
	latency: PeakEwma,
	penalty: Penalty,
	breaker: Breaker,
	/// Requests sent.
	sent: Buckets,
	pending: u32,
}

/// End of a request, as far as the service is concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Observed {
	/// The service answered, be it with an error of the caller's making.
	Answer,
	/// The service failed.
	Fault,
	/// The service refused for its rate limit. No failure, but it is left alone for a while.
	Limited {
		/// Time of its `Retry-After`.
		retry_after: Option<Duration>,
	},
	/// The service refused our token or agreement.
	Refused,
	/// The request was given up for reasons of our own: the client left, or a hedge was faster.
	Cancelled,
}

/// Figures of a service and class at one time.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
	/// Average latency in seconds; `None` before the first answer.
	pub latency: Option<f64>,
	/// Penalty in seconds.
	pub penalty: f64,
	/// Requests under way.
	pub pending: u32,
	/// Share of answers among answers and failures.
	pub success: f64,
	/// Requests sent within the span.
	pub sent: u32,
	/// Permission of the breaker.
	pub gate: Gate,
}

/// Measurements of one service.
#[derive(Debug)]
pub struct ServiceState {
	settings: MeasureSettings,
	classes: [Mutex<ClassState>; CLASSES],
	cover: Mutex<Cover>,
	/// Height of the latest block that the service reported, plus 1; 0 before the first.
	head: AtomicU64,
	disagreements: AtomicU64,
	compared: AtomicU64,
	/// Refusals of our token since the last answer.
	refusals: AtomicU32,
}

/// Longest time that a `Retry-After` of a service is respected.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
/// Time that a service is left alone after it refused our token, doubled with each refusal in a row.
/// The first ones are usual: an edge may see a new agreement a few blocks after us.
const REFUSED_PAUSE: Duration = Duration::from_millis(250);
/// Longest time of that kind.
const MAX_REFUSED_PAUSE: Duration = Duration::from_secs(5);

impl ServiceState {
	/// Measurements before the first request.
	pub fn new(settings: MeasureSettings, rates: CoverRates) -> Arc<Self> {
		let class = || {
			Mutex::new(ClassState {
				latency: PeakEwma::new(settings.latency),
				penalty: Penalty::new(settings.penalty),
				breaker: Breaker::new(settings.breaker),
				sent: Buckets::new(settings.span),
				pending: 0,
			})
		};
		Arc::new(Self {
			settings,
			classes: [class(), class(), class(), class()],
			cover: Mutex::new(Cover::new(rates)),
			head: AtomicU64::new(0),
			disagreements: AtomicU64::new(0),
			compared: AtomicU64::new(0),
			refusals: AtomicU32::new(0),
		})
	}

	fn class(&self, class: LoadClass) -> &Mutex<ClassState> {
		let [light, medium, heavy, write] = &self.classes;
		match class {
			LoadClass::Light => light,
			LoadClass::Medium => medium,
			LoadClass::Heavy => heavy,
			LoadClass::Write => write,
		}
	}

	/// Figures of a class.
	pub fn figures(&self, class: LoadClass, now: Instant) -> Figures {
		let mut state = self.class(class).lock();
		Figures {
			latency: state.latency.get(),
			penalty: state.penalty.get(now),
			pending: state.pending,
			success: state.breaker.success_rate(now),
			sent: state.sent.totals(now).0,
			gate: state.breaker.gate(now),
		}
	}

	/// Time until the agreement covers a weight, and the share of its burst that is left.
	pub fn cover(&self, weight: u32, now: Instant) -> (Duration, f64) {
		let mut cover = self.cover.lock();
		(cover.wait(weight, now), cover.headroom())
	}

	/// Refusals of our token since the service's last answer.
	pub fn refusals(&self) -> u32 {
		self.refusals.load(Ordering::Relaxed)
	}

	/// Pause after another refusal.
	fn refuse(&self) -> Duration {
		let before = self.refusals.fetch_add(1, Ordering::Relaxed);
		let factor = 1u32.checked_shl(before.min(16)).unwrap_or(u32::MAX);
		REFUSED_PAUSE.saturating_mul(factor).min(MAX_REFUSED_PAUSE)
	}

	/// Units of the agreement changed.
	pub fn set_rates(&self, rates: CoverRates) {
		self.cover.lock().set_rates(rates);
	}

	/// Count the bytes of an answer.
	pub fn take_bytes(&self, bytes: u64, now: Instant) {
		self.cover.lock().take_bytes(bytes, now);
	}

	/// Height of the service's latest block.
	pub fn head(&self) -> Option<u64> {
		self.head.load(Ordering::Relaxed).checked_sub(1)
	}

	/// The service reported its latest block.
	pub fn set_head(&self, height: Option<u64>) {
		let value = height.map_or(0, |height| height.saturating_add(1));
		self.head.store(value, Ordering::Relaxed);
	}

	/// An answer was compared with others.
	pub fn note_comparison(&self, agrees: bool) {
		self.compared.fetch_add(1, Ordering::Relaxed);
		if !agrees {
			self.disagreements.fetch_add(1, Ordering::Relaxed);
		}
	}

	/// Answers that were compared, and those that the others contradicted.
	pub fn comparisons(&self) -> (u64, u64) {
		(self.compared.load(Ordering::Relaxed), self.disagreements.load(Ordering::Relaxed))
	}

	/// A request is sent.
	pub fn start(self: &Arc<Self>, class: LoadClass, weight: u32, now: Instant) -> Ticket {
		self.cover.lock().take(weight, now);
		let mut state = self.class(class).lock();
		let trial = state.breaker.gate(now) != Gate::Closed;
		if trial {
			state.breaker.start_trial(now);
		}
		state.pending = state.pending.saturating_add(1);
		state.sent.add_first(now);
		drop(state);
		Ticket { service: Arc::clone(self), class, started: now, trial, open: true }
	}

	/// An error that the service answered with turned out to be its own fault: another one could
	/// answer.
	pub fn blame(&self, class: LoadClass, now: Instant) {
		let mut state = self.class(class).lock();
		state.penalty.double(self.settings.first_penalty, now);
		state.breaker.fail(false, now);
	}

	fn finish(&self, ticket: &Ticket, observed: Observed, now: Instant) {
		let mut state = self.class(ticket.class).lock();
		state.pending = state.pending.saturating_sub(1);
		match observed {
			Observed::Answer => {
				let latency = now.saturating_duration_since(ticket.started);
				state.latency.sample(latency, now);
				state.breaker.succeed(ticket.trial, now);
				if self.refusals() > 0 {
					self.refusals.store(0, Ordering::Relaxed);
				}
			},
			Observed::Fault => {
				state.penalty.double(self.settings.first_penalty, now);
				state.breaker.fail(ticket.trial, now);
			},
			Observed::Limited { .. } | Observed::Refused => {
				let pause = match observed {
					Observed::Limited { retry_after } => {
						retry_after.unwrap_or(Duration::from_secs(1)).min(MAX_RETRY_AFTER)
					},
					_ => self.refuse(),
				};
				state.penalty.raise(pause.as_secs_f64(), now);
				drop(state);
				self.cover.lock().block(pause, now);
			},
			Observed::Cancelled => {},
		}
	}
}

/// Request under way. Dropped without an end, it counts as cancelled.
#[derive(Debug)]
pub struct Ticket {
	service: Arc<ServiceState>,
	class: LoadClass,
	started: Instant,
	trial: bool,
	open: bool,
}

impl Ticket {
	/// Time at which the request was sent.
	pub fn started(&self) -> Instant {
		self.started
	}

	/// The request ended.
	pub fn finish(mut self, observed: Observed, now: Instant) {
		self.open = false;
		self.service.finish(&self, observed, now);
	}
}

impl Drop for Ticket {
	fn drop(&mut self) {
		if self.open {
			self.service.finish(self, Observed::Cancelled, self.started);
		}
	}
}
