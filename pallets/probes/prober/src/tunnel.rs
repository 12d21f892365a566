// SPDX-License-Identifier: Apache-2.0

//! Pseudo requests to the prober's own node, which holds the UDP socket for proofs of VPNs.
//!
//! They go through the host's HTTP interface and never leave the node. A node without the transport
//! refuses the scheme.
//!
//! | request | answer |
//! |---|---|
//! | `GET surety-vpn://key` | 200 and a [`KeyPair`] |
//! | `POST surety-vpn://<host>:<port>` with a [`ProofRequest`] | 200 and an [`Outcome`]; an error if the host has no address that a probe may reach |
//!
//! Both are SCALE encoded. The node answers with 503 if it cannot judge any exit: no port, or one
//! that seems closed.

use codec::{Decode, Encode, MaxEncodedLen};
use surety_primitives::ServiceId;

/// Scheme of the pseudo requests.
pub const SCHEME: &str = "surety-vpn";
/// URL of a fresh key pair.
pub const KEY_URL: &str = "surety-vpn://key";

/// Fresh WireGuard key pair.
#[derive(Clone, Decode, Encode, Eq, MaxEncodedLen, PartialEq)]
pub struct KeyPair {
	/// Secret key.
	pub secret: [u8; 32],
	/// Public key.
	pub public: [u8; 32],
}

/// Request for a handshake with an exit and a nonce through its tunnel.
#[derive(Clone, Decode, Encode, Eq, MaxEncodedLen, PartialEq)]
pub struct ProofRequest {
	/// Service that the exit belongs to.
	pub service: ServiceId,
	/// Public key of the exit.
	pub exit: [u8; 32],
	/// Secret key of the peer that the exit admitted.
	pub secret: [u8; 32],
	/// IPv4 address of that peer inside the tunnel.
	pub address: [u8; 4],
}

/// Outcome of a [`ProofRequest`].
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, MaxEncodedLen, PartialEq)]
pub enum Outcome {
	/// The exit forwards in both directions.
	Proof {
		/// Time of the handshake in microseconds.
		handshake: u32,
		/// Time from the nonce into the tunnel to its arrival, in microseconds.
		nonce: u32,
	},
	/// The exit did not shake hands.
	NoHandshake,
	/// The exit shook hands, and the nonce did not arrive.
	NoNonce,
	/// The nonce arrived, and the answer to it did not come back through the tunnel.
	NoAnswer,
	/// The nonce came from an address that is not on the public internet, or from the prober's own.
	ForbiddenEgress,
}
