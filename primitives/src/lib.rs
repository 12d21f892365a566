// SPDX-License-Identifier: Apache-2.0

//! Types, traits and pure maths shared by the pallets of Surety.
//!
//! The crate has no storage. A pallet depends on this crate and never on another pallet's
//! `Config`. The runtime binds each trait to the pallet behind it:
//!
//! | trait | purpose | implemented by | used by |
//! |---|---|---|---|
//! | [`Clock`] | blocks, rounds, windows | timing | all others |
//! | [`EndpointRules`] | rules for endpoints | timing | operators, probes |
//! | [`Registry`] | listings | operators | probes, sla, compute-orders |
//! | [`Networks`] | networks and their anchors | operators | probes |
//! | [`OnProof`] | outcomes of the search for a proof of control | operators | probes |
//! | [`LeaseRegistry`] | listings of leases | operators | compute-orders |
//! | [`Bonding`] | exposure, slashing, rent | operators | sla |
//! | [`BondReserve`] | bond reserved for bids | operators | compute-orders |
//! | [`Probing`] | rows of listings | probes | operators |
//! | [`Slots`] | active rows, status of targets | probes | sla, compute-orders |
//! | [`Meter`] | billable blocks | probes | escrow, sla |
//! | [`ProbeHistory`] | closed windows | probes | usage |
//! | [`OnJudged`] | windows that close, tiers reached | sla | probes |
//! | [`Agreements`] | agreements of listed services | sla | operators, usage |
//! | [`AgreementInspect`] | facts and fees of agreements | sla | usage |
//! | [`OnAgreementEnd`] | agreements that are over | usage | sla |
//! | [`Reporters`] | accounts that sign usage statements | the runtime, by its proxies | usage |
//! | [`LeaseAgreements`] | agreements behind leases | sla | compute-orders |
//! | [`Streams`] | tenant funds paid by a meter | escrow | sla, compute-orders |
//! | [`OneOffHolds`] | tenant funds that wait for an operator | escrow | compute-orders |
//! | [`OnStreamEnd`] | ends of escrow accounts | sla, compute-orders | escrow |
//! | [`Inventory`] | resources of `Compute` services | compute-orders | operators |
//! | [`OnLeaseFailed`] | leases that fail | compute-orders | probes |
//! | [`ReputationSink`] | events that move scores | reputation | probes, sla, compute-orders |
//! | [`ReputationInspect`] | scores and trust levels | reputation | compute-orders |
//! | [`Funds`] | money of any approved asset | [`MultiAssetFunds`] | operators, probes, sla, escrow, compute-orders |
//!
//! Units, everywhere: `Balance` in base units of the asset (planck), time in blocks unless a name
//! says `round`, `window` or `ms`, shares as `Perbill`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod credit;
pub mod crypto;
pub mod endpoint;
pub mod funds;
pub mod json;
pub mod latency;
pub mod order_price;
pub mod page;
pub mod prober_token;
pub mod rent;
pub mod report;
pub mod score;
pub mod terms;
pub mod tiers;
pub mod traits;
pub mod types;
pub mod usage;

pub use credit::WindowShare;
pub use funds::{Funds, MultiAssetFunds};
pub use latency::LatencyBucket;
pub use page::{MAX_PAGE, page_size};
pub use rent::Occupancy;
pub use terms::{TermsFault, TermsInput};
pub use traits::*;
pub use types::*;
