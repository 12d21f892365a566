// SPDX-License-Identifier: Apache-2.0

//! Run of an attempt over a transport.

use super::{Attempt, Failure, Limits, MAX_DATAGRAM, Proof, Step, Target};
use std::{future::Future, io, net::SocketAddr, time::Instant};
use tokio::{net::UdpSocket, time::timeout_at};

/// Datagrams of a prober. Its socket is the reflector, too.
pub trait Transport: Send {
	/// True if datagrams may be sent to an address. The exit chooses the one of the answer.
	fn allows(&self, _to: SocketAddr) -> bool {
		true
	}
	/// Send a datagram.
	fn send(&mut self, to: SocketAddr, bytes: &[u8])
	-> impl Future<Output = io::Result<()>> + Send;
	/// Receive a datagram into `buffer`. Dropping the future loses none.
	fn receive(
		&mut self,
		buffer: &mut [u8],
	) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
}

impl Transport for UdpSocket {
	async fn send(&mut self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
		self.send_to(bytes, to).await.map(drop)
	}

	async fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
		self.recv_from(buffer).await
	}
}

/// Ask an exit for a proof. Returns after the sum of the limits at the latest.
pub async fn prove<T: Transport>(
	transport: &mut T,
	target: Target,
	limits: Limits,
) -> Result<Proof, Failure> {
	let attempt = Attempt::new(target, limits, Instant::now());
	drive(transport, attempt.map_err(|error| Failure::Local(error.to_string()))?).await
}

/// Run an attempt to its end.
pub async fn drive<T: Transport>(
	transport: &mut T,
	mut attempt: Attempt,
) -> Result<Proof, Failure> {
	let mut buffer = vec![0; MAX_DATAGRAM];
	let (mut is_sent, mut unsent) = (false, None);
	loop {
		let (datagrams, step) = attempt.on_time(Instant::now());
		for (to, bytes) in datagrams {
			if !transport.allows(to) {
				return Err(Failure::Forbidden(to.ip()));
			}
			match transport.send(to, &bytes).await {
				Ok(()) => is_sent = true,
				Err(error) => unsent = Some(error),
			}
		}
		let until = match (step, &unsent) {
			(Step::Wait(until), _) => until,
			// Not a single datagram left this machine.
			(Step::Done(Err(_)), Some(error)) if !is_sent => {
				return Err(Failure::Local(error.to_string()));
			},
			(Step::Done(end), _) => return end,
		};
		match timeout_at(until.into(), transport.receive(&mut buffer)).await {
			Err(_) => {},
			Ok(Err(error)) => return Err(Failure::Local(error.to_string())),
			Ok(Ok((length, from))) => {
				let bytes = buffer.get(..length).unwrap_or_default();
				attempt.on_datagram(canonical(from), bytes, Instant::now());
			},
		}
	}
}

/// Address of a sender, IPv4 out of its form as IPv6: a socket of both families receives those.
pub(super) fn canonical(from: SocketAddr) -> SocketAddr {
	SocketAddr::new(from.ip().to_canonical(), from.port())
}
