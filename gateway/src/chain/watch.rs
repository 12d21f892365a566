// SPDX-License-Identifier: Apache-2.0

//! Task that follows the finalized blocks and publishes a snapshot of the market in each round.

use super::{Head, Market, NodeReport, Nodes, NodesError, Reader, Subject, market::read_market};
use arc_swap::{ArcSwap, ArcSwapOption};
use serde::{Deserialize, Serialize};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use surety_primitives::{BlockNumber, RoundIndex, WindowIndex};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

/// Least time between two looks at the nodes.
const MIN_PAUSE: Duration = Duration::from_millis(300);
/// Time between two looks while nothing is known of the chain's slots.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// State of the connection to the chain, as the status shows it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainReport {
	/// Genesis of the chain.
	pub genesis: Option<String>,
	/// Finalized block of the snapshot.
	pub block: Option<BlockNumber>,
	/// Its round.
	pub round: Option<RoundIndex>,
	/// Its window.
	pub window: Option<WindowIndex>,
	/// Rounds that the window has left.
	pub rounds_left: Option<u32>,
	/// Milliseconds since a node last answered.
	pub silent_ms: u64,
	/// Last failure to read the market, until the next success.
	pub error: Option<String>,
	/// Entries of lists that this version cannot read.
	pub unreadable: u32,
	/// Nodes.
	pub nodes: Vec<NodeReport>,
}

/// The market, shared with all threads.
pub struct Chain {
	nodes: Arc<Nodes>,
	market: ArcSwapOption<Market>,
	report: ArcSwap<ChainReport>,
	round: watch::Sender<Option<RoundIndex>>,
	refresh: Notify,
}

impl Chain {
	/// Market that no snapshot was taken of yet.
	pub fn new(nodes: Arc<Nodes>) -> Arc<Self> {
		Arc::new(Self {
			nodes,
			market: ArcSwapOption::empty(),
			report: ArcSwap::default(),
			round: watch::channel(None).0,
			refresh: Notify::new(),
		})
	}

	/// Nodes of the chain.
	pub fn nodes(&self) -> &Arc<Nodes> {
		&self.nodes
	}

	/// Last snapshot. It stays while all nodes are gone.
	pub fn market(&self) -> Option<Arc<Market>> {
		self.market.load_full()
	}

	/// State of the connection.
	pub fn report(&self) -> Arc<ChainReport> {
		self.report.load_full()
	}

	/// Rounds of the snapshots, as they are published.
	pub fn rounds(&self) -> watch::Receiver<Option<RoundIndex>> {
		self.round.subscribe()
	}

	/// Ask for a snapshot at the next finalized block, such as after a purchase or for an agreement
	/// that is not known. Cheap, and without effect on how often the nodes are asked.
	pub fn refresh(&self) {
		self.refresh.notify_one();
	}

	/// Publish a snapshot.
	pub(crate) fn publish(&self, market: Market) {
		let round = market.clock.round;
		self.market.store(Some(Arc::new(market)));
		self.round.send_replace(Some(round));
	}

	/// Follow the finalized blocks for ever.
	pub async fn follow(&self, subject: Subject) {
		let mut follower = Follower { chain: self, subject, read: None, answered: Instant::now() };
		loop {
			let pause = follower.step(Instant::now()).await;
			tokio::time::sleep(pause).await;
		}
	}
}

struct Follower<'a> {
	chain: &'a Chain,
	subject: Subject,
	/// Block and round of the last snapshot.
	read: Option<(Head, RoundIndex)>,
	answered: Instant,
}

impl Follower<'_> {
	/// Look at the nodes once. Gives the time until the next look.
	async fn step(&mut self, now: Instant) -> Duration {
		let outcome = self.advance(now).await;
		let market = self.chain.market();
		let nodes = self.chain.nodes.report();
		if nodes.iter().any(|node| node.error.is_none()) {
			self.answered = now;
		}
		let error = outcome.as_ref().err().map(ToString::to_string);
		let before = self.chain.report();
		match (&before.error, &error) {
			(None, Some(error)) => warn!(error, "the market cannot be read: the last one is kept"),
			(Some(_), None) => info!("the market can be read again"),
			_ => (),
		}
		let clock = market.as_ref().map(|market| &market.clock);
		let silent = now.saturating_duration_since(self.answered).as_millis();
		self.chain.report.store(Arc::new(ChainReport {
			genesis: self.chain.nodes.genesis().map(|genesis| format!("{genesis:?}")),
			block: market.as_ref().map(|market| market.head.number),
			round: clock.map(|clock| clock.round),
			window: clock.map(|clock| clock.window),
			rounds_left: market
				.as_ref()
				.map(|market| market.next_window().saturating_sub(market.clock.round)),
			silent_ms: u64::try_from(silent).unwrap_or(u64::MAX),
			error,
			unreadable: market.as_ref().map_or(0, |market| market.unreadable),
			nodes,
		}));
		clock.map_or(FIRST_PAUSE, |clock| {
			let slot = Duration::from_millis(clock.slot_ms.min(60_000));
			slot.checked_div(2).unwrap_or(MIN_PAUSE).max(MIN_PAUSE)
		})
	}

	async fn advance(&mut self, now: Instant) -> Result<(), NodesError> {
		let head = self.chain.nodes.poll(now).await?;
		let is_same = self.read.is_some_and(|(read, _)| read == head);
		let Some(genesis) = self.chain.nodes.genesis().filter(|_| !is_same) else { return Ok(()) };
		let reader = Reader::at(&self.chain.nodes, head);
		let clock = reader.round().await?;
		self.chain.nodes.set_slot(Duration::from_millis(clock.slot_ms));
		let round = clock.round;
		let is_new_round = self.read.is_none_or(|(_, read)| read != round);
		let is_wanted = futures::FutureExt::now_or_never(self.chain.refresh.notified()).is_some();
		if !is_new_round && !is_wanted {
			return Ok(());
		}
		let previous = self.chain.market();
		// A market of another chain, after a denial, must leave nothing behind.
		let previous = previous.filter(|market| market.head.number <= head.number);
		let read = read_market(reader, genesis, &self.subject, clock, previous.as_deref()).await;
		if read.is_err() && is_wanted {
			self.chain.refresh();
		}
		self.chain.publish(read?);
		self.read = Some((head, round));
		Ok(())
	}
}
