// SPDX-License-Identifier: Apache-2.0

//! All shared subscriptions of the process, on a thread of their own.

use super::{
	driver,
	feed::{Feed, Status},
	line::LineSettings,
	lines::Lines,
	source::Sources,
	topic::{Key, Network},
};
use crate::websocket::clock::Ticker;
use parking_lot::Mutex;
use std::{collections::HashMap, io, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::LocalSet};

/// Settings of shared subscriptions.
#[derive(Clone, Debug)]
pub struct HubSettings {
	/// Lines to upstreams.
	pub line: LineSettings,
	/// Time that a feed without subscribers is kept.
	pub linger: Duration,
	/// Time without any upstream after which clients are disconnected.
	pub patience: Duration,
	/// Blocks that are remembered: the longest gap and the deepest reorganisation.
	pub horizon: usize,
	/// Bytes of logs or values that a feed remembers.
	pub max_memory: usize,
	/// Shared subscriptions of the process.
	pub max_feeds: usize,
}

impl Default for HubSettings {
	fn default() -> Self {
		Self {
			line: LineSettings::default(),
			linger: Duration::from_secs(10),
			patience: Duration::from_secs(60),
			horizon: 512,
			max_memory: 16 << 20,
			max_feeds: 4_096,
		}
	}
}

struct Shared {
	feeds: Mutex<HashMap<Key, Arc<Feed>>>,
	start: mpsc::UnboundedSender<Arc<Feed>>,
	max_feeds: usize,
}

/// Handle to the shared subscriptions. Their thread ends with the last handle.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

/// Use of a feed by a worker.
pub struct Attachment {
	/// The feed.
	pub feed: Arc<Feed>,
}

impl Drop for Attachment {
	fn drop(&mut self) {
		self.feed.leave();
	}
}

/// Too many shared subscriptions exist.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyFeeds;

impl Hub {
	/// Starts the thread of the shared subscriptions.
	///
	/// Errors: the system has no thread left.
	pub fn start<S: Sources>(sources: Arc<S>, settings: HubSettings) -> io::Result<Self> {
		let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
		let (hub, run) = Self::new(sources, settings);
		std::thread::Builder::new()
			.name("subscriptions".into())
			.spawn(move || LocalSet::new().block_on(&runtime, run()))?;
		Ok(hub)
	}

	/// Serves the shared subscriptions in local tasks of the current runtime.
	#[cfg(test)]
	pub fn start_local<S: Sources>(sources: Arc<S>, settings: HubSettings) -> Self {
		let (hub, run) = Self::new(sources, settings);
		tokio::task::spawn_local(run());
		hub
	}

	fn new<S: Sources>(
		sources: Arc<S>,
		settings: HubSettings,
	) -> (Self, impl FnOnce() -> Running + Send) {
		let (start, mut started) = mpsc::unbounded_channel::<Arc<Feed>>();
		let shared = Shared { feeds: Mutex::default(), start, max_feeds: settings.max_feeds };
		let hub = Self(Arc::new(shared));
		let weak = Arc::downgrade(&hub.0);
		let run = move || -> Running {
			Box::pin(async move {
				let lines = Lines::new(sources, settings.line.clone());
				let mut maintenance = Ticker::new(Duration::from_secs(5));
				loop {
					let feed = tokio::select! {
						feed = started.recv() => feed,
						() = maintenance.tick() => {
							lines.maintain();
							continue;
						},
					};
					let Some(feed) = feed else { break };
					let (lines, settings, weak) = (lines.clone(), settings.clone(), weak.clone());
					tokio::task::spawn_local(async move {
						let forget = |feed: &Arc<Feed>, unused: bool| {
							weak.upgrade().is_none_or(|shared| Self(shared).forget(feed, unused))
						};
						driver::run(feed, lines, settings, forget).await;
					});
				}
			})
		};
		(hub, run)
	}

	/// Uses a feed, which begins if it does not exist.
	///
	/// Errors: the process has as many as it may.
	pub fn attach(&self, key: &Key, network: &Arc<Network>) -> Result<Attachment, TooManyFeeds> {
		let mut feeds = self.0.feeds.lock();
		if let Some(feed) = feeds.get(key) {
			feed.enter();
			return Ok(Attachment { feed: feed.clone() });
		}
		if feeds.len() >= self.0.max_feeds {
			return Err(TooManyFeeds);
		}
		let feed = Feed::new(key.clone(), network.clone());
		feed.enter();
		feeds.insert(key.clone(), feed.clone());
		if self.0.start.send(feed.clone()).is_err() {
			feed.set(Status::Unavailable);
		}
		Ok(Attachment { feed })
	}

	/// Feeds that exist.
	#[cfg(test)]
	pub fn feeds(&self) -> usize {
		self.0.feeds.lock().len()
	}

	/// Forgets a feed, with `unused` only if nobody uses it. True if it is forgotten.
	fn forget(&self, feed: &Arc<Feed>, unused: bool) -> bool {
		let mut feeds = self.0.feeds.lock();
		if unused && !feed.is_unused() {
			return false;
		}
		if feeds.get(&feed.key).is_some_and(|known| Arc::ptr_eq(known, feed)) {
			feeds.remove(&feed.key);
		}
		true
	}
}

type Running = std::pin::Pin<Box<dyn Future<Output = ()>>>;
