// SPDX-License-Identifier: Apache-2.0

//! Data plane of the market: one library, two roles.
//!
//! - [`gateway`] stands in front of dApps and routes their requests to operators, chosen by what
//!   the chain knows and by what the gateway measures.
//! - [`edge`] stands in front of an operator's server, lets in tenants up to their units and
//!   strangers at a trial rate, counts and countersigns.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod access;
pub mod cache;
pub mod chain;
pub mod cli;
pub mod config;
pub mod edge;
mod files;
pub mod front;
pub mod gateway;
pub mod roles;
pub mod routing;
pub mod rpc;
pub mod subscriptions;
pub mod telemetry;
#[cfg(test)]
mod test_kit;
pub mod upstream;
pub mod usage;
pub mod websocket;
