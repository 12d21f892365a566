// SPDX-License-Identifier: Apache-2.0

//! Tasks of the control thread: the cadence of statements in both roles, the exchange as the edge
//! answers it, and the exchange as the gateway starts it.

use super::{Clock, Ledger, wire};
use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use http::StatusCode;
use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};
use surety_primitives::AgreementId;
use tokio::{
	sync::{mpsc, oneshot},
	time::{MissedTickBehavior, interval, timeout},
};
use tracing::{error, info, warn};

/// Time from one look at clock and counters to the next. It bounds how late this process turns a
/// window.
const POLL: Duration = Duration::from_millis(250);

/// Time that the other side has for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Exchanges under way at once.
const MAX_EXCHANGES: usize = 16;

/// Messages that wait for the control thread; above it, senders get a 503.
const MAX_WAITING: usize = 64;

/// Reason why a message was not delivered or had no answer, for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CourierError(pub String);

/// Way to the other side of an agreement; the role gateway implements it with its upstream pools.
pub trait Courier {
	/// Post a message to [`wire::PATH`] of the agreement's edge, with [`wire::CONTENT_TYPE`].
	/// Returns the body of an answer with status 200, of at most [`wire::MAX_MESSAGE`] bytes.
	fn deliver(
		&self,
		agreement: AgreementId,
		message: Vec<u8>,
	) -> impl Future<Output = Result<Bytes, CourierError>>;
}

/// Answer of the edge to a posted message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
	/// 200, 400, 413 or 503.
	pub status: StatusCode,
	/// Message of [`wire::CONTENT_TYPE`] with status 200, otherwise the reason as text.
	pub body: Bytes,
}

impl Reply {
	fn refused(status: StatusCode, reason: impl ToString) -> Self {
		Self { status, body: reason.to_string().into() }
	}
}

struct Posted {
	message: Bytes,
	reply: oneshot::Sender<Reply>,
}

/// Door for the workers of the edge to the control thread: a worker never waits for a signature or
/// a lock of the ledger.
#[derive(Clone)]
pub struct ExchangeHandle(mpsc::Sender<Posted>);

impl ExchangeHandle {
	/// Reply to a posted message. Read at most [`wire::MAX_MESSAGE`] bytes of the body before.
	pub async fn exchange(&self, message: Bytes) -> Reply {
		if message.len() > wire::MAX_MESSAGE {
			return Reply::refused(StatusCode::PAYLOAD_TOO_LARGE, wire::WireError::TooLong);
		}
		let busy = || Reply::refused(StatusCode::SERVICE_UNAVAILABLE, "busy, come back later");
		let (reply, answer) = oneshot::channel();
		if self.0.try_send(Posted { message, reply }).is_err() {
			return busy();
		}
		answer.await.unwrap_or_else(|_| busy())
	}
}

/// Receiving end of an [`ExchangeHandle`].
pub struct Exchanges(mpsc::Receiver<Posted>);

/// Handle for the workers, and its receiving end for [`answer_exchanges`].
pub fn exchanges() -> (ExchangeHandle, Exchanges) {
	let (sender, receiver) = mpsc::channel(MAX_WAITING);
	(ExchangeHandle(sender), Exchanges(receiver))
}

/// Answer what the workers of the edge hand over, until all handles are dropped.
pub async fn answer_exchanges(ledger: Arc<Ledger>, clock: impl Clock, mut exchanges: Exchanges) {
	while let Some(Posted { message, reply }) = exchanges.0.recv().await {
		let answer = match clock.now() {
			None => Reply::refused(StatusCode::SERVICE_UNAVAILABLE, "the chain is not read yet"),
			Some(now) => match ledger.receive(&message, &now) {
				Ok(body) => Reply { status: StatusCode::OK, body: body.into() },
				Err(error) => Reply::refused(StatusCode::BAD_REQUEST, error),
			},
		};
		// The worker is gone if its client is.
		let _ = reply.send(answer);
		tokio::task::yield_now().await;
	}
}

/// Sign, write and release what is due, for ever. Both roles.
pub async fn keep(ledger: Arc<Ledger>, clock: impl Clock) {
	let mut poll = interval(POLL);
	poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
	loop {
		poll.tick().await;
		let Some(now) = clock.now() else { continue };
		let blocking = ledger.clone();
		if tokio::task::spawn_blocking(move || blocking.tick(&now)).await.is_err() {
			error!("usage: the task that signs has stopped; it is started again");
		}
		log_events(&ledger);
	}
}

/// Exchange statements with the edges, for ever. The role gateway. An edge that does not answer
/// delays no other.
pub async fn exchange(ledger: Arc<Ledger>, clock: impl Clock, courier: impl Courier) {
	let mut poll = interval(POLL);
	poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
	let mut waiting = VecDeque::new();
	let mut running = FuturesUnordered::new();
	loop {
		tokio::select! {
			_ = poll.tick() => {
				if let Some(now) = clock.now() {
					waiting.extend(ledger.offers(&now));
				}
			},
			Some(()) = running.next(), if !running.is_empty() => {},
		}
		while running.len() < MAX_EXCHANGES
			&& let Some((agreement, message)) = waiting.pop_front()
		{
			running.push(exchange_one(&ledger, &clock, &courier, agreement, message));
		}
	}
}

async fn exchange_one(
	ledger: &Ledger,
	clock: &impl Clock,
	courier: &impl Courier,
	agreement: AgreementId,
	message: Vec<u8>,
) {
	let answer = match timeout(ANSWER_TIME, courier.deliver(agreement, message)).await {
		Ok(Ok(answer)) => Some(answer),
		Ok(Err(CourierError(reason))) => {
			info!(agreement, reason, "usage: no answer of the edge");
			None
		},
		Err(_) => {
			info!(agreement, "usage: no answer of the edge in time");
			None
		},
	};
	let Some(now) = clock.now() else { return };
	if let Err(error) = ledger.conclude(agreement, answer.as_deref(), &now) {
		warn!(agreement, %error, "usage: the edge's answer cannot be read");
	}
}

fn log_events(ledger: &Ledger) {
	use super::Event::*;
	for event in ledger.take_events() {
		match event {
			Uncountersigned(agreement, window) => {
				warn!(agreement, window, "usage: the other side answers but does not countersign")
			},
			Silent(agreement, window) => {
				warn!(agreement, window, "usage: the other side does not answer")
			},
			Equivocated(agreement, window) => warn!(
				agreement,
				window, "usage: the other side signed two contents for one number; proof kept"
			),
			Recovered(agreement, window) => {
				info!(agreement, window, "usage: counts recovered from the other side's copy")
			},
			LaneTaken(agreement, window) => error!(
				agreement,
				window,
				lane = ledger.settings().lane,
				"usage: another process signs in this lane; give each process a lane of its own"
			),
			Revoked(agreement, reporter) => {
				warn!(agreement, %reporter, "usage: statements of a revoked reporter are dropped")
			},
			NotAReporter(agreement, window) => warn!(
				agreement,
				window, "usage: the own key may not report; add it as a proxy of type Report"
			),
			StoreSetAside(reason) => error!(reason, "usage: the store is set aside"),
			StoreFailed(reason) => error!(reason, "usage: statements wait for the disk"),
		}
	}
}
