// SPDX-License-Identifier: Apache-2.0

//! Lines to the upstreams of all networks, and the choice among them.
//!
//! A proven line is preferred to a new one. While a network has subscriptions, one line to another
//! operator is kept open beside those in use, so that a failover finds a proven upstream. An
//! upstream that failed is left alone for a while, longer each time.

use super::{
	line::{Line, LineSettings},
	source::{Candidate, Sources},
	topic::Network,
};
use crate::websocket::clock::{Instant, sleep_until};
use std::{
	cell::RefCell,
	collections::{HashMap, HashSet},
	rc::{Rc, Weak},
	sync::Arc,
	time::Duration,
};

/// First time for which an upstream that failed is left alone.
const PENALTY: Duration = Duration::from_secs(1);
/// Time for which it is left alone even if there is no other.
const MIN_PENALTY: Duration = Duration::from_secs(2);
/// Shortest time between two attempts to find an upstream.
const MIN_PAUSE: Duration = Duration::from_millis(250);
/// Longest time for which an upstream that failed is left alone.
const MAX_PENALTY: Duration = Duration::from_secs(60);

/// Reason why there is no line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoLine {
	/// No service is left that could be asked.
	NoCandidate,
	/// The services are there, and none can be reached now.
	Unreachable,
	/// All services have as many subscriptions as the agreements cover.
	Full,
}

#[derive(Default)]
struct Lane {
	lines: Vec<Rc<Line>>,
	/// Feeds that use the network.
	users: usize,
	/// Held while a connection is made, so that many feeds make one.
	opening: Rc<tokio::sync::Mutex<()>>,
	/// A line to another operator is being opened.
	standby: bool,
}

struct Penalty {
	since: Instant,
	until: Instant,
	length: Duration,
}

/// Lines of one thread.
pub struct Lines<S> {
	sources: Arc<S>,
	settings: LineSettings,
	lanes: RefCell<HashMap<Arc<str>, Lane>>,
	penalties: RefCell<HashMap<Arc<str>, Penalty>>,
	itself: Weak<Self>,
}

/// Use of a network by a feed: while there is one, its lines are kept.
pub struct Use<S> {
	lines: Rc<Lines<S>>,
	network: Arc<str>,
}

impl<S> Drop for Use<S> {
	fn drop(&mut self) {
		let mut lanes = self.lines.lanes.borrow_mut();
		let Some(lane) = lanes.get_mut(&self.network) else { return };
		lane.users = lane.users.saturating_sub(1);
		if lane.users == 0 {
			lanes.remove(&self.network);
		}
	}
}

impl<S: Sources> Lines<S> {
	/// No lines yet.
	pub fn new(sources: Arc<S>, settings: LineSettings) -> Rc<Self> {
		Rc::new_cyclic(|itself| Self {
			sources,
			settings,
			lanes: RefCell::default(),
			penalties: RefCell::default(),
			itself: itself.clone(),
		})
	}

	/// Uses a network.
	pub fn enter(self: &Rc<Self>, network: &Network) -> Use<S> {
		let mut lanes = self.lanes.borrow_mut();
		let lane = lanes.entry(network.name.clone()).or_default();
		lane.users = lane.users.saturating_add(1);
		Use { lines: self.clone(), network: network.name.clone() }
	}

	/// Line to an upstream of a network, other than the services in `avoid`.
	///
	/// Errors: [`NoLine`]; comes back after at most one attempt per service.
	pub async fn acquire(
		&self,
		network: &Arc<Network>,
		avoid: &HashSet<Arc<str>>,
	) -> Result<Rc<Line>, NoLine> {
		let opening = self.opening(network);
		let _opening = opening.lock().await;
		self.sweep(network);
		let candidates: Vec<_> = self
			.sources
			.candidates(&network.name)
			.into_iter()
			.filter(|candidate| !avoid.contains(&candidate.service))
			.collect();
		if candidates.is_empty() {
			return Err(NoLine::NoCandidate);
		}
		let open: Vec<_> =
			candidates.iter().filter_map(|candidate| self.line(network, candidate)).collect();
		let room = |line: &&Rc<Line>| line.subscriptions() < line.candidate.max_subscriptions;
		let chosen = open.iter().filter(room).find(|line| line.is_proven()).cloned();
		let line = match chosen {
			Some(line) => line,
			None => self.connect(network, &candidates).await.or_else(|reason| {
				// None other can be reached: a line that is not proven yet is better than none.
				open.iter().find(room).cloned().ok_or(reason)
			})?,
		};
		self.keep_standby(network, &line.candidate);
		Ok(line)
	}

	/// Waits until an upstream that failed may be tried again, at most a few seconds.
	pub async fn pause(&self) {
		let now = Instant::now();
		let first = self.penalties.borrow().values().map(|penalty| penalty.until).min();
		let latest = now.checked_add(PENALTY.saturating_mul(5)).unwrap_or(now);
		let earliest = now.checked_add(MIN_PAUSE).unwrap_or(now);
		sleep_until(first.unwrap_or(earliest).clamp(earliest, latest)).await;
	}

	/// Replaces lines that are over, where a network is in use. To be called now and then.
	pub fn maintain(&self) {
		let used: Vec<_> = self
			.lanes
			.borrow()
			.values()
			.filter_map(|lane| lane.lines.iter().find(|line| line.fault().is_none()).cloned())
			.collect();
		for line in used {
			self.sweep(line.network());
			self.keep_standby(line.network(), &line.candidate);
		}
	}

	fn opening(&self, network: &Network) -> Rc<tokio::sync::Mutex<()>> {
		let lanes = self.lanes.borrow();
		lanes.get(&network.name).map(|lane| lane.opening.clone()).unwrap_or_default()
	}

	fn line(&self, network: &Network, candidate: &Candidate) -> Option<Rc<Line>> {
		let lanes = self.lanes.borrow();
		let lines = &lanes.get(&network.name)?.lines;
		lines
			.iter()
			.find(|line| line.candidate.service == candidate.service && line.fault().is_none())
			.cloned()
	}

	/// Drops lines that are over.
	fn sweep(&self, network: &Network) {
		let mut failed = Vec::new();
		if let Some(lane) = self.lanes.borrow_mut().get_mut(&network.name) {
			lane.lines.retain(|line| {
				let over = line.fault().is_some();
				if over {
					failed.push(line.candidate.service.clone());
				}
				!over
			});
		}
		failed.into_iter().for_each(|service| self.punish(service));
	}

	fn punish(&self, service: Arc<str>) {
		let now = Instant::now();
		let mut penalties = self.penalties.borrow_mut();
		// Forgotten after it has behaved for as long as it was left alone.
		penalties.retain(|_, penalty| {
			now.duration_since(penalty.until) < penalty.length.max(MAX_PENALTY)
		});
		let length = penalties
			.get(&service)
			.map_or(PENALTY, |penalty| penalty.length.saturating_mul(2).min(MAX_PENALTY));
		let until = now.checked_add(length).unwrap_or(now);
		penalties.insert(service, Penalty { since: now, until, length });
	}

	fn is_punished(&self, service: &Arc<str>) -> bool {
		let now = Instant::now();
		self.penalties.borrow().get(service).is_some_and(|penalty| penalty.until > now)
	}

	/// Opens a line to the first service that can be reached and has none. If all of them failed
	/// lately, the one that comes free first is tried again.
	async fn connect(
		&self,
		network: &Arc<Network>,
		candidates: &[Candidate],
	) -> Result<Rc<Line>, NoLine> {
		let unused: Vec<_> = candidates
			.iter()
			.filter(|candidate| candidate.max_subscriptions > 0)
			.filter(|candidate| self.line(network, candidate).is_none())
			.collect();
		if unused.is_empty() {
			return Err(NoLine::Full);
		}
		let (punished, free): (Vec<_>, Vec<_>) =
			unused.into_iter().partition(|candidate| self.is_punished(&candidate.service));
		let retried = if free.is_empty() { self.first_free(&punished) } else { None };
		for candidate in free.into_iter().chain(retried) {
			match self.sources.connect(&network.name, candidate).await {
				Ok(link) => {
					let settings = self.settings.clone();
					let line = Line::open(link, candidate.clone(), network.clone(), settings, true);
					if let Some(lane) = self.lanes.borrow_mut().get_mut(&network.name) {
						lane.lines.push(line.clone());
					}
					return Ok(line);
				},
				Err(fault) => {
					tracing::debug!(service = %candidate.service, %fault, "no connection");
					self.punish(candidate.service.clone());
				},
			}
		}
		Err(NoLine::Unreachable)
	}

	/// Service that was left alone for some seconds and comes free first.
	fn first_free<'a>(&self, punished: &[&'a Candidate]) -> Option<&'a Candidate> {
		let now = Instant::now();
		let penalties = self.penalties.borrow();
		punished
			.iter()
			.filter_map(|candidate| Some((penalties.get(&candidate.service)?, *candidate)))
			.filter(|(penalty, _)| now.duration_since(penalty.since) >= MIN_PENALTY)
			.min_by_key(|(penalty, _)| penalty.until)
			.map(|(_, candidate)| candidate)
	}

	/// Opens a line to another operator in the background, unless there is one.
	fn keep_standby(&self, network: &Arc<Network>, used: &Candidate) {
		let others: Vec<_> = self
			.sources
			.candidates(&network.name)
			.into_iter()
			.filter(|candidate| candidate.operator != used.operator)
			.collect();
		if others.is_empty() || others.iter().any(|other| self.line(network, other).is_some()) {
			return;
		}
		match self.lanes.borrow_mut().get_mut(&network.name) {
			Some(lane) if !lane.standby => lane.standby = true,
			_ => return,
		}
		let (itself, network) = (self.itself.clone(), network.clone());
		tokio::task::spawn_local(async move {
			let Some(lines) = itself.upgrade() else { return };
			let opening = lines.opening(&network);
			let _opening = opening.lock().await;
			let _ = lines.connect(&network, &others).await;
			if let Some(lane) = lines.lanes.borrow_mut().get_mut(&network.name) {
				lane.standby = false;
			}
		});
	}
}
