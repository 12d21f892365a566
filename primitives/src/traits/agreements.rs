// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `sla`.

use crate::{
	AgreementId, AssetId, Balance, BreachKind, Counters, End, EscrowId, LeaseId, RoundIndex,
	Service, ServiceClass, ServiceId, Severity, SlaTerms, StreamEnd, Target, WindowIndex,
	WindowShare,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Perbill, Weight};

/// Rules that the window of an active row is judged by, fixed in the row at the window's start.
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
pub struct WindowTerms {
	/// Bad rounds allowed per [`BreachKind::COUNTED`].
	pub allowance: [u16; 3],
	/// Multiplier of credits for repeated breaches, at least 1.
	pub multiplier: u8,
}

/// Tier of an allowance that a counter reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TierReached {
	/// Window that the counter counts.
	pub window: WindowIndex,
	/// Round whose verdict made it reach the tier.
	pub round: RoundIndex,
	/// Term that was not kept.
	pub kind: BreachKind,
	/// Tier reached before in this window and kind.
	pub before: Option<Severity>,
	/// Tier reached now.
	pub severity: Severity,
	/// Counters including this round.
	pub counters: Counters,
	/// Rules of the window.
	pub terms: WindowTerms,
}

/// Answer to a window that closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WindowClosed {
	/// Rules that the next window is judged by.
	pub next: WindowTerms,
	/// End of the target for its operator's doing, which the caller carries out.
	pub end: Option<End>,
	/// Weight of the call.
	pub weight: Weight,
}

/// Handler of judged windows and rounds of active targets.
pub trait OnJudged {
	/// All rounds of a window are judged and a later one has begun: fix the base of the units that
	/// were opened in it, collect the rent, and decide on an end for cause. `since_sold` counts
	/// the rounds of the window since the row became active.
	fn window_closed(target: Target, window: WindowIndex, since_sold: &Counters) -> WindowClosed;
	/// Pay a breach in this block. Returns the end of the target, if its cover is used up, which
	/// the caller carries out, and the weight.
	fn tier_reached(target: Target, tier: TierReached) -> (Option<End>, Weight);
}

/// Agreements of listed services, as the registry asks about them.
pub trait Agreements {
	/// Units sold and not closed.
	fn units(id: ServiceId) -> u32;
	/// Exposure that a service needs under another cover, in base units. `None` without units.
	fn exposure_under(id: ServiceId, cover: WindowShare) -> Result<Option<Balance>, DispatchError>;
	/// Forget a target that is removed. The error names what is left of it.
	fn forget(target: Target) -> DispatchResult;
	/// Weight of [`Self::forget`] with a full history of breaches.
	fn forget_weight() -> Weight;
}

/// Agreements behind leases: one unit each, credited as any other, opened and ended by the owner of
/// the lease, who owns its stream too.
pub trait LeaseAgreements<AccountId> {
	/// Open the agreement of a listed lease: exposure is reserved with the penalty share that its
	/// bid was placed at, and the row becomes active. `escrow` is the account that the caller
	/// starts right after this.
	fn open(
		lease: LeaseId,
		listing: &Service<AccountId>,
		tenant: &AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError>;
	/// Penalty share now, and the exposure that a lease with these terms and this price per block
	/// needs at it, in base units, the rent of its slot not included. `None` if that overflows.
	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)>;
	/// Close the agreement of a lease whose stream is over: it is credited for the last time, and
	/// the row becomes idle.
	fn close(agreement: AgreementId, end: StreamEnd) -> Weight;
}

/// Facts of an agreement that never change.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct AgreementFacts<AccountId> {
	/// Tenant.
	pub tenant: AccountId,
	/// Operator of the target.
	pub operator: AccountId,
	/// Service, or lease.
	pub target: Target,
	/// Class of the service, which decides the unit.
	pub class: ServiceClass,
	/// Units.
	pub units: u32,
	/// Asset of the amounts.
	pub asset: AssetId,
	/// Window in which it was opened.
	pub opened: WindowIndex,
}

/// Agreements, as the pallet that counts their use asks about them.
pub trait AgreementInspect<AccountId> {
	/// Facts of an agreement that is not over.
	fn facts(agreement: AgreementId) -> Option<AgreementFacts<AccountId>>;
	/// Platform's fee on the sum that an agreement has paid or owes by the meter, of at most one
	/// window's price, in base units. `None` once the agreement is over.
	fn window_fee(agreement: AgreementId) -> Option<Balance>;
}

/// Handler of agreements that are over.
pub trait OnAgreementEnd<AccountId> {
	/// An agreement is over: `last` is the last round that was billed, and `window_fee` the last
	/// value of [`AgreementInspect::window_fee`].
	fn agreement_ended(
		agreement: AgreementId,
		facts: AgreementFacts<AccountId>,
		last: RoundIndex,
		window_fee: Balance,
	) -> Weight;
	/// Weight of [`Self::agreement_ended`].
	fn max_weight() -> Weight;
}

/// Nobody is notified.
impl<AccountId> OnAgreementEnd<AccountId> for () {
	fn agreement_ended(
		_: AgreementId,
		_: AgreementFacts<AccountId>,
		_: RoundIndex,
		_: Balance,
	) -> Weight {
		Weight::zero()
	}
	fn max_weight() -> Weight {
		Weight::zero()
	}
}
