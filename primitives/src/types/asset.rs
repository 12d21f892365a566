// SPDX-License-Identifier: Apache-2.0

//! Assets.

use alloc::{format, string::String};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{Either, traits::Convert};

/// Asset that a service is priced, bonded and credited in; in JSON `native` or `local:7`.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(into = "String", try_from = "String")]
pub enum AssetId {
	/// Native token of the chain.
	#[default]
	Native,
	/// Asset of the assets pallet that governance approved.
	Local(u32),
}

impl AssetId {
	/// True of an asset of the assets pallet: its payments touch more storage than the native
	/// token's.
	pub fn is_local(self) -> bool {
		matches!(self, Self::Local(_))
	}
}

impl From<AssetId> for String {
	fn from(asset: AssetId) -> Self {
		match asset {
			AssetId::Native => "native".into(),
			AssetId::Local(id) => format!("local:{id}"),
		}
	}
}

impl TryFrom<String> for AssetId {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let found = match text.split_once(':') {
			None if text == "native" => Some(Self::Native),
			Some(("local", id)) => id.parse().ok().map(Self::Local),
			_ => None,
		};
		found.ok_or_else(|| format!("cannot read {text:?} as an asset: `native` or `local:7`"))
	}
}

/// Criterion of the SDK's `fungible::UnionOf`: the side of an [`AssetId`].
pub struct SplitAsset;
impl Convert<AssetId, Either<(), u32>> for SplitAsset {
	fn convert(asset: AssetId) -> Either<(), u32> {
		match asset {
			AssetId::Native => Either::Left(()),
			AssetId::Local(id) => Either::Right(id),
		}
	}
}
