// SPDX-License-Identifier: Apache-2.0

//! Thread beside the workers, with a local runtime of its own.

use std::{future::Future, io, sync::Arc, thread};
use tokio::{
	runtime::{Builder, LocalOptions},
	sync::Notify,
};

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
