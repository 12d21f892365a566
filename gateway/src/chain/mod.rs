// SPDX-License-Identifier: Apache-2.0

//! Client of the chain: the market as of the last finalized block, purchases and reports.
//!
//! | file | part |
//! |---|---|
//! | `client.rs` | JSON-RPC with one node |
//! | `nodes.rs`, `election.rs` | several nodes, of which the most advanced honest one is asked |
//! | `read.rs` | `surety_*` at a block |
//! | `market.rs` | snapshot of the market for a tenant or an operator |
//! | `watch.rs` | task that follows the finalized blocks |
//! | `reporters.rs` | accounts that may report usage for others |
//! | `signer.rs`, `calls.rs`, `transactions.rs` | keys, calls, transactions until they are final |
//! | `purse.rs`, `plan/`, `buyer.rs` | spent amounts, decisions to buy, their execution |
//!
//! Assumption: at least one configured node is honest, and of several that contradict each other
//! the larger group is, or the one that is listed first. A node's state is not proven.

mod buyer;
mod calls;
mod client;
mod election;
mod market;
mod nodes;
pub mod plan;
mod purse;
mod read;
mod reporters;
mod signer;
#[cfg(test)]
pub(crate) mod tests;
mod transactions;
mod watch;

pub use buyer::*;
pub use calls::*;
pub use client::*;
pub use election::{Head, Standing};
pub use market::*;
pub use nodes::*;
pub use purse::*;
pub use read::*;
pub use reporters::*;
pub use signer::*;
pub use transactions::*;
pub use watch::*;
