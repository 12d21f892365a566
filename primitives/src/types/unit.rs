// SPDX-License-Identifier: Apache-2.0

//! Units: the amount of service that a tenant buys with one, by class.
//!
//! A unit is a rule of the chain and not of a listing, so that prices of services of one class
//! compare. Edges enforce it, gateways keep within it, and the chain bounds the usage that it counts
//! by it.
//!
//! | class | one unit |
//! |---|---|
//! | `Rpc` | 10 requests a second, each weighed by its method; bursts of 100; 1 MiB a second out; 20 subscriptions |
//! | `Inference` | 60 requests and 20,000 tokens a minute |
//! | `Vpn` | 10 Mbit a second |
//! | `Compute` | none: the order of a lease names its resources |

use super::ServiceClass;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Amount of service that one unit of a class buys.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "class")]
pub enum Unit {
	/// JSON-RPC.
	Rpc {
		/// Requests per second. A request of a heavy method counts as several.
		requests_per_second: u32,
		/// Requests at once after a pause.
		burst: u32,
		/// Bytes of answers per second.
		bytes_per_second: u32,
		/// Subscriptions at a time.
		subscriptions: u32,
	},
	/// AI inference.
	Inference {
		/// Requests per minute.
		requests_per_minute: u32,
		/// Tokens per minute, of prompts and answers together.
		tokens_per_minute: u32,
	},
	/// VPN.
	Vpn {
		/// Megabits per second, in each direction.
		megabits_per_second: u32,
	},
	/// Rented compute: the order of a lease names the resources.
	Compute,
}

/// Percentage of the sustained rate up to which the chain counts requests: bursts, and windows that
/// last longer than their blocks should, are well below a fifth.
const COUNTED_PERCENT: u64 = 120;

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

impl Unit {
	/// Requests that `units` make in `ms` milliseconds at their highest sustained rate, and a fifth
	/// on top. `None` for a class whose use is not counted in requests.
	pub fn max_requests(&self, units: u32, ms: u64) -> Option<u64> {
		let per_minute = match self {
			Self::Rpc { requests_per_second, .. } => {
				u64::from(*requests_per_second).saturating_mul(60)
			},
			Self::Inference { requests_per_minute, .. } => u64::from(*requests_per_minute),
			Self::Vpn { .. } | Self::Compute => return None,
		};
		let each = u128::from(per_minute).saturating_mul(u128::from(units));
		let all = each.saturating_mul(u128::from(ms)).saturating_mul(u128::from(COUNTED_PERCENT));
		let whole = u128::from(MINUTE_MS.saturating_mul(100));
		Some(u64::try_from(all.checked_div(whole).unwrap_or(0)).unwrap_or(u64::MAX))
	}
}

impl ServiceClass {
	/// Unit of the class.
	pub const fn unit(self) -> Unit {
		match self {
			Self::Rpc => Unit::Rpc {
				requests_per_second: 10,
				burst: 100,
				bytes_per_second: 1 << 20,
				subscriptions: 20,
			},
			Self::Inference => {
				Unit::Inference { requests_per_minute: 60, tokens_per_minute: 20_000 }
			},
			Self::Vpn => Unit::Vpn { megabits_per_second: 10 },
			Self::Compute => Unit::Compute,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Milliseconds of a day.
	const DAY_MS: u64 = 86_400_000;

	#[test]
	fn a_unit_of_rpc_counts_a_million_requests_a_day() {
		let most = |class: ServiceClass, units| class.unit().max_requests(units, DAY_MS);
		assert_eq!(most(ServiceClass::Rpc, 1), Some(1_036_800));
		assert_eq!(most(ServiceClass::Rpc, 3), Some(3 * 1_036_800));
		assert_eq!(most(ServiceClass::Inference, 1), Some(103_680));
		assert_eq!(most(ServiceClass::Vpn, 1), None);
		assert_eq!(most(ServiceClass::Compute, 1), None);
	}

	#[test]
	fn units_without_time_count_nothing() {
		assert_eq!(ServiceClass::Rpc.unit().max_requests(7, 0), Some(0));
		assert_eq!(ServiceClass::Rpc.unit().max_requests(0, DAY_MS), Some(0));
	}

	proptest! {
		#[test]
		fn more_units_or_time_never_count_less(units: u32, more: u32, ms: u64, longer: u64) {
			let most = |units, ms| ServiceClass::Rpc.unit().max_requests(units, ms).unwrap();
			prop_assert!(most(units, ms) <= most(units.saturating_add(more), ms));
			prop_assert!(most(units, ms) <= most(units, ms.saturating_add(longer)));
		}
	}
}
