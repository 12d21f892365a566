// SPDX-License-Identifier: Apache-2.0

//! Events of an upstream on their way to one receiver, bounded.

use super::source::LineFault;
use bytes::Bytes;
use std::{
	cell::{Cell, RefCell},
	collections::VecDeque,
	future::poll_fn,
	rc::Rc,
	task::{Poll, Waker},
};

/// Events that wait.
const MAX_EVENTS: usize = 16_384;
/// Bytes that wait.
const MAX_BYTES: usize = 32 << 20;

/// Queue of events in the order of their arrival, from one or more subscriptions. The tag says
/// from which.
pub struct Inbox {
	events: RefCell<VecDeque<(u8, Bytes)>>,
	bytes: Cell<usize>,
	fault: Cell<Option<LineFault>>,
	waker: RefCell<Option<Waker>>,
}

impl Inbox {
	/// Empty queue.
	pub fn new() -> Rc<Self> {
		Rc::new(Self {
			events: RefCell::default(),
			bytes: Cell::new(0),
			fault: Cell::new(None),
			waker: RefCell::default(),
		})
	}

	/// Appends an event. A queue that is full is closed instead: nothing may be missing.
	pub fn push(&self, tag: u8, event: Bytes) {
		if self.fault.get().is_some() {
			return;
		}
		let bytes = self.bytes.get().saturating_add(event.len());
		if bytes > MAX_BYTES || self.events.borrow().len() >= MAX_EVENTS {
			return self.close(LineFault::Flood);
		}
		self.bytes.set(bytes);
		self.events.borrow_mut().push_back((tag, event));
		self.wake();
	}

	/// Closes the queue; what waits can still be received. The first reason counts.
	pub fn close(&self, fault: LineFault) {
		if self.fault.get().is_none() {
			self.fault.set(Some(fault));
		}
		self.wake();
	}

	/// Next event.
	///
	/// Errors: the queue is closed and empty.
	pub async fn next(&self) -> Result<(u8, Bytes), LineFault> {
		poll_fn(|context| {
			if let Some((tag, event)) = self.events.borrow_mut().pop_front() {
				self.bytes.set(self.bytes.get().saturating_sub(event.len()));
				return Poll::Ready(Ok((tag, event)));
			}
			if let Some(fault) = self.fault.get() {
				return Poll::Ready(Err(fault));
			}
			*self.waker.borrow_mut() = Some(context.waker().clone());
			Poll::Pending
		})
		.await
	}

	fn wake(&self) {
		if let Some(waker) = self.waker.borrow_mut().take() {
			waker.wake();
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_flood_closes_the_inbox_after_what_fits() {
		let inbox = Inbox::new();
		for _ in 0..MAX_EVENTS + 10 {
			inbox.push(1, Bytes::from_static(b"x"));
		}
		for _ in 0..MAX_EVENTS {
			assert!(inbox.next().await.is_ok());
		}
		assert_eq!(inbox.next().await, Err(LineFault::Flood));
	}
}
