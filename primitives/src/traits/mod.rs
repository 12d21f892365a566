// SPDX-License-Identifier: Apache-2.0

//! Traits through which the pallets meet, by the pallet that implements them.
//!
//! The runtime binds each trait to a pallet. A call goes along one of the arrows drawn in
//! `docs/architecture.md` and never calls back into its caller: what the caller has to do, the
//! callee returns.

mod agreements;
mod clock;
mod escrow;
mod leases;
mod probes;
mod registry;
mod reputation;
mod usage;
mod validators;

pub use agreements::*;
pub use clock::*;
pub use escrow::*;
pub use leases::*;
pub use probes::*;
pub use registry::*;
pub use reputation::*;
pub use usage::*;
pub use validators::*;
