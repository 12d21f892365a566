// SPDX-License-Identifier: Apache-2.0

//! Stored agreements, targets and rents, and the sums over them that need no storage.

use crate::{MAX_PENDING, RENTS_RESERVED};
use frame::{
	arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding},
	prelude::*,
	traits::Zero,
};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BreachKind, Clock, CloseReason, EscrowId, Fee,
	RoundIndex, SlaTerms, StreamInfo, Target, TierReached, WindowIndex, WindowShare, WindowTerms,
	credit::exposure, tiers,
};

pub use surety_primitives::Breach;

/// Base of an agreement: index of its target from which the agreement is credited.
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
pub enum Base {
	/// Index at the end of this window, in which the agreement was opened.
	Window(WindowIndex),
	/// Index in windows' prices, read after that window was closed.
	Index(WindowShare),
}

/// State of an agreement. The escrow pallet decides the end of an open one and remembers it.
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
pub enum AgreementState {
	/// Billed and credited.
	Open,
	/// Over, with a credit that could not be delivered.
	Closed {
		/// Last round that was billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
}

/// Subscription of a tenant to a target.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Agreement<AccountId> {
	/// Payer, who is credited.
	pub tenant: AccountId,
	/// Service that the tenant subscribed to, or the lease that the agreement is behind.
	pub target: Target,
	/// Units; one for a lease.
	pub units: u32,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Base units per billable block, for all units.
	pub rate: Balance,
	/// Escrow account of the stream.
	pub escrow: EscrowId,
	/// Block in which the agreement was opened.
	pub opened_at: BlockNumber,
	/// Index from which the agreement is credited.
	pub base: Base,
	/// Credit that is due and was not delivered yet, in base units.
	pub claimable: Balance,
	/// Credited in all, delivered or claimable, in base units: never more than was paid.
	pub credited: Balance,
	/// State.
	pub state: AgreementState,
}

impl<AccountId> Agreement<AccountId> {
	/// True once the agreement is over.
	pub fn is_closed(&self) -> bool {
		matches!(self.state, AgreementState::Closed { .. })
	}
}

/// Agreements that were opened in a window which is not closed yet.
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
pub struct Pending {
	/// Window in which they were opened. They count from the next one.
	pub window: WindowIndex,
	/// Sum of their rates, in base units per block.
	pub rate: Balance,
	/// Number of agreements.
	pub agreements: u32,
}

/// Index of a target at the end of a window in which agreements were opened.
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
pub struct WindowStart {
	/// Index in windows' prices.
	pub index: WindowShare,
	/// Agreements that have yet to read it. The last one removes the entry.
	pub agreements: u32,
}

/// Rent of the slot that a target holds.
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
pub struct SlotRent {
	/// Base units per window, by the occupancy when the slot was taken, or at the start of a later
	/// window if it was lower then.
	pub rent: Balance,
	/// Windows whose rents are reserved, the current one included; at most [`RENTS_RESERVED`].
	pub reserved: u8,
	/// Last round that is paid for.
	pub paid_through: RoundIndex,
	/// Least rate that was sold since then, in base units per block; its platform fees count
	/// towards the rent.
	pub least_rate: Balance,
	/// Share of that rate which is the platform's fee.
	pub fee_share: Perbill,
}

impl SlotRent {
	/// Rent of a slot that is taken in `round` at `rent` per window, with `rate` sold.
	pub fn new(rent: Balance, round: RoundIndex, rate: Balance, fee_share: Perbill) -> Self {
		Self { rent, reserved: RENTS_RESERVED, paid_through: round, least_rate: rate, fee_share }
	}

	/// Bond reserved for the rents, in base units.
	pub fn reserve(&self) -> Balance {
		self.rent.saturating_mul(Balance::from(self.reserved))
	}

	/// Rent that is due of the rounds through `last`, less the platform's fees of `blocks` billed
	/// blocks; at most the reserve.
	pub fn due<C: Clock>(&self, last: RoundIndex, blocks: u32) -> Balance {
		let rounds = last.saturating_sub(self.paid_through);
		let part = multiply_by_rational_with_rounding(
			self.rent,
			Balance::from(rounds),
			Balance::from(C::window_rounds()).max(1),
			Rounding::Up,
		);
		let turnover = self.least_rate.saturating_mul(Balance::from(blocks));
		let left = part.unwrap_or(Balance::MAX).saturating_sub(self.fee_share.mul_floor(turnover));
		left.min(self.reserve())
	}
}

/// Windows of a target that had a breach.
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
pub struct BreachedWindows {
	/// Newest of them.
	pub newest: WindowIndex,
	/// Last 64 windows: bit `k` is set if window `newest - k` had a breach.
	pub mask: u64,
}

impl BreachedWindows {
	/// Record of one window.
	pub fn first(window: WindowIndex) -> Self {
		Self { newest: window, mask: 1 }
	}

	/// Add a window, in any order.
	pub fn record(&mut self, window: WindowIndex) {
		match window.checked_sub(self.newest) {
			Some(newer) => {
				self.mask = self.mask.checked_shl(newer).unwrap_or(0) | 1;
				self.newest = window;
			},
			None => {
				let age = self.newest.saturating_sub(window);
				self.mask |= 1u64.checked_shl(age).unwrap_or(0);
			},
		}
	}

	/// Number of the `among` windows before `window` that had a breach.
	pub fn before(&self, window: WindowIndex, among: u32) -> u32 {
		let newest = window.saturating_sub(self.newest);
		// Bit 0 of the mask is `first` windows before `window`.
		let (mask, first) = if newest > 0 {
			(self.mask, newest)
		} else {
			let later = self.newest.saturating_sub(window).saturating_add(1);
			(self.mask.checked_shr(later).unwrap_or(0), 1)
		};
		let keep = among.saturating_add(1).saturating_sub(first);
		let kept = 1u64.checked_shl(keep).map_or(u64::MAX, |bit| bit.saturating_sub(1));
		(mask & kept).count_ones()
	}
}

/// Sums over the agreements and breaches of a target, from its first agreement until its listing
/// is removed.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct TargetState {
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Units sold and not closed.
	pub units: u32,
	/// Sum of the rates of all agreements, in base units per block.
	pub rate: Balance,
	/// Part of `rate` of the agreements that count: breaches credit them.
	pub counting: Balance,
	/// Rest of `rate`, which counts from its next window on; oldest first.
	pub pending: BoundedVec<Pending, ConstU32<MAX_PENDING>>,
	/// Credited so far, in windows' prices. Never falls, never passes the cover.
	pub index: WindowShare,
	/// Part of the pot that agreements of the target may still be credited, in base units.
	pub set_aside: Balance,
	/// Part of the pot that is due to no agreement, in base units. It goes to the treasury when a
	/// window is judged.
	pub spare: Balance,
	/// Penalty share at which the exposure is reserved. Follows the parameter when a window is
	/// judged.
	pub penalty_share: Perbill,
	/// Rent of the slot; `None` without units.
	pub slot: Option<SlotRent>,
	/// Number of breaches so far, which is the number of the next one.
	pub breaches: u32,
	/// Windows that had a breach; `None` before the first.
	pub breached_windows: Option<BreachedWindows>,
	/// Last round that is billed, once the target is ended for its operator's doing.
	pub ends: Option<RoundIndex>,
}

impl TargetState {
	/// State before the first agreement.
	pub fn new(asset: AssetId) -> Self {
		Self {
			asset,
			units: 0,
			rate: 0,
			counting: 0,
			pending: BoundedVec::new(),
			index: WindowShare::zero(),
			set_aside: 0,
			spare: 0,
			penalty_share: Perbill::zero(),
			slot: None,
			breaches: 0,
			breached_windows: None,
			ends: None,
		}
	}

	/// Rest of a cover, in windows' prices.
	pub fn left_of(&self, cover: WindowShare) -> WindowShare {
		cover.saturating_sub(self.index)
	}

	/// Base units that must be reserved under a cover: credits that the agreements may still get,
	/// the penalty on them, and the rents. `None` if that overflows.
	pub fn exposure<C: Clock>(&self, cover: WindowShare) -> Option<Balance> {
		let rents = self.slot.map_or(0, |slot| slot.reserve());
		exposure::<C>(self.rate, self.left_of(cover), self.penalty_share)?.checked_add(rents)
	}

	/// Add an agreement that is opened in `window`. `None` if an amount overflows or there is no
	/// room for another window that is not closed.
	pub fn add(&mut self, window: WindowIndex, units: u32, rate: Balance) -> Option<()> {
		match self.pending.iter_mut().find(|p| p.window == window) {
			Some(p) => {
				p.rate = p.rate.checked_add(rate)?;
				p.agreements = p.agreements.checked_add(1)?;
			},
			None => self.pending.try_push(Pending { window, rate, agreements: 1 }).ok()?,
		}
		self.units = self.units.checked_add(units)?;
		self.rate = self.rate.checked_add(rate)?;
		Some(())
	}

	/// Let the agreements count that were opened in windows before `window`. Calls `on_start` for
	/// each of those windows with the index from which its agreements are credited.
	pub fn close_windows(
		&mut self,
		window: WindowIndex,
		mut on_start: impl FnMut(WindowIndex, WindowStart),
	) {
		for p in self.pending.iter().filter(|p| p.window < window) {
			self.counting = self.counting.saturating_add(p.rate);
			on_start(p.window, WindowStart { index: self.index, agreements: p.agreements });
		}
		self.pending.retain(|p| p.window >= window);
	}

	/// Remove an agreement that counts. `false` if there is none of this rate.
	pub fn remove_counting(&mut self, units: u32, rate: Balance) -> bool {
		let Some(left) = self.counting.checked_sub(rate) else { return false };
		self.counting = left;
		self.subtract(units, rate);
		true
	}

	/// Remove an agreement that does not count yet. `false` if there is none of this rate.
	pub fn remove_pending(&mut self, window: WindowIndex, units: u32, rate: Balance) -> bool {
		let Some(p) = self.pending.iter_mut().find(|p| p.window == window && p.rate >= rate) else {
			return false;
		};
		p.rate = p.rate.saturating_sub(rate);
		p.agreements = p.agreements.saturating_sub(1);
		self.pending.retain(|p| p.agreements > 0);
		self.subtract(units, rate);
		true
	}

	fn subtract(&mut self, units: u32, rate: Balance) {
		self.units = self.units.saturating_sub(units);
		self.rate = self.rate.saturating_sub(rate);
		if let Some(slot) = &mut self.slot {
			slot.least_rate = slot.least_rate.min(self.rate);
		}
	}

	/// Record that `window` had a breach.
	pub fn record_breach(&mut self, window: WindowIndex) {
		match &mut self.breached_windows {
			Some(record) => record.record(window),
			None => self.breached_windows = Some(BreachedWindows::first(window)),
		}
	}

	/// Number of the `among` windows before `window` that had a breach; at most the last 64 are
	/// known.
	pub fn breached_before(&self, window: WindowIndex, among: u32) -> u32 {
		self.breached_windows.map_or(0, |record| record.before(window, among))
	}
}

/// Parameters of the moment in which a window begins. The window is judged by them: verdicts are
/// late, and a change must not touch a round that has begun.
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
pub struct Rules {
	/// Penalty as a share of every credit.
	pub penalty_share: Perbill,
	/// Platform's fee on payments of tenants, which counts towards the rent.
	pub fee: Fee,
	/// Number of earlier windows whose breaches multiply credits.
	pub escalation_windows: u32,
	/// Highest multiplier.
	pub max_multiplier: u8,
	/// Rent of a slot as a share of the minimum bond, at any occupancy.
	pub rent_base: Perbill,
	/// Additional rent of the last slot as a share of the minimum bond.
	pub rent_peak: Perbill,
}

impl Rules {
	/// Rules that `window`, of `rounds` rounds, is judged by. Nothing breaches without terms.
	pub fn window_terms(
		&self,
		window: WindowIndex,
		rounds: u16,
		terms: Option<&SlaTerms>,
		state: Option<&TargetState>,
	) -> WindowTerms {
		let allowance = match terms {
			Some(terms) => {
				BreachKind::COUNTED.map(|kind| tiers::allowance(kind, terms.min_uptime, rounds))
			},
			None => [u16::MAX; 3],
		};
		let among = self.escalation_windows.min(u64::BITS);
		let repeated = state.map_or(0, |state| state.breached_before(window, among));
		let multiplier = u8::try_from(repeated.saturating_add(1))
			.unwrap_or(u8::MAX)
			.min(self.max_multiplier)
			.max(1);
		WindowTerms { allowance, multiplier }
	}
}

/// Contents of the pot in one asset, in base units.
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
pub struct Pot {
	/// Credits of tenants: set aside for the agreements of targets, or claimable.
	pub owed: Balance,
	/// Credit that is due to no agreement, on its way to the treasury.
	pub spare: Balance,
	/// Minimum balance that keeps the account alive; never paid out.
	pub reserve: Balance,
}

/// Agreement with the amounts of this moment.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct AgreementStatus<AccountId> {
	/// Stored agreement.
	pub agreement: Agreement<AccountId>,
	/// Credit that is due now and was not delivered, in base units.
	pub owed: Balance,
	/// Promised credit beyond that, in base units. It becomes due as the agreement pays, and is
	/// spare at its end.
	pub reserved: Balance,
	/// Stream, until it is closed.
	pub stream: Option<StreamInfo>,
}

/// Target with the amounts of this moment.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ServiceView {
	/// Stored state; `None` before the first agreement.
	pub state: Option<TargetState>,
	/// Rest of the cover, in windows' prices.
	pub cover: WindowShare,
	/// Bond reserved for the target, in base units.
	pub exposure: Balance,
	/// Units that are left to sell by capacity and free bond. The first sale also needs the rent
	/// of a slot for [`RENTS_RESERVED`] windows.
	pub available: u32,
}

/// One page of the breaches of a target, with their numbers.
pub type BreachPage = alloc::vec::Vec<(u32, Breach)>;

/// One page of the agreements of a tenant.
pub type AgreementPage = alloc::vec::Vec<AgreementId>;

/// Index after a breach that should raise it by `rise` at a cost of `cost` base units, of which
/// `taken` came out of the bond.
pub fn raised(index: WindowShare, rise: WindowShare, cost: Balance, taken: Balance) -> WindowShare {
	if taken >= cost {
		return index.saturating_add(rise);
	}
	let part = WindowShare::checked_from_rational(taken, cost).unwrap_or_default();
	index.saturating_add(part.saturating_mul(rise))
}

/// Credit that a tier demands, in windows' prices: the difference of the credits of the two
/// severities times the multiplier.
pub fn demanded(terms: &SlaTerms, tier: &TierReached) -> WindowShare {
	let credit = |severity: surety_primitives::Severity| {
		terms.credit.get(severity.index()).copied().unwrap_or_default()
	};
	credit(tier.severity)
		.saturating_sub(tier.before.map_or(Zero::zero(), credit))
		.saturating_mul(WindowShare::from_u32(u32::from(tier.terms.multiplier.max(1))))
}

/// Allowance of the kind of a tier. Kinds that are not counted in rounds have none.
pub fn allowance_of(tier: &TierReached) -> u16 {
	BreachKind::COUNTED
		.iter()
		.zip(tier.terms.allowance)
		.find(|(kind, _)| **kind == tier.kind)
		.map_or(0, |(_, allowance)| allowance)
}
