//! Many conversations at once over an interface that blocks.
//!
//! The host waits for several answers at a time but until all are there, and reads one body at a time.
//! So this goes round in short turns: start what is due, see who has answered, read a little of every
//! body, give up whose time is over. What has arrived is always looked at before anybody is given up, so
//! a slow turn accuses nobody.

use crate::{
	ELAPSED_HEADER,
	http::{Ask, Http, Keep},
};
use alloc::{collections::VecDeque, vec, vec::Vec};
use core::mem;
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus};
use surety_primitives::LatencyBucket;

/// Longest wait in a turn in ms.
const TICK: u64 = 20;
/// Longest that a turn reads bodies in ms.
const READ_TURN: u64 = 50;
/// Longest that a turn reads one body in ms.
const READ_PART: u64 = 2;
/// Longest turn in ms.
pub const TURN: u64 = TICK + READ_TURN;
/// Bytes of one body read in a turn.
const READ_BYTES: usize = 64 * 1024;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Bytes of unfinished bodies kept at a time; above it the one that takes longest is given up.
const MAX_KEPT: usize = 16 * 1024 * 1024;
/// A turn that is late by more ms says that the prober itself stood still.
const STANDSTILL: u64 = 2_000;

/// An answer over HTTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
	/// HTTP status.
	pub status: u16,
	/// The body, if the status is 2xx and the body was to be kept.
	pub body: Vec<u8>,
	/// Time that the answer took.
	pub latency: LatencyBucket,
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

/// Why nothing came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
	/// No connection, or it broke, or the address is forbidden, or it was no HTTP.
	Transport,
	/// No time left.
	Timeout,
	/// The body is too long.
	Oversize,
}

/// Next step of a conversation.
pub enum Step<T> {
	/// On, with these, all at once.
	Ask(Vec<Ask>),
	/// To its end.
	Done(T),
}

/// One conversation.
pub trait Script {
	/// Outcome.
	type Out;
	/// Begin.
	fn open(&mut self) -> Step<Self::Out>;
	/// Go on with the answers to all that was asked, in its order. Must end after a bounded number of times.
	fn answered(&mut self, answers: Vec<Answer>) -> Step<Self::Out>;
	/// To one question nothing came back.
	fn failed(&mut self, why: Failure) -> Self::Out;
}

/// Limits of time and number.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Time in ms that one conversation has.
	pub patience: u64,
	/// Unix ms after which none begins: it would not have its full time.
	pub latest: u64,
	/// Unix ms at which all end.
	pub end: u64,
	/// Most conversations at a time.
	pub concurrency: usize,
}

/// Hold all conversations, each to start at its time (unix ms, ascending). `None` for one that could not
/// be held: the time was over before it was its turn, or the prober's clock jumped.
pub fn run<S: Script>(
	http: &mut impl Http,
	scripts: Vec<(u64, S)>,
	limits: Limits,
) -> Vec<Option<S::Out>> {
	run_until(http, scripts, limits, |_, _| false)
}

/// Hold conversations until `enough` says, of the time and what came of them, that the others are not waited
/// for.
pub fn run_until<S: Script>(
	http: &mut impl Http,
	scripts: Vec<(u64, S)>,
	limits: Limits,
	enough: impl Fn(u64, &[Option<S::Out>]) -> bool,
) -> Vec<Option<S::Out>> {
	let outcomes = scripts.iter().map(|_| None).collect();
	let talks = scripts.iter().map(|_| None).collect();
	let queue =
		scripts.into_iter().enumerate().map(|(index, (at, script))| (at, index, script)).collect();
	let mut engine = Engine {
		http,
		limits,
		queue,
		talks,
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

struct Talk<S> {
	script: S,
	/// Its time is over.
	until: u64,
	/// To the current questions.
	answers: Vec<Option<Answer>>,
	/// Bytes of their bodies, finished or not.
	kept: usize,
}

/// One question of a talk.
#[derive(Clone, Copy)]
struct Request {
	/// Which talk.
	index: usize,
	/// Which of its questions.
	part: usize,
	id: HttpRequestId,
	keep: Keep,
	sent: u64,
}

struct Reading {
	request: Request,
	answer: Answer,
	length: usize,
}

struct Engine<'a, H, S: Script> {
	http: &'a mut H,
	limits: Limits,
	/// Not begun.
	queue: VecDeque<(u64, usize, S)>,
	/// Begun and not ended, by index.
	talks: Vec<Option<Talk<S>>>,
	/// Number of them.
	open: usize,
	/// No status line yet.
	waiting: Vec<Request>,
	/// The rest of the body to come.
	reading: VecDeque<Reading>,
	/// Bytes kept by all talks.
	kept: usize,
	outcomes: Vec<Option<S::Out>>,
	buffer: Vec<u8>,
}

/// Result of reading a part of a body.
enum Part {
	More,
	End,
	Failed(Failure),
}

impl<H: Http, S: Script> Engine<'_, H, S> {
	fn run(&mut self, enough: impl Fn(u64, &[Option<S::Out>]) -> bool) {
		let mut before = self.http.now();
		let mut expected = before;
		let mut flowing = false;
		loop {
			let now = self.http.now();
			if now < before || now > expected.saturating_add(STANDSTILL) {
				log::debug!(target: crate::LOG, "the clock jumped from {before} to {now}: nobody is judged");
				return;
			}
			before = now;
			let over = now >= self.limits.end;
			if !over {
				self.begin(now);
			}
			let idle = self.waiting.is_empty() && self.reading.is_empty();
			let no_more = over || self.queue.is_empty() || now > self.limits.latest;
			if idle && no_more || enough(now, &self.outcomes) {
				return;
			}
			let pause = if over || flowing { now } else { self.pause(now, idle) };
			self.see(pause, idle);
			flowing = self.read();
			self.give_up(now);
			if over {
				return;
			}
			expected = pause.max(now).saturating_add(READ_TURN);
		}
	}

	/// Begin the conversations that are due.
	fn begin(&mut self, now: u64) {
		let last = now.min(self.limits.latest);
		while now <= last
			&& self.has_room()
			&& self.queue.front().is_some_and(|(at, ..)| *at <= last)
		{
			let Some((_, index, mut script)) = self.queue.pop_front() else { return };
			let until = now.saturating_add(self.limits.patience).min(self.limits.end);
			let step = script.open();
			self.open = self.open.saturating_add(1);
			self.step(index, Talk { script, until, answers: Vec::new(), kept: 0 }, step);
		}
	}

	fn has_room(&self) -> bool {
		self.open < self.limits.concurrency
	}

	/// Until when this turn may block.
	fn pause(&self, now: u64, idle: bool) -> u64 {
		let may_begin = self.has_room() && now <= self.limits.latest;
		let next = self.queue.front().filter(|_| may_begin).map_or(u64::MAX, |(at, ..)| *at);
		let tick = if idle { u64::MAX } else { now.saturating_add(TICK) };
		tick.min(next).min(self.limits.end).max(now)
	}

	fn step(&mut self, index: usize, mut talk: Talk<S>, step: Step<S::Out>) {
		let outcome = match step {
			Step::Done(outcome) => outcome,
			Step::Ask(asks) => match self.send(index, talk.until, &asks) {
				Ok(mut sent) => {
					talk.answers = asks.iter().map(|_| None).collect();
					self.waiting.append(&mut sent);
					if let Some(slot) = self.talks.get_mut(index) {
						*slot = Some(talk);
					}
					return;
				},
				Err(()) => talk.script.failed(Failure::Transport),
			},
		};
		self.finish(index, outcome);
	}

	fn send(&mut self, index: usize, until: u64, asks: &[Ask]) -> Result<Vec<Request>, ()> {
		let sent = self.http.now();
		let send = |(part, ask): (usize, &Ask)| {
			let id = self.http.send(ask, until)?;
			Ok(Request { index, part, id, keep: ask.keep, sent })
		};
		asks.iter().enumerate().map(send).collect()
	}

	fn finish(&mut self, index: usize, outcome: S::Out) {
		self.open = self.open.saturating_sub(1);
		if let Some(slot) = self.outcomes.get_mut(index) {
			*slot = Some(outcome);
		}
	}

	/// The talk, if it goes on, with the memory that it kept given back.
	fn take(&mut self, index: usize) -> Option<Talk<S>> {
		let talk = self.talks.get_mut(index)?.take()?;
		self.kept = self.kept.saturating_sub(talk.kept);
		Some(Talk { kept: 0, ..talk })
	}

	fn talk(&self, index: usize) -> Option<&Talk<S>> {
		self.talks.get(index)?.as_ref()
	}

	fn fail(&mut self, index: usize, why: Failure) {
		if let Some(mut talk) = self.take(index) {
			let outcome = talk.script.failed(why);
			self.finish(index, outcome);
		}
	}

	/// A question is answered; with the last one the talk goes on.
	fn answered(&mut self, Request { index, part, .. }: Request, answer: Answer) {
		let Some(talk) = self.talks.get_mut(index).and_then(Option::as_mut) else { return };
		if let Some(slot) = talk.answers.get_mut(part) {
			*slot = Some(answer);
		}
		if talk.answers.iter().any(Option::is_none) {
			return;
		}
		if let Some(mut talk) = self.take(index) {
			let answers = mem::take(&mut talk.answers).into_iter().flatten().collect();
			let step = talk.script.answered(answers);
			self.step(index, talk, step);
		}
	}

	/// See who has a status line.
	fn see(&mut self, pause: u64, idle: bool) {
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
				HttpRequestStatus::Finished(status) => self.status(request, status, now),
			}
		}
	}

	fn status(&mut self, request: Request, status: u16, now: u64) {
		if self.talk(request.index).is_none() {
			return;
		}
		let elapsed = elapsed(&self.http.headers(request.id));
		let micros =
			elapsed.unwrap_or_else(|| now.saturating_sub(request.sent).saturating_mul(1_000));
		let answer =
			Answer { status, body: Vec::new(), latency: LatencyBucket::from_micros(micros) };
		if is_success(status) {
			// In front: most bodies are there by now, and need not queue behind those that trickle.
			self.reading.push_front(Reading { request, answer, length: 0 });
		} else {
			self.answered(request, answer);
		}
	}

	/// Read a part of every body, as far as time allows. Whether anything came.
	fn read(&mut self) -> bool {
		let until = self.http.now().saturating_add(READ_TURN);
		let mut came = false;
		for _ in 0..self.reading.len() {
			if self.http.now() >= until {
				break;
			}
			let Some(mut reading) = self.reading.pop_front() else { break };
			let index = reading.request.index;
			if self.talk(index).is_none() {
				continue;
			}
			let (length, kept) = (reading.length, reading.answer.body.len());
			let part = self.read_part(&mut reading);
			came |= reading.length > length;
			match part {
				Part::More | Part::End => {
					let more = reading.answer.body.len().saturating_sub(kept);
					self.keep(index, more);
					if matches!(part, Part::End) {
						self.answered(reading.request, reading.answer);
					} else {
						self.reading.push_back(reading);
					}
				},
				Part::Failed(why) => self.fail(index, why),
			}
		}
		came
	}

	/// Note what a talk keeps. If memory is short, give up the one with bodies that takes longest: an honest
	/// one is there within a turn or two.
	fn keep(&mut self, index: usize, more: usize) {
		if let Some(talk) = self.talks.get_mut(index).and_then(Option::as_mut) {
			talk.kept = talk.kept.saturating_add(more);
			self.kept = self.kept.saturating_add(more);
		}
		while self.kept > MAX_KEPT {
			let keeping = self
				.talks
				.iter()
				.enumerate()
				.filter_map(|(index, talk)| Some((index, talk.as_ref()?)));
			let oldest =
				keeping.filter(|(_, talk)| talk.kept > 0).min_by_key(|(_, talk)| talk.until);
			let Some((index, _)) = oldest else { return };
			self.fail(index, Failure::Oversize);
		}
	}

	fn read_part(&mut self, reading: &mut Reading) -> Part {
		let stop = reading.length.saturating_add(READ_BYTES);
		let until = self.http.now().saturating_add(READ_PART);
		while reading.length < stop {
			let now = self.http.now();
			if now >= until {
				break;
			}
			// The least that is more than nothing: what has arrived is handed over at once.
			let deadline = now.saturating_add(1);
			let read = match self.http.read(reading.request.id, &mut self.buffer, deadline) {
				Ok(0) => return Part::End,
				Ok(read) => read,
				Err(HttpError::DeadlineReached) => return Part::More,
				Err(HttpError::IoError | HttpError::Invalid) => {
					return Part::Failed(Failure::Transport);
				},
			};
			reading.length = reading.length.saturating_add(read);
			if reading.length > reading.request.keep.limit() {
				return Part::Failed(Failure::Oversize);
			}
			if let (Keep::All(_), Some(bytes)) = (reading.request.keep, self.buffer.get(..read)) {
				reading.answer.body.extend_from_slice(bytes);
			}
		}
		Part::More
	}

	/// Give up whose time was over before this turn looked, and forget the questions of those that ended.
	fn give_up(&mut self, now: u64) {
		let asked = self.waiting.iter().chain(self.reading.iter().map(|reading| &reading.request));
		let late: Vec<usize> = asked
			.map(|request| request.index)
			.filter(|index| self.talk(*index).is_some_and(|talk| talk.until <= now))
			.collect();
		for index in late {
			self.fail(index, Failure::Timeout);
		}
		let talks = &self.talks;
		let goes_on = |request: &Request| talks.get(request.index).is_some_and(Option::is_some);
		self.waiting.retain(goes_on);
		self.reading.retain(|reading| goes_on(&reading.request));
	}
}

/// Microseconds that the transport measured.
fn elapsed(headers: &[(Vec<u8>, Vec<u8>)]) -> Option<u64> {
	let (_, value) = headers.iter().find(|(name, _)| name == ELAPSED_HEADER.as_bytes())?;
	let digits = value.iter().all(u8::is_ascii_digit);
	core::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
#[path = "tests/engine.rs"]
mod tests;
