//! # Agreements, breaches, credits
//!
//! A tenant opens an *agreement* for units of a *service*: a stream of its funds that is paid by
//! the service's *meter*, and a claim on the operator's *bond*. When probing finds that the terms
//! were not kept, that is a *breach*: in the same block the credit is taken out of the bond and
//! every agreement of the service is credited, with nobody filing a claim and at a cost that does
//! not depend on how many agreements there are.
//!
//! ## Life of an agreement
//!
//! ```text
//!  open_agreement              the window turns              breach          close_agreement, notice,
//!   (round r, window w)      (w is judged: base fixed)         |             funds out, service ends
//!        |                              |                      |                      |
//!        v                              v                      v                      v
//!   Open, pending ----------------> Open, counts --------> index rises ------> Closing { round }
//!   billed from r + 1           credited from w + 1      pot owes units x rise   counts to the end
//!                                                              |                 of that round
//!                                                              v                      |
//!                         paid by: settle, claim, on_idle round robin                 v
//!                                                              ^         round judged: stream refunded,
//!                                                              |          credited for the last time
//!                                                              |                      |
//!                                                              +--- Closed { .. } <---+---> gone
//!                                                       while a credit cannot be delivered
//! ```
//!
//! `Compute` services are sold by lease only.
//!
//! ## The index
//!
//! Terms promise shares of the price of one window. A service has one *index*: its credits so far,
//! in windows' prices as fixed point. A breach raises it by
//!
//! ```text
//! rise = min((credit of the severity - credit of the tier before) x multiplier, cover - index)
//! ```
//!
//! and moves `ceil(rate x blocks of a window x rise)` from the bond to the pot, where `rate` sums
//! all agreements that count. An agreement is promised `floor(rate x blocks of a window x (index -
//! base))`; its base is the index after the window was judged in which it was opened. So an
//! agreement that is opened during an outage, or just before a window's edge, gets nothing of what
//! was already going wrong. At the cover the service ends for cause.
//!
//! ## Credited in all <= paid in all
//!
//! No agreement is credited more than it has paid, at any moment: so whatever the terms, nobody
//! ends above zero by an outage that it bought, faked or induced. Credit beyond that stays promised
//! and becomes due as the agreement pays; what is left at its end is *spare*, and goes to the
//! treasury when a window of the service is judged.
//!
//! ## Rent
//!
//! A service with units takes a *slot*: all validators probe it in every round. The slot costs a
//! rent per window, whatever the verdicts, by the occupancy when it was taken or at the start of a
//! later window if that was lower ([`surety_primitives::rent`]). It is owed for the rounds in which
//! the slot was held. The platform's fees on the least rate that was sold through the window count;
//! the rest is taken from the bond and goes to the probers. The first agreement of a service must
//! cost at least its rent, so that nobody fills the slots at the operators' cost.
//!
//! The rents of three windows are reserved with the exposure: no window is held that is not paid
//! for. When a window is judged another one is reserved. A bond that cannot do that is warned of
//! ([`Event::RentShort`]), and a window later, with only the one that has begun reserved, the
//! service ends with it. A service that was up in less than half of a window's measured rounds
//! since it was sold ends at once.
//!
//! ## Leases
//!
//! A lease is a service of its own with one unit, opened and ended by the owner of the lease, who
//! owns its stream too ([`LeaseAgreements`](surety_primitives::LeaseAgreements)). Its agreement is
//! credited like any other.
//!
//! ## The pot
//!
//! Per asset: `balance >= owed + spare + reserve`. The reserve is one minimum balance that keeps
//! the account alive, paid by the first tenant of an asset if nobody endowed the account.
//!
//! A payment that cannot be delivered (a blocked account, an amount below the minimum balance of an
//! account that is gone) stays claimable for good and never stops the payments of others.
//!
//! ## Who calls what
//!
//! Probing calls [`Judge`](surety_primitives::Judge) in its second sweep, the registry asks
//! [`Agreements`](surety_primitives::Agreements), and escrow notifies
//! [`OnEscrowEnd`](surety_primitives::OnEscrowEnd). Escrow alone decides and remembers when and why
//! a stream ends; this pallet asks it. Reputation is notified of the end of every agreement.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub use judge::{allowance_of, demanded, raised};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod credit;
mod end;
mod errors;
mod events;
mod judge;
mod leases;
#[cfg(test)]
mod mock;
mod open;
mod read;
mod rent;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

use frame::prelude::*;
use frame_support::{PalletId, pallet_macros::import_section};
use surety_primitives::{
	AgreementId, AssetId, Balance, Bonding, Clock, CloseReason, Escrow, Funds, Meter, OnLease,
	Probing, Registry, ReputationSink, RoundIndex, ServiceId, WindowIndex, WindowShare,
};

/// Account that holds the credits between the breach and the tenant.
pub const POT: PalletId = PalletId(*b"surety/p");
/// Most windows that are open at the same time because their rounds are not all judged. Verdicts
/// come two rounds late, so a window of one round has up to four.
pub const MAX_PENDING: u32 = 4;
/// Windows whose rents a slot reserves. With fewer than two the service ends, so that an operator whose
/// bond became short has a window to bond more.
pub const RENTS_RESERVED: u8 = 3;
/// Units are sold on a last verdict that is at most so many rounds old. A service that just became
/// active shows the verdict of its idle time, at most 4 rounds old then, until its first active
/// round is judged 3 rounds later.
pub const FRESH_ROUNDS: u32 = 8;

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Blocks, rounds and windows.
		type Clock: Clock;

		/// Services and their terms.
		type Registry: Registry<Self::AccountId>;

		/// The operators' bonds, which credits and penalties are taken from.
		type Bonding: Bonding<Self::AccountId>;

		/// The pages of probed services, and their meters.
		type Probing: Probing + Meter;

		/// The tenants' streams.
		type Escrow: Escrow<Self::AccountId>;

		/// Learns of every breach, and of every agreement that is over.
		type Reputation: ReputationSink<Self::AccountId>;

		/// Owner of the leases, notified when one ends for its operator's doing.
		type Leases: OnLease;

		/// Balances of the pot and of the tenants.
		type Funds: Funds<Self::AccountId>;

		/// Penalty to the treasury as a share of every credit.
		type PenaltyShare: Get<Perbill>;

		/// Rent of a slot per window, as a share of the minimum bond, however few are taken.
		type RentBase: Get<Perbill>;

		/// Rent that comes on top for the last slot, as a share of the minimum bond. For the others
		/// it is that times the eighth power of the occupancy.
		type RentPeak: Get<Perbill>;

		/// The platform's share of what tenants pay; it counts towards the rent.
		type PlatformFee: Get<Perbill>;

		/// The probers' share of the platform's fee.
		type ProberShare: Get<Perbill>;

		/// The pot that probers are rewarded from, where rents go.
		type ProberPot: Get<Self::AccountId>;

		/// Windows back from a window whose breaches multiply its credits, at most 64.
		type EscalationWindows: Get<u32>;

		/// Highest multiplier of credits for repeated breaches, at least 1.
		type MaxMultiplier: Get<u8>;

		/// Windows of notice that an operator gives to close an agreement.
		type NoticeWindows: Get<u32>;

		/// Breaches that are remembered of a service; older ones are forgotten.
		#[pallet::constant]
		type MaxBreaches: Get<u32>;

		/// Most agreements that are settled in `on_idle` of one block.
		#[pallet::constant]
		type SettlePerBlock: Get<u32>;

		/// Weights.
		type WeightInfo: WeightInfo;

		/// Prepares the world for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// All agreements that are not over, and those closed ones whose credit could not be delivered.
	#[pallet::storage]
	pub type Agreements<T: Config> =
		StorageMap<_, Blake2_128Concat, AgreementId, Agreement<T::AccountId>, OptionQuery>;

	/// Id of the next agreement.
	#[pallet::storage]
	pub type NextAgreement<T: Config> = StorageValue<_, AgreementId, ValueQuery>;

	/// The agreements of a tenant.
	#[pallet::storage]
	pub type ByTenant<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		AgreementId,
		(),
		OptionQuery,
	>;

	/// Units, index and history of every service that ever had an agreement.
	#[pallet::storage]
	pub type Services<T: Config> =
		StorageMap<_, Blake2_128Concat, ServiceId, ServiceState, OptionQuery>;

	/// Service, window: the index from which the agreements count that were opened in that window.
	/// Only where there are such, and only until all of them have read it.
	#[pallet::storage]
	pub type WindowBase<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		ServiceId,
		Twox64Concat,
		WindowIndex,
		WindowStart,
		OptionQuery,
	>;

	/// Breaches of a service by number, the last `MaxBreaches` of them.
	#[pallet::storage]
	pub type Breaches<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, ServiceId, Twox64Concat, u32, Breach, OptionQuery>;

	/// Contents of the pot, per asset.
	#[pallet::storage]
	pub type Pots<T: Config> = StorageMap<_, Blake2_128Concat, AssetId, Pot, ValueQuery>;

	/// Parameters of the windows that have begun and may still be judged.
	#[pallet::storage]
	pub type WindowRules<T: Config> = StorageMap<_, Twox64Concat, WindowIndex, Rules, OptionQuery>;

	/// Agreement that `on_idle` settled last; `None` at the start of a turn.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, AgreementId, OptionQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::begin_window()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::settle_some(remaining)
		}

		fn integrity_test() {
			assert!(T::EscalationWindows::get() <= u64::BITS, "only 64 windows are remembered");
			assert!(T::MaxMultiplier::get() >= 1, "a multiplier below 1 would cancel credits");
			assert!(T::MaxBreaches::get() >= 1, "no history");
			assert!(T::NoticeWindows::get() >= 1, "an operator could end an agreement at once");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Open an agreement for `units` of a service.
		///
		/// `max_price` is the most that a unit may cost per block, in base units: the price you
		/// saw, since the operator may change it before this is in a block.
		///
		/// `deposit` goes on hold in the service's asset and must be at least the price of one
		/// window (units x price x blocks of a window) plus the asset's minimum balance. All of it
		/// is paid out by the meter, so rounds in which the service was down cost nothing. But if
		/// you close the agreement yourself, you pay at least the price of one window, less the
		/// rounds in which you were not served; if the operator or the network ends it, what the
		/// meter did not earn is refunded.
		///
		/// Breaches are credited by the terms, never more in all than you have paid. `Compute` is
		/// not sold this way but by lease.
		///
		/// The service must take new units and its last verdict must be `Up`, at most 8 rounds old.
		/// An idle service is probed in turns; ask for a fresh verdict with `probes.request_probe`.
		/// `min_cover` is the least credit that must be left (cover - index), in windows' prices:
		/// 1,000,000,000 is the price of one window. Give 0 to take any.
		///
		/// The first agreement ever in an asset also pays one minimum balance to the account that
		/// holds the credits, if that has none yet.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open_agreement().saturating_add(T::WeightInfo::endow_pot()))]
		pub fn open_agreement(
			origin: OriginFor<T>,
			service: ServiceId,
			units: u32,
			max_price: Balance,
			deposit: Balance,
			min_cover: WindowShare,
		) -> DispatchResultWithPostInfo {
			let tenant = ensure_signed(origin)?;
			let endowed = Self::do_open(tenant, service, units, max_price, deposit, min_cover)?;
			// Once in the life of an asset.
			Ok((!endowed).then(T::WeightInfo::open_agreement).into())
		}

		/// Add `amount` to the deposit of one's own agreement, in base units of its asset. Refused
		/// once the agreement is ending, and for a lease, whose order is topped up instead.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(
			origin: OriginFor<T>,
			agreement: AgreementId,
			amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, agreement, amount)
		}

		/// Pay what an agreement owes now, both ways: what is due to the operator by the meter, and
		/// the credit that is due to the tenant. Makes escrow end it if its service has ended.
		/// Anyone may ask, as often as they like: amounts do not depend on it.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::settle())]
		pub fn settle(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_settle(agreement)
		}

		/// Close an agreement. As its tenant: with the current round. As the operator of its
		/// service: one window of notice. It is billed and credited to the end of its last round,
		/// and the rest of the deposit is refunded once that round is judged.
		///
		/// A tenant who closes pays at least the price of one window in all, less the judged rounds
		/// of it that were not billable. The agreement of a lease is closed with the lease.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::close_agreement())]
		pub fn close_agreement(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close(who, agreement)
		}

		/// Pay the credit that is due to the tenant of an agreement, also after it closed. Unlike
		/// `settle` this says why if the payment cannot be delivered. Anyone may ask.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(agreement)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// An agreement with the credit it is owed and its stream.
		pub fn agreement(id: AgreementId) -> Option<AgreementStatus<T::AccountId>> {
			Self::read_agreement(id)
		}

		/// Credit that is due to an agreement and not delivered yet, in base units. `None` if there
		/// is no such agreement.
		pub fn owed_credit(id: AgreementId) -> Option<Balance> {
			Some(Self::owed(&Agreements::<T>::get(id)?).0)
		}

		/// Units, index, cover, exposure and what is left to sell of a service.
		pub fn service_status(service: ServiceId) -> Option<ServiceView> {
			Self::read_service(service)
		}

		/// Breaches of a service, oldest first, from the one after number `start_after` on (`None`:
		/// from the oldest that is remembered), at most `limit` and 128 of them.
		pub fn breach_history(
			service: ServiceId,
			start_after: Option<u32>,
			limit: u32,
		) -> BreachPage {
			Self::read_breaches(service, start_after, limit)
		}

		/// Agreements of a tenant in no particular order, those after `start_after` (`None`: from
		/// the start), at most `limit` and 128 of them.
		pub fn agreements_of(
			tenant: T::AccountId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> AgreementPage {
			Self::read_agreements_of(tenant, start_after, limit)
		}
	}
}
