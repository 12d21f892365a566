// SPDX-License-Identifier: Apache-2.0

//! Loop of one thread.

use super::{
	Fault,
	connection::{Connection, Received, Sent},
	mix::HeadBounds,
};
use crate::{
	args::{Arrivals, DriveArgs, Res},
	chain::{self, Chain},
	http::split_url,
	poll::Poll,
	report::Counts,
};
use std::{
	collections::VecDeque,
	io::Write,
	net::{SocketAddr, ToSocketAddrs},
	time::{Duration, Instant},
};

/// Time between two looks for requests that are late.
const SWEEP: Duration = Duration::from_millis(100);
/// Time between two attempts to open a connection.
const RECONNECT: Duration = Duration::from_millis(100);
/// Bytes that one read takes at most.
const READ: usize = 256 << 10;

/// Times at which requests are due.
struct Schedule {
	arrivals: Arrivals,
	next: Instant,
	/// Mean time between two requests.
	gap: Duration,
	random: u64,
}

impl Schedule {
	/// The next time that is not after `now`.
	fn due(&mut self, now: Instant) -> Option<Instant> {
		if self.arrivals == Arrivals::Closed || self.next > now {
			return None;
		}
		let due = self.next;
		let factor = match self.arrivals {
			Arrivals::Poisson => {
				self.random = chain::mix(self.random);
				// In (0, 1], so that the logarithm is finite.
				let uniform = ((self.random >> 11) + 1) as f64 / (1_u64 << 53) as f64;
				-uniform.ln()
			},
			_ => 1.0,
		};
		self.next += self.gap.mul_f64(factor);
		Some(due)
	}
}

/// One thread with its connections.
pub struct Worker {
	args: DriveArgs,
	chain: Chain,
	to: SocketAddr,
	/// Request line and headers up to the length of the body.
	head: String,
	poll: Poll,
	connections: Vec<Option<Connection>>,
	idle: VecDeque<usize>,
	/// Connections to open again, with the time from which on.
	broken: VecDeque<(Instant, usize)>,
	/// Times of requests that are due and wait for a connection.
	waiting: VecDeque<Instant>,
	schedule: Schedule,
	begin: Instant,
	end: Instant,
	/// Number of the next request.
	number: u64,
	/// Step between two numbers of this thread.
	step: u64,
	body: Vec<u8>,
	counts: Counts,
}

impl Worker {
	/// Worker number `nth` of `threads`, with all its connections.
	pub fn new(args: &DriveArgs, nth: usize, threads: usize, start: Instant) -> Res<Self> {
		let (host, path) = split_url(&args.url)?;
		let to = host.to_socket_addrs()?.next().ok_or("the host has no address")?;
		let headers: String = args.headers.iter().map(|line| format!("{line}\r\n")).collect();
		let head = format!(
			"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{headers}\
			 content-length: ",
		);
		let poll = Poll::new()?;
		let count = (nth..args.connections).step_by(threads).count();
		let connections = (0..count)
			.map(|slot| Connection::open(to, &poll, slot as u64).map(Some))
			.collect::<Result<Vec<_>, _>>()
			.map_err(|error| format!("{host}: {error}"))?;
		let gap = Duration::from_secs_f64(threads as f64 / args.rate.max(1e-3));
		let begin = start + args.warm_up;
		let random = chain::mix(args.seed ^ ((nth as u64) << 32));
		// The threads take turns.
		let next = start + gap.mul_f64(nth as f64 / threads as f64);
		Ok(Self {
			chain: args.chain.chain(),
			to,
			head,
			poll,
			idle: (0..count).collect(),
			connections,
			broken: VecDeque::new(),
			waiting: VecDeque::new(),
			schedule: Schedule { arrivals: args.arrivals, next, gap, random },
			begin,
			end: begin + args.time,
			number: nth as u64 + 1,
			step: threads as u64,
			body: Vec::new(),
			counts: Counts::new(args.time)?,
			args: args.clone(),
		})
	}

	/// Send until the end, then wait for the last answers.
	pub fn run(mut self) -> Res<Counts> {
		let mut ready = Vec::new();
		let mut scratch = vec![0; READ];
		let mut sweep = Instant::now();
		loop {
			let now = Instant::now();
			let over = now >= self.end;
			if over && self.is_done(now) {
				break;
			}
			while let Some(due) = self.schedule.due(now.min(self.end)) {
				self.waiting.push_back(due);
			}
			self.reconnect(now);
			self.dispatch(over);
			if now >= sweep {
				self.expire(now);
				sweep = now + SWEEP;
			}
			let due = if over { sweep } else { self.schedule.next.min(self.end) };
			let due = if self.args.arrivals == Arrivals::Closed { sweep } else { due };
			// Requests that wait for a connection are sent with the next event.
			self.poll.wait(Some(due.min(sweep)), &mut ready)?;
			for event in &ready {
				let slot = event.token as usize;
				let Some(connection) = &mut self.connections[slot] else { continue };
				if event.write && connection.flush(&self.poll, event.token, true).is_err() {
					self.fail(slot, Fault::Closed);
					continue;
				}
				if event.read {
					self.read(slot, &mut scratch);
				}
			}
		}
		for due in std::mem::take(&mut self.waiting) {
			self.fault(due, Fault::Unsent);
		}
		Ok(self.counts)
	}

	/// True if no answer is waited for, or no longer.
	fn is_done(&self, now: Instant) -> bool {
		let busy = self.connections.iter().flatten().any(|c| c.sent.is_some());
		let pending = busy || !self.waiting.is_empty();
		!pending || now >= self.end + self.args.timeout
	}

	/// Open connections again that broke some time ago.
	fn reconnect(&mut self, now: Instant) {
		while let Some((from, slot)) = self.broken.front().copied() {
			if from > now {
				return;
			}
			self.broken.pop_front();
			match Connection::open(self.to, &self.poll, slot as u64) {
				Ok(connection) => {
					self.connections[slot] = Some(connection);
					self.idle.push_back(slot);
				},
				Err(_) => {
					self.broken.push_back((now + RECONNECT, slot));
					// A request that waits has nothing to be sent on.
					if let (true, Some(due)) = (self.idle.is_empty(), self.waiting.pop_front()) {
						self.fault(due, Fault::Connect);
					}
				},
			}
		}
	}

	/// Send requests that are due, while there are connections.
	fn dispatch(&mut self, over: bool) {
		while !self.idle.is_empty() {
			let due = match self.args.arrivals {
				Arrivals::Closed if over => return,
				Arrivals::Closed => Instant::now(),
				_ => match self.waiting.pop_front() {
					Some(due) => due,
					None => return,
				},
			};
			let Some(slot) = self.idle.pop_front() else { return };
			self.send(slot, due);
		}
	}

	/// Send a request on an idle connection.
	fn send(&mut self, slot: usize, due: Instant) {
		let Some(connection) = &mut self.connections[slot] else { return };
		let question = self.args.mix.question(self.number, self.args.seed);
		self.number += self.step;
		let clock = chain::now();
		self.body.clear();
		question.write(&self.chain, clock, &mut self.body);
		let sent = Sent { due, at: Instant::now(), clock, question, seen: connection.head };
		let (head, body) = (&self.head, &self.body);
		let written = connection.send(sent, &self.poll, slot as u64, |output| {
			output.extend_from_slice(head.as_bytes());
			// Writing into a vector does not fail.
			let _ = write!(output, "{}\r\n\r\n", body.len());
			output.extend_from_slice(body);
		});
		if written.is_err() {
			self.fail(slot, Fault::Closed);
		}
	}

	/// Read from a connection.
	fn read(&mut self, slot: usize, scratch: &mut [u8]) {
		let Some(connection) = &mut self.connections[slot] else { return };
		let (chain, args) = (&self.chain, &self.args);
		let outcome = connection.read(scratch, |sent, received| {
			let Some(sent) = sent else {
				// The server closed an idle connection.
				return (None, Ok(None), true, 0);
			};
			let (verified, close, bytes) = match received {
				Ok(received) => {
					let verified = verify(&sent, &received, chain, args);
					(verified, received.close, received.body.len() as u64)
				},
				Err(fault) => (Err(fault), true, 0),
			};
			(Some(sent), verified, close, bytes)
		});
		let Some((sent, verified, close, bytes)) = outcome else { return };
		if let Ok(Some(head)) = verified {
			connection.head = connection.head.max(head);
		}
		if close {
			self.drop(slot);
		} else {
			self.idle.push_back(slot);
		}
		let Some(sent) = sent else { return };
		match verified {
			Ok(_) => {
				let now = Instant::now();
				let latency = now.saturating_duration_since(sent.due);
				self.counts.answer(self.second(sent.due, now), latency, bytes);
			},
			Err(fault) => self.fault(sent.due, fault),
		}
	}

	/// Give up a connection with its request.
	fn fail(&mut self, slot: usize, fault: Fault) {
		let sent = self.connections[slot].as_mut().and_then(|connection| connection.sent.take());
		self.drop(slot);
		if let Some(sent) = sent {
			self.fault(sent.due, fault);
		}
	}

	/// Close a connection, to be opened again.
	fn drop(&mut self, slot: usize) {
		if self.connections[slot].take().is_some() {
			self.idle.retain(|idle| *idle != slot);
			self.broken.push_back((Instant::now(), slot));
		}
	}

	/// Give up requests whose answers are late.
	fn expire(&mut self, now: Instant) {
		for slot in 0..self.connections.len() {
			let sent = self.connections[slot].as_ref().and_then(|c| c.sent.as_ref());
			if sent.is_some_and(|sent| now.saturating_duration_since(sent.at) > self.args.timeout) {
				self.fail(slot, Fault::Timeout);
			}
		}
	}

	/// Count a failure.
	fn fault(&mut self, due: Instant, fault: Fault) {
		let second = self.second(due, Instant::now());
		self.counts.fault(second, &fault);
	}

	/// Second of the measured time that a request belongs to: the one in which it was due, in a
	/// closed loop that in which it ended. `None` for the warm-up and the time after the end.
	fn second(&self, due: Instant, now: Instant) -> Option<usize> {
		let at = if self.args.arrivals == Arrivals::Closed { now } else { due };
		let since = at.checked_duration_since(self.begin)?;
		(at < self.end).then(|| usize::try_from(since.as_secs()).ok()).flatten()
	}
}

/// Verify an answer. Returns the head that it names, if it does.
fn verify(
	sent: &Sent,
	received: &Received<'_>,
	chain: &Chain,
	args: &DriveArgs,
) -> Result<Option<u64>, Fault> {
	// Errors of JSON-RPC have other statuses too, with the code in the body.
	if received.status != 200 {
		return Err(Fault::Status(received.status));
	}
	if args.status_only {
		return Ok(None);
	}
	let low = chain.head(sent.clock).saturating_sub(args.max_lag);
	let heads = HeadBounds { low, high: chain.head(chain::now()), seen: sent.seen };
	sent.question.verify(received.body, chain, sent.clock, heads)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn times(arrivals: Arrivals, count: usize) -> Vec<f64> {
		let start = Instant::now();
		let gap = Duration::from_millis(10);
		let mut schedule = Schedule { arrivals, next: start, gap, random: 1 };
		let end = start + Duration::from_secs(3_600);
		(0..count)
			.map_while(|_| schedule.due(end))
			.map(|due| due.duration_since(start).as_secs_f64())
			.collect()
	}

	#[test]
	fn uniform_requests_are_due_at_equal_times() {
		assert_eq!(times(Arrivals::Uniform, 3), [0.0, 0.01, 0.02]);
		assert!(times(Arrivals::Closed, 3).is_empty());
	}

	#[test]
	fn random_requests_have_the_wanted_mean() {
		let times = times(Arrivals::Poisson, 20_000);
		let mean = times[19_999] / 20_000.0;
		assert!((0.009..0.011).contains(&mean), "{mean}");
		let short = times.windows(2).filter(|pair| pair[1] - pair[0] < 0.001).count();
		assert!((1_500..2_500).contains(&short), "{short} of 19,999 gaps below a tenth of it");
	}
}
