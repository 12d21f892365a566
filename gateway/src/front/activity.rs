// SPDX-License-Identifier: Apache-2.0

//! Progress of a connection, by which a worker closes those that only hold resources.
//!
//! No timer runs per request. The socket notes the tick of the last progress in passing, and once a
//! second the worker looks at all of its connections.

use std::{
	io::{self, IoSlice},
	pin::Pin,
	sync::{
		Arc, OnceLock,
		atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
	},
	task::{Context, Poll, ready},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	time::{Sleep, sleep},
};

/// Time for which a client may go on sending a request that was refused before its end.
const LINGER: Duration = Duration::from_secs(5);
/// Bytes of such a request that are thrown away at once.
const DISCARDED: usize = 16 * 1024;

/// Seconds since the start of a worker, shared with the connections that it serves.
#[derive(Debug, Default)]
pub struct Ticks(AtomicU32);

impl Ticks {
	/// Seconds since the start.
	pub fn now(&self) -> u32 {
		self.0.load(Relaxed)
	}

	/// Set the seconds since the start.
	pub fn set(&self, seconds: u32) {
		self.0.store(seconds, Relaxed);
	}
}

/// Progress of one connection. Written by its socket and its service, read by the sweep of the
/// same worker; atomics only because an upgraded socket has to be `Send`.
#[derive(Debug)]
pub struct Activity {
	ticks: Arc<Ticks>,
	/// Requests in progress, until their response is handed to the socket.
	requests: AtomicU32,
	/// A part of a request's head is here.
	head: AtomicBool,
	/// The socket takes no more bytes.
	blocked: AtomicBool,
	/// Responses whose next part waits until the client took the last one.
	offered: AtomicU32,
	/// The connection left HTTP.
	upgraded: AtomicBool,
	/// HTTP/2, where bytes are not the begin of a request.
	http2: AtomicBool,
	/// The last response refuses a request whose body may still be on its way.
	refused: AtomicBool,
	/// Tick of the last change of the above.
	since: AtomicU32,
	/// Number of connections that left HTTP, which this one is part of.
	counted: OnceLock<Arc<AtomicUsize>>,
}

impl Drop for Activity {
	fn drop(&mut self) {
		if let Some(count) = self.counted.get() {
			count.fetch_sub(1, Relaxed);
		}
	}
}

/// Limits to waiting, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
	/// From the first byte of a request to the end of its head.
	pub head: u32,
	/// Without a request.
	pub idle: u32,
	/// Without progress of a response that the client does not read.
	pub stall: u32,
}

impl Patience {
	/// Whole seconds of each limit, one at least.
	pub fn new(head: Duration, idle: Duration, stall: Duration) -> Self {
		let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1);
		Self { head: seconds(head), idle: seconds(idle), stall: seconds(stall) }
	}
}

impl Activity {
	/// Connection that has just been accepted.
	pub fn new(ticks: Arc<Ticks>) -> Self {
		let since = AtomicU32::new(ticks.now());
		Self {
			ticks,
			requests: AtomicU32::new(0),
			head: AtomicBool::new(false),
			blocked: AtomicBool::new(false),
			offered: AtomicU32::new(0),
			upgraded: AtomicBool::new(false),
			http2: AtomicBool::new(false),
			refused: AtomicBool::new(false),
			since,
			counted: OnceLock::new(),
		}
	}

	/// The head of a request is complete.
	pub fn begin(&self) {
		self.requests.store(self.requests.load(Relaxed).saturating_add(1), Relaxed);
		self.head.store(false, Relaxed);
		self.refused.store(false, Relaxed);
		self.touch();
	}

	/// The request in progress is refused, and its body may still be on its way. If the connection
	/// ends with that response, the client gets [`LINGER`] to read it.
	pub fn refuse(&self) {
		self.refused.store(true, Relaxed);
	}

	/// The response of a request was handed over, or dropped.
	pub fn end(&self) {
		self.requests.store(self.requests.load(Relaxed).saturating_sub(1), Relaxed);
		self.touch();
	}

	/// A part of a response was handed over, and the next one waits for the client.
	pub fn offer(&self) {
		self.offered.store(self.offered.load(Relaxed).saturating_add(1), Relaxed);
		self.touch();
	}

	/// The client took what was offered, or the response was dropped.
	pub fn taken(&self) {
		self.offered.store(self.offered.load(Relaxed).saturating_sub(1), Relaxed);
		self.touch();
	}

	/// The client made progress.
	pub fn touch(&self) {
		self.since.store(self.ticks.now(), Relaxed);
	}

	/// The connection speaks HTTP/2.
	pub fn set_http2(&self) {
		self.http2.store(true, Relaxed);
	}

	/// The connection speaks another protocol from now on, whose handler watches over it.
	///
	/// - `count`: number of such connections, to which this one is added until its end.
	pub fn upgrade(&self, count: &Arc<AtomicUsize>) {
		self.upgraded.store(true, Relaxed);
		if self.counted.set(Arc::clone(count)).is_ok() {
			count.fetch_add(1, Relaxed);
		}
	}

	/// True if no request is in progress and no part of one is here.
	pub fn is_idle(&self) -> bool {
		self.requests.load(Relaxed) == 0 && !self.head.load(Relaxed)
	}

	/// True if the client kept the connection waiting for too long.
	pub fn is_stuck(&self, patience: &Patience) -> bool {
		if self.upgraded.load(Relaxed) {
			return false;
		}
		let waited = self.ticks.now().saturating_sub(self.since.load(Relaxed));
		if self.blocked.load(Relaxed) || self.offered.load(Relaxed) > 0 {
			waited > patience.stall
		} else if self.requests.load(Relaxed) > 0 {
			// The service has limits of its own, also for the body of the request.
			false
		} else if self.head.load(Relaxed) {
			waited > patience.head
		} else {
			waited > patience.idle
		}
	}

	fn received(&self) {
		// Later bytes of the same head do not start its time again.
		let begins = self.requests.load(Relaxed) == 0 && !self.http2.load(Relaxed);
		if begins && !self.head.swap(true, Relaxed) {
			self.touch();
		}
	}

	fn sent<T>(&self, outcome: &Poll<io::Result<T>>) {
		let blocked = outcome.is_pending();
		if !blocked || !self.blocked.load(Relaxed) {
			self.touch();
		}
		self.blocked.store(blocked, Relaxed);
	}
}

/// Socket that notes its progress.
#[derive(Debug)]
pub struct Tracked<T, K> {
	inner: T,
	activity: Arc<Activity>,
	/// End of the time in which the rest of a refused request is thrown away.
	linger: Option<Pin<Box<Sleep>>>,
	/// Dropped with the socket.
	_kept: K,
}

impl<T, K> Tracked<T, K> {
	/// Socket of a connection.
	///
	/// - `kept`: counts of which the socket is a part, even after an upgrade.
	pub fn new(inner: T, activity: Arc<Activity>, kept: K) -> Self {
		Self { inner, activity, linger: None, _kept: kept }
	}
}

impl<T: AsyncRead + Unpin, K: Unpin> AsyncRead for Tracked<T, K> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		let outcome = Pin::new(&mut self.inner).poll_read(cx, buffer);
		if outcome.is_ready() {
			self.activity.received();
		}
		outcome
	}
}

impl<T: AsyncRead + AsyncWrite + Unpin, K: Unpin> AsyncWrite for Tracked<T, K> {
	fn poll_write(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		bytes: &[u8],
	) -> Poll<io::Result<usize>> {
		let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
		self.activity.sent(&outcome);
		outcome
	}

	fn poll_write_vectored(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		parts: &[IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, parts);
		self.activity.sent(&outcome);
		outcome
	}

	fn is_write_vectored(&self) -> bool {
		self.inner.is_write_vectored()
	}

	fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.inner).poll_flush(cx)
	}

	/// A socket that is closed with unread bytes resets the connection, and a client that still
	/// sends fails before it reads why. So the rest of a refused request is read, for a while.
	fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		let this = &mut *self;
		let Some(linger) = &mut this.linger else {
			ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
			if !this.activity.refused.load(Relaxed) {
				return Poll::Ready(Ok(()));
			}
			this.linger = Some(Box::pin(sleep(LINGER)));
			return self.poll_shutdown(cx);
		};
		let mut discarded = [0; DISCARDED];
		while linger.as_mut().poll(cx).is_pending() {
			let mut buffer = ReadBuf::new(&mut discarded);
			ready!(Pin::new(&mut this.inner).poll_read(cx, &mut buffer))?;
			if buffer.filled().is_empty() {
				break;
			}
		}
		Poll::Ready(Ok(()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const PATIENCE: Patience = Patience { head: 5, idle: 60, stall: 10 };

	fn at(ticks: &Ticks, activity: &Activity, seconds: u32) -> bool {
		ticks.set(seconds);
		activity.is_stuck(&PATIENCE)
	}

	#[test]
	fn a_connection_without_request_is_closed_when_idle() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		assert!(!at(&ticks, &activity, 60));
		assert!(at(&ticks, &activity, 61));
		assert!(activity.is_idle());
	}

	#[test]
	fn bytes_that_trickle_do_not_extend_the_time_of_a_head() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		ticks.set(100);
		for second in 100..=105 {
			ticks.set(second);
			activity.received();
			assert!(!activity.is_stuck(&PATIENCE));
		}
		assert!(at(&ticks, &activity, 106));
		assert!(!activity.is_idle());
	}

	#[test]
	fn a_request_in_progress_waits_for_its_service() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		activity.received();
		activity.begin();
		assert!(!at(&ticks, &activity, 5_000));
		activity.end();
		assert!(activity.is_idle());
		assert!(!at(&ticks, &activity, 5_060));
		assert!(at(&ticks, &activity, 5_061));
	}

	#[test]
	fn a_client_that_does_not_read_is_stuck_from_its_last_progress() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		activity.begin();
		activity.sent(&Poll::<io::Result<usize>>::Pending);
		assert!(!at(&ticks, &activity, 10));
		activity.sent(&Poll::Ready(Ok(5)));
		activity.sent(&Poll::<io::Result<usize>>::Pending);
		assert!(!at(&ticks, &activity, 20));
		activity.sent(&Poll::<io::Result<usize>>::Pending);
		assert!(at(&ticks, &activity, 21));
	}

	#[test]
	fn a_part_that_waits_for_the_client_is_stuck_and_a_stream_without_news_is_not() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		activity.set_http2();
		activity.begin();
		activity.offer();
		assert!(!at(&ticks, &activity, 10));
		assert!(at(&ticks, &activity, 11));
		activity.taken();
		assert!(!at(&ticks, &activity, 5_000));
	}

	#[test]
	fn frames_of_an_idle_http2_connection_are_no_request() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		activity.set_http2();
		ticks.set(30);
		activity.received();
		assert!(activity.is_idle());
		assert!(!at(&ticks, &activity, 60));
		assert!(at(&ticks, &activity, 61));
	}

	#[test]
	fn an_upgraded_connection_is_left_to_its_handler() {
		let ticks = Arc::new(Ticks::default());
		let activity = Activity::new(ticks.clone());
		let count = Arc::new(AtomicUsize::new(0));
		activity.upgrade(&count);
		assert!(!at(&ticks, &activity, 100_000));
		assert_eq!(count.load(Relaxed), 1);
		drop(activity);
		assert_eq!(count.load(Relaxed), 0);
	}
}
