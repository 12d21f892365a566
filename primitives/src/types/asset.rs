//! What a service is priced in.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{Either, traits::Convert};

/// What a service is priced, bonded and credited in.
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
pub enum AssetId {
	/// The chain's own token.
	#[default]
	Native,
	/// An asset of the assets pallet that governance approved.
	Local(u32),
}

/// Tells the SDK's `fungible::UnionOf` which side an [`AssetId`] is on.
pub struct SplitAsset;
impl Convert<AssetId, Either<(), u32>> for SplitAsset {
	fn convert(asset: AssetId) -> Either<(), u32> {
		match asset {
			AssetId::Native => Either::Left(()),
			AssetId::Local(id) => Either::Right(id),
		}
	}
}
