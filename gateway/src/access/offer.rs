// SPDX-License-Identifier: Apache-2.0

//! Description of an agreement that a client without one can buy, for answers with status 402.

use super::UnitLimits;
use serde_json::{Value, json};
use sp_runtime::AccountId32;
use surety_primitives::{AssetId, Balance, ServiceClass, ServiceId};

/// Service that can be bought.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
	/// Id on chain.
	pub service: ServiceId,
	/// Operator.
	pub operator: &'a AccountId32,
	/// Class, which says what a unit is.
	pub class: ServiceClass,
	/// Price of a unit per block, in base units of the asset.
	pub price: Balance,
	/// Asset of the price.
	pub asset: AssetId,
}

impl Offer<'_> {
	/// The offer, and the call that takes it.
	///
	/// - `window_blocks`: blocks of a window, whose price is the least deposit.
	pub fn to_json(&self, window_blocks: u32) -> Value {
		let deposit = self.price.saturating_mul(window_blocks.into());
		let unit = UnitLimits::of(self.class).map(|unit| {
			json!({
				"requestsPerSecond": unit.requests.per_second,
				"burst": unit.requests.burst,
				"bytesPerSecond": unit.bytes.map(|rate| rate.per_second),
				"tokensPerMinute": unit.tokens.map(|rate| rate.burst),
				"subscriptions": unit.subscriptions,
			})
		});
		// Amounts as text: they do not fit the numbers of JavaScript.
		json!({
			"service": self.service,
			"operator": self.operator.to_string(),
			"class": self.class,
			"asset": self.asset,
			"price": self.price.to_string(),
			"unit": unit,
			"call": {
				"pallet": "Sla",
				"call": "open_agreement",
				"args": {
					"service": self.service,
					"units": 1,
					"max_price": self.price.to_string(),
					"deposit": deposit.to_string(),
					"min_cover": 0,
				},
			},
		})
	}
}
