// SPDX-License-Identifier: Apache-2.0

//! Thread beside the workers, with a local runtime of its own.

use std::{future::Future, io, sync::Arc, thread, time::Duration};
use surety_primitives::RoundIndex;
use tokio::{
	runtime::{Builder, LocalOptions},
	sync::{Notify, watch},
};

/// Wait for the next snapshot of the market, but not longer than until it is looked at again
/// anyway. False once there will be none.
pub(super) async fn next_round(
	rounds: &mut Option<watch::Receiver<Option<RoundIndex>>>,
	again: Duration,
) -> bool {
	let again = tokio::time::sleep(again);
	match rounds {
		Some(rounds) => tokio::select! {
			changed = rounds.changed() => changed.is_ok(),
			() = again => true,
		},
		None => {
			again.await;
			true
		},
	}
}

/// Thread that runs until it is dropped.
pub(super) struct ControlThread {
	stop: Arc<Notify>,
	thread: Option<thread::JoinHandle<()>>,
}

impl ControlThread {
	/// Run a future on a thread of its own.
	pub fn start<F>(make: impl FnOnce() -> F + Send + 'static) -> io::Result<Self>
	where
		F: Future<Output = ()>,
	{
		let stop = Arc::new(Notify::new());
		let stopped = Arc::clone(&stop);
		let thread = thread::Builder::new().name("control".into()).spawn(move || {
			let mut builder = Builder::new_current_thread();
			let runtime = match builder.enable_all().build_local(LocalOptions::default()) {
				Ok(runtime) => runtime,
				Err(error) => {
					tracing::error!(%error, "control thread");
					return;
				},
			};
			runtime.block_on(async {
				tokio::select! {
					() = make() => {},
					() = stopped.notified() => {},
				}
			});
		})?;
		Ok(Self { stop, thread: Some(thread) })
	}
}

impl Drop for ControlThread {
	fn drop(&mut self) {
		self.stop.notify_one();
		if let Some(thread) = self.thread.take()
			&& thread.join().is_err()
		{
			tracing::error!("the control thread panicked");
		}
	}
}
