// SPDX-License-Identifier: Apache-2.0

//! Audit of a breach: from the state of the chain to a statement that anyone can verify.
//!
//! ```text
//!  collect: states of the blocks ---> fold ---> storage proofs of all values read = bundle
//!  verify:  bundle + own headers ---> fold ---> statement
//! ```
//!
//! [`fold`] reads the snapshot, commits, reveals and parameters of every counted round from a state
//! and judges the target again with the pallets' own pure code. The state may be a database or a
//! proof. The collector records the keys that are read, and the verifier requires that these keys
//! need exactly the nodes in the bundle. A statement therefore consists of proven state only, and
//! no byte of a bundle is without effect.

mod bundle;
mod chain;
mod collect;
mod command;
mod error;
mod fold;
mod state;
mod statement;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) mod tests;
mod verify;

pub use chain::Chain;
pub use collect::collect;
pub use command::AuditCmd;
pub use statement::Statement;
pub use verify::verify;
