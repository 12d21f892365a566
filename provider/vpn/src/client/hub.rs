// SPDX-License-Identifier: Apache-2.0

//! One socket for all proofs of a prober: one port is open in its firewall.

use super::{
	Attempt, Failure, Limits, MAX_DATAGRAM, Proof, Target, Transport,
	attempt::TAG,
	prove::{canonical, drive},
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	io,
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::Instant,
};
use tokio::{net::UdpSocket, sync::mpsc, task::AbortHandle};

/// Datagrams that wait for one proof.
const QUEUE: usize = 32;

type Datagram = (SocketAddr, Vec<u8>);
/// Filter of the addresses that datagrams are sent to.
type Allows = Box<dyn Fn(IpAddr) -> bool + Send>;

/// Proofs by what their datagrams are known by.
#[derive(Default)]
struct Routes {
	by_tag: HashMap<[u8; TAG], mpsc::Sender<Datagram>>,
	by_endpoint: HashMap<SocketAddr, Vec<([u8; TAG], mpsc::Sender<Datagram>)>>,
}

impl Routes {
	/// Hand a datagram to its proofs. One that finds no place in a queue is lost, as on any
	/// network.
	fn deliver(&self, from: SocketAddr, bytes: &[u8]) {
		let tag = bytes.get(..TAG).and_then(|tag| <[u8; TAG]>::try_from(tag).ok());
		if let Some(queue) = tag.and_then(|tag| self.by_tag.get(&tag)) {
			let _ = queue.try_send((from, bytes.to_vec()));
			return;
		}
		for (_, queue) in self.by_endpoint.get(&from).into_iter().flatten() {
			let _ = queue.try_send((from, bytes.to_vec()));
		}
	}
}

/// Socket that all proofs of a prober share.
pub struct Hub {
	socket: Arc<UdpSocket>,
	routes: Arc<Mutex<Routes>>,
	max: usize,
	reader: AbortHandle,
}

impl Hub {
	/// Share a socket among at most `max` proofs at once. Call it inside of a runtime of tokio.
	pub fn new(socket: UdpSocket, max: usize) -> Self {
		let socket = Arc::new(socket);
		let routes = Arc::new(Mutex::new(Routes::default()));
		let reader = tokio::spawn(read(socket.clone(), routes.clone())).abort_handle();
		Self { socket, routes, max, reader }
	}

	/// Local address of the socket.
	pub fn local_addr(&self) -> io::Result<SocketAddr> {
		self.socket.local_addr()
	}

	/// Ask an exit for a proof. Datagrams are sent to no address that `allows` refuses: the exit
	/// chooses the one to which the answer goes.
	pub async fn prove(
		&self,
		target: Target,
		limits: Limits,
		allows: impl Fn(IpAddr) -> bool + Send + 'static,
	) -> Result<Proof, Failure> {
		let attempt = Attempt::new(target, limits, Instant::now())
			.map_err(|error| Failure::Local(error.to_string()))?;
		let mut member = self.enter(&attempt, Box::new(allows))?;
		drive(&mut member, attempt).await
	}

	fn enter(&self, attempt: &Attempt, allows: Allows) -> Result<Member, Failure> {
		let (to, queue) = mpsc::channel(QUEUE);
		let (tag, endpoint) = (attempt.tag(), canonical(attempt.endpoint()));
		let mut routes = self.routes.lock();
		if routes.by_tag.len() >= self.max {
			return Err(Failure::Local("too many proofs at once".into()));
		}
		routes.by_tag.insert(tag, to.clone());
		routes.by_endpoint.entry(endpoint).or_default().push((tag, to));
		let (socket, routes) = (self.socket.clone(), self.routes.clone());
		Ok(Member { socket, routes, tag, endpoint, queue, allows })
	}
}

impl Drop for Hub {
	fn drop(&mut self) {
		self.reader.abort();
	}
}

async fn read(socket: Arc<UdpSocket>, routes: Arc<Mutex<Routes>>) {
	let mut buffer = vec![0; MAX_DATAGRAM];
	loop {
		match socket.recv_from(&mut buffer).await {
			Ok((length, from)) => {
				let bytes = buffer.get(..length).unwrap_or_default();
				routes.lock().deliver(canonical(from), bytes);
			},
			// An error of the socket concerns a datagram, not the socket; it must not spin, though.
			Err(error) => {
				tracing::debug!("the socket of the prober: {error}");
				tokio::time::sleep(std::time::Duration::from_millis(100)).await;
			},
		}
	}
}

/// One proof's share of the socket.
struct Member {
	socket: Arc<UdpSocket>,
	routes: Arc<Mutex<Routes>>,
	tag: [u8; TAG],
	endpoint: SocketAddr,
	queue: mpsc::Receiver<Datagram>,
	allows: Allows,
}

impl Transport for Member {
	fn allows(&self, to: SocketAddr) -> bool {
		(self.allows)(to.ip())
	}

	async fn send(&mut self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
		self.socket.send_to(bytes, to).await.map(drop)
	}

	async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
		let (from, bytes) = self.queue.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
		let length = bytes.len().min(buffer.len());
		if let (Some(to), Some(bytes)) = (buffer.get_mut(..length), bytes.get(..length)) {
			to.copy_from_slice(bytes);
		}
		Ok((length, from))
	}
}

impl Drop for Member {
	fn drop(&mut self) {
		let mut routes = self.routes.lock();
		routes.by_tag.remove(&self.tag);
		if let Some(members) = routes.by_endpoint.get_mut(&self.endpoint) {
			members.retain(|(tag, _)| *tag != self.tag);
			if members.is_empty() {
				routes.by_endpoint.remove(&self.endpoint);
			}
		}
	}
}
