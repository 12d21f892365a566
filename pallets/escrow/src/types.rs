//! Types of escrow accounts.

use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, BlockNumber, CloseReason, EscrowOwner, Fee, JUDGED_AFTER, MeterReading,
	RoundIndex, Target,
};

/// Most runs of a stream that are open or not judged yet. A run is at least one round and is judged
/// within three, so freezing and thawing in every single round needs four.
pub const MAX_RUNS: u32 = 6;

/// Rounds over whose blocks the reads that nobody waits for are spread. What is read this late, or
/// later still because of a backlog, must not be older than what a meter remembers.
pub const SPREAD_ROUNDS: RoundIndex = 8;
const _: () = assert!(2 * (JUDGED_AFTER + SPREAD_ROUNDS) < MeterReading::REMEMBERED);

/// Lane of the agenda. A flood in one does not hold up the other.
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
	/// Streams whose end is decided, or found to be due.
	Urgent,
	/// Open streams: reading their meters, and whether their funds or their time are over.
	Looks,
}

/// Rounds `from + 1 ..= until` of a stream that are billed if the meter advances in them. What
/// the meter says already is taken out at the front, so `from` moves on as rounds are judged.
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
	/// Billed are the rounds after this one.
	pub from: RoundIndex,
	/// The meter's reading at the end of `from`; `None` until that round is judged.
	pub base: Option<u32>,
	/// Last round that is billed; `None` while it runs on.
	pub until: Option<RoundIndex>,
}

/// Time that a one-off hold was started for.
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
	/// Last round that is billed: the stream expires with it.
	pub last: RoundIndex,
	/// Last round of the trial: a tenant who closes the stream with it or sooner owes what was
	/// metered, no more.
	pub trial_until: RoundIndex,
}

/// Terms of a stream.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Stream {
	/// Target whose meter pays it.
	pub meter: Target,
	/// Base units per billable block.
	pub rate: Balance,
	/// Base units of the deposit that pay the first billable blocks. Less the price of
	/// `unbillable`, the least that is due in all if the tenant closes the stream after its
	/// trial; any other end refunds what of it the meter did not earn.
	pub prepaid: Balance,
	/// Billable blocks in all, by the rounds judged when the account was last touched.
	pub billed: u32,
	/// Blocks of the rounds read off the meter in which it did not advance.
	pub unbillable: u32,
	/// Last round that was read off the meter; before the first, the round of the opening. No
	/// end is sooner.
	pub read: RoundIndex,
	/// The time that it was started for, if it was a one-off hold before. It is one again if its meter
	/// ends sooner.
	pub term: Option<Term>,
	/// Rounds that are not judged yet, in order of time.
	pub runs: BoundedVec<Run, ConstU32<MAX_RUNS>>,
	/// Lane and block whose agenda holds the entry of this stream.
	pub wake: Option<(Lane, BlockNumber)>,
}

/// Purpose of an escrow account.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Terms {
	/// A rate per billable block.
	Stream(Stream),
	/// One sum.
	OneOff,
}

/// Where an escrow account is in its life.
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
	/// Funds are on hold, no end is decided.
	Open,
	/// A stream's end is decided: nothing after `round` is billed.
	Ending {
		/// Last round that is billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
	/// Closed; kept only because somebody could not be paid yet. `settle` tries again.
	Closed {
		/// Base units due to payee and fee in all, delivered or not. The rest is the payer's.
		due: Balance,
	},
	/// A stream's end is decided, but not that of the account: nothing after `round` is billed,
	/// and once that is paid what is left is a one-off hold again.
	Suspending {
		/// Last round that is billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
}

impl State {
	/// The end of a stream with `round`, after which the account is closed or, if it `suspends`, is a
	/// hold.
	pub fn stopping(round: RoundIndex, reason: CloseReason, suspends: bool) -> Self {
		if suspends { Self::Suspending { round, reason } } else { Self::Ending { round, reason } }
	}

	/// The end of a stream whose time is over.
	pub fn expired(last: RoundIndex) -> Self {
		Self::Ending { round: last, reason: CloseReason::Expired }
	}

	/// This end, but that of `known` in its place if it is not later. Only what suspends by both of
	/// them suspends.
	pub fn unless(self, known: Self) -> Self {
		let Some(stands) = known.end() else { return self };
		let end = self.end().filter(|(round, _)| *round < stands.0).unwrap_or(stands);
		Self::stopping(end.0, end.1, self.suspends() && known.suspends())
	}

	/// Last round of a stream that is billed and why, if that is decided.
	pub fn end(&self) -> Option<(RoundIndex, CloseReason)> {
		match *self {
			Self::Ending { round, reason } | Self::Suspending { round, reason } => {
				Some((round, reason))
			},
			Self::Open | Self::Closed { .. } => None,
		}
	}

	/// True if the account only waits for somebody to be paid.
	pub fn is_closed(&self) -> bool {
		matches!(self, Self::Closed { .. })
	}

	/// True if it is decided that a stream becomes a one-off hold again.
	pub fn suspends(&self) -> bool {
		matches!(self, Self::Suspending { .. })
	}
}

/// Base units by who gets them.
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
	/// To the payee.
	pub payee: Balance,
	/// Fee to the probers' pot.
	pub probers: Balance,
	/// Fee to the treasury.
	pub treasury: Balance,
}

impl Paid {
	/// Fee to both pots.
	pub fn fee(&self) -> Balance {
		self.probers.saturating_add(self.treasury)
	}
	/// Payee and fee.
	pub fn total(&self) -> Balance {
		self.payee.saturating_add(self.fee())
	}
}

/// Funds of a payer on hold for a purpose. All amounts are base units of `asset`, counted from
/// the opening of the account or, if it was suspended, from there.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Account<AccountId> {
	/// Owner, notified of the end.
	pub owner: EscrowOwner,
	/// On whose account the funds are on hold.
	pub payer: AccountId,
	/// Payee; the payer itself while nobody is known yet.
	pub payee: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Put on hold in all.
	pub deposited: Balance,
	/// On hold now.
	pub held: Balance,
	/// Part of `held` that a dispute locks.
	pub frozen: Balance,
	/// Granted to the payee by disputes and, for a one-off hold, by closing it; fee included.
	pub awarded: Balance,
	/// Delivered in all.
	pub paid: Paid,
	/// Given back to the payer in all.
	pub refunded: Balance,
	/// The fee, fixed when it was opened.
	pub fee: Fee,
	/// Its purpose.
	pub terms: Terms,
	/// Place in its life.
	pub state: State,
}

impl<AccountId> Account<AccountId> {
	/// Base units that the meter may use up: everything but awards and what is locked.
	pub fn for_meter(&self) -> Balance {
		self.deposited.saturating_sub(self.awarded).saturating_sub(self.frozen)
	}

	/// Due to payee and fee in all, by the rounds judged when the account was last touched. Until a
	/// stream is closed this is what the meter says: why it ends, and so who bears the rest of the
	/// prepaid sum, is not sure before.
	pub fn due(&self) -> Balance {
		match self.state {
			State::Closed { due } => due,
			State::Open | State::Ending { .. } | State::Suspending { .. } => {
				self.due_of_at_least(0)
			},
		}
	}

	/// Due in all if it is closed with `round` for `reason`: a tenant who closes a stream after its
	/// trial pays at least what is left of the prepaid sum.
	pub fn due_at_end(&self, round: RoundIndex, reason: CloseReason) -> Balance {
		let on_trial = |stream: &Stream| stream.term.is_some_and(|term| round <= term.trial_until);
		match &self.terms {
			Terms::Stream(stream) if reason.keeps_prepaid() && !on_trial(stream) => {
				self.due_by_tenant()
			},
			_ => self.due(),
		}
	}

	/// Due in all if the tenant closes it now. The trial is left out: its funds must last beyond
	/// it.
	fn due_by_tenant(&self) -> Balance {
		match &self.terms {
			Terms::Stream(stream) if !self.is_closed() => self.due_of_at_least(stream.least()),
			_ => self.due(),
		}
	}

	/// Due in all if the meter's part is at least `least`, as far as the funds go.
	fn due_of_at_least(&self, least: Balance) -> Balance {
		match &self.terms {
			Terms::Stream(stream) => {
				stream.price().max(least).min(self.for_meter()).saturating_add(self.awarded)
			},
			Terms::OneOff => self.awarded,
		}
	}

	/// Due and not delivered.
	pub fn outstanding(&self) -> Balance {
		self.due().saturating_sub(self.paid.total())
	}

	/// Part of `held` that may be locked or granted: neither locked, nor due to anybody, nor needed
	/// for the prepaid sum should the tenant close the stream.
	pub fn unlocked(&self) -> Balance {
		let kept = self.due_by_tenant().saturating_sub(self.paid.total());
		self.held.saturating_sub(self.frozen).saturating_sub(kept)
	}

	/// Shares of what is due. Every share is a floor of a sum that only grows, so that paying
	/// it out in many small steps gives to the base unit what one step gives.
	pub fn shares(&self) -> Paid {
		let due = self.due();
		let fee = self.fee.share.mul_floor(due);
		let probers = self.fee.to_probers.mul_floor(fee);
		Paid { payee: due.saturating_sub(fee), probers, treasury: fee.saturating_sub(probers) }
	}

	/// Billable blocks that the funds pay for in all.
	pub fn funded(&self) -> u32 {
		match &self.terms {
			Terms::Stream(stream) => self
				.for_meter()
				.checked_div(stream.rate)
				.map_or(u32::MAX, |blocks| u32::try_from(blocks).unwrap_or(u32::MAX)),
			Terms::OneOff => 0,
		}
	}

	/// The round after which nothing is billed, if that is decided.
	pub fn end_round(&self) -> Option<RoundIndex> {
		self.state.end().map(|(round, _)| round)
	}

	/// True for a one-off hold of which nothing was paid or granted.
	pub fn is_untouched(&self) -> bool {
		self.paid == Paid::default() && self.awarded == 0
	}

	/// True if it is closed and waits only for somebody to be paid.
	pub fn is_closed(&self) -> bool {
		self.state.is_closed()
	}
}

impl<AccountId: Clone> Account<AccountId> {
	/// A one-off hold again, of the `left` base units on hold that are nobody else's. What was before is
	/// forgotten; the fee's shares stay.
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

	/// The sum that is due and could not be delivered, as a closed account of its own. It knows
	/// what was paid, so that every share comes out as if nothing had been split off.
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
