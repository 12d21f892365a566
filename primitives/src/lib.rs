//! What the pallets of Surety share: the design's words as types, the small traits through which the
//! pallets meet, and the pure maths (latency buckets, tiers of an allowance, scores).
//!
//! Nothing here has storage. A pallet depends on this crate and never on another pallet's `Config`. These are the
//! traits; the runtime says which pallet is behind each:
//!
//! | trait | what it is | implemented by | used by |
//! |---|---|---|---|
//! | [`Clock`] | blocks, rounds, windows | timing | all others |
//! | [`Registry`] | services and networks | operators | probes, sla, compute-orders |
//! | [`LeaseRegistry`] | the services that leases are | operators | compute-orders |
//! | [`Bonding`] | exposure of services, slashing | operators | sla |
//! | [`BondReserve`] | bond reserved for bids | operators | compute-orders |
//! | [`Probing`] | the pages of probed services | probes | operators, sla, compute-orders |
//! | [`Meter`] | billable blocks | probes | escrow, sla |
//! | [`Judge`] | what follows from verdicts | sla | probes |
//! | [`Agreements`] | what is sold of a service | sla | operators |
//! | [`LeaseAgreements`] | the agreements behind leases | sla | compute-orders |
//! | [`Escrow`] | tenant funds on hold | escrow | sla, compute-orders |
//! | [`OnEscrowEnd`] | how their accounts end | sla, compute-orders | escrow |
//! | [`Capacity`] | what `Compute` services have | compute-orders | operators |
//! | [`OnLease`] | leases that fail | compute-orders | probes, sla |
//! | [`ReputationSink`] | what moves scores | reputation | probes, sla, compute-orders |
//! | [`ReputationInspect`] | scores and trust levels | reputation | compute-orders |
//! | [`Funds`] | money of any approved asset | [`TwoUnions`] | operators, probes, sla, escrow, compute-orders |
//!
//! Units, everywhere: `Balance` in base units of the asset (planck), time in blocks unless a name says
//! `round`, `window` or `ms`, shares as `Perbill`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod credit;
pub mod crypto;
pub mod endpoint;
pub mod funds;
pub mod latency;
pub mod page;
pub mod rent;
pub mod report;
pub mod score;
pub mod terms;
pub mod tiers;
pub mod traits;
pub mod types;

pub use credit::WindowShare;
pub use funds::{Funds, TwoUnions};
pub use latency::LatencyBucket;
pub use page::{MAX_PAGE, page_size};
pub use rent::Occupancy;
pub use terms::{TermsFault, TermsInput};
pub use traits::*;
pub use types::*;
