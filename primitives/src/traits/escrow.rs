// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `escrow`, and by the owners of its accounts.

use crate::{
	AgreementId, AssetId, Balance, CloseReason, End, EscrowId, OrderId, RoundIndex, Target,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Perbill, Weight};

/// End of a stream, as its owner is notified of it.
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
pub struct StreamEnd {
	/// Reason.
	pub reason: CloseReason,
	/// Last round that was billed.
	pub round: RoundIndex,
	/// Paid in all to payee and fee, in base units.
	pub paid: Balance,
	/// Platform's fee in `paid`, in base units.
	pub fee: Balance,
	/// Refunded to the payer, in base units; of a suspended account, the rest that it holds.
	pub refunded: Balance,
}

/// Owner of an escrow account, whom the escrow pallet notifies of the end.
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
pub enum EscrowOwner {
	/// Agreement of `sla`.
	Agreement(AgreementId),
	/// Replica of an order of `compute-orders`.
	Replica {
		/// The order.
		order: OrderId,
		/// Index of the replica in the order, from 0.
		index: u8,
	},
}

/// Platform's fee on payments, fixed when the funds are put on hold.
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
pub struct Fee {
	/// Share of every payment.
	pub share: Perbill,
	/// Share of the fee that goes to the probers' pot; the treasury gets the rest.
	pub to_probers: Perbill,
}

/// Stream to open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewStream<AccountId> {
	/// Owner, who is notified of the end.
	pub owner: EscrowOwner,
	/// Payer.
	pub payer: AccountId,
	/// Payee.
	pub payee: AccountId,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Target whose meter pays the stream.
	pub meter: Target,
	/// Base units per billable block.
	pub rate: Balance,
	/// Base units put on hold at once, `prepaid` included.
	pub deposit: Balance,
	/// Base units of the deposit that pay the first billable blocks, on hold until those are
	/// judged. They are not refunded if the tenant closes the stream before it runs out, but for
	/// the rounds of it that were judged and not billable.
	pub prepaid: Balance,
	/// Platform's fee.
	pub fee: Fee,
}

/// Stream that a one-off hold becomes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamStart<AccountId> {
	/// Payee.
	pub payee: AccountId,
	/// Target whose meter pays the stream.
	pub meter: Target,
	/// Base units per billable block.
	pub rate: Balance,
	/// As [`NewStream::prepaid`].
	pub prepaid: Balance,
	/// Last round that is billed; the stream then ends as [`CloseReason::Expired`].
	pub last: RoundIndex,
	/// Last round of the trial: if the tenant closes the stream with this round or an earlier one,
	/// only what was metered is due.
	pub trial_until: RoundIndex,
}

/// Stream as others see it.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct StreamInfo {
	/// On hold, in base units.
	pub held: Balance,
	/// Paid out so far, fee included.
	pub paid: Balance,
	/// Due by the meter and not paid out yet.
	pub due: Balance,
	/// Billable blocks that the held amount still pays for.
	pub blocks_left: u32,
	/// End, if that is decided.
	pub ending: Option<End>,
	/// True if it becomes a one-off hold again at that end, for the next payee.
	pub suspends: bool,
	/// Last round of the time that it was started for.
	pub last: Option<RoundIndex>,
}

/// Streams of tenant funds on hold. Escrow alone decides and remembers when and why a stream ends;
/// others ask [`Self::stream`].
pub trait Streams<AccountId> {
	/// Open a stream. It is billed from the next round on. Its owner is not notified of anything
	/// before the next block.
	fn open(stream: NewStream<AccountId>) -> Result<EscrowId, DispatchError>;
	/// Add to the funds of a stream or a one-off hold. Fails once it is ending.
	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult;
	/// Pay what the meter shows as due. Returns the amount moved, fee included.
	fn settle(id: EscrowId) -> Result<Balance, DispatchError>;
	/// End the stream with round `at`: it is billed to its end; once `at` is judged, an
	/// `on_initialize` refunds the rest and notifies the owner. An earlier end stands. Returns the
	/// end that stands now.
	fn end(id: EscrowId, at: RoundIndex, reason: CloseReason) -> Result<End, DispatchError>;
	/// A stream, until it is closed.
	fn stream(id: EscrowId) -> Option<StreamInfo>;
}

/// One-off holds, which can become streams and streams again for the next payee.
pub trait OneOffHolds<AccountId>: Streams<AccountId> {
	/// Put an amount on hold.
	fn hold(
		owner: EscrowOwner,
		payer: AccountId,
		payee: AccountId,
		asset: AssetId,
		amount: Balance,
	) -> Result<EscrowId, DispatchError>;
	/// Turn a one-off hold into a stream of the same funds, billed from the next round on. Fails
	/// if it has paid or locked anything, or is less than `prepaid` or than one block's `rate`:
	/// the prepaid amount pays the first block. If its meter ends before its time is over, the
	/// stream is suspended.
	fn start(id: EscrowId, stream: StreamStart<AccountId>) -> DispatchResult;
	/// Put off the last round of a stream that was started, and raise its prepaid amount. Fails
	/// once its end is decided, or if the funds are less than `prepaid`.
	fn extend(id: EscrowId, last: RoundIndex, prepaid: Balance) -> DispatchResult;
	/// Like [`Streams::end`], but the rest becomes a one-off hold again, for another payee, and the
	/// owner is notified by [`OnStreamEnd::suspended`]. Payments that cannot be delivered to the
	/// payee stay claimable in an account of their own. If the stream ends for another reason
	/// before that, it closes.
	fn suspend(id: EscrowId, at: RoundIndex, reason: CloseReason) -> Result<End, DispatchError>;
	/// Close a one-off hold and refund it to the payer. The owner, who asks for it, is not
	/// notified.
	fn refund(id: EscrowId, reason: CloseReason) -> DispatchResult;
}

/// Handler of the ends of escrow accounts. Each owner ignores accounts that are not its own.
pub trait OnStreamEnd {
	/// Escrow decided an end that the owner did not ask for.
	fn ending(owner: EscrowOwner, end: End) -> Weight;
	/// The account is closed and paid.
	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight;
	/// The stream is paid, and the rest is a one-off hold for the next payee.
	fn suspended(owner: EscrowOwner, end: StreamEnd) -> Weight;
	/// Weight of the heaviest of these calls.
	fn max_weight() -> Weight;
}

/// Both owners are notified.
impl<A: OnStreamEnd, B: OnStreamEnd> OnStreamEnd for (A, B) {
	fn ending(owner: EscrowOwner, end: End) -> Weight {
		A::ending(owner, end).saturating_add(B::ending(owner, end))
	}
	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		A::ended(owner, end).saturating_add(B::ended(owner, end))
	}
	fn suspended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		A::suspended(owner, end).saturating_add(B::suspended(owner, end))
	}
	fn max_weight() -> Weight {
		A::max_weight().max(B::max_weight())
	}
}
