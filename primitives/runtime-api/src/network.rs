// SPDX-License-Identifier: Apache-2.0

//! The chain as a whole.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AssetId, Balance, BlockNumber, Network, NetworkId, RoundIndex, WindowIndex, json,
};

/// Amount of an asset.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct AssetAmount {
	/// Asset.
	pub asset: AssetId,
	/// Base units.
	#[serde(with = "json")]
	pub amount: Balance,
}

/// The chain at a glance.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct NetworkStatus {
	/// Registered operators.
	pub operators: u32,
	/// Active operators.
	pub active: u32,
	/// Operators that were ever slashed, gone ones included.
	pub slashed_operators: u32,
	/// Listed services.
	pub services: u32,
	/// Services and leases that are probed in every round.
	pub active_services: u32,
	/// Slashed so far, by asset.
	pub slashed: Vec<AssetAmount>,
	/// Bonded now, by asset.
	pub bonded: Vec<AssetAmount>,
	/// Mean score of up to [`MAX_SCAN`](crate::MAX_SCAN) operators, 0 to 100.
	pub average_score: u8,
	/// Last round judged for every service.
	pub judged_round: RoundIndex,
}

/// The clock.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct RoundInfo {
	/// Block whose state is read.
	pub block: BlockNumber,
	/// Its round.
	pub round: RoundIndex,
	/// Its window.
	pub window: WindowIndex,
	/// Blocks of a round.
	pub round_blocks: u32,
	/// Rounds of a window.
	pub window_rounds: u16,
	/// Milliseconds of a slot.
	pub slot_ms: u64,
	/// Last round judged for every service.
	pub judged_round: RoundIndex,
}

/// A network that `Rpc` services serve.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInfo {
	/// Id.
	pub id: NetworkId,
	/// The network as it is stored.
	#[serde(flatten)]
	pub network: Network,
}
