// SPDX-License-Identifier: Apache-2.0

//! Queue of what a client is to receive, bounded in bytes.

use super::Notification;
use bytes::Bytes;
use std::{
	cell::{Cell, RefCell},
	collections::VecDeque,
	future::poll_fn,
	rc::Rc,
	sync::Arc,
	task::{Poll, Waker},
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Reason why a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
	/// The client closed.
	Client,
	/// The connection broke.
	Lost,
	/// The client reads too slowly.
	Slow,
	/// The client shows no sign of life.
	Silent,
	/// No calls and no subscriptions for a long time.
	Idle,
	/// The client's message or frame is too large.
	TooLarge,
	/// The client's bytes are no WebSocket frames.
	Protocol,
	/// Text that is no UTF-8.
	NotText,
	/// Too many control frames.
	Flood,
	/// This side shuts down; another attempt finds another process.
	Shutdown,
	/// A subscription cannot be continued without a gap; the client is to begin again.
	Interrupted,
	/// The server behind this connection is gone.
	Upstream,
	/// The agreement that covers the connection ended.
	Agreement,
	/// The API key of the client was removed or changed, or has expired.
	Key,
}

impl Ending {
	/// Code and reason of the close frame.
	pub fn close(&self) -> (CloseCode, &'static str) {
		match self {
			Self::Client | Self::Lost => (CloseCode::Normal, ""),
			Self::Idle => (CloseCode::Normal, "idle"),
			Self::Slow => (CloseCode::Policy, "too slow to read"),
			Self::Silent => (CloseCode::Away, "no answer to pings"),
			Self::TooLarge => (CloseCode::Size, "message too large"),
			Self::Protocol => (CloseCode::Protocol, ""),
			Self::NotText => (CloseCode::Invalid, ""),
			Self::Flood => (CloseCode::Policy, "too many control frames"),
			Self::Shutdown => (CloseCode::Restart, "shutting down"),
			Self::Interrupted => (CloseCode::Again, "subscription interrupted"),
			Self::Upstream => (CloseCode::Again, "server unavailable"),
			Self::Agreement => (CloseCode::Policy, "the agreement ended"),
			Self::Key => (CloseCode::Policy, "the API key is no longer valid"),
		}
	}
}

/// Thing to send.
#[derive(Clone, Debug)]
pub enum Item {
	/// Complete message.
	Text(Bytes),
	/// Notification under the client's id.
	Notification(Arc<Notification>, Rc<str>),
	/// Ping frame.
	Ping,
}

impl Item {
	fn size(&self) -> usize {
		match self {
			Self::Text(text) => text.len(),
			Self::Notification(notification, id) => notification.size(id),
			Self::Ping => 0,
		}
		.saturating_add(OVERHEAD)
	}
}

/// Bytes that an entry counts for beside its text, so that many small ones are bounded too.
const OVERHEAD: usize = 64;

/// Queue of one connection. Whoever has something for the client pushes; the session sends.
pub struct Outgoing {
	items: RefCell<VecDeque<Item>>,
	bytes: Cell<usize>,
	max_bytes: usize,
	ending: Cell<Option<Ending>>,
	writer: RefCell<Option<Waker>>,
	readers: RefCell<Vec<Waker>>,
	/// Entries taken so far.
	taken: Cell<u64>,
}

impl Outgoing {
	/// Queue of at most `max_bytes`.
	pub fn new(max_bytes: usize) -> Rc<Self> {
		Rc::new(Self {
			items: RefCell::default(),
			bytes: Cell::new(0),
			max_bytes,
			ending: Cell::new(None),
			writer: RefCell::default(),
			readers: RefCell::default(),
			taken: Cell::new(0),
		})
	}

	/// Queues an answer as soon as the client has taken what waits: a client that reads is not
	/// closed because of large answers. An empty one is nothing to send.
	pub async fn answer(&self, text: Bytes) {
		self.relieved().await;
		self.text(text);
	}

	/// Waits for the end of a congestion, or of the connection.
	pub async fn relieved(&self) {
		while self.is_congested() && !self.ended() {
			self.changed(true).await;
		}
	}

	/// Queues a complete message. An empty one is nothing to send.
	pub fn text(&self, text: Bytes) {
		if !text.is_empty() {
			self.push(Item::Text(text));
		}
	}

	/// Queues a notification.
	pub fn notification(&self, notification: Arc<Notification>, id: Rc<str>) {
		self.push(Item::Notification(notification, id));
	}

	/// Queues a ping.
	pub fn ping(&self) {
		self.push(Item::Ping);
	}

	/// Closes the connection. The first reason counts.
	pub fn end(&self, ending: Ending) {
		if self.ending.get().is_none() {
			self.ending.set(Some(ending));
			self.wake_readers();
		}
	}

	/// True if the connection is to be closed.
	pub fn ended(&self) -> bool {
		self.ending.get().is_some()
	}

	/// True if so much waits that the client should not be asked for more work.
	pub fn is_congested(&self) -> bool {
		self.bytes.get() > self.max_bytes / 2
	}

	/// Entries that wait, and those taken so far.
	pub(super) fn progress(&self) -> (usize, u64) {
		(self.items.borrow().len(), self.taken.get())
	}

	fn push(&self, item: Item) {
		if self.ended() {
			return;
		}
		let bytes = self.bytes.get().saturating_add(item.size());
		// A message that is larger than the queue passes, if not much else waits.
		if bytes > self.max_bytes && self.is_congested() {
			return self.end(Ending::Slow);
		}
		self.bytes.set(bytes);
		self.items.borrow_mut().push_back(item);
		if let Some(waker) = self.writer.borrow_mut().take() {
			waker.wake();
		}
	}

	/// Next entry, if any.
	pub(super) fn take(&self) -> Option<Item> {
		let item = self.items.borrow_mut().pop_front()?;
		let congested = self.is_congested();
		self.bytes.set(self.bytes.get().saturating_sub(item.size()));
		self.taken.set(self.taken.get().wrapping_add(1));
		if congested && !self.is_congested() {
			self.wake_readers();
		}
		Some(item)
	}

	/// Next entry.
	pub(super) async fn next(&self) -> Item {
		poll_fn(|context| {
			if let Some(item) = self.take() {
				return Poll::Ready(item);
			}
			*self.writer.borrow_mut() = Some(context.waker().clone());
			Poll::Pending
		})
		.await
	}

	/// Waits for the reason to close, or for the end of a congestion.
	pub(super) async fn changed(&self, congested: bool) -> Option<Ending> {
		poll_fn(|context| {
			if let Some(ending) = self.ending.get() {
				return Poll::Ready(Some(ending));
			}
			if congested && !self.is_congested() {
				return Poll::Ready(None);
			}
			self.register(context.waker());
			Poll::Pending
		})
		.await
	}

	fn register(&self, waker: &Waker) {
		let mut readers = self.readers.borrow_mut();
		if !readers.iter().any(|known| known.will_wake(waker)) {
			readers.push(waker.clone());
		}
	}

	fn wake_readers(&self) {
		let readers = std::mem::take(&mut *self.readers.borrow_mut());
		readers.into_iter().for_each(Waker::wake);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_slow_reader_is_ended_when_the_queue_is_full() {
		let queue = Outgoing::new(1_000);
		for _ in 0..3 {
			queue.text(vec![b'x'; 250].into());
		}
		assert!(queue.is_congested() && !queue.ended());
		queue.text(vec![b'x'; 250].into());
		assert!(queue.ended());
		queue.text("more".into());
		assert_eq!(queue.progress().0, 3);
	}

	#[test]
	fn one_large_answer_fits_an_empty_queue() {
		let queue = Outgoing::new(1_000);
		queue.text(vec![b'x'; 5_000].into());
		assert!(!queue.ended());
		queue.ping();
		assert!(queue.ended());
	}

	#[tokio::test]
	async fn answers_wait_for_a_client_that_reads() {
		let queue = Outgoing::new(1_000);
		queue.text(vec![b'x'; 900].into());
		let answers = async {
			for _ in 0..10 {
				queue.answer(vec![b'y'; 900].into()).await;
			}
		};
		let reads = async {
			for _ in 0..11 {
				queue.next().await;
				tokio::task::yield_now().await;
			}
		};
		tokio::join!(answers, reads);
		assert!(!queue.ended());
	}

	#[test]
	fn many_empty_entries_are_bounded() {
		let queue = Outgoing::new(1_000);
		for _ in 0..100 {
			queue.ping();
		}
		assert!(queue.ended() && queue.progress().0 < 20);
	}
}
