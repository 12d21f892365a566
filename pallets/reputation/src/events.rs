//! What this pallet tells of.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The score of an account moved. A breach and a failed lease are told even if the score was at its
		/// lowest already; all else only if it changed the score.
		Moved {
			/// Whose score.
			account: T::AccountId,
			/// In which role.
			role: Role,
			/// What moved it.
			cause: Cause,
			/// Score of 0 to 100 before.
			before: u8,
			/// Score of 0 to 100 after.
			after: u8,
		},
		/// An agreement ended paid: both sides may rate each other.
		RatingOpened {
			/// The agreement.
			agreement: AgreementId,
			/// Who served.
			operator: T::AccountId,
			/// Who paid.
			tenant: T::AccountId,
			/// What a rating weighs at most, in billionths of a window of evidence.
			weight: u64,
			/// Last window in which it can be rated.
			until: WindowIndex,
		},
		/// One side of an agreement rated the other. If that changed the score, `Moved` told of it just before.
		Rated {
			/// The agreement.
			agreement: AgreementId,
			/// Who rated.
			by: T::AccountId,
			/// Who was rated.
			account: T::AccountId,
			/// In which role.
			role: Role,
			/// 1 to 5.
			stars: u8,
			/// What the rating weighs, in billionths of a window of evidence: less than what was opened if the
			/// ratings of this pair are used up in this epoch.
			weight: u64,
			/// Score of 0 to 100 before.
			before: u8,
			/// Score of 0 to 100 after.
			after: u8,
		},
		/// An agreement cannot be rated any more: both sides have, or the time for it is over.
		RatingClosed {
			/// The agreement.
			agreement: AgreementId,
		},
	}
}
