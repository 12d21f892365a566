// SPDX-License-Identifier: Apache-2.0

//! One connection of a client, from the handshake to the close frame.

use super::{
	Ending, Outgoing, WebSocketSettings,
	clock::{Instant, Ticker, timeout},
	outgoing::Item,
};
use bytes::Bytes;
use futures::{
	SinkExt, StreamExt,
	stream::{FuturesUnordered, SplitSink, SplitStream},
};
use std::future::Future;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{Error, Message, Utf8Bytes, protocol::CloseFrame},
};

/// Handler of the messages of one connection.
pub trait Service {
	/// Handles a message. Answers go into the connection's queue. Dropped when the client goes.
	fn message(&self, message: Bytes) -> impl Future<Output = ()>;

	/// True if the client has subscriptions, so that its silence is no idleness.
	fn is_subscribed(&self) -> bool {
		false
	}

	/// Bytes were handed to the client's socket.
	fn sent(&self, bytes: usize) {
		let _ = bytes;
	}
}

/// Serves a connection until it ends, and closes it.
pub async fn serve<T, S>(
	socket: WebSocketStream<T>,
	service: &S,
	outgoing: &Outgoing,
	settings: &WebSocketSettings,
) -> Ending
where
	T: AsyncRead + AsyncWrite + Unpin,
	S: Service,
{
	let (mut sink, mut stream) = socket.split();
	let ending = tokio::select! {
		ending = read(&mut stream, service, outgoing, settings) => ending,
		ending = write(&mut sink, service, outgoing) => ending,
	};
	outgoing.end(ending);
	let _ = timeout(settings.close_timeout, close(sink, stream, ending)).await;
	ending
}

async fn close<T>(
	mut sink: SplitSink<WebSocketStream<T>, Message>,
	mut stream: SplitStream<WebSocketStream<T>>,
	ending: Ending,
) where
	T: AsyncRead + AsyncWrite + Unpin,
{
	match ending {
		Ending::Lost => return,
		Ending::Client => {
			// The answer to the client's own close frame is queued already.
			let _ = sink.close().await;
			return;
		},
		_ => {},
	}
	let (code, reason) = ending.close();
	let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
	if sink.send(Message::Close(Some(frame))).await.is_err() {
		return;
	}
	// Unread bytes would turn the end of the connection into a reset, and the client may lose the
	// frame.
	while let Some(Ok(_)) = stream.next().await {}
}

async fn write<T, S: Service>(
	sink: &mut SplitSink<WebSocketStream<T>, Message>,
	service: &S,
	outgoing: &Outgoing,
) -> Ending
where
	T: AsyncRead + AsyncWrite + Unpin,
{
	loop {
		let mut next = Some(outgoing.next().await);
		let mut bytes = 0usize;
		while let Some(item) = next {
			let Some(message) = message(item) else { return Ending::NotText };
			bytes = bytes.saturating_add(message.len());
			if sink.feed(message).await.is_err() {
				return Ending::Lost;
			}
			next = outgoing.take();
		}
		if sink.flush().await.is_err() {
			return Ending::Lost;
		}
		service.sent(bytes);
	}
}

fn message(item: Item) -> Option<Message> {
	let text = match item {
		Item::Text(text) => text,
		Item::Notification(notification, id) => notification.text(&id),
		Item::Ping => return Some(Message::Ping(Bytes::new())),
	};
	// Answers come from servers, which may send anything.
	Some(Message::Text(Utf8Bytes::try_from(text).ok()?))
}

async fn read<T, S: Service>(
	stream: &mut SplitStream<WebSocketStream<T>>,
	service: &S,
	outgoing: &Outgoing,
	settings: &WebSocketSettings,
) -> Ending
where
	T: AsyncRead + AsyncWrite + Unpin,
{
	let mut calls = FuturesUnordered::new();
	let mut watchdog = Watchdog::new();
	let mut tick = Ticker::new(settings.ping_interval);
	loop {
		// A read of the socket brings many messages. Each counts, so that a client that floods does
		// not keep the worker from the others.
		tokio::task::coop::consume_budget().await;
		let congested = outgoing.is_congested();
		let full = congested || calls.len() >= settings.max_in_flight;
		tokio::select! {
			ending = outgoing.changed(congested) => if let Some(ending) = ending {
				return ending;
			},
			message = stream.next(), if !full => match message {
				Some(Ok(message)) => {
					watchdog.heard = Instant::now();
					match message {
						Message::Text(text) => {
							watchdog.called = watchdog.heard;
							calls.push(service.message(text.into()));
						},
						Message::Binary(bytes) => {
							watchdog.called = watchdog.heard;
							calls.push(service.message(bytes));
						},
						Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
							watchdog.control = watchdog.control.saturating_add(1);
							if watchdog.control > settings.max_control {
								return Ending::Flood;
							}
						},
						Message::Close(_) => return Ending::Client,
					}
				},
				Some(Err(error)) => return failure(&error),
				None => return Ending::Lost,
			},
			Some(()) = calls.next(), if !calls.is_empty() => {},
			() = tick.tick() => {
				let busy = !calls.is_empty() || service.is_subscribed();
				if let Some(ending) = watchdog.tick(settings, outgoing, busy, full) {
					return ending;
				}
			},
		}
	}
}

/// Signs of life of a client.
struct Watchdog {
	heard: Instant,
	called: Instant,
	control: u32,
	/// Entries that were sent, and since when no more were.
	sent: (u64, Instant),
}

impl Watchdog {
	fn new() -> Self {
		let now = Instant::now();
		Self { heard: now, called: now, control: 0, sent: (0, now) }
	}

	fn tick(
		&mut self,
		settings: &WebSocketSettings,
		outgoing: &Outgoing,
		busy: bool,
		full: bool,
	) -> Option<Ending> {
		let now = Instant::now();
		self.control = 0;
		let (waiting, taken) = outgoing.progress();
		if waiting == 0 || taken != self.sent.0 {
			self.sent = (taken, now);
		}
		if now.duration_since(self.sent.1) > settings.silence {
			return Some(Ending::Slow);
		}
		if full {
			// The connection is not read: pongs wait behind calls.
			self.heard = now;
		}
		if now.duration_since(self.heard) > settings.silence {
			return Some(Ending::Silent);
		}
		if !busy && now.duration_since(self.called) > settings.idle {
			return Some(Ending::Idle);
		}
		outgoing.ping();
		None
	}
}

/// Reason to close after a failure to read.
pub(super) fn failure(error: &Error) -> Ending {
	match error {
		Error::Capacity(_) => Ending::TooLarge,
		Error::Utf8(_) => Ending::NotText,
		Error::Protocol(_) => Ending::Protocol,
		_ => Ending::Lost,
	}
}
