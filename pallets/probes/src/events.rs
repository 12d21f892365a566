//! Events of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Every service that was due in the round is judged. The numbers are services by verdict.
		RoundClosed {
			/// Which round.
			round: RoundIndex,
			/// Answered right.
			up: u32,
			/// No usable answer.
			down: u32,
			/// Wrong answer.
			bad: u32,
			/// Too far behind.
			stale: u32,
			/// Probers disagree.
			unclear: u32,
			/// Too few reports, or the chain stalled.
			unmeasured: u32,
			/// No answer while probers doubt themselves, too few that say anything, or not up in
			/// announced maintenance.
			excused: u32,
		},
		/// The verdict on a service is another than in the last round in which it was due.
		VerdictChanged {
			/// Which service.
			service: ServiceId,
			/// Round of the new verdict.
			round: RoundIndex,
			/// The verdict before; none if this is the first.
			from: Option<Verdict>,
			/// The new verdict.
			to: Verdict,
		},
		/// Half of what the terms allow in a window is used up: more of it is a breach.
		AllowanceHalfUsed {
			/// Which service.
			service: ServiceId,
			/// Window that is counted.
			window: WindowIndex,
			/// Round whose judgement made it so.
			round: RoundIndex,
			/// Which term.
			kind: BreachKind,
			/// Rounds of the window that count against it so far.
			count: u16,
			/// Rounds that may. The first tier is breached above it.
			allowance: u16,
		},
		/// Through a whole window the probers found no proof that the operator controls the
		/// endpoint's host. The listing is not probed any more, until its operator asks for it
		/// again or moves it.
		ProofNotFound {
			/// Which service.
			service: ServiceId,
		},
		/// A probe of an idle service was requested: its page is probed before those whose turn it
		/// is.
		ProbeQueued {
			/// Which service.
			service: ServiceId,
			/// Cold page of the service. All idle services of the page are probed with it.
			page: u32,
		},
		/// A prober reported in too few rounds of a session, disagreed with too many verdicts, or missed
		/// too many changes of verdict. It earns nothing for the session and is reported.
		DutyFailed {
			/// Session that ended.
			session: SessionIndex,
			/// The prober.
			prober: T::AccountId,
			/// Its duty in the session.
			tally: DutyTally,
		},
		/// The probers were rewarded for a session.
		RewardsPaid {
			/// Session that ended.
			session: SessionIndex,
			/// Asset of the amount.
			asset: AssetId,
			/// Paid in all, in base units.
			amount: Balance,
			/// To so many probers.
			probers: u32,
		},
	}
}
