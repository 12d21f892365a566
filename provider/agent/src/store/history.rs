// SPDX-License-Identifier: Apache-2.0

//! Entries of the history of bids and leases.

use serde::{Deserialize, Serialize};
use surety_primitives::{Balance, OrderId};

/// State of a bid.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BidState {
	/// There is none, for a reason.
	Refused,
	/// It stands.
	Standing,
	/// It was withdrawn.
	Withdrawn,
	/// It became a lease.
	Won,
	/// Another one became the lease, or the order is over.
	Lost,
}

/// Last decision on an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BidOutcome {
	/// Milliseconds since the Unix epoch.
	pub at_ms: u64,
	/// State.
	pub state: BidState,
	/// Price of the bid in base units, if there is one.
	#[serde(with = "price")]
	pub price: Option<Balance>,
	/// Reason, in one sentence of numbers.
	pub why: String,
}

/// Event that people want to look up.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
	/// Milliseconds since the Unix epoch.
	pub at_ms: u64,
	/// Subject, such as `lease 7` or `order 3`.
	pub subject: String,
	/// The event.
	pub text: String,
}

impl Entry {
	/// Event about an order.
	pub fn of_order(order: OrderId, at_ms: u64, text: impl Into<String>) -> Self {
		Self { at_ms, subject: format!("order {order}"), text: text.into() }
	}

	/// Event about a lease.
	pub fn of_lease(lease: u32, at_ms: u64, text: impl Into<String>) -> Self {
		Self { at_ms, subject: format!("lease {lease}"), text: text.into() }
	}
}

/// Amounts as decimal strings.
mod price {
	use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
	use surety_primitives::Balance;

	pub fn serialize<S: Serializer>(value: &Option<Balance>, to: S) -> Result<S::Ok, S::Error> {
		value.map(|value| value.to_string()).serialize(to)
	}

	pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Balance>, D::Error> {
		let text = Option::<String>::deserialize(from)?;
		text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
	}
}
