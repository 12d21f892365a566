// SPDX-License-Identifier: Apache-2.0

//! Stored types of escrow accounts, and the sums over them.

use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, BlockNumber, CloseReason, EscrowOwner, Fee, JUDGED_AFTER, MeterReading,
	RoundIndex, Target,
};

/// Maximum number of runs of a stream that are open or not judged yet. A run is at least one round
/// and is judged within three, so a freeze and a thaw in every round need four.
pub const MAX_RUNS: u32 = 6;

/// Number of rounds over whose blocks the looks at open streams are spread. A round that is read
/// this late, or later because of a backlog, must not be older than a meter remembers.
pub const SPREAD_ROUNDS: RoundIndex = 8;
const _: () = assert!(2 * (JUDGED_AFTER + SPREAD_ROUNDS) < MeterReading::REMEMBERED);

/// Lane of the agenda. A flood in one lane does not delay the other.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Lane {
	/// Streams whose end is decided, or was found to be due.
	Urgent,
	/// Open streams, whose meter is read and whose funds or term may have ended.
	Looks,
}

/// Rounds `from + 1 ..= until` of a stream that are billed if the meter advances in them. Rounds
/// that were read are removed at the front, so `from` advances as rounds are judged.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Run {
	/// Round after which billing begins.
	pub from: RoundIndex,
	/// Reading of the meter at the end of `from`; `None` until that round is judged.
	pub base: Option<u32>,
	/// Last round that is billed; `None` while the run is open.
	pub until: Option<RoundIndex>,
}

/// Term of a one-off hold that was started.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Term {
	/// Last round that is billed. The stream expires with it.
	pub last: RoundIndex,
	/// Last round of the trial. A tenant that closes the stream with it or sooner owes the metered
	/// amount only.
	pub trial_until: RoundIndex,
}

/// Terms of a stream.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Stream {
	/// Target whose meter the stream is paid by.
	pub meter: Target,
	/// Base units per billable block.
	pub rate: Balance,
	/// Base units of the deposit that pay the first billable blocks. Less the price of
	/// `unbillable`, this is the minimum that is due in all if the tenant closes the stream after
	/// its trial. Any other end refunds the part that the meter did not earn.
	pub prepaid: Balance,
	/// Billable blocks in all, by the rounds judged when the account was last touched.
	pub billed: u32,
	/// Blocks of the rounds that were read and in which the meter did not advance.
	pub unbillable: u32,
	/// Last round that was read off the meter; before the first, the round of the opening. No
	/// end is sooner.
	pub read: RoundIndex,
	/// Term of a stream that was a one-off hold before. If the meter ends sooner than the term, the
	/// account is a one-off hold again.
	pub term: Option<Term>,
	/// Runs with rounds that are not judged yet, in order of time.
	pub runs: BoundedVec<Run, ConstU32<MAX_RUNS>>,
	/// Lane and block of the agenda with the entry of this stream.
	pub wake: Option<(Lane, BlockNumber)>,
}

/// Purpose of an escrow account.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Terms {
	/// Rate per billable block.
	Stream(Stream),
	/// One sum, for a payee that may not be known yet.
	OneOff,
}

/// State of an escrow account.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum State {
	/// Funds are on hold, and no end is decided.
	Open,
	/// The end of a stream is decided: no round after `round` is billed.
	Ending {
		/// Last round that is billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
	/// The account is closed, and kept only because somebody could not be paid. `settle` tries
	/// again.
	Closed {
		/// Base units due to payee and fee in all, delivered or not. The rest is the payer's.
		due: Balance,
	},
	/// The suspension of a stream is decided: no round after `round` is billed. Once that round is
	/// paid, the rest is a one-off hold again.
	Suspending {
		/// Last round that is billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
}

impl State {
	/// End of a stream with `round`, after which the account is closed or, if it `suspends`, a
	/// one-off hold.
	pub fn stopping(round: RoundIndex, reason: CloseReason, suspends: bool) -> Self {
		if suspends { Self::Suspending { round, reason } } else { Self::Ending { round, reason } }
	}

	/// End of a stream whose term is over.
	pub fn expired(last: RoundIndex) -> Self {
		Self::Ending { round: last, reason: CloseReason::Expired }
	}

	/// This end, or that of `known` if it is not later. The account is suspended only if both ends
	/// suspend it.
	pub fn unless(self, known: Self) -> Self {
		let Some(stands) = known.end() else { return self };
		let end = self.end().filter(|(round, _)| *round < stands.0).unwrap_or(stands);
		Self::stopping(end.0, end.1, self.suspends() && known.suspends())
	}

	/// Last round that is billed and the reason, if the end is decided.
	pub fn end(&self) -> Option<(RoundIndex, CloseReason)> {
		match *self {
			Self::Ending { round, reason } | Self::Suspending { round, reason } => {
				Some((round, reason))
			},
			Self::Open | Self::Closed { .. } => None,
		}
	}

	/// True if the account is closed and only waits for somebody to be paid.
	pub fn is_closed(&self) -> bool {
		matches!(self, Self::Closed { .. })
	}

	/// True if the suspension of a stream is decided.
	pub fn suspends(&self) -> bool {
		matches!(self, Self::Suspending { .. })
	}
}

/// Base units by receiver.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Paid {
	/// Part of the payee.
	pub payee: Balance,
	/// Part of the fee for the probers' pot.
	pub probers: Balance,
	/// Part of the fee for the treasury.
	pub treasury: Balance,
}

impl Paid {
	/// Fee for both pots.
	pub fn fee(&self) -> Balance {
		self.probers.saturating_add(self.treasury)
	}
	/// Sum of the payee's part and the fee.
	pub fn total(&self) -> Balance {
		self.payee.saturating_add(self.fee())
	}
}

/// Funds of a payer on hold for a purpose. All amounts are base units of `asset`, counted from the
/// opening of the account or from its last suspension.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Account<AccountId> {
	/// Owner, notified of the end.
	pub owner: EscrowOwner,
	/// Account that the funds are on hold on.
	pub payer: AccountId,
	/// Payee; the payer itself while there is no operator.
	pub payee: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Amount put on hold in all.
	pub deposited: Balance,
	/// Amount on hold now.
	pub held: Balance,
	/// Part of `held` that a dispute freezes.
	pub frozen: Balance,
	/// Amount granted to the payee by disputes and, for a one-off hold, by its close; fee included.
	pub awarded: Balance,
	/// Amounts delivered in all.
	pub paid: Paid,
	/// Amount given back to the payer in all.
	pub refunded: Balance,
	/// Shares of the fee, fixed at the opening.
	pub fee: Fee,
	/// Purpose of the funds.
	pub terms: Terms,
	/// State of the account.
	pub state: State,
}

impl<AccountId> Account<AccountId> {
	/// Base units that the meter may use up: all but awarded and frozen funds.
	pub fn for_meter(&self) -> Balance {
		self.deposited.saturating_sub(self.awarded).saturating_sub(self.frozen)
	}

	/// Amount due to payee and fee in all, by the rounds judged when the account was last touched.
	/// Until a stream is closed this is the metered amount: the reason of the end, which decides
	/// about the rest of the prepaid sum, may change until then.
	pub fn due(&self) -> Balance {
		match self.state {
			State::Closed { due } => due,
			State::Open | State::Ending { .. } | State::Suspending { .. } => {
				self.due_of_at_least(0)
			},
		}
	}

	/// Amount due in all if the account is closed with `round` for `reason`. A tenant that closes a
	/// stream after its trial pays at least the rest of the prepaid sum.
	pub fn due_at_end(&self, round: RoundIndex, reason: CloseReason) -> Balance {
		let on_trial = |stream: &Stream| stream.term.is_some_and(|term| round <= term.trial_until);
		match &self.terms {
			Terms::Stream(stream) if reason.keeps_prepaid() && !on_trial(stream) => {
				self.due_by_tenant()
			},
			_ => self.due(),
		}
	}

	/// Amount due in all if the tenant closes the stream now. The trial is ignored, because the
	/// funds must last beyond it.
	fn due_by_tenant(&self) -> Balance {
		match &self.terms {
			Terms::Stream(stream) if !self.is_closed() => {
				self.due_of_at_least(stream.min_due_by_tenant())
			},
			_ => self.due(),
		}
	}

	/// Amount due in all if the metered part is at least `min`, as far as the funds go.
	fn due_of_at_least(&self, min: Balance) -> Balance {
		match &self.terms {
			Terms::Stream(stream) => {
				stream.price().max(min).min(self.for_meter()).saturating_add(self.awarded)
			},
			Terms::OneOff => self.awarded,
		}
	}

	/// Amount due and not delivered.
	pub fn outstanding(&self) -> Balance {
		self.due().saturating_sub(self.paid.total())
	}

	/// Part of `held` that may be frozen or awarded: neither frozen, nor due, nor needed for the
	/// prepaid sum if the tenant closes the stream.
	pub fn available(&self) -> Balance {
		let kept = self.due_by_tenant().saturating_sub(self.paid.total());
		self.held.saturating_sub(self.frozen).saturating_sub(kept)
	}

	/// Amount due by receiver. Every part is the floor of a share of a sum that only grows, so many
	/// small payments yield the same base units as one payment.
	pub fn shares(&self) -> Paid {
		let due = self.due();
		let fee = self.fee.share.mul_floor(due);
		let probers = self.fee.to_probers.mul_floor(fee);
		Paid { payee: due.saturating_sub(fee), probers, treasury: fee.saturating_sub(probers) }
	}

	/// Number of billable blocks that the funds pay for in all.
	pub fn funded(&self) -> u32 {
		match &self.terms {
			Terms::Stream(stream) => self
				.for_meter()
				.checked_div(stream.rate)
				.map_or(u32::MAX, |blocks| u32::try_from(blocks).unwrap_or(u32::MAX)),
			Terms::OneOff => 0,
		}
	}

	/// Last round that is billed, if the end is decided.
	pub fn end_round(&self) -> Option<RoundIndex> {
		self.state.end().map(|(round, _)| round)
	}

	/// True for a one-off hold of which nothing was paid or awarded.
	pub fn is_untouched(&self) -> bool {
		self.paid == Paid::default() && self.awarded == 0
	}

	/// True if the account is closed and only waits for somebody to be paid.
	pub fn is_closed(&self) -> bool {
		self.state.is_closed()
	}
}

impl<AccountId: Clone> Account<AccountId> {
	/// Make the account a one-off hold again, of the `left` base units that are not due. Its sums
	/// start anew; the shares of the fee stay.
	pub fn suspend(&mut self, left: Balance) {
		self.payee = self.payer.clone();
		self.deposited = left;
		self.held = left;
		self.frozen = 0;
		self.awarded = 0;
		self.paid = Paid::default();
		self.refunded = 0;
		self.terms = Terms::OneOff;
		self.state = State::Open;
	}

	/// Closed account with the amount that is due and could not be delivered. It keeps the paid
	/// amounts, so that every share is the same as without the split.
	pub fn claim(&self) -> Self {
		let due = self.due();
		Self {
			deposited: due,
			held: due.saturating_sub(self.paid.total()),
			frozen: 0,
			refunded: 0,
			state: State::Closed { due },
			..self.clone()
		}
	}
}
