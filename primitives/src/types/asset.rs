//! What a service is priced in.

use super::shared;
use sp_runtime::{Either, traits::Convert};

shared! {
	/// What a service is priced, bonded and credited in.
	#[derive(Copy, Default, Ord, PartialOrd)]
	pub enum AssetId {
		/// The chain's own token.
		#[default]
		Native,
		/// An asset of the assets pallet that governance approved.
		Local(u32),
	}
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
