// SPDX-License-Identifier: Apache-2.0

//! Thread that accepts connections and deals them out to the workers.

use super::{
	Certificate, FrontError, FrontSettings, Shared, Stop,
	limits::is_in,
	worker::{Accepted, Queue},
};
use rustls::ServerConfig;
use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use std::{
	io,
	net::{SocketAddr, TcpListener},
	sync::{Arc, atomic::Ordering::Relaxed},
	thread::{self, JoinHandle},
	time::Duration,
};
use tokio::{runtime, task::JoinSet, time};

/// Pause after an error of the machine: out of file descriptors or memory.
const BACK_OFF: Duration = Duration::from_millis(50);
/// Time between looks at the files of certificates.
const RELOAD: Duration = Duration::from_secs(60);

/// Listener that is bound.
pub struct Bound {
	pub address: SocketAddr,
	pub certificate: Option<Arc<Certificate>>,
	socket: TcpListener,
	tls: Option<Arc<ServerConfig>>,
}

/// Bind all listeners.
pub fn bind(settings: &FrontSettings) -> Result<Vec<Bound>, FrontError> {
	if settings.listeners.is_empty() {
		return Err(FrontError::NoListener);
	}
	let one = |listener: &super::Listener| {
		let certificate = listener.tls.clone().map(Certificate::load).transpose()?;
		let tls = certificate.as_ref().map(Certificate::config).transpose()?;
		let wanted = listener.address;
		let socket =
			listen(wanted, settings.backlog).map_err(|error| FrontError::Listen(wanted, error))?;
		let address = socket.local_addr().map_err(|error| FrontError::Listen(wanted, error))?;
		Ok(Bound { address, certificate, socket, tls })
	};
	settings.listeners.iter().map(one).collect()
}

fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
	let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
	// A restarted server takes its port back while old connections linger.
	socket.set_reuse_address(true)?;
	socket.set_nonblocking(true)?;
	socket.bind(&SockAddr::from(address))?;
	socket.listen(backlog)?;
	// Accepted sockets inherit both on Linux.
	socket.set_tcp_nodelay(true)?;
	socket.set_tcp_keepalive(
		&TcpKeepalive::new()
			.with_time(Duration::from_secs(60))
			.with_interval(BACK_OFF.max(Duration::from_secs(15))),
	)?;
	Ok(socket.into())
}

/// Start the thread.
pub fn start(
	listeners: Vec<Bound>,
	queues: Vec<Queue>,
	shared: Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
	let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
	let certificates: Vec<_> =
		listeners.iter().filter_map(|bound| bound.certificate.clone()).collect();
	thread::Builder::new().name("acceptor".into()).spawn(move || {
		runtime.block_on(async move {
			let queues: Arc<[Queue]> = queues.into();
			let mut tasks = JoinSet::new();
			for listener in listeners {
				tasks.spawn(accept(listener, queues.clone(), shared.clone()));
			}
			if !certificates.is_empty() {
				tasks.spawn(reload(certificates));
			}
			let mut stop = shared.stop.subscribe();
			// An error means that the front is gone.
			let _ = stop.wait_for(|stop| *stop != Stop::Running).await;
			tasks.shutdown().await;
		});
	})
}

async fn accept(bound: Bound, queues: Arc<[Queue]>, shared: Arc<Shared>) {
	let listener = match tokio::net::TcpListener::from_std(bound.socket) {
		Ok(listener) => listener,
		Err(error) => {
			tracing::error!(address = %bound.address, %error, "the listener is lost");
			return;
		},
	};
	loop {
		let (socket, address) = match listener.accept().await {
			Ok(accepted) => accepted,
			Err(error) if of_one_connection(&error) => continue,
			Err(error) => {
				tracing::warn!(address = %bound.address, %error, "cannot accept connections");
				time::sleep(BACK_OFF).await;
				continue;
			},
		};
		let trusted = is_in(&shared.settings.trusted_proxies, address.ip());
		let limited = (!trusted).then_some(address.ip());
		let admitted = match shared.counts.connections.admit(limited) {
			Ok(admitted) => admitted,
			Err(refused) => {
				tracing::debug!(%address, ?refused, "connection refused");
				shared.counts.refused.fetch_add(1, Relaxed);
				continue;
			},
		};
		// The socket leaves this runtime: each worker has its own.
		let Ok(socket) = socket.into_std() else { continue };
		let accepted = Accepted { socket, address, trusted, tls: bound.tls.clone(), admitted };
		if let Some(queue) = queues.iter().min_by_key(|queue| queue.open()) {
			queue.push(accepted);
		}
	}
}

/// True for errors of the connection that was to be accepted, not of the machine.
fn of_one_connection(error: &io::Error) -> bool {
	matches!(
		error.kind(),
		io::ErrorKind::ConnectionAborted
			| io::ErrorKind::ConnectionReset
			| io::ErrorKind::ConnectionRefused
			| io::ErrorKind::Interrupted
	)
}

async fn reload(certificates: Vec<Arc<Certificate>>) {
	loop {
		time::sleep(RELOAD).await;
		for certificate in &certificates {
			match certificate.reload() {
				Ok(true) => tracing::info!("new certificate loaded"),
				Ok(false) => {},
				Err(error) => tracing::warn!(%error, "the certificate was not reloaded"),
			}
		}
	}
}
