// SPDX-License-Identifier: Apache-2.0

//! Subscribers of a worker: a feed wakes each worker once per notification, and the worker hands
//! it to its clients.

use super::{
	feed::{Published, Status},
	hub::{Attachment, Hub},
	topic::{Key, Network},
};
use crate::{
	rpc::Failure,
	websocket::{Ending, Outgoing, clock::timeout},
};
use bytes::Bytes;
use std::{
	cell::{Cell, RefCell},
	collections::HashMap,
	rc::{Rc, Weak},
	sync::Arc,
	time::Duration,
};
use tokio::{
	sync::{broadcast, watch},
	task::JoinHandle,
};

/// Time in which a feed has to begin.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(15);

/// Reason why a subscription did not begin.
#[derive(Clone, Debug, PartialEq)]
pub enum SubscribeError {
	/// The upstreams refuse, with this error object.
	Refused(Bytes),
	/// Any other reason.
	Failure(Failure),
}

/// Feeds of one worker.
pub struct Fanout {
	hub: Hub,
	feeds: RefCell<HashMap<Key, Rc<Local>>>,
}

struct Subscriber {
	outgoing: Rc<Outgoing>,
	/// The client's id as raw JSON.
	id: Rc<str>,
	/// Last notification that the client does not receive, since it joined after it.
	after: u64,
}

/// Subscribers of one feed.
struct Local {
	attachment: Attachment,
	subscribers: RefCell<HashMap<u64, Subscriber>>,
	next: Cell<u64>,
	ended: Cell<bool>,
	task: RefCell<Option<JoinHandle<()>>>,
}

impl Drop for Local {
	fn drop(&mut self) {
		if let Some(task) = self.task.borrow_mut().take() {
			task.abort();
		}
	}
}

/// Subscription of a client. Dropping it ends it.
pub struct Subscribed {
	local: Rc<Local>,
	fanout: Weak<Fanout>,
	number: u64,
}

impl Drop for Subscribed {
	fn drop(&mut self) {
		self.local.subscribers.borrow_mut().remove(&self.number);
		if let Some(fanout) = self.fanout.upgrade() {
			fanout.forget(&self.local);
		}
	}
}

impl Fanout {
	/// Fan-out of one worker.
	pub fn new(hub: Hub) -> Rc<Self> {
		Rc::new(Self { hub, feeds: RefCell::default() })
	}

	/// Subscribes a client: `answer` is queued first, then the notifications under `id`.
	///
	/// Errors: [`SubscribeError`].
	pub async fn subscribe(
		self: &Rc<Self>,
		key: &Key,
		network: &Arc<Network>,
		outgoing: Rc<Outgoing>,
		id: Rc<str>,
		answer: Bytes,
	) -> Result<Subscribed, SubscribeError> {
		let local = self.local(key, network)?;
		let feed = &local.attachment.feed;
		let mut status = feed.status();
		let begun = timeout(BEGIN_TIMEOUT, status.wait_for(|status| *status != Status::Starting));
		let failure = |failure| Err(SubscribeError::Failure(failure));
		let unavailable = Failure::NoOperator { retry_after: Duration::from_secs(5) };
		let status = match begun.await {
			Ok(Ok(status)) => status.clone(),
			Ok(Err(_)) => return failure(unavailable),
			Err(_) => return failure(Failure::Timeout),
		};
		match status {
			Status::Refused(error) => return Err(SubscribeError::Refused(error)),
			Status::Unavailable | Status::Interrupted => return failure(unavailable),
			Status::Starting | Status::Live if local.ended.get() => return failure(unavailable),
			Status::Starting | Status::Live => {},
		}
		outgoing.text(answer);
		let (after, greeting) = feed.joined();
		if let Some(greeting) = greeting {
			outgoing.notification(greeting, id.clone());
		}
		let number = local.next.get();
		local.next.set(number.wrapping_add(1));
		local.subscribers.borrow_mut().insert(number, Subscriber { outgoing, id, after });
		Ok(Subscribed { local, fanout: Rc::downgrade(self), number })
	}

	fn local(&self, key: &Key, network: &Arc<Network>) -> Result<Rc<Local>, SubscribeError> {
		let mut feeds = self.feeds.borrow_mut();
		if let Some(local) = feeds.get(key).filter(|local| !local.ended.get()) {
			return Ok(local.clone());
		}
		let attachment = self
			.hub
			.attach(key, network)
			.map_err(|_| SubscribeError::Failure(Failure::TooLarge("too many subscriptions")))?;
		let feed = attachment.feed.clone();
		let local = Rc::new(Local {
			attachment,
			subscribers: RefCell::default(),
			next: Cell::new(0),
			ended: Cell::new(false),
			task: RefCell::default(),
		});
		// Before anybody joins, so that nothing falls between.
		let (published, status) = (feed.receive(), feed.status());
		let task = tokio::task::spawn_local(pump(Rc::downgrade(&local), published, status));
		*local.task.borrow_mut() = Some(task);
		feeds.insert(key.clone(), local.clone());
		Ok(local)
	}

	/// Drops a feed without subscribers.
	fn forget(&self, local: &Rc<Local>) {
		if !local.subscribers.borrow().is_empty() {
			return;
		}
		let mut feeds = self.feeds.borrow_mut();
		let key = &local.attachment.feed.key;
		if feeds.get(key).is_some_and(|known| Rc::ptr_eq(known, local)) {
			feeds.remove(key);
		}
	}
}

/// Hands the notifications of a feed to the worker's subscribers.
async fn pump(
	local: Weak<Local>,
	mut published: broadcast::Receiver<Published>,
	mut status: watch::Receiver<Status>,
) {
	let ending = loop {
		tokio::select! {
			biased;
			next = published.recv() => match next {
				Ok(published) => match local.upgrade() {
					Some(local) => local.deliver(&published),
					None => return,
				},
				Err(broadcast::error::RecvError::Lagged(_)) => break Ending::Interrupted,
				Err(broadcast::error::RecvError::Closed) => break Ending::Upstream,
			},
			changed = status.changed() => {
				let status = status.borrow_and_update().clone();
				match status {
					_ if changed.is_err() => break Ending::Upstream,
					Status::Starting | Status::Live => {},
					Status::Interrupted => break Ending::Interrupted,
					Status::Refused(_) | Status::Unavailable => break Ending::Upstream,
				}
			},
		}
	};
	if let Some(local) = local.upgrade() {
		local.ended.set(true);
		for subscriber in local.subscribers.borrow().values() {
			subscriber.outgoing.end(ending);
		}
	}
}

impl Local {
	fn deliver(&self, published: &Published) {
		for subscriber in self.subscribers.borrow().values() {
			if published.number > subscriber.after {
				let notification = published.notification.clone();
				subscriber.outgoing.notification(notification, subscriber.id.clone());
			}
		}
	}
}
