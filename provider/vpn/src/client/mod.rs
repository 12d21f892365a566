// SPDX-License-Identifier: Apache-2.0

//! Proof that an exit forwards, without TUN and without root.
//!
//! ```text
//!  prober                                    exit                       prober's UDP socket
//!    | -- handshake ------------------------> |                               |
//!    | <------------------------- handshake - |                               |
//!    | == UDP to that socket, with a nonce => | -- nonce -------------------> |
//!    |                                        | <------------------- answer - |
//!    | <==================== answer in tunnel |                               |
//! ```
//!
//! The nonce shows that the exit forwards, and under which address; the answer shows that it is the
//! exit's address and that its NAT leads back. Both sockets of the drawing may be one.
//!
//! The exit is a stranger and may be hostile: time, memory and the number of its datagrams that are
//! decrypted have bounds, and everything else that arrives at the socket is ignored.

mod attempt;
mod hub;
mod inner;
mod prove;
#[cfg(test)]
mod tests;

pub use attempt::{Attempt, Step};
pub use hub::Hub;
pub use prove::{Transport, drive, prove};

use crate::keys::{Key, Secret};
use std::{
	fmt,
	net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
	time::Duration,
};

/// Maximum length of a datagram in bytes. A longer one is cut, and so is no good.
pub const MAX_DATAGRAM: usize = 2_048;

/// Exit that is asked for a proof, and the peer that asks.
#[derive(Clone, Debug)]
pub struct Target {
	/// Key of the exit.
	pub exit: Key,
	/// Address of the exit, checked by the caller: datagrams are sent to it.
	pub endpoint: SocketAddr,
	/// Secret of the peer that the exit admitted.
	pub secret: Secret,
	/// Address of that peer inside the tunnel.
	pub address: Ipv4Addr,
	/// Own public socket address, to which the nonce is sent.
	pub reflector: SocketAddrV4,
}

/// Times of a proof.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Time for the handshake.
	pub handshake: Duration,
	/// Time for the nonce to arrive.
	pub nonce: Duration,
	/// Time for the answer to arrive.
	pub answer: Duration,
	/// Time after which a datagram is held to be lost and is sent again.
	pub resend: Duration,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			handshake: Duration::from_secs(5),
			nonce: Duration::from_secs(4),
			answer: Duration::from_secs(4),
			resend: Duration::from_secs(1),
		}
	}
}

/// Proof that an exit forwards in both directions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proof {
	/// From the first datagram to the end of the handshake.
	pub handshake: Duration,
	/// Address from which the nonce arrived: that of the exit on the internet.
	pub egress: SocketAddr,
	/// From the nonce into the tunnel to its arrival.
	pub nonce: Duration,
	/// From the nonce into the tunnel to the answer out of the tunnel.
	pub round_trip: Duration,
}

/// Stage at which a proof failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
	/// The prober's own side failed. Nothing is known about the exit.
	Local(String),
	/// The exit did not shake hands.
	NoHandshake,
	/// The exit shook hands, and the nonce did not arrive.
	NoNonce {
		/// Time of the handshake.
		handshake: Duration,
	},
	/// The nonce arrived, and the answer to it did not come back through the tunnel.
	NoAnswer {
		/// Time of the handshake.
		handshake: Duration,
		/// Address from which the nonce arrived. The exit may have made it up.
		egress: SocketAddr,
		/// From the nonce into the tunnel to its arrival.
		nonce: Duration,
	},
	/// The address of the endpoint, or the one from which the nonce arrived, is one that no
	/// datagram may be sent to.
	Forbidden(IpAddr),
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Local(reason) => write!(f, "no proof was possible: {reason}"),
			Self::NoHandshake => f.write_str("no handshake: wrong key, blocked port, or no exit"),
			Self::NoNonce { .. } => {
				f.write_str("shakes hands, but forwards nothing: check forwarding, NAT, firewall")
			},
			Self::Forbidden(address) => {
				write!(f, "{address} is no address of an exit: it is private, or the prober's own")
			},
			Self::NoAnswer { egress, .. } => {
				write!(f, "forwards from {egress}, but answers do not come back: check the NAT")
			},
		}
	}
}

impl std::error::Error for Failure {}
