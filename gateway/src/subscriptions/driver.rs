// SPDX-License-Identifier: Apache-2.0

//! Driver of a feed: runs its state machine on one upstream after another.

mod fetch;
mod machine;

use super::{
	feed::{Feed, Status},
	hub::HubSettings,
	inbox::Inbox,
	line::{BeginError, Line, heads},
	lines::{Lines, NoLine},
	resume::Fault,
	source::{LineFault, Sources},
	topic::Topic,
};
use crate::websocket::clock::{Instant, sleep};
use bytes::Bytes;
use fetch::{FetchError, Fetched, fetch};
use futures::future::{LocalBoxFuture, OptionFuture};
use machine::Machine;
use std::{collections::HashSet, rc::Rc, sync::Arc, time::Duration};

/// Tag of the feed's own events in the inbox.
const EVENT: u8 = 0;
/// Tag of heads.
const HEAD: u8 = 1;
/// Attempts in a row that end in a contradiction, after which it is not the upstreams' fault.
const MAX_STRIKES: u32 = 3;
/// Time in which a first upstream has to be found, while the client waits.
const FIRST_PATIENCE: Duration = Duration::from_secs(8);
/// Attempts to find the last known block on a new upstream before its storage is believed.
const CATCH_UP_ATTEMPTS: u32 = 10;

/// Reason why a feed leaves an upstream.
enum End {
	/// The line is over, or no use.
	Line(LineFault),
	/// The upstream refuses the subscription.
	Refused(Bytes),
	/// The upstream contradicts what clients have seen.
	Fault(Fault),
	/// This one feed cannot go on with the upstream, and a client's parameters may be the reason:
	/// other feeds keep the line.
	Feed,
}

/// Runs a feed until nobody uses it, or it cannot go on.
///
/// - `forget`: removes the feed from the hub, with `true` only if it is unused; says if it did.
pub async fn run<S: Sources>(
	feed: Arc<Feed>,
	lines: Rc<Lines<S>>,
	settings: HubSettings,
	forget: impl Fn(&Arc<Feed>, bool) -> bool,
) {
	let _use = lines.enter(&feed.network);
	let unused = async {
		loop {
			feed.left().await;
			sleep(settings.linger).await;
			if feed.is_unused() && forget(&feed, true) {
				return;
			}
		}
	};
	tokio::select! {
		() = unused => {},
		status = serve(&feed, &lines, &settings) => {
			forget(&feed, false);
			tracing::debug!(network = %feed.network.name, topic = ?feed.key.topic, ?status, "feed ended");
			feed.set(status);
		},
	}
}

async fn serve<S: Sources>(feed: &Arc<Feed>, lines: &Lines<S>, settings: &HubSettings) -> Status {
	let mut machine = Machine::new(feed.clone(), settings);
	let mut refused: Option<Bytes> = None;
	let mut avoid = HashSet::new();
	let mut strikes = 0u32;
	let mut live_at = Instant::now();
	let mut live = false;
	loop {
		let line = match lines.acquire(&feed.network, &avoid).await {
			Ok(line) => line,
			Err(reason) => {
				if let (NoLine::NoCandidate, false, Some(error)) = (reason, live, refused.take()) {
					return Status::Refused(error);
				}
				avoid.clear();
				let patience = if live { settings.patience } else { FIRST_PATIENCE };
				let hopeless = !live && reason != NoLine::Unreachable;
				if hopeless || live_at.elapsed() > patience {
					return Status::Unavailable;
				}
				lines.pause().await;
				continue;
			},
		};
		let published = machine.published();
		let mut begun = false;
		let end = follow(feed, &line, &mut machine, &mut begun).await;
		if machine.published() > published {
			strikes = 0;
		}
		if begun {
			live = true;
			live_at = Instant::now();
		}
		match end {
			End::Line(fault) => line.close(fault),
			End::Refused(error) => {
				if !live && is_final(&error) {
					return Status::Refused(error);
				}
				refused = Some(error);
				avoid.insert(line.candidate.service.clone());
			},
			End::Fault(fault) => {
				tracing::warn!(service = %line.candidate.service, ?fault, "upstream contradicts");
				line.close(LineFault::Contradiction);
				strikes = strikes.saturating_add(1);
			},
			End::Feed => {
				strikes = strikes.saturating_add(1);
				lines.pause().await;
			},
		}
		if strikes >= MAX_STRIKES {
			return Status::Interrupted;
		}
		// The line's task has to see the command before the next choice.
		tokio::task::yield_now().await;
	}
}

/// True for errors that every upstream would answer with: the parameters are wrong.
fn is_final(error: &[u8]) -> bool {
	matches!(crate::rpc::json::member(error, b"code"), Some(b"-32602" | b"-32600"))
}

/// Follows one upstream.
async fn follow(feed: &Arc<Feed>, line: &Rc<Line>, machine: &mut Machine, begun: &mut bool) -> End {
	match try_follow(feed, line, machine, begun).await {
		Ok(never) => match never {},
		Err(end) => end,
	}
}

enum Never {}

async fn try_follow(
	feed: &Arc<Feed>,
	line: &Rc<Line>,
	machine: &mut Machine,
	begun: &mut bool,
) -> Result<Never, End> {
	let inbox = Inbox::new();
	let heads_only =
		matches!(feed.key.topic, Topic::NewHeads | Topic::AllHeads | Topic::FinalizedHeads);
	let fault = |fault| match fault {
		// A client may have subscribed to more than is served.
		Fault::Flood if !heads_only => End::Feed,
		_ => End::Fault(fault),
	};
	let begin = |error| match error {
		BeginError::Refused(error) => End::Refused(error),
		BeginError::Line(fault) => End::Line(fault),
	};
	if let Some(block) = machine.known_block() {
		catch_up(line, block).await?;
	}
	machine.rebind();
	let key = &feed.key;
	// Heads are on the line already, and a machine asks for the present one itself.
	let share = key.topic == Topic::NewHeads;
	let _events = line
		.begin(key.family, key.params.clone(), EVENT, inbox.clone(), share)
		.await
		.map_err(begin)?;
	let _heads = if key.topic == Topic::Logs {
		let (family, params) = heads(key.family.protocol());
		Some(line.begin(family, params, HEAD, inbox.clone(), true).await.map_err(begin)?)
	} else {
		None
	};
	*begun = true;
	feed.set(Status::Live);
	let mut fetching: Option<LocalBoxFuture<'static, Result<Fetched, FetchError>>> = None;
	loop {
		if fetching.is_none() {
			let (protocol, params) = (key.family.protocol(), key.params.clone());
			fetching = machine.need().map(|need| fetch(line.clone(), need, protocol, params));
		}
		let fetched = OptionFuture::from(fetching.as_mut());
		tokio::select! {
			// Events that came before an answer are older than it.
			biased;
			event = inbox.next() => {
				let (tag, body) = event.map_err(|fault| match (line.fault(), fault) {
					// The inbox is full, and the line is not over.
					(None, LineFault::Flood) => End::Feed,
					_ => End::Line(fault),
				})?;
				machine.event(tag == HEAD, body).map_err(fault)?;
			},
			Some(fetched) = fetched => {
				fetching = None;
				let fetched = fetched.map_err(|error| match error {
					FetchError::Line(fault) => End::Line(fault),
					FetchError::Logs => End::Feed,
				})?;
				machine.fetched(fetched).map_err(fault)?;
			},
		}
	}
}

/// Waits until an upstream has a block that clients have seen, so that its state is not older.
async fn catch_up(line: &Line, block: String) -> Result<(), End> {
	let params = Bytes::from(format!(r#"["{block}"]"#));
	for _ in 0..CATCH_UP_ATTEMPTS {
		match line.call("chain_getHeader", params.clone()).await.map_err(End::Line)? {
			Ok(header) if header != "null" => return Ok(()),
			_ => sleep(Duration::from_millis(500)).await,
		}
	}
	// The block may have been displaced: no upstream has it any more.
	Ok(())
}
