// SPDX-License-Identifier: Apache-2.0

//! Operators, and the scores of tenants.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{AssetId, Balance, ServiceId, TrustLevel, json};

/// Bond of an operator in one asset, in base units.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct BondInfo {
	/// Asset.
	pub asset: AssetId,
	/// Slashable and reservable.
	#[serde(with = "json")]
	pub active: Balance,
	/// Reserved for services and bids.
	#[serde(with = "json")]
	pub exposure: Balance,
	/// Waiting to be withdrawn; slashable.
	#[serde(with = "json")]
	pub unbonding: Balance,
}

/// An operator.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct OperatorInfo<AccountId> {
	/// Account.
	pub account: AccountId,
	/// Display name, UTF-8.
	#[serde(with = "json")]
	pub name: Vec<u8>,
	/// Contact, UTF-8.
	#[serde(with = "json")]
	pub contact: Vec<u8>,
	/// True if its services take new units.
	pub active: bool,
	/// Bonds by asset.
	pub bonds: Vec<BondInfo>,
	/// Its services.
	pub services: Vec<ServiceId>,
	/// Score, 0 to 100: the lower bound of what its history proves.
	pub score: u8,
	/// Trust level of that score.
	pub trust: TrustLevel,
	/// Reliability score, 0 to 100: share of good verdicts.
	pub reliability: u8,
	/// Performance score.
	pub performance: Performance,
}

/// Performance score with its parts, each 0 to 100.
#[derive(
	Clone, Copy, Debug, Decode, Default, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct Performance {
	/// The score.
	pub score: u8,
	/// Uptime against 99.9 %.
	pub uptime: u8,
	/// Correctness against 99 %.
	pub correctness: u8,
	/// 95th percentile of latency against 250 ms.
	pub latency: u8,
}

/// Score of an account as a tenant.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct TenantInfo {
	/// Score, 0 to 100.
	pub score: u8,
	/// Trust level of that score.
	pub trust: TrustLevel,
}
