// SPDX-License-Identifier: Apache-2.0

//! Worker: a thread with a runtime of its own that serves the connections dealt to it.

use super::{
	Handler, Shared, Stop,
	activity::Ticks,
	connection::{self, Control},
	limits::Admitted,
};
use rustls::ServerConfig;
use std::{
	cell::RefCell,
	io,
	net::{SocketAddr, TcpStream},
	rc::{Rc, Weak},
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering::Relaxed},
	},
	thread::{self, JoinHandle},
	time::Duration,
};
use tokio::{
	runtime::{self, LocalOptions},
	sync::mpsc,
	time::{self, Instant, MissedTickBehavior},
};

/// Connection on its way to a worker.
pub struct Accepted {
	pub socket: TcpStream,
	pub address: SocketAddr,
	/// True for proxies whose `X-Forwarded-For` is believed.
	pub trusted: bool,
	pub tls: Option<Arc<ServerConfig>>,
	pub admitted: Admitted,
}

/// Way to a worker.
pub struct Queue {
	/// Bounded by the number of connections that are admitted.
	sender: mpsc::UnboundedSender<Accepted>,
	open: Arc<AtomicUsize>,
}

impl Queue {
	/// Connections that the worker serves or is about to.
	pub fn open(&self) -> usize {
		self.open.load(Relaxed)
	}

	/// Hand over a connection. It is dropped if the worker is gone.
	pub fn push(&self, accepted: Accepted) {
		self.open.fetch_add(1, Relaxed);
		if self.sender.send(accepted).is_err() {
			self.open.fetch_sub(1, Relaxed);
		}
	}
}

/// Start a worker.
pub fn start<H: Handler>(
	index: usize,
	shared: Arc<Shared>,
	alive: Arc<AtomicUsize>,
	make: impl FnOnce() -> H + Send + 'static,
) -> io::Result<(Queue, JoinHandle<()>)> {
	let (sender, receiver) = mpsc::unbounded_channel();
	let open = Arc::new(AtomicUsize::new(0));
	let queue = Queue { sender, open: open.clone() };
	alive.fetch_add(1, Relaxed);
	let last = Last(alive);
	let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
		let _last = last;
		let built = runtime::Builder::new_current_thread()
			.enable_all()
			.build_local(LocalOptions::default());
		match built {
			Ok(runtime) => runtime.block_on(run(receiver, shared, open, make)),
			Err(error) => tracing::error!(%error, "a worker has no runtime"),
		}
	})?;
	Ok((queue, thread))
}

/// Worker that counts as alive until it is dropped.
struct Last(Arc<AtomicUsize>);

impl Drop for Last {
	fn drop(&mut self) {
		self.0.fetch_sub(1, Relaxed);
	}
}

/// Connection that counts as open until it is dropped.
pub struct Open(Arc<AtomicUsize>);

impl Drop for Open {
	fn drop(&mut self) {
		self.0.fetch_sub(1, Relaxed);
	}
}

/// State of a worker that its connections share.
pub struct Worker<H> {
	pub handler: H,
	pub shared: Arc<Shared>,
	pub ticks: Arc<Ticks>,
	controls: RefCell<Vec<Weak<Control>>>,
}

impl<H> Worker<H> {
	/// Let the sweep watch over a connection.
	pub fn watch(&self, control: &Rc<Control>) {
		self.controls.borrow_mut().push(Rc::downgrade(control));
	}

	/// Call a function for each open connection, and forget those that are gone.
	fn each(&self, mut then: impl FnMut(&Control)) {
		self.controls.borrow_mut().retain(|weak| match weak.upgrade() {
			Some(control) => {
				then(&control);
				true
			},
			None => false,
		});
	}

	fn sweep(&self) {
		self.each(|control| {
			if !control.activity.is_stuck(&self.shared.patience) {
				return;
			}
			// An idle connection gets the chance to end well.
			let polite = control.activity.is_idle() && control.end();
			if !polite && control.kill() {
				self.shared.counts.stuck.fetch_add(1, Relaxed);
			}
		});
	}
}

async fn run<H: Handler>(
	mut receiver: mpsc::UnboundedReceiver<Accepted>,
	shared: Arc<Shared>,
	open: Arc<AtomicUsize>,
	make: impl FnOnce() -> H,
) {
	let mut stop = shared.stop.subscribe();
	let worker = Rc::new(Worker {
		handler: make(),
		shared,
		ticks: Arc::default(),
		controls: RefCell::default(),
	});
	let start = Instant::now();
	let mut second = time::interval(Duration::from_secs(1));
	second.set_missed_tick_behavior(MissedTickBehavior::Skip);
	loop {
		tokio::select! {
			accepted = receiver.recv() => {
				let Some(accepted) = accepted else { break };
				let counted = Open(open.clone());
				tokio::task::spawn_local(connection::serve(worker.clone(), accepted, counted));
			},
			_ = second.tick() => {
				worker.ticks.set(u32::try_from(start.elapsed().as_secs()).unwrap_or(u32::MAX));
				worker.sweep();
			},
			_ = stop.wait_for(|stop| *stop != Stop::Running) => break,
		}
	}
	// Those that were accepted but not served yet.
	receiver.close();
	while receiver.try_recv().is_ok() {
		open.fetch_sub(1, Relaxed);
	}
	let wound_up = async {
		worker.handler.close().await;
		while open.load(Relaxed) > 0 {
			// Repeated for connections whose handshake ended meanwhile.
			worker.each(|control| {
				control.end();
			});
			time::sleep(Duration::from_millis(5)).await;
		}
	};
	tokio::select! {
		_ = stop.wait_for(|stop| *stop == Stop::Now) => {},
		() = wound_up => {},
	}
}
