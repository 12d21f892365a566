//! Stored agreements, services and breaches, and the sums over them that need no storage.

use crate::MAX_PENDING;
use frame::{
	arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding},
	prelude::*,
	traits::Zero,
};
use serde::{Deserialize, Serialize};
pub use surety_primitives::Breach;
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, Clock, CloseReason, EscrowId, Fee, LeaseId,
	RoundIndex, ServiceId, StreamInfo, WindowIndex, WindowShare, credit::exposure,
};

/// Index from which an agreement is credited.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Base {
	/// Opened in this window: the index at its end, once that is known.
	Window(WindowIndex),
	/// This index of its service, in windows' prices.
	Index(WindowShare),
}

/// Place of an agreement in its life. The end of one that is open is escrow's to decide and to
/// know.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum AgreementState {
	/// Billed and credited.
	Open,
	/// Ended; only a credit that could not be delivered is left.
	Closed {
		/// Last round that was billed.
		round: RoundIndex,
		/// Reason of the end.
		reason: CloseReason,
	},
}

/// A tenant's subscription to a service.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Agreement<AccountId> {
	/// Payer, who is credited.
	pub tenant: AccountId,
	/// Service.
	pub service: ServiceId,
	/// Units.
	pub units: u32,
	/// Asset of all its amounts.
	pub asset: AssetId,
	/// Base units per billable block, for all its units.
	pub rate: Balance,
	/// Its stream.
	pub escrow: EscrowId,
	/// The lease that opened it and ends it. `None` if the tenant opened it itself.
	pub lease: Option<LeaseId>,
	/// Block it was opened in.
	pub opened_at: BlockNumber,
	/// Index from which it is credited.
	pub base: Base,
	/// Credit that is due and could not be delivered yet, in base units.
	pub claimable: Balance,
	/// Credited in all, delivered or claimable, in base units: never more than was paid.
	pub credited: Balance,
	/// Place in its life.
	pub state: AgreementState,
}

impl<AccountId> Agreement<AccountId> {
	/// True once it is over.
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
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Pending {
	/// The window they were opened in; they count from the next one.
	pub window: WindowIndex,
	/// Sum of their rates, in base units per block.
	pub rate: Balance,
	/// Number of them.
	pub agreements: u32,
}

/// Index of a service at the end of a window in which agreements were opened.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct WindowStart {
	/// The index, in windows' prices.
	pub index: WindowShare,
	/// Agreements that have yet to read it; it goes with the last one.
	pub agreements: u32,
}

/// The slot of a service that is probed in every round, and what it owes for it.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Slot {
	/// Base units per window: by the occupancy when the slot was taken, or at the start of a later
	/// window if that was lower.
	pub rent: Balance,
	/// Windows whose rents are reserved, the one that goes on included; at most
	/// [`RENTS_RESERVED`](crate::RENTS_RESERVED).
	pub reserved: u8,
	/// Last round that is paid for.
	pub paid_through: RoundIndex,
	/// Least rate that was sold since, in base units per block: its fees count.
	pub least_rate: Balance,
	/// The platform's share of it.
	pub fee_share: Perbill,
}

impl Slot {
	/// Bond reserved for it, in base units: no window is held that is not paid for.
	pub fn reserve(&self) -> Balance {
		self.rent.saturating_mul(Balance::from(self.reserved))
	}

	/// Rent of the rounds through `last`, at most what is reserved, of which `blocks` blocks were
	/// billed: what the platform earned of them counts.
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

/// Sums over the agreements and breaches of a service. Lives from its first agreement until the
/// listing is removed.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct ServiceState {
	/// Asset of all its amounts.
	pub asset: AssetId,
	/// Units sold and not closed.
	pub units: u32,
	/// Sum of the rates of all its agreements, in base units per block.
	pub rate: Balance,
	/// Part of `rate` that counts for credits.
	pub active: Balance,
	/// The rest, which counts from its next window on, oldest first.
	pub pending: BoundedVec<Pending, ConstU32<MAX_PENDING>>,
	/// Credited so far, in windows' prices. Never falls, never passes the cover.
	pub index: WindowShare,
	/// In the pot for its agreements and not credited to one yet, in base units.
	pub set_aside: Balance,
	/// In the pot and due to no agreement; goes to the treasury when a window is judged.
	pub spare: Balance,
	/// Penalty share at which its exposure is reserved. Follows the parameter at the turn of a
	/// window.
	pub penalty_share: Perbill,
	/// Its slot, while it has units.
	pub slot: Option<Slot>,
	/// Breaches so far; the number of the next one.
	pub breaches: u32,
	/// Windows that had a breach: bit `k` is window `last_breached - k`.
	pub breached_windows: u64,
	/// Newest window with a breach.
	pub last_breached: WindowIndex,
	/// Round with which it was ended for its operator's doing.
	pub ends: Option<RoundIndex>,
}

impl ServiceState {
	/// A service before its first agreement.
	pub fn new(asset: AssetId) -> Self {
		Self {
			asset,
			units: 0,
			rate: 0,
			active: 0,
			pending: BoundedVec::new(),
			index: WindowShare::zero(),
			set_aside: 0,
			spare: 0,
			penalty_share: Perbill::zero(),
			slot: None,
			breaches: 0,
			breached_windows: 0,
			last_breached: 0,
			ends: None,
		}
	}

	/// Left of a cover, in windows' prices.
	pub fn left_of(&self, cover: WindowShare) -> WindowShare {
		cover.saturating_sub(self.index)
	}

	/// Base units that must be reserved under a cover: the credits that its agreements may still
	/// get, the penalty on them, and the rents. `None` if that overflows.
	pub fn exposure<C: Clock>(&self, cover: WindowShare) -> Option<Balance> {
		let rents = self.slot.map_or(0, |slot| slot.reserve());
		exposure::<C>(self.rate, self.left_of(cover), self.penalty_share)?.checked_add(rents)
	}

	/// Add an agreement that is opened in `window`. `None` if there is no room for another open
	/// window.
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

	/// Let the agreements count that were opened in windows before `window`. Calls `fixed` for each
	/// of those windows with the index from which their credits begin.
	pub fn turn(&mut self, window: WindowIndex, mut fixed: impl FnMut(WindowIndex, WindowStart)) {
		for p in self.pending.iter().filter(|p| p.window < window) {
			self.active = self.active.saturating_add(p.rate);
			fixed(p.window, WindowStart { index: self.index, agreements: p.agreements });
		}
		self.pending.retain(|p| p.window >= window);
	}

	/// Take out an agreement that counted. `false` if it is not there.
	pub fn remove_active(&mut self, units: u32, rate: Balance) -> bool {
		let Some(left) = self.active.checked_sub(rate) else { return false };
		self.active = left;
		self.removed(units, rate);
		true
	}

	/// Take out an agreement that did not count yet. `false` if it is not there.
	pub fn remove_pending(&mut self, window: WindowIndex, units: u32, rate: Balance) -> bool {
		let Some(p) = self.pending.iter_mut().find(|p| p.window == window && p.rate >= rate) else {
			return false;
		};
		p.rate = p.rate.saturating_sub(rate);
		p.agreements = p.agreements.saturating_sub(1);
		self.pending.retain(|p| p.agreements > 0);
		self.removed(units, rate);
		true
	}

	fn removed(&mut self, units: u32, rate: Balance) {
		self.units = self.units.saturating_sub(units);
		self.rate = self.rate.saturating_sub(rate);
		if let Some(slot) = &mut self.slot {
			slot.least_rate = slot.least_rate.min(self.rate);
		}
	}

	/// Remember that `window` had a breach.
	pub fn note_breach(&mut self, window: WindowIndex) {
		match window.checked_sub(self.last_breached) {
			Some(newer) => {
				self.breached_windows = self.breached_windows.checked_shl(newer).unwrap_or(0) | 1;
				self.last_breached = window;
			},
			None => {
				let age = self.last_breached.saturating_sub(window);
				self.breached_windows |= 1u64.checked_shl(age).unwrap_or(0);
			},
		}
	}

	/// Number of the `among` windows before `window` that had a breach; at most the last 64 are
	/// known.
	pub fn breached_before(&self, window: WindowIndex, among: u32) -> u32 {
		let newest = window.saturating_sub(self.last_breached);
		// The mask's bit 0 is `first` windows before `window`.
		let (mask, first) = if newest > 0 {
			(self.breached_windows, newest)
		} else {
			let later = self.last_breached.saturating_sub(window).saturating_add(1);
			(self.breached_windows.checked_shr(later).unwrap_or(0), 1)
		};
		let keep = among.saturating_add(1).saturating_sub(first);
		let kept = 1u64.checked_shl(keep).map_or(u64::MAX, |bit| bit.saturating_sub(1));
		(mask & kept).count_ones()
	}
}

/// Parameters that a window is judged by: those of the moment in which it begins, since
/// verdicts are late and a change must not touch a round that has begun.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Rules {
	/// Penalty to the treasury as a share of every credit.
	pub penalty_share: Perbill,
	/// The platform's fee on what tenants pay, which counts towards the rent.
	pub fee: Fee,
	/// Windows back whose breaches multiply credits.
	pub escalation_windows: u32,
	/// Highest multiplier.
	pub max_multiplier: u8,
	/// Rent of a slot as a share of the minimum bond, however few are taken.
	pub rent_base: Perbill,
	/// Rent of the last slot beyond that.
	pub rent_peak: Perbill,
}

/// Contents of the pot in one asset, in base units.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Pot {
	/// For tenants: set aside for the agreements of services, and claimable.
	pub owed: Balance,
	/// Due to no agreement; on its way to the treasury.
	pub spare: Balance,
	/// Minimum balance that keeps the account alive; never paid out.
	pub reserve: Balance,
}

/// An agreement as clients see it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct AgreementStatus<AccountId> {
	/// As it is stored.
	pub agreement: Agreement<AccountId>,
	/// Credit that is due now and not delivered, in base units.
	pub owed: Balance,
	/// Credit that breaches set aside for it beyond that, in base units: it becomes due as the
	/// agreement pays, and goes to the treasury at its end.
	pub reserved: Balance,
	/// Its stream, until it is closed.
	pub stream: Option<StreamInfo>,
}

/// A service as clients see it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ServiceView {
	/// As it is stored; `None` before its first agreement.
	pub state: Option<ServiceState>,
	/// Credit that is left of its cover, in windows' prices.
	pub cover: WindowShare,
	/// Bond reserved for it, in base units.
	pub exposure: Balance,
	/// Units that are left to sell: what capacity and free bond allow. The first sale also needs
	/// the rent of a slot for three windows.
	pub available: u32,
}

/// One page of the breaches of a service, with their numbers.
pub type BreachPage = alloc::vec::Vec<(u32, Breach)>;

/// One page of the agreements of a tenant.
pub type AgreementPage = alloc::vec::Vec<AgreementId>;
