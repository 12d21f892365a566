// SPDX-License-Identifier: Apache-2.0

//! Filters of lists, as clients send them. An error names the field.

use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::Deserialize;
use surety_primitives::{AssetId, Balance, NetworkId, Region, Resources, ServiceClass};

/// Filter of services. A field that is `None` or left out takes any.
#[derive(Clone, Debug, Decode, Default, Deserialize, Encode, Eq, PartialEq, TypeInfo)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceFilter {
	/// Kind of service.
	#[serde(deserialize_with = "field::class")]
	pub class: Option<ServiceClass>,
	/// Network of an `Rpc` service.
	#[serde(deserialize_with = "field::network")]
	pub network: Option<NetworkId>,
	/// Region.
	#[serde(deserialize_with = "field::region")]
	pub region: Option<Region>,
	/// Asset of its amounts.
	#[serde(deserialize_with = "field::asset")]
	pub asset: Option<AssetId>,
	/// Highest price per unit and block, in base units of the asset.
	#[serde(deserialize_with = "field::max_price")]
	pub max_price: Option<Balance>,
	/// Lowest score of the operator, 0 to 100.
	#[serde(deserialize_with = "field::min_score")]
	pub min_score: Option<u8>,
	/// Only services that take new units now.
	pub open_only: bool,
}

/// Filter of compute orders. A field that is `None` or left out takes any.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, TypeInfo)]
#[serde(
	bound = "AccountId: Deserialize<'de>",
	default,
	deny_unknown_fields,
	rename_all = "camelCase"
)]
pub struct OrderFilter<AccountId> {
	/// Account that placed the order.
	#[serde(deserialize_with = "field::tenant")]
	pub tenant: Option<AccountId>,
	/// Region that the order accepts.
	#[serde(deserialize_with = "field::region")]
	pub region: Option<Region>,
	/// Resources that a replica of the order fits into.
	#[serde(deserialize_with = "field::fits")]
	pub fits: Option<Resources>,
	/// Asset that the order pays in.
	#[serde(deserialize_with = "field::asset")]
	pub asset: Option<AssetId>,
	/// Only orders that take bids now.
	pub open_only: bool,
}

// Not derived, since accounts have no default.
impl<AccountId> Default for OrderFilter<AccountId> {
	fn default() -> Self {
		Self { tenant: None, region: None, fits: None, asset: None, open_only: false }
	}
}

/// Readers of the fields, whose errors begin with the name of the field.
mod field {
	use serde::{Deserialize, Deserializer};
	use surety_primitives::{Balance, json};

	macro_rules! readers {
		($($reader:ident: $name:literal,)*) => { $(
			pub fn $reader<'de, T, D>(from: D) -> Result<T, D::Error>
			where
				T: Deserialize<'de>,
				D: Deserializer<'de>,
			{
				T::deserialize(from).map_err(|error| named($name, error))
			}
		)* };
	}

	readers! {
		asset: "asset",
		class: "class",
		fits: "fits",
		min_score: "minScore",
		network: "network",
		region: "region",
		tenant: "tenant",
	}

	pub fn max_price<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Balance>, D::Error> {
		json::deserialize(from).map_err(|error| named("maxPrice", error))
	}

	fn named<E: serde::de::Error>(field: &str, error: E) -> E {
		E::custom(format_args!("{field}: {error}"))
	}
}
