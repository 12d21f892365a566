// SPDX-License-Identifier: Apache-2.0

//! Subscriptions that belong to one client: follows of the chain's head, watched transactions,
//! storage of archives. They run over a line that the client does not share.
//!
//! When that line is lost, a follow gets its `stop` event and the client follows again. A watched
//! transaction is never submitted again; its end is found in the blocks.

mod track;

use super::{
	client::{Active, ActiveKind, Calls, Client, error_answer},
	fanout::SubscribeError,
	inbox::Inbox,
	line::{BeginError, Line, Subscription},
	source::{LineFault, Sources},
};
use crate::{
	rpc::{Call, Failure, compose, json::elements},
	websocket::{
		Notification, Reservation,
		clock::timeout,
		methods::{Family, first},
	},
};
use bytes::Bytes;
use std::{
	cell::RefCell,
	rc::{Rc, Weak},
	sync::Arc,
	time::Duration,
};
use tokio::task::JoinHandle;
use track::Submission;

/// Services that are tried for a line.
const ATTEMPTS: usize = 3;
/// Parameters of a call.
const MAX_PARAMS: usize = 64;

/// Line of one client, opened when it is needed.
pub(super) struct Own<C: Calls, S> {
	line: tokio::sync::Mutex<Option<Rc<Line>>>,
	client: Weak<Client<C, S>>,
}

impl<C: Calls, S> Own<C, S> {
	pub fn new(client: Weak<Client<C, S>>) -> Self {
		Self { line: tokio::sync::Mutex::default(), client }
	}
}

/// Task that forwards the events of a subscription. Dropping it ends the subscription.
pub(super) struct Forward {
	/// Line and the upstream's id, as long as the upstream lives.
	upstream: Rc<RefCell<Option<(Rc<Line>, Bytes)>>>,
	task: JoinHandle<()>,
}

impl Drop for Forward {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl<C: Calls, S: Sources> Client<C, S> {
	async fn own_line(&self) -> Result<Rc<Line>, Failure> {
		let mut line = self.own.line.lock().await;
		if let Some(line) = line.as_ref().filter(|line| line.fault().is_none()) {
			return Ok(line.clone());
		}
		let sources = &self.worker.sources;
		let lost = line.take().map(|line| line.candidate.service.clone());
		let mut candidates = sources.candidates(&self.network.name);
		candidates.retain(|candidate| candidate.max_subscriptions > 0);
		// The one that was just lost comes last.
		candidates.sort_by_key(|candidate| Some(&candidate.service) == lost.as_ref());
		for candidate in candidates.into_iter().take(ATTEMPTS) {
			match sources.connect(&self.network.name, &candidate).await {
				Ok(link) => {
					let settings = self.worker.settings.line.clone();
					let network = self.network.clone();
					let opened = Line::open(link, candidate, network, settings, false);
					return Ok(line.insert(opened).clone());
				},
				Err(fault) => tracing::debug!(%fault, "no connection for a client"),
			}
		}
		Err(Failure::NoOperator { retry_after: Duration::from_secs(5) })
	}

	/// Begins a subscription of this client alone.
	pub(super) async fn own_begin(
		&self,
		call: &Call<'_>,
		family: Family,
		reservation: Reservation,
	) -> Result<(), SubscribeError> {
		let line = self.own_line().await.map_err(SubscribeError::Failure)?;
		let inbox = Inbox::new();
		let params = Bytes::copy_from_slice(call.params);
		let begin = line.begin(family, params, 0, inbox.clone(), false);
		let watched = matches!(family, Family::SubmitAndWatch | Family::TransactionWatch);
		let (begun, submission) = if watched {
			// Sent in front of the transaction on the same connection: no block between is missed.
			let best = line.call("chain_getHeader", Bytes::from_static(b"[]"));
			let (best, begun) = futures::join!(best, begin);
			(begun, Submission::new(call.params, best.ok().and_then(Result::ok)))
		} else {
			(begin.await, None)
		};
		let subscription = begun.map_err(|error| match error {
			BeginError::Refused(error) => SubscribeError::Refused(error),
			// A transaction may have arrived: the client decides if it sends it again.
			BeginError::Line(LineFault::Unanswered) => SubscribeError::Failure(Failure::Timeout),
			BeginError::Line(_) => SubscribeError::Failure(Failure::BadAnswer),
		})?;
		let id = self.ids.next();
		self.outgoing.text(compose(call.id, id.as_bytes()));
		let upstream = Rc::new(RefCell::new(Some((line, subscription.id.clone()))));
		let forward = Forwarding {
			client: self.own.client.clone(),
			family,
			id: id.clone(),
			inbox,
			upstream: upstream.clone(),
			submission,
		};
		let task = tokio::task::spawn_local(forward.run(subscription));
		let kind = ActiveKind::Own(Forward { upstream, task });
		self.active.borrow_mut().insert(id, Active { family, kind, _reservation: reservation });
		Ok(())
	}

	/// Calls a method that belongs to a follow.
	pub(super) async fn own_call(&self, call: &Call<'_>) -> Bytes {
		let id = first(call.params).and_then(|id| std::str::from_utf8(id).ok());
		let upstream = id.and_then(|id| match &self.active.borrow().get(id)?.kind {
			ActiveKind::Own(forward) => forward.upstream.borrow().clone(),
			ActiveKind::Shared(_) => None,
		});
		let Some((line, upstream_id)) = upstream else {
			return compose(call.id, stale_result(call.method));
		};
		let Some(params) = elements(call.params, MAX_PARAMS) else {
			return Failure::InvalidParams("too many").body(call.id);
		};
		let mut translated = vec![&upstream_id[..]];
		translated.extend(params.get(1..).unwrap_or_default());
		let params = [b"[", translated.join(&b","[..]).as_slice(), b"]"].concat();
		match line.call(call.method.to_owned(), params).await {
			Ok(Ok(result)) => compose(call.id, &result),
			Ok(Err(error)) => error_answer(call.id, &error),
			Err(LineFault::Unanswered) => Failure::Timeout.body(call.id),
			// The follow is over, and its `stop` event says so.
			Err(_) => compose(call.id, stale_result(call.method)),
		}
	}
}

/// Result that the specification has for a follow that is over.
fn stale_result(method: &str) -> &'static [u8] {
	match method {
		"chainHead_v1_body" | "chainHead_v1_call" | "chainHead_v1_storage" => {
			br#"{"result":"limitReached"}"#
		},
		_ => b"null",
	}
}

struct Forwarding<C: Calls, S> {
	client: Weak<Client<C, S>>,
	family: Family,
	id: Rc<str>,
	inbox: Rc<Inbox>,
	upstream: Rc<RefCell<Option<(Rc<Line>, Bytes)>>>,
	submission: Option<Submission>,
}

impl<C: Calls, S: Sources> Forwarding<C, S> {
	async fn run(mut self, subscription: Subscription) {
		let ended = self.forward().await;
		self.upstream.borrow_mut().take();
		drop(subscription);
		if !ended {
			self.lost().await;
		}
		if let Some(client) = self.client.upgrade() {
			// Aborts this task, which has nothing left to do.
			client.active.borrow_mut().remove(&self.id);
		}
	}

	/// Forwards events. True after the last one, false when the upstream is lost.
	async fn forward(&mut self) -> bool {
		let patience = self.patience();
		loop {
			let event = match patience {
				Some(patience) => timeout(patience, self.inbox.next()).await,
				None => Ok(self.inbox.next().await),
			};
			let event = match event {
				Ok(Ok((_, event))) => event,
				Ok(Err(_)) => return false,
				Err(_) => {
					if let Some((line, _)) = self.upstream.borrow().as_ref() {
						line.close(LineFault::Stuck);
					}
					return false;
				},
			};
			if let Some(submission) = &mut self.submission {
				submission.observe(&event);
			}
			self.send(&event);
			if self.family.is_last(&event) {
				return true;
			}
		}
	}

	/// Time without an event after which a follow is lost: each block is an event.
	fn patience(&self) -> Option<Duration> {
		let client = self.client.upgrade()?;
		let block_time =
			client.network.block_time.get().filter(|_| self.family == Family::ChainHead)?;
		Some(block_time.saturating_mul(client.worker.settings.line.stuck_after))
	}

	async fn lost(&mut self) {
		match self.family {
			Family::ChainHead => self.send(br#"{"event":"stop"}"#),
			Family::ArchiveStorage => {
				self.send(br#"{"event":"storageError","error":"the server was lost"}"#);
			},
			Family::ArchiveStorageDiff => {
				self.send(br#"{"event":"storageDiffError","error":"the server was lost"}"#);
			},
			_ => {
				if let Some(submission) = self.submission.take() {
					submission.track(&self.client, self.family, |event| self.send(event)).await;
				}
			},
		}
	}

	fn send(&self, event: &[u8]) {
		if let Some(client) = self.client.upgrade() {
			let notification = Notification::new(self.family.notification(), event);
			client.outgoing.notification(Arc::new(notification), self.id.clone());
		}
	}
}
