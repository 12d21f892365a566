// SPDX-License-Identifier: Apache-2.0

//! Shared subscription: published by one thread, received by the workers.

use super::topic::{Key, Network};
use crate::websocket::Notification;
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::{
	Arc,
	atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{Notify, broadcast, watch};

/// Notifications that a worker may be behind. One that is further behind has lost some.
const MAX_BEHIND: usize = 4_096;

/// State of a feed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
	/// No upstream has accepted the subscription yet.
	Starting,
	/// Notifications come.
	Live,
	/// Upstreams refuse the subscription, with this error object.
	Refused(Bytes),
	/// No upstream is there that could serve it.
	Unavailable,
	/// The stream cannot be continued without a gap.
	Interrupted,
}

/// Notification with its number in the feed.
#[derive(Clone, Debug)]
pub struct Published {
	/// Number, from 1.
	pub number: u64,
	/// The notification.
	pub notification: Arc<Notification>,
}

struct State {
	number: u64,
	sender: broadcast::Sender<Published>,
	greeting: Option<Arc<Notification>>,
}

/// Shared subscription.
pub struct Feed {
	/// The key.
	pub key: Key,
	/// The network.
	pub network: Arc<Network>,
	state: Mutex<State>,
	status: watch::Sender<Status>,
	users: AtomicUsize,
	left: Notify,
}

impl Feed {
	/// Feed without an upstream.
	pub(super) fn new(key: Key, network: Arc<Network>) -> Arc<Self> {
		let (sender, _) = broadcast::channel(MAX_BEHIND);
		Arc::new(Self {
			key,
			network,
			state: Mutex::new(State { number: 0, sender, greeting: None }),
			status: watch::Sender::new(Status::Starting),
			users: AtomicUsize::new(0),
			left: Notify::new(),
		})
	}

	/// Sends a notification to all workers.
	pub fn publish(&self, notification: Notification) {
		let mut state = self.state.lock();
		state.number = state.number.saturating_add(1);
		let published = Published { number: state.number, notification: Arc::new(notification) };
		// Without receivers nobody misses it.
		let _ = state.sender.send(published);
	}

	/// Sets the notification that a client receives first when it joins.
	pub fn greet(&self, notification: Notification) {
		self.state.lock().greeting = Some(Arc::new(notification));
	}

	/// Number of the last notification, and the first one for a client that joins now.
	pub fn joined(&self) -> (u64, Option<Arc<Notification>>) {
		let state = self.state.lock();
		(state.number, state.greeting.clone())
	}

	/// Notifications from now on.
	pub fn receive(&self) -> broadcast::Receiver<Published> {
		self.state.lock().sender.subscribe()
	}

	/// Changes of the state.
	pub fn status(&self) -> watch::Receiver<Status> {
		self.status.subscribe()
	}

	/// Sets the state.
	pub fn set(&self, status: Status) {
		self.status.send_replace(status);
	}

	/// Counts a worker in.
	pub(super) fn enter(&self) {
		self.users.fetch_add(1, Ordering::Relaxed);
	}

	/// Counts a worker out.
	pub(super) fn leave(&self) {
		self.users.fetch_sub(1, Ordering::Relaxed);
		self.left.notify_one();
	}

	/// True if no worker needs the feed.
	pub fn is_unused(&self) -> bool {
		self.users.load(Ordering::Relaxed) == 0
	}

	/// Waits until a worker was counted out.
	pub async fn left(&self) {
		self.left.notified().await;
	}
}
