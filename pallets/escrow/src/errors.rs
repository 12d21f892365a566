//! Errors of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// There is no escrow account with this id; it may be closed and paid.
		UnknownEscrow,
		/// The account is a lump; this works on streams. Lumps are closed, not ended or parked.
		NotAStream,
		/// The account is a stream; this works on lumps. Streams are ended, not closed.
		NotALump,
		/// The service has no meter: it is not probed every round.
		NoMeter,
		/// The service ends: its meter pays for no new streams.
		MeterEnded,
		/// A stream must cost at least one base unit per block.
		ZeroRate,
		/// The amount must be above zero.
		ZeroAmount,
		/// The deposit does not pay for a single block.
		DepositBelowRate,
		/// The prepaid sum is part of the funds and cannot be more than those, less what a dispute
		/// locks or granted.
		PrepaidAboveDeposit,
		/// The end of this stream is decided or has come: it takes no more funds and no more time.
		Ending,
		/// This stream has no last round to put off: it was opened, not started from a lump.
		NoLastRound,
		/// The last round must be after this one, and after the one that is to be put off.
		LastRoundNotLater,
		/// The last round of this stream has come; it can no longer be put off.
		LastRoundReached,
		/// The account is closed and only waits for somebody to be paid.
		AlreadyClosed,
		/// A dispute locks funds of this lump; thaw them first.
		FrozenFunds,
		/// Part of this lump was granted to its payee; only an untouched lump becomes a stream.
		LumpTouched,
		/// Nothing is locked in this account.
		NotFrozen,
		/// The amount is more than the account holds for this.
		NotEnoughHeld,
		/// Rounds of earlier freezes are not judged yet. Try again in a few blocks.
		JudgingBehind,
		/// The payer's account cannot take the funds either.
		Undeliverable,
	}
}
