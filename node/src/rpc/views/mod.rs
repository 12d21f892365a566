//! What the `surety_*` methods take and give, as JavaScript likes it: camelCase, amounts as decimal strings
//! (they pass 2^53), bytes as text, shares of a billion as integers.
//!
//! | file | what is there |
//! |---|---|
//! | `filter.rs` | which services and orders to list |
//! | `services.rs` | a service, in a list and in detail |
//! | `rounds.rs` | verdicts, counters, windows, the clock |
//! | `breaches.rs` | breaches |
//! | `agreements.rs` | agreements |
//! | `resources.rs` | what orders ask for and services have |
//! | `orders.rs` | compute orders and bids |
//! | `leases.rs` | leases, and the tenants who pay for them |
//! | `operators.rs` | operators with bonds and scores |
//! | `statement.rs` | amounts that an account has in the market |
//! | `network.rs` | the chain at a glance, the networks that are served |

use serde::Serialize;
use surety_primitives::{AssetId, Balance, ServiceClass, TrustLevel, WindowShare};
use surety_runtime_api as api;

/// Declares views: what all of them derive, and their names in camelCase.
macro_rules! views {
	($($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* })*) => {
		$(
			$(#[$doc])*
			#[derive(Clone, Debug, serde::Serialize)]
			#[serde(rename_all = "camelCase")]
			pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
		)*
	};
}

mod agreements;
mod breaches;
mod filter;
mod leases;
mod network;
mod operators;
mod orders;
mod resources;
mod rounds;
mod services;
mod statement;

pub use agreements::AgreementView;
pub use breaches::BreachView;
pub use filter::{Filter, OrderFilter};
pub use leases::{LeaseView, TenantView};
pub use network::{NetworkStatusView, NetworkView};
pub use operators::OperatorView;
pub use orders::{BidView, OrderView};
pub use rounds::RoundView;
pub use services::{ServiceDetailView, ServiceView};
pub use statement::StatementView;

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

fn amount(balance: Balance) -> String {
	balance.to_string()
}

/// Parts of 1,000,000,000 of the price of one window.
fn share(share: WindowShare) -> String {
	share.into_inner().to_string()
}

/// `native` or `local:7`.
fn asset(asset: AssetId) -> String {
	match asset {
		AssetId::Native => "native".into(),
		AssetId::Local(id) => format!("local:{id}"),
	}
}

fn class(class: ServiceClass) -> &'static str {
	match class {
		ServiceClass::Rpc => "rpc",
		ServiceClass::Compute => "compute",
		ServiceClass::Inference => "inference",
		ServiceClass::Vpn => "vpn",
	}
}

/// 1 to 5.
fn level(level: TrustLevel) -> u8 {
	match level {
		TrustLevel::One => 1,
		TrustLevel::Two => 2,
		TrustLevel::Three => 3,
		TrustLevel::Four => 4,
		TrustLevel::Five => 5,
	}
}

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<Item> {
	/// The entries.
	pub items: Vec<Item>,
	/// `startAfter` of the next page; null at the end.
	pub next: Option<u32>,
}

impl<Item> Page<Item> {
	/// The page with its entries as views.
	pub fn of<From>(page: api::Page<From>, view: impl Fn(From) -> Item) -> Self {
		Self { items: page.items.into_iter().map(view).collect(), next: page.next }
	}
}
