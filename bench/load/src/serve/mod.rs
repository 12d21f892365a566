// SPDX-License-Identifier: Apache-2.0

//! Upstream that answers for the chain, with faults that can be turned on and off.
//!
//! | path | answer |
//! |---|---|
//! | `GET /stats` | counts since the start, as JSON |
//! | `POST /faults` | takes the faults from now on, as the JSON of [`Faults`] |
//! | any other | JSON-RPC, also over WebSocket |

pub mod answers;
mod connection;

use crate::{
	args::{Res, ServeArgs},
	chain::{self, Chain},
	poll::Poll,
};
use connection::{Connection, Outcome};
use serde::{Deserialize, Serialize};
use std::{
	cmp::Reverse,
	collections::{BinaryHeap, HashSet},
	io,
	net::TcpListener,
	time::{Duration, Instant},
};

/// Bytes that one read takes at most.
const READ: usize = 256 << 10;
/// Token of the listener.
const LISTENER: u64 = u64::MAX - 1;
/// Transactions that are remembered to find those that come twice.
const MAX_WRITES: usize = 10_000_000;

/// Faults of the upstream.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
	/// Time in us between a request and its answer; it varies by a fifth in both directions.
	pub delay_us: u64,
	/// Error to all requests: an HTTP status, or a JSON-RPC code if it is negative.
	pub fail: Option<i64>,
	/// Blocks that the reported head is ahead of the chain's.
	pub lie: i64,
	/// No answer at all, while connections stay open.
	pub silent: bool,
}

/// Counts since the start.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
	/// Requests of JSON-RPC; each of a batch is one.
	pub requests: u64,
	/// Transactions that were sent.
	pub writes: u64,
	/// Transactions that had been sent before.
	pub repeated_writes: u64,
	/// Connections that were accepted.
	pub accepted: u64,
	/// Connections that are open.
	pub open: u64,
	/// Subscriptions that are open.
	pub subscriptions: u64,
}

/// State that all connections share.
pub struct Shared {
	chain: Chain,
	faults: Faults,
	stats: Stats,
	writes: HashSet<u64>,
	/// Number of the next subscription, delay or other thing that needs a number of its own.
	next: u64,
}

impl Shared {
	/// Count transactions.
	fn count_writes(&mut self, writes: &[u64]) {
		for write in writes {
			self.stats.writes += 1;
			if self.writes.contains(write) {
				self.stats.repeated_writes += 1;
			} else if self.writes.len() < MAX_WRITES {
				self.writes.insert(*write);
			}
		}
	}

	/// Number that was not given out before.
	fn number(&mut self) -> u64 {
		self.next += 1;
		self.next
	}

	/// Time of an answer that is asked for now.
	fn answer_at(&mut self, now: Instant) -> Instant {
		let delay = self.faults.delay_us;
		let spread = chain::mix(self.number()) % (delay * 2 / 5).max(1);
		now + Duration::from_micros(delay - delay / 5 + spread)
	}
}

/// An answer that waits: its time, the slot and the generation of its connection, and the bytes.
type Delayed = Reverse<(Instant, usize, u64, Vec<u8>)>;

/// The server.
struct Server {
	listener: TcpListener,
	poll: Poll,
	shared: Shared,
	slots: Vec<Option<Connection>>,
	free: Vec<usize>,
	delayed: BinaryHeap<Delayed>,
	/// Buffer of all reads.
	scratch: Vec<u8>,
	/// Head that subscribers were last notified of, without the lie.
	announced: u64,
}

/// Serve until the process is stopped.
pub fn run(args: ServeArgs) -> Res<()> {
	let listener = TcpListener::bind(args.listen)?;
	listener.set_nonblocking(true)?;
	let chain = args.chain.chain();
	let faults = Faults {
		delay_us: u64::try_from(args.delay.as_micros())?,
		fail: args.fail,
		lie: args.lie,
		silent: false,
	};
	let shared = Shared { chain, faults, stats: Stats::default(), writes: HashSet::new(), next: 0 };
	let poll = Poll::new()?;
	poll.add(&listener, LISTENER)?;
	let end = args.die_after.map(|after| Instant::now() + after);
	eprintln!("serving at {}", listener.local_addr()?);
	let announced = chain.head(chain::now());
	let (slots, free, delayed) = (Vec::new(), Vec::new(), BinaryHeap::new());
	let scratch = vec![0; READ];
	Server { listener, poll, shared, slots, free, delayed, scratch, announced }.serve(end)
}

impl Server {
	fn serve(mut self, end: Option<Instant>) -> Res<()> {
		let mut ready = Vec::new();
		loop {
			let block = self.shared.chain.time_of(self.announced + 1).saturating_sub(chain::now());
			let answer = self.delayed.peek().map(|Reverse((at, ..))| *at);
			let until = [Some(Instant::now() + block), answer, end].into_iter().flatten().min();
			self.poll.wait(until, &mut ready)?;
			let now = Instant::now();
			if end.is_some_and(|end| now >= end) {
				// As a crash would: nothing is closed in order.
				std::process::abort();
			}
			for event in &ready {
				if event.token == LISTENER {
					self.accept()?;
					continue;
				}
				let slot = event.token as usize;
				let Some(Some(connection)) = self.slots.get_mut(slot) else { continue };
				let mut alive = true;
				if event.write {
					alive = connection.flush(&self.poll, event.token).is_ok();
				}
				if alive && event.read {
					let outcome = connection.read(&mut self.shared, &mut self.scratch, now);
					alive = self.handle(slot, outcome);
				}
				if !alive {
					self.drop(slot);
				}
			}
			self.send_delayed(now);
			self.announce();
		}
	}

	/// Accept all connections that wait.
	fn accept(&mut self) -> io::Result<()> {
		loop {
			let stream = match self.listener.accept() {
				Ok((stream, _)) => stream,
				Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
				// A client that is gone again, or no more files: the next one may fare better.
				Err(_) => return Ok(()),
			};
			stream.set_nonblocking(true)?;
			stream.set_nodelay(true)?;
			let slot = self.free.pop().unwrap_or_else(|| {
				self.slots.push(None);
				self.slots.len() - 1
			});
			self.poll.add(&stream, slot as u64)?;
			let generation = self.shared.number();
			self.slots[slot] = Some(Connection::new(stream, generation));
			self.shared.stats.accepted += 1;
			self.shared.stats.open += 1;
		}
	}

	/// Send what a connection answers now, and keep what it answers later. False if it ends.
	fn handle(&mut self, slot: usize, outcome: Outcome) -> bool {
		let Some(connection) = &mut self.slots[slot] else { return false };
		for (at, bytes) in outcome.later {
			self.delayed.push(Reverse((at, slot, connection.generation, bytes)));
		}
		connection.flush(&self.poll, slot as u64).is_ok() && !outcome.end
	}

	/// Send the answers whose time has come.
	fn send_delayed(&mut self, now: Instant) {
		while self.delayed.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
			let Some(Reverse((_, slot, generation, bytes))) = self.delayed.pop() else { return };
			let Some(connection) = &mut self.slots[slot] else { continue };
			if connection.generation != generation {
				continue;
			}
			connection.send(&bytes);
			// A request may have come while the one before waited for its answer.
			let outcome = connection.proceed(&mut self.shared, now);
			if !self.handle(slot, outcome) {
				self.drop(slot);
			}
		}
	}

	/// Notify subscribers of new heads.
	fn announce(&mut self) {
		let head = self.shared.chain.head(chain::now());
		while self.announced < head {
			self.announced += 1;
			if self.shared.faults.silent {
				continue;
			}
			let number = self.announced.saturating_add_signed(self.shared.faults.lie);
			let header = self.shared.chain.header(number);
			for slot in 0..self.slots.len() {
				let Some(connection) = &mut self.slots[slot] else { continue };
				connection.notify(&header);
				if connection.flush(&self.poll, slot as u64).is_err() {
					self.drop(slot);
				}
			}
		}
	}

	/// Close a connection.
	fn drop(&mut self, slot: usize) {
		if let Some(connection) = self.slots[slot].take() {
			self.shared.stats.open -= 1;
			self.shared.stats.subscriptions -= connection.subscriptions();
			self.free.push(slot);
		}
	}
}
