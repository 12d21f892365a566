// SPDX-License-Identifier: Apache-2.0

//! Breach of the terms of a target, as it is stored and as clients see it.

use super::{Balance, BreachKind, Counters, RoundIndex, Severity, WindowIndex};
use crate::{WindowShare, json};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Breach with the numbers that explain it: amounts in base units of the asset, shares in windows'
/// prices.
#[derive(
	Clone,
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
#[serde(rename_all = "camelCase")]
pub struct Breach {
	/// Window whose counter passed a tier.
	pub window: WindowIndex,
	/// Round whose judgement made the counter pass it.
	pub round: RoundIndex,
	/// Term that was not kept.
	pub kind: BreachKind,
	/// Tier reached before in this window and kind; its credit is paid already.
	pub before: Option<Severity>,
	/// Tier reached now.
	pub severity: Severity,
	/// The window's rounds by verdict, this one included.
	pub counters: Counters,
	/// Bad rounds of this kind that the terms allow.
	pub allowance: u16,
	/// Multiplier for repeated breaches.
	pub multiplier: u8,
	/// Share demanded by the severity: difference of the credits of the two tiers times the
	/// multiplier.
	pub demanded: WindowShare,
	/// Sum of the rates that counted, in base units per block.
	#[serde(with = "json")]
	pub rate: Balance,
	/// Credit index before.
	pub index_before: WindowShare,
	/// Credit index after.
	pub index_after: WindowShare,
	/// Amount moved from the bond to the pot for the tenants: `rate x blocks of a window x rise`,
	/// rounded up. Each tenant is credited its part of it up to the amount it has paid; the rest
	/// goes to the treasury.
	#[serde(with = "json")]
	pub credited: Balance,
	/// Amount moved from the bond to the treasury.
	#[serde(with = "json")]
	pub penalty: Balance,
}
