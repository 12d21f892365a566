// SPDX-License-Identifier: Apache-2.0

//! Agent of an operator: it runs the leases that the operator won, sells inference and VPN, and
//! answers the probers.

pub mod agent;
pub mod bidder;
pub mod compose;
pub mod engine;
pub mod firewall;
pub mod image;
pub mod manifest;
pub mod reconcile;
pub mod server;
pub mod store;
