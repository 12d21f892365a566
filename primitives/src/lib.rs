//! What the pallets of Surety share: the design's words as types, the small traits through which the
//! pallets meet, and the pure maths (latency buckets, tiers of an allowance, scores).
//!
//! Nothing here has storage. A pallet depends on this crate and never on another pallet's `Config`:
//!
//! ```text
//!             Registry, Bonding                 Judge
//!  operators <------------------ sla <--------------------- probes
//!      |  ^                       | ^                          ^ |
//!      |  +---- Agreements -------+ |  OnEscrowEnd             | |
//!      |                            +------------ escrow       | |
//!      +------------ Probing ---------------------- | ---------+ |
//!                                                   +-- Meter ---+
//!
//!  compute-orders --- LeaseRegistry, BondReserve ---> operators --- Capacity ---> compute-orders
//!  compute-orders --- LeaseAgreements --------------> sla
//!  compute-orders --- Escrow -----------------------> escrow --- OnEscrowEnd ---> compute-orders
//!  probes, sla    --- OnLease ----------------------> compute-orders
//!
//!  reputation <--- ReputationSink --- sla, probes, compute-orders
//! ```
//!
//! Units, everywhere: `Balance` in base units of the asset (planck), time in blocks unless a name says
//! `round`, `window` or `ms`, shares as `Perbill`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod crypto;
pub mod endpoint;
pub mod funds;
pub mod latency;
pub mod report;
pub mod score;
pub mod terms;
pub mod tiers;
pub mod traits;
pub mod types;

pub use funds::{Funds, TwoUnions};
pub use latency::LatencyBucket;
pub use terms::{TermsFault, TermsInput};
pub use traits::*;
pub use types::*;
