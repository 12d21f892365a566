// SPDX-License-Identifier: Apache-2.0

//! Answer of one operator: choice, hedge, retry at another operator.

use super::{
	attempt::{Attempt, attempt, attempt_timeout, is_answer, now},
	call::Prepared,
	network::{Network, count},
	several::one_of,
	upstreams::{Chosen, Member},
	worker::Worker,
};
use crate::{
	routing::{Account, Judgement, Needs, NoChoice, Reason, maximum, median},
	rpc::{Class, Dispatch, Failure},
};
use bytes::Bytes;
use futures::future::{Either, select};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Answer, or failure, of a call, as all that wait for it get it.
pub(super) type Landed = Result<Fetched, Failure>;

/// Answer of an operator.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
	/// Service.
	pub member: Arc<Member>,
	/// Reason of its choice.
	pub reason: Reason,
	/// Requests, one after the other.
	pub attempts: u32,
	/// True if a second operator was asked because the first was slow.
	pub hedged: bool,
	/// Time that all attempts took.
	pub upstream: Duration,
	/// Judgement.
	pub judgement: Judgement,
	/// JSON-RPC answer.
	pub body: Bytes,
	/// Id of the answer.
	pub id: Bytes,
}

/// Attempts of one call so far.
struct Course {
	/// Beginning of the current attempt.
	at: Instant,
	attempts: u32,
	hedged: bool,
	upstream: Duration,
	/// Operators that were asked.
	asked: Vec<Account>,
	/// Answer to give if no better one comes: one without data, or an error that may be the
	/// service's own.
	held: Option<(Attempt, Reason)>,
	failure: Option<Failure>,
	/// Service whose answer was too large.
	large: Option<Arc<Member>>,
	/// True once all operators were asked, and the round began anew.
	again: bool,
	/// Time that the call has waited for operators to know our agreement.
	waited: Duration,
}

impl Course {
	fn new(at: Instant) -> Self {
		Self {
			at,
			attempts: 0,
			hedged: false,
			upstream: Duration::ZERO,
			asked: Vec::new(),
			held: None,
			failure: None,
			large: None,
			again: false,
			waited: Duration::ZERO,
		}
	}

	/// Give operators some time.
	async fn pause(&mut self, pause: Duration) {
		tokio::time::sleep(pause).await;
		self.at = now();
	}

	/// True if an operator refuses our token, and the call has not waited long for that to end.
	fn is_refused(&self, network: &Network) -> bool {
		let members = network.group.members();
		self.waited < MAX_WAIT && members.all.iter().any(|member| member.state.refusals() > 0)
	}

	/// True if operators that refuse our token are worth a wait.
	fn may_wait(&mut self, network: &Network, prepared: &Prepared, wait: Duration) -> bool {
		let waited = self.waited.saturating_add(wait);
		let may = self.is_refused(network) && waited <= MAX_WAIT && wait < prepared.left(self.at);
		if may {
			self.waited = waited;
		}
		may
	}
}

/// Longest time that a call waits for operators to know a new agreement: some blocks.
const MAX_WAIT: Duration = Duration::from_secs(8);
/// Pause before operators that have failed are asked again.
const SECOND_ROUND: Duration = Duration::from_millis(50);

impl Worker {
	/// Answer of as many operators as the method wants.
	pub(super) async fn dispatch(&self, network: &Arc<Network>, prepared: &Prepared) -> Landed {
		network.group.retries.earn();
		network.group.hedges.earn();
		network.group.mirrors.earn();
		match prepared.dispatch() {
			Dispatch::One | Dispatch::NotNull => {
				let fetched = self.fetch(network, prepared).await?;
				self.compare_at_times(network, prepared, &fetched);
				Ok(fetched)
			},
			Dispatch::Broadcast => Box::pin(self.broadcast(network, prepared)).await,
			Dispatch::Maximum => Box::pin(self.several(network, prepared, maximum)).await,
			Dispatch::Median => Box::pin(self.several(network, prepared, median)).await,
		}
	}

	/// Choose a service that has not been asked.
	///
	/// - `now`: the present.
	pub(super) fn pick(
		&self,
		network: &Network,
		prepared: &Prepared,
		without: &[Account],
		mirror: bool,
		now: Instant,
	) -> Result<Chosen, NoChoice> {
		let needs = Needs {
			class: prepared.payload.class,
			weight: prepared.payload.weight,
			height: prepared.height,
			tip: network.heads.latest(),
			without,
			sticky: None,
			mirror: mirror && prepared.method.may_hedge(),
		};
		let settings = &self.gateway().settings.choice;
		network.group.choose(&needs, prepared.session.sticky(), settings, self.random(), now)
	}

	/// Answer of one operator, or of another one if it fails.
	pub(super) async fn fetch(&self, network: &Arc<Network>, prepared: &Prepared) -> Landed {
		let mut course = Course::new(now());
		let most = self.gateway().settings.attempts.max(1);
		while course.attempts < most {
			if prepared.left(course.at).is_zero() {
				course.failure = Some(Failure::Timeout);
				break;
			}
			if course.attempts > 0 {
				if !network.group.retries.spend(course.at) {
					break;
				}
				count(&network.counts.retried);
				if !prepared.is_known_block() && course.held.is_some() {
					// The others are about to have the block.
					course.pause(SECOND_ROUND).await;
				}
			}
			let chosen = match self.next(network, prepared, &mut course).await {
				Ok(chosen) => chosen,
				Err(failure) => {
					course.failure.get_or_insert(failure);
					break;
				},
			};
			self.mirror(network, prepared, &chosen, course.at);
			course.attempts = course.attempts.saturating_add(1);
			let (attempt, reason) = self.race(network, prepared, chosen, &mut course).await;
			course.upstream = course.upstream.saturating_add(attempt.latency);
			if attempt.judgement == Judgement::Refused && course.waited < MAX_WAIT {
				// Nobody has tried to answer.
				course.attempts = course.attempts.saturating_sub(1);
			}
			if let Some(done) = self.settle(prepared, attempt, reason, &mut course) {
				return done;
			}
			course.at = now();
		}
		match course.held.take() {
			Some((attempt, reason)) => Ok(finish(prepared, attempt, reason, &course)),
			None => Err(course.failure.unwrap_or(Failure::NoOperator { retry_after: SECOND })),
		}
	}

	/// Next service. One that keeps state for the client is the only one that can answer.
	async fn next(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		course: &mut Course,
	) -> Result<Chosen, Failure> {
		if prepared.method.class == Class::Stateful
			&& let Some(id) = prepared.session.sticky()
			&& let Some(member) = self.gateway().service(id)
		{
			return Ok(Chosen { member, reason: Reason::Sticky, mirror: None });
		}
		loop {
			let first = course.attempts == 0;
			let none = match self.pick(network, prepared, &course.asked, first, course.at) {
				Ok(chosen) => return Ok(chosen),
				Err(none) => none,
			};
			if network.group.members().all.is_empty() {
				let offer = self.gateway().offer(&network.settings.name);
				return Err(Failure::PaymentRequired(offer));
			}
			match none {
				// An agreement that is new to its edge: the caller would have to wait as long.
				NoChoice::NoCover { wait } if course.may_wait(network, prepared, wait) => {
					course.asked.clear();
					course.pause(wait).await;
				},
				// A refusal is a limit too, whether it was met before the last wait or after it.
				NoChoice::NoCover { wait }
					if course.asked.is_empty() || course.is_refused(network) =>
				{
					return Err(Failure::RateLimited { retry_after: wait });
				},
				NoChoice::NoCover { wait } => {
					return Err(Failure::NoOperator { retry_after: wait });
				},
				NoChoice::None if course.again && course.is_refused(network) => {
					course.asked.clear()
				},
				NoChoice::None if course.again || course.held.is_some() => {
					return Err(Failure::NoOperator { retry_after: SECOND });
				},
				NoChoice::None => {
					course.again = true;
					course.asked.clear();
					course.pause(SECOND_ROUND).await;
				},
			}
		}
	}

	/// Send a copy to an operator under trial, whose answer nobody waits for.
	fn mirror(&self, network: &Arc<Network>, prepared: &Prepared, chosen: &Chosen, now: Instant) {
		let Some(member) = &chosen.mirror else { return };
		if !network.group.mirrors.spend(now) {
			return;
		}
		let class = prepared.payload.class;
		let usual = network.group.latencies(class).usual();
		let timeout = attempt_timeout(usual, class, prepared.left(now));
		let payload = Arc::clone(&prepared.payload);
		let copy = attempt(self.clone(), Arc::clone(member), payload, timeout, now);
		self.in_background(async move {
			copy.await;
		});
	}

	/// One attempt, and a second one elsewhere if the first is slow. The slower one runs to its end,
	/// so that both sides count it.
	async fn race(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		chosen: Chosen,
		course: &mut Course,
	) -> (Attempt, Reason) {
		let group = &network.group;
		let class = prepared.payload.class;
		let usual = group.latencies(class).usual();
		let timeout = attempt_timeout(usual, class, prepared.left(course.at));
		let send = |member: Arc<Member>, at| {
			Box::pin(attempt(self.clone(), member, Arc::clone(&prepared.payload), timeout, at))
		};
		course.asked.push(chosen.member.spec.account);
		let reason = chosen.reason;
		let mut first = send(chosen.member, course.at);
		if !prepared.method.may_hedge() {
			return (record(network, first.await), reason);
		}
		let delay = self.gateway().settings.hedge.delay(usual);
		let slow = course.at.checked_add(delay).unwrap_or(prepared.deadline);
		if let Ok(attempt) = tokio::time::timeout_at(slow.into(), &mut first).await {
			return (record(network, attempt), reason);
		}
		let at = now();
		let second = if group.hedges.spend(at) {
			let second = self.pick(network, prepared, &course.asked, false, at).ok();
			if second.is_none() {
				group.hedges.refund();
			}
			second
		} else {
			None
		};
		let Some(second) = second else { return (record(network, first.await), reason) };
		count(&network.counts.hedged);
		course.hedged = true;
		course.asked.push(second.member.spec.account);
		let other = second.reason;
		let (winner, rest, reasons) = match select(first, send(second.member, at)).await {
			Either::Left((winner, rest)) => (winner, rest, (reason, other)),
			Either::Right((winner, rest)) => (winner, rest, (other, reason)),
		};
		let winner = record(network, winner);
		if rank(prepared, &winner) == Rank::Final {
			tokio::task::spawn_local(rest);
			return (winner, reasons.0);
		}
		let late = record(network, rest.await);
		if rank(prepared, &late) > rank(prepared, &winner) {
			(late, reasons.1)
		} else {
			(winner, reasons.0)
		}
	}

	/// Decide on an attempt: the end of the call, or another attempt.
	fn settle(
		&self,
		prepared: &Prepared,
		attempt: Attempt,
		reason: Reason,
		course: &mut Course,
	) -> Option<Landed> {
		match rank(prepared, &attempt) {
			Rank::Final => {
				// Another operator could answer: the error was its own.
				let suspect = course.held.take().map(|(held, _)| held);
				let suspect = suspect.filter(|held| held.judgement == Judgement::Suspect);
				for member in suspect.map(|held| held.member).into_iter().chain(course.large.take())
				{
					member.state.blame(prepared.payload.class, now());
				}
				if prepared.method.class == Class::Stateful {
					prepared.session.stick(attempt.member.spec.service);
				}
				Some(Ok(finish(prepared, attempt, reason, course)))
			},
			Rank::Held => {
				// Two operators that say the same are believed, but for a block that a third one has
				// announced.
				if prepared.is_known_block()
					&& let Some((held, reason)) = course.held.take()
				{
					return Some(Ok(finish(prepared, held, reason, course)));
				}
				if prepared.method.class != Class::Read {
					return Some(Ok(finish(prepared, attempt, reason, course)));
				}
				course.held = Some((attempt, reason));
				None
			},
			Rank::Failed => {
				if let Some(failure) = attempt.failure {
					let large = failure == Failure::AnswerTooLarge;
					// Two operators whose answer is too large are believed.
					let last = failure == Failure::Internal || (large && course.large.is_some());
					if large {
						course.large = Some(attempt.member);
					}
					course.failure = Some(failure);
					if last {
						return course.failure.take().map(Err);
					}
				}
				let again = prepared.payload.idempotent || !attempt.sent;
				if again {
					return None;
				}
				let failure = course.failure.take().unwrap_or(Failure::BadAnswer);
				Some(Err(failure))
			},
		}
	}
}

/// Time after which an attempt has a chance again.
const SECOND: Duration = Duration::from_secs(1);

/// Worth of an attempt.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Rank {
	/// No answer.
	Failed,
	/// Answer that another operator may better.
	Held,
	/// Answer.
	Final,
}

/// Worth of an attempt for a call.
pub(super) fn rank(prepared: &Prepared, attempt: &Attempt) -> Rank {
	match attempt.judgement {
		Judgement::Found | Judgement::CallerError => Rank::Final,
		Judgement::Empty => {
			let wants_data = prepared.method.dispatch == Dispatch::NotNull;
			if wants_data && prepared.is_announced_block() { Rank::Held } else { Rank::Final }
		},
		Judgement::Suspect => Rank::Held,
		Judgement::Fault | Judgement::Limited { .. } | Judgement::Refused => Rank::Failed,
	}
}

/// Take an answer's latency into account for hedges.
pub(super) fn record(network: &Network, attempt: Attempt) -> Attempt {
	if is_answer(attempt.judgement) {
		network.group.latencies(attempt.class).record(attempt.latency);
	}
	attempt
}

fn finish(prepared: &Prepared, attempt: Attempt, reason: Reason, course: &Course) -> Fetched {
	Fetched {
		attempts: course.attempts,
		hedged: course.hedged,
		upstream: course.upstream,
		..one_of(prepared, attempt, reason)
	}
}
