// SPDX-License-Identifier: Apache-2.0

//! Private parts of orders, from the tenants' couriers to the reconciler.
//!
//! | file | part |
//! |---|---|
//! | `keys.rs` | the operator's age keys, and the recipients document that names them |
//! | `intake.rs` | releases: what is taken, for which lease, and why others are refused |
//!
//! ```text
//!  GET  /.well-known/surety/keys     recipients document, signed by the agent's key
//!  GET  /leases/<id>/manifest        state: none, awaited, stored
//!  POST /leases/<id>/manifest        release --> checked against the order --> store
//! ```
//!
//! A release proves itself: only who knows salt and manifest can make one that has the order's hash,
//! so no access check is needed, and all releases of a lease are the same one.

mod intake;
mod keys;
#[cfg(test)]
mod tests;

pub use intake::{Intake, IntakeError, ManifestState};
pub use keys::OperatorKeys;
