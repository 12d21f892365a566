// SPDX-License-Identifier: Apache-2.0

//! Agent of an operator: containers of leases, inference and VPN.
//!
//! ```text
//!  chain::Follower -- snapshots of finalized blocks --+--> reconcile::Driver --> engine
//!  reconcile::Observer -- answers of the engine ------+          |    ^
//!                                                     |          v    |
//!                                                     |     calls on chain
//!                                                     +--> bidder --> bids
//!  inference: an edge of the gateway, for services of models and of JSON-RPC
//!  store: what neither chain nor engine knows         +--> server: health, status, metrics
//! ```

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod agent;
pub mod bidder;
pub mod chain;
pub mod cli;
pub mod client;
pub mod config;
pub mod doctor;
pub mod inference;
pub mod private;
pub mod reconcile;
pub mod server;
pub mod store;
#[cfg(test)]
mod test_kit;
pub mod time;
pub mod vpn;
