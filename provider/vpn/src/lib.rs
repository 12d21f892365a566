// SPDX-License-Identifier: Apache-2.0

//! WireGuard in a process: the exit of an operator, and the handshake of a prober.
//!
//! | module | responsibility |
//! |---|---|
//! | [`keys`] | WireGuard keys |
//! | [`claims`] | signed request for a peer, signed answer, their bytes, protection from replay |
//! | [`tunnel`] | configuration of one tunnel: `wg-quick` text |
//! | [`client`] | handshake and nonce of a prober, without TUN or root |
//! | `exit` | exit of an operator: TUN, peers, rates, firewall (feature `exit`) |
//!
//! Nothing here knows the chain. The agent checks accounts, signatures and agreements; the node
//! brings the sockets.

pub mod claims;
pub mod client;
#[cfg(feature = "exit")]
pub mod exit;
pub mod keys;
pub mod tunnel;

/// Id of an agreement on chain.
pub type AgreementId = u32;
/// Id of a service on chain.
pub type ServiceId = u32;
