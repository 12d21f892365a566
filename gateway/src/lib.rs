// SPDX-License-Identifier: Apache-2.0

//! Data plane of the market: one library, two roles.
//!
//! - [`gateway`] stands in front of dApps and routes their requests to operators, chosen by what
//!   the chain knows and by what the gateway measures.
//! - [`edge`] stands in front of an operator's server, lets in tenants up to their units and
//!   strangers at a trial rate, counts and countersigns.

pub mod access;
pub mod background;
pub mod chain;
pub mod cli;
pub mod config;
pub mod front;
/// JSON-RPC on the wire, and the table of methods.
pub mod rpc;
pub mod telemetry;
#[cfg(test)]
mod test_kit;
pub mod upstream;
