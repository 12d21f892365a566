//! What is stored of agreements, services and breaches, and the sums over it that need no storage.

use crate::{MAX_PENDING, MAX_TARIFFS};
use codec::{Decode, Encode};
use frame::prelude::*;
use scale_info::TypeInfo;
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, BreachKind, CloseReason, Counters, EscrowId, LeaseId,
	RoundIndex, ServiceId, Severity, StreamInfo, WindowIndex, shared,
};

shared! {
	/// Where the credits of an agreement begin.
	#[derive(Copy)]
	pub enum Base {
		/// Opened in this window: with the index at its end, once that is known.
		Window(WindowIndex),
		/// With this index of its tariff, in base units per unit.
		Index(Balance),
	}
}

shared! {
	/// Where an agreement is in its life.
	#[derive(Copy)]
	pub enum AgreementState {
		/// Runs.
		Open,
		/// Runs, and is billed and credited for the last time with `round`.
		Closing {
			/// Last round that is billed and credited.
			round: RoundIndex,
			/// Why it ends.
			reason: CloseReason,
		},
		/// Ended; only a credit that could not be delivered is left.
		Closed {
			/// Last round that was billed.
			round: RoundIndex,
			/// Why it ended.
			reason: CloseReason,
		},
	}
}

shared! {
	/// A tenant's subscription to a service.
	pub struct Agreement<AccountId> {
		/// Who pays and is credited.
		pub tenant: AccountId,
		/// What for.
		pub service: ServiceId,
		/// How many units.
		pub units: u32,
		/// Asset of all its amounts.
		pub asset: AssetId,
		/// Price per unit and billable block at which it was opened, in base units.
		pub price: Balance,
		/// Its stream.
		pub escrow: EscrowId,
		/// The lease it is behind, which opened it and ends it. `None` if the tenant opened it itself.
		pub lease: Option<LeaseId>,
		/// Block it was opened in.
		pub opened_at: BlockNumber,
		/// Where its credits begin; moves up whenever they are settled.
		pub base: Base,
		/// Settled credit that is not paid yet, in base units.
		pub claimable: Balance,
		/// All credit settled so far, paid or not, in base units.
		pub credited: Balance,
		/// Place in its life.
		pub state: AgreementState,
	}
}

shared! {
	/// Units that were opened in a window which is not closed yet.
	#[derive(Copy)]
	pub struct Pending {
		/// The window they were opened in; they count from the next one.
		pub window: WindowIndex,
		/// How many.
		pub units: u32,
		/// Agreements they belong to.
		pub agreements: u32,
	}
}

shared! {
	/// The units of a service that were opened at one price. Credits of a window are limited by its
	/// price, so units at different prices may be credited differently.
	pub struct Tariff {
		/// Price per unit and billable block, in base units.
		pub price: Balance,
		/// Credited per unit, in base units: starts at the service's index, never falls.
		pub index: Balance,
		/// Rise of the index in the window being judged.
		pub window_credit: Balance,
		/// Units that count.
		pub active: u32,
		/// Units that will count from their next window, oldest first.
		pub pending: BoundedVec<Pending, ConstU32<MAX_PENDING>>,
	}
}

impl Tariff {
	/// All its units, whether they count already or not.
	pub fn units(&self) -> u32 {
		self.pending.iter().fold(self.active, |sum, p| sum.saturating_add(p.units))
	}
}

shared! {
	/// What the index of a tariff was when a window closed in which units were opened at its price.
	#[derive(Copy)]
	pub struct WindowStart {
		/// The index, in base units per unit.
		pub index: Balance,
		/// Agreements that have yet to read it; it goes with the last one.
		pub agreements: u32,
	}
}

shared! {
	/// What agreements and breaches make of a service. Lives from its first agreement until the listing
	/// is removed.
	pub struct ServiceState {
		/// Asset of all its amounts.
		pub asset: AssetId,
		/// Units sold and not closed.
		pub units: u32,
		/// Credited per unit so far, in base units: the highest of all its tariffs ever. Never falls,
		/// never passes the cap.
		pub index: Balance,
		/// Window that the tariffs' `window_credit` is counted in.
		pub window: WindowIndex,
		/// Its units by price.
		pub tariffs: BoundedVec<Tariff, ConstU32<MAX_TARIFFS>>,
		/// Taken from the bond for credits but not divisible by the units, or not due to agreements that ended;
		/// pays the next credits first.
		pub carry: Balance,
		/// Breaches so far; the number of the next one.
		pub breaches: u32,
		/// Which windows had a breach: bit `k` is window `last_breached - k`.
		pub breached_windows: u64,
		/// Newest window with a breach.
		pub last_breached: WindowIndex,
		/// Round of the newest breach that raised the index.
		pub last_rise: RoundIndex,
		/// Round in which its first units were opened, since it last had none.
		pub hot_since: RoundIndex,
		/// Exposure at the start of the window being judged, in base units.
		pub aged_exposure: Balance,
		/// Whether it was ended for cause: its credits reached the cap, or it was dead for a window.
		pub terminated: bool,
	}
}

impl ServiceState {
	/// A service before its first agreement.
	pub fn new(asset: AssetId) -> Self {
		Self {
			asset,
			units: 0,
			index: 0,
			window: 0,
			tariffs: BoundedVec::new(),
			carry: 0,
			breaches: 0,
			breached_windows: 0,
			last_breached: 0,
			last_rise: 0,
			hot_since: 0,
			aged_exposure: 0,
			terminated: false,
		}
	}

	/// The units sold at `price`.
	pub fn tariff(&self, price: Balance) -> Option<&Tariff> {
		self.tariffs.iter().find(|t| t.price == price)
	}

	fn tariff_mut(&mut self, price: Balance) -> Option<&mut Tariff> {
		self.tariffs.iter_mut().find(|t| t.price == price)
	}

	/// Credited per unit at `price` in the window that is being judged, in base units.
	pub fn credited_in_window(&self, price: Balance) -> Balance {
		self.tariff(price).map_or(0, |t| t.window_credit)
	}

	/// Index of units sold at `price`; a new price starts at the service's.
	pub fn index_at_price(&self, price: Balance) -> Balance {
		self.tariff(price).map_or(self.index, |t| t.index)
	}

	/// Units that count.
	pub fn active_units(&self) -> u32 {
		self.tariffs.iter().fold(0, |sum, t| sum.saturating_add(t.active))
	}

	/// Credit that all units may still get under `cap`, in base units. `None` if that overflows.
	pub fn promised(&self, cap: Balance) -> Option<Balance> {
		self.tariffs.iter().try_fold(0 as Balance, |sum, t| {
			let each = cap.saturating_sub(t.index);
			sum.checked_add(each.checked_mul(Balance::from(t.units()))?)
		})
	}

	/// Add an agreement's units, opened in `window` at `price`. `None` if there is no room for another
	/// price or another open window.
	pub fn add_pending(&mut self, price: Balance, window: WindowIndex, units: u32) -> Option<()> {
		if self.tariff(price).is_none() {
			let index = self.index;
			self.tariffs
				.try_push(Tariff { price, index, window_credit: 0, active: 0, pending: BoundedVec::new() })
				.ok()?;
		}
		let pending = &mut self.tariff_mut(price)?.pending;
		match pending.iter_mut().find(|p| p.window == window) {
			Some(p) => {
				p.units = p.units.checked_add(units)?;
				p.agreements = p.agreements.checked_add(1)?;
			},
			None => pending.try_push(Pending { window, units, agreements: 1 }).ok()?,
		}
		self.units = self.units.checked_add(units)?;
		Some(())
	}

	/// Let the units count that were opened in windows before `window`. Calls `fixed` for each price and
	/// window with the index from which their credits begin.
	pub fn turn(&mut self, window: WindowIndex, mut fixed: impl FnMut(Balance, WindowIndex, WindowStart)) {
		for tariff in &mut self.tariffs {
			for p in tariff.pending.iter().filter(|p| p.window < window) {
				tariff.active = tariff.active.saturating_add(p.units);
				fixed(tariff.price, p.window, WindowStart { index: tariff.index, agreements: p.agreements });
			}
			tariff.pending.retain(|p| p.window >= window);
		}
	}

	/// Count credits in `window` from now on, if it is a later one.
	pub fn begin_window(&mut self, window: WindowIndex) {
		if window > self.window {
			self.window = window;
			for tariff in &mut self.tariffs {
				tariff.window_credit = 0;
			}
		}
	}

	/// Take out the units of an agreement that counted. `false` if they are not there.
	pub fn remove_active(&mut self, price: Balance, units: u32) -> bool {
		let Some(left) = self.tariff(price).and_then(|t| t.active.checked_sub(units)) else {
			return false;
		};
		if let Some(tariff) = self.tariff_mut(price) {
			tariff.active = left;
		}
		self.removed(units);
		true
	}

	/// Take out the units of an agreement that did not count yet. `false` if they are not there.
	pub fn remove_pending(&mut self, price: Balance, window: WindowIndex, units: u32) -> bool {
		let Some(tariff) = self.tariff_mut(price) else { return false };
		let Some(p) = tariff.pending.iter_mut().find(|p| p.window == window && p.units >= units) else {
			return false;
		};
		p.units = p.units.saturating_sub(units);
		p.agreements = p.agreements.saturating_sub(1);
		tariff.pending.retain(|p| p.agreements > 0);
		self.removed(units);
		true
	}

	fn removed(&mut self, units: u32) {
		self.units = self.units.saturating_sub(units);
		self.tariffs.retain(|t| t.units() > 0);
		if self.units == 0 {
			self.aged_exposure = 0;
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

	/// How many of the `among` windows before `window` had a breach; at most the last 64 are known.
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

shared! {
	/// How a breach moved the index of one tariff.
	#[derive(Copy)]
	pub struct Rise {
		/// Price of the tariff, per unit and billable block in base units.
		pub price: Balance,
		/// Units at that price that counted.
		pub units: u32,
		/// Index before, in base units per unit.
		pub before: Balance,
		/// Index after.
		pub after: Balance,
	}
}

shared! {
	/// A breach with the numbers that explain it. Amounts in base units of the service's asset.
	pub struct Breach {
		/// Window whose counter passed a tier.
		pub window: WindowIndex,
		/// Round whose judgement made it pass.
		pub round: RoundIndex,
		/// Which term.
		pub kind: BreachKind,
		/// Tier reached before in this window and kind; its credit is paid already.
		pub before: Option<Severity>,
		/// Tier reached now.
		pub severity: Severity,
		/// The window's rounds by verdict, this one included.
		pub counters: Counters,
		/// Bad rounds of this kind that the terms allow.
		pub allowance: u16,
		/// Multiplier for repeated breaches.
		pub multiplier: u8,
		/// What the severity demanded per unit: difference of the credits of the two tiers times the
		/// multiplier.
		pub demanded: Balance,
		/// Units that counted.
		pub units: u32,
		/// Index of the service before.
		pub index_before: Balance,
		/// Index of the service after.
		pub index_after: Balance,
		/// What each price was credited; the index of a service is that of its highest tariff.
		pub rises: BoundedVec<Rise, ConstU32<MAX_TARIFFS>>,
		/// Credited to tenants.
		pub credited: Balance,
		/// Moved from the bond to the account of the credits; differs from `credited` only by what is
		/// carried over because it does not divide by the units.
		pub slashed: Balance,
		/// Moved from the bond to the treasury.
		pub penalty: Balance,
	}
}

shared! {
	/// What the pot holds of one asset, in base units.
	#[derive(Copy, Default)]
	pub struct Pot {
		/// Set aside for tenants: all rises of their indices not paid yet. What an ending agreement does not get
		/// of it becomes carry at its end.
		pub owed: Balance,
		/// Taken for credits but not divisible by the units, or not due to agreements that ended; pays the next
		/// credits of the service.
		pub carry: Balance,
		/// Minimum balance that keeps the account alive; never paid out.
		pub reserve: Balance,
	}
}

/// An agreement as clients see it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct AgreementStatus<AccountId> {
	/// What is stored.
	pub agreement: Agreement<AccountId>,
	/// Credit owed and not paid yet, in base units: while it runs, what can be paid now; once it is ending,
	/// what it gets at its end by what is judged so far.
	pub owed: Balance,
	/// Its stream, until it is closed.
	pub stream: Option<StreamInfo>,
}

/// A service as clients see it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ServiceView {
	/// What is stored; `None` before its first agreement.
	pub state: Option<ServiceState>,
	/// Credit that one new unit may still get (cap - index), in base units.
	pub cover: Balance,
	/// Bond reserved for it, in base units.
	pub exposure: Balance,
	/// Units that are left to sell: what capacity and free bond allow.
	pub available: u32,
}

/// One page of the breaches of a service: their numbers and the numbers that explain them.
pub type BreachPage = alloc::vec::Vec<(u32, Breach)>;

/// One page of the agreements of a tenant.
pub type AgreementPage = alloc::vec::Vec<AgreementId>;
