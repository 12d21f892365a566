//! Errors of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// The phase has not begun: commits are accepted in the blocks of their round and the first
		/// two of the next, reveals from the fifth block of the next one on.
		TooEarly,
		/// The phase is over.
		TooLate,
		/// The chain took no snapshot of the round.
		NoSnapshot,
		/// The round's snapshot names no prober with this index.
		NotAProber,
		/// The prober has committed in this round already.
		AlreadyCommitted,
		/// The prober has revealed in this round already.
		AlreadyRevealed,
		/// The prober did not commit in this round.
		NoCommit,
		/// The report does not have one byte for each service that is due.
		WrongLength,
		/// The report is not the one that was committed to.
		WrongReveal,
		/// The registry has no such service.
		UnknownService,
		/// The service has a slot already.
		AlreadyListed,
		/// The service has no slot.
		NotListed,
		/// The service has units, so it is probed every round.
		AlreadyDue,
		/// The listing is not probed, because no proof was found that its operator controls the
		/// endpoint's host. Its operator must ask for the proof again first.
		NotProbed,
		/// Too many probes are requested already. Try again in the next round.
		QueueFull,
		/// Every slot for listings is taken.
		NoSlot,
		/// The rounds are full: no other service can be probed every round. Wait until one is no
		/// longer used.
		RoundsFull,
	}
}
