// SPDX-License-Identifier: Apache-2.0

//! epoll with a timer of nanoseconds: `epoll_wait` alone rounds to a millisecond, which is as long
//! as the latencies that are measured.

use rustix::{
	event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
	time::{
		Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
		timerfd_settime,
	},
};
use std::{
	io,
	os::fd::{AsFd, OwnedFd},
	time::{Duration, Instant},
};

/// Events that one wait returns at most.
const EVENTS: usize = 512;
/// Token of the timer.
const TIMER: u64 = u64::MAX;

/// A socket that is ready.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
	/// Token that the socket was added with.
	pub token: u64,
	/// True if it can be written.
	pub write: bool,
	/// True if there is something to read, the end of the stream included.
	pub read: bool,
}

/// Set of sockets to wait for.
pub struct Poll {
	epoll: OwnedFd,
	timer: OwnedFd,
	armed: bool,
	events: Vec<Event>,
}

impl Poll {
	/// Empty set.
	pub fn new() -> io::Result<Self> {
		let epoll = epoll::create(CreateFlags::CLOEXEC)?;
		let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
		let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
		// The timer is edge-triggered, so that it need not be read.
		let interest = EventFlags::IN | EventFlags::ET;
		epoll::add(&epoll, &timer, EventData::new_u64(TIMER), interest)?;
		Ok(Self { epoll, timer, armed: false, events: Vec::with_capacity(EVENTS) })
	}

	/// Add a socket, at first for reading.
	pub fn add(&self, socket: impl AsFd, token: u64) -> io::Result<()> {
		Ok(epoll::add(&self.epoll, socket, EventData::new_u64(token), EventFlags::IN)?)
	}

	/// Wait for a socket to become writable too, or no more.
	pub fn want_write(&self, socket: impl AsFd, token: u64, write: bool) -> io::Result<()> {
		let interest = if write { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
		Ok(epoll::modify(&self.epoll, socket, EventData::new_u64(token), interest)?)
	}

	/// Wait until a socket is ready or until a time, and write the ready sockets to `ready`.
	pub fn wait(&mut self, until: Option<Instant>, ready: &mut Vec<Ready>) -> io::Result<()> {
		ready.clear();
		self.events.clear();
		let left = until.map(|until| until.saturating_duration_since(Instant::now()));
		let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
		let timeout = match left {
			Some(Duration::ZERO) => Some(&at_once),
			_ => {
				self.arm(left)?;
				None
			},
		};
		let found =
			epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), timeout);
		match found {
			Ok(_) => (),
			Err(rustix::io::Errno::INTR) => return Ok(()),
			Err(error) => return Err(error.into()),
		}
		for event in &self.events {
			let (token, flags) = (event.data.u64(), event.flags);
			if token == TIMER {
				self.armed = false;
				continue;
			}
			let closed = EventFlags::HUP | EventFlags::ERR;
			ready.push(Ready {
				token,
				write: flags.contains(EventFlags::OUT),
				read: flags.intersects(EventFlags::IN | closed),
			});
		}
		Ok(())
	}

	/// Set the timer, or switch it off.
	fn arm(&mut self, left: Option<Duration>) -> io::Result<()> {
		if left.is_none() && !self.armed {
			return Ok(());
		}
		let left = left.unwrap_or_default();
		let value = Timespec {
			tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
			tv_nsec: left.subsec_nanos().into(),
		};
		let never = Timespec { tv_sec: 0, tv_nsec: 0 };
		let spec = Itimerspec { it_interval: never, it_value: value };
		timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec)?;
		self.armed = !left.is_zero();
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{io::Write, os::unix::net::UnixStream};

	#[test]
	fn a_wait_ends_with_its_time() {
		let mut poll = Poll::new().unwrap();
		let mut ready = Vec::new();
		for _ in 0..3 {
			let until = Instant::now() + Duration::from_micros(300);
			poll.wait(Some(until), &mut ready).unwrap();
			assert!(Instant::now() >= until);
			assert!(ready.is_empty());
		}
	}

	#[test]
	fn a_wait_ends_with_a_readable_socket() {
		let mut poll = Poll::new().unwrap();
		let (mut near, far) = UnixStream::pair().unwrap();
		poll.add(&far, 7).unwrap();
		near.write_all(b"x").unwrap();
		let mut ready = Vec::new();
		poll.wait(None, &mut ready).unwrap();
		assert_eq!(ready.len(), 1);
		assert!(ready[0].token == 7 && ready[0].read && !ready[0].write);
	}
}
