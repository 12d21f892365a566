//! Why calls are refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// There is nothing to rate: the agreement is not over, ended without a fee that weighs anything, was
		/// rated by both sides, or was over so long ago that it is forgotten.
		UnknownEngagement,
		/// Only the tenant and the operator of the agreement can rate it.
		NotParty,
		/// You have rated this agreement.
		AlreadyRated,
		/// A rating has 1 to 5 stars.
		StarsOutOfRange,
		/// The time in which this agreement could be rated is over.
		RatingWindowOver,
		/// This agreement can still be rated, so it cannot be forgotten.
		RatingWindowOpen,
	}
}
