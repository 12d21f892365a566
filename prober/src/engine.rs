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

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
	/// HTTP status.
	pub status: u16,
	/// The body, if the status is 2xx and the body was to be kept.
	pub body: Vec<u8>,
	/// How long the answer took.
	pub latency: LatencyBucket,
}

impl Answer {
	/// Whether the status is 2xx.
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

/// Where a conversation goes from here.
pub enum Step<T> {
	/// On, with this.
	Ask(Ask),
	/// To its end.
	Done(T),
}

/// One conversation.
pub trait Script {
	/// What comes of it.
	type Out;
	/// Begin.
	fn open(&mut self) -> Step<Self::Out>;
	/// Go on. Must end after a bounded number of answers.
	fn answered(&mut self, answer: Answer) -> Step<Self::Out>;
	/// Nothing came back.
	fn failed(&mut self, why: Failure) -> Self::Out;
}

/// When and how many.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Time in ms that one conversation has.
	pub patience: u64,
	/// Unix ms at which all end.
	pub end: u64,
	/// Most conversations at a time.
	pub concurrency: usize,
}

/// Hold all conversations, each to start at its time (unix ms, ascending). `None` for one that could not
/// be held: the time was over before it was its turn, or the prober's clock jumped.
pub fn run<S: Script>(http: &mut impl Http, scripts: Vec<(u64, S)>, limits: Limits) -> Vec<Option<S::Out>> {
	let outcomes = scripts.iter().map(|_| None).collect();
	let queue = scripts.into_iter().enumerate().map(|(index, (at, script))| (at, index, script)).collect();
	let mut engine = Engine {
		http,
		limits,
		queue,
		waiting: Vec::new(),
		reading: VecDeque::new(),
		kept: 0,
		outcomes,
		buffer: vec![0; CHUNK],
	};
	engine.run();
	engine.outcomes
}

struct Talk<S> {
	index: usize,
	script: S,
	/// Its time is over.
	until: u64,
	/// The current question.
	id: HttpRequestId,
	keep: Keep,
	sent: u64,
}

struct Reading<S> {
	talk: Talk<S>,
	answer: Answer,
	length: usize,
	since: u64,
}

struct Engine<'a, H, S: Script> {
	http: &'a mut H,
	limits: Limits,
	/// Not begun.
	queue: VecDeque<(u64, usize, S)>,
	/// No status line yet.
	waiting: Vec<Talk<S>>,
	/// The rest of the body to come.
	reading: VecDeque<Reading<S>>,
	/// Bytes kept in `reading`.
	kept: usize,
	outcomes: Vec<Option<S::Out>>,
	buffer: Vec<u8>,
}

/// What reading a part of a body came to.
enum Part {
	More,
	End,
	Failed(Failure),
}

impl<H: Http, S: Script> Engine<'_, H, S> {
	fn run(&mut self) {
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
			if idle && (over || self.queue.is_empty()) {
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
		while self.has_room() && self.queue.front().is_some_and(|(at, ..)| *at <= now) {
			let Some((_, index, mut script)) = self.queue.pop_front() else { return };
			let until = now.saturating_add(self.limits.patience).min(self.limits.end);
			let step = script.open();
			self.step(index, script, until, step);
		}
	}

	fn has_room(&self) -> bool {
		self.waiting.len().saturating_add(self.reading.len()) < self.limits.concurrency
	}

	/// Until when this turn may block.
	fn pause(&self, now: u64, idle: bool) -> u64 {
		let next = self.queue.front().filter(|_| self.has_room()).map_or(u64::MAX, |(at, ..)| *at);
		let tick = if idle { u64::MAX } else { now.saturating_add(TICK) };
		tick.min(next).min(self.limits.end).max(now)
	}

	fn step(&mut self, index: usize, mut script: S, until: u64, step: Step<S::Out>) {
		let outcome = match step {
			Step::Done(outcome) => outcome,
			Step::Ask(ask) => {
				let sent = self.http.now();
				match self.http.send(&ask, until) {
					Ok(id) => {
						self.waiting.push(Talk { index, script, until, id, keep: ask.keep, sent });
						return;
					},
					Err(()) => script.failed(Failure::Transport),
				}
			},
		};
		self.finish(index, outcome);
	}

	fn finish(&mut self, index: usize, outcome: S::Out) {
		if let Some(slot) = self.outcomes.get_mut(index) {
			*slot = Some(outcome);
		}
	}

	fn fail(&mut self, mut talk: Talk<S>, why: Failure) {
		let outcome = talk.script.failed(why);
		self.finish(talk.index, outcome);
	}

	fn go_on(&mut self, mut talk: Talk<S>, answer: Answer) {
		let step = talk.script.answered(answer);
		self.step(talk.index, talk.script, talk.until, step);
	}

	/// See who has a status line.
	fn see(&mut self, pause: u64, idle: bool) {
		if self.waiting.is_empty() {
			if idle || pause > self.http.now() {
				self.http.sleep_until(pause);
			}
			return;
		}
		let ids: Vec<_> = self.waiting.iter().map(|talk| talk.id).collect();
		let statuses = self.http.wait(&ids, pause);
		let now = self.http.now();
		let late = core::iter::repeat(HttpRequestStatus::DeadlineReached);
		for (talk, status) in mem::take(&mut self.waiting).into_iter().zip(statuses.into_iter().chain(late)) {
			match status {
				HttpRequestStatus::DeadlineReached => self.waiting.push(talk),
				HttpRequestStatus::IoError | HttpRequestStatus::Invalid => {
					self.fail(talk, Failure::Transport)
				},
				HttpRequestStatus::Finished(status) => self.status(talk, status, now),
			}
		}
	}

	fn status(&mut self, talk: Talk<S>, status: u16, now: u64) {
		let elapsed = elapsed(&self.http.headers(talk.id));
		let micros = elapsed.unwrap_or_else(|| now.saturating_sub(talk.sent).saturating_mul(1_000));
		let answer = Answer { status, body: Vec::new(), latency: LatencyBucket::from_micros(micros) };
		if is_success(status) {
			// In front: most bodies are there by now, and need not queue behind those that trickle.
			self.reading.push_front(Reading { talk, answer, length: 0, since: now });
		} else {
			self.go_on(talk, answer);
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
			let (length, kept) = (reading.length, reading.answer.body.len());
			let part = self.read_part(&mut reading);
			came |= reading.length > length;
			match part {
				Part::More => {
					let more = reading.answer.body.len().saturating_sub(kept);
					self.kept = self.kept.saturating_add(more);
					self.reading.push_back(reading);
					self.shed();
				},
				Part::End => {
					self.kept = self.kept.saturating_sub(kept);
					self.go_on(reading.talk, reading.answer);
				},
				Part::Failed(why) => {
					self.kept = self.kept.saturating_sub(kept);
					self.fail(reading.talk, why);
				},
			}
		}
		came
	}

	fn read_part(&mut self, reading: &mut Reading<S>) -> Part {
		let stop = reading.length.saturating_add(READ_BYTES);
		let until = self.http.now().saturating_add(READ_PART);
		while reading.length < stop {
			let now = self.http.now();
			if now >= until {
				break;
			}
			// The least that is more than nothing: what has arrived is handed over at once.
			let deadline = now.saturating_add(1);
			let read = match self.http.read(reading.talk.id, &mut self.buffer, deadline) {
				Ok(0) => return Part::End,
				Ok(read) => read,
				Err(HttpError::DeadlineReached) => return Part::More,
				Err(HttpError::IoError | HttpError::Invalid) => return Part::Failed(Failure::Transport),
			};
			reading.length = reading.length.saturating_add(read);
			if reading.length > reading.talk.keep.limit() {
				return Part::Failed(Failure::Oversize);
			}
			if let (Keep::All(_), Some(bytes)) = (reading.talk.keep, self.buffer.get(..read)) {
				reading.answer.body.extend_from_slice(bytes);
			}
		}
		Part::More
	}

	/// Memory is short: give up the body that takes longest. An honest one is there within a turn or two.
	fn shed(&mut self) {
		while self.kept > MAX_KEPT {
			let oldest =
				(0..self.reading.len()).min_by_key(|index| self.reading.get(*index).map(|r| r.since));
			let Some(reading) = oldest.and_then(|index| self.reading.remove(index)) else { return };
			self.kept = self.kept.saturating_sub(reading.answer.body.len());
			self.fail(reading.talk, Failure::Oversize);
		}
	}

	/// Give up whose time was over before this turn looked.
	fn give_up(&mut self, now: u64) {
		for talk in mem::take(&mut self.waiting) {
			if talk.until <= now {
				self.fail(talk, Failure::Timeout);
			} else {
				self.waiting.push(talk);
			}
		}
		for reading in mem::take(&mut self.reading) {
			if reading.talk.until <= now {
				self.kept = self.kept.saturating_sub(reading.answer.body.len());
				self.fail(reading.talk, Failure::Timeout);
			} else {
				self.reading.push_back(reading);
			}
		}
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
