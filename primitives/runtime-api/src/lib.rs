// SPDX-License-Identifier: Apache-2.0

//! Read side of the chain: services, agreements, use, orders, leases, operators, rounds.
//!
//! One set of types serves every client: the runtime API gives them as SCALE, the `surety_*`
//! methods of a node serve the same values as JSON.
//!
//! - Names are in camelCase. An enum with data is an object with the name of the variant and the
//!   fields of that variant only: `{"class": "rpc", "network": 0}`, `{"class": "compute"}`. A
//!   target of probes is `{"service": 5}` or `{"lease": 3}`.
//! - Amounts are base units of the asset, as decimal strings. Shares of a window's price are
//!   strings too, in parts of 1,000,000,000. Other numbers are numbers.
//! - Bytes of a text are a string, a hash or key is `0x` and 64 hexadecimal digits, an account its
//!   SS58 address, an asset `native` or `local:7`, a latency its bucket's edge in milliseconds.
//! - Answers are written and read: a Rust client that must outlive an upgrade of the runtime reads
//!   JSON, in which it ignores new members. SCALE needs the very types of the runtime.
//!
//! Every list is paged: `start_after` is the last id of the page before (`None` for the first page)
//! and `limit` is capped at [`MAX_PAGE`](surety_primitives::MAX_PAGE). A search that looked at
//! [`MAX_SCAN`] entries without filling a page returns a short one; the next page begins after its
//! `next`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod filter;
mod market;
mod network;
mod operators;
mod orders;
mod statement;
#[cfg(test)]
mod tests;
mod usage;

pub use filter::*;
pub use market::*;
pub use network::*;
pub use operators::*;
pub use orders::*;
pub use statement::*;
pub use usage::*;

use alloc::vec::Vec;
use codec::{Codec, Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{AgreementId, LeaseId, OrderId, ServiceId, Target};

/// Most entries that one page looks at.
pub const MAX_SCAN: u32 = 1_024;

/// One page of a list.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Page<Item> {
	/// Entries.
	pub items: Vec<Item>,
	/// `start_after` of the next page; `None` at the end of the list.
	pub next: Option<u32>,
}

sp_api::decl_runtime_apis! {
	/// Services, agreements, orders, leases, operators and rounds.
	pub trait SuretyApi<AccountId> where AccountId: Codec {
		/// Services that pass a filter, in order of their ids.
		fn services(
			filter: ServiceFilter,
			start_after: Option<ServiceId>,
			limit: u32,
		) -> Page<ServiceSummary<AccountId>>;
		/// A service with its live window.
		fn service(id: ServiceId) -> Option<ServiceDetail<AccountId>>;
		/// Breaches of a service or a lease, oldest first.
		fn breaches(
			target: Target,
			start_after: Option<u32>,
			limit: u32,
		) -> Page<NumberedBreach>;
		/// An agreement with its funds and credits.
		fn agreement(id: AgreementId) -> Option<AgreementInfo<AccountId>>;
		/// Agreements of a tenant, in no particular order.
		fn agreements_of(
			tenant: AccountId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> Page<AgreementInfo<AccountId>>;
		/// Agreements of a service that are not over, in no particular order.
		fn agreements_of_service(
			service: ServiceId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> Page<AgreementInfo<AccountId>>;
		/// Use of a service or an operator in the last windows. `None` if there was none.
		fn usage(of: UsageOf<AccountId>) -> Option<UsageInfo>;
		/// Use of an agreement in the windows that can still be reported, with the statements of
		/// both sides. `None` if nothing was reported and the agreement is over or not counted.
		fn agreement_usage(agreement: AgreementId) -> Option<AgreementUsage<AccountId>>;
		/// True if the key of `reporter` may sign usage statements of `account`.
		fn may_report(account: AccountId, reporter: AccountId) -> bool;
		/// Probers of the current round, with their session keys.
		fn probers() -> RoundProbers<AccountId>;
		/// An operator with bonds and scores.
		fn operator(account: AccountId) -> Option<OperatorInfo<AccountId>>;
		/// The chain at a glance.
		fn network_status() -> NetworkStatus;
		/// The clock.
		fn round() -> RoundInfo;
		/// Networks that `Rpc` services serve.
		fn networks() -> Vec<NetworkInfo>;
		/// Compute orders that pass a filter, in order of their ids.
		fn orders(
			filter: OrderFilter<AccountId>,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Page<OrderInfo<AccountId>>;
		/// A compute order.
		fn order(id: OrderId) -> Option<OrderInfo<AccountId>>;
		/// Standing bids on an order, in order of their services.
		fn bids(
			order: OrderId,
			start_after: Option<ServiceId>,
			limit: u32,
		) -> Page<BidInfo<AccountId>>;
		/// A lease.
		fn lease(id: LeaseId) -> Option<LeaseInfo<AccountId>>;
		/// Listing and live window of a lease, from the block in which it is ready until it is over.
		fn lease_detail(id: LeaseId) -> Option<LeaseDetail<AccountId>>;
		/// Leases that an account pays for or runs, in no particular order.
		fn leases_of(
			account: AccountId,
			start_after: Option<LeaseId>,
			limit: u32,
		) -> Page<LeaseInfo<AccountId>>;
		/// Score of an account as a tenant.
		fn tenant(account: AccountId) -> TenantInfo;
		/// Amounts that an account has on hold, owes and can claim.
		fn statement(account: AccountId) -> Statement<AccountId>;
		/// True if probers may connect to loopback and private addresses (dev and local networks).
		fn private_endpoints() -> bool;
	}
}
