// SPDX-License-Identifier: Apache-2.0

//! One client of the gateway on a WebSocket: calls, subscriptions and their ids.

use super::{
	fanout::{Fanout, SubscribeError, Subscribed},
	line::LineSettings,
	own::Own,
	source::Sources,
	topic::{Key, Network},
};
use crate::{
	rpc::{Call, Failure, Message, Refusal, ScanLimits, compose, scan},
	websocket::{
		self, Ending, Outgoing, Quota, Reservation, Service, WebSocketSettings,
		methods::{Family, Verb, first},
	},
};
use bytes::Bytes;
use std::{
	cell::{Cell, RefCell},
	collections::HashMap,
	future::Future,
	hash::{BuildHasher, RandomState},
	rc::Rc,
	sync::Arc,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;

/// Ordinary calls and limits of the role behind a WebSocket.
pub trait Calls: 'static {
	/// Client, as the role knows it.
	type Session: 'static;

	/// Answers a message without methods of subscriptions: a call or a batch, as JSON. Empty if
	/// there is nothing to answer.
	fn call(&self, session: &Self::Session, message: Bytes) -> impl Future<Output = Bytes>;

	/// Charges a call of a method of subscriptions, which does not go through
	/// [`call`](Self::call).
	///
	/// Errors: the client may not call it now.
	fn admit(&self, session: &Self::Session, call: &Call<'_>) -> Result<(), Failure>;

	/// Subscriptions of the client's key, over all its connections.
	fn quota(&self, session: &Self::Session) -> Arc<Quota>;

	/// Bytes were sent to the client.
	fn sent(&self, session: &Self::Session, bytes: usize) {
		let _ = (session, bytes);
	}
}

/// Settings of clients.
#[derive(Clone, Debug)]
pub struct SubscriptionSettings {
	/// The connection.
	pub websocket: WebSocketSettings,
	/// Requests.
	pub scan: ScanLimits,
	/// Lines of one client.
	pub line: LineSettings,
	/// Subscriptions of a connection.
	pub max_subscriptions: usize,
	/// Blocks in which a transaction is searched for after its upstream was lost. By default twice
	/// the time for which transactions are commonly valid.
	pub watch_patience: u64,
}

impl Default for SubscriptionSettings {
	fn default() -> Self {
		Self {
			websocket: WebSocketSettings::default(),
			scan: ScanLimits::default(),
			line: LineSettings::default(),
			max_subscriptions: 128,
			watch_patience: 128,
		}
	}
}

/// Parts that the clients of a worker share.
pub struct Worker<C, S> {
	/// Ordinary calls.
	pub calls: Rc<C>,
	/// Shared subscriptions.
	pub fanout: Rc<Fanout>,
	/// Upstreams of subscriptions that belong to one client.
	pub sources: Arc<S>,
	/// Settings.
	pub settings: SubscriptionSettings,
}

/// Serves a client until its connection ends. To be called in a local task.
///
/// - `outgoing`: the client's queue, by which the role can end the connection.
pub async fn serve<T, C, S>(
	worker: Rc<Worker<C, S>>,
	network: Arc<Network>,
	session: C::Session,
	socket: WebSocketStream<T>,
	outgoing: Rc<Outgoing>,
) -> Ending
where
	T: AsyncRead + AsyncWrite + Unpin,
	C: Calls,
	S: Sources,
{
	let client = Rc::new_cyclic(|itself| {
		let own = Own::new(itself.clone());
		Client {
			network,
			session,
			outgoing: outgoing.clone(),
			active: RefCell::default(),
			beginning: Cell::new(0),
			own,
			ids: Ids::default(),
			worker: worker.clone(),
		}
	});
	let ending =
		websocket::serve(socket, client.as_ref(), &outgoing, &worker.settings.websocket).await;
	client.active.borrow_mut().clear();
	ending
}

/// Subscription of the client.
pub(super) struct Active {
	pub family: Family,
	pub kind: ActiveKind,
	pub _reservation: Reservation,
}

/// Place where the subscription lives.
pub(super) enum ActiveKind {
	Shared(#[expect(dead_code, reason = "ends the subscription when dropped")] Subscribed),
	Own(super::own::Forward),
}

/// State of one client.
pub(super) struct Client<C: Calls, S> {
	pub network: Arc<Network>,
	pub session: C::Session,
	pub outgoing: Rc<Outgoing>,
	/// By the client's id as raw JSON.
	pub active: RefCell<HashMap<Rc<str>, Active>>,
	/// Subscriptions that have begun and are not there yet.
	pub beginning: Cell<usize>,
	pub own: Own<C, S>,
	pub ids: Ids,
	pub worker: Rc<Worker<C, S>>,
}

/// Ids of subscriptions: unlike those of any other connection.
#[derive(Default)]
pub(super) struct Ids {
	keys: (RandomState, RandomState),
	next: Cell<u64>,
}

impl Ids {
	/// New id as raw JSON.
	pub fn next(&self) -> Rc<str> {
		let number = self.next.get();
		self.next.set(number.wrapping_add(1));
		let (high, low) = (self.keys.0.hash_one(number), self.keys.1.hash_one(number));
		format!(r#""0x{high:016x}{low:016x}""#).into()
	}
}

impl<C: Calls, S: Sources> Service for Client<C, S> {
	async fn message(&self, message: Bytes) {
		let answer = match scan(&message, &self.worker.settings.scan) {
			Err(error) => {
				let id = error.id();
				Failure::from(error).body(id)
			},
			Ok(Message::One(call)) => match Family::of(call.method) {
				Some((family, verb)) => self.subscription(&call, family, verb).await,
				None => self.worker.calls.call(&self.session, message.clone()).await,
			},
			Ok(Message::Batch(entries)) => {
				let ours = |entry: &Result<Call<'_>, _>| {
					entry.as_ref().is_ok_and(|call| Family::of(call.method).is_some())
				};
				if entries.iter().any(ours) {
					self.mixed_batch(entries).await
				} else {
					self.worker.calls.call(&self.session, message.clone()).await
				}
			},
		};
		self.outgoing.answer(answer).await;
	}

	fn is_subscribed(&self) -> bool {
		!self.active.borrow().is_empty()
	}

	fn sent(&self, bytes: usize) {
		self.worker.calls.sent(&self.session, bytes);
	}
}

impl<C: Calls, S: Sources> Client<C, S> {
	/// Batch with methods of subscriptions. Those are refused: notifications would come in front
	/// of the batch's answer.
	async fn mixed_batch(&self, entries: Vec<Result<Call<'_>, Refusal<'_>>>) -> Bytes {
		let mut answers = Vec::new();
		for entry in entries {
			let answer = match entry {
				Err(refusal) => Failure::Invalid(refusal.reason).body(refusal.id),
				Ok(call) if Family::of(call.method).is_none() => {
					let request = call.to_request(call.id);
					// A notification has no id to be written.
					let request = if call.is_notification() { Vec::new() } else { request };
					if request.is_empty() {
						continue;
					}
					self.worker.calls.call(&self.session, request.into()).await
				},
				Ok(call) => Failure::Invalid("a batch has no subscriptions").body(call.id),
			};
			if !answer.is_empty() {
				answers.push(answer);
			}
		}
		[b"[", answers.join(&b","[..]).as_slice(), b"]"].concat().into()
	}

	/// Handles a method of subscriptions. Empty if the answer was queued.
	async fn subscription(&self, call: &Call<'_>, family: Family, verb: Verb) -> Bytes {
		if call.is_notification() {
			return Bytes::new();
		}
		if let Err(failure) = self.worker.calls.admit(&self.session, call) {
			return failure.body(call.id);
		}
		match verb {
			Verb::Begin => match self.begin(call, family).await {
				Ok(()) => Bytes::new(),
				Err(SubscribeError::Failure(failure)) => failure.body(call.id),
				Err(SubscribeError::Refused(error)) => error_answer(call.id, &error),
			},
			Verb::End => self.end(call, family),
			Verb::Use => self.own_call(call).await,
		}
	}

	async fn begin(&self, call: &Call<'_>, family: Family) -> Result<(), SubscribeError> {
		let full = || SubscribeError::Failure(Failure::TooLarge("too many subscriptions"));
		let held = self.active.borrow().len().saturating_add(self.beginning.get());
		if held >= self.worker.settings.max_subscriptions {
			return Err(full());
		}
		let reservation = self.worker.calls.quota(&self.session).reserve().ok_or_else(full)?;
		let _beginning = Beginning::new(&self.beginning);
		match Key::new(&self.network, family, call.params) {
			Some(key) => {
				let key = key.map_err(SubscribeError::Failure)?;
				let id = self.ids.next();
				let answer = compose(call.id, id.as_bytes());
				let (outgoing, fanout) = (self.outgoing.clone(), &self.worker.fanout);
				let subscribed =
					fanout.subscribe(&key, &self.network, outgoing, id.clone(), answer).await?;
				let kind = ActiveKind::Shared(subscribed);
				let active = Active { family, kind, _reservation: reservation };
				self.active.borrow_mut().insert(id, active);
				Ok(())
			},
			None => self.own_begin(call, family, reservation).await,
		}
	}

	fn end(&self, call: &Call<'_>, family: Family) -> Bytes {
		let id = first(call.params).and_then(|id| std::str::from_utf8(id).ok());
		let mut active = self.active.borrow_mut();
		let known = id.filter(|id| active.get(*id).is_some_and(|active| active.family == family));
		let ended = known.and_then(|id| active.remove(id));
		drop(active);
		let result: &[u8] = match family {
			Family::ChainHead
			| Family::TransactionWatch
			| Family::ArchiveStorage
			| Family::ArchiveStorageDiff => b"null",
			_ if ended.is_some() => b"true",
			_ => b"false",
		};
		compose(call.id, result)
	}
}

/// Count of subscriptions that have begun and are not there yet.
struct Beginning<'a>(&'a Cell<usize>);

impl<'a> Beginning<'a> {
	fn new(count: &'a Cell<usize>) -> Self {
		count.set(count.get().saturating_add(1));
		Self(count)
	}
}

impl Drop for Beginning<'_> {
	fn drop(&mut self) {
		self.0.set(self.0.get().saturating_sub(1));
	}
}

/// Answer with the error object of an upstream.
pub(super) fn error_answer(id: &[u8], error: &[u8]) -> Bytes {
	[br#"{"jsonrpc":"2.0","id":"#, id, br#","error":"#, error, b"}"].concat().into()
}
