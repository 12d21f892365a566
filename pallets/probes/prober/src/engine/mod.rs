// SPDX-License-Identifier: Apache-2.0

//! Concurrent conversations over the host's blocking HTTP interface.
//!
//! The host waits for several responses but only until all have arrived, and reads one body at a
//! time. The engine therefore works in short turns: start what is due, poll for responses, read a
//! part of every body, expire what is over time. Data that has arrived is processed before anything
//! expires, so a slow turn fails no service.

use crate::{
	ELAPSED_HEADER,
	http::{BodyUse, Http, Request},
};
use alloc::{collections::VecDeque, vec, vec::Vec};
use core::mem;
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus};
use surety_primitives::LatencyBucket;

/// Maximum wait in a turn, in ms.
const TICK: u64 = 20;
/// Maximum time a turn spends on reading bodies, in ms.
const READ_TURN: u64 = 50;
/// Maximum time a turn spends on reading one body, in ms.
const READ_PART: u64 = 2;
/// Maximum duration of a turn, in ms.
pub const TURN: u64 = TICK + READ_TURN;
/// Maximum bytes of one body read per turn.
const READ_BYTES: usize = 64 * 1024;
/// Size of the read buffer in bytes.
const CHUNK: usize = 16 * 1024;
/// Maximum bytes of unfinished bodies. Above it, the conversation that takes longest is dropped.
const MAX_KEPT: usize = 16 * 1024 * 1024;
/// Delay of a turn, in ms, above which the prober itself stood still.
const STANDSTILL: u64 = 2_000;

/// Response of a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
	/// HTTP status.
	pub status: u16,
	/// Body, if the status is 2xx and the body is kept.
	pub body: Vec<u8>,
	/// Latency of the response.
	pub latency: LatencyBucket,
	/// Moment of the status line in unix ms.
	pub at: u64,
}

impl Answer {
	/// True if the status is 2xx.
	pub fn is_success(&self) -> bool {
		is_success(self.status)
	}
}

fn is_success(status: u16) -> bool {
	(200..300).contains(&status)
}

/// Reason for which there is no response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
	/// Connection failed or broke, the address is forbidden, or the response is not HTTP.
	Transport,
	/// Time is up.
	Timeout,
	/// The body is too long.
	Oversize,
}

/// Next step of a conversation.
pub enum Step<T> {
	/// Send these requests, all at once.
	Send(Vec<Request>),
	/// End with this outcome.
	Done(T),
}

/// State machine of one conversation.
pub trait Conversation {
	/// Outcome.
	type Out;
	/// Start the conversation.
	fn start(&mut self) -> Step<Self::Out>;
	/// Handle the answers to all requests, in their order. Must end after a bounded number of
	/// steps.
	fn on_answers(&mut self, answers: Vec<Answer>) -> Step<Self::Out>;
	/// Handle a request without an answer.
	fn on_failure(&mut self, reason: Failure) -> Self::Out;
}

/// Limits on time and concurrency.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Time of one conversation, in ms.
	pub patience: u64,
	/// Latest start in unix ms: a later conversation would not have its full time.
	pub latest: u64,
	/// Time in unix ms at which all conversations end.
	pub end: u64,
	/// Maximum number of concurrent conversations.
	pub concurrency: usize,
}

/// Hold all conversations, each from its start time on (unix ms, ascending). `None` for a
/// conversation that could not be held: time was up before its turn, or the prober's clock jumped.
pub fn run<S: Conversation>(
	http: &mut impl Http,
	conversations: Vec<(u64, S)>,
	limits: Limits,
) -> Vec<Option<S::Out>> {
	run_until(http, conversations, limits, |_, _| false)
}

/// Hold conversations until `enough`, given the time and the outcomes, ends the wait for the
/// others.
pub fn run_until<S: Conversation>(
	http: &mut impl Http,
	conversations: Vec<(u64, S)>,
	limits: Limits,
	enough: impl Fn(u64, &[Option<S::Out>]) -> bool,
) -> Vec<Option<S::Out>> {
	let outcomes = conversations.iter().map(|_| None).collect();
	let ongoing = conversations.iter().map(|_| None).collect();
	let queue = conversations
		.into_iter()
		.enumerate()
		.map(|(index, (at, conversation))| (at, index, conversation))
		.collect();
	let mut engine = Engine {
		http,
		limits,
		queue,
		ongoing,
		open: 0,
		waiting: Vec::new(),
		reading: VecDeque::new(),
		kept: 0,
		outcomes,
		buffer: vec![0; CHUNK],
	};
	engine.run(enough);
	engine.outcomes
}

struct Ongoing<S> {
	conversation: S,
	/// Deadline in unix ms.
	until: u64,
	/// Answers to the current requests.
	answers: Vec<Option<Answer>>,
	/// Bytes of the bodies, finished or not.
	kept: usize,
}

/// Request without a complete answer.
#[derive(Clone, Copy)]
struct InFlight {
	/// Index of the conversation.
	index: usize,
	/// Index among its requests.
	part: usize,
	id: HttpRequestId,
	body_use: BodyUse,
	sent: u64,
}

struct Reading {
	request: InFlight,
	answer: Answer,
	length: usize,
}

struct Engine<'a, H, S: Conversation> {
	http: &'a mut H,
	limits: Limits,
	/// Conversations that have not started.
	queue: VecDeque<(u64, usize, S)>,
	/// Conversations that have started and not ended, by index.
	ongoing: Vec<Option<Ongoing<S>>>,
	/// Number of ongoing conversations.
	open: usize,
	/// Requests without a status line.
	waiting: Vec<InFlight>,
	/// Requests with an incomplete body.
	reading: VecDeque<Reading>,
	/// Bytes kept by all conversations.
	kept: usize,
	outcomes: Vec<Option<S::Out>>,
	buffer: Vec<u8>,
}

/// Result of reading a part of a body.
enum ReadResult {
	More,
	End,
	Failed(Failure),
}

impl<H: Http, S: Conversation> Engine<'_, H, S> {
	fn run(&mut self, enough: impl Fn(u64, &[Option<S::Out>]) -> bool) {
		let mut before = self.http.now();
		let mut expected = before;
		let mut data_arrived = false;
		loop {
			let now = self.http.now();
			if now < before || now > expected.saturating_add(STANDSTILL) {
				log::debug!(
					target: crate::LOG_TARGET,
					"the clock jumped from {before} to {now}: no service is judged",
				);
				return;
			}
			before = now;
			let over = now >= self.limits.end;
			if !over {
				self.start_due(now);
			}
			let idle = self.waiting.is_empty() && self.reading.is_empty();
			let no_more = over || self.queue.is_empty() || now > self.limits.latest;
			if idle && no_more || enough(now, &self.outcomes) {
				return;
			}
			let pause = if over || data_arrived { now } else { self.wake_time(now, idle) };
			self.poll(pause, idle);
			data_arrived = self.read();
			self.expire(now);
			if over {
				return;
			}
			expected = pause.max(now).saturating_add(READ_TURN);
		}
	}

	/// Start the conversations that are due.
	fn start_due(&mut self, now: u64) {
		let last = now.min(self.limits.latest);
		while now <= last
			&& self.has_room()
			&& self.queue.front().is_some_and(|(at, ..)| *at <= last)
		{
			let Some((_, index, mut conversation)) = self.queue.pop_front() else { return };
			let until = now.saturating_add(self.limits.patience).min(self.limits.end);
			let step = conversation.start();
			self.open = self.open.saturating_add(1);
			self.step(index, Ongoing { conversation, until, answers: Vec::new(), kept: 0 }, step);
		}
	}

	fn has_room(&self) -> bool {
		self.open < self.limits.concurrency
	}

	/// Time until which this turn may block.
	fn wake_time(&self, now: u64, idle: bool) -> u64 {
		let may_begin = self.has_room() && now <= self.limits.latest;
		let next = self.queue.front().filter(|_| may_begin).map_or(u64::MAX, |(at, ..)| *at);
		let tick = if idle { u64::MAX } else { now.saturating_add(TICK) };
		tick.min(next).min(self.limits.end).max(now)
	}

	fn step(&mut self, index: usize, mut ongoing: Ongoing<S>, step: Step<S::Out>) {
		let outcome = match step {
			Step::Done(outcome) => outcome,
			Step::Send(requests) => match self.send(index, ongoing.until, &requests) {
				Ok(mut sent) => {
					ongoing.answers = requests.iter().map(|_| None).collect();
					self.waiting.append(&mut sent);
					if let Some(slot) = self.ongoing.get_mut(index) {
						*slot = Some(ongoing);
					}
					return;
				},
				Err(()) => ongoing.conversation.on_failure(Failure::Transport),
			},
		};
		self.finish(index, outcome);
	}

	fn send(
		&mut self,
		index: usize,
		until: u64,
		requests: &[Request],
	) -> Result<Vec<InFlight>, ()> {
		let sent = self.http.now();
		let send = |(part, request): (usize, &Request)| {
			let id = self.http.send(request, until)?;
			Ok(InFlight { index, part, id, body_use: request.body_use, sent })
		};
		requests.iter().enumerate().map(send).collect()
	}

	fn finish(&mut self, index: usize, outcome: S::Out) {
		self.open = self.open.saturating_sub(1);
		if let Some(slot) = self.outcomes.get_mut(index) {
			*slot = Some(outcome);
		}
	}

	/// Take an ongoing conversation and release its memory.
	fn take(&mut self, index: usize) -> Option<Ongoing<S>> {
		let ongoing = self.ongoing.get_mut(index)?.take()?;
		self.kept = self.kept.saturating_sub(ongoing.kept);
		Some(Ongoing { kept: 0, ..ongoing })
	}

	fn ongoing(&self, index: usize) -> Option<&Ongoing<S>> {
		self.ongoing.get(index)?.as_ref()
	}

	fn fail(&mut self, index: usize, reason: Failure) {
		if let Some(mut ongoing) = self.take(index) {
			let outcome = ongoing.conversation.on_failure(reason);
			self.finish(index, outcome);
		}
	}

	/// Handle a complete answer. The last one continues the conversation.
	fn on_answer(&mut self, InFlight { index, part, .. }: InFlight, answer: Answer) {
		let Some(ongoing) = self.ongoing.get_mut(index).and_then(Option::as_mut) else { return };
		if let Some(slot) = ongoing.answers.get_mut(part) {
			*slot = Some(answer);
		}
		if ongoing.answers.iter().any(Option::is_none) {
			return;
		}
		if let Some(mut ongoing) = self.take(index) {
			let answers = mem::take(&mut ongoing.answers).into_iter().flatten().collect();
			let step = ongoing.conversation.on_answers(answers);
			self.step(index, ongoing, step);
		}
	}

	/// Poll for status lines.
	fn poll(&mut self, pause: u64, idle: bool) {
		if self.waiting.is_empty() {
			if idle || pause > self.http.now() {
				self.http.sleep_until(pause);
			}
			return;
		}
		let ids: Vec<_> = self.waiting.iter().map(|request| request.id).collect();
		let statuses = self.http.wait(&ids, pause);
		let now = self.http.now();
		let late = core::iter::repeat(HttpRequestStatus::DeadlineReached);
		for (request, status) in
			mem::take(&mut self.waiting).into_iter().zip(statuses.into_iter().chain(late))
		{
			match status {
				HttpRequestStatus::DeadlineReached => self.waiting.push(request),
				HttpRequestStatus::IoError | HttpRequestStatus::Invalid => {
					self.fail(request.index, Failure::Transport);
				},
				HttpRequestStatus::Finished(status) => self.on_status(request, status, now),
			}
		}
	}

	fn on_status(&mut self, request: InFlight, status: u16, now: u64) {
		if self.ongoing(request.index).is_none() {
			return;
		}
		let elapsed = elapsed(&self.http.headers(request.id));
		let micros =
			elapsed.unwrap_or_else(|| now.saturating_sub(request.sent).saturating_mul(1_000));
		let latency = LatencyBucket::from_micros(micros);
		let answer = Answer { status, body: Vec::new(), latency, at: now };
		if is_success(status) {
			// In front: most bodies have arrived by now and need not queue behind those that
			// trickle.
			self.reading.push_front(Reading { request, answer, length: 0 });
		} else {
			self.on_answer(request, answer);
		}
	}

	/// Read a part of every body, as far as time allows. Returns true if any data arrived.
	fn read(&mut self) -> bool {
		let until = self.http.now().saturating_add(READ_TURN);
		let mut arrived = false;
		for _ in 0..self.reading.len() {
			if self.http.now() >= until {
				break;
			}
			let Some(mut reading) = self.reading.pop_front() else { break };
			let index = reading.request.index;
			if self.ongoing(index).is_none() {
				continue;
			}
			let (length, kept) = (reading.length, reading.answer.body.len());
			let part = self.read_part(&mut reading);
			arrived |= reading.length > length;
			match part {
				ReadResult::More | ReadResult::End => {
					let more = reading.answer.body.len().saturating_sub(kept);
					self.keep(index, more);
					if matches!(part, ReadResult::End) {
						self.on_answer(reading.request, reading.answer);
					} else {
						self.reading.push_back(reading);
					}
				},
				ReadResult::Failed(reason) => self.fail(index, reason),
			}
		}
		arrived
	}

	/// Record the memory of a conversation. Above the limit, drop the oldest conversation with
	/// bodies: an honest server is done within a turn or two.
	fn keep(&mut self, index: usize, more: usize) {
		if let Some(ongoing) = self.ongoing.get_mut(index).and_then(Option::as_mut) {
			ongoing.kept = ongoing.kept.saturating_add(more);
			self.kept = self.kept.saturating_add(more);
		}
		while self.kept > MAX_KEPT {
			let keeping = self
				.ongoing
				.iter()
				.enumerate()
				.filter_map(|(index, ongoing)| Some((index, ongoing.as_ref()?)));
			let oldest = keeping
				.filter(|(_, ongoing)| ongoing.kept > 0)
				.min_by_key(|(_, ongoing)| ongoing.until);
			let Some((index, _)) = oldest else { return };
			self.fail(index, Failure::Oversize);
		}
	}

	fn read_part(&mut self, reading: &mut Reading) -> ReadResult {
		let stop = reading.length.saturating_add(READ_BYTES);
		let until = self.http.now().saturating_add(READ_PART);
		while reading.length < stop {
			let now = self.http.now();
			if now >= until {
				break;
			}
			// A minimal wait returns what has already arrived.
			let deadline = now.saturating_add(1);
			let read = match self.http.read(reading.request.id, &mut self.buffer, deadline) {
				Ok(0) => return ReadResult::End,
				Ok(read) => read,
				Err(HttpError::DeadlineReached) => return ReadResult::More,
				Err(HttpError::IoError | HttpError::Invalid) => {
					return ReadResult::Failed(Failure::Transport);
				},
			};
			reading.length = reading.length.saturating_add(read);
			if reading.length > reading.request.body_use.limit() {
				return ReadResult::Failed(Failure::Oversize);
			}
			if let (BodyUse::Keep(_), Some(bytes)) =
				(reading.request.body_use, self.buffer.get(..read))
			{
				reading.answer.body.extend_from_slice(bytes);
			}
		}
		ReadResult::More
	}

	/// Fail the conversations that were over time before this turn polled, and drop the requests of
	/// those that ended.
	fn expire(&mut self, now: u64) {
		let asked = self.waiting.iter().chain(self.reading.iter().map(|reading| &reading.request));
		let late: Vec<usize> = asked
			.map(|request| request.index)
			.filter(|index| self.ongoing(*index).is_some_and(|ongoing| ongoing.until <= now))
			.collect();
		for index in late {
			self.fail(index, Failure::Timeout);
		}
		let ongoing = &self.ongoing;
		let goes_on = |request: &InFlight| ongoing.get(request.index).is_some_and(Option::is_some);
		self.waiting.retain(goes_on);
		self.reading.retain(|reading| goes_on(&reading.request));
	}
}

/// Latency in microseconds as measured by the transport.
fn elapsed(headers: &[(Vec<u8>, Vec<u8>)]) -> Option<u64> {
	let (_, value) = headers.iter().find(|(name, _)| name == ELAPSED_HEADER.as_bytes())?;
	let digits = value.iter().all(u8::is_ascii_digit);
	core::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
mod tests;
