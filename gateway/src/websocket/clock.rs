// SPDX-License-Identifier: Apache-2.0

//! Time of connections and subscriptions: that of tokio, and in tests a virtual one that passes
//! when nothing else happens.

#[cfg(not(test))]
pub use tokio::time::{Instant, sleep_until};
#[cfg(test)]
pub use virtual_time::{Instant, run, sleep_until};

use std::{
	future::{Future, pending},
	pin::pin,
	time::Duration,
};

/// A time is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Late;

/// Waits for a time.
pub async fn sleep(time: Duration) {
	match Instant::now().checked_add(time) {
		Some(deadline) => sleep_until(deadline).await,
		// Longer than the clock reaches.
		None => pending().await,
	}
}

/// Waits for a future, at most for a time.
///
/// Errors: [`Late`]; the future is dropped.
pub async fn timeout<F: Future>(time: Duration, future: F) -> Result<F::Output, Late> {
	let future = pin!(future);
	tokio::select! {
		biased;
		output = future => Ok(output),
		() = sleep(time) => Err(Late),
	}
}

/// Deadline that comes again and again. Without a timer of its own as long as nobody waits.
pub struct Ticker {
	next: Option<Instant>,
	period: Duration,
}

impl Ticker {
	/// Ticker whose first tick is one period away.
	pub fn new(period: Duration) -> Self {
		Self { next: Instant::now().checked_add(period), period }
	}

	/// Waits for the next tick. Ticks that were missed are left out. Nothing is lost if the future
	/// is dropped.
	pub async fn tick(&mut self) {
		match self.next {
			Some(next) => sleep_until(next).await,
			None => pending().await,
		}
		self.next = Instant::now().checked_add(self.period);
	}
}

#[cfg(test)]
mod virtual_time {
	use std::{
		cell::RefCell,
		collections::BTreeMap,
		future::{Future, poll_fn},
		pin::pin,
		sync::{
			Arc,
			atomic::{AtomicBool, Ordering},
		},
		task::{Context, Poll, Wake, Waker},
		time::Duration,
	};
	use tokio::task::LocalSet;

	thread_local! {
		/// Virtual time of a test that runs under [`run`].
		static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
	}

	struct Clock {
		now: std::time::Instant,
		timers: BTreeMap<(std::time::Instant, u64), Waker>,
		next: u64,
	}

	/// Point in time.
	#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
	pub struct Instant(std::time::Instant);

	impl Instant {
		pub fn now() -> Self {
			let now = CLOCK.with_borrow(|clock| clock.as_ref().map(|clock| clock.now));
			Self(now.unwrap_or_else(std::time::Instant::now))
		}

		pub fn elapsed(&self) -> Duration {
			Self::now().0.saturating_duration_since(self.0)
		}

		pub fn duration_since(&self, earlier: Self) -> Duration {
			self.0.saturating_duration_since(earlier.0)
		}

		pub fn checked_add(&self, time: Duration) -> Option<Self> {
			self.0.checked_add(time).map(Self)
		}
	}

	/// Waits until a point in time.
	pub async fn sleep_until(deadline: Instant) {
		if CLOCK.with_borrow(Option::is_none) {
			return tokio::time::sleep_until(deadline.0.into()).await;
		}
		let mut timer = Timer(None);
		poll_fn(|context| {
			CLOCK.with_borrow_mut(|clock| {
				let Some(clock) = clock else { return Poll::Ready(()) };
				if clock.now >= deadline.0 {
					return Poll::Ready(());
				}
				let key = *timer.0.get_or_insert_with(|| {
					clock.next = clock.next.wrapping_add(1);
					(deadline.0, clock.next)
				});
				clock.timers.insert(key, context.waker().clone());
				Poll::Pending
			})
		})
		.await;
	}

	/// Entry of a timer, removed when nobody waits any more.
	struct Timer(Option<(std::time::Instant, u64)>);

	impl Drop for Timer {
		fn drop(&mut self) {
			if let Some(key) = self.0 {
				CLOCK
					.with_borrow_mut(|clock| clock.as_mut().map(|clock| clock.timers.remove(&key)));
			}
		}
	}

	/// Wakes the earliest timer, at its time. False without timers.
	fn advance() -> bool {
		let waker = CLOCK.with_borrow_mut(|clock| {
			let clock = clock.as_mut()?;
			let ((time, _), waker) = clock.timers.pop_first()?;
			clock.now = clock.now.max(time);
			Some(waker)
		});
		waker.map(Waker::wake).is_some()
	}

	struct Flag(AtomicBool);

	impl Wake for Flag {
		fn wake(self: Arc<Self>) {
			self.0.store(true, Ordering::Relaxed);
		}
	}

	/// Runs a test with local tasks, in virtual time and without any source of events outside of
	/// the process.
	pub fn run<F: Future>(test: F) -> F::Output {
		let clock = Clock { now: std::time::Instant::now(), timers: BTreeMap::new(), next: 0 };
		CLOCK.set(Some(clock));
		let flag = Arc::new(Flag(AtomicBool::new(false)));
		let waker = Waker::from(flag.clone());
		let mut context = Context::from_waker(&waker);
		let tasks = LocalSet::new();
		let output = {
			let mut running = pin!(tasks.run_until(test));
			loop {
				if let Poll::Ready(output) = running.as_mut().poll(&mut context) {
					break output;
				}
				if !flag.0.swap(false, Ordering::Relaxed) {
					assert!(advance(), "the test waits for something that never comes");
				}
			}
		};
		drop(tasks);
		CLOCK.set(None);
		output
	}

	#[test]
	fn time_passes_when_nothing_else_happens() {
		let begin = std::time::Instant::now();
		let passed = run(async {
			let begin = Instant::now();
			let other = tokio::task::spawn_local(super::sleep(Duration::from_secs(50)));
			let late = super::timeout(Duration::from_secs(3_600), std::future::pending::<()>());
			assert_eq!(late.await, Err(super::Late));
			assert!(other.is_finished());
			begin.elapsed()
		});
		assert_eq!(passed, Duration::from_secs(3_600));
		assert!(begin.elapsed() < passed);
	}
}
