// SPDX-License-Identifier: Apache-2.0

//! Relay of the edge: a client's WebSocket to the operator's server, with inspection.
//!
//! Messages pass as they are. The relay knows which calls are in progress and which subscriptions
//! exist, so that it can refuse what the units do not cover and count what was served.

use super::{
	Ending, Incoming, Outgoing, Reservation, Service, WebSocketSettings,
	clock::{Instant, timeout},
	methods::{Family, Verb, first},
	outgoing::Item,
	serve,
};
use crate::rpc::{Call, Failure, Message as Scanned, ScanLimits, json::elements, scan};
use bytes::Bytes;
use futures::{SinkExt, StreamExt, stream::SplitSink};
use std::{
	cell::{Cell, RefCell},
	collections::HashMap,
	future::Future,
	rc::Rc,
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	sync::Notify,
};
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{Message, Utf8Bytes},
};

/// Limits of a relay beside those of the client's connection.
#[derive(Clone, Debug)]
pub struct RelayLimits {
	/// Limits of requests.
	pub scan: ScanLimits,
	/// Time that the server has for an answer.
	pub answer_timeout: Duration,
}

impl Default for RelayLimits {
	fn default() -> Self {
		Self { scan: ScanLimits::default(), answer_timeout: Duration::from_secs(30) }
	}
}

/// Decision on calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
	/// The calls go to the server.
	Pass,
	/// The calls are answered with an error.
	Refuse(Failure),
}

/// Access and counting of one connection.
pub trait Gate {
	/// Decides on the calls of one message, before they go to the server.
	fn admit(&self, calls: &[Call<'_>]) -> Verdict;

	/// Place for another subscription, if the units cover it.
	fn reserve(&self) -> Option<Reservation>;

	/// A call was answered, or lost: `None` without an answer.
	fn answered(&self, answer: Option<&[u8]>, latency: Duration);

	/// A notification was passed on.
	fn notified(&self, bytes: usize);

	/// Completes when the agreement does not cover the connection any more.
	fn ended(&self) -> impl Future<Output = ()>;
}

/// Relays until one side ends, and closes both.
///
/// - `outgoing`: the client's queue, by which the role can end the connection.
pub async fn relay<T, B, G>(
	client: WebSocketStream<T>,
	server: WebSocketStream<B>,
	gate: &G,
	outgoing: &Outgoing,
	settings: &WebSocketSettings,
	limits: &RelayLimits,
) -> Ending
where
	T: AsyncRead + AsyncWrite + Unpin,
	B: AsyncRead + AsyncWrite + Unpin,
	G: Gate,
{
	let (mut sink, stream) = server.split();
	let requests = Outgoing::new(settings.max_unsent);
	let relay = Relay {
		gate,
		outgoing,
		requests: &requests,
		limits,
		pending: RefCell::default(),
		subscriptions: RefCell::default(),
	};
	let watch = async {
		tokio::select! {
			() = gate.ended() => outgoing.end(Ending::Agreement),
			() = forward(&mut sink, &requests) => outgoing.end(Ending::Upstream),
			() = relay.answers(stream) => outgoing.end(Ending::Upstream),
		}
		std::future::pending::<()>().await;
	};
	let ending = tokio::select! {
		ending = serve(client, &relay, outgoing, settings) => ending,
		() = watch => Ending::Upstream,
	};
	relay.abandon();
	let _ = timeout(settings.close_timeout, sink.close()).await;
	ending
}

async fn forward<B>(sink: &mut SplitSink<WebSocketStream<B>, Message>, requests: &Outgoing)
where
	B: AsyncRead + AsyncWrite + Unpin,
{
	loop {
		let mut next = Some(requests.next().await);
		while let Some(Item::Text(text)) = next {
			let Ok(text) = Utf8Bytes::try_from(text) else { return };
			if sink.feed(Message::Text(text)).await.is_err() {
				return;
			}
			next = requests.take();
		}
		if sink.flush().await.is_err() {
			return;
		}
	}
}

/// Call that the server has not answered yet.
struct Pending {
	since: Instant,
	effect: Effect,
	/// Calls of the same message that are not answered.
	message: Rc<Unanswered>,
}

#[derive(Default)]
struct Unanswered {
	calls: Cell<usize>,
	done: Notify,
}

/// Effect of a successful answer.
enum Effect {
	None,
	Begin(Family, Reservation),
	End(Box<[u8]>),
}

struct Relay<'a, G> {
	gate: &'a G,
	outgoing: &'a Outgoing,
	requests: &'a Outgoing,
	limits: &'a RelayLimits,
	/// By id.
	pending: RefCell<HashMap<Box<[u8]>, Pending>>,
	/// By the server's id.
	subscriptions: RefCell<HashMap<Box<[u8]>, (Family, Reservation)>>,
}

impl<G: Gate> Service for Relay<'_, G> {
	async fn message(&self, message: Bytes) {
		let scanned = match scan(&message, &self.limits.scan) {
			Ok(scanned) => scanned,
			Err(error) => {
				let failure = Failure::from(error);
				return self.outgoing.answer(failure.body(b"")).await;
			},
		};
		let (calls, batch) = match scanned {
			Scanned::One(call) => (vec![call], false),
			Scanned::Batch(entries) => {
				let calls: Result<Vec<_>, _> = entries.into_iter().collect();
				match calls {
					Ok(calls) => (calls, true),
					// The server would have to answer in part: the client mends its batch.
					Err(refusal) => {
						let failure = Failure::Invalid(refusal.reason);
						return self.outgoing.answer(failure.body(refusal.id)).await;
					},
				}
			},
		};
		let places = match self.admit(&calls) {
			Ok(places) => places,
			Err(failure) => {
				return self.outgoing.answer(refusal(&calls, batch, &failure)).await;
			},
		};
		let unanswered = self.register(&calls, places);
		self.requests.answer(message.clone()).await;
		if unanswered.calls.get() == 0 {
			return;
		}
		if timeout(self.limits.answer_timeout, unanswered.done.notified()).await.is_err() {
			let late = self.give_up(&calls);
			self.outgoing.answer(refusal(&late, batch, &Failure::Timeout)).await;
		}
	}

	fn is_subscribed(&self) -> bool {
		!self.subscriptions.borrow().is_empty()
	}
}

impl<G: Gate> Relay<'_, G> {
	/// Places for the subscriptions that the calls begin.
	fn admit(&self, calls: &[Call<'_>]) -> Result<Vec<Reservation>, Failure> {
		// Without an answer nobody would know the subscription's id.
		if calls.iter().any(|call| begins(call) && call.is_notification()) {
			return Err(Failure::Invalid("a subscription needs an id"));
		}
		let places = calls
			.iter()
			.filter(|call| begins(call))
			.map(|_| self.gate.reserve())
			.collect::<Option<Vec<_>>>()
			.ok_or(Failure::TooLarge("too many subscriptions"))?;
		let pending = self.pending.borrow();
		let mut ids: Vec<_> = calls.iter().filter(|call| !call.is_notification()).collect();
		ids.sort_unstable_by_key(|call| call.id);
		let twice = ids.windows(2).any(|pair| matches!(pair, [a, b] if a.id == b.id));
		if twice || ids.iter().any(|call| pending.contains_key(call.id)) {
			return Err(Failure::Invalid("the id is in use"));
		}
		match self.gate.admit(calls) {
			Verdict::Pass => Ok(places),
			Verdict::Refuse(failure) => Err(failure),
		}
	}

	fn register(&self, calls: &[Call<'_>], mut places: Vec<Reservation>) -> Rc<Unanswered> {
		let message = Rc::new(Unanswered::default());
		let since = Instant::now();
		let mut pending = self.pending.borrow_mut();
		for call in calls.iter().filter(|call| !call.is_notification()) {
			let effect = match Family::of(call.method) {
				Some((family, Verb::Begin)) => {
					places.pop().map_or(Effect::None, |place| Effect::Begin(family, place))
				},
				Some((_, Verb::End)) => Effect::End(first(call.params).unwrap_or_default().into()),
				_ => Effect::None,
			};
			message.calls.set(message.calls.get().saturating_add(1));
			pending.insert(call.id.into(), Pending { since, effect, message: message.clone() });
		}
		message
	}

	/// Drops calls that were not answered in time, and returns them.
	fn give_up<'c>(&self, calls: &[Call<'c>]) -> Vec<Call<'c>> {
		let mut late = Vec::new();
		for call in calls {
			if let Some(pending) = self.remove(call.id) {
				self.gate.answered(None, pending.since.elapsed());
				late.push(*call);
			}
		}
		late
	}

	fn remove(&self, id: &[u8]) -> Option<Pending> {
		let pending = self.pending.borrow_mut().remove(id)?;
		let calls = &pending.message.calls;
		calls.set(calls.get().saturating_sub(1));
		if calls.get() == 0 {
			pending.message.done.notify_one();
		}
		Some(pending)
	}

	/// The connection is over: nothing that is in progress will be answered. The client went, or
	/// the server did; only the latter is a loss, and the calls of a client that went are none.
	fn abandon(&self) {
		self.pending.borrow_mut().clear();
	}

	async fn answers<S>(&self, mut stream: S)
	where
		S: futures::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
	{
		loop {
			// A client that does not read holds the server back, not this process's memory.
			self.outgoing.relieved().await;
			tokio::task::coop::consume_budget().await;
			let text: Bytes = match stream.next().await {
				Some(Ok(Message::Text(text))) => text.into(),
				Some(Ok(Message::Binary(bytes))) => bytes,
				Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
				Some(Ok(Message::Close(_)) | Err(_)) | None => break,
			};
			if self.received(&text) {
				self.outgoing.text(text);
			}
		}
		let lost: Vec<_> = self.pending.borrow().values().map(|pending| pending.since).collect();
		lost.iter().for_each(|since| self.gate.answered(None, since.elapsed()));
	}

	/// Takes a message of the server. True if the client is to have it.
	fn received(&self, text: &Bytes) -> bool {
		if text.trim_ascii_start().first() != Some(&b'[') {
			return self.received_one(text);
		}
		let Some(entries) = elements(text, self.limits.scan.batch) else { return false };
		// Every part is looked at; the batch belongs to the client if any of it does.
		entries.into_iter().filter(|entry| self.received_one(entry)).count() > 0
	}

	fn received_one(&self, text: &[u8]) -> bool {
		match Incoming::read(text) {
			Some(Incoming::Answer { id, result }) => {
				// Late, or never asked for.
				let Some(pending) = self.remove(id) else { return false };
				self.gate.answered(Some(text), pending.since.elapsed());
				if let Ok(result) = result {
					self.apply(pending.effect, result);
				}
				true
			},
			Some(Incoming::Notification { subscription, result }) => {
				let mut subscriptions = self.subscriptions.borrow_mut();
				let Some((family, _)) = subscriptions.get(subscription) else { return false };
				if family.is_last(result) {
					subscriptions.remove(subscription);
				}
				self.gate.notified(text.len());
				true
			},
			Some(Incoming::Other) | None => false,
		}
	}

	fn apply(&self, effect: Effect, result: &[u8]) {
		let mut subscriptions = self.subscriptions.borrow_mut();
		match effect {
			Effect::Begin(family, place) => {
				subscriptions.insert(result.into(), (family, place));
			},
			Effect::End(id) if result != b"false" => {
				subscriptions.remove(&id);
			},
			Effect::None | Effect::End(_) => {},
		}
	}
}

fn begins(call: &Call<'_>) -> bool {
	matches!(Family::of(call.method), Some((_, Verb::Begin)))
}

/// Errors for all calls that expect an answer.
fn refusal(calls: &[Call<'_>], batch: bool, failure: &Failure) -> Bytes {
	let bodies: Vec<_> = calls
		.iter()
		.filter(|call| !call.is_notification())
		.map(|call| failure.body(call.id))
		.collect();
	match (batch, bodies.as_slice()) {
		(_, []) => Bytes::new(),
		(false, [body, ..]) => body.clone(),
		(true, bodies) => [b"[", bodies.join(&b","[..]).as_slice(), b"]"].concat().into(),
	}
}
